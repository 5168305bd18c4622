/* SPDX-License-Identifier: MIT */
/* How large an image a layout takes, how long an update lasts, how many the memory survives. Pure. Sources: MCUboot's
 * boot/bootutil/src/bootutil_misc.c (trailer), swap_move.c, swap_offset.c, swap_scratch.c, loader.c at 2d4bacc3; the limits were run
 * against it. Holdfast's come from the core's own function. */
#include <holdfast/mode.h>

#include "boardopt.h"
#include "plan.h"

static uint32_t up(uint32_t value, uint32_t unit)
{
	return (value + unit - 1) / unit * unit;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t less(uint32_t value, uint32_t taken)
{
	return value > taken ? value - taken : 0;
}

/* Fields behind the status area; offset has one more (sizes of the TLV areas). */
static uint32_t info_bytes(const struct plan_board *board, bool offset)
{
	return (offset ? 5u : 4u) * board->align + up(16, board->align);
}

uint32_t plan_max_sectors(const struct plan_board *board, const struct plan_layout *layout)
{
	const struct plan_part *primary = plan_part_of(layout, PLAN_PRIMARY), *secondary = plan_part_of(layout, PLAN_SECONDARY);
	uint32_t most = primary != NULL ? primary->bytes : 0;
	if (secondary != NULL && secondary->bytes > most)
		most = secondary->bytes;
	return most / board->sector_bytes;
}

static uint32_t trailer_bytes(const struct plan_board *board, const struct plan_mode *mode, uint32_t sectors)
{
	return mode->status_states * board->unit_bytes * sectors + info_bytes(board, mode->limit == PLAN_LIMIT_OFFSET);
}

/* The group of sectors with the trailer must leave room for scratch's own trailer (swap_scratch.c). */
static uint32_t scratch_limit(const struct plan_board *board, const struct plan_mode *mode, uint32_t slot, uint32_t trailer)
{
	uint32_t own = mode->status_states * board->unit_bytes + info_bytes(board, false);
	uint32_t in_first = trailer - (up(trailer, board->sector_bytes) - board->sector_bytes);
	return less(slot, trailer + less(own, in_first));
}

uint32_t plan_size_max(const struct plan_board *board, const struct plan_mode *mode, const struct plan_layout *layout, uint32_t percent)
{
	const struct plan_part *p = plan_part_of(layout, PLAN_PRIMARY), *s = plan_part_of(layout, PLAN_SECONDARY);
	uint32_t sector = board->sector_bytes, primary = p != NULL ? p->bytes : 0, secondary = s != NULL ? s->bytes : 0;
	uint32_t trailer = trailer_bytes(board, mode, plan_max_sectors(board, layout)), whole = up(trailer, sector);
	uint32_t fields = 3 * board->align + 16; /* magic, image_ok, copy_done, swap_info */
	switch (mode->limit) {
	case PLAN_LIMIT_MOVE: return least(less(primary, whole + sector), less(secondary, whole));
	case PLAN_LIMIT_OFFSET: return least(less(primary, whole), less(secondary, whole + sector));
	case PLAN_LIMIT_SCRATCH: return scratch_limit(board, mode, least(primary, secondary), trailer);
	case PLAN_LIMIT_FIELDS: return less(least(primary, secondary), fields);
	case PLAN_LIMIT_ONE: return less(primary, info_bytes(board, false));
	case PLAN_LIMIT_COMPRESSED:
		return least(less(primary, fields), (uint32_t)((uint64_t)less(secondary, fields) * 100 / (percent != 0 ? percent : 70)));
	case PLAN_LIMIT_DELTA: return primary;
	case PLAN_LIMIT_HOLDFAST: return 0; /* plan_holdfast_size_max */
	}
	return 0;
}

uint32_t plan_holdfast_size_max(const struct plan_board *board, const struct plan_mode *mode, const struct board_layout *layout)
{
	const struct hf_mode *core = boardopt_mode(mode->hf_mode_id);
	if (core == NULL)
		return 0;
	const uint32_t sector = layout->sector_bytes != 0 ? layout->sector_bytes : board->sector_bytes;
	return core->size_max(layout->primary_bytes, layout->secondary_bytes, sector, board->align);
}

/* Erases at the beginning and end of an update. */
#define FIXED_ERASES 4u

uint32_t plan_update_ms(const struct plan_board *board, const struct plan_mode *mode, uint32_t image_bytes)
{
	uint64_t sectors = up(image_bytes, board->sector_bytes) / board->sector_bytes;
	uint64_t inside = board->erase_us + (uint64_t)board->sector_bytes / board->unit_bytes * board->unit_us;
	uint64_t outside = board->external.erase_us + (uint64_t)board->sector_bytes / 256 * board->external.page_us;
	uint64_t us = sectors * (mode->ops_primary + mode->ops_scratch) * inside + sectors * mode->ops_secondary * (mode->external ? outside : inside);
	if (us > 0)
		us += FIXED_ERASES * board->erase_us;
	return (uint32_t)((us + 999) / 1000);
}

uint32_t plan_updates(const struct plan_board *board, const struct plan_mode *mode, const struct plan_layout *layout, uint32_t image_bytes)
{
	uint32_t sectors = up(image_bytes, board->sector_bytes) / board->sector_bytes;
	const struct plan_part *scratch = plan_part_of(layout, PLAN_SCRATCH);
	uint32_t hottest = mode->wear_primary;
	if (!mode->external && mode->wear_secondary > hottest)
		hottest = mode->wear_secondary;
	if (!mode->external && mode->wear_other > hottest)
		hottest = mode->wear_other;
	if (scratch != NULL)
		hottest = (sectors * board->sector_bytes + scratch->bytes - 1) / scratch->bytes + 2;
	if (mode->limit == PLAN_LIMIT_DELTA) /* four redo pages take turns */
		hottest = (sectors + 3) / 4;
	uint32_t updates = board->endurance / (hottest > 0 ? hottest : 1);
	uint32_t outside = mode->wear_other > mode->wear_secondary ? mode->wear_other : mode->wear_secondary;
	return mode->external && outside > 0 ? least(updates, board->external.endurance / outside) : updates;
}
