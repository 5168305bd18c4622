/* SPDX-License-Identifier: MIT */
#include "blelist.h"

#include <stdio.h>
#include <string.h>

#include "blefind.h"

enum { CALL_MS = 5000 };

struct listing {
	const struct blelist_wish *wish;
	struct report *report;
	unsigned shown, hidden;
};

static void list_one(void *ctx, const struct bluez_object *device)
{
	struct listing *listing = ctx;
	struct report *report = listing->report;
	if (!device->has_smp && !listing->wish->all) {
		listing->hidden++;
		return;
	}
	char signal[16] = "connected";
	listing->shown++;
	report_item(report, NULL);
	report_text(report, "name", NULL, blefind_name(device));
	report_text(report, "address", NULL, device->address);
	if (device->has_rssi) {
		report_integer(report, "rssi_dbm", NULL, device->rssi_dbm);
		(void)snprintf(signal, sizeof signal, "%d dBm", device->rssi_dbm);
	}
	report_flag(report, "smp", NULL, device->has_smp);
	report_flag(report, "paired", NULL, device->paired);
	report_end(report);
	report_row(report, "%-20s ble:%s  %s%s%s", blefind_name(device), device->address, signal, device->has_smp ? "  SMP" : "",
		   device->paired ? "  paired" : "");
}

enum hf_reason blelist_report(const struct blelist_wish *wish, struct report *report, struct problem *problem)
{
	struct listing listing = { .wish = wish, .report = report };
	struct bluez *bluez = NULL;
	char adapter[BLUEZ_PATH_BYTES];
	enum hf_reason reason = bluez_open("Bluetooth", &bluez, problem);
	if (reason == HF_OK)
		reason = blefind_adapter(bluez, "Bluetooth", wish->adapter, adapter, problem);
	if (reason == HF_OK) {
		report_list(report, "bluetooth", NULL);
		reason = blefind_scan(bluez, adapter, wish->seconds * 1000u, list_one, &listing, problem);
		report_end(report);
	}
	if (reason == HF_OK && listing.shown == 0)
		report_note(report, "no Bluetooth device %swas seen within %u s", wish->all ? "" : "that says it offers SMP ", (unsigned)wish->seconds);
	if (reason == HF_OK && listing.hidden != 0)
		report_note(report, "%u more that do not say so: --all shows them", listing.hidden);
	bluez_close(bluez);
	return reason;
}

enum hf_reason blelist_forget(const char *subject, const struct address *address, struct report *report, struct problem *problem)
{
	struct bluez *bluez = NULL;
	char paths[2][BLUEZ_PATH_BYTES] = { "", "" };
	unsigned count = 0;
	enum hf_reason reason = bluez_open(subject, &bluez, problem);
	if (reason == HF_OK)
		reason = blefind_adapter(bluez, subject, address->ble_adapter, paths[1], problem);
	for (size_t i = 0; reason == HF_OK && i < bluez_count(bluez); i++) {
		const struct bluez_object *object = bluez_at(bluez, i);
		if (object->kind != BLUEZ_DEVICE || !bluez_is_below(object->path, paths[1]) || !blefind_is(object, address->place))
			continue;
		count++;
		(void)snprintf(paths[0], sizeof paths[0], "%s", object->path);
	}
	if (reason == HF_OK && count == 0)
		reason = problem_set(problem, HF_R_HOST_BLE_UNKNOWN, subject, "%s", "");
	if (reason == HF_OK && count > 1)
		reason = problem_set(problem, HF_R_HOST_BLE_SEVERAL, subject, "%u are known", count);
	if (reason == HF_OK && !bluez_remove(bluez, paths[1], paths[0], CALL_MS)) {
		char words[160];
		(void)snprintf(words, sizeof words, "%s", bluez_words(bluez));
		reason = bluez_failed(bluez, problem);
		if (reason == HF_OK)
			reason = problem_set(problem, HF_R_HOST_BLE_FORGET, subject, "%s", words);
	}
	if (reason == HF_OK)
		report_step(report, "forgotten; the next command finds it as a stranger");
	bluez_close(bluez);
	return reason;
}
