/* SPDX-License-Identifier: MIT */
/* Strings of indefinite length. A file of its own: who must save code (a bootloader) defines smp_pieces_join itself, refuses them, and
 * the linker leaves this one out. No client is known that sends them. */
#include <holdfast/smp_cbor.h>

/* Bytes of the shortest head for this value. */
static uint32_t head_bytes(uint32_t value)
{
	return value < 24u ? 1u : value <= UINT8_MAX ? 2u : value <= UINT16_MAX ? 3u : 5u;
}

/* The content of size bytes lies at the start of a region, which ends with a break: makes empty pieces and one full one of it, so
 * that it reads the same again. The heads of the pieces it came in leave room for its one head, in all that fits into a message. */
static const uint8_t *pieces_settle(uint8_t *region, uint32_t region_bytes, enum smp_kind kind, uint32_t size)
{
	uint32_t head = head_bytes(size);
	uint8_t *content = region + region_bytes - size;
	struct smp_writer writer;

	if (size == 0u || head > region_bytes - size)
		return region;
	memmove(content, region, size);
	memset(region, (int)((uint32_t)kind << 5), region_bytes - size - head);
	writer = smp_writer_of(content - head, head + size);
	if (kind == SMP_KIND_BYTES)
		(void)smp_put_bytes_space(&writer, size);
	else
		smp_put_text_begin(&writer, size);
	return content;
}

/* Moves the pieces together. */
enum hf_reason smp_pieces_join(struct smp_reader *reader, enum smp_kind kind, struct smp_span *span)
{
	uint32_t start = reader->off;
	uint32_t into = start;

	for (;;) { /* each turn takes a byte */
		struct smp_item item;
		enum hf_reason reason = smp_item_next(reader, &item);
		uint32_t size;

		if (reason != HF_OK)
			return reason;
		if (item.kind == SMP_KIND_BREAK)
			break;
		if (item.kind != kind || item.indefinite)
			return HF_R_SMP_CBOR;
		size = (uint32_t)item.value;
		memmove(reader->bytes + into, reader->bytes + reader->off - size, size);
		into += size;
	}
	*span = (struct smp_span){ .data = pieces_settle(reader->bytes + start, reader->off - 1u - start, kind, into - start),
				   .size_bytes = into - start };
	return HF_OK;
}
