/* SPDX-License-Identifier: MIT */
/* flash.h - the contract of a flash area: geometry and five functions.
 *
 * Why      nRF52840 page flash and nRF54L15 RRAM differ by numbers here, not by #if; a simulated area (sim/) has the same
 *          face, so the core that is cut ten million times on the host is the core that ships.
 * Shapes   An area is one slot. off is from its start. NOR: needs_erase, bits go 1 -> 0 only, a unit may be programmed
 *          writes_per_unit_max times between erases. RRAM: no erase, a write replaces whole lines of write_unit_bytes.
 * Units    bytes; sector_bytes is the erase unit (NOR) or the logical sector (RRAM).
 * Order    RRAM writes may sit in a volatile buffer: nothing is durable, nor ordered against later writes, before sync()
 *          has returned. NOR writes are durable when write() returns and sync() does nothing.
 * Cut      A cut write or erase leaves the touched units (NOR erase: the whole page; RRAM: any subset of the unsynced lines)
 *          reading anything, not even the same twice, or faulting. Nothing else changes.
 * Errors   HF_R_FLASH_*; a read that bus-faults returns HF_R_FLASH_READ instead of taking the CPU down.
 * Source   struct of functions plus geometry after littlefs (lfs.h, struct lfs_config).
 */
#ifndef HOLDFAST_FLASH_H
#define HOLDFAST_FLASH_H

#include <holdfast/known.h>
#include <holdfast/reason.h>

struct hf_flash {
	void *ctx;                    /* handed to each function */
	uint32_t size_bytes;          /* a multiple of sector_bytes */
	uint32_t sector_bytes;        /* 4096 on the chips we ship for */
	uint32_t write_unit_bytes;    /* 4 (NVMC word) or 16 (RRAM line): off and size of a write are multiples of it */
	uint8_t writes_per_unit_max;  /* between two erases; 0 = no limit */
	uint8_t erased_byte;          /* 0xff */
	bool needs_erase;             /* true: NOR */

	enum hf_reason (*read)(void *ctx, uint32_t off, void *into, uint32_t size_bytes);
	enum hf_reason (*write)(void *ctx, uint32_t off, const void *from, uint32_t size_bytes);
	enum hf_reason (*erase)(void *ctx, uint32_t off, uint32_t size_bytes);
	enum hf_reason (*sync)(void *ctx);
};

/* Bounds-checked calls; everything in core goes through these. A span outside the area is HF_R_FLASH_RANGE. */
enum hf_reason hf_flash_read(const struct hf_flash *flash, uint32_t off, void *into, uint32_t size_bytes) HF_MUST_USE;
enum hf_reason hf_flash_write(const struct hf_flash *flash, uint32_t off, const void *from, uint32_t size_bytes) HF_MUST_USE;
/* NOR: erases. RRAM: writes erased_byte over the span and syncs. off and size are multiples of sector_bytes. */
enum hf_reason hf_flash_erase(const struct hf_flash *flash, uint32_t off, uint32_t size_bytes) HF_MUST_USE;
enum hf_reason hf_flash_sync(const struct hf_flash *flash) HF_MUST_USE;
/* blank is set true if every byte of the span reads erased_byte. */
enum hf_reason hf_flash_is_blank(const struct hf_flash *flash, uint32_t off, uint32_t size_bytes, bool *blank) HF_MUST_USE;

#endif
