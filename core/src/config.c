/* SPDX-License-Identifier: MIT */
#include <holdfast/config.h>

enum { FORMAT = 2, EXTERNAL_OFF = 112, RECOVERY_OFF = 140, KEYS_OFF = 160, KEY_HEAD_BYTES = 4, CRC_BYTES = 4, KEY_BYTES_MAX = 400,
       SECTOR_BYTES_MIN = 1024 };

static const uint8_t block_magic[8] = { 'H', 'F', 'C', 'O', 'N', 'F', 'I', 'G' };

static bool areas_overlap(uint32_t a, uint32_t a_bytes, uint32_t b, uint32_t b_bytes)
{
	return a < b + b_bytes && b < a + a_bytes;
}

static bool slot_is_sound(uint32_t addr, uint32_t size_bytes, uint32_t sector_bytes)
{
	return size_bytes >= 3 * sector_bytes && addr % sector_bytes == 0 && size_bytes % sector_bytes == 0 &&
	       addr <= UINT32_MAX - size_bytes;
}

/* The smallest journal: in RRAM a ring for ST, BEGIN, the newest step and a displaced record (53 lines); in NOR a small swap's steps. */
static bool layout_is_sound(const struct hf_config *c)
{
	return c->sector_bytes >= SECTOR_BYTES_MIN && (c->sector_bytes & (c->sector_bytes - 1)) == 0 &&
	       (c->align == 8 || c->align == 16) && c->header_bytes >= HF_IMAGE_HEADER_BYTES &&
	       slot_is_sound(c->primary_addr, c->primary_bytes, c->sector_bytes) &&
	       (c->secondary_bytes == 0 || slot_is_sound(c->secondary_addr, c->secondary_bytes, c->sector_bytes)) &&
	       c->loader_addr <= UINT32_MAX - c->loader_bytes &&
	       !areas_overlap(c->primary_addr, c->primary_bytes, c->secondary_addr, c->secondary_bytes) &&
	       !areas_overlap(c->loader_addr, c->loader_bytes, c->primary_addr, c->primary_bytes) &&
	       !areas_overlap(c->loader_addr, c->loader_bytes, c->secondary_addr, c->secondary_bytes);
}

static bool external_is_sound(const struct hf_external *x)
{
	return (x->kind == HF_EXTERNAL_QSPI || x->kind == HF_EXTERNAL_SPI) && x->quad_enable <= HF_QUAD_SR2_BIT1 && x->sck_hz != 0 &&
	       x->erase_bytes >= 4096 && (x->erase_bytes & (x->erase_bytes - 1)) == 0 && x->size_bytes >= x->erase_bytes &&
	       x->size_bytes % x->erase_bytes == 0 && x->size_bytes <= UINT32_MAX - HF_EXTERNAL_ADDR;
}

/* A slot that lies out there needs a chip that is described, and large enough. */
static bool external_suits(const struct hf_config *c)
{
	const bool is_used = c->secondary_bytes != 0 && hf_config_is_external(c->secondary_addr);
	if (c->external.kind == HF_EXTERNAL_NONE)
		return !is_used;
	return external_is_sound(&c->external) &&
	       (!is_used || hf_span_fits(c->secondary_addr - HF_EXTERNAL_ADDR, c->secondary_bytes, c->external.size_bytes));
}

static void external_encode(const struct hf_external *x, uint8_t *at)
{
	const uint8_t bytes[] = { x->kind, x->instance, x->sck_pin, x->cs_pin, x->io_pins[0], x->io_pins[1], x->io_pins[2], x->io_pins[3],
				  x->quad_enable };
	memcpy(at, bytes, sizeof bytes);
	hf_put16le(at + 10, x->wake_us);
	hf_put32le(at + 12, x->size_bytes);
	hf_put32le(at + 16, x->erase_bytes);
	hf_put32le(at + 20, x->jedec_id);
	hf_put32le(at + 24, x->sck_hz);
}

static void recovery_encode(const struct hf_recovery *r, uint8_t *at)
{
	at[0] = r->pin;
	at[1] = r->pin_active_level;
	hf_put16le(at + 2, r->window_ms);
	hf_put32le(at + 4, r->flags);
}

enum hf_reason hf_config_encode(const struct hf_config *c, uint8_t block[HF_CONFIG_BYTES])
{
	uint32_t off = KEYS_OFF;
	if (!layout_is_sound(c))
		return HF_R_CONFIG_LAYOUT;
	if (!external_suits(c))
		return HF_R_CONFIG_EXTERNAL;
	if (c->key_count == 0 || c->key_count > HF_CONFIG_KEYS_MAX)
		return HF_R_CONFIG_KEYS;
	for (uint32_t i = 0; i < c->key_count; i++)
		off += KEY_HEAD_BYTES + c->keys[i].size_bytes;
	if (off > HF_CONFIG_BYTES - CRC_BYTES)
		return HF_R_CONFIG_KEYS;

	memset(block, 0, HF_CONFIG_BYTES);
	memcpy(block, block_magic, sizeof block_magic);
	hf_put16le(block + 8, FORMAT);
	hf_put16le(block + 10, (uint16_t)(off + CRC_BYTES));
	block[12] = c->mode_id;
	block[13] = c->align;
	hf_put16le(block + 14, c->header_bytes);
	const uint32_t words[] = { c->policy, c->loader_addr, c->loader_bytes, c->primary_addr, c->primary_bytes,
				   c->secondary_addr, c->secondary_bytes, c->sector_bytes };
	for (uint32_t i = 0; i < HF_ARRAY_COUNT(words); i++)
		hf_put32le(block + 16 + 4 * i, words[i]);
	const uint8_t pins[] = { c->uart_tx_pin, c->uart_rx_pin, c->uart_instance, c->led_pin, c->led_active_level };
	memcpy(block + 48, pins, sizeof pins);
	hf_put32le(block + 56, c->baud);
	memcpy(block + 60, c->board, HF_CONFIG_NAME_BYTES);
	memcpy(block + 84, c->layout, HF_CONFIG_NAME_BYTES);
	block[108] = (uint8_t)c->key_count;
	external_encode(&c->external, block + EXTERNAL_OFF);
	recovery_encode(&c->recovery, block + RECOVERY_OFF);
	off = KEYS_OFF;
	for (uint32_t i = 0; i < c->key_count; i++) {
		block[off] = (uint8_t)c->keys[i].kind;
		hf_put16le(block + off + 2, c->keys[i].size_bytes);
		memcpy(block + off + KEY_HEAD_BYTES, c->keys[i].der, c->keys[i].size_bytes);
		off += KEY_HEAD_BYTES + c->keys[i].size_bytes;
	}
	hf_put32le(block + off, hf_crc32(0, block, off));
	return HF_OK;
}

static enum hf_reason keys_decode(const uint8_t *block, uint32_t end, struct hf_config *c)
{
	uint32_t off = KEYS_OFF;
	c->key_count = block[108];
	if (c->key_count == 0 || c->key_count > HF_CONFIG_KEYS_MAX)
		return HF_R_CONFIG_KEYS;
	for (uint32_t i = 0; i < c->key_count; i++) {
		if (!hf_span_fits(off, KEY_HEAD_BYTES, end))
			return HF_R_CONFIG_KEYS;
		const uint16_t size = hf_get16le(block + off + 2);
		if (size > KEY_BYTES_MAX || !hf_span_fits(off + KEY_HEAD_BYTES, size, end))
			return HF_R_CONFIG_KEYS;
		c->keys[i] = (struct hf_key){ (enum hf_key_kind)block[off], size, block + off + KEY_HEAD_BYTES };
		off += KEY_HEAD_BYTES + size;
	}
	return HF_OK;
}

enum hf_reason hf_config_decode(const uint8_t block[HF_CONFIG_BYTES], struct hf_config *config)
{
	struct hf_config c;
	if (hf_is_filled(block, sizeof block_magic, 0xff))
		return HF_R_CONFIG_BLANK;
	if (memcmp(block, block_magic, sizeof block_magic) != 0 || hf_get16le(block + 8) != FORMAT)
		return HF_R_CONFIG_FORMAT;
	const uint32_t used = hf_get16le(block + 10);
	if (used < KEYS_OFF + CRC_BYTES || used > HF_CONFIG_BYTES)
		return HF_R_CONFIG_FORMAT;
	if (hf_get32le(block + used - CRC_BYTES) != hf_crc32(0, block, used - CRC_BYTES))
		return HF_R_CONFIG_CRC;
	c.mode_id = block[12];
	c.align = block[13];
	c.header_bytes = hf_get16le(block + 14);
	c.policy = hf_get32le(block + 16);
	c.loader_addr = hf_get32le(block + 20);
	c.loader_bytes = hf_get32le(block + 24);
	c.primary_addr = hf_get32le(block + 28);
	c.primary_bytes = hf_get32le(block + 32);
	c.secondary_addr = hf_get32le(block + 36);
	c.secondary_bytes = hf_get32le(block + 40);
	c.sector_bytes = hf_get32le(block + 44);
	c.uart_tx_pin = block[48];
	c.uart_rx_pin = block[49];
	c.uart_instance = block[50];
	c.led_pin = block[51];
	c.led_active_level = block[52];
	c.baud = hf_get32le(block + 56);
	memcpy(c.board, block + 60, HF_CONFIG_NAME_BYTES);
	memcpy(c.layout, block + 84, HF_CONFIG_NAME_BYTES);
	c.external = (struct hf_external){ 0 };
	c.recovery = (struct hf_recovery){ 0 };
	c.board[HF_CONFIG_NAME_BYTES - 1] = c.layout[HF_CONFIG_NAME_BYTES - 1] = 0;
	const enum hf_reason reason = keys_decode(block, used - CRC_BYTES, &c);
	if (reason == HF_OK)
		*config = c;
	return reason;
}

enum hf_reason hf_config_decode_external(const uint8_t block[HF_CONFIG_BYTES], struct hf_external *external)
{
	const uint8_t *at = block + EXTERNAL_OFF;
	const struct hf_external x = {
		.kind = at[0],
		.instance = at[1],
		.sck_pin = at[2],
		.cs_pin = at[3],
		.io_pins = { at[4], at[5], at[6], at[7] },
		.quad_enable = at[8],
		.wake_us = hf_get16le(at + 10),
		.size_bytes = hf_get32le(at + 12),
		.erase_bytes = hf_get32le(at + 16),
		.jedec_id = hf_get32le(at + 20),
		.sck_hz = hf_get32le(at + 24),
	};
	if (!external_is_sound(&x))
		return HF_R_CONFIG_EXTERNAL;
	*external = x;
	return HF_OK;
}

void hf_config_decode_recovery(const uint8_t block[HF_CONFIG_BYTES], struct hf_recovery *recovery)
{
	const uint8_t *at = block + RECOVERY_OFF;
	*recovery = (struct hf_recovery){ at[0], at[1], hf_get16le(at + 2), hf_get32le(at + 4) };
}
