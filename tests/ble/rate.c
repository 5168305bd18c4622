/* SPDX-License-Identifier: MIT */
/* rate.c - how much of a Bluetooth link an upload uses, against a loop that only writes, on the same connection.
 *
 * Usage    rate ADDRESS IMAGE_A IMAGE_B ROUNDS. Each round: as many bytes as IMAGE_A has, written without response in pieces as long as the link
 *          takes, then one echo, whose reply says that all of them have arrived; then IMAGE_A or IMAGE_B (the device knows the last one)
 *          is uploaded.
 * Shapes   What the loop writes are headers of messages that are longer than any buffer, and their bytes: the device steps over them.
 * Output   "round N raw KB/s upload KB/s PERCENT", then "figure ..." lines for the machine: the medians.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "link_ble.h"
#include "report.h"
#include "upload.h"

enum { ROUNDS_MAX = 16, PASSED_OVER_BYTES = SMP_HEADER_BYTES + 65535, PATIENCE_MS = 30000 };

static void need(enum hf_reason reason, const struct problem *problem)
{
	if (reason == HF_OK)
		return;
	(void)fprintf(stderr, "%s\n", problem_line(problem));
	exit(1);
}

static double now_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void write_piece(int fd, const uint8_t *bytes, size_t size)
{
	struct pollfd wait = { .fd = fd, .events = POLLOUT };

	while (send(fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size) {
		if (errno != EAGAIN || poll(&wait, 1, PATIENCE_MS) != 1) {
			perror("raw write");
			exit(1);
		}
	}
}

/* Returns kB/s. */
static double raw_loop(struct device *device, uint32_t size_bytes)
{
	static uint8_t message[PASSED_OVER_BYTES];
	const struct link_ble *ble = device->link.carrier;
	struct smp_reply reply;
	struct problem problem;
	struct smp_ask ask = device_ask_of(device);
	uint32_t messages = (size_bytes + PASSED_OVER_BYTES - 1u) / PASSED_OVER_BYTES;
	double from_s = now_s(), took_s;

	memset(message, 0x5a, sizeof message);
	smp_header_put(&(struct smp_header){ .op = SMP_OP_WRITE, .version = SMP_V2, .group = 64, .length_bytes = 65535 }, message);
	for (uint32_t i = 0; i < messages; i++) {
		uint32_t off = 0;

		while (off < sizeof message) {
			uint32_t piece = device->link.piece_max_bytes;

			if (piece > sizeof message - off)
				piece = (uint32_t)sizeof message - off;
			write_piece(ble->write_fd, message + off, piece);
			off += piece;
		}
	}
	need(device_exchange(device, smp_ask_echo(&device->client, &ask, "there"), &reply, &problem), &problem);
	took_s = now_s() - from_s;
	return (double)messages * PASSED_OVER_BYTES / took_s / 1000.0;
}

static double upload(struct device *device, const struct upload_file *file)
{
	const struct upload_wish wish = { .window = 0 };
	struct upload_result result;
	struct problem problem;

	need(upload_run(device, file, &wish, &result, &problem), &problem);
	if (result.resumed_off != 0) {
		(void)fprintf(stderr, "the upload went on at %u: nothing to measure\n", (unsigned)result.resumed_off);
		exit(1);
	}
	(void)printf("# %u of the upload's messages were sent again\n", (unsigned)result.lost);
	return (double)result.size_bytes / result.time_ms;
}

static int by_size(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof values[0], by_size);
	return values[count / 2];
}

int main(int argc, char **argv)
{
	struct device_options options = device_defaults();
	struct upload_file files[2];
	struct device *device;
	struct problem problem;
	double raw[ROUNDS_MAX], smp[ROUNDS_MAX], percent[ROUNDS_MAX];
	int rounds = argc == 5 ? atoi(argv[4]) : 0;

	if (rounds < 1 || rounds > ROUNDS_MAX)
		return 2;
	options.timeout_ms = PATIENCE_MS;
	options.quiet = true;
	for (int i = 0; i < 2; i++)
		need(upload_file_read(argv[2 + i], &files[i], &problem), &problem);
	need(device_open(argv[1], &options, &device, &problem), &problem);
	if (device->link.class != &link_ble || ((const struct link_ble *)device->link.carrier)->write_fd < 0)
		return 2;
	for (int i = 0; i < rounds; i++) {
		raw[i] = raw_loop(device, files[0].image.total_bytes);
		smp[i] = upload(device, &files[i % 2]);
		percent[i] = 100.0 * smp[i] / raw[i];
		(void)printf("# round %d: raw %.1f kB/s, upload %.1f kB/s, %.1f %%\n", i + 1, raw[i], smp[i], percent[i]);
	}
	(void)printf("figure piece %u bytes\nfigure raw %.1f kB/s\nfigure upload %.1f kB/s\nfigure share %.1f %%\n",
		     (unsigned)device->link.piece_max_bytes, median(raw, rounds), median(smp, rounds), median(percent, rounds));
	device_close(device);
	for (int i = 0; i < 2; i++)
		upload_file_free(&files[i]);
	return 0;
}
