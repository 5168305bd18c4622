/* SPDX-License-Identifier: MIT */
/* chip.h - what a chip is made of: registers by class, peripherals by kind, and the table that names them.
 *
 * Why      A chip is data (chips.c). A kind is written once and used at as many addresses as chips have it.
 * Shapes   A unit is one peripheral at one address. Its kind lists the registers it knows; what isn't listed stops the board.
 */
#ifndef VB_CHIP_H
#define VB_CHIP_H

#include "vboard.h"

#include <unicorn/unicorn.h>

#define VB_UNITS_MAX 72u
#define VB_UNIT_BYTES 0x1000u
#define VB_EXCEPTIONS 304u
#define VB_PAGE_BYTES 4096u
#define VB_RX_BYTES 8192u
#define VB_CUTS_MAX 64u
#define VB_RECORDS_MAX 256u
#define VB_FINDINGS_MAX 64u
#define VB_WEAK_MAX 4096u
#define VB_NEVER UINT64_MAX
#define VB_MEMO 8192u
#define VB_PINS 96u

enum vb_reg_class {
	VB_R_UNKNOWN,
	VB_R_RW,       /* stores and reads back; no effect */
	VB_R_RO,       /* reads its value; a write is a finding */
	VB_R_TASK,     /* kind->task on a write of 1; reads 0 */
	VB_R_EVENT,    /* set by the model, cleared by writing 0 */
	VB_R_INTEN,
	VB_R_INTENSET,
	VB_R_INTENCLR,
	VB_R_W1C,
	VB_R_CALL      /* kind->read, kind->write */
};
#define VB_R_KEEP 0x80u /* or-ed to a class: survives a soft reset */

struct vb_reg {
	uint16_t off;
	uint8_t class_keep;
	uint16_t words;
	uint32_t reset;
};

struct vb_unit;
struct vb_kind {
	const char *name;
	const struct vb_reg *regs;
	uint32_t reg_count;
	uint8_t inten_groups;      /* 1; GRTC 4 */
	bool keeps;                /* survives a soft reset as a whole (watchdog) */
	void (*reset)(struct vb *vb, uint32_t unit, bool power);
	void (*task)(struct vb *vb, uint32_t unit, uint32_t off);
	uint32_t (*read)(struct vb *vb, uint32_t unit, uint32_t off);
	void (*write)(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value);
	void (*due)(struct vb *vb, uint32_t unit);
};

struct vb_unit {
	const char *name;
	const struct vb_kind *kind;
	uint32_t base;
	uint16_t irq;              /* 0xffff: none */
	uint16_t arg;              /* instance, channel count...: the kind's business */
};

struct vb_span {
	uint32_t base, size_bytes;
};
struct vb_word {
	uint32_t addr, value;
};

struct vb_chip {
	const char *name;
	uc_cpu_arm cpu;
	bool is_v8m;
	uint32_t cpuid;
	uint32_t boot_khz;         /* CPU clock at reset */
	uint32_t irqs;
	uint32_t ficr_addr, uicr_addr;
	uint8_t ficr_fill;
	const struct vb_word *ficr;
	uint32_t ficr_count;
	const struct vb_span *windows;
	uint32_t window_count;
	const struct vb_unit *units;
	uint32_t unit_count;
	bool dma_reads_flash;
	uint32_t resetreas_unit_off; /* in the unit named CLOCK */
	uint32_t reas_soft, reas_lockup, reas_pin, reas_watchdog; /* watchdog n: shifted by n */
	uint32_t gpregret_off;
};

const struct board *vb_board_foreign(const char *name);
const struct vb_chip *vb_chip_find(const char *name);
extern const struct vb_chip vb_chip_nrf52832, vb_chip_nrf52840, vb_chip_nrf54l15;

#endif
