/* SPDX-License-Identifier: MIT */
/* Help is a result that was asked for, so it goes to standard output; it is the one text not printed by report.c. */
#include "help.h"

#include <string.h>

#include "commands.h"

const char holdfast_version[] = HOLDFAST_VERSION;
const char help_tagline[] = "sign, install and update firmware so that no update can kill a board";

const struct arg_option help_common[] = {
	{ 1, '\0', "json", NULL, "print the result as one JSON object" },
	{ 2, 'h', "help", NULL, "this text" },
	{ 0 }
};

const struct help_row help_exit_codes[] = {
	{ "0", "done" },
	{ "1", "refused: the image, the key or a limit says no" },
	{ "2", "the command line is not right" },
	{ "3", "a file, a port or the system: missing, unreadable, full" },
	{ "4", "the device: silent, gone, refusing or talking nonsense" },
	{ "130", "stopped by Ctrl-C" },
	{ NULL, NULL }
};

static const char explain_numbers[] = "Each failure prints its number (HF-nnnn); `holdfast reason NUMBER` explains it.\n";

static void print_exit_codes(void)
{
	printf("\nExit codes:\n");
	for (const struct help_row *row = help_exit_codes; row->name != NULL; row++)
		printf("  %-4s %s\n", row->name, row->meaning);
	fputs(explain_numbers, stdout);
}

static bool is_of_group(const struct command *command, const char *group)
{
	size_t length = group != NULL ? strlen(group) : 0;
	return length == 0 || (strncmp(command->name, group, length) == 0 && command->name[length] == ' ');
}

/* Titles between the commands of the overview, before the command of that name. */
static const struct help_row sections[] = {
	{ "plan", "Planning" },
	{ "key new", "Keys and images" },
	{ "update", "Updating a device" },
	{ "echo", "Asking a device" },
	{ "fs upload", "Files and settings of a device" },
	{ "devices", "Ports and names" },
	{ "doctor", "Finding out what is wrong" },
	{ "board list", "Boards, with and without hardware" },
	{ "port list", "The rest" },
};

static void print_section_before(const char *name)
{
	for (size_t i = 0; i < HF_ARRAY_COUNT(sections); i++) {
		if (strcmp(sections[i].name, name) == 0)
			printf("%s%s\n", name == commands[0]->name ? "" : "\n", sections[i].meaning);
	}
}

void help_overview(const char *group)
{
	size_t width = 0;
	for (size_t i = 0; i < command_count; i++)
		width = strlen(commands[i]->name) > width ? strlen(commands[i]->name) : width;
	printf("holdfast %s - %s\n\nUsage: holdfast COMMAND ...\n\n", holdfast_version, help_tagline);
	for (size_t i = 0; i < command_count; i++) {
		if (group == NULL)
			print_section_before(commands[i]->name);
		if (is_of_group(commands[i], group))
			printf("  %-*s  %s\n", (int)width, commands[i]->name, commands[i]->summary);
	}
	printf("\nEach command takes --help and --json.%s%s\n", commands_note[0] != '\0' ? " " : "", commands_note);
	print_exit_codes();
}

static void print_options(const struct arg_option *o)
{
	for (; o != NULL && o->id != 0; o++) {
		char left[80];
		(void)snprintf(left, sizeof left, "%c%c%s--%s%s%s", o->letter != '\0' ? '-' : ' ', o->letter != '\0' ? o->letter : ' ',
			       o->letter != '\0' ? ", " : "  ", o->name, o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
		if (strlen(left) <= 30)
			printf("  %-30s %s\n", left, o->help);
		else
			printf("  %s\n  %-30s %s\n", left, "", o->help);
	}
}

void help_command(const struct command *command)
{
	printf("holdfast %s - %s\n\nUsage: holdfast %s %s\n", command->name, command->summary, command->name, command->synopsis);
	if (command->about != NULL)
		printf("\n%s\n", command->about);
	printf("\nOptions:\n");
	print_options(command->options);
	print_options(help_common);
	printf("\nExamples:\n");
	for (const char *at = command->examples; *at != '\0';) {
		size_t length = strcspn(at, "\n");
		printf("  %.*s\n", (int)length, at);
		at += length + (at[length] != '\0');
	}
	if (command->failure_exit_code == 0)
		print_exit_codes();
	else
		printf("\nExit codes: its own, as said above; 130 if stopped by Ctrl-C.\n%s", explain_numbers);
}
