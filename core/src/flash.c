/* SPDX-License-Identifier: MIT */
/* flash.c - the one place where spans of a flash area are checked; see flash.h. */
#include <holdfast/flash.h>

#define CHUNK_BYTES 64u

static bool is_aligned(uint32_t off, uint32_t size_bytes, uint32_t unit_bytes)
{
	return off % unit_bytes == 0u && size_bytes % unit_bytes == 0u;
}

enum hf_reason hf_flash_read(const struct hf_flash *flash, uint32_t off, void *into, uint32_t size_bytes)
{
	if (!hf_span_fits(off, size_bytes, flash->size_bytes)) {
		return HF_R_FLASH_RANGE;
	}
	return hf_known(flash)->read(flash->ctx, off, into, size_bytes);
}

enum hf_reason hf_flash_write(const struct hf_flash *flash, uint32_t off, const void *from, uint32_t size_bytes)
{
	if (!hf_span_fits(off, size_bytes, flash->size_bytes) || !is_aligned(off, size_bytes, hf_known(flash)->write_unit_bytes)) {
		return HF_R_FLASH_RANGE;
	}
	return hf_known(flash)->write(flash->ctx, off, from, size_bytes);
}

static enum hf_reason fill_erased(const struct hf_flash *flash, uint32_t off, uint32_t size_bytes)
{
	uint8_t chunk[CHUNK_BYTES];

	hf_assert(CHUNK_BYTES % hf_known(flash)->write_unit_bytes == 0u); /* so that a last, shorter part is whole units too */
	memset(chunk, hf_known(flash)->erased_byte, sizeof(chunk));
	for (uint32_t done = 0; done < size_bytes;) {
		const uint32_t left_bytes = size_bytes - done;
		const uint32_t part_bytes = left_bytes < CHUNK_BYTES ? left_bytes : CHUNK_BYTES;
		const enum hf_reason reason = hf_known(flash)->write(flash->ctx, off + done, chunk, part_bytes);
		if (reason != HF_OK) {
			return reason;
		}
		done += part_bytes;
	}
	return hf_known(flash)->sync(flash->ctx);
}

enum hf_reason hf_flash_erase(const struct hf_flash *flash, uint32_t off, uint32_t size_bytes)
{
	if (!hf_span_fits(off, size_bytes, flash->size_bytes) || !is_aligned(off, size_bytes, hf_known(flash)->sector_bytes)) {
		return HF_R_FLASH_RANGE;
	}
	return hf_known(flash)->needs_erase ? hf_known(flash)->erase(flash->ctx, off, size_bytes) : fill_erased(flash, off, size_bytes);
}

enum hf_reason hf_flash_sync(const struct hf_flash *flash)
{
	return hf_known(flash)->sync(flash->ctx);
}

enum hf_reason hf_flash_is_blank(const struct hf_flash *flash, uint32_t off, uint32_t size_bytes, bool *blank)
{
	uint8_t chunk[CHUNK_BYTES];

	if (!hf_span_fits(off, size_bytes, flash->size_bytes)) {
		return HF_R_FLASH_RANGE;
	}
	for (uint32_t done = 0; done < size_bytes;) {
		const uint32_t left_bytes = size_bytes - done;
		const uint32_t part_bytes = left_bytes < CHUNK_BYTES ? left_bytes : CHUNK_BYTES;
		const enum hf_reason reason = hf_known(flash)->read(flash->ctx, off + done, chunk, part_bytes);
		if (reason != HF_OK) {
			return reason;
		}
		if (!hf_is_filled(chunk, part_bytes, hf_known(flash)->erased_byte)) {
			*blank = false;
			return HF_OK;
		}
		done += part_bytes;
	}
	*blank = true;
	return HF_OK;
}
