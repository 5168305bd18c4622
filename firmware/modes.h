/* SPDX-License-Identifier: MIT */
/* modes.h - the update modes that a loader holds: modes_swap.c, modes_all.c and others, chosen when linking
 * (CMakeLists.txt). Each answers hf_known_mode (known.h), too. */
#ifndef FIRMWARE_MODES_H
#define FIRMWARE_MODES_H

#include <holdfast/known.h>
#include <holdfast/mode.h>

extern const struct hf_mode *const fw_modes[];
extern const uint32_t fw_mode_count;

#endif
