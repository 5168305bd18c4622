/* SPDX-License-Identifier: MIT */
/* recovery.h - recovery over the wire, or none: recovery_none.c or its other, chosen when linking (CMakeLists.txt).
 *
 * Order    wanted is asked once, when the configuration is good and the slots are open, before hf_boot_run. serve is called if it
 *          was wanted, and whenever there is nothing to start; it returns only if this loader has no recovery, or (asked for, and a
 *          valid image is there) when the asker has gone.
 */
#ifndef FIRMWARE_RECOVERY_H
#define FIRMWARE_RECOVERY_H

#include <holdfast/config.h>

struct fw_recovery {
	const struct hf_config *config;
	const uint8_t *block;           /* for hf_config_decode_recovery */
	const struct hf_boot_config *boot;
	enum hf_reason reason;          /* why the board is here; HF_OK: asked for */
	uint32_t where_off;
};

bool fw_recovery_wanted(const struct fw_recovery *recovery);
void fw_recovery_serve(const struct fw_recovery *recovery);

#endif
