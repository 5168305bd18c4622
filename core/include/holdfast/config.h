/* SPDX-License-Identifier: MIT */
/* config.h - keys, slot layout and policy: a data block in the loader image that the host fills in.
 *
 * Why      One loader binary a chip serves every user; `holdfast bootloader` needs no compiler.
 * Shapes   1024 bytes at HF_CONFIG_OFF from the loader's first byte, little-endian:
 *          0 magic "HFCONFIG" (8) | 8 format u16 = 1 | 10 used bytes u16 | 12 mode id u8 | 13 align u8 | 14 header_bytes u16 |
 *          16 policy u32 | 20 loader addr u32 | 24 loader bytes u32 | 28 primary addr u32 | 32 primary bytes u32 |
 *          36 secondary addr u32 | 40 secondary bytes u32 | 44 sector_bytes u32 |
 *          48 uart tx pin u8, 49 rx pin u8 (port*32+pin; 0xff none), 50 uart instance u8, 51 led pin u8, 52 led active level u8,
 *          53 zero (3) | 56 baud u32 | 60 board name (24, zero-padded) | 84 layout name (24) | 108 key count u8, 109 zero (3) |
 *          112 keys: {kind u8, zero u8, size u16, DER bytes}* | used-4: crc32 of the bytes before it.
 *          A blank block (all 0xff) is a loader that was not filled in: HF_R_CONFIG_BLANK.
 * Units    addr are the chip's addresses; only the port turns them into flash areas.
 * Errors   HF_R_CONFIG_*.
 */
#ifndef HOLDFAST_CONFIG_H
#define HOLDFAST_CONFIG_H

#include <holdfast/boot.h>

#define HF_CONFIG_OFF 0x7800u     /* from the loader's first byte; code ends before it, region 4 of the RRAMC guards 31 KB */
#define HF_CONFIG_BYTES 1024u
#define HF_CONFIG_KEYS_MAX 4u
#define HF_CONFIG_NAME_BYTES 24u

struct hf_config {
	uint8_t mode_id;
	uint8_t align;
	uint16_t header_bytes;
	uint32_t policy;
	uint32_t loader_addr, loader_bytes;
	uint32_t primary_addr, primary_bytes;
	uint32_t secondary_addr, secondary_bytes;
	uint32_t sector_bytes;
	uint8_t uart_tx_pin, uart_rx_pin, uart_instance;
	uint8_t led_pin, led_active_level;
	uint32_t baud;
	char board[HF_CONFIG_NAME_BYTES];
	char layout[HF_CONFIG_NAME_BYTES];
	uint32_t key_count;
	struct hf_key keys[HF_CONFIG_KEYS_MAX]; /* after decode: der points into the block */
};

enum hf_reason hf_config_encode(const struct hf_config *config, uint8_t block[HF_CONFIG_BYTES]) HF_MUST_USE;
enum hf_reason hf_config_decode(const uint8_t block[HF_CONFIG_BYTES], struct hf_config *config) HF_MUST_USE;

#endif
