/* SPDX-License-Identifier: MIT */
#include <holdfast/app.h>

enum { TLVS_MAX = 64 };

/* ---- what is in a slot */

static bool open_at(const struct hf_app_config *app, const struct hf_flash *flash, uint32_t base_off, struct hf_slot_info *info)
{
	struct hf_finding finding;
	info->place = (struct hf_image_place){ flash, base_off };
	return hf_image_open(&info->place, app->size_max, &info->image, &finding) == HF_OK;
}

/* "One sector" is the larger of the slots' (mode.h). */
static uint32_t one_in_off(const struct hf_app_config *app)
{
	const uint32_t primary = hf_known(app->primary)->sector_bytes, secondary = hf_known(app->secondary)->sector_bytes;
	return primary > secondary ? primary : secondary;
}

/* The secondary's image lies at offset 0, or one sector in behind a stub header (mover.h) or a blank sector. */
static bool find_image(const struct hf_app_config *app, const struct hf_flash *flash, enum hf_slot_role role,
		       struct hf_slot_info *info)
{
	struct hf_slot_info one_in;
	const bool at_start = open_at(app, flash, 0, info);
	if (role == HF_SLOT_PRIMARY || !open_at(app, flash, one_in_off(app), &one_in))
		return at_start;
	const bool is_stub = at_start && info->image.header_bytes == one_in.image.header_bytes &&
			     info->image.payload_bytes == one_in.image.payload_bytes + one_in_off(app);
	if (at_start && !is_stub)
		return true;
	info->image = one_in.image;
	info->place = one_in.place;
	return true;
}

static void read_hash(struct hf_slot_info *info)
{
	struct hf_finding finding;
	struct hf_tlv tlv;
	uint32_t cursor = 0;
	bool more = true;
	info->hash_bytes = 0;
	for (uint32_t n = 0; n < TLVS_MAX; n++) {
		if (hf_image_next_tlv(&info->place, &info->image, &cursor, &tlv, &more, &finding) != HF_OK || !more)
			return;
		const bool is_hash = tlv.type == HF_TLV_SHA256 || tlv.type == HF_TLV_SHA384 || tlv.type == HF_TLV_SHA512;
		if (is_hash && tlv.size_bytes <= sizeof info->hash &&
		    hf_image_read(&info->place, &info->image, tlv.data_off, info->hash, tlv.size_bytes) == HF_OK) {
			info->hash_bytes = tlv.size_bytes;
			return;
		}
	}
}

static enum hf_reason read_trailers(const struct hf_app_config *app, struct hf_trailer *primary, struct hf_trailer *secondary)
{
	const enum hf_reason reason = hf_trailer_read(app->primary, app->align, primary);
	*secondary = (struct hf_trailer){ app->align, HF_MAGIC_UNSET, HF_FLAG_UNSET, HF_FLAG_UNSET, HF_SWAP_NONE, 0 };
	return reason != HF_OK || app->secondary == NULL ? reason : hf_trailer_read(app->secondary, app->align, secondary);
}

enum hf_reason hf_app_swap_type(const struct hf_app_config *app, enum hf_swap_type *type)
{
	struct hf_trailer primary, secondary;
	const enum hf_reason reason = read_trailers(app, &primary, &secondary);
	if (reason == HF_OK)
		*type = hf_trailer_swap_type(&primary, &secondary);
	return reason;
}

enum hf_reason hf_app_slot_info(const struct hf_app_config *app, enum hf_slot_role role, struct hf_slot_info *info)
{
	enum hf_swap_type type;
	const enum hf_reason reason = hf_app_swap_type(app, &type);
	if (reason != HF_OK)
		return reason;
	const bool is_primary = role == HF_SLOT_PRIMARY;
	if (!is_primary && app->secondary == NULL)
		return HF_R_SLOT_NONE;
	memset(info, 0, sizeof *info);
	info->has_image = find_image(app, is_primary ? app->primary : app->secondary, role, info);
	if (info->has_image)
		read_hash(info);
	info->bootable = info->has_image && (info->image.flags & HF_IMAGE_F_NON_BOOTABLE) == 0;
	/* Source: mcuboot boot_serial, "flag mapping for list"; the same table as Zephyr's image group. */
	info->active = is_primary;
	info->confirmed = is_primary ? type != HF_SWAP_REVERT : type == HF_SWAP_REVERT;
	info->pending = !is_primary && (type == HF_SWAP_TEST || type == HF_SWAP_PERM);
	info->permanent = !is_primary && type == HF_SWAP_PERM;
	return HF_OK;
}

/* ---- request and confirm */

/* A running image whose confirmation is still blank: the secondary holds the way back. */
static bool trial_is_open(const struct hf_trailer *primary)
{
	return primary->magic == HF_MAGIC_GOOD && primary->image_ok == HF_FLAG_UNSET && primary->copy_done == HF_FLAG_SET;
}

enum hf_reason hf_app_request(const struct hf_app_config *app, bool permanent)
{
	struct hf_slot_info info;
	memset(&info, 0, sizeof info);
	if (app->secondary != NULL && !find_image(app, app->secondary, HF_SLOT_SECONDARY, &info))
		return HF_R_SLOT_NO_IMAGE;
	return hf_app_request_known(app, permanent);
}

enum hf_reason hf_app_request_known(const struct hf_app_config *app, bool permanent)
{
	struct hf_trailer primary, secondary;
	enum hf_reason reason = read_trailers(app, &primary, &secondary);
	if (reason != HF_OK)
		return reason;
	if (app->secondary == NULL)
		return HF_R_SLOT_NONE;
	if (trial_is_open(&primary))
		return HF_R_SLOT_TRIAL_OPEN;
	if (secondary.magic == HF_MAGIC_BAD || secondary.image_ok == HF_FLAG_BAD)
		return HF_R_SLOT_REQUEST_TORN;
	if (secondary.magic == HF_MAGIC_UNSET) {
		if (secondary.image_ok != HF_FLAG_UNSET)
			return HF_R_SLOT_REQUEST_TORN; /* a test request must not become permanent by a leftover */
		reason = hf_trailer_write_magic(app->secondary, app->align);
	}
	/* The order is MCUboot's (magic first): a cut makes of a permanent request a test, never the other way round. */
	if (reason == HF_OK && permanent && secondary.image_ok == HF_FLAG_UNSET)
		reason = hf_trailer_write_image_ok(app->secondary, app->align);
	if (reason == HF_OK && secondary.magic == HF_MAGIC_UNSET)
		reason = hf_trailer_write_swap_info(app->secondary, app->align, permanent ? HF_SWAP_PERM : HF_SWAP_TEST);
	return reason;
}

enum hf_reason hf_app_confirm(const struct hf_app_config *app)
{
	struct hf_trailer primary;
	const enum hf_reason reason = hf_trailer_read(app->primary, app->align, &primary);
	if (reason != HF_OK || primary.magic != HF_MAGIC_GOOD || primary.image_ok == HF_FLAG_SET)
		return reason;
	/* Torn on NOR: a third program of the word is not allowed, and the loader takes it as given and completes it. */
	if (primary.image_ok == HF_FLAG_BAD && hf_known(app->primary)->needs_erase)
		return HF_OK;
	return hf_trailer_write_image_ok(app->primary, primary.align);
}

/* ---- erase and upload */

static enum hf_reason may_overwrite(const struct hf_app_config *app, bool even_pending)
{
	struct hf_trailer primary, secondary;
	const enum hf_reason reason = read_trailers(app, &primary, &secondary);
	if (reason != HF_OK)
		return reason;
	if (app->secondary == NULL)
		return HF_R_SLOT_NONE;
	if (trial_is_open(&primary))
		return HF_R_SLOT_TRIAL_OPEN;
	return secondary.magic == HF_MAGIC_GOOD && !even_pending ? HF_R_SLOT_PENDING : HF_OK;
}

/* Erases (NOR) or blanks the first line of (RRAM) one sector: no header is found there any more. */
static enum hf_reason forget_header(const struct hf_flash *flash, uint32_t sector_off)
{
	uint8_t blank[HF_IMAGE_HEADER_BYTES];
	if (hf_known(flash)->needs_erase)
		return hf_flash_erase(flash, sector_off, hf_known(flash)->sector_bytes);
	memset(blank, hf_known(flash)->erased_byte, sizeof blank);
	const enum hf_reason reason = hf_flash_write(flash, sector_off, blank, sizeof blank);
	return reason != HF_OK ? reason : hf_flash_sync(flash);
}

/* The request goes first, so that an old request never meets new bytes; then both places where an image may begin, so that
 * what was there before is not taken for the new one. */
static enum hf_reason forget_secondary(const struct hf_app_config *app)
{
	const struct hf_flash *secondary = app->secondary;
	enum hf_reason reason = hf_trailer_clear(secondary);
	if (reason == HF_OK)
		reason = forget_header(secondary, 0);
	return reason != HF_OK ? reason : forget_header(secondary, one_in_off(app));
}

enum hf_reason hf_app_erase_secondary(const struct hf_app_config *app, bool even_pending)
{
	const struct hf_flash *secondary = app->secondary;
	enum hf_reason reason = may_overwrite(app, even_pending);
	if (reason == HF_OK)
		reason = forget_secondary(app);
	const uint32_t last_off = secondary->size_bytes - hf_known(secondary)->sector_bytes;
	for (uint32_t off = 0; off < last_off && reason == HF_OK; off += hf_known(secondary)->sector_bytes) {
		bool blank = false;
		reason = hf_flash_is_blank(secondary, off, hf_known(secondary)->sector_bytes, &blank);
		if (reason != HF_OK || !blank) /* unreadable is what an erase is for */
			reason = hf_flash_erase(secondary, off, hf_known(secondary)->sector_bytes);
	}
	return reason;
}

enum hf_reason hf_upload_begin(struct hf_upload *upload, const struct hf_app_config *app, uint32_t size_bytes, const uint8_t *tag,
			       uint32_t tag_bytes)
{
	enum hf_reason reason = may_overwrite(app, true);
	if (reason != HF_OK)
		return reason;
	if (size_bytes == 0 || size_bytes > app->size_max)
		return HF_R_SLOT_TOO_SMALL;
	if (tag_bytes > sizeof upload->tag)
		return HF_R_ARGUMENT;
	upload->open = false;
	reason = forget_secondary(app);
	if (reason != HF_OK)
		return reason;
	memset(upload, 0, sizeof *upload);
	upload->flash = app->secondary;
	upload->open = true;
	upload->size_bytes = size_bytes;
	upload->prepared_bytes = hf_known(app->secondary)->sector_bytes; /* forgotten is erased */
	if (one_in_off(app) == hf_known(app->secondary)->sector_bytes)
		upload->prepared_bytes *= 2;
	if (tag_bytes != 0)
		memcpy(upload->tag, tag, tag_bytes);
	upload->tag_bytes = tag_bytes;
	return HF_OK;
}

/* NOR: erases the sector that a write is about to enter. The last one was erased before: with the secondary's request, or with the
 * journal in the primary, which no image reaches. */
static enum hf_reason prepare(struct hf_upload *upload, uint32_t end)
{
	const struct hf_flash *flash = upload->flash;
	enum hf_reason reason = HF_OK;
	while (hf_known(flash)->needs_erase && reason == HF_OK && upload->prepared_bytes < end) {
		if (upload->prepared_bytes != flash->size_bytes - hf_known(flash)->sector_bytes)
			reason = hf_flash_erase(flash, upload->prepared_bytes, hf_known(flash)->sector_bytes);
		if (reason == HF_OK)
			upload->prepared_bytes += hf_known(flash)->sector_bytes;
	}
	return reason;
}

static enum hf_reason write_units(struct hf_upload *upload, uint32_t off, const void *data, uint32_t size_bytes)
{
	const uint32_t end = off + size_bytes, sector = hf_known(upload->flash)->sector_bytes;
	enum hf_reason reason = prepare(upload, end);
	if (reason == HF_OK)
		reason = hf_flash_write(upload->flash, off, data, size_bytes);
	if (reason == HF_OK && upload->sector_done != NULL && end / sector != off / sector)
		reason = upload->sector_done(upload->ctx, end - end % sector);
	return reason;
}

/* The incomplete unit at the end is filled with erased bytes and written. */
static enum hf_reason flush(struct hf_upload *upload)
{
	const struct hf_flash *flash = upload->flash;
	enum hf_reason reason = HF_OK;
	if (upload->line_bytes != 0) {
		memset(upload->line + upload->line_bytes, hf_known(flash)->erased_byte, hf_known(flash)->write_unit_bytes - upload->line_bytes);
		reason = write_units(upload, upload->next_off - upload->line_bytes, upload->line, hf_known(flash)->write_unit_bytes);
		upload->line_bytes = 0;
	}
	return reason != HF_OK ? reason : hf_flash_sync(flash);
}

enum hf_reason hf_upload_write(struct hf_upload *upload, const void *data, uint32_t data_bytes)
{
	const uint8_t *from = data;
	enum hf_reason reason = HF_OK;
	if (!upload->open)
		return HF_R_SLOT_NO_UPLOAD;
	if (!hf_span_fits(upload->next_off, data_bytes, upload->size_bytes))
		return HF_R_SLOT_OVERRUN;
	const uint32_t unit = hf_known(upload->flash)->write_unit_bytes;
	hf_assert(unit <= sizeof upload->line);
	while (data_bytes != 0 && reason == HF_OK) {
		if (upload->line_bytes == 0 && data_bytes >= unit) { /* whole units go straight from the caller's buffer */
			const uint32_t whole = data_bytes - data_bytes % unit;
			reason = write_units(upload, upload->next_off, from, whole);
			from += whole;
			data_bytes -= whole;
			upload->next_off += whole;
			continue;
		}
		upload->line[upload->line_bytes++] = *from++;
		data_bytes--;
		upload->next_off++;
		if (upload->line_bytes == unit) {
			upload->line_bytes = 0;
			reason = write_units(upload, upload->next_off - unit, upload->line, unit);
		}
	}
	if (reason == HF_OK && hf_upload_is_complete(upload))
		reason = flush(upload);
	if (reason != HF_OK || hf_upload_is_complete(upload))
		upload->open = false; /* a failed write ends the upload: what is there is not what was sent */
	return reason;
}
