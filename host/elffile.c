/* SPDX-License-Identifier: MIT */
#include "elffile.h"

#define HEADER_BYTES 52u
#define SEGMENT_BYTES 32u
#define PT_LOAD 1u

struct segment {
	uint32_t type, off, addr, size_bytes;
};

static struct segment segment_at(const struct bytes *file, uint32_t i)
{
	const uint8_t *s = file->data + hf_get32le(file->data + 28) + i * SEGMENT_BYTES;
	return (struct segment){ hf_get32le(s), hf_get32le(s + 4), hf_get32le(s + 12), hf_get32le(s + 16) };
}

static bool has_table(const struct bytes *file, uint32_t *where_off)
{
	const uint8_t *d = file->data;
	*where_off = 0;
	if (file->size < HEADER_BYTES || hf_get32le(d) != 0x464c457fu || d[4] != 1 || d[5] != 1)
		return false;
	uint32_t table = hf_get32le(d + 28), entry = hf_get16le(d + 42), count = hf_get16le(d + 44);
	*where_off = 28;
	return entry == SEGMENT_BYTES && count != 0 && table <= file->size && (uint64_t)table + (uint64_t)entry * count <= file->size;
}

bool elffile_span(const struct bytes *file, uint32_t limit, struct elf_span *span, uint32_t *where_off)
{
	uint32_t low = UINT32_MAX, high = 0;
	if (!has_table(file, where_off))
		return false;
	uint32_t table = hf_get32le(file->data + 28), count = hf_get16le(file->data + 44);
	for (uint32_t i = 0; i < count; i++) {
		struct segment s = segment_at(file, i);
		if (s.type != PT_LOAD || s.size_bytes == 0 || s.addr >= limit)
			continue;
		*where_off = table + i * SEGMENT_BYTES;
		if ((uint64_t)s.off + s.size_bytes > file->size || (uint64_t)s.addr + s.size_bytes > limit)
			return false;
		low = s.addr < low ? s.addr : low;
		high = s.addr + s.size_bytes > high ? s.addr + s.size_bytes : high;
	}
	if (high <= low) {
		*where_off = table;
		return false;
	}
	*span = (struct elf_span){ low, high - low };
	return true;
}

bool elffile_bytes(const struct bytes *file, uint32_t addr, uint8_t *into, uint32_t size_bytes)
{
	uint32_t where_off = 0, count = has_table(file, &where_off) ? hf_get16le(file->data + 44) : 0;
	for (uint32_t i = 0; i < count; i++) {
		struct segment s = segment_at(file, i);
		if (s.type != PT_LOAD || (uint64_t)s.off + s.size_bytes > file->size || addr < s.addr)
			continue;
		if ((uint64_t)(addr - s.addr) + size_bytes > s.size_bytes)
			continue;
		memcpy(into, file->data + s.off + (addr - s.addr), size_bytes);
		return true;
	}
	return false;
}
