/* SPDX-License-Identifier: MIT */
/* filecopy.h - files to and from a device, with a bar, resumed if wanted, and compared by hash at the end.
 *
 * Cut      put: the device is left with the beginning of the file under its name; so is it while the transfer runs. get: the local file is
 *          replaced only when all is there and right; with resume, what came is kept in FILE.part.
 * Errors   HF_R_HOST_FILE_DIFFERS, HF_R_HOST_FILE_CHANGED, those of device.h, file.h and smp_stream.h.
 */
#ifndef HOST_FILECOPY_H
#define HOST_FILECOPY_H

#include <holdfast/smp_stream.h>

#include "bytes.h"
#include "device.h"

#define FILECOPY_BYTES_MAX (256u << 20)

struct filecopy_wish {
	bool resume;
	bool no_check;
	uint32_t window;        /* 0: as much as the device allows */
};

struct filecopy_result {
	uint32_t size_bytes;
	uint32_t resumed_off;   /* 0: from the start */
	uint32_t time_ms;
	uint32_t lost;          /* requests that were sent again */
	char checked_by[20];    /* "sha256"; empty: the device makes no hashes */
};

enum hf_reason filecopy_put(struct device *device, const struct bytes *file, const char *name, const struct filecopy_wish *wish,
			    struct filecopy_result *result, struct problem *problem) HF_MUST_USE;
enum hf_reason filecopy_get(struct device *device, const char *name, const char *path, const struct filecopy_wish *wish,
			    struct filecopy_result *result, struct problem *problem) HF_MUST_USE;
enum hf_reason filecopy_status(struct device *device, const char *name, uint32_t *size_bytes, struct problem *problem) HF_MUST_USE;

#endif
