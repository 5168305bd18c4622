/* SPDX-License-Identifier: MIT */
#include "app_secondary.h"

void app_flash_area(struct hf_flash *flash, struct port_area *area, uint32_t addr, uint32_t size_bytes)
{
	port_flash_area(flash, area, addr, size_bytes);
}
