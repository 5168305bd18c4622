/* SPDX-License-Identifier: MIT */
/* problem.h - why a command could not do what was asked: one numbered reason with the place, expected, found and remedy.
 *
 * Why      "holdfast: FILE: offset 0x..: expected .. found ..: what happened. What to do. (HF-nnnn)" in each case, and the
 *          same in JSON. Functions of the host fill a struct problem once, where the decision is made, and return its reason.
 * Errors   exit codes follow from the reason's number, so they can't disagree with the message.
 */
#ifndef HOST_PROBLEM_H
#define HOST_PROBLEM_H

#include <holdfast/image.h>
#include <holdfast/reason.h>

enum exit_code {
	EXIT_CODE_OK = 0,
	EXIT_CODE_REFUSED = 1,     /* the answer is no: image, key or limits */
	EXIT_CODE_USAGE = 2,       /* command line */
	EXIT_CODE_FILE = 3,        /* file, port or system */
	EXIT_CODE_DEVICE = 4,      /* device silent, vanished, refusing or talking nonsense */
	EXIT_CODE_INTERRUPTED = 130
};

struct problem {
	enum hf_reason reason;
	char subject[256];   /* file, port, option; may be empty */
	bool has_where;
	uint32_t where_off;
	char expected[160];
	char found[160];
	char detail[320];    /* said instead of nothing between place and sentence */
};

/* subject may be NULL. Returns reason, so that `return problem_set(...)` reads well. */
enum hf_reason problem_set(struct problem *problem, enum hf_reason reason, const char *subject, const char *detail, ...)
	__attribute__((format(printf, 4, 5)));
/* The same with expected and found texts. */
enum hf_reason problem_differs(struct problem *problem, enum hf_reason reason, const char *subject, const char *expected,
			       const char *found);
/* From a finding of the core. */
enum hf_reason problem_finding(struct problem *problem, const char *subject, const struct hf_finding *finding);

int problem_exit_code(enum hf_reason reason);
/* The whole line for people, allocated. */
char *problem_line(const struct problem *problem);

#endif
