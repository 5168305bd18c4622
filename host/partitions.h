/* SPDX-License-Identifier: MIT */
/* partitions.h - a flash layout as people write it: Partition Manager YAML or devicetree, read into one neutral list.
 *
 * Why      The two forms say the same thing in different words. The doctor compares them with each other and with images and logs,
 *          the planner writes both and proves them equal by reading them back.
 * Shapes   A partition: name (Partition Manager's, or the node's label), role, region, address inside the region, size, lines of the
 *          file. Devicetree: region is flash_primary for partitions in internal memory, else external_flash with the device's label.
 *          One slot is [mcuboot_pad + app] = mcuboot_primary in YAML and slot0_partition in devicetree: role PARTITION_PRIMARY in both.
 * Errors   HF_R_HOST_LAYOUT_YAML, HF_R_HOST_LAYOUT_DTS with the line; nothing is read on failure.
 * Limits   Files of 4 MiB, depth 32, 512 partitions; aliases of YAML are never expanded, so that no bomb can go off.
 * Source   nrfconnect/sdk-nrf: scripts/partition_manager/partition_manager.py and its manual page (keys, spans, one gap);
 *          zephyrproject-rtos/zephyr: dts/bindings/mtd/fixed-partitions.yaml, zephyr,mapped-partition.yaml.
 */
#ifndef HOST_PARTITIONS_H
#define HOST_PARTITIONS_H

#include "bytes.h"
#include "problem.h"

#define PARTITIONS_FILE_BYTES_MAX (4u * 1024u * 1024u)
#define PARTITIONS_COUNT_MAX 512u
#define PARTITION_NAME_BYTES 64
#define PARTITION_SPAN_MAX 8

enum partition_role {
	PARTITION_OTHER,
	PARTITION_BOOT,       /* mcuboot, boot_partition */
	PARTITION_PAD,        /* mcuboot_pad; not in devicetree */
	PARTITION_APP,        /* app: the primary without its header */
	PARTITION_PRIMARY,
	PARTITION_SECONDARY,
	PARTITION_SCRATCH,
	PARTITION_SETTINGS
};

struct partition {
	char name[PARTITION_NAME_BYTES];
	enum partition_role role;
	char region[PARTITION_NAME_BYTES];   /* "flash_primary" if none is said */
	char device[PARTITION_NAME_BYTES];   /* empty: none is said */
	bool has_region, has_addr, has_size, has_end;
	uint64_t addr, size, end;            /* completed: of any two the third follows */
	uint64_t end_said;                   /* end_address as written */
	unsigned line, addr_line, size_line, end_line, region_line, device_line;
	char span[PARTITION_SPAN_MAX][PARTITION_NAME_BYTES];
	size_t span_count;
	bool has_span, has_placement, is_read_only;
};

enum partitions_form { PARTITIONS_PM, PARTITIONS_DTS };

struct partitions {
	enum partitions_form form;
	struct partition *list;
	size_t count;
	bool has_wrapper;          /* a top-level "partitions:" or "regions:" map, which is no Partition Manager syntax */
	unsigned wrapper_line;
};

/* path is for messages only. */
enum hf_reason partitions_read_yaml(const char *path, const struct bytes *text, struct partitions *into, struct problem *problem) HF_MUST_USE;
enum hf_reason partitions_read_dts(const char *path, const struct bytes *text, struct partitions *into, struct problem *problem) HF_MUST_USE;
void partitions_free(struct partitions *partitions);

const struct partition *partitions_named(const struct partitions *partitions, const char *name);
const struct partition *partitions_of(const struct partitions *partitions, enum partition_role role);
const char *partition_role_name(enum partition_role role);
/* Internal flash: where code can run. */
bool partition_is_internal(const struct partition *partition);

/* Do both give each role the same region, address and size? Roles that only one form has (pad, app) are left out. On a difference
 * *differs is its role. */
bool partitions_agree(const struct partitions *a, const struct partitions *b, enum partition_role *differs);

#endif
