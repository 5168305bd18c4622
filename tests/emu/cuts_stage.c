/* SPDX-License-Identifier: MIT */
/* The life of a board, stage by stage, and the cuts in each.
 *
 * Order    A stage runs once to count its operations, then again in slices; before each slice that has cuts a child process is
 *          made, which does them from there. The emulator sometimes crashes in long campaigns: a child that does is made anew.
 */
#define _DEFAULT_SOURCE
#include "cuts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SLICE_INSTRUCTIONS = 100000, BATCH_CASES = 100, CRASHES_MAX = 3, FAILURES_TOLD_MAX = 5 };

/* Image 0 is 1.0.0, image 1 is 1.1.0. */
static const struct cut_stage stages[] = {
	{ .name = "format", .act = RIG_BOOT, .before = 0, .after = 0 },
	{ .name = "start", .act = RIG_BOOT, .before = 0, .after = 0 },
	{ .name = "refused", .act = RIG_BOOT, .before = 0, .after = 0, .is_followed = true },
	{ .name = "upload", .act = RIG_UPLOAD, .image_index = 1, .before = 0, .after = 0, .is_app = true },
	{ .name = "request", .act = RIG_REQUEST, .before = 0, .after = 1, .is_trial = true, .is_app = true },
	{ .name = "update", .act = RIG_BOOT, .before = 1, .after = 1, .is_trial = true, .is_move = true },
	{ .name = "revert", .act = RIG_BOOT, .before = 0, .after = 0, .is_move = true },
	{ .name = "confirm", .act = RIG_CONFIRM, .before = 0, .after = 1, .is_app = true },
	{ .name = "confirmed", .act = RIG_BOOT, .before = 1, .after = 1 },
	{ .name = "upload2", .act = RIG_UPLOAD, .image_index = 0, .before = 1, .after = 1, .is_app = true },
	{ .name = "request2", .act = RIG_REQUEST, .before = 1, .after = 0, .is_trial = true, .is_app = true },
	{ .name = "update2", .act = RIG_BOOT, .before = 0, .after = 0, .is_trial = true, .is_move = true },
};

/* Where the old image is not kept, an update is no trial. */
static const struct cut_stage stages_overwrite[] = {
	{ .name = "request", .act = RIG_REQUEST, .before = 0, .after = 1, .is_app = true },
	{ .name = "update", .act = RIG_BOOT, .before = 1, .after = 1, .is_move = true },
	{ .name = "settled", .act = RIG_BOOT, .before = 1, .after = 1 },
	{ .name = "request2", .act = RIG_REQUEST, .before = 1, .after = 0, .is_app = true },
	{ .name = "update2", .act = RIG_BOOT, .before = 0, .after = 0, .is_move = true },
};

static const struct cut_stage *stage_in(const struct cut_stage *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	}
	return NULL;
}

static const struct cut_stage *stage_named(const struct campaign *c, const char *name)
{
	const struct cut_stage *own = rig_keeps_old(&c->rig) ? NULL : stage_in(stages_overwrite, HF_ARRAY_COUNT(stages_overwrite), name);
	return own != NULL ? own : stage_in(stages, HF_ARRAY_COUNT(stages), name);
}

/* ---- counting */

static void op_note(void *ctx, enum vb_op op, uint32_t addr)
{
	struct campaign *c = ctx;
	if (c->op_count == c->op_cap) {
		c->op_cap = c->op_cap * 2 + 1024;
		c->ops = realloc(c->ops, c->op_cap * sizeof *c->ops);
		if (c->ops == NULL)
			abort();
	}
	c->ops[c->op_count++] = (struct cut_op){ .addr = addr, .op = op };
}

static uint32_t operations_done(const struct campaign *c)
{
	return (uint32_t)(vb_counters(c->rig.vb)->operations - c->began.operations);
}

static void stage_begin(struct campaign *c)
{
	c->rig.host.image_index = c->stage->image_index;
	c->began = *vb_counters(c->rig.vb);
	rig_begin(&c->rig, c->stage->act);
}

static bool stage_bad(const struct campaign *c, const char *what)
{
	printf("%s %s offset %u, stage %s: %s%s\n%s\n", c->rig.name, c->key_kind, (unsigned)c->base_sectors, c->stage->name, what,
	       c->rig.host.why, c->rig.host.log);
	return false;
}

static bool stage_count(struct campaign *c)
{
	const struct cut_stage *stage = c->stage;
	const struct rig_host *host = &c->rig.host;
	c->op_count = 0;
	vb_op_watch(c->rig.vb, op_note, c);
	stage_begin(c);
	const enum rig_result result = rig_run(&c->rig);
	vb_op_watch(c->rig.vb, NULL, NULL);
	c->ops = c->op_count == 0 && c->ops == NULL ? calloc(1, sizeof *c->ops) : c->ops;
	if (result != RIG_DONE)
		return stage_bad(c, "without a cut: ");
	if (stage->act == RIG_BOOT && (host->runs_index != (int32_t)stage->after || host->on_trial != stage->is_trial))
		return stage_bad(c, "without a cut the wrong image runs");
	if (stage->act == RIG_BOOT && !rig_primary_is(&c->rig, stage->after))
		return stage_bad(c, "without a cut the image is not whole");
	cuts_mark(c);
	return true;
}

/* What the stage costs without a cut, against the bound of docs/power-loss.md. */
static bool stage_figures(const struct campaign *c)
{
	const struct vb_counters *n = vb_counters(c->rig.vb), *b = &c->began;
	const uint32_t old_sectors = rig_sectors(&c->rig, 0), new_sectors = rig_sectors(&c->rig, 1);
	const uint32_t sectors = old_sectors > new_sectors ? old_sectors : new_sectors;
	const uint64_t lines = n->lines - b->lines, words = n->words - b->words, erases = n->erases - b->erases;
	const double writes = rig_sector_writes(&c->rig, b);
	printf("evidence: {\"what\":\"stage\",\"board\":\"%s\",\"signature\":\"%s\",\"offset\":%u,\"stage\":\"%s\",\"sectors\":%u,"
	       "\"sector_writes\":%.1f,\"limit\":%u,\"erases\":%llu,\"words\":%llu,\"lines\":%llu,"
	       "\"pages\":%llu,\"sectors_outside\":%llu,\"instructions\":%llu,"
	       "\"loader_instructions\":%llu,\"loader_ms\":%.1f}\n",
	       c->rig.name, c->key_kind, (unsigned)c->base_sectors, c->stage->name, (unsigned)sectors, writes,
	       (unsigned)rig_writes_max(&c->rig), (unsigned long long)erases, (unsigned long long)words, (unsigned long long)lines,
	       (unsigned long long)(n->pages - b->pages), (unsigned long long)(n->sectors - b->sectors),
	       (unsigned long long)(n->instructions - b->instructions),
	       (unsigned long long)(n->loader_instructions - b->loader_instructions), (double)(n->loader_ns - b->loader_ns) / 1e6);
	if (c->stage->is_move && writes > rig_writes_max(&c->rig))
		return stage_bad(c, "more sector writes than the mode may cost");
	if (c->stage->is_move && writes < (rig_keeps_old(&c->rig) ? old_sectors : 0) + rig_sectors(&c->rig, c->stage->after))
		return stage_bad(c, "fewer sector writes than there are sectors");
	return true;
}

/* ---- cutting */

static void case_failed(const struct campaign *c, const struct cut_case *which, uint64_t nth)
{
	char name[160];
	cut_case_name(c, which, name, sizeof name);
	if (nth <= FAILURES_TOLD_MAX)
		printf("FAILED %s\n  %s\n", name, c->rig.host.why);
}

static void cuts_tell(const struct campaign *c)
{
	uint32_t count;
	const struct vb_cut_record *cut = vb_cut_records(c->rig.vb, &count);
	for (uint32_t i = 0; i < count; i++)
		printf("cut at 0x%08x, %s, in the %s\n", (unsigned)cut[i].addr, vb_variant_name(cut[i].variant),
		       cut[i].pc - c->rig.layout->loader_addr < c->rig.layout->loader_bytes ? "loader" : "application");
}

static void child_run(struct campaign *c, const struct cut_case *cases, uint32_t count, int pipe_end)
{
	struct cut_totals totals = { 0 };
	struct rig_moment *here = rig_keep(&c->rig);
	const uint32_t done = operations_done(c);
	c->rig.talks = c->replay != NULL;
	for (uint32_t i = 0; i < count; i++) {
		if (!cut_case_run(c, &cases[i], here, done, &totals))
			case_failed(c, &cases[i], ++totals.failures);
		if (c->replay != NULL)
			cuts_tell(c);
	}
	(void)fflush(stdout);
	const bool is_told = write(pipe_end, &totals, sizeof totals) == (ssize_t)sizeof totals;
	_exit(is_told ? 0 : 1);
}

static void totals_add(struct cut_totals *sum, const struct cut_totals *one)
{
	sum->cuts += one->cuts;
	sum->second_cuts += one->second_cuts;
	sum->failures += one->failures;
	sum->boots += one->boots;
	sum->host_crashes += one->host_crashes;
	sum->untried += one->untried;
	sum->reverts += one->reverts;
	sum->confirms += one->confirms;
	sum->updates += one->updates;
	sum->boots_max = one->boots_max > sum->boots_max ? one->boots_max : sum->boots_max;
	sum->writes_max = one->writes_max > sum->writes_max ? one->writes_max : sum->writes_max;
}

/* False: the child crashed; nothing is known of its cases. */
static bool child_try(struct campaign *c, const struct cut_case *cases, uint32_t count)
{
	int ends[2], status;
	struct cut_totals totals;
	(void)fflush(stdout);
	if (pipe(ends) != 0)
		abort();
	const pid_t child = fork();
	if (child < 0)
		abort();
	if (child == 0)
		child_run(c, cases, count, ends[1]);
	(void)close(ends[1]);
	const bool is_told = read(ends[0], &totals, sizeof totals) == (ssize_t)sizeof totals;
	(void)close(ends[0]);
	(void)waitpid(child, &status, 0);
	if (!is_told)
		return false;
	totals_add(&c->totals, &totals);
	return true;
}

static bool batch(struct campaign *c, const struct cut_case *cases, uint32_t count)
{
	for (uint32_t n = 0; n < CRASHES_MAX; n++) {
		if (child_try(c, cases, count))
			return true;
		c->totals.host_crashes++;
	}
	return stage_bad(c, "the emulator crashed again and again");
}

/* The cases whose first cut lies in the slice that begins here. They are ordered. */
static bool slice_cases(struct campaign *c, const struct cut_case *cases, uint32_t count, uint32_t end, uint32_t *at)
{
	while (*at < count && cases[*at].first.operation <= end) {
		uint32_t n = 0;
		while (n < BATCH_CASES && *at + n < count && cases[*at + n].first.operation <= end)
			n++;
		if (!batch(c, cases + *at, n))
			return false;
		*at += n;
	}
	return true;
}

/* The same slices twice: where one ends is known only when it was run. */
static bool stage_cut(struct campaign *c, const struct rig_moment *start, const struct cut_case *cases, uint32_t count)
{
	enum rig_result result = RIG_GOING;
	uint32_t at = 0;
	rig_back(&c->rig, start);
	stage_begin(c);
	while (result == RIG_GOING && at < count) {
		struct rig_moment *here = rig_keep(&c->rig);
		result = rig_step(&c->rig, SLICE_INSTRUCTIONS);
		const uint32_t end = operations_done(c);
		if (cases[at].first.operation <= end) {
			rig_back(&c->rig, here);
			if (!slice_cases(c, cases, count, end, &at))
				return false;
			result = rig_step(&c->rig, SLICE_INSTRUCTIONS);
		}
		rig_moment_free(here);
	}
	return at == count || stage_bad(c, "not all cuts could be made");
}

static void stage_told(const struct campaign *c, const struct cut_totals *before)
{
	const struct cut_totals *t = &c->totals;
	printf("evidence: {\"what\":\"cuts\",\"board\":\"%s\",\"signature\":\"%s\",\"offset\":%u,\"stage\":\"%s\",\"tier\":\"%s\",\"seed\":%u,"
	       "\"operations\":%u,\"cuts\":%llu,\"second_cuts\":%llu,\"boots\":%llu,\"failures\":%llu}\n",
	       c->rig.name, c->key_kind, (unsigned)c->base_sectors, c->stage->name, c->profile->name, (unsigned)c->seed,
	       (unsigned)c->op_count, (unsigned long long)(t->cuts - before->cuts),
	       (unsigned long long)(t->second_cuts - before->second_cuts), (unsigned long long)(t->boots - before->boots),
	       (unsigned long long)(t->failures - before->failures));
	(void)fflush(stdout);
}

/* Counts, cuts, and leaves the board where the stage ends without a cut. */
static bool stage_run(struct campaign *c, const char *name)
{
	struct cut_case *cases = NULL;
	uint32_t count = 0;
	const struct cut_totals before = c->totals;
	c->stage = stage_named(c, name);
	struct rig_moment *start = rig_keep(&c->rig);
	bool ok = stage_count(c) && (c->replay != NULL || stage_figures(c));
	struct rig_moment *end = rig_keep(&c->rig);
	if (ok && c->op_count != 0 && (c->stage_wish == NULL || strcmp(c->stage_wish, name) == 0)) {
		if (c->replay == NULL)
			cases = cuts_choose(c, &count);
		ok = stage_cut(c, start, c->replay != NULL ? c->replay : cases, c->replay != NULL ? 1 : count);
		if (c->replay == NULL)
			stage_told(c, &before);
		rig_back(&c->rig, end);
	}
	rig_moment_free(start);
	rig_moment_free(end);
	free(cases);
	return ok;
}

/* ---- the life */

static bool update_life(struct campaign *c)
{
	if (c->base_sectors == 0 && !stage_run(c, "upload"))
		return false;
	if (c->base_sectors != 0 && !rig_place(&c->rig, 1, c->base_sectors * rig_sector_bytes(&c->rig)))
		return false;
	return stage_run(c, "request") && stage_run(c, "update");
}

/* One bit of the update is wrong: the loader says so and wipes the request, whose sector holds nothing else here. */
static bool refused_life(struct campaign *c)
{
	struct rig_moment *start = rig_keep(&c->rig);
	const uint32_t bit_off = c->base_sectors * rig_sector_bytes(&c->rig) + c->rig.board->header_bytes + 100;
	const uint32_t addr = c->rig.layout->secondary_addr + bit_off;
	bool ok = rig_place(&c->rig, 1, c->base_sectors * rig_sector_bytes(&c->rig));
	*rig_cell(&c->rig, addr) ^= 1u;
	rig_cell_changed(&c->rig, addr, 1);
	rig_begin(&c->rig, RIG_REQUEST);
	ok = ok && rig_run(&c->rig) == RIG_DONE && stage_run(c, "refused");
	rig_back(&c->rig, start);
	rig_moment_free(start);
	return ok;
}

bool campaign_run(struct campaign *c)
{
	if (!stage_run(c, "format") || !stage_run(c, "start") || !refused_life(c) || !update_life(c))
		return false;
	struct rig_moment *trial = rig_keep(&c->rig);
	bool ok = !rig_keeps_old(&c->rig) || stage_run(c, "revert");
	rig_back(&c->rig, trial);
	rig_moment_free(trial);
	if (rig_keeps_old(&c->rig))
		ok = ok && stage_run(c, "confirm") && stage_run(c, "confirmed");
	else
		ok = ok && stage_run(c, "settled");
	if (c->profile->chain)
		ok = ok && stage_run(c, "upload2") && stage_run(c, "request2") && stage_run(c, "update2");
	return ok && c->totals.failures == 0;
}
