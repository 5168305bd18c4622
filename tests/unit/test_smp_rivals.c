/* SPDX-License-Identifier: MIT */
/* Two clients upload two files to one device at once, over lines that lose and delay. Where the device can tell them apart, no byte of
 * one file ever follows a byte of the other, whatever the order; where it cannot, no mixture is ever taken for a file: the hash at the end says so, or the hash
 * that is asked for is not there. */
#include "smp_hex.h"

#include "smp_rig.h"

enum { SEEDS = 150, HELD = 12, MESSAGE_MAX = 400 };

static struct rig rig;

struct message {
	bool used, to_server;
	uint32_t size_bytes, due_ms;
	uint8_t bytes[MESSAGE_MAX];
};

struct rival {
	uint8_t file[9000], sha[32];
	uint32_t file_bytes;
	struct smp_client client;
	uint8_t request[16];
	struct smp_upload upload;
	struct message held[HELD];
	bool over;
};

static struct rival rivals[2];

static void hold(struct rival *rival, bool to_server, const uint8_t *bytes, uint32_t size_bytes, uint32_t now, uint32_t *random)
{
	for (uint32_t i = 0; i < HELD && rig_random(random) % 20 != 0; i++) {
		if (rival->held[i].used)
			continue;
		assert_in_range(size_bytes, 1, MESSAGE_MAX);
		rival->held[i] = (struct message){ .used = true, .to_server = to_server, .size_bytes = size_bytes, .due_ms = now + rig_random(random) % 40 };
		memcpy(rival->held[i].bytes, bytes, size_bytes);
		return;
	}
}

/* What is stored belongs to the file whose hash opened the upload. */
static void check_stored(void)
{
	const struct hf_upload *upload = &rig.image.upload;
	const struct rival *owner;

	if (rig.image.session == SMP_SESSION_NONE)
		return;
	owner = memcmp(upload->tag, rivals[0].sha, 32) == 0 ? &rivals[0] : &rivals[1];
	assert_memory_equal(upload->tag, owner->sha, 32);
	assert_memory_equal(rig.slots[1].bytes, owner->file, upload->next_off - upload->line_bytes);
}

static void serve(struct rival *rival, struct message *message, uint32_t now, uint32_t *random)
{
	uint8_t reply[256];
	uint32_t off = 0, size;

	while ((size = smp_server_answer(&rig.server, message->bytes, message->size_bytes, &off, reply, sizeof reply)) != 0)
		hold(rival, false, reply, size, now, random);
}

static void deliver(struct rival *rival, uint32_t peer, uint32_t now, uint32_t *random)
{
	for (uint32_t i = 0; i < HELD; i++) {
		struct message message = rival->held[i];

		if (!message.used || (int32_t)(now - message.due_ms) < 0)
			continue;
		rival->held[i].used = false;
		if (!message.to_server) {
			(void)smp_upload_take(&rival->upload, message.bytes, message.size_bytes, now);
			continue;
		}
		rig.server.peer = peer;
		rig.server.now_ms = now;
		serve(rival, &message, now, random);
		if (peer != 0)
			check_stored();
	}
}

/* The client believes that it is done. It is, or the other's file is there whole, or the device says what it thinks of the hash. */
static void check_done(const struct rival *rival)
{
	uint8_t body[48], reply_bytes[512];
	struct smp_writer writer = smp_writer_of(body, sizeof body);
	struct smp_reply reply;
	uint32_t size;
	bool whole = rig.image.session == SMP_SESSION_OPEN; /* the other has begun since */

	for (uint32_t i = 0; i < 2; i++)
		whole = whole || memcmp(rig.slots[1].bytes, rivals[i].file, rivals[i].file_bytes) == 0;
	if (rival->upload.match_known) {
		assert_true(rival->upload.match && whole);
		return;
	}
	smp_put_map(&writer, 1);
	smp_put_key_bytes(&writer, "hash", rig_image_hash(rival->file, rival->file_bytes), 32);
	size = rig_ask(&rig, SMP_V2, SMP_OP_WRITE, SMP_GROUP_IMAGE, SMP_IMAGE_STATE, body, writer.used_bytes, reply_bytes, sizeof reply_bytes);
	assert_int_equal(smp_reply_read(reply_bytes, size, &reply), HF_OK);
	assert_true(reply.refused);
}

static void step(struct rival *rival, uint32_t peer, uint32_t now, uint32_t *random)
{
	uint8_t buffer[MESSAGE_MAX];
	uint32_t size, wait;
	enum smp_upload_todo todo;

	deliver(rival, peer, now, random);
	while (!rival->over && (todo = smp_upload_next(&rival->upload, now, buffer, &size, &wait)) != SMP_UPLOAD_TODO_WAIT) {
		if (todo == SMP_UPLOAD_TODO_SEND) {
			hold(rival, true, buffer, size, now, random);
			continue;
		}
		rival->over = true;
		if (todo == SMP_UPLOAD_TODO_DONE)
			check_done(rival);
	}
}

static void begin(uint32_t seed)
{
	rig_start(&rig, 8, false);
	rig.image.lease_ms = 3000;
	for (uint32_t i = 0; i < 2; i++) {
		struct rival *rival = &rivals[i];
		struct smp_upload_plan plan;

		memset(rival, 0, sizeof *rival);
		/* every third time of the same length, so that all their chunks have the same borders */
		rival->file_bytes = rig_image(rival->file, sizeof rival->file, 6000 + (seed % 3 == 0 ? 0 : i * 500),
					      (struct hf_version){ (uint8_t)(i + 1), 0, 0, 0 }, seed * 2 + i + 1);
		rig_sha256(rival->file, rival->file_bytes, rival->sha);
		plan = smp_upload_plan_of(rival->file, rival->file_bytes, rival->sha);
		plan.message_max = 300;
		plan.window_max = 1 + seed % 3;
		plan.first_timeout_ms = plan.last_timeout_ms = plan.timeout_ms = 300;
		plan.tries = 8;
		smp_client_start(&rival->client, rival->request, sizeof rival->request, SMP_V2, (uint8_t)(seed + i));
		assert_int_equal(smp_upload_start(&rival->upload, &plan, &rival->client), HF_OK);
	}
}

static void run(bool apart, uint32_t *done_count)
{
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		uint32_t random = seed * 2654435761u | 1u, done = 0;

		begin(seed);
		for (uint32_t now = 0; now < 600000 && !(rivals[0].over && rivals[1].over); now += 5) {
			step(&rivals[0], apart ? 1 : 0, now, &random);
			if (now >= 100)
				step(&rivals[1], apart ? 2 : 0, now, &random);
		}
		assert_true(rivals[0].over && rivals[1].over);
		for (uint32_t i = 0; i < 2; i++)
			done += rivals[i].upload.state == SMP_UPLOAD_DONE ? 1 : 0;
		*done_count += done;
		/* the first gets there where the device can tell */
		if (apart)
			assert_int_equal(rivals[0].upload.state, SMP_UPLOAD_DONE);
	}
}

static void test_told_apart(void **state)
{
	uint32_t done = 0;

	(void)state;
	run(true, &done);
	assert_true(done >= SEEDS);
}

static void test_not_told_apart(void **state)
{
	uint32_t done = 0;

	(void)state;
	run(false, &done);
	assert_true(done > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_told_apart), cmocka_unit_test(test_not_told_apart) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
