/* SPDX-License-Identifier: MIT */
/* secondary.h - the update slot's flash: secondary_internal.c or secondary_external.c, chosen when linking (CMakeLists.txt).
 *
 * Order    check before anything is opened, open once before hf_boot_run, close before the jump.
 * Errors   check: *finding says what does not fit, and nothing can be started. open: the slot can't be reached; flash then answers
 *          every call with that reason, so that a valid primary boots all the same.
 */
#ifndef FIRMWARE_SECONDARY_H
#define FIRMWARE_SECONDARY_H

#include <holdfast/config.h>

#include "../ports/port.h"

bool fw_secondary_check(const struct hf_config *config, struct hf_finding *finding);
enum hf_reason fw_secondary_open(const struct hf_config *config, const uint8_t *block, struct hf_flash *flash,
				 struct port_area *area) HF_MUST_USE;
/* The chip asleep again, as Zephyr's drivers expect to find it; peripheral and pins at their reset state. */
void fw_secondary_close(void);

#endif
