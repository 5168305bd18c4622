/* SPDX-License-Identifier: MIT */
/* Partition Manager YAML through libyaml's events: a map of partitions, each a map of scalars and lists. Aliases are looked up by
 * name among the lists of names that were anchored; they are never expanded. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "partitions.h"

#define DEPTH_MAX 32
#define EVENTS_MAX 200000u
#define ANCHORS_MAX 64

struct anchor {
	char name[PARTITION_NAME_BYTES];
	char span[PARTITION_SPAN_MAX][PARTITION_NAME_BYTES];
	size_t count;
};

struct reader {
	const char *path;
	struct partitions *into;
	struct problem *problem;
	yaml_parser_t parser;
	struct anchor anchors[ANCHORS_MAX];
	size_t anchor_count;
	unsigned events;
	int depth;                         /* open maps and lists */
	bool is_list[DEPTH_MAX];
	bool at_value[DEPTH_MAX];          /* in a map: the next node is a value */
	char key[DEPTH_MAX][PARTITION_NAME_BYTES];
	struct anchor *anchor;             /* list that is being read and has a name */
	int anchor_depth;
	int named_depth;                   /* of the outermost open node that has a name, from 1; 0: none is open */
};

static void copy_name(char into[PARTITION_NAME_BYTES], const char *text)
{
	(void)snprintf(into, PARTITION_NAME_BYTES, "%s", text);
}

static enum partition_role role_of(const char *name)
{
	static const struct { const char *name; enum partition_role role; } table[] = {
		{ "mcuboot", PARTITION_BOOT }, { "mcuboot_pad", PARTITION_PAD }, { "app", PARTITION_APP },
		{ "mcuboot_primary", PARTITION_PRIMARY }, { "mcuboot_secondary", PARTITION_SECONDARY },
		{ "mcuboot_scratch", PARTITION_SCRATCH }, { "settings_storage", PARTITION_SETTINGS },
	};
	for (size_t i = 0; i < HF_ARRAY_COUNT(table); i++) {
		if (strcmp(table[i].name, name) == 0)
			return table[i].role;
	}
	return PARTITION_OTHER;
}

static struct partition *current(struct reader *r)
{
	return r->into->count != 0 ? &r->into->list[r->into->count - 1] : NULL;
}

static enum hf_reason refuse(struct reader *r, unsigned line, const char *what)
{
	return problem_set(r->problem, HF_R_HOST_LAYOUT_YAML, r->path, "line %u: %s", line, what);
}

static enum hf_reason add_partition(struct reader *r, const char *name, unsigned line)
{
	if (r->into->count == PARTITIONS_COUNT_MAX)
		return refuse(r, line, "more than 512 partitions");
	if (r->into->list == NULL)
		r->into->list = host_alloc(PARTITIONS_COUNT_MAX * sizeof *r->into->list);
	struct partition *p = &r->into->list[r->into->count++];
	copy_name(p->name, name);
	copy_name(p->region, "flash_primary");
	p->role = role_of(name);
	p->line = line;
	if (strcmp(name, "partitions") == 0 || strcmp(name, "regions") == 0) {
		r->into->has_wrapper = true;
		r->into->wrapper_line = line;
	}
	return HF_OK;
}

static bool number_of(const char *text, uint64_t *number)
{
	char *end = NULL;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 0);
	if (errno != 0 || end == text || *end != '\0' || text[0] == '-')
		return false;
	*number = value;
	return true;
}

static enum hf_reason number_field(struct reader *r, const char *text, unsigned line, bool *has, uint64_t *value, unsigned *at)
{
	if (!number_of(text, value))
		return refuse(r, line, "a number was expected for address, size or end_address");
	*has = true;
	*at = line;
	return HF_OK;
}

static enum hf_reason field(struct reader *r, const char *key, const char *text, unsigned line)
{
	struct partition *p = current(r);
	if (p == NULL)
		return HF_OK;
	if (strcmp(key, "address") == 0)
		return number_field(r, text, line, &p->has_addr, &p->addr, &p->addr_line);
	if (strcmp(key, "size") == 0)
		return number_field(r, text, line, &p->has_size, &p->size, &p->size_line);
	if (strcmp(key, "end_address") == 0)
		return number_field(r, text, line, &p->has_end, &p->end_said, &p->end_line);
	if (strcmp(key, "region") == 0) {
		copy_name(p->region, text);
		p->has_region = true;
		p->region_line = line;
	} else if (strcmp(key, "device") == 0) {
		copy_name(p->device, text);
		p->device_line = line;
	}
	return HF_OK;
}

/* Adds a member to the span of the current partition, or to the anchor that is being read. */
static void list_member(struct reader *r, const char *text)
{
	struct partition *p = current(r);
	const char *key = r->key[1];
	if (r->anchor != NULL && r->anchor->count < PARTITION_SPAN_MAX)
		copy_name(r->anchor->span[r->anchor->count++], text);
	if (p == NULL || r->depth != 3 || !r->is_list[2] || strcmp(key, "span") != 0)
		return;
	p->has_span = true;
	if (p->span_count < PARTITION_SPAN_MAX)
		copy_name(p->span[p->span_count++], text);
}

static void alias_value(struct reader *r, const char *name)
{
	struct partition *p = current(r);
	if (p == NULL || r->depth != 2 || strcmp(r->key[1], "span") != 0)
		return;
	p->has_span = true;
	for (size_t i = r->anchor_count; i-- > 0;) {
		if (strcmp(r->anchors[i].name, name) != 0)
			continue;
		for (size_t k = 0; k < r->anchors[i].count && p->span_count < PARTITION_SPAN_MAX; k++)
			copy_name(p->span[p->span_count++], r->anchors[i].span[k]);
		return;
	}
}

static void value_done(struct reader *r)
{
	if (r->depth > 0 && !r->is_list[r->depth - 1])
		r->at_value[r->depth - 1] = false;
}

static enum hf_reason scalar(struct reader *r, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	unsigned line = (unsigned)event->start_mark.line + 1;
	int top = r->depth - 1;
	if (top < 0)
		return refuse(r, line, "a map of partitions was expected");
	if (r->is_list[top]) {
		list_member(r, text);
		return HF_OK;
	}
	if (!r->at_value[top]) {
		copy_name(r->key[top], text);
		r->at_value[top] = true;
		return top == 0 ? add_partition(r, text, line) : HF_OK;
	}
	r->at_value[top] = false;
	if (top == 1 && strcmp(r->key[1], "span") == 0) {
		struct partition *p = current(r);
		p->has_span = true;
		copy_name(p->span[p->span_count < PARTITION_SPAN_MAX ? p->span_count++ : 0], text);
	}
	return top == 1 ? field(r, r->key[1], text, line) : HF_OK;
}

static enum hf_reason open_level(struct reader *r, bool is_list, const char *anchor, unsigned line)
{
	if (r->depth == DEPTH_MAX)
		return refuse(r, line, "nested deeper than 32 levels; no layout is");
	if (r->depth == 0 && is_list)
		return refuse(r, line, "a map of partitions was expected, found a list");
	if (r->depth == 2 && strcmp(r->key[1], "placement") == 0)
		current(r)->has_placement = true;
	if (anchor != NULL && is_list && r->anchor_count < ANCHORS_MAX) {
		r->anchor = &r->anchors[r->anchor_count++];
		copy_name(r->anchor->name, anchor);
		r->anchor_depth = r->depth;
	}
	if (anchor != NULL && r->named_depth == 0)
		r->named_depth = r->depth + 1;
	r->is_list[r->depth] = is_list;
	r->at_value[r->depth] = false;
	r->key[r->depth][0] = '\0';
	r->depth++;
	return HF_OK;
}

static void close_level(struct reader *r)
{
	r->depth--;
	if (r->depth < r->named_depth)
		r->named_depth = 0;
	if (r->anchor != NULL && r->depth <= r->anchor_depth)
		r->anchor = NULL;
	value_done(r);
}

static enum hf_reason take(struct reader *r, const yaml_event_t *event)
{
	unsigned line = (unsigned)event->start_mark.line + 1;
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return scalar(r, event);
	case YAML_ALIAS_EVENT:
		if (r->named_depth != 0)
			return refuse(r, line, "an alias inside a node that has a name itself: such a file unfolds without end; no layout is like that");
		alias_value(r, (const char *)event->data.alias.anchor);
		value_done(r);
		return HF_OK;
	case YAML_SEQUENCE_START_EVENT:
		return open_level(r, true, (const char *)event->data.sequence_start.anchor, line);
	case YAML_MAPPING_START_EVENT:
		return open_level(r, false, (const char *)event->data.mapping_start.anchor, line);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		close_level(r);
		return HF_OK;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return HF_OK;
	}
	return HF_OK;
}

static enum hf_reason read_events(struct reader *r)
{
	for (bool done = false; !done;) {
		yaml_event_t event;
		if (!yaml_parser_parse(&r->parser, &event)) {
			const char *why = r->parser.problem != NULL ? r->parser.problem : "not YAML";
			return refuse(r, (unsigned)r->parser.problem_mark.line + 1, why);
		}
		enum hf_reason reason = ++r->events > EVENTS_MAX ? refuse(r, (unsigned)event.start_mark.line + 1, "too many items for a layout") :
								   take(r, &event);
		done = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
		if (reason != HF_OK)
			return reason;
	}
	return HF_OK;
}

/* Of address, size and end any two give the third. A container without numbers takes those of its members. */
static void complete(struct partitions *partitions)
{
	for (size_t i = 0; i < partitions->count; i++) {
		struct partition *p = &partitions->list[i];
		if (!p->has_size && p->has_addr && p->has_end && p->end_said >= p->addr) {
			p->size = p->end_said - p->addr;
			p->has_size = true;
		}
		if (!p->has_addr && p->has_size && p->has_end && p->end_said >= p->size) {
			p->addr = p->end_said - p->size;
			p->has_addr = true;
		}
	}
	for (size_t i = 0; i < partitions->count; i++) {
		struct partition *p = &partitions->list[i];
		for (size_t k = 0; k < p->span_count && (!p->has_addr || !p->has_size); k++) {
			const struct partition *first = partitions_named(partitions, p->span[0]);
			const struct partition *last = partitions_named(partitions, p->span[p->span_count - 1]);
			if (first == NULL || last == NULL || !first->has_addr || !last->has_addr || last->addr + last->size < first->addr)
				break;
			p->addr = first->addr;
			p->size = last->addr + last->size - first->addr;
			p->has_addr = p->has_size = true;
		}
		p->end = p->addr <= UINT64_MAX - p->size ? p->addr + p->size : UINT64_MAX;
	}
}

enum hf_reason partitions_read_yaml(const char *path, const struct bytes *text, struct partitions *into, struct problem *problem)
{
	*into = (struct partitions){ .form = PARTITIONS_PM };
	if (text->size > PARTITIONS_FILE_BYTES_MAX)
		return problem_set(problem, HF_R_HOST_LAYOUT_YAML, path, "larger than 4 MiB");
	struct reader *r = host_alloc(sizeof *r);
	r->path = path;
	r->into = into;
	r->problem = problem;
	enum hf_reason reason = HF_OK;
	if (!yaml_parser_initialize(&r->parser)) {
		reason = refuse(r, 0, "no memory");
	} else {
		yaml_parser_set_input_string(&r->parser, text->data, text->size);
		reason = read_events(r);
		yaml_parser_delete(&r->parser);
	}
	free(r);
	if (reason != HF_OK)
		partitions_free(into);
	else
		complete(into);
	return reason;
}
