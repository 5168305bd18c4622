/* SPDX-License-Identifier: MIT */
/* cuts_rig.h - an emulated board with the shipped binaries in it, and the host's end of its serial line: what a cut campaign drives.
 *
 * Why      The explorer (sim/) cuts the core on simulated flash. Here it is the loader's and the application's own machine code, on
 *          the chip's flash controller.
 * Shapes   A board is named NAME or NAME/LAYOUT; without, it is its first layout.
 *          Everything that the host's end knows is in struct rig_host, so that a moment (board and host) is two copies.
 *          An act is what the board does between two rests: a boot, an upload, a request, a confirmation.
 * Order    rig_open -> (rig_begin -> rig_step* until it is not RIG_GOING)* -> rig_close. rig_keep and rig_back at any step.
 * Errors   RIG_BAD: host.why says what; a stop that the loader logged is one.
 */
#ifndef CUTS_RIG_H
#define CUTS_RIG_H

#include <boards/boards.h>
#include <holdfast/mode.h>
#include <holdfast/smp_frame.h>
#include <holdfast/smp_upload.h>
#include <vboard/vboard.h>

enum { RIG_IMAGES = 2, RIG_PACKET_BYTES = 1028, RIG_LOG_BYTES = 4096, RIG_LINE_BYTES = 160, RIG_WHY_BYTES = 160 };

struct rig_file {
	uint8_t *bytes;
	uint32_t size_bytes;
};

enum rig_act { RIG_BOOT, RIG_UPLOAD, RIG_REQUEST, RIG_CONFIRM, RIG_WHY };
enum rig_result { RIG_GOING, RIG_DONE, RIG_CUT, RIG_BAD };

struct rig_host {
	enum rig_act act;
	uint32_t phase;             /* of a request: the list first, then the state */
	uint32_t image_index;       /* RIG_UPLOAD: which file */
	bool is_done, is_bad;
	uint64_t begun_instructions;
	int32_t runs_index;         /* which image's banner came; -1: none yet */
	bool on_trial;
	struct smp_rx rx;
	struct smp_client client;
	struct smp_upload upload;
	struct smp_why_reply why_reply; /* RIG_WHY */
	uint8_t packet[RIG_PACKET_BYTES], request[RIG_PACKET_BYTES];
	char line[RIG_LINE_BYTES];
	uint32_t line_bytes;
	char why[RIG_WHY_BYTES];
	char log[RIG_LOG_BYTES];    /* what the board printed since the act began */
	uint32_t log_bytes;
};

struct rig {
	struct vb *vb;
	const struct board *board;
	const struct board_layout *layout;
	char name[64];              /* of board and layout, as it was opened */
	const char *key_kind;
	char folder[32];            /* with key, loader and images, until rig_close */
	struct rig_file loader, image[RIG_IMAGES]; /* 1.0.0 and 1.1.0, signed */
	bool talks;                 /* print what the board prints */
	struct rig_host host;
};

/* Signs with the host tool, fills in a loader, makes a board with loader and 1.0.0 in it, off. image_bytes: exact size of both
 * signed images, filled up with noise; 0: the demo as it is. False: why is printed. */
bool rig_open(struct rig *rig, const char *board, const char *key_kind, uint32_t image_bytes);
void rig_close(struct rig *rig);

/* RIG_BOOT resets the board, or turns it on if it is off; the others talk to the application. */
void rig_begin(struct rig *rig, enum rig_act act);
enum rig_result rig_step(struct rig *rig, uint64_t instructions_max);
enum rig_result rig_run(struct rig *rig); /* steps to the end */
void rig_power_cycle(struct rig *rig);    /* off; rig_begin(RIG_BOOT) turns it on */

/* Lets the board come up, on again if it was off, and asks why (host.why_reply): the application, or a loader that stays. */
void rig_wake(struct rig *rig);
/* A reset by the pin; the loader now waits for the second one. */
bool rig_first_reset(struct rig *rig);
/* By two resets in quick succession. */
bool rig_into_recovery(struct rig *rig);

/* The whole image of the file, byte for byte on sound units, is what lies at the primary's start. */
bool rig_primary_is(struct rig *rig, uint32_t image_index);
/* The old image is kept by an update, which is a trial (swap); else it is replaced. */
static inline bool rig_keeps_old(const struct rig *rig)
{
	return rig->layout->mode_id == HF_MODE_ID_SWAP;
}
/* Sector writes that an update may cost: twice its sectors for a swap, once for an overwrite, and some for the records. */
uint32_t rig_writes_max(const struct rig *rig);
/* What a step moves: the larger of the slots' sectors. */
uint32_t rig_sector_bytes(const struct rig *rig);
/* Sector writes since an earlier count: erases of either flash, two of them if a sector is two pages; RRAM has none, so its lines, as
 * sectors. */
double rig_sector_writes(const struct rig *rig, const struct vb_counters *since);
/* The bytes at an address of the layout, in whichever flash; changed tells the board, as a debugger would. */
uint8_t *rig_cell(struct rig *rig, uint32_t addr);
void rig_cell_changed(struct rig *rig, uint32_t addr, uint32_t size_bytes);
/* Signs the demo of image_index with filler bytes behind it, into folder/name. options: of holdfast sign. False: refused; what was
 * printed is in folder/log. */
bool rig_sign(struct rig *rig, uint32_t image_index, uint32_t filler_bytes, const char *options, const char *name);
bool rig_read(const struct rig *rig, const char *name, struct rig_file *into);
/* Loads an image into the secondary as a debugger would. */
bool rig_place(struct rig *rig, uint32_t image_index, uint32_t base_off);
uint32_t rig_sectors(const struct rig *rig, uint32_t image_index);

struct rig_moment;
struct rig_moment *rig_keep(struct rig *rig);
void rig_back(struct rig *rig, const struct rig_moment *moment);
void rig_moment_free(struct rig_moment *moment);

#endif
