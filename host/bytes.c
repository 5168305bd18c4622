/* SPDX-License-Identifier: MIT */
#include "bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void hf_assert_failed(uint32_t line)
{
	fprintf(stderr, "holdfast: an internal check failed in the core, line %u (HF-0001)\n", (unsigned)line);
	abort();
}

static void *checked(void *memory)
{
	if (memory == NULL) {
		fputs("holdfast: out of memory\n", stderr);
		exit(3);
	}
	return memory;
}

void *host_alloc(size_t size_bytes)
{
	return checked(calloc(1, size_bytes != 0 ? size_bytes : 1));
}

void *host_grown(void *list, size_t count, size_t *capacity, size_t size_bytes)
{
	if (count < *capacity) {
		memset((char *)list + count * size_bytes, 0, size_bytes);
		return list;
	}
	size_t wanted = *capacity != 0 ? *capacity * 2 : 32;
	char *larger = host_alloc(wanted * size_bytes);
	if (list != NULL)
		memcpy(larger, list, count * size_bytes);
	free(list);
	*capacity = wanted;
	return larger;
}

char *host_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	return memcpy(host_alloc(size), text, size);
}

char *host_printf(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	int length = vsnprintf(NULL, 0, format, list);
	va_end(list);
	hf_assert(length >= 0);
	char *text = host_alloc((size_t)length + 1);
	va_start(list, format);
	(void)vsnprintf(text, (size_t)length + 1, format, list);
	va_end(list);
	return text;
}

static void reserve(struct bytes *bytes, size_t more)
{
	hf_assert(more <= SIZE_MAX / 4 && bytes->size <= SIZE_MAX / 4);
	if (bytes->size + more <= bytes->capacity)
		return;
	bytes->capacity = (bytes->size + more) * 2;
	bytes->data = checked(realloc(bytes->data, bytes->capacity));
}

void bytes_add(struct bytes *bytes, const void *data, size_t size_bytes)
{
	if (size_bytes == 0)
		return;
	reserve(bytes, size_bytes);
	memcpy(bytes->data + bytes->size, data, size_bytes);
	bytes->size += size_bytes;
}

void bytes_fill(struct bytes *bytes, uint8_t value, size_t count)
{
	if (count == 0)
		return;
	reserve(bytes, count);
	memset(bytes->data + bytes->size, value, count);
	bytes->size += count;
}

void bytes_free(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){ 0 };
}

char *bytes_hex(const uint8_t *data, size_t size_bytes)
{
	static const char digits[] = "0123456789abcdef";
	char *text = host_alloc(size_bytes * 2 + 1);
	for (size_t i = 0; i < size_bytes; i++) {
		text[2 * i] = digits[data[i] >> 4];
		text[2 * i + 1] = digits[data[i] & 15];
	}
	return text;
}
