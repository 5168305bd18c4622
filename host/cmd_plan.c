/* SPDX-License-Identifier: MIT */
/* plan: the right layout before the first build. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "file.h"
#include "plan_boardfile.h"
#include "plan_input.h"
#include "plan_show.h"

enum {
	OPT_BOARD = 1, OPT_BOARD_FILE, OPT_KEEP, OPT_APP, OPT_APP_SIZE, OPT_WANT, OPT_SDK, OPT_LOADER, OPT_MODE, OPT_GROWTH, OPT_SVG, OPT_WRITE,
	OPT_PARTITIONS, OPT_LOCK, OPT_FORCE, OPT_LIST
};

static const struct arg_option options[] = {
	{ OPT_BOARD, 'b', "board", "NAME", "the board, by Holdfast's, Zephyr's or its maker's name; --list shows them" },
	{ OPT_BOARD_FILE, '\0', "board-file", "FILE", "a board of your own, in JSON (docs/plan.md)" },
	{ OPT_KEEP, '\0', "keep", "WHAT", "uf2: the stock loader of the XIAO nRF52840; flpr: the coprocessor's share of an nRF54L" },
	{ OPT_APP, 'a', "app", "PATH", "the application: signed image, .hex, ELF, raw binary or build directory" },
	{ OPT_APP_SIZE, '\0', "app-size", "SIZE", "or the size of its signed image: 640K, 1.2M, 0xA0000" },
	{ OPT_WANT, 'w', "want", "LIST", "of ble, usb, serial, rollback, power-cut, recovery, no-probe, separated by commas" },
	{ OPT_SDK, 's', "sdk", "VERSION", "ncs-2.9, ncs-3.3, zephyr-4.1, ...: what will be built with" },
	{ OPT_LOADER, '\0', "loader", "WHICH", "mcuboot or holdfast alone (default: both)" },
	{ OPT_MODE, 'm', "mode", "NAME", "take this mode instead of the recommended one" },
	{ OPT_GROWTH, 'g', "growth", NULL, "how far the application can grow before the next step" },
	{ OPT_SVG, '\0', "svg", "FILE", "the flash map as a picture" },
	{ OPT_WRITE, '\0', "write", "DIR", "write the files of the mode into a project folder (needs --sdk)" },
	{ OPT_PARTITIONS, '\0', "partitions", "FORM", "devicetree or pm, where the SDK has both (default: devicetree from ncs-3.3 on)" },
	{ OPT_LOCK, '\0', "lock", "FILE", "remember this layout in FILE, or compare with the one that is there" },
	{ OPT_FORCE, 'f', "force", NULL, "change files that are there (with a diff and a backup), move deployed addresses" },
	{ OPT_LIST, 'l', "list", NULL, "list boards, SDKs and modes" },
	{ 0 }
};

struct wishes {
	const char *board, *board_file, *keep, *app, *sdk, *loader, *mode, *svg, *write, *partitions, *lock;
	uint32_t app_size, want;
	bool growth, force, list;
};

static enum hf_reason take_want(struct wishes *w, const char *text, struct problem *problem)
{
	const char *word = NULL;
	size_t length = 0;
	while (args_list_next(&text, &word, &length)) {
		if (!plan_wish_parse(word, length, &w->want))
			return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--want",
					   "'%.*s' is none of ble, usb, serial, rollback, power-cut, recovery, no-probe", (int)length, word);
	}
	return HF_OK;
}

static enum hf_reason take(struct wishes *w, const struct args *args, int id, struct problem *problem)
{
	switch (id) {
	case OPT_BOARD: w->board = args->value; break;
	case OPT_BOARD_FILE: w->board_file = args->value; break;
	case OPT_KEEP: w->keep = args->value; break;
	case OPT_APP: w->app = args->value; break;
	case OPT_APP_SIZE: return plan_size_parse("--app-size", args->value, &w->app_size, problem);
	case OPT_WANT: return take_want(w, args->value, problem);
	case OPT_SDK: w->sdk = args->value; break;
	case OPT_LOADER: w->loader = args->value; break;
	case OPT_MODE: w->mode = args->value; break;
	case OPT_GROWTH: w->growth = true; break;
	case OPT_SVG: w->svg = args->value; break;
	case OPT_WRITE: w->write = args->value; break;
	case OPT_PARTITIONS: w->partitions = args->value; break;
	case OPT_LOCK: w->lock = args->value; break;
	case OPT_FORCE: w->force = true; break;
	case OPT_LIST: w->list = true; break;
	}
	return HF_OK;
}

static void list_all(struct report *report)
{
	report_group(report, "known", NULL);
	report_list(report, "boards", "Boards (--keep gives the variant):");
	for (size_t i = 0; i < plan_board_count; i++) {
		report_item(report, NULL);
		report_text(report, "name", NULL, plan_boards[i].name);
		report_text(report, "variant", NULL, plan_boards[i].variant);
		report_text(report, "title", NULL, plan_boards[i].title);
		report_end(report);
		report_row(report, "%-20s %-5s %s, %s", plan_boards[i].name, plan_boards[i].variant, plan_boards[i].title, plan_boards[i].variant_note);
	}
	report_end(report);
	report_list(report, "others", "Not covered, but answered:");
	for (size_t i = 0; i < plan_stranger_count; i++) {
		report_item(report, NULL);
		report_text(report, "name", NULL, plan_strangers[i].names[0]);
		report_end(report);
		report_row(report, "%s", plan_strangers[i].names[0]);
	}
	report_end(report);
	report_list(report, "sdks", "SDKs:");
	for (size_t i = 0; i < plan_sdk_count; i++) {
		report_item(report, NULL);
		report_text(report, "name", NULL, plan_sdks[i].name);
		report_end(report);
		report_row(report, "%s", plan_sdks[i].name);
	}
	report_end(report);
	report_list(report, "modes", "Modes:");
	for (size_t i = 0; i < plan_mode_count; i++) {
		if (!plan_mode_is_listed(&plan_modes[i]))
			continue;
		report_item(report, NULL);
		report_text(report, "name", NULL, plan_modes[i].name);
		report_text(report, "title", NULL, plan_modes[i].title);
		report_flag(report, "available", NULL, plan_modes[i].available);
		report_end(report);
		report_row(report, "%-22s %s%s", plan_modes[i].name, plan_modes[i].title, plan_modes[i].available ? "" : " (not yet available)");
	}
	report_end(report);
	report_end(report);
}

/* The honest answer for a board that is not covered. */
static enum hf_reason stranger(const struct plan_stranger *s, struct report *report, struct problem *problem)
{
	report_group(report, "not_covered", NULL);
	report_text(report, "title", "board", s->title);
	report_text(report, "memory", "memory", s->memory);
	report_text(report, "stock_loader", "stock loader", s->loader);
	report_text(report, "update_path", "how it is updated", s->path);
	report_text(report, "advice", "advice", s->advice);
	report_end(report);
	return problem_set(problem, HF_R_PLAN_BOARD_STRANGER, s->title, "%s", "");
}

static enum hf_reason unknown_board(const char *name, struct problem *problem)
{
	const char *names[64];
	size_t count = 0;
	for (size_t i = 0; i < plan_board_count && count < HF_ARRAY_COUNT(names); i++)
		names[count++] = plan_boards[i].name;
	for (size_t i = 0; i < plan_stranger_count && count < HF_ARRAY_COUNT(names); i++)
		names[count++] = plan_strangers[i].names[0];
	const char *near = args_nearest(name, names, count);
	if (near != NULL)
		return problem_set(problem, HF_R_PLAN_BOARD_UNKNOWN, name, "perhaps %s is meant", near);
	return problem_set(problem, HF_R_PLAN_BOARD_UNKNOWN, name, "%s", "");
}

static enum hf_reason choose_board(const struct wishes *w, struct plan_choice *c, struct plan_own_board *own, struct report *report,
				   struct problem *problem)
{
	if (w->board_file != NULL) {
		if (w->board != NULL || w->keep != NULL)
			return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--board-file", "takes the place of --board and --keep");
		enum hf_reason reason = plan_boardfile_read(w->board_file, own, problem);
		c->board = &own->board;
		return reason;
	}
	if (w->board == NULL)
		return problem_set(problem, HF_R_HOST_OPTION_MISSING, "--board", "%s", "");
	const struct plan_stranger *s = plan_stranger_find(w->board);
	if (s != NULL)
		return stranger(s, report, problem);
	if (plan_board_find(w->board, NULL) == NULL)
		return unknown_board(w->board, problem);
	c->board = plan_board_find(w->board, w->keep);
	if (c->board == NULL)
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--keep", "'%s' is nothing that %s has", w->keep, w->board);
	return HF_OK;
}

static enum hf_reason choose_rest(const struct wishes *w, struct plan_choice *c, struct problem *problem)
{
	c->wishes = w->want;
	if (w->sdk != NULL && (c->sdk = plan_sdk_find(w->sdk)) == NULL)
		return problem_set(problem, HF_R_PLAN_SDK_UNKNOWN, w->sdk, "known are ncs-2.7 to ncs-3.4 and zephyr-3.7 to zephyr-4.4");
	if (w->loader != NULL && strcmp(w->loader, "mcuboot") != 0 && strcmp(w->loader, "holdfast") != 0)
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--loader", "'%s' is neither mcuboot nor holdfast", w->loader);
	c->mcuboot_only = w->loader != NULL && strcmp(w->loader, "mcuboot") == 0;
	c->holdfast_only = w->loader != NULL && strcmp(w->loader, "holdfast") == 0;
	if (w->app != NULL && w->app_size != 0)
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--app-size", "is given by --app already");
	if (w->app != NULL)
		return plan_app_read(w->app, c->board, &c->app, problem);
	if (w->app_size != 0) {
		c->app = (struct plan_app){ .size_bytes = w->app_size, .kind = "size of a signed image" };
		(void)snprintf(c->app.from, sizeof c->app.from, "--app-size");
	}
	return HF_OK;
}

/* The mode that was named, or the recommended one. NULL: none fits. */
static enum hf_reason choose_option(const struct wishes *w, const struct plan_choice *c, const struct plan_option **option, struct problem *problem)
{
	*option = c->recommended >= 0 ? &c->options[c->recommended] : NULL;
	if (w->mode == NULL)
		return HF_OK;
	for (size_t i = 0; i < c->count; i++) {
		const struct plan_option *o = &c->options[i];
		if (strcmp(o->mode->name, w->mode) != 0)
			continue;
		*option = o;
		if (o->why_not == PLAN_POSSIBLE && o->fits)
			return HF_OK;
		char *why_not = plan_why_not(c, o);
		(void)problem_set(problem, HF_R_PLAN_MODE_NOT, w->mode, "%s", why_not);
		free(why_not);
		return HF_R_PLAN_MODE_NOT;
	}
	const struct plan_mode *known = plan_mode_find(w->mode);
	if (known != NULL && plan_mode_is_listed(known))
		return problem_set(problem, HF_R_PLAN_MODE_NOT, w->mode, "%s has no such layout", c->board->title);
	return problem_set(problem, HF_R_PLAN_MODE_UNKNOWN, w->mode, "%s", "");
}

static enum hf_reason write_svg(const char *path, const struct plan_choice *c, const struct plan_option *o, struct report *report,
				struct problem *problem)
{
	struct bytes svg = { 0 };
	plan_svg(c, o, &svg);
	enum hf_reason reason = file_write(path, svg.data, svg.size, 0, problem);
	bytes_free(&svg);
	if (reason == HF_OK)
		report_step(report, "wrote %s", path);
	return reason;
}

static enum hf_reason write_project(const struct wishes *w, const struct plan_choice *c, const struct plan_option *o, struct report *report,
				    struct problem *problem)
{
	struct plan_files files;
	enum plan_form form = w->partitions == NULL ? PLAN_FORM_AUTO : strcmp(w->partitions, "pm") == 0 ? PLAN_FORM_PM : PLAN_FORM_DEVICETREE;
	if (form == PLAN_FORM_PM && !c->sdk->partition_manager)
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--partitions", "plain Zephyr has no Partition Manager");
	if (form == PLAN_FORM_DEVICETREE && !c->sdk->can_devicetree)
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--partitions", "MCUboot of %s takes its slots from Partition Manager alone",
				   c->sdk->name);
	plan_files_make(c, o, form, &files);
	enum hf_reason reason = plan_write(w->write, &files, w->force, report, problem);
	plan_files_free(&files);
	if (reason == HF_OK)
		report_step(report, "next: west build -p -b %s --sysbuild %s", c->board->target, w->write);
	if (reason == HF_OK && o->holdfast != NULL)
		report_step(report, "and: holdfast bootloader --board %s --layout %s --key keys/dfu.pem -o loader.hex", c->board->holdfast, o->holdfast->name);
	return reason;
}

/* The lock: compared first, written last. */
static enum hf_reason lock_check(const struct wishes *w, const struct plan_option *o, struct plan_lock *lock, struct problem *problem)
{
	char *path = w->lock != NULL ? host_strdup(w->lock) : w->write != NULL ? host_printf("%s/" PLAN_LOCK_NAME, w->write) : NULL;
	enum hf_reason reason = path != NULL ? plan_lock_read(path, lock, problem) : HF_OK;
	free(path);
	(void)o;
	return reason;
}

static enum hf_reason refuse_moves(const struct wishes *w, const struct plan_option *o, const struct plan_lock *lock, struct problem *problem)
{
	char *moves = w->force || (w->write == NULL && w->lock == NULL) ? NULL : plan_lock_differs(lock, &o->layout);
	if (moves == NULL)
		return HF_OK;
	(void)problem_set(problem, HF_R_PLAN_LOCKED, lock->path, "%s", moves);
	free(moves);
	return HF_R_PLAN_LOCKED;
}

static enum hf_reason outputs(const struct wishes *w, const struct plan_choice *c, const struct plan_option *o, const struct plan_lock *lock,
			      struct report *report, struct problem *problem)
{
	enum hf_reason reason = refuse_moves(w, o, lock, problem);
	if (reason == HF_OK && w->svg != NULL)
		reason = write_svg(w->svg, c, o, report, problem);
	if (reason == HF_OK && w->write != NULL)
		reason = write_project(w, c, o, report, problem);
	if (reason == HF_OK && w->lock != NULL) {
		reason = plan_lock_write(w->lock, c, o, problem);
		if (reason == HF_OK)
			report_step(report, "locked in %s", w->lock);
	}
	return reason;
}

static enum hf_reason plan(const struct wishes *w, struct plan_choice *c, struct report *report, struct problem *problem)
{
	const struct plan_option *o = NULL;
	struct plan_lock lock = { 0 };
	struct plan_warnings warnings;
	plan_choose(c);
	enum hf_reason chosen = choose_option(w, c, &o, problem);
	if (chosen == HF_R_PLAN_MODE_UNKNOWN)
		return chosen;
	enum hf_reason reason = chosen;
	if (reason == HF_OK)
		reason = lock_check(w, o, &lock, problem);
	if (reason != HF_OK && reason != chosen)
		return reason;
	plan_warn(c, o, &lock, &warnings);
	plan_report(c, o, &warnings, w->growth, report);
	plan_warnings_free(&warnings);
	if (reason != HF_OK)
		return reason;
	if (o == NULL) {
		char *wished = plan_wish_words(w->want);
		(void)problem_set(problem, HF_R_PLAN_NOTHING_FITS, c->board->title, "%u bytes%s%s", (unsigned)c->app.size_bytes,
				  wished[0] != '\0' ? ", wished: " : "", wished);
		free(wished);
		return HF_R_PLAN_NOTHING_FITS;
	}
	return outputs(w, c, o, &lock, report, problem);
}

static enum hf_reason check_forms(const struct wishes *w, struct problem *problem)
{
	if (w->write != NULL && w->sdk == NULL)
		return problem_set(problem, HF_R_HOST_OPTION_MISSING, "--sdk", "the files differ from version to version");
	if (w->partitions != NULL && strcmp(w->partitions, "pm") != 0 && strcmp(w->partitions, "devicetree") != 0)
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--partitions", "'%s' is neither devicetree nor pm", w->partitions);
	return HF_OK;
}

static enum hf_reason run(struct args *args, struct report *report, struct problem *problem)
{
	struct wishes w = { 0 };
	int id = 0;
	enum hf_reason reason;
	while ((reason = args_next(args, &id, &report->json, problem)) == HF_OK && id != 0) {
		reason = take(&w, args, id, problem);
		if (reason != HF_OK)
			return reason;
	}
	if (reason != HF_OK || args->want_help || (reason = args_end(args, problem)) != HF_OK || (reason = check_forms(&w, problem)) != HF_OK)
		return reason;
	if (w.list) {
		list_all(report);
		return HF_OK;
	}
	struct plan_choice *c = host_alloc(sizeof *c);
	struct plan_own_board own = { .text_count = 0 };
	reason = choose_board(&w, c, &own, report, problem);
	if (reason == HF_OK)
		reason = choose_rest(&w, c, problem);
	if (reason == HF_OK)
		reason = plan(&w, c, report, problem);
	plan_boardfile_free(&own);
	free(c);
	return reason;
}

const struct command cmd_plan = {
	.name = "plan",
	.summary = "which way of updating fits your application on a board, and the files for it",
	.synopsis = "--board NAME [--app PATH] [--want LIST] [--sdk VERSION] [--write DIR]",
	.about = "Shows each update mode with the largest image it takes, what it guarantees, how long an update lasts on the chip and how many\n"
		 "the memory survives; recommends one and says why. With --sdk it prefers what that SDK builds (MCUboot), without it\n"
		 "Holdfast's own bootloader. --write puts the settings, overlays and the pm_static file of the mode into a project folder;\n"
		 "files that are there are left alone unless --force is given, which shows what changes and keeps a backup.",
	.options = options,
	.examples = "holdfast plan --board xiao_nrf54l15 --app build/app/zephyr/zephyr.signed.bin --want ble,rollback\n"
		    "holdfast plan --board xiao_nrf52840 --keep uf2 --app-size 300K --growth\n"
		    "holdfast plan --board xiao_nrf52840 --app build --sdk ncs-2.9 --want ble,rollback,recovery --write . --lock holdfast.lock.json\n"
		    "holdfast plan --board-file my_board.json --svg map.svg",
	.run = run,
};
