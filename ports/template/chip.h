/* SPDX-License-Identifier: MIT */
/* chip.h - start of a new port: what ports/arm asks of a chip. With Nordic peripherals, copy ports/nrf52840/chip.h instead.
 *
 * Source   Name the document and its version for every number you put here.
 */
#ifndef PORTS_TEMPLATE_CHIP_H
#define PORTS_TEMPLATE_CHIP_H

#include <stdint.h>

#define CHIP_RAM_ADDR 0x20000000u
#define CHIP_RAM_BYTES 0x40000u
#define CHIP_IRQ_WORDS 1u /* interrupt lines / 32, rounded up */
#define CHIP_FPCCR_AT_RESET 0xc0000000u /* of the core: Cortex-M4 0xc0000000, Cortex-M33 0xc0000004 */

/* Cortex-M33 and later: msr msplim, and 0 is no limit. Cortex-M4 and earlier: nothing. */
static inline void chip_stack_limit(uint32_t limit)
{
	(void)limit;
}

#endif
