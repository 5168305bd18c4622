/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* SOCK_NONBLOCK, AF_BLUETOOTH */
#include "hci_user.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The C library has no header for these. */
enum { HCI_PROTOCOL = 1, HCI_CHANNEL_USER = 1, HCI_INDEX_MAX = 255, WRITE_WAIT_MS = 2000, ROOM_BYTES = 16 << 20 };

struct hci_place {
	sa_family_t family;
	uint16_t index, channel;
};

static bool index_of(const char *adapter, uint16_t *index)
{
	uint32_t number = 0, digits = 0;

	if (strncmp(adapter, "hci", 3) != 0)
		return false;
	for (const char *at = adapter + 3; *at >= '0' && *at <= '9' && digits < 3; at++, digits++)
		number = number * 10u + (uint32_t)(*at - '0');
	if (digits == 0 || adapter[3 + digits] != '\0' || number > HCI_INDEX_MAX)
		return false;
	*index = (uint16_t)number;
	return true;
}

static enum hf_reason why_not(const char *adapter, int error, struct problem *problem)
{
	enum hf_reason reason = HF_R_HOST_HCI_LOST;

	if (error == EAFNOSUPPORT || error == EPROTONOSUPPORT)
		reason = HF_R_HOST_HCI_NO_BLUETOOTH;
	else if (error == ENODEV)
		reason = HF_R_HOST_HCI_NO_ADAPTER;
	else if (error == EPERM || error == EACCES)
		reason = HF_R_HOST_HCI_PERMISSION;
	else if (error == EBUSY || error == EALREADY || error == EUSERS)
		reason = HF_R_HOST_HCI_BUSY;
	else if (error == ERFKILL)
		reason = HF_R_HOST_HCI_BLOCKED;
	return problem_set(problem, reason, adapter, "%s", reason == HF_R_HOST_HCI_LOST ? strerror(error) : "");
}

enum hf_reason hci_user_open(const char *adapter, int *fd, struct problem *problem)
{
	struct hci_place place = { .family = AF_BLUETOOTH, .channel = HCI_CHANNEL_USER };
	const int room_bytes = ROOM_BYTES;
	int opened;

	if (!index_of(adapter, &place.index))
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--hci", "an adapter's name like hci0, not '%s'", adapter);
	opened = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, HCI_PROTOCOL);
	if (opened < 0)
		return why_not(adapter, errno, problem);
	/* Linux drops what does not fit: a program that waited for the processor would lose parts of messages. */
	if (setsockopt(opened, SOL_SOCKET, SO_RCVBUFFORCE, &room_bytes, sizeof room_bytes) != 0)
		(void)setsockopt(opened, SOL_SOCKET, SO_RCVBUF, &room_bytes, sizeof room_bytes);
	if (bind(opened, (const struct sockaddr *)&place, sizeof place) != 0) {
		enum hf_reason reason = why_not(adapter, errno, problem);

		(void)close(opened);
		return reason;
	}
	*fd = opened;
	return HF_OK;
}

enum hf_reason hci_user_read(int fd, uint8_t *packet, uint32_t *size_bytes, struct problem *problem)
{
	ssize_t got = recv(fd, packet, HCI_PACKET_BYTES, 0);

	if (got <= 0 && (got == 0 || (errno != EAGAIN && errno != EINTR)))
		return problem_set(problem, HF_R_HOST_HCI_LOST, NULL, "%s", got == 0 ? "it is gone" : strerror(errno));
	*size_bytes = got > 0 ? (uint32_t)got : 0u;
	return HF_OK;
}

enum hf_reason hci_user_write(int fd, const uint8_t *packet, uint32_t size_bytes, struct problem *problem)
{
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	ssize_t done = send(fd, packet, size_bytes, MSG_NOSIGNAL);

	if (done < 0 && errno == EAGAIN && poll(&wait, 1, WRITE_WAIT_MS) > 0)
		done = send(fd, packet, size_bytes, MSG_NOSIGNAL);
	if (done != (ssize_t)size_bytes)
		return problem_set(problem, HF_R_HOST_HCI_LOST, NULL, "%s", done < 0 ? strerror(errno) : "a packet was cut");
	return HF_OK;
}
