/* SPDX-License-Identifier: MIT */
/* jump_nrf52840.h - where jump_app.c looks on this chip's XIAO board. Addresses: Nordic MDK, as in ports/nrf52840. */
#ifndef JUMP_CHIP_H
#define JUMP_CHIP_H

#define JUMP_UART 0
#define JUMP_TX_PIN 43u /* P1.11, D6 */
#define JUMP_LED_PIN 26u
#define JUMP_LOADER_ADDR 0u
#define JUMP_WRITE_ENABLE 0x4001e504u /* NVMC.CONFIG */
#define JUMP_WRITE_ON 1u
#define JUMP_LOCK_ADDR 0x4001e800u /* ACL[0].ADDR */
#define JUMP_LOCK_SIZE 0x4001e804u
#define JUMP_DEBUG 0x40000558u /* APPROTECT.DISABLE */
#define JUMP_WATCHDOGS 0x40010000u
#define JUMP_LIMITS "movs r1, #0\n" "str r1, [sp, #24]\n" "str r1, [sp, #28]\n" /* none on this core */

#endif
