/* SPDX-License-Identifier: MIT */
/* update: the whole way, from a file to a confirmed image, each step checked by asking the device. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "args.h"
#include "bytes.h"
#include "check.h"
#include "device.h"
#include "progress.h"
#include "report_device.h"
#include "textparse.h"
#include "upload.h"

enum { OPT_NO_CONFIRM = 1, OPT_PERMANENT, OPT_WAIT, OPT_KEY, OPT_BOARD, OPT_LAYOUT, OPT_WINDOW, OPT_UPGRADE };

#define WAIT_S_DEFAULT 300u
#define POLL_MS 400u         /* between questions while the device swaps */
#define ASK_TIMEOUT_MS 1000u /* of one such question */

static const struct arg_option options[] = {
	{ OPT_NO_CONFIRM, '\0', "no-confirm", NULL, "leave the new image on trial: its next reset takes it back unless it confirms itself" },
	{ OPT_PERMANENT, '\0', "permanent", NULL, "no trial and no way back" },
	{ OPT_WAIT, '\0', "wait", "SECONDS", "how long the device may take to come back (default 300)" },
	{ OPT_KEY, 'k', "key", "FILE", "check the image with this key before anything is sent" },
	{ OPT_BOARD, '\0', "board", "NAME", "check the image by this board's rules before anything is sent" },
	{ OPT_LAYOUT, '\0', "layout", "NAME", "layout of the board (default: its first)" },
	{ OPT_WINDOW, '\0', "window", "N", "chunks in flight at most (default: what the device's buffers allow)" },
	{ OPT_UPGRADE, '\0', "upgrade", NULL, "the device is to refuse a version that is not higher" },
	DEVICE_OPTION_ROWS,
	{ 0 }
};

struct wishes {
	struct device_options device;
	struct upload_wish upload;
	const char *name, *path, *key, *board, *layout;
	uint32_t wait_s;
	bool no_confirm, permanent;
};

static enum hf_reason take(const struct args *args, int id, struct wishes *w, struct problem *problem)
{
	uint64_t number = 0;
	enum hf_reason reason = HF_OK;
	switch (id) {
	case OPT_NO_CONFIRM: w->no_confirm = true; return HF_OK;
	case OPT_PERMANENT: w->permanent = true; return HF_OK;
	case OPT_KEY: w->key = args->value; return HF_OK;
	case OPT_BOARD: w->board = args->value; return HF_OK;
	case OPT_LAYOUT: w->layout = args->value; return HF_OK;
	case OPT_UPGRADE: w->upload.upgrade_only = true; return HF_OK;
	case OPT_WAIT:
		reason = args_number("--wait", args->value, 86400, &number, problem);
		w->wait_s = (uint32_t)number;
		return reason;
	case OPT_WINDOW:
		reason = args_number("--window", args->value, SMP_WINDOW_MAX, &number, problem);
		w->upload.window = (uint32_t)number;
		return reason;
	default:
		return device_option(args, id, &w->device, problem);
	}
}

static bool is_image(const struct smp_image_entry *entry, const struct upload_file *file)
{
	return entry->hash_bytes == file->hash_bytes && memcmp(entry->hash, file->hash, file->hash_bytes) == 0;
}

static const struct smp_image_entry *active_of(const struct smp_image_list *list)
{
	for (uint32_t i = 0; i < list->count; i++) {
		if (list->entries[i].active && list->entries[i].image == 0)
			return &list->entries[i];
	}
	return NULL;
}

static bool is_pending(const struct smp_image_list *list)
{
	for (uint32_t i = 0; i < list->count; i++) {
		if (list->entries[i].pending)
			return true;
	}
	return false;
}

/* What can be known before a byte is sent. */
static enum hf_reason check_file(const struct wishes *w, const struct upload_file *file, struct problem *problem)
{
	struct boardopt board;
	struct keyfile key;
	struct hf_verdict verdict;
	enum hf_reason reason = boardopt_find(w->board, w->layout, &board, problem);
	if (reason != HF_OK || (w->key == NULL && board.board == NULL))
		return reason;
	if (w->key == NULL)
		return check_image(&file->file, &board, NULL, 0, &verdict, problem);
	reason = keyfile_read(w->key, NULL, &key, problem);
	if (reason != HF_OK)
		return reason;
	reason = check_image(&file->file, &board, &key, 1, &verdict, problem);
	keyfile_free(&key);
	return reason;
}

static void pause_ms(uint32_t ms)
{
	struct timespec time = { .tv_sec = (time_t)(ms / 1000u), .tv_nsec = (long)(ms % 1000u) * 1000000L };
	(void)nanosleep(&time, NULL);
}

/* One question with one try; *answered false: no good answer, for whatever reason, and the link is tried anew next time. */
static void ask_once(struct device *device, struct smp_image_list *list, bool *answered)
{
	struct problem ignored;
	const struct device_options usual = device->options;
	*answered = false;
	if (!link_is_open(&device->link) && device_reopen(device, &ignored) != HF_OK)
		return;
	device->options.timeout_ms = ASK_TIMEOUT_MS;
	device->options.tries = 1;
	enum hf_reason reason = device_images(device, list, &ignored);
	device->options = usual;
	if (reason == HF_R_HOST_PORT_LOST)
		link_close(&device->link); /* a USB port goes and comes with the board */
	*answered = reason == HF_OK;
}

/* The device runs the old image and nothing is pending any more: it was refused or taken back. Its loader may know why. */
static enum hf_reason not_taken(struct device *device, struct problem *problem)
{
	struct smp_why_reply why;
	bool known = false;
	enum hf_reason reason = device_why(device, &why, &known, problem);
	if (reason != HF_OK)
		return reason;
	if (!known || !why.has_report || why.refusal == 0)
		return problem_set(problem, HF_R_HOST_UPDATE_REVERTED, device->name, "%s", "");
	struct hf_finding finding = { .reason = (enum hf_reason)why.refusal, .where_off = why.where, .expected = why.expected,
				      .found = why.found };
	(void)problem_finding(problem, device->name, &finding);
	(void)snprintf(problem->detail, sizeof problem->detail, "the bootloader refused the image");
	return finding.reason;
}

/* Asks until the new image answers. The old one may answer a last time before the reset takes hold: then its request is still
 * pending. */
static enum hf_reason wait_for_new(struct device *device, const struct wishes *w, const struct upload_file *file,
				   struct smp_image_list *list, struct problem *problem)
{
	struct progress progress;
	uint32_t start_ms = device_now_ms();
	enum hf_reason reason = HF_R_HOST_DEVICE_NOT_BACK;
	progress_start(&progress, "waiting", 0, 0, start_ms);
	while (device_now_ms() - start_ms < w->wait_s * 1000u) {
		bool answered = false;
		pause_ms(POLL_MS);
		progress_wait(&progress, "waiting for the device to install the image and come back", device_now_ms());
		ask_once(device, list, &answered);
		const struct smp_image_entry *active = answered ? active_of(list) : NULL;
		if (active != NULL && is_image(active, file)) {
			reason = HF_OK;
			break;
		}
		if (active != NULL && !is_pending(list)) {
			reason = HF_R_HOST_UPDATE_REVERTED;
			break;
		}
	}
	progress_end(&progress);
	if (reason == HF_R_HOST_UPDATE_REVERTED)
		return not_taken(device, problem);
	if (reason == HF_R_HOST_DEVICE_NOT_BACK)
		return problem_set(problem, reason, device->name, "waited %u s", (unsigned)w->wait_s);
	return HF_OK;
}

static enum hf_reason confirm(struct device *device, const struct upload_file *file, struct smp_image_list *list,
			      struct report *report, struct problem *problem)
{
	enum hf_reason reason = device_set_state(device, NULL, 0, true, list, problem);
	if (reason == HF_OK)
		reason = device_images(device, list, problem);
	if (reason != HF_OK)
		return reason;
	const struct smp_image_entry *active = active_of(list);
	if (active == NULL || !is_image(active, file) || !active->confirmed)
		return problem_set(problem, HF_R_HOST_DEVICE_REFUSED, device->name, "it does not list the image as confirmed");
	report_step(report, "confirmed: %s stays", active->version);
	return HF_OK;
}

static enum hf_reason send_image(struct device *device, const struct wishes *w, const struct upload_file *file,
				 struct report *report, struct problem *problem)
{
	struct upload_result sent;
	enum hf_reason reason = upload_check_room(device, file, problem);
	if (reason == HF_OK)
		reason = upload_run(device, file, &w->upload, &sent, problem);
	if (reason != HF_OK)
		return reason;
	double seconds = (double)sent.time_ms / 1000.0;
	report_step(report, "uploaded %u bytes in %.1f s (%.1f KB/s)", (unsigned)sent.size_bytes, seconds,
		    seconds > 0.0 ? (double)(sent.size_bytes - sent.resumed_off) / 1024.0 / seconds : 0.0);
	report_number(report, "size_bytes", NULL, sent.size_bytes);
	report_number(report, "upload_ms", NULL, sent.time_ms);
	report_number(report, "chunks_lost", NULL, sent.lost);
	return HF_OK;
}

static enum hf_reason install(struct device *device, const struct wishes *w, const struct upload_file *file,
			      struct smp_image_list *list, struct report *report, struct problem *problem)
{
	enum hf_reason reason = device_set_state(device, file->hash, file->hash_bytes, w->permanent, list, problem);
	if (reason != HF_OK)
		return reason;
	report_step(report, "requested: %s", w->permanent ? "permanent" : "a test");
	reason = device_reset(device, false, problem);
	if (reason == HF_R_HOST_DEVICE_SILENT || reason == HF_R_HOST_PORT_LOST)
		reason = HF_OK; /* the reset was faster than its reply */
	if (reason != HF_OK)
		return reason;
	uint32_t start_ms = device_now_ms();
	report_step(report, "reset");
	reason = wait_for_new(device, w, file, list, problem);
	if (reason != HF_OK)
		return reason;
	uint32_t time_ms = device_now_ms() - start_ms;
	report_step(report, "the new image runs, %.1f s after the reset", (double)time_ms / 1000.0);
	report_number(report, "install_ms", NULL, time_ms);
	return HF_OK;
}

static enum hf_reason update(struct device *device, const struct wishes *w, const struct upload_file *file, struct report *report,
			     struct problem *problem)
{
	struct smp_image_list list;
	enum hf_reason reason = device_images(device, &list, problem);
	if (reason != HF_OK)
		return reason;
	const struct smp_image_entry *active = active_of(&list);
	bool runs = active != NULL && is_image(active, file);
	if (active != NULL && !active->confirmed && !runs)
		return problem_set(problem, HF_R_HOST_UPDATE_TRIAL_OPEN, device->name, "version %s", active->version);
	if (active != NULL)
		report_step(report, "the device runs %s%s", active->version, runs ? ", which is this image" : "");
	if (!runs) {
		reason = send_image(device, w, file, report, problem);
		if (reason == HF_OK)
			reason = install(device, w, file, &list, report, problem);
		if (reason != HF_OK)
			return reason;
		active = active_of(&list);
	}
	hf_assert(active != NULL);
	if (!active->confirmed && w->no_confirm)
		report_note(report, "on trial: the next reset takes it back unless it is confirmed (holdfast image confirm)");
	else if (!active->confirmed)
		reason = confirm(device, file, &list, report, problem);
	if (reason == HF_OK)
		report_images(&list, report);
	return reason;
}

static enum hf_reason run_update(const struct wishes *w, struct report *report, struct problem *problem)
{
	struct device *device = NULL;
	struct upload_file file;
	char version[40];
	enum hf_reason reason = upload_file_read(w->path, &file, problem);
	if (reason != HF_OK)
		return reason;
	version_print(&file.image.version, version);
	report_text(report, "file", NULL, w->path);
	report_text(report, "version", NULL, version);
	reason = check_file(w, &file, problem);
	if (reason == HF_OK)
		reason = device_open(w->name, &w->device, &device, problem);
	if (reason == HF_OK) {
		report_step(report, "%s is version %s, %u bytes", w->path, version, (unsigned)file.image.total_bytes);
		reason = update(device, w, &file, report, problem);
	}
	device_close(device);
	upload_file_free(&file);
	return reason;
}

static enum hf_reason run(struct args *args, struct report *report, struct problem *problem)
{
	struct wishes w = { .device = device_defaults(), .wait_s = WAIT_S_DEFAULT };
	int id = 0;
	enum hf_reason reason;
	while ((reason = args_next(args, &id, &report->json, problem)) == HF_OK && id != 0) {
		reason = take(args, id, &w, problem);
		if (reason != HF_OK)
			return reason;
	}
	if (reason != HF_OK || args->want_help)
		return reason;
	if ((reason = args_need_word(args, "DEVICE", &w.name, problem)) != HF_OK ||
	    (reason = args_need_word(args, "IMAGE", &w.path, problem)) != HF_OK || (reason = args_end(args, problem)) != HF_OK)
		return reason;
	return run_update(&w, report, problem);
}

const struct command cmd_update = {
	.name = "update",
	.summary = "bring a device to a new image: upload, test, reset, wait, confirm",
	.synopsis = "DEVICE IMAGE",
	.about = "Asks the device what it runs, uploads the image with a progress bar, puts it on test, resets, waits until the new image\n"
		 "answers, and confirms it. If anything goes wrong on the way, the device keeps or gets back the image it had; when its\n"
		 "bootloader refused the new one, the reason is shown. May be repeated at any time; what is done already is not done again.",
	.options = options,
	.examples = "holdfast update /dev/ttyACM0 app.bin\n"
		    "holdfast update /dev/ttyACM0 app.bin --key release.pub.pem --no-confirm",
	.run = run,
};
