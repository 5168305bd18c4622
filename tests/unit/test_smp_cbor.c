/* SPDX-License-Identifier: MIT */
#include "smp_hex.h"

#include <holdfast/smp_cbor.h>

enum { OFF, DATA, NAME, FLAG, NUMBER, ANY, FIELD_COUNT };

static void fields_start(struct smp_field *fields)
{
	const struct smp_field wanted[FIELD_COUNT] = {
		[OFF] = { .key = "off", .type = SMP_TYPE_U32 },     [DATA] = { .key = "data", .type = SMP_TYPE_BYTES },
		[NAME] = { .key = "name", .type = SMP_TYPE_TEXT },  [FLAG] = { .key = "flag", .type = SMP_TYPE_BOOL },
		[NUMBER] = { .key = "num", .type = SMP_TYPE_I32 }, [ANY] = { .key = "any", .type = SMP_TYPE_ANY },
	};

	memcpy(fields, wanted, sizeof wanted);
}

static enum hf_reason map_of(const char *text, struct smp_field *fields, struct hex *hex)
{
	struct smp_reader reader;

	*hex = hex_of(text);
	reader = smp_reader_of(hex->bytes, hex->size_bytes);
	fields_start(fields);
	return smp_map_read(&reader, fields, FIELD_COUNT);
}

/* One map in each way of writing it. */
static void test_forms(void **state)
{
	static const char *const forms[] = {
		/* definite; indefinite map; wide numbers; indefinite strings, even of the key; tags; other order */
		"a3 63 6f6666 05 64 64617461 43 010203 64 666c6167 f5",
		"bf 63 6f6666 05 64 64617461 43 010203 64 666c6167 f5 ff",
		"a3 63 6f6666 1805 64 64617461 5803 010203 64 666c6167 f5",
		"a3 63 6f6666 190005 64 64617461 590003 010203 64 666c6167 f5",
		"b803 7803 6f6666 1a00000005 7900 04 64617461 5a00000003 010203 7a00000004 666c6167 f5",
		"bb0000000000000003 7b0000000000000003 6f6666 1b0000000000000005 64 64617461 5b0000000000000003 010203 64 666c6167 f5",
		"a3 63 6f6666 05 64 64617461 5f 41 01 40 42 0203 ff 64 666c6167 f5",
		"bf 7f 61 6f 62 6666 ff 05 7f 64 64617461 ff 5f 5803 010203 ff 64 666c6167 f5 ff",
		"d9d9f7 a3 63 6f6666 c1 05 64 64617461 d818 43 010203 64 666c6167 c0 f5",
		"a3 64 666c6167 f5 64 64617461 43 010203 63 6f6666 05",
	};
	struct smp_field fields[FIELD_COUNT];
	struct hex hex;

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(forms); i++) {
		assert_int_equal(map_of(forms[i], fields, &hex), HF_OK);
		assert_true(fields[OFF].found && fields[DATA].found && fields[FLAG].found);
		assert_false(fields[NAME].found || fields[NUMBER].found || fields[ANY].found);
		assert_int_equal(fields[OFF].is.u32, 5);
		assert_int_equal(fields[DATA].is.span.size_bytes, 3);
		assert_memory_equal(fields[DATA].is.span.data, "\1\2\3", 3);
		assert_true(fields[FLAG].is.flag);
	}
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		enum hf_reason reason;
		int32_t value;
	} rows[] = {
		{ "a1 63 6e756d 00", HF_OK, 0 },
		{ "a1 63 6e756d 17", HF_OK, 23 },
		{ "a1 63 6e756d 20", HF_OK, -1 },
		{ "a1 63 6e756d 3863", HF_OK, -100 },
		{ "a1 63 6e756d 1a7fffffff", HF_OK, INT32_MAX },
		{ "a1 63 6e756d 3a7fffffff", HF_OK, INT32_MIN },
		{ "a1 63 6e756d 1a80000000", HF_R_SMP_CBOR_TYPE, 0 },
		{ "a1 63 6e756d 3a80000000", HF_R_SMP_CBOR_TYPE, 0 },
		{ "a1 63 6e756d 3bffffffffffffffff", HF_R_SMP_CBOR_TYPE, 0 },
		{ "a1 63 6e756d f5", HF_R_SMP_CBOR_TYPE, 0 },
		{ "a1 63 6e756d f93c00", HF_R_SMP_CBOR_TYPE, 0 },
		{ "a1 63 6f6666 20", HF_R_SMP_CBOR_TYPE, 0 },
		{ "a1 63 6f6666 1b0000000100000000", HF_R_SMP_CBOR_TYPE, 0 },
		{ "a1 63 6f6666 1bffffffffffffffff", HF_R_SMP_CBOR_TYPE, 0 },
		{ "a1 64 666c6167 01", HF_R_SMP_CBOR_TYPE, 0 },
		{ "a1 64 666c6167 f7", HF_R_SMP_CBOR_TYPE, 0 },
		{ "a3 63 6e756d f6 64 666c6167 f6 63 6e756d 05", HF_OK, 5 },
		{ "a1 64 64617461 6161", HF_R_SMP_CBOR_TYPE, 0 },
		{ "a1 64 6e616d65 4161", HF_R_SMP_CBOR_TYPE, 0 },
		{ "a1 64 6e616d65 a0", HF_R_SMP_CBOR_TYPE, 0 },
	};
	struct smp_field fields[FIELD_COUNT];
	struct hex hex;

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		assert_int_equal(map_of(rows[i].text, fields, &hex), rows[i].reason);
		if (rows[i].reason == HF_OK)
			assert_int_equal(fields[NUMBER].is.i32, rows[i].value);
	}
}

/* Unknown keys and their values are stepped over, whatever they are. */
static void test_skip(void **state)
{
	static const char *const unknown[] = {
		"61 78 00", "61 78 83 01 82 02 03 a1 61 79 04", "61 78 9f 01 bf 61 79 9f ff ff ff", "61 78 fb 3ff0000000000000",
		"61 78 f8 ff", "61 78 f7", "61 78 5f 41 00 ff", "61 78 c2 41 00", "01 02", "40 f6", "81 05 a0", "a0 a0",
		"7f 61 78 ff 7f 60 ff",
	};
	struct smp_field fields[FIELD_COUNT];
	struct hex hex;
	char text[256];

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(unknown); i++) {
		(void)snprintf(text, sizeof text, "a2 %s 63 6f6666 05", unknown[i]);
		assert_int_equal(map_of(text, fields, &hex), HF_OK);
		assert_true(fields[OFF].found);
		(void)snprintf(text, sizeof text, "bf 63 6f6666 05 %s ff", unknown[i]);
		assert_int_equal(map_of(text, fields, &hex), HF_OK);
		assert_true(fields[OFF].found);
	}
}

static void test_malformed(void **state)
{
	static const struct {
		const char *text;
		enum hf_reason reason;
	} rows[] = {
		{ "00", HF_R_SMP_CBOR_TYPE },                      /* not a map: number, list, text, tag of one, float, break */
		{ "80", HF_R_SMP_CBOR_TYPE },
		{ "61 61", HF_R_SMP_CBOR_TYPE },
		{ "d9d9f7 01", HF_R_SMP_CBOR_TYPE },
		{ "fb 3ff0000000000000", HF_R_SMP_CBOR_TYPE },
		{ "ff", HF_R_SMP_CBOR_TYPE },
		{ "a1", HF_R_SMP_CBOR },                           /* nothing follows */
		{ "a1 63 6f6666", HF_R_SMP_CBOR },                 /* no value */
		{ "bf 63 6f6666 ff", HF_R_SMP_CBOR_TYPE },         /* break for a value */
		{ "bf 61 78 ff", HF_R_SMP_CBOR },
		{ "bf 63 6f6666 05", HF_R_SMP_CBOR },              /* no break */
		{ "bf", HF_R_SMP_CBOR },
		{ "ba ffffffff 63 6f6666 05", HF_R_SMP_CBOR },     /* counts that cannot be true */
		{ "bb ffffffffffffffff 63 6f6666 05", HF_R_SMP_CBOR },
		{ "bb 8000000000000001 63 6f6666 05", HF_R_SMP_CBOR },
		{ "a1 61 78 9b ffffffffffffffff 00", HF_R_SMP_CBOR },
		{ "a1 61 78 bb 8000000000000000 00", HF_R_SMP_CBOR },
		{ "a1 64 64617461 58 ff 00", HF_R_SMP_CBOR },      /* strings beyond the end */
		{ "a1 64 64617461 5a ffffffff 00", HF_R_SMP_CBOR },
		{ "a1 64 64617461 5b ffffffffffffffff 00", HF_R_SMP_CBOR },
		{ "a1 7b ffffffffffffffff 6f 05", HF_R_SMP_CBOR },
		{ "a1 64 64617461 5f 61 61 ff", HF_R_SMP_CBOR },   /* pieces of another kind, nested pieces, no end */
		{ "a1 64 64617461 5f 5f 41 00 ff ff", HF_R_SMP_CBOR },
		{ "a1 64 64617461 5f 41 00", HF_R_SMP_CBOR },
		{ "a1 61 78 5f 61 61 ff", HF_R_SMP_CBOR },
		{ "a1 61 78 ff", HF_R_SMP_CBOR },                  /* stray breaks */
		{ "a1 61 78 82 01 ff", HF_R_SMP_CBOR },
		{ "a1 61 78 bf 01 ff", HF_R_SMP_CBOR },
		{ "a1 ff 00", HF_R_SMP_CBOR },
		{ "a1 c0 ff 00", HF_R_SMP_CBOR },
		{ "a1 61 78 1f", HF_R_SMP_CBOR },                  /* reserved forms */
		{ "a1 61 78 3f", HF_R_SMP_CBOR },
		{ "a1 61 78 df 00", HF_R_SMP_CBOR },
		{ "a1 61 78 1c", HF_R_SMP_CBOR },
		{ "a1 61 78 fd", HF_R_SMP_CBOR },
		{ "a2 63 6f6666 05 63 6f6666 05", HF_R_SMP_CBOR_DUPLICATE },
		{ "bf 64 64617461 40 63 6f6666 05 64 64617461 40 ff", HF_R_SMP_CBOR_DUPLICATE },
	};
	struct smp_field fields[FIELD_COUNT];
	struct hex hex;

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++)
		assert_int_equal(map_of(rows[i].text, fields, &hex), rows[i].reason);
	assert_int_equal(map_of("", fields, &hex), HF_OK);
	assert_int_equal(map_of("a0", fields, &hex), HF_OK);
	assert_int_equal(map_of("bf ff", fields, &hex), HF_OK);
	assert_false(fields[OFF].found);
}

static void test_every_truncation(void **state)
{
	struct hex hex = hex_of("bf 63 6f6666 1a00000005 64 64617461 5f 42 0102 41 03 ff 61 78 9f a1 01 82 02 03 ff 64 666c6167 f5 ff");
	struct smp_field fields[FIELD_COUNT];

	(void)state;
	for (uint32_t size = 1; size <= hex.size_bytes; size++) {
		uint8_t *copy = exact_copy(hex.bytes, size);
		struct smp_reader reader = smp_reader_of(copy, size);
		enum hf_reason reason;

		fields_start(fields);
		reason = smp_map_read(&reader, fields, FIELD_COUNT);
		assert_int_equal(reason, size == hex.size_bytes ? HF_OK : HF_R_SMP_CBOR);
		free(copy);
	}
}

static void test_depth(void **state)
{
	uint8_t bytes[1100];
	static const uint8_t openers[] = { 0x81, 0x9f, 0xbf, 0xa1 };

	(void)state;
	for (size_t k = 0; k < HF_ARRAY_COUNT(openers); k++) {
		for (uint32_t depth = 1; depth < 1000; depth += depth < 20 ? 1 : 489) {
			uint32_t used = 0;
			struct smp_reader reader;
			enum hf_reason reason;

			for (uint32_t i = 0; i < depth && used < 1000; i++) {
				bytes[used++] = openers[k];
				if (openers[k] >= 0xa0u)
					bytes[used++] = 0x00; /* a key */
			}
			bytes[used++] = 0x00;
			for (uint32_t i = 0; i < depth && (openers[k] & 0x1fu) == 0x1fu && used < sizeof bytes; i++)
				bytes[used++] = 0xff;
			reader = smp_reader_of(bytes, used);
			reason = smp_value_skip(&reader);
			assert_int_equal(reason, depth < SMP_DEPTH_MAX ? HF_OK : HF_R_SMP_CBOR_DEPTH);
			assert_int_equal(reader.off, depth < SMP_DEPTH_MAX ? used : 0);
		}
	}
}

static void test_any_and_lists(void **state)
{
	struct smp_field fields[FIELD_COUNT];
	struct hex hex;
	struct smp_list list;
	bool more = false;
	uint32_t sum = 0;
	static const char *const forms[] = { "a1 63 616e79 83 01 02 03", "a1 63 616e79 9f 01 02 03 ff" };

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(forms); i++) {
		assert_int_equal(map_of(forms[i], fields, &hex), HF_OK);
		assert_int_equal(smp_list_open(&fields[ANY].is.inner, &list), HF_OK);
		for (sum = 0; smp_list_next(&fields[ANY].is.inner, &list, &more) == HF_OK && more;) {
			struct smp_item item;

			assert_int_equal(smp_item_next(&fields[ANY].is.inner, &item), HF_OK);
			sum += (uint32_t)item.value;
		}
		assert_int_equal(sum, 6);
	}
	assert_int_equal(map_of("a1 63 616e79 05", fields, &hex), HF_OK);
	assert_int_equal(smp_list_open(&fields[ANY].is.inner, &list), HF_R_SMP_CBOR_TYPE);
}

/* What is written, reads back; a full writer says so and never writes beyond its end. */
static void test_writer(void **state)
{
	uint8_t whole[128];
	struct smp_writer writer = smp_writer_of(whole, sizeof whole);
	struct hex expected = hex_of("bf 63 6f6666 1901f4 63 6e756d 38c7 64 666c6167 f4 64 64617461 43 010203 64 6e616d65 63 616263"
				     "63 616e79 9f 17 1818 1a00010000 1b0000000100000000 ff ff");

	(void)state;
	for (uint32_t cap = 0; cap <= expected.size_bytes; cap++) {
		uint8_t *bytes = exact_copy(whole, cap);

		writer = smp_writer_of(bytes, cap);
		smp_put_map_open(&writer);
		smp_put_key_uint(&writer, "off", 500);
		smp_put_key_int(&writer, "num", -200);
		smp_put_key_bool(&writer, "flag", false);
		smp_put_key_bytes(&writer, "data", "\1\2\3", 3);
		smp_put_key_text(&writer, "name", "abc");
		smp_put_text(&writer, "any");
		smp_put_list_open(&writer);
		smp_put_uint(&writer, 23);
		smp_put_uint(&writer, 24);
		smp_put_uint(&writer, 65536);
		smp_put_uint(&writer, 0x100000000u);
		smp_put_close(&writer);
		smp_put_close(&writer);
		assert_int_equal(writer.full, cap < expected.size_bytes);
		if (!writer.full)
			assert_memory_equal(bytes, expected.bytes, expected.size_bytes);
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),      cmocka_unit_test(test_numbers),           cmocka_unit_test(test_skip),
		cmocka_unit_test(test_malformed),  cmocka_unit_test(test_every_truncation), cmocka_unit_test(test_depth),
		cmocka_unit_test(test_any_and_lists), cmocka_unit_test(test_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
