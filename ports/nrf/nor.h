/* SPDX-License-Identifier: MIT */
/* nor.h - the bus under a NOR flash chip: nrf52840/qspi.c and nrf54l15/spim.c, both driven by nor.c.
 *
 * Why      What a NOR chip is told is the same on both; how the bytes get onto the lines is not.
 * Shapes   Data goes through nor_buffer, in RAM and word-aligned, because the DMA of the nRF52840 reaches nothing else.
 * Order    open -> (command, read, program, erase)* -> close. program and erase return when the chip has taken the command; that it is
 *          done is seen in its status (nor.c).
 * Errors   false: the peripheral did not finish in time. A chip that is not there is no error here: its lines read ones or zeros.
 * Source   Opcodes: JEDEC JESD216 (SFDP) names them for both chips; MX25R6435F data sheet; zephyrproject-rtos/zephyr:
 *          drivers/flash/spi_nor.h.
 */
#ifndef PORTS_NRF_NOR_H
#define PORTS_NRF_NOR_H

#include "nrf.h"

#define NOR_PAGE_BYTES 256u
#define NOR_ERASE_BYTES 4096u /* of opcode 20h */
#define NOR_REPLY_BYTES_MAX 4u

#define NOR_READ_STATUS 0x05u
#define NOR_READ_STATUS2 0x35u
#define NOR_WRITE_ENABLE 0x06u
#define NOR_READ_ID 0x9fu
#define NOR_FAST_READ 0x0bu   /* three address bytes, one that is nothing */
#define NOR_PROGRAM 0x02u
#define NOR_ERASE_4K 0x20u
#define NOR_SLEEP 0xb9u       /* deep power-down */
#define NOR_WAKE 0xabu        /* and, after three bytes, the old one-byte signature: a chip that sleeps still says it */

extern uint32_t nor_buffer[NOR_PAGE_BYTES / 4u];

/* is_quad: data of reads on four lines; the chip has been seen to be set up for it. */
bool nor_bus_open(const struct hf_external *external, bool is_quad);
void nor_bus_close(const struct hf_external *external);
/* The opcode, then as many bytes as reply_bytes (at most NOR_REPLY_BYTES_MAX) are clocked in. */
bool nor_bus_command(uint8_t opcode, uint8_t *reply, uint32_t reply_bytes);
/* off and size_bytes are multiples of 4; size_bytes at most a page; a program stays inside one page. */
bool nor_bus_read(uint32_t off, uint32_t size_bytes);
bool nor_bus_program(uint32_t off, uint32_t size_bytes);
bool nor_bus_erase(uint32_t off);

#endif
