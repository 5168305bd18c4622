/* SPDX-License-Identifier: MIT */
/* What can be offered for which word. */
#include "words.h"

#include <boards/boards.h>
#include <ctype.h>
#include <stdlib.h>

#include "bytes.h"

/* Value words and words of a synopsis. Upper case: a kind of thing; what has no row is typed by hand. */
static const struct {
	const char *word;
	unsigned kind;
} word_kinds[] = {
	{ "FILE", WORDS_FILE }, { "IMAGE", WORDS_FILE }, { "INPUT", WORDS_FILE }, { "OUTPUT", WORDS_FILE }, { "LOCAL", WORDS_FILE },
	{ "PACKAGE", WORDS_FILE }, { "SPEC", WORDS_FILE }, { "SOCKET", WORDS_FILE }, { "PATH", WORDS_FILE }, { "FOLDER", WORDS_FOLDER },
	{ "BOARD", WORDS_BOARD }, { "LAYOUT", WORDS_LAYOUT }, { "DEVICE", WORDS_DEVICE },
};

static unsigned kind_of(const char *word, size_t length)
{
	for (size_t i = 0; i < HF_ARRAY_COUNT(word_kinds); i++) {
		if (strlen(word_kinds[i].word) == length && memcmp(word_kinds[i].word, word, length) == 0)
			return word_kinds[i].kind;
	}
	return 0;
}

/* The parts between '|' that are values as they are typed: no capitals, no brackets. */
static char *choices(const char *value)
{
	struct bytes list = { 0 };
	for (const char *at = value; at != NULL;) {
		size_t length = strcspn(at, "|"), small = 0;
		while (small < length && (islower((unsigned char)at[small]) || isdigit((unsigned char)at[small]) || at[small] == '-'))
			small++;
		if (small == length && strchr(value, '|') != NULL) {
			bytes_add(&list, " ", list.size != 0 ? 1 : 0);
			bytes_add(&list, at, length);
		}
		at = at[length] == '|' ? at + length + 1 : NULL;
	}
	bytes_add(&list, "", 1);
	return (char *)list.data;
}

unsigned words_of_option(const struct arg_option *option)
{
	if (option->value == NULL)
		return 0;
	if (strcmp(option->name, "board") == 0)
		return WORDS_BOARD;
	if (strcmp(option->name, "layout") == 0)
		return WORDS_LAYOUT;
	char *list = choices(option->value);
	bool some = list[0] != '\0';
	free(list);
	return some ? WORDS_CHOICE : kind_of(option->value, strlen(option->value));
}

/* "DEVICE [HASH | IMAGE] [-k KEY]... [-- MORE]": capitals that are not the value of an option. */
unsigned words_of_synopsis(const char *synopsis)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	unsigned kinds = 0;
	bool is_value = false;
	for (const char *at = synopsis; *at != '\0';) {
		size_t capitals = strspn(at, letters), other = strcspn(at, " []()|@=:.");
		if (at[0] == '-' && at[1] == '-' && at[2] == ' ')
			break;
		if (other > 0) {
			kinds |= capitals == other && !is_value ? kind_of(at, capitals) : 0;
			is_value = at[0] == '-' && at[other] == ' ';
			at += other;
		} else {
			is_value = is_value && *at != ']' && *at != '|';
			at++;
		}
	}
	return kinds;
}

static void add_name(struct bytes *list, const char *name)
{
	bytes_add(list, " ", list->size != 0 ? 1 : 0);
	bytes_add(list, name, strlen(name));
}

static bool has_name(const struct bytes *list, const char *name)
{
	size_t length = strlen(name);
	for (size_t at = 0; at + length <= list->size; at++) {
		if (memcmp(list->data + at, name, length) == 0 && (at == 0 || list->data[at - 1] == ' ') &&
		    (at + length == list->size || list->data[at + length] == ' '))
			return true;
	}
	return false;
}

char *words_list(unsigned kinds, const char *value)
{
	struct bytes list = { 0 };
	size_t count = 0;
	const struct board *const *boards = board_list(&count);
	if ((kinds & WORDS_CHOICE) != 0)
		return choices(value);
	for (size_t i = 0; i < count; i++) {
		if ((kinds & WORDS_BOARD) != 0)
			add_name(&list, boards[i]->name);
		for (uint32_t j = 0; j < boards[i]->layout_count && (kinds & WORDS_LAYOUT) != 0; j++) {
			if (!has_name(&list, boards[i]->layouts[j].name))
				add_name(&list, boards[i]->layouts[j].name);
		}
	}
	bytes_add(&list, "", 1);
	return (char *)list.data;
}
