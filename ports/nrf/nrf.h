/* SPDX-License-Identifier: MIT */
/* nrf.h - what the two Nordic chips share. Their UARTE, GPIO, TIMER and WDT work alike and differ in addresses, so the code
 * is here once (uarte.c, gpio.c, timer.c, common.c) and each chip's chip.h gives the addresses.
 *
 * Why      A task register is triggered by writing 1; an event register reads 1 once it happened and is cleared by writing 0.
 * Source   Nordic nRF52840 Product Specification, nRF54L15 Datasheet; Nordic MDK (hal_nordic: nrfx/bsp/stable/mdk) nrf52840.svd,
 *          nrf54l15_application.svd. Interrupt bit of an event = (offset - 0x100) / 4.
 */
#ifndef PORTS_NRF_NRF_H
#define PORTS_NRF_NRF_H

#include "../arm/arm.h"
#include "../port.h"
#include "chip.h"

#define NRF_NOT_CONNECTED 0xffffffffu
#define NRF_PIN_NONE 0xffu
#define NRF_PIN_CNF_AT_RESET 0x2u  /* input buffer off */
#define NRF_PIN_CNF_OUTPUT 0x3u
#define NRF_PIN_CNF_INPUT_PULLDOWN 0x4u
#define NRF_PIN_CNF_INPUT_PULLUP 0xcu

/* A pin's PIN_CNF, or its OUTSET/OUTCLR bit. Pins that the chip lacks and NRF_PIN_NONE are ignored. */
void nrf_pin_configure(uint8_t pin, uint32_t value);
void nrf_pin_write(uint8_t pin, bool high);
void nrf_led_release(void);

void nrf_timer_start(void);
void nrf_timer_stop(void);
uint32_t nrf_micros(void);

/* Feeds the WDT at base if it runs. */
void nrf_watchdog_feed(uint32_t base);

/* RXDRDY ends a WFI while on. */
void nrf_uarte_wake(bool on);
void nrf_irq_enable(uint32_t irq);
/* After a sleep: disabled again, pending state gone. */
void nrf_irq_disable(uint32_t irq);

/* Reads shared by both chips' flash areas. */
enum hf_reason nrf_area_read(void *ctx, uint32_t off, void *into, uint32_t size_bytes);

/* In flash.c, for radio_flash.c. Piece index of CHIP_ERASE_PIECES of the sector at addr, each of at most CHIP_ERASE_PIECE_US; the sector is
 * erased after the last. */
bool chip_erase_piece(uint32_t addr, uint32_t index);

#endif
