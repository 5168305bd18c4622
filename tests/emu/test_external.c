/* SPDX-License-Identifier: MIT */
/* The update slot in external flash, with the shipped binaries: whatever the chip outside does or does not do, a valid primary starts,
 * the reason is told, and an update that was cut waits for the chip instead of going wrong. Power cuts are in emu_cuts. And, with and
 * without such a chip: the peripherals are left as a reset leaves them (the core's own registers: test_jump.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cuts_rig.h"

/* Every layout with a slot outside. */
static const char *const boards[] = { "nrf52840dk/external", "nrf54l15dk/external", "xiao_nrf52840/external", "nrf52840dk/external-overwrite",
				      "nrf54l15dk/external-overwrite", "xiao_nrf52840/external-overwrite", "xiao_nrf52840/keep-uf2-external" };

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

static bool says(const struct rig *rig, enum hf_reason reason)
{
	char number[16];
	(void)snprintf(number, sizeof number, "HF-%04u", (unsigned)reason);
	return strstr(rig->host.log, number) != NULL;
}

/* 1.0.0 in a board that has had its first start. Fewer boards when a test is about the core and not about a chip. */
static void open_board(struct rig *rig, const char *board)
{
	assert_true(rig_open(rig, board, "ed25519", 0));
	act(rig, RIG_BOOT);
	assert_int_equal(rig->host.runs_index, 0);
}

static uint64_t boot_ns(struct rig *rig)
{
	const uint64_t before = vb_counters(rig->vb)->loader_ns;
	act(rig, RIG_BOOT);
	assert_int_equal(rig->host.runs_index, 0);
	assert_true(rig_primary_is(rig, 0));
	return vb_counters(rig->vb)->loader_ns - before;
}

/* ---- a chip that is not what it should be */

static void every_chip_boots_and_is_told(void **state)
{
	static const struct {
		enum vb_external external;
		enum hf_reason reason;  /* HF_OK: there is nothing to tell */
		uint32_t extra_ms;      /* at most so much longer than with a good chip; two lines of log are 5 ms of it */
	} rows[] = {
		{ VB_EXTERNAL_ABSENT, HF_R_EXTERNAL_ABSENT, 8 },   { VB_EXTERNAL_SLEEPING, HF_OK, 1 },
		{ VB_EXTERNAL_STUCK, HF_R_EXTERNAL_ASLEEP, 8 },    { VB_EXTERNAL_OTHER, HF_R_EXTERNAL_ID, 8 },
		{ VB_EXTERNAL_BUSY, HF_R_EXTERNAL_TIMEOUT, 1000 }, { VB_EXTERNAL_UNREADABLE, HF_OK, 1000 },
	};
	(void)state;
	for (size_t b = 0; b < HF_ARRAY_COUNT(boards); b++) {
		struct rig rig;
		open_board(&rig, boards[b]);
		const uint64_t good_ns = boot_ns(&rig);
		for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
			struct rig_moment *start = rig_keep(&rig);
			rig_power_cycle(&rig);
			vb_external_set(rig.vb, rows[i].external, true);
			const uint64_t ns = boot_ns(&rig);
			printf("evidence: {\"what\":\"external\",\"board\":\"%s\",\"chip\":\"%s\",\"reason\":%u,\"boot_ms\":%.2f,\"good_ms\":%.2f}\n",
			       rig.name, vb_external_name(rows[i].external), (unsigned)rows[i].reason, (double)ns / 1e6, (double)good_ns / 1e6);
			assert_true(ns <= good_ns + rows[i].extra_ms * 1000000ull);
			if (rows[i].reason != HF_OK) {
				assert_true(says(&rig, rows[i].reason));
				act(&rig, RIG_WHY);
				assert_int_equal(rig.host.why_reply.refusal, rows[i].reason);
			}
			rig_power_cycle(&rig);
			vb_external_set(rig.vb, VB_EXTERNAL_GOOD, true);
			(void)boot_ns(&rig);
			assert_false(says(&rig, HF_R_EXTERNAL_ABSENT));
			rig_back(&rig, start);
			rig_moment_free(start);
		}
		rig_close(&rig);
	}
}

/* From the loader's last line to the application's first instruction. */
static void to_the_application(struct rig *rig)
{
	vb_until(rig->vb, "HF-1002");
	vb_power_on(rig->vb);
	assert_int_equal(vb_run(rig->vb, 100000000), VB_STOP_TEXT);
	vb_until(rig->vb, NULL);
	for (uint32_t i = 0; i < 100000 && vb_register(rig->vb, 15) - rig->layout->primary_addr >= rig->layout->primary_bytes; i++)
		assert_int_equal(vb_run(rig->vb, 50), VB_STOP_INSTRUCTIONS);
	assert_true(vb_register(rig->vb, 15) - rig->layout->primary_addr < rig->layout->primary_bytes);
}

/* Found asleep, it is left asleep; found awake, awake: an application without a way to wake it must not meet another chip than after
 * power-on. */
static void left_as_found(void **state)
{
	(void)state;
	for (size_t b = 0; b < 2; b++) {
		for (int sleeps = 0; sleeps < 2; sleeps++) {
			struct rig rig;
			open_board(&rig, boards[b]);
			rig_power_cycle(&rig);
			vb_external_set(rig.vb, sleeps != 0 ? VB_EXTERNAL_SLEEPING : VB_EXTERNAL_GOOD, true);
			to_the_application(&rig);
			assert_int_equal(vb_external_is_asleep(rig.vb), sleeps);
			rig_close(&rig);
		}
	}
}

/* ---- what is left behind */

/* What the loader means to leave: its locks, and what a chip needs in any case and an application's own start-up sets as well. */
static bool is_meant(const struct vb_left *left)
{
	static const struct {
		const char *unit;
		uint32_t first_off, last_off;
	} meant[] = {
		{ "CLOCK", 0x558, 0x558 },       /* APPROTECT.DISABLE: the debug port, as the policy says */
		{ "NVMC", 0x800, 0x808 },        /* ACL: the loader's pages are locked */
		{ "RRAMC", 0x570, 0x574 },       /* REGION[4]: the loader's lines are locked */
		{ "RRAMC", 0x518, 0x518 },       /* LOWPOWERCONFIG, */
		{ "RRAMC", 0x5a0, 0x5a0 },       /* the glitch detectors, */
		{ "TAD", 0x40c, 0x40c },         /* and */
		{ "OSCILLATORS", 0x440, 0x440 }, /* trims: what the chip's own start-up code sets */
		{ "QSPI", 0x054, 0x054 },        /* erratum 122: or it draws current although it is off */
		{ "UARTE0", 0x54c, 0x54c },      /* AMOUNT: what the last transfer moved; nobody can write it */
		{ "UARTE20", 0x744, 0x744 },
		{ "SERIAL00", 0x70c, 0x70c },
	};
	for (size_t i = 0; i < HF_ARRAY_COUNT(meant); i++) {
		if (strcmp(left->unit, meant[i].unit) == 0 && left->off >= meant[i].first_off && left->off <= meant[i].last_off)
			return true;
	}
	return false;
}

/* Every register of every peripheral that the virtual boards have, QSPI and SPIM among them, as the application finds it: after a plain
 * start, after an update, and with a loader that has recovery. */
static void all_is_as_after_reset(void **state)
{
	static const char *const left_boards[] = { "nrf52840dk/external", "nrf54l15dk/external", "xiao_nrf52840/two-slots", "xiao_nrf54l15/two-slots",
						   "xiao_nrf52840/single-slot", "xiao_nrf54l15/single-slot" };
	(void)state;
	for (size_t b = 0; b < 2 * HF_ARRAY_COUNT(left_boards); b++) {
		struct rig rig;
		struct vb_left left;
		uint32_t meant = 0;
		assert_true(rig_open(&rig, left_boards[b / 2], b / 2 < 2 ? "ed25519" : "p256", 0));
		act(&rig, RIG_BOOT);
		if (b % 2 != 0 && rig.layout->secondary_bytes != 0) {
			assert_true(rig_place(&rig, 1, 0));
			act(&rig, RIG_REQUEST);
		}
		rig_power_cycle(&rig);
		to_the_application(&rig);
		for (uint32_t cursor = 0; vb_left_next(rig.vb, &cursor, &left); meant++) {
			if (!is_meant(&left))
				fail_msg("%s: %s+0x%03x is 0x%x, after a reset 0x%x", rig.name, left.unit, (unsigned)left.off, (unsigned)left.value,
					 (unsigned)left.reset);
		}
		assert_true(meant >= 2); /* or nothing was looked at */
		rig_close(&rig);
	}
}

/* ---- old data */

static void fill(struct rig *rig, uint32_t kind)
{
	uint32_t x = 0x2545f491u + kind;
	for (uint32_t i = 0; i < rig->layout->secondary_bytes; i++) {
		x = x * 1664525u + 1013904223u;
		*rig_cell(rig, rig->layout->secondary_addr + i) = kind == 0 ? (uint8_t)(x >> 24) : kind == 1 ? 0 : 0xa5;
	}
	rig_cell_changed(rig, rig->layout->secondary_addr, rig->layout->secondary_bytes);
}

/* From before there was a journal, and met by one that knows better; afterwards an update goes its way over it. */
static void old_data_is_no_update(void **state)
{
	(void)state;
	for (size_t b = 0; b < HF_ARRAY_COUNT(boards); b++) {
		for (uint32_t kind = 0; kind < (b < 2 ? 3 : 1); kind++) {
			struct rig rig;
			assert_true(rig_open(&rig, boards[b], "ed25519", 0));
			fill(&rig, kind);
			for (uint32_t boot = 0; boot < 2; boot++)
				(void)boot_ns(&rig);
			if (kind == 0) {
				fill(&rig, kind);
				(void)boot_ns(&rig);
				rig.host.image_index = 1;
				act(&rig, RIG_UPLOAD);
				act(&rig, RIG_REQUEST);
				act(&rig, RIG_BOOT);
				assert_int_equal(rig.host.runs_index, 1);
			}
			rig_close(&rig);
		}
	}
}

/* ---- updates */

/* The same without the quad bit, which nothing here sets. */
static void update_on_one_line(void **state)
{
	(void)state;
	struct rig rig;
	open_board(&rig, "nrf52840dk/external");
	vb_external_set(rig.vb, VB_EXTERNAL_GOOD, false);
	rig.host.image_index = 1;
	act(&rig, RIG_BOOT);
	act(&rig, RIG_UPLOAD);
	act(&rig, RIG_REQUEST);
	act(&rig, RIG_BOOT);
	assert_int_equal(rig.host.runs_index, 1);
	assert_true(rig_primary_is(&rig, 1));
	rig_close(&rig);
}

/* Cut in the middle; then the chip is gone. The loader can't finish and does not start half an image; when the chip is back, it ends well. */
static void cut_update_waits_for_its_chip(void **state)
{
	static const char *const updated[] = { "nrf52840dk/external", "nrf54l15dk/external", "nrf52840dk/external-overwrite",
					       "nrf54l15dk/external-overwrite" };
	(void)state;
	for (size_t b = 0; b < HF_ARRAY_COUNT(updated); b++) {
		struct rig rig;
		open_board(&rig, updated[b]);
		assert_true(rig_place(&rig, 1, 0));
		act(&rig, RIG_REQUEST);
		assert_true(vb_cut_arm(rig.vb, &(struct vb_cut){ .in_loader = true, .at = 700, .variant = VB_CUT_PARTIAL, .seed = 1 }));
		rig_begin(&rig, RIG_BOOT);
		assert_int_equal(rig_run(&rig), RIG_CUT);
		vb_external_set(rig.vb, VB_EXTERNAL_ABSENT, true);
		rig_begin(&rig, RIG_BOOT);
		assert_int_equal(rig_run(&rig), RIG_BAD);
		assert_true(says(&rig, HF_R_EXTERNAL_ABSENT));
		assert_int_equal(rig.host.runs_index, -1);
		rig_power_cycle(&rig);
		vb_external_set(rig.vb, VB_EXTERNAL_GOOD, true);
		act(&rig, RIG_BOOT);
		assert_int_equal(rig.host.runs_index, 1);
		assert_true(rig_primary_is(&rig, 1));
		rig_close(&rig);
	}
}

/* The chip knows nothing of a reset of the processor: it may still be erasing when the loader asks for it. */
static void reset_while_the_chip_erases(void **state)
{
	(void)state;
	for (size_t b = 0; b < 2; b++) {
		struct rig rig;
		open_board(&rig, boards[b]);
		rig.host.image_index = 1;
		const uint64_t sectors = vb_counters(rig.vb)->sectors;
		rig_begin(&rig, RIG_UPLOAD);
		while (vb_counters(rig.vb)->sectors == sectors)
			assert_int_equal(rig_step(&rig, 200), RIG_GOING);
		(void)boot_ns(&rig);
		assert_false(says(&rig, HF_R_EXTERNAL_ABSENT));
		assert_false(says(&rig, HF_R_EXTERNAL_TIMEOUT));
		rig_close(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_chip_boots_and_is_told), cmocka_unit_test(left_as_found), cmocka_unit_test(all_is_as_after_reset),
		cmocka_unit_test(old_data_is_no_update),
		cmocka_unit_test(update_on_one_line), cmocka_unit_test(cut_update_waits_for_its_chip),
		cmocka_unit_test(reset_while_the_chip_erases),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
