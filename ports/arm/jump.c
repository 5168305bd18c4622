/* SPDX-License-Identifier: MIT */
#include "arm.h"

#include "chip.h"

/* An image built for a reset expects what a reset leaves: MPU and FPU off, no stack limit (a stale MSPLIM faults on the first
 * push), thread mode on MSP, interrupts enabled but none of them on. */
void arm_jump(uint32_t vector_addr)
{
	const uint32_t *words = (const uint32_t *)(uintptr_t)vector_addr;

	arm_quiet(CHIP_IRQ_WORDS);
	reg_set(ARM_MPU_CTRL, 0);
	reg_set(ARM_FPCCR, CHIP_FPCCR_AT_RESET);
	reg_set(ARM_CPACR, 0);
	reg_set(ARM_VTOR, vector_addr);
	chip_stack_limit(0);
	__asm volatile("dsb\n"
		       "isb\n"
		       "movs r2, #0\n"
		       "msr basepri, r2\n"
		       "msr faultmask, r2\n"
		       "msr control, r2\n"
		       "isb\n"
		       "msr psp, r2\n"
		       "msr msp, %0\n"
		       "mov lr, #-1\n"
		       "cpsie i\n"
		       "bx %1\n"
		       :
		       : "r"(words[0]), "r"(words[1])
		       : "r2", "lr", "memory");
	__builtin_unreachable();
}
