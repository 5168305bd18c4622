/* SPDX-License-Identifier: MIT */
/* textdiff.h - what changes between two texts, line by line, for people.
 *
 * Shapes   "-" lines go, "+" lines come, " " lines around them stay; longest common subsequence, as diff(1) finds it.
 * Limits   4,000 lines each; more is said to differ as a whole.
 */
#ifndef HOST_TEXTDIFF_H
#define HOST_TEXTDIFF_H

#include "bytes.h"

/* Nothing is added if both are equal. */
/* what: of the second text ("as planned"). */
void textdiff(const char *name, const char *what, const struct bytes *before, const struct bytes *after, struct bytes *into);

#endif
