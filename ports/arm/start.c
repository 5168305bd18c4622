/* SPDX-License-Identifier: MIT */
#include "arm.h"

#include <string.h>

#include "chip.h"
#include "../port.h"

/* From the linker script. */
extern uint32_t link_stack_top[], link_stack_limit[];
extern uint8_t link_data_start[], link_data_end[], link_bss_start[], link_bss_end[];
extern const uint8_t link_data_load[];

int main(void);
void arm_reset(void) __attribute__((noreturn));
void arm_fault(void);
void arm_fault_at(uint32_t *frame);

/* Only the sixteen system entries: no interrupt is ever enabled here without PRIMASK set, so none is ever taken. */
struct arm_vectors {
	void *stack_top;
	void (*entry[15])(void);
};

__attribute__((section(".vectors"), used)) static const struct arm_vectors vectors = {
	.stack_top = link_stack_top,
	.entry = { arm_reset, arm_fault, arm_fault, arm_fault, arm_fault, arm_fault, arm_fault, arm_fault, arm_fault, arm_fault,
		   arm_fault, arm_fault, arm_fault, arm_fault, arm_fault },
};

void arm_quiet(uint32_t irq_words)
{
	__asm volatile("cpsid i" ::: "memory");
	reg_set(ARM_SYSTICK_CTRL, 0);
	reg_set(ARM_SYSTICK_LOAD, 0);
	reg_set(ARM_SYSTICK_VAL, 0);
	for (uint32_t i = 0; i < irq_words; i++) {
		reg_set(ARM_NVIC_ICER + 4u * i, 0xffffffffu);
		reg_set(ARM_NVIC_ICPR + 4u * i, 0xffffffffu);
	}
	reg_set(ARM_ICSR, ARM_ICSR_CLEAR);
}

/* Another loader may have started this one, so nothing of the reset state is taken for granted. */
void arm_reset(void)
{
	arm_quiet(CHIP_IRQ_WORDS);
	reg_set(ARM_VTOR, (uint32_t)(uintptr_t)&vectors);
	arm_dsb();
	memcpy(link_data_start, link_data_load, (size_t)(link_data_end - link_data_start));
	memset(link_bss_start, 0, (size_t)(link_bss_end - link_bss_start));
	chip_stack_limit((uint32_t)(uintptr_t)link_stack_limit);
	port_start();
	(void)main();
	port_reset();
}
