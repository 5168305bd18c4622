/* SPDX-License-Identifier: MIT */
#include "fix.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "file.h"
#include "renames.h"
#include "textdiff.h"

#define TEXT_BYTES_MAX (8u * 1024u * 1024u)

static bool has(const struct doctor *d, const char *code)
{
	return doctor_found(d, code) != NULL;
}

static bool is_editable(const struct setting *s)
{
	return !s->is_final && !s->is_comment && !s->is_off && !s->input->aside && strcmp(s->input->path, "standard input") != 0;
}

static void add(struct fix *fix, const struct setting *s, enum fix_kind kind, const char *code, char *text)
{
	struct fix_edit *e = DOCTOR_ADD(fix->edits);
	*e = (struct fix_edit){ .input = s->input, .file = host_strdup(s->input->file), .line = s->line, .kind = kind, .text = text, .code = code };
}

static bool is_quoted(const struct setting *s)
{
	return strspn(s->value, "0123456789") != strlen(s->value) && strcmp(s->value, "y") != 0 && strcmp(s->value, "n") != 0 &&
			strncmp(s->value, "0x", 2) != 0;
}

static char *line_of(const struct setting *s, const char *name, const char *value)
{
	bool quote = is_quoted(s);
	return host_printf("%sCONFIG_%s=%s%s%s", s->is_sysbuild ? "SB_" : "", name, quote ? "\"" : "", value, quote ? "\"" : "");
}

/* sysbuild.conf or prj.conf beside the file: where a line with the other prefix belongs. */
static char *sibling(const struct setting *s)
{
	const char *slash = strrchr(s->input->file, '/');
	size_t length = slash != NULL ? (size_t)(slash - s->input->file) + 1 : 0;
	return host_printf("%.*s%s", (int)length, s->input->file, s->is_sysbuild ? "sysbuild.conf" : "prj.conf");
}

static void move_line(struct fix *fix, const struct setting *s)
{
	add(fix, s, FIX_DELETE, "B03", host_strdup(""));
	struct fix_edit *e = DOCTOR_ADD(fix->edits);
	*e = (struct fix_edit){ .file = sibling(s), .kind = FIX_APPEND, .text = line_of(s, s->name, s->value), .code = "B03" };
}

static void fix_name(const struct doctor *d, struct fix *fix, const struct setting *s)
{
	const struct rename *r = has(d, "B11") ? rename_of(s->name) : NULL;
	bool plain = r != NULL && r->new_name != NULL && strchr(r->new_name, ' ') == NULL;
	/* Pairing became a choice: its value can't be carried over. */
	if (plain && strstr(s->name, "AUTHEN") == NULL)
		add(fix, s, FIX_REPLACE, "B11", line_of(s, r->new_name, s->value));
	else if (has(d, "B12") && strcmp(s->name, "MCUBOOT_IMAGE_VERSION") == 0)
		add(fix, s, FIX_REPLACE, "B12", line_of(s, "MCUBOOT_IMGTOOL_SIGN_VERSION", s->value));
	else if (has(d, "R06") && strcmp(s->name, "BOOT_SERIAL_DETECT_DOUBLE_RESET") == 0)
		add(fix, s, FIX_DELETE, "R06", host_strdup(""));
}

static void fix_value(const struct doctor *d, struct fix *fix, const struct setting *s)
{
	if (has(d, "K05") && strcmp(s->name, "BOOT_SIGNATURE_KEY_FILE") == 0 && s->is_sysbuild && strncmp(s->value, "${APP", 5) == 0) {
		char *escaped = host_printf("\\%s", s->value);
		add(fix, s, FIX_REPLACE, "K05", line_of(s, s->name, escaped));
		free(escaped);
	}
	const struct layout *main = doctor_main_layout(d);
	const struct partition *primary = main != NULL ? partitions_of(&main->partitions, PARTITION_PRIMARY) : NULL;
	const struct partition *secondary = main != NULL ? partitions_of(&main->partitions, PARTITION_SECONDARY) : NULL;
	if (has(d, "P01") && primary != NULL && s == doctor_setting(d, WHO_MCUBOOT, "BOOT_MAX_IMG_SECTORS")) {
		uint64_t most = secondary != NULL && secondary->size > primary->size ? secondary->size : primary->size;
		char *number = host_printf("%llu", (unsigned long long)(most / 0x1000));
		add(fix, s, FIX_REPLACE, "P01", line_of(s, s->name, number));
		free(number);
	}
	bool pages = strcmp(s->name, "SPI_NOR_FLASH_LAYOUT_PAGE_SIZE") == 0 || strcmp(s->name, "NORDIC_QSPI_NOR_FLASH_LAYOUT_PAGE_SIZE") == 0;
	if (has(d, "X06") && pages && strcmp(s->value, "4096") != 0)
		add(fix, s, FIX_REPLACE, "X06", line_of(s, s->name, "4096"));
	if (has(d, "B15") && s->who == WHO_MCUBOOT && strcmp(s->name, "UART_CONSOLE") == 0 && strcmp(s->value, "y") == 0)
		add(fix, s, FIX_REPLACE, "B15", line_of(s, s->name, "n"));
	if (has(d, "R04") && strcmp(s->name, "SINGLE_APPLICATION_SLOT") == 0 && doctor_is(d, WHO_SYSBUILD, "MCUBOOT_MODE_SINGLE_APP", "y"))
		add(fix, s, FIX_DELETE, "R04", host_strdup(""));
}

void fix_of(const struct doctor *d, struct fix *fix)
{
	for (size_t i = 0; i < d->settings.count; i++) {
		const struct setting *s = &d->settings.at[i];
		if (!is_editable(s))
			continue;
		if (has(d, "B03") && s->is_sysbuild != (s->who == WHO_SYSBUILD) && (s->is_sysbuild || s->who == WHO_SYSBUILD)) {
			move_line(fix, s);
			continue;
		}
		fix_name(d, fix, s);
		fix_value(d, fix, s);
	}
}

/* The file with its edits made. A file that is not there is an empty one. */
static enum hf_reason edited(const struct fix *fix, const char *file, struct bytes *before, struct bytes *after, struct problem *problem)
{
	struct stat state;
	unsigned line = 0;
	if (stat(file, &state) == 0) {
		enum hf_reason reason = file_read(file, TEXT_BYTES_MAX, before, problem);
		if (reason != HF_OK)
			return reason;
	}
	for (size_t i = 0; i < before->size;) {
		const uint8_t *end = memchr(before->data + i, '\n', before->size - i);
		size_t length = end != NULL ? (size_t)(end - (before->data + i)) : before->size - i;
		const struct fix_edit *edit = NULL;
		line++;
		for (size_t k = 0; k < fix->edits.count; k++) {
			const struct fix_edit *e = &fix->edits.at[k];
			if (strcmp(e->file, file) == 0 && e->line == line && e->kind != FIX_APPEND)
				edit = e;
		}
		if (edit == NULL)
			bytes_add(after, before->data + i, length);
		else
			bytes_add(after, edit->text, strlen(edit->text));
		if (edit == NULL || edit->kind != FIX_DELETE)
			bytes_add(after, "\n", 1);
		i += length + 1;
	}
	for (size_t k = 0; k < fix->edits.count; k++) {
		const struct fix_edit *e = &fix->edits.at[k];
		if (strcmp(e->file, file) != 0 || e->kind != FIX_APPEND)
			continue;
		bytes_add(after, e->text, strlen(e->text));
		bytes_add(after, "\n", 1);
	}
	return HF_OK;
}

/* Each file once: true for the first of its edits. */
static bool is_first(const struct fix *fix, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (strcmp(fix->edits.at[i].file, fix->edits.at[index].file) == 0)
			return false;
	}
	return true;
}

void fix_show(const struct fix *fix, struct bytes *patch)
{
	for (size_t i = 0; i < fix->edits.count; i++) {
		struct bytes before = { 0 }, after = { 0 };
		struct problem problem = { 0 };
		if (is_first(fix, i) && edited(fix, fix->edits.at[i].file, &before, &after, &problem) == HF_OK)
			textdiff(fix->edits.at[i].file, "corrected", &before, &after, patch);
		bytes_free(&before);
		bytes_free(&after);
	}
}

static enum hf_reason write_one(const struct fix *fix, const char *file, struct problem *problem)
{
	struct bytes before = { 0 }, after = { 0 };
	enum hf_reason reason = edited(fix, file, &before, &after, problem);
	if (reason == HF_OK && before.size != 0) {
		char *backup = host_printf("%s.orig", file);
		reason = file_write(backup, before.data, before.size, FILE_NEW, problem);
		if (reason != HF_OK)
			reason = problem_set(problem, HF_R_HOST_DOCTOR_FIX, backup, "the backup is there already, or its folder can't be written");
		free(backup);
	}
	if (reason == HF_OK)
		reason = file_write(file, after.data, after.size, 0, problem);
	bytes_free(&before);
	bytes_free(&after);
	return reason;
}

enum hf_reason fix_apply(const struct fix *fix, size_t *count, struct problem *problem)
{
	*count = 0;
	for (size_t i = 0; i < fix->edits.count; i++) {
		if (!is_first(fix, i))
			continue;
		enum hf_reason reason = write_one(fix, fix->edits.at[i].file, problem);
		if (reason != HF_OK)
			return reason;
		++*count;
	}
	return HF_OK;
}

void fix_free(struct fix *fix)
{
	for (size_t i = 0; i < fix->edits.count; i++) {
		free(fix->edits.at[i].file);
		free(fix->edits.at[i].text);
	}
	free(fix->edits.at);
	*fix = (struct fix){ 0 };
}
