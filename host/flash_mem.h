/* SPDX-License-Identifier: MIT */
/* flash_mem.h - a block of memory as a flash area, so that the core reads files as it reads slots. Read-only. */
#ifndef HOST_FLASH_MEM_H
#define HOST_FLASH_MEM_H

#include <holdfast/flash.h>

/* data must stay while the flash is used. */
struct hf_flash flash_mem_over(const uint8_t *data, uint32_t size_bytes, uint8_t erased_byte);

#endif
