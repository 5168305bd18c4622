/* SPDX-License-Identifier: MIT */
/* base.c - see base.h. */
#include <holdfast/base.h>

uint32_t hf_crc32(uint32_t crc, const void *data, size_t size_bytes)
{
	const uint8_t *bytes = data;

	crc = ~crc;
	for (size_t i = 0; i < size_bytes; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++) {
			crc = crc >> 1 ^ ((crc & 1u) != 0u ? 0xedb88320u : 0u);
		}
	}
	return ~crc;
}

bool hf_is_filled(const uint8_t *p, size_t size_bytes, uint8_t value)
{
	for (size_t i = 0; i < size_bytes; i++) {
		if (p[i] != value) {
			return false;
		}
	}
	return true;
}
