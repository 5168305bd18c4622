/* SPDX-License-Identifier: MIT */
/* The serial line, by termios: libserialport opens only ports that the kernel lists as hardware, and the line of a virtual board
 * is a pseudo-terminal. libserialport is asked for what it does well (port_scan.c): which ports are there and what they belong to. */
#define _GNU_SOURCE /* cfmakeraw, flock, realpath */
#include "link.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#define WRITE_TIMEOUT_MS 5000

static const struct {
	uint32_t baud;
	speed_t code;
} speeds[] = {
	{ 1200, B1200 }, { 2400, B2400 }, { 4800, B4800 }, { 9600, B9600 }, { 19200, B19200 }, { 38400, B38400 },
	{ 57600, B57600 }, { 115200, B115200 }, { 230400, B230400 }, { 460800, B460800 }, { 500000, B500000 },
	{ 576000, B576000 }, { 921600, B921600 }, { 1000000, B1000000 }, { 1152000, B1152000 }, { 1500000, B1500000 },
	{ 2000000, B2000000 }, { 2500000, B2500000 }, { 3000000, B3000000 }, { 3500000, B3500000 }, { 4000000, B4000000 },
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

static enum hf_reason open_failed(const char *name, int error, struct problem *problem)
{
	if (error == EACCES || error == EPERM)
		return problem_set(problem, HF_R_HOST_PORT_DENIED, name, "%s", strerror(error));
	if (error == EBUSY)
		return problem_set(problem, HF_R_HOST_PORT_BUSY, name, "%s", strerror(error));
	struct port_list list;
	port_scan(&list);
	char *ports = port_list_words(&list);
	enum hf_reason reason = error == ENOENT && ports[0] != '\0' ?
		problem_set(problem, HF_R_HOST_PORT_OPEN, name, "no such port; here are: %s", ports) :
		problem_set(problem, HF_R_HOST_PORT_OPEN, name, "%s", strerror(error));
	free(ports);
	port_list_free(&list);
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

/* Fills path with where the device is now, and learns the USB serial number of a port that was given by its path. A port that is no
 * hardware, or has no number, goes by its path for ever. */
static bool find_port(struct address *address, char path[PATH_MAX])
{
	struct port_list list;
	uint32_t index = 0;
	port_scan(&list);
	const struct port *port = NULL;
	if (address->usb_serial[0] != '\0') {
		port = port_of_usb(&list, address->usb_serial, address->usb_index);
		if (port != NULL)
			(void)snprintf(path, PATH_MAX, "%s", port->path);
	} else {
		if (realpath(address->place, path) == NULL)
			(void)snprintf(path, PATH_MAX, "%s", address->place);
		port = port_of_path(&list, path, &index);
		if (port != NULL && port->usb_serial[0] != '\0' && strlen(port->usb_serial) < sizeof address->usb_serial) {
			(void)snprintf(address->usb_serial, sizeof address->usb_serial, "%s", port->usb_serial);
			address->usb_index = index;
		}
	}
	port_list_free(&list);
	return port != NULL || address->usb_serial[0] == '\0';
}

static bool is_pseudo(int fd)
{
	enum { UNIX98_PTY_FIRST = 136, UNIX98_PTY_LAST = 143 }; /* Linux, Documentation/admin-guide/devices.txt */
	struct stat now;
	return fstat(fd, &now) == 0 && major(now.st_rdev) >= UNIX98_PTY_FIRST && major(now.st_rdev) <= UNIX98_PTY_LAST;
}

static enum hf_reason serial_open(struct link *link, const struct link_options *options, struct problem *problem)
{
	speed_t speed;
	char path[PATH_MAX];
	uint32_t baud = link->address.baud != 0 ? link->address.baud : options->baud;
	if (!speed_of(baud, &speed))
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--baud", "%u is no usual speed", (unsigned)baud);
	if (!find_port(&link->address, path))
		return problem_set(problem, HF_R_HOST_PORT_OPEN, link->name, "no port here has the USB serial number %s",
				   link->address.usb_serial);
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return open_failed(link->name, errno, problem);
	int error = isatty(fd) ? 0 : ENOTTY;
	/* Two programs on one line would take each other's replies. */
	if (error == 0 && flock(fd, LOCK_EX | LOCK_NB) != 0)
		error = errno == EWOULDBLOCK ? EBUSY : errno;
	/* Other programs do not ask for that lock. A pseudo-terminal whose other end is held open would stay closed to all for ever. */
	if (error == 0 && !is_pseudo(fd) && ioctl(fd, TIOCEXCL) != 0)
		error = errno;
	if (error == 0)
		error = make_raw(fd, speed);
	if (error != 0) {
		(void)close(fd);
		return open_failed(link->name, error, problem);
	}
	link->fd = fd;
	link->framing = link->address.raw ? LINK_RAW : LINK_LINES;
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
	.open = serial_open,
	.read = serial_read,
	.write = serial_write,
	.close = serial_close,
};
