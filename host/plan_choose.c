/* SPDX-License-Identifier: MIT */
/* Which modes there are for this board, SDK and application, and which one is recommended. Pure. */
#include <string.h>

#include "plan.h"

bool plan_has_recovery(const struct plan_option *o)
{
	if (o->mode->loader == PLAN_LOADER_MCUBOOT || o->mode->recovery_only)
		return true;
	return o->holdfast != NULL && o->holdfast->recovery != 0;
}

/* What a mode can't give of what is wished. */
static uint32_t missing(const struct plan_choice *c, const struct plan_option *o)
{
	const struct plan_mode *mode = o->mode;
	uint32_t gives = PLAN_WISH_SERIAL;
	if (plan_has_recovery(o))
		gives |= PLAN_WISH_RECOVERY;
	if (c->board->has_usb || c->board->is_nrf54l)
		gives |= PLAN_WISH_USB; /* its own, or the bridge to the UART */
	if (!mode->recovery_only)
		gives |= PLAN_WISH_BLE;
	if (mode->rollback)
		gives |= PLAN_WISH_ROLLBACK;
	if (mode->cut != PLAN_CUT_RECOVERY)
		gives |= PLAN_WISH_POWER_CUT;
	if (!c->board->needs_probe) /* on board already, or the loader travels as a .uf2 file */
		gives |= PLAN_WISH_NO_PROBE;
	return c->wishes & ~gives;
}

static bool in_sdk(const struct plan_choice *c, const struct plan_mode *mode)
{
	if (c->sdk == NULL)
		return mode->since_ncs != 0 || mode->since_zephyr != 0;
	uint16_t since = c->sdk->family == PLAN_NCS ? mode->since_ncs : mode->since_zephyr;
	return since != 0 && c->sdk->version >= since;
}

static void judge(const struct plan_choice *c, struct plan_option *o)
{
	const struct plan_mode *mode = o->mode;
	if (o->why_not == PLAN_POSSIBLE && o->size_max == 0)
		o->why_not = PLAN_NO_ROOM;
	if (o->why_not == PLAN_POSSIBLE && !in_sdk(c, mode))
		o->why_not = PLAN_NOT_IN_SDK;
	if (!mode->available)
		o->why_not = PLAN_NOT_AVAILABLE;
	o->left_bytes = (int64_t)o->size_max - (int64_t)c->app.size_bytes;
	o->fits = o->size_max > 0 && o->left_bytes >= 0 && o->why_not == PLAN_POSSIBLE;
	o->wishes_missing = missing(c, o);
	o->max_sectors = plan_max_sectors(c->board, &o->layout);
	uint32_t image = c->app.size_bytes != 0 && c->app.size_bytes < o->size_max ? c->app.size_bytes : o->size_max;
	o->update_ms = plan_update_ms(c->board, mode, image);
	o->revert_ms = mode->rollback ? o->update_ms : 0;
	o->updates = plan_updates(c->board, mode, &o->layout, image);
}

static void add_mcuboot(struct plan_choice *c, const struct plan_mode *mode)
{
	struct plan_option *o = &c->options[c->count++];
	*o = (struct plan_option){ .mode = mode };
	if (mode->external && c->board->external.bytes == 0)
		o->why_not = PLAN_NO_EXTERNAL;
	else if (!plan_layout_make(c->board, mode, &o->layout))
		o->why_not = PLAN_NO_ROOM;
	if (o->why_not == PLAN_POSSIBLE)
		o->size_max = plan_size_max(c->board, mode, &o->layout, c->app.compressed_percent);
	judge(c, o);
}

/* Of this variant: it begins and ends where the variant does. */
static bool is_of_variant(const struct plan_board *board, const struct board_layout *layout)
{
	return layout->loader_addr == board->first_addr && layout->storage_addr + layout->storage_bytes == board->end_addr;
}

static void add_holdfast(struct plan_choice *c, const struct plan_mode *mode)
{
	const struct board *board = c->board->holdfast != NULL ? board_find(c->board->holdfast) : NULL;
	for (uint32_t i = 0; board != NULL && i < board->layout_count && c->count < PLAN_OPTIONS_MAX; i++) {
		const struct board_layout *layout = &board->layouts[i];
		struct plan_option *o = &c->options[c->count];
		*o = (struct plan_option){ .mode = mode, .holdfast = layout };
		if (layout->mode_id != mode->hf_mode_id || !is_of_variant(c->board, layout))
			continue;
		plan_layout_of_holdfast(c->board, layout, &o->layout);
		const struct plan_part *secondary = plan_part_of(&o->layout, PLAN_SECONDARY);
		if ((secondary != NULL && secondary->external) != mode->external)
			continue;
		o->size_max = plan_holdfast_size_max(c->board, mode, layout);
		if (o->size_max == 0)
			continue;
		judge(c, o);
		c->count++;
	}
}

static unsigned rank(const struct plan_choice *c, const struct plan_option *o)
{
	if (c->sdk == NULL)
		return o->mode->rank_any;
	return c->sdk->family == PLAN_NCS ? o->mode->rank_ncs : o->mode->rank_zephyr;
}

/* The sketch of a mode gives way once a board has a layout of it. */
static bool is_there_already(const struct plan_choice *c, const struct plan_mode *mode)
{
	const struct board *board = c->board->holdfast != NULL ? board_find(c->board->holdfast) : NULL;
	for (uint32_t i = 0; !mode->available && board != NULL && i < board->layout_count; i++) {
		if (board->layouts[i].mode_id == mode->hf_mode_id && is_of_variant(c->board, &board->layouts[i]))
			return true;
	}
	return false;
}

static bool is_wanted_loader(const struct plan_choice *c, const struct plan_mode *mode)
{
	return !(c->mcuboot_only && mode->loader != PLAN_LOADER_MCUBOOT) && !(c->holdfast_only && mode->loader != PLAN_LOADER_HOLDFAST);
}

/* List in the order of preference. */
static void sort(struct plan_choice *c)
{
	for (size_t i = 1; i < c->count; i++) {
		struct plan_option o = c->options[i];
		size_t at = i;
		for (; at > 0 && rank(c, &c->options[at - 1]) > rank(c, &o); at--)
			c->options[at] = c->options[at - 1];
		c->options[at] = o;
	}
}

void plan_choose(struct plan_choice *c)
{
	c->count = 0;
	c->recommended = -1;
	for (size_t i = 0; i < plan_mode_count && c->count < PLAN_OPTIONS_MAX; i++) {
		const struct plan_mode *mode = &plan_modes[i];
		if (!is_wanted_loader(c, mode) || is_there_already(c, mode))
			continue;
		if (mode->shape == PLAN_SHAPE_HOLDFAST)
			add_holdfast(c, mode);
		else
			add_mcuboot(c, mode);
	}
	sort(c);
	for (size_t i = 0; i < c->count && c->recommended < 0; i++) {
		if (c->options[i].fits && c->options[i].wishes_missing == 0)
			c->recommended = (int)i;
	}
}

size_t plan_growth(const struct plan_choice *c, size_t order[PLAN_OPTIONS_MAX])
{
	size_t count = 0;
	for (size_t i = 0; i < c->count; i++) {
		const struct plan_option *o = &c->options[i];
		if (o->size_max == 0 || (o->why_not != PLAN_POSSIBLE && o->why_not != PLAN_NOT_AVAILABLE))
			continue;
		size_t at = count++;
		for (; at > 0 && c->options[order[at - 1]].size_max > o->size_max; at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	return count;
}
