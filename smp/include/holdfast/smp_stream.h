/* SPDX-License-Identifier: MIT */
/* smp_stream.h - files to a device and from it with several requests in flight. (One message at a time: smp_file.h.)
 *
 * Why      A round trip for each message leaves the wire idle most of the time. The protocol allows more: a read says which bytes it wants,
 *          and a device that has no room for another request drops it.
 * Order    start; then until DONE or FAILED: smp_stream_next (SEND: send the buffer; WAIT: at most wait_ms or until a message), and
 *          smp_stream_take for each message that came. Window: smp_window_of().
 * Get      Each piece is handed over with its place; pieces may come in any order and may overlap, and each byte comes at least once. What
 *          did not come is asked for again, by itself. How much a device sends at a time is the device's to say and may change.
 * Put      A device takes bytes only at the file's end, so what is lost stops the stream: what is outstanding is awaited and the
 *          stream goes on where the device says. Device and file are compared by hash afterwards (smp_ask_file_hash), as nothing else says
 *          what was stored.
 * Errors   state FAILED with a reason: HF_R_SMP_REFUSED (code, device_reason), HF_R_SMP_NO_REPLY, HF_R_SMP_FILE_STUCK,
 *          HF_R_SMP_REPLY_MALFORMED.
 * Limits   files below 4 GiB. RAM: the struct. No allocation: the bytes of a put are the caller's and stay.
 * Source   zephyrproject-rtos/zephyr: subsys/mgmt/mcumgr/grp/fs_mgmt/src/fs_mgmt.c.
 */
#ifndef HOLDFAST_SMP_STREAM_H
#define HOLDFAST_SMP_STREAM_H

#include <holdfast/smp_client.h>

#define SMP_STREAM_WINDOW_MAX 16u

enum smp_stream_kind { SMP_STREAM_GET, SMP_STREAM_PUT };
enum smp_stream_state { SMP_STREAM_RUNS, SMP_STREAM_DRAINS, SMP_STREAM_DONE, SMP_STREAM_FAILED };
enum smp_stream_todo { SMP_STREAM_TODO_SEND, SMP_STREAM_TODO_WAIT, SMP_STREAM_TODO_DONE, SMP_STREAM_TODO_FAILED };

struct smp_stream_plan {
	enum smp_stream_kind kind;
	const char *name;
	const uint8_t *data;      /* put */
	uint32_t size_bytes;      /* put: of the file. get: as known from before, when from_off is not 0 */
	uint32_t from_off;        /* 0, or where an earlier transfer ended */
	uint32_t message_max;     /* smp_message_max_of(), no more than the buffer given to next */
	uint32_t window_max;
	uint32_t timeout_ms;      /* until round trips have been measured */
	uint8_t tries;            /* of the same bytes */
};

struct smp_stream_flight {
	bool used, arrived;       /* arrived: a piece of a get that waits for what is before it */
	uint8_t sequence, tries;
	uint32_t off, end;        /* end: of a put, or of what arrived */
	uint32_t sent_ms, deadline_ms;
};

struct smp_stream_counts {
	uint32_t requests, lost, late;
};

/* Fields are for reading. */
struct smp_stream {
	struct smp_stream_plan plan;
	struct smp_client *client; /* version and sequence numbers */
	enum smp_stream_state state;
	enum hf_reason reason;
	struct smp_code code;
	uint32_t device_reason;
	bool answered;
	bool size_known;
	uint32_t size_bytes;
	uint32_t done_off;         /* all bytes before it are over */
	uint32_t next_off;         /* next request */
	uint32_t stride;           /* of a get: bytes that a reply brings */
	uint32_t drain_off;        /* of a put: where to go on */
	uint32_t best_off, trouble_count;
	uint32_t window, grow_in;
	bool rtt_known;
	uint32_t rtt_ms, rtt_var_ms;
	bool paused;               /* the device was busy */
	uint32_t paused_until_ms;
	struct smp_stream_flight flights[SMP_STREAM_WINDOW_MAX];
	struct smp_stream_counts counts;
};

/* A piece of a get; size_bytes 0: none. The span lies in the message. */
struct smp_stream_piece {
	uint32_t off;
	struct smp_span data;
};

/* HF_R_SMP_MESSAGE_TOO_SMALL, HF_R_SMP_FILE_OFF (from_off beyond the file). */
enum hf_reason smp_stream_start(struct smp_stream *stream, const struct smp_stream_plan *plan, struct smp_client *client) HF_MUST_USE;
enum smp_stream_todo smp_stream_next(struct smp_stream *stream, uint32_t now_ms, uint8_t *buffer, uint32_t *message_bytes, uint32_t *wait_ms);
/* True: the message was a reply to this transfer. */
bool smp_stream_take(struct smp_stream *stream, uint8_t *message, uint32_t message_bytes, uint32_t now_ms, struct smp_stream_piece *piece);

#endif
