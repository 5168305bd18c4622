/* SPDX-License-Identifier: MIT */
/* The largest image that a layout takes, hf_mode_swap.size_max() to the byte: swapped in and taken back by the shipped loader within
 * 2N + 8 sector writes. One byte more is refused by `sign`, by the application's upload and by the loader, each with its number.
 * An image of the size for which the reference (docs/evidence.md) has MCUboot's figures goes the same way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <holdfast/mode.h>

#include "cuts_rig.h"

static const char *const boards[] = { "xiao_nrf52840", "xiao_nrf54l15" };

void hf_assert_failed(uint32_t line)
{
	print_error("assertion failed, line %u\n", (unsigned)line);
	abort();
}

static uint32_t size_max_of(const char *name)
{
	const struct board *board = board_find(name);
	const struct board_layout *layout = &board->layouts[0];
	return hf_mode_swap.size_max(layout->primary_bytes, layout->secondary_bytes, board->sector_bytes, board->align);
}

static void act(struct rig *rig, enum rig_act act)
{
	rig_begin(rig, act);
	if (rig_run(rig) != RIG_DONE)
		fail_msg("%s; the board said:\n%s", rig->host.why, rig->host.log);
}

/* ---- swapped and taken back */

/* One boot, and what it cost. N: sectors of the image. */
static void boot_is_bounded(struct rig *rig, const char *what, uint32_t index, bool is_move)
{
	const uint32_t sectors = rig_sectors(rig, 0), limit = 2 * sectors + 8;
	const struct vb_counters b = *vb_counters(rig->vb);
	act(rig, RIG_BOOT);
	assert_int_equal(rig->host.runs_index, index);
	assert_true(rig_primary_is(rig, index));
	const struct vb_counters *n = vb_counters(rig->vb);
	const uint64_t lines = n->lines - b.lines, words = n->words - b.words, erases = n->erases - b.erases;
	/* RRAM has no erase: the lines written, journal included, as sectors. */
	const double writes = rig->board->needs_erase ? (double)erases :
							(double)lines * rig->board->write_unit_bytes / rig->board->sector_bytes;
	const double seconds = (double)(n->loader_ns - b.loader_ns) / 1e9;
	const unsigned long long instructions = n->loader_instructions - b.loader_instructions;
	printf("evidence: {\"what\":\"sized\",\"board\":\"%s\",\"act\":\"%s\",\"image_bytes\":%u,\"sectors\":%u,"
	       "\"sector_writes\":%.1f,\"limit\":%u,\"words\":%llu,\"lines\":%llu,\"loader_instructions\":%llu,\"seconds\":%.2f}\n",
	       rig->board->name, what, (unsigned)rig->image[0].size_bytes, (unsigned)sectors, writes, (unsigned)limit,
	       (unsigned long long)words, (unsigned long long)lines, instructions, seconds);
	assert_true(writes <= limit);
	assert_true(is_move ? writes >= 2 * sectors : writes == 0);
}

static void update_and_back(const char *board, uint32_t image_bytes)
{
	struct rig rig;
	assert_true(rig_open(&rig, board, "p256", image_bytes));
	act(&rig, RIG_BOOT);
	boot_is_bounded(&rig, "plain start", 0, false);
	assert_true(rig_place(&rig, 1, 0));
	act(&rig, RIG_REQUEST);
	boot_is_bounded(&rig, "install", 1, true);
	assert_true(rig.host.on_trial);
	boot_is_bounded(&rig, "take back", 0, true);
	assert_false(rig.host.on_trial);
	rig_close(&rig);
}

static void largest_is_swapped(void **state)
{
	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(boards); i++)
		update_and_back(boards[i], size_max_of(boards[i]));
}

static void as_large_as_the_reference(void **state)
{
	(void)state;
	update_and_back("xiao_nrf52840", 225131);
}

/* ---- one byte more */

static bool file_says(const struct rig *rig, const char *name, const char *text)
{
	struct rig_file file = { 0 };
	assert_true(rig_read(rig, name, &file));
	const bool says = strstr((const char *)file.bytes, text) != NULL;
	if (!says)
		print_error("%s\n", (const char *)file.bytes);
	free(file.bytes);
	return says;
}

static void sign_refuses(struct rig *rig, uint32_t filler_bytes)
{
	char options[64], number[16];
	(void)snprintf(options, sizeof options, "--board %s --pad-sig", rig->board->name);
	(void)snprintf(number, sizeof number, "HF-%04u", (unsigned)HF_R_HOST_SIGN_BOARD_LIMIT);
	assert_true(rig_sign(rig, 1, filler_bytes - 1, options, "largest.bin")); /* so the size is the reason */
	assert_false(rig_sign(rig, 1, filler_bytes, options, "larger.bin"));
	assert_true(file_says(rig, "log", number));
}

static void upload_refuses(struct rig *rig)
{
	act(rig, RIG_BOOT);
	rig->host.image_index = 1;
	rig_begin(rig, RIG_UPLOAD);
	assert_int_equal(rig_run(rig), RIG_BAD);
	assert_int_equal(rig->host.upload.reason, HF_R_SMP_REFUSED);
	assert_int_equal(rig->host.upload.code.group, 1);
	assert_int_equal(rig->host.upload.code.rc, 30); /* image too large */
	act(rig, RIG_WHY);
	assert_int_equal(rig->host.why_reply.last, HF_R_SLOT_TOO_SMALL);
}

/* The image with a request, as a signer with other limits would make it. */
static void loader_refuses(struct rig *rig)
{
	char refused[32];
	(void)snprintf(refused, sizeof refused, "HF-%04u a=0x%08x", (unsigned)HF_R_REQUEST_REFUSED, (unsigned)HF_R_IMAGE_BEYOND_LIMIT);
	assert_true(rig_place(rig, 1, 0));
	act(rig, RIG_BOOT);
	if (strstr(rig->host.log, refused) == NULL)
		fail_msg("not %s but:\n%s", refused, rig->host.log);
	assert_int_equal(rig->host.runs_index, 0);
	assert_true(rig_primary_is(rig, 0));
	act(rig, RIG_BOOT);
	assert_null(strstr(rig->host.log, refused)); /* the request was cleared with it */
	assert_int_equal(rig->host.runs_index, 0);
}

static void one_byte_more_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(boards); i++) {
		struct rig rig;
		struct rig_file *image = &rig.image[1];
		char options[128];
		assert_true(rig_open(&rig, boards[i], "p256", 0));
		const struct board *board = rig.board;
		(void)snprintf(options, sizeof options, "--pad-sig -H %u -S %u --align %u --overwrite-only", (unsigned)board->header_bytes,
			       (unsigned)rig.layout->primary_bytes, (unsigned)board->align);
		assert_true(rig_sign(&rig, 1, 0, options, "small.bin") && rig_read(&rig, "small.bin", image));
		const uint32_t filler_bytes = size_max_of(boards[i]) + 1 - image->size_bytes;
		sign_refuses(&rig, filler_bytes);
		assert_true(rig_sign(&rig, 1, filler_bytes, options, "larger.bin") && rig_read(&rig, "larger.bin", image));
		assert_int_equal(image->size_bytes, size_max_of(boards[i]) + 1);
		upload_refuses(&rig);
		(void)snprintf(options + strlen(options), sizeof options - strlen(options), " --pad");
		assert_true(rig_sign(&rig, 1, filler_bytes, options, "padded.bin") && rig_read(&rig, "padded.bin", image));
		assert_int_equal(image->size_bytes, rig.layout->secondary_bytes);
		loader_refuses(&rig);
		rig_close(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(largest_is_swapped),
		cmocka_unit_test(as_large_as_the_reference),
		cmocka_unit_test(one_byte_more_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
