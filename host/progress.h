/* SPDX-License-Identifier: MIT */
/* progress.h - a bar with rate, percent and time left, on standard error and only if that is a terminal.
 *
 * A process that works for another one (fleet.h) sends lines of a few words instead: progress_send_to. */
#ifndef HOST_PROGRESS_H
#define HOST_PROGRESS_H

#include <holdfast/base.h>

struct progress {
	bool shown;              /* standard error is a terminal */
	uint64_t total_bytes;
	uint64_t start_bytes;    /* where an upload was resumed */
	uint32_t start_ms, drawn_ms;
	const char *label;
};

void progress_start(struct progress *progress, const char *label, uint64_t total_bytes, uint64_t start_bytes, uint32_t now_ms);
/* At most ten times a second; always at the end. */
void progress_show(struct progress *progress, uint64_t done_bytes, uint32_t now_ms);
/* Takes the bar off the line. */
void progress_end(struct progress *progress);
/* Waiting for something of unknown length: what, and for how long already. */
void progress_wait(struct progress *progress, const char *what, uint32_t now_ms);

/* "20663 bytes in 1.8 s (11.2 KB/s)"; without the rate if nothing was moved or the clock saw no time go by. */
#define PROGRESS_MOVED_BYTES 64u
void progress_moved(uint64_t size_bytes, uint32_t time_ms, char into[PROGRESS_MOVED_BYTES]);

/* From now on. */
void progress_send_to(int fd);

#endif
