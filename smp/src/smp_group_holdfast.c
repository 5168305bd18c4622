/* SPDX-License-Identifier: MIT */
#include <holdfast/smp_groups.h>

static void put_report(struct smp_writer *writer, const struct hf_report *report)
{
	smp_put_key_uint(writer, "cause", (uint32_t)report->cause);
	smp_put_key_bool(writer, "trial", report->on_trial);
	smp_put_key_bool(writer, "resumed", report->resumed);
	smp_put_key_uint(writer, "refusal", (uint32_t)report->refusal.reason);
	smp_put_key_uint(writer, "where", report->refusal.where_off);
	smp_put_key_uint(writer, "expected", report->refusal.expected);
	smp_put_key_uint(writer, "found", report->refusal.found);
	smp_put_key_uint(writer, "stop", (uint32_t)report->stop_reason);
	smp_put_key_uint(writer, "steps", report->steps_done);
	smp_put_key_uint(writer, "loader", report->loader_version);
	smp_put_key_uint(writer, "size_max", report->size_max);
}

enum hf_reason smp_holdfast_why(void *ctx, struct smp_call *call)
{
	const struct smp_why *why = ctx;

	if (why->report != NULL)
		put_report(call->reply, why->report);
	smp_put_key_uint(call->reply, "last", (uint32_t)why->server->last_refusal);
	return HF_OK;
}

enum hf_reason smp_holdfast_base(void *ctx, struct smp_call *call)
{
	const struct hf_app_config *app = ctx;
	struct hf_slot_info info;

	smp_put_key_uint(call->reply, "size_max", app->size_max);
	smp_put_key_uint(call->reply, "primary", app->primary->size_bytes);
	smp_put_key_uint(call->reply, "secondary", app->secondary->size_bytes);
	smp_put_key_uint(call->reply, "sector", app->primary->sector_bytes);
	smp_put_key_uint(call->reply, "align", app->align);
	if (hf_app_slot_info(app, HF_SLOT_PRIMARY, &info) == HF_OK && info.has_image && info.hash_bytes != 0u)
		smp_put_key_bytes(call->reply, "hash", info.hash, info.hash_bytes);
	return HF_OK;
}
