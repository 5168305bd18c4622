/* SPDX-License-Identifier: MIT */
/* reason.h - every refusal has a number; the one list is reason.def.
 *
 * Why      "Why not?" must be answerable in the field. The number travels (log line HF-0307, SMP, JSON, exit text);
 *          the sentence and the remedy stay on the host.
 * Order    Append only; a number is never used again for something else.
 * Source   The shape follows libuv's UV_ERRNO_MAP (include/uv.h): one X-macro list, many uses.
 */
#ifndef HOLDFAST_REASON_H
#define HOLDFAST_REASON_H

#include <holdfast/base.h>

enum hf_reason {
#define HF_REASON(number, name, sentence, remedy) HF_R_##name = number,
#include <holdfast/reason.def>
#undef HF_REASON
};
#define HF_OK HF_R_OK

/* "HF-0502", without an end: the number as log lines and replies give it. */
#define HF_REASON_NAME_CHARS 7u
void hf_reason_name(enum hf_reason reason, char name[HF_REASON_NAME_CHARS]);

/* Name, sentence and remedy of a number; for an unknown number a text that says so. Host only: reason_text.c is not linked
 * on a device. */
struct hf_reason_text {
	uint16_t number;
	const char *name;
	const char *sentence;
	const char *remedy;
};
const struct hf_reason_text *hf_reason_text(uint32_t number);
/* The whole list in the order of reason.def, for documents and tests. */
const struct hf_reason_text *hf_reason_list(size_t *count);

#endif
