/* SPDX-License-Identifier: MIT */
#include "link.h"

static const struct link_class *class_of(enum address_kind kind)
{
	switch (kind) {
	case ADDRESS_SERIAL: return &link_serial;
	case ADDRESS_UDP: return &link_udp;
	case ADDRESS_BLE: return &link_ble;
	}
	hf_assert(false);
	return NULL;
}

enum hf_reason link_reopen(struct link *link, struct problem *problem)
{
	const struct link_class *class = class_of(link->address.kind);
	link_close(link);
	enum hf_reason reason = class->open(link, &link->options, problem);
	if (reason == HF_OK)
		link->class = class;
	return reason;
}

enum hf_reason link_open(struct link *link, const char *name, const struct link_options *options, struct problem *problem)
{
	struct address address;
	enum hf_reason reason = address_resolve(name, &address, problem);
	if (reason != HF_OK)
		return reason;
	*link = (struct link){ .class = NULL, .name = name, .address = address, .options = *options, .fd = -1 };
	return link_reopen(link, problem);
}

void link_close(struct link *link)
{
	if (!link_is_open(link))
		return;
	link->class->close(link);
	link->class = NULL;
}
