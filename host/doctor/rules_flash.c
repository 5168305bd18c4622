/* SPDX-License-Identifier: MIT */
/* External flash, serial recovery, the XIAO boards. */
#define _GNU_SOURCE /* strcasestr */
#include <stdio.h>
#include <stdlib.h>

#include "rules.h"

static bool by_mcuboot(const struct doctor *d, const char *name)
{
	return doctor_is(d, WHO_MCUBOOT, name, "y");
}

/* The chosen flash for the secondary, in whose devicetree. */
static const struct dt_property *ext_flash(const struct doctor *d, enum doctor_who who, const struct doctor_input **input)
{
	for (size_t i = 0; i < d->trees.count; i++) {
		const struct dt_property *p = dtsource_chosen(&d->trees.at[i]->source, "nordic,pm-ext-flash");
		if (p != NULL && d->trees.at[i]->who == who) {
			*input = d->trees.at[i]->input;
			return p;
		}
	}
	return NULL;
}

/* What a list of the recovery shows when it can't start what the slot holds. */
static void r04_listed(struct doctor *d)
{
	for (size_t i = 0; i < d->listed.count; i++) {
		const struct listed *s = &d->listed.at[i];
		if (s->is_shell || s->image != 0 || s->slot != 0 || !s->says_bootable || s->bootable)
			continue;
		struct finding *f = doctor_find(d, "R04");
		doctor_say(f, s->input, s->line, "slot 0, version %s: bootable is false", s->version);
		doctor_title(f, "The image in slot 0 is listed as not bootable");
		doctor_remedy(f, "Next thing to look at: the mode of both builds. SB_CONFIG_MCUBOOT_MODE_SINGLE_APP=y sets it in bootloader and application; "
			      "CONFIG_SINGLE_APPLICATION_SLOT by hand does not. And that the file was the signed one.");
		doctor_grade(f, SEVERITY_FAULT, CERTAINTY_LIKELY);
	}
}

static void x01_files(struct doctor *d, struct finding *f)
{
	const struct doctor_input *input = NULL;
	const struct dt_property *app = ext_flash(d, WHO_APP, &input);
	const struct doctor_input *other = NULL;
	if (app != NULL && ext_flash(d, WHO_MCUBOOT, &other) == NULL)
		doctor_say(f, input, app->line, "nordic,pm-ext-flash = %s: chosen for the application, in no devicetree of MCUboot", app->value);
	for (size_t i = 0; i < d->layouts.count; i++) {
		const struct layout *l = d->layouts.at[i];
		const struct partition *p = partitions_of(&l->partitions, PARTITION_SECONDARY);
		if (p != NULL && !partition_is_internal(p) && p->device[0] != '\0' && strstr(p->device, "DT_CHOSEN") == NULL &&
				l->partitions.form == PARTITIONS_PM)
			doctor_say(f, l->input, p->device_line, "device: %s; DT_CHOSEN(nordic_pm_ext_flash) follows the devicetree", p->device);
	}
}

void detect_x01(struct doctor *d)
{
	const struct doctor_input *input = NULL;
	if (by_message(d, "X01")) {
		x01_files(d, doctor_find(d, "X01"));
		return;
	}
	const struct log_hit *other = doctor_hit(d, "flash_area_other");
	other = other != NULL ? other : doctor_hit(d, "boot_abort");
	if (other != NULL && doctor_hit(d, "X02") == NULL) {
		doctor_say(doctor_find(d, "X01"), other->input, other->line, "%s", other->text);
		doctor_title(doctor_find(d, "X01"), "The bootloader can't open a flash area");
		x01_files(d, doctor_find(d, "X01"));
		return;
	}
	/* By the files alone: MCUboot's overlay is there, the chosen node is not. */
	if (!d->setup.external_secondary || ext_flash(d, WHO_APP, &input) == NULL || doctor_name_ending(d, "sysbuild/mcuboot.conf") == NULL)
		return;
	if (ext_flash(d, WHO_MCUBOOT, &input) != NULL || doctor_name_ending(d, "sysbuild/mcuboot.overlay") != NULL)
		return;
	for (size_t i = 0; i < d->tree.count; i++) {
		if (strstr(d->tree.at[i], "mcuboot") != NULL && strstr(d->tree.at[i], ".overlay") != NULL)
			return;
	}
	struct finding *f = doctor_find(d, "X01");
	x01_files(d, f);
	doctor_title(f, "MCUboot's devicetree may lack the external flash: only the application's overlay chooses it");
	doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_LIKELY); /* some boards choose it in their own files */
}

static bool no_answer(const char *text)
{
	return strstr(text, "[00 00 00]") != NULL || strcasestr(text, "[ff ff ff]") != NULL;
}

/* The numbers in the first two brackets; the printed form may be decimal. */
static bool ids_of(const char *text, unsigned long ids[2][3])
{
	for (int k = 0; k < 2; k++) {
		text = strchr(text, '[');
		/* Zephyr's own stamp is in brackets too. */
		while (text != NULL && strchr(text, ']') != NULL && memchr(text, ':', (size_t)(strchr(text, ']') - text)) != NULL)
			text = strchr(text + 1, '[');
		if (text == NULL)
			return false;
		const char *close = strchr(text, ']');
		bool hex = close != NULL && close - text == 9; /* "[c2 28 17]" */
		char *end = NULL;
		text++;
		for (int i = 0; i < 3; i++) {
			ids[k][i] = strtoul(text, &end, hex ? 16 : 10);
			if (end == text || ids[k][i] > 255)
				return false;
			text = end;
		}
	}
	return true;
}

/* Nearly the right id: the chip is right and bits are lost on the way. */
static bool loses_bits(const char *text)
{
	unsigned long ids[2][3];
	unsigned wrong = 0;
	if (!ids_of(text, ids))
		return false;
	for (int i = 0; i < 3; i++) {
		for (unsigned long bits = ids[0][i] ^ ids[1][i]; bits != 0; bits &= bits - 1)
			wrong++;
	}
	return wrong > 0 && wrong <= 3;
}

void detect_x03(struct doctor *d)
{
	const struct log_hit *hit = doctor_hit(d, "X03");
	if (hit == NULL || doctor_found(d, "X04") != NULL)
		return;
	const struct log_hit *ids = doctor_hit(d, "ids_printed");
	if (ids != NULL && loses_bits(ids->text)) {
		struct finding *f = doctor_find(d, "X05");
		doctor_say(f, ids->input, ids->line, "%s", ids->text);
		doctor_title(f, "The flash's id comes with single bits wrong: its clock is too high");
		doctor_grade(f, SEVERITY_FAULT, CERTAINTY_LIKELY);
	}
	doctor_say_hits(d, doctor_find(d, "X03"), "X03", 2);
	if (no_answer(hit->text))
		doctor_title(doctor_find(d, "X03"), "The external flash does not answer");
}

/* Seen at one boot and silent at a later one. */
void detect_x04(struct doctor *d)
{
	const struct log_hit *hit = doctor_hit(d, "X03");
	const struct log_hit *dead = hit != NULL ? hit : doctor_hit(d, "X01");
	if (dead == NULL || dead->boot < 2)
		return;
	bool every = false;
	for (size_t i = 0; i < d->boots.count; i++)
		every = every || (d->boots.at[i].input == dead->input && d->boots.at[i].jump_line != 0 && d->boots.at[i].first_line < dead->line);
	if (!every || (hit != NULL && !no_answer(hit->text)))
		return;
	struct finding *f = doctor_find(d, "X04");
	doctor_say(f, dead->input, dead->line, "%s", dead->text);
	doctor_say(f, dead->input, dead->line, "an earlier boot of this log had the flash");
}

void detect_x05(struct doctor *d)
{
	for (size_t i = 0; i < d->trees.count; i++) {
		const struct dtsource *s = &d->trees.at[i]->source;
		for (size_t k = 0; k < s->property_count; k++) {
			const struct dt_property *p = &s->properties[k];
			uint64_t hertz = 0;
			const struct dt_property *compatible = dtsource_property(s, p->node, "compatible");
			bool qspi = strstr(s->nodes[p->node].label, "p25q16h") != NULL || strstr(s->nodes[p->node].label, "mx25r64") != NULL ||
				    (compatible != NULL && strstr(compatible->value, "nordic,qspi-nor") != NULL);
			if (strcmp(p->name, "sck-frequency") != 0 || !qspi || !dtsource_cell(p->value, 0, &hertz) || hertz <= 32000000)
				continue;
			doctor_say(doctor_find(d, "X05"), d->trees.at[i]->input, p->line, "sck-frequency = %s", p->value);
		}
	}
}

void detect_x06(struct doctor *d)
{
	static const char *const names[] = { "SPI_NOR_FLASH_LAYOUT_PAGE_SIZE", "NORDIC_QSPI_NOR_FLASH_LAYOUT_PAGE_SIZE" };
	static const char *const drivers[] = { "SPI_NOR", "NORDIC_QSPI_NOR" };
	(void)by_message(d, "X06");
	const struct log_hit *pages = doctor_hit(d, "layout_pages");
	bool trouble = doctor_hit(d, "not_compatible") != NULL || doctor_hit(d, "X02") != NULL || doctor_hit(d, "X06") != NULL;
	if (pages != NULL && pages->numbers_found[1] && pages->numbers[1] != 4096 && trouble)
		doctor_say(doctor_find(d, "X06"), pages->input, pages->line, "%s", pages->text);
	for (size_t i = 0; i < HF_ARRAY_COUNT(names); i++) {
		const struct setting *s = doctor_setting(d, WHO_MCUBOOT, names[i]);
		if (s == NULL || !d->setup.external_secondary || !by_mcuboot(d, drivers[i]) || doctor_setting_number(d, WHO_MCUBOOT, names[i], 4096) == 4096)
			continue;
		if (d->setup.mode == MODE_OVERWRITE || d->setup.mode == MODE_SCRATCH)
			continue;
		doctor_say_setting(doctor_find(d, "X06"), s);
	}
}

void detect_x07(struct doctor *d)
{
	static const enum doctor_who whose[] = { WHO_APP, WHO_MCUBOOT };
	for (size_t i = 0; i < HF_ARRAY_COUNT(whose); i++) {
		const struct setting *s = doctor_setting(d, whose[i], "NORDIC_QSPI_NOR");
		if (s == NULL || strcmp(s->value, "y") != 0)
			continue;
		if (doctor_soc_is_54l(d->setup.soc)) {
			struct finding *f = doctor_find(d, "X07");
			doctor_say_setting(f, s);
			doctor_say(f, s->input, s->line, "the chip is an nRF54L, known from %s", d->setup.soc_why);
		} else if (d->setup.soc == SOC_UNKNOWN && whose[i] == WHO_APP && d->layouts.count == 0 && d->trees.count == 0) {
			struct finding *f = doctor_find(d, "X07");
			doctor_say_setting(f, s);
			doctor_title(f, "If the chip is an nRF54L, this driver option does nothing: it has no QSPI");
			doctor_say(f, s->input, s->line, "nothing given names the chip; next thing to look at: the board of the build");
			doctor_grade(f, SEVERITY_NOTE, CERTAINTY_LIKELY);
		}
	}
}

void detect_x08(struct doctor *d)
{
	if (!d->setup.is_xiao || d->setup.soc != SOC_NRF54L15)
		return;
	for (size_t i = 0; i < d->layouts.count; i++) {
		const struct layout *l = d->layouts.at[i];
		for (size_t k = 0; k < l->partitions.count; k++) {
			if (strncmp(l->partitions.list[k].region, "external_flash", 14) == 0)
				doctor_say(doctor_find(d, "X08"), l->input, l->partitions.list[k].line, "%s is in external flash", l->partitions.list[k].name);
		}
	}
	const struct setting *s = doctor_setting(d, WHO_SYSBUILD, "PM_EXTERNAL_FLASH_MCUBOOT_SECONDARY");
	if (s != NULL && strcmp(s->value, "y") == 0)
		doctor_say_setting(doctor_find(d, "X08"), s);
}

void detect_x09(struct doctor *d)
{
	(void)by_message(d, "X09");
	for (size_t i = 0; i < d->ranges.count; i++) {
		const struct memory_range *a = &d->ranges.at[i];
		for (size_t k = i + 1; k < d->ranges.count; k++) {
			const struct memory_range *b = &d->ranges.at[k];
			bool far = a->addr < 0x10000000u && b->addr >= 0x12000000u && b->addr < 0x20000000u;
			if (a->input != b->input || !far)
				continue;
			struct finding *f = doctor_find(d, "X09");
			doctor_say(f, a->input, 0, "0x%llx and 0x%llx (external flash)", (unsigned long long)a->addr, (unsigned long long)b->addr);
			return;
		}
	}
}

void detect_x10(struct doctor *d)
{
	(void)by_message(d, "X10");
	for (size_t i = 0; i < d->trees.count; i++) {
		const struct dtsource *s = &d->trees.at[i]->source;
		const struct dt_property *chosen = dtsource_chosen(s, "nordic,pm-ext-flash");
		int node = chosen != NULL && chosen->value[0] == '&' ? dtsource_labelled(s, chosen->value + 1) : -1;
		const struct dt_property *compatible = node >= 0 ? dtsource_property(s, node, "compatible") : NULL;
		if (compatible == NULL || strstr(compatible->value, "nor") != NULL || doctor_is(d, WHO_SYSBUILD, "PM_OVERRIDE_EXTERNAL_DRIVER_CHECK", "y"))
			continue;
		struct finding *f = doctor_find(d, "X10");
		doctor_say(f, d->trees.at[i]->input, chosen->line, "nordic,pm-ext-flash = %s", chosen->value);
		doctor_say(f, d->trees.at[i]->input, compatible->line, "compatible = %s", compatible->value);
	}
}

/* --- serial recovery --------------------------------------------------------------------------------------------------------- */

static const struct devicetree *overlay_of(const struct doctor *d, enum doctor_who who)
{
	for (size_t i = 0; i < d->trees.count; i++) {
		if (d->trees.at[i]->who == who)
			return d->trees.at[i];
	}
	return NULL;
}

void detect_r02(struct doctor *d)
{
	const struct devicetree *app = overlay_of(d, WHO_APP);
	const struct setting *driver = doctor_setting(d, WHO_MCUBOOT, "SERIAL");
	if (by_mcuboot(d, "MCUBOOT_SERIAL") && driver != NULL && strcmp(driver->value, "n") == 0) {
		struct finding *f = doctor_find(d, "R02");
		doctor_say_setting(f, driver);
		doctor_say_setting(f, doctor_setting(d, WHO_MCUBOOT, "MCUBOOT_SERIAL"));
		doctor_title(f, "Serial recovery has no serial driver: CONFIG_SERIAL=n");
		doctor_remedy(f, "Take CONFIG_SERIAL=n out of MCUboot's configuration; CONFIG_UART_CONSOLE=n alone keeps the console off the line.");
		return;
	}
	if (!by_mcuboot(d, "MCUBOOT_SERIAL") || by_mcuboot(d, "BOOT_SERIAL_CDC_ACM") || app == NULL || overlay_of(d, WHO_MCUBOOT) != NULL)
		return;
	const struct dt_property *own = dtsource_chosen(&app->source, "zephyr,uart-mcumgr");
	bool silent = doctor_hit(d, "U04") != NULL;
	if (own == NULL && !silent)
		return;
	struct finding *f = doctor_find(d, "R02");
	if (own != NULL)
		doctor_say(f, app->input, own->line, "zephyr,uart-mcumgr = %s, for the application alone", own->value);
	doctor_say_setting(f, doctor_setting(d, WHO_MCUBOOT, "MCUBOOT_SERIAL"));
	doctor_say_hits(d, f, "U04", 1);
	if (!silent)
		doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_LIKELY);
}

void detect_r03(struct doctor *d)
{
	bool listed = false; /* a recovery's list: it can't give a hash */
	for (size_t i = 0; i < d->listed.count; i++)
		listed = listed || (!d->listed.at[i].has_hash && !d->listed.at[i].is_shell);
	if (doctor_hit(d, "upload_zero") == NULL)
		return;
	if (!by_mcuboot(d, "MCUBOOT_SERIAL") && doctor_hit(d, "recovery") == NULL && !listed && doctor_hit(d, "serial_client") == NULL)
		return;
	if (doctor_hit(d, "upload_done") != NULL)
		return;
	struct finding *f = doctor_find(d, "R03");
	doctor_say_hits(d, f, "upload_zero", 2);
	const struct setting *console = doctor_setting(d, WHO_MCUBOOT, "UART_CONSOLE");
	if (console != NULL)
		doctor_say_setting(f, console);
}

void detect_r04(struct doctor *d)
{
	const struct setting *s = doctor_setting(d, WHO_MCUBOOT, "SINGLE_APPLICATION_SLOT");
	r04_listed(d);
	if (s == NULL || s->is_final || strcmp(s->value, "y") != 0)
		return;
	bool same = doctor_is(d, WHO_SYSBUILD, "MCUBOOT_MODE_SINGLE_APP", "y");
	struct finding *f = doctor_find(d, "R04");
	doctor_say_setting(f, s);
	if (same) {
		doctor_say(f, s->input, s->line, "sysbuild sets it already");
		/* In a file that replaces MCUboot's own, what goes with the mode has to be set by hand as well. */
		bool replaced = strstr(s->input->path, "sysbuild/mcuboot/prj.conf") != NULL;
		doctor_grade(f, replaced ? SEVERITY_FAULT : SEVERITY_ATTENTION, replaced ? CERTAINTY_LIKELY : CERTAINTY_DATA);
	} else if (!d->setup.has_sysbuild) {
		doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_LIKELY);
	}
}

void detect_r05(struct doctor *d)
{
	const struct setting *usb = doctor_setting(d, WHO_MCUBOOT, "BOOT_SERIAL_CDC_ACM"), *wait = doctor_setting(d, WHO_MCUBOOT, "BOOT_SERIAL_WAIT_FOR_DFU");
	const struct setting *mode = doctor_setting(d, WHO_MCUBOOT, "BOOT_SERIAL_BOOT_MODE");
	bool on = usb != NULL && strcmp(usb->value, "y") == 0 && mode != NULL && strcmp(mode->value, "y") == 0;
	bool waits = wait != NULL && strcmp(wait->value, "y") == 0;
	if (!on || (!waits && doctor_hit(d, "recovery") == NULL))
		return;
	struct finding *f = doctor_find(d, "R05");
	doctor_say_setting(f, usb);
	if (waits)
		doctor_say_setting(f, wait);
	doctor_say_setting(f, mode);
	doctor_say_hits(d, f, "recovery", 1);
	doctor_grade(f, doctor_hit(d, "recovery") != NULL ? SEVERITY_ATTENTION : SEVERITY_NOTE, CERTAINTY_LIKELY);
}

void detect_r06(struct doctor *d)
{
	(void)by_message(d, "R06");
	for (size_t i = 0; i < d->settings.count; i++) {
		if (strcmp(d->settings.at[i].name, "BOOT_SERIAL_DETECT_DOUBLE_RESET") == 0 && !d->settings.at[i].is_comment)
			doctor_say_setting(doctor_find(d, "R06"), &d->settings.at[i]);
	}
}

void detect_r07(struct doctor *d)
{
	const struct setting *direct = doctor_setting(d, WHO_MCUBOOT, "MCUBOOT_SERIAL_DIRECT_IMAGE_UPLOAD");
	if (d->setup.mode != MODE_OFFSET || direct == NULL || strcmp(direct->value, "y") != 0)
		return;
	struct finding *f = doctor_find(d, "R07");
	doctor_say_setting(f, direct);
	if (d->setup.mode_setting != NULL)
		doctor_say_setting(f, d->setup.mode_setting);
}

void detect_r08(struct doctor *d)
{
	for (size_t i = 0; i < d->hits.count; i++) {
		const struct log_hit *hit = &d->hits.at[i];
		bool bootloader = strcasestr(hit->text, "mcuboot") != NULL && strcasestr(hit->text, "upload") != NULL && strcasestr(hit->text, ".bin") != NULL;
		if (bootloader)
			doctor_say(doctor_find(d, "R08"), hit->input, hit->line, "%s", hit->text);
	}
}

/* --- the XIAO and programmers ------------------------------------------------------------------------------------------------ */

static bool is_uf2(const struct memory_range *range)
{
	return range->input->kind == KIND_UF2;
}

/* The converter's line in a build log, where the stock bootloader is known to be there. */
static void a01_log(struct doctor *d)
{
	const struct log_hit *made = doctor_hit(d, "uf2_made"), *loader = doctor_hit(d, "uf2_softdevice");
	/* On a page, or behind a header: else the line was broken within the number. */
	uint64_t within = made != NULL ? made->numbers[1] % 0x1000 : 1;
	if (made == NULL || loader == NULL || !made->numbers_found[1] || made->numbers[1] >= 0x26000 || (within != 0 && within != 0x200))
		return;
	struct finding *f = doctor_find(d, "A01");
	doctor_say(f, made->input, made->line, "%s", made->text);
	doctor_say(f, loader->input, loader->line, "%s: this bootloader starts what is at 0x27000", loader->text);
}

void detect_a01(struct doctor *d)
{
	a01_log(d);
	for (size_t i = 0; i < d->ranges.count; i++) {
		const struct memory_range *r = &d->ranges.at[i];
		bool board = d->setup.is_xiao_ble || d->setup.soc == SOC_NRF52840 || d->setup.soc == SOC_UNKNOWN;
		bool meant = r->input->named || strstr(r->input->path, "zephyr") != NULL || strchr(r->input->path, '/') == NULL;
		if (!is_uf2(r) || !board || !meant || r->addr >= 0x26000)
			continue;
		struct finding *f = doctor_find(d, "A01");
		doctor_say(f, r->input, 0, "the first block goes to 0x%llx", (unsigned long long)r->addr);
		/* Without a SoftDevice the bootloader starts what is at 0x1000. */
		doctor_grade(f, r->addr == 0x1000 ? SEVERITY_ATTENTION : SEVERITY_FAULT, d->setup.soc == SOC_UNKNOWN ||
				r->addr == 0x1000 ? CERTAINTY_LIKELY : CERTAINTY_DATA);
		return;
	}
}

void detect_a02(struct doctor *d)
{
	const struct setting *boot = doctor_setting(d, WHO_SYSBUILD, "BOOTLOADER_MCUBOOT");
	for (size_t i = 0; i < d->ranges.count && boot != NULL && strcmp(boot->value, "y") == 0; i++) {
		const struct memory_range *r = &d->ranges.at[i];
		if (!is_uf2(r) || r->addr < 0x28000 || strstr(r->input->path, "merged") != NULL)
			continue;
		struct finding *f = doctor_find(d, "A02");
		doctor_say(f, r->input, 0, "the first block goes to 0x%llx: the application's slot", (unsigned long long)r->addr);
		return;
	}
}

void detect_a03(struct doctor *d)
{
	const struct layout *main = doctor_main_layout(d);
	const struct partition *boot = main != NULL ? partitions_of(&main->partitions, PARTITION_BOOT) : NULL;
	bool uses_top = false;
	for (size_t i = 0; main != NULL && i < main->partitions.count; i++)
		uses_top = uses_top || (partition_is_internal(&main->partitions.list[i]) && main->partitions.list[i].end > 0xf4000 &&
				main->partitions.list[i].addr < 0x100000);
	const struct partition *app = NULL;
	for (size_t i = 0; i < d->layouts.count && app == NULL; i++)
		app = d->layouts.at[i]->input->aside ? NULL : partitions_of(&d->layouts.at[i]->partitions, PARTITION_APP);
	if (d->setup.is_xiao_ble && app != NULL && app->has_addr && app->addr == 0x27000 && app->end > 0xf4000) {
		struct finding *g = doctor_find(d, "A03");
		doctor_title(g, "The application's place covers the UF2 bootloader that is to start it");
		doctor_remedy(g, "End it at 0xEC000 (settings follow, then the bootloader from 0xF4000), or plan without the UF2 bootloader.");
		doctor_say(g, NULL, 0, "app at 0x27000, as the UF2 bootloader expects it, ends at 0x%llx", (unsigned long long)app->end);
		return;
	}
	if (!d->setup.is_xiao_ble || boot == NULL || !boot->has_addr || boot->addr != 0 || !uses_top)
		return;
	struct finding *f = doctor_find(d, "A03");
	doctor_say(f, main->input, boot->line, "MCUboot at 0x0, and the layout goes beyond 0xF4000");
	doctor_grade(f, SEVERITY_NOTE, CERTAINTY_DATA);
}

void detect_a04(struct doctor *d)
{
	bool openocd = doctor_hit(d, "openocd") != NULL;
	for (size_t i = 0; i < d->images.count; i++) {
		const struct found_image *image = &d->images.at[i];
		if (d->setup.soc != SOC_NRF54L15 || image->broken != HF_OK || image->input->kind != KIND_IMAGE || image->file_bytes % 16 == 0)
			continue;
		if (!d->setup.is_xiao && !openocd)
			continue;
		struct finding *f = doctor_find(d, "A04");
		doctor_say(f, image->input, 0, "%s: %llu bytes, %llu beyond a multiple of 16", image->name, (unsigned long long)image->file_bytes,
			   (unsigned long long)(image->file_bytes % 16));
		if (doctor_hit(d, "primary_bad") != NULL)
			doctor_grade(f, SEVERITY_FAULT, CERTAINTY_LIKELY);
	}
}

void detect_a06(struct doctor *d)
{
	(void)by_message(d, "A06");
	const struct setting *pin = doctor_setting(d, WHO_MCUBOOT, "BOOT_SERIAL_ENTRANCE_GPIO");
	if (pin == NULL || strcmp(pin->value, "y") != 0 || !d->setup.is_xiao_ble)
		return;
	for (size_t i = 0; i < d->trees.count; i++) {
		if (dtsource_alias(&d->trees.at[i]->source, "mcuboot-button0") != NULL)
			return;
	}
	struct finding *f = doctor_find(d, "A06");
	doctor_say_setting(f, pin);
	doctor_say(f, pin->input, pin->line, "and no overlay gives the alias mcuboot-button0");
}

void detect_a08(struct doctor *d)
{
	bool board = d->setup.soc == SOC_NRF54LM20 && d->setup.is_xiao;
	if (board && doctor_hit(d, "mcuboot_domain_flashed") != NULL)
		doctor_say_hits(d, doctor_find(d, "A08"), "mcuboot_domain_flashed", 2);
}

/* --- the rest ---------------------------------------------------------------------------------------------------------------- */

void detect_s13(struct doctor *d)
{
	const struct setting *log = doctor_setting(d, WHO_MCUBOOT, "LOG"), *off = doctor_setting(d, WHO_MCUBOOT, "MCUBOOT_LOG_LEVEL_OFF");
	const struct setting *console = doctor_setting(d, WHO_MCUBOOT, "UART_CONSOLE"), *all = doctor_setting(d, WHO_MCUBOOT, "CONSOLE");
	bool rtt = by_mcuboot(d, "USE_SEGGER_RTT") || by_mcuboot(d, "LOG_BACKEND_RTT") || by_mcuboot(d, "RTT_CONSOLE");
	const struct setting *why = log != NULL && strcmp(log->value, "n") == 0 ? log : off != NULL && strcmp(off->value, "y") == 0 ? off : NULL;
	if (why == NULL && !rtt && console != NULL && strcmp(console->value, "n") == 0)
		why = console;
	if (why == NULL && !rtt && all != NULL && strcmp(all->value, "n") == 0)
		why = all;
	if (why == NULL)
		return;
	struct finding *f = doctor_find(d, "S13");
	doctor_say_setting(f, why);
	/* Recovery needs the UART, and products are silent on purpose. It matters to who misses the lines: he shows an application's log
	 * without them, or this file alone. */
	bool wanted = by_mcuboot(d, "MCUBOOT_SERIAL") || by_mcuboot(d, "BOOT_SERIAL_UART");
	bool missed = (doctor_hit(d, "banner_os") != NULL && doctor_hit(d, "start") == NULL) || d->inputs.count == 1;
	doctor_grade(f, missed && !wanted ? SEVERITY_ATTENTION : SEVERITY_NOTE, CERTAINTY_DATA);
}

static enum boot_mode mode_of(const struct doctor *d, enum doctor_who who, const struct setting **where)
{
	static const struct { enum doctor_who who; const char *name; enum boot_mode mode; } rows[] = {
		{ WHO_SYSBUILD, "MCUBOOT_MODE_SWAP_USING_MOVE", MODE_MOVE }, { WHO_SYSBUILD, "MCUBOOT_MODE_SWAP_WITHOUT_SCRATCH", MODE_MOVE },
		{ WHO_SYSBUILD, "MCUBOOT_MODE_SWAP_USING_OFFSET", MODE_OFFSET }, { WHO_SYSBUILD, "MCUBOOT_MODE_SWAP_SCRATCH", MODE_SCRATCH },
		{ WHO_SYSBUILD, "MCUBOOT_MODE_OVERWRITE_ONLY", MODE_OVERWRITE }, { WHO_SYSBUILD, "MCUBOOT_MODE_SINGLE_APP", MODE_SINGLE },
		{ WHO_SYSBUILD, "MCUBOOT_MODE_DIRECT_XIP", MODE_XIP }, { WHO_MCUBOOT, "BOOT_SWAP_USING_MOVE", MODE_MOVE },
		{ WHO_MCUBOOT, "BOOT_SWAP_USING_OFFSET", MODE_OFFSET }, { WHO_MCUBOOT, "BOOT_SWAP_USING_SCRATCH", MODE_SCRATCH },
		{ WHO_MCUBOOT, "BOOT_UPGRADE_ONLY", MODE_OVERWRITE }, { WHO_MCUBOOT, "SINGLE_APPLICATION_SLOT", MODE_SINGLE },
		{ WHO_MCUBOOT, "BOOT_DIRECT_XIP", MODE_XIP }, { WHO_APP, "MCUBOOT_BOOTLOADER_MODE_SWAP_USING_MOVE", MODE_MOVE },
		{ WHO_APP, "MCUBOOT_BOOTLOADER_MODE_SWAP_WITHOUT_SCRATCH", MODE_MOVE }, { WHO_APP, "MCUBOOT_BOOTLOADER_MODE_SWAP_USING_OFFSET", MODE_OFFSET },
		{ WHO_APP, "MCUBOOT_BOOTLOADER_MODE_SWAP_SCRATCH", MODE_SCRATCH }, { WHO_APP, "MCUBOOT_BOOTLOADER_MODE_OVERWRITE_ONLY", MODE_OVERWRITE },
		{ WHO_APP, "MCUBOOT_BOOTLOADER_MODE_SINGLE_APP", MODE_SINGLE }, { WHO_APP, "MCUBOOT_BOOTLOADER_MODE_DIRECT_XIP", MODE_XIP },
	};
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		const struct setting *s = rows[i].who == who ? doctor_setting(d, who, rows[i].name) : NULL;
		if (s != NULL && strcmp(s->value, "y") == 0) {
			*where = s;
			return rows[i].mode;
		}
	}
	return MODE_UNKNOWN;
}

void detect_s14(struct doctor *d)
{
	static const enum doctor_who whose[] = { WHO_SYSBUILD, WHO_MCUBOOT, WHO_APP };
	const struct setting *first = NULL;
	enum boot_mode mode = MODE_UNKNOWN;
	for (size_t i = 0; i < HF_ARRAY_COUNT(whose); i++) {
		const struct setting *where = NULL;
		enum boot_mode own = mode_of(d, whose[i], &where);
		if (own == MODE_UNKNOWN)
			continue;
		if (mode != MODE_UNKNOWN && own != mode) {
			struct finding *f = doctor_find(d, "S14");
			doctor_say_setting(f, first);
			doctor_say_setting(f, where);
		}
		if (mode == MODE_UNKNOWN) {
			mode = own;
			first = where;
		}
	}
}
