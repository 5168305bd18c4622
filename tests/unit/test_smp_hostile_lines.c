/* SPDX-License-Identifier: MIT */
/* Malformed requests, kinds 57 to 75 and 77: what lines and links do to them. See test_smp_hostile.c. */
#include "smp_hex.h"

#include "smp_rig.h"

enum { KIND_FIRST = 57, KIND_LAST = 77, REPLY_BYTES = 600 };

static struct rig rig;
static bool covered[KIND_LAST + 1];
static uint8_t reply_bytes[REPLY_BYTES];

static int start(void **state)
{
	(void)state;
	rig_start(&rig, 8, false);
	return 0;
}

static void cover(uint32_t kind)
{
	assert_in_range(kind, KIND_FIRST, KIND_LAST);
	covered[kind] = true;
}

/* The reply's bytes; 0: none. */
static uint32_t answer(const uint8_t *bytes, uint32_t size_bytes, struct smp_reply *reply)
{
	uint8_t *message = exact_copy(bytes, size_bytes);
	uint32_t off = 0, size = smp_server_answer(&rig.server, message, size_bytes, &off, reply_bytes, sizeof reply_bytes);

	if (size != 0)
		assert_int_equal(smp_reply_read(reply_bytes, size, reply), HF_OK);
	free(message);
	return size;
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
}

static void test_noise(void **state)
{
	uint8_t packet[64];

	(void)state;
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

		assert_true(answer(message, size, &reply) != 0);
		memcpy(before, reply_bytes, sizeof before);
		smp_wire_start(&wire, SMP_WIRE_CONSOLE, first_packet, sizeof first_packet, SMP_RAW_REQUESTS, 3000);
		smp_wire_send(&wire, reply_bytes, reply.header.length_bytes + SMP_HEADER_BYTES);
		while (smp_wire_piece(&wire, line, &piece) != 0)
			assert_memory_equal(before, reply_bytes, sizeof before);
	}
	cover(77); /* a datagram cut at every byte */
	for (uint32_t cut = 0; cut < size; cut++) {
		assert_int_equal(answer(message, cut, &reply) != 0, cut >= SMP_HEADER_BYTES);
		if (cut >= SMP_HEADER_BYTES)
			assert_int_equal(reply.code.rc, SMP_RC_CORRUPT);
	}
}

static void test_all_kinds_were_met(void **state)
{
	(void)state;
	for (uint32_t kind = KIND_FIRST; kind <= KIND_LAST; kind++)
		assert_true(covered[kind] || kind == 76);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_noise),
		cmocka_unit_test_setup(test_fragments, start),
		cmocka_unit_test(test_all_kinds_were_met),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
