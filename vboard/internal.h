/* SPDX-License-Identifier: MIT */
/* internal.h - what the pieces of the board share. Not for users: vboard.h is.
 *
 * Why      Everything the guest can change is one plain struct (struct vb_state), so a snapshot is a copy; everything that
 *          belongs to the host (the emulator, hooks, caches) is struct vb.
 * Shapes   Registers live in state.unit[i].reg, one word each; their classes come from the kind's table (chip.h).
 * Order    Functions named vb_*_in_hook may run inside the emulator and must not start or stop it except by vb_attention and
 *          vb_break.
 */
#ifndef VB_INTERNAL_H
#define VB_INTERNAL_H

#include "chip.h"

struct vb_uarte_state {
	bool rx_on, tx_on, tx_stop;
	uint32_t rx_ptr, rx_max, rx_count;
	uint32_t tx_ptr, tx_max;
	uint64_t rx_next_ns, tx_end_ns;
};

struct vb_timer_state { /* TIMER, RTC, GRTC */
	bool on;
	uint64_t base_ns;      /* when count was base_count */
	uint64_t base_count;
	uint64_t seen;         /* compares up to this count have had their event */
	uint32_t armed;        /* channels whose compare is still to come */
};

struct vb_wdt_state {
	bool on;
	uint64_t end_ns;
};

struct vb_line {
	uint32_t addr;
	uint16_t written;      /* bytes stored since it was loaded into the buffer */
	uint8_t old[16];
};
struct vb_rramc_state {
	struct vb_line line[32];
	uint32_t lines, window; /* window: address of the buffer's first line */
	bool committing;
	uint64_t next_ns;
};

/* The external flash chip (nor.c): what it is doing. Its cells are vb.external. */
struct vb_nor_state {
	enum vb_external external;
	bool is_selected, is_deaf, is_asleep, wel, is_quad, op_is_erase;
	uint8_t opcode;
	uint32_t count, data_bytes, polls; /* bytes since chip select, of these behind opcode and address; looks at the status */
	uint32_t addr;
	uint8_t page[256], wanted[256], old[VB_PAGE_BYTES];
	uint64_t busy_ns, wake_ns;
	uint32_t op_off, op_bytes;         /* under way; 0 bytes: nothing */
	uint32_t touched_bytes;            /* behind these all is erased */
};

struct vb_unit_state {
	uint32_t reg[VB_UNIT_BYTES / 4];
	uint64_t due_ns;
	union {
		struct vb_uarte_state uarte;
		struct vb_timer_state timer;
		struct vb_wdt_state wdt;
		struct vb_rramc_state rramc;
	} u;
};

struct vb_systick {
	uint32_t ctrl, load;
	uint64_t base_ns;      /* a moment when the counter was reloaded */
	uint64_t wraps_seen;   /* for COUNTFLAG */
	uint64_t due_ns;
};

struct vb_cpu_state {
	uint8_t pend[VB_EXCEPTIONS], active[VB_EXCEPTIONS], enable[VB_EXCEPTIONS], prio[VB_EXCEPTIONS], line[VB_EXCEPTIONS];
	uint32_t best;         /* pending exception of highest priority, 0 none */
	int best_prio, run_prio;
	bool dirty;
	bool asleep, wfe;
};

struct vb_armed_cut {
	struct vb_cut cut;
	uint64_t at;           /* absolute count of its scope */
};

struct vb_weak {
	uint32_t addr, mask;   /* word; mask 0: a faulting line's word */
};

struct vb_state {
	struct vb_counters n;
	uint64_t base_ns, base_instructions, loader_stall_ns;
	uint32_t khz;
	struct vb_cpu_state cpu;
	struct vb_systick systick;
	struct vb_unit_state unit[VB_UNITS_MAX];
	uint64_t next_due_ns;
	uint64_t poll_ns;      /* see clock.c */
	uint32_t polls;
	uint64_t poll_instructions;
	uint8_t rx[VB_RX_BYTES];
	uint32_t rx_first, rx_count;
	uint32_t until_matched;
	bool until_seen;
	uint32_t wdt_which;
	bool on;
	uint64_t progress_instructions; /* at the last reset; lockup loops */
	uint64_t progress_operations;
	uint32_t barren_resets;
	struct vb_armed_cut armed[VB_CUTS_MAX];
	uint32_t armed_count;
	struct vb_cut_record record[VB_RECORDS_MAX];
	uint32_t record_count;
	struct vb_weak weak[VB_WEAK_MAX];
	uint32_t weak_count;
	uint32_t random;
	struct vb_nor_state nor;
};

/* Why the emulator returned, beyond its own error code. */
enum vb_break {
	VB_B_NONE, VB_B_CUT, VB_B_SOFT_RESET, VB_B_WATCHDOG, VB_B_OFF, VB_B_FINDING, VB_B_IDLE
};

struct vb_fault {
	bool is;
	bool is_write, is_fetch, is_prot;
	uint32_t addr;
};

struct vb_memo {
	uint32_t addr, key, count;
};

struct vb_window {
	struct vb *vb;
	uint32_t base;
};

struct vb {
	const struct board *board;
	const struct vb_chip *chip;
	struct vb_options options;
	struct vb_host host;
	uint32_t loader_addr, loader_bytes;
	uint8_t *flash, *ram, *ficr, *uicr;
	uint8_t *credit;            /* NOR: programs of each word since its erase */
	uint32_t *wear;             /* a page (NOR) or line (RRAM) each */
	uint8_t *external;          /* the external flash; NULL: the board has none */
	uint32_t *external_wear;    /* 4 KB each */
	uint8_t pin_drive[VB_PINS]; /* 0 nobody, 1 low, 2 high */
	struct vb_led led;
	uint32_t units_per_wear_bytes;
	struct vb_state s;
	char until[128];
	uint32_t until_length;
	bool stay_off;
	struct vb_finding finding[VB_FINDINGS_MAX];
	uint32_t finding_count, finding_last;
	vb_op_fn op_watch;
	void *op_ctx;

	/* the emulator */
	uc_engine *uc;
	uc_context *pristine;
	uint32_t engine_serial;     /* of the emulator now open */
	bool precise;               /* the engine now open watches each instruction */
	struct vb_window window[8];
	uint32_t block_pc, block_bytes;
	bool attention;             /* something for vb_run's loop: stop at the next block */
	uint64_t attention_at;      /* instructions */
	uint64_t service_at, limit_at;
	enum vb_break brk;
	uint32_t interrupt;         /* of the emulator's own numbering; 0xffffffff none */
	struct vb_fault fault;
	bool stopped_by_us;
	uint8_t exec_page[1024], stale_page[1024];
	bool any_stale;
	uint32_t away_page;         /* damaged page that is mapped for one instruction; 0xffffffff none */
	uint8_t damaged_page[512];
	bool any_damaged;
	uint32_t memo_key;
	struct vb_memo memo[VB_MEMO];
	uint8_t reg_class[VB_UNITS_MAX][VB_UNIT_BYTES / 4];
	uint32_t serial_unit;       /* the UARTE that is the serial line */
	uint32_t nvm_unit, clock_unit, ppi_unit, ppi_depth;
};

/* machine.c */
void vb_attention(struct vb *vb);
void vb_break(struct vb *vb, enum vb_break brk);     /* ends the emulator's run now; guest state is lost or irrelevant */
bool vb_in_loader(const struct vb *vb, uint32_t addr);
uint32_t vb_random(struct vb *vb);

/* finding.c */
void vb_find(struct vb *vb, enum hf_reason reason, uint32_t addr, uint32_t value, bool is_write, bool fatal);
uint32_t vb_pc(const struct vb *vb);

/* engine.c */
enum hf_reason vb_engine_open(struct vb *vb, bool precise) HF_MUST_USE;
void vb_engine_close(struct vb *vb);
void vb_engine_reset(struct vb *vb);
void vb_engine_drop_stale(struct vb *vb);
uc_err vb_engine_go(struct vb *vb, uint32_t pc);
void vb_flash_touched(struct vb *vb, uint32_t addr, uint32_t size_bytes); /* translations of it are stale */
void vb_ram_touched(struct vb *vb);
uint8_t *vb_memory(struct vb *vb, uint32_t addr, uint32_t size_bytes, bool for_dma_write); /* NULL: not RAM (or flash) */
void vb_page_back(struct vb *vb, uint32_t page);

/* thumb.c */
uint32_t vb_thumb_count(const uint8_t *code, uint32_t size_bytes);
/* Offset of the first instruction that addresses addr with these registers; UINT32_MAX: none. */
uint32_t vb_thumb_find(const uint8_t *code, uint32_t size_bytes, const uint32_t registers[16], uint32_t addr);

/* clock.c */
uint64_t vb_now(const struct vb *vb);
void vb_clock_rate(struct vb *vb, uint32_t khz);
void vb_stall(struct vb *vb, uint64_t ns, bool is_flash);
void vb_due(struct vb *vb, uint32_t unit, uint64_t ns);
void vb_clock_rearm(struct vb *vb);
void vb_run_due(struct vb *vb);
void vb_polled(struct vb *vb);        /* a register that software waits on was read */
void vb_not_idle(struct vb *vb);      /* something happened: no idle polling */
void vb_pause(struct vb *vb, uint64_t ns);
bool vb_sleep(struct vb *vb);         /* CPU asleep: time passes till something is due; false: nothing ever will be */

/* cpu.c: exceptions */
uint32_t vb_reg(struct vb *vb, int id);
void vb_reg_set(struct vb *vb, int id, uint32_t value);
void vb_cpu_reset(struct vb *vb);
void vb_cpu_pend(struct vb *vb, uint32_t exception);
void vb_cpu_line(struct vb *vb, uint32_t irq, bool level);
bool vb_cpu_ready(struct vb *vb);     /* a pending exception may be taken now */
bool vb_cpu_wakes(struct vb *vb);     /* a pending interrupt ends WFI, masked by PRIMASK or not */
bool vb_cpu_take(struct vb *vb);      /* false: frame outside RAM (lockup) */
bool vb_cpu_return(struct vb *vb);    /* false: bad return (lockup) */
bool vb_cpu_fault(struct vb *vb, uint32_t exception, uint32_t cfsr, uint32_t addr); /* false: lockup */
void vb_cpu_update(struct vb *vb);

/* scs.c: system control space */
extern const struct vb_kind vb_kind_scs, vb_kind_dwt;
uint32_t *vb_scs_word(struct vb *vb, uint32_t off);
void vb_systick_due(struct vb *vb);

/* unit.c: register files */
uint32_t vb_unit_at(const struct vb *vb, uint32_t addr); /* VB_UNITS_MAX: none */
uint64_t vb_mmio_read(struct vb *vb, uint32_t addr, uint32_t size_bytes);
void vb_mmio_write(struct vb *vb, uint32_t addr, uint32_t size_bytes, uint32_t value);
uint32_t *vb_word(struct vb *vb, uint32_t unit, uint32_t off);
void vb_event(struct vb *vb, uint32_t unit, uint32_t off);
void vb_unit_irq(struct vb *vb, uint32_t unit);
void vb_units_build(struct vb *vb);
void vb_units_reset(struct vb *vb, bool power);
uint32_t vb_unit_named(const struct vb *vb, const char *name);

/* flash.c: what NVMC and RRAMC share */
bool vb_op_begin(struct vb *vb, enum vb_op op, uint32_t addr, enum vb_variant *variant); /* true: cut in it */
void vb_op_end(struct vb *vb, enum vb_op op, uint32_t addr, uint64_t ns);
void vb_cut_now(struct vb *vb, enum vb_op op, uint32_t addr, enum vb_variant variant);
void vb_weak_set(struct vb *vb, uint32_t addr, uint32_t size_bytes, uint32_t mask);
void vb_weak_clear(struct vb *vb, uint32_t addr, uint32_t size_bytes, uint32_t kept_bits);
bool vb_weak_read(struct vb *vb, uint32_t addr, uint32_t size_bytes); /* randomises weak bits; false: it faults */
void vb_damage_pages(struct vb *vb);
void vb_wear_add(struct vb *vb, uint32_t addr, uint32_t wear_unit);
uint8_t *vb_nvm(struct vb *vb, uint32_t addr); /* flash or UICR byte; NULL */

/* nvmc.c, rramc.c: the flash controllers. A store arrives here; false: bus fault. */
extern const struct vb_kind vb_kind_nvmc, vb_kind_rramc;
bool vb_nvmc_store(struct vb *vb, uint32_t addr, uint32_t size_bytes, uint32_t value);
bool vb_rramc_store(struct vb *vb, uint32_t addr, uint32_t size_bytes, uint32_t value);
void vb_rramc_lose(struct vb *vb, bool is_bug); /* the write buffer at a reset or cut */
void vb_nvmc_count_credits(struct vb *vb);

/* nor.c: the external flash chip; a byte goes in and one comes out while it is selected. power false: what was under way is torn. */
bool vb_nor_make(struct vb *vb);
void vb_nor_power(struct vb *vb, bool on);
void vb_nor_select(struct vb *vb, bool selected);
uint8_t vb_nor_byte(struct vb *vb, uint8_t out);
/* spi.c */
extern const struct vb_kind vb_kind_qspi, vb_kind_serial00;
/* uarte.c */
extern const struct vb_kind vb_kind_uarte, vb_kind_uarte_l;
void vb_uarte_fed(struct vb *vb, bool was_idle);

/* periph_time.c, periph_misc.c */
extern const struct vb_kind vb_kind_timer, vb_kind_timer_l, vb_kind_rtc, vb_kind_grtc, vb_kind_wdt;
extern const struct vb_kind vb_kind_clock, vb_kind_clock_l, vb_kind_osc_l, vb_kind_gpio, vb_kind_gpio_l, vb_kind_rng, vb_kind_sink,
	vb_kind_tampc, vb_kind_cache_l, vb_kind_kmu, vb_kind_cracen, vb_kind_cracen_core, vb_kind_cpuc, vb_kind_spu, vb_kind_mpc,
	vb_kind_memconf, vb_kind_tad, vb_kind_temp, vb_kind_bprot, vb_kind_part;
/* ppi.c */
extern const struct vb_kind vb_kind_ppi;
void vb_ppi_event(struct vb *vb, uint32_t addr);

#endif
