/* SPDX-License-Identifier: MIT */
/* args.h - walks a command line by the command's option rows.
 *
 * Order    args_next until it gives 0; then args_word for the words that are no options.
 * Errors   HF_R_HOST_OPTION_UNKNOWN (with a suggestion), HF_R_HOST_OPTION_VALUE, HF_R_HOST_OPTION_MISSING.
 */
#ifndef HOST_ARGS_H
#define HOST_ARGS_H

#include <getopt.h>

#include "command.h"

#define ARGS_OPTIONS_MAX 64

struct args {
	const struct command *command;
	struct report *report;   /* of this run */
	int argc;
	char **argv;             /* argv[0] is the program, options and words follow */
	struct option longs[ARGS_OPTIONS_MAX];
	char shorts[2 * ARGS_OPTIONS_MAX + 8];
	const char *name;        /* of the option that args_next gave, without dashes */
	const char *value;       /* of the option that args_next gave */
	const char *value2;      /* of a "TAG VALUE" option */
	int word_index;
	bool want_help;
};

/* json and help are taken out on the way. */
void args_start(struct args *args, const struct command *command, int argc, char **argv);
/* Next option's id, or 0 at the end. */
enum hf_reason args_next(struct args *args, int *id, bool *json, struct problem *problem) HF_MUST_USE;
/* Next word; NULL if there is none. */
const char *args_word(struct args *args);
/* The word must be there; what names it in the message. */
enum hf_reason args_need_word(struct args *args, const char *what, const char **word, struct problem *problem) HF_MUST_USE;
/* No words may be left. */
enum hf_reason args_end(struct args *args, struct problem *problem) HF_MUST_USE;

/* 0x, 0b, 0o and decimal, as Python's int(text, 0) reads them. name is the option, for the message. */
enum hf_reason args_number(const char *name, const char *text, uint64_t max, uint64_t *number, struct problem *problem) HF_MUST_USE;

/* The words of a list with commas, one after the other: begin with *at at the list. False: no word is left. */
bool args_list_next(const char **at, const char **word, size_t *length);

/* The nearest of count names, or NULL if none is near. */
const char *args_nearest(const char *word, const char *const *names, size_t count);

#endif
