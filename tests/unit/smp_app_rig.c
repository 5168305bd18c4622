/* SPDX-License-Identifier: MIT */
#include "smp_app_rig.h"

#include <stdlib.h>

static void demand(bool ok)
{
	if (!ok)
		abort();
}

static void name_copy(const struct smp_span *from, char into[APP_NAME_BYTES + 1])
{
	demand(from->size_bytes <= APP_NAME_BYTES);
	memcpy(into, from->data, from->size_bytes);
	into[from->size_bytes] = '\0';
}

/* --- files --------------------------------------------------------------------------------------------------------------- */

static struct app_file *file_of(struct app_rig *app, const struct smp_span *name)
{
	for (uint32_t i = 0; i < APP_FILES; i++) {
		if (app->files[i].name[0] != '\0' && smp_span_is(name, app->files[i].name))
			return &app->files[i];
	}
	return NULL;
}

struct app_file *app_rig_file(struct app_rig *app, const char *name)
{
	const struct smp_span span = { .data = (const uint8_t *)name, .size_bytes = (uint32_t)strlen(name) };

	return file_of(app, &span);
}

static enum smp_files_code file_size(void *ctx, const struct smp_span *name, uint32_t *size_bytes)
{
	const struct app_file *file = file_of(ctx, name);

	if (smp_span_is(name, "/lfs"))
		return SMP_FILES_IS_DIRECTORY;
	if (file == NULL)
		return SMP_FILES_NOT_FOUND;
	*size_bytes = file->size_bytes;
	return SMP_FILES_OK;
}

static enum smp_files_code file_read(void *ctx, const struct smp_span *name, uint32_t off, uint8_t *into, uint32_t size_bytes)
{
	const struct app_file *file = file_of(ctx, name);

	demand(file != NULL && off <= file->size_bytes && size_bytes <= file->size_bytes - off);
	memcpy(into, file->bytes + off, size_bytes);
	return SMP_FILES_OK;
}

static enum smp_files_code file_write(void *ctx, const struct smp_span *name, uint32_t off, const uint8_t *data, uint32_t size_bytes)
{
	struct app_rig *app = ctx;
	struct app_file *file = file_of(app, name);

	if (app->fail_writes != 0) {
		app->fail_writes--;
		return SMP_FILES_WRITE_FAILED;
	}
	if (name->size_bytes < 5 || memcmp(name->data, "/lfs/", 5) != 0)
		return SMP_FILES_NO_MOUNT;
	for (uint32_t i = 0; file == NULL && i < APP_FILES; i++) {
		if (app->files[i].name[0] == '\0') {
			file = &app->files[i];
			name_copy(name, file->name);
		}
	}
	if (file == NULL)
		return SMP_FILES_OPEN_FAILED;
	if (off == 0)
		file->size_bytes = 0;
	demand(off == file->size_bytes);
	if (size_bytes > APP_FILE_BYTES - off)
		return SMP_FILES_WRITE_FAILED;
	memcpy(file->bytes + off, data, size_bytes);
	file->size_bytes += size_bytes;
	return SMP_FILES_OK;
}

static enum smp_files_code file_close(void *ctx)
{
	((struct app_rig *)ctx)->closes++;
	return SMP_FILES_OK;
}

/* --- settings ------------------------------------------------------------------------------------------------------------ */

static struct app_setting *setting_of(struct app_rig *app, const struct smp_span *key)
{
	for (uint32_t i = 0; i < APP_SETTINGS; i++) {
		if (app->settings[i].key[0] != '\0' && smp_span_is(key, app->settings[i].key))
			return &app->settings[i];
	}
	return NULL;
}

static enum smp_settings_code setting_get(void *ctx, const struct smp_span *key, struct smp_span *value)
{
	const struct app_setting *setting = setting_of(ctx, key);

	if (setting == NULL)
		return SMP_SETTINGS_KEY_NOT_FOUND;
	*value = (struct smp_span){ .data = setting->value, .size_bytes = setting->value_bytes };
	return SMP_SETTINGS_OK;
}

static enum smp_settings_code setting_set(void *ctx, const struct smp_span *key, const struct smp_span *value)
{
	struct app_rig *app = ctx;
	struct app_setting *setting = setting_of(app, key);

	demand(value->size_bytes <= APP_VALUE_BYTES);
	for (uint32_t i = 0; setting == NULL && i < APP_SETTINGS; i++) {
		if (app->settings[i].key[0] == '\0') {
			setting = &app->settings[i];
			name_copy(key, setting->key);
		}
	}
	if (setting == NULL)
		return SMP_SETTINGS_ROOT_NOT_FOUND;
	memcpy(setting->value, value->data, value->size_bytes);
	setting->value_bytes = value->size_bytes;
	return SMP_SETTINGS_OK;
}

static enum smp_settings_code setting_remove(void *ctx, const struct smp_span *key)
{
	struct app_setting *setting = setting_of(ctx, key);

	if (setting == NULL)
		return SMP_SETTINGS_KEY_NOT_FOUND;
	setting->key[0] = '\0';
	return SMP_SETTINGS_OK;
}

static enum smp_settings_code settings_commit(void *ctx)
{
	((struct app_rig *)ctx)->commits++;
	return SMP_SETTINGS_OK;
}

static enum smp_settings_code settings_load(void *ctx)
{
	((struct app_rig *)ctx)->loads++;
	return SMP_SETTINGS_OK;
}

static enum smp_settings_code settings_save(void *ctx, const struct smp_span *subtree)
{
	((struct app_rig *)ctx)->saves += subtree->size_bytes != 0 ? 10 : 1;
	return SMP_SETTINGS_OK;
}

/* --- rows of one's own: what the library does not serve ------------------------------------------------------------------ */

static enum hf_reason shell_exec(void *ctx, struct smp_call *call)
{
	struct app_rig *app = ctx;
	struct smp_field field = { .key = "argv", .type = SMP_TYPE_ANY };
	enum hf_reason reason = smp_map_read(&call->body, &field, 1);
	struct smp_list walk;
	struct smp_span word;
	bool more = true;
	uint32_t count = 0;

	if (reason == HF_OK)
		reason = field.found ? smp_list_open(&field.is.inner, &walk) : HF_R_SMP_CBOR_TYPE;
	while (reason == HF_OK && (reason = smp_list_next(&field.is.inner, &walk, &more)) == HF_OK && more) {
		reason = smp_string_read(&field.is.inner, SMP_KIND_TEXT, &word);
		count++;
	}
	if (reason != HF_OK)
		return reason;
	if (count == 0)
		return smp_call_refuse(call, SMP_GROUP_SHELL, 3, SMP_RC_INVALID);
	app->shell_runs++;
	smp_put_key_text(call->reply, "o", "one\r\ntwo\t\x1b[31m");
	smp_put_key_int(call->reply, app->legacy_shell ? "rc" : "ret", -(int32_t)count);
	return HF_OK;
}

static enum hf_reason tasks_show(void *ctx, struct smp_call *call)
{
	(void)ctx;
	smp_put_text(call->reply, "tasks");
	smp_put_map_open(call->reply);
	for (uint32_t i = 0; i < 2; i++) {
		smp_put_text(call->reply, i == 0 ? "idle" : "main");
		smp_put_map_open(call->reply);
		smp_put_key_int(call->reply, "prio", i == 0 ? 15 : -1);
		smp_put_key_uint(call->reply, "tid", i);
		smp_put_key_uint(call->reply, "stkuse", 40);
		smp_put_key_uint(call->reply, i == 0 ? "stksiz" : "stksize", 80);
		smp_put_key_uint(call->reply, "runtime", 1ull << 40);
		smp_put_close(call->reply);
	}
	smp_put_close(call->reply);
	return HF_OK;
}

static enum hf_reason pools_show(void *ctx, struct smp_call *call)
{
	(void)ctx;
	smp_put_key_uint(call->reply, "rc", 0);
	smp_put_text(call->reply, "heap");
	smp_put_map_open(call->reply);
	smp_put_key_uint(call->reply, "blksiz", 64);
	smp_put_key_uint(call->reply, "nblks", 10);
	smp_put_key_uint(call->reply, "nfree", 4);
	smp_put_key_uint(call->reply, "min", 2);
	smp_put_close(call->reply);
	return HF_OK;
}

static enum hf_reason clock_get(void *ctx, struct smp_call *call)
{
	(void)ctx;
	smp_put_key_text(call->reply, "datetime", "2026-05-17T12:34:56");
	return HF_OK;
}

static enum hf_reason clock_set(void *ctx, struct smp_call *call)
{
	struct smp_field field = { .key = "datetime", .type = SMP_TYPE_TEXT };
	enum hf_reason reason = smp_map_read(&call->body, &field, 1);
	char text[APP_NAME_BYTES];

	(void)ctx;
	if (reason != HF_OK)
		return reason;
	if (!field.found || field.is.span.size_bytes >= sizeof text)
		return HF_R_SMP_CBOR_TYPE;
	smp_text_clean(&field.is.span, text, sizeof text);
	return smp_datetime_check(text) == HF_OK ? HF_OK : smp_call_refuse(call, SMP_GROUP_OS, 2, SMP_RC_INVALID);
}

static enum hf_reason storage_erase(void *ctx, struct smp_call *call)
{
	struct app_rig *app = ctx;

	(void)call;
	app->erases++;
	return HF_OK;
}

static const char *group_name(uint16_t group)
{
	return group == SMP_GROUP_OS ? "os mgmt" : NULL;
}

void app_rig_start(struct app_rig *app, struct rig *rig)
{
	static struct smp_stat_entry entries[2];
	static struct smp_stat_group groups[1];
	const struct smp_row rows[] = { SMP_ENUM_ROWS(&app->enum_group),
					SMP_ENUM_DETAILS_ROWS(&app->enum_group),
					SMP_SETTINGS_ROWS(&app->settings_group),
					SMP_FILES_ROWS(&app->files_group),
					SMP_STATS_ROWS(&app->stats_group),
					{ SMP_GROUP_SHELL, SMP_SHELL_EXEC, NULL, shell_exec, app },
					{ SMP_GROUP_OS, SMP_OS_TASKS, tasks_show, NULL, app },
					{ SMP_GROUP_OS, SMP_OS_MEMORY, pools_show, NULL, app },
					{ SMP_GROUP_OS, SMP_OS_DATETIME, clock_get, clock_set, app },
					{ SMP_GROUP_BASIC, SMP_BASIC_ERASE, NULL, storage_erase, app } };

	demand(rig->row_count + HF_ARRAY_COUNT(rows) <= HF_ARRAY_COUNT(rig->rows));
	*app = (struct app_rig){ .ticks = 7, .errors = 0xffffffffu };
	entries[0] = (struct smp_stat_entry){ .name = "ticks", .value = &app->ticks };
	entries[1] = (struct smp_stat_entry){ .name = "errors", .value = &app->errors };
	groups[0] = (struct smp_stat_group){ .name = "main", .entries = entries, .entry_count = 2 };
	app->stats_group = (struct smp_stats){ .groups = groups, .group_count = 1 };
	app->enum_group = (struct smp_enum){ .server = &rig->server, .name = group_name };
	app->settings_group = (struct smp_settings){ .ctx = app, .key_max_bytes = APP_NAME_BYTES, .value_max_bytes = APP_VALUE_BYTES,
						     .get = setting_get, .set = setting_set, .remove = setting_remove, .commit = settings_commit,
						     .load = settings_load, .save = settings_save };
	app->files_group = (struct smp_files){ .ctx = app, .name_max_bytes = APP_NAME_BYTES, .crypto = &rig_crypto, .size = file_size,
					       .read = file_read, .write = file_write, .close = file_close };
	memcpy(rig->rows + rig->row_count, rows, sizeof rows);
	rig->row_count += (uint32_t)HF_ARRAY_COUNT(rows);
	rig_reset(rig);
}
