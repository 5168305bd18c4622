/* SPDX-License-Identifier: MIT */
/* app.h - the application's side: what is in the slots, upload, request, confirm, erase.
 *
 * Why      The same pieces serve the SMP image group, the demo application and any RTOS application; each write is among the
 *          operations that the explorer cuts.
 * Order    upload: begin -> write* (in order, off == next_off) -> (all bytes) -> request.
 * Cut      An upload that was cut is incomplete without a request: nothing happens at the next boot, the next upload starts
 *          over. The trailer's sector is wiped first, so that no old request meets new bytes.
 * Errors   HF_R_SLOT_*, HF_R_IMAGE_*, HF_R_FLASH_*.
 */
#ifndef HOLDFAST_APP_H
#define HOLDFAST_APP_H

#include <holdfast/crypto.h>
#include <holdfast/image.h>
#include <holdfast/mode.h>
#include <holdfast/trailer.h>

struct hf_app_config {
	const struct hf_flash *primary;
	const struct hf_flash *secondary; /* NULL: none (single slot): HF_R_SLOT_NONE for what needs one */
	uint32_t align;        /* 8 or 16 */
	uint32_t size_max;     /* from the boot report, or hf_mode_swap.size_max() */
};

struct hf_slot_info {
	bool has_image;                       /* a header and TLVs that read well; no signature check */
	bool bootable;
	bool active, confirmed, pending, permanent;  /* as MCUmgr's image list shows them */
	struct hf_image image;
	struct hf_image_place place;          /* where it lies (offset 0 or one sector in) */
	uint32_t hash_bytes;                  /* of the hash TLV: 32, 48, 64; 0 = none */
	uint8_t hash[HF_HASH_BYTES_MAX];
};

enum hf_reason hf_app_slot_info(const struct hf_app_config *app, enum hf_slot_role role, struct hf_slot_info *info) HF_MUST_USE;
/* NONE, TEST, PERM: what happens at the next boot; REVERT: the running image is on trial. */
enum hf_reason hf_app_swap_type(const struct hf_app_config *app, enum hf_swap_type *type) HF_MUST_USE;
/* Ask for the secondary's image at the next boot. HF_R_SLOT_NO_IMAGE, HF_R_SLOT_TRIAL_OPEN, HF_R_SLOT_REQUEST_TORN. */
enum hf_reason hf_app_request(const struct hf_app_config *app, bool permanent) HF_MUST_USE;
/* The same by who knows that there is an image: recovery, which has verified or just written it. */
enum hf_reason hf_app_request_known(const struct hf_app_config *app, bool permanent) HF_MUST_USE;
/* The running image is good. Done already, or nothing to confirm: HF_OK. */
enum hf_reason hf_app_confirm(const struct hf_app_config *app) HF_MUST_USE;
/* HF_R_SLOT_TRIAL_OPEN while the secondary holds the way back; HF_R_SLOT_PENDING if a request is open and !even_pending. */
enum hf_reason hf_app_erase_secondary(const struct hf_app_config *app, bool even_pending) HF_MUST_USE;

/* What an application leaves in the register that survives a soft reset, for its bootloader: into recovery (docs/recovery.md). The same
 * value and, on Nordic chips, the same register (GPREGRET) as Zephyr's boot mode retention.
 * Source: zephyrproject-rtos/zephyr: include/zephyr/retention/bootmode.h. */
enum { HF_BOOT_MODE_NORMAL = 0, HF_BOOT_MODE_RECOVERY = 1 };

struct hf_upload {
	const struct hf_flash *flash; /* the slot that is written */
	bool open;
	uint32_t size_bytes;
	uint32_t next_off;        /* next byte wanted; not 0 after a begin that resumes (recovery.h): what is there is not sent again */
	uint32_t prepared_bytes;  /* NOR: erased up to here */
	uint32_t tag_bytes;
	uint32_t line_bytes;
	/* A sector (or the end) is on flash, whole and synced. NULL: nobody asks. */
	enum hf_reason (*sector_done)(void *ctx, uint32_t end_off);
	void *ctx;
	uint8_t tag[32];          /* the client's hash of the file, for resume */
	uint8_t line[16];         /* bytes of the last, incomplete write unit */
};

/* Checks trial, size (<= size_max), then wipes the trailer and the first sector. */
enum hf_reason hf_upload_begin(struct hf_upload *upload, const struct hf_app_config *app, uint32_t size_bytes, const uint8_t *tag,
			       uint32_t tag_bytes) HF_MUST_USE;
/* off must be next_off; any size; erases ahead; bytes beyond size_bytes are HF_R_SLOT_OVERRUN. Flushes at the last byte. */
enum hf_reason hf_upload_write(struct hf_upload *upload, const void *data, uint32_t data_bytes) HF_MUST_USE;
static inline bool hf_upload_is_complete(const struct hf_upload *upload)
{
	return upload->size_bytes != 0 && upload->next_off == upload->size_bytes;
}

#endif
