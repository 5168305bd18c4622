/* SPDX-License-Identifier: MIT */
/* link.h - bytes to and from a device, whatever carries them.
 *
 * Why      One vtable; serial lines, UDP and Bluetooth LE are its rows.
 * Shapes   A device is named by an address (address.h). How messages are told apart is the link's to say: framing.
 * Order    link_open; after a loss link_reopen, as often as it takes; link_close. A serial port that is USB is
 *          followed by its USB serial number: it may come back under another name.
 * Units    _ms.
 * Errors   HF_R_HOST_PORT_OPEN, _DENIED, _BUSY, HF_R_HOST_NET, HF_R_HOST_BLE_*, those of address.h; HF_R_HOST_PORT_LOST or
 *          HF_R_HOST_BLE_LOST from read and write (link_is_lost): the link is dead then and only link_reopen or link_close remain.
 */
#ifndef HOST_LINK_H
#define HOST_LINK_H

#include "address.h"

struct link;

struct link_options {
	uint32_t baud;      /* unless the address says another */
	bool pair;          /* Bluetooth: before anything else */
	bool has_passkey;
	uint32_t passkey;
};

enum link_framing {
	LINK_LINES,     /* a console: messages travel as base64 lines (smp_frame.h) */
	LINK_RAW,       /* a stream of messages, each with its length in the header */
	LINK_DATAGRAMS  /* each read and each write is one message */
};

struct link_class {
	const char *scheme; /* "serial" */
	/* From link->address; sets framing, fd, message_max_bytes. */
	enum hf_reason (*open)(struct link *link, const struct link_options *options, struct problem *problem);
	/* Waits up to timeout_ms for the first byte; *got 0: none came. */
	enum hf_reason (*read)(struct link *link, uint8_t *into, size_t size_bytes, uint32_t timeout_ms, size_t *got,
			       struct problem *problem);
	/* All bytes, or the link is lost. */
	enum hf_reason (*write)(struct link *link, const uint8_t *from, size_t size_bytes, struct problem *problem);
	void (*close)(struct link *link);
	/* Of a link on which nothing ever came. True: something was done about it (a pairing), and asking again makes sense. NULL: never. */
	bool (*cure)(struct link *link);
	/* Why nothing came, where the link knows; HF_OK: it doesn't. NULL: never. */
	enum hf_reason (*silent)(const struct link *link, struct problem *problem);
};

struct link {
	const struct link_class *class; /* NULL: not open */
	const char *name;               /* the caller's; stays while the link is used */
	struct address address;
	struct link_options options;
	enum link_framing framing;
	uint32_t message_max_bytes;     /* 0: whatever the device takes */
	uint32_t piece_max_bytes;       /* messages are cut into pieces of at most this on their way; 0: they are not */
	bool nobody;                    /* UDP: the host said that nothing listens there */
	bool heard;                     /* Bluetooth: something came, over any connection so far */
	int fd;
	void *carrier;                  /* the class's own, while it is open */
};

extern const struct link_class link_serial, link_udp, link_ble;

static inline bool link_is_lost(enum hf_reason reason)
{
	return reason == HF_R_HOST_PORT_LOST || reason == HF_R_HOST_BLE_LOST;
}

/* Picks the class by the name. */
enum hf_reason link_open(struct link *link, const char *name, const struct link_options *options, struct problem *problem) HF_MUST_USE;
/* The same device again, wherever it is now. */
enum hf_reason link_reopen(struct link *link, struct problem *problem) HF_MUST_USE;
void link_close(struct link *link);
static inline bool link_is_open(const struct link *link)
{
	return link->class != NULL;
}

#endif
