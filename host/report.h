/* SPDX-License-Identifier: MIT */
/* report.h - results, said once: as aligned text or as one JSON object.
 *
 * Why      The only place that prints results. A command hands over each fact with its JSON key and its words for people;
 *          the two forms can't disagree.
 * Shapes   JSON: one object {"ok": true, ...}; on failure {"ok": false, "reason": {...}}. Groups and lists nest at most 8 deep.
 *          Sizes and offsets are JSON numbers, bytes are lower-case hex strings.
 * Order    report_start, facts, report_finish.
 * Errors   A standard output that can't be written (full disk) is HF_R_HOST_FILE_WRITE at report_finish.
 */
#ifndef HOST_REPORT_H
#define HOST_REPORT_H

#include "problem.h"

#define REPORT_DEPTH_MAX 8

struct report {
	bool json;
	bool quiet;                 /* no steps and no notes */
	bool bare;                  /* JSON without "ok": the command's object has a form of its own */
	int exit_code;              /* of a run that went well */
	unsigned depth;
	void *at[REPORT_DEPTH_MAX]; /* cJSON objects or arrays; [0] is the root */
};

void report_start(struct report *report);
enum hf_reason report_finish(struct report *report, struct problem *problem) HF_MUST_USE;
/* Message on standard error, and in JSON mode the object on standard output; facts given before are kept in it. */
void report_failure(struct report *report, const struct problem *problem);

/* Nothing is to be said after all. */
void report_drop(struct report *report);

/* A line for people only (JSON: appended to "notes"). */
void report_note(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Something that was done just now: printed at once, so that a long command shows where it is. JSON: appended to "steps". */
void report_step(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* label NULL: the fact is for JSON only. */
void report_text(struct report *report, const char *key, const char *label, const char *text);
void report_number(struct report *report, const char *key, const char *label, uint64_t number);
void report_integer(struct report *report, const char *key, const char *label, int64_t number);
void report_size(struct report *report, const char *key, const char *label, uint64_t size_bytes);
void report_addr(struct report *report, const char *key, const char *label, uint64_t addr);
void report_bytes(struct report *report, const char *key, const char *label, const uint8_t *data, size_t size_bytes);
void report_flag(struct report *report, const char *key, const char *label, bool value);

/* title NULL: no line for it. */
void report_group(struct report *report, const char *key, const char *title);
void report_list(struct report *report, const char *key, const char *title);
/* A member of a list, itself a group. */
void report_item(struct report *report, const char *title);
void report_end(struct report *report);
/* A row of a table in text; JSON has had its facts already. */
void report_row(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
