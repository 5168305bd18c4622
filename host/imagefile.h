/* SPDX-License-Identifier: MIT */
/* imagefile.h - an image in a file (.bin, .hex, or a .zip package), opened as the loader would open it in a slot.
 *
 * Errors   HF_R_HOST_FILE_*, HF_R_HOST_HEX_*; from imagefile_open also the core's HF_R_IMAGE_*.
 */
#ifndef HOST_IMAGEFILE_H
#define HOST_IMAGEFILE_H

#include <holdfast/verdict.h>

#include "bytes.h"
#include "package.h"
#include "problem.h"

struct imagefile {
	const char *path;            /* "update.zip:app.bin" for one of a package */
	char *own_path;              /* allocated, then path is this one */
	struct bytes bytes;
	bool is_hex;
	uint32_t addr;               /* of the first byte, if is_hex */
	struct hf_flash flash;
	struct hf_image_place place; /* refers to flash: don't copy the struct */
};

/* fill: for holes of a hex file. off: where in the file the image begins. Of a package with several images: HF_R_HOST_PACKAGE_SEVERAL. */
enum hf_reason imagefile_read(const char *path, uint8_t fill, uint32_t off, struct imagefile *file, struct problem *problem) HF_MUST_USE;
/* One of a package; the bytes are taken over. */
void imagefile_of_package(const char *path, struct package_image *image, struct imagefile *file);
/* The same for bytes that are there already, which stay the caller's. */
void imagefile_over(const char *name, const struct bytes *bytes, struct imagefile *file);
void imagefile_free(struct imagefile *file);

/* Header and TLV areas. A file that holds nothing like an image is HF_R_HOST_NOT_AN_IMAGE. */
enum hf_reason imagefile_open(const struct imagefile *file, struct hf_image *image, struct problem *problem) HF_MUST_USE;

/* First hash TLV: what a device calls the image. HF_R_HOST_IMAGE_NO_HASH if there is none. */
enum hf_reason imagefile_hash(const struct imagefile *file, const struct hf_image *image, uint8_t hash[HF_HASH_BYTES_MAX],
			      uint32_t *hash_bytes, struct problem *problem) HF_MUST_USE;
/* First TLV of the type; *found false: none. */
enum hf_reason imagefile_tlv(const struct imagefile *file, const struct hf_image *image, uint16_t type, struct hf_tlv *tlv,
			     bool *found, struct problem *problem) HF_MUST_USE;

#endif
