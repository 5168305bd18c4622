/* SPDX-License-Identifier: MIT */
#include "upload.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "check.h"
#include "file.h"
#include "progress.h"

/* An encrypted image's hash is of the plain text, which nobody has here: it is believed. */
static bool is_damaged(const struct upload_file *upload)
{
	const struct boardopt any = { 0 };
	struct hf_verdict verdict;
	struct problem ignored;
	return check_image(&upload->file, &any, NULL, 0, &verdict, &ignored) == HF_R_IMAGE_HASH_WRONG;
}

static enum hf_reason open_image(struct upload_file *upload, struct problem *problem)
{
	enum hf_reason reason = imagefile_open(&upload->file, &upload->image, problem);
	if (reason == HF_OK)
		reason = imagefile_hash(&upload->file, &upload->image, upload->hash, &upload->hash_bytes, problem);
	if (reason != HF_OK)
		imagefile_free(&upload->file);
	else
		upload->damaged = is_damaged(upload);
	return reason;
}

enum { FIRST_TIMEOUTS = 4 }; /* usual ones that the first datagram of an upload is waited for: the device may be erasing */

enum hf_reason upload_file_read(const char *path, struct upload_file *upload, struct problem *problem)
{
	memset(upload, 0, sizeof *upload);
	enum hf_reason reason = imagefile_read(path, 0xff, 0, &upload->file, problem);
	return reason == HF_OK ? open_image(upload, problem) : reason;
}

enum hf_reason upload_files_read(const char *path, struct upload_files *files, struct problem *problem)
{
	struct package package;
	files->count = 0;
	if (!file_is_zip(path)) {
		enum hf_reason reason = upload_file_read(path, &files->list[0], problem);
		files->count = reason == HF_OK;
		return reason;
	}
	enum hf_reason reason = package_read(path, &package, problem);
	if (reason != HF_OK)
		return reason;
	for (size_t i = 0; i < package.count && reason == HF_OK; i++) {
		struct upload_file *upload = &files->list[i];
		memset(upload, 0, sizeof *upload);
		upload->number = package.images[i].image;
		upload->has_slot = package.images[i].has_slot;
		upload->slot = package.images[i].slot;
		imagefile_of_package(path, &package.images[i], &upload->file);
		reason = open_image(upload, problem);
		files->count += reason == HF_OK;
	}
	package_free(&package);
	if (reason != HF_OK)
		upload_files_free(files);
	return reason;
}

void upload_files_free(struct upload_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		imagefile_free(&files->list[i].file);
	files->count = 0;
}

void upload_file_free(struct upload_file *upload)
{
	imagefile_free(&upload->file);
}

/* Of the slot that the running image does not have. */
static void learn_number(const struct upload_file *upload, const struct smp_slot_entry *slot, struct upload_wish *wish)
{
	bool is_target = upload->has_slot ? slot->slot % 2u == upload->slot % 2u : slot->slot % 2u == 1u;
	if (upload->number == 0 || !is_target || !slot->has_upload_id || wish->has_image)
		return;
	wish->has_image = true;
	wish->image = slot->upload_id;
}

enum hf_reason upload_check_room(struct device *device, const struct upload_file *upload, struct upload_wish *wish, struct problem *problem)
{
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	struct smp_slot_list slots;
	bool known = false;
	enum hf_reason reason = device_exchange_optional(device, smp_ask_slots(&device->client, &ask), &reply, &known, problem);
	if (reason != HF_OK)
		return reason;
	if (!known || smp_read_slots(&reply, &slots) != HF_OK)
		return HF_OK; /* older servers have no such command */
	for (uint32_t i = 0; i < slots.count; i++) {
		const struct smp_slot_entry *slot = &slots.entries[i];
		if (slot->image == upload->number)
			learn_number(upload, slot, wish);
		if (slot->image != upload->number || !slot->has_image_max || upload->image.total_bytes <= slot->image_max_bytes)
			continue;
		char expected[64], found[64];
		(void)snprintf(expected, sizeof expected, "at most %u bytes", (unsigned)slot->image_max_bytes);
		(void)snprintf(found, sizeof found, "%u bytes", (unsigned)upload->image.total_bytes);
		return problem_differs(problem, HF_R_HOST_DEVICE_TOO_SMALL, upload->file.path, expected, found);
	}
	return HF_OK;
}

static enum hf_reason plan_make(struct device *device, const struct upload_file *upload, const struct upload_wish *wish,
				const uint8_t *sha, struct smp_upload_plan *plan, struct problem *problem)
{
	*plan = smp_upload_plan_of(upload->file.bytes.data, upload->image.total_bytes, sha);
	enum hf_reason reason = device_reach(device, wish->window != 0 ? wish->window : SMP_WINDOW_MAX, &plan->message_max, &plan->window_max,
					     problem);
	if (reason != HF_OK)
		return reason;
	plan->has_image = wish->has_image || upload->number != 0;
	plan->image = wish->has_image ? wish->image : upload->number;
	plan->upgrade_only = wish->upgrade_only;
	plan->timeout_ms = device->options.timeout_ms;
	if (device->options.tries > plan->tries)
		plan->tries = device->options.tries;
	/* A device that sleeps for a minute does so with the first bytes and the last. */
	if (plan->first_timeout_ms < plan->timeout_ms)
		plan->first_timeout_ms = plan->timeout_ms;
	if (plan->last_timeout_ms < plan->timeout_ms)
		plan->last_timeout_ms = plan->timeout_ms;
	/* A datagram may be lost; the first one, repeated, is answered with where the device stands. */
	if (device->link.framing == LINK_DATAGRAMS && plan->first_timeout_ms > FIRST_TIMEOUTS * plan->timeout_ms)
		plan->first_timeout_ms = FIRST_TIMEOUTS * plan->timeout_ms;
	return HF_OK;
}

void upload_note_small(const struct upload_result *result, struct report *report)
{
	enum { SMALL_BYTES = 128 };
	if (result->message_bytes <= SMALL_BYTES)
		report_note(report, "the device takes messages of %u bytes only, which is slow; a larger buffer there makes it faster (Zephyr: "
			    "CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE)", (unsigned)result->message_bytes);
}

static enum hf_reason failed(const struct device *device, const struct smp_upload *upload, struct problem *problem)
{
	/* Busy up to the last try: with another client's upload, the device says. */
	if (upload->reason == HF_R_SMP_REFUSED || (upload->reason == HF_R_SMP_UPLOAD_STUCK && upload->busy))
		return device_refused(device, "upload", &upload->code, upload->device_reason, problem);
	if (!upload->answered)
		return problem_set(problem, HF_R_HOST_DEVICE_SILENT, device->name, "no reply to the upload's first bytes");
	return problem_set(problem, upload->reason, device->name, "at byte %u of the upload", (unsigned)upload->acked_off);
}

static enum hf_reason pump(struct device *device, struct smp_upload *upload, struct progress *progress, struct problem *problem)
{
	uint8_t buffer[DEVICE_MESSAGE_BYTES];
	for (;;) {
		uint32_t message_bytes = 0, wait_ms = 0;
		uint8_t *message = NULL;
		enum hf_reason reason = HF_OK;
		switch (smp_upload_next(upload, device_now_ms(), buffer, &message_bytes, &wait_ms)) {
		case SMP_UPLOAD_TODO_DONE: return HF_OK;
		case SMP_UPLOAD_TODO_FAILED: return failed(device, upload, problem);
		case SMP_UPLOAD_TODO_SEND:
			reason = device_send(device, buffer, message_bytes, problem);
			break;
		case SMP_UPLOAD_TODO_WAIT:
			reason = device_receive(device, wait_ms < 200 ? wait_ms : 200, &message, &message_bytes, problem);
			break;
		}
		if (reason != HF_OK)
			return reason;
		if (message != NULL)
			(void)smp_upload_take(upload, message, message_bytes, device_now_ms());
		progress_show(progress, upload->acked_off, device_now_ms());
	}
}

enum hf_reason upload_run(struct device *device, const struct upload_file *upload, const struct upload_wish *wish,
			  struct upload_result *result, struct problem *problem)
{
	uint8_t sha[32];
	struct smp_upload_plan plan;
	struct smp_upload run;
	struct progress progress;
	int done = EVP_Digest(upload->file.bytes.data, upload->image.total_bytes, sha, NULL, EVP_sha256(), NULL);
	hf_assert(done == 1);
	enum hf_reason reason = plan_make(device, upload, wish, sha, &plan, problem);
	if (reason != HF_OK)
		return reason;
	reason = smp_upload_start(&run, &plan, &device->client);
	if (reason != HF_OK)
		return problem_set(problem, reason, device->name, "%s", "");
	uint32_t start_ms = device_now_ms();
	progress_start(&progress, "uploading", plan.size_bytes, 0, start_ms);
	progress.shown = progress.shown && device_draws(&device->options);
	reason = pump(device, &run, &progress, problem);
	progress_end(&progress);
	if (reason != HF_OK)
		return reason;
	*result = (struct upload_result){ .size_bytes = plan.size_bytes, .resumed_off = run.resumed ? run.resumed_off : 0,
					  .time_ms = device_now_ms() - start_ms, .lost = run.counts.lost,
					  .message_bytes = plan.message_max };
	return HF_OK;
}
