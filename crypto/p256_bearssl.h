/* SPDX-License-Identifier: MIT */
/* p256_bearssl.h - ECDSA P-256 verification on BearSSL's field and curve arithmetic; one function, included by its one user.
 *
 * Why      BearSSL's own verification is made for secret scalars too: two scalar multiplications in constant time, a table of the
 *          generator, a bignum layer for the numbers modulo the curve's order. All that a loader verifies is public. So this takes
 *          BearSSL's arithmetic of curve points (the file is included as a whole, its static functions are the interface) and adds
 *          one interleaved multiplication u1*G + u2*Q with a table of three points, and 256-bit Montgomery arithmetic modulo the
 *          order. It is 3 KB smaller and a third faster; what is left out of the file, the linker drops.
 * Source   FIPS 186-5, 6.4.2 (verification); SEC 1, 4.1.4; P. Montgomery, Modular Multiplication Without Trial Division (1985);
 *          the interleaving is known as Shamir's trick. BearSSL 0.6: src/ec/ec_p256_m31.c for the exceptional cases of its additions.
 */
#ifndef HOLDFAST_CRYPTO_P256_BEARSSL_H
#define HOLDFAST_CRYPTO_P256_BEARSSL_H

#include <ec/ec_p256_m31.c>

#define ORDER_WORDS 8u
#define ORDER_NEG_INVERSE 0xee00bc4fu /* -1/order modulo 2^32 */

static const uint32_t p256_order[ORDER_WORDS] = { /* little-endian words, as all numbers modulo the order here */
	0xfc632551u, 0xf3b9cac2u, 0xa7179e84u, 0xbce6faadu, 0xffffffffu, 0xffffffffu, 0x00000000u, 0xffffffffu
};

static void words_decode(uint32_t words[ORDER_WORDS], const uint8_t *big_endian)
{
	for (uint32_t i = 0; i < ORDER_WORDS; i++) {
		words[i] = br_dec32be(big_endian + 28u - 4u * i);
	}
}

/* into = a - order; true if that is negative. */
static bool order_subtract(uint32_t into[ORDER_WORDS], const uint32_t a[ORDER_WORDS])
{
	uint64_t borrow = 0;

	for (uint32_t i = 0; i < ORDER_WORDS; i++) {
		const uint64_t difference = (uint64_t)a[i] - p256_order[i] - borrow;
		into[i] = (uint32_t)difference;
		borrow = difference >> 63;
	}
	return borrow != 0u;
}

/* into = a * b / 2^256 modulo the order, below the order if a or b is; into may be a or b. */
static void order_multiply(uint32_t into[ORDER_WORDS], const uint32_t a[ORDER_WORDS], const uint32_t b[ORDER_WORDS])
{
	uint32_t sum[ORDER_WORDS + 1u] = { 0 };
	uint32_t reduced[ORDER_WORDS];

	for (uint32_t i = 0; i < ORDER_WORDS; i++) {
		const uint32_t factor = (sum[0] + a[i] * b[0]) * ORDER_NEG_INVERSE;
		uint64_t product_carry = 0;
		uint64_t order_carry = 0;
		for (uint32_t j = 0; j < ORDER_WORDS; j++) {
			product_carry += (uint64_t)a[i] * b[j] + sum[j];
			order_carry += (uint64_t)factor * p256_order[j] + (uint32_t)product_carry;
			if (j > 0u) {
				sum[j - 1u] = (uint32_t)order_carry; /* for j = 0 it is zero: that is what factor is for */
			}
			product_carry >>= 32;
			order_carry >>= 32;
		}
		const uint64_t top = product_carry + order_carry + sum[ORDER_WORDS];
		sum[ORDER_WORDS - 1u] = (uint32_t)top;
		sum[ORDER_WORDS] = (uint32_t)(top >> 32);
	}
	const bool is_below = order_subtract(reduced, sum) && sum[ORDER_WORDS] == 0u;
	memcpy(into, is_below ? sum : reduced, sizeof(reduced));
}

static uint32_t word_bit(const uint32_t words[ORDER_WORDS], uint32_t bit)
{
	return words[bit / 32u] >> bit % 32u & 1u;
}

/* into = 2^512 / s modulo the order: s taken as a Montgomery form, raised to the power order - 2 (Fermat). */
static void order_invert(uint32_t into[ORDER_WORDS], const uint32_t s[ORDER_WORDS])
{
	uint32_t exponent[ORDER_WORDS];
	uint32_t power[ORDER_WORDS];

	memcpy(exponent, p256_order, sizeof(exponent));
	exponent[0] -= 2u;
	memcpy(power, s, sizeof(power)); /* the highest bit of the exponent is set */
	for (uint32_t bit = 255u; bit-- > 0u;) {
		order_multiply(power, power, power);
		if (word_bit(exponent, bit) != 0u) {
			order_multiply(power, power, s);
		}
	}
	memcpy(into, power, sizeof(power));
}

static bool words_are_zero(const uint32_t *words, uint32_t count)
{
	uint32_t all = 0;

	for (uint32_t i = 0; i < count; i++) {
		all |= words[i];
	}
	return all == 0u;
}

static bool is_infinity(p256_jacobian *point)
{
	reduce_final_f256(point->z);
	return words_are_zero(point->z, 9);
}

/* point += affine, with the cases that BearSSL leaves to its caller. */
static void point_add(p256_jacobian *point, const p256_jacobian *affine)
{
	if (is_infinity(point)) {
		*point = *affine;
		return;
	}
	const uint32_t differ = p256_add_mixed(point, affine);
	if (is_infinity(point) && differ == 0u) { /* both were the same point; else they were opposite and this is right */
		*point = *affine;
		p256_double(point);
	}
}

/* sum = u1 * G + u2 * Q. False if the key is not a point of the curve, or is G or -G (whose private keys everyone knows). */
static bool points_combine(p256_jacobian *sum, const uint8_t key[65], const uint32_t u1[ORDER_WORDS], const uint32_t u2[ORDER_WORDS])
{
	p256_jacobian table[3]; /* G, Q, G + Q */

	if (p256_decode(&table[0], P256_G, sizeof(P256_G)) == 0u || p256_decode(&table[1], key, 65) == 0u) {
		return false;
	}
	table[2] = table[0];
	(void)p256_add_mixed(&table[2], &table[1]);
	if (is_infinity(&table[2])) {
		return false;
	}
	p256_to_affine(&table[2]);
	memset(sum, 0, sizeof(*sum));
	for (uint32_t bit = 256u; bit-- > 0u;) {
		const uint32_t which = word_bit(u1, bit) | word_bit(u2, bit) << 1;
		p256_double(sum);
		if (which != 0u) {
			point_add(sum, &table[which - 1u]);
		}
	}
	return true;
}

/* 1 <= number < order */
static bool is_in_range(const uint32_t number[ORDER_WORDS])
{
	uint32_t unused[ORDER_WORDS];

	return order_subtract(unused, number) && !words_are_zero(number, ORDER_WORDS);
}

static bool p256_is_signed(const uint8_t key[65], const uint8_t digest[32], const uint8_t r_bytes[32], const uint8_t s_bytes[32])
{
	static const uint32_t one[ORDER_WORDS] = { 1 };
	uint32_t r[ORDER_WORDS];
	uint32_t u1[ORDER_WORDS];
	uint32_t u2[ORDER_WORDS];
	uint8_t x_bytes[32];
	p256_jacobian sum;

	words_decode(r, r_bytes);
	words_decode(u1, s_bytes);
	if (!is_in_range(r) || !is_in_range(u1)) {
		return false;
	}
	order_invert(u2, u1);
	words_decode(u1, digest);
	order_multiply(u1, u1, u2);
	order_multiply(u1, u1, one);
	order_multiply(u2, r, u2);
	order_multiply(u2, u2, one);
	if (!points_combine(&sum, key, u1, u2) || is_infinity(&sum)) {
		return false;
	}
	p256_to_affine(&sum);
	le30_to_be8(x_bytes, sizeof(x_bytes), sum.x);
	words_decode(u1, x_bytes);
	if (!order_subtract(u2, u1)) { /* x is below the field's prime, so below twice the order */
		memcpy(u1, u2, sizeof(u1));
	}
	return memcmp(u1, r, sizeof(r)) == 0;
}

#endif
