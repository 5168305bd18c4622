/* SPDX-License-Identifier: MIT */
/* update.h - one device, from whatever it runs to a confirmed new image.
 *
 * Order    state, what is missing, upload, test, reset, wait by asking, state, health, confirm, state. Each step looks at what the
 *          device says, so that any of them may have been done already, by an earlier run that was cut off.
 * Cut      Any step may be cut: the device keeps, or gets back, what it had. A link that is lost at any message is waited for, and the device
 *          asked what it has before the message is sent again (update_state.h); up to five times a step.
 * Errors   those of device.h and upload.h; HF_R_HOST_UPDATE_*, HF_R_HOST_DEVICE_NOT_BACK; the bootloader's own reason if it
 *          refused an image and says why.
 * Source   the sequence: mcu-tools/mcuboot: docs/design.md; direct XIP without a state: zephyrproject-rtos/zephyr:
 *          subsys/mgmt/mcumgr/grp/img_mgmt.
 */
#ifndef HOST_UPDATE_H
#define HOST_UPDATE_H

#include "report.h"
#include "upload.h"

struct update_wish {
	struct device_options device;
	struct upload_wish upload;
	const struct upload_files *files;
	const char *confirm_by;  /* a command that says whether the new image is well; NULL: it answers, so it is */
	uint32_t wait_s;         /* the device may take that long to come back */
	bool no_confirm, permanent;
};

/* JSON: "outcome" is the whole of it in one sentence. */
enum hf_reason update_device(const struct update_wish *wish, const char *name, struct report *report, struct problem *problem) HF_MUST_USE;

#endif
