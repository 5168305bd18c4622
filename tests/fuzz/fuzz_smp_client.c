/* SPDX-License-Identifier: MIT */
/* Input: replies, each behind a 2-byte little-endian length. Each is read as every kind of reply, and given to an upload as the
 * answer to what is in flight: it must come to an end, and never ask for bytes outside the file. */
#include <stdlib.h>

#include "smp_rig.h"

static void demand(bool ok)
{
	if (!ok)
		abort();
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
		if (size >= SMP_HEADER_BYTES)
			upload_answer(&upload, &now, data + off + SMP_HEADER_BYTES, size - SMP_HEADER_BYTES);
		off += size;
	}
	return 0;
}
