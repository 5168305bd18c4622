/* SPDX-License-Identifier: MIT */
/* trailer.h - the flags at a slot's end that applications built for MCUboot read and write.
 *
 * Why      They are the surface to the application: a request in the secondary, a confirmation in the primary. They are
 *          never evidence of what the loader did: that is the journal's (docs/power-loss.md), because a torn flag can read
 *          as anything.
 * Shapes   A = alignment, 8 or 16; Z = slot size. magic Z-16 (16 bytes), image_ok align_down(Z-16-A, A), copy_done - A,
 *          swap_info - A. A = 8: Z-16/-24/-32/-40, classic magic; A = 16: Z-16/-32/-48/-64, the magic that begins 10 00.
 *          Each flag is one unit of A bytes: value, then erased bytes.
 * Cut      A torn flag reads BAD, SET or UNSET, and may change; decisions survive each of them.
 * Source   mcu-tools/mcuboot: boot/bootutil/src/bootutil_public.c, bootutil_misc.c (2d4bacc3); checked against
 *          mcuboot-decision-table, mcuboot-boot-outcome in the tests.
 */
#ifndef HOLDFAST_TRAILER_H
#define HOLDFAST_TRAILER_H

#include <holdfast/flash.h>

enum hf_magic_state { HF_MAGIC_GOOD = 1, HF_MAGIC_BAD = 2, HF_MAGIC_UNSET = 3 };
enum hf_flag_state { HF_FLAG_SET = 1, HF_FLAG_BAD = 2, HF_FLAG_UNSET = 3 };
enum hf_swap_type { HF_SWAP_NONE = 1, HF_SWAP_TEST = 2, HF_SWAP_PERM = 3, HF_SWAP_REVERT = 4 };

struct hf_trailer {
	uint32_t align;                 /* 8 or 16: which magic was found; the default that was asked for if it is unset or bad */
	enum hf_magic_state magic;
	enum hf_flag_state image_ok;
	enum hf_flag_state copy_done;
	enum hf_swap_type swap_type;    /* HF_SWAP_NONE if erased or out of range */
	uint8_t image_number;
};

/* Bytes that the trailer fields take at a slot's end: 4A + 16. */
static inline uint32_t hf_trailer_bytes(uint32_t align)
{
	return 4u * align + 16u;
}

/* align_default: for an unset or bad magic. */
enum hf_reason hf_trailer_read(const struct hf_flash *flash, uint32_t align_default, struct hf_trailer *trailer) HF_MUST_USE;

/* What MCUboot's boot_swap_type would say of these two trailers: what an application's image list shows. */
enum hf_swap_type hf_trailer_swap_type(const struct hf_trailer *primary, const struct hf_trailer *secondary);

/* Single field writes, each synced. They do not read back: a torn flag is judged at the next boot. */
enum hf_reason hf_trailer_write_magic(const struct hf_flash *flash, uint32_t align) HF_MUST_USE;
enum hf_reason hf_trailer_write_image_ok(const struct hf_flash *flash, uint32_t align) HF_MUST_USE;
enum hf_reason hf_trailer_write_copy_done(const struct hf_flash *flash, uint32_t align) HF_MUST_USE;
enum hf_reason hf_trailer_write_swap_info(const struct hf_flash *flash, uint32_t align, enum hf_swap_type type) HF_MUST_USE;
/* All fields as they must read after a finished update: magic, copy_done, swap_info, and image_ok if it is set. NOR: into an
 * erased sector, only the words that are not blank. RRAM: the 80 bytes whole. */
enum hf_reason hf_trailer_write_done(const struct hf_flash *flash, uint32_t align, enum hf_swap_type type, bool image_ok) HF_MUST_USE;
/* True only if all A bytes of image_ok read erased: a torn confirmation counts as given (docs/power-loss.md). */
bool hf_trailer_image_ok_is_blank(const struct hf_flash *flash, uint32_t align);
/* Wipes the fields of both alignments: the last 80 bytes. NOR: erases the last sector. RRAM: writes those lines. */
enum hf_reason hf_trailer_clear(const struct hf_flash *flash) HF_MUST_USE;

#endif
