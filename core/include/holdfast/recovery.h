/* SPDX-License-Identifier: MIT */
/* recovery.h - where an upload in recovery goes, and the upload into the primary itself.
 *
 * Why      A broken upload must not cost the application that runs: where there is an update slot, the upload goes there. With one
 *          slot, or on request, or when the update slot is part of an update that can't be finished, it goes into the primary:
 *          from hf_install_begin until the whole image is verified there is no application, every boot is an HF_BOOT_STOP, and
 *          the upload can be resumed.
 * Order    hf_boot_run -> hf_recovery_facts_of -> hf_recovery_plan_of -> into the secondary: hf_upload_begin, hf_upload_write*,
 *          hf_app_request(plan.permanent); into the primary: hf_install_begin (takes the first bytes itself), hf_upload_write* from
 *          upload.next_off on, hf_install_verify. Then reset. To take an open trial back first: hf_boot_run once more, or a reset.
 * Cut      Progress is kept in the journal: the file's tag and each sector that is whole on flash. A cut costs the sector at hand;
 *          the same tag and size go on behind the last one that is known, anything else starts over. What was resumed is verified
 *          whole like everything else. The journal is set up anew under a note in the primary's first sector, so nothing of an
 *          update that was under way is left, and the security counter's floor is carried over.
 * Errors   HF_R_SLOT_TRIAL_OPEN, HF_R_SLOT_TOO_SMALL, HF_R_POLICY_DOWNGRADE, HF_R_IMAGE_MAGIC, HF_R_JOURNAL_*, HF_R_FLASH_*. Refused
 *          before anything is changed, but for those of flash.
 */
#ifndef HOLDFAST_RECOVERY_H
#define HOLDFAST_RECOVERY_H

#include <holdfast/app.h>
#include <holdfast/boot.h>
#include <holdfast/journal.h>

struct hf_recovery_facts {
	bool has_update_slot; /* the layout has one, and its chip answers */
	bool update_open;     /* an update was begun and could not be finished, or the image on trial is damaged and so is the way back:
				 an upload into the update slot would not be looked at */
	bool trial_open;      /* the image on trial is not confirmed: the update slot holds the way back */
	bool primary_valid;   /* there is an application to go back to */
	bool into_primary;    /* the client asks for it */
};

struct hf_recovery_plan {
	enum hf_slot_role into;
	bool permanent;       /* secondary: request it for good (there is nothing to go back to), else on trial */
};

/* Pure. HF_R_SLOT_TRIAL_OPEN: take the trial back first. */
enum hf_reason hf_recovery_plan_of(const struct hf_recovery_facts *facts, struct hf_recovery_plan *plan) HF_MUST_USE;
/* After hf_boot_run of the same start: reads the journal and the trailers. Uses the work buffer. */
void hf_recovery_facts_of(const struct hf_boot_config *config, const struct hf_boot_result *result, bool into_primary,
			  struct hf_recovery_facts *facts);

/* Is there an image in this slot that the next boot would start there, or take from there by its own merits (version and counter are
 * not compared)? The one that is found, or that at the slot's beginning refused. Uses the work buffer. */
enum hf_reason hf_recovery_judge(const struct hf_boot_config *config, enum hf_slot_role role, struct hf_verdict *verdict) HF_MUST_USE;

/* For hf_boot_config.installed. HF_R_INSTALL_OPEN, HF_R_FLASH_*. */
enum hf_reason hf_recovery_installed(struct hf_journal *journal) HF_MUST_USE;

/* An upload into the primary. Its bytes are written with hf_upload_write(&install->upload, ...). */
struct hf_install {
	const struct hf_boot_config *config;
	struct hf_version version_min; /* of the image that was there: with the no-downgrade policy */
	struct hf_upload upload;
	struct hf_journal journal;
};

/* head: the file's first bytes, at least a header, all of which are taken: refused here, while the application that runs is still
 * there. install->upload.next_off says what comes next: head_bytes, or more if the journal knows this tag and size. tag: 1..32
 * bytes, the client's hash of the file. */
enum hf_reason hf_install_begin(struct hf_install *install, const struct hf_boot_config *config, uint32_t size_bytes, const uint8_t *tag,
				uint32_t tag_bytes, const uint8_t *head, uint32_t head_bytes) HF_MUST_USE;
/* All bytes are there: the whole image, as the next boot will ask. A refusal is in verdict->finding; the board then stays in
 * recovery until an upload is accepted. */
enum hf_reason hf_install_verify(struct hf_install *install, struct hf_verdict *verdict) HF_MUST_USE;

#endif
