/* SPDX-License-Identifier: MIT */
/* p256.c - see p256.h. Numbers are eight words, least significant first; field elements are kept in Montgomery form (times 2^256
 * mod p), scalars are plain. Outputs may be inputs everywhere. */
#include "p256.h"

#define WORDS 8u

struct number {
	uint32_t word[WORDS];
};

struct modulus {
	struct number m;
	struct number rr;   /* 2^512 mod m: into Montgomery form */
	uint32_t m0_inverse;/* -1/m mod 2^32 */
};

/* Jacobian: x = X/Z^2, y = Y/Z^3; the point at infinity has Z = 0. */
struct point {
	struct number x, y, z;
};

static const struct modulus field = {
	.m = { { 0xffffffff, 0xffffffff, 0xffffffff, 0x00000000, 0x00000000, 0x00000000, 0x00000001, 0xffffffff } },
	.rr = { { 0x00000003, 0x00000000, 0xffffffff, 0xfffffffb, 0xfffffffe, 0xffffffff, 0xfffffffd, 0x00000004 } },
	.m0_inverse = 0x00000001,
};

static const struct modulus order = {
	.m = { { 0xfc632551, 0xf3b9cac2, 0xa7179e84, 0xbce6faad, 0xffffffff, 0xffffffff, 0x00000000, 0xffffffff } },
	.rr = { { 0xbe79eea2, 0x83244c95, 0x49bd6fa6, 0x4699799c, 0x2b6bec59, 0x2845b239, 0xf3d95620, 0x66e12d94 } },
	.m0_inverse = 0xee00bc4f,
};

/* The curve's b, its base point, and 1, in Montgomery form. */
static const struct number curve_b = {
	{ 0x29c4bddf, 0xd89cdf62, 0x78843090, 0xacf005cd, 0xf7212ed6, 0xe5a220ab, 0x04874834, 0xdc30061d }
};
static const struct point base = {
	{ { 0x18a9143c, 0x79e730d4, 0x5fedb601, 0x75ba95fc, 0x77622510, 0x79fb732b, 0xa53755c6, 0x18905f76 } },
	{ { 0xce95560a, 0xddf25357, 0xba19e45c, 0x8b4ab8e4, 0xdd21f325, 0xd2e88688, 0x25885d85, 0x8571ff18 } },
	{ { 0x00000001, 0x00000000, 0x00000000, 0xffffffff, 0xffffffff, 0xffffffff, 0xfffffffe, 0x00000000 } },
};

static struct number number_of(const uint8_t bytes[32])
{
	struct number n;

	for (uint32_t i = 0; i < WORDS; i++) {
		const uint8_t *p = bytes + 28u - 4u * i;
		n.word[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	}
	return n;
}

static bool is_zero(const struct number *a)
{
	uint32_t any = 0;

	for (uint32_t i = 0; i < WORDS; i++)
		any |= a->word[i];
	return any == 0;
}

/* r = a + b, the carry is returned. */
static uint32_t add_plain(struct number *r, const struct number *a, const struct number *b)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < WORDS; i++) {
		sum += (uint64_t)a->word[i] + b->word[i];
		r->word[i] = (uint32_t)sum;
		sum >>= 32;
	}
	return (uint32_t)sum;
}

/* r = a - b, 1 is returned if b > a. */
static uint32_t sub_plain(struct number *r, const struct number *a, const struct number *b)
{
	uint64_t difference = 0;

	for (uint32_t i = 0; i < WORDS; i++) {
		difference = (uint64_t)a->word[i] - b->word[i] - (difference >> 63);
		r->word[i] = (uint32_t)difference;
	}
	return (uint32_t)(difference >> 63);
}

static bool is_less(const struct number *a, const struct number *b)
{
	struct number unused;

	return sub_plain(&unused, a, b) != 0;
}

/* Brings carry * 2^256 + r, which is below 2m, below m. */
static void reduce_once(struct number *r, uint32_t carry, const struct number *m)
{
	struct number less;

	if (sub_plain(&less, r, m) == 0 || carry != 0)
		*r = less;
}

/* r = a * b / 2^256 mod m, for a, b below m. One pass a word of b adds b's word times a and what clears the lowest word. */
static void multiply(struct number *r, const struct number *a, const struct number *b, const struct modulus *modulus)
{
	struct number t = { { 0 } };
	uint32_t top = 0;

	for (uint32_t i = 0; i < WORDS; i++) {
		uint32_t factor = b->word[i];
		uint64_t product = (uint64_t)a->word[0] * factor + t.word[0];
		uint32_t clear = (uint32_t)product * modulus->m0_inverse;
		uint64_t cleared = (uint64_t)clear * modulus->m.word[0] + (uint32_t)product;
		for (uint32_t k = 1; k < WORDS; k++) {
			product = (uint64_t)a->word[k] * factor + t.word[k] + (product >> 32);
			cleared = (uint64_t)clear * modulus->m.word[k] + (uint32_t)product + (cleared >> 32);
			t.word[k - 1] = (uint32_t)cleared;
		}
		uint64_t last = (uint64_t)top + (product >> 32) + (cleared >> 32);
		t.word[WORDS - 1] = (uint32_t)last;
		top = (uint32_t)(last >> 32);
	}
	*r = t;
	reduce_once(r, top, &modulus->m);
}

static void mul(struct number *r, const struct number *a, const struct number *b)
{
	multiply(r, a, b, &field);
}

static void add(struct number *r, const struct number *a, const struct number *b)
{
	uint32_t carry = add_plain(r, a, b);

	reduce_once(r, carry, &field.m);
}

static void sub(struct number *r, const struct number *a, const struct number *b)
{
	if (sub_plain(r, a, b) != 0)
		(void)add_plain(r, r, &field.m);
}

/* dbl-2001-b. The point at infinity stays there. */
static void point_double(struct point *p)
{
	struct number delta, gamma, beta, alpha, t;

	mul(&delta, &p->z, &p->z);
	mul(&gamma, &p->y, &p->y);
	mul(&beta, &p->x, &gamma);
	sub(&t, &p->x, &delta);
	add(&alpha, &p->x, &delta);
	mul(&t, &t, &alpha);
	add(&alpha, &t, &t);
	add(&alpha, &alpha, &t);           /* 3 (X - delta) (X + delta) */
	add(&p->z, &p->y, &p->z);
	mul(&p->z, &p->z, &p->z);
	sub(&p->z, &p->z, &gamma);
	sub(&p->z, &p->z, &delta);         /* (Y + Z)^2 - gamma - delta */
	add(&beta, &beta, &beta);
	add(&beta, &beta, &beta);          /* 4 beta */
	mul(&p->x, &alpha, &alpha);
	sub(&p->x, &p->x, &beta);
	sub(&p->x, &p->x, &beta);          /* alpha^2 - 8 beta */
	sub(&t, &beta, &p->x);
	mul(&t, &alpha, &t);
	mul(&gamma, &gamma, &gamma);
	add(&gamma, &gamma, &gamma);
	add(&gamma, &gamma, &gamma);
	add(&gamma, &gamma, &gamma);
	sub(&p->y, &t, &gamma);            /* alpha (4 beta - X) - 8 gamma^2 */
}

/* p += q, add-1998-cmo-2, and the cases that it does not cover. */
static void point_add(struct point *p, const struct point *q)
{
	struct number pzz, qzz, h, r, t;

	if (is_zero(&q->z))
		return;
	if (is_zero(&p->z)) {
		*p = *q;
		return;
	}
	mul(&pzz, &p->z, &p->z);
	mul(&qzz, &q->z, &q->z);
	mul(&t, &p->x, &qzz);              /* U1 */
	mul(&h, &q->x, &pzz);
	sub(&h, &h, &t);                   /* U2 - U1 */
	mul(&pzz, &pzz, &p->z);
	mul(&qzz, &qzz, &q->z);
	mul(&qzz, &qzz, &p->y);            /* S1 */
	mul(&r, &pzz, &q->y);
	sub(&r, &r, &qzz);                 /* S2 - S1 */
	if (is_zero(&h) && is_zero(&r)) {
		point_double(p);
		return;
	}
	mul(&p->z, &p->z, &q->z);
	mul(&p->z, &p->z, &h);             /* 0 if q = -p: infinity */
	mul(&pzz, &h, &h);
	mul(&t, &t, &pzz);                 /* U1 H^2 */
	mul(&h, &h, &pzz);                 /* H^3 */
	mul(&p->x, &r, &r);
	sub(&p->x, &p->x, &h);
	sub(&p->x, &p->x, &t);
	sub(&p->x, &p->x, &t);             /* R^2 - H^3 - 2 U1 H^2 */
	sub(&t, &t, &p->x);
	mul(&t, &t, &r);
	mul(&h, &h, &qzz);
	sub(&p->y, &t, &h);                /* R (U1 H^2 - X) - S1 H^3 */
}

static bool has_bit(const struct number *a, uint32_t bit)
{
	return (a->word[bit / 32u] >> bit % 32u & 1u) != 0;
}

/* s below the order -> 1/s in Montgomery form, by Fermat: s^(n-2). */
static void invert(struct number *inverse, const struct number *s)
{
	struct number power, exponent = order.m;

	exponent.word[0] -= 2u;
	multiply(&power, s, &order.rr, &order);
	*inverse = power;
	for (uint32_t bit = 255; bit-- > 0;) {
		multiply(inverse, inverse, inverse, &order);
		if (has_bit(&exponent, bit))
			multiply(inverse, inverse, &power, &order);
	}
}

/* sum = a * base + b * key, both at once (Shamir's trick). */
static void combine(struct point *sum, const struct number *a, const struct number *b, const struct point *key)
{
	struct point both = base;

	point_add(&both, key);
	const struct point *const choice[4] = { NULL, &base, key, &both };
	memset(sum, 0, sizeof *sum);
	for (uint32_t bit = 256; bit-- > 0;) {
		const struct point *chosen = choice[(has_bit(a, bit) ? 1u : 0u) + (has_bit(b, bit) ? 2u : 0u)];
		point_double(sum);
		if (chosen != NULL)
			point_add(sum, chosen);
	}
}

/* False: not a point of the curve. y^2 = x^3 - 3x + b; the curve's cofactor is 1, so that any such point will do. */
static bool key_load(struct point *key, const uint8_t bytes[65])
{
	struct number left, right;

	key->x = number_of(bytes + 1);
	key->y = number_of(bytes + 33);
	key->z = base.z;
	if (bytes[0] != 0x04 || !is_less(&key->x, &field.m) || !is_less(&key->y, &field.m))
		return false;
	mul(&key->x, &key->x, &field.rr);
	mul(&key->y, &key->y, &field.rr);
	mul(&left, &key->y, &key->y);
	mul(&right, &key->x, &key->x);
	for (uint32_t i = 0; i < 3; i++)
		sub(&right, &right, &key->z);
	mul(&right, &right, &key->x);
	add(&right, &right, &curve_b);
	return memcmp(&left, &right, sizeof left) == 0;
}

/* Whether the x of sum, mod the order, is r: compared as r * Z^2 with X, so that no field inversion is needed. x may lie between
 * the order and p; then it is r + order. */
static bool has_x(const struct point *sum, const struct number *r)
{
	struct number zz, candidate = *r, product;
	bool found = false;

	mul(&zz, &sum->z, &sum->z);
	for (uint32_t i = 0; i < 2; i++) {
		mul(&product, &candidate, &field.rr);
		mul(&product, &product, &zz);
		found = found || memcmp(&product, &sum->x, sizeof product) == 0;
		if (add_plain(&candidate, &candidate, &order.m) != 0 || !is_less(&candidate, &field.m))
			break;
	}
	return found && !is_zero(&sum->z);
}

uint32_t hf_p256_verify(const uint8_t key_bytes[65], const uint8_t digest[32], const uint8_t r_bytes[32], const uint8_t s_bytes[32])
{
	struct number r = number_of(r_bytes), s = number_of(s_bytes), e = number_of(digest), u1, u2;
	struct point key, sum;

	if (is_zero(&r) || is_zero(&s) || !is_less(&r, &order.m) || !is_less(&s, &order.m) || !key_load(&key, key_bytes))
		return HF_CRYPTO_NO;
	reduce_once(&e, 0, &order.m); /* a digest is below 2^256, which is below twice the order */
	invert(&s, &s);
	multiply(&u1, &e, &s, &order);
	multiply(&u2, &r, &s, &order);
	combine(&sum, &u1, &u2, &key);
	return has_x(&sum, &r) ? HF_CRYPTO_YES : HF_CRYPTO_NO;
}
