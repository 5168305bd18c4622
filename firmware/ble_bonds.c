/* SPDX-License-Identifier: MIT */
#include "ble_bonds.h"

#include <string.h>

enum {
	MAGIC = 0x44424648, /* "HFBD" */
	CRC_OFF = BLE_BOND_RECORD_BYTES - 4, HAS_IRK = 1, AUTHENTICATED = 2
};

/* --- records ------------------------------------------------------------------------------------------------------------- */

static void record_seal(uint8_t record[BLE_BOND_RECORD_BYTES])
{
	hf_put32le(record + CRC_OFF, hf_crc32(0, record, CRC_OFF));
}

static bool record_is_sound(const uint8_t record[BLE_BOND_RECORD_BYTES])
{
	return hf_get32le(record + CRC_OFF) == hf_crc32(0, record, CRC_OFF);
}

static void record_make(const struct ble_bond *bond, uint8_t record[BLE_BOND_RECORD_BYTES])
{
	memset(record, 0, BLE_BOND_RECORD_BYTES);
	record[0] = bond->peer.type;
	memcpy(record + 1, bond->peer.bytes, 6);
	record[7] = (uint8_t)((bond->has_irk ? HAS_IRK : 0) | (bond->authenticated ? AUTHENTICATED : 0));
	record[8] = bond->wishes;
	record[9] = bond->features;
	memcpy(record + 10, bond->ltk, BLE_KEY_BYTES);
	memcpy(record + 26, bond->irk, BLE_KEY_BYTES);
	memcpy(record + 42, bond->database, BLE_KEY_BYTES);
	record_seal(record);
}

static struct ble_bond record_read(const uint8_t record[BLE_BOND_RECORD_BYTES])
{
	struct ble_bond bond = { .peer = { .type = record[0] }, .has_irk = (record[7] & HAS_IRK) != 0, .authenticated = (record[7] & AUTHENTICATED) != 0,
				 .wishes = record[8], .features = record[9] };

	memcpy(bond.peer.bytes, record + 1, 6);
	memcpy(bond.ltk, record + 10, BLE_KEY_BYTES);
	memcpy(bond.irk, record + 26, BLE_KEY_BYTES);
	memcpy(bond.database, record + 42, BLE_KEY_BYTES);
	return bond;
}

/* --- the list in RAM ----------------------------------------------------------------------------------------------------- */

static bool same_peer(const struct ble_bond *a, const struct ble_bond *b)
{
	return a->peer.type == b->peer.type && memcmp(a->peer.bytes, b->peer.bytes, 6) == 0;
}

/* Structures may have padding: their records are compared. */
static bool is_known(const struct ble_bonds *bonds, const struct ble_bond *bond)
{
	uint8_t mine[BLE_BOND_RECORD_BYTES], theirs[BLE_BOND_RECORD_BYTES];

	record_make(bond, theirs);
	for (uint32_t i = 0; i < bonds->count; i++) {
		record_make(&bonds->list[i], mine);
		if (memcmp(mine, theirs, sizeof mine) == 0)
			return true;
	}
	return false;
}

static void list_drop(struct ble_bonds *bonds, uint32_t index)
{
	bonds->count--;
	memmove(bonds->list + index, bonds->list + index + 1u, (bonds->count - index) * sizeof bonds->list[0]);
}

static void list_add(struct ble_bonds *bonds, const struct ble_bond *bond)
{
	uint32_t index = 0;

	while (index < bonds->count && !same_peer(&bonds->list[index], bond))
		index++;
	if (index < bonds->count)
		list_drop(bonds, index);
	else if (bonds->count == BLE_BONDS_MAX)
		list_drop(bonds, 0);
	bonds->list[bonds->count++] = *bond;
}

/* --- sectors ------------------------------------------------------------------------------------------------------------- */

/* 0: no header that reads well. */
static uint32_t generation_of(const struct hf_flash *flash, uint32_t sector)
{
	uint8_t header[BLE_BOND_RECORD_BYTES];

	if (flash->read(flash->ctx, sector * flash->sector_bytes, header, sizeof header) != HF_OK || !record_is_sound(header) ||
	    hf_get32le(header) != MAGIC)
		return 0;
	return hf_get32le(header + 4);
}

/* A record that nothing was written to ends the sector; one that does not read well is used up all the same. */
static void records_load(struct ble_bonds *bonds)
{
	const struct hf_flash *flash = bonds->flash;
	uint8_t record[BLE_BOND_RECORD_BYTES];

	for (bonds->used_bytes = BLE_BOND_RECORD_BYTES; bonds->used_bytes < flash->sector_bytes; bonds->used_bytes += BLE_BOND_RECORD_BYTES) {
		struct ble_bond bond;

		if (flash->read(flash->ctx, bonds->sector * flash->sector_bytes + bonds->used_bytes, record, sizeof record) != HF_OK)
			continue;
		if (hf_is_filled(record, sizeof record, flash->erased_byte))
			return;
		if (!record_is_sound(record))
			continue;
		bond = record_read(record);
		list_add(bonds, &bond);
	}
}

void ble_bonds_open(struct ble_bonds *bonds, const struct hf_flash *flash)
{
	uint32_t first = generation_of(flash, 0), second = generation_of(flash, 1);

	memset(bonds, 0, sizeof *bonds);
	bonds->flash = flash;
	bonds->used_bytes = flash->sector_bytes; /* full: the first put begins a sector */
	bonds->sector = second > first ? 1 : 0;
	bonds->generation = second > first ? second : first;
	if (bonds->generation != 0)
		records_load(bonds);
}

static bool record_write(struct ble_bonds *bonds, uint32_t off, const uint8_t record[BLE_BOND_RECORD_BYTES])
{
	const struct hf_flash *flash = bonds->flash;

	return flash->write(flash->ctx, bonds->sector * flash->sector_bytes + off, record, BLE_BOND_RECORD_BYTES) == HF_OK;
}

/* All bonds into the other sector. Until its header is there the old sector counts. */
static bool sector_change(struct ble_bonds *bonds)
{
	const struct hf_flash *flash = bonds->flash;
	uint8_t record[BLE_BOND_RECORD_BYTES];
	bool good;

	bonds->sector ^= 1u;
	bonds->used_bytes = BLE_BOND_RECORD_BYTES;
	good = flash->erase(flash->ctx, bonds->sector * flash->sector_bytes, flash->sector_bytes) == HF_OK;
	for (uint32_t i = 0; i < bonds->count && good; i++) {
		record_make(&bonds->list[i], record);
		good = record_write(bonds, bonds->used_bytes, record);
		bonds->used_bytes += BLE_BOND_RECORD_BYTES;
	}
	memset(record, 0, sizeof record);
	hf_put32le(record, MAGIC);
	hf_put32le(record + 4, bonds->generation + 1u);
	record_seal(record);
	good = good && flash->sync(flash->ctx) == HF_OK && record_write(bonds, 0, record) && flash->sync(flash->ctx) == HF_OK;
	if (good) {
		bonds->generation++;
	} else {
		bonds->sector ^= 1u; /* still the one that counts; the next put tries again */
		bonds->used_bytes = flash->sector_bytes;
	}
	return good;
}

bool ble_bonds_get(const struct ble_bonds *bonds, uint32_t index, struct ble_bond *bond)
{
	if (index >= bonds->count)
		return false;
	*bond = bonds->list[bonds->count - 1u - index];
	return true;
}

enum hf_reason ble_bonds_put(struct ble_bonds *bonds, const struct ble_bond *bond)
{
	uint8_t record[BLE_BOND_RECORD_BYTES];
	bool good;

	if (is_known(bonds, bond))
		return HF_OK;
	list_add(bonds, bond);
	if (bonds->used_bytes >= bonds->flash->sector_bytes)
		return sector_change(bonds) ? HF_OK : HF_R_BLE_BOND_LOST;
	record_make(bond, record);
	good = record_write(bonds, bonds->used_bytes, record) && bonds->flash->sync(bonds->flash->ctx) == HF_OK;
	bonds->used_bytes += BLE_BOND_RECORD_BYTES;
	return good ? HF_OK : HF_R_BLE_BOND_LOST;
}
