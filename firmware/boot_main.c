/* SPDX-License-Identifier: MIT */
/* boot_main.c - the loader: configuration block -> hf_boot_run -> report -> jump.
 *
 * Why      Everything that decides is in core; here are only the wires between block, chip and core.
 * Order    decode, check against the chip, was recovery asked for, run, report, log, lock, check again, jump. Where there is nothing
 *          to start, recovery follows (recovery.h). What fails before that is logged, and the board is reset after ten seconds: a
 *          loader that halts for good can't be helped by a supply that has come back.
 */
#include <holdfast/config.h>
#include <holdfast/known.h>
#include <holdfast/report.h>

#include "../ports/port.h"
#include "log.h"
#include "modes.h"
#include "recovery.h"
#include "secondary.h"
#include "trap.h"
#include FW_BOARD_HEADER

#define SECTOR_BYTES_MAX 8192u
#define PIN_NONE 0xffu

extern const uint8_t link_loader[], link_config[]; /* first byte of the loader, and of the block behind its code */

static uint32_t work[(SECTOR_BYTES_MAX + 256u) / 4u];
static enum fw_led led = FW_LED_BOOT;

struct loader {
	struct hf_config config;
	struct port_area primary_area, secondary_area;
	struct hf_flash primary, secondary;
	struct hf_boot_result result;
};

/* Development builds, and a loader that was never filled in: it holds no key and guards nothing. A damaged block stays shut: it
 * may have been a product's, and erasing the chip opens it anyway. */
bool port_debug_wanted(void)
{
	struct hf_config config;
	enum hf_reason reason = hf_config_decode(link_config, &config);

	return reason == HF_R_CONFIG_BLANK || (reason == HF_OK && (config.policy & HF_POLICY_DEBUG_OPEN) != 0);
}

static void feed(void *ctx)
{
	const struct loader *loader = ctx;

	port_watchdog_feed();
	fw_led_show(loader->config.led_pin, loader->config.led_active_level, led);
}

/* Sectors move after the events with odd numbers of this run, not after the even ones (reason.def). */
static void log_event(void *ctx, enum hf_reason reason, uint32_t a, uint32_t b)
{
	(void)ctx;
	if (reason >= HF_R_UPDATE_BEGIN && reason <= HF_R_FALLBACK_BEGIN)
		led = reason % 2u != 0 ? FW_LED_UPDATE : FW_LED_BOOT;
	fw_log(reason, a, b);
}

/* What known.h asks for; the rest of rules and boot is not read there. */
const struct hf_rules *hf_known_rules(const struct hf_rules *rules)
{
	static const struct hf_rules known = { .crypto = &FW_CRYPTO, .feed = feed };

	(void)rules;
	return &known;
}

const struct hf_boot_config *hf_known_boot(const struct hf_boot_config *config)
{
	static const struct hf_boot_config known = { .feed = feed, .installed = fw_recovery_installed, .trace = { .event = log_event } };

	(void)config;
	return &known;
}

static void stop(const struct loader *loader, struct hf_finding finding) __attribute__((noreturn));

static void stop(const struct loader *loader, struct hf_finding finding)
{
	fw_log(finding.reason, finding.where_off, finding.found);
	fw_retry_later(finding.reason, finding.where_off, loader->config.led_pin, loader->config.led_active_level);
}

/* The board that this chip's loader is built beside, so that a block which can't be read has a voice. */
static void console_start(struct loader *loader, enum hf_reason reason)
{
	if (reason != HF_OK) {
		loader->config.uart_instance = FW_BOARD.uart_instance;
		loader->config.uart_tx_pin = FW_BOARD.uart_tx_pin;
		loader->config.uart_rx_pin = PIN_NONE;
		loader->config.baud = FW_BOARD.baud;
		loader->config.led_pin = FW_BOARD.led_pin;
		loader->config.led_active_level = FW_BOARD.led_active_level;
	}
	if ((loader->config.policy & HF_POLICY_QUIET) != 0)
		return;
	port_uart_start(loader->config.uart_instance, loader->config.uart_tx_pin, loader->config.uart_rx_pin, loader->config.baud);
	fw_log_text("Holdfast loader " FW_VERSION_TEXT " ", 64);
	fw_log_text(loader->config.board, HF_CONFIG_NAME_BYTES);
	fw_log_text(" ", 1);
	fw_log_text(loader->config.layout, HF_CONFIG_NAME_BYTES);
	fw_log_text("\r\n", 2);
	fw_log(HF_R_PORT_START, FW_VERSION, port_reset_cause());
}

static bool is_on_chip(uint32_t addr, uint32_t size_bytes, struct hf_finding *finding)
{
	*finding = (struct hf_finding){ HF_R_PORT_OUTSIDE, addr, port_flash_bytes(), size_bytes };
	return hf_span_fits(addr, size_bytes, port_flash_bytes());
}

/* The block's CRC says that it is what the host wrote, not that it was written for this chip and this place. */
static bool config_suits_chip(const struct hf_config *config, struct hf_finding *finding)
{
	if (!is_on_chip(config->loader_addr, config->loader_bytes, finding) ||
	    !is_on_chip(config->primary_addr, config->primary_bytes, finding) || !fw_secondary_check(config, finding))
		return false;
	*finding = (struct hf_finding){ HF_R_PORT_OUTSIDE, config->loader_addr, (uint32_t)(uintptr_t)link_loader, config->loader_bytes };
	if (config->loader_addr != (uint32_t)(uintptr_t)link_loader || config->loader_bytes < HF_CONFIG_OFF + HF_CONFIG_BYTES)
		return false;
	*finding = (struct hf_finding){ HF_R_PORT_OUTSIDE, config->primary_addr, SECTOR_BYTES_MAX, config->sector_bytes };
	return config->sector_bytes <= SECTOR_BYTES_MAX;
}

static const struct hf_mode *mode_find(uint8_t id)
{
	for (uint32_t i = 0; i < fw_mode_count; i++) {
		if (fw_modes[i]->id == id)
			return fw_modes[i];
	}
	return NULL;
}

static struct hf_boot_config boot_config_of(struct loader *loader, const struct hf_mode *mode)
{
	const struct hf_config *config = &loader->config;

	port_flash_area(&loader->primary, &loader->primary_area, config->primary_addr, config->primary_bytes);
	enum hf_reason reason = fw_secondary_open(config, link_config, &loader->secondary, &loader->secondary_area);
	if (reason != HF_OK)
		fw_log(reason, config->secondary_addr, config->secondary_bytes);
	return (struct hf_boot_config){
		.primary = &loader->primary,
		.secondary = config->secondary_bytes != 0 ? &loader->secondary : NULL,
		.mode = mode,
		.crypto = &FW_CRYPTO,
		.keys = config->keys,
		.key_count = config->key_count,
		.policy = config->policy,
		.align = config->align,
		.header_bytes = config->header_bytes,
		.primary_addr = config->primary_addr,
		.run_check = true,
		.generation_seed = port_unique_seed(),
		.work = work,
		.work_bytes = sizeof work,
		.feed = feed,
		.feed_ctx = loader,
		.installed = fw_recovery_installed,
		.trace = { .event = log_event },
	};
}

/* asked: who wants recovery; HF_OK if nobody does. */
static struct hf_report report_of(const struct loader *loader, const struct hf_mode *mode, enum hf_reason asked)
{
	const struct hf_config *config = &loader->config;
	const struct hf_boot_result *result = &loader->result;

	return (struct hf_report){
		.cause = result->cause,
		.on_trial = result->on_trial,
		.resumed = result->resumed,
		.refusal = result->refusal,
		.stop_reason = result->action == HF_BOOT_STOP ? result->stop.reason : asked,
		.steps_done = result->steps_done,
		.loader_version = FW_VERSION,
		.mcuboot_mode = mode->mcuboot_mode,
		.mode_id = mode->id,
		.align = config->align,
		.resets = hf_report_resets(port_report_area(), result->cause),
		.other_version = (uint32_t)result->other.major << 24 | (uint32_t)result->other.minor << 16 | result->other.revision,
		.size_max = mode->size_max(config->primary_bytes, config->secondary_bytes, config->sector_bytes, config->align),
		.primary_addr = config->primary_addr,
		.primary_bytes = config->primary_bytes,
		.secondary_addr = config->secondary_addr,
		.secondary_bytes = config->secondary_bytes,
	};
}

/* Stack pointer in RAM and 8-aligned (AAPCS). That the start is odd (Thumb) and inside the image is in the verdict. */
static bool stack_is_sane(const struct loader *loader, uint32_t vector_off, struct hf_finding *finding)
{
	uint8_t word[4];

	*finding = (struct hf_finding){ .reason = hf_flash_read(&loader->primary, vector_off, word, sizeof word) };
	if (finding->reason != HF_OK)
		return false;
	uint32_t stack = hf_get32le(word);
	*finding = (struct hf_finding){ HF_R_PORT_ENTRY, vector_off, 0, stack };
	return port_is_ram(stack) && port_is_ram(stack - 8u) && stack % 8u == 0;
}

/* Checked once more with nothing but these words in hand: one skipped branch must not start an image. */
static void start(const struct loader *loader) __attribute__((noreturn));

static void start(const struct loader *loader)
{
	const struct hf_boot_result *result = &loader->result;
	uint32_t vector_off = result->verdict.image.header_bytes;
	struct hf_finding finding;

	if (!stack_is_sane(loader, vector_off, &finding))
		stop(loader, finding);
	enum hf_reason lock_reason = port_lock(loader->config.loader_addr, loader->config.loader_bytes);
	if (lock_reason != HF_OK)
		fw_log(lock_reason, loader->config.loader_addr, loader->config.loader_bytes);
	fw_log(HF_R_PORT_JUMP, loader->config.primary_addr + vector_off, (uint32_t)result->cause);
	fw_secondary_close();
	if (*(const volatile uint32_t *)&result->verdict.token == HF_ACCEPTED && result->verdict.finding.reason == HF_OK)
		port_jump(loader->config.primary_addr + vector_off);
	stop(loader, (struct hf_finding){ HF_R_PORT_TOKEN, vector_off, HF_ACCEPTED, result->verdict.token });
}

int main(void)
{
	struct loader loader = { 0 };
	struct hf_finding finding = { .reason = hf_config_decode(link_config, &loader.config) };

	port_watchdog_feed();
	console_start(&loader, finding.reason);
	if (finding.reason != HF_OK || !config_suits_chip(&loader.config, &finding))
		stop(&loader, finding);
	const struct hf_mode *mode = mode_find(loader.config.mode_id);
	if (mode == NULL)
		stop(&loader, (struct hf_finding){ HF_R_PORT_MODE, loader.config.mode_id, 0, 0 });
	const enum hf_reason asked = fw_recovery_asked(&loader.config, link_config);
	const struct hf_boot_config boot = boot_config_of(&loader, mode);
	hf_boot_run(&boot, &loader.result);
	const struct hf_report report = report_of(&loader, mode, asked);
	hf_report_encode(&report, port_report_area());
	if (loader.result.action == HF_BOOT_RESET) {
		if (asked != HF_OK) /* the next boot goes on with what this one began, then stays */
			port_boot_mode_set(PORT_BOOT_MODE_BOOTLOADER);
		port_reset();
	}
	if (loader.result.action == HF_BOOT_START && loader.result.verdict.token == HF_ACCEPTED && asked == HF_OK)
		start(&loader);
	fw_recovery_run(&loader.config, &boot, &loader.result, &report); /* core has logged why */
}
