/* SPDX-License-Identifier: MIT */
/* Malformed requests, kinds 23 to 36, 45 to 48, 50, 78 and 79: uploads of images and files. See test_smp_hostile.c. */
#include "smp_hostile.h"

/* --- uploads ------------------------------------------------------------------------------------------------------------- */

struct chunk {
	uint32_t off, size_bytes, len, sha_bytes, image;
	const uint8_t *data, *sha;
};

/* Sends a chunk; fields that are 0 take what an honest client sends; len or sha_bytes NONE: left out. */
#define NONE 0xfffffffeu
static struct smp_reply chunk_send(struct chunk chunk)
{
	static uint8_t body[1500];
	struct smp_writer writer = smp_writer_of(body, sizeof body);

	smp_put_map_open(&writer);
	smp_put_key_uint(&writer, "off", chunk.off);
	if (chunk.off == 0 && chunk.len != NONE)
		smp_put_key_uint(&writer, "len", chunk.len != 0 ? chunk.len : file_bytes);
	if (chunk.off != 0 && chunk.len != 0)
		smp_put_key_uint(&writer, "len", chunk.len);
	if (chunk.off == 0 && chunk.sha_bytes != NONE)
		smp_put_key_bytes(&writer, "sha", chunk.sha != NULL ? chunk.sha : sha, chunk.sha_bytes != 0 ? chunk.sha_bytes : 32);
	if (chunk.image != 0)
		smp_put_key_uint(&writer, "image", chunk.image);
	smp_put_key_bytes(&writer, "data", chunk.data != NULL ? chunk.data : file + chunk.off, chunk.size_bytes);
	smp_put_close(&writer);
	return send_body(UPLOAD, body, writer.used_bytes);
}

static uint32_t off_of(struct smp_reply reply)
{
	struct smp_field field = { .key = "off", .type = SMP_TYPE_U32 };

	assert_false(reply.refused);
	assert_int_equal(smp_map_read(&reply.body, &field, 1), HF_OK);
	assert_true(field.found);
	return field.is.u32;
}

static void expect_rc(struct smp_reply reply, uint16_t rc)
{
	assert_true(reply.refused);
	assert_int_equal(reply.code.rc, rc);
}

static void test_upload_fields(void **state)
{
	static uint8_t wrong[500];
	uint8_t long_sha[64] = { 0 };

	(void)state;
	cover(24);
	{
		/* len 0 cannot be asked of chunk_send */
		struct hex body = hex_of("a3 636f6666 00 636c656e 00 6464617461 5820 3db8f396" "00112233445566778899aabbccddeeff" "000000000000000000000000");

		expect_rc(send_body(UPLOAD, body.bytes, body.size_bytes), 21);
	}
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .len = NONE }), 21);
	cover(25);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .len = 8 * 4096 + 1 }), 30);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .len = 0xffffffff }), 30);
	cover(28);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 0 }), 22);
	cover(30);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 31 }), 22);
	cover(31);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .data = wrong }), 23);
	cover(34);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .sha = long_sha, .sha_bytes = 33 }), 24);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .sha = long_sha, .sha_bytes = 64 }), 24);
	cover(36);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .image = 255 }), 9);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .image = 0xffffffff }), 9);
	cover(27);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .len = 499 }), 31);
	assert_int_equal(rig.slots[1].erase_count + rig.slots[1].write_count, 0);
	cover(35);
	assert_int_equal(off_of(chunk_send((struct chunk){ .size_bytes = 500, .sha_bytes = 1 })), 500);
	/* in the middle */
	assert_int_equal(off_of(chunk_send((struct chunk){ .size_bytes = 500 })), 500);
	cover(23);
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 0xffffffff, .size_bytes = 500, .data = file })), 500);
	cover(29);
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 500, .size_bytes = 0 })), 500);
	cover(26);
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 500, .size_bytes = 100, .len = 600 })), 600);
	assert_int_equal(rig.image.upload.size_bytes, file_bytes);
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 600, .size_bytes = 1400 })), 2000);
	cover(27); /* and at the end */
	expect_rc(chunk_send((struct chunk){ .off = 2000, .size_bytes = file_bytes - 2000 + 1 }), 31);
	cover(48);
	{
		uint32_t reached = off_of(chunk_send((struct chunk){ .size_bytes = 500 })); /* the same: goes on */

		assert_int_equal(reached, 2000);
		assert_int_equal(off_of(chunk_send((struct chunk){ .size_bytes = 500, .len = file_bytes - 1 })), 500); /* another */
		long_sha[0] = 1;
		assert_int_equal(off_of(chunk_send((struct chunk){ .size_bytes = 400, .sha = long_sha })), 400);
		assert_int_equal(off_of(chunk_send((struct chunk){ .off = 500, .size_bytes = 500 })), 400);
	}
	still_well();
}

/* Headers that lie: what they say is looked at when the slot is read, and then it is no image. */
static void test_lying_headers(void **state)
{
	static uint8_t liar[4096];
	static const struct {
		uint32_t kind, at, value, bytes;
	} rows[] = { { 32, 8, 0xffff, 2 }, { 32, 8, 0, 2 }, { 33, 12, 0xffffffff, 4 }, { 33, 12, 0xfffffe00, 4 }, { 33, 10, 0xffff, 2 } };

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		struct smp_reply reply = { .refused = false };
		uint8_t tag[32] = { (uint8_t)(i + 1) };

		cover(rows[i].kind);
		memcpy(liar, file, file_bytes);
		for (uint32_t k = 0; k < rows[i].bytes; k++)
			liar[rows[i].at + k] = (uint8_t)(rows[i].value >> (8 * k));
		for (uint32_t off = 0; off < file_bytes;) {
			uint32_t size = file_bytes - off < 500 ? file_bytes - off : 500;

			reply = chunk_send((struct chunk){ .off = off, .size_bytes = size, .data = liar + off, .sha = tag });
			off = off_of(reply);
		}
		{
			struct smp_image_list list;
			uint8_t body[64];
			struct smp_writer writer = smp_writer_of(body, sizeof body);

			reply = send_body(SMP_OP_READ, SMP_GROUP_IMAGE, SMP_IMAGE_STATE, body, 0);
			assert_int_equal(smp_read_image_list(&reply, &list), HF_OK);
			assert_int_equal(list.count, 1);
			smp_put_map(&writer, 1);
			smp_put_key_bytes(&writer, "hash", tag, 32);
			expect_rc(send_body(STATE, body, writer.used_bytes), 8);
		}
		still_well();
	}
}

static void test_sessions(void **state)
{
	struct hex erase = hex_of("a1 64736c6f74 01");
	uint8_t other_sha[32] = { 9 };

	(void)state;
	cover(45);
	assert_int_equal(off_of(chunk_send((struct chunk){ .size_bytes = 500 })), 500);
	assert_false(send_body(ERASE, erase.bytes, erase.size_bytes).refused);
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 500, .size_bytes = 500 })), 0);
	cover(47); /* the device resets; flash fails */
	assert_int_equal(off_of(chunk_send((struct chunk){ .size_bytes = 500 })), 500);
	rig_reset(&rig);
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 500, .size_bytes = 500 })), 0);
	assert_int_equal(off_of(chunk_send((struct chunk){ .size_bytes = 500 })), 500);
	rig.slots[1].fail_writes_after = 1;
	expect_rc(chunk_send((struct chunk){ .off = 500, .size_bytes = 500 }), 12);
	rig.slots[1].fail_writes_after = 0;
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 500, .size_bytes = 500 })), 0);
	/* two transports: the second neither breaks in nor mixes its bytes in, at whatever offset */
	cover(46);
	cover(78);
	rig.image.lease_ms = 1000;
	rig.server.peer = 1;
	rig.server.now_ms = 5000;
	assert_int_equal(off_of(chunk_send((struct chunk){ .size_bytes = 500 })), 500);
	rig.server.peer = 2;
	rig.server.now_ms = 5900;
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .sha = other_sha }), SMP_RC_BUSY);
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .sha_bytes = NONE }), SMP_RC_BUSY);
	expect_rc(send_body(ERASE, erase.bytes, erase.size_bytes), SMP_RC_BUSY);
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 500, .size_bytes = 500, .data = file })), 0);
	rig.server.peer = 1;
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 500, .size_bytes = 500 })), 1000);
	/* who knows the file's hash may go on with it, and the first then has to ask likewise */
	rig.server.peer = 2;
	assert_int_equal(off_of(chunk_send((struct chunk){ .size_bytes = 500 })), 1000);
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 1000, .size_bytes = 500 })), 1500);
	rig.server.peer = 1;
	assert_int_equal(off_of(chunk_send((struct chunk){ .off = 1000, .size_bytes = 500 })), 0);
	/* a client that is gone holds nothing for longer than its lease */
	rig.server.peer = 3;
	rig.server.now_ms = 6899;
	expect_rc(chunk_send((struct chunk){ .size_bytes = 500, .sha = other_sha }), SMP_RC_BUSY);
	rig.server.now_ms = 6900;
	assert_int_equal(off_of(chunk_send((struct chunk){ .size_bytes = 500, .sha = other_sha })), 500);
	rig.server.peer = 0;
	rig.server.now_ms = 8000;
	cover(44); /* a pending image may be erased */
	rig_reset(&rig);
	rig_put(&rig, HF_SLOT_SECONDARY, file, file_bytes);
	{
		uint8_t body[64];
		struct smp_writer writer = smp_writer_of(body, sizeof body);

		rig_image(file, sizeof file, 2000, (struct hf_version){ 1, 0, 0, 0 }, 4);
		rig_put(&rig, HF_SLOT_SECONDARY, file, file_bytes);
		smp_put_map(&writer, 1);
		smp_put_key_bytes(&writer, "hash", rig_image_hash(file, file_bytes), 32);
		assert_false(send_body(STATE, body, writer.used_bytes).refused);
		assert_false(send_body(ERASE, erase.bytes, erase.size_bytes).refused);
		rig_image(file, sizeof file, 2000, (struct hf_version){ 1, 0, 0, 0 }, 3);
	}
	still_well();
}

/* Every chunk twice, then all again in another order: nothing is written twice, and the file is whole. */
static void test_replay(void **state)
{
	uint32_t writes;

	(void)state;
	cover(79);
	for (uint32_t off = 0; off < file_bytes;) {
		uint32_t size = file_bytes - off < 200 ? file_bytes - off : 200, next;

		next = off_of(chunk_send((struct chunk){ .off = off, .size_bytes = size }));
		assert_int_equal(next, off + size);
		writes = rig.slots[1].write_count;
		assert_int_equal(off_of(chunk_send((struct chunk){ .off = off, .size_bytes = size })), next);
		for (uint32_t old = off; old != 0; old -= 200)
			assert_int_equal(off_of(chunk_send((struct chunk){ .off = old, .size_bytes = size })), next);
		if (off + 400 < file_bytes)
			assert_int_equal(off_of(chunk_send((struct chunk){ .off = off + 400, .size_bytes = 10 })), next);
		assert_int_equal(rig.slots[1].write_count, writes);
		off = next;
	}
	assert_memory_equal(rig.slots[1].bytes, file, file_bytes);
	assert_true(rig.image.match_known && rig.image.matched);
	still_well();
}

static void test_file_offsets(void **state)
{
	struct hex body = hex_of("a4 636f6666 00 646e616d65 66 2f6c66732f61 636c656e 0a 6464617461 43 010203");
	struct smp_field field = { .key = "len", .type = SMP_TYPE_U32 };
	struct smp_reply reply;

	(void)state;
	cover(50);
	assert_false(send_body(SMP_OP_WRITE, SMP_GROUP_FS, SMP_FS_FILE, body.bytes, body.size_bytes).refused);
	body = hex_of("a2 636f6666 04 646e616d65 66 2f6c66732f61");
	expect_rc(send_body(SMP_OP_READ, SMP_GROUP_FS, SMP_FS_FILE, body.bytes, body.size_bytes), 12);
	body = hex_of("a2 636f6666 1affffffff 646e616d65 66 2f6c66732f61");
	expect_rc(send_body(SMP_OP_READ, SMP_GROUP_FS, SMP_FS_FILE, body.bytes, body.size_bytes), 12);
	body = hex_of("a3 636f6666 1affffffff 646e616d65 66 2f6c66732f61 6464617461 43 010203");
	expect_rc(send_body(SMP_OP_WRITE, SMP_GROUP_FS, SMP_FS_FILE, body.bytes, body.size_bytes), SMP_RC_INVALID);
	body = hex_of("a3 636f6666 04 646e616d65 66 2f6c66732f61 6464617461 43 010203");
	reply = send_body(SMP_OP_WRITE, SMP_GROUP_FS, SMP_FS_FILE, body.bytes, body.size_bytes);
	expect_rc(reply, 11);
	assert_int_equal(smp_map_read(&reply.body, &field, 1), HF_OK);
	assert_true(field.found && field.is.u32 == 3);
	assert_int_equal(app_rig_file(&app, "/lfs/a")->size_bytes, 3);
	still_well();
}

static void test_all_kinds_were_met(void **state)
{
	(void)state;
	for (uint32_t kind = 1; kind <= KINDS; kind++) {
		bool of_uploads = (kind >= 23 && kind <= 36) || (kind >= 45 && kind <= 48) || kind == 50 || kind == 78 || kind == 79;

		assert_true(covered[kind] || !of_uploads);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_upload_fields, start), cmocka_unit_test_setup(test_lying_headers, start),
		cmocka_unit_test_setup(test_sessions, start),      cmocka_unit_test_setup(test_replay, start),
		cmocka_unit_test_setup(test_file_offsets, start),  cmocka_unit_test(test_all_kinds_were_met),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
