/* SPDX-License-Identifier: MIT */
/* config.h - keys, slot layout and policy: a data block in the loader image that the host fills in.
 *
 * Why      One loader binary a chip serves every user; `holdfast bootloader` needs no compiler.
 * Shapes   1024 bytes at HF_CONFIG_OFF from the loader's first byte, little-endian:
 *          0 magic "HFCONFIG" (8) | 8 format u16 = 2 | 10 used bytes u16 | 12 mode id u8 | 13 align u8 | 14 header_bytes u16 |
 *          16 policy u32 | 20 loader addr u32 | 24 loader bytes u32 | 28 primary addr u32 | 32 primary bytes u32 |
 *          36 secondary addr u32 | 40 secondary bytes u32 (0: one slot) | 44 sector_bytes u32 (the larger of the slots') |
 *          48 uart tx pin u8, 49 rx pin u8 (port*32+pin; 0xff none), 50 uart instance u8, 51 led pin u8, 52 led active level u8,
 *          53 zero (3) | 56 baud u32 | 60 board name (24, zero-padded) | 84 layout name (24) | 108 key count u8, 109 zero (3) |
 *          112 external flash: kind u8, instance u8, sck pin u8, cs pin u8, io0..io3 pins u8 (SPI: mosi, miso, wp, hold),
 *              quad enable u8, zero u8, wake_us u16, size u32, erase bytes u32, jedec id u32, sck hz u32 |
 *          140 recovery: pin u8, active level u8, window_ms u16, flags u32 | 148 zero (12) |
 *          160 keys: {kind u8, zero u8, size u16, DER bytes}* | used-4: crc32 of the bytes before it.
 *          A blank block (all 0xff) is a loader that was not filled in: HF_R_CONFIG_BLANK.
 * Units    addr are the chip's addresses; only the port turns them into flash areas. The external flash's byte 0 has the address
 *          HF_EXTERNAL_ADDR, which no chip here uses for its own flash: a loader without a driver finds the slot outside its chip.
 * Errors   HF_R_CONFIG_*. Whether slots are sound and apart is asked when the block is made: with a right CRC it is believed as the
 *          loader's own code is, in whose protected region it lies. What would be unsafe (an address outside the chip, a sector
 *          larger than the buffer) the loader refuses itself.
 */
#ifndef HOLDFAST_CONFIG_H
#define HOLDFAST_CONFIG_H

#include <holdfast/boot.h>

#define HF_CONFIG_OFF 0x7800u     /* from the loader's first byte; code ends before it, region 4 of the RRAMC guards 31 KB */
#define HF_CONFIG_BYTES 1024u
#define HF_CONFIG_KEYS_MAX 4u
#define HF_CONFIG_NAME_BYTES 24u

/* The window through which the nRF52840 would run code from its QSPI flash; elsewhere only a number that means the same. */
#define HF_EXTERNAL_ADDR 0x12000000u

enum hf_external_kind { HF_EXTERNAL_NONE = 0, HF_EXTERNAL_QSPI = 1, HF_EXTERNAL_SPI = 2 };
/* How a chip is told that IO2 and IO3 are data: bit 6 of status register 1, bit 1 of status register 2 (JEDEC JESD216, QER). */
enum hf_external_quad { HF_QUAD_NONE = 0, HF_QUAD_SR1_BIT6 = 1, HF_QUAD_SR2_BIT1 = 2 };

/* A NOR chip behind SPI or QSPI. A page is 256 bytes; opcodes are the common ones (03h/0Bh, 02h, 20h, 05h, 9Fh, B9h, ABh). */
struct hf_external {
	uint8_t kind;                /* enum hf_external_kind */
	uint8_t instance;            /* SPIM00: 0 */
	uint8_t sck_pin, cs_pin;     /* port*32+pin; 0xff none */
	uint8_t io_pins[4];          /* QSPI: io0..io3; SPI: mosi, miso, then wp and hold, which are kept high */
	uint8_t quad_enable;         /* enum hf_external_quad; NONE: one data line */
	uint16_t wake_us;            /* from the release of deep power-down to the first command */
	uint32_t size_bytes;
	uint32_t erase_bytes;        /* a sector of the slot: what opcode 20h erases (4096), or twice that, four times ... */
	uint32_t jedec_id;           /* first byte on the line in bits 23:16; 0: any chip */
	uint32_t sck_hz;
};

enum {
	HF_RECOVERY_DOUBLE_RESET = 0x1  /* two resets in quick succession enter recovery */
};

struct hf_recovery {
	uint8_t pin, pin_active_level;  /* held at reset: recovery; 0xff none */
	uint16_t window_ms;             /* after each reset the loader listens that long; 0: not at all */
	uint32_t flags;                 /* HF_RECOVERY_* */
};

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
	uint32_t key_count;
	struct hf_key keys[HF_CONFIG_KEYS_MAX]; /* after decode: der points into the block */
	struct hf_external external;            /* decode leaves these two zero: they have functions of their own, so that a */
	struct hf_recovery recovery;            /* loader that uses neither has no code for them */
	char board[HF_CONFIG_NAME_BYTES];
	char layout[HF_CONFIG_NAME_BYTES];
};

enum hf_reason hf_config_encode(const struct hf_config *config, uint8_t block[HF_CONFIG_BYTES]) HF_MUST_USE;
enum hf_reason hf_config_decode(const uint8_t block[HF_CONFIG_BYTES], struct hf_config *config) HF_MUST_USE;
/* Of a block that hf_config_decode has accepted. HF_R_CONFIG_EXTERNAL: kind, sizes or pins make no sense, or there is none. */
enum hf_reason hf_config_decode_external(const uint8_t block[HF_CONFIG_BYTES], struct hf_external *external) HF_MUST_USE;
void hf_config_decode_recovery(const uint8_t block[HF_CONFIG_BYTES], struct hf_recovery *recovery);
static inline bool hf_config_is_external(uint32_t addr)
{
	return addr >= HF_EXTERNAL_ADDR;
}

#endif
