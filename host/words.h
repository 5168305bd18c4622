/* SPDX-License-Identifier: MIT */
/* words.h - man pages and shell completions, made from the tables that the programs themselves work by.
 *
 * Why      A page that is written by hand tells of options that are gone. holdfast-words is built and run with each build and is
 *          not installed: it takes commands.c for holdfast, and the text of `holdfast-board --help` for holdfast-board.
 * Shapes   What a shell can offer follows from the value word of an option and from the words of the synopsis: "a|b|c" are the values
 *          themselves; FILE, BOARD, DEVICE and their like have a row in words.c; all else is typed by hand.
 */
#ifndef HOST_WORDS_H
#define HOST_WORDS_H

#include "command.h"

struct words_program {
	const char *name, *tagline;
	const struct command *const *commands; /* one with the name "": the program has no commands */
	size_t count;
	const char *closing; /* paragraphs after the options; NULL: the exit codes of help.h */
	bool takes_json;     /* every command takes the options of help_common */
};

enum { WORDS_FILE = 1, WORDS_FOLDER = 2, WORDS_BOARD = 4, WORDS_LAYOUT = 8, WORDS_DEVICE = 16, WORDS_CHOICE = 32 };

/* What can be offered as the value of an option, and as the words of a command that are no options. Bits. */
unsigned words_of_option(const struct arg_option *option);
unsigned words_of_synopsis(const char *synopsis);
/* Names of boards or layouts or the parts of "a|b|c", separated by spaces; allocated. "" for what only the shell knows. */
char *words_list(unsigned kinds, const char *value);

void words_man(const struct words_program *program);
void words_bash(const struct words_program *program);
void words_zsh(const struct words_program *program);
void words_fish(const struct words_program *program);

/* A program with one command from the text of its --help. False if the text has another shape. The text is cut up and must stay. */
#define WORDS_OPTIONS_MAX 64
struct words_from_help {
	struct arg_option options[WORDS_OPTIONS_MAX + 1];
	struct command command;
	const struct command *commands[1];
	char *texts[3 * WORDS_OPTIONS_MAX]; /* what was allocated */
	size_t text_count;
};
bool words_from_help(char *text, struct words_from_help *made, struct words_program *program) HF_MUST_USE;
void words_from_help_free(struct words_from_help *made);

#endif
