/* SPDX-License-Identifier: MIT */
/* flash_cell.h - the inside of flash_sim: units and sectors, shared by flash_sim.c, flash_cut.c and flash_hands.c only.
 *
 * Shapes   A unit's number is its sector's number * SIM_UNITS + its place there, whatever the slot.
 *          A sector block is: what each unit reads now | a flag byte per unit | what it may read later | what a torn unit was
 *          meant to hold. The last two count only where the flag says unstable. hash is the sum of its units' hashes, kept up
 *          to date at each change, so that a state's hash costs a few additions.
 */
#ifndef SIM_FLASH_CELL_H
#define SIM_FLASH_CELL_H

#include "flash_sim.h"

enum {
	CELL_PROGRAMS = 3, CELL_TORN = 4, CELL_DIRTY = 8, CELL_NOW_FAULTS = 16, CELL_ALT_FAULTS = 32,
	CELL_UNSTABLE = CELL_TORN | CELL_DIRTY
};

struct sim_sector {
	uint32_t refs;
	uint32_t unstable;
	uint64_t hash;     /* of everything */
	uint64_t hash_now; /* without what unstable units may read later: for when nothing may change any more */
	struct sim_sector *next_spare;
	const struct sim_slot *slot; /* whose sector this is */
	uint8_t bytes[];
};

struct cell {
	uint8_t now[SIM_UNIT_BYTES_MAX], alt[SIM_UNIT_BYTES_MAX], want[SIM_UNIT_BYTES_MAX];
	uint8_t flags;
};

static inline uint8_t *cell_now(const struct sim_flash *f, struct sim_sector *s, uint32_t u)
{
	(void)f;
	return s->bytes + (size_t)u * s->slot->unit_bytes;
}
static inline uint8_t *cell_flags(const struct sim_flash *f, struct sim_sector *s)
{
	(void)f;
	return s->bytes + s->slot->sector_bytes;
}
static inline uint8_t *cell_alt(const struct sim_flash *f, struct sim_sector *s, uint32_t u)
{
	(void)f;
	return s->bytes + s->slot->sector_bytes + s->slot->units + (size_t)u * s->slot->unit_bytes;
}
static inline uint8_t *cell_want(const struct sim_flash *f, struct sim_sector *s, uint32_t u)
{
	(void)f;
	return cell_alt(f, s, u) + s->slot->sector_bytes;
}
static inline const uint8_t *cell_now_of(const struct sim_flash *f, const struct sim_sector *s, uint32_t u)
{
	(void)f;
	return s->bytes + (size_t)u * s->slot->unit_bytes;
}
static inline const uint8_t *cell_flags_of(const struct sim_flash *f, const struct sim_sector *s)
{
	(void)f;
	return s->bytes + s->slot->sector_bytes;
}
static inline const uint8_t *cell_alt_of(const struct sim_flash *f, const struct sim_sector *s, uint32_t u)
{
	(void)f;
	return s->bytes + s->slot->sector_bytes + s->slot->units + (size_t)u * s->slot->unit_bytes;
}
static inline const uint8_t *cell_want_of(const struct sim_flash *f, const struct sim_sector *s, uint32_t u)
{
	(void)f;
	return cell_alt_of(f, s, u) + s->slot->sector_bytes;
}

/* Number of the unit at this offset. */
static inline uint32_t cell_unit_at(const struct sim_slot *slot, uint32_t off)
{
	return (slot->first_sector + off / slot->sector_bytes) * SIM_UNITS + off % slot->sector_bytes / slot->unit_bytes;
}

struct sim_sector *cell_sector_blank(struct sim_flash *f, uint32_t index);
struct sim_sector *cell_sector_own(struct sim_flash *f, uint32_t index);               /* unshared, ready to be written */
void cell_sector_replace(struct sim_flash *f, uint32_t index, struct sim_sector *s);  /* takes over s's reference */
void cell_sector_rehash(const struct sim_flash *f, struct sim_sector *s);              /* after direct changes */
void cell_get(const struct sim_flash *f, const struct sim_sector *s, uint32_t u, struct cell *cell);
void cell_put(struct sim_flash *f, struct sim_sector *s, uint32_t u, const struct cell *cell);
void cell_land(struct sim_flash *f, uint32_t unit, const uint8_t *value);
/* Garbage that depends on the place and the letter only, so that the same tear gives the same state. */
void cell_random(const struct sim_flash *f, uint32_t unit, char letter, uint8_t *into);

/* flash_cut.c: shows or performs each way of being cut in the operation at hand. */
static inline bool cut_is_watched(const struct sim_flash *f)
{
	return f->live || (f->armed && f->cut.op == f->ops);
}
bool cut_is_point(const struct sim_flash *f, uint32_t i, uint32_t count);
void cut_program(struct sim_flash *f, uint32_t unit, uint32_t i, const uint8_t *value);
void cut_erase(struct sim_flash *f, uint32_t index);
void cut_buffer(struct sim_flash *f);

#endif
