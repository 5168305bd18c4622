/* SPDX-License-Identifier: MIT */
/* HCI, L2CAP, ATT and SMP messages of ble/: what a controller and a peer may send, in order, out of order and cut at every length. */
#include "smp_hex.h"

#include "ble_bench.h"

static struct bench bench;

static void expect(const struct bench_frame *frame, const char *hex)
{
	struct hex want = hex_of(hex);

	assert_int_equal(frame->size_bytes, want.size_bytes);
	assert_memory_equal(frame->bytes, want.bytes, want.size_bytes);
}

static enum hf_reason send_hex(uint16_t channel, const char *text)
{
	struct hex hex = hex_of(text);

	return bench_send(&bench, channel, hex.bytes, hex.size_bytes, 27);
}

static void att(const char *request, const char *response)
{
	bench.att.size_bytes = 0;
	(void)send_hex(4, request);
	expect(&bench.att, response);
}

static void connected(enum ble_policy policy, bool display)
{
	bench_start(&bench, policy, display);
	bench_connect(&bench, BENCH_HANDLE, &bench_peer);
}

/* --- start --------------------------------------------------------------------------------------------------------------- */

static void settings_that_are_not_sound(void **state)
{
	(void)state;
	bench_start(&bench, BLE_OPEN, false);
	bench.config.name = "a name of thirty bytes is long";
	assert_int_equal(bench_again(&bench), HF_R_BLE_CONFIG);
	bench.config.name = "bench";
	bench.config.memory_bytes--;
	assert_int_equal(bench_again(&bench), HF_R_BLE_CONFIG);
	bench.config.memory_bytes++;
	bench.config.mtu = 64;
	assert_int_equal(bench_again(&bench), HF_R_BLE_CONFIG);
	bench.config.mtu = BENCH_MTU;
	bench.config.has_address = true; /* 00: neither static nor random */
	assert_int_equal(bench_again(&bench), HF_R_BLE_CONFIG);
	bench.config.address.bytes[5] = 0xc0;
	assert_int_equal(bench_again(&bench), HF_OK);
	assert_int_equal(bench.ble.state, BLE_STATE_RUNS);
	bench.config.policy = BLE_AUTHENTICATED;
	assert_int_equal(bench_again(&bench), HF_R_BLE_POLICY);
}

static void controllers_that_do_not_do(void **state)
{
	static const uint16_t must[] = { 0x0c03, 0x0c01, 0x2001, 0x2002, 0x2006, 0x2008 }, may[] = { 0x2003, 0x2009 };

	(void)state;
	bench_start(&bench, BLE_OPEN, false);
	for (uint32_t i = 0; i < HF_ARRAY_COUNT(must); i++) {
		bench.refuse = must[i];
		assert_int_equal(bench_again(&bench), HF_OK);
		assert_int_equal(bench.ble.state, BLE_STATE_FAILED);
		assert_int_equal(bench.ble.reason, HF_R_BLE_CONTROLLER);
	}
	for (uint32_t i = 0; i < HF_ARRAY_COUNT(may); i++) {
		bench.refuse = may[i];
		assert_int_equal(bench_again(&bench), HF_OK);
		assert_int_equal(bench.ble.state, BLE_STATE_RUNS);
	}
	bench.refuse = 0x1009; /* no address, and none given */
	assert_int_equal(bench_again(&bench), HF_OK);
	assert_int_equal(bench.ble.reason, HF_R_BLE_CONTROLLER);
	bench.refuse = 0;
	bench.silent = true;
	assert_int_equal(bench_again(&bench), HF_OK);
	assert_int_equal(bench.ble.state, BLE_STATE_STARTS);
	bench.now_ms += 5001;
	bench_run(&bench);
	assert_int_equal(bench.ble.state, BLE_STATE_FAILED);
	assert_int_equal(bench.ble.reason, HF_R_BLE_CONTROLLER_SILENT);
	assert_int_equal(bench_event(&bench, 0x0e, NULL, 0), HF_R_BLE_CONTROLLER_SILENT);
}

static void advertises_while_there_is_room(void **state)
{
	struct ble_address second = bench_peer;

	(void)state;
	connected(BLE_OPEN, false);
	assert_true(bench.ble.advertises);
	second.bytes[0] ^= 1u;
	bench_connect(&bench, BENCH_HANDLE + 1, &second);
	assert_false(bench.ble.advertises);
	bench_disconnect(&bench, BENCH_HANDLE);
	assert_true(bench.ble.advertises);
	assert_int_equal(bench.ble.counts.connections, 2);
	/* A hardware error starts everything anew. */
	assert_int_equal(bench_event(&bench, 0x10, (const uint8_t *)"\x01", 1), HF_R_BLE_CONTROLLER);
	bench_run(&bench);
	assert_int_equal(bench.ble.state, BLE_STATE_RUNS);
	assert_false(bench.links[1].used);
}

/* --- HCI ----------------------------------------------------------------------------------------------------------------- */

/* Before a reset: the peer is told, and nobody new is let in. */
static void leaves_in_words(void **state)
{
	(void)state;
	connected(BLE_OPEN, false);
	assert_false(ble_is_alone(&bench.ble));
	ble_leave(&bench.ble);
	bench_run(&bench);
	assert_false(bench.ble.advertises);
	assert_int_equal(bench.last_command, 0x200a); /* Advertise, off; Disconnect went before it */
	assert_int_equal(bench.links[0].close_reason, 0x15);
	assert_int_equal(bench.links[0].commands, 0);
	assert_false(ble_is_alone(&bench.ble));
	bench_disconnect(&bench, BENCH_HANDLE);
	bench_run(&bench);
	assert_true(ble_is_alone(&bench.ble));
	assert_false(bench.ble.advertises);
}

static void packets_of_every_length(void **state)
{
	uint8_t bytes[255];

	(void)state;
	connected(BLE_OPEN, false);
	memset(bytes, 0x41, sizeof bytes);
	for (uint32_t code = 0; code < 256u; code++)
		for (uint32_t size = 0; size < 40u; size++) {
			if (code == 0x10u)
				continue;
			(void)bench_event(&bench, (uint8_t)code, bytes, size);
		}
	assert_int_equal(bench_event(&bench, 0x05, bytes, 3), HF_R_BLE_PACKET);
	assert_int_equal(bench_event(&bench, 0x13, bytes, 4), HF_R_BLE_PACKET);
	assert_int_equal(bench_event(&bench, 0x3e, bytes, 0), HF_R_BLE_PACKET);
	assert_int_equal(bench_event(&bench, 0x05, (const uint8_t *)"\x00\x77\x00\x13", 4), HF_R_BLE_LINK_UNKNOWN);
	assert_int_equal(bench_event(&bench, 0x08, (const uint8_t *)"\x00\x77\x00\x01", 4), HF_R_BLE_LINK_UNKNOWN);
	/* Packets that are cut, too long, of another type. */
	for (uint32_t size = 0; size < 5u; size++)
		assert_int_equal(ble_packet(&bench.ble, (const uint8_t *)"\x02\x41\x20\x01\x00", size, 0), HF_R_BLE_PACKET);
	assert_int_equal(ble_packet(&bench.ble, (const uint8_t *)"\x02\x41\x20\x01\x00", 5, 0), HF_R_BLE_PACKET);
	assert_int_equal(ble_packet(&bench.ble, (const uint8_t *)"\x01\x03\x0c\x00", 4, 0), HF_R_BLE_PACKET);
	assert_int_equal(ble_packet(&bench.ble, (const uint8_t *)"\x02\x77\x20\x01\x00\x00", 6, 0), HF_R_BLE_LINK_UNKNOWN);
	assert_int_equal(ble_packet(&bench.ble, (const uint8_t *)"\x02\x41\x60\x01\x00\x00", 6, 0), HF_R_BLE_PACKET);
}

static void no_more_packets_than_buffers(void **state)
{
	(void)state;
	connected(BLE_OPEN, false);
	bench.keeps = true;
	att("02 00 02", "03 64 00");
	(void)send_hex(4, "0a 03 00");
	(void)send_hex(4, "0a 03 00");
	assert_int_equal(bench.kept, 3); /* the bench itself stops at a fourth */
	(void)send_hex(4, "0a 03 00");
	assert_int_equal(bench.ble.acl_free, 0);
	bench.kept = 0;
	assert_int_equal(bench_event(&bench, 0x13, (const uint8_t *)"\x01\x41\x00\xff\xff", 5), HF_OK); /* more than it had */
	assert_int_equal(bench.ble.acl_free, 3);
	bench_run(&bench);
	assert_int_equal(bench.ble.acl_free, 2);
	/* What a lost connection had comes back. */
	bench_disconnect(&bench, BENCH_HANDLE);
	assert_int_equal(bench.ble.acl_free, 3);
}

/* What the controller tells of a connection is kept, whatever else it says is not. */
static void parameters(void **state)
{
	const struct ble_link *link = &bench.links[0];

	(void)state;
	connected(BLE_OPEN, false);
	assert_true(link->sent_bytes == 27 && link->got_bytes == 27 && link->sent_phy == 1 && link->got_phy == 1);
	assert_int_equal(bench_event(&bench, 0x3e, (const uint8_t *)"\x03\x00\x41\x00\x0c\x00\x01\x00\x90\x01", 10), HF_OK);
	assert_true(link->interval == 12 && link->latency == 1 && link->timeout == 400);
	assert_int_equal(bench_event(&bench, 0x3e, (const uint8_t *)"\x03\x3b\x41\x00\x18\x00\x00\x00\x48\x00", 10), HF_OK); /* refused: as before */
	assert_int_equal(link->interval, 12);
	assert_int_equal(bench_event(&bench, 0x3e, (const uint8_t *)"\x07\x41\x00\xfb\x00\x48\x08\x64\x00\x48\x08", 11), HF_OK);
	assert_true(link->sent_bytes == 251 && link->got_bytes == 100);
	assert_int_equal(bench_event(&bench, 0x3e, (const uint8_t *)"\x0c\x00\x41\x00\x02\x01", 6), HF_OK);
	assert_true(link->sent_phy == 2 && link->got_phy == 1);
	assert_int_equal(bench_event(&bench, 0x3e, (const uint8_t *)"\x0c\x1a\x41\x00\x01\x01", 6), HF_OK);
	assert_int_equal(link->sent_phy, 2);
	for (uint32_t code = 3; code <= 12u; code++) {
		uint8_t body[16] = { (uint8_t)code, 0, 0x41 };
		uint32_t whole = code == 3u ? 10u : code == 5u ? 13u : code == 7u ? 11u : code == 12u ? 6u : 0u;

		for (uint32_t size = 1; whole != 0u && size < sizeof body; size++)
			if (size != whole && (code != 10u || size < 31u))
				assert_int_equal(bench_event(&bench, 0x3e, body, size), HF_R_BLE_PACKET);
		body[code == 7u || code == 5u ? 1 : 2] = 0x77;
		if (whole != 0u)
			assert_int_equal(bench_event(&bench, 0x3e, body, whole), HF_R_BLE_LINK_UNKNOWN);
	}
	/* The enhanced event of a controller that sends it though it was not asked for. */
	bench_disconnect(&bench, BENCH_HANDLE);
	{
		uint8_t body[31] = { 0x0a, 0, 0x41, 0, 1, 1, 0x11, 0x22, 0x33, 0x44, 0x55, 0xc6, [24] = 0x30, [28] = 0x2a };

		assert_int_equal(bench_event(&bench, 0x3e, body, 30), HF_R_BLE_PACKET);
		assert_int_equal(bench_event(&bench, 0x3e, body, sizeof body), HF_OK);
		assert_true(link->used && link->interval == 0x30 && link->timeout == 0x2a);
	}
}

/* A short interval is asked for once: by the link layer where our controller knows how, by signalling where it or the central's does not. */
static void interval(void **state)
{
	static const char signal[] = "12 01 08 00 0c 00 0c 00 00 00 90 01";

	(void)state;
	bench_start(&bench, BLE_OPEN, false);
	bench.features = 0x22;
	assert_int_equal(bench_again(&bench), HF_OK);
	bench_connect(&bench, BENCH_HANDLE, &bench_peer);
	(void)send_hex(4, "12 1a 00 01 00");
	bench_run(&bench);
	assert_int_equal(bench.last_command, 0x2013);
	assert_memory_equal(bench.last_body, "\x41\x00\x0c\x00\x0c\x00\x00\x00\x90\x01\x00\x00\x00\x00", 14);
	expect(&bench.signal, "");
	assert_int_equal(bench_event(&bench, 0x3e, (const uint8_t *)"\x03\x3b\x41\x00\x18\x00\x00\x00\x48\x00", 10), HF_OK); /* the central said no */
	bench_run(&bench);
	expect(&bench.signal, "");
	assert_int_equal(bench_event(&bench, 0x3e, (const uint8_t *)"\x03\x1a\x41\x00\x18\x00\x00\x00\x48\x00", 10), HF_OK); /* it does not know how */
	bench_run(&bench);
	expect(&bench.signal, signal);
	bench.last_command = 0;
	(void)send_hex(4, "12 1a 00 01 00"); /* not twice */
	bench_run(&bench);
	assert_int_equal(bench.last_command, 0);
	assert_int_equal(bench.signal.count, 1);
	/* A controller that has the feature and not the command. */
	bench_start(&bench, BLE_OPEN, false);
	bench.features = 0x22;
	bench.refuse = 0x2013;
	assert_int_equal(bench_again(&bench), HF_OK);
	bench_connect(&bench, BENCH_HANDLE, &bench_peer);
	(void)send_hex(4, "12 1a 00 01 00");
	bench_run(&bench);
	expect(&bench.signal, signal);
}

/* --- L2CAP --------------------------------------------------------------------------------------------------------------- */

static void frames(void **state)
{
	uint8_t pdu[600] = { 0x0a, 3, 0 };
	uint32_t refused;

	(void)state;
	connected(BLE_OPEN, false);
	for (uint32_t fragment = 1; fragment < 8u; fragment++) {
		bench.att.size_bytes = 0;
		assert_int_equal(bench_send(&bench, 4, pdu, 3, fragment), HF_OK);
		expect(&bench.att, "0b 62 65 6e 63 68");
	}
	assert_int_equal(send_hex(7, "00"), HF_R_BLE_L2CAP);
	assert_int_equal(send_hex(0x40, "00"), HF_R_BLE_L2CAP);
	/* Longer than our MTU; then one that is not. */
	refused = bench.ble.counts.packets_refused;
	assert_int_equal(bench_send(&bench, 4, pdu, 600, 27), HF_R_BLE_L2CAP);
	assert_true(bench.ble.counts.packets_refused > refused);
	assert_int_equal(bench_send(&bench, 4, pdu, 101, 27), HF_R_BLE_L2CAP);
	att("0a 03 00", "0b 62 65 6e 63 68");
	/* A fragment that begins nothing, and one that is more than its frame. */
	assert_int_equal(ble_packet(&bench.ble, (const uint8_t *)"\x02\x41\x10\x01\x00\x00", 6, 0), HF_R_BLE_L2CAP);
	assert_int_equal(ble_packet(&bench.ble, (const uint8_t *)"\x02\x41\x20\x05\x00\x00\x00\x04\x00\x00", 10, 0), HF_R_BLE_L2CAP);
}

static void signalling(void **state)
{
	static const struct {
		const char *command, *answer;
	} rows[] = {
		{ "12 05 08 00 06 00 0c 00 00 00 c8 00", "01 05 02 00 00 00" }, /* for centrals only */
		{ "14 06 0a 00 80 00 40 00 17 00 17 00 01 00", "15 06 0a 00 00 00 00 00 00 00 00 00 02 00" },
		{ "14 07 02 00 80 00", "01 07 02 00 00 00" },
		{ "17 08 0a 00 27 00 40 00 40 00 01 00 40 00", "18 08 08 00 00 00 00 00 00 00 02 00" }, /* Enhanced ATT */
		{ "06 09 04 00 40 00 41 00", "01 09 06 00 02 00 40 00 41 00" },
		{ "77 0a 00 00", "01 0a 02 00 00 00" },
		{ "14 0b ff 00", "01 0b 02 00 00 00" }, /* says more than there is */
		{ "13 0c 02 00 00 00", "" },
		{ "01 0d 02 00 00 00", "" },
		{ "14 00 00 00", "" }, /* identifier 0 */
		{ "14", "" },
		{ "", "" },
	};

	(void)state;
	connected(BLE_OPEN, false);
	for (uint32_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		bench.signal.size_bytes = 0;
		(void)send_hex(5, rows[i].command);
		expect(&bench.signal, rows[i].answer);
	}
}

/* --- ATT ----------------------------------------------------------------------------------------------------------------- */

static void requests(void **state)
{
	static const struct {
		const char *request, *response;
	} rows[] = {
		{ "10 01 00 ff ff 00 28", "11 06 01 00 07 00 00 18 08 00 0f 00 01 18 10 00 16 00 0a 18" },
		{ "10 17 00 ff ff 00 28", "11 14 17 00 1a 00 84aa6074528a8b86d34cb71d1ddc538d" },
		{ "10 1b 00 ff ff 00 28", "01 10 1b 00 0a" },
		{ "10 01 00 ff ff 03 28", "01 10 01 00 10" },
		{ "10 00 00 ff ff 00 28", "01 10 00 00 01" },
		{ "10 05 00 04 00 00 28", "01 10 05 00 01" },
		{ "06 01 00 ff ff 00 28 84aa6074528a8b86d34cb71d1ddc538d", "07 17 00 1a 00" },
		{ "06 01 00 ff ff 00 28 0d 18", "01 06 01 00 0a" },
		{ "08 01 00 07 00 03 28", "09 07 02 00 02 03 00 00 2a 04 00 02 05 00 01 2a 06 00 02 07 00 04 2a" },
		{ "08 17 00 ff ff 03 28", "09 15 18 00 14 19 00 487c997411269eae014ecefb28782eda" },
		{ "08 01 00 ff ff fb349b5f80000080 00100000 00 2a 00 00", "09 07 03 00 62 65 6e 63 68" }, /* the short UUID in long form */
		{ "08 19 00 19 00 487c997411269eae014ecefb28782eda", "01 08 19 00 02" },
		{ "04 19 00 1a 00", "05 02 19 00 487c997411269eae014ecefb28782eda" },
		{ "04 1a 00 ff ff", "05 01 1a 00 02 29" },
		{ "0a 03 00", "0b 62 65 6e 63 68" },
		{ "0a 00 00", "01 0a 00 00 01" },
		{ "0a 1b 00", "01 0a 1b 00 01" },
		{ "0a 19 00", "01 0a 19 00 02" },
		{ "0c 03 00 02 00", "0d 6e 63 68" },
		{ "0c 03 00 05 00", "0d" },
		{ "0c 03 00 06 00", "01 0c 03 00 07" },
		{ "0e 03 00 05 00", "0f 62 65 6e 63 68 00 00" },
		{ "20 03 00 05 00", "21 05 00 62 65 6e 63 68 02 00 00 00" },
		{ "0e 03 00 00", "01 0e 00 00 04" },
		{ "12 03 00 41", "01 12 03 00 03" },
		{ "12 1a 00 01", "01 12 1a 00 0d" },
		{ "12 1a 00 02 00", "01 12 1a 00 13" },
		{ "12 1a 00 01 00", "13" },
		{ "0a 1a 00", "0b 01 00" },
		{ "12 0d 00 01", "13" },
		{ "12 0d 00 00", "01 12 0d 00 13" }, /* a feature is never taken back */
		{ "16 03 00 00 00 41", "01 16 00 00 06" }, /* prepared writes */
		{ "18 01", "01 18 00 00 06" },
		{ "02 00", "01 02 00 00 04" },
		{ "0a 03 00 00", "01 0a 00 00 04" },
		{ "3e", "01 3e 00 00 06" },
	};

	(void)state;
	connected(BLE_OPEN, false);
	for (uint32_t i = 0; i < HF_ARRAY_COUNT(rows); i++)
		att(rows[i].request, rows[i].response);
	att("02 00 02", "03 64 00");
	att("02 17 00", "03 64 00"); /* a second exchange changes nothing */
	assert_int_equal(bench.links[0].mtu, 100);
}

static void never_more_than_one_answer(void **state)
{
	uint8_t pdu[BENCH_MTU];

	(void)state;
	connected(BLE_OPEN, false);
	att("02 00 02", "03 64 00");
	for (uint32_t opcode = 0; opcode < 256u; opcode++)
		for (uint32_t size = 1; size <= sizeof pdu; size += size < 30u ? 1u : 7u) {
			uint32_t before = bench.att.count;
			bool answered = (opcode & 0x41u) == 0u && opcode != 0x1eu;

			memset(pdu, (int)(opcode ^ size), sizeof pdu);
			pdu[0] = (uint8_t)opcode;
			pdu[1] = (uint8_t)(size % 28u);
			pdu[2] = 0;
			(void)bench_send(&bench, 4, pdu, size, 27);
			assert_int_equal(bench.att.count - before, answered ? 1 : 0);
			assert_true(bench.att.size_bytes <= BENCH_MTU);
		}
	assert_int_equal(send_hex(4, ""), HF_R_BLE_ATT);
	assert_int_equal(send_hex(4, "1d 03 00 01"), HF_R_BLE_ATT);
	/* A second request while the first waits for a buffer. */
	bench.keeps = true;
	for (uint32_t i = 0; i < 4u; i++)
		(void)send_hex(4, "0a 05 00");
	assert_int_equal(send_hex(4, "0a 05 00"), HF_R_BLE_ATT);
}

/* --- SMP messages -------------------------------------------------------------------------------------------------------- */

static void serve(void)
{
	while (ble_smp_serve(&bench.ble, &bench.rig.server, bench.now_ms))
		bench_run(&bench);
}

static const char *const echo = "0a 00 00 05 00 00 07 00  a1 61 64 61 41";
static const char *const echo_reply = "1b 19 00 0b 00 00 06 00 00 07 00 bf 61 72 61 41 ff";

static void messages(void **state)
{
	struct hex whole = hex_of(echo);
	uint8_t write[BENCH_MTU] = { 0x52, 25, 0 };

	(void)state;
	connected(BLE_OPEN, false);
	att("02 00 02", "03 64 00");
	(void)send_hex(4, "52 19 00 0a 00 00 05 00 00 07 00 a1 61 64 61 41"); /* nobody listens yet: no reply */
	serve();
	assert_int_equal(bench.notify.count, 0);
	att("12 1a 00 01 00", "13");
	expect(&bench.signal, "12 01 08 00 0c 00 0c 00 00 00 90 01"); /* and a short interval is asked for */
	for (uint32_t piece = 1; piece <= whole.size_bytes; piece++) {
		for (uint32_t off = 0; off < whole.size_bytes; off += piece) {
			uint32_t size = whole.size_bytes - off < piece ? whole.size_bytes - off : piece;

			memcpy(write + 3, whole.bytes + off, size);
			(void)bench_send(&bench, 4, write, 3u + size, 27);
		}
		bench.notify.size_bytes = 0;
		serve();
		expect(&bench.notify, echo_reply);
	}
	assert_true(ble_is_idle(&bench.ble));
	/* Two in one write are two replies, and one that is cut off is forgotten with the wish. */
	memcpy(write + 3, whole.bytes, whole.size_bytes);
	memcpy(write + 3 + whole.size_bytes, whole.bytes, whole.size_bytes);
	(void)bench_send(&bench, 4, write, 3u + 2u * whole.size_bytes - 2u, 27);
	serve();
	att("12 1a 00 00 00", "13");
	att("12 1a 00 01 00", "13");
	bench.notify.size_bytes = 0;
	(void)bench_send(&bench, 4, write, 3u + whole.size_bytes, 27);
	serve();
	expect(&bench.notify, echo_reply);
}

static void messages_that_do_not_fit(void **state)
{
	uint8_t write[BENCH_MTU] = { 0x12, 25, 0, 0x0a, 0, 0x01, 0x40 }; /* says 320 bytes, the buffer has 300 */
	uint32_t left = 8 + 320;

	(void)state;
	connected(BLE_OPEN, false);
	att("02 00 02", "03 64 00");
	att("12 1a 00 01 00", "13");
	for (bool first = true; left != 0u; first = false) {
		uint32_t part = left < 90u ? left : 90u;

		bench.att.size_bytes = 0;
		(void)bench_send(&bench, 4, write, 3u + part, 27);
		expect(&bench.att, first ? "01 12 19 00 13" : "13"); /* a write with response is told */
		left -= part;
	}
	assert_int_equal(bench.ble.counts.messages_dropped, 1);
	assert_int_equal(bench.ble.reason, HF_R_BLE_SMP_DROPPED);
	(void)send_hex(4, "52 19 00 0a 00 00 05 00 00 07 00 a1 61 64 61 41");
	serve();
	expect(&bench.notify, echo_reply);
	/* More small ones than there is room for: those that fit are answered. */
	for (uint32_t i = 0; i < 40u; i++)
		(void)send_hex(4, "52 19 00 0a 00 00 05 00 00 07 00 a1 61 64 61 41");
	bench.notify.count = 0;
	serve();
	assert_int_equal(bench.notify.count, BENCH_INBOX / 13);
	assert_int_equal(bench.ble.counts.messages_dropped, 1 + 40 - BENCH_INBOX / 13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_that_are_not_sound), cmocka_unit_test(controllers_that_do_not_do), cmocka_unit_test(advertises_while_there_is_room),
		cmocka_unit_test(leaves_in_words),
		cmocka_unit_test(packets_of_every_length), cmocka_unit_test(no_more_packets_than_buffers), cmocka_unit_test(frames),
		cmocka_unit_test(parameters), cmocka_unit_test(interval),
		cmocka_unit_test(signalling), cmocka_unit_test(requests), cmocka_unit_test(never_more_than_one_answer), cmocka_unit_test(messages),
		cmocka_unit_test(messages_that_do_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
