/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* timegm */
#include "demo_app.h"

#include <holdfast/smp_requests.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "device.h"

/* --- settings ------------------------------------------------------------------------------------------------------------ */

static struct demo_setting *setting_of(struct demo_app *app, const struct smp_span *key)
{
	for (uint32_t i = 0; i < DEMO_SETTINGS_MAX; i++) {
		if (app->settings[i].key[0] != '\0' && smp_span_is(key, app->settings[i].key))
			return &app->settings[i];
	}
	return NULL;
}

static enum smp_settings_code setting_get(void *ctx, const struct smp_span *key, struct smp_span *value)
{
	const struct demo_setting *setting = setting_of(ctx, key);
	if (setting == NULL)
		return SMP_SETTINGS_KEY_NOT_FOUND;
	*value = (struct smp_span){ .data = setting->value, .size_bytes = setting->value_bytes };
	return SMP_SETTINGS_OK;
}

static enum smp_settings_code setting_set(void *ctx, const struct smp_span *key, const struct smp_span *value)
{
	struct demo_app *app = ctx;
	struct demo_setting *setting = setting_of(app, key);
	if (key->size_bytes == 0 || memchr(key->data, '\0', key->size_bytes) != NULL)
		return SMP_SETTINGS_ROOT_NOT_FOUND;
	for (uint32_t i = 0; setting == NULL && i < DEMO_SETTINGS_MAX; i++) {
		if (app->settings[i].key[0] != '\0')
			continue;
		setting = &app->settings[i];
		memcpy(setting->key, key->data, key->size_bytes);
		setting->key[key->size_bytes] = '\0';
	}
	if (setting == NULL)
		return SMP_SETTINGS_UNKNOWN; /* full */
	memcpy(setting->value, value->data, value->size_bytes);
	setting->value_bytes = value->size_bytes;
	return SMP_SETTINGS_OK;
}

static enum smp_settings_code setting_remove(void *ctx, const struct smp_span *key)
{
	struct demo_setting *setting = setting_of(ctx, key);
	if (setting == NULL)
		return SMP_SETTINGS_KEY_NOT_FOUND;
	setting->key[0] = '\0';
	return SMP_SETTINGS_OK;
}

static enum smp_settings_code settings_commit(void *ctx)
{
	((struct demo_app *)ctx)->commits++;
	return SMP_SETTINGS_OK;
}

static enum smp_settings_code settings_load(void *ctx)
{
	struct demo_app *app = ctx;
	memcpy(app->settings, app->kept, sizeof app->settings);
	app->loads++;
	return SMP_SETTINGS_OK;
}

/* subtree "a/b": the key a/b and those below it. */
static bool is_below(const char *key, const struct smp_span *subtree)
{
	return strncmp(key, (const char *)subtree->data, subtree->size_bytes) == 0 &&
	       (key[subtree->size_bytes] == '\0' || key[subtree->size_bytes] == '/');
}

static enum smp_settings_code settings_save(void *ctx, const struct smp_span *subtree)
{
	struct demo_app *app = ctx;
	app->saves++;
	if (subtree->size_bytes == 0) {
		memcpy(app->kept, app->settings, sizeof app->kept);
		return SMP_SETTINGS_OK;
	}
	for (uint32_t i = 0; i < DEMO_SETTINGS_MAX; i++) { /* a key keeps its place as long as it is there */
		if (app->settings[i].key[0] != '\0' ? is_below(app->settings[i].key, subtree) : is_below(app->kept[i].key, subtree))
			app->kept[i] = app->settings[i];
	}
	return SMP_SETTINGS_OK;
}

static void settings_first(struct demo_app *app)
{
	static const struct {
		const char *key, *value;
		uint32_t bytes;
	} first[] = { { "demo/name", "holdfast", 8 }, { "demo/count", "\x07\x00\x00\x00", 4 } };
	for (size_t i = 0; i < HF_ARRAY_COUNT(first); i++) {
		(void)snprintf(app->kept[i].key, sizeof app->kept[i].key, "%s", first[i].key);
		memcpy(app->kept[i].value, first[i].value, first[i].bytes);
		app->kept[i].value_bytes = first[i].bytes;
	}
}

static enum hf_reason storage_erase(void *ctx, struct smp_call *call)
{
	struct demo_app *app = ctx;
	(void)call;
	memset(app->settings, 0, sizeof app->settings);
	memset(app->kept, 0, sizeof app->kept);
	return HF_OK;
}

/* --- shell --------------------------------------------------------------------------------------------------------------- */

enum { SHELL_LINE_BYTES = 256, SHELL_TOO_LONG = 2, SHELL_EMPTY = 3, SHELL_UNKNOWN = -8 /* Zephyr's -ENOEXEC */ };

/* The words of argv, one space between them, as the shell's line; *size SHELL_LINE_BYTES: too long for it. */
static enum hf_reason line_read(struct smp_call *call, char line[SHELL_LINE_BYTES], uint32_t *size)
{
	struct smp_field field = { .key = "argv", .type = SMP_TYPE_ANY };
	struct smp_list walk;
	struct smp_span word;
	bool more = true;
	enum hf_reason reason = smp_map_read(&call->body, &field, 1);
	*size = 0;
	if (reason == HF_OK)
		reason = field.found ? smp_list_open(&field.is.inner, &walk) : HF_R_SMP_CBOR_TYPE;
	while (reason == HF_OK && (reason = smp_list_next(&field.is.inner, &walk, &more)) == HF_OK && more) {
		reason = smp_string_read(&field.is.inner, SMP_KIND_TEXT, &word);
		if (reason != HF_OK)
			break;
		if (word.size_bytes >= SHELL_LINE_BYTES - *size - 2u) {
			*size = SHELL_LINE_BYTES;
			return HF_OK;
		}
		if (*size != 0)
			line[(*size)++] = ' ';
		memcpy(line + *size, word.data, word.size_bytes);
		*size += word.size_bytes;
	}
	line[*size] = '\0';
	return reason;
}

static int32_t shell_run(struct demo_app *app, const char *line, char *output, size_t cap)
{
	size_t word = strcspn(line, " ");
	const char *rest = line + word + (line[word] == ' ');
	if (word == 4 && strncmp(line, "echo", word) == 0) {
		(void)snprintf(output, cap, "%s\r\n", rest);
	} else if (word == 4 && strncmp(line, "help", word) == 0) {
		(void)snprintf(output, cap, "count       one more each time\r\necho WORDS  prints them\r\nfail N      returns N\r\n"
			       "help        this\r\nuptime      since the last reset\r\n");
	} else if (word == 5 && strncmp(line, "count", word) == 0) {
		(void)snprintf(output, cap, "%u\r\n", (unsigned)++app->counted);
	} else if (word == 6 && strncmp(line, "uptime", word) == 0) {
		(void)snprintf(output, cap, "Uptime: %u ms\r\n", (unsigned)(device_now_ms() - app->start_ms));
	} else if (word == 4 && strncmp(line, "fail", word) == 0) {
		output[0] = '\0';
		return (int32_t)strtol(rest, NULL, 10);
	} else {
		(void)snprintf(output, cap, "%.*s: command not found\r\n", (int)word, line);
		return SHELL_UNKNOWN;
	}
	return 0;
}

static enum hf_reason shell_exec(void *ctx, struct smp_call *call)
{
	char line[SHELL_LINE_BYTES], output[SHELL_LINE_BYTES + 32];
	uint32_t size = 0;
	enum hf_reason reason = line_read(call, line, &size);
	if (reason != HF_OK)
		return reason;
	if (size >= SHELL_LINE_BYTES)
		return smp_call_refuse(call, SMP_GROUP_SHELL, SHELL_TOO_LONG, SMP_RC_INVALID);
	if (size == 0)
		return smp_call_refuse(call, SMP_GROUP_SHELL, SHELL_EMPTY, SMP_RC_INVALID);
	int32_t code = shell_run(ctx, line, output, sizeof output);
	smp_put_key_text(call->reply, "o", output);
	smp_put_key_int(call->reply, "ret", code);
	return HF_OK;
}

/* --- tasks, memory, clock ------------------------------------------------------------------------------------------------ */

static enum hf_reason tasks_show(void *ctx, struct smp_call *call)
{
	static const struct {
		const char *name;
		int32_t prio;
		uint32_t state, used_words, words;
	} tasks[] = { { "main", 0, 2, 212, 512 }, { "smp", 3, 1, 340, 1024 }, { "logging", 14, 2, 96, 192 }, { "idle", 15, 1, 24, 80 } };
	(void)ctx;
	smp_put_text(call->reply, "tasks");
	smp_put_map_open(call->reply);
	for (uint32_t i = 0; i < HF_ARRAY_COUNT(tasks); i++) {
		smp_put_text(call->reply, tasks[i].name);
		smp_put_map_open(call->reply);
		smp_put_key_int(call->reply, "prio", tasks[i].prio);
		smp_put_key_uint(call->reply, "tid", i);
		smp_put_key_uint(call->reply, "state", tasks[i].state);
		smp_put_key_uint(call->reply, "stkuse", tasks[i].used_words);
		smp_put_key_uint(call->reply, "stksiz", tasks[i].words);
		smp_put_key_uint(call->reply, "cswcnt", 1000u * (i + 1u));
		smp_put_key_uint(call->reply, "runtime", 250u * (i + 1u));
		smp_put_key_uint(call->reply, "last_checkin", 0);
		smp_put_key_uint(call->reply, "next_checkin", 0);
		smp_put_close(call->reply);
	}
	smp_put_close(call->reply);
	return HF_OK;
}

static enum hf_reason pools_show(void *ctx, struct smp_call *call)
{
	(void)ctx;
	smp_put_text(call->reply, "packets");
	smp_put_map_open(call->reply);
	smp_put_key_uint(call->reply, "blksiz", 2048);
	smp_put_key_uint(call->reply, "nblks", 4);
	smp_put_key_uint(call->reply, "nfree", 3);
	smp_put_key_uint(call->reply, "min", 1);
	smp_put_close(call->reply);
	return HF_OK;
}

static enum hf_reason clock_get(void *ctx, struct smp_call *call)
{
	const struct demo_app *app = ctx;
	struct tm parts;
	char text[32];
	time_t now = (time_t)(time(NULL) + app->clock_moved_s);
	if (gmtime_r(&now, &parts) == NULL || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts) == 0)
		return smp_call_refuse(call, SMP_GROUP_OS, 5, SMP_RC_UNKNOWN);
	smp_put_key_text(call->reply, "datetime", text);
	return HF_OK;
}

static enum hf_reason clock_set(void *ctx, struct smp_call *call)
{
	struct demo_app *app = ctx;
	struct smp_field field = { .key = "datetime", .type = SMP_TYPE_TEXT };
	struct tm parts = { 0 };
	char text[32];
	enum hf_reason reason = smp_map_read(&call->body, &field, 1);
	if (reason != HF_OK)
		return reason;
	if (!field.found || field.is.span.size_bytes >= sizeof text)
		return smp_call_refuse(call, SMP_GROUP_OS, 2, SMP_RC_INVALID);
	smp_text_clean(&field.is.span, text, sizeof text);
	if (smp_datetime_check(text) != HF_OK ||
	    sscanf(text, "%d%*c%d%*c%d%*c%d%*c%d%*c%d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec) != 6)
		return smp_call_refuse(call, SMP_GROUP_OS, 2, SMP_RC_INVALID);
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	app->clock_moved_s = (int64_t)timegm(&parts) - (int64_t)time(NULL);
	return HF_OK;
}

static const char *group_name(uint16_t group)
{
	switch (group) {
	case SMP_GROUP_OS: return "os mgmt";
	case SMP_GROUP_IMAGE: return "img mgmt";
	case SMP_GROUP_STAT: return "stat mgmt";
	case SMP_GROUP_SETTINGS: return "settings mgmt";
	case SMP_GROUP_FS: return "fs mgmt";
	case SMP_GROUP_SHELL: return "shell mgmt";
	case SMP_GROUP_ENUM: return "enum mgmt";
	case SMP_GROUP_BASIC: return "zephyr basic mgmt";
	case SMP_GROUP_HOLDFAST: return "holdfast";
	default: return NULL;
	}
}

/* --- the whole ----------------------------------------------------------------------------------------------------------- */

static void stats_start(struct demo_app *app, const struct smp_server *server)
{
	app->server_stats[0] = (struct smp_stat_entry){ .name = "requests", .value = &server->request_count };
	app->server_stats[1] = (struct smp_stat_entry){ .name = "refusals", .value = &server->refusal_count };
	app->file_stats[0] = (struct smp_stat_entry){ .name = "reads", .value = &app->files.reads };
	app->file_stats[1] = (struct smp_stat_entry){ .name = "writes", .value = &app->files.writes };
	app->file_stats[2] = (struct smp_stat_entry){ .name = "written_bytes", .value = &app->files.written_bytes };
	app->setting_stats[0] = (struct smp_stat_entry){ .name = "commits", .value = &app->commits };
	app->setting_stats[1] = (struct smp_stat_entry){ .name = "saves", .value = &app->saves };
	app->setting_stats[2] = (struct smp_stat_entry){ .name = "loads", .value = &app->loads };
	app->stat_groups[0] = (struct smp_stat_group){ .name = "smp", .entries = app->server_stats, .entry_count = HF_ARRAY_COUNT(app->server_stats) };
	app->stat_groups[1] = (struct smp_stat_group){ .name = "files", .entries = app->file_stats, .entry_count = HF_ARRAY_COUNT(app->file_stats) };
	app->stat_groups[2] = (struct smp_stat_group){ .name = "settings", .entries = app->setting_stats,
						       .entry_count = HF_ARRAY_COUNT(app->setting_stats) };
	app->stats = (struct smp_stats){ .groups = app->stat_groups, .group_count = HF_ARRAY_COUNT(app->stat_groups) };
}

enum hf_reason demo_app_start(struct demo_app *app, const struct smp_server *server, const char *folder, struct problem *problem)
{
	enum hf_reason reason = demo_files_start(&app->files, folder, problem);
	if (reason != HF_OK)
		return reason;
	app->settings_group = (struct smp_settings){ .ctx = app, .key_max_bytes = DEMO_KEY_BYTES, .value_max_bytes = DEMO_VALUE_BYTES,
						     .get = setting_get, .set = setting_set, .remove = setting_remove, .commit = settings_commit,
						     .load = settings_load, .save = settings_save };
	app->groups = (struct smp_enum){ .server = server, .name = group_name };
	settings_first(app);
	stats_start(app, server);
	return HF_OK;
}

uint32_t demo_app_rows(struct demo_app *app, struct smp_row *into)
{
	const struct smp_row rows[] = { SMP_ENUM_ROWS(&app->groups),
					SMP_ENUM_DETAILS_ROWS(&app->groups),
					SMP_SETTINGS_ROWS(&app->settings_group),
					SMP_FILES_ROWS(&app->files.group),
					SMP_STATS_ROWS(&app->stats),
					{ SMP_GROUP_SHELL, SMP_SHELL_EXEC, NULL, shell_exec, app },
					{ SMP_GROUP_OS, SMP_OS_TASKS, tasks_show, NULL, app },
					{ SMP_GROUP_OS, SMP_OS_MEMORY, pools_show, NULL, app },
					{ SMP_GROUP_OS, SMP_OS_DATETIME, clock_get, clock_set, app },
					{ SMP_GROUP_BASIC, SMP_BASIC_ERASE, NULL, storage_erase, app } };
	_Static_assert(HF_ARRAY_COUNT(rows) <= DEMO_APP_ROWS_MAX, "as the header says");
	memcpy(into, rows, sizeof rows);
	return (uint32_t)HF_ARRAY_COUNT(rows);
}

void demo_app_boot(struct demo_app *app, uint32_t now_ms)
{
	memcpy(app->settings, app->kept, sizeof app->settings);
	app->start_ms = now_ms;
}

void demo_app_stop(struct demo_app *app)
{
	demo_files_stop(&app->files);
}
