/* SPDX-License-Identifier: MIT */
/* test_verdict.c - what the images of tests/vectors cannot show: the rules of a loader (address, vector, version), places other than
 * offset 0, flash that cannot be read, builds that lack something, and that nothing is accepted on the way.
 *
 * Each test starts from the signed image tests/vectors/images/ed25519.bin or p256.bin.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <holdfast/verdict.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

enum { AREA_BYTES = 16384, SECTOR_BYTES = 4096, RESET_VECTOR = 0x10241 };

void hf_assert_failed(uint32_t line)
{
	fprintf(stderr, "assertion at line %u failed\n", (unsigned)line);
	abort();
}

struct rig {
	uint8_t area[AREA_BYTES];
	uint32_t image_bytes;
	uint32_t reads, bytes_read;
	uint32_t fail_at; /* the read that fails; 0: none */
	uint32_t fed, unfed_bytes, unfed_bytes_max;
	uint8_t der[2][128];
	struct hf_key keys[2]; /* P-256, Ed25519 */
	struct hf_flash flash;
	struct hf_image_place place;
	struct hf_rules rules;
	struct hf_verdict verdict;
};

static enum hf_reason rig_read(void *ctx, uint32_t off, void *into, uint32_t size_bytes)
{
	struct rig *rig = ctx;

	assert_true(hf_span_fits(off, size_bytes, AREA_BYTES));
	rig->reads++;
	rig->bytes_read += size_bytes;
	rig->unfed_bytes += size_bytes;
	if (rig->unfed_bytes > rig->unfed_bytes_max) {
		rig->unfed_bytes_max = rig->unfed_bytes;
	}
	if (rig->reads == rig->fail_at) {
		memset(into, 0xa5, size_bytes);
		return HF_R_FLASH_READ;
	}
	memcpy(into, rig->area + off, size_bytes);
	return HF_OK;
}

static void rig_feed(void *ctx)
{
	struct rig *rig = ctx;

	rig->fed++;
	rig->unfed_bytes = 0;
}

static FILE *open_vector(const char *folder, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/tests/vectors/%s/%s", getenv("HOLDFAST_SOURCE_DIR"), folder, name);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	return file;
}

static void load_key(struct rig *rig, uint32_t index, enum hf_key_kind kind, const char *name)
{
	FILE *file = open_vector("keys", name);
	EVP_PKEY *key = PEM_read_PUBKEY(file, NULL, NULL, NULL);
	unsigned char *into = rig->der[index];

	assert_non_null(key);
	rig->keys[index] = (struct hf_key){ .kind = kind, .der = rig->der[index] };
	rig->keys[index].size_bytes = (uint16_t)i2d_PUBKEY(key, &into);
	EVP_PKEY_free(key);
	fclose(file);
}

static void load_image(struct rig *rig, const char *name, uint32_t base_off)
{
	FILE *file = open_vector("images", name);

	memset(rig->area, 0xff, AREA_BYTES);
	rig->image_bytes = (uint32_t)fread(rig->area + base_off, 1, AREA_BYTES - base_off, file);
	rig->place.base_off = base_off;
	fclose(file);
}

static struct rig *rig_of(const char *image)
{
	static struct rig rig;

	memset(&rig, 0, sizeof(rig));
	load_key(&rig, 0, HF_KEY_P256, "p256.pub.pem");
	load_key(&rig, 1, HF_KEY_ED25519, "ed25519.pub.pem");
	rig.flash = (struct hf_flash){ .ctx = &rig, .size_bytes = AREA_BYTES, .sector_bytes = SECTOR_BYTES, .write_unit_bytes = 4,
				       .erased_byte = 0xff, .needs_erase = true, .read = rig_read };
	rig.place.flash = &rig.flash;
	rig.rules = (struct hf_rules){ .crypto = &hf_crypto_openssl, .keys = rig.keys, .key_count = 2, .limit_bytes = AREA_BYTES - SECTOR_BYTES };
	load_image(&rig, image, 0);
	return &rig;
}

static enum hf_reason judge(struct rig *rig)
{
	uint32_t work[256 / 4];

	rig->reads = 0;
	memset(&rig->verdict, 0x5a, sizeof(rig->verdict)); /* what was there before must not count */
	return hf_verdict_of(&rig->place, &rig->rules, work, sizeof(work), &rig->verdict);
}

static void must_accept(struct rig *rig)
{
	assert_int_equal(judge(rig), HF_OK);
	assert_string_equal(hf_reason_text(rig->verdict.finding.reason)->name, "OK");
	assert_int_equal(rig->verdict.token, HF_ACCEPTED);
}

static void must_refuse(struct rig *rig, enum hf_reason reason, uint32_t where_off, uint32_t expected, uint32_t found)
{
	assert_int_equal(judge(rig), HF_OK);
	assert_string_equal(hf_reason_text(rig->verdict.finding.reason)->name, hf_reason_text(reason)->name);
	assert_int_equal(rig->verdict.token, HF_REFUSED);
	assert_int_equal(rig->verdict.finding.where_off, where_off);
	assert_int_equal(rig->verdict.finding.expected, expected);
	assert_int_equal(rig->verdict.finding.found, found);
}

static void accepted_verdict_tells_all(void **state)
{
	struct rig *rig = rig_of("ed25519-protected.bin");
	uint8_t digest[32];
	(void)state;
	must_accept(rig);
	const struct hf_verdict *verdict = &rig->verdict;
	assert_int_equal(verdict->key_index, 1);
	assert_int_equal(verdict->hash_kind, HF_HASH_SHA256);
	assert_true(verdict->has_counter);
	assert_int_equal(verdict->counter, 9);
	assert_int_equal(verdict->tlv_type, 0);
	assert_int_equal(verdict->image.total_bytes, rig->image_bytes);
	assert_int_equal(verdict->image.version.major, 1);
	assert_int_equal(verdict->image.version.build, 4);
	assert_int_equal(EVP_Digest(rig->area, verdict->image.hashed_bytes, digest, NULL, EVP_sha256(), NULL), 1);
	assert_memory_equal(verdict->digest, digest, 32);
	assert_memory_equal(verdict->id, digest, 32);
}

static void refusal_tells_where(void **state)
{
	struct rig *rig = rig_of("ed25519.bin");
	(void)state;
	rig->area[0x20 + 5] ^= 1;
	assert_int_equal(judge(rig), HF_OK);
	assert_int_equal(rig->verdict.finding.reason, HF_R_IMAGE_HASH_WRONG);
	assert_int_equal(rig->verdict.tlv_type, HF_TLV_SHA256);
	assert_int_equal(rig->verdict.finding.where_off, 0x20 + 200 + 4 + 4); /* header, payload, area header, TLV header */
	const uint8_t *tlv = rig->area + rig->verdict.finding.where_off;
	assert_int_equal(rig->verdict.finding.expected, (uint32_t)hf_get16be(tlv) << 16 | hf_get16be(tlv + 2));
	rig->area[0x20 + 5] ^= 1;
	rig->area[0] = 0;
	must_refuse(rig, HF_R_IMAGE_MAGIC, 0, HF_IMAGE_MAGIC, HF_IMAGE_MAGIC & 0xffffff00u);
}

static void one_sector_in(void **state)
{
	struct rig *rig = rig_of("ed25519.bin");
	(void)state;
	load_image(rig, "ed25519.bin", SECTOR_BYTES);
	must_accept(rig);
	rig->place.base_off = 0;
	must_refuse(rig, HF_R_IMAGE_BLANK, 0, HF_IMAGE_MAGIC, UINT32_MAX);
	/* The limit counts from the image's start, the slot's end does not move. */
	load_image(rig, "ed25519.bin", AREA_BYTES - rig->image_bytes);
	must_accept(rig);
	load_image(rig, "ed25519.bin", AREA_BYTES - rig->image_bytes + 1);
	assert_int_equal(judge(rig), HF_OK);
	assert_int_equal(rig->verdict.finding.reason, HF_R_IMAGE_BEYOND_SLOT);
	for (uint32_t left = 0; left < 40; left++) {
		rig->place.base_off = AREA_BYTES - left;
		assert_int_equal(judge(rig), HF_OK);
		assert_int_equal(rig->verdict.token, HF_REFUSED);
	}
	rig->place.base_off = AREA_BYTES + 1;
	must_refuse(rig, HF_R_IMAGE_BEYOND_SLOT, 0, 32, 0);
}

static void header_size_of_the_board(void **state)
{
	struct rig *rig = rig_of("ed25519.bin");
	(void)state;
	rig->rules.header_bytes = 0x20;
	must_accept(rig);
	rig->rules.header_bytes = 0x200;
	must_refuse(rig, HF_R_IMAGE_HEADER_OTHER, 8, 0x200, 0x20);
}

static void reset_vector(void **state)
{
	struct rig *rig = rig_of("ed25519.bin"); /* linked behind a header of 0x200 at 0x10000, and signed with one of 0x20 */
	(void)state;
	rig->rules.run_addr = 0x101e0;
	rig->rules.run_bytes = 0x1000;
	must_accept(rig);
	const uint32_t payload_bytes = rig->verdict.image.payload_bytes;
	rig->rules.run_addr = RESET_VECTOR - 0x20; /* its first byte is where it starts */
	must_accept(rig);
	rig->rules.run_addr = RESET_VECTOR - 0x20 + 1; /* in the header */
	must_refuse(rig, HF_R_IMAGE_VECTOR_OUTSIDE, 0x24, RESET_VECTOR + 1, RESET_VECTOR);
	rig->rules.run_addr = RESET_VECTOR - 0x20 + 1 - payload_bytes;
	must_accept(rig);
	rig->rules.run_addr = RESET_VECTOR - 0x20 - payload_bytes; /* in the slot, behind what was signed */
	must_refuse(rig, HF_R_IMAGE_VECTOR_OUTSIDE, 0x24, RESET_VECTOR - payload_bytes, RESET_VECTOR);
	rig->rules.run_addr = 0x101e0;
	rig->rules.run_bytes = RESET_VECTOR - 0x101e0;
	must_refuse(rig, HF_R_IMAGE_VECTOR_OUTSIDE, 0x24, 0x10200, RESET_VECTOR);
	load_image(rig, "empty-payload.bin", 0);
	must_refuse(rig, HF_R_IMAGE_NO_VECTORS, 12, 8, 0);
}

/* A vector without the Thumb bit faults at the first instruction; the image is made here, unsigned. */
static void reset_vector_must_be_thumb(void **state)
{
	struct rig *rig = rig_of("none.bin");
	(void)state;
	rig->rules.key_count = 0;
	rig->rules.allow_unsigned = true;
	rig->rules.run_addr = 0x10000;
	rig->rules.run_bytes = 0x1000;
	must_accept(rig);
	uint8_t *tlvs = rig->area + rig->verdict.image.hashed_bytes;
	rig->area[0x204] &= 0xfe;
	assert_int_equal(EVP_Digest(rig->area, rig->verdict.image.hashed_bytes, tlvs + 8, NULL, EVP_sha256(), NULL), 1);
	must_refuse(rig, HF_R_IMAGE_VECTOR_OUTSIDE, 0x204, 0x10200, RESET_VECTOR - 1);
}

static void address_of_a_fixed_image(void **state)
{
	struct rig *rig = rig_of("none.bin");
	(void)state;
	rig->rules.key_count = 0;
	rig->rules.allow_unsigned = true;
	must_accept(rig);
	uint8_t *tlvs = rig->area + rig->verdict.image.hashed_bytes;
	hf_put32le(rig->area + 4, 0x20000);
	hf_put32le(rig->area + 16, HF_IMAGE_F_ROM_FIXED);
	assert_int_equal(EVP_Digest(rig->area, rig->verdict.image.hashed_bytes, tlvs + 8, NULL, EVP_sha256(), NULL), 1);
	must_accept(rig); /* where it will run is not known, so nothing is asked */
	rig->rules.run_addr = 0x10000;
	rig->rules.run_bytes = 0x1000;
	must_refuse(rig, HF_R_IMAGE_ADDRESS_OTHER, 4, 0x10000, 0x20000);
}

static void lowest_version(void **state)
{
	struct rig *rig = rig_of("ed25519.bin"); /* 1.2.3+4 */
	(void)state;
	rig->rules.has_version_min = true;
	rig->rules.version_min = (struct hf_version){ 1, 2, 3, 99 };
	must_accept(rig); /* the build number does not count */
	rig->rules.version_min = (struct hf_version){ 1, 2, 4, 0 };
	must_refuse(rig, HF_R_POLICY_DOWNGRADE, 20, 0x01020004, 0x01020003);
	rig->rules.version_min = (struct hf_version){ 1, 3, 0, 0 };
	must_refuse(rig, HF_R_POLICY_DOWNGRADE, 20, 0x01030000, 0x01020003);
	rig->rules.version_min = (struct hf_version){ 0, 255, 65535, 0 };
	must_accept(rig);
	assert_true(hf_version_compare(&(struct hf_version){ 1, 0, 0, 0 }, &(struct hf_version){ 0, 9, 9, 9 }) > 0);
	assert_true(hf_version_compare(&(struct hf_version){ 1, 0, 256, 0 }, &(struct hf_version){ 1, 1, 0, 0 }) < 0);
	assert_int_equal(hf_version_compare(&(struct hf_version){ 1, 2, 3, 4 }, &(struct hf_version){ 1, 2, 3, 5 }), 0);
}

/* Every read in turn fails: never a verdict, never an accepted token. */
static void unreadable_flash_is_no_refusal(void **state)
{
	static const char *const images[] = { "ed25519-protected.bin", "p256.bin", "ed25519-pure.bin", "none.bin" };
	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(images); i++) {
		struct rig *rig = rig_of(images[i]);
		rig->rules.allow_unsigned = strcmp(images[i], "none.bin") == 0;
		rig->rules.key_count = rig->rules.allow_unsigned ? 0 : 2;
		rig->rules.run_addr = 0x10200u - hf_get16le(rig->area + 8);
		rig->rules.run_bytes = 0x1000;
		must_accept(rig);
		const uint32_t reads = rig->reads;
		assert_true(reads > 5);
		for (rig->fail_at = 1; rig->fail_at <= reads; rig->fail_at++) {
			assert_int_equal(judge(rig), HF_R_FLASH_READ);
			assert_int_equal(rig->verdict.token, HF_REFUSED);
		}
	}
}

static void keys_and_builds(void **state)
{
	struct rig *rig = rig_of("ed25519.bin");
	const uint32_t signature_off = 0x20 + 200 + 4 + 36 + 36 + 4;
	(void)state;
	rig->rules.key_count = 0;
	must_refuse(rig, HF_R_KEY_NONE, 0, 1, 0);
	rig->rules.key_count = 2;
	rig->rules.allow_unsigned = true; /* with keys there it allows nothing */
	load_image(rig, "none.bin", 0);
	assert_int_equal(judge(rig), HF_OK);
	assert_int_equal(rig->verdict.finding.reason, HF_R_SIG_MISSING);
	load_image(rig, "ed25519.bin", 0);
	/* The P-256 loader does not know Ed25519. */
	rig->rules.crypto = &hf_crypto_p256;
	must_refuse(rig, HF_R_SIG_TYPE_NOT_BUILT, signature_off, 0, HF_KEY_ED25519);
	load_image(rig, "none-sha384.bin", 0);
	rig->rules.key_count = 0;
	must_refuse(rig, HF_R_IMAGE_HASH_NOT_BUILT, 0x20 + 200, 0, HF_HASH_SHA384);
	/* A key of the wrong kind for its bytes. */
	rig = rig_of("ed25519.bin");
	rig->keys[1].kind = HF_KEY_P256;
	must_refuse(rig, HF_R_KEY_FORM, signature_off, 91, 44);
	rig->keys[1].kind = HF_KEY_NONE;
	must_refuse(rig, HF_R_SIG_TYPE_NOT_BUILT, signature_off, 0, HF_KEY_NONE);
	rig->keys[1].kind = (enum hf_key_kind)77;
	must_refuse(rig, HF_R_SIG_TYPE_NOT_BUILT, signature_off, 0, 77);
}

/* The watchdog is fed at least every 4 KB, and the image is read once, apart from its TLVs. */
static void fed_and_read_once(void **state)
{
	struct rig *rig = rig_of("ed25519-sha512.bin");
	static uint32_t work[8192 / 4];
	(void)state;
	rig->rules.feed = rig_feed;
	rig->rules.feed_ctx = rig;
	for (uint32_t work_bytes = 256; work_bytes <= sizeof(work); work_bytes *= 2) {
		rig->unfed_bytes_max = rig->unfed_bytes = rig->bytes_read = rig->fed = 0;
		assert_int_equal(hf_verdict_of(&rig->place, &rig->rules, work, work_bytes, &rig->verdict), HF_OK);
		assert_int_equal(rig->verdict.token, HF_ACCEPTED);
		assert_true(rig->fed >= 1);
		assert_in_range(rig->unfed_bytes_max, 1, 4096 + 512);
		assert_in_range(rig->bytes_read, rig->image_bytes, rig->image_bytes + 512);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted_verdict_tells_all), cmocka_unit_test(refusal_tells_where), cmocka_unit_test(one_sector_in),
		cmocka_unit_test(header_size_of_the_board), cmocka_unit_test(reset_vector), cmocka_unit_test(reset_vector_must_be_thumb),
		cmocka_unit_test(address_of_a_fixed_image), cmocka_unit_test(lowest_version), cmocka_unit_test(unreadable_flash_is_no_refusal),
		cmocka_unit_test(keys_and_builds), cmocka_unit_test(fed_and_read_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
