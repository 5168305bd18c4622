/* SPDX-License-Identifier: MIT */
#include "ble_parts.h"

enum { PACKET_ACL = 2, PACKET_EVENT = 4 };
/* Event codes of Vol 4 Part E 7.7. */
enum {
	EVENT_DISCONNECTED = 0x05, EVENT_ENCRYPTION = 0x08, EVENT_COMPLETE = 0x0e, EVENT_STATUS = 0x0f, EVENT_HARDWARE_ERROR = 0x10,
	EVENT_PACKETS_DONE = 0x13, EVENT_KEY_REFRESHED = 0x30, EVENT_LE = 0x3e
};
enum { LE_CONNECTED = 0x01, LE_UPDATED = 0x03, LE_KEY_REQUEST = 0x05, LE_DATA_LENGTH = 0x07, LE_CONNECTED_ENHANCED = 0x0a, LE_PHY = 0x0c };
enum { UNSUPPORTED_REMOTE_FEATURE = 0x1a }; /* Vol 1 Part F 1.3 */

struct ble_link *ble_link_of(struct ble *ble, uint16_t handle)
{
	for (uint32_t i = 0; i < ble->config.link_count; i++)
		if (ble->config.links[i].used && ble->config.links[i].handle == handle)
			return &ble->config.links[i];
	return NULL;
}

void ble_link_close(struct ble_link *link, uint8_t reason)
{
	link->close_reason = reason;
	link->commands |= BLE_WANTS_DISCONNECT;
}

/* Each connection gets its share of the memory: in, out, response, inbox, outbox. */
static void link_clear(const struct ble *ble, uint32_t index)
{
	const struct ble_config *config = &ble->config;
	struct ble_link *link = &config->links[index];
	uint32_t frame_bytes = config->mtu + (uint32_t)BLE_L2CAP_HEADER_BYTES;
	uint8_t *at = config->memory + index * BLE_LINK_BYTES(config->mtu, config->inbox_bytes, config->outbox_bytes);

	memset(link, 0, sizeof *link);
	link->mtu = BLE_MTU_MIN;
	link->sent_bytes = 27;
	link->got_bytes = 27;
	link->sent_phy = 1;
	link->got_phy = 1;
	link->aware = true;
	link->in = at;
	link->out = at + frame_bytes;
	link->response = link->out + frame_bytes;
	link->inbox.bytes = link->response + config->mtu;
	link->outbox = link->inbox.bytes + config->inbox_bytes;
}

/* --- start --------------------------------------------------------------------------------------------------------------- */

static bool text_fits(const char *text)
{
	return text == NULL || strlen(text) <= 64u;
}

static bool config_is_sound(const struct ble_config *c)
{
	size_t name_bytes = c->name != NULL ? strlen(c->name) : 0u;

	return name_bytes >= 1u && name_bytes <= 29u && text_fits(c->manufacturer) && text_fits(c->model) && text_fits(c->firmware) &&
	       c->mtu >= BLE_MTU_MIN + 42u /* a public key in one frame */ && c->mtu <= BLE_MTU_MAX && c->crypto != NULL && c->board != NULL &&
	       c->board->random != NULL && c->links != NULL && c->link_count >= 1u && c->link_count <= 64u && c->memory != NULL &&
	       c->inbox_bytes >= SMP_HEADER_BYTES && c->inbox_bytes <= 0x10000u && c->outbox_bytes >= SMP_REPLY_MIN_BYTES &&
	       c->outbox_bytes <= 0x10000u && c->memory_bytes / c->link_count >= BLE_LINK_BYTES(c->mtu, c->inbox_bytes, c->outbox_bytes) &&
	       (!c->has_address || (c->address.bytes[5] & 0xc0u) == 0xc0u) /* static: Vol 6 Part B 1.3.2.1 */;
}

enum hf_reason ble_start(struct ble *ble, const struct ble_config *config, uint32_t now_ms)
{
	if (!config_is_sound(config))
		return HF_R_BLE_CONFIG;
	if (config->policy == BLE_AUTHENTICATED && config->board->passkey_show == NULL)
		return HF_R_BLE_POLICY;
	memset(ble, 0, sizeof *ble);
	ble->config = *config;
	ble->address = config->address;
	ble->address.type = 1;
	ble->pairing_from_ms = now_ms;
	for (uint32_t i = 0; i < config->link_count; i++)
		link_clear(ble, i);
	ble_database_hash(ble);
	ble_commands_start(ble);
	return HF_OK;
}

/* --- events -------------------------------------------------------------------------------------------------------------- */

static void parameters_take(struct ble_link *link, const uint8_t *values)
{
	link->interval = hf_get16le(values);
	link->latency = hf_get16le(values + 2);
	link->timeout = hf_get16le(values + 4);
}

/* A peer that we have a bond with counts as bonded only when its key has worked; its services are told to it then. peer: type, address. */
static void link_open(struct ble *ble, uint16_t handle, const uint8_t *peer, const uint8_t *parameters, uint32_t now_ms)
{
	for (uint32_t i = 0; i < ble->config.link_count; i++) {
		struct ble_link *link = &ble->config.links[i];

		if (link->used)
			continue;
		link_clear(ble, i);
		link->used = true;
		link->handle = handle;
		link->peer.type = peer[0] & 1u; /* 2 and 3: the same, resolved by the controller */
		memcpy(link->peer.bytes, peer + 1, 6);
		parameters_take(link, parameters);
		ble_link_hasten(ble, link);
		ble_sm_connected(ble, link, now_ms);
		ble->counts.connections++;
		return;
	}
}

/* 7.7.65.1, 7.7.65.10: the longer one has two addresses more in the middle. */
static enum hf_reason event_connected(struct ble *ble, const uint8_t *body, uint32_t size_bytes, bool enhanced, uint32_t now_ms)
{
	uint16_t handle;

	if (size_bytes < (enhanced ? 30u : 18u))
		return ble_refuse(ble, HF_R_BLE_PACKET);
	ble->advertises = false;
	handle = hf_get16le(body + 1) & 0x0fffu;
	if (body[0] == 0u && ble_link_of(ble, handle) == NULL)
		link_open(ble, handle, body + 4, body + (enhanced ? 23 : 11), now_ms);
	return HF_OK;
}

/* The link that an event of exactly wanted_bytes is about; the handle stands at handle_off. */
static enum hf_reason event_link(struct ble *ble, const uint8_t *body, uint32_t size_bytes, uint32_t wanted_bytes, uint32_t handle_off,
				 struct ble_link **link)
{
	if (size_bytes != wanted_bytes)
		return ble_refuse(ble, HF_R_BLE_PACKET);
	*link = ble_link_of(ble, hf_get16le(body + handle_off) & 0x0fffu);
	return *link != NULL ? HF_OK : ble_refuse(ble, HF_R_BLE_LINK_UNKNOWN);
}

/* 7.7.65.3. A central whose controller does not know the procedure is asked by signalling instead. */
static enum hf_reason event_updated(struct ble *ble, const uint8_t *body, uint32_t size_bytes)
{
	struct ble_link *link;
	enum hf_reason reason = event_link(ble, body, size_bytes, 9u, 1, &link);

	if (reason != HF_OK)
		return reason;
	if (body[0] == 0u)
		parameters_take(link, body + 3);
	else if (body[0] == UNSUPPORTED_REMOTE_FEATURE && link->asked_interval)
		link->signal_interval = true;
	return HF_OK;
}

/* 7.7.65.7 */
static enum hf_reason event_data_length(struct ble *ble, const uint8_t *body, uint32_t size_bytes)
{
	struct ble_link *link;
	enum hf_reason reason = event_link(ble, body, size_bytes, 10u, 0, &link);

	if (reason != HF_OK)
		return reason;
	link->sent_bytes = hf_get16le(body + 2);
	link->got_bytes = hf_get16le(body + 6);
	return HF_OK;
}

/* 7.7.65.12 */
static enum hf_reason event_phy(struct ble *ble, const uint8_t *body, uint32_t size_bytes)
{
	struct ble_link *link;
	enum hf_reason reason = event_link(ble, body, size_bytes, 5u, 1, &link);

	if (reason != HF_OK)
		return reason;
	if (body[0] == 0u) {
		link->sent_phy = body[3];
		link->got_phy = body[4];
	}
	return HF_OK;
}

static enum hf_reason event_key_request(struct ble *ble, const uint8_t *body, uint32_t size_bytes)
{
	struct ble_link *link;
	enum hf_reason reason = event_link(ble, body, size_bytes, 12u, 0, &link);

	if (reason != HF_OK)
		return reason;
	link->commands = (uint8_t)(link->commands & ~(uint32_t)(BLE_WANTS_KEY | BLE_WANTS_NO_KEY));
	link->commands |= ble_sm_key(ble, link, body + 2, hf_get16le(body + 10), link->key_reply) ? BLE_WANTS_KEY : BLE_WANTS_NO_KEY;
	return HF_OK;
}

static enum hf_reason event_le(struct ble *ble, const uint8_t *body, uint32_t size_bytes, uint32_t now_ms)
{
	if (size_bytes == 0u)
		return ble_refuse(ble, HF_R_BLE_PACKET);
	switch (body[0]) {
	case LE_CONNECTED:
	case LE_CONNECTED_ENHANCED:
		return event_connected(ble, body + 1, size_bytes - 1u, body[0] == LE_CONNECTED_ENHANCED, now_ms);
	case LE_UPDATED:
		return event_updated(ble, body + 1, size_bytes - 1u);
	case LE_KEY_REQUEST:
		return event_key_request(ble, body + 1, size_bytes - 1u);
	case LE_DATA_LENGTH:
		return event_data_length(ble, body + 1, size_bytes - 1u);
	case LE_PHY:
		return event_phy(ble, body + 1, size_bytes - 1u);
	default:
		return HF_OK; /* masked */
	}
}

/* A passkey does not stay in the display of a board that has lost its peer. */
static void link_end(struct ble *ble, uint32_t index)
{
	if (ble->config.links[index].sm.with_passkey)
		ble->config.board->passkey_show(ble->config.board->ctx, BLE_PASSKEY_NONE);
	link_clear(ble, index);
}

static enum hf_reason event_disconnected(struct ble *ble, const uint8_t *body, uint32_t size_bytes)
{
	struct ble_link *link;
	enum hf_reason reason = event_link(ble, body, size_bytes, 4u, 1, &link);

	if (reason != HF_OK)
		return reason;
	if (body[0] != 0u)
		return HF_OK; /* the disconnect failed */
	ble->acl_free += link->acl_sent; /* the controller has thrown them away: Vol 4 Part E 4.1.1 */
	ble->advertise_blocked = false;
	link_end(ble, (uint32_t)(link - ble->config.links));
	return HF_OK;
}

static enum hf_reason event_encryption(struct ble *ble, const uint8_t *body, uint32_t size_bytes, bool is_change)
{
	struct ble_link *link;
	enum hf_reason reason = event_link(ble, body, size_bytes, is_change ? 4u : 3u, 1, &link);

	if (reason != HF_OK)
		return reason;
	ble_sm_encryption(ble, link, body[0] == 0u && (!is_change || body[3] != 0u));
	return HF_OK;
}

/* 7.7.19: pairs of handle and count, each after the other. */
static enum hf_reason event_packets_done(struct ble *ble, const uint8_t *body, uint32_t size_bytes)
{
	if (size_bytes == 0u || size_bytes != 1u + body[0] * 4u)
		return ble_refuse(ble, HF_R_BLE_PACKET);
	for (uint32_t i = 0; i < body[0]; i++) {
		struct ble_link *link = ble_link_of(ble, hf_get16le(body + 1 + i * 4u) & 0x0fffu);
		uint32_t done = hf_get16le(body + 3 + i * 4u);

		if (link == NULL)
			continue; /* its packets came back with the disconnect */
		if (done > link->acl_sent)
			done = link->acl_sent;
		link->acl_sent -= done;
		ble->acl_free += done;
	}
	return HF_OK;
}

static void restart(struct ble *ble)
{
	for (uint32_t i = 0; i < ble->config.link_count; i++)
		link_end(ble, i);
	ble_commands_start(ble);
}

enum hf_reason ble_event(struct ble *ble, uint8_t code, const uint8_t *body, uint32_t size_bytes, uint32_t now_ms)
{
	switch (code) {
	case EVENT_COMPLETE:
		if (size_bytes < 3u)
			return ble_refuse(ble, HF_R_BLE_PACKET);
		ble->command_allowed = body[0] != 0u;
		ble_command_done(ble, hf_get16le(body + 1), size_bytes > 3u ? body[3] : 0u, body + 4, size_bytes > 4u ? size_bytes - 4u : 0u);
		return HF_OK;
	case EVENT_STATUS:
		if (size_bytes != 4u)
			return ble_refuse(ble, HF_R_BLE_PACKET);
		ble->command_allowed = body[1] != 0u;
		ble_command_done(ble, hf_get16le(body + 2), body[0], body + 4, 0);
		return HF_OK;
	case EVENT_DISCONNECTED:
		return event_disconnected(ble, body, size_bytes);
	case EVENT_ENCRYPTION:
		return event_encryption(ble, body, size_bytes, true);
	case EVENT_KEY_REFRESHED:
		return event_encryption(ble, body, size_bytes, false);
	case EVENT_PACKETS_DONE:
		return event_packets_done(ble, body, size_bytes);
	case EVENT_LE:
		return event_le(ble, body, size_bytes, now_ms);
	case EVENT_HARDWARE_ERROR:
		restart(ble);
		return ble_refuse(ble, HF_R_BLE_CONTROLLER);
	default:
		return HF_OK; /* masked, or of the controller's maker */
	}
}

/* --- packets ------------------------------------------------------------------------------------------------------------- */

static void tick(struct ble *ble, uint32_t now_ms)
{
	for (uint32_t i = 0; i < ble->config.link_count; i++) {
		struct ble_link *link = &ble->config.links[i];

		if (!link->used)
			continue;
		ble_sm_tick(ble, link, now_ms);
		ble_interval_ask(ble, link);
		/* Vol 3 Part F 3.3.3: after 30 s without confirmation nothing more may be sent on this bearer. */
		if (link->indication_waits && now_ms - link->indication_deadline_ms < UINT32_MAX / 2u) {
			link->indication_waits = false;
			ble_link_close(link, BLE_CLOSE_REMOTE);
		}
	}
}

enum hf_reason ble_packet(struct ble *ble, const uint8_t *packet, uint32_t size_bytes, uint32_t now_ms)
{
	if (ble->state == BLE_STATE_FAILED)
		return ble->reason;
	tick(ble, now_ms);
	if (size_bytes >= 3u && packet[0] == PACKET_EVENT && packet[2] == size_bytes - 3u)
		return ble_event(ble, packet[1], packet + 3, packet[2], now_ms);
	if (size_bytes >= (uint32_t)BLE_ACL_HEADER_BYTES && packet[0] == PACKET_ACL && hf_get16le(packet + 3) == size_bytes - BLE_ACL_HEADER_BYTES)
		return ble_acl_take(ble, packet, size_bytes, now_ms);
	return ble_refuse(ble, HF_R_BLE_PACKET);
}

uint32_t ble_next(struct ble *ble, uint8_t *packet, uint32_t cap_bytes, uint32_t now_ms)
{
	uint32_t size_bytes;

	hf_assert(cap_bytes >= BLE_PACKET_MIN_BYTES);
	tick(ble, now_ms);
	size_bytes = ble_command_next(ble, packet, now_ms);
	if (size_bytes != 0u || ble->state != BLE_STATE_RUNS)
		return size_bytes;
	return ble_acl_next(ble, packet, cap_bytes, now_ms);
}

void ble_leave(struct ble *ble)
{
	enum { POWERS_OFF = 0x15 }; /* Vol 1 Part F 2.21 */

	ble->leaves = true;
	for (uint32_t i = 0; i < ble->config.link_count; i++)
		if (ble->config.links[i].used)
			ble_link_close(&ble->config.links[i], POWERS_OFF);
}

bool ble_is_alone(const struct ble *ble)
{
	for (uint32_t i = 0; i < ble->config.link_count; i++)
		if (ble->config.links[i].used)
			return false;
	return true;
}

bool ble_is_idle(const struct ble *ble)
{
	for (uint32_t i = 0; i < ble->config.link_count; i++) {
		const struct ble_link *link = &ble->config.links[i];

		if (link->used && (link->outbox_bytes != 0u || link->acl_sent != 0u || link->out_bytes != 0u))
			return false;
	}
	return true;
}
