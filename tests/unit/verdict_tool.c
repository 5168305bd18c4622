/* SPDX-License-Identifier: MIT */
/* verdict_tool.c - hf_verdict_of from the command line, for the scripts that run vectors through it.
 *
 * Use      verdict_tool [--key PEM]... [--full-key] [--refuse-forms BITS] [--counter-min N] [--limit N] [--slot N] [--cuts]
 *          [--flips all|hashed] IMAGE
 * Output   one line: "accept <reason> <where> <expected> <found> <digest>" or "refuse <reason name> ...".
 *          --cuts: then also each shorter length, with the rest erased and with the area ending there: none may be accepted.
 *          --flips: then also each single bit changed, of the whole image or of what is hashed: none may be accepted.
 * Checks   Every verdict is asked of OpenSSL's adapter and of the device's (where it has the key's type) with a large and with the
 *          smallest work buffer; all must agree in every field.
 * Errors   exit 1 and a sentence if one of the checks fails; 2 for usage and files.
 */
#include <stdio.h>
#include <stdlib.h>

#include <holdfast/verdict.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

enum { KEYS_MAX = 4, KEY_BYTES_MAX = 512, SLOT_BYTES_MAX = 1 << 21 };

void hf_assert_failed(uint32_t line)
{
	fprintf(stderr, "verdict_tool: assertion at line %u failed\n", (unsigned)line);
	abort();
}

static void stop(const char *what, const char *which)
{
	fprintf(stderr, "verdict_tool: %s: %s\n", what, which);
	exit(2);
}

struct memory {
	const uint8_t *bytes;
	uint32_t size_bytes;
};

static enum hf_reason memory_read(void *ctx, uint32_t off, void *into, uint32_t size_bytes)
{
	const struct memory *memory = ctx;

	hf_assert(hf_span_fits(off, size_bytes, memory->size_bytes));
	memcpy(into, memory->bytes + off, size_bytes);
	return HF_OK;
}

static enum hf_key_kind kind_of(const EVP_PKEY *key)
{
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_EC:
		return EVP_PKEY_get_bits(key) == 256 ? HF_KEY_P256 : HF_KEY_P384;
	case EVP_PKEY_ED25519:
		return HF_KEY_ED25519;
	case EVP_PKEY_RSA:
		return HF_KEY_RSA;
	default:
		return HF_KEY_NONE;
	}
}

static void load_key(const char *path, struct hf_key *key, uint8_t der[KEY_BYTES_MAX])
{
	FILE *file = fopen(path, "rb");
	EVP_PKEY *pkey = file == NULL ? NULL : PEM_read_PUBKEY(file, NULL, NULL, NULL);

	if (pkey == NULL) {
		stop("not a public key", path);
	}
	fclose(file);
	key->kind = kind_of(pkey);
	unsigned char *encoded = NULL;
	const int size = key->kind == HF_KEY_RSA ? i2d_PublicKey(pkey, &encoded) : i2d_PUBKEY(pkey, &encoded);
	if (size <= 0 || size > KEY_BYTES_MAX) {
		stop("cannot encode", path);
	}
	memcpy(der, encoded, (size_t)size);
	key->size_bytes = (uint16_t)size;
	key->der = der;
	OPENSSL_free(encoded);
	EVP_PKEY_free(pkey);
}

/* How often the device's adapter answered: a run that compared nothing should not look like one that did. */
static unsigned device_answers;

static const struct hf_crypto *device_crypto(const struct hf_rules *rules)
{
	if (rules->key_count == 0u) {
		return &hf_crypto_ed25519;
	}
	return rules->keys[0].kind == HF_KEY_P256 ? &hf_crypto_p256 : rules->keys[0].kind == HF_KEY_ED25519 ? &hf_crypto_ed25519 : NULL;
}

static void ask(const struct memory *memory, const struct hf_rules *rules, uint32_t work_bytes, struct hf_verdict *verdict)
{
	static uint32_t work[4096 / 4];
	const struct hf_flash flash = { .ctx = (void *)(uintptr_t)memory, .size_bytes = memory->size_bytes, .sector_bytes = 4096,
					.write_unit_bytes = 4, .erased_byte = 0xff, .read = memory_read };
	const struct hf_image_place place = { .flash = &flash };

	if (hf_verdict_of(&place, rules, work, work_bytes, verdict) != HF_OK) {
		stop("no verdict", "hf_verdict_of");
	}
}

static void must_agree(const struct hf_verdict *a, const struct hf_verdict *b, const char *who)
{
	if (a->token != b->token || memcmp(&a->finding, &b->finding, sizeof(a->finding)) != 0 || a->tlv_type != b->tlv_type ||
	    a->key_index != b->key_index || memcmp(a->digest, b->digest, sizeof(a->digest)) != 0) {
		fprintf(stderr, "verdict_tool: %s disagrees: %s, OpenSSL says %s\n", who, hf_reason_text(b->finding.reason)->name,
			hf_reason_text(a->finding.reason)->name);
		exit(1);
	}
}

/* A device's adapter lacks what its loader never needs; then "not built" is the right answer and no disagreement. */
static bool is_lack(const struct hf_verdict *verdict)
{
	return verdict->finding.reason == HF_R_SIG_TYPE_NOT_BUILT || verdict->finding.reason == HF_R_IMAGE_HASH_NOT_BUILT;
}

static struct hf_verdict verdict_of(const struct memory *memory, struct hf_rules rules)
{
	const struct hf_crypto *device = device_crypto(&rules);
	struct hf_verdict verdict;
	struct hf_verdict other;

	rules.crypto = &hf_crypto_openssl;
	ask(memory, &rules, 4096, &verdict);
	if (verdict.token == HF_ACCEPTED && verdict.finding.reason != HF_OK) {
		stop("accepted with a reason", hf_reason_text(verdict.finding.reason)->name);
	}
	if (device != NULL) {
		rules.crypto = device;
		ask(memory, &rules, 256, &other);
		if (!is_lack(&other)) {
			must_agree(&verdict, &other, device->name);
			device_answers++;
		}
	}
	return verdict;
}

static void must_refuse(const struct memory *memory, const struct hf_rules *rules, const char *what, uint32_t where)
{
	if (verdict_of(memory, *rules).token == HF_ACCEPTED) {
		fprintf(stderr, "verdict_tool: accepted with %s %u\n", what, (unsigned)where);
		exit(1);
	}
}

static void try_cuts(const struct memory *whole, const struct hf_rules *rules, uint32_t total_bytes)
{
	uint8_t *copy = malloc(whole->size_bytes);

	for (uint32_t cut = total_bytes; copy != NULL && cut-- > 0;) {
		memcpy(copy, whole->bytes, whole->size_bytes);
		memset(copy + cut, 0xff, whole->size_bytes - cut);
		const struct memory erased = { copy, whole->size_bytes };
		if (memcmp(copy, whole->bytes, total_bytes) != 0) {
			must_refuse(&erased, rules, "the rest erased from", cut);
		}
		uint8_t *exact = malloc(cut == 0u ? 1u : cut); /* so that a sanitizer sees the first byte beyond */
		if (exact == NULL) {
			stop("no memory", "cut");
		}
		memcpy(exact, whole->bytes, cut);
		const struct memory ended = { exact, cut };
		must_refuse(&ended, rules, "the area ending at", cut);
		free(exact);
	}
	free(copy);
}

static void try_flips(const struct memory *whole, const struct hf_rules *rules, uint32_t total_bytes)
{
	uint8_t *copy = malloc(whole->size_bytes);

	if (copy == NULL) {
		stop("no memory", "flips");
	}
	memcpy(copy, whole->bytes, whole->size_bytes);
	for (uint32_t bit = 0; bit < total_bytes * 8u; bit++) {
		const struct memory flipped = { copy, whole->size_bytes };
		copy[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
		must_refuse(&flipped, rules, "a flip of bit", bit);
		copy[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
	}
	free(copy);
}

static uint8_t *load_slot(const char *path, uint32_t *size_bytes)
{
	FILE *file = fopen(path, "rb");
	uint8_t *slot = malloc(SLOT_BYTES_MAX);

	if (file == NULL || slot == NULL) {
		stop("cannot read", path);
	}
	memset(slot, 0xff, SLOT_BYTES_MAX);
	*size_bytes = (uint32_t)fread(slot, 1, SLOT_BYTES_MAX, file);
	fclose(file);
	return slot;
}

static void print(const struct hf_verdict *verdict)
{
	const struct hf_finding *finding = &verdict->finding;

	printf("%s %s where=0x%x expected=0x%x found=0x%x tlv=0x%x digest=", verdict->token == HF_ACCEPTED ? "accept" : "refuse",
	       hf_reason_text(finding->reason)->name, (unsigned)finding->where_off, (unsigned)finding->expected, (unsigned)finding->found,
	       verdict->tlv_type);
	for (uint32_t i = 0; i < 8u; i++) {
		printf("%02x", verdict->digest[i]);
	}
	printf(" device=%u\n", device_answers);
}

int main(int argc, char **argv)
{
	static uint8_t ders[KEYS_MAX][KEY_BYTES_MAX];
	static struct hf_key keys[KEYS_MAX];
	struct hf_rules rules = { .keys = keys, .limit_bytes = UINT32_MAX };
	uint32_t slot_bytes = 0;
	bool cuts = false;
	const char *flips = NULL;
	int i = 1;

	for (; i < argc - 1; i++) {
		const char *option = argv[i];
		if (strcmp(option, "--full-key") == 0) {
			rules.full_key = hf_full_key;
		} else if (strcmp(option, "--cuts") == 0) {
			cuts = true;
		} else if (strcmp(option, "--flips") == 0) {
			flips = argv[++i];
		} else if (strcmp(option, "--key") == 0 && rules.key_count < KEYS_MAX) {
			load_key(argv[++i], &keys[rules.key_count], ders[rules.key_count]);
			rules.key_count++;
		} else if (strcmp(option, "--refuse-forms") == 0) {
			rules.refused_forms = (uint8_t)strtoul(argv[++i], NULL, 0);
		} else if (strcmp(option, "--counter-min") == 0) {
			rules.has_counter_min = true;
			rules.counter_min = (uint32_t)strtoul(argv[++i], NULL, 0);
		} else if (strcmp(option, "--limit") == 0) {
			rules.limit_bytes = (uint32_t)strtoul(argv[++i], NULL, 0);
		} else if (strcmp(option, "--slot") == 0) {
			slot_bytes = (uint32_t)strtoul(argv[++i], NULL, 0);
		} else {
			stop("unknown option", option);
		}
	}
	if (i != argc - 1) {
		stop("usage", "verdict_tool [options] IMAGE");
	}
	rules.allow_unsigned = rules.key_count == 0u;
	uint32_t file_bytes;
	uint8_t *slot = load_slot(argv[i], &file_bytes);
	const struct memory memory = { slot, slot_bytes == 0u ? file_bytes : slot_bytes };
	const struct hf_verdict verdict = verdict_of(&memory, rules);
	print(&verdict);
	if (cuts && verdict.token == HF_ACCEPTED) {
		try_cuts(&memory, &rules, verdict.image.total_bytes);
	}
	if (flips != NULL && verdict.token == HF_ACCEPTED) {
		try_flips(&memory, &rules, strcmp(flips, "all") == 0 ? verdict.image.total_bytes : verdict.image.hashed_bytes);
	}
	free(slot);
	return 0;
}
