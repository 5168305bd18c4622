/* SPDX-License-Identifier: MIT */
/* peers.h - who asked: a number for each address that a datagram came from.
 *
 * Why      The server lets an upload be its beginner's alone and needs to tell clients apart (smp_server.peer).
 * Shapes   Numbers begin at PEERS_FIRST and are never given twice. The address that was silent longest is forgotten for a new one, but never
 *          the one that owns an upload: a flood of addresses does not take it away from its owner.
 */
#ifndef HOST_PEERS_H
#define HOST_PEERS_H

#include <holdfast/base.h>

#define PEERS_MAX 32u
#define PEERS_FIRST 2u       /* 0: no peer; 1: the serial line */
#define PEER_ADDRESS_BYTES 28u

struct peer {
	uint8_t address[PEER_ADDRESS_BYTES];
	uint32_t address_bytes; /* 0: free */
	uint32_t number;
	uint64_t heard;
};

struct peers {
	struct peer list[PEERS_MAX];
	uint32_t given;
	uint64_t turn;
};

/* address: as recvfrom gives it, of an IPv4 or IPv6 socket. */
uint32_t peers_number(struct peers *peers, const void *address, uint32_t address_bytes, uint32_t owner);

#endif
