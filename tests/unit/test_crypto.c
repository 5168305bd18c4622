/* SPDX-License-Identifier: MIT */
/* crypto.c - the device's adapters against OpenSSL: known answers, random signatures, and the corners of both signature schemes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <holdfast/crypto.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

void hf_assert_failed(uint32_t line)
{
	fprintf(stderr, "assertion at line %u failed\n", (unsigned)line);
	abort();
}

static const struct hf_crypto *const adapters[] = { &hf_crypto_p256, &hf_crypto_ed25519, &hf_crypto_openssl };

/* Repeatable: a failure must come again. */
static uint64_t random_state = 0x853c49e6748fea9bull;

static void random_fill(uint8_t *into, size_t size_bytes)
{
	for (size_t i = 0; i < size_bytes; i++) {
		random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
		into[i] = (uint8_t)(random_state >> 56);
	}
}

static void from_hex(const char *hex, uint8_t *into, size_t size_bytes)
{
	for (size_t i = 0; i < size_bytes; i++) {
		const char pair[3] = { hex[2 * i], hex[2 * i + 1], 0 };
		into[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
}

/* FIPS 180-4's example "abc", whose digests NIST publishes. */
static void hash_known_answers(void **state)
{
	static const struct {
		enum hf_hash_kind kind;
		const char *hex;
	} rows[] = {
		{ HF_HASH_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ HF_HASH_SHA384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7" },
		{ HF_HASH_SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
				  "454d4423643ce80e2a9ac94fa54ca49f" },
	};
	static const bool built[HF_ARRAY_COUNT(adapters)][HF_ARRAY_COUNT(rows)] = { { true, false, false }, { true, false, true }, { true, true, true } };
	(void)state;
	for (size_t a = 0; a < HF_ARRAY_COUNT(adapters); a++) {
		for (size_t r = 0; r < HF_ARRAY_COUNT(rows); r++) {
			uint8_t digest[HF_HASH_BYTES_MAX] = { 0 };
			uint8_t wanted[HF_HASH_BYTES_MAX];
			struct hf_hash hash;
			assert_int_equal(adapters[a]->hash_start(&hash, rows[r].kind), built[a][r]);
			if (!built[a][r]) {
				continue;
			}
			adapters[a]->hash_add(&hash, "a", 1);
			adapters[a]->hash_add(&hash, "", 0);
			adapters[a]->hash_add(&hash, "bc", 2);
			adapters[a]->hash_end(&hash, digest);
			from_hex(rows[r].hex, wanted, hf_hash_bytes(rows[r].kind));
			assert_memory_equal(digest, wanted, hf_hash_bytes(rows[r].kind));
		}
	}
}

/* The same bytes in parts of every size around the block sizes. */
static void hash_parts_agree(void **state)
{
	uint8_t data[600];
	(void)state;
	random_fill(data, sizeof(data));
	for (size_t part = 1; part < 300; part++) {
		for (int kind = HF_HASH_SHA256; kind <= HF_HASH_SHA512; kind += 2) {
			uint8_t digests[HF_ARRAY_COUNT(adapters)][HF_HASH_BYTES_MAX] = { { 0 } };
			for (size_t a = 0; a < HF_ARRAY_COUNT(adapters); a++) {
				struct hf_hash hash;
				if (!adapters[a]->hash_start(&hash, (enum hf_hash_kind)kind)) {
					continue;
				}
				for (size_t done = 0; done < sizeof(data); done += part) {
					adapters[a]->hash_add(&hash, data + done, sizeof(data) - done < part ? sizeof(data) - done : part);
				}
				adapters[a]->hash_end(&hash, digests[a]);
			}
			assert_memory_equal(digests[1], digests[2], sizeof(digests[1]));
			if (kind == HF_HASH_SHA256) {
				assert_memory_equal(digests[0], digests[2], sizeof(digests[0]));
			}
		}
	}
}

/* ---- P-256: signatures made from chosen u1 and u2, so that every path of the point addition can be provoked ---- */

struct p256 {
	BN_CTX *ctx;
	EC_GROUP *group;
	const BIGNUM *order;
};

static struct p256 curve;

static int curve_open(void **state)
{
	(void)state;
	curve.ctx = BN_CTX_new();
	curve.group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	curve.order = EC_GROUP_get0_order(curve.group);
	return 0;
}

static int curve_close(void **state)
{
	(void)state;
	EC_GROUP_free(curve.group);
	BN_CTX_free(curve.ctx);
	return 0;
}

struct signed_digest {
	uint8_t key[65], digest[32], r[32], s[32];
};

static BIGNUM *number(uint32_t word, bool is_negative)
{
	BIGNUM *n = BN_new();
	assert_true(BN_set_word(n, word));
	if (is_negative) {
		assert_true(BN_sub(n, curve.order, n));
	}
	return n;
}

/* The public key of d, and the signature for which verification computes u1*G + u2*Q. False if that is the point at infinity. */
static bool make(const BIGNUM *d, const BIGNUM *u1, const BIGNUM *u2, struct signed_digest *out)
{
	EC_POINT *q = EC_POINT_new(curve.group);
	EC_POINT *sum = EC_POINT_new(curve.group);
	BIGNUM *r = BN_new();
	BIGNUM *s = BN_new();

	assert_true(EC_POINT_mul(curve.group, q, d, NULL, NULL, curve.ctx));
	assert_int_equal(EC_POINT_point2oct(curve.group, q, POINT_CONVERSION_UNCOMPRESSED, out->key, 65, curve.ctx), 65);
	assert_true(EC_POINT_mul(curve.group, sum, u1, q, u2, curve.ctx));
	const bool is_finite = EC_POINT_is_at_infinity(curve.group, sum) == 0;
	if (is_finite) {
		assert_true(EC_POINT_get_affine_coordinates(curve.group, sum, r, NULL, curve.ctx));
	} else {
		assert_true(BN_set_word(r, 1234567u));
	}
	assert_true(BN_nnmod(r, r, curve.order, curve.ctx));
	assert_non_null(BN_mod_inverse(s, u2, curve.order, curve.ctx));
	assert_true(BN_mod_mul(s, s, r, curve.order, curve.ctx));
	assert_int_equal(BN_bn2binpad(r, out->r, 32), 32);
	assert_int_equal(BN_bn2binpad(s, out->s, 32), 32);
	assert_true(BN_mod_mul(s, s, u1, curve.order, curve.ctx));
	assert_int_equal(BN_bn2binpad(s, out->digest, 32), 32);
	BN_free(r);
	BN_free(s);
	EC_POINT_free(q);
	EC_POINT_free(sum);
	return is_finite;
}

static uint32_t ours(const struct signed_digest *x)
{
	return hf_crypto_p256.p256_verify(x->key, x->digest, x->r, x->s);
}

static void must_agree(const struct signed_digest *x, bool is_good)
{
	assert_int_equal(ours(x), is_good ? HF_CRYPTO_YES : HF_CRYPTO_NO);
	assert_int_equal(hf_crypto_openssl.p256_verify(x->key, x->digest, x->r, x->s), is_good ? HF_CRYPTO_YES : HF_CRYPTO_NO);
}

/* p256-m adds points by a formula that fails for equal or opposite ones, which chosen small numbers provoke.
 * Keys 1..3 and their negatives with all small factors: sums meet equal, opposite and vanishing points all the time. */
static void p256_exceptional_points(void **state)
{
	unsigned infinite = 0;
	(void)state;
	for (uint32_t factors = 0; factors < 3u * 5u * 4u * 8u; factors++) {
		struct signed_digest x;
		const uint32_t words = factors / 8u;
		BIGNUM *d = number(1u + words / 20u, (factors & 1u) != 0u);
		BIGNUM *u1 = number(words % 5u, (factors & 2u) != 0u); /* 0 too: a digest of zeros */
		BIGNUM *u2 = number(1u + words / 5u % 4u, (factors & 4u) != 0u);
		const bool is_finite = make(d, u1, u2, &x);
		must_agree(&x, is_finite);
		infinite += is_finite ? 0u : 1u;
		BN_free(d);
		BN_free(u1);
		BN_free(u2);
	}
	assert_true(infinite > 10u);
}

static BIGNUM *random_number(void)
{
	uint8_t raw[32];
	random_fill(raw, sizeof(raw));
	BIGNUM *n = BN_bin2bn(raw, sizeof(raw), NULL);
	assert_true(BN_nnmod(n, n, curve.order, curve.ctx));
	return n;
}

static void p256_random_and_damaged(void **state)
{
	(void)state;
	for (int i = 0; i < 40; i++) {
		struct signed_digest x;
		BIGNUM *d = random_number();
		BIGNUM *u1 = random_number();
		BIGNUM *u2 = random_number();
		assert_true(make(d, u1, u2, &x));
		must_agree(&x, true);
		for (int part = 0; part < 12; part++) {
			struct signed_digest damaged = x;
			uint8_t pick;
			random_fill(&pick, 1);
			uint8_t *bytes[3] = { damaged.digest, damaged.r, damaged.s };
			bytes[part % 3][pick / 8 % 32] ^= (uint8_t)(1u << pick % 8);
			must_agree(&damaged, false);
		}
		BN_free(d);
		BN_free(u1);
		BN_free(u2);
	}
}

static void p256_numbers_out_of_range(void **state)
{
	struct signed_digest x;
	struct signed_digest y;
	uint8_t order[32];
	BIGNUM *d = random_number();
	BIGNUM *u1 = random_number();
	BIGNUM *u2 = random_number();
	(void)state;
	assert_true(make(d, u1, u2, &x));
	assert_int_equal(BN_bn2binpad(curve.order, order, 32), 32);
	for (int part = 0; part < 2; part++) {
		for (int value = 0; value < 3; value++) { /* 0, the order, all ones */
			y = x;
			uint8_t *into = part == 0 ? y.r : y.s;
			memset(into, value == 2 ? 0xff : 0, 32);
			if (value == 1) {
				memcpy(into, order, 32);
			}
			must_agree(&y, false);
		}
	}
	/* n - s is the other valid s; a digest of d is also one of d + n, where that fits 32 bytes. */
	y = x;
	BIGNUM *s = BN_bin2bn(x.s, 32, NULL);
	assert_true(BN_sub(s, curve.order, s));
	assert_int_equal(BN_bn2binpad(s, y.s, 32), 32);
	must_agree(&y, true);
	BN_free(s);
	BIGNUM *zero = number(0, false);
	assert_true(make(d, zero, u2, &y)); /* digest 0 */
	must_agree(&y, true);
	memcpy(y.digest, order, 32); /* the same modulo the order */
	must_agree(&y, true);
	BN_free(zero);
	BN_free(d);
	BN_free(u1);
	BN_free(u2);
}

/* The x coordinate may be the order or more: then r is x minus the order. Nobody meets such a point by chance, so one is chosen, and
 * the key is what makes the verification end there: Q = (R - u1*G) / u2. */
static void p256_x_above_order(void **state)
{
	struct signed_digest x;
	EC_POINT *r_point = EC_POINT_new(curve.group);
	EC_POINT *q = EC_POINT_new(curve.group);
	BIGNUM *coordinate = BN_dup(curve.order);
	BIGNUM *u1 = random_number();
	BIGNUM *u2 = random_number();
	BIGNUM *n = BN_new();
	(void)state;
	do {
		assert_true(BN_add_word(coordinate, 1));
	} while (EC_POINT_set_compressed_coordinates(curve.group, r_point, coordinate, 0, curve.ctx) != 1);
	assert_true(EC_POINT_mul(curve.group, q, u1, NULL, NULL, curve.ctx));
	assert_true(EC_POINT_invert(curve.group, q, curve.ctx));
	assert_true(EC_POINT_add(curve.group, q, q, r_point, curve.ctx));
	assert_non_null(BN_mod_inverse(n, u2, curve.order, curve.ctx));
	assert_true(EC_POINT_mul(curve.group, q, NULL, q, n, curve.ctx));
	assert_int_equal(EC_POINT_point2oct(curve.group, q, POINT_CONVERSION_UNCOMPRESSED, x.key, 65, curve.ctx), 65);
	assert_true(BN_sub(coordinate, coordinate, curve.order));
	assert_int_equal(BN_bn2binpad(coordinate, x.r, 32), 32);
	assert_true(BN_mod_mul(n, n, coordinate, curve.order, curve.ctx));
	assert_int_equal(BN_bn2binpad(n, x.s, 32), 32);
	assert_true(BN_mod_mul(n, n, u1, curve.order, curve.ctx));
	assert_int_equal(BN_bn2binpad(n, x.digest, 32), 32);
	must_agree(&x, true);
	BN_free(n);
	BN_free(u1);
	BN_free(u2);
	BN_free(coordinate);
	EC_POINT_free(q);
	EC_POINT_free(r_point);
}

static void p256_bad_keys(void **state)
{
	struct signed_digest x;
	struct signed_digest y;
	BIGNUM *d = random_number();
	BIGNUM *u1 = random_number();
	BIGNUM *u2 = random_number();
	(void)state;
	assert_true(make(d, u1, u2, &x));
	y = x;
	y.key[64] ^= 1; /* not on the curve */
	must_agree(&y, false);
	y = x;
	y.key[0] = 6; /* the hybrid form */
	assert_int_equal(ours(&y), HF_CRYPTO_NO);
	y = x;
	memset(y.key + 1, 0xff, 32); /* not below the prime */
	must_agree(&y, false);
	y = x;
	memset(y.key + 1, 0, 64);
	must_agree(&y, false);
	BIGNUM *one = number(1, false);
	assert_true(make(one, u1, u2, &y));
	must_agree(&y, true); /* G itself: nobody's key */
	BN_free(one);
	BN_free(d);
	BN_free(u1);
	BN_free(u2);
}

/* ---- Ed25519: h is made here from the adapter's own SHA-512 ---- */

static uint32_t ed25519(const uint8_t key[32], const uint8_t signature[64], const uint8_t *message, size_t size_bytes)
{
	uint8_t h[64];
	struct hf_hash hash;

	assert_true(hf_crypto_ed25519.hash_start(&hash, HF_HASH_SHA512));
	hf_crypto_ed25519.hash_add(&hash, signature, 32);
	hf_crypto_ed25519.hash_add(&hash, key, 32);
	hf_crypto_ed25519.hash_add(&hash, message, size_bytes);
	hf_crypto_ed25519.hash_end(&hash, h);
	const uint32_t result = hf_crypto_ed25519.ed25519_check(key, signature, h);
	assert_int_equal(hf_crypto_openssl.ed25519_check(key, signature, h), result);
	return result;
}

static uint32_t ed25519_openssl(const uint8_t key[32], const uint8_t signature[64], const uint8_t *message, size_t size_bytes)
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, 32);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey), 1);
	const int good = EVP_DigestVerify(ctx, signature, 64, message, size_bytes);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return good == 1 ? HF_CRYPTO_YES : HF_CRYPTO_NO;
}

static void ed25519_agree(const uint8_t key[32], const uint8_t signature[64], const uint8_t *message, size_t size_bytes, bool is_good)
{
	assert_int_equal(ed25519(key, signature, message, size_bytes), is_good ? HF_CRYPTO_YES : HF_CRYPTO_NO);
	assert_int_equal(ed25519_openssl(key, signature, message, size_bytes), is_good ? HF_CRYPTO_YES : HF_CRYPTO_NO);
}

/* RFC 8032, 7.1, TEST 1 and TEST 3. */
static void ed25519_known_answers(void **state)
{
	uint8_t key[32];
	uint8_t signature[64];
	static const uint8_t message[2] = { 0xaf, 0x82 };
	(void)state;
	from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", key, 32);
	from_hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
		 signature, 64);
	ed25519_agree(key, signature, message, 0, true);
	from_hex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", key, 32);
	from_hex("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
		 signature, 64);
	ed25519_agree(key, signature, message, 2, true);
	ed25519_agree(key, signature, message, 1, false);
}

/* S + L is the same number modulo L and must be refused (RFC 8032, 5.1.7: S in 0..L-1). */
static void add_order(uint8_t s[32])
{
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
					   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10 };
	unsigned carry = 0;
	for (int i = 0; i < 32; i++) {
		carry += (unsigned)s[i] + order[i];
		s[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

static void ed25519_random_and_damaged(void **state)
{
	(void)state;
	for (int i = 0; i < 40; i++) {
		uint8_t seed[32];
		uint8_t key[32];
		uint8_t message[100];
		uint8_t signature[64];
		size_t size_bytes = 32;
		random_fill(seed, sizeof(seed));
		random_fill(message, sizeof(message));
		EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		assert_int_equal(EVP_PKEY_get_raw_public_key(pkey, key, &size_bytes), 1);
		size_bytes = 64;
		assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey), 1);
		assert_int_equal(EVP_DigestSign(ctx, signature, &size_bytes, message, (size_t)(i * 2)), 1);
		EVP_MD_CTX_free(ctx);
		EVP_PKEY_free(pkey);
		ed25519_agree(key, signature, message, (size_t)(i * 2), true);
		for (int part = 0; part < 16; part++) {
			uint8_t pick[2];
			random_fill(pick, 2);
			signature[pick[0] % 64] ^= (uint8_t)(1u << pick[1] % 8);
			ed25519_agree(key, signature, message, (size_t)(i * 2), false);
			signature[pick[0] % 64] ^= (uint8_t)(1u << pick[1] % 8);
		}
		add_order(signature + 32);
		ed25519_agree(key, signature, message, (size_t)(i * 2), false);
	}
}

/* Keys and R of small order, S = 0: a check that multiplies by the cofactor accepts all of these, MCUboot's and OpenSSL's only
 * those whose encodings fit. Points of order 1, 2, 4, 8 and encodings that are not canonical. */
static void ed25519_small_order(void **state)
{
	static const char *const points[] = {
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	unsigned good = 0;
	unsigned bad = 0;
	(void)state;
	for (size_t k = 0; k < HF_ARRAY_COUNT(points); k++) {
		for (size_t r = 0; r < HF_ARRAY_COUNT(points); r++) {
			for (uint8_t text = 0; text < 16; text++) {
				uint8_t key[32];
				uint8_t signature[64] = { 0 };
				from_hex(points[k], key, 32);
				from_hex(points[r], signature, 32);
				const uint32_t theirs = ed25519_openssl(key, signature, &text, 1);
				assert_int_equal(ed25519(key, signature, &text, 1), theirs);
				good += theirs == HF_CRYPTO_YES ? 1u : 0u;
				bad += theirs == HF_CRYPTO_NO ? 1u : 0u;
			}
		}
	}
	assert_true(good > 100u && bad > 100u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_known_answers),
		cmocka_unit_test(hash_parts_agree),
		cmocka_unit_test(p256_exceptional_points),
		cmocka_unit_test(p256_random_and_damaged),
		cmocka_unit_test(p256_numbers_out_of_range),
		cmocka_unit_test(p256_x_above_order),
		cmocka_unit_test(p256_bad_keys),
		cmocka_unit_test(ed25519_known_answers),
		cmocka_unit_test(ed25519_random_and_damaged),
		cmocka_unit_test(ed25519_small_order),
	};
	return cmocka_run_group_tests(tests, curve_open, curve_close);
}
