/* SPDX-License-Identifier: MIT */
/* trap.h - the two ends that nobody wants, for loader and application alike: a failed check of our own, a processor fault.
 *
 * Why      A board in the field must tell what happened and come back by itself.
 * Shapes   Logged as HF-0001 (a: line) or HF-1006 (a: pc, b: CFSR); kept in the report area as a report whose stop reason is
 *          that number, refusal.where the line or pc, refusal.expected the CFSR, refusal.found how many times in a row.
 * Order    Record, log, reset; from the fourth time in a row on, ten seconds' wait before the reset, so that a board that
 *          traps at each start neither wears anything out nor floods its line.
 */
#ifndef FIRMWARE_TRAP_H
#define FIRMWARE_TRAP_H

#include <holdfast/base.h>

/* Waits, feeds the watchdog, blinks if there is an LED (pin 0xff: none). */
void fw_wait_blinking(uint32_t ms, uint8_t led_pin, uint8_t led_active_level);

#endif
