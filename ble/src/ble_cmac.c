/* SPDX-License-Identifier: MIT */
#include <holdfast/ble_crypto.h>

/* Times x in the field of RFC 4493 2.3. */
static void doubled(uint8_t value[BLE_KEY_BYTES])
{
	uint8_t carry = (uint8_t)(value[0] & 0x80u ? 0x87u : 0u);

	for (uint32_t i = 0; i + 1u < BLE_KEY_BYTES; i++)
		value[i] = (uint8_t)((uint32_t)value[i] << 1 | (uint32_t)value[i + 1u] >> 7);
	value[BLE_KEY_BYTES - 1u] = (uint8_t)((uint32_t)value[BLE_KEY_BYTES - 1u] << 1 ^ carry);
}

static void chain_block(struct ble_cmac *cmac)
{
	uint8_t mixed[BLE_KEY_BYTES];

	for (uint32_t i = 0; i < BLE_KEY_BYTES; i++)
		mixed[i] = cmac->chain[i] ^ cmac->block[i];
	cmac->crypto->aes(cmac->key, mixed, cmac->chain);
	cmac->block_bytes = 0;
}

void ble_cmac_start(struct ble_cmac *cmac, const struct ble_crypto *crypto, const uint8_t key[BLE_KEY_BYTES])
{
	*cmac = (struct ble_cmac){ .crypto = crypto };
	memcpy(cmac->key, key, BLE_KEY_BYTES);
}

/* The last block is treated in another way, so a full one waits until more comes. */
void ble_cmac_add(struct ble_cmac *cmac, const uint8_t *bytes, uint32_t size_bytes)
{
	for (uint32_t i = 0; i < size_bytes; i++) {
		if (cmac->block_bytes == BLE_KEY_BYTES)
			chain_block(cmac);
		cmac->block[cmac->block_bytes++] = bytes[i];
	}
}

void ble_cmac_end(struct ble_cmac *cmac, uint8_t out[BLE_KEY_BYTES])
{
	static const uint8_t zero[BLE_KEY_BYTES];
	uint8_t subkey[BLE_KEY_BYTES];

	cmac->crypto->aes(cmac->key, zero, subkey);
	doubled(subkey);
	if (cmac->block_bytes < BLE_KEY_BYTES) {
		doubled(subkey);
		memset(cmac->block + cmac->block_bytes, 0, BLE_KEY_BYTES - cmac->block_bytes);
		cmac->block[cmac->block_bytes] = 0x80;
	}
	for (uint32_t i = 0; i < BLE_KEY_BYTES; i++)
		cmac->block[i] ^= subkey[i];
	chain_block(cmac);
	memcpy(out, cmac->chain, BLE_KEY_BYTES);
}

void ble_f4(const struct ble_crypto *crypto, const uint8_t u[32], const uint8_t v[32], const uint8_t x[16], uint8_t z, uint8_t out[16])
{
	struct ble_cmac cmac;

	ble_cmac_start(&cmac, crypto, x);
	ble_cmac_add(&cmac, u, 32);
	ble_cmac_add(&cmac, v, 32);
	ble_cmac_add(&cmac, &z, 1);
	ble_cmac_end(&cmac, out);
}

static void f5_half(const struct ble_crypto *crypto, const uint8_t t[16], uint8_t counter, const uint8_t n1[16], const uint8_t n2[16],
		    const uint8_t a1[7], const uint8_t a2[7], uint8_t out[16])
{
	const uint8_t head[] = { counter, 'b', 't', 'l', 'e' }, length[] = { 0x01, 0x00 };
	struct ble_cmac cmac;

	ble_cmac_start(&cmac, crypto, t);
	ble_cmac_add(&cmac, head, sizeof head);
	ble_cmac_add(&cmac, n1, 16);
	ble_cmac_add(&cmac, n2, 16);
	ble_cmac_add(&cmac, a1, 7);
	ble_cmac_add(&cmac, a2, 7);
	ble_cmac_add(&cmac, length, sizeof length);
	ble_cmac_end(&cmac, out);
}

void ble_f5(const struct ble_crypto *crypto, const uint8_t w[32], const uint8_t n1[16], const uint8_t n2[16], const uint8_t a1[7], const uint8_t a2[7],
	    uint8_t mac_key[16], uint8_t ltk[16])
{
	static const uint8_t salt[16] = { 0x6c, 0x88, 0x83, 0x91, 0xaa, 0xf5, 0xa5, 0x38, 0x60, 0x37, 0x0b, 0xdb, 0x5a, 0x60, 0x83, 0xbe };
	struct ble_cmac cmac;
	uint8_t t[16];

	ble_cmac_start(&cmac, crypto, salt);
	ble_cmac_add(&cmac, w, 32);
	ble_cmac_end(&cmac, t);
	f5_half(crypto, t, 0, n1, n2, a1, a2, mac_key);
	f5_half(crypto, t, 1, n1, n2, a1, a2, ltk);
}

void ble_f6(const struct ble_crypto *crypto, const uint8_t w[16], const uint8_t n1[16], const uint8_t n2[16], const uint8_t r[16], const uint8_t io[3],
	    const uint8_t a1[7], const uint8_t a2[7], uint8_t out[16])
{
	struct ble_cmac cmac;

	ble_cmac_start(&cmac, crypto, w);
	ble_cmac_add(&cmac, n1, 16);
	ble_cmac_add(&cmac, n2, 16);
	ble_cmac_add(&cmac, r, 16);
	ble_cmac_add(&cmac, io, 3);
	ble_cmac_add(&cmac, a1, 7);
	ble_cmac_add(&cmac, a2, 7);
	ble_cmac_end(&cmac, out);
}

uint32_t ble_g2(const struct ble_crypto *crypto, const uint8_t u[32], const uint8_t v[32], const uint8_t x[16], const uint8_t y[16])
{
	struct ble_cmac cmac;
	uint8_t out[16];

	ble_cmac_start(&cmac, crypto, x);
	ble_cmac_add(&cmac, u, 32);
	ble_cmac_add(&cmac, v, 32);
	ble_cmac_add(&cmac, y, 16);
	ble_cmac_end(&cmac, out);
	return hf_get32be(out + 12);
}

void ble_ah(const struct ble_crypto *crypto, const uint8_t irk[16], const uint8_t r[3], uint8_t out[3])
{
	uint8_t padded[16] = { 0 }, hash[16];

	memcpy(padded + 13, r, 3);
	crypto->aes(irk, padded, hash);
	memcpy(out, hash + 13, 3);
}
