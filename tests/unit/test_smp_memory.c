/* SPDX-License-Identifier: MIT */
/* A request that comes twice, at once or late, is carried out once. */
#include "smp_hex.h"

#include "smp_app_rig.h"

enum { ENTRIES = 4, KEPT_BYTES = 64, KEEP_MS = 30000, MESSAGE_BYTES = 300, REPLY_BYTES = 512 };

static struct rig rig;
static struct app_rig app;
static struct smp_memory memory;
static struct smp_memory_entry entries[ENTRIES];
static uint8_t kept[ENTRIES * KEPT_BYTES];

struct message {
	uint8_t bytes[MESSAGE_BYTES];
	uint32_t size_bytes;
};

struct said {
	uint8_t bytes[REPLY_BYTES];
	uint32_t size_bytes;
};

static int start(void **state)
{
	(void)state;
	rig_start(&rig, 16, false);
	app_rig_start(&app, &rig);
	smp_memory_start(&memory, entries, ENTRIES, kept, KEPT_BYTES, KEEP_MS);
	return 0;
}

static struct message message_of(uint16_t group, uint8_t id, uint8_t sequence, const char *body)
{
	struct hex hex = hex_of(body);
	struct message message;
	const struct smp_header header = { .version = SMP_V2, .op = SMP_OP_WRITE, .sequence = sequence, .group = group, .id = id,
					   .length_bytes = (uint16_t)hex.size_bytes };

	smp_header_put(&header, message.bytes);
	memcpy(message.bytes + SMP_HEADER_BYTES, hex.bytes, hex.size_bytes);
	message.size_bytes = SMP_HEADER_BYTES + hex.size_bytes;
	return message;
}

/* All replies to it, one behind the other. */
static struct said say_from(uint32_t peer, const struct message *message)
{
	struct said said = { { 0 }, 0 };
	uint8_t *copy = exact_copy(message->bytes, message->size_bytes);
	uint32_t off = 0, size;

	rig.server.peer = peer;
	while ((size = smp_memory_answer(&memory, &rig.server, copy, message->size_bytes, &off, said.bytes + said.size_bytes,
					 REPLY_BYTES - said.size_bytes)) != 0)
		said.size_bytes += size;
	assert_int_equal(off, message->size_bytes);
	free(copy);
	return said;
}

static struct said say(const struct message *message)
{
	return say_from(7, message);
}

static void assert_same(const struct said *a, const struct said *b)
{
	assert_int_equal(a->size_bytes, b->size_bytes);
	assert_memory_equal(a->bytes, b->bytes, a->size_bytes);
}

#define ARGV "a1 6461726776 81 61 61" /* {"argv": ["a"]} */

static void test_shell_runs_once(void **state)
{
	const struct message run = message_of(SMP_GROUP_SHELL, 0, 9, ARGV), next = message_of(SMP_GROUP_SHELL, 0, 10, ARGV);
	struct said first, again;

	(void)state;
	first = say(&run);
	again = say(&run);
	assert_same(&first, &again);
	assert_int_equal(app.shell_runs, 1);
	assert_int_equal(memory.repeated_count, 1);
	/* On purpose: the next number. Another client: the same bytes. */
	(void)say(&next);
	assert_int_equal(app.shell_runs, 2);
	(void)say_from(8, &run);
	assert_int_equal(app.shell_runs, 3);
	/* The late twin of the first. */
	again = say(&run);
	assert_same(&first, &again);
	assert_int_equal(app.shell_runs, 3);
	assert_int_equal(rig.server.request_count, 5);
}

static void test_it_forgets(void **state)
{
	const struct message run = message_of(SMP_GROUP_SHELL, 0, 9, ARGV), other = message_of(SMP_GROUP_SETTINGS, 2, 9, "a0"),
			     echo = message_of(SMP_GROUP_OS, SMP_OS_ECHO, 10, "a1 6164 6161");

	(void)state;
	rig.server.now_ms = UINT32_MAX - 10u; /* the clock may wrap */
	(void)say(&run);
	rig.server.now_ms += KEEP_MS;
	(void)say(&run);
	assert_int_equal(app.shell_runs, 1);
	rig.server.now_ms += 1;
	(void)say(&run);
	assert_int_equal(app.shell_runs, 2);
	/* After so many requests the numbers may come round. */
	for (uint32_t i = 0; i < SMP_MEMORY_REACH - 1u; i++)
		(void)say(&echo);
	(void)say(&run);
	assert_int_equal(app.shell_runs, 2);
	(void)say(&echo);
	(void)say(&run);
	assert_int_equal(app.shell_runs, 3);
	/* A client that gives everything the same number. */
	(void)say(&other);
	(void)say(&run);
	assert_int_equal(app.shell_runs, 4);
	assert_int_equal(app.commits, 1);
}

static void test_oldest_goes_first(void **state)
{
	struct message runs[ENTRIES + 1];

	(void)state;
	for (uint8_t i = 0; i <= ENTRIES; i++) {
		runs[i] = message_of(SMP_GROUP_SHELL, 0, i, ARGV);
		(void)say(&runs[i]);
	}
	for (uint32_t i = 1; i <= ENTRIES; i++)
		(void)say(&runs[i]);
	assert_int_equal(app.shell_runs, ENTRIES + 1);
	(void)say(&runs[0]);
	assert_int_equal(app.shell_runs, ENTRIES + 2);
}

static void test_long_reply(void **state)
{
	const struct message run = message_of(SMP_GROUP_SHELL, 0, 9, ARGV);
	struct smp_reply reply;
	struct said again;

	(void)state;
	smp_memory_start(&memory, entries, ENTRIES, kept, 12, KEEP_MS);
	(void)say(&run);
	again = say(&run);
	assert_int_equal(app.shell_runs, 1);
	assert_int_equal(smp_reply_read(again.bytes, again.size_bytes, &reply), HF_OK);
	assert_true(reply.refused);
	assert_int_equal(reply.reason, HF_R_SMP_DONE);
	assert_int_equal(rig.server.last_refusal, HF_R_SMP_DONE);
	assert_int_equal(reply.header.sequence, 9);
}

/* A reply that was kept with much room must not overflow a smaller one. */
static void test_less_room(void **state)
{
	const struct message run = message_of(SMP_GROUP_SHELL, 0, 9, ARGV);
	uint8_t copy[MESSAGE_BYTES], small[SMP_REPLY_MIN_BYTES];
	uint32_t off = 0, size;

	(void)state;
	assert_true(say(&run).size_bytes < KEPT_BYTES);
	smp_memory_start(&memory, entries, ENTRIES, kept, KEPT_BYTES, KEEP_MS);
	(void)say(&run);
	assert_int_equal(app.shell_runs, 2);
	entries[0].reply_bytes = SMP_REPLY_MIN_BYTES + 1u;
	memcpy(copy, run.bytes, run.size_bytes);
	size = smp_memory_answer(&memory, &rig.server, copy, run.size_bytes, &off, small, sizeof small);
	assert_in_range(size, SMP_HEADER_BYTES, sizeof small);
	assert_int_equal(app.shell_runs, 2);
}

static void test_line_knows_the_latest(void **state)
{
	const struct message run = message_of(SMP_GROUP_SHELL, 0, 9, ARGV), erase = message_of(SMP_GROUP_BASIC, 0, 10, "a0");
	struct message read = message_of(SMP_GROUP_OS, SMP_OS_PARAMS, 8, "a0");

	(void)state;
	read.bytes[0] = 0x08;
	memory.latest_only = true;
	for (uint32_t i = 0; i < 3; i++)
		(void)say(&run);
	assert_int_equal(app.shell_runs, 1);
	/* Another program, or the next time: anything in between. */
	(void)say(&read);
	(void)say(&run);
	assert_int_equal(app.shell_runs, 2);
	(void)say(&erase);
	(void)say(&erase);
	(void)say(&run);
	assert_int_equal(app.erases, 1);
	assert_int_equal(app.shell_runs, 3);
	/* Another program begins: an empty line. */
	smp_memory_forget(&memory, 7);
	(void)say(&run);
	smp_memory_forget(&memory, 8);
	(void)say(&run);
	assert_int_equal(app.shell_runs, 4);
}

/* Two in one message, and one whose refusal ends the message. */
static void test_several_in_a_message(void **state)
{
	struct message both = message_of(SMP_GROUP_SHELL, 0, 9, ARGV);
	const struct message second = message_of(SMP_GROUP_BASIC, 0, 10, "a0"), unknown = message_of(SMP_GROUP_SHELL, 7, 11, "a0");
	struct said first, again;

	(void)state;
	memcpy(both.bytes + both.size_bytes, second.bytes, second.size_bytes);
	both.size_bytes += second.size_bytes;
	memcpy(both.bytes + both.size_bytes, unknown.bytes, unknown.size_bytes);
	both.size_bytes += unknown.size_bytes;
	memcpy(both.bytes + both.size_bytes, second.bytes, second.size_bytes);
	both.size_bytes += second.size_bytes;
	first = say(&both);
	again = say(&both);
	assert_same(&first, &again);
	assert_int_equal(app.shell_runs, 1);
	assert_int_equal(app.erases, 1);
}

/* What was refused stays refused when its twin comes late: the client has acted on the refusal. */
static void test_refusal_stays(void **state)
{
	/* {"off": 0, "data": h'78', "name": "/lfs/f", "len": 1} */
	const struct message write = message_of(SMP_GROUP_FS, SMP_FS_FILE, 9, "a4 636f6666 00 6464617461 41 78 646e616d65 66 2f6c66732f66 636c656e 01");
	struct message next = write;
	struct said first, again;
	struct smp_reply reply;

	(void)state;
	app.fail_writes = 1;
	first = say(&write);
	assert_int_equal(smp_reply_read(first.bytes, first.size_bytes, &reply), HF_OK);
	assert_true(reply.refused);
	again = say(&write);
	assert_same(&first, &again);
	assert_null(app_rig_file(&app, "/lfs/f"));
	next.bytes[6]++;
	(void)say(&next);
	assert_non_null(app_rig_file(&app, "/lfs/f"));
}

static struct message chunk_of(const uint8_t *file, uint32_t file_bytes, uint32_t off, uint32_t size, uint8_t sequence)
{
	struct message message = message_of(SMP_GROUP_IMAGE, SMP_IMAGE_UPLOAD, sequence, "");
	struct smp_writer writer = smp_writer_of(message.bytes, sizeof message.bytes);

	writer.used_bytes = SMP_HEADER_BYTES;
	smp_put_map_open(&writer);
	smp_put_key_uint(&writer, "off", off);
	if (off == 0)
		smp_put_key_uint(&writer, "len", file_bytes);
	smp_put_key_bytes(&writer, "data", file + off, size);
	smp_put_close(&writer);
	assert_false(writer.full);
	message.size_bytes = writer.used_bytes;
	message.bytes[3] = (uint8_t)(message.size_bytes - SMP_HEADER_BYTES);
	message.bytes[2] = (uint8_t)((message.size_bytes - SMP_HEADER_BYTES) >> 8);
	return message;
}

/* An upload in progress: neither the erase before it, nor its own first chunk (here without a hash, so that nothing else knows it again), nor
 * that of the upload before it does harm when it comes late. */
static void test_upload_goes_on(void **state)
{
	static uint8_t old[4096], file[4096];
	uint32_t old_bytes = rig_image(old, sizeof old, 500, (struct hf_version){ 1, 0, 0, 0 }, 1);
	uint32_t file_bytes = rig_image(file, sizeof file, 500, (struct hf_version){ 2, 0, 0, 0 }, 2);
	const struct message old_first = chunk_of(old, old_bytes, 0, 100, 1), erase = message_of(SMP_GROUP_IMAGE, SMP_IMAGE_ERASE, 2, "a0"),
			     first = chunk_of(file, file_bytes, 0, 100, 3);
	const struct message *late[] = { &old_first, &erase, &first };

	(void)state;
	for (uint32_t i = 0; i < HF_ARRAY_COUNT(late); i++)
		(void)say(late[i]);
	for (uint32_t off = 100, sequence = 4; off < file_bytes; off += 100, sequence++) {
		uint32_t size = file_bytes - off < 100 ? file_bytes - off : 100;
		const struct message chunk = chunk_of(file, file_bytes, off, size, (uint8_t)sequence);

		assert_int_equal(rig.image.session, SMP_SESSION_OPEN);
		assert_int_equal(rig.image.upload.next_off, off);
		(void)say(&chunk);
		(void)say(&chunk);
		(void)say(late[sequence % HF_ARRAY_COUNT(late)]);
	}
	assert_int_equal(rig.image.session, SMP_SESSION_DONE);
	assert_memory_equal(rig.slots[1].bytes, file, file_bytes);
	(void)say(&erase);
	(void)say(&old_first);
	assert_memory_equal(rig.slots[1].bytes, file, file_bytes);
}

/* A network that doubles, delays and turns about whatever it likes, two clients that count: each command once. */
static void test_any_order(void **state)
{
	enum { SEEDS = 200, COMMANDS = 60 };

	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		uint32_t random = seed * 2654435761u, counts[2] = { 0, 0 };
		struct message sent[COMMANDS];
		uint32_t peers[COMMANDS];

		(void)start(state);
		for (uint32_t i = 0; i < COMMANDS; i++) {
			peers[i] = rig_random(&random) % 2u;
			sent[i] = message_of(SMP_GROUP_SHELL, 0, (uint8_t)counts[peers[i]]++, ARGV);
			(void)say_from(2u + peers[i], &sent[i]);
			for (uint32_t k = rig_random(&random) % 4u; k != 0; k--) {
				uint32_t back = rig_random(&random) % ENTRIES, which = back < i ? i - back : i;

				(void)say_from(2u + peers[which], &sent[which]);
			}
			rig.server.now_ms += rig_random(&random) % 50u;
		}
		assert_int_equal(app.shell_runs, COMMANDS);
		assert_true(memory.repeated_count != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_shell_runs_once, start), cmocka_unit_test_setup(test_it_forgets, start),
		cmocka_unit_test_setup(test_oldest_goes_first, start), cmocka_unit_test_setup(test_long_reply, start),
		cmocka_unit_test_setup(test_less_room, start), cmocka_unit_test_setup(test_line_knows_the_latest, start),
		cmocka_unit_test_setup(test_several_in_a_message, start), cmocka_unit_test_setup(test_refusal_stays, start),
		cmocka_unit_test_setup(test_upload_goes_on, start), cmocka_unit_test_setup(test_any_order, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
