/* SPDX-License-Identifier: MIT */
/* crypto_p256.c - what a P-256 loader links: ECDSA verification on p256-m's field and curve arithmetic, Mbed TLS's SHA-256.
 *
 * Why      p256-m's own verification multiplies twice, one point at a time, in constant time: 17.6 million instructions. All numbers
 *          of a verification are public, so both multiplications share their doublings here (Shamir's trick), which takes half the
 *          time and less code. p256-m.c is included as a whole: its static functions are the interface, and the linker drops what is
 *          not called.
 * Corners  p256-m's addition fails for equal and opposite points; its z is then 0, and sum_add does what is right instead.
 * Source   SEC 1, 4.1.4 (verification). Mbed TLS 3.5: 3rdparty/p256-m.
 */
#include <holdfast/crypto.h>

#include <mbedtls/sha256.h>

/* p256-m.c asks for the PSA interface only to draw random numbers, which nothing here calls for. */
#define MBEDTLS_PSA_P256M_DRIVER_ENABLED
#define PSA_CRYPTO_H
#define psa_generate_random(output, size_bytes) (-1)
#include <p256-m.c>

struct point {
	uint32_t x[8], y[8];
};

struct sum {
	struct point at;
	uint32_t z[8];
	bool is_zero; /* the point at infinity */
};

static void sum_set(struct sum *sum, const struct point *point)
{
	sum->at = *point;
	m256_set32(sum->z, 1, &p256_p);
	sum->is_zero = false;
}

/* After an addition that failed x is the square of the difference of what was y: 0 if the points were equal, and then doubling is
 * the answer; if they were opposite, their sum is zero. */
static void sum_add(struct sum *sum, const struct point *point)
{
	if (sum->is_zero) {
		sum_set(sum, point);
		return;
	}
	point_add(sum->at.x, sum->at.y, sum->z, point->x, point->y);
	if (u256_diff0(sum->z) != 0)
		return;
	sum->is_zero = u256_diff0(sum->at.x) != 0;
	if (!sum->is_zero) {
		sum_set(sum, point);
		point_double(sum->at.x, sum->at.y, sum->z);
	}
}

static uint32_t bit_at(const uint32_t number[8], uint32_t bit)
{
	return number[bit / 32u] >> bit % 32u & 1u;
}

/* x of u1 * G + u2 * Q; 0 for the point at infinity. */
static void x_of_sum(uint32_t x[8], const uint32_t u1[8], const uint32_t u2[8], const uint8_t key[64])
{
	struct point table[3]; /* G, Q, G + Q */
	struct sum sum;

	memcpy(table[0].x, p256_gx, sizeof table[0].x);
	memcpy(table[0].y, p256_gy, sizeof table[0].y);
	u256_from_bytes(table[1].x, key);
	m256_prep(table[1].x, &p256_p);
	u256_from_bytes(table[1].y, key + 32);
	m256_prep(table[1].y, &p256_p);
	sum_set(&sum, &table[0]);
	sum_add(&sum, &table[1]);
	const bool opposite = sum.is_zero;
	point_to_affine(sum.at.x, sum.at.y, sum.z);
	table[2] = sum.at;
	sum.is_zero = true;
	for (uint32_t bit = 256u; bit-- > 0u;) {
		const uint32_t which = bit_at(u1, bit) | bit_at(u2, bit) << 1;
		if (!sum.is_zero)
			point_double(sum.at.x, sum.at.y, sum.z);
		if (which != 0u && !(which == 3u && opposite))
			sum_add(&sum, &table[which - 1u]);
	}
	point_to_affine(sum.at.x, sum.at.y, sum.z);
	m256_done(sum.at.x, &p256_p);
	memcpy(x, sum.at.x, sizeof sum.at.x);
}

/* The key's point is not checked again: `holdfast bootloader` put only points of the curve into the loader, under the same CRC as
 * the layout. */
static uint32_t p256_verify(const uint8_t key[65], const uint8_t digest[32], const uint8_t r_bytes[32], const uint8_t s_bytes[32])
{
	uint32_t r[8], s[8], u1[8], u2[8];

	if (key[0] != 0x04 || scalar_from_bytes(r, r_bytes) != 0 || scalar_from_bytes(s, s_bytes) != 0)
		return HF_CRYPTO_NO;
	m256_prep(s, &p256_n);
	m256_inv(s, s, &p256_n);
	u256_from_bytes(u1, digest);
	ecdsa_m256_mod_n(u1);
	m256_mul(u1, u1, s, &p256_n); /* one factor in Montgomery's form: the product is in plain form */
	m256_mul(u2, r, s, &p256_n);
	x_of_sum(u1, u1, u2, key + 1);
	ecdsa_m256_mod_n(u1);
	return u256_diff(u1, r) == 0 ? HF_CRYPTO_YES : HF_CRYPTO_NO;
}

static bool sha256_start(struct hf_hash *hash, enum hf_hash_kind kind)
{
	_Static_assert(sizeof(mbedtls_sha256_context) <= sizeof(hash->state), "struct hf_hash holds the context");
	if (kind != HF_HASH_SHA256)
		return false;
	hash->kind = kind;
	return mbedtls_sha256_starts((mbedtls_sha256_context *)(void *)hash->state, 0) == 0;
}

static void sha256_add(struct hf_hash *hash, const void *data, size_t size_bytes)
{
	(void)mbedtls_sha256_update((mbedtls_sha256_context *)(void *)hash->state, data, size_bytes);
}

static void sha256_end(struct hf_hash *hash, uint8_t *digest)
{
	(void)mbedtls_sha256_finish((mbedtls_sha256_context *)(void *)hash->state, digest);
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
