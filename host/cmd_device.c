/* SPDX-License-Identifier: MIT */
/* echo, reset, info: the small talk with a device. */
#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "bytes.h"
#include "device.h"
#include "report_device.h"

enum { OPT_FORCE = 1 };

static const struct arg_option plain_options[] = { DEVICE_OPTION_ROWS, { 0 } };

/* Options that are the device's alone; then its name and, if what is not NULL, one more word. */
static enum hf_reason read_words(struct args *args, bool *json, struct device_options *options, bool *force, const char **name,
				 const char *what, const char **word, struct problem *problem)
{
	int id = 0;
	enum hf_reason reason;
	while ((reason = args_next(args, &id, json, problem)) == HF_OK && id != 0) {
		if (id == OPT_FORCE)
			*force = true;
		else
			reason = device_option(args, id, options, problem);
		if (reason != HF_OK)
			return reason;
	}
	if (reason != HF_OK || args->want_help)
		return reason;
	reason = args_need_word(args, "DEVICE", name, problem);
	if (reason == HF_OK && what != NULL)
		reason = args_need_word(args, what, word, problem);
	return reason == HF_OK ? args_end(args, problem) : reason;
}

static enum hf_reason echo(struct device *device, const char *text, struct report *report, struct problem *problem)
{
	char answer[1024];
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	uint32_t start_ms = device_now_ms();
	enum hf_reason reason = device_exchange(device, smp_ask_echo(&device->client, &ask, text), &reply, problem);
	if (reason == HF_OK)
		reason = device_result(device, &reply, smp_read_text(&reply, "r", answer, sizeof answer), "echo", problem);
	if (reason != HF_OK)
		return reason;
	if (strcmp(answer, text) != 0)
		return problem_differs(problem, HF_R_HOST_DEVICE_GARBAGE, device->name, text, answer);
	report_text(report, "echo", "echo", answer);
	report_number(report, "time_ms", "milliseconds", device_now_ms() - start_ms);
	return HF_OK;
}

static enum hf_reason run_echo(struct args *args, struct report *report, struct problem *problem)
{
	const char *name = NULL, *text = NULL;
	bool force = false;
	struct device_options options = device_defaults();
	struct device *device = NULL;
	enum hf_reason reason = read_words(args, &report->json, &options, &force, &name, "TEXT", &text, problem);
	if (reason != HF_OK || args->want_help)
		return reason;
	reason = device_open(name, &options, &device, problem);
	if (reason != HF_OK)
		return reason;
	reason = echo(device, text, report, problem);
	device_close(device);
	return reason;
}

const struct command cmd_echo = {
	.name = "echo",
	.summary = "ask a device to repeat a word: is it there?",
	.synopsis = "DEVICE TEXT",
	.about = "DEVICE is a serial port (/dev/ttyACM0, serial:/dev/ttyACM0?baud=1000000), a USB port by its USB serial number\n"
		 "(usb:SERIAL-NUMBER), a host (udp:HOST, udp:HOST:PORT, udp:[IPv6]:PORT), or a saved name. `holdfast devices` shows what is here.",
	.options = plain_options,
	.examples = "holdfast echo /dev/ttyACM0 hello\n"
		    "holdfast echo udp:192.0.2.7 hello",
	.run = run_echo,
};

static const struct arg_option reset_options[] = {
	{ OPT_FORCE, 'f', "force", NULL, "even if the application objects" },
	DEVICE_OPTION_ROWS,
	{ 0 }
};

static enum hf_reason run_reset(struct args *args, struct report *report, struct problem *problem)
{
	const char *name = NULL;
	bool force = false;
	struct device_options options = device_defaults();
	struct device *device = NULL;
	enum hf_reason reason = read_words(args, &report->json, &options, &force, &name, NULL, NULL, problem);
	if (reason != HF_OK || args->want_help)
		return reason;
	reason = device_open(name, &options, &device, problem);
	if (reason != HF_OK)
		return reason;
	reason = device_reset(device, force, problem);
	if (reason == HF_OK)
		report_step(report, "the device resets");
	device_close(device);
	return reason;
}

const struct command cmd_reset = {
	.name = "reset",
	.summary = "reset a device",
	.synopsis = "DEVICE [--force]",
	.about = "A pending update is installed at this reset; an image on trial that was not confirmed is taken back.",
	.options = reset_options,
	.examples = "holdfast reset /dev/ttyACM0",
	.run = run_reset,
};

/* A question that a device need not know; *known false: it refused. */
static enum hf_reason ask_text(struct device *device, enum hf_reason asked, const char *key, char *into, uint32_t cap, bool *known,
			       struct problem *problem)
{
	struct smp_reply reply;
	enum hf_reason reason = device_exchange(device, asked, &reply, problem);
	*known = reason == HF_OK && smp_read_text(&reply, key, into, cap) == HF_OK;
	return reason;
}

static enum hf_reason info_bootloader(struct device *device, struct report *report, struct problem *problem)
{
	static const char *const modes[] = { "single slot", "swap using scratch", "overwrite only", "swap using move", "direct XIP",
					     "direct XIP with revert", "RAM load", "firmware loader", "single slot, RAM load",
					     "swap using offset" };
	char name[64];
	bool known = false, no_downgrade = false;
	int32_t mode = -1;
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	enum hf_reason reason = ask_text(device, smp_ask_bootloader(&device->client, &ask, NULL), "bootloader", name, sizeof name,
					 &known, problem);
	if (reason != HF_OK || !known)
		return reason;
	report_text(report, "bootloader", "bootloader", name);
	ask = device_ask_of(device);
	reason = device_exchange(device, smp_ask_bootloader(&device->client, &ask, "mode"), &reply, problem);
	if (reason != HF_OK || smp_read_mode(&reply, &mode, &no_downgrade) != HF_OK)
		return reason;
	report_text(report, "mode", "update mode", mode >= 0 && (size_t)mode < HF_ARRAY_COUNT(modes) ? modes[mode] : "unknown");
	report_flag(report, "no_downgrade", "downgrade refused", no_downgrade);
	return HF_OK;
}

static enum hf_reason info_slots(struct device *device, struct report *report, struct problem *problem)
{
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	struct smp_slot_list slots;
	enum hf_reason reason = device_exchange(device, smp_ask_slots(&device->client, &ask), &reply, problem);
	if (reason != HF_OK || smp_read_slots(&reply, &slots) != HF_OK)
		return reason;
	report_list(report, "slots", NULL);
	for (uint32_t i = 0; i < slots.count; i++) {
		const struct smp_slot_entry *slot = &slots.entries[i];
		report_item(report, NULL);
		report_number(report, "image", NULL, slot->image);
		report_number(report, "slot", NULL, slot->slot);
		report_number(report, "size_bytes", NULL, slot->size_bytes);
		if (slot->has_image_max)
			report_number(report, "image_max_bytes", NULL, slot->image_max_bytes);
		report_end(report);
	}
	report_end(report);
	for (uint32_t i = 0; i < slots.count; i++)
		report_row(report, "slot %u.%u             %u bytes", (unsigned)slots.entries[i].image, (unsigned)slots.entries[i].slot,
			   (unsigned)slots.entries[i].size_bytes);
	if (slots.count > 0 && slots.entries[0].has_image_max)
		report_size(report, "image_max_bytes", "largest image", slots.entries[0].image_max_bytes);
	return HF_OK;
}

static enum hf_reason info(struct device *device, struct report *report, struct problem *problem)
{
	char text[512];
	bool known = false;
	struct smp_params params;
	struct smp_ask ask = device_ask_of(device);
	enum hf_reason reason = ask_text(device, smp_ask_info(&device->client, &ask, "a"), "output", text, sizeof text, &known, problem);
	if (reason == HF_OK && known)
		report_text(report, "info", "device", text);
	struct problem ignored;
	if (reason == HF_OK && device_params(device, &params, &ignored) == HF_OK) {
		report_number(report, "buf_size", "message buffer", params.buf_size);
		report_number(report, "buf_count", "buffers", params.buf_count);
	}
	if (reason == HF_OK)
		reason = info_bootloader(device, report, problem);
	if (reason == HF_OK)
		reason = info_slots(device, report, problem);
	return reason == HF_OK ? report_why(device, report, problem) : reason;
}

static enum hf_reason run_info(struct args *args, struct report *report, struct problem *problem)
{
	const char *name = NULL;
	bool force = false;
	struct device_options options = device_defaults();
	struct device *device = NULL;
	enum hf_reason reason = read_words(args, &report->json, &options, &force, &name, NULL, NULL, problem);
	if (reason != HF_OK || args->want_help)
		return reason;
	reason = device_open(name, &options, &device, problem);
	if (reason != HF_OK)
		return reason;
	reason = info(device, report, problem);
	device_close(device);
	return reason;
}

const struct command cmd_info = {
	.name = "info",
	.summary = "what a device says about itself, and why it booted what it booted",
	.synopsis = "DEVICE",
	.about = "System, message buffers, bootloader and its mode, slots; from a Holdfast bootloader also what it did at the last reset\n"
		 "and why it refused an update.",
	.options = plain_options,
	.examples = "holdfast info /dev/ttyACM0 --json",
	.run = run_info,
};
