/* SPDX-License-Identifier: MIT */
/* fs upload, download, status, hash, hashes, close: files of a device. */
#include <holdfast/smp_requests.h>
#include <stdio.h>
#include <stdlib.h>

#include "bytes.h"
#include "file.h"
#include "filecopy.h"
#include "progress.h"
#include "talk.h"

enum { OPT_RESUME = 1, OPT_WINDOW, OPT_NO_CHECK, OPT_TYPE, OPT_OFF, OPT_LEN };

struct own {
	struct filecopy_wish copy;
	const char *type;
	uint32_t off, length;
	struct bytes file;
};

static enum hf_reason take(const struct args *args, int id, void *ctx, struct problem *problem)
{
	struct own *own = ctx;
	uint64_t number = 0;
	enum hf_reason reason = HF_OK;
	switch (id) {
	case OPT_RESUME: own->copy.resume = true; break;
	case OPT_NO_CHECK: own->copy.no_check = true; break;
	case OPT_TYPE: own->type = args->value; break;
	case OPT_WINDOW:
		reason = args_number("--window", args->value, SMP_STREAM_WINDOW_MAX, &number, problem);
		own->copy.window = (uint32_t)number;
		break;
	case OPT_OFF:
		reason = args_number("--offset", args->value, UINT32_MAX, &number, problem);
		own->off = (uint32_t)number;
		break;
	case OPT_LEN:
		reason = args_number("--length", args->value, UINT32_MAX, &number, problem);
		own->length = (uint32_t)number;
		break;
	}
	return reason;
}

static void report_copy(struct report *report, const struct filecopy_result *result, const char *verb, const char *from, const char *into)
{
	report_number(report, "size_bytes", NULL, result->size_bytes);
	report_number(report, "resumed_off", NULL, result->resumed_off);
	report_number(report, "time_ms", NULL, result->time_ms);
	report_number(report, "sent_again", NULL, result->lost);
	report_text(report, "checked_by", NULL, result->checked_by);
	char moved[PROGRESS_MOVED_BYTES];
	progress_moved(result->size_bytes - result->resumed_off, result->time_ms, moved);
	report_row(report, "%s %s to %s: %s%s%s", verb, from, into, moved, result->checked_by[0] != '\0' ? ", checked by " : "", result->checked_by);
	if (result->resumed_off != 0)
		report_row(report, "the first %u bytes were there already", (unsigned)result->resumed_off);
}

/* --- upload -------------------------------------------------------------------------------------------------------------- */

/* An empty file is a file. */
static enum hf_reason check_upload(struct talk *talk, struct problem *problem)
{
	struct own *own = talk->own;
	enum hf_reason reason = file_read(talk->words[0], FILECOPY_BYTES_MAX, &own->file, problem);
	return reason == HF_R_HOST_FILE_EMPTY ? HF_OK : reason;
}

static enum hf_reason run_upload_asked(struct talk *talk, struct problem *problem)
{
	struct own *own = talk->own;
	struct filecopy_result result;
	enum hf_reason reason = filecopy_put(talk->device, &own->file, talk->words[1], &own->copy, &result, problem);
	if (reason == HF_OK)
		report_copy(talk->report, &result, "sent", talk->words[0], talk->words[1]);
	return reason;
}

static enum hf_reason run_upload(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .needed = { "FILE", "NAME" }, .option = take, .check = check_upload, .run = run_upload_asked };
	struct own own = { .off = 0 };
	enum hf_reason reason = talk_run(&plan, args, report, &own, problem);
	bytes_free(&own.file);
	return reason;
}

#define COPY_OPTION_ROWS \
	{ OPT_RESUME, '\0', "resume", NULL, "go on with what a broken transfer left, if it is the beginning of this file" }, \
	{ OPT_WINDOW, 'w', "window", "N", "messages in flight (default: as many as the device allows; 1: one at a time)" }, \
	{ OPT_NO_CHECK, '\0', "no-check", NULL, "do not compare hashes afterwards" }

static const struct arg_option copy_options[] = { COPY_OPTION_ROWS, DEVICE_OPTION_ROWS, { 0 } };

const struct command cmd_fs_upload = {
	.name = "fs upload",
	.summary = "a file of this machine onto a device",
	.synopsis = "DEVICE FILE NAME [--resume]",
	.about = "NAME is the file's whole name on the device, such as /lfs/data.bin; one that is there is replaced. Afterwards the hash of what the\n"
		 "device stored is compared, if the device can hash.",
	.options = copy_options,
	.examples = "holdfast fs upload /dev/ttyACM0 model.bin /lfs/model.bin\nholdfast fs upload udp:192.0.2.7 model.bin /lfs/model.bin --resume",
	.run = run_upload,
};

/* --- download ------------------------------------------------------------------------------------------------------------ */

static enum hf_reason run_download_asked(struct talk *talk, struct problem *problem)
{
	struct own *own = talk->own;
	struct filecopy_result result;
	const char *name = talk->words[0];
	const char *slash = strrchr(name, '/'), *path = talk->word_count > 1 ? talk->words[1] : slash != NULL ? slash + 1 : name;
	if (path[0] == '\0')
		return problem_set(problem, HF_R_HOST_OPTION_MISSING, "FILE", "the name %s ends in a folder", name);
	enum hf_reason reason = filecopy_get(talk->device, name, path, &own->copy, &result, problem);
	if (reason == HF_OK)
		report_copy(talk->report, &result, "got", name, path);
	return reason;
}

static enum hf_reason run_download(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .needed = { "NAME" }, .optional_max = 1, .option = take, .run = run_download_asked };
	struct own own = { .off = 0 };
	return talk_run(&plan, args, report, &own, problem);
}

const struct command cmd_fs_download = {
	.name = "fs download",
	.summary = "a file of a device onto this machine",
	.synopsis = "DEVICE NAME [FILE] [--resume]",
	.about = "FILE is written when all is there and its hash is right (if the device can hash); until then a file of that name stays as it is. With\n"
		 "--resume, what a broken transfer got is kept in FILE.part, and the next one with --resume goes on from there. Without\n"
		 "FILE: the last part of NAME.",
	.options = copy_options,
	.examples = "holdfast fs download /dev/ttyACM0 /lfs/log.txt\nholdfast fs download /dev/ttyACM0 /lfs/log.txt today.txt --resume",
	.run = run_download,
};

/* --- status, hashes ------------------------------------------------------------------------------------------------------ */

static enum hf_reason run_status_asked(struct talk *talk, struct problem *problem)
{
	uint32_t size = 0;
	enum hf_reason reason = filecopy_status(talk->device, talk->words[0], &size, problem);
	if (reason == HF_OK)
		report_size(talk->report, "size_bytes", "size", size);
	return reason;
}

static enum hf_reason run_status(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .needed = { "NAME" }, .run = run_status_asked };
	return talk_run(&plan, args, report, NULL, problem);
}

static const struct arg_option plain_options[] = { DEVICE_OPTION_ROWS, { 0 } };

const struct command cmd_fs_status = {
	.name = "fs status",
	.summary = "how large a file of a device is",
	.synopsis = "DEVICE NAME",
	.options = plain_options,
	.examples = "holdfast fs status /dev/ttyACM0 /lfs/log.txt",
	.run = run_status,
};

static enum hf_reason run_hash_asked(struct talk *talk, struct problem *problem)
{
	const struct own *own = talk->own;
	struct device *device = talk->device;
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	struct smp_file_hash hash;
	enum hf_reason reason = device_exchange(device, smp_ask_file_hash(&device->client, &ask, talk->words[0], own->type, own->off, own->length),
						&reply, problem);
	if (reason == HF_OK)
		reason = device_result(device, &reply, smp_read_file_hash(&reply, &hash), talk->words[0], problem);
	if (reason != HF_OK)
		return reason;
	char *hex = bytes_hex(hash.bytes, hash.byte_count), number[16];
	(void)snprintf(number, sizeof number, "%08x", (unsigned)hash.number);
	report_text(talk->report, "type", NULL, hash.type);
	report_number(talk->report, "offset", NULL, hash.off);
	report_number(talk->report, "size_bytes", NULL, hash.size_bytes);
	report_text(talk->report, "hash", hash.type, hash.is_number ? number : hex);
	free(hex);
	return HF_OK;
}

static enum hf_reason run_hash(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .needed = { "NAME" }, .option = take, .run = run_hash_asked };
	struct own own = { .off = 0 };
	return talk_run(&plan, args, report, &own, problem);
}

static const struct arg_option hash_options[] = {
	{ OPT_TYPE, '\0', "type", "TYPE", "crc32, sha256 or what `fs hashes` shows (default: the device's)" },
	{ OPT_OFF, '\0', "offset", "N", "from this byte on" },
	{ OPT_LEN, '\0', "length", "N", "so many bytes (default: to the end)" },
	DEVICE_OPTION_ROWS,
	{ 0 }
};

const struct command cmd_fs_hash = {
	.name = "fs hash",
	.summary = "the hash of a file of a device, made by the device",
	.synopsis = "DEVICE NAME [--type TYPE]",
	.about = "crc32 is the usual one (IEEE), printed in hex as `crc32` and zip tools do.",
	.options = hash_options,
	.examples = "holdfast fs hash /dev/ttyACM0 /lfs/log.txt --type sha256",
	.run = run_hash,
};

static bool each_type(void *ctx, const struct smp_hash_type *type)
{
	struct report *report = ctx;
	report_item(report, NULL);
	report_text(report, "type", NULL, type->name);
	report_number(report, "size_bytes", NULL, type->size_bytes);
	report_end(report);
	report_row(report, "%-16s %u bytes", type->name, (unsigned)type->size_bytes);
	return true;
}

static enum hf_reason run_hashes_asked(struct talk *talk, struct problem *problem)
{
	struct device *device = talk->device;
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	enum hf_reason reason = device_exchange(device, smp_ask_file_hash_types(&device->client, &ask), &reply, problem);
	if (reason != HF_OK)
		return reason;
	report_list(talk->report, "hashes", NULL);
	reason = device_result(device, &reply, smp_read_file_hash_types(&reply, each_type, talk->report), "hashes", problem);
	report_end(talk->report);
	return reason;
}

static enum hf_reason run_hashes(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .run = run_hashes_asked };
	return talk_run(&plan, args, report, NULL, problem);
}

const struct command cmd_fs_hashes = {
	.name = "fs hashes",
	.summary = "which hashes a device can make of its files",
	.synopsis = "DEVICE",
	.options = plain_options,
	.examples = "holdfast fs hashes /dev/ttyACM0",
	.run = run_hashes,
};

static enum hf_reason run_close_asked(struct talk *talk, struct problem *problem)
{
	struct smp_ask ask = device_ask_of(talk->device);
	enum hf_reason reason = talk_do(talk, smp_ask_file_close(&talk->device->client, &ask), "close", problem);
	if (reason == HF_OK)
		report_step(talk->report, "no file is open on the device");
	return reason;
}

static enum hf_reason run_close(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .run = run_close_asked };
	return talk_run(&plan, args, report, NULL, problem);
}

const struct command cmd_fs_close = {
	.name = "fs close",
	.summary = "let a device close the file that a transfer left open",
	.synopsis = "DEVICE",
	.options = plain_options,
	.examples = "holdfast fs close /dev/ttyACM0",
	.run = run_close,
};
