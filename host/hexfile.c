/* SPDX-License-Identifier: MIT */
#include "hexfile.h"

#include <stdio.h>
#include <stdlib.h>

enum { RECORD_DATA = 0, RECORD_END = 1, RECORD_SEGMENT = 2, RECORD_START_SEGMENT = 3, RECORD_LINEAR = 4, RECORD_START_LINEAR = 5 };

struct record {
	uint8_t bytes[5 + 255]; /* count, address (2), type, data, checksum */
	size_t size;
};

static int nibble(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

static enum hf_reason refuse(struct problem *problem, enum hf_reason reason, const char *path, size_t line, const char *detail)
{
	return problem_set(problem, reason, path, "line %zu%s%s", line, detail[0] != '\0' ? ": " : "", detail);
}

/* line without its end; size > 0. */
static enum hf_reason record_read(const char *path, size_t number, const uint8_t *line, size_t size, struct record *record,
				  struct problem *problem)
{
	if (line[0] != ':')
		return refuse(problem, HF_R_HOST_HEX_SYNTAX, path, number, "does not begin with ':'");
	if (size % 2 != 1 || (size - 1) / 2 > sizeof record->bytes || size < 11)
		return refuse(problem, HF_R_HOST_HEX_SYNTAX, path, number, "wrong length");
	uint8_t sum = 0;
	record->size = (size - 1) / 2;
	for (size_t i = 0; i < record->size; i++) {
		int high = nibble(line[1 + 2 * i]), low = nibble(line[2 + 2 * i]);
		if (high < 0 || low < 0)
			return refuse(problem, HF_R_HOST_HEX_SYNTAX, path, number, "not a hex digit");
		record->bytes[i] = (uint8_t)(high << 4 | low);
		sum = (uint8_t)(sum + record->bytes[i]);
	}
	if (record->size != record->bytes[0] + 5u)
		return refuse(problem, HF_R_HOST_HEX_SYNTAX, path, number, "the byte count does not fit the line");
	if (sum != 0)
		return refuse(problem, HF_R_HOST_HEX_CHECKSUM, path, number, "");
	return HF_OK;
}

void hexfile_add(struct hexfile *hex, uint32_t addr, const uint8_t *data, size_t size_bytes)
{
	if (size_bytes == 0)
		return;
	hf_assert(hex->count < HEXFILE_RANGES_MAX);
	hex->ranges[hex->count].addr = addr;
	bytes_add(&hex->ranges[hex->count].bytes, data, size_bytes);
	hex->count++;
}

static int by_addr(const void *a, const void *b)
{
	const struct hexfile_range *x = a, *y = b;
	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* Sorts, joins what touches; false if two ranges overlap. */
static bool tidy(struct hexfile *hex)
{
	qsort(hex->ranges, hex->count, sizeof hex->ranges[0], by_addr);
	size_t kept = 0;
	for (size_t i = 0; i < hex->count; i++) {
		struct hexfile_range *next = &hex->ranges[i];
		struct hexfile_range *last = kept > 0 ? &hex->ranges[kept - 1] : NULL;
		uint64_t end = last != NULL ? (uint64_t)last->addr + last->bytes.size : 0;
		if (last != NULL && next->addr < end)
			return false;
		if (last != NULL && next->addr == end) {
			bytes_add(&last->bytes, next->bytes.data, next->bytes.size);
			bytes_free(&next->bytes);
			continue;
		}
		if (kept != i) {
			hex->ranges[kept] = *next;
			next->bytes = (struct bytes){ 0 };
		}
		kept++;
	}
	hex->count = kept;
	return true;
}

static enum hf_reason data_add(const char *path, size_t number, struct hexfile *hex, uint32_t base, const struct record *record,
			       struct problem *problem)
{
	uint64_t addr = (uint64_t)base + hf_get16be(record->bytes + 1);
	size_t size = record->bytes[0];
	if (addr + size > 0x100000000u)
		return refuse(problem, HF_R_HOST_HEX_SYNTAX, path, number, "address beyond 32 bits");
	struct hexfile_range *last = hex->count > 0 ? &hex->ranges[hex->count - 1] : NULL;
	if (last != NULL && addr == (uint64_t)last->addr + last->bytes.size) {
		bytes_add(&last->bytes, record->bytes + 4, size);
		return HF_OK;
	}
	if (hex->count == HEXFILE_RANGES_MAX)
		return refuse(problem, HF_R_HOST_HEX_SPARSE, path, number, "more than 256 separate ranges");
	hexfile_add(hex, (uint32_t)addr, record->bytes + 4, size);
	return HF_OK;
}

static enum hf_reason record_use(const char *path, size_t number, struct hexfile *hex, uint32_t *base, bool *ended,
				 const struct record *record, struct problem *problem)
{
	const uint8_t *data = record->bytes + 4;
	uint8_t count = record->bytes[0], type = record->bytes[3];
	if (type == RECORD_DATA)
		return data_add(path, number, hex, *base, record, problem);
	if (type == RECORD_END && count == 0) {
		*ended = true;
		return HF_OK;
	}
	if (type == RECORD_SEGMENT && count == 2) {
		*base = (uint32_t)hf_get16be(data) << 4;
		return HF_OK;
	}
	if (type == RECORD_LINEAR && count == 2) {
		*base = (uint32_t)hf_get16be(data) << 16;
		return HF_OK;
	}
	if ((type == RECORD_START_SEGMENT || type == RECORD_START_LINEAR) && count == 4)
		return HF_OK;
	return refuse(problem, HF_R_HOST_HEX_SYNTAX, path, number, "unknown kind of record");
}

static enum hf_reason parse_lines(const char *path, const struct bytes *text, struct hexfile *hex, struct problem *problem)
{
	uint32_t base = 0;
	bool ended = false;
	size_t number = 0;
	for (size_t at = 0; at < text->size && !ended;) {
		size_t end = at;
		while (end < text->size && text->data[end] != '\n')
			end++;
		size_t size = end - at;
		while (size > 0 && (text->data[at + size - 1] == '\r' || text->data[at + size - 1] == ' '))
			size--;
		number++;
		if (size > 0) {
			struct record record;
			enum hf_reason reason = record_read(path, number, text->data + at, size, &record, problem);
			if (reason == HF_OK)
				reason = record_use(path, number, hex, &base, &ended, &record, problem);
			if (reason != HF_OK)
				return reason;
		}
		at = end + 1;
	}
	if (!ended)
		return refuse(problem, HF_R_HOST_HEX_SYNTAX, path, number, "the end record is missing, the file was cut off");
	if (hex->count == 0)
		return problem_set(problem, HF_R_HOST_FILE_EMPTY, path, "no data records");
	if (!tidy(hex))
		return problem_set(problem, HF_R_HOST_HEX_OVERLAP, path, "%s", "");
	return HF_OK;
}

enum hf_reason hexfile_parse(const char *path, const struct bytes *text, struct hexfile *hex, struct problem *problem)
{
	memset(hex, 0, sizeof *hex);
	enum hf_reason reason = parse_lines(path, text, hex, problem);
	if (reason != HF_OK)
		hexfile_free(hex);
	return reason;
}

void hexfile_free(struct hexfile *hex)
{
	for (size_t i = 0; i < hex->count; i++)
		bytes_free(&hex->ranges[i].bytes);
	hex->count = 0;
}

enum hf_reason hexfile_flatten(const char *path, const struct hexfile *hex, uint8_t fill, size_t limit_bytes, uint32_t *addr,
			       struct bytes *bytes, struct problem *problem)
{
	hf_assert(hex->count > 0);
	uint32_t first = hex->ranges[0].addr;
	const struct hexfile_range *last = &hex->ranges[hex->count - 1];
	uint64_t span = (uint64_t)last->addr + last->bytes.size - first;
	if (span > limit_bytes)
		return problem_set(problem, HF_R_HOST_HEX_SPARSE, path, "from 0x%x to 0x%llx", (unsigned)first,
				   (unsigned long long)(first + span));
	struct bytes flat = { 0 };
	for (size_t i = 0; i < hex->count; i++) {
		bytes_fill(&flat, fill, hex->ranges[i].addr - first - flat.size);
		bytes_add(&flat, hex->ranges[i].bytes.data, hex->ranges[i].bytes.size);
	}
	*addr = first;
	*bytes = flat;
	return HF_OK;
}

static void line_add(struct bytes *text, uint8_t type, uint16_t addr, const uint8_t *data, uint8_t count)
{
	char line[2 * 260 + 4];
	uint8_t sum = (uint8_t)(count + (addr >> 8) + (addr & 0xff) + type);
	size_t at = (size_t)snprintf(line, sizeof line, ":%02X%04X%02X", count, addr, type);
	for (uint8_t i = 0; i < count; i++) {
		sum = (uint8_t)(sum + data[i]);
		at += (size_t)snprintf(line + at, sizeof line - at, "%02X", data[i]);
	}
	at += (size_t)snprintf(line + at, sizeof line - at, "%02X\n", (unsigned)(uint8_t)-sum);
	bytes_add(text, line, at);
}

void hexfile_write(struct hexfile *hex, struct bytes *text)
{
	bool distinct = tidy(hex);
	hf_assert(distinct && hex->count > 0);
	const struct hexfile_range *last = &hex->ranges[hex->count - 1];
	bool wide = (uint64_t)last->addr + last->bytes.size > 0x10000u;
	uint32_t high = UINT32_MAX;
	for (size_t i = 0; i < hex->count; i++) {
		const struct hexfile_range *range = &hex->ranges[i];
		for (size_t at = 0; at < range->bytes.size;) {
			uint32_t addr = range->addr + (uint32_t)at;
			if (wide && addr >> 16 != high) {
				high = addr >> 16;
				uint8_t upper[2] = { (uint8_t)(high >> 8), (uint8_t)high };
				line_add(text, RECORD_LINEAR, 0, upper, 2);
			}
			size_t size = range->bytes.size - at;
			size = size > 16 ? 16 : size;
			size_t to_edge = 0x10000u - (addr & 0xffffu);
			size = size > to_edge ? to_edge : size;
			line_add(text, RECORD_DATA, (uint16_t)addr, range->bytes.data + at, (uint8_t)size);
			at += size;
		}
	}
	line_add(text, RECORD_END, 0, NULL, 0);
}
