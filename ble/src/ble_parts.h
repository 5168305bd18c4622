/* SPDX-License-Identifier: MIT */
/* ble_parts.h - what the files of this library know of each other.
 *
 * Shapes   hci: packets, commands, events. l2cap: fragments, frames, signalling. att: requests. gatt: the attributes and their values.
 *          sm: pairing. smp: SMP messages. Each ..._next builds one PDU of its channel, when it is that channel's turn.
 */
#ifndef BLE_PARTS_H
#define BLE_PARTS_H

#include <holdfast/ble.h>

enum { BLE_ACL_HEADER_BYTES = 5, BLE_L2CAP_HEADER_BYTES = 4 };
enum { BLE_CID_ATT = 4, BLE_CID_SIGNAL = 5, BLE_CID_SM = 6 };
/* Commands that a connection wants sent, in this order. */
enum { BLE_WANTS_DISCONNECT = 1, BLE_WANTS_KEY = 2, BLE_WANTS_NO_KEY = 4, BLE_WANTS_DATA_LENGTH = 8, BLE_WANTS_PHY = 16,
       BLE_WANTS_INTERVAL = 32 };
/* Reasons of Vol 1 Part F that we give for a disconnect. */
enum { BLE_CLOSE_AUTHENTICATION = 0x05, BLE_CLOSE_REMOTE = 0x13 };
/* Error codes of ATT, Vol 3 Part F 3.4.1.1. */
enum {
	ATT_OK = 0, ATT_INVALID_HANDLE = 0x01, ATT_READ_NOT_PERMITTED = 0x02, ATT_WRITE_NOT_PERMITTED = 0x03, ATT_INVALID_PDU = 0x04,
	ATT_NO_AUTHENTICATION = 0x05, ATT_NOT_SUPPORTED = 0x06, ATT_INVALID_OFFSET = 0x07, ATT_NOT_FOUND = 0x0a, ATT_INVALID_LENGTH = 0x0d,
	ATT_NO_ENCRYPTION = 0x0f, ATT_BAD_GROUP_TYPE = 0x10, ATT_NO_RESOURCES = 0x11, ATT_OUT_OF_SYNC = 0x12, ATT_VALUE_NOT_ALLOWED = 0x13
};

static inline enum hf_reason ble_refuse(struct ble *ble, enum hf_reason reason)
{
	ble->reason = reason;
	ble->counts.packets_refused++;
	return reason;
}

struct ble_link *ble_link_of(struct ble *ble, uint16_t handle); /* NULL: no such connection */
void ble_link_close(struct ble_link *link, uint8_t reason);

/* hci */
void ble_commands_start(struct ble *ble);
uint32_t ble_command_next(struct ble *ble, uint8_t *packet, uint32_t now_ms);
void ble_command_done(struct ble *ble, uint16_t opcode, uint8_t status, const uint8_t *values, uint32_t size_bytes);
enum hf_reason ble_event(struct ble *ble, uint8_t code, const uint8_t *body, uint32_t size_bytes, uint32_t now_ms);

void ble_interval_ask(struct ble *ble, struct ble_link *link); /* once: by the link layer, or else by signalling */
void ble_link_hasten(const struct ble *ble, struct ble_link *link); /* data length and PHY, where the controller can */

/* l2cap */
enum hf_reason ble_acl_take(struct ble *ble, const uint8_t *packet, uint32_t size_bytes, uint32_t now_ms);
uint32_t ble_acl_next(struct ble *ble, uint8_t *packet, uint32_t cap_bytes, uint32_t now_ms);

/* att */
enum hf_reason ble_att_take(struct ble *ble, struct ble_link *link, const uint8_t *pdu, uint32_t size_bytes);
uint32_t ble_att_next(struct ble *ble, struct ble_link *link, uint8_t *pdu, uint32_t now_ms);

/* gatt. Handles are 1..ble_attribute_count(). */
struct ble_uuid {
	uint16_t is; /* 0: only the long form exists */
	uint8_t long_form[16];
};

uint16_t ble_attribute_count(void);
bool ble_attribute_has_type(uint16_t handle, const struct ble_uuid *type);
bool ble_attribute_is_service(uint16_t handle);
uint16_t ble_attribute_group_end(uint16_t handle);
/* 2 or 16 bytes; returns how many. */
uint32_t ble_attribute_type(uint16_t handle, uint8_t into[16]);
/* An ATT error or ATT_OK. *value lies in the database or in scratch. */
uint8_t ble_attribute_read(const struct ble *ble, const struct ble_link *link, uint16_t handle, uint8_t scratch[24], const uint8_t **value,
			   uint32_t *size_bytes);
uint8_t ble_attribute_write(struct ble *ble, struct ble_link *link, uint16_t handle, const uint8_t *value, uint32_t size_bytes);
bool ble_attribute_is_hash(uint16_t handle);
uint16_t ble_handle_smp(void);
uint16_t ble_handle_changed(void);
void ble_database_hash(struct ble *ble);

/* sm */
void ble_sm_reset(struct ble_sm *sm);
void ble_sm_connected(struct ble *ble, struct ble_link *link, uint32_t now_ms);
enum hf_reason ble_sm_take(struct ble *ble, struct ble_link *link, const uint8_t *pdu, uint32_t size_bytes, uint32_t now_ms);
uint32_t ble_sm_next(struct ble *ble, struct ble_link *link, uint8_t pdu[65]);
/* The key that the controller asks for, least significant byte first; false: none. */
bool ble_sm_key(struct ble *ble, struct ble_link *link, const uint8_t random[8], uint16_t diversifier, uint8_t key[BLE_KEY_BYTES]);
void ble_sm_encryption(struct ble *ble, struct ble_link *link, bool is_on);
void ble_sm_tick(struct ble *ble, struct ble_link *link, uint32_t now_ms);
bool ble_bond_find(const struct ble *ble, const struct ble_address *address, struct ble_bond *bond);
void ble_bond_update(struct ble *ble, struct ble_link *link);

/* smp */
uint8_t ble_smp_write(struct ble *ble, struct ble_link *link, const uint8_t *bytes, uint32_t size_bytes);
void ble_smp_clear(struct ble_link *link);
uint32_t ble_smp_next(struct ble_link *link, uint8_t *value, uint32_t cap_bytes);

#endif
