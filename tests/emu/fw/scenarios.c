/* SPDX-License-Identifier: MIT */
/* scenarios.c - what the test firmware can be told to do; tests/emu/test_*.c look at what comes of it. */
#include "fw.h"

#define AREA 0x10000u /* flash that scenarios may use */

static void hello(void)
{
	text("hello\n");
}

static void write_words(void)
{
	uint32_t count = ARGUMENT(0), value = ARGUMENT(1);

	flash_begin();
	for (uint32_t i = 0; i < count; i++)
		REG(AREA + 4 * i) = value + i;
	flash_end();
	text("written\n");
}

static void write_twice(void)
{
	for (uint32_t i = 0; i < ARGUMENT(0); i++)
		flash_word(AREA, ~(1u << i));
	hex("word", REG(AREA));
}

static void erase_and_write(void)
{
	page_erase(AREA);
	flash_word(AREA + 4, 0x12345678);
	hex("word", REG(AREA + 4));
}

static void store_outside(void)
{
	REG(AREA) = 0x11111111;
	hex("word", REG(AREA));
}

static void store_byte(void)
{
	flash_begin();
	*(volatile uint8_t *)(AREA + 1) = 0x5a;
	flash_end();
	hex("word", REG(AREA));
	hex("faults", fault_seen);
	hex("cfsr", CFSR);
	hex("bfar", BFAR);
}

/* Two buffers, the next one armed while the last is filled: nothing is lost between ENDRX and STARTRX. */
static void echo_bytes(void)
{
	static uint8_t in[2][8];
	static char all[64];
	uint32_t got = 0, which = 0;

	uart_listen(in[0], ARGUMENT(0), 1);
	uart_next(in[1]);
	text("ready\n");
	while (got < ARGUMENT(1)) {
		uint32_t count = uart_heard();
		for (uint32_t i = 0; i < count && got < sizeof all - 1; i++)
			all[got++] = (char)in[which][i];
		if (count == 0)
			continue;
		uart_next(in[which]);
		which ^= 1;
	}
	text(all);
	text("\n");
}

static void ticks_and_sleep(void)
{
	SYST_LOAD = 64000 - 1;
	SYST_VAL = 0;
	SYST_CTRL = 7;
	while (ticks < ARGUMENT(0))
		__asm volatile("wfi");
	SYST_CTRL = 0;
	hex("ticks", ticks);
}

static void exceptions(void)
{
	register float a __asm("s5");

	REG(0xe000ed88) |= 0xf00000;
	__asm volatile("dsb\n isb\n vmov.f32 s5, #2.5");
	__asm volatile("svc 1");
	hex("svc", svc_seen);
	__asm volatile("cpsid i");
	ICSR = 1u << 28;
	ISER(0) = 1u << 3;
	REG(0xe000ef00) = 3; /* STIR: interrupt 3 */
	hex("masked", irq_seen);
	__asm volatile("cpsie i\n isb");
	hex("irq", irq_seen);
	__asm volatile("vmov %0, s5" : "=r"(a));
	__asm volatile("vmov r0, s5\n mov %0, r0" : "=r"(ticks) : : "r0");
	hex("float", ticks);
}

static void watchdog(void)
{
#ifdef CHIP_NRF54L15
	const uint32_t base = 0x50108000u, reasons = 0x5010e600u;
#else
	const uint32_t base = 0x40010000u, reasons = 0x40000400u;
#endif
	hex("reasons", REG(reasons));
	if (REG(reasons) != 0)
		return;
	REG(base + 0x504) = 32768 / 10;
	REG(base + 0x000) = 1;
	for (uint32_t i = 0; i < ARGUMENT(0); i++) {
		for (volatile uint32_t wait = 0; wait < 20000; wait++) {
		}
		REG(base + 0x600) = 0x6e524635;
	}
	text("starving\n");
	for (;;) {
	}
}

static void unknown_register(void)
{
	text("before\n");
#ifdef CHIP_NRF54L15
	hex("value", REG(0x50012340));
#else
	hex("value", REG(0x40012340));
#endif
}

static void read_damaged(void)
{
	uint32_t value;

	for (uint32_t off = 0; off < 64; off += 16) {
		__asm volatile("ldr r0, [%1]\n mov %0, r0" : "=r"(value) : "r"(AREA + off) : "r0");
		hex("line", value);
	}
	hex("faults", fault_seen);
	hex("cfsr", CFSR);
	hex("bfar", BFAR);
	if (ARGUMENT(0) != 0) {
		page_erase(AREA);
		hex("again", REG(AREA + 16));
	}
}

static void read_unstable(void)
{
	uint32_t differing = 0, first = REG(AREA);

	for (uint32_t i = 0; i < 32; i++)
		differing |= REG(AREA) ^ first;
	hex("differing", differing);
}

static void lose_buffer(void)
{
#ifdef CHIP_NRF54L15
	hex("line", REG(AREA));
	if (REG(AREA) != 0xffffffffu || REG(0x5010e600) != 0)
		return;
	flash_begin();
	REG(AREA) = 0x13572468;
	hex("seen", REG(AREA));
	reset();
#endif
}

static void soft_reset(void)
{
#ifdef CHIP_NRF54L15
	volatile uint32_t *kept = &REG(0x5010e500), *reasons = &REG(0x5010e600);
#else
	volatile uint32_t *kept = &REG(0x4000051c), *reasons = &REG(0x40000400);
#endif
	hex("reasons", *reasons);
	hex("kept", *kept);
	hex("ram", REG(0x20007000));
	if (*kept == 0x42)
		return;
	*kept = 0x42;
	REG(0x20007000) = 0x77;
	reset();
}

static void code_rewritten(void)
{
	/* mov r0, #1; bx lr becomes mov r0, #0 (bits only go down) */
	uint32_t (*function)(void) = (uint32_t(*)(void))(AREA + 1);

	flash_word(AREA, 0x47702001);
	hex("first", function());
	page_erase(AREA);
	flash_word(AREA, 0x47702007);
	hex("second", function());
}

static void timer_polled(void)
{
#ifdef CHIP_NRF54L15
	const uint32_t base = 0x500ca000u;
#else
	const uint32_t base = 0x40008000u;
#endif
	uint32_t polls = 0;

	REG(base + 0x508) = 3;
	REG(base + 0x510) = 4;
	REG(base + 0x000) = 1;
	do {
		REG(base + 0x040) = 1;
		polls++;
	} while (REG(base + 0x540) < 250000);
	hex("few", polls < 5000);
}

/* A fault whose frame has nowhere to go: lockup. */
static void stack_below_ram(void)
{
	text("falling\n");
	__asm volatile("mov sp, %0\n ldr r0, [%1]" : : "r"(0x20000004u), "r"(0x60000000u) : "r0");
}

/* Every access of the vendor's start-up code is known. */
static void vendor_start(void)
{
#ifdef CHIP_NRF54L15
	static const uint32_t stores[][2] = { { 0x50120800, 1 }, { 0x5005340c, 1 }, { 0x500dc500, 0x50fa00f0 }, { 0x500dc500, 0x50fa0001 },
		{ 0x500dc700, 0x50fa00f0 }, { 0x500dc700, 0x50fa0001 }, { 0x50120440, 0xc8 }, { 0x50120640, 0x1ea9e040 }, { 0x5008a7ac, 0x040a0078 },
		{ 0x50120624, 0x34 }, { 0x5012063c, 0 }, { 0x5010e600, 0xfffffffe }, { 0x5004b518, 3 }, { 0x5004b5a0, 0 }, { 0xe0082404, 1 },
		{ 0x5012071c, 0x10 }, { 0x50120904, 0x10 }, { 0x50120600, 1 } };
	for (uint32_t i = 0; i < sizeof stores / sizeof stores[0]; i++)
		REG(stores[i][0]) = stores[i][1];
	hex("pll", REG(0x50120804));
	hex("debug", REG(0x500dc500) & 1u);
	hex("revision", REG(0x00ffc344));
#endif
}

/* Up to three stores, as firmware that is wrong might make them; then, if the last argument says so, one into flash. */
static void stores(void)
{
	for (uint32_t i = 0; i < 3; i++) {
		if (ARGUMENT(2 * i) != 0xffffffffu)
			REG(ARGUMENT(2 * i)) = ARGUMENT(2 * i + 1);
	}
	if (ARGUMENT(6) != 0xffffffffu)
		flash_word(AREA, ARGUMENT(6));
}

void scenario(uint32_t which)
{
	static void (*const list[])(void) = { hello, write_words, write_twice, erase_and_write, store_outside, store_byte, echo_bytes,
		ticks_and_sleep, exceptions, watchdog, unknown_register, read_damaged, read_unstable, lose_buffer, soft_reset, code_rewritten,
		timer_polled, stack_below_ram, vendor_start, stores };

	if (which < sizeof list / sizeof list[0])
		list[which]();
}
