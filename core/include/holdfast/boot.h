/* SPDX-License-Identifier: MIT */
/* boot.h - the whole order: journal, resume, trial, request, fallback, verdict, jump.
 *
 * Why      The only place that knows the order. Everything it needs is in a const struct, so that loader, explorer and
 *          tests run the same object code.
 * Order    hf_boot_run once after each reset; it returns an image to start, a wish to be reset, or a named stop.
 * Cut      Anywhere: the next hf_boot_run reaches the old or the new image, whole and verified (docs/power-loss.md).
 * Limits   RAM: the work buffer (the larger slot's sector_bytes + 256, 4-aligned) and the stack; no statics.
 */
#ifndef HOLDFAST_BOOT_H
#define HOLDFAST_BOOT_H

#include <holdfast/mode.h>
#include <holdfast/trailer.h>
#include <holdfast/verdict.h>

/* Policy bits of the configuration block. */
enum {
	HF_POLICY_NO_DOWNGRADE = 0x1,   /* an update must not have a lower version (build number ignored) */
	HF_POLICY_COUNTER = 0x2,        /* an update must not have a lower security counter than the running image */
	HF_POLICY_BOOTSTRAP = 0x4,      /* a verified image in the secondary may be installed when the primary has none */
	HF_POLICY_DEBUG_OPEN = 0x8,     /* development: keep the debug port open (port) */
	HF_POLICY_QUIET = 0x10          /* no log on the UART */
};

/* Events of a run, numbered like refusals; a and b as the reason's sentence says. */
struct hf_trace {
	void *ctx;
	void (*event)(void *ctx, enum hf_reason reason, uint32_t a, uint32_t b);
};

struct hf_journal;

struct hf_boot_config {
	const struct hf_flash *primary;
	const struct hf_flash *secondary; /* NULL: none (single slot). May be of another kind, sector and write unit; if its chip does
					     not answer, its functions return an HF_R_FLASH_ reason: a valid primary starts all the
					     same, with that reason as refusal, and an update under way waits, with it as stop */
	const struct hf_mode *mode;
	const struct hf_crypto *crypto;
	const struct hf_key *keys;
	uint32_t key_count;
	uint32_t policy;
	uint32_t align;             /* 8 or 16: for trailers that nobody has written yet */
	uint16_t header_bytes;      /* demanded header size; 0 = any */
	uint32_t primary_addr;      /* where the primary's byte 0 is when it runs; 0 with run_check false */
	bool run_check;             /* check the reset vector against primary_addr */
	uint32_t generation_seed;   /* unguessable start of journal generations: uploaded bytes can't play a note */
	void *work;
	uint32_t work_bytes;
	void (*feed)(void *feed_ctx);
	void *feed_ctx;
	/* Two slots: hf_recovery_installed where recovery may upload into the primary: may what lies there, verified, be started? NULL:
	 * nobody does. With one slot it is always asked. */
	enum hf_reason (*installed)(struct hf_journal *journal);
	struct hf_trace trace;
};

/* START: jump, after checking the tokens again. RESET: reset at once. STOP: nothing may be started, and stop says why: a loader that
 * has recovery enters it on every STOP, one that has not waits and resets. There is no third way to end without an application,
 * so recovery can't be missed. If the stop's reason is one of flash (HF_R_FLASH_*), the next boot may well go on: recovery then
 * should not wait for ever. */
enum hf_boot_action { HF_BOOT_STOP = 0x3c96a55au, HF_BOOT_START = 0x695ac33cu, HF_BOOT_RESET = 0x57e0d1b4u };

/* What this boot did before it started the image: the answer to "why did I boot?". */
enum hf_boot_cause {
	HF_CAUSE_NORMAL = 0,     /* nothing changed */
	HF_CAUSE_UPDATED = 1,    /* first start of a new image, on trial */
	HF_CAUSE_INSTALLED = 2,  /* first start of a new image, permanent */
	HF_CAUSE_REVERTED = 3,   /* an unconfirmed trial was taken back */
	HF_CAUSE_CONFIRMED = 4,  /* the confirmation was seen at this boot */
	HF_CAUSE_REFUSED = 5,    /* an update was asked for and refused: see refusal */
	HF_CAUSE_FALLBACK = 6    /* the primary failed twice, the confirmed image of before was restored */
};

struct hf_boot_result {
	enum hf_boot_action action;
	enum hf_boot_cause cause;
	bool on_trial;                /* image runs unconfirmed: not confirming means revert */
	bool resumed;                 /* a cut was found and mended */
	struct hf_finding stop;       /* why nothing is started (STOP) */
	struct hf_finding refusal;    /* why a request was refused at this boot */
	uint32_t steps_done;          /* sectors moved at this boot */
	struct hf_version other;      /* of the image that ran before this boot's update or revert, or that was refused; 0 = none */
	struct hf_verdict verdict;    /* of the primary; START only if verdict.token is HF_ACCEPTED */
};

/* Result is always filled. The caller jumps only on START, after checking both tokens again. */
void hf_boot_run(const struct hf_boot_config *config, struct hf_boot_result *result);

#endif
