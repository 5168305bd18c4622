/* SPDX-License-Identifier: MIT */
/* The largest image of every layout that there is (boards/): its mode's size_max(), to the byte. On flash of that layout's sizes and kinds
 * the core puts it in the way its mode does: swapped and taken back, copied over, uploaded in recovery. One byte more is refused by the
 * application's upload, by recovery's, by the loader that finds it requested, and by the loader that finds it in the primary.
 * tests/cli/files.py signs images of these sizes, tests/emu/test_largest.c runs two of the layouts on the loaders that ship. */
#include <boards/boards.h>
#include <holdfast/app.h>
#include <holdfast/config.h>
#include <holdfast/recovery.h>

#include "crypto_sim.h"
#include "flash_sim.h"

#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

void hf_assert_failed(uint32_t line)
{
	fail_msg("assert in line %u of the core", (unsigned)line);
	abort();
}

enum image { IMAGE_OLD, IMAGE_NEW, IMAGE_LARGER, IMAGE_COUNT, IMAGE_NONE = IMAGE_COUNT };
enum { WORK_MAX = 8192 + 256, CHUNK_BYTES = 1000 };

static struct sim_flash flash;
static struct sim_geometry geometry;
static struct hf_boot_config config;
static struct hf_app_config app;
static struct hf_boot_result result;
static uint8_t *images[IMAGE_COUNT], work[WORK_MAX];
static uint32_t total[IMAGE_COUNT];

static void misuse(void *ctx, const char *what)
{
	(void)ctx;
	fail_msg("%s", what);
}

static const struct hf_mode *mode_of(const struct board_layout *layout)
{
	static const struct hf_mode *const modes[] = { &hf_mode_swap, &hf_mode_overwrite, &hf_mode_single };
	for (size_t i = 0; i < HF_ARRAY_COUNT(modes); i++) {
		if (modes[i]->id == layout->mode_id)
			return modes[i];
	}
	fail_msg("layout %s has no mode", layout->name);
	return NULL;
}

static struct sim_geometry geometry_of(const struct board *b, const struct board_layout *l)
{
	struct sim_geometry g = { .name = l->name, .sector_bytes = b->sector_bytes, .sector_count = l->primary_bytes / b->sector_bytes,
				  .unit_bytes = b->write_unit_bytes, .align = b->align, .app_align = b->align, .header_bytes = b->header_bytes,
				  .grain_bytes = b->needs_erase ? 12 : 16, .writes_per_unit_max = b->needs_erase ? 2 : 0,
				  .needs_erase = b->needs_erase != 0, .one_slot = l->secondary_bytes == 0 };
	const uint32_t sector = board_sector_bytes(b, l);
	g.second = (struct sim_slot){ .sector_bytes = sector, .sector_count = l->secondary_bytes / sector, .unit_bytes = b->write_unit_bytes,
				      .writes_per_unit_max = g.writes_per_unit_max, .needs_erase = g.needs_erase };
	if (hf_config_is_external(l->secondary_addr)) {
		g.second.unit_bytes = 4;
		g.second.writes_per_unit_max = 2;
		g.second.needs_erase = true;
	}
	if (g.one_slot)
		g.second = (struct sim_slot){ 0 };
	return g;
}

static void setup(const struct board *b, const struct board_layout *l)
{
	const struct hf_mode *mode = mode_of(l);
	const uint32_t size_max = mode->size_max(l->primary_bytes, l->secondary_bytes, board_sector_bytes(b, l), b->align);
	assert_true(size_max > l->primary_bytes / 2);
	geometry = geometry_of(b, l);
	assert_true(sim_flash_make(&flash, &geometry));
	flash.observer.misuse = misuse;
	for (uint32_t i = 0; i < IMAGE_COUNT; i++) {
		total[i] = size_max + (i == IMAGE_LARGER ? 1 : 0);
		const struct sim_image_spec spec = { .total_bytes = total[i], .header_bytes = (uint16_t)b->header_bytes, .version = { 1, (uint8_t)i, 0, 0 },
						     .key = &sim_keys_p256[0], .entry_addr = l->primary_addr + b->header_bytes + 101, .seed = i };
		images[i] = malloc(total[i]);
		assert_non_null(images[i]);
		sim_image_make(&spec, images[i]);
	}
	config = (struct hf_boot_config){ .primary = &flash.area[0], .secondary = geometry.one_slot ? NULL : &flash.area[1], .mode = mode,
					  .crypto = &sim_crypto, .keys = sim_keys_p256, .key_count = 1, .align = b->align,
					  .header_bytes = (uint16_t)b->header_bytes, .primary_addr = l->primary_addr, .run_check = true,
					  .generation_seed = 77, .work = work, .work_bytes = sizeof work, .installed = hf_recovery_installed };
	app = (struct hf_app_config){ .primary = config.primary, .secondary = config.secondary, .align = b->align, .size_max = size_max };
	sim_poke(&flash, 0, 0, images[IMAGE_OLD], total[IMAGE_OLD]);
}

static void teardown(void)
{
	for (uint32_t i = 0; i < IMAGE_COUNT; i++)
		free(images[i]);
	sim_flash_free(&flash);
}

static enum image boot(void)
{
	sim_flash_reset_buffer(&flash);
	hf_boot_run(&config, &result);
	if (result.action != HF_BOOT_START) {
		assert_int_equal(result.action, HF_BOOT_STOP);
		return IMAGE_NONE;
	}
	for (uint32_t i = 0; i < IMAGE_COUNT; i++) {
		if (sim_holds(&flash, 0, 0, images[i], total[i]) && sim_is_firm(&flash, 0, 0, total[i]))
			return (enum image)i;
	}
	fail_msg("what starts is no whole image");
	return IMAGE_NONE;
}

static void write_rest(struct hf_upload *up, enum image image)
{
	while (!hf_upload_is_complete(up)) {
		const uint32_t left = total[image] - up->next_off;
		assert_int_equal(hf_upload_write(up, images[image] + up->next_off, left < CHUNK_BYTES ? left : CHUNK_BYTES), HF_OK);
	}
}

static void ask_for(enum image image, bool permanent)
{
	struct hf_upload up;
	assert_int_equal(hf_upload_begin(&up, &app, total[image], images[image], 32), HF_OK);
	write_rest(&up, image);
	assert_int_equal(hf_app_request(&app, permanent), HF_OK);
}

/* In recovery, into the primary. */
static enum hf_reason install(enum image image)
{
	struct hf_install i;
	struct hf_verdict verdict;
	const enum hf_reason reason = hf_install_begin(&i, &config, total[image], images[image], 32, images[image], 0x800);
	if (reason != HF_OK)
		return reason;
	write_rest(&i.upload, image);
	assert_int_equal(hf_install_verify(&i, &verdict), HF_OK);
	return verdict.finding.reason;
}

static void largest_goes_in(void)
{
	if (config.secondary == NULL) {
		assert_int_equal(install(IMAGE_NEW), HF_OK);
		assert_int_equal(boot(), IMAGE_NEW);
		return;
	}
	ask_for(IMAGE_NEW, false);
	assert_int_equal(boot(), IMAGE_NEW);
	assert_true(result.on_trial == config.mode->keeps_old);
	assert_int_equal(boot(), config.mode->keeps_old ? IMAGE_OLD : IMAGE_NEW); /* not confirmed */
	ask_for(config.mode->keeps_old ? IMAGE_NEW : IMAGE_OLD, true);
	assert_int_equal(boot(), config.mode->keeps_old ? IMAGE_NEW : IMAGE_OLD);
	assert_int_equal(install(IMAGE_NEW), HF_OK); /* recovery, when asked to */
	assert_int_equal(boot(), IMAGE_NEW);
}

static void one_byte_more_is_refused(void)
{
	struct hf_upload up;
	assert_int_equal(install(IMAGE_LARGER), HF_R_SLOT_TOO_SMALL);
	assert_int_equal(boot(), IMAGE_NEW);
	if (config.secondary != NULL) {
		assert_int_equal(hf_upload_begin(&up, &app, total[IMAGE_LARGER], NULL, 0), HF_R_SLOT_TOO_SMALL);
		/* Asked for by something that has other limits, as far as it fits before the request. */
		assert_int_equal(hf_app_erase_secondary(&app, true), HF_OK);
		ask_for(IMAGE_OLD, true);
		const uint32_t room = config.secondary->size_bytes - hf_trailer_bytes(app.align);
		sim_poke(&flash, 1, 0, images[IMAGE_LARGER], total[IMAGE_LARGER] < room ? total[IMAGE_LARGER] : room);
		assert_int_equal(boot(), IMAGE_NEW);
		assert_int_equal(result.refusal.reason, HF_R_IMAGE_BEYOND_LIMIT);
		assert_int_equal(boot(), IMAGE_NEW);
	}
	/* Flashed by a programmer: what lies behind it would be the journal's. */
	sim_poke(&flash, 0, 0, images[IMAGE_LARGER], total[IMAGE_LARGER]);
	assert_int_equal(boot(), IMAGE_NONE);
	assert_int_equal(result.stop.reason, HF_R_BOOT_NOTHING);
	assert_int_equal(result.verdict.finding.reason, HF_R_IMAGE_BEYOND_LIMIT);
}

static void test_every_layout(void **state)
{
	size_t count = 0;
	uint32_t layouts = 0;
	const struct board *const *list = board_list(&count);
	(void)state;
	for (size_t b = 0; b < count; b++) {
		for (uint32_t l = 0; l < list[b]->layout_count; l++) {
			setup(list[b], &list[b]->layouts[l]);
			printf("%-14s %-19s %-9s %8u bytes\n", list[b]->name, list[b]->layouts[l].name, config.mode->name, (unsigned)app.size_max);
			(void)fflush(stdout);
			assert_int_equal(boot(), IMAGE_OLD);
			largest_goes_in();
			one_byte_more_is_refused();
			teardown();
			layouts++;
		}
	}
	assert_true(layouts >= 17);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_layout) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
