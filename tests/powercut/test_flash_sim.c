/* SPDX-License-Identifier: MIT */
/* The simulated flash itself: what it refuses, what a cut leaves, that snapshots are exact. */
#include "flash_sim.h"

#include <setjmp.h>
#include <stdlib.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

void hf_assert_failed(uint32_t line);
void hf_assert_failed(uint32_t line)
{
	fail_msg("assert in line %u", (unsigned)line);
	abort();
}

static const struct sim_geometry nor = { .name = "n", .sector_bytes = 64, .sector_count = 2, .unit_bytes = 4, .align = 8,
					 .grain_bytes = 12, .writes_per_unit_max = 2, .needs_erase = true };
static const struct sim_geometry rram = { .name = "r", .sector_bytes = 64, .sector_count = 2, .unit_bytes = 16, .align = 16,
					  .grain_bytes = 16 };

struct seen {
	struct sim_flash flash;
	jmp_buf out;
	const char *misuse;
	uint32_t torn, flip_kind;
	uint32_t blank, right, other; /* how the watched word read in the torn states */
	uint8_t want[16];
};

static bool wants(void *ctx, const struct sim_cut *cut)
{
	(void)ctx;
	(void)cut;
	return true;
}

static void torn(void *ctx, const struct sim_cut *cut)
{
	struct seen *s = ctx;
	uint8_t now[16];
	(void)cut;
	s->torn++;
	sim_peek(&s->flash, 0, 0, now, s->flash.geometry->unit_bytes);
	if (hf_is_filled(now, s->flash.geometry->unit_bytes, 0xff))
		s->blank++;
	else if (memcmp(now, s->want, s->flash.geometry->unit_bytes) == 0)
		s->right++;
	else
		s->other++;
}

static void cut_now(void *ctx)
{
	struct seen *s = ctx;
	longjmp(s->out, 1);
}

static uint32_t choose(void *ctx, uint32_t choice, uint32_t kinds)
{
	const struct seen *s = ctx;
	(void)choice;
	return kinds & s->flip_kind;
}

static void misuse(void *ctx, const char *what)
{
	struct seen *s = ctx;
	s->misuse = what;
	longjmp(s->out, 2);
}

static void setup(struct seen *s, const struct sim_geometry *g)
{
	memset(s, 0, sizeof *s);
	assert_true(sim_flash_make(&s->flash, g));
	s->flash.observer = (struct sim_observer){ .ctx = s, .wants = wants, .torn = torn, .cut_now = cut_now, .choose = choose,
						   .misuse = misuse };
}

static const uint8_t word[4] = { 0x12, 0x34, 0x56, 0x78 };

static void arm(struct seen *s, const char *name)
{
	assert_int_equal(sim_cut_parse(name, &s->flash.cut), strlen(name));
	s->flash.armed = true;
	s->flash.ops = 0;
}

static void test_nor_refuses(void **state)
{
	struct seen s;
	(void)state;
	setup(&s, &nor);
	const struct hf_flash *f = &s.flash.area[0];
	assert_int_equal(hf_flash_write(f, 0, word, 4), HF_OK);
	assert_int_equal(hf_flash_write(f, 0, word, 4), HF_OK);
	if (setjmp(s.out) == 0)
		assert_int_equal(hf_flash_write(f, 0, word, 4), HF_OK);
	assert_non_null(strstr(s.misuse, "more often"));
	s.misuse = NULL;
	assert_int_equal(hf_flash_erase(f, 0, 64), HF_OK);
	assert_int_equal(hf_flash_write(f, 0, word, 4), HF_OK);
	if (setjmp(s.out) == 0)
		assert_int_equal(hf_flash_write(f, 0, (const uint8_t[4]){ 0xff, 0, 0, 0 }, 4), HF_OK);
	assert_non_null(strstr(s.misuse, "not erased"));
	sim_flash_free(&s.flash);
}

static void test_cut_word_is_unstable_until_completed(void **state)
{
	struct seen s;
	uint8_t now[4];
	(void)state;
	setup(&s, &nor);
	const struct hf_flash *f = &s.flash.area[0];
	arm(&s, "1.torn0ne");
	if (setjmp(s.out) == 0)
		assert_int_equal(hf_flash_write(f, 0, word, 4), HF_OK);
	s.flash.armed = false;
	sim_peek(&s.flash, 0, 0, now, 4);
	assert_memory_equal(now, word, 4); /* reads right */
	assert_false(sim_is_firm(&s.flash, 0, 0, 4));
	s.flash.choosing = true;
	s.flip_kind = SIM_FLIP_SPAN;
	assert_int_equal(hf_flash_read(f, 0, now, 4), HF_OK);
	assert_true(hf_is_filled(now, 4, 0xff)); /* and is gone at the next read */
	assert_int_equal(hf_flash_write(f, 0, word, 4), HF_OK);
	assert_true(sim_is_firm(&s.flash, 0, 0, 4));
	sim_flash_free(&s.flash);
}

static void test_cut_erase_soils_the_whole_page(void **state)
{
	struct seen s;
	(void)state;
	setup(&s, &nor);
	const struct hf_flash *f = &s.flash.area[0];
	assert_int_equal(hf_flash_write(f, 0, word, 4), HF_OK);
	arm(&s, "1.set0a");
	if (setjmp(s.out) == 0)
		assert_int_equal(hf_flash_erase(f, 0, 64), HF_OK);
	s.flash.armed = false;
	assert_false(sim_is_firm(&s.flash, 0, 60, 4)); /* a word that was blank before, too */
	assert_true(sim_is_firm(&s.flash, 0, 64, 64)); /* not the next page */
	assert_int_equal(hf_flash_write(f, 32, word, 4), HF_OK);
	assert_false(sim_is_firm(&s.flash, 0, 32, 4)); /* nothing programmed over it can be trusted */
	assert_int_equal(hf_flash_erase(f, 0, 64), HF_OK);
	assert_true(sim_is_firm(&s.flash, 0, 0, 64));
	sim_flash_free(&s.flash);
}

static void test_every_way_is_shown(void **state)
{
	struct seen s;
	(void)state;
	setup(&s, &nor);
	memcpy(s.want, word, 4);
	s.flash.live = true;
	assert_int_equal(hf_flash_write(&s.flash.area[0], 0, word, 4), HF_OK);
	assert_int_equal(s.torn, 7); /* none, and right, blank or garbage, each with two things that it may become */
	assert_int_equal(s.blank, 3);
	assert_int_equal(s.right, 2);
	assert_int_equal(s.other, 2);
	sim_flash_free(&s.flash);
}

static void test_rram_buffer(void **state)
{
	struct seen s;
	uint8_t line[32], now[16];
	(void)state;
	setup(&s, &rram);
	const struct hf_flash *f = &s.flash.area[0];
	memset(line, 0x42, sizeof line);
	assert_int_equal(hf_flash_write(f, 0, line, 32), HF_OK);
	assert_int_equal(hf_flash_read(f, 0, now, 16), HF_OK);
	assert_memory_equal(now, line, 16); /* seen through the buffer */
	sim_flash_reset_buffer(&s.flash);
	assert_true(sim_holds(&s.flash, 0, 0, "\xff\xff\xff\xff", 4)); /* and lost without a sync */
	assert_int_equal(hf_flash_write(f, 0, line, 32), HF_OK);
	arm(&s, "1.rest1fn");
	if (setjmp(s.out) == 0)
		assert_int_equal(hf_flash_sync(f), HF_OK);
	s.flash.armed = false;
	assert_int_equal(hf_flash_read(f, 0, now, 16), HF_OK);
	assert_memory_equal(now, line, 16);
	assert_int_equal(hf_flash_read(f, 16, now, 16), HF_R_FLASH_READ); /* the torn line faults */
	assert_int_equal(hf_flash_write(f, 16, line, 16), HF_OK);
	assert_int_equal(hf_flash_sync(f), HF_OK);
	assert_int_equal(hf_flash_read(f, 16, now, 16), HF_OK);
	assert_true(sim_is_firm(&s.flash, 0, 0, 32));
	sim_flash_free(&s.flash);
}

static void test_snapshots_are_exact(void **state)
{
	struct seen s;
	struct sim_sector *kept[4];
	(void)state;
	setup(&s, &nor);
	const struct hf_flash *f = &s.flash.area[1];
	assert_int_equal(hf_flash_write(f, 0, word, 4), HF_OK);
	const uint64_t hash = sim_hash(&s.flash, true);
	sim_save(&s.flash, kept);
	assert_int_equal(hf_flash_write(f, 4, word, 4), HF_OK);
	assert_int_not_equal(sim_hash(&s.flash, true), hash);
	sim_load(&s.flash, kept);
	assert_int_equal(sim_hash(&s.flash, true), hash);
	assert_true(sim_holds(&s.flash, 1, 4, "\xff\xff\xff\xff", 4));
	sim_drop(&s.flash, kept);
	assert_int_equal(hf_flash_erase(f, 0, 64), HF_OK);
	assert_int_equal(hf_flash_erase(f, 64, 64), HF_OK);
	assert_int_equal(sim_hash(&s.flash, true), sim_hash(&s.flash, false));
	sim_flash_free(&s.flash);
}

static void test_names(void **state)
{
	static const char *const good[] = { "41.prefix3", "7.none", "12.torn1np", "~12.page", "9.all", "9.all\0", "3.set5b", "8.rest2fo",
					    "88.only17c", "1.first3", "2.random0d" };
	static const char *const bad[] = { "", "x", "12", "12.", "12.toast", ".none", "~3.book", "4.torn" };
	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(good); i++) {
		struct sim_cut cut;
		char name[SIM_NAME_BYTES];
		assert_int_equal(sim_cut_parse(good[i], &cut), strlen(good[i]));
		sim_cut_name(&cut, name);
		assert_string_equal(name, good[i]);
	}
	for (size_t i = 0; i < HF_ARRAY_COUNT(bad); i++) {
		struct sim_cut cut;
		assert_int_equal(sim_cut_parse(bad[i], &cut), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nor_refuses), cmocka_unit_test(test_cut_word_is_unstable_until_completed),
		cmocka_unit_test(test_cut_erase_soils_the_whole_page), cmocka_unit_test(test_every_way_is_shown),
		cmocka_unit_test(test_rram_buffer), cmocka_unit_test(test_snapshots_are_exact), cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
