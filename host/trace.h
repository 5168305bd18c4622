/* SPDX-License-Identifier: MIT */
/* trace.h - messages as people read them, for --trace: one line each on standard error.
 *
 * Shapes   "> 0.123 s  v2 write image upload, sequence 7, 402 bytes {"off": 0, "data": h'3db8f396'...(350 bytes)}"; '<' came, '>' was
 *          sent. Bodies in CBOR's diagnostic notation (RFC 8949 section 8), long strings cut, control characters shown as '?'.
 */
#ifndef HOST_TRACE_H
#define HOST_TRACE_H

#include "bytes.h"

/* Bytes that are no message are told as such. */
void trace_message(char direction, uint32_t time_ms, const uint8_t *message, uint32_t message_bytes);
/* The text of a body, for the line above; ends with NUL. */
void trace_body(const uint8_t *body, uint32_t body_bytes, struct bytes *text);

#endif
