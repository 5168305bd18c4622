/* SPDX-License-Identifier: MIT */
/* bytes.h - a growing byte buffer, and allocation that never returns NULL.
 *
 * Why      The host may allocate; running out of memory for images of a few MB is not worth a path of its own in each
 *          caller, so it ends the program with a message.
 * Errors   none; a full memory prints a line and exits with 3.
 */
#ifndef HOST_BYTES_H
#define HOST_BYTES_H

#include <holdfast/base.h>

struct bytes {
	uint8_t *data;
	size_t size;
	size_t capacity;
};

void *host_alloc(size_t size_bytes); /* zeroed */
/* list with room for one more item of size_bytes behind its count, zeroed; list may have moved. NULL and 0 are an empty one. */
void *host_grown(void *list, size_t count, size_t *capacity, size_t size_bytes);
char *host_strdup(const char *text);
char *host_printf(const char *format, ...) __attribute__((format(printf, 1, 2))); /* allocated text */

void bytes_add(struct bytes *bytes, const void *data, size_t size_bytes);
void bytes_fill(struct bytes *bytes, uint8_t value, size_t count);
void bytes_free(struct bytes *bytes);

/* "0a1b.." of size_bytes bytes, allocated. */
char *bytes_hex(const uint8_t *data, size_t size_bytes);

#endif
