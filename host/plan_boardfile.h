/* SPDX-License-Identifier: MIT */
/* plan_boardfile.h - a board that is not in the table, from a JSON file (docs/plan.md has the fields and an example).
 *
 * Errors   HF_R_PLAN_BOARD_FILE with the field; nothing is taken on failure.
 * Limits   64 KiB. Unknown fields are refused: a typing error would be a wrong layout.
 */
#ifndef HOST_PLAN_BOARDFILE_H
#define HOST_PLAN_BOARDFILE_H

#include "plan.h"
#include "problem.h"

#define PLAN_BOARD_TEXTS_MAX 24

struct plan_own_board {
	struct plan_board board;
	char *texts[PLAN_BOARD_TEXTS_MAX]; /* what board's words point to */
	size_t text_count;
};

enum hf_reason plan_boardfile_read(const char *path, struct plan_own_board *own, struct problem *problem) HF_MUST_USE;
/* The same of bytes: for fuzzing. */
enum hf_reason plan_boardfile_parse(const char *path, const char *text, size_t size_bytes, struct plan_own_board *own,
				    struct problem *problem) HF_MUST_USE;
void plan_boardfile_free(struct plan_own_board *own);

#endif
