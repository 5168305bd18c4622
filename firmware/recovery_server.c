/* SPDX-License-Identifier: MIT */
#include "recovery_server.h"

enum { TEXT_BYTES = 25 }; /* "255.255.65535.4294967295" */

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

static void put_slot(struct recovery_server *r, struct smp_writer *writer, uint32_t role, enum hf_swap_type type)
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

static enum hf_reason recovery_state_read(void *ctx, struct smp_call *call)
{
	struct recovery_server *r = ctx;
	enum hf_swap_type type = HF_SWAP_NONE;

	if (hf_app_swap_type(&r->app, &type) != HF_OK)
		type = HF_SWAP_NONE; /* no update slot, or it can't be read: that hides nothing else */
	smp_put_text(call->reply, "images");
	smp_put_list_open(call->reply);
	for (uint32_t role = 0; role < 2u; role++) {
		if (has_image(r, role))
			put_slot(r, call->reply, role, type);
	}
	smp_put_close(call->reply);
	return HF_OK;
}

/* Test or confirm: the image in the update slot is asked for. What lies in the primary is started anyway. */
static enum hf_reason recovery_state_write(void *ctx, struct smp_call *call)
{
	struct recovery_server *r = ctx;
	struct smp_field fields[] = { { .key = "hash", .type = SMP_TYPE_BYTES }, { .key = "confirm", .type = SMP_TYPE_BOOL } };
	enum hf_reason reason = smp_map_read(&call->body, fields, HF_ARRAY_COUNT(fields));
	const struct smp_span *hash = &fields[0].is.span;
	const bool confirm = fields[1].found && fields[1].is.flag;

	if (reason != HF_OK)
		return reason;
	if (!fields[0].found)
		return HF_R_SMP_HASH;
	for (uint32_t role = 0; role < 2u; role++) {
		if (!has_image(r, role) || hash->size_bytes != hf_hash_bytes(r->slots[role].verdict.hash_kind) ||
		    memcmp(hash->data, r->slots[role].verdict.digest, hash->size_bytes) != 0)
			continue;
		if (role == HF_SLOT_SECONDARY)
			reason = hf_app_request(&r->app, confirm);
		return reason != HF_OK ? reason : recovery_state_read(r, call);
	}
	return HF_R_SMP_HASH_UNKNOWN;
}

/* ---- upload */

/* The fields of an upload request; one that is not there is 0 or empty. */
enum { OFF, DATA, LEN, IMAGE, SHA, CHUNK_FIELDS };

/* Into the update slot or the primary; what is refused here has changed nothing. */
static enum hf_reason upload_begin(struct recovery_server *r, const struct smp_field chunk[CHUNK_FIELDS])
{
	struct hf_recovery_facts facts;
	struct hf_recovery_plan plan;
	const bool has_tag = chunk[SHA].is.span.size_bytes != 0u;
	uint8_t tag[4];
	enum hf_reason reason;

	if (chunk[IMAGE].is.u32 > RECOVERY_IMAGE_PRIMARY)
		return HF_R_SMP_UPLOAD_IMAGE;
	hf_recovery_facts_of(r->boot, r->result, chunk[IMAGE].is.u32 == RECOVERY_IMAGE_PRIMARY, &facts);
	reason = hf_recovery_plan_of(&facts, &plan);
	if (reason != HF_OK)
		return reason;
	r->plan = plan;
	r->upload = RECOVERY_UPLOAD_NONE;
	r->slots[plan.into].known = false;
	if (plan.into == HF_SLOT_SECONDARY) {
		reason = hf_upload_begin(&r->install.upload, &r->app, chunk[LEN].is.u32, chunk[SHA].is.span.data, chunk[SHA].is.span.size_bytes);
	} else {
		/* A file without a name gets one: when it turns out to be another's, the verdict says so and it is sent anew. */
		hf_put32le(tag, hf_crc32(0, chunk[DATA].is.span.data, chunk[DATA].is.span.size_bytes));
		reason = hf_install_begin(&r->install, r->boot, chunk[LEN].is.u32, has_tag ? chunk[SHA].is.span.data : tag,
					  has_tag ? chunk[SHA].is.span.size_bytes : (uint32_t)sizeof tag, chunk[DATA].is.span.data,
					  chunk[DATA].is.span.size_bytes);
	}
	if (reason == HF_OK)
		r->upload = RECOVERY_UPLOAD_OPEN;
	return reason;
}

static enum hf_reason upload_first(struct recovery_server *r, const struct smp_field chunk[CHUNK_FIELDS])
{
	const struct hf_upload *upload = &r->install.upload;

	if (chunk[DATA].is.span.size_bytes < HF_IMAGE_HEADER_BYTES)
		return HF_R_SMP_UPLOAD_HEADER;
	if (chunk[DATA].is.span.size_bytes > chunk[LEN].is.u32)
		return HF_R_SMP_UPLOAD_LEN;
	if (hf_get32le(chunk[DATA].is.span.data) != HF_IMAGE_MAGIC)
		return HF_R_SMP_UPLOAD_MAGIC;
	if (chunk[SHA].is.span.size_bytes > sizeof upload->tag)
		return HF_R_SMP_UPLOAD_SHA;
	if (r->upload != RECOVERY_UPLOAD_NONE && chunk[SHA].is.span.size_bytes != 0u && chunk[SHA].is.span.size_bytes == upload->tag_bytes &&
	    chunk[LEN].is.u32 == upload->size_bytes && memcmp(chunk[SHA].is.span.data, upload->tag, upload->tag_bytes) == 0)
		return HF_OK;
	return upload_begin(r, chunk);
}

/* The last byte is there: what is sent next is a reset, so the image is asked for now. */
static enum hf_reason upload_end(struct recovery_server *r)
{
	if (r->plan.into == HF_SLOT_SECONDARY)
		return hf_app_request(&r->app, r->plan.permanent);
	r->slots[HF_SLOT_PRIMARY].known = true;
	const enum hf_reason reason = hf_install_verify(&r->install, &r->slots[HF_SLOT_PRIMARY].verdict);
	return reason != HF_OK ? reason : r->slots[HF_SLOT_PRIMARY].verdict.finding.reason;
}

/* Bytes at the offset that is wanted are written; any other request only learns that offset. */
static enum hf_reason upload_step(struct recovery_server *r, const struct smp_field chunk[CHUNK_FIELDS])
{
	struct hf_upload *upload = &r->install.upload;
	enum hf_reason reason = HF_OK;

	if (chunk[OFF].is.u32 == 0u)
		reason = upload_first(r, chunk);
	if (reason != HF_OK || r->upload != RECOVERY_UPLOAD_OPEN)
		return reason;
	if (chunk[OFF].is.u32 == upload->next_off && chunk[DATA].is.span.size_bytes != 0u)
		reason = hf_upload_write(upload, chunk[DATA].is.span.data, chunk[DATA].is.span.size_bytes);
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

static enum hf_reason recovery_upload(void *ctx, struct smp_call *call)
{
	struct recovery_server *r = ctx;
	struct smp_field chunk[CHUNK_FIELDS] = {
		[OFF] = { .key = "off", .type = SMP_TYPE_U32 },
		[DATA] = { .key = "data", .type = SMP_TYPE_BYTES },
		[LEN] = { .key = "len", .type = SMP_TYPE_U32 },
		[IMAGE] = { .key = "image", .type = SMP_TYPE_U32 },
		[SHA] = { .key = "sha", .type = SMP_TYPE_BYTES },
	};
	enum hf_reason reason = smp_map_read(&call->body, chunk, CHUNK_FIELDS);

	if (reason == HF_OK && !chunk[OFF].found)
		reason = HF_R_SMP_UPLOAD_NO_OFF;
	if (reason == HF_OK)
		reason = upload_step(r, chunk);
	if (reason == HF_OK)
		smp_put_key_uint(call->reply, "off", r->upload != RECOVERY_UPLOAD_NONE ? r->install.upload.next_off : 0u);
	return reason;
}

/* Only the update slot: a primary that can't be started stays until something better is uploaded. */
static enum hf_reason recovery_erase(void *ctx, struct smp_call *call)
{
	struct recovery_server *r = ctx;
	struct smp_field slot = { .key = "slot", .type = SMP_TYPE_U32 };
	const enum hf_reason reason = smp_map_read(&call->body, &slot, 1);

	if (reason != HF_OK)
		return reason;
	if ((slot.found && slot.is.u32 != HF_SLOT_SECONDARY) || r->app.secondary == NULL)
		return HF_R_SMP_SLOT;
	r->upload = RECOVERY_UPLOAD_NONE;
	r->slots[HF_SLOT_SECONDARY].known = false;
	return hf_app_erase_secondary(&r->app, true);
}

/* ---- reset, and what the library would do at greater length */

/* `force` says nothing here: there is no application to ask. */
static enum hf_reason recovery_reset(void *ctx, struct smp_call *call)
{
	struct smp_os *os = ctx;
	struct smp_field mode = { .key = "boot_mode", .type = SMP_TYPE_U32 };
	const enum hf_reason reason = smp_map_read(&call->body, &mode, 1);

	if (reason != HF_OK)
		return reason;
	os->boot_mode = mode.found ? mode.is.u32 : 0u;
	os->reset_wanted = true;
	return HF_OK;
}

/* There is one query, so any is taken for it. */
static enum hf_reason recovery_bootloader(void *ctx, struct smp_call *call)
{
	const struct smp_os *os = ctx;
	struct smp_field query = { .key = "query", .type = SMP_TYPE_TEXT };
	const enum hf_reason reason = smp_map_read(&call->body, &query, 1);

	if (reason == HF_OK && query.found)
		smp_put_key_uint(call->reply, "mode", (uint32_t)os->bootloader_mode);
	else if (reason == HF_OK)
		smp_put_key_text(call->reply, "bootloader", "MCUboot");
	return reason;
}

/* In place of smp_cbor_pieces.c: no client sends strings in pieces. */
enum hf_reason smp_pieces_join(struct smp_reader *reader, enum smp_kind kind, struct smp_span *span)
{
	(void)reader;
	(void)kind;
	(void)span;
	return HF_R_SMP_CBOR_TYPE;
}

/* In place of smp_reasons.c: the protocol's own codes for both versions, as MCUboot's recovery answers; the reason's number is beside. */
struct smp_code smp_code_of(enum hf_reason reason)
{
	uint16_t rc = SMP_RC_UNKNOWN;

	if (reason == HF_R_SMP_NOT_SUPPORTED)
		rc = SMP_RC_NOT_SUPPORTED;
	else if (reason == HF_R_SMP_CORRUPT)
		rc = SMP_RC_CORRUPT;
	else if (reason == HF_R_SMP_TOO_NEW)
		rc = SMP_RC_TOO_NEW;
	else if (reason == HF_R_SMP_REPLY_TOO_LARGE)
		rc = SMP_RC_TOO_LARGE;
	else if (reason >= HF_R_SMP_CBOR && reason <= HF_R_SMP_SLOT)
		rc = SMP_RC_INVALID;
	else if (reason == HF_R_SLOT_TRIAL_OPEN)
		rc = SMP_RC_BAD_STATE;
	return (struct smp_code){ .of_group = false, .rc = rc, .v1_rc = (uint8_t)rc };
}

/* ---- the table */

static struct recovery_server recovery;

static const struct smp_row rows[] = {
	{ SMP_GROUP_OS, SMP_OS_ECHO, smp_os_echo, smp_os_echo, &recovery.os },
	{ SMP_GROUP_OS, SMP_OS_CONSOLE_ECHO, NULL, smp_os_console_echo, &recovery.os },
	{ SMP_GROUP_OS, SMP_OS_RESET, NULL, recovery_reset, &recovery.os },
	{ SMP_GROUP_OS, SMP_OS_PARAMS, smp_os_params, NULL, &recovery.os },
	{ SMP_GROUP_OS, SMP_OS_BOOTLOADER, recovery_bootloader, NULL, &recovery.os },
	{ SMP_GROUP_IMAGE, SMP_IMAGE_STATE, recovery_state_read, recovery_state_write, &recovery },
	{ SMP_GROUP_IMAGE, SMP_IMAGE_UPLOAD, NULL, recovery_upload, &recovery },
	{ SMP_GROUP_IMAGE, SMP_IMAGE_ERASE, NULL, recovery_erase, &recovery },
	SMP_HOLDFAST_ROWS(&recovery.why),
};

struct recovery_server *recovery_server_start(const struct hf_boot_config *boot, const struct hf_boot_result *result,
					      const struct hf_report *report)
{
	struct recovery_server *r = &recovery;

	*r = (struct recovery_server){
		.boot = boot,
		.result = result,
		.os = { .buf_size = RECOVERY_PACKET_BYTES, .buf_count = RECOVERY_BUF_COUNT, .bootloader_mode = report->mcuboot_mode },
		.why = { .report = report, .server = &r->server },
		.app = { .primary = boot->primary, .secondary = boot->secondary, .align = boot->align, .size_max = report->size_max },
		.slots = { { .flash = boot->primary }, { .flash = boot->secondary } },
	};
	smp_server_start(&r->server, rows, HF_ARRAY_COUNT(rows));
	return r;
}
