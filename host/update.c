/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "update.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "bytes.h"
#include "progress.h"
#include "report_device.h"
#include "textparse.h"
#include "update_state.h"

#define RESET_AGAIN_MS 3000u /* a device that still answers as before by then has not heard of the reset */
#define RESETS_MAX 3u        /* of one that can't say whether it has */

/* Of several files for one image, the one for the slot that does not run; or the one that runs, if it is this image. */
static enum hf_reason choose(struct update *u)
{
	const struct upload_files *files = u->wish->files;
	for (size_t i = 0; i < files->count; i++) {
		const struct upload_file *file = &files->list[i];
		const struct smp_image_entry *now = update_running(u, file->number);
		bool fits = !file->has_slot || !update_is_xip(u) || now == NULL || file->slot % 2u != now->slot % 2u || update_is_image(now, file);
		bool taken = false;
		for (size_t k = 0; k < u->count; k++)
			taken = taken || u->chosen[k]->number == file->number;
		if (fits && !taken)
			u->chosen[u->count++] = file;
	}
	return u->count != 0 ? HF_OK : problem_set(u->problem, HF_R_HOST_PACKAGE_NO_FIT, u->device->name, "%s", "");
}

/* --- upload ----------------------------------------------------------------------------------------------------------------- */

static enum hf_reason send_image(struct update *u, const struct upload_file *file)
{
	struct upload_result sent;
	uint32_t losses = 0;
	struct upload_wish wish = u->wish->upload;
	enum hf_reason reason = upload_check_room(u->device, file, &wish, u->problem);
	if (reason == HF_OK)
		reason = upload_run(u->device, file, &wish, &sent, u->problem);
	while (link_is_lost(reason) && losses++ < UPDATE_LOSSES_MAX) {
		reason = update_link_back(u);
		if (reason != HF_OK)
			return reason;
		reason = upload_run(u->device, file, &wish, &sent, u->problem);
	}
	if (reason != HF_OK)
		return reason;
	char moved[PROGRESS_MOVED_BYTES];
	progress_moved(sent.size_bytes - sent.resumed_off, sent.time_ms, moved);
	report_step(u->report, "uploaded %s", moved);
	if (sent.resumed_off != 0)
		report_step(u->report, "it went on at byte %u, where an earlier upload had stopped", (unsigned)sent.resumed_off);
	upload_note_small(&sent, u->report);
	if (u->count == 1) {
		report_number(u->report, "size_bytes", NULL, sent.size_bytes);
		report_number(u->report, "resumed_off", NULL, sent.resumed_off);
		report_number(u->report, "upload_ms", NULL, sent.time_ms);
		report_number(u->report, "chunks_lost", NULL, sent.lost);
	}
	return HF_OK;
}

/* An image that the device lists in the other slot is not sent again: its bootloader checks every byte before it starts it. Should it
 * refuse, all is sent (again true). */
static enum hf_reason send_missing(struct update *u, bool again)
{
	enum hf_reason reason = HF_OK;
	u->present_used = false;
	for (size_t i = 0; i < u->count && reason == HF_OK; i++) {
		const struct upload_file *file = u->chosen[i];
		if (update_runs(u, file))
			continue;
		if (!again && update_waiting(u, file) != NULL) {
			report_step(u->report, "%s is on the device already", file->file.path);
			u->present_used = true;
			continue;
		}
		reason = send_image(u, file);
	}
	return reason;
}

/* --- test, reset, wait ------------------------------------------------------------------------------------------------------- */

/* The device runs the old image and nothing is pending any more: it was refused or taken back. Its loader may know why. */
static enum hf_reason not_taken(struct update *u)
{
	struct smp_why_reply why;
	bool known = false;
	enum hf_reason reason = device_why(u->device, &why, &known, u->problem);
	if (link_is_lost(reason) && (reason = update_look_again(u)) == HF_OK)
		reason = device_why(u->device, &why, &known, u->problem);
	if (reason != HF_OK)
		return reason;
	if (!known || !why.has_report || why.refusal == 0)
		return problem_set(u->problem, HF_R_HOST_UPDATE_REVERTED, u->device->name, "%s", "");
	struct hf_finding finding = { .reason = (enum hf_reason)why.refusal, .where_off = why.where, .expected = why.expected,
				      .found = why.found };
	(void)problem_finding(u->problem, u->device->name, &finding);
	(void)snprintf(u->problem->detail, sizeof u->problem->detail, "the bootloader refused the image");
	return finding.reason;
}

/* Asked once and never blindly again: a second reset would take the image on trial back. Without a reply (*heard false: the reset may have
 * been faster) the questions after it tell. */
static enum hf_reason reset(struct update *u, bool *heard)
{
	const struct device_options usual = u->device->options;
	u->device->options.tries = 1;
	enum hf_reason reason = device_reset(u->device, false, u->problem);
	u->device->options = usual;
	*heard = reason == HF_OK;
	if (link_is_lost(reason))
		link_close(&u->device->link);
	return device_is_silence(reason) || link_is_lost(reason) ? HF_OK : reason;
}

/* Asks until the new images answer. The old one may answer a last time before the reset takes hold: then its request is still
 * pending. With direct XIP there is none to see; then the deadline decides, and a reset without a reply is asked for again. */
static enum hf_reason wait_for_new(struct update *u, bool heard)
{
	struct progress progress;
	uint32_t start_ms = device_now_ms(), reset_ms = start_ms, resets = 1;
	enum hf_reason reason = HF_R_HOST_DEVICE_NOT_BACK;
	progress_start(&progress, "waiting", 0, 0, start_ms);
	progress.shown = progress.shown && device_draws(&u->device->options);
	while (reason == HF_R_HOST_DEVICE_NOT_BACK && device_now_ms() - start_ms < u->wish->wait_s * 1000u) {
		update_pause_ms(UPDATE_POLL_MS);
		progress_wait(&progress, "waiting for the device to install the image and come back", device_now_ms());
		if (!update_ask_once(u))
			continue;
		if (update_all_run(u)) {
			reason = HF_OK;
		} else if (update_running(u, 0) != NULL && !update_is_pending(u) && u->mode != UPDATE_MODE_XIP) {
			reason = HF_R_HOST_UPDATE_REVERTED;
		} else if ((update_is_pending(u) || (!heard && resets < RESETS_MAX)) && device_now_ms() - reset_ms > RESET_AGAIN_MS) {
			/* It answers, and has not been reset: the request was lost. */
			enum hf_reason ignored = reset(u, &heard);
			(void)ignored;
			reset_ms = device_now_ms();
			resets++;
		}
	}
	progress_end(&progress);
	if (reason == HF_R_HOST_UPDATE_REVERTED)
		return not_taken(u);
	if (reason == HF_R_HOST_DEVICE_NOT_BACK)
		return problem_set(u->problem, reason, u->device->name, "waited %u s", (unsigned)u->wish->wait_s);
	return HF_OK;
}

/* A bootloader that starts the highest version where it lies (direct XIP, RAM load, neither with a way back) has nothing that could be
 * requested: its server does not have the command, whatever it says of its mode. Source: zephyrproject-rtos/zephyr:
 * subsys/mgmt/mcumgr/grp/img_mgmt/src/img_mgmt_state.c. */
static enum hf_reason request_once(struct update *u, const struct upload_file *file)
{
	struct smp_ask ask = device_ask_of(u->device);
	struct smp_reply reply;
	struct smp_image_list after;
	enum hf_reason asked = smp_ask_image_state(&u->device->client, &ask, file->hash, file->hash_bytes, u->wish->permanent);
	enum hf_reason reason = device_exchange(u->device, asked, &reply, u->problem);
	if (reason != HF_OK)
		return reason;
	if (reply.refused && !reply.code.of_group && reply.code.rc == SMP_RC_NOT_SUPPORTED) {
		u->mode = UPDATE_MODE_XIP;
		return HF_OK;
	}
	return device_result(u->device, &reply, smp_read_image_list(&reply, &after), "request a test", u->problem);
}

/* Heard or not, the device tells after a loss. It may even have lost its power, and have started the image. */
static enum hf_reason request(struct update *u, const struct upload_file *file)
{
	enum hf_reason reason = request_once(u, file);
	for (uint32_t losses = 0; link_is_lost(reason) && losses < UPDATE_LOSSES_MAX; losses++) {
		reason = update_look_again(u);
		if (reason == HF_OK && !update_is_requested(u, file) && !update_runs(u, file))
			reason = request_once(u, file);
	}
	return reason;
}

static enum hf_reason install(struct update *u)
{
	enum hf_reason reason = HF_OK;
	bool heard = false;
	for (size_t i = 0; i < u->count && reason == HF_OK && u->mode != UPDATE_MODE_XIP; i++) {
		if (!update_runs(u, u->chosen[i]))
			reason = request(u, u->chosen[i]);
	}
	if (reason != HF_OK)
		return reason;
	if (u->mode != UPDATE_MODE_XIP)
		report_step(u->report, "requested: %s", u->wish->permanent ? "permanent" : "a test");
	else
		report_step(u->report, "its bootloader starts the highest version: there is nothing to request");
	if (update_all_run(u)) {
		report_step(u->report, "the device has started the new image by itself");
		return HF_OK;
	}
	reason = reset(u, &heard);
	if (reason != HF_OK)
		return reason;
	uint32_t start_ms = device_now_ms();
	report_step(u->report, "reset");
	reason = wait_for_new(u, heard);
	if (reason != HF_OK)
		return reason;
	uint32_t time_ms = device_now_ms() - start_ms;
	report_step(u->report, "the new image runs, %.1f s after the reset", (double)time_ms / 1000.0);
	report_number(u->report, "install_ms", NULL, time_ms);
	return HF_OK;
}

/* --- a bootloader's recovery ------------------------------------------------------------------------------------------------- */

/* What was sent lies where the bootloader starts from: a reset is all that is left. The application may have no server on this line, so
 * that silence afterwards is no failure. */
static enum hf_reason start_in_place(struct update *u)
{
	enum { APPLICATION_WAIT_MS = 8000 };
	report_step(u->report, "the image lies in the slot that the bootloader starts from; there is nothing to request");
	bool heard = false;
	enum hf_reason reason = reset(u, &heard);
	if (reason != HF_OK)
		return reason;
	report_step(u->report, "reset");
	uint32_t start_ms = device_now_ms();
	while (device_now_ms() - start_ms < APPLICATION_WAIT_MS && device_now_ms() - start_ms < u->wish->wait_s * 1000u) {
		update_pause_ms(UPDATE_POLL_MS);
		if (!update_ask_once(u))
			continue;
		if (update_is_recovery(u)) {
			if (!heard && device_now_ms() - start_ms > RESET_AGAIN_MS && reset(u, &heard) != HF_OK)
				heard = true; /* it does not want to */
			continue;
		}
		if (!update_all_run(u))
			return not_taken(u);
		report_text(u->report, "outcome", NULL, "runs");
		report_images(&u->list, u->report);
		return HF_OK;
	}
	report_note(u->report, "the application does not answer on this line, so it can't be said whether it runs");
	report_text(u->report, "outcome", NULL, "written");
	report_images(&u->list, u->report);
	return HF_OK;
}

static enum hf_reason update_recovery(struct update *u)
{
	enum hf_reason reason = HF_OK;
	report_step(u->report, "a bootloader's recovery answers, not an application");
	for (size_t i = 0; i < u->count && reason == HF_OK; i++) {
		if (!update_is_in_place(u, u->chosen[i]))
			reason = send_image(u, u->chosen[i]);
	}
	if (reason == HF_OK)
		reason = update_look(u);
	if (reason != HF_OK)
		return reason;
	for (size_t i = 0; i < u->count && update_lists_hashes(u); i++) {
		if (!update_is_in_place(u, u->chosen[i]))
			return problem_set(u->problem, HF_R_HOST_RECOVERY_REFUSED, u->device->name, "%s", u->chosen[i]->file.path);
	}
	return start_in_place(u);
}

/* --- confirm ---------------------------------------------------------------------------------------------------------------- */

/* The bootloader takes an image back that is not confirmed, provided that the reset was heard. */
static enum hf_reason take_back(struct update *u)
{
	bool heard = false;
	uint32_t start_ms = device_now_ms(), reset_ms = start_ms;
	enum hf_reason reason = reset(u, &heard);
	while (reason == HF_OK && !heard && device_now_ms() - start_ms < u->wish->wait_s * 1000u) {
		update_pause_ms(UPDATE_POLL_MS);
		if (!update_ask_once(u))
			continue;
		if (!update_all_run(u))
			break;
		if (device_now_ms() - reset_ms > RESET_AGAIN_MS) {
			reason = reset(u, &heard);
			reset_ms = device_now_ms();
		}
	}
	return reason;
}

/* The command may use the link itself, so it is free meanwhile. What it prints belongs to people: to standard error. */
static enum hf_reason ask_health(struct update *u)
{
	char *line = host_printf("( %s ) 1>&2", u->wish->confirm_by);
	link_close(&u->device->link);
	(void)fflush(NULL);
	int status = setenv("HOLDFAST_DEVICE", u->device->name, 1) == 0 ? system(line) : -1;
	free(line);
	enum hf_reason reason = device_reopen(u->device, u->problem);
	if (reason != HF_OK)
		reason = update_link_back(u);
	if (reason != HF_OK)
		return reason;
	if (status == 0) {
		report_step(u->report, "the health command said yes");
		return HF_OK;
	}
	char detail[64];
	(void)snprintf(detail, sizeof detail, status >= 0 && WIFEXITED(status) ? "exit code %d" : "status %d",
		       status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : status);
	reason = take_back(u);
	return reason == HF_OK ? problem_set(u->problem, HF_R_HOST_UPDATE_UNHEALTHY, u->device->name, "%s", detail) : reason;
}

/* Without a hash: the running image, which every server knows. */
static enum hf_reason confirm_once(struct update *u, const struct upload_file *file)
{
	struct smp_image_list after;
	return device_set_state(u->device, file->hash, file->number != 0 ? file->hash_bytes : 0, true, &after, u->problem);
}

/* What runs after a loss may be the old image again, which must not be taken for this one. */
static enum hf_reason confirm_image(struct update *u, const struct upload_file *file)
{
	enum hf_reason reason = confirm_once(u, file);
	for (uint32_t losses = 0; link_is_lost(reason) && losses < UPDATE_LOSSES_MAX; losses++) {
		reason = update_look_again(u);
		if (reason == HF_OK && !update_runs(u, file))
			return not_taken(u);
		if (reason == HF_OK && !update_is_confirmed(u, file))
			reason = confirm_once(u, file);
	}
	return reason;
}

static enum hf_reason confirm(struct update *u)
{
	enum hf_reason reason = u->wish->confirm_by != NULL ? ask_health(u) : HF_OK;
	for (size_t i = 0; i < u->count && reason == HF_OK; i++) {
		if (!update_is_confirmed(u, u->chosen[i]))
			reason = confirm_image(u, u->chosen[i]);
	}
	if (reason == HF_OK)
		reason = update_look(u);
	if (reason != HF_OK)
		return reason;
	if (!update_all_confirmed(u))
		return problem_set(u->problem, HF_R_HOST_DEVICE_REFUSED, u->device->name, "it does not list the image as confirmed");
	const struct smp_image_entry *now = update_running(u, u->chosen[0]->number);
	hf_assert(now != NULL);
	report_step(u->report, "confirmed: %s stays", now->version);
	return HF_OK;
}

/* --- the whole -------------------------------------------------------------------------------------------------------------- */

/* A recovery that knows image states looks like an application until the upload replaces what is marked as running. */
static enum hf_reason replaced_in_place(struct update *u, bool *replaced)
{
	*replaced = false;
	if (u->mode >= 0)
		return HF_OK;
	enum hf_reason reason = update_look(u);
	*replaced = reason == HF_OK && update_all_run(u);
	return reason;
}

static enum hf_reason bring(struct update *u)
{
	enum hf_reason reason = send_missing(u, false);
	if (reason == HF_OK)
		reason = replaced_in_place(u, &u->in_place);
	if (u->in_place)
		return start_in_place(u);
	if (reason == HF_OK)
		reason = install(u);
	if (reason == HF_R_HOST_UPDATE_REVERTED && u->device->link.framing == LINK_DATAGRAMS) {
		/* A datagram that came twice resets twice, and the second time takes the trial back. Once more, then it is believed. */
		report_step(u->report, "the device went back without a reason: once more");
		reason = update_look(u);
		if (reason == HF_OK)
			reason = send_missing(u, false);
		if (reason == HF_OK)
			reason = install(u);
	}
	bool refused = reason == HF_R_HOST_UPDATE_REVERTED || (reason != HF_OK && problem_exit_code(reason) == EXIT_CODE_REFUSED);
	if (!refused || !u->present_used)
		return reason;
	report_step(u->report, "what lay on the device was refused; sending it anew");
	reason = update_look(u);
	if (reason == HF_OK)
		reason = send_missing(u, true);
	return reason == HF_OK ? install(u) : reason;
}

static enum hf_reason update(struct update *u)
{
	enum hf_reason reason = update_look(u);
	if (reason == HF_OK)
		reason = update_ask_mode(u);
	if (reason == HF_OK)
		reason = choose(u);
	if (reason != HF_OK)
		return reason;
	if (update_is_recovery(u))
		return update_recovery(u);
	bool done = update_all_run(u);
	const struct smp_image_entry *now = update_running(u, 0);
	if (now != NULL && !now->confirmed && !done && u->mode != UPDATE_MODE_XIP)
		return problem_set(u->problem, HF_R_HOST_UPDATE_TRIAL_OPEN, u->device->name, "version %s", now->version);
	if (now != NULL)
		report_step(u->report, "the device runs %s%s", now->version, done ? ", which is this image" : "");
	if (!done)
		reason = bring(u);
	if (reason != HF_OK || u->in_place)
		return reason;
	const char *how = "nothing was to be done";
	if (u->mode == UPDATE_MODE_XIP)
		how = done ? how : "runs";
	else if (update_all_confirmed(u))
		how = done ? how : "confirmed";
	else if (u->wish->no_confirm)
		how = "on trial";
	else if ((reason = confirm(u)) == HF_OK)
		how = "confirmed";
	if (reason != HF_OK)
		return reason;
	if (strcmp(how, "on trial") == 0)
		report_note(u->report, "on trial: the next reset takes it back unless it is confirmed (holdfast image confirm)");
	now = update_running(u, u->chosen[0]->number);
	char *outcome = host_printf("version %s, %s", now != NULL ? now->version : "?", how);
	report_text(u->report, "outcome", NULL, outcome);
	free(outcome);
	report_images(&u->list, u->report);
	return HF_OK;
}

enum hf_reason update_device(const struct update_wish *wish, const char *name, struct report *report, struct problem *problem)
{
	struct update u = { .wish = wish, .report = report, .problem = problem, .mode = -1 };
	enum hf_reason reason = device_open(name, &wish->device, &u.device, problem);
	if (reason == HF_OK)
		reason = update(&u);
	device_close(u.device);
	return reason;
}
