/* SPDX-License-Identifier: MIT */
/* app_main.c - the demo application: an SMP server on the console UART, as a product would have it, and nothing else.
 *
 * Why      It shows what an application owes to the loader: serve uploads, confirm when told, reset after the reply. It never
 *          confirms by itself, so an update that nobody confirms goes back at the next reset.
 * Order    Single thread, no interrupt: bytes -> message -> reply -> (reset). The LED blinks while it lives.
 */
#include <holdfast/smp_memory.h>

#include "app_common.h"
#include "trap.h"
#include FW_BOARD_HEADER

#define PACKET_BYTES 1028u     /* a message of 1024 bytes and its frame */
#define RING_BYTES 4096u       /* what the port's receive ring holds */
#define RESET_DELAY_MS 250u    /* the last reply has left the board's USB bridge by then */
#define MIDWAY_MS 2000u        /* half a packet that old is given up */
#define KEPT_BYTES 320u        /* the list of two images */
#define KEEP_MS 30000u         /* longer than clients wait before they ask again */

static uint8_t packet[PACKET_BYTES], reply[PACKET_BYTES - SMP_PACKET_EXTRA_BYTES];

/* A request whose reply was lost comes again: it is not carried out a second time. One line, so one entry is all that counts. */
static struct smp_memory memory;
static struct smp_memory_entry kept_entry;
static uint8_t kept_reply[KEPT_BYTES];

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

	app_server.now_ms = port_millis();
	while ((reply_bytes = smp_memory_answer(&memory, &app_server, message, message_bytes, &off, reply, sizeof reply)) != 0)
		reply_send(reply_bytes);
	if (app_os.reset_wanted) {
		fw_wait_blinking(RESET_DELAY_MS, FW_BOARD.led_pin, FW_BOARD.led_active_level);
		port_boot_mode_set(app_os.boot_mode); /* 1: the loader stays in recovery */
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
		if (smp_memory_is_new_session(&event))
			smp_memory_forget(&memory, app_server.peer);
		if (event.kind == SMP_RX_MESSAGE)
			message_answer(event.message, event.size_bytes);
	}
	return size_bytes != 0;
}

static void loop(void) __attribute__((noreturn));

static void loop(void)
{
	struct smp_rx rx;
	uint32_t heard_ms = port_millis(), now_ms, blink_ms;

	smp_rx_start(&rx, packet, sizeof packet);
	for (;;) {
		bool heard = serve(&rx);
		now_ms = port_millis();
		if (heard)
			heard_ms = now_ms;
		else if (smp_rx_is_midway(&rx) && now_ms - heard_ms > MIDWAY_MS)
			smp_rx_start(&rx, packet, sizeof packet);
		blink_ms = app_blink(now_ms);
		if (!heard)
			port_idle(blink_ms);
	}
}

int main(void)
{
	app_os.buf_size = PACKET_BYTES;
	app_os.buf_count = smp_buf_count_of(PACKET_BYTES, RING_BYTES);
	app_start(0);
	smp_memory_start(&memory, &kept_entry, 1, kept_reply, sizeof kept_reply, KEEP_MS);
	memory.latest_only = true;
	loop();
}
