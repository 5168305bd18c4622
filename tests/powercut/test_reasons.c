/* SPDX-License-Identifier: MIT */
/* Each reason and event that the core can give at a boot, provoked once by name, on NOR and RRAM. What they lead to is the business of the
 * other tests; here it is that the right one is told. */
#include <holdfast/mover.h>
#include <holdfast/recovery.h>
#include <holdfast/report.h>
#include <holdfast/trailer.h>

#include "crypto_sim.h"
#include "decision_rig.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { EVENTS_MAX = 64 };
static enum hf_reason events[EVENTS_MAX];
static uint32_t event_count;
static struct hf_boot_result result;

static void on_event(void *ctx, enum hf_reason reason, uint32_t a, uint32_t b)
{
	(void)ctx;
	(void)a;
	(void)b;
	if (event_count < EVENTS_MAX)
		events[event_count++] = reason;
}

static bool told(enum hf_reason reason)
{
	for (uint32_t i = 0; i < event_count; i++) {
		if (events[i] == reason)
			return true;
	}
	return false;
}

static enum image boot(void)
{
	event_count = 0;
	sim_flash_reset_buffer(&flash);
	config.trace.event = on_event;
	return boot_now(&result);
}

static void ask_for(enum image image, bool permanent)
{
	struct hf_upload up;
	assert_int_equal(hf_upload_begin(&up, &app, total[image], NULL, 0), HF_OK);
	assert_int_equal(hf_upload_write(&up, images[image], total[image]), HF_OK);
	assert_int_equal(hf_app_request(&app, permanent), HF_OK);
}

static void damage(uint32_t slot, uint32_t off)
{
	uint8_t byte;
	sim_peek(&flash, slot, off, &byte, 1);
	byte ^= 1;
	sim_poke(&flash, slot, off, &byte, 1);
}

static void each(void (*run)(void))
{
	for (uint32_t g = 0; g < 2; g++) {
		setup(&rig_geometries[g]);
		run();
		config.policy = 0;
		teardown();
	}
}

/* ---- an update and its way back */

static void story(void)
{
	ask_for(IMAGE_B, false);
	assert_int_equal(boot(), IMAGE_B);
	assert_true(told(HF_R_UPDATE_BEGIN) && told(HF_R_UPDATE_DONE));
	assert_int_equal(boot(), IMAGE_A);
	assert_true(told(HF_R_REVERT_BEGIN));
	ask_for(IMAGE_B, false);
	assert_int_equal(boot(), IMAGE_B);
	const uint32_t at = flash.area[1].size_bytes / 4 + 500; /* of the old image, one sector in */
	damage(1, at);
	assert_int_equal(boot(), IMAGE_B);
	assert_true(told(HF_R_WAY_BACK_LOST));
	assert_int_equal(hf_app_confirm(&app), HF_OK);
	assert_int_equal(boot(), IMAGE_B);
	assert_true(told(HF_R_CONFIRMED));
	damage(1, at);
	damage(0, 500); /* the old one is whole again, and was confirmed once */
	assert_int_equal(boot(), IMAGE_A);
	assert_true(told(HF_R_PRIMARY_REFUSED) && told(HF_R_FALLBACK_BEGIN));
}

static void test_story(void **state)
{
	(void)state;
	each(story);
}

/* ---- requests that are not followed */

static void refusals(void)
{
	const uint8_t torn = 0x31;
	ask_for(IMAGE_A, false);
	assert_int_equal(boot(), IMAGE_A);
	assert_true(result.refusal.reason == HF_R_POLICY_SAME_IMAGE && told(HF_R_REQUEST_REFUSED));
	sim_poke(&flash, 1, flash.area[1].size_bytes - 3, &torn, 1);
	assert_int_equal(hf_app_request(&app, false), HF_R_SLOT_REQUEST_TORN);
	assert_int_equal(boot(), IMAGE_A);
	assert_int_equal(result.refusal.reason, HF_R_SLOT_REQUEST_TORN);
}

static void test_refusals(void **state)
{
	struct hf_upload none = { .open = false };
	struct hf_report report;
	uint8_t bytes[HF_REPORT_BYTES] = { 0 };
	(void)state;
	each(refusals);
	assert_int_equal(hf_upload_write(&none, bytes, 1), HF_R_SLOT_NO_UPLOAD);
	assert_int_equal(hf_report_decode(bytes, &report), HF_R_REPORT_ABSENT);
}

/* ---- a first start, and one behind another bootloader's unfinished swap */

static void first_starts(void)
{
	struct state s = { .p_magic = MAGIC_U, .p_copy_done = MAGIC_U, .p_image_ok = MAGIC_U, .s_magic = MAGIC_U, .s_copy_done = MAGIC_U,
			   .s_image_ok = MAGIC_U, .p_swap_info = 0xff, .primary = FIRST_VALID, .secondary = SECOND_EMPTY };
	put_state(&s);
	assert_int_equal(boot(), IMAGE_A);
	assert_true(told(HF_R_FORMATTED) && !told(HF_R_FOREIGN_SWAP));
	s.p_magic = MAGIC_G;
	s.p_swap_info = 0x02;
	put_state(&s);
	assert_int_equal(boot(), IMAGE_A);
	assert_true(told(HF_R_FORMATTED) && told(HF_R_FOREIGN_SWAP));
	s.primary = FIRST_DAMAGED;
	put_state(&s);
	assert_int_equal(boot(), IMAGE_NONE);
	assert_int_equal(result.stop.reason, HF_R_FOREIGN_SWAP);
}

static void test_first_starts(void **state)
{
	(void)state;
	each(first_starts);
}

/* ---- flash that does not do what it is told, and a journal that can't be followed */

static enum hf_reason (*right_read)(void *ctx, uint32_t off, void *into, uint32_t size_bytes);
static uint32_t wrong_from_off;

/* Where a written sector is compared (64 bytes), not where an image is hashed. */
static enum hf_reason wrong_read(void *ctx, uint32_t off, void *into, uint32_t size_bytes)
{
	const enum hf_reason reason = right_read(ctx, off, into, size_bytes);
	if (size_bytes == 64 && off >= wrong_from_off && off < wrong_from_off + flash.geometry->sector_bytes)
		((uint8_t *)into)[0] ^= 1;
	return reason;
}

static void bad_sector(void)
{
	ask_for(IMAGE_B, true);
	right_read = flash.area[0].read;
	wrong_from_off = 0;
	flash.area[0].read = wrong_read;
	assert_int_equal(boot(), IMAGE_NONE);
	assert_int_equal(result.stop.reason, HF_R_FLASH_VERIFY);
	flash.area[0].read = right_read;
	assert_int_equal(boot(), IMAGE_B);
	assert_true(told(HF_R_RESUMED) && result.resumed);
}

static void lost_source(void)
{
	ask_for(IMAGE_B, true);
	right_read = flash.area[0].read;
	wrong_from_off = flash.geometry->sector_bytes; /* the walk goes down: the last sector first */
	flash.area[0].read = wrong_read;
	assert_int_equal(boot(), IMAGE_NONE);
	flash.area[0].read = right_read;
	damage(1, flash.geometry->sector_bytes + 7); /* what was about to be copied */
	assert_int_equal(boot(), IMAGE_NONE);
	assert_int_equal(result.stop.reason, HF_R_JOURNAL_SOURCE);
	damage(1, flash.geometry->sector_bytes + 7);
	assert_int_equal(boot(), IMAGE_B);
}

static void test_bad_flash(void **state)
{
	(void)state;
	each(bad_sector);
	each(lost_source);
}

/* NOR: a journal filled by what was refused has no room for an update: it is set up anew, that request is lost, the next one goes. */
static void test_full_journal(void **state)
{
	struct hf_journal journal;
	(void)state;
	setup(&rig_geometries[0]);
	hf_journal_open(&journal, config.primary, config.work);
	enum hf_reason reason = HF_OK;
	while (reason == HF_OK)
		reason = hf_journal_append_mark(&journal, HF_RECORD_CLEARED);
	assert_int_equal(reason, HF_R_JOURNAL_FULL);
	ask_for(IMAGE_B, true);
	assert_int_equal(boot(), IMAGE_A);
	assert_int_equal(result.refusal.reason, HF_R_JOURNAL_FULL);
	ask_for(IMAGE_B, true);
	assert_int_equal(boot(), IMAGE_B);
	teardown();
}

/* RRAM: behind a forged record with the last of all numbers nothing that is appended is ever the newest. The boot ends all the same. */
static void test_no_end(void **state)
{
	const uint32_t chunks = 7, last = UINT32_MAX - 2;
	(void)state;
	setup(&rig_geometries[1]);
	const uint32_t off = flash.area[0].size_bytes - flash.geometry->sector_bytes;
	for (uint32_t i = 0; i < chunks; i++) { /* ST: set up, but not started once */
		uint8_t line[16] = { HF_RECORD_ST, (uint8_t)i, i == 0 ? HF_KIND_FORMAT : 0 };
		hf_put32le(line + 8, last - chunks + i);
		hf_put32le(line + 12, hf_crc32(0, line, 12));
		sim_poke(&flash, 0, off + 16 * i, line, sizeof line);
	}
	assert_int_equal(boot(), IMAGE_NONE);
	assert_int_equal(result.stop.reason, HF_R_JOURNAL_NO_END);
	teardown();
}

static void test_geometry(void **state)
{
	(void)state;
	setup(&rig_geometries[0]);
	config.work_bytes = flash.geometry->sector_bytes - 1;
	assert_int_equal(boot(), IMAGE_NONE);
	assert_int_equal(result.stop.reason, HF_R_JOURNAL_GEOMETRY);
	teardown();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_story), cmocka_unit_test(test_refusals), cmocka_unit_test(test_first_starts), cmocka_unit_test(test_bad_flash),
		cmocka_unit_test(test_full_journal), cmocka_unit_test(test_no_end), cmocka_unit_test(test_geometry),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
