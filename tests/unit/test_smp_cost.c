/* SPDX-License-Identifier: MIT */
/* What an upload costs, without a clock: round trips, bytes on the wire, and the time that they take on a line of a given rate. Client
 * and server are those that ship; the line between them is arithmetic, and time is its sum. */
#include "smp_hex.h"

#include "smp_rig.h"

enum { IMAGE_BYTES = 100000, MESSAGE_BYTES_MAX = 4096, UNDER_WAY_MAX = 32 };

static struct rig rig;
static uint8_t file[IMAGE_BYTES + 2048], sha[RIG_HASH_BYTES];
static uint32_t file_bytes;

/* A reply and when its last byte has come. */
struct under_way {
	uint64_t at_ns;
	uint8_t bytes[128];
	uint32_t size_bytes;
};

struct line {
	uint64_t byte_ns;       /* 0: of no time */
	bool raw;
	uint64_t now_ns, up_free_ns, down_free_ns;
	struct under_way replies[UNDER_WAY_MAX];
	uint32_t first, count, count_max;
	uint32_t requests, waits;
	uint64_t up_bytes;
	uint64_t halt_ns;       /* the chip stands still for so long at each erase, and hears nothing; 0: it always hears */
	uint64_t halted_until_ns;
	uint32_t lost;
};

static uint32_t on_wire(const struct line *line, uint32_t message_bytes)
{
	return line->raw ? message_bytes : smp_wire_bytes(message_bytes);
}

static void send(struct line *line, uint8_t *message, uint32_t message_bytes)
{
	struct under_way *reply = &line->replies[(line->first + line->count) % UNDER_WAY_MAX];
	uint32_t off = 0, erases = rig.slots[1].erase_count;
	uint64_t begins_ns = line->up_free_ns > line->now_ns ? line->up_free_ns : line->now_ns, done_ns;

	line->requests++;
	line->up_bytes += on_wire(line, message_bytes);
	line->up_free_ns = begins_ns + on_wire(line, message_bytes) * line->byte_ns;
	if (begins_ns < line->halted_until_ns) {
		line->lost++;
		return;
	}
	reply->size_bytes = smp_server_answer(&rig.server, message, message_bytes, &off, reply->bytes, sizeof reply->bytes);
	assert_true(reply->size_bytes != 0 && line->count < UNDER_WAY_MAX);
	done_ns = line->up_free_ns + (rig.slots[1].erase_count - erases) * line->halt_ns;
	line->halted_until_ns = done_ns > line->up_free_ns ? done_ns : line->halted_until_ns;
	line->down_free_ns = (line->down_free_ns > done_ns ? line->down_free_ns : done_ns) + on_wire(line, reply->size_bytes) * line->byte_ns;
	reply->at_ns = line->down_free_ns;
	line->count++;
	line->count_max = line->count > line->count_max ? line->count : line->count_max;
}

static void run(struct line *line, uint32_t message_max, uint32_t window_max)
{
	static uint8_t buffer[MESSAGE_BYTES_MAX];
	uint8_t request[16];
	struct smp_client client;
	struct smp_upload upload;
	struct smp_upload_plan plan = smp_upload_plan_of(file, file_bytes, sha);
	uint32_t size, wait_ms;

	rig_start(&rig, 60, false);
	smp_client_start(&client, request, sizeof request, SMP_V2, 0);
	plan.message_max = message_max;
	plan.window_max = window_max;
	assert_int_equal(smp_upload_start(&upload, &plan, &client), HF_OK);
	for (;;) {
		enum smp_upload_todo todo = smp_upload_next(&upload, (uint32_t)(line->now_ns / 1000000u), buffer, &size, &wait_ms);

		if (todo == SMP_UPLOAD_TODO_DONE)
			break;
		if (todo == SMP_UPLOAD_TODO_SEND) {
			send(line, buffer, size);
			continue;
		}
		assert_int_equal(todo, SMP_UPLOAD_TODO_WAIT);
		assert_true(line->count != 0 || line->halt_ns != 0); /* it waits for something that is under way */
		struct under_way *reply = &line->replies[line->first];
		uint64_t until_ns = line->now_ns + (wait_ms + 1u) * 1000000ull;
		if (line->count == 0 || reply->at_ns > until_ns) {
			line->now_ns = until_ns;
			continue;
		}
		line->now_ns = reply->at_ns > line->now_ns ? reply->at_ns : line->now_ns;
		line->waits++;
		assert_true(smp_upload_take(&upload, reply->bytes, reply->size_bytes, (uint32_t)(line->now_ns / 1000000u)));
		line->first = (line->first + 1u) % UNDER_WAY_MAX;
		line->count--;
	}
	assert_true(upload.match_known && upload.match);
	assert_memory_equal(rig.slots[1].bytes, file, file_bytes);
	if (line->halt_ns == 0)
		assert_int_equal(upload.counts.lost + upload.counts.mismatches + upload.counts.late, 0);
}

static int make_file(void **state)
{
	(void)state;
	file_bytes = rig_image(file, sizeof file, IMAGE_BYTES, (struct hf_version){ 2, 0, 0, 0 }, 5);
	rig_sha256(file, file_bytes, sha);
	return 0;
}

/* The protocol's own overhead: header 8, map 1, "off" and its number, "data" and its length. */
#define CHUNK_OVERHEAD_BYTES 26u
#define FIRST_OVERHEAD_BYTES 45u /* and "len", "sha" */
#define ALIGN_BYTES 16u

/* One request for each message's worth of the file, and no byte more than the framing needs. Sizes: messages that fit buffers of 128, 256,
 * 384, 1024, 2048, 4096. */
static void test_bytes_and_round_trips(void **state)
{
	static const struct {
		uint32_t message_max, wire_bytes, image_bytes; /* of a full message; smp-protocol arithmetic, computed by hand */
	} rows[] = { { 124, 178, 98 }, { 252, 353, 226 }, { 380, 527, 354 }, { 1020, 1404, 994 }, { 2044, 2801, 2018 }, { 4092, 5599, 4066 } };

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		struct line line = { .byte_ns = 0 };
		uint32_t image = rows[i].message_max - CHUNK_OVERHEAD_BYTES, most;

		assert_int_equal(image, rows[i].image_bytes);
		assert_int_equal(smp_wire_bytes(rows[i].message_max), rows[i].wire_bytes);
		run(&line, rows[i].message_max, 1);
		/* Chunks end at multiples of 16, so one may be up to 15 bytes short of full. */
		most = (file_bytes + FIRST_OVERHEAD_BYTES + image - ALIGN_BYTES) / (image - (ALIGN_BYTES - 1u));
		assert_in_range(line.requests, (file_bytes + image - 1u) / (image + 2u), most);
		assert_int_equal(line.waits, line.requests);
		assert_int_equal(line.count_max, 1);
		/* Within 2 % of what full messages would take, besides the last lines that are not full and the first request's fields; a
		 * buffer of 128 loses more to the alignment. */
		assert_true(line.up_bytes * image * 100u <= (uint64_t)file_bytes * rows[i].wire_bytes * (rows[i].message_max < 200u ? 115u : 104u));
	}
}

static uint64_t rate_of(const struct line *line)
{
	return (uint64_t)file_bytes * 1000000000u / line->now_ns;
}

/* As fast as the wire: at least 95 in 100 of what a line of that rate carries when it is never idle. */
static void test_line_is_never_idle(void **state)
{
	static const struct {
		uint32_t baud, message_max, window_max;
		bool raw;
	} rows[] = {
		{ 115200, 380, 3, false }, { 115200, 1020, 3, false }, { 1000000, 380, 3, false }, { 1000000, 1020, 3, false },
		{ 1000000, 2044, 2, false }, { 1000000, 1024, 3, true }, { 1000000, 252, 15, false },
	};

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		struct line line = { .byte_ns = 10000000000u / rows[i].baud, .raw = rows[i].raw };
		uint64_t limit;

		run(&line, rows[i].message_max, rows[i].window_max);
		limit = (uint64_t)(rows[i].message_max - CHUNK_OVERHEAD_BYTES) * (rows[i].baud / 10u) / on_wire(&line, rows[i].message_max);
		assert_true(rate_of(&line) * 100u >= limit * 95u);
		assert_int_equal(line.count_max, rows[i].window_max);
	}
}

/* A device with one buffer: the line is idle during each reply and at no other time. */
static void test_stop_and_wait(void **state)
{
	static const uint32_t bauds[] = { 115200, 1000000 };

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(bauds); i++) {
		struct line line = { .byte_ns = 10000000000u / bauds[i] };
		uint64_t limit;

		run(&line, 380, 1);
		limit = (uint64_t)(380u - CHUNK_OVERHEAD_BYTES) * (bauds[i] / 10u) / (527u + 35u);
		assert_true(rate_of(&line) * 100u >= limit * 95u);
		assert_int_equal(line.count_max, 1);
	}
}

/* nRF52 chips stand still while they erase: what comes meanwhile is lost. Several in flight must not make an upload much slower than
 * one at a time, which loses nothing. */
static void test_chip_that_halts(void **state)
{
	static const uint32_t sizes[] = { 380, 1020 };

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(sizes); i++) {
		struct line one = { .byte_ns = 86805, .halt_ns = 85000000 }, several = one;

		run(&one, sizes[i], 1);
		run(&several, sizes[i], 3);
		assert_int_equal(one.lost, 0);
		assert_true(several.lost != 0);
		assert_true(several.now_ns <= one.now_ns * 11u / 10u);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_and_round_trips),
		cmocka_unit_test(test_line_is_never_idle),
		cmocka_unit_test(test_stop_and_wait),
		cmocka_unit_test(test_chip_that_halts),
	};

	return cmocka_run_group_tests(tests, make_file, NULL);
}
