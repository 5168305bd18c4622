/* SPDX-License-Identifier: MIT */
/* Versions of the SDKs. Sources: mcu-tools/mcuboot and nrfconnect/sdk-mcuboot boot/zephyr/Kconfig by date (swap using offset:
 * January 2025; BOOT_MAX_IMG_SECTORS_AUTO: August 2024); zephyrproject-rtos/zephyr share/sysbuild/images/bootloader/Kconfig and
 * migration guides 4.1, 4.4 (names, `ranges`); nrfconnect/sdk-nrf migration_partitions.rst (Partition Manager). */
#include "plan_board.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const struct plan_sdk plan_sdks[] = {
	{ "ncs-2.7", PLAN_NCS, 207, .partition_manager = true },
	{ "ncs-2.8", PLAN_NCS, 208, .partition_manager = true, .sectors_auto = true },
	{ "ncs-2.9", PLAN_NCS, 209, .partition_manager = true, .sectors_auto = true },
	{ "ncs-3.0", PLAN_NCS, 300, .partition_manager = true, .sectors_auto = true },
	{ "ncs-3.1", PLAN_NCS, 301, .partition_manager = true, .sectors_auto = true, .new_names = true },
	{ "ncs-3.2", PLAN_NCS, 302, .partition_manager = true, .sectors_auto = true, .new_names = true },
	{ "ncs-3.3", PLAN_NCS, 303, .partition_manager = true, .can_devicetree = true, .sectors_auto = true, .new_names = true },
	{ "ncs-3.4", PLAN_NCS, 304, .partition_manager = true, .can_devicetree = true, .sectors_auto = true, .new_names = true, .ranges = true },
	{ "zephyr-3.7", PLAN_ZEPHYR, 307, .can_devicetree = true },
	{ "zephyr-4.0", PLAN_ZEPHYR, 400, .can_devicetree = true, .sectors_auto = true },
	{ "zephyr-4.1", PLAN_ZEPHYR, 401, .can_devicetree = true, .sectors_auto = true, .new_names = true },
	{ "zephyr-4.2", PLAN_ZEPHYR, 402, .can_devicetree = true, .sectors_auto = true, .new_names = true },
	{ "zephyr-4.3", PLAN_ZEPHYR, 403, .can_devicetree = true, .sectors_auto = true, .new_names = true },
	{ "zephyr-4.4", PLAN_ZEPHYR, 404, .can_devicetree = true, .sectors_auto = true, .new_names = true, .ranges = true },
};
const size_t plan_sdk_count = HF_ARRAY_COUNT(plan_sdks);

/* "NCS v2.9.1" -> "ncs-2.9". */
static bool normal_name(const char *name, char *into, size_t size)
{
	const char *family = NULL;
	static const char *const words[][2] = { { "ncs", "ncs" }, { "nrf", "ncs" }, { "zephyr", "zephyr" } };
	for (size_t i = 0; i < HF_ARRAY_COUNT(words) && family == NULL; i++) {
		size_t length = strlen(words[i][0]), same = 0;
		while (same < length && tolower((unsigned char)name[same]) == words[i][0][same])
			same++;
		if (same == length) {
			family = words[i][1];
			name += length;
		}
	}
	if (family == NULL)
		return false;
	name += strspn(name, "- _:vV");
	unsigned major = 0, minor = 0;
	int used = 0;
	if (sscanf(name, "%2u.%2u%n", &major, &minor, &used) != 2 || strspn(name + used, ".0123456789") != strlen(name + used))
		return false;
	(void)snprintf(into, size, "%s-%u.%u", family, major, minor);
	return true;
}

const struct plan_sdk *plan_sdk_find(const char *name)
{
	char normal[32];
	if (!normal_name(name, normal, sizeof normal))
		return NULL;
	for (size_t i = 0; i < plan_sdk_count; i++) {
		if (strcmp(plan_sdks[i].name, normal) == 0)
			return &plan_sdks[i];
	}
	return NULL;
}
