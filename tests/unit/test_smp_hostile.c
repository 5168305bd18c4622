/* SPDX-License-Identifier: MIT */
/* The eighty kinds of malformed requests a server must survive, by number, and what it answers to each. The device must work
 * afterwards: after each row a plain echo is answered and the running image is untouched.
 * Source of the kinds: what known clients, fuzzers and fixed faults of other servers have sent. */
#include "smp_hex.h"

#include "smp_app_rig.h"
#include <holdfast/smp_wire.h>

enum { KINDS = 80, REPLY_BYTES = 600 };

static struct rig rig;
static struct app_rig app;
static bool covered[KINDS + 1];
static uint8_t reply_bytes[REPLY_BYTES];
static uint8_t file[4096], sha[32];
static uint32_t file_bytes;

static int start(void **state)
{
	(void)state;
	rig_start(&rig, 8, false);
	app_rig_start(&app, &rig);
	file_bytes = rig_image(file, sizeof file, 2000, (struct hf_version){ 1, 0, 0, 0 }, 3);
	rig_sha256(file, file_bytes, sha);
	rig_put(&rig, HF_SLOT_PRIMARY, file, file_bytes);
	return 0;
}

static void cover(uint32_t kind)
{
	assert_in_range(kind, 1, KINDS);
	covered[kind] = true;
}

/* All replies to one message: their number; the last one read. */
static uint32_t send_raw(const uint8_t *bytes, uint32_t size_bytes, uint32_t reply_cap_bytes, struct smp_reply *reply)
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

static struct smp_reply send_body(uint8_t op, uint16_t group, uint8_t id, const uint8_t *body, uint32_t body_bytes)
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

static void still_well(void)
{
	struct smp_reply reply;

	assert_int_equal(send_raw((const uint8_t *)"\x0a\0\0\5\0\0\x09\0\xa1\x61\x64\x61\x78", 13, REPLY_BYTES, &reply), 1);
	assert_false(reply.refused);
	assert_int_equal(reply.header.sequence, 9);
	assert_memory_equal(rig.slots[0].bytes, file, file_bytes);
	assert_int_equal(rig.slots[0].erase_count + rig.slots[0].write_count, 0);
}

/* --- messages as they are ------------------------------------------------------------------------------------------------ */

enum { NO_REPLY = -1 };

static void test_headers(void **state)
{
	static const struct {
		uint32_t kind;
		const char *message;
		int32_t rc;         /* of the last reply; NO_REPLY */
		uint32_t replies;
	} rows[] = {
		{ 1, "", NO_REPLY, 0 },
		{ 2, "0a", NO_REPLY, 0 },
		{ 2, "0a0000", NO_REPLY, 0 },
		{ 2, "0a000001000000", NO_REPLY, 0 },
		{ 3, "0a00000900000000 a1 6164", 9, 1 },
		{ 4, "0a00000100000000 a0 010203", 0, 1 },
		{ 4, "0a00000100000000 a0 ffffffffffffffffffff", 9, 2 },
		{ 5, "0a00ffff00000000 a0", 9, 1 },
		{ 7, "ea00000100000000 a0", 0, 1 },
		{ 7, "0aff000100000000 a0", 0, 1 },
		{ 8, "1200000100000000 a0", 13, 1 },
		{ 8, "1a00000100000000 a0", 13, 1 },
		{ 9, "0900000100000000 a0", 8, 1 },
		{ 9, "0b00000100000000 a0", 8, 1 },
		{ 10, "0c00000100000000 a0", 8, 1 },
		{ 10, "0d00000100000000 a0", 8, 1 },
		{ 10, "0e00000100000000 a0", 8, 1 },
		{ 10, "0f00000100000000 a0", 8, 1 },
		{ 11, "0a0000010fff0000 a0", 8, 1 },
		{ 11, "0a000001000000ff a0", 8, 1 },
		{ 11, "0a00000100000006 a0", 8, 1 },
		{ 12, "0a00000100000000 a0 0a00000200000000 a0", 9, 2 },
		{ 12, "0a00000100000000 a0 0a0000", 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		struct hex message = hex_of(rows[i].message);
		struct smp_reply reply = { .refused = false };

		cover(rows[i].kind);
		assert_int_equal(send_raw(message.bytes, message.size_bytes, REPLY_BYTES, &reply), rows[i].replies);
		if (rows[i].rc != NO_REPLY)
			assert_int_equal(reply.refused ? reply.code.rc : 0, rows[i].rc);
		still_well();
	}
}

static void test_hundred_in_one(void **state)
{
	uint8_t message[900];
	struct smp_reply reply;

	(void)state;
	cover(13);
	for (uint32_t i = 0; i < 100; i++)
		memcpy(message + i * 9u, "\x0a\0\0\1\0\0\0\0\xa0", 9);
	assert_int_equal(send_raw(message, sizeof message, REPLY_BYTES, &reply), 100);
	/* the same in a datagram of the largest size, and more of them than any buffer */
	cover(76);
	cover(80);
	for (uint32_t i = 0; i < 3; i++) {
		uint8_t *large = calloc(65507, 1);

		assert_non_null(large);
		large[0] = 0x0a;
		hf_put16be(large + 2, 65507 - 8);
		assert_int_equal(send_raw(large, 65507, REPLY_BYTES, &reply), 1);
		assert_int_equal(reply.code.rc, SMP_RC_INVALID);
		free(large);
	}
	for (uint32_t i = 0; i < 10000; i++)
		assert_int_equal(send_raw(message, 9, REPLY_BYTES, &reply), 1);
	still_well();
}

/* --- bodies -------------------------------------------------------------------------------------------------------------- */

#define BYTES_16 "00112233445566778899aabbccddeeff"
#define BYTES_31 BYTES_16 "00112233445566778899aabbccddee"

struct body_row {
	uint32_t kind;
	uint8_t op;
	uint16_t group;
	uint8_t id;
	const char *body;
	bool of_group;
	uint16_t rc; /* 0: success */
};

static void bodies_run(const struct body_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct hex body = hex_of(rows[i].body);
		struct smp_reply reply = send_body(rows[i].op, rows[i].group, rows[i].id, body.bytes, body.size_bytes);

		cover(rows[i].kind);
		if (reply.refused != (rows[i].rc != 0) || (reply.refused && (reply.code.of_group != rows[i].of_group || reply.code.rc != rows[i].rc)))
			print_error("kind %u, body %s: %d %d %u\n", (unsigned)rows[i].kind, rows[i].body, reply.refused, reply.code.of_group,
				    (unsigned)reply.code.rc);
		assert_int_equal(reply.refused, rows[i].rc != 0);
		if (reply.refused) {
			assert_int_equal(reply.code.rc, rows[i].rc);
			assert_int_equal(reply.code.of_group, rows[i].of_group);
		}
		still_well();
	}
}

#define ECHO SMP_OP_WRITE, SMP_GROUP_OS, SMP_OS_ECHO
#define UPLOAD SMP_OP_WRITE, SMP_GROUP_IMAGE, SMP_IMAGE_UPLOAD
#define STATE SMP_OP_WRITE, SMP_GROUP_IMAGE, SMP_IMAGE_STATE
#define ERASE SMP_OP_WRITE, SMP_GROUP_IMAGE, SMP_IMAGE_ERASE
#define CLOCK SMP_OP_WRITE, SMP_GROUP_OS, SMP_OS_DATETIME
#define STATUS SMP_OP_READ, SMP_GROUP_FS, SMP_FS_STATUS
#define SHELL SMP_OP_WRITE, SMP_GROUP_SHELL, SMP_SHELL_EXEC

static void test_cbor(void **state)
{
	static const struct body_row rows[] = {
		{ 6, ECHO, "", false, 0 },
		{ 6, UPLOAD, "", true, 20 },
		{ 6, STATE, "", true, 24 },
		{ 6, CLOCK, "", false, 3 },
		{ 14, ECHO, "01", false, 3 },
		{ 14, ECHO, "80", false, 3 },
		{ 14, ECHO, "f93c00", false, 3 },
		{ 14, ECHO, "c101", false, 3 },
		{ 14, ECHO, "6161", false, 3 },
		{ 15, ECHO, "a1 6164", false, 3 },
		{ 15, ECHO, "a2 6164 6161", false, 3 },
		{ 15, ECHO, "bf 6164 ff", false, 3 },
		{ 16, ECHO, "bf", false, 3 },
		{ 16, ECHO, "bf 6164 6161", false, 3 },
		{ 18, ECHO, "ba ffffffff", false, 3 },
		{ 18, ECHO, "bb 0000000100000000", false, 3 },
		{ 18, ECHO, "a1 6178 9bffffffffffffffff", false, 3 },
		{ 19, ECHO, "a1 6164 7affffffff 61", false, 3 },
		{ 19, ECHO, "a1 6164 78ff 61", false, 3 },
		{ 19, STATE, "a1 6468617368 5bffffffffffffffff", false, 3 },
		{ 20, STATE, "a1 6468617368 5f 50" BYTES_16 " 50" BYTES_16 " ff", true, 8 },
		{ 20, STATE, "a1 6468617368 5f 50" BYTES_16 " 5f 41 00 ff ff", false, 3 }, /* pieces in pieces */
		{ 20, STATE, "a1 6468617368 5f 6161 ff", false, 3 },                       /* pieces of text */
		{ 20, ECHO, "bf 7f 6164 ff 7f 6161 6162 ff ff", false, 0 },                /* a key in pieces */
		{ 21, UPLOAD, "a2 636f6666 20 6464617461 4100", false, 3 },
		{ 22, UPLOAD, "a2 636f6666 1bffffffffffffffff 6464617461 4100", false, 3 },
		{ 22, UPLOAD, "a2 636f6666 1b0000000100000000 6464617461 4100", false, 3 },
		{ 37, UPLOAD, "a3 636f6666 01 636f6666 01 6464617461 4100", false, 3 },
		{ 37, ECHO, "a2 6164 6161 6164 6162", false, 3 },
		{ 38, ECHO, "a3 01 02 4164 03 f6 80", false, 0 },
		{ 38, ECHO, "a1 a0 a0", false, 0 },
		{ 40, ECHO, "a1 6164 65 ff00c08041", false, 0 },
		{ 41, STATE, "a1 6468617368 40", true, 24 },
		{ 41, STATE, "a1 6468617368 581f" BYTES_31, true, 24 },
		{ 41, STATE, "a1 6468617368 5821" BYTES_16 BYTES_16 "00", true, 24 },
		{ 41, STATE, "a1 6468617368 5840" BYTES_16 BYTES_16 BYTES_16 BYTES_16, true, 8 },
		{ 42, STATE, "a1 67636f6e6669726d 01", false, 3 },
		{ 42, ERASE, "a1 64736c6f74 6131", false, 3 },
		{ 42, UPLOAD, "a1 636f6666 6130", false, 3 },
		{ 42, ECHO, "a1 6164 4161", false, 3 },
		{ 43, ECHO, "a4 6161 f93c00 6162 fa3f800000 6163 fb3ff0000000000000 6165 f97e00", false, 0 },
		{ 43, ECHO, "d9d9f7 a0", false, 0 },
		{ 43, ECHO, "d818 a0", false, 0 },
		{ 43, ECHO, "a1 6178 c249010000000000000000", false, 0 },
		{ 43, ECHO, "a1 6178 1c", false, 3 },
		{ 44, ERASE, "a1 64736c6f74 00", true, 9 },
		{ 44, ERASE, "a1 64736c6f74 02", true, 14 },
		{ 44, ERASE, "a1 64736c6f74 1affffffff", true, 14 },
		{ 49, STATUS, "a1 646e616d65 60", true, 2 },
		{ 49, STATUS, "a0", true, 2 },
		{ 49, STATUS, "a1 646e616d65 6a 2f6c66732f2e2e2f6b79", true, 2 },
		{ 49, STATUS, "a1 646e616d65 66 2f6c66732f00", true, 2 },
		{ 49, STATUS, "a1 646e616d65 64 2f6c6673", true, 4 },
		{ 49, STATUS, "a1 646e616d65 7821 2f" BYTES_16 BYTES_16, true, 2 },
		{ 54, CLOCK, "a1 686461746574696d65 72 323032362d30352d31375431323a33343a35", true, 2 },
		{ 54, CLOCK, "a1 686461746574696d65 781a 323032362d30352d31375431323a33343a35362e373839303132", true, 2 },
		{ 54, CLOCK, "a1 686461746574696d65 73 3230783678303578313754313278333478356f", true, 2 },
		{ 54, CLOCK, "a1 686461746574696d65 73 323032362d31332d31375431323a33343a3536", true, 2 },
		{ 55, SHELL, "a1 6461726776 80", true, 3 },
		{ 55, SHELL, "a0", false, 3 },
		{ 55, SHELL, "a1 6461726776 81 01", false, 3 },
	};
	(void)state;
	bodies_run(rows, HF_ARRAY_COUNT(rows));
}

/* Bodies too long to write down. */
static void test_long_bodies(void **state)
{
	static uint8_t body[1900];
	struct smp_writer writer;
	struct smp_reply reply;
	uint32_t refused = 0, tasks_bytes;

	(void)state;
	cover(17); /* nested a thousand times, in a list, in a map, in tags */
	for (uint32_t i = 0; i < 3; i++) {
		memcpy(body, "\xa1\x61x", 3);
		memset(body + 3, i == 0 ? 0x81 : i == 1 ? 0xbf : 0xc1, 1000);
		body[1003] = 0;
		reply = send_body(ECHO, body, 1004);
		assert_int_equal(reply.refused ? reply.code.rc : 0, i == 2 ? 0 : SMP_RC_INVALID); /* tags nest nothing */
	}
	cover(39);
	writer = smp_writer_of(body, sizeof body);
	smp_put_map_open(&writer);
	smp_put_text_n(&writer, file, 300);
	smp_put_uint(&writer, 1);
	smp_put_close(&writer);
	reply = send_body(ECHO, body, writer.used_bytes);
	assert_false(reply.refused);
	cover(43); /* all simple values */
	for (uint32_t value = 0; value < 256; value++) {
		body[0] = 0xa1;
		memcpy(body + 1, "\x61x\xf8", 3);
		body[4] = (uint8_t)value;
		reply = send_body(ECHO, body, 5);
		assert_false(reply.refused);
	}
	cover(53);
	for (uint32_t i = 0; i < 2; i++) {
		writer = smp_writer_of(body, sizeof body);
		smp_put_map(&writer, 1);
		smp_put_text(&writer, "format");
		smp_put_text_begin(&writer, 256);
		memset(body + writer.used_bytes, i == 0 ? 's' : 'z', 256);
		reply = send_body(SMP_OP_READ, SMP_GROUP_OS, SMP_OS_INFO, body, writer.used_bytes + 256);
		assert_int_equal(reply.refused ? reply.code.rc : 0, i == 0 ? 0 : 2);
	}
	cover(55);
	writer = smp_writer_of(body, sizeof body);
	smp_put_map(&writer, 1);
	smp_put_text(&writer, "argv");
	smp_put_list_open(&writer);
	for (uint32_t i = 0; i < 1000; i++)
		smp_put_text(&writer, "");
	smp_put_close(&writer);
	reply = send_body(SHELL, body, writer.used_bytes);
	assert_false(reply.refused);
	cover(56);
	writer = smp_writer_of(body, sizeof body);
	smp_put_map(&writer, 2);
	smp_put_key_text(&writer, "name", "a");
	smp_put_key_bytes(&writer, "val", file, APP_VALUE_BYTES + 1);
	reply = send_body(SMP_OP_WRITE, SMP_GROUP_SETTINGS, SMP_SETTINGS_VALUE, body, writer.used_bytes);
	assert_int_equal(reply.code.rc, SMP_RC_INVALID);
	assert_int_equal(app.settings[0].key[0], '\0');
	cover(51); /* a reply that does not fit is an error, at every size of the buffer */
	cover(52);
	reply = send_body(SMP_OP_READ, SMP_GROUP_OS, SMP_OS_TASKS, body, 0);
	tasks_bytes = SMP_HEADER_BYTES + reply.header.length_bytes;
	assert_in_range(tasks_bytes, 100, 299);
	for (uint32_t cap = SMP_REPLY_MIN_BYTES; cap < 300; cap++) {
		struct smp_reply fits;

		writer = smp_writer_of(body, sizeof body);
		writer.used_bytes = SMP_HEADER_BYTES;
		smp_put_map(&writer, 1);
		smp_put_text(&writer, "d");
		smp_put_text_n(&writer, file, 200);
		smp_header_put(&(struct smp_header){ .version = SMP_V2, .op = SMP_OP_WRITE, .length_bytes = (uint16_t)(writer.used_bytes - 8) }, body);
		assert_int_equal(send_raw(body, writer.used_bytes, cap, &fits), 1);
		assert_int_equal(fits.refused ? fits.code.rc : 0, cap < 8 + 1 + 2 + 2 + 200 + 1 ? SMP_RC_TOO_LARGE : 0);
		smp_header_put(&(struct smp_header){ .version = SMP_V2, .op = SMP_OP_READ, .id = SMP_OS_TASKS }, body);
		assert_int_equal(send_raw(body, 8, cap, &fits), 1);
		assert_int_equal(fits.refused ? fits.code.rc : 0, cap < tasks_bytes ? SMP_RC_TOO_LARGE : 0);
		refused += fits.refused ? 1 : 0;
	}
	assert_true(refused > 20);
	still_well();
}

/* --- uploads ------------------------------------------------------------------------------------------------------------- */

struct chunk {
	uint32_t off, size_bytes, len, sha_bytes, image;
	const uint8_t *data, *sha;
};

/* Sends a chunk; fields that are 0 take what an honest client sends; len or sha_bytes NONE: left out. */
#define NONE 0xfffffffeu
static struct smp_reply chunk_send(struct chunk chunk)
{
	static uint8_t body[1500];
	struct smp_writer writer = smp_writer_of(body, sizeof body);

	smp_put_map_open(&writer);
	smp_put_key_uint(&writer, "off", chunk.off);
	if (chunk.off == 0 && chunk.len != NONE)
		smp_put_key_uint(&writer, "len", chunk.len != 0 ? chunk.len : file_bytes);
	if (chunk.off != 0 && chunk.len != 0)
		smp_put_key_uint(&writer, "len", chunk.len);
	if (chunk.off == 0 && chunk.sha_bytes != NONE)
		smp_put_key_bytes(&writer, "sha", chunk.sha != NULL ? chunk.sha : sha, chunk.sha_bytes != 0 ? chunk.sha_bytes : 32);
	if (chunk.image != 0)
		smp_put_key_uint(&writer, "image", chunk.image);
	smp_put_key_bytes(&writer, "data", chunk.data != NULL ? chunk.data : file + chunk.off, chunk.size_bytes);
	smp_put_close(&writer);
	return send_body(UPLOAD, body, writer.used_bytes);
}

static uint32_t off_of(struct smp_reply reply)
{
	struct smp_field field = { .key = "off", .type = SMP_TYPE_U32 };

	assert_false(reply.refused);
	assert_int_equal(smp_map_read(&reply.body, &field, 1), HF_OK);
	assert_true(field.found);
	return field.is.u32;
}

static void expect_rc(struct smp_reply reply, uint16_t rc)
{
	assert_true(reply.refused);
	assert_int_equal(reply.code.rc, rc);
}

static void test_upload_fields(void **state)
{
	static uint8_t wrong[500];
	uint8_t long_sha[64] = { 0 };

	(void)state;
	cover(24);
	{
		/* len 0 cannot be asked of chunk_send */
		struct hex body = hex_of("a3 636f6666 00 636c656e 00 6464617461 5820 3db8f396" BYTES_16 "000000000000000000000000");

		expect_rc(send_body(UPLOAD, body.bytes, body.size_bytes), 21);
	}
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .len = NONE }), 21);
	cover(25);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .len = 8 * 4096 + 1 }), 30);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .len = 0xffffffff }), 30);
	cover(28);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 0 }), 22);
	cover(30);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 31 }), 22);
	cover(31);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .data = wrong }), 23);
	cover(34);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .sha = long_sha, .sha_bytes = 33 }), 24);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .sha = long_sha, .sha_bytes = 64 }), 24);
	cover(36);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .image = 255 }), 9);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .image = 0xffffffff }), 9);
	cover(27);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .len = 499 }), 31);
	assert_int_equal(rig.slots[1].erase_count + rig.slots[1].write_count, 0);
	cover(35);
	assert_int_equal(off_of(chunk_send((struct chunk){ .size_bytes = 500, .sha_bytes = 1 })), 500);
	/* in the middle */
	assert_int_equal(off_of(chunk_send((struct chunk){ .size_bytes = 500 })), 500);
	cover(23);
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 0xffffffff, .size_bytes = 500, .data = file })), 500);
	cover(29);
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 500, .size_bytes = 0 })), 500);
	cover(26);
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 500, .size_bytes = 100, .len = 600 })), 600);
	assert_int_equal(rig.image.upload.size_bytes, file_bytes);
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 600, .size_bytes = 1400 })), 2000);
	cover(27); /* and at the end */
	expect_rc(chunk_send((struct chunk){ .off = 2000, .size_bytes = file_bytes - 2000 + 1 }), 31);
	cover(48);
	{
		uint32_t reached = off_of(chunk_send((struct chunk){ .size_bytes = 500 })); /* the same: goes on */

		assert_int_equal(reached, 2000);
		assert_int_equal(off_of(chunk_send((struct chunk){ .size_bytes = 500, .len = file_bytes - 1 })), 500); /* another */
		long_sha[0] = 1;
		assert_int_equal(off_of(chunk_send((struct chunk){ .size_bytes = 400, .sha = long_sha })), 400);
		assert_int_equal(off_of(chunk_send((struct chunk){ .off = 500, .size_bytes = 500 })), 400);
	}
	still_well();
}

/* Headers that lie: what they say is looked at when the slot is read, and then it is no image. */
static void test_lying_headers(void **state)
{
	static uint8_t liar[4096];
	static const struct {
		uint32_t kind, at, value, bytes;
	} rows[] = { { 32, 8, 0xffff, 2 }, { 32, 8, 0, 2 }, { 33, 12, 0xffffffff, 4 }, { 33, 12, 0xfffffe00, 4 }, { 33, 10, 0xffff, 2 } };

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		struct smp_reply reply = { .refused = false };
		uint8_t tag[32] = { (uint8_t)(i + 1) };

		cover(rows[i].kind);
		memcpy(liar, file, file_bytes);
		for (uint32_t k = 0; k < rows[i].bytes; k++)
			liar[rows[i].at + k] = (uint8_t)(rows[i].value >> (8 * k));
		for (uint32_t off = 0; off < file_bytes;) {
			uint32_t size = file_bytes - off < 500 ? file_bytes - off : 500;

			reply = chunk_send((struct chunk){ .off = off, .size_bytes = size, .data = liar + off, .sha = tag });
			off = off_of(reply);
		}
		{
			struct smp_image_list list;
			uint8_t body[64];
			struct smp_writer writer = smp_writer_of(body, sizeof body);

			reply = send_body(SMP_OP_READ, SMP_GROUP_IMAGE, SMP_IMAGE_STATE, body, 0);
			assert_int_equal(smp_read_image_list(&reply, &list), HF_OK);
			assert_int_equal(list.count, 1);
			smp_put_map(&writer, 1);
			smp_put_key_bytes(&writer, "hash", tag, 32);
			expect_rc(send_body(STATE, body, writer.used_bytes), 8);
		}
		still_well();
	}
}

static void test_sessions(void **state)
{
	struct hex erase = hex_of("a1 64736c6f74 01");
	uint8_t other_sha[32] = { 9 };

	(void)state;
	cover(45);
	assert_int_equal(off_of(chunk_send((struct chunk){ .size_bytes = 500 })), 500);
	assert_false(send_body(ERASE, erase.bytes, erase.size_bytes).refused);
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 500, .size_bytes = 500 })), 0);
	cover(47); /* the device resets; flash fails */
	assert_int_equal(off_of(chunk_send((struct chunk){ .size_bytes = 500 })), 500);
	rig_reset(&rig);
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 500, .size_bytes = 500 })), 0);
	assert_int_equal(off_of(chunk_send((struct chunk){ .size_bytes = 500 })), 500);
	rig.slots[1].fail_writes_after = 1;
	expect_rc(chunk_send((struct chunk){ .off = 500, .size_bytes = 500 }), 12);
	rig.slots[1].fail_writes_after = 0;
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 500, .size_bytes = 500 })), 0);
	/* two transports: the second neither breaks in nor mixes its bytes in, at whatever offset */
	cover(46);
	cover(78);
	rig.image.lease_ms = 1000;
	rig.server.peer = 1;
	rig.server.now_ms = 5000;
	assert_int_equal(off_of(chunk_send((struct chunk){ .size_bytes = 500 })), 500);
	rig.server.peer = 2;
	rig.server.now_ms = 5900;
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .sha = other_sha }), SMP_RC_BUSY);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .sha_bytes = NONE }), SMP_RC_BUSY);
	expect_rc(send_body(ERASE, erase.bytes, erase.size_bytes), SMP_RC_BUSY);
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 500, .size_bytes = 500, .data = other_sha })), 0);
	rig.server.peer = 1;
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 500, .size_bytes = 500 })), 1000);
	/* who knows the file's hash may go on with it, and the first then has to ask likewise */
	rig.server.peer = 2;
	assert_int_equal(off_of(chunk_send((struct chunk){ .size_bytes = 500 })), 1000);
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 1000, .size_bytes = 500 })), 1500);
	rig.server.peer = 1;
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 1000, .size_bytes = 500 })), 0);
	/* a client that is gone holds nothing for longer than its lease */
	rig.server.peer = 3;
	rig.server.now_ms = 6899;
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .sha = other_sha }), SMP_RC_BUSY);
	rig.server.now_ms = 6900;
	assert_int_equal(off_of(chunk_send((struct chunk){ .size_bytes = 500, .sha = other_sha })), 500);
	rig.server.peer = 0;
	rig.server.now_ms = 8000;
	cover(44); /* a pending image may be erased */
	rig_reset(&rig);
	rig_put(&rig, HF_SLOT_SECONDARY, file, file_bytes);
	{
		uint8_t body[64];
		struct smp_writer writer = smp_writer_of(body, sizeof body);

		rig_image(file, sizeof file, 2000, (struct hf_version){ 1, 0, 0, 0 }, 4);
		rig_put(&rig, HF_SLOT_SECONDARY, file, file_bytes);
		smp_put_map(&writer, 1);
		smp_put_key_bytes(&writer, "hash", rig_image_hash(file, file_bytes), 32);
		assert_false(send_body(STATE, body, writer.used_bytes).refused);
		assert_false(send_body(ERASE, erase.bytes, erase.size_bytes).refused);
		rig_image(file, sizeof file, 2000, (struct hf_version){ 1, 0, 0, 0 }, 3);
	}
	still_well();
}

/* Every chunk twice, then all again in another order: nothing is written twice, and the file is whole. */
static void test_replay(void **state)
{
	uint32_t writes;

	(void)state;
	cover(79);
	for (uint32_t off = 0; off < file_bytes;) {
		uint32_t size = file_bytes - off < 200 ? file_bytes - off : 200, next;

		next = off_of(chunk_send((struct chunk){ .off = off, .size_bytes = size }));
		assert_int_equal(next, off + size);
		writes = rig.slots[1].write_count;
		assert_int_equal(off_of(chunk_send((struct chunk){ .off = off, .size_bytes = size })), next);
		for (uint32_t old = off; old != 0; old -= 200)
			assert_int_equal(off_of(chunk_send((struct chunk){ .off = old, .size_bytes = size })), next);
		if (off + 400 < file_bytes)
			assert_int_equal(off_of(chunk_send((struct chunk){ .off = off + 400, .size_bytes = 10 })), next);
		assert_int_equal(rig.slots[1].write_count, writes);
		off = next;
	}
	assert_memory_equal(rig.slots[1].bytes, file, file_bytes);
	assert_true(rig.image.match_known && rig.image.matched);
	still_well();
}

static void test_file_offsets(void **state)
{
	struct hex body = hex_of("a4 636f6666 00 646e616d65 66 2f6c66732f61 636c656e 0a 6464617461 43 010203");
	struct smp_field field = { .key = "len", .type = SMP_TYPE_U32 };
	struct smp_reply reply;

	(void)state;
	cover(50);
	assert_false(send_body(SMP_OP_WRITE, SMP_GROUP_FS, SMP_FS_FILE, body.bytes, body.size_bytes).refused);
	body = hex_of("a2 636f6666 04 646e616d65 66 2f6c66732f61");
	expect_rc(send_body(SMP_OP_READ, SMP_GROUP_FS, SMP_FS_FILE, body.bytes, body.size_bytes), 12);
	body = hex_of("a2 636f6666 1affffffff 646e616d65 66 2f6c66732f61");
	expect_rc(send_body(SMP_OP_READ, SMP_GROUP_FS, SMP_FS_FILE, body.bytes, body.size_bytes), 12);
	body = hex_of("a3 636f6666 1affffffff 646e616d65 66 2f6c66732f61 6464617461 43 010203");
	expect_rc(send_body(SMP_OP_WRITE, SMP_GROUP_FS, SMP_FS_FILE, body.bytes, body.size_bytes), SMP_RC_INVALID);
	body = hex_of("a3 636f6666 04 646e616d65 66 2f6c66732f61 6464617461 43 010203");
	reply = send_body(SMP_OP_WRITE, SMP_GROUP_FS, SMP_FS_FILE, body.bytes, body.size_bytes);
	expect_rc(reply, 11);
	assert_int_equal(smp_map_read(&reply.body, &field, 1), HF_OK);
	assert_true(field.found && field.is.u32 == 3);
	assert_int_equal(app_rig_file(&app, "/lfs/a")->size_bytes, 3);
	still_well();
}

/* --- console lines ------------------------------------------------------------------------------------------------------- */

#define GOOD "\x06\x09" "ABMKAAAJAAAAAKFhZGVoZWxsb6J/\n"

struct stream {
	uint32_t messages, drops;
};

static struct stream stream_feed(struct smp_rx *rx, const char *bytes, size_t size_bytes, uint32_t step)
{
	struct stream seen = { 0, 0 };

	for (size_t off = 0; off < size_bytes;) {
		uint32_t left = (uint32_t)(size_bytes - off < step ? size_bytes - off : step);
		struct smp_rx_event event;
		uint32_t used = smp_rx_feed(rx, (const uint8_t *)bytes + off, left, &event);

		assert_true(used != 0 || event.kind != SMP_RX_MORE);
		seen.messages += event.kind == SMP_RX_MESSAGE ? 1 : 0;
		seen.drops += event.kind == SMP_RX_DROPPED ? 1 : 0;
		off += used;
	}
	return seen;
}

static void test_lines(void **state)
{
	static const struct {
		uint32_t kind;
		const char *bytes;
		uint32_t messages, drops;
	} rows[] = {
		{ 57, "ABMKAAAJAAAAAKFhZGVoZWxsb6J/\n", 0, 0 },
		{ 58, "\x04\x14" "ABMKAAAJAAAAAKFhZGVoZWxsb6J/\n", 0, 1 },
		{ 59, "\x06\x09" "ABMKAAAJ\n\x06\x09" "ABMKAAAJAAAAAKFhZGVoZWxsb6J/\n", 1, 0 },
		{ 59, "\x06\x09" "ABMKAAAJ\x06\x09" "ABMKAAAJAAAAAKFhZGVoZWxsb6J/\n", 1, 0 },
		{ 60, "\x06\x09" "ABMKAAAJ*AAAAKFhZGVoZWxsb6J/\n", 0, 1 },
		{ 60, "\x06\x09" "ABMKAAAJAAAAAKFhZGVoZWxsb6J\n", 0, 1 },
		{ 60, "\x06\x09" "ABMK=AAJAAAAAKFhZGVoZWxsb6J/\n", 0, 1 },
		{ 60, "\x06\x09" "AB==AAAJ\n", 0, 1 },
		{ 60, "\x06\x09" "====\n", 0, 1 },
		{ 61, "\x06\x09" "AAAAAA==\n", 0, 1 },
		{ 61, "\x06\x09" "AAEAAA==\n", 0, 1 },
		{ 61, "\x06\x09" "//8KAAAJ\n", 0, 1 },
		{ 61, "\x06\x09" "ABIKAAAJAAAAAKFhZGVoZWxsb6J/\n", 0, 1 },
		{ 61, "\x06\x09" "ABQKAAAJAAAAAKFhZGVoZWxsb6J/\n", 0, 0 }, /* a byte is missing: it waits */
		{ 62, "\x06\x09" "ABMKAAAJAAAAAKFhZGVoZWxsb6J+\n", 0, 1 },
		{ 64, "\x06\x09" "ABMKAAAJAAAAAKFhZGVoZWxsb6J/\r\n", 1, 0 },
		{ 65, "log \x06 text\n" GOOD "more\n", 1, 0 },
		{ 65, "half a line" GOOD, 1, 0 },
		{ 65, "\x06\x09" "ABMKAAAJ<inf> text\nAAAAAKFhZGVoZWxsb6J/\n", 0, 1 },
		{ 65, "\x06\x09" "ABMKAAAJ\n<inf> text\n\x04\x14" "AAAAAKFhZGVoZWxsb6J/\n", 1, 0 },
	};
	uint8_t packet[64];

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		size_t size = strlen(rows[i].bytes);

		cover(rows[i].kind);
		for (uint32_t step = 1; step <= size; step++) { /* 66, 67: byte by byte, markers split */
			struct smp_rx rx;
			struct stream seen;

			smp_rx_start(&rx, packet, sizeof packet);
			seen = stream_feed(&rx, rows[i].bytes, size, step);
			if (seen.messages != rows[i].messages || seen.drops != rows[i].drops)
				print_error("kind %u, row %zu, step %u\n", (unsigned)rows[i].kind, i, (unsigned)step);
			assert_int_equal(seen.messages, rows[i].messages);
			assert_int_equal(seen.drops, rows[i].drops);
			seen = stream_feed(&rx, GOOD, sizeof GOOD - 1, step);
			assert_int_equal(seen.messages, 1);
		}
	}
	cover(66);
	cover(67);
	cover(65);
	{
		struct smp_rx rx;

		smp_rx_start(&rx, packet, sizeof packet);
		assert_int_equal(stream_feed(&rx, "\0\0\0\x06\0\x09\0", 7, 1).messages, 0);
		assert_int_equal(stream_feed(&rx, GOOD, sizeof GOOD - 1, 1).messages, 1);
	}
	cover(63);
	for (size_t size = 128; size <= 4096; size *= 2) {
		static char line[4200];
		struct smp_rx rx;

		smp_rx_start(&rx, packet, sizeof packet);
		memset(line, 'A', sizeof line);
		memcpy(line, "\x06\x09" "AP//", 6);
		assert_int_equal(stream_feed(&rx, line, size, 50).messages, 0);
		assert_int_equal(stream_feed(&rx, GOOD, sizeof GOOD - 1, 50).messages, 1);
	}
}

/* --- raw lines and fragments: radio links cut messages as raw lines do, one receiver for each connection ----------------- */

static uint32_t raw_feed(struct smp_raw *raw, const uint8_t *bytes, uint32_t size_bytes, uint32_t now_ms, struct smp_rx_event *event)
{
	uint32_t off = 0, messages = 0;

	do {
		off += smp_raw_feed(raw, bytes + off, size_bytes - off, now_ms, event);
		messages += event->kind == SMP_RX_MESSAGE ? 1 : 0;
	} while (off < size_bytes);
	return messages;
}

static void test_fragments(void **state)
{
	static const uint8_t message[] = "\x0a\0\0\x09\0\0\0\0\xa1\x61" "dehello";
	uint32_t size = sizeof message - 1, count = 0;
	uint8_t first_packet[64], second_packet[64];
	struct smp_raw first, second;
	struct smp_rx_event event;
	struct smp_reply reply;

	(void)state;
	smp_raw_start(&first, first_packet, sizeof first_packet, SMP_RAW_REQUESTS, 3000);
	smp_raw_start(&second, second_packet, sizeof second_packet, SMP_RAW_REQUESTS, 3000);
	cover(68);
	assert_int_equal(raw_feed(&first, (const uint8_t *)"\x0a\0\0\x30\0\0\0\0\xa0", 9, 0, &event), 0);
	assert_int_equal(raw_feed(&first, message, size, 4000, &event), 1);
	cover(69);
	assert_int_equal(raw_feed(&first, message, 0, 4000, &event), 0);
	cover(70);
	for (uint32_t i = 0; i < size; i++)
		count += raw_feed(&first, message + i, 1, 4000 + i * 100, &event);
	assert_int_equal(count, 1);
	cover(71); /* the link's owner starts the receiver again */
	cover(72);
	assert_int_equal(raw_feed(&first, message, 10, 9000, &event), 0);
	smp_raw_start(&first, first_packet, sizeof first_packet, SMP_RAW_REQUESTS, 3000);
	assert_int_equal(raw_feed(&first, message, size, 9000, &event), 1);
	cover(73);
	assert_int_equal(raw_feed(&first, message, 10, 9000, &event), 0);
	assert_int_equal(raw_feed(&second, message, 5, 9000, &event), 0);
	assert_int_equal(raw_feed(&first, message + 10, size - 10, 9000, &event), 1);
	assert_int_equal(raw_feed(&second, message + 5, size - 5, 9000, &event), 1);
	cover(74);
	{
		static uint8_t large[600] = "\x0a\0\x02\x50";

		assert_int_equal(raw_feed(&first, large, sizeof large, 9000, &event), 0);
		assert_int_equal(raw_feed(&first, message, size, 12001, &event), 1);
	}
	cover(75); /* a reply waits unchanged in its buffer while the line stalls: it is written piece by piece, when there is room */
	{
		struct smp_wire wire;
		uint8_t line[SMP_LINE_BYTES], before[REPLY_BYTES];
		const uint8_t *piece;

		assert_int_equal(send_raw(message, size, REPLY_BYTES, &reply), 1);
		memcpy(before, reply_bytes, sizeof before);
		smp_wire_start(&wire, SMP_WIRE_CONSOLE, first_packet, sizeof first_packet, SMP_RAW_REQUESTS, 3000);
		smp_wire_send(&wire, reply_bytes, reply.header.length_bytes + SMP_HEADER_BYTES);
		while (smp_wire_piece(&wire, line, &piece) != 0)
			assert_memory_equal(before, reply_bytes, sizeof before);
	}
	cover(77); /* a datagram cut at every byte */
	for (uint32_t cut = 0; cut < size; cut++) {
		assert_int_equal(send_raw(message, cut, REPLY_BYTES, &reply), cut < SMP_HEADER_BYTES ? 0 : 1);
		if (cut >= SMP_HEADER_BYTES)
			assert_int_equal(reply.code.rc, SMP_RC_CORRUPT);
	}
	still_well();
}

static void test_all_kinds_were_met(void **state)
{
	uint32_t missing = 0;

	(void)state;
	for (uint32_t kind = 1; kind <= KINDS; kind++) {
		if (!covered[kind])
			print_error("kind %u has no test\n", (unsigned)kind);
		missing += covered[kind] ? 0 : 1;
	}
	assert_int_equal(missing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_headers, start),       cmocka_unit_test_setup(test_hundred_in_one, start),
		cmocka_unit_test_setup(test_cbor, start),          cmocka_unit_test_setup(test_long_bodies, start),
		cmocka_unit_test_setup(test_upload_fields, start), cmocka_unit_test_setup(test_lying_headers, start),
		cmocka_unit_test_setup(test_sessions, start),      cmocka_unit_test_setup(test_replay, start),
		cmocka_unit_test_setup(test_file_offsets, start),  cmocka_unit_test(test_lines),
		cmocka_unit_test_setup(test_fragments, start),     cmocka_unit_test(test_all_kinds_were_met),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
