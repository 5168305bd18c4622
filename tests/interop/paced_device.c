/* SPDX-License-Identifier: MIT */
/* paced_device.c - a device at the end of a wire that is exactly as fast as a real one: what an upload's speed is measured against.
 *
 * Why      A pseudo-terminal takes bytes as fast as they are written. Here each byte of a serial line has its own time on the wire,
 *          10 bits at the line's rate, both ways at once, and the device itself takes no time: the client alone decides how much of the
 *          wire is used. UDP has no rate; it is measured beside --copy, which moves datagrams of the same sizes and nothing else.
 * Shapes   Times are deadlines on one clock, added up without rounding, so a late wake-up does not slow the wire while bytes wait for it.
 *          Output of one upload: a line of JSON, from the first byte of its first request to the last byte of its last reply.
 * Order    serial: paced_device serial BAUD BUF_SIZE BUF_COUNT [raw]   prints the port's path, serves until standard input ends
 *          udp:    paced_device udp BUF_SIZE BUF_COUNT                  prints the port
 *          copy:   paced_device copy REQUEST_BYTES REPLY_BYTES WINDOW COUNT   prints seconds; two processes, as in an upload
 * Limits   The line holds 4096 bytes that are not on the wire yet, as Linux's terminals do. Flash is memory and takes no time.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <holdfast/mode.h>
#include <holdfast/smp_groups.h>
#include <holdfast/smp_wire.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { SLOT_BYTES = 24 << 20, SECTOR_BYTES = 4096, PACKET_BYTES_MAX = 16384, QUEUE_BYTES = 1 << 16, LINE_HOLDS_BYTES = 4096 };
#define NS_PER_S 1000000000ull
#define SHORT_NAP_NS 500000u

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

void hf_assert_failed(uint32_t at)
{
	fprintf(stderr, "assertion in line %u\n", (unsigned)at);
	abort();
}

static uint64_t now_ns(void)
{
	struct timespec now;

	need(clock_gettime(CLOCK_MONOTONIC, &now) == 0, "clock");
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* --- the device ---------------------------------------------------------------------------------------------------------- */

static struct {
	struct hf_flash slots[2];
	struct hf_app_config app;
	struct smp_os os;
	struct smp_image image;
	struct smp_server server;
	uint8_t packet[PACKET_BYTES_MAX], reply[2048];
} device;

static enum hf_reason slot_read(void *ctx, uint32_t off, void *into, uint32_t size_bytes)
{
	memcpy(into, (uint8_t *)ctx + off, size_bytes);
	return HF_OK;
}

static enum hf_reason slot_write(void *ctx, uint32_t off, const void *from, uint32_t size_bytes)
{
	memcpy((uint8_t *)ctx + off, from, size_bytes);
	return HF_OK;
}

static enum hf_reason slot_erase(void *ctx, uint32_t off, uint32_t size_bytes)
{
	memset((uint8_t *)ctx + off, 0xff, size_bytes);
	return HF_OK;
}

static enum hf_reason slot_sync(void *ctx)
{
	(void)ctx;
	return HF_OK;
}

static void device_start(uint32_t buf_size, uint32_t buf_count)
{
	static struct smp_row rows[16];
	const struct smp_row all[] = { SMP_OS_ROWS(&device.os), SMP_IMAGE_ROWS(&device.image) };

	need(buf_size <= sizeof device.packet && HF_ARRAY_COUNT(all) <= HF_ARRAY_COUNT(rows), "BUF_SIZE");
	memcpy(rows, all, sizeof all);
	for (uint32_t i = 0; i < 2; i++) {
		uint8_t *bytes = malloc(SLOT_BYTES);

		need(bytes != NULL, "memory");
		memset(bytes, 0xff, SLOT_BYTES);
		device.slots[i] = (struct hf_flash){ .ctx = bytes, .size_bytes = SLOT_BYTES, .sector_bytes = SECTOR_BYTES, .write_unit_bytes = 4,
						     .writes_per_unit_max = 2, .erased_byte = 0xff, .needs_erase = true, .read = slot_read,
						     .write = slot_write, .erase = slot_erase, .sync = slot_sync };
	}
	device.app = (struct hf_app_config){ .primary = &device.slots[0], .secondary = &device.slots[1], .align = 8 };
	device.app.size_max = hf_mode_swap.size_max(SLOT_BYTES, SLOT_BYTES, SECTOR_BYTES, 8);
	device.os = (struct smp_os){ .buf_size = buf_size, .buf_count = buf_count, .bootloader = "MCUboot", .bootloader_mode = 9,
				     .info = { .kernel = "Holdfast" } };
	/* No hash of what is stored at the end: reading it back is the device's time, not the wire's. */
	device.image = (struct smp_image){ .app = &device.app };
	smp_server_start(&device.server, rows, HF_ARRAY_COUNT(all));
}

/* --- what is told of an upload ------------------------------------------------------------------------------------------- */

static struct upload {
	bool open;
	uint64_t start_ns;
	uint64_t image_bytes, requests, up_bytes, down_bytes;
} upload;

static void tell(uint64_t end_ns)
{
	printf("{\"image_bytes\": %llu, \"requests\": %llu, \"up_bytes\": %llu, \"down_bytes\": %llu, \"seconds\": %.9f}\n",
	       (unsigned long long)upload.image_bytes, (unsigned long long)upload.requests, (unsigned long long)upload.up_bytes,
	       (unsigned long long)upload.down_bytes, (double)(end_ns - upload.start_ns) / 1e9);
	fflush(stdout);
	upload.open = false;
}

/* Looks at a request before it is answered. began_ns: of its first byte. */
static void request_seen(const uint8_t *message, uint32_t size_bytes, uint32_t wire_bytes, uint64_t began_ns)
{
	struct smp_field fields[] = { { .key = "off", .type = SMP_TYPE_U32 }, { .key = "len", .type = SMP_TYPE_U32 } };
	static uint8_t copy[PACKET_BYTES_MAX]; /* reading may change it */
	struct smp_header header = smp_header_get(message);
	struct smp_reader body = smp_reader_of(copy, size_bytes - SMP_HEADER_BYTES);

	if (header.group != SMP_GROUP_IMAGE || header.id != SMP_IMAGE_UPLOAD)
		return;
	if (!upload.open) {
		memcpy(copy, message + SMP_HEADER_BYTES, size_bytes - SMP_HEADER_BYTES);
		if (smp_map_read(&body, fields, HF_ARRAY_COUNT(fields)) != HF_OK || !fields[1].found)
			return;
		upload = (struct upload){ .open = true, .start_ns = began_ns, .image_bytes = fields[1].is.u32 };
	}
	upload.requests++;
	upload.up_bytes += wire_bytes;
}

/* True: the upload has ended with this reply. */
static bool reply_seen(uint32_t wire_bytes)
{
	if (!upload.open)
		return false;
	upload.down_bytes += wire_bytes;
	return device.image.session == SMP_SESSION_DONE;
}

/* --- a serial line ------------------------------------------------------------------------------------------------------- */

/* Bytes on one way of the line, each with the time at which it has passed. */
struct queue {
	uint8_t bytes[QUEUE_BYTES];
	uint64_t passed_ns[QUEUE_BYTES];
	uint32_t first, count;
	double wire_ns; /* when the wire is free; not rounded */
};

static struct {
	int port;
	double byte_ns;
	struct queue in, out;
	struct smp_wire wire;
	bool raw, midway;
	uint64_t began_ns;
} line;

static void queue_put(struct queue *queue, const uint8_t *bytes, uint32_t count, uint64_t at_ns)
{
	need(count <= QUEUE_BYTES - queue->count, "queue");
	if (queue->wire_ns < (double)at_ns)
		queue->wire_ns = (double)at_ns;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = (queue->first + queue->count++) % QUEUE_BYTES;

		queue->wire_ns += line.byte_ns;
		queue->bytes[at] = bytes[i];
		queue->passed_ns[at] = (uint64_t)queue->wire_ns;
	}
}

/* How many bytes, of those that lie in one piece, have passed. */
static uint32_t queue_passed(const struct queue *queue, uint64_t at_ns)
{
	uint32_t run = QUEUE_BYTES - queue->first < queue->count ? QUEUE_BYTES - queue->first : queue->count, passed = 0;

	while (passed < run && queue->passed_ns[queue->first + passed] <= at_ns)
		passed++;
	return passed;
}

static void queue_drop(struct queue *queue, uint32_t count)
{
	queue->first = (queue->first + count) % QUEUE_BYTES;
	queue->count -= count;
}

static void line_answer(uint8_t *message, uint32_t size_bytes, uint64_t at_ns)
{
	uint32_t off = 0, size;
	uint8_t text[SMP_LINE_BYTES];
	const uint8_t *piece;

	request_seen(message, size_bytes, smp_wire_size(&line.wire, size_bytes), line.began_ns);
	while ((size = smp_server_answer(&device.server, message, size_bytes, &off, device.reply, sizeof device.reply)) != 0) {
		smp_wire_send(&line.wire, device.reply, size);
		for (uint32_t n = smp_wire_piece(&line.wire, text, &piece); n != 0; n = smp_wire_piece(&line.wire, text, &piece))
			queue_put(&line.out, piece, n, at_ns);
		if (reply_seen(smp_wire_size(&line.wire, size)))
			tell((uint64_t)line.out.wire_ns);
	}
}

/* Byte by byte, so that each event has the time of the byte that caused it. */
static void line_take(const uint8_t *bytes, const uint64_t *passed_ns, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct smp_rx_event event;

		if (!line.midway && (line.raw || bytes[i] == 0x06u)) {
			line.midway = true;
			line.began_ns = passed_ns[i] - (uint64_t)line.byte_ns;
		}
		(void)smp_wire_feed(&line.wire, bytes + i, 1, (uint32_t)(passed_ns[i] / 1000000u), &event);
		if (event.kind != SMP_RX_MESSAGE)
			continue;
		line_answer(event.message, event.size_bytes, passed_ns[i]);
		line.midway = false;
	}
}

static void line_turn(void)
{
	static uint8_t bytes[LINE_HOLDS_BYTES];
	uint64_t now = now_ns();
	uint32_t count = queue_passed(&line.in, now);

	line_take(line.in.bytes + line.in.first, line.in.passed_ns + line.in.first, count);
	queue_drop(&line.in, count);
	if (line.in.count < LINE_HOLDS_BYTES) {
		ssize_t got = read(line.port, bytes, LINE_HOLDS_BYTES - line.in.count);

		if (got > 0)
			queue_put(&line.in, bytes, (uint32_t)got, now);
	}
	count = queue_passed(&line.out, now);
	if (count != 0) {
		ssize_t done = write(line.port, line.out.bytes + line.out.first, count);

		if (done > 0)
			queue_drop(&line.out, (uint32_t)done);
	}
}

/* Until the last byte on the wire has passed, but no longer than a short nap, as a reply's time counts for the client. */
static uint64_t line_nap(void)
{
	uint64_t now = now_ns(), nap = NS_PER_S;
	const struct queue *queues[] = { &line.in, &line.out };

	for (uint32_t i = 0; i < 2; i++) {
		uint64_t end = (uint64_t)queues[i]->wire_ns;

		if (queues[i]->count != 0)
			nap = end > now + SHORT_NAP_NS ? SHORT_NAP_NS : end > now && end - now < nap ? end - now : nap == NS_PER_S ? SHORT_NAP_NS : nap;
	}
	return nap;
}

static void port_open(void)
{
	struct termios raw;
	const char *path;
	int other;

	line.port = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	need(line.port >= 0 && grantpt(line.port) == 0 && unlockpt(line.port) == 0, "pseudo terminal");
	path = ptsname(line.port);
	need(path != NULL, "ptsname");
	other = open(path, O_RDWR | O_NOCTTY);
	need(other >= 0 && tcgetattr(other, &raw) == 0, path);
	cfmakeraw(&raw);
	need(tcsetattr(other, TCSANOW, &raw) == 0, path);
	printf("%s\n", path);
	fflush(stdout);
}

static void serve_line(uint32_t baud, uint32_t buf_size, bool raw)
{
	need(baud != 0, "BAUD");
	line.byte_ns = 10e9 / baud;
	line.raw = raw;
	smp_wire_start(&line.wire, raw ? SMP_WIRE_RAW : SMP_WIRE_CONSOLE, device.packet, buf_size, SMP_RAW_REQUESTS, 3000);
	port_open();
	for (;;) {
		struct pollfd waits[] = { { .fd = 0, .events = POLLIN },
					  { .fd = line.port, .events = line.in.count < LINE_HOLDS_BYTES ? POLLIN : 0 } };
		uint64_t nap = line_nap();
		struct timespec time = { .tv_sec = (time_t)(nap / NS_PER_S), .tv_nsec = (long)(nap % NS_PER_S) };

		need(ppoll(waits, 2, &time, NULL) >= 0, "poll");
		if (waits[0].revents != 0)
			return;
		line_turn();
	}
}

/* --- UDP ----------------------------------------------------------------------------------------------------------------- */

static int socket_open(struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t size = sizeof *at;

	*at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	need(fd >= 0 && bind(fd, (struct sockaddr *)at, size) == 0 && getsockname(fd, (struct sockaddr *)at, &size) == 0, "socket");
	return fd;
}

static void serve_udp(void)
{
	struct sockaddr_in at, from;
	int fd = socket_open(&at);

	printf("%u\n", ntohs(at.sin_port));
	fflush(stdout);
	for (;;) {
		socklen_t from_size = sizeof from;
		ssize_t got = recvfrom(fd, device.packet, sizeof device.packet, 0, (struct sockaddr *)&from, &from_size);
		uint32_t off = 0, size;

		if (got < (ssize_t)SMP_HEADER_BYTES)
			continue;
		request_seen(device.packet, (uint32_t)got, (uint32_t)got, upload.open ? 0 : now_ns());
		while ((size = smp_server_answer(&device.server, device.packet, (uint32_t)got, &off, device.reply, sizeof device.reply)) != 0) {
			bool ended = reply_seen(size);

			need(sendto(fd, device.reply, size, 0, (struct sockaddr *)&from, from_size) == (ssize_t)size, "sendto");
			if (ended)
				tell(now_ns());
		}
	}
}

/* The other end of the copy: an answer for each datagram. */
static void copy_answers(int fd, uint32_t reply_bytes)
{
	struct sockaddr_in from;

	for (;;) {
		socklen_t from_size = sizeof from;

		if (recvfrom(fd, device.packet, sizeof device.packet, 0, (struct sockaddr *)&from, &from_size) > 0)
			need(sendto(fd, device.reply, reply_bytes, 0, (struct sockaddr *)&from, from_size) == (ssize_t)reply_bytes, "sendto");
	}
}

static double copy(uint32_t request_bytes, uint32_t reply_bytes, uint32_t window, uint32_t count)
{
	static uint8_t message[PACKET_BYTES_MAX];
	const struct timeval patience = { .tv_sec = 5 }; /* whoever moves data must notice when nobody answers */
	struct sockaddr_in at;
	int there = socket_open(&at), fd = socket(AF_INET, SOCK_DGRAM, 0);
	uint32_t sent = 0, answered = 0;
	uint64_t start;
	pid_t child;

	need(request_bytes <= sizeof message && reply_bytes <= sizeof device.reply && window != 0, "sizes");
	child = fork();
	need(child >= 0, "fork");
	if (child == 0)
		copy_answers(there, reply_bytes);
	need(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0, "connect");
	need(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0, "setsockopt");
	start = now_ns();
	while (answered < count) {
		for (; sent < count && sent - answered < window; sent++)
			need(send(fd, message, request_bytes, 0) == (ssize_t)request_bytes, "send");
		need(recv(fd, device.packet, sizeof device.packet, 0) > 0, "no answer");
		answered++;
	}
	start = now_ns() - start;
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	return (double)start / 1e9;
}

static uint32_t number(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
	if (argc >= 5 && strcmp(argv[1], "serial") == 0) {
		device_start(number(argv[3]), number(argv[4]));
		serve_line(number(argv[2]), number(argv[3]), argc > 5 && strcmp(argv[5], "raw") == 0);
		return 0;
	}
	if (argc == 4 && strcmp(argv[1], "udp") == 0) {
		device_start(number(argv[2]), number(argv[3]));
		serve_udp();
	}
	if (argc == 6 && strcmp(argv[1], "copy") == 0) {
		printf("%.9f\n", copy(number(argv[2]), number(argv[3]), number(argv[4]), number(argv[5])));
		return 0;
	}
	fprintf(stderr, "usage: see the head of paced_device.c\n");
	return 2;
}
