/* SPDX-License-Identifier: MIT */
/* The leaves of the host tool: texts, numbers, hex files, keys, the loader's block. Whole commands are tested from outside, in
 * tests/cli. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "args.h"
#include "hexfile.h"
#include "loader_make.h"
#include "loaders.h"
#include "peers.h"
#include "sign_image.h"
#include "textparse.h"

static struct problem problem;

/* The carried loaders of this test: one that is good, one whose block is not blank. The linker takes these instead of the tool's. */
static uint8_t good_loader[HF_CONFIG_OFF + 16], used_loader[HF_CONFIG_OFF + 16];
const struct loader loaders[] = {
	{ "loader-nrf52840-0x0-p256.bin", good_loader, sizeof good_loader },
	{ "loader-nrf52840-0x27000-p256.bin", used_loader, sizeof used_loader },
	{ "loader-nrf52840-0x0-p256-recovery.bin", good_loader, sizeof good_loader },
};
const size_t loader_count = 3;

static void versions(void **state)
{
	static const struct {
		const char *text;
		bool good;
		struct hf_version version;
	} rows[] = {
		{ "0", true, { 0, 0, 0, 0 } }, { "1.2", true, { 1, 2, 0, 0 } }, { "1.2.3", true, { 1, 2, 3, 0 } },
		{ "1.2.3+4", true, { 1, 2, 3, 4 } }, { "255.255.65535+4294967295", true, { 255, 255, 65535, 4294967295u } },
		{ "", false, { 0 } }, { "1.", false, { 0 } }, { "01", false, { 0 } }, { "1.02", false, { 0 } }, { "256", false, { 0 } },
		{ "1.2.65536", false, { 0 } }, { "1.2.3+4294967296", false, { 0 } }, { "1+2", false, { 0 } }, { "1.2+3", false, { 0 } },
		{ "1.2.3.4", false, { 0 } }, { "-1", false, { 0 } }, { " 1", false, { 0 } }, { "1.2.3+4+5", false, { 0 } },
		{ "99999999999999999999", false, { 0 } },
	};
	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		struct hf_version version = { 0 };
		assert_int_equal(version_parse(rows[i].text, strlen(rows[i].text), &version), rows[i].good);
		if (!rows[i].good)
			continue;
		assert_int_equal(hf_version_compare(&version, &rows[i].version), 0);
		assert_int_equal(version.build, rows[i].version.build);
		char printed[40];
		struct hf_version again = { 0 };
		version_print(&version, printed);
		assert_true(version_parse(printed, strlen(printed), &again));
		assert_int_equal(again.build, version.build);
	}
}

static void numbers(void **state)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t value;
	} rows[] = {
		{ "0", true, 0 }, { "12", true, 12 }, { "0x1F", true, 31 }, { "0X1f", true, 31 }, { "0b101", true, 5 }, { "0o17", true, 15 },
		{ "18446744073709551615", true, UINT64_MAX }, { "18446744073709551616", false, 0 }, { "0x10000000000000000", false, 0 },
		{ "", false, 0 }, { "0x", false, 0 }, { "12a", false, 0 }, { "-1", false, 0 }, { " 1", false, 0 }, { "010", false, 0 },
		{ "0b2", false, 0 }, { "1 ", false, 0 },
	};
	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		uint64_t value = 77;
		enum hf_reason reason = args_number("--x", rows[i].text, UINT64_MAX, &value, &problem);
		assert_int_equal(reason, rows[i].good ? HF_OK : HF_R_HOST_OPTION_VALUE);
		assert_true(value == (rows[i].good ? rows[i].value : 77));
	}
	uint64_t value = 77;
	assert_int_equal(args_number("--x", "256", 255, &value, &problem), HF_R_HOST_OPTION_VALUE);
	assert_true(value == 77);
}

static void nearest(void **state)
{
	static const char *const names[] = { "sign", "verify", "inspect", "key new", "image upload" };
	(void)state;
	assert_string_equal(args_nearest("sing", names, 5), "sign");
	assert_string_equal(args_nearest("verfy", names, 5), "verify");
	assert_string_equal(args_nearest("image uplaod", names, 5), "image upload");
	assert_null(args_nearest("xyzzy", names, 5));
	assert_null(args_nearest("a word that is much longer than any command has ever been", names, 5));
}

static void dependencies(void **state)
{
	struct dependency list[TEXT_DEPENDENCIES_MAX];
	size_t count = 0;
	(void)state;
	assert_int_equal(dependencies_parse(" (1, 1.2.3+4) ,(2,5.6.0)", list, &count, &problem), HF_OK);
	assert_int_equal(count, 2);
	assert_int_equal(list[0].image_index, 1);
	assert_int_equal(list[0].version.build, 4);
	assert_int_equal(list[1].version.major, 5);
	static const char *const wrong[] = { "", "(1)", "(1,)", "1,2", "(1,2", "(256,1.0)", "(1,1.0)(2,1.0)", "(1,1.0),", "(,1)" };
	for (size_t i = 0; i < HF_ARRAY_COUNT(wrong); i++)
		assert_int_equal(dependencies_parse(wrong[i], list, &count, &problem), HF_R_HOST_OPTION_VALUE);
}

/* RFC 4122 names the DNS space; the value is Python's uuid.uuid5(NAMESPACE_DNS, "python.org"). */
static void uuids(void **state)
{
	static const uint8_t python_org[16] = { 0x88, 0x63, 0x13, 0xe1, 0x3b, 0x8a, 0x53, 0x72, 0x9b, 0x90, 0x0c, 0x9a, 0xee, 0x19, 0x9e, 0x5d };
	uint8_t uuid[16];
	(void)state;
	assert_int_equal(uuid_parse("--vid", "python.org", uuid_dns_space, uuid, &problem), HF_OK);
	assert_memory_equal(uuid, python_org, 16);
	assert_int_equal(uuid_parse("--vid", "886313e1-3b8a-5372-9b90-0c9aee199e5d", NULL, uuid, &problem), HF_OK);
	assert_memory_equal(uuid, python_org, 16);
	assert_int_equal(uuid_parse("--vid", "886313E13B8A53729B900C9AEE199E5D", NULL, uuid, &problem), HF_OK);
	assert_memory_equal(uuid, python_org, 16);
	assert_int_equal(uuid_parse("--cid", "name", NULL, uuid, &problem), HF_R_HOST_OPTION_VALUE);
	assert_int_equal(uuid_parse("--cid", "a\nb", uuid_dns_space, uuid, &problem), HF_R_HOST_OPTION_VALUE);
}

/* What is written is read back, for ranges that touch 64 KB edges and each other. */
static void hex_round_trip(void **state)
{
	static const uint32_t starts[] = { 0, 1, 0xfff0, 0xffff, 0x10000, 0xc000, 0xfffff800u };
	uint8_t data[2048];
	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 31 + 7);
	for (size_t i = 0; i < HF_ARRAY_COUNT(starts); i++) {
		for (size_t size = 1; size <= sizeof data; size = size * 3 + 1) {
			struct hexfile *hex = host_alloc(sizeof *hex), *read = host_alloc(sizeof *read);
			struct bytes text = { 0 }, flat = { 0 };
			uint32_t addr = 0;
			if (size > 2)
				hexfile_add(hex, starts[i] + (uint32_t)size / 2, data + size / 2, size - size / 2);
			hexfile_add(hex, starts[i], data, size > 2 ? size / 2 : size);
			hexfile_write(hex, &text);
			assert_int_equal(hexfile_parse("x.hex", &text, read, &problem), HF_OK);
			assert_int_equal(hexfile_flatten("x.hex", read, 0xff, 4096, &addr, &flat, &problem), HF_OK);
			assert_int_equal(addr, starts[i]);
			assert_int_equal(flat.size, size);
			assert_memory_equal(flat.data, data, size);
			hexfile_free(hex);
			hexfile_free(read);
			bytes_free(&text);
			bytes_free(&flat);
			free(hex);
			free(read);
		}
	}
}

/* Every truncation and every changed letter of a hex file is refused or gives the right bytes; nothing else. */
static void hex_damaged(void **state)
{
	static const char good[] = ":020000040001F9\n:10C65000CBB3FDDCFC21952D18D5F29080BE44872C\n:00000001FF\n";
	(void)state;
	for (size_t i = 0; i < sizeof good - 1; i++) {
		struct bytes text = { 0 };
		struct hexfile *hex = host_alloc(sizeof *hex);
		bytes_add(&text, good, sizeof good - 1);
		text.data[i] ^= 1;
		if (hexfile_parse("x.hex", &text, hex, &problem) == HF_OK)
			hexfile_free(hex);
		text.size = i;
		if (hexfile_parse("x.hex", &text, hex, &problem) == HF_OK) {
			assert_true(i >= sizeof good - 2); /* only the last line feed may be missing */
			hexfile_free(hex);
		}
		bytes_free(&text);
		free(hex);
	}
}

static void exit_codes_follow_reasons(void **state)
{
	size_t count = 0;
	const struct hf_reason_text *list = hf_reason_list(&count);
	(void)state;
	for (size_t i = 0; i < count; i++) {
		int code = problem_exit_code((enum hf_reason)list[i].number);
		assert_true(list[i].number == 0 ? code == 0 : code != 0);
	}
	assert_int_equal(problem_exit_code(HF_R_HOST_FILE_WRITE), EXIT_CODE_FILE);
	assert_int_equal(problem_exit_code(HF_R_HOST_DEVICE_SILENT), EXIT_CODE_DEVICE);
	assert_int_equal(problem_exit_code(HF_R_HOST_OPTION_VALUE), EXIT_CODE_USAGE);
	assert_int_equal(problem_exit_code(HF_R_IMAGE_HASH_WRONG), EXIT_CODE_REFUSED);
	assert_int_equal(problem_exit_code(HF_R_HOST_INTERRUPTED), EXIT_CODE_INTERRUPTED);
}

static void message_form(void **state)
{
	(void)state;
	(void)problem_finding(&problem, "f.bin", &(struct hf_finding){ HF_R_IMAGE_MAGIC, 4, 1, 2 });
	char *line = problem_line(&problem);
	assert_ptr_equal(strstr(line, "holdfast: f.bin: offset 0x4: expected 0x1, found 0x2: "), line);
	assert_non_null(strstr(line, "(HF-0202)"));
	free(line);
}

static void signing_fails_on_a_wrong_digest(void **state)
{
	struct keyfile key;
	struct bytes signature = { 0 };
	uint8_t digest[32] = { 1 };
	(void)state;
	assert_int_equal(keyfile_make("p256", &key, &problem), HF_OK);
	assert_int_equal(keyfile_sign(&key, HF_HASH_SHA256, digest, 31, &signature, &problem), HF_R_HOST_SIGN_FAILED);
	assert_int_equal(signature.size, 0);
	assert_int_equal(keyfile_sign(&key, HF_HASH_SHA256, digest, 32, &signature, &problem), HF_OK);
	bytes_free(&signature);
	keyfile_free(&key);
}

static void assert_external_equal(const struct hf_external *a, const struct hf_external *b)
{
	assert_memory_equal(a, b, offsetof(struct hf_external, quad_enable) + 1); /* then a byte that nobody fills */
	assert_memory_equal(&a->wake_us, &b->wake_us, sizeof *a - offsetof(struct hf_external, wake_us));
}

/* A block without a chip has none; one that describes its chip badly is not made, nor a slot beyond the chip's end. */
static void external_flash_in_a_block(void **state)
{
	static const uint8_t der[91] = { 1 };
	const struct hf_config good = {
		.mode_id = HF_MODE_ID_SWAP, .align = 8, .header_bytes = 0x200, .loader_bytes = 0xc000, .primary_addr = 0xc000,
		.primary_bytes = 0x10000, .secondary_addr = HF_EXTERNAL_ADDR + 0x1000, .secondary_bytes = 0x11000, .sector_bytes = 4096,
		.key_count = 1, .keys = { { HF_KEY_P256, sizeof der, der } },
		.external = { .kind = HF_EXTERNAL_SPI, .io_pins = { 1, 2, 0xff, 0xff }, .quad_enable = HF_QUAD_SR2_BIT1, .wake_us = 0x1234,
			      .size_bytes = 0x12000, .erase_bytes = 4096, .jedec_id = 0x856015, .sck_hz = 8000000 },
	};
	uint8_t block[HF_CONFIG_BYTES];
	struct hf_external read;
	(void)state;
	assert_int_equal(hf_config_encode(&good, block), HF_OK);
	assert_int_equal(hf_config_decode_external(block, &read), HF_OK);
	assert_external_equal(&read, &good.external);
	struct hf_config bad[6];
	for (size_t i = 0; i < HF_ARRAY_COUNT(bad); i++)
		bad[i] = good;
	bad[0].external.kind = HF_EXTERNAL_NONE;
	bad[1].external.kind = 3;
	bad[2].external.size_bytes = 0x11000; /* the slot ends behind it */
	bad[3].external.erase_bytes = 4095;
	bad[4].external.sck_hz = 0;
	bad[5].external.quad_enable = 3;
	for (size_t i = 0; i < HF_ARRAY_COUNT(bad); i++)
		assert_int_equal(hf_config_encode(&bad[i], block), HF_R_CONFIG_EXTERNAL);
	struct hf_config one_slot = good;
	one_slot.secondary_addr = one_slot.secondary_bytes = 0;
	one_slot.external = (struct hf_external){ .kind = HF_EXTERNAL_NONE };
	assert_int_equal(hf_config_encode(&one_slot, block), HF_OK);
	assert_int_equal(hf_config_decode_external(block, &read), HF_R_CONFIG_EXTERNAL);
}

/* What a loader believes is made here, so an unsound layout must not leave; what was changed afterwards is found by the reader. */
static void block_refused(void **state)
{
	static const uint8_t der[91] = { 1 };
	const struct hf_config good = {
		.mode_id = HF_MODE_ID_SWAP, .align = 8, .header_bytes = 0x200, .loader_bytes = 0xc000, .primary_addr = 0xc000,
		.primary_bytes = 0x10000, .secondary_addr = 0x1c000, .secondary_bytes = 0x10000, .sector_bytes = 4096,
		.key_count = 1, .keys = { { HF_KEY_P256, sizeof der, der } },
	};
	uint8_t block[HF_CONFIG_BYTES], changed[HF_CONFIG_BYTES];
	struct hf_config bad[10], read;
	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(bad); i++)
		bad[i] = good;
	bad[0].secondary_addr = 0x1b000; /* over the primary */
	bad[1].primary_addr = 0xb000;    /* over the loader */
	bad[2].secondary_addr = 0x8000;  /* over the loader */
	bad[3].primary_bytes = 0x10800;  /* half a sector */
	bad[4].primary_bytes = 0x2000;   /* too few of them */
	bad[5].secondary_addr = 0xffff8000u; /* around the end of the address space */
	bad[6].sector_bytes = 4000;
	bad[7].align = 4;
	bad[8].header_bytes = HF_IMAGE_HEADER_BYTES - 1;
	bad[9].sector_bytes = 512;       /* no room for the journal */
	for (size_t i = 0; i < HF_ARRAY_COUNT(bad); i++)
		assert_int_equal(hf_config_encode(&bad[i], block), HF_R_CONFIG_LAYOUT);
	bad[0] = bad[1] = good;
	bad[0].key_count = 0;
	bad[1].key_count = HF_CONFIG_KEYS_MAX + 1;
	assert_int_equal(hf_config_encode(&bad[0], block), HF_R_CONFIG_KEYS);
	assert_int_equal(hf_config_encode(&bad[1], block), HF_R_CONFIG_KEYS);

	assert_int_equal(hf_config_encode(&good, block), HF_OK);
	assert_int_equal(hf_config_decode(block, &read), HF_OK);
	memcpy(changed, block, sizeof changed);
	changed[30] ^= 1; /* an address */
	assert_int_equal(hf_config_decode(changed, &read), HF_R_CONFIG_CRC);
	memcpy(changed, block, sizeof changed);
	changed[8] = 1; /* an older format */
	assert_int_equal(hf_config_decode(changed, &read), HF_R_CONFIG_FORMAT);
	memcpy(changed, block, sizeof changed);
	const uint32_t used = hf_get16le(block + 10);
	changed[108] = HF_CONFIG_KEYS_MAX; /* more keys than there are, with a right checksum */
	hf_put32le(changed + used - 4, hf_crc32(0, changed, used - 4));
	assert_int_equal(hf_config_decode(changed, &read), HF_R_CONFIG_KEYS);
	memset(changed, 0xff, sizeof changed);
	assert_int_equal(hf_config_decode(changed, &read), HF_R_CONFIG_BLANK);
}

static void loader_block(void **state)
{
	struct keyfile key;
	struct hf_config config, read;
	struct bytes binary = { 0 };
	const char *made_from = NULL;
	struct loader_wish wish = { .keys = &key, .key_count = 1, .policy = HF_POLICY_QUIET };
	(void)state;
	memset(good_loader, 0x11, HF_CONFIG_OFF);
	memset(good_loader + HF_CONFIG_OFF, 0xff, sizeof good_loader - HF_CONFIG_OFF);
	assert_int_equal(keyfile_make("p256", &key, &problem), HF_OK);
	assert_int_equal(boardopt_find("xiao_nrf52840", NULL, &wish.board, &problem), HF_OK);
	assert_int_equal(loader_make(&wish, &config, &binary, &made_from, &problem), HF_OK);
	assert_string_equal(made_from, loaders[0].name);
	assert_int_equal(binary.size, HF_CONFIG_OFF + HF_CONFIG_BYTES);
	assert_memory_equal(binary.data, good_loader, HF_CONFIG_OFF);
	assert_int_equal(hf_config_decode(binary.data + HF_CONFIG_OFF, &read), HF_OK);
	assert_string_equal(read.layout, "two-slots");
	assert_int_equal(read.policy, HF_POLICY_QUIET);
	assert_int_equal(read.keys[0].size_bytes, key.der_bytes);
	assert_memory_equal(read.keys[0].der, key.der, key.der_bytes);
	bytes_free(&binary);
	assert_int_equal(boardopt_find("nrf52840dk", NULL, &wish.board, &problem), HF_OK);
	struct hf_recovery recovery = { .pin = 11, .pin_active_level = 1, .window_ms = 700, .flags = HF_RECOVERY_DOUBLE_RESET };
	wish.recovery = &recovery;
	assert_int_equal(loader_make(&wish, &config, &binary, &made_from, &problem), HF_OK);
	assert_string_equal(made_from, loaders[2].name);
	assert_int_equal(hf_config_decode(binary.data + HF_CONFIG_OFF, &read), HF_OK);
	assert_int_equal(hf_config_decode_external(binary.data + HF_CONFIG_OFF, &read.external), HF_OK);
	hf_config_decode_recovery(binary.data + HF_CONFIG_OFF, &read.recovery);
	assert_external_equal(&read.external, &config.external);
	assert_int_equal(read.external.jedec_id, 0xc22817);
	assert_int_equal(read.external.io_pins[3], 23);
	assert_memory_equal(&read.recovery, &recovery, sizeof recovery);
	bytes_free(&binary);
	wish.recovery = NULL;
	assert_int_equal(boardopt_find("xiao_nrf52840", "keep-uf2", &wish.board, &problem), HF_OK);
	assert_int_equal(loader_make(&wish, &config, &binary, &made_from, &problem), HF_R_HOST_LOADER_BROKEN);
	assert_int_equal(boardopt_find("xiao_nrf54l15", NULL, &wish.board, &problem), HF_OK);
	assert_int_equal(loader_make(&wish, &config, &binary, &made_from, &problem), HF_R_HOST_LOADER_MISSING);
	assert_null(binary.data);
	keyfile_free(&key);
}

/* A flood of addresses does not take an upload from its owner, and no number is given twice. */
static void peers_keep_the_owner(void **state)
{
	(void)state;
	static struct peers peers;
	uint32_t address = 0, latest = 0;
	uint32_t owner = peers_number(&peers, "owner", 5, 0);
	assert_int_equal(owner, PEERS_FIRST);
	for (address = 1; address < 1000; address++) {
		uint32_t number = peers_number(&peers, &address, sizeof address, owner);
		assert_true(number > latest && number != owner);
		latest = number;
		assert_int_equal(peers_number(&peers, &address, sizeof address, owner), number);
	}
	assert_int_equal(peers_number(&peers, "owner", 5, owner), owner);
	for (address = 1; address < 1000; address++)
		(void)peers_number(&peers, &address, sizeof address, 0);
	assert_true(peers_number(&peers, "owner", 5, 0) > latest); /* it owned nothing any more, and was forgotten */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions), cmocka_unit_test(numbers), cmocka_unit_test(nearest), cmocka_unit_test(dependencies),
		cmocka_unit_test(uuids), cmocka_unit_test(hex_round_trip), cmocka_unit_test(hex_damaged),
		cmocka_unit_test(exit_codes_follow_reasons), cmocka_unit_test(message_form),
		cmocka_unit_test(signing_fails_on_a_wrong_digest), cmocka_unit_test(loader_block), cmocka_unit_test(external_flash_in_a_block),
		cmocka_unit_test(block_refused),
		cmocka_unit_test(peers_keep_the_owner),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
