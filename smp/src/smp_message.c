/* SPDX-License-Identifier: MIT */
#include <holdfast/smp_message.h>

struct smp_header smp_header_get(const uint8_t bytes[SMP_HEADER_BYTES])
{
	return (struct smp_header){
		.version = (uint8_t)(bytes[0] >> 3 & 3u),
		.op = (uint8_t)(bytes[0] & 7u),
		.flags = bytes[1],
		.length_bytes = hf_get16be(bytes + 2),
		.group = hf_get16be(bytes + 4),
		.sequence = bytes[6],
		.id = bytes[7],
	};
}

void smp_header_put(const struct smp_header *header, uint8_t bytes[SMP_HEADER_BYTES])
{
	hf_assert(header->version <= 3u && header->op <= 7u);
	bytes[0] = (uint8_t)((uint32_t)header->version << 3 | header->op);
	bytes[1] = header->flags;
	hf_put16be(bytes + 2, header->length_bytes);
	hf_put16be(bytes + 4, header->group);
	bytes[6] = header->sequence;
	bytes[7] = header->id;
}
