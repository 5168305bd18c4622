/* SPDX-License-Identifier: MIT */
/* host_io.c - the board's serial line as a pseudo-terminal or on stdin and stdout, and the control socket's traffic.
 *
 * Why      One poll for everything, so that an idle board costs no CPU time and a byte from outside wakes it at once.
 * Order    io_wait may run while an instruction is being emulated: it only moves serial bytes. Commands are obeyed in io_service,
 *          between instructions.
 * Limits   Serial output that nobody takes is kept up to 64 KB; when it has not moved for two seconds it is dropped, as on a line
 *          with nothing connected.
 */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define WAIT_WORTH_NS 200000u /* shorter waits are over before poll would return */
#define OUT_STUCK_MS 2000u
#define OWED_BACK_NS 20000000 /* a wait that took longer than asked is made up for by so much */

static uint64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void io_init(struct io *io, struct vb *vb)
{
	memset(io, 0, sizeof *io);
	io->vb = vb;
	io->in_fd = io->out_fd = io->pty_slave = io->listen_fd = io->waiter = -1;
	for (uint32_t i = 0; i < IO_CLIENTS; i++)
		io->client[i].fd = -1;
}

static void set_nonblocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
}

enum hf_reason io_open_pty(struct io *io, const char *link)
{
	struct termios raw;
	struct stat there;
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 ||
	    ptsname_r(master, io->serial_path, sizeof io->serial_path) != 0) {
		if (master >= 0)
			close(master);
		return HF_R_VB_SERIAL;
	}
	io->pty_slave = open(io->serial_path, O_RDWR | O_NOCTTY);
	if (io->pty_slave < 0 || tcgetattr(io->pty_slave, &raw) != 0) {
		close(master);
		return HF_R_VB_SERIAL;
	}
	cfmakeraw(&raw);
	tcsetattr(io->pty_slave, TCSANOW, &raw);
	set_nonblocking(master);
	fcntl(io->pty_slave, F_SETFD, FD_CLOEXEC);
	io->in_fd = io->out_fd = master;
	if (link == NULL)
		return HF_OK;
	if (lstat(link, &there) == 0 && S_ISLNK(there.st_mode))
		unlink(link);
	if (strlen(link) >= sizeof io->link_path || symlink(io->serial_path, link) != 0)
		return HF_R_VB_SERIAL;
	memcpy(io->link_path, link, strlen(link) + 1);
	return HF_OK;
}

void io_open_stdio(struct io *io)
{
	io->out_fd = STDOUT_FILENO;
	io->in_fd = STDIN_FILENO;
}

enum hf_reason io_open_control(struct io *io, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat there;

	if (strlen(path) >= sizeof address.sun_path)
		return HF_R_VB_CONTROL;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (lstat(path, &there) == 0 && S_ISSOCK(there.st_mode)) /* left over by a board that was killed */
		unlink(path);
	io->listen_fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (io->listen_fd < 0 || bind(io->listen_fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(io->listen_fd, 4) != 0)
		return HF_R_VB_CONTROL;
	set_nonblocking(io->listen_fd);
	memcpy(io->control_path, path, strlen(path) + 1);
	return HF_OK;
}

void io_close(struct io *io)
{
	if (io->link_path[0] != '\0')
		unlink(io->link_path);
	if (io->control_path[0] != '\0')
		unlink(io->control_path);
	for (uint32_t i = 0; i < IO_CLIENTS; i++) {
		if (io->client[i].fd >= 0)
			close(io->client[i].fd);
	}
	if (io->listen_fd >= 0)
		close(io->listen_fd);
	if (io->pty_slave >= 0) {
		close(io->pty_slave);
		close(io->in_fd);
	}
}

/* ---- serial bytes ---- */

static void out_push(struct io *io)
{
	while (io->out_count != 0 && io->out_fd >= 0) {
		uint32_t run = IO_OUT_BYTES - io->out_first < io->out_count ? IO_OUT_BYTES - io->out_first : io->out_count;
		ssize_t written = write(io->out_fd, io->out + io->out_first, run);
		if (written <= 0)
			break;
		io->out_first = (io->out_first + (uint32_t)written) % IO_OUT_BYTES;
		io->out_count -= (uint32_t)written;
		io->out_moved_ms = wall_ns() / 1000000u;
	}
	if (io->out_count != 0 && wall_ns() / 1000000u - io->out_moved_ms > OUT_STUCK_MS)
		io->out_count = 0;
}

void io_transmit(void *ctx, const uint8_t *bytes, uint32_t count)
{
	struct io *io = ctx;

	if (io->out_fd < 0)
		return;
	if (io->out_count == 0)
		io->out_moved_ms = wall_ns() / 1000000u;
	for (uint32_t i = 0; i < count; i++) {
		if (io->out_count == IO_OUT_BYTES) { /* the oldest go */
			io->out_first = (io->out_first + 1u) % IO_OUT_BYTES;
			io->out_count--;
		}
		io->out[(io->out_first + io->out_count++) % IO_OUT_BYTES] = bytes[i];
	}
	out_push(io);
}

static void in_take(struct io *io)
{
	uint8_t bytes[512];
	uint32_t room = vb_feed_room(io->vb);
	ssize_t got;

	if (room == 0)
		return;
	got = read(io->in_fd, bytes, room < sizeof bytes ? room : sizeof bytes);
	if (got > 0) {
		if (vb_is_on(io->vb)) /* a board without power hears nothing */
			(void)vb_feed(io->vb, bytes, (uint32_t)got);
	} else if (got == 0 && io->pty_slave < 0) {
		io->in_fd = -1;
		io->at_end = true;
	}
}

/* ---- control clients ---- */

void control_answer(struct io *io, uint32_t client, const char *json)
{
	size_t length = strlen(json), sent = 0;

	if (io->client[client].fd < 0)
		return;
	while (sent < length + 1) {
		ssize_t written = send(io->client[client].fd, sent < length ? json + sent : "\n", sent < length ? length - sent : 1, MSG_NOSIGNAL);
		if (written <= 0)
			return;
		sent += (size_t)written;
	}
}

static void client_accept(struct io *io)
{
	int fd = accept(io->listen_fd, NULL, NULL);
	struct timeval patience = { .tv_sec = 2 };

	if (fd < 0)
		return;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	for (uint32_t i = 0; i < IO_CLIENTS; i++) {
		if (io->client[i].fd < 0) {
			io->client[i] = (struct io_client){ .fd = fd };
			return;
		}
	}
	close(fd);
}

static void client_take(struct io *io, uint32_t i)
{
	struct io_client *client = &io->client[i];
	ssize_t got = recv(client->fd, client->line + client->length, sizeof client->line - 1 - client->length, MSG_DONTWAIT);
	char *end;

	if (got <= 0 && !(got < 0 && errno == EAGAIN)) {
		close(client->fd);
		client->fd = -1;
		if (io->waiter == (int)i)
			io->waiter = -1;
		return;
	}
	client->length += got > 0 ? (uint32_t)got : 0;
	client->line[client->length] = '\0';
	while (client->fd >= 0 && (end = strchr(client->line, '\n')) != NULL) {
		char command[sizeof client->line];
		size_t length = (size_t)(end - client->line) + 1;
		memcpy(command, client->line, length);
		command[length] = '\0';
		client->length -= (uint32_t)length;
		memmove(client->line, client->line + length, client->length + 1);
		control_command(io, i, command);
	}
	if (client->length == sizeof client->line - 1)
		client->length = 0; /* an endless line */
}

void io_text_seen(struct io *io)
{
	if (io->waiter >= 0)
		control_answer(io, (uint32_t)io->waiter, "{\"ok\":true,\"event\":\"text\"}");
	io->waiter = -1;
	vb_until(io->vb, NULL);
}

/* ---- waiting ---- */

static int poll_all(struct io *io, uint64_t ns, bool with_control)
{
	struct pollfd fds[3 + IO_CLIENTS];
	struct timespec timeout = { .tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u) };
	nfds_t count = 0;
	int ready;

	if (io->in_fd >= 0 && vb_feed_room(io->vb) != 0)
		fds[count++] = (struct pollfd){ .fd = io->in_fd, .events = POLLIN };
	if (io->out_fd >= 0 && io->out_count != 0)
		fds[count++] = (struct pollfd){ .fd = io->out_fd, .events = POLLOUT };
	if (io->listen_fd >= 0)
		fds[count++] = (struct pollfd){ .fd = io->listen_fd, .events = POLLIN };
	for (uint32_t i = 0; i < IO_CLIENTS; i++) {
		if (io->client[i].fd >= 0)
			fds[count++] = (struct pollfd){ .fd = io->client[i].fd, .events = POLLIN };
	}
	ready = ppoll(fds, count, &timeout, NULL);
	if (ready <= 0)
		return ready;
	for (nfds_t i = 0; i < count; i++) {
		if (fds[i].revents == 0)
			continue;
		if (fds[i].fd == io->in_fd && (fds[i].events & POLLIN) != 0)
			in_take(io);
		else if (with_control && fds[i].fd == io->listen_fd)
			client_accept(io);
		for (uint32_t c = 0; with_control && c < IO_CLIENTS; c++) {
			if (io->client[c].fd >= 0 && fds[i].fd == io->client[c].fd)
				client_take(io, c);
		}
	}
	return ready;
}

/* A serial byte takes less than is worth waiting for, a thousand of them do not. Input may come early; the time is waited out. */
static void wait_owed(struct io *io, uint64_t ns)
{
	uint64_t start = wall_ns(), passed = 0;

	io->owed_ns += (int64_t)ns;
	if (io->owed_ns < (int64_t)WAIT_WORTH_NS)
		return;
	while (passed < (uint64_t)io->owed_ns && !io->quit) {
		poll_all(io, (uint64_t)io->owed_ns - passed, false);
		out_push(io);
		passed = wall_ns() - start;
	}
	io->owed_ns -= (int64_t)passed;
	if (io->owed_ns < -OWED_BACK_NS)
		io->owed_ns = -OWED_BACK_NS;
}

uint64_t io_wait(void *ctx, uint64_t ns)
{
	struct io *io = ctx;
	uint64_t start, passed;

	if (ns < WAIT_WORTH_NS && io->pace && !io->at_end)
		wait_owed(io, ns);
	if (ns < WAIT_WORTH_NS || io->quit)
		return ns;
	start = wall_ns();
	poll_all(io, ns, false);
	out_push(io);
	passed = wall_ns() - start;
	/* Input that ended can't wake the board any more: what is left to wait for is jumped to. */
	return io->at_end ? ns : (passed < ns ? passed : ns);
}

void io_tell_findings(struct io *io)
{
	uint32_t count;
	const struct vb_finding *finding = vb_findings(io->vb, &count);
	char line[400];

	for (; io->findings_told < count; io->findings_told++) {
		vb_finding_text(io->vb, &finding[io->findings_told], line, sizeof line);
		if (!io->quiet)
			fprintf(stderr, "%s\n", line);
	}
}

bool io_service(void *ctx)
{
	struct io *io = ctx;

	out_push(io);
	while (poll_all(io, 0, true) > 0 && io->in_fd < 0 && !io->quit) {
		/* several control commands may be waiting; the serial line is limited by what the board takes */
		if (io->listen_fd < 0)
			break;
	}
	io_tell_findings(io);
	return io->quit != 0;
}
