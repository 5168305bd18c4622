/* SPDX-License-Identifier: MIT */
/* What the planner reads of others. The first byte says as what: b board file, l lock, e ELF, c settings file. A board file that is
 * taken must give layouts that lie in its memory without overlap, whatever its numbers are. */
#include <plan_boardfile.h>
#include <plan_files.h>
#include <plan_input.h>
#include <plan_show.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void check_layout(const struct plan_board *board, const struct plan_layout *layout)
{
	uint64_t end = 0;
	for (size_t i = 0; i < layout->count; i++) {
		const struct plan_part *part = &layout->parts[i];
		if (i > 0 && part->external != layout->parts[i - 1].external)
			end = 0;
		hf_assert(part->bytes > 0 && part->addr >= end);
		end = (uint64_t)part->addr + part->bytes;
		hf_assert(end <= (part->external ? board->external.bytes : board->flash_bytes));
	}
}

static void board_file(const char *text, size_t size_bytes)
{
	struct plan_own_board *own = host_alloc(sizeof *own);
	struct plan_choice *choice = host_alloc(sizeof *choice);
	struct problem problem;
	if (plan_boardfile_parse("fuzz", text, size_bytes, own, &problem) == HF_OK) {
		*choice = (struct plan_choice){ .board = &own->board, .sdk = &plan_sdks[2] };
		plan_choose(choice);
		for (size_t i = 0; i < choice->count; i++) {
			struct plan_files files;
			struct bytes svg = { 0 };
			check_layout(choice->board, &choice->options[i].layout);
			if (choice->options[i].why_not != PLAN_POSSIBLE)
				continue;
			hf_assert(choice->options[i].size_max <= choice->board->flash_bytes);
			plan_files_make(choice, &choice->options[i], PLAN_FORM_AUTO, &files);
			plan_files_free(&files);
			plan_svg(choice, &choice->options[i], &svg);
			bytes_free(&svg);
		}
		plan_boardfile_free(own);
	}
	free(choice);
	free(own);
}

static void lock_file(const char *text, size_t size_bytes)
{
	struct plan_lock lock = { 0 };
	struct problem problem;
	if (plan_lock_parse("fuzz", text, size_bytes, &lock, &problem) == HF_OK)
		free(plan_lock_differs(&lock, &(struct plan_layout){ .count = 0 }));
}

static void elf_file(const uint8_t *data, size_t size_bytes)
{
	struct bytes bytes = { 0 };
	struct problem problem;
	uint32_t code = 0;
	bytes_add(&bytes, data, size_bytes);
	if (plan_elf_size("fuzz", &bytes, 0x100000, &code, &problem) == HF_OK)
		hf_assert(code > 0 && code <= 0x100000);
	bytes_free(&bytes);
}

static void conf_file(const uint8_t *data, size_t size_bytes)
{
	static const char lines[] = "# why\nCONFIG_FLASH=y\nCONFIG_NUMBER=3\n";
	struct bytes there = { 0 }, planned = { 0 }, once = { 0 }, twice = { 0 };
	bytes_add(&there, data, size_bytes);
	bytes_add(&planned, lines, sizeof lines - 1);
	plan_merge_conf(&there, &planned, &once);
	plan_merge_conf(&once, &planned, &twice);
	hf_assert(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0); /* planning again changes nothing */
	bytes_free(&there);
	bytes_free(&planned);
	bytes_free(&once);
	bytes_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	if (size_bytes < 1)
		return 0;
	switch (data[0]) {
	case 'b': board_file((const char *)data + 1, size_bytes - 1); break;
	case 'l': lock_file((const char *)data + 1, size_bytes - 1); break;
	case 'e': elf_file(data + 1, size_bytes - 1); break;
	case 'c': conf_file(data + 1, size_bytes - 1); break;
	}
	return 0;
}
