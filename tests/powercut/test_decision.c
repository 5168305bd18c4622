/* SPDX-License-Identifier: MIT */
/* The decision is total: every combination of trailer states of both slots, whatever lies in them, leads to a named rule, and
 * never to a board that does not boot although an image is there that policy allows.
 *
 * Shapes   primary: magic, copy_done, image_ok, swap_info; secondary: magic, copy_done, image_ok; the image in each slot; both
 *          alignments; with a journal and without one (first start). The rules are those of docs/power-loss.md, "Decision".
 * Source   mcu-tools/mcuboot: boot/bootutil/src/bootutil_public.c (boot_swap_tables). If HOLDFAST_REFERENCE names a folder with
 *          mcuboot-decision-table.csv, each of its rows is compared and every difference must be one of the three listed.
 */
#include <holdfast/app.h>
#include <holdfast/boot.h>

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

enum image { IMAGE_A = 0, IMAGE_B = 1, IMAGE_COUNT = 2, IMAGE_NONE = 2 };
enum secondary { SECOND_AT_0, SECOND_ONE_IN, SECOND_DAMAGED, SECOND_STRANGER, SECOND_SAME, SECOND_EMPTY, SECOND_KINDS };
enum primary { FIRST_VALID, FIRST_DAMAGED, FIRST_EMPTY, FIRST_KINDS };
enum field { MAGIC_G, MAGIC_U, MAGIC_B, FIELD_KINDS }; /* of flags: set, unset, bad */
enum rule {
	RULE_NO_REQUEST, RULE_TORN_REQUEST, RULE_REFUSED, RULE_SAME_IMAGE, RULE_TEST, RULE_PERM, RULE_RESCUE, RULE_NOTHING, RULE_COUNT
};
static const char *const rule_names[RULE_COUNT] = {
	"no request: the primary starts", "torn request: cleared, the primary starts", "request refused: cleared, the primary starts",
	"request for what runs already: cleared", "update on trial", "update for good",
	"the primary is no image, the requested update is", "nothing that policy allows: stop with the reason",
};

struct state {
	enum field p_magic, p_copy_done, p_image_ok, s_magic, s_copy_done, s_image_ok;
	uint8_t p_swap_info;
	enum primary primary;
	enum secondary secondary;
	bool journal;
};

enum { SECTORS = 4, TOTAL_MAX = 4096 };
static const struct sim_geometry geometries[2] = {
	{ .name = "nor", .sector_bytes = 1024, .sector_count = SECTORS, .unit_bytes = 4, .align = 8, .header_bytes = 32,
	  .grain_bytes = 12, .writes_per_unit_max = 2, .needs_erase = true },
	{ .name = "rram", .sector_bytes = 960, .sector_count = SECTORS, .unit_bytes = 16, .align = 16, .header_bytes = 32,
	  .grain_bytes = 16 },
};

static struct sim_flash flash;
static struct hf_boot_config config;
static struct hf_app_config app;
static uint8_t work[1024 + 256];
static uint8_t images[IMAGE_COUNT][TOTAL_MAX], stranger[TOTAL_MAX];
static uint32_t total[IMAGE_COUNT];
static struct sim_sector *blank_start[2 * SECTORS], *with_journal[2 * SECTORS];
static uint64_t rule_seen[RULE_COUNT];
static const struct hf_mode *mode = &hf_mode_swap;
static uint32_t stride = 1; /* of the trailer states; the argument */

static void misuse(void *ctx, const char *what)
{
	(void)ctx;
	fail_msg("%s", what);
}

static enum image boot_now(struct hf_boot_result *result)
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
	}
}

static void setup(const struct sim_geometry *g)
{
	struct hf_boot_result result;
	memset(rule_seen, 0, sizeof rule_seen);
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

static void teardown(void)
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

static void put_state(const struct state *s)
{
	const uint32_t sector = flash.geometry->sector_bytes;
	const uint32_t at = s->secondary == SECOND_ONE_IN ? sector : 0;
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
		sim_poke(&flash, 1, at, s->secondary == SECOND_STRANGER ? stranger : images[IMAGE_B], total[IMAGE_B]);
	if (s->secondary == SECOND_DAMAGED)
		sim_poke(&flash, 1, 500, &damage, 1);
	put_magic(0, s->p_magic);
	put_flag(0, 1, s->p_image_ok);
	put_flag(0, 2, s->p_copy_done);
	sim_poke(&flash, 0, flash.area[0].size_bytes - 16 - 3 * flash.geometry->align, &s->p_swap_info, 1);
	put_magic(1, s->s_magic);
	put_flag(1, 1, s->s_image_ok);
	put_flag(1, 2, s->s_copy_done);
}

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

static const char *state_text(const struct state *s)
{
	static char text[160];
	snprintf(text, sizeof text, "%s primary %d (magic %d copy_done %d image_ok %d info %02x) secondary %d (%d %d %d) journal %d",
		 flash.geometry->name, s->primary, s->p_magic, s->p_copy_done, s->p_image_ok, s->p_swap_info, s->secondary, s->s_magic,
		 s->s_copy_done, s->s_image_ok, s->journal);
	return text;
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
	all_trailers(&geometries[0]);
}

static void test_all_trailers_rram(void **state)
{
	(void)state;
	all_trailers(&geometries[1]);
}

static void test_all_trailers_overwrite(void **state)
{
	(void)state;
	mode = &hf_mode_overwrite;
	for (uint32_t g = 0; g < 2; g++)
		all_trailers(&geometries[g]);
	mode = &hf_mode_swap;
}

/* A verified image in the secondary is installed without a request only if policy says so. */
static void test_bootstrap(void **state)
{
	(void)state;
	for (uint32_t g = 0; g < 2; g++) {
		setup(&geometries[g]);
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
