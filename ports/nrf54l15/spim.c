/* SPDX-License-Identifier: MIT */
/* SPIM00 as the bus of a NOR chip; chip select by GPIO, because a command and its data are two transfers.
 *
 * Mode 3 and not 0, which NOR chips take alike: with CPHA = 0 the first bit after chip select is wrong on the line when it is 1
 * (erratum 8), and users report that the published workaround doesn't always help (DevZone 122809).
 * Source: nRF54L15 Datasheet, SPIM; MDK nrf54l15_application.svd (offsets, reset values); nRF54L15 Errata 8;
 * zephyrproject-rtos/hal_nordic: nrfx/drivers/src/nrfx_spim.c (pins with high drive, SCK idle level before the peripheral is on). */
#include "../nrf/nor.h"

#define SPIM 0x5004a000u
#define SPIM_START (SPIM + 0x000u)
#define SPIM_STOP (SPIM + 0x004u)
#define SPIM_STARTED (SPIM + 0x100u)
#define SPIM_STOPPED (SPIM + 0x104u)
#define SPIM_END (SPIM + 0x108u)
#define SPIM_RX_END (SPIM + 0x14cu)
#define SPIM_RX_READY (SPIM + 0x150u)
#define SPIM_TX_END (SPIM + 0x168u)
#define SPIM_TX_READY (SPIM + 0x16cu)
#define SPIM_ENABLE (SPIM + 0x500u)
#define SPIM_ENABLE_ON 7u
#define SPIM_PRESCALER (SPIM + 0x52cu)
#define SPIM_PRESCALER_AT_RESET 0x40u
#define SPIM_PRESCALER_MIN 4u
#define SPIM_PRESCALER_MAX 126u
#define SPIM_CONFIG (SPIM + 0x554u)
#define SPIM_CONFIG_MODE3 0x6u           /* CPHA, CPOL */
#define SPIM_ORC (SPIM + 0x5c0u)
#define SPIM_PSEL_SCK (SPIM + 0x600u)
#define SPIM_PSEL_MOSI (SPIM + 0x604u)
#define SPIM_PSEL_MISO (SPIM + 0x608u)
#define SPIM_RX_PTR (SPIM + 0x704u)
#define SPIM_RX_MAXCNT (SPIM + 0x708u)
#define SPIM_TX_PTR (SPIM + 0x73cu)
#define SPIM_TX_MAXCNT (SPIM + 0x740u)
#define SPIM_PTR_AT_RESET 0x20000000u
#define SPIM_BASE_HZ 128000000u

#define PIN_CNF_OUTPUT_HIGH_DRIVE 0x503u /* output, input buffer off, H0H1 */
#define PIN_CNF_INPUT 0x0u
/* A page at the slowest clock takes 2 ms. */
#define END_US_MAX 20000u

static uint8_t cs_pin = NRF_PIN_NONE;
static uint32_t head[2]; /* opcode, address, a byte that is nothing */

static bool transfer(const void *out, uint32_t out_bytes, void *in, uint32_t in_bytes)
{
	uint32_t start_us = nrf_micros();

	reg_set(SPIM_TX_PTR, (uint32_t)(uintptr_t)out);
	reg_set(SPIM_TX_MAXCNT, out_bytes);
	reg_set(SPIM_RX_PTR, (uint32_t)(uintptr_t)in);
	reg_set(SPIM_RX_MAXCNT, in_bytes);
	reg_set(SPIM_END, 0);
	arm_dsb();
	reg_set(SPIM_START, 1);
	while (reg_get(SPIM_END) == 0) {
		if (nrf_micros() - start_us > END_US_MAX) {
			reg_set(SPIM_STOP, 1);
			return false;
		}
	}
	arm_dsb();
	return true;
}

/* The opcode with what follows it, then data one way; either may be empty. */
static bool exchange(uint32_t head_bytes, const void *out, uint32_t out_bytes, void *in, uint32_t in_bytes)
{
	nrf_pin_write(cs_pin, false);
	bool is_done = transfer(head, head_bytes, head, 0) && (out_bytes + in_bytes == 0 || transfer(out, out_bytes, in, in_bytes));
	nrf_pin_write(cs_pin, true);
	return is_done;
}

static void head_set(uint8_t opcode, uint32_t off)
{
	head[0] = opcode | (off & 0xff0000u) >> 8 | (off & 0xff00u) << 8 | (off & 0xffu) << 24;
	head[1] = 0;
}

static void pin_out_high(uint8_t pin)
{
	nrf_pin_write(pin, true);
	nrf_pin_configure(pin, PIN_CNF_OUTPUT_HIGH_DRIVE);
}

bool nor_bus_open(const struct hf_external *external, bool is_quad)
{
	uint32_t divisor = (SPIM_BASE_HZ + external->sck_hz - 1u) / external->sck_hz;

	(void)is_quad; /* one line each way */
	divisor = hf_align_up(divisor < SPIM_PRESCALER_MIN ? SPIM_PRESCALER_MIN : divisor, 2u);
	cs_pin = external->cs_pin;
	pin_out_high(cs_pin);
	pin_out_high(external->sck_pin);
	pin_out_high(external->io_pins[0]);
	nrf_pin_configure(external->io_pins[1], PIN_CNF_INPUT);
	pin_out_high(external->io_pins[2]); /* write protection and hold or reset, both active low */
	pin_out_high(external->io_pins[3]);
	reg_set(SPIM_PSEL_SCK, external->sck_pin);
	reg_set(SPIM_PSEL_MOSI, external->io_pins[0]);
	reg_set(SPIM_PSEL_MISO, external->io_pins[1]);
	reg_set(SPIM_PRESCALER, divisor > SPIM_PRESCALER_MAX ? SPIM_PRESCALER_MAX : divisor);
	reg_set(SPIM_CONFIG, SPIM_CONFIG_MODE3);
	reg_set(SPIM_ORC, 0);
	reg_set(SPIM_ENABLE, SPIM_ENABLE_ON);
	return true;
}

static void pin_release(uint8_t pin)
{
	nrf_pin_configure(pin, NRF_PIN_CNF_AT_RESET);
	nrf_pin_write(pin, false);
}

void nor_bus_close(const struct hf_external *external)
{
	static const uint32_t zeros[] = { SPIM_ENABLE, SPIM_STARTED, SPIM_STOPPED, SPIM_END, SPIM_RX_END, SPIM_RX_READY, SPIM_TX_END,
					  SPIM_TX_READY, SPIM_CONFIG, SPIM_RX_MAXCNT, SPIM_TX_MAXCNT };

	for (uint32_t i = 0; i < HF_ARRAY_COUNT(zeros); i++)
		reg_set(zeros[i], 0);
	reg_set(SPIM_PSEL_SCK, NRF_NOT_CONNECTED);
	reg_set(SPIM_PSEL_MOSI, NRF_NOT_CONNECTED);
	reg_set(SPIM_PSEL_MISO, NRF_NOT_CONNECTED);
	reg_set(SPIM_PRESCALER, SPIM_PRESCALER_AT_RESET);
	reg_set(SPIM_RX_PTR, SPIM_PTR_AT_RESET);
	reg_set(SPIM_TX_PTR, SPIM_PTR_AT_RESET);
	pin_release(external->sck_pin);
	for (uint32_t i = 0; i < 4; i++)
		pin_release(external->io_pins[i]);
	pin_release(external->cs_pin);
}

bool nor_bus_command(uint8_t opcode, uint8_t *reply, uint32_t reply_bytes)
{
	head_set(opcode, 0);
	return exchange(1, head, 0, reply, reply_bytes);
}

bool nor_bus_read(uint32_t off, uint32_t size_bytes)
{
	head_set(NOR_FAST_READ, off);
	return exchange(5, head, 0, nor_buffer, size_bytes);
}

static bool write_enable(void)
{
	return nor_bus_command(NOR_WRITE_ENABLE, NULL, 0);
}

bool nor_bus_program(uint32_t off, uint32_t size_bytes)
{
	if (!write_enable())
		return false;
	head_set(NOR_PROGRAM, off);
	return exchange(4, nor_buffer, size_bytes, head, 0);
}

bool nor_bus_erase(uint32_t off)
{
	if (!write_enable())
		return false;
	head_set(NOR_ERASE_4K, off);
	return exchange(4, head, 0, head, 0);
}
