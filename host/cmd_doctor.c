/* SPDX-License-Identifier: MIT */
/* doctor: whatever there is, read, joined, judged. Exit codes are the verdict's. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <unistd.h>

#include "args.h"
#include "doctor/doctor.h"

enum { OPT_FIX = 1, OPT_YES };

static enum hf_reason take_words(struct doctor *doctor, struct args *args, struct problem *problem)
{
	size_t count = 0;
	for (const char *word; (word = args_word(args)) != NULL; count++) {
		enum hf_reason reason = doctor_take(doctor, word, problem);
		if (reason != HF_OK)
			return reason;
	}
	if (count != 0)
		return HF_OK;
	if (isatty(STDIN_FILENO) != 0)
		return problem_set(problem, HF_R_HOST_DOCTOR_NOTHING, NULL, "%s", "");
	return doctor_take(doctor, "-", problem);
}

static enum hf_reason run(struct args *args, struct report *report, struct problem *problem)
{
	int id = 0;
	enum hf_reason reason;
	while ((reason = args_next(args, &id, &report->json, problem)) == HF_OK && id != 0)
		;
	if (reason != HF_OK || args->want_help)
		return reason;
	struct doctor doctor = { 0 };
	report->bare = true;
	reason = take_words(&doctor, args, problem);
	if (reason == HF_OK) {
		doctor_conclude(&doctor);
		doctor_report(&doctor, report);
		report->exit_code = (int)doctor_verdict(&doctor);
	}
	doctor_free(&doctor);
	return reason;
}

static const struct arg_option options[] = { { 0 } };

const struct command cmd_doctor = {
	.name = "doctor",
	.summary = "say what is wrong with a build, a log, a layout, an image",
	.synopsis = "THING...",
	.about = "THING is a build directory, a project folder or a file: prj.conf, .config, sysbuild.conf, overlay, pm_static.yml, partitions.yml,\n"
		 "zephyr.dts, build log, boot log, a paste of a terminal, an image list, INFO_UF2.TXT, a signed image (.bin .hex .zip .uf2), a key,\n"
		 "a flash dump; - or nothing: standard input. All of them are joined. Each finding says what is wrong, where, what to do and how\n"
		 "sure it is; the most probable cause comes first.\n"
		 "Exit code: 0 healthy, 1 attention, 2 fault; 3 and above: something could not be read or the command line is not right.",
	.options = options,
	.examples = "holdfast doctor build boot.log\n"
		    "holdfast doctor zephyr.signed.bin key.pem pm_static.yml\n"
		    "west build 2>&1 | holdfast doctor",
	.run = run,
	.failure_exit_code = 3,
};
