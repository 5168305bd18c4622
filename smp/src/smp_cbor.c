/* SPDX-License-Identifier: MIT */
#include <holdfast/smp_cbor.h>

enum { MAJOR_UINT = 0, MAJOR_NINT = 1, MAJOR_BYTES = 2, MAJOR_TEXT = 3, MAJOR_LIST = 4, MAJOR_MAP = 5, MAJOR_TAG = 6, MAJOR_SIMPLE = 7 };
enum { INFO_INDEFINITE = 31, SIMPLE_FALSE = 20, SIMPLE_TRUE = 21, SIMPLE_NULL = 22 };

static uint32_t left_of(const struct smp_reader *reader)
{
	hf_assert(reader->off <= reader->size_bytes);
	return reader->size_bytes - reader->off;
}

/* An initial byte and its argument; of tags only what they are put on. Nothing in SMP depends on one. */
static enum hf_reason head_read(struct smp_reader *reader, uint32_t *major, uint32_t *info, uint64_t *value)
{
	bool tagged = false;

	for (;; tagged = true) { /* each turn takes a byte */
		uint32_t left = left_of(reader), size;

		if (left == 0u)
			return HF_R_SMP_CBOR;
		*major = (uint32_t)reader->bytes[reader->off] >> 5;
		*info = reader->bytes[reader->off++] & 31u;
		size = *info < 24u || *info == INFO_INDEFINITE ? 0u : 1u << (*info - 24u);
		if ((*info > 27u && *info != INFO_INDEFINITE) || size > left - 1u)
			return HF_R_SMP_CBOR;
		for (*value = *info < 24u ? *info : 0u; size != 0u; size--)
			*value = *value << 8 | reader->bytes[reader->off++];
		/* Of indefinite length: nothing but strings, lists, maps and, untagged, a break. */
		if (*info == INFO_INDEFINITE && (*major < MAJOR_BYTES || *major == MAJOR_TAG || (*major == MAJOR_SIMPLE && tagged)))
			return HF_R_SMP_CBOR;
		if (*major != MAJOR_TAG)
			return HF_OK;
	}
}

enum hf_reason smp_item_next(struct smp_reader *reader, struct smp_item *item)
{
	struct smp_reader ahead = *reader;
	uint32_t major = 0, info = 0;
	uint64_t value = 0;
	enum hf_reason reason = head_read(&ahead, &major, &info, &value);
	enum smp_kind kind = (enum smp_kind)major;

	if (reason != HF_OK)
		return reason;
	if (major == MAJOR_SIMPLE) {
		kind = info == INFO_INDEFINITE ? SMP_KIND_BREAK : info == SIMPLE_FALSE || info == SIMPLE_TRUE ? SMP_KIND_BOOL : SMP_KIND_OTHER;
		value -= kind == SMP_KIND_BOOL ? SIMPLE_FALSE : 0;
	} else if (major >= MAJOR_BYTES) {
		/* An element takes a byte at least: a count that cannot be true is refused before anything is done with it. */
		if (value > left_of(&ahead) >> (major == MAJOR_MAP ? 1u : 0u))
			return HF_R_SMP_CBOR;
		ahead.off += major <= MAJOR_TEXT ? (uint32_t)value : 0u;
	}
	*item = (struct smp_item){ .kind = kind, .indefinite = info == INFO_INDEFINITE && kind != SMP_KIND_BREAK, .value = value };
	*reader = ahead;
	return HF_OK;
}

/* The content of a string whose head has been read. */
static enum hf_reason span_of(struct smp_reader *reader, const struct smp_item *item, struct smp_span *span)
{
	if (item->indefinite)
		return smp_pieces_join(reader, item->kind, span);
	*span = (struct smp_span){ .data = reader->bytes + reader->off - (uint32_t)item->value, .size_bytes = (uint32_t)item->value };
	return HF_OK;
}

enum hf_reason smp_string_read(struct smp_reader *reader, enum smp_kind kind, struct smp_span *span)
{
	struct smp_reader ahead = *reader;
	struct smp_item item;
	enum hf_reason reason = smp_item_next(&ahead, &item);

	if (reason == HF_OK && item.kind != kind)
		reason = HF_R_SMP_CBOR_TYPE;
	if (reason == HF_OK)
		reason = span_of(&ahead, &item, span);
	if (reason == HF_OK)
		*reader = ahead;
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

/* --- the walk over a value; fields of a map are filled on the way -------------------------------------------------------- */

/* What is open around a value. Each pair and each element of a list counts two, so that an even number is left where a break may come. */
struct level {
	uint32_t left;
	uint32_t step;
};

#define LEFT_INDEFINITE 0x80000000u /* more than any message has */

static struct smp_field *field_of(struct smp_field *fields, uint32_t field_count, const struct smp_span *key)
{
	for (uint32_t i = 0; i < field_count; i++) {
		if (smp_span_is(key, fields[i].key))
			return &fields[i];
	}
	return NULL;
}

static enum hf_reason field_take(struct smp_field *field, const struct smp_item *item, const struct smp_span *span)
{
	const bool fits = (uint32_t)item->kind == (uint32_t)field->type || (field->type == SMP_TYPE_I32 && item->kind == SMP_KIND_UINT);

	if (field->found)
		return HF_R_SMP_CBOR_DUPLICATE;
	if (field->type != SMP_TYPE_ANY && !fits)
		return HF_R_SMP_CBOR_TYPE;
	if (field->type <= SMP_TYPE_I32 && item->value > (field->type == SMP_TYPE_I32 ? (uint32_t)INT32_MAX : UINT32_MAX))
		return HF_R_SMP_CBOR_TYPE;
	if (field->type == SMP_TYPE_BYTES || field->type == SMP_TYPE_TEXT)
		field->is.span = *span;
	else if (field->type == SMP_TYPE_BOOL)
		field->is.flag = item->value != 0u;
	else if (field->type == SMP_TYPE_I32 && item->kind == SMP_KIND_NINT)
		field->is.i32 = -1 - (int32_t)item->value;
	else if (field->type != SMP_TYPE_ANY)
		field->is.u32 = (uint32_t)item->value;
	field->found = true;
	return HF_OK;
}

struct walk {
	struct smp_field *fields; /* NULL: any value will do, and nothing of it is kept */
	uint32_t field_count;
	struct smp_field *awaited; /* the key before named it */
};

/* One item of the map itself: a key, or the value of one. Keys that are not text are of no field, null is as good as no key. */
static enum hf_reason pair_take(struct walk *walk, const struct smp_reader *value, const struct smp_item *item, const struct smp_span *span,
				bool is_key)
{
	struct smp_field *field = walk->awaited;

	walk->awaited = is_key && item->kind == SMP_KIND_TEXT ? field_of(walk->fields, walk->field_count, span) : NULL;
	if (is_key || field == NULL || (item->kind == SMP_KIND_OTHER && item->value == SIMPLE_NULL && field->type != SMP_TYPE_ANY))
		return HF_OK;
	if (field->type == SMP_TYPE_ANY)
		field->is.inner = *value;
	return field_take(field, item, span);
}

static enum hf_reason value_walk(struct smp_reader *reader, struct walk *walk)
{
	struct smp_reader ahead = *reader;
	struct level levels[SMP_DEPTH_MAX] = { { 1, 1 } };
	uint32_t depth = 0;

	while (levels[depth].left != 0u) { /* each turn takes a byte */
		struct level *level = &levels[depth];
		const struct smp_reader value = smp_reader_of(ahead.bytes + ahead.off, left_of(&ahead));
		struct smp_item item;
		struct smp_span span = { NULL, 0 };
		enum hf_reason reason = smp_item_next(&ahead, &item);

		if (reason == HF_OK && (item.kind == SMP_KIND_BYTES || item.kind == SMP_KIND_TEXT))
			reason = span_of(&ahead, &item, &span);
		if (reason != HF_OK)
			return reason;
		if (depth == 0u && walk->fields != NULL && item.kind != SMP_KIND_MAP)
			return HF_R_SMP_CBOR_TYPE;
		if (item.kind == SMP_KIND_BREAK) {
			if (level->left <= LEFT_INDEFINITE / 2u || level->left % 2u != 0u)
				return depth == 1u && walk->awaited != NULL ? HF_R_SMP_CBOR_TYPE : HF_R_SMP_CBOR;
			level->left = 0;
		} else {
			level->left -= level->step;
		}
		if (depth == 1u && walk->fields != NULL)
			reason = pair_take(walk, &value, &item, &span, level->left % 2u != 0u);
		if (item.kind == SMP_KIND_LIST || item.kind == SMP_KIND_MAP) {
			if (reason == HF_OK && ++depth >= SMP_DEPTH_MAX)
				reason = HF_R_SMP_CBOR_DEPTH;
			if (reason == HF_OK)
				levels[depth] = (struct level){ .left = item.indefinite ? LEFT_INDEFINITE : 2u * (uint32_t)item.value,
								.step = item.kind == SMP_KIND_LIST ? 2u : 1u };
		}
		if (reason != HF_OK)
			return reason;
		while (depth != 0u && levels[depth].left == 0u)
			depth--;
	}
	*reader = ahead;
	return HF_OK;
}

enum hf_reason smp_value_skip(struct smp_reader *reader)
{
	struct walk walk = { .fields = NULL };

	return value_walk(reader, &walk);
}

enum hf_reason smp_map_read(struct smp_reader *reader, struct smp_field *fields, uint32_t field_count)
{
	struct walk walk = { .fields = fields, .field_count = field_count };

	for (uint32_t i = 0; i < field_count; i++)
		fields[i].found = false;
	return left_of(reader) == 0u ? HF_OK : value_walk(reader, &walk);
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

static void put_head(struct smp_writer *writer, uint32_t major, uint32_t value)
{
	uint8_t head[5];
	uint32_t size = value < 24u ? 0u : value <= UINT8_MAX ? 1u : value <= UINT16_MAX ? 2u : 4u;

	head[0] = (uint8_t)(major << 5 | (size == 0u ? value : 24u + size / 2u));
	for (uint32_t i = size; i != 0u; i--, value >>= 8)
		head[i] = (uint8_t)value;
	put(writer, head, 1u + size);
}

static void put_number(struct smp_writer *writer, uint32_t major, uint64_t value)
{
	uint8_t head[9] = { (uint8_t)(major << 5 | 27u) };

	if (value <= UINT32_MAX) {
		put_head(writer, major, (uint32_t)value);
		return;
	}
	for (uint32_t i = 8; i != 0u; i--, value >>= 8)
		head[i] = (uint8_t)value;
	put(writer, head, sizeof head);
}

static HF_NOINLINE void put_byte(struct smp_writer *writer, uint8_t byte)
{
	put(writer, &byte, 1);
}

void smp_put_uint(struct smp_writer *writer, uint64_t value)
{
	put_number(writer, MAJOR_UINT, value);
}

void smp_put_int(struct smp_writer *writer, int64_t value)
{
	if (value < 0)
		put_number(writer, MAJOR_NINT, (uint64_t)(-1 - value));
	else
		put_number(writer, MAJOR_UINT, (uint64_t)value);
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
	put_number(writer, MAJOR_UINT, value);
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
