/* SPDX-License-Identifier: MIT */
#include "boards.h"

#include <string.h>

#include "nrf52840dk/board.h"
#include "nrf54l15dk/board.h"
#include "xiao_nrf52840/board.h"
#include "xiao_nrf54l15/board.h"

static const struct board *const list[] = { &board_xiao_nrf52840, &board_xiao_nrf54l15, &board_nrf52840dk, &board_nrf54l15dk };

const struct board *const *board_list(size_t *count)
{
	*count = sizeof list / sizeof list[0];
	return list;
}

const struct board *board_find(const char *name)
{
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
		if (strcmp(list[i]->name, name) == 0)
			return list[i];
	}
	return NULL;
}

const struct board_layout *board_layout_find(const struct board *board, const char *name)
{
	for (uint32_t i = 0; i < board->layout_count; i++) {
		if (strcmp(board->layouts[i].name, name) == 0)
			return &board->layouts[i];
	}
	return NULL;
}
