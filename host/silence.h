/* SPDX-License-Identifier: MIT */
/* silence.h - why no reply came: what was heard instead tells a shell, a wrong speed, a log without a server and a dead line apart.
 *
 * Errors   HF_R_HOST_DEVICE_ECHO, _GARBAGE, _SPEED, _TEXT_ONLY, _SILENT.
 */
#ifndef HOST_SILENCE_H
#define HOST_SILENCE_H

#include "problem.h"

#define SILENCE_TAIL_BYTES 512u

struct device;

struct silence {
	uint64_t text_bytes, odd_bytes;      /* odd: neither printable nor a usual control character */
	uint32_t echoes;                     /* our own requests that came back whole */
	uint8_t tail[SILENCE_TAIL_BYTES];    /* the latest of it */
	uint32_t tail_bytes;
};

/* Bytes that belong to no message. */
void silence_heard(struct silence *silence, const uint8_t *bytes, uint32_t size_bytes);
enum hf_reason silence_explain(const struct device *device, struct problem *problem);

#endif
