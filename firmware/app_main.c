/* SPDX-License-Identifier: MIT */
/* app_main.c - the demo application: an SMP server on the console UART, as a product would have it, and nothing else.
 *
 * Why      It shows what an application owes to the loader: serve uploads, confirm when told, reset after the reply. It never
 *          confirms by itself, so an update that nobody confirms goes back at the next reset.
 * Shapes   Slots and limits come from the boot report; started by another loader, from this board's layout.
 * Order    Single thread, no interrupt: bytes -> message -> reply -> (reset). The LED blinks while it lives.
 */
#include <holdfast/app.h>
#include <holdfast/report.h>
#include <holdfast/smp_frame.h>
#include <holdfast/smp_groups.h>

#include "../ports/port.h"
#include "app_secondary.h"
#include "log.h"
#include "trap.h"
#include FW_BOARD_HEADER

#define LAYOUT (&FW_BOARD.layouts[FW_LAYOUT_INDEX])
#define PACKET_BYTES 1028u     /* a message of 1024 bytes and its frame */
#define RING_BYTES 4096u       /* what the port's receive ring holds */
#define BLINK_MS 500u
#define RESET_DELAY_MS 250u    /* the last reply has left the board's USB bridge by then */
#define MIDWAY_MS 2000u        /* half a packet that old is given up */

extern const uint8_t link_loader[]; /* first byte of this application's code */
extern const uint32_t demo_table[], demo_table_end[];

static uint8_t packet[PACKET_BYTES], reply[PACKET_BYTES - SMP_PACKET_EXTRA_BYTES];
static struct port_area primary_area, secondary_area;
static struct hf_flash primary, secondary;
static struct hf_app_config app_config = { .primary = &primary, .secondary = &secondary };
static struct hf_report report;
static struct smp_server server;
static struct smp_image image = { .app = &app_config };
static struct smp_why why = { .server = &server };
static struct smp_enum groups = { .server = &server };
static struct smp_os os = {
	.buf_size = PACKET_BYTES,
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
static const struct smp_row rows[] = { SMP_OS_ROWS(&os), SMP_IMAGE_ROWS(&image), SMP_ENUM_ROWS(&groups), SMP_HOLDFAST_ROWS(&why),
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

	port_flash_area(&primary, &primary_area, has_report ? report.primary_addr : layout->primary_addr,
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

static void text(const char *words)
{
	fw_log_text(words, (uint32_t)strlen(words));
}

static void banner(bool has_report)
{
	text("Holdfast demo " FW_DEMO_VERSION " on " FW_BOARD_NAME " (" FW_LAYOUT_NAME ")\r\n");
	text("Table: ");
	fw_log_decimal((uint32_t)((uintptr_t)demo_table_end - (uintptr_t)demo_table), 1);
	text(" bytes, crc 0x");
	fw_log_hex(hf_crc32(0, demo_table, (uintptr_t)demo_table_end - (uintptr_t)demo_table));
	text("\r\nBoot: ");
	text(has_report ? cause_text(report.cause) : "no report from the loader");
	text(has_report && report.on_trial ? "; not confirmed yet\r\n" : "\r\n");
	if (has_report && report.refusal.reason != HF_OK)
		fw_log(report.refusal.reason, report.refusal.where_off, report.refusal.found);
}

static void reply_send(uint32_t reply_bytes)
{
	struct smp_tx tx;
	uint8_t line[SMP_LINE_BYTES];
	uint32_t line_bytes;

	smp_tx_start(&tx, reply, reply_bytes);
	while ((line_bytes = smp_tx_line(&tx, line)) != 0)
		port_uart_write(line, line_bytes);
}

static void message_answer(uint8_t *message, uint32_t message_bytes)
{
	uint32_t off = 0, reply_bytes;

	while ((reply_bytes = smp_server_answer(&server, message, message_bytes, &off, reply, sizeof reply)) != 0)
		reply_send(reply_bytes);
	if (os.reset_wanted) {
		fw_wait_blinking(RESET_DELAY_MS, FW_BOARD.led_pin, FW_BOARD.led_active_level);
		port_boot_mode_set(os.boot_mode); /* 1: the loader stays in recovery */
		port_reset();
	}
}

/* False: the line was quiet. */
static bool serve(struct smp_rx *rx)
{
	uint8_t bytes[128];
	struct smp_rx_event event;
	uint32_t size_bytes = port_uart_read(bytes, sizeof bytes);

	for (uint32_t off = 0; off < size_bytes;) {
		off += smp_rx_feed(rx, bytes + off, size_bytes - off, &event);
		if (event.kind == SMP_RX_MESSAGE)
			message_answer(event.message, event.size_bytes);
	}
	return size_bytes != 0;
}

static void loop(void) __attribute__((noreturn));

static void loop(void)
{
	struct smp_rx rx;
	uint32_t heard_ms = port_millis(), now_ms;

	smp_rx_start(&rx, packet, sizeof packet);
	for (;;) {
		bool heard = serve(&rx);
		now_ms = port_millis();
		if (heard)
			heard_ms = now_ms;
		else if (smp_rx_is_midway(&rx) && now_ms - heard_ms > MIDWAY_MS)
			smp_rx_start(&rx, packet, sizeof packet);
		port_watchdog_feed();
		port_led(FW_BOARD.led_pin, FW_BOARD.led_active_level, now_ms / BLINK_MS % 2u == 0);
		if (!heard)
			port_idle(BLINK_MS - now_ms % BLINK_MS);
	}
}

int main(void)
{
	bool has_report = hf_report_decode(port_report_area(), &report) == HF_OK && report.size_max != 0;

	hf_assert((uint32_t)(uintptr_t)link_loader == LAYOUT->primary_addr + FW_BOARD.header_bytes);
	slots_open(has_report);
	image.feed = feed;
	os.buf_count = smp_buf_count_of(PACKET_BYTES, RING_BYTES);
	if (has_report) {
		os.bootloader_mode = report.mcuboot_mode;
		why.report = &report;
	}
	smp_server_start(&server, rows, HF_ARRAY_COUNT(rows));
	port_uart_start(FW_BOARD.uart_instance, FW_BOARD.uart_tx_pin, FW_BOARD.uart_rx_pin, FW_BOARD.baud);
	banner(has_report);
	loop();
}
