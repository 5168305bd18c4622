/* SPDX-License-Identifier: MIT */
#include "nrf.h"

#include "chip.h"

/* Offsets and the reload word: MDK, WDT. CRV, RREN and CONFIG can't change once it runs, and a soft reset doesn't stop it, so
 * whatever the application chose has to be fed here: every enabled reload register, or it bites in the middle of a swap. */
#define WDT_RUNSTATUS 0x400u
#define WDT_RREN 0x508u
#define WDT_RR0 0x600u
#define WDT_RELOAD 0x6e524635u

void nrf_watchdog_feed(uint32_t base)
{
	if ((reg_get(base + WDT_RUNSTATUS) & 1u) == 0)
		return;
	uint32_t enabled = reg_get(base + WDT_RREN);
	for (uint32_t i = 0; i < 8; i++) {
		if ((enabled & 1u << i) != 0)
			reg_set(base + WDT_RR0 + 4u * i, WDT_RELOAD);
	}
}

void nrf_irq_enable(uint32_t irq)
{
	reg_set(ARM_NVIC_ISER + 4u * (irq / 32u), 1u << irq % 32u);
}

void nrf_irq_disable(uint32_t irq)
{
	reg_set(ARM_NVIC_ICER + 4u * (irq / 32u), 1u << irq % 32u);
	reg_set(ARM_NVIC_ICPR + 4u * (irq / 32u), 1u << irq % 32u);
}

enum hf_reason nrf_area_read(void *ctx, uint32_t off, void *into, uint32_t size_bytes)
{
	const struct port_area *area = ctx;

	if (arm_guarded_copy(into, (const void *)(uintptr_t)(area->addr + off), size_bytes) != 0)
		return HF_R_FLASH_READ;
	return HF_OK;
}

uint32_t port_flash_bytes(void)
{
	return CHIP_FLASH_BYTES;
}

bool port_is_ram(uint32_t addr)
{
	return addr >= CHIP_RAM_ADDR && addr - CHIP_RAM_ADDR <= CHIP_RAM_BYTES;
}

uint8_t *port_report_area(void)
{
	return (uint8_t *)(uintptr_t)(CHIP_RAM_ADDR + CHIP_RAM_BYTES - 64u);
}

/* RESETREAS has the pin at bit 0 on both families. */
bool port_reset_was_by_pin(void)
{
	return (port_reset_cause() & 1u) != 0;
}

uint32_t port_boot_mode_take(void)
{
	if (reg_get(CHIP_GPREGRET) != PORT_BOOT_MODE_BOOTLOADER)
		return 0;
	reg_set(CHIP_GPREGRET, 0);
	return PORT_BOOT_MODE_BOOTLOADER;
}

void port_boot_mode_set(uint32_t boot_mode)
{
	reg_set(CHIP_GPREGRET, boot_mode);
}

void port_reset(void)
{
	arm_dsb();
	reg_set(ARM_AIRCR, ARM_AIRCR_RESET);
	arm_dsb();
	for (;;)
		;
}

HF_NOINLINE void port_jump(uint32_t vector_addr)
{
	port_uart_stop();
	nrf_led_release();
	nrf_timer_stop();
	chip_stop();
	arm_jump(vector_addr);
}
