/* SPDX-License-Identifier: MIT */
/* talk.h - what the commands share that ask a device something: options, DEVICE and words, open, ask, close.
 *
 * Order    talk_run reads the line, calls check (may be NULL), opens the device, calls run, closes.
 * Shapes   words[] are what follows DEVICE: first those that are needed, then optional ones; word_count says how many came.
 */
#ifndef HOST_TALK_H
#define HOST_TALK_H

#include "args.h"
#include "device.h"

#define TALK_WORDS_MAX 64u

struct talk {
	struct report *report;
	struct device *device;
	struct device_options options;
	const char *name;
	const char *words[TALK_WORDS_MAX];
	uint32_t word_count;
	void *own;              /* the command's own options */
};

struct talk_plan {
	const char *needed[3];  /* what the words are called; NULL ends */
	uint32_t optional_max;  /* further words that may follow */
	/* An option of the command's own. NULL: it has none. */
	enum hf_reason (*option)(const struct args *args, int id, void *own, struct problem *problem);
	/* What can be refused before a device is asked. */
	enum hf_reason (*check)(struct talk *talk, struct problem *problem);
	enum hf_reason (*run)(struct talk *talk, struct problem *problem);
};

enum hf_reason talk_run(const struct talk_plan *plan, struct args *args, struct report *report, void *own, struct problem *problem) HF_MUST_USE;

/* One request whose success is all. what: for the message. */
enum hf_reason talk_do(struct talk *talk, enum hf_reason asked, const char *what, struct problem *problem) HF_MUST_USE;

/* "0a1b.." of any length, spaces and ':' between bytes are left out. false: no hex. */
struct bytes;
bool talk_hex(const char *text, struct bytes *into);

#endif
