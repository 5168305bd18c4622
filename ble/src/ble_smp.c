/* SPDX-License-Identifier: MIT */
#include "ble_parts.h"

/* A write carries a piece of a message, or the end of one and the beginning of the next; an empty one says nothing. The header is collected
 * beside the buffer: with it is known whether the message fits. One that does not is stepped over, so that the next is understood again. */
static uint8_t header_done(struct ble *ble, struct ble_inbox *inbox)
{
	uint32_t length_bytes = smp_header_get(inbox->head).length_bytes, cap_bytes = ble->config.inbox_bytes;
	bool fits = hf_span_fits(inbox->used_bytes, SMP_HEADER_BYTES + length_bytes, cap_bytes);

	inbox->head_bytes = 0;
	inbox->rest_bytes = length_bytes;
	inbox->skips = !fits && length_bytes != 0u;
	if (!fits) {
		ble->counts.messages_dropped++;
		ble->reason = HF_R_BLE_SMP_DROPPED;
		return SMP_HEADER_BYTES + length_bytes > cap_bytes ? ATT_VALUE_NOT_ALLOWED : ATT_NO_RESOURCES;
	}
	memcpy(inbox->bytes + inbox->used_bytes, inbox->head, SMP_HEADER_BYTES);
	inbox->used_bytes += SMP_HEADER_BYTES;
	if (length_bytes == 0u)
		inbox->whole_bytes = inbox->used_bytes;
	return ATT_OK;
}

static void rest_take(struct ble_inbox *inbox, const uint8_t *bytes, uint32_t size_bytes)
{
	inbox->rest_bytes -= size_bytes;
	if (!inbox->skips) {
		memcpy(inbox->bytes + inbox->used_bytes, bytes, size_bytes);
		inbox->used_bytes += size_bytes;
	}
	if (inbox->rest_bytes == 0u) {
		inbox->whole_bytes = inbox->used_bytes;
		inbox->skips = false;
	}
}

uint8_t ble_smp_write(struct ble *ble, struct ble_link *link, const uint8_t *bytes, uint32_t size_bytes)
{
	struct ble_inbox *inbox = &link->inbox;
	uint8_t error = ATT_OK;

	for (uint32_t used = 0; used < size_bytes;) { /* each turn takes a byte at least */
		bool in_body = inbox->rest_bytes != 0u;
		uint32_t part = in_body ? inbox->rest_bytes : SMP_HEADER_BYTES - inbox->head_bytes;

		if (part > size_bytes - used)
			part = size_bytes - used;
		if (in_body) {
			rest_take(inbox, bytes + used, part);
		} else {
			memcpy(inbox->head + inbox->head_bytes, bytes + used, part);
			inbox->head_bytes += part;
			if (inbox->head_bytes == SMP_HEADER_BYTES)
				error = header_done(ble, inbox);
		}
		used += part;
	}
	return error;
}

void ble_smp_clear(struct ble_link *link)
{
	link->inbox = (struct ble_inbox){ .bytes = link->inbox.bytes };
	link->outbox_bytes = 0;
	link->outbox_off = 0;
	link->request_off = 0;
}

uint32_t ble_smp_next(struct ble_link *link, uint8_t *value, uint32_t cap_bytes)
{
	uint32_t size_bytes = link->outbox_bytes - link->outbox_off;

	if (size_bytes > cap_bytes)
		size_bytes = cap_bytes;
	memcpy(value, link->outbox + link->outbox_off, size_bytes);
	link->outbox_off += size_bytes;
	if (link->outbox_off == link->outbox_bytes) {
		link->outbox_bytes = 0;
		link->outbox_off = 0;
	}
	return size_bytes;
}

static void message_done(struct ble_link *link, uint32_t size_bytes)
{
	struct ble_inbox *inbox = &link->inbox;

	inbox->used_bytes -= size_bytes;
	inbox->whole_bytes -= size_bytes;
	memmove(inbox->bytes, inbox->bytes + size_bytes, inbox->used_bytes);
	link->request_off = 0;
}

/* Who asks. By address, not by connection, so that an upload that a lost link cut goes on: its owner is the same when he is back. */
static uint32_t peer_number(const struct ble_link *link)
{
	const struct ble_address *address = link->bonded ? &link->bond.peer : &link->peer;

	return hf_crc32(hf_crc32(0, &address->type, 1), address->bytes, sizeof address->bytes);
}

static bool link_serve(struct ble *ble, struct ble_link *link, struct smp_server *server, uint32_t now_ms)
{
	uint32_t size_bytes, reply_bytes;

	if (link->inbox.whole_bytes == 0u || link->outbox_bytes != 0u)
		return false;
	size_bytes = SMP_HEADER_BYTES + smp_header_get(link->inbox.bytes).length_bytes;
	server->peer = peer_number(link);
	server->now_ms = now_ms;
	reply_bytes = smp_server_answer(server, link->inbox.bytes, size_bytes, &link->request_off, link->outbox, ble->config.outbox_bytes);
	/* Without the wish there is no way for a reply. */
	link->outbox_bytes = (link->wishes & BLE_WISH_SMP) != 0u ? reply_bytes : 0u;
	link->outbox_off = 0;
	if (link->request_off >= size_bytes || reply_bytes == 0u)
		message_done(link, size_bytes);
	return true;
}

bool ble_smp_serve(struct ble *ble, struct smp_server *server, uint32_t now_ms)
{
	bool served = false;

	for (uint32_t i = 0; i < ble->config.link_count; i++)
		if (ble->config.links[i].used && link_serve(ble, &ble->config.links[i], server, now_ms))
			served = true;
	return served;
}
