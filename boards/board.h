/* SPDX-License-Identifier: MIT */
/* board.h - the type of a board: data only. A board is boards/<name>/board.h, the same lines in the same order as its
 * neighbours, so that a diff of two boards is the porting guide. Used by host (layouts, loader blocks), firmware (pins) and
 * virtual board (wiring, time model). */
#ifndef BOARDS_BOARD_H
#define BOARDS_BOARD_H

#include <stdint.h>

/* Addresses of layouts from here on lie in the external flash (HF_EXTERNAL_ADDR in holdfast/config.h). */
#define BOARD_EXTERNAL_ADDR 0x12000000u
#define BOARD_LAYOUTS_MAX 8

struct board_layout {
	const char *name;        /* "two-slots" */
	const char *note;        /* one line for people */
	uint8_t mode_id;         /* enum hf_mode_id */
	uint32_t loader_addr, loader_bytes;
	uint32_t primary_addr, primary_bytes;
	uint32_t secondary_addr, secondary_bytes;        /* 0 bytes: one slot */
	uint32_t storage_addr, storage_bytes;
	uint32_t sector_bytes;   /* of the update slot, if that is more than the board's; a step moves as much (board_sector_bytes) */
	uint8_t recovery;        /* 1: its loader has recovery, entered as .recover of the board says */
};

/* A flash chip behind QSPI or SPI, as struct hf_external; kind 0: none. */
struct board_external {
	const char *part;            /* "P25Q16H" */
	uint8_t kind, instance;
	uint8_t sck_pin, cs_pin, io_pins[4]; /* port*32+pin */
	uint8_t quad_enable;
	uint16_t wake_us;
	uint32_t size_bytes, erase_bytes, jedec_id, sck_hz;
	uint32_t page_us, erase_us;  /* time model: a page of 256 bytes, an erase of erase_bytes */
	uint32_t endurance_cycles;
};

/* Ways into recovery; pin 0xff: none. */
struct board_recover {
	uint8_t pin, pin_active_level;
	uint8_t double_reset;
	uint16_t window_ms;
};

struct board {
	const char *name;            /* "xiao_nrf52840" */
	const char *title;           /* "Seeed XIAO nRF52840" */
	const char *chip;            /* "nrf52840": folder in ports/ */
	uint32_t flash_bytes, ram_addr, ram_bytes;
	uint32_t sector_bytes, write_unit_bytes, align;
	uint32_t header_bytes;       /* of images: 0x200, 0x800 */
	uint8_t needs_erase;
	uint8_t uart_instance, uart_tx_pin, uart_rx_pin; /* port*32+pin */
	uint32_t baud;
	uint8_t led_pin, led_active_level;
	uint32_t cpu_hz, write_unit_us, sector_erase_us;  /* time model; write_unit_us a word (NOR) or a line (RRAM) */
	uint32_t endurance_cycles;
	struct board_external external;
	struct board_recover recover;
	uint32_t layout_count;
	struct board_layout layouts[BOARD_LAYOUTS_MAX]; /* the first is the default */
};

/* The larger of the slots' sectors. Twice the board's halves the steps of an update, so that the journal, which is one sector of the
 * board's flash, has room for those of a larger slot. */
static inline uint32_t board_sector_bytes(const struct board *board, const struct board_layout *layout)
{
	return layout->sector_bytes != 0 ? layout->sector_bytes : board->sector_bytes;
}

#endif
