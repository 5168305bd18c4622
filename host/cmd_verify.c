/* SPDX-License-Identifier: MIT */
/* verify: would a loader with these keys start this image? */
#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "check.h"
#include "file.h"
#include "keyring.h"
#include "textparse.h"

enum { OPT_KEY = 1, OPT_BOARD, OPT_LAYOUT, OPT_OFFSET, OPT_ERASED, OPT_HASH_ONLY, OPT_PASSPHRASE_FILE };

static const struct arg_option options[] = {
	{ OPT_KEY, 'k', "key", "FILE", "public or private key; may be given several times, as a loader may hold several" },
	{ OPT_BOARD, '\0', "board", "NAME", "also apply this board's rules: header size, largest image, where it must be linked" },
	{ OPT_LAYOUT, '\0', "layout", "NAME", "layout of the board (default: its first)" },
	{ OPT_HASH_ONLY, '\0', "hash-only", NULL, "check the hash and no signature" },
	{ OPT_OFFSET, '\0', "offset", "N", "the image begins there in the file (a flash dump)" },
	{ OPT_ERASED, 'R', "erased-val", "0|0xff", "what erased flash reads (default 0xff)" },
	{ OPT_PASSPHRASE_FILE, '\0', "passphrase-file", "FILE", "first line of FILE decrypts the keys" },
	{ 0 }
};

struct wishes {
	const char *key_paths[CHECK_KEYS_MAX];
	uint32_t key_count;
	const char *board, *layout, *path;
	struct passphrase passphrase;
	bool hash_only;
	uint32_t off;
	uint8_t erased_byte;
};

static enum hf_reason take(struct wishes *w, const struct args *args, int id, struct problem *problem)
{
	uint64_t number = 0;
	enum hf_reason reason = HF_OK;
	switch (id) {
	case OPT_KEY:
		if (w->key_count == CHECK_KEYS_MAX)
			return problem_set(problem, HF_R_HOST_KEYS_TOO_MANY, args->value, "%s", "");
		w->key_paths[w->key_count++] = args->value;
		break;
	case OPT_BOARD: w->board = args->value; break;
	case OPT_LAYOUT: w->layout = args->value; break;
	case OPT_HASH_ONLY: w->hash_only = true; break;
	case OPT_PASSPHRASE_FILE: w->passphrase.file = args->value; break;
	case OPT_OFFSET:
		reason = args_number("--offset", args->value, UINT32_MAX, &number, problem);
		w->off = (uint32_t)number;
		break;
	case OPT_ERASED:
		reason = args_number("--erased-val", args->value, 0xff, &number, problem);
		w->erased_byte = (uint8_t)number;
		break;
	}
	return reason;
}

static enum hf_reason read_keys(const struct wishes *w, const struct imagefile *file, struct keyfile *keys, uint32_t *count,
				struct problem *problem)
{
	*count = 0;
	if (w->hash_only)
		return HF_OK;
	if (w->key_count == 0) {
		enum hf_reason reason = keyring_find_for(file, &keys[0], problem); /* the one that the image names, if it was met before */
		*count = reason == HF_OK;
		return reason;
	}
	for (uint32_t i = 0; i < w->key_count; i++) {
		enum hf_reason reason = keyfile_read(w->key_paths[i], &w->passphrase, &keys[i], problem);
		if (reason != HF_OK)
			return reason;
		*count = i + 1;
	}
	return HF_OK;
}

static void report_verdict(const struct imagefile *file, const struct hf_verdict *verdict,
			   const struct keyfile *keys, uint32_t key_count, struct report *report)
{
	char version[40];
	version_print(&verdict->image.version, version);
	report_text(report, "file", "file", file->path);
	report_text(report, "verdict", "verdict", "accepted");
	report_text(report, "version", "version", version);
	report_size(report, "image_bytes", "size", verdict->image.total_bytes);
	report_bytes(report, "digest", "digest", verdict->digest, hf_hash_bytes(verdict->hash_kind));
	if (key_count != 0) {
		report_text(report, "key", "signed with", keys[verdict->key_index].path);
		report_text(report, "key_type", "key type", keyfile_type_name(&keys[verdict->key_index]));
	} else {
		report_note(report, "only the hash was checked: anyone could have made this image");
	}
	if (verdict->has_counter)
		report_number(report, "security_counter", "security counter", verdict->counter);
	uint64_t after = file->bytes.size - file->place.base_off - verdict->image.total_bytes;
	report_number(report, "bytes_after_image", NULL, after);
	if (after != 0)
		report_note(report, "%llu bytes follow the image; a loader does not look at them (holdfast inspect does)",
			    (unsigned long long)after);
}

static enum hf_reason verify_file(const struct wishes *w, const struct boardopt *board, const struct imagefile *file,
				  struct report *report, struct problem *problem)
{
	struct keyfile keys[CHECK_KEYS_MAX];
	struct hf_verdict verdict;
	uint32_t key_count = 0;
	memset(keys, 0, sizeof keys);
	enum hf_reason reason = read_keys(w, file, keys, &key_count, problem);
	if (reason == HF_OK)
		reason = check_image(file, board, keys, key_count, &verdict, problem);
	if (reason == HF_OK)
		report_verdict(file, &verdict, keys, key_count, report);
	for (uint32_t i = 0; i < CHECK_KEYS_MAX; i++)
		keyfile_free(&keys[i]);
	return reason;
}

/* The board's rules are about its image 0. */
static enum hf_reason verify_package(const struct wishes *w, const struct boardopt *board, struct report *report, struct problem *problem)
{
	static const struct boardopt none = { 0 };
	struct package package;
	enum hf_reason reason = package_read(w->path, &package, problem);
	if (reason != HF_OK)
		return reason;
	report_text(report, "file", "package", w->path);
	report_list(report, "images", NULL);
	for (size_t i = 0; i < package.count && reason == HF_OK; i++) {
		struct imagefile file;
		imagefile_of_package(w->path, &package.images[i], &file);
		report_item(report, NULL);
		report_number(report, "image", "image", package.images[i].image);
		reason = verify_file(w, package.images[i].image == 0 ? board : &none, &file, report, problem);
		report_end(report);
		imagefile_free(&file);
	}
	report_end(report);
	package_free(&package);
	return reason;
}

static enum hf_reason verify(const struct wishes *w, struct report *report, struct problem *problem)
{
	struct boardopt board;
	struct imagefile file;
	enum hf_reason reason = boardopt_find(w->board, w->layout, &board, problem);
	if (reason != HF_OK)
		return reason;
	if (file_is_zip(w->path))
		return verify_package(w, &board, report, problem);
	reason = imagefile_read(w->path, w->erased_byte, w->off, &file, problem);
	if (reason != HF_OK)
		return reason;
	reason = verify_file(w, &board, &file, report, problem);
	imagefile_free(&file);
	return reason;
}

static enum hf_reason run(struct args *args, struct report *report, struct problem *problem)
{
	struct wishes w = { .erased_byte = 0xff };
	int id = 0;
	enum hf_reason reason;
	while ((reason = args_next(args, &id, &report->json, problem)) == HF_OK && id != 0) {
		reason = take(&w, args, id, problem);
		if (reason != HF_OK)
			return reason;
	}
	if (reason != HF_OK || args->want_help)
		return reason;
	if ((reason = args_need_word(args, "IMAGE", &w.path, problem)) != HF_OK || (reason = args_end(args, problem)) != HF_OK)
		return reason;
	return verify(&w, report, problem);
}

const struct command cmd_verify = {
	.name = "verify",
	.summary = "would a bootloader with these keys start this image?",
	.synopsis = "IMAGE [-k KEY]... [--board NAME]",
	.about = "Applies the bootloader's own rules (the same code), and when the answer is no, says why, where, what was expected\n"
		 "and what was found. Without --key, the key is looked for by its hash in the current folder and among the keys that\n"
		 "`key new` and `key show` have met. RSA and P-384 images can be verified here, though Holdfast's loaders don't check them yet.",
	.options = options,
	.examples = "holdfast verify app.bin -k release.pub.pem\n"
		    "holdfast verify app.hex -k old.pem -k new.pem --board xiao_nrf52840\n"
		    "holdfast verify update.zip -k release.pem --json",
	.run = run,
};
