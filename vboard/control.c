/* SPDX-License-Identifier: MIT */
/* control.c - commands over the control socket: a line in, one line of JSON out.
 *
 * Why      A demo or a test decides when the power goes, while another program talks to the board's serial line.
 * Shapes   Every answer has "ok"; a refusal has "reason" (HF 12xx) and "error". `help` lists the commands.
 */
#define _GNU_SOURCE /* getopt_long, ptsname_r, ppoll, strtok_r */
#include "host.h"

#include <stdlib.h>

#define WORDS_MAX 6

static const char help_text[] = "{\"ok\":true,\"commands\":[\"status\",\"cut [loader] N [VARIANT] [SEED]\",\"cut-random COUNT SEED WITHIN [all]\","
	"\"disarm\",\"stay-off on|off\",\"power on|off|cycle\",\"reset\",\"save [FILE]\",\"pin N 0|1|float\",\"led\","
	"\"external STATE [single]\",\"load FILE.hex|FILE@ADDR\",\"wait TEXT\",\"help\",\"quit\"]}";

static void refuse(struct io *io, uint32_t client, enum hf_reason reason)
{
	char json[400];

	snprintf(json, sizeof json, "{\"ok\":false,\"reason\":%u,\"error\":\"%s\"}", (unsigned)reason, vb_reason_sentence(reason));
	control_answer(io, client, json);
}

static void answer(struct io *io, uint32_t client, enum hf_reason reason)
{
	if (reason == HF_OK)
		control_answer(io, client, "{\"ok\":true}");
	else
		refuse(io, client, reason);
}

static bool number_of(const char *text, uint64_t *value)
{
	char *end;
	unsigned long long parsed = text != NULL ? strtoull(text, &end, 0) : 0;

	if (text == NULL || *text == '\0' || *end != '\0' || text[0] == '-')
		return false;
	*value = parsed;
	return true;
}

bool control_cut_of(const char *spec, struct vb_cut *cut)
{
	char number[24];
	const char *colon = strchr(spec, ':');
	size_t length;

	*cut = (struct vb_cut){ .variant = VB_CUT_NONE, .seed = 1 };
	if (strncmp(spec, "loader+", 7) == 0) {
		cut->in_loader = true;
		spec += 7;
	}
	length = colon != NULL ? (size_t)(colon - spec) : strlen(spec);
	if (length == 0 || length >= sizeof number)
		return false;
	memcpy(number, spec, length);
	number[length] = '\0';
	return number_of(number, &cut->at) && cut->at != 0 && (colon == NULL || vb_variant_of(colon + 1, &cut->variant));
}

enum hf_reason control_load(struct vb *vb, const char *spec)
{
	const char *at = strrchr(spec, '@');
	char path[1024];
	uint64_t addr;

	if (at == NULL)
		return vb_load_hex(vb, spec);
	if ((size_t)(at - spec) >= sizeof path || !number_of(at + 1, &addr) || addr > UINT32_MAX)
		return HF_R_VB_USAGE;
	memcpy(path, spec, (size_t)(at - spec));
	path[at - spec] = '\0';
	return vb_load_bin(vb, path, (uint32_t)addr);
}

/* cut [loader] N [VARIANT] [SEED] */
static enum hf_reason cut(struct io *io, char **words)
{
	struct vb_cut cut = { .variant = VB_CUT_NONE, .seed = 1 };
	int at = 1;
	uint64_t seed = 1;

	if (words[at] != NULL && strcmp(words[at], "loader") == 0) {
		cut.in_loader = true;
		at++;
	}
	if (!number_of(words[at], &cut.at) || (words[at + 1] != NULL && !vb_variant_of(words[at + 1], &cut.variant)))
		return HF_R_VB_COMMAND;
	if (words[at + 1] != NULL && words[at + 2] != NULL && !number_of(words[at + 2], &seed))
		return HF_R_VB_COMMAND;
	cut.seed = (uint32_t)seed;
	return vb_cut_arm(io->vb, &cut) ? HF_OK : HF_R_VB_COMMAND;
}

/* cut-random COUNT SEED WITHIN [all] */
static enum hf_reason cut_random(struct io *io, char **words)
{
	uint64_t count, seed, within;
	bool in_loader = words[1] == NULL || words[2] == NULL || words[3] == NULL || words[4] == NULL;

	if (!number_of(words[1], &count) || !number_of(words[2], &seed) || !number_of(words[3], &within) || count > 64)
		return HF_R_VB_COMMAND;
	return vb_cut_arm_random(io->vb, (uint32_t)count, (uint32_t)seed, within, in_loader) ? HF_OK : HF_R_VB_COMMAND;
}

static enum hf_reason power(struct io *io, const char *what)
{
	if (what == NULL)
		return HF_R_VB_COMMAND;
	if (strcmp(what, "on") == 0) {
		vb_power_on(io->vb);
	} else if (strcmp(what, "off") == 0) {
		vb_power_off(io->vb);
	} else if (strcmp(what, "cycle") == 0) {
		vb_power_off(io->vb);
		vb_power_on(io->vb);
	} else {
		return HF_R_VB_COMMAND;
	}
	return HF_OK;
}

/* pin N 0|1|float */
static enum hf_reason pin(struct io *io, char **words)
{
	uint64_t number;

	if (!number_of(words[1], &number) || number > 95 || words[2] == NULL)
		return HF_R_VB_COMMAND;
	if (strcmp(words[2], "0") != 0 && strcmp(words[2], "1") != 0 && strcmp(words[2], "float") != 0)
		return HF_R_VB_COMMAND;
	vb_pin_drive(io->vb, (uint32_t)number, words[2][0] == 'f' ? -1 : words[2][0] - '0');
	return HF_OK;
}

/* external STATE [single]: how the external flash chip is found, and whether its quad bit is not set */
static enum hf_reason external(struct io *io, char **words)
{
	enum vb_external state;

	if (words[1] == NULL || !vb_external_of(words[1], &state) || vb_external(io->vb) == NULL)
		return HF_R_VB_COMMAND;
	vb_external_set(io->vb, state, words[2] == NULL);
	return HF_OK;
}

static enum hf_reason simple(struct io *io, char **words)
{
	const char *name = words[0];

	if (strcmp(name, "cut") == 0)
		return cut(io, words);
	if (strcmp(name, "cut-random") == 0)
		return cut_random(io, words);
	if (strcmp(name, "pin") == 0)
		return pin(io, words);
	if (strcmp(name, "external") == 0)
		return external(io, words);
	if (strcmp(name, "power") == 0)
		return power(io, words[1]);
	if (strcmp(name, "load") == 0)
		return words[1] != NULL ? control_load(io->vb, words[1]) : HF_R_VB_COMMAND;
	if (strcmp(name, "save") == 0) {
		const char *path = words[1] != NULL ? words[1] : io->flash_path;
		return path != NULL ? vb_flash_save(io->vb, path) : HF_R_VB_COMMAND;
	}
	if (strcmp(name, "disarm") == 0) {
		vb_cut_disarm(io->vb);
	} else if (strcmp(name, "stay-off") == 0 && words[1] != NULL) {
		vb_stay_off(io->vb, strcmp(words[1], "on") == 0);
	} else if (strcmp(name, "reset") == 0) {
		vb_pin_reset(io->vb);
	} else if (strcmp(name, "quit") == 0) {
		io->quit = true;
	} else {
		return HF_R_VB_COMMAND;
	}
	return HF_OK;
}

/* led: what it did, [milliseconds since the first power-on, 1 on or 0 off] */
static void led_json(struct io *io, uint32_t client)
{
	struct vb_led_change changes[VB_LED_CHANGES];
	uint32_t count = vb_led_changes(io->vb, changes);
	char json[64u + 32u * VB_LED_CHANGES];
	size_t at = (size_t)snprintf(json, sizeof json, "{\"ok\":true,\"led\":[");

	for (uint32_t i = 0; i < count; i++)
		at += (size_t)snprintf(json + at, sizeof json - at, "%s[%llu,%d]", i != 0 ? "," : "", (unsigned long long)(changes[i].ns / 1000000u),
				       changes[i].on ? 1 : 0);
	(void)snprintf(json + at, sizeof json - at, "]}");
	control_answer(io, client, json);
}

void control_command(struct io *io, uint32_t client, char *line)
{
	static char json[65536];
	char *words[WORDS_MAX + 1] = { NULL };
	char *rest;
	size_t blank;

	line[strcspn(line, "\r\n")] = '\0';
	blank = strcspn(line, " ");
	if (strncmp(line, "wait ", 5) == 0) {
		io->waiter = (int)client;
		vb_until(io->vb, line + 5);
		return;
	}
	if (strcmp(line, "status") == 0) {
		status_json(io->vb, io->serial_path, "", json, sizeof json);
		control_answer(io, client, json);
		return;
	}
	if (strcmp(line, "led") == 0) {
		led_json(io, client);
		return;
	}
	if (strcmp(line, "help") == 0) {
		control_answer(io, client, help_text);
		return;
	}
	if (blank == 0)
		return;
	words[0] = strtok_r(line, " ", &rest);
	for (int i = 1; i < WORDS_MAX && words[i - 1] != NULL; i++)
		words[i] = strtok_r(NULL, " ", &rest);
	answer(io, client, simple(io, words));
}
