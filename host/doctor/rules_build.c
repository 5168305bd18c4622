/* SPDX-License-Identifier: MIT */
/* Configuring and building: files that nobody reads, prefixes, names, what Kconfig refused, what did not link. */
#include <stdio.h>

#include "renames.h"
#include "rules.h"

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static const struct complaint *complaint_of(const struct doctor *d, const char *symbol)
{
	for (size_t i = 0; i < d->complaints.count; i++) {
		if (strcmp(d->complaints.at[i].symbol, symbol) == 0)
			return &d->complaints.at[i];
	}
	return NULL;
}

static void say_complaint(struct finding *f, const struct complaint *c)
{
	doctor_say(f, c->input, c->line, "%s", c->text);
}

/* A name among the files; said without a line. */
static void say_path(struct doctor *d, struct finding *f, const char *path, const char *what)
{
	for (size_t i = 0; i < d->inputs.count; i++) {
		if (strcmp(d->inputs.at[i]->path, path) == 0) {
			doctor_say(f, d->inputs.at[i], 0, "%s", what);
			return;
		}
	}
	doctor_say(f, NULL, 0, "%s: %s", path, what);
}

void detect_b01(struct doctor *d)
{
	(void)by_message(d, "B01");
	const struct layout *main = doctor_main_layout(d);
	if (!d->setup.is_xiao_ble || main != NULL || !doctor_is(d, WHO_SYSBUILD, "BOOTLOADER_MCUBOOT", "y"))
		return;
	bool layouts = false;
	for (size_t i = 0; i < d->layouts.count; i++)
		layouts = layouts || d->layouts.at[i]->partitions.form == PARTITIONS_PM;
	const struct setting *pm = doctor_setting(d, WHO_SYSBUILD, "PARTITION_MANAGER");
	if (layouts || (pm != NULL && strcmp(pm->value, "y") == 0) || (d->setup.is_ncs && pm == NULL))
		return;
	struct finding *f = doctor_find(d, "B01");
	doctor_say_setting(f, doctor_setting(d, WHO_SYSBUILD, "BOOTLOADER_MCUBOOT"));
	doctor_say(f, NULL, 0, "board %s, and no overlay with slot0_partition", d->setup.board);
	doctor_grade(f, SEVERITY_FAULT, CERTAINTY_LIKELY);
}

void detect_b02(struct doctor *d)
{
	const struct setting *app = doctor_setting(d, WHO_APP, "BOOTLOADER_MCUBOOT");
	const struct setting *sysbuild = doctor_setting(d, WHO_SYSBUILD, "BOOTLOADER_MCUBOOT");
	if (app == NULL || strcmp(app->value, "y") != 0 || (sysbuild != NULL && strcmp(sysbuild->value, "y") == 0) || !d->setup.has_sysbuild)
		return;
	if (doctor_name_ending(d, "child_image/mcuboot.conf") != NULL && doctor_name_ending(d, "sysbuild.conf") == NULL)
		return;
	/* A Kconfig.sysbuild can say it as well, and is not read here; Matter's samples do so. */
	if (sysbuild == NULL && (doctor_name_ending(d, "Kconfig.sysbuild") != NULL || doctor_is(d, WHO_APP, "CHIP", "y")))
		return;
	bool sure = sysbuild != NULL || doctor_name_ending(d, "sysbuild.conf") != NULL;
	if (!sure && doctor_name_ending(d, "domains.yaml") == NULL)
		return;
	if (doctor_name_ending(d, "mcuboot/zephyr/.config") != NULL)
		return;
	struct finding *f = doctor_find(d, "B02");
	doctor_say_setting(f, app);
	if (sysbuild != NULL)
		doctor_say_setting(f, sysbuild);
	else
		doctor_say(f, NULL, 0, "sysbuild's configuration does not have SB_CONFIG_BOOTLOADER_MCUBOOT=y");
	if (sysbuild != NULL && sysbuild->is_final)
		doctor_grade(f, SEVERITY_FAULT, CERTAINTY_DATA);
}

/* Symbols of the application or of MCUboot that were given sysbuild's prefix. */
static bool is_no_sysbuild_symbol(const char *name)
{
	static const char *const others[] = { "MCUBOOT_BOOTLOADER_MODE_", "MCUMGR", "BOOT_MAX_IMG_SECTORS", "BOOT_SERIAL_", "MCUBOOT_SERIAL",
			"BOOT_SWAP_USING_",
		"BOOT_UPGRADE_ONLY", "SINGLE_APPLICATION_SLOT", "NORDIC_QSPI_NOR", "SPI_NOR", "UART_CONSOLE", "MCUBOOT_LOG_LEVEL_", "IMG_MANAGER",
				"FLASH_MAP" };
	for (size_t i = 0; i < HF_ARRAY_COUNT(others); i++) {
		if (starts(name, others[i]))
			return true;
	}
	return strcmp(name, "BT") == 0;
}

void detect_b03(struct doctor *d)
{
	(void)by_message(d, "B03");
	for (size_t i = 0; i < d->settings.count; i++) {
		const struct setting *s = &d->settings.at[i];
		bool stray = s->is_sysbuild != (s->who == WHO_SYSBUILD);
		if (s->is_final || s->is_comment || s->is_off || (!stray && !(s->is_sysbuild && is_no_sysbuild_symbol(s->name))))
			continue;
		doctor_say_setting(doctor_find(d, "B03"), s);
		if (!stray)
			doctor_say(doctor_find(d, "B03"), s->input, s->line, "sysbuild has no symbol of this name%s",
				   starts(s->name, "MCUBOOT_BOOTLOADER_MODE_") ? "; there it is SB_CONFIG_MCUBOOT_MODE_*" : "");
	}
	for (size_t i = 0; i < d->complaints.count; i++) {
		if (d->complaints.at[i].undefined && starts(d->complaints.at[i].symbol, "SB_"))
			say_complaint(doctor_find(d, "B03"), &d->complaints.at[i]);
	}
}

/* The first file under folder/ that holds settings or devicetree. */
static const char *path_with(const struct doctor *d, const char *piece, const char *ending)
{
	for (size_t i = 0; i < d->tree.count; i++) {
		const char *path = d->tree.at[i], *at = strstr(path, piece);
		size_t length = strlen(path), size = strlen(ending);
		if (at != NULL && (at == path || at[-1] == '/') && length >= size && strcmp(path + length - size, ending) == 0)
			return path;
	}
	return NULL;
}

void detect_b04(struct doctor *d)
{
	const char *path = path_with(d, "child_image/", ".conf");
	path = path != NULL ? path : path_with(d, "child_image/", ".overlay");
	if (path == NULL || !d->setup.has_sysbuild)
		return;
	struct finding *f = doctor_find(d, "B04");
	say_path(d, f, path, "belongs to the multi-image build of before sysbuild");
	/* Both kept for two SDKs: what sysbuild needs is there too. */
	if (doctor_name_ending(d, "sysbuild/mcuboot.conf") != NULL)
		doctor_grade(f, SEVERITY_NOTE, CERTAINTY_DATA);
}

static size_t settings_of(const struct doctor *d, const char *path)
{
	size_t count = 0;
	for (size_t i = 0; i < d->settings.count; i++)
		count += strcmp(d->settings.at[i].input->path, path) == 0 && !d->settings.at[i].is_comment;
	return count;
}

static bool sets(const struct doctor *d, const char *path, const char *prefix)
{
	for (size_t i = 0; i < d->settings.count; i++) {
		const struct setting *s = &d->settings.at[i];
		if (strcmp(s->input->path, path) == 0 && !s->is_comment && starts(s->name, prefix))
			return true;
	}
	return false;
}

/* A bootloader that announces itself as an application has lost MCUboot's configuration, which sets the banner. */
static void b05_banner(struct doctor *d)
{
	for (size_t i = 0; i < d->boots.count; i++) {
		const struct boot *b = &d->boots.at[i];
		for (size_t k = 0; k < d->hits.count && b->began && b->first_line > 1; k++) {
			const struct log_hit *hit = &d->hits.at[k];
			bool before = hit->input == b->input && hit->line < b->first_line && hit->line + 3 >= b->first_line;
			if (before && strstr(hit->text, "** Booting My Application") != NULL)
				doctor_say(doctor_find(d, "B05"), hit->input, hit->line, "%s", hit->text);
		}
	}
}

/* What MCUboot's own prj.conf gives and a replacement must give again. Source: mcu-tools/mcuboot: boot/zephyr/prj.conf. */
void detect_b05(struct doctor *d)
{
	static const char *const basics[] = { "FLASH", "MAIN_STACK_SIZE", "PM" };
	const char *path = doctor_name_ending(d, "sysbuild/mcuboot/prj.conf");
	b05_banner(d);
	if (path == NULL)
		return;
	struct finding *f = doctor_find(d, "B05");
	say_path(d, f, path, "is used instead of MCUboot's own prj.conf");
	size_t lacking = 0;
	for (size_t i = 0; i < HF_ARRAY_COUNT(basics) && settings_of(d, path) != 0; i++)
		lacking += !sets(d, path, basics[i]);
	if (settings_of(d, path) == 0)
		return;
	if (doctor_hit(d, "select_unmet") != NULL) {
		doctor_say_hits(d, f, "select_unmet", 2);
		doctor_grade(f, SEVERITY_FAULT, CERTAINTY_LIKELY);
	} else if (lacking == 0)
		doctor_grade(f, SEVERITY_NOTE, CERTAINTY_DATA);
	else if (!sets(d, path, "FLASH") && !sets(d, path, "MAIN_STACK_SIZE"))
		doctor_grade(f, SEVERITY_FAULT, CERTAINTY_DATA);
	for (size_t i = 0; i < HF_ARRAY_COUNT(basics) && lacking != 0; i++) {
		if (!sets(d, path, basics[i]))
			say_path(d, f, path, basics[i][0] == 'F' ? "lacks CONFIG_FLASH=y" : basics[i][0] == 'M' ? "lacks CONFIG_MAIN_STACK_SIZE=10240" :
					"lacks CONFIG_PM=n");
	}
}

void detect_b06(struct doctor *d)
{
	for (size_t i = 0; i < d->tree.count; i++) {
		const char *path = d->tree.at[i], *name = strrchr(path, '/');
		if (name == NULL || strcmp(name + 1, "mcuboot.conf") != 0 || strstr(path, "sysbuild/") != NULL || strstr(path, "child_image/") != NULL)
			continue;
		if (strstr(path, "boards/") != NULL || strstr(path, "zephyr/boards") != NULL)
			say_path(d, doctor_find(d, "B06"), path, "no build of NCS or Zephyr adds this file to MCUboot");
	}
}

static const struct devicetree *tree_at(const struct doctor *d, enum doctor_who who, bool final)
{
	for (size_t i = 0; i < d->trees.count; i++) {
		if (d->trees.at[i]->who == who && d->trees.at[i]->is_final == final)
			return d->trees.at[i];
	}
	return NULL;
}

void detect_b07(struct doctor *d)
{
	const struct devicetree *final = tree_at(d, WHO_MCUBOOT, true);
	const struct dt_property *code = final != NULL ? dtsource_chosen(&final->source, "zephyr,code-partition") : NULL;
	if (code != NULL && (strstr(code->value, "slot0") != NULL || strstr(code->value, "slot1") != NULL))
		doctor_say(doctor_find(d, "B07"), final->input, code->line, "zephyr,code-partition = %s", code->value);
	for (size_t i = 0; i < d->trees.count && code == NULL; i++) {
		const struct devicetree *t = d->trees.at[i];
		if (strstr(t->input->path, "sysbuild/mcuboot/boards/") == NULL || dtsource_chosen(&t->source, "zephyr,code-partition") != NULL)
			continue;
		struct finding *f = doctor_find(d, "B07");
		doctor_say(f, t->input, 0, "an overlay in this folder replaces MCUboot's own, which chose boot_partition; this one does not");
		/* With Partition Manager the chosen node does not count. */
		if (d->setup.is_ncs && !doctor_is(d, WHO_SYSBUILD, "PARTITION_MANAGER", "n"))
			doctor_grade(f, SEVERITY_NOTE, CERTAINTY_LIKELY);
	}
}

static bool spi_in_mcuboot(const struct doctor *d)
{
	if (doctor_is(d, WHO_MCUBOOT, "SPI_NOR", "y") || doctor_hit(d, "spi_nor_said") != NULL)
		return true;
	for (size_t i = 0; i < d->trees.count; i++) {
		const struct dtsource *s = &d->trees.at[i]->source;
		for (size_t k = 0; k < s->property_count; k++) {
			if (strcmp(s->properties[k].name, "compatible") == 0 && strstr(s->properties[k].value, "jedec,spi-nor") != NULL)
				return true;
		}
	}
	return false;
}

static bool mcuboot_overflows(const struct doctor *d, const struct log_hit **where)
{
	*where = NULL;
	for (size_t i = 0; i < d->hits.count; i++) {
		const struct log_hit *hit = &d->hits.at[i];
		if (hit->about_mcuboot && strstr(hit->text, "FLASH") != NULL && strstr(hit->text, "region") != NULL)
			*where = *where == NULL || hit->numbers_found[0] ? hit : *where;
	}
	return *where != NULL;
}

void detect_b08(struct doctor *d)
{
	const struct log_hit *hit = NULL;
	if (mcuboot_overflows(d, &hit))
		doctor_say(doctor_find(d, "B08"), hit->input, hit->line, "%s", hit->text);
}

void detect_b09(struct doctor *d)
{
	const struct log_hit *hit = NULL;
	rules_loader_room(d);
	if (!mcuboot_overflows(d, &hit) || !spi_in_mcuboot(d) || (hit->numbers_found[0] && hit->numbers[0] > 0x4000))
		return;
	struct finding *f = doctor_find(d, "B09");
	doctor_say(f, hit->input, hit->line, "%s", hit->text);
	const struct setting *nor = doctor_setting(d, WHO_MCUBOOT, "SPI_NOR");
	if (nor != NULL)
		doctor_say_setting(f, nor);
	doctor_say_hits(d, f, "spi_nor_said", 1);
}

static bool other_updater(const struct doctor *d)
{
	static const char *const others[] = { "NCS_SAMPLE_MCUMGR_BT_OTA_DFU", "CHIP", "CHIP_OTA_REQUESTOR", "FOTA_DOWNLOAD", "DFU_TARGET", "UPDATEHUB",
			"HAWKBIT", "IMG_MANAGER",
		"USB_DFU_CLASS", "USBD_DFU", "GOLIOTH_FIRMWARE_UPDATE", "MEMFAULT_FOTA", "NRF_CLOUD_FOTA", "NRF_CLOUD", "ZIGBEE_FOTA", "BT_MESH_DFU_TARGET",
				"MCUMGR" };
	for (size_t i = 0; i < HF_ARRAY_COUNT(others); i++) {
		if (doctor_is(d, WHO_APP, others[i], "y"))
			return true;
	}
	return doctor_is(d, WHO_MCUBOOT, "MCUBOOT_SERIAL", "y");
}

/* Updating is prepared (a second slot, or group settings), but MCUmgr is commented out or missing. */
static void b10_comment(struct doctor *d, const struct setting *s)
{
	bool first = doctor_found(d, "B10") == NULL;
	struct finding *f = doctor_find(d, "B10");
	doctor_say_setting(f, s);
	doctor_title(f, "MCUmgr is commented out: nothing in the application can receive an update");
	if (first)
		doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_DATA);
}

static void b10_switched_off(struct doctor *d)
{
	const struct layout *main = doctor_main_layout(d);
	bool slot = main != NULL && partitions_of(&main->partitions, PARTITION_SECONDARY) != NULL;
	if (other_updater(d))
		return;
	for (size_t i = 0; i < d->settings.count; i++) {
		const struct setting *s = &d->settings.at[i];
		bool core = strcmp(s->name, "MCUMGR") == 0 || strcmp(s->name, "MCUMGR_GRP_IMG") == 0 || strcmp(s->name, "MCUMGR_GRP_OS") == 0;
		if (s->who != WHO_APP || s->input->aside || !s->is_comment || !core || strcmp(s->value, "y") != 0)
			continue;
		if (slot || doctor_is(d, WHO_SYSBUILD, "BOOTLOADER_MCUBOOT", "y") || doctor_is(d, WHO_APP, "BOOTLOADER_MCUBOOT", "y"))
			b10_comment(d, s);
	}
}

static void b10_unmet(struct doctor *d)
{
	static const char *const needs[] = { "NET_BUF", "ZCBOR", "CRC" };
	const struct setting *mcumgr = doctor_setting(d, WHO_APP, "MCUMGR");
	bool group = doctor_is(d, WHO_APP, "MCUMGR_GRP_IMG", "y") || doctor_is(d, WHO_APP, "MCUMGR_GRP_OS", "y") ||
			doctor_is(d, WHO_APP, "MCUMGR_TRANSPORT_BT", "y");
	if (doctor_is(d, WHO_APP, "NCS_SAMPLE_MCUMGR_BT_OTA_DFU", "y") || doctor_is(d, WHO_APP, "CHIP", "y"))
		return;
	const struct setting *bt = doctor_setting(d, WHO_APP, "MCUMGR_TRANSPORT_BT");
	if (group && mcumgr == NULL && !(bt != NULL && bt->is_final)) { /* a final .config that was shortened */
		struct finding *f = doctor_find(d, "B10");
		doctor_say(f, NULL, 0, "MCUmgr's groups or transports are set, CONFIG_MCUMGR=y is not");
		doctor_grade(f, SEVERITY_FAULT, CERTAINTY_LIKELY);
		return;
	}
	if (mcumgr == NULL || mcumgr->is_final || strcmp(mcumgr->value, "y") != 0 || !group)
		return;
	size_t lacking = 0;
	for (size_t i = 0; i < HF_ARRAY_COUNT(needs); i++)
		lacking += !doctor_is(d, WHO_APP, needs[i], "y");
	if (lacking != HF_ARRAY_COUNT(needs) || (d->setup.zephyr_version != 0 && d->setup.zephyr_version < 303))
		return;
	struct finding *f = doctor_find(d, "B10");
	doctor_say_setting(f, mcumgr);
	doctor_say(f, mcumgr->input, mcumgr->line, "none of CONFIG_NET_BUF, CONFIG_ZCBOR, CONFIG_CRC is set, on which it depends since Zephyr 3.3");
	doctor_grade(f, SEVERITY_FAULT, CERTAINTY_LIKELY);
}

void detect_b10(struct doctor *d)
{
	for (size_t i = 0; i < d->complaints.count; i++) {
		const struct complaint *c = &d->complaints.at[i];
		if (!c->undefined && starts(c->symbol, "MCUMGR") && strcmp(c->got, "n") == 0)
			say_complaint(doctor_find(d, "B10"), c);
	}
	const struct setting *final = doctor_setting(d, WHO_APP, "MCUMGR");
	for (size_t i = 0; i < d->settings.count && final != NULL && final->is_final; i++) {
		const struct setting *s = &d->settings.at[i];
		if (s->is_final || s->is_comment || s->who != WHO_APP || strcmp(s->name, "MCUMGR") != 0 || strcmp(s->value, "y") != 0 ||
				strcmp(final->value, "n") != 0)
			continue;
		struct finding *f = doctor_find(d, "B10");
		doctor_say_setting(f, s);
		doctor_say_setting(f, final);
	}
	b10_switched_off(d);
	b10_unmet(d);
}

static bool old_enough(const struct doctor *d, int since)
{
	if (d->setup.zephyr_version != 0)
		return d->setup.zephyr_version < since;
	return d->setup.ncs_version != 0 && d->setup.ncs_version < (since <= 303 ? 203 : 300);
}

/* Moved from the application to sysbuild with nRF Connect SDK 2.7. Source: its migration_sysbuild guide. */
static void b11_moved(struct doctor *d)
{
	static const struct { const char *old_name, *new_name; } rows[] = {
		{ "SECURE_BOOT", "SB_CONFIG_SECURE_BOOT_APPCORE" }, { "SB_SIGNING_KEY_FILE", "SB_CONFIG_SECURE_BOOT_SIGNING_KEY_FILE" },
		{ "PM_EXTERNAL_FLASH_MCUBOOT_SECONDARY", "SB_CONFIG_PM_EXTERNAL_FLASH_MCUBOOT_SECONDARY" },
		{ "BUILD_S1_VARIANT", "SB_CONFIG_SECURE_BOOT_BUILD_S1_VARIANT_IMAGE" },
	};
	bool modern = doctor_setting(d, WHO_SYSBUILD, "BOOTLOADER_MCUBOOT") != NULL && (d->setup.ncs_version == 0 || d->setup.ncs_version >= 207);
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows) && modern; i++) {
		const struct setting *s = doctor_setting(d, WHO_APP, rows[i].old_name);
		if (s == NULL || s->is_final || strcmp(s->value, "n") == 0)
			continue;
		bool first = doctor_found(d, "B11") == NULL;
		struct finding *f = doctor_find(d, "B11");
		if (first)
			doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_LIKELY); /* sysbuild may set it as well, under its own name */
		doctor_say(f, s->input, s->line, "CONFIG_%s=%s: with sysbuild it is %s, in sysbuild.conf", s->name, s->value, rows[i].new_name);
	}
}

void detect_b11(struct doctor *d)
{
	b11_moved(d);
	for (size_t i = 0; i < d->settings.count; i++) {
		const struct setting *s = &d->settings.at[i];
		const struct rename *r = s->is_final || s->is_comment || s->is_off ? NULL : rename_of(s->name);
		if (r == NULL || old_enough(d, r->zephyr_since))
			continue;
		struct finding *f = doctor_find(d, "B11");
		doctor_say(f, s->input, s->line, "CONFIG_%s=%s: %s%s since Zephyr %d.%d", s->name, s->value, r->new_name != NULL ? "it is " : "it is gone",
			   r->new_name != NULL ? r->new_name : "", r->zephyr_since / 100, r->zephyr_since % 100);
		if (r->zephyr_since <= 303)
			doctor_grade(f, SEVERITY_FAULT, CERTAINTY_DATA);
		else if (f->evidence_count == 1)
			doctor_grade(f, SEVERITY_NOTE, CERTAINTY_DATA); /* deprecated, still taken */
	}
	for (size_t i = 0; i < d->complaints.count; i++) {
		const struct complaint *c = &d->complaints.at[i];
		const struct rename *r = c->undefined ? rename_of(c->symbol) : NULL;
		if (r == NULL)
			continue;
		struct finding *f = doctor_find(d, "B11");
		doctor_say(f, c->input, c->line, "%s is %s now", c->symbol, r->new_name != NULL ? r->new_name : "gone");
		doctor_grade(f, SEVERITY_FAULT, CERTAINTY_DATA);
	}
}

void detect_b12(struct doctor *d)
{
	const struct setting *old = doctor_setting(d, WHO_APP, "MCUBOOT_IMAGE_VERSION");
	if (old != NULL && !old->is_final && !(d->setup.ncs_version != 0 && d->setup.ncs_version < 204))
		doctor_say_setting(doctor_find(d, "B12"), old);
	const struct complaint *c = complaint_of(d, "MCUBOOT_IMAGE_VERSION");
	if (c != NULL) {
		say_complaint(doctor_find(d, "B12"), c);
		doctor_grade(doctor_find(d, "B12"), SEVERITY_FAULT, CERTAINTY_DATA);
	}
	size_t zero = 0, all = 0;
	for (size_t i = 0; i < d->listed.count; i++) {
		const struct listed *s = &d->listed.at[i];
		all += s->has_version;
		zero += s->has_version && starts(s->version, "0.0.0");
	}
	if (zero > 1 && zero == all)
		doctor_say(doctor_find(d, "B12"), d->listed.at[0].input, d->listed.at[0].line, "every slot shows version 0.0.0");
	for (size_t i = 0; i < d->images.count; i++) {
		const struct found_image *image = &d->images.at[i];
		struct hf_version none = { 0, 0, 0, 0 };
		if (image->broken == HF_OK && hf_version_compare(&image->version, &none) == 0) {
			struct finding *f = doctor_find(d, "B12");
			doctor_say(f, image->input, 0, "%s: offset 0x14: version 0.0.0", image->name);
			if (f->evidence_count == 1)
				doctor_grade(f, SEVERITY_NOTE, CERTAINTY_DATA);
		}
	}
}

void detect_b13(struct doctor *d)
{
	const struct complaint *c = complaint_of(d, "MBEDTLS_CFG_FILE");
	if (c != NULL)
		say_complaint(doctor_find(d, "B13"), c);
}

void detect_b14(struct doctor *d)
{
	static const char *const symbols[] = { "MCUBOOT_COMPRESSED_IMAGE_SUPPORT", "BOOT_DECOMPRESSION_SUPPORT", "MCUBOOT_COMPRESSED_IMAGE_SUPPORT_ENABLED" };
	for (size_t i = 0; i < HF_ARRAY_COUNT(symbols); i++) {
		const struct complaint *c = complaint_of(d, symbols[i]);
		if (c != NULL && !c->undefined)
			say_complaint(doctor_find(d, "B14"), c);
	}
	const struct setting *asked = doctor_setting(d, WHO_SYSBUILD, "MCUBOOT_COMPRESSED_IMAGE_SUPPORT");
	if (asked == NULL || strcmp(asked->value, "y") != 0 || d->setup.mode == MODE_OVERWRITE)
		return;
	struct finding *f = doctor_find(d, "B14");
	doctor_say_setting(f, asked);
	if (d->setup.mode_setting != NULL)
		doctor_say_setting(f, d->setup.mode_setting);
	else
		doctor_say(f, asked->input, asked->line, "and no SB_CONFIG_MCUBOOT_MODE_OVERWRITE_ONLY=y beside it");
}

static bool uart_of_its_own(const struct doctor *d)
{
	for (size_t i = 0; i < d->trees.count; i++) {
		const struct devicetree *t = d->trees.at[i];
		const struct dt_property *own = dtsource_chosen(&t->source, "zephyr,uart-mcumgr"), *console = dtsource_chosen(&t->source, "zephyr,console");
		if (t->who == WHO_MCUBOOT && own != NULL && (console == NULL || strcmp(own->value, console->value) != 0))
			return true;
	}
	return false;
}

void detect_b15(struct doctor *d)
{
	(void)by_message(d, "B15");
	const struct setting *serial = doctor_setting(d, WHO_MCUBOOT, "MCUBOOT_SERIAL"), *uart = doctor_setting(d, WHO_MCUBOOT, "BOOT_SERIAL_UART");
	const struct setting *usb = doctor_setting(d, WHO_MCUBOOT, "BOOT_SERIAL_CDC_ACM"), *console = doctor_setting(d, WHO_MCUBOOT, "UART_CONSOLE");
	bool on = serial != NULL && strcmp(serial->value, "y") == 0;
	bool by_uart = uart != NULL && strcmp(uart->value, "y") == 0, by_usb = usb != NULL && strcmp(usb->value, "y") == 0;
	if (on && by_uart && by_usb) {
		bool said = doctor_found(d, "B15") != NULL;
		struct finding *f = doctor_find(d, "B15");
		doctor_say_setting(f, uart);
		doctor_say_setting(f, usb);
		if (!said)
			doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_DATA); /* one choice: the later line wins, with a warning */
	}
	bool off = (console != NULL && strcmp(console->value, "n") == 0) || doctor_is(d, WHO_MCUBOOT, "CONSOLE", "n");
	if (!on || !by_uart || by_usb || off || uart_of_its_own(d))
		return;
	struct finding *f = doctor_find(d, "B15");
	doctor_say_setting(f, uart);
	if (console != NULL)
		doctor_say_setting(f, console);
	else {
		doctor_say(f, uart->input, uart->line, "and no CONFIG_UART_CONSOLE=n: boards switch the console on");
		doctor_grade(f, SEVERITY_FAULT, CERTAINTY_LIKELY);
	}
}

void detect_b16(struct doctor *d)
{
	bool said = by_message(d, "B16");
	const struct setting *pm = doctor_setting(d, WHO_SYSBUILD, "PARTITION_MANAGER");
	if (said || d->setup.ncs_version < 303)
		return;
	if (pm != NULL && strcmp(pm->value, "y") == 0)
		doctor_say_setting(doctor_find(d, "B16"), pm);
	for (size_t i = 0; i < d->layouts.count; i++) {
		if (d->layouts.at[i]->partitions.form == PARTITIONS_PM && !d->layouts.at[i]->input->aside && (pm == NULL || strcmp(pm->value, "y") == 0))
			doctor_say(doctor_find(d, "B16"), d->layouts.at[i]->input, 1, "a static layout of Partition Manager; the SDK is %d.%d",
					d->setup.ncs_version / 100,
				   d->setup.ncs_version % 100);
	}
	if (doctor_found(d, "B16") != NULL)
		doctor_grade(doctor_find(d, "B16"), SEVERITY_NOTE, CERTAINTY_DATA); /* nothing broke yet */
}

void detect_b17(struct doctor *d)
{
	const struct log_hit *region = doctor_hit(d, "flash_region");
	bool whole = region != NULL && (strstr(region->text, "1 MB") != NULL || strstr(region->text, "1024 KB") != NULL ||
			strstr(region->text, "1048576 B") != NULL);
	bool mcuboot = doctor_is(d, WHO_SYSBUILD, "BOOTLOADER_MCUBOOT", "y") || doctor_hit(d, "in_mcuboot") != NULL;
	if (d->setup.is_xiao_ble && whole && !mcuboot)
		doctor_say(doctor_find(d, "B17"), region->input, region->line, "%s", region->text);
	for (size_t i = 0; i < d->layouts.count; i++) {
		const struct layout *l = d->layouts.at[i];
		const struct partition *app = partitions_of(&l->partitions, PARTITION_APP);
		if (d->setup.is_xiao_ble && app != NULL && app->has_addr && app->addr == 0 && partitions_of(&l->partitions, PARTITION_BOOT) == NULL)
			doctor_say(doctor_find(d, "B17"), l->input, app->addr_line, "app at 0x0");
	}
}

void detect_d01(struct doctor *d)
{
	rules_final_compare(d);
	if (doctor_hit(d, "select_unmet") != NULL)
		doctor_say_hits(d, doctor_find(d, "D01"), "select_unmet", 3);
	for (size_t i = 0; i < d->complaints.count; i++) {
		const struct complaint *c = &d->complaints.at[i];
		bool told = starts(c->symbol, "MCUMGR") || starts(c->symbol, "SB_") || rename_of(c->symbol) != NULL ||
				strcmp(c->symbol, "MBEDTLS_CFG_FILE") == 0 ||
			    strcmp(c->symbol, "MCUBOOT_COMPRESSED_IMAGE_SUPPORT") == 0 || strcmp(c->symbol, "MCUBOOT_IMAGE_VERSION") == 0 ||
			    strcmp(c->symbol, "BOOT_SERIAL_DETECT_DOUBLE_RESET") == 0;
		if (told && !(c->undefined && starts(c->symbol, "MCUMGR") && rename_of(c->symbol) == NULL))
			continue;
		struct finding *f = doctor_find(d, "D01");
		if (c->undefined)
			doctor_say(f, c->input, c->line, "%s is known to no Kconfig file of this image", c->symbol);
		else
			doctor_say(f, c->input, c->line, "%s: asked %s, got %s, because of %s", c->symbol, c->asked, c->got, c->needs[0] != '\0' ? c->needs :
					"a choice or range");
		if (!c->undefined)
			doctor_grade(f, f->severity == SEVERITY_FAULT && f->evidence_count > 1 ? SEVERITY_FAULT : SEVERITY_ATTENTION, CERTAINTY_DATA);
	}
}

void detect_d04(struct doctor *d)
{
	static const char *const only[] = { "BOOT_MAX_IMG_SECTORS", "MCUBOOT_SERIAL", "BOOT_SERIAL_", "BOOT_SWAP_USING", "BOOT_UPGRADE_ONLY",
			"SINGLE_APPLICATION_SLOT",
		"BOOT_VALIDATE_SLOT0", "MCUBOOT_INDICATION_LED", "BOOT_BOOTSTRAP" };
	for (size_t i = 0; i < d->settings.count; i++) {
		const struct setting *s = &d->settings.at[i];
		if (s->who != WHO_APP || s->is_final || s->is_comment || s->is_off || s->is_sysbuild)
			continue;
		for (size_t k = 0; k < HF_ARRAY_COUNT(only); k++) {
			if (starts(s->name, only[k]))
				doctor_say_setting(doctor_find(d, "D04"), s);
		}
	}
}
