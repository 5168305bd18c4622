/* SPDX-License-Identifier: MIT */
/* fw.h - registers and helpers of the test firmware. It is small on purpose: what it does is what a test looks at. */
#ifndef FW_H
#define FW_H

#include <stdint.h>

#define REG(addr) (*(volatile uint32_t *)(addr))
#define SCENARIO REG(0x7000)      /* which scenario to run: a word that the test puts into flash */
#define ARGUMENT(n) REG(0x7004 + 4 * (n))

#define SYST_CTRL REG(0xe000e010)
#define SYST_LOAD REG(0xe000e014)
#define SYST_VAL REG(0xe000e018)
#define ISER(n) REG(0xe000e100 + 4 * (n))
#define ICSR REG(0xe000ed04)
#define VTOR REG(0xe000ed08)
#define AIRCR REG(0xe000ed0c)
#define SHCSR REG(0xe000ed24)
#define CFSR REG(0xe000ed28)
#define HFSR REG(0xe000ed2c)
#define BFAR REG(0xe000ed38)

void text(const char *line);                       /* prints and waits */
void hex(const char *name, uint32_t value);        /* "name=1234abcd\n" */
void uart_start(void);
void uart_listen(uint8_t *into, uint32_t count, uint32_t again); /* again: ENDRX -> STARTRX */
void uart_next(uint8_t *into);
uint32_t uart_heard(void);                         /* a buffer is full: bytes, event cleared; else 0 */
void flash_begin(void);
void flash_end(void);
void flash_word(uint32_t addr, uint32_t value);    /* begin, store, end */
void page_erase(uint32_t addr);
void reset(void);
void scenario(uint32_t which);

extern volatile uint32_t ticks, svc_seen, irq_seen, fault_seen;

#endif
