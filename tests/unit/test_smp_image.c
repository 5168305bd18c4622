/* SPDX-License-Identifier: MIT */
/* The image group over Holdfast's own core on RAM flash, with both kinds of flash. */
#include "smp_hex.h"

#include "smp_rig.h"

#define SECTORS 16u

static struct rig rig;
static uint8_t old_file[8192], new_file[32768];
static uint32_t old_bytes, new_bytes;
static uint8_t new_sha[32];

static int start(bool rram)
{
	rig_start(&rig, SECTORS, rram);
	old_bytes = rig_image(old_file, sizeof old_file, 5000, (struct hf_version){ 1, 0, 0, 0 }, 1);
	new_bytes = rig_image(new_file, sizeof new_file, 20001, (struct hf_version){ 1, 1, 0, 7 }, 2);
	rig_sha256(new_file, new_bytes, new_sha);
	rig_put(&rig, HF_SLOT_PRIMARY, old_file, old_bytes);
	return 0;
}

static int start_nor(void **state)
{
	(void)state;
	return start(false);
}

static int start_rram(void **state)
{
	(void)state;
	return start(true);
}

struct answer {
	uint8_t bytes[2048];
	uint32_t size_bytes;
	struct smp_reply reply;
};

static struct answer ask(uint8_t version, uint8_t op, uint8_t id, const struct smp_writer *body)
{
	static struct answer answer;

	answer.size_bytes = rig_ask(&rig, version, op, SMP_GROUP_IMAGE, id, body->bytes, body->used_bytes, answer.bytes, sizeof answer.bytes);
	assert_int_equal(smp_reply_read(answer.bytes, answer.size_bytes, &answer.reply), HF_OK);
	return answer;
}

static uint8_t body_bytes[2048];

static struct smp_writer body_open(void)
{
	struct smp_writer writer = smp_writer_of(body_bytes, sizeof body_bytes);

	smp_put_map_open(&writer);
	return writer;
}

/* --- upload requests ---- */

struct chunk {
	uint32_t off, size_bytes;
	bool no_off, no_len, upgrade, has_image, no_sha;
	uint32_t len, image, sha_bytes;
	const uint8_t *data;
};

static struct answer send_chunk(const struct chunk *chunk)
{
	struct smp_writer writer = body_open();
	uint32_t sha_bytes = chunk->sha_bytes != 0 ? chunk->sha_bytes : 32u;
	uint8_t sha[64] = { 0 };

	memcpy(sha, new_sha, 32);
	if (!chunk->no_off)
		smp_put_key_uint(&writer, "off", chunk->off);
	if (chunk->off == 0 && !chunk->no_len)
		smp_put_key_uint(&writer, "len", chunk->len != 0 ? chunk->len : new_bytes);
	if (chunk->off == 0 && !chunk->no_sha)
		smp_put_key_bytes(&writer, "sha", sha, sha_bytes);
	if (chunk->upgrade)
		smp_put_key_bool(&writer, "upgrade", true);
	if (chunk->has_image)
		smp_put_key_uint(&writer, "image", chunk->image);
	smp_put_key_bytes(&writer, "data", chunk->data != NULL ? chunk->data : new_file + chunk->off, chunk->size_bytes);
	smp_put_close(&writer);
	return ask(SMP_V2, SMP_OP_WRITE, SMP_IMAGE_UPLOAD, &writer);
}

static void expect_off(struct answer answer, uint32_t off)
{
	struct smp_field field = { .key = "off", .type = SMP_TYPE_U32 };

	assert_false(answer.reply.refused);
	assert_int_equal(smp_map_read(&answer.reply.body, &field, 1), HF_OK);
	assert_true(field.found);
	assert_int_equal(field.is.u32, off);
}

static void expect_match(struct answer answer, bool match)
{
	struct smp_field field = { .key = "match", .type = SMP_TYPE_BOOL };

	assert_int_equal(smp_map_read(&answer.reply.body, &field, 1), HF_OK);
	assert_true(field.found);
	assert_int_equal(field.is.flag, match);
}

static void expect_refusal(struct answer answer, uint16_t rc, enum hf_reason reason)
{
	assert_true(answer.reply.refused);
	assert_true(answer.reply.code.of_group);
	assert_int_equal(answer.reply.code.group, SMP_GROUP_IMAGE);
	assert_int_equal(answer.reply.code.rc, rc);
	assert_int_equal(rig.server.last_refusal, reason);
}

static void upload_from(uint32_t off, uint32_t step)
{
	while (off < new_bytes) {
		struct chunk chunk = { .off = off, .size_bytes = new_bytes - off < step ? new_bytes - off : step };
		struct answer answer = send_chunk(&chunk);

		off += chunk.size_bytes;
		expect_off(answer, off);
		if (off == new_bytes)
			expect_match(answer, true);
	}
}

static struct smp_image_list list_now(void)
{
	struct smp_writer writer = body_open();
	struct smp_image_list list;
	struct answer answer;

	smp_put_close(&writer);
	answer = ask(SMP_V2, SMP_OP_READ, SMP_IMAGE_STATE, &writer);
	assert_int_equal(smp_read_image_list(&answer.reply, &list), HF_OK);
	return list;
}

static struct answer state_write(const uint8_t *hash, uint32_t hash_bytes, bool confirm)
{
	struct smp_writer writer = body_open();

	if (hash_bytes != 0)
		smp_put_key_bytes(&writer, "hash", hash, hash_bytes);
	if (confirm)
		smp_put_key_bool(&writer, "confirm", true);
	smp_put_close(&writer);
	return ask(SMP_V2, SMP_OP_WRITE, SMP_IMAGE_STATE, &writer);
}

static struct answer erase(bool has_slot, uint32_t slot)
{
	struct smp_writer writer = body_open();

	if (has_slot)
		smp_put_key_uint(&writer, "slot", slot);
	smp_put_close(&writer);
	return ask(SMP_V2, SMP_OP_WRITE, SMP_IMAGE_ERASE, &writer);
}

/* What the loader leaves after a test swap: the new image runs, the trailer says so, nobody has confirmed. */
static void make_trial(void)
{
	rig_put(&rig, HF_SLOT_PRIMARY, new_file, new_bytes);
	rig_put(&rig, HF_SLOT_SECONDARY, old_file, old_bytes);
	assert_int_equal(hf_trailer_write_magic(&rig.flash[0], rig.app.align), HF_OK);
	assert_int_equal(hf_trailer_write_copy_done(&rig.flash[0], rig.app.align), HF_OK);
	rig_reset(&rig);
}

/* --- tests ---- */

static void test_whole_way(void **state)
{
	struct smp_image_list list = list_now();
	static const uint32_t steps[] = { 1000, 33, 977, 500 };

	(void)state;
	assert_int_equal(list.count, 1);
	assert_int_equal(list.entries[0].slot, 0);
	assert_string_equal(list.entries[0].version, "1.0.0");
	assert_memory_equal(list.entries[0].hash, rig_image_hash(old_file, old_bytes), 32);
	assert_true(list.entries[0].active && list.entries[0].confirmed && list.entries[0].bootable);
	assert_false(list.entries[0].pending || list.entries[0].permanent);
	for (size_t i = 0; i < HF_ARRAY_COUNT(steps); i++) {
		rig_reset(&rig);
		upload_from(0, steps[i]);
		assert_memory_equal(rig.slots[1].bytes, new_file, new_bytes);
		list = list_now();
		assert_int_equal(list.count, 2);
		assert_int_equal(list.entries[1].slot, 1);
		assert_string_equal(list.entries[1].version, "1.1.0.7");
		assert_memory_equal(list.entries[1].hash, rig_image_hash(new_file, new_bytes), 32);
		assert_false(list.entries[1].active || list.entries[1].pending || list.entries[1].confirmed);
	}
	{
		struct answer answer = state_write(rig_image_hash(new_file, new_bytes), 32, false);

		assert_int_equal(smp_read_image_list(&answer.reply, &list), HF_OK);
	}
	assert_true(list.entries[1].pending);
	assert_false(list.entries[1].permanent);
	/* and permanent, over a pending test */
	{
		struct answer answer = state_write(rig_image_hash(new_file, new_bytes), 32, true);

		assert_int_equal(smp_read_image_list(&answer.reply, &list), HF_OK);
	}
	assert_true(list.entries[1].pending && list.entries[1].permanent);
}

static void test_upload_checks(void **state)
{
	static uint8_t wrong[64];

	(void)state;
	memcpy(wrong, new_file, sizeof wrong);
	wrong[0] ^= 1;
	expect_refusal(send_chunk(&(struct chunk){ .no_off = true, .size_bytes = 500 }), 20, HF_R_SMP_UPLOAD_NO_OFF);
	expect_refusal(send_chunk(&(struct chunk){ .size_bytes = 0 }), 22, HF_R_SMP_UPLOAD_HEADER);
	expect_refusal(send_chunk(&(struct chunk){ .size_bytes = 31 }), 22, HF_R_SMP_UPLOAD_HEADER);
	expect_refusal(send_chunk(&(struct chunk){ .size_bytes = 500, .no_len = true }), 21, HF_R_SMP_UPLOAD_LEN);
	expect_refusal(send_chunk(&(struct chunk){ .size_bytes = 500, .len = 1 }), 21, HF_R_SMP_UPLOAD_LEN);
	expect_refusal(send_chunk(&(struct chunk){ .size_bytes = 64, .data = wrong }), 23, HF_R_SMP_UPLOAD_MAGIC);
	expect_refusal(send_chunk(&(struct chunk){ .size_bytes = 500, .sha_bytes = 33 }), 24, HF_R_SMP_UPLOAD_SHA);
	expect_refusal(send_chunk(&(struct chunk){ .size_bytes = 500, .has_image = true, .image = 2 }), 9, HF_R_SMP_UPLOAD_IMAGE);
	expect_refusal(send_chunk(&(struct chunk){ .size_bytes = 500, .has_image = true, .image = 0xffffffff }), 9, HF_R_SMP_UPLOAD_IMAGE);
	expect_refusal(send_chunk(&(struct chunk){ .size_bytes = 500, .len = 100 }), 31, HF_R_SLOT_OVERRUN);
	expect_refusal(send_chunk(&(struct chunk){ .size_bytes = 500, .len = rig.app.size_max + 1 }), 30, HF_R_SLOT_TOO_SMALL);
	expect_refusal(send_chunk(&(struct chunk){ .size_bytes = 500, .len = 0xffffffff }), 30, HF_R_SLOT_TOO_SMALL);
	/* Nothing of that touched the flash. */
	assert_int_equal(rig.slots[1].erase_count + rig.slots[1].write_count, 0);
	/* The largest length that is allowed begins well, and so does image 1. */
	expect_off(send_chunk(&(struct chunk){ .size_bytes = 500, .len = rig.app.size_max }), 500);
	expect_off(send_chunk(&(struct chunk){ .size_bytes = 500, .has_image = true, .image = 1 }), 500);
	/* The header of the old image does not survive the beginning of another upload. */
	assert_int_equal(list_now().count, 1);
}

static void test_upgrade_only(void **state)
{
	(void)state;
	expect_off(send_chunk(&(struct chunk){ .size_bytes = 500, .upgrade = true }), 500);
	rig_reset(&rig);
	rig_put(&rig, HF_SLOT_PRIMARY, new_file, new_bytes);
	expect_refusal(send_chunk(&(struct chunk){ .size_bytes = 500, .upgrade = true }), 27, HF_R_SMP_UPLOAD_OLDER);
	expect_off(send_chunk(&(struct chunk){ .size_bytes = 500 }), 500);
}

static void test_offsets(void **state)
{
	(void)state;
	/* no session: 0 is wanted */
	expect_off(send_chunk(&(struct chunk){ .off = 500, .size_bytes = 100 }), 0);
	expect_off(send_chunk(&(struct chunk){ .off = 0, .size_bytes = 500 }), 500);
	/* too far, too early, the same again, empty: the wanted offset, nothing written */
	expect_off(send_chunk(&(struct chunk){ .off = 600, .size_bytes = 100 }), 500);
	expect_off(send_chunk(&(struct chunk){ .off = 400, .size_bytes = 100 }), 500);
	expect_off(send_chunk(&(struct chunk){ .off = 500, .size_bytes = 0 }), 500);
	expect_off(send_chunk(&(struct chunk){ .off = 500, .size_bytes = 100 }), 600);
	expect_off(send_chunk(&(struct chunk){ .off = 500, .size_bytes = 100 }), 600);
	/* resume by hash: the stored offset, data ignored */
	expect_off(send_chunk(&(struct chunk){ .off = 0, .size_bytes = 500 }), 600);
	/* a length that changed is another upload; so is another hash, and none */
	expect_off(send_chunk(&(struct chunk){ .off = 0, .size_bytes = 500, .len = new_bytes - 1 }), 500);
	expect_off(send_chunk(&(struct chunk){ .off = 500, .size_bytes = 100 }), 600);
	expect_off(send_chunk(&(struct chunk){ .off = 0, .size_bytes = 400, .no_sha = true }), 400);
	expect_off(send_chunk(&(struct chunk){ .off = 0, .size_bytes = 400, .sha_bytes = 1 }), 400);
	expect_off(send_chunk(&(struct chunk){ .off = 0, .size_bytes = 300, .sha_bytes = 1 }), 400);
	/* more than announced: refused, the session goes on */
	expect_off(send_chunk(&(struct chunk){ .off = 0, .size_bytes = 500, .len = 700 }), 500);
	expect_refusal(send_chunk(&(struct chunk){ .off = 500, .size_bytes = 201 }), 31, HF_R_SLOT_OVERRUN);
	expect_off(send_chunk(&(struct chunk){ .off = 500, .size_bytes = 100 }), 600);
	/* after a reset the session is gone */
	rig_reset(&rig);
	expect_off(send_chunk(&(struct chunk){ .off = 600, .size_bytes = 100 }), 0);
	upload_from(0, 800);
	/* a lost last reply: the end again, or the beginning with the same hash, is answered with the end */
	expect_off(send_chunk(&(struct chunk){ .off = new_bytes - 100, .size_bytes = 100 }), new_bytes);
	expect_match(send_chunk(&(struct chunk){ .off = new_bytes - 100, .size_bytes = 100 }), true);
	expect_off(send_chunk(&(struct chunk){ .off = 0, .size_bytes = 500 }), new_bytes);
	assert_memory_equal(rig.slots[1].bytes, new_file, new_bytes);
	/* erase ends the session */
	assert_false(erase(false, 0).reply.refused);
	expect_off(send_chunk(&(struct chunk){ .off = 500, .size_bytes = 100 }), 0);
	assert_true(hf_is_filled(rig.slots[1].bytes, SECTORS * RIG_SECTOR_BYTES, 0xff));
}

static void test_match_false(void **state)
{
	uint32_t off;
	struct answer answer;

	(void)state;
	new_sha[0] ^= 1;
	for (off = 0; off + 1000 < new_bytes; off += 1000)
		expect_off(send_chunk(&(struct chunk){ .off = off, .size_bytes = 1000 }), off + 1000);
	answer = send_chunk(&(struct chunk){ .off = off, .size_bytes = new_bytes - off });
	expect_off(answer, new_bytes);
	expect_match(answer, false);
	/* without cryptography there is no "match" */
	rig.image.crypto = NULL;
	rig_reset(&rig);
	for (off = 0; off + 1000 < new_bytes; off += 1000)
		expect_off(send_chunk(&(struct chunk){ .off = off, .size_bytes = 1000 }), off + 1000);
	answer = send_chunk(&(struct chunk){ .off = off, .size_bytes = new_bytes - off });
	expect_off(answer, new_bytes);
	{
		struct smp_field field = { .key = "match", .type = SMP_TYPE_BOOL };

		assert_int_equal(smp_map_read(&answer.reply.body, &field, 1), HF_OK);
		assert_false(field.found);
	}
}

static void test_flash_failure(void **state)
{
	(void)state;
	expect_off(send_chunk(&(struct chunk){ .off = 0, .size_bytes = 1000 }), 1000);
	rig.slots[1].fail_writes_after = rig.slots[1].write_count + 1;
	expect_refusal(send_chunk(&(struct chunk){ .off = 1000, .size_bytes = 1000 }), 12, HF_R_FLASH_WRITE);
	rig.slots[1].fail_writes_after = 0;
	expect_off(send_chunk(&(struct chunk){ .off = 1000, .size_bytes = 1000 }), 0);
	upload_from(0, 900);
}

static void test_state_write(void **state)
{
	uint8_t hash[64] = { 1, 2, 3 };

	(void)state;
	upload_from(0, 1000);
	expect_refusal(state_write(hash, 0, false), 24, HF_R_SMP_HASH);
	expect_refusal(state_write(hash, 31, false), 24, HF_R_SMP_HASH);
	expect_refusal(state_write(hash, 33, true), 24, HF_R_SMP_HASH);
	expect_refusal(state_write(hash, 32, false), 8, HF_R_SMP_HASH_UNKNOWN);
	expect_refusal(state_write(hash, 64, true), 8, HF_R_SMP_HASH_UNKNOWN);
	expect_refusal(state_write(rig_image_hash(old_file, old_bytes), 32, false), 33, HF_R_SMP_TEST_ACTIVE);
	assert_false(state_write(rig_image_hash(old_file, old_bytes), 32, true).reply.refused); /* nothing to confirm: fine */
	assert_false(state_write(hash, 0, true).reply.refused);
	assert_false(list_now().entries[1].pending);
	/* a half upload is no image, not even if an old one's TLVs lie behind it */
	expect_off(send_chunk(&(struct chunk){ .off = 0, .size_bytes = 500, .no_sha = true }), 500);
	assert_int_equal(list_now().count, 1);
	expect_refusal(state_write(rig_image_hash(new_file, new_bytes), 32, false), 3, HF_R_SMP_UPLOAD_OPEN);
}

static void test_pending(void **state)
{
	(void)state;
	upload_from(0, 1000);
	assert_false(state_write(rig_image_hash(new_file, new_bytes), 32, false).reply.refused);
	/* waiting for the next boot: another upload is refused, the same one is known to be done, an erase is allowed */
	expect_refusal(send_chunk(&(struct chunk){ .off = 0, .size_bytes = 500, .no_sha = true }), 9, HF_R_SLOT_PENDING);
	expect_off(send_chunk(&(struct chunk){ .off = 0, .size_bytes = 500 }), new_bytes);
	assert_true(list_now().entries[1].pending);
	assert_false(erase(true, 1).reply.refused);
	assert_int_equal(list_now().count, 1);
	upload_from(0, 1000);
}

static void test_trial(void **state)
{
	struct smp_image_list list;

	(void)state;
	make_trial();
	list = list_now();
	assert_int_equal(list.count, 2);
	assert_true(list.entries[0].active && !list.entries[0].confirmed);
	assert_true(list.entries[1].confirmed && !list.entries[1].active);
	expect_refusal(send_chunk(&(struct chunk){ .off = 0, .size_bytes = 500 }), 9, HF_R_SLOT_TRIAL_OPEN);
	expect_refusal(erase(false, 0), 9, HF_R_SLOT_TRIAL_OPEN);
	expect_refusal(state_write(rig_image_hash(old_file, old_bytes), 32, false), 9, HF_R_SLOT_TRIAL_OPEN);
	assert_memory_equal(rig.slots[1].bytes, old_file, old_bytes);
	/* version 1 hears EBADSTATE, and the reason */
	{
		struct smp_writer writer = body_open();
		struct answer answer;

		smp_put_close(&writer);
		answer = ask(SMP_V1, SMP_OP_WRITE, SMP_IMAGE_ERASE, &writer);
		assert_true(answer.reply.refused && !answer.reply.code.of_group);
		assert_int_equal(answer.reply.code.rc, SMP_RC_BAD_STATE);
		assert_int_equal(answer.reply.reason, HF_R_SLOT_TRIAL_OPEN);
	}
	assert_false(state_write(rig_image_hash(new_file, new_bytes), 32, true).reply.refused);
	list = list_now();
	assert_true(list.entries[0].confirmed);
	expect_off(send_chunk(&(struct chunk){ .off = 0, .size_bytes = 500 }), 500);
}

static void test_erase_and_slots(void **state)
{
	struct smp_writer writer = body_open();
	struct answer answer;
	struct smp_slot_list slots;

	(void)state;
	expect_refusal(erase(true, 0), 9, HF_R_SMP_SLOT_ACTIVE);
	expect_refusal(erase(true, 2), 14, HF_R_SMP_SLOT);
	expect_refusal(erase(true, 0xffffffff), 14, HF_R_SMP_SLOT);
	assert_false(erase(false, 0).reply.refused);
	assert_memory_equal(rig.slots[0].bytes, old_file, old_bytes);
	smp_put_close(&writer);
	answer = ask(SMP_V2, SMP_OP_READ, SMP_IMAGE_SLOTS, &writer);
	assert_int_equal(smp_read_slots(&answer.reply, &slots), HF_OK);
	assert_int_equal(slots.count, 2);
	assert_int_equal(slots.entries[0].size_bytes, SECTORS * RIG_SECTOR_BYTES);
	assert_false(slots.entries[0].has_upload_id);
	assert_true(slots.entries[1].has_upload_id);
	assert_int_equal(slots.entries[1].upload_id, 0);
	assert_int_equal(slots.entries[1].image_max_bytes, rig.app.size_max);
}

/* Bodies of foreign clients: wrong types, doubled keys, strings in pieces. */
static void test_foreign_bodies(void **state)
{
	static const struct {
		const char *body;
		uint8_t id;
		enum hf_reason reason;
	} rows[] = {
		{ "a2 63 6f6666 20 64 64617461 40", SMP_IMAGE_UPLOAD, HF_R_SMP_CBOR_TYPE },
		{ "a2 63 6f6666 1bffffffffffffffff 64 64617461 40", SMP_IMAGE_UPLOAD, HF_R_SMP_CBOR_TYPE },
		{ "a3 63 6f6666 01 63 6f6666 00 64 64617461 40", SMP_IMAGE_UPLOAD, HF_R_SMP_CBOR_DUPLICATE },
		{ "a1 67 636f6e6669726d 01", SMP_IMAGE_STATE, HF_R_SMP_CBOR_TYPE },
		{ "a1 64 736c6f74 6131", SMP_IMAGE_ERASE, HF_R_SMP_CBOR_TYPE },
		{ "a1 64 68617368 60", SMP_IMAGE_STATE, HF_R_SMP_CBOR_TYPE },
		{ "a0", SMP_IMAGE_UPLOAD, HF_R_SMP_UPLOAD_NO_OFF },
		{ "", SMP_IMAGE_UPLOAD, HF_R_SMP_UPLOAD_NO_OFF },
		{ "a1 63 6f6666 00", SMP_IMAGE_UPLOAD, HF_R_SMP_UPLOAD_HEADER },
	};
	struct smp_writer writer = body_open();

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		struct hex body = hex_of(rows[i].body);
		struct smp_writer raw = { .bytes = body.bytes, .used_bytes = body.size_bytes };

		assert_true(ask(SMP_V2, SMP_OP_WRITE, rows[i].id, &raw).reply.refused);
		assert_int_equal(rig.server.last_refusal, rows[i].reason);
	}
	/* data in pieces of an indefinite string, unknown nested keys around it */
	smp_put_text(&writer, "future");
	smp_put_list_open(&writer);
	smp_put_map(&writer, 1);
	smp_put_key_uint(&writer, "deep", 1);
	smp_put_close(&writer);
	smp_put_key_uint(&writer, "len", new_bytes);
	smp_put_key_uint(&writer, "off", 0);
	smp_put_text(&writer, "data");
	writer.bytes[writer.used_bytes++] = 0x5f;
	for (uint32_t off = 0; off < 700; off += 70)
		smp_put_bytes(&writer, new_file + off, 70);
	smp_put_close(&writer);
	smp_put_close(&writer);
	expect_off(ask(SMP_V2, SMP_OP_WRITE, SMP_IMAGE_UPLOAD, &writer), 700);
	assert_memory_equal(rig.slots[1].bytes, new_file, 700 / 16 * 16);
}

#define BOTH(test) cmocka_unit_test_setup(test, start_nor), { #test " on RRAM", test, start_rram, NULL, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_whole_way),   BOTH(test_upload_checks), BOTH(test_upgrade_only),  BOTH(test_offsets),
		BOTH(test_match_false), BOTH(test_flash_failure), BOTH(test_state_write),   BOTH(test_pending),
		BOTH(test_trial),       BOTH(test_erase_and_slots), BOTH(test_foreign_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
