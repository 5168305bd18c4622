/* SPDX-License-Identifier: MIT */
#include "ble_parts.h"

/* Opcodes of Vol 3 Part F 3.4.8. A request's answer is its opcode + 1. */
enum {
	OP_ERROR = 0x01, OP_MTU = 0x02, OP_FIND_INFORMATION = 0x04, OP_FIND_VALUE = 0x06, OP_READ_TYPE = 0x08, OP_READ = 0x0a, OP_READ_BLOB = 0x0c,
	OP_READ_MULTIPLE = 0x0e, OP_READ_GROUP = 0x10, OP_WRITE = 0x12, OP_NOTIFY = 0x1b, OP_INDICATE = 0x1d, OP_CONFIRM = 0x1e,
	OP_READ_MULTIPLE_VARIABLE = 0x20, OP_WRITE_COMMAND = 0x52, IS_COMMAND = 0x40
};
enum { INDICATION_TIMEOUT_MS = 30000, ROBUST_CACHING = 1 };

struct request {
	struct ble *ble;
	struct ble_link *link;
	const uint8_t *pdu;
	uint32_t size_bytes;
	uint8_t *out;       /* the response; out[0] is set by the caller */
	uint32_t out_bytes; /* so far */
	uint16_t at;        /* handle that an error names */
};

static uint32_t room(const struct request *r)
{
	return r->link->mtu - r->out_bytes;
}

static void put(struct request *r, const uint8_t *bytes, uint32_t size_bytes)
{
	hf_assert(size_bytes <= room(r));
	memcpy(r->out + r->out_bytes, bytes, size_bytes);
	r->out_bytes += size_bytes;
}

static void put16(struct request *r, uint16_t value)
{
	uint8_t bytes[2];

	hf_put16le(bytes, value);
	put(r, bytes, 2);
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Start and end handle at the beginning of a PDU. end is cut to what exists. */
static uint8_t range_get(struct request *r, uint16_t *start, uint16_t *end)
{
	*start = hf_get16le(r->pdu + 1);
	*end = hf_get16le(r->pdu + 3);
	r->at = *start;
	if (*start == 0u || *start > *end)
		return ATT_INVALID_HANDLE;
	if (*end > ble_attribute_count())
		*end = ble_attribute_count();
	return ATT_OK;
}

static uint8_t handle_get(struct request *r, const uint8_t *bytes)
{
	r->at = hf_get16le(bytes);
	return r->at == 0u || r->at > ble_attribute_count() ? ATT_INVALID_HANDLE : ATT_OK;
}

/* A long UUID that is a short one in disguise is treated as the short one: Vol 3 Part B 2.5.1. */
static struct ble_uuid uuid_get(const uint8_t *bytes, uint32_t size_bytes)
{
	static const uint8_t base[12] = { 0xfb, 0x34, 0x9b, 0x5f, 0x80, 0x00, 0x00, 0x80, 0x00, 0x10, 0x00, 0x00 };
	struct ble_uuid uuid = { 0 };

	if (size_bytes == 2u) {
		uuid.is = hf_get16le(bytes);
	} else {
		memcpy(uuid.long_form, bytes, 16);
		if (memcmp(bytes, base, sizeof base) == 0 && hf_get16le(bytes + 14) == 0u)
			uuid.is = hf_get16le(bytes + 12);
	}
	return uuid;
}

/* --- discovery ----------------------------------------------------------------------------------------------------------- */

static uint8_t mtu_exchange(struct request *r)
{
	uint16_t theirs = hf_get16le(r->pdu + 1), ours = r->ble->config.mtu;

	put16(r, ours);
	if (!r->link->mtu_told) { /* once a connection: Vol 3 Part F 3.4.2.1 */
		r->link->mtu_told = true;
		r->link->mtu = theirs < BLE_MTU_MIN ? (uint16_t)BLE_MTU_MIN : theirs < ours ? theirs : ours;
	}
	return ATT_OK;
}

static uint8_t find_information(struct request *r)
{
	uint16_t start, end;
	uint8_t type[16], error = range_get(r, &start, &end);
	uint32_t type_bytes = 0;

	if (error != ATT_OK)
		return error;
	r->out_bytes = 2;
	for (uint32_t handle = start; handle <= end; handle++) {
		uint32_t size = ble_attribute_type((uint16_t)handle, type);

		if ((type_bytes != 0u && size != type_bytes) || room(r) < 2u + size)
			break; /* one form a response */
		type_bytes = size;
		put16(r, (uint16_t)handle);
		put(r, type, size);
	}
	r->out[1] = type_bytes == 2u ? 1 : 2;
	return type_bytes != 0u ? ATT_OK : ATT_NOT_FOUND;
}

static bool value_equals(const struct request *r, uint16_t handle, const uint8_t *wanted, uint32_t wanted_bytes)
{
	uint8_t scratch[24];
	const uint8_t *value;
	uint32_t size_bytes;

	return ble_attribute_read(r->ble, r->link, handle, scratch, &value, &size_bytes) == ATT_OK && size_bytes == wanted_bytes &&
	       memcmp(value, wanted, wanted_bytes) == 0;
}

static uint8_t find_value(struct request *r)
{
	uint16_t start, end;
	struct ble_uuid type = uuid_get(r->pdu + 5, 2);
	uint8_t error = range_get(r, &start, &end);

	if (error != ATT_OK)
		return error;
	for (uint32_t handle = start; handle <= end && room(r) >= 4u; handle++) {
		if (!ble_attribute_has_type((uint16_t)handle, &type) || !value_equals(r, (uint16_t)handle, r->pdu + 7, r->size_bytes - 7u))
			continue;
		put16(r, (uint16_t)handle);
		put16(r, ble_attribute_is_service((uint16_t)handle) ? ble_attribute_group_end((uint16_t)handle) : (uint16_t)handle);
	}
	return r->out_bytes > 1u ? ATT_OK : ATT_NOT_FOUND;
}

/* Read By Type and Read By Group Type: entries of one length; an error counts only where nothing has been read yet. */
static uint8_t read_list(struct request *r, bool groups)
{
	uint16_t start, end;
	struct ble_uuid type = uuid_get(r->pdu + 5, r->size_bytes - 5u);
	uint8_t scratch[24], error = range_get(r, &start, &end);
	uint32_t head_bytes = groups ? 4u : 2u, taken_bytes = 0, first_bytes = 0;

	if (error != ATT_OK)
		return error;
	if (groups && type.is != 0x2800u)
		return ATT_BAD_GROUP_TYPE;
	r->out_bytes = 2;
	for (uint32_t handle = start; handle <= end; handle++) {
		const uint8_t *value;
		uint32_t size_bytes;

		if (!ble_attribute_has_type((uint16_t)handle, &type))
			continue;
		error = ble_attribute_read(r->ble, r->link, (uint16_t)handle, scratch, &value, &size_bytes);
		if (error != ATT_OK && r->out_bytes == 2u) {
			r->at = (uint16_t)handle;
			return error;
		}
		if (error != ATT_OK || (r->out_bytes != 2u && (size_bytes != first_bytes || room(r) < head_bytes + taken_bytes)))
			break;
		first_bytes = size_bytes;
		taken_bytes = least(size_bytes, least(room(r), 255u) - head_bytes);
		put16(r, (uint16_t)handle);
		if (groups)
			put16(r, ble_attribute_group_end((uint16_t)handle));
		put(r, value, taken_bytes);
		r->link->aware = r->link->aware || ble_attribute_is_hash((uint16_t)handle);
		if (taken_bytes < size_bytes)
			break;
	}
	r->out[1] = (uint8_t)(head_bytes + taken_bytes);
	return r->out_bytes > 2u ? ATT_OK : ATT_NOT_FOUND;
}

/* True: the request is refused because the peer's picture of our services is old. It is told once; its next request counts as told. */
static bool out_of_sync(struct ble_link *link)
{
	if (link->aware || (link->features & ROBUST_CACHING) == 0u)
		return false;
	if (link->told_out_of_sync) {
		link->aware = true;
		return false;
	}
	link->told_out_of_sync = true;
	return true;
}

/* A read over some handles believes in an old picture, too, unless it discovers: Vol 3 Part G 2.5.2.1. */
static bool reads_some(const struct request *r)
{
	struct ble_uuid type = uuid_get(r->pdu + 5, r->size_bytes - 5u);

	return (hf_get16le(r->pdu + 1) != 1u || hf_get16le(r->pdu + 3) != 0xffffu) && type.is != 0x2802u && type.is != 0x2803u;
}

static uint8_t read_by_type(struct request *r)
{
	if (r->size_bytes != 7u && r->size_bytes != 21u)
		return ATT_INVALID_PDU;
	r->at = hf_get16le(r->pdu + 1);
	return reads_some(r) && out_of_sync(r->link) ? (uint8_t)ATT_OUT_OF_SYNC : read_list(r, false);
}

static uint8_t read_by_group(struct request *r)
{
	return r->size_bytes == 7u || r->size_bytes == 21u ? read_list(r, true) : (uint8_t)ATT_INVALID_PDU;
}

/* --- read and write ------------------------------------------------------------------------------------------------------ */

static uint8_t value_put(struct request *r, const uint8_t *handle, uint32_t from_off, bool with_length)
{
	uint8_t scratch[24], error = handle_get(r, handle);
	const uint8_t *value;
	uint32_t size_bytes;

	if (error == ATT_OK)
		error = ble_attribute_read(r->ble, r->link, r->at, scratch, &value, &size_bytes);
	if (error != ATT_OK)
		return error;
	if (from_off > size_bytes)
		return ATT_INVALID_OFFSET;
	if (with_length && room(r) < 2u)
		return ATT_OK;
	if (with_length)
		put16(r, (uint16_t)size_bytes);
	put(r, value + from_off, least(size_bytes - from_off, room(r)));
	return ATT_OK;
}

static uint8_t read_one(struct request *r)
{
	return value_put(r, r->pdu + 1, 0, false);
}

static uint8_t read_blob(struct request *r)
{
	return value_put(r, r->pdu + 1, hf_get16le(r->pdu + 3), false);
}

static uint8_t read_several(struct request *r)
{
	uint8_t error = r->size_bytes % 2u == 1u ? ATT_OK : ATT_INVALID_PDU;

	for (uint32_t off = 1; off + 1u < r->size_bytes && error == ATT_OK; off += 2u)
		error = value_put(r, r->pdu + off, 0, r->pdu[0] == OP_READ_MULTIPLE_VARIABLE);
	return error;
}

static uint8_t write_one(struct request *r)
{
	uint8_t error = handle_get(r, r->pdu + 1);

	return error != ATT_OK ? error : ble_attribute_write(r->ble, r->link, r->at, r->pdu + 3, r->size_bytes - 3u);
}

/* --- dispatch ------------------------------------------------------------------------------------------------------------ */

/* max_bytes 0: no upper bound but the MTU. by_handle: refused to a peer that is out of step with our services (Part G 2.5.2.1). */
static const struct {
	uint8_t opcode;
	uint8_t min_bytes, max_bytes;
	bool by_handle;
	uint8_t (*answer)(struct request *r);
} requests[] = {
	{ OP_MTU, 3, 3, false, mtu_exchange },
	{ OP_FIND_INFORMATION, 5, 5, false, find_information },
	{ OP_FIND_VALUE, 7, 0, false, find_value },
	{ OP_READ_TYPE, 7, 21, false, read_by_type },
	{ OP_READ, 3, 3, true, read_one },
	{ OP_READ_BLOB, 5, 5, true, read_blob },
	{ OP_READ_MULTIPLE, 5, 0, true, read_several },
	{ OP_READ_GROUP, 7, 21, false, read_by_group },
	{ OP_WRITE, 3, 0, true, write_one },
	{ OP_READ_MULTIPLE_VARIABLE, 5, 0, true, read_several },
};

static uint8_t request_run(struct request *r)
{
	for (uint32_t i = 0; i < HF_ARRAY_COUNT(requests); i++) {
		if (requests[i].opcode != r->pdu[0])
			continue;
		if (r->size_bytes < requests[i].min_bytes || (requests[i].max_bytes != 0u && r->size_bytes > requests[i].max_bytes))
			return ATT_INVALID_PDU;
		if (requests[i].by_handle && out_of_sync(r->link)) {
			r->at = hf_get16le(r->pdu + 1);
			return ATT_OUT_OF_SYNC;
		}
		return requests[i].answer(r);
	}
	return ATT_NOT_SUPPORTED;
}

static void command_run(struct ble *ble, struct ble_link *link, const uint8_t *pdu, uint32_t size_bytes)
{
	uint16_t handle = size_bytes >= 3u ? hf_get16le(pdu + 1) : 0u;

	if (pdu[0] != OP_WRITE_COMMAND || handle == 0u || handle > ble_attribute_count())
		return; /* commands are never answered */
	if (!link->aware && (link->features & ROBUST_CACHING) != 0u)
		return;
	(void)ble_attribute_write(ble, link, handle, pdu + 3, size_bytes - 3u);
}

static void confirm(struct ble *ble, struct ble_link *link)
{
	if (!link->indication_waits)
		return;
	link->indication_waits = false;
	link->aware = true;
	ble_bond_update(ble, link);
}

enum hf_reason ble_att_take(struct ble *ble, struct ble_link *link, const uint8_t *pdu, uint32_t size_bytes)
{
	struct request r = { .ble = ble, .link = link, .pdu = pdu, .size_bytes = size_bytes, .out = link->response, .out_bytes = 1 };
	uint8_t error;

	if (size_bytes == 0u || size_bytes > ble->config.mtu)
		return ble_refuse(ble, HF_R_BLE_ATT);
	if ((pdu[0] & IS_COMMAND) != 0u) {
		command_run(ble, link, pdu, size_bytes);
		return HF_OK;
	}
	if (pdu[0] == OP_CONFIRM && size_bytes == 1u) {
		confirm(ble, link);
		return HF_OK;
	}
	/* Odd numbers answer or announce, and we ask nothing. A second request before the first is answered breaks 3.3.2: one answer. */
	if (pdu[0] % 2u == 1u || pdu[0] == OP_CONFIRM || link->response_bytes != 0u)
		return ble_refuse(ble, HF_R_BLE_ATT);
	error = request_run(&r);
	r.out[0] = (uint8_t)(pdu[0] + 1u);
	if (error != ATT_OK) {
		r.out[0] = OP_ERROR;
		r.out[1] = pdu[0];
		hf_put16le(r.out + 2, r.at);
		r.out[4] = error;
		r.out_bytes = 5;
	}
	link->response_bytes = r.out_bytes;
	return HF_OK;
}

/* Responses before what we say by ourselves. */
uint32_t ble_att_next(struct ble *ble, struct ble_link *link, uint8_t *pdu, uint32_t now_ms)
{
	uint32_t size_bytes = link->response_bytes;

	(void)ble;
	if (size_bytes != 0u) {
		memcpy(pdu, link->response, size_bytes);
		link->response_bytes = 0;
		return size_bytes;
	}
	if (link->indicate_changed && !link->indication_waits) {
		link->indicate_changed = false;
		link->indication_waits = true;
		link->indication_deadline_ms = now_ms + INDICATION_TIMEOUT_MS;
		pdu[0] = OP_INDICATE;
		hf_put16le(pdu + 1, ble_handle_changed());
		hf_put16le(pdu + 3, 0x0001);
		hf_put16le(pdu + 5, 0xffff); /* everything may have changed */
		return 7;
	}
	size_bytes = ble_smp_next(link, pdu + 3, link->mtu - 3u);
	if (size_bytes == 0u)
		return 0;
	pdu[0] = OP_NOTIFY;
	hf_put16le(pdu + 1, ble_handle_smp());
	return 3u + size_bytes;
}
