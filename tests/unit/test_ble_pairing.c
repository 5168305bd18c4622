/* SPDX-License-Identifier: MIT */
/* Pairing, bonds and what hangs on them; the functions under it: test_ble_samples.c. */
#include "smp_hex.h"

#include "ble_bench.h"

static struct bench bench;

/* --- a peer that pairs --------------------------------------------------------------------------------------------------- */

struct peer {
	uint8_t request[7];
	uint8_t private_key[32], point[64], device_point[64];
	uint8_t na[16], nb[16], r[16];
	uint8_t ltk[16], mac_key[16];
};

static struct peer peer;

static enum hf_reason sm(const uint8_t *pdu, uint32_t size_bytes)
{
	bench.sm.size_bytes = 0;
	bench.sm_key.size_bytes = 0;
	return bench_send(&bench, 6, pdu, size_bytes, 27);
}

static enum hf_reason sm_value(uint8_t code, const uint8_t value[16])
{
	uint8_t pdu[17] = { code };

	ble_swap(pdu + 1, value, 16);
	return sm(pdu, sizeof pdu);
}

static void failed_with(uint8_t code)
{
	assert_int_equal(bench.sm.size_bytes, 2);
	assert_int_equal(bench.sm.bytes[0], 0x05);
	assert_int_equal(bench.sm.bytes[1], code);
	assert_int_equal(bench.ble.reason, HF_R_BLE_PAIRING);
}

static void device_value(uint8_t code, uint8_t value[16])
{
	assert_int_equal(bench.sm.size_bytes, 17);
	assert_int_equal(bench.sm.bytes[0], code);
	ble_swap(value, bench.sm.bytes + 1, 16);
}

static void key_pdu(const uint8_t point[64], uint8_t pdu[65])
{
	pdu[0] = 0x0c;
	ble_swap(pdu + 1, point, 32);
	ble_swap(pdu + 33, point + 32, 32);
}

static enum hf_reason ask(uint8_t io, uint8_t auth)
{
	const uint8_t request[7] = { 0x01, io, 0, auth, 16, 0x02, 0x02 };

	memcpy(peer.request, request, sizeof request);
	return sm(request, sizeof request);
}

/* Until both have the other's public key. */
static void keys_exchange(uint8_t io)
{
	uint8_t pdu[65];

	assert_int_equal(ask(io, 0x0d), HF_OK);
	assert_int_equal(bench.sm.bytes[0], 0x02);
	memset(peer.private_key, 0x35, sizeof peer.private_key);
	assert_true(ble_crypto_openssl.p256_public(peer.private_key, peer.point));
	key_pdu(peer.point, pdu);
	assert_int_equal(sm(pdu, sizeof pdu), HF_OK);
	assert_int_equal(bench.sm_key.size_bytes, 65);
	ble_swap(peer.device_point, bench.sm_key.bytes + 1, 32);
	ble_swap(peer.device_point + 32, bench.sm_key.bytes + 33, 32);
}

static void nonces_just_works(void)
{
	uint8_t confirm[16], expected[16];

	device_value(0x03, confirm);
	memset(peer.na, 0x77, sizeof peer.na);
	assert_int_equal(sm_value(0x04, peer.na), HF_OK);
	device_value(0x04, peer.nb);
	ble_f4(&ble_crypto_openssl, peer.device_point, peer.point, peer.nb, 0, expected);
	assert_memory_equal(confirm, expected, sizeof expected);
}

/* Twenty rounds; with a wrong digit the device stops at the first bit that differs. */
static bool nonces_passkey(uint32_t passkey)
{
	hf_put16be(peer.r + 12, (uint16_t)(passkey >> 16));
	hf_put16be(peer.r + 14, (uint16_t)passkey);
	for (uint32_t i = 0; i < 20u; i++) {
		uint8_t confirm[16], theirs[16], expected[16], bit = (uint8_t)(0x80u | (passkey >> i & 1u));

		memset(peer.na, (int)i + 1, sizeof peer.na);
		ble_f4(&ble_crypto_openssl, peer.point, peer.device_point, peer.na, bit, confirm);
		assert_int_equal(sm_value(0x03, confirm), HF_OK);
		device_value(0x03, theirs);
		if (sm_value(0x04, peer.na) != HF_OK)
			return false;
		device_value(0x04, peer.nb);
		ble_f4(&ble_crypto_openssl, peer.device_point, peer.point, peer.nb, bit, expected);
		assert_memory_equal(theirs, expected, sizeof expected);
	}
	return true;
}

static void check_make(uint8_t check[16], uint8_t device_check[16])
{
	const struct ble_crypto *crypto = &ble_crypto_openssl;
	const uint8_t io_peer[3] = { peer.request[3], 0, peer.request[1] };
	uint8_t io_device[3] = { bench.links[0].sm.response[3], 0, bench.links[0].sm.response[1] };
	uint8_t a[7] = { 1 }, b[7] = { 0, 6, 5, 4, 3, 2, 1 }, shared[32];

	ble_swap(a + 1, bench_peer.bytes, 6);
	assert_true(crypto->p256_shared(peer.private_key, peer.device_point, shared));
	ble_f5(crypto, shared, peer.na, peer.nb, a, b, peer.mac_key, peer.ltk);
	ble_f6(crypto, peer.mac_key, peer.na, peer.nb, peer.r, io_peer, a, b, check);
	ble_f6(crypto, peer.mac_key, peer.nb, peer.na, peer.r, io_device, b, a, device_check);
}

static void finish(void)
{
	uint8_t check[16], expected[16], theirs[16], ltk[16], irk[16];
	const uint8_t identity[8] = { 0x09, 1, 0x11, 0x22, 0x33, 0x44, 0x55, 0xc6 };

	check_make(check, expected);
	assert_int_equal(sm_value(0x0d, check), HF_OK);
	device_value(0x0d, theirs);
	assert_memory_equal(theirs, expected, sizeof expected);
	bench_encrypt(&bench, BENCH_HANDLE);
	ble_swap(ltk, peer.ltk, sizeof ltk);
	assert_true(bench.links[0].encrypted);
	memset(irk, 0x99, sizeof irk);
	assert_int_equal(sm_value(0x08, irk), HF_OK);
	assert_int_equal(sm(identity, sizeof identity), HF_OK);
	assert_int_equal(bench.bond_count, 1);
	assert_memory_equal(bench.bonds[0].ltk, ltk, sizeof ltk);
	assert_int_equal(bench.ble.counts.pairings_done, 1);
}

static void connected(enum ble_policy policy, bool display)
{
	memset(&peer, 0, sizeof peer);
	bench_start(&bench, policy, display);
	bench_connect(&bench, BENCH_HANDLE, &bench_peer);
}

static void pair_just_works(void)
{
	connected(BLE_ENCRYPTED, false);
	keys_exchange(3);
	nonces_just_works();
	finish();
	assert_false(bench.bonds[0].authenticated);
}

static void just_works(void **state)
{
	(void)state;
	pair_just_works();
}

static void passkey(void **state)
{
	(void)state;
	connected(BLE_AUTHENTICATED, true);
	keys_exchange(2);
	assert_true(bench.passkey < 1000000u);
	assert_true(nonces_passkey(bench.passkey));
	finish();
	assert_int_equal(bench.passkey, BLE_PASSKEY_NONE);
	assert_true(bench.bonds[0].authenticated && bench.links[0].authenticated);
	/* A stranger at the same address with Just Works does not take the bond's place. */
	bench_disconnect(&bench, BENCH_HANDLE);
	bench.config.policy = BLE_ENCRYPTED;
	bench.board.passkey_show = NULL;
	assert_int_equal(bench_again(&bench), HF_OK);
	bench_connect(&bench, BENCH_HANDLE, &bench_peer);
	memset(&peer, 0, sizeof peer);
	keys_exchange(3);
	nonces_just_works();
	{
		uint8_t check[16], theirs[16];

		check_make(check, theirs);
		assert_int_equal(sm_value(0x0d, check), HF_OK);
		bench_encrypt(&bench, BENCH_HANDLE);
		assert_int_equal(sm_value(0x08, check), HF_OK);
		assert_int_equal(sm((const uint8_t[8]){ 0x09, 1, 0x11, 0x22, 0x33, 0x44, 0x55, 0xc6 }, 8), HF_OK);
	}
	assert_true(bench.bond_count == 1u && bench.bonds[0].authenticated);
}

/* --- refusals ------------------------------------------------------------------------------------------------------------ */

static void requests_that_are_refused(void **state)
{
	static const struct {
		uint8_t pdu[7];
		uint8_t code;
	} rows[] = {
		{ { 1, 5, 0, 0x0d, 16, 2, 2 }, 0x0a }, { { 1, 3, 2, 0x0d, 16, 2, 2 }, 0x0a }, { { 1, 3, 0, 0x0d, 17, 2, 2 }, 0x0a },
		{ { 1, 3, 0, 0x0d, 6, 2, 2 }, 0x0a },  { { 1, 3, 0, 0x05, 16, 2, 2 }, 0x03 }, { { 1, 3, 1, 0x0d, 16, 2, 2 }, 0x02 },
		{ { 1, 3, 0, 0x0d, 15, 2, 2 }, 0x06 },
	};

	(void)state;
	for (uint32_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		connected(BLE_ENCRYPTED, false);
		assert_int_equal(sm(rows[i].pdu, 7), HF_R_BLE_PAIRING);
		failed_with(rows[i].code);
	}
	connected(BLE_AUTHENTICATED, true);
	assert_int_equal(ask(3, 0x0d), HF_R_BLE_PAIRING); /* no keyboard */
	failed_with(0x03);
}

static void keys_that_are_refused(void **state)
{
	uint8_t pdu[65] = { 0x0c };

	(void)state;
	connected(BLE_ENCRYPTED, false);
	assert_int_equal(ask(3, 0x0d), HF_OK);
	assert_int_equal(sm(pdu, sizeof pdu), HF_R_BLE_PAIRING); /* no point of the curve */
	failed_with(0x0a);
	assert_int_equal(ask(3, 0x0d), HF_OK);
	key_pdu(bench.links[0].sm.own_point, pdu);
	assert_int_equal(sm(pdu, sizeof pdu), HF_R_BLE_PAIRING); /* our own */
	failed_with(0x0a);
	connected(BLE_ENCRYPTED, false);
	keys_exchange(3);
	nonces_just_works();
	assert_int_equal(sm_value(0x0d, peer.na), HF_R_BLE_PAIRING); /* a wrong check */
	failed_with(0x0b);
	bench.last_command = 0;
	bench_encrypt(&bench, BENCH_HANDLE);
	assert_int_equal(bench.last_command, 0x201b); /* and no key */
	assert_false(bench.links[0].encrypted);
	connected(BLE_AUTHENTICATED, true);
	keys_exchange(4);
	assert_false(nonces_passkey(bench.passkey ^ 0x80000u >> 4));
	failed_with(0x04);
	assert_int_equal(bench.passkey, BLE_PASSKEY_NONE);
}

/* A controller that claims encryption without having asked for a key. */
static void encryption_without_a_key(void **state)
{
	(void)state;
	connected(BLE_ENCRYPTED, false);
	assert_int_equal(bench_event(&bench, 0x08, (const uint8_t *)"\x00\x41\x00\x01", 4), HF_OK);
	assert_int_equal(bench_event(&bench, 0x30, (const uint8_t *)"\x00\x41\x00", 3), HF_OK);
	assert_false(bench.links[0].encrypted);
	/* Off and on again with the bond: as before. Off: as a stranger. */
	pair_just_works();
	bench.links[0].bond.authenticated = true;
	assert_int_equal(bench_event(&bench, 0x08, (const uint8_t *)"\x00\x41\x00\x00", 4), HF_OK);
	assert_false(bench.links[0].encrypted || bench.links[0].authenticated);
	bench_encrypt(&bench, BENCH_HANDLE);
	assert_true(bench.links[0].encrypted && !bench.links[0].authenticated);
	/* A board without bonds: pairing works, and the key is gone with it. */
	bench_start(&bench, BLE_ENCRYPTED, false);
	bench.board.bond_get = NULL;
	bench.board.bond_put = NULL;
	assert_int_equal(bench_again(&bench), HF_OK);
	bench_connect(&bench, BENCH_HANDLE, &bench_peer);
	memset(&peer, 0, sizeof peer);
	keys_exchange(3);
	nonces_just_works();
	{
		uint8_t check[16], theirs[16];

		check_make(check, theirs);
		assert_int_equal(sm_value(0x0d, check), HF_OK);
	}
	bench_encrypt(&bench, BENCH_HANDLE);
	assert_true(bench.links[0].encrypted && !bench.links[0].bonded);
	assert_int_equal(bench_event(&bench, 0x30, (const uint8_t *)"\x00\x41\x00", 3), HF_OK);
	assert_false(bench.links[0].bonded);
}

/* What was asked in secret is neither finished nor answered in the open: not half a request, not a whole one, not a reply that waits. */
static void encryption_that_ends(void **state)
{
	static const uint8_t half[] = { 0x52, 25, 0, 0x0a, 0, 0, 9, 0, 0 };
	static const uint8_t echo[] = { 0x52, 25, 0, 0x0a, 0, 0, 9, 0, 0, 7, 0, 0xa1, 0x61, 0x64, 0x65, 'h', 'e', 'l', 'l', 'o' };
	uint32_t replies;

	(void)state;
	for (uint32_t turn = 0; turn < 3u; turn++) {
		connected(BLE_ENCRYPTED, false);
		pair_just_works();
		assert_int_equal(bench_send(&bench, 4, (const uint8_t *)"\x12\x1a\x00\x01\x00", 5, 27), HF_OK);
		replies = bench.notify.count;
		bench.keeps = turn == 2u;
		assert_int_equal(bench_send(&bench, 4, turn == 0u ? half : echo, turn == 0u ? sizeof half : sizeof echo, 27), HF_OK);
		if (turn == 2u)
			assert_true(ble_smp_serve(&bench.ble, &bench.rig.server, bench.now_ms));
		assert_int_equal(bench_event(&bench, 0x08, (const uint8_t *)"\x06\x41\x00\x00", 4), HF_OK);
		assert_int_equal(bench.links[0].inbox.used_bytes + bench.links[0].inbox.head_bytes + bench.links[0].outbox_bytes, 0);
		assert_false(ble_smp_serve(&bench.ble, &bench.rig.server, bench.now_ms));
		bench_run(&bench);
		assert_int_equal(bench.notify.count, replies);
	}
}

/* A peer with a bond is asked to encrypt when it comes back, a stranger is not; nobody is where anybody may come in. */
static void security_request(void **state)
{
	struct ble_address stranger = bench_peer;

	(void)state;
	stranger.bytes[0] ^= 1u;
	connected(BLE_ENCRYPTED, false);
	assert_int_equal(bench.sm.count, 0);
	pair_just_works();
	bench_disconnect(&bench, BENCH_HANDLE);
	bench.sm.count = 0;
	bench_connect(&bench, BENCH_HANDLE, &stranger);
	assert_int_equal(bench.sm.count, 0);
	bench_disconnect(&bench, BENCH_HANDLE);
	bench_connect(&bench, BENCH_HANDLE, &bench_peer);
	assert_int_equal(bench.sm.count, 1);
	assert_memory_equal(bench.sm.bytes, "\x0b\x09", 2); /* bonding, Secure Connections */
	bench_encrypt(&bench, BENCH_HANDLE);
	assert_true(bench.links[0].encrypted && bench.links[0].sm.state == BLE_SM_IDLE);
	bench.now_ms += 60000u;
	bench_run(&bench);
	assert_int_equal(bench.links[0].sm.state, BLE_SM_IDLE);
	/* It has lost its key and pairs anew. */
	bench_disconnect(&bench, BENCH_HANDLE);
	bench_connect(&bench, BENCH_HANDLE, &bench_peer);
	memset(&peer, 0, sizeof peer);
	bench.ble.counts.pairings_done = 0;
	keys_exchange(3);
	nonces_just_works();
	finish();
	/* It does nothing: after 30 s there is no pairing any more, and nothing has failed. */
	bench_disconnect(&bench, BENCH_HANDLE);
	bench_connect(&bench, BENCH_HANDLE, &bench_peer);
	bench.now_ms += 29000u;
	bench_run(&bench);
	assert_int_equal(bench.links[0].sm.state, BLE_SM_WAITS_SECURITY);
	bench.now_ms += 2000u;
	bench_run(&bench);
	assert_int_equal(bench.links[0].sm.state, BLE_SM_DEAD);
	assert_int_equal(bench.ble.counts.pairings_failed, 0);
	/* It encrypts before it was asked: the packet is not sent any more. */
	bench_disconnect(&bench, BENCH_HANDLE);
	bench.sm.count = 0;
	bench.silent = true; /* the controller has no buffer and no answer yet */
	bench.ble.acl_free = 0;
	bench_connect(&bench, BENCH_HANDLE, &bench_peer);
	assert_int_equal(bench_event(&bench, 0x3e, (const uint8_t *)"\x05\x41\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 13), HF_OK);
	assert_int_equal(bench.links[0].sm.sends, 0);
	/* Nor is one asked whose bond is good for nothing here. */
	for (uint32_t turn = 0; turn < 3u; turn++) {
		bench_start(&bench, turn == 0u ? BLE_OPEN : BLE_AUTHENTICATED, true);
		bench.bonds[0].peer = bench_peer;
		bench.bonds[0].authenticated = turn == 2u;
		bench.bond_count = 1;
		bench_connect(&bench, BENCH_HANDLE, &bench_peer);
		assert_int_equal(bench.sm.count, turn == 2u ? 1 : 0);
	}
	assert_memory_equal(bench.sm.bytes, "\x0b\x0d", 2); /* with a display: protection, too */
}

/* In each state each code at each length: the device says "failed" or goes on, and never comes to have a key. */
static void anything_at_any_time(void **state)
{
	uint8_t pdu[80];

	(void)state;
	for (uint32_t stage = 0; stage < 4u; stage++)
		for (uint32_t code = 0; code < 18u; code++)
			for (uint32_t size = 0; size <= sizeof pdu; size += size < 20u || size > 60u ? 1u : 20u) {
				if (stage > 1u && size > 20u && code != 0x0cu)
					continue;
				connected(BLE_ENCRYPTED, false);
				if (stage == 1u)
					assert_int_equal(ask(3, 0x0d), HF_OK);
				if (stage >= 2u)
					keys_exchange(3);
				if (stage == 3u)
					nonces_just_works();
				memset(pdu, (int)size, sizeof pdu);
				pdu[0] = (uint8_t)code;
				(void)sm(pdu, size);
				bench_encrypt(&bench, BENCH_HANDLE);
				assert_false(bench.links[0].encrypted);
				assert_int_equal(bench.bond_count, 0);
			}
}

static void silence_and_repetition(void **state)
{
	(void)state;
	connected(BLE_ENCRYPTED, false);
	assert_int_equal(ask(3, 0x0d), HF_OK);
	bench.now_ms += 30001;
	bench_run(&bench);
	assert_int_equal(ask(3, 0x0d), HF_R_BLE_PAIRING); /* dead until the next connection, and silent */
	assert_int_equal(bench.sm.size_bytes, 0);
	connected(BLE_ENCRYPTED, false);
	for (uint32_t i = 0; i < 3u; i++) {
		assert_int_equal(ask(3, 0x05), HF_R_BLE_PAIRING);
		failed_with(0x03);
	}
	assert_int_equal(ask(3, 0x0d), HF_R_BLE_PAIRING);
	failed_with(0x09);
	bench.now_ms += 1001;
	assert_int_equal(ask(3, 0x0d), HF_OK);
}

/* Vol 3 Part H 3.4: thirty seconds a step, not a pairing. Who types slowly is waited for, who stays silent is not. */
static void slow_typing(void **state)
{
	(void)state;
	for (uint32_t turn = 0; turn < 2u; turn++) {
		connected(BLE_AUTHENTICATED, true);
		keys_exchange(2);
		bench.now_ms += 29000;
		bench_run(&bench);
		assert_true(nonces_passkey(bench.passkey));
		bench.now_ms += turn == 0u ? 29000 : 30001;
		bench_run(&bench);
		if (turn == 0u)
			finish();
		else
			assert_int_equal(bench.links[0].sm.state, BLE_SM_DEAD);
		assert_int_equal(bench.passkey, BLE_PASSKEY_NONE);
	}
}

static void display_of_a_controller_that_fails(void **state)
{
	(void)state;
	connected(BLE_AUTHENTICATED, true);
	keys_exchange(2);
	assert_true(bench.passkey < 1000000u);
	assert_int_equal(bench_event(&bench, 0x10, (const uint8_t *)"\x01", 1), HF_R_BLE_CONTROLLER);
	assert_int_equal(bench.passkey, BLE_PASSKEY_NONE);
}

/* --- bonds --------------------------------------------------------------------------------------------------------------- */

static void att(const char *request, const char *response)
{
	struct hex hex = hex_of(request), want = hex_of(response);

	bench.att.size_bytes = 0;
	(void)bench_send(&bench, 4, hex.bytes, hex.size_bytes, 27);
	assert_int_equal(bench.att.size_bytes, want.size_bytes);
	assert_memory_equal(bench.att.bytes, want.bytes, want.size_bytes);
}

/* A peer comes back with a private address after an update that changed the services. */
static void services_that_changed(void **state)
{
	struct ble_address private = { .type = 1, .bytes = { 0, 0, 0, 0x12, 0x34, 0x56 } };
	uint8_t irk[16], random[3] = { 0x56, 0x34, 0x12 }, hash[3];

	(void)state;
	pair_just_works();
	att("12 0b 00 02 00", "13");
	att("12 1a 00 01 00", "13");
	att("12 0d 00 01", "13"); /* robust caching */
	assert_int_equal(bench.bonds[0].wishes, BLE_WISH_SMP | BLE_WISH_CHANGED);
	bench_disconnect(&bench, BENCH_HANDLE);
	bench.bonds[0].database[3] ^= 1u;
	ble_swap(irk, bench.bonds[0].irk, sizeof irk);
	ble_ah(&ble_crypto_openssl, irk, random, hash);
	ble_swap(private.bytes, hash, 3);
	bench_connect(&bench, BENCH_HANDLE, &private);
	att("12 1a 00 01 00", "01 12 1a 00 0f"); /* known: encrypt, do not pair */
	bench.notify.size_bytes = 0;
	bench_encrypt(&bench, BENCH_HANDLE);
	assert_true(bench.links[0].encrypted && bench.links[0].bonded);
	assert_int_equal(bench.notify.size_bytes, 7);
	assert_memory_equal(bench.notify.bytes, "\x1d\x0a\x00\x01\x00\xff\xff", 7);
	att("0a 03 00", "01 0a 03 00 12"); /* out of step, told once */
	att("0a 03 00", "0b 62 65 6e 63 68");
	att("0a 1a 00", "0b 01 00"); /* the wish stood */
	assert_int_equal(bench_send(&bench, 4, (const uint8_t *)"\x1e", 1, 27), HF_OK);
	assert_memory_equal(bench.bonds[0].database, bench.ble.database, 16);
	/* No confirmation for 30 s ends the connection. */
	bench_disconnect(&bench, BENCH_HANDLE);
	bench.bonds[0].database[3] ^= 1u;
	bench_connect(&bench, BENCH_HANDLE, &private);
	bench_encrypt(&bench, BENCH_HANDLE);
	att("08 01 00 ff ff 00 2a", "09 07 03 00 62 65 6e 63 68"); /* discovery is free: all handles, or declarations */
	att("08 01 00 03 00 03 28", "09 07 02 00 02 03 00 00 2a");
	att("08 01 00 05 00 00 2a", "01 08 01 00 12"); /* some handles are of the old picture */
	att("08 01 00 05 00 00 2a", "09 07 03 00 62 65 6e 63 68");
	bench.now_ms += 30001;
	bench_run(&bench);
	assert_int_equal(bench.last_command, 0x0406);
	/* Another private address is a stranger's. */
	bench_disconnect(&bench, BENCH_HANDLE);
	private.bytes[0] ^= 1u;
	bench_connect(&bench, BENCH_HANDLE, &private);
	bench_encrypt(&bench, BENCH_HANDLE);
	assert_int_equal(bench.last_command, 0x201b);
}

/* The board has forgotten this peer, and knows another one: nothing of that one's becomes this one's. */
static void bond_that_is_forgotten(void **state)
{
	(void)state;
	pair_just_works();
	memset(bench.bonds[0].peer.bytes, 0xc7, 6);
	bench.bonds[0].has_irk = false;
	bench_encrypt(&bench, BENCH_HANDLE);
	assert_int_equal(bench.last_command, 0x201b);
	assert_int_equal(bench.links[0].bond.peer.bytes[5], 0xc6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(just_works), cmocka_unit_test(passkey), cmocka_unit_test(requests_that_are_refused),
		cmocka_unit_test(keys_that_are_refused), cmocka_unit_test(encryption_without_a_key), cmocka_unit_test(encryption_that_ends),
		cmocka_unit_test(security_request),
		cmocka_unit_test(anything_at_any_time), cmocka_unit_test(silence_and_repetition), cmocka_unit_test(slow_typing),
		cmocka_unit_test(display_of_a_controller_that_fails), cmocka_unit_test(bond_that_is_forgotten),
		cmocka_unit_test(services_that_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
