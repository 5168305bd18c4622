/* SPDX-License-Identifier: MIT */
#include "ble_bench.h"

const struct ble_address bench_peer = { .type = 1, .bytes = { 0x11, 0x22, 0x33, 0x44, 0x55, 0xc6 } };

static void demand(bool ok)
{
	hf_assert(ok);
}

static void bench_random(void *ctx, uint8_t *bytes, uint32_t size_bytes)
{
	struct bench *bench = ctx;

	for (uint32_t i = 0; i < size_bytes; i++)
		bytes[i] = (uint8_t)(rig_random(&bench->random) >> 11);
}

static void bench_passkey(void *ctx, uint32_t passkey)
{
	((struct bench *)ctx)->passkey = passkey;
}

static bool bench_bond_get(void *ctx, uint32_t index, struct ble_bond *bond)
{
	struct bench *bench = ctx;

	if (index < bench->bond_count)
		*bond = bench->bonds[index];
	return index < bench->bond_count;
}

static void bench_bond_put(void *ctx, const struct ble_bond *bond)
{
	struct bench *bench = ctx;
	uint32_t index = 0;

	while (index < bench->bond_count && memcmp(&bench->bonds[index].peer, &bond->peer, sizeof bond->peer) != 0)
		index++;
	if (index < BENCH_BONDS) {
		bench->bonds[index] = *bond;
		bench->bond_count += index == bench->bond_count ? 1u : 0u;
	}
}

enum hf_reason bench_again(struct bench *bench)
{
	enum hf_reason reason;

	bench->kept = 0;
	bench->frame_bytes = 0;
	reason = ble_start(&bench->ble, &bench->config, bench->now_ms);
	if (reason == HF_OK)
		bench_run(bench);
	return reason;
}

void bench_start(struct bench *bench, enum ble_policy policy, bool display)
{
	memset(bench, 0, sizeof *bench);
	rig_start(&bench->rig, 16, false);
	bench->random = 0x1234567;
	bench->passkey = BLE_PASSKEY_NONE;
	bench->features = 0x20;
	bench->acl_bytes = 27;
	bench->acl_packets = 3;
	bench->board = (struct ble_board){ .ctx = bench, .random = bench_random, .passkey_show = display ? bench_passkey : NULL,
					   .bond_get = bench_bond_get, .bond_put = bench_bond_put };
	bench->config = (struct ble_config){
		.name = "bench", .manufacturer = "Holdfast", .policy = policy, .mtu = BENCH_MTU, .interval_min = 12, .interval_max = 12, .timeout = 400,
		.crypto = &ble_crypto_openssl, .board = &bench->board, .links = bench->links, .link_count = BENCH_LINKS, .memory = bench->memory,
		.memory_bytes = sizeof bench->memory, .inbox_bytes = BENCH_INBOX, .outbox_bytes = BENCH_OUTBOX,
	};
	demand(bench_again(bench) == HF_OK);
}

/* --- controller ---------------------------------------------------------------------------------------------------------- */

enum hf_reason bench_event(struct bench *bench, uint8_t code, const uint8_t *body, uint32_t size_bytes)
{
	uint8_t packet[3 + 255] = { 0x04, code, (uint8_t)size_bytes };

	if (size_bytes != 0u)
		memcpy(packet + 3, body, size_bytes);
	return ble_packet(&bench->ble, packet, 3u + size_bytes, bench->now_ms);
}

static void command_answer(struct bench *bench, uint16_t opcode)
{
	uint8_t body[16] = { 1 };
	uint32_t size_bytes = 4;

	hf_put16le(body + 1, opcode);
	body[3] = opcode == bench->refuse ? 0x0c : 0x00;
	if (opcode == 0x1009) { /* address */
		memcpy(body + 4, "\x01\x02\x03\x04\x05\x06", 6);
		size_bytes = 10;
	} else if (opcode == 0x2002) { /* buffers */
		hf_put16le(body + 4, bench->acl_bytes);
		body[6] = bench->acl_packets;
		size_bytes = 7;
	} else if (opcode == 0x2003) { /* features */
		body[4] = bench->features;
		body[5] = 0x01;
		size_bytes = 12;
	}
	(void)bench_event(bench, 0x0e, body, size_bytes);
}

static void frame_keep(struct bench *bench)
{
	uint16_t channel = hf_get16le(bench->frame + 2);
	struct bench_frame *into = channel == 4u ? &bench->att : channel == 5u ? &bench->signal : &bench->sm;

	demand(channel >= 4u && channel <= 6u);
	if (channel == 4u && (bench->frame[4] == 0x1b || bench->frame[4] == 0x1d))
		into = &bench->notify;
	if (channel == 6u && bench->frame[4] == 0x0c)
		into = &bench->sm_key;
	into->size_bytes = bench->frame_bytes - 4u;
	into->count++;
	memcpy(into->bytes, bench->frame + 4, into->size_bytes);
	bench->frame_bytes = 0;
}

/* A fragment of the device: it begins or goes on, and never says more than its frame. */
static void acl_take(struct bench *bench, const uint8_t *packet, uint32_t size_bytes)
{
	uint32_t data_bytes = size_bytes - 5u;
	bool first = (packet[2] & 0x30u) == 0u;
	uint8_t done[5] = { 1, packet[1], (uint8_t)(packet[2] & 0x0fu), 1, 0 };

	demand(hf_get16le(packet + 3) == data_bytes && data_bytes != 0u && data_bytes <= bench->acl_bytes);
	demand(first == (bench->frame_bytes == 0u) && bench->frame_bytes + data_bytes <= sizeof bench->frame);
	memcpy(bench->frame + bench->frame_bytes, packet + 5, data_bytes);
	bench->frame_bytes += data_bytes;
	demand(bench->frame_bytes <= 4u || bench->frame_bytes <= 4u + hf_get16le(bench->frame));
	if (bench->frame_bytes >= 4u && bench->frame_bytes == 4u + hf_get16le(bench->frame))
		frame_keep(bench);
	bench->kept++;
	demand(bench->kept <= bench->acl_packets);
	if (!bench->keeps) {
		bench->kept--;
		(void)bench_event(bench, 0x13, done, sizeof done);
	}
}

void bench_run(struct bench *bench)
{
	uint8_t packet[BLE_PACKET_MIN_BYTES + 400];
	uint32_t size_bytes;

	for (uint32_t turns = 0; (size_bytes = ble_next(&bench->ble, packet, sizeof packet, bench->now_ms)) != 0u; turns++) {
		demand(turns < 10000u && (packet[0] == 1u || packet[0] == 2u));
		if (packet[0] == 2u) {
			acl_take(bench, packet, size_bytes);
			continue;
		}
		demand(size_bytes == 4u + packet[3]);
		bench->last_command = hf_get16le(packet + 1);
		bench->last_body_bytes = packet[3];
		memcpy(bench->last_body, packet + 4, packet[3]);
		if (!bench->silent)
			command_answer(bench, bench->last_command);
	}
}

/* --- peer ---------------------------------------------------------------------------------------------------------------- */

void bench_connect(struct bench *bench, uint16_t handle, const struct ble_address *peer)
{
	uint8_t body[19] = { 0x01, 0 };

	hf_put16le(body + 2, handle);
	body[4] = 1;
	body[5] = peer->type;
	memcpy(body + 6, peer->bytes, 6);
	demand(bench_event(bench, 0x3e, body, sizeof body) == HF_OK);
	bench_run(bench);
}

void bench_disconnect(struct bench *bench, uint16_t handle)
{
	uint8_t body[4] = { 0, (uint8_t)handle, (uint8_t)(handle >> 8), 0x13 };

	bench->kept = 0;
	bench->frame_bytes = 0;
	demand(bench_event(bench, 0x05, body, sizeof body) == HF_OK);
	bench_run(bench);
}

void bench_encrypt(struct bench *bench, uint16_t handle)
{
	uint8_t ask[13] = { 0x05, (uint8_t)handle, (uint8_t)(handle >> 8) }, on[4] = { 0, (uint8_t)handle, (uint8_t)(handle >> 8), 1 };

	demand(bench_event(bench, 0x3e, ask, sizeof ask) == HF_OK);
	bench_run(bench);
	if (bench->last_command == 0x201a) { /* it had a key */
		demand(bench_event(bench, 0x08, on, sizeof on) == HF_OK);
		bench_run(bench);
	}
}

enum hf_reason bench_send(struct bench *bench, uint16_t channel, const uint8_t *pdu, uint32_t size_bytes, uint32_t fragment_bytes)
{
	uint8_t frame[4 + 600], packet[5 + 604];
	enum hf_reason reason = HF_OK;

	demand(size_bytes <= 600u);
	hf_put16le(frame, (uint16_t)size_bytes);
	hf_put16le(frame + 2, channel);
	if (size_bytes != 0u)
		memcpy(frame + 4, pdu, size_bytes);
	for (uint32_t off = 0; off < 4u + size_bytes; off += fragment_bytes) {
		uint32_t part = 4u + size_bytes - off < fragment_bytes ? 4u + size_bytes - off : fragment_bytes;

		packet[0] = 2;
		hf_put16le(packet + 1, (uint16_t)(BENCH_HANDLE | (off == 0u ? 0x2000u : 0x1000u)));
		hf_put16le(packet + 3, (uint16_t)part);
		memcpy(packet + 5, frame + off, part);
		reason = ble_packet(&bench->ble, packet, 5u + part, bench->now_ms);
	}
	bench_run(bench);
	return reason;
}
