/* SPDX-License-Identifier: MIT */
/* host.h - the program around the board: serial line, control socket, status. Not part of the library.
 *
 * Order    io_open -> (vb_run with io's hooks, io_idle while the board is off)* -> io_close.
 */
#ifndef VB_HOST_H
#define VB_HOST_H

#include "vboard.h"

#include <signal.h>
#include <stdio.h>

#define IO_CLIENTS 4u
#define IO_OUT_BYTES 65536u

struct io_client {
	int fd;
	char line[1024];
	uint32_t length;
};

struct io {
	struct vb *vb;
	int in_fd, out_fd;               /* the serial line; -1: none */
	int pty_slave;                   /* kept open, so that the line stays raw and reads don't fail between users */
	char serial_path[64], link_path[1024], control_path[108];
	int listen_fd;
	struct io_client client[IO_CLIENTS];
	int waiter;                      /* client that asked to wait for a text; -1 none */
	uint8_t out[IO_OUT_BYTES];       /* serial bytes that the other side has not taken yet */
	uint32_t out_first, out_count;
	uint64_t out_moved_ms;
	const char *flash_path;
	volatile sig_atomic_t quit;      /* also set by SIGINT and SIGTERM; seen at the next service */
	bool at_end, quiet;              /* at_end: nothing more will come in */
	bool pace;                       /* waits too short to be waited for add up and are waited for together */
	int64_t owed_ns;                 /* of those; negative: more was waited than was asked */
	uint32_t findings_told;
};

void io_init(struct io *io, struct vb *vb);
enum hf_reason io_open_pty(struct io *io, const char *link) HF_MUST_USE;
void io_open_stdio(struct io *io);
enum hf_reason io_open_control(struct io *io, const char *path) HF_MUST_USE;
void io_close(struct io *io);

/* Waits up to ns for anything to do, and does what concerns the serial line. Returns the ns that passed. */
uint64_t io_wait(void *ctx, uint64_t ns);
/* All that is ready, control commands too. True: stop the run. */
bool io_service(void *ctx);
void io_transmit(void *ctx, const uint8_t *bytes, uint32_t count);
void io_text_seen(struct io *io);    /* the run stopped with VB_STOP_TEXT */
void io_tell_findings(struct io *io);

/* control.c: one command line; the answer goes to the client. */
void control_command(struct io *io, uint32_t client, char *line);
void control_answer(struct io *io, uint32_t client, const char *json);
/* "FILE.hex" or "FILE@ADDR", for --load and the command. */
enum hf_reason control_load(struct vb *vb, const char *spec) HF_MUST_USE;
/* "[loader+]N[:variant]" */
bool control_cut_of(const char *spec, struct vb_cut *cut);

/* status.c: everything that is counted, as one JSON object on one line. False: truncated. */
bool status_json(struct vb *vb, const char *serial, const char *stop, char *into, size_t into_bytes);
enum hf_reason status_report(struct vb *vb, const char *serial, const char *stop, const char *path) HF_MUST_USE;

#endif
