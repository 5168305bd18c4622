/* SPDX-License-Identifier: MIT */
/* Readers of the smaller texts: Kconfig, layouts, devicetree, lists of names, C sources, west.yml. */
#define _GNU_SOURCE /* memmem */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "doctor.h"

#define SETTINGS_MAX 200000u

/* Calls back for each line, without its end. */
static void each_line(const struct bytes *text, void (*take)(void *context, char *line, unsigned number), void *context)
{
	unsigned number = 0;
	for (size_t i = 0; i < text->size;) {
		char line[1024];
		const uint8_t *end = memchr(text->data + i, '\n', text->size - i);
		size_t length = end != NULL ? (size_t)(end - (text->data + i)) : text->size - i;
		size_t kept = length < sizeof line - 1 ? length : sizeof line - 1;
		memcpy(line, text->data + i, kept);
		while (kept != 0 && isspace((unsigned char)line[kept - 1]))
			kept--;
		line[kept] = '\0';
		take(context, line, ++number);
		i += length + 1;
	}
}

struct reading {
	struct doctor *doctor;
	struct doctor_input *input;
	size_t own, bootish, appish; /* settings of this file, and how many only the bootloader or only an application knows */
	char project[64];
	char path[24][80];     /* of a drawn tree: folder at each depth */
};

/* Symbols that exist in MCUboot's own Kconfig and not in an application's. */
static bool is_bootish(const char *name)
{
	static const char *const only[] = { "BOOT_SWAP_", "BOOT_UPGRADE_ONLY", "SINGLE_APPLICATION_SLOT", "BOOT_MAX_IMG_SECTORS", "MCUBOOT_SERIAL",
		"BOOT_SERIAL_", "BOOT_SIGNATURE_", "BOOT_VALIDATE_SLOT0", "BOOT_BOOTSTRAP", "BOOT_ENCRYPT", "BOOT_DIRECT_XIP", "MCUBOOT_INDICATION_LED",
		"BOOT_WATCHDOG_FEED", "BOOT_ECDSA", "MCUBOOT_DOWNGRADE", "BOOT_PREFER_SWAP" };
	for (size_t i = 0; i < HF_ARRAY_COUNT(only); i++) {
		if (strncmp(name, only[i], strlen(only[i])) == 0)
			return true;
	}
	return strcmp(name, "MCUBOOT") == 0;
}

static bool is_appish(const char *name)
{
	static const char *const only[] = { "MCUMGR", "BT", "BOOTLOADER_MCUBOOT", "NCS_SAMPLE", "CHIP", "NET_", "SETTINGS", "IMG_MANAGER",
			"MCUBOOT_BOOTLOADER_MODE", "SENSOR" };
	for (size_t i = 0; i < HF_ARRAY_COUNT(only); i++) {
		if (strncmp(name, only[i], strlen(only[i])) == 0)
			return true;
	}
	return false;
}

static void take_setting(struct reading *r, const char *line, unsigned number)
{
	bool comment = line[0] == '#';
	line += strspn(line, "# \t");
	if (strncmp(line, "mcuboot_CONFIG_", 15) == 0)
		line += 8;
	bool sysbuild = strncmp(line, "SB_CONFIG_", 10) == 0;
	if (!sysbuild && strncmp(line, "CONFIG_", 7) != 0)
		return;
	const char *name = line + (sysbuild ? 10 : 7);
	size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
	const char *rest = name + length;
	bool off = comment && strcmp(rest, " is not set") == 0;
	if (length == 0 || (*rest != '=' && !off) || r->doctor->settings.count >= SETTINGS_MAX)
		return;
	struct setting *s = DOCTOR_ADD(r->doctor->settings);
	*s = (struct setting){ .input = r->input, .line = number, .is_sysbuild = sysbuild, .is_comment = comment && !off, .is_off = off,
		.is_final = r->input->kind == KIND_CONFIG, .who = r->input->who };
	(void)snprintf(s->name, sizeof s->name, "%.*s", (int)(length < 95 ? length : 95), name);
	const char *value = off ? "n" : rest + 1;
	size_t size = strlen(value);
	if (size >= 2 && value[0] == '"' && value[size - 1] == '"') {
		value++;
		size -= 2;
	}
	(void)snprintf(s->value, sizeof s->value, "%.*s", (int)(size < 159 ? size : 159), value);
	r->own++;
	r->bootish += !s->is_comment && is_bootish(s->name);
	r->appish += !s->is_comment && is_appish(s->name);
}

static void setting_line(void *context, char *line, unsigned number)
{
	take_setting(context, line, number);
}

void doctor_read_kconfig(struct doctor *d, struct doctor_input *input, const struct bytes *text)
{
	struct reading r = { .doctor = d, .input = input };
	size_t first = d->settings.count;
	each_line(text, setting_line, &r);
	size_t sysbuild = 0;
	bool is_mcuboot = false;
	for (size_t i = first; i < d->settings.count; i++) {
		sysbuild += d->settings.at[i].is_sysbuild;
		is_mcuboot = is_mcuboot || (strcmp(d->settings.at[i].name, "MCUBOOT") == 0 && strcmp(d->settings.at[i].value, "y") == 0);
	}
	const char *name = strrchr(input->path, '/');
	name = name != NULL ? name + 1 : input->path;
	if (input->kind == KIND_CONFIG)
		input->who = sysbuild * 2 > r.own ? WHO_SYSBUILD : is_mcuboot ? WHO_MCUBOOT : input->who == WHO_MCUBOOT ? WHO_APP : input->who;
	else if (input->who == WHO_UNKNOWN || (input->who == WHO_APP && strcmp(name, "prj.conf") != 0 && strncmp(name, "prj", 3) != 0))
		input->who = sysbuild * 2 > r.own ? WHO_SYSBUILD : r.bootish > 0 && r.appish == 0 ? WHO_MCUBOOT : WHO_APP;
	for (size_t i = first; i < d->settings.count; i++)
		d->settings.at[i].who = input->who;
}

void doctor_read_layout(struct doctor *d, struct doctor_input *input, const struct bytes *text)
{
	struct problem problem = { 0 };
	struct layout *layout = host_alloc(sizeof *layout);
	layout->input = input;
	layout->who = input->who;
	if (partitions_read_yaml(input->path, text, &layout->partitions, &problem) == HF_OK) {
		*DOCTOR_ADD(d->layouts) = layout;
		return;
	}
	free(layout);
	unsigned line = 0;
	(void)sscanf(problem.detail, "line %u", &line);
	struct finding *f = doctor_find(d, "D03");
	doctor_say(f, input, line, "%s", problem.detail);
}

void doctor_read_dts(struct doctor *d, struct doctor_input *input, const struct bytes *text)
{
	struct problem problem = { 0 };
	struct devicetree *tree = host_alloc(sizeof *tree);
	tree->input = input;
	tree->who = input->who;
	tree->is_final = memmem(text->data, text->size, "/dts-v1/", 8) != NULL;
	if (dtsource_read(input->path, text, &tree->source, &problem) != HF_OK) {
		unsigned line = 0;
		free(tree);
		(void)sscanf(problem.detail, "line %u", &line);
		doctor_say(doctor_find(d, "D03"), input, line, "%s", problem.detail);
		return;
	}
	*DOCTOR_ADD(d->trees) = tree;
	struct layout *layout = host_alloc(sizeof *layout);
	layout->input = input;
	layout->who = input->who;
	if (partitions_read_dts(input->path, text, &layout->partitions, &problem) == HF_OK && layout->partitions.count != 0) {
		*DOCTOR_ADD(d->layouts) = layout;
		return;
	}
	partitions_free(&layout->partitions);
	free(layout);
}

/* "mcuboot/prj.conf", or a line that `tree` drew: the depth is where the name begins. */
static void name_line(void *context, char *line, unsigned number)
{
	struct reading *r = context;
	(void)number;
	size_t at = strcspn(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	bool drawn = at >= 3 && ((unsigned char)line[0] >= 0x80 || line[0] == '|' || line[0] == '`' || line[0] == ' ');
	if (line[at] == '\0')
		return;
	if (!drawn) {
		*DOCTOR_ADD(r->doctor->tree) = host_strdup(strncmp(line, "./", 2) == 0 ? line + 2 : line);
		return;
	}
	size_t columns = 0;
	for (size_t i = 0; i < at; i++)
		columns += ((unsigned char)line[i] & 0xc0) != 0x80;
	size_t depth = columns / 4;
	if (depth >= 24)
		return;
	(void)snprintf(r->path[depth], sizeof r->path[depth], "%.79s", line + at);
	char *full = host_strdup("");
	for (size_t i = depth > 0 ? 1 : 0; i <= depth; i++) {
		char *longer = host_printf("%s%s%s", full, full[0] != '\0' && full[strlen(full) - 1] != '/' ? "/" : "", r->path[i]);
		free(full);
		full = longer;
	}
	*DOCTOR_ADD(r->doctor->tree) = full;
}

void doctor_read_names(struct doctor *d, struct doctor_input *input, const struct bytes *text)
{
	struct reading *r = host_alloc(sizeof *r);
	r->doctor = d;
	r->input = input;
	d->tree_is_listed = true;
	each_line(text, name_line, r);
	free(r);
}

static void source_line(void *context, char *line, unsigned number)
{
	static const char *const names[] = { "boot_write_img_confirmed", "boot_request_upgrade", "boot_set_next", "smp_bt_register", "img_mgmt_register_group",
		"os_mgmt_register_group", "wdt_install_timeout", "wdt_setup" };
	struct reading *r = context;
	const char *comment = strstr(line, "//"), *uart = strstr(line, "DT_NODELABEL(uart");
	if (uart != NULL && (comment == NULL || comment > uart)) {
		struct source_call *call = DOCTOR_ADD(r->doctor->calls);
		*call = (struct source_call){ .input = r->input, .line = number, .name = "DT_NODELABEL" };
		(void)snprintf(call->label, sizeof call->label, "%.*s", (int)strspn(uart + 13, "abcdefghijklmnopqrstuvwxyz0123456789_"), uart + 13);
	}
	for (size_t i = 0; i < HF_ARRAY_COUNT(names); i++) {
		const char *at = strstr(line, names[i]);
		if (at == NULL || (comment != NULL && comment < at) || at[strlen(names[i])] != '(')
			continue;
		struct source_call *call = DOCTOR_ADD(r->doctor->calls);
		*call = (struct source_call){ .input = r->input, .line = number, .name = names[i] };
	}
}

void doctor_read_source(struct doctor *d, struct doctor_input *input, const struct bytes *text)
{
	struct reading r = { .doctor = d, .input = input };
	if (memmem(text->data, text->size, "_mgmt_register_group", 20) == NULL && memmem(text->data, text->size, "boot_", 5) == NULL &&
	    memmem(text->data, text->size, "smp_bt_register", 15) == NULL && memmem(text->data, text->size, "wdt_", 4) == NULL &&
	    memmem(text->data, text->size, "DT_NODELABEL(uart", 17) == NULL)
		return;
	each_line(text, source_line, &r);
}

const struct source_call *doctor_call(const struct doctor *d, const char *name)
{
	for (size_t i = 0; i < d->calls.count; i++) {
		if (strcmp(d->calls.at[i].name, name) == 0)
			return &d->calls.at[i];
	}
	return NULL;
}

/* "v2.7.0", "2.9.0-rc1", "zephyr-v3.1.0-678" -> 207, 209, 301; 0: no version. */
static int version_of(const char *text)
{
	unsigned major = 0, minor = 0;
	text += strcspn(text, "0123456789");
	return sscanf(text, "%u.%u", &major, &minor) == 2 && major < 20 && minor < 100 ? (int)(major * 100 + minor) : 0;
}

static void manifest_line(void *context, char *line, unsigned number)
{
	struct reading *r = context;
	const char *name = strstr(line, "name:"), *revision = strstr(line, "revision:");
	(void)number;
	if (name != NULL)
		(void)snprintf(r->project, sizeof r->project, "%.63s", name + 5 + strspn(name + 5, " \"'"));
	if (revision == NULL)
		return;
	revision += 9 + strspn(revision + 9, " \"'");
	if (strncmp(r->project, "sdk-nrf", 7) == 0 || strcmp(r->project, "nrf") == 0) {
		r->doctor->setup.ncs_version = version_of(revision);
		r->doctor->setup.is_ncs = true;
	} else if (strncmp(r->project, "zephyr", 6) == 0) {
		r->doctor->setup.zephyr_version = version_of(revision);
	}
}

void doctor_read_manifest(struct doctor *d, struct doctor_input *input, const struct bytes *text)
{
	struct reading r = { .doctor = d, .input = input };
	each_line(text, manifest_line, &r);
}
