/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#include <holdfast/app.h>
#include <holdfast/journal.h>

#include "crypto_sim.h"

#include <stdio.h>
#include <stdlib.h>

/* What the outside world knows; the application's phases are what the board's owner would say has happened. */
enum { VAR_PHASE = 0, VAR_UPDATE = 1, VAR_CURRENT = 2, VAR_AGAIN = 3, VAR_RESETS = 4, VAR_ALIGN = 5, VAR_GENERATION = 8 };
enum phase {
	PHASE_UPLOAD = 0, PHASE_REQUEST = 1, PHASE_REQUESTED = 2, PHASE_TRIAL = 3, PHASE_CONFIRMING = 4, PHASE_CONFIRMED = 5,
	PHASE_UNCONFIRMED = 6, PHASE_REVERTED = 7, PHASE_END = 8
};
enum { RESETS_MAX = 3, PRIMARY = 0, SECONDARY = 1, WORK_EXTRA_BYTES = 256, SEED = 0x51f15eed };

struct image {
	uint8_t *bytes;
	uint32_t total_bytes;
	uint32_t sectors;
};

struct scenario {
	char name[SCENARIO_NAME_BYTES];
	const struct sim_geometry *geometry;
	struct explore *ex;
	struct sim_flash *flash;
	uint32_t updates;
	enum scenario_act act[SCENARIO_UPDATES_MAX];
	uint32_t off[SCENARIO_UPDATES_MAX];
	struct image image[SCENARIO_IMAGES + 1]; /* 1.. as the model counts them */
	const struct hf_crypto *crypto;
	const struct hf_key *key;
	struct hf_boot_config config;
	struct hf_app_config app;
	uint8_t *work;
	uint8_t *sector;
	uint8_t *vars; /* of the life at hand */
	void (*told)(const char *line);
};

/* The core's own checks end up here, without a context. */
static struct scenario *running;

void hf_assert_failed(uint32_t line)
{
	static char text[48];
	snprintf(text, sizeof text, "an internal check of the core, line %u", (unsigned)line);
	if (running == NULL)
		abort();
	explore_fail(running->ex, text);
}

/* ---- geometries: toys as small as the journal allows, and the boards' own */

static const struct sim_geometry geometries[] = {
	/* name, sector bytes, sectors, unit, alignment of loader and application, header, grain, programs, erase, Ed25519 */
	{ "toy-nor", 1024, 4, 4, 8, 8, 32, 12, 2, true, false },
	{ "toy-nor5", 1024, 5, 4, 8, 8, 32, 12, 2, true, true },
	{ "toy-nor16", 1024, 4, 4, 16, 16, 32, 12, 2, true, false },
	{ "toy-nor-roomy", 1536, 4, 4, 8, 8, 32, 12, 2, true, false }, /* a journal that three cut BEGINs don't fill */
	{ "toy-rram", 960, 4, 16, 16, 16, 32, 16, 0, false, true },
	{ "toy-rram5", 960, 5, 16, 16, 16, 32, 16, 0, false, false },
	{ "toy-rram8", 960, 4, 16, 16, 8, 32, 16, 0, false, true },
	{ "toy-rram-ring", 960, 20, 16, 16, 16, 32, 16, 0, false, false },
	{ "xiao_nrf52840", 4096, 118, 4, 8, 8, 0x200, 12, 2, true, false },
	{ "xiao_nrf54l15", 4096, 178, 16, 16, 16, 0x800, 16, 0, false, true },
};

const struct sim_geometry *scenario_geometry_at(size_t index)
{
	return index < HF_ARRAY_COUNT(geometries) ? &geometries[index] : NULL;
}

const struct sim_geometry *scenario_geometry(const char *name)
{
	for (size_t i = 0; i < HF_ARRAY_COUNT(geometries); i++) {
		if (strcmp(geometries[i].name, name) == 0)
			return &geometries[i];
	}
	return NULL;
}

const char *scenario_standard(size_t index)
{
	static const char *const names[] = {
		"confirm-0-333", "revert-0-333", "perm-0-333", "confirm-1-333", "revert-1-333", "perm-1-333",
		"confirm-0-323", "revert-0-323", "confirm-1-313", "revert-1-313", "revert-0-231", "revert-1-231",
		"confirm-0-confirm-0-323", "revert-0-confirm-0-332", "confirm-0-revert-1-313", "perm-1-revert-0-333",
		"confirm-1-confirm-1-232", "revert-1-revert-1-332",
	};
	return index < HF_ARRAY_COUNT(names) ? names[index] : NULL;
}

/* ---- what is checked */

static struct scenario *life_scenario(void *ctx)
{
	return ctx;
}

static void fail(struct scenario *sc, const char *what)
{
	explore_fail(sc->ex, what);
}

static bool image_is_at(const struct scenario *sc, uint32_t slot, uint32_t off, uint32_t id)
{
	const struct image *image = &sc->image[id];
	if (off + image->total_bytes > sc->flash->area[slot].size_bytes)
		return false;
	return sim_holds(sc->flash, slot, off, image->bytes, image->total_bytes);
}

static bool image_is_firm_at(const struct scenario *sc, uint32_t slot, uint32_t off, uint32_t id)
{
	return image_is_at(sc, slot, off, id) && sim_is_firm(sc->flash, slot, off, sc->image[id].total_bytes);
}

/* The old image lies where the walk left it: at 0 after an update from one sector in, one sector in after one from 0. */
static bool way_back_is_firm(const struct scenario *sc, uint32_t id)
{
	return image_is_firm_at(sc, SECONDARY, 0, id) || image_is_firm_at(sc, SECONDARY, sc->geometry->sector_bytes, id);
}

static uint8_t primary_field(const struct scenario *sc, uint32_t nth)
{
	uint8_t value;
	sim_peek(sc->flash, PRIMARY, sc->flash->area[PRIMARY].size_bytes - 16 - nth * sc->vars[VAR_ALIGN], &value, 1);
	return value;
}

static enum hf_swap_type primary_swap_info(const struct scenario *sc)
{
	return (enum hf_swap_type)(primary_field(sc, 3) & 0x0f);
}

static bool primary_magic_is_good(const struct scenario *sc)
{
	static const uint8_t magic_8[4] = { 0x77, 0xc2, 0x95, 0xf3 }, magic_16[4] = { 0x10, 0x00, 0x2d, 0xe1 };
	return sim_holds(sc->flash, PRIMARY, sc->flash->area[PRIMARY].size_bytes - 16, sc->vars[VAR_ALIGN] == 8 ? magic_8 : magic_16,
			 4);
}

/* What an application's MCUboot library finds when the image starts on trial, or for good. */
static void check_primary_trailer(struct scenario *sc, bool on_trial)
{
	if (!primary_magic_is_good(sc) || primary_field(sc, 2) != 1)
		fail(sc, "the primary's trailer lacks magic or copy_done after an update");
	if (on_trial && primary_field(sc, 1) != 0xff)
		fail(sc, "image_ok is not blank at the first start of a trial");
	/* NOR: a word torn twice cannot be mended before the next erase; the journal knows better, the library is mistaken. */
	const uint32_t image_ok_off = sc->flash->area[PRIMARY].size_bytes - 16 - sc->vars[VAR_ALIGN];
	const bool mendable = !sc->geometry->needs_erase || sim_is_firm(sc->flash, PRIMARY, image_ok_off, 1);
	if (!on_trial && primary_field(sc, 1) != 1 && mendable)
		fail(sc, "image_ok is not set on an image that is there to stay");
}

/* Nothing of the old request may be left for the application to see as pending. */
static void check_secondary_trailer(struct scenario *sc)
{
	uint8_t fields[80];
	const uint32_t bytes = 4 * sc->vars[VAR_ALIGN] + 16u;
	sim_peek(sc->flash, SECONDARY, sc->flash->area[SECONDARY].size_bytes - bytes, fields, bytes);
	if (!hf_is_filled(fields, bytes, 0xff))
		fail(sc, "the secondary's trailer is not blank after an update");
}

/* ---- watch: the only copy of a sector is never touched */

static bool sector_is_elsewhere(const struct scenario *sc, uint32_t id, uint32_t i, uint32_t slot, uint32_t sector)
{
	const uint32_t size = sc->geometry->sector_bytes;
	const uint32_t off = i * size, left = sc->image[id].total_bytes - off, bytes = left < size ? left : size;
	const uint32_t places[3][2] = { { PRIMARY, i }, { SECONDARY, i }, { SECONDARY, i + 1 } };
	for (uint32_t k = 0; k < 3; k++) {
		if ((places[k][0] == slot && places[k][1] == sector) || places[k][1] >= sc->geometry->sector_count)
			continue;
		if (sim_holds(sc->flash, places[k][0], places[k][1] * size, sc->image[id].bytes + off, bytes) &&
		    sim_is_firm(sc->flash, places[k][0], places[k][1] * size, bytes))
			return true;
	}
	return false;
}

/* Bytes from first_off on in this sector go: do they belong to the only copy of a sector of this image? */
static void check_sector(struct scenario *sc, uint32_t id, uint32_t slot, uint32_t sector, uint32_t first_off)
{
	const uint32_t size = sc->geometry->sector_bytes;
	for (uint32_t lag = 0; lag < 2 && lag <= sector; lag++) {
		const uint32_t i = sector - lag;
		if ((slot == PRIMARY && lag == 1) || i >= sc->image[id].sectors)
			continue;
		const uint32_t left = sc->image[id].total_bytes - i * size, bytes = left < size ? left : size;
		if (first_off < bytes && sim_holds(sc->flash, slot, sector * size, sc->image[id].bytes + i * size, bytes) &&
		    !sector_is_elsewhere(sc, id, i, slot, sector))
			fail(sc, "the only copy of an image's sector is about to be destroyed");
	}
}

/* A sector of the primary is given up for what the secondary holds: that must not be on cells that may change. */
static void check_source(struct scenario *sc, uint32_t sector)
{
	const uint32_t ids[2] = { sc->vars[VAR_UPDATE] + 2u, sc->vars[VAR_CURRENT] };
	const uint32_t size = sc->geometry->sector_bytes;
	bool whole = false, firm = false;
	for (uint32_t n = 0; n < 4; n++) {
		const struct image *image = &sc->image[ids[n / 2]];
		const uint32_t at = sector + n % 2;
		if (image->bytes == NULL || sector >= image->sectors || at >= sc->geometry->sector_count)
			continue;
		const uint32_t left = image->total_bytes - sector * size, bytes = left < size ? left : size;
		if (!sim_holds(sc->flash, SECONDARY, at * size, image->bytes + sector * size, bytes))
			continue;
		whole = true;
		firm = firm || sim_is_firm(sc->flash, SECONDARY, at * size, bytes);
	}
	if (whole && !firm)
		fail(sc, "a sector is copied from cells that may change");
}

/* The running image always; the update once it is asked for, until it is given up. */
static void watch_change(void *ctx, uint32_t slot, uint32_t off, uint32_t size_bytes)
{
	struct scenario *sc = life_scenario(ctx);
	const enum phase phase = (enum phase)sc->vars[VAR_PHASE];
	const uint32_t size = sc->geometry->sector_bytes;
	if (sc->geometry->sector_count > 32)
		return; /* real sizes: the toys prove the order, the images are compared at each start */
	for (uint32_t at = off; at < off + size_bytes; at = at - at % size + size) {
		check_sector(sc, sc->vars[VAR_CURRENT], slot, at / size, at % size);
		if (slot == PRIMARY && at / size + 1 < sc->geometry->sector_count)
			check_source(sc, at / size);
		if (phase >= PHASE_REQUESTED && phase <= PHASE_CONFIRMED)
			check_sector(sc, sc->vars[VAR_UPDATE] + 2u, slot, at / size, at % size);
	}
}

/* ---- one boot */

/* Read behind the driver's back: no cell changes by it. */
static void check_generation(struct scenario *sc)
{
	struct hf_journal journal;
	const bool choosing = sc->flash->choosing;
	sc->flash->choosing = false;
	hf_journal_open(&journal, sc->config.primary, sc->work);
	sc->flash->choosing = choosing;
	if (!journal.has_st) /* RUN2 may have read right at the boot and be gone by now: allowed */
		fail(sc, "an image starts without a journal");
	if (journal.st.generation < hf_get32le(sc->vars + VAR_GENERATION))
		fail(sc, "the journal has gone back");
	hf_put32le(sc->vars + VAR_GENERATION, journal.st.generation);
}

static void on_event(void *ctx, enum hf_reason reason, uint32_t a, uint32_t b)
{
	struct scenario *sc = life_scenario(ctx);
	char line[96];
	if (sc->told == NULL)
		return;
	snprintf(line, sizeof line, "     HF-%04u a=%u b=%u", (unsigned)reason, (unsigned)a, (unsigned)b);
	sc->told(line);
}

/* A fresh start finds anything in RAM. */
static __attribute__((noinline)) void soil_stack(void)
{
	volatile uint8_t below[4096];
	for (size_t i = 0; i < sizeof below; i += 8)
		below[i] = (uint8_t)(0xa5 + i);
}

/* Returns the image that was started; 0: the loader asked for a reset. */
static uint32_t boot(struct scenario *sc)
{
	struct hf_boot_result result;
	memset(sc->work, 0x5a, sc->config.work_bytes);
	soil_stack();
	hf_boot_run(&sc->config, &result);
	if (result.action == HF_BOOT_RESET) {
		if (++sc->vars[VAR_RESETS] > RESETS_MAX)
			fail(sc, "the loader resets again and again");
		return 0;
	}
	sc->vars[VAR_RESETS] = 0;
	if (result.action != HF_BOOT_START) {
		static char text[64];
		snprintf(text, sizeof text, "nothing is started: HF-%04u", (unsigned)result.stop.reason);
		fail(sc, text);
	}
	if (result.verdict.token != HF_ACCEPTED || result.verdict.finding.reason != HF_OK)
		fail(sc, "an image is started without an accepting verdict");
	uint32_t id = 1;
	while (id <= SCENARIO_IMAGES && (sc->image[id].bytes == NULL || !image_is_at(sc, PRIMARY, 0, id)))
		id++;
	if (id > SCENARIO_IMAGES)
		fail(sc, "what is started is no whole image");
	if (!sim_is_firm(sc->flash, PRIMARY, 0, sc->image[id].total_bytes))
		fail(sc, "the image that is started lies on unstable cells");
	check_generation(sc);
	if (sc->told != NULL) {
		char line[64];
		snprintf(line, sizeof line, "     image %u starts%s", (unsigned)id, result.on_trial ? " on trial" : "");
		sc->told(line);
	}
	return id;
}

/* ---- the application */

static void write_all(struct scenario *sc, const struct hf_flash *flash, uint32_t off, const uint8_t *from, uint32_t size_bytes)
{
	const uint32_t unit = flash->write_unit_bytes, whole = size_bytes - size_bytes % unit;
	uint8_t last[16];
	memset(last, 0xff, sizeof last);
	memcpy(last, from + whole, size_bytes - whole);
	if (hf_flash_write(flash, off, from, whole) != HF_OK || hf_flash_sync(flash) != HF_OK)
		fail(sc, "the application can't write");
	if (whole != size_bytes && (hf_flash_write(flash, off + whole, last, unit) != HF_OK || hf_flash_sync(flash) != HF_OK))
		fail(sc, "the application can't write");
}

/* An upload by an application that puts the image one sector in: trailer first, then everything, then the bytes. */
static void upload_one_in(struct scenario *sc, uint32_t id)
{
	const struct hf_flash *s = sc->app.secondary;
	const uint32_t size = s->sector_bytes;
	if (hf_trailer_clear(s) != HF_OK)
		fail(sc, "the application can't clear the trailer");
	for (uint32_t off = 0; off < s->size_bytes - size; off += size) {
		if (s->needs_erase || off <= size) {
			if (hf_flash_erase(s, off, size) != HF_OK)
				fail(sc, "the application can't erase");
		}
	}
	for (uint32_t done = 0; done < sc->image[id].total_bytes; done += size) {
		const uint32_t left = sc->image[id].total_bytes - done;
		write_all(sc, s, size + done, sc->image[id].bytes + done, left < size ? left : size);
	}
}

static void upload(struct scenario *sc, uint32_t id, uint32_t off)
{
	struct hf_upload up;
	const struct image *image = &sc->image[id];
	const uint32_t chunk = sc->geometry->sector_bytes / 2 + 7; /* never a whole number of units */
	if (off != 0) {
		upload_one_in(sc, id);
		return;
	}
	memset(&up, 0xa5, sizeof up);
	if (hf_upload_begin(&up, &sc->app, image->total_bytes, image->bytes, 32) != HF_OK)
		fail(sc, "an upload is refused");
	for (uint32_t done = 0; done < image->total_bytes;) {
		const uint32_t left = image->total_bytes - done, part = left < chunk ? left : chunk;
		if (hf_upload_write(&up, image->bytes + done, part) != HF_OK)
			fail(sc, "an upload's write is refused");
		done += part;
	}
	if (!hf_upload_is_complete(&up))
		fail(sc, "an upload of all bytes is not complete");
}

/* Each of these returns true if the phase that it has set is to be looked at in the same life. */
static bool act_upload(struct scenario *sc, uint32_t started, uint32_t update)
{
	if (started == update && sc->vars[VAR_AGAIN] != 0) {
		sc->vars[VAR_PHASE] = PHASE_REQUESTED;
		return true;
	}
	if (started != sc->vars[VAR_CURRENT])
		fail(sc, "an update starts that nobody asked for");
	upload(sc, update, sc->off[sc->vars[VAR_UPDATE]]);
	sc->vars[VAR_PHASE] = PHASE_REQUEST;
	return true;
}

static bool act_request(struct scenario *sc, uint32_t started, uint32_t update)
{
	if (started == update) {
		sc->vars[VAR_PHASE] = PHASE_REQUESTED;
		return true;
	}
	if (started != sc->vars[VAR_CURRENT])
		fail(sc, "neither the running image nor the update starts after the request");
	const enum hf_reason reason = hf_app_request(&sc->app, sc->act[sc->vars[VAR_UPDATE]] == ACT_PERM);
	if (reason == HF_R_SLOT_REQUEST_TORN || reason == HF_R_SLOT_NO_IMAGE) {
		sc->vars[VAR_AGAIN] = 1;
		sc->vars[VAR_PHASE] = PHASE_UPLOAD;
		return true;
	}
	if (reason != HF_OK)
		fail(sc, "a request is refused");
	sc->vars[VAR_PHASE] = PHASE_REQUESTED;
	return false;
}

static bool act_requested(struct scenario *sc, uint32_t started, uint32_t update)
{
	if (started == sc->vars[VAR_CURRENT]) {
		if (primary_swap_info(sc) != HF_SWAP_REVERT)
			fail(sc, "a request is lost");
		if (!explore_is_disturbed(sc->ex))
			fail(sc, "a trial is taken back without a start, though nothing was cut");
		sc->vars[VAR_PHASE] = PHASE_REVERTED; /* a torn RUN2 read right: taken back without a start, allowed */
		return true;
	}
	if (started != update)
		fail(sc, "another image than the update starts");
	check_secondary_trailer(sc);
	if (primary_swap_info(sc) == HF_SWAP_PERM) {
		if (sc->act[sc->vars[VAR_UPDATE]] != ACT_PERM)
			fail(sc, "an update that was asked for on trial is permanent");
		check_primary_trailer(sc, false);
		sc->vars[VAR_PHASE] = PHASE_CONFIRMED;
		return true;
	}
	check_primary_trailer(sc, true);
	if (!way_back_is_firm(sc, sc->vars[VAR_CURRENT]))
		fail(sc, "the way back is not whole at the start of the trial");
	const bool revert = sc->act[sc->vars[VAR_UPDATE]] == ACT_REVERT;
	sc->vars[VAR_PHASE] = revert ? PHASE_UNCONFIRMED : PHASE_TRIAL;
	return !revert;
}

static bool act_trial(struct scenario *sc)
{
	sc->vars[VAR_PHASE] = PHASE_CONFIRMING;
	if (hf_app_confirm(&sc->app) != HF_OK)
		fail(sc, "a confirmation is refused");
	sc->vars[VAR_PHASE] = PHASE_CONFIRMED;
	return false;
}

static bool act_confirming(struct scenario *sc, uint32_t started, uint32_t update)
{
	if (started == sc->vars[VAR_CURRENT]) {
		sc->vars[VAR_PHASE] = PHASE_REVERTED;
		return true;
	}
	if (started != update)
		fail(sc, "another image starts after a confirmation was begun");
	sc->vars[VAR_PHASE] = PHASE_CONFIRMED;
	return false;
}

static bool next_update(struct scenario *sc)
{
	sc->vars[VAR_AGAIN] = 0;
	if (++sc->vars[VAR_UPDATE] >= sc->updates) {
		sc->vars[VAR_PHASE] = PHASE_END;
		return false;
	}
	sc->vars[VAR_PHASE] = PHASE_UPLOAD;
	return true;
}

static bool act_after(struct scenario *sc, uint32_t started, uint32_t update)
{
	switch ((enum phase)sc->vars[VAR_PHASE]) {
	case PHASE_CONFIRMED:
		if (started != update)
			fail(sc, "a confirmed image is lost");
		check_primary_trailer(sc, false);
		sc->vars[VAR_CURRENT] = (uint8_t)update;
		return next_update(sc);
	case PHASE_UNCONFIRMED:
		if (started != sc->vars[VAR_CURRENT])
			fail(sc, "an image that was not confirmed starts again");
		sc->vars[VAR_PHASE] = PHASE_REVERTED;
		return false;
	case PHASE_REVERTED:
		if (started != sc->vars[VAR_CURRENT])
			fail(sc, "a revert does not last");
		check_primary_trailer(sc, false);
		return next_update(sc);
	case PHASE_UPLOAD:
	case PHASE_REQUEST:
	case PHASE_REQUESTED:
	case PHASE_TRIAL:
	case PHASE_CONFIRMING:
	case PHASE_END:
		break;
	}
	return false;
}

static bool life(void *ctx, struct sim_flash *flash, uint8_t *vars)
{
	struct scenario *sc = life_scenario(ctx);
	(void)flash;
	sc->vars = vars;
	running = sc;
	const uint32_t started = boot(sc);
	if (started == 0)
		return true;
	if (vars[VAR_PHASE] == PHASE_END) {
		if (started != vars[VAR_CURRENT])
			fail(sc, "the end state does not last");
		return false;
	}
	for (bool again = true; again;) {
		const uint32_t update = vars[VAR_UPDATE] + 2u;
		const enum phase phase = (enum phase)vars[VAR_PHASE];
		again = phase == PHASE_UPLOAD ? act_upload(sc, started, update)
			: phase == PHASE_REQUEST ? act_request(sc, started, update)
			: phase == PHASE_REQUESTED ? act_requested(sc, started, update)
			: phase == PHASE_TRIAL ? act_trial(sc)
			: phase == PHASE_CONFIRMING ? act_confirming(sc, started, update)
			: act_after(sc, started, update);
	}
	return true;
}

/* ---- set-up */

/* "act-off" pairs, then optional digits. */
static bool parse_name(struct scenario *sc, const char *name, char digits[8])
{
	static const struct { const char *word; enum scenario_act act; } acts[] = { { "confirm", ACT_CONFIRM }, { "revert", ACT_REVERT },
										   { "perm", ACT_PERM } };
	const char *p = name;
	strcpy(digits, "323");
	while (*p != 0) {
		size_t k = 0;
		while (k < HF_ARRAY_COUNT(acts) && strncmp(p, acts[k].word, strlen(acts[k].word)) != 0)
			k++;
		if (k == HF_ARRAY_COUNT(acts)) {
			const size_t n = strspn(p, "123456789");
			if (n < 2 || n > 4 || p[n] != 0 || sc->updates == 0)
				return false;
			memcpy(digits, p, n + 1);
			return true;
		}
		if (sc->updates == SCENARIO_UPDATES_MAX)
			return false;
		p += strlen(acts[k].word);
		sc->act[sc->updates] = acts[k].act;
		if (p[0] == '-' && (p[1] == '0' || p[1] == '1') && (p[2] == 0 || p[2] == '-')) {
			sc->off[sc->updates] = (uint32_t)(p[1] - '0');
			p += 2;
		}
		sc->updates++;
		if (p[0] == '-' && p[1] != 0)
			p++;
		else if (*p != 0)
			return false;
	}
	return sc->updates != 0;
}

static bool make_image(struct scenario *sc, uint32_t id, char digit)
{
	const struct sim_geometry *g = sc->geometry;
	const uint32_t slot_bytes = g->sector_bytes * g->sector_count;
	const uint32_t max_bytes = hf_mode_swap.size_max(slot_bytes, slot_bytes, g->sector_bytes, g->align);
	const uint32_t n = (uint32_t)(digit - '0');
	const uint32_t bytes = g->sector_count <= 16 ? n * g->sector_bytes - 40 * (id % 2) : max_bytes / 3 * n + (n == 3 ? max_bytes % 3 : 0);
	const struct sim_image_spec spec = {
		.total_bytes = bytes < max_bytes ? bytes : max_bytes,
		.header_bytes = (uint16_t)g->header_bytes,
		.version = { 1, (uint8_t)id, 0, 0 },
		.key = sc->key,
		.entry_addr = 0x10000 + g->header_bytes + 64,
		.seed = id,
	};
	if (n > (g->sector_count <= 16 ? g->sector_count - 1 : 3) || spec.total_bytes < sim_image_min_bytes(&spec))
		return false;
	sc->image[id].total_bytes = spec.total_bytes;
	sc->image[id].sectors = hf_align_up(spec.total_bytes, g->sector_bytes) / g->sector_bytes;
	sc->image[id].bytes = malloc(spec.total_bytes);
	if (sc->image[id].bytes == NULL)
		abort();
	sim_image_make(&spec, sc->image[id].bytes);
	return true;
}

static void fill_configs(struct scenario *sc)
{
	const struct sim_geometry *g = sc->geometry;
	sc->config = (struct hf_boot_config){
		.primary = &sc->flash->area[PRIMARY],
		.secondary = &sc->flash->area[SECONDARY],
		.mode = &hf_mode_swap,
		.crypto = sc->crypto,
		.keys = sc->key,
		.key_count = 1,
		.align = g->align,
		.header_bytes = (uint16_t)g->header_bytes,
		.primary_addr = 0x10000,
		.run_check = true,
		.generation_seed = SEED,
		.work = sc->work,
		.work_bytes = g->sector_bytes + WORK_EXTRA_BYTES,
		.trace = { sc, on_event },
	};
	sc->app = (struct hf_app_config){
		.primary = &sc->flash->area[PRIMARY],
		.secondary = &sc->flash->area[SECONDARY],
		.align = g->app_align,
		.size_max = hf_mode_swap.size_max(sc->flash->area[0].size_bytes, sc->flash->area[1].size_bytes, g->sector_bytes, g->align),
	};
}

struct scenario *scenario_make(const struct sim_geometry *geometry, const char *name)
{
	struct scenario *sc = calloc(1, sizeof *sc);
	char digits[8];
	if (sc == NULL)
		abort();
	snprintf(sc->name, sizeof sc->name, "%s", name);
	sc->geometry = geometry;
	sc->crypto = &sim_crypto;
	sc->key = geometry->ed25519 ? &sim_keys_ed25519[0] : &sim_keys_p256[0];
	bool good = parse_name(sc, name, digits);
	for (uint32_t i = 0; good && i <= sc->updates; i++)
		good = make_image(sc, i + 1, digits[i % strlen(digits)]);
	const struct explore_program program = { sc, life, watch_change };
	sc->ex = explore_make(geometry, &program);
	sc->flash = explore_flash(sc->ex);
	sc->work = malloc(geometry->sector_bytes + WORK_EXTRA_BYTES);
	if (sc->work == NULL)
		abort();
	fill_configs(sc);
	if (!good) {
		scenario_free(sc);
		return NULL;
	}
	return sc;
}

void scenario_free(struct scenario *sc)
{
	for (uint32_t id = 1; id <= SCENARIO_IMAGES; id++)
		free(sc->image[id].bytes);
	free(sc->work);
	explore_free(sc->ex);
	free(sc);
}

void scenario_use_crypto(struct scenario *sc, const struct hf_crypto *crypto, const struct hf_key *key,
			 void (*sign)(uint8_t *image, uint32_t total_bytes))
{
	sc->crypto = crypto;
	sc->key = key;
	for (uint32_t id = 1; sign != NULL && id <= sc->updates + 1; id++)
		sign(sc->image[id].bytes, sc->image[id].total_bytes);
	fill_configs(sc);
}

const char *scenario_name(const struct scenario *sc)
{
	return sc->name;
}

struct explore *scenario_explorer(struct scenario *sc)
{
	return sc->ex;
}

uint32_t scenario_sectors(const struct scenario *sc)
{
	uint32_t most = 0;
	for (uint32_t id = 1; id <= sc->updates + 1; id++)
		most = most < sc->image[id].sectors ? sc->image[id].sectors : most;
	return most;
}

/* The factory's state: image 1, no journal, no trailer. */
static void factory(struct scenario *sc, uint8_t vars[EXPLORE_VARS])
{
	memset(vars, 0, EXPLORE_VARS);
	vars[VAR_CURRENT] = 1;
	vars[VAR_ALIGN] = (uint8_t)sc->geometry->app_align;
	for (uint32_t slot = 0; slot < 2; slot++) {
		for (uint32_t i = 0; i < sc->geometry->sector_count; i++)
			sim_poke_blank(sc->flash, slot, i);
	}
	sim_poke(sc->flash, PRIMARY, 0, sc->image[1].bytes, sc->image[1].total_bytes);
	sim_flash_clear_wear(sc->flash);
}

void scenario_explore(struct scenario *sc, const struct explore_options *options)
{
	uint8_t vars[EXPLORE_VARS];
	factory(sc, vars);
	explore_run(sc->ex, options, vars);
}

static void (*tell_operation)(const char *line);

static void operation_told(void *ctx, char kind, uint32_t slot, uint32_t off, uint32_t size_bytes)
{
	struct explore *ex = ctx;
	char line[96];
	const struct sim_flash *f = explore_flash(ex);
	snprintf(line, sizeof line, "%4u %s %s sector %u off %u, %u bytes", (unsigned)f->ops,
		 kind == 'w' ? "write" : kind == 'e' ? "erase" : "sync", slot == PRIMARY ? "primary" : "secondary",
		 (unsigned)(off / f->geometry->sector_bytes), (unsigned)(off % f->geometry->sector_bytes), (unsigned)size_bytes);
	tell_operation(line);
}

const char *scenario_replay_counted(struct scenario *sc, const struct explore_path *path,
				    void (*count)(void *ctx, char kind, uint32_t slot, uint32_t off, uint32_t size_bytes),
				    void (*told)(const char *line))
{
	uint8_t vars[EXPLORE_VARS];
	factory(sc, vars);
	sc->told = told;
	const char *what = explore_replay(sc->ex, path, vars, count, told);
	sc->told = NULL;
	return what;
}

const char *scenario_replay(struct scenario *sc, const struct explore_path *path, bool verbose, void (*told)(const char *line))
{
	tell_operation = told;
	return scenario_replay_counted(sc, path, verbose ? operation_told : NULL, told);
}

void scenario_id(const struct scenario *sc, const struct explore_path *path, char *into, size_t into_bytes)
{
	const int used = snprintf(into, into_bytes, "swap:%s:%s:", sc->geometry->name, sc->name);
	explore_path_name(path, into + used, into_bytes - (size_t)used);
}
