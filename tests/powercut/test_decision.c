/* SPDX-License-Identifier: MIT */
/* The decision is total: every combination of trailer states of both slots, whatever lies in them, leads to a named rule, and
 * never to a board that does not boot although an image is there that policy allows.
 *
 * Shapes   primary: magic, copy_done, image_ok, swap_info; secondary: magic, copy_done, image_ok; the image in each slot; both
 *          alignments; with a journal and without one (first start). The rules are those of docs/power-loss.md, "Decision".
 * Source   mcu-tools/mcuboot: boot/bootutil/src/bootutil_public.c (boot_swap_tables). If HOLDFAST_REFERENCE names a folder with
 *          mcuboot-decision-table.csv, each of its rows is compared and every difference must be one of the three listed.
 */
#include "decision_rig.h"

#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum rule {
	RULE_NO_REQUEST, RULE_TORN_REQUEST, RULE_REFUSED, RULE_SAME_IMAGE, RULE_TEST, RULE_PERM, RULE_RESCUE, RULE_NOTHING, RULE_COUNT
};
static const char *const rule_names[RULE_COUNT] = {
	"no request: the primary starts", "torn request: cleared, the primary starts", "request refused: cleared, the primary starts",
	"request for what runs already: cleared", "update on trial", "update for good",
	"the primary is no image, the requested update is", "nothing that policy allows: stop with the reason",
};


static uint64_t rule_seen[RULE_COUNT];
static uint32_t stride = 1; /* of the trailer states; the argument */

/* ---- what must come of it */

static enum rule rule_of(const struct state *s)
{
	const bool first = s->primary == FIRST_VALID;
	const bool second = s->secondary == SECOND_AT_0 || (s->secondary == SECOND_ONE_IN && mode->keeps_old) || (s->secondary == SECOND_SAME && !first);
	const bool asked = s->s_magic == MAGIC_G;
	if (!first)
		return asked && second ? RULE_RESCUE : RULE_NOTHING;
	if (s->s_magic == MAGIC_U)
		return RULE_NO_REQUEST;
	if (s->s_magic == MAGIC_B)
		return RULE_TORN_REQUEST;
	if (s->secondary == SECOND_SAME)
		return RULE_SAME_IMAGE;
	return !second ? RULE_REFUSED : s->s_image_ok == MAGIC_G || !mode->keeps_old ? RULE_PERM : RULE_TEST;
}

static void expect(const struct state *s, bool condition, const char *what)
{
	if (!condition)
		fail_msg("%s: %s", state_text(s), what);
}

static void check_trailers(const struct state *s, enum rule rule)
{
	struct hf_trailer p, q;
	assert_int_equal(hf_trailer_read(&flash.area[0], app.align, &p), HF_OK);
	assert_int_equal(hf_trailer_read(&flash.area[1], app.align, &q), HF_OK);
	expect(s, q.magic == HF_MAGIC_UNSET || rule == RULE_NO_REQUEST || rule == RULE_NOTHING, "the request is still there");
	if (rule != RULE_TEST && rule != RULE_PERM && rule != RULE_RESCUE)
		return;
	if (!mode->keeps_old) {
		expect(s, p.magic == HF_MAGIC_UNSET && p.copy_done == HF_FLAG_UNSET && p.image_ok == HF_FLAG_UNSET, "a trailer after overwrite");
		return;
	}
	expect(s, p.magic == HF_MAGIC_GOOD && p.copy_done == HF_FLAG_SET, "the primary's trailer after an update");
	expect(s, (p.image_ok == HF_FLAG_SET) == (rule != RULE_TEST), "image_ok after an update");
	expect(s, p.swap_type == (rule == RULE_TEST ? HF_SWAP_TEST : HF_SWAP_PERM), "swap_info after an update");
}

/* A board can't be blocked from its next update. */
static void check_next_update(const struct state *s)
{
	struct hf_upload up;
	struct hf_boot_result result;
	expect(s, hf_app_confirm(&app) == HF_OK, "the application can't confirm");
	const enum hf_reason begun = hf_upload_begin(&up, &app, total[IMAGE_B], NULL, 0);
	expect(s, begun == HF_OK, "the next upload is refused");
	expect(s, hf_upload_write(&up, images[IMAGE_B], total[IMAGE_B]) == HF_OK, "the next upload fails");
	expect(s, hf_app_request(&app, false) == HF_OK, "the next request is refused");
	expect(s, boot_now(&result) == IMAGE_B && result.on_trial == mode->keeps_old, "the next update is not installed");
}

static void check_state(const struct state *s, bool next_update)
{
	struct hf_boot_result result;
	const enum rule rule = rule_of(s);
	rule_seen[rule]++;
	put_state(s);
	const enum image started = boot_now(&result);
	const bool rescued_same = rule == RULE_RESCUE && s->secondary == SECOND_SAME;
	const enum image want = rule == RULE_NOTHING ? IMAGE_NONE
				: (rule == RULE_TEST || rule == RULE_PERM || rule == RULE_RESCUE) && !rescued_same ? IMAGE_B : IMAGE_A;
	expect(s, started == want, rule_names[rule]);
	expect(s, result.on_trial == (rule == RULE_TEST), "on trial");
	const bool refused = rule == RULE_TORN_REQUEST || rule == RULE_REFUSED || rule == RULE_SAME_IMAGE;
	expect(s, started == IMAGE_NONE || (result.refusal.reason != HF_OK) == refused, "the reason of a refusal");
	check_trailers(s, rule);
	if (rule == RULE_TEST) /* not confirmed: taken back by the journal's word */
		expect(s, boot_now(&result) == IMAGE_A, "an update on trial is taken back");
	else
		expect(s, boot_now(&result) == want, "the next boot starts the same");
	if (next_update && started == IMAGE_A)
		check_next_update(s);
}

static void all_trailers(const struct sim_geometry *g)
{
	static const uint8_t infos[4] = { 0xff, 0x02, 0x03, 0x04 };
	uint64_t states = 0;
	memset(rule_seen, 0, sizeof rule_seen);
	setup(g);
	for (uint32_t n = 0; n < 3 * 3 * 3 * 3 * 3 * 3 * 4 * 2; n += stride) {
		struct state s = {
			.p_magic = (enum field)(n % 3), .p_copy_done = (enum field)(n / 3 % 3), .p_image_ok = (enum field)(n / 9 % 3),
			.s_magic = (enum field)(n / 27 % 3), .s_copy_done = (enum field)(n / 81 % 3), .s_image_ok = (enum field)(n / 243 % 3),
			.p_swap_info = infos[n / 729 % 4], .journal = n / 2916 != 0,
		};
		for (uint32_t k = 0; k < FIRST_KINDS * SECOND_KINDS; k++) {
			s.primary = (enum primary)(k / SECOND_KINDS);
			s.secondary = (enum secondary)(k % SECOND_KINDS);
			if (s.primary != FIRST_VALID && n / stride % 7 != 0)
				continue; /* the primary's own flags matter less where nothing is in it: a seventh of them */
			check_state(&s, n / stride % 5 == 0);
			states++;
		}
	}
	printf("%s: %llu states\n", g->name, (unsigned long long)states);
	for (uint32_t i = 0; i < RULE_COUNT; i++) {
		printf("  %-55s %llu\n", rule_names[i], (unsigned long long)rule_seen[i]);
		assert_true(rule_seen[i] != 0 || (i == RULE_TEST && !mode->keeps_old));
	}
	teardown();
}

static void test_all_trailers_nor(void **state)
{
	(void)state;
	all_trailers(&rig_geometries[0]);
}

static void test_all_trailers_rram(void **state)
{
	(void)state;
	all_trailers(&rig_geometries[1]);
}

static void test_all_trailers_overwrite(void **state)
{
	(void)state;
	mode = &hf_mode_overwrite;
	for (uint32_t g = 0; g < 2; g++)
		all_trailers(&rig_geometries[g]);
	mode = &hf_mode_swap;
}

/* A verified image in the secondary is installed without a request only if policy says so. */
static void test_bootstrap(void **state)
{
	(void)state;
	for (uint32_t g = 0; g < 2; g++) {
		setup(&rig_geometries[g]);
		for (uint32_t k = 0; k < 4; k++) {
			struct hf_boot_result result;
			const struct state s = { .p_magic = MAGIC_U, .p_copy_done = MAGIC_U, .p_image_ok = MAGIC_U, .s_magic = MAGIC_U,
						 .s_copy_done = MAGIC_U, .s_image_ok = MAGIC_U, .p_swap_info = 0xff,
						 .primary = k % 2 ? FIRST_EMPTY : FIRST_DAMAGED, .secondary = SECOND_AT_0, .journal = k / 2 };
			put_state(&s);
			config.policy = 0;
			expect(&s, boot_now(&result) == IMAGE_NONE, "not asked for");
			expect(&s, result.stop.reason == HF_R_BOOT_NOTHING, "the reason of the stop");
			config.policy = HF_POLICY_BOOTSTRAP;
			expect(&s, boot_now(&result) == IMAGE_B && !result.on_trial, "policy allows it");
		}
		teardown();
	}
}

/* ---- against MCUboot's own table: three differences, each by a rule of ours */

static enum field field_of(const char *word)
{
	return strcmp(word, "good") == 0 || strcmp(word, "set") == 0 ? MAGIC_G : strcmp(word, "unset") == 0 ? MAGIC_U : MAGIC_B;
}

enum difference { SAME, DIFFERS_REVERT, DIFFERS_IMAGE_OK, DIFFERS_BAD_ROW };

static enum difference compare_row(const struct state *s, const char *theirs)
{
	const enum rule rule = rule_of(s);
	const char *ours = rule == RULE_TEST ? "test" : rule == RULE_PERM ? "perm" : "none";
	if (strcmp(ours, theirs) == 0)
		return SAME;
	if (strcmp(theirs, "revert") == 0 && strcmp(ours, "none") == 0)
		return DIFFERS_REVERT; /* flags alone never revert: the journal does */
	if (s->s_magic == MAGIC_G && s->s_image_ok == MAGIC_B && strcmp(ours, "test") == 0)
		return DIFFERS_IMAGE_OK; /* a torn "permanent" is at least a test, not a request that is ignored for ever */
	return DIFFERS_BAD_ROW;
}

static void test_against_mcuboot(void **state)
{
	const char *folder = getenv("HOLDFAST_REFERENCE");
	char path[512], line[512];
	uint64_t rows[4] = { 0 }, overwrite_rows = 0;
	(void)state;
	if (folder == NULL)
		skip();
	snprintf(path, sizeof path, "%s/mcuboot-decision-table.csv", folder);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL) {
		char word[9][16];
		if (sscanf(line, "%15[^,],%15[^,],%15[^,],%15[^,],%15[^,],%15[^,],%15[^,],%15[^,],%15[^,\r\n]", word[0], word[1], word[2],
			   word[3], word[4], word[5], word[6], word[7], word[8]) != 9 || strcmp(word[0], "primary_magic") == 0)
			continue;
		const struct state s = { .p_magic = field_of(word[0]), .p_copy_done = field_of(word[1]), .p_image_ok = field_of(word[2]),
					 .s_magic = field_of(word[3]), .s_copy_done = field_of(word[4]), .s_image_ok = field_of(word[5]),
					 .primary = FIRST_VALID, .secondary = SECOND_AT_0 };
		rows[compare_row(&s, word[7])]++;
		/* Overwrite-only: whatever is a test or permanent is copied, all else starts what is there; a torn image_ok as above. */
		mode = &hf_mode_overwrite;
		const bool theirs = strcmp(word[7], "test") == 0 || strcmp(word[7], "perm") == 0;
		assert_true((rule_of(&s) == RULE_PERM) == theirs || (s.s_magic == MAGIC_G && s.s_image_ok == MAGIC_B));
		mode = &hf_mode_swap;
		overwrite_rows++;
	}
	fclose(file);
	assert_true(overwrite_rows > 1000);
	printf("MCUboot's table: %llu rows alike; %llu revert by flags alone, here only by the journal; %llu ignore a request with a torn "
	       "image_ok, here it is a test; %llu others\n", (unsigned long long)rows[SAME], (unsigned long long)rows[DIFFERS_REVERT],
	       (unsigned long long)rows[DIFFERS_IMAGE_OK], (unsigned long long)rows[DIFFERS_BAD_ROW]);
	assert_true(rows[SAME] > 1000);
	assert_int_equal(rows[DIFFERS_BAD_ROW], 0);
}

int main(int argc, char **argv)
{
	if (argc > 1 && atoi(argv[1]) > 0)
		stride = (uint32_t)atoi(argv[1]);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_trailers_nor), cmocka_unit_test(test_all_trailers_rram),
		cmocka_unit_test(test_all_trailers_overwrite), cmocka_unit_test(test_bootstrap),
		cmocka_unit_test(test_against_mcuboot),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
