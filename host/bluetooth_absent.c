/* SPDX-License-Identifier: MIT */
/* A build without libsystemd: every door to Bluetooth is there and says so. Which file is compiled is the build's choice. */
#include "blelist.h"
#include "link.h"

static enum hf_reason absent(const char *subject, struct problem *problem)
{
	return problem_set(problem, HF_R_HOST_BLE_NOT_BUILT, subject, "%s", "");
}

static enum hf_reason absent_open(struct link *link, const struct link_options *options, struct problem *problem)
{
	(void)options;
	return absent(link->name, problem);
}

/* Never opened, so the rest is never called. */
const struct link_class link_ble = { .scheme = "ble", .open = absent_open };

enum hf_reason blelist_report(const struct blelist_wish *wish, struct report *report, struct problem *problem)
{
	(void)wish;
	(void)report;
	return absent("Bluetooth", problem);
}

enum hf_reason blelist_forget(const char *subject, const struct address *address, struct report *report, struct problem *problem)
{
	(void)address;
	(void)report;
	return absent(subject, problem);
}
