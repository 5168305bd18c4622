/* SPDX-License-Identifier: MIT */
/* test_flash.c - both flash controllers: what a store, an erase, a commit does, and what a cut in one leaves. */
#define _POSIX_C_SOURCE 200809L /* mkstemp */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"

#define NOR "xiao_nrf52840"
#define RRAM "xiao_nrf54l15"

static void nor_words_and_their_time(void **state)
{
	struct bench b;
	const struct vb_counters *n;

	(void)state;
	bench_open(&b, NOR, WRITE_WORDS, 10, 0x1000);
	assert_int_equal(bench_run(&b), VB_STOP_TEXT);
	n = vb_counters(b.vb);
	assert_int_equal(n->operations, 10);
	assert_int_equal(n->words, 10);
	assert_int_equal(n->flash_ns, 10 * 41000);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(bench_word(&b, AREA + 4 * i), 0x1000 + i);
	assert_int_equal(bench_word(&b, AREA + 40), 0xffffffff);
	bench_close(&b);
}

static void nor_bits_only_fall(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b, NOR, WRITE_TWICE, 2, 0);
	assert_int_equal(bench_run(&b), VB_STOP_TEXT);
	assert_int_equal(bench_value(&b, "word", 0), 0xfffffffc);
	assert_false(bench_found(&b, HF_R_VB_OVERWRITE));
	bench_close(&b);
}

static void nor_third_write_is_found(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b, NOR, WRITE_TWICE, 3, 0);
	assert_int_equal(bench_run(&b), VB_STOP_TEXT);
	assert_int_equal(vb_counters(b.vb)->overwrites, 1);
	assert_true(bench_found(&b, HF_R_VB_OVERWRITE));
	bench_close(&b);
	bench_options.strict = true;
	bench_open(&b, NOR, WRITE_TWICE, 3, 0);
	bench_options.strict = false;
	assert_int_equal(bench_run(&b), VB_STOP_FINDING);
	assert_int_equal(vb_last_finding(b.vb)->reason, HF_R_VB_OVERWRITE);
	assert_int_equal(vb_last_finding(b.vb)->addr, AREA);
	bench_close(&b);
}

static void nor_erase_wears_its_page(void **state)
{
	struct bench b;
	uint8_t old[4] = { 0, 0, 0, 0 };

	(void)state;
	bench_open(&b, NOR, ERASE_AND_WRITE, 0, 0);
	assert_int_equal(vb_load_bytes(b.vb, AREA + 4, old, 4), HF_OK);
	assert_int_equal(bench_run(&b), VB_STOP_TEXT);
	assert_int_equal(bench_value(&b, "word", 0), 0x12345678);
	assert_int_equal(vb_counters(b.vb)->erases, 1);
	assert_int_equal(vb_counters(b.vb)->wear_max, 1);
	assert_int_equal(vb_counters(b.vb)->wear_addr, AREA);
	assert_int_equal(vb_counters(b.vb)->flash_ns, 85000000 + 41000);
	bench_close(&b);
}

static void stores_outside_write_mode_are_dropped(void **state)
{
	struct bench b;
	const char *const boards[] = { NOR, RRAM };

	(void)state;
	for (int i = 0; i < 2; i++) {
		bench_open(&b, boards[i], STORE_OUTSIDE, 0, 0);
		assert_int_equal(bench_run(&b), VB_STOP_TEXT);
		assert_int_equal(bench_value(&b, "word", 0), 0xffffffff);
		assert_true(bench_found(&b, HF_R_VB_STORE_MODE));
		assert_int_equal(vb_counters(b.vb)->operations, 0);
		bench_close(&b);
	}
}

static void nor_byte_store_faults_and_rram_takes_it(void **state)
{
	struct bench b;

	(void)state;
	for (int precise = 0; precise < 2; precise++) {
		bench_options.precise = precise != 0;
		bench_open(&b, NOR, STORE_BYTE, 0, 0);
		bench_options.precise = false;
		assert_int_equal(bench_run(&b), VB_STOP_TEXT);
		assert_int_equal(bench_value(&b, "faults", 0), 1);
		assert_int_equal(bench_value(&b, "cfsr", 0), 0x8200);
		assert_int_equal(bench_value(&b, "bfar", 0), AREA + 1);
		assert_true(bench_found(&b, HF_R_VB_STORE_SHAPE));
		bench_close(&b);
	}
	bench_open(&b, RRAM, STORE_BYTE, 0, 0);
	assert_int_equal(bench_run(&b), VB_STOP_TEXT);
	assert_int_equal(bench_value(&b, "word", 0), 0xffff5aff);
	assert_int_equal(bench_value(&b, "faults", 0), 0);
	bench_close(&b);
}

static void rram_lines_are_committed_whole(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b, RRAM, WRITE_WORDS, 16, 7);
	bench_buffer_lines(&b, 1);
	assert_int_equal(bench_run(&b), VB_STOP_TEXT);
	assert_int_equal(vb_counters(b.vb)->lines, 4);
	assert_int_equal(vb_counters(b.vb)->flash_ns, 4 * 88000);
	bench_close(&b);
	bench_open(&b, RRAM, WRITE_WORDS, 16, 7);
	bench_buffer_lines(&b, 32);
	assert_int_equal(bench_run(&b), VB_STOP_TEXT);
	assert_int_equal(vb_counters(b.vb)->lines, 4);
	bench_close(&b);
	/* Unbuffered: each store wears its line. */
	bench_open(&b, RRAM, WRITE_WORDS, 16, 7);
	bench_buffer_lines(&b, 0);
	assert_int_equal(bench_run(&b), VB_STOP_TEXT);
	assert_int_equal(vb_counters(b.vb)->lines, 16);
	assert_int_equal(vb_counters(b.vb)->wear_max, 4);
	bench_close(&b);
}

static void rram_buffer_is_lost_at_a_reset(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b, RRAM, LOSE_BUFFER, 0, 0);
	assert_int_equal(bench_run(&b), VB_STOP_TEXT);
	assert_int_equal(bench_value(&b, "seen", 0), 0x13572468);
	assert_int_equal(bench_value(&b, "line", 1), 0xffffffff);
	assert_int_equal(vb_counters(b.vb)->lost_lines, 1);
	assert_true(bench_found(&b, HF_R_VB_BUFFER_LOST));
	bench_close(&b);
}

/* ---- cuts ---- */

static void cut_in(struct bench *b, const char *board, enum scenario scenario, uint64_t at, enum vb_variant variant, uint32_t seed)
{
	bench_open(b, board, scenario, 8, 0);
	for (uint32_t i = 0; i < 1024; i++)
		memset(vb_flash(b->vb) + AREA + 4096 + 4 * i, 0x5a, 4);
	vb_stay_off(b->vb, true);
	assert_true(vb_cut_arm(b->vb, &(struct vb_cut){ .at = at, .variant = variant, .seed = seed }));
	assert_int_equal(bench_run(b), VB_STOP_CUT);
	assert_false(vb_is_on(b->vb));
	assert_int_equal(vb_counters(b->vb)->power_cuts, 1);
	assert_int_equal(vb_counters(b->vb)->operations, at);
}

static void nor_word_cut_in_each_way(void **state)
{
	struct bench b;

	(void)state;
	/* The third word was to become 2: bits 31..2 and 0 fall. */
	for (enum vb_variant v = VB_CUT_NONE; v < VB_CUT_VARIANTS; v++) {
		uint32_t word, count;
		const struct vb_cut_record *record;
		cut_in(&b, NOR, WRITE_WORDS, 3, v, 5);
		word = bench_word(&b, AREA + 8);
		record = vb_cut_records(b.vb, &count);
		assert_int_equal(count, 1);
		assert_int_equal(record->addr, AREA + 8);
		assert_int_equal(record->operation, 3);
		assert_int_equal(record->variant, v);
		assert_int_equal(bench_word(&b, AREA + 4), 1);
		assert_int_equal(bench_word(&b, AREA + 12), 0xffffffff);
		assert_int_equal(word & 2, v == VB_CUT_RANDOM ? word & 2 : 2);
		if (v == VB_CUT_NONE || v == VB_CUT_ONES || v == VB_CUT_UNSTABLE || v == VB_CUT_FAULT)
			assert_int_equal(word, 0xffffffff);
		if (v == VB_CUT_PREFIX)
			assert_int_equal(word, 0xffff0002);
		if (v == VB_CUT_DONE)
			assert_int_equal(word, 2);
		if (v == VB_CUT_PARTIAL)
			assert_true(word != 2 && word != 0xffffffff);
		bench_close(&b);
	}
}

static void nor_erase_cut_in_each_way(void **state)
{
	struct bench b;
	uint8_t page[4096];

	(void)state;
	for (enum vb_variant v = VB_CUT_NONE; v < VB_CUT_VARIANTS; v++) {
		uint32_t ones = 0;
		bench_open(&b, NOR, ERASE_AND_WRITE, 0, 0);
		memset(page, 0, sizeof page);
		assert_int_equal(vb_load_bytes(b.vb, AREA, page, sizeof page), HF_OK);
		vb_stay_off(b.vb, true);
		assert_true(vb_cut_arm(b.vb, &(struct vb_cut){ .at = 1, .variant = v, .seed = 9 }));
		assert_int_equal(bench_run(&b), VB_STOP_CUT);
		for (uint32_t off = 0; off < 4096; off += 4)
			ones += (uint32_t)__builtin_popcount(bench_word(&b, AREA + off));
		if (v == VB_CUT_NONE || v == VB_CUT_ONES || v == VB_CUT_UNSTABLE || v == VB_CUT_FAULT)
			assert_int_equal(ones, 0);
		if (v == VB_CUT_PREFIX)
			assert_int_equal(ones, 4096 * 4);
		if (v == VB_CUT_HALF || v == VB_CUT_PARTIAL || v == VB_CUT_RANDOM)
			assert_in_range(ones, 4096 * 3, 4096 * 5);
		if (v == VB_CUT_DONE)
			assert_int_equal(ones, 4096 * 8);
		bench_close(&b);
	}
}

static void rram_line_cut_in_each_way(void **state)
{
	struct bench b;

	(void)state;
	/* Eight words are two lines; the second line's commit is cut: it was to hold 4, 5, 6, 7 over all ones. */
	for (enum vb_variant v = VB_CUT_NONE; v < VB_CUT_VARIANTS; v++) {
		uint32_t first;
		cut_in(&b, RRAM, WRITE_WORDS, 2, v, 5);
		first = bench_word(&b, AREA + 16);
		assert_int_equal(bench_word(&b, AREA + 12), 3);
		if (v == VB_CUT_NONE || v == VB_CUT_ONES)
			assert_int_equal(first, 0xffffffff);
		if (v == VB_CUT_DONE || v == VB_CUT_PREFIX)
			assert_int_equal(first, 4);
		if (v == VB_CUT_PREFIX)
			assert_int_equal(bench_word(&b, AREA + 24), 0xffffffff);
		if (v == VB_CUT_PARTIAL)
			assert_true(first != 4 && first != 0xffffffff && (first & 4) == 4);
		bench_close(&b);
	}
}

static void rram_cut_loses_what_is_buffered(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b, RRAM, WRITE_WORDS, 64, 0);
	bench_buffer_lines(&b, 32);
	vb_stay_off(b.vb, true);
	assert_true(vb_cut_arm(b.vb, &(struct vb_cut){ .at = 3, .variant = VB_CUT_NONE }));
	assert_int_equal(bench_run(&b), VB_STOP_CUT);
	assert_int_equal(bench_word(&b, AREA + 16), 4); /* lines 0 and 1 were committed */
	for (uint32_t off = 32; off < 256; off += 4)
		assert_int_equal(bench_word(&b, AREA + off), 0xffffffff);
	assert_int_equal(vb_counters(b.vb)->lost_lines, 13);
	bench_close(&b);
}

static void power_returns_by_itself(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b, NOR, WRITE_WORDS, 4, 0);
	assert_true(vb_cut_arm(b.vb, &(struct vb_cut){ .at = 2, .variant = VB_CUT_NONE }));
	assert_int_equal(bench_run(&b), VB_STOP_TEXT);
	assert_int_equal(vb_counters(b.vb)->boots, 2);
	assert_int_equal(vb_counters(b.vb)->operations, 2 + 4);
	assert_int_equal(bench_word(&b, AREA + 12), 3);
	bench_close(&b);
}

static void cuts_count_the_loader_only_if_asked(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b, NOR, WRITE_WORDS, 4, 0);
	vb_loader_region(b.vb, 0x80000, 0x1000); /* where the firmware is not */
	assert_true(vb_cut_arm(b.vb, &(struct vb_cut){ .at = 1, .in_loader = true }));
	assert_int_equal(bench_run(&b), VB_STOP_TEXT);
	assert_int_equal(vb_counters(b.vb)->power_cuts, 0);
	assert_int_equal(vb_counters(b.vb)->loader_operations, 0);
	assert_int_equal(vb_counters(b.vb)->loader_instructions, 0);
	assert_int_equal(vb_cuts_armed(b.vb), 1);
	bench_close(&b);
}

static void random_cuts_repeat_with_their_seed(void **state)
{
	uint64_t operations[2][3];

	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		struct bench b;
		uint32_t count;
		const struct vb_cut_record *record;
		bench_open(&b, NOR, WRITE_WORDS, 40, 0);
		assert_true(vb_cut_arm_random(b.vb, 3, 77, 40, true));
		assert_int_equal(bench_run(&b), VB_STOP_TEXT);
		record = vb_cut_records(b.vb, &count);
		assert_int_equal(count, 3);
		for (int i = 0; i < 3; i++)
			operations[turn][i] = record[i].operation;
		assert_true(operations[turn][0] < operations[turn][1] && operations[turn][1] < operations[turn][2]);
		bench_close(&b);
	}
	assert_memory_equal(operations[0], operations[1], sizeof operations[0]);
}

/* ---- damaged units ---- */

static void damaged_line_faults_into_the_handler(void **state)
{
	struct bench b;
	const uint8_t good[64] = { 1, 0, 0, 0, [16] = 2, [32] = 3, [48] = 4 };

	(void)state;
	bench_open(&b, RRAM, READ_DAMAGED, 1, 0);
	assert_int_equal(vb_load_bytes(b.vb, AREA, good, sizeof good), HF_OK);
	vb_damage(b.vb, AREA + 16, 16, true, 0);
	assert_int_equal(bench_run(&b), VB_STOP_TEXT);
	assert_int_equal(bench_value(&b, "line", 0), 1);
	assert_int_equal(bench_value(&b, "line", 1), 0xdeadbeef);
	assert_int_equal(bench_value(&b, "line", 2), 3);
	assert_int_equal(bench_value(&b, "line", 3), 4);
	assert_int_equal(bench_value(&b, "faults", 0), 1);
	assert_int_equal(bench_value(&b, "cfsr", 0), 0x8200);
	assert_int_equal(bench_value(&b, "bfar", 0), AREA + 16);
	assert_int_equal(bench_value(&b, "again", 0), 0xffffffff); /* written whole: it can be read again */
	assert_false(bench_found(&b, HF_R_VB_BUS_FAULT));          /* not the firmware's fault */
	bench_close(&b);
}

static void fault_variant_makes_such_a_line(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b, RRAM, WRITE_WORDS, 8, 0);
	vb_stay_off(b.vb, true);
	assert_true(vb_cut_arm(b.vb, &(struct vb_cut){ .at = 1, .variant = VB_CUT_FAULT }));
	assert_int_equal(bench_run(&b), VB_STOP_CUT);
	assert_int_equal(vb_load_bytes(b.vb, 0x7000, (const uint8_t[]){ READ_DAMAGED, 0, 0, 0 }, 4), HF_OK);
	assert_int_equal(bench_run(&b), VB_STOP_TEXT);
	assert_int_equal(bench_value(&b, "line", 0), 0xdeadbeef);
	assert_int_equal(bench_value(&b, "faults", 0), 1);
	bench_close(&b);
}

static void unstable_bits_differ_from_read_to_read(void **state)
{
	struct bench b;
	const char *const boards[] = { NOR, RRAM };

	(void)state;
	for (int i = 0; i < 2; i++) {
		bench_open(&b, boards[i], READ_UNSTABLE, 0, 0);
		vb_damage(b.vb, AREA, 4, false, 0x00ff00f0);
		assert_int_equal(bench_run(&b), VB_STOP_TEXT);
		assert_int_equal(bench_value(&b, "differing", 0), 0x00ff00f0);
		bench_close(&b);
	}
}

/* ---- files ---- */

static void flash_file_comes_back(void **state)
{
	struct bench b;
	char path[] = "flash-XXXXXX", side[32];
	int fd = mkstemp(path);
	uint8_t uicr[4] = { 0x12, 0, 0, 0 };

	(void)state;
	assert_true(fd >= 0);
	bench_open(&b, NOR, ERASE_AND_WRITE, 0, 0);
	assert_int_equal(vb_load_bytes(b.vb, 0x10001200, uicr, 4), HF_OK);
	assert_int_equal(bench_run(&b), VB_STOP_TEXT);
	vb_damage(b.vb, AREA + 64, 4, false, 0xf0);
	assert_int_equal(vb_flash_save(b.vb, path), HF_OK);
	bench_close(&b);

	bench_open(&b, NOR, READ_UNSTABLE, 0, 0);
	assert_int_equal(vb_flash_load(b.vb, path), HF_OK);
	assert_int_equal(bench_word(&b, AREA + 4), 0x12345678);
	assert_int_equal(vb_counters(b.vb)->wear_max, 1);
	assert_int_equal(vb_counters(b.vb)->wear_addr, AREA);
	assert_int_equal(bench_run(&b), VB_STOP_TEXT); /* the saved scenario: erases the page, weak bits are gone */
	assert_int_equal(vb_counters(b.vb)->wear_max, 2);
	bench_close(&b);

	bench_open(&b, RRAM, HELLO, 0, 0);
	assert_int_equal(vb_flash_load(b.vb, path), HF_R_VB_FLASH_SIZE);
	assert_int_equal(vb_flash_load(b.vb, "no-such-file"), HF_R_VB_FILE);
	bench_close(&b);
	snprintf(side, sizeof side, "%s.side", path);
	remove(side);
	remove(path);
}

static enum hf_reason hex_try(struct bench *b, const char *text)
{
	char path[] = "hex-XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");
	enum hf_reason reason;

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	reason = vb_load_hex(b->vb, path);
	remove(path);
	return reason;
}

static void hex_files(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b, NOR, HELLO, 0, 0);
	assert_int_equal(hex_try(&b, ":020000040001F9\n:0400000078563412E8\n:00000001FF\n"), HF_OK);
	assert_int_equal(bench_word(&b, AREA), 0x12345678);
	assert_int_equal(hex_try(&b, ":0400000078563412E9\n:00000001FF\n"), HF_R_VB_HEX); /* wrong sum */
	assert_int_equal(hex_try(&b, ":0400000078563412E8\n"), HF_R_VB_HEX);              /* no end */
	assert_int_equal(hex_try(&b, "hello\n"), HF_R_VB_HEX);
	assert_int_equal(hex_try(&b, ":020000042000DA\n:0400000078563412E8\n:00000001FF\n"), HF_R_VB_RANGE);
	bench_close(&b);
}

static void code_that_was_rewritten_runs_as_written(void **state)
{
	struct bench b;
	const char *const boards[] = { NOR, RRAM };

	(void)state;
	for (int i = 0; i < 2; i++) {
		bench_open(&b, boards[i], CODE_REWRITTEN, 0, 0);
		assert_int_equal(bench_run(&b), VB_STOP_TEXT);
		assert_int_equal(bench_value(&b, "first", 0), 1);
		assert_int_equal(bench_value(&b, "second", 0), 7);
		bench_close(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nor_words_and_their_time), cmocka_unit_test(nor_bits_only_fall), cmocka_unit_test(nor_third_write_is_found),
		cmocka_unit_test(nor_erase_wears_its_page), cmocka_unit_test(stores_outside_write_mode_are_dropped),
		cmocka_unit_test(nor_byte_store_faults_and_rram_takes_it), cmocka_unit_test(rram_lines_are_committed_whole),
		cmocka_unit_test(rram_buffer_is_lost_at_a_reset), cmocka_unit_test(nor_word_cut_in_each_way),
		cmocka_unit_test(nor_erase_cut_in_each_way), cmocka_unit_test(rram_line_cut_in_each_way),
		cmocka_unit_test(rram_cut_loses_what_is_buffered), cmocka_unit_test(power_returns_by_itself),
		cmocka_unit_test(cuts_count_the_loader_only_if_asked), cmocka_unit_test(random_cuts_repeat_with_their_seed),
		cmocka_unit_test(damaged_line_faults_into_the_handler), cmocka_unit_test(fault_variant_makes_such_a_line),
		cmocka_unit_test(unstable_bits_differ_from_read_to_read), cmocka_unit_test(flash_file_comes_back), cmocka_unit_test(hex_files),
		cmocka_unit_test(code_that_was_rewritten_runs_as_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
