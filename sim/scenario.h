/* SPDX-License-Identifier: MIT */
/* scenario.h - the life of a board as a program for the explorer: boot, upload, request, trial, confirm or revert.
 *
 * Why      It runs the core that ships (hf_boot_run, hf_app_*, hf_upload_*) and knows at each moment what must be true: which
 *          image may start, that it is whole and on firm cells, that a request, a confirmation and the way back are not lost.
 * Shapes   A name is  act-off[-act-off...][-sizes]  with act confirm, revert or perm; off 0 (image at the secondary's start) or
 *          1 (one sector in, as applications built for MCUboot's swap-offset put it); sizes one digit an image: sectors on a
 *          toy, thirds of the largest image on a real geometry; a c behind them: with security counters and the policies. "revert" alone is
 *          revert-0-323.
 *          upload and other are uploads into the primary by recovery, in any mode, without -off: upload goes on after a cut with
 *          the same file, other with another one.
 *          An id is  <mode>:<geometry>:<scenario>:cut@<path>  and replays that path.
 * Oracle   Of an update: an image starts at each boot. Of an upload into the primary there is one exception, with these bounds: from
 *          the first byte that hf_install_begin changes until hf_install_verify has accepted the image, a boot may start nothing; then
 *          it stops with a reason (that is what leads to recovery), a new upload is always taken, it goes on no earlier than
 *          behind the last sector that was reported done, and when it is complete that image starts and no other.
 * Errors   Each broken promise is a sentence; see check_* in scenario.c.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include <holdfast/boot.h>

#include "explore.h"

enum { SCENARIO_UPDATES_MAX = 3, SCENARIO_IMAGES = SCENARIO_UPDATES_MAX + 1, SCENARIO_NAME_BYTES = 64 };
enum scenario_act { ACT_CONFIRM = 0, ACT_REVERT = 1, ACT_PERM = 2, ACT_UPLOAD = 3, ACT_OTHER = 4 };

struct scenario;

/* See scenario.c; NULL at the end or if unknown. */
const struct sim_geometry *scenario_geometry(const char *name);
const struct sim_geometry *scenario_geometry_at(size_t index);
/* Names of the standard set, for list and for running all; NULL at the end. */
const char *scenario_standard(size_t index);
const char *scenario_standard_of(const struct hf_mode *mode, size_t index);
/* swap, overwrite, single; NULL if unknown. */
const struct hf_mode *scenario_mode(const char *name);

/* NULL: name not understood, an act that the mode does not have, or an image that does not fit. Without a mode: swap. */
struct scenario *scenario_make(const struct sim_geometry *geometry, const char *name);
struct scenario *scenario_make_mode(const struct hf_mode *mode, const struct sim_geometry *geometry, const char *name);
void scenario_free(struct scenario *sc);
const char *scenario_name(const struct scenario *sc);
struct explore *scenario_explorer(struct scenario *sc);
/* Other cryptography: images are signed anew by sign (NULL: as they are). */
void scenario_use_crypto(struct scenario *sc, const struct hf_crypto *crypto, const struct hf_key *key,
			 void (*sign)(uint8_t *image, uint32_t total_bytes));

void scenario_explore(struct scenario *sc, const struct explore_options *options);
/* NULL if nothing failed. verbose prints each flash operation and event through told. */
const char *scenario_replay(struct scenario *sc, const struct explore_path *path, bool verbose, void (*told)(const char *line));
/* The same, with the flash operations handed to count. */
const char *scenario_replay_counted(struct scenario *sc, const struct explore_path *path,
				    void (*count)(void *ctx, char kind, uint32_t slot, uint32_t off, uint32_t size_bytes),
				    void (*told)(const char *line));
/* Whole id of a failure. */
void scenario_id(const struct scenario *sc, const struct explore_path *path, char *into, size_t into_bytes);

/* Sectors of the larger of the images, and of the largest image of all. */
uint32_t scenario_sectors(const struct scenario *sc);

#endif
