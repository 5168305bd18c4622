/* SPDX-License-Identifier: MIT */
/* All commands, in the order of the overview. Help, man page, completion and suggestions follow this table. */
#include "commands.h"

const struct command *const commands[] = {
	&cmd_plan,
	&cmd_key_new, &cmd_key_show, &cmd_key_export,
	&cmd_sign, &cmd_verify, &cmd_inspect, &cmd_zip, &cmd_bootloader,
	&cmd_update, &cmd_recover, &cmd_image_list, &cmd_image_upload, &cmd_image_test, &cmd_image_confirm, &cmd_image_erase,
	&cmd_echo, &cmd_reset, &cmd_info,
	&cmd_groups, &cmd_tasks, &cmd_memory, &cmd_datetime, &cmd_stat_list, &cmd_stat_show, &cmd_shell,
	&cmd_fs_upload, &cmd_fs_download, &cmd_fs_status, &cmd_fs_hash, &cmd_fs_hashes, &cmd_fs_close,
	&cmd_settings_read, &cmd_settings_write, &cmd_settings_delete, &cmd_settings_commit, &cmd_settings_load, &cmd_settings_save,
	&cmd_storage_erase,
	&cmd_devices, &cmd_device_save, &cmd_device_forget,
	&cmd_doctor,
	&cmd_board_list, &cmd_board_run, &cmd_serve, &cmd_port_list, &cmd_reason,
};

const size_t command_count = HF_ARRAY_COUNT(commands);
const char commands_note[] = "";
