/* SPDX-License-Identifier: MIT */
/* smp_cbor.h - the CBOR that SMP needs: a bounded reader, a table of wanted keys, a writer.
 *
 * Why      Foreign bytes arrive here first. The reader never recurses, never allocates, and every loop is bounded by the bytes
 *          at hand: a count larger than the rest of the buffer is refused at once.
 * Shapes   Reads definite and indefinite maps, lists and strings, integers of any width; tags are stepped over. Writes
 *          indefinite maps and lists, as Zephyr does, and the shortest integers.
 * Order    A string that came in pieces is joined in place, which changes the buffer but not what it says: it may be read again.
 * Errors   HF_R_SMP_CBOR, _DEPTH, _TYPE, _DUPLICATE; outputs untouched on failure. A full writer stays full and is asked once,
 *          at the end.
 * Limits   nesting SMP_DEPTH_MAX; strings and counts below 4 GiB.
 * Source   RFC 8949; which forms occur: zephyrproject-rtos/zephyr: subsys/mgmt/mcumgr, JPHutchins/smp.
 */
#ifndef HOLDFAST_SMP_CBOR_H
#define HOLDFAST_SMP_CBOR_H

#include <holdfast/reason.h>

#define SMP_DEPTH_MAX 12u

enum smp_kind {
	SMP_KIND_UINT = 0, SMP_KIND_NINT = 1, SMP_KIND_BYTES = 2, SMP_KIND_TEXT = 3, SMP_KIND_LIST = 4, SMP_KIND_MAP = 5,
	SMP_KIND_BOOL = 6, SMP_KIND_OTHER = 7 /* null, undefined, floats, simple values */, SMP_KIND_BREAK = 8
};

struct smp_reader {
	uint8_t *bytes;
	uint32_t size_bytes;
	uint32_t off;
};

struct smp_span {
	const uint8_t *data;
	uint32_t size_bytes;
};

/* The head of a value. NINT means -1 - value. */
struct smp_item {
	enum smp_kind kind;
	bool indefinite;
	uint64_t value; /* number, length, count of elements or pairs, truth */
};

static inline struct smp_reader smp_reader_of(uint8_t *bytes, uint32_t size_bytes)
{
	return (struct smp_reader){ .bytes = bytes, .size_bytes = size_bytes, .off = 0 };
}

/* Reads a head; for a definite string, also steps over its content (which then ends at off). */
enum hf_reason smp_item_next(struct smp_reader *reader, struct smp_item *item) HF_MUST_USE;
/* Steps over one whole value, nested ones included. */
enum hf_reason smp_value_skip(struct smp_reader *reader) HF_MUST_USE;

/* Numbers are the kinds'. */
enum smp_type {
	SMP_TYPE_U32 = SMP_KIND_UINT, SMP_TYPE_I32 = SMP_KIND_NINT, SMP_TYPE_BYTES = SMP_KIND_BYTES, SMP_TYPE_TEXT = SMP_KIND_TEXT,
	SMP_TYPE_BOOL = SMP_KIND_BOOL, SMP_TYPE_ANY = SMP_KIND_OTHER
};

/* A wanted key. Fill key and type; the rest is the result. */
struct smp_field {
	const char *key;
	enum smp_type type;
	bool found;
	union {
		uint32_t u32;
		int32_t i32;
		bool flag;
		struct smp_span span;
		struct smp_reader inner; /* SMP_TYPE_ANY: begins with this value */
	} is;
};

/* Reads one map: fills the fields that occur, steps over the rest, in any order. Nothing at all counts as an empty map, and null for
 * anything but SMP_TYPE_ANY as absent (apache/mynewt-newtmgr: "hash" of `image confirm`). A key that occurs twice, or a field of another type, is refused. */
enum hf_reason smp_map_read(struct smp_reader *reader, struct smp_field *fields, uint32_t field_count) HF_MUST_USE;

/* Walk of a list: open, then while next says more: read exactly one value from the reader. */
struct smp_list {
	bool indefinite;
	uint32_t left;
};
enum hf_reason smp_list_open(struct smp_reader *reader, struct smp_list *list) HF_MUST_USE;
enum hf_reason smp_list_next(struct smp_reader *reader, struct smp_list *list, bool *more) HF_MUST_USE;

/* The same walk for a map with unknown keys; each step is a key, then a value. */
enum hf_reason smp_map_open(struct smp_reader *reader, struct smp_list *pairs) HF_MUST_USE;
/* One text or byte string, joined in place if it comes in pieces. */
enum hf_reason smp_string_read(struct smp_reader *reader, enum smp_kind kind, struct smp_span *span) HF_MUST_USE;
/* Of smp_string_read: reader is behind the head of an indefinite string. */
enum hf_reason smp_pieces_join(struct smp_reader *reader, enum smp_kind kind, struct smp_span *span) HF_MUST_USE;

static inline bool smp_span_is(const struct smp_span *span, const char *text)
{
	size_t size = strlen(text);

	return span->size_bytes == size && memcmp(span->data, text, size) == 0;
}

struct smp_writer {
	uint8_t *bytes;
	uint32_t cap_bytes;
	uint32_t used_bytes;
	bool full; /* something did not fit: what is there is not to be sent */
};

static inline struct smp_writer smp_writer_of(uint8_t *bytes, uint32_t cap_bytes)
{
	return (struct smp_writer){ .bytes = bytes, .cap_bytes = cap_bytes, .used_bytes = 0, .full = false };
}

void smp_put_uint(struct smp_writer *writer, uint64_t value);
void smp_put_int(struct smp_writer *writer, int64_t value);
void smp_put_bool(struct smp_writer *writer, bool value);
void smp_put_bytes(struct smp_writer *writer, const void *data, uint32_t size_bytes);
/* A byte string whose content is filled in later, at once: where to put it; NULL: it does not fit. */
uint8_t *smp_put_bytes_space(struct smp_writer *writer, uint32_t size_bytes);
void smp_put_text_n(struct smp_writer *writer, const void *text, uint32_t size_bytes);
void smp_put_text(struct smp_writer *writer, const char *text);
/* A text of known size in pieces: begin, then pieces that add up to size_bytes. */
void smp_put_text_begin(struct smp_writer *writer, uint32_t size_bytes);
void smp_put_piece(struct smp_writer *writer, const void *text, uint32_t size_bytes);
void smp_put_map(struct smp_writer *writer, uint32_t pair_count);  /* definite: the pairs follow */
void smp_put_map_open(struct smp_writer *writer);                  /* indefinite, until smp_put_close */
void smp_put_list_open(struct smp_writer *writer);
void smp_put_close(struct smp_writer *writer);

/* Key and value in one go. */
void smp_put_key_uint(struct smp_writer *writer, const char *key, uint64_t value);
void smp_put_key_int(struct smp_writer *writer, const char *key, int64_t value);
void smp_put_key_bool(struct smp_writer *writer, const char *key, bool value);
void smp_put_key_bytes(struct smp_writer *writer, const char *key, const void *data, uint32_t size_bytes);
void smp_put_key_text(struct smp_writer *writer, const char *key, const char *text);

#endif
