/* SPDX-License-Identifier: MIT */
#include "smp_hex.h"

#include "smp_rig.h"
#include <holdfast/smp_codes.h>

static struct rig rig;
static uint8_t request[512];
static struct smp_client client;
static const struct smp_ask ask = { .now_ms = 1000, .timeout_ms = 200, .tries = 3 };

static int start(void **state)
{
	(void)state;
	rig_start(&rig, 16, false);
	smp_client_start(&client, request, sizeof request, SMP_V2, 250);
	return 0;
}

/* The client's request to the server, its reply back. */
static struct smp_reply exchange(enum hf_reason asked)
{
	static uint8_t bytes[2048];
	struct smp_reply reply;
	enum hf_reason result = HF_R_ASSERT;
	uint32_t off = 0, size;

	assert_int_equal(asked, HF_OK);
	size = smp_server_answer(&rig.server, client.request, client.request_bytes, &off, bytes, sizeof bytes);
	assert_true(size != 0);
	assert_true(smp_client_take(&client, bytes, size, &reply, &result));
	assert_int_equal(result, HF_OK);
	assert_false(client.waiting);
	return reply;
}

static void test_requests(void **state)
{
	struct smp_reply reply;
	struct smp_params params;
	char text[64];
	int32_t mode = 0;
	bool no_downgrade = true;
	uint8_t file[4096];
	uint32_t file_bytes = rig_image(file, sizeof file, 1000, (struct hf_version){ 3, 2, 1, 0 }, 5);
	struct smp_image_list list;
	struct smp_slot_list slots;
	struct smp_why_reply why;

	(void)state;
	rig_put(&rig, HF_SLOT_PRIMARY, file, file_bytes);
	rig_put(&rig, HF_SLOT_SECONDARY, file, file_bytes);
	for (uint8_t version = SMP_V1; version <= SMP_V2; version++) {
		client.version = version;
		reply = exchange(smp_ask_echo(&client, &ask, "h\xc3\xa9llo"));
		assert_int_equal(smp_read_text(&reply, "r", text, sizeof text), HF_OK);
		assert_string_equal(text, "h\xc3\xa9llo");
		reply = exchange(smp_ask_params(&client, &ask));
		assert_int_equal(smp_read_params(&reply, &params), HF_OK);
		assert_int_equal(params.buf_size, 1028);
		assert_int_equal(params.buf_count, 3);
		reply = exchange(smp_ask_info(&client, &ask, "sm"));
		assert_int_equal(smp_read_text(&reply, "output", text, sizeof text), HF_OK);
		assert_string_equal(text, "Holdfast arm");
		reply = exchange(smp_ask_info(&client, &ask, NULL));
		assert_int_equal(smp_read_text(&reply, "output", text, 5), HF_OK);
		assert_string_equal(text, "Hold");
		reply = exchange(smp_ask_bootloader(&client, &ask, NULL));
		assert_int_equal(smp_read_text(&reply, "bootloader", text, sizeof text), HF_OK);
		assert_string_equal(text, "MCUboot");
		reply = exchange(smp_ask_bootloader(&client, &ask, "mode"));
		assert_int_equal(smp_read_mode(&reply, &mode, &no_downgrade), HF_OK);
		assert_int_equal(mode, 9);
		assert_false(no_downgrade);
		reply = exchange(smp_ask_image_list(&client, &ask));
		assert_int_equal(smp_read_image_list(&reply, &list), HF_OK);
		assert_int_equal(list.count, 2);
		assert_string_equal(list.entries[0].version, "3.2.1");
		reply = exchange(smp_ask_image_state(&client, &ask, NULL, 0, true));
		assert_int_equal(smp_read_image_list(&reply, &list), HF_OK);
		reply = exchange(smp_ask_slots(&client, &ask));
		assert_int_equal(smp_read_slots(&reply, &slots), HF_OK);
		reply = exchange(smp_ask_why(&client, &ask));
		assert_int_equal(smp_read_why(&reply, &why), HF_OK);
		reply = exchange(smp_ask_image_erase(&client, &ask, 0));
		assert_int_equal(smp_read_nothing(&reply), HF_R_SMP_REFUSED);
		assert_int_equal(reply.code.of_group, version == SMP_V2);
		assert_int_equal(reply.code.rc, version == SMP_V2 ? 9 : SMP_RC_BAD_STATE);
		assert_int_equal(reply.reason, version == SMP_V2 ? 0 : HF_R_SMP_SLOT_ACTIVE);
		assert_int_equal(smp_read_params(&reply, &params), HF_R_SMP_REFUSED);
		reply = exchange(smp_ask_reset(&client, &ask, true));
		assert_int_equal(smp_read_nothing(&reply), HF_OK);
		assert_true(rig.os.reset_wanted);
	}
}

static void test_request_too_large(void **state)
{
	char text[600];

	(void)state;
	memset(text, 'x', sizeof text);
	text[599] = '\0';
	assert_int_equal(smp_ask_echo(&client, &ask, text), HF_R_SMP_REQUEST_TOO_LARGE);
	assert_false(client.waiting);
}

static void test_retries(void **state)
{
	uint32_t wait = 0;

	(void)state;
	assert_int_equal(smp_ask_params(&client, &ask), HF_OK);
	assert_int_equal(smp_client_poll(&client, 1000, &wait), SMP_TODO_WAIT);
	assert_int_equal(wait, 200);
	assert_int_equal(smp_client_poll(&client, 1199, &wait), SMP_TODO_WAIT);
	assert_int_equal(wait, 1);
	assert_int_equal(smp_client_poll(&client, 1200, &wait), SMP_TODO_SEND);
	assert_int_equal(smp_client_poll(&client, 1399, &wait), SMP_TODO_WAIT);
	assert_int_equal(smp_client_poll(&client, 1500, &wait), SMP_TODO_SEND);
	assert_int_equal(smp_client_poll(&client, 1699, &wait), SMP_TODO_WAIT);
	assert_int_equal(smp_client_poll(&client, 1700, &wait), SMP_TODO_GIVE_UP);
	assert_int_equal(smp_client_poll(&client, 1701, &wait), SMP_TODO_GIVE_UP);
	assert_int_equal(client.counts.resent, 2);
	/* a clock that wraps */
	assert_int_equal(smp_ask_params(&client, &(struct smp_ask){ .now_ms = 0xffffff80u, .timeout_ms = 0x100, .tries = 1 }), HF_OK);
	assert_int_equal(smp_client_poll(&client, 0xfffffff0u, &wait), SMP_TODO_WAIT);
	assert_int_equal(wait, 0x90);
	assert_int_equal(smp_client_poll(&client, 0x80u, &wait), SMP_TODO_GIVE_UP);
}

/* Replies that are late, foreign or doubled are dropped, and what follows stays in step. */
static void test_late_replies(void **state)
{
	uint8_t first[256], second[256];
	uint32_t off = 0, first_bytes, second_bytes, wait;
	struct smp_reply reply;
	enum hf_reason result;

	(void)state;
	assert_int_equal(smp_ask_echo(&client, &ask, "one"), HF_OK);
	first_bytes = smp_server_answer(&rig.server, client.request, client.request_bytes, &off, first, sizeof first);
	for (uint32_t now = 1000; smp_client_poll(&client, now, &wait) != SMP_TODO_GIVE_UP; now += 100)
		;
	assert_int_equal(smp_ask_echo(&client, &ask, "two"), HF_OK);
	off = 0;
	second_bytes = smp_server_answer(&rig.server, client.request, client.request_bytes, &off, second, sizeof second);
	assert_false(smp_client_take(&client, first, first_bytes, &reply, &result));
	assert_true(client.waiting);
	for (uint32_t i = 0; i < SMP_HEADER_BYTES; i++) {
		uint8_t foreign[256];

		if (i == 1 || i == 2 || i == 3)
			continue; /* flags do not matter, length is looked at below */
		memcpy(foreign, second, second_bytes);
		foreign[i] ^= i == 0 ? 0x02 : 0x01; /* op, group, sequence, id */
		assert_false(smp_client_take(&client, foreign, second_bytes, &reply, &result));
		assert_false(smp_client_take(&client, second, i, &reply, &result));
	}
	second[0] ^= 0x08; /* another version does not matter */
	assert_true(smp_client_take(&client, second, second_bytes, &reply, &result));
	assert_int_equal(result, HF_OK);
	assert_int_equal(client.counts.late, 1 + 5);
	assert_false(smp_client_take(&client, second, second_bytes, &reply, &result)); /* its twin */
	assert_int_equal(client.counts.late, 7);
	/* 250, 251 ... 255, 0: numbers wrap */
	for (uint32_t i = 0; i < 10; i++)
		(void)exchange(smp_ask_params(&client, &ask));
	assert_int_equal(client.sequence, (uint8_t)(250 + 12));
}

static struct smp_reply reply_of(const char *body, enum hf_reason expected)
{
	static struct hex hex;
	struct smp_reply reply = { .refused = false };
	struct hex parts = hex_of(body);
	struct smp_header header = { .version = SMP_V2, .op = SMP_OP_WRITE_REPLY, .group = 1, .length_bytes = (uint16_t)parts.size_bytes };

	smp_header_put(&header, hex.bytes);
	memcpy(hex.bytes + SMP_HEADER_BYTES, parts.bytes, parts.size_bytes);
	assert_int_equal(smp_reply_read(hex.bytes, SMP_HEADER_BYTES + parts.size_bytes, &reply), expected);
	return reply;
}

static void test_shapes(void **state)
{
	static const struct {
		const char *body;
		enum hf_reason expected;
		bool refused, of_group;
		uint16_t group, rc;
		uint32_t reason;
	} rows[] = {
		{ "", HF_OK, false, false, 0, 0, 0 },
		{ "a0", HF_OK, false, false, 0, 0, 0 },
		{ "bf ff", HF_OK, false, false, 0, 0, 0 },
		{ "a1 627263 00", HF_OK, false, false, 0, 0, 0 },
		{ "a2 627263 00 636f6666 05", HF_OK, false, false, 0, 0, 0 },
		{ "a1 627263 06", HF_OK, true, false, 0, 6, 0 },
		{ "bf 627263 1806 ff", HF_OK, true, false, 0, 6, 0 },
		{ "a2 627263 06 636f6666 05", HF_OK, true, false, 0, 6, 0 },
		{ "a2 627263 06 6372736e 6748462d30353032", HF_OK, true, false, 0, 6, 502 },
		{ "a2 627263 06 6372736e 7f 6348462d 6430353032 ff", HF_OK, true, false, 0, 6, 502 },
		{ "a2 627263 06 6372736e 6748462d303530f2", HF_OK, true, false, 0, 6, 0 },
		{ "a2 627263 06 6372736e 01", HF_OK, true, false, 0, 6, 0 },
		{ "a1 627263 190100", HF_OK, true, false, 0, 256, 0 },
		{ "a1 627263 20", HF_OK, true, false, 0, 1, 0 },
		{ "a1 627263 1a00010000", HF_OK, true, false, 0, 1, 0 },
		{ "a1 63657272 a2 6567726f7570 01 627263 181b", HF_OK, true, true, 1, 27, 0 },
		{ "bf 63657272 bf 627263 181b 6567726f7570 1846 ff ff", HF_OK, true, true, 70, 27, 0 },
		{ "a1 63657272 a2 6567726f7570 01 627263 00", HF_OK, false, true, 1, 0, 0 },
		{ "a1 63657272 a1 6567726f7570 02", HF_OK, true, true, 2, 1, 0 },
		{ "a1 63657272 a1 627263 09", HF_OK, true, true, 1, 9, 0 },
		{ "a1 63657272 a0", HF_OK, true, true, 1, 1, 0 },
		{ "a1 63657272 05", HF_R_SMP_REPLY_MALFORMED, false, false, 0, 0, 0 },
		{ "a1 63657272 a1 627263 6131", HF_R_SMP_REPLY_MALFORMED, false, false, 0, 0, 0 },
		{ "a1 627263 fb3ff0000000000000", HF_R_SMP_REPLY_MALFORMED, false, false, 0, 0, 0 },
		{ "05", HF_R_SMP_REPLY_MALFORMED, false, false, 0, 0, 0 },
		{ "a1 627263", HF_R_SMP_REPLY_MALFORMED, false, false, 0, 0, 0 },
	};
	uint8_t bytes[12] = { 0x0b, 0, 0, 5, 0, 1, 0, 1, 0xa0, 0, 0, 0 };
	struct smp_reply reply;

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		reply = reply_of(rows[i].body, rows[i].expected);
		assert_int_equal(reply.refused, rows[i].refused);
		if (!reply.refused)
			continue;
		assert_int_equal(reply.code.of_group, rows[i].of_group);
		assert_int_equal(reply.code.group, rows[i].group);
		assert_int_equal(reply.code.rc, rows[i].rc);
		assert_int_equal(reply.reason, rows[i].reason);
	}
	assert_int_equal(smp_reply_read(bytes, 7, &reply), HF_R_SMP_SHORT);
	assert_int_equal(smp_reply_read(bytes, 12, &reply), HF_R_SMP_CORRUPT);
}

#define ZEROS_21 "000000000000000000000000000000000000000000"

static void test_image_lists(void **state)
{
	struct smp_image_list list;
	struct smp_reply reply;

	(void)state;
	reply = reply_of("a1 66696d61676573 80", HF_OK);
	assert_int_equal(smp_read_image_list(&reply, &list), HF_OK);
	assert_int_equal(list.count, 0);
	/* as Zephyr writes it, indefinite; a foreign key; a version with an escape sequence, in pieces; a hash of 64 bytes */
	reply = reply_of("bf 66696d61676573 9f bf 64736c6f74 00 6776657273696f6e 7f 63312e30 621b5b ff 63666f6f 00 ff bf 64736c6f74 01"
			 "6468617368 5840 " ZEROS_21 ZEROS_21 ZEROS_21 "ff 66616374697665 f5 647878 7878 82 01 a0 ff ff 6b73706c6974537461747573 00 ff", HF_OK);
	assert_int_equal(smp_read_image_list(&reply, &list), HF_OK);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.entries[0].version, "1.0?[");
	assert_int_equal(list.entries[0].hash_bytes, 0);
	assert_int_equal(list.entries[1].hash_bytes, 64);
	assert_int_equal(list.entries[1].hash[63], 0xff);
	assert_true(list.entries[1].active && !list.entries[1].confirmed);
	/* more than fit are counted; a hash that is too long, an entry that is none: malformed */
	reply = reply_of("a1 66696d61676573 8a a0 a0 a0 a0 a0 a0 a0 a0 a0 a0", HF_OK);
	assert_int_equal(smp_read_image_list(&reply, &list), HF_OK);
	assert_int_equal(list.count, SMP_LIST_MAX);
	assert_int_equal(list.dropped, 2);
	reply = reply_of("a1 66696d61676573 81 05", HF_OK);
	assert_int_equal(smp_read_image_list(&reply, &list), HF_R_SMP_REPLY_MALFORMED);
	reply = reply_of("a1 66696d61676573 05", HF_OK);
	assert_int_equal(smp_read_image_list(&reply, &list), HF_R_SMP_REPLY_MALFORMED);
	reply = reply_of("a0", HF_OK);
	assert_int_equal(smp_read_image_list(&reply, &list), HF_R_SMP_REPLY_MALFORMED);
}

static void test_text_clean(void **state)
{
	static const struct {
		const char *from, *into;
	} rows[] = {
		{ "plain", "plain" },
		{ "a\x1b[2Jb\r\n\x7f", "a?[2Jb???" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "\xc2\x9b" "31m", "??31m" },         /* a control character of two bytes */
		{ "\xc0\xaf\xed\xa0\x80\xff\xe2\x82", "????????" },
		{ "\xf4\x90\x80\x80\xe0\x80\x80\xf0\x80\x80\x80", "???????????" },
	};
	char text[32];
	struct smp_span span;

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		span = (struct smp_span){ .data = (const uint8_t *)rows[i].from, .size_bytes = (uint32_t)strlen(rows[i].from) };
		smp_text_clean(&span, text, sizeof text);
		assert_string_equal(text, rows[i].into);
	}
	span = (struct smp_span){ .data = (const uint8_t *)"ab\xc3\xa9", .size_bytes = 4 };
	smp_text_clean(&span, text, 4);
	assert_string_equal(text, "ab"); /* no half character at the end */
	smp_text_clean(&span, text, 1);
	assert_string_equal(text, "");
}

static void test_sizes(void **state)
{
	static const struct {
		uint32_t buf_size, framed, plain;
	} rows[] = { { 0, 89, 508 }, { 1, 89, 508 }, { 92, 89, 508 }, { 93, 89, 93 }, { 384, 380, 384 },
		     { 65535, 65531, 65533 }, { UINT32_MAX, 65533, 65533 } };

	(void)state;
	assert_int_equal(smp_message_max_of(NULL, true), 89);
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		struct smp_params params = { .buf_size = rows[i].buf_size };

		assert_int_equal(smp_message_max_of(&params, true), rows[i].framed);
		if (rows[i].buf_size >= 93)
			assert_int_equal(smp_message_max_of(&params, false), rows[i].plain);
	}
	assert_int_equal(smp_window_of(NULL, 8), 1);
	assert_int_equal(smp_window_of(&(struct smp_params){ .buf_count = 0 }, 8), 1);
	assert_int_equal(smp_window_of(&(struct smp_params){ .buf_count = 1 }, 8), 1);
	assert_int_equal(smp_window_of(&(struct smp_params){ .buf_count = 4 }, 8), 3);
	assert_int_equal(smp_window_of(&(struct smp_params){ .buf_count = 4 }, 2), 2);
	assert_int_equal(smp_window_of(&(struct smp_params){ .buf_count = UINT32_MAX }, 8), 8);
	assert_int_equal(smp_window_of(&(struct smp_params){ .buf_count = 4 }, 0), 1);
}

/* The protocol's documents, group by group: from 2 to the last code, none left out and none invented, each with a remedy. */
static void test_codes_are_complete(void **state)
{
	static const struct {
		uint16_t group, first, last;
	} groups[] = { { SMP_CODE_PROTOCOL, 0, 13 }, { SMP_GROUP_OS, 2, 6 },    { SMP_GROUP_IMAGE, 2, 34 }, { SMP_GROUP_STAT, 2, 5 },
		       { SMP_GROUP_SETTINGS, 2, 8 }, { SMP_GROUP_FS, 2, 16 },   { SMP_GROUP_SHELL, 2, 3 },  { SMP_GROUP_ENUM, 2, 4 },
		       { SMP_GROUP_BASIC, 2, 4 },    { SMP_CODE_PROTOCOL, 256, 256 } };
	size_t count, expected = 0;

	(void)state;
	(void)smp_code_list(&count);
	for (size_t i = 0; i < HF_ARRAY_COUNT(groups); i++) {
		for (uint16_t rc = groups[i].first; rc <= groups[i].last; rc++) {
			struct smp_code code = { .of_group = groups[i].group != SMP_CODE_PROTOCOL, .group = groups[i].group, .rc = rc };
			const struct smp_code_text *text = smp_code_text(&code);

			assert_string_not_equal(text->name, "unknown");
			assert_int_equal(text->rc, rc);
			assert_true(strlen(text->remedy) > 4 || rc == 0);
			expected++;
		}
		if (groups[i].group != SMP_CODE_PROTOCOL) {
			struct smp_code beyond = { .of_group = true, .group = groups[i].group, .rc = groups[i].last + 1u };

			assert_string_equal(smp_code_text(&beyond)->name, "unknown");
			assert_string_not_equal(smp_group_name(groups[i].group), "unknown");
		}
	}
	assert_int_equal(count, expected);
	assert_string_equal(smp_code_text(&(struct smp_code){ .rc = 300 })->name, "EPERUSER");
	assert_string_equal(smp_code_text(&(struct smp_code){ .rc = 14 })->name, "unknown");
	assert_string_equal(smp_code_text(&(struct smp_code){ .of_group = true, .group = 1, .rc = 256 })->name, "unknown");
	assert_string_equal(smp_mode_name(9), "swap using offset");
	assert_string_equal(smp_mode_name(10), "unknown");
	assert_string_equal(smp_mode_name(-1), "unknown");
}

static void test_codes(void **state)
{
	size_t count;
	const struct smp_code_text *list = smp_code_list(&count);
	const struct smp_code image_27 = { .of_group = true, .group = 1, .rc = 27 }, plain_6 = { .rc = 6 },
			      foreign = { .of_group = true, .group = 200, .rc = 5 };

	(void)state;
	assert_string_equal(smp_code_text(&image_27)->name, "CURRENT_VERSION_IS_NEWER");
	assert_string_equal(smp_code_text(&plain_6)->name, "EBADSTATE");
	assert_string_equal(smp_code_text(&foreign)->name, "unknown");
	for (size_t i = 0; i < count; i++) {
		struct smp_code code = { .of_group = list[i].group != SMP_CODE_PROTOCOL, .group = list[i].group, .rc = list[i].rc };

		assert_ptr_equal(smp_code_text(&code), &list[i]); /* no number twice */
		assert_true(strlen(list[i].sentence) > 4);
	}
	/* What the server can say has words. */
	for (uint32_t number = 1; number < 1300; number++) {
		struct smp_code code = smp_code_of((enum hf_reason)number);

		assert_string_not_equal(smp_code_text(&code)->name, "unknown");
		code = (struct smp_code){ .rc = code.v1_rc };
		assert_string_not_equal(smp_code_text(&code)->name, "unknown");
	}
	assert_string_equal(smp_group_name(1), "image");
	assert_string_equal(smp_group_name(SMP_GROUP_HOLDFAST), "holdfast");
	assert_string_equal(smp_group_name(64), "application");
	assert_string_equal(smp_group_name(5), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_requests, start),     cmocka_unit_test_setup(test_request_too_large, start),
		cmocka_unit_test_setup(test_retries, start),      cmocka_unit_test_setup(test_late_replies, start),
		cmocka_unit_test(test_shapes),                    cmocka_unit_test(test_image_lists),
		cmocka_unit_test(test_text_clean),                cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_codes),                     cmocka_unit_test(test_codes_are_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
