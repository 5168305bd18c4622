/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "update.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "bytes.h"
#include "progress.h"
#include "report_device.h"
#include "textparse.h"

#define POLL_MS 400u         /* between questions while the device swaps */
#define ASK_TIMEOUT_MS 1000u /* of one such question */
#define RESET_AGAIN_MS 3000u /* a device that still answers as before by then has not heard of the reset */
#define LINK_BACK_S 20u      /* how long a link that was lost during an upload may stay away */
#define MODE_XIP 4           /* direct XIP: what is uploaded is what starts, there is nothing to request or to confirm */
#define MODE_XIP_REVERT 5

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

static void pause_ms(uint32_t ms)
{
	struct timespec time = { .tv_sec = (time_t)(ms / 1000u), .tv_nsec = (long)(ms % 1000u) * 1000000L };
	(void)nanosleep(&time, NULL);
}

/* --- what the device says --------------------------------------------------------------------------------------------------- */

static bool is_image(const struct smp_image_entry *entry, const struct upload_file *file)
{
	return !file->damaged && entry->image == file->number && entry->hash_bytes == file->hash_bytes &&
	       memcmp(entry->hash, file->hash, file->hash_bytes) == 0;
}

/* What runs as image N. Devices mark image 0 as active; of the others, what lies in the first slot is what runs. */
static const struct smp_image_entry *running(const struct smp_image_list *list, uint32_t number)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct smp_image_entry *entry = &list->entries[i];
		if (entry->image == number && (entry->active || (number != 0 && entry->slot % 2u == 0)))
			return entry;
	}
	return NULL;
}

static bool runs(const struct update *u, const struct upload_file *file)
{
	const struct smp_image_entry *entry = running(&u->list, file->number);
	return entry != NULL && is_image(entry, file);
}

static bool all_run(const struct update *u)
{
	for (size_t i = 0; i < u->count; i++) {
		if (!runs(u, u->chosen[i]))
			return false;
	}
	return true;
}

/* In another slot than the running one. */
static const struct smp_image_entry *waiting(const struct update *u, const struct upload_file *file)
{
	for (uint32_t i = 0; i < u->list.count; i++) {
		if (is_image(&u->list.entries[i], file) && &u->list.entries[i] != running(&u->list, file->number))
			return &u->list.entries[i];
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

static bool is_xip(const struct update *u)
{
	return u->mode == MODE_XIP || u->mode == MODE_XIP_REVERT;
}

/* Of several files for one image, the one for the slot that does not run; or the one that runs, if it is this image. */
static enum hf_reason choose(struct update *u)
{
	const struct upload_files *files = u->wish->files;
	for (size_t i = 0; i < files->count; i++) {
		const struct upload_file *file = &files->list[i];
		const struct smp_image_entry *now = running(&u->list, file->number);
		bool fits = !file->has_slot || !is_xip(u) || now == NULL || file->slot % 2u != now->slot % 2u || is_image(now, file);
		bool taken = false;
		for (size_t k = 0; k < u->count; k++)
			taken = taken || u->chosen[k]->number == file->number;
		if (fits && !taken)
			u->chosen[u->count++] = file;
	}
	return u->count != 0 ? HF_OK : problem_set(u->problem, HF_R_HOST_PACKAGE_NO_FIT, u->device->name, "%s", "");
}

/* --- upload ----------------------------------------------------------------------------------------------------------------- */

/* A link that went away comes back, perhaps as another port; the upload then goes on where the device says. */
static enum hf_reason link_back(struct update *u)
{
	uint32_t wait_s = u->wish->wait_s < LINK_BACK_S ? u->wish->wait_s : LINK_BACK_S, start_ms = device_now_ms();
	const struct problem lost = *u->problem;
	while (device_now_ms() - start_ms < wait_s * 1000u) {
		pause_ms(POLL_MS);
		if (device_reopen(u->device, u->problem) == HF_OK)
			return HF_OK;
	}
	*u->problem = lost;
	return lost.reason;
}

static enum hf_reason send_image(struct update *u, const struct upload_file *file)
{
	enum { LOSSES_MAX = 5 };
	struct upload_result sent;
	uint32_t losses = 0;
	struct upload_wish wish = u->wish->upload;
	enum hf_reason reason = upload_check_room(u->device, file, &wish, u->problem);
	if (reason == HF_OK)
		reason = upload_run(u->device, file, &wish, &sent, u->problem);
	while (link_is_lost(reason) && losses++ < LOSSES_MAX) {
		reason = link_back(u);
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
		if (runs(u, file))
			continue;
		if (!again && waiting(u, file) != NULL) {
			report_step(u->report, "%s is on the device already", file->file.path);
			u->present_used = true;
			continue;
		}
		reason = send_image(u, file);
	}
	return reason;
}

/* --- test, reset, wait ------------------------------------------------------------------------------------------------------- */

/* One question with one try; false: no good answer, for whatever reason, and the link is tried anew next time. */
static bool ask_once(struct update *u)
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

/* The device runs the old image and nothing is pending any more: it was refused or taken back. Its loader may know why. */
static enum hf_reason not_taken(struct update *u)
{
	struct smp_why_reply why;
	bool known = false;
	enum hf_reason reason = device_why(u->device, &why, &known, u->problem);
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

/* Asked once and never blindly again: a second reset would take the image on trial back. Whether it was heard, the questions after it
 * tell. */
static enum hf_reason reset(struct update *u)
{
	const struct device_options usual = u->device->options;
	u->device->options.tries = 1;
	enum hf_reason reason = device_reset(u->device, false, u->problem);
	u->device->options = usual;
	if (device_is_silence(reason) || link_is_lost(reason))
		reason = HF_OK; /* the reset was faster than its reply */
	return reason;
}

/* Asks until the new images answer. The old one may answer a last time before the reset takes hold: then its request is still
 * pending. With direct XIP there is none to see; then the deadline decides. */
static enum hf_reason wait_for_new(struct update *u)
{
	struct progress progress;
	uint32_t start_ms = device_now_ms(), reset_ms = start_ms;
	enum hf_reason reason = HF_R_HOST_DEVICE_NOT_BACK;
	progress_start(&progress, "waiting", 0, 0, start_ms);
	progress.shown = progress.shown && device_draws(&u->device->options);
	while (reason == HF_R_HOST_DEVICE_NOT_BACK && device_now_ms() - start_ms < u->wish->wait_s * 1000u) {
		pause_ms(POLL_MS);
		progress_wait(&progress, "waiting for the device to install the image and come back", device_now_ms());
		if (!ask_once(u))
			continue;
		if (all_run(u)) {
			reason = HF_OK;
		} else if (running(&u->list, 0) != NULL && !is_pending(&u->list) && u->mode != MODE_XIP) {
			reason = HF_R_HOST_UPDATE_REVERTED;
		} else if (is_pending(&u->list) && device_now_ms() - reset_ms > RESET_AGAIN_MS) {
			/* It answers, and has not been reset: the request was lost. */
			enum hf_reason ignored = reset(u);
			(void)ignored;
			reset_ms = device_now_ms();
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
static enum hf_reason request(struct update *u, const struct upload_file *file)
{
	struct smp_ask ask = device_ask_of(u->device);
	struct smp_reply reply;
	struct smp_image_list after;
	enum hf_reason asked = smp_ask_image_state(&u->device->client, &ask, file->hash, file->hash_bytes, u->wish->permanent);
	enum hf_reason reason = device_exchange(u->device, asked, &reply, u->problem);
	if (reason != HF_OK)
		return reason;
	if (reply.refused && !reply.code.of_group && reply.code.rc == SMP_RC_NOT_SUPPORTED) {
		u->mode = MODE_XIP;
		return HF_OK;
	}
	return device_result(u->device, &reply, smp_read_image_list(&reply, &after), "request a test", u->problem);
}

static enum hf_reason install(struct update *u)
{
	enum hf_reason reason = HF_OK;
	for (size_t i = 0; i < u->count && reason == HF_OK && u->mode != MODE_XIP; i++) {
		if (!runs(u, u->chosen[i]))
			reason = request(u, u->chosen[i]);
	}
	if (reason != HF_OK)
		return reason;
	if (u->mode != MODE_XIP)
		report_step(u->report, "requested: %s", u->wish->permanent ? "permanent" : "a test");
	else
		report_step(u->report, "its bootloader starts the highest version: there is nothing to request");
	reason = reset(u);
	if (reason != HF_OK)
		return reason;
	uint32_t start_ms = device_now_ms();
	report_step(u->report, "reset");
	reason = wait_for_new(u);
	if (reason != HF_OK)
		return reason;
	uint32_t time_ms = device_now_ms() - start_ms;
	report_step(u->report, "the new image runs, %.1f s after the reset", (double)time_ms / 1000.0);
	report_number(u->report, "install_ms", NULL, time_ms);
	return HF_OK;
}

/* --- a bootloader's recovery ------------------------------------------------------------------------------------------------- */

/* An application's server marks what runs; here nothing runs. */
static bool is_recovery(const struct update *u)
{
	for (uint32_t i = 0; i < u->list.count; i++) {
		if (u->list.entries[i].active)
			return false;
	}
	return u->mode < 0;
}

/* In the slot that the bootloader starts from. */
static bool is_in_place(const struct update *u, const struct upload_file *file)
{
	for (uint32_t i = 0; i < u->list.count; i++) {
		if (u->list.entries[i].slot % 2u == 0 && is_image(&u->list.entries[i], file))
			return true;
	}
	return false;
}

/* A device that keeps hashes to itself can't be asked for one. */
static bool lists_hashes(const struct update *u)
{
	for (uint32_t i = 0; i < u->list.count; i++) {
		if (u->list.entries[i].hash_bytes != 0)
			return true;
	}
	return u->list.count == 0;
}

/* What was sent lies where the bootloader starts from: a reset is all that is left. The application may have no server on this line, so
 * that silence afterwards is no failure. */
static enum hf_reason start_in_place(struct update *u)
{
	enum { APPLICATION_WAIT_MS = 8000 };
	report_step(u->report, "the image lies in the slot that the bootloader starts from; there is nothing to request");
	enum hf_reason reason = reset(u);
	if (reason != HF_OK)
		return reason;
	report_step(u->report, "reset");
	uint32_t start_ms = device_now_ms();
	while (device_now_ms() - start_ms < APPLICATION_WAIT_MS && device_now_ms() - start_ms < u->wish->wait_s * 1000u) {
		pause_ms(POLL_MS);
		if (!ask_once(u) || is_recovery(u))
			continue;
		if (!all_run(u))
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
		if (!is_in_place(u, u->chosen[i]))
			reason = send_image(u, u->chosen[i]);
	}
	if (reason == HF_OK)
		reason = device_images(u->device, &u->list, u->problem);
	if (reason != HF_OK)
		return reason;
	for (size_t i = 0; i < u->count && lists_hashes(u); i++) {
		if (!is_in_place(u, u->chosen[i]))
			return problem_set(u->problem, HF_R_HOST_RECOVERY_REFUSED, u->device->name, "%s", u->chosen[i]->file.path);
	}
	return start_in_place(u);
}

/* --- confirm ---------------------------------------------------------------------------------------------------------------- */

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
		return reason;
	if (status == 0) {
		report_step(u->report, "the health command said yes");
		return HF_OK;
	}
	char detail[64];
	(void)snprintf(detail, sizeof detail, status >= 0 && WIFEXITED(status) ? "exit code %d" : "status %d",
		       status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : status);
	reason = reset(u);
	return reason == HF_OK ? problem_set(u->problem, HF_R_HOST_UPDATE_UNHEALTHY, u->device->name, "%s", detail) : reason;
}

static bool is_confirmed(const struct update *u, const struct upload_file *file)
{
	const struct smp_image_entry *entry = running(&u->list, file->number);
	return entry != NULL && is_image(entry, file) && entry->confirmed;
}

static bool all_confirmed(const struct update *u)
{
	for (size_t i = 0; i < u->count; i++) {
		if (!is_confirmed(u, u->chosen[i]))
			return false;
	}
	return true;
}

/* Without a hash: the running image, which every server knows. */
static enum hf_reason confirm(struct update *u)
{
	enum hf_reason reason = u->wish->confirm_by != NULL ? ask_health(u) : HF_OK;
	for (size_t i = 0; i < u->count && reason == HF_OK; i++) {
		const struct upload_file *file = u->chosen[i];
		struct smp_image_list after;
		if (!is_confirmed(u, file))
			reason = device_set_state(u->device, file->hash, file->number != 0 ? file->hash_bytes : 0, true, &after, u->problem);
	}
	if (reason == HF_OK)
		reason = device_images(u->device, &u->list, u->problem);
	if (reason != HF_OK)
		return reason;
	if (!all_confirmed(u))
		return problem_set(u->problem, HF_R_HOST_DEVICE_REFUSED, u->device->name, "it does not list the image as confirmed");
	const struct smp_image_entry *now = running(&u->list, u->chosen[0]->number);
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
	enum hf_reason reason = device_images(u->device, &u->list, u->problem);
	*replaced = reason == HF_OK && all_run(u);
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
		reason = device_images(u->device, &u->list, u->problem);
		if (reason == HF_OK)
			reason = send_missing(u, false);
		if (reason == HF_OK)
			reason = install(u);
	}
	bool refused = reason == HF_R_HOST_UPDATE_REVERTED || (reason != HF_OK && problem_exit_code(reason) == EXIT_CODE_REFUSED);
	if (!refused || !u->present_used)
		return reason;
	report_step(u->report, "what lay on the device was refused; sending it anew");
	reason = device_images(u->device, &u->list, u->problem);
	if (reason == HF_OK)
		reason = send_missing(u, true);
	return reason == HF_OK ? install(u) : reason;
}

static enum hf_reason update(struct update *u)
{
	enum hf_reason reason = device_images(u->device, &u->list, u->problem);
	if (reason == HF_OK)
		reason = ask_mode(u);
	if (reason == HF_OK)
		reason = choose(u);
	if (reason != HF_OK)
		return reason;
	if (is_recovery(u))
		return update_recovery(u);
	bool done = all_run(u);
	const struct smp_image_entry *now = running(&u->list, 0);
	if (now != NULL && !now->confirmed && !done && u->mode != MODE_XIP)
		return problem_set(u->problem, HF_R_HOST_UPDATE_TRIAL_OPEN, u->device->name, "version %s", now->version);
	if (now != NULL)
		report_step(u->report, "the device runs %s%s", now->version, done ? ", which is this image" : "");
	if (!done)
		reason = bring(u);
	if (reason != HF_OK || u->in_place)
		return reason;
	const char *how = "nothing was to be done";
	if (u->mode == MODE_XIP)
		how = done ? how : "runs";
	else if (all_confirmed(u))
		how = done ? how : "confirmed";
	else if (u->wish->no_confirm)
		how = "on trial";
	else if ((reason = confirm(u)) == HF_OK)
		how = "confirmed";
	if (reason != HF_OK)
		return reason;
	if (strcmp(how, "on trial") == 0)
		report_note(u->report, "on trial: the next reset takes it back unless it is confirmed (holdfast image confirm)");
	now = running(&u->list, u->chosen[0]->number);
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
