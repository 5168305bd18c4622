/* SPDX-License-Identifier: MIT */
/* smp_hostile.h - a device with an application, hostile requests to it, and a check that it is well afterwards. The kinds are numbered
 * as in test_smp_hostile.c. */
#ifndef TESTS_SMP_HOSTILE_H
#define TESTS_SMP_HOSTILE_H

#include "smp_hex.h"

#include "smp_app_rig.h"

enum { KINDS = 80, REPLY_BYTES = 600 };

static struct rig rig;
static struct app_rig app;
static bool covered[KINDS + 1];
static uint8_t reply_bytes[REPLY_BYTES];
static uint8_t file[4096], sha[32];
static uint32_t file_bytes;

static inline int start(void **state)
{
	(void)state;
	rig_start(&rig, 8, false);
	app_rig_start(&app, &rig);
	file_bytes = rig_image(file, sizeof file, 2000, (struct hf_version){ 1, 0, 0, 0 }, 3);
	rig_sha256(file, file_bytes, sha);
	rig_put(&rig, HF_SLOT_PRIMARY, file, file_bytes);
	return 0;
}

static inline void cover(uint32_t kind)
{
	assert_in_range(kind, 1, KINDS);
	covered[kind] = true;
}

/* All replies to one message: their number; the last one read. */
static inline uint32_t send_raw(const uint8_t *bytes, uint32_t size_bytes, uint32_t reply_cap_bytes, struct smp_reply *reply)
{
	uint8_t *message = exact_copy(bytes, size_bytes);
	uint32_t off = 0, size, count = 0;

	while ((size = smp_server_answer(&rig.server, message, size_bytes, &off, reply_bytes, reply_cap_bytes)) != 0) {
		assert_int_equal(smp_reply_read(reply_bytes, size, reply), HF_OK);
		count++;
	}
	assert_int_equal(off, size_bytes);
	free(message);
	return count;
}

static inline struct smp_reply send_body(uint8_t op, uint16_t group, uint8_t id, const uint8_t *body, uint32_t body_bytes)
{
	uint8_t message[2048];
	struct smp_header header = { .version = SMP_V2, .op = op, .group = group, .id = id, .sequence = 7, .length_bytes = (uint16_t)body_bytes };
	struct smp_reply reply = { .refused = false };

	assert_true(body_bytes <= sizeof message - SMP_HEADER_BYTES);
	smp_header_put(&header, message);
	if (body_bytes != 0)
		memcpy(message + SMP_HEADER_BYTES, body, body_bytes);
	assert_int_equal(send_raw(message, SMP_HEADER_BYTES + body_bytes, REPLY_BYTES, &reply), 1);
	return reply;
}

static inline void still_well(void)
{
	struct smp_reply reply;

	assert_int_equal(send_raw((const uint8_t *)"\x0a\0\0\5\0\0\x09\0\xa1\x61\x64\x61\x78", 13, REPLY_BYTES, &reply), 1);
	assert_false(reply.refused);
	assert_int_equal(reply.header.sequence, 9);
	assert_memory_equal(rig.slots[0].bytes, file, file_bytes);
	assert_int_equal(rig.slots[0].erase_count + rig.slots[0].write_count, 0);
}

#define ECHO SMP_OP_WRITE, SMP_GROUP_OS, SMP_OS_ECHO
#define UPLOAD SMP_OP_WRITE, SMP_GROUP_IMAGE, SMP_IMAGE_UPLOAD
#define STATE SMP_OP_WRITE, SMP_GROUP_IMAGE, SMP_IMAGE_STATE
#define ERASE SMP_OP_WRITE, SMP_GROUP_IMAGE, SMP_IMAGE_ERASE
#define CLOCK SMP_OP_WRITE, SMP_GROUP_OS, SMP_OS_DATETIME
#define STATUS SMP_OP_READ, SMP_GROUP_FS, SMP_FS_STATUS
#define SHELL SMP_OP_WRITE, SMP_GROUP_SHELL, SMP_SHELL_EXEC

#endif
