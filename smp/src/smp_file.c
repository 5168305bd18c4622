/* SPDX-License-Identifier: MIT */
#include <holdfast/smp_file.h>

enum { TROUBLE_MAX = 5, FS_OFFSET_NOT_VALID = 11 };

static uint32_t head_bytes(uint32_t value)
{
	return value < 24u ? 1u : value <= UINT8_MAX ? 2u : value <= UINT16_MAX ? 3u : 5u;
}

/* --- put ----------------------------------------------------------------------------------------------------------------- */

/* Data bytes that fit into one message at this offset: header, open map and its break, off, name, data, and len with the first. */
static uint32_t room_at(const struct smp_file_put *put, uint32_t off)
{
	uint32_t name_bytes = (uint32_t)strlen(put->name);
	uint32_t fixed = SMP_HEADER_BYTES + 2u + 4u + head_bytes(off) + 5u + head_bytes(name_bytes) + name_bytes + 5u +
			 (off == 0u ? 4u + head_bytes(put->size_bytes) : 0u);
	uint32_t room = put->message_max > fixed ? put->message_max - fixed : 0u;

	return room - (head_bytes(room) < room ? head_bytes(room) : room);
}

enum hf_reason smp_file_put_start(struct smp_file_put *put, struct smp_client *client, const char *name, const uint8_t *data,
				  uint32_t size_bytes, uint32_t message_max, uint32_t from_off)
{
	struct smp_file_put begun = { .client = client, .name = name, .data = data, .size_bytes = size_bytes,
				      .message_max = message_max < client->request_cap_bytes ? message_max : client->request_cap_bytes,
				      .off = from_off, .best_off = from_off };

	if (strlen(name) > UINT16_MAX)
		return HF_R_SMP_REQUEST_TOO_LARGE;
	if (room_at(&begun, 0) == 0u || room_at(&begun, size_bytes) == 0u)
		return HF_R_SMP_MESSAGE_TOO_SMALL;
	if (from_off > size_bytes)
		return HF_R_SMP_FILE_OFF;
	begun.done = from_off == size_bytes && size_bytes != 0u;
	*put = begun;
	return HF_OK;
}

enum hf_reason smp_file_put_ask(struct smp_file_put *put, const struct smp_ask *ask)
{
	struct smp_writer *writer = smp_client_open(put->client, SMP_OP_WRITE, SMP_GROUP_FS, SMP_FS_FILE);
	uint32_t left = put->size_bytes - put->off;
	uint32_t room = room_at(put, put->off);
	uint32_t size = left < room ? left : room;

	hf_assert(put->off <= put->size_bytes);
	put->end = put->off + size;
	smp_put_key_uint(writer, "off", put->off);
	smp_put_key_text(writer, "name", put->name);
	if (put->off == 0u)
		smp_put_key_uint(writer, "len", put->size_bytes);
	smp_put_key_bytes(writer, "data", put->data + put->off, size);
	return smp_client_close(put->client, ask);
}

/* The device is elsewhere: go on there, but not for ever. */
static enum hf_reason put_move(struct smp_file_put *put, uint32_t off)
{
	put->trouble_count++;
	if (put->trouble_count > (uint32_t)TROUBLE_MAX)
		return HF_R_SMP_FILE_STUCK;
	if (off > put->size_bytes)
		off = 0; /* an older, longer file: it is cut when byte 0 is written */
	put->off = off;
	return HF_OK;
}

static enum hf_reason put_refused(struct smp_file_put *put, const struct smp_reply *reply)
{
	struct smp_field field = { .key = "len", .type = SMP_TYPE_U32 };
	struct smp_reader body = reply->body;
	bool tells = smp_map_read(&body, &field, 1) == HF_OK && field.found;
	bool of_offset = reply->code.of_group ? reply->code.group == SMP_GROUP_FS && reply->code.rc == FS_OFFSET_NOT_VALID : tells;

	if (!of_offset)
		return HF_R_SMP_REFUSED;
	return put_move(put, tells ? field.is.u32 : 0u);
}

enum hf_reason smp_file_put_take(struct smp_file_put *put, const struct smp_reply *reply)
{
	struct smp_field field = { .key = "off", .type = SMP_TYPE_U32 };
	enum hf_reason reason;

	if (reply->refused)
		return put_refused(put, reply);
	reason = smp_reply_fields(reply, &field, 1, 1);
	if (reason != HF_OK)
		return reason;
	if (field.is.u32 != put->end)
		return put_move(put, field.is.u32);
	put->off = put->end;
	if (put->off > put->best_off) {
		put->best_off = put->off;
		put->trouble_count = 0;
	}
	put->done = put->off == put->size_bytes;
	return HF_OK;
}

/* --- get ----------------------------------------------------------------------------------------------------------------- */

enum hf_reason smp_file_get_start(struct smp_file_get *get, struct smp_client *client, const char *name, uint32_t from_off, uint32_t size_bytes)
{
	if (from_off > size_bytes)
		return HF_R_SMP_FILE_OFF;
	*get = (struct smp_file_get){ .client = client, .name = name, .off = from_off, .size_known = from_off != 0u, .size_bytes = size_bytes,
				      .done = from_off != 0u && from_off == size_bytes };
	return HF_OK;
}

enum hf_reason smp_file_get_ask(struct smp_file_get *get, const struct smp_ask *ask)
{
	struct smp_writer *writer = smp_client_open(get->client, SMP_OP_READ, SMP_GROUP_FS, SMP_FS_FILE);

	smp_put_key_uint(writer, "off", get->off);
	smp_put_key_text(writer, "name", get->name);
	return smp_client_close(get->client, ask);
}

enum hf_reason smp_file_get_take(struct smp_file_get *get, const struct smp_reply *reply, struct smp_span *data)
{
	enum { OFF, DATA, LEN };
	struct smp_field fields[] = { [OFF] = { .key = "off", .type = SMP_TYPE_U32 },
				      [DATA] = { .key = "data", .type = SMP_TYPE_BYTES },
				      [LEN] = { .key = "len", .type = SMP_TYPE_U32 } };
	enum hf_reason reason = smp_reply_fields(reply, fields, HF_ARRAY_COUNT(fields), 2);
	uint32_t size_bytes, left;

	if (reason != HF_OK)
		return reason;
	if (fields[OFF].is.u32 != get->off)
		return HF_R_SMP_FILE_OFF;
	if (!get->size_known && !fields[LEN].found)
		return HF_R_SMP_REPLY_MALFORMED;
	size_bytes = get->size_known ? get->size_bytes : fields[LEN].is.u32;
	left = size_bytes - get->off;
	if (fields[DATA].is.span.size_bytes > left)
		return HF_R_SMP_REPLY_MALFORMED;
	if (fields[DATA].is.span.size_bytes == 0u && left != 0u)
		return HF_R_SMP_FILE_STUCK; /* the file has become shorter */
	get->size_known = true;
	get->size_bytes = size_bytes;
	get->off += fields[DATA].is.span.size_bytes;
	get->done = get->off == size_bytes;
	*data = fields[DATA].is.span;
	return HF_OK;
}
