/* SPDX-License-Identifier: MIT */
/* load.c - files in and out: binaries, Intel HEX, the flash file and its sidecar.
 *
 * Shapes   The sidecar is text, a line each: "uicr OFF WORD", "wear ADDR COUNT", "weak ADDR MASK" (mask 0: reads fault), hex all.
 *          It exists only when there is something to say. FILE.ext holds the external flash, as far as it is not erased.
 * Errors   A file that can't be read, doesn't fit, or is no Intel HEX leaves the board unchanged from the first bad record on.
 * Source   Intel, "Hexadecimal Object File Format Specification" A, 1988: records 00, 01, 02, 04; 03 and 05 are ignored.
 */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

enum hf_reason vb_load_bytes(struct vb *vb, uint32_t addr, const void *bytes, uint32_t size_bytes)
{
	if (hf_span_fits(addr, size_bytes, vb->board->flash_bytes)) {
		memcpy(vb->flash + addr, bytes, size_bytes);
		vb_flash_changed(vb, addr, size_bytes);
		return HF_OK;
	}
	if (addr >= vb->chip->uicr_addr && hf_span_fits(addr - vb->chip->uicr_addr, size_bytes, VB_PAGE_BYTES)) {
		memcpy(vb->uicr + (addr - vb->chip->uicr_addr), bytes, size_bytes);
		return HF_OK;
	}
	if (addr >= BOARD_EXTERNAL_ADDR && hf_span_fits(addr - BOARD_EXTERNAL_ADDR, size_bytes, vb->board->external.size_bytes)) {
		memcpy(vb->external + (addr - BOARD_EXTERNAL_ADDR), bytes, size_bytes);
		vb_external_changed(vb, addr - BOARD_EXTERNAL_ADDR, size_bytes);
		return HF_OK;
	}
	return HF_R_VB_RANGE;
}

static enum hf_reason file_read(const char *path, uint8_t **bytes, size_t *size_bytes)
{
	FILE *file = fopen(path, "rb");
	uint8_t *all = NULL;
	size_t size = 0, room = 0, got;

	if (file == NULL)
		return HF_R_VB_FILE;
	do {
		if (size == room) {
			uint8_t *more;
			room = room == 0 ? 1u << 16 : room * 2;
			more = room <= 1u << 26 ? realloc(all, room) : NULL;
			if (more == NULL) {
				free(all);
				fclose(file);
				return HF_R_VB_FILE;
			}
			all = more;
		}
		got = fread(all + size, 1, room - size, file);
		size += got;
	} while (got != 0);
	if (ferror(file) != 0) {
		free(all);
		fclose(file);
		return HF_R_VB_FILE;
	}
	fclose(file);
	*bytes = all;
	*size_bytes = size;
	return HF_OK;
}

enum hf_reason vb_load_bin(struct vb *vb, const char *path, uint32_t addr)
{
	uint8_t *bytes;
	size_t size;
	enum hf_reason reason = file_read(path, &bytes, &size);

	if (reason != HF_OK)
		return reason;
	reason = vb_load_bytes(vb, addr, bytes, (uint32_t)size);
	free(bytes);
	return reason;
}

/* ---- Intel HEX ---- */

static bool hex_byte(const char *text, uint8_t *byte)
{
	uint32_t value = 0;

	for (int i = 0; i < 2; i++) {
		char c = text[i];
		value <<= 4;
		if (c >= '0' && c <= '9')
			value |= (uint32_t)(c - '0');
		else if (c >= 'A' && c <= 'F')
			value |= (uint32_t)(c - 'A' + 10);
		else if (c >= 'a' && c <= 'f')
			value |= (uint32_t)(c - 'a' + 10);
		else
			return false;
	}
	*byte = (uint8_t)value;
	return true;
}

static bool hex_record(const char *line, uint8_t record[261], uint32_t *data_bytes)
{
	uint8_t sum = 0;
	size_t length = strcspn(line, "\r\n");

	if (line[0] != ':' || length < 11 || length % 2 != 1 || (length - 1) / 2 > 260)
		return false;
	for (size_t i = 0; i < (length - 1) / 2; i++) {
		if (!hex_byte(line + 1 + 2 * i, &record[i]))
			return false;
		sum = (uint8_t)(sum + record[i]);
	}
	*data_bytes = record[0];
	return sum == 0 && (length - 1) / 2 == (size_t)record[0] + 5u;
}

enum hf_reason vb_load_hex(struct vb *vb, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[600];
	uint8_t record[261];
	uint32_t base = 0, data_bytes;
	enum hf_reason reason = HF_OK;
	bool ended = false;

	if (file == NULL)
		return HF_R_VB_FILE;
	while (reason == HF_OK && !ended && fgets(line, (int)sizeof line, file) != NULL) {
		if (strcspn(line, "\r\n") == 0)
			continue;
		if (!hex_record(line, record, &data_bytes)) {
			reason = HF_R_VB_HEX;
		} else if (record[3] == 0) {
			reason = vb_load_bytes(vb, base + hf_get16be(record + 1), record + 4, data_bytes);
		} else if (record[3] == 1) {
			ended = true;
		} else if (record[3] == 2 && data_bytes == 2) {
			base = (uint32_t)hf_get16be(record + 4) << 4;
		} else if (record[3] == 4 && data_bytes == 2) {
			base = (uint32_t)hf_get16be(record + 4) << 16;
		} else if (record[3] != 3 && record[3] != 5) {
			reason = HF_R_VB_HEX;
		}
	}
	fclose(file);
	return reason == HF_OK && !ended ? HF_R_VB_HEX : reason;
}

/* ---- the flash file ---- */

static bool side_path(const char *path, char side[1024])
{
	int length = snprintf(side, 1024, "%s.side", path);

	return length > 0 && length < 1024;
}

static bool is_external(const struct vb *vb, uint32_t addr)
{
	return addr >= BOARD_EXTERNAL_ADDR && addr - BOARD_EXTERNAL_ADDR < vb->board->external.size_bytes;
}

static void side_line(struct vb *vb, const char *word, uint32_t at, uint32_t value)
{
	if (strcmp(word, "uicr") == 0 && at < VB_PAGE_BYTES && at % 4u == 0)
		hf_put32le(vb->uicr + at, value);
	if (strcmp(word, "wear") == 0 && at < vb->board->flash_bytes) {
		vb->wear[at / vb->units_per_wear_bytes] = value;
		if (value > vb->s.n.wear_max) {
			vb->s.n.wear_max = value;
			vb->s.n.wear_addr = at;
		}
	}
	if (strcmp(word, "weak") == 0 && (at < vb->board->flash_bytes || is_external(vb, at)))
		vb_weak_set(vb, at, 4, value);
	if (strcmp(word, "wear") == 0 && is_external(vb, at)) {
		vb->external_wear[(at - BOARD_EXTERNAL_ADDR) / VB_PAGE_BYTES] = value;
		if (value > vb->s.n.external_wear_max)
			vb->s.n.external_wear_max = value;
	}
}

static enum hf_reason side_load(struct vb *vb, const char *path)
{
	char side[1024], word[8];
	unsigned at, value;
	FILE *file;
	int fields;

	if (!side_path(path, side))
		return HF_R_VB_FILE;
	file = fopen(side, "r");
	if (file == NULL)
		return HF_OK;
	while ((fields = fscanf(file, "%7s %x %x", word, &at, &value)) == 3)
		side_line(vb, word, at, value);
	fclose(file);
	return fields == EOF ? HF_OK : HF_R_VB_FILE;
}

/* PATH.ext: the external flash as far as it is not erased. */
static enum hf_reason external_load(struct vb *vb, const char *path)
{
	char name[1024];
	uint8_t *bytes;
	size_t size;
	enum hf_reason reason;
	int length = snprintf(name, sizeof name, "%s.ext", path);
	FILE *file = length > 0 && length < (int)sizeof name ? fopen(name, "rb") : NULL;

	if (vb->external == NULL || file == NULL)
		return HF_OK;
	fclose(file);
	reason = file_read(name, &bytes, &size);
	if (reason != HF_OK)
		return reason;
	reason = size <= vb->board->external.size_bytes ? vb_load_bytes(vb, BOARD_EXTERNAL_ADDR, bytes, (uint32_t)size) : HF_R_VB_FLASH_SIZE;
	free(bytes);
	return reason;
}

static enum hf_reason external_save(const struct vb *vb, const char *path)
{
	char name[1024];
	int length = snprintf(name, sizeof name, "%s.ext", path);
	FILE *file;
	bool ok;

	if (length <= 0 || length >= (int)sizeof name)
		return HF_R_VB_FILE;
	if (vb->external == NULL || vb->s.nor.touched_bytes == 0) {
		remove(name);
		return HF_OK;
	}
	file = fopen(name, "wb");
	ok = file != NULL && fwrite(vb->external, 1, vb->s.nor.touched_bytes, file) == vb->s.nor.touched_bytes;
	if (file != NULL)
		ok = fclose(file) == 0 && ok;
	return ok ? HF_OK : HF_R_VB_FILE;
}

enum hf_reason vb_flash_load(struct vb *vb, const char *path)
{
	uint8_t *bytes;
	size_t size;
	enum hf_reason reason = file_read(path, &bytes, &size);

	if (reason != HF_OK)
		return reason;
	if (size != vb->board->flash_bytes) {
		free(bytes);
		return HF_R_VB_FLASH_SIZE;
	}
	reason = vb_load_bytes(vb, 0, bytes, (uint32_t)size);
	free(bytes);
	if (reason == HF_OK)
		reason = external_load(vb, path);
	return reason == HF_OK ? side_load(vb, path) : reason;
}

static bool side_write(const struct vb *vb, FILE *file)
{
	bool any = false;

	for (uint32_t at = 0; at < VB_PAGE_BYTES; at += 4) {
		if (hf_get32le(vb->uicr + at) != 0xffffffffu)
			any = fprintf(file, "uicr %x %x\n", at, hf_get32le(vb->uicr + at)) > 0;
	}
	for (uint32_t i = 0; i < vb->board->flash_bytes / vb->units_per_wear_bytes; i++) {
		if (vb->wear[i] != 0)
			any = fprintf(file, "wear %x %x\n", i * vb->units_per_wear_bytes, vb->wear[i]) > 0;
	}
	for (uint32_t i = 0; i < vb->board->external.size_bytes / VB_PAGE_BYTES; i++) {
		if (vb->external_wear[i] != 0)
			any = fprintf(file, "wear %x %x\n", BOARD_EXTERNAL_ADDR + i * VB_PAGE_BYTES, vb->external_wear[i]) > 0;
	}
	for (uint32_t i = 0; i < vb->s.weak_count; i++)
		any = fprintf(file, "weak %x %x\n", vb->s.weak[i].addr, vb->s.weak[i].mask) > 0;
	return any;
}

/* Written beside and renamed, so that a full disk leaves the old file. Buffered RRAM lines aren't in flash yet. */
enum hf_reason vb_flash_save(const struct vb *vb, const char *path)
{
	const struct vb_rramc_state *rram = &vb->s.unit[vb->nvm_unit].u.rramc;
	uint8_t *durable = malloc(vb->board->flash_bytes);
	char side[1024], temporary[1024 + 8];
	FILE *file;
	bool ok;

	if (durable == NULL || !side_path(path, side)) {
		free(durable);
		return HF_R_VB_FILE;
	}
	memcpy(durable, vb->flash, vb->board->flash_bytes);
	for (uint32_t i = 0; !vb->board->needs_erase && i < rram->lines; i++) {
		if (rram->line[i].addr < vb->board->flash_bytes)
			memcpy(durable + rram->line[i].addr, rram->line[i].old, 16);
	}
	snprintf(temporary, sizeof temporary, "%s.new", path);
	file = fopen(temporary, "wb");
	ok = file != NULL && fwrite(durable, 1, vb->board->flash_bytes, file) == vb->board->flash_bytes;
	free(durable);
	if (file != NULL)
		ok = fclose(file) == 0 && ok;
	if (!ok) {
		remove(temporary);
		return HF_R_VB_FILE;
	}
	file = external_save(vb, path) == HF_OK ? fopen(side, "w") : NULL;
	if (file == NULL)
		return HF_R_VB_FILE;
	ok = side_write(vb, file);
	if (fclose(file) != 0)
		return HF_R_VB_FILE;
	if (!ok)
		remove(side);
	return rename(temporary, path) == 0 ? HF_OK : HF_R_VB_FILE;
}
