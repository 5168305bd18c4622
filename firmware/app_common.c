/* SPDX-License-Identifier: MIT */
#include "app_common.h"

#include <holdfast/report.h>

#include "app_secondary.h"
#include "log.h"
#include FW_BOARD_HEADER

#define LAYOUT (&FW_BOARD.layouts[FW_LAYOUT_INDEX])
#define BLINK_MS 500u

extern const uint8_t link_loader[]; /* first byte of this application's code */
extern const uint32_t demo_table[], demo_table_end[];

static struct port_area primary_area, secondary_area;
static struct hf_flash primary, secondary;
static struct hf_app_config app_config = { .primary = &primary, .secondary = &secondary };
static struct hf_report report;
static struct smp_image image = { .app = &app_config };
static struct smp_why why = { .server = &app_server };
static struct smp_enum groups = { .server = &app_server };
struct smp_server app_server;
struct smp_os app_os = {
	.info = { .kernel = "Holdfast-demo",
		  .node = FW_BOARD_NAME,
		  .release = FW_DEMO_VERSION,
		  .version = FW_VERSION_TEXT,
		  .machine = "arm",
		  .processor = FW_CPU_NAME,
		  .hardware = FW_BOARD_NAME,
		  .system = "none" },
	.bootloader = "MCUboot",
	.bootloader_mode = -1,
};
static const struct smp_row rows[] = { SMP_OS_ROWS(&app_os), SMP_IMAGE_ROWS(&image), SMP_ENUM_ROWS(&groups), SMP_HOLDFAST_ROWS(&why),
				       SMP_HOLDFAST_BASE_ROWS(&app_config) };

/* Whoever started this application has decided about the debug port. */
bool port_debug_wanted(void)
{
	return false;
}

static void feed(void *ctx)
{
	(void)ctx;
	port_watchdog_feed();
}

static void slots_open(bool has_report)
{
	const struct board_layout *layout = LAYOUT;

	app_flash_area(&primary, &primary_area, has_report ? report.primary_addr : layout->primary_addr,
		       has_report ? report.primary_bytes : layout->primary_bytes);
	app_secondary_open(&secondary, &secondary_area, has_report ? report.secondary_addr : layout->secondary_addr,
			   has_report ? report.secondary_bytes : layout->secondary_bytes);
	if ((has_report ? report.secondary_bytes : layout->secondary_bytes) == 0)
		app_config.secondary = NULL; /* one slot: updates come in recovery */
	app_config.align = has_report ? report.align : FW_BOARD.align;
	app_config.size_max = has_report ? report.size_max
					 : hf_mode_swap.size_max(layout->primary_bytes, layout->secondary_bytes,
								 board_sector_bytes(&FW_BOARD, layout), FW_BOARD.align);
}

static const char *cause_text(enum hf_boot_cause cause)
{
	switch (cause) {
	case HF_CAUSE_NORMAL:
		return "nothing changed";
	case HF_CAUSE_UPDATED:
		return "a new image, on trial";
	case HF_CAUSE_INSTALLED:
		return "a new image, for good";
	case HF_CAUSE_REVERTED:
		return "a trial was not confirmed, the old image is back";
	case HF_CAUSE_CONFIRMED:
		return "a confirmation was seen";
	case HF_CAUSE_REFUSED:
		return "an update was refused";
	case HF_CAUSE_FALLBACK:
		return "the image was damaged, the one of before is back";
	}
	return "?";
}

void app_text(const char *words)
{
	fw_log_text(words, (uint32_t)strlen(words));
}

static void banner(bool has_report)
{
	app_text("Holdfast demo " FW_DEMO_VERSION " on " FW_BOARD_NAME " (" FW_LAYOUT_NAME ")\r\n");
	app_text("Table: ");
	fw_log_decimal((uint32_t)((uintptr_t)demo_table_end - (uintptr_t)demo_table), 1);
	app_text(" bytes, crc 0x");
	fw_log_hex(hf_crc32(0, demo_table, (uintptr_t)demo_table_end - (uintptr_t)demo_table));
	app_text("\r\nBoot: ");
	app_text(has_report ? cause_text(report.cause) : "no report from the loader");
	app_text(has_report && report.on_trial ? "; not confirmed yet\r\n" : "\r\n");
	if (has_report && report.refusal.reason != HF_OK)
		fw_log(report.refusal.reason, report.refusal.where_off, report.refusal.found);
}

void app_start(uint32_t lease_ms)
{
	bool has_report = hf_report_decode(port_report_area(), &report) == HF_OK && report.size_max != 0;

	hf_assert((uint32_t)(uintptr_t)link_loader == LAYOUT->primary_addr + FW_BOARD.header_bytes);
	slots_open(has_report);
	image.feed = feed;
	image.lease_ms = lease_ms;
	if (has_report) {
		app_os.bootloader_mode = report.mcuboot_mode;
		why.report = &report;
	}
	smp_server_start(&app_server, rows, HF_ARRAY_COUNT(rows));
	port_uart_start(FW_BOARD.uart_instance, FW_BOARD.uart_tx_pin, FW_BOARD.uart_rx_pin, FW_BOARD.baud);
	banner(has_report);
}

uint32_t app_blink(uint32_t now_ms)
{
	port_watchdog_feed();
	port_led(FW_BOARD.led_pin, FW_BOARD.led_active_level, now_ms / BLINK_MS % 2u == 0);
	return BLINK_MS - now_ms % BLINK_MS;
}
