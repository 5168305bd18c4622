/* SPDX-License-Identifier: MIT */
/* file.h - whole files in, whole files out.
 *
 * Why      An output is either the old file or the complete new one: written beside it, synced, renamed. What is no regular
 *          file (a pipe, /dev/full) is written straight.
 * Cut      Ctrl-C, a full disk or a crash leave the old file; only a crash can leave the temporary one (".NAME.holdfast-XXXXXX").
 * Errors   HF_R_HOST_FILE_*.
 */
#ifndef HOST_FILE_H
#define HOST_FILE_H

#include "bytes.h"
#include "problem.h"

#define FILE_IMAGE_BYTES_MAX (64u * 1024u * 1024u)

enum { FILE_PRIVATE = 1 /* readable by the owner only */, FILE_NEW = 2 /* never replaces a file */ };

/* On SIGINT, SIGTERM and SIGHUP the temporary file is removed and the program ends with 130. Called once by main. */
void file_guard_signals(void);

enum hf_reason file_read(const char *path, size_t limit_bytes, struct bytes *bytes, struct problem *problem) HF_MUST_USE;
enum hf_reason file_write(const char *path, const void *data, size_t size_bytes, unsigned flags, struct problem *problem) HF_MUST_USE;

/* The folders that path lies in, readable by their owner alone if they must be made. */
enum hf_reason file_make_folder(const char *path, struct problem *problem) HF_MUST_USE;

/* True if path ends in .hex, or .zip, whatever the case. */
bool file_is_hex(const char *path);
bool file_is_zip(const char *path);

#endif
