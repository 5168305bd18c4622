/* SPDX-License-Identifier: MIT */
/* vboard.h - a board whose chip is emulated: the firmware that would be flashed runs here, bit by bit.
 *
 * Why      A cut in the middle of a page erase can't be had from a bench supply at will; here it is an argument. The firmware
 *          under test is the shipped binary: this folder knows registers, not our sources, and links none of core.
 * Licence  These sources are MIT. They link libunicorn (GPL-2), so a program made from them is a combined work under GPL-2;
 *          nothing else of Holdfast links this library.
 * Shapes   struct vb is one board. Its flash, RAM and registers live in it; a host (main.c, a test) feeds bytes and asks.
 * Units    Time is virtual: _ns since the first power-on, instructions at 1.3 cycles each plus what flash operations take.
 *          An operation is one word program, one page erase (NVMC), one line commit (RRAMC), or one page program or erase of the
 *          external flash. Addresses are the chip's; those of the external flash begin at BOARD_EXTERNAL_ADDR.
 * Order    create -> load -> power_on -> (run, feed, cut)* -> destroy. power_off and power_on at any time between runs.
 * Cut      vb_cut_arm: RAM and registers are lost, the interrupted unit is left as the variant says, buffered RRAM lines are lost.
 * Errors   enum hf_reason of the 12xx hundred; what the firmware did wrong is also kept in a list (vb_findings).
 * Limits   What is not modelled: docs in README.md of this folder.
 */
#ifndef VBOARD_H
#define VBOARD_H

#include <boards/board.h>
#include <holdfast/reason.h>

struct vb;

/* What a torn unit looks like after the cut. DONE: the operation ends, then the power goes. */
enum vb_variant {
	VB_CUT_NONE,      /* as if the operation had not begun */
	VB_CUT_PREFIX,    /* the first half is done */
	VB_CUT_PARTIAL,   /* a random subset of the bits that were to change has changed */
	VB_CUT_RANDOM,    /* the unit reads random bits (NOR program: random bits cleared) */
	VB_CUT_HALF,      /* erase: a random half of the page's zero bits reads 1; else as PARTIAL */
	VB_CUT_ONES,      /* RRAM: the line reads all ones, as if set before being programmed; NOR: as NONE */
	VB_CUT_UNSTABLE,  /* the bits that were to change read differently each time, until written again */
	VB_CUT_FAULT,     /* RRAM: reading the line is a bus fault, until written again; NOR: as UNSTABLE */
	VB_CUT_SUBSET,    /* RRAM: any subset of the lines still buffered is committed too; NOR: as PARTIAL */
	VB_CUT_DONE,
	VB_CUT_VARIANTS
};
const char *vb_variant_name(enum vb_variant variant);
bool vb_variant_of(const char *name, enum vb_variant *variant); /* false: no such name */

enum vb_op { VB_OP_WORD, VB_OP_ERASE, VB_OP_LINE, VB_OP_PAGE, VB_OP_SECTOR }; /* the last two: external flash */

struct vb_cut {
	bool in_loader;      /* count only operations made while the CPU is in the loader's region */
	uint64_t at;         /* 1 = the next one */
	enum vb_variant variant;
	uint32_t seed;
};

/* A cut that happened. */
struct vb_cut_record {
	uint64_t operation, loader_operation; /* counted from the first power-on, the interrupted one included */
	enum vb_op op;
	enum vb_variant variant;
	uint32_t addr, pc;
};

/* Something that real firmware should not do, or that this model does not know. The same reason at the same pc counts up. */
struct vb_finding {
	enum hf_reason reason;
	uint32_t addr, pc, value;
	bool is_write;
	uint32_t count;
};

enum vb_stop {
	VB_STOP_NONE,
	VB_STOP_TEXT,        /* the text of vb_until was printed */
	VB_STOP_INSTRUCTIONS,/* the limit given to vb_run is used up */
	VB_STOP_CUT,         /* the power was cut and the board stays off (vb_stay_off) */
	VB_STOP_OFF,         /* power is off: by the host, or the firmware entered System OFF */
	VB_STOP_IDLE,        /* the CPU sleeps, or polls in a batch, and nothing can wake it */
	VB_STOP_FINDING,     /* unknown register, or any finding in strict mode: vb_last_finding */
	VB_STOP_LOCKUP,      /* lockup or watchdog again and again without progress */
	VB_STOP_HOST,        /* the host's service function asked for it */
	VB_STOP_ENGINE       /* the CPU emulator failed; nothing is said about the firmware */
};
const char *vb_stop_name(enum vb_stop stop);

struct vb_counters {
	uint64_t instructions, loader_instructions;
	uint64_t operations, loader_operations;
	uint64_t words, erases, lines;       /* the operations by kind */
	uint64_t pages, sectors;             /* and of the external flash: programs, erases */
	uint64_t overwrites;                 /* NOR: programs of a word beyond its two */
	uint64_t lost_lines;                 /* RRAM: buffered lines lost at a reset or cut */
	uint64_t flash_ns, loader_ns, now_ns;/* time in flash operations; time in the loader's region; all */
	uint64_t uart_rx_bytes, uart_tx_bytes;
	uint32_t boots, power_cuts, soft_resets, watchdog_resets, lockups;
	uint32_t wear_max, wear_addr;        /* NOR: erases of the page erased most; RRAM: writes of the line written most */
	uint32_t external_wear_max;          /* erases of the sector of the external flash that was erased most */
	uint64_t external_ns;                /* of flash_ns: the external flash was busy */
};

/* Waiting: the board idles for up to ns; return how much of it passed. NULL: all of it at once (batch). The function may feed
 * the UART. */
typedef uint64_t (*vb_wait_fn)(void *ctx, uint64_t ns);
/* Called every few hundred thousand instructions and after waits, between instructions: anything may be done except destroy.
 * Returns true to stop the run (VB_STOP_HOST). */
typedef bool (*vb_service_fn)(void *ctx);
typedef void (*vb_tx_fn)(void *ctx, const uint8_t *bytes, uint32_t count);

struct vb_host {
	void *ctx;
	vb_wait_fn wait;
	vb_service_fn service;
	vb_tx_fn tx;
	bool pace_uart;      /* waits for serial bytes are waited, too, not jumped over */
};

struct vb_options {
	bool strict;         /* the first finding stops the run */
	bool precise;        /* every instruction is watched: exact pc in findings and faults, half the speed */
	int uart_instance;   /* which UARTE is the serial line; -1: the board's */
	uint8_t ram_fill;    /* what each byte of RAM holds after power-on */
	uint32_t boot_addr;  /* where the vector table of the first code is: 0, or behind a loader that is not emulated */
};

/* Chip for foreign firmware that is not one of our boards: "nrf52832". NULL: neither board nor chip of that name. */
const struct board *vb_board_find(const char *name);

enum hf_reason vb_create(struct vb **vb, const struct board *board, const struct vb_options *options) HF_MUST_USE;
void vb_destroy(struct vb *vb);
void vb_host_set(struct vb *vb, const struct vb_host *host);
/* Where the vector table of the first code is from the next boot on (options.boot_addr). */
void vb_boot_at(struct vb *vb, uint32_t addr);
/* The loader's region, for counting; default: the first layout's. */
void vb_loader_region(struct vb *vb, uint32_t addr, uint32_t size_bytes);

/* Files. A load puts bytes into flash (or UICR) as a debugger would: no operation is counted. */
enum hf_reason vb_load_bytes(struct vb *vb, uint32_t addr, const void *bytes, uint32_t size_bytes) HF_MUST_USE;
enum hf_reason vb_load_bin(struct vb *vb, const char *path, uint32_t addr) HF_MUST_USE;
enum hf_reason vb_load_hex(struct vb *vb, const char *path) HF_MUST_USE;
/* Flash file: the raw flash, byte for byte; PATH.side, text, holds UICR words, wear and damaged units when there are any; PATH.ext the
 * external flash. */
enum hf_reason vb_flash_load(struct vb *vb, const char *path) HF_MUST_USE;
enum hf_reason vb_flash_save(const struct vb *vb, const char *path) HF_MUST_USE;

void vb_power_on(struct vb *vb);
void vb_power_off(struct vb *vb);
void vb_pin_reset(struct vb *vb);
bool vb_is_on(const struct vb *vb);

/* Runs until something of enum vb_stop happens; instructions_max 0: no limit. */
enum vb_stop vb_run(struct vb *vb, uint64_t instructions_max);
/* vb_run stops with VB_STOP_TEXT right after the serial line has printed text; NULL: never. Kept until set again. */
void vb_until(struct vb *vb, const char *text);
/* Bytes to the board's receive line; they arrive one after another at its baud rate. Returns how many were taken. */
uint32_t vb_feed(struct vb *vb, const void *bytes, uint32_t count);
uint32_t vb_feed_room(const struct vb *vb);

/* Several cuts may be armed; each counts from its arming. False: too many. */
bool vb_cut_arm(struct vb *vb, const struct vb_cut *cut);
void vb_cut_disarm(struct vb *vb);
uint32_t vb_cuts_armed(const struct vb *vb);
/* K cuts at distinct random operations 1..operations_max of the loader, variants random too. Same seed, same cuts. */
bool vb_cut_arm_random(struct vb *vb, uint32_t count, uint32_t seed, uint64_t operations_max, bool in_loader);
void vb_stay_off(struct vb *vb, bool stay); /* after a cut; default false: power returns by itself */
const struct vb_cut_record *vb_cut_records(const struct vb *vb, uint32_t *count);

/* Called before each flash operation (state: as before it), for recorders; NULL: none. */
typedef void (*vb_op_fn)(void *ctx, enum vb_op op, uint32_t addr);
void vb_op_watch(struct vb *vb, vb_op_fn watch, void *ctx);

const struct vb_counters *vb_counters(struct vb *vb);
const struct vb_finding *vb_findings(const struct vb *vb, uint32_t *count);
const struct vb_finding *vb_last_finding(const struct vb *vb);
/* One line for people: "HF-1205 nrf52840: unknown register 0x40001234 written 0x1, pc 0x1c2". */
void vb_finding_text(const struct vb *vb, const struct vb_finding *finding, char *text, size_t text_bytes);
const char *vb_reason_sentence(enum hf_reason reason); /* of the 12xx hundred */
const struct board *vb_board(const struct vb *vb);

/* How the external flash chip is found. It keeps that until set again; is_quad: its quad bit is set. */
enum vb_external {
	VB_EXTERNAL_GOOD,
	VB_EXTERNAL_ABSENT,      /* nobody drives the lines */
	VB_EXTERNAL_SLEEPING,    /* in deep power-down after each power-on; wakes when told */
	VB_EXTERNAL_STUCK,       /* in deep power-down for good */
	VB_EXTERNAL_UNREADABLE,  /* says who it is, and reads as noise */
	VB_EXTERNAL_OTHER,       /* another chip's id */
	VB_EXTERNAL_BUSY,        /* busy for good */
	VB_EXTERNALS
};
const char *vb_external_name(enum vb_external external);
bool vb_external_of(const char *name, enum vb_external *external); /* false: no such name */
void vb_external_set(struct vb *vb, enum vb_external external, bool is_quad);
bool vb_external_is_asleep(struct vb *vb);
uint8_t *vb_external(struct vb *vb); /* its cells; NULL: the board has none. After changing them: vb_external_changed */
void vb_external_changed(struct vb *vb, uint32_t off, uint32_t size_bytes);

/* What drives an input pin (port*32+pin) from outside: 0, 1, or -1 for nobody, which reads 1 as if pulled up. */
void vb_pin_drive(struct vb *vb, uint32_t pin, int level);

/* The board's LED: its latest changes, oldest first; at most VB_LED_CHANGES. Light is what the pin says while it is an output. */
#define VB_LED_CHANGES 64u
struct vb_led_change {
	uint64_t ns;
	bool on;
};
struct vb_led { /* a ring */
	struct vb_led_change change[VB_LED_CHANGES];
	uint32_t count; /* all changes ever */
	bool on;
};
uint32_t vb_led_changes(const struct vb *vb, struct vb_led_change changes[VB_LED_CHANGES]);

/* Flash and RAM as they are, for tests. Writing flash this way is like a debugger's: call vb_flash_changed after. */
uint8_t *vb_flash(struct vb *vb);
uint8_t *vb_ram(struct vb *vb);
void vb_flash_changed(struct vb *vb, uint32_t addr, uint32_t size_bytes);
/* Makes the units of addr.. damaged as a cut would: reads fault, or differ (mask of bits a word). */
void vb_damage(struct vb *vb, uint32_t addr, uint32_t size_bytes, bool faults, uint32_t mask);
bool vb_is_damaged(const struct vb *vb, uint32_t addr, uint32_t size_bytes); /* any unit of it is */

/* The whole board, CPU included, at an instruction boundary (between runs). Counters go back, too. */
struct vb_snapshot;
struct vb_snapshot *vb_snapshot_take(struct vb *vb); /* NULL: out of memory */
void vb_snapshot_restore(struct vb *vb, const struct vb_snapshot *snapshot);
void vb_snapshot_free(struct vb_snapshot *snapshot);

/* A peripheral's register that holds another value than a reset of the chip leaves in it: from *cursor (0 at first) on, false if there is
 * none any more. Not asked: the core's own, what hardware alone changes, what a reset keeps. */
struct vb_left {
	const char *unit;
	uint32_t off, value, reset;
};
bool vb_left_next(const struct vb *vb, uint32_t *cursor, struct vb_left *left);

/* Registers for tests: 0-12, 13 sp, 14 lr, 15 pc. */
uint32_t vb_register(struct vb *vb, uint32_t number);

#endif
