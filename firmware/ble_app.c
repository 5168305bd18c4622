/* SPDX-License-Identifier: MIT */
/* ble_app.c - the demo application with Bluetooth: the same SMP server as app_main.c, reached over the air.
 *
 * Why      It shows what a product with Bluetooth owes: serve uploads, confirm when told, keep bonds over updates, reset when the last reply
 *          has left. It never confirms by itself, so an update that nobody confirms goes back at the next reset.
 * Shapes   Policy encrypted: whoever pairs may update (Just Works: no XIAO has a display). The name is the board's.
 * Order    Controller, then for ever: its packets to ble/, requests to the server, ble/'s packets to the controller, sleep.
 * Limits   The console UART only speaks: the banner, and refusals by number. Bonds lie in the first two sectors of the board's storage area.
 */
#include <holdfast/ble.h>

#include "../ports/radio.h"
#include "app_common.h"
#include "app_secondary.h"
#include "ble_bonds.h"
#include "log.h"
#include FW_BOARD_HEADER

#define MESSAGE_BYTES 2475u /* five writes of 495: what clients know as a good size */
#define MESSAGES 4u
#define REPLY_BYTES 1024u
#define LEASE_MS 30000u     /* an upload whose owner does not come back */
#define RESTART_MS 1000u    /* before a controller that failed is started again */

static struct ble ble;
static struct ble_link links[1];
static uint8_t memory[BLE_LINK_BYTES(BLE_MTU_USUAL, MESSAGES * MESSAGE_BYTES, REPLY_BYTES)];
static struct ble_bonds bonds;
static struct hf_flash bond_flash;
static struct port_area bond_area;
static enum hf_reason last_reason;

void port_radio_fault(enum hf_reason reason, uint32_t where)
{
	fw_log(reason, where, 0);
	port_reset();
}

/* --- what a board gives -------------------------------------------------------------------------------------------------- */

static void board_random(void *ctx, uint8_t *bytes, uint32_t size_bytes)
{
	(void)ctx;
	port_radio_random(bytes, size_bytes);
}

static bool bond_get(void *ctx, uint32_t index, struct ble_bond *bond)
{
	(void)ctx;
	return ble_bonds_get(&bonds, index, bond);
}

static void bond_put(void *ctx, const struct ble_bond *bond)
{
	enum hf_reason reason = ble_bonds_put(&bonds, bond);

	(void)ctx;
	if (reason != HF_OK)
		fw_log(reason, bonds.sector, bonds.used_bytes);
}

static const struct ble_board board = { .random = board_random, .bond_get = bond_get, .bond_put = bond_put };
static struct ble_config config = {
	.name = "Holdfast " FW_BOARD_NAME,
	.manufacturer = "Holdfast", .model = FW_BOARD_NAME, .firmware = FW_DEMO_VERSION,
	.policy = BLE_ENCRYPTED,
	.mtu = BLE_MTU_USUAL,
	.has_address = true, .address = { .type = 1 },
	.interval_min = 12, .interval_max = 12, .timeout = 400,
	.crypto = &ble_crypto_soft,
	.board = &board,
	.links = links, .link_count = HF_ARRAY_COUNT(links),
	.memory = memory, .memory_bytes = sizeof memory,
	.inbox_bytes = MESSAGES * MESSAGE_BYTES, .outbox_bytes = REPLY_BYTES,
};

/* --- loop ---------------------------------------------------------------------------------------------------------------- */

static void send_all(void)
{
	uint8_t packet[PORT_RADIO_PACKET_BYTES];
	uint32_t size_bytes;

	while ((size_bytes = ble_next(&ble, packet, sizeof packet, port_millis())) != 0)
		port_radio_put(packet, size_bytes);
}

/* True: there was something to do. */
static bool work(void)
{
	uint8_t packet[PORT_RADIO_PACKET_BYTES];
	uint32_t size_bytes = port_radio_get(packet);

	if (size_bytes != 0)
		(void)ble_packet(&ble, packet, size_bytes, port_millis()); /* the reason stays in ble.reason */
	send_all();
	if (ble_smp_serve(&ble, &app_server, port_millis())) {
		send_all();
		return true;
	}
	return size_bytes != 0;
}

static void controller_restart(void)
{
	uint32_t start_ms = port_millis();

	fw_log(ble.reason, ble.step, ble.command_sent);
	while (port_millis() - start_ms < RESTART_MS)
		(void)app_blink(port_millis());
	hf_assert(ble_start(&ble, &config, port_millis()) == HF_OK);
}

static void loop(void) __attribute__((noreturn));

static void loop(void)
{
	for (;;) {
		uint32_t blink_ms = app_blink(port_millis());

		if (work())
			continue;
		if (ble.reason != last_reason && ble.reason != HF_OK)
			fw_log(ble.reason, ble.counts.packets_refused, ble.counts.connections);
		last_reason = ble.reason;
		if (ble.state == BLE_STATE_FAILED)
			controller_restart();
		if (app_os.reset_wanted && ble_is_idle(&ble)) {
			port_boot_mode_set(app_os.boot_mode); /* 1: the loader stays in recovery */
			port_reset();
		}
		port_radio_idle(blink_ms);
	}
}

int main(void)
{
	const struct board_layout *layout = &FW_BOARD.layouts[FW_LAYOUT_INDEX];
	struct port_radio_refusal why;
	enum hf_reason reason;

	app_os.buf_size = MESSAGE_BYTES;
	app_os.buf_count = MESSAGES;
	app_start(LEASE_MS);
	app_flash_area(&bond_flash, &bond_area, layout->storage_addr, 2u * FW_BOARD.sector_bytes);
	ble_bonds_open(&bonds, &bond_flash);
	port_radio_address(config.address.bytes);
	reason = port_radio_start(&why);
	if (reason != HF_OK) {
		fw_log(reason, why.step, why.code);
		for (;;)
			(void)app_blink(port_millis()); /* a reset would end the same; a loader's recovery can still be entered */
	}
	app_text("Bluetooth: " FW_BOARD_NAME "\r\n");
	hf_assert(ble_start(&ble, &config, port_millis()) == HF_OK);
	loop();
}
