/* SPDX-License-Identifier: MIT */
#include <holdfast/boot.h>
#include <holdfast/mover.h>

#include "boot_parts.h"

enum { TURNS_MAX = 12 };

struct machine {
	const struct hf_boot_config *config;
	struct hf_boot_result *result;
	struct hf_trailer kept_request; /* a request that setting up the journal wiped; magic UNSET: none */
	uint32_t turn;
	bool acted;                    /* a decision was begun or finished at this boot */
	bool fell_back;
	struct hf_mover mover;
	struct hf_verdict primary;     /* newest verdict of the primary */
};

enum next { NEXT_TURN, NEXT_STEP, NEXT_START, NEXT_DONE };

static void event(const struct machine *b, enum hf_reason reason, uint32_t a, uint32_t c)
{
	boot_event(b->config, reason, a, c);
}

/* First the reason by its own number, so that the log can be read without a table; then what came of it. */
static void event_refused(const struct machine *b, enum hf_reason what, const struct hf_finding *finding)
{
	if (finding->reason != HF_OK) /* a good image, but not the one that the journal names */
		event(b, finding->reason, finding->where_off, finding->found);
	event(b, what, finding->reason, finding->where_off);
}

HF_INLINE uint32_t sector_bytes(const struct machine *b)
{
	return boot_sector_bytes(b->config);
}

static enum next stop(struct machine *b, enum hf_reason reason)
{
	b->result->action = HF_BOOT_STOP;
	b->result->stop = (struct hf_finding){ .reason = reason };
	event(b, reason, 0, 0);
	return NEXT_DONE;
}

/* ---- verdicts */

void hf_boot_rules(const struct hf_boot_config *c, struct hf_rules *rules)
{
	*rules = (struct hf_rules){
		.crypto = c->crypto,
		.keys = c->keys,
		.key_count = c->key_count,
		.limit_bytes = hf_known_mode(c->mode)->size_max(c->primary->size_bytes, c->secondary != NULL ? c->secondary->size_bytes : 0,
								boot_sector_bytes(c), c->align),
		.header_bytes = c->header_bytes,
		.run_addr = c->run_check ? c->primary_addr : 0,
		.run_bytes = c->run_check ? c->primary->size_bytes : 0,
		.feed = c->feed,
		.feed_ctx = c->feed_ctx,
	};
}

/* is_update: it must not be older than what runs, nor its counter lower than what ever ran for good. */
static enum hf_reason judge(struct machine *b, enum hf_slot_role role, uint32_t base_off, bool is_update, struct hf_verdict *verdict)
{
	const struct hf_boot_config *c = b->config;
	const struct hf_image_place place = { role == HF_SLOT_PRIMARY ? c->primary : c->secondary, base_off };
	const bool runs = is_update && boot_is_accepted(&b->primary);
	struct hf_rules rules;
	hf_boot_rules(c, &rules);
	if (runs && (c->policy & HF_POLICY_NO_DOWNGRADE) != 0) {
		rules.has_version_min = true;
		rules.version_min = b->primary.image.version;
	}
	if (is_update && (c->policy & HF_POLICY_COUNTER) != 0) {
		rules.counter_min = b->mover.journal.counter;
		rules.has_counter_min = rules.counter_min != 0;
	}
	verdict->token = HF_REFUSED;
	return hf_verdict_of(&place, &rules, c->work, c->work_bytes, verdict);
}

/* HF_OK: judged, see b->primary. */
static enum hf_reason judge_primary(struct machine *b)
{
	return judge(b, HF_SLOT_PRIMARY, 0, false, &b->primary);
}

static uint32_t base_of(const struct machine *b, enum hf_walk walk)
{
	return walk == HF_WALK_DOWN ? 0 : sector_bytes(b);
}

/* The image in the secondary: at offset 0, else one sector in. If both are refused, the verdict is that of the place where
 * more of an image was found. */
static enum hf_reason judge_secondary(struct machine *b, struct hf_verdict *verdict, enum hf_walk *walk)
{
	struct hf_verdict one_in;
	*walk = HF_WALK_DOWN;
	enum hf_reason reason = judge(b, HF_SLOT_SECONDARY, base_of(b, HF_WALK_DOWN), true, verdict);
	if (reason != HF_OK || boot_is_accepted(verdict) || !hf_known_mode(b->config->mode)->keeps_old)
		return reason;
	reason = judge(b, HF_SLOT_SECONDARY, base_of(b, HF_WALK_UP), true, &one_in);
	if (reason == HF_OK && (boot_is_accepted(&one_in) || one_in.image.header_bytes > verdict->image.header_bytes ||
				one_in.finding.reason / 100 > verdict->finding.reason / 100)) {
		*walk = HF_WALK_UP;
		*verdict = one_in;
	}
	return reason;
}

static bool downgrade_is_ruled(const struct machine *b)
{
	return (b->config->policy & (HF_POLICY_NO_DOWNGRADE | HF_POLICY_COUNTER)) != 0;
}

/* ---- moves */

/* The secondary can't be read or written now: reported, whatever it holds stays, and the primary starts. */
static enum next secondary_fails(struct machine *b, enum hf_reason reason)
{
	b->result->refusal = (struct hf_finding){ .reason = reason };
	event(b, reason, b->config->secondary->size_bytes, 0);
	return NEXT_STEP;
}

/* The journal can't be brought into order, but no update is under way that would have the primary half written. */
static enum next start_without(struct machine *b, enum hf_reason reason)
{
	(void)secondary_fails(b, reason);
	return NEXT_START;
}

/* What was decided is done, or left for the next boot. While an update is under way, the primary may be half written: no start. */
static enum next next_or_stop(struct machine *b, enum hf_reason reason)
{
	b->acted = true;
	if (reason == HF_OK)
		return NEXT_TURN;
	return b->mover.journal.has_begin ? stop(b, reason) : start_without(b, reason);
}

static uint16_t sectors_of(const struct machine *b, const struct hf_verdict *verdict)
{
	return (uint16_t)(hf_align_up(verdict->image.total_bytes, sector_bytes(b)) / sector_bytes(b));
}

/* Decides for the image that incoming is about: records it and carries it out. b->primary must be current. */
static enum next install(struct machine *b, enum hf_kind kind, uint32_t align, enum hf_walk walk, const struct hf_verdict *incoming,
			 enum hf_reason announce)
{
	struct hf_begin begin = { .kind = kind, .align = align };
	begin.plan = (struct hf_plan){ walk, 0, sectors_of(b, incoming) };
	if (boot_is_accepted(&b->primary)) {
		b->result->other = b->primary.image.version;
		if (hf_known_mode(b->config->mode)->keeps_old) {
			begin.plan.old_sectors = sectors_of(b, &b->primary);
			memcpy(begin.old_id, b->primary.id, sizeof begin.old_id);
		}
	}
	memcpy(begin.new_id, incoming->id, sizeof begin.new_id);
	event(b, announce, begin.plan.new_sectors, kind == HF_KIND_TEST ? 1 : 2);
	enum hf_reason reason = hf_mover_begin(&b->mover, &begin);
	if (reason == HF_R_JOURNAL_FULL) { /* nothing has begun: set the journal up anew, the request is lost with it */
		b->result->refusal = (struct hf_finding){ .reason = HF_R_JOURNAL_FULL };
		event(b, HF_R_JOURNAL_FULL, 0, 0);
		reason = hf_mover_format(&b->mover);
	}
	return next_or_stop(b, reason);
}

/* ---- 1: the journal */

/* Setting up the journal erases sectors: only when there is something to start, or nothing to lose. */
static enum next set_up(struct machine *b)
{
	const struct hf_boot_config *c = b->config;
	struct hf_trailer trailer;
	struct hf_verdict update;
	enum hf_walk walk;
	enum hf_reason reason = hf_trailer_read(c->primary, c->align, &trailer);
	/* A swap under way has its type written down. An image that was flashed with a trailer (imgtool --pad, --confirm) has not. */
	const bool foreign = trailer.magic == HF_MAGIC_GOOD && trailer.copy_done == HF_FLAG_UNSET && trailer.swap_type != HF_SWAP_NONE;
	if (reason == HF_OK)
		reason = judge_primary(b);
	if (reason == HF_OK && foreign)
		event(b, HF_R_FOREIGN_SWAP, trailer.swap_type, 0);
	if (reason == HF_OK && !boot_is_accepted(&b->primary)) {
		reason = judge_secondary(b, &update, &walk);
		const uint32_t end = reason == HF_OK ? base_of(b, walk) + update.image.total_bytes : 0;
		const bool survives = !hf_known(c->secondary)->needs_erase || end <= c->secondary->size_bytes - sector_bytes(b);
		if (reason == HF_OK && (!boot_is_accepted(&update) || !survives)) {
			b->result->verdict = b->primary;
			event_refused(b, HF_R_PRIMARY_REFUSED, &b->primary.finding);
			return stop(b, foreign ? HF_R_FOREIGN_SWAP : HF_R_BOOT_NOTHING);
		}
	}
	if (reason == HF_OK)
		reason = hf_trailer_read(c->secondary, c->align, &b->kept_request);
	if (reason == HF_OK)
		reason = hf_mover_format(&b->mover);
	b->acted = reason == HF_OK;
	return reason == HF_OK ? NEXT_TURN : start_without(b, reason);
}

static enum next mend(struct machine *b)
{
	bool changed;
	hf_mover_open(&b->mover);
	if (hf_mover_needs_format(&b->mover))
		return set_up(b);
	const enum hf_reason reason = hf_mover_mend(&b->mover, &changed);
	return reason == HF_OK && !changed ? NEXT_STEP : next_or_stop(b, reason);
}

/* ---- 2: an image on trial */

static bool trial_is_open(const struct machine *b)
{
	const struct hf_journal *j = &b->mover.journal;
	return j->has_st && j->st.kind == HF_KIND_TEST && !hf_journal_has(j, HF_RECORD_CONF);
}

/* The application's confirmation may be torn: completed for the eyes of its library, before CONF2 says that it is. RRAM: a torn
 * line may fault on read, and with alignment 8 takes copy_done along, so all fields are written anew; NOR: the same words again. */
static enum hf_reason complete_flags(const struct machine *b)
{
	return hf_trailer_write_done(b->config->primary, b->mover.journal.st.align, HF_SWAP_TEST, true);
}

static enum next confirm(struct machine *b)
{
	enum hf_reason reason = hf_journal_append_mark(&b->mover.journal, HF_RECORD_CONF);
	if (reason == HF_OK)
		reason = complete_flags(b);
	if (reason == HF_OK)
		reason = hf_journal_append_mark(&b->mover.journal, HF_RECORD_CONF2);
	if (reason != HF_OK)
		return stop(b, reason);
	b->result->cause = HF_CAUSE_CONFIRMED;
	event(b, HF_R_CONFIRMED, 0, 0);
	return NEXT_STEP;
}

/* The old image, where the walk has left it, if it is whole and the one the journal names. */
static enum hf_reason judge_way_back(struct machine *b, struct hf_verdict *verdict, enum hf_walk *walk)
{
	const struct hf_goal *st = &b->mover.journal.st;
	*walk = st->walk == HF_WALK_DOWN ? HF_WALK_UP : HF_WALK_DOWN;
	verdict->token = HF_REFUSED;
	verdict->finding.reason = HF_OK;
	if (hf_is_filled(st->id, sizeof st->id, 0))
		return HF_OK;
	const enum hf_reason reason = judge(b, HF_SLOT_SECONDARY, base_of(b, *walk), false, verdict);
	if (reason == HF_OK && memcmp(verdict->id, st->id, sizeof st->id) != 0)
		verdict->token = HF_REFUSED;
	return reason;
}

/* CONF without CONF2 may be torn, and so may the flags: all again. NOR can't program the flag a third time. */
static enum next confirmed(struct machine *b)
{
	struct hf_journal *j = &b->mover.journal;
	if (!hf_journal_has(j, HF_RECORD_CONF) || hf_journal_has(j, HF_RECORD_CONF2))
		return NEXT_STEP;
	enum hf_reason reason = hf_journal_append_mark(j, HF_RECORD_CONF);
	if (reason == HF_OK && !hf_known(b->config->primary)->needs_erase)
		reason = complete_flags(b);
	if (reason == HF_OK)
		reason = hf_journal_append_mark(j, HF_RECORD_CONF2);
	return reason == HF_OK ? NEXT_STEP : stop(b, reason);
}

static enum next trial(struct machine *b)
{
	const struct hf_journal *j = &b->mover.journal;
	struct hf_verdict back;
	enum hf_walk walk;
	if (!trial_is_open(b))
		return confirmed(b);
	if (!hf_trailer_image_ok_is_blank(b->config->primary, j->st.align))
		return confirm(b);
	if (b->turn != 0) /* RUN2 was not there when this boot began: the image has not been started yet */
		return NEXT_STEP;
	enum hf_reason reason = judge_way_back(b, &back, &walk);
	if (reason != HF_OK) /* taken back when it can be read again */
		return secondary_fails(b, reason);
	if (!boot_is_accepted(&back)) {
		event_refused(b, HF_R_WAY_BACK_LOST, &back.finding);
		return NEXT_STEP;
	}
	reason = judge_primary(b);
	return reason != HF_OK ? stop(b, reason) : install(b, HF_KIND_REVERT, j->st.align, walk, &back, HF_R_REVERT_BEGIN);
}

/* ---- 3: a request */

/* What runs for good is the floor from now on. Its record is repeated at a later boot, should it be torn; a lower floor can't keep
 * an image out that this one let in. */
static void raise_counter(struct machine *b)
{
	struct hf_journal *j = &b->mover.journal;
	if ((b->config->policy & HF_POLICY_COUNTER) == 0 || !j->has_st || trial_is_open(b) || !boot_is_accepted(&b->primary) ||
	    b->primary.counter <= j->counter)
		return;
	if (hf_journal_append_generation(j, HF_RECORD_COUNTER, b->primary.counter) != HF_OK)
		j->counter = b->primary.counter; /* the next update's ST carries it */
}

/* Wipes the request. NOR: a cut erase leaves a page that reads blank and can't be trusted with the next request, so it is erased
 * again at the next boot until CLEARED says that it was done. */
static enum hf_reason clear_request(struct machine *b, uint32_t align)
{
	const enum hf_reason reason = hf_mover_clear_request(&b->mover, align);
	if (reason != HF_OK || !b->mover.journal.clear_open)
		return reason;
	return hf_journal_append_mark(&b->mover.journal, HF_RECORD_CLEARED);
}

/* Kept in the journal too, as long as an update of the largest size still fits. */
static enum next refuse(struct machine *b, uint32_t align, const struct hf_finding *finding)
{
	const uint32_t steps_max = (hf_known_mode(b->config->mode)->keeps_old ? 2 : 1) * (b->config->primary->size_bytes / sector_bytes(b));
	enum hf_reason reason = HF_OK;
	b->result->refusal = *finding;
	b->kept_request.magic = HF_MAGIC_UNSET;
	event_refused(b, HF_R_REQUEST_REFUSED, finding);
	if (hf_journal_has_room(&b->mover.journal, steps_max))
		reason = hf_journal_append_refused(&b->mover.journal, (uint16_t)finding->reason, finding->where_off);
	if (reason == HF_OK)
		reason = clear_request(b, align);
	if (reason != HF_OK) /* a secondary that can't be written must not stop the primary */
		event(b, reason, b->config->secondary->size_bytes, 0);
	return NEXT_STEP;
}

static enum next request(struct machine *b)
{
	struct hf_trailer trailer;
	struct hf_verdict update;
	enum hf_walk walk = HF_WALK_DOWN;
	if (trial_is_open(b))
		return NEXT_STEP;
	enum hf_reason reason = hf_trailer_read(b->config->secondary, b->config->align, &trailer);
	if (reason == HF_OK && b->mover.journal.clear_open && trailer.magic != HF_MAGIC_GOOD) {
		reason = clear_request(b, trailer.align);
		return reason == HF_OK ? NEXT_STEP : secondary_fails(b, reason);
	}
	if (reason == HF_OK && trailer.magic == HF_MAGIC_UNSET)
		trailer = b->kept_request;
	if (reason == HF_OK && trailer.magic == HF_MAGIC_UNSET)
		return NEXT_STEP;
	if (reason == HF_OK && trailer.magic == HF_MAGIC_BAD)
		return refuse(b, trailer.align, &(struct hf_finding){ .reason = HF_R_SLOT_REQUEST_TORN });
	if (reason == HF_OK)
		reason = judge_primary(b);
	if (reason == HF_OK)
		raise_counter(b);
	for (uint32_t n = 0; n < 2 && reason == HF_OK; n++) { /* only a refusal that repeats consumes a request */
		reason = judge_secondary(b, &update, &walk);
		if (reason != HF_OK || boot_is_accepted(&update))
			break;
	}
	if (reason != HF_OK) /* unreadable now: the request stays */
		return secondary_fails(b, reason);
	b->result->other = update.image.version;
	if (!boot_is_accepted(&update))
		return refuse(b, trailer.align, &update.finding);
	const bool runs = boot_is_accepted(&b->primary);
	if (runs && memcmp(update.id, b->primary.id, sizeof update.id) == 0)
		return refuse(b, trailer.align, &(struct hf_finding){ .reason = HF_R_POLICY_SAME_IMAGE });
	b->kept_request.magic = HF_MAGIC_UNSET;
	const bool permanent = trailer.image_ok == HF_FLAG_SET || !runs || !hf_known_mode(b->config->mode)->keeps_old;
	return install(b, permanent ? HF_KIND_PERM : HF_KIND_TEST, trailer.align, walk, &update, HF_R_UPDATE_BEGIN);
}

/* ---- 4: the primary can't be started */

/* An image in the secondary that may take the primary's place: the one that ran and was confirmed before, or, with the
 * bootstrap policy, any that is accepted. */
static enum hf_reason judge_substitute(struct machine *b, struct hf_verdict *verdict, enum hf_walk *walk)
{
	const struct hf_journal *j = &b->mover.journal;
	const bool was_confirmed = j->st.kind == HF_KIND_PERM || (j->st.kind == HF_KIND_TEST && hf_journal_has(j, HF_RECORD_CONF));
	enum hf_reason reason = HF_OK;
	verdict->token = HF_REFUSED;
	if (was_confirmed && !downgrade_is_ruled(b))
		reason = judge_way_back(b, verdict, walk);
	if (reason == HF_OK && !boot_is_accepted(verdict) && (b->config->policy & HF_POLICY_BOOTSTRAP) != 0)
		reason = judge_secondary(b, verdict, walk);
	return reason;
}

static enum next primary_refused(struct machine *b)
{
	struct hf_journal *j = &b->mover.journal;
	struct hf_verdict substitute;
	enum hf_walk walk = HF_WALK_DOWN;
	event_refused(b, HF_R_PRIMARY_REFUSED, &b->primary.finding);
	if (trial_is_open(b)) {
		const enum hf_reason reason = judge_way_back(b, &substitute, &walk);
		if (reason == HF_OK && boot_is_accepted(&substitute) && b->turn != 0) {
			b->result->action = HF_BOOT_RESET; /* the next boot reverts */
			return NEXT_DONE;
		}
	} else if (judge_substitute(b, &substitute, &walk) == HF_OK && boot_is_accepted(&substitute)) {
		if (!hf_journal_has(j, HF_RECORD_FAIL)) { /* one bad read is no reason: it must fail in two boots */
			const enum hf_reason reason = hf_journal_append_mark(j, HF_RECORD_FAIL);
			b->result->action = HF_BOOT_RESET;
			return reason == HF_OK ? NEXT_DONE : stop(b, reason);
		}
		b->fell_back = true;
		return install(b, HF_KIND_PERM, j->has_st ? j->st.align : b->config->align, walk, &substitute, HF_R_FALLBACK_BEGIN);
	}
	return stop(b, HF_R_BOOT_NOTHING);
}

/* ---- 5: start */

static enum hf_boot_cause cause_of(const struct machine *b)
{
	if (b->fell_back)
		return HF_CAUSE_FALLBACK;
	switch (b->mover.journal.st.kind) {
	case HF_KIND_TEST:
		return HF_CAUSE_UPDATED;
	case HF_KIND_PERM:
		return HF_CAUSE_INSTALLED;
	case HF_KIND_REVERT:
		return HF_CAUSE_REVERTED;
	case HF_KIND_FORMAT:
		break;
	}
	return HF_CAUSE_NORMAL;
}

static enum next start(struct machine *b)
{
	const struct hf_journal *j = &b->mover.journal;
	struct hf_boot_result *r = b->result;
	const enum hf_reason reason = judge_primary(b);
	if (reason != HF_OK)
		return stop(b, reason);
	r->verdict = b->primary;
	if (!boot_is_accepted(&b->primary))
		return primary_refused(b);
	if (hf_known_boot(b->config)->installed != NULL) { /* somebody uploads into the primary */
		const enum hf_reason installed = hf_known_boot(b->config)->installed(&b->mover.journal);
		if (installed != HF_OK)
			return stop(b, installed);
	}
	if (r->refusal.reason == HF_OK && j->refused_reason != 0) {
		r->refusal.reason = (enum hf_reason)j->refused_reason;
		r->refusal.where_off = j->refused_where_off;
	} else if (r->refusal.reason != HF_OK && r->cause == HF_CAUSE_NORMAL) {
		r->cause = HF_CAUSE_REFUSED;
	}
	if (b->acted)
		r->cause = cause_of(b);
	r->on_trial = trial_is_open(b);
	raise_counter(b);
	r->action = HF_BOOT_START;
	return NEXT_DONE;
}

/* The journal of a primary of NOR needs notes, which are kept in NOR too. RRAM: the trailer's fields are whole lines. That a sector has
 * room for the journal is not asked: the ports' have 4,096 bytes, and a block that says less than 1,024 is not made (config.c). */
static bool geometry_is_sound(const struct hf_boot_config *c)
{
	const struct hf_flash *p = c->primary, *s = c->secondary;
	const bool p_is_nor = hf_known(p)->needs_erase, s_is_nor = hf_known(s)->needs_erase;
	const uint32_t sector = boot_sector_bytes(c);
	return sector % hf_known(p)->sector_bytes == 0 && p->size_bytes % sector == 0 && sector % hf_known(s)->sector_bytes == 0 &&
	       s->size_bytes % sector == 0 && (c->align == 16 || (c->align == 8 && p_is_nor)) && (s_is_nor || !p_is_nor) &&
	       c->work_bytes >= sector && hf_known_mode(c->mode)->size_max(p->size_bytes, s->size_bytes, sector, c->align) != 0;
}

void hf_boot_two_slots(const struct hf_boot_config *config, struct hf_boot_result *result)
{
	struct machine b;
	memset(&b, 0, sizeof b);
	b.config = config;
	b.result = result;
	b.mover.config = config;
	b.kept_request.magic = HF_MAGIC_UNSET;
	enum next next = NEXT_TURN;
	if (!geometry_is_sound(config))
		next = stop(&b, HF_R_JOURNAL_GEOMETRY);
	for (b.turn = 0; next != NEXT_DONE && b.turn < TURNS_MAX; b.turn++) {
		next = mend(&b);
		if (next == NEXT_STEP)
			next = trial(&b);
		if (next == NEXT_STEP)
			next = request(&b);
		if (next == NEXT_STEP || next == NEXT_START)
			next = start(&b);
	}
	if (next != NEXT_DONE)
		(void)stop(&b, HF_R_JOURNAL_NO_END);
	result->steps_done = b.mover.steps_done;
	result->resumed = b.mover.resumed;
}

void hf_boot_run(const struct hf_boot_config *config, struct hf_boot_result *result)
{
	memset(result, 0, sizeof *result);
	hf_known_mode(config->mode)->run(config, result);
}
