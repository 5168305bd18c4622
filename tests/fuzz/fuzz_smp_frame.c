/* SPDX-License-Identifier: MIT */
/* Input: a console's byte stream. Fed whole and byte by byte it must give the same messages, lose no byte of text, and each
 * message must survive being sent and received again. The same bytes on a raw line, for either side: the same messages in any split. */
#include <stdlib.h>

#include "smp_rig.h"

enum { PACKET_BYTES = 300 };

struct seen {
	uint64_t messages, text_bytes, drops, mix; /* of one size, so that memcmp meets no padding */
};

static void demand(bool ok)
{
	if (!ok)
		abort();
}

static void send_again(const uint8_t *message, uint32_t size_bytes)
{
	uint8_t packet[PACKET_BYTES], line[SMP_LINE_BYTES];
	struct smp_rx rx;
	struct smp_tx tx;
	struct smp_rx_event event = { .kind = SMP_RX_MORE };
	uint32_t size, wire = 0;

	smp_rx_start(&rx, packet, sizeof packet);
	smp_tx_start(&tx, message, size_bytes);
	while ((size = smp_tx_line(&tx, line)) != 0) {
		demand(event.kind == SMP_RX_MORE);
		demand(smp_rx_feed(&rx, line, size, &event) == size);
		wire += size;
	}
	demand(event.kind == SMP_RX_MESSAGE && event.size_bytes == size_bytes && memcmp(event.message, message, size_bytes) == 0);
	demand(wire == smp_wire_bytes(size_bytes));
}

static void take(struct seen *seen, const struct smp_rx_event *event, bool again)
{
	switch (event->kind) {
	case SMP_RX_MESSAGE:
		demand(event->size_bytes <= PACKET_BYTES - SMP_PACKET_EXTRA_BYTES);
		seen->messages++;
		for (uint32_t i = 0; i < event->size_bytes; i++)
			seen->mix = seen->mix * 31u + event->message[i];
		if (again)
			send_again(event->message, event->size_bytes);
		break;
	case SMP_RX_TEXT:
		seen->text_bytes += event->size_bytes;
		for (uint32_t i = 0; i < event->size_bytes; i++)
			seen->mix = seen->mix * 37u + event->text[i];
		break;
	case SMP_RX_DROPPED:
		seen->drops++;
		break;
	case SMP_RX_MORE:
		break;
	}
}

static struct seen run(const uint8_t *data, uint32_t size_bytes, uint32_t step)
{
	uint8_t packet[PACKET_BYTES];
	struct smp_rx rx;
	struct seen seen = { 0, 0, 0, 0 };

	smp_rx_start(&rx, packet, sizeof packet);
	for (uint32_t off = 0; off < size_bytes;) {
		uint32_t left = size_bytes - off < step ? size_bytes - off : step;

		while (left != 0) {
			struct smp_rx_event event;
			uint32_t used = smp_rx_feed(&rx, data + off, left, &event);

			demand(used <= left && (used != 0 || event.kind != SMP_RX_MORE));
			take(&seen, &event, step == 1);
			off += used;
			left -= used;
		}
	}
	return seen;
}

static struct seen run_raw(const uint8_t *data, uint32_t size_bytes, uint32_t step, enum smp_raw_side side)
{
	uint8_t packet[PACKET_BYTES];
	struct smp_raw raw;
	struct seen seen = { 0, 0, 0, 0 };

	smp_raw_start(&raw, packet, sizeof packet, side, 10);
	for (uint32_t off = 0; off < size_bytes;) {
		struct smp_rx_event event;
		/* a pause after each 64 bytes, whatever the split */
		uint32_t left = 64u - off % 64u < step ? 64u - off % 64u : step;
		uint32_t used = smp_raw_feed(&raw, data + off, left < size_bytes - off ? left : size_bytes - off, off / 64u * 20u, &event);

		demand(used <= left && (used != 0 || event.kind == SMP_RX_DROPPED));
		demand(event.kind != SMP_RX_MESSAGE || event.size_bytes == SMP_HEADER_BYTES + smp_header_get(event.message).length_bytes);
		take(&seen, &event, false);
		off += used;
	}
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	struct seen whole = run(data, (uint32_t)size_bytes, (uint32_t)size_bytes + 1u);
	struct seen single = run(data, (uint32_t)size_bytes, 1);
	struct seen odd = run(data, (uint32_t)size_bytes, 7);

	demand(memcmp(&whole, &single, sizeof whole) == 0 && memcmp(&whole, &odd, sizeof whole) == 0);
	for (uint32_t side = 0; side < 2u; side++) {
		whole = run_raw(data, (uint32_t)size_bytes, 64, (enum smp_raw_side)side);
		single = run_raw(data, (uint32_t)size_bytes, 1, (enum smp_raw_side)side);
		odd = run_raw(data, (uint32_t)size_bytes, 7, (enum smp_raw_side)side);
		demand(memcmp(&whole, &single, sizeof whole) == 0 && memcmp(&whole, &odd, sizeof whole) == 0);
	}
	return 0;
}
