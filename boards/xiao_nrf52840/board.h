/* SPDX-License-Identifier: MIT */
/* Seeed XIAO nRF52840 (and Sense). Sources: zephyr boards/seeed/xiao_ble (pins), dts/vendor/nordic/nrf52840_partition.dtsi
 * (two-slots), adafruit/Adafruit_nRF52_Bootloader linker/nrf52840.ld and src/usb/uf2 (what keep-uf2 must leave alone),
 * Nordic nRF52840 product specification, NVMC (41 us a word, 85 ms a page, 10,000 cycles); the QSPI flash: zephyr
 * xiao_ble_common.dtsi (pins, id, quad enable, wake-up); its times are the family's usual ones, not from its data sheet. */
#ifndef BOARDS_XIAO_NRF52840_H
#define BOARDS_XIAO_NRF52840_H
#include "../board.h"

static const struct board board_xiao_nrf52840 = {
	.name = "xiao_nrf52840",
	.title = "Seeed XIAO nRF52840",
	.chip = "nrf52840",
	.flash_bytes = 0x100000, .ram_addr = 0x20000000, .ram_bytes = 0x40000,
	.sector_bytes = 4096, .write_unit_bytes = 4, .align = 8,
	.header_bytes = 0x200,
	.needs_erase = 1,
	.uart_instance = 0, .uart_tx_pin = 32 + 11, .uart_rx_pin = 32 + 12, /* D6, D7 */
	.baud = 115200,
	.led_pin = 26, .led_active_level = 0, /* red */
	.cpu_hz = 64000000, .write_unit_us = 41, .sector_erase_us = 85000,
	.endurance_cycles = 10000,
	.external = { .part = "P25Q16H", .kind = 1, .instance = 0, .sck_pin = 21, .cs_pin = 25, .io_pins = { 20, 24, 22, 23 },
		      .quad_enable = 2, .wake_us = 8, .size_bytes = 0x200000, .erase_bytes = 4096, .jedec_id = 0x856015, .sck_hz = 32000000,
		      .page_us = 2000, .erase_us = 8000, .endurance_cycles = 100000 },
	.recover = { .pin = 0xff, .pin_active_level = 0, .double_reset = 1, .window_ms = 0 },
	.layout_count = 7,
	.layouts = {
		{ .name = "two-slots", .note = "whole flash; replaces the stock UF2 loader (first installation by SWD)", .mode_id = 1,
		  .loader_addr = 0x0, .loader_bytes = 0xC000,
		  .primary_addr = 0xC000, .primary_bytes = 0x76000,
		  .secondary_addr = 0x82000, .secondary_bytes = 0x76000,
		  .storage_addr = 0xF8000, .storage_bytes = 0x8000 },
		{ .name = "keep-uf2", .note = "behind the stock UF2 loader and SoftDevice; installed by drag and drop", .mode_id = 1,
		  .loader_addr = 0x27000, .loader_bytes = 0xC000,
		  .primary_addr = 0x33000, .primary_bytes = 0x5C000,
		  .secondary_addr = 0x8F000, .secondary_bytes = 0x5C000,
		  .storage_addr = 0xEC000, .storage_bytes = 0x8000 },
		{ .name = "overwrite", .note = "two slots, half the writes and half the time of a swap, no way back", .mode_id = 2,
		  .loader_addr = 0x0, .loader_bytes = 0xC000,
		  .primary_addr = 0xC000, .primary_bytes = 0x76000,
		  .secondary_addr = 0x82000, .secondary_bytes = 0x76000,
		  .storage_addr = 0xF8000, .storage_bytes = 0x8000 },
		{ .name = "external", .note = "the update slot in the QSPI flash", .mode_id = 1,
		  .loader_addr = 0x0, .loader_bytes = 0xC000,
		  .primary_addr = 0xC000, .primary_bytes = 0xEC000,
		  .secondary_addr = BOARD_EXTERNAL_ADDR, .secondary_bytes = 0xEE000, .sector_bytes = 0x2000,
		  .storage_addr = 0xF8000, .storage_bytes = 0x8000 },
		{ .name = "external-overwrite", .note = "the update slot in the QSPI flash, no way back", .mode_id = 2,
		  .loader_addr = 0x0, .loader_bytes = 0xC000,
		  .primary_addr = 0xC000, .primary_bytes = 0xEC000,
		  .secondary_addr = BOARD_EXTERNAL_ADDR, .secondary_bytes = 0xEC000,
		  .storage_addr = 0xF8000, .storage_bytes = 0x8000 },
		{ .name = "keep-uf2-external", .note = "behind the stock UF2 loader, the update slot in the QSPI flash, no way back", .mode_id = 2,
		  .loader_addr = 0x27000, .loader_bytes = 0xC000,
		  .primary_addr = 0x33000, .primary_bytes = 0xB7000,
		  .secondary_addr = BOARD_EXTERNAL_ADDR, .secondary_bytes = 0xB7000,
		  .storage_addr = 0xEC000, .storage_bytes = 0x8000 },
		{ .name = "single-slot", .note = "the whole flash for the application; updates in recovery only", .mode_id = 3, .recovery = 1,
		  .loader_addr = 0x0, .loader_bytes = 0xC000,
		  .primary_addr = 0xC000, .primary_bytes = 0xEC000,
		  .storage_addr = 0xF8000, .storage_bytes = 0x8000 },
	},
};
#endif
