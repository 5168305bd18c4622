/* SPDX-License-Identifier: MIT */
/* boot_parts.h - what the modes' files and recovery share with boot.c; private to core. */
#ifndef BOOT_PARTS_H
#define BOOT_PARTS_H

#include <holdfast/boot.h>
#include <holdfast/journal.h>

/* The larger of the slots' sectors: what a step moves, and what is free when a walk has ended. secondary may be NULL. */
HF_INLINE uint32_t boot_sector_bytes(const struct hf_boot_config *c)
{
	const uint32_t primary = hf_known(c->primary)->sector_bytes;
	const uint32_t secondary = hf_known(c->secondary != NULL ? c->secondary : c->primary)->sector_bytes;

	return secondary > primary ? secondary : primary;
}

static inline void boot_event(const struct hf_boot_config *c, enum hf_reason reason, uint32_t a, uint32_t b)
{
	if (hf_known_boot(c)->trace.event != NULL)
		hf_known_boot(c)->trace.event(c->trace.ctx, reason, a, b);
}

static inline bool boot_is_accepted(const struct hf_verdict *verdict)
{
	return verdict->token == HF_ACCEPTED && verdict->finding.reason == HF_OK;
}

/* The rules for an image that is to run in the primary, without a floor for version and counter. secondary may be NULL. */
void hf_boot_rules(const struct hf_boot_config *config, struct hf_rules *rules);
/* One boot of the modes with two slots. */
void hf_boot_two_slots(const struct hf_boot_config *config, struct hf_boot_result *result);

#endif
