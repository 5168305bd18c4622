/* SPDX-License-Identifier: MIT */
#include "../nrf/nrf.h"

#define PLL_FREQ 0x50120800u
#define PLL_FREQ_128MHZ 1u
#define TAD_ERRATUM_37 0x5005340cu
#define OSC_TRIM_440 0x50120440u
#define FICR_PART_CODE 0x00ffc340u
#define FICR_PART_L15 0x1cu
#define FICR_REVISION 0x00ffc344u
#define FICR_TRIM_DATE 0x00ffc334u
#define FICR_TRIMCNF 0x00ffc400u
#define FICR_TRIMCNF_COUNT 64u
#define FICR_ER 0x00ffc380u             /* encryption root, then IR, identity root: 4 words each, 0x380..0x39f */
#define FICR_SEED_WORDS 8u
#define RESET_RESETREAS 0x5010e600u
#define RESET_RESETREAS_PIN 1u
#define RRAMC_LOWPOWERCONFIG 0x5004b518u
#define RRAMC_LOWPOWER_OFF 3u
#define GLITCHDET_CONFIG 0x5004b5a0u
#define CACHE_INVALIDATE 0xe0082008u
#define CACHE_STATUS 0xe0082400u
#define CACHE_ENABLE 0xe0082404u
#define RRAMC_REGION4_ADDRESS 0x5004b570u
#define RRAMC_REGION4_CONFIG 0x5004b574u
#define REGION_READ 0x1u
#define REGION_EXECUTE 0x4u
#define REGION_SECURE 0x8u
#define REGION_LOCK 0x2000u
#define REGION_KB_MAX 31u               /* five bits at 20:16 */
#define TAMPC_KEY_UNPROTECT 0x50fa00f0u
#define TAMPC_KEY_OPEN 0x50fa0001u
#define WDT30_BASE 0x50108000u
#define WDT31_BASE 0x50109000u

/* Analogue trims: pairs of address and value that the factory left in FICR. Without them references and oscillators are off. */
static void trims_copy(void)
{
	for (uint32_t i = 0; i < FICR_TRIMCNF_COUNT; i++) {
		uint32_t addr = reg_get(FICR_TRIMCNF + 8u * i);
		if (addr == 0 || addr == 0xffffffffu)
			break;
		reg_set(addr, reg_get(FICR_TRIMCNF + 8u * i + 4u));
	}
	if (reg_get(OSC_TRIM_440) == 0)
		reg_set(OSC_TRIM_440, 0xc8);
}

/* Revision 1 silicon only: errata 32, 40, 31. */
static void trims_revision_1(void)
{
	if (reg_get(FICR_TRIM_DATE) <= 0x180a1d00u)
		reg_set(0x50120640u, 0x1ea9e040u);
	reg_set(0x5008a7acu, 0x040a0078u);
	reg_set(0x50120624u, 0x34u);
	reg_set(0x5012063cu, reg_get(0x5012063cu) & ~0x80000u);
}

/* The order of the vendor's start-up, step by step. Its FPU step is left out: nothing here uses the FPU, and the application's
 * own start-up turns it on. Crystals are not started: the loader needs none.
 * Source: MDK system_nrf54l.c (secure build) and system_nrf54l_approtect.h; most of these words are undocumented. */
void port_start(void)
{
	reg_set(PLL_FREQ, PLL_FREQ_128MHZ);
	bool is_l15 = reg_get(FICR_PART_CODE) == FICR_PART_L15;
	if (is_l15)
		reg_set(TAD_ERRATUM_37, 1);
	if (port_debug_wanted())
		port_debug_open();
	reg_set(ARM_NSACR, reg_get(ARM_NSACR) | 0xc00u);
	trims_copy();
	if (is_l15 && reg_get(FICR_REVISION) == 1u)
		trims_revision_1();
	/* With the pin bit set the others may be left from before: keep the pin bit alone. */
	if ((reg_get(RESET_RESETREAS) & RESET_RESETREAS_PIN) != 0)
		reg_set(RESET_RESETREAS, ~RESET_RESETREAS_PIN);
	reg_set(RRAMC_LOWPOWERCONFIG, RRAMC_LOWPOWER_OFF);
	reg_set(GLITCHDET_CONFIG, 0);
	reg_set(CACHE_ENABLE, 1);
	nrf_timer_start();
}

void chip_cache_invalidate(void)
{
	reg_set(CACHE_INVALIDATE, 1);
	for (uint32_t i = 0; i < 10000u && reg_get(CACHE_STATUS) != 0; i++)
		;
}

/* The PLL stays at 128 MHz, the trims and the glitch detector as they are: every application's start-up sets them the same. */
void chip_stop(void)
{
	reg_set(CACHE_ENABLE, 0);
	chip_cache_invalidate();
}

void port_watchdog_feed(void)
{
	nrf_watchdog_feed(WDT30_BASE);
	nrf_watchdog_feed(WDT31_BASE);
}

uint32_t port_reset_cause(void)
{
	return reg_get(RESET_RESETREAS);
}

uint32_t port_unique_seed(void)
{
	uint32_t words[FICR_SEED_WORDS];

	for (uint32_t i = 0; i < FICR_SEED_WORDS; i++)
		words[i] = reg_get(FICR_ER + 4u * i);
	return hf_crc32(0, words, sizeof words);
}

/* Debug signals of the TAMPC: closed by each power-on, so without this a board that was power-cycled can only be reached by
 * erasing it. A signal that was locked closed stays closed. Key, write-protection off for one write; then key, value 1.
 * Source: datasheet, TAMPC; MDK system_nrf54l_approtect.h. */
void port_debug_open(void)
{
	static const uint32_t signals[] = {
		0x500dc500u, /* DOMAIN[0].DBGEN */
		0x500dc508u, /* NIDEN */
		0x500dc510u, /* SPIDEN */
		0x500dc518u, /* SPNIDEN */
		0x500dc700u, /* AP[0].DBGEN: the coprocessor */
	};

	for (uint32_t i = 0; i < HF_ARRAY_COUNT(signals); i++) {
		reg_set(signals[i], TAMPC_KEY_UNPROTECT);
		reg_set(signals[i], TAMPC_KEY_OPEN);
	}
}

/* Region 4 is the only free one, and it guards 31 KB: the loader's code and its configuration block end there. LOCK keeps it
 * until reset. Source: datasheet, RRAMC region protection. */
enum hf_reason port_lock(uint32_t addr, uint32_t size_bytes)
{
	uint32_t size_kb = size_bytes / 1024u;
	uint32_t config;

	if (size_kb > REGION_KB_MAX)
		size_kb = REGION_KB_MAX;
	config = REGION_READ | REGION_EXECUTE | REGION_SECURE | REGION_LOCK | size_kb << 16;
	reg_set(RRAMC_REGION4_ADDRESS, addr);
	reg_set(RRAMC_REGION4_CONFIG, config);
	chip_cache_invalidate();
	if (reg_get(RRAMC_REGION4_ADDRESS) != addr || reg_get(RRAMC_REGION4_CONFIG) != config)
		return HF_R_PORT_LOCK;
	return HF_OK;
}
