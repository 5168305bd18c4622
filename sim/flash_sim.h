/* SPDX-License-Identifier: MIT */
/* flash_sim.h - two slots of flash that can be cut at any operation, and whose torn cells may read differently each time.
 *
 * Why      Real flash is not "old or new" after a power cut. Here each write unit knows what it reads now, what it may read
 *          later, and whether it may be trusted; so the core can be asked the question that silicon asks, ten million times.
 * Shapes   A sector is a block of units, shared between snapshots until it is written (copy on write). A unit is 4 bytes
 *          (NOR word) or 16 (RRAM line). It is firm, torn (a cut write: completing it with the same value makes it firm) or
 *          dirty (a cut erase of its page: only a complete erase helps).
 * Model    NOR: a page erase and single words; bits go 1 -> 0; a word is programmed at most writes_per_unit_max times between
 *          erases; a cut erase leaves every word of the page dirty, blank ones too; a word programmed over a dirty one reads
 *          right and may change. RRAM: lines sit in a volatile buffer until sync(), at a cut any subset of them has landed,
 *          one may be torn, and a torn line may fault on read.
 *          docs/power-loss.md says what is assumed of flash and why.
 * Order    make -> (poke) -> area[] is handed to the core; save and load are snapshots.
 * Cut      While live, the observer sees the world as each way of cutting would leave it, one after the other, and the
 *          operation then completes. An armed cut really happens: the observer's cut_now leaves by longjmp.
 * Errors   What a driver must never do (a third program, bits 0 -> 1, an unaligned write) goes to the observer's misuse,
 *          which does not return.
 * Source   The idea of branching at each operation on copy-on-write blocks: littlefs (bd/lfs_emubd.h). The flash model:
 *          docs/power-loss.md.
 */
#ifndef SIM_FLASH_SIM_H
#define SIM_FLASH_SIM_H

#include <holdfast/flash.h>

enum { SIM_SECTORS_MAX = 800, SIM_UNIT_BYTES_MAX = 16, SIM_BUFFER_LINES_MAX = 300, SIM_UNITS = 2048 };

/* One slot's flash. */
struct sim_slot {
	uint32_t sector_bytes, sector_count, unit_bytes;
	uint8_t writes_per_unit_max;
	bool needs_erase;
	uint32_t first_sector, units; /* filled in: its first sector among all, units of a sector */
};

struct sim_geometry {
	const char *name;
	uint32_t sector_bytes;
	uint32_t sector_count;        /* of each slot */
	uint32_t unit_bytes;          /* 4 or 16 */
	uint32_t align;               /* of the trailer fields, as the loader is configured: 8 or 16 */
	uint32_t app_align;           /* as the application was built */
	uint32_t header_bytes;        /* of images */
	uint32_t grain_bytes;         /* pieces that a half-erased page keeps or loses: the size of a journal slot */
	uint8_t writes_per_unit_max;  /* 0 = no limit */
	bool needs_erase;
	struct sim_slot second;       /* of the secondary; sector_bytes 0: as above */
	bool one_slot;                /* there is no secondary */
	bool ed25519;                 /* which signature its images carry; false = P-256 */
};

/* One way of being cut in operation op. form, and what unit means for it:
 *   '0' none: nothing happened           'p' prefix: units before unit are done (NOR)
 *   't' torn: unit reads now, later alt; before it done (NOR), all else lost (RRAM)     'T' rest: as torn, all else landed
 *   'A' all lines landed   'f' first, 'l' last, 'o' only, 'b' all but: lines (RRAM) or surviving pieces of a page (NOR)
 *   's' set: the pieces in the mask unit survive   'r' random: pieces or lines chosen by the number unit
 *   '~' not a cut but a flip: at choice op, the read takes the other value (unit 1), the whole span (2), the whole page (4)
 * now, alt: n new, o old, e erased, p partly programmed, r and q random, f faults. For a page: a..d in now, see tear_page. */
struct sim_cut {
	uint32_t op;
	uint16_t unit;
	char form, now, alt;
};

enum { SIM_NAME_BYTES = 24, SIM_FLIP_UNIT = 1, SIM_FLIP_SPAN = 2, SIM_FLIP_PAGE = 4 };
/* "41.prefix3", "7.none", "12.torn1np", "~12.page". */
void sim_cut_name(const struct sim_cut *cut, char name[SIM_NAME_BYTES]);
/* Reads one name, returns the bytes taken; 0: not a name. */
size_t sim_cut_parse(const char *text, struct sim_cut *cut);
static inline bool sim_cut_equal(const struct sim_cut *a, const struct sim_cut *b)
{
	return a->op == b->op && a->unit == b->unit && a->form == b->form && a->now == b->now && a->alt == b->alt;
}

struct sim_observer {
	void *ctx;
	bool (*wants)(void *ctx, const struct sim_cut *cut);                  /* before the trouble of building it */
	void (*torn)(void *ctx, const struct sim_cut *cut);                   /* the world is as this cut leaves it */
	void (*cut_now)(void *ctx);                                           /* the armed cut; must not return */
	uint32_t (*choose)(void *ctx, uint32_t choice, uint32_t kinds);       /* 0 keep, or one SIM_FLIP_ bit of kinds */
	void (*misuse)(void *ctx, const char *what);                          /* must not return */
	void (*change)(void *ctx, uint32_t slot, uint32_t off, uint32_t size_bytes); /* these bytes are about to lose their content */
	void (*operation)(void *ctx, char kind, uint32_t slot, uint32_t off, uint32_t size_bytes); /* 'w' 'e' 's'; may be NULL */
};

struct sim_sector;
struct sim_flash;
struct sim_area {
	struct sim_flash *flash;
	uint32_t slot;
};

struct sim_flash {
	const struct sim_geometry *geometry;
	struct sim_observer observer;
	bool live;       /* show each way of being cut */
	bool choosing;   /* ask at reads of unstable units */
	bool dense;      /* cut at each unit of a long write, not only at its ends and middle */
	bool armed;
	struct sim_cut cut;
	uint32_t ops;          /* flash operations since the last cut */
	uint32_t choices;      /* reads with a choice since the last cut */
	uint32_t offer_end_unit; /* where the last read with a choice ended: is the next one part of a scan? */
	uint32_t ops_limit;    /* more is "does not end"; 0 = no limit */
	uint32_t sector_total; /* both slots, one behind the other */
	struct sim_slot slot[2];
	uint32_t slot_count;
	uint32_t gone_op;      /* from this operation on (counted as ops) the secondary does not answer; 0 = it does */
	struct sim_sector *sector[SIM_SECTORS_MAX];
	uint32_t buffered;
	uint32_t buffer_unit[SIM_BUFFER_LINES_MAX];
	uint8_t buffer_bytes[SIM_BUFFER_LINES_MAX][SIM_UNIT_BYTES_MAX];
	struct sim_sector *spare; /* freed blocks, for the next clone */
	/* Wear: not part of the state, only counted. */
	uint32_t erases[SIM_SECTORS_MAX];
	uint16_t *unit_writes;    /* sector_total * SIM_UNITS */
	struct sim_area ctx[2];
	struct hf_flash area[2];
};

/* Erased slots. False: out of memory or a geometry that does not fit. */
bool sim_flash_make(struct sim_flash *flash, const struct sim_geometry *geometry);
void sim_flash_free(struct sim_flash *flash);
void sim_flash_reset_buffer(struct sim_flash *flash); /* what a reset does to lines that were not synced */
void sim_flash_clear_wear(struct sim_flash *flash);

/* Behind the driver's back: firm bytes put in by the factory or by a test; bytes as they read now; is every unit firm. */
void sim_poke(struct sim_flash *flash, uint32_t slot, uint32_t off, const void *from, uint32_t size_bytes);
void sim_poke_blank(struct sim_flash *flash, uint32_t slot, uint32_t sector);
void sim_peek(const struct sim_flash *flash, uint32_t slot, uint32_t off, void *into, uint32_t size_bytes);
bool sim_is_firm(const struct sim_flash *flash, uint32_t slot, uint32_t off, uint32_t size_bytes);
/* Compares without copying; firm or not. */
bool sim_holds(const struct sim_flash *flash, uint32_t slot, uint32_t off, const void *bytes, uint32_t size_bytes);

/* Snapshots: sector_total pointers. */
void sim_save(struct sim_flash *flash, struct sim_sector **into);
void sim_load(struct sim_flash *flash, struct sim_sector *const *from);
void sim_drop(struct sim_flash *flash, struct sim_sector **from);
/* may_change false: without what unstable units may read later, which nobody will see. */
uint64_t sim_hash(const struct sim_flash *flash, bool may_change);

/* Mixes two words; the explorer's and the simulated cryptography's only primitive. */
static inline uint64_t sim_mix(uint64_t a, uint64_t b)
{
	uint64_t h = (a ^ 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;
	h ^= h >> 32;
	h = (h ^ b) * 0xc4ceb9fe1a85ec53u;
	h ^= h >> 29;
	h *= 0x94d049bb133111ebu;
	return h ^ h >> 31;
}

#endif
