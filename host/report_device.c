/* SPDX-License-Identifier: MIT */
#include "report_device.h"

#include <holdfast/boot.h>
#include <stdio.h>
#include <stdlib.h>

#include "bytes.h"

/* A bootloader's recovery may list images without saying anything about them. */
static bool has_flags(const struct smp_image_list *list)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct smp_image_entry *e = &list->entries[i];
		if (e->active || e->confirmed || e->pending || e->permanent || e->bootable)
			return true;
	}
	return false;
}

void report_images(const struct smp_image_list *list, struct report *report)
{
	report_list(report, "images", NULL);
	for (uint32_t i = 0; i < list->count; i++) {
		const struct smp_image_entry *e = &list->entries[i];
		report_item(report, NULL);
		report_number(report, "image", NULL, e->image);
		report_number(report, "slot", NULL, e->slot);
		report_text(report, "version", NULL, e->version);
		report_bytes(report, "hash", NULL, e->hash, e->hash_bytes);
		report_flag(report, "bootable", NULL, e->bootable);
		report_flag(report, "active", NULL, e->active);
		report_flag(report, "confirmed", NULL, e->confirmed);
		report_flag(report, "pending", NULL, e->pending);
		report_flag(report, "permanent", NULL, e->permanent);
		report_end(report);
	}
	report_end(report);
	for (uint32_t i = 0; i < list->count; i++) {
		const struct smp_image_entry *e = &list->entries[i];
		char *hash = bytes_hex(e->hash, e->hash_bytes > 8 ? 8 : e->hash_bytes);
		report_row(report, "image %u slot %u  %-16s %s..%s%s%s%s%s", (unsigned)e->image, (unsigned)e->slot, e->version, hash,
			   e->active ? "  active" : "", e->confirmed ? "  confirmed" : e->active ? "  on trial" : "",
			   e->pending ? "  pending" : "", e->permanent ? "  permanent" : "", e->bootable || !has_flags(list) ? "" : "  not bootable");
		free(hash);
	}
	if (list->count == 0)
		report_row(report, "the device lists no images");
}

enum hf_reason device_why(struct device *device, struct smp_why_reply *why, bool *known, struct problem *problem)
{
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	enum hf_reason reason = device_exchange_optional(device, smp_ask_why(&device->client, &ask), &reply, known, problem);
	*known = *known && smp_read_why(&reply, why) == HF_OK;
	return reason;
}

static void report_refusal(const struct smp_why_reply *why, struct report *report)
{
	const struct hf_reason_text *text = hf_reason_text(why->refusal);
	report_group(report, "refusal", NULL);
	report_number(report, "number", NULL, why->refusal);
	report_text(report, "sentence", NULL, text->sentence);
	report_text(report, "remedy", NULL, text->remedy);
	report_number(report, "offset", NULL, why->where);
	report_number(report, "expected", NULL, why->expected);
	report_number(report, "found", NULL, why->found);
	report_end(report);
	report_row(report, "%-20s HF-%04u at offset 0x%x: expected 0x%x, found 0x%x", "update refused", (unsigned)why->refusal,
		   (unsigned)why->where, (unsigned)why->expected, (unsigned)why->found);
	report_row(report, "%-20s %s %s", "", text->sentence, text->remedy);
}

/* Only a loader in recovery has a stop reason to tell. */
static void report_stop(uint32_t number, struct report *report)
{
	const struct hf_reason_text *text = hf_reason_text(number);
	report_group(report, "recovery", NULL);
	report_number(report, "number", NULL, number);
	report_text(report, "sentence", NULL, text->sentence);
	report_text(report, "remedy", NULL, text->remedy);
	report_end(report);
	report_row(report, "%-20s HF-%04u: %s", "in recovery", (unsigned)number, text->sentence);
}

enum hf_reason report_why(struct device *device, struct report *report, struct problem *problem)
{
	static const char *const causes[] = {
		[HF_CAUSE_NORMAL] = "nothing changed", [HF_CAUSE_UPDATED] = "first start of a new image, on trial",
		[HF_CAUSE_INSTALLED] = "first start of a new image, permanent", [HF_CAUSE_REVERTED] = "an unconfirmed trial was taken back",
		[HF_CAUSE_CONFIRMED] = "the confirmation was seen", [HF_CAUSE_REFUSED] = "an update was refused",
		[HF_CAUSE_FALLBACK] = "the image failed twice, the one before was restored",
	};
	struct smp_why_reply why;
	bool known = false;
	enum hf_reason reason = device_why(device, &why, &known, problem);
	if (reason != HF_OK || !known || !why.has_report)
		return reason;
	char version[40];
	(void)snprintf(version, sizeof version, "%u.%u.%u", (unsigned)(why.loader >> 24), (unsigned)(why.loader >> 16 & 0xff),
		       (unsigned)(why.loader & 0xffff));
	report_text(report, "loader_version", "Holdfast loader", version);
	report_text(report, "cause", "at the last reset", why.cause < HF_ARRAY_COUNT(causes) ? causes[why.cause] : "unknown");
	report_flag(report, "on_trial", "on trial", why.on_trial);
	report_flag(report, "resumed", "a cut was mended", why.resumed);
	report_number(report, "steps_done", "sectors moved", why.steps);
	report_number(report, "resets", "resets since the last change", why.resets);
	if (why.other != 0) {
		(void)snprintf(version, sizeof version, "%u.%u.%u", (unsigned)(why.other >> 24), (unsigned)(why.other >> 16 & 0xff),
			       (unsigned)(why.other & 0xffff));
		report_text(report, "other_version", "the other version", version);
	}
	if (why.stop != 0)
		report_stop(why.stop, report);
	report_size(report, "size_max", "largest update", why.size_max);
	if (why.refusal != 0)
		report_refusal(&why, report);
	return HF_OK;
}
