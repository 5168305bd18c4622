/* SPDX-License-Identifier: MIT */
/* port.h - the contract of a chip: what firmware/ may ask of ports/<chip>/. Nothing above this line knows a register.
 *
 * Why      A new chip is a folder: copy ports/template, make it link, fill it in (docs/porting.md).
 * Shapes   Flash areas are struct hf_flash over absolute addresses; the port turns addr into off, core never sees addr.
 * Order    The reset handler calls port_start, then main. port_jump and port_reset do not return. All of it runs with
 *          interrupts masked: nothing here is called from a handler.
 * Errors   Flash functions as in flash.h; port_lock as it says; everything else cannot fail.
 */
#ifndef PORTS_PORT_H
#define PORTS_PORT_H

#include <holdfast/config.h>

struct port_area {
	uint32_t addr;
};

/* Clocks, trims and errata that the chip demands before anything else. Called once by the reset handler. */
void port_start(void);

/* Fills flash (and area, which must live as long) for addr..addr+size. Reads survive a bus fault: HF_R_FLASH_READ. */
/* What all areas of the chip share: all but ctx and size_bytes. */
extern const struct hf_flash port_flash_facts;
void port_flash_area(struct hf_flash *flash, struct port_area *area, uint32_t addr, uint32_t size_bytes);
/* The chip's memories, so that a layout can be checked before it is believed. */
uint32_t port_flash_bytes(void);
bool port_is_ram(uint32_t addr);         /* addr may be one past the end: a stack pointer */

/* One NOR chip behind QSPI or SPI; only loaders with the driver for it have these. open: wakes the chip if it sleeps and asks who it
 * is; HF_R_EXTERNAL_* is then also what each call of the area answers. external must live until close. addr from HF_EXTERNAL_ADDR
 * on. close: the chip sleeps again if it slept when it was found, peripheral and pins are as at reset. */
enum hf_reason port_external_open(const struct hf_external *external) HF_MUST_USE;
void port_external_area(struct hf_flash *flash, struct port_area *area, uint32_t addr, uint32_t size_bytes);
void port_external_close(void);

/* UART: polled TX; RX into a ring filled by DMA and drained by port_uart_read. Pins are port*32+pin, 0xff none. An unknown
 * instance stays silent. */
void port_uart_start(uint8_t instance, uint8_t tx_pin, uint8_t rx_pin, uint32_t baud);
void port_uart_write(const void *data, uint32_t size_bytes);
uint32_t port_uart_read(void *into, uint32_t size_bytes); /* bytes taken; 0 if none */
void port_uart_stop(void);

void port_led(uint8_t pin, uint8_t active_level, bool on); /* pin 0xff: no LED */
uint32_t port_micros(void);              /* wraps after 71 minutes; take differences */
uint32_t port_millis(void);              /* wraps; take differences; ask at least once an hour */
void port_idle(uint32_t ms_max);         /* sleeps until a byte arrives or about ms_max has passed; may return early */
void port_watchdog_feed(void);           /* feeds whichever watchdog an application left running */
bool port_pin_is(uint8_t pin, uint8_t level); /* read against a pull to the other level, then left as a reset leaves it; 0xff: false */
uint32_t port_reset_cause(void);         /* the chip's RESETREAS bits, not cleared; bits of earlier resets may still be set */
bool port_reset_was_by_pin(void);        /* the reset pin's bit is among them */
/* What an application left for its bootloader in the register that Zephyr's boot mode retention uses on this family (GPREGRET): it
 * survives a soft reset alone. 0 normal, 1 bootloader; other values are left alone and read as 0. Taking it clears it.
 * Source: zephyrproject-rtos/zephyr: include/zephyr/retention/bootmode.h. */
enum { PORT_BOOT_MODE_NORMAL = 0, PORT_BOOT_MODE_BOOTLOADER = 1 };
uint32_t port_boot_mode_take(void);
void port_boot_mode_set(uint32_t boot_mode);
void port_reset(void) __attribute__((noreturn));
uint32_t port_unique_seed(void);         /* per-device value that does not leave the chip; start of journal generations */
void port_debug_open(void);              /* development builds: keep SWD reachable */

/* Write-protects addr..addr+size until the next reset, as much of it as the chip can. HF_R_PORT_LOCK if nothing was. */
enum hf_reason port_lock(uint32_t addr, uint32_t size_bytes) HF_MUST_USE;

/* Peripherals back to reset state, vectors moved, stack limits off, jump. The caller has checked both words there. */
void port_jump(uint32_t vector_addr) __attribute__((noreturn));

/* 64 bytes at the end of RAM that survive a soft reset: the boot report (report.h). */
uint8_t *port_report_area(void);

/* Supplied by firmware/. Asked by port_start, early, so that the debug port opens before anything can go wrong. */
bool port_debug_wanted(void);
/* Supplied by firmware/: the processor faulted at pc, outside a guarded read. */
void port_fault(uint32_t pc, uint32_t cause) __attribute__((noreturn));

#endif
