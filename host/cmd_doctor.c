/* SPDX-License-Identifier: MIT */
/* doctor: whatever there is, read, joined, judged. Exit codes are the verdict's. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "args.h"
#include "device.h"
#include "doctor/doctor.h"
#include "doctor/fix.h"
#include "report_device.h"

enum { OPT_DEVICE = 1, OPT_FIX, OPT_YES, OPT_PASSPHRASE_FILE, OPT_RUNNING };

struct wishes {
	struct device_options options;
	const char *device, *passphrase_file, *running;
	bool fix, yes;
};

static void add_text(struct bytes *text, const char *line)
{
	bytes_add(text, line, strlen(line));
}

/* What the device says, as text: then its evidence has lines as that of a file has. */
static void put_images(const struct smp_image_list *list, struct bytes *text)
{
	add_text(text, "Images:\n");
	for (uint32_t i = 0; i < list->count; i++) {
		const struct smp_image_entry *e = &list->entries[i];
		char *hash = bytes_hex(e->hash, e->hash_bytes);
		char *block = host_printf(" image=%u slot=%u\n    version: %s\n    bootable: %s\n    flags:%s%s%s%s\n    hash: %s\n", (unsigned)e->image,
					  (unsigned)e->slot, e->version, e->bootable ? "true" : "false", e->active ? " active" : "",
					  e->confirmed ? " confirmed" : "", e->pending ? " pending" : "", e->permanent ? " permanent" : "", hash);
		add_text(text, block);
		free(block);
		free(hash);
	}
}

static void put_why(const struct smp_why_reply *why, struct bytes *text)
{
	char line[80];
	if (why->refusal != 0) {
		(void)snprintf(line, sizeof line, "HF-%04u a=0x%08x b=0x%08x\n", (unsigned)HF_R_REQUEST_REFUSED, (unsigned)why->refusal, (unsigned)why->where);
		add_text(text, line);
	}
	if (why->stop != 0) {
		(void)snprintf(line, sizeof line, "HF-%04u a=0x%08x b=0x00000000\n", (unsigned)HF_R_PORT_WAIT, (unsigned)why->stop);
		add_text(text, line);
	}
}

static enum hf_reason take_device(struct doctor *doctor, const struct wishes *w, struct problem *problem)
{
	struct device *device = NULL;
	struct smp_image_list list;
	struct smp_why_reply why = { 0 };
	struct bytes text = { 0 };
	bool known = false;
	enum hf_reason reason = device_open(w->device, &w->options, &device, problem);
	if (reason != HF_OK)
		return reason;
	reason = device_images(device, &list, problem);
	if (reason == HF_OK)
		reason = device_why(device, &why, &known, problem);
	if (reason == HF_OK) {
		put_images(&list, &text);
		if (known && why.has_report)
			put_why(&why, &text);
		doctor_take_text(doctor, w->device, &text);
	}
	bytes_free(&text);
	device_close(device);
	return reason;
}

static enum hf_reason take_running(struct doctor *doctor, const char *path, struct problem *problem)
{
	size_t before = doctor->inputs.count;
	enum hf_reason reason = doctor_take(doctor, path, problem);
	for (size_t i = before; i < doctor->inputs.count; i++)
		doctor->inputs.at[i]->runs = true;
	return reason;
}

static enum hf_reason take_words(struct doctor *doctor, struct args *args, const struct wishes *w, struct problem *problem)
{
	size_t count = w->running != NULL;
	enum hf_reason taken = w->running != NULL ? take_running(doctor, w->running, problem) : HF_OK;
	if (taken != HF_OK)
		return taken;
	for (const char *word; (word = args_word(args)) != NULL; count++) {
		enum hf_reason reason = doctor_take(doctor, word, problem);
		if (reason != HF_OK)
			return reason;
	}
	if (w->device != NULL)
		return take_device(doctor, w, problem);
	if (count != 0)
		return HF_OK;
	if (isatty(STDIN_FILENO) != 0)
		return problem_set(problem, HF_R_HOST_DOCTOR_NOTHING, NULL, "%s", "");
	return doctor_take(doctor, "-", problem);
}

/* Shown on standard error, so that --json keeps its form. */
static enum hf_reason apply_fixes(const struct doctor *doctor, const struct wishes *w, struct problem *problem)
{
	struct fix fix = { 0 };
	struct bytes patch = { 0 };
	char answer[8] = "";
	size_t count = 0;
	enum hf_reason reason = HF_OK;
	fix_of(doctor, &fix);
	fix_show(&fix, &patch);
	if (patch.size == 0) {
		(void)fprintf(stderr, "--fix: nothing here can be changed safely by a tool; the remedies above are yours to choose\n");
	} else {
		(void)fprintf(stderr, "--fix: this patch is safe to apply\n%.*s", (int)patch.size, (const char *)patch.data);
		bool yes = w->yes;
		if (!yes && isatty(STDIN_FILENO) != 0) {
			(void)fprintf(stderr, "Apply it? [y/N] ");
			yes = fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
		}
		if (yes)
			reason = fix_apply(&fix, &count, problem);
		if (yes && reason == HF_OK)
			(void)fprintf(stderr, "--fix: %zu files changed, the old ones are beside them as .orig\n", count);
		else if (!yes)
			(void)fprintf(stderr, "--fix: nothing was changed; --yes applies it without asking\n");
	}
	bytes_free(&patch);
	fix_free(&fix);
	return reason;
}

static enum hf_reason take_option(struct args *args, int id, struct wishes *w, struct problem *problem)
{
	switch (id) {
	case OPT_DEVICE:
		w->device = args->value;
		return HF_OK;
	case OPT_FIX:
		w->fix = true;
		return HF_OK;
	case OPT_YES:
		w->yes = true;
		return HF_OK;
	case OPT_PASSPHRASE_FILE:
		w->passphrase_file = args->value;
		return HF_OK;
	case OPT_RUNNING:
		w->running = args->value;
		return HF_OK;
	default:
		return device_option(args, id, &w->options, problem);
	}
}

static enum hf_reason run(struct args *args, struct report *report, struct problem *problem)
{
	struct wishes w = { .options = device_defaults() };
	int id = 0;
	enum hf_reason reason;
	while ((reason = args_next(args, &id, &report->json, problem)) == HF_OK && id != 0) {
		reason = take_option(args, id, &w, problem);
		if (reason != HF_OK)
			return reason;
	}
	if (reason != HF_OK || args->want_help)
		return reason;
	struct doctor doctor = { .passphrase.file = w.passphrase_file, .may_ask = true };
	report->bare = true;
	reason = take_words(&doctor, args, &w, problem);
	if (reason == HF_OK)
		doctor_conclude(&doctor);
	/* JSON: a failure's object has no verdict in it. */
	if (reason == HF_OK && w.fix && report->json)
		reason = apply_fixes(&doctor, &w, problem);
	if (reason == HF_OK) {
		doctor_report(&doctor, report);
		report->exit_code = (int)doctor_verdict(&doctor);
	}
	if (reason == HF_OK && w.fix && !report->json) {
		(void)fflush(stdout);
		reason = apply_fixes(&doctor, &w, problem);
	}
	doctor_free(&doctor);
	return reason;
}

static const struct arg_option options[] = {
	{ OPT_DEVICE, 'd', "device", "DEVICE", "look at this device too, over SMP (serial:.., udp:..)" },
	{ OPT_RUNNING, 'r', "running", "FILE", "the image that the device runs: version and security counter of the others are compared with its" },
	{ OPT_PASSPHRASE_FILE, '\0', "passphrase-file", "FILE", "first line of FILE decrypts the keys (or HOLDFAST_PASSPHRASE; a named key is asked for)" },
	{ OPT_FIX, '\0', "fix", NULL, "show what can be changed safely as a patch, ask, and change it; old files stay as .orig" },
	{ OPT_YES, 'y', "yes", NULL, "with --fix: don't ask" },
	DEVICE_OPTION_ROWS,
	{ 0 }
};

const struct command cmd_doctor = {
	.name = "doctor",
	.summary = "say what is wrong with a build, a log, a layout, an image",
	.synopsis = "THING...",
	.about = "THING is a build directory, a project folder or a file: prj.conf, .config, sysbuild.conf, overlay, pm_static.yml, partitions.yml,\n"
		 "zephyr.dts, build log, boot log, a paste of a terminal, an image list, INFO_UF2.TXT, a signed image (.bin .hex .zip .uf2), an ELF,\n"
		 "a key, a flash dump; - or nothing: standard input. All of them are joined. Each finding says what is wrong, where, what to do and how\n"
		 "sure it is; the most probable cause comes first.\n"
		 "Exit code: 0 healthy, 1 attention, 2 fault; 3 and above: something could not be read or the command line is not right.",
	.options = options,
	.examples = "holdfast doctor build boot.log\n"
		    "holdfast doctor zephyr.signed.bin key.pem pm_static.yml\n"
		    "holdfast doctor --device serial:/dev/ttyACM0 build\n"
		    "west build 2>&1 | holdfast doctor",
	.run = run,
	.failure_exit_code = 3,
};
