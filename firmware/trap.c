/* SPDX-License-Identifier: MIT */
#include "trap.h"

#include <holdfast/report.h>

#include "../ports/port.h"
#include "log.h"

#define QUICK_RESETS_MAX 3u
#define SLOW_RESET_MS 10000u
#define BLINK_MS 128u

/* Three flashes, then as long dark: told apart at a glance from an application's even blinking. Polled, since the loader has no
 * other use for the code of a sleep. */
void fw_wait_blinking(uint32_t ms, uint8_t led_pin, uint8_t led_active_level)
{
	uint32_t start_ms = port_millis();
	uint32_t passed_ms = 0;

	while (passed_ms < ms) {
		uint32_t beat = passed_ms / BLINK_MS % 12u;
		port_watchdog_feed();
		port_led(led_pin, led_active_level, beat < 6u && beat % 2u == 0);
		passed_ms = port_millis() - start_ms;
	}
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
