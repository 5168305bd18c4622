/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "keyring.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "platform.h"

static char *folder(void)
{
	char *data = platform_data_folder();
	char *keys = data != NULL ? host_printf("%s/keys", data) : NULL;
	free(data);
	return keys;
}

void keyring_remember(const struct keyfile *key)
{
	struct problem ignored;
	struct bytes pem = { 0 };
	uint8_t hash[HF_HASH_BYTES_MAX];
	char *where = folder();
	if (where != NULL && keyfile_public_pem(key, &pem, &ignored) == HF_OK) {
		keyfile_hash(key, HF_HASH_SHA256, hash);
		char *name = bytes_hex(hash, 8);
		char *path = host_printf("%s/%s.pem", where, name);
		enum hf_reason kept = file_make_folder(path, &ignored);
		if (kept == HF_OK)
			kept = file_write(path, pem.data, pem.size, FILE_NEW, &ignored);
		(void)kept;
		free(path);
		free(name);
	}
	bytes_free(&pem);
	free(where);
}

static bool fits(const struct keyfile *key, const uint8_t *hash, uint32_t hash_bytes)
{
	static const enum hf_hash_kind kinds[] = { HF_HASH_SHA256, HF_HASH_SHA384, HF_HASH_SHA512 };
	uint8_t own[HF_HASH_BYTES_MAX];
	if (hash_bytes == key->der_bytes && memcmp(hash, key->der, hash_bytes) == 0)
		return true;
	for (size_t i = 0; i < HF_ARRAY_COUNT(kinds); i++) {
		if (hf_hash_bytes(kinds[i]) != hash_bytes)
			continue;
		keyfile_hash(key, kinds[i], own);
		if (memcmp(own, hash, hash_bytes) == 0)
			return true;
	}
	return false;
}

/* An encrypted private key is passed over: nobody is asked for a passphrase here. */
static bool try_file(const char *path, const uint8_t *hash, uint32_t hash_bytes, struct keyfile *key)
{
	static const struct passphrase none = { .file = platform_null_path, .never_ask = true };
	struct problem ignored;
	struct keyfile read;
	if (keyfile_read(path, &none, &read, &ignored) != HF_OK)
		return false;
	if (fits(&read, hash, hash_bytes)) {
		*key = read;
		return true;
	}
	keyfile_free(&read);
	return false;
}

static bool search(const char *where, const uint8_t *hash, uint32_t hash_bytes, struct keyfile *key)
{
	DIR *directory = opendir(where);
	bool found = false;
	if (directory == NULL)
		return false;
	for (struct dirent *entry = readdir(directory); entry != NULL && !found; entry = readdir(directory)) {
		size_t length = strlen(entry->d_name);
		if (length < 4 || strcmp(entry->d_name + length - 4, ".pem") != 0)
			continue;
		char *path = host_printf("%s/%s", where, entry->d_name);
		found = try_file(path, hash, hash_bytes, key);
		free(path);
	}
	(void)closedir(directory);
	return found;
}

enum hf_reason keyring_find(const char *image, const uint8_t *hash, uint32_t hash_bytes, struct keyfile *key,
			    struct problem *problem)
{
	char *where = folder();
	bool found = search(".", hash, hash_bytes, key) || (where != NULL && search(where, hash, hash_bytes, key));
	free(where);
	if (found)
		return HF_OK;
	char *text = bytes_hex(hash, hash_bytes > 8 ? 8 : hash_bytes);
	enum hf_reason reason = problem_set(problem, HF_R_HOST_KEY_NOT_FOUND, image, "key hash %s..", text);
	free(text);
	return reason;
}

enum hf_reason keyring_find_for(const struct imagefile *file, struct keyfile *key, struct problem *problem)
{
	struct hf_image image;
	struct hf_tlv tlv;
	bool found = false;
	uint8_t hash[KEYFILE_DER_BYTES_MAX];
	enum hf_reason reason = imagefile_open(file, &image, problem);
	if (reason == HF_OK)
		reason = imagefile_tlv(file, &image, HF_TLV_KEYHASH, &tlv, &found, problem);
	if (reason == HF_OK && !found)
		reason = imagefile_tlv(file, &image, HF_TLV_PUBKEY, &tlv, &found, problem);
	if (reason != HF_OK)
		return reason;
	if (!found || tlv.size_bytes > sizeof hash)
		return problem_set(problem, HF_R_SIG_MISSING, file->path, "it names no key");
	reason = hf_image_read(&file->place, &image, tlv.data_off, hash, tlv.size_bytes);
	hf_assert(reason == HF_OK);
	return keyring_find(file->path, hash, tlv.size_bytes, key, problem);
}
