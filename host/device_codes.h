/* SPDX-License-Identifier: MIT */
/* device_codes.h - the codes in SMP refusals, in words.
 *
 * Source   zephyrproject-rtos/zephyr: include/zephyr/mgmt/mcumgr/mgmt/mgmt_defines.h (protocol), JPHutchins/smp: smp/error.py,
 *          smp/image_management.py, smp/os_management.py (groups).
 */
#ifndef HOST_DEVICE_CODES_H
#define HOST_DEVICE_CODES_H

#include <holdfast/smp_message.h>

/* "image error 27: the running version is newer"; "error 8: not supported". */
void device_code_words(const struct smp_code *code, char *into, size_t size);

#endif
