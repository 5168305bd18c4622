/* SPDX-License-Identifier: MIT */
/* plan_board.h - what the planner knows of a board: memory, what must be left alone, names in the SDKs. Data only.
 *
 * Why      A board that is not in the table is a JSON file of the same fields (docs/plan.md, plan_boardfile.h).
 * Shapes   One row a variant: the same board with and without its stock loader or its coprocessor's share are two rows of one name.
 *          Partitions have a role; names in the two forms (Partition Manager, devicetree) follow from it.
 * Source   zephyrproject-rtos/zephyr: boards, dts (names, partitions); boards/<board>/board.h (chip; a test compares them).
 */
#ifndef HOST_PLAN_BOARD_H
#define HOST_PLAN_BOARD_H

#include <boards/boards.h>
#include <holdfast/base.h>

enum plan_role { PLAN_BOOT, PLAN_PRIMARY, PLAN_SECONDARY, PLAN_SCRATCH, PLAN_SETTINGS, PLAN_RESERVED, PLAN_SPARE };

struct plan_part {
	enum plan_role role;
	bool external;            /* in the second flash */
	bool outside;             /* of what the images' devicetree calls flash: shown, not written */
	uint32_t addr, bytes;
	const char *pm, *label;   /* names of reserved parts; NULL: the role's */
	const char *title;        /* for people; NULL: the role's */
};

#define PLAN_PARTS_MAX 12

struct plan_layout {
	struct plan_part parts[PLAN_PARTS_MAX]; /* internal ascending, then external ascending */
	size_t count;
};

enum plan_bus { PLAN_BUS_NONE, PLAN_BUS_QSPI, PLAN_BUS_SPI };

struct plan_external {
	enum plan_bus bus;
	const char *part, *label;          /* "P25Q16H", node label "p25q16h" */
	uint32_t bytes, erase_us, page_us; /* of 4,096 and of 256 bytes */
	uint32_t endurance;
	bool is_disabled;                  /* in the board's devicetree */
	bool is_estimate;                  /* times are not from its data sheet */
};

#define PLAN_RESERVED_MAX 4
#define PLAN_ALIASES_MAX 6

struct plan_board {
	const char *name, *title;
	const char *variant;               /* "", "uf2", "flpr" */
	const char *variant_note;
	const char *aliases[PLAN_ALIASES_MAX];
	const char *holdfast;              /* name in boards/; NULL: Holdfast's bootloader does not cover it */
	const char *chip;                  /* "nRF52840" */
	const char *target, *stem;         /* "xiao_ble/nrf52840", "xiao_ble_nrf52840": names of files */
	const char *flash_label;           /* "flash0" */
	uint32_t flash_bytes;              /* all of the chip */
	uint32_t region_bytes;             /* what the images' devicetree calls flash */
	uint32_t first_addr, end_addr;     /* what may be used, bootloader included */
	uint32_t boot_bytes;               /* for MCUboot */
	uint32_t settings_bytes;
	uint32_t stock_settings_addr;      /* where the SDK's own layout has them; 0: no layout of its own */
	uint32_t drop_end_addr;            /* drag and drop writes below it alone; 0: no such loader */
	uint32_t sector_bytes, unit_bytes, align, header_bytes;
	uint32_t unit_us, erase_us, endurance;
	uint32_t tlv_bytes;                /* of a signature of the SDK's default type, with key and hash */
	const char *signature;             /* "ECDSA_P256", "ED25519" */
	struct plan_external external;
	struct plan_part reserved[PLAN_RESERVED_MAX];
	bool has_usb, has_button, has_console_uart, is_nrf54l;
	bool needs_probe, removes_uf2;
	uint16_t since_ncs, since_zephyr;  /* 209 is 2.9: first version that has the board */
};

extern const struct plan_board plan_boards[];
extern const size_t plan_board_count;

/* Any of its names, in any case. variant NULL: the first row. NULL: no such board or variant. */
const struct plan_board *plan_board_find(const char *name, const char *variant);

/* Boards of the family that Holdfast does not cover, and what they have instead. */
struct plan_stranger {
	const char *names[PLAN_ALIASES_MAX];
	const char *title, *memory, *loader, *path, *advice;
};
extern const struct plan_stranger plan_strangers[];
extern const size_t plan_stranger_count;
const struct plan_stranger *plan_stranger_find(const char *name);

enum plan_sdk_family { PLAN_NCS, PLAN_ZEPHYR };

/* What of the files depends on the version. */
struct plan_sdk {
	const char *name;              /* "ncs-2.9" */
	enum plan_sdk_family family;
	uint16_t version;              /* 209 */
	bool partition_manager;        /* on unless switched off */
	bool can_devicetree;           /* NCS: MCUboot takes its slots from the devicetree when Partition Manager is off */
	bool sectors_auto;             /* CONFIG_BOOT_MAX_IMG_SECTORS_AUTO exists */
	bool new_names;                /* SWAP_USING_MOVE instead of SWAP_WITHOUT_SCRATCH */
	bool ranges;                   /* partitions nodes carry `ranges` */
};
extern const struct plan_sdk plan_sdks[];
extern const size_t plan_sdk_count;
/* "ncs-2.9", "ncs-2.9.1", "NCS 2.9": NULL if it is not known. */
const struct plan_sdk *plan_sdk_find(const char *name);

#endif
