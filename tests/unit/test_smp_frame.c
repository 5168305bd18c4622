/* SPDX-License-Identifier: MIT */
#include "smp_hex.h"

#include "smp_rig.h"

/* What came out of a stream: messages, text, drops. */
struct seen {
	uint32_t message_count, drop_count;
	uint8_t message[4096];
	uint32_t message_bytes;
	char text[8192];
	uint32_t text_bytes;
	enum hf_reason reason;
};

static void feed(struct smp_rx *rx, const void *bytes, uint32_t size_bytes, struct seen *seen)
{
	const uint8_t *at = bytes;

	while (size_bytes != 0) {
		struct smp_rx_event event;
		uint32_t used = smp_rx_feed(rx, at, size_bytes, &event);

		assert_true(used <= size_bytes);
		assert_true(used != 0 || event.kind != SMP_RX_MORE);
		if (event.kind == SMP_RX_MESSAGE) {
			seen->message_count++;
			seen->message_bytes = event.size_bytes;
			memcpy(seen->message, event.message, event.size_bytes);
		} else if (event.kind == SMP_RX_TEXT) {
			assert_true(seen->text_bytes + event.size_bytes < sizeof seen->text);
			memcpy(seen->text + seen->text_bytes, event.text, event.size_bytes);
			seen->text_bytes += event.size_bytes;
		} else if (event.kind == SMP_RX_DROPPED) {
			seen->drop_count++;
			seen->reason = event.reason;
		}
		at += used;
		size_bytes -= used;
	}
}

static struct seen seen_of(const void *bytes, uint32_t size_bytes, uint32_t cap_bytes)
{
	struct seen seen = { .message_count = 0 };
	uint8_t *packet = malloc(cap_bytes);
	struct smp_rx rx;

	assert_non_null(packet);
	smp_rx_start(&rx, packet, cap_bytes);
	feed(&rx, bytes, size_bytes, &seen);
	free(packet);
	return seen;
}

static uint32_t lines_of(const uint8_t *message, uint32_t message_bytes, uint8_t *into)
{
	struct smp_tx tx;
	uint32_t used = 0, size;

	smp_tx_start(&tx, message, message_bytes);
	do {
		size = smp_tx_line(&tx, into + used);
		used += size;
	} while (size != 0);
	return used;
}

/* Known messages and their lines, computed independently of this code. */
static const struct {
	const char *message, *line;
	uint16_t crc;
} vectors[] = {
	{ "0A00000900000000A16164 6568656C6C6F", "\x06\x09" "ABMKAAAJAAAAAKFhZGVoZWxsb6J/\n", 0xa27f },
	{ "0200000900000000A16164 6568656C6C6F", "\x06\x09" "ABMCAAAJAAAAAKFhZGVoZWxsbyVv\n", 0x256f },
	{ "0B00000A00000000BF6172 6568656C6C6FFF", "\x06\x09" "ABQLAAAKAAAAAL9hcmVoZWxsb//3UQ==\n", 0xf751 },
	{ "0800000100010100A0", "\x06\x09" "AAsIAAABAAEBAKCYMQ==\n", 0x9831 },
	{ "0000000100000006A0", "\x06\x09" "AAsAAAABAAAABqBa7A==\n", 0x5aec },
	{ "0A00000100000205A0", "\x06\x09" "AAsKAAABAAACBaCORw==\n", 0x8e47 },
	{ "0B00001200010501A163657272A26567726F757001627263181B", "\x06\x09" "ABwLAAASAAEFAaFjZXJyomVncm91cAFicmMYG6tk\n", 0xab64 },
	{ "0300000500010501A162726306", "\x06\x09" "AA8DAAAFAAEFAaFicmMGylk=\n", 0xca59 },
};

static void test_vectors(void **state)
{
	uint8_t line[256];

	(void)state;
	assert_int_equal(smp_crc16(0, (const uint8_t *)"123456789", 9), 0x31c3);
	for (size_t i = 0; i < HF_ARRAY_COUNT(vectors); i++) {
		struct hex message = hex_of(vectors[i].message);
		uint32_t size = lines_of(message.bytes, message.size_bytes, line);
		struct seen seen = seen_of(vectors[i].line, (uint32_t)strlen(vectors[i].line), 128);

		assert_int_equal(smp_crc16(0, message.bytes, message.size_bytes), vectors[i].crc);
		assert_int_equal(size, strlen(vectors[i].line));
		assert_memory_equal(line, vectors[i].line, size);
		assert_int_equal(seen.message_count, 1);
		assert_int_equal(seen.message_bytes, message.size_bytes);
		assert_memory_equal(seen.message, message.bytes, message.size_bytes);
	}
}

static void message_fill(uint8_t *message, uint32_t size_bytes)
{
	uint32_t random = size_bytes * 2654435761u | 1u;

	for (uint32_t i = 0; i < size_bytes; i++)
		message[i] = (uint8_t)rig_random(&random);
}

/* All sizes around line boundaries: lines are at most 127 bytes, wire size is as promised, and any split of the stream gives the
 * message back. */
static void test_sizes_and_splits(void **state)
{
	static uint8_t message[1200], wire[2048];

	(void)state;
	for (uint32_t size = 1; size <= 400; size++) {
		uint32_t wire_bytes, start = 0;
		struct seen seen;

		message_fill(message, size);
		wire_bytes = lines_of(message, size, wire);
		assert_int_equal(wire_bytes, smp_wire_bytes(size));
		for (uint32_t i = 0; i < wire_bytes; i++) {
			if (wire[i] != '\n')
				continue;
			assert_true(i + 1u - start <= SMP_LINE_BYTES);
			start = i + 1u;
		}
		seen = seen_of(wire, wire_bytes, size + SMP_PACKET_EXTRA_BYTES < 16u ? 16u : size + SMP_PACKET_EXTRA_BYTES);
		assert_int_equal(seen.message_count, 1);
		assert_int_equal(seen.message_bytes, size);
		assert_memory_equal(seen.message, message, size);
		assert_int_equal(seen.text_bytes, 0);
	}
	message_fill(message, 300);
	for (uint32_t split = 1, size = lines_of(message, 300, wire); split < size; split++) {
		uint8_t packet[304];
		struct smp_rx rx;
		struct seen seen = { .message_count = 0 };

		smp_rx_start(&rx, packet, sizeof packet);
		feed(&rx, wire, split, &seen);
		assert_int_equal(seen.message_count, 0);
		feed(&rx, wire + split, size - split, &seen);
		assert_int_equal(seen.message_count, 1);
		assert_memory_equal(seen.message, message, 300);
	}
}

static void test_every_truncation_is_silent(void **state)
{
	static uint8_t message[250], wire[512];
	uint32_t size;

	(void)state;
	message_fill(message, sizeof message);
	size = lines_of(message, sizeof message, wire);
	for (uint32_t cut = 0; cut < size; cut++) {
		struct seen seen = seen_of(wire, cut, 256);

		assert_int_equal(seen.message_count, 0);
		assert_int_equal(seen.drop_count, 0);
	}
	/* A missing line is noticed at the latest by the next packet, which is whole. */
	for (uint32_t drop = 0; drop < 3; drop++) {
		static uint8_t two[1024];
		uint32_t used = 0, line = 0;
		struct seen seen;

		for (uint32_t i = 0; i < size; i++) {
			if (line != drop)
				two[used++] = wire[i];
			line += wire[i] == '\n' ? 1u : 0u;
		}
		memcpy(two + used, wire, size);
		seen = seen_of(two, used + size, 256);
		assert_int_equal(seen.message_count, 1);
		assert_memory_equal(seen.message, message, sizeof message);
	}
}

/* A sender that encodes each line for itself, with padding inside and short lines: each line is decoded for itself. */
static void test_foreign_lines(void **state)
{
	static const char stream[] = "\x06\x09" "ABMKAAA=\n" "\x04\x14" "CQ==\r\n" "\x04\x14" "AAAAAKFh\n" "\x04\x14" "\n" "\x04\x14" "ZGVoZWxsb6I=\n"
				     "\x04\x14" "fw==\n";
	struct hex message = hex_of(vectors[0].message);
	struct seen seen = seen_of(stream, sizeof stream - 1u, 64);

	(void)state;
	assert_int_equal(seen.message_count, 1);
	assert_int_equal(seen.message_bytes, message.size_bytes);
	assert_memory_equal(seen.message, message.bytes, message.size_bytes);
}

/* Log text before, between and after lines comes out whole and in order, and does no harm. */
static void test_log_text(void **state)
{
	static uint8_t message[250], wire[512], stream[2048];
	uint32_t size, used = 0, line_start = 0;
	struct seen seen;
	static const char log[] = "I: booted \x06 \x04\x04\x06 ok\x06\r\n";
	char expected[256] = "";

	(void)state;
	message_fill(message, sizeof message);
	size = lines_of(message, sizeof message, wire);
	for (uint32_t i = 0; i < size; i++) {
		if (i == line_start) {
			memcpy(stream + used, log, sizeof log - 1u);
			used += (uint32_t)sizeof log - 1u;
			strcat(expected, log);
		}
		stream[used++] = wire[i];
		line_start = wire[i] == '\n' ? i + 1u : line_start;
	}
	memcpy(stream + used, "bye", 3);
	used += 3;
	strcat(expected, "bye");
	seen = seen_of(stream, used, 256);
	assert_int_equal(seen.message_count, 1);
	assert_memory_equal(seen.message, message, sizeof message);
	assert_int_equal(seen.text_bytes, strlen(expected));
	assert_memory_equal(seen.text, expected, seen.text_bytes);
	assert_int_equal(seen.drop_count, 0);
}

static void test_marker_within_a_line(void **state)
{
	struct hex message = hex_of(vectors[0].message);
	char stream[256];
	int size = snprintf(stream, sizeof stream, "half a log line%s", vectors[0].line);
	struct seen seen = seen_of(stream, (uint32_t)size, 64);

	(void)state;
	assert_int_equal(seen.message_count, 1); /* no line feed before the marker */
	assert_int_equal(seen.text_bytes, 15);
	/* A line that was cut by a new start. */
	size = snprintf(stream, sizeof stream, "\x06\x09" "ABMKAAA%s", vectors[0].line);
	seen = seen_of(stream, (uint32_t)size, 64);
	assert_int_equal(seen.message_count, 1);
	assert_int_equal(seen.drop_count, 1);
	assert_memory_equal(seen.message, message.bytes, message.size_bytes);
	/* The line feed was lost between two lines: both are taken. */
	size = snprintf(stream, sizeof stream, "\x06\x09" "ABMKAAAJAAAA" "\x04\x14" "AKFhZGVoZWxsb6J/\n");
	seen = seen_of(stream, (uint32_t)size, 64);
	assert_int_equal(seen.message_count, 1);
}

static void test_damage(void **state)
{
	static const struct {
		const char *stream;
		enum hf_reason reason;
	} rows[] = {
		{ "\x06\x09" "ABMKAAAJAAAAAKFhZGVoZWxsb6J.\n", HF_R_SMP_FRAME_BASE64 },
		{ "\x06\x09" "ABMKAAAJAAAAAKFhZGVoZWxsb6\n", HF_R_SMP_FRAME_BASE64 },
		{ "\x06\x09" "ABMKAAAJ==AAAAKFhZGVoZWxsb6J/\n", HF_R_SMP_FRAME_BASE64 },
		{ "\x06\x09" "ABMKAA==AAAA\n", HF_R_SMP_FRAME_BASE64 },
		{ "\x06\x09" "AB=M\n", HF_R_SMP_FRAME_BASE64 },
		{ "\x06\x09" "=BMK\n", HF_R_SMP_FRAME_BASE64 },
		{ "\x06\x09" "ABMKAAAJAAAAAKFhZGVoZWxsb6J+\n", HF_R_SMP_FRAME_CRC },
		{ "\x06\x09" "ABIKAAAJAAAAAKFhZGVoZWxsb6J/\n", HF_R_SMP_FRAME_LENGTH },
		{ "\x06\x09" "AAAA\n", HF_R_SMP_FRAME_LENGTH },
		{ "\x06\x09" "AAEA\n", HF_R_SMP_FRAME_LENGTH },
		{ "\x06\x09" "//8A\n", HF_R_SMP_FRAME_TOO_LONG },
		{ "\x04\x14" "ABMK\n", HF_R_SMP_FRAME_ORPHAN },
	};
	struct hex message = hex_of(vectors[0].message);

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		char stream[256];
		struct seen seen = seen_of(rows[i].stream, (uint32_t)strlen(rows[i].stream), 64);
		int size;

		assert_int_equal(seen.message_count, 0);
		assert_int_equal(seen.drop_count, 1);
		assert_int_equal(seen.reason, rows[i].reason);
		/* And the next packet is understood. */
		size = snprintf(stream, sizeof stream, "%s%s", rows[i].stream, vectors[0].line);
		seen = seen_of(stream, (uint32_t)size, 64);
		assert_int_equal(seen.message_count, 1);
		assert_memory_equal(seen.message, message.bytes, message.size_bytes);
	}
	/* A packet whose length field is larger than its data waits; it is not an error yet. */
	assert_int_equal(seen_of("\x06\x09" "ABQKAAAJAAAAAKFhZGVoZWxsb6J/\n", 31, 64).drop_count, 0);
	/* Longest line ever: nothing is written beyond the buffer. */
	{
		static char endless[5000];
		struct seen seen;

		memset(endless, 'A', sizeof endless);
		endless[0] = 6;
		endless[1] = 9;
		endless[2] = '/'; /* length 0xf000.. */
		seen = seen_of(endless, sizeof endless, 64);
		assert_int_equal(seen.message_count, 0);
		assert_int_equal(seen.reason, HF_R_SMP_FRAME_TOO_LONG);
		endless[2] = 'A'; /* length 0, and still no end */
		seen = seen_of(endless, sizeof endless, 64);
		assert_int_equal(seen.message_count, 0);
		assert_int_equal(seen.reason, HF_R_SMP_FRAME_TOO_LONG);
	}
}

/* Noise in which good packets are buried: all of them are found, whatever bytes lie between, and no byte is lost or invented. */
static void test_noise(void **state)
{
	uint32_t random = 12345;

	(void)state;
	for (uint32_t round = 0; round < 300; round++) {
		static uint8_t stream[4096], message[200], wire[512];
		uint32_t used = 0, size, noise = rig_random(&random) % 60u, message_bytes = 1u + rig_random(&random) % 199u;
		struct seen seen;

		message_fill(message, message_bytes);
		for (uint32_t i = 0; i < noise; i++)
			stream[used++] = (uint8_t)rig_random(&random);
		stream[used++] = '\n';
		size = lines_of(message, message_bytes, wire);
		memcpy(stream + used, wire, size);
		used += size;
		seen = seen_of(stream, used, 256);
		assert_int_equal(seen.message_count, 1);
		assert_int_equal(seen.message_bytes, message_bytes);
		assert_memory_equal(seen.message, message, message_bytes);
	}
}

static void test_buf_count(void **state)
{
	(void)state;
	assert_int_equal(smp_wire_bytes(1024), 1408);
	assert_int_equal(smp_buf_count_of(1028, 1024), 2);
	assert_int_equal(smp_buf_count_of(1028, 1408), 3);
	assert_int_equal(smp_buf_count_of(1028, 4096), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),       cmocka_unit_test(test_sizes_and_splits), cmocka_unit_test(test_every_truncation_is_silent),
		cmocka_unit_test(test_foreign_lines), cmocka_unit_test(test_log_text),         cmocka_unit_test(test_marker_within_a_line),
		cmocka_unit_test(test_damage),        cmocka_unit_test(test_noise),            cmocka_unit_test(test_buf_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
