/* SPDX-License-Identifier: MIT */
/* smp_server.h - requests in, replies out: a table of rows, and nothing else.
 *
 * Why      The same dispatcher on every device; a board leaves a row out, an application adds rows of its own groups.
 * Shapes   A row is {group, id, read, write, ctx}; NULL: no handler for that op. The table is const and the caller's.
 * Order    For each message: off = 0, then smp_server_answer until it returns 0, sending each reply. Requests that were put
 *          into one message are answered one by one; the first protocol error ends it, as in Zephyr.
 * Errors   A handler returns HF_OK after adding keys to the open reply map, or the reason of its refusal; the table in
 *          smp_reasons.c makes the code of it: {"rc", "rsn": "HF-0908"} for protocol errors and for version 1,
 *          {"err": {"group", "rc"}} for version 2 (no "rsn" there: known clients refuse unknown keys beside "err"; a call's extra
 *          number is there, as the file group wants it).
 * Limits   RAM: the struct; buffers are the caller's. reply: at least SMP_REPLY_MIN_BYTES. Time: the handler's.
 * Source   zephyrproject-rtos/zephyr: subsys/mgmt/mcumgr/smp/src/smp.c.
 */
#ifndef HOLDFAST_SMP_SERVER_H
#define HOLDFAST_SMP_SERVER_H

#include <holdfast/smp_cbor.h>
#include <holdfast/smp_message.h>

#define SMP_REPLY_MIN_BYTES 40u /* any error reply fits */

struct smp_call {
	const struct smp_header *header;
	struct smp_reader body;     /* at the request's map */
	struct smp_writer *reply;   /* inside the reply's open map */
	uint32_t peer, now_ms;      /* as the server's */
	struct smp_code code;       /* set by smp_call_refuse */
	const char *extra_key;      /* a number that goes out beside a refusal's code; NULL: none. At most 4 characters */
	uint32_t extra;
};

struct smp_row {
	uint16_t group;
	uint8_t id;
	enum hf_reason (*read)(void *ctx, struct smp_call *call);
	enum hf_reason (*write)(void *ctx, struct smp_call *call);
	void *ctx;
};

struct smp_server {
	const struct smp_row *rows;
	uint32_t row_count;
	enum hf_reason last_refusal; /* of the latest refused request; HF_OK: none yet */
	uint32_t request_count;
	uint32_t refusal_count;
	/* Set before each message, where more than one client can reach the device: who asks (a number for each connection or
	 * address), and when. One client, no clock: leave them 0. */
	uint32_t peer, now_ms;
};

static inline void smp_server_start(struct smp_server *server, const struct smp_row *rows, uint32_t row_count)
{
	*server = (struct smp_server){ .rows = rows, .row_count = row_count, .last_refusal = HF_OK };
}

/* Answers the request at *off of the message and moves *off on. Returns the reply's bytes; 0: nothing (more) to say. message is
 * changed while its body is read. */
uint32_t smp_server_answer(struct smp_server *server, uint8_t *message, uint32_t message_bytes, uint32_t *off, uint8_t *reply,
			   uint32_t reply_cap_bytes);

/* For application groups: refuse with {group, rc} of their own; v1_rc is what a version 1 client gets. */
enum hf_reason smp_call_refuse(struct smp_call *call, uint16_t group, uint16_t rc, uint8_t v1_rc) HF_MUST_USE;

#endif
