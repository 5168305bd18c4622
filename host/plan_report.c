/* SPDX-License-Identifier: MIT */
/* Facts and words of a plan through report.h: a table for people, the same facts as JSON. */
#include <stdio.h>
#include <stdlib.h>

#include "partitions_write.h"
#include "plan_show.h"


/* Lines of at most width columns, broken at spaces. */
static void wrapped(struct report *report, const char *first, const char *text)
{
	size_t width = 96, indent = strlen(first);
	const char *lead = first;
	while (*text != '\0') {
		size_t length = strlen(text), room = width - indent;
		if (length > room) {
			length = room;
			while (length > 0 && text[length] != ' ')
				length--;
			if (length == 0)
				length = strcspn(text, " ");
		}
		report_row(report, "%-*s%.*s", (int)indent, lead, (int)length, text);
		text += length;
		text += strspn(text, " ");
		lead = "";
	}
}

static void wrapped_and_free(struct report *report, const char *first, char *text)
{
	if (text != NULL && !report->json)
		wrapped(report, first, text);
	free(text);
}

static void board(const struct plan_choice *c, struct report *report)
{
	const struct plan_board *b = c->board;
	report_group(report, "board", NULL);
	report_text(report, "name", NULL, b->name);
	report_text(report, "title", NULL, b->title);
	report_text(report, "variant", NULL, b->variant);
	report_text(report, "chip", NULL, b->chip);
	report_number(report, "flash_bytes", NULL, b->flash_bytes);
	report_number(report, "external_bytes", NULL, b->external.bytes);
	report_end(report);
	report_row(report, "%s (%s, %u KB%s%s): %s", b->title, b->chip, (unsigned)(b->flash_bytes / 1024), b->external.bytes > 0 ? ", and " : "",
		   b->external.bytes > 0 ? b->external.part : "", b->variant_note);
}

static void application(const struct plan_choice *c, struct report *report)
{
	const struct plan_app *app = &c->app;
	if (app->size_bytes == 0) {
		report_row(report, "No application given: sizes are what fits at most (--app FILE, --app-size 640K).");
		return;
	}
	report_group(report, "application", NULL);
	report_number(report, "size_bytes", NULL, app->size_bytes);
	report_text(report, "from", NULL, app->from);
	report_text(report, "kind", NULL, app->kind);
	if (app->compressed_percent > 0)
		report_number(report, "compressed_percent", NULL, app->compressed_percent);
	report_end(report);
	report_row(report, "Application: %u bytes (%.1f KB) signed; %s, %s", (unsigned)app->size_bytes, (double)app->size_bytes / 1024.0, app->kind, app->from);
	if (app->compressed_percent > 0)
		report_row(report, "It compresses to %u %% (measured: LZMA2 behind the Arm Thumb filter).", (unsigned)app->compressed_percent);
}

static void asked(const struct plan_choice *c, struct report *report)
{
	char *wishes = plan_wish_words(c->wishes);
	report_text(report, "wishes", NULL, wishes);
	if (c->sdk != NULL)
		report_text(report, "sdk", NULL, c->sdk->name);
	if (wishes[0] != '\0')
		report_row(report, "Wished: %s", wishes);
	free(wishes);
}

static void partitions(const struct plan_layout *layout, struct report *report)
{
	report_list(report, "partitions", NULL);
	for (size_t i = 0; i < layout->count; i++) {
		const struct plan_part *part = &layout->parts[i];
		report_item(report, NULL);
		report_text(report, "name", NULL, plan_part_pm(part));
		report_text(report, "label", NULL, plan_part_label(part));
		report_text(report, "title", NULL, plan_part_title(part));
		report_number(report, "address", NULL, part->addr);
		report_number(report, "size", NULL, part->bytes);
		report_flag(report, "external", NULL, part->external);
		report_end(report);
	}
	report_end(report);
}

static void option_facts(const struct plan_choice *c, const struct plan_option *o, struct report *report)
{
	const struct plan_mode *mode = o->mode;
	char *wires = plan_wire_words(c, o), *why_not = plan_why_not(c, o), *missing = plan_wish_words(o->wishes_missing);
	report_item(report, NULL);
	report_text(report, "name", NULL, mode->name);
	report_text(report, "title", NULL, mode->title);
	report_text(report, "loader", NULL, mode->loader == PLAN_LOADER_MCUBOOT ? "mcuboot" : "holdfast");
	if (o->holdfast != NULL)
		report_text(report, "layout", NULL, o->holdfast->name);
	report_flag(report, "available", NULL, o->why_not == PLAN_POSSIBLE);
	report_flag(report, "fits", NULL, o->fits);
	if (why_not != NULL)
		report_text(report, "why_not", NULL, why_not);
	report_text(report, "wishes_missing", NULL, missing);
	report_number(report, "size_max", NULL, o->size_max);
	if (o->size_max > 0 && c->app.size_bytes > 0)
		(void)(o->left_bytes >= 0 ? report_number(report, "left_bytes", NULL, (uint64_t)o->left_bytes) :
					    report_number(report, "over_bytes", NULL, (uint64_t)-o->left_bytes));
	report_flag(report, "rollback", NULL, mode->rollback);
	report_text(report, "power_cut", NULL, plan_cut_words(mode->cut));
	report_text(report, "wires", NULL, wires);
	report_number(report, "update_ms", NULL, o->update_ms);
	report_number(report, "revert_ms", NULL, o->revert_ms);
	report_number(report, "updates", NULL, o->updates);
	report_text(report, "app_mode", NULL, plan_app_mode(mode, c->sdk));
	partitions(&o->layout, report);
	report_end(report);
	free(wires);
	free(why_not);
	free(missing);
}

static void row(const struct plan_choice *c, const struct plan_option *o, bool recommended, struct report *report)
{
	char left[32] = "", *why_not = plan_why_not(c, o);
	if (o->size_max == 0 || (o->why_not != PLAN_POSSIBLE && o->why_not != PLAN_NOT_AVAILABLE)) {
		report_row(report, "  %-22s %s", o->mode->name, why_not != NULL ? why_not : "");
		free(why_not);
		return;
	}
	if (c->app.size_bytes > 0)
		(void)snprintf(left, sizeof left, "%.1f KB", (double)o->left_bytes / 1024.0);
	char update[32] = "-"; /* by recovery the upload itself writes the slot */
	if (!o->mode->recovery_only)
		(void)snprintf(update, sizeof update, "%.1f s", (double)o->update_ms / 1000.0);
	report_row(report, "%s %-22s %8.1f KB %11s  %-4s %8s %7u%s%s", recommended ? ">" : " ", o->mode->name, (double)o->size_max / 1024.0, left,
		   o->mode->rollback ? "yes" : "no", update, (unsigned)o->updates, why_not != NULL ? "  " : "", why_not != NULL ? why_not : "");
	free(why_not);
}

static void modes(const struct plan_choice *c, struct report *report)
{
	report_list(report, "modes", NULL);
	for (size_t i = 0; i < c->count; i++)
		option_facts(c, &c->options[i], report);
	report_end(report);
	report_row(report, "\n  %-22s %11s %11s  %-4s %8s %7s", "mode", "largest", "left", "back", "update", "lasts");
	for (size_t i = 0; i < c->count; i++)
		row(c, &c->options[i], (int)i == c->recommended, report);
	report_row(report, "\n  back: a bad image takes itself back. update: on the chip, without the upload. lasts: updates until the");
	report_row(report, "  hottest page has seen what its data sheet guarantees.\n");
}

static void recommendation(const struct plan_choice *c, const struct plan_option *o, struct report *report)
{
	if (o == NULL)
		return;
	char *wires = plan_wire_words(c, o), *why = plan_why(c, o);
	report_group(report, "recommended", NULL);
	report_text(report, "name", NULL, o->mode->name);
	report_text(report, "why", NULL, why);
	report_end(report);
	report_row(report, "%s: %s, %s", c->recommended >= 0 && o == &c->options[c->recommended] ? "Recommended" : "Chosen", o->mode->name, o->mode->title);
	wrapped_and_free(report, "  Why        ", why);
	report_row(report, "  Power cut  %s", plan_cut_words(o->mode->cut));
	report_row(report, "  Wires      %s", wires);
	report_row(report, "  Build      CONFIG_MCUBOOT_BOOTLOADER_MODE_%s=y%s\n", plan_app_mode(o->mode, c->sdk),
		   o->mode->sysbuild != NULL ? ", which sysbuild sets" : "");
	free(wires);
}

static void growth_table(const struct plan_choice *c, struct report *report)
{
	size_t order[PLAN_OPTIONS_MAX], count = plan_growth(c, order);
	report_row(report, "How far the application can grow before the next step:");
	report_list(report, "growth", NULL);
	for (size_t i = 0; i < count; i++) {
		const struct plan_option *o = &c->options[order[i]];
		if (o->left_bytes < 0 && o->why_not == PLAN_POSSIBLE)
			continue;
		report_item(report, NULL);
		report_text(report, "mode", NULL, o->mode->name);
		report_number(report, "size_max", NULL, o->size_max);
		report_flag(report, "available", NULL, o->why_not == PLAN_POSSIBLE);
		report_flag(report, "rollback", NULL, o->mode->rollback);
		if (!report->json) {
			report->depth -= 2;
			report_row(report, "  until %8.1f KB  %+10.1f KB  %-22s %s%s", (double)o->size_max / 1024.0,
				   (double)o->left_bytes / 1024.0, o->mode->name, o->mode->rollback ? "with a way back" : "no way back",
				   o->why_not == PLAN_NOT_AVAILABLE ? ", not available yet" : "");
			report->depth += 2;
		}
		report_end(report);
	}
	report_end(report);
	report_row(report, "%s", "");
}

static void warnings_list(const struct plan_warnings *w, struct report *report)
{
	report_list(report, "warnings", NULL);
	for (size_t i = 0; i < w->count; i++) {
		report_item(report, NULL);
		report_text(report, "code", NULL, w->list[i].code);
		report_text(report, "text", NULL, w->list[i].text);
		report_end(report);
	}
	report_end(report);
	for (size_t i = 0; i < w->count && !report->json; i++)
		wrapped(report, "Warning: ", w->list[i].text);
}

void plan_report(const struct plan_choice *c, const struct plan_option *o, const struct plan_warnings *warnings, bool growth, struct report *report)
{
	board(c, report);
	application(c, report);
	asked(c, report);
	modes(c, report);
	recommendation(c, o, report);
	char *then = plan_what_then(c);
	if (then != NULL) {
		report_text(report, "what_then", NULL, then);
		if (!report->json) {
			wrapped(report, "", then);
			report_row(report, "%s", "");
		}
	}
	free(then);
	if (o != NULL)
		plan_map(c, o, report);
	if (growth)
		growth_table(c, report);
	warnings_list(warnings, report);
}
