/* SPDX-License-Identifier: MIT */
/* A man page in the man(7) macros. */
#include <ctype.h>
#include <stdio.h>

#include "help.h"
#include "words.h"

/* One line of roff text: dashes are typed dashes, a leading dot or quote is no request. */
static void put(const char *text, size_t length)
{
	if (length > 0 && (text[0] == '.' || text[0] == '\''))
		fputs("\\&", stdout);
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\\')
			fputs("\\e", stdout);
		else if (text[i] == '-')
			fputs("\\-", stdout);
		else if (text[i] == '\'')
			fputs("\\(aq", stdout);
		else if (text[i] == '`')
			fputs("\\(ga", stdout);
		else if (text[i] == '~')
			fputs("\\(ti", stdout);
		else if (text[i] == '^')
			fputs("\\(ha", stdout);
		else
			putchar(text[i]);
	}
}

static void put_text(const char *text)
{
	put(text, strlen(text));
}

static void put_lines(const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		if (length == 0)
			fputs(".PP", stdout);
		else
			put(text, length);
		putchar('\n');
		text += length + (text[length] != '\0');
	}
}

static void put_capitals(const char *text)
{
	for (; *text != '\0'; text++)
		putchar(toupper((unsigned char)*text));
}

static void put_options(const struct arg_option *o)
{
	for (; o != NULL && o->id != 0; o++) {
		fputs(".TP\n\\fB", stdout);
		if (o->letter != '\0')
			printf("\\-%c\\fR, \\fB", o->letter);
		fputs("\\-\\-", stdout);
		put_text(o->name);
		fputs("\\fR", stdout);
		if (o->value != NULL) {
			fputs(" \\fI", stdout);
			put_text(o->value);
			fputs("\\fR", stdout);
		}
		putchar('\n');
		put_text(o->help);
		putchar('\n');
	}
}

static void put_rows(const char *title, const struct help_row *rows)
{
	printf(".SH %s\n", title);
	for (; rows->name != NULL; rows++) {
		fputs(".TP\n.B ", stdout);
		put_text(rows->name);
		putchar('\n');
		put_text(rows->meaning);
		putchar('\n');
	}
}

static void put_command(const struct words_program *program, const struct command *command)
{
	fputs(".SS ", stdout);
	put_text(command->name);
	fputs("\n.B ", stdout);
	put_text(program->name);
	putchar(' ');
	put_text(command->name);
	fputs("\n.I ", stdout);
	put_text(command->synopsis[0] != '\0' ? command->synopsis : "\"\"");
	fputs("\n.PP\n", stdout);
	putchar(toupper((unsigned char)command->summary[0]));
	put_text(command->summary + 1);
	fputs(strchr(".?!", command->summary[strlen(command->summary) - 1]) != NULL ? "\n" : ".\n", stdout);
	if (command->about != NULL)
		put_lines(command->about);
	put_options(command->options);
	fputs(".PP\nExamples:\n.PP\n.nf\n.RS 4\n", stdout);
	put_lines(command->examples);
	fputs(".RE\n.fi\n", stdout);
}

static const struct help_row environment[] = {
	{ "XDG_DATA_HOME", "public keys that were met are remembered in $XDG_DATA_HOME/holdfast/keys (without it: ~/.local/share/holdfast/keys)" },
	{ "XDG_CONFIG_HOME", "names of devices are kept in $XDG_CONFIG_HOME/holdfast/devices (without it: ~/.config/holdfast/devices)" },
	{ "HOLDFAST_PASSPHRASE", "the passphrase of an encrypted key, if no --passphrase-file is given" },
	{ "HOLDFAST_DEVICE", "set for the command of --confirm-by: the device as it was given" },
	{ "HOLDFAST_BOARD_PROGRAM", "the program that `holdfast board run` starts (default: holdfast-board, beside holdfast or in PATH)" },
	{ NULL, NULL }
};

void words_man(const struct words_program *program)
{
	bool has_commands = program->commands[0]->name[0] != '\0';
	fputs(".\\\" SPDX-License-Identifier: MIT\n.\\\" Made by holdfast-words.\n.TH ", stdout);
	put_capitals(program->name);
	printf(" 1 \"\" \"Holdfast %s\" \"Holdfast\"\n.SH NAME\n", holdfast_version);
	put_text(program->name);
	fputs(" \\- ", stdout);
	put_text(program->tagline);
	fputs("\n.SH SYNOPSIS\n.B ", stdout);
	put_text(program->name);
	fputs("\n.I ", stdout);
	put_text(has_commands ? "COMMAND ..." : program->commands[0]->synopsis);
	putchar('\n');
	if (has_commands) {
		fputs(".SH COMMANDS\n", stdout);
		for (size_t i = 0; i < program->count; i++)
			put_command(program, program->commands[i]);
		fputs(".SH COMMON OPTIONS\nEvery command takes these.\n", stdout);
		put_options(help_common);
		put_rows("EXIT STATUS", help_exit_codes);
		fputs(".PP\nA command whose text above tells of exit codes has its own.\n", stdout);
		put_lines("Each failure prints its number (HF-nnnn); `holdfast reason NUMBER` explains it.");
		put_rows("ENVIRONMENT", environment);
		fputs(".SH SEE ALSO\n.BR holdfast\\-board (1)\n", stdout);
	} else {
		fputs(".SH OPTIONS\n", stdout);
		put_options(program->commands[0]->options);
		fputs(".SH EXIT STATUS AND LICENCE\n", stdout);
		put_lines(program->closing != NULL ? program->closing : "");
		fputs(".SH SEE ALSO\n.BR holdfast (1)\n", stdout);
	}
}
