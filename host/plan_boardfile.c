/* SPDX-License-Identifier: MIT */
#include "plan_boardfile.h"

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "file.h"

#define BOARD_FILE_BYTES_MAX 65536u

enum kind { NUMBER, SIZE, TEXT, FLAG };

/* Fields that the file may have; offset into struct plan_board. */
struct field {
	const char *name;
	enum kind kind;
	size_t offset;
	bool must;
};

#define FIELD(word, kind, member, must) { word, kind, offsetof(struct plan_board, member), must }
static const struct field board_fields[] = {
	FIELD("name", TEXT, name, true), FIELD("title", TEXT, title, true), FIELD("chip", TEXT, chip, true),
	FIELD("target", TEXT, target, true), FIELD("stem", TEXT, stem, true), FIELD("flash_label", TEXT, flash_label, true),
	FIELD("signature", TEXT, signature, false), FIELD("flash_bytes", SIZE, flash_bytes, true),
	FIELD("region_bytes", SIZE, region_bytes, false), FIELD("first_addr", SIZE, first_addr, false), FIELD("end_addr", SIZE, end_addr, false),
	FIELD("boot_bytes", SIZE, boot_bytes, true), FIELD("settings_bytes", SIZE, settings_bytes, true),
	FIELD("stock_settings_addr", SIZE, stock_settings_addr, false), FIELD("sector_bytes", SIZE, sector_bytes, true),
	FIELD("unit_bytes", SIZE, unit_bytes, true), FIELD("align", SIZE, align, true), FIELD("header_bytes", SIZE, header_bytes, true),
	FIELD("tlv_bytes", SIZE, tlv_bytes, false), FIELD("unit_us", NUMBER, unit_us, true), FIELD("erase_us", NUMBER, erase_us, true),
	FIELD("endurance", NUMBER, endurance, true), FIELD("usb", FLAG, has_usb, false), FIELD("button", FLAG, has_button, false),
	FIELD("console_uart", FLAG, has_console_uart, false), FIELD("nrf54l", FLAG, is_nrf54l, false), FIELD("needs_probe", FLAG, needs_probe, false),
};
#define EXTERNAL(word, kind, member, must) { word, kind, offsetof(struct plan_external, member), must }
static const struct field external_fields[] = {
	EXTERNAL("part", TEXT, part, true), EXTERNAL("label", TEXT, label, true), EXTERNAL("bytes", SIZE, bytes, true),
	EXTERNAL("erase_us", NUMBER, erase_us, true), EXTERNAL("page_us", NUMBER, page_us, true), EXTERNAL("endurance", NUMBER, endurance, true),
	EXTERNAL("disabled", FLAG, is_disabled, false), EXTERNAL("estimate", FLAG, is_estimate, false),
};
#define PART(word, kind, member, must) { word, kind, offsetof(struct plan_part, member), must }
static const struct field reserved_fields[] = {
	PART("name", TEXT, pm, true), PART("label", TEXT, label, true), PART("title", TEXT, title, true), PART("address", SIZE, addr, true),
	PART("bytes", SIZE, bytes, true), PART("outside", FLAG, outside, false),
};

struct reader {
	const char *path;
	struct plan_own_board *own;
	struct problem *problem;
};

static enum hf_reason bad(const struct reader *r, const char *field, const char *what)
{
	return problem_set(r->problem, HF_R_PLAN_BOARD_FILE, r->path, "%s: %s", field, what);
}

/* A name that goes into files of the build: letters, digits and these signs alone. */
static bool is_word(const char *text)
{
	return text[0] != '\0' && strlen(text) < 120 &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/., ()") == strlen(text);
}

static enum hf_reason take_text(const struct reader *r, const struct field *field, const cJSON *item, void *into)
{
	if (!cJSON_IsString(item) || !is_word(item->valuestring))
		return bad(r, field->name, "must be a short text of letters, digits and _-+/., ()");
	if (r->own->text_count == PLAN_BOARD_TEXTS_MAX)
		return bad(r, field->name, "too many texts");
	char *copy = host_strdup(item->valuestring);
	r->own->texts[r->own->text_count++] = copy;
	const char *text = copy;
	memcpy((char *)into + field->offset, &text, sizeof text);
	return HF_OK;
}

/* A number, or for sizes a text as "0x1000" or "48K". */
static enum hf_reason take_number(const struct reader *r, const struct field *field, const cJSON *item, void *into)
{
	uint32_t number = 0;
	if (cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= 268435456.0 &&
	    item->valuedouble == (double)(uint32_t)item->valuedouble) {
		number = (uint32_t)item->valuedouble;
	} else if (field->kind == SIZE && cJSON_IsString(item)) {
		char *end = NULL;
		unsigned long value = strtoul(item->valuestring, &end, 0);
		if (*end == 'K') {
			value *= 1024;
			end++;
		}
		if (end == item->valuestring || *end != '\0' || value > 268435456ul || item->valuestring[0] == '-')
			return bad(r, field->name, "must be a size such as 4096, \"0x1000\" or \"48K\"");
		number = (uint32_t)value;
	} else {
		return bad(r, field->name, "must be a number from 0 to 268435456");
	}
	memcpy((char *)into + field->offset, &number, sizeof number);
	return HF_OK;
}

static enum hf_reason take_field(const struct reader *r, const struct field *field, const cJSON *item, void *into)
{
	switch (field->kind) {
	case TEXT: return take_text(r, field, item, into);
	case SIZE:
	case NUMBER: return take_number(r, field, item, into);
	case FLAG: {
		bool value = cJSON_IsTrue(item);
		if (!cJSON_IsBool(item))
			return bad(r, field->name, "must be true or false");
		memcpy((char *)into + field->offset, &value, sizeof value);
		return HF_OK;
	}
	}
	return HF_OK;
}

/* skipped: names of this object that others take. */
static enum hf_reason take_fields(const struct reader *r, const cJSON *object, const struct field *fields, size_t count,
				  const char *const *skipped, void *into)
{
	const cJSON *item = NULL;
	cJSON_ArrayForEach(item, object) {
		size_t i = 0, s = 0;
		while (i < count && strcmp(fields[i].name, item->string) != 0)
			i++;
		while (skipped != NULL && skipped[s] != NULL && strcmp(skipped[s], item->string) != 0)
			s++;
		if (i == count && (skipped == NULL || skipped[s] == NULL))
			return bad(r, item->string, "is no field of a board file");
		enum hf_reason reason = i < count ? take_field(r, &fields[i], item, into) : HF_OK;
		if (reason != HF_OK)
			return reason;
	}
	for (size_t i = 0; i < count; i++) {
		if (fields[i].must && !cJSON_HasObjectItem(object, fields[i].name))
			return bad(r, fields[i].name, "is missing");
	}
	return HF_OK;
}

static enum hf_reason take_external(const struct reader *r, const cJSON *root)
{
	static const char *const skipped[] = { "bus", NULL };
	struct plan_external *into = &r->own->board.external;
	const cJSON *object = cJSON_GetObjectItemCaseSensitive(root, "external");
	if (object == NULL)
		return HF_OK;
	const cJSON *bus = cJSON_GetObjectItemCaseSensitive(object, "bus");
	if (cJSON_IsString(bus) && strcmp(bus->valuestring, "qspi") == 0)
		into->bus = PLAN_BUS_QSPI;
	else if (cJSON_IsString(bus) && strcmp(bus->valuestring, "spi") == 0)
		into->bus = PLAN_BUS_SPI;
	else
		return bad(r, "external.bus", "must be \"qspi\" or \"spi\"");
	return take_fields(r, object, external_fields, HF_ARRAY_COUNT(external_fields), skipped, into);
}

static enum hf_reason take_reserved(const struct reader *r, const cJSON *root)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "reserved"), *item = NULL;
	size_t count = 0;
	cJSON_ArrayForEach(item, list) {
		if (count == PLAN_RESERVED_MAX)
			return bad(r, "reserved", "four parts at most");
		struct plan_part *part = &r->own->board.reserved[count++];
		enum hf_reason reason = take_fields(r, item, reserved_fields, HF_ARRAY_COUNT(reserved_fields), NULL, part);
		if (reason != HF_OK)
			return reason;
		part->role = PLAN_RESERVED;
	}
	return HF_OK;
}

static bool is_power_of_two(uint32_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

/* Reserved parts lie outside of what is planned, or they would overlap. */
static bool reserved_is_clear(const struct plan_board *b)
{
	for (size_t i = 0; i < PLAN_RESERVED_MAX; i++) {
		const struct plan_part *part = &b->reserved[i];
		if (part->bytes > 0 && part->addr < b->end_addr && (uint64_t)part->addr + part->bytes > b->first_addr)
			return false;
		if (part->bytes > 0 && (uint64_t)part->addr + part->bytes > b->flash_bytes)
			return false;
	}
	return true;
}

static enum hf_reason check(const struct reader *r)
{
	struct plan_board *b = &r->own->board;
	if (b->region_bytes == 0)
		b->region_bytes = b->flash_bytes;
	if (b->end_addr == 0)
		b->end_addr = b->region_bytes;
	if (b->tlv_bytes == 0)
		b->tlv_bytes = 180;
	if (b->signature == NULL)
		b->signature = "ECDSA_P256";
	uint32_t sector = b->sector_bytes;
	if (!is_power_of_two(sector) || sector < 256 || sector > 0x20000)
		return bad(r, "sector_bytes", "must be a power of two from 256 to 131072");
	if (!is_power_of_two(b->unit_bytes) || b->unit_bytes > 32 || !is_power_of_two(b->align) || b->align < 8 || b->align > 32)
		return bad(r, "unit_bytes, align", "must be powers of two up to 32, align from 8");
	if (b->region_bytes > b->flash_bytes || b->end_addr > b->region_bytes || b->first_addr >= b->end_addr)
		return bad(r, "first_addr, end_addr, region_bytes, flash_bytes", "must be first < end <= region <= flash");
	if (b->first_addr % sector != 0 || b->end_addr % sector != 0 || b->boot_bytes % sector != 0 || b->settings_bytes % sector != 0)
		return bad(r, "first_addr, end_addr, boot_bytes, settings_bytes", "must be whole sectors");
	if (b->flash_bytes / sector > 32768 || b->header_bytes < 32 || b->header_bytes > 0x8000 || b->boot_bytes == 0)
		return bad(r, "flash_bytes, header_bytes, boot_bytes", "out of range");
	if (strcmp(b->signature, "ECDSA_P256") != 0 && strcmp(b->signature, "ED25519") != 0 && strcmp(b->signature, "RSA") != 0)
		return bad(r, "signature", "must be ECDSA_P256, ED25519 or RSA");
	if (strpbrk(b->stem, "/. ()") != NULL || strpbrk(b->flash_label, "/.-+ ()") != NULL)
		return bad(r, "stem, flash_label", "become a file's and a node's name: no path");
	return reserved_is_clear(b) ? HF_OK : bad(r, "reserved", "must lie outside first_addr to end_addr and inside the flash");
}

enum hf_reason plan_boardfile_parse(const char *path, const char *text, size_t size_bytes, struct plan_own_board *own, struct problem *problem)
{
	static const char *const skipped[] = { "external", "reserved", NULL };
	struct reader r = { .path = path, .own = own, .problem = problem };
	*own = (struct plan_own_board){ .text_count = 0 };
	own->board.variant = "";
	own->board.variant_note = "as its file says";
	cJSON *root = cJSON_ParseWithLength(text, size_bytes);
	enum hf_reason reason = cJSON_IsObject(root) ? HF_OK : bad(&r, "file", "is no JSON object");
	if (reason == HF_OK)
		reason = take_fields(&r, root, board_fields, HF_ARRAY_COUNT(board_fields), skipped, &own->board);
	if (reason == HF_OK)
		reason = take_external(&r, root);
	if (reason == HF_OK)
		reason = take_reserved(&r, root);
	if (reason == HF_OK)
		reason = check(&r);
	cJSON_Delete(root);
	if (reason != HF_OK)
		plan_boardfile_free(own);
	return reason;
}

enum hf_reason plan_boardfile_read(const char *path, struct plan_own_board *own, struct problem *problem)
{
	struct bytes text = { 0 };
	enum hf_reason reason = file_read(path, BOARD_FILE_BYTES_MAX, &text, problem);
	if (reason == HF_OK)
		reason = plan_boardfile_parse(path, (const char *)text.data, text.size, own, problem);
	bytes_free(&text);
	return reason;
}

void plan_boardfile_free(struct plan_own_board *own)
{
	for (size_t i = 0; i < own->text_count; i++)
		free(own->texts[i]);
	*own = (struct plan_own_board){ .text_count = 0 };
}
