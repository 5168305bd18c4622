/* SPDX-License-Identifier: MIT */
/* flash_cut.c - each way in which one flash operation can be cut. The same enumeration shows them all to the explorer and
 * performs the one that is armed, so that a name found by one is understood by the other. */
#include "flash_cell.h"

#include <stdio.h>
#include <stdlib.h>

enum { PIECES_MAX = 1024, PIECES_ALL = 40, LINES_ALL = 8, LONG_WRITE_UNITS = 32 };

/* ---- names */

static const struct form {
	char form;
	bool has_unit;
	const char *word;
} forms[] = {
	{ '0', false, "none" }, { 'p', true, "prefix" }, { 't', true, "torn" }, { 'T', true, "rest" }, { 'A', false, "all" },
	{ 'f', true, "first" }, { 'l', true, "last" }, { 'o', true, "only" }, { 'b', true, "but" }, { 's', true, "set" },
	{ 'r', true, "random" },
};

void sim_cut_name(const struct sim_cut *cut, char name[SIM_NAME_BYTES])
{
	if (cut->form == '~') {
		snprintf(name, SIM_NAME_BYTES, "~%u.%s", (unsigned)cut->op,
			 cut->unit == SIM_FLIP_UNIT ? "unit" : cut->unit == SIM_FLIP_SPAN ? "span" : "page");
		return;
	}
	for (size_t i = 0; i < HF_ARRAY_COUNT(forms); i++) {
		if (forms[i].form != cut->form)
			continue;
		int used = snprintf(name, SIM_NAME_BYTES, "%u.%s", (unsigned)cut->op, forms[i].word);
		if (forms[i].has_unit)
			used += snprintf(name + used, SIM_NAME_BYTES - (size_t)used, "%u", (unsigned)cut->unit);
		if (cut->now != 0)
			used += snprintf(name + used, SIM_NAME_BYTES - (size_t)used, "%c", cut->now);
		if (cut->alt != 0)
			snprintf(name + used, SIM_NAME_BYTES - (size_t)used, "%c", cut->alt);
	}
}

size_t sim_cut_parse(const char *text, struct sim_cut *cut)
{
	const char *p = text;
	char *end;
	memset(cut, 0, sizeof *cut);
	const bool flip = *p == '~';
	cut->op = (uint32_t)strtoul(p + flip, &end, 10);
	if (end == p + flip || *end != '.')
		return 0;
	p = end + 1;
	if (flip) {
		cut->form = '~';
		cut->unit = strncmp(p, "unit", 4) == 0 ? SIM_FLIP_UNIT : strncmp(p, "span", 4) == 0 ? SIM_FLIP_SPAN
			    : strncmp(p, "page", 4) == 0 ? SIM_FLIP_PAGE : 0;
		return cut->unit == 0 ? 0 : (size_t)(p + 4 - text);
	}
	for (size_t i = 0; i < HF_ARRAY_COUNT(forms); i++) {
		const size_t n = strlen(forms[i].word);
		if (strncmp(p, forms[i].word, n) != 0)
			continue;
		cut->form = forms[i].form;
		p += n;
		if (forms[i].has_unit) {
			cut->unit = (uint16_t)strtoul(p, &end, 10);
			if (end == p)
				return 0;
			p = end;
		}
		if (*p >= 'a' && *p <= 'z')
			cut->now = *p++;
		if (*p >= 'a' && *p <= 'z')
			cut->alt = *p++;
		return (size_t)(p - text);
	}
	return 0;
}

/* ---- what all share */

static bool is_armed(const struct sim_flash *f, const struct sim_cut *cut)
{
	return f->armed && sim_cut_equal(&f->cut, cut);
}

static bool is_wanted(struct sim_flash *f, const struct sim_cut *cut)
{
	return is_armed(f, cut) || (f->live && f->observer.wants(f->observer.ctx, cut));
}

static void show(struct sim_flash *f, const struct sim_cut *cut)
{
	if (is_armed(f, cut)) {
		f->buffered = 0;
		f->observer.cut_now(f->observer.ctx);
	}
	f->observer.torn(f->observer.ctx, cut);
}

static void show_as_is(struct sim_flash *f, char form, uint32_t unit)
{
	const struct sim_cut cut = { .op = f->ops, .unit = (uint16_t)unit, .form = form };
	if (is_wanted(f, &cut))
		show(f, &cut);
}

void cell_random(const struct sim_flash *f, uint32_t unit, char letter, uint8_t *into)
{
	for (uint32_t i = 0; i < f->sector[unit / SIM_UNITS]->slot->unit_bytes; i += 4)
		hf_put32le(into + i, (uint32_t)sim_mix((uint64_t)unit << 8 | i, (uint64_t)letter) & ~1u);
}

/* Some of the bits that a program clears are still set; some of those that an erase sets, already set. */
static void half_way(const struct sim_flash *f, uint32_t unit, const uint8_t *from, uint8_t *into)
{
	cell_random(f, unit, 'p', into);
	for (uint32_t i = 0; i < f->sector[unit / SIM_UNITS]->slot->unit_bytes; i++)
		into[i] |= from[i];
}

/* The value that a letter stands for; true if it is a fault. */
static bool letter_value(const struct sim_flash *f, uint32_t unit, char letter, const uint8_t *old, const uint8_t *value,
			 uint8_t *into)
{
	const uint32_t n = f->sector[unit / SIM_UNITS]->slot->unit_bytes;
	memset(into, letter == 'e' ? 0xff : 0, SIM_UNIT_BYTES_MAX);
	if (letter == 'n' || letter == 'o')
		memcpy(into, letter == 'n' ? value : old, n);
	else if (letter == 'p')
		half_way(f, unit, value, into);
	else if (letter != 'f' && letter != 'e')
		cell_random(f, unit, letter, into);
	return letter == 'f';
}

/* Fills in what a torn unit reads; false if now and alt are the same, which is another variant or no tear at all. */
static bool make_torn(const struct sim_flash *f, uint32_t unit, const struct sim_cut *cut, const uint8_t *old,
		      const uint8_t *value, struct cell *c)
{
	const bool now_faults = letter_value(f, unit, cut->now, old, value, c->now);
	const bool alt_faults = letter_value(f, unit, cut->alt, old, value, c->alt);
	c->flags = (uint8_t)(c->flags & ~(CELL_NOW_FAULTS | CELL_ALT_FAULTS));
	c->flags = (uint8_t)(c->flags | (now_faults ? CELL_NOW_FAULTS : 0) | (alt_faults ? CELL_ALT_FAULTS : 0));
	return now_faults != alt_faults || (!now_faults && memcmp(c->now, c->alt, f->sector[unit / SIM_UNITS]->slot->unit_bytes) != 0);
}

/* ---- a word of NOR */

/* A long write is mostly alike from word to word: its ends, its middle, and each word when dense is asked for. */
bool cut_is_point(const struct sim_flash *f, uint32_t i, uint32_t count)
{
	if (f->dense || f->armed || count <= LONG_WRITE_UNITS)
		return true;
	return i < 2 || i == count / 2 || i + 2 >= count;
}

void cut_program(struct sim_flash *f, uint32_t unit, uint32_t i, const uint8_t *value)
{
	/* n right, e blank, g garbage: partly programmed in one word, anything in the next */
	const char g = i % 2 == 0 ? 'p' : 'r';
	const char pairs[][2] = { { 'n', 'e' }, { 'n', g }, { 'e', 'n' }, { 'e', g }, { g, 'n' }, { g, 'e' } };
	const uint32_t index = unit / SIM_UNITS, u = unit % SIM_UNITS, n = f->sector[index]->slot->unit_bytes;
	struct cell before;
	show_as_is(f, i == 0 ? '0' : 'p', i);
	cell_get(f, f->sector[index], u, &before);
	const bool firm = (before.flags & CELL_UNSTABLE) == 0;
	if (firm && memcmp(before.now, value, n) == 0)
		return; /* nothing moves in this word */
	const bool completes = !firm && (before.flags & CELL_DIRTY) == 0 && memcmp(before.want, value, n) == 0;
	for (size_t k = 0; k < HF_ARRAY_COUNT(pairs); k++) {
		const struct sim_cut cut = { .op = f->ops, .unit = (uint16_t)i, .form = 't', .now = pairs[k][0], .alt = pairs[k][1] };
		struct cell c = before;
		if (!is_wanted(f, &cut) || !make_torn(f, unit, &cut, before.now, value, &c))
			continue;
		uint32_t programs = before.flags & CELL_PROGRAMS;
		if (!hf_is_filled(c.now, n, 0xff) && programs < CELL_PROGRAMS)
			programs++; /* one that reads blank cannot be counted by anybody */
		memcpy(c.want, value, n);
		c.flags = (uint8_t)(programs | (firm || completes ? CELL_TORN : CELL_DIRTY));
		cell_put(f, cell_sector_own(f, index), u, &c);
		show(f, &cut);
		cell_put(f, cell_sector_own(f, index), u, &before);
	}
}

/* ---- a page of NOR: every word of it is dirty afterwards, whatever it reads */

struct pieces {
	uint32_t count;             /* pieces with something in them */
	uint16_t index[PIECES_MAX]; /* piece number from the page's start */
};

static uint32_t piece_of(const struct sim_flash *f, const struct sim_sector *s, uint32_t u)
{
	return u * s->slot->unit_bytes / f->geometry->grain_bytes;
}

static void find_pieces(const struct sim_flash *f, const struct sim_sector *s, struct pieces *pieces)
{
	pieces->count = 0;
	for (uint32_t u = 0; u < s->slot->units; u++) {
		struct cell c;
		cell_get(f, s, u, &c);
		const bool blank = hf_is_filled(c.now, s->slot->unit_bytes, 0xff) &&
				   ((c.flags & CELL_UNSTABLE) == 0 || hf_is_filled(c.alt, s->slot->unit_bytes, 0xff));
		if (blank || (pieces->count != 0 && pieces->index[pieces->count - 1] == piece_of(f, s, u)))
			continue;
		pieces->index[pieces->count++] = (uint16_t)piece_of(f, s, u);
	}
}

/* Does used piece number z (in the order of the page) survive this cut? */
static bool piece_survives(const struct sim_cut *cut, uint32_t z)
{
	switch (cut->form) {
	case 's': return (cut->unit >> z & 1u) != 0;
	case 'A': return true;
	case 'o': return z == cut->unit;
	case 'b': return z != cut->unit;
	case 'f': return z <= cut->unit;
	case 'l': return z >= cut->unit;
	case 'r': return (sim_mix(cut->unit, z) & 1u) != 0;
	default: return false;
	}
}

/* now letter: a, b: what is gone reads blank; c, d: garbage. a, c: what may come back is what was there, or blank for the
 * rest; b, d: garbage instead. */
static struct sim_sector *tear_page(struct sim_flash *f, uint32_t index, const struct pieces *pieces, const struct sim_cut *cut)
{
	const struct sim_sector *old = f->sector[index];
	struct sim_sector *s = cell_sector_blank(f, index);
	const bool alt_garbage = cut->now == 'b' || cut->now == 'd', gone_garbage = cut->now == 'c' || cut->now == 'd';
	const uint32_t n = s->slot->unit_bytes;
	uint32_t z = 0;
	for (uint32_t u = 0; u < s->slot->units; u++) {
		struct cell was, c;
		const uint32_t unit = index * SIM_UNITS + u;
		cell_get(f, old, u, &was);
		if (hf_is_filled(was.now, n, 0xff) && (was.flags & CELL_UNSTABLE) != 0)
			memcpy(was.now, was.alt, sizeof was.now);
		const bool blank = hf_is_filled(was.now, n, 0xff);
		while (z + 1 < pieces->count && pieces->index[z] < piece_of(f, s, u))
			z++;
		const bool survives = !blank && piece_survives(cut, z);
		memset(c.now, 0xff, sizeof c.now);
		memset(c.alt, 0xff, sizeof c.alt);
		if (survives)
			memcpy(c.now, was.now, n);
		else if (!blank && gone_garbage)
			half_way(f, unit, was.now, c.now);
		if (alt_garbage)
			cell_random(f, unit, 'q', c.alt);
		else if (!blank && !survives)
			memcpy(c.alt, was.now, n);
		memcpy(cell_now(f, s, u), c.now, n);
		memcpy(cell_alt(f, s, u), c.alt, n);
		cell_flags(f, s)[u] = (uint8_t)(CELL_DIRTY | (was.flags & CELL_PROGRAMS));
	}
	cell_sector_rehash(f, s);
	return s;
}

static void show_page(struct sim_flash *f, uint32_t index, const struct pieces *pieces, char form, uint32_t unit, char letter)
{
	const struct sim_cut cut = { .op = f->ops, .unit = (uint16_t)unit, .form = form, .now = letter };
	if ((letter == 'b' || letter == 'd') && !f->choosing)
		return; /* differs from a, c only in what nobody will read */
	if (!is_wanted(f, &cut))
		return;
	struct sim_sector *kept = f->sector[index];
	if (!is_armed(f, &cut))
		kept->refs++; /* cell_sector_replace takes one away; an armed cut does not come back */
	cell_sector_replace(f, index, tear_page(f, index, pieces, &cut));
	show(f, &cut);
	cell_sector_replace(f, index, kept);
}

static void show_page_letters(struct sim_flash *f, uint32_t index, const struct pieces *pieces, char form, uint32_t unit)
{
	for (char letter = 'a'; letter <= 'd'; letter++)
		show_page(f, index, pieces, form, unit, letter);
}

/* A page with many pieces: all of them with each letter when dense is asked for, else each piece with the letter of its turn. */
static void show_piece(struct sim_flash *f, uint32_t index, const struct pieces *pieces, uint32_t z)
{
	static const char some[] = "ofl", every[] = "oflb";
	uint32_t turn = z;
	for (const char *form = f->dense || f->armed ? every : some; *form != 0; form++) {
		if (f->dense || f->armed)
			show_page_letters(f, index, pieces, *form, z);
		else
			show_page(f, index, pieces, *form, z, (f->choosing ? "abcd" : "acac")[turn++ % 4]);
	}
}

void cut_erase(struct sim_flash *f, uint32_t index)
{
	struct pieces pieces;
	show_as_is(f, '0', 0);
	find_pieces(f, f->sector[index], &pieces);
	const uint32_t m = pieces.count;
	if (m <= 3) {
		for (uint32_t mask = 0; mask < 1u << m; mask++)
			show_page_letters(f, index, &pieces, 's', mask);
		return;
	}
	show_page_letters(f, index, &pieces, 's', 0);
	show_page_letters(f, index, &pieces, 'A', 0);
	const bool all = m <= PIECES_ALL || f->dense || f->armed;
	for (uint32_t k = 0; k < (all ? 4u : 1u); k++)
		show_page(f, index, &pieces, 'r', k, (char)('a' + k));
	for (uint32_t z = 0; z < m; z++) {
		if (all || z == m / 2)
			show_piece(f, index, &pieces, z);
	}
}

/* ---- the write buffer of RRAM: any subset of its lines has landed, one may be torn */

static bool line_lands(const struct sim_cut *cut, uint32_t i)
{
	switch (cut->form) {
	case 'A': return true;
	case 'T': return i != cut->unit;
	case 'f': return i < cut->unit;
	case 'l': return i >= cut->unit;
	case 'o': return i == cut->unit;
	case 'b': return i != cut->unit;
	case 'r': return (sim_mix(cut->unit, i) & 1u) != 0;
	default: return false;
	}
}

static void show_lines(struct sim_flash *f, char form, uint32_t line, char now, char alt)
{
	const struct sim_cut cut = { .op = f->ops, .unit = (uint16_t)line, .form = form, .now = now, .alt = alt };
	if (!is_wanted(f, &cut))
		return;
	struct sim_sector *kept[SIM_SECTORS_MAX];
	bool differs = true;
	sim_save(f, kept);
	for (uint32_t i = 0; i < f->buffered; i++) {
		if (line_lands(&cut, i))
			cell_land(f, f->buffer_unit[i], f->buffer_bytes[i]);
	}
	if (now != 0) {
		const uint32_t unit = f->buffer_unit[line], index = unit / SIM_UNITS, u = unit % SIM_UNITS;
		struct cell before, c = { .flags = CELL_TORN };
		cell_get(f, f->sector[index], u, &before);
		differs = make_torn(f, unit, &cut, before.now, f->buffer_bytes[line], &c);
		memcpy(c.want, f->buffer_bytes[line], f->sector[index]->slot->unit_bytes);
		cell_put(f, cell_sector_own(f, index), u, &c);
	}
	if (differs && is_armed(f, &cut)) {
		sim_drop(f, kept);
		show(f, &cut);
	}
	if (differs)
		show(f, &cut);
	sim_load(f, kept);
	sim_drop(f, kept);
}

static void show_torn_line(struct sim_flash *f, uint32_t line, bool thorough)
{
	static const char few[][2] = { { 'n', 'r' }, { 'n', 'f' }, { 'o', 'n' }, { 'e', 'n' }, { 'r', 'n' }, { 'f', 'n' } };
	const char *const all = thorough ? "oenrf" : "";
	for (const char *now = all; *now != 0; now++) {
		for (const char *alt = "onqf"; *alt != 0; alt++) {
			show_lines(f, 't', line, *now, *alt);
			if (f->buffered > 1)
				show_lines(f, 'T', line, *now, *alt);
		}
	}
	for (size_t k = 0; !thorough && k < HF_ARRAY_COUNT(few); k++) {
		show_lines(f, 't', line, few[k][0], few[k][1]);
		show_lines(f, 'T', line, few[k][0], few[k][1]);
	}
}

void cut_buffer(struct sim_flash *f)
{
	const uint32_t count = f->buffered;
	const bool few = count <= LINES_ALL || f->dense || f->armed;
	show_as_is(f, '0', 0);
	if (count == 0)
		return;
	show_lines(f, 'A', 0, 0, 0);
	for (uint32_t i = 0; i < count; i++) {
		if (!few && i != 0 && i != count / 2 && i != count - 1)
			continue;
		show_torn_line(f, i, count <= LINES_ALL);
		if (count < 2)
			continue;
		show_lines(f, 'o', i, 0, 0);
		show_lines(f, 'b', i, 0, 0);
		if (i != 0)
			show_lines(f, 'f', i, 0, 0);
		if (i != 0)
			show_lines(f, 'l', i, 0, 0);
	}
	for (uint32_t k = 0; k < 4 && count > 2; k++)
		show_lines(f, 'r', k, 0, 0);
}
