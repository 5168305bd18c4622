/* SPDX-License-Identifier: MIT */
/* smp_message.h - the 8-byte header, and the numbers of groups, commands and codes.
 *
 * Shapes   off 0 reserved:3 version:2 op:3 | 1 flags | 2 length u16 | 4 group u16 | 6 sequence | 7 command id; big-endian.
 *          length counts the CBOR behind the header.
 * Units    bytes. SMP_V1 and SMP_V2 are the values of the version field (0 and 1), not the numbers people say.
 * Source   zephyrproject-rtos/zephyr: doc/services/device_mgmt/smp_protocol.rst, subsys/mgmt/mcumgr/smp/src/smp.c.
 */
#ifndef HOLDFAST_SMP_MESSAGE_H
#define HOLDFAST_SMP_MESSAGE_H

#include <holdfast/reason.h>

#define SMP_HEADER_BYTES 8u

enum { SMP_V1 = 0, SMP_V2 = 1 };
enum { SMP_OP_READ = 0, SMP_OP_READ_REPLY = 1, SMP_OP_WRITE = 2, SMP_OP_WRITE_REPLY = 3 };

enum {
	SMP_GROUP_OS = 0, SMP_GROUP_IMAGE = 1, SMP_GROUP_STAT = 2, SMP_GROUP_SETTINGS = 3, SMP_GROUP_FS = 8, SMP_GROUP_SHELL = 9,
	SMP_GROUP_ENUM = 10, SMP_GROUP_BASIC = 63,
	SMP_GROUP_HOLDFAST = 0x4846 /* "HF": in the range of applications (64 and up), far from the numbers people pick */
};

enum {
	SMP_OS_ECHO = 0, SMP_OS_CONSOLE_ECHO = 1, SMP_OS_TASKS = 2, SMP_OS_MEMORY = 3, SMP_OS_DATETIME = 4, SMP_OS_RESET = 5,
	SMP_OS_PARAMS = 6, SMP_OS_INFO = 7, SMP_OS_BOOTLOADER = 8
};
enum { SMP_IMAGE_STATE = 0, SMP_IMAGE_UPLOAD = 1, SMP_IMAGE_ERASE = 5, SMP_IMAGE_SLOTS = 6 };
enum { SMP_STAT_SHOW = 0, SMP_STAT_LIST = 1 };
enum { SMP_SETTINGS_VALUE = 0, SMP_SETTINGS_DELETE = 1, SMP_SETTINGS_COMMIT = 2, SMP_SETTINGS_STORE = 3 };
enum { SMP_FS_FILE = 0, SMP_FS_STATUS = 1, SMP_FS_HASH = 2, SMP_FS_HASH_TYPES = 3, SMP_FS_CLOSE = 4 };
enum { SMP_SHELL_EXEC = 0 };
enum { SMP_ENUM_COUNT = 0, SMP_ENUM_LIST = 1, SMP_ENUM_SINGLE = 2, SMP_ENUM_DETAILS = 3 };
enum { SMP_BASIC_ERASE = 0 };
enum { SMP_HOLDFAST_WHY = 0, SMP_HOLDFAST_BASE = 1 };

/* Codes of the protocol itself ("rc"). */
enum {
	SMP_RC_OK = 0, SMP_RC_UNKNOWN = 1, SMP_RC_NO_MEMORY = 2, SMP_RC_INVALID = 3, SMP_RC_TIMEOUT = 4, SMP_RC_NO_ENTRY = 5,
	SMP_RC_BAD_STATE = 6, SMP_RC_TOO_LARGE = 7, SMP_RC_NOT_SUPPORTED = 8, SMP_RC_CORRUPT = 9, SMP_RC_BUSY = 10, SMP_RC_DENIED = 11,
	SMP_RC_TOO_OLD = 12, SMP_RC_TOO_NEW = 13
};

struct smp_header {
	uint8_t version; /* SMP_V1, SMP_V2; 2 and 3 are reserved */
	uint8_t op;      /* 0..7 */
	uint8_t flags;
	uint8_t sequence;
	uint16_t length_bytes;
	uint16_t group;
	uint8_t id;
};

/* A code as it stands in a reply: {"rc"} or, with of_group, {"err": {"group", "rc"}}. */
struct smp_code {
	bool of_group;
	uint16_t group;
	uint16_t rc;
	uint8_t v1_rc; /* what a version 1 client is told instead */
};

struct smp_header smp_header_get(const uint8_t bytes[SMP_HEADER_BYTES]);
void smp_header_put(const struct smp_header *header, uint8_t bytes[SMP_HEADER_BYTES]);

/* The one table from reasons to codes (smp_reasons.c). HF_R_SMP_APPLICATION has no row: its code comes with the call. */
struct smp_code smp_code_of(enum hf_reason reason);

#endif
