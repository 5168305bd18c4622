/* SPDX-License-Identifier: MIT */
/* boards.h - look-up of boards and layouts by name, for the host tools and the virtual board. */
#ifndef BOARDS_BOARDS_H
#define BOARDS_BOARDS_H

#include <stddef.h>

#include "board.h"

const struct board *const *board_list(size_t *count);
const struct board *board_find(const char *name);                                                 /* NULL: no such board */
const struct board_layout *board_layout_find(const struct board *board, const char *name);       /* NULL: no such layout */

#endif
