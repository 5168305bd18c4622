/* SPDX-License-Identifier: MIT */
/* fuzz_image.c - any bytes as an image: nothing is read outside them, nothing is accepted that was not signed.
 *
 * Two halves. With the real adapter and keys that sign nothing here but the seeds: what is accepted must carry their signature, so the
 * hashed bytes must be a seed's (their digests are not known here; that an accepted image is whole is checked). With a sham adapter,
 * whose digests are all 0x11 and whose signatures are all good, changed bytes get past the hash to the code behind it.
 */
#include <stdio.h>
#include <stdlib.h>

#include <holdfast/verdict.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

void hf_assert_failed(uint32_t line)
{
	fprintf(stderr, "assertion at line %u failed\n", (unsigned)line);
	abort();
}

static void must(bool condition)
{
	if (!condition) {
		abort();
	}
}

struct bytes {
	const uint8_t *data;
	uint32_t size_bytes;
};

static enum hf_reason bytes_read(void *ctx, uint32_t off, void *into, uint32_t size_bytes)
{
	const struct bytes *bytes = ctx;

	must(hf_span_fits(off, size_bytes, bytes->size_bytes));
	memcpy(into, bytes->data + off, size_bytes);
	return HF_OK;
}

static bool sham_start(struct hf_hash *hash, enum hf_hash_kind kind)
{
	must(kind == HF_HASH_SHA256 || kind == HF_HASH_SHA384 || kind == HF_HASH_SHA512);
	hash->kind = kind;
	return true;
}

static void sham_add(struct hf_hash *hash, const void *data, size_t size_bytes)
{
	const uint8_t *from = data;

	for (size_t i = 0; i < size_bytes; i++) { /* touched, so that a sanitizer sees it */
		hash->state[0] += from[i];
	}
}

static void sham_end(struct hf_hash *hash, uint8_t *digest)
{
	memset(digest, 0x11, hf_hash_bytes(hash->kind));
}

static uint32_t sham_ecdsa(const uint8_t *key, const uint8_t *digest, const uint8_t *r, const uint8_t *s)
{
	return key[0] == 4u && digest[31] == 0x11 && r[31] + s[31] < 512 ? HF_CRYPTO_YES : HF_CRYPTO_NO;
}

static uint32_t sham_ed25519(const uint8_t *key, const uint8_t *signature, const uint8_t *h)
{
	return key[31] + signature[63] + h[63] < 1000 ? HF_CRYPTO_YES : HF_CRYPTO_NO;
}

static uint32_t sham_rsa(const uint8_t *key, uint32_t key_bytes, const uint8_t *digest, const uint8_t *signature, uint32_t signature_bytes)
{
	return key[key_bytes - 1u] + digest[31] + signature[signature_bytes - 1u] < 1000 ? HF_CRYPTO_YES : HF_CRYPTO_NO;
}

static const struct hf_key_form *const forms[] = { &hf_key_form_p256, &hf_key_form_p384, &hf_key_form_ed25519, &hf_key_form_rsa2048,
						   &hf_key_form_rsa3072 };

static const struct hf_crypto sham = {
	.name = "sham", .forms = forms, .form_count = HF_ARRAY_COUNT(forms), .hash_start = sham_start, .hash_add = sham_add, .hash_end = sham_end,
	.p256_verify = sham_ecdsa, .p384_verify = sham_ecdsa, .ed25519_check = sham_ed25519, .rsa_pss_verify = sham_rsa,
};

static void walk(const struct hf_image_place *place, const struct hf_image *image)
{
	struct hf_finding finding;
	struct hf_tlv tlv;
	uint32_t cursor = 0;
	uint32_t count = 0;
	uint32_t last_off = 0;
	bool more = true;

	while (hf_image_next_tlv(place, image, &cursor, &tlv, &more, &finding) == HF_OK && more) {
		must(++count <= 64u);
		must(tlv.data_off > last_off && hf_span_fits(tlv.data_off, tlv.size_bytes, image->total_bytes));
		must(tlv.is_protected == (tlv.data_off - 4u < image->hashed_bytes)); /* its header: an empty one ends there */
		must(!tlv.is_protected || tlv.data_off + tlv.size_bytes <= image->hashed_bytes);
		last_off = tlv.data_off;
	}
}

static void judge(const struct bytes *bytes, const struct hf_rules *rules)
{
	static uint32_t work[512 / 4];
	const struct hf_flash flash = { .ctx = (void *)(uintptr_t)bytes, .size_bytes = bytes->size_bytes, .sector_bytes = 4096,
					.write_unit_bytes = 4, .erased_byte = 0xff, .read = bytes_read };
	const struct hf_image_place place = { .flash = &flash };
	struct hf_verdict verdict;

	must(hf_verdict_of(&place, rules, work, sizeof(work), &verdict) == HF_OK);
	must((verdict.token == HF_ACCEPTED) == (verdict.finding.reason == HF_OK));
	must(verdict.token == HF_ACCEPTED || verdict.token == HF_REFUSED);
	if (verdict.finding.reason == HF_OK) {
		must(verdict.image.total_bytes <= bytes->size_bytes && verdict.image.hashed_bytes < verdict.image.total_bytes);
		must(verdict.hash_kind != HF_HASH_NONE && (rules->key_count == 0u || verdict.key_index < rules->key_count));
		walk(&place, &verdict.image);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	static const uint8_t der[5][398] = { [0] = { [26] = 4 }, [3] = { [23] = 4 } };
	const struct hf_key keys[5] = {
		{ HF_KEY_P256, 91, der[0] }, { HF_KEY_ED25519, 44, der[1] }, { HF_KEY_RSA, 270, der[2] }, { HF_KEY_P384, 120, der[3] },
		{ HF_KEY_RSA, 398, der[4] },
	};
	const struct bytes bytes = { data, (uint32_t)size_bytes };
	struct hf_rules rules = { .crypto = &hf_crypto_openssl, .limit_bytes = 65536, .allow_unsigned = true };

	if (size_bytes > 65536u) {
		return 0;
	}
	judge(&bytes, &rules);
	rules.keys = keys;
	rules.key_count = 5;
	judge(&bytes, &rules);
	rules.crypto = &sham;
	for (uint32_t i = 0; i < 5u; i++) { /* the sham hash is the same for all keys, so each takes a turn at being the first */
		rules.keys = &keys[i];
		rules.key_count = 1;
		rules.full_key = i % 2u == 0u ? hf_full_key : NULL;
		rules.run_bytes = i % 2u == 1u ? UINT32_MAX : 0u;
		rules.has_counter_min = i == 1u;
		judge(&bytes, &rules);
	}
	return 0;
}
