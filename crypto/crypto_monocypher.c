/* SPDX-License-Identifier: MIT */
/* crypto_monocypher.c - Ed25519 by Monocypher, SHA-256 and SHA-512 by BearSSL, for the device and for tests on the host.
 *
 * Monocypher's own SHA-512 lies in an optional file of its distribution that is not at hand everywhere; BearSSL's is smaller anyway.
 */
#include <holdfast/crypto.h>

#include <bearssl_hash.h>

#include "ed25519_monocypher.h"

static bool sha2_start(struct hf_hash *hash, enum hf_hash_kind kind)
{
	_Static_assert(sizeof(br_sha512_context) <= sizeof(hash->state), "struct hf_hash holds the context");
	if (kind == HF_HASH_SHA256) {
		br_sha256_init((br_sha256_context *)(void *)hash->state);
	} else if (kind == HF_HASH_SHA512) {
		br_sha512_init((br_sha512_context *)(void *)hash->state);
	} else {
		return false;
	}
	hash->kind = kind;
	return true;
}

static void sha2_add(struct hf_hash *hash, const void *data, size_t size_bytes)
{
	if (hash->kind == HF_HASH_SHA256) {
		br_sha256_update((br_sha256_context *)(void *)hash->state, data, size_bytes);
	} else {
		br_sha512_update((br_sha512_context *)(void *)hash->state, data, size_bytes);
	}
}

static void sha2_end(struct hf_hash *hash, uint8_t *digest)
{
	if (hash->kind == HF_HASH_SHA256) {
		br_sha256_out((const br_sha256_context *)(const void *)hash->state, digest);
	} else {
		br_sha512_out((const br_sha512_context *)(const void *)hash->state, digest);
	}
}

static uint32_t ed25519_check(const uint8_t key[32], const uint8_t signature[64], const uint8_t h[64])
{
	return ed25519_is_signed(key, signature, h) ? HF_CRYPTO_YES : HF_CRYPTO_NO;
}

const struct hf_crypto hf_crypto_ed25519 = {
	.name = "monocypher-ed25519",
	.hash_start = sha2_start,
	.hash_add = sha2_add,
	.hash_end = sha2_end,
	.ed25519_check = ed25519_check,
};
