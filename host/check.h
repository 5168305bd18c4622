/* SPDX-License-Identifier: MIT */
/* check.h - the loader's decision about an image in a file, with the host's cryptography. */
#ifndef HOST_CHECK_H
#define HOST_CHECK_H

#include "boardopt.h"
#include "imagefile.h"
#include "keyfile.h"

#define CHECK_KEYS_MAX 16

/* HF_OK: accepted. Else the loader's reason, in the problem with place, expected and found. keys none: hash only. */
enum hf_reason check_image(const struct imagefile *file, const struct boardopt *board, const struct keyfile *keys, uint32_t key_count,
			   struct hf_verdict *verdict, struct problem *problem) HF_MUST_USE;

#endif
