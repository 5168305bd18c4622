/* SPDX-License-Identifier: MIT */
/* modes.h - the update modes that a loader holds: modes_swap.c or modes_all.c, chosen when linking (CMakeLists.txt). */
#ifndef FIRMWARE_MODES_H
#define FIRMWARE_MODES_H

#include <holdfast/mode.h>

extern const struct hf_mode *const fw_modes[];
extern const uint32_t fw_mode_count;

#endif
