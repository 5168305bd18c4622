/* SPDX-License-Identifier: MIT */
/* ble_bonds.h - bonds of Bluetooth peers in two flash sectors.
 *
 * Why      A phone that has paired once must not have to pair again after each update; a record is written at each pairing and whenever a
 *          peer changes what it wants, so the sectors are a log.
 * Shapes   A sector: a header of 64 bytes (magic, generation, CRC-32), then records of 64 bytes (a bond and its CRC-32). The sector with
 *          the higher generation counts; of two records of one peer the later. BLE_BONDS_MAX peers; the one longest unused makes room.
 * Order    ble_bonds_open, then get and put as ble/ calls them.
 * Errors   HF_R_BLE_BOND_LOST: the bond works until the next reset. Damaged records are passed over.
 * Cut      A full sector's bonds are copied to the other one, header last: a cut at any point leaves the old sector or the new one, and of a
 *          record that was being written the peer's record before it. Written units are written once.
 */
#ifndef FIRMWARE_BLE_BONDS_H
#define FIRMWARE_BLE_BONDS_H

#include <holdfast/ble.h>
#include <holdfast/flash.h>

#define BLE_BONDS_MAX 8u
#define BLE_BOND_RECORD_BYTES 64u

struct ble_bonds {
	const struct hf_flash *flash;     /* two sectors */
	struct ble_bond list[BLE_BONDS_MAX]; /* the latest last */
	uint32_t count;
	uint32_t sector;                  /* in use: 0 or 1 */
	uint32_t generation;              /* 0: neither sector has a header yet */
	uint32_t used_bytes;              /* of the sector in use */
};

void ble_bonds_open(struct ble_bonds *bonds, const struct hf_flash *flash);
bool ble_bonds_get(const struct ble_bonds *bonds, uint32_t index, struct ble_bond *bond);
enum hf_reason ble_bonds_put(struct ble_bonds *bonds, const struct ble_bond *bond) HF_MUST_USE;

#endif
