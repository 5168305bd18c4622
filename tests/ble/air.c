/* SPDX-License-Identifier: MIT */
/* air.c - gives a virtual controller the pace of a radio: a new adapter that relays to another one, and lets each data packet take the time that
 * it would take on the air.
 *
 * Why      Linked virtual controllers pass data on at once: what limits them is the processor, and no radio is so fast.
 * Usage    air ADAPTER: takes it (an HCI user channel), makes the next hciN and prints its name; runs until it is stopped.
 * Shapes   LE 2M, a packet and its acknowledgement: preamble 2, access address 4, header 2, payload, integrity check 4 and CRC 3 bytes at 4 us
 *          each, 150 us, the same for an empty packet (no integrity check), 150 us. One packet at a time, in whichever direction. Packets are
 *          as long as the virtual controller's buffers (192 bytes), a radio has up to 251.
 * Source   Bluetooth Core 5.4 Vol 6 Part B 2.1 (packets), 4.1.1 (150 us). Linux drivers/bluetooth/hci_vhci.c: first packet 0xff and the type.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hci_user.h"

enum { ACL = 2, VENDOR = 0xff, BYTE_US = 4, SPACE_US = 150, AROUND_BYTES = 2 + 4 + 2 + 3, CHECK_BYTES = 4, HEAD_BYTES = 5 };

static struct timespec free_at; /* when the air is free again; may be past */

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static void on_the_air(const uint8_t *packet, uint32_t size)
{
	long us = ((long)size - HEAD_BYTES + AROUND_BYTES + CHECK_BYTES + AROUND_BYTES) * BYTE_US + 2 * SPACE_US;

	if (packet[0] != ACL || size < HEAD_BYTES)
		return;
	free_at.tv_nsec += us * 1000;
	if (free_at.tv_nsec >= 1000000000) {
		free_at.tv_nsec -= 1000000000;
		free_at.tv_sec++;
	}
	need(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &free_at, NULL) == 0, "sleep");
}

int main(int argc, char **argv)
{
	uint8_t packet[HCI_PACKET_BYTES] = { VENDOR, 0 };
	uint32_t size;
	struct problem problem;
	int radio = -1, host;

	need(argc == 2, "usage: air ADAPTER");
	if (hci_user_open(argv[1], &radio, &problem) != HF_OK) {
		(void)fprintf(stderr, "%s\n", problem_line(&problem));
		return 1;
	}
	host = open("/dev/vhci", O_RDWR);
	need(host >= 0 && write(host, packet, 2) == 2, "/dev/vhci");
	for (;;) {
		struct pollfd waits[] = { { .fd = radio, .events = POLLIN }, { .fd = host, .events = POLLIN } };
		enum hf_reason reason = HF_OK;

		/* What waited already follows what was on the air; else the air was free until now. */
		if (poll(waits, 2, 0) == 0) {
			need(poll(waits, 2, -1) > 0, "poll");
			need(clock_gettime(CLOCK_MONOTONIC, &free_at) == 0, "clock");
		}
		if (waits[0].revents != 0) {
			reason = hci_user_read(radio, packet, &size, &problem);
			need(reason == HF_OK, "the radio");
			on_the_air(packet, size);
			need(size == 0 || write(host, packet, size) == (ssize_t)size, "to the host");
		}
		if (waits[1].revents != 0) {
			ssize_t got = read(host, packet, sizeof packet);

			need(got > 0, "from the host");
			if (packet[0] == VENDOR) {
				(void)printf("adapter hci%u\n", (unsigned)(packet[2] | packet[3] << 8));
				(void)fflush(stdout);
				continue;
			}
			on_the_air(packet, (uint32_t)got);
			reason = hci_user_write(radio, packet, (uint32_t)got, &problem);
			need(reason == HF_OK, "to the radio");
		}
	}
}
