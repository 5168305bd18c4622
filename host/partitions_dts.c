/* SPDX-License-Identifier: MIT */
/* Partitions of a devicetree file: children of a node that is compatible with fixed-partitions (or is called partitions), nodes that
 * are zephyr,mapped-partition, and "&slot0_partition { reg = ..; }" of an overlay. */
#include <stdio.h>
#include <stdlib.h>

#include "dtsource.h"
#include "partitions.h"

static enum partition_role role_of(const char *label, const char *text)
{
	static const struct { const char *label, *text; enum partition_role role; } table[] = {
		{ "boot_partition", "\"mcuboot\"", PARTITION_BOOT }, { "slot0_partition", "\"image-0\"", PARTITION_PRIMARY },
		{ "slot1_partition", "\"image-1\"", PARTITION_SECONDARY }, { "scratch_partition", "\"image-scratch\"", PARTITION_SCRATCH },
		{ "storage_partition", "\"storage\"", PARTITION_SETTINGS },
	};
	for (size_t i = 0; i < HF_ARRAY_COUNT(table); i++) {
		if (strcmp(table[i].label, label) == 0)
			return table[i].role;
	}
	for (size_t i = 0; i < HF_ARRAY_COUNT(table) && label[0] == '\0'; i++) {
		if (strcmp(table[i].text, text) == 0)
			return table[i].role;
	}
	return PARTITION_OTHER;
}

static const char *value_of(const struct dtsource *source, int node, const char *name)
{
	const struct dt_property *p = dtsource_property(source, node, name);
	return p != NULL ? p->value : "";
}

static bool is_container(const struct dtsource *source, int node)
{
	if (node < 0)
		return false;
	const char *compatible = value_of(source, node, "compatible");
	return strstr(compatible, "fixed-partitions") != NULL || strstr(compatible, "fixed-subpartitions") != NULL ||
	       (strcmp(source->nodes[node].name, "partitions") == 0 && !source->nodes[node].is_reference);
}

/* Labels of memories inside the chips that are served; anything else is another part. */
static bool is_internal_label(const char *label)
{
	static const char *const known[] = { "flash0", "cpuapp_rram", "rram0", "cpuflpr_rram", "flash1", "mram1x", "" };
	for (size_t i = 0; i < HF_ARRAY_COUNT(known); i++) {
		if (strcmp(known[i], label) == 0)
			return true;
	}
	return false;
}

/* The memory that the partition lies in, and what its subpartition containers add to its offset. */
static const char *memory_of(const struct dtsource *source, int node, uint64_t *base)
{
	for (int up = source->nodes[node].parent; up >= 0; up = source->nodes[up].parent) {
		const struct dt_node *n = &source->nodes[up];
		uint64_t offset = 0;
		if (is_container(source, up)) {
			if (strstr(value_of(source, up, "compatible"), "fixed-subpartitions") != NULL && dtsource_cell(value_of(source, up, "reg"), 0, &offset))
				*base += offset;
			continue;
		}
		return n->label;
	}
	return "";
}

static bool is_partition(const struct dtsource *source, int node)
{
	const struct dt_node *n = &source->nodes[node];
	if (n->is_deleted || dtsource_property(source, node, "reg") == NULL)
		return false;
	if (is_container(source, n->parent) || strstr(value_of(source, node, "compatible"), "mapped-partition") != NULL)
		return true;
	return n->is_reference && role_of(n->label, "") != PARTITION_OTHER;
}

static void add(const struct dtsource *source, int node, struct partitions *into)
{
	const struct dt_node *n = &source->nodes[node];
	struct partition *p = &into->list[into->count];
	const struct dt_property *reg = dtsource_property(source, node, "reg");
	uint64_t base = 0;
	*p = (struct partition){ .line = n->line, .addr_line = reg->line, .size_line = reg->line, .end_line = reg->line };
	if (!dtsource_cell(reg->value, 0, &p->addr) || !dtsource_cell(reg->value, 1, &p->size))
		return;
	const char *memory = memory_of(source, node, &base);
	p->addr += base;
	p->has_addr = p->has_size = true;
	p->end = p->addr <= UINT64_MAX - p->size ? p->addr + p->size : UINT64_MAX;
	(void)snprintf(p->name, sizeof p->name, "%s", n->label[0] != '\0' ? n->label : n->name);
	(void)snprintf(p->device, sizeof p->device, "%s", memory);
	(void)snprintf(p->region, sizeof p->region, "%s", is_internal_label(memory) ? "flash_primary" : "external_flash");
	p->has_region = true;
	p->is_read_only = dtsource_property(source, node, "read-only") != NULL;
	p->role = role_of(n->label, value_of(source, node, "label"));
	/* A later definition of the same label replaces the earlier one. */
	for (size_t i = 0; i < into->count; i++) {
		if (strcmp(into->list[i].name, p->name) == 0) {
			into->list[i] = *p;
			return;
		}
	}
	into->count++;
}

enum hf_reason partitions_read_dts(const char *path, const struct bytes *text, struct partitions *into, struct problem *problem)
{
	struct dtsource source;
	*into = (struct partitions){ .form = PARTITIONS_DTS };
	enum hf_reason reason = dtsource_read(path, text, &source, problem);
	if (reason != HF_OK)
		return reason;
	into->list = host_alloc((PARTITIONS_COUNT_MAX + 1) * sizeof *into->list);
	for (size_t i = 0; i < source.node_count && into->count < PARTITIONS_COUNT_MAX; i++) {
		if (is_partition(&source, (int)i))
			add(&source, (int)i, into);
	}
	dtsource_free(&source);
	return HF_OK;
}
