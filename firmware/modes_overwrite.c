/* SPDX-License-Identifier: MIT */
#include "modes.h"

const struct hf_mode *const fw_modes[] = { &hf_mode_overwrite };
const uint32_t fw_mode_count = HF_ARRAY_COUNT(fw_modes);

const struct hf_mode *hf_known_mode(const struct hf_mode *mode)
{
	(void)mode;
	return &hf_mode_overwrite;
}
