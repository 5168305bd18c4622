/* SPDX-License-Identifier: MIT */
#include "plan_files.h"

#include <stdio.h>
#include <stdlib.h>

#include "partitions_write.h"

static bool is_external(const struct plan_option *o)
{
	return o->layout.count > 0 && o->layout.parts[o->layout.count - 1].external;
}

static bool wants_recovery(const struct plan_choice *c, const struct plan_option *o)
{
	return o->mode->recovery_only || (c->wishes & PLAN_WISH_RECOVERY) != 0;
}

/* Over USB where the board has no UART to a debugger, or if it is wished. */
static bool recovers_by_usb(const struct plan_choice *c)
{
	return c->board->has_usb && (!c->board->has_console_uart || (c->wishes & PLAN_WISH_USB) != 0);
}

static uint32_t if_sdk(const struct plan_choice *c, const struct plan_option *o, enum plan_form form)
{
	const struct plan_sdk *sdk = c->sdk;
	bool ncs = sdk->family == PLAN_NCS;
	bool pm = sdk->partition_manager && (form == PLAN_FORM_PM || (form == PLAN_FORM_AUTO && !sdk->can_devicetree));
	uint32_t when = (ncs ? PLAN_IF_NCS : 0u) | (pm ? PLAN_IF_PM : PLAN_IF_NO_PM) | (sdk->sectors_auto ? PLAN_IF_SECTORS_AUTO : 0u);
	bool l15 = c->board->is_nrf54l && c->board->flash_bytes == 0x17D000;
	if (ncs && l15 && sdk->version >= 208 && o->mode->loader == PLAN_LOADER_MCUBOOT)
		when |= PLAN_IF_COMBINED;
	return when;
}

static uint32_t if_mode(const struct plan_choice *c, const struct plan_option *o)
{
	const struct plan_mode *mode = o->mode;
	bool uploads = !mode->recovery_only, usb = recovers_by_usb(c);
	uint32_t when = mode->loader == PLAN_LOADER_HOLDFAST ? PLAN_IF_HOLDFAST : PLAN_IF_MCUBOOT;
	when |= uploads ? PLAN_IF_UPLOADS | PLAN_IF_TWO_SLOTS : 0u;
	when |= mode->limit == PLAN_LIMIT_COMPRESSED ? PLAN_IF_COMPRESSED : 0u;
	when |= mode->cut == PLAN_CUT_NOTHING ? PLAN_IF_XIP : 0u;
	when |= c->board->is_nrf54l ? PLAN_IF_NRF54L : 0u;
	if (wants_recovery(c, o) && mode->loader == PLAN_LOADER_MCUBOOT)
		when |= PLAN_IF_RECOVERY | (usb ? PLAN_IF_USB : PLAN_IF_UART) | (c->board->has_button ? 0u : PLAN_IF_NO_BUTTON);
	if (uploads && ((c->wishes & PLAN_WISH_WIRES) == 0 || (c->wishes & PLAN_WISH_BLE) != 0))
		when |= PLAN_IF_BLE;
	if (uploads && (c->wishes & (PLAN_WISH_USB | PLAN_WISH_SERIAL)) != 0)
		when |= PLAN_IF_WIRE;
	if (is_external(o))
		when |= PLAN_IF_EXTERNAL | (c->board->external.bus == PLAN_BUS_QSPI ? PLAN_IF_QSPI : PLAN_IF_SPI);
	return when;
}

static void head(const struct plan_choice *c, const struct plan_option *o, const char *about, struct bytes *text)
{
	text_add(text, "# %s, %s, for %s.\n# %s\n", c->board->title, o->mode->title, c->sdk->name, about);
}

static const char *word_of(const struct plan_choice *c, const struct plan_option *o, const char *symbol)
{
	return strstr(symbol, "_MODE_") != NULL ? plan_sysbuild_mode(o->mode, c->sdk) : c->board->signature;
}

/* The two rows' formats are in plan_lines.c; the compiler can't see them, so they are filled in here by hand. */
static char *fill(const char *pattern, const char *word, uint32_t number)
{
	const char *hole = strchr(pattern, '%');
	if (hole == NULL)
		return host_strdup(pattern);
	int before = (int)(hole - pattern);
	switch (hole[1]) {
	case 's': return host_printf("%.*s%s%s", before, pattern, word, hole + 2);
	case 'x': return host_printf("%.*s%x%s", before, pattern, (unsigned)number, hole + 2);
	default: return host_printf("%.*s%u%s", before, pattern, (unsigned)number, hole + 2);
	}
}

static void conf(const struct plan_choice *c, const struct plan_option *o, enum plan_file file, uint32_t when, struct bytes *text)
{
	for (size_t i = 0; i < plan_line_count; i++) {
		const struct plan_line *line = &plan_lines[i];
		if (line->file != file || (line->when & ~when) != 0)
			continue;
		uint32_t number = strstr(line->symbol, "_PAD") != NULL ? c->board->header_bytes : o->max_sectors;
		char *symbol = fill(line->symbol, word_of(c, o, line->symbol), 0), *value = fill(line->value, "", number);
		text_add(text, "\n# %s\n%s=%s\n", line->why, symbol, value);
		free(symbol);
		free(value);
	}
}

static struct bytes *add(struct plan_files *files, char *name, bool is_conf)
{
	hf_assert(files->count < PLAN_FILES_MAX);
	struct plan_text *file = &files->list[files->count++];
	*file = (struct plan_text){ .name = name, .is_conf = is_conf };
	return &file->text;
}

/* Which mode the application is built with is sysbuild's business; it is said for those who build without it. */
static void say_mode(const struct plan_choice *c, const struct plan_option *o, struct bytes *text)
{
	const char *mode = plan_app_mode(o->mode, c->sdk);
	text_add(text, "\n# sysbuild sets CONFIG_MCUBOOT_BOOTLOADER_MODE_%s=y from its mode line; without sysbuild, set it here.\n", mode);
	if (o->mode->loader == PLAN_LOADER_HOLDFAST)
		text_add(text, "# That is what Holdfast's bootloader expects of this layout.\n");
	else if (o->mode->holdfast_takes)
		text_add(text, "# Under Holdfast's bootloader the application is built with the same: CONFIG_MCUBOOT_BOOTLOADER_MODE_%s=y.\n", mode);
	else
		text_add(text, "# Holdfast's bootloader has no such mode; for it, plan again with --loader holdfast.\n");
	if (o->mode->cut == PLAN_CUT_NOTHING)
		text_add(text, "# Two builds: one for each slot; send each board the file for its free slot.\n");
}

void plan_files_make(const struct plan_choice *c, const struct plan_option *o, enum plan_form form, struct plan_files *files)
{
	*files = (struct plan_files){ .when = if_sdk(c, o, form) | if_mode(c, o) };
	bool pm = (files->when & PLAN_IF_PM) != 0, usb_node = recovers_by_usb(c) && c->board->has_console_uart;
	struct bytes *text = add(files, host_strdup("sysbuild.conf"), true);
	head(c, o, "Read by sysbuild: which bootloader, which mode, which key. Symbols here begin with SB_CONFIG_.", text);
	conf(c, o, PLAN_FILE_SYSBUILD, files->when, text);
	text = add(files, host_strdup("sysbuild/mcuboot.conf"), true);
	head(c, o, "Merged on top of MCUboot's own settings; nothing here reaches the application.", text);
	conf(c, o, PLAN_FILE_MCUBOOT, files->when, text);
	text = add(files, host_strdup("prj.conf"), true);
	head(c, o, "Lines for the application's own settings.", text);
	conf(c, o, PLAN_FILE_APP, files->when, text);
	say_mode(c, o, text);

	struct partitions_write what = { .board = c->board, .layout = &o->layout, .mode = o->mode, .ranges = c->sdk->ranges };
	text = add(files, host_printf("boards/%s.overlay", c->board->stem), false);
	partitions_write_dts(&what, text);
	what.is_bootloader = true;
	what.usb_recovery = usb_node && (files->when & PLAN_IF_RECOVERY) != 0;
	text = add(files, host_strdup("sysbuild/mcuboot.overlay"), false);
	partitions_write_dts(&what, text);
	if (pm) {
		text = add(files, host_printf("pm_static_%s.yml", c->board->stem), false);
		partitions_write_pm(&what, text);
	}
}

void plan_files_free(struct plan_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free(files->list[i].name);
		bytes_free(&files->list[i].text);
	}
	files->count = 0;
}
