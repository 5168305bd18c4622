/* SPDX-License-Identifier: MIT */
/* report_config.h - a bootloader's configuration block, for people and programs. */
#ifndef HOST_REPORT_CONFIG_H
#define HOST_REPORT_CONFIG_H

#include <holdfast/config.h>

#include "report.h"

void report_config(const struct hf_config *config, struct report *report);

/* Policy bits by the names that `holdfast bootloader --policy` takes. */
struct policy_name {
	const char *name;
	uint32_t bit;
	const char *help;
};
extern const struct policy_name policy_names[];
extern const size_t policy_name_count;

#endif
