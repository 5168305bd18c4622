/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "update_state.h"

#include <time.h>

#define ASK_TIMEOUT_MS 1000u /* of one question while the device swaps */
#define LINK_BACK_S 20u      /* how long a link that was lost may stay away */
#define MODE_XIP_REVERT 5

void update_pause_ms(uint32_t ms)
{
	struct timespec time = { .tv_sec = (time_t)(ms / 1000u), .tv_nsec = (long)(ms % 1000u) * 1000000L };
	(void)nanosleep(&time, NULL);
}

/* --- what the device says --------------------------------------------------------------------------------------------------- */

bool update_is_image(const struct smp_image_entry *entry, const struct upload_file *file)
{
	return !file->damaged && entry->image == file->number && entry->hash_bytes == file->hash_bytes &&
	       memcmp(entry->hash, file->hash, file->hash_bytes) == 0;
}

/* What runs as image N. Devices mark image 0 as active; of the others, what lies in the first slot is what runs. */
const struct smp_image_entry *update_running(const struct update *u, uint32_t number)
{
	for (uint32_t i = 0; i < u->list.count; i++) {
		const struct smp_image_entry *entry = &u->list.entries[i];
		if (entry->image == number && (entry->active || (number != 0 && entry->slot % 2u == 0)))
			return entry;
	}
	return NULL;
}

bool update_runs(const struct update *u, const struct upload_file *file)
{
	const struct smp_image_entry *entry = update_running(u, file->number);
	return entry != NULL && update_is_image(entry, file);
}

bool update_all_run(const struct update *u)
{
	for (size_t i = 0; i < u->count; i++) {
		if (!update_runs(u, u->chosen[i]))
			return false;
	}
	return true;
}

const struct smp_image_entry *update_waiting(const struct update *u, const struct upload_file *file)
{
	for (uint32_t i = 0; i < u->list.count; i++) {
		if (update_is_image(&u->list.entries[i], file) && &u->list.entries[i] != update_running(u, file->number))
			return &u->list.entries[i];
	}
	return NULL;
}

bool update_is_pending(const struct update *u)
{
	for (uint32_t i = 0; i < u->list.count; i++) {
		if (u->list.entries[i].pending)
			return true;
	}
	return false;
}

bool update_is_xip(const struct update *u)
{
	return u->mode == UPDATE_MODE_XIP || u->mode == MODE_XIP_REVERT;
}

bool update_is_requested(const struct update *u, const struct upload_file *file)
{
	const struct smp_image_entry *entry = update_waiting(u, file);
	return entry != NULL && entry->pending && (entry->permanent || !u->wish->permanent);
}

bool update_is_confirmed(const struct update *u, const struct upload_file *file)
{
	const struct smp_image_entry *entry = update_running(u, file->number);
	return entry != NULL && update_is_image(entry, file) && entry->confirmed;
}

bool update_all_confirmed(const struct update *u)
{
	for (size_t i = 0; i < u->count; i++) {
		if (!update_is_confirmed(u, u->chosen[i]))
			return false;
	}
	return true;
}

/* An application's server marks what runs; here nothing runs. */
bool update_is_recovery(const struct update *u)
{
	for (uint32_t i = 0; i < u->list.count; i++) {
		if (u->list.entries[i].active)
			return false;
	}
	return u->mode < 0;
}

/* In the slot that the bootloader starts from. */
bool update_is_in_place(const struct update *u, const struct upload_file *file)
{
	for (uint32_t i = 0; i < u->list.count; i++) {
		if (u->list.entries[i].slot % 2u == 0 && update_is_image(&u->list.entries[i], file))
			return true;
	}
	return false;
}

/* A device that keeps hashes to itself can't be asked for one. */
bool update_lists_hashes(const struct update *u)
{
	for (uint32_t i = 0; i < u->list.count; i++) {
		if (u->list.entries[i].hash_bytes != 0)
			return true;
	}
	return u->list.count == 0;
}

/* --- links that come and go ---------------------------------------------------------------------------------------------------- */

/* A link that went away comes back, perhaps as another port; the upload then goes on where the device says. */
enum hf_reason update_link_back(struct update *u)
{
	uint32_t wait_s = u->wish->wait_s < LINK_BACK_S ? u->wish->wait_s : LINK_BACK_S, start_ms = device_now_ms();
	const struct problem lost = *u->problem;
	while (device_now_ms() - start_ms < wait_s * 1000u) {
		update_pause_ms(UPDATE_POLL_MS);
		if (device_reopen(u->device, u->problem) == HF_OK)
			return HF_OK;
	}
	*u->problem = lost;
	return lost.reason;
}

enum hf_reason update_look_again(struct update *u)
{
	enum hf_reason reason = HF_R_HOST_PORT_LOST;
	for (uint32_t losses = 0; link_is_lost(reason) && losses < UPDATE_LOSSES_MAX; losses++) {
		reason = update_link_back(u);
		if (reason != HF_OK)
			return reason;
		reason = device_images(u->device, &u->list, u->problem);
	}
	return reason;
}

enum hf_reason update_look(struct update *u)
{
	enum hf_reason reason = device_images(u->device, &u->list, u->problem);
	return link_is_lost(reason) ? update_look_again(u) : reason;
}

static enum hf_reason ask_mode(struct update *u)
{
	struct smp_ask ask = device_ask_of(u->device);
	struct smp_reply reply;
	bool no_downgrade = false;
	bool known = false;
	u->mode = -1;
	enum hf_reason reason = device_exchange_optional(u->device, smp_ask_bootloader(&u->device->client, &ask, "mode"), &reply, &known,
							 u->problem);
	if (known && smp_read_mode(&reply, &u->mode, &no_downgrade) != HF_OK)
		u->mode = -1; /* older servers have no such command */
	return reason;
}

enum hf_reason update_ask_mode(struct update *u)
{
	enum hf_reason reason = ask_mode(u);
	for (uint32_t losses = 0; link_is_lost(reason) && losses < UPDATE_LOSSES_MAX; losses++) {
		reason = update_link_back(u);
		if (reason != HF_OK)
			return reason;
		reason = ask_mode(u);
	}
	return reason;
}

bool update_ask_once(struct update *u)
{
	struct device *device = u->device;
	struct problem ignored;
	const struct device_options usual = device->options;
	if (!link_is_open(&device->link) && device_reopen(device, &ignored) != HF_OK)
		return false;
	if (usual.timeout_ms <= device_defaults().timeout_ms) /* a longer one was asked for: the device sleeps or is far away */
		device->options.timeout_ms = ASK_TIMEOUT_MS;
	device->options.tries = 1;
	enum hf_reason reason = device_images(device, &u->list, &ignored);
	device->options = usual;
	if (link_is_lost(reason))
		link_close(&device->link); /* a USB port goes and comes with the board */
	return reason == HF_OK;
}

