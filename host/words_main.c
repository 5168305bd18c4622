/* SPDX-License-Identifier: MIT */
/* holdfast-words man|bash|zsh|fish [- < HELP]: the words of holdfast, or of the program whose --help comes in; on standard output. */
#include <stdio.h>
#include <stdlib.h>

#include "bytes.h"
#include "commands.h"
#include "help.h"
#include "words.h"

static const struct {
	const char *name;
	void (*write)(const struct words_program *program);
} forms[] = { { "man", words_man }, { "bash", words_bash }, { "zsh", words_zsh }, { "fish", words_fish } };

static char *standard_input(void)
{
	struct bytes text = { 0 };
	char chunk[4096];
	for (size_t got = sizeof chunk; got == sizeof chunk;) {
		got = fread(chunk, 1, sizeof chunk, stdin);
		bytes_add(&text, chunk, got);
	}
	bytes_add(&text, "", 1);
	return (char *)text.data;
}

int main(int argc, char **argv)
{
	struct words_program program = { "holdfast", help_tagline, commands, command_count, NULL, true };
	struct words_from_help made = { 0 };
	char *text = NULL;
	bool good = argc == 2;
	if (argc == 3) {
		text = standard_input();
		good = words_from_help(text, &made, &program);
	}
	size_t i = 0;
	while (good && i < HF_ARRAY_COUNT(forms) && strcmp(argv[1], forms[i].name) != 0)
		i++;
	good = good && i < HF_ARRAY_COUNT(forms);
	if (good)
		forms[i].write(&program);
	else
		fprintf(stderr, "holdfast-words: usage: holdfast-words man|bash|zsh|fish [-]; with - the --help of a program comes in\n");
	words_from_help_free(&made);
	free(text);
	return good && fflush(stdout) == 0 ? 0 : 1;
}
