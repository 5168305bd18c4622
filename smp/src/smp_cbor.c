/* SPDX-License-Identifier: MIT */
#include <holdfast/smp_cbor.h>

enum { MAJOR_UINT = 0, MAJOR_NINT = 1, MAJOR_BYTES = 2, MAJOR_TEXT = 3, MAJOR_LIST = 4, MAJOR_MAP = 5, MAJOR_TAG = 6, MAJOR_SIMPLE = 7 };
enum { INFO_INDEFINITE = 31, SIMPLE_FALSE = 20, SIMPLE_TRUE = 21 };

struct head {
	uint8_t major;
	uint8_t info;
	uint64_t value;
};

static uint32_t left_of(const struct smp_reader *reader)
{
	hf_assert(reader->off <= reader->size_bytes);
	return reader->size_bytes - reader->off;
}

/* One initial byte and its argument. */
static enum hf_reason head_read(struct smp_reader *reader, struct head *head)
{
	uint32_t left = left_of(reader);
	const uint8_t *at = reader->bytes + reader->off;
	uint64_t value = 0;
	uint32_t size;
	uint8_t info;

	if (left == 0u)
		return HF_R_SMP_CBOR;
	info = at[0] & 31u;
	if (info > 27u && info != INFO_INDEFINITE)
		return HF_R_SMP_CBOR;
	size = info < 24u || info == INFO_INDEFINITE ? 0u : 1u << (info - 24u);
	if (size > left - 1u)
		return HF_R_SMP_CBOR;
	for (uint32_t i = 0; i < size; i++)
		value = value << 8 | at[1u + i];
	*head = (struct head){ .major = (uint8_t)(at[0] >> 5), .info = info, .value = info < 24u ? info : value };
	reader->off += 1u + size;
	return HF_OK;
}

/* Tags say what a value means; nothing in SMP depends on one. */
static enum hf_reason head_read_untagged(struct smp_reader *reader, struct head *head)
{
	bool tagged = false;

	for (;;) { /* each turn takes a byte */
		enum hf_reason reason = head_read(reader, head);

		if (reason != HF_OK)
			return reason;
		if (head->major != MAJOR_TAG) {
			bool is_break = head->major == MAJOR_SIMPLE && head->info == INFO_INDEFINITE;

			return tagged && is_break ? HF_R_SMP_CBOR : HF_OK;
		}
		if (head->info == INFO_INDEFINITE)
			return HF_R_SMP_CBOR;
		tagged = true;
	}
}

static enum hf_reason simple_of(const struct head *head, struct smp_item *item)
{
	if (head->info == INFO_INDEFINITE)
		*item = (struct smp_item){ .kind = SMP_KIND_BREAK };
	else if (head->info == SIMPLE_FALSE || head->info == SIMPLE_TRUE)
		*item = (struct smp_item){ .kind = SMP_KIND_BOOL, .value = head->info == SIMPLE_TRUE };
	else
		*item = (struct smp_item){ .kind = SMP_KIND_OTHER, .value = head->value };
	return HF_OK;
}

enum hf_reason smp_item_next(struct smp_reader *reader, struct smp_item *item)
{
	struct smp_reader ahead = *reader;
	struct head head = { 0, 0, 0 };
	enum hf_reason reason = head_read_untagged(&ahead, &head);
	uint64_t bytes_at_least = head.value;

	if (reason != HF_OK)
		return reason;
	if (head.major == MAJOR_SIMPLE) {
		*reader = ahead;
		return simple_of(&head, item);
	}
	if (head.info == INFO_INDEFINITE) {
		if (head.major < MAJOR_BYTES)
			return HF_R_SMP_CBOR;
	} else if (head.major >= MAJOR_BYTES) {
		/* An element takes a byte at least: a count that cannot be true is refused before anything is done with it. */
		if (bytes_at_least > left_of(&ahead) || (head.major == MAJOR_MAP && bytes_at_least > left_of(&ahead) / 2u))
			return HF_R_SMP_CBOR;
		if (head.major <= MAJOR_TEXT)
			ahead.off += (uint32_t)head.value;
	}
	*item = (struct smp_item){ .kind = (enum smp_kind)head.major, .indefinite = head.info == INFO_INDEFINITE, .value = head.value };
	*reader = ahead;
	return HF_OK;
}

/* Pieces of an indefinite string up to its break: each a definite string of the same kind. */
static enum hf_reason pieces_skip(struct smp_reader *reader, enum smp_kind kind)
{
	for (;;) { /* each turn takes a byte */
		struct smp_item item;
		enum hf_reason reason = smp_item_next(reader, &item);

		if (reason != HF_OK)
			return reason;
		if (item.kind == SMP_KIND_BREAK)
			return HF_OK;
		if (item.kind != kind || item.indefinite)
			return HF_R_SMP_CBOR;
	}
}

/* What is open around the value being skipped: elements still to come, or OPEN_* for an indefinite list or map, where EVEN and ODD
 * tell whether a break may come. */
#define OPEN_LIST 0xffffffffu
#define OPEN_EVEN 0xfffffffeu
#define OPEN_ODD 0xfffffffdu

static void level_take(uint32_t *level)
{
	if (*level == OPEN_EVEN)
		*level = OPEN_ODD;
	else if (*level == OPEN_ODD)
		*level = OPEN_EVEN;
	else if (*level != OPEN_LIST)
		(*level)--;
}

static uint32_t level_of(const struct smp_item *item)
{
	if (item->indefinite)
		return item->kind == SMP_KIND_MAP ? OPEN_EVEN : OPEN_LIST;
	return (uint32_t)item->value * (item->kind == SMP_KIND_MAP ? 2u : 1u);
}

static enum hf_reason item_enter(struct smp_reader *reader, const struct smp_item *item, uint32_t *levels, uint32_t *depth)
{
	bool is_string = item->kind == SMP_KIND_BYTES || item->kind == SMP_KIND_TEXT;

	if (is_string && item->indefinite)
		return pieces_skip(reader, item->kind);
	if (item->kind != SMP_KIND_LIST && item->kind != SMP_KIND_MAP)
		return HF_OK;
	if (*depth + 1u >= SMP_DEPTH_MAX)
		return HF_R_SMP_CBOR_DEPTH;
	*depth += 1u;
	levels[*depth] = level_of(item);
	return HF_OK;
}

enum hf_reason smp_value_skip(struct smp_reader *reader)
{
	struct smp_reader ahead = *reader;
	uint32_t levels[SMP_DEPTH_MAX] = { 1 };
	uint32_t depth = 0;

	for (;;) { /* each turn takes a byte or leaves a level */
		struct smp_item item;
		enum hf_reason reason;

		if (levels[depth] == 0u) {
			if (depth == 0u)
				break;
			depth--;
			continue;
		}
		reason = smp_item_next(&ahead, &item);
		if (reason != HF_OK)
			return reason;
		if (item.kind == SMP_KIND_BREAK) {
			if (levels[depth] != OPEN_LIST && levels[depth] != OPEN_EVEN)
				return HF_R_SMP_CBOR;
			levels[depth] = 0;
			continue;
		}
		level_take(&levels[depth]);
		reason = item_enter(&ahead, &item, levels, &depth);
		if (reason != HF_OK)
			return reason;
	}
	*reader = ahead;
	return HF_OK;
}

enum hf_reason smp_string_read(struct smp_reader *reader, enum smp_kind kind, struct smp_span *span)
{
	struct smp_reader ahead = *reader;
	struct smp_item item;
	enum hf_reason reason = smp_item_next(&ahead, &item);

	if (reason != HF_OK)
		return reason;
	if (item.kind != kind)
		return HF_R_SMP_CBOR_TYPE;
	if (item.indefinite) {
		reason = smp_pieces_join(&ahead, kind, span);
		if (reason != HF_OK)
			return reason;
	} else {
		*span = (struct smp_span){ .data = ahead.bytes + ahead.off - (uint32_t)item.value, .size_bytes = (uint32_t)item.value };
	}
	*reader = ahead;
	return HF_OK;
}

static enum hf_reason number_read(struct smp_reader *reader, struct smp_field *field)
{
	struct smp_item item;
	enum hf_reason reason = smp_item_next(reader, &item);

	if (reason != HF_OK)
		return reason;
	if (field->type == SMP_TYPE_BOOL) {
		if (item.kind != SMP_KIND_BOOL)
			return HF_R_SMP_CBOR_TYPE;
		field->is.flag = item.value != 0u;
		return HF_OK;
	}
	if (field->type == SMP_TYPE_U32) {
		if (item.kind != SMP_KIND_UINT || item.value > UINT32_MAX)
			return HF_R_SMP_CBOR_TYPE;
		field->is.u32 = (uint32_t)item.value;
		return HF_OK;
	}
	if ((item.kind != SMP_KIND_UINT && item.kind != SMP_KIND_NINT) || item.value > (uint64_t)INT32_MAX)
		return HF_R_SMP_CBOR_TYPE;
	field->is.i32 = item.kind == SMP_KIND_UINT ? (int32_t)item.value : -1 - (int32_t)item.value;
	return HF_OK;
}

static enum hf_reason any_read(struct smp_reader *reader, struct smp_field *field)
{
	uint32_t start = reader->off;
	enum hf_reason reason = smp_value_skip(reader);

	if (reason == HF_OK)
		field->is.inner = smp_reader_of(reader->bytes + start, reader->off - start);
	return reason;
}

static enum hf_reason field_read(struct smp_reader *reader, struct smp_field *field)
{
	enum hf_reason reason = HF_R_SMP_CBOR_TYPE;

	if (field->found)
		return HF_R_SMP_CBOR_DUPLICATE;
	switch (field->type) {
	case SMP_TYPE_U32:
	case SMP_TYPE_I32:
	case SMP_TYPE_BOOL:
		reason = number_read(reader, field);
		break;
	case SMP_TYPE_BYTES:
		reason = smp_string_read(reader, SMP_KIND_BYTES, &field->is.span);
		break;
	case SMP_TYPE_TEXT:
		reason = smp_string_read(reader, SMP_KIND_TEXT, &field->is.span);
		break;
	case SMP_TYPE_ANY:
		reason = any_read(reader, field);
		break;
	}
	field->found = reason == HF_OK;
	return reason;
}

static enum hf_reason run_open(struct smp_reader *reader, enum smp_kind kind, struct smp_list *list)
{
	struct smp_reader ahead = *reader;
	struct smp_item item;
	enum hf_reason reason = smp_item_next(&ahead, &item);

	if (reason != HF_OK)
		return reason;
	if (item.kind != kind)
		return HF_R_SMP_CBOR_TYPE;
	*list = (struct smp_list){ .indefinite = item.indefinite, .left = (uint32_t)item.value };
	*reader = ahead;
	return HF_OK;
}

enum hf_reason smp_list_open(struct smp_reader *reader, struct smp_list *list)
{
	return run_open(reader, SMP_KIND_LIST, list);
}

enum hf_reason smp_map_open(struct smp_reader *reader, struct smp_list *pairs)
{
	return run_open(reader, SMP_KIND_MAP, pairs);
}

enum hf_reason smp_list_next(struct smp_reader *reader, struct smp_list *list, bool *more)
{
	if (!list->indefinite) {
		*more = list->left != 0u;
		list->left -= *more ? 1u : 0u;
		return HF_OK;
	}
	if (left_of(reader) == 0u)
		return HF_R_SMP_CBOR;
	*more = reader->bytes[reader->off] != 0xffu;
	reader->off += *more ? 0u : 1u;
	return HF_OK;
}

static bool null_is_next(const struct smp_reader *reader)
{
	return left_of(reader) != 0u && reader->bytes[reader->off] == 0xf6u;
}

/* A key and its value: into a field, or stepped over. Keys that are not text are of no field. */
static enum hf_reason pair_read(struct smp_reader *reader, struct smp_field *fields, uint32_t field_count)
{
	struct smp_reader ahead = *reader;
	struct smp_item head;
	struct smp_span key;
	enum hf_reason reason = smp_item_next(&ahead, &head);

	if (reason != HF_OK)
		return reason;
	if (head.kind != SMP_KIND_TEXT) {
		reason = smp_value_skip(reader);
		return reason == HF_OK ? smp_value_skip(reader) : reason;
	}
	reason = smp_string_read(reader, SMP_KIND_TEXT, &key);
	if (reason != HF_OK)
		return reason;
	for (uint32_t i = 0; i < field_count; i++) {
		if (smp_span_is(&key, fields[i].key) && (fields[i].type == SMP_TYPE_ANY || !null_is_next(reader)))
			return field_read(reader, &fields[i]);
	}
	return smp_value_skip(reader);
}

enum hf_reason smp_map_read(struct smp_reader *reader, struct smp_field *fields, uint32_t field_count)
{
	struct smp_list pairs;
	enum hf_reason reason;
	bool more = true;

	for (uint32_t i = 0; i < field_count; i++)
		fields[i].found = false;
	if (left_of(reader) == 0u)
		return HF_OK;
	reason = smp_map_open(reader, &pairs);
	while (reason == HF_OK) { /* each turn takes a byte, or is the last */
		reason = smp_list_next(reader, &pairs, &more);
		if (reason != HF_OK || !more)
			break;
		reason = pair_read(reader, fields, field_count);
	}
	return reason;
}

/* --- writer -------------------------------------------------------------------------------------------------------------- */

static void put(struct smp_writer *writer, const void *data, uint32_t size_bytes)
{
	hf_assert(writer->used_bytes <= writer->cap_bytes);
	if (writer->full || size_bytes > writer->cap_bytes - writer->used_bytes) {
		writer->full = true;
		return;
	}
	if (size_bytes != 0u)
		memcpy(writer->bytes + writer->used_bytes, data, size_bytes);
	writer->used_bytes += size_bytes;
}

static void put_head(struct smp_writer *writer, uint32_t major, uint64_t value)
{
	uint8_t head[9];
	uint32_t size = value < 24u ? 0u : value <= UINT8_MAX ? 1u : value <= UINT16_MAX ? 2u : value <= UINT32_MAX ? 4u : 8u;
	uint32_t info = size == 0u ? (uint32_t)value : size == 1u ? 24u : size == 2u ? 25u : size == 4u ? 26u : 27u;

	head[0] = (uint8_t)(major << 5 | info);
	for (uint32_t i = 0; i < size; i++)
		head[size - i] = (uint8_t)(value >> (8u * i));
	put(writer, head, 1u + size);
}

static void put_byte(struct smp_writer *writer, uint8_t byte)
{
	put(writer, &byte, 1);
}

void smp_put_uint(struct smp_writer *writer, uint64_t value)
{
	put_head(writer, MAJOR_UINT, value);
}

void smp_put_int(struct smp_writer *writer, int64_t value)
{
	if (value < 0)
		put_head(writer, MAJOR_NINT, (uint64_t)(-1 - value));
	else
		put_head(writer, MAJOR_UINT, (uint64_t)value);
}

void smp_put_bool(struct smp_writer *writer, bool value)
{
	put_head(writer, MAJOR_SIMPLE, value ? SIMPLE_TRUE : SIMPLE_FALSE);
}

void smp_put_bytes(struct smp_writer *writer, const void *data, uint32_t size_bytes)
{
	put_head(writer, MAJOR_BYTES, size_bytes);
	put(writer, data, size_bytes);
}

uint8_t *smp_put_bytes_space(struct smp_writer *writer, uint32_t size_bytes)
{
	uint32_t start;

	put_head(writer, MAJOR_BYTES, size_bytes);
	start = writer->used_bytes;
	if (writer->full || size_bytes > writer->cap_bytes - start) {
		writer->full = true;
		return NULL;
	}
	writer->used_bytes += size_bytes;
	return writer->bytes + start;
}

void smp_put_text_n(struct smp_writer *writer, const void *text, uint32_t size_bytes)
{
	put_head(writer, MAJOR_TEXT, size_bytes);
	put(writer, text, size_bytes);
}

void smp_put_text(struct smp_writer *writer, const char *text)
{
	smp_put_text_n(writer, text, (uint32_t)strlen(text));
}

void smp_put_text_begin(struct smp_writer *writer, uint32_t size_bytes)
{
	put_head(writer, MAJOR_TEXT, size_bytes);
}

void smp_put_piece(struct smp_writer *writer, const void *text, uint32_t size_bytes)
{
	put(writer, text, size_bytes);
}

void smp_put_map(struct smp_writer *writer, uint32_t pair_count)
{
	put_head(writer, MAJOR_MAP, pair_count);
}

void smp_put_map_open(struct smp_writer *writer)
{
	put_byte(writer, MAJOR_MAP << 5 | INFO_INDEFINITE);
}

void smp_put_list_open(struct smp_writer *writer)
{
	put_byte(writer, MAJOR_LIST << 5 | INFO_INDEFINITE);
}

void smp_put_close(struct smp_writer *writer)
{
	put_byte(writer, 0xff);
}

void smp_put_key_uint(struct smp_writer *writer, const char *key, uint64_t value)
{
	smp_put_text(writer, key);
	smp_put_uint(writer, value);
}

void smp_put_key_int(struct smp_writer *writer, const char *key, int64_t value)
{
	smp_put_text(writer, key);
	smp_put_int(writer, value);
}

void smp_put_key_bool(struct smp_writer *writer, const char *key, bool value)
{
	smp_put_text(writer, key);
	smp_put_bool(writer, value);
}

void smp_put_key_bytes(struct smp_writer *writer, const char *key, const void *data, uint32_t size_bytes)
{
	smp_put_text(writer, key);
	smp_put_bytes(writer, data, size_bytes);
}

void smp_put_key_text(struct smp_writer *writer, const char *key, const char *text)
{
	smp_put_text(writer, key);
	smp_put_text(writer, text);
}
