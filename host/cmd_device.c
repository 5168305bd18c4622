/* SPDX-License-Identifier: MIT */
/* echo, reset, info: the small talk with a device. */
#include <holdfast/smp_codes.h>
#include <holdfast/smp_requests.h>

#include "report_device.h"
#include "talk.h"

enum { OPT_FORCE = 1, OPT_RECOVERY, OPT_MODE };

static const struct arg_option plain_options[] = { DEVICE_OPTION_ROWS, { 0 } };

static enum hf_reason run_echo_asked(struct talk *talk, struct problem *problem)
{
	char answer[1024];
	struct device *device = talk->device;
	const char *text = talk->words[0];
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
	report_text(talk->report, "echo", "echo", answer);
	report_number(talk->report, "time_ms", "milliseconds", device_now_ms() - start_ms);
	return HF_OK;
}

static enum hf_reason run_echo(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .needed = { "TEXT" }, .run = run_echo_asked };
	return talk_run(&plan, args, report, NULL, problem);
}

const struct command cmd_echo = {
	.name = "echo",
	.summary = "ask a device to repeat a word: is it there?",
	.synopsis = "DEVICE TEXT",
	.about = "DEVICE is a serial port (/dev/ttyACM0, serial:/dev/ttyACM0?baud=1000000), a USB port by its USB serial number\n"
		 "(usb:SERIAL-NUMBER), a host (udp:HOST, udp:HOST:PORT, udp:[IPv6]:PORT), a Bluetooth LE device (ble:NAME, ble:ADDRESS), or a saved\n"
		 "name. `holdfast devices` shows what is here, `holdfast devices --ble` what is in the air.",
	.options = plain_options,
	.examples = "holdfast echo /dev/ttyACM0 hello\n"
		    "holdfast echo udp:192.0.2.7 hello",
	.run = run_echo,
};

enum { BOOT_MODE_RECOVERY = 1 };

struct reset_wish {
	bool force, has_mode;
	uint32_t mode;
};

static enum hf_reason take_reset(const struct args *args, int id, void *own, struct problem *problem)
{
	struct reset_wish *wish = own;
	uint64_t number = 0;
	enum hf_reason reason = HF_OK;
	switch (id) {
	case OPT_FORCE: wish->force = true; break;
	case OPT_RECOVERY:
		wish->has_mode = true;
		wish->mode = BOOT_MODE_RECOVERY;
		break;
	case OPT_MODE:
		reason = args_number("--boot-mode", args->value, 255, &number, problem);
		wish->has_mode = true;
		wish->mode = (uint32_t)number;
		break;
	}
	return reason;
}

static enum hf_reason run_reset_asked(struct talk *talk, struct problem *problem)
{
	const struct reset_wish *wish = talk->own;
	struct device *device = talk->device;
	struct smp_ask ask = device_ask_of(device);
	enum hf_reason reason = wish->has_mode ?
		talk_do(talk, smp_ask_reset_mode(&device->client, &ask, wish->force, wish->mode), "reset", problem) :
		device_reset(device, wish->force, problem);
	if (reason == HF_OK)
		report_step(talk->report, wish->has_mode ? "the device resets, and was asked for boot mode %u" : "the device resets", (unsigned)wish->mode);
	return reason;
}

static enum hf_reason run_reset(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .option = take_reset, .run = run_reset_asked };
	struct reset_wish wish = { .force = false };
	return talk_run(&plan, args, report, &wish, problem);
}

static const struct arg_option reset_options[] = {
	{ OPT_FORCE, 'f', "force", NULL, "even if the application objects" },
	{ OPT_RECOVERY, '\0', "recovery", NULL, "into the bootloader's recovery: the same as --boot-mode 1" },
	{ OPT_MODE, '\0', "boot-mode", "N", "ask for this boot mode (0: the application)" },
	DEVICE_OPTION_ROWS,
	{ 0 }
};

const struct command cmd_reset = {
	.name = "reset",
	.summary = "reset a device",
	.synopsis = "DEVICE [--force] [--recovery | --boot-mode N]",
	.about = "A pending update is installed at this reset; an image on trial that was not confirmed is taken back. Boot modes work on devices\n"
		 "that keep them over a reset (Zephyr: CONFIG_RETENTION_BOOT_MODE, in application and bootloader); others ignore them.",
	.options = reset_options,
	.examples = "holdfast reset /dev/ttyACM0\nholdfast reset /dev/ttyACM0 --recovery",
	.run = run_reset,
};

/* A question that a device need not know; *known false: it refused. */
static enum hf_reason ask_text(struct device *device, enum hf_reason asked, const char *key, char *into, uint32_t cap, bool *known,
			       struct problem *problem)
{
	struct smp_reply reply;
	enum hf_reason reason = device_exchange_optional(device, asked, &reply, known, problem);
	*known = *known && smp_read_text(&reply, key, into, cap) == HF_OK;
	return reason;
}

static enum hf_reason info_bootloader(struct device *device, struct report *report, struct problem *problem)
{
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
	reason = device_exchange_optional(device, smp_ask_bootloader(&device->client, &ask, "mode"), &reply, &known, problem);
	if (reason != HF_OK || !known || smp_read_mode(&reply, &mode, &no_downgrade) != HF_OK)
		return reason;
	report_text(report, "mode", "update mode", smp_mode_name(mode));
	report_flag(report, "no_downgrade", "downgrade refused", no_downgrade);
	return HF_OK;
}

static enum hf_reason info_slots(struct device *device, struct report *report, struct problem *problem)
{
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	struct smp_slot_list slots;
	bool known = false;
	enum hf_reason reason = device_exchange_optional(device, smp_ask_slots(&device->client, &ask), &reply, &known, problem);
	if (reason != HF_OK || !known || smp_read_slots(&reply, &slots) != HF_OK)
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

/* Letter by letter, as values may hold spaces. */
static enum hf_reason info_system(struct device *device, struct report *report, struct problem *problem)
{
	enum hf_reason reason = HF_OK;
	report_group(report, "system", NULL);
	for (uint32_t i = 0; smp_info_letter(i) != NULL && reason == HF_OK; i++) {
		const struct smp_info_letter *letter = smp_info_letter(i);
		char text[512];
		bool known = false;
		struct smp_ask ask = device_ask_of(device);
		reason = ask_text(device, smp_ask_info(&device->client, &ask, letter->letter), "output", text, sizeof text, &known, problem);
		if (reason == HF_OK && known)
			report_text(report, letter->key, NULL, text);
	}
	report_end(report);
	return reason;
}

static enum hf_reason info_base(struct device *device, struct report *report, struct problem *problem)
{
	struct smp_base_reply base;
	struct smp_reply reply;
	struct smp_ask ask = device_ask_of(device);
	bool known = false;
	enum hf_reason reason = device_exchange_optional(device, smp_ask_base(&device->client, &ask), &reply, &known, problem);
	if (reason != HF_OK || !known || smp_read_base(&reply, &base) != HF_OK)
		return reason;
	report_group(report, "base", NULL);
	if (base.hash_bytes != 0)
		report_bytes(report, "hash", NULL, base.hash, base.hash_bytes);
	report_number(report, "size_max", NULL, base.size_max);
	report_number(report, "primary_bytes", NULL, base.primary_bytes);
	report_number(report, "secondary_bytes", NULL, base.secondary_bytes);
	report_number(report, "sector_bytes", NULL, base.sector_bytes);
	report_number(report, "align", NULL, base.align);
	report_end(report);
	return HF_OK;
}

static enum hf_reason info_b0(struct device *device, struct report *report, struct problem *problem)
{
	uint32_t slot = 0;
	struct smp_reply reply;
	struct smp_ask ask = device_ask_of(device);
	bool known = false;
	enum hf_reason reason = device_exchange_optional(device, smp_ask_bootloader(&device->client, &ask, "active_b0_slot"), &reply, &known,
							 problem);
	if (known && smp_read_b0_slot(&reply, &slot) == HF_OK)
		report_number(report, "active_b0_slot", "bootloader slot", slot);
	return reason;
}

static enum hf_reason info_texts(struct device *device, struct report *report, struct problem *problem)
{
	char text[512];
	bool known = false;
	struct smp_ask ask = device_ask_of(device);
	enum hf_reason reason = ask_text(device, smp_ask_info(&device->client, &ask, "a"), "output", text, sizeof text, &known, problem);
	if (reason == HF_OK && known)
		report_text(report, "info", "device", text);
	return reason == HF_OK && known ? info_system(device, report, problem) : reason;
}

static enum hf_reason run_info_asked(struct talk *talk, struct problem *problem)
{
	struct device *device = talk->device;
	struct report *report = talk->report;
	struct smp_params params;
	struct problem ignored;
	enum hf_reason reason = info_texts(device, report, problem);
	if (reason == HF_OK && device_params(device, &params, &ignored) == HF_OK) {
		report_number(report, "buf_size", "message buffer", params.buf_size);
		report_number(report, "buf_count", "buffers", params.buf_count);
	}
	if (reason == HF_OK)
		reason = info_bootloader(device, report, problem);
	if (reason == HF_OK)
		reason = info_b0(device, report, problem);
	if (reason == HF_OK)
		reason = info_slots(device, report, problem);
	if (reason == HF_OK)
		reason = info_base(device, report, problem);
	return reason == HF_OK ? report_why(device, report, problem) : reason;
}

static enum hf_reason run_info(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .run = run_info_asked };
	return talk_run(&plan, args, report, NULL, problem);
}

const struct command cmd_info = {
	.name = "info",
	.summary = "what a device says about itself, and why it booted what it booted",
	.synopsis = "DEVICE",
	.about = "System, message buffers, bootloader and its mode, slots; from a Holdfast bootloader also what it did at the last reset\n"
		 "and why it refused an update. With --json the system's parts one by one, and what an update is made for (base). See also\n"
		 "`holdfast groups`, `tasks`, `memory`, `datetime`, `stat show`.",
	.options = plain_options,
	.examples = "holdfast info /dev/ttyACM0 --json",
	.run = run_info,
};
