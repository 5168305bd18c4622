/* SPDX-License-Identifier: MIT */
/* Cells of a devicetree property: numbers, expressions in brackets and Zephyr's DT_SIZE_K and DT_SIZE_M. */
#include <ctype.h>
#include <stdlib.h>

#include "dtsource.h"

#define DEPTH_MAX 16

struct cells {
	const char *at;
	int depth;
	bool failed;
};

static uint64_t expression(struct cells *c);

static void blanks(struct cells *c)
{
	while (isspace((unsigned char)*c->at))
		c->at++;
}

static bool eat(struct cells *c, char letter)
{
	blanks(c);
	if (*c->at != letter)
		return false;
	c->at++;
	return true;
}

static uint64_t in_brackets(struct cells *c)
{
	if (++c->depth > DEPTH_MAX || !eat(c, '(')) {
		c->failed = true;
		return 0;
	}
	uint64_t value = expression(c);
	c->failed = !eat(c, ')') || c->failed;
	c->depth--;
	return value;
}

static uint64_t operand(struct cells *c)
{
	blanks(c);
	if (*c->at == '(')
		return in_brackets(c);
	if (strncmp(c->at, "DT_SIZE_K", 9) == 0 || strncmp(c->at, "DT_SIZE_M", 9) == 0) {
		unsigned shift = c->at[8] == 'K' ? 10 : 20;
		c->at += 9;
		return in_brackets(c) << shift;
	}
	char *end = NULL;
	uint64_t value = strtoull(c->at, &end, 0);
	c->failed = c->failed || end == c->at || !isdigit((unsigned char)*c->at);
	c->at = end != c->at ? end : c->at + (*c->at != '\0');
	while (isalpha((unsigned char)*c->at)) /* UL */
		c->at++;
	return value;
}

static uint64_t product(struct cells *c)
{
	uint64_t value = operand(c);
	for (blanks(c); !c->failed && (*c->at == '*' || *c->at == '/'); blanks(c)) {
		char op = *c->at++;
		uint64_t right = operand(c);
		c->failed = c->failed || (op == '/' && right == 0);
		if (!c->failed)
			value = op == '*' ? value * right : value / right;
	}
	return value;
}

static uint64_t expression(struct cells *c)
{
	uint64_t value = product(c);
	for (blanks(c); !c->failed && (*c->at == '+' || *c->at == '-' || strncmp(c->at, "<<", 2) == 0); blanks(c)) {
		char op = *c->at;
		c->at += op == '<' ? 2 : 1;
		uint64_t right = product(c);
		value = op == '+' ? value + right : op == '-' ? value - right : right < 64 ? value << right : 0;
	}
	return value;
}

bool dtsource_cell(const char *value, unsigned index, uint64_t *number)
{
	struct cells c = { .at = value };
	while (*c.at != '\0' && *c.at != '<')
		c.at++;
	if (*c.at != '<')
		return false;
	c.at++;
	for (unsigned i = 0;; i++) {
		blanks(&c);
		if (*c.at == '>' || *c.at == '\0')
			return false;
		uint64_t cell = operand(&c);
		if (c.failed)
			return false;
		if (i == index) {
			*number = cell;
			return true;
		}
	}
}
