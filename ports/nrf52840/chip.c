/* SPDX-License-Identifier: MIT */
#include "../nrf/nrf.h"

#define CLOCK_HFCLKSTART 0x40000000u
#define CLOCK_HFCLKSTOP 0x40000004u
#define CLOCK_HFCLKSTARTED 0x40000100u
#define CLOCK_DONE 0x4000010cu
#define CLOCK_CTTO 0x40000110u
#define CLOCK_CTIV 0x40000538u
#define POWER_RESETREAS 0x40000400u
#define POWER_RESETREAS_PIN 1u
#define APPROTECT_DISABLE 0x40000558u
#define APPROTECT_DISABLE_OPEN 0x5au
#define NVMC_ICACHECNF 0x4001e540u
#define WDT_BASE 0x40010000u
#define ACL_ADDR(n) (0x4001e800u + 0x10u * (n))
#define ACL_SIZE(n) (0x4001e804u + 0x10u * (n))
#define ACL_PERM(n) (0x4001e808u + 0x10u * (n))
#define ACL_COUNT 8u
#define ACL_PERM_NO_WRITE 2u
#define FICR_DEVICEID 0x10000060u
#define FICR_ER 0x10000080u             /* encryption root, then IR, identity root: 4 words each, 0x80..0x9f */
#define FICR_SEED_WORDS 8u

/* The crystal starts in 0.4 ms; the RC oscillator alone may be too far off for the UART. A board whose crystal is dead goes on
 * with what it has. */
static void crystal_start(void)
{
	reg_set(CLOCK_HFCLKSTARTED, 0);
	reg_set(CLOCK_HFCLKSTART, 1);
	uint32_t start_us = nrf_micros();
	while (reg_get(CLOCK_HFCLKSTARTED) == 0 && nrf_micros() - start_us < 2000u)
		;
}

/* NFC, reset pin and REGOUT0 live in UICR and stay as they are: they are the application's and the board maker's.
 * TEMP's trims are left to the application, nothing here measures. */
void port_start(void)
{
	/* Erratum 36: these three keep their values over a reset. */
	reg_set(CLOCK_DONE, 0);
	reg_set(CLOCK_CTTO, 0);
	reg_set(CLOCK_CTIV, 0);
	if (port_debug_wanted())
		port_debug_open();
	reg_set(NVMC_ICACHECNF, 1);
	nrf_timer_start();
	crystal_start();
}

void chip_stop(void)
{
	reg_set(CLOCK_HFCLKSTOP, 1);
	reg_set(CLOCK_HFCLKSTARTED, 0);
	reg_set(NVMC_ICACHECNF, 0);
}

void port_watchdog_feed(void)
{
	nrf_watchdog_feed(WDT_BASE);
}

/* Erratum 136: if the pin bit is set, the others may be left from before. */
uint32_t port_reset_cause(void)
{
	uint32_t cause = reg_get(POWER_RESETREAS);

	return (cause & POWER_RESETREAS_PIN) != 0 ? POWER_RESETREAS_PIN : cause;
}

uint32_t port_unique_seed(void)
{
	uint32_t words[2 + FICR_SEED_WORDS];

	words[0] = reg_get(FICR_DEVICEID);
	words[1] = reg_get(FICR_DEVICEID + 4u);
	for (uint32_t i = 0; i < FICR_SEED_WORDS; i++)
		words[2 + i] = reg_get(FICR_ER + 4u * i);
	return hf_crc32(0, words, sizeof words);
}

/* On revision 3 silicon (build code F and later) the port is closed at each reset until this is written; it opens only if
 * UICR.APPROTECT holds 0x5a as well, which is the flashing tool's part. On older silicon the write does nothing.
 * Source: MDK system_nrf52_approtect.h. */
void port_debug_open(void)
{
	reg_set(APPROTECT_DISABLE, APPROTECT_DISABLE_OPEN);
}

/* The registers are write-once until reset, and a stock loader before us may have used some: take the first that is free
 * and takes our values. Source: product specification, ACL; MDK. */
enum hf_reason port_lock(uint32_t addr, uint32_t size_bytes)
{
	uint32_t size = hf_align_up(size_bytes, CHIP_PAGE_BYTES);

	for (uint32_t i = 0; i < ACL_COUNT; i++) {
		if (reg_get(ACL_PERM(i)) != 0 || reg_get(ACL_SIZE(i)) != 0)
			continue;
		reg_set(ACL_ADDR(i), addr);
		reg_set(ACL_SIZE(i), size);
		reg_set(ACL_PERM(i), ACL_PERM_NO_WRITE);
		if (reg_get(ACL_ADDR(i)) == addr && reg_get(ACL_SIZE(i)) == size && reg_get(ACL_PERM(i)) == ACL_PERM_NO_WRITE)
			return HF_OK;
	}
	return HF_R_PORT_LOCK;
}
