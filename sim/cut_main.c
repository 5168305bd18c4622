/* SPDX-License-Identifier: MIT */
/* holdfast-cut - cuts the power of a simulated board at every flash operation, or replays one way of doing it. */
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { EXIT_FAILURES = 1, EXIT_USAGE = 2, ID_BYTES = 512 };

static const char usage[] =
	"holdfast-cut explore <scenario>|all [--mode M] [--geometry G] [--depth N] [--flips F] [--dense] [--limit SECONDS]\n"
	"             [--states N] [--stop] [--sample [--seed N] [--per-life N]] [--forms F1,F2] [--expect-failure]\n"
	"holdfast-cut replay <id> [--verbose]\n"
	"holdfast-cut list\n"
	"\n"
	"  explore   runs the boot core through the scenario and cuts it everywhere; prints states, cuts and failures\n"
	"  replay    runs one path again, from the id that explore printed for a failure\n"
	"  example   holdfast-cut explore revert-0-323 --geometry toy-nor --depth 2 --flips 1\n";

struct request {
	const struct hf_mode *mode;
	const struct sim_geometry *geometry;
	const char *scenario;
	struct explore_options options;
	bool expect_failure, verbose, sample;
	uint32_t per_life;
};

static int usage_error(const char *what, const char *word)
{
	fprintf(stderr, "holdfast-cut: %s%s%s\n%s", what, word == NULL ? "" : " ", word == NULL ? "" : word, usage);
	return EXIT_USAGE;
}

static void print_line(const char *line)
{
	printf("%s\n", line);
}

static void print_failures(const struct scenario *sc, const struct explore *ex)
{
	uint32_t count;
	const struct explore_failure *failures = explore_failures(ex, &count);
	for (uint32_t i = 0; i < count; i++) {
		char id[ID_BYTES];
		scenario_id(sc, &failures[i].path, id, sizeof id);
		printf("  FAIL %s\n       %llu times; shortest: %s\n", failures[i].what, (unsigned long long)failures[i].count, id);
	}
}

static uint64_t explore_one(const struct request *rq, const char *name, uint64_t totals[3], bool *complete)
{
	struct scenario *sc = scenario_make_mode(rq->mode, rq->geometry, name);
	if (sc == NULL) {
		fprintf(stderr, "holdfast-cut: no scenario \"%s\" of %s on %s\n", name, rq->mode->name, rq->geometry->name);
		exit(EXIT_USAGE);
	}
	const clock_t begun = clock();
	scenario_explore(sc, &rq->options);
	const struct explore_counts *c = explore_counts(scenario_explorer(sc));
	printf("%-14s %-26s depth %u flips %u: %llu states, %llu lives, %llu cuts, %llu failures, %.1f s%s\n", rq->geometry->name, name,
	       (unsigned)rq->options.cuts, (unsigned)rq->options.flips, (unsigned long long)c->states, (unsigned long long)c->lives,
	       (unsigned long long)c->cuts, (unsigned long long)c->failures, (double)(clock() - begun) / (double)CLOCKS_PER_SEC,
	       c->left_over != 0 ? ", not complete" : rq->sample ? ", sampled" : ", complete");
	print_failures(sc, scenario_explorer(sc));
	fflush(stdout);
	const uint64_t failures = c->failures;
	totals[0] += c->states;
	totals[1] += c->cuts;
	totals[2] += failures;
	*complete = *complete && c->left_over == 0;
	scenario_free(sc);
	return failures;
}

static int run_explore(struct request *rq)
{
	uint64_t totals[3] = { 0 };
	bool complete = true;
	if (rq->geometry == NULL || rq->mode == NULL)
		return usage_error("no such geometry or mode", NULL);
	if (rq->sample) {
		rq->options.sample_count[0] = rq->per_life;
		for (uint32_t d = 1; d < EXPLORE_DEPTH_MAX; d++)
			rq->options.sample_count[d] = 2;
	}
	if (strcmp(rq->scenario, "all") == 0) {
		for (size_t i = 0; scenario_standard_of(rq->mode, i) != NULL; i++)
			explore_one(rq, scenario_standard_of(rq->mode, i), totals, &complete);
	} else {
		explore_one(rq, rq->scenario, totals, &complete);
	}
	printf("total: %llu states, %llu cuts, %llu failures%s\n", (unsigned long long)totals[0], (unsigned long long)totals[1],
	       (unsigned long long)totals[2], complete ? "" : " (not complete)");
	return (totals[2] != 0) == rq->expect_failure ? 0 : EXIT_FAILURES;
}

/* <mode>:<geometry>:<scenario>:cut@... */
static int run_replay(const struct request *rq)
{
	char text[ID_BYTES];
	struct explore_path path;
	snprintf(text, sizeof text, "%s", rq->scenario);
	char *geometry = strchr(text, ':');
	char *name = geometry == NULL ? NULL : strchr(geometry + 1, ':');
	char *cuts = name == NULL ? NULL : strchr(name + 1, ':');
	if (cuts == NULL)
		return usage_error("not an id:", rq->scenario);
	*geometry++ = *name++ = *cuts++ = 0;
	const struct sim_geometry *g = scenario_geometry(geometry);
	const struct hf_mode *mode = scenario_mode(text);
	struct scenario *sc = g == NULL || mode == NULL ? NULL : scenario_make_mode(mode, g, name);
	if (sc == NULL || !explore_path_parse(cuts, &path))
		return usage_error("not an id:", rq->scenario);
	const char *what = scenario_replay(sc, &path, rq->verbose, print_line);
	printf("%s\n", what == NULL ? "no failure" : what);
	scenario_free(sc);
	return (what != NULL) == rq->expect_failure ? 0 : EXIT_FAILURES;
}

static int run_list(void)
{
	printf("geometries:\n");
	for (size_t i = 0; scenario_geometry_at(i) != NULL; i++) {
		const struct sim_geometry *g = scenario_geometry_at(i);
		printf("  %-14s %s, %u sectors of %u bytes a slot, units of %u, alignment %u\n", g->name, g->needs_erase ? "NOR" : "RRAM",
		       (unsigned)g->sector_count, (unsigned)g->sector_bytes, (unsigned)g->unit_bytes, (unsigned)g->align);
	}
	printf("standard scenarios (any name of this form works):\n");
	static const char *const modes[] = { "swap", "overwrite", "single" };
	for (size_t m = 0; m < HF_ARRAY_COUNT(modes); m++) {
		for (size_t i = 0; scenario_standard_of(scenario_mode(modes[m]), i) != NULL; i++)
			printf("  --mode %-9s  %s\n", modes[m], scenario_standard_of(scenario_mode(modes[m]), i));
	}
	return 0;
}

/* "R,0p": torn units that read right first, then clean cuts. */
static void parse_forms(char *text, struct explore_options *options)
{
	for (uint32_t d = 0; d < EXPLORE_DEPTH_MAX && text != NULL; d++) {
		options->forms[d] = text;
		text = strchr(text, ',');
		if (text != NULL)
			*text++ = 0;
	}
}

static int parse(int argc, char **argv, struct request *rq)
{
	for (int i = 3; i < argc; i++) {
		const char *word = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
		if (strcmp(word, "--dense") == 0)
			rq->options.dense = true;
		else if (strcmp(word, "--stop") == 0)
			rq->options.stop_at_failure = true;
		else if (strcmp(word, "--sample") == 0)
			rq->sample = true;
		else if (strcmp(word, "--verbose") == 0)
			rq->verbose = true;
		else if (strcmp(word, "--expect-failure") == 0)
			rq->expect_failure = rq->options.stop_at_failure = true;
		else if (value == NULL)
			return usage_error("unknown or incomplete option", word);
		else if (strcmp(word, "--geometry") == 0)
			rq->geometry = scenario_geometry(argv[++i]);
		else if (strcmp(word, "--mode") == 0)
			rq->mode = scenario_mode(argv[++i]);
		else if (strcmp(word, "--depth") == 0)
			rq->options.cuts = (uint32_t)atoi(argv[++i]);
		else if (strcmp(word, "--flips") == 0)
			rq->options.flips = (uint32_t)atoi(argv[++i]);
		else if (strcmp(word, "--limit") == 0)
			rq->options.limit_seconds = atof(argv[++i]);
		else if (strcmp(word, "--states") == 0)
			rq->options.limit_states = strtoull(argv[++i], NULL, 10);
		else if (strcmp(word, "--forms") == 0)
			parse_forms(argv[++i], &rq->options);
		else if (strcmp(word, "--seed") == 0)
			rq->options.seed = strtoull(argv[++i], NULL, 10);
		else if (strcmp(word, "--per-life") == 0)
			rq->per_life = (uint32_t)atoi(argv[++i]);
		else
			return usage_error("unknown option", word);
	}
	if (rq->options.cuts > EXPLORE_DEPTH_MAX || rq->options.flips > 4)
		return usage_error("at most 4 cuts and 4 flips", NULL);
	return 0;
}

int main(int argc, char **argv)
{
	struct request rq = { .mode = &hf_mode_swap, .geometry = scenario_geometry("toy-nor"), .options = { .cuts = 1 }, .per_life = 40 };
	if (argc > 1 && strcmp(argv[1], "list") == 0)
		return run_list();
	if (argc < 3)
		return usage_error("what shall be done?", NULL);
	rq.scenario = argv[2];
	const int bad = parse(argc, argv, &rq);
	if (bad != 0)
		return bad;
	if (strcmp(argv[1], "explore") == 0)
		return run_explore(&rq);
	if (strcmp(argv[1], "replay") == 0)
		return run_replay(&rq);
	return usage_error("unknown command", argv[1]);
}
