/* SPDX-License-Identifier: MIT */
/* Page flash by the NVMC. Words only, bits from 1 to 0, each word at most twice between erases, 85 ms a page.
 * Source: nRF52840 Product Specification, NVMC; MDK. */
#include "../nrf/nrf.h"

#define NVMC_READY 0x4001e400u /* not READYNEXT: erratum 233 */
#define NVMC_CONFIG 0x4001e504u
#define NVMC_CONFIG_READ 0u
#define NVMC_CONFIG_WRITE 1u
#define NVMC_CONFIG_ERASE 2u
#define NVMC_ERASEPAGE 0x4001e508u
#define NVMC_ERASEPAGEPARTIAL 0x4001e518u
#define NVMC_ERASEPAGEPARTIALCFG 0x4001e51cu /* ms */
#define POWER_POFCON 0x40000510u

/* Polls, not time: the CPU stands still while it runs from flash. 85 ms from RAM would be under a million. */
#define READY_POLLS_MAX 4000000u

static bool wait_ready(void)
{
	for (uint32_t i = 0; i < READY_POLLS_MAX; i++) {
		if ((reg_get(NVMC_READY) & 1u) != 0)
			return true;
	}
	return false;
}

/* Erratum 242: an NVMC operation while the power-fail warning is active hangs the CPU, so the comparator is off meanwhile.
 * Gives back what it was set to. */
static uint32_t unlock(uint32_t mode)
{
	uint32_t pofcon = reg_get(POWER_POFCON);

	reg_set(POWER_POFCON, 0);
	reg_set(NVMC_CONFIG, mode);
	return pofcon;
}

static bool lock(uint32_t pofcon)
{
	bool is_ready = wait_ready();

	reg_set(NVMC_CONFIG, NVMC_CONFIG_READ);
	reg_set(POWER_POFCON, pofcon);
	arm_dsb();
	return is_ready;
}

/* from NULL: erases the pages. Else writes the words. */
static bool area_change(const struct port_area *area, uint32_t off, const uint8_t *from, uint32_t size_bytes)
{
	const uint32_t part_bytes = from == NULL ? CHIP_PAGE_BYTES : CHIP_WRITE_UNIT_BYTES;

	if (!wait_ready())
		return false;
	uint32_t pofcon = unlock(from == NULL ? NVMC_CONFIG_ERASE : NVMC_CONFIG_WRITE);
	bool is_ready = true;
	for (uint32_t addr = area->addr + off, end = addr + size_bytes; addr < end && is_ready; addr += part_bytes) {
		if (from == NULL) {
			port_watchdog_feed();
			reg_set(NVMC_ERASEPAGE, addr);
		} else {
			reg_set(addr, hf_get32le(from));
			from += part_bytes;
		}
		arm_dsb();
		is_ready = wait_ready();
	}
	return lock(pofcon) && is_ready;
}

static enum hf_reason area_write(void *ctx, uint32_t off, const void *from, uint32_t size_bytes)
{
	return area_change(ctx, off, from, size_bytes) ? HF_OK : HF_R_FLASH_WRITE;
}

static enum hf_reason area_erase(void *ctx, uint32_t off, uint32_t size_bytes)
{
	return area_change(ctx, off, NULL, size_bytes) ? HF_OK : HF_R_FLASH_ERASE;
}

/* A page is erased when its partial erases add up to the time of a whole one. */
bool chip_erase_piece(uint32_t addr, uint32_t index)
{
	(void)index;
	if (!wait_ready())
		return false;
	uint32_t pofcon = unlock(NVMC_CONFIG_ERASE);
	reg_set(NVMC_ERASEPAGEPARTIALCFG, CHIP_ERASE_PIECE_US / 1000u);
	reg_set(NVMC_ERASEPAGEPARTIAL, addr);
	return lock(pofcon);
}

/* Each write waited for READY: it is durable already. */
static enum hf_reason area_sync(void *ctx)
{
	(void)ctx;
	return HF_OK;
}

const struct hf_flash port_flash_facts = {
	.sector_bytes = CHIP_PAGE_BYTES,
	.write_unit_bytes = CHIP_WRITE_UNIT_BYTES,
	.writes_per_unit_max = 2,
	.erased_byte = 0xff,
	.needs_erase = true,
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
