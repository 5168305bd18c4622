/* SPDX-License-Identifier: MIT */
#include <holdfast/smp_client.h>

/* One console line's worth: what any framed device takes, and 508 bytes, what any datagram carries. */
enum { UNKNOWN_FRAMED_BYTES = 93 - 4, UNKNOWN_PLAIN_BYTES = 508, MESSAGE_LIMIT_BYTES = 65533 };

static bool is_past(uint32_t now_ms, uint32_t deadline_ms)
{
	return (int32_t)(now_ms - deadline_ms) >= 0;
}

/* --- requests ------------------------------------------------------------------------------------------------------------ */

void smp_client_start(struct smp_client *client, uint8_t *request, uint32_t request_cap_bytes, uint8_t version, uint8_t sequence)
{
	hf_assert(request_cap_bytes >= SMP_HEADER_BYTES && version <= SMP_V2);
	*client = (struct smp_client){
		.request = request, .request_cap_bytes = request_cap_bytes, .version = version, .sequence = sequence
	};
}

struct smp_writer *smp_client_open(struct smp_client *client, uint8_t op, uint16_t group, uint8_t id)
{
	uint32_t cap = client->request_cap_bytes < MESSAGE_LIMIT_BYTES ? client->request_cap_bytes : MESSAGE_LIMIT_BYTES;

	client->waiting = false;
	client->header = (struct smp_header){ .version = client->version, .op = op, .group = group, .id = id, .sequence = client->sequence };
	client->sequence++;
	client->writer = smp_writer_of(client->request, cap);
	client->writer.used_bytes = SMP_HEADER_BYTES;
	smp_put_map_open(&client->writer);
	return &client->writer;
}

enum hf_reason smp_client_close(struct smp_client *client, const struct smp_ask *ask)
{
	struct smp_writer *writer = &client->writer;

	smp_put_close(writer);
	if (writer->full)
		return HF_R_SMP_REQUEST_TOO_LARGE;
	client->header.length_bytes = (uint16_t)(writer->used_bytes - SMP_HEADER_BYTES);
	smp_header_put(&client->header, client->request);
	client->request_bytes = writer->used_bytes;
	client->timeout_ms = ask->timeout_ms;
	client->tries = ask->tries > 1u ? ask->tries : (uint8_t)1;
	client->tries_left = (uint8_t)(client->tries - 1u);
	client->deadline_ms = ask->now_ms + ask->timeout_ms;
	client->waiting = true;
	client->counts.sent++;
	return HF_OK;
}

enum smp_todo smp_client_poll(struct smp_client *client, uint32_t now_ms, uint32_t *wait_ms)
{
	*wait_ms = 0;
	if (!client->waiting)
		return SMP_TODO_GIVE_UP;
	if (!is_past(now_ms, client->deadline_ms)) {
		*wait_ms = client->deadline_ms - now_ms;
		return SMP_TODO_WAIT;
	}
	if (client->tries_left == 0u) {
		client->waiting = false;
		return SMP_TODO_GIVE_UP;
	}
	/* The same sequence number: a late reply to the first try answers the second too, and its twin is dropped. */
	client->tries_left--;
	client->deadline_ms = now_ms + client->timeout_ms;
	client->counts.resent++;
	return SMP_TODO_SEND;
}

static enum hf_reason ask_empty(struct smp_client *client, const struct smp_ask *ask, uint8_t op, uint16_t group, uint8_t id)
{
	(void)smp_client_open(client, op, group, id);
	return smp_client_close(client, ask);
}

enum hf_reason smp_ask_echo(struct smp_client *client, const struct smp_ask *ask, const char *text)
{
	smp_put_key_text(smp_client_open(client, SMP_OP_WRITE, SMP_GROUP_OS, SMP_OS_ECHO), "d", text);
	return smp_client_close(client, ask);
}

enum hf_reason smp_ask_reset(struct smp_client *client, const struct smp_ask *ask, bool force)
{
	struct smp_writer *writer = smp_client_open(client, SMP_OP_WRITE, SMP_GROUP_OS, SMP_OS_RESET);

	if (force)
		smp_put_key_bool(writer, "force", true);
	return smp_client_close(client, ask);
}

enum hf_reason smp_ask_params(struct smp_client *client, const struct smp_ask *ask)
{
	return ask_empty(client, ask, SMP_OP_READ, SMP_GROUP_OS, SMP_OS_PARAMS);
}

enum hf_reason smp_ask_info(struct smp_client *client, const struct smp_ask *ask, const char *format)
{
	struct smp_writer *writer = smp_client_open(client, SMP_OP_READ, SMP_GROUP_OS, SMP_OS_INFO);

	if (format != NULL)
		smp_put_key_text(writer, "format", format);
	return smp_client_close(client, ask);
}

enum hf_reason smp_ask_bootloader(struct smp_client *client, const struct smp_ask *ask, const char *query)
{
	struct smp_writer *writer = smp_client_open(client, SMP_OP_READ, SMP_GROUP_OS, SMP_OS_BOOTLOADER);

	if (query != NULL)
		smp_put_key_text(writer, "query", query);
	return smp_client_close(client, ask);
}

enum hf_reason smp_ask_image_list(struct smp_client *client, const struct smp_ask *ask)
{
	return ask_empty(client, ask, SMP_OP_READ, SMP_GROUP_IMAGE, SMP_IMAGE_STATE);
}

enum hf_reason smp_ask_image_state(struct smp_client *client, const struct smp_ask *ask, const uint8_t *hash, uint32_t hash_bytes,
				   bool confirm)
{
	struct smp_writer *writer = smp_client_open(client, SMP_OP_WRITE, SMP_GROUP_IMAGE, SMP_IMAGE_STATE);

	if (hash_bytes != 0u)
		smp_put_key_bytes(writer, "hash", hash, hash_bytes);
	smp_put_key_bool(writer, "confirm", confirm);
	return smp_client_close(client, ask);
}

enum hf_reason smp_ask_image_erase(struct smp_client *client, const struct smp_ask *ask, uint32_t slot)
{
	smp_put_key_uint(smp_client_open(client, SMP_OP_WRITE, SMP_GROUP_IMAGE, SMP_IMAGE_ERASE), "slot", slot);
	return smp_client_close(client, ask);
}

enum hf_reason smp_ask_slots(struct smp_client *client, const struct smp_ask *ask)
{
	return ask_empty(client, ask, SMP_OP_READ, SMP_GROUP_IMAGE, SMP_IMAGE_SLOTS);
}

enum hf_reason smp_ask_why(struct smp_client *client, const struct smp_ask *ask)
{
	return ask_empty(client, ask, SMP_OP_READ, SMP_GROUP_HOLDFAST, SMP_HOLDFAST_WHY);
}

/* --- replies ------------------------------------------------------------------------------------------------------------- */

static bool is_reply_to(const struct smp_header *header, const struct smp_header *request)
{
	return header->sequence == request->sequence && header->group == request->group && header->id == request->id &&
	       header->op == request->op + 1u;
}

bool smp_client_take(struct smp_client *client, uint8_t *message, uint32_t message_bytes, struct smp_reply *reply, enum hf_reason *result)
{
	struct smp_header header;

	if (message_bytes < SMP_HEADER_BYTES) {
		client->counts.malformed++;
		return false;
	}
	header = smp_header_get(message);
	if (!client->waiting || !is_reply_to(&header, &client->header)) {
		client->counts.late++;
		return false;
	}
	client->waiting = false;
	client->counts.replies++;
	*result = smp_reply_read(message, message_bytes, reply);
	if (*result != HF_OK)
		client->counts.malformed++;
	return true;
}

/* "HF-0908" -> 908 */
static uint32_t reason_number_of(const struct smp_span *rsn)
{
	uint32_t number = 0;

	if (rsn->size_bytes != 7u || memcmp(rsn->data, "HF-", 3) != 0)
		return 0;
	for (uint32_t i = 3; i < 7u; i++) {
		if (rsn->data[i] < '0' || rsn->data[i] > '9')
			return 0;
		number = number * 10u + (uint32_t)rsn->data[i] - '0';
	}
	return number;
}

static uint16_t code_u16(uint32_t value)
{
	return value <= UINT16_MAX ? (uint16_t)value : (uint16_t)SMP_RC_UNKNOWN;
}

static enum hf_reason err_read(struct smp_reader *inner, uint16_t group, struct smp_code *code)
{
	struct smp_field fields[] = { { .key = "group", .type = SMP_TYPE_U32 }, { .key = "rc", .type = SMP_TYPE_U32 } };
	enum hf_reason reason = smp_map_read(inner, fields, HF_ARRAY_COUNT(fields));

	if (reason != HF_OK)
		return reason;
	*code = (struct smp_code){
		.of_group = true,
		.group = fields[0].found ? code_u16(fields[0].is.u32) : group,
		.rc = fields[1].found ? code_u16(fields[1].is.u32) : (uint16_t)SMP_RC_UNKNOWN,
	};
	return HF_OK;
}

static enum hf_reason shape_read(struct smp_reply *reply)
{
	enum { RC, ERR, RSN };
	struct smp_field fields[] = { [RC] = { .key = "rc", .type = SMP_TYPE_I32 },
				      [ERR] = { .key = "err", .type = SMP_TYPE_ANY },
				      [RSN] = { .key = "rsn", .type = SMP_TYPE_ANY } };
	struct smp_reader body = reply->body;
	enum hf_reason reason = smp_map_read(&body, fields, HF_ARRAY_COUNT(fields));

	if (reason != HF_OK)
		return reason;
	if (fields[RC].found && fields[RC].is.i32 != 0) {
		reply->code = (struct smp_code){ .rc = fields[RC].is.i32 > 0 ? code_u16((uint32_t)fields[RC].is.i32) : (uint16_t)SMP_RC_UNKNOWN };
		reply->refused = true;
	}
	if (fields[ERR].found) {
		reason = err_read(&fields[ERR].is.inner, reply->header.group, &reply->code);
		if (reason != HF_OK)
			return reason;
		reply->refused = reply->code.rc != 0u;
	}
	if (reply->refused && fields[RSN].found) {
		if (smp_string_read(&fields[RSN].is.inner, SMP_KIND_TEXT, &reply->rsn) == HF_OK)
			reply->reason = reason_number_of(&reply->rsn);
	}
	return HF_OK;
}

enum hf_reason smp_reply_read(uint8_t *message, uint32_t message_bytes, struct smp_reply *reply)
{
	struct smp_reply read = { .refused = false };

	if (message_bytes < SMP_HEADER_BYTES)
		return HF_R_SMP_SHORT;
	read.header = smp_header_get(message);
	if (read.header.length_bytes > message_bytes - SMP_HEADER_BYTES)
		return HF_R_SMP_CORRUPT;
	read.body = smp_reader_of(message + SMP_HEADER_BYTES, read.header.length_bytes);
	if (shape_read(&read) != HF_OK)
		return HF_R_SMP_REPLY_MALFORMED;
	*reply = read;
	return HF_OK;
}

uint32_t smp_message_max_of(const struct smp_params *params, bool framed)
{
	uint32_t extra = framed ? 4u : 0u;

	/* A size that cannot even hold a line is not believed. */
	if (params == NULL || params->buf_size < UNKNOWN_FRAMED_BYTES + extra)
		return framed ? UNKNOWN_FRAMED_BYTES : UNKNOWN_PLAIN_BYTES;
	return params->buf_size - extra < MESSAGE_LIMIT_BYTES ? params->buf_size - extra : MESSAGE_LIMIT_BYTES;
}

uint32_t smp_window_of(const struct smp_params *params, uint32_t wanted)
{
	uint32_t allowed = params == NULL || params->buf_count < 2u ? 1u : params->buf_count - 1u;

	return wanted < 1u ? 1u : wanted < allowed ? wanted : allowed;
}
