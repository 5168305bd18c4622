/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "devicenames.h"

#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

#include "args.h"
#include "bytes.h"
#include "file.h"

#define LIST_BYTES_MAX (256u * 1024u)
#define NAMES_MAX 256u

struct line {
	const char *text;   /* the whole line, without its end */
	size_t text_bytes;
	char *name;         /* allocated; NULL: comment or empty */
	char *address;
};

struct lines {
	struct bytes file;
	struct line *list;
	size_t count;
};

char *devicenames_path(void)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	if (config != NULL && config[0] == '/')
		return host_printf("%s/holdfast/devices", config);
	return home != NULL && home[0] == '/' ? host_printf("%s/.config/holdfast/devices", home) : NULL;
}

static bool is_name(const char *text, size_t length)
{
	bool good = length > 0 && length < 64 && isalnum((unsigned char)text[0]);
	for (size_t i = 0; good && i < length; i++)
		good = isalnum((unsigned char)text[i]) || strchr("-_.", text[i]) != NULL;
	return good;
}

static char *trimmed(const char *text, size_t length)
{
	while (length > 0 && isspace((unsigned char)text[0])) {
		text++;
		length--;
	}
	while (length > 0 && isspace((unsigned char)text[length - 1]))
		length--;
	return host_printf("%.*s", (int)length, text);
}

static bool split(struct line *line)
{
	char *all = trimmed(line->text, line->text_bytes);
	bool good = all[0] == '\0' || all[0] == '#';
	char *equals = good ? NULL : strchr(all, '=');
	if (equals != NULL) {
		line->name = trimmed(all, (size_t)(equals - all));
		line->address = trimmed(equals + 1, strlen(equals + 1));
		good = is_name(line->name, strlen(line->name)) && line->address[0] != '\0';
	}
	free(all);
	return good;
}

static void lines_free(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		free(lines->list[i].name);
		free(lines->list[i].address);
	}
	free(lines->list);
	bytes_free(&lines->file);
}

/* No file, and an empty one, are an empty list. */
static enum hf_reason lines_read(const char *path, struct lines *lines, struct problem *problem)
{
	*lines = (struct lines){ .count = 0 };
	enum hf_reason reason = path != NULL ? file_read(path, LIST_BYTES_MAX, &lines->file, problem) : HF_R_HOST_FILE_MISSING;
	if (reason == HF_R_HOST_FILE_MISSING || reason == HF_R_HOST_FILE_EMPTY)
		return HF_OK;
	if (reason != HF_OK)
		return reason;
	size_t ends = 1;
	for (size_t i = 0; i < lines->file.size; i++)
		ends += lines->file.data[i] == '\n';
	lines->list = host_alloc(ends * sizeof lines->list[0]);
	for (size_t at = 0; at < lines->file.size;) {
		const char *text = (const char *)lines->file.data + at;
		const char *end = memchr(text, '\n', lines->file.size - at);
		struct line *line = &lines->list[lines->count++];
		*line = (struct line){ .text = text, .text_bytes = end != NULL ? (size_t)(end - text) : lines->file.size - at };
		at += line->text_bytes + 1;
		if (!split(line)) {
			reason = problem_set(problem, HF_R_HOST_CONFIG_READ, path, "line %zu", lines->count);
			lines_free(lines);
			return reason;
		}
	}
	return HF_OK;
}

enum hf_reason devicenames_each(void (*each)(void *ctx, const char *name, const char *address), void *ctx, struct problem *problem)
{
	struct lines lines;
	char *path = devicenames_path();
	enum hf_reason reason = lines_read(path, &lines, problem);
	free(path);
	if (reason != HF_OK)
		return reason;
	for (size_t i = 0; i < lines.count; i++) {
		if (lines.list[i].name != NULL)
			each(ctx, lines.list[i].name, lines.list[i].address);
	}
	lines_free(&lines);
	return HF_OK;
}

static const struct line *line_of(const struct lines *lines, const char *name)
{
	for (size_t i = 0; i < lines->count; i++) {
		if (lines->list[i].name != NULL && strcmp(lines->list[i].name, name) == 0)
			return &lines->list[i];
	}
	return NULL;
}

static enum hf_reason unknown(const struct lines *lines, const char *name, struct problem *problem)
{
	const char *names[NAMES_MAX];
	size_t count = 0;
	for (size_t i = 0; i < lines->count && count < NAMES_MAX; i++) {
		if (lines->list[i].name != NULL)
			names[count++] = lines->list[i].name;
	}
	const char *near = args_nearest(name, names, count);
	return near != NULL ? problem_set(problem, HF_R_HOST_NAME_UNKNOWN, name, "perhaps '%s' is meant", near) :
			      problem_set(problem, HF_R_HOST_NAME_UNKNOWN, name, "%s", "");
}

enum hf_reason devicenames_find(const char *name, char **address, struct problem *problem)
{
	struct lines lines;
	char *path = devicenames_path();
	enum hf_reason reason = lines_read(path, &lines, problem);
	free(path);
	if (reason != HF_OK)
		return reason;
	const struct line *line = line_of(&lines, name);
	if (line != NULL)
		*address = host_strdup(line->address);
	else
		reason = unknown(&lines, name, problem);
	lines_free(&lines);
	return reason;
}

/* address NULL: the name is taken out. */
static enum hf_reason change(const char *name, const char *address, struct problem *problem)
{
	struct lines lines;
	struct bytes text = { 0 };
	char *path = devicenames_path(), *fresh = address != NULL ? host_printf("%s = %s\n", name, address) : NULL;
	if (path == NULL)
		return problem_set(problem, HF_R_HOST_FILE_WRITE, "HOME", "not set");
	enum hf_reason reason = lines_read(path, &lines, problem);
	if (reason == HF_OK && address == NULL && line_of(&lines, name) == NULL)
		reason = unknown(&lines, name, problem);
	if (reason == HF_OK) {
		bool placed = false;
		for (size_t i = 0; i < lines.count; i++) {
			bool same = lines.list[i].name != NULL && strcmp(lines.list[i].name, name) == 0;
			if (same && fresh != NULL && !placed)
				bytes_add(&text, fresh, strlen(fresh));
			placed = placed || same;
			if (same)
				continue;
			bytes_add(&text, lines.list[i].text, lines.list[i].text_bytes);
			bytes_add(&text, "\n", 1);
		}
		if (!placed && fresh != NULL)
			bytes_add(&text, fresh, strlen(fresh));
		reason = file_make_folder(path, problem);
		if (reason == HF_OK)
			reason = file_write(path, text.data, text.size, 0, problem);
		lines_free(&lines);
	}
	bytes_free(&text);
	free(fresh);
	free(path);
	return reason;
}

enum hf_reason devicenames_save(const char *name, const char *address, struct problem *problem)
{
	if (!is_name(name, strlen(name)))
		return problem_set(problem, HF_R_HOST_NAME_BAD, name, "%s", "");
	return change(name, address, problem);
}

enum hf_reason devicenames_forget(const char *name, struct problem *problem)
{
	return change(name, NULL, problem);
}
