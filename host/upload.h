/* SPDX-License-Identifier: MIT */
/* upload.h - an image file to a device, with a bar, over the windowed upload of smp/.
 *
 * Cut      Ctrl-C or a lost port leave the device with an incomplete upload and no request: nothing happens at its next boot.
 */
#ifndef HOST_UPLOAD_H
#define HOST_UPLOAD_H

#include "device.h"
#include "imagefile.h"

struct upload_result {
	uint32_t size_bytes;
	uint32_t resumed_off;   /* 0: from the start */
	uint32_t time_ms;
	uint32_t lost;          /* chunks that were sent again */
	uint32_t message_bytes; /* largest message */
};

/* Says so where the device takes so little at a time that it is slow. */
void upload_note_small(const struct upload_result *result, struct report *report);

struct upload_wish {
	bool has_image;         /* --image */
	uint32_t image;
	uint32_t window;        /* 0: as much as the device allows */
	bool upgrade_only;
};

/* What is uploaded: the image without padding behind it, so that no trailer of the file becomes a request on the device. */
struct upload_file {
	struct imagefile file;
	struct hf_image image;
	uint8_t hash[HF_HASH_BYTES_MAX];
	uint32_t hash_bytes;
	bool damaged;           /* its bytes are not those that the hash was made of: what a device lists under this hash is another image */
	uint32_t number;        /* of the image on the device; 0 unless a package says otherwise */
	bool has_slot;          /* direct XIP: for this slot only */
	uint32_t slot;
};

/* One file, or all images of a package. */
struct upload_files {
	struct upload_file list[PACKAGE_IMAGES_MAX];
	size_t count;
};

enum hf_reason upload_files_read(const char *path, struct upload_files *files, struct problem *problem) HF_MUST_USE;
void upload_files_free(struct upload_files *files);

enum hf_reason upload_file_read(const char *path, struct upload_file *upload, struct problem *problem) HF_MUST_USE;
void upload_file_free(struct upload_file *upload);

/* Refuses what the device says is too large for it; a device that doesn't say is let be. For images beyond the first, writes the number that
 * the device wants in uploads to wish, unless that has one: some count slots, not images. */
enum hf_reason upload_check_room(struct device *device, const struct upload_file *upload, struct upload_wish *wish,
				 struct problem *problem) HF_MUST_USE;
enum hf_reason upload_run(struct device *device, const struct upload_file *upload, const struct upload_wish *wish,
			  struct upload_result *result, struct problem *problem) HF_MUST_USE;

#endif
