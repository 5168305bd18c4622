/* SPDX-License-Identifier: MIT */
#include <holdfast/mover.h>

#include "boot_parts.h"

enum { COMPARE_BYTES = 64, COPY_TRIES = 2 };

static const struct hf_flash *slot_of(const struct hf_mover *m, uint8_t role)
{
	return role == HF_SLOT_PRIMARY ? m->config->primary : m->config->secondary;
}

static bool is_nor(const struct hf_mover *m)
{
	return hf_known(m->config->primary)->needs_erase;
}

HF_INLINE uint32_t sector_bytes(const struct hf_mover *m)
{
	return boot_sector_bytes(m->config);
}

/* Start of the secondary sector that is free when a walk has ended. */
HF_INLINE uint32_t free_sector_off(const struct hf_mover *m, enum hf_walk walk)
{
	return walk == HF_WALK_DOWN ? 0 : m->config->secondary->size_bytes - sector_bytes(m);
}

static void event(const struct hf_mover *m, enum hf_reason reason, uint32_t a, uint32_t b)
{
	boot_event(m->config, reason, a, b);
}

static void feed_watchdog(const struct hf_mover *m)
{
	if (hf_known_boot(m->config)->feed != NULL)
		hf_known_boot(m->config)->feed(m->config->feed_ctx);
}

void hf_mover_open(struct hf_mover *m)
{
	hf_journal_open(&m->journal, m->config->primary, m->config->work);
}

/* ---- notes (NOR): the goal is written down before the journal is erased */

/* The newest note that can be ours. One far above the journal's generations was uploaded, not written here. */
static void notes_open(const struct hf_mover *m, struct hf_note *newest)
{
	struct hf_note other;
	const uint32_t seen = m->journal.generation;
	const uint32_t generation_max = seen != 0 ? seen + HF_NOTE_WINDOW : m->config->generation_seed + HF_SEED_WINDOW;
	hf_note_open(newest, m->config->secondary, free_sector_off(m, HF_WALK_DOWN), generation_max, m->config->work);
	hf_note_open(&other, m->config->secondary, free_sector_off(m, HF_WALK_UP), generation_max, m->config->work);
	if (other.found && (!newest->found || other.goal.generation > newest->goal.generation))
		*newest = other;
}

/* A note that the journal has not overtaken: the journal's erase or its refilling was cut. */
static bool note_is_open(const struct hf_mover *m, const struct hf_note *note)
{
	const struct hf_journal *j = &m->journal;
	if (!note->found || (j->has_end && note->goal.generation < j->end_generation))
		return false;
	return !j->has_st || j->closed_generation < note->goal.generation;
}

static enum hf_reason erase_free_sector(const struct hf_mover *m, enum hf_walk walk)
{
	return hf_flash_erase(m->config->secondary, free_sector_off(m, walk), sector_bytes(m));
}

/* ---- after the last step */

/* The old image lies one sector in; applications look at offset 0. The stub carries its header with the size stretched by
 * that sector, so that the TLVs are found where they are. It can't be booted: its hash never fits. No old image: no header at
 * all, so that the new one can't be asked for again. */
static enum hf_reason stub_write(const struct hf_mover *m)
{
	uint8_t header[HF_IMAGE_HEADER_BYTES];
	const struct hf_flash *secondary = m->config->secondary;
	if (!hf_known_mode(m->config->mode)->keeps_old || hf_flash_read(secondary, sector_bytes(m), header, sizeof header) != HF_OK ||
	    hf_get32le(header) != HF_IMAGE_MAGIC)
		memset(header, hf_known(secondary)->erased_byte, sizeof header);
	else
		hf_put32le(header + 12, hf_get32le(header + 12) + sector_bytes(m));
	const enum hf_reason reason = hf_flash_write(secondary, 0, header, sizeof header);
	return reason != HF_OK ? reason : hf_flash_sync(secondary);
}

/* RUN says that all before it is whole, RUN2 that RUN is: only then does an application start. */
static enum hf_reason mark_twice(struct hf_mover *m, enum hf_record_type first, enum hf_record_type second)
{
	const enum hf_reason reason = hf_journal_append_mark(&m->journal, first);
	return reason != HF_OK ? reason : hf_journal_append_mark(&m->journal, second);
}

static enum hf_reason settle(struct hf_mover *m, enum hf_walk walk)
{
	enum hf_reason reason = HF_OK;
	if (hf_known(m->config->secondary)->needs_erase)
		reason = erase_free_sector(m, walk);
	if (reason == HF_OK && walk == HF_WALK_DOWN)
		reason = stub_write(m);
	return reason != HF_OK ? reason : mark_twice(m, HF_RECORD_RUN, HF_RECORD_RUN2);
}

static enum hf_swap_type swap_type_of(enum hf_kind kind)
{
	return kind == HF_KIND_TEST ? HF_SWAP_TEST : kind == HF_KIND_PERM ? HF_SWAP_PERM : HF_SWAP_REVERT;
}

static enum hf_reason trailer_write(struct hf_mover *m, const struct hf_goal *goal)
{
	if (goal->kind == HF_KIND_FORMAT)
		return HF_OK; /* a primary that was never updated has an erased trailer */
	if (!hf_known_mode(m->config->mode)->keeps_old) /* nothing to confirm, nothing to take back: erased, whatever was there before */
		return is_nor(m) ? HF_OK : hf_trailer_clear(m->config->primary);
	return hf_trailer_write_done(m->config->primary, goal->align, swap_type_of(goal->kind), goal->kind != HF_KIND_TEST);
}

/* NOR, under a firm note: the journal anew. Repeated whole if it is cut. */
static enum hf_reason journal_renew(struct hf_mover *m, const struct hf_goal *goal)
{
	const struct hf_flash *primary = m->config->primary;
	enum hf_reason reason = hf_flash_erase(primary, primary->size_bytes - sector_bytes(m), sector_bytes(m));
	if (reason != HF_OK)
		return reason;
	hf_journal_reset(&m->journal);
	reason = hf_journal_append_goal(&m->journal, goal);
	if (reason == HF_OK)
		reason = trailer_write(m, goal);
	if (reason == HF_OK)
		reason = hf_journal_append_generation(&m->journal, HF_RECORD_CLOSED, goal->generation);
	return reason != HF_OK ? reason : settle(m, goal->walk);
}

/* Notes the goal in the free sector, then renews. */
static enum hf_reason note_and_renew(struct hf_mover *m, const struct hf_goal *goal)
{
	struct hf_note note;
	enum hf_reason reason = erase_free_sector(m, goal->walk);
	if (reason != HF_OK)
		return reason;
	hf_note_open(&note, m->config->secondary, free_sector_off(m, goal->walk), 0, m->config->work);
	hf_note_reset(&note);
	reason = hf_note_append(&note, goal);
	return reason != HF_OK ? reason : journal_renew(m, goal);
}

/* A cut between note and CLOSED: a higher note first, so that survivors of the cut erase can't pass for the new journal. A
 * full note sector (dozens of cuts in a row) goes on under the old one. */
static enum hf_reason renew_again(struct hf_mover *m, struct hf_note *note)
{
	struct hf_goal goal = note->goal;
	goal.generation++;
	enum hf_reason reason = hf_note_append(note, &goal);
	if (reason == HF_R_JOURNAL_FULL && goal.kind == HF_KIND_FORMAT)
		return note_and_renew(m, &goal);
	if (reason == HF_R_JOURNAL_FULL) {
		goal.generation--;
		reason = HF_OK;
	}
	return reason != HF_OK ? reason : journal_renew(m, &goal);
}

/* The request goes where the walk has not passed; then what the update leaves is written down, in this order for RRAM, under a
 * note for NOR. */
static enum hf_reason finish(struct hf_mover *m)
{
	const struct hf_begin begin = m->journal.begin;
	const struct hf_flash *secondary = m->config->secondary;
	struct hf_goal goal = { .kind = begin.kind, .walk = begin.plan.walk, .align = begin.align, .counter = m->journal.counter };
	enum hf_reason reason = HF_OK;
	memcpy(goal.id, begin.old_id, sizeof goal.id);
	event(m, HF_R_UPDATE_DONE, m->steps_done, (uint32_t)begin.kind);
	goal.generation = is_nor(m) ? m->journal.end_generation : m->journal.generation + 1;
	if (!hf_known(secondary)->needs_erase)
		reason = hf_trailer_clear(secondary);
	else if (goal.walk == HF_WALK_DOWN && begin.plan.old_sectors + 1u < secondary->size_bytes / sector_bytes(m))
		reason = erase_free_sector(m, HF_WALK_UP);
	if (reason == HF_OK && is_nor(m))
		return note_and_renew(m, &goal);
	if (reason == HF_OK)
		reason = trailer_write(m, &goal);
	if (reason == HF_OK)
		reason = hf_journal_append_goal(&m->journal, &goal);
	return reason != HF_OK ? reason : settle(m, goal.walk);
}

/* ---- steps */

static enum hf_reason sector_equals(const struct hf_flash *flash, uint32_t off, const uint8_t *bytes, uint32_t size_bytes)
{
	uint8_t back[COMPARE_BYTES];
	for (uint32_t done = 0; done < size_bytes; done += COMPARE_BYTES) {
		if (hf_flash_read(flash, off + done, back, COMPARE_BYTES) != HF_OK ||
		    memcmp(back, bytes + done, COMPARE_BYTES) != 0)
			return HF_R_FLASH_VERIFY;
	}
	return HF_OK;
}

static enum hf_reason sector_write(const struct hf_flash *flash, uint32_t off, const uint8_t *bytes, uint32_t size_bytes)
{
	enum hf_reason reason = HF_R_FLASH_VERIFY;
	for (uint32_t n = 0; n < COPY_TRIES && reason != HF_OK; n++) {
		reason = hf_known(flash)->needs_erase ? hf_flash_erase(flash, off, size_bytes) : HF_OK;
		if (reason == HF_OK)
			reason = hf_flash_write(flash, off, bytes, size_bytes);
		if (reason == HF_OK)
			reason = hf_flash_sync(flash);
		if (reason == HF_OK)
			reason = sector_equals(flash, off, bytes, size_bytes);
	}
	return reason;
}

/* Is this the secondary's last sector, whose end holds the trailer fields? */
static bool has_fields(const struct hf_mover *m, uint8_t slot, uint32_t sector)
{
	return slot == HF_SLOT_SECONDARY && (sector + 1u) * sector_bytes(m) == m->config->secondary->size_bytes;
}

static uint32_t fields_bytes(const struct hf_mover *m)
{
	return hf_trailer_bytes(m->config->align);
}

/* The request's fields are no part of an image: torn, they may read differently each time, or fault. */
static enum hf_reason source_read(const struct hf_mover *m, const struct hf_step *step)
{
	const uint32_t size = sector_bytes(m);
	const struct hf_flash *from = slot_of(m, step->from_slot);
	const uint32_t fields = has_fields(m, step->from_slot, step->from_sector) ? fields_bytes(m) : 0;
	feed_watchdog(m);
	memset(m->config->work, hf_known(from)->erased_byte, size);
	return hf_flash_read(from, step->from_sector * size, m->config->work, size - fields);
}

/* What lies behind an image in its last sector must not become a request in the secondary's trailer. */
static enum hf_reason step_copy(struct hf_mover *m, const struct hf_step *step)
{
	const uint32_t size = sector_bytes(m);
	const struct hf_flash *into = slot_of(m, step->into_slot);
	uint8_t *work = m->config->work;
	m->steps_done++;
	if (has_fields(m, step->into_slot, step->into_sector))
		memset(work + size - fields_bytes(m), hf_known(into)->erased_byte, fields_bytes(m));
	return sector_write(into, step->into_sector * size, work, size);
}

enum hf_reason hf_mover_steps(struct hf_mover *m, uint32_t first)
{
	const struct hf_plan plan = m->journal.begin.plan;
	const uint32_t count = hf_known_mode(m->config->mode)->step_count(&plan);
	for (uint32_t k = first; k < count; k++) {
		const struct hf_step step = hf_known_mode(m->config->mode)->step_at(&plan, k);
		enum hf_reason reason = source_read(m, &step);
		if (reason == HF_OK)
			reason = hf_journal_append_step(&m->journal, k, hf_crc32(0, m->config->work, sector_bytes(m)));
		if (reason == HF_OK)
			reason = step_copy(m, &step);
		if (reason != HF_OK)
			return reason;
	}
	return HF_OK;
}

/* Steps from first to the last, the END record, the finish. */
static enum hf_reason steps_from(struct hf_mover *m, uint32_t first)
{
	enum hf_reason reason = hf_mover_steps(m, first);
	if (reason == HF_OK && hf_known_mode(m->config->mode)->accept != NULL)
		reason = hf_known_mode(m->config->mode)->accept(m);
	if (reason == HF_OK)
		reason = hf_journal_append_generation(&m->journal, HF_RECORD_END, m->journal.generation + 1);
	return reason != HF_OK ? reason : finish(m);
}

/* The newest INT names a step that may be half done: its source is whole (nothing is ever copied onto the only copy), so it
 * is read once, recorded once more, and copied again. */
static enum hf_reason step_again(struct hf_mover *m)
{
	struct hf_journal *j = &m->journal;
	const uint32_t k = j->step, crc = j->step_crc;
	const uint32_t count = hf_known_mode(m->config->mode)->step_count(&j->begin.plan);
	if (k >= count)
		return HF_R_JOURNAL_SOURCE;
	const struct hf_step step = hf_known_mode(m->config->mode)->step_at(&j->begin.plan, k);
	event(m, HF_R_RESUMED, k, count);
	enum hf_reason reason = source_read(m, &step);
	if (reason == HF_OK && hf_crc32(0, m->config->work, sector_bytes(m)) != crc)
		reason = HF_R_JOURNAL_SOURCE;
	if (reason == HF_OK && hf_journal_room(j) > count - k + 1)
		reason = hf_journal_append_step(j, k, crc);
	if (reason == HF_OK)
		reason = step_copy(m, &step);
	return reason != HF_OK ? reason : steps_from(m, k + 1);
}

static enum hf_reason resume(struct hf_mover *m)
{
	struct hf_journal *j = &m->journal;
	enum hf_reason reason;
	m->resumed = true;
	if (j->has_end) {
		reason = hf_journal_append_generation(j, HF_RECORD_END, j->end_generation + 1);
		return reason != HF_OK ? reason : finish(m);
	}
	if (j->has_step)
		return step_again(m);
	const struct hf_begin begin = j->begin;
	reason = hf_journal_append_begin(j, &begin);
	return reason != HF_OK ? reason : steps_from(m, 0);
}

/* ---- what the boot calls */

bool hf_mover_needs_format(const struct hf_mover *m)
{
	struct hf_note note;
	const struct hf_journal *j = &m->journal;
	if (!is_nor(m))
		return !j->has_st && !j->has_begin;
	if (j->has_st && j->closed_generation != 0)
		return false;
	notes_open(m, &note);
	return !note_is_open(m, &note);
}

enum hf_reason hf_mover_format(struct hf_mover *m)
{
	struct hf_goal goal = { .kind = HF_KIND_FORMAT, .walk = HF_WALK_UP, .align = m->config->align, .counter = m->journal.counter };
	const uint32_t seen = m->journal.generation;
	goal.generation = (seen != 0 ? seen : m->config->generation_seed) + 1;
	event(m, HF_R_FORMATTED, 0, 0); /* not the generation: it must stay unguessable */
	if (is_nor(m))
		return note_and_renew(m, &goal);
	const enum hf_reason reason = hf_journal_append_goal(&m->journal, &goal);
	return reason != HF_OK ? reason : settle(m, goal.walk);
}

enum hf_reason hf_mover_mend(struct hf_mover *m, bool *changed)
{
	struct hf_journal *j = &m->journal;
	struct hf_note note;
	*changed = true;
	if (is_nor(m)) {
		notes_open(m, &note);
		if (note_is_open(m, &note))
			return renew_again(m, &note);
	}
	if (j->has_begin)
		return resume(m);
	if (!hf_journal_has(j, HF_RECORD_RUN)) {
		const struct hf_goal st = j->st;
		const enum hf_reason reason =
			is_nor(m) ? hf_journal_append_generation(j, HF_RECORD_CLOSED, j->closed_generation) :
				    hf_journal_append_goal(j, &st);
		return reason != HF_OK ? reason : settle(m, st.walk);
	}
	if (!hf_journal_has(j, HF_RECORD_RUN2))
		return mark_twice(m, HF_RECORD_RUN, HF_RECORD_RUN2);
	*changed = false;
	return HF_OK;
}

enum hf_reason hf_mover_begin(struct hf_mover *m, const struct hf_begin *begin)
{
	if (!hf_journal_has_room(&m->journal, hf_known_mode(m->config->mode)->step_count(&begin->plan)))
		return HF_R_JOURNAL_FULL;
	const enum hf_reason reason = hf_journal_append_begin(&m->journal, begin);
	return reason != HF_OK ? reason : steps_from(m, 0);
}

enum hf_reason hf_mover_clear_request(struct hf_mover *m, uint32_t align)
{
	const struct hf_flash *secondary = m->config->secondary;
	uint8_t *work = m->config->work;
	const uint32_t size = hf_known(secondary)->sector_bytes;
	const uint32_t off = secondary->size_bytes - size;
	if (!hf_known(secondary)->needs_erase)
		return hf_trailer_clear(secondary);
	enum hf_reason reason = hf_flash_read(secondary, off, work, size);
	const uint32_t rest = size - hf_trailer_bytes(align);
	const bool keep = reason == HF_OK && !hf_is_filled(work, rest, hf_known(secondary)->erased_byte);
	if (reason == HF_OK)
		reason = hf_trailer_clear(secondary);
	return reason == HF_OK && keep ? hf_flash_write(secondary, off, work, rest) : reason;
}
