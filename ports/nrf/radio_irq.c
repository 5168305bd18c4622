/* SPDX-License-Identifier: MIT */
/* What reaches for registers. Interrupts: RADIO, the low-frequency timer and MPSL's TIMER at priority 0, CLOCK_POWER and the software
 * interrupt below. The vector table of start.c has no entries for them, so a table in RAM takes its place. The software interrupt only leaves
 * a mark: the work itself is done in thread mode, where all calls of the library come from, because it must not be entered twice.
 * Source: nrfxlib mpsl.h; alexmoon/nrf-sdc: nrf-mpsl/src/mpsl.rs (which interrupts on which chip); Arm v7-M and v8-M, NVIC_IPR. */
#include "radio.h"

#include <mpsl.h>

#include <string.h>

#define SYSTEM_VECTORS 16u
#define IRQS (32u * CHIP_IRQ_WORDS)
#define ARM_NVIC_IPR 0xe000e400u
#define PRIORITY_LOW 0x80u /* 4 of 0..7: three bits at the top */
#define STRAY 0u           /* port_radio_fault: an interrupt that nobody enabled */

static void (*vectors[SYSTEM_VECTORS + IRQS])(void) __attribute__((aligned(2048)));
static volatile bool work_waits;

static void stray(void)
{
	port_radio_fault(HF_R_RADIO_FAULT, STRAY);
}

static void low_priority(void)
{
	work_waits = true;
}

void nrf_radio_vectors(void)
{
	memcpy(vectors, (const void *)(uintptr_t)reg_get(ARM_VTOR), SYSTEM_VECTORS * sizeof vectors[0]);
	for (uint32_t i = SYSTEM_VECTORS; i < HF_ARRAY_COUNT(vectors); i++)
		vectors[i] = stray;
	vectors[SYSTEM_VECTORS + CHIP_RADIO_IRQ] = MPSL_IRQ_RADIO_Handler;
	vectors[SYSTEM_VECTORS + CHIP_RADIO_RTC_IRQ] = MPSL_IRQ_RTC0_Handler;
	vectors[SYSTEM_VECTORS + CHIP_RADIO_TIMER_IRQ] = MPSL_IRQ_TIMER0_Handler;
	vectors[SYSTEM_VECTORS + CHIP_RADIO_CLOCK_IRQ] = MPSL_IRQ_CLOCK_Handler;
	vectors[SYSTEM_VECTORS + CHIP_RADIO_SWI_IRQ] = low_priority;
	reg_set(ARM_VTOR, (uint32_t)(uintptr_t)vectors);
	arm_dsb();
}

static void priority_set(uint32_t irq, uint8_t priority)
{
	*(volatile uint8_t *)(uintptr_t)(ARM_NVIC_IPR + irq) = priority;
}

void nrf_radio_interrupts(void)
{
	priority_set(CHIP_RADIO_IRQ, 0);
	priority_set(CHIP_RADIO_RTC_IRQ, 0);
	priority_set(CHIP_RADIO_TIMER_IRQ, 0);
	priority_set(CHIP_RADIO_CLOCK_IRQ, PRIORITY_LOW);
	priority_set(CHIP_RADIO_SWI_IRQ, PRIORITY_LOW);
	nrf_irq_enable(CHIP_RADIO_CLOCK_IRQ);
	nrf_irq_enable(CHIP_RADIO_SWI_IRQ);
	nrf_radio_unmask();
}

void nrf_radio_mask(void)
{
	__asm volatile("cpsid i" ::: "memory");
}

void nrf_radio_unmask(void)
{
	__asm volatile("cpsie i\n"
		       "isb\n" ::: "memory");
}

bool nrf_radio_work_take(void)
{
	bool waits = work_waits;

	work_waits = false;
	return waits;
}

/* With interrupts masked a pending one still ends the sleep, and none can slip in between the look and the sleep. */
void nrf_radio_sleep(uint32_t ms_max)
{
	nrf_radio_mask();
	if (!work_waits && ms_max != 0u)
		port_idle(ms_max);
	else if (!work_waits)
		__asm volatile("dsb\n"
			       "wfi\n" ::: "memory");
	nrf_radio_unmask();
}

/* Static random: the two highest bits are set. Bluetooth Core 5.4, Vol 6 Part B 1.3.2.1. */
void port_radio_address(uint8_t address[6])
{
	uint32_t low = reg_get(CHIP_FICR_DEVICEADDR), high = reg_get(CHIP_FICR_DEVICEADDR + 4u);

	for (uint32_t i = 0; i < 6u; i++)
		address[i] = (uint8_t)((i < 4u ? low : high) >> 8u * (i % 4u));
	address[5] |= 0xc0u;
}
