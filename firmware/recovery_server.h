/* SPDX-License-Identifier: MIT */
/* recovery_server.h - what the loader answers over SMP when it does not start an application: bytes in, bytes out, no registers.
 *
 * Why      Apart from recovery.c, so that fuzzers and tests run the very objects that the loader links. Not rows over smp/'s server: in
 *          recovery nothing runs, each image that is listed has been verified, errors have one form, and with its own handlers and one
 *          table of keys for all requests it takes half the code (docs/architecture.md). CBOR, frames and codes are smp/'s.
 * Shapes   OS echo, console echo, reset, params, bootloader info; image state, upload, erase; Holdfast's why.
 * Order    recovery_server_start -> recovery_server_answer for each message -> (reset_wanted: send the reply, wait, reset).
 * Cut      Flash is written by core only (app.h, recovery.h); see there.
 * Uploads  `image` absent, 0, 1 or 2: where hf_recovery_plan_of says, the update slot if there is one. 3: the primary slot. A whole
 *          image is asked for at once: on trial if there is something to go back to, else for good. The same `sha` and `len` resume.
 *          `upgrade` is not looked at: the boot decides, by the layout's policy.
 * Limits   RAM: the struct. A reply has at most RECOVERY_REPLY_BYTES.
 */
#ifndef FIRMWARE_RECOVERY_SERVER_H
#define FIRMWARE_RECOVERY_SERVER_H

#include <holdfast/recovery.h>
#include <holdfast/smp_cbor.h>
#include <holdfast/smp_groups.h>

#define RECOVERY_PACKET_BYTES 2052u /* a message of 2048 bytes and its frame */
#define RECOVERY_BUF_COUNT 3u       /* one is worked on, one more fits into the receive ring of 4096 bytes (smp_buf_count_of) */
#define RECOVERY_REPLY_BYTES 512u
#define RECOVERY_IMAGE_PRIMARY 3u   /* no client's default, and no other server's number for a slot of one image */

enum recovery_upload { RECOVERY_UPLOAD_NONE, RECOVERY_UPLOAD_OPEN, RECOVERY_UPLOAD_DONE };

struct recovery_slot {
	const struct hf_flash *flash; /* NULL: the layout has no such slot */
	bool known;                   /* verdict is of what is there now */
	struct hf_verdict verdict;
};

struct recovery_server {
	const struct hf_boot_config *boot;
	const struct hf_boot_result *result;
	const struct hf_report *report;
	enum hf_reason last_refusal;
	bool reset_wanted;
	uint32_t boot_mode;              /* that the reset was asked for with */
	struct hf_app_config app;
	struct hf_recovery_plan plan;    /* of the upload */
	enum recovery_upload upload;
	struct hf_install install;       /* its upload serves both slots */
	struct recovery_slot slots[2];
};

/* One a program. boot, result and report are kept; report's stop reason says why the board is here. hf_boot_run has been called with
 * them. */
struct recovery_server *recovery_server_start(const struct hf_boot_config *boot, const struct hf_boot_result *result,
					      const struct hf_report *report);
/* As smp_server_answer. */
uint32_t recovery_server_answer(struct recovery_server *recovery, uint8_t *message, uint32_t message_bytes, uint32_t *off,
				uint8_t reply[RECOVERY_REPLY_BYTES]);

#endif
