/* SPDX-License-Identifier: MIT */
/* mover.h - the only code that changes flash while an update runs; asks the mode for steps and feeds the journal.
 *
 * Why      One mover, one journal: one thing to prove. It does not know what an image is (but for the stub header, which is
 *          for applications' eyes), and a mode cannot make it forget a record.
 * Order    hf_mover_open after each decision; hf_mover_mend until it reports no change; then hf_mover_begin for an update.
 * Cut      At any operation: hf_mover_mend at the next boot goes on (docs/power-loss.md, "The walk").
 * Errors   HF_R_JOURNAL_*, HF_R_FLASH_*: the boot stops with that reason and tries again after the next reset.
 */
#ifndef HOLDFAST_MOVER_H
#define HOLDFAST_MOVER_H

#include <holdfast/boot.h>
#include <holdfast/journal.h>

struct hf_mover {
	const struct hf_boot_config *config;
	uint32_t steps_done;
	bool resumed;
	struct hf_journal journal;
};

/* Reads the journal. */
void hf_mover_open(struct hf_mover *mover);
/* No journal yet: the caller decides whether it may be set up (hf_mover_format) before anything else. NOR: a note counts as
 * a journal. */
bool hf_mover_needs_format(const struct hf_mover *mover);
enum hf_reason hf_mover_format(struct hf_mover *mover) HF_MUST_USE;
/* Finishes whatever a cut left open. *changed: something was done, read the journal again. */
enum hf_reason hf_mover_mend(struct hf_mover *mover, bool *changed) HF_MUST_USE;
/* Records the decision and carries it out to the end. HF_R_JOURNAL_FULL: nothing was changed, hf_mover_format makes room. */
enum hf_reason hf_mover_begin(struct hf_mover *mover, const struct hf_begin *begin) HF_MUST_USE;
/* Steps from first to the last, each noted before it is done; no END yet. For a mode's accept(). */
enum hf_reason hf_mover_steps(struct hf_mover *mover, uint32_t first) HF_MUST_USE;
/* Wipes the request in the secondary's trailer and keeps the other bytes of that sector. align: the request's. */
enum hf_reason hf_mover_clear_request(struct hf_mover *mover, uint32_t align) HF_MUST_USE;

#endif
