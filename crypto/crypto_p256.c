/* SPDX-License-Identifier: MIT */
/* crypto_p256.c - what a P-256 loader links: our own verification, BearSSL's SHA-256. */
#include "p256.h"

#include <bearssl_hash.h>

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

const struct hf_crypto hf_crypto_p256 = {
	.name = "p256",
	.hash_start = sha256_start,
	.hash_add = sha256_add,
	.hash_end = sha256_end,
	.p256_verify = hf_p256_verify,
};
