/* SPDX-License-Identifier: MIT */
/* One boot from every trailer state, beside what MCUboot made of it: the images, and the trailers that applications read.
 *
 * Source   mcuboot-boot-outcome.csv in the folder that HOLDFAST_REFERENCE names: mcu-tools/mcuboot 2d4bacc3, run. 2,916 states of the
 *          trailers in three swap modes, with an update that is valid, damaged or not bootable; the rows are those in which something
 *          changed. Here each state is a boot of the core, with its journal. Every field is alike, or the difference is one of those
 *          listed, with its reason.
 */
#include "decision_rig.h"

#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static uint32_t stride = 1; /* of the states; the argument */

enum outcome_field { OUT_PRIMARY, OUT_SECONDARY, OUT_P_TRAILER, OUT_S_TRAILER, OUT_FIELDS };

/* What ours differs in, and why. */
enum outcome_rule {
	OUT_SAME,
	OUT_REVERT,      /* theirs reverts, or resumes a swap, by the primary's flags alone; here only the journal says so, and it does not */
	OUT_TORN_OK,     /* theirs ignores a request with a torn image_ok for ever; here it is a test */
	OUT_TORN_MAGIC,  /* theirs leaves a torn request; here it is wiped and reported */
	OUT_WALK,        /* the old image ends one sector further than in a swap without a walking free sector */
	OUT_KEPT,        /* theirs erases a refused image; here its bytes stay, only the request goes */
	OUT_P_LEFT,      /* theirs writes image_ok, or wipes the primary's trailer, after a refusal; here nothing is written for an image that stays */
	OUT_RECORDED,    /* theirs takes the type of update from flags in the primary or from the request's copy_done; here from the request itself */
	OUT_S_LEFT,      /* nothing was asked for: theirs wipes the secondary's trailer all the same; here it is left */
	OUT_RULES,
	OUT_WRONG = OUT_RULES
};
static const char *const outcome_names[OUT_RULES] = {
	"the same", "by flags alone: here only by the journal", "torn image_ok: here a test", "torn request: here wiped",
	"old image one sector further in", "refused image: here its bytes stay", "primary's trailer: here left", "type of update: here the request's",
	"secondary's trailer: here left",
};

struct outcome {
	char primary, type;        /* A, B; type: t, p, r, n of their table */
	char secondary[3];         /* A, B, A1, B1, E */
	char p[3], s[3];           /* magic, copy_done, image_ok */
	uint8_t p_info;
};

static uint8_t outcome_info(const char *word)
{
	return (uint8_t)strtoul(word, NULL, 16);
}

static uint32_t outcome_index(const char p[3], uint8_t info, const char s[3])
{
	static const uint8_t infos[4] = { 0xff, 0x02, 0x03, 0x04 };
	static const char *const letters[6] = { "gub", "sub", "sub", "gub", "sub", "sub" };
	uint32_t index = 0;
	while (infos[index] != info)
		index++;
	for (uint32_t i = 0; i < 6; i++)
		index = index * 3 + (uint32_t)(strchr(letters[i], (i < 3 ? p : s)[i % 3]) - letters[i]);
	return index;
}

static struct outcome theirs[3][3][2916]; /* mode, image, state; type 0: nothing changes */
static const char *const outcome_modes[3] = { "scratch", "move", "offset" }, *const outcome_images[3] = { "valid", "invalid", "none" };

static uint32_t name_index(const char *const names[3], const char *name)
{
	uint32_t i = 0;
	while (i < 2 && strcmp(names[i], name) != 0)
		i++;
	assert_string_equal(names[i], name);
	return i;
}

static uint32_t outcomes_read(const char *folder)
{
	char path[512], line[512], w[20][24];
	uint32_t rows = 0;
	snprintf(path, sizeof path, "%s/mcuboot-boot-outcome.csv", folder);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL) {
		uint32_t words = 0;
		for (const char *at = line; words < 20; at += strcspn(at, ",\r\n") + 1) {
			snprintf(w[words++], sizeof w[0], "%.*s", (int)strcspn(at, ",\r\n"), at);
			if (at[strcspn(at, ",\r\n")] != ',')
				break;
		}
		if (words != 20 || line[0] == '#' || strcmp(w[0], "mode") == 0)
			continue;
		const char p[3] = { w[2][0], w[3][0], w[4][0] }, s[3] = { w[6][0], w[7][0], w[8][0] };
		struct outcome *o = &theirs[name_index(outcome_modes, w[0])][name_index(outcome_images, w[1])][outcome_index(p, outcome_info(w[5]), s)];
		*o = (struct outcome){ w[10][0], w[9][0], { w[11][0], w[11][1], 0 }, { w[12][0], w[13][0], w[14][0] }, { w[16][0], w[17][0], w[18][0] },
				       outcome_info(w[15]) };
		rows++;
	}
	fclose(file);
	return rows;
}

static char letter_of(enum hf_flag_state flag)
{
	return flag == HF_FLAG_SET ? 's' : flag == HF_FLAG_UNSET ? 'u' : 'b';
}

static void trailer_letters(uint32_t slot, char letters[3])
{
	struct hf_trailer t;
	assert_int_equal(hf_trailer_read(&flash.area[slot], app.align, &t), HF_OK);
	letters[0] = t.magic == HF_MAGIC_GOOD ? 'g' : t.magic == HF_MAGIC_UNSET ? 'u' : 'b';
	letters[1] = letter_of(t.copy_done);
	letters[2] = letter_of(t.image_ok);
}

/* What is there after our boot, in their words. */
static void outcome_ours(const uint8_t *b_bytes, struct outcome *o)
{
	static const char *const places[4] = { "A", "B", "A1", "B1" };
	struct hf_boot_result result;
	memset(o, 0, sizeof *o);
	o->primary = boot_now(&result) == IMAGE_A ? 'A' : 'B';
	strcpy(o->secondary, "?");
	for (uint32_t i = 0; i < 4; i++) {
		if (sim_holds(&flash, 1, i / 2 * flash.geometry->sector_bytes, i % 2 == 0 ? images[IMAGE_A] : b_bytes, total[i % 2]))
			strcpy(o->secondary, places[i]);
	}
	trailer_letters(0, o->p);
	trailer_letters(1, o->s);
	assert_int_equal(hf_flash_read(&flash.area[0], flash.area[0].size_bytes - 16 - 3 * app.align, &o->p_info, 1), HF_OK);
}

static enum outcome_rule primary_rule(const struct state *s, const struct outcome *t, const struct outcome *o)
{
	if (o->primary == t->primary)
		return OUT_SAME;
	if (o->primary == 'A' && s->s_magic != MAGIC_G)
		return (t->type == 'r' || (t->type == 'n' && s->p_copy_done == MAGIC_U && s->p_magic != MAGIC_B)) ? OUT_REVERT : OUT_WRONG;
	return o->primary == 'B' && s->s_magic == MAGIC_G && s->s_image_ok == MAGIC_B ? OUT_TORN_OK : OUT_WRONG;
}

/* One difference explains all fields: the first that applies. */
static enum outcome_rule outcome_compare(const struct state *s, const struct outcome *t, const struct outcome *o, enum outcome_field field)
{
	const enum outcome_rule primary = primary_rule(s, t, o);
	const bool requested = s->s_magic == MAGIC_G, permanent = s->s_image_ok == MAGIC_G;
	const bool s_wiped = memcmp(o->s, "uuu", 3) == 0;
	switch (field) {
	case OUT_PRIMARY:
		return primary;
	case OUT_SECONDARY:
		if (strcmp(o->secondary, t->secondary) == 0 || primary != OUT_SAME)
			return primary;
		if (o->primary == 'B')
			return strcmp(o->secondary, "A1") == 0 && strcmp(t->secondary, "A") == 0 ? OUT_WALK : OUT_WRONG;
		return strcmp(t->secondary, "E") == 0 && o->secondary[0] == 'B' ? OUT_KEPT : OUT_WRONG;
	case OUT_P_TRAILER:
		if (memcmp(o->p, t->p, 3) == 0 && o->p_info == t->p_info)
			return OUT_SAME;
		if (primary != OUT_SAME)
			return primary;
		if (o->primary == 'A') { /* ours: as it was */
			const bool is_left = o->p_info == s->p_swap_info && o->p[0] == "gub"[s->p_magic] && o->p[1] == "sub"[s->p_copy_done] &&
					     o->p[2] == "sub"[s->p_image_ok];
			return is_left ? OUT_P_LEFT : OUT_WRONG;
		}
		/* A test or permanent update as the request says, whatever the fields said before. */
		return memcmp(o->p, permanent ? "gss" : "gsu", 3) == 0 && o->p_info == (permanent ? 3 : 2) ? OUT_RECORDED : OUT_WRONG;
	case OUT_S_TRAILER:
		if (memcmp(o->s, t->s, 3) == 0)
			return OUT_SAME;
		if (primary != OUT_SAME)
			return primary;
		if (s->s_magic == MAGIC_B && s_wiped)
			return OUT_TORN_MAGIC;
		if (requested && s_wiped)
			return s->s_image_ok == MAGIC_B ? OUT_TORN_OK : OUT_WRONG;
		return s->s_magic == MAGIC_U && memcmp(t->s, "uuu", 3) == 0 ? OUT_S_LEFT : OUT_WRONG;
	case OUT_FIELDS:
		break;
	}
	return OUT_WRONG;
}

static uint64_t outcome_seen[OUT_FIELDS][OUT_RULES];

static void outcome_state(uint32_t m, uint32_t image, uint32_t n)
{
	static const uint8_t infos[4] = { 0xff, 0x02, 0x03, 0x04 };
	static const enum secondary kinds[3] = { SECOND_AT_0, SECOND_DAMAGED, SECOND_UNBOOTABLE };
	uint8_t damaged[TOTAL_MAX];
	struct outcome o, t = theirs[m][image][n];
	struct state s = { .p_swap_info = infos[n / 729], .p_magic = (enum field)(n / 243 % 3), .p_copy_done = (enum field)(n / 81 % 3),
			   .p_image_ok = (enum field)(n / 27 % 3), .s_magic = (enum field)(n / 9 % 3), .s_copy_done = (enum field)(n / 3 % 3),
			   .s_image_ok = (enum field)(n % 3), .secondary = kinds[image], .journal = true };
	const bool due = t.type == 'r' || (s.p_magic == MAGIC_G && s.p_copy_done == MAGIC_U && s.s_magic != MAGIC_G && s.p_swap_info == 4);
	s.one_in = m == 2 && !due;
	if (t.type == 0) /* not listed: nothing changes */
		t = (struct outcome){ 'A', 'n', { 'B', s.one_in ? '1' : 0, 0 }, { "gub"[s.p_magic], "sub"[s.p_copy_done], "sub"[s.p_image_ok] },
				      { "gub"[s.s_magic], "sub"[s.s_copy_done], "sub"[s.s_image_ok] }, s.p_swap_info };
	memcpy(damaged, images[IMAGE_B], sizeof damaged);
	damaged[500] = 0x55;
	put_state(&s);
	outcome_ours(image == 0 ? images[IMAGE_B] : image == 1 ? damaged : unbootable, &o);
	for (enum outcome_field f = OUT_PRIMARY; f < OUT_FIELDS; f++) {
		const enum outcome_rule rule = outcome_compare(&s, &t, &o, f);
		if (rule == OUT_WRONG)
			fail_msg("%s %s, %s, field %d: theirs %c %s %.3s %02x %.3s, ours %c %s %.3s %02x %.3s", outcome_modes[m], outcome_images[image],
				 state_text(&s), f, t.primary, t.secondary, t.p, t.p_info, t.s, o.primary, o.secondary, o.p, o.p_info, o.s);
		outcome_seen[f][rule]++;
	}
}

/* Where the journal knows of the trial, what the primary's flags say is taken back as theirs is, with the same trailers afterwards. */
static uint64_t reverts_alike(void)
{
	struct sim_sector *on_trial[2 * SECTORS];
	struct hf_boot_result result;
	struct hf_upload up;
	uint64_t alike = 0;
	assert_int_equal(hf_upload_begin(&up, &app, total[IMAGE_B], NULL, 0), HF_OK);
	assert_int_equal(hf_upload_write(&up, images[IMAGE_B], total[IMAGE_B]), HF_OK);
	assert_int_equal(hf_app_request(&app, false), HF_OK);
	assert_int_equal(boot_now(&result), IMAGE_B);
	assert_true(result.on_trial);
	sim_save(&flash, on_trial);
	for (uint32_t n = 0; n < 2916 * 3; n++) {
		const struct outcome *t = &theirs[n / 2916][0][n % 2916];
		const uint32_t at = n % 2916;
		struct outcome o;
		if (t->type != 'r' || at / 27 % 27 != 1) /* magic good, copy_done set, image_ok unset */
			continue;
		sim_load(&flash, on_trial);
		sim_flash_reset_buffer(&flash);
		put_trailer(1, (enum field)(at / 9 % 3), (enum field)(at / 3 % 3), (enum field)(at % 3));
		outcome_ours(images[IMAGE_B], &o);
		if (o.primary != 'A' || memcmp(o.p, t->p, 3) != 0 || memcmp(o.s, t->s, 3) != 0 || o.p_info != t->p_info)
			fail_msg("%s, revert %u: theirs %.3s %02x %.3s, ours %c %.3s %02x %.3s", outcome_modes[n / 2916], (unsigned)at, t->p, t->p_info, t->s,
				 o.primary, o.p, o.p_info, o.s);
		alike++;
	}
	sim_drop(&flash, on_trial);
	return alike;
}

static void test_against_mcuboot_outcomes(void **state)
{
	static const char *const fields[OUT_FIELDS] = { "primary's image", "secondary's image", "primary's trailer", "secondary's trailer" };
	const char *folder = getenv("HOLDFAST_REFERENCE");
	(void)state;
	if (folder == NULL)
		skip();
	assert_int_equal(outcomes_read(folder), 8664);
	for (uint32_t g = 0; g < 2; g++) {
		memset(outcome_seen, 0, sizeof outcome_seen);
		setup(&rig_geometries[g]);
		for (uint32_t n = 0; n < 2916 * 9; n += stride)
			outcome_state(n / 2916 / 3, n / 2916 % 3, n % 2916);
		sim_load(&flash, with_journal);
		const uint64_t alike = reverts_alike();
		teardown();
		printf("%s, on trial by the journal: %llu reverts alike\n", rig_geometries[g].name, (unsigned long long)alike);
		assert_true(alike > 100);
		for (uint32_t f = 0; f < OUT_FIELDS; f++) {
			printf("%s, %s:\n", rig_geometries[g].name, fields[f]);
			for (uint32_t r = 0; r < OUT_RULES; r++) {
				if (outcome_seen[f][r] != 0)
					printf("  %-50s %llu\n", outcome_names[r], (unsigned long long)outcome_seen[f][r]);
			}
		}
	}
}

int main(int argc, char **argv)
{
	if (argc > 1 && atoi(argv[1]) > 0)
		stride = (uint32_t)atoi(argv[1]);
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_against_mcuboot_outcomes) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
