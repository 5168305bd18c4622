/* SPDX-License-Identifier: MIT */
/* settings read, write, delete, commit, load, save. Values are bytes; what they mean is the application's. */
#include <holdfast/smp_requests.h>
#include <stdio.h>
#include <stdlib.h>

#include "bytes.h"
#include "file.h"
#include "talk.h"

enum { OPT_MAX = 1, OPT_OUT, OPT_AS };
enum { VALUE_BYTES_MAX = 64 * 1024 };

enum form { FORM_AUTO, FORM_TEXT, FORM_HEX, FORM_FILE, FORM_U8, FORM_U16, FORM_U32, FORM_U64 };

static const struct {
	const char *name;
	enum form form;
	uint32_t bytes; /* of a number */
} forms[] = { { "text", FORM_TEXT, 0 }, { "hex", FORM_HEX, 0 }, { "file", FORM_FILE, 0 },
	      { "u8", FORM_U8, 1 }, { "u16", FORM_U16, 2 }, { "u32", FORM_U32, 4 }, { "u64", FORM_U64, 8 } };

struct own {
	uint32_t max_bytes;
	const char *output;
	enum form form;
	uint32_t number_bytes;
	struct bytes value;
};

static enum hf_reason take(const struct args *args, int id, void *ctx, struct problem *problem)
{
	struct own *own = ctx;
	uint64_t number = 0;
	enum hf_reason reason = HF_OK;
	switch (id) {
	case OPT_MAX:
		reason = args_number("--max", args->value, VALUE_BYTES_MAX, &number, problem);
		own->max_bytes = (uint32_t)number;
		return reason;
	case OPT_OUT:
		own->output = args->value;
		return HF_OK;
	case OPT_AS:
		for (size_t i = 0; i < HF_ARRAY_COUNT(forms); i++) {
			if (strcmp(forms[i].name, args->value) != 0)
				continue;
			own->form = forms[i].form;
			own->number_bytes = forms[i].bytes;
			return HF_OK;
		}
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--as", "'%s' is none of text, hex, file, u8, u16, u32, u64", args->value);
	}
	return HF_OK;
}

/* --- read ---------------------------------------------------------------------------------------------------------------- */

static bool is_text(const struct smp_span *value)
{
	for (uint32_t i = 0; i < value->size_bytes; i++) {
		if (value->data[i] < 0x20 || value->data[i] > 0x7e)
			return false;
	}
	return value->size_bytes != 0;
}

static void show(struct report *report, const struct smp_span *value)
{
	report_bytes(report, "value", NULL, value->data, value->size_bytes);
	report_number(report, "size_bytes", NULL, value->size_bytes);
	if (is_text(value)) {
		char *text = host_printf("%.*s", (int)value->size_bytes, (const char *)value->data);
		report_text(report, "text", NULL, text);
		report_row(report, "%s", text);
		free(text);
		return;
	}
	char *hex = bytes_hex(value->data, value->size_bytes);
	uint64_t number = 0;
	bool is_number = value->size_bytes == 1 || value->size_bytes == 2 || value->size_bytes == 4 || value->size_bytes == 8;
	for (uint32_t i = 0; is_number && i < value->size_bytes; i++)
		number |= (uint64_t)value->data[i] << (8 * i);
	if (is_number)
		report_row(report, "%s (as a little-endian number: %llu)", hex, (unsigned long long)number);
	else
		report_row(report, "%s", value->size_bytes == 0 ? "(empty)" : hex);
	free(hex);
}

static enum hf_reason run_read_asked(struct talk *talk, struct problem *problem)
{
	const struct own *own = talk->own;
	struct device *device = talk->device;
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	struct smp_span value;
	uint32_t limit = 0;
	enum hf_reason reason = device_exchange(device, smp_ask_setting(&device->client, &ask, talk->words[0], own->max_bytes), &reply, problem);
	if (reason == HF_OK)
		reason = device_result(device, &reply, smp_read_setting(&reply, &value, &limit), talk->words[0], problem);
	if (reason != HF_OK)
		return reason;
	report_text(talk->report, "name", NULL, talk->words[0]);
	if (limit != 0) {
		report_number(talk->report, "device_max_bytes", NULL, limit);
		report_note(talk->report, "the device gives %u bytes at most: the value may be longer", (unsigned)limit);
	}
	if (own->output == NULL) {
		show(talk->report, &value);
		return HF_OK;
	}
	reason = file_write(own->output, value.data, value.size_bytes, 0, problem);
	if (reason == HF_OK)
		report_size(talk->report, "size_bytes", "written", value.size_bytes);
	return reason;
}

static enum hf_reason run_read(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .needed = { "NAME" }, .option = take, .run = run_read_asked };
	struct own own = { .max_bytes = 0 };
	return talk_run(&plan, args, report, &own, problem);
}

static const struct arg_option read_options[] = {
	{ OPT_MAX, '\0', "max", "N", "ask for N bytes at most (default: as many as the device gives)" },
	{ OPT_OUT, 'o', "output", "FILE", "write the value's bytes there" },
	DEVICE_OPTION_ROWS,
	{ 0 }
};

const struct command cmd_settings_read = {
	.name = "settings read",
	.summary = "a setting of a device",
	.synopsis = "DEVICE NAME [-o FILE]",
	.about = "Shown as text if it is text, else as hex. With --json: 'value' in hex, and 'text' if it is text.",
	.options = read_options,
	.examples = "holdfast settings read /dev/ttyACM0 app/name\nholdfast settings read /dev/ttyACM0 app/key -o key.bin",
	.run = run_read,
};

/* --- write --------------------------------------------------------------------------------------------------------------- */

static enum hf_reason check_write(struct talk *talk, struct problem *problem)
{
	struct own *own = talk->own;
	const char *text = talk->words[1];
	uint64_t number = 0;
	if (own->form == FORM_FILE)
		return file_read(text, VALUE_BYTES_MAX, &own->value, problem);
	if (own->form == FORM_HEX)
		return talk_hex(text, &own->value) ? HF_OK : problem_set(problem, HF_R_HOST_OPTION_VALUE, "VALUE", "'%s' is not hex", text);
	if (own->number_bytes == 0) {
		bytes_add(&own->value, text, strlen(text));
		return HF_OK;
	}
	uint64_t max = own->number_bytes == 8 ? UINT64_MAX : ((uint64_t)1 << (8 * own->number_bytes)) - 1;
	enum hf_reason reason = args_number("VALUE", text, max, &number, problem);
	for (uint32_t i = 0; reason == HF_OK && i < own->number_bytes; i++) {
		uint8_t byte = (uint8_t)(number >> (8 * i));
		bytes_add(&own->value, &byte, 1);
	}
	return reason;
}

static enum hf_reason run_write_asked(struct talk *talk, struct problem *problem)
{
	const struct own *own = talk->own;
	struct smp_ask ask = device_ask_of(talk->device);
	enum hf_reason asked = smp_ask_setting_write(&talk->device->client, &ask, talk->words[0], own->value.data, (uint32_t)own->value.size);
	enum hf_reason reason = talk_do(talk, asked, talk->words[0], problem);
	if (reason == HF_OK)
		report_step(talk->report, "set %s to %zu bytes; `holdfast settings save` keeps it", talk->words[0], own->value.size);
	return reason;
}

static enum hf_reason run_write(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .needed = { "NAME", "VALUE" }, .option = take, .check = check_write, .run = run_write_asked };
	struct own own = { .form = FORM_AUTO };
	enum hf_reason reason = talk_run(&plan, args, report, &own, problem);
	bytes_free(&own.value);
	return reason;
}

static const struct arg_option write_options[] = {
	{ OPT_AS, '\0', "as", "FORM", "what VALUE is: text (default), hex, u8, u16, u32, u64 (little-endian), file (its bytes)" },
	DEVICE_OPTION_ROWS,
	{ 0 }
};

const struct command cmd_settings_write = {
	.name = "settings write",
	.summary = "change a setting of a device",
	.synopsis = "DEVICE NAME VALUE [--as FORM]",
	.about = "The application has the new value at once; `settings save` makes it last beyond a reset.",
	.options = write_options,
	.examples = "holdfast settings write /dev/ttyACM0 app/name kitchen\n"
		    "holdfast settings write /dev/ttyACM0 app/interval 5000 --as u32\n"
		    "holdfast settings save /dev/ttyACM0",
	.run = run_write,
};

/* --- the rest ------------------------------------------------------------------------------------------------------------ */

static enum hf_reason run_delete_asked(struct talk *talk, struct problem *problem)
{
	struct smp_ask ask = device_ask_of(talk->device);
	enum hf_reason reason = talk_do(talk, smp_ask_setting_delete(&talk->device->client, &ask, talk->words[0]), talk->words[0], problem);
	if (reason == HF_OK)
		report_step(talk->report, "deleted %s", talk->words[0]);
	return reason;
}

static enum hf_reason run_delete(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .needed = { "NAME" }, .run = run_delete_asked };
	return talk_run(&plan, args, report, NULL, problem);
}

static enum hf_reason run_commit_asked(struct talk *talk, struct problem *problem)
{
	struct smp_ask ask = device_ask_of(talk->device);
	enum hf_reason reason = talk_do(talk, smp_ask_settings_commit(&talk->device->client, &ask), "commit settings", problem);
	if (reason == HF_OK)
		report_step(talk->report, "the changes are in effect");
	return reason;
}

static enum hf_reason run_commit(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .run = run_commit_asked };
	return talk_run(&plan, args, report, NULL, problem);
}

static enum hf_reason run_load_asked(struct talk *talk, struct problem *problem)
{
	struct smp_ask ask = device_ask_of(talk->device);
	enum hf_reason reason = talk_do(talk, smp_ask_settings_load(&talk->device->client, &ask), "load settings", problem);
	if (reason == HF_OK)
		report_step(talk->report, "settings are as they were saved");
	return reason;
}

static enum hf_reason run_load(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .run = run_load_asked };
	return talk_run(&plan, args, report, NULL, problem);
}

static enum hf_reason run_save_asked(struct talk *talk, struct problem *problem)
{
	struct smp_ask ask = device_ask_of(talk->device);
	const char *subtree = talk->word_count != 0 ? talk->words[0] : NULL;
	enum hf_reason reason = talk_do(talk, smp_ask_settings_save(&talk->device->client, &ask, subtree), "save settings", problem);
	if (reason == HF_OK)
		report_step(talk->report, "saved %s", subtree != NULL ? subtree : "all settings");
	return reason;
}

static enum hf_reason run_save(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .optional_max = 1, .run = run_save_asked };
	return talk_run(&plan, args, report, NULL, problem);
}

static const struct arg_option plain_options[] = { DEVICE_OPTION_ROWS, { 0 } };

const struct command cmd_settings_delete = {
	.name = "settings delete",
	.summary = "delete a setting of a device",
	.synopsis = "DEVICE NAME",
	.options = plain_options,
	.examples = "holdfast settings delete /dev/ttyACM0 app/name",
	.run = run_delete,
};

const struct command cmd_settings_commit = {
	.name = "settings commit",
	.summary = "let a device apply the settings that were changed",
	.synopsis = "DEVICE",
	.options = plain_options,
	.examples = "holdfast settings commit /dev/ttyACM0",
	.run = run_commit,
};

const struct command cmd_settings_load = {
	.name = "settings load",
	.summary = "take a device's settings back to what was saved",
	.synopsis = "DEVICE",
	.options = plain_options,
	.examples = "holdfast settings load /dev/ttyACM0",
	.run = run_load,
};

const struct command cmd_settings_save = {
	.name = "settings save",
	.summary = "make a device keep its settings beyond a reset",
	.synopsis = "DEVICE [SUBTREE]",
	.about = "All of them, or those below SUBTREE (not every device can do that).",
	.options = plain_options,
	.examples = "holdfast settings save /dev/ttyACM0",
	.run = run_save,
};
