/* SPDX-License-Identifier: MIT */
#include "textdiff.h"

#include <stdlib.h>

#include "partitions_write.h"

#define LINES_MAX 4000u
#define AROUND 2u

struct line {
	const char *text;
	size_t length;
};

struct lines {
	struct line list[LINES_MAX + 1];
	size_t count;
};

static bool split(const struct bytes *text, struct lines *lines)
{
	const char *at = (const char *)text->data, *end = text->size > 0 ? at + text->size : at;
	lines->count = 0;
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t length = stop != NULL ? (size_t)(stop - at) : (size_t)(end - at);
		if (lines->count == LINES_MAX)
			return false;
		lines->list[lines->count++] = (struct line){ at, length };
		at += length + 1;
	}
	return true;
}

static bool same(const struct line *a, const struct line *b)
{
	return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

/* length[i * (m + 1) + j]: of the longest common subsequence of what is behind line i and line j. */
static uint16_t *lengths(const struct lines *a, const struct lines *b)
{
	size_t row = b->count + 1;
	uint16_t *length = host_alloc((a->count + 1) * row * sizeof *length);
	for (size_t i = a->count; i-- > 0;) {
		for (size_t j = b->count; j-- > 0;) {
			uint16_t down = length[(i + 1) * row + j], right = length[i * row + j + 1];
			length[i * row + j] = same(&a->list[i], &b->list[j]) ? (uint16_t)(length[(i + 1) * row + j + 1] + 1) :
								       down > right ? down : right;
		}
	}
	return length;
}

/* Lines that stay are held back until it is known whether a change follows. */
struct printer {
	struct bytes *into;
	struct line kept[AROUND];
	size_t kept_count, after;
	bool started;
};

static void put(struct printer *p, char mark, const struct line *line)
{
	if (mark == ' ' && p->after == 0) {
		if (p->kept_count == AROUND) {
			for (size_t i = 1; i < AROUND; i++)
				p->kept[i - 1] = p->kept[i];
			p->kept_count--;
			if (p->started) {
				text_add(p->into, "  ...\n");
				p->started = false;
			}
		}
		p->kept[p->kept_count++] = *line;
		return;
	}
	for (size_t i = 0; i < p->kept_count; i++)
		text_add(p->into, "  %.*s\n", (int)p->kept[i].length, p->kept[i].text);
	p->kept_count = 0;
	text_add(p->into, "%c %.*s\n", mark, (int)line->length, line->text);
	p->after = mark == ' ' ? p->after - 1 : AROUND;
	p->started = true;
}

void textdiff(const char *name, const char *what, const struct bytes *before, const struct bytes *after, struct bytes *into)
{
	if (before->size == after->size && (before->size == 0 || memcmp(before->data, after->data, before->size) == 0))
		return;
	struct lines *a = host_alloc(sizeof *a), *b = host_alloc(sizeof *b);
	text_add(into, "--- %s\n+++ %s, %s\n", name, name, what);
	if (split(before, a) && split(after, b)) {
		uint16_t *length = lengths(a, b);
		struct printer printer = { .into = into };
		size_t i = 0, j = 0, row = b->count + 1;
		while (i < a->count || j < b->count) {
			if (i < a->count && j < b->count && same(&a->list[i], &b->list[j])) {
				put(&printer, ' ', &a->list[i++]);
				j++;
			} else if (j == b->count || (i < a->count && length[(i + 1) * row + j] >= length[i * row + j + 1])) {
				put(&printer, '-', &a->list[i++]);
			} else {
				put(&printer, '+', &b->list[j++]);
			}
		}
		free(length);
	} else {
		text_add(into, "  (too long to compare line by line)\n");
	}
	free(a);
	free(b);
}
