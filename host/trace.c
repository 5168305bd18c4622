/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include <holdfast/smp_cbor.h>
#include <holdfast/smp_codes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHOWN_BYTES = 32, SHOWN_TEXT = 200 };

static const struct {
	uint16_t group;
	uint8_t id;
	const char *name;
} commands[] = {
	{ SMP_GROUP_OS, 0, "echo" }, { SMP_GROUP_OS, 1, "console echo" }, { SMP_GROUP_OS, 2, "tasks" }, { SMP_GROUP_OS, 3, "memory" },
	{ SMP_GROUP_OS, 4, "datetime" }, { SMP_GROUP_OS, 5, "reset" }, { SMP_GROUP_OS, 6, "params" }, { SMP_GROUP_OS, 7, "info" },
	{ SMP_GROUP_OS, 8, "bootloader" }, { SMP_GROUP_IMAGE, 0, "state" }, { SMP_GROUP_IMAGE, 1, "upload" }, { SMP_GROUP_IMAGE, 5, "erase" },
	{ SMP_GROUP_IMAGE, 6, "slots" }, { SMP_GROUP_STAT, 0, "read" }, { SMP_GROUP_STAT, 1, "list" }, { SMP_GROUP_SETTINGS, 0, "value" },
	{ SMP_GROUP_SETTINGS, 1, "delete" }, { SMP_GROUP_SETTINGS, 2, "commit" }, { SMP_GROUP_SETTINGS, 3, "load or save" },
	{ SMP_GROUP_FS, 0, "file" }, { SMP_GROUP_FS, 1, "status" }, { SMP_GROUP_FS, 2, "hash" }, { SMP_GROUP_FS, 3, "hash types" },
	{ SMP_GROUP_FS, 4, "close" }, { SMP_GROUP_SHELL, 0, "run" }, { SMP_GROUP_ENUM, 0, "count" }, { SMP_GROUP_ENUM, 1, "list" },
	{ SMP_GROUP_ENUM, 2, "one" }, { SMP_GROUP_ENUM, 3, "details" }, { SMP_GROUP_BASIC, 0, "erase storage" },
	{ SMP_GROUP_HOLDFAST, SMP_HOLDFAST_WHY, "why" },
};

static void add(struct bytes *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct bytes *text, const char *format, ...)
{
	char part[64];
	va_list list;
	va_start(list, format);
	int length = vsnprintf(part, sizeof part, format, list);
	va_end(list);
	hf_assert(length >= 0 && (size_t)length < sizeof part);
	bytes_add(text, part, (size_t)length);
}

static void add_bytes(struct bytes *text, const uint8_t *data, uint32_t size)
{
	add(text, "h'");
	for (uint32_t i = 0; i < size && i < SHOWN_BYTES; i++)
		add(text, "%02x", data[i]);
	add(text, size > SHOWN_BYTES ? "'...(%u bytes)" : "'", (unsigned)size);
}

static void add_text(struct bytes *text, const uint8_t *data, uint32_t size)
{
	add(text, "\"");
	for (uint32_t i = 0; i < size && i < SHOWN_TEXT; i++)
		add(text, "%c", data[i] >= 0x20 && data[i] < 0x7f ? data[i] : '?');
	add(text, size > SHOWN_TEXT ? "\"...(%u bytes)" : "\"", (unsigned)size);
}

struct level {
	char close;
	bool is_map, indefinite;
	uint64_t left, done; /* values; a pair is two */
};

static void add_item(struct bytes *text, const struct smp_reader *reader, const struct smp_item *item)
{
	const uint8_t *data = reader->bytes + reader->off;
	switch (item->kind) {
	case SMP_KIND_UINT: add(text, "%llu", (unsigned long long)item->value); break;
	case SMP_KIND_NINT: add(text, "-%llu", (unsigned long long)item->value + 1u); break;
	case SMP_KIND_BYTES: add_bytes(text, data - item->value, (uint32_t)item->value); break;
	case SMP_KIND_TEXT: add_text(text, data - item->value, (uint32_t)item->value); break;
	case SMP_KIND_BOOL: add(text, "%s", item->value != 0 ? "true" : "false"); break;
	case SMP_KIND_OTHER: add(text, "other"); break;
	case SMP_KIND_LIST:
	case SMP_KIND_MAP:
	case SMP_KIND_BREAK: break;
	}
}

/* What stands before a value. */
static void add_joint(struct bytes *text, struct level *level)
{
	if (level->done != 0)
		add(text, "%s", level->is_map && level->done % 2u == 1u ? ": " : ", ");
	level->done++;
	if (!level->indefinite)
		level->left--;
}

static bool opens(const struct smp_item *item)
{
	bool string = item->kind == SMP_KIND_BYTES || item->kind == SMP_KIND_TEXT;
	return item->kind == SMP_KIND_LIST || item->kind == SMP_KIND_MAP || (string && item->indefinite);
}

static struct level level_of(const struct smp_item *item, struct bytes *text)
{
	bool is_map = item->kind == SMP_KIND_MAP, is_list = item->kind == SMP_KIND_LIST;
	add(text, "%s", is_map ? "{" : is_list ? "[" : "(");
	return (struct level){ .close = is_map ? '}' : is_list ? ']' : ')', .is_map = is_map, .indefinite = item->indefinite,
			       .left = is_map ? item->value * 2u : item->value };
}

void trace_body(const uint8_t *body, uint32_t body_bytes, struct bytes *text)
{
	struct level levels[SMP_DEPTH_MAX + 1] = { { .close = '\0', .left = 1 } };
	struct bytes copy = { 0 };
	uint32_t depth = 0;
	bool good = true;
	bytes_add(&copy, body, body_bytes);
	struct smp_reader reader = smp_reader_of(copy.data, body_bytes);
	while (good && reader.off < body_bytes) {
		struct smp_item item;
		good = smp_item_next(&reader, &item) == HF_OK;
		if (good && item.kind == SMP_KIND_BREAK) {
			good = levels[depth].indefinite;
			levels[depth] = (struct level){ .close = levels[depth].close };
		} else if (good) {
			add_joint(text, &levels[depth]);
			good = !opens(&item) || depth < SMP_DEPTH_MAX;
			if (!opens(&item))
				add_item(text, &reader, &item);
			else if (good)
				levels[++depth] = level_of(&item, text);
		}
		while (good && depth > 0 && !levels[depth].indefinite && levels[depth].left == 0)
			add(text, "%c", levels[depth--].close);
		if (depth == 0 && levels[0].left == 0)
			break;
	}
	if (!good || depth != 0)
		add(text, " (broken at byte %u)", (unsigned)reader.off);
	else if (reader.off < body_bytes)
		add(text, " and %u bytes more", (unsigned)(body_bytes - reader.off));
	bytes_fill(text, 0, 1);
	bytes_free(&copy);
}

static const char *command_name(const struct smp_header *header)
{
	for (size_t i = 0; i < HF_ARRAY_COUNT(commands); i++) {
		if (commands[i].group == header->group && commands[i].id == header->id)
			return commands[i].name;
	}
	return "command";
}

void trace_message(char direction, uint32_t time_ms, const uint8_t *message, uint32_t message_bytes)
{
	static const char *const ops[] = { "read", "read reply", "write", "write reply", "op 4", "op 5", "op 6", "op 7" };
	fprintf(stderr, "%c %u.%03u s  ", direction, (unsigned)(time_ms / 1000u), (unsigned)(time_ms % 1000u));
	if (message_bytes < SMP_HEADER_BYTES) {
		fprintf(stderr, "%u bytes, shorter than a header\n", (unsigned)message_bytes);
		return;
	}
	struct smp_header header = smp_header_get(message);
	uint32_t rest = message_bytes - SMP_HEADER_BYTES;
	uint32_t body_bytes = header.length_bytes < rest ? header.length_bytes : rest;
	struct bytes text = { 0 };
	trace_body(message + SMP_HEADER_BYTES, body_bytes, &text);
	fprintf(stderr, "v%u %s %s %s (%u/%u), sequence %u, %u bytes %s%s\n", header.version + 1u, ops[header.op & 7u],
		smp_group_name(header.group), command_name(&header), header.group, header.id, header.sequence, (unsigned)message_bytes,
		(const char *)text.data, header.length_bytes != rest ? " (length differs from what came)" : "");
	bytes_free(&text);
}
