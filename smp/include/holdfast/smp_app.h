/* SPDX-License-Identifier: MIT */
/* smp_app.h - groups that an application serves with its own data: settings, files, statistics. Rows as any others.
 *
 * Why      These are what products add first; the protocol's part, with its checks of offsets, names and sizes, is written once here,
 *          and the application gives call-backs over what it has. They are also the pattern for a group of one's own.
 * Shapes   static struct smp_settings settings = { .get = ..., }; rows[] = { SMP_OS_ROWS(&os), SMP_SETTINGS_ROWS(&settings), ... };
 *          Names are spans, not C strings: they may hold any byte.
 * Errors   A call-back returns 0 or a code of its group, which goes out as {"err"}; version 1 clients get its translation. A NULL
 *          call-back: the code that says so, or "not supported".
 * Cut      Files and settings are the application's, and so is what a power cut leaves of them.
 * Source   zephyrproject-rtos/zephyr: doc/services/device_mgmt/smp_groups/smp_group_{2,3,8}.rst, subsys/mgmt/mcumgr/grp/.
 */
#ifndef HOLDFAST_SMP_APP_H
#define HOLDFAST_SMP_APP_H

#include <holdfast/crypto.h>
#include <holdfast/smp_server.h>

/* --- settings ------------------------------------------------------------------------------------------------------------ */

enum smp_settings_code {
	SMP_SETTINGS_OK = 0, SMP_SETTINGS_UNKNOWN = 1, SMP_SETTINGS_KEY_TOO_LONG = 2, SMP_SETTINGS_KEY_NOT_FOUND = 3, SMP_SETTINGS_NO_READ = 4,
	SMP_SETTINGS_ROOT_NOT_FOUND = 5, SMP_SETTINGS_NO_WRITE = 6, SMP_SETTINGS_NO_DELETE = 7, SMP_SETTINGS_NO_SAVE = 8
};

struct smp_settings {
	void *ctx;
	uint32_t key_max_bytes;   /* longer keys are refused before any call-back; 0: no limit */
	uint32_t value_max_bytes; /* longer values are refused; reads are cut there and say so */
	/* Where the value is, and its length; it is copied at once. */
	enum smp_settings_code (*get)(void *ctx, const struct smp_span *key, struct smp_span *value);
	enum smp_settings_code (*set)(void *ctx, const struct smp_span *key, const struct smp_span *value);
	enum smp_settings_code (*remove)(void *ctx, const struct smp_span *key);
	enum smp_settings_code (*commit)(void *ctx);
	enum smp_settings_code (*load)(void *ctx);
	enum smp_settings_code (*save)(void *ctx, const struct smp_span *subtree); /* size 0: all */
};

enum hf_reason smp_settings_get(void *settings, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_settings_set(void *settings, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_settings_remove(void *settings, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_settings_commit(void *settings, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_settings_load(void *settings, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_settings_save(void *settings, struct smp_call *call) HF_MUST_USE;

#define SMP_SETTINGS_ROWS(settings) \
	{ SMP_GROUP_SETTINGS, SMP_SETTINGS_VALUE, smp_settings_get, smp_settings_set, (settings) }, \
	{ SMP_GROUP_SETTINGS, SMP_SETTINGS_DELETE, NULL, smp_settings_remove, (settings) }, \
	{ SMP_GROUP_SETTINGS, SMP_SETTINGS_COMMIT, NULL, smp_settings_commit, (settings) }, \
	{ SMP_GROUP_SETTINGS, SMP_SETTINGS_STORE, smp_settings_load, smp_settings_save, (settings) }

/* --- files --------------------------------------------------------------------------------------------------------------- */

enum smp_files_code {
	SMP_FILES_OK = 0, SMP_FILES_UNKNOWN = 1, SMP_FILES_NAME = 2, SMP_FILES_NOT_FOUND = 3, SMP_FILES_IS_DIRECTORY = 4,
	SMP_FILES_OPEN_FAILED = 5, SMP_FILES_SEEK_FAILED = 6, SMP_FILES_READ_FAILED = 7, SMP_FILES_TRUNCATE_FAILED = 8,
	SMP_FILES_DELETE_FAILED = 9, SMP_FILES_WRITE_FAILED = 10, SMP_FILES_OFFSET = 11, SMP_FILES_OFFSET_LARGE = 12, SMP_FILES_NO_HASH = 13,
	SMP_FILES_NO_MOUNT = 14, SMP_FILES_READ_ONLY = 15, SMP_FILES_EMPTY = 16
};

/* Names are not empty, at most name_max_bytes long, without NUL and without a ".." between slashes. */
struct smp_files {
	void *ctx;
	uint32_t name_max_bytes;
	const struct hf_crypto *crypto; /* for "sha256"; NULL: only "crc32" */
	enum smp_files_code (*size)(void *ctx, const struct smp_span *name, uint32_t *size_bytes);
	/* Exactly size_bytes at off: they are there. */
	enum smp_files_code (*read)(void *ctx, const struct smp_span *name, uint32_t off, uint8_t *into, uint32_t size_bytes);
	/* off 0: make the file, or cut it to nothing first. Else off is the file's size: append. NULL: read-only. */
	enum smp_files_code (*write)(void *ctx, const struct smp_span *name, uint32_t off, const uint8_t *data, uint32_t size_bytes);
	enum smp_files_code (*close)(void *ctx); /* NULL: nothing is kept open */
	/* With more than one client (smp_server.peer), not 0: a file that is being written is its writer's until it is complete or was silent
	 * for so long; till then another client's writes are refused as busy. And a first request that comes once more within that time, as
	 * networks double and delay datagrams, does not cut the file again. Who goes on with a file says its "len" again, as `holdfast` does, or
	 * the claim lasts until the time is over. */
	uint32_t lease_ms;
	struct {                                 /* the group's own */
		bool open, known;
		uint8_t sequence;
		uint32_t owner, heard_ms, size_bytes, crc;
	} writing;
};

enum hf_reason smp_files_read(void *files, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_files_write(void *files, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_files_status(void *files, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_files_hash(void *files, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_files_hash_types(void *files, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_files_close(void *files, struct smp_call *call) HF_MUST_USE;

#define SMP_FILES_ROWS(files) \
	{ SMP_GROUP_FS, SMP_FS_FILE, smp_files_read, smp_files_write, (files) }, \
	{ SMP_GROUP_FS, SMP_FS_STATUS, smp_files_status, NULL, (files) }, \
	{ SMP_GROUP_FS, SMP_FS_HASH, smp_files_hash, NULL, (files) }, \
	{ SMP_GROUP_FS, SMP_FS_HASH_TYPES, smp_files_hash_types, NULL, (files) }, \
	{ SMP_GROUP_FS, SMP_FS_CLOSE, NULL, smp_files_close, (files) }

/* --- statistics ---------------------------------------------------------------------------------------------------------- */

struct smp_stat_entry {
	const char *name;
	const uint32_t *value;
};

struct smp_stat_group {
	const char *name;
	const struct smp_stat_entry *entries;
	uint32_t entry_count;
};

struct smp_stats {
	const struct smp_stat_group *groups;
	uint32_t group_count;
};

enum hf_reason smp_stats_show(void *stats, struct smp_call *call) HF_MUST_USE;
enum hf_reason smp_stats_list(void *stats, struct smp_call *call) HF_MUST_USE;

#define SMP_STATS_ROWS(stats) \
	{ SMP_GROUP_STAT, SMP_STAT_SHOW, smp_stats_show, NULL, (stats) }, \
	{ SMP_GROUP_STAT, SMP_STAT_LIST, smp_stats_list, NULL, (stats) }

#endif
