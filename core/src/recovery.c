/* SPDX-License-Identifier: MIT */
#include <holdfast/recovery.h>

#include "boot_parts.h"

enum { SLOTS_KEPT = 10 }; /* for DONE, or for an UPLOAD that says no */

/* An upload into the primary that was not finished reads right perhaps, but its last cells may be those of a cut. */
enum hf_reason hf_recovery_installed(struct hf_journal *j)
{
	if (hf_journal_has(j, HF_RECORD_UPLOAD))
		return HF_R_INSTALL_OPEN;
	if (!hf_journal_has(j, HF_RECORD_DONE))
		return HF_OK;
	const enum hf_reason reason = hf_journal_append_mark(j, HF_RECORD_DONE);
	return reason != HF_OK ? reason : hf_journal_append_generation(j, HF_RECORD_DONE, 1);
}

/* ---- where an upload goes */

enum hf_reason hf_recovery_plan_of(const struct hf_recovery_facts *facts, struct hf_recovery_plan *plan)
{
	if (facts->trial_open)
		return HF_R_SLOT_TRIAL_OPEN;
	const bool into_primary = facts->into_primary || !facts->has_update_slot || facts->update_open;
	plan->into = into_primary ? HF_SLOT_PRIMARY : HF_SLOT_SECONDARY;
	plan->permanent = into_primary || !facts->primary_valid;
	return HF_OK;
}

void hf_recovery_facts_of(const struct hf_boot_config *config, const struct hf_boot_result *result, bool into_primary,
			  struct hf_recovery_facts *facts)
{
	struct hf_journal journal;
	struct hf_trailer trailer;
	memset(facts, 0, sizeof *facts);
	hf_journal_open(&journal, config->primary, config->work);
	facts->has_update_slot = config->secondary != NULL && hf_trailer_read(config->secondary, config->align, &trailer) == HF_OK;
	const bool trial_open = journal.has_st && journal.st.kind == HF_KIND_TEST && !hf_journal_has(&journal, HF_RECORD_CONF) && !journal.has_begin;
	facts->primary_valid = !journal.has_begin && result->action == HF_BOOT_START;
	facts->update_open = journal.has_begin || (trial_open && !facts->primary_valid);
	facts->trial_open = trial_open && facts->primary_valid;
	facts->into_primary = into_primary;
}

static enum hf_reason judge(const struct hf_boot_config *c, const struct hf_flash *flash, uint32_t base_off, uint32_t counter_min,
			    struct hf_verdict *verdict)
{
	const struct hf_image_place place = { flash, base_off };
	struct hf_rules rules;
	hf_boot_rules(c, &rules);
	rules.counter_min = counter_min;
	rules.has_counter_min = (c->policy & HF_POLICY_COUNTER) != 0 && counter_min != 0;
	return hf_verdict_of(&place, &rules, c->work, c->work_bytes, verdict);
}

enum hf_reason hf_recovery_judge(const struct hf_boot_config *c, enum hf_slot_role role, struct hf_verdict *verdict)
{
	const bool is_secondary = role == HF_SLOT_SECONDARY;
	enum hf_reason reason = judge(c, is_secondary ? c->secondary : c->primary, 0, 0, verdict);
	if (is_secondary && hf_known_mode(c->mode)->keeps_old && (reason != HF_OK || !boot_is_accepted(verdict)))
		reason = judge(c, c->secondary, boot_sector_bytes(c), 0, verdict);
	return reason;
}

/* ---- an upload into the primary */

static uint32_t journal_off(const struct hf_flash *primary)
{
	return primary->size_bytes - hf_known(primary)->sector_bytes;
}

static enum hf_reason sector_done(void *ctx, uint32_t end_off)
{
	struct hf_install *install = ctx;
	const struct hf_flash *primary = install->config->primary;
	if (hf_journal_room(&install->journal) <= SLOTS_KEPT)
		return HF_OK; /* progress that is not kept costs time after a cut, nothing else */
	return hf_journal_append_sectors(&install->journal, end_off / hf_known(primary)->sector_bytes);
}

/* Nothing is left of what the journal held but its generation and the counter, and in RRAM, which is a ring, that an upload is open. */
static enum hf_reason journal_renew(struct hf_install *install, const struct hf_goal *goal)
{
	const struct hf_flash *primary = install->config->primary;
	struct hf_journal *j = &install->journal;
	enum hf_reason reason = HF_OK;
	if (hf_known(primary)->needs_erase) {
		reason = hf_flash_erase(primary, journal_off(primary), hf_known(primary)->sector_bytes);
		hf_journal_reset(j);
	} else {
		reason = hf_trailer_clear(primary); /* for the new image there was no update */
	}
	if (reason == HF_OK)
		reason = hf_journal_append_goal(j, goal);
	if (reason == HF_OK && hf_known(primary)->needs_erase)
		reason = hf_journal_append_generation(j, HF_RECORD_CLOSED, goal->generation);
	return reason;
}

/* Does the note in the first sector hold what a cut kept out of the journal? Then what the journal seems to hold is what is left of
 * an older one. */
static bool note_open(const struct hf_install *install, struct hf_note *note)
{
	const struct hf_boot_config *c = install->config;
	const struct hf_journal *j = &install->journal;
	if (!hf_known(c->primary)->needs_erase)
		return false;
	hf_note_open(note, c->primary, 0, j->generation != 0 ? j->generation + HF_NOTE_WINDOW : c->generation_seed + HF_SEED_WINDOW, c->work);
	return note->found && (!j->has_st || j->closed_generation < note->goal.generation);
}

/* Before anything goes: no boot may start what is there from now on, even if a cut erase leaves it reading as before. */
static enum hf_reason announce(struct hf_install *install)
{
	const struct hf_journal_upload none = { .version_min = install->version_min };
	const enum hf_reason reason = hf_journal_append_upload(&install->journal, &none);
	return reason == HF_R_JOURNAL_FULL ? HF_OK : reason; /* full (dozens of cuts, or never set up): without the mark, rather than never */
}

/* NOR: the goal is noted in the first sector before the journal is erased. If a cut left the journal without what a note there says,
 * a higher one is put behind it, as the mover does. */
static enum hf_reason note_and_renew(struct hf_install *install, struct hf_goal *goal)
{
	const struct hf_boot_config *c = install->config;
	struct hf_note note;
	enum hf_reason reason = HF_R_JOURNAL_FULL;
	if (!hf_known(c->primary)->needs_erase) {
		reason = announce(install);
		return reason != HF_OK ? reason : journal_renew(install, goal);
	}
	if (note_open(install, &note)) {
		if (note.goal.generation >= goal->generation)
			goal->generation = note.goal.generation + 1;
		if (note.goal.counter > goal->counter)
			goal->counter = note.goal.counter;
		reason = hf_note_append(&note, goal);
	}
	if (reason == HF_R_JOURNAL_FULL) {
		reason = announce(install);
		if (reason == HF_OK)
			reason = hf_flash_erase(c->primary, 0, hf_known(c->primary)->sector_bytes);
		hf_note_reset(&note);
		if (reason == HF_OK)
			reason = hf_note_append(&note, goal);
	}
	return reason != HF_OK ? reason : journal_renew(install, goal);
}

/* What may not be gone below: the image that is there, and the floor of an upload that it began with. */
static void floor_find(struct hf_install *install, const struct hf_journal_upload *known, struct hf_goal *goal)
{
	const struct hf_boot_config *c = install->config;
	struct hf_verdict verdict;
	install->version_min = known->version_min;
	if (judge(c, c->primary, 0, 0, &verdict) != HF_OK || !boot_is_accepted(&verdict))
		return;
	install->version_min = verdict.image.version;
	if (verdict.counter > goal->counter)
		goal->counter = verdict.counter;
}

static enum hf_reason head_check(const struct hf_install *install, const uint8_t *head, uint32_t head_bytes)
{
	if (head_bytes < HF_IMAGE_HEADER_BYTES || hf_get32le(head) != HF_IMAGE_MAGIC)
		return HF_R_IMAGE_MAGIC;
	const struct hf_version version = { head[20], head[21], hf_get16le(head + 22), hf_get32le(head + 24) };
	if ((install->config->policy & HF_POLICY_NO_DOWNGRADE) != 0 && hf_version_compare(&version, &install->version_min) < 0)
		return HF_R_POLICY_DOWNGRADE;
	return HF_OK;
}

static void upload_open(struct hf_install *install, uint32_t size_bytes, uint32_t next_off, const uint8_t *tag, uint32_t tag_bytes)
{
	struct hf_upload *upload = &install->upload;
	memset(upload, 0, sizeof *upload);
	upload->flash = install->config->primary;
	upload->open = true;
	upload->size_bytes = size_bytes;
	upload->next_off = upload->prepared_bytes = next_off;
	memcpy(upload->tag, tag, tag_bytes);
	upload->tag_bytes = tag_bytes;
	upload->sector_done = sector_done;
	upload->ctx = install;
}

enum hf_reason hf_install_begin(struct hf_install *install, const struct hf_boot_config *c, uint32_t size_bytes, const uint8_t *tag,
				uint32_t tag_bytes, const uint8_t *head, uint32_t head_bytes)
{
	struct hf_journal_upload known;
	struct hf_rules rules;
	struct hf_note note;
	struct hf_goal goal = { .kind = HF_KIND_FORMAT, .walk = HF_WALK_UP, .align = c->align };
	const uint32_t sector = hf_known(c->primary)->sector_bytes;
	hf_boot_rules(c, &rules);
	if (size_bytes == 0 || size_bytes > rules.limit_bytes || head_bytes > size_bytes)
		return HF_R_SLOT_TOO_SMALL;
	if (tag_bytes == 0 || tag_bytes > sizeof known.tag)
		return HF_R_ARGUMENT;
	install->upload.open = false;
	install->config = c;
	hf_journal_open_upload(&install->journal, c->primary, c->work, &known);
	goal.counter = install->journal.counter;
	floor_find(install, &known, &goal);
	enum hf_reason reason = head_check(install, head, head_bytes);
	if (reason != HF_OK)
		return reason;
	/* The last sector is written again in any case: no record says that it is whole. */
	const uint32_t last = (size_bytes - 1) / sector, sectors = known.sectors < last ? known.sectors : last;
	const bool same = known.size_bytes == size_bytes && known.tag_bytes == tag_bytes && memcmp(known.tag, tag, tag_bytes) == 0;
	if (same && sectors != 0 && !note_open(install, &note) && hf_journal_has(&install->journal, HF_RECORD_UPLOAD) &&
	    hf_journal_room(&install->journal) > SLOTS_KEPT) {
		/* Newer than a torn record of more, which may read well one day though its sector is about to be written again. */
		reason = hf_journal_append_sectors(&install->journal, sectors);
		upload_open(install, size_bytes, sectors * sector, tag, tag_bytes);
		return reason;
	}
	goal.generation = (install->journal.generation != 0 ? install->journal.generation : c->generation_seed) + 1;
	reason = note_and_renew(install, &goal);
	if (reason != HF_OK)
		return reason;
	known = (struct hf_journal_upload){ .size_bytes = size_bytes, .tag_bytes = tag_bytes, .version_min = install->version_min };
	memcpy(known.tag, tag, tag_bytes);
	reason = hf_journal_append_upload(&install->journal, &known);
	if (reason != HF_OK)
		return reason;
	upload_open(install, size_bytes, 0, tag, tag_bytes);
	return hf_upload_write(&install->upload, head, head_bytes);
}

enum hf_reason hf_install_verify(struct hf_install *install, struct hf_verdict *verdict)
{
	const struct hf_boot_config *c = install->config;
	const struct hf_journal_upload none = { .version_min = install->version_min };
	const enum hf_reason reason = judge(c, c->primary, 0, install->journal.counter, verdict);
	if (reason == HF_OK && boot_is_accepted(verdict))
		return hf_journal_append_mark(&install->journal, HF_RECORD_DONE);
	return reason != HF_OK ? reason : hf_journal_append_upload(&install->journal, &none); /* not resumed: it starts over */
}
