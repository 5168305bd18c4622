/* SPDX-License-Identifier: MIT */
/* Uploads into the primary: what the loader's recovery does, with hf_install_* of the core that ships. */
#include "scenario_inside.h"

#include <holdfast/recovery.h>

enum { TAG_BYTES = 32 };

static uint32_t chunk_bytes(const struct scenario *sc)
{
	return sc->geometry->sector_bytes / 2 + 7; /* never a whole number of units */
}

static bool is_whole(const struct scenario *sc, uint32_t id)
{
	return scenario_image_is_firm_at(sc, PRIMARY, 0, id);
}

/* From begin to verify. What is reported done is remembered outside, as a client would. */
static void install(struct scenario *sc, uint32_t id)
{
	struct hf_install install;
	struct hf_verdict verdict;
	const uint8_t *bytes = sc->image[id].bytes;
	const uint32_t total = sc->image[id].total_bytes, sector = sc->geometry->sector_bytes;
	const uint32_t first = chunk_bytes(sc) < total ? chunk_bytes(sc) : total;
	memset(&install, 0xa5, sizeof install);
	if (hf_install_begin(&install, &sc->config, total, bytes + total - TAG_BYTES, TAG_BYTES, bytes, first) != HF_OK)
		scenario_fail(sc, "an upload into the primary is refused");
	uint32_t next = install.upload.next_off;
	if (next < sc->vars[VAR_SECTORS] * sector)
		scenario_fail(sc, "an upload goes on before a sector that was done");
	while (next < total) {
		const uint32_t part = total - next < chunk_bytes(sc) ? total - next : chunk_bytes(sc);
		if (hf_upload_write(&install.upload, bytes + next, part) != HF_OK)
			scenario_fail(sc, "a write of an upload into the primary is refused");
		next += part;
		if (sc->blocks[PRIMARY] <= 255)
			sc->vars[VAR_SECTORS] = (uint8_t)(next / sector);
	}
	if (!hf_upload_is_complete(&install.upload))
		scenario_fail(sc, "an upload of all bytes is not complete");
	sc->vars[VAR_SECTORS] = 0; /* complete: another begin may start over */
	if (hf_install_verify(&install, &verdict) != HF_OK || verdict.token != HF_ACCEPTED)
		scenario_fail(sc, "an upload that was resumed is not the image that was sent");
	sc->vars[VAR_PHASE] = PHASE_INSTALLED;
}

static bool begin_install(struct scenario *sc, uint32_t update)
{
	sc->vars[VAR_SECTORS] = 0;
	sc->vars[VAR_PHASE] = PHASE_INSTALLING;
	install(sc, update);
	return true;
}

/* A cut in the upload: the client comes again, with the same file or with another. */
static void go_on(struct scenario *sc, uint32_t started, uint32_t update)
{
	const uint32_t next = sc->act[sc->vars[VAR_UPDATE]] == ACT_OTHER && update < sc->updates + 1u ? update + 1 : update;
	if (started == update) { /* DONE was there */
		sc->vars[VAR_PHASE] = PHASE_INSTALLED;
		return;
	}
	if (started != NOTHING && started != sc->vars[VAR_CURRENT])
		scenario_fail(sc, "another image starts while an upload is open");
	if (started == sc->vars[VAR_CURRENT] && sc->vars[VAR_SECTORS] != 0)
		scenario_fail(sc, "the old image starts though its sectors were overwritten");
	if (next != update) {
		sc->vars[VAR_UPDATE]++;
		sc->vars[VAR_SECTORS] = 0;
	}
	install(sc, next);
}

static bool installed(struct scenario *sc, uint32_t started, uint32_t update)
{
	if (started != update || !is_whole(sc, update))
		scenario_fail(sc, "the image that was uploaded and verified does not start");
	scenario_check_pristine(sc, PRIMARY, "there are trailer fields behind an image that recovery installed");
	sc->vars[VAR_CURRENT] = (uint8_t)update;
	return !scenario_next_update(sc);
}

bool scenario_install_life(struct scenario *sc)
{
	const enum phase phase = (enum phase)sc->vars[VAR_PHASE];
	const uint32_t update = sc->vars[VAR_UPDATE] + 2u;
	const uint32_t started = scenario_boot(sc, phase == PHASE_INSTALLING);
	if (started == 0)
		return true;
	if (phase == PHASE_INSTALLING) {
		go_on(sc, started, update);
		return true;
	}
	if (phase == PHASE_INSTALLED) {
		if (installed(sc, started, update))
			return true; /* one more boot, which must start the same */
		return begin_install(sc, sc->vars[VAR_UPDATE] + 2u);
	}
	if (started != sc->vars[VAR_CURRENT])
		scenario_fail(sc, phase == PHASE_END ? "the end state does not last" : "another image starts before the upload");
	return phase == PHASE_END ? false : begin_install(sc, update);
}
