/* SPDX-License-Identifier: MIT */
/* Behind the driver's back: what the factory puts in and what a test looks at. */
#include "flash_cell.h"

void sim_poke(struct sim_flash *f, uint32_t slot, uint32_t off, const void *from, uint32_t size_bytes)
{
	const uint32_t n = f->slot[slot].unit_bytes;
	const uint8_t *bytes = from;
	for (uint32_t i = 0; i < size_bytes; i++) {
		const uint32_t unit = cell_unit_at(&f->slot[slot], off + i);
		struct cell c;
		struct sim_sector *s = cell_sector_own(f, unit / SIM_UNITS);
		cell_get(f, s, unit % SIM_UNITS, &c);
		c.now[(off + i) % n] = bytes[i];
		c.flags = f->slot[slot].needs_erase && !hf_is_filled(c.now, n, 0xff);
		cell_put(f, s, unit % SIM_UNITS, &c);
	}
}

void sim_poke_blank(struct sim_flash *f, uint32_t slot, uint32_t sector)
{
	const uint32_t index = f->slot[slot].first_sector + sector;
	cell_sector_replace(f, index, cell_sector_blank(f, index));
}

void sim_peek(const struct sim_flash *f, uint32_t slot, uint32_t off, void *into, uint32_t size_bytes)
{
	const struct sim_slot *kind = &f->slot[slot];
	uint8_t *out = into;
	for (uint32_t i = 0; i < size_bytes; i++) {
		const uint32_t at = off + i;
		out[i] = cell_now_of(f, f->sector[kind->first_sector + at / kind->sector_bytes], 0)[at % kind->sector_bytes];
	}
}

bool sim_holds(const struct sim_flash *f, uint32_t slot, uint32_t off, const void *bytes, uint32_t size_bytes)
{
	const struct sim_slot *kind = &f->slot[slot];
	const uint8_t *want = bytes;
	for (uint32_t done = 0; done < size_bytes;) {
		const uint32_t at = off + done, inside = at % kind->sector_bytes;
		const uint32_t part = kind->sector_bytes - inside < size_bytes - done ? kind->sector_bytes - inside : size_bytes - done;
		if (memcmp(cell_now_of(f, f->sector[kind->first_sector + at / kind->sector_bytes], 0) + inside, want + done, part) != 0)
			return false;
		done += part;
	}
	return true;
}

bool sim_is_firm(const struct sim_flash *f, uint32_t slot, uint32_t off, uint32_t size_bytes)
{
	const struct sim_slot *kind = &f->slot[slot];
	for (uint32_t at = off - off % kind->unit_bytes; at < off + size_bytes;) {
		const uint32_t unit = cell_unit_at(kind, at);
		const struct sim_sector *s = f->sector[unit / SIM_UNITS];
		if (s->unstable == 0) {
			at += kind->sector_bytes - at % kind->sector_bytes;
			continue;
		}
		if ((cell_flags_of(f, s)[unit % SIM_UNITS] & CELL_UNSTABLE) != 0)
			return false;
		at += kind->unit_bytes;
	}
	return true;
}
