/* SPDX-License-Identifier: MIT */
#include "ble_parts.h"

/* Assigned Numbers 3.4 (services), 3.6 (declarations), 3.7 (descriptors), 3.8 (characteristics). */
enum {
	UUID_SERVICE = 0x2800, UUID_CHARACTERISTIC = 0x2803, UUID_WISH = 0x2902, UUID_NAME = 0x2a00, UUID_APPEARANCE = 0x2a01, UUID_PREFERRED = 0x2a04,
	UUID_CHANGED = 0x2a05, UUID_MODEL = 0x2a24, UUID_FIRMWARE = 0x2a26, UUID_MANUFACTURER = 0x2a29, UUID_FEATURES = 0x2b29, UUID_HASH = 0x2b2a,
	UUID_GAP = 0x1800, UUID_GATT = 0x1801, UUID_INFORMATION = 0x180a, UUID_SMP = 0 /* the long ones */
};
enum { MAY_READ = 0x02, MAY_WRITE_COMMAND = 0x04, MAY_WRITE = 0x08, MAY_NOTIFY = 0x10, MAY_INDICATE = 0x20 }; /* Vol 3 Part G 3.3.1.1 */

/* Source: zephyrproject-rtos/zephyr: doc/services/device_mgmt/smp_transport.rst. Least significant byte first. */
static const uint8_t smp_service[16] = { 0x84, 0xaa, 0x60, 0x74, 0x52, 0x8a, 0x8b, 0x86, 0xd3, 0x4c, 0xb7, 0x1d, 0x1d, 0xdc, 0x53, 0x8d };
static const uint8_t smp_characteristic[16] = { 0x48, 0x7c, 0x99, 0x74, 0x11, 0x26, 0x9e, 0xae, 0x01, 0x4e, 0xce, 0xfb, 0x28, 0x78, 0x2e, 0xda };

/* uuid: of what a declaration declares. A characteristic's value is the row behind it. Row n has handle n + 1; appending a row or
 * changing one changes the database hash, and peers that know us are told. */
static const struct {
	uint16_t type;
	uint16_t uuid;
	uint8_t properties;
} rows[] = {
	{ UUID_SERVICE, UUID_GAP, 0 },
	{ UUID_CHARACTERISTIC, UUID_NAME, MAY_READ },
	{ UUID_NAME, 0, 0 },
	{ UUID_CHARACTERISTIC, UUID_APPEARANCE, MAY_READ },
	{ UUID_APPEARANCE, 0, 0 },
	{ UUID_CHARACTERISTIC, UUID_PREFERRED, MAY_READ },
	{ UUID_PREFERRED, 0, 0 },
	{ UUID_SERVICE, UUID_GATT, 0 },
	{ UUID_CHARACTERISTIC, UUID_CHANGED, MAY_INDICATE },
	{ UUID_CHANGED, 0, 0 },
	{ UUID_WISH, UUID_CHANGED, 0 },
	{ UUID_CHARACTERISTIC, UUID_FEATURES, MAY_READ | MAY_WRITE },
	{ UUID_FEATURES, 0, 0 },
	{ UUID_CHARACTERISTIC, UUID_HASH, MAY_READ },
	{ UUID_HASH, 0, 0 },
	{ UUID_SERVICE, UUID_INFORMATION, 0 },
	{ UUID_CHARACTERISTIC, UUID_MANUFACTURER, MAY_READ },
	{ UUID_MANUFACTURER, 0, 0 },
	{ UUID_CHARACTERISTIC, UUID_MODEL, MAY_READ },
	{ UUID_MODEL, 0, 0 },
	{ UUID_CHARACTERISTIC, UUID_FIRMWARE, MAY_READ },
	{ UUID_FIRMWARE, 0, 0 },
	{ UUID_SERVICE, UUID_SMP, 0 },
	{ UUID_CHARACTERISTIC, UUID_SMP, MAY_WRITE_COMMAND | MAY_NOTIFY },
	{ UUID_SMP, 0, 0 },
	{ UUID_WISH, UUID_SMP, 0 },
};

static uint16_t handle_of(uint16_t type, uint16_t uuid)
{
	for (uint32_t i = 0; i < HF_ARRAY_COUNT(rows); i++)
		if (rows[i].type == type && rows[i].uuid == uuid)
			return (uint16_t)(i + 1u);
	return 0;
}

uint16_t ble_attribute_count(void)
{
	return (uint16_t)HF_ARRAY_COUNT(rows);
}

uint16_t ble_handle_smp(void)
{
	return handle_of(UUID_SMP, 0);
}

uint16_t ble_handle_changed(void)
{
	return handle_of(UUID_CHANGED, 0);
}

bool ble_attribute_is_hash(uint16_t handle)
{
	return rows[handle - 1u].type == UUID_HASH;
}

bool ble_attribute_is_service(uint16_t handle)
{
	return rows[handle - 1u].type == UUID_SERVICE;
}

uint16_t ble_attribute_group_end(uint16_t handle)
{
	uint16_t end = handle;

	while (end < HF_ARRAY_COUNT(rows) && !ble_attribute_is_service((uint16_t)(end + 1u)))
		end++;
	return end;
}

uint32_t ble_attribute_type(uint16_t handle, uint8_t into[16])
{
	if (rows[handle - 1u].type == UUID_SMP) {
		memcpy(into, smp_characteristic, 16);
		return 16;
	}
	hf_put16le(into, rows[handle - 1u].type);
	return 2;
}

bool ble_attribute_has_type(uint16_t handle, const struct ble_uuid *type)
{
	if (type->is != 0u)
		return rows[handle - 1u].type == type->is;
	return rows[handle - 1u].type == UUID_SMP && memcmp(type->long_form, smp_characteristic, 16) == 0;
}

/* --- values -------------------------------------------------------------------------------------------------------------- */

static uint32_t declaration(uint32_t index, uint8_t *into)
{
	uint32_t at = 0;

	if (rows[index].type == UUID_CHARACTERISTIC) {
		into[0] = rows[index].properties;
		hf_put16le(into + 1, (uint16_t)(index + 2u));
		at = 3;
	}
	if (rows[index].uuid == UUID_SMP) {
		memcpy(into + at, at == 0u ? smp_service : smp_characteristic, 16);
		return at + 16u;
	}
	hf_put16le(into + at, rows[index].uuid);
	return at + 2u;
}

static uint32_t wish_value(const struct ble_link *link, uint16_t of, uint8_t *into)
{
	bool changed = of == UUID_CHANGED && (link->wishes & BLE_WISH_CHANGED) != 0, smp = of == UUID_SMP && (link->wishes & BLE_WISH_SMP) != 0;

	hf_put16le(into, changed ? 2 : smp ? 1 : 0);
	return 2;
}

static uint32_t preferred(const struct ble_config *config, uint8_t *into)
{
	hf_put16le(into, config->interval_min);
	hf_put16le(into + 2, config->interval_max);
	hf_put16le(into + 4, config->latency);
	hf_put16le(into + 6, config->timeout);
	return 8;
}

static void text_value(const char *text, const uint8_t **value, uint32_t *size_bytes)
{
	const char *words = text != NULL ? text : "";

	*value = (const uint8_t *)words;
	*size_bytes = (uint32_t)strlen(words);
}

uint8_t ble_attribute_read(const struct ble *ble, const struct ble_link *link, uint16_t handle, uint8_t scratch[24], const uint8_t **value,
			   uint32_t *size_bytes)
{
	uint32_t index = handle - 1u;

	*value = scratch;
	switch (rows[index].type) {
	case UUID_SERVICE:
	case UUID_CHARACTERISTIC:
		*size_bytes = declaration(index, scratch);
		return ATT_OK;
	case UUID_NAME:
		text_value(ble->config.name, value, size_bytes);
		return ATT_OK;
	case UUID_MANUFACTURER:
		text_value(ble->config.manufacturer, value, size_bytes);
		return ATT_OK;
	case UUID_MODEL:
		text_value(ble->config.model, value, size_bytes);
		return ATT_OK;
	case UUID_FIRMWARE:
		text_value(ble->config.firmware, value, size_bytes);
		return ATT_OK;
	case UUID_APPEARANCE:
		hf_put16le(scratch, 0); /* unknown */
		*size_bytes = 2;
		return ATT_OK;
	case UUID_PREFERRED:
		*size_bytes = preferred(&ble->config, scratch);
		return ATT_OK;
	case UUID_FEATURES:
		scratch[0] = link->features;
		*size_bytes = 1;
		return ATT_OK;
	case UUID_HASH:
		*value = ble->database;
		*size_bytes = sizeof ble->database;
		return ATT_OK;
	case UUID_WISH:
		*size_bytes = wish_value(link, rows[index].uuid, scratch);
		return ATT_OK;
	default: /* SMP and Service Changed: sent, never read */
		return ATT_READ_NOT_PERMITTED;
	}
}

/* --- writes -------------------------------------------------------------------------------------------------------------- */

/* Vol 3 Part C 10.3.1. A known peer is asked to encrypt, any other to pair. */
static uint8_t policy_check(const struct ble *ble, const struct ble_link *link)
{
	struct ble_bond bond;

	if (ble->config.policy == BLE_OPEN)
		return ATT_OK;
	if (!link->encrypted) {
		bool known = ble_bond_find(ble, &link->peer, &bond) && (ble->config.policy == BLE_ENCRYPTED || bond.authenticated);

		return known ? ATT_NO_ENCRYPTION : ATT_NO_AUTHENTICATION;
	}
	return ble->config.policy == BLE_AUTHENTICATED && !link->authenticated ? ATT_NO_AUTHENTICATION : ATT_OK;
}

/* Client Characteristic Configuration, Vol 3 Part G 3.3.3.3. A bit that the characteristic cannot do is refused. */
static uint8_t wish_write(struct ble *ble, struct ble_link *link, uint16_t of, const uint8_t *value, uint32_t size_bytes)
{
	uint16_t allowed = of == UUID_SMP ? 1 : 2, wish;
	uint8_t bit = of == UUID_SMP ? BLE_WISH_SMP : BLE_WISH_CHANGED;
	uint8_t error = of == UUID_SMP ? policy_check(ble, link) : (uint8_t)ATT_OK;

	if (error != ATT_OK)
		return error;
	if (size_bytes != 2u)
		return ATT_INVALID_LENGTH;
	wish = hf_get16le(value);
	if ((wish & ~(uint32_t)allowed) != 0u)
		return ATT_VALUE_NOT_ALLOWED;
	link->wishes = (uint8_t)(wish != 0u ? link->wishes | bit : link->wishes & ~(uint32_t)bit);
	if (of == UUID_SMP) {
		ble_smp_clear(link); /* a peer that begins anew, or goes */
		link->ask_interval = wish != 0u;
	}
	ble_bond_update(ble, link);
	return ATT_OK;
}

/* Vol 3 Part G 7.2: bits are set, never cleared. */
static uint8_t features_write(struct ble *ble, struct ble_link *link, const uint8_t *value, uint32_t size_bytes)
{
	if (size_bytes == 0u)
		return ATT_INVALID_LENGTH;
	if ((link->features & ~(uint32_t)value[0]) != 0u)
		return ATT_VALUE_NOT_ALLOWED;
	link->features = value[0];
	ble_bond_update(ble, link);
	return ATT_OK;
}

uint8_t ble_attribute_write(struct ble *ble, struct ble_link *link, uint16_t handle, const uint8_t *value, uint32_t size_bytes)
{
	uint8_t error;

	switch (rows[handle - 1u].type) {
	case UUID_WISH:
		return wish_write(ble, link, rows[handle - 1u].uuid, value, size_bytes);
	case UUID_FEATURES:
		return features_write(ble, link, value, size_bytes);
	case UUID_SMP:
		error = policy_check(ble, link);
		return error != ATT_OK ? error : ble_smp_write(ble, link, value, size_bytes);
	default:
		return ATT_WRITE_NOT_PERMITTED;
	}
}

/* Vol 3 Part G 7.3.1: declarations whole, descriptors without their value, values not at all; AES-CMAC with key 0. Read as every value of
 * several bytes: least significant first (3.3.1 of Part F). */
void ble_database_hash(struct ble *ble)
{
	static const uint8_t key[BLE_KEY_BYTES];
	struct ble_cmac cmac;
	uint8_t bytes[4 + 24], hash[BLE_KEY_BYTES];

	ble_cmac_start(&cmac, ble->config.crypto, key);
	for (uint32_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		bool declares = rows[i].type == UUID_SERVICE || rows[i].type == UUID_CHARACTERISTIC;

		if (!declares && rows[i].type != UUID_WISH)
			continue;
		hf_put16le(bytes, (uint16_t)(i + 1u));
		hf_put16le(bytes + 2, rows[i].type);
		ble_cmac_add(&cmac, bytes, 4u + (declares ? declaration(i, bytes + 4) : 0u));
	}
	ble_cmac_end(&cmac, hash);
	ble_swap(ble->database, hash, sizeof hash);
}
