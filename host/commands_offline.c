/* SPDX-License-Identifier: MIT */
/* The commands that need no device: what the Windows build has. */
#include "commands.h"

const struct command *const commands[] = {
	&cmd_key_new, &cmd_key_show, &cmd_key_export,
	&cmd_sign, &cmd_verify, &cmd_inspect, &cmd_zip, &cmd_bootloader,
	&cmd_board_list, &cmd_reason,
};

const size_t command_count = HF_ARRAY_COUNT(commands);
const char commands_note[] = "This build has the commands that need no device.";
