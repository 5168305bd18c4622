/* SPDX-License-Identifier: MIT */
#include "app_secondary.h"

#include "log.h"
#include FW_BOARD_HEADER

static struct hf_external external;

/* The report says where the slot is; how large its sectors are, the layout that has it there. */
static uint32_t erase_bytes_of(uint32_t addr, uint32_t size_bytes)
{
	for (uint32_t i = 0; i < FW_BOARD.layout_count; i++) {
		const struct board_layout *layout = &FW_BOARD.layouts[i];
		if (layout->secondary_addr == addr && layout->secondary_bytes == size_bytes && layout->sector_bytes != 0)
			return layout->sector_bytes;
	}
	return FW_BOARD.external.erase_bytes;
}

void app_secondary_open(struct hf_flash *flash, struct port_area *area, uint32_t addr, uint32_t size_bytes)
{
	const struct board_external *b = &FW_BOARD.external;
	enum hf_reason reason;

	if (!hf_config_is_external(addr)) {
		app_flash_area(flash, area, addr, size_bytes);
		return;
	}
	external = (struct hf_external){
		.kind = b->kind, .instance = b->instance, .sck_pin = b->sck_pin, .cs_pin = b->cs_pin,
		.io_pins = { b->io_pins[0], b->io_pins[1], b->io_pins[2], b->io_pins[3] },
		.quad_enable = b->quad_enable, .wake_us = b->wake_us, .size_bytes = b->size_bytes,
		.erase_bytes = erase_bytes_of(addr, size_bytes), .jedec_id = b->jedec_id, .sck_hz = b->sck_hz,
	};
	reason = port_external_open(&external);
	if (reason != HF_OK)
		fw_log(reason, addr, size_bytes);
	port_external_area(flash, area, addr, size_bytes);
}
