/* SPDX-License-Identifier: MIT */
/* smp_frame.h - SMP over a console: lines of base64 among other text.
 *
 * Why      A console carries log text too, even inside a line of ours; the receiver looks for the markers anywhere in the
 *          stream and hands everything else back as text.
 * Shapes   packet: length u16 (message + CRC) | message | CRC-16 (0x1021, init 0, not reflected) over the message; big-endian.
 *          line: marker (06 09 first, 04 14 further) | base64 | 0a; at most 127 bytes, each line decoded for itself.
 * Order    receiver: feed until all bytes are consumed; a message stays valid until the next feed. sender: start, then line
 *          until it returns 0.
 * Errors   a damaged packet is dropped without a reply, as on any SMP console; the event says why.
 * Limits   RAM: the struct and the caller's packet buffer. A message may have size_bytes - 4 bytes of that buffer.
 * Source   zephyrproject-rtos/zephyr: subsys/mgmt/mcumgr/transport/src/serial_util.c, smp_transport.rst;
 *          mcu-tools/mcuboot: boot/boot_serial/src/boot_serial.c.
 */
#ifndef HOLDFAST_SMP_FRAME_H
#define HOLDFAST_SMP_FRAME_H

#include <holdfast/reason.h>

#define SMP_LINE_BYTES 127u                 /* marker, base64, line feed */
#define SMP_LINE_RAW_BYTES 93u              /* what a full line carries */
#define SMP_PACKET_EXTRA_BYTES 4u           /* length and CRC around a message */

uint16_t smp_crc16(uint16_t crc, const uint8_t *data, uint32_t size_bytes);

enum smp_rx_kind {
	SMP_RX_MORE,    /* all bytes consumed, nothing to tell */
	SMP_RX_MESSAGE, /* message, size_bytes: a whole message with a good CRC */
	SMP_RX_TEXT,    /* text, size_bytes: not ours; log output */
	SMP_RX_DROPPED  /* reason: a packet was dropped */
};

struct smp_rx_event {
	enum smp_rx_kind kind;
	enum hf_reason reason;
	uint8_t *message;    /* in the packet buffer; the reader of the body may change it */
	const uint8_t *text; /* in the bytes that were fed, or in the receiver */
	uint32_t size_bytes;
};

/* Fields are the receiver's own. */
struct smp_rx {
	uint8_t *packet;
	uint32_t packet_cap_bytes;
	uint32_t packet_bytes;   /* decoded so far */
	uint8_t state;
	uint8_t marker;          /* first marker byte seen, second awaited; 0 none */
	uint8_t quad_chars;
	uint8_t quad_pads;
	bool in_packet;          /* a first line was taken, further ones are awaited */
	bool line_ended;         /* padding seen: no more base64 on this line */
	uint32_t quad;
	uint8_t held;            /* a marker byte that was text after all */
	enum hf_reason reason;   /* why a packet was dropped */
	uint32_t message_bytes;
};

/* packet: at least 16 bytes, the longest message plus 4. */
void smp_rx_start(struct smp_rx *rx, uint8_t *packet, uint32_t packet_cap_bytes);
/* Takes bytes up to the next event; returns how many. Feed the rest again. Any split of the stream gives the same messages. */
uint32_t smp_rx_feed(struct smp_rx *rx, const uint8_t *bytes, uint32_t size_bytes, struct smp_rx_event *event);
/* The same for who has no use for text and reasons: true if this byte ends a message, which is then at packet + 2, message_bytes long. */
bool smp_rx_byte(struct smp_rx *rx, uint8_t byte);
/* Bytes of a packet are there, its end is not: what a timeout may throw away with smp_rx_start. */
static inline bool smp_rx_is_midway(const struct smp_rx *rx)
{
	return rx->in_packet;
}

struct smp_tx {
	const uint8_t *message; /* the caller's, unchanged until the last line */
	uint32_t message_bytes;
	uint32_t off;           /* in the packet */
	uint8_t head[2], crc[2];
};

/* message_bytes: at most 65533. */
void smp_tx_start(struct smp_tx *tx, const uint8_t *message, uint32_t message_bytes);
/* Writes the next line, line feed included; returns its bytes, 0 after the last. */
uint32_t smp_tx_line(struct smp_tx *tx, uint8_t line[SMP_LINE_BYTES]);

/* Bytes on the wire for a message of this size. */
static inline uint32_t smp_wire_bytes(uint32_t message_bytes)
{
	uint32_t raw = message_bytes + SMP_PACKET_EXTRA_BYTES;
	uint32_t lines = (raw + SMP_LINE_RAW_BYTES - 1u) / SMP_LINE_RAW_BYTES;

	return (raw + 2u) / 3u * 4u + lines * 3u;
}

/* The truthful buf_count for "params": one message may be worked on while others wait as bytes in the receive ring; clients keep
 * buf_count - 1 in flight. */
static inline uint32_t smp_buf_count_of(uint32_t packet_cap_bytes, uint32_t ring_bytes)
{
	return 2u + ring_bytes / smp_wire_bytes(packet_cap_bytes - SMP_PACKET_EXTRA_BYTES);
}

#endif
