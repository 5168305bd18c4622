/* SPDX-License-Identifier: MIT */
/* What the facts say together: chip, board, SDK, mode. Nothing is assumed; what nobody says stays unknown. */
#define _GNU_SOURCE /* strcasestr */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "doctor.h"
#include "log.h"

static const struct { const char *word; enum soc soc; } soc_words[] = {
	{ "nrf54lm20", SOC_NRF54LM20 }, { "nrf54l15", SOC_NRF54L15 }, { "nrf54l10", SOC_NRF54L }, { "nrf54l05", SOC_NRF54L }, { "nrf5340", SOC_NRF5340 },
	{ "nrf52840", SOC_NRF52840 }, { "xiao_ble", SOC_NRF52840 }, { "XIAO nRF52840", SOC_NRF52840 }, { "nrf91", SOC_NRF91 }, { "nrf52833", SOC_NRF52 },
	{ "nrf52832", SOC_NRF52 }, { "nrf54l", SOC_NRF54L }, { "thingy91", SOC_NRF91 }, { "stm32", SOC_OTHER }, { "esp32", SOC_OTHER }, { "rp2040", SOC_OTHER },
	{ "mimxrt", SOC_OTHER }, { "frdm_", SOC_OTHER },
};

bool doctor_soc_is_54l(enum soc soc)
{
	return soc == SOC_NRF54L15 || soc == SOC_NRF54L || soc == SOC_NRF54LM20;
}

uint32_t doctor_pad_bytes(enum soc soc)
{
	return doctor_soc_is_54l(soc) ? 0x800 : soc == SOC_NRF52840 || soc == SOC_NRF52 || soc == SOC_NRF5340 || soc == SOC_NRF91 ? 0x200 : 0;
}

static bool soc_from(struct doctor *d, const char *text, const char *why)
{
	if (d->setup.soc != SOC_UNKNOWN)
		return true;
	for (size_t i = 0; i < HF_ARRAY_COUNT(soc_words); i++) {
		if (strcasestr(text, soc_words[i].word) != NULL) {
			d->setup.soc = soc_words[i].soc;
			d->setup.soc_why = why;
			return true;
		}
	}
	return false;
}

static void board_is(struct doctor *d, const char *text)
{
	struct setup *s = &d->setup;
	if (s->board[0] == '\0') {
		size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/@.-");
		(void)snprintf(s->board, sizeof s->board, "%.*s", (int)(length < 95 ? length : 95), text);
	}
	s->is_xiao_ble = s->is_xiao_ble || strstr(text, "xiao_ble") != NULL || strcasestr(text, "XIAO nRF52840") != NULL;
	s->is_xiao = s->is_xiao || strcasestr(text, "xiao") != NULL;
	(void)soc_from(d, text, "the board's name");
}

static void board_from_logs(struct doctor *d)
{
	for (size_t i = 0; i < d->hits.count; i++) {
		const struct log_hit *hit = &d->hits.at[i];
		const char *name = log_rows[hit->pattern].name;
		if (strcmp(name, "board_said") != 0)
			continue;
		const char *at = strstr(hit->text, "Board: ");
		const char *option = strstr(hit->text, " -b ");
		if (option == NULL)
			option = strstr(hit->text, "-DBOARD=");
		if (at != NULL)
			board_is(d, at + 7);
		else if (option != NULL)
			board_is(d, option + (option[1] == 'b' ? 4 : 8));
		d->setup.has_sysbuild = d->setup.has_sysbuild || strstr(hit->text, "--sysbuild") != NULL;
	}
}

static size_t pm_files(const struct doctor *d)
{
	size_t count = 0;
	for (size_t i = 0; i < d->tree.count; i++)
		count += strstr(d->tree.at[i], "pm_static_") != NULL;
	return count;
}

static void board_from_files(struct doctor *d)
{
	for (size_t i = 0; i < d->settings.count; i++) {
		const struct setting *s = &d->settings.at[i];
		if (s->is_final && (strcmp(s->name, "BOARD") == 0 || strcmp(s->name, "BOARD_TARGET") == 0))
			board_is(d, s->value);
		if (s->is_final && strcmp(s->name, "SOC") == 0)
			(void)soc_from(d, s->value, "the final configuration");
	}
	for (size_t i = 0; i < d->inputs.count; i++) {
		const char *name = strrchr(d->inputs.at[i]->path, '/');
		name = name != NULL ? name + 1 : d->inputs.at[i]->path;
		if (strncmp(name, "pm_static_", 10) == 0 && pm_files(d) == 1)
			board_is(d, name + 10);
	}
}

/* Files for several chips, in boards/ or as pm_static_*, say nothing of the one that is meant. */
static void soc_from_names(struct doctor *d)
{
	enum soc one = SOC_UNKNOWN;
	bool several = false;
	for (size_t i = 0; i < d->tree.count; i++) {
		enum soc soc = SOC_UNKNOWN;
		if (strstr(d->tree.at[i], "boards/") == NULL && strstr(d->tree.at[i], "pm_static") == NULL)
			continue;
		for (size_t k = 0; k < HF_ARRAY_COUNT(soc_words) && soc == SOC_UNKNOWN; k++)
			soc = strcasestr(d->tree.at[i], soc_words[k].word) != NULL ? soc_words[k].soc : SOC_UNKNOWN;
		several = several || (one != SOC_UNKNOWN && soc != SOC_UNKNOWN && one != soc);
		one = soc != SOC_UNKNOWN ? soc : one;
	}
	if (one != SOC_UNKNOWN && !several && d->setup.soc == SOC_UNKNOWN) {
		d->setup.soc = one;
		d->setup.soc_why = "the names of board files";
	}
	d->setup.soc_varies = several && d->setup.soc == SOC_UNKNOWN;
}

/* Flash beyond what an nRF52840 has, or a header pad of an nRF54L, tells the family. */
static enum soc soc_of_addresses(const struct partitions *p)
{
	uint64_t end = 0;
	for (size_t k = 0; k < p->count; k++) {
		const struct partition *q = &p->list[k];
		if (strcmp(q->device, "cpuapp_rram") == 0)
			return SOC_NRF54L15;
		if (partition_is_internal(q) && q->addr == 0xf4000 && q->size == 0xc000)
			return SOC_NRF52840; /* the UF2 bootloader */
		if (partition_is_internal(q) && q->has_addr && q->has_size && q->addr < 0x00800000u && q->end > end)
			end = q->end;
	}
	const struct partition *pad = partitions_of(p, PARTITION_PAD);
	if (end > 0x100000 && end <= 0x17d000)
		return SOC_NRF54L15;
	if (end > 0x17d000 && end <= 0x1fd000)
		return SOC_NRF54LM20;
	return pad != NULL && pad->size == 0x800 ? SOC_NRF54L : SOC_UNKNOWN;
}

enum soc doctor_soc_of_words(const char *text)
{
	for (size_t i = 0; i < HF_ARRAY_COUNT(soc_words); i++) {
		if (strcasestr(text, soc_words[i].word) != NULL)
			return soc_words[i].soc;
	}
	return SOC_UNKNOWN;
}

enum soc doctor_layout_soc(const struct doctor *d, const struct layout *l, const char **why)
{
	enum soc soc = doctor_soc_of_words(l->input->path);
	*why = "the file's name";
	if (soc != SOC_UNKNOWN)
		return soc;
	if (d->setup.soc != SOC_UNKNOWN && !d->setup.soc_varies) {
		*why = d->setup.soc_why;
		return d->setup.soc;
	}
	*why = "the layout's addresses";
	return soc_of_addresses(&l->partitions);
}

static void soc_from_layouts(struct doctor *d)
{
	for (size_t i = 0; i < d->layouts.count && d->setup.soc == SOC_UNKNOWN && !d->setup.soc_varies; i++) {
		d->setup.soc = soc_of_addresses(&d->layouts.at[i]->partitions);
		d->setup.soc_why = "the layout's addresses";
	}
}

static void versions(struct doctor *d)
{
	struct setup *s = &d->setup;
	for (size_t i = 0; i < d->hits.count; i++) {
		const char *name = log_rows[d->hits.at[i].pattern].name, *text = d->hits.at[i].text;
		unsigned major = 0, minor = 0;
		const char *sdk = strcasestr(text, "Connect SDK v"), *zephyr = strcasestr(text, "Zephyr OS");
		if (strncmp(name, "banner_", 7) != 0)
			continue;
		s->is_ncs = s->is_ncs || sdk != NULL || strstr(text, "-ncs") != NULL;
		if (sdk != NULL && sscanf(sdk + 13, "%u.%u", &major, &minor) == 2) {
			/* Older trees print Zephyr's version after this word: 3.5.99-ncs1. */
			if (strstr(text, "-ncs") != NULL)
				s->zephyr_version = (int)(major * 100 + minor);
			else
				s->ncs_version = (int)(major * 100 + minor);
		}
		const char *v = zephyr != NULL ? strpbrk(zephyr, "0123456789") : NULL;
		if (v != NULL && sscanf(v, "%u.%u", &major, &minor) == 2)
			s->zephyr_version = (int)(major * 100 + minor);
	}
}

static void marks_of_sdk(struct doctor *d)
{
	static const char *const ncs_only[] = { "NCS_", "PM_", "NRF_CLOUD", "CHIP", "FPROTECT", "SECURE_BOOT", "PARTITION_MANAGER", "BT_LBS", "DK_LIBRARY" };
	struct setup *s = &d->setup;
	for (size_t i = 0; i < d->settings.count; i++) {
		const struct setting *t = &d->settings.at[i];
		s->has_sysbuild = s->has_sysbuild || t->is_sysbuild;
		for (size_t k = 0; k < HF_ARRAY_COUNT(ncs_only); k++)
			s->is_ncs = s->is_ncs || strncmp(t->name, ncs_only[k], strlen(ncs_only[k])) == 0;
	}
	for (size_t i = 0; i < d->layouts.count; i++)
		s->is_ncs = s->is_ncs || d->layouts.at[i]->partitions.form == PARTITIONS_PM;
	for (size_t i = 0; i < d->tree.count; i++) {
		const char *path = d->tree.at[i];
		s->has_sysbuild = s->has_sysbuild || strncmp(path, "sysbuild", 8) == 0 || strstr(path, "/sysbuild") != NULL ||
				strstr(path, "domains.yaml") != NULL;
		s->has_build = s->has_build || strstr(path, "zephyr/.config") != NULL;
	}
	if (s->ncs_version >= 300)
		s->has_sysbuild = true;
}

static const struct { const char *word; enum boot_mode mode; } mode_words[] = {
	{ "SWAP_USING_OFFSET", MODE_OFFSET }, { "SWAP_USING_MOVE", MODE_MOVE }, { "SWAP_WITHOUT_SCRATCH", MODE_MOVE }, { "SWAP_SCRATCH", MODE_SCRATCH },
	{ "SWAP_USING_SCRATCH", MODE_SCRATCH }, { "OVERWRITE_ONLY", MODE_OVERWRITE }, { "UPGRADE_ONLY", MODE_OVERWRITE }, { "SINGLE_APP", MODE_SINGLE },
	{ "SINGLE_APPLICATION_SLOT", MODE_SINGLE }, { "DIRECT_XIP_WITH_REVERT", MODE_XIP_REVERT }, { "DIRECT_XIP", MODE_XIP },
	{ "RAM_LOAD", MODE_RAM_LOAD }, { "FIRMWARE_UPDATER", MODE_LOADER }, { "FIRMWARE_LOADER", MODE_LOADER },
};

/* prefix: what the symbols of this kind of file begin with. */
static void mode_from(struct doctor *d, enum doctor_who who, const char *prefix)
{
	for (size_t i = 0; i < d->settings.count && d->setup.mode == MODE_UNKNOWN; i++) {
		const struct setting *s = &d->settings.at[i];
		size_t length = strlen(prefix);
		if (s->is_comment || s->input->aside || s->who != who || strcmp(s->value, "y") != 0 || strncmp(s->name, prefix, length) != 0)
			continue;
		for (size_t k = 0; k < HF_ARRAY_COUNT(mode_words); k++) {
			if (strcmp(s->name + length, mode_words[k].word) != 0)
				continue;
			const struct setting *counts = doctor_setting(d, who, s->name);
			if (counts == NULL || strcmp(counts->value, "y") != 0)
				continue;
			d->setup.mode = mode_words[k].mode;
			d->setup.mode_setting = counts;
			break;
		}
	}
}

static void mode_from_logs(struct doctor *d)
{
	static const struct { const char *name; enum boot_mode mode; } rows[] = { { "swap_runs_move", MODE_MOVE }, { "swap_runs_offset", MODE_OFFSET },
		{ "swap_runs_scratch", MODE_SCRATCH }, { "overwrite_runs", MODE_OVERWRITE },
		{ "xip_runs", MODE_XIP } };
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows) && d->setup.mode == MODE_UNKNOWN; i++) {
		if (doctor_hit(d, rows[i].name) != NULL)
			d->setup.mode = rows[i].mode;
	}
}

bool doctor_mode_swaps(enum boot_mode mode)
{
	return mode == MODE_SCRATCH || mode == MODE_MOVE || mode == MODE_OFFSET;
}

const char *doctor_mode_name(enum boot_mode mode)
{
	static const char *const names[] = { "unknown", "swap using scratch", "swap using move", "swap using offset", "overwrite only", "single slot",
			"direct XIP",
		"direct XIP with revert", "RAM load", "firmware updater" };
	return names[mode];
}

const struct layout *doctor_main_layout(const struct doctor *d)
{
	const struct layout *best = NULL;
	int best_rank = -1;
	for (size_t i = 0; i < d->layouts.count; i++) {
		const struct layout *l = d->layouts.at[i];
		bool primary = partitions_of(&l->partitions, PARTITION_PRIMARY) != NULL;
		if (l->input->aside)
			continue;
		bool slot = primary || partitions_of(&l->partitions, PARTITION_SECONDARY) != NULL;
		/* A generated partitions.yml or zephyr.dts of the bootloader beats what was asked for. */
		bool generated = strstr(l->input->path, "partitions.y") != NULL || strstr(l->input->path, "zephyr.dts") != NULL;
		/* Where Partition Manager made one, it is the build's. */
		int rank = (slot ? 2 : 0) + (primary ? 8 : 0) + (generated ? 1 : 0) + (l->who == WHO_MCUBOOT) +
			   (generated && l->partitions.form == PARTITIONS_PM ? 2 : 0);
		if (slot && rank > best_rank) {
			best = l;
			best_rank = rank;
		}
	}
	return best;
}

void doctor_set_up(struct doctor *d)
{
	doctor_index(d);
	board_from_logs(d);
	board_from_files(d);
	doctor_scope(d);
	soc_from_names(d);
	for (size_t i = 0; i < d->inputs.count && d->setup.soc == SOC_UNKNOWN && !d->setup.soc_varies; i++) {
		if (d->inputs.at[i]->named)
			(void)soc_from(d, d->inputs.at[i]->path, "a file's name");
	}
	soc_from_layouts(d);
	versions(d);
	marks_of_sdk(d);
	mode_from(d, WHO_SYSBUILD, "MCUBOOT_MODE_");
	mode_from(d, WHO_MCUBOOT, "BOOT_");
	mode_from(d, WHO_MCUBOOT, "");
	mode_from(d, WHO_APP, "MCUBOOT_BOOTLOADER_MODE_");
	mode_from_logs(d);
	d->setup.compressed = doctor_is(d, WHO_SYSBUILD, "MCUBOOT_COMPRESSED_IMAGE_SUPPORT", "y") ||
			      doctor_is(d, WHO_MCUBOOT, "BOOT_DECOMPRESSION_SUPPORT", "y");
	d->setup.single_slot = d->setup.mode == MODE_SINGLE;
	const struct layout *main = doctor_main_layout(d);
	const struct partition *secondary = main != NULL ? partitions_of(&main->partitions, PARTITION_SECONDARY) : NULL;
	d->setup.external_secondary = (secondary != NULL && !partition_is_internal(secondary)) ||
				      doctor_is(d, WHO_SYSBUILD, "PM_EXTERNAL_FLASH_MCUBOOT_SECONDARY", "y");
}
