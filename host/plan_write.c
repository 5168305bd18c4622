/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "plan_write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "partitions_write.h"
#include "textdiff.h"

#define TEXT_BYTES_MAX (1024u * 1024u)
static const char mark_begin[] = "# >>> holdfast plan: what is between these two marks is replaced by the next plan";
static const char mark_end[] = "# <<< holdfast plan";

/* --- merging ---------------------------------------------------------------------------------------------------------------------- */

struct cursor {
	const char *at, *end;
};

static struct cursor lines_of(const struct bytes *text)
{
	const char *at = (const char *)text->data;
	return text->size > 0 ? (struct cursor){ at, at + text->size } : (struct cursor){ NULL, NULL };
}

static bool next_line(struct cursor *c, const char **line, size_t *length)
{
	if (c->at >= c->end)
		return false;
	const char *stop = memchr(c->at, '\n', (size_t)(c->end - c->at));
	*line = c->at;
	*length = stop != NULL ? (size_t)(stop - c->at) : (size_t)(c->end - c->at);
	c->at += *length + 1;
	return true;
}

/* Length of the symbol that the line sets ("NAME=..." or "# NAME is not set"); 0: none. */
static size_t symbol_of(const char *line, size_t length, const char **symbol)
{
	const char *at = line, *end = line + length;
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	if (end - at > 2 && at[0] == '#' && at[1] == ' ' && length > 11 && memcmp(end - 11, " is not set", 11) == 0)
		at += 2;
	*symbol = at;
	while (at < end && (*at == '_' || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9')))
		at++;
	bool sets = at < end && (*at == '=' || *at == ' ') && (memchr(at, '=', (size_t)(end - at)) != NULL || at[0] == ' ');
	return sets && at - *symbol > 7 ? (size_t)(at - *symbol) : 0;
}

static bool is_set_by(const struct bytes *planned, const char *symbol, size_t size)
{
	struct cursor c = lines_of(planned);
	const char *line = NULL, *own = NULL;
	size_t length = 0;
	while (next_line(&c, &line, &length)) {
		if (symbol_of(line, length, &own) == size && memcmp(own, symbol, size) == 0)
			return true;
	}
	return false;
}

static bool begins(const char *line, size_t length, const char *with)
{
	return length >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

void plan_merge_conf(const struct bytes *there, const struct bytes *planned, struct bytes *into)
{
	struct cursor c = lines_of(there);
	const char *line = NULL, *symbol = NULL;
	size_t length = 0;
	bool own = false, is_blank = true;
	while (next_line(&c, &line, &length)) {
		bool begin = begins(line, length, "# >>> holdfast plan"), end = begins(line, length, mark_end);
		size_t size = symbol_of(line, length, &symbol);
		if (!own && !begin && !end && (size == 0 || !is_set_by(planned, symbol, size))) {
			bytes_add(into, line, length);
			bytes_add(into, "\n", 1);
			is_blank = length == 0;
		}
		own = begin || (own && !end);
	}
	if (into->size > 0 && !is_blank)
		text_add(into, "\n");
	text_add(into, "%s\n%.*s%s\n", mark_begin, (int)planned->size, (const char *)planned->data, mark_end);
}

/* --- writing ---------------------------------------------------------------------------------------------------------------------- */

struct change {
	char *path;
	struct bytes before, after;
	bool was_there, differs, is_written;
};

static enum hf_reason prepare(const char *folder, const struct plan_text *file, struct change *change, struct problem *problem)
{
	struct stat info;
	change->path = host_printf("%s/%s", folder, file->name);
	if (stat(change->path, &info) == 0) {
		enum hf_reason reason = info.st_size == 0 ? HF_OK : file_read(change->path, TEXT_BYTES_MAX, &change->before, problem);
		if (reason != HF_OK)
			return reason;
		change->was_there = true;
	}
	if (file->is_conf)
		plan_merge_conf(&change->before, &file->text, &change->after);
	else
		bytes_add(&change->after, file->text.data, file->text.size);
	change->differs = change->before.size != change->after.size || memcmp(change->before.data, change->after.data, change->after.size) != 0;
	return HF_OK;
}

static enum hf_reason refuse_existing(const char *folder, const struct change *changes, size_t count, struct problem *problem)
{
	char names[256] = "";
	for (size_t i = 0; i < count; i++) {
		if (changes[i].was_there && changes[i].differs) {
			size_t used = strlen(names);
			(void)snprintf(names + used, sizeof names - used, "%s%s", used > 0 ? ", " : "", changes[i].path + strlen(folder) + 1);
		}
	}
	if (names[0] == '\0')
		return HF_OK;
	return problem_set(problem, HF_R_PLAN_FILES_EXIST, folder, "%s", names);
}

static enum hf_reason make_folders(const char *path, struct problem *problem)
{
	char *part = host_strdup(path);
	enum hf_reason reason = HF_OK;
	for (char *at = part + 1; *at != '\0' && reason == HF_OK; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		if (mkdir(part, 0777) != 0 && errno != EEXIST)
			reason = problem_set(problem, HF_R_HOST_FILE_WRITE, part, "%s", strerror(errno));
		*at = '/';
	}
	free(part);
	return reason;
}

static enum hf_reason back_up(const struct change *change, struct report *report, struct problem *problem)
{
	for (unsigned n = 1; n < 1000; n++) {
		char *name = n == 1 ? host_printf("%s.bak", change->path) : host_printf("%s.bak%u", change->path, n);
		enum hf_reason reason = file_write(name, change->before.data, change->before.size, FILE_NEW, problem);
		if (reason == HF_OK)
			report_step(report, "kept the old one as %s", name);
		free(name);
		if (reason != HF_R_HOST_FILE_EXISTS)
			return reason;
	}
	return problem_set(problem, HF_R_HOST_FILE_EXISTS, change->path, "a thousand backups are there");
}

static void show_diff(const struct change *change, struct report *report)
{
	struct bytes diff = { 0 };
	textdiff(change->path, "as planned", &change->before, &change->after, &diff);
	struct cursor c = lines_of(&diff);
	const char *line = NULL;
	size_t length = 0;
	while (next_line(&c, &line, &length))
		report_step(report, "%.*s", (int)length, line);
	bytes_free(&diff);
}

static enum hf_reason write_one(struct change *change, struct report *report, struct problem *problem)
{
	if (!change->differs) {
		report_step(report, "%s is as planned already", change->path);
		return HF_OK;
	}
	enum hf_reason reason = make_folders(change->path, problem);
	if (reason == HF_OK && change->was_there) {
		show_diff(change, report);
		reason = change->before.size > 0 ? back_up(change, report, problem) : HF_OK;
	}
	if (reason == HF_OK)
		reason = file_write(change->path, change->after.data, change->after.size, 0, problem);
	change->is_written = reason == HF_OK;
	if (reason == HF_OK)
		report_step(report, "wrote %s", change->path);
	return reason;
}

static void put_back(struct change *changes, size_t count)
{
	struct problem ignored;
	for (size_t i = 0; i < count; i++) {
		if (!changes[i].is_written)
			continue;
		if (!changes[i].was_there)
			(void)unlink(changes[i].path);
		else if (file_write(changes[i].path, changes[i].before.data, changes[i].before.size, 0, &ignored) != HF_OK)
			continue; /* the backup is beside it */
	}
}

enum hf_reason plan_write(const char *folder, const struct plan_files *files, bool force, struct report *report, struct problem *problem)
{
	struct change changes[PLAN_FILES_MAX];
	memset(changes, 0, sizeof changes);
	enum hf_reason reason = HF_OK;
	for (size_t i = 0; i < files->count && reason == HF_OK; i++)
		reason = prepare(folder, &files->list[i], &changes[i], problem);
	if (reason == HF_OK && !force)
		reason = refuse_existing(folder, changes, files->count, problem);
	for (size_t i = 0; i < files->count && reason == HF_OK; i++) {
		reason = write_one(&changes[i], report, problem);
		if (reason != HF_OK)
			put_back(changes, i);
	}
	for (size_t i = 0; i < files->count; i++) {
		free(changes[i].path);
		bytes_free(&changes[i].before);
		bytes_free(&changes[i].after);
	}
	return reason;
}
