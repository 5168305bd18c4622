/* SPDX-License-Identifier: MIT */
/* bootloader: the carried loader binary, its configuration block filled in. */
#include <holdfast/config.h>
#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "boardopt.h"
#include "file.h"
#include "hexfile.h"
#include "keyfile.h"
#include "keyring.h"
#include "loader_make.h"
#include "loaders.h"
#include "report_config.h"

enum { OPT_BOARD = 1, OPT_LAYOUT, OPT_KEY, OPT_OUTPUT, OPT_POLICY, OPT_LIST, OPT_PASSPHRASE_FILE, OPT_RECOVERY };

static const struct arg_option options[] = {
	{ OPT_BOARD, '\0', "board", "NAME", "see `holdfast board list`" },
	{ OPT_LAYOUT, '\0', "layout", "NAME", "layout of the board (default: its first)" },
	{ OPT_KEY, 'k', "key", "FILE", "key whose signatures are accepted (public is enough); up to 4 times, all of one type" },
	{ OPT_POLICY, '\0', "policy", "LIST",
	  "of no-downgrade, counter, bootstrap, debug-open, quiet, separated by commas, or none (default: bootstrap,debug-open)" },
	{ OPT_RECOVERY, '\0', "recovery", "LIST",
	  "a bootloader with recovery, entered by: board (the board's own ways), or of pin, double-reset, window=MS, separated by commas" },
	{ OPT_OUTPUT, 'o', "output", "FILE", ".hex (with addresses) or .bin" },
	{ OPT_LIST, 'l', "list", NULL, "list the bootloaders that this holdfast carries" },
	{ OPT_PASSPHRASE_FILE, '\0', "passphrase-file", "FILE", "first line of FILE decrypts the keys" },
	{ 0 }
};

struct wishes {
	const char *board, *layout, *output, *recovery;
	const char *key_paths[HF_CONFIG_KEYS_MAX];
	uint32_t key_count;
	uint32_t policy;
	bool has_policy, list;
	struct passphrase passphrase;
};

static enum hf_reason take_policy(struct wishes *w, const char *text, struct problem *problem)
{
	w->has_policy = true;
	const char *word = NULL;
	size_t length = 0;
	while (strcmp(text, "none") != 0 && args_list_next(&text, &word, &length)) {
		size_t i = 0;
		while (i < policy_name_count && (strlen(policy_names[i].name) != length || strncmp(policy_names[i].name, word, length) != 0))
			i++;
		if (i == policy_name_count)
			return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--policy",
					   "'%.*s' is none of no-downgrade, counter, bootstrap, debug-open, quiet, none", (int)length, word);
		w->policy |= policy_names[i].bit;
	}
	return HF_OK;
}

static enum hf_reason take(struct wishes *w, const struct args *args, int id, struct problem *problem)
{
	switch (id) {
	case OPT_BOARD: w->board = args->value; break;
	case OPT_LAYOUT: w->layout = args->value; break;
	case OPT_OUTPUT: w->output = args->value; break;
	case OPT_RECOVERY: w->recovery = args->value; break;
	case OPT_LIST: w->list = true; break;
	case OPT_PASSPHRASE_FILE: w->passphrase.file = args->value; break;
	case OPT_POLICY: return take_policy(w, args->value, problem);
	case OPT_KEY:
		if (w->key_count == HF_CONFIG_KEYS_MAX)
			return problem_set(problem, HF_R_HOST_KEYS_TOO_MANY, args->value, "%s", "");
		w->key_paths[w->key_count++] = args->value;
		break;
	}
	return HF_OK;
}

static void report_list_of_loaders(struct report *report)
{
	report_list(report, "loaders", NULL);
	for (size_t i = 0; i < loader_count; i++) {
		report_item(report, NULL);
		report_text(report, "name", NULL, loaders[i].name);
		report_number(report, "size_bytes", NULL, loaders[i].size_bytes);
		report_end(report);
	}
	report_end(report);
	for (size_t i = 0; i < loader_count; i++)
		report_row(report, "%-36s %6zu bytes", loaders[i].name, loaders[i].size_bytes);
	if (loader_count == 0)
		report_note(report, "this build carries none; build the firmware, then holdfast with HOLDFAST_LOADER_DIR");
}

static enum hf_reason read_keys(const struct wishes *w, struct keyfile *keys, struct problem *problem)
{
	for (uint32_t i = 0; i < w->key_count; i++) {
		enum hf_reason reason = keyfile_read(w->key_paths[i], &w->passphrase, &keys[i], problem);
		if (reason != HF_OK)
			return reason;
		keyring_remember(&keys[i]);
	}
	return HF_OK;
}

static enum hf_reason write_loader(const char *path, uint32_t addr, const struct bytes *binary, struct problem *problem)
{
	if (!file_is_hex(path))
		return file_write(path, binary->data, binary->size, 0, problem);
	struct hexfile hex = { .count = 0 };
	struct bytes text = { 0 };
	hexfile_add(&hex, addr, binary->data, binary->size);
	hexfile_write(&hex, &text);
	hexfile_free(&hex);
	enum hf_reason reason = file_write(path, text.data, text.size, 0, problem);
	bytes_free(&text);
	return reason;
}

static enum hf_reason recovery_word(const struct board *board, const char *word, size_t length, struct hf_recovery *recovery,
				    struct problem *problem)
{
	const struct hf_recovery own = loader_recovery_of(board);
	char text[32] = "";
	uint64_t window_ms = 0;
	(void)snprintf(text, sizeof text, "%.*s", (int)length, word);
	if (strcmp(text, "board") == 0) {
		*recovery = own;
	} else if (strcmp(text, "pin") == 0 && own.pin != 0xff) {
		recovery->pin = own.pin;
		recovery->pin_active_level = own.pin_active_level;
	} else if (strcmp(text, "double-reset") == 0) {
		recovery->flags |= HF_RECOVERY_DOUBLE_RESET;
	} else if (strncmp(text, "window=", 7) == 0) {
		enum hf_reason reason = args_number("--recovery window", text + 7, UINT16_MAX, &window_ms, problem);
		if (reason != HF_OK)
			return reason;
		recovery->window_ms = (uint16_t)window_ms;
	} else {
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--recovery", "'%s' is none of board%s, double-reset, window=MS", text,
				   own.pin != 0xff ? ", pin" : "");
	}
	return HF_OK;
}

static enum hf_reason take_recovery(const struct board *board, const char *list, struct hf_recovery *recovery, struct problem *problem)
{
	*recovery = (struct hf_recovery){ .pin = 0xff };
	const char *word = NULL;
	size_t length = 0;
	while (args_list_next(&list, &word, &length)) {
		enum hf_reason reason = recovery_word(board, word, length, recovery, problem);
		if (reason != HF_OK)
			return reason;
	}
	return HF_OK;
}

static enum hf_reason make(const struct wishes *w, const struct keyfile *keys, struct report *report, struct problem *problem)
{
	struct loader_wish wish = { .keys = keys, .key_count = w->key_count, .policy = w->has_policy ? w->policy : POLICY_DEFAULT };
	struct hf_config config;
	struct bytes binary = { 0 };
	const char *made_from = NULL;
	struct hf_recovery recovery;
	enum hf_reason reason = boardopt_find(w->board, w->layout, &wish.board, problem);
	if (reason == HF_OK && w->recovery != NULL) {
		reason = take_recovery(wish.board.board, w->recovery, &recovery, problem);
		wish.recovery = &recovery;
	}
	if (reason == HF_OK)
		reason = loader_make(&wish, &config, &binary, &made_from, problem);
	if (reason == HF_OK)
		reason = write_loader(w->output, config.loader_addr, &binary, problem);
	if (reason == HF_OK) {
		report_text(report, "file", "bootloader", w->output);
		report_text(report, "loader_binary", "made from", made_from);
		report_size(report, "file_bytes", "size", binary.size);
		report_config(&config, report);
	}
	bytes_free(&binary);
	return reason;
}

static enum hf_reason run(struct args *args, struct report *report, struct problem *problem)
{
	struct wishes w = { 0 };
	struct keyfile keys[HF_CONFIG_KEYS_MAX];
	int id = 0;
	enum hf_reason reason;
	memset(keys, 0, sizeof keys);
	while ((reason = args_next(args, &id, &report->json, problem)) == HF_OK && id != 0) {
		reason = take(&w, args, id, problem);
		if (reason != HF_OK)
			return reason;
	}
	if (reason != HF_OK || args->want_help || (reason = args_end(args, problem)) != HF_OK)
		return reason;
	if (w.list) {
		report_list_of_loaders(report);
		return HF_OK;
	}
	const char *missing = w.board == NULL ? "--board" : w.key_count == 0 ? "--key" : w.output == NULL ? "--output" : NULL;
	if (missing != NULL)
		return problem_set(problem, HF_R_HOST_OPTION_MISSING, missing, "%s", "");
	reason = read_keys(&w, keys, problem);
	if (reason == HF_OK)
		reason = make(&w, keys, report, problem);
	for (uint32_t i = 0; i < HF_CONFIG_KEYS_MAX; i++)
		keyfile_free(&keys[i]);
	return reason;
}

const struct command cmd_bootloader = {
	.name = "bootloader",
	.summary = "make a bootloader for a board, with your keys in it",
	.synopsis = "--board NAME --key FILE [--layout NAME] -o loader.hex",
	.about = "One bootloader binary a chip serves every user: keys, slot layout and policy are a block of data that is filled in\n"
		 "here, so no compiler is needed. Flash the result with your programmer; it prints the largest image of the layout.\n"
		 "The size limit it prints is the one that `sign --board`, the upload and the bootloader itself apply.",
	.options = options,
	.examples = "holdfast bootloader --board xiao_nrf54l15 --key release.pub.pem -o loader.hex\n"
		    "holdfast bootloader --board xiao_nrf52840 --layout keep-uf2 -k a.pem -k b.pem --policy no-downgrade,debug-open -o loader.hex\n"
		    "holdfast bootloader --board nrf52840dk --recovery pin,window=500 -k release.pub.pem -o loader.hex\n"
		    "holdfast bootloader --list",
	.run = run,
};
