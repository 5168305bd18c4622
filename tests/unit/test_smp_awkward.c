/* SPDX-License-Identifier: MIT */
/* The malformed or awkward replies a client must survive, by number: what the library makes of each. Kinds 32 (zip) and 33 (hex) are
 * files, not replies: tests/cli/packages.py and files.py have them. */
#include "smp_hex.h"

#include "smp_rig.h"
#include <holdfast/smp_codes.h>

enum { KINDS = 31 };

static bool covered[KINDS + 1];
static uint8_t request[256];
static struct smp_client client;
static const struct smp_ask ask = { .now_ms = 1000, .timeout_ms = 200, .tries = 2 };

static int start(void **state)
{
	(void)state;
	smp_client_start(&client, request, sizeof request, SMP_V2, 40);
	return 0;
}

static void cover(uint32_t kind)
{
	assert_in_range(kind, 1, KINDS);
	covered[kind] = true;
}

/* The message that answers what the client asked last, with this body. */
static struct hex message_of(const char *body_text)
{
	struct hex body = hex_of(body_text), message = { { 0 }, 0 };
	struct smp_header header = client.header;

	header.op++;
	header.length_bytes = (uint16_t)body.size_bytes;
	smp_header_put(&header, message.bytes);
	memcpy(message.bytes + SMP_HEADER_BYTES, body.bytes, body.size_bytes);
	message.size_bytes = SMP_HEADER_BYTES + body.size_bytes;
	return message;
}

static uint8_t taken[1100];

static struct smp_reply take(const struct hex *message, enum hf_reason expected)
{
	struct smp_reply reply = { .refused = false };
	enum hf_reason result = HF_R_ASSERT;

	memcpy(taken, message->bytes, message->size_bytes);
	assert_true(smp_client_take(&client, taken, message->size_bytes, &reply, &result));
	assert_int_equal(result, expected);
	return reply;
}

static struct smp_reply params_reply(const char *body, enum hf_reason expected)
{
	struct hex message;

	assert_int_equal(smp_ask_params(&client, &ask), HF_OK);
	message = message_of(body);
	return take(&message, expected);
}

static struct smp_reply list_reply(const char *body)
{
	struct hex message;

	assert_int_equal(smp_ask_image_list(&client, &ask), HF_OK);
	message = message_of(body);
	return take(&message, HF_OK);
}

static void test_no_or_foreign_reply(void **state)
{
	struct hex message;
	struct smp_reply reply;
	enum hf_reason result;
	uint32_t wait;

	(void)state;
	cover(1);
	cover(26); /* the port is gone: nothing comes any more */
	assert_int_equal(smp_ask_params(&client, &ask), HF_OK);
	assert_int_equal(smp_client_poll(&client, 1200, &wait), SMP_TODO_SEND);
	assert_int_equal(smp_client_poll(&client, 1400, &wait), SMP_TODO_GIVE_UP);
	cover(24); /* and after giving up a reply is nobody's */
	message = message_of("a0");
	assert_false(smp_client_take(&client, message.bytes, message.size_bytes, &reply, &result));
	cover(2);
	cover(3);
	assert_int_equal(smp_ask_params(&client, &ask), HF_OK);
	for (uint32_t i = 0; i < 6; i++) {
		static const struct {
			uint8_t at, flip;
		} wrong[] = { { 6, 1 }, { 6, 0xff }, { 5, 1 }, { 4, 1 }, { 7, 1 }, { 0, 2 } };

		message = message_of("a0");
		message.bytes[wrong[i].at] ^= wrong[i].flip;
		assert_false(smp_client_take(&client, message.bytes, message.size_bytes, &reply, &result));
		assert_true(client.waiting);
	}
	cover(4);
	message = message_of("a2 686275665f73697a65 190404 696275665f636f756e74 04");
	message.bytes[0] ^= 0x18;
	(void)take(&message, HF_OK);
	cover(28); /* its twin */
	assert_false(smp_client_take(&client, message.bytes, message.size_bytes, &reply, &result));
	cover(27);
	assert_int_equal(smp_ask_params(&client, &ask), HF_OK);
	message = message_of("a1 627263 06");
	memcpy(message.bytes + message.size_bytes, "\xff\xff\xff", 3);
	message.size_bytes += 3;
	reply = take(&message, HF_OK);
	assert_int_equal(reply.code.rc, 6);
	/* shorter than announced: unreadable, and no more is awaited */
	assert_int_equal(smp_ask_params(&client, &ask), HF_OK);
	message = message_of("a1 627263 06");
	message.size_bytes--;
	(void)take(&message, HF_R_SMP_CORRUPT);
	assert_false(client.waiting);
}

static void test_shapes(void **state)
{
	struct smp_reply reply;
	struct smp_params params;
	char text[64];

	(void)state;
	cover(5);
	reply = params_reply("a3 627263 03 636f6666 05 686275665f73697a65 190404", HF_OK);
	assert_int_equal(smp_read_params(&reply, &params), HF_R_SMP_REFUSED);
	cover(6);
	reply = params_reply("a3 627263 00 686275665f73697a65 190404 696275665f636f756e74 04", HF_OK);
	assert_int_equal(smp_read_params(&reply, &params), HF_OK);
	assert_true(params.buf_size == 1028 && params.buf_count == 4);
	cover(7);
	reply = params_reply("a1 63657272 a2 6567726f7570 1903e7 627263 1903e7", HF_OK);
	assert_string_equal(smp_code_text(&reply.code)->name, "unknown");
	reply = params_reply("a1 63657272 a1 6567726f7570 01", HF_OK);
	assert_int_equal(reply.code.rc, 1);
	reply = params_reply("a1 63657272 a0", HF_OK);
	assert_true(reply.refused && reply.code.rc == 1 && reply.code.group == 0);
	(void)params_reply("a1 63657272 f6", HF_R_SMP_REPLY_MALFORMED);
	cover(8);
	reply = params_reply("a2 627263 06 6372736e 69 1b5b324a 0d0a 07 7f 41", HF_OK);
	smp_text_clean(&reply.rsn, text, sizeof text);
	assert_string_equal(text, "?[2J????A");
	cover(16); /* all that may be indefinite is: maps, keys, values, and the reply is read twice */
	reply = params_reply("bf 7f 63627566 655f73697a65 ff 190404 7f 60 696275665f636f756e74 ff 1b0000000000000004 ff", HF_OK);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(smp_read_params(&reply, &params), HF_OK);
		assert_true(params.buf_size == 1028 && params.buf_count == 4);
	}
	cover(17);
	reply = params_reply("a5 686275665f73697a65 190404 626f6b a1 6161 83 01 02 f5 696275665f636f756e74 04 00 00 4161 9f ff", HF_OK);
	assert_int_equal(smp_read_params(&reply, &params), HF_OK);
	cover(18);
	reply = params_reply("a2 686275665f73697a65 fb4090100000000000 696275665f636f756e74 04", HF_OK);
	assert_int_equal(smp_read_params(&reply, &params), HF_R_SMP_REPLY_MALFORMED);
	reply = params_reply("a2 686275665f73697a65 c2420404 696275665f636f756e74 04", HF_OK);
	assert_int_equal(smp_read_params(&reply, &params), HF_R_SMP_REPLY_MALFORMED);
	reply = params_reply("a3 686275665f73697a65 190404 696275665f636f756e74 04 6161 c24a00010203040506070809", HF_OK);
	assert_int_equal(smp_read_params(&reply, &params), HF_OK);
}

static void test_params(void **state)
{
	static const struct {
		const char *size;
		uint32_t framed;
	} sizes[] = { { "00", 89 }, { "01", 89 }, { "1affffffff", 65533 }, { "1a00010000", 65532 }, { "19ffff", 65531 } };
	struct smp_reply reply;
	struct smp_params params;
	char body[96];

	(void)state;
	cover(19);
	cover(20);
	for (size_t i = 0; i < HF_ARRAY_COUNT(sizes); i++) {
		for (uint32_t count = 0; count < 2; count++) {
			(void)snprintf(body, sizeof body, "a2 686275665f73697a65 %s 696275665f636f756e74 %02x", sizes[i].size, (unsigned)count);
			reply = params_reply(body, HF_OK);
			assert_int_equal(smp_read_params(&reply, &params), HF_OK);
			assert_int_equal(smp_message_max_of(&params, true), sizes[i].framed);
			assert_int_equal(smp_window_of(&params, 8), 1);
		}
	}
	/* more than 32 bits is no size */
	reply = params_reply("a2 686275665f73697a65 1b0000000100000000 696275665f636f756e74 04", HF_OK);
	assert_int_equal(smp_read_params(&reply, &params), HF_R_SMP_REPLY_MALFORMED);
}

#define ZEROS_16 "00000000000000000000000000000000"
#define ZEROS_64 ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16
#define VERSION "6776657273696f6e 65312e302e30"

static void test_lists(void **state)
{
	struct smp_reply reply;
	struct smp_image_list list;

	(void)state;
	cover(14);
	reply = list_reply("a1 66696d61676573 80");
	assert_int_equal(smp_read_image_list(&reply, &list), HF_OK);
	assert_int_equal(list.count, 0);
	reply = list_reply("a1 66696d61676573 83 a2 64736c6f74 00 " VERSION " a3 64736c6f74 03 6468617368 5840" ZEROS_64 VERSION " a1 " VERSION);
	assert_int_equal(smp_read_image_list(&reply, &list), HF_OK);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.entries[0].hash_bytes, 0);
	assert_true(list.entries[1].hash_bytes == 64 && list.entries[1].slot == 3);
	assert_int_equal(list.entries[2].slot, 0);
	reply = list_reply("a1 66696d61676573 81 a1 6468617368 5841" ZEROS_64 "00");
	assert_int_equal(smp_read_image_list(&reply, &list), HF_R_SMP_REPLY_MALFORMED);
	cover(29); /* recovery instead of the application: version 1 shapes, no flags, one slot, no params */
	reply = params_reply("bf 627263 08 ff", HF_OK);
	assert_true(reply.refused && !reply.code.of_group && reply.code.rc == SMP_RC_NOT_SUPPORTED);
	reply = list_reply("bf 66696d61676573 9f bf 64736c6f74 00 6468617368 5820" ZEROS_16 ZEROS_16 VERSION " ff ff ff");
	assert_int_equal(smp_read_image_list(&reply, &list), HF_OK);
	assert_true(list.count == 1 && !list.entries[0].active && !list.entries[0].confirmed);
	cover(30); /* gone back: the old one is active and confirmed, ours lies in slot 1 and nothing is pending */
	reply = list_reply("a1 66696d61676573 82 a4 64736c6f74 00 " VERSION " 66616374697665 f5 69636f6e6669726d6564 f5 a2 64736c6f74 01 " VERSION);
	assert_int_equal(smp_read_image_list(&reply, &list), HF_OK);
	assert_true(list.entries[0].active && list.entries[0].confirmed && !list.entries[1].active && !list.entries[1].pending);
}

/* Ten kilobytes where a version belongs, and texts with escape sequences: printable and bounded. */
static void test_long_texts(void **state)
{
	static uint8_t message[10400];
	struct smp_writer writer = smp_writer_of(message, sizeof message);
	struct smp_header header;
	struct smp_reply reply;
	struct smp_image_list list;
	enum hf_reason result;
	char text[16];
	uint8_t *copy;

	(void)state;
	cover(15);
	assert_int_equal(smp_ask_image_list(&client, &ask), HF_OK);
	writer.used_bytes = SMP_HEADER_BYTES;
	smp_put_map(&writer, 1);
	smp_put_text(&writer, "images");
	smp_put_list_open(&writer);
	smp_put_map(&writer, 1);
	smp_put_text(&writer, "version");
	smp_put_text_begin(&writer, 10240);
	memset(message + writer.used_bytes, '9', 10240);
	writer.used_bytes += 10240;
	smp_put_close(&writer);
	header = client.header;
	header.op++;
	header.length_bytes = (uint16_t)(writer.used_bytes - SMP_HEADER_BYTES);
	smp_header_put(&header, message);
	copy = exact_copy(message, writer.used_bytes);
	assert_true(smp_client_take(&client, copy, writer.used_bytes, &reply, &result));
	assert_int_equal(smp_read_image_list(&reply, &list), HF_OK);
	assert_int_equal(strlen(list.entries[0].version), SMP_VERSION_TEXT_BYTES - 1);
	free(copy);
	cover(31);
	assert_int_equal(smp_ask_echo(&client, &ask, "x"), HF_OK);
	{
		struct hex odd = message_of("a1 6172 6c 1b5d303b78 07 c29b 32 4a 0a 41");

		reply = take(&odd, HF_OK);
	}
	assert_int_equal(smp_read_text(&reply, "r", text, sizeof text), HF_OK);
	assert_string_equal(text, "?]0;x???2J?A");
}

/* --- uploads ------------------------------------------------------------------------------------------------------------- */

static uint8_t file[3000], sha[32];

/* The reply with this body to what the upload sends next; false: it sends nothing more. */
static bool upload_reply(struct smp_upload *upload, const char *body_text, uint32_t *now)
{
	uint8_t buffer[512];
	uint32_t size = 0, wait, turns = 0;
	struct hex body = hex_of(body_text);
	struct smp_header header;
	enum smp_upload_todo todo;

	while ((todo = smp_upload_next(upload, *now, buffer, &size, &wait)) == SMP_UPLOAD_TODO_WAIT) {
		*now += wait != 0 ? wait : 1;
		assert_true(++turns < 100);
	}
	if (todo != SMP_UPLOAD_TODO_SEND)
		return false;
	header = smp_header_get(buffer);
	header.op++;
	header.length_bytes = (uint16_t)body.size_bytes;
	smp_header_put(&header, buffer);
	memcpy(buffer + SMP_HEADER_BYTES, body.bytes, body.size_bytes);
	assert_true(smp_upload_take(upload, buffer, SMP_HEADER_BYTES + body.size_bytes, *now));
	return true;
}

static void test_uploads(void **state)
{
	static const struct {
		uint32_t kind;
		const char *first, *then; /* replies */
		enum hf_reason reason;
	} rows[] = {
		{ 5, "a2 627263 03 636f6666 190190", "a0", HF_R_SMP_REFUSED },
		{ 9, "a1 636f6666 1901f0", "a1 636f6666 10", HF_R_SMP_UPLOAD_STUCK },
		{ 10, "a1 636f6666 190bb9", "a0", HF_R_SMP_REPLY_OFF },
		{ 10, "a1 636f6666 1affffffff", "a0", HF_R_SMP_REPLY_OFF },
		{ 11, "a1 636f6666 1840", "a1 636f6666 1840", HF_R_SMP_UPLOAD_STUCK },
		{ 11, "a1 636f6666 00", "a1 636f6666 00", HF_R_SMP_UPLOAD_STUCK },
		{ 12, "a0", "a0", HF_R_SMP_REPLY_NO_OFF },
		{ 13, "a2 636f6666 190bb8 656d61746368 f4", "a0", HF_R_SMP_UPLOAD_MATCH },
		{ 18, "a1 636f6666 fb4079000000000000", "a1 636f6666 c24101", HF_R_SMP_UPLOAD_STUCK },
	};

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		struct smp_upload_plan plan = smp_upload_plan_of(file, sizeof file, sha);
		struct smp_upload upload;
		uint32_t now = 0, replies = 0;

		cover(rows[i].kind);
		plan.message_max = 512;
		assert_int_equal(smp_upload_start(&upload, &plan, &client), HF_OK);
		(void)upload_reply(&upload, rows[i].first, &now);
		while (upload_reply(&upload, rows[i].then, &now))
			assert_true(++replies < 60);
		assert_int_equal(upload.state, SMP_UPLOAD_FAILED);
		if (upload.reason != rows[i].reason)
			print_error("row %zu\n", i);
		assert_int_equal(upload.reason, rows[i].reason);
	}
}

/* --- what a line does to replies ----------------------------------------------------------------------------------------- */

static void test_lines(void **state)
{
	/* the reply to echo "hello", two of them, with a log line between, a boot banner, and another in the middle of a frame */
	static const char reply_line[] = "\x06\x09" "ABQLAAAKAAAAAL9hcmVoZWxsb//3UQ==\n";
	static const char between[] = "[00:01] <inf> log\r\n";
	static const char banner[] = "*** Booting MCUboot v2.1.0 ***\r\n";
	char stream[256], text[256];
	size_t size = 0;

	(void)state;
	memcpy(stream, reply_line, sizeof reply_line - 1);
	size += sizeof reply_line - 1;
	memcpy(stream + size, between, sizeof between - 1);
	size += sizeof between - 1;
	memcpy(stream + size, reply_line, 10); /* cut by a reset */
	size += 10;
	memcpy(stream + size, banner, sizeof banner - 1);
	size += sizeof banner - 1;
	memcpy(stream + size, reply_line, sizeof reply_line - 1);
	size += sizeof reply_line - 1;
	cover(21);
	cover(22);
	cover(23);
	cover(25);
	for (uint32_t step = 1; step <= size; step++) {
		uint8_t packet[64];
		struct smp_rx rx;
		uint32_t messages = 0, drops = 0, text_bytes = 0;

		smp_rx_start(&rx, packet, sizeof packet);
		for (size_t off = 0; off < size;) {
			struct smp_rx_event event;
			uint32_t left = (uint32_t)(size - off < step ? size - off : step);

			off += smp_rx_feed(&rx, (const uint8_t *)stream + off, left, &event);
			messages += event.kind == SMP_RX_MESSAGE ? 1 : 0;
			drops += event.kind == SMP_RX_DROPPED ? 1 : 0;
			if (event.kind == SMP_RX_TEXT) {
				memcpy(text + text_bytes, event.text, event.size_bytes);
				text_bytes += event.size_bytes;
			}
		}
		text[text_bytes] = '\0';
		assert_int_equal(messages, 2);
		assert_int_equal(drops, 1);
		assert_non_null(strstr(text, "<inf> log"));
		assert_non_null(strstr(text, "Booting MCUboot"));
	}
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
		cmocka_unit_test_setup(test_no_or_foreign_reply, start), cmocka_unit_test_setup(test_shapes, start),
		cmocka_unit_test_setup(test_params, start),              cmocka_unit_test_setup(test_lists, start),
		cmocka_unit_test_setup(test_long_texts, start),          cmocka_unit_test_setup(test_uploads, start),
		cmocka_unit_test(test_lines),                            cmocka_unit_test(test_all_kinds_were_met),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
