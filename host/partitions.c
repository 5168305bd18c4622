/* SPDX-License-Identifier: MIT */
#include "partitions.h"

#include <stdlib.h>

void partitions_free(struct partitions *partitions)
{
	free(partitions->list);
	*partitions = (struct partitions){ 0 };
}

const struct partition *partitions_named(const struct partitions *partitions, const char *name)
{
	for (size_t i = 0; i < partitions->count; i++) {
		if (strcmp(partitions->list[i].name, name) == 0)
			return &partitions->list[i];
	}
	return NULL;
}

const struct partition *partitions_of(const struct partitions *partitions, enum partition_role role)
{
	for (size_t i = 0; i < partitions->count; i++) {
		if (partitions->list[i].role == role)
			return &partitions->list[i];
	}
	return NULL;
}

const char *partition_role_name(enum partition_role role)
{
	switch (role) {
	case PARTITION_OTHER: return "other";
	case PARTITION_BOOT: return "bootloader";
	case PARTITION_PAD: return "header pad";
	case PARTITION_APP: return "application";
	case PARTITION_PRIMARY: return "primary slot";
	case PARTITION_SECONDARY: return "secondary slot";
	case PARTITION_SCRATCH: return "scratch";
	case PARTITION_SETTINGS: return "settings";
	}
	return "?";
}

bool partition_is_internal(const struct partition *partition)
{
	return strcmp(partition->region, "flash_primary") == 0;
}

bool partitions_agree(const struct partitions *a, const struct partitions *b, enum partition_role *differs)
{
	static const enum partition_role roles[] = { PARTITION_BOOT, PARTITION_PRIMARY, PARTITION_SECONDARY, PARTITION_SCRATCH, PARTITION_SETTINGS };
	for (size_t i = 0; i < HF_ARRAY_COUNT(roles); i++) {
		const struct partition *x = partitions_of(a, roles[i]), *y = partitions_of(b, roles[i]);
		if (x == NULL && y == NULL)
			continue;
		if (x == NULL || y == NULL || x->addr != y->addr || x->size != y->size || partition_is_internal(x) != partition_is_internal(y)) {
			*differs = roles[i];
			return false;
		}
	}
	return true;
}
