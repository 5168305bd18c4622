/* SPDX-License-Identifier: MIT */
/* One slot: the primary is verified and started, or the boot stops with the reason, which is where recovery begins. The boot writes
 * nothing but two marks after an upload: the journal is for uploads into the primary (recovery.h). */
#include <holdfast/journal.h>
#include <holdfast/recovery.h>

#include "boot_parts.h"

enum { MCUBOOT_MODE_SINGLE_SLOT = 0, TIMES_READ = 2 };

static uint32_t single_size_max(uint32_t primary_bytes, uint32_t secondary_bytes, uint32_t sector_bytes, uint32_t align)
{
	(void)secondary_bytes;
	(void)align;
	return primary_bytes < 2 * sector_bytes ? 0 : primary_bytes - sector_bytes; /* the last sector is the journal */
}

static uint32_t single_step_count(const struct hf_plan *plan)
{
	(void)plan;
	return 0;
}

static struct hf_step single_step_at(const struct hf_plan *plan, uint32_t k)
{
	(void)plan;
	(void)k;
	return (struct hf_step){ HF_SLOT_PRIMARY, HF_SLOT_PRIMARY, 0, 0 };
}

static bool geometry_is_sound(const struct hf_boot_config *c)
{
	const struct hf_flash *p = c->primary;
	const uint32_t sector = hf_known(p)->sector_bytes;
	return p->size_bytes % sector == 0 && p->size_bytes / sector <= UINT16_MAX && c->work_bytes >= sector &&
	       (c->align == 8 || c->align == 16) && (hf_known(p)->needs_erase || c->align == 16) &&
	       single_size_max(p->size_bytes, 0, sector, c->align) != 0;
}

/* One bad read is no refusal. The counter's floor is what ran before an upload began. */
static enum hf_reason judge(const struct hf_boot_config *c, const struct hf_journal *journal, struct hf_verdict *verdict)
{
	const struct hf_image_place place = { c->primary, 0 };
	struct hf_rules rules;
	enum hf_reason reason = HF_OK;
	hf_boot_rules(c, &rules);
	rules.counter_min = journal->counter;
	rules.has_counter_min = (c->policy & HF_POLICY_COUNTER) != 0 && journal->counter != 0;
	for (uint32_t n = 0; n < TIMES_READ; n++) {
		reason = hf_verdict_of(&place, &rules, c->work, c->work_bytes, verdict);
		if (reason == HF_OK && boot_is_accepted(verdict))
			break;
	}
	return reason;
}

static void single_run(const struct hf_boot_config *c, struct hf_boot_result *result)
{
	struct hf_journal journal;
	enum hf_reason reason = HF_R_JOURNAL_GEOMETRY;
	result->action = HF_BOOT_STOP;
	if (geometry_is_sound(c)) {
		hf_journal_open(&journal, c->primary, c->work);
		reason = judge(c, &journal, &result->verdict);
	}
	if (reason == HF_OK && !boot_is_accepted(&result->verdict)) {
		const struct hf_finding *finding = &result->verdict.finding;
		boot_event(c, finding->reason, finding->where_off, finding->found);
		boot_event(c, HF_R_PRIMARY_REFUSED, finding->reason, finding->where_off);
		reason = HF_R_BOOT_NOTHING;
	}
	if (reason == HF_OK)
		reason = hf_recovery_installed(&journal);
	if (reason != HF_OK) {
		result->stop.reason = reason;
		boot_event(c, reason, 0, 0);
		return;
	}
	if (journal.has_st && !hf_journal_has(&journal, HF_RECORD_RUN)) { /* the first start after an upload; if the marks fail, the next boot says it again */
		result->cause = HF_CAUSE_INSTALLED;
		reason = hf_journal_append_mark(&journal, HF_RECORD_RUN);
		if (reason != HF_OK)
			boot_event(c, reason, 0, 0);
	}
	result->action = HF_BOOT_START;
}

const struct hf_mode hf_mode_single = {
	.name = "single",
	.id = HF_MODE_ID_SINGLE,
	.mcuboot_mode = MCUBOOT_MODE_SINGLE_SLOT,
	.size_max = single_size_max,
	.step_count = single_step_count,
	.step_at = single_step_at,
	.run = single_run,
};
