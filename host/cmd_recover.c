/* SPDX-License-Identifier: MIT */
/* recover: from a board without an application, or with one that does not answer, to one that runs. Works with Holdfast's recovery and,
 * with less to see, with MCUboot's serial recovery. */
#define _POSIX_C_SOURCE 200809L
#include <holdfast/smp_requests.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "args.h"
#include "boardopt.h"
#include "bytes.h"
#include "progress.h"
#include "report_device.h"
#include "textparse.h"
#include "upload.h"

enum { OPT_ENTER = 1, OPT_BOARD, OPT_PRIMARY, OPT_PERMANENT, OPT_NO_CONFIRM, OPT_NO_WAIT, OPT_WAIT };
enum { BOOT_MODE_RECOVERY = 1, IMAGE_PRIMARY = 3 /* firmware/recovery_server.h */ };

#define POLL_MS 300u
#define ASK_TIMEOUT_MS 600u   /* of a question to a board that may not be there */
#define WAIT_S_DEFAULT 120u

static const struct arg_option options[] = {
	{ OPT_ENTER, '\0', "enter", NULL, "ask the application over SMP to reset into recovery; else press what the board has" },
	{ OPT_BOARD, '\0', "board", "NAME", "say what to press on this board" },
	{ OPT_PRIMARY, '\0', "primary", NULL, "into the primary slot: what runs now is lost, even if the upload breaks off" },
	{ OPT_PERMANENT, '\0', "permanent", NULL, "for good at once: without a trial there is no way back" },
	{ OPT_NO_CONFIRM, '\0', "no-confirm", NULL, "leave an image that is on trial unconfirmed" },
	{ OPT_NO_WAIT, '\0', "no-wait", NULL, "done after the reset: for applications that do not speak SMP on this line" },
	{ OPT_WAIT, '\0', "wait", "SECONDS", "how long the board may take to enter, and to come back (default 120)" },
	DEVICE_OPTION_ROWS,
	{ 0 }
};

struct recover {
	struct device_options options;
	const char *name, *path, *board;
	bool enter, primary, permanent, no_confirm, no_wait;
	uint32_t wait_s;
	struct upload_file file;
	struct device *device;
	struct report *report;
	struct problem *problem;
	bool is_holdfast;       /* the recovery that answered says why */
	uint32_t stop;          /* that reason; 0: not in recovery */
	struct smp_image_list list;
};

static void pause_ms(uint32_t ms)
{
	struct timespec time = { .tv_sec = (time_t)(ms / 1000u), .tv_nsec = (long)(ms % 1000u) * 1000000L };
	(void)nanosleep(&time, NULL);
}

/* ---- is it there, and is it in recovery */

enum where { NOBODY, APPLICATION, RECOVERY };

/* Holdfast says it: a stop reason is in the report that recovery answers with, and in none of an application. A server that knows
 * neither that nor the info command is a bootloader's. */
static enum where look_once(struct recover *r)
{
	struct device *device = r->device;
	struct problem ignored;
	struct smp_why_reply why;
	bool known = false;
	char text[64];
	if (device_why(device, &why, &known, &ignored) != HF_OK)
		return NOBODY;
	if (known && why.has_report) {
		r->is_holdfast = true;
		r->stop = why.stop;
		return why.stop != 0 ? RECOVERY : APPLICATION;
	}
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	if (device_exchange(device, smp_ask_info(&device->client, &ask, "s"), &reply, &ignored) != HF_OK)
		return NOBODY;
	return smp_read_text(&reply, "output", text, sizeof text) == HF_OK ? APPLICATION : RECOVERY;
}

/* With little patience, and a link that may be gone for a while. */
static enum where look(struct recover *r)
{
	struct problem ignored;
	const struct device_options usual = r->device->options;
	if (!link_is_open(&r->device->link) && device_reopen(r->device, &ignored) != HF_OK)
		return NOBODY;
	r->device->options.timeout_ms = ASK_TIMEOUT_MS;
	r->device->options.tries = 1;
	enum where where = look_once(r);
	r->device->options = usual;
	return where;
}

static enum hf_reason wait_for_recovery(struct recover *r)
{
	const uint32_t start_ms = device_now_ms();
	enum where where = look(r);
	while (where != RECOVERY && device_now_ms() - start_ms < r->wait_s * 1000u) {
		pause_ms(POLL_MS);
		where = look(r);
	}
	if (where != RECOVERY)
		return problem_set(r->problem, HF_R_HOST_RECOVER_ABSENT, r->name, "waited %u s; %s answers", (unsigned)r->wait_s,
				   where == APPLICATION ? "the application" : "nobody");
	report_step(r->report, "in recovery%s%s", r->is_holdfast ? ": " : "", r->is_holdfast ? hf_reason_text(r->stop)->sentence : "");
	if (r->is_holdfast)
		report_number(r->report, "entered_by", NULL, r->stop);
	return HF_OK;
}

/* ---- into recovery */

static void say_what_to_press(const struct recover *r)
{
	struct boardopt board;
	struct problem ignored;
	const bool known = r->board != NULL && boardopt_find(r->board, NULL, &board, &ignored) == HF_OK;
	const struct board_recover *ways = known ? &board.board->recover : NULL;
	if (ways == NULL)
		report_step(r->report, "press the reset button twice within half a second, or hold the board's recovery button while you reset it "
			    "(--board says which)");
	else if (ways->pin != 0xff)
		report_step(r->report, "hold the button on P%u.%02u of the %s while you press and release reset%s", ways->pin / 32u, ways->pin % 32u,
			    board.board->title, ways->double_reset != 0 ? ", or press reset twice within half a second" : "");
	else
		report_step(r->report, "press the reset button of the %s twice within half a second", board.board->title);
	report_step(r->report, "waiting up to %u s for its recovery", (unsigned)r->wait_s);
}

static enum hf_reason reset_into(struct recover *r, bool into_recovery)
{
	struct smp_ask ask = device_ask_of(r->device);
	struct smp_reply reply;
	const struct device_options usual = r->device->options;
	r->device->options.tries = 1;
	enum hf_reason reason = into_recovery ?
		device_exchange(r->device, smp_ask_reset_mode(&r->device->client, &ask, false, BOOT_MODE_RECOVERY), &reply, r->problem) :
		device_reset(r->device, false, r->problem);
	r->device->options = usual;
	if (reason == HF_OK && into_recovery)
		reason = device_result(r->device, &reply, HF_OK, "reset into recovery", r->problem);
	return reason == HF_R_HOST_DEVICE_SILENT || link_is_lost(reason) ? HF_OK : reason; /* faster than its reply */
}

static enum hf_reason enter(struct recover *r)
{
	enum where where = look(r);
	if (where == RECOVERY)
		return wait_for_recovery(r);
	if (!r->enter) {
		say_what_to_press(r);
		return wait_for_recovery(r);
	}
	if (where == NOBODY)
		return problem_set(r->problem, HF_R_HOST_DEVICE_SILENT, r->name, "--enter needs an application that answers");
	enum hf_reason reason = reset_into(r, true);
	if (reason != HF_OK)
		return reason;
	report_step(r->report, "the application was asked to reset into recovery");
	return wait_for_recovery(r);
}

/* ---- upload */

static enum hf_reason send(struct recover *r)
{
	const struct upload_wish wish = { .has_image = r->primary, .image = IMAGE_PRIMARY };
	struct upload_result result;
	enum hf_reason reason = upload_run(r->device, &r->file, &wish, &result, r->problem);
	if (reason != HF_OK)
		return reason;
	char moved[PROGRESS_MOVED_BYTES];
	progress_moved(result.size_bytes - result.resumed_off, result.time_ms, moved);
	report_step(r->report, "uploaded %s%s", moved, result.resumed_off != 0 ? ", resumed" : "");
	report_number(r->report, "uploaded_bytes", NULL, result.size_bytes - result.resumed_off);
	report_number(r->report, "resumed_from", NULL, result.resumed_off);
	return HF_OK;
}

/* An open trial is taken back by the next boot; then there is room. */
static enum hf_reason send_or_revert(struct recover *r)
{
	enum hf_reason reason = send(r);
	struct smp_why_reply why;
	struct problem ignored;
	bool known = false;
	if (reason != HF_R_HOST_DEVICE_REFUSED || !r->is_holdfast || device_why(r->device, &why, &known, &ignored) != HF_OK || !known ||
	    why.last != HF_R_SLOT_TRIAL_OPEN)
		return reason;
	report_step(r->report, "the image on trial is taken back first");
	reason = reset_into(r, true);
	if (reason == HF_OK) {
		pause_ms(2 * POLL_MS);
		reason = wait_for_recovery(r);
	}
	return reason == HF_OK ? send(r) : reason;
}

/* ---- reset, and what runs then */

static const struct smp_image_entry *running(const struct recover *r)
{
	for (uint32_t i = 0; i < r->list.count; i++) {
		const struct smp_image_entry *entry = &r->list.entries[i];
		if (entry->active && entry->hash_bytes == r->file.hash_bytes && memcmp(entry->hash, r->file.hash, r->file.hash_bytes) == 0)
			return entry;
	}
	return NULL;
}

/* Recovery again: what was uploaded is not started. */
static enum hf_reason not_started(struct recover *r)
{
	struct problem ignored;
	struct smp_why_reply why;
	bool known = false;
	char detail[200] = "";
	if (device_why(r->device, &why, &known, &ignored) == HF_OK && known)
		(void)snprintf(detail, sizeof detail, "HF-%04u: %s", (unsigned)(why.refusal != 0 ? why.refusal : why.stop),
			       hf_reason_text(why.refusal != 0 ? why.refusal : why.stop)->sentence);
	return problem_set(r->problem, HF_R_HOST_RECOVER_REFUSED, r->name, "%s", detail);
}

static enum hf_reason wait_for_application(struct recover *r)
{
	const uint32_t start_ms = device_now_ms();
	uint32_t in_recovery = 0;
	while (device_now_ms() - start_ms < r->wait_s * 1000u) {
		struct problem ignored;
		pause_ms(POLL_MS);
		const enum where where = look(r);
		in_recovery = where == RECOVERY ? in_recovery + 1 : 0;
		if (in_recovery == 5) /* the reset takes a moment, and its own last answers do not count */
			return not_started(r);
		if (where != APPLICATION || device_images(r->device, &r->list, &ignored) != HF_OK)
			continue;
		if (running(r) != NULL)
			return HF_OK;
		return problem_set(r->problem, HF_R_HOST_UPDATE_REVERTED, r->name, "another image runs than the one that was uploaded");
	}
	return problem_set(r->problem, HF_R_HOST_DEVICE_NOT_BACK, r->name, "waited %u s; an application without SMP on this line wants --no-wait",
			   (unsigned)r->wait_s);
}

static enum hf_reason finish(struct recover *r)
{
	enum hf_reason reason = HF_OK;
	if (r->permanent && !r->primary)
		reason = device_set_state(r->device, r->file.hash, r->file.hash_bytes, true, &r->list, r->problem);
	if (reason == HF_OK)
		reason = reset_into(r, false);
	if (reason != HF_OK)
		return reason;
	report_step(r->report, "reset");
	if (r->no_wait)
		return HF_OK;
	reason = wait_for_application(r);
	if (reason != HF_OK)
		return reason;
	report_step(r->report, "the uploaded image runs");
	report_flag(r->report, "runs", NULL, true);
	if (running(r)->confirmed)
		return HF_OK;
	if (r->no_confirm) {
		report_step(r->report, "it is on trial: its next reset takes it back unless it is confirmed before");
		return HF_OK;
	}
	reason = device_set_state(r->device, NULL, 0, true, &r->list, r->problem);
	if (reason == HF_OK)
		report_step(r->report, "confirmed: it stays");
	return reason;
}

/* ---- the command */

static enum hf_reason take(const struct args *args, int id, struct recover *r, struct problem *problem)
{
	uint64_t number = 0;
	enum hf_reason reason = HF_OK;
	switch (id) {
	case OPT_ENTER: r->enter = true; return HF_OK;
	case OPT_BOARD: r->board = args->value; return HF_OK;
	case OPT_PRIMARY: r->primary = true; return HF_OK;
	case OPT_PERMANENT: r->permanent = true; return HF_OK;
	case OPT_NO_CONFIRM: r->no_confirm = true; return HF_OK;
	case OPT_NO_WAIT: r->no_wait = true; return HF_OK;
	case OPT_WAIT:
		reason = args_number("--wait", args->value, 86400, &number, problem);
		r->wait_s = (uint32_t)number;
		return reason;
	default: return device_option(args, id, &r->options, problem);
	}
}

static enum hf_reason run_opened(struct recover *r)
{
	char version[40];
	version_print(&r->file.image.version, version);
	report_text(r->report, "file", NULL, r->path);
	report_text(r->report, "version", NULL, version);
	report_step(r->report, "%s is version %s, %u bytes", r->path, version, (unsigned)r->file.image.total_bytes);
	enum hf_reason reason = enter(r);
	if (reason == HF_OK)
		reason = send_or_revert(r);
	return reason == HF_OK ? finish(r) : reason;
}

static enum hf_reason run(struct args *args, struct report *report, struct problem *problem)
{
	struct recover r = { .options = device_defaults(), .wait_s = WAIT_S_DEFAULT, .report = report, .problem = problem };
	struct boardopt board;
	int id = 0;
	enum hf_reason reason;
	while ((reason = args_next(args, &id, &report->json, problem)) == HF_OK && id != 0) {
		reason = take(args, id, &r, problem);
		if (reason != HF_OK)
			return reason;
	}
	if (reason != HF_OK || args->want_help)
		return reason;
	reason = args_need_word(args, "DEVICE", &r.name, problem);
	if (reason == HF_OK)
		reason = args_need_word(args, "IMAGE", &r.path, problem);
	if (reason == HF_OK)
		reason = args_end(args, problem);
	if (reason == HF_OK)
		reason = boardopt_find(r.board, NULL, &board, problem);
	if (reason == HF_OK)
		reason = upload_file_read(r.path, &r.file, problem);
	if (reason != HF_OK)
		return reason;
	reason = device_open(r.name, &r.options, &r.device, problem);
	if (reason == HF_OK) {
		reason = run_opened(&r);
		device_close(r.device);
	}
	upload_file_free(&r.file);
	return reason;
}

const struct command cmd_recover = {
	.name = "recover",
	.summary = "bring a board back: through its bootloader's recovery to an application that runs",
	.synopsis = "DEVICE IMAGE [--enter]",
	.about = "Says what to press, waits until the bootloader answers in recovery, uploads the image, resets, waits until it runs and confirms\n"
		 "it. Where the board has an update slot the image goes there, so that an upload that breaks off costs nothing; it is tried first\n"
		 "if the board has an application to go back to. On a board with one slot, a broken upload goes on where it stopped when the\n"
		 "command is repeated. MCUboot's serial recovery is served as well; it writes into the primary slot.",
	.options = options,
	.examples = "holdfast recover /dev/ttyACM0 app.bin --board xiao_nrf54l15\n"
		    "holdfast recover /dev/ttyACM0 app.bin --enter",
	.run = run,
};
