/* SPDX-License-Identifier: MIT */
/* report_config.h - a bootloader's configuration block, for people and programs. */
#ifndef HOST_REPORT_CONFIG_H
#define HOST_REPORT_CONFIG_H

#include <holdfast/config.h>

#include "report.h"

/* config with external and recovery filled in. */
void report_config(const struct hf_config *config, struct report *report);

/* Policy bits by the names that `holdfast bootloader --policy` takes. */
struct policy_name {
	const char *name;
	uint32_t bit;
	const char *help;
};
extern const struct policy_name policy_names[];
extern const size_t policy_name_count;
/* Without --policy: what a maker with a board on the desk needs. An nRF54L15 whose loader does not open the debug port is reached
 * by a mass erase only, and a board without an application should take the one in its update slot. Products choose their own. */
#define POLICY_DEFAULT (HF_POLICY_BOOTSTRAP | HF_POLICY_DEBUG_OPEN)

#endif
