/* SPDX-License-Identifier: MIT */
/* dtsource.h - devicetree source as written: overlays and the zephyr.dts of a build, read for their nodes and properties.
 *
 * Why      Overlays can't be compiled without the board's files, so dtc is no help: what is wanted is what this file says, with lines.
 * Shapes   A node: name, labels, "&label" if it extends one, parent index. A property: raw text between = and ;, white space folded.
 *          Preprocessor lines are skipped; both branches of an #if are read.
 * Errors   HF_R_HOST_LAYOUT_DTS with the line: a brace that is never closed, a string that never ends.
 * Limits   4 MiB, depth 32, 20000 nodes.
 * Source   devicetree-specification v0.4, chapter 6 (source format).
 */
#ifndef HOST_DTSOURCE_H
#define HOST_DTSOURCE_H

#include "bytes.h"
#include "problem.h"

#define DTSOURCE_FILE_BYTES_MAX (4u * 1024u * 1024u)
#define DTSOURCE_NODES_MAX 20000
#define DTSOURCE_DEPTH_MAX 32

struct dt_node {
	char name[64];       /* "partition@c000", "/", "&flash0" */
	char label[64];      /* the first of its labels; of "&flash0" it is flash0 */
	int parent;          /* -1: top level */
	unsigned line;
	bool is_reference;
	bool is_deleted;     /* by a /delete-node/ later in this file */
};

struct dt_property {
	int node;
	char name[64];
	char *value;         /* "" for a flag */
	unsigned line;
};

struct dtsource {
	struct dt_node *nodes;
	size_t node_count, node_capacity;
	struct dt_property *properties;
	size_t property_count, property_capacity;
	char (*deleted)[64];       /* labels of /delete-node/ &label; */
	size_t deleted_count;
};

enum hf_reason dtsource_read(const char *path, const struct bytes *text, struct dtsource *into, struct problem *problem) HF_MUST_USE;
void dtsource_free(struct dtsource *source);

/* The last property of that name in a node; NULL if there is none. */
const struct dt_property *dtsource_property(const struct dtsource *source, int node, const char *name);
/* A property of /chosen or /aliases, the last one said. */
const struct dt_property *dtsource_chosen(const struct dtsource *source, const char *name);
const struct dt_property *dtsource_alias(const struct dtsource *source, const char *name);
int dtsource_labelled(const struct dtsource *source, const char *label);
/* Evaluates the index-th cell of "<0x0 DT_SIZE_K(48)>". */
bool dtsource_cell(const char *value, unsigned index, uint64_t *number);

#endif
