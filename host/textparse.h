/* SPDX-License-Identifier: MIT */
/* textparse.h - versions, dependencies and UUIDs as people write them, and back.
 *
 * Source   mcu-tools/mcuboot: docs/imgtool.md: forms and defaults are imgtool's, so that build scripts need no change.
 */
#ifndef HOST_TEXTPARSE_H
#define HOST_TEXTPARSE_H

#include <holdfast/image.h>

#include "problem.h"

#define TEXT_DEPENDENCIES_MAX 16

struct dependency {
	uint8_t image_index;
	struct hf_version version;
};

/* maj[.min[.rev[+build]]], no leading zeros. */
bool version_parse(const char *text, size_t length, struct hf_version *version);
/* "1.2.3" or "1.2.3+4". */
void version_print(const struct hf_version *version, char into[40]);

/* "(id, version), ..." */
enum hf_reason dependencies_parse(const char *text, struct dependency *list, size_t *count, struct problem *problem) HF_MUST_USE;

/* A raw UUID with or without dashes, or a name: then UUIDv5 in that name space (RFC 4122). space NULL: names are refused. */
enum hf_reason uuid_parse(const char *option, const char *text, const uint8_t space[16], uint8_t uuid[16],
			  struct problem *problem) HF_MUST_USE;
extern const uint8_t uuid_dns_space[16];

/* "KEYHASH"; NULL if the type has no name. */
const char *tlv_name(uint16_t type);
/* Names of the flags set, separated by spaces; "none". */
void flags_print(uint32_t flags, char *into, size_t size);

#endif
