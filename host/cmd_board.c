/* SPDX-License-Identifier: MIT */
/* board list: the boards and layouts as data. */
#include <stdio.h>

#include "args.h"
#include "boardopt.h"

/* "slots at 0xc000 and 0x0 of the external flash" */
static void slots_text(const struct board_layout *layout, char *text, size_t text_bytes)
{
	const bool is_external = layout->secondary_addr >= BOARD_EXTERNAL_ADDR;
	int at = snprintf(text, text_bytes, "slot%s at 0x%x", layout->secondary_bytes != 0 ? "s" : "", (unsigned)layout->primary_addr);
	if (layout->secondary_bytes != 0)
		(void)snprintf(text + at, text_bytes - (size_t)at, " and 0x%x%s",
			       (unsigned)(layout->secondary_addr - (is_external ? BOARD_EXTERNAL_ADDR : 0)),
			       is_external ? " of the external flash" : "");
}

static void report_layout(const struct board *board, const struct board_layout *layout, struct report *report)
{
	uint32_t size_max = boardopt_size_max(board, layout);
	report_item(report, NULL);
	report_text(report, "name", NULL, layout->name);
	report_text(report, "note", NULL, layout->note);
	report_number(report, "loader_addr", NULL, layout->loader_addr);
	report_number(report, "loader_bytes", NULL, layout->loader_bytes);
	report_number(report, "primary_addr", NULL, layout->primary_addr);
	report_number(report, "primary_bytes", NULL, layout->primary_bytes);
	report_number(report, "secondary_addr", NULL, layout->secondary_addr);
	report_number(report, "secondary_bytes", NULL, layout->secondary_bytes);
	report_number(report, "storage_addr", NULL, layout->storage_addr);
	report_number(report, "storage_bytes", NULL, layout->storage_bytes);
	report_number(report, "sector_bytes", NULL, board_sector_bytes(board, layout));
	report_text(report, "mode", NULL, boardopt_mode(layout->mode_id)->name);
	report_number(report, "size_max", NULL, size_max);
	report_end(report);
	if (report->json)
		return;
	char slots[96];
	slots_text(layout, slots, sizeof slots);
	report->depth = 1;
	report_row(report, "%-18s largest image %u bytes (%u KB); %s", layout->name, (unsigned)size_max, (unsigned)(size_max / 1024), slots);
	report_row(report, "%-18s %s, %s", "", boardopt_mode(layout->mode_id)->name, layout->note);
	report->depth = 3;
}

static void report_board(const struct board *board, struct report *report)
{
	report_item(report, NULL);
	report_text(report, "name", NULL, board->name);
	report_text(report, "title", NULL, board->title);
	report_text(report, "chip", NULL, board->chip);
	report_number(report, "header_bytes", NULL, board->header_bytes);
	report_number(report, "align", NULL, board->align);
	report_number(report, "sector_bytes", NULL, board->sector_bytes);
	report_number(report, "write_unit_bytes", NULL, board->write_unit_bytes);
	report_number(report, "flash_bytes", NULL, board->flash_bytes);
	if (!report->json) {
		report->depth = 0;
		report_row(report, "%s  %s, header 0x%x, alignment %u, %u KB flash", board->name, board->title,
			   (unsigned)board->header_bytes, (unsigned)board->align, (unsigned)(board->flash_bytes / 1024));
		report->depth = 2;
	}
	report_list(report, "layouts", NULL);
	for (uint32_t i = 0; i < board->layout_count; i++)
		report_layout(board, &board->layouts[i], report);
	report_end(report);
	report_end(report);
}

static enum hf_reason run(struct args *args, struct report *report, struct problem *problem)
{
	int id = 0;
	enum hf_reason reason = args_next(args, &id, &report->json, problem);
	if (reason != HF_OK || args->want_help || (reason = args_end(args, problem)) != HF_OK)
		return reason;
	size_t count = 0;
	const struct board *const *list = board_list(&count);
	report_list(report, "boards", NULL);
	for (size_t i = 0; i < count; i++)
		report_board(list[i], report);
	report_end(report);
	return HF_OK;
}

const struct command cmd_board_list = {
	.name = "board list",
	.summary = "list the boards, their layouts and largest images",
	.synopsis = "",
	.about = "The first layout of a board is its default.",
	.options = NULL,
	.examples = "holdfast board list",
	.run = run,
};
