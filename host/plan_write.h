/* SPDX-License-Identifier: MIT */
/* plan_write.h - planned files into a project folder, and the lock that keeps deployed addresses where they are.
 *
 * Why      A file that is there was written by somebody for a reason: nothing is replaced without being asked, nothing without a diff
 *          and a backup (NAME.bak, NAME.bak2, ...).
 * Shapes   Settings files are merged: lines between two marks are the plan's, other lines stay unless they set the same symbol.
 *          Overlays and pm_static are replaced whole. Lock: JSON {"holdfast_lock": 1, "board", "variant", "mode", "partitions": [...]}.
 * Cut      Each file is the old or the new one, whole; if one can't be written, those before it are put back.
 * Errors   HF_R_PLAN_FILES_EXIST, HF_R_PLAN_LOCKED, HF_R_PLAN_LOCK_FILE, HF_R_HOST_FILE_*.
 */
#ifndef HOST_PLAN_WRITE_H
#define HOST_PLAN_WRITE_H

#include "plan_files.h"
#include "problem.h"
#include "report.h"

#define PLAN_LOCK_NAME "holdfast.lock.json"

enum hf_reason plan_write(const char *folder, const struct plan_files *files, bool force, struct report *report,
			  struct problem *problem) HF_MUST_USE;

struct plan_lock {
	bool is_there;
	char path[512], board[64], mode[64];
	struct plan_layout layout;
};

/* A file that does not exist is a lock that is not there. */
enum hf_reason plan_lock_read(const char *path, struct plan_lock *lock, struct problem *problem) HF_MUST_USE;
enum hf_reason plan_lock_parse(const char *path, const char *text, size_t size_bytes, struct plan_lock *lock,
			       struct problem *problem) HF_MUST_USE;
enum hf_reason plan_lock_write(const char *path, const struct plan_choice *choice, const struct plan_option *option,
			       struct problem *problem) HF_MUST_USE;
/* "first slot: 0x10000 + 464 KB, deployed 0xc000 + 472 KB; ...", allocated; NULL: nothing moves. */
char *plan_lock_differs(const struct plan_lock *lock, const struct plan_layout *layout);

/* text of a settings file that is there, with the plan's lines in it. */
void plan_merge_conf(const struct bytes *there, const struct bytes *planned, struct bytes *into);

#endif
