/* SPDX-License-Identifier: MIT */
/* ed25519_monocypher.h - the Ed25519 equation on Monocypher's field and curve arithmetic; one function, included by its one user.
 *
 * Why      Monocypher's own check multiplies by the cofactor and accepts other encodings of R, which RFC 8032 allows; MCUboot and
 *          OpenSSL compare the encoding of S*B - h*A with the signature's first half byte by byte. An image must not be accepted here
 *          and refused there, so the last step is theirs. The file is included as a whole (its static functions are the interface);
 *          the multiplication with a table of three points is plain, small, and all its numbers are public.
 * Source   RFC 8032, 5.1.7 and 5.1.3 (decoding; the base point's y is 4/5). Monocypher 4: src/monocypher.c.
 */
#ifndef HOLDFAST_CRYPTO_ED25519_MONOCYPHER_H
#define HOLDFAST_CRYPTO_ED25519_MONOCYPHER_H

#include <monocypher.c>

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

#endif
