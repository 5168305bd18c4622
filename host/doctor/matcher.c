/* SPDX-License-Identifier: MIT */
#include "matcher.h"

#include <ctype.h>
#include <stdlib.h>

#include "bytes.h"

#define LETTERS 128 /* other bytes reset the automaton */

struct node {
	uint16_t next[LETTERS];
	uint16_t fail, row_first; /* row_first: 1 + index into chains; 0: none */
	uint16_t also;            /* nearest suffix that ends a piece */
};

struct matcher {
	const struct matcher_row *rows;
	size_t count;
	struct node *nodes;
	size_t node_count, capacity;
	uint16_t *chain;          /* rows with the same piece: chain[row] is the next + 1 */
};

static unsigned lower(char letter)
{
	unsigned char byte = (unsigned char)(letter == '\\' ? '/' : letter); /* paths of Windows */
	return byte < LETTERS ? (unsigned)tolower(byte) : 0;
}

/* The longest piece without wildcards. */
static void piece_of(const char *pattern, const char **piece, size_t *length)
{
	*length = 0;
	for (const char *at = pattern + (*pattern == '^'); *at != '\0';) {
		size_t run = strcspn(at, "*#");
		if (run > *length) {
			*piece = at;
			*length = run;
		}
		at += run + (at[run] != '\0');
	}
}

static uint16_t add_node(struct matcher *m)
{
	if (m->node_count == m->capacity) {
		m->capacity = m->capacity != 0 ? m->capacity * 2 : 512;
		struct node *larger = host_alloc(m->capacity * sizeof *larger);
		if (m->nodes != NULL)
			memcpy(larger, m->nodes, m->node_count * sizeof *larger);
		free(m->nodes);
		m->nodes = larger;
	}
	hf_assert(m->node_count < UINT16_MAX);
	return (uint16_t)m->node_count++;
}

static void add_row(struct matcher *m, uint16_t row)
{
	const char *piece = NULL;
	size_t length = 0;
	piece_of(m->rows[row].pattern, &piece, &length);
	hf_assert(length >= 3);
	uint16_t at = 0;
	for (size_t i = 0; i < length; i++) {
		unsigned letter = lower(piece[i]);
		if (m->nodes[at].next[letter] == 0) {
			uint16_t fresh = add_node(m);
			m->nodes[at].next[letter] = fresh;
		}
		at = m->nodes[at].next[letter];
	}
	m->chain[row] = m->nodes[at].row_first;
	m->nodes[at].row_first = (uint16_t)(row + 1);
}

/* Failure links by breadth; missing edges are filled so that a step never loops. */
static void link_nodes(struct matcher *m)
{
	uint16_t *queue = host_alloc(m->node_count * sizeof *queue);
	size_t head = 0, tail = 0;
	for (unsigned c = 0; c < LETTERS; c++) {
		if (m->nodes[0].next[c] != 0)
			queue[tail++] = m->nodes[0].next[c];
	}
	while (head < tail) {
		uint16_t at = queue[head++];
		uint16_t fail = m->nodes[at].fail;
		m->nodes[at].also = m->nodes[fail].row_first != 0 ? fail : m->nodes[fail].also;
		for (unsigned c = 0; c < LETTERS; c++) {
			uint16_t child = m->nodes[at].next[c];
			if (child == 0) {
				m->nodes[at].next[c] = m->nodes[fail].next[c];
				continue;
			}
			m->nodes[child].fail = m->nodes[fail].next[c];
			queue[tail++] = child;
		}
	}
	free(queue);
}

struct matcher *matcher_make(const struct matcher_row *rows, size_t count)
{
	struct matcher *m = host_alloc(sizeof *m);
	m->rows = rows;
	m->count = count;
	m->chain = host_alloc(count * sizeof *m->chain);
	(void)add_node(m);
	for (size_t i = 0; i < count; i++)
		add_row(m, (uint16_t)i);
	link_nodes(m);
	return m;
}

void matcher_free(struct matcher *m)
{
	if (m == NULL)
		return;
	free(m->nodes);
	free(m->chain);
	free(m);
}

static size_t number_at(const char *text, size_t length, uint64_t *number)
{
	size_t i = 0;
	uint64_t value = 0;
	bool hex = length > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') && isxdigit((unsigned char)text[2]);
	i = hex ? 2 : 0;
	size_t first = i;
	for (; i < length && (hex ? isxdigit((unsigned char)text[i]) : isdigit((unsigned char)text[i])) != 0; i++) {
		unsigned char c = (unsigned char)text[i];
		unsigned digit = isdigit(c) ? (unsigned)(c - '0') : (unsigned)(tolower(c) - 'a' + 10);
		value = value * (hex ? 16u : 10u) + digit;
	}
	*number = value;
	return i > first ? i : 0;
}

bool matcher_try(const char *pattern, const char *line, size_t length, struct match *match)
{
	bool anchored = *pattern == '^';
	const char *p = pattern + anchored, *star = anchored ? NULL : p;
	size_t at = 0, star_at = 0, star_numbers = 0, numbers = 0;
	match->start = 0;
	memset(match->found, 0, sizeof match->found);
	while (*p != '\0') {
		uint64_t number = 0;
		size_t used = 0;
		if (*p == '*') {
			star = ++p;
			star_at = at;
			star_numbers = numbers;
			continue;
		}
		if (*p == '#')
			used = number_at(line + at, length - at, &number);
		else if (at < length && lower(line[at]) == lower(*p))
			used = 1;
		if (used != 0) {
			if (*p == '#' && numbers < MATCHER_NUMBERS) {
				match->found[numbers] = true;
				match->numbers[numbers++] = number;
			}
			at += used;
			p++;
			continue;
		}
		if (star == NULL || star_at >= length)
			return false;
		p = star;
		at = ++star_at;
		numbers = star_numbers;
		if (star == pattern + anchored)
			match->start = at;
	}
	for (size_t i = numbers; i < MATCHER_NUMBERS; i++)
		match->found[i] = false;
	return true;
}

static bool has_row(const struct match *matches, size_t count, uint16_t row)
{
	for (size_t i = 0; i < count; i++) {
		if (matches[i].row == row)
			return true;
	}
	return false;
}

size_t matcher_run(const struct matcher *m, const char *line, size_t length, struct match *matches, size_t max)
{
	size_t count = 0;
	uint16_t at = 0;
	for (size_t i = 0; i < length; i++) {
		at = m->nodes[at].next[lower(line[i])];
		for (uint16_t end = m->nodes[at].row_first != 0 ? at : m->nodes[at].also; end != 0; end = m->nodes[end].also) {
			for (uint16_t row = m->nodes[end].row_first; row != 0; row = m->chain[row - 1]) {
				uint16_t index = (uint16_t)(row - 1);
				if (count == max || has_row(matches, count, index))
					continue;
				if (matcher_try(m->rows[index].pattern, line, length, &matches[count]))
					matches[count++].row = index;
			}
		}
	}
	return count;
}
