/* SPDX-License-Identifier: MIT */
/* One slot, with the shipped binaries: the power goes while recovery writes the only application. Whatever the board finds afterwards,
 * it is in recovery with a reason, or a whole image runs: the one of before if nothing had been changed, the new one if all was verified. In
 * recovery the upload goes on, no further than behind what was whole, and then the new image runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cuts_rig.h"

/* The journal is set up anew first: the mark, a note, an erase, the records. Then sectors; then the verdict's mark. */
enum { FIRST_COUNT = 3, FIRST_STEP = 29, SPREAD_COUNT = 1, LAST_COUNT = 1 };
static uint32_t times = 1; /* as many cuts; the argument */

void hf_assert_failed(uint32_t line)
{
	print_error("assertion failed, line %u\n", (unsigned)line);
	abort();
}

static void act(struct rig *rig, enum rig_act act)
{
	rig_begin(rig, act);
	if (rig_run(rig) != RIG_DONE)
		fail_msg("%s: %s; the board said:\n%s", rig->name, rig->host.why, rig->host.log);
}

struct seen {
	uint32_t cuts, recoveries, old_runs, new_runs;
};

static void cut_once(struct rig *rig, uint32_t operation, struct seen *seen)
{
	static const enum vb_variant variants[] = { VB_CUT_NONE, VB_CUT_PARTIAL, VB_CUT_HALF, VB_CUT_RANDOM, VB_CUT_UNSTABLE };
	const struct vb_cut cut = { .at = operation, .variant = variants[operation % HF_ARRAY_COUNT(variants)], .seed = operation };
	assert_true(vb_cut_arm(rig->vb, &cut));
	rig_begin(rig, RIG_UPLOAD);
	assert_int_equal(rig_run(rig), RIG_CUT);
	seen->cuts++;
	rig_wake(rig);
	if (rig->host.why_reply.stop == 0 && rig_primary_is(rig, 1)) {
		seen->new_runs++;
		return;
	}
	if (rig->host.why_reply.stop == 0) {
		assert_true(rig_primary_is(rig, 0));
		seen->old_runs++;
		assert_true(rig_into_recovery(rig));
	} else {
		seen->recoveries++;
	}
	act(rig, RIG_UPLOAD);
	act(rig, RIG_BOOT);
	assert_int_equal(rig->host.runs_index, 1);
	assert_true(rig_primary_is(rig, 1));
}

static void cut_uploads(const char *board)
{
	struct rig rig;
	struct seen seen = { 0 };
	assert_true(rig_open(&rig, board, "p256", 0));
	act(&rig, RIG_BOOT);
	if (!rig_into_recovery(&rig))
		fail_msg("%s: no recovery (%u, %s); the board said:\n%s", rig.name, (unsigned)rig.host.why_reply.stop, rig.host.why, rig.host.log);
	rig.host.image_index = 1;
	struct rig_moment *start = rig_keep(&rig);
	const uint64_t before = vb_counters(rig.vb)->operations;
	act(&rig, RIG_UPLOAD);
	const uint32_t operations = (uint32_t)(vb_counters(rig.vb)->operations - before);
	act(&rig, RIG_BOOT);
	assert_int_equal(rig.host.runs_index, 1);
	assert_true(rig_primary_is(&rig, 1));
	const uint32_t first = times * FIRST_COUNT, spread = times * SPREAD_COUNT, last = times * LAST_COUNT;
	for (uint32_t n = 0; n < first + spread + last; n++) {
		const uint32_t operation = n < first ? 1 + n * FIRST_STEP / times :
					   n < first + spread ? (n - first + 1) * (operations / (spread + 1)) : operations - (n - first - spread);
		rig_back(&rig, start);
		rig.host.image_index = 1;
		cut_once(&rig, operation, &seen);
	}
	printf("evidence: {\"what\":\"single\",\"board\":\"%s\",\"operations\":%u,\"cuts\":%u,\"recoveries\":%u,\"old_runs\":%u,\"new_runs\":%u}\n",
	       rig.name, (unsigned)operations, (unsigned)seen.cuts, (unsigned)seen.recoveries, (unsigned)seen.old_runs, (unsigned)seen.new_runs);
	assert_true(seen.recoveries >= seen.cuts / 2);
	rig_moment_free(start);
	rig_close(&rig);
}

static void cut_in_the_only_slot(void **state)
{
	(void)state;
	cut_uploads("xiao_nrf52840/single-slot");
	cut_uploads("xiao_nrf54l15/single-slot");
}

/* No data sheet promises that RAM outlives a reset by the pin. If it does not, the second reset is just a reset. */
static void lost_ram_is_no_second_reset(void **state)
{
	static const char *const boards[] = { "xiao_nrf52840/single-slot", "xiao_nrf54l15/single-slot" };
	(void)state;
	for (size_t b = 0; b < 2; b++) {
		struct rig rig;
		assert_true(rig_open(&rig, boards[b], "p256", 0));
		act(&rig, RIG_BOOT);
		for (int fill = 0; fill < 256; fill += 255) {
			assert_true(rig_first_reset(&rig));
			memset(vb_ram(rig.vb), fill, rig.board->ram_bytes);
			act(&rig, RIG_BOOT);
			assert_int_equal(rig.host.runs_index, 0);
			act(&rig, RIG_WHY);
			assert_int_equal(rig.host.why_reply.stop, HF_OK);
		}
		rig_close(&rig);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1 && atoi(argv[1]) > 0)
		times = (uint32_t)atoi(argv[1]);
	const struct CMUnitTest tests[] = { cmocka_unit_test(cut_in_the_only_slot), cmocka_unit_test(lost_ram_is_no_second_reset) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
