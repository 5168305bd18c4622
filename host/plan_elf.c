/* SPDX-License-Identifier: MIT */
/* How much memory the loadable segments of a 32-bit little-endian ELF take. */
#include "elffile.h"
#include "plan_input.h"

enum hf_reason plan_elf_size(const char *path, const struct bytes *bytes, uint32_t limit, uint32_t *code_bytes, struct problem *problem)
{
	struct elf_span span;
	uint32_t where_off = 0;
	if (elffile_span(bytes, limit, &span, &where_off)) {
		*code_bytes = span.size_bytes;
		return HF_OK;
	}
	(void)problem_set(problem, HF_R_PLAN_APP_ELF, path, "%s", "");
	problem->has_where = true;
	problem->where_off = where_off;
	return HF_R_PLAN_APP_ELF;
}
