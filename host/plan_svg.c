/* SPDX-License-Identifier: MIT */
/* The flash map as SVG: bars to scale, a row of words for each part, since the small ones have no room for any. */
#include <stdio.h>

#include "partitions_write.h"
#include "plan_show.h"

#define WIDTH 960
#define MARGIN 24
#define BAR_WIDTH (WIDTH - 2 * MARGIN)
#define BAR_HEIGHT 64
#define ROW_HEIGHT 24
#define HEAD_HEIGHT 78

static const struct {
	const char *fill, *ink;
} looks[] = { [PLAN_BOOT] = { "#7b3fa0", "#ffffff" }, [PLAN_PRIMARY] = { "#1f5fbf", "#ffffff" }, [PLAN_SECONDARY] = { "#1b8a8f", "#ffffff" },
	      [PLAN_SCRATCH] = { "#c98a00", "#000000" }, [PLAN_SETTINGS] = { "#3c8d40", "#ffffff" }, [PLAN_RESERVED] = { "#8a8a8a", "#000000" },
	      [PLAN_SPARE] = { "#d9d9d9", "#000000" } };

/* Words of people's files go into XML. */
static void escaped(const char *words, struct bytes *svg)
{
	for (const char *at = words; *at != '\0'; at++) {
		if (*at == '<' || *at == '>' || *at == '&' || *at == '"')
			text_add(svg, "&#%d;", *at);
		else if ((unsigned char)*at >= ' ')
			bytes_add(svg, at, 1);
	}
}

static void words_at(int x, int y, int size, const char *ink, const char *more, const char *words, struct bytes *svg)
{
	text_add(svg, "<text x=\"%d\" y=\"%d\" font-size=\"%d\" fill=\"%s\"%s>", x, y, size, ink, more);
	escaped(words, svg);
	text_add(svg, "</text>\n");
}

static double x_of(uint32_t addr, uint32_t total)
{
	return MARGIN + (double)addr * BAR_WIDTH / total;
}

/* A rectangle of the bar; its name stands in it if there is room. */
static void rectangle(const struct plan_part *part, uint32_t total, int y, struct bytes *svg)
{
	double x = x_of(part->addr, total), width = x_of(part->addr + part->bytes, total) - x;
	const char *title = plan_part_title(part);
	char kb[32];
	text_add(svg, "<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" fill=\"%s\" stroke=\"#ffffff\" stroke-width=\"0.5\"/>\n", x, y, width,
		 BAR_HEIGHT, looks[part->role].fill);
	if (width < (double)strlen(title) * 8 + 12)
		return;
	(void)snprintf(kb, sizeof kb, "%u KB", (unsigned)(part->bytes / 1024));
	words_at((int)(x + width / 2), y + 28, 14, looks[part->role].ink, " text-anchor=\"middle\"", title, svg);
	words_at((int)(x + width / 2), y + 46, 12, looks[part->role].ink, " text-anchor=\"middle\"", kb, svg);
}

/* How far the application fills its slot: a line under the bar, to the same scale. */
static void filled(const struct plan_choice *c, const struct plan_option *o, int y, struct bytes *svg)
{
	const struct plan_part *primary = plan_part_of(&o->layout, PLAN_PRIMARY);
	if (primary == NULL || c->app.size_bytes == 0)
		return;
	uint32_t total = c->board->flash_bytes;
	double x = x_of(primary->addr, total), end = x_of(primary->addr + c->app.size_bytes, total), most = x_of(primary->addr + o->size_max, total);
	text_add(svg, "<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"6\" fill=\"%s\"/>\n", x, y + BAR_HEIGHT + 3, end - x,
		 o->left_bytes < 0 ? "#c0271d" : "#0b2f66");
	text_add(svg, "<line x1=\"%.2f\" y1=\"%d\" x2=\"%.2f\" y2=\"%d\" stroke=\"#c0271d\" stroke-width=\"1.5\"/>\n", most, y + BAR_HEIGHT, most,
		 y + BAR_HEIGHT + 12);
	char words[96];
	(void)snprintf(words, sizeof words, "application %u KB of %u KB at most (red mark)", (unsigned)(c->app.size_bytes / 1024),
		       (unsigned)(o->size_max / 1024));
	words_at((int)x, y + BAR_HEIGHT + 26, 12, "#222222", "", words, svg);
}

static int rows(const struct plan_option *o, bool external, int y, struct bytes *svg)
{
	for (size_t i = 0; i < o->layout.count; i++) {
		const struct plan_part *part = &o->layout.parts[i];
		char words[160];
		if (part->external != external)
			continue;
		text_add(svg, "<rect x=\"%d\" y=\"%d\" width=\"14\" height=\"14\" fill=\"%s\"/>\n", MARGIN, y, looks[part->role].fill);
		(void)snprintf(words, sizeof words, "0x%06x - 0x%06x", (unsigned)part->addr, (unsigned)(part->addr + part->bytes));
		words_at(MARGIN + 24, y + 12, 13, "#222222", " font-family=\"monospace\"", words, svg);
		(void)snprintf(words, sizeof words, "%u KB", (unsigned)(part->bytes / 1024));
		words_at(MARGIN + 270, y + 12, 13, "#222222", " text-anchor=\"end\"", words, svg);
		words_at(MARGIN + 290, y + 12, 13, "#222222", "", plan_part_title(part), svg);
		y += ROW_HEIGHT;
	}
	return y;
}

/* One memory: title, bar, rows. Returns where the next begins. */
static int memory(const struct plan_choice *c, const struct plan_option *o, bool external, int y, struct bytes *svg)
{
	uint32_t total = external ? c->board->external.bytes : c->board->flash_bytes;
	char words[160];
	(void)snprintf(words, sizeof words, "%s, %u KB%s", external ? c->board->external.part : c->board->chip, (unsigned)(total / 1024),
		       external ? " (second flash, at its own scale)" : "");
	words_at(MARGIN, y, 14, "#222222", " font-weight=\"bold\"", words, svg);
	y += 10;
	text_add(svg, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#f2f2f2\" stroke=\"#555555\"/>\n", MARGIN, y, BAR_WIDTH, BAR_HEIGHT);
	for (size_t i = 0; i < o->layout.count; i++) {
		if (o->layout.parts[i].external == external)
			rectangle(&o->layout.parts[i], total, y, svg);
	}
	if (!external)
		filled(c, o, y, svg);
	return rows(o, external, y + BAR_HEIGHT + (!external && c->app.size_bytes > 0 ? 42 : 20), svg) + 24;
}

void plan_svg(const struct plan_choice *c, const struct plan_option *o, struct bytes *svg)
{
	bool external = o->layout.count > 0 && o->layout.parts[o->layout.count - 1].external;
	struct bytes body = { 0 };
	char words[200];
	(void)snprintf(words, sizeof words, "%s: %s", c->board->title, o->mode->title);
	words_at(MARGIN, 34, 18, "#000000", " font-weight=\"bold\"", words, &body);
	(void)snprintf(words, sizeof words, "%s; largest image %u bytes", c->board->variant_note, (unsigned)o->size_max);
	words_at(MARGIN, 54, 13, "#222222", "", words, &body);
	int y = memory(c, o, false, HEAD_HEIGHT + 8, &body);
	if (external)
		y = memory(c, o, true, y, &body);
	text_add(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\">\n", WIDTH, y,
		 WIDTH, y);
	text_add(svg, "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n", WIDTH, y);
	bytes_add(svg, body.data, body.size);
	text_add(svg, "</svg>\n");
	bytes_free(&body);
}
