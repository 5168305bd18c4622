/* SPDX-License-Identifier: MIT */
/* port.h - the contract of a chip: what firmware/ may ask of ports/<chip>/. Nothing above this line knows a register.
 *
 * Why      A new chip is a folder: copy ports/template, make it link, fill it in.
 * Shapes   Flash areas are struct hf_flash over absolute addresses; the port turns addr into off, core never sees addr.
 * Order    port_start (called by the reset handler before main) -> anything. port_jump does not return.
 * Errors   Flash functions as in flash.h; everything else cannot fail.
 */
#ifndef PORTS_PORT_H
#define PORTS_PORT_H

#include <holdfast/flash.h>

struct port_area {
	uint32_t addr;
};

/* Fills flash (and area, which must live as long) for addr..addr+size. Reads survive a bus fault: HF_R_FLASH_READ. */
void port_flash_area(struct hf_flash *flash, struct port_area *area, uint32_t addr, uint32_t size_bytes);

/* UART: polled TX; RX into a ring filled by DMA and drained by port_uart_read. Pins are port*32+pin. */
void port_uart_start(uint8_t instance, uint8_t tx_pin, uint8_t rx_pin, uint32_t baud);
void port_uart_write(const void *data, uint32_t size_bytes);
uint32_t port_uart_read(void *into, uint32_t size_bytes); /* bytes taken; 0 if none */
void port_uart_stop(void);

void port_led(uint8_t pin, uint8_t active_level, bool on);
uint32_t port_millis(void);              /* wraps; take differences */
void port_watchdog_feed(void);           /* feeds whichever watchdog an application left running */
uint32_t port_reset_cause(void);         /* the chip's RESETREAS bits, not cleared */
void port_reset(void) __attribute__((noreturn));
uint32_t port_unique_seed(void);         /* per-device value that does not leave the chip; start of journal generations */
void port_debug_open(void);              /* development builds: keep SWD reachable */

/* Peripherals back to reset state, loader region locked (where the chip can), vectors moved, stack limits off, jump. */
void port_jump(uint32_t vector_addr, uint32_t lock_addr, uint32_t lock_bytes) __attribute__((noreturn));

/* 64 bytes at the end of RAM that survive a soft reset: the boot report (report.h). */
uint8_t *port_report_area(void);

#endif
