/* SPDX-License-Identifier: MIT */
/* Image lists, whatever client printed them: words before a colon, an equals sign or in quotes, and their values. A record begins with
 * a "slot", or with a brace when the slot is not its first word; Zephyr's shell says "primary area".
 * Source   apache/mynewt-mcumgr-cli, JPHutchins/smpmgr, vouch-opensource/mcumgr-client, nrfutil mcu-manager (their outputs);
 *          zephyrproject-rtos/zephyr: subsys/dfu/boot/mcuboot_shell.c. */
#define _GNU_SOURCE /* strcasecmp */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "doctor.h"

#define LISTED_MAX 400u

struct lister {
	struct doctor *doctor;
	struct doctor_input *input;
	struct listed now;
	bool open;
	unsigned line, listing, image;
	bool in_array;        /* a hash printed as numbers */
	size_t array_bytes;
	uint8_t array[64];
};

static void finish(struct lister *l)
{
	if (l->open && l->now.has_slot && (l->now.has_version || l->now.has_hash || l->now.has_flags || l->now.is_shell) &&
	    l->doctor->listed.count < LISTED_MAX) {
		/* A slot that is not above the one before begins a new list. */
		const struct listed *before = l->doctor->listed.count != 0 ? &l->doctor->listed.at[l->doctor->listed.count - 1] : NULL;
		if (before != NULL && (before->input != l->input || (l->now.image == before->image && l->now.slot <= before->slot) ||
					      l->now.image < before->image))
			l->listing++;
		l->now.listing = l->listing;
		*DOCTOR_ADD(l->doctor->listed) = l->now;
	}
	l->open = false;
	l->now = (struct listed){ 0 };
}

static void begin(struct lister *l)
{
	finish(l);
	l->open = true;
	l->now = (struct listed){ .input = l->input, .line = l->line, .image = l->image };
}

static bool truth(const char *value)
{
	return strncasecmp(value, "true", 4) == 0 || strncasecmp(value, "Some(true", 9) == 0 || strncasecmp(value, "yes", 3) == 0 || value[0] == '1';
}

static void take_flags(struct lister *l, const char *value)
{
	char word[24];
	l->now.has_flags = true;
	while (*value != '\0') {
		size_t length = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
		(void)snprintf(word, sizeof word, "%.*s", (int)(length < 23 ? length : 23), value);
		l->now.active = l->now.active || strcasecmp(word, "active") == 0;
		l->now.confirmed = l->now.confirmed || strcasecmp(word, "confirmed") == 0;
		l->now.pending = l->now.pending || strcasecmp(word, "pending") == 0;
		l->now.permanent = l->now.permanent || strcasecmp(word, "permanent") == 0;
		value += length + (value[length] != '\0');
	}
}

static uint8_t shell_flag(const char *value)
{
	return strncmp(value, "unset", 5) == 0 ? 3 : strncmp(value, "set", 3) == 0 ? 1 : strncmp(value, "bad", 3) == 0 ? 2 : 0;
}

/* The words of the shell's area. */
static void take_shell(struct lister *l, const char *key, const char *value)
{
	struct slot_state *s = &l->now.state;
	s->line = l->line;
	if (strcmp(key, "magic") == 0)
		s->magic = strncmp(value, "good", 4) == 0 ? WORD_GOOD : strncmp(value, "bad", 3) == 0 ? WORD_BAD : WORD_UNSET;
	else if (strcmp(key, "type") == 0)
		s->swap_type = strncmp(value, "test", 4) == 0 ? 2 : strncmp(value, "perm", 4) == 0 ? 3 : strncmp(value, "revert", 6) == 0 ? 4 : 1;
	else if (strcmp(key, "done") == 0)
		s->copy_done = shell_flag(value);
	else if (strcmp(key, "ok") == 0)
		s->image_ok = shell_flag(value);
}

/* A hash as a list of numbers, over as many lines as it takes. */
static void take_array(struct lister *l, const char *text)
{
	for (; *text != '\0' && *text != ']'; text++) {
		if (!isdigit((unsigned char)*text))
			continue;
		unsigned long number = strtoul(text, NULL, 10);
		if (l->array_bytes < sizeof l->array)
			l->array[l->array_bytes++] = (uint8_t)number;
		text += strspn(text, "0123456789") - 1;
	}
	if (*text != ']')
		return;
	l->in_array = false;
	l->now.has_hash = l->open && l->array_bytes >= 8;
	for (size_t i = 0; i < l->array_bytes && l->now.has_hash; i++)
		(void)snprintf(l->now.hash + 2 * i, 3, "%02x", l->array[i]);
}

static void take_hash(struct lister *l, const char *value)
{
	const char *list = value + strspn(value, " ");
	if (*list == '[') {
		l->in_array = true;
		l->array_bytes = 0;
		take_array(l, list + 1);
		return;
	}
	size_t length = 0;
	if (strncmp(value, "HashBytes(", 10) == 0)
		value += 10;
	value += strspn(value, " \"'(b[");
	while (isxdigit((unsigned char)value[length]))
		length++;
	if (length < 16 || length > 128)
		return;
	l->now.has_hash = true;
	for (size_t i = 0; i < length; i++)
		l->now.hash[i] = (char)tolower((unsigned char)value[i]);
	l->now.hash[length] = '\0';
}

static void take_pair(struct lister *l, const char *key, const char *value)
{
	if (strcmp(key, "slot") == 0 && isdigit((unsigned char)value[0])) {
		if (!l->open || l->now.has_slot)
			begin(l);
		l->now.has_slot = true;
		l->now.slot = (unsigned)strtoul(value, NULL, 10);
		return;
	}
	if (strcmp(key, "image") == 0 && isdigit((unsigned char)value[0])) {
		l->image = (unsigned)strtoul(value, NULL, 10);
		if (l->open && !l->now.has_slot)
			l->now.image = l->image;
		else if (l->open && l->now.has_slot && !l->now.has_version && !l->now.has_hash)
			l->now.image = l->image;
		return;
	}
	if (!l->open)
		return;
	if (l->now.is_shell)
		take_shell(l, key, value);
	if (strcmp(key, "version") == 0 && isdigit((unsigned char)value[0])) {
		l->now.has_version = true;
		(void)snprintf(l->now.version, sizeof l->now.version, "%.*s", (int)strspn(value, "0123456789.+"), value);
	} else if (strcmp(key, "hash") == 0) {
		take_hash(l, value);
	} else if (strcmp(key, "flags") == 0) {
		take_flags(l, value);
	} else if (strcmp(key, "bootable") == 0) {
		l->now.says_bootable = isalpha((unsigned char)value[0]) != 0 && strncasecmp(value, "none", 4) != 0;
		l->now.bootable = truth(value);
	} else if (strcmp(key, "pending") == 0 || strcmp(key, "confirmed") == 0 || strcmp(key, "active") == 0 || strcmp(key, "permanent") == 0) {
		bool yes = truth(value);
		l->now.has_flags = true;
		l->now.pending = key[1] == 'e' && key[0] == 'p' && key[2] == 'n' ? yes : l->now.pending;
		l->now.permanent = strcmp(key, "permanent") == 0 ? yes : l->now.permanent;
		l->now.confirmed = key[0] == 'c' ? yes : l->now.confirmed;
		l->now.active = key[0] == 'a' ? yes : l->now.active;
	}
}

static void take_pairs(struct lister *l, const char *line)
{
	for (const char *at = line; *at != '\0';) {
		if (*at == '{' || strncmp(at, "ImageState", 10) == 0) {
			begin(l);
			at += *at == '{' ? 1 : 10;
			continue;
		}
		if (!isalpha((unsigned char)*at)) {
			at++;
			continue;
		}
		char key[32];
		size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");
		for (size_t i = 0; i <= length && i < sizeof key; i++)
			key[i] = i < length && i + 1 < sizeof key ? (char)tolower((unsigned char)at[i]) : '\0';
		key[sizeof key - 1] = '\0';
		at += length;
		const char *value = at + strspn(at, "\"' ");
		if (*value != ':' && *value != '=')
			continue;
		value++;
		value += strspn(value, " \"'");
		if (strncmp(value, "Some(", 5) == 0 && strncmp(value, "Some(true", 9) != 0)
			value += 5;
		take_pair(l, key, value);
		if (strcmp(key, "flags") == 0 || l->in_array)
			break;
	}
}

static void take_line(struct lister *l, const char *line)
{
	const char *text = line + strspn(line, " \t");
	if (l->in_array) {
		take_array(l, text);
		return;
	}
	if (strncmp(text, "primary area", 12) == 0 || strncmp(text, "secondary area", 14) == 0) {
		begin(l);
		l->now.has_slot = l->now.is_shell = true;
		l->now.slot = text[0] == 's';
		return;
	}
	if (l->open && l->now.is_shell && (text[0] == '\0' || strncmp(text, "failed", 6) == 0 || text[0] == '[')) {
		finish(l);
		return;
	}
	/* A record as a client prints it: few words; a sentence of a log has none of them. */
	if (strstr(line, "slot") != NULL || strstr(line, "Slot") != NULL || strchr(line, '{') != NULL || strstr(line, "ImageState") != NULL || l->open ||
	    strstr(line, "image") != NULL)
		take_pairs(l, line);
}

void doctor_read_listing(struct doctor *d, struct doctor_input *input, const char *text, size_t size_bytes)
{
	struct lister l = { .doctor = d, .input = input };
	for (size_t i = 0; i < size_bytes;) {
		char line[1024];
		const char *end = memchr(text + i, '\n', size_bytes - i);
		size_t length = end != NULL ? (size_t)(end - (text + i)) : size_bytes - i;
		size_t kept = length < sizeof line - 1 ? length : sizeof line - 1;
		memcpy(line, text + i, kept);
		while (kept != 0 && isspace((unsigned char)line[kept - 1]))
			kept--;
		line[kept] = '\0';
		l.line++;
		take_line(&l, line);
		i += length + 1;
	}
	finish(&l);
}
