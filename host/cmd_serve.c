/* SPDX-License-Identifier: MIT */
/* serve: a demonstration device over UDP, a pseudo-terminal and Bluetooth LE. */
#define _GNU_SOURCE /* cfmakeraw, posix_openpt */
#include <errno.h>
#include <fcntl.h>
#include <holdfast/smp_wire.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "args.h"
#include "bytes.h"
#include "demo_device.h"
#include "device.h"
#include "keyring.h"
#include "peers.h"
#include "serve_ble.h"
#include "textparse.h"

enum { OPT_UDP = 1, OPT_PTY, OPT_KEY, OPT_FLASH, OPT_FILES, OPT_SLOT, OPT_BOOT, OPT_LEASE, OPT_RAW, OPT_BLE, OPT_HCI, OPT_POLICY, OPT_PASSKEY, OPT_MTU,
       OPT_ADDRESS };
enum { HOSTS_MAX = 4, KEYS_MAX = 4, REQUESTS_WAITING_MAX = 16, PEER_LINE = 1, RAW_IDLE_MS = 3000 /* as MCUboot's */ };

static const struct arg_option options[] = {
	{ OPT_UDP, 'u', "udp", "[HOST:]PORT", "listen there; may be given several times (default: 127.0.0.1:1337 unless --pty or --ble)" },
	{ OPT_PTY, 'p', "pty", NULL, "offer a serial line too; its path is printed" },
	{ OPT_RAW, '\0', "raw", NULL, "the serial line carries messages without console framing" },
	{ OPT_BLE, '\0', "ble", "NAME", "offer Bluetooth LE under this name, on an adapter that is switched off (Linux, as root)" },
	{ OPT_HCI, '\0', "hci", "ADAPTER", "the adapter, as `ls /sys/class/bluetooth` names it (default hci0)" },
	{ OPT_POLICY, '\0', "policy", "open|encrypted|authenticated", "who may use it by Bluetooth (default open)" },
	{ OPT_PASSKEY, '\0', "passkey", NULL, "show a passkey when a peer pairs that has a keyboard (authenticated: always)" },
	{ OPT_MTU, '\0', "mtu", "N", "longest attribute packet by Bluetooth, 65 to 517 (default 498)" },
	{ OPT_ADDRESS, '\0', "address", "C0:..", "a static random address, for an adapter without one of its own" },
	{ OPT_KEY, 'k', "key", "FILE", "key of the bootloader; up to 4 times (default: the one that signed IMAGE, if known)" },
	{ OPT_FLASH, '\0', "flash", "FILE", "keep the flash in this file; if it holds an application, IMAGE may be left out" },
	{ OPT_FILES, '\0', "files", "FOLDER", "its file system /lfs is this folder (default: in memory)" },
	{ OPT_SLOT, '\0', "slot-size", "N", "bytes of each of the two slots (default 0x80000)" },
	{ OPT_BOOT, '\0', "boot-ms", "MS", "how long a reset takes (default 250)" },
	{ OPT_LEASE, '\0', "lease-ms", "MS", "an upload is its client's until that was silent for so long (default 10000)" },
	{ 0 }
};

struct wishes {
	const char *hosts[HOSTS_MAX], *keys[KEYS_MAX], *flash, *files, *image;
	uint32_t host_count, key_count, slot_bytes, boot_ms, lease_ms;
	bool pty, raw;
	struct serve_ble_wishes ble;
	const char *ble_option; /* one that needs --ble */
};

struct serve {
	struct demo_device device;
	struct keyfile keys[KEYS_MAX];
	struct hf_key hf_keys[KEYS_MAX];
	struct pollfd waits[HOSTS_MAX + 2]; /* sockets, then the line and Bluetooth, -1 if there is none */
	uint32_t socket_count;
	struct serve_ble ble;
	int line;                           /* -1: none */
	struct smp_wire wire;
	bool raw;
	uint8_t packet[DEMO_PACKET_BYTES];
	uint8_t reply[DEMO_PACKET_BYTES];
	struct peers peers;
	uint32_t boot_ms;
	bool quiet;
};

static enum hf_reason take(struct args *args, int id, struct wishes *w, struct problem *problem)
{
	uint64_t number = 0;
	enum hf_reason reason = HF_OK;
	if (id >= OPT_HCI)
		w->ble_option = args->name;
	switch (id) {
	case OPT_PTY: w->pty = true; break;
	case OPT_RAW: w->raw = true; break;
	case OPT_FLASH: w->flash = args->value; break;
	case OPT_FILES: w->files = args->value; break;
	case OPT_BLE: w->ble.name = args->value; break;
	case OPT_HCI: w->ble.adapter = args->value; break;
	case OPT_ADDRESS: w->ble.address = args->value; break;
	case OPT_PASSKEY: w->ble.shows_passkey = true; break;
	case OPT_POLICY: reason = serve_ble_policy(args->value, &w->ble.policy, problem); break;
	case OPT_MTU:
		reason = args_number("--mtu", args->value, BLE_MTU_MAX, &number, problem);
		if (reason == HF_OK && number < 65)
			reason = problem_set(problem, HF_R_HOST_OPTION_VALUE, "--mtu", "65 to %u", BLE_MTU_MAX);
		w->ble.mtu = (uint16_t)number;
		break;
	case OPT_UDP:
		if (w->host_count == HOSTS_MAX)
			return problem_set(problem, HF_R_HOST_USAGE, "--udp", "at most %d times", HOSTS_MAX);
		w->hosts[w->host_count++] = args->value;
		break;
	case OPT_KEY:
		if (w->key_count == KEYS_MAX)
			return problem_set(problem, HF_R_HOST_KEYS_TOO_MANY, args->value, "%s", "");
		w->keys[w->key_count++] = args->value;
		break;
	case OPT_SLOT:
		reason = args_number("--slot-size", args->value, 16u << 20, &number, problem);
		if (reason == HF_OK && (number < 4 * DEMO_SECTOR_BYTES || number % DEMO_SECTOR_BYTES != 0))
			reason = problem_set(problem, HF_R_HOST_OPTION_VALUE, "--slot-size", "a multiple of %u, at least four times it",
					     DEMO_SECTOR_BYTES);
		w->slot_bytes = (uint32_t)number;
		break;
	case OPT_LEASE:
		reason = args_number("--lease-ms", args->value, 3600000, &number, problem);
		w->lease_ms = (uint32_t)number;
		break;
	case OPT_BOOT:
		reason = args_number("--boot-ms", args->value, 600000, &number, problem);
		w->boot_ms = (uint32_t)number;
		break;
	}
	return reason;
}

/* --- wires ---------------------------------------------------------------------------------------------------------------- */

static enum hf_reason socket_open(const char *text, int *fd, struct report *report, struct problem *problem)
{
	struct address address;
	struct addrinfo *at = NULL;
	const struct addrinfo wanted = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_PASSIVE };
	char port[8];
	bool bare = strspn(text, "0123456789") == strlen(text);
	char *url = host_printf("udp:%s%s", bare ? "127.0.0.1:" : "", text);
	enum hf_reason reason = address_parse(url, &address, problem);
	if (reason == HF_OK) {
		(void)snprintf(port, sizeof port, "%u", address.udp_port);
		int error = getaddrinfo(address.place, port, &wanted, &at);
		if (error != 0)
			reason = problem_set(problem, HF_R_HOST_NET, url, "%s", gai_strerror(error));
	}
	if (reason == HF_OK) {
		int opened = socket(at->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
		/* [::] is IPv6 alone, so that 0.0.0.0 may have the same port. */
		if (opened >= 0 && at->ai_family == AF_INET6)
			(void)setsockopt(opened, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
		if (opened < 0 || bind(opened, at->ai_addr, at->ai_addrlen) != 0) {
			reason = problem_set(problem, HF_R_HOST_NET, url, "%s", strerror(errno));
			if (opened >= 0)
				(void)close(opened);
		} else {
			*fd = opened;
			report_row(report, "listening            %s", url);
			report_item(report, NULL);
			report_text(report, "address", NULL, url);
			report_end(report);
		}
	}
	if (at != NULL)
		freeaddrinfo(at);
	free(url);
	return reason;
}

/* The other end is held open, so that clients may come and go. */
static enum hf_reason line_open(int *fd, struct report *report, struct problem *problem)
{
	struct termios settings;
	int line = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	const char *path = line >= 0 && grantpt(line) == 0 && unlockpt(line) == 0 ? ptsname(line) : NULL;
	int other = path != NULL ? open(path, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
	if (other < 0 || tcgetattr(other, &settings) != 0)
		return problem_set(problem, HF_R_HOST_PORT_OPEN, "pseudo-terminal", "%s", strerror(errno));
	cfmakeraw(&settings);
	(void)tcsetattr(other, TCSANOW, &settings);
	*fd = line;
	report_text(report, "pty", "serial line", path);
	return HF_OK;
}

/* A client that does not read loses what does not fit, as on a wire. */
static void line_write(int fd, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		struct pollfd wait = { .fd = fd, .events = POLLOUT };
		ssize_t done = poll(&wait, 1, 1000) > 0 ? write(fd, bytes, size) : -1;
		if (done <= 0)
			return;
		bytes += done;
		size -= (size_t)done;
	}
}

static void line_reply(struct serve *s, const uint8_t *reply, uint32_t size)
{
	uint8_t line[SMP_LINE_BYTES];
	const uint8_t *piece = NULL;
	smp_wire_send(&s->wire, reply, size);
	for (uint32_t n = smp_wire_piece(&s->wire, line, &piece); n != 0; n = smp_wire_piece(&s->wire, line, &piece))
		line_write(s->line, piece, n);
}

static void line_start(struct serve *s)
{
	smp_wire_start(&s->wire, s->raw ? SMP_WIRE_RAW : SMP_WIRE_CONSOLE, s->packet, sizeof s->packet, SMP_RAW_REQUESTS, RAW_IDLE_MS);
}

/* --- the device ----------------------------------------------------------------------------------------------------------- */

static void version_of(const struct demo_device *d, char version[40])
{
	(void)snprintf(version, 40, "nothing");
	if (d->is_running)
		version_print(&(struct hf_version){ d->memory[20], d->memory[21], hf_get16le(d->memory + 22), hf_get32le(d->memory + 24) },
			      version);
}

static void say_boot(const struct serve *s)
{
	const struct demo_device *d = &s->device;
	char version[40];
	if (s->quiet)
		return;
	version_of(d, version);
	printf("boot %u: starts %s%s", (unsigned)d->boot_count, version, d->report.on_trial ? ", on trial" : "");
	if (d->report.refusal.reason != HF_OK)
		printf("; refused the update: %s (HF-%04u)", hf_reason_text((uint32_t)d->report.refusal.reason)->sentence,
		       (unsigned)d->report.refusal.reason);
	(void)putchar('\n');
	(void)fflush(stdout);
}

/* What arrives during a reset is lost. */
static void drain(const struct serve *s)
{
	uint8_t lost[2048];
	for (uint32_t i = 0; i < s->socket_count; i++) {
		while (recv(s->waits[i].fd, lost, sizeof lost, 0) >= 0)
			;
	}
	while (s->line >= 0 && read(s->line, lost, sizeof lost) > 0)
		;
}

static enum hf_reason boot_ble(struct serve *s, struct problem *problem)
{
	char version[40];
	if (s->ble.fd < 0)
		return HF_OK;
	version_of(&s->device, version);
	enum hf_reason reason = serve_ble_boot(&s->ble, s->device.is_running, version, problem);
	s->waits[s->socket_count + 1].fd = s->ble.fd;
	return reason;
}

static enum hf_reason reset_if_wanted(struct serve *s, struct problem *problem)
{
	if (!s->device.os.reset_wanted)
		return HF_OK;
	if (s->ble.fd >= 0)
		serve_ble_quiet(&s->ble);
	struct timespec time = { .tv_sec = (time_t)(s->boot_ms / 1000u), .tv_nsec = (long)(s->boot_ms % 1000u) * 1000000L };
	demo_device_boot(&s->device);
	(void)nanosleep(&time, NULL);
	drain(s);
	line_start(s);
	say_boot(s);
	return boot_ble(s, problem);
}

static void who_asks(struct serve *s, uint32_t peer)
{
	s->device.server.peer = peer;
	s->device.server.now_ms = device_now_ms();
	/* Programs have no address of their own on a line; what comes twice there comes twice in a row. */
	s->device.done.latest_only = peer == PEER_LINE;
}

static enum hf_reason serve_datagram(struct serve *s, int fd, struct problem *problem)
{
	static uint8_t message[DEMO_PACKET_BYTES];
	struct sockaddr_storage from;
	socklen_t from_size = sizeof from;
	uint32_t off = 0;
	ssize_t got = recvfrom(fd, message, sizeof message, MSG_TRUNC, (struct sockaddr *)&from, &from_size);
	if (got <= 0 || (size_t)got > sizeof message || from_size > PEER_ADDRESS_BYTES)
		return HF_OK;
	who_asks(s, peers_number(&s->peers, &from, from_size, s->device.image.owner));
	for (uint32_t n = demo_device_answer(&s->device, message, (uint32_t)got, &off, s->reply, sizeof s->reply); n != 0;
	     n = demo_device_answer(&s->device, message, (uint32_t)got, &off, s->reply, sizeof s->reply)) {
		ssize_t sent = sendto(fd, s->reply, n, 0, (const struct sockaddr *)&from, from_size);
		(void)sent; /* a reply that is lost is asked for again */
	}
	return reset_if_wanted(s, problem);
}

static enum hf_reason serve_line(struct serve *s, struct problem *problem)
{
	uint8_t bytes[512];
	ssize_t got = read(s->line, bytes, sizeof bytes);
	who_asks(s, PEER_LINE);
	for (ssize_t at = 0; got > at;) {
		struct smp_rx_event event;
		uint32_t off = 0;
		at += (ssize_t)smp_wire_feed(&s->wire, bytes + at, (uint32_t)(got - at), device_now_ms(), &event);
		if (s->raw || smp_memory_is_new_session(&event))
			smp_memory_forget(&s->device.done, PEER_LINE);
		if (event.kind != SMP_RX_MESSAGE)
			continue;
		uint32_t cap = sizeof s->reply - (s->raw ? 0u : SMP_PACKET_EXTRA_BYTES);
		for (uint32_t n = demo_device_answer(&s->device, event.message, event.size_bytes, &off, s->reply, cap); n != 0;
		     n = demo_device_answer(&s->device, event.message, event.size_bytes, &off, s->reply, cap))
			line_reply(s, s->reply, n);
		if (s->device.os.reset_wanted)
			got = 0;
	}
	return reset_if_wanted(s, problem);
}

static enum hf_reason serve_radio(struct serve *s, struct problem *problem)
{
	enum hf_reason reason = serve_ble_work(&s->ble, &s->device.server, problem);
	return reason == HF_OK && s->device.os.reset_wanted && serve_ble_may_reset(&s->ble) ? reset_if_wanted(s, problem) : reason;
}

/* What poll does not know (-1) never has anything. */
static enum hf_reason loop(struct serve *s, struct problem *problem)
{
	enum hf_reason reason = HF_OK;
	if (s->ble.fd >= 0)
		serve_ble_guard_signals();
	while (reason == HF_OK) {
		if (serve_ble_is_stopped()) {
			serve_ble_quiet(&s->ble);
			return problem_set(problem, HF_R_HOST_INTERRUPTED, NULL, "%s", "");
		}
		int wait_ms = s->ble.fd < 0 ? -1 : s->device.os.reset_wanted ? SERVE_BLE_TICK_MS / 10 : SERVE_BLE_TICK_MS;
		if (poll(s->waits, s->socket_count + 2, wait_ms) < 0 && errno != EINTR)
			return problem_set(problem, HF_R_HOST_NET, "poll", "%s", strerror(errno));
		for (uint32_t i = 0; i < s->socket_count && reason == HF_OK; i++) {
			if (s->waits[i].revents != 0)
				reason = serve_datagram(s, s->waits[i].fd, problem);
		}
		if (reason == HF_OK && s->waits[s->socket_count].revents != 0)
			reason = serve_line(s, problem);
		if (reason == HF_OK && s->ble.fd >= 0)
			reason = serve_radio(s, problem);
	}
	return reason;
}

/* --- start ---------------------------------------------------------------------------------------------------------------- */

static enum hf_reason read_keys(const struct wishes *w, const struct imagefile *image, struct serve *s, struct problem *problem)
{
	uint32_t count = w->key_count;
	enum hf_reason reason = HF_OK;
	if (count == 0 && image == NULL)
		return problem_set(problem, HF_R_HOST_OPTION_MISSING, "IMAGE or --key", "%s", "");
	if (count == 0) {
		count = 1;
		reason = keyring_find_for(image, &s->keys[0], problem);
	}
	for (uint32_t i = 0; i < w->key_count && reason == HF_OK; i++)
		reason = keyfile_read(w->keys[i], NULL, &s->keys[i], problem);
	for (uint32_t i = 0; i < count && reason == HF_OK; i++)
		s->hf_keys[i] = keyfile_key(&s->keys[i]);
	s->device.key_count = count;
	return reason;
}

static enum hf_reason start_device(const struct wishes *w, struct serve *s, struct problem *problem)
{
	struct imagefile image;
	bool is_blank = true;
	enum hf_reason reason = HF_OK;
	memset(&image, 0, sizeof image);
	if (w->image != NULL)
		reason = imagefile_read(w->image, 0xff, 0, &image, problem);
	if (reason == HF_OK)
		reason = read_keys(w, w->image != NULL ? &image : NULL, s, problem);
	if (reason == HF_OK)
		reason = demo_device_start(&s->device, w->flash, w->slot_bytes, s->hf_keys, s->device.key_count, &is_blank, problem);
	if (reason == HF_OK)
		reason = demo_device_add_app(&s->device, w->files, problem);
	s->device.os.buf_count = REQUESTS_WAITING_MAX; /* they wait in the system's buffers */
	s->device.image.lease_ms = w->lease_ms;
	s->device.app_rows.files.group.lease_ms = w->lease_ms;
	if (reason == HF_OK && is_blank && w->image == NULL)
		reason = problem_set(problem, HF_R_HOST_OPTION_MISSING, "IMAGE", "the flash holds no application");
	if (reason == HF_OK && is_blank)
		reason = demo_device_put_app(&s->device, w->image, image.bytes.data, image.bytes.size, problem);
	if (w->image != NULL)
		imagefile_free(&image);
	return reason;
}

static enum hf_reason open_wires(const struct wishes *w, struct serve *s, struct report *report, struct problem *problem)
{
	enum hf_reason reason = HF_OK;
	report_list(report, "udp", NULL);
	for (uint32_t i = 0; i < w->host_count && reason == HF_OK; i++) {
		reason = socket_open(w->hosts[i], &s->waits[i].fd, report, problem);
		s->waits[i].events = POLLIN;
		s->socket_count += reason == HF_OK;
	}
	report_end(report);
	if (reason == HF_OK && w->pty)
		reason = line_open(&s->line, report, problem);
	if (reason == HF_OK && w->ble.name != NULL)
		reason = serve_ble_open(&s->ble, &w->ble, w->flash, DEMO_PACKET_BYTES, REQUESTS_WAITING_MAX, problem);
	s->waits[s->socket_count] = (struct pollfd){ .fd = s->line, .events = POLLIN };
	s->waits[s->socket_count + 1] = (struct pollfd){ .fd = s->ble.fd, .events = POLLIN };
	return reason;
}

static enum hf_reason serve(struct wishes *w, struct report *report, struct problem *problem)
{
	if (w->raw && !w->pty)
		return problem_set(problem, HF_R_HOST_OPTION_MISSING, "--pty", "--raw is about the serial line");
	if (w->ble.name == NULL && w->ble_option != NULL)
		return problem_set(problem, HF_R_HOST_OPTION_MISSING, "--ble", "--%s is about Bluetooth", w->ble_option);
	struct serve *s = host_alloc(sizeof *s);
	s->line = -1;
	s->ble.fd = -1;
	s->ble.quiet = report->json;
	s->boot_ms = w->boot_ms;
	s->raw = w->raw;
	s->quiet = report->json;
	if (w->host_count == 0 && !w->pty && w->ble.name == NULL)
		w->hosts[w->host_count++] = "1337";
	enum hf_reason reason = start_device(w, s, problem);
	if (reason == HF_OK)
		reason = open_wires(w, s, report, problem);
	if (reason == HF_OK) {
		demo_device_boot(&s->device);
		reason = boot_ble(s, problem);
	}
	if (reason == HF_OK) {
		if (s->ble.fd >= 0)
			serve_ble_report(&s->ble, report);
		report_flag(report, "running", NULL, s->device.is_running);
		/* The object is complete now; what comes after is the device's work. */
		reason = report_finish(report, problem);
		report_start(report);
		say_boot(s);
		line_start(s);
		if (reason == HF_OK)
			reason = loop(s, problem);
	}
	serve_ble_close(&s->ble);
	demo_device_stop(&s->device);
	for (uint32_t i = 0; i < KEYS_MAX; i++)
		keyfile_free(&s->keys[i]);
	free(s);
	return reason;
}

static enum hf_reason run(struct args *args, struct report *report, struct problem *problem)
{
	struct wishes w = { .slot_bytes = 0x80000, .boot_ms = 250, .lease_ms = 10000, .ble = { .adapter = "hci0", .mtu = BLE_MTU_USUAL } };
	int id = 0;
	enum hf_reason reason;
	while ((reason = args_next(args, &id, &report->json, problem)) == HF_OK && id != 0) {
		reason = take(args, id, &w, problem);
		if (reason != HF_OK)
			return reason;
	}
	if (reason != HF_OK || args->want_help)
		return reason;
	w.image = args_word(args);
	reason = args_end(args, problem);
	return reason == HF_OK ? serve(&w, report, problem) : reason;
}

const struct command cmd_serve = {
	.name = "serve",
	.summary = "a demonstration device on this machine, over UDP, a serial line or Bluetooth LE",
	.synopsis = "[IMAGE] [--udp [HOST:]PORT]... [--pty] [--ble NAME]",
	.about = "Runs the SMP server and the bootloader's decisions that boards run, on a flash in memory or in a file, until it is stopped.\n"
		 "IMAGE is what it starts with. Files, settings, statistics, a shell, tasks, memory and a clock are there too, as an example application.\n"
		 "Anyone who reaches the address can send it images and files; it listens on this machine alone unless told otherwise.\n"
		 "With --ble a phone or another computer can update it over the air: a Bluetooth stack of its own, on an adapter that the\n"
		 "system does not use.\n"
		 "To try clients and scripts; a board with its real timing is `holdfast board run`.",
	.options = options,
	.examples = "holdfast serve app.bin --key release.pem\n"
		    "holdfast serve app.bin --udp [::1]:1337 --udp 127.0.0.1:1400 --pty\n"
		    "holdfast serve app.bin --files ./lfs\n"
		    "sudo holdfast serve app.bin --key release.pem --ble Demo --hci hci1 --policy encrypted\n"
		    "holdfast serve --flash board.flash --key release.pem --pty --json",
	.run = run,
};
