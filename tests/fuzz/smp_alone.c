/* SPDX-License-Identifier: MIT */
/* What the SMP library wants of its surroundings, and nothing else: linked where the rig is not. */
#include <stdlib.h>

#include <holdfast/base.h>

void hf_assert_failed(uint32_t line)
{
	(void)line;
	abort();
}
