/* SPDX-License-Identifier: MIT */
/* reason: what a number in a message or a log means. */
#include <stdio.h>
#include <stdlib.h>

#include "args.h"

enum { OPT_ALL = 1 };

static const struct arg_option options[] = { { OPT_ALL, 'a', "all", NULL, "list all numbers" }, { 0 } };

static void report_reason(const struct hf_reason_text *text, struct report *report)
{
	report_number(report, "number", NULL, text->number);
	report_text(report, "name", NULL, text->name);
	report_text(report, "sentence", NULL, text->sentence);
	report_text(report, "remedy", NULL, text->remedy);
	report_row(report, "HF-%04u  %s", text->number, text->sentence);
	if (text->remedy[0] != '\0')
		report_row(report, "         %s", text->remedy);
}

static void report_all(struct report *report)
{
	size_t count = 0;
	const struct hf_reason_text *list = hf_reason_list(&count);
	report_list(report, "reasons", NULL);
	for (size_t i = 0; i < count; i++) {
		report_item(report, NULL);
		report->depth -= report->json ? 0 : 2; /* a flat list in text */
		report_reason(&list[i], report);
		report->depth += report->json ? 0 : 2;
		report_end(report);
	}
	report_end(report);
}

static enum hf_reason run(struct args *args, struct report *report, struct problem *problem)
{
	bool all = false;
	const char *word = NULL;
	uint64_t number = 0;
	int id = 0;
	enum hf_reason reason;
	while ((reason = args_next(args, &id, &report->json, problem)) == HF_OK && id != 0)
		all = true;
	if (reason != HF_OK || args->want_help)
		return reason;
	if (all) {
		reason = args_end(args, problem);
		if (reason == HF_OK)
			report_all(report);
		return reason;
	}
	if ((reason = args_need_word(args, "NUMBER", &word, problem)) != HF_OK || (reason = args_end(args, problem)) != HF_OK)
		return reason;
	const char *digits = strncmp(word, "HF-", 3) == 0 || strncmp(word, "hf-", 3) == 0 ? word + 3 : word;
	while (digits[0] == '0' && digits[1] != '\0')
		digits++;
	reason = args_number("NUMBER", digits, 9999, &number, problem);
	if (reason != HF_OK)
		return reason;
	size_t count = 0;
	const struct hf_reason_text *list = hf_reason_list(&count);
	for (size_t i = 0; i < count; i++) {
		if (list[i].number == number) {
			report_reason(&list[i], report);
			return HF_OK;
		}
	}
	return problem_set(problem, HF_R_HOST_OPTION_VALUE, word, "no reason has this number; this holdfast may be older than the device");
}

const struct command cmd_reason = {
	.name = "reason",
	.summary = "explain a number such as HF-0218",
	.synopsis = "NUMBER | --all",
	.about = NULL,
	.options = options,
	.examples = "holdfast reason HF-0218\n"
		    "holdfast reason --all --json",
	.run = run,
};
