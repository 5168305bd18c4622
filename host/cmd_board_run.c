/* SPDX-License-Identifier: MIT */
/* board run: a virtual board with a bootloader and an application, by the program holdfast-board. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "args.h"
#include "check.h"
#include "file.h"
#include "keyring.h"
#include "loader_make.h"
#include "report_config.h"

enum { OPT_APP = 1, OPT_UPDATE, OPT_KEY, OPT_LOADER, OPT_LAYOUT, OPT_FLASH, OPT_SEED };

#define PASSED_MAX 64

static const struct arg_option options[] = {
	{ OPT_APP, 'a', "app", "FILE", "signed image for the primary slot (.bin or .hex)" },
	{ OPT_UPDATE, '\0', "update-slot", "FILE", "signed image for the update slot" },
	{ OPT_KEY, 'k', "key", "FILE", "key of the bootloader; up to 4 times (default: the one that signed the application, if known)" },
	{ OPT_LOADER, '\0', "loader", "FILE", "bootloader to run (.hex or .bin) instead of making one from the keys" },
	{ OPT_LAYOUT, '\0', "layout", "NAME", "layout of the board (default: its first)" },
	{ OPT_FLASH, '\0', "flash", "FILE", "keep the flash in this file; if it is there, the board goes on from it, and --app may be left out" },
	{ OPT_SEED, '\0', "seed", "N", "seed of what is random on the virtual board" },
	{ 0 }
};

struct wishes {
	const char *board, *layout, *app, *update, *loader, *flash, *seed;
	const char *key_paths[HF_CONFIG_KEYS_MAX];
	uint32_t key_count;
	char **passed; /* words after "--" */
	size_t passed_count;
};

static enum hf_reason take(struct wishes *w, const struct args *args, int id, struct problem *problem)
{
	switch (id) {
	case OPT_APP: w->app = args->value; break;
	case OPT_UPDATE: w->update = args->value; break;
	case OPT_LOADER: w->loader = args->value; break;
	case OPT_LAYOUT: w->layout = args->value; break;
	case OPT_FLASH: w->flash = args->value; break;
	case OPT_SEED: w->seed = args->value; break;
	case OPT_KEY:
		if (w->key_count == HF_CONFIG_KEYS_MAX)
			return problem_set(problem, HF_R_HOST_KEYS_TOO_MANY, args->value, "%s", "");
		w->key_paths[w->key_count++] = args->value;
		break;
	}
	return HF_OK;
}

/* The key whose hash the application carries. */
static enum hf_reason key_of_app(const char *path, struct keyfile *key, struct problem *problem)
{
	struct imagefile file;
	enum hf_reason reason = imagefile_read(path, 0xff, 0, &file, problem);
	if (reason != HF_OK)
		return reason;
	reason = keyring_find_for(&file, key, problem);
	imagefile_free(&file);
	return reason;
}

static enum hf_reason read_keys(const struct wishes *w, struct keyfile *keys, uint32_t *count, struct problem *problem)
{
	if (w->key_count == 0 && w->app == NULL)
		return problem_set(problem, HF_R_HOST_OPTION_MISSING, "--app, --key or --loader", "%s", "");
	if (w->key_count == 0) {
		*count = 1;
		return key_of_app(w->app, &keys[0], problem);
	}
	for (*count = 0; *count < w->key_count; (*count)++) {
		enum hf_reason reason = keyfile_read(w->key_paths[*count], NULL, &keys[*count], problem);
		if (reason != HF_OK)
			return reason;
	}
	return HF_OK;
}

/* The loader's bytes in an unnamed file that the other program inherits: nothing is left behind, however it ends. */
static enum hf_reason loader_as_file(const struct bytes *binary, char **path, struct problem *problem)
{
	FILE *file = tmpfile();
	if (file != NULL && fwrite(binary->data, 1, binary->size, file) == binary->size && fflush(file) == 0) {
		int fd = dup(fileno(file));
		if (fd >= 0 && lseek(fd, 0, SEEK_SET) == 0 && fcntl(fd, F_SETFD, 0) == 0) {
			*path = host_printf("/dev/fd/%d", fd);
			return HF_OK;
		}
	}
	return problem_set(problem, HF_R_HOST_FILE_WRITE, "temporary file", "%s", strerror(errno));
}

static enum hf_reason loader_for(const struct wishes *w, const struct boardopt *board, char **path, struct problem *problem)
{
	struct keyfile keys[HF_CONFIG_KEYS_MAX];
	struct loader_wish wish = { .board = *board, .keys = keys, .policy = POLICY_DEFAULT };
	struct hf_config config;
	struct bytes binary = { 0 };
	const char *made_from = NULL;
	memset(keys, 0, sizeof keys);
	enum hf_reason reason = read_keys(w, keys, &wish.key_count, problem);
	if (reason == HF_OK)
		reason = loader_make(&wish, &config, &binary, &made_from, problem);
	if (reason == HF_OK)
		reason = loader_as_file(&binary, path, problem);
	for (uint32_t i = 0; i < HF_CONFIG_KEYS_MAX; i++)
		keyfile_free(&keys[i]);
	bytes_free(&binary);
	return reason;
}

/* Beside this program, where HOLDFAST_BOARD_PROGRAM says, or anywhere in PATH (execvp). */
static char *board_program(void)
{
	static const char *const beside[] = { "holdfast-board", "../vboard/holdfast-board" };
	char self[PATH_MAX];
	const char *named = getenv("HOLDFAST_BOARD_PROGRAM");
	if (named != NULL)
		return host_strdup(named);
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
	if (length > 0) {
		self[length] = '\0';
		const char *folder = dirname(self);
		for (size_t i = 0; i < HF_ARRAY_COUNT(beside); i++) {
			char *path = host_printf("%s/%s", folder, beside[i]);
			if (access(path, X_OK) == 0)
				return path;
			free(path);
		}
	}
	return host_strdup("holdfast-board");
}

struct command_line {
	char *words[PASSED_MAX + 32];
	size_t count;
};

static void add(struct command_line *line, char *word)
{
	hf_assert(line->count + 1 < HF_ARRAY_COUNT(line->words));
	line->words[line->count++] = word;
}

/* A hex file has its addresses in it, a binary is put where it belongs. */
static void add_load(struct command_line *line, const char *path, uint32_t addr)
{
	add(line, host_strdup("--load"));
	add(line, file_is_hex(path) ? host_strdup(path) : host_printf("%s@0x%x", path, (unsigned)addr));
}

static void add_pair(struct command_line *line, const char *option, const char *value)
{
	if (value == NULL)
		return;
	add(line, host_strdup(option));
	add(line, host_strdup(value));
}

static enum hf_reason start(const struct wishes *w, const struct boardopt *board, const char *loader, bool json,
			    struct problem *problem)
{
	struct command_line line = { .count = 0 };
	const struct board_layout *layout = board->layout;
	add(&line, board_program());
	add(&line, host_strdup(board->board->name));
	add_pair(&line, "--layout", layout->name);
	if (layout->loader_addr != 0) { /* behind a loader that is not emulated: start where that one would have jumped to */
		add(&line, host_strdup("--boot"));
		add(&line, host_printf("0x%x", (unsigned)layout->loader_addr));
	}
	if (loader != NULL)
		add_load(&line, loader, layout->loader_addr);
	if (w->app != NULL)
		add_load(&line, w->app, layout->primary_addr);
	if (w->update != NULL)
		add_load(&line, w->update, layout->secondary_addr);
	add_pair(&line, "--flash", w->flash);
	add_pair(&line, "--seed", w->seed);
	if (json)
		add(&line, host_strdup("--json"));
	size_t own = line.count;
	for (size_t i = 0; i < w->passed_count; i++)
		add(&line, w->passed[i]);
	(void)fflush(stdout);
	(void)execvp(line.words[0], line.words);
	enum hf_reason reason = problem_set(problem, HF_R_HOST_VBOARD_MISSING, line.words[0], "%s", strerror(errno));
	for (size_t i = 0; i < own; i++)
		free(line.words[i]);
	return reason;
}

static enum hf_reason read_command_line(struct args *args, struct wishes *w, bool *json, struct problem *problem)
{
	int id = 0;
	enum hf_reason reason;
	while ((reason = args_next(args, &id, json, problem)) == HF_OK && id != 0) {
		reason = take(w, args, id, problem);
		if (reason != HF_OK)
			return reason;
	}
	if (reason != HF_OK || args->want_help)
		return reason;
	reason = args_need_word(args, "BOARD", &w->board, problem);
	if (reason != HF_OK)
		return reason;
	w->passed = args->argv + args->word_index;
	w->passed_count = (size_t)(args->argc - args->word_index);
	return w->passed_count <= PASSED_MAX ? HF_OK : problem_set(problem, HF_R_HOST_USAGE, "too many words", "%s", "");
}

static enum hf_reason run(struct args *args, struct report *report, struct problem *problem)
{
	struct wishes w = { 0 };
	struct boardopt board;
	char *loader = NULL;
	enum hf_reason reason = read_command_line(args, &w, &report->json, problem);
	if (reason != HF_OK || args->want_help)
		return reason;
	reason = boardopt_find(w.board, w.layout, &board, problem);
	for (int i = 0; reason == HF_OK && i < 3; i++) {
		const char *needed[] = { w.app, w.update, w.loader };
		if (needed[i] != NULL && access(needed[i], R_OK) != 0)
			reason = problem_set(problem, errno == ENOENT ? HF_R_HOST_FILE_MISSING : HF_R_HOST_FILE_READ, needed[i], "%s",
					     errno == ENOENT ? "" : strerror(errno));
	}
	/* A flash file from an earlier run holds a bootloader already. */
	bool goes_on = w.flash != NULL && access(w.flash, F_OK) == 0 && w.app == NULL && w.key_count == 0;
	if (reason == HF_OK && w.loader != NULL)
		loader = host_strdup(w.loader);
	else if (reason == HF_OK && !goes_on)
		reason = loader_for(&w, &board, &loader, problem);
	if (reason == HF_OK)
		reason = start(&w, &board, loader, report->json, problem);
	free(loader);
	return reason;
}

const struct command cmd_board_run = {
	.name = "board run",
	.summary = "start a virtual board and print the path of its serial port",
	.synopsis = "BOARD --app FILE [--key FILE | --loader FILE] [-- OPTIONS OF holdfast-board]",
	.about = "The chip is emulated, the firmware is the one that would be flashed: a bootloader made as `holdfast bootloader` makes it,\n"
		 "with the key that signed the application (looked for by its hash in the current folder and among the keys that this\n"
		 "tool has met), and the application. Any SMP client can talk to the port. Ends with Ctrl-C. What follows -- goes to\n"
		 "holdfast-board as it is: `holdfast-board --help` tells of power cuts, counts and time.",
	.options = options,
	.examples = "holdfast board run xiao_nrf54l15 --app signed.bin\n"
		    "holdfast board run xiao_nrf52840 --layout keep-uf2 --app signed.bin --key release.pub.pem --flash board.flash\n"
		    "holdfast board run xiao_nrf52840 --layout keep-uf2 --flash board.flash -- --cut loader+40:partial",
	.run = run,
};
