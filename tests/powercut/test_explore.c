/* SPDX-License-Identifier: MIT */
/* The explorer itself, on programs that are known to be wrong: what it does not find there it would not find in the core. */
#include "scenario.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { BYTES = 64 };
static const struct sim_geometry nor = { .name = "n", .sector_bytes = BYTES, .sector_count = 2, .unit_bytes = 4, .align = 8,
					 .grain_bytes = 12, .writes_per_unit_max = 2, .needs_erase = true };

static struct explore *ex;
static uint8_t old_bytes[BYTES], new_bytes[BYTES];

/* A loader that copies the new image over the old one without a record, and believes what it reads. Two lives. */
static bool naive(void *ctx, struct sim_flash *flash, uint8_t *vars)
{
	uint8_t have[BYTES];
	const struct hf_flash *p = &flash->area[0];
	(void)ctx;
	if (vars[0] == 0) {
		vars[0] = 1;
		if (hf_flash_erase(p, 0, BYTES) != HF_OK || hf_flash_write(p, 0, new_bytes, BYTES) != HF_OK)
			explore_fail(ex, "can't write");
	}
	if (hf_flash_read(p, 0, have, BYTES) != HF_OK)
		explore_fail(ex, "can't read");
	if (memcmp(have, new_bytes, BYTES) != 0 && memcmp(have, old_bytes, BYTES) != 0)
		explore_fail(ex, "neither old nor new");
	return vars[1]++ == 0;
}

/* Repeats the copy until a flag behind it is set: safe against one cut, but believes a flag that was only read. */
static bool flagged(void *ctx, struct sim_flash *flash, uint8_t *vars)
{
	uint8_t have[BYTES], flag[4];
	const struct hf_flash *p = &flash->area[0];
	static const uint8_t set[4] = { 1, 2, 3, 4 };
	(void)ctx;
	if (hf_flash_read(p, BYTES, flag, 4) != HF_OK)
		explore_fail(ex, "can't read");
	if (memcmp(flag, set, 4) != 0) {
		if (hf_flash_erase(p, 0, BYTES) != HF_OK || hf_flash_write(p, 0, new_bytes, BYTES) != HF_OK ||
		    hf_flash_erase(p, BYTES, BYTES) != HF_OK || hf_flash_write(p, BYTES, set, 4) != HF_OK)
			explore_fail(ex, "can't write");
	}
	if (hf_flash_read(p, 0, have, BYTES) != HF_OK || memcmp(have, new_bytes, BYTES) != 0)
		explore_fail(ex, "not the new one");
	if (vars[0] != 0 && memcmp(flag, set, 4) != 0)
		explore_fail(ex, "what was done is not remembered");
	vars[0] = 1;
	return vars[1]++ == 0;
}

static void begin(bool (*life)(void *, struct sim_flash *, uint8_t *))
{
	const struct explore_program program = { NULL, life, NULL };
	for (uint32_t i = 0; i < BYTES; i++) {
		old_bytes[i] = (uint8_t)(i * 7 + 1);
		new_bytes[i] = (uint8_t)(i * 11 + 2);
	}
	ex = explore_make(&nor, &program);
	sim_poke(explore_flash(ex), 0, 0, old_bytes, BYTES);
}

static void ignore_line(const char *line)
{
	(void)line;
}

static void test_naive_loader_is_caught(void **state)
{
	const uint8_t vars[EXPLORE_VARS] = { 0 };
	(void)state;
	begin(naive);
	explore_run(ex, &(struct explore_options){ .cuts = 0 }, vars);
	assert_int_equal(explore_counts(ex)->failures, 0); /* without a cut it is right */
	explore_free(ex);
	begin(naive);
	explore_run(ex, &(struct explore_options){ .cuts = 1 }, vars);
	uint32_t count;
	const struct explore_failure found = *explore_failures(ex, &count);
	assert_int_equal(count, 1);
	assert_string_equal(found.what, "neither old nor new");
	assert_true(found.count > 20);
	char name[128];
	explore_path_name(&found.path, name, sizeof name);
	explore_free(ex);

	struct explore_path path; /* its id brings it back */
	assert_true(explore_path_parse(name, &path));
	begin(naive);
	assert_string_equal(explore_replay(ex, &path, vars, NULL, ignore_line), "neither old nor new");
	explore_free(ex);
}

static void test_only_an_unstable_cell_shows_it(void **state)
{
	const uint8_t vars[EXPLORE_VARS] = { 0 };
	(void)state;
	for (uint32_t flips = 0; flips < 2; flips++) {
		begin(flagged);
		explore_run(ex, &(struct explore_options){ .cuts = 1, .flips = flips }, vars);
		uint32_t count;
		const struct explore_failure *failures = explore_failures(ex, &count);
		assert_int_equal(count, flips);
		if (flips != 0) {
			struct explore_path path = failures[0].path;
			assert_int_equal(path.step[path.count - 1].form, '~');
			explore_free(ex);
			begin(flagged);
			assert_non_null(explore_replay(ex, &path, vars, NULL, ignore_line));
		}
		explore_free(ex);
	}
}

/* Every state of a small run replays without a surprise, so the names of two runs agree. */
static void test_ids_are_stable(void **state)
{
	char first[256] = "";
	(void)state;
	for (uint32_t n = 0; n < 2; n++) {
		const uint8_t vars[EXPLORE_VARS] = { 0 };
		begin(naive);
		explore_run(ex, &(struct explore_options){ .cuts = 2 }, vars);
		uint32_t count;
		char name[256];
		explore_path_name(&explore_failures(ex, &count)->path, name, sizeof name);
		if (n == 0)
			snprintf(first, sizeof first, "%s", name);
		assert_string_equal(name, first);
		explore_free(ex);
	}
}

static void test_scenario_names(void **state)
{
	static const char *const bad[] = { "", "install", "revert-2", "revert-0-", "revert-0-999", "323", "revert-0-3230", "revert0" };
	(void)state;
	const struct sim_geometry *toy = scenario_geometry("toy-nor");
	for (size_t i = 0; scenario_standard(i) != NULL; i++) {
		struct scenario *sc = scenario_make(toy, scenario_standard(i));
		assert_non_null(sc);
		scenario_free(sc);
	}
	for (size_t i = 0; i < HF_ARRAY_COUNT(bad); i++)
		assert_null(scenario_make(toy, bad[i]));
	assert_null(scenario_geometry("toy"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_naive_loader_is_caught), cmocka_unit_test(test_only_an_unstable_cell_shows_it),
		cmocka_unit_test(test_ids_are_stable), cmocka_unit_test(test_scenario_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
