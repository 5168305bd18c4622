/* SPDX-License-Identifier: MIT */
#include "recovery_server.h"

enum { TEXT_BYTES = 25 }; /* "255.255.65535.4294967295" */

enum { OFF, DATA, LEN, IMAGE, SHA, HASH, CONFIRM, SLOT, BOOT_MODE, QUERY, ECHO, FIELD_COUNT };

static struct smp_field fields[FIELD_COUNT]; /* of the request being answered */

/* ---- what the slots hold */

/* Kept until something is written there: a verdict takes about a second. */
static const struct hf_verdict *verdict_of(struct recovery_server *r, uint32_t role)
{
	struct recovery_slot *slot = &r->slots[role];

	if (!slot->known && hf_recovery_judge(r->boot, (enum hf_slot_role)role, &slot->verdict) != HF_OK)
		slot->verdict.token = HF_REFUSED;
	slot->known = true;
	return &slot->verdict;
}

static bool has_image(struct recovery_server *r, uint32_t role)
{
	return r->slots[role].flash != NULL && verdict_of(r, role)->token == HF_ACCEPTED;
}

static uint32_t put_number(char *text, uint32_t at, uint32_t number)
{
	uint32_t digits = 1;

	for (uint32_t rest = number; rest >= 10u; rest /= 10u)
		digits++;
	for (uint32_t i = digits; i-- != 0u; number /= 10u)
		text[at + i] = (char)('0' + number % 10u);
	return at + digits;
}

static HF_NOINLINE void put_slot(struct recovery_server *r, struct smp_writer *writer, uint32_t role, enum hf_swap_type type)
{
	const struct hf_verdict *verdict = verdict_of(r, role);
	const struct hf_version *v = &verdict->image.version;
	const uint32_t numbers[] = { v->major, v->minor, v->revision, v->build };
	char text[TEXT_BYTES];
	uint32_t at = 0;

	for (uint32_t i = 0; i < 3u + (v->build != 0u); i++) {
		text[at] = '.';
		at = put_number(text, at + (i != 0u), numbers[i]);
	}
	smp_put_map_open(writer);
	smp_put_key_uint(writer, "slot", role);
	smp_put_text(writer, "version");
	smp_put_text_n(writer, text, at);
	smp_put_key_bytes(writer, "hash", verdict->digest, hf_hash_bytes(verdict->hash_kind));
	/* A flag that is not there is false. */
	smp_put_key_bool(writer, "bootable", true);
	if (role == HF_SLOT_PRIMARY) {
		smp_put_key_bool(writer, "active", true);
		smp_put_key_bool(writer, "confirmed", type != HF_SWAP_REVERT);
	} else if (type == HF_SWAP_TEST || type == HF_SWAP_PERM) {
		smp_put_key_bool(writer, "pending", true);
		smp_put_key_bool(writer, "permanent", type == HF_SWAP_PERM);
	}
	smp_put_close(writer);
}

static void state_read(struct recovery_server *r, struct smp_writer *writer)
{
	enum hf_swap_type type = HF_SWAP_NONE;

	if (hf_app_swap_type(&r->app, &type) != HF_OK)
		type = HF_SWAP_NONE; /* no update slot, or it can't be read: that hides nothing else */
	smp_put_text(writer, "images");
	smp_put_list_open(writer);
	for (uint32_t role = 0; role < 2u; role++) {
		if (has_image(r, role))
			put_slot(r, writer, role, type);
	}
	smp_put_close(writer);
}

/* Test or confirm: the image in the update slot is asked for. What lies in the primary is started anyway. */
static enum hf_reason state_write(struct recovery_server *r)
{
	const struct smp_span *hash = &fields[HASH].is.span;

	if (!fields[HASH].found)
		return HF_R_SMP_HASH;
	for (uint32_t role = 0; role < 2u; role++) {
		if (!has_image(r, role) || hash->size_bytes != hf_hash_bytes(r->slots[role].verdict.hash_kind) ||
		    memcmp(hash->data, r->slots[role].verdict.digest, hash->size_bytes) != 0)
			continue;
		return role == HF_SLOT_SECONDARY ? hf_app_request_known(&r->app, fields[CONFIRM].is.flag) : HF_OK;
	}
	return HF_R_SMP_HASH_UNKNOWN;
}

/* ---- upload */

/* Into the update slot or the primary; what is refused here has changed nothing. */
static enum hf_reason upload_begin(struct recovery_server *r)
{
	struct hf_recovery_facts facts;
	struct hf_recovery_plan plan;
	const bool has_tag = fields[SHA].is.span.size_bytes != 0u;
	uint8_t tag[4];
	enum hf_reason reason;

	if (fields[IMAGE].is.u32 > RECOVERY_IMAGE_PRIMARY)
		return HF_R_SMP_UPLOAD_IMAGE;
	hf_recovery_facts_of(r->boot, r->result, fields[IMAGE].is.u32 == RECOVERY_IMAGE_PRIMARY, &facts);
	reason = hf_recovery_plan_of(&facts, &plan);
	if (reason != HF_OK)
		return reason;
	r->plan = plan;
	r->upload = RECOVERY_UPLOAD_NONE;
	r->slots[plan.into].known = false;
	if (plan.into == HF_SLOT_SECONDARY) {
		reason = hf_upload_begin(&r->install.upload, &r->app, fields[LEN].is.u32, fields[SHA].is.span.data, fields[SHA].is.span.size_bytes);
	} else {
		/* A file without a name gets one: when it turns out to be another's, the verdict says so and it is sent anew. */
		hf_put32le(tag, hf_crc32(0, fields[DATA].is.span.data, fields[DATA].is.span.size_bytes));
		reason = hf_install_begin(&r->install, r->boot, fields[LEN].is.u32, has_tag ? fields[SHA].is.span.data : tag,
					  has_tag ? fields[SHA].is.span.size_bytes : (uint32_t)sizeof tag, fields[DATA].is.span.data,
					  fields[DATA].is.span.size_bytes);
	}
	if (reason == HF_OK)
		r->upload = RECOVERY_UPLOAD_OPEN;
	return reason;
}

static enum hf_reason upload_first(struct recovery_server *r)
{
	const struct hf_upload *upload = &r->install.upload;

	if (fields[DATA].is.span.size_bytes < HF_IMAGE_HEADER_BYTES)
		return HF_R_SMP_UPLOAD_HEADER;
	if (fields[DATA].is.span.size_bytes > fields[LEN].is.u32)
		return HF_R_SMP_UPLOAD_LEN;
	if (hf_get32le(fields[DATA].is.span.data) != HF_IMAGE_MAGIC)
		return HF_R_SMP_UPLOAD_MAGIC;
	if (fields[SHA].is.span.size_bytes > sizeof upload->tag)
		return HF_R_SMP_UPLOAD_SHA;
	if (r->upload != RECOVERY_UPLOAD_NONE && fields[SHA].is.span.size_bytes != 0u && fields[SHA].is.span.size_bytes == upload->tag_bytes &&
	    fields[LEN].is.u32 == upload->size_bytes && memcmp(fields[SHA].is.span.data, upload->tag, upload->tag_bytes) == 0)
		return HF_OK;
	return upload_begin(r);
}

/* The last byte is there: what is sent next is a reset, so the image is asked for now. */
static enum hf_reason upload_end(struct recovery_server *r)
{
	if (r->plan.into == HF_SLOT_SECONDARY)
		return hf_app_request_known(&r->app, r->plan.permanent);
	r->slots[HF_SLOT_PRIMARY].known = true;
	const enum hf_reason reason = hf_install_verify(&r->install, &r->slots[HF_SLOT_PRIMARY].verdict);
	return reason != HF_OK ? reason : r->slots[HF_SLOT_PRIMARY].verdict.finding.reason;
}

/* Bytes at the offset that is wanted are written; any other request only learns that offset. */
static HF_NOINLINE enum hf_reason upload_step(struct recovery_server *r)
{
	struct hf_upload *upload = &r->install.upload;
	enum hf_reason reason = HF_OK;

	if (fields[OFF].is.u32 == 0u)
		reason = upload_first(r);
	if (reason != HF_OK || r->upload != RECOVERY_UPLOAD_OPEN)
		return reason;
	if (fields[OFF].is.u32 == upload->next_off && fields[DATA].is.span.size_bytes != 0u)
		reason = hf_upload_write(upload, fields[DATA].is.span.data, fields[DATA].is.span.size_bytes);
	if (reason == HF_R_SLOT_OVERRUN)
		return reason;
	if (reason == HF_OK && !hf_upload_is_complete(upload))
		return HF_OK;
	r->upload = reason == HF_OK ? RECOVERY_UPLOAD_DONE : RECOVERY_UPLOAD_NONE;
	if (reason == HF_OK)
		reason = upload_end(r);
	if (reason != HF_OK)
		r->upload = RECOVERY_UPLOAD_NONE;
	return reason;
}

/* Only the update slot: a primary that can't be started stays until something better is uploaded. */
static enum hf_reason erase(struct recovery_server *r)
{
	if ((fields[SLOT].found && fields[SLOT].is.u32 != HF_SLOT_SECONDARY) || r->app.secondary == NULL)
		return HF_R_SMP_SLOT;
	r->upload = RECOVERY_UPLOAD_NONE;
	r->slots[HF_SLOT_SECONDARY].known = false;
	return hf_app_erase_secondary(&r->app, true);
}

/* In place of smp_cbor_pieces.c: no client sends strings in pieces. */
enum hf_reason smp_pieces_join(struct smp_reader *reader, enum smp_kind kind, struct smp_span *span)
{
	(void)reader;
	(void)kind;
	(void)span;
	return HF_R_SMP_CBOR_TYPE;
}

/* The protocol's own codes for both versions, as MCUboot's recovery answers; the reason's number is beside. */
static uint32_t code_of(enum hf_reason reason)
{
	if (reason == HF_R_SMP_NOT_SUPPORTED)
		return SMP_RC_NOT_SUPPORTED;
	if (reason == HF_R_SMP_CORRUPT)
		return SMP_RC_CORRUPT;
	if (reason == HF_R_SMP_TOO_NEW)
		return SMP_RC_TOO_NEW;
	if (reason == HF_R_SMP_REPLY_TOO_LARGE)
		return SMP_RC_TOO_LARGE;
	if (reason >= HF_R_SMP_CBOR && reason <= HF_R_SMP_SLOT)
		return SMP_RC_INVALID;
	return reason == HF_R_SLOT_TRIAL_OPEN ? SMP_RC_BAD_STATE : SMP_RC_UNKNOWN;
}

/* ---- a message */

#define REQUEST(op, group, id) ((uint32_t)(group) << 16 | (uint32_t)(id) << 8 | (op))

/* `force` of a reset says nothing here: there is no application to ask. Bootloader info has one query, so any is taken for it. */
static enum hf_reason run(struct recovery_server *r, uint32_t request, struct smp_writer *writer)
{
	enum hf_reason reason = HF_OK;

	switch (request) {
	case REQUEST(SMP_OP_READ, SMP_GROUP_OS, SMP_OS_ECHO):
	case REQUEST(SMP_OP_WRITE, SMP_GROUP_OS, SMP_OS_ECHO):
		smp_put_text(writer, "r");
		smp_put_text_n(writer, fields[ECHO].is.span.data, fields[ECHO].is.span.size_bytes);
		return HF_OK;
	case REQUEST(SMP_OP_WRITE, SMP_GROUP_OS, SMP_OS_CONSOLE_ECHO):
		return HF_OK;
	case REQUEST(SMP_OP_WRITE, SMP_GROUP_OS, SMP_OS_RESET):
		r->boot_mode = fields[BOOT_MODE].is.u32;
		r->reset_wanted = true;
		return HF_OK;
	case REQUEST(SMP_OP_READ, SMP_GROUP_OS, SMP_OS_PARAMS):
		smp_put_key_uint(writer, "buf_size", RECOVERY_PACKET_BYTES);
		smp_put_key_uint(writer, "buf_count", RECOVERY_BUF_COUNT);
		return HF_OK;
	case REQUEST(SMP_OP_READ, SMP_GROUP_OS, SMP_OS_BOOTLOADER):
		if (fields[QUERY].found)
			smp_put_key_uint(writer, "mode", r->report->mcuboot_mode);
		else
			smp_put_key_text(writer, "bootloader", "MCUboot");
		return HF_OK;
	case REQUEST(SMP_OP_WRITE, SMP_GROUP_IMAGE, SMP_IMAGE_STATE):
		reason = state_write(r);
		if (reason != HF_OK)
			return reason;
		state_read(r, writer);
		return HF_OK;
	case REQUEST(SMP_OP_READ, SMP_GROUP_IMAGE, SMP_IMAGE_STATE):
		state_read(r, writer);
		return HF_OK;
	case REQUEST(SMP_OP_WRITE, SMP_GROUP_IMAGE, SMP_IMAGE_UPLOAD):
		reason = fields[OFF].found ? upload_step(r) : HF_R_SMP_UPLOAD_NO_OFF;
		smp_put_key_uint(writer, "off", r->upload != RECOVERY_UPLOAD_NONE ? r->install.upload.next_off : 0u);
		return reason;
	case REQUEST(SMP_OP_WRITE, SMP_GROUP_IMAGE, SMP_IMAGE_ERASE):
		return erase(r);
	case REQUEST(SMP_OP_READ, SMP_GROUP_HOLDFAST, SMP_HOLDFAST_WHY):
		smp_put_why(writer, r->report, r->last_refusal);
		return HF_OK;
	}
	return HF_R_SMP_NOT_SUPPORTED;
}

/* {"rc": 6, "rsn": "HF-0502"} */
static void put_refusal(struct smp_writer *writer, enum hf_reason reason)
{
	char name[HF_REASON_NAME_CHARS];

	hf_reason_name(reason, name);
	smp_put_key_uint(writer, "rc", code_of(reason));
	smp_put_text(writer, "rsn");
	smp_put_text_n(writer, name, sizeof name);
}

/* The keys of all requests: one table, read once. A digit for the type of what follows. */
static const char keys[] = "0off\0" "2data\0" "0len\0" "0image\0" "2sha\0" "2hash\0" "6confirm\0" "0slot\0" "0boot_mode\0" "3query\0" "3d";

/* What is not there is 0, false or empty. */
static HF_NOINLINE enum hf_reason fields_read(uint8_t *body, uint32_t body_bytes)
{
	struct smp_reader reader = smp_reader_of(body, body_bytes);
	const char *key = keys;

	memset(fields, 0, sizeof fields);
	for (uint32_t i = 0; i < FIELD_COUNT; i++) {
		fields[i].type = (enum smp_type)(*key - '0');
		fields[i].key = key + 1;
		key += strlen(key) + 1u;
	}
	return smp_map_read(&reader, fields, FIELD_COUNT);
}

/* Checks in Zephyr's order: body, op, version; then the request. */
static HF_NOINLINE enum hf_reason answer(struct recovery_server *r, uint8_t *message, uint32_t body_left_bytes, uint32_t body_bytes, struct smp_writer *writer)
{
	const uint32_t op = message[0] & 7u;
	enum hf_reason reason;

	if (body_bytes > body_left_bytes)
		return HF_R_SMP_CORRUPT;
	if (op != SMP_OP_READ && op != SMP_OP_WRITE)
		return HF_R_SMP_NOT_SUPPORTED;
	if ((message[0] & 0x10u) != 0u)
		return HF_R_SMP_TOO_NEW;
	reason = fields_read(message + SMP_HEADER_BYTES, body_bytes);
	if (reason == HF_OK)
		reason = run(r, REQUEST(op, hf_get16be(message + 4), message[7]), writer);
	return reason == HF_OK && writer->full ? HF_R_SMP_REPLY_TOO_LARGE : reason;
}

uint32_t recovery_server_answer(struct recovery_server *r, uint8_t *message, uint32_t message_bytes, uint32_t *off, uint8_t reply[RECOVERY_REPLY_BYTES])
{
	struct smp_writer writer = smp_writer_of(reply, RECOVERY_REPLY_BYTES - 1u); /* the map's end has its place */
	uint8_t *request = message + *off;
	const uint32_t left = message_bytes - *off;

	*off = message_bytes;
	if (left < SMP_HEADER_BYTES)
		return 0; /* too short to say to whom a reply would go */
	memcpy(reply, request, SMP_HEADER_BYTES);
	const uint32_t body_bytes = hf_get16be(request + 2);
	writer.used_bytes = SMP_HEADER_BYTES;
	smp_put_map_open(&writer);
	const enum hf_reason reason = answer(r, request, left - SMP_HEADER_BYTES, body_bytes, &writer);
	if (reason != HF_OK) { /* ends the message, as what follows may rest on it */
		r->last_refusal = reason;
		writer.used_bytes = SMP_HEADER_BYTES + 1u;
		writer.full = false;
		put_refusal(&writer, reason);
	} else {
		*off -= left - SMP_HEADER_BYTES - body_bytes;
	}
	writer.cap_bytes++;
	smp_put_close(&writer);
	reply[0] = (uint8_t)(((request[0] & 0x18u) != 0u ? 0x08u : 0u) | ((request[0] & 2u) + 1u));
	reply[1] = 0;
	hf_put16be(reply + 2, (uint16_t)(writer.used_bytes - SMP_HEADER_BYTES));
	return writer.used_bytes;
}

static struct recovery_server recovery;

struct recovery_server *recovery_server_start(const struct hf_boot_config *boot, const struct hf_boot_result *result,
					      const struct hf_report *report)
{
	recovery = (struct recovery_server){
		.boot = boot,
		.result = result,
		.report = report,
		.app = { .primary = boot->primary, .secondary = boot->secondary, .align = boot->align, .size_max = report->size_max },
		.slots = { { .flash = boot->primary }, { .flash = boot->secondary } },
	};
	return &recovery;
}
