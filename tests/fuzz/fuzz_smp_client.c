/* SPDX-License-Identifier: MIT */
/* Input: replies, each behind a 2-byte little-endian length. Each is read as every kind of reply, twice with the same outcome, and given
 * to an upload and to file transfers as the answer to what is in flight: they must come to an end, and never ask for bytes outside the
 * file. */
#include <stdlib.h>

#include "smp_rig.h"

static void demand(bool ok)
{
	if (!ok)
		abort();
}

static bool see_task(void *ctx, const struct smp_task *task)
{
	demand(strlen(task->name) < sizeof task->name);
	return ++*(uint32_t *)ctx < 1000u;
}

static bool see_pool(void *ctx, const struct smp_pool *pool)
{
	demand(strlen(pool->name) < sizeof pool->name);
	return ++*(uint32_t *)ctx < 1000u;
}

static bool see_stat(void *ctx, const char *name, uint64_t value)
{
	(void)value;
	demand(strlen(name) < SMP_NAME_TEXT_BYTES);
	return ++*(uint32_t *)ctx < 1000u;
}

static bool see_name(void *ctx, const char *name)
{
	demand(strlen(name) < SMP_NAME_TEXT_BYTES);
	return ++*(uint32_t *)ctx < 1000u;
}

static bool see_type(void *ctx, const struct smp_hash_type *type)
{
	demand(strlen(type->name) < sizeof type->name);
	return ++*(uint32_t *)ctx < 1000u;
}

static bool see_group(void *ctx, uint16_t group)
{
	(void)group;
	return ++*(uint32_t *)ctx < 1000u;
}

static bool see_detail(void *ctx, const struct smp_group_detail *detail)
{
	demand(strlen(detail->name) < sizeof detail->name);
	return ++*(uint32_t *)ctx < 1000u;
}

enum { MORE_KINDS = 15 };

/* What smp_requests.h reads. Spans must lie inside the message. */
static enum hf_reason read_more(const struct smp_reply *reply, uint32_t kind, uint32_t *seen)
{
	const uint8_t *start = reply->body.bytes, *end = start + reply->body.size_bytes;
	struct smp_span span = { start, 0 };
	struct smp_file_hash hash;
	struct smp_shell_reply shell;
	struct smp_base_reply base;
	enum hf_reason reason = HF_OK;
	uint32_t number;
	uint16_t group;
	bool is_last;
	char text[40];

	switch (kind) {
	case 0: return smp_read_tasks(reply, see_task, seen);
	case 1: return smp_read_pools(reply, see_pool, seen);
	case 2: return smp_read_stat(reply, see_stat, seen);
	case 3: return smp_read_stat_list(reply, see_name, seen);
	case 4: return smp_read_file_hash_types(reply, see_type, seen);
	case 5: return smp_read_groups(reply, see_group, seen);
	case 6: return smp_read_group_details(reply, see_detail, seen);
	case 7: return smp_read_group(reply, &group, &is_last);
	case 8: return smp_read_group_count(reply, &number);
	case 9: return smp_read_file_status(reply, &number);
	case 10: return smp_read_file_hash(reply, &hash);
	case 11: return smp_read_base(reply, &base);
	case 12: return smp_read_b0_slot(reply, &number);
	case 13:
		reason = smp_read_setting(reply, &span, &number);
		break;
	default:
		reason = smp_read_shell(reply, &shell);
		if (reason == HF_OK) {
			span = shell.output;
			smp_text_clean_lines(&span, text, sizeof text);
			demand(strlen(text) < sizeof text);
		}
		break;
	}
	demand(reason != HF_OK || (span.data >= start && span.data <= end && span.size_bytes <= (uint32_t)(end - span.data)));
	return reason;
}

/* In whatever order, and again: reading changes nothing of what a reply says. */
static void read_rest(const uint8_t *data, uint32_t size_bytes)
{
	uint8_t *message = malloc(size_bytes != 0 ? size_bytes : 1);
	struct smp_reply reply;

	demand(message != NULL);
	memcpy(message, data, size_bytes);
	if (smp_reply_read(message, size_bytes, &reply) == HF_OK) {
		for (uint32_t kind = 0; kind < MORE_KINDS; kind++) {
			uint32_t seen = 0, again = 0;
			enum hf_reason reason = read_more(&reply, kind, &seen);

			demand(reason == HF_OK || reason == HF_R_SMP_REFUSED || reason == HF_R_SMP_REPLY_MALFORMED);
			demand(read_more(&reply, kind, &again) == reason && again == seen && seen <= size_bytes);
		}
	}
	free(message);
}

static void read_as_all(const uint8_t *data, uint32_t size_bytes)
{
	for (uint32_t kind = 0; kind < 6; kind++) {
		uint8_t *message = malloc(size_bytes != 0 ? size_bytes : 1);
		struct smp_reply reply;
		struct smp_params params;
		struct smp_image_list list;
		struct smp_slot_list slots;
		struct smp_why_reply why;
		enum hf_reason reason;
		int32_t mode;
		bool no_downgrade;
		char text[24];

		demand(message != NULL);
		memcpy(message, data, size_bytes);
		if (smp_reply_read(message, size_bytes, &reply) == HF_OK) {
			reason = kind == 0 ? smp_read_params(&reply, &params) : kind == 1 ? smp_read_image_list(&reply, &list) :
				 kind == 2 ? smp_read_slots(&reply, &slots) : kind == 3 ? smp_read_why(&reply, &why) :
				 kind == 4 ? smp_read_mode(&reply, &mode, &no_downgrade) : smp_read_text(&reply, "r", text, sizeof text);
			demand(reason == HF_OK || reason == HF_R_SMP_REFUSED || reason == HF_R_SMP_REPLY_MALFORMED);
			demand((reason == HF_R_SMP_REFUSED) == reply.refused);
			if (reason == HF_OK && kind == 0)
				demand(smp_message_max_of(&params, true) >= 89 && smp_window_of(&params, 8) >= 1);
			if (reason == HF_OK && kind == 1)
				demand(list.count <= SMP_LIST_MAX);
		}
		free(message);
	}
}

/* The reply's header is made to fit, so that its body counts. */
static void upload_answer(struct smp_upload *upload, uint32_t *now, const uint8_t *data, uint32_t size_bytes)
{
	uint8_t buffer[300], *message;
	uint32_t sent, wait, turns = 0;
	struct smp_header header;
	enum smp_upload_todo todo;

	do {
		todo = smp_upload_next(upload, *now, buffer, &sent, &wait);
		*now += todo == SMP_UPLOAD_TODO_WAIT ? (wait != 0 ? wait : 1u) : 0u;
		demand(++turns < 200);
	} while (todo == SMP_UPLOAD_TODO_WAIT);
	if (todo != SMP_UPLOAD_TODO_SEND)
		return;
	demand(sent <= sizeof buffer && upload->send_off <= upload->plan.size_bytes);
	header = smp_header_get(buffer);
	header.op = SMP_OP_WRITE_REPLY;
	header.length_bytes = (uint16_t)size_bytes;
	message = malloc(SMP_HEADER_BYTES + size_bytes);
	demand(message != NULL);
	smp_header_put(&header, message);
	memcpy(message + SMP_HEADER_BYTES, data, size_bytes);
	demand(smp_upload_take(upload, message, SMP_HEADER_BYTES + size_bytes, *now));
	demand(upload->acked_off <= upload->plan.size_bytes && upload->drain_off <= upload->plan.size_bytes);
	free(message);
}

/* The same bytes as the body of the reply to each request of a file transfer. */
static void file_answers(const uint8_t *data, uint32_t size_bytes)
{
	static const uint8_t file[700];
	uint8_t request[200], message[2100];
	struct smp_ask ask = { .timeout_ms = 1, .tries = 1 };
	struct smp_client client;
	struct smp_file_put put;
	struct smp_file_get get;
	struct smp_reply reply;
	struct smp_span span;
	enum hf_reason result, reason = HF_OK;

	smp_client_start(&client, request, sizeof request, SMP_V2, 0);
	demand(smp_file_put_start(&put, &client, "/a", file, sizeof file, sizeof request, 0) == HF_OK);
	demand(smp_file_get_start(&get, &client, "/a", 0, 0) == HF_OK);
	for (uint32_t turn = 0; turn < 40 && reason == HF_OK; turn++) {
		bool is_put = turn % 2u == 0;

		if (is_put ? put.done : get.done)
			continue;
		demand((is_put ? smp_file_put_ask(&put, &ask) : smp_file_get_ask(&get, &ask)) == HF_OK);
		client.header.op++;
		client.header.length_bytes = (uint16_t)size_bytes;
		smp_header_put(&client.header, message);
		client.header.op--;
		memcpy(message + SMP_HEADER_BYTES, data, size_bytes);
		demand(smp_client_take(&client, message, SMP_HEADER_BYTES + size_bytes, &reply, &result));
		if (result != HF_OK)
			return;
		reason = is_put ? smp_file_put_take(&put, &reply) : smp_file_get_take(&get, &reply, &span);
		demand(put.off <= sizeof file && (!get.size_known || get.off <= get.size_bytes));
		demand(is_put || reason != HF_OK || span.size_bytes <= size_bytes);
	}
}

/* A transfer with a window gets this body for each request that it sends. Its pieces lie in the file that it was told of. */
static void stream_answers(enum smp_stream_kind kind, const uint8_t *data, uint32_t size_bytes)
{
	static const uint8_t file[3000] = { 1 };
	static uint8_t message[2100];
	const struct smp_stream_plan plan = { .kind = kind, .name = "/a", .data = file, .size_bytes = kind == SMP_STREAM_PUT ? sizeof file : 0u,
					      .message_max = 200, .window_max = 4, .timeout_ms = 100, .tries = 3 };
	struct smp_client client;
	struct smp_stream stream;
	struct smp_stream_piece piece;
	uint8_t request[16], buffer[200];
	uint32_t now = 0;

	smp_client_start(&client, request, sizeof request, SMP_V2, 0);
	demand(smp_stream_start(&stream, &plan, &client) == HF_OK);
	for (uint32_t turn = 0; turn < 200u; turn++) {
		uint32_t bytes = 0, wait = 0;
		enum smp_stream_todo todo = smp_stream_next(&stream, now, buffer, &bytes, &wait);
		struct smp_header header;

		if (todo == SMP_STREAM_TODO_DONE || todo == SMP_STREAM_TODO_FAILED)
			return;
		now += wait != 0u ? wait : 1u;
		demand(bytes <= sizeof buffer);
		if (todo != SMP_STREAM_TODO_SEND)
			continue;
		header = smp_header_get(buffer);
		header.op++;
		header.length_bytes = (uint16_t)size_bytes;
		smp_header_put(&header, message);
		memcpy(message + SMP_HEADER_BYTES, data, size_bytes);
		demand(smp_stream_take(&stream, message, SMP_HEADER_BYTES + size_bytes, now, &piece));
		demand(piece.data.size_bytes == 0u || (stream.size_known && piece.off <= stream.size_bytes &&
						       piece.data.size_bytes <= stream.size_bytes - piece.off));
		demand(kind == SMP_STREAM_GET || (stream.next_off <= sizeof file && stream.done_off <= sizeof file));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	static const uint8_t file[5000] = { 0x3d, 0xb8, 0xf3, 0x96 };
	static const uint8_t sha[32] = { 1 };
	struct smp_upload_plan plan = smp_upload_plan_of(file, sizeof file, sha);
	struct smp_client client;
	struct smp_upload upload;
	uint8_t request[16];
	uint32_t now = 0;
	size_t off = 0;

	smp_client_start(&client, request, sizeof request, SMP_V2, 0);
	plan.message_max = 300;
	plan.window_max = 3;
	demand(smp_upload_start(&upload, &plan, &client) == HF_OK);
	while (size_bytes - off >= 2) {
		uint32_t size = hf_get16le(data + off);

		off += 2;
		size = size < size_bytes - off ? size : (uint32_t)(size_bytes - off);
		size = size < 2000 ? size : 2000;
		read_as_all(data + off, size);
		read_rest(data + off, size);
		if (size >= SMP_HEADER_BYTES)
			file_answers(data + off + SMP_HEADER_BYTES, size - SMP_HEADER_BYTES);
		if (size >= SMP_HEADER_BYTES) {
			stream_answers(SMP_STREAM_GET, data + off + SMP_HEADER_BYTES, size - SMP_HEADER_BYTES);
			stream_answers(SMP_STREAM_PUT, data + off + SMP_HEADER_BYTES, size - SMP_HEADER_BYTES);
		}
		if (size >= SMP_HEADER_BYTES)
			upload_answer(&upload, &now, data + off + SMP_HEADER_BYTES, size - SMP_HEADER_BYTES);
		off += size;
	}
	return 0;
}
