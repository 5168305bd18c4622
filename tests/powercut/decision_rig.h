/* SPDX-License-Identifier: MIT */
/* decision_rig.h - a board's flash in any state of trailers and images, and one boot from there: for test_decision.c, test_outcome.c. */
#ifndef DECISION_RIG_H
#define DECISION_RIG_H

#include <holdfast/app.h>
#include <holdfast/boot.h>

#include "flash_sim.h"

enum image { IMAGE_A = 0, IMAGE_B = 1, IMAGE_COUNT = 2, IMAGE_NONE = 2 };
enum secondary { SECOND_AT_0, SECOND_ONE_IN, SECOND_DAMAGED, SECOND_STRANGER, SECOND_SAME, SECOND_EMPTY, SECOND_KINDS,
		 SECOND_UNBOOTABLE = SECOND_KINDS };
enum primary { FIRST_VALID, FIRST_DAMAGED, FIRST_EMPTY, FIRST_KINDS };
enum field { MAGIC_G, MAGIC_U, MAGIC_B, FIELD_KINDS }; /* of flags: set, unset, bad */
struct state {
	enum field p_magic, p_copy_done, p_image_ok, s_magic, s_copy_done, s_image_ok;
	uint8_t p_swap_info;
	enum primary primary;
	enum secondary secondary;
	bool journal;
	bool one_in; /* the secondary's image, whatever its kind, lies one sector in */
};

enum { SECTORS = 4, TOTAL_MAX = 4096 };
extern const struct sim_geometry rig_geometries[2]; /* NOR, RRAM */
extern struct sim_flash flash;
extern struct hf_boot_config config;
extern struct hf_app_config app;
extern uint8_t images[IMAGE_COUNT][TOTAL_MAX], unbootable[TOTAL_MAX];
extern uint32_t total[IMAGE_COUNT];
extern const struct hf_mode *mode; /* swap, unless a test says otherwise before setup */

extern struct sim_sector *with_journal[2 * SECTORS]; /* the flash after setup */

/* Image A runs and has its journal. */
void setup(const struct sim_geometry *g);
void teardown(void);
/* Over fields that are blank. */
void put_trailer(uint32_t slot, enum field magic, enum field copy_done, enum field image_ok);
void put_state(const struct state *s);
const char *state_text(const struct state *s);
/* What starts, after as many resets as the loader asks for; each stop has its reason. */
enum image boot_now(struct hf_boot_result *result);

#endif
