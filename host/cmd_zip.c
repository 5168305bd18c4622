/* SPDX-License-Identifier: MIT */
/* zip: signed images into one package for phone apps and for `holdfast update`. */
#define _POSIX_C_SOURCE 200809L
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "args.h"
#include "boardopt.h"
#include "check.h"
#include "file.h"
#include "imagefile.h"
#include "package.h"
#include "textparse.h"

enum { OPT_OUTPUT = 1, OPT_BOARD, OPT_LAYOUT, OPT_SOC };

static const struct arg_option options[] = {
	{ OPT_OUTPUT, 'o', "output", "FILE", "the package; required" },
	{ OPT_BOARD, '\0', "board", "NAME", "a board of `holdfast board list`: its rules are applied; or any other name, which is noted" },
	{ OPT_LAYOUT, '\0', "layout", "NAME", "layout of the board (default: its first)" },
	{ OPT_SOC, '\0', "soc", "NAME", "chip, for the manifest (default: the board's)" },
	{ 0 }
};

struct wishes {
	const char *output, *board, *layout, *soc;
	struct boardopt chosen;
};

/* FILE[@IMAGE[.SLOT]]; without it, the image's number is its place on the line. */
static bool split_word(const char *word, uint32_t place, char **path, struct package_image *image)
{
	const char *at = strrchr(word, '@');
	image->image = place;
	if (at == NULL || at[1] == '\0' || strspn(at + 1, "0123456789.") != strlen(at + 1)) {
		*path = host_strdup(word);
		return true;
	}
	char *end = NULL;
	unsigned long number = strtoul(at + 1, &end, 10), slot = 0;
	image->has_slot = *end == '.';
	if (image->has_slot)
		slot = isdigit((unsigned char)end[1]) ? strtoul(end + 1, &end, 10) : 256;
	if (*end != '\0' || number > 255 || slot > 255)
		return false;
	image->image = (uint32_t)number;
	image->slot = (uint32_t)slot;
	*path = host_printf("%.*s", (int)(at - word), word);
	return true;
}

/* A plain name ending in .bin, without the white space that some readers drop. */
static char *entry_name(const char *path, const struct package *package)
{
	const char *base = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
	size_t length = strlen(base);
	if (file_is_hex(path))
		length -= 4;
	else if (length >= 4 && strcmp(base + length - 4, ".bin") == 0)
		length -= 4;
	char *stem = host_printf("%.*s", (int)length, base);
	for (char *at = stem; *at != '\0'; at++) {
		if (!isalnum((unsigned char)*at) && strchr("-_.+", *at) == NULL)
			*at = '_';
	}
	char *name = host_printf("%s%s.bin", stem[0] == '.' || stem[0] == '\0' ? "image" : "", stem);
	for (size_t i = 0; i < package->count; i++) {
		if (strcmp(package->images[i].name, name) != 0)
			continue;
		free(name);
		name = host_printf("%s-%zu.bin", stem, package->count);
	}
	free(stem);
	return name;
}

static int64_t time_of(const char *path)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	struct stat stat_of;
	if (epoch != NULL && epoch[0] != '\0')
		return strtoll(epoch, NULL, 10);
	return stat(path, &stat_of) == 0 ? (int64_t)stat_of.st_mtime : 0;
}

static enum hf_reason add_image(const char *path, const struct wishes *w, struct package_image *image, struct package *package,
				struct problem *problem)
{
	struct imagefile file;
	struct hf_image opened;
	struct hf_verdict verdict;
	char version[40];
	enum hf_reason reason = imagefile_read(path, 0xff, 0, &file, problem);
	if (reason != HF_OK)
		return reason;
	reason = imagefile_open(&file, &opened, problem);
	/* Image 0 is what the board's layout is about. */
	if (reason == HF_OK && w->chosen.board != NULL && image->image == 0 && !image->has_slot)
		reason = check_image(&file, &w->chosen, NULL, 0, &verdict, problem);
	if (reason == HF_OK) {
		version_print(&opened.version, version);
		image->version = host_strdup(version);
		image->name = entry_name(path, package);
		image->time_s = time_of(path);
		image->load_addr = file.is_hex ? file.addr : w->chosen.board != NULL && image->image == 0 ? w->chosen.layout->primary_addr : 0;
		bytes_add(&image->bytes, file.bytes.data, opened.total_bytes); /* no padding: its trailer would be a request */
		package->images[package->count++] = *image;
	}
	imagefile_free(&file);
	return reason;
}

static enum hf_reason add_word(const char *word, const struct wishes *w, struct package *package, struct problem *problem)
{
	struct package_image image = { 0 };
	char *path = NULL;
	if (package->count == PACKAGE_IMAGES_MAX)
		return problem_set(problem, HF_R_HOST_USAGE, word, "at most %u images", PACKAGE_IMAGES_MAX);
	if (!split_word(word, (uint32_t)package->count, &path, &image))
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, word, "behind the @ belongs IMAGE or IMAGE.SLOT");
	for (size_t i = 0; i < package->count; i++) {
		const struct package_image *other = &package->images[i];
		if (other->image == image.image && (!other->has_slot || !image.has_slot || other->slot == image.slot)) {
			free(path);
			return problem_set(problem, HF_R_HOST_OPTION_CONFLICT, word, "two files for image %u", (unsigned)image.image);
		}
	}
	enum hf_reason reason = add_image(path, w, &image, package, problem);
	free(path);
	return reason;
}

static void report_package(const struct package *package, const char *path, size_t size_bytes, struct report *report)
{
	report_text(report, "file", NULL, path);
	report_number(report, "size_bytes", NULL, size_bytes);
	report_list(report, "images", NULL);
	for (size_t i = 0; i < package->count; i++) {
		const struct package_image *image = &package->images[i];
		report_item(report, NULL);
		report_text(report, "name", NULL, image->name);
		report_number(report, "image", NULL, image->image);
		if (image->has_slot)
			report_number(report, "slot", NULL, image->slot);
		report_text(report, "version", NULL, image->version);
		report_number(report, "size_bytes", NULL, image->bytes.size);
		report_end(report);
		report_row(report, "image %u: %s, version %s, %zu bytes", (unsigned)image->image, image->name, image->version, image->bytes.size);
	}
	report_end(report);
}

static enum hf_reason make(struct args *args, struct wishes *w, struct report *report, struct problem *problem)
{
	struct package package = { .count = 0 };
	struct bytes archive = { 0 };
	enum hf_reason reason = HF_OK;
	if (w->board != NULL && (board_find(w->board) != NULL || w->layout != NULL))
		reason = boardopt_find(w->board, w->layout, &w->chosen, problem);
	for (const char *word = args_word(args); word != NULL && reason == HF_OK; word = args_word(args))
		reason = add_word(word, w, &package, problem);
	if (reason == HF_OK && package.count == 0)
		reason = problem_set(problem, HF_R_HOST_OPTION_MISSING, "IMAGE", "%s", "");
	if (reason == HF_OK)
		reason = package_make(&package, w->board != NULL ? w->board : "unknown",
				      w->soc != NULL ? w->soc : w->chosen.board != NULL ? w->chosen.board->chip : "unknown", &archive, problem);
	if (reason == HF_OK)
		reason = file_write(w->output, archive.data, archive.size, 0, problem);
	if (reason == HF_OK)
		report_package(&package, w->output, archive.size, report);
	bytes_free(&archive);
	package_free(&package);
	return reason;
}

static enum hf_reason run(struct args *args, struct report *report, struct problem *problem)
{
	struct wishes w = { 0 };
	int id = 0;
	enum hf_reason reason;
	while ((reason = args_next(args, &id, &report->json, problem)) == HF_OK && id != 0) {
		switch (id) {
		case OPT_OUTPUT: w.output = args->value; break;
		case OPT_BOARD: w.board = args->value; break;
		case OPT_LAYOUT: w.layout = args->value; break;
		case OPT_SOC: w.soc = args->value; break;
		}
	}
	if (reason != HF_OK || args->want_help)
		return reason;
	if (w.output == NULL)
		return problem_set(problem, HF_R_HOST_OPTION_MISSING, "--output", "%s", "");
	return make(args, &w, report, problem);
}

const struct command cmd_zip = {
	.name = "zip",
	.summary = "put signed images into one package for phone apps and for `update`",
	.synopsis = "IMAGE[@N[.SLOT]]... -o PACKAGE.zip",
	.about = "Makes what the nRF Connect SDK calls dfu_application.zip: nRF Connect Device Manager and similar apps take it, and so does\n"
		 "`holdfast update`. Images are .bin or .hex; the first is image 0, the next image 1, unless @N says another number. @N.SLOT is\n"
		 "for direct XIP, where each slot has a file of its own. Padding behind an image is left out. The same files give the same\n"
		 "package, with SOURCE_DATE_EPOCH set wherever they lie.",
	.options = options,
	.examples = "holdfast zip app.bin -o update.zip --board xiao_nrf54l15\n"
		    "holdfast zip app.bin net.bin@1 -o update.zip\n"
		    "holdfast zip slot0.bin@0.0 slot1.bin@0.1 -o xip.zip",
	.run = run,
};
