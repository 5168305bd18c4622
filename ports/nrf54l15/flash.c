/* SPDX-License-Identifier: MIT */
/* RRAM by the RRAMC. No erase; 16-byte lines; stores gather in a volatile write buffer.
 *
 * WRITEBUFSIZE is 1 line. Unbuffered, each of a line's four stores costs its own write cycle of the 10,000 and 65 us; with one
 * line it is one cycle and 88 us, and a power cut finds at most one line under way. Larger buffers save no wear, are not
 * faster a line (222 us by the vendor's driver comment), and leave more lines in doubt at a cut.
 * Every write commits and waits for READY and an empty buffer before it returns, and write enable is off in between, so that a
 * stray store can't change the RRAM. sync() therefore has nothing left to do but to see that the controller is idle.
 * Source: nRF54L15 Datasheet, RRAMC; nAN-047; zephyr drivers/flash/soc_flash_nrf_rram.c (which doesn't wait for its commit). */
#include "../nrf/nrf.h"

#include <string.h>

#define RRAMC_COMMITWRITEBUF 0x5004b008u
#define RRAMC_READY_EVENT 0x5004b104u
#define RRAMC_ACCESSERROR 0x5004b10cu
#define RRAMC_READY 0x5004b400u
#define RRAMC_WRITEBUFEMPTY 0x5004b418u
#define RRAMC_CONFIG 0x5004b500u
#define RRAMC_CONFIG_READ 0x000u
#define RRAMC_CONFIG_WRITE_ONE_LINE 0x101u /* WEN, WRITEBUFSIZE 1 */

/* A commit takes under 10 ms even for the largest buffer: 1.3 million cycles at 128 MHz. */
#define READY_POLLS_MAX 1000000u

/* The buffer's state means something only while writing is enabled. */
static bool wait_ready(bool and_empty)
{
	for (uint32_t i = 0; i < READY_POLLS_MAX; i++) {
		if ((reg_get(RRAMC_READY) & 1u) != 0 && (!and_empty || (reg_get(RRAMC_WRITEBUFEMPTY) & 1u) != 0))
			return true;
	}
	return false;
}

static void line_store(uint32_t addr, const uint8_t *line)
{
	for (uint32_t i = 0; i < CHIP_WRITE_UNIT_BYTES; i += 4)
		reg_set(addr + i, hf_get32le(line + i));
}

/* from NULL: fills with 0xff. Stores run upward, as the buffer demands. */
static bool lines_write(uint32_t addr, const uint8_t *from, uint32_t size_bytes)
{
	uint8_t line[CHIP_WRITE_UNIT_BYTES];

	memset(line, 0xff, sizeof line);
	reg_set(RRAMC_ACCESSERROR, 0);
	reg_set(RRAMC_CONFIG, RRAMC_CONFIG_WRITE_ONE_LINE);
	bool is_good = wait_ready(false);
	for (uint32_t i = 0; i < size_bytes && is_good; i += CHIP_WRITE_UNIT_BYTES)
		line_store(addr + i, from == NULL ? line : from + i);
	arm_dsb();
	reg_set(RRAMC_COMMITWRITEBUF, 1);
	is_good = wait_ready(true) && is_good;
	reg_set(RRAMC_CONFIG, RRAMC_CONFIG_READ);
	is_good = wait_ready(false) && is_good;
	reg_set(RRAMC_READY_EVENT, 0); /* not for the application's interrupt */
	chip_cache_invalidate();
	return is_good && reg_get(RRAMC_ACCESSERROR) == 0;
}

static enum hf_reason area_write(void *ctx, uint32_t off, const void *from, uint32_t size_bytes)
{
	const struct port_area *area = ctx;

	return lines_write(area->addr + off, from, size_bytes) ? HF_OK : HF_R_FLASH_WRITE;
}

static enum hf_reason area_erase(void *ctx, uint32_t off, uint32_t size_bytes)
{
	const struct port_area *area = ctx;

	for (uint32_t i = 0; i < size_bytes; i += CHIP_PAGE_BYTES) {
		port_watchdog_feed();
		if (!lines_write(area->addr + off + i, NULL, CHIP_PAGE_BYTES))
			return HF_R_FLASH_ERASE;
	}
	return HF_OK;
}

bool chip_erase_piece(uint32_t addr, uint32_t index)
{
	uint32_t piece_bytes = CHIP_PAGE_BYTES / CHIP_ERASE_PIECES;

	return lines_write(addr + index * piece_bytes, NULL, piece_bytes);
}

static enum hf_reason area_sync(void *ctx)
{
	(void)ctx;
	return wait_ready(false) ? HF_OK : HF_R_FLASH_WRITE;
}

const struct hf_flash port_flash_facts = {
	.sector_bytes = CHIP_PAGE_BYTES,
	.write_unit_bytes = CHIP_WRITE_UNIT_BYTES,
	.writes_per_unit_max = 0,
	.erased_byte = 0xff,
	.needs_erase = false,
	.read = nrf_area_read,
	.write = area_write,
	.erase = area_erase,
	.sync = area_sync,
};

void port_flash_area(struct hf_flash *flash, struct port_area *area, uint32_t addr, uint32_t size_bytes)
{
	area->addr = addr;
	*flash = port_flash_facts;
	flash->ctx = area;
	flash->size_bytes = size_bytes;
}
