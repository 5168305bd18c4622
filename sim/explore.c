/* SPDX-License-Identifier: MIT */
#include "explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LIFE_OPS_MAX = 400000, LIVES_MAX = 80, CHOICES_MAX = 4096, FLIPS_MAX = 4, LONG_OP_UNITS = 40 };

/* A state to visit. The sectors' references are held by the record. */
struct state {
	uint8_t vars[EXPLORE_VARS];
	uint32_t cuts, flips, lives;
	uint32_t ops, choices; /* since the last cut: what the names count */
	struct explore_path path;
	struct sim_sector *sector[];
};

struct choice {
	uint32_t at, kinds;
};

/* Flips that a run of a life must make, in order. */
struct prefix {
	uint32_t count;
	struct sim_cut flip[FLIPS_MAX];
};


struct explore {
	struct sim_flash flash;
	struct explore_program program;
	struct explore_options options;
	struct explore_counts counts;
	struct explore_failure failures[EXPLORE_FAILURES_MAX];
	uint32_t failure_count;
	jmp_buf out;
	const char *why;
	/* the life being run */
	uint8_t vars[EXPLORE_VARS];
	struct state *from;
	struct prefix prefix;
	uint32_t prefix_done;
	uint32_t cuts, flips;
	struct choice choice[CHOICES_MAX];
	uint32_t choice_count;
	uint32_t op_units;      /* size of the operation at hand, for sampling */
	char op_kind;
	/* states to visit, and hashes of all that were ever put there */
	uint8_t *stack;
	size_t stack_count, stack_room, state_bytes;
	uint64_t *seen;
	size_t seen_room, seen_count;
	/* sampling: children of this life, short and long operations apart */
	uint8_t *pool[2];
	uint64_t pool_seen[2];
	uint32_t pool_size[2], pool_room;
	uint64_t random;
	/* list of prefixes still to run from this state */
	struct prefix *todo;
	size_t todo_count, todo_room;
	/* replay */
	const struct explore_path *script;
	uint32_t script_done;
	void (*told)(const char *line);
};

enum { OUT_FAILED = 1, OUT_CUT = 2 };

void explore_fail(struct explore *ex, const char *what)
{
	ex->why = what;
	longjmp(ex->out, OUT_FAILED);
}

/* ---- memory of states */

static void *grown(void *block, size_t bytes)
{
	void *more = realloc(block, bytes);
	if (more == NULL)
		abort();
	return more;
}

static bool seen_find(const struct explore *ex, uint64_t hash)
{
	for (size_t i = hash & (ex->seen_room - 1); ex->seen[i] != 0; i = (i + 1) & (ex->seen_room - 1)) {
		if (ex->seen[i] == hash)
			return true;
	}
	return false;
}

static void seen_put(uint64_t *table, size_t room, uint64_t hash)
{
	size_t i = hash & (room - 1);
	while (table[i] != 0)
		i = (i + 1) & (room - 1);
	table[i] = hash;
}

static void seen_add(struct explore *ex, uint64_t hash)
{
	if (ex->seen_count * 2 >= ex->seen_room) {
		const size_t room = ex->seen_room * 2;
		uint64_t *table = calloc(room, sizeof *table);
		if (table == NULL)
			abort();
		for (size_t i = 0; i < ex->seen_room; i++) {
			if (ex->seen[i] != 0)
				seen_put(table, room, ex->seen[i]);
		}
		free(ex->seen);
		ex->seen = table;
		ex->seen_room = room;
	}
	seen_put(ex->seen, ex->seen_room, hash);
	ex->seen_count++;
}

static uint64_t hash_with(uint64_t hash, uint32_t cuts, uint32_t flips)
{
	return sim_mix(hash, (uint64_t)cuts << 8 | flips) | 1;
}

static uint64_t hash_of_state(const struct explore *ex, bool may_change)
{
	uint64_t hash = sim_hash(&ex->flash, may_change);
	for (uint32_t i = 0; i < EXPLORE_VARS; i += 4)
		hash = sim_mix(hash, hf_get32le(ex->vars + i));
	return hash;
}

/* New, and not already covered by the same flash with more cuts or flips left? Once no flip is left, what unstable units
 * might have read is no part of the state. */
static bool state_is_new(struct explore *ex, uint32_t cuts, uint32_t flips)
{
	const uint64_t still = hash_of_state(ex, false);
	const uint64_t full = flips != 0 ? hash_of_state(ex, true) : still;
	for (uint32_t c = cuts; c <= ex->options.cuts; c++) {
		for (uint32_t f = flips; f <= ex->options.flips; f++) {
			if ((f == 0 || flips != 0) && seen_find(ex, hash_with(f == 0 ? still : full, c, f)))
				return false;
		}
	}
	seen_add(ex, hash_with(full, cuts, flips));
	if (flips != 0)
		seen_add(ex, hash_with(still, cuts, 0)); /* covered: a run without flips is among this state's */
	return true;
}

static struct state *state_at(struct explore *ex, size_t index)
{
	return (struct state *)(void *)(ex->stack + index * ex->state_bytes);
}

static void state_fill(struct explore *ex, struct state *s, uint32_t cuts, const struct sim_cut *cut)
{
	memcpy(s->vars, ex->vars, EXPLORE_VARS);
	s->cuts = cuts;
	s->flips = ex->flips;
	s->lives = cut == NULL ? ex->from->lives + 1 : 0;
	s->ops = cut == NULL ? ex->flash.ops : 0;
	s->choices = cut == NULL ? ex->flash.choices : 0;
	s->path = ex->from->path;
	for (uint32_t i = 0; i < ex->prefix_done && s->path.count < EXPLORE_PATH_MAX; i++)
		s->path.step[s->path.count++] = ex->prefix.flip[i];
	if (cut != NULL && s->path.count < EXPLORE_PATH_MAX)
		s->path.step[s->path.count++] = *cut;
	sim_save(&ex->flash, s->sector);
}

static struct state *stack_push(struct explore *ex)
{
	if (ex->stack_count == ex->stack_room) {
		ex->stack_room = ex->stack_room == 0 ? 1024 : ex->stack_room * 2;
		ex->stack = grown(ex->stack, ex->stack_room * ex->state_bytes);
	}
	return state_at(ex, ex->stack_count++);
}

/* ---- what the flash tells while a life runs */

static uint32_t depth_now(const struct explore *ex)
{
	return ex->options.cuts - ex->cuts;
}

static uint32_t sample_of_depth(const struct explore *ex)
{
	const uint32_t depth = depth_now(ex);
	return depth < EXPLORE_DEPTH_MAX ? ex->options.sample_count[depth] : 0;
}

static uint64_t next_random(struct explore *ex)
{
	ex->random = sim_mix(ex->random, 0x5eed);
	return ex->random;
}

static uint32_t pool_index(const struct explore *ex)
{
	return ex->op_kind == 'e' || ex->op_units <= LONG_OP_UNITS ? 0 : 1;
}

/* When sampling: is this child drawn? The place that it takes is left in *at. */
static bool lottery_draw(struct explore *ex, uint32_t pool, uint32_t *at)
{
	const uint32_t room = (sample_of_depth(ex) + 1 - pool) / 2;
	const uint64_t nth = ex->pool_seen[pool]++;
	if (nth < room) {
		*at = (uint32_t)nth;
		return true;
	}
	const uint64_t place = next_random(ex) % (nth + 1);
	*at = (uint32_t)place;
	return place < room;
}

static bool form_is_chosen(const struct explore *ex, const struct sim_cut *cut)
{
	const char *forms = depth_now(ex) < EXPLORE_DEPTH_MAX ? ex->options.forms[depth_now(ex)] : NULL;
	if (forms == NULL || strchr(forms, cut->form) != NULL)
		return true;
	return strchr(forms, 'R') != NULL && (cut->form == 't' || cut->form == 'T') && cut->now == 'n';
}

static bool flash_wants(void *ctx, const struct sim_cut *cut)
{
	struct explore *ex = ctx;
	if (ex->cuts == 0 || !form_is_chosen(ex, cut))
		return false;
	ex->counts.cuts++;
	ex->counts.cuts_by_depth[depth_now(ex) + 1]++;
	if (sample_of_depth(ex) == 0)
		return true;
	uint32_t at;
	const uint32_t pool = pool_index(ex);
	if (!lottery_draw(ex, pool, &at))
		return false;
	ex->pool_room = at;
	return true;
}

static struct state *pool_at(struct explore *ex, uint32_t pool, uint32_t index)
{
	return (struct state *)(void *)(ex->pool[pool] + index * ex->state_bytes);
}

static void flash_torn(void *ctx, const struct sim_cut *cut)
{
	struct explore *ex = ctx;
	if (!state_is_new(ex, ex->cuts - 1, ex->flips)) {
		ex->counts.duplicates++;
		return;
	}
	if (sample_of_depth(ex) == 0) {
		state_fill(ex, stack_push(ex), ex->cuts - 1, cut);
		return;
	}
	const uint32_t pool = pool_index(ex);
	uint32_t at = ex->pool_room;
	if (at >= ex->pool_size[pool])
		at = ex->pool_size[pool]++;
	else
		sim_drop(&ex->flash, pool_at(ex, pool, at)->sector);
	state_fill(ex, pool_at(ex, pool, at), ex->cuts - 1, cut);
}

static uint32_t flash_choose(void *ctx, uint32_t choice, uint32_t kinds)
{
	struct explore *ex = ctx;
	if (ex->script != NULL) {
		const struct sim_cut *step = &ex->script->step[ex->script_done];
		if (ex->script_done == ex->script->count || step->form != '~' || step->op != choice)
			return 0;
		ex->script_done++;
		return step->unit;
	}
	if (ex->prefix_done < ex->prefix.count) {
		const struct sim_cut *flip = &ex->prefix.flip[ex->prefix_done];
		if (flip->op != choice)
			return 0;
		ex->prefix_done++;
		ex->flips--;
		ex->flash.live = ex->prefix_done == ex->prefix.count && ex->cuts != 0;
		return flip->unit;
	}
	if (ex->flips > 0 && ex->choice_count < CHOICES_MAX)
		ex->choice[ex->choice_count++] = (struct choice){ choice, kinds };
	return 0;
}

static void flash_misuse(void *ctx, const char *what)
{
	explore_fail(ctx, what);
}

static void script_arm(struct explore *ex)
{
	struct sim_flash *f = &ex->flash;
	f->armed = false;
	for (uint32_t i = ex->script_done; i < ex->script->count && !f->armed; i++) {
		f->cut = ex->script->step[i];
		f->armed = f->cut.form != '~';
	}
}

static void flash_cut_now(void *ctx)
{
	struct explore *ex = ctx;
	if (ex->script->step[ex->script_done].form == '~')
		explore_fail(ex, "the path's flip was not offered before its cut");
	ex->script_done++;
	longjmp(ex->out, OUT_CUT);
}

static void flash_change(void *ctx, uint32_t slot, uint32_t off, uint32_t size_bytes)
{
	struct explore *ex = ctx;
	if (ex->program.change != NULL)
		ex->program.change(ex->program.ctx, slot, off, size_bytes);
}

static void flash_operation(void *ctx, char kind, uint32_t slot, uint32_t off, uint32_t size_bytes)
{
	struct explore *ex = ctx;
	(void)off;
	ex->op_kind = kind;
	ex->op_units = size_bytes / ex->flash.slot[slot].unit_bytes;
}

/* ---- running */

struct explore *explore_make(const struct sim_geometry *geometry, const struct explore_program *program)
{
	struct explore *ex = calloc(1, sizeof *ex);
	if (ex == NULL || !sim_flash_make(&ex->flash, geometry))
		abort();
	ex->program = *program;
	ex->flash.observer = (struct sim_observer){
		.ctx = ex, .wants = flash_wants, .torn = flash_torn, .cut_now = flash_cut_now, .choose = flash_choose,
		.misuse = flash_misuse, .change = flash_change, .operation = flash_operation,
	};
	ex->state_bytes = sizeof(struct state) + ex->flash.sector_total * sizeof(struct sim_sector *);
	ex->state_bytes = (ex->state_bytes + 15) / 16 * 16;
	ex->seen_room = 1u << 16;
	ex->seen = calloc(ex->seen_room, sizeof *ex->seen);
	ex->from = calloc(1, ex->state_bytes);
	if (ex->seen == NULL || ex->from == NULL)
		abort();
	return ex;
}

void explore_free(struct explore *ex)
{
	while (ex->stack_count != 0)
		sim_drop(&ex->flash, state_at(ex, --ex->stack_count)->sector);
	sim_flash_free(&ex->flash);
	free(ex->from);
	free(ex->stack);
	free(ex->seen);
	free(ex->todo);
	free(ex->pool[0]);
	free(ex->pool[1]);
	free(ex);
}

struct sim_flash *explore_flash(struct explore *ex)
{
	return &ex->flash;
}

const struct explore_counts *explore_counts(const struct explore *ex)
{
	return &ex->counts;
}

const struct explore_failure *explore_failures(const struct explore *ex, uint32_t *count)
{
	*count = ex->failure_count;
	return ex->failures;
}

bool explore_is_disturbed(const struct explore *ex)
{
	return ex->script != NULL ? ex->script_done != 0 : ex->from->path.count != 0 || ex->prefix_done != 0;
}

static uint32_t path_cuts(const struct explore_path *path)
{
	uint32_t cuts = 0;
	for (uint32_t i = 0; i < path->count; i++)
		cuts += path->step[i].form != '~';
	return cuts;
}

/* The path to where the life at hand is now: its state's, and the flips made since. */
static void note_failure(struct explore *ex)
{
	struct explore_path path = ex->from->path;
	for (uint32_t i = 0; i < ex->prefix_done && path.count < EXPLORE_PATH_MAX; i++)
		path.step[path.count++] = ex->prefix.flip[i];
	ex->counts.failures++;
	uint32_t i = 0;
	while (i < ex->failure_count && strcmp(ex->failures[i].what, ex->why) != 0)
		i++;
	if (i == EXPLORE_FAILURES_MAX)
		return;
	struct explore_failure *failure = &ex->failures[i];
	if (i == ex->failure_count) {
		ex->failure_count++;
		*failure = (struct explore_failure){ .what = ex->why, .path = path, .cuts = path_cuts(&path) };
	} else if (path.count < failure->path.count) {
		failure->path = path;
		failure->cuts = path_cuts(&path);
	}
	failure->count++;
}

static void life_begin(struct explore *ex)
{
	const struct state *from = ex->from;
	sim_load(&ex->flash, from->sector);
	memcpy(ex->vars, from->vars, EXPLORE_VARS);
	sim_flash_reset_buffer(&ex->flash);
	ex->cuts = from->cuts;
	ex->flips = from->flips;
	ex->prefix_done = 0;
	ex->choice_count = 0;
	ex->flash.ops = from->ops;
	ex->flash.choices = from->choices;
	ex->flash.offer_end_unit = 0;
	ex->flash.ops_limit = from->ops + LIFE_OPS_MAX;
	ex->flash.live = ex->prefix.count == 0 && ex->cuts != 0;
	ex->flash.choosing = ex->flips != 0;
}

static void life_end(struct explore *ex, bool more)
{
	if (ex->flash.buffered != 0) {
		ex->why = "lines were left in the write buffer";
		note_failure(ex);
		return;
	}
	if (!more) {
		ex->counts.ends++;
	} else if (ex->from->lives >= LIVES_MAX) {
		ex->why = "the program does not come to its end";
		note_failure(ex);
	} else if (state_is_new(ex, ex->cuts, ex->flips)) {
		state_fill(ex, stack_push(ex), ex->cuts, NULL);
	} else {
		ex->counts.duplicates++;
	}
}

static void todo_push(struct explore *ex, const struct prefix *prefix)
{
	if (ex->todo_count == ex->todo_room) {
		ex->todo_room = ex->todo_room == 0 ? 256 : ex->todo_room * 2;
		ex->todo = grown(ex->todo, ex->todo_room * sizeof *ex->todo);
	}
	ex->todo[ex->todo_count++] = *prefix;
}

static void todo_add_flips(struct explore *ex)
{
	if (ex->prefix.count == FLIPS_MAX || ex->flips == 0)
		return;
	for (uint32_t i = 0; i < ex->choice_count; i++) {
		for (uint32_t kind = SIM_FLIP_UNIT; kind <= SIM_FLIP_PAGE; kind <<= 1) {
			if ((ex->choice[i].kinds & kind) == 0)
				continue;
			struct prefix longer = ex->prefix;
			longer.flip[longer.count++] =
				(struct sim_cut){ .op = ex->choice[i].at, .form = '~', .unit = (uint16_t)kind };
			todo_push(ex, &longer);
		}
	}
}

/* One life with the flips of ex->prefix. */
static void run_life(struct explore *ex)
{
	life_begin(ex);
	ex->counts.lives++;
	ex->counts.flips += ex->prefix.count != 0;
	if (setjmp(ex->out) == 0)
		life_end(ex, ex->program.life(ex->program.ctx, &ex->flash, ex->vars));
	else
		note_failure(ex);
	ex->flash.live = false;
	todo_add_flips(ex);
}

static bool must_stop(const struct explore *ex, clock_t begun)
{
	const struct explore_options *o = &ex->options;
	if (o->stop_at_failure && ex->counts.failures != 0)
		return true;
	if (o->limit_states != 0 && ex->counts.states >= o->limit_states)
		return true;
	return o->limit_seconds > 0 && (ex->counts.states & 63u) == 0 &&
	       (double)(clock() - begun) / (double)CLOCKS_PER_SEC > o->limit_seconds;
}

static void pools_prepare(struct explore *ex)
{
	uint32_t most = 0;
	for (uint32_t d = 0; d < EXPLORE_DEPTH_MAX; d++)
		most = most < ex->options.sample_count[d] ? ex->options.sample_count[d] : most;
	for (uint32_t p = 0; p < 2; p++)
		ex->pool[p] = grown(ex->pool[p], (most + 2) * ex->state_bytes);
}

static void pools_to_stack(struct explore *ex)
{
	for (uint32_t p = 0; p < 2; p++) {
		for (uint32_t i = 0; i < ex->pool_size[p]; i++)
			memcpy(stack_push(ex), pool_at(ex, p, i), ex->state_bytes);
		ex->pool_size[p] = 0;
		ex->pool_seen[p] = 0;
	}
}

static void visit(struct explore *ex)
{
	ex->counts.states++;
	ex->todo_count = 0;
	todo_push(ex, &(struct prefix){ .count = 0 });
	while (ex->todo_count != 0 && !(ex->options.stop_at_failure && ex->counts.failures != 0)) {
		ex->prefix = ex->todo[--ex->todo_count];
		run_life(ex);
	}
	pools_to_stack(ex);
	sim_drop(&ex->flash, ex->from->sector);
}

void explore_run(struct explore *ex, const struct explore_options *options, const uint8_t vars[EXPLORE_VARS])
{
	const clock_t begun = clock();
	ex->options = *options;
	ex->random = options->seed;
	ex->flash.dense = options->dense;
	pools_prepare(ex);
	memcpy(ex->vars, vars, EXPLORE_VARS);
	ex->flips = options->flips;
	ex->from->path.count = 0;
	ex->flash.ops = 0;
	ex->flash.choices = 0;
	ex->from->lives = 0;
	state_fill(ex, stack_push(ex), options->cuts, NULL);
	while (ex->stack_count != 0 && !must_stop(ex, begun)) {
		memcpy(ex->from, state_at(ex, --ex->stack_count), ex->state_bytes);
		visit(ex);
	}
	ex->counts.left_over = ex->stack_count;
}

const char *explore_replay(struct explore *ex, const struct explore_path *path, const uint8_t vars[EXPLORE_VARS],
			   void (*operation)(void *ctx, char kind, uint32_t slot, uint32_t off, uint32_t size_bytes),
			   void (*told)(const char *line))
{
	memcpy(ex->vars, vars, EXPLORE_VARS);
	ex->script = path;
	ex->script_done = 0;
	ex->told = told;
	ex->flash.choosing = true;
	ex->flash.ops = 0;
	ex->flash.choices = 0;
	if (operation != NULL)
		ex->flash.observer.operation = operation;
	for (volatile uint32_t life = 0; life < LIVES_MAX; life++) {
		script_arm(ex);
		ex->flash.ops_limit = ex->flash.ops + LIFE_OPS_MAX;
		const int how = setjmp(ex->out);
		if (how == OUT_FAILED)
			return ex->why;
		if (how == OUT_CUT) {
			char name[SIM_NAME_BYTES], line[64];
			sim_cut_name(&ex->flash.cut, name);
			snprintf(line, sizeof line, "---- power cut %s", name);
			told(line);
			ex->flash.ops = 0;
			ex->flash.choices = 0;
			life = 0;
			continue;
		}
		const bool more = ex->program.life(ex->program.ctx, &ex->flash, ex->vars);
		if (ex->flash.buffered != 0)
			return "lines were left in the write buffer";
		if (!more)
			return ex->script_done == path->count ? NULL : "the path goes on after the end of the scenario";
		told("---- reset");
	}
	return "the program does not come to its end";
}

/* ---- names of paths */

void explore_path_name(const struct explore_path *path, char *into, size_t into_bytes)
{
	size_t used = (size_t)snprintf(into, into_bytes, "cut@");
	for (uint32_t i = 0; i < path->count; i++) {
		char name[SIM_NAME_BYTES];
		sim_cut_name(&path->step[i], name);
		used += (size_t)snprintf(into + used, into_bytes - used, "%s%s", i == 0 ? "" : "+", name);
		if (used >= into_bytes)
			return;
	}
}

bool explore_path_parse(const char *text, struct explore_path *path)
{
	path->count = 0;
	if (strncmp(text, "cut@", 4) != 0)
		return false;
	text += 4;
	while (*text != 0) {
		if (path->count == EXPLORE_PATH_MAX)
			return false;
		const size_t used = sim_cut_parse(text, &path->step[path->count]);
		if (used == 0)
			return false;
		path->count++;
		text += used;
		if (*text == '+' && text[1] != 0)
			text++;
		else if (*text != 0)
			return false;
	}
	return true;
}
