/* SPDX-License-Identifier: MIT */
#include "trap.h"

#include <holdfast/report.h>

#include "../ports/port.h"
#include "log.h"

#define QUICK_RESETS_MAX 3u
#define SLOW_RESET_MS 10000u

void fw_led_show(uint8_t pin, uint8_t active_level, enum fw_led pattern)
{
	port_led(pin, active_level, ((uint32_t)pattern >> (port_micros() >> FW_LED_BEAT_SHIFT & 15u) & 1u) != 0);
}

/* Polled, since the loader has no other use for the code of a sleep. */
void fw_wait_blinking(uint32_t ms, uint8_t led_pin, uint8_t led_active_level)
{
	uint32_t start_us = port_micros();

	while (port_micros() - start_us < ms * 1000u) {
		port_watchdog_feed();
		fw_led_show(led_pin, led_active_level, FW_LED_REFUSED);
	}
}

void fw_retry_later(enum hf_reason reason, uint32_t where, uint8_t led_pin, uint8_t led_active_level)
{
	fw_log(HF_R_PORT_WAIT, (uint32_t)reason, where);
	fw_wait_blinking(SLOW_RESET_MS, led_pin, led_active_level);
	port_reset();
}

static void trap(enum hf_reason reason, uint32_t where, uint32_t cause) __attribute__((noreturn));

static void trap(enum hf_reason reason, uint32_t where, uint32_t cause)
{
	const uint8_t *last = port_report_area(); /* read by its offsets, report.h: a decoder would cost the loader 200 bytes */
	uint32_t count = 1;

	if (hf_get32le(last) == HF_REPORT_MAGIC && hf_get16le(last + 10) == (uint16_t)reason)
		count = hf_get32le(last + 20) + 1u;
	const struct hf_report report = { .stop_reason = reason,
					  .refusal = { .reason = reason, .where_off = where, .expected = cause, .found = count } };
	hf_report_encode(&report, port_report_area());
	fw_log(reason, where, cause);
	if (count > QUICK_RESETS_MAX)
		fw_wait_blinking(SLOW_RESET_MS, 0xff, 0);
	port_reset();
}

void hf_assert_failed(uint32_t line)
{
	trap(HF_R_ASSERT, line, 0);
}

void port_fault(uint32_t pc, uint32_t cause)
{
	trap(HF_R_PORT_FAULT, pc, cause);
}
