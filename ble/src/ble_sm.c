/* SPDX-License-Identifier: MIT */
#include "ble_parts.h"

/* Codes of Vol 3 Part H 3.3. */
enum {
	SM_REQUEST = 0x01, SM_RESPONSE = 0x02, SM_CONFIRM = 0x03, SM_RANDOM = 0x04, SM_FAILED = 0x05, SM_IRK = 0x08, SM_IDENTITY = 0x09,
	SM_SECURITY = 0x0b, SM_PUBLIC_KEY = 0x0c, SM_CHECK = 0x0d, SM_KEYPRESS = 0x0e
};
/* Reasons of 3.5.5. */
enum {
	FAIL_NO_OOB = 0x02, FAIL_AUTHENTICATION = 0x03, FAIL_CONFIRM = 0x04, FAIL_KEY_SIZE = 0x06, FAIL_NOT_SUPPORTED = 0x07, FAIL_UNSPECIFIED = 0x08,
	FAIL_REPEATED = 0x09, FAIL_INVALID = 0x0a, FAIL_CHECK = 0x0b
};
enum { AUTH_BONDING = 0x01, AUTH_MITM = 0x04, AUTH_SC = 0x08, KEYS_IDENTITY = 0x02 }; /* 3.5.1, 3.6.1 */
enum { IO_DISPLAY_ONLY = 0, IO_KEYBOARD_ONLY = 2, IO_NOTHING = 3, IO_KEYBOARD_DISPLAY = 4 };
/* PDUs to send, in the order in which they go out. */
enum { SENDS_FAILED = 1, SENDS_RESPONSE = 2, SENDS_KEY = 4, SENDS_CONFIRM = 8, SENDS_RANDOM = 16, SENDS_CHECK = 32, SENDS_SECURITY = 64 };
enum { PASSKEY_ROUNDS = 20, TIMEOUT_MS = 30000, FREE_FAILURES = 3, DELAY_MS = 1000, DELAY_DOUBLINGS_MAX = 5 };

/* --- bonds --------------------------------------------------------------------------------------------------------------- */

static bool address_equals(const struct ble_address *a, const struct ble_address *b)
{
	return a->type == b->type && memcmp(a->bytes, b->bytes, 6) == 0;
}

/* Vol 6 Part B 1.3.2.3: a resolvable private address is a random part and its hash under the identity's key. */
static bool resolves(const struct ble *ble, const struct ble_bond *bond, const struct ble_address *address)
{
	uint8_t irk[BLE_KEY_BYTES], random[3], hash[3], swapped[3];

	if (!bond->has_irk || address->type != 1u || (address->bytes[5] & 0xc0u) != 0x40u)
		return false;
	ble_swap(irk, bond->irk, sizeof irk);
	ble_swap(random, address->bytes + 3, 3);
	ble_ah(ble->config.crypto, irk, random, hash);
	ble_swap(swapped, hash, 3);
	return memcmp(swapped, address->bytes, 3) == 0;
}

bool ble_bond_find(const struct ble *ble, const struct ble_address *address, struct ble_bond *bond)
{
	const struct ble_board *board = ble->config.board;

	if (board->bond_get == NULL || board->bond_put == NULL)
		return false;
	for (uint32_t i = 0; i < 256u && board->bond_get(board->ctx, i, bond); i++)
		if (address_equals(&bond->peer, address) || resolves(ble, bond, address))
			return true;
	return false;
}

void ble_bond_update(struct ble *ble, struct ble_link *link)
{
	if (!link->bonded || !link->encrypted)
		return;
	link->bond.wishes = link->wishes;
	link->bond.features = link->features;
	if (link->aware)
		memcpy(link->bond.database, ble->database, sizeof link->bond.database);
	ble->config.board->bond_put(ble->config.board->ctx, &link->bond);
}

/* A peer that only claims to be a known one, without its passkey, does not take its place. */
static void bond_keep(struct ble *ble, struct ble_link *link)
{
	struct ble_bond known;

	if (ble_bond_find(ble, &link->bond.peer, &known) && known.authenticated && !link->bond.authenticated)
		return;
	link->bonded = true;
	link->aware = true;
	ble_bond_update(ble, link);
}

/* A peer is back: what it wished stands, and it is told if the services are not those that it knows. */
static void bond_restore(struct ble *ble, struct ble_link *link)
{
	link->bonded = true;
	link->wishes |= link->bond.wishes;
	link->features |= link->bond.features;
	link->ask_interval = (link->wishes & BLE_WISH_SMP) != 0;
	link->aware = memcmp(link->bond.database, ble->database, sizeof ble->database) == 0;
	link->indicate_changed = !link->aware && (link->wishes & BLE_WISH_CHANGED) != 0;
}

/* --- ends of a pairing --------------------------------------------------------------------------------------------------- */

void ble_sm_reset(struct ble_sm *sm)
{
	memset(sm, 0, sizeof *sm); /* keys do not outlive their use */
}

static void passkey_hide(struct ble *ble, const struct ble_sm *sm)
{
	if (sm->with_passkey)
		ble->config.board->passkey_show(ble->config.board->ctx, BLE_PASSKEY_NONE);
}

/* After some failures each attempt has to wait twice as long (2.3.6). For all peers together: an address is easily changed. */
static enum hf_reason fail(struct ble *ble, struct ble_link *link, uint8_t code, uint32_t now_ms)
{
	passkey_hide(ble, &link->sm);
	ble_sm_reset(&link->sm);
	link->sm.sends = SENDS_FAILED;
	link->sm.fail_code = code;
	ble->counts.pairings_failed++;
	if (code != FAIL_REPEATED && ++ble->fails_in_row >= FREE_FAILURES) {
		uint32_t doublings = ble->fails_in_row - FREE_FAILURES;

		ble->pairing_waits = true;
		ble->pairing_from_ms = now_ms + ((uint32_t)DELAY_MS << (doublings < DELAY_DOUBLINGS_MAX ? doublings : (uint32_t)DELAY_DOUBLINGS_MAX));
	}
	return ble_refuse(ble, HF_R_BLE_PAIRING);
}

static void done(struct ble *ble, struct ble_link *link)
{
	bool bonds = link->sm.bonds;

	ble_sm_reset(&link->sm);
	ble->fails_in_row = 0;
	ble->counts.pairings_done++;
	if (bonds)
		bond_keep(ble, link);
}

void ble_sm_tick(struct ble *ble, struct ble_link *link, uint32_t now_ms)
{
	struct ble_sm *sm = &link->sm;

	if (ble->pairing_waits && now_ms - ble->pairing_from_ms < UINT32_MAX / 2u)
		ble->pairing_waits = false;
	if (sm->state == BLE_SM_IDLE || sm->state == BLE_SM_DEAD || now_ms - sm->deadline_ms >= UINT32_MAX / 2u)
		return;
	/* 3.4: nothing more on this channel until the peer connects anew. One that did not do what it was asked for has not failed. */
	if (sm->state != BLE_SM_WAITS_SECURITY)
		(void)fail(ble, link, FAIL_UNSPECIFIED, now_ms);
	sm->sends = 0;
	sm->state = BLE_SM_DEAD;
}

/* What we offer in a pairing: 3.5.1. */
static uint8_t auth_own(const struct ble *ble, bool bonds)
{
	return (uint8_t)(AUTH_SC | (bonds ? (uint32_t)AUTH_BONDING : 0u) | (ble->config.board->passkey_show != NULL ? (uint32_t)AUTH_MITM : 0u));
}

/* 2.4.6: a peer that has a bond is asked to encrypt at once. Its wishes and its services are remembered with the bond, so it may write without
 * asking first, and such writes are never answered: without encryption they would be lost in silence. A stranger is not asked: he may only
 * want to look, and a phone would put a question to its user before anything of ours is used; the error of his first request asks him. */
void ble_sm_connected(struct ble *ble, struct ble_link *link, uint32_t now_ms)
{
	struct ble_bond bond;

	if (ble->config.policy == BLE_OPEN || !ble_bond_find(ble, &link->peer, &bond) || (ble->config.policy == BLE_AUTHENTICATED && !bond.authenticated))
		return; /* a bond that is not good enough is like none */
	link->sm.state = BLE_SM_WAITS_SECURITY;
	link->sm.deadline_ms = now_ms + TIMEOUT_MS;
	link->sm.sends = SENDS_SECURITY;
}

/* --- the steps ----------------------------------------------------------------------------------------------------------- */

static void address_big_endian(const struct ble_address *address, uint8_t into[7])
{
	into[0] = address->type;
	ble_swap(into + 1, address->bytes, 6);
}

/* Own key, fresh for each pairing. */
static bool key_make(struct ble *ble, struct ble_sm *sm)
{
	const struct ble_board *board = ble->config.board;

	for (uint32_t i = 0; i < 8u; i++) { /* nearly every number is a scalar of the curve */
		board->random(board->ctx, sm->private_key, sizeof sm->private_key);
		if (ble->config.crypto->p256_public(sm->private_key, sm->own_point))
			return true;
	}
	return false;
}

/* No number is likelier than another: those beyond the last whole million are thrown again. */
static uint32_t passkey_make(const struct ble_board *board)
{
	uint8_t bytes[4];
	uint32_t number = 0;

	for (uint32_t i = 0; i < 16u; i++) {
		board->random(board->ctx, bytes, sizeof bytes);
		number = hf_get32le(bytes);
		if (number < 4294000000u)
			break;
	}
	return number % 1000000u;
}

static uint8_t request_check(const struct ble *ble, const uint8_t *pdu, bool with_passkey)
{
	if (pdu[1] > IO_KEYBOARD_DISPLAY || pdu[2] > 1u || pdu[4] < 7u || pdu[4] > 16u)
		return FAIL_INVALID;
	if (ble->pairing_waits)
		return FAIL_REPEATED;
	if ((pdu[3] & AUTH_SC) == 0u)
		return FAIL_AUTHENTICATION; /* legacy pairing can be listened to */
	if (pdu[2] != 0u)
		return FAIL_NO_OOB;
	if (pdu[4] < BLE_KEY_BYTES)
		return FAIL_KEY_SIZE;
	return ble->config.policy == BLE_AUTHENTICATED && !with_passkey ? FAIL_AUTHENTICATION : 0;
}

/* 2.3.5.1: with a display here and a keyboard there, if either side wants protection against a man in the middle. */
static bool passkey_is_method(const struct ble *ble, const uint8_t *pdu)
{
	return ble->config.board->passkey_show != NULL && (pdu[1] == IO_KEYBOARD_ONLY || pdu[1] == IO_KEYBOARD_DISPLAY);
}

static enum hf_reason request_take(struct ble *ble, struct ble_link *link, const uint8_t *pdu, uint32_t now_ms)
{
	struct ble_sm *sm = &link->sm;
	const struct ble_board *board = ble->config.board;
	bool with_passkey = passkey_is_method(ble, pdu);
	uint8_t code = request_check(ble, pdu, with_passkey);
	bool bonds = board->bond_put != NULL && board->bond_get != NULL && (pdu[3] & AUTH_BONDING) != 0u;

	if (code != 0u)
		return fail(ble, link, code, now_ms);
	ble_sm_reset(sm);
	if (!key_make(ble, sm))
		return fail(ble, link, FAIL_UNSPECIFIED, now_ms);
	sm->state = BLE_SM_WAITS_KEY;
	sm->with_passkey = with_passkey;
	sm->bonds = bonds;
	sm->wants_irk = bonds && (pdu[5] & KEYS_IDENTITY) != 0u;
	sm->io_peer[0] = pdu[3];
	sm->io_peer[1] = pdu[2];
	sm->io_peer[2] = pdu[1];
	sm->response[0] = SM_RESPONSE;
	sm->response[1] = board->passkey_show != NULL ? IO_DISPLAY_ONLY : IO_NOTHING;
	sm->response[3] = auth_own(ble, bonds);
	sm->response[4] = BLE_KEY_BYTES;
	sm->response[5] = sm->wants_irk ? KEYS_IDENTITY : 0;
	sm->sends = SENDS_RESPONSE;
	return HF_OK;
}

/* r of f4: 0, or bit of the passkey (2.3.5.6.3). */
static uint8_t round_bit(const struct ble_sm *sm)
{
	return (uint8_t)(sm->with_passkey ? 0x80u | (sm->passkey >> sm->round & 1u) : 0u);
}

/* A nonce and the confirm value that binds us to it. */
static void confirm_make(struct ble *ble, struct ble_sm *sm)
{
	const struct ble_board *board = ble->config.board;

	board->random(board->ctx, sm->own_nonce, sizeof sm->own_nonce);
	ble_f4(ble->config.crypto, sm->own_point, sm->peer_point, sm->own_nonce, round_bit(sm), sm->own_confirm);
	sm->sends |= SENDS_CONFIRM;
}

/* A peer with our own X would make our answers its own (the reflection attack on the passkey). */
static enum hf_reason key_take(struct ble *ble, struct ble_link *link, const uint8_t *pdu, uint32_t now_ms)
{
	struct ble_sm *sm = &link->sm;
	const struct ble_board *board = ble->config.board;

	ble_swap(sm->peer_point, pdu + 1, 32);
	ble_swap(sm->peer_point + 32, pdu + 33, 32);
	if (memcmp(sm->peer_point, sm->own_point, 32) == 0 || !ble->config.crypto->p256_shared(sm->private_key, sm->peer_point, sm->shared))
		return fail(ble, link, FAIL_INVALID, now_ms);
	memset(sm->private_key, 0, sizeof sm->private_key);
	sm->sends |= SENDS_KEY;
	if (sm->with_passkey) {
		sm->passkey = passkey_make(board);
		board->passkey_show(board->ctx, sm->passkey);
		sm->state = BLE_SM_WAITS_CONFIRM;
	} else {
		confirm_make(ble, sm);
		sm->state = BLE_SM_WAITS_RANDOM;
	}
	return HF_OK;
}

static enum hf_reason confirm_take(struct ble *ble, struct ble_link *link, const uint8_t *pdu)
{
	struct ble_sm *sm = &link->sm;

	ble_swap(sm->peer_confirm, pdu + 1, sizeof sm->peer_confirm);
	confirm_make(ble, sm);
	sm->state = BLE_SM_WAITS_RANDOM;
	return HF_OK;
}

static enum hf_reason random_take(struct ble *ble, struct ble_link *link, const uint8_t *pdu, uint32_t now_ms)
{
	struct ble_sm *sm = &link->sm;
	uint8_t expected[16];

	ble_swap(sm->peer_nonce, pdu + 1, sizeof sm->peer_nonce);
	if (sm->with_passkey) {
		ble_f4(ble->config.crypto, sm->peer_point, sm->own_point, sm->peer_nonce, round_bit(sm), expected);
		if (memcmp(expected, sm->peer_confirm, sizeof expected) != 0)
			return fail(ble, link, FAIL_CONFIRM, now_ms);
	}
	sm->sends |= SENDS_RANDOM;
	sm->round++;
	sm->state = sm->with_passkey && sm->round < PASSKEY_ROUNDS ? BLE_SM_WAITS_CONFIRM : BLE_SM_WAITS_CHECK;
	return HF_OK;
}

/* 2.3.5.6.5: both sides show that they have the same key, and spoke about the same abilities. */
static enum hf_reason check_take(struct ble *ble, struct ble_link *link, const uint8_t *pdu, uint32_t now_ms)
{
	struct ble_sm *sm = &link->sm;
	const struct ble_crypto *crypto = ble->config.crypto;
	const uint8_t io_own[3] = { sm->response[3], sm->response[2], sm->response[1] };
	uint8_t a[7], b[7], r[16] = { 0 }, mac_key[16], expected[16], theirs[16];

	address_big_endian(&link->peer, a);
	address_big_endian(&ble->address, b);
	if (sm->with_passkey) {
		hf_put16be(r + 12, (uint16_t)(sm->passkey >> 16));
		hf_put16be(r + 14, (uint16_t)sm->passkey);
	}
	ble_swap(theirs, pdu + 1, sizeof theirs);
	ble_f5(crypto, sm->shared, sm->peer_nonce, sm->own_nonce, a, b, mac_key, sm->ltk);
	ble_f6(crypto, mac_key, sm->peer_nonce, sm->own_nonce, r, sm->io_peer, a, b, expected);
	if (memcmp(theirs, expected, sizeof expected) != 0)
		return fail(ble, link, FAIL_CHECK, now_ms);
	ble_f6(crypto, mac_key, sm->own_nonce, sm->peer_nonce, r, io_own, b, a, sm->own_check);
	sm->sends |= SENDS_CHECK;
	sm->state = BLE_SM_WAITS_ENCRYPTION;
	passkey_hide(ble, sm);
	return HF_OK;
}

static enum hf_reason irk_take(struct ble_link *link, const uint8_t *pdu)
{
	memcpy(link->bond.irk, pdu + 1, BLE_KEY_BYTES);
	link->bond.has_irk = !hf_is_filled(link->bond.irk, BLE_KEY_BYTES, 0); /* all zero: no privacy */
	link->sm.state = BLE_SM_WAITS_IDENTITY;
	return HF_OK;
}

static enum hf_reason identity_take(struct ble *ble, struct ble_link *link, const uint8_t *pdu, uint32_t now_ms)
{
	if (pdu[1] > 1u)
		return fail(ble, link, FAIL_INVALID, now_ms);
	link->bond.peer.type = pdu[1];
	memcpy(link->bond.peer.bytes, pdu + 2, 6);
	done(ble, link);
	return HF_OK;
}

/* --- in and out ---------------------------------------------------------------------------------------------------------- */

/* Each code, its length, and the only state in which it may come. A request may come in any: the peer begins anew. */
static const struct {
	uint8_t code, size_bytes;
	enum ble_sm_state state;
} expected_pdus[] = {
	{ SM_REQUEST, 7, BLE_SM_IDLE },
	{ SM_CONFIRM, 17, BLE_SM_WAITS_CONFIRM },
	{ SM_RANDOM, 17, BLE_SM_WAITS_RANDOM },
	{ SM_FAILED, 2, BLE_SM_IDLE },
	{ SM_IRK, 17, BLE_SM_WAITS_IRK },
	{ SM_IDENTITY, 8, BLE_SM_WAITS_IDENTITY },
	{ SM_PUBLIC_KEY, 65, BLE_SM_WAITS_KEY },
	{ SM_CHECK, 17, BLE_SM_WAITS_CHECK },
	{ SM_KEYPRESS, 2, BLE_SM_IDLE },
};

/* 0: the PDU may be acted on. */
static uint8_t pdu_check(const struct ble_sm *sm, const uint8_t *pdu, uint32_t size_bytes)
{
	for (uint32_t i = 0; i < HF_ARRAY_COUNT(expected_pdus); i++) {
		if (expected_pdus[i].code != pdu[0])
			continue;
		if (expected_pdus[i].size_bytes != size_bytes)
			return FAIL_INVALID;
		return expected_pdus[i].state == BLE_SM_IDLE || expected_pdus[i].state == sm->state ? 0 : FAIL_UNSPECIFIED;
	}
	return FAIL_NOT_SUPPORTED;
}

static enum hf_reason peer_failed(struct ble *ble, struct ble_link *link)
{
	passkey_hide(ble, &link->sm);
	ble_sm_reset(&link->sm);
	ble->counts.pairings_failed++;
	return ble_refuse(ble, HF_R_BLE_PAIRING);
}

static enum hf_reason act(struct ble *ble, struct ble_link *link, const uint8_t *pdu, uint32_t now_ms)
{
	switch (pdu[0]) {
	case SM_REQUEST:
		passkey_hide(ble, &link->sm);
		return request_take(ble, link, pdu, now_ms);
	case SM_PUBLIC_KEY:
		return key_take(ble, link, pdu, now_ms);
	case SM_CONFIRM:
		return confirm_take(ble, link, pdu);
	case SM_RANDOM:
		return random_take(ble, link, pdu, now_ms);
	case SM_CHECK:
		return check_take(ble, link, pdu, now_ms);
	case SM_IRK:
		return irk_take(link, pdu);
	case SM_IDENTITY:
		return identity_take(ble, link, pdu, now_ms);
	case SM_FAILED:
		return peer_failed(ble, link);
	default: /* SM_KEYPRESS: how far the user's typing is */
		return HF_OK;
	}
}

enum hf_reason ble_sm_take(struct ble *ble, struct ble_link *link, const uint8_t *pdu, uint32_t size_bytes, uint32_t now_ms)
{
	enum hf_reason reason;
	uint8_t code;

	if (link->sm.state == BLE_SM_DEAD || size_bytes == 0u)
		return ble_refuse(ble, HF_R_BLE_PAIRING);
	code = pdu_check(&link->sm, pdu, size_bytes);
	/* What we still have to say comes first: a peer that does not wait for it is out of order. */
	if (code == 0u && link->sm.sends != 0u && pdu[0] != SM_FAILED && pdu[0] != SM_REQUEST)
		code = FAIL_UNSPECIFIED;
	if (code != 0u)
		return fail(ble, link, code, now_ms);
	reason = act(ble, link, pdu, now_ms);
	if (reason == HF_OK && link->sm.sends != 0u)
		link->sm.deadline_ms = now_ms + TIMEOUT_MS; /* 3.4: each PDU of ours begins the time anew */
	return reason;
}

static uint32_t value_pdu(uint8_t *pdu, uint8_t code, const uint8_t value[16])
{
	pdu[0] = code;
	ble_swap(pdu + 1, value, 16);
	return 17;
}

uint32_t ble_sm_next(struct ble *ble, struct ble_link *link, uint8_t pdu[65])
{
	struct ble_sm *sm = &link->sm;
	uint8_t bit = (uint8_t)(sm->sends & (~(uint32_t)sm->sends + 1u));

	sm->sends = (uint8_t)(sm->sends & ~(uint32_t)bit);
	switch (bit) {
	case SENDS_FAILED:
		pdu[0] = SM_FAILED;
		pdu[1] = sm->fail_code;
		return 2;
	case SENDS_RESPONSE:
		memcpy(pdu, sm->response, sizeof sm->response);
		return sizeof sm->response;
	case SENDS_KEY:
		pdu[0] = SM_PUBLIC_KEY;
		ble_swap(pdu + 1, sm->own_point, 32);
		ble_swap(pdu + 33, sm->own_point + 32, 32);
		return 65;
	case SENDS_CONFIRM:
		return value_pdu(pdu, SM_CONFIRM, sm->own_confirm);
	case SENDS_RANDOM:
		return value_pdu(pdu, SM_RANDOM, sm->own_nonce);
	case SENDS_CHECK:
		return value_pdu(pdu, SM_CHECK, sm->own_check);
	case SENDS_SECURITY:
		pdu[0] = SM_SECURITY;
		pdu[1] = auth_own(ble, true);
		return 2;
	default:
		return 0;
	}
}

/* --- encryption ---------------------------------------------------------------------------------------------------------- */

/* Secure Connections keys have no random number and no diversifier (2.4.4): another one is of a legacy bond, which we never made. */
bool ble_sm_key(struct ble *ble, struct ble_link *link, const uint8_t random[8], uint16_t diversifier, uint8_t key[BLE_KEY_BYTES])
{
	struct ble_bond known; /* the link's own stays as it is if none is found */

	if (diversifier != 0u || !hf_is_filled(random, 8, 0))
		return false;
	if (link->sm.state == BLE_SM_WAITS_ENCRYPTION) {
		ble_swap(key, link->sm.ltk, BLE_KEY_BYTES);
		link->key_given = BLE_KEY_OF_PAIRING;
		return true;
	}
	if ((link->sm.state != BLE_SM_IDLE && link->sm.state != BLE_SM_WAITS_SECURITY) || !ble_bond_find(ble, &link->peer, &known))
		return false;
	ble_sm_reset(&link->sm); /* it encrypts: nothing is left to ask for */
	link->bond = known;
	memcpy(key, link->bond.ltk, BLE_KEY_BYTES);
	link->key_given = BLE_KEY_OF_BOND;
	return true;
}

/* The controller asks for a key before it encrypts; that it did without one is not believed. */
void ble_sm_encryption(struct ble *ble, struct ble_link *link, bool is_on)
{
	struct ble_sm *sm = &link->sm;

	link->encrypted = is_on && link->key_given != BLE_KEY_NONE;
	if (!link->encrypted) {
		link->authenticated = false;
		link->key_given = BLE_KEY_NONE;
		if (ble->config.policy != BLE_OPEN)
			ble_smp_clear(link); /* what was asked in secret is not answered in the open */
	} else if (link->key_given == BLE_KEY_OF_BOND) {
		link->authenticated = link->bond.authenticated;
		if (!link->bonded)
			bond_restore(ble, link);
	} else if (sm->state == BLE_SM_WAITS_ENCRYPTION) {
		link->bond = (struct ble_bond){ .peer = link->peer, .authenticated = sm->with_passkey };
		ble_swap(link->bond.ltk, sm->ltk, BLE_KEY_BYTES);
		link->authenticated = sm->with_passkey;
		link->bonded = false;
		if (sm->wants_irk)
			sm->state = BLE_SM_WAITS_IRK;
		else
			done(ble, link);
	}
}
