/* SPDX-License-Identifier: MIT */
/* loaders.h - the bootloader binaries that this build carries. loaders.c is made by CMake from HOLDFAST_LOADER_DIR.
 *
 * Shapes   name: "loader-<chip>-<base>-<sig><variant>.bin", base as hex with 0x, sig p256 or ed25519, variant nothing, -recovery or -ext
 *          (firmware/CMakeLists.txt); the configuration block is blank.
 */
#ifndef HOST_LOADERS_H
#define HOST_LOADERS_H

#include <stddef.h>
#include <stdint.h>

struct loader {
	const char *name;
	const uint8_t *data;
	size_t size_bytes;
};

extern const struct loader loaders[];
extern const size_t loader_count;

#endif
