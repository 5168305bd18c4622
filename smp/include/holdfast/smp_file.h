/* SPDX-License-Identifier: MIT */
/* smp_file.h - files to a device and from it, one message at a time.
 *
 * Why      The file group has no session and no hash in its frames; what there is, its offsets and the length in a refusal, is
 *          enough to stay in step and to resume.
 * Order    put: start -> until done: smp_file_put_ask, send, smp_client_take, smp_file_put_take. get: the same with get.
 *          To resume a put: smp_ask_file_status for the length, smp_ask_file_hash over that length; equal to the file's beginning:
 *          start with from_off. At the end ask for the hash of the whole: only that tells what was stored.
 * Shapes   A retry has the sequence number of the first try. If the device took the first and the reply was lost, it refuses the
 *          second with error 11 and `len`: the transfer goes on there. A refusal with `len` 0 begins again.
 * Errors   HF_R_SMP_FILE_OFF, HF_R_SMP_FILE_STUCK, HF_R_SMP_REFUSED, HF_R_SMP_REPLY_MALFORMED, HF_R_SMP_MESSAGE_TOO_SMALL.
 * Limits   files below 4 GiB; RAM: the struct; the client's request buffer holds a message.
 * Source   zephyrproject-rtos/zephyr: subsys/mgmt/mcumgr/grp/fs_mgmt/src/fs_mgmt.c.
 */
#ifndef HOLDFAST_SMP_FILE_H
#define HOLDFAST_SMP_FILE_H

#include <holdfast/smp_client.h>

/* Fields are for reading: off is progress. */
struct smp_file_put {
	struct smp_client *client;
	const char *name;
	const uint8_t *data;
	uint32_t size_bytes;
	uint32_t message_max;
	uint32_t off;            /* next byte to send */
	uint32_t end;            /* of what the request under way carries */
	uint32_t best_off;
	uint32_t trouble_count;  /* since best_off last rose */
	bool done;
};

/* message_max: smp_message_max_of(), and no more than the client's request buffer. from_off: 0, or where to go on. */
enum hf_reason smp_file_put_start(struct smp_file_put *put, struct smp_client *client, const char *name, const uint8_t *data,
				  uint32_t size_bytes, uint32_t message_max, uint32_t from_off) HF_MUST_USE;
enum hf_reason smp_file_put_ask(struct smp_file_put *put, const struct smp_ask *ask) HF_MUST_USE;
/* HF_OK: look at done. */
enum hf_reason smp_file_put_take(struct smp_file_put *put, const struct smp_reply *reply) HF_MUST_USE;

struct smp_file_get {
	struct smp_client *client;
	const char *name;
	uint32_t off;         /* next byte wanted */
	bool size_known;
	uint32_t size_bytes;  /* as the device said with the first bytes */
	bool done;
};

/* from_off: 0, or where to go on; then size_bytes, as known from before or from smp_ask_file_status, else 0. */
enum hf_reason smp_file_get_start(struct smp_file_get *get, struct smp_client *client, const char *name, uint32_t from_off,
				  uint32_t size_bytes) HF_MUST_USE;
enum hf_reason smp_file_get_ask(struct smp_file_get *get, const struct smp_ask *ask) HF_MUST_USE;
/* HF_OK: data (in the message) comes next in the file; look at done. */
enum hf_reason smp_file_get_take(struct smp_file_get *get, const struct smp_reply *reply, struct smp_span *data) HF_MUST_USE;

#endif
