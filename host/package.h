/* SPDX-License-Identifier: MIT */
/* package.h - update packages: a flat zip of signed images with a manifest.json, as the nRF Connect SDK builds them and phone apps
 * take them (dfu_application.zip).
 *
 * Why      Several images (application, network core, both slots of direct XIP) travel as one file that says which is which.
 * Shapes   manifest: {"format-version": 0, "time", "files": [{"file", "size", "modtime", "type", "board", "soc", "load_address",
 *          "image_index": "0", "slot"?, "slot_index_primary", "slot_index_secondary", "version_MCUBOOT"}]}. Read: image_index or
 *          image, slot, as text or number; version and soc, which are passed on unchecked. Not read: bootloaders, SUIT envelopes and caches (refused).
 * Errors   HF_R_HOST_ZIP, HF_R_HOST_MANIFEST, HF_R_HOST_FILE_*. An archive is foreign bytes: no entry is written to disk, sizes are
 *          bounded before anything is unpacked, names with folders are refused, checksums are checked.
 * Source   nrfconnect/sdk-nrf: scripts/bootloader/generate_zip.py; NordicSemiconductor/IOS-nRF-Connect-Device-Manager:
 *          iOSMcuManagerLibrary/Source/McuMgrManifest.swift (which keys are needed; white space in names breaks it).
 */
#ifndef HOST_PACKAGE_H
#define HOST_PACKAGE_H

#include "bytes.h"
#include "problem.h"

#define PACKAGE_IMAGES_MAX 16u

struct package_image {
	char *name;          /* of the entry, no folders */
	struct bytes bytes;
	uint32_t image;      /* number of the image pair */
	bool has_slot;       /* direct XIP: linked for this slot */
	uint32_t slot;
	char *version;       /* as the manifest says it; NULL: not at all */
	char *soc;           /* the same; not for writing */
	/* For writing. */
	int64_t time_s;
	uint64_t load_addr;
};

struct package {
	struct package_image images[PACKAGE_IMAGES_MAX];
	size_t count;
};

enum hf_reason package_read(const char *path, struct package *package, struct problem *problem) HF_MUST_USE;
/* The same from memory; path is for messages only. */
enum hf_reason package_parse(const char *path, const struct bytes *file, struct package *package, struct problem *problem) HF_MUST_USE;
/* The archive; the same input gives the same bytes. */
enum hf_reason package_make(const struct package *package, const char *board, const char *soc, struct bytes *archive,
			    struct problem *problem) HF_MUST_USE;
void package_free(struct package *package);

#endif
