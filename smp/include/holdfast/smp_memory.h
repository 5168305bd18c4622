/* SPDX-License-Identifier: MIT */
/* smp_memory.h - what was carried out already: a request that comes twice is carried out once.
 *
 * Why      A network doubles and delays datagrams, and a client that misses a reply sends its request again. To erase, to reset, to run
 *          a shell command, to write a setting or to begin an upload a second time does harm; so the server keeps the last few replies
 *          to writes and says them again. A device that can do without does not use this file and pays nothing.
 * Shapes   A request is known again by who asks (smp_server.peer), its header and a hash of its bytes. Reads are not kept, nor echoes,
 *          nor chunks of a file behind the first: their `off` says whether they are wanted.
 * Order    smp_memory_start; then smp_memory_answer instead of smp_server_answer, server->peer and now_ms set before each message, and
 *          latest_only where the wire keeps the order.
 * Limits   As many requests as there are entries, for keep_ms, and for SMP_MEMORY_REACH requests: within those a client that counts
 *          does not come back to a sequence number. A reply longer than reply_cap_bytes is not kept: its request, come again, is
 *          refused with HF_R_SMP_DONE and still not carried out. A flood from many peers can push out what is kept; a reset empties it.
 * Clients  Datagrams: a client program has a port of its own, and every known one counts its requests, so the same bytes from the same
 *          port are the same request. One that gives all requests the same number is served while it varies them: another request under
 *          the number of a kept one forgets that one. Only its repeating one and the same write at once, within keep_ms, gets the first reply.
 *          Lines (latest_only): every program is the same peer, so only the request right before counts as come again, and an empty
 *          line, with which `holdfast` begins, says that another program speaks: smp_memory_forget. One that sends a single write and
 *          nothing before it (smpclient and smpmgr ask for the params first) gets the first reply if it is run twice within keep_ms and
 *          begins with the same sequence number. On a raw line nothing tells programs apart: leave the memory out.
 * Source   clients count: apache/mynewt-newtmgr: nmxact/nmxutil (from a random number), JPHutchins/smp: smp/message.py (from 0); seen on
 *          the wire: mcumgr-client, and mcumgr-toolkit, which repeats a request under its number when no reply comes.
 */
#ifndef HOLDFAST_SMP_MEMORY_H
#define HOLDFAST_SMP_MEMORY_H

#include <holdfast/smp_frame.h>
#include <holdfast/smp_server.h>

#define SMP_MEMORY_REACH 200u

struct smp_memory_entry {
	uint32_t peer, hash, at_ms, turn;
	struct smp_header header;
	uint16_t reply_bytes; /* 0: too long to be kept */
	bool used;
	bool ends;            /* its refusal ended the message */
};

struct smp_memory {
	struct smp_memory_entry *entries;
	uint32_t entry_count;
	uint8_t *replies;         /* entry_count times reply_cap_bytes */
	uint32_t reply_cap_bytes;
	uint32_t keep_ms;
	bool latest_only;
	uint32_t turn;            /* requests so far */
	uint32_t repeated_count;  /* of them, those that came again */
};

/* entries, replies: the caller's, as long as the memory is used. */
void smp_memory_start(struct smp_memory *memory, struct smp_memory_entry *entries, uint32_t entry_count, uint8_t *replies,
		      uint32_t reply_cap_bytes, uint32_t keep_ms);

/* Another program or connection speaks: what it says is not come again. */
void smp_memory_forget(struct smp_memory *memory, uint32_t peer);
/* What a console line's receiver says for an empty line. */
static inline bool smp_memory_is_new_session(const struct smp_rx_event *event)
{
	return event->kind == SMP_RX_TEXT && event->size_bytes == 1u && event->text[0] == '\n';
}

/* As smp_server_answer. */
uint32_t smp_memory_answer(struct smp_memory *memory, struct smp_server *server, uint8_t *message, uint32_t message_bytes, uint32_t *off,
			   uint8_t *reply, uint32_t reply_cap_bytes);

#endif
