/* SPDX-License-Identifier: MIT */
/* chip.h - nRF54L15: memories and register addresses, the same lines in the same order as the other chips' chip.h.
 *
 * Why      Secure aliases throughout (0x5...): the CPU leaves reset in secure state with the SAU off.
 * Source   Nordic MDK (zephyrproject-rtos/hal_nordic: nrfx/bsp/stable/mdk) nrf54l15_application.svd and
 *          nrf54l15_xxaa_application_memory.h for every address; nRF54L15 Datasheet for what they do.
 */
#ifndef PORTS_NRF54L15_CHIP_H
#define PORTS_NRF54L15_CHIP_H

#include <stdint.h>

#define CHIP_FLASH_BYTES 0x17d000u
#define CHIP_RAM_ADDR 0x20000000u
#define CHIP_RAM_BYTES 0x40000u
#define CHIP_PAGE_BYTES 4096u           /* a logical sector: RRAM has no pages */
#define CHIP_WRITE_UNIT_BYTES 16u       /* a line */
#define CHIP_IRQ_WORDS 9u               /* 270 lines */
#define CHIP_FPCCR_AT_RESET 0xc0000004u /* ASPEN, LSPEN, S. Cortex-M33 TRM */

#define CHIP_GPREGRET 0x5010e500u        /* POWER, RESET: survives a soft reset, a lockup and System OFF */

#define CHIP_TIMER_BASE 0x500ce000u     /* TIMER24: the radio's library owns TIMER10 and TIMER20 */
#define CHIP_TIMER_IRQ 206u

#define CHIP_FICR_DEVICEADDR 0x00ffc3a4u
#define CHIP_RADIO_IRQ 138u             /* RADIO_0, GRTC_3, TIMER10, CLOCK_POWER: MPSL's */
#define CHIP_RADIO_RTC_IRQ 229u
#define CHIP_RADIO_TIMER_IRQ 133u
#define CHIP_RADIO_CLOCK_IRQ 261u
#define CHIP_RADIO_SWI_IRQ 28u          /* SWI00: pended by MPSL for its low priority work */
#define CHIP_WRITE_PIECE_BYTES 64u      /* 4 lines of 88 us */
#define CHIP_WRITE_PIECE_US 400u
#define CHIP_ERASE_PIECES 64u           /* RRAM has no erase: lines of 0xff */
#define CHIP_ERASE_PIECE_US 400u

#define CHIP_GPIO_OUTSET 0x004u
#define CHIP_GPIO_OUTCLR 0x008u
#define CHIP_GPIO_IN 0x00cu
#define CHIP_GPIO_PIN_CNF 0x080u

/* UARTE20, 21, 22, 30: the DMA registers have moved since the nRF52, and so has nearly every event. */
#define CHIP_UARTE_STARTRX 0x028u
#define CHIP_UARTE_STOPRX 0x02cu
#define CHIP_UARTE_STARTTX 0x050u
#define CHIP_UARTE_STOPTX 0x054u
#define CHIP_UARTE_RXDRDY 0x110u
#define CHIP_UARTE_RX_END 0x14cu
#define CHIP_UARTE_TXDRDY 0x10cu
#define CHIP_UARTE_TX_END 0x168u
#define CHIP_UARTE_ERROR 0x114u
#define CHIP_UARTE_RXTO 0x124u
#define CHIP_UARTE_RX_STARTED 0x150u    /* DMA.RX.READY: pointer taken */
#define CHIP_UARTE_TX_STARTED 0x16cu    /* DMA.TX.READY */
#define CHIP_UARTE_TXSTOPPED 0x130u
#define CHIP_UARTE_SHORTS 0x200u
#define CHIP_UARTE_INTENSET 0x304u
#define CHIP_UARTE_INTENCLR 0x308u
#define CHIP_UARTE_INT_RXDRDY (1u << 4)
#define CHIP_UARTE_ENABLE 0x500u
#define CHIP_UARTE_PSEL_TXD 0x604u      /* pin 4:0, port 7:5, 31 = not connected: our port*32+pin */
#define CHIP_UARTE_PSEL_RXD 0x60cu
#define CHIP_UARTE_BAUDRATE 0x524u
#define CHIP_UARTE_RX_PTR 0x704u
#define CHIP_UARTE_RX_MAXCNT 0x708u
#define CHIP_UARTE_TX_PTR 0x73cu
#define CHIP_UARTE_TX_MAXCNT 0x740u
#define CHIP_UARTE_PTR_AT_RESET 0x20000000u

static inline uint32_t chip_uarte_base(uint8_t instance)
{
	return instance >= 20u && instance <= 22u ? 0x500c6000u + 0x1000u * (instance - 20u) : instance == 30u ? 0x50104000u : 0;
}

static inline uint32_t chip_uarte_irq(uint32_t base)
{
	return base == 0x50104000u ? 260u : 198u + ((base - 0x500c6000u) >> 12);
}

/* P0 has 7 pins, P1 16, P2 11: other numbers are no pin. */
static inline uint32_t chip_gpio_base(uint8_t pin)
{
	return pin < 7u		      ? 0x5010a000u
	       : pin >= 32u && pin < 48u ? 0x500d8200u
	       : pin >= 64u && pin < 75u ? 0x50050400u
					 : 0;
}

/* A push below the limit faults instead of running into .bss. 0 is no limit. */
static inline void chip_stack_limit(uint32_t limit)
{
	__asm volatile("msr msplim, %0\n"
		       "msr psplim, %1\n" ::"r"(limit),
		       "r"(0));
}

/* What this chip's start turned on goes off again, before a jump. */
void chip_stop(void);
/* After code or region rights changed: coherence of the cache with RRAM writes is not documented. */
void chip_cache_invalidate(void);

#endif
