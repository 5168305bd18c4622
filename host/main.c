/* SPDX-License-Identifier: MIT */
/* main.c - the table of commands, help, suggestions, exit codes. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "bytes.h"
#include "file.h"

#ifndef HOLDFAST_VERSION
#define HOLDFAST_VERSION "unknown"
#endif

static const struct command *const commands[] = {
	&cmd_key_new, &cmd_key_show, &cmd_key_export,
	&cmd_sign, &cmd_verify, &cmd_inspect, &cmd_zip, &cmd_bootloader,
	&cmd_update, &cmd_image_list, &cmd_image_upload, &cmd_image_test, &cmd_image_confirm, &cmd_image_erase,
	&cmd_echo, &cmd_reset, &cmd_info,
	&cmd_devices, &cmd_device_save, &cmd_device_forget,
	&cmd_board_list, &cmd_board_run, &cmd_serve, &cmd_port_list, &cmd_reason,
};

static const char exit_codes[] =
	"Exit codes:\n"
	"  0    done\n"
	"  1    refused: the image, the key or a limit says no\n"
	"  2    the command line is not right\n"
	"  3    a file, a port or the system: missing, unreadable, full\n"
	"  4    the device: silent, gone, refusing or talking nonsense\n"
	"  130  stopped by Ctrl-C\n"
	"Each failure prints its number (HF-nnnn); `holdfast reason NUMBER` explains it.\n";

/* Help is a result that was asked for, so it goes to standard output; it is the one text not printed by report.c. */
static void print_overview(const char *group)
{
	printf("holdfast %s - sign, install and update firmware so that no update can kill a board\n\nUsage: holdfast COMMAND ...\n\n",
	       HOLDFAST_VERSION);
	for (size_t i = 0; i < HF_ARRAY_COUNT(commands); i++) {
		size_t length = group != NULL ? strlen(group) : 0;
		if (length == 0 || (strncmp(commands[i]->name, group, length) == 0 && commands[i]->name[length] == ' '))
			printf("  %-15s %s\n", commands[i]->name, commands[i]->summary);
	}
	printf("\nEach command takes --help and --json.\n\n%s", exit_codes);
}

static void print_option(const struct arg_option *o)
{
	char left[64];
	(void)snprintf(left, sizeof left, "%c%c%s--%s%s%s", o->letter != '\0' ? '-' : ' ', o->letter != '\0' ? o->letter : ' ',
		       o->letter != '\0' ? ", " : "  ", o->name, o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
	if (strlen(left) <= 30)
		printf("  %-30s %s\n", left, o->help);
	else
		printf("  %s\n  %-30s %s\n", left, "", o->help);
}

static void print_help(const struct command *command)
{
	printf("holdfast %s - %s\n\nUsage: holdfast %s %s\n", command->name, command->summary, command->name, command->synopsis);
	if (command->about != NULL)
		printf("\n%s\n", command->about);
	printf("\nOptions:\n");
	for (const struct arg_option *o = command->options; o != NULL && o->id != 0; o++)
		print_option(o);
	static const struct arg_option json = { 1, '\0', "json", NULL, "print the result as one JSON object" };
	static const struct arg_option help = { 1, 'h', "help", NULL, "this text" };
	print_option(&json);
	print_option(&help);
	if (command->examples != NULL) {
		printf("\nExamples:\n");
		for (const char *at = command->examples; *at != '\0';) {
			size_t length = strcspn(at, "\n");
			printf("  %.*s\n", (int)length, at);
			at += length + (at[length] != '\0');
		}
	}
	printf("\n%s", exit_codes);
}

/* words: how many of argv the name took. group: the first word begins some commands but is none itself. */
static const struct command *find(int argc, char **argv, int *words, bool *group)
{
	*group = false;
	for (size_t i = 0; i < HF_ARRAY_COUNT(commands); i++) {
		const char *name = commands[i]->name, *space = strchr(name, ' ');
		if (space == NULL && strcmp(name, argv[1]) == 0) {
			*words = 1;
			return commands[i];
		}
		if (space == NULL || strlen(argv[1]) != (size_t)(space - name) || strncmp(name, argv[1], strlen(argv[1])) != 0)
			continue;
		*group = true;
		if (argc > 2 && strcmp(space + 1, argv[2]) == 0) {
			*words = 2;
			return commands[i];
		}
	}
	return NULL;
}

static enum hf_reason unknown_command(int argc, char **argv, bool group, struct problem *problem)
{
	const char *names[HF_ARRAY_COUNT(commands)];
	char *said = group && argc > 2 ? host_printf("%s %s", argv[1], argv[2]) : host_strdup(argv[1]);
	for (size_t i = 0; i < HF_ARRAY_COUNT(commands); i++)
		names[i] = commands[i]->name;
	const char *near = args_nearest(said, names, HF_ARRAY_COUNT(commands));
	enum hf_reason reason = near != NULL ? problem_set(problem, HF_R_HOST_COMMAND_UNKNOWN, said, "perhaps `holdfast %s` is meant", near) :
					       problem_set(problem, HF_R_HOST_COMMAND_UNKNOWN, said, "%s", "");
	free(said);
	return reason;
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* A failure while options are still being read must know whether JSON was asked for. */
static bool asks_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--json") == 0)
			return true;
	}
	return false;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct args args;
	struct problem problem = { 0 };
	struct report report = { .json = asks_json(argc, argv) };
	args_start(&args, command, argc, argv);
	args.report = &report;
	report_start(&report);
	enum hf_reason reason = command->run(&args, &report, &problem);
	if (reason == HF_OK && args.want_help) {
		report_drop(&report);
		print_help(command);
		return fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_FILE;
	}
	if (reason == HF_OK)
		reason = report_finish(&report, &problem);
	else
		hf_assert(problem.reason == reason);
	if (reason != HF_OK)
		report_failure(&report, &problem);
	return problem_exit_code(reason);
}

int main(int argc, char **argv)
{
	file_guard_signals();
	if (argc < 2 || is_help(argv[1])) {
		print_overview(NULL);
		return argc < 2 ? EXIT_CODE_USAGE : EXIT_CODE_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("holdfast %s\n", HOLDFAST_VERSION);
		return EXIT_CODE_OK;
	}
	int words = 0;
	bool group = false;
	const struct command *command = find(argc, argv, &words, &group);
	if (command != NULL) {
		argv[words] = argv[0];
		return run(command, argc - words, argv + words);
	}
	if (group && (argc == 2 || is_help(argv[2]))) {
		print_overview(argv[1]);
		return argc == 2 ? EXIT_CODE_USAGE : EXIT_CODE_OK;
	}
	struct problem problem = { 0 };
	struct report report = { .json = asks_json(argc, argv) };
	report_start(&report);
	enum hf_reason reason = unknown_command(argc, argv, group, &problem);
	report_failure(&report, &problem);
	return problem_exit_code(reason);
}
