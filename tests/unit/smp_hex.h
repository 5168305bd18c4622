/* SPDX-License-Identifier: MIT */
/* smp_hex.h - bytes written as hex in tests: "a1 61 64" with any spacing. cmocka's headers come first, as it wants them. */
#ifndef TESTS_SMP_HEX_H
#define TESTS_SMP_HEX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct hex {
	uint8_t bytes[1024];
	uint32_t size_bytes;
};

static inline struct hex hex_of(const char *text)
{
	struct hex hex = { { 0 }, 0 };
	uint32_t nibbles = 0;

	for (; *text != '\0'; text++) {
		static const char digits[] = "0123456789abcdef";
		char lower = *text >= 'A' && *text <= 'F' ? (char)(*text - 'A' + 'a') : *text;
		const char *found = strchr(digits, lower);

		if (found == NULL)
			continue;
		assert_in_range(nibbles, 0, 2 * sizeof hex.bytes - 1);
		hex.bytes[nibbles / 2] = (uint8_t)(hex.bytes[nibbles / 2] << 4 | (uint8_t)(found - digits));
		nibbles++;
	}
	assert_int_equal(nibbles % 2, 0);
	hex.size_bytes = nibbles / 2;
	return hex;
}

/* A copy in a heap block of exactly this size: the sanitizer sees a read or write one byte beyond. */
static inline uint8_t *exact_copy(const void *data, uint32_t size_bytes)
{
	uint8_t *copy = malloc(size_bytes != 0 ? size_bytes : 1);

	assert_non_null(copy);
	if (size_bytes != 0)
		memcpy(copy, data, size_bytes);
	return copy;
}

#endif
