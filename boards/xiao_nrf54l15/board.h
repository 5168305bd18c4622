/* SPDX-License-Identifier: MIT */
/* Seeed XIAO nRF54L15 (and Sense). Sources: zephyr boards/seeed/xiao_nrf54l15 (pins),
 * dts/vendor/nordic/nrf54l15_cpuapp_partition.dtsi (both layouts), Nordic nRF54L15 datasheet, RRAM programming
 * (88 us a 16-byte line in a one-line-buffer stream, 10,000 writes a line). */
#ifndef BOARDS_XIAO_NRF54L15_H
#define BOARDS_XIAO_NRF54L15_H
#include "../board.h"

static const struct board board_xiao_nrf54l15 = {
	.name = "xiao_nrf54l15",
	.title = "Seeed XIAO nRF54L15",
	.chip = "nrf54l15",
	.flash_bytes = 0x17D000, .ram_addr = 0x20000000, .ram_bytes = 0x40000,
	.sector_bytes = 4096, .write_unit_bytes = 16, .align = 16,
	.header_bytes = 0x800,
	.needs_erase = 0,
	.uart_instance = 20, .uart_tx_pin = 32 + 9, .uart_rx_pin = 32 + 8, /* to the on-board USB bridge */
	.baud = 115200,
	.led_pin = 64 + 0, .led_active_level = 1,
	.cpu_hz = 128000000, .write_unit_us = 88, .sector_erase_us = 0,
	.endurance_cycles = 10000,
	.external = { .part = "none" },
	.recover = { .pin = 0, .pin_active_level = 0, .double_reset = 1, .window_ms = 0 }, /* button USR */
	.layout_count = 4,
	.layouts = {
		{ .name = "two-slots", .note = "whole RRAM, no coprocessor image", .mode_id = 1,
		  .loader_addr = 0x0, .loader_bytes = 0x10000,
		  .primary_addr = 0x10000, .primary_bytes = 0xB2000,
		  .secondary_addr = 0xC2000, .secondary_bytes = 0xB2000,
		  .storage_addr = 0x174000, .storage_bytes = 0x9000 },
		{ .name = "two-slots-flpr", .note = "96 KB left to the RISC-V coprocessor, as older Zephyr versions do", .mode_id = 1,
		  .loader_addr = 0x0, .loader_bytes = 0x10000,
		  .primary_addr = 0x10000, .primary_bytes = 0xA6000,
		  .secondary_addr = 0xB6000, .secondary_bytes = 0xA6000,
		  .storage_addr = 0x15C000, .storage_bytes = 0x9000 },
		{ .name = "overwrite", .note = "two slots, half the writes and half the time of a swap, no way back", .mode_id = 2,
		  .loader_addr = 0x0, .loader_bytes = 0x10000,
		  .primary_addr = 0x10000, .primary_bytes = 0xB2000,
		  .secondary_addr = 0xC2000, .secondary_bytes = 0xB2000,
		  .storage_addr = 0x174000, .storage_bytes = 0x9000 },
		{ .name = "single-slot", .note = "the whole RRAM for the application; updates in recovery only", .mode_id = 3, .recovery = 1,
		  .loader_addr = 0x0, .loader_bytes = 0x10000,
		  .primary_addr = 0x10000, .primary_bytes = 0x164000,
		  .storage_addr = 0x174000, .storage_bytes = 0x9000 },
	},
};
#endif
