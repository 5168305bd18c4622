/* SPDX-License-Identifier: MIT */
/* finding.c - what the firmware did that it should not, or that this model does not know; and the 12xx reasons' sentences.
 *
 * Why      The library links none of core, so the sentences come from the same list (reason.def) by the same X-macro.
 */
#include "internal.h"

#include <stdio.h>

uint32_t vb_pc(const struct vb *vb)
{
	return vb->block_pc;
}

void vb_find(struct vb *vb, enum hf_reason reason, uint32_t addr, uint32_t value, bool is_write, bool fatal)
{
	uint32_t pc = vb_pc(vb), i = 0;

	while (i < vb->finding_count && (vb->finding[i].reason != reason || vb->finding[i].pc != pc))
		i++;
	if (i == VB_FINDINGS_MAX)
		i = VB_FINDINGS_MAX - 1u; /* the list is full: the last one is overwritten */
	if (i == vb->finding_count || vb->finding[i].reason != reason || vb->finding[i].pc != pc)
		vb->finding[i] = (struct vb_finding){ .reason = reason, .addr = addr, .pc = pc, .value = value, .is_write = is_write };
	if (i == vb->finding_count)
		vb->finding_count++;
	vb->finding[i].count++;
	vb->finding_last = i;
	if (fatal || vb->options.strict)
		vb_break(vb, VB_B_FINDING);
}

const struct vb_finding *vb_findings(const struct vb *vb, uint32_t *count)
{
	*count = vb->finding_count;
	return vb->finding;
}

const struct vb_finding *vb_last_finding(const struct vb *vb)
{
	return vb->finding_count != 0 ? &vb->finding[vb->finding_last] : NULL;
}

const char *vb_reason_sentence(enum hf_reason reason)
{
	switch ((uint32_t)reason) {
#define HF_REASON(number, name, sentence, remedy) case number: return sentence;
#include <holdfast/reason.def>
#undef HF_REASON
	default: return "Unknown reason.";
	}
}

void vb_finding_text(const struct vb *vb, const struct vb_finding *finding, char *text, size_t text_bytes)
{
	uint32_t unit = VB_UNITS_MAX;

	for (uint32_t u = 0; u < vb->chip->unit_count; u++) {
		if (finding->addr - vb->chip->units[u].base < VB_UNIT_BYTES && unit == VB_UNITS_MAX)
			unit = u;
	}
	snprintf(text, text_bytes, "HF-%04u %s: %s %s 0x%08x%s%s%s (%s), %s 0x%x, %u time%s", (unsigned)finding->reason, vb->chip->name,
		vb_reason_sentence(finding->reason), finding->is_write ? "write to" : "read of", finding->addr,
		unit != VB_UNITS_MAX ? " [" : "", unit != VB_UNITS_MAX ? vb->chip->units[unit].name : "", unit != VB_UNITS_MAX ? "]" : "",
		vb->precise ? "pc exact" : "pc of the block", "pc", finding->pc, finding->count, finding->count == 1 ? "" : "s");
	if (finding->is_write) {
		size_t length = strlen(text);
		snprintf(text + length, text_bytes - length, ", value 0x%x", finding->value);
	}
}
