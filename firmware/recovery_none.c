/* SPDX-License-Identifier: MIT */
#include "recovery.h"

bool fw_recovery_wanted(const struct fw_recovery *recovery)
{
	(void)recovery;
	return false;
}

void fw_recovery_serve(const struct fw_recovery *recovery)
{
	(void)recovery;
}
