/* SPDX-License-Identifier: MIT */
/* smp_wire.h - raw framing for UARTs and USB CDC without a console, and one face for both framings.
 *
 * Why      Raw framing is messages back to back and nothing else: no marker, no checksum. A receiver that lost its place finds it
 *          again in silence only, so time is an argument. A link that can do both should not need to know which one it does.
 * Shapes   raw: header and body as they are; the length in the header says where it ends. console: smp_frame.h.
 * Order    smp_wire_start, then for received bytes smp_wire_feed until all are consumed, with the time at which they came; to send:
 *          smp_wire_send, then smp_wire_piece until it returns 0.
 * Errors   SMP_RX_DROPPED with HF_R_SMP_RAW_IDLE (a message was cut by idle_ms of silence) or HF_R_SMP_RAW_LENGTH (longer than the
 *          buffer: all is thrown away until the line has been quiet for idle_ms). Bytes that can begin no message are SMP_RX_TEXT.
 * Limits   RAM: the struct and the caller's packet buffer.
 * Source   mcu-tools/mcuboot: docs/serial_recovery.md, boot/zephyr/Kconfig.serial_recovery (BOOT_SERIAL_RAW_PROTOCOL: 3000 ms);
 *          zephyrproject-rtos/zephyr: subsys/mgmt/mcumgr/transport/Kconfig.raw_uart.
 */
#ifndef HOLDFAST_SMP_WIRE_H
#define HOLDFAST_SMP_WIRE_H

#include <holdfast/smp_frame.h>
#include <holdfast/smp_message.h>

/* What comes in: a device receives requests, a host replies. Nothing else can begin a message. */
enum smp_raw_side { SMP_RAW_REQUESTS, SMP_RAW_REPLIES };

/* Fields are the receiver's own. */
struct smp_raw {
	uint8_t *packet;
	uint32_t packet_cap_bytes;
	uint32_t packet_bytes;
	enum smp_raw_side side;
	uint32_t idle_ms;
	uint32_t heard_ms;
	bool skipping;        /* out of step: until the line is quiet */
};

/* packet: at least 8 bytes, the longest message. idle_ms: less than the peer's (3000 by default), more than any pause in a message. */
void smp_raw_start(struct smp_raw *raw, uint8_t *packet, uint32_t packet_cap_bytes, enum smp_raw_side side, uint32_t idle_ms);
/* As smp_rx_feed. May tell of a drop and consume nothing. size_bytes 0: only looks at the clock. */
uint32_t smp_raw_feed(struct smp_raw *raw, const uint8_t *bytes, uint32_t size_bytes, uint32_t now_ms, struct smp_rx_event *event);

enum smp_wire_kind { SMP_WIRE_CONSOLE, SMP_WIRE_RAW };

struct smp_wire {
	enum smp_wire_kind kind;
	union {
		struct smp_rx console;
		struct smp_raw raw;
	} in;
	struct smp_tx tx;        /* console */
	const uint8_t *message;  /* raw */
	uint32_t message_bytes;
};

void smp_wire_start(struct smp_wire *wire, enum smp_wire_kind kind, uint8_t *packet, uint32_t packet_cap_bytes, enum smp_raw_side side,
		    uint32_t idle_ms);
uint32_t smp_wire_feed(struct smp_wire *wire, const uint8_t *bytes, uint32_t size_bytes, uint32_t now_ms, struct smp_rx_event *event);
/* The message stays the caller's, unchanged until the last piece. */
void smp_wire_send(struct smp_wire *wire, const uint8_t *message, uint32_t message_bytes);
/* Next bytes to write: *piece points at them, in line or in the message. 0: all is written. */
uint32_t smp_wire_piece(struct smp_wire *wire, uint8_t line[SMP_LINE_BYTES], const uint8_t **piece);
/* Bytes on the wire for a message of this size. */
uint32_t smp_wire_size(const struct smp_wire *wire, uint32_t message_bytes);

#endif
