/* SPDX-License-Identifier: MIT */
/* What fragments ask for against what the final .config got: "asked y, got n, because". The reason is named where the dependency is one
 * that updates need; else the build's own warning has it.
 * Source   zephyrproject-rtos/zephyr: subsys/mgmt/mcumgr, subsys/dfu (Kconfig files); mcu-tools/mcuboot: boot/zephyr/Kconfig. */
#include <stdio.h>
#include <stdlib.h>

#include "renames.h"
#include "rules.h"

static const struct { const char *name; const char *needs[5]; } dependencies[] = {
	{ "MCUMGR", { "NET_BUF", "ZCBOR", "CRC" } }, { "MCUMGR_GRP_IMG", { "MCUMGR", "FLASH", "IMG_MANAGER", "STREAM_FLASH" } }, { "MCUMGR_GRP_OS",
			{ "MCUMGR" } },
	{ "MCUMGR_TRANSPORT_BT", { "MCUMGR", "BT_PERIPHERAL" } }, { "MCUMGR_TRANSPORT_UART", { "MCUMGR", "BASE64", "CRC", "CONSOLE" } },
	{ "MCUMGR_TRANSPORT_SHELL", { "MCUMGR", "SHELL" } }, { "IMG_MANAGER", { "STREAM_FLASH", "FLASH" } }, { "STREAM_FLASH", { "FLASH" } },
	{ "FLASH_MAP", { "FLASH" } }, { "NCS_SAMPLE_MCUMGR_BT_OTA_DFU", { "BT_PERIPHERAL", "BOOTLOADER_MCUBOOT" } }, { "SPI_NOR", { "SPI", "FLASH" } },
	{ "NORDIC_QSPI_NOR", { "FLASH" } }, { "BOOT_SERIAL_UART", { "MCUBOOT_SERIAL" } }, { "BOOT_SERIAL_CDC_ACM", { "MCUBOOT_SERIAL" } },
	{ "MCUBOOT_COMPRESSED_IMAGE_SUPPORT", { "MCUBOOT_MODE_OVERWRITE_ONLY" } }, { "IMG_ERASE_PROGRESSIVELY", { "IMG_MANAGER", "FLASH_MAP" } },
};

static const struct setting *final_of(const struct doctor *d, enum doctor_who who, const char *name)
{
	const struct setting *s = doctor_setting(d, who, name);
	return s != NULL && s->is_final ? s : NULL;
}

/* NULL: there is none, or several, so that it is not known which one belongs to the fragments. */
static const struct doctor_input *final_file(const struct doctor *d, enum doctor_who who)
{
	const struct doctor_input *only = NULL;
	for (size_t i = 0; i < d->inputs.count; i++) {
		if (d->inputs.at[i]->kind != KIND_CONFIG || d->inputs.at[i]->who != who || d->inputs.at[i]->aside)
			continue;
		if (only != NULL)
			return NULL;
		only = d->inputs.at[i];
	}
	return only;
}

static bool same_value(const char *a, const char *b)
{
	char *end_a = NULL, *end_b = NULL;
	unsigned long long x = strtoull(a, &end_a, 0), y = strtoull(b, &end_b, 0);
	bool numbers = end_a != a && *end_a == '\0' && end_b != b && *end_b == '\0';
	while (*a == '\\')
		a++;
	while (*b == '\\')
		b++;
	return numbers ? x == y : strcmp(a, b) == 0;
}

/* The dependencies that the final configuration lacks, as words; empty: none is known. */
static void because(const struct doctor *d, enum doctor_who who, const char *name, char *into, size_t size)
{
	into[0] = '\0';
	for (size_t i = 0; i < HF_ARRAY_COUNT(dependencies); i++) {
		for (size_t k = 0; k < HF_ARRAY_COUNT(dependencies[i].needs) && strcmp(dependencies[i].name, name) == 0; k++) {
			const char *need = dependencies[i].needs[k];
			const struct setting *got = need != NULL ? final_of(d, who, need) : NULL;
			size_t used = strlen(into);
			if (need != NULL && (got == NULL || strcmp(got->value, "n") == 0))
				(void)snprintf(into + used, size - used, "%s%s", used != 0 ? ", " : "", need);
		}
	}
}

/* The last fragment that says it is the one that asked. */
static bool is_last(const struct doctor *d, const struct setting *s)
{
	for (size_t i = 0; i < d->settings.count; i++) {
		const struct setting *other = &d->settings.at[i];
		bool later = other > s && !other->is_final && !other->is_comment && !other->input->aside && other->who == s->who;
		if (later && strcmp(other->name, s->name) == 0)
			return false;
	}
	return true;
}

void rules_final_compare(struct doctor *d)
{
	for (size_t i = 0; i < d->settings.count; i++) {
		const struct setting *s = &d->settings.at[i];
		if (s->is_final || s->is_comment || s->input->aside || s->is_sysbuild != (s->who == WHO_SYSBUILD) || rename_of(s->name) != NULL)
			continue;
		const struct doctor_input *file = s->who == WHO_APP || s->who == WHO_MCUBOOT || s->who == WHO_SYSBUILD ? final_file(d, s->who) : NULL;
		const struct setting *got = final_of(d, s->who, s->name);
		const char *value = got != NULL ? got->value : "n";
		if (file == NULL || same_value(s->value, value) || (got == NULL && s->value[0] == '\0') || !is_last(d, s))
			continue;
		char why[200];
		because(d, s->who, s->name, why, sizeof why);
		bool first = doctor_found(d, "D01") == NULL;
		struct finding *f = doctor_find(d, "D01");
		doctor_say(f, s->input, s->line, "%s: asked %s, got %s%s%s", s->name, s->value, got != NULL ? value : "nothing", why[0] != '\0' ?
				", because these are not set: " : "", why);
		if (got != NULL)
			doctor_say_setting(f, got);
		else
			doctor_say(f, file, 0, "%s is not in it", s->name);
		if (first)
			doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_DATA); /* another file of the build may have changed it on purpose */
	}
}
