/* SPDX-License-Identifier: MIT */
/* Bluetooth LE by BlueZ: messages cut into writes, notifications put together by the client's raw framing (smp_wire.h).
 *
 * Size: BlueZ as a server drops writes of more than 510 bytes whatever the MTU (5.66), so none is longer.
 * Order: BlueZ with several ATT channels may let a later piece overtake; then no message is longer than one piece (eatt).
 * Source   zephyrproject-rtos/zephyr: subsys/mgmt/mcumgr/transport/src/smp_bt.c. */
#define _POSIX_C_SOURCE 200809L
#include "link_ble.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "blefind.h"
#include "device.h"

enum { PIECE_MAX_BYTES = 510, ATT_HEADER_BYTES = 3, WRITE_MS = 5000, INBOX_MAX_BYTES = 65536 };

static enum hf_reason lost(const struct link_ble *ble, const char *words, struct problem *problem)
{
	return problem_set(problem, HF_R_HOST_BLE_LOST, ble->link->name, "%s", words);
}

static void take_value(void *ctx, const uint8_t *data, size_t size_bytes)
{
	struct link_ble *ble = ctx;
	if (ble->inbox.size - ble->inbox_at + size_bytes <= INBOX_MAX_BYTES)
		bytes_add(&ble->inbox, data, size_bytes);
}

static void drop(struct link *link)
{
	struct link_ble *ble = link->carrier;
	link_ble_release(ble);
	if (ble->claim_fd >= 0)
		(void)close(ble->claim_fd);
	bluez_close(ble->bluez);
	bytes_free(&ble->inbox);
	free(ble);
	link->carrier = NULL;
}

/* What it will be found by after its reset, and how much a write may hold. */
static void learn(struct link_ble *ble)
{
	struct link *link = ble->link;
	const struct bluez_object *device = bluez_of_path(ble->bluez, ble->device);
	struct address_known *known = &link->address.ble_known;
	if (device != NULL) {
		(void)snprintf(known->mac, sizeof known->mac, "%s", device->address);
		(void)snprintf(known->name, sizeof known->name, "%s", device->name);
		known->is_random = device->is_random;
	}
	link->piece_max_bytes = ble->mtu > ATT_HEADER_BYTES + 20u ? (uint32_t)(ble->mtu - ATT_HEADER_BYTES) : 20u;
	if (link->piece_max_bytes > PIECE_MAX_BYTES)
		link->piece_max_bytes = PIECE_MAX_BYTES;
	link->message_max_bytes = ble->eatt ? link->piece_max_bytes : 0;
}

static enum hf_reason ble_open(struct link *link, const struct link_options *options, struct problem *problem)
{
	struct link_ble *ble = host_alloc(sizeof *ble);
	(void)options;
	*ble = (struct link_ble){ .link = link, .step_ms = blefind_step_ms(&link->address), .notify_fd = -1, .write_fd = -1, .claim_fd = -1 };
	link->carrier = ble;
	link->framing = LINK_RAW;
	enum hf_reason reason = bluez_open(link->name, &ble->bluez, problem);
	if (reason == HF_OK) {
		bluez_listen(ble->bluez, take_value, ble);
		reason = link_ble_reach(ble, problem);
	}
	if (reason == HF_OK) {
		learn(ble);
		return HF_OK;
	}
	if (ble->bluez != NULL)
		link_ble_leave(ble);
	drop(link);
	return reason;
}

static void ble_close(struct link *link)
{
	link_ble_release(link->carrier);
	link_ble_leave(link->carrier);
	drop(link);
}

/* --- reading -------------------------------------------------------------------------------------------------------------- */

static enum hf_reason read_notification(struct link_ble *ble, uint8_t *into, size_t size_bytes, size_t *got, struct problem *problem)
{
	ssize_t done = recv(ble->notify_fd, into, size_bytes, 0);
	if (done > 0) {
		*got = (size_t)done;
		return HF_OK;
	}
	if (done < 0 && (errno == EAGAIN || errno == EINTR))
		return HF_OK;
	return lost(ble, done < 0 ? strerror(errno) : "the device ended it, or went out of reach", problem);
}

static void read_inbox(struct link_ble *ble, uint8_t *into, size_t size_bytes, size_t *got)
{
	size_t left = ble->inbox.size - ble->inbox_at;
	*got = left < size_bytes ? left : size_bytes;
	if (*got == 0)
		return;
	memcpy(into, ble->inbox.data + ble->inbox_at, *got);
	ble->inbox_at += *got;
	if (ble->inbox_at == ble->inbox.size)
		ble->inbox.size = ble->inbox_at = 0;
}

static enum hf_reason ble_read(struct link *link, uint8_t *into, size_t size_bytes, uint32_t timeout_ms, size_t *got, struct problem *problem)
{
	struct link_ble *ble = link->carrier;
	uint32_t start_ms = device_now_ms();
	enum hf_reason reason = HF_OK;
	*got = 0;
	for (;;) {
		if (ble->notify_fd >= 0)
			reason = read_notification(ble, into, size_bytes, got, problem);
		else
			read_inbox(ble, into, size_bytes, got);
		link->heard = link->heard || *got != 0;
		if (reason != HF_OK || *got != 0)
			return reason;
		if (ble->notify_fd < 0 && !bluez_is_connected(ble->bluez))
			return lost(ble, bluez_is_gone(ble->bluez) ? "BlueZ left the bus" : "the device ended it, or went out of reach", problem);
		uint32_t gone_ms = device_now_ms() - start_ms;
		if (gone_ms >= timeout_ms)
			return HF_OK;
		(void)bluez_turn(ble->bluez, ble->notify_fd, POLLIN, timeout_ms - gone_ms);
	}
}

/* --- writing -------------------------------------------------------------------------------------------------------------- */

static enum hf_reason write_fd(struct link_ble *ble, const uint8_t *from, size_t size_bytes, struct problem *problem)
{
	uint32_t start_ms = device_now_ms();
	while (device_now_ms() - start_ms < WRITE_MS) {
		ssize_t done = send(ble->write_fd, from, size_bytes, MSG_NOSIGNAL);
		if (done == (ssize_t)size_bytes)
			return HF_OK;
		if (done >= 0 || (errno != EAGAIN && errno != EINTR))
			return lost(ble, done >= 0 ? "a write was cut" : strerror(errno), problem);
		(void)bluez_turn(ble->bluez, ble->write_fd, POLLOUT, 200);
	}
	return lost(ble, "BlueZ takes no more writes", problem);
}

static enum hf_reason write_call(struct link_ble *ble, const uint8_t *from, size_t size_bytes, struct problem *problem)
{
	if (bluez_write(ble->bluez, ble->characteristic, from, size_bytes, !ble->can_command, WRITE_MS))
		return HF_OK;
	return lost(ble, bluez_words(ble->bluez), problem);
}

static enum hf_reason ble_write(struct link *link, const uint8_t *from, size_t size_bytes, struct problem *problem)
{
	struct link_ble *ble = link->carrier;
	enum hf_reason reason = HF_OK;
	while (size_bytes > 0 && reason == HF_OK) {
		size_t piece = size_bytes < link->piece_max_bytes ? size_bytes : link->piece_max_bytes;
		reason = ble->write_fd >= 0 ? write_fd(ble, from, piece, problem) : write_call(ble, from, piece, problem);
		from += piece;
		size_bytes -= piece;
	}
	return reason;
}

/* --- silence -------------------------------------------------------------------------------------------------------------- */

/* Whoever may subscribe and not write is not told so: a write without response has no error. */
static bool ble_cure(struct link *link)
{
	struct link_ble *ble = link->carrier;
	struct problem ignored;
	if (link->heard || ble->paired || ble->pair_tried || !bluez_is_connected(ble->bluez))
		return false;
	if (link_ble_pair(ble, &ignored) != HF_OK)
		return false;
	learn(ble);
	return true;
}

static enum hf_reason ble_silent(const struct link *link, struct problem *problem)
{
	const struct link_ble *ble = link->carrier;
	if (ble->eatt)
		return problem_set(problem, HF_R_HOST_BLE_EATT, link->name, "%s", link->heard ? "it answered before" : "no reply ever came");
	if (link->heard)
		return HF_OK;
	if (!ble->paired)
		return problem_set(problem, HF_R_HOST_BLE_AUTH, link->name, "no reply to any request%s",
				   ble->pair_tried ? ", and pairing did not come about" : "");
	return HF_OK;
}

const struct link_class link_ble = {
	.scheme = "ble",
	.open = ble_open,
	.read = ble_read,
	.write = ble_write,
	.close = ble_close,
	.cure = ble_cure,
	.silent = ble_silent,
};
