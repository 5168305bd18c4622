/* SPDX-License-Identifier: MIT */
#include "device_codes.h"

#include <holdfast/smp_codes.h>
#include <stdio.h>

void device_code_words(const struct smp_code *code, char *into, size_t size)
{
	const struct smp_code_text *text = smp_code_text(code);
	(void)snprintf(into, size, "%s%serror %u, %s: %s %s", code->of_group ? smp_group_name(code->group) : "", code->of_group ? " " : "",
		       code->rc, text->name, text->sentence, text->remedy);
}
