/* SPDX-License-Identifier: MIT */
/* matcher.h - finds which rows of messages.def a line matches, in one pass whatever their number.
 *
 * Why      A log of 100 MB against 250 patterns must take about a second: the longest literal piece of each pattern goes into one
 *          Aho-Corasick automaton; only where a piece is seen is the whole pattern tried.
 * Source   A. Aho, M. Corasick, Efficient string matching (1975).
 */
#ifndef HOST_DOCTOR_MATCHER_H
#define HOST_DOCTOR_MATCHER_H

#include <holdfast/base.h>

#define MATCHER_NUMBERS 4

struct matcher_row {
	const char *name, *pattern;
};

struct match {
	uint16_t row;
	size_t start;                       /* in the line, where the pattern begins */
	bool found[MATCHER_NUMBERS];
	uint64_t numbers[MATCHER_NUMBERS];
};

struct matcher;

struct matcher *matcher_make(const struct matcher_row *rows, size_t count);
void matcher_free(struct matcher *matcher);
/* At most max matches of line, each row once. */
size_t matcher_run(const struct matcher *matcher, const char *line, size_t length, struct match *matches, size_t max);
/* One pattern, unanchored unless it begins with ^. */
bool matcher_try(const char *pattern, const char *line, size_t length, struct match *match);

#endif
