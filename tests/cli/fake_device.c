/* SPDX-License-Identifier: MIT */
/* fake_device: a device on a pseudo-terminal for the tests of the host tool: the real SMP server, the real slots and the real boot
 * decision over memory, and the ways in which a device or its line can go wrong.
 *
 * fake_device KEY.pem APP.bin FAULT [NUMBER]; prints the path of its line, then serves until its standard input ends.
 * FAULT: none; silent; garbage (answers with noise); cbor (well-framed replies that are no CBOR); crc (damaged packets); log (console
 * text among the replies); vanish N (the line goes at request N); hang N (silent from request N on); dead (never comes back after
 * a reset); renumber N (at a reset the line goes, and after N ms another comes, whose path is printed); deny (refuses resets); lossy N
 * (drops each Nth reply); slow N (ms for each request); small (a limit of 2 KB); worn N (byte N of the upload does not stick); forget (the
 * request is lost at the reset); stop N (the loader finds byte N of the upload changed). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <holdfast/smp_frame.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "demo_device.h"
#include "file.h"
#include "keyfile.h"

enum { SLOT_BYTES = 0x20000, PACKET_BYTES = 1028 };

struct device {
	struct demo_device demo;
	struct hf_key key;
	int line, other_end;
	const char *fault;
	uint32_t number;
	uint32_t requests, replies;
};

static bool has(const struct device *d, const char *fault)
{
	return strcmp(d->fault, fault) == 0;
}

static uint32_t worn_off = UINT32_MAX;
static enum hf_reason (*write_whole)(void *ctx, uint32_t off, const void *from, uint32_t size_bytes);

static enum hf_reason write_worn(void *ctx, uint32_t off, const void *from, uint32_t size_bytes)
{
	enum hf_reason reason = write_whole(ctx, off, from, size_bytes);
	if (worn_off >= off && worn_off - off < size_bytes)
		((uint8_t *)ctx)[worn_off] &= 0xfe;
	return reason;
}

static void boot(struct device *d)
{
	uint8_t *update = d->demo.memory + SLOT_BYTES;
	if (has(d, "forget"))
		memset(update + SLOT_BYTES - DEMO_SECTOR_BYTES, 0xff, DEMO_SECTOR_BYTES);
	if (has(d, "stop") && d->demo.image.session == SMP_SESSION_DONE)
		update[d->number] ^= 1;
	demo_device_boot(&d->demo);
}

static enum hf_reason ask_reset(void *ctx, bool force, uint32_t boot_mode)
{
	(void)boot_mode;
	return has(ctx, "deny") && !force ? HF_R_SMP_BUSY : HF_OK;
}

static bool start(struct device *d, const struct bytes *app)
{
	struct problem problem;
	bool is_blank = false;
	if (demo_device_start(&d->demo, NULL, SLOT_BYTES, &d->key, 1, &is_blank, &problem) != HF_OK ||
	    demo_device_put_app(&d->demo, "app", app->data, app->size, &problem) != HF_OK)
		return false;
	d->demo.os.buf_size = PACKET_BYTES;
	d->demo.os.reset_ask = ask_reset;
	d->demo.os.reset_ctx = d;
	if (has(d, "small"))
		d->demo.app.size_max = 2048;
	if (has(d, "worn")) {
		worn_off = d->number;
		write_whole = d->demo.slots[1].write;
		d->demo.slots[1].write = write_worn;
	}
	boot(d);
	return true;
}

static void put(const struct device *d, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	while (size > 0) {
		ssize_t done = write(d->line, at, size);
		if (done <= 0)
			return;
		at += done;
		size -= (size_t)done;
	}
}

static void reply_send(struct device *d, uint8_t *reply, uint32_t size)
{
	struct smp_tx tx;
	uint8_t line[SMP_LINE_BYTES];
	d->replies++;
	if (has(d, "lossy") && d->replies % d->number == 0)
		return;
	if (has(d, "cbor"))
		memset(reply + SMP_HEADER_BYTES, 0x5f, size - SMP_HEADER_BYTES);
	if (has(d, "log"))
		put(d, "HF-0601 a=0x1 b=0x2\r\nhalf a line \x06", 34);
	smp_tx_start(&tx, reply, size);
	for (uint32_t n = smp_tx_line(&tx, line); n != 0; n = smp_tx_line(&tx, line)) {
		if (has(d, "crc"))
			line[6] = line[6] == 'A' ? 'B' : 'A';
		put(d, line, n);
	}
}

static void vanish(struct device *d)
{
	(void)close(d->other_end);
	(void)close(d->line);
	d->line = -1;
}

static bool line_open(struct device *d)
{
	struct termios settings;
	d->line = posix_openpt(O_RDWR | O_NOCTTY);
	if (d->line < 0 || grantpt(d->line) != 0 || unlockpt(d->line) != 0)
		return false;
	const char *name = ptsname(d->line);
	d->other_end = open(name, O_RDWR | O_NOCTTY); /* held, so that the line lives on between clients */
	if (d->other_end < 0 || tcgetattr(d->other_end, &settings) != 0)
		return false;
	cfmakeraw(&settings);
	(void)tcsetattr(d->other_end, TCSANOW, &settings);
	puts(name);
	return fflush(stdout) == 0;
}

static void answer(struct device *d, uint8_t *message, uint32_t size)
{
	static uint8_t reply[PACKET_BYTES - SMP_PACKET_EXTRA_BYTES];
	uint32_t off = 0;
	d->requests++;
	if (has(d, "vanish") && d->requests == d->number) {
		vanish(d);
		return;
	}
	if (has(d, "slow"))
		(void)usleep(d->number * 1000);
	if (has(d, "silent") || (has(d, "hang") && d->requests >= d->number) || !d->demo.is_running)
		return;
	for (uint32_t n = smp_server_answer(&d->demo.server, message, size, &off, reply, sizeof reply); n != 0;
	     n = smp_server_answer(&d->demo.server, message, size, &off, reply, sizeof reply))
		reply_send(d, reply, n);
	if (d->demo.os.reset_wanted) {
		(void)usleep(20000);
		boot(d);
		if (has(d, "renumber")) {
			vanish(d);
			(void)usleep(d->number * 1000);
			if (!line_open(d))
				exit(3);
		}
		if (has(d, "dead"))
			d->demo.is_running = false;
	}
}

static void serve(struct device *d)
{
	static uint8_t packet[PACKET_BYTES], noise[] = "\x06\x09QUFBQUFBQUFBQUFB\n\x00\xff\xfe gibberish \x04\x14????\n";
	struct smp_rx rx;
	uint8_t bytes[512];
	smp_rx_start(&rx, packet, sizeof packet);
	for (;;) {
		struct pollfd wait[2] = { { .fd = d->line, .events = POLLIN }, { .fd = STDIN_FILENO, .events = POLLIN } };
		if (poll(wait, 2, -1) <= 0 || wait[1].revents != 0)
			return;
		ssize_t got = read(d->line, bytes, sizeof bytes);
		if (got > 0 && has(d, "garbage"))
			put(d, noise, sizeof noise);
		for (ssize_t at = 0; got > at && d->line >= 0 && !has(d, "garbage");) {
			struct smp_rx_event event;
			at += (ssize_t)smp_rx_feed(&rx, bytes + at, (uint32_t)(got - at), &event);
			if (event.kind == SMP_RX_MESSAGE)
				answer(d, event.message, event.size_bytes);
		}
	}
}

int main(int argc, char **argv)
{
	static struct device d;
	static struct keyfile key;
	struct problem problem;
	struct bytes app = { 0 };
	if (argc < 4)
		return 2;
	d.fault = argv[3];
	d.number = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 0) : 0;
	if (keyfile_read(argv[1], NULL, &key, &problem) != HF_OK || file_read(argv[2], SLOT_BYTES, &app, &problem) != HF_OK) {
		fprintf(stderr, "%s\n", problem_line(&problem));
		return 1;
	}
	d.key = keyfile_key(&key);
	bool started = start(&d, &app);
	bytes_free(&app);
	if (!started)
		return 1;
	if (!line_open(&d))
		return 3;
	serve(&d);
	keyfile_free(&key);
	return 0;
}
