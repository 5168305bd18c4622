/* SPDX-License-Identifier: MIT */
/* UARTE by EasyDMA, polled, no interrupt taken.
 *
 * RX: two halves of one RAM ring. The short END -> START lets the DMA go on by itself into the half whose address was given
 * while it filled the other, so bytes that arrive during a page erase (the CPU stands still for 85 ms) are not lost. How far a
 * half is filled can't be read from the peripheral before its end, so each byte that was taken is overwritten with a marker,
 * and a byte that differs from the marker has arrived. A received marker byte becomes visible with the next other byte, or
 * at the end of the half; SMP's text frames never hold it.
 * TX: copied to RAM first, because the DMA of the nRF52840 can't read flash.
 * Source: nRF52840 Product Specification, UARTE; nRF54L15 Datasheet, UARTE; Nordic MDK. */
#include "nrf.h"

#include <string.h>

#define RX_HALF_BYTES 2048u
#define RX_MARKER 0xffu
#define RX_LOOK_AHEAD 8u
#define TX_BYTES 64u
#define TX_TIMEOUT_US 100000u /* 64 bytes at 9600 baud take 67 ms */

#define SHORT_RX_END_START (1u << 5)
#define ENABLE_UARTE 8u
#define BAUD_AT_RESET 0x04000000u

static struct {
	uint32_t base;            /* 0: off */
	uint8_t tx_pin;
	uint8_t halves_given;     /* which half the DMA gets next: 0 or 1 */
	uint32_t read_index;      /* next byte to take: 0..2*RX_HALF_BYTES-1 */
	uint8_t tx[TX_BYTES];
	uint8_t rx[2u * RX_HALF_BYTES];
} uart;
/* By themselves and never set back, so that a loader that never reads has no code for what they decide: after port_uart_stop comes
 * the jump. */
static uint8_t rx_pin = NRF_PIN_NONE;
static bool rx_on;

/* The register is not linear in the baud rate: the documented constants (MDK, UARTE BAUDRATE), without their twelve low zeros. */
static uint32_t baud_register(uint32_t baud)
{
	static const struct {
		uint16_t baud_100, value_4k;
	} rows[] = { { 96, 0x275 },	{ 192, 0x4ea },	  { 384, 0x9d0 },   { 576, 0xeb0 },  { 1152, 0x1d60 },
		     { 2304, 0x3b00 },	{ 2500, 0x4000 }, { 4608, 0x7400 }, { 9216, 0xf000 } };

	for (uint32_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		if (rows[i].baud_100 * 100u == baud)
			return (uint32_t)rows[i].value_4k << 12;
	}
	return 0x1d60u << 12; /* 115200, so that a wrong number still leaves a readable log */
}

static void rx_give_half(uint32_t half)
{
	reg_set(uart.base + CHIP_UARTE_RX_PTR, (uint32_t)(uintptr_t)&uart.rx[half * RX_HALF_BYTES]);
	reg_set(uart.base + CHIP_UARTE_RX_MAXCNT, RX_HALF_BYTES);
}

/* Once the DMA has taken an address, the next one may be given. */
static void rx_serve(void)
{
	if (reg_get(uart.base + CHIP_UARTE_RX_STARTED) == 0)
		return;
	reg_set(uart.base + CHIP_UARTE_RX_STARTED, 0);
	uart.halves_given ^= 1u;
	rx_give_half(uart.halves_given);
}

void port_uart_start(uint8_t instance, uint8_t tx_pin, uint8_t from_pin, uint32_t baud)
{
	uart.base = chip_uarte_base(instance);
	uart.tx_pin = tx_pin;
	rx_pin = from_pin;
	if (uart.base == 0)
		return;
	nrf_pin_write(tx_pin, true);
	nrf_pin_configure(tx_pin, NRF_PIN_CNF_OUTPUT);
	reg_set(uart.base + CHIP_UARTE_PSEL_TXD, tx_pin == NRF_PIN_NONE ? NRF_NOT_CONNECTED : tx_pin);
	reg_set(uart.base + CHIP_UARTE_BAUDRATE, baud_register(baud));
	reg_set(uart.base + CHIP_UARTE_ENABLE, ENABLE_UARTE);
}

/* Reception begins with the first read, so that a loader that only logs never runs the DMA. Pins are chosen while the block is off;
 * nothing is being sent here. */
static void rx_start(void)
{
	nrf_pin_configure(rx_pin, NRF_PIN_CNF_INPUT_PULLUP);
	reg_set(uart.base + CHIP_UARTE_ENABLE, 0);
	reg_set(uart.base + CHIP_UARTE_PSEL_RXD, rx_pin);
	reg_set(uart.base + CHIP_UARTE_ENABLE, ENABLE_UARTE);
	memset(uart.rx, RX_MARKER, sizeof uart.rx);
	uart.read_index = 0;
	uart.halves_given = 0;
	rx_give_half(0);
	reg_set(uart.base + CHIP_UARTE_RX_STARTED, 0);
	reg_set(uart.base + CHIP_UARTE_SHORTS, SHORT_RX_END_START);
	reg_set(uart.base + CHIP_UARTE_STARTRX, 1);
	rx_on = true;
}

void port_uart_write(const void *data, uint32_t size_bytes)
{
	const uint8_t *from = data;

	if (uart.base == 0 || uart.tx_pin == NRF_PIN_NONE)
		return;
	while (size_bytes != 0) {
		uint32_t part_bytes = size_bytes < TX_BYTES ? size_bytes : TX_BYTES;
		memcpy(uart.tx, from, part_bytes);
		reg_set(uart.base + CHIP_UARTE_TX_PTR, (uint32_t)(uintptr_t)uart.tx);
		reg_set(uart.base + CHIP_UARTE_TX_MAXCNT, part_bytes);
		reg_set(uart.base + CHIP_UARTE_TX_END, 0);
		arm_dsb();
		reg_set(uart.base + CHIP_UARTE_STARTTX, 1);
		uint32_t start_us = nrf_micros();
		while (reg_get(uart.base + CHIP_UARTE_TX_END) == 0 && nrf_micros() - start_us < TX_TIMEOUT_US) {
			if (rx_on)
				rx_serve();
		}
		from += part_bytes;
		size_bytes -= part_bytes;
	}
}

/* A marker byte in the ring is data if something behind it has arrived. */
static bool marker_is_data(uint32_t index)
{
	for (uint32_t i = 1; i <= RX_LOOK_AHEAD; i++) {
		if (uart.rx[(index + i) % sizeof uart.rx] != RX_MARKER)
			return true;
	}
	return false;
}

uint32_t port_uart_read(void *into, uint32_t size_bytes)
{
	uint8_t *bytes = into;
	uint32_t taken = 0;

	if (uart.base == 0 || rx_pin == NRF_PIN_NONE)
		return 0;
	if (!rx_on)
		rx_start();
	rx_serve();
	reg_set(uart.base + CHIP_UARTE_RXDRDY, 0);
	while (taken < size_bytes) {
		uint8_t *next = &uart.rx[uart.read_index];
		if (*next == RX_MARKER && !marker_is_data(uart.read_index))
			break;
		bytes[taken++] = *next;
		*next = RX_MARKER;
		uart.read_index = (uart.read_index + 1u) % (uint32_t)sizeof uart.rx;
	}
	return taken;
}

static void zero(const uint16_t *registers, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		reg_set(uart.base + registers[i], 0);
}

static void rx_forget(void)
{
	static const uint16_t rx_zeroed[] = { CHIP_UARTE_RX_STARTED, CHIP_UARTE_RX_END, CHIP_UARTE_RXTO, CHIP_UARTE_RXDRDY, CHIP_UARTE_RX_MAXCNT };
	zero(rx_zeroed, HF_ARRAY_COUNT(rx_zeroed));
	reg_set(uart.base + CHIP_UARTE_PSEL_RXD, NRF_NOT_CONNECTED);
	reg_set(uart.base + CHIP_UARTE_RX_PTR, CHIP_UARTE_PTR_AT_RESET);
	nrf_pin_configure(rx_pin, NRF_PIN_CNF_AT_RESET);
}

/* TX is idle here: each write waits for its end. The block goes back to what a reset leaves, pins included, because the
 * application may give them to something else. */
void port_uart_stop(void)
{
	if (uart.base == 0)
		return;
	reg_set(uart.base + CHIP_UARTE_SHORTS, 0);
	reg_set(uart.base + CHIP_UARTE_STOPTX, 1);
	if (rx_on)
		reg_set(uart.base + CHIP_UARTE_STOPRX, 1);
	uint32_t start_us = nrf_micros();
	while (nrf_micros() - start_us < 1000u &&
	       (reg_get(uart.base + CHIP_UARTE_TXSTOPPED) == 0 || (rx_on && reg_get(uart.base + CHIP_UARTE_RXTO) == 0)))
		;
	reg_set(uart.base + CHIP_UARTE_ENABLE, 0);
	static const uint16_t tx_zeroed[] = { CHIP_UARTE_TX_STARTED, CHIP_UARTE_TX_END, CHIP_UARTE_TXDRDY, CHIP_UARTE_TXSTOPPED,
					      CHIP_UARTE_ERROR, CHIP_UARTE_TX_MAXCNT };
	zero(tx_zeroed, HF_ARRAY_COUNT(tx_zeroed));
	reg_set(uart.base + CHIP_UARTE_PSEL_TXD, NRF_NOT_CONNECTED);
	reg_set(uart.base + CHIP_UARTE_BAUDRATE, BAUD_AT_RESET);
	reg_set(uart.base + CHIP_UARTE_TX_PTR, CHIP_UARTE_PTR_AT_RESET);
	nrf_pin_configure(uart.tx_pin, NRF_PIN_CNF_AT_RESET);
	nrf_pin_write(uart.tx_pin, false);
	if (rx_on)
		rx_forget();
	uart.base = 0;
}

void nrf_uarte_wake(bool on)
{
	if (!rx_on)
		return;
	reg_set(uart.base + (on ? CHIP_UARTE_INTENSET : CHIP_UARTE_INTENCLR), CHIP_UARTE_INT_RXDRDY);
	if (on)
		nrf_irq_enable(chip_uarte_irq(uart.base));
	else
		nrf_irq_disable(chip_uarte_irq(uart.base));
}
