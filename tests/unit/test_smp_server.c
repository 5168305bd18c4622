/* SPDX-License-Identifier: MIT */
#include "smp_hex.h"

#include "smp_rig.h"

static struct rig rig;

static int start(void **state)
{
	(void)state;
	rig_start(&rig, 16, false);
	return 0;
}

/* Sends bytes as they are; returns all replies, one after the other. */
static struct hex answer(const char *request)
{
	struct hex message = hex_of(request), all = { { 0 }, 0 };
	uint8_t *copy = exact_copy(message.bytes, message.size_bytes);
	uint8_t reply[512];
	uint32_t off = 0, size;

	while ((size = smp_server_answer(&rig.server, copy, message.size_bytes, &off, reply, sizeof reply)) != 0) {
		assert_true(all.size_bytes + size <= sizeof all.bytes);
		memcpy(all.bytes + all.size_bytes, reply, size);
		all.size_bytes += size;
	}
	assert_int_equal(off, message.size_bytes);
	free(copy);
	return all;
}

static void expect(const char *request, const char *reply)
{
	struct hex got = answer(request), wanted = hex_of(reply);

	if (got.size_bytes != wanted.size_bytes || memcmp(got.bytes, wanted.bytes, wanted.size_bytes) != 0) {
		print_error("request %s\nwanted  %s\ngot     ", request, reply);
		for (uint32_t i = 0; i < got.size_bytes; i++)
			print_error("%02x", got.bytes[i]);
		print_error("\n");
	}
	assert_int_equal(got.size_bytes, wanted.size_bytes);
	assert_memory_equal(got.bytes, wanted.bytes, wanted.size_bytes);
}

#define RSN(digits) "63 72736e 67 48462d 30" digits /* "rsn": "HF-0..." */

static void test_dispatcher(void **state)
{
	(void)state;
	expect("", "");
	for (size_t size = 1; size < SMP_HEADER_BYTES; size++) {
		char part[17] = "0a00000900000000";

		part[2 * size] = '\0';
		expect(part, "");
	}
	/* echo: both versions, both ops, empty body, no body at all */
	expect("0a00000900000000 a1 6164 6568656c6c6f", "0b00000a00000000 bf 6172 6568656c6c6f ff");
	expect("0200000900000000 a1 6164 6568656c6c6f", "0300000a00000000 bf 6172 6568656c6c6f ff");
	expect("0800000900005500 a1 6164 6568656c6c6f", "0900000a00005500 bf 6172 6568656c6c6f ff");
	expect("0a00000100000000 a0", "0b00000500000000 bf 6172 60 ff");
	expect("0a00000000000000", "0b00000500000000 bf 6172 60 ff");
	/* reserved bits and flags are ignored and answered as zero */
	expect("eaff000100000000 a0", "0b00000500000000 bf 6172 60 ff");
	/* body shorter than announced: 9 */
	expect("0a00000900000300 a1 6164 6568", "0b00001100000300 a2 627263 09" RSN("393032"));
	expect("0a00ffff00000300", "0b00001100000300 a2 627263 09" RSN("393032"));
	/* op of a reply, op that does not exist, unknown group, id, op of a known id: 8 */
	expect("0900000100000000 a0", "0b00001100000000 a2 627263 08" RSN("393033"));
	expect("0b00000100000000 a0", "0b00001100000000 a2 627263 08" RSN("393033"));
	expect("0f00000100000000 a0", "0b00001100000000 a2 627263 08" RSN("393033"));
	expect("0800000100ff0000 a0", "0900001100ff0000 a2 627263 08" RSN("393033"));
	expect("0800000100000063 a0", "0900001100000063 a2 627263 08" RSN("393033"));
	expect("0800000100000005 a0", "0900001100000005 a2 627263 08" RSN("393033"));
	expect("0a00000100000006 a0", "0b00001100000006 a2 627263 08" RSN("393033"));
	/* versions 2 and 3: 13, and the reply says version 1 of the field */
	expect("1200000100000000 a0", "0b00001100000000 a2 627263 0d" RSN("393034"));
	expect("1800000100000000 a0", "0900001100000000 a2 627263 0d" RSN("393034"));
	/* CBOR that cannot be read: 3 */
	expect("0a00000100000000 01", "0b00001100000000 a2 627263 03" RSN("393038"));
	expect("0a00000300000000 a1 6164", "0b00001100000000 a2 627263 03" RSN("393036"));
	expect("0a00000400000000 a1 6164 01", "0b00001100000000 a2 627263 03" RSN("393038"));
	assert_int_equal(rig.server.last_refusal, HF_R_SMP_CBOR_TYPE);
}

static void test_concatenated(void **state)
{
	uint8_t message[1000], reply[64];
	uint32_t off = 0, count = 0;

	(void)state;
	expect("0a00000100000100 a0 0a00000100000200 a0", "0b00000500000100 bf 6172 60 ff 0b00000500000200 bf 6172 60 ff");
	/* the second is cut; a few bytes behind are dropped */
	expect("0a00000100000100 a0 0a00000200000200 a0", "0b00000500000100 bf 6172 60 ff 0b00001100000200 a2 627263 09" RSN("393032"));
	expect("0a00000100000100 a0 0a0000", "0b00000500000100 bf 6172 60 ff");
	/* a protocol error ends the message, a group's error does not */
	expect("0a00000100000063 a0 0a00000100000200 a0", "0b00001100000063 a2 627263 08" RSN("393033"));
	expect("0800000900000108 a1 65 7175657279 61 78 0800000100000206 a0",
	       "0900001100000108 a1 63657272 a2 6567726f7570 00 627263 03"
	       "0900001900000206 bf 68 6275665f73697a65 190404 69 6275665f636f756e74 03 ff");
	for (uint32_t i = 0; i < 100; i++)
		memcpy(message + i * 9u, "\x0a\0\0\1\0\0\0\0\xa0", 9);
	while (smp_server_answer(&rig.server, message, 900, &off, reply, sizeof reply) != 0)
		count++;
	assert_int_equal(count, 100);
}

static void test_reply_too_large(void **state)
{
	uint8_t message[128], reply[64], text[100];
	struct smp_header header = { .version = SMP_V2, .op = SMP_OP_WRITE };
	struct smp_writer writer = smp_writer_of(message, sizeof message);
	uint32_t off = 0, size;

	(void)state;
	memset(text, 'x', sizeof text);
	writer.used_bytes = SMP_HEADER_BYTES;
	smp_put_map_open(&writer);
	smp_put_text(&writer, "d");
	smp_put_text_n(&writer, text, sizeof text);
	smp_put_close(&writer);
	header.length_bytes = (uint16_t)(writer.used_bytes - SMP_HEADER_BYTES);
	smp_header_put(&header, message);
	size = smp_server_answer(&rig.server, message, writer.used_bytes, &off, reply, sizeof reply);
	assert_int_equal(size, SMP_HEADER_BYTES + 17);
	assert_memory_equal(reply + SMP_HEADER_BYTES, "\xa2\x62rc\x07\x63rsn\x67HF-0905", 17);
}

static enum hf_reason busy_unless_forced(void *ctx, bool force, uint32_t boot_mode)
{
	*(uint32_t *)ctx = boot_mode;
	return force ? HF_OK : HF_R_SMP_BUSY;
}

static void test_os(void **state)
{
	uint32_t mode = 99;

	(void)state;
	expect("0800000100000006 a0", "0900001900000006 bf 68 6275665f73697a65 190404 69 6275665f636f756e74 03 ff");
	expect("0200000600000001 a1 646563686f 00", "0300000200000001 bf ff");
	/* info */
	expect("0800000100000007 a0", "0900001200000007 bf 66 6f7574707574 68 486f6c6466617374 ff");
	expect("0800000900000007 a1 66666f726d6174 60", "0900001200000007 bf 66 6f7574707574 68 486f6c6466617374 ff");
	expect("0800000b00000007 a1 66666f726d6174 626d73", "0900001600000007 bf 66 6f7574707574 6c 486f6c64666173742061726d ff");
	expect("0800000a00000007 a1 66666f726d6174 6161",
	       "0900003e00000007 bf 66 6f7574707574 7833 486f6c64666173742072696720302e312e3020302e312e302061726d20636f727465782d6d34"
	       "207669727475616c2062617265 ff");
	expect("0800000a00000007 a1 66666f726d6174 617a", "0900001100000007 a1 63657272 a2 6567726f7570 00 627263 02");
	expect("0800000a00000007 a1 66666f726d6174 6162", "0900001100000007 a1 63657272 a2 6567726f7570 00 627263 02"); /* no build date here */
	expect("0000000a00000007 a1 66666f726d6174 617a", "0100001100000007 a2 627263 03" RSN("393230"));
	/* bootloader */
	expect("0800000100000008 a0", "0900001500000008 bf 6a 626f6f746c6f61646572 67 4d4355626f6f74 ff");
	expect("0800000c00000008 a1 657175657279 646d6f6465", "0900000800000008 bf 64 6d6f6465 09 ff");
	rig.os.no_downgrade = true;
	rig.os.bootloader_mode = -1;
	expect("0800000c00000008 a1 657175657279 646d6f6465", "0900001600000008 bf 64 6d6f6465 20 6c 6e6f2d646f776e6772616465 f5 ff");
	expect("0000000900000008 a1 657175657279 617a", "0100001100000008 a2 627263 05" RSN("393231"));
	/* reset */
	expect("0a00000100000005 a0", "0b00000200000005 bf ff");
	assert_true(rig.os.reset_wanted);
	rig.os.reset_wanted = false;
	rig.os.reset_ask = busy_unless_forced;
	rig.os.reset_ctx = &mode;
	expect("0a00000100000005 a0", "0b00001100000005 a2 627263 0a" RSN("393232"));
	assert_false(rig.os.reset_wanted);
	expect("0a00000800000005 a1 65666f726365 f4", "0b00001100000005 a2 627263 0a" RSN("393232"));
	expect("0a00000800000005 a1 65666f726365 f5", "0b00000200000005 bf ff");
	assert_true(rig.os.reset_wanted);
	rig.os.reset_wanted = false;
	expect("0a00001300000005 a2 65666f726365 01 69626f6f745f6d6f6465 01", "0b00000200000005 bf ff");
	assert_true(rig.os.reset_wanted);
	assert_int_equal(rig.os.boot_mode, 1);
	assert_int_equal(mode, 1);
}

static enum hf_reason refuse_in_own_words(void *ctx, struct smp_call *call)
{
	(void)ctx;
	return smp_call_refuse(call, 70, 300, SMP_RC_DENIED);
}

static void test_application_group(void **state)
{
	const struct smp_row rows[] = { { .group = 70, .id = 1, .read = refuse_in_own_words } };

	(void)state;
	smp_server_start(&rig.server, rows, 1);
	expect("0800000100460001 a0", "0900001400460001 a1 63657272 a2 6567726f7570 1846 627263 19012c");
	expect("0000000100460001 a0", "0100001100460001 a2 627263 0b" RSN("393433"));
	expect("0a00000100460001 a0", "0b00001100460001 a2 627263 08" RSN("393033"));
	smp_server_start(&rig.server, rows, 0);
	expect("0800000100460001 a0", "0900001100460001 a2 627263 08" RSN("393033"));
}

static void test_why(void **state)
{
	struct hex got;
	struct smp_reply reply;

	(void)state;
	expect("0a00000100000063 a0", "0b00001100000063 a2 627263 08" RSN("393033"));
	got = answer("0800000148460000 a0");
	assert_int_equal(smp_reply_read(got.bytes, got.size_bytes, &reply), HF_OK);
	{
		struct smp_why_reply why;

		assert_int_equal(smp_read_why(&reply, &why), HF_OK);
		assert_true(why.has_report);
		assert_int_equal(why.cause, HF_CAUSE_REFUSED);
		assert_int_equal(why.refusal, HF_R_FLASH_READ);
		assert_int_equal(why.where, 4);
		assert_int_equal(why.expected, 5);
		assert_int_equal(why.found, 6);
		assert_int_equal(why.size_max, rig.app.size_max);
		assert_int_equal(why.last, HF_R_SMP_NOT_SUPPORTED);
	}
	rig.why.report = NULL;
	expect("0800000148460000 a0", "0900000a48460000 bf 64 6c617374 190387 ff");
}

/* Every reason has a code that fits the reply, and only those that are the group's own become "err". */
static void test_every_reason_has_a_code(void **state)
{
	(void)state;
	for (uint32_t number = 1; number < 1300; number++) {
		struct smp_code code = smp_code_of((enum hf_reason)number);

		assert_in_range(code.rc, 1, 34);
		assert_in_range(code.v1_rc, 1, 13);
		assert_true(code.of_group || code.rc <= SMP_RC_TOO_NEW);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_dispatcher, start),      cmocka_unit_test_setup(test_concatenated, start),
		cmocka_unit_test_setup(test_reply_too_large, start), cmocka_unit_test_setup(test_os, start),
		cmocka_unit_test_setup(test_application_group, start), cmocka_unit_test_setup(test_why, start),
		cmocka_unit_test(test_every_reason_has_a_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
