/* SPDX-License-Identifier: MIT */
/* From a board and a mode to partitions. Pure. */
#include <string.h>

#include "plan.h"

/* A page of scratch wears out in a hundred updates; with this many an update of 400 KB writes each about fourteen times. */
#define SCRATCH_SECTORS 8u
/* Nordic's guide: a compressed image takes about 70 % of its size. */
#define COMPRESSED_PERCENT 70u

static void add(struct plan_layout *layout, enum plan_role role, bool external, uint32_t addr, uint32_t bytes)
{
	hf_assert(layout->count < PLAN_PARTS_MAX);
	if (bytes > 0)
		layout->parts[layout->count++] = (struct plan_part){ .role = role, .external = external, .addr = addr, .bytes = bytes };
}

static void add_reserved(const struct plan_board *board, struct plan_layout *layout)
{
	for (size_t i = 0; i < PLAN_RESERVED_MAX; i++) {
		if (board->reserved[i].bytes > 0) {
			hf_assert(layout->count < PLAN_PARTS_MAX);
			layout->parts[layout->count++] = board->reserved[i];
		}
	}
}

static void sort(struct plan_layout *layout)
{
	for (size_t i = 1; i < layout->count; i++) {
		struct plan_part part = layout->parts[i];
		size_t at = i;
		while (at > 0 && (layout->parts[at - 1].external > part.external ||
				  (layout->parts[at - 1].external == part.external && layout->parts[at - 1].addr > part.addr))) {
			layout->parts[at] = layout->parts[at - 1];
			at--;
		}
		layout->parts[at] = part;
	}
}

/* Sectors of the two slots, of scratch, of the second slot outside; what is left over. */
struct split {
	uint32_t primary, secondary, scratch, external, spare;
};

static struct split split_of(const struct plan_board *board, const struct plan_mode *mode, uint32_t total)
{
	struct split s = { 0 };
	uint32_t outside = board->external.bytes / board->sector_bytes, room = 0;
	switch (mode->shape) {
	case PLAN_SHAPE_TWO_PRIMARY:
		s.secondary = total / 2;
		s.primary = total - s.secondary;
		break;
	case PLAN_SHAPE_TWO_SECONDARY:
		s.primary = total / 2;
		s.secondary = total - s.primary;
		break;
	case PLAN_SHAPE_TWO_SCRATCH:
		s.scratch = total > SCRATCH_SECTORS ? SCRATCH_SECTORS : 0;
		s.primary = s.secondary = (total - s.scratch) / 2;
		s.spare = (total - s.scratch) % 2;
		break;
	case PLAN_SHAPE_TWO_EQUAL:
		s.primary = s.secondary = total / 2;
		s.spare = total % 2;
		break;
	case PLAN_SHAPE_EXTERNAL:
		room = mode->limit == PLAN_LIMIT_OFFSET ? 1 : 0; /* offset leaves the second slot's first sector free */
		s.primary = total;
		s.external = total + room < outside ? total + room : outside;
		if (s.primary > s.external) /* swaps want the same number of sectors */
			s.primary = s.external;
		s.spare = total - s.primary;
		break;
	case PLAN_SHAPE_SPLIT:
		s.secondary = (total * COMPRESSED_PERCENT + 169) / 170;
		s.primary = total - s.secondary;
		break;
	case PLAN_SHAPE_ONE:
		s.primary = total;
		break;
	case PLAN_SHAPE_DELTA: { /* T - 40 KB over 1.117: ten pages of journal, redo and stash; 11.7 % for both directions */
		uint32_t fixed = 40960 / board->sector_bytes;
		s.primary = total > fixed ? (uint32_t)((uint64_t)(total - fixed) * 1000 / 1117) : 0;
		s.secondary = total - s.primary;
		break;
	}
	case PLAN_SHAPE_HOLDFAST:
		break;
	}
	return s;
}

bool plan_layout_make(const struct plan_board *board, const struct plan_mode *mode, struct plan_layout *layout)
{
	uint32_t sector = board->sector_bytes, start = board->first_addr + board->boot_bytes;
	*layout = (struct plan_layout){ .count = 0 };
	if (mode->shape == PLAN_SHAPE_HOLDFAST || sector == 0 || board->end_addr < start + board->settings_bytes + 4 * sector)
		return false;
	if (mode->external && board->external.bytes == 0)
		return false;
	uint32_t settings = board->end_addr - board->settings_bytes;
	struct split s = split_of(board, mode, (settings - start) / sector);
	if (s.primary < 2)
		return false;
	add(layout, PLAN_BOOT, false, board->first_addr, board->boot_bytes);
	add(layout, PLAN_PRIMARY, false, start, s.primary * sector);
	start += s.primary * sector;
	add(layout, PLAN_SECONDARY, false, start, s.secondary * sector);
	start += s.secondary * sector;
	add(layout, PLAN_SCRATCH, false, start, s.scratch * sector);
	start += s.scratch * sector;
	add(layout, PLAN_SPARE, false, start, s.spare * sector);
	add(layout, PLAN_SETTINGS, false, settings, board->settings_bytes);
	add(layout, PLAN_SECONDARY, true, 0, s.external * sector);
	add_reserved(board, layout);
	sort(layout);
	return true;
}

void plan_layout_of_holdfast(const struct plan_board *board, const struct board_layout *from, struct plan_layout *layout)
{
	bool outside = from->secondary_addr >= BOARD_EXTERNAL_ADDR;
	*layout = (struct plan_layout){ .count = 0 };
	add(layout, PLAN_BOOT, false, from->loader_addr, from->loader_bytes);
	add(layout, PLAN_PRIMARY, false, from->primary_addr, from->primary_bytes);
	add(layout, PLAN_SECONDARY, outside, outside ? from->secondary_addr - BOARD_EXTERNAL_ADDR : from->secondary_addr,
	    from->secondary_bytes);
	add(layout, PLAN_SETTINGS, false, from->storage_addr, from->storage_bytes);
	add_reserved(board, layout);
	sort(layout);
	size_t count = layout->count;
	for (size_t i = 0; i + 1 < count; i++) { /* what lies between two parts is left over */
		uint32_t end = layout->parts[i].addr + layout->parts[i].bytes;
		if (!layout->parts[i + 1].external && layout->parts[i + 1].addr > end && layout->count < PLAN_PARTS_MAX)
			add(layout, PLAN_SPARE, false, end, layout->parts[i + 1].addr - end);
	}
	sort(layout);
}

const struct plan_part *plan_part_of(const struct plan_layout *layout, enum plan_role role)
{
	for (size_t i = 0; i < layout->count; i++) {
		if (layout->parts[i].role == role)
			return &layout->parts[i];
	}
	return NULL;
}
