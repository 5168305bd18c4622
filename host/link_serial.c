/* SPDX-License-Identifier: MIT */
/* The serial line, by termios: libserialport opens only ports that the kernel lists as hardware, and the line of a virtual board
 * is a pseudo-terminal. libserialport is asked for what it does well: which ports are there and what they belong to. */
#define _GNU_SOURCE /* cfmakeraw, flock */
#include "link.h"

#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <termios.h>
#include <unistd.h>

#include "bytes.h"

#define WRITE_TIMEOUT_MS 5000

static const struct {
	uint32_t baud;
	speed_t code;
} speeds[] = {
	{ 9600, B9600 }, { 19200, B19200 }, { 38400, B38400 }, { 57600, B57600 }, { 115200, B115200 }, { 230400, B230400 },
	{ 460800, B460800 }, { 921600, B921600 }, { 1000000, B1000000 }, { 2000000, B2000000 },
};

static bool speed_of(uint32_t baud, speed_t *code)
{
	for (size_t i = 0; i < HF_ARRAY_COUNT(speeds); i++) {
		if (speeds[i].baud == baud) {
			*code = speeds[i].code;
			return true;
		}
	}
	return false;
}

char *link_serial_ports(void)
{
	struct sp_port **list = NULL;
	struct bytes text = { 0 };
	if (sp_list_ports(&list) == SP_OK) {
		for (size_t i = 0; list[i] != NULL; i++) {
			const char *words = sp_get_port_description(list[i]);
			char *one = host_printf("%s%s%s%s%s", i > 0 ? ", " : "", sp_get_port_name(list[i]), words != NULL ? " (" : "",
						words != NULL ? words : "", words != NULL ? ")" : "");
			bytes_add(&text, one, strlen(one));
			free(one);
		}
		sp_free_port_list(list);
	}
	bytes_fill(&text, 0, 1);
	return (char *)text.data;
}

static enum hf_reason open_failed(const char *name, int error, struct problem *problem)
{
	char *ports = link_serial_ports();
	enum hf_reason reason = error == ENOENT && ports[0] != '\0' ?
		problem_set(problem, HF_R_HOST_PORT_OPEN, name, "no such port; here are: %s", ports) :
		problem_set(problem, HF_R_HOST_PORT_OPEN, name, "%s", strerror(error));
	free(ports);
	return reason;
}

/* 8 data bits, no parity, no flow control, nothing translated. */
static int make_raw(int fd, speed_t speed)
{
	struct termios settings;
	if (tcgetattr(fd, &settings) != 0)
		return errno;
	cfmakeraw(&settings);
	settings.c_cflag |= CLOCAL | CREAD;
	settings.c_cflag &= ~(tcflag_t)(CSTOPB | CRTSCTS);
	if (cfsetspeed(&settings, speed) != 0 || tcsetattr(fd, TCSANOW, &settings) != 0)
		return errno;
	return tcflush(fd, TCIOFLUSH) == 0 ? 0 : errno;
}

static enum hf_reason serial_open(struct link *link, const char *name, const struct link_options *options, struct problem *problem)
{
	speed_t speed;
	if (!speed_of(options->baud, &speed))
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--baud", "%u is no usual speed", (unsigned)options->baud);
	int fd = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return open_failed(name, errno, problem);
	int error = isatty(fd) ? 0 : ENOTTY;
	/* Two programs on one line would take each other's replies. */
	if (error == 0 && flock(fd, LOCK_EX | LOCK_NB) != 0)
		error = errno == EWOULDBLOCK ? EBUSY : errno;
	if (error == 0)
		error = make_raw(fd, speed);
	if (error != 0) {
		(void)close(fd);
		return open_failed(name, error, problem);
	}
	link->fd = fd;
	return HF_OK;
}

static enum hf_reason lost(const struct link *link, int error, struct problem *problem)
{
	return problem_set(problem, HF_R_HOST_PORT_LOST, link->name, "%s", error != 0 ? strerror(error) : "end of the line");
}

static enum hf_reason serial_read(struct link *link, uint8_t *into, size_t size_bytes, uint32_t timeout_ms, size_t *got,
				  struct problem *problem)
{
	struct pollfd wait = { .fd = link->fd, .events = POLLIN };
	*got = 0;
	int ready = poll(&wait, 1, (int)timeout_ms);
	if (ready < 0)
		return errno == EINTR ? HF_OK : lost(link, errno, problem);
	if (ready == 0)
		return HF_OK;
	ssize_t done = read(link->fd, into, size_bytes);
	if (done < 0 && (errno == EAGAIN || errno == EINTR) && (wait.revents & (POLLHUP | POLLERR)) == 0)
		return HF_OK;
	if (done <= 0)
		return lost(link, done < 0 ? errno : 0, problem);
	*got = (size_t)done;
	return HF_OK;
}

static enum hf_reason serial_write(struct link *link, const uint8_t *from, size_t size_bytes, struct problem *problem)
{
	while (size_bytes > 0) {
		struct pollfd wait = { .fd = link->fd, .events = POLLOUT };
		int ready = poll(&wait, 1, WRITE_TIMEOUT_MS);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return lost(link, ready == 0 ? ETIMEDOUT : errno, problem);
		ssize_t done = write(link->fd, from, size_bytes);
		if (done < 0 && (errno == EAGAIN || errno == EINTR) && (wait.revents & (POLLHUP | POLLERR)) == 0)
			continue;
		if (done <= 0)
			return lost(link, done < 0 ? errno : 0, problem);
		from += done;
		size_bytes -= (size_t)done;
	}
	return HF_OK;
}

static void serial_close(struct link *link)
{
	(void)close(link->fd);
	link->fd = -1;
}

const struct link_class link_serial = {
	.scheme = "serial",
	.framed = true,
	.open = serial_open,
	.read = serial_read,
	.write = serial_write,
	.close = serial_close,
};
