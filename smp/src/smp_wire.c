/* SPDX-License-Identifier: MIT */
#include <holdfast/smp_wire.h>

/* --- raw ----------------------------------------------------------------------------------------------------------------- */

void smp_raw_start(struct smp_raw *raw, uint8_t *packet, uint32_t packet_cap_bytes, enum smp_raw_side side, uint32_t idle_ms)
{
	hf_assert(packet_cap_bytes >= SMP_HEADER_BYTES);
	*raw = (struct smp_raw){ .packet = packet, .packet_cap_bytes = packet_cap_bytes, .side = side, .idle_ms = idle_ms };
}

/* Reserved bits clear, and the op of a message that comes from the other side. */
static bool may_begin(const struct smp_raw *raw, uint8_t byte)
{
	uint8_t op = byte & 7u;

	if (byte >= 0x20u)
		return false;
	return raw->side == SMP_RAW_REQUESTS ? op == SMP_OP_READ || op == SMP_OP_WRITE : op == SMP_OP_READ_REPLY || op == SMP_OP_WRITE_REPLY;
}

static void raw_dropped(struct smp_raw *raw, struct smp_rx_event *event, enum hf_reason reason)
{
	raw->packet_bytes = 0;
	event->kind = SMP_RX_DROPPED;
	event->reason = reason;
}

static uint32_t wanted_bytes(const struct smp_raw *raw)
{
	return raw->packet_bytes < SMP_HEADER_BYTES ? SMP_HEADER_BYTES : SMP_HEADER_BYTES + smp_header_get(raw->packet).length_bytes;
}

/* Bytes between messages, up to one that may begin one. */
static uint32_t raw_text(const struct smp_raw *raw, const uint8_t *bytes, uint32_t size_bytes, struct smp_rx_event *event)
{
	uint32_t run = 0;

	while (run < size_bytes && !may_begin(raw, bytes[run]))
		run++;
	if (run != 0u)
		*event = (struct smp_rx_event){ .kind = SMP_RX_TEXT, .text = bytes, .size_bytes = run };
	return run;
}

/* Bytes of a message, up to the end of its header or of itself. */
static uint32_t raw_take(struct smp_raw *raw, const uint8_t *bytes, uint32_t size_bytes, struct smp_rx_event *event)
{
	uint32_t wanted = wanted_bytes(raw) - raw->packet_bytes;
	uint32_t size = wanted < size_bytes ? wanted : size_bytes;

	memcpy(raw->packet + raw->packet_bytes, bytes, size);
	raw->packet_bytes += size;
	if (raw->packet_bytes < SMP_HEADER_BYTES)
		return size;
	if (wanted_bytes(raw) > raw->packet_cap_bytes) {
		raw->skipping = true;
		raw_dropped(raw, event, HF_R_SMP_RAW_LENGTH);
	} else if (raw->packet_bytes == wanted_bytes(raw)) {
		*event = (struct smp_rx_event){ .kind = SMP_RX_MESSAGE, .message = raw->packet, .size_bytes = raw->packet_bytes };
		raw->packet_bytes = 0;
	}
	return size;
}

uint32_t smp_raw_feed(struct smp_raw *raw, const uint8_t *bytes, uint32_t size_bytes, uint32_t now_ms, struct smp_rx_event *event)
{
	uint32_t used = 0;

	*event = (struct smp_rx_event){ .kind = SMP_RX_MORE };
	if (now_ms - raw->heard_ms >= raw->idle_ms) {
		raw->skipping = false;
		raw->heard_ms = now_ms;
		if (raw->packet_bytes != 0u) {
			raw_dropped(raw, event, HF_R_SMP_RAW_IDLE);
			return 0;
		}
	}
	if (size_bytes != 0u)
		raw->heard_ms = now_ms;
	while (used < size_bytes && event->kind == SMP_RX_MORE) { /* each turn takes a byte */
		if (raw->skipping)
			used = size_bytes;
		else if (raw->packet_bytes == 0u && !may_begin(raw, bytes[used]))
			used += raw_text(raw, bytes + used, size_bytes - used, event);
		else
			used += raw_take(raw, bytes + used, size_bytes - used, event);
	}
	return used;
}

/* --- either -------------------------------------------------------------------------------------------------------------- */

void smp_wire_start(struct smp_wire *wire, enum smp_wire_kind kind, uint8_t *packet, uint32_t packet_cap_bytes, enum smp_raw_side side,
		    uint32_t idle_ms)
{
	*wire = (struct smp_wire){ .kind = kind };
	switch (kind) {
	case SMP_WIRE_CONSOLE:
		smp_rx_start(&wire->in.console, packet, packet_cap_bytes);
		break;
	case SMP_WIRE_RAW:
		smp_raw_start(&wire->in.raw, packet, packet_cap_bytes, side, idle_ms);
		break;
	}
}

uint32_t smp_wire_feed(struct smp_wire *wire, const uint8_t *bytes, uint32_t size_bytes, uint32_t now_ms, struct smp_rx_event *event)
{
	return wire->kind == SMP_WIRE_CONSOLE ? smp_rx_feed(&wire->in.console, bytes, size_bytes, event)
					      : smp_raw_feed(&wire->in.raw, bytes, size_bytes, now_ms, event);
}

void smp_wire_send(struct smp_wire *wire, const uint8_t *message, uint32_t message_bytes)
{
	wire->message = message;
	wire->message_bytes = message_bytes;
	if (wire->kind == SMP_WIRE_CONSOLE)
		smp_tx_start(&wire->tx, message, message_bytes);
}

uint32_t smp_wire_piece(struct smp_wire *wire, uint8_t line[SMP_LINE_BYTES], const uint8_t **piece)
{
	uint32_t size;

	if (wire->kind == SMP_WIRE_CONSOLE) {
		*piece = line;
		return smp_tx_line(&wire->tx, line);
	}
	*piece = wire->message;
	size = wire->message_bytes;
	wire->message_bytes = 0;
	return size;
}

uint32_t smp_wire_size(const struct smp_wire *wire, uint32_t message_bytes)
{
	return wire->kind == SMP_WIRE_CONSOLE ? smp_wire_bytes(message_bytes) : message_bytes;
}
