/* SPDX-License-Identifier: MIT */
#include <holdfast/smp_server.h>

/* Checks in Zephyr's order: body, op, version; then the row. */
static enum hf_reason request_check(const struct smp_header *header, uint32_t body_left_bytes)
{
	if (header->length_bytes > body_left_bytes)
		return HF_R_SMP_CORRUPT;
	if (header->op != SMP_OP_READ && header->op != SMP_OP_WRITE)
		return HF_R_SMP_NOT_SUPPORTED;
	if (header->version > SMP_V2)
		return HF_R_SMP_TOO_NEW;
	return HF_OK;
}

static enum hf_reason row_run(const struct smp_server *server, struct smp_call *call)
{
	const struct smp_header *header = call->header;

	for (uint32_t i = 0; i < server->row_count; i++) {
		const struct smp_row *row = &server->rows[i];

		if (row->group != header->group || row->id != header->id)
			continue;
		if (header->op == SMP_OP_READ && row->read != NULL)
			return row->read(row->ctx, call);
		if (header->op == SMP_OP_WRITE && row->write != NULL)
			return row->write(row->ctx, call);
	}
	return HF_R_SMP_NOT_SUPPORTED;
}

static void put_reason(struct smp_writer *writer, enum hf_reason reason)
{
	char name[HF_REASON_NAME_CHARS];

	hf_reason_name(reason, name);
	smp_put_text(writer, "rsn");
	smp_put_text_n(writer, name, sizeof name);
}

static void put_refusal(struct smp_call *call, enum hf_reason reason, const struct smp_code *code)
{
	struct smp_writer *writer = call->reply;
	uint32_t extra_count = call->extra_key != NULL ? 1u : 0u;

	if (code->of_group && call->header->version != SMP_V1) {
		smp_put_map(writer, 1u + extra_count);
		smp_put_text(writer, "err");
		smp_put_map(writer, 2);
		smp_put_key_uint(writer, "group", code->group);
		smp_put_key_uint(writer, "rc", code->rc);
	} else {
		smp_put_map(writer, 2u + extra_count);
		smp_put_key_uint(writer, "rc", code->of_group ? code->v1_rc : code->rc);
		put_reason(writer, reason);
	}
	if (call->extra_key != NULL)
		smp_put_key_uint(writer, call->extra_key, call->extra);
}

/* Fills the reply's body; returns true if a protocol error ends the message. */
static bool body_make(struct smp_server *server, struct smp_call *call, enum hf_reason checked)
{
	struct smp_writer *writer = call->reply;
	enum hf_reason reason = checked;
	struct smp_code code;

	if (reason == HF_OK) {
		smp_put_map_open(writer);
		reason = row_run(server, call);
		smp_put_close(writer);
	}
	if (reason == HF_OK && writer->full)
		reason = HF_R_SMP_REPLY_TOO_LARGE;
	if (reason == HF_OK)
		return false;
	server->last_refusal = reason;
	server->refusal_count++;
	code = reason == HF_R_SMP_APPLICATION ? call->code : smp_code_of(reason);
	writer->used_bytes = SMP_HEADER_BYTES;
	writer->full = false;
	put_refusal(call, reason, &code);
	hf_assert(!writer->full);
	return !code.of_group;
}

static struct smp_header reply_header_of(const struct smp_header *request, uint32_t body_bytes)
{
	struct smp_header header = *request;

	header.op = request->op == SMP_OP_READ ? SMP_OP_READ_REPLY : SMP_OP_WRITE_REPLY;
	header.version = request->version > SMP_V2 ? (uint8_t)SMP_V2 : request->version;
	header.flags = 0;
	header.length_bytes = (uint16_t)body_bytes;
	return header;
}

uint32_t smp_server_answer(struct smp_server *server, uint8_t *message, uint32_t message_bytes, uint32_t *off, uint8_t *reply,
			   uint32_t reply_cap_bytes)
{
	struct smp_header header, reply_header;
	struct smp_writer writer = smp_writer_of(reply, reply_cap_bytes < UINT16_MAX ? reply_cap_bytes : UINT16_MAX);
	struct smp_call call = { .header = &header, .reply = &writer, .peer = server->peer, .now_ms = server->now_ms };
	uint32_t left;
	enum hf_reason checked;

	hf_assert(*off <= message_bytes && reply_cap_bytes >= SMP_REPLY_MIN_BYTES);
	left = message_bytes - *off;
	if (left < SMP_HEADER_BYTES) {
		/* Too short to say to whom a reply would go. */
		*off = message_bytes;
		return 0;
	}
	header = smp_header_get(message + *off);
	left -= SMP_HEADER_BYTES;
	server->request_count++;
	checked = request_check(&header, left);
	call.body = smp_reader_of(message + *off + SMP_HEADER_BYTES, checked == HF_OK ? header.length_bytes : 0u);
	writer.used_bytes = SMP_HEADER_BYTES;
	if (body_make(server, &call, checked))
		*off = message_bytes;
	else
		*off += SMP_HEADER_BYTES + header.length_bytes;
	reply_header = reply_header_of(&header, writer.used_bytes - SMP_HEADER_BYTES);
	smp_header_put(&reply_header, reply);
	return writer.used_bytes;
}

enum hf_reason smp_call_refuse(struct smp_call *call, uint16_t group, uint16_t rc, uint8_t v1_rc)
{
	call->code = (struct smp_code){ .of_group = true, .group = group, .rc = rc, .v1_rc = v1_rc };
	return HF_R_SMP_APPLICATION;
}
