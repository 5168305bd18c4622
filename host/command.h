/* SPDX-License-Identifier: MIT */
/* command.h - a command of the tool is a row: name, words about it, options, function.
 *
 * Why      main.c prints help, suggests and dispatches from the rows alone; adding a command is a file, a line in the
 *          table of commands.c and a schema of its JSON in docs/schema.
 * Shapes   Options are rows too; from them come the parsing (getopt_long) and the help text, so they can't drift apart.
 *          --help and --json belong to every command and are not listed.
 */
#ifndef HOST_COMMAND_H
#define HOST_COMMAND_H

#include "problem.h"
#include "report.h"

struct arg_option {
	int id;             /* >= 1, the command's own enum; 0 ends the list */
	char letter;        /* '\0': none */
	const char *name;   /* long name without dashes */
	const char *value;  /* "FILE"; NULL for a flag; "TAG VALUE" takes two words */
	const char *help;
};

struct args; /* args.h */

struct command {
	const char *name;      /* "key new" */
	const char *summary;
	const char *synopsis;  /* what follows the name */
	const char *about;     /* paragraphs; NULL if the summary says it */
	const struct arg_option *options;
	const char *examples;  /* one a line; every command has some */
	enum hf_reason (*run)(struct args *args, struct report *report, struct problem *problem);
	int failure_exit_code; /* 0: by the reason; else failures below it end with this one (codes 1 and 2 mean something else there) */
};

extern const struct command cmd_key_new, cmd_key_show, cmd_key_export;
extern const struct command cmd_sign, cmd_verify, cmd_inspect, cmd_bootloader, cmd_zip;
extern const struct command cmd_image_list, cmd_image_upload, cmd_image_test, cmd_image_confirm, cmd_image_erase;
extern const struct command cmd_update, cmd_recover, cmd_echo, cmd_reset, cmd_info;
extern const struct command cmd_groups, cmd_tasks, cmd_memory, cmd_datetime, cmd_stat_list, cmd_stat_show, cmd_shell, cmd_storage_erase;
extern const struct command cmd_settings_read, cmd_settings_write, cmd_settings_delete, cmd_settings_commit, cmd_settings_load, cmd_settings_save;
extern const struct command cmd_fs_upload, cmd_fs_download, cmd_fs_status, cmd_fs_hash, cmd_fs_hashes, cmd_fs_close;
extern const struct command cmd_board_list, cmd_board_run, cmd_port_list, cmd_reason;
extern const struct command cmd_plan;
extern const struct command cmd_doctor;
extern const struct command cmd_devices, cmd_device_save, cmd_device_forget, cmd_serve;

#endif
