/* SPDX-License-Identifier: MIT */
/* fleet.h - the same work on many devices at once.
 *
 * Why      A process a device: one that hangs, breaks off or crashes takes no other with it, each has its own link, memory and
 *          time-outs, and the code for one device stays the straight line that it is. Threads would share all that for nothing:
 *          the devices are what is slow.
 * Shapes   Each process hands back its JSON object; the parent shows a line each, live on a terminal, and one summary.
 *          JSON: "devices": a list of those objects, each with "device".
 * Errors   HF_R_HOST_UPDATE_SOME if one of them failed; what went wrong stands in its line and object.
 */
#ifndef HOST_FLEET_H
#define HOST_FLEET_H

#include "report.h"

#define FLEET_MAX 64u

struct fleet {
	const char *const *names;
	uint32_t count;
	/* Runs in a process of its own; its report is JSON. */
	enum hf_reason (*work)(const void *ctx, const char *name, struct report *report, struct problem *problem);
	const void *ctx;
	bool draws;
};

enum hf_reason fleet_run(const struct fleet *fleet, struct report *report, struct problem *problem) HF_MUST_USE;

#endif
