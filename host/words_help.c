/* SPDX-License-Identifier: MIT */
/* Reads the --help of a program with one command: "NAME - tagline", its usage line, option lines, closing paragraphs.
 *
 * Shapes   "  --name VALUE   meaning", and lines that go on stand further right. "--pty [--link PATH]" are two options. Titles between
 *          options are left out.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bytes.h"
#include "words.h"

#define GOES_ON_COLUMN 20

/* Cuts the next line off; NULL at the end. */
static char *next_line(char **text)
{
	char *line = *text;
	if (*line == '\0')
		return NULL;
	size_t length = strcspn(line, "\n");
	*text = line + length + (line[length] != '\0');
	line[length] = '\0';
	return line;
}

static char *keep(struct words_from_help *made, char *text)
{
	hf_assert(made->text_count < HF_ARRAY_COUNT(made->texts));
	made->texts[made->text_count++] = text;
	return text;
}

static bool add_option(struct words_from_help *made, size_t *count, char *name, const char *value, const char *help)
{
	if (*count == WORDS_OPTIONS_MAX)
		return false;
	made->options[*count] = (struct arg_option){ (int)*count + 1, '\0', name, value, help };
	(*count)++;
	return true;
}

/* line stands behind the two dashes. */
static bool take_option(char *line, struct words_from_help *made, size_t *count)
{
	char *gap = strstr(line, "  "), *value = strchr(line, ' '), *second = strstr(line, "[--");
	if (gap == NULL || value == NULL)
		return false;
	const char *help = gap + strspn(gap, " ");
	*gap = '\0';
	*value++ = '\0';
	if (second == NULL || second > gap)
		return add_option(made, count, line, value <= gap ? value : NULL, help);
	char *inner = second + 3, *end = strchr(inner, ']'), *space = strchr(inner, ' ');
	if (end == NULL || space == NULL)
		return false;
	*end = '\0';
	*space = '\0';
	return add_option(made, count, line, NULL, help) && add_option(made, count, inner, space + 1, help);
}

static void go_on(struct words_from_help *made, size_t count, const char *more)
{
	struct arg_option *last = &made->options[count - 1];
	last->help = keep(made, host_printf("%s %s", last->help, more));
}

bool words_from_help(char *text, struct words_from_help *made, struct words_program *program)
{
	*made = (struct words_from_help){ .command = { .name = "", .options = made->options, .examples = "" } };
	*program = (struct words_program){ .commands = made->commands, .count = 1 };
	made->commands[0] = &made->command;
	char *first = next_line(&text), *dash = first != NULL ? strstr(first, " - ") : NULL;
	if (dash == NULL)
		return false;
	*dash = '\0';
	program->name = first;
	program->tagline = made->command.summary = dash + 3;
	size_t count = 0;
	for (char *line = next_line(&text); line != NULL; line = next_line(&text)) {
		size_t column = strspn(line, " ");
		if (strncmp(line, "  --", 4) == 0) {
			if (!take_option(line + 4, made, &count))
				return false;
		} else if (column >= GOES_ON_COLUMN && count > 0) {
			go_on(made, count, line + column);
		} else if (column == 2 && strncmp(line + 2, first, strlen(first)) == 0) {
			made->command.synopsis = line + 2 + strlen(first) + (line[2 + strlen(first)] == ' ');
		} else if (line[0] == '\0' && count > 0) {
			program->closing = text;
			break;
		}
	}
	made->options[count] = (struct arg_option){ 0 };
	return count > 0 && made->command.synopsis != NULL;
}

void words_from_help_free(struct words_from_help *made)
{
	for (size_t i = 0; i < made->text_count; i++)
		free(made->texts[i]);
}
