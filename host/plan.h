/* SPDX-License-Identifier: MIT */
/* plan.h - which way of updating fits an application on a board: the facts as tables, the arithmetic as pure functions.
 *
 * Why      A layout can't be changed once boards are in the field. It should be right before the first build, with MCUboot as with
 *          Holdfast's own bootloader.
 * Shapes   A board (plan_board.h) has regions; a mode is a row; a layout is a list of partitions that a board and a mode make. An
 *          option is a mode with its layout, limits, times and wear for one application.
 * Order    plan_options fills the list; plan_recommend picks; the rest prints (plan_report.h) or writes files (plan_files.h).
 * Units    bytes, addresses from the start of the memory (internal or external), microseconds, milliseconds.
 * Errors   none: what can't be done is an option with a reason in words.
 * Source   mcu-tools/mcuboot: boot/bootutil/src/bootutil_misc.c, swap_move.c, swap_offset.c, swap_scratch.c (limits, 2d4bacc3);
 *          nrfconnect/sdk-mcuboot (compressed images); boards/<board>/board.h (Holdfast's layouts).
 */
#ifndef HOST_PLAN_H
#define HOST_PLAN_H

#include "plan_board.h"

enum plan_wish {
	PLAN_WISH_BLE = 0x1,          /* updates through the air */
	PLAN_WISH_USB = 0x2,
	PLAN_WISH_SERIAL = 0x4,
	PLAN_WISH_ROLLBACK = 0x8,     /* a bad image takes itself back */
	PLAN_WISH_POWER_CUT = 0x10,   /* there is an application to start whenever power fails */
	PLAN_WISH_RECOVERY = 0x20,    /* by wire, with no application that works */
	PLAN_WISH_NO_PROBE = 0x40     /* first installation without a debug probe */
};
#define PLAN_WISH_WIRES (PLAN_WISH_BLE | PLAN_WISH_USB | PLAN_WISH_SERIAL)

enum plan_loader { PLAN_LOADER_MCUBOOT, PLAN_LOADER_HOLDFAST };

enum plan_shape {
	PLAN_SHAPE_TWO_PRIMARY,    /* an odd sector goes to the primary slot */
	PLAN_SHAPE_TWO_SECONDARY,  /* ... to the secondary slot */
	PLAN_SHAPE_TWO_SCRATCH,
	PLAN_SHAPE_TWO_EQUAL,      /* ... is left over */
	PLAN_SHAPE_EXTERNAL,
	PLAN_SHAPE_SPLIT,          /* the secondary holds a compressed image */
	PLAN_SHAPE_ONE,
	PLAN_SHAPE_DELTA,
	PLAN_SHAPE_HOLDFAST        /* boards/<board>/board.h has it */
};

enum plan_limit {
	PLAN_LIMIT_MOVE, PLAN_LIMIT_OFFSET, PLAN_LIMIT_SCRATCH, PLAN_LIMIT_FIELDS, PLAN_LIMIT_COMPRESSED, PLAN_LIMIT_ONE, PLAN_LIMIT_DELTA,
	PLAN_LIMIT_HOLDFAST
};

/* What a loss of power in the middle leaves. */
enum plan_cut {
	PLAN_CUT_GOES_ON,    /* resumes at the next boot */
	PLAN_CUT_RESTARTS,   /* copies again from the update slot */
	PLAN_CUT_NOTHING,    /* nothing is copied */
	PLAN_CUT_RECOVERY    /* no application until it is sent again by wire */
};

struct plan_mode {
	const char *name;                /* "swap-move" */
	const char *title;
	const char *does;                /* one sentence for people */
	const char *price;               /* what it costs or lacks, one sentence */
	enum plan_loader loader;
	enum plan_shape shape;
	enum plan_limit limit;
	enum plan_cut cut;
	uint8_t hf_mode_id;              /* of Holdfast's rows */
	bool external, rollback, recovery_only, available, walks;
	bool holdfast_takes;             /* an application built for it runs under Holdfast's bootloader as it is */
	uint8_t status_states;           /* status entries a sector (MCUboot's trailer) */
	uint8_t ops_primary, ops_secondary, ops_scratch;   /* sectors written, an image sector */
	uint8_t wear_primary, wear_secondary, wear_other;  /* writes of the hottest sector of each, an update with its upload */
	uint16_t since_ncs, since_zephyr;    /* 209 is 2.9; 0: no version has it */
	uint8_t rank_any, rank_ncs, rank_zephyr;
	const char *sysbuild, *sysbuild_old; /* SB_CONFIG_MCUBOOT_MODE_...; the name before Zephyr 4.1 if it was another */
	const char *mcuboot;                 /* CONFIG_... that sysbuild sets in the bootloader; NULL: Holdfast's */
	const char *app, *app_old;           /* CONFIG_MCUBOOT_BOOTLOADER_MODE_... of the application */
};

extern const struct plan_mode plan_modes[];
extern const size_t plan_mode_count;
const struct plan_mode *plan_mode_find(const char *name);
/* Some board can have it, or it is a sketch of what is to come: Holdfast's row of it takes its place once a board has the layout. */
bool plan_mode_is_listed(const struct plan_mode *mode);

struct plan_app {
	uint32_t size_bytes;          /* the signed image: header, code, TLV areas */
	uint32_t code_bytes;          /* 0: not known */
	uint32_t compressed_percent;  /* measured on this image; 0: not measured, 70 is assumed */
	char from[256];               /* file or option */
	const char *kind;             /* "signed image", ... */
};

enum plan_why_not {
	PLAN_POSSIBLE,
	PLAN_NOT_AVAILABLE,    /* not built yet */
	PLAN_NO_EXTERNAL,      /* the board has no second flash */
	PLAN_NOT_IN_SDK,
	PLAN_NO_ROOM           /* the layout leaves no slot at all */
};

struct plan_option {
	const struct plan_mode *mode;
	const struct board_layout *holdfast;  /* of Holdfast's rows */
	struct plan_layout layout;
	enum plan_why_not why_not;
	uint32_t size_max;                    /* largest signed image */
	int64_t left_bytes;                   /* size_max less the application */
	bool fits;
	uint32_t wishes_missing;              /* enum plan_wish */
	uint32_t update_ms, revert_ms;
	uint32_t updates;                     /* that the hottest sector survives */
	uint32_t max_sectors;                 /* CONFIG_BOOT_MAX_IMG_SECTORS */
};

#define PLAN_OPTIONS_MAX 32

struct plan_choice {
	const struct plan_board *board;
	const struct plan_sdk *sdk;           /* NULL: not said */
	struct plan_app app;
	uint32_t wishes;
	bool mcuboot_only, holdfast_only;
	struct plan_option options[PLAN_OPTIONS_MAX];
	size_t count;
	int recommended;                      /* index; -1: none fits */
};

/* The partitions of a mode on a board. False: there is no room for it. */
bool plan_layout_make(const struct plan_board *board, const struct plan_mode *mode, struct plan_layout *layout);
void plan_layout_of_holdfast(const struct plan_board *board, const struct board_layout *from, struct plan_layout *layout);
const struct plan_part *plan_part_of(const struct plan_layout *layout, enum plan_role role);

/* The largest signed image. percent: of a compressed image (0: 70). */
uint32_t plan_size_max(const struct plan_board *board, const struct plan_mode *mode, const struct plan_layout *layout, uint32_t percent);
uint32_t plan_holdfast_size_max(const struct plan_board *board, const struct plan_mode *mode, const struct board_layout *layout);
/* Sectors of the larger slot: the smallest CONFIG_BOOT_MAX_IMG_SECTORS that works. */
uint32_t plan_max_sectors(const struct plan_board *board, const struct plan_layout *layout);
uint32_t plan_update_ms(const struct plan_board *board, const struct plan_mode *mode, uint32_t image_bytes);
uint32_t plan_updates(const struct plan_board *board, const struct plan_mode *mode, const struct plan_layout *layout, uint32_t image_bytes);

/* MCUboot can be built with it in every mode; Holdfast's layouts say it. */
bool plan_has_recovery(const struct plan_option *option);

/* Fills options and recommended from board, sdk, app, wishes and the two filters. */
void plan_choose(struct plan_choice *choice);
/* The options that can be had, smallest largest-image first; returns how many. */
size_t plan_growth(const struct plan_choice *choice, size_t order[PLAN_OPTIONS_MAX]);

const char *plan_app_mode(const struct plan_mode *mode, const struct plan_sdk *sdk);
const char *plan_sysbuild_mode(const struct plan_mode *mode, const struct plan_sdk *sdk);

#endif
