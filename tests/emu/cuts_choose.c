/* SPDX-License-Identifier: MIT */
/* Which operations are cut, and how. */
#include "cuts.h"

#include <stdlib.h>
#include <string.h>

enum { LONG_RUN = 64, MAGIC_BYTES = 16 };

static const enum vb_variant nor[] = { VB_CUT_NONE, VB_CUT_PREFIX, VB_CUT_PARTIAL, VB_CUT_UNSTABLE, VB_CUT_RANDOM, VB_CUT_HALF,
	VB_CUT_DONE };
static const enum vb_variant rram[] = { VB_CUT_NONE, VB_CUT_PREFIX, VB_CUT_PARTIAL, VB_CUT_UNSTABLE, VB_CUT_RANDOM, VB_CUT_ONES,
	VB_CUT_FAULT, VB_CUT_SUBSET, VB_CUT_DONE };

uint32_t cut_hash(uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t x = a * 2654435761u ^ b * 2246822519u ^ c * 3266489917u;
	x ^= x >> 15;
	x *= 2246822519u;
	x ^= x >> 13;
	x *= 3266489917u;
	return x ^ x >> 16;
}

/* ---- marks */

/* Bytes of one operation; 0: an erase. */
static uint32_t op_bytes(enum vb_op op)
{
	switch (op) {
	case VB_OP_WORD: return 4;
	case VB_OP_LINE: return 16;
	case VB_OP_PAGE: return 256;
	case VB_OP_ERASE:
	case VB_OP_SECTOR: return 0;
	}
	return 0;
}

static bool follows(const struct cut_op *a, const struct cut_op *b)
{
	return a->op == b->op && op_bytes(a->op) != 0 && b->addr == a->addr + op_bytes(a->op);
}

/* Its ends and its middle matter, the rest of a copied sector is one like the other. */
static void run_mark(struct cut_op *op, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++) {
		const bool is_edge = i < 2 || i + 2 >= length || i == length / 2;
		op[i].is_bulk = length >= LONG_RUN && !is_edge;
	}
}

/* A request is its magic, a confirmation its image_ok, which lies right before the magic: the first and the last operation there. */
static void deciding_mark(struct campaign *c)
{
	const struct board_layout *layout = c->rig.layout;
	const bool is_request = c->stage->act == RIG_REQUEST;
	const uint32_t end = is_request ? layout->secondary_addr + layout->secondary_bytes :
					  layout->primary_addr + layout->primary_bytes - MAGIC_BYTES;
	const uint32_t bytes = is_request ? MAGIC_BYTES : c->rig.board->align;
	c->deciding_first = c->deciding_last = 0;
	if (c->stage->act != RIG_REQUEST && c->stage->act != RIG_CONFIRM)
		return;
	for (uint32_t i = 0; i < c->op_count; i++) {
		if (c->ops[i].addr + bytes < end || c->ops[i].addr >= end)
			continue;
		c->deciding_first = c->deciding_first == 0 ? i + 1 : c->deciding_first;
		c->deciding_last = i + 1;
	}
}

void cuts_mark(struct campaign *c)
{
	uint32_t first = 0;
	for (uint32_t i = 1; i <= c->op_count; i++) {
		if (i < c->op_count && follows(&c->ops[i - 1], &c->ops[i]))
			continue;
		run_mark(c->ops + first, i - first);
		first = i;
	}
	deciding_mark(c);
}

/* ---- choice */

struct choice {
	const struct campaign *c;
	const enum vb_variant *variants; /* of the operation at hand */
	uint32_t variant_count;
	struct cut_case *list;
	uint32_t count, cap;
};

static void add(struct choice *choice, uint32_t operation, uint32_t variant_index)
{
	const struct campaign *c = choice->c;
	if (choice->count == choice->cap) {
		choice->cap = choice->cap * 2 + 64;
		choice->list = realloc(choice->list, choice->cap * sizeof *choice->list);
		if (choice->list == NULL)
			abort();
	}
	struct cut_case *made = &choice->list[choice->count++];
	const uint32_t seed = cut_hash(c->seed, operation, variant_index) % 100000u;
	*made = (struct cut_case){ .first = { operation, choice->variants[variant_index % choice->variant_count], seed } };
	if (c->profile->second_every == 0 || cut_hash(seed, operation, 7) % c->profile->second_every != 0)
		return;
	/* The scale is drawn first: half of the recoveries' cuts are in their first 64 operations. */
	const uint32_t scale = cut_hash(seed, operation, 8) % 12u;
	const uint32_t variant = cut_hash(seed, operation, 10) % choice->variant_count;
	made->second = (struct cut){ 1u + cut_hash(seed, operation, 9) % (1u << scale), choice->variants[variant], seed + 1u };
}

static void add_dense(struct choice *choice, uint32_t operation)
{
	const struct cut_profile *profile = choice->c->profile;
	const bool is_flag = choice->c->deciding_first != 0; /* few operations, and all hangs on them */
	uint32_t count = is_flag ? profile->flag_variants : profile->variants;
	if (choice->c->stage->is_followed)
		count += profile->flag_variants / 4;
	const uint32_t start = cut_hash(choice->c->seed, operation, 1);
	for (uint32_t i = 0; i < count; i++)
		add(choice, operation, start % choice->variant_count + i);
}

struct cut_case *cuts_choose(const struct campaign *c, uint32_t *count)
{
	struct choice choice = { .c = c };
	uint32_t dense = 0;
	const uint32_t stride = c->deciding_first != 0 ? 1 : c->profile->stride;
	for (uint32_t i = 0; i < c->op_count; i++) {
		const uint32_t draw = cut_hash(c->seed, i + 1, 2);
		const bool is_line = c->ops[i].op == VB_OP_LINE;
		const uint32_t sector_bulk = op_bytes(c->ops[i].op) != 0 ? 4096u / op_bytes(c->ops[i].op) : 1u; /* operations a sector */
		choice.variants = is_line ? rram : nor;
		choice.variant_count = is_line ? HF_ARRAY_COUNT(rram) : HF_ARRAY_COUNT(nor);
		if (!c->ops[i].is_bulk && (dense++ + c->seed) % stride == 0)
			add_dense(&choice, i + 1);
		else if (c->ops[i].is_bulk && (c->profile->bulk_per_run == 0 || draw % sector_bulk < c->profile->bulk_per_run))
			add(&choice, i + 1, draw >> 16);
	}
	*count = choice.count;
	return choice.list;
}
