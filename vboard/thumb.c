/* SPDX-License-Identifier: MIT */
/* thumb.c - as much of the Thumb instruction set as the board itself must read: lengths, and what loads and stores address.
 *
 * Why      The emulator calls us once a block, not once an instruction: half the price. The price is that a fault's pc is only known
 *          by its block; but the registers are exact, so the instruction is found as the first of the block that addresses the
 *          place of the fault. Boards with damaged flash, where faults are expected, run the exact way and don't need this.
 * Limits   Two instructions of a block that address the same word can't be told apart; the first is taken.
 * Source   Armv7-M Architecture Reference Manual, A5.1 (a first halfword of 0xe800 and up has a second), A5.2.3, A5.3.5 to A5.3.10.
 */
#include "internal.h"

static uint32_t half_at(const uint8_t *code)
{
	return (uint32_t)code[0] | (uint32_t)code[1] << 8;
}

static bool is_wide(uint32_t half)
{
	return half >= 0xe800u;
}

uint32_t vb_thumb_count(const uint8_t *code, uint32_t size_bytes)
{
	uint32_t count = 0;

	for (uint32_t off = 0; off + 2u <= size_bytes; count++)
		off += is_wide(half_at(code + off)) ? 4u : 2u;
	return count;
}

struct reach {
	uint32_t low, bytes; /* bytes 0: no memory access that we know */
};

static struct reach narrow_reach(uint32_t half, const uint32_t r[16])
{
	uint32_t base = r[half >> 3 & 7u], imm5 = half >> 6 & 0x1fu, list = (uint32_t)__builtin_popcount(half & 0xffu);

	switch (half >> 12) {
	case 5: return (struct reach){ base + r[half >> 6 & 7u], 4 };
	case 6: return (struct reach){ base + imm5 * 4u, 4 };
	case 7: return (struct reach){ base + imm5, 1 };
	case 8: return (struct reach){ base + imm5 * 2u, 2 };
	case 9: return (struct reach){ r[13] + (half & 0xffu) * 4u, 4 };
	case 11:
		if ((half & 0xfe00u) == 0xb400u) {
			list += half >> 8 & 1u;
			return (struct reach){ r[13] - 4u * list, 4u * list };
		}
		return (struct reach){ r[13], (half & 0xfe00u) == 0xbc00u ? 4u * (list + (half >> 8 & 1u)) : 0 };
	case 12: return (struct reach){ r[half >> 8 & 7u], 4u * list };
	default: return (struct reach){ 0, 0 };
	}
}

static struct reach wide_reach(uint32_t first, uint32_t second, const uint32_t r[16])
{
	uint32_t base = r[first & 0xfu], imm8 = second & 0xffu;

	if ((first & 0xfe00u) == 0xf800u) { /* single loads and stores */
		if ((first & 0x80u) != 0)
			return (struct reach){ base + (second & 0xfffu), 4 };
		if ((second & 0x800u) == 0)
			return (struct reach){ base + (r[second & 0xfu] << (second >> 4 & 3u)), 4 };
		if ((second & 0x400u) == 0)
			return (struct reach){ base, 4 };
		return (struct reach){ (second & 0x200u) != 0 ? base + imm8 : base - imm8, 4 };
	}
	if ((first & 0xfe40u) == 0xe840u) { /* doubles and exclusives */
		uint32_t off = (first & 0x100u) != 0 ? imm8 * 4u : 0;
		return (struct reach){ (first & 0x80u) != 0 ? base + off : base - off, 8 };
	}
	if ((first & 0xfe40u) == 0xe800u) { /* multiples: up from the base, or down to it */
		uint32_t bytes = 4u * (uint32_t)__builtin_popcount(second & 0xffffu);
		return (struct reach){ (first & 0x100u) != 0 ? base - bytes : base, bytes };
	}
	if ((first & 0xfe00u) == 0xec00u) /* floating point */
		return (struct reach){ (first & 0x80u) != 0 ? base + imm8 * 4u : base - imm8 * 4u, 8 };
	return (struct reach){ 0, 0 };
}

uint32_t vb_thumb_find(const uint8_t *code, uint32_t size_bytes, const uint32_t registers[16], uint32_t addr)
{
	for (uint32_t off = 0; off + 2u <= size_bytes;) {
		uint32_t first = half_at(code + off);
		bool wide = is_wide(first) && off + 4u <= size_bytes;
		struct reach reach = wide ? wide_reach(first, half_at(code + off + 2), registers) : narrow_reach(first, registers);
		if (reach.bytes != 0 && addr - reach.low < reach.bytes)
			return off;
		off += is_wide(first) ? 4u : 2u;
	}
	return UINT32_MAX;
}
