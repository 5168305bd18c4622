/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "package.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zip.h>

#include "file.h"

#define MANIFEST_NAME "manifest.json"
#define MANIFEST_BYTES_MAX (256u * 1024u)
#define ENTRIES_MAX 64

void package_free(struct package *package)
{
	for (size_t i = 0; i < package->count; i++) {
		free(package->images[i].name);
		free(package->images[i].version);
		free(package->images[i].soc);
		bytes_free(&package->images[i].bytes);
	}
	package->count = 0;
}

/* --- reading -------------------------------------------------------------------------------------------------------------- */

static enum hf_reason bad_zip(const char *path, const char *what, struct problem *problem)
{
	return problem_set(problem, HF_R_HOST_ZIP, path, "%s", what);
}

static enum hf_reason bad_manifest(const char *path, const char *what, struct problem *problem)
{
	return problem_set(problem, HF_R_HOST_MANIFEST, path, "%s", what);
}

static bool is_plain_name(const char *name)
{
	bool good = name[0] != '\0' && name[0] != '.' && strlen(name) < 200;
	for (; good && *name != '\0'; name++)
		good = (unsigned char)*name >= 0x20 && *name != '/' && *name != '\\' && *name != ':' && *name != 0x7f;
	return good;
}

/* The whole entry; libzip checks its CRC at the last byte. */
static enum hf_reason read_entry(const char *path, zip_t *zip, const char *name, size_t limit, struct bytes *bytes, struct problem *problem)
{
	zip_stat_t stat;
	zip_file_t *file = NULL;
	if (zip_stat(zip, name, 0, &stat) != 0 || (stat.valid & ZIP_STAT_SIZE) == 0)
		return problem_set(problem, HF_R_HOST_ZIP, path, "it holds no %s", name);
	if (stat.size > limit)
		return problem_set(problem, HF_R_HOST_FILE_TOO_LARGE, path, "%s: %llu bytes", name, (unsigned long long)stat.size);
	file = zip_fopen(zip, name, 0);
	if (file == NULL)
		return problem_set(problem, HF_R_HOST_ZIP, path, "%s: %s", name, zip_strerror(zip));
	struct bytes read = { 0 };
	uint8_t chunk[16384];
	zip_int64_t got = 0;
	while ((got = zip_fread(file, chunk, sizeof chunk)) > 0 && read.size <= stat.size)
		bytes_add(&read, chunk, (size_t)got);
	int closed = zip_fclose(file);
	if (got == 0 && closed == 0 && read.size == stat.size && read.size != 0) {
		*bytes = read;
		return HF_OK;
	}
	bytes_free(&read);
	return problem_set(problem, HF_R_HOST_ZIP, path, "%s is damaged", name);
}

/* Flat, few entries, no name twice. */
static enum hf_reason check_entries(const char *path, zip_t *zip, struct problem *problem)
{
	zip_int64_t count = zip_get_num_entries(zip, 0);
	if (count < 1 || count > ENTRIES_MAX)
		return bad_zip(path, "too few or too many entries", problem);
	for (zip_int64_t i = 0; i < count; i++) {
		const char *name = zip_get_name(zip, (zip_uint64_t)i, 0);
		if (name == NULL || !is_plain_name(name))
			return bad_zip(path, "an entry's name is no plain file name", problem);
		if (zip_name_locate(zip, name, ZIP_FL_NOCASE) != i)
			return bad_zip(path, "two entries have one name", problem);
	}
	return HF_OK;
}

/* cJSON takes a key that comes twice; which one counts must not be left to chance. Its parser limits how deep values nest. */
static bool has_twins(const cJSON *object)
{
	for (const cJSON *key = object->child; key != NULL; key = key->next) {
		for (const cJSON *other = key->next; cJSON_IsObject(object) && other != NULL; other = other->next) {
			if (strcmp(key->string, other->string) == 0)
				return true;
		}
	}
	return false;
}

/* "1" or 1. *said false: the key is not there. */
static bool small_number(const cJSON *file, const char *key, uint32_t *number, bool *said)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(file, key);
	*said = value != NULL;
	if (value == NULL)
		return true;
	if (cJSON_IsNumber(value)) {
		*number = (uint32_t)(value->valuedouble >= 0 && value->valuedouble <= 255 ? value->valuedouble : 256);
		return *number <= 255 && value->valuedouble == (double)*number;
	}
	const char *text = cJSON_GetStringValue(value);
	if (text == NULL || text[0] == '\0' || strspn(text, "0123456789") != strlen(text) || strlen(text) > 3)
		return false;
	*number = (uint32_t)strtoul(text, NULL, 10);
	return *number <= 255;
}

static bool is_known_type(const cJSON *file)
{
	const cJSON *type = cJSON_GetObjectItemCaseSensitive(file, "type");
	const char *text = cJSON_GetStringValue(type);
	return type == NULL || (text != NULL && (strcmp(text, "application") == 0 || strcmp(text, "bin") == 0));
}

static enum hf_reason take_file(const char *path, zip_t *zip, const cJSON *file, struct package *package, struct problem *problem)
{
	struct package_image image = { 0 };
	bool said = false;
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(file, "file"));
	const cJSON *size = cJSON_GetObjectItemCaseSensitive(file, "size");
	if (!cJSON_IsObject(file) || has_twins(file))
		return bad_manifest(path, "a member of \"files\" is no object, or has a key twice", problem);
	if (name == NULL || !is_plain_name(name))
		return bad_manifest(path, "\"file\" is no plain file name", problem);
	if (!is_known_type(file))
		return bad_manifest(path, "\"type\" is neither \"application\" nor \"bin\"", problem);
	if (!small_number(file, "image_index", &image.image, &said) || (!said && !small_number(file, "image", &image.image, &said)))
		return bad_manifest(path, "\"image_index\" is no small number", problem);
	if (!small_number(file, "slot", &image.slot, &image.has_slot))
		return bad_manifest(path, "\"slot\" is no small number", problem);
	if (package->count == PACKAGE_IMAGES_MAX)
		return bad_manifest(path, "too many files", problem);
	for (size_t i = 0; i < package->count; i++) {
		const struct package_image *other = &package->images[i];
		if (other->image == image.image && (!other->has_slot || !image.has_slot || other->slot == image.slot))
			return bad_manifest(path, "two files are for the same image", problem);
	}
	enum hf_reason reason = read_entry(path, zip, name, FILE_IMAGE_BYTES_MAX, &image.bytes, problem);
	if (reason == HF_OK && size != NULL && (!cJSON_IsNumber(size) || size->valuedouble != (double)image.bytes.size))
		reason = bad_manifest(path, "\"size\" is not the size of the file", problem);
	if (reason != HF_OK) {
		bytes_free(&image.bytes);
		return reason;
	}
	const char *version = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(file, image.has_slot ? "version_MCUBOOT+XIP" : "version_MCUBOOT"));
	const char *soc = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(file, "soc"));
	image.name = host_strdup(name);
	image.version = version != NULL ? host_strdup(version) : NULL;
	image.soc = soc != NULL ? host_strdup(soc) : NULL;
	package->images[package->count++] = image;
	return HF_OK;
}

static enum hf_reason take_manifest(const char *path, zip_t *zip, const struct bytes *text, struct package *package,
				    struct problem *problem)
{
	cJSON *manifest = cJSON_ParseWithLength((const char *)text->data, text->size);
	const cJSON *files = cJSON_GetObjectItemCaseSensitive(manifest, "files"), *file = NULL;
	enum hf_reason reason = HF_OK;
	if (manifest == NULL)
		reason = bad_manifest(path, "it is no JSON", problem);
	else if (!cJSON_IsObject(manifest) || has_twins(manifest) || !cJSON_IsArray(files) || cJSON_GetArraySize(files) == 0)
		reason = bad_manifest(path, "\"files\" is missing, empty or given twice", problem);
	cJSON_ArrayForEach(file, files)
	{
		if (reason == HF_OK)
			reason = take_file(path, zip, file, package, problem);
	}
	cJSON_Delete(manifest);
	return reason;
}

enum hf_reason package_parse(const char *path, const struct bytes *file, struct package *package, struct problem *problem)
{
	struct bytes manifest = { 0 };
	zip_error_t error;
	enum hf_reason reason;
	*package = (struct package){ .count = 0 };
	zip_error_init(&error);
	zip_source_t *source = zip_source_buffer_create(file->data, file->size, 0, &error);
	zip_t *zip = source != NULL ? zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error) : NULL;
	if (zip == NULL) {
		reason = bad_zip(path, zip_error_strerror(&error), problem);
		zip_source_free(source);
	} else {
		reason = check_entries(path, zip, problem);
		if (reason == HF_OK)
			reason = read_entry(path, zip, MANIFEST_NAME, MANIFEST_BYTES_MAX, &manifest, problem);
		if (reason == HF_OK)
			reason = take_manifest(path, zip, &manifest, package, problem);
		zip_discard(zip);
	}
	zip_error_fini(&error);
	bytes_free(&manifest);
	if (reason != HF_OK)
		package_free(package);
	return reason;
}

enum hf_reason package_read(const char *path, struct package *package, struct problem *problem)
{
	struct bytes file = { 0 };
	*package = (struct package){ .count = 0 };
	enum hf_reason reason = file_read(path, PACKAGE_IMAGES_MAX * FILE_IMAGE_BYTES_MAX / 4u, &file, problem);
	if (reason == HF_OK)
		reason = package_parse(path, &file, package, problem);
	bytes_free(&file);
	return reason;
}

/* --- writing -------------------------------------------------------------------------------------------------------------- */

static void add_decimal(cJSON *object, const char *key, uint32_t number)
{
	char text[16];
	(void)snprintf(text, sizeof text, "%u", (unsigned)number);
	(void)cJSON_AddStringToObject(object, key, text);
}

static char *manifest_make(const struct package *package, const char *board, const char *soc)
{
	cJSON *manifest = cJSON_CreateObject();
	int64_t newest_s = 0;
	for (size_t i = 0; i < package->count; i++)
		newest_s = package->images[i].time_s > newest_s ? package->images[i].time_s : newest_s;
	(void)cJSON_AddNumberToObject(manifest, "format-version", 0);
	(void)cJSON_AddNumberToObject(manifest, "time", (double)newest_s);
	cJSON *files = cJSON_AddArrayToObject(manifest, "files");
	for (size_t i = 0; i < package->count; i++) {
		const struct package_image *image = &package->images[i];
		cJSON *file = cJSON_CreateObject();
		(void)cJSON_AddItemToArray(files, file);
		(void)cJSON_AddStringToObject(file, "type", "application");
		(void)cJSON_AddStringToObject(file, "board", board);
		(void)cJSON_AddStringToObject(file, "soc", soc);
		(void)cJSON_AddNumberToObject(file, "load_address", (double)image->load_addr);
		add_decimal(file, "image_index", image->image);
		if (image->has_slot)
			add_decimal(file, "slot", image->slot);
		add_decimal(file, "slot_index_primary", 2 * image->image + 1);
		add_decimal(file, "slot_index_secondary", 2 * image->image + 2);
		(void)cJSON_AddStringToObject(file, image->has_slot ? "version_MCUBOOT+XIP" : "version_MCUBOOT", image->version);
		(void)cJSON_AddNumberToObject(file, "size", (double)image->bytes.size);
		(void)cJSON_AddStringToObject(file, "file", image->name);
		(void)cJSON_AddNumberToObject(file, "modtime", (double)image->time_s);
	}
	char *text = cJSON_Print(manifest);
	cJSON_Delete(manifest);
	return text;
}

static bool add_entry(zip_t *zip, const char *name, const void *data, size_t size, int64_t time_s)
{
	zip_source_t *source = zip_source_buffer(zip, data, size, 0);
	zip_int64_t index = source != NULL ? zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8) : -1;
	if (index < 0) {
		zip_source_free(source);
		return false;
	}
	return zip_file_set_mtime(zip, (zip_uint64_t)index, (time_t)time_s, 0) == 0 &&
	       zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_DEFLATE, 9) == 0;
}

static bool take_archive(zip_source_t *source, struct bytes *archive)
{
	uint8_t chunk[16384];
	zip_int64_t got = -1;
	if (zip_source_open(source) != 0)
		return false;
	while ((got = zip_source_read(source, chunk, sizeof chunk)) > 0)
		bytes_add(archive, chunk, (size_t)got);
	(void)zip_source_close(source);
	return got == 0;
}

enum hf_reason package_make(const struct package *package, const char *board, const char *soc, struct bytes *archive,
			    struct problem *problem)
{
	char *manifest = manifest_make(package, board, soc);
	zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, NULL);
	zip_t *zip = source != NULL ? zip_open_from_source(source, ZIP_TRUNCATE, NULL) : NULL;
	bool good = manifest != NULL && zip != NULL;
	if (zip != NULL)
		zip_source_keep(source);
	for (size_t i = 0; i < package->count && good; i++) {
		const struct package_image *image = &package->images[i];
		good = add_entry(zip, image->name, image->bytes.data, image->bytes.size, image->time_s);
	}
	good = good && add_entry(zip, MANIFEST_NAME, manifest, strlen(manifest), package->images[0].time_s);
	bool closed = zip != NULL && good && zip_close(zip) == 0;
	if (zip != NULL && !closed)
		zip_discard(zip);
	good = closed && take_archive(source, archive);
	zip_source_free(source);
	cJSON_free(manifest);
	if (good)
		return HF_OK;
	bytes_free(archive);
	return problem_set(problem, HF_R_HOST_FILE_WRITE, "archive", "it could not be made");
}
