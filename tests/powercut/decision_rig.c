/* SPDX-License-Identifier: MIT */
#include "decision_rig.h"

#include "crypto_sim.h"

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

const struct sim_geometry rig_geometries[2] = {
	{ .name = "nor", .sector_bytes = 1024, .sector_count = SECTORS, .unit_bytes = 4, .align = 8, .header_bytes = 32,
	  .grain_bytes = 12, .writes_per_unit_max = 2, .needs_erase = true },
	{ .name = "rram", .sector_bytes = 960, .sector_count = SECTORS, .unit_bytes = 16, .align = 16, .header_bytes = 32,
	  .grain_bytes = 16 },
};

struct sim_flash flash;
struct hf_boot_config config;
struct hf_app_config app;
static uint8_t work[1024 + 256];
uint8_t images[IMAGE_COUNT][TOTAL_MAX], unbootable[TOTAL_MAX];
static uint8_t stranger[TOTAL_MAX];
uint32_t total[IMAGE_COUNT];
struct sim_sector *with_journal[2 * SECTORS];
static struct sim_sector *blank_start[2 * SECTORS];
const struct hf_mode *mode = &hf_mode_swap;

static void misuse(void *ctx, const char *what)
{
	(void)ctx;
	fail_msg("%s", what);
}

enum image boot_now(struct hf_boot_result *result)
{
	for (uint32_t n = 0; n < 4; n++) {
		memset(work, 0x5a, sizeof work);
		hf_boot_run(&config, result);
		assert_int_equal(flash.buffered, 0);
		if (result->action != HF_BOOT_RESET)
			break;
	}
	assert_int_not_equal(result->action, HF_BOOT_RESET);
	if (result->action == HF_BOOT_STOP) {
		assert_int_not_equal(result->stop.reason, HF_OK);
		return IMAGE_NONE;
	}
	assert_int_equal(result->verdict.token, HF_ACCEPTED);
	for (uint32_t i = 0; i < IMAGE_COUNT; i++) {
		if (sim_holds(&flash, 0, 0, images[i], total[i]))
			return (enum image)i;
	}
	fail_msg("what starts is neither image");
	return IMAGE_NONE;
}

static void make_images(const struct sim_geometry *g)
{
	for (uint32_t i = 0; i < IMAGE_COUNT; i++) {
		struct sim_image_spec spec = { .total_bytes = 2 * g->sector_bytes - 24 * (i + 1), .header_bytes = (uint16_t)g->header_bytes,
					       .version = { 1, (uint8_t)i, 0, 0 }, .key = &sim_keys_p256[0], .entry_addr = 100, .seed = i };
		total[i] = spec.total_bytes;
		sim_image_make(&spec, images[i]);
		spec.key = &sim_keys_p256[1];
		sim_image_make(&spec, stranger);
		spec.key = &sim_keys_p256[0];
		spec.flags = HF_IMAGE_F_NON_BOOTABLE;
		sim_image_make(&spec, unbootable);
	}
}

void setup(const struct sim_geometry *g)
{
	struct hf_boot_result result;
	assert_true(sim_flash_make(&flash, g));
	flash.observer.misuse = misuse;
	make_images(g);
	config = (struct hf_boot_config){ .primary = &flash.area[0], .secondary = &flash.area[1], .mode = mode,
					  .crypto = &sim_crypto, .keys = sim_keys_p256, .key_count = 1, .align = g->align,
					  .generation_seed = 77, .work = work, .work_bytes = sizeof work };
	app = (struct hf_app_config){ .primary = &flash.area[0], .secondary = &flash.area[1], .align = g->align,
				      .size_max = mode->size_max(flash.area[0].size_bytes, flash.area[1].size_bytes,
									g->sector_bytes, g->align) };
	sim_save(&flash, blank_start);
	sim_poke(&flash, 0, 0, images[IMAGE_A], total[IMAGE_A]);
	assert_int_equal(boot_now(&result), IMAGE_A);
	sim_save(&flash, with_journal);
}

void teardown(void)
{
	sim_drop(&flash, blank_start);
	sim_drop(&flash, with_journal);
	sim_flash_free(&flash);
}

/* ---- putting a state into flash */

static void put_flag(uint32_t slot, uint32_t nth, enum field field)
{
	const uint8_t value = field == MAGIC_G ? 0x01 : 0x5a;
	if (field != MAGIC_U)
		sim_poke(&flash, slot, flash.area[slot].size_bytes - 16 - nth * flash.geometry->align, &value, 1);
}

static void put_magic(uint32_t slot, enum field field)
{
	static const uint8_t magics[2][16] = {
		{ 0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f, 0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80 },
		{ 0x10, 0x00, 0x2d, 0xe1, 0x5d, 0x29, 0x41, 0x0b, 0x8d, 0x77, 0x67, 0x9c, 0x11, 0x0f, 0x1f, 0x8a },
	};
	const uint8_t *magic = magics[flash.geometry->align == 16];
	if (field != MAGIC_U)
		sim_poke(&flash, slot, flash.area[slot].size_bytes - 16, magic, field == MAGIC_G ? 16 : 9);
}

void put_trailer(uint32_t slot, enum field magic, enum field copy_done, enum field image_ok)
{
	put_magic(slot, magic);
	put_flag(slot, 1, image_ok);
	put_flag(slot, 2, copy_done);
}

void put_state(const struct state *s)
{
	const uint32_t sector = flash.geometry->sector_bytes;
	const uint32_t at = s->secondary == SECOND_ONE_IN || s->one_in ? sector : 0;
	const uint8_t damage = 0x55;
	sim_load(&flash, s->journal ? with_journal : blank_start);
	sim_flash_reset_buffer(&flash);
	for (uint32_t i = 0; i + 1 < SECTORS; i++)
		sim_poke_blank(&flash, 0, i);
	for (uint32_t i = 0; i < SECTORS; i++)
		sim_poke_blank(&flash, 1, i);
	if (s->primary != FIRST_EMPTY)
		sim_poke(&flash, 0, 0, images[IMAGE_A], total[IMAGE_A]);
	if (s->primary == FIRST_DAMAGED)
		sim_poke(&flash, 0, 500, &damage, 1);
	if (s->secondary == SECOND_SAME)
		sim_poke(&flash, 1, 0, images[IMAGE_A], total[IMAGE_A]);
	else if (s->secondary != SECOND_EMPTY)
		sim_poke(&flash, 1, at, s->secondary == SECOND_STRANGER ? stranger : s->secondary == SECOND_UNBOOTABLE ? unbootable : images[IMAGE_B],
			 total[IMAGE_B]);
	if (s->secondary == SECOND_DAMAGED)
		sim_poke(&flash, 1, at + 500, &damage, 1);
	put_trailer(0, s->p_magic, s->p_copy_done, s->p_image_ok);
	sim_poke(&flash, 0, flash.area[0].size_bytes - 16 - 3 * flash.geometry->align, &s->p_swap_info, 1);
	put_trailer(1, s->s_magic, s->s_copy_done, s->s_image_ok);
}

const char *state_text(const struct state *s)
{
	static char text[160];
	snprintf(text, sizeof text, "%s primary %d (magic %d copy_done %d image_ok %d info %02x) secondary %d (%d %d %d) journal %d",
		 flash.geometry->name, s->primary, s->p_magic, s->p_copy_done, s->p_image_ok, s->p_swap_info, s->secondary, s->s_magic,
		 s->s_copy_done, s->s_image_ok, s->journal);
	return text;
}
