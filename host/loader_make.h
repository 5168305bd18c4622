/* SPDX-License-Identifier: MIT */
/* loader_make.h - a bootloader for a board: a carried binary with its configuration block filled in.
 *
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
};

/* binary: from the loader's first byte to the end of the block. config refers to the keys. */
enum hf_reason loader_make(const struct loader_wish *wish, struct hf_config *config, struct bytes *binary, const char **made_from,
			   struct problem *problem) HF_MUST_USE;

#endif
