/* SPDX-License-Identifier: MIT */
/* Nordic nRF52840 DK (PCA10056). Sources: zephyr boards/nordic/nrf52840dk (pins, the MX25R64 on QSPI: id, quad enable, wake-up,
 * SFDP times), dts/vendor/nordic/nrf52840_partition.dtsi (two-slots), Nordic nRF52840 product specification, NVMC (41 us a word,
 * 85 ms a page, 10,000 cycles). */
#ifndef BOARDS_NRF52840DK_H
#define BOARDS_NRF52840DK_H
#include "../board.h"

static const struct board board_nrf52840dk = {
	.name = "nrf52840dk",
	.title = "Nordic nRF52840 DK",
	.chip = "nrf52840",
	.flash_bytes = 0x100000, .ram_addr = 0x20000000, .ram_bytes = 0x40000,
	.sector_bytes = 4096, .write_unit_bytes = 4, .align = 8,
	.header_bytes = 0x200,
	.needs_erase = 1,
	.uart_instance = 0, .uart_tx_pin = 6, .uart_rx_pin = 8, /* to the on-board debugger */
	.baud = 115200,
	.led_pin = 13, .led_active_level = 0, /* LED1 */
	.cpu_hz = 64000000, .write_unit_us = 41, .sector_erase_us = 85000,
	.endurance_cycles = 10000,
	.external = { .part = "MX25R6435F", .kind = 1, .instance = 0, .sck_pin = 19, .cs_pin = 17, .io_pins = { 20, 21, 22, 23 },
		      .quad_enable = 1, .wake_us = 35, .size_bytes = 0x800000, .erase_bytes = 4096, .jedec_id = 0xC22817, .sck_hz = 8000000,
		      .page_us = 896, .erase_us = 48000, .endurance_cycles = 100000 },
	.recover = { .pin = 11, .pin_active_level = 0, .double_reset = 1, .window_ms = 0 }, /* button 1 */
	.layout_count = 3,
	.layouts = {
		{ .name = "two-slots", .note = "whole flash", .mode_id = 1,
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
	},
};
#endif
