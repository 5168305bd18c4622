/* SPDX-License-Identifier: MIT */
/* The four functions that a freestanding compiler may call. Words where both sides are aligned, because the hash copies whole
 * blocks; bytes otherwise. Compiled with loop-to-call recognition off, or they would call themselves. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

void *memcpy(void *into, const void *from, size_t size) /* no restrict: memmove relies on its order */
{
	uint8_t *d = into;
	const uint8_t *s = from;

	if ((((uintptr_t)d | (uintptr_t)s) & 3u) == 0) {
		for (; size >= 4; size -= 4, d += 4, s += 4)
			*(uint32_t *)(void *)d = *(const uint32_t *)(const void *)s;
	}
	for (; size != 0; size--)
		*d++ = *s++;
	return into;
}

void *memmove(void *into, const void *from, size_t size)
{
	uint8_t *d = into;
	const uint8_t *s = from;

	if ((uintptr_t)d <= (uintptr_t)s || (uintptr_t)d >= (uintptr_t)s + size)
		return memcpy(into, from, size);
	while (size != 0) {
		size--;
		d[size] = s[size];
	}
	return into;
}

void *memset(void *into, int value, size_t size)
{
	uint8_t *d = into;

	for (; size != 0; size--)
		*d++ = (uint8_t)value;
	return into;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *p = a, *q = b;

	for (; size != 0; size--, p++, q++) {
		if (*p != *q)
			return *p < *q ? -1 : 1;
	}
	return 0;
}

/* Used by texts only. */
size_t strlen(const char *text)
{
	size_t n = 0;

	while (text[n] != 0)
		n++;
	return n;
}
