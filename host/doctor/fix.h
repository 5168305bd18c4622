/* SPDX-License-Identifier: MIT */
/* fix.h - the remedies that are safe to apply to text files, as edits of lines: shown as a patch before anything is written.
 *
 * Why      Safe is what changes no meaning but the broken one: a renamed symbol, a line in the wrong file, an escape, a number that is
 *          too small, a conflict with one right answer. Layouts, modes and keys are the maker's to decide and are never touched.
 * Cut      Each file is replaced whole (file_write); its old content stays beside it as FILE.orig, written before.
 */
#ifndef HOST_DOCTOR_FIX_H
#define HOST_DOCTOR_FIX_H

#include "doctor.h"

enum fix_kind { FIX_REPLACE, FIX_DELETE, FIX_APPEND };

struct fix_edit {
	const struct doctor_input *input; /* for FIX_APPEND to a file that is not there yet: NULL and file is its name */
	char *file;
	unsigned line;
	enum fix_kind kind;
	char *text;
	const char *code;
};

struct fix {
	DOCTOR_LIST(struct fix_edit) edits;
};

/* What can be fixed of the findings; nothing of files that were set aside, of final .config files and of standard input. */
void fix_of(const struct doctor *doctor, struct fix *fix);
/* The patch of all edits, for people. */
void fix_show(const struct fix *fix, struct bytes *patch);
/* HF_R_HOST_DOCTOR_FIX, HF_R_HOST_FILE_*; *count: files changed. */
enum hf_reason fix_apply(const struct fix *fix, size_t *count, struct problem *problem) HF_MUST_USE;
void fix_free(struct fix *fix);

#endif
