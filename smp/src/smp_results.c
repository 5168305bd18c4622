/* SPDX-License-Identifier: MIT */
/* smp_results.c - replies into structs. Declared in smp_client.h. */
#include <holdfast/smp_requests.h>

/* Bytes of a well-formed UTF-8 character of two to four bytes at data; 0: none. */
static uint32_t utf8_bytes(const uint8_t *data, uint32_t left_bytes)
{
	uint32_t size = data[0] >= 0xf0u ? 4u : data[0] >= 0xe0u ? 3u : 2u;
	uint32_t code;

	if (data[0] < 0xc2u || data[0] > 0xf4u || size > left_bytes)
		return 0;
	code = data[0] & (0x7fu >> size);
	for (uint32_t i = 1; i < size; i++) {
		if ((data[i] & 0xc0u) != 0x80u)
			return 0;
		code = code << 6 | (data[i] & 0x3fu);
	}
	/* Controls, surrogates, overlong forms, and what is beyond Unicode. */
	if (code < 0xa0u || (code >= 0xd800u && code < 0xe000u) || code > 0x10ffffu || (size == 3u && code < 0x800u) ||
	    (size == 4u && code < 0x10000u))
		return 0;
	return size;
}

/* How one character at data is shown; size: bytes it takes. */
enum shown { SHOWN_AS_IS, SHOWN_AS_MARK, SHOWN_NOT };

static enum shown shown_of(const uint8_t *data, uint32_t left_bytes, bool lines, uint32_t *size)
{
	uint8_t c = data[0];

	*size = c < 0x80u ? 1u : utf8_bytes(data, left_bytes);
	if (lines && c == '\r')
		return SHOWN_NOT;
	if (*size == 0u || c == 0x7fu || (c < 0x20u && !(lines && (c == '\n' || c == '\t')))) {
		*size = 1;
		return SHOWN_AS_MARK;
	}
	return SHOWN_AS_IS;
}

static void text_clean(const struct smp_span *span, bool lines, char *into, uint32_t cap_bytes)
{
	uint32_t used = 0, size;

	hf_assert(cap_bytes != 0u);
	for (uint32_t off = 0; off < span->size_bytes; off += size) {
		enum shown shown = shown_of(span->data + off, span->size_bytes - off, lines, &size);

		if (shown == SHOWN_NOT)
			continue;
		if (size > cap_bytes - 1u - used)
			break;
		for (uint32_t i = 0; i < size; i++)
			into[used++] = shown == SHOWN_AS_MARK ? '?' : (char)span->data[off + i];
	}
	into[used] = '\0';
}

void smp_text_clean(const struct smp_span *span, char *into, uint32_t cap_bytes)
{
	text_clean(span, false, into, cap_bytes);
}

void smp_text_clean_lines(const struct smp_span *span, char *into, uint32_t cap_bytes)
{
	text_clean(span, true, into, cap_bytes);
}

enum hf_reason smp_reply_fields(const struct smp_reply *reply, struct smp_field *fields, uint32_t field_count, uint32_t needed_count)
{
	struct smp_reader body = reply->body;

	if (reply->refused)
		return HF_R_SMP_REFUSED;
	if (smp_map_read(&body, fields, field_count) != HF_OK)
		return HF_R_SMP_REPLY_MALFORMED;
	for (uint32_t i = 0; i < needed_count; i++) {
		if (!fields[i].found)
			return HF_R_SMP_REPLY_MALFORMED;
	}
	return HF_OK;
}

static uint32_t u32_of(const struct smp_field *field)
{
	return field->found ? field->is.u32 : 0u;
}

static bool flag_of(const struct smp_field *field)
{
	return field->found && field->is.flag;
}

enum hf_reason smp_read_nothing(const struct smp_reply *reply)
{
	return reply->refused ? HF_R_SMP_REFUSED : HF_OK;
}

enum hf_reason smp_read_params(const struct smp_reply *reply, struct smp_params *params)
{
	struct smp_field fields[] = { { .key = "buf_size", .type = SMP_TYPE_U32 }, { .key = "buf_count", .type = SMP_TYPE_U32 } };
	enum hf_reason reason = smp_reply_fields(reply, fields, HF_ARRAY_COUNT(fields), 2);

	if (reason == HF_OK)
		*params = (struct smp_params){ .buf_size = fields[0].is.u32, .buf_count = fields[1].is.u32 };
	return reason;
}

enum hf_reason smp_read_text(const struct smp_reply *reply, const char *key, char *into, uint32_t cap_bytes)
{
	struct smp_field field = { .key = key, .type = SMP_TYPE_TEXT };
	enum hf_reason reason = smp_reply_fields(reply, &field, 1, 1);

	if (reason == HF_OK)
		smp_text_clean(&field.is.span, into, cap_bytes);
	return reason;
}

enum hf_reason smp_read_mode(const struct smp_reply *reply, int32_t *mode, bool *no_downgrade)
{
	struct smp_field fields[] = { { .key = "mode", .type = SMP_TYPE_I32 }, { .key = "no-downgrade", .type = SMP_TYPE_BOOL } };
	enum hf_reason reason = smp_reply_fields(reply, fields, HF_ARRAY_COUNT(fields), 1);

	if (reason != HF_OK)
		return reason;
	*mode = fields[0].is.i32;
	*no_downgrade = flag_of(&fields[1]);
	return HF_OK;
}

static enum hf_reason image_read(struct smp_reader *reader, struct smp_image_entry *entry)
{
	enum { IMAGE, SLOT, VERSION, HASH, BOOTABLE, PENDING, CONFIRMED, ACTIVE, PERMANENT };
	struct smp_field fields[] = {
		[IMAGE] = { .key = "image", .type = SMP_TYPE_U32 },
		[SLOT] = { .key = "slot", .type = SMP_TYPE_U32 },
		[VERSION] = { .key = "version", .type = SMP_TYPE_TEXT },
		[HASH] = { .key = "hash", .type = SMP_TYPE_BYTES },
		[BOOTABLE] = { .key = "bootable", .type = SMP_TYPE_BOOL },
		[PENDING] = { .key = "pending", .type = SMP_TYPE_BOOL },
		[CONFIRMED] = { .key = "confirmed", .type = SMP_TYPE_BOOL },
		[ACTIVE] = { .key = "active", .type = SMP_TYPE_BOOL },
		[PERMANENT] = { .key = "permanent", .type = SMP_TYPE_BOOL },
	};
	enum hf_reason reason = smp_map_read(reader, fields, HF_ARRAY_COUNT(fields));

	if (reason != HF_OK)
		return reason;
	if (fields[HASH].found && fields[HASH].is.span.size_bytes > SMP_HASH_BYTES_MAX)
		return HF_R_SMP_REPLY_MALFORMED;
	*entry = (struct smp_image_entry){
		.image = u32_of(&fields[IMAGE]), .slot = u32_of(&fields[SLOT]), .bootable = flag_of(&fields[BOOTABLE]),
		.pending = flag_of(&fields[PENDING]), .confirmed = flag_of(&fields[CONFIRMED]), .active = flag_of(&fields[ACTIVE]),
		.permanent = flag_of(&fields[PERMANENT])
	};
	if (fields[VERSION].found)
		smp_text_clean(&fields[VERSION].is.span, entry->version, sizeof entry->version);
	if (fields[HASH].found) {
		entry->hash_bytes = fields[HASH].is.span.size_bytes;
		memcpy(entry->hash, fields[HASH].is.span.data, entry->hash_bytes);
	}
	return HF_OK;
}

enum hf_reason smp_read_image_list(const struct smp_reply *reply, struct smp_image_list *list)
{
	struct smp_field field = { .key = "images", .type = SMP_TYPE_ANY };
	enum hf_reason reason = smp_reply_fields(reply, &field, 1, 1);
	struct smp_list walk;
	bool more = true;

	if (reason != HF_OK)
		return reason;
	if (smp_list_open(&field.is.inner, &walk) != HF_OK)
		return HF_R_SMP_REPLY_MALFORMED;
	list->count = 0;
	list->dropped = 0;
	for (;;) { /* each turn takes a byte, or is the last */
		struct smp_image_entry entry;

		if (smp_list_next(&field.is.inner, &walk, &more) != HF_OK)
			return HF_R_SMP_REPLY_MALFORMED;
		if (!more)
			return HF_OK;
		if (image_read(&field.is.inner, &entry) != HF_OK)
			return HF_R_SMP_REPLY_MALFORMED;
		if (list->count < SMP_LIST_MAX)
			list->entries[list->count++] = entry;
		else
			list->dropped++;
	}
}

static void slot_add(struct smp_slot_list *list, const struct smp_slot_entry *entry)
{
	if (list->count < SMP_LIST_MAX)
		list->entries[list->count++] = *entry;
	else
		list->dropped++;
}

static enum hf_reason slot_read(struct smp_reader *reader, struct smp_slot_entry *entry)
{
	struct smp_field fields[] = { { .key = "slot", .type = SMP_TYPE_U32 },
				      { .key = "size", .type = SMP_TYPE_U32 },
				      { .key = "upload_image_id", .type = SMP_TYPE_U32 } };
	enum hf_reason reason = smp_map_read(reader, fields, HF_ARRAY_COUNT(fields));

	if (reason != HF_OK)
		return reason;
	entry->slot = u32_of(&fields[0]);
	entry->size_bytes = u32_of(&fields[1]);
	entry->has_upload_id = fields[2].found;
	entry->upload_id = u32_of(&fields[2]);
	return HF_OK;
}

/* One image with its slots. */
static enum hf_reason slots_read(struct smp_reader *reader, struct smp_slot_list *list)
{
	struct smp_field fields[] = { { .key = "image", .type = SMP_TYPE_U32 },
				      { .key = "slots", .type = SMP_TYPE_ANY },
				      { .key = "max_image_size", .type = SMP_TYPE_U32 } };
	enum hf_reason reason = smp_map_read(reader, fields, HF_ARRAY_COUNT(fields));
	struct smp_list walk;
	bool more = true;

	if (reason != HF_OK || !fields[1].found)
		return reason;
	reason = smp_list_open(&fields[1].is.inner, &walk);
	while (reason == HF_OK) { /* each turn takes a byte, or is the last */
		struct smp_slot_entry entry = { .image = u32_of(&fields[0]), .has_image_max = fields[2].found, .image_max_bytes = u32_of(&fields[2]) };

		reason = smp_list_next(&fields[1].is.inner, &walk, &more);
		if (reason != HF_OK || !more)
			break;
		reason = slot_read(&fields[1].is.inner, &entry);
		if (reason == HF_OK)
			slot_add(list, &entry);
	}
	return reason;
}

enum hf_reason smp_read_slots(const struct smp_reply *reply, struct smp_slot_list *list)
{
	struct smp_field field = { .key = "images", .type = SMP_TYPE_ANY };
	enum hf_reason reason = smp_reply_fields(reply, &field, 1, 1);
	struct smp_list walk;
	bool more = true;

	if (reason != HF_OK)
		return reason;
	if (smp_list_open(&field.is.inner, &walk) != HF_OK)
		return HF_R_SMP_REPLY_MALFORMED;
	list->count = 0;
	list->dropped = 0;
	for (;;) { /* each turn takes a byte, or is the last */
		if (smp_list_next(&field.is.inner, &walk, &more) != HF_OK)
			return HF_R_SMP_REPLY_MALFORMED;
		if (!more)
			return HF_OK;
		if (slots_read(&field.is.inner, list) != HF_OK)
			return HF_R_SMP_REPLY_MALFORMED;
	}
}

enum hf_reason smp_read_why(const struct smp_reply *reply, struct smp_why_reply *why)
{
	enum { LAST, CAUSE, TRIAL, RESUMED, REFUSAL, WHERE, EXPECTED, FOUND, STOP, STEPS, LOADER, SIZE_MAX_KEY, RESETS, OTHER };
	struct smp_field fields[] = {
		[LAST] = { .key = "last", .type = SMP_TYPE_U32 },
		[CAUSE] = { .key = "cause", .type = SMP_TYPE_U32 },
		[TRIAL] = { .key = "trial", .type = SMP_TYPE_BOOL },
		[RESUMED] = { .key = "resumed", .type = SMP_TYPE_BOOL },
		[REFUSAL] = { .key = "refusal", .type = SMP_TYPE_U32 },
		[WHERE] = { .key = "where", .type = SMP_TYPE_U32 },
		[EXPECTED] = { .key = "expected", .type = SMP_TYPE_U32 },
		[FOUND] = { .key = "found", .type = SMP_TYPE_U32 },
		[STOP] = { .key = "stop", .type = SMP_TYPE_U32 },
		[STEPS] = { .key = "steps", .type = SMP_TYPE_U32 },
		[LOADER] = { .key = "loader", .type = SMP_TYPE_U32 },
		[SIZE_MAX_KEY] = { .key = "size_max", .type = SMP_TYPE_U32 },
		[RESETS] = { .key = "resets", .type = SMP_TYPE_U32 },
		[OTHER] = { .key = "other", .type = SMP_TYPE_U32 },
	};
	enum hf_reason reason = smp_reply_fields(reply, fields, HF_ARRAY_COUNT(fields), 1);

	if (reason != HF_OK)
		return reason;
	*why = (struct smp_why_reply){
		.has_report = fields[CAUSE].found, .cause = u32_of(&fields[CAUSE]), .on_trial = flag_of(&fields[TRIAL]),
		.resumed = flag_of(&fields[RESUMED]), .refusal = u32_of(&fields[REFUSAL]), .where = u32_of(&fields[WHERE]),
		.expected = u32_of(&fields[EXPECTED]), .found = u32_of(&fields[FOUND]), .stop = u32_of(&fields[STOP]),
		.steps = u32_of(&fields[STEPS]), .loader = u32_of(&fields[LOADER]), .size_max = u32_of(&fields[SIZE_MAX_KEY]),
		.resets = u32_of(&fields[RESETS]), .other = u32_of(&fields[OTHER]),
		.last = u32_of(&fields[LAST])
	};
	return HF_OK;
}
