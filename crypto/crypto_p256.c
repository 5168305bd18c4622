/* SPDX-License-Identifier: MIT */
/* crypto_p256.c - what a P-256 loader links: micro-ecc's verification, BearSSL's SHA-256. */
#include <holdfast/crypto.h>

#include <bearssl_hash.h>
#include <uECC.h>

/* r and s out of range are refused by uECC_verify (uECC.c). The key is not checked again: `holdfast bootloader` put only
 * points of the curve into the loader, under the same CRC as the layout. */
static uint32_t p256_verify(const uint8_t key[65], const uint8_t digest[32], const uint8_t r[32], const uint8_t s[32])
{
	uint8_t signature[64];
	const uint8_t *point = key + 1;
	memcpy(signature, r, 32);
	memcpy(signature + 32, s, 32);
	if (key[0] != 0x04)
		return HF_CRYPTO_NO;
	return uECC_verify(point, digest, 32, signature, uECC_secp256r1()) == 1 ? HF_CRYPTO_YES : HF_CRYPTO_NO;
}

static bool sha256_start(struct hf_hash *hash, enum hf_hash_kind kind)
{
	_Static_assert(sizeof(br_sha256_context) <= sizeof(hash->state), "struct hf_hash holds the context");
	if (kind != HF_HASH_SHA256)
		return false;
	hash->kind = kind;
	br_sha256_init((br_sha256_context *)(void *)hash->state);
	return true;
}

static void sha256_add(struct hf_hash *hash, const void *data, size_t size_bytes)
{
	br_sha256_update((br_sha256_context *)(void *)hash->state, data, size_bytes);
}

static void sha256_end(struct hf_hash *hash, uint8_t *digest)
{
	br_sha256_out((const br_sha256_context *)(const void *)hash->state, digest);
}

static const struct hf_key_form *const forms[] = { &hf_key_form_p256 };

const struct hf_crypto hf_crypto_p256 = {
	.name = "p256",
	.forms = forms,
	.form_count = HF_ARRAY_COUNT(forms),
	.hash_start = sha256_start,
	.hash_add = sha256_add,
	.hash_end = sha256_end,
	.p256_verify = p256_verify,
};
