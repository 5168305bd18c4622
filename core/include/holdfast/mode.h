/* SPDX-License-Identifier: MIT */
/* mode.h - an update mode is a row: how large an image may be, and which sector goes where in step k.
 *
 * Why      One mover and one journal run every mode, so there is one thing to prove; a mode is data and pure functions.
 * Shapes   A step copies one sector: from {slot, sector} into {slot, sector}. Steps are numbered 0..count-1.
 * Units    "Sector" is here the larger of the two slots' sectors, of which the smaller is a whole part; sizes in bytes.
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

struct hf_mover;
struct hf_boot_config;
struct hf_boot_result;

struct hf_mode {
	const char *name;
	uint8_t id;            /* enum hf_mode_id, in the configuration block */
	uint8_t mcuboot_mode;  /* what "bootloader info mode" answers (boot_status.h of MCUboot) */
	/* The old image stays in the secondary: updates can be tried and taken back, an image may lie one sector in (MCUboot's
	 * swap-offset), the primary's trailer says what was done. False: none of these. */
	bool keeps_old;
	/* The one right limit (docs: largest image): the same function for build report, sign, upload and loader. 0: no fit.
	 * sector_bytes: the larger of the two slots'. secondary_bytes: 0 if there is none. */
	uint32_t (*size_max)(uint32_t primary_bytes, uint32_t secondary_bytes, uint32_t sector_bytes, uint32_t align);
	uint32_t (*step_count)(const struct hf_plan *plan);
	struct hf_step (*step_at)(const struct hf_plan *plan, uint32_t k);
	/* All steps are done: is what lies in the primary now what was decided for? Before the update is closed, while the secondary
	 * still holds it. NULL: not asked here, because the way back is kept. */
	enum hf_reason (*accept)(struct hf_mover *mover);
	/* One boot, see hf_boot_run. */
	void (*run)(const struct hf_boot_config *config, struct hf_boot_result *result);
};

enum hf_mode_id { HF_MODE_ID_SWAP = 1, HF_MODE_ID_OVERWRITE = 2, HF_MODE_ID_SINGLE = 3, HF_MODE_ID_DELTA = 4 };
extern const struct hf_mode hf_mode_swap;
/* The new image replaces the old one: no trial, no way back, no trailer in the primary. */
extern const struct hf_mode hf_mode_overwrite;
/* No secondary: the primary is verified and started; updates come by recovery (recovery.h). */
extern const struct hf_mode hf_mode_single;

#endif
