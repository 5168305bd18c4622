/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "file.h"
#include "partitions_write.h"
#include "plan_write.h"

#define LOCK_BYTES_MAX 65536u

static const char *const role_words[] = { [PLAN_BOOT] = "bootloader", [PLAN_PRIMARY] = "primary", [PLAN_SECONDARY] = "secondary",
					  [PLAN_SCRATCH] = "scratch", [PLAN_SETTINGS] = "settings" };

static bool is_locked_role(enum plan_role role)
{
	return role < HF_ARRAY_COUNT(role_words);
}

static enum hf_reason bad(const char *path, const char *what, struct problem *problem)
{
	return problem_set(problem, HF_R_PLAN_LOCK_FILE, path, "%s", what);
}

static bool number_of(const cJSON *object, const char *key, uint32_t *number)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
	if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > 4294967295.0)
		return false;
	*number = (uint32_t)item->valuedouble;
	return (double)*number == item->valuedouble;
}

static bool part_of(const cJSON *item, struct plan_part *part)
{
	const cJSON *role = cJSON_GetObjectItemCaseSensitive(item, "role");
	*part = (struct plan_part){ .external = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "external")) };
	for (size_t i = 0; cJSON_IsString(role) && i < HF_ARRAY_COUNT(role_words); i++) {
		part->role = (enum plan_role)i;
		if (strcmp(role->valuestring, role_words[i]) == 0)
			return number_of(item, "address", &part->addr) && number_of(item, "size", &part->bytes) && part->bytes > 0;
	}
	return false;
}

static void copy_word(const cJSON *root, const char *key, char *into, size_t size)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, key);
	(void)snprintf(into, size, "%s", cJSON_IsString(item) ? item->valuestring : "?");
}

static enum hf_reason take(const char *path, const cJSON *root, struct plan_lock *lock, struct problem *problem)
{
	uint32_t version = 0;
	if (!number_of(root, "holdfast_lock", &version) || version != 1)
		return bad(path, "holdfast_lock is not 1", problem);
	copy_word(root, "board", lock->board, sizeof lock->board);
	copy_word(root, "mode", lock->mode, sizeof lock->mode);
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "partitions"), *item = NULL;
	cJSON_ArrayForEach(item, list) {
		if (lock->layout.count == PLAN_PARTS_MAX || !part_of(item, &lock->layout.parts[lock->layout.count]))
			return bad(path, "a partition has no role, address and size that are known", problem);
		lock->layout.count++;
	}
	if (lock->layout.count == 0)
		return bad(path, "no partitions", problem);
	lock->is_there = true;
	return HF_OK;
}

enum hf_reason plan_lock_parse(const char *path, const char *text, size_t size_bytes, struct plan_lock *lock, struct problem *problem)
{
	struct plan_lock read = { 0 };
	(void)snprintf(read.path, sizeof read.path, "%s", path);
	cJSON *root = cJSON_ParseWithLength(text, size_bytes);
	enum hf_reason reason = root != NULL ? take(path, root, &read, problem) : bad(path, "no JSON", problem);
	cJSON_Delete(root);
	if (reason == HF_OK)
		*lock = read;
	return reason;
}

enum hf_reason plan_lock_read(const char *path, struct plan_lock *lock, struct problem *problem)
{
	struct bytes text = { 0 };
	*lock = (struct plan_lock){ .is_there = false };
	(void)snprintf(lock->path, sizeof lock->path, "%s", path);
	if (access(path, F_OK) != 0)
		return HF_OK;
	enum hf_reason reason = file_read(path, LOCK_BYTES_MAX, &text, problem);
	if (reason == HF_OK)
		reason = plan_lock_parse(path, (const char *)text.data, text.size, lock, problem);
	bytes_free(&text);
	return reason;
}

enum hf_reason plan_lock_write(const char *path, const struct plan_choice *c, const struct plan_option *o, struct problem *problem)
{
	cJSON *root = cJSON_CreateObject();
	(void)cJSON_AddNumberToObject(root, "holdfast_lock", 1);
	(void)cJSON_AddStringToObject(root, "board", c->board->name);
	(void)cJSON_AddStringToObject(root, "variant", c->board->variant);
	(void)cJSON_AddStringToObject(root, "mode", o->mode->name);
	cJSON *list = cJSON_AddArrayToObject(root, "partitions");
	for (size_t i = 0; i < o->layout.count; i++) {
		const struct plan_part *part = &o->layout.parts[i];
		if (!is_locked_role(part->role))
			continue;
		cJSON *item = cJSON_CreateObject();
		(void)cJSON_AddStringToObject(item, "role", role_words[part->role]);
		(void)cJSON_AddBoolToObject(item, "external", part->external);
		(void)cJSON_AddNumberToObject(item, "address", part->addr);
		(void)cJSON_AddNumberToObject(item, "size", part->bytes);
		(void)cJSON_AddItemToArray(list, item);
	}
	char *text = cJSON_Print(root);
	cJSON_Delete(root);
	char *line = host_printf("%s\n", text);
	cJSON_free(text);
	enum hf_reason reason = file_write(path, line, strlen(line), 0, problem);
	free(line);
	return reason;
}

char *plan_lock_differs(const struct plan_lock *lock, const struct plan_layout *layout)
{
	struct bytes text = { 0 };
	for (size_t i = 0; lock->is_there && i < HF_ARRAY_COUNT(role_words); i++) {
		const struct plan_part *was = plan_part_of(&lock->layout, (enum plan_role)i), *is = plan_part_of(layout, (enum plan_role)i);
		if (was == NULL && is == NULL)
			continue;
		if (was != NULL && is != NULL && was->addr == is->addr && was->bytes == is->bytes && was->external == is->external)
			continue;
		text_add(&text, "%s%s", text.size > 0 ? "; " : "", plan_part_title(was != NULL ? was : is));
		if (was != NULL)
			text_add(&text, " deployed at 0x%x + 0x%x%s", (unsigned)was->addr, (unsigned)was->bytes, was->external ? " outside" : "");
		else
			text_add(&text, " not deployed");
		if (is != NULL)
			text_add(&text, ", planned at 0x%x + 0x%x%s", (unsigned)is->addr, (unsigned)is->bytes, is->external ? " outside" : "");
		else
			text_add(&text, ", gone");
	}
	if (text.size == 0)
		return NULL;
	bytes_add(&text, "", 1);
	return (char *)text.data;
}
