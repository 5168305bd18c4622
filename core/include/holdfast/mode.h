/* SPDX-License-Identifier: MIT */
/* mode.h - an update mode is a row: how large an image may be, and which sector goes where in step k.
 *
 * Why      One mover and one journal run every mode, so there is one thing to prove; a mode is data and pure functions.
 * Shapes   A step copies one sector: from {slot, sector} into {slot, sector}. Steps are numbered 0..count-1.
 * Units    sectors of the slots' common sector size; sizes in bytes.
 */
#ifndef HOLDFAST_MODE_H
#define HOLDFAST_MODE_H

#include <holdfast/reason.h>

enum hf_slot_role { HF_SLOT_PRIMARY = 0, HF_SLOT_SECONDARY = 1 };

/* Which way the free sector walks. DOWN: the new image lies at offset 0 of the secondary, the old one ends one sector in.
 * UP: the new image lies one sector in, the old one ends at offset 0. */
enum hf_walk { HF_WALK_DOWN = 0, HF_WALK_UP = 1 };

/* The facts a plan is made of; with them any step can be computed, so resuming needs no other state. */
struct hf_plan {
	enum hf_walk walk;
	uint16_t old_sectors; /* used sectors of the image in the primary; 0 = none */
	uint16_t new_sectors; /* used sectors of the image in the secondary */
};

struct hf_step {
	uint8_t from_slot; /* enum hf_slot_role */
	uint8_t into_slot;
	uint16_t from_sector;
	uint16_t into_sector;
};

struct hf_mode {
	const char *name;
	uint8_t id;            /* enum hf_mode_id, in the configuration block */
	uint8_t mcuboot_mode;  /* what "bootloader info mode" answers (boot_status.h of MCUboot) */
	/* The one right limit (docs: largest image): the same function for build report, sign, upload and loader. 0: no fit. */
	uint32_t (*size_max)(uint32_t primary_bytes, uint32_t secondary_bytes, uint32_t sector_bytes, uint32_t align);
	uint32_t (*step_count)(const struct hf_plan *plan);
	struct hf_step (*step_at)(const struct hf_plan *plan, uint32_t k);
};

enum hf_mode_id { HF_MODE_ID_SWAP = 1, HF_MODE_ID_OVERWRITE = 2, HF_MODE_ID_SINGLE = 3, HF_MODE_ID_DELTA = 4 };
extern const struct hf_mode hf_mode_swap;

#endif
