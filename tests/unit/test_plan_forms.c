/* SPDX-License-Identifier: MIT */
/* Both forms of every plan, written and read back by the doctor's readers: the same partitions, and those of the plan. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include <bytes.h>
#include <partitions.h>
#include <plan_files.h>
#include <plan_write.h>

static const struct bytes *text_named(const struct plan_files *files, const char *begin)
{
	for (size_t i = 0; i < files->count; i++) {
		if (strncmp(files->list[i].name, begin, strlen(begin)) == 0)
			return &files->list[i].text;
	}
	return NULL;
}

static void check_roles(const struct partitions *read, const struct plan_layout *layout)
{
	static const struct {
		enum partition_role role;
		enum plan_role part;
	} pairs[] = { { PARTITION_BOOT, PLAN_BOOT }, { PARTITION_PRIMARY, PLAN_PRIMARY }, { PARTITION_SECONDARY, PLAN_SECONDARY },
		      { PARTITION_SCRATCH, PLAN_SCRATCH }, { PARTITION_SETTINGS, PLAN_SETTINGS } };
	for (size_t i = 0; i < HF_ARRAY_COUNT(pairs); i++) {
		const struct partition *is = partitions_of(read, pairs[i].role);
		const struct plan_part *planned = plan_part_of(layout, pairs[i].part);
		assert_true((is != NULL) == (planned != NULL));
		if (is == NULL)
			continue;
		assert_int_equal(is->addr, planned->addr);
		assert_int_equal(is->size, planned->bytes);
		assert_true(partition_is_internal(is) == !planned->external);
	}
}

/* Pad and code of a slot that an image is linked into: adjoining, together the slot, the pad as large as the header. */
static void check_pad(const struct partitions *read, uint32_t header_bytes)
{
	const struct partition *pad = partitions_of(read, PARTITION_PAD), *app = partitions_of(read, PARTITION_APP);
	const struct partition *primary = partitions_of(read, PARTITION_PRIMARY);
	assert_non_null(pad);
	assert_non_null(app);
	assert_int_equal(pad->addr, primary->addr);
	assert_int_equal(pad->size, header_bytes);
	assert_int_equal(app->addr, pad->end);
	assert_int_equal(app->end, primary->end);
	for (size_t i = 0; i < read->count; i++)
		assert_int_equal(read->list[i].addr + read->list[i].size, read->list[i].end);
}

static void check_plan(const struct plan_choice *c, const struct plan_option *o)
{
	struct plan_files files;
	struct partitions app = { 0 }, loader = { 0 }, pm = { 0 };
	struct problem problem;
	enum partition_role differs;
	plan_files_make(c, o, PLAN_FORM_PM, &files);
	assert_int_equal(partitions_read_dts("app", text_named(&files, "boards/"), &app, &problem), HF_OK);
	assert_int_equal(partitions_read_dts("loader", text_named(&files, "sysbuild/mcuboot.overlay"), &loader, &problem), HF_OK);
	assert_true(partitions_agree(&app, &loader, &differs));
	check_roles(&app, &o->layout);
	if (c->sdk->partition_manager) {
		assert_int_equal(partitions_read_yaml("pm", text_named(&files, "pm_static"), &pm, &problem), HF_OK);
		assert_true(partitions_agree(&app, &pm, &differs));
		check_roles(&pm, &o->layout);
		check_pad(&pm, c->board->header_bytes);
	}
	partitions_free(&app);
	partitions_free(&loader);
	partitions_free(&pm);
	plan_files_free(&files);
}

static void test_forms(void **state)
{
	(void)state;
	static struct plan_choice choice;
	size_t checked = 0;
	for (size_t b = 0; b < plan_board_count; b++) {
		for (size_t s = 0; s < plan_sdk_count; s += 3) {
			choice = (struct plan_choice){ .board = &plan_boards[b], .sdk = &plan_sdks[s], .wishes = PLAN_WISH_RECOVERY | PLAN_WISH_USB };
			plan_choose(&choice);
			for (size_t i = 0; i < choice.count; i++) {
				if (choice.options[i].why_not != PLAN_POSSIBLE)
					continue;
				check_plan(&choice, &choice.options[i]);
				checked++;
			}
		}
	}
	assert_true(checked > 400);
}

/* Any part that moves, grows, goes outside, comes or goes is a difference; nothing else is. */
static void test_lock(void **state)
{
	(void)state;
	struct plan_lock lock = { .is_there = true };
	const struct plan_board *board = plan_board_find("xiao_nrf52840", "");
	assert_true(plan_layout_make(board, plan_mode_find("swap-scratch"), &lock.layout));
	assert_null(plan_lock_differs(&lock, &lock.layout));
	for (size_t i = 0; i < lock.layout.count; i++) {
		for (unsigned change = 0; change < 4; change++) {
			struct plan_layout other = lock.layout;
			struct plan_part *part = &other.parts[i];
			bool is_locked = part->role != PLAN_SPARE && part->role != PLAN_RESERVED;
			part->addr += change == 0 ? 4096 : 0;
			part->bytes -= change == 1 ? 4096 : 0;
			part->external = change == 2;
			if (change == 3)
				part->role = PLAN_SPARE;
			char *differs = plan_lock_differs(&lock, &other);
			assert_true((differs != NULL) == is_locked);
			free(differs);
		}
	}
}

/* Each names its line or its limit, and leaves nothing behind. */
static void broken_files(void **state)
{
	static const struct {
		const char *text, *said;
		bool is_dts;
	} cases[] = { { "app: {address: 0x0\n  size: [\n", "line ", false },
		      { "app:\n\taddress: 0\n", "line 2", false },
		      { "/ {\n\tflash {\n", "line ", true },
		      { "/ { label = \"open\n; };", "line 2", true } };
	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(cases); i++) {
		struct partitions read = { 0 };
		struct problem problem = { 0 };
		struct bytes text = { 0 };
		bytes_add(&text, cases[i].text, strlen(cases[i].text));
		if (cases[i].is_dts)
			assert_int_equal(partitions_read_dts("file", &text, &read, &problem), HF_R_HOST_LAYOUT_DTS);
		else
			assert_int_equal(partitions_read_yaml("file", &text, &read, &problem), HF_R_HOST_LAYOUT_YAML);
		assert_string_equal(problem.subject, "file");
		assert_non_null(strstr(problem.detail, cases[i].said));
		assert_int_equal(problem_exit_code(problem.reason), EXIT_CODE_FILE);
		assert_int_equal(read.count, 0);
		bytes_free(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_forms), cmocka_unit_test(test_lock), cmocka_unit_test(broken_files) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
