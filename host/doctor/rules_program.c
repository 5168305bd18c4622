/* SPDX-License-Identifier: MIT */
/* ELF files, which are not uploaded but say for which addresses they were linked; and inputs in which nothing is known at all.
 * Source   zephyrproject-rtos/zephyr: include/zephyr/arch/arm/cortex_m/scripts/linker.ld, CONFIG_ROM_START_OFFSET (the vector table stands
 *          behind room for MCUboot's header); nrfconnect/sdk-nrf: Partition Manager (linked behind mcuboot_pad). */
#include <stdio.h>

#include "rules.h"

static bool holds(const struct partition *p, const struct found_program *program)
{
	return p != NULL && partition_is_internal(p) && p->has_addr && p->has_size && program->linked_addr >= p->addr && program->linked_addr < p->end;
}

/* The smallest partition in which the program begins. */
static const struct partition *home_of(const struct layout *l, const struct found_program *program)
{
	const struct partition *best = NULL;
	for (size_t i = 0; i < l->partitions.count; i++) {
		const struct partition *p = &l->partitions.list[i];
		if (holds(p, program) && (best == NULL || p->size < best->size))
			best = p;
	}
	return best;
}

static void say_program(struct finding *f, const struct found_program *p)
{
	doctor_say(f, p->input, 0, "linked for 0x%x-0x%x, %u bytes", (unsigned)p->linked_addr, (unsigned)(p->linked_addr + p->size_bytes),
		   (unsigned)p->size_bytes);
	if (p->has_table)
		doctor_say(f, p->input, 0, "vector table at 0x%x: stack 0x%x, reset 0x%x", (unsigned)p->table_addr, (unsigned)p->stack, (unsigned)p->reset);
	else
		doctor_say(f, p->input, 0, "no vector table at its begin, nor behind room for a header");
}

/* A slot begins with the header of a signed image; a program that begins there itself would be overwritten by it. */
static bool is_slot(const struct layout *l, const struct partition *p)
{
	return p == partitions_of(&l->partitions, PARTITION_PRIMARY) || p == partitions_of(&l->partitions, PARTITION_SECONDARY);
}

static void judge(struct doctor *d, const struct layout *l, const struct found_program *program)
{
	const struct partition *primary = partitions_of(&l->partitions, PARTITION_PRIMARY), *boot = partitions_of(&l->partitions, PARTITION_BOOT);
	const struct partition *secondary = partitions_of(&l->partitions, PARTITION_SECONDARY);
	const struct partition *slot = holds(primary, program) ? primary : holds(secondary, program) ? secondary : NULL;
	const struct partition *home = slot != NULL ? slot : home_of(l, program);
	bool mcuboot = program->input->who == WHO_MCUBOOT;
	uint64_t end = (uint64_t)program->linked_addr + program->size_bytes;
	if (primary == NULL || !primary->has_addr || !partition_is_internal(primary))
		return;
	if (home != NULL && end > home->end) {
		struct finding *f = doctor_find(d, home == boot ? "B08" : "P16");
		say_program(f, program);
		doctor_say(f, l->input, home->line, "%s is 0x%llx-0x%llx", home->name, (unsigned long long)home->addr, (unsigned long long)home->end);
		doctor_grade(f, SEVERITY_FAULT, CERTAINTY_DATA);
	} else if (home == NULL || (is_slot(l, home) && program->has_table && program->table_addr == home->addr)) {
		struct finding *f = doctor_find(d, mcuboot && home == primary ? "B07" : "D11");
		say_program(f, program);
		doctor_say(f, l->input, primary->line, "%s is 0x%llx-0x%llx and begins with an image's header", primary->name,
			   (unsigned long long)primary->addr, (unsigned long long)primary->end);
	}
}

void detect_d10(struct doctor *d)
{
	for (size_t i = 0; i < d->programs.count; i++) {
		const struct found_program *p = &d->programs.at[i];
		if (!p->is_elf || !p->input->named)
			continue;
		struct finding *f = doctor_find(d, "D10");
		say_program(f, p);
		if (!p->has_table)
			doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_LIKELY);
	}
}

void detect_d11(struct doctor *d)
{
	for (size_t i = 0; i < d->programs.count; i++) {
		const struct found_program *p = &d->programs.at[i];
		const struct layout *main = doctor_main_layout(d);
		bool of_build = p->is_elf && !p->input->named;
		/* A build has several layouts, of which one counts; other cores' images have memory of their own. */
		if (of_build && main != NULL && p->has_table && p->input->who != WHO_OTHER && rules_is_generated(main))
			judge(d, main, p);
		for (size_t k = 0; k < d->layouts.count && p->is_elf && !of_build; k++) {
			if (!d->layouts.at[k]->input->aside)
				judge(d, d->layouts.at[k], p);
		}
	}
}

/* On an nRF52840, 48 KB hold MCUboot by itself; a driver for SPI flash or USB recovery needs 64. Not asked where a build shows that it
 * linked. Source: DevZone 109410, 113318, 116524. */
void rules_loader_room(struct doctor *d)
{
	static const struct { const char *name, *code, *why; } rows[] = {
		{ "SPI_NOR", "B09", "the driver with SPI takes about 9 KB" }, { "BOOT_SERIAL_CDC_ACM", "B08", "USB recovery takes about 16 KB" },
	};
	const struct layout *main = doctor_main_layout(d);
	const struct partition *boot = main != NULL ? partitions_of(&main->partitions, PARTITION_BOOT) : NULL;
	bool linked = doctor_name_ending(d, "merged.hex") != NULL || doctor_name_ending(d, "mcuboot/zephyr/zephyr.bin") != NULL || d->boots.count != 0;
	if (boot == NULL || !boot->has_size || boot->size > 0xc000 || linked || d->setup.soc != SOC_NRF52840)
		return;
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		const struct setting *s = doctor_setting(d, WHO_MCUBOOT, rows[i].name);
		if (s == NULL || strcmp(s->value, "y") != 0)
			continue;
		struct finding *f = doctor_find(d, rows[i].code);
		doctor_say_setting(f, s);
		doctor_say(f, main->input, boot->size_line != 0 ? boot->size_line : boot->line, "%s has 0x%llx bytes: %s", boot->name,
			   (unsigned long long)boot->size, rows[i].why);
		doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_LIKELY);
	}
}

/* Files whose kind alone tells that there is something to judge. */
static bool is_known(const struct doctor *d, const struct doctor_input *input)
{
	bool holds_code = d->images.count != 0 || d->programs.count != 0 || d->ranges.count != 0;
	return input->kind != KIND_NONE && input->kind != KIND_LOG && (input->kind != KIND_DUMP || holds_code);
}

void detect_d12(struct doctor *d)
{
	size_t logs = 0;
	for (size_t i = 0; i < d->inputs.count; i++) {
		logs += d->inputs.at[i]->kind == KIND_LOG;
		if (is_known(d, d->inputs.at[i]))
			return;
	}
	if (d->hits.count != 0 || d->boots.count != 0 || d->listed.count != 0 || d->complaints.count != 0 || d->findings.count != 0)
		return;
	struct finding *f = doctor_find(d, "D12");
	if (logs != 0)
		doctor_grade(f, SEVERITY_NOTE, CERTAINTY_DATA);
	if (d->inputs.count == 0)
		doctor_say(f, NULL, 0, "no file of a kind that is read here was found");
	for (size_t i = 0; i < d->inputs.count && i < 3; i++) {
		bool text = d->inputs.at[i]->kind == KIND_LOG;
		doctor_say(f, d->inputs.at[i], 0, "%s", text ? "none of its lines is a message that is known" :
							"nothing in it is known: no image, no settings, no text");
	}
}
