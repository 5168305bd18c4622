/* SPDX-License-Identifier: MIT */
/* commands.h - the table of the commands that this build has.
 *
 * Why      One table: help, man page, shell completion, suggestions and dispatch follow it. Which file defines it is the build's
 *          choice: commands.c has all, commands_offline.c those that need no device (Windows).
 */
#ifndef HOST_COMMANDS_H
#define HOST_COMMANDS_H

#include "command.h"

extern const struct command *const commands[];
extern const size_t command_count;
/* Said where a command is looked for in vain; "" if the build has all. */
extern const char commands_note[];

#endif
