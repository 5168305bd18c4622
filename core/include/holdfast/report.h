/* SPDX-License-Identifier: MIT */
/* report.h - the loader's message to the application: 64 bytes at the end of RAM.
 *
 * Why      "Why did I boot what I booted, and why was my update refused?" has no answer in MCUboot (its issue 2644). An
 *          application that does not know this area loses nothing.
 * Shapes   off 0 magic u32 "HFR1" | 4 size u16 (64) | 6 cause u8 (enum hf_boot_cause) | 7 flags u8: 1 on trial, 2 resumed |
 *          8 refusal reason u16 | 10 stop reason u16 | 12 refusal where u32 | 16 expected u32 | 20 found u32 |
 *          24 steps_done u32 | 28 loader version u32 | 32 mcuboot_mode u8 | 33 mode id u8 | 34 align u8 | 35 resets u8 |
 *          36 size_max u32 (largest image) | 40 primary addr u32 | 44 primary bytes u32 | 48 secondary addr u32 |
 *          52 secondary bytes u32 | 56 other version u32 (major << 24 | minor << 16 | revision) |
 *          60 crc32 of the 60 bytes before. The running image's version is in its header.
 */
#ifndef HOLDFAST_REPORT_H
#define HOLDFAST_REPORT_H

#include <holdfast/boot.h>

#define HF_REPORT_BYTES 64u
#define HF_REPORT_MAGIC 0x31524648u /* "HFR1" */

struct hf_report {
	enum hf_boot_cause cause;
	bool on_trial;
	bool resumed;
	struct hf_finding refusal;
	enum hf_reason stop_reason;
	uint32_t steps_done;
	uint32_t loader_version;   /* major << 24 | minor << 16 | revision */
	uint8_t mcuboot_mode;
	uint8_t mode_id;
	uint8_t align;
	/* Boots since the last confirmation, update or revert, or since power came if that is later; 255 = that or more. */
	uint8_t resets;
	uint32_t other_version;    /* of the image that ran before this boot's update or revert, or that was refused; 0 = none */
	uint32_t size_max;
	uint32_t primary_addr, primary_bytes, secondary_addr, secondary_bytes;
};

/* The report of the boot before, if RAM still holds it, is where resets is counted on from. */
uint8_t hf_report_resets(const uint8_t previous[HF_REPORT_BYTES], enum hf_boot_cause cause);
void hf_report_encode(const struct hf_report *report, uint8_t bytes[HF_REPORT_BYTES]);
/* HF_R_REPORT_ABSENT if magic, size or CRC do not fit. */
enum hf_reason hf_report_decode(const uint8_t bytes[HF_REPORT_BYTES], struct hf_report *report) HF_MUST_USE;

#endif
