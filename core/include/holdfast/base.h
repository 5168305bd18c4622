/* SPDX-License-Identifier: MIT */
/* base.h - the few things every other file needs: bytes, spans, asserts.
 *
 * Why      Formats are read and written byte by byte, so that alignment, padding and endianness never matter;
 *          spans are checked by one function, so that no caller does the arithmetic by hand.
 * Units    off in bytes from the start of a slot; addr is the chip's and does not occur in core.
 * Errors   none; hf_assert stops on a bug, never on what the world does.
 */
#ifndef HOLDFAST_BASE_H
#define HOLDFAST_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Where inlining a function that is called once makes a loader larger. */
#define HF_NOINLINE __attribute__((noinline))
/* Where a call makes it larger: what is left of the body is a constant or an instruction or two, which the compiler sees too late. */
#define HF_INLINE static inline __attribute__((always_inline))
#define HF_MUST_USE __attribute__((warn_unused_result))
#define HF_ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Supplied by who links core: the host aborts, a chip records the place and resets. Never returns. */
void hf_assert_failed(uint32_t line) __attribute__((noreturn));
#define hf_assert(condition) ((condition) ? (void)0 : hf_assert_failed((uint32_t)__LINE__))

/* off..off+size lies inside 0..limit, without ever overflowing. */
static inline bool hf_span_fits(uint32_t off, uint32_t size_bytes, uint32_t limit_bytes)
{
	return off <= limit_bytes && size_bytes <= limit_bytes - off;
}

static inline uint32_t hf_align_up(uint32_t value, uint32_t unit)
{
	return (value + unit - 1u) / unit * unit;
}

HF_INLINE uint16_t hf_get16le(const uint8_t *p)
{
	return (uint16_t)(p[0] | (uint32_t)p[1] << 8);
}

HF_INLINE uint32_t hf_get32le(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

HF_INLINE uint16_t hf_get16be(const uint8_t *p)
{
	return (uint16_t)((uint32_t)p[0] << 8 | p[1]);
}

HF_INLINE uint32_t hf_get32be(const uint8_t *p)
{
	return (uint32_t)hf_get16be(p) << 16 | hf_get16be(p + 2);
}

HF_INLINE void hf_put16le(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

HF_INLINE void hf_put32le(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

HF_INLINE void hf_put16be(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* CRC-32 (reflected 0xEDB88320, init and final xor all ones: the zlib CRC). Chain: pass the last result as crc; start with 0.
 * Bitwise on purpose: 40 bytes of code against 1 KB of table. */
uint32_t hf_crc32(uint32_t crc, const void *data, size_t size_bytes);

/* True if all bytes equal value. */
bool hf_is_filled(const uint8_t *p, size_t size_bytes, uint8_t value);

#endif
