/* SPDX-License-Identifier: MIT */
/* A NOR flash chip by its commands: who is there, wake, read, program, erase, and how it was found, so that it can be left so.
 *
 * Waits are bounded by the microsecond timer. The longest that any chip we know takes are 5.4 ms a page and 384 ms a 4 KB sector
 * (MX25R6435F: SFDP's typical times by its own factors); more than twice that is a chip that hangs. A chip that is not there is
 * known after two reads of its id and one wake-up time: well under a millisecond.
 * The status registers are only read. Quad reads are used if somebody has set the chip up for them, and never set up here: that bit is
 * kept in the chip, and a cut while it is written could leave other bits of it, write protection among them, anyhow.
 */
#include "nor.h"

#define PROGRAM_US_MAX 50000u
#define ERASE_US_MAX 800000u
#define STATUS_BUSY 1u
#define STATUS1_QUAD (1u << 6)
#define STATUS2_QUAD (1u << 1)
#define LINES_HIGH 0xffffffu
#define SIGNATURE_INDEX 3u

uint32_t nor_buffer[NOR_PAGE_BYTES / 4u];

static struct {
	const struct hf_external *external;
	enum hf_reason reason; /* HF_OK: the chip is there; else each call's answer */
	bool was_asleep;
} chip = { .reason = HF_R_EXTERNAL_ABSENT };

static void wait_us(uint32_t us)
{
	uint32_t start_us = nrf_micros();

	while (nrf_micros() - start_us < us)
		;
}

static bool status_read(uint8_t opcode, uint8_t *status)
{
	return nor_bus_command(opcode, status, 1);
}

static enum hf_reason wait_done(uint32_t us_max)
{
	uint32_t start_us = nrf_micros();
	uint8_t status;

	do {
		port_watchdog_feed();
		if (!status_read(NOR_READ_STATUS, &status))
			return HF_R_EXTERNAL_TIMEOUT;
		if ((status & STATUS_BUSY) == 0)
			return HF_OK;
	} while (nrf_micros() - start_us < us_max);
	return HF_R_EXTERNAL_TIMEOUT;
}

/* 0: nobody drives the line. */
static uint32_t id_read(void)
{
	uint8_t id[3] = { 0 };

	if (!nor_bus_command(NOR_READ_ID, id, sizeof id))
		return 0;
	uint32_t value = (uint32_t)id[0] << 16 | (uint32_t)id[1] << 8 | id[2];
	return value == LINES_HIGH ? 0 : value;
}

/* A chip that still erases, because a reset came meanwhile, answers for its status only. */
static enum hf_reason wait_if_busy(void)
{
	uint8_t status = 0xff;

	if (!status_read(NOR_READ_STATUS, &status) || status == 0xff || (status & STATUS_BUSY) == 0)
		return HF_OK;
	return wait_done(ERASE_US_MAX);
}

static enum hf_reason find(const struct hf_external *external)
{
	uint8_t signature[NOR_REPLY_BYTES_MAX] = { 0 };
	uint32_t id = id_read();

	if (id == 0) {
		enum hf_reason reason = wait_if_busy();
		if (reason != HF_OK)
			return reason;
		id = id_read();
	}
	if (id == 0) {
		chip.was_asleep = nor_bus_command(NOR_WAKE, signature, sizeof signature);
		wait_us(2u * external->wake_us + 10u);
		id = id_read();
	}
	if (id == 0)
		return signature[SIGNATURE_INDEX] == 0 || signature[SIGNATURE_INDEX] == 0xff ? HF_R_EXTERNAL_ABSENT : HF_R_EXTERNAL_ASLEEP;
	if (external->jedec_id != 0 && id != external->jedec_id)
		return HF_R_EXTERNAL_ID;
	return wait_done(ERASE_US_MAX);
}

/* Has somebody set the chip up for four lines? */
static bool is_quad(const struct hf_external *external)
{
	bool is_first = external->quad_enable == HF_QUAD_SR1_BIT6;
	uint8_t status = 0;

	return external->quad_enable != HF_QUAD_NONE && status_read(is_first ? NOR_READ_STATUS : NOR_READ_STATUS2, &status) &&
	       status != 0xff && (status & (is_first ? STATUS1_QUAD : STATUS2_QUAD)) != 0;
}

enum hf_reason port_external_open(const struct hf_external *external)
{
	chip.external = external;
	chip.was_asleep = false;
	chip.reason = nor_bus_open(external, false) ? find(external) : HF_R_EXTERNAL_TIMEOUT;
	if (chip.reason == HF_OK && is_quad(external)) {
		nor_bus_close(external);
		if (!nor_bus_open(external, true))
			chip.reason = HF_R_EXTERNAL_TIMEOUT;
	}
	return chip.reason;
}

void port_external_close(void)
{
	if (chip.external == NULL)
		return;
	if (chip.was_asleep)
		(void)nor_bus_command(NOR_SLEEP, NULL, 0);
	nor_bus_close(chip.external);
	chip.external = NULL;
	chip.reason = HF_R_EXTERNAL_ABSENT;
}

static enum hf_reason area_read(void *ctx, uint32_t off, void *into, uint32_t size_bytes)
{
	const struct port_area *area = ctx;
	uint32_t at = area->addr - HF_EXTERNAL_ADDR + off;
	uint8_t *bytes = into;

	for (uint32_t done = 0; done < size_bytes && chip.reason == HF_OK;) {
		uint32_t skip = (at + done) % 4u;
		uint32_t part = size_bytes - done < NOR_PAGE_BYTES - skip ? size_bytes - done : NOR_PAGE_BYTES - skip;
		if (!nor_bus_read(at + done - skip, hf_align_up(skip + part, 4u)))
			return HF_R_EXTERNAL_TIMEOUT;
		memcpy(bytes + done, (const uint8_t *)nor_buffer + skip, part);
		done += part;
	}
	return chip.reason;
}

static enum hf_reason area_write(void *ctx, uint32_t off, const void *from, uint32_t size_bytes)
{
	const struct port_area *area = ctx;
	uint32_t at = area->addr - HF_EXTERNAL_ADDR + off;
	const uint8_t *bytes = from;
	enum hf_reason reason = chip.reason;

	for (uint32_t done = 0; done < size_bytes && reason == HF_OK;) {
		uint32_t room = NOR_PAGE_BYTES - (at + done) % NOR_PAGE_BYTES;
		uint32_t part = size_bytes - done < room ? size_bytes - done : room;
		memcpy(nor_buffer, bytes + done, part);
		reason = nor_bus_program(at + done, part) ? wait_done(PROGRAM_US_MAX) : HF_R_EXTERNAL_TIMEOUT;
		done += part;
	}
	return reason;
}

static enum hf_reason area_erase(void *ctx, uint32_t off, uint32_t size_bytes)
{
	const struct port_area *area = ctx;
	enum hf_reason reason = chip.reason;

	for (uint32_t done = 0; done < size_bytes && reason == HF_OK; done += NOR_ERASE_BYTES)
		reason = nor_bus_erase(area->addr - HF_EXTERNAL_ADDR + off + done) ? wait_done(ERASE_US_MAX) : HF_R_EXTERNAL_TIMEOUT;
	return reason;
}

/* Each write and erase waited for the chip: it is durable already. */
static enum hf_reason area_sync(void *ctx)
{
	(void)ctx;
	return chip.reason;
}

void port_external_area(struct hf_flash *flash, struct port_area *area, uint32_t addr, uint32_t size_bytes)
{
	area->addr = addr;
	*flash = (struct hf_flash){
		.ctx = area,
		.size_bytes = size_bytes,
		.sector_bytes = chip.external != NULL ? chip.external->erase_bytes : CHIP_PAGE_BYTES,
		.write_unit_bytes = 4,
		.writes_per_unit_max = 0,
		.erased_byte = 0xff,
		.needs_erase = true,
		.read = area_read,
		.write = area_write,
		.erase = area_erase,
		.sync = area_sync,
	};
}
