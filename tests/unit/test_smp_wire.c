/* SPDX-License-Identifier: MIT */
/* Raw framing, and both framings behind one face. */
#include "smp_hex.h"

#include "smp_rig.h"

enum { IDLE_MS = 1000 };

static const uint8_t echo[] = "\x0a\x00\x00\x09\x00\x00\x00\x00\xa1\x61" "d\x65hello"; /* and a NUL that is not part of it */
enum { ECHO_BYTES = sizeof echo - 1 };

struct seen {
	uint32_t messages, drops, text_bytes;
	enum hf_reason reason;
	char text[64];
	uint8_t last[64];
	uint32_t last_bytes;
};

static void feed(struct smp_raw *raw, const uint8_t *bytes, uint32_t size_bytes, uint32_t step, uint32_t now_ms, struct seen *seen)
{
	for (uint32_t off = 0; off < size_bytes;) {
		uint32_t left = size_bytes - off < step ? size_bytes - off : step;
		uint8_t *copy = exact_copy(bytes + off, left);
		struct smp_rx_event event;
		uint32_t used = smp_raw_feed(raw, copy, left, now_ms, &event);

		assert_true(used <= left && (used != 0 || event.kind != SMP_RX_MORE));
		off += used;
		if (event.kind == SMP_RX_MESSAGE) {
			seen->messages++;
			seen->last_bytes = event.size_bytes;
			memcpy(seen->last, event.message, event.size_bytes);
		} else if (event.kind == SMP_RX_TEXT) {
			memcpy(seen->text + seen->text_bytes, event.text, event.size_bytes);
			seen->text_bytes += event.size_bytes;
		} else if (event.kind == SMP_RX_DROPPED) {
			seen->drops++;
			seen->reason = event.reason;
		}
		free(copy);
	}
}

/* Two messages back to back, in every split. */
static void test_raw_messages(void **state)
{
	uint8_t twice[2 * ECHO_BYTES], packet[32];

	(void)state;
	memcpy(twice, echo, ECHO_BYTES);
	memcpy(twice + ECHO_BYTES, echo, ECHO_BYTES);
	for (uint32_t step = 1; step <= sizeof twice; step++) {
		struct smp_raw raw;
		struct seen seen = { .messages = 0 };

		smp_raw_start(&raw, packet, ECHO_BYTES, SMP_RAW_REQUESTS, IDLE_MS);
		feed(&raw, twice, sizeof twice, step, 5, &seen);
		assert_int_equal(seen.messages, 2);
		assert_int_equal(seen.drops + seen.text_bytes, 0);
		assert_int_equal(seen.last_bytes, ECHO_BYTES);
		assert_memory_equal(seen.last, echo, ECHO_BYTES);
	}
}

static void test_raw_resync(void **state)
{
	uint8_t packet[32];
	struct smp_raw raw;
	struct seen seen = { .messages = 0 };
	struct smp_rx_event event;

	(void)state;
	smp_raw_start(&raw, packet, sizeof packet, SMP_RAW_REQUESTS, IDLE_MS);
	/* cut in the middle, in the header and behind it; silence, even across the wrap of the clock, ends it */
	for (uint32_t cut = 1; cut < ECHO_BYTES; cut++) {
		uint32_t now = 0xffffff00u + cut * 4000u;

		seen = (struct seen){ .messages = 0 };
		feed(&raw, echo, cut, 64, now, &seen);
		assert_int_equal(seen.messages + seen.drops, 0);
		assert_int_equal(smp_raw_feed(&raw, echo, 0, now + IDLE_MS - 1, &event), 0);
		assert_int_equal(event.kind, SMP_RX_MORE);
		feed(&raw, echo, ECHO_BYTES, 64, now + 2 * IDLE_MS, &seen);
		assert_int_equal(seen.messages, 1);
		assert_int_equal(seen.drops, 1);
		assert_int_equal(seen.reason, HF_R_SMP_RAW_IDLE);
		assert_memory_equal(seen.last, echo, ECHO_BYTES);
	}
	/* without bytes, the clock alone tells */
	feed(&raw, echo, 5, 64, 1000000, &seen);
	assert_int_equal(smp_raw_feed(&raw, echo, 0, 1000000 + IDLE_MS, &event), 0);
	assert_int_equal(event.kind, SMP_RX_DROPPED);
	/* longer than the buffer: all is dropped until the line is quiet */
	seen = (struct seen){ .messages = 0 };
	feed(&raw, (const uint8_t *)"\x0a\0\x02\0\0\0\0\0", 8, 64, 2000000, &seen);
	assert_int_equal(seen.reason, HF_R_SMP_RAW_LENGTH);
	feed(&raw, echo, ECHO_BYTES, 64, 2000000 + IDLE_MS - 1, &seen);
	assert_int_equal(seen.messages, 0);
	feed(&raw, echo, ECHO_BYTES, 64, 2000000 + 3 * IDLE_MS, &seen);
	assert_int_equal(seen.messages, 1);
}

/* A boot banner among replies goes to the user; a request that came back on a shorted line is none. */
static void test_raw_text(void **state)
{
	static const char banner[] = "*** Booting v1.0 ***\r\n";
	uint8_t packet[32], reply[ECHO_BYTES];
	struct smp_raw raw;
	struct seen seen = { .messages = 0 };

	(void)state;
	memcpy(reply, echo, ECHO_BYTES);
	reply[0] = 0x0b;
	for (uint32_t step = 1; step < 30; step++) {
		seen = (struct seen){ .messages = 0 };
		smp_raw_start(&raw, packet, sizeof packet, SMP_RAW_REPLIES, IDLE_MS);
		feed(&raw, (const uint8_t *)banner, sizeof banner - 1, step, 5, &seen);
		feed(&raw, reply, sizeof reply, step, 6, &seen);
		assert_int_equal(seen.messages, 1);
		assert_int_equal(seen.text_bytes, sizeof banner - 1);
		assert_memory_equal(seen.text, banner, sizeof banner - 1);
	}
	seen = (struct seen){ .messages = 0 };
	smp_raw_start(&raw, packet, sizeof packet, SMP_RAW_REPLIES, IDLE_MS);
	feed(&raw, echo, 1, 1, 5, &seen);
	assert_int_equal(seen.text_bytes, 1);
}

static void test_either(void **state)
{
	(void)state;
	for (uint32_t kind = 0; kind < 2; kind++) {
		struct smp_wire host, device;
		uint8_t host_packet[64], device_packet[64], line[SMP_LINE_BYTES];
		const uint8_t *piece;
		struct smp_rx_event event = { .kind = SMP_RX_MORE };
		uint32_t size, total = 0;

		smp_wire_start(&host, (enum smp_wire_kind)kind, host_packet, sizeof host_packet, SMP_RAW_REPLIES, IDLE_MS);
		smp_wire_start(&device, (enum smp_wire_kind)kind, device_packet, sizeof device_packet, SMP_RAW_REQUESTS, IDLE_MS);
		smp_wire_send(&host, echo, ECHO_BYTES);
		while ((size = smp_wire_piece(&host, line, &piece)) != 0) {
			assert_int_equal(event.kind, SMP_RX_MORE);
			assert_int_equal(smp_wire_feed(&device, piece, size, 5, &event), size);
			total += size;
		}
		assert_int_equal(event.kind, SMP_RX_MESSAGE);
		assert_int_equal(event.size_bytes, ECHO_BYTES);
		assert_memory_equal(event.message, echo, ECHO_BYTES);
		assert_int_equal(total, smp_wire_size(&host, ECHO_BYTES));
		assert_int_equal(total, kind == SMP_WIRE_RAW ? ECHO_BYTES : 31);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_raw_messages),
		cmocka_unit_test(test_raw_resync),
		cmocka_unit_test(test_raw_text),
		cmocka_unit_test(test_either),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
