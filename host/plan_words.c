/* SPDX-License-Identifier: MIT */
/* The sentences. */
#include <stdio.h>
#include <stdlib.h>

#include "partitions_write.h"
#include "plan_show.h"

static const struct {
	const char *word;
	uint32_t bit;
} wish_words[] = {
	{ "ble", PLAN_WISH_BLE }, { "usb", PLAN_WISH_USB }, { "serial", PLAN_WISH_SERIAL }, { "uart", PLAN_WISH_SERIAL },
	{ "rollback", PLAN_WISH_ROLLBACK }, { "power-cut", PLAN_WISH_POWER_CUT }, { "recovery", PLAN_WISH_RECOVERY },
	{ "no-probe", PLAN_WISH_NO_PROBE },
};

bool plan_wish_parse(const char *word, size_t length, uint32_t *wishes)
{
	for (size_t i = 0; i < HF_ARRAY_COUNT(wish_words); i++) {
		if (strlen(wish_words[i].word) == length && strncmp(wish_words[i].word, word, length) == 0) {
			*wishes |= wish_words[i].bit;
			return true;
		}
	}
	return false;
}

static char *text_of(struct bytes *text)
{
	bytes_add(text, "", 1);
	return (char *)text->data;
}

char *plan_wish_words(uint32_t wishes)
{
	struct bytes text = { 0 };
	for (size_t i = 0; i < HF_ARRAY_COUNT(wish_words); i++) {
		if ((wishes & wish_words[i].bit) != 0) {
			text_add(&text, "%s%s", text.size > 0 ? ", " : "", wish_words[i].word);
			wishes &= ~wish_words[i].bit;
		}
	}
	return text_of(&text);
}

const char *plan_cut_words(enum plan_cut cut)
{
	switch (cut) {
	case PLAN_CUT_GOES_ON: return "goes on where it was";
	case PLAN_CUT_RESTARTS: return "copies again from the start";
	case PLAN_CUT_NOTHING: return "nothing is being copied";
	case PLAN_CUT_RECOVERY: return "waits in recovery for a wire";
	}
	return "?";
}

char *plan_wire_words(const struct plan_choice *c, const struct plan_option *o)
{
	const char *wire = c->board->has_usb ? "USB" : "UART";
	if (o->mode->recovery_only)
		return host_printf("%s, through the bootloader only", wire);
	bool recovery = plan_has_recovery(o);
	const char *running = c->board->has_usb ? "Bluetooth, USB or UART" : "Bluetooth or UART (the chip has no USB; a bridge does it)";
	return host_printf("%s into the running application%s%s%s", running, recovery ? "; " : "", recovery ? wire : "",
			   recovery ? " through the bootloader with recovery" : "");
}

static double kb(int64_t bytes)
{
	return (double)bytes / 1024.0;
}

char *plan_why_not(const struct plan_choice *c, const struct plan_option *o)
{
	switch (o->why_not) {
	case PLAN_NOT_AVAILABLE: return host_strdup(c->board->holdfast != NULL ? "not available yet" : "not available yet; needs Holdfast's bootloader");
	case PLAN_NO_EXTERNAL: return host_printf("%s has no second flash", c->board->title);
	case PLAN_NO_ROOM: return host_strdup("the memory is too small for it");
	case PLAN_NOT_IN_SDK: {
		uint16_t since = c->sdk != NULL && c->sdk->family == PLAN_ZEPHYR ? o->mode->since_zephyr : o->mode->since_ncs;
		if (c->sdk == NULL || since == 0)
			return host_printf("%s has no such mode", c->sdk != NULL ? "plain Zephyr" : "no SDK");
		return host_printf("needs %s %u.%u or newer", c->sdk->family == PLAN_NCS ? "nRF Connect SDK" : "Zephyr", since / 100u, since % 100u);
	}
	case PLAN_POSSIBLE: break;
	}
	if (!o->fits)
		return host_printf("%lld bytes too large", (long long)-o->left_bytes);
	if (o->wishes_missing != 0) {
		char *wishes = plan_wish_words(o->wishes_missing), *text = host_printf("can't give: %s", wishes);
		free(wishes);
		return text;
	}
	return NULL;
}

char *plan_why(const struct plan_choice *c, const struct plan_option *o)
{
	struct bytes text = { 0 };
	text_add(&text, "%s ", o->mode->does);
	if (c->app.size_bytes > 0)
		text_add(&text, "Your application leaves %.1f KB free (%u %%). ", kb(o->left_bytes),
			 (unsigned)(o->left_bytes * 100 / (o->size_max > 0 ? o->size_max : 1)));
	for (int i = 0; i < c->recommended; i++) { /* what would have been better */
		char *why_not = plan_why_not(c, &c->options[i]);
		if (why_not != NULL)
			text_add(&text, "%s would come first, but: %s. ", c->options[i].mode->name, why_not);
		free(why_not);
	}
	text_add(&text, "%s", o->mode->price);
	return text_of(&text);
}

static bool is_inner_swap(const struct plan_mode *mode)
{
	return !mode->external && !mode->recovery_only && mode->limit != PLAN_LIMIT_COMPRESSED && mode->limit != PLAN_LIMIT_DELTA;
}

char *plan_what_then(const struct plan_choice *c)
{
	uint32_t most = 0;
	for (size_t i = 0; i < c->count; i++) {
		const struct plan_option *o = &c->options[i];
		bool counts = is_inner_swap(o->mode) && o->why_not == PLAN_POSSIBLE && (o->mode->rollback || (c->wishes & PLAN_WISH_ROLLBACK) == 0);
		if (counts && o->size_max > most)
			most = o->size_max;
	}
	if (c->app.size_bytes <= most)
		return NULL;
	struct bytes text = { 0 };
	text_add(&text, "Updates over Bluetooth with two slots inside the chip no longer fit: %u bytes at most, the application has %u. ",
		 (unsigned)most, (unsigned)c->app.size_bytes);
	text_add(&text, "What then:");
	static const struct {
		enum plan_shape shape;
		const char *words;
	} ways[] = { { PLAN_SHAPE_EXTERNAL, "the second slot in the second flash, which keeps the way back" },
		     { PLAN_SHAPE_DELTA, "a small second slot and difference packages, which keep the way back" },
		     { PLAN_SHAPE_SPLIT, "compressed updates, which have no way back" },
		     { PLAN_SHAPE_ONE, "one slot and recovery by wire, without Bluetooth updates" } };
	for (size_t w = 0; w < HF_ARRAY_COUNT(ways); w++) {
		const struct plan_option *best = NULL;
		for (size_t i = 0; i < c->count; i++) {
			if (c->options[i].mode->shape == ways[w].shape && (best == NULL || (c->options[i].fits && !best->fits)))
				best = &c->options[i];
		}
		if (best == NULL)
			continue;
		char *why_not = plan_why_not(c, best);
		text_add(&text, " %zu. %s: %s%s", w + 1, ways[w].words, best->fits ? "fits" : why_not, w + 1 < HF_ARRAY_COUNT(ways) ? ";" : ".");
		free(why_not);
	}
	return text_of(&text);
}

/* --- warnings --------------------------------------------------------------------------------------------------------------------- */

static void warn(struct plan_warnings *w, const char *code, char *text)
{
	if (w->count < PLAN_WARNINGS_MAX)
		w->list[w->count++] = (struct plan_warning){ code, text };
	else
		free(text);
}

static void warn_board(const struct plan_choice *c, struct plan_warnings *w)
{
	const struct plan_board *b = c->board;
	if (b->needs_probe)
		warn(w, "needs-probe", host_printf("The first installation on %s needs a debug probe (SWD); later updates don't.", b->title));
	if (b->removes_uf2)
		warn(w, "removes-uf2", host_strdup("This layout removes the stock UF2 loader and the SoftDevice: no more drag and drop. With "
						   "--keep uf2 both stay, and the application gets less room."));
	if (b->holdfast == NULL && !c->mcuboot_only)
		warn(w, "no-holdfast", host_printf("Holdfast's own bootloader is made for the chips and pins of the boards in `holdfast board list`, and %s is "
						   "none of them: of what can be had, the table has MCUboot's modes alone.", b->title));
	if (c->sdk != NULL && c->sdk->version < (c->sdk->family == PLAN_NCS ? b->since_ncs : b->since_zephyr))
		warn(w, "board-newer-than-sdk", host_printf("%s comes with newer versions than %s: take the board's files from its maker.", b->title,
							   c->sdk->name));
}

static void warn_settings(const struct plan_choice *c, const struct plan_option *o, const struct plan_lock *lock, struct plan_warnings *w)
{
	const struct plan_part *settings = plan_part_of(&o->layout, PLAN_SETTINGS), *was = plan_part_of(&lock->layout, PLAN_SETTINGS);
	uint32_t before = lock->is_there ? was != NULL ? was->addr : 0 : c->board->stock_settings_addr;
	if (settings != NULL && before != 0 && settings->addr != before)
		warn(w, "settings-lost", host_printf("The settings area moves from 0x%x to 0x%x: bonds and settings saved by %s are lost.", (unsigned)before,
						    (unsigned)settings->addr, lock->is_there ? "boards in the field" : "the board's own layout"));
}

static void warn_option(const struct plan_choice *c, const struct plan_option *o, struct plan_warnings *w)
{
	if (c->app.size_bytes > 0 && o->left_bytes * 10 < (int64_t)o->size_max)
		warn(w, "little-room", host_printf("Less than a tenth is left (%.1f KB): plan for growth now, the layout can't change in the field.",
						  kb(o->left_bytes)));
	const struct plan_part *primary = plan_part_of(&o->layout, PLAN_PRIMARY);
	if (c->board->drop_end_addr != 0)
		warn(w, "uf2-whole", host_printf("By drag and drop, install bootloader and application together: a .uf2 of merged.hex, not zephyr.uf2%s",
						 o->mode->loader == PLAN_LOADER_HOLDFAST ? " (Holdfast's bootloader has its own .hex)." : "."));
	if (c->board->drop_end_addr != 0 && primary != NULL && c->app.size_bytes > 0 && primary->addr + c->app.size_bytes > c->board->drop_end_addr)
		warn(w, "uf2-end", host_printf("The stock loader writes below 0x%x alone: %u bytes of this application can't be dropped there.",
					       (unsigned)c->board->drop_end_addr,
					       (unsigned)(primary->addr + c->app.size_bytes - c->board->drop_end_addr)));
	if (o->mode->external)
		warn(w, "external-flash", host_printf("%s is taken by the updates; check that nothing else uses its pins%s.", c->board->external.part,
						     c->board->external.is_estimate ? ". Its times are estimates" : ""));
	if (o->mode->limit == PLAN_LIMIT_COMPRESSED && c->app.compressed_percent == 0)
		warn(w, "compression-assumed", host_strdup("How far the application compresses was not measured: 70 % is assumed. Give --app."));
	bool xiao_l15 = strstr(c->board->name, "xiao_nrf54l15") != NULL;
	if (xiao_l15 && c->app.kind != NULL && strcmp(c->app.kind, "signed image") == 0 && c->app.size_bytes % 16 != 0)
		warn(w, "openocd-tail", host_strdup("The image's length is no multiple of 16: OpenOCD scripts from before September 2026 lose its last "
						    "bytes on this board. Verify after flashing."));
	if (!o->mode->rollback && !o->mode->recovery_only && (c->wishes & PLAN_WISH_RECOVERY) == 0)
		warn(w, "no-way-back", host_strdup("This mode has no way back: add --want recovery, or a broken image needs a debug probe."));
}

void plan_warn(const struct plan_choice *c, const struct plan_option *o, const struct plan_lock *lock, struct plan_warnings *w)
{
	w->count = 0;
	warn_board(c, w);
	if (o == NULL)
		return;
	char *moves = plan_lock_differs(lock, &o->layout);
	if (moves != NULL)
		warn(w, "moves-addresses", host_printf("This plan moves addresses that are deployed (%s): boards in the field can't take such updates. %s",
						      lock->path, moves));
	free(moves);
	warn_settings(c, o, lock, w);
	warn_option(c, o, w);
}

void plan_warnings_free(struct plan_warnings *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->list[i].text);
	w->count = 0;
}
