/* SPDX-License-Identifier: MIT */
/* The functions of pairing. The sample data is the specification's: Core, Vol 3 Part H 2.3.5.6.1 and Appendix D, Vol 2 Part G 7.1.2 (P-256), and
 * RFC 4493. */
#include "smp_hex.h"

#include "ble_bench.h"

static void same(const uint8_t *bytes, const char *hex)
{
	struct hex want = hex_of(hex);

	assert_memory_equal(bytes, want.bytes, want.size_bytes);
}

static void cmac_of(const struct ble_crypto *crypto, const char *message, uint32_t size_bytes, uint32_t piece, const char *expected)
{
	struct hex key = hex_of("2b7e151628aed2a6abf7158809cf4f3c"), bytes = hex_of(message);
	struct ble_cmac cmac;
	uint8_t out[16];

	ble_cmac_start(&cmac, crypto, key.bytes);
	for (uint32_t off = 0; off < size_bytes; off += piece)
		ble_cmac_add(&cmac, bytes.bytes + off, size_bytes - off < piece ? size_bytes - off : piece);
	ble_cmac_end(&cmac, out);
	same(out, expected);
}

static void cmac_samples(const struct ble_crypto *crypto)
{
	static const char *const message = "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51 30c81c46a35ce411e5fbc1191a0a52ef"
					   "f69f2445df4f9b17ad2b417be66c3710";

	for (uint32_t piece = 1; piece < 70u; piece++) {
		cmac_of(crypto, message, 0, piece, "bb1d6929e95937287fa37d129b756746");
		cmac_of(crypto, message, 16, piece, "070a16b46b4d4144f79bdd9dd04a287c");
		cmac_of(crypto, message, 40, piece, "dfa66747de9ae63030ca32611497c827");
		cmac_of(crypto, message, 64, piece, "51f0bebf7e3b9d92fc49741779363cfe");
	}
}

static void function_samples(const struct ble_crypto *crypto)
{
	struct hex u = hex_of("20b003d2f297be2c5e2c83a7e9f9a5b9eff49111acf4fddbcc0301480e359de6");
	struct hex v = hex_of("55188b3d32f6bb9a900afcfbeed4e72a59cb9ac2f19d7cfb6b4fdd49f47fc5fd");
	struct hex n1 = hex_of("d5cb8454d177733effffb2ec712baeab"), n2 = hex_of("a6e8e7cc25a75f6e216583f7ff3dc4cf");
	struct hex w = hex_of("ec0234a357c8ad05341010a60a397d9b99796b13b4f866f1868d34f373bfa698");
	struct hex a1 = hex_of("00561237 37bfce"), a2 = hex_of("00a713702dcfc1"), r = hex_of("12a3343bb453bb5408da42d20c2d0fc8");
	struct hex irk = hex_of("ec0234a357c8ad05341010a60a397d9b"), prand = hex_of("708194"), io = hex_of("010102");
	uint8_t out[16], ltk[16];

	ble_f4(crypto, u.bytes, v.bytes, n1.bytes, 0, out);
	same(out, "f2c916f107a9bd1cf1eda1bea974872d");
	ble_f5(crypto, w.bytes, n1.bytes, n2.bytes, a1.bytes, a2.bytes, out, ltk);
	same(out, "2965f176a1084a02fd3f6a20ce636e20");
	same(ltk, "6986791169d7cd23980522b594750a38");
	ble_f6(crypto, out, n1.bytes, n2.bytes, r.bytes, io.bytes, a1.bytes, a2.bytes, ltk);
	same(ltk, "e3c473989cd0e8c5d26c0b09da958f61");
	assert_int_equal(ble_g2(crypto, u.bytes, v.bytes, n1.bytes, n2.bytes), 0x2f9ed5ba);
	ble_ah(crypto, irk.bytes, prand.bytes, out);
	same(out, "0dfbaa");
}

static void curve_samples(const struct ble_crypto *crypto)
{
	struct hex a = hex_of("3f49f6d4a3c55f3874c9b3e3d2103f504aff607beb40b7995899b8a6cd3c1abd");
	struct hex b = hex_of("55188b3d32f6bb9a900afcfbeed4e72a59cb9ac2f19d7cfb6b4fdd49f47fc5fd");
	struct hex order = hex_of("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
	uint8_t point_a[64], point_b[64], x[32] = { 7 }, zero[64] = { 0 };

	assert_true(crypto->p256_public(a.bytes, point_a));
	same(point_a, "20b003d2f297be2c5e2c83a7e9f9a5b9eff49111acf4fddbcc0301480e359de6dc809c49652aeb6d63329abf5a52155c766345c28fed3024741c8ed01589d28b");
	assert_true(crypto->p256_public(b.bytes, point_b));
	same(point_b, "1ea1f0f01faf1d9609592284f19e4c0047b58afd8615a69f559077b22faaa1904c55f33e429dad377356703a9ab85160472d1130e28e36765f89aff915b1214a");
	assert_true(crypto->p256_shared(a.bytes, point_b, x));
	same(x, "ec0234a357c8ad05341010a60a397d9b99796b13b4f866f1868d34f373bfa698");
	x[0] = 7;
	assert_false(crypto->p256_public(zero, point_a));
	assert_false(crypto->p256_public(order.bytes, point_a));
	assert_false(crypto->p256_shared(a.bytes, zero, x));
	point_b[63] ^= 1u; /* beside the curve */
	assert_false(crypto->p256_shared(a.bytes, point_b, x));
	assert_int_equal(x[0], 7);
}

static void samples(void **state)
{
	static const struct ble_crypto *const both[] = { &ble_crypto_openssl, &ble_crypto_soft };

	(void)state;
	for (uint32_t i = 0; i < HF_ARRAY_COUNT(both); i++) {
		cmac_samples(both[i]);
		function_samples(both[i]);
		curve_samples(both[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(samples) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
