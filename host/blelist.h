/* SPDX-License-Identifier: MIT */
/* blelist.h - the Bluetooth devices around, and forgetting one.
 *
 * Why      What a command needs of Bluetooth besides a link. A build without Bluetooth has bluetooth_absent.c instead.
 * Errors   HF_R_HOST_BLE_*.
 */
#ifndef HOST_BLELIST_H
#define HOST_BLELIST_H

#include "address.h"
#include "report.h"

struct blelist_wish {
	bool all;               /* those without the SMP service, too */
	uint32_t seconds;
	const char *adapter;    /* "": the first that is on */
};

/* As the list "bluetooth". */
enum hf_reason blelist_report(const struct blelist_wish *wish, struct report *report, struct problem *problem) HF_MUST_USE;
/* This machine's half of a bond with the device, and what it remembers of its services. */
enum hf_reason blelist_forget(const char *subject, const struct address *address, struct report *report, struct problem *problem) HF_MUST_USE;

#endif
