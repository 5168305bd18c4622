/* SPDX-License-Identifier: MIT */
#include "recovery.h"

#include <holdfast/recovery.h>
#include <holdfast/smp_frame.h>

#include "../ports/port.h"
#include "log.h"
#include "recovery_server.h"
#include "trap.h"

#define DOUBLE_RESET_MS 500u
#define MARK 0x48f2b35du
#define RESET_DELAY_MS 250u    /* the last reply has left the board's USB bridge by then */
#define UPLOADING_US 2000000u  /* since the last message: the LED still says so */
#define LEAVE_US 300000000u    /* nobody came, and there is an application to start */
#define RETRY_US 10000000u     /* what could not be read may be readable at the next boot */
#define PIN_NONE 0xffu

/* Not cleared at start. RAM keeps its contents over a reset by the pin in practice, though no datasheet promises it
 * (docs/recovery.md); two words, so that what power-on leaves there is not taken for a mark. */
static volatile uint32_t marks[2] __attribute__((section(".noinit")));

static uint8_t packet[RECOVERY_PACKET_BYTES], reply[RECOVERY_REPLY_BYTES];
static struct smp_rx rx;
static bool has_message;

enum hf_reason fw_recovery_installed(struct hf_journal *journal)
{
	return hf_recovery_installed(journal);
}

/* The line is up unless the loader is a quiet one. */
static void listen(const struct hf_config *config)
{
	if (rx.packet != NULL)
		return;
	smp_rx_start(&rx, packet, sizeof packet);
	if ((config->policy & HF_POLICY_QUIET) != 0)
		port_uart_start(config->uart_instance, config->uart_tx_pin, config->uart_rx_pin, config->baud);
}

/* True: there is a message, until answer() has answered it. */
static bool heard(void)
{
	uint8_t byte;

	while (!has_message && port_uart_read(&byte, 1) != 0)
		has_message = smp_rx_byte(&rx, byte);
	return has_message;
}

static void marks_set(uint32_t value)
{
	marks[0] = value;
	marks[1] = ~value;
}

/* Listens, and lets a second reset come. A message that was heard waits for fw_recovery_run. */
static enum hf_reason window_asked(const struct hf_config *config, uint32_t listen_ms, uint32_t wait_ms)
{
	const uint32_t start_us = port_micros();
	uint32_t passed_us = 0;

	if (listen_ms != 0)
		listen(config);
	while (passed_us < listen_ms * 1000u || passed_us < wait_ms * 1000u) {
		if (passed_us < listen_ms * 1000u && heard())
			return HF_R_RECOVERY_WINDOW;
		port_watchdog_feed();
		fw_led_show(config->led_pin, config->led_active_level, FW_LED_BOOT);
		passed_us = port_micros() - start_us;
	}
	return HF_OK;
}

enum hf_reason fw_recovery_asked(const struct hf_config *config, const uint8_t *block)
{
	struct hf_recovery ways;
	hf_config_decode_recovery(block, &ways);
	const bool by_pin = (ways.flags & HF_RECOVERY_DOUBLE_RESET) != 0 && port_reset_was_by_pin();
	const bool is_second = by_pin && marks[0] == MARK && marks[1] == ~MARK;
	enum hf_reason asked;

	marks_set(0);
	if (port_boot_mode_take() != 0)
		return HF_R_RECOVERY_BOOT_MODE;
	if (port_pin_is(ways.pin, ways.pin_active_level))
		return HF_R_RECOVERY_PIN;
	if (is_second)
		return HF_R_RECOVERY_DOUBLE_RESET;
	if (by_pin)
		marks_set(MARK);
	asked = window_asked(config, ways.window_ms, by_pin ? DOUBLE_RESET_MS : 0u);
	marks_set(0);
	return asked;
}

static void answer(struct recovery_server *server)
{
	struct smp_tx tx;
	uint8_t line[SMP_LINE_BYTES];
	uint32_t off = 0, reply_bytes, line_bytes;

	while ((reply_bytes = recovery_server_answer(server, packet + 2, rx.message_bytes, &off, reply)) != 0) {
		smp_tx_start(&tx, reply, reply_bytes);
		while ((line_bytes = smp_tx_line(&tx, line)) != 0)
			port_uart_write(line, line_bytes);
	}
}

void fw_recovery_run(const struct hf_config *config, const struct hf_boot_config *boot, const struct hf_boot_result *result,
		  const struct hf_report *report)
{
	struct recovery_server *server = recovery_server_start(boot, result, report);
	const bool is_flash = (uint32_t)result->stop.reason / 100u == 1u;
	const uint32_t leave_us = result->action == HF_BOOT_START ? LEAVE_US : is_flash ? RETRY_US : UINT32_MAX;
	const enum fw_led idle = result->action == HF_BOOT_START ? FW_LED_RECOVERY : FW_LED_REFUSED;
	uint32_t heard_us = port_micros(), quiet_us = 0;

	listen(config);
	while (!server->reset_wanted && quiet_us < leave_us) {
		if (heard()) {
			answer(server);
			has_message = false;
			heard_us = port_micros();
		}
		quiet_us = port_micros() - heard_us;
		port_watchdog_feed();
		const bool uploading = quiet_us < UPLOADING_US && server->upload == RECOVERY_UPLOAD_OPEN;
		fw_led_show(config->led_pin, config->led_active_level, uploading ? FW_LED_UPDATE : idle);
	}
	fw_wait_blinking(RESET_DELAY_MS, PIN_NONE, 0);
	port_boot_mode_set(server->boot_mode);
	port_reset();
}
