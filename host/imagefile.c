/* SPDX-License-Identifier: MIT */
#include "imagefile.h"

#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "flash_mem.h"
#include "hexfile.h"

void imagefile_of_package(const char *path, struct package_image *image, struct imagefile *file)
{
	char *name = host_printf("%s:%s", path, image->name);
	imagefile_over(name, &image->bytes, file);
	file->own_path = name;
	image->bytes = (struct bytes){ 0 };
}

static enum hf_reason read_package(const char *path, struct imagefile *file, struct problem *problem)
{
	struct package package;
	enum hf_reason reason = package_read(path, &package, problem);
	if (reason != HF_OK)
		return reason;
	if (package.count == 1)
		imagefile_of_package(path, &package.images[0], file);
	else
		reason = problem_set(problem, HF_R_HOST_PACKAGE_SEVERAL, path, "%zu images", package.count);
	package_free(&package);
	return reason;
}

enum hf_reason imagefile_read(const char *path, uint8_t fill, uint32_t off, struct imagefile *file, struct problem *problem)
{
	memset(file, 0, sizeof *file);
	file->path = path;
	if (file_is_zip(path))
		return read_package(path, file, problem);
	file->is_hex = file_is_hex(path);
	enum hf_reason reason = file_read(path, FILE_IMAGE_BYTES_MAX * (file->is_hex ? 3u : 1u), &file->bytes, problem);
	if (reason != HF_OK)
		return reason;
	if (file->is_hex) {
		struct hexfile hex;
		struct bytes text = file->bytes;
		file->bytes = (struct bytes){ 0 };
		reason = hexfile_parse(path, &text, &hex, problem);
		bytes_free(&text);
		if (reason != HF_OK)
			return reason;
		reason = hexfile_flatten(path, &hex, fill, FILE_IMAGE_BYTES_MAX, &file->addr, &file->bytes, problem);
		hexfile_free(&hex);
		if (reason != HF_OK)
			return reason;
	}
	if (off >= file->bytes.size) {
		bytes_free(&file->bytes);
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--offset", "0x%x is beyond the end of %s", (unsigned)off, path);
	}
	file->flash = flash_mem_over(file->bytes.data, (uint32_t)file->bytes.size, fill);
	file->place = (struct hf_image_place){ .flash = &file->flash, .base_off = off };
	return HF_OK;
}

void imagefile_over(const char *name, const struct bytes *bytes, struct imagefile *file)
{
	memset(file, 0, sizeof *file);
	file->path = name;
	file->bytes = *bytes;
	file->flash = flash_mem_over(bytes->data, (uint32_t)bytes->size, 0xff);
	file->place = (struct hf_image_place){ .flash = &file->flash, .base_off = 0 };
}

void imagefile_free(struct imagefile *file)
{
	bytes_free(&file->bytes);
	free(file->own_path);
	file->own_path = NULL;
}

enum hf_reason imagefile_open(const struct imagefile *file, struct hf_image *image, struct problem *problem)
{
	struct hf_finding finding = { 0 };
	enum hf_reason reason = hf_image_open(&file->place, UINT32_MAX, image, &finding);
	if (reason == HF_OK)
		return HF_OK;
	if (finding.reason != reason) /* a read that failed has no finding */
		finding = (struct hf_finding){ .reason = reason };
	return problem_finding(problem, file->path, &finding);
}

enum hf_reason imagefile_tlv(const struct imagefile *file, const struct hf_image *image, uint16_t type, struct hf_tlv *tlv,
			     bool *found, struct problem *problem)
{
	uint32_t cursor = 0;
	for (;;) {
		struct hf_finding finding = { 0 };
		struct hf_tlv next;
		bool more = false;
		enum hf_reason reason = hf_image_next_tlv(&file->place, image, &cursor, &next, &more, &finding);
		if (reason != HF_OK)
			return problem_finding(problem, file->path, &finding);
		if (!more || next.type == type) {
			*found = more;
			if (more)
				*tlv = next;
			return HF_OK;
		}
	}
}

enum hf_reason imagefile_hash(const struct imagefile *file, const struct hf_image *image, uint8_t hash[HF_HASH_BYTES_MAX],
			      uint32_t *hash_bytes, struct problem *problem)
{
	static const struct {
		uint16_t type;
		uint32_t size_bytes;
	} rows[] = { { HF_TLV_SHA256, 32 }, { HF_TLV_SHA384, 48 }, { HF_TLV_SHA512, 64 } };
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		struct hf_tlv tlv;
		bool found = false;
		enum hf_reason reason = imagefile_tlv(file, image, rows[i].type, &tlv, &found, problem);
		if (reason != HF_OK)
			return reason;
		if (!found || tlv.size_bytes != rows[i].size_bytes)
			continue;
		reason = hf_image_read(&file->place, image, tlv.data_off, hash, tlv.size_bytes);
		hf_assert(reason == HF_OK);
		*hash_bytes = tlv.size_bytes;
		return HF_OK;
	}
	return problem_set(problem, HF_R_HOST_IMAGE_NO_HASH, file->path, "%s", "");
}
