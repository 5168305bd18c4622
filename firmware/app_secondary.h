/* SPDX-License-Identifier: MIT */
/* app_secondary.h - where the demo application uploads to: app_secondary_internal.c or, on boards with a flash chip outside,
 * app_secondary_external.c. An application with its own flash driver fills in a struct hf_flash over that driver instead. */
#ifndef FIRMWARE_APP_SECONDARY_H
#define FIRMWARE_APP_SECONDARY_H

#include "../ports/port.h"

/* The chip's own flash: app_flash_plain.c, or app_flash_radio.c where a radio must not be held up. */
void app_flash_area(struct hf_flash *flash, struct port_area *area, uint32_t addr, uint32_t size_bytes);

/* Logs why, if the chip can't be reached; each call of flash then answers with that reason. */
void app_secondary_open(struct hf_flash *flash, struct port_area *area, uint32_t addr, uint32_t size_bytes);

#endif
