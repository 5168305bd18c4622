/* SPDX-License-Identifier: MIT */
/* update_state.h - what an update knows of its device, for update.c: the latest image list, what it means, and how to ask again after a loss.
 *
 * Why      Any message of an update may be the one at which the link goes away, heard or not. Whoever lost one asks the device what it has
 *          before sending it again.
 * Errors   Those of device.h; a link that stays away: the reason of its loss.
 */
#ifndef HOST_UPDATE_STATE_H
#define HOST_UPDATE_STATE_H

#include "update.h"

#define UPDATE_LOSSES_MAX 5u /* of the link, at one step */
#define UPDATE_POLL_MS 400u  /* between questions while the device is away */
#define UPDATE_MODE_XIP 4    /* direct XIP: what is uploaded is what starts, there is nothing to request or to confirm */

struct update {
	const struct update_wish *wish;
	struct device *device;
	struct report *report;
	struct problem *problem;
	struct smp_image_list list;                           /* latest */
	const struct upload_file *chosen[PACKAGE_IMAGES_MAX]; /* one an image */
	size_t count;
	int32_t mode;                                         /* of the bootloader; -1 unknown */
	bool in_place;                                        /* an upload replaced the running image itself */
	bool present_used;                                    /* an image that lay there already was not sent again */
};

void update_pause_ms(uint32_t ms);

bool update_is_image(const struct smp_image_entry *entry, const struct upload_file *file);
const struct smp_image_entry *update_running(const struct update *u, uint32_t number);
bool update_runs(const struct update *u, const struct upload_file *file);
bool update_all_run(const struct update *u);
/* In another slot than the running one; NULL: it isn't there. */
const struct smp_image_entry *update_waiting(const struct update *u, const struct upload_file *file);
bool update_is_pending(const struct update *u);
/* As wished: for a test, or for good. */
bool update_is_requested(const struct update *u, const struct upload_file *file);
bool update_is_confirmed(const struct update *u, const struct upload_file *file);
bool update_all_confirmed(const struct update *u);
bool update_is_xip(const struct update *u);
bool update_is_recovery(const struct update *u);
bool update_is_in_place(const struct update *u, const struct upload_file *file);
bool update_lists_hashes(const struct update *u);

/* A lost link again, perhaps as another port. */
enum hf_reason update_link_back(struct update *u) HF_MUST_USE;
/* After a loss: the link, and the list. */
enum hf_reason update_look_again(struct update *u) HF_MUST_USE;
/* The list, over losses. */
enum hf_reason update_look(struct update *u) HF_MUST_USE;
/* The bootloader's mode, over losses. */
enum hf_reason update_ask_mode(struct update *u) HF_MUST_USE;
/* One question with one try; false: no good answer, for whatever reason, and the link is tried anew next time. */
bool update_ask_once(struct update *u);

#endif
