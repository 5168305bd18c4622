/* SPDX-License-Identifier: MIT */
/* ble_bench.h - ble/ with a controller that answers every command and a peer that is written by hand. Shared by the unit tests and the fuzz
 * target. What the device sends is put together again and kept by channel. */
#ifndef TESTS_BLE_BENCH_H
#define TESTS_BLE_BENCH_H

#include <holdfast/ble.h>

#include "smp_rig.h"

enum { BENCH_LINKS = 2, BENCH_MTU = 100, BENCH_INBOX = 300, BENCH_OUTBOX = 200, BENCH_HANDLE = 0x0041, BENCH_BONDS = 4 };

struct bench_frame {
	uint8_t bytes[BLE_MTU_MAX];
	uint32_t size_bytes; /* 0: none came */
	uint32_t count;      /* since bench_start */
};

struct bench {
	struct ble ble;
	struct ble_config config;
	struct ble_board board;
	struct ble_link links[BENCH_LINKS];
	uint8_t memory[BENCH_LINKS * BLE_LINK_BYTES(BENCH_MTU, BENCH_INBOX, BENCH_OUTBOX)];
	struct rig rig;
	uint32_t now_ms;
	uint32_t random;             /* state; the same bytes in each run */
	uint32_t passkey;            /* shown; BLE_PASSKEY_NONE */
	struct ble_bond bonds[BENCH_BONDS];
	uint32_t bond_count;
	/* the controller */
	uint16_t acl_bytes;
	uint8_t acl_packets;
	uint8_t features;            /* of the link layer, the lowest byte */
	uint16_t refuse;             /* this opcode with an error */
	bool silent, keeps;          /* answers nothing; keeps the packets that it got */
	uint32_t kept;
	uint16_t last_command;
	uint8_t last_body[40];
	uint32_t last_body_bytes;
	/* the peer */
	uint8_t frame[BLE_MTU_MAX + 4];
	uint32_t frame_bytes;
	struct bench_frame att, signal, sm, sm_key, notify; /* sm_key: a public key, which a confirm value may follow at once */
};

void bench_start(struct bench *bench, enum ble_policy policy, bool display);
/* Starts again with the settings as they are. */
enum hf_reason bench_again(struct bench *bench);
/* Takes all that the device has to send, and answers for the controller. */
void bench_run(struct bench *bench);
enum hf_reason bench_event(struct bench *bench, uint8_t code, const uint8_t *body, uint32_t size_bytes);
void bench_connect(struct bench *bench, uint16_t handle, const struct ble_address *peer);
void bench_disconnect(struct bench *bench, uint16_t handle);
void bench_encrypt(struct bench *bench, uint16_t handle);
/* One frame of the peer, in fragments of at most fragment_bytes; then bench_run. */
enum hf_reason bench_send(struct bench *bench, uint16_t channel, const uint8_t *pdu, uint32_t size_bytes, uint32_t fragment_bytes);

extern const struct ble_address bench_peer;

#endif
