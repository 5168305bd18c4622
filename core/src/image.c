/* SPDX-License-Identifier: MIT */
/* image.c - see image.h. */
#include <holdfast/image.h>

#define TLV_HEADER_BYTES 4u
#define TLV_COUNT_MAX 64u
/* The cursor of a walk: offset of the next TLV in the low bits, TLVs given out in the high ones; so an image is below 32 MB. */
#define CURSOR_OFF_BITS 25u
#define CURSOR_OFF_MASK ((1u << CURSOR_OFF_BITS) - 1u)

enum hf_reason hf_refuse(struct hf_finding *finding, enum hf_reason reason, uint32_t where_off, uint32_t expected, uint32_t found)
{
	finding->reason = reason;
	finding->where_off = where_off;
	finding->expected = expected;
	finding->found = found;
	return reason;
}

static uint32_t area_bytes(const struct hf_image_place *place)
{
	return place->base_off <= place->flash->size_bytes ? place->flash->size_bytes - place->base_off : 0u;
}

static void header_decode(const uint8_t *raw, struct hf_image *image)
{
	image->load_addr = hf_get32le(raw + 4);
	image->header_bytes = hf_get16le(raw + 8);
	image->protected_bytes = hf_get16le(raw + 10);
	image->payload_bytes = hf_get32le(raw + 12);
	image->flags = hf_get32le(raw + 16);
	image->version.major = raw[20];
	image->version.minor = raw[21];
	image->version.revision = hf_get16le(raw + 22);
	image->version.build = hf_get32le(raw + 24);
}

/* The sizes of the header against the bytes of the place; leaves hashed_bytes. */
static enum hf_reason header_check(uint32_t area, struct hf_image *image, struct hf_finding *finding)
{
	const uint32_t around_bytes = (uint32_t)image->header_bytes + image->protected_bytes;

	if (image->header_bytes < HF_IMAGE_HEADER_BYTES) {
		return hf_refuse(finding, HF_R_IMAGE_HEADER_SMALL, 8, HF_IMAGE_HEADER_BYTES, image->header_bytes);
	}
	if (image->payload_bytes > UINT32_MAX - around_bytes) {
		return hf_refuse(finding, HF_R_IMAGE_SIZE_WRAPS, 12, UINT32_MAX - around_bytes, image->payload_bytes);
	}
	image->hashed_bytes = image->payload_bytes + around_bytes;
	if (image->hashed_bytes >= area) {
		return hf_refuse(finding, HF_R_IMAGE_BEYOND_SLOT, 12, area, image->hashed_bytes);
	}
	return HF_OK;
}

/* The header of a TLV area at off: its magic u16 and its size u16, which counts these 4 bytes. */
static enum hf_reason info_read(const struct hf_image_place *place, uint32_t off, uint8_t raw[HF_TLV_INFO_BYTES], struct hf_finding *finding)
{
	if (!hf_span_fits(off, HF_TLV_INFO_BYTES, area_bytes(place))) {
		return hf_refuse(finding, HF_R_IMAGE_BEYOND_SLOT, off, area_bytes(place), off + HF_TLV_INFO_BYTES);
	}
	return hf_flash_read(place->flash, place->base_off + off, raw, HF_TLV_INFO_BYTES);
}

static enum hf_reason protected_check(const struct hf_image_place *place, const struct hf_image *image, struct hf_finding *finding)
{
	const uint32_t off = image->hashed_bytes - image->protected_bytes;
	uint8_t raw[HF_TLV_INFO_BYTES];

	if (image->protected_bytes == 0u) {
		return HF_OK;
	}
	const enum hf_reason reason = info_read(place, off, raw, finding);
	if (reason != HF_OK) {
		return reason;
	}
	const uint16_t magic = hf_get16le(raw);
	const uint16_t total_bytes = hf_get16le(raw + 2);
	if (magic != HF_TLV_PROTECTED_MAGIC) {
		return hf_refuse(finding, HF_R_IMAGE_PROTECTED_MISSING, off, HF_TLV_PROTECTED_MAGIC, magic);
	}
	if (total_bytes != image->protected_bytes || total_bytes < HF_TLV_INFO_BYTES) {
		return hf_refuse(finding, HF_R_IMAGE_PROTECTED_SIZE, off + 2u, image->protected_bytes, total_bytes);
	}
	return HF_OK;
}

static enum hf_reason unprotected_check(const struct hf_image_place *place, uint32_t area, uint32_t limit_bytes, struct hf_image *image,
					struct hf_finding *finding)
{
	const uint32_t off = image->hashed_bytes;
	uint8_t raw[HF_TLV_INFO_BYTES];

	const enum hf_reason reason = info_read(place, off, raw, finding);
	if (reason != HF_OK) {
		return reason;
	}
	const uint16_t magic = hf_get16le(raw);
	const uint16_t total_bytes = hf_get16le(raw + 2);
	if (magic != HF_TLV_INFO_MAGIC) {
		const bool is_surprise = magic == HF_TLV_PROTECTED_MAGIC && image->protected_bytes == 0u;
		return hf_refuse(finding, is_surprise ? HF_R_IMAGE_PROTECTED_UNANNOUNCED : HF_R_IMAGE_TLV_MAGIC, off, HF_TLV_INFO_MAGIC, magic);
	}
	if (total_bytes < HF_TLV_INFO_BYTES) {
		return hf_refuse(finding, HF_R_IMAGE_TLV_AREA_SIZE, off + 2u, HF_TLV_INFO_BYTES, total_bytes);
	}
	if (!hf_span_fits(off, total_bytes, area)) {
		return hf_refuse(finding, HF_R_IMAGE_BEYOND_SLOT, off + 2u, area, off + total_bytes);
	}
	image->total_bytes = off + total_bytes;
	if (image->total_bytes > limit_bytes) {
		return hf_refuse(finding, HF_R_IMAGE_BEYOND_LIMIT, off + 2u, limit_bytes, image->total_bytes);
	}
	return HF_OK;
}

enum hf_reason hf_image_open(const struct hf_image_place *place, uint32_t limit_bytes, struct hf_image *image,
			     struct hf_finding *finding)
{
	uint8_t raw[HF_IMAGE_HEADER_BYTES];
	const uint32_t area = area_bytes(place);
	struct hf_image found;

	if (area < sizeof(raw) || area > CURSOR_OFF_MASK) {
		return hf_refuse(finding, HF_R_IMAGE_BEYOND_SLOT, 0, sizeof(raw), area);
	}
	enum hf_reason reason = hf_flash_read(place->flash, place->base_off, raw, sizeof(raw));
	if (reason != HF_OK) {
		return reason;
	}
	if (hf_get32le(raw) != HF_IMAGE_MAGIC) {
		const bool is_blank = hf_is_filled(raw, 4, hf_known(place->flash)->erased_byte);
		return hf_refuse(finding, is_blank ? HF_R_IMAGE_BLANK : HF_R_IMAGE_MAGIC, 0, HF_IMAGE_MAGIC, hf_get32le(raw));
	}
	header_decode(raw, &found);
	reason = header_check(area, &found, finding);
	if (reason == HF_OK) {
		reason = protected_check(place, &found, finding);
	}
	if (reason == HF_OK) {
		reason = unprotected_check(place, area, limit_bytes, &found, finding);
	}
	if (reason == HF_OK) {
		*image = found;
	}
	return reason;
}

enum hf_reason hf_image_next_tlv(const struct hf_image_place *place, const struct hf_image *image, uint32_t *cursor,
				 struct hf_tlv *tlv, bool *more, struct hf_finding *finding)
{
	const uint32_t first_off = image->hashed_bytes - image->protected_bytes;
	uint32_t off = *cursor & CURSOR_OFF_MASK;
	const uint32_t count = *cursor >> CURSOR_OFF_BITS;
	uint8_t raw[TLV_HEADER_BYTES];

	if (off == 0u) {
		off = first_off + HF_TLV_INFO_BYTES; /* of the protected area, or of the unprotected one if there is none */
	}
	if (off == image->hashed_bytes) {
		off += HF_TLV_INFO_BYTES; /* the protected area ended exactly; step over the header of the next one */
	}
	if (off == image->total_bytes) {
		*more = false;
		return HF_OK;
	}
	if (count == TLV_COUNT_MAX) {
		return hf_refuse(finding, HF_R_IMAGE_TLV_COUNT, off, TLV_COUNT_MAX, count + 1u);
	}
	const bool is_protected = off < image->hashed_bytes;
	const uint32_t end_off = is_protected ? image->hashed_bytes : image->total_bytes;
	if (!hf_span_fits(off, TLV_HEADER_BYTES, end_off)) {
		return hf_refuse(finding, HF_R_IMAGE_TLV_CUT, off, TLV_HEADER_BYTES, end_off - off);
	}
	const enum hf_reason reason = hf_image_read(place, image, off, raw, sizeof(raw));
	if (reason != HF_OK) {
		return reason;
	}
	const uint32_t data_off = off + TLV_HEADER_BYTES;
	const uint16_t size_bytes = hf_get16le(raw + 2);
	if (!hf_span_fits(data_off, size_bytes, end_off)) {
		return hf_refuse(finding, HF_R_IMAGE_TLV_BEYOND_AREA, off + 2u, end_off - data_off, size_bytes);
	}
	*tlv = (struct hf_tlv){ .type = hf_get16le(raw), .size_bytes = size_bytes, .data_off = data_off, .is_protected = is_protected };
	*cursor = (count + 1u) << CURSOR_OFF_BITS | (data_off + size_bytes);
	*more = true;
	return HF_OK;
}

enum hf_reason hf_image_read(const struct hf_image_place *place, const struct hf_image *image, uint32_t off, void *into,
			     uint32_t size_bytes)
{
	if (!hf_span_fits(off, size_bytes, image->total_bytes)) {
		return HF_R_FLASH_RANGE;
	}
	return hf_flash_read(place->flash, place->base_off + off, into, size_bytes);
}

uint32_t hf_version_word(const struct hf_version *version)
{
	return (uint32_t)version->major << 24 | (uint32_t)version->minor << 16 | version->revision;
}

int hf_version_compare(const struct hf_version *a, const struct hf_version *b)
{
	const uint32_t a_word = hf_version_word(a);
	const uint32_t b_word = hf_version_word(b);

	return a_word < b_word ? -1 : a_word > b_word;
}
