/* SPDX-License-Identifier: MIT */
/* crypto_ble.c - Bluetooth's two primitives in software, for a chip: BearSSL's bitsliced AES (its time does not depend on the key) and
 * micro-ecc's P-256. micro-ecc gets no random source: it is a global of that library, and its keys here live for one pairing. */
#include <bearssl.h>
#include <holdfast/ble_crypto.h>
#include <uECC.h>

static void soft_aes(const uint8_t key[BLE_KEY_BYTES], const uint8_t in[BLE_KEY_BYTES], uint8_t out[BLE_KEY_BYTES])
{
	br_aes_ct_cbcenc_keys keys;
	uint8_t iv[BLE_KEY_BYTES] = { 0 }, block[BLE_KEY_BYTES];

	memcpy(block, in, sizeof block);
	br_aes_ct_cbcenc_init(&keys, key, BLE_KEY_BYTES);
	br_aes_ct_cbcenc_run(&keys, iv, block, sizeof block); /* one block with a zero vector: plain AES */
	memcpy(out, block, sizeof block);
}

static bool soft_public(const uint8_t private_key[32], uint8_t point[BLE_POINT_BYTES])
{
	uint8_t made[BLE_POINT_BYTES];

	if (uECC_compute_public_key(private_key, made, uECC_secp256r1()) != 1)
		return false;
	memcpy(point, made, sizeof made);
	return true;
}

static bool soft_shared(const uint8_t private_key[32], const uint8_t point[BLE_POINT_BYTES], uint8_t x[32])
{
	uint8_t made[32];

	if (uECC_valid_public_key(point, uECC_secp256r1()) != 1 || uECC_shared_secret(point, private_key, made, uECC_secp256r1()) != 1)
		return false;
	memcpy(x, made, sizeof made);
	return true;
}

const struct ble_crypto ble_crypto_soft = { .aes = soft_aes, .p256_public = soft_public, .p256_shared = soft_shared };
