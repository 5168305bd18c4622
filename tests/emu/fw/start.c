/* SPDX-License-Identifier: MIT */
/* start.c - vectors and drivers of the test firmware, for both chips. */
#include "fw.h"

volatile uint32_t ticks, svc_seen, irq_seen, fault_seen;

static void start(void) __attribute__((noreturn));

static void on_tick(void) { ticks++; }
static void on_svc(void) { svc_seen++; }
static void on_irq(void) { irq_seen++; }

/* A fault handler that steps over the faulting load: the fault-surviving read of a port in short. */
__attribute__((used)) static void fault(uint32_t *frame)
{
	fault_seen++;
	frame[6] += (*(uint16_t *)frame[6] >> 11) >= 0x1d ? 4u : 2u;
	frame[0] = 0xdeadbeef;
}

__attribute__((naked)) static void on_fault(void)
{
	__asm("tst lr, #4\n ite eq\n mrseq r0, msp\n mrsne r0, psp\n b fault");
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16 + 32] = {
	(void *)0x20008000, start, on_fault, on_fault, on_fault, on_fault, on_fault, 0, 0, 0, 0, on_svc, 0, 0, on_irq, on_tick,
	[16 + 2] = on_irq, [16 + 3] = on_irq,
};

static void start(void)
{
	for (uint32_t *word = (uint32_t *)0x20000000; word < (uint32_t *)0x20004000; word++)
		*word = 0;
	uart_start();
	scenario(SCENARIO);
	text("end\n");
	for (;;)
		__asm volatile("wfi");
}

#ifdef CHIP_NRF54L15
#define UART 0x500c6000u
#define START_TX 0x50
#define START_RX 0x28
#define END_TX 0x168
#define END_RX 0x14c
#define TX_PTR 0x73c
#define RX_PTR 0x704
#else
#define UART 0x40002000u
#define START_TX 0x08
#define START_RX 0x00
#define END_TX 0x120
#define END_RX 0x110
#define TX_PTR 0x544
#define RX_PTR 0x534
#endif

void uart_start(void)
{
	REG(UART + 0x524) = 0x01d60000;
	REG(UART + 0x500) = 8;
}

void text(const char *line)
{
	static uint8_t buffer[64];
	uint32_t count = 0;

	while (line[count] != '\0' && count < sizeof buffer) {
		buffer[count] = (uint8_t)line[count];
		count++;
	}
	REG(UART + TX_PTR) = (uint32_t)buffer;
	REG(UART + TX_PTR + 4) = count;
	REG(UART + END_TX) = 0;
	REG(UART + START_TX) = 1;
	while (REG(UART + END_TX) == 0) {
	}
}

void hex(const char *name, uint32_t value)
{
	char line[40];
	uint32_t n = 0;

	while (*name != '\0')
		line[n++] = *name++;
	line[n++] = '=';
	for (int shift = 28; shift >= 0; shift -= 4)
		line[n++] = "0123456789abcdef"[value >> shift & 15];
	line[n++] = '\n';
	line[n] = '\0';
	text(line);
}

void uart_listen(uint8_t *into, uint32_t count, uint32_t again)
{
	REG(UART + RX_PTR) = (uint32_t)into;
	REG(UART + RX_PTR + 4) = count;
	REG(UART + 0x200) = again ? 1u << 5 : 0;
	REG(UART + END_RX) = 0;
	REG(UART + START_RX) = 1;
}

void uart_next(uint8_t *into)
{
	REG(UART + RX_PTR) = (uint32_t)into;
}

uint32_t uart_heard(void)
{
	if (REG(UART + END_RX) == 0)
		return 0;
	REG(UART + END_RX) = 0;
	return REG(UART + RX_PTR + 8);
}

#ifdef CHIP_NRF54L15
#define RRAMC 0x5004b000u
void flash_begin(void)
{
	REG(RRAMC + 0x500) = 1u | ARGUMENT(7) << 8; /* WEN, WRITEBUFSIZE in lines */
	while (REG(RRAMC + 0x400) == 0) {
	}
}
void flash_end(void)
{
	__asm volatile("dsb" ::: "memory");
	REG(RRAMC + 0x008) = 1;
	while (REG(RRAMC + 0x400) == 0 || REG(RRAMC + 0x418) == 0) {
	}
	REG(RRAMC + 0x500) = 0;
}
void page_erase(uint32_t addr)
{
	flash_begin();
	for (uint32_t off = 0; off < 4096; off += 4)
		REG(addr + off) = 0xffffffffu;
	flash_end();
}
#else
#define NVMC 0x4001e000u
void flash_begin(void) { REG(NVMC + 0x504) = 1; }
void flash_end(void) { REG(NVMC + 0x504) = 0; }
void page_erase(uint32_t addr)
{
	REG(NVMC + 0x504) = 2;
	REG(NVMC + 0x508) = addr;
	while (REG(NVMC + 0x400) == 0) {
	}
	REG(NVMC + 0x504) = 0;
}
#endif

void flash_word(uint32_t addr, uint32_t value)
{
	flash_begin();
	REG(addr) = value;
	flash_end();
}

void reset(void)
{
	__asm volatile("dsb");
	AIRCR = 0x05fa0004;
	for (;;) {
	}
}
