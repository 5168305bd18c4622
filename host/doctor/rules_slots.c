/* SPDX-License-Identifier: MIT */
/* Slots against each other, against the mode, against images and against what the bootloader prints.
 * Source   mcu-tools/mcuboot: boot/bootutil/src/swap_move.c, swap_offset.c, bootutil_area.c (limits and trailer sizes). */
#include <boards/boards.h>
#include <stdio.h>

#include "boardopt.h"
#include "rules.h"

#define PAGE 0x1000u

static unsigned long long ull(uint64_t value)
{
	return (unsigned long long)value;
}

struct pair {
	const struct layout *layout;
	const struct partition *primary, *secondary;
	uint64_t n0, n1; /* sectors */
};

static bool pair_of(const struct layout *l, struct pair *pair)
{
	if (l == NULL)
		return false;
	*pair = (struct pair){ l, partitions_of(&l->partitions, PARTITION_PRIMARY), partitions_of(&l->partitions, PARTITION_SECONDARY), 0, 0 };
	if (pair->primary == NULL || pair->secondary == NULL || !pair->primary->has_size || !pair->secondary->has_size)
		return false;
	pair->n0 = pair->primary->size / PAGE;
	pair->n1 = pair->secondary->size / PAGE;
	return pair->n0 != 0;
}

/* The mode that counts when nobody says one: sysbuild's default swaps. */
static bool swaps_by_default(const struct doctor *d)
{
	return d->setup.mode == MODE_UNKNOWN && doctor_is(d, WHO_SYSBUILD, "BOOTLOADER_MCUBOOT", "y");
}

static bool unequal_for(enum boot_mode mode, const struct pair *p)
{
	if (mode == MODE_OVERWRITE || mode == MODE_SINGLE || mode == MODE_RAM_LOAD || mode == MODE_LOADER)
		return false;
	if (mode == MODE_MOVE)
		return p->n0 != p->n1 && p->n0 != p->n1 + 1;
	if (mode == MODE_OFFSET || mode == MODE_UNKNOWN)
		return p->n0 != p->n1 && p->n1 != p->n0 + 1 && !(mode == MODE_UNKNOWN && p->n0 == p->n1 + 1);
	return p->n0 != p->n1;
}

static bool is_row(const struct board_layout *row, const struct pair *p)
{
	bool external = row->secondary_addr >= BOARD_EXTERNAL_ADDR;
	uint32_t secondary_addr = external ? row->secondary_addr - BOARD_EXTERNAL_ADDR : row->secondary_addr;
	return row->primary_addr == p->primary->addr && row->primary_bytes == p->primary->size && row->secondary_bytes == p->secondary->size &&
	       secondary_addr == p->secondary->addr && external != partition_is_internal(p->secondary);
}

/* Holdfast's row of this layout, of the first board that has it; NULL: none. */
static const struct board_layout *row_of(const struct pair *p, const struct board **board)
{
	size_t count = 0;
	const struct board *const *boards = board_list(&count);
	for (size_t i = 0; i < count; i++) {
		for (uint32_t k = 0; k < boards[i]->layout_count; k++) {
			*board = boards[i];
			if (is_row(&boards[i]->layouts[k], p))
				return &boards[i]->layouts[k];
		}
	}
	return NULL;
}

/* Files, a log or the loader itself say that Holdfast's bootloader is the one that runs. */
static bool says_holdfast(const struct doctor *d)
{
	bool said = doctor_hit(d, "holdfast_line") != NULL;
	for (size_t i = 0; i < d->inputs.count; i++)
		said = said || (d->inputs.at[i]->says_holdfast && !d->inputs.at[i]->aside);
	return said;
}

/* The layout of one of Holdfast's boards, or any for its bootloader: its swap wants one sector more in the second flash, and the
 * application is built as for MCUboot's swap using move. */
static bool is_holdfasts(const struct doctor *d, const struct pair *p)
{
	const struct board *board = NULL;
	if (row_of(p, &board) != NULL)
		return true;
	/* One sector of its swap more, which may be of two pages. */
	return says_holdfast(d) && p->n1 > p->n0 && p->n1 <= p->n0 + 2 && !partition_is_internal(p->secondary);
}

/* Each layout with both slots that contradicts the mode. */
static void check_sizes(struct doctor *d, const struct layout *l)
{
	struct pair p;
	bool small = d->setup.mode == MODE_OVERWRITE && d->setup.compressed && pair_of(l, &p) && p.n1 * 100 < p.n0 * 65;
	if (small && !l->input->aside) {
		struct finding *f = doctor_find(d, "P08");
		doctor_title(f, "The secondary slot may be too small for compressed images");
		doctor_remedy(f, "Images compress to about 70 per cent; next thing to look at: `holdfast plan --app zephyr.signed.bin`, which measures yours.");
		doctor_say(f, l->input, p.secondary->line, "the secondary slot has %llu per cent of the primary", ull(p.n1 * 100 / p.n0));
		doctor_grade(f, SEVERITY_NOTE, CERTAINTY_LIKELY); /* some images compress to half */
	}
	if (l->input->aside || !pair_of(l, &p) || !unequal_for(d->setup.mode, &p) || d->setup.soc == SOC_OTHER || is_holdfasts(d, &p))
		return;
	bool certain = doctor_mode_swaps(d->setup.mode) || swaps_by_default(d);
	struct finding *f = doctor_find(d, "P08");
	doctor_say(f, l->input, p.secondary->size_line != 0 ? p.secondary->size_line : p.secondary->line,
		   "secondary 0x%llx bytes (%llu sectors), primary 0x%llx (%llu): %llu per cent", ull(p.secondary->size), ull(p.n1), ull(p.primary->size),
				ull(p.n0),
		   ull(p.secondary->size * 100 / p.primary->size));
	doctor_grade(f, certain ? SEVERITY_FAULT : SEVERITY_ATTENTION, CERTAINTY_DATA);
	if (!certain)
		doctor_say(f, l->input, p.primary->line, "no file given says the mode; next thing to look at: SB_CONFIG_MCUBOOT_MODE_* in sysbuild.conf");
	else if (d->setup.mode_setting != NULL)
		doctor_say_setting(f, d->setup.mode_setting);
	if (certain || p.n1 > p.n0 + 1) {
		struct finding *g = doctor_find(d, "P02");
		doctor_say(g, l->input, p.secondary->size_line != 0 ? p.secondary->size_line : p.secondary->line, "%llu and %llu sectors", ull(p.n0),
				ull(p.n1));
		if (!certain)
			doctor_grade(g, SEVERITY_ATTENTION, CERTAINTY_DATA);
	}
}

void detect_p08(struct doctor *d)
{
	for (size_t i = 0; i < d->layouts.count; i++)
		check_sizes(d, d->layouts.at[i]);
}

/* What the bootloader printed against what the files say. */
void detect_p02(struct doctor *d)
{
	const struct log_hit *counts = doctor_hit(d, "sector_counts");
	struct pair p;
	if (doctor_hit(d, "not_compatible") == NULL || doctor_hit(d, "P01") != NULL)
		return;
	struct finding *f = doctor_find(d, "P02");
	doctor_say_hits(d, f, "not_compatible", 2);
	doctor_grade(f, SEVERITY_FAULT, CERTAINTY_DATA);
	if (pair_of(doctor_main_layout(d), &p) && p.n1 > p.n0 && is_holdfasts(d, &p)) {
		doctor_say(f, p.layout->input, p.secondary->line, "this layout is for Holdfast's bootloader, but it is MCUboot that runs");
		doctor_remedy(f, "Flash the .hex of `holdfast bootloader` in place of the MCUboot that the build made.");
	}
	if (counts == NULL || !pair_of(doctor_main_layout(d), &p))
		return;
	doctor_say(f, counts->input, counts->line, "%s", counts->text);
	if (p.n0 == counts->numbers[0] && p.n1 == counts->numbers[1])
		return;
	doctor_say(f, p.layout->input, p.secondary->line,
			"this file gives the slots %llu and %llu sectors: the bootloader that runs was built from another layout",
		   ull(p.n0), ull(p.n1));
	doctor_remedy(f, "Build pristine and flash the bootloader together with the application (merged.hex); then its counts must be %llu and %llu.",
		      ull(p.n0), ull(p.n1));
}

void detect_p01(struct doctor *d)
{
	struct pair p;
	(void)by_message(d, "P01");
	const struct setting *max = doctor_setting(d, WHO_MCUBOOT, "BOOT_MAX_IMG_SECTORS");
	if (doctor_setting_number(d, WHO_MCUBOOT, "MCUBOOT_LOGICAL_SECTOR_SIZE", 0) != 0)
		return;
	if (max == NULL || !pair_of(doctor_main_layout(d), &p) || doctor_is(d, WHO_MCUBOOT, "BOOT_MAX_IMG_SECTORS_AUTO", "y") || d->setup.soc == SOC_OTHER)
		return;
	uint64_t entries = doctor_setting_number(d, WHO_MCUBOOT, "BOOT_MAX_IMG_SECTORS", UINT64_MAX);
	uint64_t most = p.n0 > p.n1 ? p.n0 : p.n1;
	bool known = p.layout->partitions.form == PARTITIONS_PM || d->setup.soc != SOC_UNKNOWN;
	if (entries >= most)
		return;
	bool said = doctor_found(d, "P01") != NULL;
	struct finding *f = doctor_find(d, "P01");
	if (!said && !known)
		doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_LIKELY);
	doctor_say_setting(f, max);
	doctor_say(f, p.layout->input, p.primary->size_line != 0 ? p.primary->size_line : p.primary->line, "a slot of 0x%llx bytes has %llu sectors",
		   ull(most == p.n0 ? p.primary->size : p.secondary->size), ull(most));
	doctor_remedy(f, "In sysbuild/mcuboot.conf: CONFIG_BOOT_MAX_IMG_SECTORS=%llu", ull(most));
}

void detect_p15(struct doctor *d)
{
	(void)by_message(d, "P15");
	const struct setting *max = doctor_setting(d, WHO_MCUBOOT, "BOOT_MAX_IMG_SECTORS");
	if (max == NULL || doctor_setting_number(d, WHO_MCUBOOT, "BOOT_MAX_IMG_SECTORS", 0) <= 1024)
		return;
	bool said = doctor_found(d, "P15") != NULL;
	struct finding *f = doctor_find(d, "P15");
	doctor_say_setting(f, max);
	if (!said)
		doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_DATA);
}

static uint32_t write_block(const struct doctor *d)
{
	return doctor_soc_is_54l(d->setup.soc) ? 16 : 4;
}

/* Sectors that the trailer takes at the end of a slot. */
static uint64_t trailer_sectors(const struct doctor *d, uint64_t entries)
{
	uint64_t block = write_block(d), align = block > 8 ? block : 8;
	bool offset = d->setup.mode == MODE_OFFSET;
	uint64_t info = 4 * align + (16 + align - 1) / align * align + (offset ? 2 * align : 0);
	uint64_t status = (offset ? 2u : 3u) * block * entries;
	return (status + info + PAGE - 1) / PAGE;
}

/* The largest image that this pair can update; of a swap with n0 entries if no number is set. */
static uint64_t limit_of(const struct doctor *d, const struct pair *p)
{
	const struct board *board = NULL;
	const struct board_layout *row = says_holdfast(d) ? row_of(p, &board) : NULL;
	if (row != NULL)
		return boardopt_size_max(board, row); /* its own walk takes larger images */
	uint64_t entries = doctor_setting_number(d, WHO_MCUBOOT, "BOOT_MAX_IMG_SECTORS", p->n0);
	uint64_t t = trailer_sectors(d, entries), align = write_block(d) > 8 ? 16 : 8;
	if (d->setup.mode == MODE_OVERWRITE) {
		uint64_t smaller = p->primary->size < p->secondary->size || d->setup.compressed ? p->primary->size : p->secondary->size;
		return smaller - (16 + 3 * align);
	}
	if (d->setup.mode != MODE_UNKNOWN && !doctor_mode_swaps(d->setup.mode))
		return p->primary->size;
	uint64_t a = d->setup.mode == MODE_OFFSET ? p->n0 - t : p->n0 > t + 1 ? p->n0 - t - 1 : 0;
	uint64_t b = d->setup.mode == MODE_OFFSET ? (p->n1 > t + 1 ? p->n1 - t - 1 : 0) : p->n1 > t ? p->n1 - t : 0;
	return (a < b ? a : b) * PAGE;
}

void detect_p18(struct doctor *d)
{
	struct pair p;
	const struct setting *max = doctor_setting(d, WHO_MCUBOOT, "BOOT_MAX_IMG_SECTORS");
	if (max == NULL || !doctor_soc_is_54l(d->setup.soc) || !pair_of(doctor_main_layout(d), &p) || d->setup.mode == MODE_OVERWRITE ||
			d->setup.mode == MODE_SINGLE)
		return;
	uint64_t entries = doctor_setting_number(d, WHO_MCUBOOT, "BOOT_MAX_IMG_SECTORS", p.n0);
	uint64_t now = trailer_sectors(d, entries), exact = trailer_sectors(d, p.n0);
	if (now <= exact || entries <= p.n0)
		return;
	struct finding *f = doctor_find(d, "P18");
	doctor_say_setting(f, max);
	doctor_say(f, p.layout->input, p.primary->line, "the trailer takes %llu sectors of each slot; with %llu entries it would take %llu", ull(now),
			ull(p.n0), ull(exact));
	if (now < exact + 3)
		doctor_grade(f, SEVERITY_NOTE, CERTAINTY_DATA);
}

bool rules_is_application(const struct found_image *image)
{
	bool meant = image->input->named || strstr(image->input->path, "zephyr/") != NULL || strchr(image->input->path, '/') == NULL;
	return meant && image->broken == HF_OK && !image->has_addr && strstr(image->name, "mcuboot") == NULL && strstr(image->name, "s0") == NULL &&
			strstr(image->name, "s1_") == NULL;
}

/* One image against the slots. */
static void check_image_size(struct doctor *d, const struct found_image *image, const struct pair *p)
{
	uint64_t size = image->total_bytes, limit = limit_of(d, p);
	unsigned line = p->primary->size_line != 0 ? p->primary->size_line : p->primary->line;
	const char *code = NULL;
	if (image->is_compressed)
		code = size > p->secondary->size ? "P09" : NULL;
	else if (size > p->primary->size)
		code = "P16";
	else if (size > p->secondary->size)
		code = d->setup.mode == MODE_OVERWRITE ? "P09" : "U06";
	else if (size > limit)
		code = p->n0 == p->n1 && size <= (p->n0 - 1) * (uint64_t)PAGE && !says_holdfast(d) ? "P11" : "P10";
	if (code == NULL)
		return;
	struct finding *f = doctor_find(d, code);
	doctor_say(f, image->input, 0, "%s: %llu bytes with header and TLVs", image->name, ull(size));
	doctor_say(f, p->layout->input, line, "primary 0x%llx, secondary 0x%llx; the largest image is %llu bytes (%s)", ull(p->primary->size),
			ull(p->secondary->size),
		   ull(limit), says_holdfast(d) ? "Holdfast's bootloader" :
		   d->setup.mode == MODE_UNKNOWN ? "if a swap mode is used" : doctor_mode_name(d->setup.mode));
}

void detect_p10(struct doctor *d)
{
	struct pair p;
	if (by_message(d, "P10"))
		doctor_say_hits(d, doctor_find(d, "P10"), "swap_room", 1);
	else if (doctor_hit(d, "swap_room") != NULL)
		doctor_say_hits(d, doctor_find(d, "P10"), "swap_room", 1);
	if (!pair_of(doctor_main_layout(d), &p))
		return;
	for (size_t i = 0; i < d->images.count; i++) {
		if (rules_is_application(&d->images.at[i]))
			check_image_size(d, &d->images.at[i], &p);
	}
}

void detect_p11(struct doctor *d)
{
	(void)d; /* with P10: one comparison decides which of them it is */
}

void detect_p09(struct doctor *d)
{
	(void)by_message(d, "P09");
}

void detect_u06(struct doctor *d)
{
	(void)d; /* with P10 */
}

/* The part of the build that overflowed: the linker's lines say it, or the lines before. */
void detect_p16(struct doctor *d)
{
	(void)by_message(d, "P16");
	for (size_t i = 0; i < d->hits.count; i++) {
		const struct log_hit *hit = &d->hits.at[i];
		if (hit->about_mcuboot || hit != doctor_hit(d, "flash_overflow"))
			continue;
		doctor_say_hits(d, doctor_find(d, "P16"), "flash_overflow", 3);
	}
}

/* --- two layouts ------------------------------------------------------------------------------------------------------------- */

static const char *name_of(const struct layout *l)
{
	const char *slash = strrchr(l->input->path, '/');
	return slash != NULL ? slash + 1 : l->input->path;
}

/* Only layouts that are meant for the same device: named together, of the same name, or a build's two sides. */
static bool comparable(const struct layout *a, const struct layout *b)
{
	bool named = a->input->named && b->input->named;
	bool same = strcmp(name_of(a), name_of(b)) == 0 && strncmp(name_of(a), "pm_static", 9) == 0;
	bool built = strcmp(name_of(a), "zephyr.dts") == 0 && strcmp(name_of(b), "zephyr.dts") == 0 && (a->who == WHO_MCUBOOT || b->who == WHO_MCUBOOT);
	bool asked = strcmp(name_of(a), "pm_static.yml") == 0 && strcmp(name_of(b), "partitions.yml") == 0;
	bool overlays = a->partitions.form == PARTITIONS_DTS && b->partitions.form == PARTITIONS_DTS && (a->who == WHO_MCUBOOT) != (b->who == WHO_MCUBOOT) &&
			strstr(a->input->path, ".overlay") != NULL && strstr(b->input->path, ".overlay") != NULL && strstr(a->input->path, "boards/") == NULL &&
			strstr(b->input->path, "boards/") == NULL;
	return named || same || built || asked || overlays;
}

static void compare(struct doctor *d, const struct layout *a, const struct layout *b, const char *code, enum partition_role role)
{
	const struct partition *p = partitions_of(&a->partitions, role), *q = partitions_of(&b->partitions, role);
	if (p == NULL || q == NULL || !p->has_addr || !q->has_addr || (p->addr == q->addr && p->size == q->size))
		return;
	struct finding *f = doctor_find(d, code);
	doctor_say(f, a->input, p->line, "%s: 0x%llx, 0x%llx bytes", p->name, ull(p->addr), ull(p->size));
	doctor_say(f, b->input, q->line, "%s: 0x%llx, 0x%llx bytes", q->name, ull(q->addr), ull(q->size));
}

/* Does any slot begin there, of whatever image: mcuboot_primary, mcuboot_primary_1, s0, slot0_partition.. */
static bool is_slot_start(const struct layout *l, uint64_t addr)
{
	for (size_t i = 0; i < l->partitions.count; i++) {
		const struct partition *p = &l->partitions.list[i];
		if (p->has_addr && p->addr == addr)
			return true;
	}
	return false;
}

/* Images in hex files say where they go. */
static void p13_hex(struct doctor *d, const struct layout *main, const struct partition *primary)
{
	for (size_t i = 0; i < d->images.count; i++) {
		const struct found_image *image = &d->images.at[i];
		bool meant = image->input->named || strstr(image->input->path, "zephyr") != NULL || strchr(image->input->path, '/') == NULL;
		if (!image->has_addr || !meant || image->broken != HF_OK || image->addr >= 0x00800000u || is_slot_start(main, image->addr))
			continue;
		struct finding *f = doctor_find(d, "P13");
		doctor_say(f, image->input, 0, "%s: this image goes to 0x%llx, where no slot begins", image->name, ull(image->addr));
		doctor_say(f, main->input, primary->line, "%s is at 0x%llx", primary->name, ull(primary->addr));
	}
}

void detect_p13(struct doctor *d)
{
	for (size_t i = 0; i < d->layouts.count; i++) {
		for (size_t k = i + 1; k < d->layouts.count; k++) {
			const struct layout *a = d->layouts.at[i], *b = d->layouts.at[k];
			if ((!comparable(a, b) && !comparable(b, a)) || a->input->aside || b->input->aside)
				continue;
			compare(d, a, b, "P13", PARTITION_PRIMARY);
			compare(d, a, b, "P13", PARTITION_SECONDARY);
			compare(d, a, b, "P12", PARTITION_SETTINGS);
		}
	}
	const struct layout *main = doctor_main_layout(d);
	const struct partition *primary = main != NULL ? partitions_of(&main->partitions, PARTITION_PRIMARY) : NULL;
	if (primary == NULL || !primary->has_addr)
		return;
	p13_hex(d, main, primary);
	for (size_t i = 0; i < d->boots.count; i++) {
		const struct boot *b = &d->boots.at[i];
		if (!b->has_chainload || b->chainload == primary->addr || d->setup.mode == MODE_XIP || d->setup.mode == MODE_XIP_REVERT ||
				d->setup.mode == MODE_RAM_LOAD)
			continue;
		struct finding *f = doctor_find(d, "P13");
		doctor_say(f, b->input, b->first_line, "the bootloader starts what is at 0x%llx", ull(b->chainload));
		doctor_say(f, main->input, primary->line, "%s is at 0x%llx", primary->name, ull(primary->addr));
	}
	for (size_t i = 0; i < d->images.count; i++) {
		const struct found_image *image = &d->images.at[i];
		bool elsewhere = image->reset < primary->addr || image->reset >= primary->end;
		if (!rules_is_application(image) || image->is_compressed || image->is_encrypted || !elsewhere || image->img_bytes < 8 ||
				image->reset >= 0x10000000u)
			continue;
		if (d->setup.mode == MODE_XIP || d->setup.mode == MODE_XIP_REVERT)
			continue;
		struct finding *f = doctor_find(d, "P13");
		doctor_say(f, image->input, 0, "%s: offset 0x%x: reset vector 0x%x", image->name, (unsigned)image->hdr_bytes + 4, (unsigned)image->reset);
		doctor_say(f, main->input, primary->line, "%s is 0x%llx-0x%llx", primary->name, ull(primary->addr), ull(primary->end));
	}
}

void detect_p12(struct doctor *d)
{
	(void)d; /* with P13: the same comparison */
}

/* --- file names -------------------------------------------------------------------------------------------------------------- */

void detect_p06(struct doctor *d)
{
	static const struct { const char *name, *wanted; } table[] = {
		{ "pm_static_xiao_ble.yml", "pm_static_xiao_ble_nrf52840.yml" }, { "pm_static_xiao_ble_sense.yml", "pm_static_xiao_ble_nrf52840_sense.yml" },
		{ "pm_static_nrf52840dk.yml", "pm_static_nrf52840dk_nrf52840.yml" }, { "pm_static_nrf54l15dk.yml", "pm_static_nrf54l15dk_nrf54l15_cpuapp.yml" },
		{ "pm_static_xiao_nrf54l15.yml", "pm_static_xiao_nrf54l15_nrf54l15_cpuapp.yml" }, { "pm_static_nrf5340dk.yml",
				"pm_static_nrf5340dk_nrf5340_cpuapp.yml" },
		{ "pm_static_nrf54l15dk_nrf54l15.yml", "pm_static_nrf54l15dk_nrf54l15_cpuapp.yml" },
		{ "pm_static_xiao_nrf54l15_nrf54l15.yml", "pm_static_xiao_nrf54l15_nrf54l15_cpuapp.yml" },
	};
	for (size_t i = 0; i < d->tree.count; i++) {
		const char *path = d->tree.at[i], *name = strrchr(path, '/');
		size_t length = strlen(path);
		name = name != NULL ? name + 1 : path;
		if (strncmp(name, "pm_static", 9) == 0 && length > 5 && strcmp(path + length - 5, ".yaml") == 0)
			doctor_say(doctor_find(d, "P06"), NULL, 0, "%s: the build looks for names that end in .yml", path);
	}
	bool modern = d->setup.has_sysbuild || d->setup.ncs_version >= 207 || d->setup.ncs_version == 0;
	for (size_t i = 0; i < HF_ARRAY_COUNT(table) && modern; i++) {
		const char *path = doctor_name_ending(d, table[i].name);
		if (path == NULL || doctor_name_ending(d, table[i].wanted) != NULL || doctor_hit(d, "pm_static_found") != NULL)
			continue;
		struct finding *f = doctor_find(d, "P06");
		doctor_say(f, NULL, 0, "%s: the build looks for %s", path, table[i].wanted);
	}
}
