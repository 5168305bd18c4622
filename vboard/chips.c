/* SPDX-License-Identifier: MIT */
/* chips.c - the chips as data: memory, register windows, peripherals, factory words.
 *
 * Why      A new chip of a family we know is a table here. What is not listed stops the board when it is touched.
 * Shapes   Unit 0 is the system control space. "CLOCK" is the unit that holds the reset reasons and retained registers.
 *          Units of kind "sink" are stored and nothing else: peripherals that foreign images set up and that no boot depends on.
 * Source   MDK nrf52840.svd, nrf52.svd (nRF52832), nrf54l15_application.svd: bases and interrupt numbers; FICR words of real parts.
 */
#include "internal.h"

#define NO_IRQ 0xffffu
#define SINK(label, base) { label, &vb_kind_sink, base, NO_IRQ, 0 }

/* ---- nRF52 family ---- */

#define NRF52_UNITS \
	{ "SCS", &vb_kind_scs, 0xe000e000, NO_IRQ, 0 }, \
	{ "CLOCK", &vb_kind_clock, 0x40000000, 0, 0 }, \
	{ "NVMC", &vb_kind_nvmc, 0x4001e000, NO_IRQ, 0 }, \
	{ "UARTE0", &vb_kind_uarte, 0x40002000, 2, 0 }, \
	{ "GPIO", &vb_kind_gpio, 0x50000000, NO_IRQ, 0 }, \
	{ "WDT", &vb_kind_wdt, 0x40010000, 16, 0 }, \
	{ "TIMER0", &vb_kind_timer, 0x40008000, 8, 4 }, \
	{ "TIMER1", &vb_kind_timer, 0x40009000, 9, 4 }, \
	{ "TIMER2", &vb_kind_timer, 0x4000a000, 10, 4 }, \
	{ "TIMER3", &vb_kind_timer, 0x4001a000, 26, 6 }, \
	{ "TIMER4", &vb_kind_timer, 0x4001b000, 27, 6 }, \
	{ "RTC0", &vb_kind_rtc, 0x4000b000, 11, 3 }, \
	{ "RTC1", &vb_kind_rtc, 0x40011000, 17, 4 }, \
	{ "RTC2", &vb_kind_rtc, 0x40024000, 36, 4 }, \
	{ "RNG", &vb_kind_rng, 0x4000d000, 13, 0 }, \
	{ "TEMP", &vb_kind_temp, 0x4000c000, 12, 0 }, \
	{ "DWT", &vb_kind_dwt, 0xe0001000, NO_IRQ, 0 }, \
	{ "PART", &vb_kind_part, 0xf0000000, NO_IRQ, 0 }, \
	SINK("ITM", 0xe0000000), SINK("FPB", 0xe0002000), SINK("GPIOTE", 0x40006000), \
	{ "PPI", &vb_kind_ppi, 0x4001f000, NO_IRQ, 0 }, \
	SINK("EGU0", 0x40014000), SINK("EGU1", 0x40015000), SINK("EGU2", 0x40016000), SINK("EGU3", 0x40017000), \
	SINK("EGU4", 0x40018000), SINK("EGU5", 0x40019000), SINK("RADIO", 0x40001000), SINK("ECB", 0x4000e000), \
	SINK("CCM", 0x4000f000), SINK("SERIAL1", 0x40003000), SINK("SERIAL2", 0x40004000), SINK("SAADC", 0x40007000), \
	SINK("COMP", 0x40013000)

static const struct vb_unit units_nrf52832[] = {
	NRF52_UNITS,
	{ "BPROT", &vb_kind_bprot, 0x40000000, NO_IRQ, 0 },
};

static const struct vb_unit units_nrf52840[] = {
	NRF52_UNITS,
	{ "UARTE1", &vb_kind_uarte, 0x40028000, 40, 1 },
	{ "QSPI", &vb_kind_qspi, 0x40029000, 41, 0 },
	SINK("SPIM3", 0x4002f000),
};

static const struct vb_span windows_nrf52[] = { { 0x40000000, 0x30000 }, { 0x50000000, 0x1000 }, { 0xe0000000, 0x100000 },
	{ 0xf0000000, 0x1000 } };

/* The CryptoCell's window has no unit: the first touch is named, instead of being a bus fault. */
static const struct vb_span windows_nrf52840[] = { { 0x40000000, 0x30000 }, { 0x50000000, 0x1000 }, { 0x5002a000, 0x2000 },
	{ 0xe0000000, 0x100000 }, { 0xf0000000, 0x1000 } };

static const struct vb_word ficr_nrf52832[] = {
	{ 0x010, 4096 }, { 0x014, 128 }, { 0x060, 0x48464301 }, { 0x064, 0x00005832 }, { 0x0a0, 1 }, { 0x0a4, 0x11223344 }, { 0x0a8, 0xc0de },
	{ 0x100, 0x52832 }, { 0x104, 0x41414530 }, { 0x108, 0x2000 }, { 0x10c, 64 }, { 0x110, 512 },
	{ 0x130, 6 }, { 0x134, 0x50 },
};
static const struct vb_word ficr_nrf52840[] = {
	{ 0x010, 4096 }, { 0x014, 256 }, { 0x060, 0x48464301 }, { 0x064, 0x00005840 }, { 0x0a0, 1 }, { 0x0a4, 0x11223344 }, { 0x0a8, 0xc0de },
	{ 0x100, 0x52840 }, { 0x104, 0x41414630 }, { 0x108, 0x2004 }, { 0x10c, 256 }, { 0x110, 1024 },
	{ 0x130, 8 }, { 0x134, 5 },
};

const struct vb_chip vb_chip_nrf52832 = {
	.name = "nrf52832", .cpu = UC_CPU_ARM_CORTEX_M4, .cpuid = 0x410fc241, .boot_khz = 64000, .irqs = 39,
	.ficr_addr = 0x10000000, .uicr_addr = 0x10001000, .ficr_fill = 0xff,
	.ficr = ficr_nrf52832, .ficr_count = HF_ARRAY_COUNT(ficr_nrf52832),
	.windows = windows_nrf52, .window_count = HF_ARRAY_COUNT(windows_nrf52),
	.units = units_nrf52832, .unit_count = HF_ARRAY_COUNT(units_nrf52832),
	.resetreas_unit_off = 0x400, .reas_pin = 1u << 0, .reas_watchdog = 1u << 1, .reas_soft = 1u << 2, .reas_lockup = 1u << 3,
	.gpregret_off = 0x51c,
};

const struct vb_chip vb_chip_nrf52840 = {
	.name = "nrf52840", .cpu = UC_CPU_ARM_CORTEX_M4, .cpuid = 0x410fc241, .boot_khz = 64000, .irqs = 48,
	.ficr_addr = 0x10000000, .uicr_addr = 0x10001000, .ficr_fill = 0xff,
	.ficr = ficr_nrf52840, .ficr_count = HF_ARRAY_COUNT(ficr_nrf52840),
	.windows = windows_nrf52840, .window_count = HF_ARRAY_COUNT(windows_nrf52840),
	.units = units_nrf52840, .unit_count = HF_ARRAY_COUNT(units_nrf52840),
	.resetreas_unit_off = 0x400, .reas_pin = 1u << 0, .reas_watchdog = 1u << 1, .reas_soft = 1u << 2, .reas_lockup = 1u << 3,
	.gpregret_off = 0x51c,
};

/* ---- nRF54L15 ---- */

static const struct vb_unit units_nrf54l15[] = {
	{ "SCS", &vb_kind_scs, 0xe000e000, NO_IRQ, 0 },
	{ "CLOCK", &vb_kind_clock_l, 0x5010e000, 261, 0 },
	{ "RRAMC", &vb_kind_rramc, 0x5004b000, 75, 0 },
	{ "UARTE20", &vb_kind_uarte_l, 0x500c6000, 198, 20 },
	{ "UARTE21", &vb_kind_uarte_l, 0x500c7000, 199, 21 },
	{ "UARTE22", &vb_kind_uarte_l, 0x500c8000, 200, 22 },
	{ "UARTE30", &vb_kind_uarte_l, 0x50104000, 260, 30 },
	{ "SERIAL00", &vb_kind_serial00, 0x5004a000, 74, 0 },
	{ "P0", &vb_kind_gpio_l, 0x5010a000, NO_IRQ, 0 },
	{ "P1", &vb_kind_gpio_l, 0x500d8200, NO_IRQ, 1 },
	{ "P2", &vb_kind_gpio_l, 0x50050400, NO_IRQ, 2 },
	{ "OSCILLATORS", &vb_kind_osc_l, 0x50120000, NO_IRQ, 0 },
	{ "WDT30", &vb_kind_wdt, 0x50108000, 264, 0 },
	{ "WDT31", &vb_kind_wdt, 0x50109000, 265, 1 },
	{ "GRTC", &vb_kind_grtc, 0x500e2000, 226, 0 },
	{ "TIMER20", &vb_kind_timer_l, 0x500ca000, 202, 6 },
	{ "TIMER21", &vb_kind_timer_l, 0x500cb000, 203, 6 },
	{ "TIMER22", &vb_kind_timer_l, 0x500cc000, 204, 6 },
	{ "TIMER23", &vb_kind_timer_l, 0x500cd000, 205, 6 },
	{ "TIMER24", &vb_kind_timer_l, 0x500ce000, 206, 6 },
	{ "TEMP", &vb_kind_temp, 0x500d7000, 215, 0 },
	{ "TAMPC", &vb_kind_tampc, 0x500dc000, NO_IRQ, 0 },
	{ "CACHE", &vb_kind_cache_l, 0xe0082000, NO_IRQ, 0 },
	{ "CPUC", &vb_kind_cpuc, 0xe0080000, NO_IRQ, 0 },
	{ "KMU", &vb_kind_kmu, 0x50045000, NO_IRQ, 0 },
	{ "CRACEN", &vb_kind_cracen, 0x50048000, NO_IRQ, 0 },
	{ "CRACEN core", &vb_kind_cracen_core, 0x51801000, NO_IRQ, 0 },
	{ "TAD", &vb_kind_tad, 0x50053000, NO_IRQ, 0 },
	{ "MEMCONF", &vb_kind_memconf, 0x500cf000, NO_IRQ, 0 },
	{ "SPU00", &vb_kind_spu, 0x50040000, NO_IRQ, 0 },
	{ "SPU10", &vb_kind_spu, 0x50080000, NO_IRQ, 0 },
	{ "SPU20", &vb_kind_spu, 0x500c0000, NO_IRQ, 0 },
	{ "SPU30", &vb_kind_spu, 0x50100000, NO_IRQ, 0 },
	{ "MPC00", &vb_kind_mpc, 0x50041000, NO_IRQ, 0 },
	{ "DWT", &vb_kind_dwt, 0xe0001000, NO_IRQ, 0 },
	SINK("SAADC", 0x500d5000), SINK("ITM", 0xe0000000), SINK("FPB", 0xe0002000), SINK("RADIO trim", 0x5008a000), SINK("GPIOTE20", 0x500da000),
	SINK("GPIOTE30", 0x5010c000), SINK("DPPIC20", 0x500c2000), SINK("PPIB", 0x500c3000), SINK("CRACEN code", 0x5180c000),
};

/* The core's code RAM (0x5180C000) lies in the second CRACEN window. */
static const struct vb_span windows_nrf54l15[] = { { 0x50000000, 0x200000 }, { 0x51800000, 0x20000 }, { 0xe0000000, 0x100000 } };

static const struct vb_word ficr_nrf54l15[] = {
	{ 0x304, 0x48464301 }, { 0x308, 0x00005415 }, { 0x31c, 0x54b15 }, { 0x320, 0x41414230 }, { 0x328, 256 }, { 0x32c, 1524 },
	{ 0x340, 0x1c }, { 0x344, 2 }, { 0x3a0, 1 }, { 0x3a4, 0x11223344 }, { 0x3a8, 0xc0de }, { 0x620, 0 }, { 0x624, 0 },
};

const struct vb_chip vb_chip_nrf54l15 = {
	.name = "nrf54l15", .cpu = UC_CPU_ARM_CORTEX_M33, .is_v8m = true, .cpuid = 0x410fd214, .boot_khz = 64000, .irqs = 270,
	.ficr_addr = 0x00ffc000, .uicr_addr = 0x00ffd000, .ficr_fill = 0xff,
	.ficr = ficr_nrf54l15, .ficr_count = HF_ARRAY_COUNT(ficr_nrf54l15),
	.windows = windows_nrf54l15, .window_count = HF_ARRAY_COUNT(windows_nrf54l15),
	.units = units_nrf54l15, .unit_count = HF_ARRAY_COUNT(units_nrf54l15),
	.dma_reads_flash = true,
	.resetreas_unit_off = 0x600, .reas_pin = 1u << 0, .reas_watchdog = 1u << 1, .reas_soft = 1u << 6, .reas_lockup = 1u << 7,
	.gpregret_off = 0x500,
};

/* ---- boards of chips that have no Holdfast port: for foreign firmware ---- */

static const struct board board_nrf52832 = {
	.name = "nrf52832", .title = "a plain nRF52832 (for foreign firmware)", .chip = "nrf52832",
	.flash_bytes = 0x80000, .ram_addr = 0x20000000, .ram_bytes = 0x10000,
	.sector_bytes = 4096, .write_unit_bytes = 4, .align = 8, .header_bytes = 0x200, .needs_erase = 1,
	.uart_instance = 0, .uart_tx_pin = 6, .uart_rx_pin = 8, .baud = 115200, .led_pin = 17, .led_active_level = 0,
	.cpu_hz = 64000000, .write_unit_us = 41, .sector_erase_us = 85000, .endurance_cycles = 10000,
	.layout_count = 1,
	.layouts = { { .name = "mcuboot", .note = "as Zephyr's nrf52dk_nrf52832 with 48 KB of MCUboot", .loader_addr = 0, .loader_bytes = 0xc000,
		.primary_addr = 0xc000, .primary_bytes = 0x32000, .secondary_addr = 0x3e000, .secondary_bytes = 0x32000 } },
};

const struct board *vb_board_foreign(const char *name)
{
	return strcmp(name, board_nrf52832.name) == 0 ? &board_nrf52832 : NULL;
}

const struct vb_chip *vb_chip_find(const char *name)
{
	static const struct vb_chip *const chips[] = { &vb_chip_nrf52832, &vb_chip_nrf52840, &vb_chip_nrf54l15 };

	for (size_t i = 0; i < HF_ARRAY_COUNT(chips); i++) {
		if (strcmp(chips[i]->name, name) == 0)
			return chips[i];
	}
	return NULL;
}
