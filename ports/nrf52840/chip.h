/* SPDX-License-Identifier: MIT */
/* chip.h - nRF52840: memories and register addresses, the same lines in the same order as the other chips' chip.h.
 *
 * Source   Nordic MDK (zephyrproject-rtos/hal_nordic: nrfx/bsp/stable/mdk) nrf52840.svd and nrf52840_xxaa_memory.h for every
 *          address; nRF52840 Product Specification for what they do; nRF52840 Errata for the numbers named.
 */
#ifndef PORTS_NRF52840_CHIP_H
#define PORTS_NRF52840_CHIP_H

#include <stdint.h>

#define CHIP_FLASH_BYTES 0x100000u
#define CHIP_RAM_ADDR 0x20000000u
#define CHIP_RAM_BYTES 0x40000u
#define CHIP_PAGE_BYTES 4096u
#define CHIP_WRITE_UNIT_BYTES 4u
#define CHIP_IRQ_WORDS 2u               /* 48 lines */
#define CHIP_FPCCR_AT_RESET 0xc0000000u /* ASPEN, LSPEN. Cortex-M4 TRM */

#define CHIP_GPREGRET 0x4000051cu        /* POWER, RESET: survives a soft reset, a lockup and System OFF */

#define CHIP_TIMER_BASE 0x4001b000u     /* TIMER4: the radio's library owns TIMER0 */
#define CHIP_TIMER_IRQ 27u

#define CHIP_FICR_DEVICEADDR 0x100000a4u
#define CHIP_RADIO_IRQ 1u               /* RADIO, RTC0, TIMER0, CLOCK_POWER: MPSL's */
#define CHIP_RADIO_RTC_IRQ 11u
#define CHIP_RADIO_TIMER_IRQ 8u
#define CHIP_RADIO_CLOCK_IRQ 0u
#define CHIP_RADIO_SWI_IRQ 20u          /* EGU0_SWI0: pended by MPSL for its low priority work */
#define CHIP_WRITE_PIECE_BYTES 64u      /* 16 words of 41 us */
#define CHIP_WRITE_PIECE_US 700u
#define CHIP_ERASE_PIECES 18u           /* partial erases of 5 ms: 85 ms in all, and one for good measure */
#define CHIP_ERASE_PIECE_US 5000u

#define CHIP_GPIO_OUTSET 0x508u
#define CHIP_GPIO_OUTCLR 0x50cu
#define CHIP_GPIO_IN 0x510u
#define CHIP_GPIO_PIN_CNF 0x700u

/* UARTE0, UARTE1. There is no ENDTX -> STOPTX short. */
#define CHIP_UARTE_STARTRX 0x000u
#define CHIP_UARTE_STOPRX 0x004u
#define CHIP_UARTE_STARTTX 0x008u
#define CHIP_UARTE_STOPTX 0x00cu
#define CHIP_UARTE_RXDRDY 0x108u
#define CHIP_UARTE_RX_END 0x110u
#define CHIP_UARTE_TXDRDY 0x11cu
#define CHIP_UARTE_TX_END 0x120u
#define CHIP_UARTE_ERROR 0x124u
#define CHIP_UARTE_RXTO 0x144u
#define CHIP_UARTE_RX_STARTED 0x14cu
#define CHIP_UARTE_TX_STARTED 0x150u
#define CHIP_UARTE_TXSTOPPED 0x158u
#define CHIP_UARTE_SHORTS 0x200u
#define CHIP_UARTE_INTENSET 0x304u
#define CHIP_UARTE_INTENCLR 0x308u
#define CHIP_UARTE_INT_RXDRDY (1u << 2)
#define CHIP_UARTE_ENABLE 0x500u
#define CHIP_UARTE_PSEL_TXD 0x50cu      /* pin 4:0, port 5, 31 = not connected: our port*32+pin */
#define CHIP_UARTE_PSEL_RXD 0x514u
#define CHIP_UARTE_BAUDRATE 0x524u
#define CHIP_UARTE_RX_PTR 0x534u
#define CHIP_UARTE_RX_MAXCNT 0x538u
#define CHIP_UARTE_TX_PTR 0x544u
#define CHIP_UARTE_TX_MAXCNT 0x548u
#define CHIP_UARTE_PTR_AT_RESET 0u

static inline uint32_t chip_uarte_base(uint8_t instance)
{
	return instance == 0 ? 0x40002000u : instance == 1 ? 0x40028000u : 0;
}

static inline uint32_t chip_uarte_irq(uint32_t base)
{
	return base == 0x40002000u ? 2u : 40u;
}

/* P0 has 32 pins, P1 16. */
static inline uint32_t chip_gpio_base(uint8_t pin)
{
	return pin < 32u ? 0x50000000u : pin < 48u ? 0x50000300u : 0;
}

/* The Cortex-M4 has no stack limit registers. */
static inline void chip_stack_limit(uint32_t limit)
{
	(void)limit;
}

/* What this chip's start turned on goes off again, before a jump. */
void chip_stop(void);

#endif
