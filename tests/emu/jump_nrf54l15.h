/* SPDX-License-Identifier: MIT */
/* jump_nrf54l15.h - where jump_app.c looks on this chip's XIAO board. Addresses: Nordic MDK, as in ports/nrf54l15. */
#ifndef JUMP_CHIP_H
#define JUMP_CHIP_H

#define JUMP_UART 20
#define JUMP_TX_PIN 41u /* P1.09 */
#define JUMP_LED_PIN 64u
#define JUMP_LOADER_ADDR 0u
#define JUMP_WRITE_ENABLE 0x5004b500u /* RRAMC.CONFIG */
#define JUMP_WRITE_ON 0x101u
#define JUMP_LOCK_ADDR 0x5004b570u /* REGION[4].ADDRESS */
#define JUMP_LOCK_SIZE 0x5004b574u
#define JUMP_DEBUG 0x500dc500u /* TAMPC DBGEN */
#define JUMP_WATCHDOGS 0x50108000u, 0x50109000u
#define JUMP_LIMITS "mrs r1, msplim\n" "str r1, [sp, #24]\n" "mrs r1, psplim\n" "str r1, [sp, #28]\n"

#endif
