/* SPDX-License-Identifier: MIT */
/* How much memory the loadable segments of a 32-bit little-endian ELF take. */
#include "plan_input.h"

#define HEADER_BYTES 52u
#define SEGMENT_BYTES 32u
#define PT_LOAD 1u

static enum hf_reason bad(const char *path, uint32_t off, struct problem *problem)
{
	(void)problem_set(problem, HF_R_PLAN_APP_ELF, path, "%s", "");
	problem->has_where = true;
	problem->where_off = off;
	return HF_R_PLAN_APP_ELF;
}

enum hf_reason plan_elf_size(const char *path, const struct bytes *bytes, uint32_t limit, uint32_t *code_bytes, struct problem *problem)
{
	const uint8_t *d = bytes->data;
	if (bytes->size < HEADER_BYTES || hf_get32le(d) != 0x464c457fu || d[4] != 1 || d[5] != 1)
		return bad(path, 0, problem);
	uint32_t table = hf_get32le(d + 28), entry = hf_get16le(d + 42), count = hf_get16le(d + 44);
	if (entry != SEGMENT_BYTES || count == 0 || table > bytes->size || (uint64_t)table + (uint64_t)entry * count > bytes->size)
		return bad(path, 28, problem);
	uint32_t low = UINT32_MAX, high = 0;
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *s = d + table + i * SEGMENT_BYTES;
		uint32_t addr = hf_get32le(s + 12), size = hf_get32le(s + 16);
		if (hf_get32le(s) != PT_LOAD || size == 0 || addr >= limit)
			continue;
		if ((uint64_t)hf_get32le(s + 4) + size > bytes->size || (uint64_t)addr + size > limit)
			return bad(path, table + i * SEGMENT_BYTES, problem);
		low = addr < low ? addr : low;
		high = addr + size > high ? addr + size : high;
	}
	if (high <= low)
		return bad(path, table, problem);
	*code_bytes = high - low;
	return HF_OK;
}
