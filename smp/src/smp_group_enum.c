/* SPDX-License-Identifier: MIT */
#include <holdfast/smp_groups.h>

/* The row with which a group first appears. Tables are short: looking back costs less than remembering. */
static bool is_first(const struct smp_server *server, uint32_t row)
{
	for (uint32_t i = 0; i < row; i++) {
		if (server->rows[i].group == server->rows[row].group)
			return false;
	}
	return true;
}

static uint32_t group_count(const struct smp_server *server)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < server->row_count; i++)
		count += is_first(server, i) ? 1u : 0u;
	return count;
}

enum hf_reason smp_enum_count(void *ctx, struct smp_call *call)
{
	const struct smp_enum *groups = ctx;

	smp_put_key_uint(call->reply, "count", group_count(groups->server));
	return HF_OK;
}

enum hf_reason smp_enum_list(void *ctx, struct smp_call *call)
{
	const struct smp_enum *groups = ctx;

	smp_put_text(call->reply, "groups");
	smp_put_list_open(call->reply);
	for (uint32_t i = 0; i < groups->server->row_count; i++) {
		if (is_first(groups->server, i))
			smp_put_uint(call->reply, groups->server->rows[i].group);
	}
	smp_put_close(call->reply);
	return HF_OK;
}

enum hf_reason smp_enum_single(void *ctx, struct smp_call *call)
{
	const struct smp_enum *groups = ctx;
	struct smp_field field = { .key = "index", .type = SMP_TYPE_U32 };
	enum hf_reason reason = smp_map_read(&call->body, &field, 1);
	uint32_t index, seen = 0;

	if (reason != HF_OK)
		return reason;
	index = field.found ? field.is.u32 : 0u;
	for (uint32_t i = 0; i < groups->server->row_count; i++) {
		if (!is_first(groups->server, i))
			continue;
		if (seen == index) {
			smp_put_key_uint(call->reply, "group", groups->server->rows[i].group);
			if (index + 1u == group_count(groups->server))
				smp_put_key_bool(call->reply, "end", true);
			return HF_OK;
		}
		seen++;
	}
	return HF_R_SMP_ENUM_INDEX;
}

/* list: a reader at the list; size 0: no list. No list and an empty one: all groups. */
static enum hf_reason is_wanted(struct smp_reader list, uint16_t group, bool *wanted)
{
	struct smp_list walk;
	enum hf_reason reason = HF_OK;
	bool more = true;

	*wanted = list.size_bytes == 0u;
	if (*wanted)
		return HF_OK;
	reason = smp_list_open(&list, &walk);
	*wanted = reason == HF_OK && !walk.indefinite && walk.left == 0u;
	while (reason == HF_OK) { /* each turn takes a byte, or is the last */
		struct smp_item item;

		reason = smp_list_next(&list, &walk, &more);
		if (reason != HF_OK || !more)
			break;
		reason = smp_item_next(&list, &item);
		if (reason == HF_OK && item.kind != SMP_KIND_UINT)
			reason = HF_R_SMP_CBOR_TYPE;
		*wanted = *wanted || (reason == HF_OK && item.value == group);
	}
	return reason;
}

/* What a client would count: the commands of the group. */
static uint32_t handler_count(const struct smp_server *server, uint16_t group)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < server->row_count; i++)
		count += server->rows[i].group == group ? 1u : 0u;
	return count;
}

static void put_group(struct smp_writer *writer, const struct smp_enum *groups, uint16_t group)
{
	const char *name = groups->name != NULL ? groups->name(group) : NULL;

	smp_put_map_open(writer);
	smp_put_key_uint(writer, "group", group);
	if (name != NULL)
		smp_put_key_text(writer, "name", name);
	smp_put_key_uint(writer, "handlers", handler_count(groups->server, group));
	smp_put_close(writer);
}

enum hf_reason smp_enum_details(void *ctx, struct smp_call *call)
{
	const struct smp_enum *groups = ctx;
	struct smp_field field = { .key = "groups", .type = SMP_TYPE_ANY };
	enum hf_reason reason = smp_map_read(&call->body, &field, 1);
	struct smp_reader list = smp_reader_of(NULL, 0);

	if (reason != HF_OK)
		return reason;
	if (field.found)
		list = field.is.inner;
	smp_put_text(call->reply, "groups");
	smp_put_list_open(call->reply);
	for (uint32_t i = 0; i < groups->server->row_count; i++) {
		bool wanted = false;

		if (!is_first(groups->server, i))
			continue;
		reason = is_wanted(list, groups->server->rows[i].group, &wanted);
		if (reason != HF_OK)
			return reason;
		if (wanted)
			put_group(call->reply, groups, groups->server->rows[i].group);
	}
	smp_put_close(call->reply);
	return HF_OK;
}
