/* SPDX-License-Identifier: MIT */
/* sign_image.h - makes a signed image from a payload: the same bytes as imgtool makes from the same inputs.
 *
 * Why      Separate from the command, so that tests and other commands can sign without a command line.
 * Shapes   header | payload | protected TLVs (SEC_CNT, BOOT_RECORD, DEPENDENCY.., UUID_VID, UUID_CID, custom..) | hash, SIG_PURE,
 *          KEYHASH or PUBKEY, signature; with pad: erased bytes and the trailer's magic at the slot's end.
 * Errors   HF_R_HOST_SIGN_*, HF_R_HOST_KEY_*.
 * Source   mcu-tools/mcuboot: scripts/imgtool/image.py, docs/imgtool.md; compared byte for byte in tests/interop.
 */
#ifndef HOST_SIGN_IMAGE_H
#define HOST_SIGN_IMAGE_H

#include "bytes.h"
#include "keyfile.h"
#include "textparse.h"

#define SIGN_CUSTOM_MAX 32
#define SIGN_MAX_SECTORS_DEFAULT 128

struct sign_custom {
	uint16_t type;
	struct bytes value;
};

struct sign_request {
	struct hf_version version;
	uint32_t header_bytes;       /* 32..65535 */
	uint32_t slot_bytes;         /* 0: no check, no padding */
	uint32_t align;              /* write unit: 1, 2, 4, 8, 16, 32 */
	uint32_t max_align;          /* 8, 16, 32 */
	uint32_t max_sectors;
	uint32_t load_addr;          /* 0: none */
	uint32_t rom_addr;           /* 0: none */
	uint32_t limit_bytes;        /* 0: none; a board's largest image, instead of imgtool's rule */
	uint8_t erased_byte;
	bool pad_header, pad, confirm, test, overwrite_only, pure, pad_signature, full_key, non_bootable, big_endian;
	bool has_counter, counter_auto;
	uint32_t counter;
	enum hf_hash_kind hash;      /* HF_HASH_NONE: by the key */
	const char *boot_record;     /* NULL: none */
	struct dependency dependencies[TEXT_DEPENDENCIES_MAX];
	size_t dependency_count;
	bool has_vid, has_cid;
	uint8_t vid[16], cid[16];
	struct sign_custom custom[SIGN_CUSTOM_MAX];
	size_t custom_count;
};

struct sign_result {
	struct bytes image;      /* header to the end of the TLVs */
	uint32_t trailer_bytes;  /* that imgtool would count */
	uint32_t counter;
	enum hf_hash_kind hash;
	uint8_t digest[HF_HASH_BYTES_MAX];
};

/* input: with pad_header the payload, else header room and payload. key NULL: hash only. name names the input in messages. */
enum hf_reason sign_image_make(const struct sign_request *request, const struct keyfile *key, const char *name,
			       const struct bytes *input, struct sign_result *result, struct problem *problem) HF_MUST_USE;

/* The last bytes of a padded slot: *flag_off, *magic_off count from the slot's start; flag has max_align bytes. */
struct sign_trailer {
	uint32_t magic_off;
	uint8_t magic[16];
	bool has_flag;
	uint32_t flag_off;
	uint8_t flag[32];
};
void sign_trailer_make(const struct sign_request *request, struct sign_trailer *trailer);

/* Appends padding and trailer up to slot_bytes. */
void sign_pad(const struct sign_request *request, struct bytes *image);

#endif
