/* SPDX-License-Identifier: MIT */
/* Input: a CBOR value. Reading it as a map with wanted keys and stepping over it must agree on where it ends, and what was read
 * must lie inside the input. */
#include <stdlib.h>

#include "smp_rig.h"

static void demand(bool ok)
{
	if (!ok)
		abort();
}

static void span_inside(const struct smp_span *span, const uint8_t *bytes, size_t size_bytes)
{
	demand(span->data >= bytes && span->size_bytes <= size_bytes && span->data + span->size_bytes <= bytes + size_bytes);
}

static void list_walk(struct smp_reader *inner)
{
	struct smp_list list;
	bool more = true;
	uint32_t count = 0;

	if (smp_list_open(inner, &list) != HF_OK)
		return;
	while (smp_list_next(inner, &list, &more) == HF_OK && more) {
		demand(smp_value_skip(inner) == HF_OK); /* it was stepped over as a whole before */
		count++;
	}
	demand(!more && inner->off <= inner->size_bytes && count <= inner->size_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	struct smp_field fields[] = {
		{ .key = "off", .type = SMP_TYPE_U32 },  { .key = "num", .type = SMP_TYPE_I32 },   { .key = "flag", .type = SMP_TYPE_BOOL },
		{ .key = "data", .type = SMP_TYPE_BYTES }, { .key = "name", .type = SMP_TYPE_TEXT }, { .key = "any", .type = SMP_TYPE_ANY },
	};
	uint8_t *first = malloc(size_bytes + 1), *second = malloc(size_bytes + 1);
	struct smp_reader mapped, skipped;
	enum hf_reason map_reason, skip_reason;

	demand(first != NULL && second != NULL);
	if (size_bytes != 0) {
		memcpy(first, data, size_bytes);
		memcpy(second, data, size_bytes);
	}
	mapped = smp_reader_of(first, (uint32_t)size_bytes);
	skipped = smp_reader_of(second, (uint32_t)size_bytes);
	map_reason = smp_map_read(&mapped, fields, HF_ARRAY_COUNT(fields));
	skip_reason = smp_value_skip(&skipped);
	demand(skipped.off <= size_bytes && mapped.off <= size_bytes);
	if (map_reason == HF_OK && size_bytes != 0) {
		/* Nesting counts from the value outside: one level more for the map itself. */
		demand(skip_reason == HF_OK || skip_reason == HF_R_SMP_CBOR_DEPTH);
		demand(skip_reason != HF_OK || mapped.off == skipped.off);
		if (fields[3].found)
			span_inside(&fields[3].is.span, first, size_bytes);
		if (fields[4].found)
			span_inside(&fields[4].is.span, first, size_bytes);
		if (fields[5].found)
			list_walk(&fields[5].is.inner);
	}
	demand(skip_reason == HF_OK || skipped.off == 0);
	free(first);
	free(second);
	return 0;
}
