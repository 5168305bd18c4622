/* SPDX-License-Identifier: MIT */
/* demo_app.h - an application on the demonstration device: files, settings, statistics, a shell, tasks, memory, clock, storage erase.
 *
 * Why      So that a client, this one or another, can try each group of the protocol without a board; and as an example of an
 *          application's own rows (a shell, a task list, a clock).
 * Shapes   Settings: changed in RAM, kept by "save", taken back by "load" and by a reset. Tasks and pools are made-up figures. The clock
 *          is this machine's, in UTC, moved by what a client sets.
 * Order    demo_app_start, demo_app_rows, demo_app_boot at each reset.
 * Limits   DEMO_SETTINGS_MAX settings.
 */
#ifndef HOST_DEMO_APP_H
#define HOST_DEMO_APP_H

#include <holdfast/smp_groups.h>

#include "demo_files.h"

#define DEMO_SETTINGS_MAX 32u
#define DEMO_KEY_BYTES 64u
#define DEMO_VALUE_BYTES 256u
#define DEMO_APP_ROWS_MAX 20u

struct demo_setting {
	char key[DEMO_KEY_BYTES + 1]; /* empty: free */
	uint8_t value[DEMO_VALUE_BYTES];
	uint32_t value_bytes;
};

struct demo_app {
	struct demo_files files;
	struct demo_setting settings[DEMO_SETTINGS_MAX], kept[DEMO_SETTINGS_MAX];
	struct smp_settings settings_group;
	struct smp_stat_entry server_stats[2], file_stats[3], setting_stats[3];
	struct smp_stat_group stat_groups[3];
	struct smp_stats stats;
	struct smp_enum groups;
	uint32_t commits, saves, loads, counted;
	int64_t clock_moved_s;   /* against this machine's clock */
	uint32_t start_ms;       /* of the boot, for "uptime" */
};

/* folder NULL: files in memory. server: whose table is told about. */
enum hf_reason demo_app_start(struct demo_app *app, const struct smp_server *server, const char *folder, struct problem *problem) HF_MUST_USE;
/* Writes at most DEMO_APP_ROWS_MAX rows; returns how many. */
uint32_t demo_app_rows(struct demo_app *app, struct smp_row *rows);
void demo_app_boot(struct demo_app *app, uint32_t now_ms);
void demo_app_stop(struct demo_app *app);

#endif
