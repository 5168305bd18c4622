/* SPDX-License-Identifier: MIT */
/* Nordic nRF54L15 DK (PCA10156). Sources: zephyr boards/nordic/nrf54l15dk (pins, the MX25R64 on SPIM00: id, wake-up, SFDP times),
 * dts/vendor/nordic/nrf54l15_cpuapp_partition.dtsi (two-slots), Nordic nRF54L15 datasheet, RRAM programming (88 us a 16-byte line
 * in a one-line-buffer stream, 10,000 writes a line). */
#ifndef BOARDS_NRF54L15DK_H
#define BOARDS_NRF54L15DK_H
#include "../board.h"

static const struct board board_nrf54l15dk = {
	.name = "nrf54l15dk",
	.title = "Nordic nRF54L15 DK",
	.chip = "nrf54l15",
	.flash_bytes = 0x17D000, .ram_addr = 0x20000000, .ram_bytes = 0x40000,
	.sector_bytes = 4096, .write_unit_bytes = 16, .align = 16,
	.header_bytes = 0x800,
	.needs_erase = 0,
	.uart_instance = 20, .uart_tx_pin = 32 + 4, .uart_rx_pin = 32 + 5, /* to the on-board debugger */
	.baud = 115200,
	.led_pin = 64 + 9, .led_active_level = 1, /* LED0 */
	.cpu_hz = 128000000, .write_unit_us = 88, .sector_erase_us = 0,
	.endurance_cycles = 10000,
	.external = { .part = "MX25R6435F", .kind = 2, .instance = 0, .sck_pin = 64 + 1, .cs_pin = 64 + 5, .io_pins = { 64 + 2, 64 + 4, 64 + 3, 64 + 0 },
		      .quad_enable = 0, .wake_us = 35, .size_bytes = 0x800000, .erase_bytes = 4096, .jedec_id = 0xC22817, .sck_hz = 8000000,
		      .page_us = 896, .erase_us = 48000, .endurance_cycles = 100000 },
	.recover = { .pin = 32 + 13, .pin_active_level = 0, .double_reset = 1, .window_ms = 0 }, /* button 0 */
	.layout_count = 3,
	.layouts = {
		{ .name = "two-slots", .note = "whole RRAM, no coprocessor image", .mode_id = 1,
		  .loader_addr = 0x0, .loader_bytes = 0x10000,
		  .primary_addr = 0x10000, .primary_bytes = 0xB2000,
		  .secondary_addr = 0xC2000, .secondary_bytes = 0xB2000,
		  .storage_addr = 0x174000, .storage_bytes = 0x9000 },
		{ .name = "external", .note = "the update slot in the SPI flash", .mode_id = 1,
		  .loader_addr = 0x0, .loader_bytes = 0x10000,
		  .primary_addr = 0x10000, .primary_bytes = 0x164000,
		  .secondary_addr = BOARD_EXTERNAL_ADDR, .secondary_bytes = 0x165000,
		  .storage_addr = 0x174000, .storage_bytes = 0x9000 },
		{ .name = "external-overwrite", .note = "the update slot in the SPI flash, no way back", .mode_id = 2,
		  .loader_addr = 0x0, .loader_bytes = 0x10000,
		  .primary_addr = 0x10000, .primary_bytes = 0x164000,
		  .secondary_addr = BOARD_EXTERNAL_ADDR, .secondary_bytes = 0x164000,
		  .storage_addr = 0x174000, .storage_bytes = 0x9000 },
	},
};
#endif
