/* SPDX-License-Identifier: MIT */
#include "flash_sim.h"

#include "flash_cell.h"

#include <stdlib.h>

enum { PAGE_FLIP_UNITS = 16 };

/* ---- sectors: allocated once, shared between snapshots, copied when written */

static size_t sector_block_bytes(const struct sim_flash *f)
{
	const struct sim_slot *a = &f->slot[0], *b = &f->slot[1];
	const size_t first = 3u * a->sector_bytes + a->units, second = 3u * b->sector_bytes + b->units;
	return sizeof(struct sim_sector) + (first > second ? first : second);
}

static struct sim_sector *sector_take(struct sim_flash *f)
{
	struct sim_sector *s = f->spare;
	if (s != NULL)
		f->spare = s->next_spare;
	else
		s = malloc(sector_block_bytes(f));
	if (s == NULL)
		abort();
	s->refs = 1;
	return s;
}

static void sector_release(struct sim_flash *f, struct sim_sector *s)
{
	if (--s->refs == 0) {
		s->next_spare = f->spare;
		f->spare = s;
	}
}

static const struct sim_slot *slot_of(const struct sim_flash *f, uint32_t index)
{
	return &f->slot[index >= f->slot[1].first_sector];
}

struct sim_sector *cell_sector_blank(struct sim_flash *f, uint32_t index)
{
	struct sim_sector *s = sector_take(f);
	s->slot = slot_of(f, index);
	s->hash = 0;
	s->hash_now = 0;
	s->unstable = 0;
	memset(cell_now(f, s, 0), 0xff, s->slot->sector_bytes);
	memset(cell_flags(f, s), 0, s->slot->units);
	return s;
}

struct sim_sector *cell_sector_own(struct sim_flash *f, uint32_t index)
{
	struct sim_sector *s = f->sector[index];
	if (s->refs == 1)
		return s;
	struct sim_sector *copy = sector_take(f);
	copy->slot = s->slot;
	copy->hash = s->hash;
	copy->hash_now = s->hash_now;
	copy->unstable = s->unstable;
	memcpy(copy->bytes, s->bytes, s->slot->sector_bytes + s->slot->units);
	if (s->unstable != 0)
		memcpy(cell_alt(f, copy, 0), cell_alt(f, s, 0), 2u * s->slot->sector_bytes);
	s->refs--;
	f->sector[index] = copy;
	return copy;
}

void cell_sector_replace(struct sim_flash *f, uint32_t index, struct sim_sector *s)
{
	sector_release(f, f->sector[index]);
	f->sector[index] = s;
}

void sim_save(struct sim_flash *f, struct sim_sector **into)
{
	for (uint32_t i = 0; i < f->sector_total; i++) {
		into[i] = f->sector[i];
		into[i]->refs++;
	}
}

void sim_load(struct sim_flash *f, struct sim_sector *const *from)
{
	for (uint32_t i = 0; i < f->sector_total; i++) {
		if (f->sector[i] == from[i])
			continue;
		from[i]->refs++;
		cell_sector_replace(f, i, from[i]);
	}
}

void sim_drop(struct sim_flash *f, struct sim_sector **from)
{
	for (uint32_t i = 0; i < f->sector_total; i++)
		sector_release(f, from[i]);
}

uint64_t sim_hash(const struct sim_flash *f, bool may_change)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < f->sector_total; i++)
		sum += sim_mix(i, may_change ? f->sector[i]->hash : f->sector[i]->hash_now);
	return sum;
}

/* ---- units */

static uint64_t unit_word(const uint8_t *p, uint32_t unit_bytes)
{
	if (unit_bytes == 4)
		return hf_get32le(p);
	uint64_t a, b;
	memcpy(&a, p, 8);
	memcpy(&b, p + 8, 8);
	return a ^ sim_mix(b, 1);
}

/* *later: the part that may be read later and is not read now. */
static uint64_t unit_hash(const struct sim_flash *f, const struct sim_sector *s, uint32_t u, uint64_t *later)
{
	const uint32_t n = s->slot->unit_bytes;
	const uint8_t flags = cell_flags_of(f, s)[u];
	const uint8_t *now = cell_now_of(f, s, u);
	*later = 0;
	if (flags == 0 && hf_is_filled(now, n, 0xff))
		return 0;
	uint64_t h = sim_mix((uint64_t)u << 8 | (flags & ~(uint32_t)CELL_ALT_FAULTS), unit_word(now, n));
	if ((flags & CELL_TORN) != 0)
		h = sim_mix(h, unit_word(cell_want_of(f, s, u), n));
	if ((flags & CELL_UNSTABLE) != 0)
		*later = sim_mix(h + (flags & CELL_ALT_FAULTS), unit_word(cell_alt_of(f, s, u), n));
	return h;
}

void cell_put(struct sim_flash *f, struct sim_sector *s, uint32_t u, const struct cell *cell)
{
	const uint32_t n = s->slot->unit_bytes;
	uint8_t *flags = &cell_flags(f, s)[u];
	uint64_t later;
	const uint64_t before = unit_hash(f, s, u, &later);
	s->hash_now -= before;
	s->hash -= before + later;
	s->unstable -= (*flags & CELL_UNSTABLE) != 0;
	memcpy(cell_now(f, s, u), cell->now, n);
	if ((cell->flags & CELL_UNSTABLE) != 0) {
		memcpy(cell_alt(f, s, u), cell->alt, n);
		memcpy(cell_want(f, s, u), cell->want, n);
	}
	*flags = cell->flags;
	s->unstable += (*flags & CELL_UNSTABLE) != 0;
	const uint64_t after = unit_hash(f, s, u, &later);
	s->hash_now += after;
	s->hash += after + later;
}

void cell_sector_rehash(const struct sim_flash *f, struct sim_sector *s)
{
	s->hash = s->hash_now = 0;
	s->unstable = 0;
	for (uint32_t u = 0; u < s->slot->units; u++) {
		uint64_t later;
		const uint64_t now = unit_hash(f, s, u, &later);
		s->hash_now += now;
		s->hash += now + later;
		s->unstable += (cell_flags_of(f, s)[u] & CELL_UNSTABLE) != 0;
	}
}

void cell_get(const struct sim_flash *f, const struct sim_sector *s, uint32_t u, struct cell *cell)
{
	const uint32_t n = s->slot->unit_bytes;
	memset(cell, 0, sizeof *cell);
	cell->flags = cell_flags_of(f, s)[u];
	memcpy(cell->now, cell_now_of(f, s, u), n);
	if ((cell->flags & CELL_UNSTABLE) != 0) {
		memcpy(cell->alt, cell_alt_of(f, s, u), n);
		memcpy(cell->want, cell_want_of(f, s, u), n);
	}
}

/* ---- reading */

static bool unit_can_change(const struct sim_flash *f, const struct sim_sector *s, uint32_t u)
{
	const uint8_t flags = cell_flags_of(f, s)[u];
	if ((flags & CELL_UNSTABLE) == 0)
		return false;
	return ((flags & CELL_NOW_FAULTS) != 0) != ((flags & CELL_ALT_FAULTS) != 0) ||
	       memcmp(cell_now_of(f, s, u), cell_alt_of(f, s, u), s->slot->unit_bytes) != 0;
}

static void flip_units(struct sim_flash *f, uint32_t index, uint32_t first, uint32_t end)
{
	struct sim_sector *s = cell_sector_own(f, index);
	for (uint32_t u = first; u < end; u++) {
		struct cell c;
		cell_get(f, s, u, &c);
		if ((c.flags & CELL_UNSTABLE) == 0)
			continue;
		uint8_t other[SIM_UNIT_BYTES_MAX];
		memcpy(other, c.now, sizeof other);
		memcpy(c.now, c.alt, sizeof c.now);
		memcpy(c.alt, other, sizeof c.alt);
		const bool now_faults = (c.flags & CELL_NOW_FAULTS) != 0, alt_faults = (c.flags & CELL_ALT_FAULTS) != 0;
		c.flags = (uint8_t)(c.flags & ~(CELL_NOW_FAULTS | CELL_ALT_FAULTS));
		c.flags = (uint8_t)(c.flags | (now_faults ? CELL_ALT_FAULTS : 0) | (alt_faults ? CELL_NOW_FAULTS : 0));
		cell_put(f, s, u, &c);
	}
}

/* Units first..end of one sector are about to be read: may they change now? */
static void offer_flip(struct sim_flash *f, uint32_t index, uint32_t first, uint32_t end)
{
	const struct sim_sector *s = f->sector[index];
	uint32_t inside = 0, first_inside = 0;
	for (uint32_t u = first; u < end; u++) {
		if (!unit_can_change(f, s, u))
			continue;
		if (inside++ == 0)
			first_inside = u;
	}
	if (inside == 0)
		return;
	uint32_t kinds = SIM_FLIP_SPAN;
	if (inside > 1)
		kinds |= SIM_FLIP_UNIT;
	/* A page that changes amid a scan is half old, half new, as many a half-erased one: now and then is enough there. */
	const bool scanning = index * SIM_UNITS + first == f->offer_end_unit && first % PAGE_FLIP_UNITS != 0;
	f->offer_end_unit = index * SIM_UNITS + end;
	if (s->unstable > inside && (f->dense || !scanning))
		kinds |= SIM_FLIP_PAGE;
	const uint32_t kind = f->observer.choose(f->observer.ctx, ++f->choices, kinds);
	if (kind == SIM_FLIP_UNIT)
		flip_units(f, index, first_inside, first_inside + 1);
	else if (kind == SIM_FLIP_SPAN)
		flip_units(f, index, first, end);
	else if (kind == SIM_FLIP_PAGE)
		flip_units(f, index, 0, s->slot->units);
}

static bool span_faults(const struct sim_flash *f, const struct sim_sector *s, uint32_t first, uint32_t end)
{
	for (uint32_t u = first; u < end; u++) {
		if ((cell_flags_of(f, s)[u] & CELL_NOW_FAULTS) != 0)
			return true;
	}
	return false;
}

/* Lines in the buffer read as they were written, even before they land. */
static void overlay_buffer(const struct sim_flash *f, const struct sim_slot *slot, uint32_t off, uint8_t *into, uint32_t size_bytes)
{
	for (uint32_t i = 0; i < f->buffered; i++) {
		const uint32_t index = f->buffer_unit[i] / SIM_UNITS, u = f->buffer_unit[i] % SIM_UNITS;
		if (slot_of(f, index) != slot)
			continue;
		for (uint32_t k = 0; k < slot->unit_bytes; k++) {
			const uint32_t at = (index - slot->first_sector) * slot->sector_bytes + u * slot->unit_bytes + k;
			if (at >= off && at - off < size_bytes)
				into[at - off] = f->buffer_bytes[i][k];
		}
	}
}

/* The secondary's chip has been silent since gone_op. */
static bool is_gone(const struct sim_flash *f, uint32_t slot)
{
	return slot == 1 && f->gone_op != 0 && f->ops + 1 >= f->gone_op;
}

static enum hf_reason sim_read(void *ctx, uint32_t off, void *into, uint32_t size_bytes)
{
	const struct sim_area *area = ctx;
	struct sim_flash *f = area->flash;
	const struct sim_slot *slot = &f->slot[area->slot];
	const uint32_t sector = slot->sector_bytes, n = slot->unit_bytes;
	uint8_t *out = into;
	if (is_gone(f, area->slot))
		return HF_R_FLASH_READ;
	for (uint32_t done = 0; done < size_bytes;) {
		const uint32_t at = off + done, index = slot->first_sector + at / sector, inside = at % sector;
		const uint32_t part = sector - inside < size_bytes - done ? sector - inside : size_bytes - done;
		if (f->sector[index]->unstable != 0) {
			const uint32_t first = inside / n, end = (inside + part + n - 1) / n;
			if (f->choosing)
				offer_flip(f, index, first, end);
			if (span_faults(f, f->sector[index], first, end))
				return HF_R_FLASH_READ;
		}
		memcpy(out + done, cell_now_of(f, f->sector[index], 0) + inside, part);
		done += part;
	}
	if (f->buffered != 0)
		overlay_buffer(f, slot, off, out, size_bytes);
	return HF_OK;
}

/* ---- writing and erasing: the ways of being cut are in flash_cut.c */

static void begin_op(struct sim_flash *f, char kind, uint32_t slot, uint32_t off, uint32_t size_bytes)
{
	f->ops++;
	if (f->ops_limit != 0 && f->ops > f->ops_limit)
		f->observer.misuse(f->observer.ctx, "flash operations without end");
	if (f->observer.operation != NULL)
		f->observer.operation(f->observer.ctx, kind, slot, off, size_bytes);
}

static void end_op(struct sim_flash *f)
{
	if (f->armed && f->cut.op <= f->ops && f->cut.form != '~')
		f->observer.misuse(f->observer.ctx, "this operation has no such cut");
}

static void announce_change(struct sim_flash *f, uint32_t slot, uint32_t off, uint32_t size_bytes)
{
	if (f->observer.change != NULL)
		f->observer.change(f->observer.ctx, slot, off, size_bytes);
}

/* A complete program of one word. Over a firm word only bits 1 -> 0; over a torn one the same value again makes it firm. */
static void program_unit(struct sim_flash *f, uint32_t unit, const uint8_t *value)
{
	const uint32_t index = unit / SIM_UNITS, u = unit % SIM_UNITS;
	struct sim_sector *s = cell_sector_own(f, index);
	const uint32_t n = s->slot->unit_bytes;
	struct cell c;
	cell_get(f, s, u, &c);
	const uint32_t programs = (c.flags & CELL_PROGRAMS) + 1u;
	if (s->slot->writes_per_unit_max != 0 && programs > s->slot->writes_per_unit_max)
		f->observer.misuse(f->observer.ctx, "a word is programmed more often than the chip allows");
	f->unit_writes[unit]++;
	if ((c.flags & CELL_UNSTABLE) == 0) {
		for (uint32_t i = 0; i < n; i++) {
			if ((c.now[i] & value[i]) != value[i])
				f->observer.misuse(f->observer.ctx, "a word is programmed over bits that are not erased");
		}
		memcpy(c.now, value, n);
		c.flags = (uint8_t)programs;
	} else if ((c.flags & CELL_DIRTY) == 0 && memcmp(c.want, value, n) == 0) {
		memcpy(c.now, value, n);
		c.flags = (uint8_t)programs;
	} else {
		memcpy(c.now, value, n);
		cell_random(f, unit, 'q', c.alt);
		c.flags = (uint8_t)(CELL_DIRTY | programs);
	}
	cell_put(f, s, u, &c);
}

static enum hf_reason sim_write_nor(struct sim_flash *f, const struct sim_slot *slot, uint32_t off, const uint8_t *from, uint32_t size_bytes)
{
	const uint32_t n = slot->unit_bytes, count = size_bytes / n;
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t unit = cell_unit_at(slot, off + i * n);
		if (cut_is_watched(f) && cut_is_point(f, i, count))
			cut_program(f, unit, i, from + (size_t)i * n);
		program_unit(f, unit, from + (size_t)i * n);
	}
	return HF_OK;
}

static void commit_buffer(struct sim_flash *f)
{
	for (uint32_t i = 0; i < f->buffered; i++) {
		cell_land(f, f->buffer_unit[i], f->buffer_bytes[i]);
		f->unit_writes[f->buffer_unit[i]]++;
	}
	f->buffered = 0;
}

static enum hf_reason sim_write_rram(struct sim_flash *f, const struct sim_slot *slot, uint32_t off, const uint8_t *from, uint32_t size_bytes)
{
	const uint32_t n = slot->unit_bytes;
	if (cut_is_watched(f))
		cut_buffer(f);
	if (f->buffered + size_bytes / n > SIM_BUFFER_LINES_MAX)
		commit_buffer(f); /* a full buffer commits by itself */
	for (uint32_t i = 0; i < size_bytes / n; i++) {
		const uint32_t unit = cell_unit_at(slot, off + i * n);
		uint32_t k = 0;
		while (k < f->buffered && f->buffer_unit[k] != unit)
			k++;
		if (k == SIM_BUFFER_LINES_MAX)
			f->observer.misuse(f->observer.ctx, "one write is longer than the simulated buffer");
		if (k == f->buffered)
			f->buffered++;
		f->buffer_unit[k] = unit;
		memcpy(f->buffer_bytes[k], from + (size_t)i * n, n);
	}
	return HF_OK;
}

/* Lines of one flash must have landed before the other is touched: nothing orders them. */
static void check_order(struct sim_flash *f, const struct sim_slot *slot)
{
	if (f->buffered != 0 && slot_of(f, f->buffer_unit[0] / SIM_UNITS)->needs_erase != slot->needs_erase)
		f->observer.misuse(f->observer.ctx, "the other flash is changed while lines are in the write buffer");
}

static enum hf_reason sim_write(void *ctx, uint32_t off, const void *from, uint32_t size_bytes)
{
	const struct sim_area *area = ctx;
	struct sim_flash *f = area->flash;
	const struct sim_slot *slot = &f->slot[area->slot];
	if (off % slot->unit_bytes != 0 || size_bytes % slot->unit_bytes != 0)
		f->observer.misuse(f->observer.ctx, "a write that is not a whole number of units");
	if (is_gone(f, area->slot))
		return HF_R_FLASH_WRITE;
	begin_op(f, 'w', area->slot, off, size_bytes);
	check_order(f, slot);
	if (!slot->needs_erase)
		announce_change(f, area->slot, off, size_bytes);
	const enum hf_reason reason = slot->needs_erase ? sim_write_nor(f, slot, off, from, size_bytes)
							: sim_write_rram(f, slot, off, from, size_bytes);
	end_op(f);
	return reason;
}

static enum hf_reason sim_erase(void *ctx, uint32_t off, uint32_t size_bytes)
{
	const struct sim_area *area = ctx;
	struct sim_flash *f = area->flash;
	const struct sim_slot *slot = &f->slot[area->slot];
	const uint32_t sector = slot->sector_bytes;
	if (!slot->needs_erase || off % sector != 0 || size_bytes % sector != 0)
		f->observer.misuse(f->observer.ctx, "an erase that this flash does not have");
	for (uint32_t done = 0; done < size_bytes; done += sector) {
		const uint32_t index = slot->first_sector + (off + done) / sector;
		if (is_gone(f, area->slot))
			return HF_R_FLASH_ERASE;
		begin_op(f, 'e', area->slot, off + done, sector);
		check_order(f, slot);
		announce_change(f, area->slot, off + done, sector);
		if (cut_is_watched(f))
			cut_erase(f, index);
		cell_sector_replace(f, index, cell_sector_blank(f, index));
		f->erases[index]++;
		end_op(f);
	}
	return HF_OK;
}

static enum hf_reason sim_sync(void *ctx)
{
	const struct sim_area *area = ctx;
	struct sim_flash *f = area->flash;
	if (f->buffered == 0 || f->slot[area->slot].needs_erase)
		return HF_OK;
	begin_op(f, 's', area->slot, 0, f->buffered * f->slot[area->slot].unit_bytes);
	if (cut_is_watched(f))
		cut_buffer(f);
	commit_buffer(f);
	end_op(f);
	return HF_OK;
}

void cell_land(struct sim_flash *f, uint32_t unit, const uint8_t *value)
{
	struct cell c = { .flags = 0 };
	struct sim_sector *s = cell_sector_own(f, unit / SIM_UNITS);
	memcpy(c.now, value, s->slot->unit_bytes);
	cell_put(f, s, unit % SIM_UNITS, &c);
}

/* ---- set-up and the factory's hands */

static void slots_make(struct sim_flash *f, const struct sim_geometry *g)
{
	f->slot_count = g->one_slot ? 1 : 2;
	f->slot[0] = (struct sim_slot){ g->sector_bytes, g->sector_count, g->unit_bytes, g->writes_per_unit_max, g->needs_erase, 0, 0 };
	f->slot[1] = g->second.sector_bytes != 0 ? g->second : f->slot[0];
	f->slot[1].first_sector = g->sector_count;
	f->sector_total = g->sector_count + (g->one_slot ? 0 : f->slot[1].sector_count);
	for (uint32_t i = 0; i < 2; i++)
		f->slot[i].units = f->slot[i].sector_bytes / f->slot[i].unit_bytes;
}

bool sim_flash_make(struct sim_flash *f, const struct sim_geometry *g)
{
	memset(f, 0, sizeof *f);
	f->geometry = g;
	slots_make(f, g);
	if (f->sector_total > SIM_SECTORS_MAX || g->unit_bytes > SIM_UNIT_BYTES_MAX || f->slot[0].units > SIM_UNITS || f->slot[1].units > SIM_UNITS)
		return false;
	f->unit_writes = calloc((size_t)f->sector_total * SIM_UNITS, sizeof *f->unit_writes);
	if (f->unit_writes == NULL)
		return false;
	for (uint32_t i = 0; i < f->sector_total; i++)
		f->sector[i] = cell_sector_blank(f, i);
	for (uint32_t slot = 0; slot < f->slot_count; slot++) {
		const struct sim_slot *kind = &f->slot[slot];
		f->ctx[slot] = (struct sim_area){ f, slot };
		f->area[slot] = (struct hf_flash){
			.ctx = &f->ctx[slot],
			.size_bytes = kind->sector_bytes * kind->sector_count,
			.sector_bytes = kind->sector_bytes,
			.write_unit_bytes = kind->unit_bytes,
			.writes_per_unit_max = kind->writes_per_unit_max,
			.erased_byte = 0xff,
			.needs_erase = kind->needs_erase,
			.read = sim_read,
			.write = sim_write,
			.erase = sim_erase,
			.sync = sim_sync,
		};
	}
	return true;
}

void sim_flash_free(struct sim_flash *f)
{
	for (uint32_t i = 0; i < f->sector_total; i++)
		sector_release(f, f->sector[i]);
	while (f->spare != NULL) {
		struct sim_sector *s = f->spare;
		f->spare = s->next_spare;
		free(s);
	}
	free(f->unit_writes);
}

void sim_flash_reset_buffer(struct sim_flash *f)
{
	f->buffered = 0;
}

void sim_flash_clear_wear(struct sim_flash *f)
{
	memset(f->erases, 0, sizeof f->erases);
	memset(f->unit_writes, 0, (size_t)f->sector_total * SIM_UNITS * sizeof *f->unit_writes);
}
