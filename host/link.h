/* SPDX-License-Identifier: MIT */
/* link.h - bytes to and from a device, whatever carries them.
 *
 * Why      One vtable; the serial line is its first row, UDP and BLE come as rows of their own.
 * Shapes   A device is named SCHEME:REST or by a path; serial is what has no scheme. framed: the link is a console, messages
 *          travel as base64 lines (smp_frame.h).
 * Units    _ms.
 * Errors   HF_R_HOST_PORT_OPEN, HF_R_HOST_LINK_UNKNOWN; HF_R_HOST_PORT_LOST from read and write: the link is dead then and
 *          only link_close remains.
 */
#ifndef HOST_LINK_H
#define HOST_LINK_H

#include "problem.h"

struct link;

struct link_options {
	uint32_t baud;
};

struct link_class {
	const char *scheme; /* "serial" */
	bool framed;
	enum hf_reason (*open)(struct link *link, const char *name, const struct link_options *options, struct problem *problem);
	/* Waits up to timeout_ms for the first byte; *got 0: none came. */
	enum hf_reason (*read)(struct link *link, uint8_t *into, size_t size_bytes, uint32_t timeout_ms, size_t *got,
			       struct problem *problem);
	/* All bytes, or the link is lost. */
	enum hf_reason (*write)(struct link *link, const uint8_t *from, size_t size_bytes, struct problem *problem);
	void (*close)(struct link *link);
};

struct link {
	const struct link_class *class; /* NULL: not open */
	const char *name;               /* the caller's; stays while the link is used */
	int fd;
};

extern const struct link_class link_serial;

/* Picks the class by the name. */
enum hf_reason link_open(struct link *link, const char *name, const struct link_options *options, struct problem *problem) HF_MUST_USE;
void link_close(struct link *link);
static inline bool link_is_open(const struct link *link)
{
	return link->class != NULL;
}

/* Serial ports of this machine, as "/dev/ttyACM0 (XIAO nRF54L15), ..."; empty if there are none. Allocated. */
char *link_serial_ports(void);

#endif
