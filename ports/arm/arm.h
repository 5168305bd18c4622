/* SPDX-License-Identifier: MIT */
/* arm.h - what every Cortex-M port shares: start, faults, guarded reads, the last steps before a jump.
 *
 * Why      These are facts of the architecture, not of a chip.
 * Order    The vector table leads to arm_reset: quiet, RAM set up, port_start, main.
 * Source   Arm v7-M Architecture Reference Manual B3.2 and Arm v8-M Architecture Reference Manual (system control space,
 *          SysTick, NVIC, fault registers); the addresses are those of both.
 */
#ifndef PORTS_ARM_ARM_H
#define PORTS_ARM_ARM_H

#include <stdint.h>

#define ARM_SYSTICK_CTRL 0xe000e010u
#define ARM_SYSTICK_LOAD 0xe000e014u
#define ARM_SYSTICK_VAL 0xe000e018u
#define ARM_NVIC_ISER 0xe000e100u
#define ARM_NVIC_ICER 0xe000e180u
#define ARM_NVIC_ICPR 0xe000e280u
#define ARM_ICSR 0xe000ed04u
#define ARM_ICSR_CLEAR 0x0a000000u     /* PENDSVCLR, PENDSTCLR */
#define ARM_VTOR 0xe000ed08u
#define ARM_AIRCR 0xe000ed0cu
#define ARM_AIRCR_RESET 0x05fa0004u    /* key, SYSRESETREQ */
#define ARM_CFSR 0xe000ed28u           /* write one to clear: 7:0 memory, 15:8 bus, 31:16 usage */
#define ARM_CFSR_ACCESS 0x0000ffffu
#define ARM_HFSR 0xe000ed2cu           /* write one to clear */
#define ARM_CPACR 0xe000ed88u
#define ARM_NSACR 0xe000ed8cu
#define ARM_MPU_CTRL 0xe000ed94u
#define ARM_FPCCR 0xe000ef34u

static inline uint32_t reg_get(uint32_t addr)
{
	return *(volatile uint32_t *)(uintptr_t)addr;
}

static inline void reg_set(uint32_t addr, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)addr = value;
}

static inline void arm_dsb(void)
{
	__asm volatile("dsb" ::: "memory");
}

/* Interrupts masked, none enabled or pending, SysTick off: how a loader begins and how it ends. irq_words is the chip's
 * number of 32-line NVIC words. */
void arm_quiet(uint32_t irq_words);

/* Copies memory that may fault. 0: done; 1: an access faulted, into holds some of it. */
uint32_t arm_guarded_copy(void *into, const void *from, uint32_t size_bytes);

/* The way out: system registers back to reset, VTOR, stack pointers, branch. The chip has cleaned up after itself before. */
void arm_jump(uint32_t vector_addr) __attribute__((noreturn));

#endif
