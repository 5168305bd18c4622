/* SPDX-License-Identifier: MIT */
/* What the explorer does not ask: a secondary that does not answer, from any operation on; where recovery puts an upload; what it
 * refuses before it destroys anything; security counters and versions over all of that; the decisions of the overwrite mode. */
#include <holdfast/app.h>
#include <holdfast/recovery.h>
#include <holdfast/report.h>

#include "crypto_sim.h"
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum image { IMAGE_A, IMAGE_B, IMAGE_C, IMAGE_COUNT, IMAGE_NONE = IMAGE_COUNT };
enum { TOTAL_MAX = 8192, WORK_MAX = 2048 + 256 };

static struct sim_flash flash;
static struct hf_boot_config config;
static struct hf_app_config app;
static struct hf_boot_result result;
static uint8_t images[IMAGE_COUNT][TOTAL_MAX], work[WORK_MAX];
static uint32_t total[IMAGE_COUNT];
static struct sim_sector *kept[SIM_SECTORS_MAX];

static void misuse(void *ctx, const char *what)
{
	(void)ctx;
	fail_msg("%s", what);
}

static void load(struct sim_sector *const *from)
{
	sim_load(&flash, from);
	sim_flash_reset_buffer(&flash);
	flash.gone_op = flash.ops = 0;
}

static void setup(const struct hf_mode *mode, const char *name)
{
	const struct sim_geometry *g = scenario_geometry(name);
	assert_true(sim_flash_make(&flash, g));
	flash.observer.misuse = misuse;
	const uint32_t block = flash.slot[1].sector_bytes > g->sector_bytes ? flash.slot[1].sector_bytes : g->sector_bytes;
	for (uint32_t i = 0; i < IMAGE_COUNT; i++) {
		const struct sim_image_spec spec = { .total_bytes = 2 * block - 24 * (i + 1), .header_bytes = (uint16_t)g->header_bytes,
						     .version = { 1, (uint8_t)i, 0, 0 }, .key = &sim_keys_p256[0], .entry_addr = 100, .seed = i,
						     .counter = i + 1 };
		total[i] = spec.total_bytes;
		sim_image_make(&spec, images[i]);
	}
	config = (struct hf_boot_config){ .installed = hf_recovery_installed,
					  .primary = &flash.area[0], .secondary = g->one_slot ? NULL : &flash.area[1], .mode = mode,
					  .crypto = &sim_crypto, .keys = sim_keys_p256, .key_count = 1, .align = g->align,
					  .generation_seed = 77, .work = work, .work_bytes = block + 256 };
	app = (struct hf_app_config){ .primary = config.primary, .secondary = config.secondary, .align = g->align };
	app.size_max = mode->size_max(flash.area[0].size_bytes, flash.area[1].size_bytes, block, g->align);
	sim_poke(&flash, 0, 0, images[IMAGE_A], total[IMAGE_A]);
}

static void teardown(void)
{
	sim_flash_free(&flash);
}

/* What starts; the bytes in the primary are those of that image and no cell is in between. */
static enum image boot(void)
{
	for (uint32_t n = 0; n < 4; n++) {
		memset(work, 0x5a, sizeof work);
		sim_flash_reset_buffer(&flash);
		hf_boot_run(&config, &result);
		assert_int_equal(flash.buffered, 0);
		if (result.action != HF_BOOT_RESET)
			break;
	}
	if (result.action == HF_BOOT_STOP) {
		assert_int_not_equal(result.stop.reason, HF_OK);
		return IMAGE_NONE;
	}
	assert_int_equal(result.action, HF_BOOT_START);
	for (uint32_t i = 0; i < IMAGE_COUNT; i++) {
		if (sim_holds(&flash, 0, 0, images[i], total[i]) && sim_is_firm(&flash, 0, 0, total[i]))
			return (enum image)i;
	}
	fail_msg("what starts is no whole image");
	return IMAGE_NONE;
}

static void upload(enum image image)
{
	struct hf_upload up;
	assert_int_equal(hf_upload_begin(&up, &app, total[image], images[image], 32), HF_OK);
	assert_int_equal(hf_upload_write(&up, images[image], total[image]), HF_OK);
}

static void ask_for(enum image image, bool permanent)
{
	upload(image);
	assert_int_equal(hf_app_request(&app, permanent), HF_OK);
}

static enum hf_reason install_begin(struct hf_install *install, enum image image)
{
	return hf_install_begin(install, &config, total[image], images[image], 32, images[image], 200);
}

static enum hf_reason install(enum image image, struct hf_verdict *verdict)
{
	struct hf_install i;
	enum hf_reason reason = install_begin(&i, image);
	if (reason != HF_OK)
		return reason;
	const uint32_t next = i.upload.next_off;
	assert_true(next >= 200);
	assert_int_equal(hf_upload_write(&i.upload, images[image] + next, total[image] - next), HF_OK);
	return hf_install_verify(&i, verdict);
}

/* ---- a secondary that does not answer */

static const struct hf_mode *const two_slots[2] = { &hf_mode_swap, &hf_mode_overwrite };
static const char *const externals[] = { "toy-nor", "toy-small-ext", "toy-large-ext", "toy-rram-ext", "toy-rram-large-ext" };

static void test_gone_from_the_start(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 2 * HF_ARRAY_COUNT(externals); n++) {
		setup(two_slots[n % 2], externals[n / 2]);
		flash.gone_op = 1; /* the very first start */
		for (uint32_t i = 0; i < 2; i++) {
			assert_int_equal(boot(), IMAGE_A);
			assert_int_equal(result.refusal.reason, HF_R_FLASH_READ);
		}
		flash.gone_op = 0;
		assert_int_equal(boot(), IMAGE_A);
		assert_int_equal(result.refusal.reason, HF_OK);
		ask_for(IMAGE_B, false);
		flash.gone_op = 1; /* with a request that nobody can read */
		assert_int_equal(boot(), IMAGE_A);
		assert_int_equal(result.refusal.reason, HF_R_FLASH_READ);
		flash.gone_op = 0; /* it is not forgotten */
		assert_int_equal(boot(), IMAGE_B);
		if (config.mode->keeps_old) {
			flash.gone_op = 1; /* not confirmed, and the way back can't be read */
			assert_int_equal(boot(), IMAGE_B);
			assert_true(result.on_trial && result.refusal.reason == HF_R_FLASH_READ);
			flash.gone_op = 0;
			assert_int_equal(boot(), IMAGE_A);
		}
		teardown();
	}
}

/* At each operation of an update: the boot stops with the flash's reason or starts a whole image; nothing moves while it is away;
 * when it is back the update is finished. */
static void test_gone_in_the_middle(void **state)
{
	uint32_t stops = 0, starts = 0;
	(void)state;
	for (uint32_t n = 0; n < 2 * HF_ARRAY_COUNT(externals); n++) {
		setup(two_slots[n % 2], externals[n / 2]);
		assert_int_equal(boot(), IMAGE_A);
		ask_for(IMAGE_B, false);
		sim_save(&flash, kept);
		load(kept);
		assert_int_equal(boot(), IMAGE_B);
		const uint32_t ops = flash.ops;
		for (uint32_t k = 1; k <= ops; k++) {
			load(kept);
			flash.gone_op = k;
			const enum image first = boot();
			assert_true(first != IMAGE_NONE || result.stop.reason / 100 == 1);
			stops += first == IMAGE_NONE;
			starts += first != IMAGE_NONE;
			flash.gone_op = 1;
			flash.ops = 0;
			assert_int_equal(boot(), first); /* nor does it get better or worse by waiting */
			assert_true(first == IMAGE_NONE || result.refusal.reason / 100 == 1);
			flash.gone_op = 0;
			const enum image back = boot();
			/* A trial that has had its start is taken back as soon as that can be done. */
			assert_true(back == IMAGE_B || (config.mode->keeps_old && first == IMAGE_B && back == IMAGE_A));
			if (config.mode->keeps_old)
				assert_int_equal(boot(), IMAGE_A);
		}
		sim_drop(&flash, kept);
		teardown();
	}
	printf("secondary lost: %u boots stopped with the reason, %u started a whole image\n", (unsigned)stops, (unsigned)starts);
	assert_true(stops > 100 && starts > 100);
}

static void test_full_of_old_data(void **state)
{
	uint8_t noise[1024];
	(void)state;
	for (uint32_t n = 0; n < 2 * HF_ARRAY_COUNT(externals); n++) {
		setup(two_slots[n % 2], externals[n / 2]);
		for (uint32_t i = 0; i < sizeof noise; i++)
			noise[i] = (uint8_t)sim_mix(n, i);
		for (uint32_t off = 0; off + sizeof noise <= flash.area[1].size_bytes; off += (uint32_t)sizeof noise)
			sim_poke(&flash, 1, off, noise, sizeof noise);
		assert_int_equal(boot(), IMAGE_A);
		assert_int_equal(boot(), IMAGE_A);
		ask_for(IMAGE_B, true);
		assert_int_equal(boot(), IMAGE_B);
		teardown();
	}
}

/* ---- where recovery puts an upload */

static void test_plan(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 32; n++) {
		const struct hf_recovery_facts f = { n & 1, n & 2, n & 4, n & 8, n & 16 };
		struct hf_recovery_plan plan = { HF_SLOT_PRIMARY, false };
		const enum hf_reason reason = hf_recovery_plan_of(&f, &plan);
		assert_int_equal(reason, f.trial_open ? HF_R_SLOT_TRIAL_OPEN : HF_OK);
		if (reason != HF_OK)
			continue;
		const bool secondary = f.has_update_slot && !f.update_open && !f.into_primary;
		assert_int_equal(plan.into, secondary ? HF_SLOT_SECONDARY : HF_SLOT_PRIMARY);
		assert_int_equal(plan.permanent, !secondary || !f.primary_valid); /* tried only if there is something to go back to */
	}
}

static struct hf_recovery_facts facts_now(void)
{
	struct hf_recovery_facts f;
	hf_recovery_facts_of(&config, &result, false, &f);
	return f;
}

static void test_facts(void **state)
{
	struct hf_recovery_facts f;
	struct hf_verdict verdict;
	(void)state;
	setup(&hf_mode_swap, "toy-small-ext");
	assert_int_equal(boot(), IMAGE_A);
	f = facts_now();
	assert_true(f.has_update_slot && !f.update_open && !f.trial_open && f.primary_valid);
	ask_for(IMAGE_B, false);
	assert_int_equal(boot(), IMAGE_B);
	assert_true(facts_now().trial_open);
	assert_int_equal(boot(), IMAGE_A); /* once more: taken back, and an upload may come */
	assert_false(facts_now().trial_open);
	ask_for(IMAGE_B, false);
	flash.ops = 0;
	flash.gone_op = 25;
	assert_int_equal(boot(), IMAGE_NONE); /* an update under way, and its flash is gone for good */
	f = facts_now();
	assert_true(!f.has_update_slot && f.update_open && !f.primary_valid);
	assert_int_equal(install(IMAGE_C, &verdict), HF_OK);
	assert_int_equal(verdict.token, HF_ACCEPTED);
	assert_int_equal(boot(), IMAGE_C);
	flash.gone_op = 0; /* it is back: nothing of that update is done any more */
	assert_int_equal(boot(), IMAGE_C);
	assert_int_equal(boot(), IMAGE_C);
	teardown();
}

/* An image that recovery puts there finds no word of the update before it. */
static void test_install_after_update(void **state)
{
	static const char *const names[] = { "toy-nor", "toy-rram", "toy-rram-ext" };
	(void)state;
	for (uint32_t n = 0; n < HF_ARRAY_COUNT(names); n++) {
		struct hf_verdict verdict;
		uint8_t fields[80];
		setup(&hf_mode_swap, names[n]);
		assert_int_equal(boot(), IMAGE_A);
		ask_for(IMAGE_B, true);
		assert_int_equal(boot(), IMAGE_B);
		assert_int_equal(install(IMAGE_C, &verdict), HF_OK);
		assert_int_equal(boot(), IMAGE_C);
		sim_peek(&flash, 0, flash.area[0].size_bytes - (uint32_t)sizeof fields, fields, sizeof fields);
		assert_true(hf_is_filled(fields, sizeof fields, 0xff));
		ask_for(IMAGE_A, false); /* and the next update works as ever */
		assert_int_equal(boot(), IMAGE_A);
		assert_int_equal(boot(), IMAGE_C);
		teardown();
	}
}

static const char *const ones[] = { "toy-one", "toy-one-rram", "toy-nor", "toy-rram-ext" };

static const struct hf_mode *mode_for(const char *geometry)
{
	return scenario_geometry(geometry)->one_slot ? &hf_mode_single : &hf_mode_swap;
}

/* Refused before the application that is there is touched. */
static void test_install_refusals(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < HF_ARRAY_COUNT(ones); n++) {
		struct hf_install i;
		uint8_t other[200];
		setup(mode_for(ones[n]), ones[n]);
		config.policy = HF_POLICY_NO_DOWNGRADE;
		sim_poke_blank(&flash, 0, 0);
		sim_poke_blank(&flash, 0, 1);
		sim_poke(&flash, 0, 0, images[IMAGE_B], total[IMAGE_B]);
		assert_int_equal(boot(), IMAGE_B);
		sim_save(&flash, kept);
		memcpy(other, images[IMAGE_C], sizeof other);
		other[0] ^= 1;
		assert_int_equal(hf_install_begin(&i, &config, total[IMAGE_C], images[IMAGE_C], 32, other, sizeof other), HF_R_IMAGE_MAGIC);
		assert_int_equal(hf_install_begin(&i, &config, total[IMAGE_C], images[IMAGE_C], 32, images[IMAGE_C], 31), HF_R_IMAGE_MAGIC);
		assert_int_equal(hf_install_begin(&i, &config, total[IMAGE_C], images[IMAGE_C], 0, images[IMAGE_C], 200), HF_R_ARGUMENT);
		assert_int_equal(hf_install_begin(&i, &config, total[IMAGE_C], images[IMAGE_C], 33, images[IMAGE_C], 200), HF_R_ARGUMENT);
		assert_int_equal(hf_install_begin(&i, &config, app.size_max + 1, images[IMAGE_C], 32, images[IMAGE_C], 200), HF_R_SLOT_TOO_SMALL);
		assert_int_equal(hf_install_begin(&i, &config, 0, images[IMAGE_C], 32, images[IMAGE_C], 0), HF_R_SLOT_TOO_SMALL);
		assert_int_equal(install_begin(&i, IMAGE_A), HF_R_POLICY_DOWNGRADE);
		for (uint32_t k = 0; k < flash.sector_total; k++)
			assert_ptr_equal(flash.sector[k], kept[k]); /* nothing was written */
		sim_drop(&flash, kept);
		assert_int_equal(install_begin(&i, IMAGE_C), HF_OK); /* and left open */
		assert_int_equal(boot(), IMAGE_NONE);
		assert_int_equal(install_begin(&i, IMAGE_A), HF_R_POLICY_DOWNGRADE); /* the floor outlives the image */
		teardown();
	}
}

/* A damaged file: refused after all bytes, nothing starts, the next upload starts over and is taken. */
static void test_install_damaged(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < HF_ARRAY_COUNT(ones); n++) {
		struct hf_install i;
		struct hf_verdict verdict;
		setup(mode_for(ones[n]), ones[n]);
		assert_int_equal(boot(), IMAGE_A);
		images[IMAGE_B][1500] ^= 4;
		assert_int_equal(install(IMAGE_B, &verdict), HF_OK);
		assert_int_equal(verdict.finding.reason, HF_R_IMAGE_HASH_WRONG);
		assert_int_equal(boot(), IMAGE_NONE);
		images[IMAGE_B][1500] ^= 4;
		assert_int_equal(install_begin(&i, IMAGE_B), HF_OK);
		assert_int_equal(i.upload.next_off, 200); /* the same tag, but it does not go on from what was refused */
		assert_int_equal(hf_upload_write(&i.upload, images[IMAGE_B] + 200, total[IMAGE_B] - 200), HF_OK);
		assert_int_equal(boot(), IMAGE_NONE); /* all bytes, not verified */
		assert_int_equal(result.stop.reason, HF_R_INSTALL_OPEN);
		assert_int_equal(install_begin(&i, IMAGE_B), HF_OK);
		assert_true(i.upload.next_off > 200 && i.upload.next_off % flash.area[0].sector_bytes == 0);
		const uint32_t next = i.upload.next_off;
		assert_int_equal(hf_upload_write(&i.upload, images[IMAGE_B] + next, total[IMAGE_B] - next), HF_OK);
		assert_int_equal(hf_install_verify(&i, &verdict), HF_OK);
		assert_int_equal(verdict.token, HF_ACCEPTED);
		assert_int_equal(boot(), IMAGE_B);
		assert_int_equal(boot(), IMAGE_B);
		teardown();
	}
}

/* ---- counters and versions */

static uint32_t stored_counter(void)
{
	struct hf_journal journal;
	hf_journal_open(&journal, config.primary, work);
	return journal.counter;
}

static void test_counter_rises_after_confirm(void **state)
{
	static const char *const names[] = { "toy-nor", "toy-rram", "toy-rram-ext" };
	(void)state;
	for (uint32_t n = 0; n < HF_ARRAY_COUNT(names); n++) {
		setup(&hf_mode_swap, names[n]);
		config.policy = HF_POLICY_COUNTER;
		assert_int_equal(boot(), IMAGE_A);
		assert_int_equal(stored_counter(), 1);
		ask_for(IMAGE_B, false);
		assert_int_equal(boot(), IMAGE_B);
		assert_int_equal(stored_counter(), 1); /* on trial */
		assert_int_equal(boot(), IMAGE_A);     /* so this is no downgrade */
		ask_for(IMAGE_B, false);
		assert_int_equal(boot(), IMAGE_B);
		assert_int_equal(hf_app_confirm(&app), HF_OK);
		assert_int_equal(boot(), IMAGE_B);
		assert_int_equal(stored_counter(), 2);
		ask_for(IMAGE_A, false);
		assert_int_equal(boot(), IMAGE_B);
		assert_int_equal(result.refusal.reason, HF_R_POLICY_COUNTER);
		assert_int_equal(hf_version_word(&result.other), hf_version_word(&(struct hf_version){ 1, 0, 0, 0 }));
		const uint8_t damage = 0; /* the image that carries the counter is gone: the floor is not */
		ask_for(IMAGE_A, true);
		sim_poke(&flash, 0, 500, &damage, 1);
		assert_int_equal(boot(), IMAGE_NONE);
		ask_for(IMAGE_C, true);
		assert_int_equal(boot(), IMAGE_C);
		assert_int_equal(stored_counter(), 3);
		teardown();
	}
}

/* A journal whose counter is gone, torn or not, locks nothing out that ran. */
static void test_lost_counter(void **state)
{
	(void)state;
	setup(&hf_mode_swap, "toy-nor");
	config.policy = HF_POLICY_COUNTER;
	assert_int_equal(boot(), IMAGE_A);
	ask_for(IMAGE_B, true);
	assert_int_equal(boot(), IMAGE_B);
	sim_poke_blank(&flash, 0, flash.slot[0].sector_count - 1);
	assert_int_equal(boot(), IMAGE_B); /* set up anew */
	assert_int_equal(stored_counter(), 2); /* the running image knows */
	teardown();
}

static void test_counter_of_one_slot(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 2; n++) {
		struct hf_verdict verdict;
		struct hf_install i;
		setup(&hf_mode_single, ones[n]);
		config.policy = HF_POLICY_COUNTER;
		assert_int_equal(boot(), IMAGE_A);
		assert_int_equal(install(IMAGE_B, &verdict), HF_OK);
		assert_int_equal(boot(), IMAGE_B);
		assert_int_equal(result.cause, HF_CAUSE_INSTALLED);
		assert_int_equal(boot(), IMAGE_B);
		assert_int_equal(result.cause, HF_CAUSE_NORMAL);
		assert_int_equal(install_begin(&i, IMAGE_C), HF_OK); /* broken off: what had the counter is gone */
		assert_int_equal(install(IMAGE_A, &verdict), HF_OK);
		assert_int_equal(verdict.finding.reason, HF_R_POLICY_COUNTER);
		assert_int_equal(boot(), IMAGE_NONE);
		assert_int_equal(install(IMAGE_B, &verdict), HF_OK); /* no lock: what ran may run again */
		assert_int_equal(boot(), IMAGE_B);
		teardown();
	}
}

/* ---- single slot, overwrite, report */

static void test_single_stops(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 2; n++) {
		const uint8_t damage = 0;
		setup(&hf_mode_single, ones[n]);
		sim_poke(&flash, 0, 500, &damage, 1);
		assert_int_equal(boot(), IMAGE_NONE);
		assert_int_equal(result.stop.reason, HF_R_BOOT_NOTHING);
		assert_int_equal(result.verdict.finding.reason, HF_R_IMAGE_HASH_WRONG);
		sim_poke_blank(&flash, 0, 0);
		assert_int_equal(boot(), IMAGE_NONE);
		assert_int_equal(result.verdict.finding.reason, HF_R_IMAGE_BLANK);
		config.work_bytes = 100;
		assert_int_equal(boot(), IMAGE_NONE);
		assert_int_equal(result.stop.reason, HF_R_JOURNAL_GEOMETRY);
		enum hf_swap_type type;
		struct hf_slot_info info;
		struct hf_upload up;
		assert_int_equal(hf_app_swap_type(&app, &type), HF_OK);
		assert_int_equal(type, HF_SWAP_NONE);
		assert_int_equal(hf_app_slot_info(&app, HF_SLOT_SECONDARY, &info), HF_R_SLOT_NONE);
		assert_int_equal(hf_app_request(&app, false), HF_R_SLOT_NONE);
		assert_int_equal(hf_app_erase_secondary(&app, true), HF_R_SLOT_NONE);
		assert_int_equal(hf_upload_begin(&up, &app, 100, images[0], 32), HF_R_SLOT_NONE);
		assert_int_equal(hf_app_confirm(&app), HF_OK);
		teardown();
	}
}

/* The largest image to the byte; one in the wrong place, damaged or older is refused; a second boot finds nothing to replay. */
static void test_overwrite(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < HF_ARRAY_COUNT(externals); n++) {
		struct hf_slot_info info;
		setup(&hf_mode_overwrite, externals[n]);
		config.policy = HF_POLICY_NO_DOWNGRADE;
		const uint32_t block = config.work_bytes - 256;
		assert_int_equal(app.size_max, flash.area[0].size_bytes - block < flash.area[1].size_bytes - hf_trailer_bytes(app.align)
						       ? flash.area[0].size_bytes - block : flash.area[1].size_bytes - hf_trailer_bytes(app.align));
		assert_int_equal(boot(), IMAGE_A);
		ask_for(IMAGE_B, false);
		assert_int_equal(boot(), IMAGE_B);
		assert_true(!result.on_trial && result.cause == HF_CAUSE_INSTALLED);
		assert_int_equal(hf_app_slot_info(&app, HF_SLOT_SECONDARY, &info), HF_OK);
		assert_false(info.has_image);
		assert_int_equal(hf_app_request(&app, true), HF_R_SLOT_NO_IMAGE);
		ask_for(IMAGE_A, true);
		assert_int_equal(boot(), IMAGE_B);
		assert_int_equal(result.refusal.reason, HF_R_POLICY_DOWNGRADE);
		const uint8_t damage = 0; /* there is no other image: a stop with the reason, which is recovery's */
		sim_poke(&flash, 0, 500, &damage, 1);
		assert_int_equal(boot(), IMAGE_NONE);
		assert_int_equal(result.stop.reason, HF_R_BOOT_NOTHING);
		teardown();
	}
}

/* The copy reads wrong behind the mover's back: done again once a boot, then a stop; the secondary keeps what it has. */
static uint32_t spoil_left;

static enum hf_reason (*right_read)(void *ctx, uint32_t off, void *into, uint32_t size_bytes);

static enum hf_reason spoiled_read(void *ctx, uint32_t off, void *into, uint32_t size_bytes)
{
	const enum hf_reason reason = right_read(ctx, off, into, size_bytes);
	/* Where the new image's payload is hashed, not where a sector is compared (64 bytes). */
	if (reason == HF_OK && size_bytes > 64 && off < 500 && off + size_bytes > 500 && spoil_left != 0 &&
	    sim_holds(&flash, 0, 0, images[IMAGE_B], 256)) {
		((uint8_t *)into)[500 - off] ^= 1;
		spoil_left--;
	}
	return reason;
}

static void test_overwrite_copies_again(void **state)
{
	static const char *const names[] = { "toy-nor-roomy", "toy-rram-ext" };
	(void)state;
	for (uint32_t n = 0; n < HF_ARRAY_COUNT(names); n++) {
		setup(&hf_mode_overwrite, names[n]);
		assert_int_equal(boot(), IMAGE_A);
		right_read = flash.area[0].read;
		flash.area[0].read = spoiled_read;
		ask_for(IMAGE_B, true);
		spoil_left = 1; /* one bad read */
		assert_int_equal(boot(), IMAGE_B);
		const uint32_t steps = result.steps_done;
		ask_for(IMAGE_C, true);
		assert_int_equal(boot(), IMAGE_C);
		ask_for(IMAGE_B, true);
		spoil_left = 2; /* refused twice: copied again */
		assert_int_equal(boot(), IMAGE_B);
		assert_int_equal(result.steps_done, 2 * steps);
		ask_for(IMAGE_C, true);
		assert_int_equal(boot(), IMAGE_C);
		ask_for(IMAGE_B, true);
		spoil_left = 1000;
		for (uint32_t i = 0; i < 5; i++) {
			assert_int_equal(boot(), IMAGE_NONE);
			assert_int_equal(result.stop.reason, HF_R_COPY_REFUSED);
			assert_true(result.steps_done <= 2 * steps);
			assert_true(sim_holds(&flash, 1, 0, images[IMAGE_B], total[IMAGE_B]));
		}
		spoil_left = 0;
		assert_int_equal(boot(), IMAGE_B);
		teardown();
	}
}

static void test_report(void **state)
{
	uint8_t bytes[HF_REPORT_BYTES] = { 0 };
	struct hf_report r = { .cause = HF_CAUSE_NORMAL, .resets = 7, .other_version = 0x01020003, .mode_id = HF_MODE_ID_SINGLE }, back;
	(void)state;
	assert_int_equal(hf_report_resets(bytes, HF_CAUSE_NORMAL), 0);
	hf_report_encode(&r, bytes);
	assert_int_equal(hf_report_decode(bytes, &back), HF_OK);
	assert_true(back.resets == 7 && back.other_version == 0x01020003 && back.mode_id == HF_MODE_ID_SINGLE);
	assert_int_equal(hf_report_resets(bytes, HF_CAUSE_NORMAL), 8);
	assert_int_equal(hf_report_resets(bytes, HF_CAUSE_REFUSED), 8);
	assert_int_equal(hf_report_resets(bytes, HF_CAUSE_CONFIRMED), 0);
	r.resets = 255;
	hf_report_encode(&r, bytes);
	assert_int_equal(hf_report_resets(bytes, HF_CAUSE_NORMAL), 255);
	bytes[40] ^= 1;
	assert_int_equal(hf_report_resets(bytes, HF_CAUSE_NORMAL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gone_from_the_start), cmocka_unit_test(test_gone_in_the_middle), cmocka_unit_test(test_full_of_old_data),
		cmocka_unit_test(test_plan), cmocka_unit_test(test_facts), cmocka_unit_test(test_install_after_update),
		cmocka_unit_test(test_install_refusals),
		cmocka_unit_test(test_install_damaged), cmocka_unit_test(test_counter_rises_after_confirm), cmocka_unit_test(test_lost_counter),
		cmocka_unit_test(test_counter_of_one_slot), cmocka_unit_test(test_single_stops), cmocka_unit_test(test_overwrite),
		cmocka_unit_test(test_overwrite_copies_again), cmocka_unit_test(test_report),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
