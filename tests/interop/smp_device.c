/* SPDX-License-Identifier: MIT */
/* smp_device.c - a device for foreign clients: the SMP server and core that ship, on RAM flash, behind a pseudo terminal.
 *
 * Why      Interoperability of the server alone, in milliseconds; the virtual board runs the same with the real firmware.
 * Order    Prints the port's path, serves until standard input ends. --rram: the other kind of flash. --log: prints log text between
 *          and inside its frames, as an application on a shared console does.
 * Limits   A reset swaps whole slots here and writes the trailer as a loader leaves it. The loader itself is tested elsewhere.
 */
#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "smp_rig.h"

enum { SECTORS = 60, REPLY_BYTES = 1024 };

static struct rig rig;
static int port;
static bool with_log;

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static void send_bytes(const void *data, size_t size_bytes)
{
	const uint8_t *at = data;

	while (size_bytes != 0) {
		ssize_t done = write(port, at, size_bytes);

		need(done > 0, "write");
		at += done;
		size_bytes -= (size_t)done;
	}
}

static void send_log(const char *text)
{
	if (with_log)
		send_bytes(text, strlen(text));
}

static void send_reply(const uint8_t *reply, uint32_t size_bytes)
{
	uint8_t line[SMP_LINE_BYTES];
	struct smp_tx tx;
	uint32_t size;

	send_log("[00:00:01.000] <inf> app: tick\r\n");
	smp_tx_start(&tx, reply, size_bytes);
	while ((size = smp_tx_line(&tx, line)) != 0) {
		send_bytes(line, size);
		send_log("[00:00:01.001] <dbg> app: \x06\x04 tock\r\n");
	}
}

static void boot(void)
{
	need(rig_boot(&rig, SECTORS), "boot");
	send_log("*** Booting ***\r\n");
}

static void serve(uint8_t *message, uint32_t message_bytes)
{
	uint8_t reply[REPLY_BYTES];
	uint32_t off = 0, size;

	while ((size = smp_server_answer(&rig.server, message, message_bytes, &off, reply, sizeof reply)) != 0)
		send_reply(reply, size);
	if (rig.os.reset_wanted)
		boot();
}

static void feed(struct smp_rx *rx, const uint8_t *bytes, uint32_t size_bytes)
{
	struct smp_rx_event event;

	while (size_bytes != 0) {
		uint32_t used = smp_rx_feed(rx, bytes, size_bytes, &event);

		if (event.kind == SMP_RX_MESSAGE)
			serve(event.message, event.size_bytes);
		bytes += used;
		size_bytes -= used;
	}
}

/* The slave end is held open too, so that a client may come and go. */
static void port_open(void)
{
	struct termios raw;
	const char *path;
	int slave;

	port = posix_openpt(O_RDWR | O_NOCTTY);
	need(port >= 0 && grantpt(port) == 0 && unlockpt(port) == 0, "pseudo terminal");
	path = ptsname(port);
	need(path != NULL, "ptsname");
	slave = open(path, O_RDWR | O_NOCTTY);
	need(slave >= 0 && tcgetattr(slave, &raw) == 0, path);
	cfmakeraw(&raw);
	need(tcsetattr(slave, TCSANOW, &raw) == 0, path);
	printf("%s\n", path);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static uint8_t packet[1024 + SMP_PACKET_EXTRA_BYTES], file[8192];
	struct smp_rx rx;
	bool rram = false;

	for (int i = 1; i < argc; i++) {
		rram = rram || strcmp(argv[i], "--rram") == 0;
		with_log = with_log || strcmp(argv[i], "--log") == 0;
	}
	rig_start(&rig, SECTORS, rram);
	rig_put(&rig, HF_SLOT_PRIMARY, file, rig_image(file, sizeof file, 6000, (struct hf_version){ 1, 0, 0, 0 }, 1));
	smp_rx_start(&rx, packet, sizeof packet);
	port_open();
	for (;;) {
		struct pollfd waits[] = { { .fd = port, .events = POLLIN }, { .fd = 0, .events = POLLIN } };
		uint8_t bytes[512];
		ssize_t size;

		need(poll(waits, 2, -1) > 0, "poll");
		if (waits[1].revents != 0)
			return 0;
		size = read(port, bytes, sizeof bytes);
		need(size > 0, "read");
		feed(&rx, bytes, (uint32_t)size);
	}
}
