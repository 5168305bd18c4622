/* SPDX-License-Identifier: MIT */
/* smp_answers.c - replies of the requests beyond updating. Declared in smp_requests.h. */
#include <holdfast/smp_requests.h>

/* --- values that may be of any type -------------------------------------------------------------------------------------- */

/* A number, or absent: what is of another type counts as absent. */
static struct smp_count count_of(struct smp_field *field)
{
	struct smp_item item;

	if (!field->found || smp_item_next(&field->is.inner, &item) != HF_OK || item.kind != SMP_KIND_UINT)
		return (struct smp_count){ .known = false };
	return (struct smp_count){ .known = true, .value = item.value };
}

static bool int_of(struct smp_field *field, int32_t *value)
{
	struct smp_item item;

	if (!field->found || smp_item_next(&field->is.inner, &item) != HF_OK || item.value > (uint64_t)INT32_MAX)
		return false;
	if (item.kind != SMP_KIND_UINT && item.kind != SMP_KIND_NINT)
		return false;
	*value = item.kind == SMP_KIND_UINT ? (int32_t)item.value : -1 - (int32_t)item.value;
	return true;
}

static bool u32_of(struct smp_field *field, uint32_t *value)
{
	struct smp_count count = count_of(field);

	if (!count.known || count.value > UINT32_MAX)
		return false;
	*value = (uint32_t)count.value;
	return true;
}

static bool text_of(struct smp_field *field, char *into, uint32_t cap_bytes)
{
	struct smp_span span;

	into[0] = '\0';
	if (!field->found || smp_string_read(&field->is.inner, SMP_KIND_TEXT, &span) != HF_OK)
		return false;
	smp_text_clean(&span, into, cap_bytes);
	return true;
}

/* --- walks --------------------------------------------------------------------------------------------------------------- */

/* One entry of a list or of a map (then with its key). HF_OK: it was read; *go_on false ends the walk. */
struct walk {
	enum hf_reason (*entry)(struct walk *walk, const struct smp_span *key, struct smp_reader *value, bool *go_on);
	union {
		bool (*task)(void *ctx, const struct smp_task *task);
		bool (*pool)(void *ctx, const struct smp_pool *pool);
		bool (*stat)(void *ctx, const char *name, uint64_t value);
		bool (*name)(void *ctx, const char *name);
		bool (*hash_type)(void *ctx, const struct smp_hash_type *type);
		bool (*group)(void *ctx, uint16_t group);
		bool (*detail)(void *ctx, const struct smp_group_detail *detail);
	} each;
	void *ctx;
};

/* value: exactly one value. */
static enum hf_reason step(struct smp_reader *reader, bool is_map, struct smp_span *key, struct smp_reader *value)
{
	struct smp_reader ahead = *reader;
	struct smp_item head;
	enum hf_reason reason;
	uint32_t start;

	*key = (struct smp_span){ .data = NULL, .size_bytes = 0 };
	if (is_map) {
		reason = smp_item_next(&ahead, &head);
		if (reason == HF_OK && head.kind == SMP_KIND_TEXT)
			reason = smp_string_read(reader, SMP_KIND_TEXT, key);
		else if (reason == HF_OK)
			reason = smp_value_skip(reader);
		if (reason != HF_OK)
			return reason;
	}
	start = reader->off;
	reason = smp_value_skip(reader);
	if (reason == HF_OK)
		*value = smp_reader_of(reader->bytes + start, reader->off - start);
	return reason;
}

static enum hf_reason walk_run(struct walk *walk, struct smp_reader reader, bool is_map)
{
	struct smp_list list;
	bool more = true, go_on = true;

	if ((is_map ? smp_map_open(&reader, &list) : smp_list_open(&reader, &list)) != HF_OK)
		return HF_R_SMP_REPLY_MALFORMED;
	while (go_on) { /* each turn takes a byte, or is the last */
		struct smp_span key;
		struct smp_reader value;

		if (smp_list_next(&reader, &list, &more) != HF_OK)
			return HF_R_SMP_REPLY_MALFORMED;
		if (!more)
			break;
		if (step(&reader, is_map, &key, &value) != HF_OK || walk->entry(walk, &key, &value, &go_on) != HF_OK)
			return HF_R_SMP_REPLY_MALFORMED;
	}
	return HF_OK;
}

/* Over the list or map behind a key that must be there. */
static enum hf_reason walk_key(struct walk *walk, const struct smp_reply *reply, const char *key, bool is_map)
{
	struct smp_field field = { .key = key, .type = SMP_TYPE_ANY };
	enum hf_reason reason = smp_reply_fields(reply, &field, 1, 1);

	return reason == HF_OK ? walk_run(walk, field.is.inner, is_map) : reason;
}

/* --- OS ------------------------------------------------------------------------------------------------------------------ */

static enum hf_reason task_entry(struct walk *walk, const struct smp_span *key, struct smp_reader *value, bool *go_on)
{
	enum { PRIO, TID, STATE, STKUSE, STKSIZ, STKSIZE, CSWCNT, RUNTIME, LAST, NEXT };
	struct smp_field fields[] = {
		[PRIO] = { .key = "prio", .type = SMP_TYPE_ANY },          [TID] = { .key = "tid", .type = SMP_TYPE_ANY },
		[STATE] = { .key = "state", .type = SMP_TYPE_ANY },        [STKUSE] = { .key = "stkuse", .type = SMP_TYPE_ANY },
		[STKSIZ] = { .key = "stksiz", .type = SMP_TYPE_ANY },      [STKSIZE] = { .key = "stksize", .type = SMP_TYPE_ANY },
		[CSWCNT] = { .key = "cswcnt", .type = SMP_TYPE_ANY },      [RUNTIME] = { .key = "runtime", .type = SMP_TYPE_ANY },
		[LAST] = { .key = "last_checkin", .type = SMP_TYPE_ANY },  [NEXT] = { .key = "next_checkin", .type = SMP_TYPE_ANY },
	};
	struct smp_task task = { .has_prio = false };
	enum hf_reason reason = smp_map_read(value, fields, HF_ARRAY_COUNT(fields));

	if (reason != HF_OK)
		return reason;
	smp_text_clean(key, task.name, sizeof task.name);
	task.has_prio = int_of(&fields[PRIO], &task.prio);
	task.tid = count_of(&fields[TID]);
	task.state = count_of(&fields[STATE]);
	task.stack_used_words = count_of(&fields[STKUSE]);
	task.stack_words = count_of(fields[STKSIZ].found ? &fields[STKSIZ] : &fields[STKSIZE]);
	task.switches = count_of(&fields[CSWCNT]);
	task.runtime = count_of(&fields[RUNTIME]);
	task.last_checkin = count_of(&fields[LAST]);
	task.next_checkin = count_of(&fields[NEXT]);
	*go_on = walk->each.task(walk->ctx, &task);
	return HF_OK;
}

enum hf_reason smp_read_tasks(const struct smp_reply *reply, bool (*each)(void *ctx, const struct smp_task *task), void *ctx)
{
	struct walk walk = { .entry = task_entry, .each.task = each, .ctx = ctx };

	return walk_key(&walk, reply, "tasks", true);
}

/* Pools are the keys of the reply itself; what holds no map (rc) is none. */
static enum hf_reason pool_entry(struct walk *walk, const struct smp_span *key, struct smp_reader *value, bool *go_on)
{
	struct smp_field fields[] = { { .key = "blksiz", .type = SMP_TYPE_ANY }, { .key = "nblks", .type = SMP_TYPE_ANY },
				      { .key = "nfree", .type = SMP_TYPE_ANY },  { .key = "min", .type = SMP_TYPE_ANY } };
	struct smp_reader ahead = *value;
	struct smp_pool pool = { .blocks = { .known = false } };
	struct smp_item item;
	enum hf_reason reason = smp_item_next(&ahead, &item);

	if (reason != HF_OK || item.kind != SMP_KIND_MAP)
		return reason;
	reason = smp_map_read(value, fields, HF_ARRAY_COUNT(fields));
	if (reason != HF_OK)
		return reason;
	smp_text_clean(key, pool.name, sizeof pool.name);
	pool.block_bytes = count_of(&fields[0]);
	pool.blocks = count_of(&fields[1]);
	pool.blocks_free = count_of(&fields[2]);
	pool.blocks_free_min = count_of(&fields[3]);
	*go_on = walk->each.pool(walk->ctx, &pool);
	return HF_OK;
}

enum hf_reason smp_read_pools(const struct smp_reply *reply, bool (*each)(void *ctx, const struct smp_pool *pool), void *ctx)
{
	struct walk walk = { .entry = pool_entry, .each.pool = each, .ctx = ctx };

	if (reply->refused)
		return HF_R_SMP_REFUSED;
	return reply->body.size_bytes != 0u ? walk_run(&walk, reply->body, true) : HF_OK;
}

enum hf_reason smp_read_b0_slot(const struct smp_reply *reply, uint32_t *slot)
{
	struct smp_field field = { .key = "active", .type = SMP_TYPE_U32 };
	enum hf_reason reason = smp_reply_fields(reply, &field, 1, 1);

	if (reason == HF_OK)
		*slot = field.is.u32;
	return reason;
}

/* --- statistics ---------------------------------------------------------------------------------------------------------- */

static enum hf_reason stat_entry(struct walk *walk, const struct smp_span *key, struct smp_reader *value, bool *go_on)
{
	char name[SMP_NAME_TEXT_BYTES];
	struct smp_item item;
	enum hf_reason reason = smp_item_next(value, &item);

	if (reason != HF_OK || item.kind != SMP_KIND_UINT)
		return reason;
	smp_text_clean(key, name, sizeof name);
	*go_on = walk->each.stat(walk->ctx, name, item.value);
	return HF_OK;
}

enum hf_reason smp_read_stat(const struct smp_reply *reply, bool (*each)(void *ctx, const char *name, uint64_t value), void *ctx)
{
	struct walk walk = { .entry = stat_entry, .each.stat = each, .ctx = ctx };

	return walk_key(&walk, reply, "fields", true);
}

static enum hf_reason name_entry(struct walk *walk, const struct smp_span *key, struct smp_reader *value, bool *go_on)
{
	char name[SMP_NAME_TEXT_BYTES];
	struct smp_span span;
	enum hf_reason reason = smp_string_read(value, SMP_KIND_TEXT, &span);

	(void)key;
	if (reason != HF_OK)
		return reason;
	smp_text_clean(&span, name, sizeof name);
	*go_on = walk->each.name(walk->ctx, name);
	return HF_OK;
}

enum hf_reason smp_read_stat_list(const struct smp_reply *reply, bool (*each)(void *ctx, const char *name), void *ctx)
{
	struct walk walk = { .entry = name_entry, .each.name = each, .ctx = ctx };

	return walk_key(&walk, reply, "stat_list", false);
}

/* --- settings, files ----------------------------------------------------------------------------------------------------- */

enum hf_reason smp_read_setting(const struct smp_reply *reply, struct smp_span *value, uint32_t *device_max_bytes)
{
	struct smp_field fields[] = { { .key = "val", .type = SMP_TYPE_BYTES }, { .key = "max_size", .type = SMP_TYPE_U32 } };
	enum hf_reason reason = smp_reply_fields(reply, fields, HF_ARRAY_COUNT(fields), 1);

	if (reason != HF_OK)
		return reason;
	*value = fields[0].is.span;
	*device_max_bytes = fields[1].found ? fields[1].is.u32 : 0u;
	return HF_OK;
}

enum hf_reason smp_read_file_status(const struct smp_reply *reply, uint32_t *size_bytes)
{
	struct smp_field field = { .key = "len", .type = SMP_TYPE_U32 };
	enum hf_reason reason = smp_reply_fields(reply, &field, 1, 1);

	if (reason == HF_OK)
		*size_bytes = field.is.u32;
	return reason;
}

enum hf_reason smp_read_file_hash(const struct smp_reply *reply, struct smp_file_hash *hash)
{
	enum { OUTPUT, TYPE, OFF, LEN };
	struct smp_field fields[] = { [OUTPUT] = { .key = "output", .type = SMP_TYPE_ANY },
				      [TYPE] = { .key = "type", .type = SMP_TYPE_ANY },
				      [OFF] = { .key = "off", .type = SMP_TYPE_U32 },
				      [LEN] = { .key = "len", .type = SMP_TYPE_U32 } };
	struct smp_file_hash read = { .is_number = false };
	enum hf_reason reason = smp_reply_fields(reply, fields, HF_ARRAY_COUNT(fields), 1);
	struct smp_span span;

	if (reason != HF_OK)
		return reason;
	(void)text_of(&fields[TYPE], read.type, sizeof read.type);
	read.off = fields[OFF].found ? fields[OFF].is.u32 : 0u;
	read.size_bytes = fields[LEN].found ? fields[LEN].is.u32 : 0u;
	if (smp_string_read(&fields[OUTPUT].is.inner, SMP_KIND_BYTES, &span) == HF_OK) {
		if (span.size_bytes > sizeof read.bytes)
			return HF_R_SMP_REPLY_MALFORMED;
		read.byte_count = span.size_bytes;
		memcpy(read.bytes, span.data, span.size_bytes);
	} else {
		read.is_number = true;
		if (!u32_of(&fields[OUTPUT], &read.number))
			return HF_R_SMP_REPLY_MALFORMED;
	}
	*hash = read;
	return HF_OK;
}

static enum hf_reason hash_type_entry(struct walk *walk, const struct smp_span *key, struct smp_reader *value, bool *go_on)
{
	struct smp_field fields[] = { { .key = "format", .type = SMP_TYPE_ANY }, { .key = "size", .type = SMP_TYPE_ANY } };
	struct smp_hash_type type = { .is_number = false };
	struct smp_count format;
	enum hf_reason reason = smp_map_read(value, fields, HF_ARRAY_COUNT(fields));

	if (reason != HF_OK)
		return reason;
	smp_text_clean(key, type.name, sizeof type.name);
	format = count_of(&fields[0]);
	type.is_number = format.known && format.value == 0u;
	(void)u32_of(&fields[1], &type.size_bytes);
	*go_on = walk->each.hash_type(walk->ctx, &type);
	return HF_OK;
}

enum hf_reason smp_read_file_hash_types(const struct smp_reply *reply, bool (*each)(void *ctx, const struct smp_hash_type *type), void *ctx)
{
	struct walk walk = { .entry = hash_type_entry, .each.hash_type = each, .ctx = ctx };

	return walk_key(&walk, reply, "types", true);
}

/* --- shell --------------------------------------------------------------------------------------------------------------- */

enum hf_reason smp_read_shell(const struct smp_reply *reply, struct smp_shell_reply *shell)
{
	enum { OUTPUT, RET, RC };
	struct smp_field fields[] = { [OUTPUT] = { .key = "o", .type = SMP_TYPE_ANY },
				      [RET] = { .key = "ret", .type = SMP_TYPE_ANY },
				      [RC] = { .key = "rc", .type = SMP_TYPE_ANY } };
	struct smp_reader body = reply->body;
	struct smp_shell_reply read = { .code = 0 };

	if (smp_map_read(&body, fields, HF_ARRAY_COUNT(fields)) != HF_OK)
		return reply->refused ? HF_R_SMP_REFUSED : HF_R_SMP_REPLY_MALFORMED;
	if (reply->refused && (reply->code.of_group || !fields[OUTPUT].found))
		return HF_R_SMP_REFUSED;
	if (!fields[OUTPUT].found || smp_string_read(&fields[OUTPUT].is.inner, SMP_KIND_TEXT, &read.output) != HF_OK)
		return HF_R_SMP_REPLY_MALFORMED;
	if (!int_of(&fields[RET], &read.code))
		(void)int_of(&fields[RC], &read.code);
	*shell = read;
	return HF_OK;
}

/* --- enumeration --------------------------------------------------------------------------------------------------------- */

enum hf_reason smp_read_group_count(const struct smp_reply *reply, uint32_t *count)
{
	struct smp_field field = { .key = "count", .type = SMP_TYPE_U32 };
	enum hf_reason reason = smp_reply_fields(reply, &field, 1, 1);

	if (reason == HF_OK)
		*count = field.is.u32;
	return reason;
}

static enum hf_reason group_entry(struct walk *walk, const struct smp_span *key, struct smp_reader *value, bool *go_on)
{
	struct smp_item item;
	enum hf_reason reason = smp_item_next(value, &item);

	(void)key;
	if (reason != HF_OK)
		return reason;
	if (item.kind != SMP_KIND_UINT || item.value > UINT16_MAX)
		return HF_R_SMP_CBOR_TYPE;
	*go_on = walk->each.group(walk->ctx, (uint16_t)item.value);
	return HF_OK;
}

enum hf_reason smp_read_groups(const struct smp_reply *reply, bool (*each)(void *ctx, uint16_t group), void *ctx)
{
	struct walk walk = { .entry = group_entry, .each.group = each, .ctx = ctx };

	return walk_key(&walk, reply, "groups", false);
}

enum hf_reason smp_read_group(const struct smp_reply *reply, uint16_t *group, bool *is_last)
{
	struct smp_field fields[] = { { .key = "group", .type = SMP_TYPE_U32 }, { .key = "end", .type = SMP_TYPE_BOOL } };
	enum hf_reason reason = smp_reply_fields(reply, fields, HF_ARRAY_COUNT(fields), 1);

	if (reason == HF_OK && fields[0].is.u32 > UINT16_MAX)
		reason = HF_R_SMP_REPLY_MALFORMED;
	if (reason != HF_OK)
		return reason;
	*group = (uint16_t)fields[0].is.u32;
	*is_last = fields[1].found && fields[1].is.flag;
	return HF_OK;
}

static enum hf_reason detail_entry(struct walk *walk, const struct smp_span *key, struct smp_reader *value, bool *go_on)
{
	struct smp_field fields[] = { { .key = "group", .type = SMP_TYPE_ANY },
				      { .key = "name", .type = SMP_TYPE_ANY },
				      { .key = "handlers", .type = SMP_TYPE_ANY } };
	struct smp_group_detail detail = { .group = 0 };
	enum hf_reason reason = smp_map_read(value, fields, HF_ARRAY_COUNT(fields));
	uint32_t group = 0;

	(void)key;
	if (reason != HF_OK)
		return reason;
	if (!u32_of(&fields[0], &group) || group > UINT16_MAX)
		return HF_R_SMP_CBOR_TYPE;
	detail.group = (uint16_t)group;
	(void)text_of(&fields[1], detail.name, sizeof detail.name);
	detail.handlers = count_of(&fields[2]);
	*go_on = walk->each.detail(walk->ctx, &detail);
	return HF_OK;
}

enum hf_reason smp_read_group_details(const struct smp_reply *reply, bool (*each)(void *ctx, const struct smp_group_detail *detail), void *ctx)
{
	struct walk walk = { .entry = detail_entry, .each.detail = each, .ctx = ctx };

	return walk_key(&walk, reply, "groups", false);
}

/* --- Holdfast ------------------------------------------------------------------------------------------------------------ */

enum hf_reason smp_read_base(const struct smp_reply *reply, struct smp_base_reply *base)
{
	enum { SIZE_MAX_KEY, PRIMARY, SECONDARY, SECTOR, ALIGN, HASH, VERSION };
	struct smp_field fields[] = {
		[SIZE_MAX_KEY] = { .key = "size_max", .type = SMP_TYPE_U32 }, [PRIMARY] = { .key = "primary", .type = SMP_TYPE_U32 },
		[SECONDARY] = { .key = "secondary", .type = SMP_TYPE_U32 },   [SECTOR] = { .key = "sector", .type = SMP_TYPE_U32 },
		[ALIGN] = { .key = "align", .type = SMP_TYPE_U32 },           [HASH] = { .key = "hash", .type = SMP_TYPE_BYTES },
		[VERSION] = { .key = "version", .type = SMP_TYPE_ANY },
	};
	struct smp_base_reply read = { .hash_bytes = 0 };
	enum hf_reason reason = smp_reply_fields(reply, fields, HF_ARRAY_COUNT(fields), 5);

	if (reason != HF_OK)
		return reason;
	if (fields[HASH].found) {
		if (fields[HASH].is.span.size_bytes > sizeof read.hash)
			return HF_R_SMP_REPLY_MALFORMED;
		read.hash_bytes = fields[HASH].is.span.size_bytes;
		memcpy(read.hash, fields[HASH].is.span.data, read.hash_bytes);
	}
	(void)text_of(&fields[VERSION], read.version, sizeof read.version);
	read.size_max = fields[SIZE_MAX_KEY].is.u32;
	read.primary_bytes = fields[PRIMARY].is.u32;
	read.secondary_bytes = fields[SECONDARY].is.u32;
	read.sector_bytes = fields[SECTOR].is.u32;
	read.align = fields[ALIGN].is.u32;
	*base = read;
	return HF_OK;
}
