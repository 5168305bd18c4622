/* SPDX-License-Identifier: MIT */
/* main.c - finds the command that is meant, runs it, suggests, exit codes. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "bytes.h"
#include "commands.h"
#include "file.h"
#include "help.h"

/* words: how many of argv the name took. group: the first word begins some commands but is none itself. */
static const struct command *find(int argc, char **argv, int *words, bool *group)
{
	*group = false;
	for (size_t i = 0; i < command_count; i++) {
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

/* What other tools call the same thing. */
static const char *name_elsewhere(const char *said)
{
	static const struct {
		const char *theirs, *ours;
	} names[] = {
		{ "upgrade", "update" }, { "firmware", "update" }, { "flash", "update" }, { "list", "image list" }, { "upload", "image upload" },
		{ "test", "image test" }, { "confirm", "image confirm" }, { "erase", "image erase" }, { "image state-read", "image list" },
		{ "image state-write", "image test" }, { "taskstat", "tasks" }, { "mpstat", "memory" },
		{ "file", "fs download" }, { "config", "settings read" }, { "stat", "stat show" }, { "fs", "fs download" }, { "settings", "settings read" },
		{ "os", "info" }, { "os-info", "info" },
		{ "bootloader-info", "info" }, { "mcumgr-params", "info" }, { "enum", "groups" }, { "enumeration", "groups" },
		{ "zephyr", "storage erase" }, { "conn", "device save" }, { "shell exec", "shell" }, { "fs read", "fs download" },
		{ "fs write", "fs upload" }, { "fs stat", "fs status" }, { "keygen", "key new" }, { "getpub", "key export" },
	};
	for (size_t i = 0; i < HF_ARRAY_COUNT(names); i++) {
		if (strcmp(names[i].theirs, said) == 0)
			return names[i].ours;
	}
	return NULL;
}

/* The nearest name of a command to one word, or to two ("keyy new"): the name or NULL. */
static const char *nearest_command(const char *said, int argc, char **argv)
{
	const char **names = host_alloc(command_count * sizeof names[0]);
	for (size_t i = 0; i < command_count; i++)
		names[i] = commands[i]->name;
	const char *near = args_nearest(said, names, command_count), *elsewhere = name_elsewhere(said);
	if (near == NULL && elsewhere == NULL)
		elsewhere = name_elsewhere(argv[1]); /* the device stands where the second word of a command belongs */
	for (size_t i = 0; i < command_count; i++)
		near = elsewhere != NULL && strcmp(elsewhere, names[i]) == 0 ? names[i] : near;
	if (near == NULL && argc > 2) {
		char *two = host_printf("%s %s", argv[1], argv[2]);
		const char *near_two = args_nearest(two, names, command_count);
		near = near_two != NULL && strchr(near_two, ' ') != NULL ? near_two : near;
		free(two);
	}
	free(names);
	return near;
}

static enum hf_reason unknown_command(int argc, char **argv, bool group, struct problem *problem)
{
	char *said = group && argc > 2 ? host_printf("%s %s", argv[1], argv[2]) : host_strdup(argv[1]);
	const char *near = nearest_command(said, argc, argv);
	enum hf_reason reason = near != NULL ? problem_set(problem, HF_R_HOST_COMMAND_UNKNOWN, said, "perhaps `holdfast %s` is meant", near) :
					       problem_set(problem, HF_R_HOST_COMMAND_UNKNOWN, said, "%s", commands_note);
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
		help_command(command);
		return fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_FILE;
	}
	if (reason == HF_OK)
		reason = report_finish(&report, &problem);
	else
		hf_assert(problem.reason == reason);
	if (reason == HF_OK)
		return report.exit_code;
	report_failure(&report, &problem);
	int code = problem_exit_code(reason);
	return code < command->failure_exit_code ? command->failure_exit_code : code;
}

int main(int argc, char **argv)
{
	file_guard_signals();
	if (argc < 2 || is_help(argv[1])) {
		help_overview(NULL);
		return argc < 2 ? EXIT_CODE_USAGE : EXIT_CODE_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("holdfast %s\n", holdfast_version);
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
		help_overview(argv[1]);
		return argc == 2 ? EXIT_CODE_USAGE : EXIT_CODE_OK;
	}
	struct problem problem = { 0 };
	struct report report = { .json = asks_json(argc, argv) };
	report_start(&report);
	enum hf_reason reason = unknown_command(argc, argv, group, &problem);
	report_failure(&report, &problem);
	return problem_exit_code(reason);
}
