/* SPDX-License-Identifier: MIT */
/* emu_cuts - power cuts on the shipped binaries; see cuts.h. Without cmocka: it is one question, asked thousands of times.
 *
 *   emu_cuts BOARD KEY OFFSET TIER [--seed N] [--stage NAME]     KEY: p256, ed25519. TIER: quick, sample, third, full, night
 *   emu_cuts replay ID                                           one case again, with all that the board says
 */
#include "cuts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cut_profile profiles[] = {
	{ .name = "quick", .stride = 20, .variants = 1, .flag_variants = 1, .bulk_per_run = 1, .second_every = 4, .follow_every = 4 },
	{ .name = "sample", .stride = 20, .variants = 1, .flag_variants = 2, .bulk_per_run = 1, .second_every = 4, .follow_every = 8,
	  .chain = true },
	{ .name = "third", .stride = 3, .variants = 1, .flag_variants = 3, .bulk_per_run = 1, .second_every = 4, .follow_every = 6 },
	{ .name = "full", .stride = 1, .variants = 1, .flag_variants = 6, .bulk_per_run = 1, .second_every = 4, .follow_every = 6 },
	{ .name = "night", .stride = 1, .variants = 12, .flag_variants = 64, .bulk_per_run = 0, .second_every = 3, .follow_every = 6,
	  .chain = true },
};

static int usage(void)
{
	printf("emu_cuts BOARD p256|ed25519 OFFSET quick|sample|third|full|night [--seed N] [--stage NAME]\n"
	       "emu_cuts replay BOARD:KEY:OFFSET:STAGE:OPERATION.VARIANT.SEED[+OPERATION.VARIANT.SEED]\n");
	return 2;
}

void hf_assert_failed(uint32_t line)
{
	printf("assertion failed, line %u\n", (unsigned)line);
	abort();
}

/* ---- ids */

static int cut_put(const struct cut *cut, char *into, size_t into_bytes)
{
	return snprintf(into, into_bytes, "%u.%s.%u", (unsigned)cut->operation, vb_variant_name(cut->variant), (unsigned)cut->seed);
}

void cut_case_name(const struct campaign *c, const struct cut_case *which, char *into, size_t into_bytes)
{
	char first[48], second[48] = "";
	(void)cut_put(&which->first, first, sizeof first);
	if (which->second.operation != 0)
		(void)cut_put(&which->second, second, sizeof second);
	(void)snprintf(into, into_bytes, "%s:%s:%u:%s:%s%s%s", c->rig.name, c->key_kind, (unsigned)c->base_sectors, c->stage->name,
		       first, second[0] != 0 ? "+" : "", second);
}

static bool cut_get(const char *text, struct cut *cut)
{
	char variant[16];
	unsigned operation, seed;
	if (sscanf(text, "%u.%15[a-z].%u", &operation, variant, &seed) != 3 || operation == 0)
		return false;
	*cut = (struct cut){ .operation = operation, .seed = seed };
	return vb_variant_of(variant, &cut->variant);
}

/* The words of an id, in text. */
static bool case_parse(char *text, char *words[5], struct cut_case *made)
{
	for (uint32_t i = 0; i < 5; i++) {
		words[i] = text;
		text = strchr(text, i == 4 ? '+' : ':');
		if (text == NULL && i != 4)
			return false;
		if (text != NULL)
			*text++ = 0;
	}
	memset(made, 0, sizeof *made);
	return cut_get(words[4], &made->first) && (text == NULL || cut_get(text, &made->second));
}

/* ---- runs */

static int run(struct campaign *c, const char *board)
{
	if (!rig_open(&c->rig, board, c->key_kind, 0)) {
		printf("no board %s with a key %s\n", board, c->key_kind);
		return 1;
	}
	const bool ok = campaign_run(c);
	const struct cut_totals *t = &c->totals;
	printf("%s %s offset %u, %s, seed %u: %llu cuts, %llu of them cut again, %llu boots (at most %u till an application ran), at most %u "
	       "sector writes, %llu reverts %llu confirmations %llu further updates, %llu trials over before they began, "
	       "%llu crashes of the emulator, %llu failures\n",
	       board, c->key_kind, (unsigned)c->base_sectors, c->profile->name, (unsigned)c->seed, (unsigned long long)t->cuts,
	       (unsigned long long)t->second_cuts, (unsigned long long)t->boots, (unsigned)t->boots_max, (unsigned)t->writes_max,
	       (unsigned long long)t->reverts, (unsigned long long)t->confirms, (unsigned long long)t->updates,
	       (unsigned long long)t->untried, (unsigned long long)t->host_crashes, (unsigned long long)t->failures);
	rig_close(&c->rig);
	free(c->ops);
	return ok ? 0 : 1;
}

static int replay(const char *id)
{
	char text[160], *words[5];
	struct cut_case one;
	(void)snprintf(text, sizeof text, "%s", id);
	if (!case_parse(text, words, &one))
		return usage();
	struct campaign c = { .key_kind = words[1], .base_sectors = (uint32_t)strtoul(words[2], NULL, 0), .seed = 1, .stage_wish = words[3],
		.profile = &profiles[HF_ARRAY_COUNT(profiles) - 1], .replay = &one };
	return run(&c, words[0]);
}

int main(int argc, char **argv)
{
	struct campaign c = { .seed = 1 };
	if (argc == 3 && strcmp(argv[1], "replay") == 0)
		return replay(argv[2]);
	if (argc < 5 || argc % 2 == 0)
		return usage();
	c.key_kind = argv[2];
	c.base_sectors = (uint32_t)strtoul(argv[3], NULL, 0);
	for (size_t i = 0; i < HF_ARRAY_COUNT(profiles); i++) {
		if (strcmp(profiles[i].name, argv[4]) == 0)
			c.profile = &profiles[i];
	}
	for (int i = 5; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--seed") == 0)
			c.seed = (uint32_t)strtoul(argv[i + 1], NULL, 0);
		else if (strcmp(argv[i], "--stage") == 0)
			c.stage_wish = argv[i + 1];
		else
			return usage();
	}
	return c.profile == NULL ? usage() : run(&c, argv[1]);
}
