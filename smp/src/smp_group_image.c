/* SPDX-License-Identifier: MIT */
#include <holdfast/smp_groups.h>

#define SLOT_COUNT 2u
#define SHA_BYTES 32u
#define VERSION_OFF 20u
#define VERSION_TEXT_BYTES 25u /* "255.255.65535.4294967295" and NUL */

/* --- state --------------------------------------------------------------------------------------------------------------- */

/* Decimal without a library; returns where it ends. */
static char *text_number(char *at, uint32_t number)
{
	char digits[10];
	uint32_t count = 0;

	do {
		digits[count++] = (char)('0' + number % 10u);
		number /= 10u;
	} while (number != 0u);
	while (count != 0u)
		*at++ = digits[--count];
	return at;
}

static void put_version(struct smp_writer *writer, const struct hf_version *version)
{
	char text[VERSION_TEXT_BYTES];
	char *at = text_number(text, version->major);

	*at++ = '.';
	at = text_number(at, version->minor);
	*at++ = '.';
	at = text_number(at, version->revision);
	if (version->build != 0u) {
		*at++ = '.';
		at = text_number(at, version->build);
	}
	smp_put_text(writer, "version");
	smp_put_text_n(writer, text, (uint32_t)(at - text));
}

/* What a slot shows. An upload under way is no image yet: old TLVs may still lie behind new bytes. */
static enum hf_reason slot_look(const struct smp_image *image, uint32_t slot, struct hf_slot_info *info)
{
	enum hf_reason reason;

	if (slot == HF_SLOT_SECONDARY && image->session == SMP_SESSION_OPEN) {
		info->has_image = false;
		return HF_OK;
	}
	reason = hf_app_slot_info(image->app, (enum hf_slot_role)slot, info);
	if (reason == HF_R_FLASH_READ || reason == HF_R_SLOT_NONE) {
		/* One slot only. Torn flash may fault: a slot that cannot be read holds no image, and must not hide the other one. */
		info->has_image = false;
		return HF_OK;
	}
	return reason;
}

static void put_slot(struct smp_writer *writer, uint32_t slot, const struct hf_slot_info *info)
{
	smp_put_map_open(writer);
	smp_put_key_uint(writer, "slot", slot);
	put_version(writer, &info->image.version);
	if (info->hash_bytes != 0u)
		smp_put_key_bytes(writer, "hash", info->hash, info->hash_bytes);
	smp_put_key_bool(writer, "bootable", info->bootable);
	smp_put_key_bool(writer, "pending", info->pending);
	smp_put_key_bool(writer, "confirmed", info->confirmed);
	smp_put_key_bool(writer, "active", info->active);
	smp_put_key_bool(writer, "permanent", info->permanent);
	smp_put_close(writer);
}

enum hf_reason smp_image_state_read(void *ctx, struct smp_call *call)
{
	const struct smp_image *image = ctx;
	struct hf_slot_info info;

	smp_put_text(call->reply, "images");
	smp_put_list_open(call->reply);
	for (uint32_t slot = 0; slot < SLOT_COUNT; slot++) {
		enum hf_reason reason = slot_look(image, slot, &info);

		if (reason != HF_OK)
			return reason;
		if (info.has_image)
			put_slot(call->reply, slot, &info);
	}
	smp_put_close(call->reply);
	return HF_OK;
}

/* The running slot goes first: an image that lies in both is the running one. */
static enum hf_reason slot_by_hash(const struct smp_image *image, const struct smp_span *hash, uint32_t *slot_out)
{
	struct hf_slot_info info;

	for (uint32_t slot = 0; slot < SLOT_COUNT; slot++) {
		enum hf_reason reason = slot_look(image, slot, &info);

		if (reason != HF_OK)
			return reason;
		if (info.has_image && info.hash_bytes == hash->size_bytes && memcmp(info.hash, hash->data, hash->size_bytes) == 0) {
			*slot_out = slot;
			return HF_OK;
		}
	}
	return image->session == SMP_SESSION_OPEN ? HF_R_SMP_UPLOAD_OPEN : HF_R_SMP_HASH_UNKNOWN;
}

static enum hf_reason state_target(const struct smp_image *image, const struct smp_field *hash, bool confirm, uint32_t *slot)
{
	uint32_t size = hash->found ? hash->is.span.size_bytes : 0u;

	if (size == 0u) {
		if (!confirm)
			return HF_R_SMP_HASH;
		*slot = HF_SLOT_PRIMARY;
		return HF_OK;
	}
	if (size != 32u && size != 48u && size != 64u)
		return HF_R_SMP_HASH;
	return slot_by_hash(image, &hash->is.span, slot);
}

enum hf_reason smp_image_state_write(void *ctx, struct smp_call *call)
{
	struct smp_image *image = ctx;
	struct smp_field fields[] = { { .key = "hash", .type = SMP_TYPE_BYTES }, { .key = "confirm", .type = SMP_TYPE_BOOL } };
	enum hf_reason reason = smp_map_read(&call->body, fields, HF_ARRAY_COUNT(fields));
	uint32_t slot = HF_SLOT_PRIMARY;
	bool confirm;

	if (reason != HF_OK)
		return reason;
	confirm = fields[1].found && fields[1].is.flag;
	reason = state_target(image, &fields[0], confirm, &slot);
	if (reason != HF_OK)
		return reason;
	if (slot == HF_SLOT_SECONDARY)
		reason = hf_app_request(image->app, confirm);
	else
		reason = confirm ? hf_app_confirm(image->app) : HF_R_SMP_TEST_ACTIVE;
	if (reason != HF_OK)
		return reason;
	return smp_image_state_read(ctx, call);
}

/* --- upload -------------------------------------------------------------------------------------------------------------- */

struct upload_request {
	uint32_t off;
	struct smp_span data;
	bool has_off, has_len, upgrade;
	uint32_t len;
	uint32_t image_number;
	struct smp_span sha; /* size 0: none */
};

static enum hf_reason request_read(struct smp_call *call, struct upload_request *request)
{
	enum { OFF, DATA, LEN, IMAGE, SHA, UPGRADE };
	struct smp_field fields[] = {
		[OFF] = { .key = "off", .type = SMP_TYPE_U32 },
		[DATA] = { .key = "data", .type = SMP_TYPE_BYTES },
		[LEN] = { .key = "len", .type = SMP_TYPE_U32 },
		[IMAGE] = { .key = "image", .type = SMP_TYPE_U32 },
		[SHA] = { .key = "sha", .type = SMP_TYPE_BYTES },
		[UPGRADE] = { .key = "upgrade", .type = SMP_TYPE_BOOL },
	};
	enum hf_reason reason = smp_map_read(&call->body, fields, HF_ARRAY_COUNT(fields));

	if (reason != HF_OK)
		return reason;
	*request = (struct upload_request){ .has_off = fields[OFF].found, .has_len = fields[LEN].found };
	if (fields[OFF].found)
		request->off = fields[OFF].is.u32;
	if (fields[DATA].found)
		request->data = fields[DATA].is.span;
	if (fields[LEN].found)
		request->len = fields[LEN].is.u32;
	if (fields[IMAGE].found)
		request->image_number = fields[IMAGE].is.u32;
	if (fields[SHA].found)
		request->sha = fields[SHA].is.span;
	request->upgrade = fields[UPGRADE].found && fields[UPGRADE].is.flag;
	return HF_OK;
}

/* Looks only; the order is Zephyr's. *resume: the client comes back to the session that is open or done. */
static enum hf_reason first_check(const struct smp_image *image, const struct upload_request *request, bool *resume)
{
	const struct hf_upload *upload = &image->upload;

	if (request->data.size_bytes < HF_IMAGE_HEADER_BYTES)
		return HF_R_SMP_UPLOAD_HEADER;
	if (!request->has_len || request->len < HF_IMAGE_HEADER_BYTES)
		return HF_R_SMP_UPLOAD_LEN;
	if (hf_get32le(request->data.data) != HF_IMAGE_MAGIC)
		return HF_R_SMP_UPLOAD_MAGIC;
	if (request->sha.size_bytes > SHA_BYTES)
		return HF_R_SMP_UPLOAD_SHA;
	*resume = image->session != SMP_SESSION_NONE && request->sha.size_bytes != 0u && request->len == upload->size_bytes &&
		  request->sha.size_bytes == upload->tag_bytes && memcmp(request->sha.data, upload->tag, upload->tag_bytes) == 0;
	if (*resume)
		return HF_OK;
	/* 1 as well: `smpmgr upgrade --slot 1` puts the slot there, and Zephyr's server with one image does not look at it. */
	if (request->image_number > 1u)
		return HF_R_SMP_UPLOAD_IMAGE;
	if (request->data.size_bytes > request->len)
		return HF_R_SLOT_OVERRUN;
	return HF_OK;
}

static enum hf_reason version_check(const struct smp_image *image, const uint8_t *header)
{
	struct hf_version offered = { .major = header[VERSION_OFF], .minor = header[VERSION_OFF + 1u],
				      .revision = hf_get16le(header + VERSION_OFF + 2u), .build = hf_get32le(header + VERSION_OFF + 4u) };
	struct hf_slot_info running;
	enum hf_reason reason = hf_app_slot_info(image->app, HF_SLOT_PRIMARY, &running);

	if (reason != HF_OK)
		return reason;
	if (running.has_image && hf_version_compare(&offered, &running.image.version) <= 0)
		return HF_R_SMP_UPLOAD_OLDER;
	return HF_OK;
}

/* The update slot must be free: no open trial (hf_upload_begin sees to that), and no request that waits for the next boot. */
static enum hf_reason slot_check(const struct smp_image *image)
{
	enum hf_swap_type type = HF_SWAP_NONE;
	enum hf_reason reason = hf_app_swap_type(image->app, &type);

	if (reason != HF_OK)
		return reason;
	switch (type) {
	case HF_SWAP_NONE:
		return HF_OK;
	case HF_SWAP_REVERT:
		return HF_R_SLOT_TRIAL_OPEN;
	case HF_SWAP_TEST:
	case HF_SWAP_PERM:
		break;
	}
	return HF_R_SLOT_PENDING;
}

static enum hf_reason upload_begin(struct smp_image *image, const struct upload_request *request)
{
	enum hf_reason reason = slot_check(image);

	if (reason == HF_OK && request->upgrade)
		reason = version_check(image, request->data.data);
	if (reason == HF_OK && request->len > image->app->size_max)
		reason = HF_R_SLOT_TOO_SMALL;
	if (reason != HF_OK)
		return reason;
	/* From here on the old session's bytes are gone, whatever happens. */
	image->session = SMP_SESSION_NONE;
	reason = hf_upload_begin(&image->upload, image->app, request->len, request->sha.data, request->sha.size_bytes);
	if (reason == HF_OK)
		image->session = SMP_SESSION_OPEN;
	return reason;
}

/* Reads the slot back: what was sent is what is stored. */
static enum hf_reason stored_hash_is(const struct smp_image *image, bool *same)
{
	const struct hf_upload *upload = &image->upload;
	struct hf_hash hash;
	uint8_t bytes[128], digest[HF_HASH_BYTES_MAX];

	if (!image->crypto->hash_start(&hash, HF_HASH_SHA256))
		return HF_R_SMP_NOT_SUPPORTED;
	for (uint32_t off = 0; off < upload->size_bytes; off += (uint32_t)sizeof bytes) {
		uint32_t size = upload->size_bytes - off < sizeof bytes ? upload->size_bytes - off : (uint32_t)sizeof bytes;
		enum hf_reason reason = hf_flash_read(image->app->secondary, off, bytes, size);

		if (reason != HF_OK) {
			image->crypto->hash_end(&hash, digest);
			return reason;
		}
		image->crypto->hash_add(&hash, bytes, size);
		if (image->feed != NULL && off % 4096u == 0u)
			image->feed(image->feed_ctx);
	}
	image->crypto->hash_end(&hash, digest);
	*same = memcmp(digest, upload->tag, SHA_BYTES) == 0;
	return HF_OK;
}

static enum hf_reason upload_finish(struct smp_image *image)
{
	bool same = false;
	enum hf_reason reason;

	image->match_known = image->crypto != NULL && image->upload.tag_bytes == SHA_BYTES;
	if (image->match_known) {
		reason = stored_hash_is(image, &same);
		if (reason != HF_OK)
			return reason;
	}
	image->matched = same;
	image->session = SMP_SESSION_DONE;
	return HF_OK;
}

static enum hf_reason upload_write(struct smp_image *image, const struct smp_span *data)
{
	enum hf_reason reason = hf_upload_write(&image->upload, data->data, data->size_bytes);

	if (reason == HF_OK && hf_upload_is_complete(&image->upload))
		reason = upload_finish(image);
	if (reason != HF_OK)
		image->session = SMP_SESSION_NONE; /* flash failed: the client begins again */
	return reason;
}

/* Another client's open upload, and it has not fallen silent. */
static bool is_taken(const struct smp_image *image, const struct smp_call *call)
{
	return image->session == SMP_SESSION_OPEN && image->owner != call->peer &&
	       (image->lease_ms == 0u || call->now_ms - image->heard_ms < image->lease_ms);
}

/* Bytes at the offset that is wanted are written; any other request only learns that offset. Whoever names the file by its hash is
 * at the same file and may take the upload over; no one else's bytes are mixed into it. */
static enum hf_reason upload_step(struct smp_image *image, const struct upload_request *request, const struct smp_call *call)
{
	enum hf_reason reason;
	bool resume = false;

	if (!request->has_off)
		return HF_R_SMP_UPLOAD_NO_OFF;
	if (request->off == 0u) {
		reason = first_check(image, request, &resume);
		if (reason == HF_OK && !resume)
			reason = is_taken(image, call) ? HF_R_SMP_PEER_BUSY : upload_begin(image, request);
		if (reason != HF_OK)
			return reason;
		image->owner = call->peer;
		image->heard_ms = call->now_ms;
		return resume ? HF_OK : upload_write(image, &request->data);
	}
	if (image->owner != call->peer)
		return HF_OK;
	image->heard_ms = call->now_ms;
	if (image->session != SMP_SESSION_OPEN || request->off != image->upload.next_off)
		return HF_OK;
	if (request->data.size_bytes > image->upload.size_bytes - request->off)
		return HF_R_SLOT_OVERRUN;
	return request->data.size_bytes != 0u ? upload_write(image, &request->data) : HF_OK;
}

enum hf_reason smp_image_upload(void *ctx, struct smp_call *call)
{
	struct smp_image *image = ctx;
	struct upload_request request;
	enum hf_reason reason = request_read(call, &request);

	if (reason == HF_OK)
		reason = upload_step(image, &request, call);
	if (reason != HF_OK)
		return reason;
	if (image->session == SMP_SESSION_NONE || image->owner != call->peer) {
		smp_put_key_uint(call->reply, "off", 0); /* its first request, with its hash, says which file it means */
		return HF_OK;
	}
	smp_put_key_uint(call->reply, "off", image->upload.next_off);
	if (image->session == SMP_SESSION_DONE && image->match_known)
		smp_put_key_bool(call->reply, "match", image->matched);
	return HF_OK;
}

/* --- erase, slots -------------------------------------------------------------------------------------------------------- */

enum hf_reason smp_image_erase(void *ctx, struct smp_call *call)
{
	struct smp_image *image = ctx;
	struct smp_field field = { .key = "slot", .type = SMP_TYPE_U32 };
	enum hf_reason reason = smp_map_read(&call->body, &field, 1);
	uint32_t slot;

	if (reason != HF_OK)
		return reason;
	slot = field.found ? field.is.u32 : (uint32_t)HF_SLOT_SECONDARY;
	if (slot >= SLOT_COUNT)
		return HF_R_SMP_SLOT;
	if (slot == HF_SLOT_PRIMARY)
		return HF_R_SMP_SLOT_ACTIVE;
	if (is_taken(image, call))
		return HF_R_SMP_PEER_BUSY;
	image->session = SMP_SESSION_NONE;
	return hf_app_erase_secondary(image->app, true);
}

enum hf_reason smp_image_slots(void *ctx, struct smp_call *call)
{
	const struct smp_image *image = ctx;
	struct smp_writer *writer = call->reply;
	const struct hf_flash *const slots[SLOT_COUNT] = { image->app->primary, image->app->secondary };

	smp_put_text(writer, "images");
	smp_put_list_open(writer);
	smp_put_map_open(writer);
	smp_put_key_uint(writer, "image", 0);
	smp_put_text(writer, "slots");
	smp_put_list_open(writer);
	for (uint32_t slot = 0; slot < SLOT_COUNT && slots[slot] != NULL; slot++) {
		smp_put_map_open(writer);
		smp_put_key_uint(writer, "slot", slot);
		smp_put_key_uint(writer, "size", slots[slot]->size_bytes);
		if (slot == HF_SLOT_SECONDARY)
			smp_put_key_uint(writer, "upload_image_id", 0);
		smp_put_close(writer);
	}
	smp_put_close(writer);
	smp_put_key_uint(writer, "max_image_size", image->app->size_max);
	smp_put_close(writer);
	smp_put_close(writer);
	return HF_OK;
}
