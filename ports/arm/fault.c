/* SPDX-License-Identifier: MIT */
/* Guarded reads. A torn RRAM line or a worn page may answer a read with a bus fault, and a loader that dies of it dies at
 * every boot. The copy below is the only code that may fault: the handler knows it by its place and makes it return 1.
 * No flag is kept, so there is nothing to forget to reset. */
#include "arm.h"

#include "../port.h"

void arm_fault(void);
void arm_fault_at(uint32_t *frame);
extern const uint8_t arm_guarded_copy_failed[], arm_guarded_copy_end[];

__asm(".syntax unified\n"
      ".section .text.arm_guarded_copy, \"ax\", %progbits\n"
      ".align 2\n"
      ".thumb\n"
      ".global arm_guarded_copy\n"
      ".type arm_guarded_copy, %function\n"
      ".thumb_func\n"
      "arm_guarded_copy:\n"
      "	orr r3, r0, r1\n"
      "	tst r3, #3\n"
      "	bne 3f\n"
      "1:	subs r2, #4\n"
      "	blo 2f\n"
      "	ldr r3, [r1], #4\n"
      "	str r3, [r0], #4\n"
      "	b 1b\n"
      "2:	adds r2, #4\n"
      "3:	subs r2, #1\n"
      "	blo 4f\n"
      "	ldrb r3, [r1], #1\n"
      "	strb r3, [r0], #1\n"
      "	b 3b\n"
      "4:	movs r0, #0\n"
      "	bx lr\n"
      ".global arm_guarded_copy_failed\n"
      "arm_guarded_copy_failed:\n"
      "	movs r0, #1\n"
      "	bx lr\n"
      ".global arm_guarded_copy_end\n"
      "arm_guarded_copy_end:\n"
      ".size arm_guarded_copy, . - arm_guarded_copy\n"
      ".text\n");

/* The exception frame lies at MSP: PSP is never used here. */
__attribute__((naked)) void arm_fault(void)
{
	__asm volatile("mrs r0, msp\n"
		       "b arm_fault_at\n");
}

/* frame: r0 r1 r2 r3 r12 lr pc xpsr (Arm v7-M B1.5.6). Returning resumes at frame[6]. */
__attribute__((used)) void arm_fault_at(uint32_t *frame)
{
	uint32_t cause = reg_get(ARM_CFSR);
	uint32_t pc = frame[6];
	uint32_t guard_start = (uint32_t)(uintptr_t)arm_guarded_copy & ~1u;
	uint32_t guard_end = (uint32_t)(uintptr_t)arm_guarded_copy_end;

	reg_set(ARM_CFSR, cause);
	reg_set(ARM_HFSR, reg_get(ARM_HFSR));
	if ((cause & ARM_CFSR_ACCESS) != 0 && pc >= guard_start && pc < guard_end)
		frame[6] = (uint32_t)(uintptr_t)arm_guarded_copy_failed & ~1u;
	else
		port_fault(pc, cause);
}
