/* SPDX-License-Identifier: MIT */
/* crypto_monocypher.c - Ed25519 on Monocypher's field and curve arithmetic, SHA-256 and SHA-512 by Mbed TLS.
 *
 * Why      Monocypher's own check multiplies by the cofactor and accepts other encodings of R, which RFC 8032 allows; MCUboot and
 *          OpenSSL compare the encoding of S*B - h*A with the signature's first half byte by byte. An image must not be accepted here
 *          and refused there, so the last step is theirs. monocypher.c is included as a whole (its static functions are the
 *          interface; the linker drops what is not called), and the multiplication with a table of three points is plain and small:
 *          all its numbers are public. Its SHA-512 is in an optional file that the package lacks; Mbed TLS's is there anyway.
 * Limits   12.3 KB with both hashes at -Os on a Cortex-M4, 1.9 KB of stack, 2.0 million instructions a check; per KB hashed 43
 *          thousand (SHA-256) or 96 thousand (SHA-512). Emulated; the M33 is the same within a hundredth.
 * Source   RFC 8032, 5.1.7 (verification) and 5.1.3 (decoding; the base point's y is 4/5). Monocypher 4: src/monocypher.c.
 */
#include <holdfast/crypto.h>

#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>
#include <monocypher.c>

static bool sha2_start(struct hf_hash *hash, enum hf_hash_kind kind)
{
	_Static_assert(sizeof(mbedtls_sha512_context) <= sizeof(hash->state), "struct hf_hash holds the context");
	hash->kind = kind;
	if (kind == HF_HASH_SHA256) {
		return mbedtls_sha256_starts((mbedtls_sha256_context *)(void *)hash->state, 0) == 0;
	}
	return kind == HF_HASH_SHA512 && mbedtls_sha512_starts((mbedtls_sha512_context *)(void *)hash->state, 0) == 0;
}

static void sha2_add(struct hf_hash *hash, const void *data, size_t size_bytes)
{
	if (hash->kind == HF_HASH_SHA256) {
		(void)mbedtls_sha256_update((mbedtls_sha256_context *)(void *)hash->state, data, size_bytes);
	} else {
		(void)mbedtls_sha512_update((mbedtls_sha512_context *)(void *)hash->state, data, size_bytes);
	}
}

static void sha2_end(struct hf_hash *hash, uint8_t *digest)
{
	if (hash->kind == HF_HASH_SHA256) {
		(void)mbedtls_sha256_finish((mbedtls_sha256_context *)(void *)hash->state, digest);
	} else {
		(void)mbedtls_sha512_finish((mbedtls_sha512_context *)(void *)hash->state, digest);
	}
}

static uint32_t scalar_bit_at(const uint8_t scalar[32], uint32_t bit)
{
	return (uint32_t)scalar[bit / 8u] >> bit % 8u & 1u;
}

/* sum = s * B - h * A, with minus_A given. */
static void edwards_combine(ge *sum, const ge *minus_A, const uint8_t s[32], const uint8_t h[32])
{
	/* -B, so that decoding, which negates, gives B: 4/5 and the sign bit. */
	static const uint8_t minus_base[32] = { 0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
						0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0xe6 };
	ge_cached table[3]; /* B, -A, B - A */
	ge scratch;

	(void)ge_frombytes_neg_vartime(sum, minus_base);
	ge_cache(&table[0], sum);
	ge_cache(&table[1], minus_A);
	ge_add(sum, sum, &table[1]);
	ge_cache(&table[2], sum);
	ge_zero(sum);
	for (uint32_t bit = 256u; bit-- > 0u;) {
		const uint32_t which = scalar_bit_at(s, bit) | scalar_bit_at(h, bit) << 1;
		ge_double(sum, sum, &scratch);
		if (which != 0u) {
			ge_add(sum, sum, &table[which - 1u]);
		}
	}
}

static bool ed25519_is_signed(const uint8_t key[32], const uint8_t signature[64], const uint8_t h[64])
{
	ge minus_A;
	ge sum;
	uint8_t scalar[32];
	uint32_t s_words[8];

	load32_le_buf(s_words, signature + 32, 8);
	if (is_above_l(s_words) != 0 || ge_frombytes_neg_vartime(&minus_A, key) != 0) {
		return false;
	}
	crypto_eddsa_reduce(scalar, h);
	edwards_combine(&sum, &minus_A, signature + 32, scalar);
	ge_tobytes(scalar, &sum);
	return memcmp(scalar, signature, sizeof(scalar)) == 0;
}

static uint32_t ed25519_check(const uint8_t key[32], const uint8_t signature[64], const uint8_t h[64])
{
	return ed25519_is_signed(key, signature, h) ? HF_CRYPTO_YES : HF_CRYPTO_NO;
}

static const struct hf_key_form *const forms[] = { &hf_key_form_ed25519 };

const struct hf_crypto hf_crypto_ed25519 = {
	.name = "monocypher-ed25519",
	.forms = forms,
	.form_count = HF_ARRAY_COUNT(forms),
	.hash_start = sha2_start,
	.hash_add = sha2_add,
	.hash_end = sha2_end,
	.ed25519_check = ed25519_check,
};
