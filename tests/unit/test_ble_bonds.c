/* SPDX-License-Identifier: MIT */
/* Bonds in flash (firmware/ble_bonds.c): the log, the change of sectors, damaged records, and a power cut in every operation of a long life. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "firmware/ble_bonds.h"
#include "smp_rig.h"

#define NEVER UINT32_MAX
enum { SECTOR_BYTES = 1024, PEERS = 10, PUTS = 60 };

static struct {
	uint8_t bytes[2 * SECTOR_BYTES];
	uint8_t writes[2 * SECTOR_BYTES];   /* since the erase; by unit */
	uint32_t unit_bytes;
	uint32_t operations, cut_at, form;  /* the power goes in this operation; form: how far it came */
	bool is_off;
} flash_state;

static enum hf_reason ram_read(void *ctx, uint32_t off, void *into, uint32_t size_bytes)
{
	(void)ctx;
	memcpy(into, flash_state.bytes + off, size_bytes);
	return HF_OK;
}

/* True: this operation is the cut one, or comes after it. */
static bool cut_now(void)
{
	if (flash_state.operations++ == flash_state.cut_at)
		flash_state.is_off = true;
	return flash_state.is_off;
}

static enum hf_reason ram_write(void *ctx, uint32_t off, const void *from, uint32_t size_bytes)
{
	const uint8_t *bytes = from;
	bool was_off = flash_state.is_off, cut = cut_now();
	uint32_t whole_bytes = cut ? size_bytes * (flash_state.form % 4u) / 4u / flash_state.unit_bytes * flash_state.unit_bytes : size_bytes;

	(void)ctx;
	assert_int_equal(off % flash_state.unit_bytes, 0);
	assert_int_equal(size_bytes % flash_state.unit_bytes, 0);
	if (was_off)
		return HF_R_FLASH_WRITE;
	for (uint32_t i = 0; i < whole_bytes; i++) {
		assert_int_equal(flash_state.bytes[off + i], 0xff); /* written once */
		flash_state.bytes[off + i] = bytes[i];
	}
	if (cut && flash_state.form >= 4u)
		for (uint32_t i = 0; i < flash_state.unit_bytes; i++)
			flash_state.bytes[off + whole_bytes + i] &= (uint8_t)(bytes[whole_bytes + i] | 0x5au);
	return cut ? HF_R_FLASH_WRITE : HF_OK;
}

static enum hf_reason ram_erase(void *ctx, uint32_t off, uint32_t size_bytes)
{
	bool was_off = flash_state.is_off, cut = cut_now();

	(void)ctx;
	if (!was_off && !cut)
		memset(flash_state.bytes + off, 0xff, size_bytes);
	for (uint32_t i = 0; cut && !was_off && i < size_bytes; i++)
		flash_state.bytes[off + i] |= (uint8_t)(flash_state.form < 4u && i < size_bytes / 2u ? 0xffu : 0x33u);
	return cut ? HF_R_FLASH_ERASE : HF_OK;
}

static enum hf_reason ram_sync(void *ctx)
{
	(void)ctx;
	return HF_OK;
}

static struct hf_flash flash = { .size_bytes = 2 * SECTOR_BYTES, .sector_bytes = SECTOR_BYTES, .erased_byte = 0xff, .read = ram_read, .write = ram_write,
				 .erase = ram_erase, .sync = ram_sync };

static struct ble_bond bond_of(uint32_t peer, uint32_t version)
{
	struct ble_bond bond = { .peer = { .type = (uint8_t)(peer & 1u), .bytes = { (uint8_t)peer, 2, 3, 4, 5, 0xc6 } }, .has_irk = (version & 1u) != 0,
				 .authenticated = (version & 2u) != 0, .wishes = 3, .features = 1 };

	memset(bond.ltk, (int)version, sizeof bond.ltk);
	memset(bond.irk, (int)peer, sizeof bond.irk);
	memset(bond.database, (int)(version >> 1), sizeof bond.database);
	return bond;
}

static bool same_bond(const struct ble_bond *a, const struct ble_bond *b)
{
	return a->peer.type == b->peer.type && memcmp(a->peer.bytes, b->peer.bytes, 6) == 0 && memcmp(a->ltk, b->ltk, 16) == 0 &&
	       memcmp(a->irk, b->irk, 16) == 0 && memcmp(a->database, b->database, 16) == 0 && a->has_irk == b->has_irk &&
	       a->authenticated == b->authenticated && a->wishes == b->wishes && a->features == b->features;
}

static bool same_list(const struct ble_bonds *a, const struct ble_bonds *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (!same_bond(&a->list[i], &b->list[i]))
			return false;
	return true;
}

static void begin(uint32_t unit_bytes)
{
	memset(&flash_state, 0, sizeof flash_state);
	memset(flash_state.bytes, 0xff, sizeof flash_state.bytes);
	flash_state.unit_bytes = unit_bytes;
	flash_state.cut_at = NEVER;
	flash.write_unit_bytes = unit_bytes;
}

static void keeps_and_finds(void **state)
{
	struct ble_bonds bonds, again;
	struct ble_bond bond;

	(void)state;
	begin(4);
	ble_bonds_open(&bonds, &flash);
	assert_false(ble_bonds_get(&bonds, 0, &bond));
	for (uint32_t i = 0; i < 100u; i++) {
		bond = bond_of(i % 7u, i);
		assert_int_equal(ble_bonds_put(&bonds, &bond), HF_OK);
		ble_bonds_open(&again, &flash);
		assert_true(same_list(&again, &bonds));
		assert_true(ble_bonds_get(&again, 0, &bond) && bond.peer.bytes[0] == i % 7u); /* the latest first */
	}
	assert_int_equal(again.count, 7);
	/* What is known already is not written again; the ninth peer takes the place of the one longest unused. */
	flash_state.operations = 0;
	bond = bond_of(99u % 7u, 99);
	assert_int_equal(ble_bonds_put(&bonds, &bond), HF_OK);
	assert_int_equal(flash_state.operations, 0);
	for (uint32_t i = 0; i < 3u; i++) {
		bond = bond_of(20u + i, i);
		assert_int_equal(ble_bonds_put(&bonds, &bond), HF_OK);
	}
	assert_int_equal(bonds.count, BLE_BONDS_MAX);
	ble_bonds_open(&again, &flash);
	assert_true(same_list(&again, &bonds));
	assert_false(ble_bonds_get(&bonds, BLE_BONDS_MAX, &bond));
}

static void damage(void **state)
{
	struct ble_bonds bonds, again;
	struct ble_bond bond;

	(void)state;
	for (uint32_t at = 0; at < 4u * BLE_BOND_RECORD_BYTES; at++) {
		begin(16);
		ble_bonds_open(&bonds, &flash);
		for (uint32_t i = 0; i < 3u; i++) {
			bond = bond_of(i, i);
			assert_int_equal(ble_bonds_put(&bonds, &bond), HF_OK);
		}
		flash_state.bytes[bonds.sector * SECTOR_BYTES + at] ^= 0x40;
		ble_bonds_open(&again, &flash);
		assert_int_equal(again.count, at < BLE_BOND_RECORD_BYTES ? 0 : 2); /* header: nothing; a record: that one */
		bond = bond_of(9, 9);
		assert_int_equal(ble_bonds_put(&again, &bond), HF_OK);
		ble_bonds_open(&bonds, &flash);
		assert_true(same_list(&again, &bonds));
	}
	/* Flash that cannot be written: the bond is there until the reset. */
	begin(4);
	flash_state.cut_at = 0;
	ble_bonds_open(&bonds, &flash);
	bond = bond_of(1, 1);
	assert_int_equal(ble_bonds_put(&bonds, &bond), HF_R_BLE_BOND_LOST);
	assert_true(ble_bonds_get(&bonds, 0, &bond));
	begin(4);
	ble_bonds_open(&bonds, &flash);
	assert_int_equal(ble_bonds_put(&bonds, &bond), HF_OK);
	flash_state.cut_at = flash_state.operations;
	bond = bond_of(2, 1);
	assert_int_equal(ble_bonds_put(&bonds, &bond), HF_R_BLE_BOND_LOST);
}

/* One life with a cut in operation cut_at. False: it was over before. */
static bool life(uint32_t cut_at, uint32_t form, uint32_t unit_bytes)
{
	struct ble_bonds bonds, before, after;
	uint32_t random = 99;

	begin(unit_bytes);
	flash_state.cut_at = cut_at;
	flash_state.form = form;
	ble_bonds_open(&bonds, &flash);
	for (uint32_t i = 0; i < PUTS; i++) {
		struct ble_bond bond = bond_of(rig_random(&random) % PEERS, rig_random(&random) % 100u);
		enum hf_reason reason;

		before = bonds;
		reason = ble_bonds_put(&bonds, &bond);
		if (!flash_state.is_off) {
			assert_int_equal(reason, HF_OK);
			continue;
		}
		assert_int_equal(reason, HF_R_BLE_BOND_LOST);
		flash_state.is_off = false;
		flash_state.cut_at = NEVER;
		ble_bonds_open(&after, &flash);
		if (!same_list(&after, &before) && !same_list(&after, &bonds))
			fail_msg("cut in operation %u, form %u: %u bonds, not %u", (unsigned)cut_at, (unsigned)form, (unsigned)after.count,
				 (unsigned)before.count);
		/* And the life goes on. */
		for (uint32_t k = 0; k < 30u; k++) {
			bond = bond_of(k % PEERS, 100u + k);
			assert_int_equal(ble_bonds_put(&after, &bond), HF_OK);
			ble_bonds_open(&bonds, &flash);
			assert_true(same_list(&after, &bonds));
		}
		return true;
	}
	return false;
}

static void cuts(void **state)
{
	uint32_t count = 0;

	(void)state;
	for (uint32_t unit_bytes = 4; unit_bytes <= 16u; unit_bytes *= 4u)
		for (uint32_t form = 0; form < 8u; form++)
			for (uint32_t cut_at = 0; life(cut_at, form, unit_bytes); cut_at++)
				count++;
	assert_true(count > 16u * PUTS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(keeps_and_finds), cmocka_unit_test(damage), cmocka_unit_test(cuts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
