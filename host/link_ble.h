/* SPDX-License-Identifier: MIT */
/* link_ble.h - what link_ble.c (bytes) and link_ble_reach.c (from an address to a subscribed characteristic) share. */
#ifndef HOST_LINK_BLE_H
#define HOST_LINK_BLE_H

#include "bluez.h"
#include "bytes.h"
#include "link.h"

struct link_ble {
	struct bluez *bluez;
	struct link *link;
	uint32_t step_ms;
	char adapter[BLUEZ_PATH_BYTES], device[BLUEZ_PATH_BYTES], characteristic[BLUEZ_PATH_BYTES];
	bool ours;              /* this link connected it, and disconnects it */
	bool paired, pair_tried;
	bool can_command;       /* write without response */
	bool eatt;              /* several ATT channels are likely in use */
	int notify_fd, write_fd; /* -1: by calls and signals instead */
	int claim_fd;           /* -1: no claim */
	uint16_t mtu;
	struct bytes inbox;     /* what signals brought */
	size_t inbox_at;
};

/* From link->address to a device that is connected, paired if need be, and subscribed. */
enum hf_reason link_ble_reach(struct link_ble *ble, struct problem *problem) HF_MUST_USE;
/* Pairs and subscribes anew. */
enum hf_reason link_ble_pair(struct link_ble *ble, struct problem *problem) HF_MUST_USE;
/* Gives back what was acquired; the connection stays. */
void link_ble_release(struct link_ble *ble);
/* Ends a connection that this link made. */
void link_ble_leave(struct link_ble *ble);

#endif
