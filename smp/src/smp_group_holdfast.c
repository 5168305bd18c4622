/* SPDX-License-Identifier: MIT */
#include <holdfast/smp_groups.h>

static void put_report(struct smp_writer *writer, const struct hf_report *report)
{
	static const char keys[][9] = { "cause", "refusal", "where", "expected", "found", "stop", "steps", "loader", "size_max",
					"resets", "other" };
	const uint32_t values[] = { (uint32_t)report->cause, (uint32_t)report->refusal.reason, report->refusal.where_off,
				    report->refusal.expected, report->refusal.found, (uint32_t)report->stop_reason, report->steps_done,
				    report->loader_version, report->size_max, report->resets, report->other_version };

	smp_put_key_bool(writer, "trial", report->on_trial);
	smp_put_key_bool(writer, "resumed", report->resumed);
	for (uint32_t i = 0; i < HF_ARRAY_COUNT(values); i++)
		smp_put_key_uint(writer, keys[i], values[i]);
}

void smp_put_why(struct smp_writer *writer, const struct hf_report *report, enum hf_reason last_refusal)
{
	if (report != NULL)
		put_report(writer, report);
	smp_put_key_uint(writer, "last", (uint32_t)last_refusal);
}

enum hf_reason smp_holdfast_why(void *ctx, struct smp_call *call)
{
	const struct smp_why *why = ctx;

	smp_put_why(call->reply, why->report, why->server->last_refusal);
	return HF_OK;
}

enum hf_reason smp_holdfast_base(void *ctx, struct smp_call *call)
{
	const struct hf_app_config *app = ctx;
	struct hf_slot_info info;

	smp_put_key_uint(call->reply, "size_max", app->size_max);
	smp_put_key_uint(call->reply, "primary", app->primary->size_bytes);
	smp_put_key_uint(call->reply, "secondary", app->secondary != NULL ? app->secondary->size_bytes : 0u);
	smp_put_key_uint(call->reply, "sector", app->primary->sector_bytes);
	smp_put_key_uint(call->reply, "align", app->align);
	if (hf_app_slot_info(app, HF_SLOT_PRIMARY, &info) == HF_OK && info.has_image && info.hash_bytes != 0u)
		smp_put_key_bytes(call->reply, "hash", info.hash, info.hash_bytes);
	return HF_OK;
}
