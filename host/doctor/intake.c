/* SPDX-License-Identifier: MIT */
/* From names to inputs: files, folders read whole, standard input. In a folder cheap tests decide before a file is opened. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "doctor.h"
#include "file.h"
#include "matcher.h"

#define HEAD_BYTES 8192u
#define TEXT_BYTES_MAX (8u * 1024u * 1024u)
#define FOLDER_FILES_MAX 50000u
#define FOLDER_DEPTH_MAX 24
#define FOLDER_BINARIES_MAX 40u
#define FOLDER_ELFS_MAX 8u

static struct doctor_input *add_input(struct doctor *d, const char *shown, const char *file, bool named)
{
	struct doctor_input *input = host_alloc(sizeof *input);
	input->path = host_strdup(shown);
	input->file = host_strdup(file);
	input->named = named;
	input->who = doctor_who_of(shown);
	*DOCTOR_ADD(d->inputs) = input;
	return input;
}

/* What `holdfast plan --write` says in each file that it writes for its own bootloader. */
static bool says_holdfast(const struct bytes *text)
{
	static const char own[] = "Holdfast's own bootloader", flashed[] = "flash Holdfast's bootloader";
	return text->size != 0 && (memmem(text->data, text->size, own, sizeof own - 1) != NULL ||
				   memmem(text->data, text->size, flashed, sizeof flashed - 1) != NULL);
}

static void read_by_kind(struct doctor *d, struct doctor_input *input, const struct bytes *bytes)
{
	bool is_setting = input->kind == KIND_KCONFIG || input->kind == KIND_PM || input->kind == KIND_DTS;
	input->says_holdfast = is_setting && says_holdfast(bytes);
	switch (input->kind) {
	case KIND_KCONFIG:
	case KIND_CONFIG:
		doctor_read_kconfig(d, input, bytes);
		break;
	case KIND_PM:
		doctor_read_layout(d, input, bytes);
		break;
	case KIND_DTS:
		doctor_read_dts(d, input, bytes);
		break;
	case KIND_UF2_INFO:
	case KIND_LOG:
		doctor_read_log(d, input, bytes);
		break;
	case KIND_TREE:
		doctor_read_names(d, input, bytes);
		break;
	case KIND_KEY:
		doctor_read_key(d, input, bytes);
		break;
	case KIND_IMAGE:
	case KIND_PROGRAM:
	case KIND_HEX:
	case KIND_UF2:
	case KIND_ZIP:
	case KIND_DUMP:
	case KIND_ELF:
		doctor_read_binary(d, input, bytes);
		break;
	case KIND_SOURCE:
		doctor_read_source(d, input, bytes);
		break;
	case KIND_MANIFEST:
		doctor_read_manifest(d, input, bytes);
		break;
	case KIND_NONE:
		break;
	}
}

/* UTF-16 with its mark, as a Windows shell writes what is piped into a file: in place, what is no ASCII becomes "?". */
static size_t narrowed(uint8_t *data, size_t size_bytes)
{
	bool little = size_bytes >= 2 && data[0] == 0xff && data[1] == 0xfe, big = size_bytes >= 2 && data[0] == 0xfe && data[1] == 0xff;
	size_t out = 0;
	size_t plain = 0, units = 0;
	for (size_t i = 2; i + 1 < size_bytes && units < 64; i += 2, units++)
		plain += data[i + little] == 0;
	if ((!little && !big) || plain * 2 < units)
		return size_bytes; /* a binary may begin so too */
	for (size_t i = 2; i + 1 < size_bytes; i += 2) {
		uint8_t low = data[i + big], high = data[i + little];
		data[out++] = high == 0 && low < 0x80 ? low : '?';
	}
	return out;
}

void doctor_take_text(struct doctor *d, const char *name, const struct bytes *text)
{
	struct doctor_input *input = add_input(d, name, name, true);
	struct bytes own = { 0 };
	bytes_add(&own, text->data, text->size);
	own.size = narrowed(own.data, own.size);
	input->size_bytes = text->size;
	input->kind = doctor_kind_of(name, own.data, own.size < HEAD_BYTES ? own.size : HEAD_BYTES);
	d->files_read++;
	if (input->kind != KIND_NONE)
		read_by_kind(d, input, &own);
	bytes_free(&own);
}

/* Files that a build leaves by the thousand and that say nothing. */
static bool is_dull(const char *name)
{
	static const char *const wanted[] = { ".conf", ".config", ".overlay", ".dts", ".dtsi", ".yml", ".yaml", ".log", ".txt", ".bin", ".hex",
		".uf2", ".zip", ".pem", ".c", ".cpp", ".out", ".dump", ".dmp", ".rtt", ".cap", ".json", ".console", ".paste", ".key", ".img" };
	const char *dot = strrchr(name, '.');
	if (strcmp(name, "zephyr.elf") == 0)
		return false;
	if (strcmp(name, "CMakeLists.txt") == 0 || strcmp(name, "CMakeCache.txt") == 0)
		return true;
	if (dot == NULL)
		return name[0] == '.' || strcmp(name, "Kconfig") == 0 || strcmp(name, "LICENSE") == 0 || strcmp(name, "Makefile") == 0;
	if (strncmp(name, "Kconfig", 7) == 0 || strcmp(name, "zephyr.lst") == 0 || strstr(name, "_pre0") != NULL || strstr(name, "_pre1") != NULL)
		return true;
	for (size_t i = 0; i < HF_ARRAY_COUNT(wanted); i++) {
		if (strcasecmp(dot, wanted[i]) == 0)
			return false;
	}
	return true;
}

static bool is_dull_folder(const char *name)
{
	static const char *const dull[] = { ".git", "CMakeFiles", "node_modules", ".venv", "venv", "__pycache__", ".west", "modules", "_deps", "Kconfig",
		"generated", "syscalls_links", ".github", ".vscode" };
	for (size_t i = 0; i < HF_ARRAY_COUNT(dull); i++) {
		if (strcmp(name, dull[i]) == 0)
			return true;
	}
	return false;
}

static size_t read_head(const char *path, uint8_t head[HEAD_BYTES])
{
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return 0;
	size_t got = fread(head, 1, HEAD_BYTES, file);
	(void)fclose(file);
	return got;
}

/* named: problems are the caller's; else a file that can't be read is passed over. */
static enum hf_reason take_file(struct doctor *d, const char *shown, const char *file, uint64_t size, bool named, struct problem *problem)
{
	static uint8_t head[HEAD_BYTES];
	size_t got = size != 0 ? read_head(file, head) : 0;
	if (got == 0 && named && size != 0)
		return problem_set(problem, HF_R_HOST_DOCTOR_INPUT, file, "%s", strerror(errno));
	bool wide = got >= 2 && narrowed(head, got) != got;
	got = wide ? got / 2 - 1 : got;
	enum doctor_kind kind = doctor_kind_of(shown, head, got);
	bool binary = kind == KIND_DUMP || kind == KIND_ELF || kind == KIND_PROGRAM;
	/* Of a build's ELF files the image itself, once a folder. */
	bool spare_elf = kind == KIND_ELF && (strstr(shown, "zephyr.elf") == NULL || d->folder_elfs >= FOLDER_ELFS_MAX);
	d->folder_elfs += !named && kind == KIND_ELF && !spare_elf;
	if (!named && (kind == KIND_NONE || spare_elf || (kind == KIND_SOURCE && size > 262144)))
		return HF_OK;
	struct doctor_input *input = add_input(d, shown, file, named);
	input->kind = kind;
	input->size_bytes = size;
	d->files_read++;
	if (kind == KIND_NONE)
		return HF_OK;
	if (kind == KIND_LOG && size > TEXT_BYTES_MAX && !wide)
		return doctor_read_log_file(d, input, problem);
	size_t limit = kind == KIND_IMAGE || kind == KIND_HEX || kind == KIND_UF2 || kind == KIND_ZIP || binary || wide ? FILE_IMAGE_BYTES_MAX : TEXT_BYTES_MAX;
	struct bytes bytes = { 0 };
	enum hf_reason reason = file_read(file, limit, &bytes, problem);
	if (reason == HF_OK) {
		bytes.size = narrowed(bytes.data, bytes.size);
		read_by_kind(d, input, &bytes);
	}
	bytes_free(&bytes);
	return named ? reason : HF_OK;
}

static enum hf_reason take_folder(struct doctor *d, const char *shown, const char *folder, int depth, struct problem *problem)
{
	struct dirent **list = NULL;
	int count = depth > FOLDER_DEPTH_MAX ? 0 : scandir(folder, &list, NULL, alphasort);
	if (count < 0)
		return depth == 0 ? problem_set(problem, HF_R_HOST_DOCTOR_INPUT, folder, "%s", strerror(errno)) : HF_OK;
	enum hf_reason reason = HF_OK;
	for (int i = 0; i < count && reason == HF_OK; i++) {
		const char *name = list[i]->d_name;
		struct stat state;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		char *file = host_printf("%s/%s", folder, name);
		char *path = shown[0] != '\0' ? host_printf("%s/%s", shown, name) : host_strdup(name);
		if (lstat(file, &state) == 0 && S_ISDIR(state.st_mode) && !is_dull_folder(name)) {
			reason = take_folder(d, path, file, depth + 1, problem);
		} else if (S_ISREG(state.st_mode) && !S_ISDIR(state.st_mode)) {
			if (++d->files_seen > FOLDER_FILES_MAX)
				reason = problem_set(problem, HF_R_HOST_DOCTOR_TOO_MANY, folder, "more than %u files", FOLDER_FILES_MAX);
			else if (strcmp(name, "Kconfig.sysbuild") == 0 || strcmp(name, "VERSION") == 0)
				*DOCTOR_ADD(d->tree) = host_strdup(path);
			else if (!is_dull(name)) {
				*DOCTOR_ADD(d->tree) = host_strdup(path);
				reason = take_file(d, path, file, (uint64_t)state.st_size, false, problem);
			}
		}
		free(file);
		free(path);
	}
	for (int i = 0; i < count; i++)
		free(list[i]);
	free(list);
	return reason;
}

static enum hf_reason take_stream(struct doctor *d, struct problem *problem)
{
	struct bytes head = { 0 };
	static uint8_t chunk[65536];
	for (size_t got; head.size < FILE_IMAGE_BYTES_MAX && (got = fread(chunk, 1, sizeof chunk, stdin)) != 0;)
		bytes_add(&head, chunk, got);
	if (ferror(stdin)) {
		bytes_free(&head);
		return problem_set(problem, HF_R_HOST_DOCTOR_INPUT, "standard input", "%s", strerror(errno));
	}
	doctor_take_text(d, "standard input", &head);
	bytes_free(&head);
	return HF_OK;
}

enum hf_reason doctor_take(struct doctor *d, const char *path, struct problem *problem)
{
	struct stat state;
	if (strcmp(path, "-") == 0)
		return take_stream(d, problem);
	if (stat(path, &state) != 0)
		return problem_set(problem, HF_R_HOST_DOCTOR_INPUT, path, "%s", strerror(errno));
	if (S_ISDIR(state.st_mode)) {
		d->tree_is_listed = true;
		return take_folder(d, "", path, 0, problem);
	}
	*DOCTOR_ADD(d->tree) = host_strdup(path);
	d->files_seen++;
	return take_file(d, path, path, S_ISREG(state.st_mode) ? (uint64_t)state.st_size : 1, true, problem);
}

static void free_lists(struct doctor *d)
{
	for (size_t i = 0; i < d->inputs.count; i++) {
		free(d->inputs.at[i]->path);
		free(d->inputs.at[i]->file);
		free(d->inputs.at[i]);
	}
	for (size_t i = 0; i < d->tree.count; i++)
		free(d->tree.at[i]);
	for (size_t i = 0; i < d->layouts.count; i++) {
		partitions_free(&d->layouts.at[i]->partitions);
		free(d->layouts.at[i]);
	}
	for (size_t i = 0; i < d->trees.count; i++) {
		dtsource_free(&d->trees.at[i]->source);
		free(d->trees.at[i]);
	}
	for (size_t i = 0; i < d->keys.count; i++) {
		keyfile_free(&d->keys.at[i]->key);
		free(d->keys.at[i]);
	}
	for (size_t i = 0; i < d->compiled.count; i++)
		free(d->compiled.at[i]);
	for (size_t i = 0; i < d->findings.count; i++) {
		free(d->findings.at[i]->title);
		free(d->findings.at[i]->remedy);
		free(d->findings.at[i]);
	}
}

void doctor_free(struct doctor *d)
{
	free_lists(d);
	free(d->inputs.at);
	free(d->tree.at);
	free(d->settings.at);
	free((void *)d->by_name);
	free(d->layouts.at);
	free(d->trees.at);
	free(d->hits.at);
	free(d->complaints.at);
	free(d->calls.at);
	free(d->boots.at);
	free(d->listed.at);
	for (size_t i = 0; i < d->images.count; i++)
		bytes_free(&d->images.at[i].copy);
	free(d->images.at);
	free(d->programs.at);
	free(d->keys.at);
	free(d->compiled.at);
	free(d->ranges.at);
	free(d->findings.at);
	matcher_free(d->matcher);
	free(d->pattern_counts);
	*d = (struct doctor){ 0 };
}
