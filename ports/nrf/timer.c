/* SPDX-License-Identifier: MIT */
/* One 32-bit TIMER at 1 MHz, read by capture: no interrupt, and no drift however long the CPU is stalled by the flash. */
#include "nrf.h"

/* Offsets: MDK, TIMER. */
#define TIMER_START 0x000u
#define TIMER_STOP 0x004u
#define TIMER_CLEAR 0x00cu
#define TIMER_CAPTURE0 0x040u
#define TIMER_COMPARE1 0x144u
#define TIMER_INTENSET 0x304u
#define TIMER_INTENCLR 0x308u
#define TIMER_INT_COMPARE1 (1u << 17)
#define TIMER_BITMODE 0x508u
#define TIMER_BITMODE_32 3u
#define TIMER_BITMODE_AT_RESET 0u
#define TIMER_PRESCALER 0x510u
#define TIMER_PRESCALER_1MHZ 4u /* 16 MHz / 2^4; the value at reset */
#define TIMER_CC0 0x540u
#define TIMER_CC1 0x544u

static uint32_t last_us, rest_us, total_ms;

void nrf_timer_start(void)
{
	reg_set(CHIP_TIMER_BASE + TIMER_STOP, 1);
	reg_set(CHIP_TIMER_BASE + TIMER_BITMODE, TIMER_BITMODE_32);
	reg_set(CHIP_TIMER_BASE + TIMER_PRESCALER, TIMER_PRESCALER_1MHZ);
	reg_set(CHIP_TIMER_BASE + TIMER_CLEAR, 1);
	reg_set(CHIP_TIMER_BASE + TIMER_START, 1);
}

void nrf_timer_stop(void)
{
	reg_set(CHIP_TIMER_BASE + TIMER_STOP, 1);
	reg_set(CHIP_TIMER_BASE + TIMER_CLEAR, 1);
	reg_set(CHIP_TIMER_BASE + TIMER_BITMODE, TIMER_BITMODE_AT_RESET);
	reg_set(CHIP_TIMER_BASE + TIMER_CC0, 0);
	reg_set(CHIP_TIMER_BASE + TIMER_CC1, 0);
	reg_set(CHIP_TIMER_BASE + TIMER_COMPARE1, 0);
}

HF_NOINLINE uint32_t nrf_micros(void)
{
	reg_set(CHIP_TIMER_BASE + TIMER_CAPTURE0, 1);
	return reg_get(CHIP_TIMER_BASE + TIMER_CC0);
}

uint32_t port_micros(void)
{
	return nrf_micros();
}

uint32_t port_millis(void)
{
	uint32_t now_us = nrf_micros();
	uint32_t passed_us = now_us - last_us;

	last_us = now_us;
	total_ms += passed_us / 1000u;
	rest_us += passed_us % 1000u;
	if (rest_us >= 1000u) {
		rest_us -= 1000u;
		total_ms++;
	}
	return total_ms;
}

/* Interrupts are enabled in the NVIC only so that WFI ends; PRIMASK keeps them from being taken. A byte that came before
 * the sleep has left its event set, so the sleep ends at once. */
void port_idle(uint32_t ms_max)
{
	uint32_t sleep_us = (ms_max < 1000u ? ms_max : 1000u) * 1000u;

	reg_set(CHIP_TIMER_BASE + TIMER_COMPARE1, 0);
	reg_set(CHIP_TIMER_BASE + TIMER_CC1, nrf_micros() + sleep_us);
	reg_set(CHIP_TIMER_BASE + TIMER_INTENSET, TIMER_INT_COMPARE1);
	nrf_irq_enable(CHIP_TIMER_IRQ);
	nrf_uarte_wake(true);
	__asm volatile("dsb\n"
		       "wfi\n" ::: "memory");
	nrf_uarte_wake(false);
	reg_set(CHIP_TIMER_BASE + TIMER_INTENCLR, TIMER_INT_COMPARE1);
	reg_set(CHIP_TIMER_BASE + TIMER_COMPARE1, 0);
	nrf_irq_disable(CHIP_TIMER_IRQ);
}
