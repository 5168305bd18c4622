/* SPDX-License-Identifier: MIT */
/* hexfile.h - Intel HEX as a list of address ranges.
 *
 * Why      Loaders and signed images are flashed as hex; Zephyr's build hands them to the signer as hex too.
 * Shapes   Records 00 data, 01 end, 02 and 04 base addresses; 03 and 05 (start address) are skipped. Written: records of up
 *          to 16 bytes from each range's start, a 04 record only if an address needs more than 16 bits: the lines that
 *          Python's intelhex writes, so that hex output equals imgtool's.
 * Errors   HF_R_HOST_HEX_*; where_off of the problem is the line.
 * Source   Intel Hexadecimal Object File Format Specification, revision A (1988); record choice checked against imgtool's output.
 */
#ifndef HOST_HEXFILE_H
#define HOST_HEXFILE_H

#include "bytes.h"
#include "problem.h"

#define HEXFILE_RANGES_MAX 256

struct hexfile_range {
	uint32_t addr;
	struct bytes bytes;
};

struct hexfile {
	struct hexfile_range ranges[HEXFILE_RANGES_MAX]; /* after hexfile_parse: ascending, neither touching nor overlapping */
	size_t count;
};

enum hf_reason hexfile_parse(const char *path, const struct bytes *text, struct hexfile *hex, struct problem *problem) HF_MUST_USE;
void hexfile_free(struct hexfile *hex);
/* One block from the lowest to the highest address, gaps filled. HF_R_HOST_HEX_SPARSE above limit_bytes. */
enum hf_reason hexfile_flatten(const char *path, const struct hexfile *hex, uint8_t fill, size_t limit_bytes, uint32_t *addr,
			       struct bytes *bytes, struct problem *problem) HF_MUST_USE;

/* Ranges may be added in any order; they must not overlap (asserted by hexfile_write's callers, checked on parse). */
void hexfile_add(struct hexfile *hex, uint32_t addr, const uint8_t *data, size_t size_bytes);
void hexfile_write(struct hexfile *hex, struct bytes *text);

#endif
