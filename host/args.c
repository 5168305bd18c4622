/* SPDX-License-Identifier: MIT */
#include "args.h"

#include <stdio.h>
#include <stdlib.h>

#include "bytes.h"

enum { ID_HELP = 10000, ID_JSON = 10001 };

static bool takes_value(const struct arg_option *option)
{
	return option->value != NULL;
}

static bool takes_two(const struct arg_option *option)
{
	return option->value != NULL && strchr(option->value, ' ') != NULL;
}

void args_start(struct args *args, const struct command *command, int argc, char **argv)
{
	*args = (struct args){ .command = command, .argc = argc, .argv = argv };
	size_t count = 0, at = 0;
	args->shorts[at++] = ':';
	for (const struct arg_option *o = command->options; o != NULL && o->id != 0; o++) {
		hf_assert(count + 3 < ARGS_OPTIONS_MAX);
		args->longs[count++] =
			(struct option){ .name = o->name, .has_arg = takes_value(o) ? required_argument : no_argument, .val = o->id };
		if (o->letter == '\0')
			continue;
		args->shorts[at++] = o->letter;
		if (takes_value(o))
			args->shorts[at++] = ':';
	}
	args->longs[count++] = (struct option){ .name = "help", .val = ID_HELP };
	args->longs[count] = (struct option){ .name = "json", .val = ID_JSON };
	args->shorts[at] = 'h';
	opterr = 0;
	optind = 1;
}

static const struct arg_option *row_of(const struct args *args, int id)
{
	for (const struct arg_option *o = args->command->options; o != NULL && o->id != 0; o++) {
		if (o->id == id || (o->letter != '\0' && o->letter == id))
			return o;
	}
	return NULL;
}

/* getopt tells '?' for an unknown option and for an ambiguous one, ':' for a missing value. */
static enum hf_reason refuse(const struct args *args, int said, struct problem *problem)
{
	const char *text = optind > 0 && optind <= args->argc ? args->argv[optind - 1] : "";
	if (said == ':')
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, text, "the option needs a value");
	if (optopt != 0 && row_of(args, optopt) == NULL && strncmp(text, "--", 2) != 0) {
		char name[3] = { '-', (char)optopt, '\0' };
		return problem_set(problem, HF_R_HOST_OPTION_UNKNOWN, name, "%s", "");
	}
	const char *names[ARGS_OPTIONS_MAX];
	size_t count = 0;
	for (; args->longs[count].name != NULL; count++)
		names[count] = args->longs[count].name;
	const char *near = strncmp(text, "--", 2) == 0 ? args_nearest(text + 2, names, count) : NULL;
	if (near != NULL)
		return problem_set(problem, HF_R_HOST_OPTION_UNKNOWN, text, "perhaps --%s is meant", near);
	return problem_set(problem, HF_R_HOST_OPTION_UNKNOWN, text, "%s", "");
}

enum hf_reason args_next(struct args *args, int *id, bool *json, struct problem *problem)
{
	for (;;) {
		int at = -1;
		int said = getopt_long(args->argc, args->argv, args->shorts, args->longs, &at);
		if (said == -1) {
			args->word_index = optind;
			*id = 0;
			return HF_OK;
		}
		if (said == ID_JSON) {
			*json = true;
			continue;
		}
		if (said == 'h' || said == ID_HELP) {
			args->want_help = true;
			continue;
		}
		if (said == '?' || said == ':')
			return refuse(args, said, problem);
		const struct arg_option *row = at >= 0 ? &args->command->options[at] : row_of(args, said); /* ids may repeat */
		hf_assert(row != NULL);
		args->name = row->name;
		args->value = optarg;
		args->value2 = NULL;
		if (takes_two(row)) {
			if (optind >= args->argc)
				return problem_set(problem, HF_R_HOST_OPTION_VALUE, row->name, "the option needs two values");
			args->value2 = args->argv[optind++];
		}
		*id = row->id;
		return HF_OK;
	}
}

const char *args_word(struct args *args)
{
	return args->word_index < args->argc ? args->argv[args->word_index++] : NULL;
}

enum hf_reason args_need_word(struct args *args, const char *what, const char **word, struct problem *problem)
{
	const char *next = args_word(args);
	if (next == NULL)
		return problem_set(problem, HF_R_HOST_OPTION_MISSING, what, "usage: holdfast %s %s", args->command->name,
				   args->command->synopsis);
	*word = next;
	return HF_OK;
}

enum hf_reason args_end(struct args *args, struct problem *problem)
{
	const char *extra = args_word(args);
	if (extra != NULL)
		return problem_set(problem, HF_R_HOST_USAGE, extra, "this word is one too many; usage: holdfast %s %s",
				   args->command->name, args->command->synopsis);
	return HF_OK;
}

enum hf_reason args_number(const char *name, const char *text, uint64_t max, uint64_t *number, struct problem *problem)
{
	const char *digits = text;
	unsigned base = 10;
	if (text[0] == '0' && text[1] != '\0') {
		char kind = (char)(text[1] | 0x20);
		base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;
		digits = text + 2;
	}
	uint64_t value = 0;
	bool good = base != 0 && *digits != '\0';
	for (; good && *digits != '\0'; digits++) {
		unsigned digit = *digits >= '0' && *digits <= '9' ? (unsigned)(*digits - '0') :
				 (*digits | 0x20) >= 'a' && (*digits | 0x20) <= 'f' ? (unsigned)((*digits | 0x20) - 'a') + 10 : 99;
		good = digit < base && value <= (UINT64_MAX - digit) / base;
		if (good)
			value = value * base + digit;
	}
	if (!good)
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, name, "'%s' is not a number (decimal, 0x.., 0o.. or 0b..)", text);
	if (value > max)
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, name, "%s is more than %llu", text, (unsigned long long)max);
	*number = value;
	return HF_OK;
}

/* Edit distance with insert, delete, replace and exchange of neighbours; words beyond 31 letters are never near. */
static unsigned distance(const char *a, const char *b)
{
	size_t an = strlen(a), bn = strlen(b);
	if (an > 31 || bn > 31)
		return 99;
	unsigned cost[33][33];
	for (size_t i = 0; i <= an; i++) {
		for (size_t j = 0; j <= bn; j++) {
			if (i == 0 || j == 0) {
				cost[i][j] = (unsigned)(i + j);
				continue;
			}
			unsigned least = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			least = cost[i - 1][j] + 1 < least ? cost[i - 1][j] + 1 : least;
			least = cost[i][j - 1] + 1 < least ? cost[i][j - 1] + 1 : least;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && cost[i - 2][j - 2] + 1 < least)
				least = cost[i - 2][j - 2] + 1;
			cost[i][j] = least;
		}
	}
	return cost[an][bn];
}

bool args_list_next(const char **at, const char **word, size_t *length)
{
	*word = *at + strspn(*at, ", ");
	*length = strcspn(*word, ", ");
	*at = *word + *length;
	return *length != 0;
}

const char *args_nearest(const char *word, const char *const *names, size_t count)
{
	const char *best = NULL;
	unsigned least = (unsigned)strlen(word) / 3 + 2;
	for (size_t i = 0; i < count; i++) {
		unsigned now = distance(word, names[i]);
		if (now < least) {
			least = now;
			best = names[i];
		}
	}
	return best;
}
