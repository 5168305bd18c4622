/* SPDX-License-Identifier: MIT */
/* ble.h - a small Bluetooth LE peripheral: HCI packets in and out, an SMP server behind it.
 *
 * Why      A bootloader's user wants to update over the air. That needs one service, not a framework: what a controller must be told, what
 *          a phone asks before it finds the service, pairing, and SMP messages in pieces. No radio and no chip is known here.
 * Shapes   A packet is as on a UART (H4): type byte, then the packet of the specification; ble_packet() and ble_next() speak whole packets.
 *          Services: GAP, GATT (Service Changed, Client Supported Features, Database Hash), Device Information, SMP.
 * Units    _ms from any start, may wrap; intervals in units of 1.25 ms, supervision timeouts in units of 10 ms, as HCI has them.
 * Order    ble_start; then for ever: ble_packet for each packet of the controller, ble_smp_serve until it returns false, ble_next until it
 *          returns 0 (each packet goes to the controller), all with the time. At the latest once a second, even when nothing came.
 * Errors   ble_start: HF_R_BLE_CONFIG, HF_R_BLE_POLICY. ble_packet: HF_R_BLE_PACKET and what the peer did wrong; each is counted, none is
 *          fatal. state FAILED: HF_R_BLE_CONTROLLER, HF_R_BLE_CONTROLLER_SILENT; start again.
 * Trust    Nothing that a peer or the controller sends is believed before its length is checked. With policy OPEN anybody in reach may
 *          upload; the loader's signature check is then the only guard. AUTHENTICATED needs a display, or nobody could ever come in.
 * Limits   RAM: struct ble, a struct ble_link and BLE_LINK_BYTES a connection. One command at a time to the controller. Attribute values
 *          are short; prepared writes, Enhanced ATT, legacy pairing and privacy of our own address are not offered.
 *          A pairing computes two P-256 products inside ble_packet (some 100 ms on a Cortex-M4).
 * Source   Bluetooth Core 5.4: Vol 4 Part E (HCI), Vol 3 Part A (L2CAP), C (GAP), F (ATT), G (GATT), H (security manager). Sections are cited
 *          in the files. Their numbers were compared with those that other implementations give: Nordic's sdc_hci_cmd_*.h (HCI, Core 6.3),
 *          google/bumble (L2CAP, ATT, GATT, SMP) and mxk/burble (GAP, GATT, SMP, Vol 6).
 */
#ifndef HOLDFAST_BLE_H
#define HOLDFAST_BLE_H

#include <holdfast/ble_crypto.h>
#include <holdfast/reason.h>
#include <holdfast/smp_server.h>

#define BLE_MTU_MIN 23u
#define BLE_MTU_MAX 517u
#define BLE_MTU_USUAL 498u /* two full link-layer packets of 251 bytes less the L2CAP header */
#define BLE_PACKET_MIN_BYTES 80u /* room for any command and a fragment; ble_next makes fragments as large as the buffer and controller take */
#define BLE_PASSKEY_NONE UINT32_MAX
#define BLE_LINK_BYTES(mtu, inbox_bytes, outbox_bytes) (3u * (mtu) + 8u + (inbox_bytes) + (outbox_bytes))

enum ble_policy { BLE_OPEN, BLE_ENCRYPTED, BLE_AUTHENTICATED };
enum ble_state { BLE_STATE_STARTS, BLE_STATE_RUNS, BLE_STATE_FAILED };

/* type: 0 public, 1 random. bytes: least significant first, as HCI has them. */
struct ble_address {
	uint8_t type;
	uint8_t bytes[6];
};

/* What is kept of a peer beyond a connection. Keys are least significant byte first, as HCI and the PDUs have them. */
struct ble_bond {
	struct ble_address peer; /* its identity */
	uint8_t ltk[BLE_KEY_BYTES];
	uint8_t irk[BLE_KEY_BYTES];
	bool has_irk;
	bool authenticated;      /* paired with a passkey */
	uint8_t wishes;          /* BLE_WISH_... */
	uint8_t features;        /* client supported features */
	uint8_t database[BLE_KEY_BYTES]; /* hash of the services that this peer knows */
};

enum { BLE_WISH_SMP = 1, BLE_WISH_CHANGED = 2 };

/* What a board gives. */
struct ble_board {
	void *ctx;
	void (*random)(void *ctx, uint8_t *bytes, uint32_t size_bytes); /* fit for keys */
	/* Shows six digits; BLE_PASSKEY_NONE: takes them away. NULL: the board has no display. */
	void (*passkey_show)(void *ctx, uint32_t passkey);
	/* Bonds, by index from 0 until false. put replaces the one of the same peer. Both NULL: no bonding. */
	bool (*bond_get)(void *ctx, uint32_t index, struct ble_bond *bond);
	void (*bond_put)(void *ctx, const struct ble_bond *bond);
};

enum ble_key_given { BLE_KEY_NONE, BLE_KEY_OF_PAIRING, BLE_KEY_OF_BOND };

struct ble_link;

struct ble_config {
	const char *name;                                 /* 1 to 29 bytes: it is advertised */
	const char *manufacturer, *model, *firmware;      /* Device Information, at most 64 bytes each; NULL: empty */
	enum ble_policy policy;                           /* of the SMP service */
	uint16_t mtu;
	bool has_address;                                 /* address: a static random one; else the controller's public one */
	struct ble_address address;
	uint16_t interval_min, interval_max, latency, timeout; /* asked for when SMP is used. 12, 12, 0, 400 suits phones */
	const struct ble_crypto *crypto;
	const struct ble_board *board;
	struct ble_link *links;
	uint32_t link_count;
	uint8_t *memory;                                  /* link_count * BLE_LINK_BYTES */
	uint32_t memory_bytes;
	uint32_t inbox_bytes;                             /* requests that wait, of one peer: smp_os.buf_size times as many as shall fit */
	uint32_t outbox_bytes;                            /* longest reply; at least SMP_REPLY_MIN_BYTES */
};

enum ble_sm_state {
	BLE_SM_IDLE, BLE_SM_WAITS_SECURITY /* of a peer that was asked to encrypt */, BLE_SM_WAITS_KEY, BLE_SM_WAITS_CONFIRM, BLE_SM_WAITS_RANDOM,
	BLE_SM_WAITS_CHECK, BLE_SM_WAITS_ENCRYPTION, BLE_SM_WAITS_IRK, BLE_SM_WAITS_IDENTITY, BLE_SM_DEAD
};

/* Pairing of one connection. Values big-endian. */
struct ble_sm {
	enum ble_sm_state state;
	uint8_t sends;           /* PDUs that wait to go out, by bit */
	uint8_t fail_code;
	bool with_passkey, bonds, wants_irk;
	uint8_t round;           /* of the passkey's 20 bits */
	uint8_t response[7];     /* our pairing response, as sent */
	uint8_t io_peer[3];
	uint32_t passkey;
	uint32_t deadline_ms;
	uint8_t private_key[32], own_point[BLE_POINT_BYTES], peer_point[BLE_POINT_BYTES];
	uint8_t shared[32];
	uint8_t own_nonce[16], peer_nonce[16], peer_confirm[16], own_confirm[16], own_check[16];
	uint8_t ltk[BLE_KEY_BYTES];
};

/* Bytes of SMP messages from one peer: whole ones in front, then the one that is arriving. */
struct ble_inbox {
	uint8_t *bytes;
	uint32_t used_bytes, whole_bytes; /* all; of messages that are complete */
	uint8_t head[SMP_HEADER_BYTES];
	uint32_t head_bytes;
	uint32_t rest_bytes;              /* that still come of the last message */
	bool skips;                       /* it does not fit and is stepped over */
};

/* One connection. Fields are the library's own. */
struct ble_link {
	bool used;
	uint16_t handle;
	struct ble_address peer;
	uint16_t mtu;
	bool mtu_told;
	/* As the controller told them last. */
	uint16_t interval, latency, timeout; /* of 1.25 ms, events, of 10 ms */
	uint16_t sent_bytes, got_bytes;      /* largest link-layer packet each way; 27 until it is told otherwise */
	uint8_t sent_phy, got_phy;           /* 1: 1M, 2: 2M, 3: coded */
	bool encrypted, authenticated, bonded;
	enum ble_key_given key_given;   /* to the controller, for this connection */
	struct ble_bond bond;
	uint8_t wishes, features;
	bool aware, told_out_of_sync;   /* the peer knows our services; it was told that it does not */
	bool indicate_changed, indication_waits;
	uint32_t indication_deadline_ms;
	uint8_t commands;               /* HCI commands that wait for their turn, by bit */
	uint8_t close_reason;
	uint8_t key_reply[BLE_KEY_BYTES];
	uint32_t acl_sent;              /* packets that the controller has of us */
	uint8_t *in;                    /* L2CAP frame that arrives: header and payload */
	uint32_t in_bytes;
	bool in_skips;
	uint8_t *out;                   /* L2CAP frame that goes out */
	uint32_t out_bytes, out_off;
	uint8_t *response;              /* ATT response that waits */
	uint32_t response_bytes;
	uint8_t signal[20];             /* signalling command that waits */
	uint32_t signal_bytes;
	bool asked_interval, ask_interval;
	bool signal_interval;           /* by L2CAP, since the link layer cannot */
	struct ble_sm sm;
	struct ble_inbox inbox;
	uint8_t *outbox;
	uint32_t outbox_bytes, outbox_off; /* reply that goes out in notifications */
	uint32_t request_off;              /* in the first message of the inbox */
};

struct ble_counts {
	uint32_t packets_refused;  /* malformed, from the controller or a peer */
	uint32_t messages_dropped; /* SMP: too long, or no room */
	uint32_t pairings_failed, pairings_done;
	uint32_t connections;
};

/* Fields are for reading. */
struct ble {
	struct ble_config config;
	enum ble_state state;
	enum hf_reason reason;         /* FAILED: why. Else the latest refusal */
	uint32_t step;                 /* of the start */
	uint16_t command_sent;         /* opcode that waits for its answer; 0: none */
	uint8_t command_link;          /* index of the link that it was for */
	bool command_allowed;
	uint32_t command_deadline_ms;
	struct ble_address address;    /* our own */
	uint64_t le_features;
	uint32_t acl_bytes, acl_free;  /* the controller's buffers: size, and how many are free */
	bool advertises, advertise_blocked, leaves;
	uint32_t turn;                 /* whose turn it is to send */
	uint32_t fails_in_row, pairing_from_ms;
	bool pairing_waits;
	uint8_t database[BLE_KEY_BYTES]; /* hash of the services, as it is read */
	struct ble_counts counts;
};

enum hf_reason ble_start(struct ble *ble, const struct ble_config *config, uint32_t now_ms) HF_MUST_USE;
/* A packet from the controller. HF_OK, or why (a part of) it was ignored. */
enum hf_reason ble_packet(struct ble *ble, const uint8_t *packet, uint32_t size_bytes, uint32_t now_ms);
/* The next packet for the controller; 0: nothing to send now. packet: at least BLE_PACKET_MIN_BYTES. */
uint32_t ble_next(struct ble *ble, uint8_t *packet, uint32_t cap_bytes, uint32_t now_ms);
/* Answers one request of one peer, if there is one and its reply can wait somewhere. True: call again. Sets the server's peer and time. */
bool ble_smp_serve(struct ble *ble, struct smp_server *server, uint32_t now_ms);
/* All replies are with the controller and acknowledged: the time to reset, when a reset was asked for. */
bool ble_is_idle(const struct ble *ble);
/* Before a reset, once idle: ends the connections in words, so that peers need not find out by their timeouts; no new ones until ble_start.
 * Go on with ble_packet and ble_next until ble_is_alone, or for as long as you like to wait. */
void ble_leave(struct ble *ble);
bool ble_is_alone(const struct ble *ble);

#endif
