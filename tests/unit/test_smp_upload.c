/* SPDX-License-Identifier: MIT */
/* The windowed upload against the real server in memory, over a line that loses, doubles, delays and reorders; seeded, on a clock
 * of its own. */
#include "smp_hex.h"

#include "smp_rig.h"

#define SECTORS 32u
#define QUEUE_MAX 64u
#define MESSAGE_MAX 1100u

static struct rig rig;
static uint8_t file[100000], sha[32];
static uint32_t file_bytes;
static struct smp_client client;
static uint8_t client_buffer[256];

/* A message on its way. */
struct packet {
	bool used, to_server;
	uint32_t arrives_ms, order;
	uint32_t size_bytes;
	uint8_t bytes[MESSAGE_MAX];
};

struct line {
	struct packet queue[QUEUE_MAX];
	uint32_t random, order;
	uint32_t lose_percent, double_percent, jitter_ms, delay_percent, delay_ms;
	uint32_t requests, replies, lost;
	uint32_t reset_at_request;   /* the device resets before it answers this request; 0 never */
	uint32_t reset_every;
	uint32_t busy_at_request;    /* answered with EBUSY */
	uint32_t in_device_max, to_device;
	uint32_t drop_first, drop_last; /* numbers of requests that are lost; 0 none */
	uint32_t sent;
	uint32_t window_min;         /* smallest window after something was lost */
	bool in_order;               /* a serial line: nothing overtakes */
	uint32_t last_arrival_ms[2]; /* to the client, to the server */
};

static bool chance(struct line *line, uint32_t percent)
{
	return rig_random(&line->random) % 100u < percent;
}

static void put(struct line *line, bool to_server, const uint8_t *bytes, uint32_t size_bytes, uint32_t now_ms)
{
	uint32_t copies = chance(line, line->double_percent) ? 2u : 1u;

	assert_true(size_bytes <= MESSAGE_MAX);
	if (to_server)
		line->sent++;
	if (chance(line, line->lose_percent) || (to_server && line->drop_first != 0 && line->sent >= line->drop_first && line->sent <= line->drop_last)) {
		line->lost++;
		return;
	}
	while (copies-- != 0) {
		uint32_t i = 0;

		while (i < QUEUE_MAX && line->queue[i].used)
			i++;
		if (i == QUEUE_MAX)
			return;
		line->queue[i] = (struct packet){ .used = true, .to_server = to_server, .size_bytes = size_bytes, .order = line->order++ };
		line->queue[i].arrives_ms = now_ms + 5u + (line->jitter_ms != 0 ? rig_random(&line->random) % line->jitter_ms : 0u) +
					    (chance(line, line->delay_percent) ? line->delay_ms : 0u);
		if (line->in_order && (int32_t)(line->queue[i].arrives_ms - line->last_arrival_ms[to_server]) < 0)
			line->queue[i].arrives_ms = line->last_arrival_ms[to_server];
		line->last_arrival_ms[to_server] = line->queue[i].arrives_ms;
		memcpy(line->queue[i].bytes, bytes, size_bytes);
	}
}

static struct packet *due(struct line *line, uint32_t now_ms)
{
	struct packet *first = NULL;

	for (uint32_t i = 0; i < QUEUE_MAX; i++) {
		struct packet *packet = &line->queue[i];

		if (!packet->used || (int32_t)(now_ms - packet->arrives_ms) < 0)
			continue;
		if (first == NULL || (int32_t)(packet->arrives_ms - first->arrives_ms) < 0 ||
		    (packet->arrives_ms == first->arrives_ms && packet->order < first->order))
			first = packet;
	}
	return first;
}

static void serve(struct line *line, const struct packet *packet, uint32_t now_ms)
{
	uint8_t message[MESSAGE_MAX], reply[512];
	uint32_t off = 0, size;

	line->requests++;
	if (line->requests == line->reset_at_request || (line->reset_every != 0 && line->requests % line->reset_every == 0))
		rig_reset(&rig);
	if (line->requests == line->busy_at_request) {
		struct smp_header header = smp_header_get(packet->bytes);

		header.op = SMP_OP_WRITE_REPLY;
		header.length_bytes = 6;
		smp_header_put(&header, reply);
		memcpy(reply + SMP_HEADER_BYTES, "\xa1\x62rc\x0a\xff", 6); /* one byte too many: ignored */
		put(line, false, reply, SMP_HEADER_BYTES + 6, now_ms);
		return;
	}
	memcpy(message, packet->bytes, packet->size_bytes);
	while ((size = smp_server_answer(&rig.server, message, packet->size_bytes, &off, reply, sizeof reply)) != 0) {
		line->replies++;
		put(line, false, reply, size, now_ms);
	}
}

static void deliver(struct line *line, struct smp_upload *upload, uint32_t now_ms)
{
	struct packet *packet;

	while ((packet = due(line, now_ms)) != NULL) {
		struct packet copy = *packet;

		packet->used = false;
		if (copy.to_server)
			serve(line, &copy, now_ms);
		else
			(void)smp_upload_take(upload, copy.bytes, copy.size_bytes, now_ms);
	}
}

/* The clock jumps: to the next arrival, or to when the client wants to be asked again. */
static uint32_t next_event(const struct line *line, uint32_t now_ms, uint32_t next_ms)
{
	uint32_t step = next_ms - now_ms;

	for (uint32_t i = 0; i < QUEUE_MAX; i++) {
		if (line->queue[i].used && line->queue[i].arrives_ms - now_ms < step)
			step = line->queue[i].arrives_ms - now_ms;
	}
	return now_ms + (step != 0 ? step : 1u);
}

/* Runs to the end; returns the time it took. The clock begins shortly before it wraps. */
static uint32_t run(struct line *line, struct smp_upload *upload, const struct smp_upload_plan *plan)
{
	uint32_t start_ms = 0xfffff000u, next_ms = start_ms, in_flight;

	smp_client_start(&client, client_buffer, sizeof client_buffer, SMP_V2, (uint8_t)line->random);
	assert_int_equal(smp_upload_start(upload, plan, &client), HF_OK);
	line->last_arrival_ms[0] = line->last_arrival_ms[1] = start_ms;
	for (uint32_t now = start_ms; now - start_ms < 3600u * 1000u; now = next_event(line, now, next_ms)) {
		uint8_t *buffer = malloc(plan->message_max);
		uint32_t size, wait;
		enum smp_upload_todo todo;

		assert_non_null(buffer);
		deliver(line, upload, now);
		while ((todo = smp_upload_next(upload, now, buffer, &size, &wait)) == SMP_UPLOAD_TODO_SEND) {
			assert_true(size <= plan->message_max);
			put(line, true, buffer, size, now);
			in_flight = 0;
			for (uint32_t i = 0; i < SMP_WINDOW_MAX; i++)
				in_flight += upload->flights[i].used ? 1u : 0u;
			assert_true(in_flight <= plan->window_max);
			line->in_device_max = in_flight > line->in_device_max ? in_flight : line->in_device_max;
		}
		free(buffer);
		if (line->lost != 0 && (line->window_min == 0 || upload->window < line->window_min))
			line->window_min = upload->window;
		if (todo != SMP_UPLOAD_TODO_WAIT)
			return now - start_ms;
		assert_true(wait <= 40000);
		next_ms = now + wait;
	}
	fail_msg("no end within an hour");
	return 0;
}

static struct smp_upload_plan plan_now(uint32_t message_max, uint32_t window)
{
	struct smp_upload_plan plan = smp_upload_plan_of(file, file_bytes, sha);

	plan.message_max = message_max;
	plan.window_max = window;
	return plan;
}

static int start(void **state)
{
	(void)state;
	rig_start(&rig, SECTORS, false);
	file_bytes = rig_image(file, sizeof file, 60000, (struct hf_version){ 2, 0, 0, 0 }, 9);
	rig_sha256(file, file_bytes, sha);
	return 0;
}

static void assert_stored(const struct smp_upload *upload)
{
	assert_int_equal(upload->state, SMP_UPLOAD_DONE);
	assert_int_equal(upload->acked_off, file_bytes);
	assert_true(upload->match_known && upload->match);
	assert_memory_equal(rig.slots[1].bytes, file, file_bytes);
	assert_int_equal(rig.image.session, SMP_SESSION_DONE);
}

/* --- tests ---- */

static void test_clean_line(void **state)
{
	static const struct {
		uint32_t message_max, window;
	} rows[] = { { 62, 1 }, { 89, 1 }, { 100, 2 }, { 128, 4 }, { 380, 3 }, { 1024, 1 }, { 1024, 8 }, { 1024, 16 } };

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		struct line line = { .random = 7 };
		struct smp_upload upload;
		struct smp_upload_plan plan = plan_now(rows[i].message_max, rows[i].window);
		uint32_t took;

		rig_reset(&rig);
		took = run(&line, &upload, &plan);
		if (rows[i].message_max >= 100) {
			assert_stored(&upload);
		} else {
			/* too small for sha: no match, but all bytes */
			assert_int_equal(upload.state, SMP_UPLOAD_DONE);
			assert_memory_equal(rig.slots[1].bytes, file, file_bytes);
		}
		assert_int_equal(upload.counts.lost + upload.counts.late + upload.counts.mismatches, 0);
		assert_int_equal(line.requests, upload.counts.chunks);
		assert_int_equal(line.in_device_max, rows[i].window);
		assert_true(took > 0);
	}
}

/* Chunks end at multiples of 16, so no write unit is split. */
static void test_alignment(void **state)
{
	struct line line = { .random = 7 };
	struct smp_upload upload;
	struct smp_upload_plan plan = plan_now(511, 1);

	(void)state;
	smp_client_start(&client, client_buffer, sizeof client_buffer, SMP_V2, 0);
	assert_int_equal(smp_upload_start(&upload, &plan, &client), HF_OK);
	for (uint32_t now = 0; upload.state != SMP_UPLOAD_DONE; now++) {
		uint8_t buffer[511];
		uint32_t size, wait;

		deliver(&line, &upload, now);
		assert_true(upload.acked_off % 16u == 0u || upload.acked_off == file_bytes);
		if (smp_upload_next(&upload, now, buffer, &size, &wait) == SMP_UPLOAD_TODO_SEND) {
			put(&line, true, buffer, size, now);
			assert_true(upload.send_off == file_bytes || size > 511u - 20u);
		}
	}
	assert_stored(&upload);
}

static void test_bad_lines(void **state)
{
	struct {
		uint32_t lost, late, mismatches, restarts;
	} seen = { 0, 0, 0, 0 };

	(void)state;
	for (uint32_t seed = 1; seed <= 400; seed++) {
		struct line line = { .random = seed * 2654435761u | 1u };
		struct smp_upload upload;
		struct smp_upload_plan plan = plan_now(256u + seed * 7u % 800u, 1u + seed % 9u);

		line.lose_percent = seed % 4u * 4u;
		line.double_percent = seed % 3u * 10u;
		line.jitter_ms = seed % 5u * 40u;
		line.delay_percent = seed % 2u * 3u;
		line.delay_ms = 4000; /* longer than a timeout: a late reply */
		line.in_order = seed % 7u == 0;
		plan.tries = 12;
		rig_reset(&rig);
		(void)run(&line, &upload, &plan);
		assert_stored(&upload);
		seen.lost += upload.counts.lost;
		seen.late += upload.counts.late;
		seen.mismatches += upload.counts.mismatches;
		seen.restarts += upload.restart_count;
	}
	/* The line was as bad as it claims. */
	assert_true(seen.lost > 100);
	assert_true(seen.late > 100);
	assert_true(seen.mismatches > 100);
	assert_int_equal(seen.restarts, 0);
}

/* What one lost request costs: a round trip, not a timeout, and few bytes sent in vain. */
static void test_loss_is_cheap(void **state)
{
	struct smp_upload_plan plan = plan_now(1024, 8);
	struct line clean = { .random = 3, .in_order = true, .jitter_ms = 6 }, line;
	struct smp_upload upload;
	uint32_t clean_ms = run(&clean, &upload, &plan), took_ms;

	(void)state;
	for (uint32_t drop = 12; drop < 50; drop++) {
		line = (struct line){ .random = 3, .in_order = true, .jitter_ms = 6, .drop_first = drop, .drop_last = drop };
		rig_reset(&rig);
		took_ms = run(&line, &upload, &plan);
		assert_stored(&upload);
		assert_true(took_ms < clean_ms + 200);
		assert_true(line.sent <= clean.sent + 8);
		assert_int_equal(line.window_min, 4);
	}
	/* The last two lost: the last one's long patience is not spent. */
	line = (struct line){ .random = 3, .in_order = true, .drop_first = clean.sent - 1, .drop_last = clean.sent };
	rig_reset(&rig);
	took_ms = run(&line, &upload, &plan);
	assert_stored(&upload);
	assert_true(took_ms < clean_ms + 3 * plan.timeout_ms);
}

/* The client goes away in the middle and comes back: the upload goes on where it was, by the hash of the file. */
static void test_resume(void **state)
{
	struct smp_upload_plan plan = plan_now(1024, 3);
	struct line line = { .random = 3 };
	struct smp_upload upload;
	uint32_t reached;

	(void)state;
	smp_client_start(&client, client_buffer, sizeof client_buffer, SMP_V2, 0);
	assert_int_equal(smp_upload_start(&upload, &plan, &client), HF_OK);
	for (uint32_t now = 0; upload.acked_off < file_bytes / 2; now++) {
		uint8_t buffer[1024];
		uint32_t size, wait;

		deliver(&line, &upload, now);
		while (smp_upload_next(&upload, now, buffer, &size, &wait) == SMP_UPLOAD_TODO_SEND)
			put(&line, true, buffer, size, now);
	}
	reached = rig.image.upload.next_off;
	assert_true(reached >= file_bytes / 2);
	line = (struct line){ .random = 4 };
	(void)run(&line, &upload, &plan);
	assert_stored(&upload);
	assert_true(upload.resumed);
	assert_int_equal(upload.resumed_off, reached);
	assert_true(line.requests < file_bytes / 900 / 2 + 5);
	/* the same file once more: one request, and the device says that it has it */
	line = (struct line){ .random = 5 };
	(void)run(&line, &upload, &plan);
	assert_stored(&upload);
	assert_int_equal(line.requests, 1);
	/* without a hash nothing resumes */
	plan.sha = NULL;
	line = (struct line){ .random = 6 };
	(void)run(&line, &upload, &plan);
	assert_int_equal(upload.state, SMP_UPLOAD_DONE);
	assert_false(upload.resumed);
	assert_true(line.requests > 50);
}

static void test_device_resets(void **state)
{
	struct smp_upload_plan plan = plan_now(1024, 4);
	struct line line = { .random = 3, .reset_at_request = 30 };
	struct smp_upload upload;

	(void)state;
	(void)run(&line, &upload, &plan);
	assert_stored(&upload);
	assert_int_equal(upload.restart_count, 1);
	/* again and again: an end, with its own reason */
	line = (struct line){ .random = 4, .reset_every = 20 };
	rig_reset(&rig);
	(void)run(&line, &upload, &plan);
	assert_int_equal(upload.state, SMP_UPLOAD_FAILED);
	assert_int_equal(upload.reason, HF_R_SMP_UPLOAD_RESTARTS);
}

static void test_busy(void **state)
{
	struct smp_upload_plan plan = plan_now(1024, 4);
	struct smp_upload upload;

	(void)state;
	for (uint32_t at = 1; at < 12; at++) {
		struct line line = { .random = 3, .busy_at_request = at };

		rig_reset(&rig);
		assert_true(run(&line, &upload, &plan) >= 500);
		assert_stored(&upload);
	}
}

static void test_refused(void **state)
{
	struct smp_upload_plan plan = plan_now(1024, 4);
	struct line line = { .random = 3 };
	struct smp_upload upload;

	(void)state;
	file[0] ^= 1;
	(void)run(&line, &upload, &plan);
	assert_int_equal(upload.state, SMP_UPLOAD_FAILED);
	assert_int_equal(upload.reason, HF_R_SMP_REFUSED);
	assert_int_equal(upload.code.group, SMP_GROUP_IMAGE);
	assert_int_equal(upload.code.rc, 23);
	file[0] ^= 1;
	/* a file that differs from its hash: stored, and the device says so */
	sha[5] ^= 1;
	line = (struct line){ .random = 4 };
	(void)run(&line, &upload, &plan);
	assert_int_equal(upload.state, SMP_UPLOAD_FAILED);
	assert_int_equal(upload.reason, HF_R_SMP_UPLOAD_MATCH);
}

static void test_nobody_there(void **state)
{
	struct smp_upload_plan plan = plan_now(1024, 4);
	struct line line = { .random = 3, .lose_percent = 100 };
	struct smp_upload upload;
	uint32_t took;

	(void)state;
	plan.first_timeout_ms = 1000;
	took = run(&line, &upload, &plan);
	assert_int_equal(upload.state, SMP_UPLOAD_FAILED);
	assert_int_equal(upload.reason, HF_R_SMP_NO_REPLY);
	assert_int_equal(took, 6000);
	/* messages too small for a header, an empty file */
	plan.message_max = 56;
	assert_int_equal(smp_upload_start(&upload, &plan, &client), HF_R_SMP_MESSAGE_TOO_SMALL);
	plan.size_bytes = 0;
	assert_int_equal(smp_upload_start(&upload, &plan, &client), HF_R_SMP_UPLOAD_LEN);
}

/* Replies no honest server sends. Each body is given as the reply to the chunk in flight. */
static void reply_with(struct smp_upload *upload, const char *body_text, uint32_t now)
{
	uint8_t buffer[1024];
	uint32_t size = 0, wait;
	struct hex body = hex_of(body_text);
	struct smp_header header;

	while (smp_upload_next(upload, now, buffer, &size, &wait) != SMP_UPLOAD_TODO_SEND) {
		assert_int_not_equal(upload->state, SMP_UPLOAD_FAILED);
		now++;
	}
	header = smp_header_get(buffer);
	header.op = SMP_OP_WRITE_REPLY;
	header.length_bytes = (uint16_t)body.size_bytes;
	smp_header_put(&header, buffer);
	memcpy(buffer + SMP_HEADER_BYTES, body.bytes, body.size_bytes);
	assert_true(smp_upload_take(upload, buffer, SMP_HEADER_BYTES + body.size_bytes, now));
	(void)smp_upload_take(upload, buffer, SMP_HEADER_BYTES + body.size_bytes, now); /* doubled: counted as late */
}

static void test_hostile_replies(void **state)
{
	static const struct {
		const char *body;
		enum hf_reason reason;
	} at_once[] = {
		{ "a0", HF_R_SMP_REPLY_NO_OFF },
		{ "a1 627263 00", HF_R_SMP_REPLY_NO_OFF },
		{ "a1 636f6666 1affffffff", HF_R_SMP_REPLY_OFF },
		{ "a1 627263 03", HF_R_SMP_REFUSED },
		{ "a1 63657272 a2 6567726f7570 01 627263 09", HF_R_SMP_REFUSED },
	}, in_the_end[] = {
		{ "a1 636f6666 20", HF_R_SMP_UPLOAD_STUCK },               /* not a number of bytes */
		{ "a1 636f6666 fb3ff0000000000000", HF_R_SMP_UPLOAD_STUCK },
		{ "05", HF_R_SMP_UPLOAD_STUCK },
		{ "a1 636f6666 00", HF_R_SMP_UPLOAD_STUCK },               /* never gets on */
		{ "a1 636f6666 1840", HF_R_SMP_UPLOAD_STUCK },             /* always 64 */
		{ "a1 627263 0a", HF_R_SMP_UPLOAD_STUCK },                 /* always busy */
	};
	struct smp_upload_plan plan = plan_now(1024, 1);
	struct smp_upload upload;

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(at_once); i++) {
		smp_client_start(&client, client_buffer, sizeof client_buffer, SMP_V2, 0);
		assert_int_equal(smp_upload_start(&upload, &plan, &client), HF_OK);
		reply_with(&upload, at_once[i].body, 0);
		assert_int_equal(upload.state, SMP_UPLOAD_FAILED);
		assert_int_equal(upload.reason, at_once[i].reason);
		assert_int_equal(upload.counts.late, 1);
	}
	for (size_t i = 0; i < HF_ARRAY_COUNT(in_the_end); i++) {
		uint32_t replies = 0;

		smp_client_start(&client, client_buffer, sizeof client_buffer, SMP_V2, 0);
		assert_int_equal(smp_upload_start(&upload, &plan, &client), HF_OK);
		while (upload.state != SMP_UPLOAD_FAILED && replies < 100) {
			reply_with(&upload, in_the_end[i].body, replies * 1000u);
			replies++;
		}
		assert_true(replies <= 8);
		assert_int_equal(upload.reason, in_the_end[i].reason);
	}
	/* to and fro: with a hash it is asked for each time, and the device seems to begin anew; without, it does not get on */
	for (uint32_t with_sha = 0; with_sha < 2; with_sha++) {
		plan.sha = with_sha != 0 ? sha : NULL;
		smp_client_start(&client, client_buffer, sizeof client_buffer, SMP_V2, 0);
		assert_int_equal(smp_upload_start(&upload, &plan, &client), HF_OK);
		for (uint32_t i = 0; upload.state != SMP_UPLOAD_FAILED; i++) {
			assert_true(i < 20);
			reply_with(&upload, i % 2u == 0 ? "a1 636f6666 1880" : "a1 636f6666 1840", i * 1000u);
		}
		assert_int_equal(upload.reason, with_sha != 0 ? HF_R_SMP_UPLOAD_RESTARTS : HF_R_SMP_UPLOAD_STUCK);
	}
}

/* A server that takes only whole lines of 64 bytes and asks for the rest again (as serial recovery does with tails). */
static void test_short_acceptance(void **state)
{
	struct smp_upload_plan plan = plan_now(1024, 4);
	struct smp_upload upload;
	uint32_t stored = 0, requests = 0;

	(void)state;
	smp_client_start(&client, client_buffer, sizeof client_buffer, SMP_V1, 0);
	assert_int_equal(smp_upload_start(&upload, &plan, &client), HF_OK);
	for (uint32_t now = 0; upload.state != SMP_UPLOAD_DONE && now < 100000; now++) {
		uint8_t buffer[1024], reply[64];
		uint32_t size, wait;
		struct smp_field fields[] = { { .key = "off", .type = SMP_TYPE_U32 }, { .key = "data", .type = SMP_TYPE_BYTES } };
		struct smp_reader body;
		struct smp_writer writer = smp_writer_of(reply, sizeof reply);
		struct smp_header header;

		if (smp_upload_next(&upload, now, buffer, &size, &wait) != SMP_UPLOAD_TODO_SEND)
			continue;
		requests++;
		body = smp_reader_of(buffer + SMP_HEADER_BYTES, size - SMP_HEADER_BYTES);
		assert_int_equal(smp_map_read(&body, fields, 2), HF_OK);
		if (fields[0].is.u32 == stored) {
			uint32_t end = stored + fields[1].is.span.size_bytes;

			assert_memory_equal(fields[1].is.span.data, file + stored, end - stored);
			stored = end == file_bytes ? end : end / 64u * 64u;
		}
		header = smp_header_get(buffer);
		header.op = SMP_OP_WRITE_REPLY;
		writer.used_bytes = SMP_HEADER_BYTES;
		smp_put_map(&writer, 2);
		smp_put_key_uint(&writer, "rc", 0);
		smp_put_key_uint(&writer, "off", stored);
		header.length_bytes = (uint16_t)(writer.used_bytes - SMP_HEADER_BYTES);
		smp_header_put(&header, reply);
		assert_true(smp_upload_take(&upload, reply, writer.used_bytes, now));
	}
	assert_int_equal(upload.state, SMP_UPLOAD_DONE);
	assert_int_equal(stored, file_bytes);
	assert_true(requests < 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_clean_line, start),   cmocka_unit_test_setup(test_alignment, start),
		cmocka_unit_test_setup(test_bad_lines, start),    cmocka_unit_test_setup(test_loss_is_cheap, start), cmocka_unit_test_setup(test_resume, start),
		cmocka_unit_test_setup(test_device_resets, start), cmocka_unit_test_setup(test_busy, start),
		cmocka_unit_test_setup(test_refused, start),      cmocka_unit_test_setup(test_nobody_there, start),
		cmocka_unit_test_setup(test_hostile_replies, start), cmocka_unit_test_setup(test_short_acceptance, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
