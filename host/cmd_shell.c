/* SPDX-License-Identifier: MIT */
/* shell: one line for the shell of a device. */
#include <holdfast/smp_requests.h>
#include <stdio.h>
#include <stdlib.h>

#include "bytes.h"
#include "talk.h"

/* The device's text to the terminal, with nothing in it that a terminal would obey. */
static void show_output(struct report *report, const struct smp_span *output)
{
	char *text = host_alloc((size_t)output->size_bytes + 1);
	smp_text_clean_lines(output, text, output->size_bytes + 1u);
	size_t length = strlen(text);
	report_text(report, "output", NULL, text);
	while (length > 0 && text[length - 1] == '\n')
		text[--length] = '\0';
	if (length > 0)
		report_row(report, "%s", text);
	free(text);
}

/* The command is sent once, so it had better arrive: first something that may be asked as often as it takes, whatever is answered. */
static enum hf_reason is_there(struct device *device, struct problem *problem)
{
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	return device_exchange(device, smp_ask_params(&device->client, &ask), &reply, problem);
}

static enum hf_reason run_asked(struct talk *talk, struct problem *problem)
{
	struct device *device = talk->device;
	struct smp_reply reply;
	struct smp_shell_reply shell;
	enum hf_reason reason = is_there(device, problem);
	if (reason != HF_OK)
		return reason;
	struct smp_ask ask = device_ask_of(device);
	ask.tries = 1; /* a command that was run and whose reply was lost is not run again */
	enum hf_reason asked = smp_ask_shell(&device->client, &ask, talk->words, talk->word_count);
	reason = device_exchange(device, asked, &reply, problem);
	if (reason == HF_R_HOST_DEVICE_SILENT)
		return problem_set(problem, reason, device->name,
				   "it is there, but gave no reply to the command within %u ms; it was sent once and may have run",
				   (unsigned)ask.timeout_ms);
	if (reason != HF_OK)
		return reason;
	if (smp_read_shell(&reply, &shell) != HF_OK)
		return device_result(device, &reply, HF_R_SMP_REPLY_MALFORMED, "shell", problem);
	show_output(talk->report, &shell.output);
	report_integer(talk->report, "code", NULL, shell.code);
	if (shell.code == 0)
		return HF_OK;
	return problem_set(problem, HF_R_HOST_SHELL_CODE, device->name, "%s ended with %d", talk->words[0], (int)shell.code);
}

static enum hf_reason run(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .needed = { "WORD" }, .optional_max = TALK_WORDS_MAX, .run = run_asked };
	return talk_run(&plan, args, report, NULL, problem);
}

static const struct arg_option options[] = { DEVICE_OPTION_ROWS, { 0 } };

const struct command cmd_shell = {
	.name = "shell",
	.summary = "run a command in a device's shell",
	.synopsis = "DEVICE [--] WORD...",
	.about = "Prints what the command prints; the exit code is 0 if the command says 0, else 4. Write -- before words that begin with a dash.\n"
		 "Sent once: a reply that is lost is not made up for by running the command again. Needs the shell group on the device (Zephyr:\n"
		 "CONFIG_MCUMGR_GRP_SHELL, with the dummy shell back end).",
	.options = options,
	.examples = "holdfast shell /dev/ttyACM0 kernel version\nholdfast shell /dev/ttyACM0 -- log enable -a",
	.run = run,
};
