/* SPDX-License-Identifier: MIT */
#include <holdfast/trailer.h>

enum { MAGIC_BYTES = 16, LINE_BYTES_MAX = 16, FIELDS_BYTES_MAX = 80, FLAG_SET = 0x01 };

/* Source: mcu-tools/mcuboot: boot/bootutil/src/bootutil_public.c (boot_img_magic), both alignments. */
static const uint8_t magic_8[MAGIC_BYTES] = { 0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f,
					      0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80 };
static const uint8_t magic_16[MAGIC_BYTES] = { 0x10, 0x00, 0x2d, 0xe1, 0x5d, 0x29, 0x41, 0x0b,
					       0x8d, 0x77, 0x67, 0x9c, 0x11, 0x0f, 0x1f, 0x8a };

enum field { FIELD_IMAGE_OK = 1, FIELD_COPY_DONE = 2, FIELD_SWAP_INFO = 3 };

static uint32_t field_off(const struct hf_flash *flash, uint32_t align, enum field field)
{
	return flash->size_bytes - MAGIC_BYTES - align * (uint32_t)field;
}

/* A field that cannot be read counts as torn, not as an error: a faulting line must not stop a boot. */
static uint8_t read_flag(const struct hf_flash *flash, uint32_t align, enum field field)
{
	uint8_t value;
	if (hf_flash_read(flash, field_off(flash, align, field), &value, 1) != HF_OK)
		return 0;
	return value;
}

static enum hf_flag_state flag_state(const struct hf_flash *flash, uint8_t value)
{
	return value == FLAG_SET ? HF_FLAG_SET : value == hf_known(flash)->erased_byte ? HF_FLAG_UNSET : HF_FLAG_BAD;
}

enum hf_reason hf_trailer_read(const struct hf_flash *flash, uint32_t align_default, struct hf_trailer *trailer)
{
	uint8_t magic[MAGIC_BYTES];
	hf_assert(align_default == 8 || align_default == 16);
	trailer->align = align_default;
	trailer->magic = HF_MAGIC_BAD;
	const enum hf_reason reason = hf_flash_read(flash, flash->size_bytes - MAGIC_BYTES, magic, MAGIC_BYTES);
	if (reason != HF_OK && hf_known(flash)->needs_erase)
		return reason; /* no cut makes NOR unreadable: the chip does not answer */
	if (reason == HF_OK) {
		if (memcmp(magic, magic_8, MAGIC_BYTES) == 0) {
			trailer->align = 8;
			trailer->magic = HF_MAGIC_GOOD;
		} else if (memcmp(magic, magic_16, MAGIC_BYTES) == 0) {
			trailer->align = 16;
			trailer->magic = HF_MAGIC_GOOD;
		} else if (hf_is_filled(magic, MAGIC_BYTES, hf_known(flash)->erased_byte)) {
			trailer->magic = HF_MAGIC_UNSET;
		}
	}
	trailer->image_ok = flag_state(flash, read_flag(flash, trailer->align, FIELD_IMAGE_OK));
	trailer->copy_done = flag_state(flash, read_flag(flash, trailer->align, FIELD_COPY_DONE));
	const uint8_t info = read_flag(flash, trailer->align, FIELD_SWAP_INFO);
	const uint32_t type = info & 0x0fu;
	const bool known = info != hf_known(flash)->erased_byte && type >= HF_SWAP_NONE && type <= HF_SWAP_REVERT;
	trailer->swap_type = known ? (enum hf_swap_type)type : HF_SWAP_NONE;
	trailer->image_number = known ? (uint8_t)(info >> 4) : 0;
	return HF_OK;
}

enum hf_swap_type hf_trailer_swap_type(const struct hf_trailer *primary, const struct hf_trailer *secondary)
{
	if (secondary->magic == HF_MAGIC_GOOD && secondary->image_ok == HF_FLAG_UNSET)
		return HF_SWAP_TEST;
	if (secondary->magic == HF_MAGIC_GOOD && secondary->image_ok == HF_FLAG_SET)
		return HF_SWAP_PERM;
	if (primary->magic == HF_MAGIC_GOOD && primary->image_ok == HF_FLAG_UNSET && primary->copy_done == HF_FLAG_SET)
		return HF_SWAP_REVERT;
	return HF_SWAP_NONE;
}

/* Writes the unit that holds the field. NOR: its first word (the rest of the field stays erased). RRAM: its line, which with
 * alignment 8 holds a neighbour that is written back as read. */
static enum hf_reason write_flag(const struct hf_flash *flash, uint32_t align, enum field field, uint8_t value)
{
	uint8_t line[LINE_BYTES_MAX];
	const uint32_t unit = hf_known(flash)->write_unit_bytes;
	const uint32_t off = field_off(flash, align, field);
	const uint32_t line_off = off - off % unit;
	hf_assert(unit <= LINE_BYTES_MAX);
	if (unit > align && hf_flash_read(flash, line_off, line, unit) == HF_OK)
		memset(line + (off - line_off), hf_known(flash)->erased_byte, align);
	else
		memset(line, hf_known(flash)->erased_byte, sizeof line);
	line[off - line_off] = value;
	const enum hf_reason reason = hf_flash_write(flash, line_off, line, unit);
	return reason != HF_OK ? reason : hf_flash_sync(flash);
}

enum hf_reason hf_trailer_write_magic(const struct hf_flash *flash, uint32_t align)
{
	const enum hf_reason reason =
		hf_flash_write(flash, flash->size_bytes - MAGIC_BYTES, align == 8 ? magic_8 : magic_16, MAGIC_BYTES);
	return reason != HF_OK ? reason : hf_flash_sync(flash);
}

enum hf_reason hf_trailer_write_image_ok(const struct hf_flash *flash, uint32_t align)
{
	return write_flag(flash, align, FIELD_IMAGE_OK, FLAG_SET);
}

enum hf_reason hf_trailer_write_copy_done(const struct hf_flash *flash, uint32_t align)
{
	return write_flag(flash, align, FIELD_COPY_DONE, FLAG_SET);
}

enum hf_reason hf_trailer_write_swap_info(const struct hf_flash *flash, uint32_t align, enum hf_swap_type type)
{
	return write_flag(flash, align, FIELD_SWAP_INFO, (uint8_t)type);
}

enum hf_reason hf_trailer_write_done(const struct hf_flash *flash, uint32_t align, enum hf_swap_type type, bool image_ok)
{
	uint8_t fields[FIELDS_BYTES_MAX];
	const uint32_t start = flash->size_bytes - FIELDS_BYTES_MAX;
	const uint32_t unit = hf_known(flash)->write_unit_bytes;
	enum hf_reason reason = HF_OK;
	memset(fields, hf_known(flash)->erased_byte, sizeof fields);
	fields[field_off(flash, align, FIELD_SWAP_INFO) - start] = (uint8_t)type;
	fields[field_off(flash, align, FIELD_COPY_DONE) - start] = FLAG_SET;
	if (image_ok)
		fields[field_off(flash, align, FIELD_IMAGE_OK) - start] = FLAG_SET;
	memcpy(fields + FIELDS_BYTES_MAX - MAGIC_BYTES, align == 8 ? magic_8 : magic_16, MAGIC_BYTES);
	for (uint32_t off = 0; off < FIELDS_BYTES_MAX && reason == HF_OK; off += unit) {
		if (!hf_known(flash)->needs_erase || !hf_is_filled(fields + off, unit, hf_known(flash)->erased_byte))
			reason = hf_flash_write(flash, start + off, fields + off, unit);
	}
	return reason != HF_OK ? reason : hf_flash_sync(flash);
}

bool hf_trailer_image_ok_is_blank(const struct hf_flash *flash, uint32_t align)
{
	bool blank = false;
	const enum hf_reason reason = hf_flash_is_blank(flash, field_off(flash, align, FIELD_IMAGE_OK), align, &blank);
	return reason == HF_OK && blank;
}

enum hf_reason hf_trailer_clear(const struct hf_flash *flash)
{
	uint8_t blank[FIELDS_BYTES_MAX];
	if (hf_known(flash)->needs_erase)
		return hf_flash_erase(flash, flash->size_bytes - hf_known(flash)->sector_bytes, hf_known(flash)->sector_bytes);
	memset(blank, hf_known(flash)->erased_byte, sizeof blank);
	const enum hf_reason reason = hf_flash_write(flash, flash->size_bytes - FIELDS_BYTES_MAX, blank, FIELDS_BYTES_MAX);
	return reason != HF_OK ? reason : hf_flash_sync(flash);
}
