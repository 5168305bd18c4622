/* SPDX-License-Identifier: MIT */
/* smp_requests.h - the client's requests beyond updating, and their replies: statistics, settings, files, shell, enumeration, clock.
 *
 * Why      One function asks, one reads, for each command of each known group; lists go to a call-back, so that nothing is
 *          allocated and a reply of any length is read in bounded memory.
 * Order    as in smp_client.h: smp_ask_*, send, smp_client_take, then the smp_read_* that is named beside it. A reply may be read
 *          more than once. Spans point into the message and live as long as it does.
 * Shapes   A walk calls each(ctx, &entry) until it returns false or the list ends. Unknown keys are stepped over, a field of
 *          another type counts as absent; names are printable (smp_text_clean).
 * Errors   asks: HF_R_SMP_REQUEST_TOO_LARGE. reads: HF_R_SMP_REFUSED, HF_R_SMP_REPLY_MALFORMED; a walk over a reply that turns out
 *          to be malformed has called each for what came before.
 * Source   zephyrproject-rtos/zephyr: doc/services/device_mgmt/smp_groups/smp_group_{0,2,3,8,9,10}.rst, subsys/mgmt/mcumgr/grp/;
 *          active_b0_slot: NordicSemiconductor/Android-nRF-Connect-Device-Manager: McuMgrBootloaderInfoResponse.
 */
#ifndef HOLDFAST_SMP_REQUESTS_H
#define HOLDFAST_SMP_REQUESTS_H

#include <holdfast/smp_client.h>

#define SMP_NAME_TEXT_BYTES 64u

/* A number that may be absent. */
struct smp_count {
	bool known;
	uint64_t value;
};

/* --- OS ------------------------------------------------------------------------------------------------------------------ */

struct smp_task {
	char name[SMP_NAME_TEXT_BYTES];
	bool has_prio;
	int32_t prio;
	struct smp_count tid, state;
	struct smp_count stack_used_words, stack_words; /* 4-byte words; "stksize" is taken for "stksiz" */
	struct smp_count switches, runtime, last_checkin, next_checkin;
};

struct smp_pool {
	char name[SMP_NAME_TEXT_BYTES];
	struct smp_count block_bytes, blocks, blocks_free, blocks_free_min;
};

enum hf_reason smp_ask_tasks(struct smp_client *client, const struct smp_ask *ask) HF_MUST_USE;
enum hf_reason smp_read_tasks(const struct smp_reply *reply, bool (*each)(void *ctx, const struct smp_task *task), void *ctx) HF_MUST_USE;
enum hf_reason smp_ask_pools(struct smp_client *client, const struct smp_ask *ask) HF_MUST_USE;
enum hf_reason smp_read_pools(const struct smp_reply *reply, bool (*each)(void *ctx, const struct smp_pool *pool), void *ctx) HF_MUST_USE;

/* smp_read_text(reply, "datetime", ...). */
enum hf_reason smp_ask_datetime(struct smp_client *client, const struct smp_ask *ask) HF_MUST_USE;
/* "2026-05-17T12:34:56", with anything up to 25 characters behind; checked here: HF_R_SMP_DATETIME. smp_read_nothing. */
enum hf_reason smp_ask_datetime_set(struct smp_client *client, const struct smp_ask *ask, const char *text) HF_MUST_USE;
enum hf_reason smp_datetime_check(const char *text) HF_MUST_USE;

/* boot_mode 1: into the loader's recovery, where the device keeps boot modes. smp_read_nothing. */
enum hf_reason smp_ask_reset_mode(struct smp_client *client, const struct smp_ask *ask, bool force, uint32_t boot_mode) HF_MUST_USE;

/* The letters of "info" in the order of a reply, and what they stand for; NULL behind the last. Ask one by one: values may hold
 * spaces (smp_ask_info, smp_read_text "output"). */
struct smp_info_letter {
	char letter[2];
	const char *key;   /* "kernel", for machines */
};
const struct smp_info_letter *smp_info_letter(uint32_t index);

/* Of smp_ask_bootloader(..., "active_b0_slot"): the slot of the immutable first stage's successor that runs. */
enum hf_reason smp_read_b0_slot(const struct smp_reply *reply, uint32_t *slot) HF_MUST_USE;

/* --- statistics ---------------------------------------------------------------------------------------------------------- */

enum hf_reason smp_ask_stat(struct smp_client *client, const struct smp_ask *ask, const char *name) HF_MUST_USE;
enum hf_reason smp_read_stat(const struct smp_reply *reply, bool (*each)(void *ctx, const char *name, uint64_t value), void *ctx) HF_MUST_USE;
enum hf_reason smp_ask_stat_list(struct smp_client *client, const struct smp_ask *ask) HF_MUST_USE;
enum hf_reason smp_read_stat_list(const struct smp_reply *reply, bool (*each)(void *ctx, const char *name), void *ctx) HF_MUST_USE;

/* --- settings ------------------------------------------------------------------------------------------------------------ */

/* max_bytes 0: as much as the device gives. */
enum hf_reason smp_ask_setting(struct smp_client *client, const struct smp_ask *ask, const char *name, uint32_t max_bytes) HF_MUST_USE;
/* device_max_bytes: 0, or the device's own limit, lower than what was asked for: the value may be cut there. */
enum hf_reason smp_read_setting(const struct smp_reply *reply, struct smp_span *value, uint32_t *device_max_bytes) HF_MUST_USE;
/* The rest: smp_read_nothing. */
enum hf_reason smp_ask_setting_write(struct smp_client *client, const struct smp_ask *ask, const char *name, const void *value,
				     uint32_t value_bytes) HF_MUST_USE;
enum hf_reason smp_ask_setting_delete(struct smp_client *client, const struct smp_ask *ask, const char *name) HF_MUST_USE;
enum hf_reason smp_ask_settings_commit(struct smp_client *client, const struct smp_ask *ask) HF_MUST_USE;
enum hf_reason smp_ask_settings_load(struct smp_client *client, const struct smp_ask *ask) HF_MUST_USE;
/* subtree NULL: all. */
enum hf_reason smp_ask_settings_save(struct smp_client *client, const struct smp_ask *ask, const char *subtree) HF_MUST_USE;

/* --- files (their transfer: smp_file.h) ---------------------------------------------------------------------------------- */

#define SMP_HASH_TYPE_BYTES 16u

struct smp_file_hash {
	char type[SMP_HASH_TYPE_BYTES];
	uint32_t off, size_bytes;        /* what was hashed */
	bool is_number;
	uint32_t number;                 /* crc32 */
	uint8_t bytes[SMP_HASH_BYTES_MAX];
	uint32_t byte_count;
};

struct smp_hash_type {
	char name[SMP_HASH_TYPE_BYTES];
	bool is_number;
	uint32_t size_bytes;
};

enum hf_reason smp_ask_file_status(struct smp_client *client, const struct smp_ask *ask, const char *name) HF_MUST_USE;
enum hf_reason smp_read_file_status(const struct smp_reply *reply, uint32_t *size_bytes) HF_MUST_USE;
/* type NULL: the device's default. size_bytes 0: to the end of the file. */
enum hf_reason smp_ask_file_hash(struct smp_client *client, const struct smp_ask *ask, const char *name, const char *type, uint32_t off,
				 uint32_t size_bytes) HF_MUST_USE;
enum hf_reason smp_read_file_hash(const struct smp_reply *reply, struct smp_file_hash *hash) HF_MUST_USE;
enum hf_reason smp_ask_file_hash_types(struct smp_client *client, const struct smp_ask *ask) HF_MUST_USE;
enum hf_reason smp_read_file_hash_types(const struct smp_reply *reply, bool (*each)(void *ctx, const struct smp_hash_type *type),
					void *ctx) HF_MUST_USE;
/* smp_read_nothing. */
enum hf_reason smp_ask_file_close(struct smp_client *client, const struct smp_ask *ask) HF_MUST_USE;

/* --- shell --------------------------------------------------------------------------------------------------------------- */

struct smp_shell_reply {
	struct smp_span output; /* raw: smp_text_clean_lines before it is shown */
	int32_t code;           /* what the command returned */
};

enum hf_reason smp_ask_shell(struct smp_client *client, const struct smp_ask *ask, const char *const *argv, uint32_t argc) HF_MUST_USE;
/* An old server's {"o", "rc"} is no refusal: its rc is what the command returned. */
enum hf_reason smp_read_shell(const struct smp_reply *reply, struct smp_shell_reply *shell) HF_MUST_USE;
/* smp_text_clean, but line feeds and tabs stay, and carriage returns go. */
void smp_text_clean_lines(const struct smp_span *span, char *into, uint32_t cap_bytes);

/* --- enumeration --------------------------------------------------------------------------------------------------------- */

struct smp_group_detail {
	uint16_t group;
	char name[SMP_NAME_TEXT_BYTES]; /* "" if the device gives none */
	struct smp_count handlers;
};

enum hf_reason smp_ask_group_count(struct smp_client *client, const struct smp_ask *ask) HF_MUST_USE;
enum hf_reason smp_read_group_count(const struct smp_reply *reply, uint32_t *count) HF_MUST_USE;
enum hf_reason smp_ask_groups(struct smp_client *client, const struct smp_ask *ask) HF_MUST_USE;
enum hf_reason smp_read_groups(const struct smp_reply *reply, bool (*each)(void *ctx, uint16_t group), void *ctx) HF_MUST_USE;
enum hf_reason smp_ask_group(struct smp_client *client, const struct smp_ask *ask, uint32_t index) HF_MUST_USE;
enum hf_reason smp_read_group(const struct smp_reply *reply, uint16_t *group, bool *is_last) HF_MUST_USE;
/* group_count 0: all. */
enum hf_reason smp_ask_group_details(struct smp_client *client, const struct smp_ask *ask, const uint16_t *groups,
				     uint32_t group_count) HF_MUST_USE;
enum hf_reason smp_read_group_details(const struct smp_reply *reply, bool (*each)(void *ctx, const struct smp_group_detail *detail),
				      void *ctx) HF_MUST_USE;

/* --- Zephyr basic, Holdfast ---------------------------------------------------------------------------------------------- */

/* Settings and bonds are lost. smp_read_nothing. */
enum hf_reason smp_ask_storage_erase(struct smp_client *client, const struct smp_ask *ask) HF_MUST_USE;

/* What a delta or a smaller image is made for. */
struct smp_base_reply {
	uint8_t hash[SMP_HASH_BYTES_MAX]; /* of the running image; hash_bytes 0: it has none */
	uint32_t hash_bytes;
	char version[SMP_VERSION_TEXT_BYTES];
	uint32_t size_max;                /* largest image file that can be installed */
	uint32_t primary_bytes, secondary_bytes, sector_bytes, align;
};

enum hf_reason smp_ask_base(struct smp_client *client, const struct smp_ask *ask) HF_MUST_USE;
enum hf_reason smp_read_base(const struct smp_reply *reply, struct smp_base_reply *base) HF_MUST_USE;

#endif
