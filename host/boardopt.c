/* SPDX-License-Identifier: MIT */
#include "boardopt.h"

#include "args.h"

const struct hf_mode *boardopt_mode(uint8_t mode_id)
{
	static const struct hf_mode *const modes[] = { &hf_mode_swap, &hf_mode_overwrite, &hf_mode_single };
	for (size_t i = 0; i < HF_ARRAY_COUNT(modes); i++) {
		if (modes[i]->id == mode_id)
			return modes[i];
	}
	return NULL;
}

uint32_t boardopt_size_max(const struct board *board, const struct board_layout *layout)
{
	const struct hf_mode *mode = boardopt_mode(layout->mode_id);
	hf_assert(mode != NULL);
	return mode->size_max(layout->primary_bytes, layout->secondary_bytes, board_sector_bytes(board, layout), board->align);
}

static enum hf_reason unknown(enum hf_reason reason, const char *name, const char *near, struct problem *problem)
{
	if (near != NULL)
		return problem_set(problem, reason, name, "perhaps %s is meant", near);
	return problem_set(problem, reason, name, "%s", "");
}

static enum hf_reason unknown_board(const char *name, struct problem *problem)
{
	const char *names[16];
	size_t count = 0;
	const struct board *const *list = board_list(&count);
	for (size_t i = 0; i < count && i < HF_ARRAY_COUNT(names); i++)
		names[i] = list[i]->name;
	return unknown(HF_R_HOST_BOARD_UNKNOWN, name, args_nearest(name, names, count), problem);
}

static enum hf_reason unknown_layout(const struct board *board, const char *name, struct problem *problem)
{
	const char *names[HF_ARRAY_COUNT(board->layouts)];
	for (uint32_t i = 0; i < board->layout_count; i++)
		names[i] = board->layouts[i].name;
	return unknown(HF_R_HOST_LAYOUT_UNKNOWN, name, args_nearest(name, names, board->layout_count), problem);
}

enum hf_reason boardopt_find(const char *board, const char *layout, struct boardopt *chosen, struct problem *problem)
{
	struct boardopt found = { 0 };
	if (board == NULL) {
		if (layout != NULL)
			return problem_set(problem, HF_R_HOST_OPTION_MISSING, "--board", "--layout is a layout of a board");
		*chosen = found;
		return HF_OK;
	}
	found.board = board_find(board);
	if (found.board == NULL)
		return unknown_board(board, problem);
	found.layout = layout == NULL ? &found.board->layouts[0] : board_layout_find(found.board, layout);
	if (found.layout == NULL)
		return unknown_layout(found.board, layout, problem);
	found.size_max = boardopt_size_max(found.board, found.layout);
	*chosen = found;
	return HF_OK;
}

void boardopt_rules(const struct boardopt *chosen, struct hf_rules *rules)
{
	rules->limit_bytes = UINT32_MAX;
	if (chosen->board == NULL)
		return;
	rules->limit_bytes = chosen->size_max;
	rules->header_bytes = (uint16_t)chosen->board->header_bytes;
	rules->run_addr = chosen->layout->primary_addr;
	rules->run_bytes = chosen->layout->primary_bytes;
}
