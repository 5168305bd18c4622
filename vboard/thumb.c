/* SPDX-License-Identifier: MIT */
/* thumb.c - how many instructions a stretch of Thumb code holds. The emulator calls us once a block, not once an instruction:
 * half the price. Source: Armv7-M Architecture Reference Manual, A5.1: a first halfword of 0xe800 and up has a second. */
#include "internal.h"

uint32_t vb_thumb_count(const uint8_t *code, uint32_t size_bytes)
{
	uint32_t count = 0;

	for (uint32_t off = 0; off + 2u <= size_bytes; count++) {
		uint32_t half = (uint32_t)code[off] | (uint32_t)code[off + 1] << 8;
		off += half >= 0xe800u ? 4u : 2u;
	}
	return count;
}
