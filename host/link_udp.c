/* SPDX-License-Identifier: MIT */
/* UDP: one message a datagram. Loss, duplicates and reordering are for the client and the upload to bear, which match by sequence
 * number; here only datagrams from the device itself are let in (a connected socket).
 *
 * Size: a datagram is not to be split on its way, as not every device puts fragments together. How large it may be is known only if
 * the device is on this network or this machine; beyond a router 1280 bytes are what IPv6 promises.
 * Source   zephyrproject-rtos/zephyr: subsys/mgmt/mcumgr/transport/src/smp_udp.c; RFC 8200 section 5. */
#define _GNU_SOURCE /* IP_MTU */
#include "link.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MTU_UNKNOWN = 1280, MTU_MAX = 1500 /* Zephyr's receive buffer */, HEADERS_IPV4 = 20 + 8, HEADERS_IPV6 = 40 + 8 };

/* Without a router: only then is the network card's limit the path's. */
static bool is_near(const struct addrinfo *at)
{
	int fd = socket(at->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;
	if (fd < 0)
		return false;
	bool near = setsockopt(fd, SOL_SOCKET, SO_DONTROUTE, &on, sizeof on) == 0 && connect(fd, at->ai_addr, at->ai_addrlen) == 0;
	(void)close(fd);
	return near;
}

static uint32_t payload_max(int fd, const struct addrinfo *at, uint32_t mtu_said)
{
	bool six = at->ai_family == AF_INET6;
	int mtu = 0;
	socklen_t size = sizeof mtu;
	if (mtu_said != 0)
		mtu = (int)mtu_said;
	else if (!is_near(at) || getsockopt(fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_MTU : IP_MTU, &mtu, &size) != 0)
		mtu = MTU_UNKNOWN;
	else if (mtu > MTU_MAX)
		mtu = MTU_MAX;
	return (uint32_t)(mtu - (six ? HEADERS_IPV6 : HEADERS_IPV4));
}

static enum hf_reason udp_open(struct link *link, const struct link_options *options, struct problem *problem)
{
	const struct addrinfo wanted = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *list = NULL;
	char port[8];
	(void)options;
	(void)snprintf(port, sizeof port, "%u", link->address.udp_port);
	int error = getaddrinfo(link->address.place, port, &wanted, &list);
	if (error != 0)
		return problem_set(problem, HF_R_HOST_NET, link->name, "%s", gai_strerror(error));
	int fd = -1;
	error = EADDRNOTAVAIL;
	for (const struct addrinfo *at = list; at != NULL && fd < 0; at = at->ai_next) {
		fd = socket(at->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (fd < 0 || connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
			error = errno;
			if (fd >= 0)
				(void)close(fd);
			fd = -1;
			continue;
		}
		link->message_max_bytes = payload_max(fd, at, link->address.mtu_bytes);
	}
	freeaddrinfo(list);
	if (fd < 0)
		return problem_set(problem, HF_R_HOST_NET, link->name, "%s", strerror(error));
	link->fd = fd;
	link->framing = LINK_DATAGRAMS;
	link->nobody = false;
	return HF_OK;
}

/* A refusal, or a network that is away for a while, is a loss like any other: a board that resets causes both. */
static bool is_passing(int error)
{
	return error == EAGAIN || error == EINTR || error == ECONNREFUSED || error == ENETUNREACH || error == EHOSTUNREACH ||
	       error == ENETDOWN || error == ENOBUFS || error == EHOSTDOWN;
}

static enum hf_reason udp_read(struct link *link, uint8_t *into, size_t size_bytes, uint32_t timeout_ms, size_t *got,
			       struct problem *problem)
{
	*got = 0;
	/* With several in flight the next reply is often here already; asking for it first saves a call each time. */
	ssize_t done = recv(link->fd, into, size_bytes, MSG_TRUNC);
	if (done < 0 && errno == EAGAIN && timeout_ms != 0) {
		struct pollfd wait = { .fd = link->fd, .events = POLLIN };
		int ready = poll(&wait, 1, (int)timeout_ms);
		if (ready == 0 || (ready < 0 && errno == EINTR))
			return HF_OK;
		done = recv(link->fd, into, size_bytes, MSG_TRUNC);
	}
	if (done >= 0) {
		*got = (size_t)done <= size_bytes ? (size_t)done : 0; /* larger than any message: not for us */
		link->nobody = false;
		return HF_OK;
	}
	if (!is_passing(errno))
		return problem_set(problem, HF_R_HOST_PORT_LOST, link->name, "%s", strerror(errno));
	link->nobody = link->nobody || errno == ECONNREFUSED;
	return HF_OK;
}

static enum hf_reason udp_write(struct link *link, const uint8_t *from, size_t size_bytes, struct problem *problem)
{
	/* An error that is pending from an earlier datagram is told here, and this one is not sent: once more. */
	for (int turn = 0; turn < 2; turn++) {
		if (send(link->fd, from, size_bytes, 0) >= 0)
			return HF_OK;
		link->nobody = link->nobody || errno == ECONNREFUSED;
	}
	return is_passing(errno) ? HF_OK : problem_set(problem, HF_R_HOST_PORT_LOST, link->name, "%s", strerror(errno));
}

static void udp_close(struct link *link)
{
	(void)close(link->fd);
	link->fd = -1;
}

const struct link_class link_udp = {
	.scheme = "udp",
	.open = udp_open,
	.read = udp_read,
	.write = udp_write,
	.close = udp_close,
};
