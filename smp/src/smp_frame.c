/* SPDX-License-Identifier: MIT */
#include <holdfast/smp_frame.h>

enum { MARK_START_0 = 0x06, MARK_START_1 = 0x09, MARK_NEXT_0 = 0x04, MARK_NEXT_1 = 0x14 };

/* TEXT: outside our lines. LINE: in the base64 of a line. */
enum { STATE_TEXT = 0, STATE_LINE = 1 };

enum { CHAR_NONE = 64, CHAR_PAD = 65 };

uint16_t smp_crc16(uint16_t crc, const uint8_t *data, uint32_t size_bytes)
{
	for (uint32_t i = 0; i < size_bytes; i++) {
		crc = (uint16_t)(crc ^ (uint32_t)data[i] << 8);
		for (uint32_t bit = 0; bit < 8u; bit++)
			crc = (uint16_t)((crc & 0x8000u) != 0u ? (uint32_t)crc << 1 ^ 0x1021u : (uint32_t)crc << 1);
	}
	return crc;
}

/* Value of a base64 character (RFC 4648, section 4), CHAR_PAD or CHAR_NONE. */
static uint32_t char_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint32_t)c - 'A';
	if (c >= 'a' && c <= 'z')
		return (uint32_t)c - 'a' + 26u;
	if (c >= '0' && c <= '9')
		return (uint32_t)c - '0' + 52u;
	return c == '+' ? 62u : c == '/' ? 63u : c == '=' ? CHAR_PAD : CHAR_NONE;
}

static uint8_t value_char(uint32_t value)
{
	if (value < 26u)
		return (uint8_t)('A' + value);
	if (value < 52u)
		return (uint8_t)('a' + (value - 26u));
	if (value < 62u)
		return (uint8_t)('0' + (value - 52u));
	return value == 62u ? '+' : '/';
}

/* --- receiver ------------------------------------------------------------------------------------------------------------ */

void smp_rx_start(struct smp_rx *rx, uint8_t *packet, uint32_t packet_cap_bytes)
{
	hf_assert(packet_cap_bytes >= 16u);
	*rx = (struct smp_rx){ .packet = packet, .packet_cap_bytes = packet_cap_bytes, .state = STATE_TEXT };
}

static void packet_forget(struct smp_rx *rx)
{
	rx->in_packet = false;
	rx->packet_bytes = 0;
}

static HF_NOINLINE void drop(struct smp_rx *rx, enum hf_reason reason)
{
	packet_forget(rx);
	rx->state = STATE_TEXT;
	rx->reason = reason;
}

/* Both marker bytes were seen. */
static void line_begin(struct smp_rx *rx, bool first)
{
	rx->quad_chars = rx->quad_pads = 0;
	rx->quad = 0;
	rx->line_ended = false;
	rx->state = STATE_LINE;
	if (first) {
		packet_forget(rx);
		rx->in_packet = true;
	} else if (!rx->in_packet) {
		drop(rx, HF_R_SMP_FRAME_ORPHAN); /* its base64 will pass as text: harmless, it is only shown */
	}
}

/* The line's end: is the packet whole? */
static bool line_end(struct smp_rx *rx)
{
	const uint32_t size = hf_get16be(rx->packet), have = rx->packet_bytes;
	enum hf_reason reason = HF_OK;

	rx->state = STATE_TEXT;
	if (rx->quad_chars != 0u)
		reason = HF_R_SMP_FRAME_BASE64;
	else if (have < 2u || have < size + 2u)
		return false;
	else if (size < 2u || have > size + 2u)
		reason = HF_R_SMP_FRAME_LENGTH;
	else if (smp_crc16(0, rx->packet + 2, size) != 0u)
		reason = HF_R_SMP_FRAME_CRC;
	drop(rx, reason);
	rx->message_bytes = size - 2u;
	return reason == HF_OK;
}

static void quad_flush(struct smp_rx *rx)
{
	for (uint32_t i = 0; i < 3u - rx->quad_pads; i++, rx->quad <<= 8) {
		if (rx->packet_bytes == rx->packet_cap_bytes) {
			drop(rx, HF_R_SMP_FRAME_TOO_LONG);
			return;
		}
		rx->packet[rx->packet_bytes++] = (uint8_t)(rx->quad >> 16);
	}
	rx->line_ended = rx->quad_pads != 0u;
	rx->quad_chars = rx->quad_pads = 0;
	/* A packet that cannot fit need not be collected. */
	if (rx->packet_bytes >= 2u && hf_get16be(rx->packet) > rx->packet_cap_bytes - 2u)
		drop(rx, HF_R_SMP_FRAME_TOO_LONG);
}

static void line_char(struct smp_rx *rx, uint8_t c)
{
	const uint32_t value = char_value(c), pad = value == CHAR_PAD ? 1u : 0u;

	if (value == CHAR_NONE || rx->line_ended || (pad != 0u ? rx->quad_chars < 2u : rx->quad_pads != 0u)) {
		drop(rx, HF_R_SMP_FRAME_BASE64);
		return;
	}
	rx->quad = rx->quad << 6 | (value & 63u & (pad - 1u));
	rx->quad_pads = (uint8_t)(rx->quad_pads + pad);
	if (++rx->quad_chars == 4u)
		quad_flush(rx);
}

static bool is_marker(uint8_t first, uint8_t second)
{
	return (first == MARK_START_0 && second == MARK_START_1) || (first == MARK_NEXT_0 && second == MARK_NEXT_1);
}

bool smp_rx_byte(struct smp_rx *rx, uint8_t byte)
{
	const uint8_t marker = rx->marker;

	rx->marker = 0;
	if (byte == MARK_START_0 || byte == MARK_NEXT_0) {
		/* In a line, its line feed was lost, or another line cut in. What was collected may be whole. */
		rx->marker = byte;
		return rx->state == STATE_LINE && line_end(rx);
	}
	if (marker != 0u) {
		if (is_marker(marker, byte))
			line_begin(rx, marker == MARK_START_0);
		return false;
	}
	if (rx->state == STATE_TEXT || byte == '\r')
		return false;
	if (byte == '\n')
		return line_end(rx);
	line_char(rx, byte);
	return false;
}

/* Bytes outside a line: runs of text go out in one piece, a marker begins a line. Returns how many were taken. */
static uint32_t text_feed(struct smp_rx *rx, const uint8_t *bytes, uint32_t size_bytes, struct smp_rx_event *event)
{
	uint32_t run = 0;

	if (rx->marker != 0u && !is_marker(rx->marker, bytes[0])) {
		rx->held = rx->marker;
		rx->marker = 0;
		*event = (struct smp_rx_event){ .kind = SMP_RX_TEXT, .text = &rx->held, .size_bytes = 1 };
		return 0;
	}
	while (rx->marker == 0u && run < size_bytes && bytes[run] != MARK_START_0 && bytes[run] != MARK_NEXT_0)
		run++;
	if (run != 0u) {
		*event = (struct smp_rx_event){ .kind = SMP_RX_TEXT, .text = bytes, .size_bytes = run };
		return run;
	}
	(void)smp_rx_byte(rx, bytes[0]);
	return 1;
}

/* A byte that is not of base64 ends its line and is text. */
static uint32_t line_feed(struct smp_rx *rx, uint8_t byte, struct smp_rx_event *event)
{
	if (smp_rx_byte(rx, byte))
		*event = (struct smp_rx_event){ .kind = SMP_RX_MESSAGE, .message = rx->packet + 2, .size_bytes = rx->message_bytes };
	return rx->reason == HF_OK || byte == '\n' || rx->marker != 0u ? 1u : 0u;
}

uint32_t smp_rx_feed(struct smp_rx *rx, const uint8_t *bytes, uint32_t size_bytes, struct smp_rx_event *event)
{
	uint32_t used = 0;

	*event = (struct smp_rx_event){ .kind = SMP_RX_MORE };
	rx->reason = HF_OK;
	while (used < size_bytes && event->kind == SMP_RX_MORE) { /* each turn takes a byte, or resolves a marker, or leaves a line */
		used += rx->state == STATE_TEXT ? text_feed(rx, bytes + used, size_bytes - used, event) : line_feed(rx, bytes[used], event);
		if (rx->reason != HF_OK)
			*event = (struct smp_rx_event){ .kind = SMP_RX_DROPPED, .reason = rx->reason };
	}
	return used;
}

/* --- sender -------------------------------------------------------------------------------------------------------------- */

void smp_tx_start(struct smp_tx *tx, const uint8_t *message, uint32_t message_bytes)
{
	hf_assert(message_bytes <= UINT16_MAX - 2u);
	*tx = (struct smp_tx){ .message = message, .message_bytes = message_bytes };
	hf_put16be(tx->head, (uint16_t)(message_bytes + sizeof tx->crc));
	hf_put16be(tx->crc, smp_crc16(0, message, message_bytes));
}

static uint8_t packet_byte(const struct smp_tx *tx, uint32_t off)
{
	if (off < sizeof tx->head)
		return tx->head[off];
	off -= (uint32_t)sizeof tx->head;
	return off < tx->message_bytes ? tx->message[off] : tx->crc[off - tx->message_bytes];
}

uint32_t smp_tx_line(struct smp_tx *tx, uint8_t line[SMP_LINE_BYTES])
{
	uint32_t total = tx->message_bytes + SMP_PACKET_EXTRA_BYTES;
	uint32_t raw = total - tx->off < SMP_LINE_RAW_BYTES ? total - tx->off : SMP_LINE_RAW_BYTES;
	uint32_t used = 2;

	hf_assert(tx->off <= total);
	if (raw == 0u)
		return 0;
	line[0] = tx->off == 0u ? MARK_START_0 : MARK_NEXT_0;
	line[1] = tx->off == 0u ? MARK_START_1 : MARK_NEXT_1;
	for (uint32_t i = 0; i < raw; i += 3u) {
		uint32_t count = raw - i < 3u ? raw - i : 3u;
		uint32_t quad = 0;

		for (uint32_t k = 0; k < 3u; k++)
			quad = quad << 8 | (k < count ? packet_byte(tx, tx->off + i + k) : 0u);
		for (uint32_t k = 0; k < 4u; k++, quad <<= 6)
			line[used++] = k <= count ? value_char(quad >> 18 & 63u) : (uint8_t)'=';
	}
	line[used++] = '\n';
	tx->off += raw;
	return used;
}
