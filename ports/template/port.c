/* SPDX-License-Identifier: MIT */
/* port.c - start of a new port: compiles, links, and refuses politely. Copy this folder, then replace one function after the
 * other, top to bottom, in the order of docs/porting.md. Until then the loader stops with HF-1010 at its first flash access. */
#include "../arm/arm.h"
#include "../port.h"
#include "chip.h"

/* 1. Clocks, errata, trims; the debug port first if port_debug_wanted(). */
void port_start(void)
{
	if (port_debug_wanted())
		port_debug_open();
}

/* 2. The flash. Reads go through arm_guarded_copy, so that a line that faults is HF_R_FLASH_READ. Bound every wait. */
static enum hf_reason area_read(void *ctx, uint32_t off, void *into, uint32_t size_bytes)
{
	const struct port_area *area = ctx;

	(void)arm_guarded_copy;
	(void)area->addr;
	(void)off;
	(void)into;
	(void)size_bytes;
	return HF_R_PORT_TEMPLATE;
}

static enum hf_reason area_write(void *ctx, uint32_t off, const void *from, uint32_t size_bytes)
{
	(void)ctx;
	(void)off;
	(void)from;
	(void)size_bytes;
	return HF_R_PORT_TEMPLATE;
}

static enum hf_reason area_erase(void *ctx, uint32_t off, uint32_t size_bytes)
{
	(void)ctx;
	(void)off;
	(void)size_bytes;
	return HF_R_PORT_TEMPLATE;
}

/* Returns when everything that was written is durable, whatever buffer the chip has. */
static enum hf_reason area_sync(void *ctx)
{
	(void)ctx;
	return HF_R_PORT_TEMPLATE;
}

const struct hf_flash port_flash_facts = {
	.sector_bytes = 4096,
	.write_unit_bytes = 4,
	.writes_per_unit_max = 1,
	.erased_byte = 0xff,
	.needs_erase = true,
	.read = area_read,
	.write = area_write,
	.erase = area_erase,
	.sync = area_sync,
};

void port_flash_area(struct hf_flash *flash, struct port_area *area, uint32_t addr, uint32_t size_bytes)
{
	area->addr = addr;
	*flash = port_flash_facts;
	flash->ctx = area;
	flash->size_bytes = size_bytes;
}

uint32_t port_flash_bytes(void)
{
	return 0;
}

bool port_is_ram(uint32_t addr)
{
	return addr >= CHIP_RAM_ADDR && addr - CHIP_RAM_ADDR <= CHIP_RAM_BYTES;
}

/* 3. The UART. TX waits until the bytes are out; RX must not lose bytes while the flash is busy. */
void port_uart_start(uint8_t instance, uint8_t tx_pin, uint8_t rx_pin, uint32_t baud)
{
	(void)instance;
	(void)tx_pin;
	(void)rx_pin;
	(void)baud;
}

void port_uart_write(const void *data, uint32_t size_bytes)
{
	(void)data;
	(void)size_bytes;
}

uint32_t port_uart_read(void *into, uint32_t size_bytes)
{
	(void)into;
	(void)size_bytes;
	return 0;
}

void port_uart_stop(void)
{
}

void port_led(uint8_t pin, uint8_t active_level, bool on)
{
	(void)pin;
	(void)active_level;
	(void)on;
}

/* 4. Time: a free-running counter, no interrupt. Here the count of questions, so that waiting ends. */
uint32_t port_micros(void)
{
	static uint32_t questions;

	return questions++;
}

uint32_t port_millis(void)
{
	return port_micros() / 1000u;
}

void port_idle(uint32_t ms_max)
{
	(void)ms_max;
}

/* 5. Watchdog, reset cause, reset. */
void port_watchdog_feed(void)
{
}

bool port_pin_is(uint8_t pin, uint8_t level)
{
	(void)pin;
	(void)level;
	return false;
}

bool port_reset_was_by_pin(void)
{
	return false;
}

uint32_t port_boot_mode_take(void)
{
	return 0;
}

void port_boot_mode_set(uint32_t boot_mode)
{
	(void)boot_mode;
}

uint32_t port_reset_cause(void)
{
	return 0;
}

void port_reset(void)
{
	arm_dsb();
	reg_set(ARM_AIRCR, ARM_AIRCR_RESET);
	for (;;)
		;
}

/* 6. Something of this very chip that no reader of its flash can know. */
uint32_t port_unique_seed(void)
{
	return 0;
}

/* 7. Debug port and protection of the loader's own flash. */
void port_debug_open(void)
{
}

enum hf_reason port_lock(uint32_t addr, uint32_t size_bytes)
{
	(void)addr;
	(void)size_bytes;
	return HF_R_PORT_LOCK;
}

/* 8. Everything that was turned on goes off, then the architecture's part. */
void port_jump(uint32_t vector_addr)
{
	port_uart_stop();
	arm_jump(vector_addr);
}

uint8_t *port_report_area(void)
{
	return (uint8_t *)(uintptr_t)(CHIP_RAM_ADDR + CHIP_RAM_BYTES - 64u);
}
