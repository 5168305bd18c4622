/* SPDX-License-Identifier: MIT */
/* What an update costs on a board, with the binaries that ship: `./dev bench`. One row of JSON a boot: a plain start, an installation, and
 * taking it back where the mode has that. Operations are counted, times modelled (vboard/README.md). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cuts_rig.h"

void hf_assert_failed(uint32_t line)
{
	printf("assertion failed, line %u\n", (unsigned)line);
	abort();
}

static bool act(struct rig *rig, enum rig_act act)
{
	rig_begin(rig, act);
	if (rig_run(rig) == RIG_DONE)
		return true;
	printf("%s: %s; the board said:\n%s\n", rig->name, rig->host.why, rig->host.log);
	return false;
}

static void tell(struct rig *rig, const char *what, const struct vb_counters *before)
{
	const struct vb_counters b = *before;
	const struct vb_counters *n = vb_counters(rig->vb);
	printf("bench: {\"board\":\"%s\",\"layout\":\"%s\",\"act\":\"%s\",\"image_bytes\":%u,\"sectors\":%u,\"sector_writes\":%.1f,\"limit\":%u,"
	       "\"words\":%llu,\"lines\":%llu,\"pages\":%llu,\"erases\":%llu,\"erases_outside\":%llu,\"instructions\":%llu,\"ms\":%.1f,"
	       "\"wear\":%u,\"wear_outside\":%u}\n",
	       rig->board->name, rig->layout->name, what, (unsigned)rig->image[0].size_bytes, (unsigned)rig_sectors(rig, 0),
	       rig_sector_writes(rig, &b), (unsigned)rig_writes_max(rig), (unsigned long long)(n->words - b.words),
	       (unsigned long long)(n->lines - b.lines), (unsigned long long)(n->pages - b.pages), (unsigned long long)(n->erases - b.erases),
	       (unsigned long long)(n->sectors - b.sectors), (unsigned long long)(n->loader_instructions - b.loader_instructions),
	       (double)(n->loader_ns - b.loader_ns) / 1e6, (unsigned)n->wear_max, (unsigned)n->external_wear_max);
}

static bool boot(struct rig *rig, const char *what, uint32_t index)
{
	const struct vb_counters before = *vb_counters(rig->vb);
	if (!act(rig, RIG_BOOT))
		return false;
	tell(rig, what, &before);
	return rig->host.runs_index == (int32_t)index && rig_primary_is(rig, index);
}

/* One slot: an update is an upload in recovery; its time is the serial line's. */
static bool upload(struct rig *rig)
{
	if (!rig_into_recovery(rig))
		return false;
	const struct vb_counters before = *vb_counters(rig->vb);
	rig->host.image_index = 1;
	if (!act(rig, RIG_UPLOAD))
		return false;
	tell(rig, "update", &before);
	return act(rig, RIG_BOOT) && rig->host.runs_index == 1 && rig_primary_is(rig, 1);
}

static bool board_bench(const char *name, uint32_t image_bytes)
{
	struct rig rig;
	if (!rig_open(&rig, name, "p256", image_bytes)) {
		printf("no board %s\n", name);
		return false;
	}
	bool ok = act(&rig, RIG_BOOT) && boot(&rig, "start", 0);
	if (rig.layout->secondary_bytes != 0)
		ok = ok && rig_place(&rig, 1, 0) && act(&rig, RIG_REQUEST) && boot(&rig, "update", 1);
	if (rig.layout->secondary_bytes != 0 && rig_keeps_old(&rig))
		ok = ok && boot(&rig, "revert", 0);
	if (rig.layout->secondary_bytes == 0)
		ok = ok && upload(&rig);
	rig_close(&rig);
	return ok;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		printf("emu_bench IMAGE_BYTES BOARD/LAYOUT...\n");
		return 2;
	}
	bool ok = true;
	for (int i = 2; i < argc; i++) {
		ok = board_bench(argv[i], (uint32_t)strtoul(argv[1], NULL, 0)) && ok;
		(void)fflush(stdout);
	}
	return ok ? 0 : 1;
}
