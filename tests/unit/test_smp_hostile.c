/* SPDX-License-Identifier: MIT */
/* The eighty kinds of malformed requests a server must survive, by number, and what it answers to each. The device must work
 * afterwards: after each row a plain echo is answered and the running image is untouched. Kinds of
 * uploads: test_smp_hostile_uploads.c; of lines and links: test_smp_hostile_lines.c.
 * Source of the kinds: what known clients, fuzzers and fixed faults of other servers have sent. */
#include "smp_hostile.h"

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
	still_well();
}

/* Values larger than their limit, replies larger than the buffer. */
static void test_too_large(void **state)
{
	static uint8_t body[1900];
	struct smp_writer writer;
	struct smp_reply reply;
	uint32_t refused = 0, tasks_bytes;

	(void)state;
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

static void test_all_kinds_were_met(void **state)
{
	uint32_t missing = 0;

	(void)state;
	for (uint32_t kind = 1; kind <= KINDS; kind++) {
		bool of_lines = (kind >= 57 && kind <= 75) || kind == 77;
		bool of_uploads = (kind >= 23 && kind <= 36) || (kind >= 45 && kind <= 48) || kind == 50 || kind == 78 || kind == 79;
		bool elsewhere = of_lines || of_uploads;

		if (!covered[kind] && !elsewhere)
			print_error("kind %u has no test\n", (unsigned)kind);
		missing += covered[kind] || elsewhere ? 0 : 1;
	}
	assert_int_equal(missing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_headers, start),       cmocka_unit_test_setup(test_hundred_in_one, start),
		cmocka_unit_test_setup(test_cbor, start),          cmocka_unit_test_setup(test_long_bodies, start),
		cmocka_unit_test_setup(test_too_large, start),     cmocka_unit_test(test_all_kinds_were_met),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
