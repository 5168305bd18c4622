/* SPDX-License-Identifier: MIT */
/* The flash map as text. */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "partitions_write.h"
#include "plan_show.h"

#define WIDTH_MIN 40
#define WIDTH_MAX 160

static const struct {
	char sign;
	const char *colour; /* background, SGR */
} looks[] = { [PLAN_BOOT] = { 'B', "45" }, [PLAN_PRIMARY] = { '1', "44" }, [PLAN_SECONDARY] = { '2', "46" }, [PLAN_SCRATCH] = { 'x', "43" },
	      [PLAN_SETTINGS] = { 's', "42" }, [PLAN_RESERVED] = { '#', "100" }, [PLAN_SPARE] = { '.', "47;30" } };

static int terminal_width(void)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	int width = 80;
	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		width = size.ws_col;
	else if (columns != NULL && atoi(columns) > 0)
		width = atoi(columns);
	return width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : width;
}

static bool has_colours(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(STDOUT_FILENO) && (no == NULL || no[0] == '\0') && (term == NULL || strcmp(term, "dumb") != 0);
}

/* One bar, to scale; every part has at least one sign. */
static void bar(const struct plan_layout *layout, bool external, uint32_t total, int width, bool colours, struct bytes *text)
{
	int used = 0;
	text_add(text, "|");
	for (size_t i = 0; i < layout->count; i++) {
		const struct plan_part *part = &layout->parts[i];
		if (part->external != external)
			continue;
		int end = (int)(((uint64_t)part->addr + part->bytes) * (uint64_t)width / total), begin = (int)((uint64_t)part->addr * (uint64_t)width / total);
		begin = begin < used ? used : begin;
		end = end <= begin ? begin + 1 : end;
		text_add(text, "%*s", begin - used, "");
		if (colours)
			text_add(text, "\033[%sm", looks[part->role].colour);
		for (int at = begin; at < end; at++)
			text_add(text, "%c", looks[part->role].sign);
		if (colours)
			text_add(text, "\033[0m");
		used = end;
	}
	text_add(text, "%*s|\n", used < width ? width - used : 0, "");
}

static void legend(const struct plan_choice *c, const struct plan_option *o, bool external, bool colours, struct bytes *text)
{
	for (size_t i = 0; i < o->layout.count; i++) {
		const struct plan_part *part = &o->layout.parts[i];
		if (part->external != external)
			continue;
		if (colours)
			text_add(text, "  \033[%sm %c \033[0m", looks[part->role].colour, looks[part->role].sign);
		else
			text_add(text, "  %c", looks[part->role].sign);
		text_add(text, " 0x%06x-0x%06x %6u KB  %s", (unsigned)part->addr, (unsigned)(part->addr + part->bytes), (unsigned)(part->bytes / 1024),
			 plan_part_title(part));
		if (part->role == PLAN_PRIMARY && c->app.size_bytes > 0)
			text_add(text, ", application fills %u %%", (unsigned)((uint64_t)c->app.size_bytes * 100 / part->bytes));
		text_add(text, "\n");
	}
}

void plan_map(const struct plan_choice *c, const struct plan_option *o, struct report *report)
{
	struct bytes text = { 0 };
	bool colours = has_colours();
	int width = terminal_width() - 4;
	if (report->json)
		return;
	text_add(&text, "%s, %u KB\n", c->board->chip, (unsigned)(c->board->flash_bytes / 1024));
	bar(&o->layout, false, c->board->flash_bytes, width, colours, &text);
	legend(c, o, false, colours, &text);
	if (o->layout.count > 0 && o->layout.parts[o->layout.count - 1].external) {
		text_add(&text, "%s, %u KB, drawn at its own scale\n", c->board->external.part, (unsigned)(c->board->external.bytes / 1024));
		bar(&o->layout, true, c->board->external.bytes, width, colours, &text);
		legend(c, o, true, colours, &text);
	}
	report_row(report, "%.*s", (int)text.size, (const char *)text.data);
	bytes_free(&text);
}
