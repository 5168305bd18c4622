/* SPDX-License-Identifier: MIT */
/* The new image replaces the old one, sector by sector; the secondary keeps it until the primary has been verified. Then its first
 * and its last sector are wiped, so that it can't be asked for again. The walk is DOWN: the sector that is free afterwards, where
 * NOR notes what the journal will hold, is the secondary's first. */
#include <holdfast/mover.h>

#include "boot_parts.h"

enum { MCUBOOT_MODE_UPGRADE_ONLY = 2, TIMES_READ = 2, TIMES_COPIED = 2 };

static uint32_t overwrite_size_max(uint32_t primary_bytes, uint32_t secondary_bytes, uint32_t sector_bytes, uint32_t align)
{
	if (primary_bytes < 2 * sector_bytes || secondary_bytes < 2 * sector_bytes)
		return 0;
	const uint32_t primary_max = primary_bytes - sector_bytes; /* its last sector is the journal */
	const uint32_t secondary_max = secondary_bytes - hf_trailer_bytes(align);
	return primary_max < secondary_max ? primary_max : secondary_max;
}

static uint32_t overwrite_step_count(const struct hf_plan *plan)
{
	return plan->new_sectors;
}

static struct hf_step overwrite_step_at(const struct hf_plan *plan, uint32_t k)
{
	hf_assert(k < plan->new_sectors);
	return (struct hf_step){ HF_SLOT_SECONDARY, HF_SLOT_PRIMARY, (uint16_t)k, (uint16_t)k };
}

/* Only the image that was verified in the secondary, by its identity, and by signature once more. HF_OK: *same says which. */
static enum hf_reason primary_is_the_new(const struct hf_mover *m, bool *same)
{
	const struct hf_boot_config *c = m->config;
	const struct hf_image_place place = { c->primary, 0 };
	struct hf_rules rules;
	struct hf_verdict verdict;
	hf_boot_rules(c, &rules);
	const enum hf_reason reason = hf_verdict_of(&place, &rules, c->work, c->work_bytes, &verdict);
	*same = reason == HF_OK && boot_is_accepted(&verdict) && memcmp(verdict.id, m->journal.begin.new_id, sizeof verdict.id) == 0;
	return reason;
}

/* Refused twice: copied again, once a boot and as long as the journal has room; the secondary is as it was. */
static enum hf_reason overwrite_accept(struct hf_mover *m)
{
	const uint32_t count = m->journal.begin.plan.new_sectors;
	bool same = false;
	enum hf_reason reason = HF_OK;
	for (uint32_t copied = 1; reason == HF_OK; copied++) {
		for (uint32_t n = 0; n < TIMES_READ && reason == HF_OK && !same; n++)
			reason = primary_is_the_new(m, &same);
		if (same)
			return HF_OK;
		if (copied == TIMES_COPIED || hf_journal_room(&m->journal) <= count + 2)
			break;
		if (reason == HF_OK)
			reason = hf_mover_steps(m, 0);
	}
	return reason != HF_OK ? reason : HF_R_COPY_REFUSED;
}

const struct hf_mode hf_mode_overwrite = {
	.name = "overwrite",
	.id = HF_MODE_ID_OVERWRITE,
	.mcuboot_mode = MCUBOOT_MODE_UPGRADE_ONLY,
	.size_max = overwrite_size_max,
	.step_count = overwrite_step_count,
	.step_at = overwrite_step_at,
	.accept = overwrite_accept,
	.run = hf_boot_two_slots,
};
