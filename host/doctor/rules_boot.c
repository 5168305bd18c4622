/* SPDX-License-Identifier: MIT */
/* The course of boots and the state of slots: what MCUboot printed, what lists and the shell show.
 * Source   mcu-tools/mcuboot: boot/bootutil/src/loader.c, bootutil_misc.c (state lines, swap types). */
#include <stdlib.h>

#include "rules.h"

static void say_boot(struct finding *f, const struct boot *b)
{
	if (b->primary.line != 0)
		doctor_say(f, b->input, b->primary.line, "%s", b->primary_text);
	if (b->secondary.line != 0)
		doctor_say(f, b->input, b->secondary.line, "%s", b->secondary_text);
	if (b->swap_line != 0)
		doctor_say(f, b->input, b->swap_line, "%s", b->text);
}

static const struct boot *last_boot(const struct doctor *d, const struct doctor_input *input)
{
	for (size_t i = d->boots.count; i-- > 0;) {
		if (d->boots.at[i].input == input)
			return &d->boots.at[i];
	}
	return NULL;
}

/* Slots of the last list of the last input that has one. */
static const struct listed *slot_listed(const struct doctor *d, unsigned slot, bool shell)
{
	for (size_t i = d->listed.count; i-- > 0;) {
		const struct listed *s = &d->listed.at[i];
		if (s->is_shell == shell && s->image == 0 && s->slot == slot)
			return s;
		if (i > 0 && (d->listed.at[i - 1].input != s->input || d->listed.at[i - 1].listing != s->listing) && s->is_shell == shell)
			return NULL;
	}
	return NULL;
}

static bool quiet(const struct doctor *d)
{
	return doctor_verdict(d) == SEVERITY_NOTE;
}

void detect_s01(struct doctor *d)
{
	if (quiet(d) && doctor_hit(d, "source_none") != NULL)
		doctor_say_hits(d, doctor_find(d, "S01"), "source_none", 1);
}

static bool is_pristine(const struct slot_state *s)
{
	return s->line != 0 && s->magic == WORD_UNSET && s->swap_type == 1 && s->copy_done == 3 && s->image_ok == 3;
}

void detect_s02(struct doctor *d)
{
	for (size_t i = 0; i < d->boots.count && quiet(d); i++) {
		const struct boot *b = &d->boots.at[i];
		if (is_pristine(&b->primary))
			doctor_say(doctor_find(d, "S02"), b->input, b->primary.line, "%s", b->primary_text);
	}
}

void detect_s15(struct doctor *d)
{
	for (size_t i = 0; i < d->boots.count && quiet(d); i++) {
		const struct boot *b = &d->boots.at[i];
		if (b->primary.line != 0 && b->primary.magic == WORD_GOOD && b->primary.swap_type >= 2 && b->primary.image_ok == 1)
			doctor_say(doctor_find(d, "S15"), b->input, b->primary.line, "%s", b->primary_text);
	}
}

void detect_d08(struct doctor *d)
{
	const struct listed *s = slot_listed(d, 1, false);
	if (quiet(d) && s != NULL && s->pending)
		doctor_say(doctor_find(d, "D08"), s->input, s->line, "slot 1 is pending%s", s->permanent ? ", permanent" : "");
}

void detect_s03(struct doctor *d)
{
	if (doctor_found(d, "S07") != NULL)
		return;
	if (by_message(d, "S03") && doctor_hit(d, "no_bootable") == NULL && doctor_hit(d, "primary_bad") == NULL && doctor_hit(d, "jump") != NULL)
		doctor_grade(doctor_find(d, "S03"), SEVERITY_NOTE, CERTAINTY_LIKELY); /* an empty secondary, and the boot went on */
}

void detect_k01(struct doctor *d)
{
	(void)by_message(d, "K01");
	for (size_t i = 0; i < d->boots.count; i++) {
		const struct boot *b = &d->boots.at[i];
		/* An interrupted swap, a sector table or a device that does not open explain it better. */
		if (b->error_line == 0 || b->primary.magic == WORD_GOOD || doctor_hit(d, "P01") != NULL || doctor_hit(d, "X01") != NULL ||
				doctor_hit(d, "X02") != NULL)
			continue;
		if (doctor_hit(d, "primary_bad") == NULL && doctor_hit(d, "no_bootable") == NULL)
			continue;
		struct finding *f = doctor_find(d, "K01");
		doctor_say_hits(d, f, "primary_bad", 2);
		doctor_say_hits(d, f, "no_bootable", 1);
		if (b->swap_began && b->swap_line != 0) {
			/* It was valid before the swap and is not behind it: what lies near the slot's end was lost. */
			doctor_say(doctor_find(d, "P11"), b->input, b->swap_line, "%s", b->text);
			doctor_say_hits(d, doctor_find(d, "P11"), "primary_bad", 1);
			doctor_grade(doctor_find(d, "P11"), SEVERITY_FAULT, CERTAINTY_LIKELY);
		}
	}
	if (d->boots.count == 0 && (doctor_hit(d, "primary_bad") != NULL || doctor_hit(d, "no_bootable") != NULL) && doctor_hit(d, "P01") == NULL) {
		struct finding *f = doctor_find(d, "K01");
		doctor_say_hits(d, f, "primary_bad", 2);
		doctor_say_hits(d, f, "no_bootable", 1);
	}
}

void detect_s04(struct doctor *d)
{
	const struct log_hit *done = NULL;
	for (size_t i = 0; i < d->hits.count && done == NULL; i++) {
		const struct log_hit *hit = doctor_hit(d, "upload_done");
		done = hit != NULL && (strstr(hit->text, "/s") != NULL || strstr(hit->text, "pload") != NULL) ? hit : NULL;
	}
	const struct listed *slot = slot_listed(d, 1, false);
	for (size_t i = 0; i < d->boots.count; i++) {
		const struct boot *b = last_boot(d, d->boots.at[i].input);
		bool idle = b->swap == SWAP_SAID_NONE && b->secondary.line != 0 && b->secondary.magic == WORD_UNSET;
		bool listed = slot != NULL && !slot->pending && !slot->active && !slot->confirmed;
		if (!idle || (done == NULL && !listed) || (done != NULL && done->input == b->input && done->line > b->first_line))
			continue;
		struct finding *f = doctor_find(d, "S04");
		say_boot(f, b);
		if (done != NULL)
			doctor_say(f, done->input, done->line, "%s", done->text);
		if (listed)
			doctor_say(f, slot->input, slot->line, "slot 1 holds version %s without a mark", slot->version);
		return;
	}
}

void detect_s05(struct doctor *d)
{
	if (doctor_hit(d, "secondary_bad") != NULL) {
		doctor_say_hits(d, doctor_find(d, "S05"), "secondary_bad", 2);
		for (size_t i = 0; i < d->boots.count; i++) {
			if (d->boots.at[i].error_line != 0)
				say_boot(doctor_find(d, "S05"), &d->boots.at[i]);
		}
	}
	const struct listed *slot = slot_listed(d, 1, false);
	for (size_t i = 0; i < d->images.count && slot != NULL && slot->has_hash && doctor_found(d, "S05") != NULL; i++) {
		char *hex = bytes_hex(d->images.at[i].hash, d->images.at[i].hash_bytes);
		if (strcmp(hex, slot->hash) != 0)
			doctor_say(doctor_find(d, "S05"), slot->input, slot->line, "slot 1 has hash %.16s.., the file %.16s..", slot->hash, hex);
		free(hex);
	}
}

/* The boot ends at the swap line with nothing behind it; or each of several boots ends in the swap. */
static bool stops_in_swap(const struct boot *b)
{
	bool wants = b->swap == SWAP_SAID_TEST || b->swap == SWAP_SAID_PERM || (b->swap == SWAP_SAID_REVERT && b->swap_began);
	return wants && b->jump_line == 0 && !b->has_chainload && b->error_line == 0 && b->app_line == 0;
}

void detect_s06(struct doctor *d)
{
	size_t stuck = 0;
	const struct boot *first = NULL;
	if (doctor_hit(d, "P10") != NULL || doctor_hit(d, "panic") != NULL || doctor_hit(d, "S09") != NULL || doctor_hit(d, "K12") != NULL)
		return;
	for (size_t i = 0; i < d->boots.count; i++) {
		const struct boot *b = &d->boots.at[i];
		const struct boot *last = last_boot(d, b->input);
		if (!stops_in_swap(b))
			continue;
		bool restarted = b != last && (b->swap_began || b->swap_line != 0);
		bool ends = b == last && !b->swap_began && !b->after_swap;
		stuck += restarted || ends || (b == last && stuck != 0);
		first = first == NULL && (restarted || ends) ? b : first;
	}
	if (first == NULL)
		return;
	bool watchdog = doctor_hit(d, "watchdog_reset") != NULL;
	struct finding *f = doctor_find(d, watchdog ? "S08" : "S06");
	say_boot(f, first);
	if (stuck > 1)
		doctor_say(f, first->input, first->swap_line, "%zu boots end here", stuck);
	if (watchdog)
		doctor_say_hits(d, f, "watchdog_reset", 2);
	const struct listed *shell = slot_listed(d, 1, true);
	if (shell != NULL && shell->state.magic == WORD_GOOD)
		doctor_say(f, shell->input, shell->line, "the secondary is marked as it should be");
}

void detect_s08(struct doctor *d)
{
	if (doctor_hit(d, "watchdog_reset") == NULL || doctor_found(d, "S08") != NULL)
		return;
	for (size_t i = 0; i + 1 < d->boots.count; i++) {
		if (d->boots.at[i].swap_began && d->boots.at[i].jump_line == 0) {
			say_boot(doctor_find(d, "S08"), &d->boots.at[i]);
			doctor_say_hits(d, doctor_find(d, "S08"), "watchdog_reset", 2);
		}
	}
}

void detect_s07(struct doctor *d)
{
	for (size_t i = 0; i < d->boots.count; i++) {
		const struct boot *b = &d->boots.at[i];
		bool resumes = b->primary.magic == WORD_GOOD && b->primary.copy_done == 3;
		bool dead = doctor_hit(d, "headers_unread") != NULL || doctor_hit(d, "bad_header") != NULL || doctor_hit(d, "inconsistent") != NULL;
		if ((!resumes && doctor_hit(d, "source_slot") == NULL) || !dead || b->jump_line != 0)
			continue;
		struct finding *f = doctor_find(d, "S07");
		say_boot(f, b);
		doctor_say_hits(d, f, "headers_unread", 1);
		doctor_say_hits(d, f, "bad_header", 1);
	}
	/* A dump: the image begins one sector behind the slot. */
	const struct layout *main = doctor_main_layout(d);
	const struct partition *p = main != NULL ? partitions_of(&main->partitions, PARTITION_PRIMARY) : NULL;
	for (size_t i = 0; i < d->images.count && p != NULL; i++) {
		const struct found_image *image = &d->images.at[i];
		if (image->input->kind == KIND_DUMP && image->file_off == p->addr + 0x1000)
			doctor_say(doctor_find(d, "S07"), image->input, 0, "offset 0x%x: an image begins one sector behind %s (0x%llx)",
					(unsigned)image->file_off,
				   p->name, (unsigned long long)p->addr);
	}
}

void detect_s09(struct doctor *d)
{
	(void)by_message(d, "S09");
}

void detect_s10(struct doctor *d)
{
	const struct setting *bootstrap = doctor_setting(d, WHO_MCUBOOT, "BOOT_BOOTSTRAP");
	bool on = bootstrap != NULL && strcmp(bootstrap->value, "y") == 0;
	for (size_t i = 0; i < d->boots.count; i++) {
		const struct boot *b = &d->boots.at[i];
		if (b->swap != SWAP_SAID_REVERT || (doctor_hit(d, "bootstrap") == NULL && !on))
			continue;
		struct finding *f = doctor_find(d, "S10");
		say_boot(f, b);
		doctor_say_hits(d, f, "bootstrap", 2);
		if (on)
			doctor_say_setting(f, bootstrap);
	}
}

/* Why a mark would not lead to a swap though the slot holds an image. */
static bool refusal_is_said(const struct doctor *d)
{
	static const char *const names[] = { "not_compatible", "X06", "P01", "S09", "K12", "secondary_bad", "panic", "P10", "holdfast_line" };
	for (size_t i = 0; i < HF_ARRAY_COUNT(names); i++) {
		if (doctor_hit(d, names[i]) != NULL)
			return true;
	}
	return d->setup.mode == MODE_XIP || d->setup.mode == MODE_XIP_REVERT;
}

void detect_s11(struct doctor *d)
{
	/* A mark in the secondary and yet "none": MCUboot found no header before it (boot_validate_slot says: no image). */
	for (size_t i = 0; i < d->boots.count && !refusal_is_said(d); i++) {
		const struct boot *b = &d->boots.at[i];
		if (b->secondary.line == 0 || b->secondary.magic != WORD_GOOD || b->swap != SWAP_SAID_NONE || b->secondary.swap_type == 4)
			continue;
		say_boot(doctor_find(d, "S11"), b);
		doctor_grade(doctor_find(d, "S11"), SEVERITY_FAULT, CERTAINTY_LIKELY);
	}
	for (size_t i = 0; i < d->boots.count; i++) {
		const struct boot *b = &d->boots.at[i];
		if (b->secondary.line != 0 && b->secondary.magic != WORD_GOOD && b->secondary.image_ok == 1)
			say_boot(doctor_find(d, "S11"), b);
	}
}

void detect_s12(struct doctor *d)
{
	const struct listed *slot = slot_listed(d, 1, false);
	if (slot == NULL || !slot->pending || d->boots.count == 0)
		return;
	const struct boot *b = &d->boots.at[d->boots.count - 1];
	if (b->swap != SWAP_SAID_NONE && b->swap != SWAP_SAID_NOTHING)
		return;
	struct finding *f = doctor_find(d, "S12");
	doctor_say(f, slot->input, slot->line, "slot 1 is pending%s", slot->permanent ? " and permanent" : "");
	say_boot(f, b);
}

void detect_c01(struct doctor *d)
{
	if (doctor_found(d, "S10") != NULL)
		return;
	for (size_t i = 0; i < d->boots.count; i++) {
		const struct boot *b = &d->boots.at[i];
		bool trial = b->primary.line != 0 && b->primary.magic == WORD_GOOD && b->primary.copy_done == 1 && b->primary.image_ok == 3;
		if (b->swap != SWAP_SAID_REVERT && !trial)
			continue;
		struct finding *f = doctor_find(d, "C01");
		say_boot(f, b);
		if (b->swap != SWAP_SAID_REVERT)
			doctor_grade(f, SEVERITY_FAULT, CERTAINTY_LIKELY);
	}
}

void detect_c02(struct doctor *d)
{
	const struct log_hit *said = doctor_hit(d, "confirmed_said");
	for (size_t i = 0; i < d->boots.count && said != NULL; i++) {
		const struct boot *b = &d->boots.at[i];
		if (b->swap != SWAP_SAID_REVERT || (said->input == b->input && said->line > b->first_line))
			continue;
		struct finding *f = doctor_find(d, "C02");
		doctor_say(f, said->input, said->line, "%s", said->text);
		say_boot(f, b);
		return;
	}
}

static bool has_bad(const struct slot_state *s)
{
	return s->line != 0 && (s->copy_done == 2 || s->image_ok == 2 || s->magic == WORD_BAD);
}

void detect_c03(struct doctor *d)
{
	for (size_t i = 0; i < d->boots.count; i++) {
		const struct boot *b = &d->boots.at[i];
		if (!has_bad(&b->primary) && !has_bad(&b->secondary))
			continue;
		struct finding *f = doctor_find(d, "C03");
		say_boot(f, b);
		if (b->jump_line != 0 && !has_bad(&b->primary) && b->secondary.magic != WORD_GOOD && b->swap == SWAP_SAID_NONE)
			doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_LIKELY);
	}
	bool explained = doctor_hit(d, "P10") != NULL || doctor_hit(d, "swap_room") != NULL || doctor_found(d, "S07") != NULL;
	if (doctor_hit(d, "panic") != NULL && d->boots.count != 0 && !explained && doctor_hit(d, "X01") == NULL)
		doctor_say_hits(d, doctor_find(d, "C03"), "panic", 1);
}

void detect_c04(struct doctor *d)
{
	(void)by_message(d, "C04");
}

void detect_c05(struct doctor *d)
{
	const struct listed *s = slot_listed(d, 0, false), *other = slot_listed(d, 1, false);
	const struct listed *shell = slot_listed(d, 0, true);
	if (shell != NULL && shell->state.magic == WORD_GOOD && shell->state.copy_done == 1 && shell->state.image_ok == 3)
		doctor_say(doctor_find(d, "C05"), shell->input, shell->line, "the primary area: magic good, copy done set, image ok unset");
	if (s == NULL || !s->has_flags)
		return;
	if (!s->active && other != NULL && other->active)
		s = other;
	if (!s->active || s->confirmed)
		return;
	doctor_say(doctor_find(d, "C05"), s->input, s->line, "version %s is active and not confirmed", s->version);
}

void detect_c06(struct doctor *d)
{
	if (d->setup.mode == MODE_OVERWRITE && d->setup.mode_setting != NULL)
		doctor_say_setting(doctor_find(d, "C06"), d->setup.mode_setting);
}

void detect_c07(struct doctor *d)
{
	const struct listed *a = slot_listed(d, 0, false), *b = slot_listed(d, 1, false);
	if (a != NULL && b != NULL && a->has_hash && b->has_hash && strcmp(a->hash, b->hash) == 0) {
		struct finding *f = doctor_find(d, "C07");
		doctor_say(f, a->input, a->line, "slot 0: version %s, hash %.16s..", a->version, a->hash);
		doctor_say(f, b->input, b->line, "slot 1: version %s, hash %.16s..", b->version, b->hash);
	}
	for (size_t i = 0; i < d->images.count && a != NULL && a->has_hash; i++) {
		char *hex = bytes_hex(d->images.at[i].hash, d->images.at[i].hash_bytes);
		if (strcmp(hex, a->hash) == 0) {
			bool first = doctor_found(d, "C07") == NULL;
			struct finding *f = doctor_find(d, "C07");
			doctor_say(f, d->images.at[i].input, 0, "%s has hash %.16s..", d->images.at[i].name, hex);
			doctor_say(f, a->input, a->line, "and so has the running image");
			if (first) {
				doctor_title(f, "The device runs this image already: to send it again changes nothing");
				doctor_grade(f, SEVERITY_NOTE, CERTAINTY_DATA);
			}
		}
		free(hex);
	}
}

void detect_r01(struct doctor *d)
{
	size_t entered = 0;
	const struct boot *first = NULL;
	for (size_t i = 0; i < d->boots.count; i++) {
		const struct boot *b = &d->boots.at[i];
		if (b->recovery_line == 0 || b->error_line != 0 || b->jump_line != 0)
			return;
		entered++;
		first = first != NULL ? first : b;
	}
	if (entered == 0 || doctor_hit(d, "no_bootable") != NULL || doctor_hit(d, "upload_done") != NULL)
		return;
	struct finding *f = doctor_find(d, "R01");
	doctor_say_hits(d, f, "recovery", 3);
	(void)first;
}
