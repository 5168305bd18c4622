/* SPDX-License-Identifier: MIT */
/* The planner's arithmetic: layouts of every board and mode, limits against figures run on MCUboot, choices over all sizes, settings
 * against the table of symbols. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include <boardopt.h>
#include <partitions_write.h>
#include <plan_boardfile.h>
#include <plan_files.h>
#include <plan_input.h>
#include <plan_show.h>
#include <plan_write.h>
#include <textdiff.h>

static struct plan_choice choice;

static struct plan_choice *choose(const struct plan_board *board, const struct plan_sdk *sdk, uint32_t size, uint32_t wishes)
{
	choice = (struct plan_choice){ .board = board, .sdk = sdk, .wishes = wishes };
	choice.app.size_bytes = size;
	choice.app.kind = "size";
	plan_choose(&choice);
	return &choice;
}

static const struct plan_option *option_of(const struct plan_choice *c, const char *mode)
{
	for (size_t i = 0; i < c->count; i++) {
		if (strcmp(c->options[i].mode->name, mode) == 0)
			return &c->options[i];
	}
	return NULL;
}

/* --- layouts ---------------------------------------------------------------------------------------------------------------------- */

static void check_layout(const struct plan_board *b, const struct plan_mode *mode, const struct plan_layout *layout)
{
	uint32_t end = 0;
	bool external = false;
	for (size_t i = 0; i < layout->count; i++) {
		const struct plan_part *p = &layout->parts[i];
		uint32_t total = p->external ? b->external.bytes : p->outside ? b->flash_bytes : b->region_bytes;
		if (p->external && !external) {
			external = true;
			end = 0;
		}
		assert_true(p->external == external);
		assert_true(p->bytes > 0);
		assert_true(p->addr >= end);
		assert_int_equal(p->addr % b->sector_bytes, 0);
		assert_int_equal(p->bytes % b->sector_bytes, 0);
		end = p->addr + p->bytes;
		assert_true(end <= total);
		/* Inside, no byte is forgotten: what is left over is a part too. */
		if (!external && i + 1 < layout->count && !layout->parts[i + 1].external)
			assert_int_equal(layout->parts[i + 1].addr, end);
	}
	assert_true(external == mode->external);
	assert_non_null(plan_part_of(layout, PLAN_BOOT));
	assert_non_null(plan_part_of(layout, PLAN_PRIMARY));
	assert_false(plan_part_of(layout, PLAN_PRIMARY)->external);
	assert_true((plan_part_of(layout, PLAN_SECONDARY) == NULL) == mode->recovery_only);
}

/* What MCUboot refuses at run time: see swap_move.c, swap_offset.c, swap_scratch.c. */
static void check_shape(const struct plan_board *b, const struct plan_mode *mode, const struct plan_layout *layout)
{
	const struct plan_part *p = plan_part_of(layout, PLAN_PRIMARY), *s = plan_part_of(layout, PLAN_SECONDARY);
	if (s == NULL || mode->shape == PLAN_SHAPE_HOLDFAST)
		return;
	uint32_t n0 = p->bytes / b->sector_bytes, n1 = s->bytes / b->sector_bytes;
	if (mode->limit == PLAN_LIMIT_MOVE)
		assert_true(n0 == n1 || n0 == n1 + 1);
	else if (mode->limit == PLAN_LIMIT_OFFSET)
		assert_true(n0 == n1 || n1 == n0 + 1);
	else if (mode->limit == PLAN_LIMIT_SCRATCH || mode->limit == PLAN_LIMIT_FIELDS)
		assert_int_equal(n0, n1);
}

static void test_layouts(void **state)
{
	(void)state;
	size_t checked = 0;
	for (size_t b = 0; b < plan_board_count; b++) {
		const struct plan_choice *c = choose(&plan_boards[b], NULL, 0, 0);
		for (size_t i = 0; i < c->count; i++) {
			const struct plan_option *o = &c->options[i];
			if (o->why_not == PLAN_NO_EXTERNAL) {
				assert_int_equal(c->board->external.bytes, 0);
				continue;
			}
			check_layout(c->board, o->mode, &o->layout);
			check_shape(c->board, o->mode, &o->layout);
			checked++;
		}
	}
	assert_true(checked > 100);
}

/* --- limits ----------------------------------------------------------------------------------------------------------------------- */

/* Run on MCUboot 2d4bacc3 with equal slots: an image that ends exactly there was accepted. */
static void test_limits_of_mcuboot(void **state)
{
	(void)state;
	static const struct {
		const char *board, *mode;
		uint32_t slot, limit;
	} rows[] = {
		{ "nrf52840dk", "swap-move", 0x76000, 475136 }, { "nrf52840dk", "swap-offset", 0x76000, 475136 },
		{ "nrf52840dk", "swap-scratch", 0x76000, 481864 }, { "nrf52840dk", "overwrite", 0x76000, 483288 },
		{ "nrf54l15dk", "swap-move", 0xA6000, 667648 }, { "nrf54l15dk", "swap-offset", 0xA6000, 667648 },
		{ "nrf54l15dk", "swap-scratch", 0xA6000, 671888 }, { "nrf54l15dk", "overwrite", 0xA6000, 679872 },
		{ "xiao_nrf52840", "swap-move", 0x74000, 0x72000 }, { "xiao_nrf52840", "external-move", 0xE8000, 0xE6000 },
		{ "xiao_nrf54l15", "swap-move", 0xA7000, 0xA4000 },
	};
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		const struct plan_board *b = plan_board_find(rows[i].board, NULL);
		const struct plan_mode *mode = plan_mode_find(rows[i].mode);
		struct plan_layout layout = { .count = 2, .parts = { { .role = PLAN_PRIMARY, .bytes = rows[i].slot },
								     { .role = PLAN_SECONDARY, .addr = rows[i].slot, .bytes = rows[i].slot } } };
		assert_int_equal(plan_size_max(b, mode, &layout, 0), rows[i].limit);
	}
}

static void test_limits_of_layouts(void **state)
{
	(void)state;
	const struct plan_board *b = plan_board_find("xiao_nrf52840", "");
	const struct plan_choice *c = choose(b, NULL, 0, 0);
	assert_int_equal(option_of(c, "swap-move")->size_max, 0x72000);
	assert_int_equal(option_of(c, "external-move")->size_max, 0xE6000);
	assert_int_equal(option_of(c, "single")->size_max, 0xE7FD0);
	const struct plan_layout *split = &option_of(c, "compressed")->layout;
	assert_int_equal(plan_part_of(split, PLAN_PRIMARY)->bytes, 0x88000);
	assert_int_equal(plan_part_of(split, PLAN_SECONDARY)->bytes, 0x60000);
	/* A measured image that compresses badly: 0x5FFD8 of a hundred per cent. */
	assert_int_equal(plan_size_max(b, plan_mode_find("compressed"), split, 100), 0x5FFD8);
	assert_int_equal(plan_size_max(b, plan_mode_find("compressed"), split, 50), 0x87FD8);
}

static void test_holdfast_is_one_source(void **state)
{
	(void)state;
	size_t count = 0, seen = 0;
	const struct board *const *list = board_list(&count);
	for (size_t i = 0; i < plan_board_count; i++) {
		const struct plan_choice *c = choose(&plan_boards[i], NULL, 0, 0);
		for (size_t k = 0; k < c->count; k++) {
			const struct plan_option *o = &c->options[k];
			if (o->holdfast == NULL)
				continue;
			assert_int_equal(o->size_max, boardopt_size_max(board_find(c->board->holdfast), o->holdfast));
			seen++;
		}
	}
	assert_true(count >= 2 && seen >= 4);
	/* No layout of a board is forgotten. */
	for (size_t b = 0; b < count; b++) {
		for (uint32_t l = 0; l < list[b]->layout_count; l++) {
			bool shown = false;
			for (size_t i = 0; i < plan_board_count; i++) {
				if (plan_boards[i].holdfast == NULL || strcmp(plan_boards[i].holdfast, list[b]->name) != 0)
					continue;
				const struct plan_choice *c = choose(&plan_boards[i], NULL, 0, 0);
				for (size_t k = 0; k < c->count; k++)
					shown = shown || c->options[k].holdfast == &list[b]->layouts[l];
			}
			if (!shown)
				fail_msg("no plan shows the layout %s of %s", list[b]->layouts[l].name, list[b]->name);
		}
	}
}

/* The chip's facts stand in boards/<board>/board.h too. */
static void test_boards_agree(void **state)
{
	(void)state;
	size_t compared = 0;
	for (size_t i = 0; i < plan_board_count; i++) {
		const struct plan_board *p = &plan_boards[i];
		const struct board *b = p->holdfast != NULL ? board_find(p->holdfast) : NULL;
		if (b == NULL)
			continue;
		assert_int_equal(p->flash_bytes, b->flash_bytes);
		assert_int_equal(p->sector_bytes, b->sector_bytes);
		assert_int_equal(p->unit_bytes, b->write_unit_bytes);
		assert_int_equal(p->align, b->align);
		assert_int_equal(p->header_bytes, b->header_bytes);
		assert_int_equal(p->unit_us, b->write_unit_us);
		assert_int_equal(p->erase_us, b->sector_erase_us);
		assert_int_equal(p->endurance, b->endurance_cycles);
		if (b->external.kind != 0) {
			assert_int_equal(p->external.bytes, b->external.size_bytes);
			assert_int_equal(p->external.erase_us, b->external.erase_us);
			assert_int_equal(p->external.page_us, b->external.page_us);
			assert_int_equal(p->external.endurance, b->external.endurance_cycles);
		}
		compared++;
	}
	assert_true(compared >= 6);
}

/* --- choices ---------------------------------------------------------------------------------------------------------------------- */

static void check_choice(const struct plan_choice *c)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct plan_option *o = &c->options[i];
		assert_true(o->left_bytes == (int64_t)o->size_max - (int64_t)c->app.size_bytes);
		assert_true(!o->fits || (o->left_bytes >= 0 && o->why_not == PLAN_POSSIBLE && o->mode->available));
		if ((int)i < c->recommended)
			assert_true(!o->fits || o->wishes_missing != 0);
	}
	if (c->recommended >= 0) {
		assert_true(c->options[c->recommended].fits);
		assert_int_equal(c->options[c->recommended].wishes_missing, 0);
	}
}

/* Each board, SDK and wish; sizes over the whole range and to both sides of each limit. */
static void test_choices(void **state)
{
	(void)state;
	static const uint32_t wishes[] = { 0, PLAN_WISH_BLE, PLAN_WISH_BLE | PLAN_WISH_ROLLBACK, PLAN_WISH_SERIAL | PLAN_WISH_RECOVERY,
					   PLAN_WISH_NO_PROBE, PLAN_WISH_ROLLBACK | PLAN_WISH_POWER_CUT | PLAN_WISH_RECOVERY };
	for (size_t b = 0; b < plan_board_count; b++) {
		for (size_t s = 0; s <= plan_sdk_count; s++) {
			for (size_t w = 0; w < HF_ARRAY_COUNT(wishes); w++) {
				const struct plan_sdk *sdk = s < plan_sdk_count ? &plan_sdks[s] : NULL;
				for (uint32_t size = 0; size <= 0x200000; size += 0x1F000)
					check_choice(choose(&plan_boards[b], sdk, size, wishes[w]));
			}
		}
	}
}

static void test_exact_size_fits(void **state)
{
	(void)state;
	for (size_t b = 0; b < plan_board_count; b++) {
		choose(&plan_boards[b], NULL, 0, 0);
		for (size_t i = 0; i < choice.count; i++) {
			uint32_t limit = choice.options[i].size_max;
			const struct plan_mode *mode = choice.options[i].mode;
			if (limit == 0 || choice.options[i].why_not != PLAN_POSSIBLE)
				continue;
			assert_true(choose(&plan_boards[b], NULL, limit, 0)->options[i].fits);
			assert_false(choose(&plan_boards[b], NULL, limit + 1, 0)->options[i].fits);
			choose(&plan_boards[b], NULL, 0, 0);
			assert_ptr_equal(choice.options[i].mode, mode);
		}
	}
}

static void test_order_of_preference(void **state)
{
	(void)state;
	const struct plan_board *l15 = plan_board_find("xiao_nrf54l15", ""), *xiao = plan_board_find("xiao_nrf52840", "");
	const uint32_t wish = PLAN_WISH_BLE | PLAN_WISH_ROLLBACK;
	static const struct {
		const char *sdk, *mode;
		uint32_t kb;
		bool is_xiao_840;
	} rows[] = {
		{ NULL, "holdfast-walk", 500, false }, { "ncs-2.9", "swap-move", 500, false }, { "ncs-3.3", "swap-move", 500, false },
		{ "zephyr-4.3", "swap-offset", 500, false }, { "zephyr-3.7", "swap-move", 500, false }, { "ncs-2.9", "external-move", 600, true },
		{ "zephyr-4.3", "external-offset", 600, true },
	};
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		const struct plan_sdk *sdk = rows[i].sdk != NULL ? plan_sdk_find(rows[i].sdk) : NULL;
		const struct plan_choice *c = choose(rows[i].is_xiao_840 ? xiao : l15, sdk, rows[i].kb * 1024, wish);
		assert_true(c->recommended >= 0);
		assert_string_equal(c->options[c->recommended].mode->name, rows[i].mode);
	}
	assert_int_equal(choose(l15, NULL, 900 * 1024, wish)->recommended, -1); /* nothing with a way back is that large */
	const struct plan_choice *c = choose(l15, plan_sdk_find("ncs-3.0"), 800 * 1024, PLAN_WISH_BLE);
	assert_string_equal(c->options[c->recommended].mode->name, "compressed");
	c = choose(l15, plan_sdk_find("zephyr-4.3"), 800 * 1024, 0); /* plain Zephyr has no compressed images */
	assert_string_equal(c->options[c->recommended].mode->name, "single");
}

static void test_times_and_wear(void **state)
{
	(void)state;
	const struct plan_board *dk = plan_board_find("nrf52840dk", NULL), *l15 = plan_board_find("nrf54l15dk", NULL);
	/* 100 sectors of 85 ms + 42 ms, twice, and four erases; the walk as the explorer counts it: 2N + 4 erases. */
	assert_in_range(plan_update_ms(dk, plan_mode_find("holdfast-walk"), 409600), 25700, 25800);
	assert_in_range(plan_update_ms(dk, plan_mode_find("swap-move"), 409600), 38400, 38500);
	assert_in_range(plan_update_ms(l15, plan_mode_find("swap-offset"), 409600), 4500, 4510);
	assert_int_equal(plan_update_ms(dk, plan_mode_find("direct-xip"), 409600), 0);
	struct plan_layout layout;
	assert_true(plan_layout_make(dk, plan_mode_find("swap-scratch"), &layout));
	assert_int_equal(plan_updates(dk, plan_mode_find("swap-scratch"), &layout, 409600), 10000 / (13 + 2));
	assert_int_equal(plan_updates(dk, plan_mode_find("holdfast-walk"), &(struct plan_layout){ .count = 0 }, 409600), 3333);
	assert_int_equal(plan_updates(dk, plan_mode_find("swap-move"), &(struct plan_layout){ .count = 0 }, 409600), 5000);
}

/* --- files ------------------------------------------------------------------------------------------------------------------------ */

static bool is_set(const struct bytes *text, const char *symbol, char *value, size_t size)
{
	char *line = host_printf("\n%s=", symbol), *all = host_printf("%.*s", (int)text->size, (const char *)text->data);
	const char *at = strstr(all, line);
	if (at != NULL)
		(void)snprintf(value, size, "%.*s", (int)strcspn(at + strlen(line), "\n"), at + strlen(line));
	free(line);
	free(all);
	return at != NULL;
}

/* "A B !C": each A is y in the same file, each C is not. */
static void check_needs(const struct plan_symbol *symbol, const struct bytes *text)
{
	for (const char *at = symbol->needs; *at != '\0';) {
		char word[96], value[96] = "";
		size_t length = strcspn(at, " ");
		(void)snprintf(word, sizeof word, "%.*s", (int)length, at);
		bool negated = word[0] == '!', set = is_set(text, word + negated, value, sizeof value);
		if (negated ? set && strcmp(value, "n") != 0 : !set || strcmp(value, "y") != 0)
			fail_msg("%s needs %s, which is %s", symbol->name, word, set ? value : "not set");
		at += length;
		at += strspn(at, " ");
	}
}

static void check_conf(const struct plan_choice *c, const struct bytes *text, enum plan_file file)
{
	char *all = host_printf("%.*s", (int)text->size, (const char *)text->data);
	for (char *line = strtok(all, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		if (line[0] == '#' || line[0] == '\0')
			continue;
		line[strcspn(line, "=")] = '\0';
		const struct plan_symbol *symbol = plan_symbol_find(line, file);
		if (symbol == NULL)
			fail_msg("%s is set and is no known symbol of this file", line);
		uint16_t since = c->sdk->family == PLAN_NCS ? symbol->since_ncs : symbol->since_zephyr;
		bool gone = c->sdk->family == PLAN_ZEPHYR && symbol->until_zephyr != 0 && c->sdk->version >= symbol->until_zephyr;
		if (since == 0 || since > c->sdk->version || gone)
			fail_msg("%s is set and %s does not have it", line, c->sdk->name);
		assert_true((file == PLAN_FILE_SYSBUILD) == (strncmp(line, "SB_CONFIG_", 10) == 0));
		if (!(strcmp(line, "CONFIG_BOOT_SERIAL_ENTRANCE_GPIO") == 0))
			check_needs(symbol, text);
	}
	free(all);
}

static const struct plan_text *file_named(const struct plan_files *files, const char *name)
{
	for (size_t i = 0; i < files->count; i++) {
		if (strcmp(files->list[i].name, name) == 0)
			return &files->list[i];
	}
	return NULL;
}

/* Each line of each file that any plan writes is known to the table, in this SDK, with what it needs. */
static void test_files_hold_known_settings(void **state)
{
	(void)state;
	size_t written = 0;
	static const uint32_t wishes[] = { 0, PLAN_WISH_BLE | PLAN_WISH_USB | PLAN_WISH_RECOVERY, PLAN_WISH_SERIAL };
	for (size_t b = 0; b < plan_board_count; b++) {
		for (size_t s = 0; s < plan_sdk_count * 2; s++) {
			const struct plan_choice *c = choose(&plan_boards[b], &plan_sdks[s / 2], 0, wishes[(b + s) % 3]);
			for (size_t i = 0; i < c->count; i++) {
				struct plan_files files;
				if (!c->options[i].fits)
					continue;
				plan_files_make(c, &c->options[i], s % 2 == 0 ? PLAN_FORM_AUTO : PLAN_FORM_PM, &files);
				check_conf(c, &file_named(&files, "sysbuild.conf")->text, PLAN_FILE_SYSBUILD);
				check_conf(c, &file_named(&files, "sysbuild/mcuboot.conf")->text, PLAN_FILE_MCUBOOT);
				check_conf(c, &file_named(&files, "prj.conf")->text, PLAN_FILE_APP);
				plan_files_free(&files);
				written++;
			}
		}
	}
	assert_true(written > 1000);
}

/* Every row of the table of symbols is used by some line, and the other way round. */
static void test_symbols_are_used(void **state)
{
	(void)state;
	for (size_t i = 0; i < plan_symbol_count; i++) {
		bool used = strstr(plan_symbols[i].name, "_MODE_") != NULL || strstr(plan_symbols[i].name, "_SIGNATURE_TYPE_") != NULL;
		for (size_t k = 0; k < plan_line_count && !used; k++)
			used = plan_lines[k].file == plan_symbols[i].file && strcmp(plan_lines[k].symbol, plan_symbols[i].name) == 0;
		if (!used)
			fail_msg("%s is in the table and nothing sets it", plan_symbols[i].name);
	}
	for (size_t k = 0; k < plan_line_count; k++)
		assert_true(strlen(plan_lines[k].why) > 10);
}

/* --- small things ----------------------------------------------------------------------------------------------------------------- */

static void test_names(void **state)
{
	(void)state;
	assert_ptr_equal(plan_board_find("XIAO_BLE", NULL), plan_board_find("xiao_nrf52840", ""));
	assert_string_equal(plan_board_find("xiao_ble/nrf52840/sense", "uf2")->stem, "xiao_ble_nrf52840_sense");
	assert_null(plan_board_find("xiao_nrf54l15", "uf2"));
	assert_string_equal(plan_sdk_find("NCS v2.9.1")->name, "ncs-2.9");
	assert_string_equal(plan_sdk_find("zephyr-4.1")->name, "zephyr-4.1");
	assert_null(plan_sdk_find("ncs-9.9"));
	assert_null(plan_sdk_find("ncs-2.9x"));
	assert_non_null(plan_stranger_find("XIAO_RP2040"));
	uint32_t size = 0;
	struct problem problem;
	assert_int_equal(plan_size_parse("x", "640K", &size, &problem), HF_OK);
	assert_int_equal(size, 655360);
	assert_int_equal(plan_size_parse("x", "0xA0000", &size, &problem), HF_OK);
	assert_int_equal(size, 0xA0000);
	assert_int_equal(plan_size_parse("x", "1.5M", &size, &problem), HF_OK);
	assert_int_equal(size, 1572864);
	static const char *const bad[] = { "", "K", "12Q", "-5", "1e99", "640KK", "0x", "999999999999", "nan", " 5" };
	for (size_t i = 0; i < HF_ARRAY_COUNT(bad); i++)
		assert_int_equal(plan_size_parse("x", bad[i], &size, &problem), HF_R_HOST_OPTION_VALUE);
}

static struct bytes text_of(const char *text)
{
	struct bytes bytes = { 0 };
	bytes_add(&bytes, text, strlen(text));
	return bytes;
}

static void test_merge(void **state)
{
	(void)state;
	struct bytes there = text_of("# mine\nCONFIG_A=1\n# CONFIG_FLASH is not set\nCONFIG_FLASHY=y\n"), planned = text_of("\n# why\nCONFIG_FLASH=y\n");
	struct bytes once = { 0 }, twice = { 0 };
	plan_merge_conf(&there, &planned, &once);
	bytes_add(&once, "", 1);
	const char *text = (const char *)once.data;
	assert_non_null(strstr(text, "# mine\nCONFIG_A=1\nCONFIG_FLASHY=y\n"));
	assert_null(strstr(text, "is not set"));
	once.size--;
	plan_merge_conf(&once, &planned, &twice);
	assert_int_equal(once.size, twice.size);
	assert_memory_equal(once.data, twice.data, once.size);
	struct bytes diff = { 0 };
	textdiff("f", "as planned", &there, &once, &diff);
	bytes_add(&diff, "", 1);
	assert_non_null(strstr((const char *)diff.data, "\n- # CONFIG_FLASH is not set\n"));
	assert_non_null(strstr((const char *)diff.data, "\n+ CONFIG_FLASH=y\n"));
	assert_non_null(strstr((const char *)diff.data, "\n  CONFIG_A=1\n"));
	struct bytes *all[] = { &there, &planned, &once, &twice, &diff };
	for (size_t i = 0; i < HF_ARRAY_COUNT(all); i++)
		bytes_free(all[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts), cmocka_unit_test(test_limits_of_mcuboot), cmocka_unit_test(test_limits_of_layouts),
		cmocka_unit_test(test_holdfast_is_one_source), cmocka_unit_test(test_boards_agree), cmocka_unit_test(test_choices),
		cmocka_unit_test(test_exact_size_fits), cmocka_unit_test(test_order_of_preference), cmocka_unit_test(test_times_and_wear),
		cmocka_unit_test(test_files_hold_known_settings), cmocka_unit_test(test_symbols_are_used), cmocka_unit_test(test_names),
		cmocka_unit_test(test_merge),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
