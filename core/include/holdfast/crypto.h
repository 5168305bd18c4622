/* SPDX-License-Identifier: MIT */
/* crypto.h - what core needs of cryptography, as one const struct an adapter fills.
 *
 * Why      The device links one signature scheme and its hashes, the host OpenSSL, the explorer a memo; verdict.c knows none of them.
 *          A row that a build lacks is NULL and gives HF_R_SIG_TYPE_NOT_BUILT, not another binary interface.
 * Shapes   hash contexts live in the caller's struct hf_hash; no adapter keeps state of its own.
 * Units    bytes; p256 keys are 65 bytes (04 X Y), r and s 32 bytes big-endian.
 * Errors   verify functions return HF_CRYPTO_YES only for a good signature and HF_CRYPTO_NO for all else: two wide
 *          constants, so that a flipped bit or a skipped call is not a pass (results are preset to NO by the caller).
 * Source   FIPS 180-4, FIPS 186-5 (ECDSA), RFC 8032 (Ed25519), RFC 8017 (RSASSA-PSS).
 */
#ifndef HOLDFAST_CRYPTO_H
#define HOLDFAST_CRYPTO_H

#include <holdfast/base.h>

#define HF_CRYPTO_YES 0x5ac3693cu
#define HF_CRYPTO_NO 0xa53c96c3u

enum hf_hash_kind { HF_HASH_NONE = 0, HF_HASH_SHA256 = 1, HF_HASH_SHA384 = 2, HF_HASH_SHA512 = 3 };
#define HF_HASH_BYTES_MAX 64u

static inline uint32_t hf_hash_bytes(enum hf_hash_kind kind)
{
	return kind == HF_HASH_SHA256 ? 32u : kind == HF_HASH_SHA384 ? 48u : kind == HF_HASH_SHA512 ? 64u : 0u;
}

/* Big enough for any adapter's context (Mbed TLS's for SHA-512 is 216 bytes; OpenSSL's adapter keeps a pointer that
 * hash_final frees). */
struct hf_hash {
	enum hf_hash_kind kind;
	uint64_t state[32];
};

struct hf_key_form; /* core/src/judge.h: what a kind of key is and how its signature is checked */

struct hf_crypto {
	const char *name;
	/* The kinds of keys that this build knows. A loader names its own only, and the linker leaves the others out. */
	const struct hf_key_form *const *forms;
	uint32_t form_count;
	/* false: this build has no such hash. */
	bool (*hash_start)(struct hf_hash *hash, enum hf_hash_kind kind);
	void (*hash_add)(struct hf_hash *hash, const void *data, size_t size_bytes);
	void (*hash_end)(struct hf_hash *hash, uint8_t *digest);
	/* ECDSA P-256 over a 32-byte digest. NULL if not built. */
	uint32_t (*p256_verify)(const uint8_t key[65], const uint8_t digest[32], const uint8_t r[32], const uint8_t s[32]);
	/* ECDSA P-384 over a 48-byte digest, host only. */
	uint32_t (*p384_verify)(const uint8_t key[97], const uint8_t digest[48], const uint8_t r[48], const uint8_t s[48]);
	/* Ed25519 equation with h = SHA-512(R | A | message) computed by the caller, so that an image in flash is a message
	 * that is streamed, never copied. Must refuse S >= L (RFC 8032 5.1.7). NULL if not built. */
	uint32_t (*ed25519_check)(const uint8_t key[32], const uint8_t signature[64], const uint8_t h[64]);
	/* RSASSA-PSS, SHA-256, MGF1-SHA-256, salt 32; key is PKCS#1 RSAPublicKey DER, 2048 or 3072 bit. Host only. */
	uint32_t (*rsa_pss_verify)(const uint8_t *key_der, uint32_t key_bytes, const uint8_t digest[32], const uint8_t *signature,
				   uint32_t signature_bytes);
};

extern const struct hf_key_form hf_key_form_p256, hf_key_form_p384, hf_key_form_ed25519, hf_key_form_rsa2048, hf_key_form_rsa3072;

extern const struct hf_crypto hf_crypto_p256;    /* crypto/crypto_p256.c: SHA-256, ECDSA P-256; the P-256 loader */
extern const struct hf_crypto hf_crypto_ed25519; /* crypto/crypto_monocypher.c: SHA-256/512, Ed25519; the Ed25519 loader */
extern const struct hf_crypto hf_crypto_openssl; /* crypto/crypto_openssl.c: everything, host only */

#endif
