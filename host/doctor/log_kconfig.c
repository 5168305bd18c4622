/* SPDX-License-Identifier: MIT */
/* Kconfig's warnings, which run over several lines: collected to a paragraph, then taken apart.
 * Source   zephyrproject-rtos/zephyr: scripts/kconfig/kconfig.py (check_assigned_sym_values, check_assigned_choice_values), and
 *          kconfiglib's "attempt to assign the value .. to the undefined symbol ..". */
#define _GNU_SOURCE /* memmem */
#include <stdio.h>

#include "log.h"

#define PARAGRAPH_LINES_MAX 14

static bool holds(const char *text, size_t length, const char *piece)
{
	return memmem(text, length, piece, strlen(piece)) != NULL;
}

static void until(char *into, size_t size, const char *from, const char *stops)
{
	size_t length = strcspn(from, stops);
	(void)snprintf(into, size, "%.*s", (int)(length < size - 1 ? length : size - 1), from);
}

/* "The choice symbol X (defined at" or "warning: X (defined at": the word before the bracket. */
static void word_before(const char *text, const char *at, char *into, size_t size)
{
	const char *end = at;
	while (end > text && end[-1] == ' ')
		end--;
	const char *start = end;
	while (start > text && start[-1] != ' ' && start[-1] != ':')
		start--;
	(void)snprintf(into, size, "%.*s", (int)((size_t)(end - start) < size - 1 ? (size_t)(end - start) : size - 1), start);
}

static void add_undefined(struct log_reader *r, const char *text, const char *at)
{
	struct complaint *c = DOCTOR_ADD(r->doctor->complaints);
	*c = (struct complaint){ .input = r->input, .line = r->paragraph_line, .undefined = true };
	const char *value = strstr(at, "the value '");
	if (value != NULL)
		until(c->asked, sizeof c->asked, value + 11, "'");
	const char *symbol = strstr(at, "undefined symbol ");
	if (symbol != NULL)
		until(c->symbol, sizeof c->symbol, symbol + 17, " .,\t");
	if (strncmp(c->symbol, "CONFIG_", 7) == 0)
		memmove(c->symbol, c->symbol + 7, strlen(c->symbol + 7) + 1);
	until(c->text, sizeof c->text, text, "");
}

static void add_unmet(struct log_reader *r, const char *text, const char *defined, const char *assigned)
{
	struct complaint *c = DOCTOR_ADD(r->doctor->complaints);
	*c = (struct complaint){ .input = r->input, .line = r->paragraph_line };
	word_before(text, defined, c->symbol, sizeof c->symbol);
	const char *value = strchr(assigned, '\'');
	if (value != NULL)
		until(c->asked, sizeof c->asked, value + 1, "'");
	const char *got = strstr(assigned, "got the value ");
	const char *quote = got != NULL ? strchr(got, '\'') : NULL;
	if (quote != NULL)
		until(c->got, sizeof c->got, quote + 1, "'");
	const char *needs = strstr(assigned, "unsatisfied dependencies:");
	if (needs != NULL) {
		until(c->needs, sizeof c->needs, needs + 25 + strspn(needs + 25, " "), "");
		char *end = strstr(c->needs, ". See ");
		if (end != NULL)
			*end = '\0';
	}
	until(c->text, sizeof c->text, text, "");
}

void log_kconfig_end(struct log_reader *r)
{
	if (r->paragraph_bytes == 0)
		return;
	const char *text = r->paragraph;
	r->paragraph[r->paragraph_bytes] = '\0';
	r->paragraph_bytes = 0;
	if (r->doctor->complaints.count >= 500)
		return;
	const char *undefined = strstr(text, "attempt to assign the value");
	const char *defined = strstr(text, "(defined at");
	const char *assigned = strstr(text, "was assigned the value");
	if (assigned == NULL)
		assigned = strstr(text, "was selected but");
	if (undefined != NULL)
		add_undefined(r, text, undefined);
	else if (defined != NULL && assigned != NULL)
		add_unmet(r, text, defined, assigned);
}

void log_kconfig_line(struct log_reader *r, const char *line, size_t length)
{
	bool opens = holds(line, length, "(defined at") || holds(line, length, "attempt to assign the value");
	bool goes_on = r->paragraph_bytes != 0 && !opens && length != 0 && r->line - r->paragraph_line < PARAGRAPH_LINES_MAX &&
		       !holds(line, length, "warning:") && !holds(line, length, "error:") && !holds(line, length, "Parsing ");
	if (!opens && !goes_on) {
		log_kconfig_end(r);
		return;
	}
	if (opens) {
		log_kconfig_end(r);
		r->paragraph_line = r->line;
	}
	size_t room = sizeof r->paragraph - 2 - r->paragraph_bytes;
	size_t take = length < room ? length : room;
	if (r->paragraph_bytes != 0 && take != 0) {
		r->paragraph[r->paragraph_bytes++] = ' ';
		take -= take == room;
	}
	memcpy(r->paragraph + r->paragraph_bytes, line, take);
	r->paragraph_bytes += take;
}
