/* SPDX-License-Identifier: MIT */
/* Swap by a walking free sector: the new image moves into the primary and the old one into the secondary, one sector shifted,
 * so that every sector is copied once and there is always exactly one sector free to copy into (docs/power-loss.md). */
#include <holdfast/mode.h>
#include <holdfast/journal.h>
#include <holdfast/trailer.h>

#include "boot_parts.h"

/* What boot_status.h of MCUboot calls "swap without scratch": applications then upload at offset 0. */
enum { MCUBOOT_MODE_SWAP_MOVE = 3 };

/* ST, CLOSED, RUN, RUN2, CONF, CONF2, COUNTER, a slot left free at two resets, BEGIN twice, END twice, a few cuts. */
enum { JOURNAL_SLOT_BYTES = 12, JOURNAL_SLOTS_KEPT = 46, LARGE_SECTOR_BYTES = 1024 };

static uint32_t swap_size_max(uint32_t primary_bytes, uint32_t secondary_bytes, uint32_t sector_bytes, uint32_t align)
{
	const uint32_t shifted_bytes = sector_bytes + hf_trailer_bytes(align);
	if (primary_bytes < 2 * sector_bytes || secondary_bytes < sector_bytes + shifted_bytes)
		return 0;
	uint32_t primary_max = primary_bytes - sector_bytes; /* its last sector is the journal */
	/* NOR (alignment 8): each of the 2N steps takes a slot of the journal, and it must not be full. RRAM has a ring. */
	const uint32_t sectors_max = ((sector_bytes - HF_JOURNAL_TRAILER_BYTES) / JOURNAL_SLOT_BYTES - JOURNAL_SLOTS_KEPT) / 2;
	if (align == 8 && sector_bytes >= LARGE_SECTOR_BYTES && primary_max / sector_bytes > sectors_max)
		primary_max = sectors_max * sector_bytes;
	const uint32_t secondary_max = secondary_bytes - shifted_bytes;
	return primary_max < secondary_max ? primary_max : secondary_max;
}

static uint32_t swap_step_count(const struct hf_plan *plan)
{
	return (uint32_t)plan->old_sectors + plan->new_sectors;
}

/* Sector i is done in two halves: primary[i] out, then the new sector i in; a half beyond its image's end is left out. UP
 * goes through i = 0..N-1, DOWN through N-1..0; only the shorter image's sectors have both halves. */
static struct hf_step swap_step_at(const struct hf_plan *plan, uint32_t k)
{
	const uint32_t both = plan->old_sectors < plan->new_sectors ? plan->old_sectors : plan->new_sectors;
	const uint32_t single = swap_step_count(plan) - 2 * both;
	const bool single_is_out = plan->old_sectors > plan->new_sectors;
	const bool up = plan->walk == HF_WALK_UP;
	uint32_t i;
	bool out;
	hf_assert(k < swap_step_count(plan));
	if (up && k < 2 * both) {
		i = k / 2;
		out = k % 2 == 0;
	} else if (up) {
		i = k - both;
		out = single_is_out;
	} else if (k < single) {
		i = both + single - 1 - k;
		out = single_is_out;
	} else {
		i = both - 1 - (k - single) / 2;
		out = (k - single) % 2 == 0;
	}
	const uint16_t here = (uint16_t)i;
	const uint16_t next = (uint16_t)(i + 1);
	if (out)
		return (struct hf_step){ HF_SLOT_PRIMARY, HF_SLOT_SECONDARY, here, up ? here : next };
	return (struct hf_step){ HF_SLOT_SECONDARY, HF_SLOT_PRIMARY, up ? next : here, here };
}

const struct hf_mode hf_mode_swap = {
	.name = "swap",
	.id = HF_MODE_ID_SWAP,
	.mcuboot_mode = MCUBOOT_MODE_SWAP_MOVE,
	.keeps_old = true,
	.size_max = swap_size_max,
	.step_count = swap_step_count,
	.step_at = swap_step_at,
	.run = hf_boot_two_slots,
};
