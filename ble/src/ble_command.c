/* SPDX-License-Identifier: MIT */
#include "ble_parts.h"

/* Opcodes of Vol 4 Part E 7: group << 10 | command. */
enum {
	DISCONNECT = 0x0406, SET_EVENT_MASK = 0x0c01, RESET = 0x0c03, READ_BUFFER_SIZE = 0x1005, READ_ADDRESS = 0x1009, LE_SET_EVENT_MASK = 0x2001,
	LE_READ_BUFFER_SIZE = 0x2002, LE_READ_FEATURES = 0x2003, LE_SET_RANDOM_ADDRESS = 0x2005, LE_SET_ADVERTISING = 0x2006,
	LE_SET_ADVERTISING_DATA = 0x2008, LE_SET_SCAN_DATA = 0x2009, LE_ADVERTISE = 0x200a, LE_UPDATE = 0x2013, LE_KEY_REPLY = 0x201a, LE_NO_KEY_REPLY = 0x201b,
	LE_SET_DATA_LENGTH = 0x2022, LE_SET_PHY = 0x2032
};
enum { COMMAND_TIMEOUT_MS = 5000, ADVERTISING_INTERVAL = 160 /* of 0.625 ms: 100 ms */, MUST = 1, MAY = 0, IF_NEEDED = 2 };
enum { FEATURE_PARAMETERS = 1u << 1, FEATURE_DATA_LENGTH = 1u << 5, FEATURE_2M = 1u << 8 }; /* Vol 6 Part B 4.6 */

/* The start, in order. MAY: a controller that refuses it is good enough. */
static const struct {
	uint16_t opcode;
	uint8_t need;
} steps[] = {
	{ RESET, MUST },
	{ SET_EVENT_MASK, MUST },
	{ LE_SET_EVENT_MASK, MUST },
	{ READ_ADDRESS, MAY },
	{ LE_READ_FEATURES, MAY },
	{ LE_READ_BUFFER_SIZE, MUST },
	{ READ_BUFFER_SIZE, IF_NEEDED },
	{ LE_SET_RANDOM_ADDRESS, IF_NEEDED },
	{ LE_SET_ADVERTISING, MUST },
	{ LE_SET_ADVERTISING_DATA, MUST },
	{ LE_SET_SCAN_DATA, MAY },
};

void ble_commands_start(struct ble *ble)
{
	ble->state = BLE_STATE_STARTS;
	ble->step = 0;
	ble->command_sent = 0;
	ble->command_allowed = true;
	ble->advertises = false;
	ble->advertise_blocked = false;
	ble->acl_bytes = 0;
	ble->acl_free = 0;
	ble->le_features = 0;
}

/* The service in the advertisement itself, for those who filter by it; the name in the scan response. Vol 3 Part C 11, supplement A 1. */
static uint32_t advertising_data(uint8_t *body)
{
	static const uint8_t data[] = { 2, 0x01, 0x06, /* flags: general discoverable, no BR/EDR */
					17, 0x07, 0x84, 0xaa, 0x60, 0x74, 0x52, 0x8a, 0x8b, 0x86, 0xd3, 0x4c, 0xb7, 0x1d, 0x1d, 0xdc, 0x53, 0x8d };

	memset(body, 0, 32);
	body[0] = sizeof data;
	memcpy(body + 1, data, sizeof data);
	return 32;
}

static uint32_t scan_data(const struct ble *ble, uint8_t *body)
{
	uint32_t name_bytes = (uint32_t)strlen(ble->config.name);

	memset(body, 0, 32);
	body[0] = (uint8_t)(name_bytes + 2u);
	body[1] = (uint8_t)(name_bytes + 1u);
	body[2] = 0x09;
	memcpy(body + 3, ble->config.name, name_bytes);
	return 32;
}

static uint32_t advertising_parameters(const struct ble *ble, uint8_t *body)
{
	memset(body, 0, 15);
	hf_put16le(body, ADVERTISING_INTERVAL);
	hf_put16le(body + 2, ADVERTISING_INTERVAL);
	body[5] = ble->config.has_address ? 1 : 0;
	body[13] = 0x07; /* all three channels */
	return 15;
}

/* Bits of 7.3.1 (disconnection, encryption change, hardware error, key refresh, LE) and 7.8.1 (connection, update, key request, data
 * length, PHY). The enhanced connection event stays off: it would come instead of the plain one. */
static uint32_t event_mask(uint8_t *body, bool of_le)
{
	static const uint8_t all[] = { 0x90, 0x80, 0x00, 0x00, 0x00, 0x80, 0x00, 0x20 }, le[] = { 0x55, 0x08, 0, 0, 0, 0, 0, 0 };

	memcpy(body, of_le ? le : all, 8);
	return 8;
}

static uint32_t step_body(const struct ble *ble, uint16_t opcode, uint8_t *body)
{
	switch (opcode) {
	case SET_EVENT_MASK:
		return event_mask(body, false);
	case LE_SET_EVENT_MASK:
		return event_mask(body, true);
	case LE_SET_RANDOM_ADDRESS:
		memcpy(body, ble->config.address.bytes, 6);
		return 6;
	case LE_SET_ADVERTISING:
		return advertising_parameters(ble, body);
	case LE_SET_ADVERTISING_DATA:
		return advertising_data(body);
	case LE_SET_SCAN_DATA:
		return scan_data(ble, body);
	default: /* the others have no parameters */
		return 0;
	}
}

static bool step_is_needed(const struct ble *ble, uint16_t opcode)
{
	return opcode == READ_BUFFER_SIZE ? ble->acl_bytes == 0u : ble->config.has_address;
}

/* 7.8.18: a peripheral's controller asks the central's. How long an event shall be is left to them. */
static uint32_t update_body(const struct ble_config *config, uint8_t *body)
{
	hf_put16le(body + 2, config->interval_min);
	hf_put16le(body + 4, config->interval_max);
	hf_put16le(body + 6, config->latency);
	hf_put16le(body + 8, config->timeout);
	memset(body + 10, 0, 4);
	return 14;
}

/* Builds a link's command; returns its opcode. */
static uint16_t link_command(const struct ble *ble, struct ble_link *link, uint8_t bit, uint8_t *body, uint32_t *size_bytes)
{
	hf_put16le(body, link->handle);
	switch (bit) {
	case BLE_WANTS_DISCONNECT:
		body[2] = link->close_reason;
		*size_bytes = 3;
		return DISCONNECT;
	case BLE_WANTS_KEY:
		memcpy(body + 2, link->key_reply, BLE_KEY_BYTES);
		memset(link->key_reply, 0, BLE_KEY_BYTES);
		*size_bytes = 18;
		return LE_KEY_REPLY;
	case BLE_WANTS_NO_KEY:
		*size_bytes = 2;
		return LE_NO_KEY_REPLY;
	case BLE_WANTS_DATA_LENGTH: /* 251 bytes, and their time at 1M: Vol 6 Part B 4.5.10 */
		hf_put16le(body + 2, 251);
		hf_put16le(body + 4, 2120);
		*size_bytes = 6;
		return LE_SET_DATA_LENGTH;
	case BLE_WANTS_INTERVAL:
		*size_bytes = update_body(&ble->config, body);
		return LE_UPDATE;
	default: /* BLE_WANTS_PHY: 2M both ways */
		memset(body + 2, 0, 5);
		body[3] = 2;
		body[4] = 2;
		*size_bytes = 7;
		return LE_SET_PHY;
	}
}

static uint16_t links_command(struct ble *ble, uint8_t *body, uint32_t *size_bytes)
{
	for (uint32_t i = 0; i < ble->config.link_count; i++) {
		struct ble_link *link = &ble->config.links[i];

		if (link->used && link->commands != 0u) {
			uint8_t bit = (uint8_t)(link->commands & (~(uint32_t)link->commands + 1u)); /* the lowest */

			link->commands = (uint8_t)(link->commands & ~(uint32_t)bit);
			ble->command_link = (uint8_t)i;
			return link_command(ble, link, bit, body, size_bytes);
		}
	}
	return 0;
}

static bool a_link_is_free(const struct ble *ble)
{
	for (uint32_t i = 0; i < ble->config.link_count; i++)
		if (!ble->config.links[i].used)
			return true;
	return false;
}

static uint16_t command_choose(struct ble *ble, uint8_t *body, uint32_t *size_bytes)
{
	uint16_t opcode;

	*size_bytes = 0;
	if (ble->state == BLE_STATE_STARTS) {
		while (ble->step < HF_ARRAY_COUNT(steps) && steps[ble->step].need == IF_NEEDED && !step_is_needed(ble, steps[ble->step].opcode))
			ble->step++;
		if (ble->step < HF_ARRAY_COUNT(steps)) {
			opcode = steps[ble->step].opcode;
			*size_bytes = step_body(ble, opcode, body);
			return opcode;
		}
		ble->state = BLE_STATE_RUNS;
	}
	opcode = links_command(ble, body, size_bytes);
	if (opcode == 0u && (ble->leaves ? ble->advertises : !ble->advertises && !ble->advertise_blocked && a_link_is_free(ble))) {
		body[0] = !ble->leaves;
		*size_bytes = 1;
		opcode = LE_ADVERTISE;
	}
	return opcode;
}

uint32_t ble_command_next(struct ble *ble, uint8_t *packet, uint32_t now_ms)
{
	uint32_t size_bytes;
	uint16_t opcode;

	if (ble->command_sent != 0u && now_ms - ble->command_deadline_ms < UINT32_MAX / 2u) {
		ble->state = BLE_STATE_FAILED;
		ble->reason = HF_R_BLE_CONTROLLER_SILENT;
	}
	if (ble->state == BLE_STATE_FAILED || ble->command_sent != 0u || !ble->command_allowed)
		return 0;
	opcode = command_choose(ble, packet + 4, &size_bytes);
	if (opcode == 0u)
		return 0;
	packet[0] = 0x01;
	hf_put16le(packet + 1, opcode);
	packet[3] = (uint8_t)size_bytes;
	ble->command_sent = opcode;
	ble->command_deadline_ms = now_ms + COMMAND_TIMEOUT_MS;
	return 4u + size_bytes;
}

/* What a successful command returned. False: it is too short. */
static bool values_take(struct ble *ble, uint16_t opcode, const uint8_t *values, uint32_t size_bytes)
{
	switch (opcode) {
	case READ_ADDRESS:
		if (size_bytes < 6u)
			return false;
		if (!ble->config.has_address) {
			ble->address.type = 0;
			memcpy(ble->address.bytes, values, 6);
		}
		return true;
	case LE_READ_FEATURES:
		if (size_bytes < 8u)
			return false;
		ble->le_features = hf_get32le(values);
		return true;
	case LE_READ_BUFFER_SIZE:
		if (size_bytes < 3u)
			return false;
		ble->acl_free = values[2];
		ble->acl_bytes = values[2] != 0u ? hf_get16le(values) : 0u; /* 0: LE shares the buffers of the other radio, 7.8.2 */
		return true;
	case READ_BUFFER_SIZE:
		if (size_bytes < 5u)
			return false;
		ble->acl_bytes = hf_get16le(values);
		ble->acl_free = hf_get16le(values + 3);
		return true;
	default:
		return true;
	}
}

/* Nothing can be sent without buffers, and nobody can be reached without an address. */
static bool start_is_sound(const struct ble *ble)
{
	return ble->acl_bytes >= 27u && ble->acl_free != 0u && !hf_is_filled(ble->address.bytes, 6, 0);
}

static void step_done(struct ble *ble, bool good)
{
	if (!good && steps[ble->step].need != MAY) {
		ble->state = BLE_STATE_FAILED;
		ble->reason = HF_R_BLE_CONTROLLER;
		return;
	}
	ble->step++;
	if (ble->step == HF_ARRAY_COUNT(steps) && !start_is_sound(ble)) {
		ble->state = BLE_STATE_FAILED;
		ble->reason = HF_R_BLE_CONTROLLER;
	}
}

void ble_command_done(struct ble *ble, uint16_t opcode, uint8_t status, const uint8_t *values, uint32_t size_bytes)
{
	if (opcode == 0u || opcode != ble->command_sent)
		return; /* only credit for commands, or an answer that nobody waits for */
	ble->command_sent = 0;
	if (ble->state == BLE_STATE_STARTS && ble->step < HF_ARRAY_COUNT(steps)) {
		step_done(ble, status == 0u && values_take(ble, opcode, values, size_bytes));
	} else if (opcode == LE_ADVERTISE) {
		ble->advertises = status == 0u && !ble->leaves;
		ble->advertise_blocked = status != 0u; /* no room for one more connection: until one ends */
	} else if (opcode == LE_UPDATE && status != 0u) {
		ble->config.links[ble->command_link].signal_interval = ble->config.links[ble->command_link].used;
	}
}

/* Vol 3 Part A 4.20: the signalling command is for links where one of the two controllers does not know the link layer's own procedure. */
void ble_interval_ask(struct ble *ble, struct ble_link *link)
{
	if (!link->ask_interval || link->asked_interval)
		return;
	link->asked_interval = true;
	if ((ble->le_features & FEATURE_PARAMETERS) != 0u)
		link->commands |= BLE_WANTS_INTERVAL;
	else
		link->signal_interval = true;
}

/* After a connection: what makes it fast, where the controller can do it. */

void ble_link_hasten(const struct ble *ble, struct ble_link *link)
{
	if (ble->le_features & FEATURE_DATA_LENGTH)
		link->commands |= BLE_WANTS_DATA_LENGTH;
	if (ble->le_features & FEATURE_2M)
		link->commands |= BLE_WANTS_PHY;
}
