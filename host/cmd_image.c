/* SPDX-License-Identifier: MIT */
/* image list, upload, test, confirm, erase: the single steps of an update. */
#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "bytes.h"
#include "device.h"
#include "progress.h"
#include "report_device.h"
#include "upload.h"

enum { OPT_IMAGE = 1, OPT_WINDOW, OPT_UPGRADE, OPT_PERMANENT, OPT_SLOT };

struct wishes {
	struct device_options device;
	struct upload_wish upload;
	bool permanent;
	uint32_t slot;
	const char *name, *word; /* device; file or hash */
};

static enum hf_reason take(struct args *args, int id, struct wishes *w, struct problem *problem)
{
	uint64_t number = 0;
	enum hf_reason reason = HF_OK;
	switch (id) {
	case OPT_IMAGE:
		reason = args_number("--image", args->value, 255, &number, problem);
		w->upload.has_image = true;
		w->upload.image = (uint32_t)number;
		return reason;
	case OPT_WINDOW:
		reason = args_number("--window", args->value, SMP_WINDOW_MAX, &number, problem);
		w->upload.window = (uint32_t)number;
		return reason;
	case OPT_SLOT:
		reason = args_number("--slot", args->value, 255, &number, problem);
		w->slot = (uint32_t)number;
		return reason;
	case OPT_UPGRADE:
		w->upload.upgrade_only = true;
		return HF_OK;
	case OPT_PERMANENT:
		w->permanent = true;
		return HF_OK;
	default:
		return device_option(args, id, &w->device, problem);
	}
}

/* what: name of the second word, NULL: there is none; optional: it may be left out. */
static enum hf_reason read_line(struct args *args, struct wishes *w, bool *json, const char *what, bool optional,
				struct problem *problem)
{
	int id = 0;
	enum hf_reason reason;
	*w = (struct wishes){ .device = device_defaults(), .slot = 1 };
	while ((reason = args_next(args, &id, json, problem)) == HF_OK && id != 0) {
		reason = take(args, id, w, problem);
		if (reason != HF_OK)
			return reason;
	}
	if (reason != HF_OK || args->want_help)
		return reason;
	reason = args_need_word(args, "DEVICE", &w->name, problem);
	if (reason == HF_OK && what != NULL && optional)
		w->word = args_word(args);
	else if (reason == HF_OK && what != NULL)
		reason = args_need_word(args, what, &w->word, problem);
	return reason == HF_OK ? args_end(args, problem) : reason;
}

static enum hf_reason run_list(struct args *args, struct report *report, struct problem *problem)
{
	struct wishes w;
	struct device *device = NULL;
	struct smp_image_list list;
	enum hf_reason reason = read_line(args, &w, &report->json, NULL, false, problem);
	if (reason != HF_OK || args->want_help)
		return reason;
	reason = device_open(w.name, &w.device, &device, problem);
	if (reason != HF_OK)
		return reason;
	reason = device_images(device, &list, problem);
	if (reason == HF_OK)
		report_images(&list, report);
	device_close(device);
	return reason;
}

static const struct arg_option list_options[] = { DEVICE_OPTION_ROWS, { 0 } };

const struct command cmd_image_list = {
	.name = "image list",
	.summary = "show the images on a device and their state",
	.synopsis = "DEVICE",
	.about = "active: running now; confirmed: it stays; on trial: taken back at the next reset unless confirmed; pending: installed at\n"
		 "the next reset; permanent: and then not on trial.",
	.options = list_options,
	.examples = "holdfast image list /dev/ttyACM0",
	.run = run_list,
};

static void report_upload(const struct upload_file *file, const struct upload_result *result, struct report *report)
{
	char moved[PROGRESS_MOVED_BYTES];
	report_text(report, "file", NULL, file->file.path);
	report_number(report, "size_bytes", NULL, result->size_bytes);
	report_number(report, "resumed_off", NULL, result->resumed_off);
	report_number(report, "time_ms", NULL, result->time_ms);
	report_number(report, "chunks_lost", NULL, result->lost);
	report_bytes(report, "hash", NULL, file->hash, file->hash_bytes);
	progress_moved(result->size_bytes - result->resumed_off, result->time_ms, moved);
	if (result->resumed_off == result->size_bytes)
		report_row(report, "%s is on the device already, %u bytes", file->file.path, (unsigned)result->size_bytes);
	else
		report_row(report, "uploaded %s: %s", file->file.path, moved);
	if (result->resumed_off != 0 && result->resumed_off != result->size_bytes)
		report_row(report, "went on at byte %u, where an earlier upload had stopped", (unsigned)result->resumed_off);
	upload_note_small(result, report);
	if (file->file.bytes.size > file->image.total_bytes)
		report_note(report, "%zu bytes behind the image (padding) were not sent", file->file.bytes.size - file->image.total_bytes);
}

static enum hf_reason upload(const struct wishes *w, const struct upload_file *file, struct report *report, struct problem *problem)
{
	struct device *device = NULL;
	struct upload_result result;
	struct upload_wish wish = w->upload;
	enum hf_reason reason = device_open(w->name, &w->device, &device, problem);
	if (reason != HF_OK)
		return reason;
	reason = upload_check_room(device, file, &wish, problem);
	if (reason == HF_OK)
		reason = upload_run(device, file, &wish, &result, problem);
	if (reason == HF_OK)
		report_upload(file, &result, report);
	device_close(device);
	return reason;
}

static enum hf_reason run_upload(struct args *args, struct report *report, struct problem *problem)
{
	struct wishes w;
	struct upload_file file;
	enum hf_reason reason = read_line(args, &w, &report->json, "IMAGE", false, problem);
	if (reason != HF_OK || args->want_help)
		return reason;
	reason = upload_file_read(w.word, &file, problem);
	if (reason != HF_OK)
		return reason;
	reason = upload(&w, &file, report, problem);
	upload_file_free(&file);
	return reason;
}

static const struct arg_option upload_options[] = {
	{ OPT_IMAGE, '\0', "image", "N", "number of the image on devices with several" },
	{ OPT_WINDOW, '\0', "window", "N", "chunks in flight at most (default: what the device's buffers allow; 1: one by one)" },
	{ OPT_UPGRADE, '\0', "upgrade", NULL, "the device is to refuse a version that is not higher" },
	DEVICE_OPTION_ROWS,
	{ 0 }
};

const struct command cmd_image_upload = {
	.name = "image upload",
	.summary = "send an image into the update slot, and no more",
	.synopsis = "DEVICE IMAGE",
	.about = "Nothing happens at the next reset unless the image is also put on test (`image test`). An upload that was broken off goes\n"
		 "on where it stopped, as long as the device was not reset. Padding behind the image is not sent.",
	.options = upload_options,
	.examples = "holdfast image upload /dev/ttyACM0 app.bin",
	.run = run_upload,
};

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

static bool hash_of_text(const char *text, uint8_t *hash, uint32_t *hash_bytes)
{
	size_t length = strlen(text);
	if (length != 64 && length != 96 && length != 128)
		return false;
	for (size_t i = 0; i < length; i += 2) {
		int high = digit(text[i]), low = digit(text[i + 1]);
		if (high < 0 || low < 0)
			return false;
		hash[i / 2] = (uint8_t)(high << 4 | low);
	}
	*hash_bytes = (uint32_t)(length / 2);
	return true;
}

/* A hash in hex, an image file, or nothing: then what lies in the update slot. */
static enum hf_reason choose_hash(struct device *device, const char *word, uint8_t *hash, uint32_t *hash_bytes, struct problem *problem)
{
	struct upload_file file;
	struct smp_image_list list;
	if (word != NULL && hash_of_text(word, hash, hash_bytes))
		return HF_OK;
	if (word != NULL) {
		enum hf_reason reason = upload_file_read(word, &file, problem);
		if (reason != HF_OK)
			return reason;
		memcpy(hash, file.hash, file.hash_bytes);
		*hash_bytes = file.hash_bytes;
		upload_file_free(&file);
		return HF_OK;
	}
	enum hf_reason reason = device_images(device, &list, problem);
	if (reason != HF_OK)
		return reason;
	for (uint32_t i = 0; i < list.count; i++) {
		if (list.entries[i].slot != 1 || list.entries[i].hash_bytes == 0)
			continue;
		memcpy(hash, list.entries[i].hash, list.entries[i].hash_bytes);
		*hash_bytes = list.entries[i].hash_bytes;
		return HF_OK;
	}
	return problem_set(problem, HF_R_SLOT_NO_IMAGE, device->name, "the update slot");
}

static enum hf_reason set_state(const struct wishes *w, bool confirm, struct report *report, struct problem *problem)
{
	uint8_t hash[SMP_HASH_BYTES_MAX];
	uint32_t hash_bytes = 0;
	struct device *device = NULL;
	struct smp_image_list list;
	enum hf_reason reason = device_open(w->name, &w->device, &device, problem);
	if (reason != HF_OK)
		return reason;
	if (!confirm || w->word != NULL)
		reason = choose_hash(device, w->word, hash, &hash_bytes, problem);
	if (reason == HF_OK)
		reason = device_set_state(device, hash, hash_bytes, confirm || w->permanent, &list, problem);
	if (reason == HF_OK)
		report_images(&list, report);
	device_close(device);
	return reason;
}

static enum hf_reason run_test(struct args *args, struct report *report, struct problem *problem)
{
	struct wishes w;
	enum hf_reason reason = read_line(args, &w, &report->json, "IMAGE", true, problem);
	return reason != HF_OK || args->want_help ? reason : set_state(&w, false, report, problem);
}

static const struct arg_option test_options[] = {
	{ OPT_PERMANENT, '\0', "permanent", NULL, "install it for good: no trial, no way back" },
	DEVICE_OPTION_ROWS,
	{ 0 }
};

const struct command cmd_image_test = {
	.name = "image test",
	.summary = "install the uploaded image at the next reset, on trial",
	.synopsis = "DEVICE [HASH | IMAGE]",
	.about = "Without a hash or file, what lies in the update slot. On trial: unless it is confirmed while it runs, the reset after\n"
		 "brings the image of before back.",
	.options = test_options,
	.examples = "holdfast image test /dev/ttyACM0\n"
		    "holdfast image test /dev/ttyACM0 app.bin",
	.run = run_test,
};

static enum hf_reason run_confirm(struct args *args, struct report *report, struct problem *problem)
{
	struct wishes w;
	enum hf_reason reason = read_line(args, &w, &report->json, "HASH", true, problem);
	return reason != HF_OK || args->want_help ? reason : set_state(&w, true, report, problem);
}

const struct command cmd_image_confirm = {
	.name = "image confirm",
	.summary = "keep the image that runs on trial",
	.synopsis = "DEVICE [HASH | IMAGE]",
	.about = "With the hash or file of the running image, only if it is that one.",
	.options = list_options,
	.examples = "holdfast image confirm /dev/ttyACM0",
	.run = run_confirm,
};

static enum hf_reason run_erase(struct args *args, struct report *report, struct problem *problem)
{
	struct wishes w;
	struct device *device = NULL;
	struct smp_reply reply;
	enum hf_reason reason = read_line(args, &w, &report->json, NULL, false, problem);
	if (reason != HF_OK || args->want_help)
		return reason;
	reason = device_open(w.name, &w.device, &device, problem);
	if (reason != HF_OK)
		return reason;
	struct smp_ask ask = device_ask_of(device);
	/* A large slot on NOR flash takes its time. A datagram may be lost: it is sent again sooner. */
	bool may_be_lost = device->link.framing == LINK_DATAGRAMS;
	uint32_t least_ms = may_be_lost ? 15000 : 75000;
	ask.timeout_ms = ask.timeout_ms > least_ms ? ask.timeout_ms : least_ms;
	ask.tries = may_be_lost ? 5 : 1;
	reason = device_exchange(device, smp_ask_image_erase(&device->client, &ask, w.slot), &reply, problem);
	if (reason == HF_OK)
		reason = device_result(device, &reply, smp_read_nothing(&reply), "erase", problem);
	if (reason == HF_OK)
		report_step(report, "slot %u is erased", (unsigned)w.slot);
	device_close(device);
	return reason;
}

static const struct arg_option erase_options[] = {
	{ OPT_SLOT, '\0', "slot", "N", "2 * image + slot (default 1: the update slot)" },
	DEVICE_OPTION_ROWS,
	{ 0 }
};

const struct command cmd_image_erase = {
	.name = "image erase",
	.summary = "erase the update slot",
	.synopsis = "DEVICE",
	.about = "Refused by the device while the slot holds the way back from a trial. Flash takes its time: the reply is waited for up to 75 s\n"
		 "(--timeout, if that is longer); over UDP the request is sent again after 15 s, at most 5 times in all.",
	.options = erase_options,
	.examples = "holdfast image erase /dev/ttyACM0",
	.run = run_erase,
};
