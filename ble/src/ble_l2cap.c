/* SPDX-License-Identifier: MIT */
#include "ble_parts.h"

/* Commands of the LE signalling channel: Vol 3 Part A 4. */
enum {
	SIGNAL_REJECT = 0x01, SIGNAL_DISCONNECT = 0x06, SIGNAL_INTERVAL_REQUEST = 0x12, SIGNAL_INTERVAL_RESPONSE = 0x13, SIGNAL_CONNECT = 0x14,
	SIGNAL_CONNECT_RESPONSE = 0x15, SIGNAL_CREDIT = 0x16, SIGNAL_CONNECT_ENHANCED = 0x17, SIGNAL_CONNECT_ENHANCED_RESPONSE = 0x18
};
enum { REJECT_NOT_UNDERSTOOD = 0, REJECT_BAD_CHANNEL = 2, NO_SUCH_SERVICE = 2, SIGNAL_ID = 1 /* of our one kind of request */ };
enum { FIRST_OF_HOST = 0x0000, CONTINUES = 0x1000, FLAGS = 0x3000 }; /* packet boundary flag, Vol 4 Part E 5.4.2 */

/* --- signalling ---------------------------------------------------------------------------------------------------------- */

static void signal_put(struct ble_link *link, uint8_t code, uint8_t id, const uint8_t *data, uint32_t size_bytes)
{
	hf_assert(4u + size_bytes <= sizeof link->signal);
	if (link->signal_bytes != 0u)
		return; /* the peer did not wait for the answer before: it gets one */
	link->signal[0] = code;
	link->signal[1] = id;
	hf_put16le(link->signal + 2, (uint16_t)size_bytes);
	memcpy(link->signal + 4, data, size_bytes);
	link->signal_bytes = 4u + size_bytes;
}

static void signal_reject(struct ble_link *link, uint8_t id, uint16_t why, const uint8_t *data, uint32_t size_bytes)
{
	uint8_t body[6];

	hf_put16le(body, why);
	memcpy(body + 2, data, size_bytes);
	signal_put(link, SIGNAL_REJECT, id, body, 2u + size_bytes);
}

static enum hf_reason signal_take(struct ble *ble, struct ble_link *link, const uint8_t *pdu, uint32_t size_bytes)
{
	static const uint8_t refused[10] = { [8] = NO_SUCH_SERVICE }, refused_enhanced[8] = { [6] = NO_SUCH_SERVICE };
	uint32_t data_bytes;

	if (size_bytes < 4u || pdu[1] == 0u)
		return ble_refuse(ble, HF_R_BLE_L2CAP); /* identifier 0 is never answered */
	data_bytes = hf_get16le(pdu + 2);
	if (data_bytes != size_bytes - 4u) {
		signal_reject(link, pdu[1], REJECT_NOT_UNDERSTOOD, pdu, 0);
		return ble_refuse(ble, HF_R_BLE_L2CAP);
	}
	switch (pdu[0]) {
	case SIGNAL_REJECT: /* a central that knows no such request; it keeps its interval */
	case SIGNAL_INTERVAL_RESPONSE:
	case SIGNAL_CREDIT: /* of a channel that does not exist */
		return HF_OK;
	case SIGNAL_CONNECT:
		if (data_bytes == 10u)
			signal_put(link, SIGNAL_CONNECT_RESPONSE, pdu[1], refused, sizeof refused);
		else
			signal_reject(link, pdu[1], REJECT_NOT_UNDERSTOOD, pdu, 0);
		return HF_OK;
	case SIGNAL_CONNECT_ENHANCED: /* what Enhanced ATT asks for */
		if (data_bytes >= 10u && data_bytes % 2u == 0u)
			signal_put(link, SIGNAL_CONNECT_ENHANCED_RESPONSE, pdu[1], refused_enhanced, sizeof refused_enhanced);
		else
			signal_reject(link, pdu[1], REJECT_NOT_UNDERSTOOD, pdu, 0);
		return HF_OK;
	case SIGNAL_DISCONNECT:
		if (data_bytes == 4u)
			signal_reject(link, pdu[1], REJECT_BAD_CHANNEL, pdu + 4, 4);
		else
			signal_reject(link, pdu[1], REJECT_NOT_UNDERSTOOD, pdu, 0);
		return HF_OK;
	default: /* also the interval request, which only a central understands: 4.20 */
		signal_reject(link, pdu[1], REJECT_NOT_UNDERSTOOD, pdu, 0);
		return ble_refuse(ble, HF_R_BLE_L2CAP);
	}
}

static void interval_signal(const struct ble *ble, struct ble_link *link)
{
	uint8_t body[8];

	if (!link->signal_interval || link->signal_bytes != 0u)
		return;
	link->signal_interval = false;
	hf_put16le(body, ble->config.interval_min);
	hf_put16le(body + 2, ble->config.interval_max);
	hf_put16le(body + 4, ble->config.latency);
	hf_put16le(body + 6, ble->config.timeout);
	signal_put(link, SIGNAL_INTERVAL_REQUEST, SIGNAL_ID, body, sizeof body);
}

/* --- in ------------------------------------------------------------------------------------------------------------------ */

static enum hf_reason frame_take(struct ble *ble, struct ble_link *link, uint32_t now_ms)
{
	const uint8_t *pdu = link->in + BLE_L2CAP_HEADER_BYTES;
	uint32_t size_bytes = link->in_bytes - BLE_L2CAP_HEADER_BYTES;
	uint16_t channel = hf_get16le(link->in + 2);

	link->in_bytes = 0;
	switch (channel) {
	case BLE_CID_ATT:
		return ble_att_take(ble, link, pdu, size_bytes);
	case BLE_CID_SIGNAL:
		return signal_take(ble, link, pdu, size_bytes);
	case BLE_CID_SM:
		return ble_sm_take(ble, link, pdu, size_bytes, now_ms);
	default: /* no such channel was ever opened */
		return ble_refuse(ble, HF_R_BLE_L2CAP);
	}
}

enum hf_reason ble_acl_take(struct ble *ble, const uint8_t *packet, uint32_t size_bytes, uint32_t now_ms)
{
	uint16_t head = hf_get16le(packet + 1);
	struct ble_link *link = ble_link_of(ble, head & 0x0fffu);
	const uint8_t *data = packet + BLE_ACL_HEADER_BYTES;
	uint32_t data_bytes = size_bytes - BLE_ACL_HEADER_BYTES, frame_bytes;

	if (link == NULL)
		return ble_refuse(ble, HF_R_BLE_LINK_UNKNOWN);
	if ((head & 0xc000u) != 0u)
		return ble_refuse(ble, HF_R_BLE_PACKET); /* broadcast: BR/EDR only */
	if ((head & FLAGS) != CONTINUES) {
		link->in_bytes = 0; /* what came before stays unfinished for ever */
		link->in_skips = false;
	} else if (link->in_bytes == 0u || link->in_skips) {
		return ble_refuse(ble, HF_R_BLE_L2CAP);
	}
	if (!hf_span_fits(link->in_bytes, data_bytes, ble->config.mtu + (uint32_t)BLE_L2CAP_HEADER_BYTES)) {
		link->in_bytes = 0;
		link->in_skips = true;
		return ble_refuse(ble, HF_R_BLE_L2CAP);
	}
	memcpy(link->in + link->in_bytes, data, data_bytes);
	link->in_bytes += data_bytes;
	if (link->in_bytes < (uint32_t)BLE_L2CAP_HEADER_BYTES)
		return HF_OK;
	frame_bytes = BLE_L2CAP_HEADER_BYTES + (uint32_t)hf_get16le(link->in);
	if (link->in_bytes > frame_bytes || frame_bytes > ble->config.mtu + (uint32_t)BLE_L2CAP_HEADER_BYTES) {
		link->in_bytes = 0;
		link->in_skips = true;
		return ble_refuse(ble, HF_R_BLE_L2CAP);
	}
	return link->in_bytes == frame_bytes ? frame_take(ble, link, now_ms) : HF_OK;
}

/* --- out ----------------------------------------------------------------------------------------------------------------- */

/* Chooses the next frame: what keeps the connection up first, SMP last. */
static void frame_load(struct ble *ble, struct ble_link *link, uint32_t now_ms)
{
	uint8_t *pdu = link->out + BLE_L2CAP_HEADER_BYTES;
	uint16_t channel = BLE_CID_SIGNAL;
	uint32_t size_bytes;

	interval_signal(ble, link);
	size_bytes = link->signal_bytes;
	memcpy(pdu, link->signal, size_bytes);
	link->signal_bytes = 0;
	if (size_bytes == 0u) {
		channel = BLE_CID_SM;
		size_bytes = ble_sm_next(ble, link, pdu);
	}
	if (size_bytes == 0u) {
		channel = BLE_CID_ATT;
		size_bytes = ble_att_next(ble, link, pdu, now_ms);
	}
	if (size_bytes == 0u)
		return;
	hf_put16le(link->out, (uint16_t)size_bytes);
	hf_put16le(link->out + 2, channel);
	link->out_bytes = BLE_L2CAP_HEADER_BYTES + size_bytes;
	link->out_off = 0;
}

static uint32_t fragment_make(struct ble *ble, struct ble_link *link, uint8_t *packet, uint32_t cap_bytes)
{
	uint32_t size_bytes = link->out_bytes - link->out_off, max_bytes = cap_bytes - BLE_ACL_HEADER_BYTES;

	if (max_bytes > ble->acl_bytes)
		max_bytes = ble->acl_bytes;
	if (size_bytes > max_bytes)
		size_bytes = max_bytes;
	packet[0] = 0x02;
	hf_put16le(packet + 1, (uint16_t)(link->handle | (link->out_off == 0u ? (uint32_t)FIRST_OF_HOST : (uint32_t)CONTINUES)));
	hf_put16le(packet + 3, (uint16_t)size_bytes);
	memcpy(packet + BLE_ACL_HEADER_BYTES, link->out + link->out_off, size_bytes);
	link->out_off += size_bytes;
	if (link->out_off == link->out_bytes) {
		link->out_bytes = 0;
		link->out_off = 0;
	}
	link->acl_sent++;
	ble->acl_free--;
	return BLE_ACL_HEADER_BYTES + size_bytes;
}

uint32_t ble_acl_next(struct ble *ble, uint8_t *packet, uint32_t cap_bytes, uint32_t now_ms)
{
	if (ble->acl_free == 0u)
		return 0;
	for (uint32_t i = 0; i < ble->config.link_count; i++) {
		struct ble_link *link = &ble->config.links[(ble->turn + i) % ble->config.link_count];

		if (!link->used)
			continue;
		if (link->out_bytes == 0u)
			frame_load(ble, link, now_ms);
		if (link->out_bytes != 0u) {
			ble->turn = (ble->turn + i + 1u) % ble->config.link_count; /* one packet each */
			return fragment_make(ble, link, packet, cap_bytes);
		}
	}
	return 0;
}
