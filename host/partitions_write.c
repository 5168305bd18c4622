/* SPDX-License-Identifier: MIT */
#include "partitions_write.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct role_names {
	const char *pm, *label, *dt_label, *title, *why;
};

static const struct role_names role_names[] = {
	[PLAN_BOOT] = { "mcuboot", "boot_partition", "mcuboot", "bootloader", "the bootloader" },
	[PLAN_PRIMARY] = { "mcuboot_primary", "slot0_partition", "image-0", "first slot", "the application that runs, with its header" },
	[PLAN_SECONDARY] = { "mcuboot_secondary", "slot1_partition", "image-1", "second slot", "the update, later the way back" },
	[PLAN_SCRATCH] = { "mcuboot_scratch", "scratch_partition", "image-scratch", "scratch", "every sector passes through here" },
	[PLAN_SETTINGS] = { "settings_storage", "storage_partition", "storage", "settings", "bonds and settings; survives updates" },
	[PLAN_RESERVED] = { "reserved", "reserved_partition", "reserved", "reserved", "left alone" },
	[PLAN_SPARE] = { "spare", "spare_partition", "spare", "left over", "left over: slots must have the same number of sectors" },
};

const char *plan_part_pm(const struct plan_part *part)
{
	return part->pm != NULL ? part->pm : role_names[part->role].pm;
}

const char *plan_part_label(const struct plan_part *part)
{
	return part->label != NULL ? part->label : role_names[part->role].label;
}

const char *plan_part_title(const struct plan_part *part)
{
	return part->title != NULL ? part->title : role_names[part->role].title;
}

static const char *why_of(const struct partitions_write *w, const struct plan_part *part)
{
	if (part->role == PLAN_RESERVED)
		return part->title;
	if (part->role == PLAN_SECONDARY && w->mode->limit == PLAN_LIMIT_COMPRESSED)
		return "the update, compressed";
	if (part->role == PLAN_SECONDARY && !w->mode->rollback)
		return "the update";
	return role_names[part->role].why;
}

void text_add(struct bytes *text, const char *format, ...)
{
	va_list list, again;
	va_start(list, format);
	va_copy(again, list);
	int length = vsnprintf(NULL, 0, format, list);
	va_end(list);
	hf_assert(length >= 0);
	char *line = host_alloc((size_t)length + 1);
	(void)vsnprintf(line, (size_t)length + 1, format, again);
	va_end(again);
	bytes_add(text, line, (size_t)length);
	free(line);
}

/* --- devicetree ------------------------------------------------------------------------------------------------------------------- */

static void dts_node(const struct partitions_write *w, const struct plan_part *part, struct bytes *text)
{
	text_add(text, "\n\t\t%s: partition@%x { /* %s */\n", plan_part_label(part), (unsigned)part->addr, why_of(w, part));
	text_add(text, "\t\t\tlabel = \"%s\";\n", part->role == PLAN_RESERVED ? plan_part_label(part) : role_names[part->role].dt_label);
	text_add(text, "\t\t\treg = <0x%08x 0x%08x>; /* %u KB */\n", (unsigned)part->addr, (unsigned)part->bytes, (unsigned)(part->bytes / 1024));
	if (part->role == PLAN_RESERVED)
		text_add(text, "\t\t\tread-only;\n");
	text_add(text, "\t\t};\n");
}

static void dts_partitions(const struct partitions_write *w, bool external, struct bytes *text)
{
	text_add(text, "\tpartitions {\n\t\tcompatible = \"fixed-partitions\";\n");
	if (w->ranges && !external)
		text_add(text, "\t\tranges; /* addresses are the memory's own */\n");
	text_add(text, "\t\t#address-cells = <1>;\n\t\t#size-cells = <1>;\n");
	for (size_t i = 0; i < w->layout->count; i++) {
		const struct plan_part *part = &w->layout->parts[i];
		if (part->external == external && !part->outside)
			dts_node(w, part, text);
	}
	text_add(text, "\t};\n");
}

static bool has_external(const struct plan_layout *layout)
{
	return layout->count > 0 && layout->parts[layout->count - 1].external;
}

static void dts_head(const struct partitions_write *w, struct bytes *text)
{
	const struct plan_board *b = w->board;
	text_add(text, "/* %s: %s.\n * %s\n */\n\n", b->title, w->mode->title,
		 w->is_bootloader ? "The bootloader's devicetree; its partitions are those of the application's overlay, to the byte." :
				    "The application's devicetree; sysbuild/mcuboot.overlay has the same partitions for the bootloader.");
	text_add(text, "/ {\n\tchosen {\n\t\tzephyr,code-partition = &%s; /* where this image is linked to */\n",
		 w->is_bootloader ? "boot_partition" : "slot0_partition");
	if (has_external(w->layout))
		text_add(text, "\t\tnordic,pm-ext-flash = &%s; /* the second flash, for Partition Manager and its driver */\n",
			 b->external.label);
	if (w->is_bootloader && w->usb_recovery)
		text_add(text, "\t\t/delete-property/ zephyr,uart-mcumgr; /* it would take recovery away from USB */\n");
	text_add(text, "\t};\n};\n\n");
}

void partitions_write_dts(const struct partitions_write *w, struct bytes *text)
{
	const struct plan_board *b = w->board;
	dts_head(w, text);
	text_add(text, "&%s {\n", b->flash_label);
	if (b->is_nrf54l)
		text_add(text, "\treg = <0x0 0x%x>; /* %s */\n", (unsigned)b->region_bytes,
			 b->region_bytes == b->flash_bytes ? "all of it: no share for the coprocessor" : "the rest is the coprocessor's");
	if (b->is_nrf54l && w->ranges)
		text_add(text, "\tranges = <0x0 0x0 0x%x>; /* and all of it holds partitions */\n", (unsigned)b->region_bytes);
	text_add(text, "\t/delete-node/ partitions; /* the board's own layout */\n\n");
	dts_partitions(w, false, text);
	text_add(text, "};\n");
	if (has_external(w->layout)) {
		text_add(text, "\n&%s {\n", b->external.label);
		if (b->external.is_disabled)
			text_add(text, "\tstatus = \"okay\"; /* the board leaves it off */\n");
		text_add(text, "\t/delete-node/ partitions;\n\n");
		dts_partitions(w, true, text);
		text_add(text, "};\n");
	}
	if (w->is_bootloader && w->usb_recovery)
		text_add(text, "\n&zephyr_udc0 {\n\tcdc_acm_uart0 { /* recovery talks over this USB port */\n"
			       "\t\tcompatible = \"zephyr,cdc-acm-uart\";\n\t};\n};\n");
}

/* --- Partition Manager ------------------------------------------------------------------------------------------------------------ */

static void pm_line(struct bytes *text, const char *name, uint32_t addr, uint32_t bytes, bool external, const char *more, const char *why)
{
	text_add(text, "%s: {address: 0x%x, end_address: 0x%x, size: 0x%x, region: %s%s} # %s\n", name, (unsigned)addr, (unsigned)(addr + bytes),
		 (unsigned)bytes, external ? "external_flash, device: DT_CHOSEN(nordic_pm_ext_flash)" : "flash_primary", more, why);
}

/* A slot that an image is linked into: its header's pad and the rest, and the names that span them. */
static void pm_linked_slot(const struct partitions_write *w, const struct plan_part *part, const char *const names[4], struct bytes *text)
{
	uint32_t pad = w->board->header_bytes;
	char more[160];
	pm_line(text, names[0], part->addr, pad, part->external, "", "room for the image's header");
	pm_line(text, names[1], part->addr + pad, part->bytes - pad, part->external, "", "code begins behind the header");
	(void)snprintf(more, sizeof more, ", orig_span: [%s, %s], span: [%s, %s]", names[0], names[1], names[0], names[1]);
	pm_line(text, names[2], part->addr, part->bytes, part->external, more, why_of(w, part));
	if (names[3] == NULL)
		return;
	(void)snprintf(more, sizeof more, ", orig_span: [%s], span: [%s]", names[1], names[1]);
	pm_line(text, names[3], part->addr + pad, part->bytes - pad, part->external, more, "the slot without its header");
}

static void pm_part(const struct partitions_write *w, const struct plan_part *part, struct bytes *text)
{
	static const char *const primary[] = { "mcuboot_pad", "app", "mcuboot_primary", "mcuboot_primary_app" };
	static const char *const secondary[] = { "mcuboot_secondary_pad", "mcuboot_secondary_app", "mcuboot_secondary", NULL };
	bool runs_in_place = w->mode->cut == PLAN_CUT_NOTHING;
	if (part->role == PLAN_PRIMARY)
		pm_linked_slot(w, part, primary, text);
	else if (part->role == PLAN_SECONDARY && runs_in_place)
		pm_linked_slot(w, part, secondary, text);
	else
		pm_line(text, plan_part_pm(part), part->addr, part->bytes, part->external, "", why_of(w, part));
}

void partitions_write_pm(const struct partitions_write *w, struct bytes *text)
{
	uint32_t used = 0;
	text_add(text, "# %s: %s.\n# The same partitions as in the devicetree overlay. Boards in the field need every address as it is.\n", w->board->title,
		 w->mode->title);
	for (size_t i = 0; i < w->layout->count; i++) {
		const struct plan_part *part = &w->layout->parts[i];
		if (!part->outside)
			pm_part(w, part, text);
		if (part->external)
			used = part->addr + part->bytes;
	}
	if (used > 0 && used < w->board->external.bytes)
		pm_line(text, "external_flash", used, w->board->external.bytes - used, true, "", "the rest of the second flash");
}
