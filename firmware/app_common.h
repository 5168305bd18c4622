/* SPDX-License-Identifier: MIT */
/* app_common.h - what the demo applications share: slots, the SMP server with its groups, the banner, the LED.
 *
 * Why      They differ in the wire alone: app_main.c speaks SMP on the console UART, ble_app.c over Bluetooth.
 * Shapes   Slots and limits come from the boot report; started by another loader, from this board's layout.
 * Order    app_os.buf_size and buf_count, then app_start, then the server may be asked.
 */
#ifndef FIRMWARE_APP_COMMON_H
#define FIRMWARE_APP_COMMON_H

#include <holdfast/smp_groups.h>

#include "../ports/port.h"

extern struct smp_server app_server;
extern struct smp_os app_os;

/* lease_ms: struct smp_image. */
void app_start(uint32_t lease_ms);
/* Feeds the watchdog and blinks; ms until the LED changes. */
uint32_t app_blink(uint32_t now_ms);
void app_text(const char *words);

#endif
