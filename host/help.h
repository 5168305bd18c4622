/* SPDX-License-Identifier: MIT */
/* help.h - the words about the commands: --help on the terminal, and what the man page and the completions are made from. */
#ifndef HOST_HELP_H
#define HOST_HELP_H

#include <stdio.h>

#include "command.h"

extern const char holdfast_version[];
extern const char help_tagline[];

/* --json and --help, which every command takes; ends with a row whose id is 0. */
extern const struct arg_option help_common[];

/* Ends with a row whose meaning is NULL. */
struct help_row {
	const char *name, *meaning;
};
extern const struct help_row help_exit_codes[];

/* group: only the commands that begin with this word; NULL for all. */
void help_overview(const char *group);
void help_command(const struct command *command);

#endif
