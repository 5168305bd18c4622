/* SPDX-License-Identifier: MIT */
#include "peers.h"

uint32_t peers_number(struct peers *peers, const void *address, uint32_t address_bytes, uint32_t owner)
{
	struct peer *oldest = NULL;
	hf_assert(address_bytes != 0 && address_bytes <= PEER_ADDRESS_BYTES);
	peers->turn++;
	for (uint32_t i = 0; i < PEERS_MAX; i++) {
		struct peer *peer = &peers->list[i];
		if (peer->address_bytes == address_bytes && memcmp(peer->address, address, address_bytes) == 0) {
			peer->heard = peers->turn;
			return peer->number;
		}
		bool free = peer->address_bytes == 0;
		if ((free || peer->number != owner) && (oldest == NULL || peer->heard < oldest->heard))
			oldest = peer;
	}
	hf_assert(oldest != NULL);
	*oldest = (struct peer){ .address_bytes = address_bytes, .number = PEERS_FIRST + peers->given, .heard = peers->turn };
	memcpy(oldest->address, address, address_bytes);
	peers->given++;
	return oldest->number;
}
