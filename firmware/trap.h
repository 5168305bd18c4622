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

#include <holdfast/reason.h>

#define FW_LED_BEAT_SHIFT 17 /* a beat is 2^17 us, 131 ms: no division, and seamless where the microseconds wrap */

/* What the LED says: on in the beats whose bit is set, sixteen beats around (docs/recovery.md). */
enum fw_led {
	FW_LED_BOOT = 0xffff,     /* on: the loader looks for something to start */
	FW_LED_UPDATE = 0x5555,   /* even and fast: sectors move, or an upload is under way. Leave the power on */
	FW_LED_RECOVERY = 0x0005, /* two flashes: waiting for an upload, because somebody asked for it */
	FW_LED_REFUSED = 0x0015   /* three flashes: nothing may be started */
};
void fw_led_show(uint8_t pin, uint8_t active_level, enum fw_led pattern); /* call it often; pin 0xff: no LED */

/* ms: an hour at most. Waits, feeds the watchdog, shows FW_LED_REFUSED. */
void fw_wait_blinking(uint32_t ms, uint8_t led_pin, uint8_t led_active_level);
/* A loader that can start nothing: logs that it waits, waits ten seconds, resets. */
void fw_retry_later(enum hf_reason reason, uint32_t where, uint8_t led_pin, uint8_t led_active_level) __attribute__((noreturn));

#endif
