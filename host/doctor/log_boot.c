/* SPDX-License-Identifier: MIT */
/* The course of each boot in a log: which lines the bootloader printed, in order, and how it ended. */
#define _GNU_SOURCE /* memmem */
#include <ctype.h>
#include <stdio.h>

#include "log.h"

static bool is(const struct match *match, const char *name)
{
	return strcmp(log_rows[match->row].name, name) == 0;
}

static void new_boot(struct log_reader *r)
{
	struct doctor *d = r->doctor;
	size_t own = 0, oldest = 0;
	for (size_t i = d->boots.count; i-- > 0;) {
		if (d->boots.at[i].input == r->input) {
			own++;
			oldest = i;
		}
	}
	if (own >= LOG_BOOTS_MAX) {
		memmove(&d->boots.at[oldest], &d->boots.at[oldest + 1], (d->boots.count - oldest - 1) * sizeof *d->boots.at);
		r->boot = &d->boots.at[d->boots.count - 1];
	} else {
		r->boot = DOCTOR_ADD(d->boots);
	}
	*r->boot = (struct boot){ .input = r->input, .first_line = r->line, .last_line = r->line };
	r->boots++;
	r->after_jump = false;
}

static enum trailer_word word_of(const char *text, size_t length)
{
	char copy[LOG_LINE_MAX];
	(void)snprintf(copy, sizeof copy, "%.*s", (int)(length < sizeof copy - 1 ? length : sizeof copy - 1), text);
	const char *at = strstr(copy, "magic=");
	if (at == NULL)
		return WORD_UNKNOWN;
	at += 6;
	return strncmp(at, "good", 4) == 0 ? WORD_GOOD : strncmp(at, "bad", 3) == 0 ? WORD_BAD : strncmp(at, "unset", 5) == 0 ? WORD_UNSET : WORD_UNKNOWN;
}

static void take_state(struct log_reader *r, const struct match *match, const char *line, size_t length, struct slot_state *state, char *text)
{
	*state = (struct slot_state){
		.line = r->line,
		.magic = word_of(line + match->start, length - match->start),
		.swap_type = (uint8_t)match->numbers[0],
		.copy_done = (uint8_t)match->numbers[1],
		.image_ok = (uint8_t)match->numbers[2],
	};
	if (text != NULL)
		(void)snprintf(text, DOCTOR_LINE_BYTES, "%.*s", (int)(length < 390 ? length : 390), line);
}

static void take_swap(struct log_reader *r, const struct match *match, const char *line, size_t length)
{
	static const struct { const char *name; enum swap_said said; } table[] = {
		{ "swap_none", SWAP_SAID_NONE }, { "swap_test", SWAP_SAID_TEST }, { "swap_perm", SWAP_SAID_PERM },
		{ "swap_revert", SWAP_SAID_REVERT }, { "swap_fail", SWAP_SAID_FAIL }, { "swap_panic", SWAP_SAID_PANIC },
	};
	struct boot *b = r->boot;
	/* The running application prints the same words through its update library: not the bootloader's answer. */
	if (r->after_jump)
		return;
	for (size_t i = 0; i < HF_ARRAY_COUNT(table); i++) {
		if (!is(match, table[i].name))
			continue;
		/* The answer is given several times a boot; the first that is not "none" is what the boot is about. */
		if (b->swap <= SWAP_SAID_NONE) {
			b->swap = table[i].said;
			b->swap_line = r->line;
			b->after_swap = false;
			(void)snprintf(b->text, sizeof b->text, "%.*s", (int)(length < 390 ? length : 390), line);
		}
	}
}

/* Any banner but MCUboot's own: an application may have a name of its own. */
static bool is_other_banner(const struct match *match, const char *line, size_t length)
{
	return is(match, "banner_os") && memmem(line, length, "Booting MCUboot", 15) == NULL;
}

static bool opens_boot(struct log_reader *r, const struct match *match)
{
	if (is(match, "banner_mcuboot"))
		return true;
	if (is(match, "start"))
		return r->boot == NULL || r->boot->began || r->after_jump;
	/* Without any banner or start line: a paste that begins with the state lines. */
	if (is(match, "state_primary"))
		return r->boot == NULL || (r->boot->primary.line != 0 && (r->after_jump || r->boot->swap != SWAP_SAID_NOTHING));
	return false;
}

/* A line of a build log that names the part that is being built; some end MCUboot's part though they name it. */
static bool of_mcuboot(const char *line, size_t length)
{
	static const char *const ends[] = { "Completed 'mcuboot'", "child image mcuboot - end", "Generating files from" };
	for (size_t i = 0; i < HF_ARRAY_COUNT(ends); i++) {
		if (memmem(line, length, ends[i], strlen(ends[i])) != NULL)
			return false;
	}
	bool step = memmem(line, length, "build step for '", 16) != NULL;
	return !step || memmem(line, length, "build step for 'mcuboot'", 24) != NULL;
}

void log_boot_match(struct log_reader *r, const struct match *match, const char *line, size_t length)
{
	if (is(match, "in_mcuboot") || is(match, "in_other"))
		r->in_mcuboot = of_mcuboot(line, length);
	if (opens_boot(r, match) && !(r->boot != NULL && r->boot->last_line == r->line))
		new_boot(r);
	if (r->boot == NULL && (strncmp(log_rows[match->row].name, "swap_", 5) == 0 || is(match, "recovery")))
		new_boot(r);
	struct boot *b = r->boot;
	if (b == NULL)
		return;
	if (is_other_banner(match, line, length) && (b->jump_line != 0 || b->has_chainload)) {
		b->app_line = r->line;
		r->after_jump = true;
	}
	if (is(match, "start"))
		b->began = true;
	else if (is(match, "state_primary"))
		take_state(r, match, line, length, &b->primary, b->primary_text);
	else if (is(match, "state_secondary"))
		take_state(r, match, line, length, &b->secondary, b->secondary_text);
	else if (is(match, "state_scratch"))
		take_state(r, match, line, length, &b->scratch, NULL);
	else if (strncmp(log_rows[match->row].name, "swap_runs", 9) == 0 || is(match, "overwrite_runs"))
		b->swap_began = true;
	else if (strncmp(log_rows[match->row].name, "swap_", 5) == 0)
		take_swap(r, match, line, length);
	else if (is(match, "recovery"))
		b->recovery_line = b->recovery_line != 0 ? b->recovery_line : r->line;
	else if (is(match, "primary_bad") || is(match, "secondary_bad") || is(match, "no_bootable"))
		b->error_line = b->error_line != 0 ? b->error_line : r->line;
	else if (is(match, "jump"))
		b->jump_line = r->line;
	if (is(match, "chainload")) {
		b->has_chainload = match->found[0];
		b->chainload = match->numbers[0];
	}
}

void log_boot_line(struct log_reader *r, const char *line, size_t length)
{
	bool blank = true;
	for (size_t i = 0; i < length && blank; i++)
		blank = isspace((unsigned char)line[i]) != 0;
	if (blank || r->boot == NULL)
		return;
	r->boot->last_line = r->line;
	if (r->boot->swap_line != 0 && r->line > r->boot->swap_line)
		r->boot->after_swap = true;
}
