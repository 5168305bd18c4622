/* SPDX-License-Identifier: MIT */
/* renames.h - Kconfig symbols that got other names, or none. */
#ifndef HOST_DOCTOR_RENAMES_H
#define HOST_DOCTOR_RENAMES_H

struct rename {
	const char *old_name, *new_name; /* new_name NULL: gone without successor */
	int zephyr_since;                /* 303 for 3.3 */
};

/* The row whose old name is exactly this one; NULL: none. */
const struct rename *rename_of(const char *name);

#endif
