/* SPDX-License-Identifier: MIT */
/* Completions for bash, zsh and fish. Each shell has a frame of its own around the same facts: first words, options, kinds of values.
 *
 * What only the machine knows (ports and saved names) is asked from `holdfast devices --json` when the key is pressed.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "bytes.h"
#include "help.h"
#include "words.h"

#define DEVICES_SED "devices --json 2>/dev/null | sed -n 's/^.*\"\\(path\\|name\\)\":[[:space:]]*\"\\([^\"]*\\)\".*$/\\2/p'"

static bool has_commands(const struct words_program *program)
{
	return program->commands[0]->name[0] != '\0';
}

/* A name for a shell function: holdfast-board gives holdfast_board. */
static void put_function(const char *name)
{
	for (; *name != '\0'; name++)
		putchar(isalnum((unsigned char)*name) ? *name : '_');
}

static void each_option(const struct words_program *program, const struct command *command,
			void (*each)(const struct words_program *program, const struct command *command, const struct arg_option *option))
{
	for (const struct arg_option *o = command->options; o != NULL && o->id != 0; o++)
		each(program, command, o);
	for (const struct arg_option *o = help_common; o->id != 0 && program->takes_json; o++)
		each(program, command, o);
}

/* First words (group NULL) or the second words of a group, each once, separated by spaces. */
static void put_heads(const struct words_program *program, const char *group)
{
	const char *last = "";
	size_t last_length = 0;
	for (size_t i = 0; i < program->count; i++) {
		const char *name = program->commands[i]->name, *space = strchr(name, ' ');
		size_t length = space != NULL ? (size_t)(space - name) : strlen(name);
		if (group != NULL && space != NULL && strlen(group) == length && memcmp(group, name, length) == 0)
			printf("%s ", space + 1);
		if (group == NULL && (length != last_length || memcmp(name, last, length) != 0))
			printf("%.*s ", (int)length, name);
		last = name;
		last_length = length;
	}
}

/* Calls with the first word of each group, as an allocated text, once (the commands of a group stand together). */
static void each_group(const struct words_program *program, void (*each)(const struct words_program *program, const char *group))
{
	char *last = host_strdup("");
	for (size_t i = 0; i < program->count; i++) {
		const char *name = program->commands[i]->name, *space = strchr(name, ' ');
		if (space == NULL)
			continue;
		char *group = host_printf("%.*s", (int)(space - name), name);
		if (strcmp(group, last) != 0)
			each(program, group);
		free(last);
		last = group;
	}
	free(last);
}

/* --- bash ---------------------------------------------------------------------------------------------------------------------- */

static void bash_names(const struct words_program *program, const struct command *command, const struct arg_option *option)
{
	(void)program;
	(void)command;
	printf("--%s ", option->name);
}

static void bash_offer(unsigned kinds, const char *value)
{
	char *list = words_list(kinds, value);
	if (list[0] != '\0')
		printf(" COMPREPLY+=($(compgen -W '%s' -- \"$cur\"));", list);
	if ((kinds & WORDS_DEVICE) != 0)
		fputs(" COMPREPLY+=($(compgen -W \"$(\"${COMP_WORDS[0]}\" " DEVICES_SED ")\" -- \"$cur\"));", stdout);
	if ((kinds & (WORDS_FILE | WORDS_FOLDER)) != 0)
		printf(" _holdfast_files %s;", (kinds & WORDS_FILE) != 0 ? "-f" : "-d");
	free(list);
}

static void bash_value(const struct words_program *program, const struct command *command, const struct arg_option *option)
{
	(void)program;
	(void)command;
	if (option->value == NULL)
		return;
	if (option->letter != '\0')
		printf("\t\t-%c | ", option->letter);
	else
		fputs("\t\t", stdout);
	printf("--%s)", option->name);
	bash_offer(words_of_option(option), option->value);
	fputs(" return ;;\n", stdout);
}

static void bash_command(const struct words_program *program, const struct command *command)
{
	printf("\t'%s')\n\t\tcase $prev in\n", command->name);
	each_option(program, command, bash_value);
	fputs("\t\tesac\n\t\t[[ $cur == -* ]] && COMPREPLY=($(compgen -W '", stdout);
	each_option(program, command, bash_names);
	fputs("' -- \"$cur\")) && return\n\t\t", stdout);
	bash_offer(words_of_synopsis(command->synopsis), "");
	fputs(" : ;;\n", stdout);
}

static void bash_group(const struct words_program *program, const char *group)
{
	printf("\t%s) ((COMP_CWORD == 2)) && COMPREPLY=($(compgen -W '", group);
	put_heads(program, group);
	fputs("' -- \"$cur\")) && return; command=\"$command ${COMP_WORDS[2]}\" ;;\n", stdout);
}

void words_bash(const struct words_program *program)
{
	printf("# SPDX-License-Identifier: MIT\n# bash completion for %s; made by holdfast-words\n", program->name);
	fputs("declare -F _holdfast_files >/dev/null || _holdfast_files()\n{\n"
	      "\tcompopt -o filenames 2>/dev/null\n\tlocal file\n"
	      "\twhile IFS= read -r file; do COMPREPLY+=(\"$file\"); done < <(compgen \"$1\" -- \"$cur\")\n}\n",
	      stdout);
	fputs("_complete_", stdout);
	put_function(program->name);
	fputs("()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=\n\tCOMPREPLY=()\n"
	      "\t# --name=value comes as three words\n"
	      "\tif [[ $cur == = ]]; then cur=\n\telif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}\n\tfi\n",
	      stdout);
	if (has_commands(program)) {
		fputs("\tcommand=${COMP_WORDS[1]}\n\t((COMP_CWORD == 1)) && COMPREPLY=($(compgen -W '", stdout);
		put_heads(program, NULL);
		fputs("--help --version' -- \"$cur\")) && return\n\tcase $command in\n", stdout);
		each_group(program, bash_group);
		fputs("\tesac\n", stdout);
	}
	fputs("\tcase $command in\n", stdout);
	for (size_t i = 0; i < program->count; i++)
		bash_command(program, program->commands[i]);
	fputs("\tesac\n}\ncomplete -F _complete_", stdout);
	put_function(program->name);
	printf(" %s\n", program->name);
}

/* --- zsh ----------------------------------------------------------------------------------------------------------------------- */

/* Inside [...] of a specification of _arguments, inside single quotes. */
static void zsh_text(const char *text)
{
	for (; *text != '\0'; text++) {
		char c = *text == '[' ? '(' : *text == ']' ? ')' : *text == ':' ? ';' : *text;
		if (c == '\'')
			fputs("'\\''", stdout);
		else
			putchar(c);
	}
}

static void zsh_action(unsigned kinds, const char *value)
{
	char *list = words_list(kinds, value);
	if ((kinds & WORDS_DEVICE) != 0)
		fputs("_holdfast_devices", stdout);
	else if ((kinds & WORDS_FOLDER) != 0)
		fputs("_files -/", stdout);
	else if ((kinds & WORDS_FILE) != 0)
		fputs("_files", stdout);
	else
		printf("(%s)", list);
	free(list);
}

static void zsh_form(const struct arg_option *option, const char *dashes, const char *name, size_t name_length)
{
	printf(" \\\n\t\t\t'*%s%.*s[", dashes, (int)name_length, name);
	zsh_text(option->help);
	putchar(']');
	if (option->value != NULL) {
		putchar(':');
		zsh_text(option->value);
		putchar(':');
		zsh_action(words_of_option(option), option->value);
	}
	putchar('\'');
}

static void zsh_option(const struct words_program *program, const struct command *command, const struct arg_option *option)
{
	(void)program;
	(void)command;
	if (option->letter != '\0')
		zsh_form(option, "-", &option->letter, 1);
	zsh_form(option, "--", option->name, strlen(option->name));
}

static void zsh_command(const struct words_program *program, const struct command *command)
{
	unsigned kinds = words_of_synopsis(command->synopsis);
	printf("\t'%s')\n\t\t_arguments -S", command->name);
	each_option(program, command, zsh_option);
	for (unsigned kind = 1; kind < WORDS_CHOICE; kind <<= 1) {
		if ((kinds & kind) == 0)
			continue;
		if (kind == WORDS_FILE && (kinds & WORDS_DEVICE) != 0)
			continue; /* _holdfast_devices offers files too */
		fputs(" \\\n\t\t\t'*:word:", stdout);
		zsh_action(kind, "");
		putchar('\'');
	}
	fputs("\n\t\t;;\n", stdout);
}

static void zsh_group(const struct words_program *program, const char *group)
{
	printf("\t%s)\n\t\tif ((CURRENT == 3)); then compadd -- ", group);
	put_heads(program, group);
	fputs("; return; fi\n\t\tcommand=\"$command $words[3]\"; shift words; ((CURRENT--)) ;;\n", stdout);
}

void words_zsh(const struct words_program *program)
{
	printf("#compdef %s\n# SPDX-License-Identifier: MIT\n# zsh completion for %s; made by holdfast-words\n", program->name, program->name);
	fputs("(( $+functions[_holdfast_devices] )) || _holdfast_devices()\n{\n\tlocal -a found\n"
	      "\tfound=(${(f)\"$(holdfast " DEVICES_SED ")\"})\n\tcompadd -a found\n\t_files\n}\n",
	      stdout);
	putchar('_');
	put_function(program->name);
	fputs("()\n{\n\tlocal command=\n", stdout);
	if (has_commands(program)) {
		fputs("\tif ((CURRENT == 2)); then compadd -- ", stdout);
		put_heads(program, NULL);
		fputs("--help --version; return; fi\n\tcommand=$words[2]\n\tcase $command in\n", stdout);
		each_group(program, zsh_group);
		fputs("\tesac\n\tshift words; ((CURRENT--))\n", stdout);
	}
	fputs("\tcase $command in\n", stdout);
	for (size_t i = 0; i < program->count; i++)
		zsh_command(program, program->commands[i]);
	fputs("\tesac\n}\n_", stdout);
	put_function(program->name);
	fputs(" \"$@\"\n", stdout);
}

/* --- fish ---------------------------------------------------------------------------------------------------------------------- */

static void fish_text(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
}

static void fish_head(const struct words_program *program, const struct command *command)
{
	printf("complete -c %s", program->name);
	if (command->name[0] != '\0')
		printf(" -n '__holdfast_is %s'", command->name);
}

static void fish_offer(unsigned kinds, const char *value)
{
	char *list = words_list(kinds, value);
	fputs((kinds & (WORDS_FILE | WORDS_FOLDER)) != 0 ? " -F" : " -f", stdout);
	if (list[0] != '\0')
		printf(" -a '%s'", list);
	if ((kinds & WORDS_DEVICE) != 0)
		fputs(" -a '(__holdfast_devices)'", stdout);
	free(list);
}

static void fish_option(const struct words_program *program, const struct command *command, const struct arg_option *option)
{
	fish_head(program, command);
	if (option->letter != '\0')
		printf(" -s %c", option->letter);
	printf(" -l %s", option->name);
	if (option->value != NULL) {
		fputs(" -r", stdout);
		fish_offer(words_of_option(option), option->value);
	}
	fputs(" -d '", stdout);
	fish_text(option->help);
	fputs("'\n", stdout);
}

static void fish_group(const struct words_program *program, const char *group)
{
	for (size_t i = 0; i < program->count; i++) {
		const char *name = program->commands[i]->name;
		size_t length = strlen(group);
		if (strncmp(name, group, length) != 0 || name[length] != ' ')
			continue;
		printf("complete -c %s -f -n '__holdfast_is_group %s' -a %s -d '", program->name, group, name + length + 1);
		fish_text(program->commands[i]->summary);
		fputs("'\n", stdout);
	}
}

void words_fish(const struct words_program *program)
{
	printf("# SPDX-License-Identifier: MIT\n# fish completion for %s; made by holdfast-words\n", program->name);
	printf("complete -c %s -f\n", program->name);
	if (has_commands(program)) {
		fputs("function __holdfast_is\n\tset -l words (commandline -opc)\n"
		      "\tset -l last (math 1 + (count $argv))\n\ttest \"$words[2..$last]\" = \"$argv\"\nend\n"
		      "function __holdfast_is_group\n\tset -l words (commandline -opc)\n"
		      "\ttest (count $words) -eq 2; and test $words[2] = $argv[1]\nend\n"
		      "function __holdfast_devices\n\tholdfast " DEVICES_SED "\nend\n",
		      stdout);
		printf("complete -c %s -f -n 'test (count (commandline -opc)) -eq 1' -a '", program->name);
		put_heads(program, NULL);
		fputs("'\n", stdout);
		each_group(program, fish_group);
	}
	for (size_t i = 0; i < program->count; i++) {
		unsigned kinds = words_of_synopsis(program->commands[i]->synopsis);
		if (kinds != 0) {
			fish_head(program, program->commands[i]);
			fish_offer(kinds, "");
			putchar('\n');
		}
		each_option(program, program->commands[i], fish_option);
	}
}
