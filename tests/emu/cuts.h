/* SPDX-License-Identifier: MIT */
/* cuts.h - power cuts in every flash operation of the shipped binaries, stage by stage.
 *
 * Why      docs/power-loss.md argues about the core; this shows it of what is flashed: loader, application, their flash drivers.
 * Shapes   A stage is one act of the life of a board (table in cuts_stage.c), from rest to rest. Its operations are counted from 1.
 *          A case is a cut in one of them and perhaps a second one in the recovery. Its id replays it:
 *            BOARD:KEY:OFFSET:STAGE:OPERATION.VARIANT.SEED[+OPERATION.VARIANT.SEED]
 *          OFFSET: sectors from the secondary's start to the update (0, 1). The second operation counts from the return of power.
 * Checked  After each case an image runs, whole and verified, on sound flash units, and it is the right one of the two; nothing
 *          stops, nothing is found by the strict board (a third program of a word, a store of a byte, a lost write buffer), no page
 *          is written whose erase was cut;
 *          boots and sector writes stay bounded. Then, of a sample: an unconfirmed image goes back, a confirmed one stays, and the
 *          next update works.
 * Limits   Words in the middle of a copied sector are sampled by a seed; records, flags, erases and the ends of sectors are not.
 */
#ifndef CUTS_H
#define CUTS_H

#include "cuts_rig.h"

struct cut {
	uint32_t operation;
	enum vb_variant variant;
	uint32_t seed;
};

struct cut_case {
	struct cut first, second; /* second.operation 0: none */
};

struct cut_totals {
	uint64_t cuts, second_cuts, failures, boots, host_crashes;
	uint64_t untried;        /* the trial was over before the image had run: RUN2 was cut and reads well */
	uint64_t reverts, confirms, updates; /* followed up */
	uint32_t boots_max;      /* until an application ran, after the power returned for the last time */
	uint32_t writes_max;     /* sector writes of a stage that was cut */
};

/* How much of it: the tiers of ./dev test. */
struct cut_profile {
	const char *name;
	uint32_t stride;         /* of the operations that matter, each n-th */
	uint32_t variants;       /* of each of these; more than there are: with other seeds */
	uint32_t flag_variants;  /* of each operation of a request and a confirmation */
	uint32_t bulk_per_run;   /* of the others in a long run; 0: all, once */
	uint32_t second_every;   /* each n-th case is cut again in its recovery; 0: none */
	uint32_t follow_every;   /* each n-th case is followed to the end */
	bool chain;              /* a second update after the first */
};

struct cut_stage {
	const char *name;
	enum rig_act act;
	uint32_t image_index;    /* to upload */
	uint32_t before, after;  /* which image runs next: nothing was done, all was done */
	bool is_trial;           /* `after` runs on trial */
	bool is_app;             /* the operations are the application's */
	bool is_move;            /* a swap: 2N + 8 sector writes at most */
	bool is_followed;        /* the next update is tried after each case */
};

struct cut_op {
	uint32_t addr;
	enum vb_op op;
	bool is_bulk;            /* in the middle of a long run of writes */
};

struct campaign {
	struct rig rig;
	const char *key_kind;
	uint32_t base_sectors;
	uint32_t seed;
	const struct cut_profile *profile;
	const char *stage_wish;  /* NULL: all */
	const struct cut_case *replay;
	struct cut_totals totals;

	/* of the stage at hand */
	const struct cut_stage *stage;
	struct cut_op *ops;
	uint32_t op_count, op_cap;
	uint32_t deciding_first, deciding_last; /* is_app: the operations that write the request or the confirmation; 0: none */
	struct vb_counters began;
};

/* cuts_choose.c */
void cuts_mark(struct campaign *c);  /* bulk, deciding */
struct cut_case *cuts_choose(const struct campaign *c, uint32_t *count);
uint32_t cut_hash(uint32_t a, uint32_t b, uint32_t c);

/* cuts_case.c: the board stands somewhere in the stage, before the cut. False: failed, host.why says how. */
bool cut_case_run(struct campaign *c, const struct cut_case *wanted, const struct rig_moment *here, uint32_t operations_done,
		  struct cut_totals *totals);

/* cuts_stage.c */
bool campaign_run(struct campaign *c); /* false: a failure, or the life itself went wrong; printed */

/* cuts_main.c */
void cut_case_name(const struct campaign *c, const struct cut_case *which, char *into, size_t into_bytes);

#endif
