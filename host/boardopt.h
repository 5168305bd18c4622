/* SPDX-License-Identifier: MIT */
/* boardopt.h - from --board and --layout to the numbers that signing, checking and the loader need. */
#ifndef HOST_BOARDOPT_H
#define HOST_BOARDOPT_H

#include <boards/boards.h>
#include <holdfast/mode.h>
#include <holdfast/verdict.h>

#include "problem.h"

struct boardopt {
	const struct board *board;          /* NULL: no board given */
	const struct board_layout *layout;
	uint32_t size_max;                  /* the largest image that can be updated */
};

/* board NULL: nothing is chosen, and layout must be NULL. layout NULL: the board's first. */
enum hf_reason boardopt_find(const char *board, const char *layout, struct boardopt *chosen, struct problem *problem) HF_MUST_USE;
/* Limits, header size and run address as the loader of this board applies them. */
void boardopt_rules(const struct boardopt *chosen, struct hf_rules *rules);
/* The mode's row; NULL: no mode has this number. */
const struct hf_mode *boardopt_mode(uint8_t mode_id);
uint32_t boardopt_size_max(const struct board *board, const struct board_layout *layout);

#endif
