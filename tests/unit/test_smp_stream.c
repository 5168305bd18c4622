/* SPDX-License-Identifier: MIT */
/* Files in both directions with several requests in flight, against the real server in memory, over a line that loses, doubles and
 * reorders; seeded, on a clock of its own. */
#include "smp_hex.h"

#include "smp_app_rig.h"

enum { QUEUE_MAX = 64, MESSAGE_MAX = 1100 };

static struct rig rig;
static struct app_rig app;
static uint8_t content[APP_FILE_BYTES], got[APP_FILE_BYTES];
static bool seen[APP_FILE_BYTES];

struct packet {
	bool used, to_server;
	uint32_t arrives_ms, order, size_bytes;
	uint8_t bytes[MESSAGE_MAX];
};

struct line {
	struct packet queue[QUEUE_MAX];
	uint32_t random, order, last_ms[2];
	uint32_t lose_percent, double_percent, late_percent;
	uint32_t reply_max;            /* room for a reply; 0: all */
	uint32_t shrink_at;            /* from this request on replies are half as large; 0 never */
	uint32_t busy_until;           /* so many requests are refused as busy */
	uint32_t truncate_at;          /* the file is cut to 100 bytes before this request; 0 never */
	uint32_t requests, most_waiting;
};

static bool chance(struct line *line, uint32_t percent)
{
	return rig_random(&line->random) % 100u < percent;
}

static void put(struct line *line, bool to_server, const uint8_t *bytes, uint32_t size_bytes, uint32_t now_ms)
{
	uint32_t copies = chance(line, line->lose_percent) ? 0u : chance(line, line->double_percent) ? 2u : 1u;

	assert_true(size_bytes <= MESSAGE_MAX);
	for (uint32_t i = 0; i < QUEUE_MAX && copies != 0; i++) {
		if (line->queue[i].used)
			continue;
		line->queue[i] = (struct packet){ .used = true, .to_server = to_server, .size_bytes = size_bytes, .order = line->order++ };
		line->queue[i].arrives_ms = now_ms + 20u + (chance(line, line->late_percent) ? rig_random(&line->random) % 400u : 0u);
		memcpy(line->queue[i].bytes, bytes, size_bytes);
		copies--;
	}
}

static struct packet *due(struct line *line, uint32_t now_ms)
{
	struct packet *first = NULL;

	for (uint32_t i = 0; i < QUEUE_MAX; i++) {
		struct packet *packet = &line->queue[i];

		if (packet->used && (int32_t)(packet->arrives_ms - now_ms) <= 0 && (first == NULL || packet->order < first->order))
			first = packet;
	}
	return first;
}

static void serve(struct line *line, struct packet *packet, uint32_t now_ms)
{
	uint8_t reply[MESSAGE_MAX];
	uint32_t off = 0, cap = line->reply_max != 0 ? line->reply_max : sizeof reply, size;

	line->requests++;
	if (line->shrink_at != 0 && line->requests >= line->shrink_at)
		cap /= 2u;
	if (line->truncate_at == line->requests)
		app_rig_file(&app, "/lfs/f")->size_bytes = 100;
	if (line->requests <= line->busy_until) {
		struct smp_header header = smp_header_get(packet->bytes);

		header.op++;
		header.length_bytes = 5;
		smp_header_put(&header, reply);
		memcpy(reply + SMP_HEADER_BYTES, "\xa1\x62rc\x0a", 5);
		put(line, false, reply, SMP_HEADER_BYTES + 5u, now_ms);
		return;
	}
	rig.server.peer = 3;
	rig.server.now_ms = now_ms;
	size = smp_server_answer(&rig.server, packet->bytes, packet->size_bytes, &off, reply, cap);
	if (size != 0)
		put(line, false, reply, size, now_ms);
}

static void take_piece(const struct smp_stream_piece *piece)
{
	if (piece->data.size_bytes == 0)
		return;
	assert_true(piece->off + piece->data.size_bytes <= sizeof got);
	memcpy(got + piece->off, piece->data.data, piece->data.size_bytes);
	for (uint32_t i = 0; i < piece->data.size_bytes; i++)
		seen[piece->off + i] = true;
}

static uint32_t waiting(const struct smp_stream *stream)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < SMP_STREAM_WINDOW_MAX; i++)
		count += stream->flights[i].used && !stream->flights[i].arrived ? 1u : 0u;
	return count;
}

/* What is still on its way to the device when all is done must not change what it stored. */
static void deliver_late(struct line *line, uint32_t now_ms)
{
	struct packet *packet;

	while ((packet = due(line, now_ms + 1000u)) != NULL) {
		packet->used = false;
		if (packet->to_server)
			serve(line, packet, now_ms + 500u);
	}
}

/* Until it is done or failed. Returns the milliseconds that it took. */
static uint32_t run(struct smp_stream *stream, const struct smp_stream_plan *plan, struct line *line)
{
	static struct smp_client client;
	static uint8_t client_buffer[64];
	uint32_t now_ms = 0xfffffc00u, start_ms = now_ms; /* the clock wraps on the way */

	smp_client_start(&client, client_buffer, sizeof client_buffer, SMP_V2, 250);
	assert_int_equal(smp_stream_start(stream, plan, &client), HF_OK);
	for (uint32_t turn = 0; turn < 100000u; turn++) {
		uint8_t buffer[MESSAGE_MAX];
		uint32_t size = 0, wait_ms = 0;
		struct packet *packet;

		switch (smp_stream_next(stream, now_ms, buffer, &size, &wait_ms)) {
		case SMP_STREAM_TODO_SEND:
			put(line, true, buffer, size, now_ms);
			line->most_waiting = waiting(stream) > line->most_waiting ? waiting(stream) : line->most_waiting;
			continue;
		case SMP_STREAM_TODO_WAIT: break;
		case SMP_STREAM_TODO_DONE:
		case SMP_STREAM_TODO_FAILED:
			deliver_late(line, now_ms);
			return now_ms - start_ms;
		}
		now_ms += wait_ms < 5u ? (wait_ms != 0 ? wait_ms : 1u) : 5u;
		while ((packet = due(line, now_ms)) != NULL) {
			struct packet came = *packet;
			struct smp_stream_piece piece;

			packet->used = false;
			if (came.to_server) {
				serve(line, &came, now_ms);
			} else if (smp_stream_take(stream, came.bytes, came.size_bytes, now_ms, &piece)) {
				take_piece(&piece);
			}
		}
	}
	fail_msg("it does not end");
	return 0;
}

static void start(uint32_t size_bytes)
{
	uint32_t random = 77;
	struct app_file *file = &app.files[0];

	rig_start(&rig, 16, false);
	app_rig_start(&app, &rig);
	for (uint32_t i = 0; i < sizeof content; i++)
		content[i] = (uint8_t)rig_random(&random);
	app.files_group.lease_ms = 10000;
	memcpy(file->name, "/lfs/f", 7);
	memcpy(file->bytes, content, size_bytes);
	file->size_bytes = size_bytes;
	memset(got, 0, sizeof got);
	memset(seen, 0, sizeof seen);
}

static struct smp_stream_plan plan_of(enum smp_stream_kind kind, uint32_t size_bytes, uint32_t window)
{
	return (struct smp_stream_plan){ .kind = kind, .name = "/lfs/f", .data = kind == SMP_STREAM_PUT ? content : NULL,
					 .size_bytes = kind == SMP_STREAM_PUT ? size_bytes : 0u, .message_max = 256, .window_max = window,
					 .timeout_ms = 300, .tries = 12 };
}

static void get_and_compare(uint32_t size_bytes, uint32_t window, struct line *line)
{
	struct smp_stream stream;
	struct smp_stream_plan plan = plan_of(SMP_STREAM_GET, 0, window);

	start(size_bytes);
	(void)run(&stream, &plan, line);
	assert_int_equal(stream.reason, HF_OK);
	assert_int_equal(stream.state, SMP_STREAM_DONE);
	assert_int_equal(stream.size_bytes, size_bytes);
	for (uint32_t i = 0; i < size_bytes; i++)
		assert_true(seen[i]);
	assert_memory_equal(got, content, size_bytes);
}

static void put_and_compare(uint32_t size_bytes, uint32_t window, struct line *line)
{
	struct smp_stream stream;
	struct smp_stream_plan plan = plan_of(SMP_STREAM_PUT, size_bytes, window);

	start(500);
	content[0] ^= 0xff; /* another file than the one that is there */
	(void)run(&stream, &plan, line);
	assert_int_equal(stream.reason, HF_OK);
	assert_int_equal(stream.state, SMP_STREAM_DONE);
	assert_int_equal(app_rig_file(&app, "/lfs/f")->size_bytes, size_bytes);
	assert_memory_equal(app_rig_file(&app, "/lfs/f")->bytes, content, size_bytes);
}

static const uint32_t sizes[] = { 0, 1, 23, 24, 25, 200, 255, 256, 257, 500, 1000, 4096, APP_FILE_BYTES };

static void test_sizes_and_windows(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < HF_ARRAY_COUNT(sizes); i++) {
		for (uint32_t window = 0; window <= 17; window += window < 4 ? 1 : 13) {
			struct line line = { .random = 1, .reply_max = 100 }, other = { .random = 1 };

			get_and_compare(sizes[i], window, &line);
			put_and_compare(sizes[i], window, &other);
			assert_true(line.most_waiting <= (window == 0 ? 1u : window < 16u ? window : 16u));
			assert_true(other.most_waiting <= (window == 0 ? 1u : window < 16u ? window : 16u));
		}
	}
}

/* The wire holds more than one message: a window must save round trips. */
static void test_window_saves_time(void **state)
{
	struct smp_stream stream;
	uint32_t took[2][2];

	(void)state;
	for (uint32_t kind = 0; kind < 2; kind++) {
		for (uint32_t wide = 0; wide < 2; wide++) {
			struct line line = { .random = 1, .reply_max = 256 };
			struct smp_stream_plan plan = plan_of(kind == 0 ? SMP_STREAM_GET : SMP_STREAM_PUT, 8000, wide == 0 ? 1 : 8);

			start(8000);
			took[kind][wide] = run(&stream, &plan, &line);
			assert_int_equal(stream.state, SMP_STREAM_DONE);
			assert_int_equal(stream.counts.lost, 0);
		}
		assert_true(took[kind][1] * 4u < took[kind][0]);
	}
}

static void test_bad_lines(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 60; seed++) {
		struct line line = { .random = seed, .reply_max = 200, .lose_percent = seed % 3 != 0 ? 10 : 0, .double_percent = seed % 5 != 0 ? 25 : 0,
				     .late_percent = seed % 2 != 0 ? 20 : 0, .shrink_at = seed % 4 == 0 ? 20 : 0 };
		struct line other = line;

		get_and_compare(APP_FILE_BYTES, seed % 16 + 1, &line);
		other.shrink_at = 0;
		/* A doubled first request that comes late cuts the file; the device's length then says where to go on. */
		put_and_compare(APP_FILE_BYTES, seed % 16 + 1, &other);
	}
}

static void test_replies_that_shrink_leave_no_hole(void **state)
{
	(void)state;
	for (uint32_t at = 1; at < 30; at++) {
		struct line line = { .random = at, .reply_max = 300, .shrink_at = at };

		get_and_compare(6000, 16, &line);
	}
}

static void test_resume(void **state)
{
	struct smp_stream stream;
	struct line line = { .random = 5 }, other = { .random = 5 };
	struct smp_stream_plan plan = plan_of(SMP_STREAM_PUT, 3000, 4);

	(void)state;
	start(1500);
	plan.from_off = 1500;
	(void)run(&stream, &plan, &line);
	assert_int_equal(stream.state, SMP_STREAM_DONE);
	assert_int_equal(app_rig_file(&app, "/lfs/f")->size_bytes, 3000);
	assert_memory_equal(app_rig_file(&app, "/lfs/f")->bytes, content, 3000);
	assert_true(line.requests < 9); /* 3000 bytes would be 13 messages */

	start(3000);
	plan = plan_of(SMP_STREAM_GET, 0, 4);
	plan.from_off = 1000;
	plan.size_bytes = 3000;
	(void)run(&stream, &plan, &other);
	assert_int_equal(stream.state, SMP_STREAM_DONE);
	assert_false(seen[999]);
	assert_memory_equal(got + 1000, content + 1000, 2000);
}

static void test_failures(void **state)
{
	struct smp_stream stream;
	struct smp_stream_plan plan = plan_of(SMP_STREAM_GET, 0, 8);
	struct line dead = { .random = 5, .lose_percent = 100 }, line = { .random = 5 }, busy = { .random = 5, .busy_until = 1000 };
	struct line cut = { .random = 5, .reply_max = 256, .truncate_at = 6 }, briefly = { .random = 5, .busy_until = 3 };

	(void)state;
	start(3000);
	(void)run(&stream, &plan, &dead);
	assert_int_equal(stream.reason, HF_R_SMP_NO_REPLY);
	plan.name = "/lfs/none";
	(void)run(&stream, &plan, &line);
	assert_int_equal(stream.reason, HF_R_SMP_REFUSED);
	assert_int_equal(stream.code.rc, 3);
	plan.name = "/lfs/f";
	(void)run(&stream, &plan, &busy);
	assert_int_equal(stream.reason, HF_R_SMP_FILE_STUCK);
	(void)run(&stream, &plan, &cut); /* the file becomes shorter while it is read */
	assert_int_equal(stream.state, SMP_STREAM_FAILED);
	get_and_compare(3000, 4, &briefly);
	briefly = (struct line){ .random = 5, .busy_until = 3 };
	put_and_compare(3000, 4, &briefly);

	plan = plan_of(SMP_STREAM_PUT, 3000, 8);
	dead.random = 5;
	(void)run(&stream, &plan, &dead);
	assert_int_equal(stream.reason, HF_R_SMP_NO_REPLY);
	app.fail_writes = 100;
	line = (struct line){ .random = 5 };
	(void)run(&stream, &plan, &line);
	assert_int_equal(stream.reason, HF_R_SMP_REFUSED);
	app.fail_writes = 0;
	plan.message_max = 30;
	assert_int_equal(smp_stream_start(&stream, &plan, NULL), HF_R_SMP_MESSAGE_TOO_SMALL);
	plan = plan_of(SMP_STREAM_PUT, 10, 8);
	plan.from_off = 11;
	assert_int_equal(smp_stream_start(&stream, &plan, NULL), HF_R_SMP_FILE_OFF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes_and_windows), cmocka_unit_test(test_window_saves_time), cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_replies_that_shrink_leave_no_hole), cmocka_unit_test(test_resume), cmocka_unit_test(test_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
