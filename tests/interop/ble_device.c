/* SPDX-License-Identifier: MIT */
/* ble_device.c - a Bluetooth device for foreign centrals: ble/, the SMP server and core that ship, on RAM flash. HCI packets go over
 * standard input and output as on a UART (H4), so any controller will do.
 *
 * Order    Serves until standard input ends. --policy encrypted|authenticated, --display, --mtu N, --links N, --soft (the chip's
 *          cryptography). Standard error carries what a user or a debugger would see: "passkey 123456", "boot", "failed 1403".
 * Limits   Bonds live as long as the process; a reset asked for by SMP keeps them, as flash would. The swap is the rig's (smp_rig.h).
 */
#define _XOPEN_SOURCE 700

#include <errno.h>
#include <fcntl.h>
#include <holdfast/ble.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "smp_rig.h"

enum { SECTORS = 60, LINKS_MAX = 4, MESSAGE_BYTES = 1024, MESSAGES = 4, BONDS_MAX = 8, PACKET_BYTES = 600, TICK_MS = 500 };

static struct rig rig;
static struct ble ble;
static struct ble_link links[LINKS_MAX];
static uint8_t memory[LINKS_MAX * BLE_LINK_BYTES(BLE_MTU_MAX, MESSAGES * MESSAGE_BYTES, MESSAGE_BYTES)];
static struct ble_bond bonds[BONDS_MAX];
static uint32_t bond_count;
static int random_file;

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static uint32_t now_ms(void)
{
	struct timespec now;

	need(clock_gettime(CLOCK_MONOTONIC, &now) == 0, "clock");
	return (uint32_t)((uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u);
}

/* --- what a board gives -------------------------------------------------------------------------------------------------- */

static void board_random(void *ctx, uint8_t *bytes, uint32_t size_bytes)
{
	(void)ctx;
	need(read(random_file, bytes, size_bytes) == (ssize_t)size_bytes, "random");
}

static void board_passkey(void *ctx, uint32_t passkey)
{
	(void)ctx;
	if (passkey == BLE_PASSKEY_NONE)
		fprintf(stderr, "passkey gone\n");
	else
		fprintf(stderr, "passkey %06u\n", (unsigned)passkey);
}

static bool bond_get(void *ctx, uint32_t index, struct ble_bond *bond)
{
	(void)ctx;
	if (index >= bond_count)
		return false;
	*bond = bonds[index];
	return true;
}

static void bond_put(void *ctx, const struct ble_bond *bond)
{
	uint32_t index = 0;

	(void)ctx;
	while (index < bond_count && memcmp(&bonds[index].peer, &bond->peer, sizeof bond->peer) != 0)
		index++;
	if (index == BONDS_MAX)
		index = 0;
	bonds[index] = *bond;
	if (index == bond_count)
		bond_count++;
	fprintf(stderr, "bond %u authenticated %d\n", (unsigned)index, bond->authenticated);
}

static struct ble_board board = { .random = board_random, .bond_get = bond_get, .bond_put = bond_put };

/* --- packets ------------------------------------------------------------------------------------------------------------- */

static void write_all(const uint8_t *bytes, size_t size_bytes)
{
	while (size_bytes != 0) {
		ssize_t done = write(1, bytes, size_bytes);

		if (done < 0 && errno == EPIPE)
			exit(0);
		need(done > 0, "write");
		bytes += done;
		size_bytes -= (size_t)done;
	}
}

/* Bytes of the packet at the front, as far as its header says; 0: not all there. */
static uint32_t packet_bytes(const uint8_t *bytes, uint32_t size_bytes)
{
	uint32_t whole = 0;

	if (bytes[0] == 0x04 && size_bytes >= 3)
		whole = 3u + bytes[2];
	else if (bytes[0] == 0x02 && size_bytes >= 5)
		whole = 5u + hf_get16le(bytes + 3);
	else
		need(bytes[0] == 0x04 || bytes[0] == 0x02, "a packet type");
	return whole <= size_bytes ? whole : 0;
}

static void send_all(void)
{
	uint8_t packet[PACKET_BYTES];
	uint32_t size;

	while ((size = ble_next(&ble, packet, sizeof packet, now_ms())) != 0)
		write_all(packet, size);
}

static void start(const struct ble_config *config)
{
	enum hf_reason reason = ble_start(&ble, config, now_ms());

	if (reason != HF_OK) {
		fprintf(stderr, "failed %d\n", (int)reason);
		exit(2);
	}
	fprintf(stderr, "boot\n");
}

/* Serves all that waits; resets once the last reply has left. */
static void work(const struct ble_config *config)
{
	send_all();
	while (ble_smp_serve(&ble, &rig.server, now_ms()))
		send_all();
	if (ble.state == BLE_STATE_FAILED) {
		fprintf(stderr, "failed %d\n", (int)ble.reason);
		exit(2);
	}
	if (rig.os.reset_wanted && ble_is_idle(&ble)) {
		need(rig_boot(&rig, SECTORS), "boot");
		start(config);
		send_all();
	}
}

static void serve(const struct ble_config *config)
{
	static uint8_t bytes[1 << 17];
	uint32_t have = 0;

	for (;;) {
		struct pollfd wait = { .fd = 0, .events = POLLIN };
		uint32_t off = 0, size;
		ssize_t got;

		work(config);
		if (poll(&wait, 1, TICK_MS) == 0)
			continue;
		got = read(0, bytes + have, sizeof bytes - have);
		if (got <= 0)
			return;
		have += (uint32_t)got;
		while (off < have && (size = packet_bytes(bytes + off, have - off)) != 0) {
			(void)ble_packet(&ble, bytes + off, size, now_ms());
			off += size;
			work(config);
		}
		memmove(bytes, bytes + off, have - off);
		have -= off;
	}
}

/* --- start --------------------------------------------------------------------------------------------------------------- */

static void option(struct ble_config *config, const char *name, const char *value)
{
	if (strcmp(name, "--policy") == 0)
		config->policy = strcmp(value, "encrypted") == 0 ? BLE_ENCRYPTED : strcmp(value, "authenticated") == 0 ? BLE_AUTHENTICATED : BLE_OPEN;
	else if (strcmp(name, "--mtu") == 0)
		config->mtu = (uint16_t)atoi(value);
	else if (strcmp(name, "--links") == 0)
		config->link_count = (uint32_t)atoi(value);
	else if (strcmp(name, "--display") == 0)
		board.passkey_show = board_passkey;
	else if (strcmp(name, "--soft") == 0)
		config->crypto = &ble_crypto_soft;
}

int main(int argc, char **argv)
{
	static uint8_t file[8192];
	struct ble_config config = {
		.name = "Holdfast test", .manufacturer = "Holdfast", .model = "ble_device", .firmware = "1.0.0", .policy = BLE_OPEN, .mtu = BLE_MTU_USUAL,
		.interval_min = 12, .interval_max = 12, .timeout = 400, .crypto = &ble_crypto_openssl, .board = &board, .links = links, .link_count = 1,
		.memory = memory, .memory_bytes = sizeof memory, .inbox_bytes = MESSAGES * MESSAGE_BYTES, .outbox_bytes = MESSAGE_BYTES,
	};

	for (int i = 1; i < argc; i++)
		option(&config, argv[i], i + 1 < argc ? argv[i + 1] : "");
	random_file = open("/dev/urandom", O_RDONLY);
	need(random_file >= 0, "/dev/urandom");
	rig_start(&rig, SECTORS, false);
	rig.os.buf_size = MESSAGE_BYTES;
	rig.os.buf_count = MESSAGES;
	rig_put(&rig, HF_SLOT_PRIMARY, file, rig_image(file, sizeof file, 6000, (struct hf_version){ 1, 0, 0, 0 }, 1));
	start(&config);
	serve(&config);
	return 0;
}
