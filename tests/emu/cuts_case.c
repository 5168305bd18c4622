/* SPDX-License-Identifier: MIT */
/* One case: cut, let the power return, look at what runs, and follow it for a while. */
#include "cuts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BOOTS_MAX = 2, TORN_PAGES = 2, NO_PAGE = 1 };

struct trial_case {
	struct campaign *c;
	const struct cut_case *wanted;
	struct cut_totals *totals;
	uint32_t cut_count;
	uint32_t torn_page[TORN_PAGES]; /* whose erase was cut and not yet done again; NO_PAGE: none */
	uint32_t torn_written;          /* a word that was written there all the same; NO_PAGE: none */
};

static bool failed(struct campaign *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool failed(struct campaign *c, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	(void)vsnprintf(c->rig.host.why, sizeof c->rig.host.why, format, list);
	va_end(list);
	return false;
}

static uint32_t sector_writes(const struct campaign *c)
{
	const double writes = rig_sector_writes(&c->rig, &c->began);
	return (uint32_t)writes + (writes > (double)(uint32_t)writes ? 1u : 0u);
}

/* ---- discipline: what is written to a page whose erase was cut can't be trusted, well as it may read (docs/power-loss.md) */

static void op_seen(void *ctx, enum vb_op op, uint32_t addr)
{
	struct trial_case *t = ctx;
	for (uint32_t i = 0; i < TORN_PAGES; i++) {
		if (t->torn_page[i] == NO_PAGE || addr - t->torn_page[i] >= t->c->rig.board->sector_bytes)
			continue;
		if (op == VB_OP_ERASE || op == VB_OP_SECTOR)
			t->torn_page[i] = NO_PAGE;
		else if (t->torn_written == NO_PAGE)
			t->torn_written = addr;
	}
}

/* Cut right after its end, too: an erase that was nearly done reads just so. */
static void cut_seen(struct trial_case *t)
{
	uint32_t count;
	const struct vb_cut_record *cut = vb_cut_records(t->c->rig.vb, &count);
	t->cut_count++;
	if (count == 0 || (cut[count - 1].op != VB_OP_ERASE && cut[count - 1].op != VB_OP_SECTOR) || cut[count - 1].variant == VB_CUT_NONE)
		return;
	t->torn_page[t->cut_count % TORN_PAGES] = cut[count - 1].addr;
}

/* ---- cut and return */

/* Runs the act that was begun; a cut is allowed once more if one is armed. */
static enum rig_result boot(struct trial_case *t)
{
	struct campaign *c = t->c;
	const uint32_t boots = vb_counters(c->rig.vb)->boots;
	rig_begin(&c->rig, RIG_BOOT);
	const enum rig_result result = rig_run(&c->rig);
	const uint32_t count = vb_counters(c->rig.vb)->boots - boots;
	t->totals->boots += count;
	if (result == RIG_DONE && count > t->totals->boots_max)
		t->totals->boots_max = count;
	if (result == RIG_DONE && count > BOOTS_MAX) {
		(void)failed(c, "%u boots until an application ran", (unsigned)count);
		return RIG_BAD;
	}
	return result;
}

static void arm(struct campaign *c, const struct cut *cut, uint32_t operations_done)
{
	const struct vb_cut armed = { .at = cut->operation - operations_done, .variant = cut->variant, .seed = cut->seed };
	vb_cut_disarm(c->rig.vb);
	(void)vb_cut_arm(c->rig.vb, &armed);
}

static bool recover(struct trial_case *t)
{
	struct campaign *c = t->c;
	cut_seen(t);
	if (t->wanted->second.operation != 0)
		arm(c, &t->wanted->second, 0);
	enum rig_result result = boot(t);
	if (result == RIG_CUT) {
		cut_seen(t);
		t->totals->second_cuts++;
		result = boot(t);
	}
	vb_cut_disarm(c->rig.vb); /* the recovery had fewer operations */
	return result == RIG_DONE;
}

/* ---- what must run */

/* Written whole, a flag decides; not begun, it does not; torn, either may be, and it stays so. */
static bool may_be(const struct trial_case *t, bool after)
{
	const struct campaign *c = t->c;
	const struct cut *cut = &t->wanted->first;
	if (c->deciding_first == 0)
		return after || c->stage->before == c->stage->after;
	if (cut->operation < c->deciding_first || (cut->operation == c->deciding_first && cut->variant == VB_CUT_NONE))
		return !after;
	if (cut->operation > c->deciding_last || (cut->operation == c->deciding_last && cut->variant == VB_CUT_DONE))
		return after;
	return true;
}

/* RUN2 is the last record of a boot that brings a new image. If it was cut and reads well, the image counts as tried. */
static bool is_untried(const struct trial_case *t)
{
	const struct campaign *c = t->c;
	const uint32_t record_ops = c->rig.board->needs_erase ? 3 : 1;
	const bool in_last = t->wanted->first.operation + record_ops > c->op_count;
	return c->stage->is_move && c->stage->is_trial && !c->rig.host.on_trial && (in_last || t->cut_count == 2);
}

static bool runs(struct trial_case *t, uint32_t index, bool on_trial, const char *when)
{
	struct campaign *c = t->c;
	const struct rig_host *host = &c->rig.host;
	if (host->runs_index != (int32_t)index)
		return failed(c, "%s: image %d runs, it should be %u", when, (int)host->runs_index, (unsigned)index);
	if (host->on_trial != on_trial)
		return failed(c, "%s: image %u is %son trial", when, (unsigned)index, host->on_trial ? "" : "not ");
	if (!rig_primary_is(&c->rig, index))
		return failed(c, "%s: the image that runs is not the file that was signed", when);
	return true;
}

static bool runs_right(struct trial_case *t)
{
	struct campaign *c = t->c;
	const struct cut_stage *stage = c->stage;
	const uint32_t other = stage->after == 0 ? 1 : 0;
	const uint32_t index = (uint32_t)c->rig.host.runs_index;
	if (stage->is_trial && !stage->is_app && index == other && is_untried(t)) {
		t->totals->untried++;
		return runs(t, other, false, "after the cut");
	}
	if (index == stage->after && may_be(t, true))
		return runs(t, stage->after, stage->is_trial, "after the cut");
	if (index == stage->before && may_be(t, false))
		return runs(t, stage->before, false, "after the cut");
	return runs(t, may_be(t, true) ? stage->after : stage->before, stage->is_trial, "after the cut");
}

/* ---- followed up */

static bool cycle(struct trial_case *t, uint32_t index, const char *when)
{
	rig_power_cycle(&t->c->rig);
	return boot(t) == RIG_DONE && runs(t, index, false, when);
}

static bool talk(struct trial_case *t, enum rig_act act, uint32_t image_index)
{
	t->c->rig.host.image_index = image_index;
	rig_begin(&t->c->rig, act);
	return rig_run(&t->c->rig) == RIG_DONE;
}

static bool request_again(struct trial_case *t, uint32_t index)
{
	if (!talk(t, RIG_REQUEST, index))
		return false;
	rig_power_cycle(&t->c->rig);
	return boot(t) == RIG_DONE && runs(t, index, rig_keeps_old(&t->c->rig), "after the next update");
}

static bool follow(struct trial_case *t)
{
	struct campaign *c = t->c;
	const struct cut *cut = &t->wanted->first;
	const uint32_t draw = cut_hash(cut->operation, (uint32_t)cut->variant, cut->seed);
	const uint32_t index = (uint32_t)c->rig.host.runs_index, other = index == 0 ? 1 : 0;
	const bool was_torn = c->deciding_first != 0 && cut->operation >= c->deciding_first && cut->operation <= c->deciding_last;
	if (c->replay == NULL && !was_torn && !c->stage->is_followed && c->profile->follow_every > 1 && draw % c->profile->follow_every != 0)
		return true;
	if (c->rig.host.on_trial && draw & 0x100u) {
		t->totals->reverts++;
		return cycle(t, other, "not confirmed") && cycle(t, other, "not confirmed, later");
	}
	if (c->rig.host.on_trial) {
		t->totals->confirms++;
		return talk(t, RIG_CONFIRM, 0) && cycle(t, index, "confirmed") && cycle(t, index, "confirmed, later");
	}
	if (!cycle(t, index, "a boot later"))
		return false;
	if (c->stage->act == RIG_REQUEST) {
		t->totals->updates++;
		if (!rig_keeps_old(&c->rig) && index == c->stage->after && !talk(t, RIG_UPLOAD, other))
			return false; /* what was asked for is there no longer */
		return request_again(t, other);
	}
	if (c->stage->is_followed && (!talk(t, RIG_REQUEST, 0) || !cycle(t, index, "asked for again")))
		return false;
	if ((draw & 0x700u) != 0 && !c->stage->is_followed)
		return true;
	t->totals->updates++;
	return talk(t, RIG_UPLOAD, other) && request_again(t, other);
}

static bool case_holds(struct trial_case *t, const struct rig_moment *here, uint32_t operations_done)
{
	struct campaign *c = t->c;
	const uint32_t writes_limit = rig_writes_max(&c->rig);
	rig_back(&c->rig, here);
	arm(c, &t->wanted->first, operations_done);
	if (rig_run(&c->rig) != RIG_CUT)
		return failed(c, "the cut never came");
	vb_op_watch(c->rig.vb, op_seen, t);
	if (!recover(t) || !runs_right(t))
		return false;
	const uint32_t writes = sector_writes(c);
	if (!c->stage->is_app && writes > t->totals->writes_max)
		t->totals->writes_max = writes;
	if (!c->stage->is_app && writes > writes_limit)
		return failed(c, "%u sector writes, %u at most", (unsigned)writes, (unsigned)writes_limit);
	return follow(t);
}

bool cut_case_run(struct campaign *c, const struct cut_case *wanted, const struct rig_moment *here, uint32_t operations_done,
		  struct cut_totals *totals)
{
	struct trial_case t = { .c = c, .wanted = wanted, .totals = totals, .torn_page = { NO_PAGE, NO_PAGE }, .torn_written = NO_PAGE };
	totals->cuts++;
	const bool holds = case_holds(&t, here, operations_done);
	vb_op_watch(c->rig.vb, NULL, NULL);
	if (holds && t.torn_written != NO_PAGE)
		return failed(c, "0x%08x was written, in a page whose erase was cut", (unsigned)t.torn_written);
	return holds;
}
