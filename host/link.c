/* SPDX-License-Identifier: MIT */
#include "link.h"

static const struct {
	const char *prefix;
	const struct link_class *class; /* NULL: known, not there yet */
} schemes[] = {
	{ "serial:", &link_serial },
	{ "udp:", NULL },
	{ "ble:", NULL },
};

enum hf_reason link_open(struct link *link, const char *name, const struct link_options *options, struct problem *problem)
{
	const struct link_class *class = &link_serial;
	const char *rest = name;
	for (size_t i = 0; i < HF_ARRAY_COUNT(schemes); i++) {
		size_t length = strlen(schemes[i].prefix);
		if (strncmp(name, schemes[i].prefix, length) == 0) {
			class = schemes[i].class;
			rest = name + length;
		}
	}
	if (class == NULL)
		return problem_set(problem, HF_R_HOST_LINK_UNKNOWN, name, "%s", "");
	*link = (struct link){ .class = NULL, .name = name, .fd = -1 };
	enum hf_reason reason = class->open(link, rest, options, problem);
	if (reason == HF_OK)
		link->class = class;
	return reason;
}

void link_close(struct link *link)
{
	if (!link_is_open(link))
		return;
	link->class->close(link);
	link->class = NULL;
}
