/* SPDX-License-Identifier: MIT */
/* image.h - the MCUboot image: header and TLVs, read over an hf_flash, believed only inside their bounds.
 *
 * Why      One accessor maps "offset in the image" to flash, so that an image one sector into its slot is read by the same
 *          code as one at offset 0 (MCUboot's swap-offset forgot that in several places: 5b7bccf9, a953b365, 82bd4a76).
 * Shapes   header (32 bytes, padded to header_bytes) | payload | protected TLVs | unprotected TLVs; all little-endian.
 * Units    off in bytes from the image's start.
 * Errors   HF_R_IMAGE_* with the place, what was expected and what was found; outputs untouched on failure.
 * Stricter than MCUboot: a header is at least 32 bytes; a protected TLV must end inside the protected area (MCUboot only checks
 *          the outer end, so the last one may swallow the unprotected area's header); at most 64 TLVs; an area is below 32 MB.
 * Source   mcu-tools/mcuboot: boot/bootutil/include/bootutil/image.h, boot/bootutil/src/{image_validate,tlv}.c (2d4bacc3).
 */
#ifndef HOLDFAST_IMAGE_H
#define HOLDFAST_IMAGE_H

#include <holdfast/flash.h>

#define HF_IMAGE_MAGIC 0x96f3b83du
#define HF_IMAGE_HEADER_BYTES 32u
#define HF_TLV_INFO_BYTES 4u
#define HF_TLV_INFO_MAGIC 0x6907u
#define HF_TLV_PROTECTED_MAGIC 0x6908u

enum {
	HF_IMAGE_F_PIC = 0x1, HF_IMAGE_F_AES128 = 0x4, HF_IMAGE_F_AES256 = 0x8, HF_IMAGE_F_NON_BOOTABLE = 0x10,
	HF_IMAGE_F_RAM_LOAD = 0x20, HF_IMAGE_F_ROM_FIXED = 0x100, HF_IMAGE_F_LZMA1 = 0x200, HF_IMAGE_F_LZMA2 = 0x400,
	HF_IMAGE_F_ARM_THUMB = 0x800
};

enum {
	HF_TLV_KEYHASH = 0x01, HF_TLV_PUBKEY = 0x02, HF_TLV_SHA256 = 0x10, HF_TLV_SHA384 = 0x11, HF_TLV_SHA512 = 0x12,
	HF_TLV_RSA2048 = 0x20, HF_TLV_ECDSA224 = 0x21, HF_TLV_ECDSA = 0x22, HF_TLV_RSA3072 = 0x23, HF_TLV_ED25519 = 0x24,
	HF_TLV_SIG_PURE = 0x25, HF_TLV_ENC_RSA2048 = 0x30, HF_TLV_ENC_KW = 0x31, HF_TLV_ENC_EC256 = 0x32,
	HF_TLV_ENC_X25519 = 0x33, HF_TLV_ENC_X25519_SHA512 = 0x34, HF_TLV_DEPENDENCY = 0x40, HF_TLV_SEC_CNT = 0x50,
	HF_TLV_BOOT_RECORD = 0x60, HF_TLV_DECOMP_SIZE = 0x70, HF_TLV_DECOMP_SHA = 0x71, HF_TLV_DECOMP_SIGNATURE = 0x72,
	HF_TLV_COMP_DEC_SIZE = 0x73, HF_TLV_UUID_VID = 0x74, HF_TLV_UUID_CID = 0x75, HF_TLV_MANIFEST = 0x76
};

struct hf_version {
	uint8_t major;
	uint8_t minor;
	uint16_t revision;
	uint32_t build;
};

/* Where an image is: base_off is 0, or one sector for an image that lies one sector in. */
struct hf_image_place {
	const struct hf_flash *flash;
	uint32_t base_off;
};

/* A header whose bounds have been checked against the place, and where its areas are. */
struct hf_image {
	uint32_t load_addr;
	uint16_t header_bytes;
	uint16_t protected_bytes;    /* 0: no protected area */
	uint32_t payload_bytes;
	uint32_t flags;
	struct hf_version version;
	uint32_t hashed_bytes;       /* header + payload + protected area */
	uint32_t total_bytes;        /* to the end of the unprotected TLVs: what "image size" means everywhere */
};

/* Where, expected, found of a refusal; where_off is from the image's start. */
struct hf_finding {
	enum hf_reason reason;
	uint32_t where_off;
	uint32_t expected;
	uint32_t found;
};

/* Fills finding and returns reason: the one way to refuse. */
enum hf_reason hf_refuse(struct hf_finding *finding, enum hf_reason reason, uint32_t where_off, uint32_t expected, uint32_t found);

struct hf_tlv {
	uint16_t type;
	uint16_t size_bytes;
	uint32_t data_off; /* from the image's start */
	bool is_protected;
};

/* Reads header and both TLV info headers. limit_bytes: the image must end at or before it (counted from the image's start);
 * header + payload + protected must also stay strictly below the area, as MCUboot asks. Flags are not looked at: verdict.h. */
enum hf_reason hf_image_open(const struct hf_image_place *place, uint32_t limit_bytes, struct hf_image *image,
			     struct hf_finding *finding) HF_MUST_USE;

/* Walk: start with *cursor = 0. HF_OK and *more = false at the end. Each TLV is checked against its own area before it is
 * given out. At most 64 TLVs. */
enum hf_reason hf_image_next_tlv(const struct hf_image_place *place, const struct hf_image *image, uint32_t *cursor,
				 struct hf_tlv *tlv, bool *more, struct hf_finding *finding) HF_MUST_USE;

/* Reads image bytes; the span is checked against image->total_bytes. */
enum hf_reason hf_image_read(const struct hf_image_place *place, const struct hf_image *image, uint32_t off, void *into,
			     uint32_t size_bytes) HF_MUST_USE;

/* major << 24 | minor << 16 | revision: the order of versions as one number, for logs and findings. */
uint32_t hf_version_word(const struct hf_version *version);

/* major, minor, revision; the build number does not count, as in MCUboot's default. <0, 0, >0. */
int hf_version_compare(const struct hf_version *a, const struct hf_version *b);

#endif
