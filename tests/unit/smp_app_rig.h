/* SPDX-License-Identifier: MIT */
/* smp_app_rig.h - an application on the device of smp_rig.h: settings, files and statistics in RAM, and a shell and task list of
 * canned replies. */
#ifndef TESTS_SMP_APP_RIG_H
#define TESTS_SMP_APP_RIG_H

#include "smp_rig.h"

enum { APP_FILES = 3, APP_FILE_BYTES = 8192, APP_SETTINGS = 4, APP_NAME_BYTES = 32, APP_VALUE_BYTES = 64 };

struct app_file {
	char name[APP_NAME_BYTES + 1];
	uint32_t size_bytes;
	uint8_t bytes[APP_FILE_BYTES];
};

struct app_setting {
	char key[APP_NAME_BYTES + 1];
	uint8_t value[APP_VALUE_BYTES];
	uint32_t value_bytes;
};

struct app_rig {
	struct app_file files[APP_FILES];   /* name "" : free */
	struct app_setting settings[APP_SETTINGS];
	uint32_t commits, loads, saves, closes, erases, shell_runs;
	uint32_t fail_writes;               /* so many file writes fail */
	uint32_t ticks, errors;
	bool legacy_shell;
	struct smp_settings settings_group;
	struct smp_files files_group;
	struct smp_stats stats_group;
	struct smp_enum enum_group;
};

/* Adds the application's rows to the rig's server; it starts again. */
void app_rig_start(struct app_rig *app, struct rig *rig);
struct app_file *app_rig_file(struct app_rig *app, const char *name);

#endif
