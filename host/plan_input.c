/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "plan_input.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "elffile.h"
#include "file.h"
#include "imagefile.h"

enum hf_reason plan_size_parse(const char *option, const char *text, uint32_t *size_bytes, struct problem *problem)
{
	char *end = NULL;
	bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	double value = isdigit((unsigned char)text[0]) ? is_hex ? (double)strtoull(text, &end, 16) : strtod(text, &end) : -1.0;
	if (end != NULL && *end != '\0') {
		int unit = toupper((unsigned char)*end);
		value *= unit == 'K' ? 1024.0 : unit == 'M' ? 1024.0 * 1024.0 : -1.0;
		end++;
		if (toupper((unsigned char)*end) == 'B')
			end++;
	}
	if (value < 1.0 || value > 268435456.0 || end == NULL || *end != '\0')
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, option, "'%s' is no size; write it like 640K, 1.2M, 0xA0000 or 655360", text);
	*size_bytes = (uint32_t)value;
	return HF_OK;
}

static uint32_t up16(uint32_t value)
{
	return (value + 15) & ~15u;
}

/* A build for a bootloader begins with room for the header. */
static bool has_header_room(const struct plan_board *board, const uint8_t *data, size_t size_bytes)
{
	if (size_bytes <= board->header_bytes)
		return false;
	for (uint32_t i = 0; i < board->header_bytes; i++) {
		if (data[i] != data[0] || (data[0] != 0x00 && data[0] != 0xff))
			return false;
	}
	return true;
}

static void from_code(const struct plan_board *board, uint32_t code_bytes, bool has_room, struct plan_app *app)
{
	app->code_bytes = code_bytes;
	app->size_bytes = up16(code_bytes + (has_room ? 0 : board->header_bytes)) + board->tlv_bytes;
}

static enum hf_reason from_elf(const char *path, const struct plan_board *board, const struct bytes *bytes, struct plan_app *app,
			       struct problem *problem)
{
	uint32_t code = 0;
	enum hf_reason reason = plan_elf_size(path, bytes, board->flash_bytes, &code, problem);
	if (reason != HF_OK)
		return reason;
	app->kind = "ELF, not signed";
	struct elf_span span;
	uint32_t where_off = 0;
	uint8_t *head = host_alloc(board->header_bytes + 1);
	bool begins = elffile_span(bytes, board->flash_bytes, &span, &where_off) && elffile_bytes(bytes, span.addr, head, board->header_bytes + 1);
	from_code(board, code, begins && has_header_room(board, head, board->header_bytes + 1), app);
	free(head);
	return HF_OK;
}

/* A signed image or a raw binary. */
static enum hf_reason from_image(const struct plan_board *board, struct imagefile *file, struct plan_app *app, struct problem *problem)
{
	struct hf_image image;
	const uint8_t *data = file->bytes.data;
	size_t size = file->bytes.size;
	if (size >= 4 && hf_get32le(data) == HF_IMAGE_MAGIC) {
		enum hf_reason reason = imagefile_open(file, &image, problem);
		if (reason != HF_OK)
			return reason;
		app->kind = "signed image";
		app->size_bytes = image.total_bytes;
		app->code_bytes = image.total_bytes - image.header_bytes;
	} else {
		app->kind = "binary, not signed";
		from_code(board, (uint32_t)size, has_header_room(board, data, size), app);
	}
	app->compressed_percent = plan_compressed_percent(data, size);
	return HF_OK;
}

static enum hf_reason from_file(const char *path, const struct plan_board *board, struct plan_app *app, struct problem *problem)
{
	struct bytes head = { 0 };
	(void)snprintf(app->from, sizeof app->from, "%s", path);
	if (!file_is_hex(path) && !file_is_zip(path)) {
		enum hf_reason reason = file_read(path, FILE_IMAGE_BYTES_MAX, &head, problem);
		bool is_elf = reason == HF_OK && head.size >= 4 && hf_get32le(head.data) == 0x464c457fu;
		if (is_elf)
			reason = from_elf(path, board, &head, app, problem);
		bytes_free(&head);
		if (reason != HF_OK || is_elf)
			return reason;
	}
	struct imagefile file;
	enum hf_reason reason = imagefile_read(path, 0xff, 0, &file, problem);
	if (reason == HF_OK)
		reason = from_image(board, &file, app, problem);
	imagefile_free(&file);
	return reason;
}

static bool exists(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* The best file of one image of a build. */
static char *best_of(const char *folder)
{
	static const char *const names[] = { "zephyr.signed.bin", "zephyr.signed.hex", "zephyr.signed.confirmed.bin", "zephyr.bin", "zephyr.elf" };
	for (size_t i = 0; i < HF_ARRAY_COUNT(names); i++) {
		char *path = host_printf("%s/zephyr/%s", folder, names[i]);
		if (exists(path))
			return path;
		free(path);
	}
	return NULL;
}

/* domains.yaml of sysbuild: "default: NAME" names the application. */
static char *default_domain(const char *folder)
{
	char *path = host_printf("%s/domains.yaml", folder), *name = NULL;
	struct problem ignored;
	struct bytes text = { 0 };
	if (file_read(path, 65536, &text, &ignored) == HF_OK) {
		bytes_add(&text, "", 1);
		char word[128];
		if (sscanf((const char *)text.data, "default: %127[A-Za-z0-9_.-]", word) == 1)
			name = host_strdup(word);
	}
	bytes_free(&text);
	free(path);
	return name;
}

static bool is_loader_folder(const char *name)
{
	static const char *const others[] = { "mcuboot", "b0", "b0n", "_sysbuild", "zephyr", "CMakeFiles", "modules", "hci_ipc", "ipc_radio" };
	for (size_t i = 0; i < HF_ARRAY_COUNT(others); i++) {
		if (strcmp(name, others[i]) == 0)
			return true;
	}
	return name[0] == '.';
}

/* The one image folder with an application in it. */
static enum hf_reason only_image(const char *folder, char **found, struct problem *problem)
{
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return problem_set(problem, HF_R_HOST_FILE_READ, folder, "%s", "");
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
		char *inner = is_loader_folder(e->d_name) ? NULL : host_printf("%s/%s", folder, e->d_name);
		char *file = inner != NULL ? best_of(inner) : NULL;
		free(inner);
		if (file != NULL && *found != NULL) {
			(void)problem_set(problem, HF_R_PLAN_APP_SEVERAL, folder, "%s and %s", *found, file);
			free(file);
			free(*found);
			*found = NULL;
			(void)closedir(dir);
			return HF_R_PLAN_APP_SEVERAL;
		}
		if (file != NULL)
			*found = file;
	}
	(void)closedir(dir);
	return HF_OK;
}

static enum hf_reason from_folder(const char *folder, const struct plan_board *board, struct plan_app *app, struct problem *problem)
{
	char *name = default_domain(folder), *inner = name != NULL ? host_printf("%s/%s", folder, name) : NULL;
	char *file = inner != NULL ? best_of(inner) : NULL;
	enum hf_reason reason = HF_OK;
	if (file == NULL)
		file = best_of(folder);
	if (file == NULL)
		reason = only_image(folder, &file, problem);
	if (reason == HF_OK)
		reason = file != NULL ? from_file(file, board, app, problem) :
					problem_set(problem, HF_R_PLAN_APP_MISSING, folder, "%s", "");
	free(name);
	free(inner);
	free(file);
	return reason;
}

enum hf_reason plan_app_read(const char *path, const struct plan_board *board, struct plan_app *app, struct problem *problem)
{
	struct stat info;
	if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
		return from_folder(path, board, app, problem);
	return from_file(path, board, app, problem);
}
