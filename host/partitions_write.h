/* SPDX-License-Identifier: MIT */
/* partitions_write.h - one planned layout in the two forms that SDKs read: devicetree overlay and Partition Manager's static file.
 *
 * Why      Both are written from one list; a test reads both back (partitions.h, dtc) and finds them equal.
 * Shapes   Devicetree: the board's own partitions node is deleted as a whole, then written anew. The overlay of the bootloader differs
 *          from the application's in one line: which partition is its own.
 * Source   zephyrproject-rtos/zephyr: dts/bindings/mtd/fixed-partitions.yaml, doc/releases/migration-guide-4.4.rst (`ranges`);
 *          nrfconnect/sdk-nrf: scripts/partition_manager (names, spans), doc on static configuration.
 */
#ifndef HOST_PARTITIONS_WRITE_H
#define HOST_PARTITIONS_WRITE_H

#include "bytes.h"
#include "plan.h"

struct partitions_write {
	const struct plan_board *board;
	const struct plan_layout *layout;
	const struct plan_mode *mode;
	bool ranges;          /* SDKs from Zephyr 4.4 on */
	bool is_bootloader;
	bool usb_recovery;    /* the bootloader talks over USB, and the board's devicetree has no port for it */
};

void partitions_write_dts(const struct partitions_write *what, struct bytes *text);
void partitions_write_pm(const struct partitions_write *what, struct bytes *text);

/* A part's names: Partition Manager's, the devicetree node's, for people. */
const char *plan_part_pm(const struct plan_part *part);
const char *plan_part_label(const struct plan_part *part);
const char *plan_part_title(const struct plan_part *part);

/* printf into bytes. */
void text_add(struct bytes *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
