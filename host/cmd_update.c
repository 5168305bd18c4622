/* SPDX-License-Identifier: MIT */
/* update: the command line of update.h, for one device or many. */
#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "bytes.h"
#include "check.h"
#include "fleet.h"
#include "textparse.h"
#include "update.h"

enum { OPT_NO_CONFIRM = 1, OPT_CONFIRM_BY, OPT_PERMANENT, OPT_WAIT, OPT_KEY, OPT_BOARD, OPT_LAYOUT, OPT_WINDOW, OPT_UPGRADE };

#define WAIT_S_DEFAULT 300u

static const struct arg_option options[] = {
	{ OPT_NO_CONFIRM, '\0', "no-confirm", NULL, "leave the new image on trial: its next reset takes it back unless it confirms itself" },
	{ OPT_CONFIRM_BY, '\0', "confirm-by", "COMMAND", "confirm if this shell command ends with 0, else reset to go back; HOLDFAST_DEVICE holds the device" },
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
	struct update_wish update;
	const char *path, *key, *board, *layout;
	const char *names[FLEET_MAX];
	uint32_t name_count;
};

static enum hf_reason take(const struct args *args, int id, struct wishes *w, struct problem *problem)
{
	uint64_t number = 0;
	enum hf_reason reason = HF_OK;
	switch (id) {
	case OPT_NO_CONFIRM: w->update.no_confirm = true; return HF_OK;
	case OPT_CONFIRM_BY: w->update.confirm_by = args->value; return HF_OK;
	case OPT_PERMANENT: w->update.permanent = true; return HF_OK;
	case OPT_KEY: w->key = args->value; return HF_OK;
	case OPT_BOARD: w->board = args->value; return HF_OK;
	case OPT_LAYOUT: w->layout = args->value; return HF_OK;
	case OPT_UPGRADE: w->update.upload.upgrade_only = true; return HF_OK;
	case OPT_WAIT:
		reason = args_number("--wait", args->value, 86400, &number, problem);
		w->update.wait_s = (uint32_t)number;
		return reason;
	case OPT_WINDOW:
		reason = args_number("--window", args->value, SMP_WINDOW_MAX, &number, problem);
		w->update.upload.window = (uint32_t)number;
		return reason;
	default:
		return device_option(args, id, &w->update.device, problem);
	}
}

/* What can be known before a byte is sent; the board's rules and the key are about its image 0. */
static enum hf_reason check_file(const struct wishes *w, const struct upload_file *file, struct problem *problem)
{
	struct boardopt board;
	struct keyfile key;
	struct hf_verdict verdict;
	enum hf_reason reason = boardopt_find(w->board, w->layout, &board, problem);
	if (reason != HF_OK || (w->key == NULL && board.board == NULL) || file->number != 0)
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

static void report_files(const struct wishes *w, const struct upload_files *files, struct report *report)
{
	char version[40];
	report_text(report, "file", NULL, w->path);
	for (size_t i = 0; i < files->count; i++) {
		const struct upload_file *file = &files->list[i];
		version_print(&file->image.version, version);
		if (i == 0)
			report_text(report, "version", NULL, version);
		report_step(report, "%s is version %s, %u bytes", file->file.path, version, (unsigned)file->image.total_bytes);
	}
}

static enum hf_reason work(const void *ctx, const char *name, struct report *report, struct problem *problem)
{
	return update_device(ctx, name, report, problem);
}

static enum hf_reason run_update(struct wishes *w, struct report *report, struct problem *problem)
{
	struct upload_files *files = host_alloc(sizeof *files);
	enum hf_reason reason = upload_files_read(w->path, files, problem);
	for (size_t i = 0; i < files->count && reason == HF_OK; i++)
		reason = check_file(w, &files->list[i], problem);
	if (reason == HF_OK) {
		report_files(w, files, report);
		w->update.files = files;
		const struct fleet fleet = { .names = w->names, .count = w->name_count, .work = work, .ctx = &w->update,
					     .draws = device_draws(&w->update.device) };
		reason = w->name_count == 1 ? update_device(&w->update, w->names[0], report, problem) : fleet_run(&fleet, report, problem);
	}
	upload_files_free(files);
	free(files);
	return reason;
}

/* DEVICE... IMAGE: the last word is the image. */
static enum hf_reason take_words(struct args *args, struct wishes *w, struct problem *problem)
{
	const char *word = NULL;
	enum hf_reason reason = args_need_word(args, "DEVICE", &w->names[0], problem);
	if (reason == HF_OK)
		reason = args_need_word(args, "IMAGE", &w->path, problem);
	w->name_count = 1;
	while (reason == HF_OK && (word = args_word(args)) != NULL) {
		if (w->name_count == FLEET_MAX)
			return problem_set(problem, HF_R_HOST_USAGE, word, "at most %u devices", FLEET_MAX);
		w->names[w->name_count++] = w->path;
		w->path = word;
	}
	for (uint32_t i = 1; i < w->name_count && reason == HF_OK; i++) {
		for (uint32_t k = 0; k < i && reason == HF_OK; k++) {
			if (strcmp(w->names[i], w->names[k]) == 0)
				reason = problem_set(problem, HF_R_HOST_USAGE, w->names[i], "given twice");
		}
	}
	return reason;
}

static enum hf_reason run(struct args *args, struct report *report, struct problem *problem)
{
	struct wishes w = { .update = { .device = device_defaults(), .wait_s = WAIT_S_DEFAULT } };
	int id = 0;
	enum hf_reason reason;
	while ((reason = args_next(args, &id, &report->json, problem)) == HF_OK && id != 0) {
		reason = take(args, id, &w, problem);
		if (reason != HF_OK)
			return reason;
	}
	if (reason != HF_OK || args->want_help)
		return reason;
	if (w.update.no_confirm && w.update.confirm_by != NULL)
		return problem_set(problem, HF_R_HOST_OPTION_CONFLICT, "--no-confirm, --confirm-by", "%s", "");
	reason = take_words(args, &w, problem);
	return reason == HF_OK ? run_update(&w, report, problem) : reason;
}

const struct command cmd_update = {
	.name = "update",
	.summary = "bring devices to a new image: upload, test, reset, wait, confirm",
	.synopsis = "DEVICE... IMAGE",
	.about = "Asks the device what it runs, uploads what it does not have yet with a progress bar, puts it on test, resets, waits until the\n"
		 "new image answers, and confirms it. If anything goes wrong on the way, the device keeps or gets back the image it had; when\n"
		 "its bootloader refused the new one, the reason is shown. May be repeated at any time; what is done already is not done again.\n"
		 "IMAGE is .bin, .hex or a .zip package. Several devices are updated at once, with a line for each and one summary.",
	.options = options,
	.examples = "holdfast update /dev/ttyACM0 app.bin\n"
		    "holdfast update udp:192.0.2.7 update.zip --confirm-by './self-test.sh \"$HOLDFAST_DEVICE\"'\n"
		    "holdfast update /dev/ttyACM0 /dev/ttyACM1 attic app.bin --key release.pub.pem --no-confirm",
	.run = run,
};
