/* SPDX-License-Identifier: MIT */
/* scenario_inside.h - the inside of a scenario, shared by scenario.c and scenario_install.c only. */
#ifndef SIM_SCENARIO_INSIDE_H
#define SIM_SCENARIO_INSIDE_H

#include "scenario.h"

#include <holdfast/app.h>

/* What the outside world knows; the application's phases are what the board's owner would say has happened. */
enum { VAR_PHASE = 0, VAR_UPDATE = 1, VAR_CURRENT = 2, VAR_AGAIN = 3, VAR_RESETS = 4, VAR_ALIGN = 5, VAR_STOPS = 6, VAR_GENERATION = 8,
       VAR_SECTORS = 12 };
enum phase {
	PHASE_UPLOAD = 0, PHASE_REQUEST = 1, PHASE_REQUESTED = 2, PHASE_TRIAL = 3, PHASE_CONFIRMING = 4, PHASE_CONFIRMED = 5,
	PHASE_UNCONFIRMED = 6, PHASE_REVERTED = 7, PHASE_END = 8, PHASE_INSTALLING = 9, PHASE_INSTALLED = 10
};
enum { RESETS_MAX = 3, PRIMARY = 0, SECONDARY = 1, WORK_EXTRA_BYTES = 256, SEED = 0x51f15eed, NOTHING = 255 };

struct image {
	uint8_t *bytes;
	uint32_t total_bytes;
	uint32_t sectors;
};

struct scenario {
	char name[SCENARIO_NAME_BYTES];
	const struct hf_mode *mode;
	const struct sim_geometry *geometry;
	uint32_t block_bytes;     /* what a step moves: the larger of the slots' sectors */
	uint32_t blocks[2];
	struct explore *ex;
	struct sim_flash *flash;
	uint32_t updates;
	bool counters;            /* images carry security counters, and policy looks at them and at versions */
	enum scenario_act act[SCENARIO_UPDATES_MAX];
	uint32_t off[SCENARIO_UPDATES_MAX];
	struct image image[SCENARIO_IMAGES + 1]; /* 1.. as the model counts them */
	const struct hf_crypto *crypto;
	const struct hf_key *key;
	struct hf_boot_config config;
	struct hf_app_config app;
	uint8_t *work;
	uint8_t *vars; /* of the life at hand */
	enum hf_reason refusal; /* of the newest boot */
	enum hf_reason stop; /* of the newest boot that started nothing */
	void (*told)(const char *line);
};

/* Returns the image that was started; 0: the loader asked for a reset; NOTHING: it stopped, with a reason, where that is allowed. */
uint32_t scenario_boot(struct scenario *sc, bool may_stop);
/* Uploads into the primary: the looser oracle, see scenario.h. */
bool scenario_install_life(struct scenario *sc);
bool scenario_image_is_firm_at(const struct scenario *sc, uint32_t slot, uint32_t off, uint32_t id);
bool scenario_next_update(struct scenario *sc);
void scenario_fail(struct scenario *sc, const char *what) __attribute__((noreturn));
void scenario_check_pristine(struct scenario *sc, uint32_t slot, const char *what);

#endif
