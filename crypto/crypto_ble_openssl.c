/* SPDX-License-Identifier: MIT */
/* crypto_ble_openssl.c - Bluetooth's two primitives by OpenSSL 3, on a host. */
#include <holdfast/ble_crypto.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

static void host_aes(const uint8_t key[BLE_KEY_BYTES], const uint8_t in[BLE_KEY_BYTES], uint8_t out[BLE_KEY_BYTES])
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int size = 0;
	bool good = context != NULL && EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), NULL, key, NULL) == 1 &&
		    EVP_CIPHER_CTX_set_padding(context, 0) == 1 && EVP_EncryptUpdate(context, out, &size, in, (int)BLE_KEY_BYTES) == 1;

	hf_assert(good && size == (int)BLE_KEY_BYTES);
	EVP_CIPHER_CTX_free(context);
}

/* The product of a scalar and a point, or of the base point where point is NULL. into_bytes: 64 for X and Y, 32 for X alone. */
static bool product(const uint8_t scalar[32], const uint8_t *point, uint8_t *into, size_t into_bytes)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	BIGNUM *number = BN_bin2bn(scalar, 32, NULL);
	EC_POINT *from = group != NULL ? EC_POINT_new(group) : NULL, *result = group != NULL ? EC_POINT_new(group) : NULL;
	uint8_t bytes[1 + BLE_POINT_BYTES] = { 0x04 };
	bool good = number != NULL && from != NULL && result != NULL && !BN_is_zero(number) && BN_cmp(number, EC_GROUP_get0_order(group)) < 0;

	if (good && point != NULL) {
		memcpy(bytes + 1, point, BLE_POINT_BYTES);
		good = EC_POINT_oct2point(group, from, bytes, sizeof bytes, NULL) == 1 /* refuses what is not on the curve */ &&
		       EC_POINT_mul(group, result, NULL, from, number, NULL) == 1;
	} else if (good) {
		good = EC_POINT_mul(group, result, number, NULL, NULL, NULL) == 1;
	}
	good = good && EC_POINT_point2oct(group, result, POINT_CONVERSION_UNCOMPRESSED, bytes, sizeof bytes, NULL) == sizeof bytes;
	if (good)
		memcpy(into, bytes + 1, into_bytes);
	EC_POINT_free(from);
	EC_POINT_clear_free(result);
	BN_clear_free(number);
	EC_GROUP_free(group);
	return good;
}

static bool host_public(const uint8_t private_key[32], uint8_t point[BLE_POINT_BYTES])
{
	return product(private_key, NULL, point, BLE_POINT_BYTES);
}

static bool host_shared(const uint8_t private_key[32], const uint8_t point[BLE_POINT_BYTES], uint8_t x[32])
{
	return product(private_key, point, x, 32);
}

const struct ble_crypto ble_crypto_openssl = { .aes = host_aes, .p256_public = host_public, .p256_shared = host_shared };
