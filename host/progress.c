/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#define BAR_CELLS 30
#define REDRAW_MS 100u

/* Where a process of a fleet sends its words; a program has one. */
static int words_fd = -1;

void progress_send_to(int fd)
{
	words_fd = fd;
}

static void send_words(const char *words)
{
	char line[96];
	int length = snprintf(line, sizeof line, "%.90s\n", words);
	ssize_t sent = write(words_fd, line, (size_t)length);
	(void)sent; /* nobody may be looking */
}

void progress_start(struct progress *progress, const char *label, uint64_t total_bytes, uint64_t start_bytes, uint32_t now_ms)
{
	*progress = (struct progress){ .shown = words_fd >= 0 || isatty(STDERR_FILENO) == 1, .total_bytes = total_bytes, .start_bytes = start_bytes,
				       .start_ms = now_ms, .drawn_ms = now_ms - REDRAW_MS, .label = label };
}

void progress_show(struct progress *progress, uint64_t done_bytes, uint32_t now_ms)
{
	char bar[BAR_CELLS + 1], left[32] = "";
	bool complete = done_bytes >= progress->total_bytes;
	if (!progress->shown || (!complete && now_ms - progress->drawn_ms < REDRAW_MS))
		return;
	progress->drawn_ms = now_ms;
	double seconds = (double)(now_ms - progress->start_ms) / 1000.0;
	double moved = done_bytes > progress->start_bytes ? (double)(done_bytes - progress->start_bytes) : 0.0;
	double rate = moved / (seconds > 0.001 ? seconds : 0.001);
	unsigned cells = progress->total_bytes != 0 ? (unsigned)(done_bytes * BAR_CELLS / progress->total_bytes) : 0;
	for (unsigned i = 0; i < BAR_CELLS; i++)
		bar[i] = i < cells ? '#' : '.';
	bar[BAR_CELLS] = '\0';
	if (rate > 0.0 && !complete) {
		unsigned seconds_left = (unsigned)((double)(progress->total_bytes - done_bytes) / rate + 0.5);
		(void)snprintf(left, sizeof left, ", %u:%02u left", seconds_left / 60, seconds_left % 60);
	}
	unsigned percent = progress->total_bytes != 0 ? (unsigned)(done_bytes * 100 / progress->total_bytes) : 100;
	if (words_fd >= 0) {
		(void)snprintf(bar, sizeof bar, "%s %u%%", progress->label, percent);
		send_words(bar);
		return;
	}
	fprintf(stderr, "\r%s [%s] %3u%%  %.1f KB/s%s\033[K", progress->label, bar, percent, rate / 1024.0, left);
	(void)fflush(stderr);
}

void progress_wait(struct progress *progress, const char *what, uint32_t now_ms)
{
	if (!progress->shown || now_ms - progress->drawn_ms < REDRAW_MS)
		return;
	progress->drawn_ms = now_ms;
	if (words_fd >= 0) {
		send_words(progress->label);
		return;
	}
	fprintf(stderr, "\r%s, %u s\033[K", what, (unsigned)((now_ms - progress->start_ms) / 1000u));
	(void)fflush(stderr);
}

void progress_end(struct progress *progress)
{
	if (!progress->shown || words_fd >= 0)
		return;
	fputs("\r\033[K", stderr);
	(void)fflush(stderr);
}

void progress_moved(uint64_t size_bytes, uint32_t time_ms, char into[PROGRESS_MOVED_BYTES])
{
	int length = snprintf(into, PROGRESS_MOVED_BYTES, "%llu bytes in %.1f s", (unsigned long long)size_bytes, (double)time_ms / 1000.0);
	if (size_bytes != 0 && time_ms != 0)
		(void)snprintf(into + length, PROGRESS_MOVED_BYTES - (size_t)length, " (%.1f KB/s)", (double)size_bytes / 1.024 / (double)time_ms);
}
