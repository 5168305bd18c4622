/* SPDX-License-Identifier: MIT */
/* loader_make.h - a bootloader for a board: a carried binary with its configuration block filled in.
 *
 * Why      The smallest binary that does what the layout needs: swap alone, swap with recovery (-recovery), overwrite-only or one
 *          slot (both with recovery), or every mode with the driver for external flash (-ext; recovery with P-256 only).
 * Errors   HF_R_HOST_LOADER_*, HF_R_HOST_KEY_TYPE, HF_R_HOST_KEYS_MIXED, HF_R_CONFIG_*.
 */
#ifndef HOST_LOADER_MAKE_H
#define HOST_LOADER_MAKE_H

#include <holdfast/config.h>

#include "boardopt.h"
#include "bytes.h"
#include "keyfile.h"

struct loader_wish {
	struct boardopt board;
	const struct keyfile *keys;
	uint32_t key_count;
	uint32_t policy;
	const struct hf_recovery *recovery; /* ways into recovery; NULL: as board and layout say */
};

/* The ways into recovery that the board has. */
struct hf_recovery loader_recovery_of(const struct board *board);

/* binary: from the loader's first byte to the end of the block. config refers to the keys. */
enum hf_reason loader_make(const struct loader_wish *wish, struct hf_config *config, struct bytes *binary, const char **made_from,
			   struct problem *problem) HF_MUST_USE;

#endif
