/* SPDX-License-Identifier: MIT */
#include <holdfast/smp_app.h>

enum { STAT_INVALID_GROUP = 2 };

enum hf_reason smp_stats_show(void *ctx, struct smp_call *call)
{
	const struct smp_stats *stats = ctx;
	struct smp_field field = { .key = "name", .type = SMP_TYPE_TEXT };
	enum hf_reason reason = smp_map_read(&call->body, &field, 1);
	const struct smp_stat_group *group = NULL;

	if (reason != HF_OK)
		return reason;
	for (uint32_t i = 0; i < stats->group_count; i++) {
		if (field.found && smp_span_is(&field.is.span, stats->groups[i].name))
			group = &stats->groups[i];
	}
	if (group == NULL)
		return smp_call_refuse(call, SMP_GROUP_STAT, STAT_INVALID_GROUP, SMP_RC_NO_ENTRY);
	smp_put_key_text(call->reply, "name", group->name);
	smp_put_text(call->reply, "fields");
	smp_put_map_open(call->reply);
	for (uint32_t i = 0; i < group->entry_count; i++)
		smp_put_key_uint(call->reply, group->entries[i].name, *group->entries[i].value);
	smp_put_close(call->reply);
	return HF_OK;
}

enum hf_reason smp_stats_list(void *ctx, struct smp_call *call)
{
	const struct smp_stats *stats = ctx;

	smp_put_text(call->reply, "stat_list");
	smp_put_list_open(call->reply);
	for (uint32_t i = 0; i < stats->group_count; i++)
		smp_put_text(call->reply, stats->groups[i].name);
	smp_put_close(call->reply);
	return HF_OK;
}
