/* SPDX-License-Identifier: MIT */
/* journal.h - what the loader has decided and how far it is, kept so that a cut loses nothing.
 *
 * Why      Flags can be torn into any value; a record with a checksum can't be torn into another record. Every decision
 *          (update, revert, confirm) is made once, by a record. docs/power-loss.md has the argument.
 * Shapes   The journal J is the primary's last sector, without the 80 bytes of trailer at its end. It is cut into slots:
 *            NOR   12 bytes: type u8 | chunk u8 | data 6 | crc32 u32           (order = position)
 *            RRAM  16 bytes: type u8 | chunk u8 | data 6 | seq u32 | crc32 u32 (order = seq, the sector is a ring)
 *          A record is 1..12 slots in a row, chunk = 0, 1, ... NOR notes use the same slots in a free secondary sector.
 *          GOAL data (ST, NOTE): flags u8 (kind 1:0, walk 2, align16 3) | generation u32 | id 32 | counter u32
 *          BEGIN data: flags u8 | old_sectors u16 | new_sectors u16 | old id 32 | new id 32
 *          INT data: step u16 | crc32 of the source sector u32.   END, CLOSED data: generation u32.
 *          REFUSED data: reason u16 | where u32: why the last request was not followed, until the next ST. CLEARED: the wiping
 *          of that request is done; without it, it may be half done and is done again.
 *          COUNTER data: u32, the highest security counter that ran for good; ST carries it on.
 *          UPLOAD data: size u32 | tag 32 | version floor u32 | tag bytes u8: into the primary, by recovery. SECTOR data: u16 sectors
 *          that are whole there, the newest counts. DONE: the upload was verified; before it the primary is not started, whatever it reads like.
 *          DONE data: 0, or 1: the DONE before it is whole; the boot adds both before the image's first start.
 * Order    hf_journal_open reads everything into the struct; hf_journal_append adds and feeds the same struct.
 * Cut      An append that is cut leaves a slot that reads anything. After a reset NOR leaves one slot free behind the last
 *          that is not blank; RRAM goes on after the newest that reads well. A record that matters is appended again by
 *          who relies on it: "reads right" is not "was written whole".
 * Errors   HF_R_JOURNAL_FULL (NOR), HF_R_FLASH_*.
 * Limits   65,535 steps. Work buffer: one sector.
 */
#ifndef HOLDFAST_JOURNAL_H
#define HOLDFAST_JOURNAL_H

#include <holdfast/flash.h>
#include <holdfast/image.h>
#include <holdfast/mode.h>

#define HF_JOURNAL_TRAILER_BYTES 80u /* kept free at the sector's end, for either alignment */
#define HF_SEED_WINDOW 0x20000u      /* the same before there is a journal, above the seed */
#define HF_NOTE_WINDOW 255u          /* a note further above the journal's newest generation was not written by us */

enum hf_record_type {
	HF_RECORD_ST = 1, HF_RECORD_CLOSED, HF_RECORD_RUN, HF_RECORD_RUN2, HF_RECORD_CONF, HF_RECORD_CONF2, HF_RECORD_BEGIN,
	HF_RECORD_INT, HF_RECORD_END, HF_RECORD_NOTE, HF_RECORD_FAIL, HF_RECORD_REFUSED, HF_RECORD_CLEARED,
	HF_RECORD_COUNTER, HF_RECORD_SECTOR, HF_RECORD_DONE, HF_RECORD_UPLOAD
};

enum hf_kind { HF_KIND_TEST = 0, HF_KIND_PERM = 1, HF_KIND_REVERT = 2, HF_KIND_FORMAT = 3 };

/* What a finished update leaves: ST in the journal, NOTE before the journal is erased. */
struct hf_goal {
	enum hf_kind kind;
	enum hf_walk walk;
	uint32_t align;
	uint32_t generation;
	uint8_t id[32];      /* of the image that now lies in the secondary: the way back; zero = none */
	uint32_t counter;    /* the highest security counter that ever ran for good; 0 = none */
};

struct hf_begin {
	enum hf_kind kind;
	uint32_t align;
	struct hf_plan plan;
	uint8_t old_id[32];
	uint8_t new_id[32];
};

/* An append-only run of slots in one sector. */
struct hf_log {
	const struct hf_flash *flash;
	uint32_t base_off;
	uint32_t free_slot;       /* next slot to write; NOR: may be their number or more (full) */
	uint32_t sequence;        /* RRAM: of the next slot */
	uint32_t keep_off[2];     /* RRAM: slots that must not be overwritten, first slot and count (ST, BEGIN) */
	uint32_t keep_count[2];
};

struct hf_journal {
	/* Since ST: bits RUN, RUN2 (implies RUN), CONF, CONF2 (implies CONF), FAIL, UPLOAD (until DONE), DONE (until that with 1), as
	 * hf_journal_has() asks. */
	uint32_t marks;
	bool has_st, has_begin, has_end;
	bool has_step;               /* an INT or END follows BEGIN */
	uint32_t closed_generation;  /* NOR: 0 = not closed */
	uint32_t end_generation;     /* newest END's */
	uint32_t generation;         /* newest seen in ST, CLOSED, END */
	uint32_t counter;            /* highest seen in ST, COUNTER */
	uint32_t step;               /* of the newest INT */
	uint32_t step_crc;
	uint16_t refused_reason;     /* newest REFUSED; 0 = none */
	bool clear_open;             /* REFUSED without CLEARED */
	uint32_t refused_where_off;
	struct hf_log log;
	struct hf_goal st;
	struct hf_begin begin;
};

static inline bool hf_journal_has(const struct hf_journal *journal, enum hf_record_type mark)
{
	return (journal->marks >> mark & 1u) != 0;
}

/* work holds one sector and is free again afterwards. */
void hf_journal_open(struct hf_journal *journal, const struct hf_flash *primary, uint8_t *work);
/* J has just been erased: forgets everything but generation and counter. */
void hf_journal_reset(struct hf_journal *journal);

enum hf_reason hf_journal_append_mark(struct hf_journal *journal, enum hf_record_type type) HF_MUST_USE; /* RUN, RUN2, CONF, CONF2, FAIL, CLEARED */
/* CLOSED, END, COUNTER, DONE */
enum hf_reason hf_journal_append_generation(struct hf_journal *journal, enum hf_record_type type, uint32_t generation) HF_MUST_USE;
enum hf_reason hf_journal_append_goal(struct hf_journal *journal, const struct hf_goal *goal) HF_MUST_USE;
enum hf_reason hf_journal_append_begin(struct hf_journal *journal, const struct hf_begin *begin) HF_MUST_USE;
enum hf_reason hf_journal_append_step(struct hf_journal *journal, uint32_t step, uint32_t crc) HF_MUST_USE;

enum hf_reason hf_journal_append_refused(struct hf_journal *journal, uint16_t reason, uint32_t where_off) HF_MUST_USE;

/* An upload into the primary, as the journal knows it. size_bytes 0: none. */
struct hf_journal_upload {
	uint32_t size_bytes;
	uint32_t tag_bytes;            /* of the client's hash of the file; 1..32 */
	uint8_t tag[32];
	struct hf_version version_min; /* of the image that was there before; its build number does not count and reads 0 */
	uint32_t sectors;              /* these are whole on flash */
};
/* As hf_journal_open, and finds the upload. RRAM: its record is kept from now on. */
void hf_journal_open_upload(struct hf_journal *journal, const struct hf_flash *primary, uint8_t *work, struct hf_journal_upload *upload);
enum hf_reason hf_journal_append_upload(struct hf_journal *journal, const struct hf_journal_upload *upload) HF_MUST_USE;
enum hf_reason hf_journal_append_sectors(struct hf_journal *journal, uint32_t sectors) HF_MUST_USE;

/* Slots left (RRAM: always plenty), and whether an update of step_count steps fits with its repeats. */
uint32_t hf_journal_room(const struct hf_journal *journal);
bool hf_journal_has_room(const struct hf_journal *journal, uint32_t step_count);

/* Notes (NOR): in the free end sector of the secondary. sector_off: 0 or the last sector's. found is set if a note is there. */
struct hf_note {
	struct hf_log log;
	bool found;
	struct hf_goal goal; /* the one with the highest generation */
};
void hf_note_open(struct hf_note *note, const struct hf_flash *secondary, uint32_t sector_off, uint32_t generation_max, uint8_t *work);
void hf_note_reset(struct hf_note *note); /* its sector has just been erased */
enum hf_reason hf_note_append(struct hf_note *note, const struct hf_goal *goal) HF_MUST_USE;

#endif
