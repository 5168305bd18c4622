/* SPDX-License-Identifier: MIT */
/* Input: a byte that chooses policy and display, then steps: kind, length, and so many bytes. Steps are packets of the controller as they are,
 * frames of a peer on each channel, fragments, time, connections that come and go, and the step of a pairing that would be right. What must
 * hold: the device sends only what fits together (ble_bench.c looks at each packet), no more than the controller has buffers, a link is
 * encrypted only by a key that was asked for, and a service that wants pairing never answers anybody else. */
#include <stdio.h>
#include <stdlib.h>

#include "ble_bench.h"

enum step {
	STEP_PACKET, STEP_ATT, STEP_SIGNAL, STEP_SM, STEP_FRAGMENT, STEP_TIME, STEP_CONNECT, STEP_DISCONNECT, STEP_RIGHT, STEP_SERVE, STEP_SMP, STEP_KEEP,
	STEP_COUNT
};

static struct bench bench;

static void demand_at(bool ok, int line)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_ble.c:%d: what must hold does not\n", line);
	abort();
}

#define demand(condition) demand_at((condition), __LINE__)

/* Primitives that are quick and cannot be guessed by chance; what they compute is of no matter here. */
static void toy_aes(const uint8_t key[BLE_KEY_BYTES], const uint8_t in[BLE_KEY_BYTES], uint8_t out[BLE_KEY_BYTES])
{
	uint32_t state = 0x811c9dc5u;

	for (uint32_t i = 0; i < 2u * BLE_KEY_BYTES; i++)
		state = (state ^ (i < BLE_KEY_BYTES ? key[i] : in[i - BLE_KEY_BYTES])) * 0x01000193u;
	for (uint32_t i = 0; i < BLE_KEY_BYTES; i++) {
		state = state * 1664525u + 1013904223u;
		out[i] = (uint8_t)(state >> 24);
	}
}

static bool toy_public(const uint8_t private_key[32], uint8_t point[BLE_POINT_BYTES])
{
	memcpy(point, private_key, 32);
	memset(point + 32, 0x5a, 32);
	return true;
}

static bool toy_shared(const uint8_t private_key[32], const uint8_t point[BLE_POINT_BYTES], uint8_t x[32])
{
	if (point[32] != 0x5a)
		return false;
	for (uint32_t i = 0; i < 32u; i++)
		x[i] = private_key[i] ^ point[i];
	return true;
}

static const struct ble_crypto toy = { .aes = toy_aes, .p256_public = toy_public, .p256_shared = toy_shared };

/* --- a pairing that is right --------------------------------------------------------------------------------------------- */

static void send_value(uint8_t code, const uint8_t value[16])
{
	uint8_t pdu[17] = { code };

	ble_swap(pdu + 1, value, 16);
	(void)bench_send(&bench, 6, pdu, sizeof pdu, 27);
}

static void right_confirm(const struct ble_sm *sm)
{
	uint8_t nonce[16] = { 1, 2, 3 }, value[16];

	ble_f4(&toy, sm->peer_point, sm->own_point, nonce, (uint8_t)(0x80u | (sm->passkey >> sm->round & 1u)), value);
	send_value(0x03, value);
}

static void right_check(const struct ble_link *link)
{
	const struct ble_sm *sm = &link->sm;
	uint8_t a[7] = { link->peer.type }, b[7] = { bench.ble.address.type }, r[16] = { 0 }, mac_key[16], ltk[16], value[16];

	ble_swap(a + 1, link->peer.bytes, 6);
	ble_swap(b + 1, bench.ble.address.bytes, 6);
	hf_put16be(r + 12, (uint16_t)(sm->passkey >> 16));
	hf_put16be(r + 14, (uint16_t)sm->passkey);
	ble_f5(&toy, sm->shared, sm->peer_nonce, sm->own_nonce, a, b, mac_key, ltk);
	ble_f6(&toy, mac_key, sm->peer_nonce, sm->own_nonce, r, sm->io_peer, a, b, value);
	send_value(0x0d, value);
}

static void right_step(uint8_t choice)
{
	const struct ble_link *link = &bench.links[0];
	const uint8_t request[7] = { 0x01, choice % 5u, 0, 0x0d, 16, 2, 2 }, identity[8] = { 0x09, 1, 0x11, 0x22, 0x33, 0x44, 0x55, 0xc6 };
	const uint8_t nonce[16] = { 1, 2, 3 };
	uint8_t key[65] = { 0x0c };

	if (!link->used || link->handle != BENCH_HANDLE)
		return;
	switch (link->sm.state) {
	case BLE_SM_IDLE:
	case BLE_SM_WAITS_SECURITY:
		(void)bench_send(&bench, 6, request, sizeof request, 27);
		break;
	case BLE_SM_WAITS_KEY:
		memset(key + 1, 0x33, 32);
		memset(key + 33, 0x5a, 32);
		(void)bench_send(&bench, 6, key, sizeof key, 27);
		break;
	case BLE_SM_WAITS_CONFIRM:
		right_confirm(&link->sm);
		break;
	case BLE_SM_WAITS_RANDOM:
		send_value(0x04, nonce);
		break;
	case BLE_SM_WAITS_CHECK:
		right_check(link);
		break;
	case BLE_SM_WAITS_ENCRYPTION:
		bench_encrypt(&bench, BENCH_HANDLE);
		break;
	case BLE_SM_WAITS_IRK:
		send_value(0x08, nonce);
		break;
	case BLE_SM_WAITS_IDENTITY:
		(void)bench_send(&bench, 6, identity, sizeof identity, 27);
		break;
	case BLE_SM_DEAD:
		break;
	}
}

/* --- steps --------------------------------------------------------------------------------------------------------------- */

/* A forged event may have ended the connection, given packets back or started all anew: the bench follows. */
static void packet(const uint8_t *bytes, uint32_t size_bytes)
{
	(void)ble_packet(&bench.ble, bytes, size_bytes, bench.now_ms);
	bench.kept = bench.links[0].used ? bench.links[0].acl_sent : 0u;
	if (!bench.links[0].used || bench.links[0].out_off == 0u)
		bench.frame_bytes = 0;
}

static void fragment(const uint8_t *bytes, uint32_t size_bytes)
{
	uint8_t acl[5 + 255] = { 2 };

	if (size_bytes == 0u)
		return;
	hf_put16le(acl + 1, (uint16_t)(BENCH_HANDLE | (bytes[0] & 1u ? 0x1000u : 0x2000u)));
	hf_put16le(acl + 3, (uint16_t)(size_bytes - 1u));
	memcpy(acl + 5, bytes + 1, size_bytes - 1u);
	(void)ble_packet(&bench.ble, acl, 4u + size_bytes, bench.now_ms);
}

static void smp_write(const uint8_t *bytes, uint32_t size_bytes)
{
	uint8_t pdu[3 + 255] = { 0x52, 25, 0 };

	memcpy(pdu + 3, bytes, size_bytes);
	(void)bench_send(&bench, 4, pdu, 3u + size_bytes, 27);
}

static void reconnect(const uint8_t *bytes, uint32_t size_bytes, bool connect)
{
	struct ble_address peer = bench_peer;

	if (size_bytes != 0u)
		peer.bytes[0] ^= bytes[0] & 3u;
	if (connect && !bench.links[0].used)
		bench_connect(&bench, BENCH_HANDLE, &peer);
	else if (!connect && bench.links[0].used && bench.links[0].handle == BENCH_HANDLE)
		bench_disconnect(&bench, BENCH_HANDLE);
}

static void step_do(enum step step, const uint8_t *bytes, uint32_t size_bytes)
{
	uint8_t kept[5] = { 1, BENCH_HANDLE, 0, (uint8_t)bench.kept, 0 };

	switch (step) {
	case STEP_PACKET:
		packet(bytes, size_bytes);
		break;
	case STEP_ATT:
	case STEP_SIGNAL:
	case STEP_SM:
		(void)bench_send(&bench, (uint16_t)(step == STEP_ATT ? 4 : step == STEP_SIGNAL ? 5 : 6), bytes, size_bytes, 27);
		break;
	case STEP_FRAGMENT:
		fragment(bytes, size_bytes);
		break;
	case STEP_TIME:
		bench.now_ms += size_bytes * 2500u;
		break;
	case STEP_CONNECT:
	case STEP_DISCONNECT:
		reconnect(bytes, size_bytes, step == STEP_CONNECT);
		break;
	case STEP_RIGHT:
		right_step(size_bytes != 0u ? bytes[0] : 3u);
		break;
	case STEP_SERVE:
		while (ble_smp_serve(&bench.ble, &bench.rig.server, bench.now_ms))
			bench_run(&bench);
		break;
	case STEP_SMP:
		smp_write(bytes, size_bytes);
		break;
	case STEP_KEEP:
		bench.keeps = !bench.keeps;
		if (!bench.keeps && bench.kept != 0u) {
			bench.kept = 0;
			(void)bench_event(&bench, 0x13, kept, sizeof kept);
		}
		break;
	case STEP_COUNT:
		break;
	}
}

static void invariants(enum ble_policy policy)
{
	uint32_t sent = 0;

	for (uint32_t i = 0; i < bench.config.link_count; i++) {
		const struct ble_link *link = &bench.links[i];

		sent += link->used ? link->acl_sent : 0u;
		demand(link->inbox.whole_bytes <= link->inbox.used_bytes && link->inbox.used_bytes <= BENCH_INBOX);
		demand(link->mtu >= BLE_MTU_MIN && link->mtu <= BENCH_MTU && link->in_bytes <= BENCH_MTU + 4u);
		demand(!link->encrypted || link->key_given != BLE_KEY_NONE);
		demand(!link->authenticated || (link->encrypted && bench.board.passkey_show != NULL));
		demand(policy == BLE_OPEN || link->encrypted || (link->inbox.used_bytes == 0u && link->outbox_bytes == 0u));
	}
	demand(bench.ble.state != BLE_STATE_RUNS || bench.ble.acl_free + sent == bench.acl_packets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	enum ble_policy policy;
	bool display;

	if (size_bytes == 0u || size_bytes > 4096u)
		return 0;
	policy = (enum ble_policy)(data[0] % 3u);
	display = policy == BLE_AUTHENTICATED || (data[0] & 4u) != 0u;
	bench_start(&bench, policy, display);
	bench.config.crypto = &toy;
	bench.config.link_count = 1; /* frames of several would interleave */
	demand(bench_again(&bench) == HF_OK);
	bench_connect(&bench, BENCH_HANDLE, &bench_peer);
	for (size_t off = 1; off + 2u <= size_bytes;) {
		uint32_t step_bytes = data[off + 1u];

		if (step_bytes > size_bytes - off - 2u)
			step_bytes = (uint32_t)(size_bytes - off - 2u);
		step_do((enum step)(data[off] % STEP_COUNT), data + off + 2u, step_bytes);
		bench_run(&bench);
		invariants(policy);
		off += 2u + step_bytes;
	}
	return 0;
}
