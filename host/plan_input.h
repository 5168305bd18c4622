/* SPDX-License-Identifier: MIT */
/* plan_input.h - how large the application is: from a signed image, a hex file, an ELF, a raw binary or a build directory.
 *
 * Shapes   The answer is the size of the signed image. Of what is not signed yet: header, code and the TLV areas of the board's
 *          default signature; of a signed file its own size without padding.
 * Errors   HF_R_PLAN_APP_*, HF_R_HOST_FILE_*, HF_R_HOST_HEX_*.
 * Source   Zephyr build directories: DIR/<image>/zephyr/zephyr.signed.bin, .signed.hex, .bin, .elf under sysbuild, DIR/zephyr/ without;
 *          DIR/domains.yaml names the application ("default:"). ELF: System V ABI, 32 bit, little-endian, program headers.
 */
#ifndef HOST_PLAN_INPUT_H
#define HOST_PLAN_INPUT_H

#include "bytes.h"
#include "plan.h"
#include "problem.h"

/* "640K", "0xA0000", "1.2M", "655360". */
enum hf_reason plan_size_parse(const char *option, const char *text, uint32_t *size_bytes, struct problem *problem) HF_MUST_USE;

enum hf_reason plan_app_read(const char *path, const struct plan_board *board, struct plan_app *app, struct problem *problem) HF_MUST_USE;
/* Bytes that an ELF file puts into memory below limit, from the lowest to the highest address. */
enum hf_reason plan_elf_size(const char *path, const struct bytes *bytes, uint32_t limit, uint32_t *code_bytes, struct problem *problem)
	HF_MUST_USE;


/* Of its size, 1 to some over 100; 0: could not be measured. */
uint32_t plan_compressed_percent(const uint8_t *data, size_t size_bytes);

#endif
