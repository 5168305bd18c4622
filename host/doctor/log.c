/* SPDX-License-Identifier: MIT */
/* Any text with messages in it, as a stream: cleaned of colours and of the stamps that terminals put before lines, each line tried
 * against messages.def; what a terminal broke in two is tried joined. Bounded in memory whatever the length. */
#include "log.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define HITS_KEPT 16      /* of each row and input: the first half and the last half */
#define MATCHES_MAX 24

const struct matcher_row log_rows[] = {
#define DOCTOR_MESSAGE(name, pattern) { #name, pattern },
#include "messages.def"
#undef DOCTOR_MESSAGE
};
const size_t log_row_count = HF_ARRAY_COUNT(log_rows);

/* Without escape sequences and control characters; returns the new length. */
static size_t without_colours(char *text, size_t length)
{
	size_t out = 0;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == 0x1b && i + 1 < length && text[i + 1] == '[') {
			for (i += 2; i < length && !isalpha((unsigned char)text[i]); i++)
				;
			continue;
		}
		/* The same when the escape character itself was lost on the way: "[0m", "[1;31m". */
		if (c == '[' && i + 2 < length && isdigit((unsigned char)text[i + 1])) {
			size_t k = i + 1;
			while (k < length && k < i + 8 && (isdigit((unsigned char)text[k]) || text[k] == ';'))
				k++;
			if (k < length && text[k] == 'm') {
				i = k;
				continue;
			}
		}
		if (c == '\b' && out != 0)
			out--;
		else if (c >= 0x20 || c == '\t')
			text[out++] = (char)c;
	}
	return out;
}

/* "00> " of RTT, "[15:03:48.692] " and "15:03:48.692 -> " of terminals, "2024-05-01 12:00:00 ". Zephyr's own stamp stays: a level
 * follows it. */
static size_t stamp_bytes(const char *text, size_t length)
{
	size_t i = 0;
	if (length >= 4 && isdigit((unsigned char)text[0]) && isdigit((unsigned char)text[1]) && text[2] == '>' && text[3] == ' ')
		return 4;
	bool bracket = length > 1 && text[0] == '[';
	i = bracket;
	size_t digits = 0, colons = 0;
	for (; i < length && (isdigit((unsigned char)text[i]) || strchr(":.,-/ T", text[i]) != NULL); i++) {
		digits += isdigit((unsigned char)text[i]) != 0;
		colons += text[i] == ':';
		if (text[i] == '-' && i + 1 < length && text[i + 1] == '>')
			break;
	}
	if (digits < 6 || colons != 2)
		return 0;
	if (bracket) {
		if (i >= length || text[i] != ']')
			return 0;
		i++;
		while (i < length && text[i] == ' ')
			i++;
		return i < length && text[i] == '<' ? 0 : i;
	}
	if (i + 1 < length && text[i] == '-' && text[i + 1] == '>')
		i += 2;
	else if (i < length && (text[i] == '>' || text[i] == '|'))
		i++;
	while (i < length && text[i] == ' ')
		i++;
	return i;
}

static void keep_hit(struct log_reader *r, const struct match *match, const char *text, size_t length)
{
	struct doctor *d = r->doctor;
	struct log_hit *into = NULL, *oldest = NULL;
	size_t kept = 0;
	d->pattern_counts[match->row]++;
	for (size_t i = 0; i < d->hits.count; i++) {
		struct log_hit *hit = &d->hits.at[i];
		if (hit->pattern != match->row || hit->input != r->input)
			continue;
		kept++;
		if (kept > HITS_KEPT / 2 && oldest == NULL)
			oldest = hit;
	}
	if (kept < HITS_KEPT) {
		into = DOCTOR_ADD(d->hits);
	} else {
		/* The list stays in order of lines: the oldest of the second half goes, the rest moves up. */
		size_t at = (size_t)(oldest - d->hits.at);
		memmove(oldest, oldest + 1, (d->hits.count - at - 1) * sizeof *oldest);
		into = &d->hits.at[d->hits.count - 1];
	}
	*into = (struct log_hit){ .input = r->input, .line = r->line, .boot = r->boots, .pattern = match->row, .about_mcuboot = r->in_mcuboot };
	memcpy(into->numbers, match->numbers, sizeof into->numbers);
	memcpy(into->numbers_found, match->found, sizeof into->numbers_found);
	(void)snprintf(into->text, sizeof into->text, "%.*s", (int)(length < 390 ? length : 390), text);
}

/* minimum: matches that begin at or after it belong to the line alone and were seen already. */
static void match_text(struct log_reader *r, const char *text, size_t length, bool joined, size_t border)
{
	struct match matches[MATCHES_MAX];
	size_t count = matcher_run(r->doctor->matcher, text, length, matches, MATCHES_MAX);
	for (size_t i = 0; i < count; i++) {
		struct match alone;
		const char *pattern = log_rows[matches[i].row].pattern;
		if (joined && (matcher_try(pattern, text, border, &alone) || matcher_try(pattern, text + border, length - border, &alone)))
			continue;
		log_boot_match(r, &matches[i], text, length);
		keep_hit(r, &matches[i], text, length);
	}
}

static bool begins_message(const char *text, size_t length)
{
	static const char *const openings[] = { "[", "I: ", "W: ", "E: ", "D: ", "***", "<", "CMake", "warning", "error", "uart:" };
	for (size_t i = 0; i < HF_ARRAY_COUNT(openings); i++) {
		size_t size = strlen(openings[i]);
		if (length >= size && memcmp(text, openings[i], size) == 0)
			return true;
	}
	return length == 0;
}

static void take_message(struct log_reader *r, char *text, size_t length)
{
	char joined[LOG_LINE_MAX + sizeof r->tail];
	log_kconfig_line(r, text, length);
	bool continues = r->tail_bytes >= 20 && !begins_message(text, length);
	if (continues) {
		memcpy(joined, r->tail, r->tail_bytes);
		memcpy(joined + r->tail_bytes, text, length);
		match_text(r, joined, r->tail_bytes + length, true, r->tail_bytes);
	}
	match_text(r, text, length, false, 0);
	log_boot_line(r, text, length);
	size_t keep = length < sizeof r->tail ? length : sizeof r->tail;
	memcpy(r->tail, text + length - keep, keep);
	r->tail_bytes = keep;
}

/* Where the next message begins in a line that holds several: a paste that lost its line ends. */
static size_t next_message(const char *text, size_t length)
{
	for (size_t i = 1; i + 4 < length; i++) {
		if (text[i - 1] != ' ')
			continue;
		bool level = strchr("IWED", text[i]) != NULL && text[i + 1] == ':' && text[i + 2] == ' ' && text[i] != '\0';
		bool banner = memcmp(text + i, "*** B", 5) == 0 || memcmp(text + i, "*** U", 5) == 0;
		bool stamp = text[i] == '[' && isdigit((unsigned char)text[i + 1]) && isdigit((unsigned char)text[i + 2]) && text[i + 3] == ':';
		if (level || banner || stamp)
			return i;
	}
	return length;
}

static void take_line(struct log_reader *r, char *line, size_t length)
{
	r->line++;
	r->doctor->log_lines++;
	length = without_colours(line, length);
	size_t stamp = stamp_bytes(line, length);
	char *text = line + stamp;
	length -= stamp;
	do {
		size_t size = next_message(text, length);
		take_message(r, text, size);
		text += size;
		length -= size;
	} while (length != 0);
}

static void feed(struct log_reader *r, const char *data, size_t size_bytes)
{
	for (size_t i = 0; i < size_bytes;) {
		const char *end = memchr(data + i, '\n', size_bytes - i);
		size_t chunk = end != NULL ? (size_t)(end - (data + i)) : size_bytes - i;
		size_t room = sizeof r->held - r->held_bytes;
		size_t take = chunk < room ? chunk : room;
		memcpy(r->held + r->held_bytes, data + i, take);
		r->held_bytes += take;
		i += take;
		bool complete = end != NULL && take == chunk;
		if (complete || r->held_bytes == sizeof r->held) {
			take_line(r, r->held, r->held_bytes);
			r->held_bytes = 0;
			i += complete;
			r->line -= !complete; /* a piece of an endless line */
		}
	}
}

static struct log_reader *open_reader(struct doctor *doctor, const struct doctor_input *input)
{
	struct log_reader *r = host_alloc(sizeof *r);
	if (doctor->matcher == NULL)
		doctor->matcher = matcher_make(log_rows, log_row_count);
	if (doctor->pattern_counts == NULL)
		doctor->pattern_counts = host_alloc(log_row_count * sizeof *doctor->pattern_counts);
	r->doctor = doctor;
	r->input = input;
	return r;
}

static void close_reader(struct log_reader *r)
{
	if (r->held_bytes != 0)
		take_line(r, r->held, r->held_bytes);
	log_kconfig_end(r);
	free(r);
}

void doctor_read_log(struct doctor *doctor, struct doctor_input *input, const struct bytes *text)
{
	struct log_reader *r = open_reader(doctor, input);
	feed(r, (const char *)text->data, text->size);
	close_reader(r);
	doctor_read_listing(doctor, input, (const char *)text->data, text->size);
}

enum hf_reason doctor_read_log_file(struct doctor *doctor, struct doctor_input *input, struct problem *problem)
{
	FILE *file = fopen(input->file, "rb");
	if (file == NULL)
		return problem_set(problem, HF_R_HOST_DOCTOR_INPUT, input->file, "%s", strerror(errno));
	struct log_reader *r = open_reader(doctor, input);
	static char chunk[65536];
	for (size_t got; (got = fread(chunk, 1, sizeof chunk, file)) != 0;)
		feed(r, chunk, got);
	close_reader(r);
	(void)fclose(file);
	return HF_OK;
}
