/* SPDX-License-Identifier: MIT */
/* smp_upload.h - the client's upload: several requests in flight, never out of step.
 *
 * Why      Stop-and-wait leaves the line idle while the device writes flash; a naive window breaks at the first lost or late
 *          reply. Here the device's "off" is the only truth: a chunk whose reply names another offset stops the sending, what
 *          is outstanding is awaited, and the upload goes on at the offset the device named.
 * Order    start -> loop: smp_upload_next tells to send (message in buffer), to wait, done or failed; each message that comes
 *          goes to smp_upload_take. One chunk alone first, with the fields of a first chunk and a long timeout.
 * Shapes   Chunks end at multiples of 16, so that no write unit of any supported chip is split.
 * Units    bytes of the file; _ms on the caller's clock, which may wrap.
 * Others   An offset behind what was confirmed or beyond what was sent is another client's upload: no byte goes there; the first
 *          request is sent again, and its hash makes the device go on with this file, begin it anew, or say that it is busy.
 * Cut      A device that was reset wants off 0 again; the first chunk's fields are sent again, at most restarts_max times.
 * Errors   HF_R_SMP_* in upload->reason; a refusal's code in upload->code.
 * Limits   RAM: the struct; the file is the caller's and stays.
 * Source   window of buf_count - 1: NordicSemiconductor/IOS-nRF-Connect-Device-Manager; offsets: zephyrproject-rtos/zephyr:
 *          subsys/mgmt/mcumgr/grp/img_mgmt/src/img_mgmt.c; round-trip estimate: RFC 6298.
 */
#ifndef HOLDFAST_SMP_UPLOAD_H
#define HOLDFAST_SMP_UPLOAD_H

#include <holdfast/smp_client.h>

#define SMP_WINDOW_MAX 16u

struct smp_upload_plan {
	const uint8_t *data;
	uint32_t size_bytes;
	const uint8_t *sha;        /* SHA-256 of the file, 32 bytes, for resume and match; NULL: none */
	bool has_image;            /* send `image` */
	uint32_t image;
	bool upgrade_only;
	uint32_t message_max;      /* smp_message_max_of() */
	uint32_t window_max;       /* smp_window_of(); 1 = stop and wait */
	uint32_t first_timeout_ms; /* off 0: the device may erase the whole slot; 40000 */
	uint32_t last_timeout_ms;  /* the last chunk: the device may check the whole slot; 20000 */
	uint32_t timeout_ms;       /* until round trips have been measured; 2500 */
	uint8_t tries;             /* of the same offset; 5 */
	uint8_t restarts_max;      /* 3 */
};

/* The defaults above for a file. */
struct smp_upload_plan smp_upload_plan_of(const uint8_t *data, uint32_t size_bytes, const uint8_t *sha);

struct smp_flight {
	bool used;
	uint8_t sequence;
	uint32_t order;           /* counts what was sent */
	uint32_t off, end;
	uint32_t sent_ms, deadline_ms;
};

struct smp_upload_counts {
	uint32_t chunks, lost, mismatches, late;
};

enum smp_upload_state { SMP_UPLOAD_FIRST, SMP_UPLOAD_STREAM, SMP_UPLOAD_DRAIN, SMP_UPLOAD_DONE, SMP_UPLOAD_FAILED };

struct smp_upload {
	struct smp_upload_plan plan;
	struct smp_client *client;   /* version and sequence numbers */
	enum smp_upload_state state;
	enum hf_reason reason;       /* when FAILED */
	struct smp_code code;        /* when reason is HF_R_SMP_REFUSED */
	uint32_t device_reason;      /* number from its "rsn"; 0 none */
	bool answered;               /* the device has replied at all */
	bool resumed;                /* the first reply named an offset beyond the first chunk */
	uint32_t resumed_off;
	bool match_known, match;

	uint32_t acked_off;          /* what the device wants next: progress to show */
	uint32_t best_off;
	uint32_t send_off;           /* next byte to send */
	uint32_t sent_off;           /* furthest byte sent, or named by the device at the beginning */
	bool checking;               /* the device named an offset that cannot be this file's: its hash is asked with */
	uint32_t drain_off;          /* where to go on after draining */
	uint32_t order;              /* of the next request */
	uint32_t window;
	uint32_t grow_in;            /* good replies until the window grows */
	uint32_t grow_after;         /* what grow_in becomes at the next loss */
	uint32_t wide_count;         /* good replies since more than one is in flight */
	uint32_t trouble_count;      /* since best_off last rose */
	uint32_t restart_count;
	bool rtt_known;
	uint32_t rtt_ms, rtt_var_ms;
	uint32_t busy_until_ms;
	bool busy;
	struct smp_flight flights[SMP_WINDOW_MAX];
	struct smp_upload_counts counts;
};

enum smp_upload_todo { SMP_UPLOAD_TODO_SEND, SMP_UPLOAD_TODO_WAIT, SMP_UPLOAD_TODO_DONE, SMP_UPLOAD_TODO_FAILED };

/* HF_R_SMP_MESSAGE_TOO_SMALL, HF_R_SMP_UPLOAD_LEN (empty file). */
enum hf_reason smp_upload_start(struct smp_upload *upload, const struct smp_upload_plan *plan, struct smp_client *client) HF_MUST_USE;
/* buffer: at least plan.message_max bytes. SEND: message_bytes of it are to be sent. WAIT: at most wait_ms, or until a message. */
enum smp_upload_todo smp_upload_next(struct smp_upload *upload, uint32_t now_ms, uint8_t *buffer, uint32_t *message_bytes,
				     uint32_t *wait_ms);
/* True: the message was a reply to this upload. */
bool smp_upload_take(struct smp_upload *upload, uint8_t *message, uint32_t message_bytes, uint32_t now_ms);

#endif
