/* SPDX-License-Identifier: MIT */
/* smp_requests.c - requests beyond updating. Their replies: smp_answers.c. */
#include <holdfast/smp_requests.h>

static enum hf_reason ask_empty(struct smp_client *client, const struct smp_ask *ask, uint8_t op, uint16_t group, uint8_t id)
{
	(void)smp_client_open(client, op, group, id);
	return smp_client_close(client, ask);
}

/* name NULL: the key is left out. */
static enum hf_reason ask_named(struct smp_client *client, const struct smp_ask *ask, uint8_t op, uint16_t group, uint8_t id, const char *name)
{
	struct smp_writer *writer = smp_client_open(client, op, group, id);

	if (name != NULL)
		smp_put_key_text(writer, "name", name);
	return smp_client_close(client, ask);
}

/* --- OS ------------------------------------------------------------------------------------------------------------------ */

enum hf_reason smp_ask_tasks(struct smp_client *client, const struct smp_ask *ask)
{
	return ask_empty(client, ask, SMP_OP_READ, SMP_GROUP_OS, SMP_OS_TASKS);
}

enum hf_reason smp_ask_pools(struct smp_client *client, const struct smp_ask *ask)
{
	return ask_empty(client, ask, SMP_OP_READ, SMP_GROUP_OS, SMP_OS_MEMORY);
}

enum hf_reason smp_ask_datetime(struct smp_client *client, const struct smp_ask *ask)
{
	return ask_empty(client, ask, SMP_OP_READ, SMP_GROUP_OS, SMP_OS_DATETIME);
}

/* Digits at text up to end; false if there is another character. */
static bool digits_read(const char *text, uint32_t count, uint32_t *value)
{
	*value = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*value = *value * 10u + ((uint32_t)text[i] - (uint32_t)'0');
	}
	return true;
}

enum hf_reason smp_datetime_check(const char *text)
{
	static const struct {
		uint8_t at, count, before;
		uint16_t least, most;
	} parts[] = { { 0, 4, 0, 1900, 9999 }, { 5, 2, '-', 1, 12 }, { 8, 2, '-', 1, 31 },
		      { 11, 2, 'T', 0, 23 },  { 14, 2, ':', 0, 59 }, { 17, 2, ':', 0, 59 } };
	size_t size = strlen(text);

	if (size < 19u || size > 25u)
		return HF_R_SMP_DATETIME;
	for (uint32_t i = 0; i < HF_ARRAY_COUNT(parts); i++) {
		uint32_t value;

		if (!digits_read(text + parts[i].at, parts[i].count, &value) || value < parts[i].least || value > parts[i].most)
			return HF_R_SMP_DATETIME;
		if (parts[i].before != 0u && text[parts[i].at - 1u] != (char)parts[i].before)
			return HF_R_SMP_DATETIME;
	}
	return HF_OK;
}

enum hf_reason smp_ask_datetime_set(struct smp_client *client, const struct smp_ask *ask, const char *text)
{
	enum hf_reason reason = smp_datetime_check(text);

	if (reason != HF_OK)
		return reason;
	smp_put_key_text(smp_client_open(client, SMP_OP_WRITE, SMP_GROUP_OS, SMP_OS_DATETIME), "datetime", text);
	return smp_client_close(client, ask);
}

enum hf_reason smp_ask_reset_mode(struct smp_client *client, const struct smp_ask *ask, bool force, uint32_t boot_mode)
{
	struct smp_writer *writer = smp_client_open(client, SMP_OP_WRITE, SMP_GROUP_OS, SMP_OS_RESET);

	if (force)
		smp_put_key_bool(writer, "force", true);
	smp_put_key_uint(writer, "boot_mode", boot_mode);
	return smp_client_close(client, ask);
}

const struct smp_info_letter *smp_info_letter(uint32_t index)
{
	static const struct smp_info_letter letters[] = { { "s", "kernel" },    { "n", "node" },     { "r", "release" },
							  { "v", "version" },   { "b", "built" },    { "m", "machine" },
							  { "p", "processor" }, { "i", "hardware" }, { "o", "system" } };

	return index < HF_ARRAY_COUNT(letters) ? &letters[index] : NULL;
}

/* --- statistics, settings ------------------------------------------------------------------------------------------------ */

enum hf_reason smp_ask_stat(struct smp_client *client, const struct smp_ask *ask, const char *name)
{
	return ask_named(client, ask, SMP_OP_READ, SMP_GROUP_STAT, SMP_STAT_SHOW, name);
}

enum hf_reason smp_ask_stat_list(struct smp_client *client, const struct smp_ask *ask)
{
	return ask_empty(client, ask, SMP_OP_READ, SMP_GROUP_STAT, SMP_STAT_LIST);
}

enum hf_reason smp_ask_setting(struct smp_client *client, const struct smp_ask *ask, const char *name, uint32_t max_bytes)
{
	struct smp_writer *writer = smp_client_open(client, SMP_OP_READ, SMP_GROUP_SETTINGS, SMP_SETTINGS_VALUE);

	smp_put_key_text(writer, "name", name);
	if (max_bytes != 0u)
		smp_put_key_uint(writer, "max_size", max_bytes);
	return smp_client_close(client, ask);
}

enum hf_reason smp_ask_setting_write(struct smp_client *client, const struct smp_ask *ask, const char *name, const void *value,
				     uint32_t value_bytes)
{
	struct smp_writer *writer = smp_client_open(client, SMP_OP_WRITE, SMP_GROUP_SETTINGS, SMP_SETTINGS_VALUE);

	smp_put_key_text(writer, "name", name);
	smp_put_key_bytes(writer, "val", value, value_bytes);
	return smp_client_close(client, ask);
}

enum hf_reason smp_ask_setting_delete(struct smp_client *client, const struct smp_ask *ask, const char *name)
{
	return ask_named(client, ask, SMP_OP_WRITE, SMP_GROUP_SETTINGS, SMP_SETTINGS_DELETE, name);
}

enum hf_reason smp_ask_settings_commit(struct smp_client *client, const struct smp_ask *ask)
{
	return ask_empty(client, ask, SMP_OP_WRITE, SMP_GROUP_SETTINGS, SMP_SETTINGS_COMMIT);
}

enum hf_reason smp_ask_settings_load(struct smp_client *client, const struct smp_ask *ask)
{
	return ask_empty(client, ask, SMP_OP_READ, SMP_GROUP_SETTINGS, SMP_SETTINGS_STORE);
}

enum hf_reason smp_ask_settings_save(struct smp_client *client, const struct smp_ask *ask, const char *subtree)
{
	return ask_named(client, ask, SMP_OP_WRITE, SMP_GROUP_SETTINGS, SMP_SETTINGS_STORE, subtree);
}

/* --- files --------------------------------------------------------------------------------------------------------------- */

enum hf_reason smp_ask_file_status(struct smp_client *client, const struct smp_ask *ask, const char *name)
{
	return ask_named(client, ask, SMP_OP_READ, SMP_GROUP_FS, SMP_FS_STATUS, name);
}

enum hf_reason smp_ask_file_hash(struct smp_client *client, const struct smp_ask *ask, const char *name, const char *type, uint32_t off,
				 uint32_t size_bytes)
{
	struct smp_writer *writer = smp_client_open(client, SMP_OP_READ, SMP_GROUP_FS, SMP_FS_HASH);

	smp_put_key_text(writer, "name", name);
	if (type != NULL)
		smp_put_key_text(writer, "type", type);
	if (off != 0u)
		smp_put_key_uint(writer, "off", off);
	if (size_bytes != 0u)
		smp_put_key_uint(writer, "len", size_bytes);
	return smp_client_close(client, ask);
}

enum hf_reason smp_ask_file_hash_types(struct smp_client *client, const struct smp_ask *ask)
{
	return ask_empty(client, ask, SMP_OP_READ, SMP_GROUP_FS, SMP_FS_HASH_TYPES);
}

enum hf_reason smp_ask_file_close(struct smp_client *client, const struct smp_ask *ask)
{
	return ask_empty(client, ask, SMP_OP_WRITE, SMP_GROUP_FS, SMP_FS_CLOSE);
}

/* --- shell, enumeration, the rest ---------------------------------------------------------------------------------------- */

enum hf_reason smp_ask_shell(struct smp_client *client, const struct smp_ask *ask, const char *const *argv, uint32_t argc)
{
	struct smp_writer *writer = smp_client_open(client, SMP_OP_WRITE, SMP_GROUP_SHELL, SMP_SHELL_EXEC);

	smp_put_text(writer, "argv");
	smp_put_list_open(writer);
	for (uint32_t i = 0; i < argc && !writer->full; i++)
		smp_put_text(writer, argv[i]);
	smp_put_close(writer);
	return smp_client_close(client, ask);
}

enum hf_reason smp_ask_group_count(struct smp_client *client, const struct smp_ask *ask)
{
	return ask_empty(client, ask, SMP_OP_READ, SMP_GROUP_ENUM, SMP_ENUM_COUNT);
}

enum hf_reason smp_ask_groups(struct smp_client *client, const struct smp_ask *ask)
{
	return ask_empty(client, ask, SMP_OP_READ, SMP_GROUP_ENUM, SMP_ENUM_LIST);
}

enum hf_reason smp_ask_group(struct smp_client *client, const struct smp_ask *ask, uint32_t index)
{
	smp_put_key_uint(smp_client_open(client, SMP_OP_READ, SMP_GROUP_ENUM, SMP_ENUM_SINGLE), "index", index);
	return smp_client_close(client, ask);
}

enum hf_reason smp_ask_group_details(struct smp_client *client, const struct smp_ask *ask, const uint16_t *groups, uint32_t group_count)
{
	struct smp_writer *writer = smp_client_open(client, SMP_OP_READ, SMP_GROUP_ENUM, SMP_ENUM_DETAILS);

	if (group_count != 0u) {
		smp_put_text(writer, "groups");
		smp_put_list_open(writer);
		for (uint32_t i = 0; i < group_count && !writer->full; i++)
			smp_put_uint(writer, groups[i]);
		smp_put_close(writer);
	}
	return smp_client_close(client, ask);
}

enum hf_reason smp_ask_storage_erase(struct smp_client *client, const struct smp_ask *ask)
{
	return ask_empty(client, ask, SMP_OP_WRITE, SMP_GROUP_BASIC, SMP_BASIC_ERASE);
}

enum hf_reason smp_ask_base(struct smp_client *client, const struct smp_ask *ask)
{
	return ask_empty(client, ask, SMP_OP_READ, SMP_GROUP_HOLDFAST, SMP_HOLDFAST_BASE);
}
