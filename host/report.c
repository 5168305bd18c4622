/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bytes.h"

void report_start(struct report *report)
{
	report->depth = 0;
	report->at[0] = cJSON_CreateObject();
}

static cJSON *here(const struct report *report)
{
	return report->at[report->depth];
}

static void print_json(struct report *report)
{
	char *text = cJSON_Print(report->at[0]);
	if (text != NULL)
		puts(text);
	cJSON_free(text);
}

void report_drop(struct report *report)
{
	cJSON_Delete(report->at[0]);
	report->at[0] = NULL;
	report->depth = 0;
}

enum hf_reason report_finish(struct report *report, struct problem *problem)
{
	hf_assert(report->depth == 0);
	if (report->json) {
		if (!report->bare)
			(void)cJSON_AddBoolToObject(report->at[0], "ok", true);
		print_json(report);
	}
	report_drop(report);
	if (fflush(stdout) != 0 || ferror(stdout))
		return problem_set(problem, HF_R_HOST_FILE_WRITE, "standard output", "%s", strerror(errno));
	return HF_OK;
}

void report_failure(struct report *report, const struct problem *problem)
{
	char *line = problem_line(problem);
	if (report->json) {
		const struct hf_reason_text *text = hf_reason_text((uint32_t)problem->reason);
		report->depth = 0;
		(void)cJSON_AddBoolToObject(report->at[0], "ok", false);
		cJSON *reason = cJSON_AddObjectToObject(report->at[0], "reason");
		(void)cJSON_AddNumberToObject(reason, "number", (double)problem->reason);
		(void)cJSON_AddStringToObject(reason, "name", text->name);
		(void)cJSON_AddStringToObject(reason, "sentence", text->sentence);
		(void)cJSON_AddStringToObject(reason, "remedy", text->remedy);
		(void)cJSON_AddStringToObject(reason, "subject", problem->subject);
		if (problem->has_where)
			(void)cJSON_AddNumberToObject(reason, "offset", (double)problem->where_off);
		if (problem->expected[0] != '\0' || problem->found[0] != '\0') {
			(void)cJSON_AddStringToObject(reason, "expected", problem->expected);
			(void)cJSON_AddStringToObject(reason, "found", problem->found);
		}
		if (problem->detail[0] != '\0')
			(void)cJSON_AddStringToObject(reason, "detail", problem->detail);
		(void)cJSON_AddStringToObject(reason, "message", line);
		print_json(report);
	}
	report_drop(report);
	(void)fflush(stdout);
	fprintf(stderr, "%s\n", line);
	free(line);
}

static void append_text(struct report *report, const char *key, const char *text)
{
	cJSON *array = cJSON_GetObjectItemCaseSensitive(report->at[0], key);
	if (array == NULL)
		array = cJSON_AddArrayToObject(report->at[0], key);
	(void)cJSON_AddItemToArray(array, cJSON_CreateString(text));
}

static void indent(const struct report *report)
{
	printf("%*s", (int)(2 * report->depth), "");
}

static void say(struct report *report, const char *key, const char *format, va_list list)
{
	char text[512];
	(void)vsnprintf(text, sizeof text, format, list);
	if (report->json) {
		append_text(report, key, text);
		return;
	}
	if (report->quiet)
		return;
	indent(report);
	printf("%s\n", text);
	(void)fflush(stdout);
}

void report_note(struct report *report, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	say(report, "notes", format, list);
	va_end(list);
}

void report_step(struct report *report, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	say(report, "steps", format, list);
	va_end(list);
}

void report_row(struct report *report, const char *format, ...)
{
	if (report->json)
		return;
	va_list list;
	va_start(list, format);
	indent(report);
	(void)vprintf(format, list);
	(void)putchar('\n');
	va_end(list);
}

static void fact(const struct report *report, const char *label, const char *text)
{
	if (report->json || label == NULL)
		return;
	indent(report);
	int width = 20 - (int)(2 * report->depth);
	printf("%-*s %s\n", width > 1 ? width : 1, label, text);
}

void report_text(struct report *report, const char *key, const char *label, const char *text)
{
	(void)cJSON_AddStringToObject(here(report), key, text);
	fact(report, label, text);
}

void report_number(struct report *report, const char *key, const char *label, uint64_t number)
{
	char text[32];
	(void)snprintf(text, sizeof text, "%llu", (unsigned long long)number);
	(void)cJSON_AddNumberToObject(here(report), key, (double)number);
	fact(report, label, text);
}

void report_integer(struct report *report, const char *key, const char *label, int64_t number)
{
	char text[32];
	(void)snprintf(text, sizeof text, "%lld", (long long)number);
	(void)cJSON_AddNumberToObject(here(report), key, (double)number);
	fact(report, label, text);
}

void report_size(struct report *report, const char *key, const char *label, uint64_t size_bytes)
{
	char text[64];
	(void)snprintf(text, sizeof text, size_bytes >= 10240 ? "%llu bytes (%.1f KB)" : "%llu bytes",
		       (unsigned long long)size_bytes, (double)size_bytes / 1024.0);
	(void)cJSON_AddNumberToObject(here(report), key, (double)size_bytes);
	fact(report, label, text);
}

void report_addr(struct report *report, const char *key, const char *label, uint64_t addr)
{
	char text[32];
	(void)snprintf(text, sizeof text, "0x%llx", (unsigned long long)addr);
	(void)cJSON_AddNumberToObject(here(report), key, (double)addr);
	fact(report, label, text);
}

void report_bytes(struct report *report, const char *key, const char *label, const uint8_t *data, size_t size_bytes)
{
	char *text = bytes_hex(data, size_bytes);
	report_text(report, key, label, text);
	free(text);
}

void report_flag(struct report *report, const char *key, const char *label, bool value)
{
	(void)cJSON_AddBoolToObject(here(report), key, value);
	fact(report, label, value ? "yes" : "no");
}

static void open_level(struct report *report, cJSON *level, const char *title)
{
	hf_assert(report->depth + 1 < REPORT_DEPTH_MAX);
	if (!report->json && title != NULL) {
		indent(report);
		printf("%s\n", title);
	}
	report->at[++report->depth] = level;
}

void report_group(struct report *report, const char *key, const char *title)
{
	open_level(report, cJSON_AddObjectToObject(here(report), key), title);
}

void report_list(struct report *report, const char *key, const char *title)
{
	open_level(report, cJSON_AddArrayToObject(here(report), key), title);
}

void report_item(struct report *report, const char *title)
{
	cJSON *item = cJSON_CreateObject();
	(void)cJSON_AddItemToArray(here(report), item);
	open_level(report, item, title);
}

void report_end(struct report *report)
{
	hf_assert(report->depth > 0);
	report->depth--;
}
