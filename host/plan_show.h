/* SPDX-License-Identifier: MIT */
/* plan_show.h - what was planned, for people and for programs: words, a table, a map in text and as SVG, JSON.
 *
 * Why      The words are made once, from the tables; JSON has the same facts.
 * Shapes   Text map: as wide as the terminal (80 where there is none), to scale, at least one sign a part. SVG: to scale, 960 wide.
 *          Colours only on a terminal, and not if NO_COLOR is set.
 */
#ifndef HOST_PLAN_SHOW_H
#define HOST_PLAN_SHOW_H

#include "bytes.h"
#include "plan_write.h"
#include "report.h"

struct plan_warning {
	const char *code;   /* "removes-uf2" */
	char *text;
};

#define PLAN_WARNINGS_MAX 12
struct plan_warnings {
	struct plan_warning list[PLAN_WARNINGS_MAX];
	size_t count;
};

/* option NULL: none is recommended. */
void plan_warn(const struct plan_choice *choice, const struct plan_option *option, const struct plan_lock *lock, struct plan_warnings *warnings);
void plan_warnings_free(struct plan_warnings *warnings);

/* Sentences, allocated. */
char *plan_why(const struct plan_choice *choice, const struct plan_option *option);       /* why it is recommended */
char *plan_what_then(const struct plan_choice *choice);                                   /* two slots do not fit any more: NULL if they do */
char *plan_why_not(const struct plan_choice *choice, const struct plan_option *option);   /* NULL: it can be had */
char *plan_wish_words(uint32_t wishes);                                                   /* "ble, rollback" */
bool plan_wish_parse(const char *word, size_t length, uint32_t *wishes);
const char *plan_cut_words(enum plan_cut cut);
char *plan_wire_words(const struct plan_choice *choice, const struct plan_option *option);

void plan_map(const struct plan_choice *choice, const struct plan_option *option, struct report *report);
void plan_svg(const struct plan_choice *choice, const struct plan_option *option, struct bytes *svg);

/* All of it. growth: with the table of what comes when the application grows. */
void plan_report(const struct plan_choice *choice, const struct plan_option *option, const struct plan_warnings *warnings, bool growth,
		 struct report *report);

#endif
