/* SPDX-License-Identifier: MIT */
/* Layouts by themselves: names, places, edges, overlaps, the pad, what the chip allows.
 * Source   docs of the nRF Connect SDK's Partition Manager; mcu-tools/mcuboot: boot/bootutil/src/bootutil_misc.c, swap_move.c, swap_offset.c. */
#include <stdio.h>

#include "rules.h"

#define PAGE 0x1000u

static void each_layout(struct doctor *d, void (*check)(struct doctor *d, const struct layout *l))
{
	for (size_t i = 0; i < d->layouts.count; i++)
		check(d, d->layouts.at[i]);
}

static bool is_pm(const struct layout *l)
{
	return l->partitions.form == PARTITIONS_PM;
}

/* Made by the build: what it says was accepted by Partition Manager. */
static bool is_generated(const struct layout *l)
{
	for (size_t i = 0; i < l->partitions.count; i++) {
		if (l->partitions.list[i].has_placement || strncmp(l->partitions.list[i].name, "EMPTY_", 6) == 0)
			return true;
	}
	return false;
}

static enum soc soc_of(const struct doctor *d, const struct layout *l)
{
	const char *why = NULL;
	return doctor_layout_soc(d, l, &why);
}

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static void check_p03(struct doctor *d, const struct layout *l)
{
	static const char *const foreign[] = { "image_0", "image_1", "image-0", "image-1", "image_scratch", "image-scratch", "slot0", "slot1",
			"slot0_partition",
		"slot1_partition", "slot_0", "slot_1", "boot_partition", "storage_partition", "scratch_partition", "primary", "secondary", "mcuboot_slot0",
		"mcuboot_slot1", "mcuboot_primary_slot", "mcuboot_secondary_slot" };
	if (!is_pm(l))
		return;
	if (l->partitions.has_wrapper)
		doctor_say(doctor_find(d, "P03"), l->input, l->partitions.wrapper_line,
			   "a top-level map of this name is no Partition Manager syntax: partitions stand at the top");
	for (size_t i = 0; i < l->partitions.count; i++) {
		const struct partition *p = &l->partitions.list[i];
		for (size_t k = 0; k < HF_ARRAY_COUNT(foreign); k++) {
			if (strcmp(p->name, foreign[k]) == 0)
				doctor_say(doctor_find(d, "P03"), l->input, p->line, "%s: a devicetree name; Partition Manager knows no such slot", p->name);
		}
	}
}

void detect_p03(struct doctor *d)
{
	each_layout(d, check_p03);
}

/* Secure firmware (tfm, spm) stands between pad and app. */
static bool begins_at(const struct layout *l, uint64_t addr)
{
	for (size_t i = 0; i < l->partitions.count; i++) {
		const struct partition *p = &l->partitions.list[i];
		if (p->has_addr && p->addr == addr && partition_is_internal(p) && strncmp(p->name, "EMPTY", 5) != 0 &&
				strcmp(p->name, "mcuboot_primary_app") != 0)
			return true;
	}
	return false;
}

static void check_p04(struct doctor *d, const struct layout *l)
{
	const struct partition *boot = partitions_of(&l->partitions, PARTITION_BOOT), *pad = partitions_of(&l->partitions, PARTITION_PAD);
	const struct partition *primary = partitions_of(&l->partitions, PARTITION_PRIMARY), *app = partitions_of(&l->partitions, PARTITION_APP);
	if (!is_pm(l) || soc_of(d, l) == SOC_OTHER)
		return;
	if (pad != NULL && pad->has_addr && pad->addr % PAGE != 0)
		doctor_say(doctor_find(d, "P04"), l->input, pad->addr_line, "mcuboot_pad at 0x%llx is not on a page", (unsigned long long)pad->addr);
	if (pad != NULL && pad->has_addr && primary != NULL && primary->has_addr && pad->addr != primary->addr)
		doctor_say(doctor_find(d, "P04"), l->input, pad->addr_line, "mcuboot_pad at 0x%llx, mcuboot_primary at 0x%llx",
			   (unsigned long long)pad->addr, (unsigned long long)primary->addr);
	if (pad != NULL && pad->has_addr && pad->has_size && app != NULL && app->has_addr && app->addr != pad->end && partition_is_internal(app) &&
	    !begins_at(l, pad->end))
		doctor_say(doctor_find(d, "P04"), l->input, app->addr_line, "app at 0x%llx, but mcuboot_pad ends at 0x%llx",
			   (unsigned long long)app->addr, (unsigned long long)pad->end);
	if (pad == NULL && primary == NULL && boot != NULL && boot->has_addr && boot->has_size && boot->end % PAGE != 0 &&
	    partitions_named(&l->partitions, "EMPTY_0") == NULL)
		doctor_say(doctor_find(d, "P04"), l->input, boot->size_line != 0 ? boot->size_line : boot->line,
			   "mcuboot ends at 0x%llx, which is not on a page: the pad can't follow", (unsigned long long)boot->end);
}

void detect_p04(struct doctor *d)
{
	(void)by_message(d, "P04");
	each_layout(d, check_p04);
}

static void check_p05(struct doctor *d, const struct layout *l)
{
	static const enum partition_role roles[] = { PARTITION_PRIMARY, PARTITION_APP };
	for (size_t i = 0; i < HF_ARRAY_COUNT(roles); i++) {
		const struct partition *p = partitions_of(&l->partitions, roles[i]);
		if (p != NULL && !partition_is_internal(p) && (is_pm(l) || strncmp(p->region, "external", 8) == 0))
			doctor_say(doctor_find(d, "P05"), l->input, p->region_line != 0 ? p->region_line : p->line, "%s is in %s %s", p->name, p->region,
					p->device);
	}
}

void detect_p05(struct doctor *d)
{
	(void)by_message(d, "P05");
	each_layout(d, check_p05);
}

static void check_p07(struct doctor *d, const struct layout *l)
{
	const struct partition *pad = partitions_of(&l->partitions, PARTITION_PAD);
	const char *why = NULL;
	enum soc soc = doctor_layout_soc(d, l, &why);
	uint32_t wanted = doctor_pad_bytes(soc);
	if (pad == NULL || !pad->has_size || (wanted != 0 && pad->size == wanted) || soc == SOC_OTHER)
		return;
	if (wanted == 0 && (pad->size == 0x200 || pad->size == 0x800))
		return;
	struct finding *f = doctor_find(d, "P07");
	doctor_say(f, l->input, pad->size_line != 0 ? pad->size_line : pad->line, "mcuboot_pad has 0x%llx bytes%s%s", (unsigned long long)pad->size,
		   wanted != 0 ? (wanted == 0x800 ? ", an nRF54L wants 0x800; the chip is known from " : ", this chip wants 0x200; it is known from ") : "",
		   wanted != 0 ? why : "");
	/* A pad that is too large wastes room, a pad that is too small breaks the vector table's alignment. */
	if ((wanted != 0 && pad->size > wanted && pad->size % wanted == 0) || (wanted == 0 && pad->size != 0 && pad->size % 0x200 == 0))
		doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_DATA);
}

void detect_p07(struct doctor *d)
{
	each_layout(d, check_p07);
	uint32_t wanted = doctor_pad_bytes(d->setup.soc);
	const struct setting *pad = doctor_setting(d, WHO_SYSBUILD, "PM_MCUBOOT_PAD");
	if (pad != NULL && wanted != 0 && doctor_setting_number(d, WHO_SYSBUILD, "PM_MCUBOOT_PAD", wanted) != wanted)
		doctor_say_setting(doctor_find(d, "P07"), pad);
	for (size_t i = 0; i < d->images.count; i++) {
		const struct found_image *image = &d->images.at[i];
		const struct layout *main = doctor_main_layout(d);
		const struct partition *p = main != NULL ? partitions_of(&main->partitions, PARTITION_PAD) : NULL;
		uint32_t expected = p != NULL && p->has_size ? (uint32_t)p->size : wanted;
		if (expected != 0 && image->broken == HF_OK && image->hdr_bytes != expected)
			doctor_say(doctor_find(d, "P07"), image->input, 0, "%s: offset 0x8: header size 0x%x, the layout's pad has 0x%x", image->name,
				   (unsigned)image->hdr_bytes, (unsigned)expected);
	}
}

static bool is_data(const struct partition *p)
{
	return p->role == PARTITION_OTHER || p->role == PARTITION_SETTINGS;
}

static bool is_stored(const struct partition *p)
{
	return p->role == PARTITION_PRIMARY || p->role == PARTITION_SECONDARY || p->role == PARTITION_SCRATCH || p->role == PARTITION_SETTINGS ||
	       strstr(p->name, "storage") != NULL || strstr(p->name, "littlefs") != NULL || strcmp(p->name, "factory_data") == 0 ||
	       strcmp(p->name, "boot_partition") == 0;
}

static void check_p14(struct doctor *d, const struct layout *l)
{
	if (soc_of(d, l) == SOC_OTHER)
		return;
	for (size_t i = 0; i < l->partitions.count; i++) {
		const struct partition *p = &l->partitions.list[i];
		if (!is_stored(p) || !p->has_addr || !p->has_size || starts(p->region, "sram") || strcmp(p->name, "external_flash") == 0)
			continue;
		if (p->addr % PAGE == 0 && p->end % PAGE == 0)
			continue;
		bool first = doctor_found(d, "P14") == NULL;
		/* A devicetree of a chip that is not known may have other pages. */
		bool sure = is_pm(l) || soc_of(d, l) != SOC_UNKNOWN;
		if (!is_data(p) && sure)
			doctor_grade(doctor_find(d, "P14"), SEVERITY_FAULT, CERTAINTY_DATA);
		else if (first)
			doctor_grade(doctor_find(d, "P14"), SEVERITY_ATTENTION, CERTAINTY_DATA);
		if (p->addr % PAGE != 0)
			doctor_say(doctor_find(d, "P14"), l->input, p->addr_line != 0 ? p->addr_line : p->line, "%s begins at 0x%llx", p->name,
					(unsigned long long)p->addr);
		if (p->end % PAGE != 0)
			doctor_say(doctor_find(d, "P14"), l->input, p->size_line != 0 ? p->size_line : p->line, "%s ends at 0x%llx", p->name,
					(unsigned long long)p->end);
	}
}

void detect_p14(struct doctor *d)
{
	each_layout(d, check_p14);
}

/* The application core's memory as a devicetree at hand says it; 0: nobody says. */
static uint64_t rram_said(const struct doctor *d)
{
	for (size_t i = 0; i < d->trees.count; i++) {
		if (d->trees.at[i]->input->aside)
			continue;
		const struct dtsource *s = &d->trees.at[i]->source;
		int node = dtsource_labelled(s, "cpuapp_rram");
		const struct dt_property *reg = node >= 0 ? dtsource_property(s, node, "reg") : NULL;
		uint64_t size = 0;
		if (reg != NULL && dtsource_cell(reg->value, 1, &size))
			return size;
	}
	return 0;
}

/* Flash ends there, whatever is said: no region is made larger. */
static void check_end(struct doctor *d, const struct layout *l, uint64_t limit)
{
	for (size_t i = 0; i < l->partitions.count; i++) {
		const struct partition *p = &l->partitions.list[i];
		if (!partition_is_internal(p) || strcmp(p->region, "otp") == 0 || !p->has_addr || !p->has_size || p->end <= limit || p->addr >= 0x00800000u)
			continue;
		struct finding *f = doctor_find(d, "P17");
		doctor_title(f, "The layout ends beyond the chip's memory");
		doctor_remedy(f, "Make it end at 0x%llx at most.", (unsigned long long)limit);
		doctor_say(f, l->input, p->line, "%s ends at 0x%llx, the memory at 0x%llx", p->name, (unsigned long long)p->end, (unsigned long long)limit);
		doctor_grade(f, SEVERITY_FAULT, CERTAINTY_DATA);
	}
}

static void check_p17(struct doctor *d, const struct layout *l)
{
	uint64_t said = rram_said(d);
	uint64_t limit = said != 0 ? said : 0x165000;
	if (soc_of(d, l) == SOC_NRF52840 || soc_of(d, l) == SOC_NRF5340 || soc_of(d, l) == SOC_NRF91)
		check_end(d, l, 0x100000);
	if (soc_of(d, l) == SOC_NRF54LM20)
		check_end(d, l, 0x1fd000);
	if (soc_of(d, l) != SOC_NRF54L15)
		return;
	for (size_t i = 0; i < l->partitions.count; i++) {
		const struct partition *p = &l->partitions.list[i];
		if (!partition_is_internal(p) || !p->has_addr || !p->has_size || p->end <= limit || p->addr >= 0x00800000u)
			continue;
		struct finding *f = doctor_find(d, "P17");
		doctor_say(f, l->input, p->line, "%s ends at 0x%llx", p->name, (unsigned long long)p->end);
		if (p->end > 0x17d000 || (said != 0 && p->end > said))
			doctor_grade(f, SEVERITY_FAULT, CERTAINTY_DATA);
		else if (is_generated(l) || !is_pm(l) || l->input->aside || d->settings.count != 0)
			doctor_grade(f, f->severity == SEVERITY_FAULT ? SEVERITY_FAULT : SEVERITY_NOTE, CERTAINTY_LIKELY); /* newer boards give it all */
	}
}

void detect_p17(struct doctor *d)
{
	if (by_message(d, "P17"))
		doctor_grade(doctor_find(d, "P17"), SEVERITY_FAULT, CERTAINTY_DATA);
	each_layout(d, check_p17);
}

static bool spans(const struct partition *container, const struct partition *p)
{
	for (size_t i = 0; i < container->span_count; i++) {
		if (strcmp(container->span[i], p->name) == 0)
			return true;
	}
	return false;
}

/* Partitions that hold others by their nature. */
static bool may_contain(const struct layout *l, const struct partition *outer, const struct partition *inner)
{
	static const char *const containers[] = { "b0_container", "s0", "s1", "tfm", "tfm_secure", "tfm_nonsecure", "nonsecure_storage", "app_image",
		"mcuboot_primary_app", "mcuboot_secondary", "mcuboot_primary", "sram_primary", "mcuboot_primary_1", "mcuboot_secondary_1" };
	bool inside = inner->addr >= outer->addr && inner->end <= outer->end;
	if (!inside)
		return false;
	if (!is_pm(l) || outer->has_span || spans(outer, inner) || outer->role == PARTITION_PRIMARY)
		return true;
	for (size_t i = 0; i < HF_ARRAY_COUNT(containers); i++) {
		if (strcmp(outer->name, containers[i]) == 0)
			return true;
	}
	return false;
}

static bool is_placed(const struct partition *p)
{
	return p->has_addr && p->has_size && p->size != 0;
}

static void say_overlap(struct doctor *d, const struct layout *l, const struct partition *a, const struct partition *b)
{
	bool first = doctor_found(d, "P19") == NULL;
	struct finding *f = doctor_find(d, "P19");
	doctor_say(f, l->input, b->line, "%s 0x%llx-0x%llx and %s 0x%llx-0x%llx", a->name, (unsigned long long)a->addr, (unsigned long long)a->end, b->name,
		   (unsigned long long)b->addr, (unsigned long long)b->end);
	/* "external_flash" is Partition Manager's word for what is left; a project may never use it. With Partition Manager the
	 * devicetree's partitions don't count. */
	bool rest = strcmp(a->name, "external_flash") == 0 || strcmp(b->name, "external_flash") == 0;
	const struct setting *pm = doctor_setting(d, WHO_SYSBUILD, "PARTITION_MANAGER");
	bool unused = !is_pm(l) && d->setup.is_ncs && (pm == NULL || strcmp(pm->value, "n") != 0);
	bool whole = (a->addr <= b->addr && a->end >= b->end) || (b->addr <= a->addr && b->end >= a->end);
	bool mild = rest || unused || (whole && is_data(a) && is_data(b));
	if (!mild)
		doctor_grade(f, SEVERITY_FAULT, CERTAINTY_DATA);
	else if (first)
		doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_LIKELY);
}

static void check_p19(struct doctor *d, const struct layout *l)
{
	for (size_t i = 0; i < l->partitions.count; i++) {
		for (size_t k = i + 1; k < l->partitions.count; k++) {
			const struct partition *a = &l->partitions.list[i], *b = &l->partitions.list[k];
			if (!is_placed(a) || !is_placed(b) || strcmp(a->region, b->region) != 0 || starts(a->region, "sram"))
				continue;
			if (!is_pm(l) && strcmp(a->device, b->device) != 0)
				continue;
			if (a->addr >= b->end || b->addr >= a->end || may_contain(l, a, b) || may_contain(l, b, a))
				continue;
			/* Containers that overlap do so through their members. */
			if (a->has_span && b->has_span)
				continue;
			say_overlap(d, l, a, b);
		}
	}
}

void detect_p19(struct doctor *d)
{
	(void)by_message(d, "P19");
	each_layout(d, check_p19);
}

bool rules_is_generated(const struct layout *l)
{
	return is_pm(l) ? is_generated(l) || strstr(l->input->path, "partitions.yml") != NULL : strstr(l->input->path, "zephyr.dts") != NULL;
}

static uint64_t flash_end(enum soc soc)
{
	switch (soc) {
	case SOC_NRF52840:
	case SOC_NRF5340:
	case SOC_NRF91:
		return 0x100000;
	case SOC_NRF54L15:
		return 0x165000;
	case SOC_NRF54LM20:
	case SOC_UNKNOWN:
	case SOC_NRF52:
	case SOC_NRF54L:
	case SOC_OTHER:
		break;
	}
	return 0;
}

/* Free stretches of flash_primary, counted by walking from end to end. */
static unsigned gaps(const struct layout *l, uint64_t end, uint64_t *first_addr, uint64_t *first_size)
{
	unsigned count = 0;
	uint64_t at = 0;
	for (;;) {
		uint64_t covered = at, next = UINT64_MAX;
		for (size_t i = 0; i < l->partitions.count; i++) {
			const struct partition *p = &l->partitions.list[i];
			if (!partition_is_internal(p) || !is_placed(p) || p->addr >= 0x00800000u)
				continue;
			if (p->addr <= at && p->end > covered)
				covered = p->end;
			if (p->addr > at && p->addr < next)
				next = p->addr;
		}
		if (covered > at) {
			at = covered;
			continue;
		}
		if (next == UINT64_MAX && at >= end)
			return count;
		if (count++ == 0) {
			*first_addr = at;
			*first_size = (next == UINT64_MAX ? end : next) - at;
		}
		if (next == UINT64_MAX)
			return count;
		at = next;
	}
}

static void check_p20(struct doctor *d, const struct layout *l)
{
	const struct partition *app = partitions_of(&l->partitions, PARTITION_APP), *primary = partitions_of(&l->partitions, PARTITION_PRIMARY);
	uint64_t addr = 0, size = 0, end = flash_end(soc_of(d, l));
	bool internal = false;
	for (size_t i = 0; i < l->partitions.count; i++)
		internal = internal || (partition_is_internal(&l->partitions.list[i]) && is_placed(&l->partitions.list[i]));
	if (!is_pm(l) || app != NULL || !internal || is_generated(l) || l->partitions.has_wrapper)
		return;
	unsigned count = gaps(l, end, &addr, &size);
	if (primary != NULL && is_placed(primary) && partition_is_internal(primary)) {
		struct finding *f = doctor_find(d, "P20");
		doctor_say(f, l->input, primary->line, "mcuboot_primary is fixed, but app%s left for the tool to place",
			   partitions_of(&l->partitions, PARTITION_PAD) == NULL ? " and mcuboot_pad are" : " is");
		if (count > 0 && size != 0)
			doctor_say(f, l->input, primary->line, "the free place it finds is 0x%llx, 0x%llx bytes", (unsigned long long)addr,
					(unsigned long long)size);
		return;
	}
	if (count >= 2)
		doctor_say(doctor_find(d, "P20"), l->input, 1, "%u gaps in flash_primary and no app", count);
	else if (count == 0 && end != 0)
		doctor_say(doctor_find(d, "P20"), l->input, 1, "no gap in flash_primary and no app");
}

void detect_p20(struct doctor *d)
{
	if (by_message(d, "P20"))
		doctor_grade(doctor_find(d, "P20"), SEVERITY_FAULT, CERTAINTY_DATA);
	each_layout(d, check_p20);
	const struct log_hit *failed = doctor_hit(d, "pm_failed");
	if (failed != NULL && doctor_found(d, "P04") == NULL && doctor_found(d, "P05") == NULL && doctor_found(d, "P17") == NULL)
		doctor_say(doctor_find(d, "P20"), failed->input, failed->line, "%s", failed->text);
}

/* A container holds its members; what is left behind them may be free. */
static void say_span(struct doctor *d, const struct layout *l, const struct partition *p)
{
	uint64_t end = 0;
	for (size_t i = 0; i < p->span_count; i++) {
		const struct partition *member = partitions_named(&l->partitions, p->span[i]);
		if (member == NULL || !member->has_addr || !member->has_size)
			return;
		end = member->end > end ? member->end : end;
	}
	if (p->role != PARTITION_PRIMARY || end == 0 || !p->has_addr || !p->has_size || end <= p->end)
		return;
	doctor_say(doctor_find(d, "D07"), l->input, p->size_line != 0 ? p->size_line : p->line, "%s ends at 0x%llx, what it spans at 0x%llx", p->name,
		   (unsigned long long)p->end, (unsigned long long)end);
}

static void check_d07(struct doctor *d, const struct layout *l)
{
	for (size_t i = 0; i < l->partitions.count; i++) {
		const struct partition *p = &l->partitions.list[i];
		if (p->has_end && p->has_addr && p->has_size && p->addr + p->size != p->end_said)
			doctor_say(doctor_find(d, "D07"), l->input, p->end_line, "%s: 0x%llx + 0x%llx is 0x%llx, end_address says 0x%llx", p->name,
				   (unsigned long long)p->addr, (unsigned long long)p->size, (unsigned long long)(p->addr + p->size),
						(unsigned long long)p->end_said);
		if (is_pm(l) && p->device[0] != '\0' && strcmp(p->region, "flash_primary") == 0 && p->has_region && strncmp(p->device, "flash", 5) != 0 &&
		    strstr(p->device, "rram") == NULL && strstr(p->device, "flash_controller") == NULL && strstr(p->device, "mram") == NULL &&
		    strncmp(p->device, "DT_CHOSEN(zephyr", 16) != 0)
			doctor_say(doctor_find(d, "D07"), l->input, p->device_line, "%s: device %s, but region flash_primary is internal", p->name, p->device);
		say_span(d, l, p);
		bool only_pads = p->span_count != 0 && p->role == PARTITION_PRIMARY;
		for (size_t k = 0; k < p->span_count && only_pads; k++) {
			size_t length = strlen(p->span[k]);
			only_pads = length > 4 && strcmp(p->span[k] + length - 4, "_pad") == 0;
		}
		if (only_pads)
			doctor_say(doctor_find(d, "D07"), l->input, p->line, "%s has 0x%llx bytes, its span holds the pad alone", p->name,
					(unsigned long long)p->size);
	}
}

void detect_d07(struct doctor *d)
{
	each_layout(d, check_d07);
}

static void check_b18(struct doctor *d, const struct layout *l)
{
	const struct partition *boot = partitions_of(&l->partitions, PARTITION_BOOT), *primary = partitions_of(&l->partitions, PARTITION_PRIMARY);
	const struct partition *first = primary != NULL ? primary : partitions_of(&l->partitions, PARTITION_PAD);
	enum soc soc = soc_of(d, l);
	uint64_t limit = soc == SOC_NRF54LM20 ? 0x3f800 : 0xf800;
	if (!doctor_soc_is_54l(soc) || boot == NULL || first == NULL || !boot->has_addr || !first->has_addr || first->addr <= boot->addr)
		return;
	const struct setting *protect = doctor_setting(d, WHO_MCUBOOT, "FPROTECT");
	bool on = protect != NULL && strcmp(protect->value, "y") == 0;
	if (first->addr - boot->addr <= limit || (protect != NULL && !on) || (!is_pm(l) && !on))
		return;
	struct finding *f = doctor_find(d, "B18");
	doctor_say(f, l->input, first->addr_line != 0 ? first->addr_line : first->line, "%s begins 0x%llx above the bootloader; 0x%llx can be locked",
			first->name,
		   (unsigned long long)(first->addr - boot->addr), (unsigned long long)limit);
	if (on)
		doctor_say_setting(f, protect);
	else if (first->addr - boot->addr <= 0x10000)
		doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_LIKELY);
	else
		doctor_grade(f, SEVERITY_FAULT, CERTAINTY_LIKELY);
}

void detect_b18(struct doctor *d)
{
	bool said = by_message(d, "B18");
	each_layout(d, check_b18);
	if (said)
		doctor_grade(doctor_find(d, "B18"), SEVERITY_FAULT, CERTAINTY_DATA);
}
