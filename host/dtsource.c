/* SPDX-License-Identifier: MIT */
#include "dtsource.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

struct scanner {
	const char *path, *at, *end;
	unsigned line;
	struct dtsource *into;
	struct problem *problem;
	int stack[DTSOURCE_DEPTH_MAX];
	int depth;
};

static enum hf_reason refuse(const struct scanner *s, const char *what)
{
	return problem_set(s->problem, HF_R_HOST_LAYOUT_DTS, s->path, "line %u: %s", s->line, what);
}

static void step(struct scanner *s)
{
	if (*s->at == '\n')
		s->line++;
	s->at++;
}

static bool starts(const struct scanner *s, const char *text)
{
	size_t length = strlen(text);
	return (size_t)(s->end - s->at) >= length && memcmp(s->at, text, length) == 0;
}

/* White space, comments and preprocessor lines. */
static void skip_blank(struct scanner *s)
{
	bool fresh = true; /* nothing but blanks since the line began, as far as this call saw */
	while (s->at < s->end) {
		if (isspace((unsigned char)*s->at)) {
			fresh = fresh || *s->at == '\n';
			step(s);
		} else if (starts(s, "/*")) {
			while (s->at < s->end && !starts(s, "*/"))
				step(s);
			for (int i = 0; i < 2 && s->at < s->end; i++)
				step(s);
		} else if (starts(s, "//") || (*s->at == '#' && fresh && (starts(s, "#include") || starts(s, "#if") || starts(s, "#el") ||
				starts(s, "#endif") || starts(s, "#define") || starts(s, "#undef") || starts(s, "#error") || starts(s, "# ")))) {
			while (s->at < s->end && *s->at != '\n')
				step(s);
		} else {
			return;
		}
	}
}

/* Text up to one of the stops outside strings and comments, white space folded. */
static enum hf_reason read_until(struct scanner *s, const char *stops, struct bytes *text)
{
	bool blank = false;
	while (s->at < s->end) {
		if (isspace((unsigned char)*s->at) || starts(s, "/*") || starts(s, "//")) {
			skip_blank(s);
			blank = true;
			continue;
		}
		if (strchr(stops, *s->at) != NULL)
			break;
		if (blank && text->size != 0)
			bytes_add(text, " ", 1);
		blank = false;
		if (*s->at != '"') {
			bytes_add(text, s->at, 1);
			step(s);
			continue;
		}
		do {
			bytes_add(text, s->at, 1);
			if (*s->at == '\\' && s->at + 1 < s->end) {
				step(s);
				bytes_add(text, s->at, 1);
			}
			step(s);
		} while (s->at < s->end && *s->at != '"');
		if (s->at == s->end)
			return refuse(s, "a string that never ends");
		bytes_add(text, s->at, 1);
		step(s);
	}
	bytes_add(text, "", 1);
	return HF_OK;
}

static void copy(char into[64], const char *text, size_t length)
{
	(void)snprintf(into, 64, "%.*s", (int)(length < 63 ? length : 63), text);
}

/* head: "label: other: name" as it stands before the brace. */
static enum hf_reason open_node(struct scanner *s, const char *head, unsigned line)
{
	struct dtsource *d = s->into;
	if (s->depth == DTSOURCE_DEPTH_MAX)
		return refuse(s, "nodes nested deeper than 32 levels");
	if (d->node_count == DTSOURCE_NODES_MAX)
		return refuse(s, "more than 20000 nodes");
	d->nodes = host_grown(d->nodes, d->node_count, &d->node_capacity, sizeof *d->nodes);
	struct dt_node *node = &d->nodes[d->node_count];
	*node = (struct dt_node){ .parent = s->depth > 0 ? s->stack[s->depth - 1] : -1, .line = line };
	for (const char *colon; (colon = strchr(head, ':')) != NULL;) {
		if (node->label[0] == '\0')
			copy(node->label, head, (size_t)(colon - head));
		head = colon + 1;
		head += strspn(head, " ");
	}
	copy(node->name, head, strlen(head));
	node->name[strcspn(node->name, " ")] = '\0';
	if (node->name[0] == '&') {
		node->is_reference = true;
		copy(node->label, node->name + 1, strlen(node->name + 1));
	}
	s->stack[s->depth++] = (int)d->node_count++;
	return HF_OK;
}

static void add_property(struct scanner *s, const char *name, const char *value, unsigned line)
{
	struct dtsource *d = s->into;
	if (s->depth == 0)
		return;
	d->properties = host_grown(d->properties, d->property_count, &d->property_capacity, sizeof *d->properties);
	struct dt_property *p = &d->properties[d->property_count++];
	*p = (struct dt_property){ .node = s->stack[s->depth - 1], .value = host_strdup(value), .line = line };
	const char *colon = strrchr(name, ':');
	name = colon != NULL ? colon + 1 + strspn(colon + 1, " ") : name;
	copy(p->name, name, strcspn(name, " "));
}

static void delete_node(struct scanner *s, const char *what)
{
	struct dtsource *d = s->into;
	what += strspn(what, " &");
	size_t capacity = d->deleted_count;
	d->deleted = host_grown(d->deleted, d->deleted_count, &capacity, sizeof *d->deleted);
	copy(d->deleted[d->deleted_count], what, strlen(what));
	for (size_t i = 0; i < d->node_count; i++) {
		if (strcmp(d->nodes[i].label, what) == 0 || strcmp(d->nodes[i].name, what) == 0)
			d->nodes[i].is_deleted = true;
	}
	d->deleted_count++;
}

/* One statement: a node's head, a property, a directive. */
static enum hf_reason statement(struct scanner *s)
{
	unsigned line = s->line;
	struct bytes head = { 0 };
	enum hf_reason reason = read_until(s, "={};", &head);
	if (reason != HF_OK || s->at == s->end) {
		bytes_free(&head);
		return reason;
	}
	const char *text = (const char *)head.data;
	if (*s->at == '{') {
		step(s);
		reason = open_node(s, text, line);
	} else if (*s->at == '}') {
		step(s);
		reason = s->depth == 0 ? refuse(s, "a closing brace too many") : HF_OK;
		s->depth -= s->depth > 0;
	} else if (*s->at == ';') {
		step(s);
		if (strncmp(text, "/delete-node/", 13) == 0)
			delete_node(s, text + 13);
		else if (text[0] != '\0' && text[0] != '/')
			add_property(s, text, "", line);
	} else {
		struct bytes value = { 0 };
		step(s);
		reason = read_until(s, ";{}", &value);
		if (reason == HF_OK)
			add_property(s, text, (const char *)value.data, line);
		if (s->at < s->end && *s->at == ';')
			step(s);
		bytes_free(&value);
	}
	bytes_free(&head);
	return reason;
}

enum hf_reason dtsource_read(const char *path, const struct bytes *text, struct dtsource *into, struct problem *problem)
{
	struct scanner s = { .path = path, .at = (const char *)text->data, .line = 1, .into = into, .problem = problem };
	*into = (struct dtsource){ 0 };
	if (text->size > DTSOURCE_FILE_BYTES_MAX)
		return problem_set(problem, HF_R_HOST_LAYOUT_DTS, path, "larger than 4 MiB");
	if (text->size == 0)
		return HF_OK;
	s.end = s.at + text->size;
	enum hf_reason reason = HF_OK;
	for (skip_blank(&s); s.at < s.end && reason == HF_OK; skip_blank(&s))
		reason = statement(&s);
	if (reason == HF_OK && s.depth != 0)
		reason = refuse(&s, "the file ends inside a node: a closing brace is missing");
	if (reason != HF_OK)
		dtsource_free(into);
	return reason;
}

void dtsource_free(struct dtsource *source)
{
	for (size_t i = 0; i < source->property_count; i++)
		free(source->properties[i].value);
	free(source->properties);
	free(source->nodes);
	free(source->deleted);
	*source = (struct dtsource){ 0 };
}

const struct dt_property *dtsource_property(const struct dtsource *source, int node, const char *name)
{
	for (size_t i = source->property_count; i-- > 0;) {
		if (source->properties[i].node == node && strcmp(source->properties[i].name, name) == 0)
			return &source->properties[i];
	}
	return NULL;
}

static const struct dt_property *property_of_named(const struct dtsource *source, const char *node, const char *name)
{
	for (size_t i = source->property_count; i-- > 0;) {
		const struct dt_property *p = &source->properties[i];
		if (strcmp(p->name, name) == 0 && strcmp(source->nodes[p->node].name, node) == 0)
			return p;
	}
	return NULL;
}

const struct dt_property *dtsource_chosen(const struct dtsource *source, const char *name)
{
	return property_of_named(source, "chosen", name);
}

const struct dt_property *dtsource_alias(const struct dtsource *source, const char *name)
{
	return property_of_named(source, "aliases", name);
}

int dtsource_labelled(const struct dtsource *source, const char *label)
{
	for (size_t i = 0; i < source->node_count; i++) {
		if (!source->nodes[i].is_deleted && strcmp(source->nodes[i].label, label) == 0)
			return (int)i;
	}
	return -1;
}
