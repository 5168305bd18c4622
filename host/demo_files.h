/* SPDX-License-Identifier: MIT */
/* demo_files.h - the file system of the demonstration device: /lfs, in memory or in a folder of this machine.
 *
 * Why      An application gives call-backs over what it has (smp_app.h); these are two examples of it.
 * Shapes   Names are /lfs/NAME or /lfs/FOLDER/NAME; what lies outside /lfs is another mount point, which there is not.
 * Limits   Memory: DEMO_FILES_MAX files, DEMO_FILES_BYTES in all. A folder's files up to DEMO_FILES_BYTES each.
 * Escape   A name is walked part by part from the folder's own descriptor and no part may be a link, so that neither "..", nor an absolute
 *          name, nor a symbolic link leads out of it; what is no regular file is not opened.
 * Errors   Codes of the file group; demo_files_start: HF_R_HOST_FILE_*.
 */
#ifndef HOST_DEMO_FILES_H
#define HOST_DEMO_FILES_H

#include <holdfast/smp_app.h>

#include "problem.h"

#define DEMO_FILES_MAX 64u
#define DEMO_FILES_BYTES (16u << 20)
#define DEMO_NAME_BYTES 128u

struct demo_file {
	char name[DEMO_NAME_BYTES + 1]; /* empty: free */
	uint8_t *data;
	uint32_t size_bytes;
};

struct demo_files {
	int folder;                     /* -1: memory */
	struct demo_file list[DEMO_FILES_MAX];
	uint32_t reads, writes, written_bytes;
	struct smp_files group;
};

/* folder NULL: memory, with one small file in it. */
enum hf_reason demo_files_start(struct demo_files *files, const char *folder, struct problem *problem) HF_MUST_USE;
void demo_files_stop(struct demo_files *files);

#endif
