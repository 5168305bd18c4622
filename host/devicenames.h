/* SPDX-License-Identifier: MIT */
/* devicenames.h - saved names of devices: lines NAME = ADDRESS in a file that people may edit.
 *
 * Why      "bench-3" is easier to type, and to read in a message, than usb:E6614103E72B5F2F?port=1.
 * Shapes   $XDG_CONFIG_HOME/holdfast/devices, else ~/.config/holdfast/devices. '#' begins a comment line, which a change keeps.
 * Errors   HF_R_HOST_NAME_UNKNOWN (with the nearest name), HF_R_HOST_NAME_BAD, HF_R_HOST_CONFIG_READ, HF_R_HOST_FILE_*.
 */
#ifndef HOST_DEVICENAMES_H
#define HOST_DEVICENAMES_H

#include "problem.h"

/* *address: allocated. */
enum hf_reason devicenames_find(const char *name, char **address, struct problem *problem) HF_MUST_USE;
/* Adds or replaces. */
enum hf_reason devicenames_save(const char *name, const char *address, struct problem *problem) HF_MUST_USE;
enum hf_reason devicenames_forget(const char *name, struct problem *problem) HF_MUST_USE;
/* Calls each for every line, in the file's order. No file: none. */
enum hf_reason devicenames_each(void (*each)(void *ctx, const char *name, const char *address), void *ctx,
				struct problem *problem) HF_MUST_USE;
/* Where the file is; allocated, NULL if neither XDG_CONFIG_HOME nor HOME is set. */
char *devicenames_path(void);

#endif
