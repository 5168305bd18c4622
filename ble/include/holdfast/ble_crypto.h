/* SPDX-License-Identifier: MIT */
/* ble_crypto.h - what Bluetooth needs of cryptography, and the functions that pairing makes of it.
 *
 * Why      A chip has AES in hardware or in software, a host has OpenSSL; pairing knows two primitives and no library.
 * Shapes   All values here are big-endian (most significant byte first), as the specification prints them; PDUs carry them the other way
 *          round (ble_swap). Points are X then Y, 32 bytes each. An address is its type byte and its 6 bytes, most significant first.
 * Errors   false: the private key is no scalar of the curve, or the peer's point is not on it. Outputs are untouched then.
 * Source   Bluetooth Core 5.4, Vol 3, Part H, 2.2 (functions) and Appendix D (sample data); RFC 4493 (AES-CMAC).
 */
#ifndef HOLDFAST_BLE_CRYPTO_H
#define HOLDFAST_BLE_CRYPTO_H

#include <holdfast/base.h>

#define BLE_KEY_BYTES 16u
#define BLE_POINT_BYTES 64u

struct ble_crypto {
	void (*aes)(const uint8_t key[BLE_KEY_BYTES], const uint8_t in[BLE_KEY_BYTES], uint8_t out[BLE_KEY_BYTES]); /* one block, encrypt */
	bool (*p256_public)(const uint8_t private_key[32], uint8_t point[BLE_POINT_BYTES]) HF_MUST_USE;
	/* X of the product. Must refuse a point that is not on the curve: such points give the private key away, bit by bit. */
	bool (*p256_shared)(const uint8_t private_key[32], const uint8_t point[BLE_POINT_BYTES], uint8_t x[32]) HF_MUST_USE;
};

extern const struct ble_crypto ble_crypto_soft;    /* crypto/crypto_ble.c: BearSSL's constant-time AES, micro-ecc; a chip's */
extern const struct ble_crypto ble_crypto_openssl; /* crypto/crypto_ble_openssl.c: host only */

/* AES-CMAC over bytes that come in pieces. */
struct ble_cmac {
	const struct ble_crypto *crypto;
	uint8_t key[BLE_KEY_BYTES];
	uint8_t chain[BLE_KEY_BYTES];
	uint8_t block[BLE_KEY_BYTES];
	uint32_t block_bytes;
};

void ble_cmac_start(struct ble_cmac *cmac, const struct ble_crypto *crypto, const uint8_t key[BLE_KEY_BYTES]);
void ble_cmac_add(struct ble_cmac *cmac, const uint8_t *bytes, uint32_t size_bytes);
void ble_cmac_end(struct ble_cmac *cmac, uint8_t out[BLE_KEY_BYTES]);

/* Part H 2.2.6: the confirm value. */
void ble_f4(const struct ble_crypto *crypto, const uint8_t u[32], const uint8_t v[32], const uint8_t x[16], uint8_t z, uint8_t out[16]);
/* 2.2.7: both keys from the shared secret. */
void ble_f5(const struct ble_crypto *crypto, const uint8_t w[32], const uint8_t n1[16], const uint8_t n2[16], const uint8_t a1[7], const uint8_t a2[7],
	    uint8_t mac_key[16], uint8_t ltk[16]);
/* 2.2.8: the check value. */
void ble_f6(const struct ble_crypto *crypto, const uint8_t w[16], const uint8_t n1[16], const uint8_t n2[16], const uint8_t r[16], const uint8_t io[3],
	    const uint8_t a1[7], const uint8_t a2[7], uint8_t out[16]);
/* 2.2.9: the number to compare, before it is cut to six digits. */
uint32_t ble_g2(const struct ble_crypto *crypto, const uint8_t u[32], const uint8_t v[32], const uint8_t x[16], const uint8_t y[16]);
/* 2.2.2: the hash in a resolvable private address. */
void ble_ah(const struct ble_crypto *crypto, const uint8_t irk[16], const uint8_t r[3], uint8_t out[3]);

static inline void ble_swap(uint8_t *into, const uint8_t *from, uint32_t size_bytes)
{
	for (uint32_t i = 0; i < size_bytes; i++)
		into[i] = from[size_bytes - 1u - i];
}

#endif
