/* SPDX-License-Identifier: MIT */
#include "talk.h"

#include "bytes.h"

static enum hf_reason read_line(const struct talk_plan *plan, struct talk *talk, struct args *args, struct problem *problem)
{
	int id = 0;
	enum hf_reason reason;
	while ((reason = args_next(args, &id, &talk->report->json, problem)) == HF_OK && id != 0) {
		bool own = plan->option != NULL && id < DEVICE_OPT_BAUD;
		reason = own ? plan->option(args, id, talk->own, problem) : device_option(args, id, &talk->options, problem);
		if (reason != HF_OK)
			return reason;
	}
	if (reason != HF_OK || args->want_help)
		return reason;
	reason = args_need_word(args, "DEVICE", &talk->name, problem);
	for (uint32_t i = 0; i < HF_ARRAY_COUNT(plan->needed) && plan->needed[i] != NULL && reason == HF_OK; i++)
		reason = args_need_word(args, plan->needed[i], &talk->words[talk->word_count++], problem);
	for (uint32_t i = 0; i < plan->optional_max && reason == HF_OK && talk->word_count < TALK_WORDS_MAX; i++) {
		const char *word = args_word(args);
		if (word == NULL)
			break;
		talk->words[talk->word_count++] = word;
	}
	return reason == HF_OK ? args_end(args, problem) : reason;
}

enum hf_reason talk_run(const struct talk_plan *plan, struct args *args, struct report *report, void *own, struct problem *problem)
{
	struct talk talk = { .report = report, .options = device_defaults(), .own = own };
	enum hf_reason reason = read_line(plan, &talk, args, problem);
	if (reason != HF_OK || args->want_help)
		return reason;
	if (plan->check != NULL)
		reason = plan->check(&talk, problem);
	if (reason == HF_OK)
		reason = device_open(talk.name, &talk.options, &talk.device, problem);
	if (reason != HF_OK)
		return reason;
	reason = plan->run(&talk, problem);
	device_close(talk.device);
	return reason;
}

enum hf_reason talk_do(struct talk *talk, enum hf_reason asked, const char *what, struct problem *problem)
{
	struct smp_reply reply;
	enum hf_reason reason = device_exchange(talk->device, asked, &reply, problem);
	return reason == HF_OK ? device_result(talk->device, &reply, smp_read_nothing(&reply), what, problem) : reason;
}

static int nibble(char c)
{
	char low = (char)(c | 0x20);
	return c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

bool talk_hex(const char *text, struct bytes *into)
{
	for (const char *at = text; *at != '\0';) {
		if (*at == ' ' || *at == ':') {
			at++;
			continue;
		}
		int high = nibble(at[0]), low = high >= 0 ? nibble(at[1]) : -1;
		if (low < 0)
			return false;
		uint8_t byte = (uint8_t)(high << 4 | low);
		bytes_add(into, &byte, 1);
		at += 2;
	}
	return true;
}
