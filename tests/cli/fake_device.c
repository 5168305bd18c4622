/* SPDX-License-Identifier: MIT */
/* fake_device: a device on a pseudo-terminal for the tests of the host tool: the real SMP server, the real slots and the real boot
 * decision over memory, and the ways in which a device or its line can go wrong.
 *
 * fake_device KEY.pem APP.bin FAULT [NUMBER]; prints the path of its line, then serves until its standard input ends.
 * FAULT: none; silent; garbage (answers with noise); cbor (well-framed replies that are no CBOR); crc (damaged packets); log (console
 * text among the replies); vanish N (the line goes at request N); hang N (silent from request N on); dead (never comes back after
 * a reset); deny (refuses resets); lossy N (drops each Nth reply); slow N (ms for each
 * request); small (a limit of 2 KB); worn N (byte N of the upload does not stick);
 * forget (the request is lost at the reset); stop N (the loader finds byte N of
 * the upload changed). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <holdfast/app.h>
#include <holdfast/boot.h>
#include <holdfast/report.h>
#include <holdfast/smp_frame.h>
#include <holdfast/smp_groups.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "file.h"
#include "keyfile.h"

enum { SLOT_BYTES = 0x20000, SECTOR_BYTES = 4096, ALIGN = 8, PACKET_BYTES = 1028 };

static uint8_t memory[2][SLOT_BYTES];

struct device {
	int line, other_end;
	const char *fault;
	uint32_t number;
	struct hf_flash slots[2];
	struct hf_app_config app;
	struct hf_report report;
	struct hf_key key;
	struct smp_os os;
	struct smp_image image;
	struct smp_why why;
	struct smp_server server;
	struct smp_row rows[16];
	uint32_t requests, replies;
	bool is_running;
};

static enum hf_reason ram_read(void *ctx, uint32_t off, void *into, uint32_t size_bytes)
{
	memcpy(into, (uint8_t *)ctx + off, size_bytes);
	return HF_OK;
}

static uint32_t worn_off = UINT32_MAX;

static enum hf_reason ram_write(void *ctx, uint32_t off, const void *from, uint32_t size_bytes)
{
	const uint8_t *bytes = from;
	for (uint32_t i = 0; i < size_bytes; i++)
		((uint8_t *)ctx)[off + i] &= (uint8_t)(bytes[i] & (off + i == worn_off ? 0xfe : 0xff));
	return HF_OK;
}

static enum hf_reason ram_erase(void *ctx, uint32_t off, uint32_t size_bytes)
{
	memset((uint8_t *)ctx + off, 0xff, size_bytes);
	return HF_OK;
}

static enum hf_reason ram_sync(void *ctx)
{
	(void)ctx;
	return HF_OK;
}

static bool has(const struct device *d, const char *fault)
{
	return strcmp(d->fault, fault) == 0;
}

/* What the loader would do at a reset, by its own code. */
static void boot(struct device *d)
{
	static uint32_t work[(SECTOR_BYTES + 256) / 4];
	struct hf_boot_result result;
	if (has(d, "forget"))
		memset(memory[1] + SLOT_BYTES - SECTOR_BYTES, 0xff, SECTOR_BYTES);
	if (has(d, "stop") && d->image.session == SMP_SESSION_DONE)
		memory[1][d->number] ^= 1;
	const struct hf_boot_config config = { .primary = &d->slots[0], .secondary = &d->slots[1], .mode = &hf_mode_swap,
					       .crypto = &hf_crypto_openssl, .keys = &d->key, .key_count = 1, .align = ALIGN,
					       .generation_seed = 7, .work = work, .work_bytes = sizeof work };
	for (int turn = 0; turn < 4; turn++) {
		hf_boot_run(&config, &result);
		if (result.action != HF_BOOT_RESET)
			break;
	}
	d->is_running = result.action == HF_BOOT_START;
	d->report = (struct hf_report){ .cause = result.cause, .on_trial = result.on_trial, .refusal = result.refusal,
					.steps_done = result.steps_done, .mcuboot_mode = hf_mode_swap.mcuboot_mode, .mode_id = hf_mode_swap.id,
					.align = ALIGN, .size_max = d->app.size_max };
	d->image.upload = (struct hf_upload){ .open = false };
	d->image.session = SMP_SESSION_NONE;
	d->os.reset_wanted = false;
}

static enum hf_reason ask_reset(void *ctx, bool force, uint32_t boot_mode)
{
	(void)boot_mode;
	return has(ctx, "deny") && !force ? HF_R_SMP_BUSY : HF_OK;
}

static void start(struct device *d)
{
	for (int i = 0; i < 2; i++)
		d->slots[i] = (struct hf_flash){ .ctx = memory[i], .size_bytes = SLOT_BYTES, .sector_bytes = SECTOR_BYTES, .write_unit_bytes = 4,
						 .erased_byte = 0xff, .needs_erase = true, .read = ram_read, .write = ram_write,
						 .erase = ram_erase, .sync = ram_sync };
	d->app = (struct hf_app_config){ .primary = &d->slots[0], .secondary = &d->slots[1], .align = ALIGN };
	d->app.size_max = has(d, "small") ? 2048 : hf_mode_swap.size_max(SLOT_BYTES, SLOT_BYTES, SECTOR_BYTES, ALIGN);
	d->os = (struct smp_os){ .buf_size = PACKET_BYTES, .buf_count = 4, .bootloader = "MCUboot", .bootloader_mode = 3,
				 .info = { .kernel = "fake", .hardware = "none" }, .reset_ask = ask_reset, .reset_ctx = d };
	d->image = (struct smp_image){ .app = &d->app, .crypto = &hf_crypto_openssl };
	d->why = (struct smp_why){ .report = &d->report, .server = &d->server };
	const struct smp_row rows[] = { SMP_OS_ROWS(&d->os), SMP_IMAGE_ROWS(&d->image), SMP_HOLDFAST_ROWS(&d->why) };
	memcpy(d->rows, rows, sizeof rows);
	smp_server_start(&d->server, d->rows, HF_ARRAY_COUNT(rows));
	boot(d);
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
	if (has(d, "silent") || (has(d, "hang") && d->requests >= d->number) || !d->is_running)
		return;
	for (uint32_t n = smp_server_answer(&d->server, message, size, &off, reply, sizeof reply); n != 0;
	     n = smp_server_answer(&d->server, message, size, &off, reply, sizeof reply))
		reply_send(d, reply, n);
	if (d->os.reset_wanted) {
		(void)usleep(20000);
		boot(d);
		if (has(d, "dead"))
			d->is_running = false;
	}
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
	worn_off = has(&d, "worn") ? d.number : UINT32_MAX;
	memset(memory, 0xff, sizeof memory);
	if (keyfile_read(argv[1], NULL, &key, &problem) != HF_OK || file_read(argv[2], SLOT_BYTES, &app, &problem) != HF_OK) {
		fprintf(stderr, "%s\n", problem_line(&problem));
		return 1;
	}
	memcpy(memory[0], app.data, app.size);
	bytes_free(&app);
	d.key = keyfile_key(&key);
	start(&d);
	if (!line_open(&d))
		return 3;
	serve(&d);
	keyfile_free(&key);
	return 0;
}
