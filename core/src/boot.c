/* SPDX-License-Identifier: MIT */
#include <holdfast/boot.h>
#include <holdfast/mover.h>

enum { TURNS_MAX = 12 };

struct machine {
	const struct hf_boot_config *config;
	struct hf_boot_result *result;
	struct hf_mover mover;
	struct hf_verdict primary;     /* newest verdict of the primary */
	struct hf_trailer kept_request; /* a request that setting up the journal wiped; magic UNSET: none */
	uint32_t turn;
	bool acted;                    /* a decision was begun or finished at this boot */
	bool fell_back;
};

enum next { NEXT_TURN, NEXT_STEP, NEXT_DONE };

static void event(const struct machine *b, enum hf_reason reason, uint32_t a, uint32_t c)
{
	if (b->config->trace.event != NULL)
		b->config->trace.event(b->config->trace.ctx, reason, a, c);
}

/* First the reason by its own number, so that the log can be read without a table; then what came of it. */
static void event_refused(const struct machine *b, enum hf_reason what, const struct hf_finding *finding)
{
	if (finding->reason != HF_OK) /* a good image, but not the one that the journal names */
		event(b, finding->reason, finding->where_off, finding->found);
	event(b, what, finding->reason, finding->where_off);
}

static uint32_t sector_bytes(const struct machine *b)
{
	return b->config->primary->sector_bytes;
}

static enum next stop(struct machine *b, enum hf_reason reason)
{
	b->result->action = HF_BOOT_STOP;
	b->result->stop = (struct hf_finding){ .reason = reason };
	event(b, reason, 0, 0);
	return NEXT_DONE;
}

static enum next next_or_stop(struct machine *b, enum hf_reason reason)
{
	b->acted = true;
	return reason == HF_OK ? NEXT_TURN : stop(b, reason);
}

/* ---- verdicts */

/* version_min, counter_min: of the running image, for updates only; NULL: no such rule. */
static enum hf_reason judge(struct machine *b, enum hf_slot_role role, uint32_t base_off, const struct hf_verdict *running,
			    struct hf_verdict *verdict)
{
	const struct hf_boot_config *c = b->config;
	const struct hf_image_place place = { role == HF_SLOT_PRIMARY ? c->primary : c->secondary, base_off };
	const struct hf_rules rules = {
		.crypto = c->crypto,
		.keys = c->keys,
		.key_count = c->key_count,
		.limit_bytes = c->mode->size_max(c->primary->size_bytes, c->secondary->size_bytes, sector_bytes(b), c->align),
		.header_bytes = c->header_bytes,
		.run_addr = c->run_check ? c->primary_addr : 0,
		.run_bytes = c->run_check ? c->primary->size_bytes : 0,
		.has_counter_min = running != NULL && running->has_counter && (c->policy & HF_POLICY_COUNTER) != 0,
		.counter_min = running != NULL ? running->counter : 0,
		.has_version_min = running != NULL && (c->policy & HF_POLICY_NO_DOWNGRADE) != 0,
		.version_min = running != NULL ? running->image.version : (struct hf_version){ 0 },
		.feed = c->feed,
		.feed_ctx = c->feed_ctx,
	};
	verdict->token = HF_REFUSED;
	return hf_verdict_of(&place, &rules, c->work, c->work_bytes, verdict);
}

static bool is_accepted(const struct hf_verdict *verdict)
{
	return verdict->token == HF_ACCEPTED && verdict->finding.reason == HF_OK;
}

/* HF_OK: judged, see b->primary. */
static enum hf_reason judge_primary(struct machine *b)
{
	return judge(b, HF_SLOT_PRIMARY, 0, NULL, &b->primary);
}

static uint32_t base_of(const struct machine *b, enum hf_walk walk)
{
	return walk == HF_WALK_DOWN ? 0 : sector_bytes(b);
}

/* The image in the secondary: at offset 0, else one sector in. If both are refused, the verdict is that of the place where
 * more of an image was found. */
static enum hf_reason judge_secondary(struct machine *b, const struct hf_verdict *running, struct hf_verdict *verdict,
				      enum hf_walk *walk)
{
	struct hf_verdict one_in;
	*walk = HF_WALK_DOWN;
	enum hf_reason reason = judge(b, HF_SLOT_SECONDARY, base_of(b, HF_WALK_DOWN), running, verdict);
	if (reason != HF_OK || is_accepted(verdict))
		return reason;
	reason = judge(b, HF_SLOT_SECONDARY, base_of(b, HF_WALK_UP), running, &one_in);
	if (reason == HF_OK && (is_accepted(&one_in) || one_in.image.header_bytes > verdict->image.header_bytes ||
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

static uint16_t sectors_of(const struct machine *b, const struct hf_verdict *verdict)
{
	if (!is_accepted(verdict))
		return 0;
	return (uint16_t)(hf_align_up(verdict->image.total_bytes, sector_bytes(b)) / sector_bytes(b));
}

/* Decides for the image that incoming is about: records it and carries it out. b->primary must be current. */
static enum next install(struct machine *b, enum hf_kind kind, uint32_t align, enum hf_walk walk, const struct hf_verdict *incoming,
			 enum hf_reason announce)
{
	struct hf_begin begin = { .kind = kind, .align = align };
	begin.plan = (struct hf_plan){ walk, sectors_of(b, &b->primary), sectors_of(b, incoming) };
	if (is_accepted(&b->primary))
		memcpy(begin.old_id, b->primary.id, sizeof begin.old_id);
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
	if (reason == HF_OK && !is_accepted(&b->primary)) {
		reason = judge_secondary(b, NULL, &update, &walk);
		const uint32_t end = reason == HF_OK ? base_of(b, walk) + update.image.total_bytes : 0;
		const bool survives = !c->secondary->needs_erase || end <= c->secondary->size_bytes - sector_bytes(b);
		if (reason == HF_OK && (!is_accepted(&update) || !survives)) {
			b->result->verdict = b->primary;
			event_refused(b, HF_R_PRIMARY_REFUSED, &b->primary.finding);
			return stop(b, foreign ? HF_R_FOREIGN_SWAP : HF_R_BOOT_NOTHING);
		}
	}
	if (reason == HF_OK)
		reason = hf_trailer_read(c->secondary, c->align, &b->kept_request);
	return reason == HF_OK ? next_or_stop(b, hf_mover_format(&b->mover)) : stop(b, reason);
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
	return j->has_st && j->st.kind == HF_KIND_TEST && !j->conf;
}

/* The application's confirmation may be torn: completed for the eyes of its library, before CONF2 says that it is. RRAM: a torn
 * line may fault on read, and with alignment 8 takes copy_done along, so all fields are written anew. */
static enum hf_reason complete_flags(const struct machine *b)
{
	const struct hf_flash *primary = b->config->primary;
	const uint32_t align = b->mover.journal.st.align;
	return primary->needs_erase ? hf_trailer_write_image_ok(primary, align) :
				      hf_trailer_write_done(primary, align, HF_SWAP_TEST, true);
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
	const enum hf_reason reason = judge(b, HF_SLOT_SECONDARY, base_of(b, *walk), NULL, verdict);
	if (reason == HF_OK && memcmp(verdict->id, st->id, sizeof st->id) != 0)
		verdict->token = HF_REFUSED;
	return reason;
}

/* CONF without CONF2 may be torn, and so may the flags: all again. NOR can't program the flag a third time. */
static enum next confirmed(struct machine *b)
{
	struct hf_journal *j = &b->mover.journal;
	if (!j->conf || j->conf2)
		return NEXT_STEP;
	enum hf_reason reason = hf_journal_append_mark(j, HF_RECORD_CONF);
	if (reason == HF_OK && !b->config->primary->needs_erase)
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
	if (reason != HF_OK)
		return stop(b, reason);
	if (!is_accepted(&back)) {
		event_refused(b, HF_R_WAY_BACK_LOST, &back.finding);
		return NEXT_STEP;
	}
	reason = judge_primary(b);
	return reason != HF_OK ? stop(b, reason) : install(b, HF_KIND_REVERT, j->st.align, walk, &back, HF_R_REVERT_BEGIN);
}

/* ---- 3: a request */

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
	const uint32_t steps_max = 2 * (b->config->primary->size_bytes / sector_bytes(b));
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
	enum hf_reason reason = hf_trailer_read(b->config->secondary, b->config->align, &trailer);
	if (reason == HF_OK && b->mover.journal.clear_open && trailer.magic != HF_MAGIC_GOOD && !trial_is_open(b)) {
		reason = clear_request(b, trailer.align);
		if (reason != HF_OK)
			event(b, reason, b->config->secondary->size_bytes, 0);
		return NEXT_STEP;
	}
	if (reason == HF_OK && trailer.magic == HF_MAGIC_UNSET)
		trailer = b->kept_request;
	if (reason != HF_OK || trailer.magic == HF_MAGIC_UNSET || trial_is_open(b))
		return NEXT_STEP;
	if (trailer.magic == HF_MAGIC_BAD)
		return refuse(b, trailer.align, &(struct hf_finding){ HF_R_SLOT_REQUEST_TORN, b->config->secondary->size_bytes - 16, 0, 0 });
	reason = judge_primary(b);
	if (reason != HF_OK)
		return NEXT_STEP;
	const struct hf_verdict *running = is_accepted(&b->primary) ? &b->primary : NULL;
	for (uint32_t n = 0; n < 2; n++) { /* only a refusal that repeats consumes a request */
		reason = judge_secondary(b, running, &update, &walk);
		if (reason != HF_OK || is_accepted(&update))
			break;
	}
	if (reason != HF_OK) { /* unreadable now: the request stays */
		event(b, reason, b->config->secondary->size_bytes, 0);
		return NEXT_STEP;
	}
	if (!is_accepted(&update))
		return refuse(b, trailer.align, &update.finding);
	if (running != NULL && memcmp(update.id, running->id, sizeof update.id) == 0)
		return refuse(b, trailer.align, &(struct hf_finding){ .reason = HF_R_POLICY_SAME_IMAGE });
	b->kept_request.magic = HF_MAGIC_UNSET;
	const bool permanent = trailer.image_ok == HF_FLAG_SET || running == NULL;
	return install(b, permanent ? HF_KIND_PERM : HF_KIND_TEST, trailer.align, walk, &update, HF_R_UPDATE_BEGIN);
}

/* ---- 4: the primary can't be started */

/* An image in the secondary that may take the primary's place: the one that ran and was confirmed before, or, with the
 * bootstrap policy, any that is accepted. */
static enum hf_reason judge_substitute(struct machine *b, struct hf_verdict *verdict, enum hf_walk *walk)
{
	const struct hf_journal *j = &b->mover.journal;
	const bool was_confirmed = j->st.kind == HF_KIND_PERM || (j->st.kind == HF_KIND_TEST && j->conf);
	enum hf_reason reason = HF_OK;
	verdict->token = HF_REFUSED;
	if (was_confirmed && !downgrade_is_ruled(b))
		reason = judge_way_back(b, verdict, walk);
	if (reason == HF_OK && !is_accepted(verdict) && (b->config->policy & HF_POLICY_BOOTSTRAP) != 0)
		reason = judge_secondary(b, NULL, verdict, walk);
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
		if (reason == HF_OK && is_accepted(&substitute) && b->turn != 0) {
			b->result->action = HF_BOOT_RESET; /* the next boot reverts */
			return NEXT_DONE;
		}
	} else if (judge_substitute(b, &substitute, &walk) == HF_OK && is_accepted(&substitute)) {
		if (!j->failed) { /* one bad read is no reason: it must fail in two boots */
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
	if (!is_accepted(&b->primary))
		return primary_refused(b);
	if (r->refusal.reason == HF_OK && j->refused_reason != 0) {
		r->refusal.reason = (enum hf_reason)j->refused_reason;
		r->refusal.where_off = j->refused_where_off;
	} else if (r->refusal.reason != HF_OK && r->cause == HF_CAUSE_NORMAL) {
		r->cause = HF_CAUSE_REFUSED;
	}
	if (b->acted)
		r->cause = cause_of(b);
	r->on_trial = trial_is_open(b);
	r->action = HF_BOOT_START;
	return NEXT_DONE;
}

static bool geometry_is_sound(const struct hf_boot_config *c)
{
	const struct hf_flash *p = c->primary, *s = c->secondary;
	return p->sector_bytes == s->sector_bytes && p->needs_erase == s->needs_erase && p->size_bytes % p->sector_bytes == 0 &&
	       (c->align == 8 || c->align == 16) && (p->needs_erase || c->align == 16) && /* RRAM: fields are whole lines */
	       s->size_bytes % s->sector_bytes == 0 && c->work_bytes >= p->sector_bytes &&
	       c->mode->size_max(p->size_bytes, s->size_bytes, p->sector_bytes, c->align) != 0 &&
	       p->size_bytes / p->sector_bytes <= UINT16_MAX && s->size_bytes / s->sector_bytes <= UINT16_MAX;
}

void hf_boot_run(const struct hf_boot_config *config, struct hf_boot_result *result)
{
	struct machine b;
	memset(&b, 0, sizeof b);
	memset(result, 0, sizeof *result);
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
		if (next == NEXT_STEP)
			next = start(&b);
	}
	if (next != NEXT_DONE)
		(void)stop(&b, HF_R_JOURNAL_NO_END);
	result->steps_done = b.mover.steps_done;
	result->resumed = b.mover.resumed;
}
