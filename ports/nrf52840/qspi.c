/* SPDX-License-Identifier: MIT */
/* The QSPI peripheral as the bus of a NOR chip. No memory-mapped reads: they and register accesses don't mix (errata 215, 216).
 * Source: nRF52840 Product Specification, QSPI; MDK nrf52840.svd (offsets, reset values); nRF52840 Errata 122;
 * zephyrproject-rtos/hal_nordic: nrfx/drivers/src/nrfx_qspi.c (order of configuration, pins with high drive). */
#include "../nrf/nor.h"

#define QSPI 0x40029000u
#define QSPI_ACTIVATE (QSPI + 0x000u)
#define QSPI_READSTART (QSPI + 0x004u)
#define QSPI_WRITESTART (QSPI + 0x008u)
#define QSPI_ERASESTART (QSPI + 0x00cu)
#define QSPI_DEACTIVATE (QSPI + 0x010u)
#define QSPI_ERRATUM_122 (QSPI + 0x054u)
#define QSPI_READY (QSPI + 0x100u)
#define QSPI_ENABLE (QSPI + 0x500u)
#define QSPI_READ_SRC (QSPI + 0x504u)
#define QSPI_READ_DST (QSPI + 0x508u)
#define QSPI_READ_CNT (QSPI + 0x50cu)
#define QSPI_WRITE_DST (QSPI + 0x510u)
#define QSPI_WRITE_SRC (QSPI + 0x514u)
#define QSPI_WRITE_CNT (QSPI + 0x518u)
#define QSPI_ERASE_PTR (QSPI + 0x51cu)
#define QSPI_ERASE_LEN (QSPI + 0x520u)
#define QSPI_PSEL_SCK (QSPI + 0x524u)
#define QSPI_PSEL_CSN (QSPI + 0x528u)
#define QSPI_PSEL_IO(n) (QSPI + 0x530u + 4u * (n))
#define QSPI_IFCONFIG0 (QSPI + 0x544u)
#define QSPI_IFCONFIG0_READ4O 3u         /* 6Bh: data on four lines; 0: 0Bh. Programs by 02h in either case */
#define QSPI_IFCONFIG1 (QSPI + 0x600u)
#define QSPI_IFCONFIG1_AT_RESET 0x00040480u
#define QSPI_CINSTRCONF (QSPI + 0x634u)
#define QSPI_CINSTRCONF_AT_RESET 0x2000u
#define QSPI_CINSTRCONF_IO23_HIGH 0x3000u
#define QSPI_CINSTRDAT0 (QSPI + 0x638u)
#define QSPI_BASE_HZ 32000000u
#define QSPI_DIVISOR_MAX 16u

/* High drive, input buffer off, as the peripheral expects it; the pull-up keeps WP and HOLD away from a chip whose lines are not
 * four. */
#define PIN_CNF_QSPI 0x30eu
/* A page at the slowest clock on one line takes 1.2 ms. */
#define READY_US_MAX 20000u

static bool wait_ready(void)
{
	uint32_t start_us = nrf_micros();

	while (reg_get(QSPI_READY) == 0) {
		if (nrf_micros() - start_us > READY_US_MAX)
			return false;
	}
	return true;
}

static bool run(uint32_t task, uint32_t value)
{
	reg_set(QSPI_READY, 0);
	arm_dsb();
	reg_set(task, value);
	return wait_ready();
}

static void pins_configure(const struct hf_external *external, uint32_t value)
{
	nrf_pin_configure(external->sck_pin, value);
	nrf_pin_configure(external->cs_pin, value);
	for (uint32_t i = 0; i < 4; i++)
		nrf_pin_configure(external->io_pins[i], value);
}

static uint32_t psel(uint8_t pin)
{
	return pin == NRF_PIN_NONE ? NRF_NOT_CONNECTED : pin;
}

bool nor_bus_open(const struct hf_external *external, bool is_quad)
{
	uint32_t divisor = (QSPI_BASE_HZ + external->sck_hz - 1u) / external->sck_hz;

	if (divisor > QSPI_DIVISOR_MAX)
		divisor = QSPI_DIVISOR_MAX;
	pins_configure(external, PIN_CNF_QSPI);
	reg_set(QSPI_PSEL_SCK, psel(external->sck_pin));
	reg_set(QSPI_PSEL_CSN, psel(external->cs_pin));
	for (uint32_t i = 0; i < 4; i++)
		reg_set(QSPI_PSEL_IO(i), psel(external->io_pins[i]));
	reg_set(QSPI_IFCONFIG0, is_quad ? QSPI_IFCONFIG0_READ4O : 0);
	reg_set(QSPI_IFCONFIG1, QSPI_IFCONFIG1_AT_RESET | (divisor - 1u) << 28);
	reg_set(QSPI_ENABLE, 1);
	return run(QSPI_ACTIVATE, 1);
}

/* Erratum 122: without the undocumented word the peripheral draws current although it is off. */
void nor_bus_close(const struct hf_external *external)
{
	reg_set(QSPI_DEACTIVATE, 1);
	reg_set(QSPI_ERRATUM_122, 1);
	reg_set(QSPI_ENABLE, 0);
	reg_set(QSPI_READY, 0);
	for (uint32_t reg = QSPI_READ_SRC; reg <= QSPI_ERASE_LEN; reg += 4u)
		reg_set(reg, 0);
	reg_set(QSPI_PSEL_SCK, NRF_NOT_CONNECTED);
	reg_set(QSPI_PSEL_CSN, NRF_NOT_CONNECTED);
	for (uint32_t i = 0; i < 4; i++)
		reg_set(QSPI_PSEL_IO(i), NRF_NOT_CONNECTED);
	reg_set(QSPI_IFCONFIG0, 0);
	reg_set(QSPI_IFCONFIG1, QSPI_IFCONFIG1_AT_RESET);
	reg_set(QSPI_CINSTRCONF, QSPI_CINSTRCONF_AT_RESET); /* the peripheral is off: this starts nothing */
	reg_set(QSPI_CINSTRDAT0, 0);
	pins_configure(external, NRF_PIN_CNF_AT_RESET);
}

bool nor_bus_command(uint8_t opcode, uint8_t *reply, uint32_t reply_bytes)
{
	reg_set(QSPI_CINSTRDAT0, 0);
	if (!run(QSPI_CINSTRCONF, opcode | (1u + reply_bytes) << 8 | QSPI_CINSTRCONF_IO23_HIGH))
		return false;
	uint32_t data = reg_get(QSPI_CINSTRDAT0);
	for (uint32_t i = 0; i < reply_bytes; i++)
		reply[i] = (uint8_t)(data >> (8u * i));
	return true;
}

bool nor_bus_read(uint32_t off, uint32_t size_bytes)
{
	reg_set(QSPI_READ_SRC, off);
	reg_set(QSPI_READ_DST, (uint32_t)(uintptr_t)nor_buffer);
	reg_set(QSPI_READ_CNT, size_bytes);
	bool is_done = run(QSPI_READSTART, 1);
	arm_dsb();
	return is_done;
}

/* The peripheral sends the write enable itself, before a program and before an erase. */
bool nor_bus_program(uint32_t off, uint32_t size_bytes)
{
	reg_set(QSPI_WRITE_DST, off);
	reg_set(QSPI_WRITE_SRC, (uint32_t)(uintptr_t)nor_buffer);
	reg_set(QSPI_WRITE_CNT, size_bytes);
	return run(QSPI_WRITESTART, 1);
}

bool nor_bus_erase(uint32_t off)
{
	reg_set(QSPI_ERASE_PTR, off);
	reg_set(QSPI_ERASE_LEN, 0); /* 4 KB */
	return run(QSPI_ERASESTART, 1);
}
