/* SPDX-License-Identifier: MIT */
/* explore.h - runs a program on simulated flash and visits every state that power cuts and unstable cells can lead to.
 *
 * Why      A test that cuts at n = 1, 2, 3... and starts afresh each time pays for the same states again and again; two cuts in
 *          a row then take days. Here each operation branches on the spot, states are told apart by a hash, and a state that
 *          was seen is not run again: two cuts are complete in seconds.
 * Shapes   A program is a series of lives. A life is what happens between two resets: one boot and what the application does.
 *          A state is the flash, the program's variables (what the outside world knows), and how many cuts and flips are left.
 *          Running a life from a state yields: a child for each way of being cut in each operation, a run for each way in which
 *          an unstable unit may read differently, and the state at the next reset.
 * Order    explore_make -> poke the first state -> explore_run -> read results. explore_replay runs one path only.
 * Sampling sample_count[d] children of each life at depth d are kept, half of them from short operations (records, flags,
 *          erases), half from long ones; chosen by a seed. Otherwise everything is visited.
 * Source   states de-duplicated by hash, each failing path with a short name: littlefs (runners/test_runner.c) has the name,
 *          not the hash.
 */
#ifndef SIM_EXPLORE_H
#define SIM_EXPLORE_H

#include "flash_sim.h"

#include <setjmp.h>

enum { EXPLORE_VARS = 32, EXPLORE_PATH_MAX = 14, EXPLORE_FAILURES_MAX = 64, EXPLORE_DEPTH_MAX = 4 };

struct explore_program {
	void *ctx;
	/* One life. vars is what survives a reset; it is copied at each cut, so it must be up to date at each flash operation.
	 * False: the program has come to its end. */
	bool (*life)(void *ctx, struct sim_flash *flash, uint8_t *vars);
	/* Watch: these bytes, inside one sector or whole sectors, are about to lose their content. May be NULL. */
	void (*change)(void *ctx, uint32_t slot, uint32_t off, uint32_t size_bytes);
};

struct explore_path {
	uint32_t count;
	struct sim_cut step[EXPLORE_PATH_MAX];
};

struct explore_failure {
	const char *what;
	uint64_t count;
	uint32_t cuts;             /* in the shortest path */
	struct explore_path path;
};

struct explore_counts {
	uint64_t states, lives, cuts, flips, ends, duplicates, failures, left_over;
	uint64_t cuts_by_depth[EXPLORE_DEPTH_MAX + 1];
};

struct explore_options {
	uint32_t cuts, flips;
	bool dense;                                 /* cut at each unit of long writes */
	bool stop_at_failure;
	double limit_seconds;                       /* processor time; 0 = none */
	uint64_t limit_states;                      /* 0 = none */
	uint32_t sample_count[EXPLORE_DEPTH_MAX];   /* 0 = all children */
	const char *forms[EXPLORE_DEPTH_MAX];       /* only these forms of cut at each depth (letters of struct sim_cut; R: a torn
						       unit that reads right); NULL = all. For tests that look for one thing. */
	uint64_t seed;
};

struct explore;

struct explore *explore_make(const struct sim_geometry *geometry, const struct explore_program *program);
void explore_free(struct explore *ex);
struct sim_flash *explore_flash(struct explore *ex);

/* The first state is the flash as poked, vars, and the options' cuts and flips. */
void explore_run(struct explore *ex, const struct explore_options *options, const uint8_t vars[EXPLORE_VARS]);
const struct explore_counts *explore_counts(const struct explore *ex);
const struct explore_failure *explore_failures(const struct explore *ex, uint32_t *count);

/* Runs one path to the end of the program: NULL if nothing failed, else what did. each_life may be NULL. */
const char *explore_replay(struct explore *ex, const struct explore_path *path, const uint8_t vars[EXPLORE_VARS],
			   void (*operation)(void *ctx, char kind, uint32_t slot, uint32_t off, uint32_t size_bytes),
			   void (*told)(const char *line));

/* Called by the program, inside a life: this must not be. Does not return. */
void explore_fail(struct explore *ex, const char *what) __attribute__((noreturn));

/* Has the path of the life at hand any cut or flip yet? */
bool explore_is_disturbed(const struct explore *ex);

/* "cut@41.prefix3+7.none"; "cut@" alone is no cut at all. */
void explore_path_name(const struct explore_path *path, char *into, size_t into_bytes);
bool explore_path_parse(const char *text, struct explore_path *path);

#endif
