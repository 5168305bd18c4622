/* SPDX-License-Identifier: MIT */
/* crypto_bearssl.c - SHA-256 and ECDSA P-256 by BearSSL, for the device and for tests on the host. */
#include <holdfast/crypto.h>

#include <bearssl_hash.h>

#include "p256_bearssl.h"

static bool sha256_start(struct hf_hash *hash, enum hf_hash_kind kind)
{
	_Static_assert(sizeof(br_sha256_context) <= sizeof(hash->state), "struct hf_hash holds the context");
	if (kind != HF_HASH_SHA256) {
		return false;
	}
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

static uint32_t p256_verify(const uint8_t key[65], const uint8_t digest[32], const uint8_t r[32], const uint8_t s[32])
{
	return p256_is_signed(key, digest, r, s) ? HF_CRYPTO_YES : HF_CRYPTO_NO;
}

const struct hf_crypto hf_crypto_bearssl_p256 = {
	.name = "bearssl-p256",
	.hash_start = sha256_start,
	.hash_add = sha256_add,
	.hash_end = sha256_end,
	.p256_verify = p256_verify,
};
