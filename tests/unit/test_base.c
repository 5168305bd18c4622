/* SPDX-License-Identifier: MIT */
/* test_base.c - bytes, checksums, the list of reasons, and the checked calls of a flash area. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <holdfast/flash.h>

void hf_assert_failed(uint32_t line)
{
	fprintf(stderr, "assertion at line %u failed\n", (unsigned)line);
	abort();
}

static void spans(void **state)
{
	(void)state;
	assert_true(hf_span_fits(0, 0, 0));
	assert_true(hf_span_fits(4, 4, 8));
	assert_true(hf_span_fits(8, 0, 8));
	assert_false(hf_span_fits(4, 5, 8));
	assert_false(hf_span_fits(9, 0, 8));
	assert_false(hf_span_fits(4, UINT32_MAX - 3u, 8)); /* 4 + that is 0 in 32 bits */
	assert_false(hf_span_fits(UINT32_MAX, UINT32_MAX, UINT32_MAX));
	assert_int_equal(hf_align_up(0, 16), 0);
	assert_int_equal(hf_align_up(1, 16), 16);
	assert_int_equal(hf_align_up(16, 16), 16);
}

static void checksum(void **state)
{
	(void)state;
	assert_int_equal(hf_crc32(0, "123456789", 9), 0xcbf43926u); /* the check value that catalogues of CRCs give */
	assert_int_equal(hf_crc32(hf_crc32(0, "1234", 4), "56789", 5), 0xcbf43926u);
	assert_int_equal(hf_crc32(0, "", 0), 0);
}

static void filled(void **state)
{
	static const uint8_t bytes[] = { 0xff, 0xff, 0xfe };
	(void)state;
	assert_true(hf_is_filled(bytes, 0, 0));
	assert_true(hf_is_filled(bytes, 2, 0xff));
	assert_false(hf_is_filled(bytes, 3, 0xff));
	assert_false(hf_is_filled(bytes, 2, 0));
}

/* Numbers are forever: one number, one name, and each hundred grows at its end. */
static void reasons_are_in_order(void **state)
{
	size_t count;
	uint16_t last[100] = { 0 };
	const struct hf_reason_text *list = hf_reason_list(&count);
	(void)state;
	assert_true(count > 50);
	for (size_t i = 0; i < count; i++) {
		const uint16_t number = list[i].number;
		assert_in_range(number, 0, 9999);
		assert_true(number == 0 || number > last[number / 100u]);
		last[number / 100u] = number;
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(list[i].name, list[k].name);
		}
		assert_true(strlen(list[i].sentence) > 4u);
		assert_ptr_equal(hf_reason_text(number), &list[i]);
	}
	assert_string_equal(hf_reason_text(9999)->name, "UNKNOWN");
	assert_string_equal(hf_reason_text(UINT32_MAX)->name, "UNKNOWN");
}

/* ---- flash.c over an area of 256 bytes in sectors of 64 ---- */

struct area {
	uint8_t bytes[256];
	unsigned writes, erases, syncs;
	enum hf_reason answer;
};

static enum hf_reason area_read(void *ctx, uint32_t off, void *into, uint32_t size_bytes)
{
	struct area *area = ctx;
	memcpy(into, area->bytes + off, size_bytes);
	return area->answer;
}

static enum hf_reason area_write(void *ctx, uint32_t off, const void *from, uint32_t size_bytes)
{
	struct area *area = ctx;
	memcpy(area->bytes + off, from, size_bytes);
	area->writes++;
	return area->answer;
}

static enum hf_reason area_erase(void *ctx, uint32_t off, uint32_t size_bytes)
{
	struct area *area = ctx;
	memset(area->bytes + off, 0xff, size_bytes);
	area->erases++;
	return area->answer;
}

static enum hf_reason area_sync(void *ctx)
{
	struct area *area = ctx;
	area->syncs++;
	return area->answer;
}

static struct hf_flash flash_of(struct area *area, bool needs_erase)
{
	memset(area, 0, sizeof(*area));
	return (struct hf_flash){ .ctx = area, .size_bytes = 256, .sector_bytes = 64, .write_unit_bytes = needs_erase ? 4 : 16,
				  .erased_byte = 0xff, .needs_erase = needs_erase, .read = area_read, .write = area_write,
				  .erase = area_erase, .sync = area_sync };
}

static void flash_bounds(void **state)
{
	struct area area;
	const struct hf_flash flash = flash_of(&area, true);
	uint8_t bytes[64] = { 0 };
	bool blank;
	(void)state;
	assert_int_equal(hf_flash_read(&flash, 192, bytes, 64), HF_OK);
	assert_int_equal(hf_flash_read(&flash, 193, bytes, 64), HF_R_FLASH_RANGE);
	assert_int_equal(hf_flash_read(&flash, UINT32_MAX, bytes, 2), HF_R_FLASH_RANGE);
	assert_int_equal(hf_flash_write(&flash, 252, bytes, 4), HF_OK);
	assert_int_equal(hf_flash_write(&flash, 256, bytes, 4), HF_R_FLASH_RANGE);
	assert_int_equal(hf_flash_write(&flash, 2, bytes, 4), HF_R_FLASH_RANGE);
	assert_int_equal(hf_flash_write(&flash, 0, bytes, 6), HF_R_FLASH_RANGE);
	assert_int_equal(hf_flash_erase(&flash, 64, 128), HF_OK);
	assert_int_equal(hf_flash_erase(&flash, 32, 64), HF_R_FLASH_RANGE);
	assert_int_equal(hf_flash_erase(&flash, 0, 96), HF_R_FLASH_RANGE);
	assert_int_equal(hf_flash_erase(&flash, 192, 128), HF_R_FLASH_RANGE);
	assert_int_equal(hf_flash_is_blank(&flash, 200, 57, &blank), HF_R_FLASH_RANGE);
	assert_int_equal(area.writes, 1);
	assert_int_equal(area.erases, 1);
}

static void flash_blank(void **state)
{
	struct area area;
	const struct hf_flash flash = flash_of(&area, true);
	bool blank = true;
	(void)state;
	assert_int_equal(hf_flash_is_blank(&flash, 0, 256, &blank), HF_OK);
	assert_false(blank);
	memset(area.bytes, 0xff, 256);
	for (uint32_t off = 0; off < 256; off++) {
		area.bytes[off] = 0x7f;
		assert_int_equal(hf_flash_is_blank(&flash, 3, 250, &blank), HF_OK);
		assert_int_equal(blank, off < 3 || off >= 253);
		area.bytes[off] = 0xff;
	}
	area.answer = HF_R_FLASH_READ;
	blank = true;
	assert_int_equal(hf_flash_is_blank(&flash, 0, 4, &blank), HF_R_FLASH_READ);
	assert_true(blank); /* untouched */
}

/* Memory without erase gets the erased byte written, in whole lines, and made durable. */
static void flash_erase_without_erase(void **state)
{
	struct area area;
	const struct hf_flash flash = flash_of(&area, false);
	(void)state;
	assert_int_equal(hf_flash_erase(&flash, 64, 128), HF_OK);
	assert_true(hf_is_filled(area.bytes, 64, 0));
	assert_true(hf_is_filled(area.bytes + 64, 128, 0xff));
	assert_true(hf_is_filled(area.bytes + 192, 64, 0));
	assert_int_equal(area.erases, 0);
	assert_int_equal(area.syncs, 1);
	assert_int_equal(hf_flash_sync(&flash), HF_OK);
	area.answer = HF_R_FLASH_WRITE;
	assert_int_equal(hf_flash_erase(&flash, 0, 64), HF_R_FLASH_WRITE);
	assert_int_equal(area.syncs, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans), cmocka_unit_test(checksum), cmocka_unit_test(filled), cmocka_unit_test(reasons_are_in_order),
		cmocka_unit_test(flash_bounds), cmocka_unit_test(flash_blank), cmocka_unit_test(flash_erase_without_erase),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
