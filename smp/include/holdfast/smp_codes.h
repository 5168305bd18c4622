/* SPDX-License-Identifier: MIT */
/* smp_codes.h - every return code of every known group by name, with a sentence and a remedy. Host only: not linked on a device.
 *
 * Why      "Error: 3" with no words is the oldest complaint about SMP tools (apache/mynewt-mcumgr-cli#2).
 * Source   JPHutchins/smp: smp/error.py, smp/image_management.py and its neighbours; Finomnis/mcumgr-toolkit: mcumgr-toolkit/src/smp_errors.rs;
 *          zephyrproject-rtos/zephyr: include/zephyr/mgmt/mcumgr/grp/ (names and numbers; the words are ours).
 */
#ifndef HOLDFAST_SMP_CODES_H
#define HOLDFAST_SMP_CODES_H

#include <holdfast/smp_message.h>

struct smp_code_text {
	uint16_t group;        /* SMP_CODE_PROTOCOL for {"rc"} */
	uint16_t rc;
	const char *name;      /* as in the protocol's own documents: "IMAGE_ALREADY_PENDING" */
	const char *sentence;
	const char *remedy;
};

#define SMP_CODE_PROTOCOL 0xffffu

/* Never NULL: an unknown code gets a text that says so; 256 and up are the application's. */
const struct smp_code_text *smp_code_text(const struct smp_code *code);
const char *smp_group_name(uint16_t group); /* "image"; "application" for unknown groups of 64 and up, else "unknown" */
/* Of bootloader info's "mode"; "unknown" for others. Source: mcu-tools/mcuboot: boot/bootutil/include/bootutil/boot_status.h. */
const char *smp_mode_name(int32_t mode);
/* The whole list, for documents and tests. */
const struct smp_code_text *smp_code_list(size_t *count);

#endif
