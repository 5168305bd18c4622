/* SPDX-License-Identifier: MIT */
/* What an update costs on the boards' real sizes: sector writes, journal, wear; and that cuts add little. */
#include "scenario.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static uint32_t sector_writes, written_bytes, lives;
static struct sim_flash *flash;

/* NOR: erases. RRAM: whole sectors written. A sector is the larger of the slots'. */
static void count(void *ctx, char kind, uint32_t slot, uint32_t off, uint32_t size_bytes)
{
	(void)ctx;
	(void)off;
	const uint32_t block = flash->slot[0].sector_bytes > flash->slot[1].sector_bytes ? flash->slot[0].sector_bytes : flash->slot[1].sector_bytes;
	if (flash->slot[slot].needs_erase ? kind == 'e' : kind == 'w' && size_bytes % flash->slot[slot].sector_bytes == 0)
		written_bytes += size_bytes;
	sector_writes = (written_bytes + block - 1) / block;
}

struct counted {
	struct scenario *sc;
	uint32_t writes[16]; /* by life */
};
static struct counted now;

static void on_line(const char *line)
{
	if (strcmp(line, "---- reset") == 0 && lives < 15) {
		now.writes[lives++] = sector_writes;
		sector_writes = written_bytes = 0;
	}
}

static void run_mode(const struct hf_mode *mode, const char *geometry, const char *name)
{
	const struct explore_path none = { .count = 0 };
	memset(&now, 0, sizeof now);
	sector_writes = written_bytes = lives = 0;
	now.sc = scenario_make_mode(mode, scenario_geometry(geometry), name);
	assert_non_null(now.sc);
	flash = explore_flash(scenario_explorer(now.sc));
	assert_null(scenario_replay_counted(now.sc, &none, count, on_line));
	now.writes[lives] = sector_writes;
}

static void run(const char *geometry, const char *name)
{
	run_mode(&hf_mode_swap, geometry, name);
}

static uint32_t most_erases(uint32_t first, uint32_t end)
{
	uint32_t most = 0;
	for (uint32_t i = first; i < end; i++)
		most = most < flash->erases[i] ? flash->erases[i] : most;
	return most;
}

static uint32_t most_unit_writes(void)
{
	uint32_t most = 0;
	for (uint32_t i = 0; i < flash->sector_total * SIM_UNITS; i++)
		most = most < flash->unit_writes[i] ? flash->unit_writes[i] : most;
	return most;
}

/* Lives of "revert": 0 first start, upload and request; 1 the update; 2 the revert. */
static void test_update_and_revert(void **state)
{
	static const char *const boards[] = { "xiao_nrf52840", "xiao_nrf54l15" };
	static const char *const names[] = { "revert-0-333", "revert-1-333", "revert-0-233", "revert-1-233", "revert-0-313", "revert-1-132" };
	(void)state;
	for (size_t b = 0; b < HF_ARRAY_COUNT(boards); b++) {
		for (size_t i = 0; i < HF_ARRAY_COUNT(names); i++) {
			run(boards[b], names[i]);
			const uint32_t n = scenario_sectors(now.sc), limit = 2 * n + 8;
			printf("%-14s %-14s N %u: update %u, revert %u sector writes (limit %u)\n", boards[b], names[i], (unsigned)n,
			       (unsigned)now.writes[1], (unsigned)now.writes[2], (unsigned)limit);
			assert_true(now.writes[1] >= n && now.writes[1] <= limit);
			assert_true(now.writes[2] >= n && now.writes[2] <= limit);
			scenario_free(now.sc);
		}
	}
}

/* Lives of "perm": 0 first start, upload and request; 1 the update. */
static void test_overwrite(void **state)
{
	static const char *const boards[] = { "xiao_nrf52840", "xiao_nrf54l15", "nrf52840-external-overwrite", "nrf54l15-external" };
	static const char *const names[] = { "perm-0-333", "perm-0-313", "perm-0-132" };
	(void)state;
	for (size_t b = 0; b < HF_ARRAY_COUNT(boards); b++) {
		for (size_t i = 0; i < HF_ARRAY_COUNT(names); i++) {
			run_mode(&hf_mode_overwrite, boards[b], names[i]);
			const uint32_t n = scenario_sectors(now.sc), limit = n + 6;
			printf("%-23s %-10s N %u: overwrite %u sector writes (limit %u)\n", boards[b], names[i], (unsigned)n,
			       (unsigned)now.writes[1], (unsigned)limit);
			assert_true(now.writes[1] != 0 && now.writes[1] <= limit);
			scenario_free(now.sc);
		}
	}
}

/* The same as between slots of one chip: at most 2N + 8, whatever the other flash is. */
static void test_swap_external(void **state)
{
	static const char *const boards[] = { "nrf52840-external", "nrf54l15-external" };
	(void)state;
	for (size_t b = 0; b < HF_ARRAY_COUNT(boards); b++) {
		run(boards[b], "revert-0-333");
		const uint32_t limit = 2 * scenario_sectors(now.sc) + 8;
		printf("%-17s revert-0-333 update %u, revert %u sector writes (limit %u)\n", boards[b], (unsigned)now.writes[1],
		       (unsigned)now.writes[2], (unsigned)limit);
		assert_true(now.writes[1] <= limit && now.writes[2] <= limit && now.writes[1] != 0 && now.writes[2] != 0);
		scenario_free(now.sc);
	}
}

/* A primary of NOR with more sectors than the journal has steps: the limit says so, and an image of that size works. With sectors of twice
 * the size (nrf52840-external) only the journal's own and what the walk needs are lost. */
static void test_swap_larger_than_journal(void **state)
{
	(void)state;
	assert_int_equal(hf_mode_swap.size_max(236 * 4096, 236 * 4096, 4096, 8), 144 * 4096);
	assert_int_equal(hf_mode_swap.size_max(118 * 4096, 118 * 4096, 4096, 8), 117 * 4096 - 48);
	assert_int_equal(hf_mode_swap.size_max(356 * 4096, 356 * 4096, 4096, 16), 355 * 4096 - 80);
	run("nrf52840-external-overwrite", "confirm-0-revert-0-333");
	assert_int_equal(scenario_sectors(now.sc), 144);
	scenario_free(now.sc);
	assert_int_equal(hf_mode_swap.size_max(236 * 4096, 238 * 4096, 8192, 8), 234 * 4096);
	run("nrf52840-external", "confirm-0-revert-0-333");
	assert_int_equal(scenario_sectors(now.sc), 117); /* of 8,192 bytes */
	scenario_free(now.sc);
}

/* Upload, update and confirmation, first start included. NOR: erases of a sector. RRAM: writes of a line. */
static void test_wear(void **state)
{
	(void)state;
	run("xiao_nrf52840", "confirm-0-333");
	const uint32_t per_slot = flash->geometry->sector_count;
	printf("NOR erases, upload to confirm, with the first start: primary %u, journal %u, secondary %u, its ends %u and %u\n",
	       (unsigned)most_erases(0, per_slot - 1), (unsigned)flash->erases[per_slot - 1],
	       (unsigned)most_erases(per_slot + 1, 2 * per_slot - 1), (unsigned)flash->erases[per_slot],
	       (unsigned)flash->erases[2 * per_slot - 1]);
	assert_int_equal(most_erases(0, per_slot - 1), 1);
	assert_true(flash->erases[per_slot - 1] <= 2); /* one of them the first start's */
	assert_true(most_erases(per_slot + 1, 2 * per_slot - 1) <= 2);
	assert_true(flash->erases[per_slot] <= 3 && flash->erases[2 * per_slot - 1] <= 5);
	scenario_free(now.sc);
	run("xiao_nrf54l15", "confirm-0-333");
	printf("RRAM writes of the hottest line, upload to confirm: %u\n", (unsigned)most_unit_writes());
	assert_true(most_unit_writes() <= 4);
	scenario_free(now.sc);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_update_and_revert), cmocka_unit_test(test_overwrite),
		cmocka_unit_test(test_swap_external),
		cmocka_unit_test(test_swap_larger_than_journal), cmocka_unit_test(test_wear) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
