/* SPDX-License-Identifier: MIT */
#include "scenario_inside.h"

#include <holdfast/journal.h>
#include <holdfast/recovery.h>

#include "crypto_sim.h"

#include <stdio.h>
#include <stdlib.h>

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

#define NOR(name_, sector_, count_, align_, header_, ed25519_) \
	{ .name = name_, .sector_bytes = sector_, .sector_count = count_, .unit_bytes = 4, .align = align_, .app_align = align_, \
	  .header_bytes = header_, .grain_bytes = 12, .writes_per_unit_max = 2, .needs_erase = true, .ed25519 = ed25519_ }
#define RRAM(name_, sector_, count_, app_align_, header_, ed25519_) \
	{ .name = name_, .sector_bytes = sector_, .sector_count = count_, .unit_bytes = 16, .align = 16, .app_align = app_align_, \
	  .header_bytes = header_, .grain_bytes = 16, .ed25519 = ed25519_ }
#define SECOND_NOR(sector_, count_) { .sector_bytes = sector_, .sector_count = count_, .unit_bytes = 4, .writes_per_unit_max = 2, .needs_erase = true }

static const struct sim_geometry geometries[] = {
	NOR("toy-nor", 1024, 4, 8, 32, false),
	NOR("toy-nor5", 1024, 5, 8, 32, true),
	NOR("toy-nor16", 1024, 4, 16, 32, false),
	NOR("toy-nor-roomy", 1536, 4, 8, 32, false), /* a journal that three cut BEGINs don't fill */
	RRAM("toy-rram", 960, 4, 16, 32, true),
	RRAM("toy-rram5", 960, 5, 16, 32, false),
	RRAM("toy-rram8", 960, 4, 8, 32, true),
	RRAM("toy-rram-ring", 960, 20, 16, 32, false),
	NOR("xiao_nrf52840", 4096, 118, 8, 0x200, false),
	RRAM("xiao_nrf54l15", 4096, 178, 16, 0x800, true),
	/* One slot. */
	{ .name = "toy-one", .sector_bytes = 1024, .sector_count = 4, .unit_bytes = 4, .align = 8, .app_align = 8, .header_bytes = 32,
	  .grain_bytes = 12, .writes_per_unit_max = 2, .needs_erase = true, .one_slot = true },
	{ .name = "toy-one-rram", .sector_bytes = 960, .sector_count = 4, .unit_bytes = 16, .align = 16, .app_align = 16, .header_bytes = 32,
	  .grain_bytes = 16, .one_slot = true, .ed25519 = true },
	{ .name = "xiao_nrf52840-one", .sector_bytes = 4096, .sector_count = 237, .unit_bytes = 4, .align = 8, .app_align = 8,
	  .header_bytes = 0x200, .grain_bytes = 12, .writes_per_unit_max = 2, .needs_erase = true, .one_slot = true },
	{ .name = "xiao_nrf54l15-one", .sector_bytes = 4096, .sector_count = 356, .unit_bytes = 16, .align = 16, .app_align = 16,
	  .header_bytes = 0x800, .grain_bytes = 16, .one_slot = true, .ed25519 = true },
	/* The secondary on another chip: smaller sectors, larger sectors, NOR beside RRAM. */
	{ .name = "toy-small-ext", .sector_bytes = 1024, .sector_count = 4, .unit_bytes = 4, .align = 8, .app_align = 8, .header_bytes = 32,
	  .grain_bytes = 12, .writes_per_unit_max = 2, .needs_erase = true, .second = SECOND_NOR(512, 8) },
	{ .name = "toy-large-ext", .sector_bytes = 1024, .sector_count = 8, .unit_bytes = 4, .align = 8, .app_align = 8, .header_bytes = 32,
	  .grain_bytes = 12, .writes_per_unit_max = 2, .needs_erase = true, .second = SECOND_NOR(2048, 5), .ed25519 = true },
	{ .name = "toy-rram-ext", .sector_bytes = 960, .sector_count = 4, .unit_bytes = 16, .align = 16, .app_align = 16, .header_bytes = 32,
	  .grain_bytes = 16, .second = SECOND_NOR(960, 4), .ed25519 = true },
	{ .name = "toy-rram-large-ext", .sector_bytes = 960, .sector_count = 8, .unit_bytes = 16, .align = 16, .app_align = 16,
	  .header_bytes = 32, .grain_bytes = 16, .second = SECOND_NOR(1920, 4) },
	{ .name = "nrf52840-external", .sector_bytes = 4096, .sector_count = 236, .unit_bytes = 4, .align = 8, .app_align = 8,
	  .header_bytes = 0x200, .grain_bytes = 12, .writes_per_unit_max = 2, .needs_erase = true, .second = SECOND_NOR(8192, 119) },
	{ .name = "nrf52840-external-overwrite", .sector_bytes = 4096, .sector_count = 236, .unit_bytes = 4, .align = 8, .app_align = 8,
	  .header_bytes = 0x200, .grain_bytes = 12, .writes_per_unit_max = 2, .needs_erase = true, .second = SECOND_NOR(4096, 236) },
	{ .name = "nrf54l15-external", .sector_bytes = 4096, .sector_count = 356, .unit_bytes = 16, .align = 16, .app_align = 16,
	  .header_bytes = 0x800, .grain_bytes = 16, .second = SECOND_NOR(4096, 356), .ed25519 = true },
};

const struct hf_mode *scenario_mode(const char *name)
{
	static const struct hf_mode *const modes[] = { &hf_mode_swap, &hf_mode_overwrite, &hf_mode_single };
	for (size_t i = 0; i < HF_ARRAY_COUNT(modes); i++) {
		if (strcmp(modes[i]->name, name) == 0)
			return modes[i];
	}
	return NULL;
}

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
	return scenario_standard_of(&hf_mode_swap, index);
}

const char *scenario_standard_of(const struct hf_mode *mode, size_t index)
{
	static const char *const swap[] = {
		"confirm-0-333", "revert-0-333", "perm-0-333", "confirm-1-333", "revert-1-333", "perm-1-333",
		"confirm-0-323", "revert-0-323", "confirm-1-313", "revert-1-313", "revert-0-231", "revert-1-231",
		"confirm-0-confirm-0-323", "revert-0-confirm-0-332", "confirm-0-revert-1-313", "perm-1-revert-0-333",
		"confirm-1-confirm-1-232", "revert-1-revert-1-332", "confirm-0-revert-0-323c",
	};
	static const char *const overwrite[] = { "perm-0-333", "perm-0-313", "perm-0-131", "confirm-0-232", "perm-0-perm-0-323",
						 "confirm-0-perm-0-confirm-0-2133c" };
	static const char *const single[] = { "upload-33", "upload-13", "upload-31", "upload-upload-323c", "other-other-323" };
	if (mode == &hf_mode_swap)
		return index < HF_ARRAY_COUNT(swap) ? swap[index] : NULL;
	if (mode == &hf_mode_overwrite)
		return index < HF_ARRAY_COUNT(overwrite) ? overwrite[index] : NULL;
	return index < HF_ARRAY_COUNT(single) ? single[index] : NULL;
}

/* ---- what is checked */

static struct scenario *life_scenario(void *ctx)
{
	return ctx;
}

void scenario_fail(struct scenario *sc, const char *what)
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

bool scenario_image_is_firm_at(const struct scenario *sc, uint32_t slot, uint32_t off, uint32_t id)
{
	return image_is_at(sc, slot, off, id) && sim_is_firm(sc->flash, slot, off, sc->image[id].total_bytes);
}

/* The old image lies where the walk left it: at 0 after an update from one sector in, one sector in after one from 0. */
static bool way_back_is_firm(const struct scenario *sc, uint32_t id)
{
	return scenario_image_is_firm_at(sc, SECONDARY, 0, id) || scenario_image_is_firm_at(sc, SECONDARY, sc->block_bytes, id);
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

/* What an application that was built for overwrite-only, or for one slot, must find: nothing at all. */
void scenario_check_pristine(struct scenario *sc, uint32_t slot, const char *what)
{
	uint8_t fields[80];
	sim_peek(sc->flash, slot, sc->flash->area[slot].size_bytes - (uint32_t)sizeof fields, fields, sizeof fields);
	if (!hf_is_filled(fields, sizeof fields, 0xff))
		scenario_fail(sc, what);
}

/* What an application's MCUboot library finds when the image starts on trial, or for good. */
static void check_primary_trailer(struct scenario *sc, bool on_trial)
{
	if (!sc->mode->keeps_old) {
		scenario_check_pristine(sc, PRIMARY, "there are trailer fields in the primary though nothing can be taken back");
		return;
	}
	if (!primary_magic_is_good(sc) || primary_field(sc, 2) != 1)
		scenario_fail(sc, "the primary's trailer lacks magic or copy_done after an update");
	if (on_trial && primary_field(sc, 1) != 0xff)
		scenario_fail(sc, "image_ok is not blank at the first start of a trial");
	/* NOR: a word torn twice cannot be mended before the next erase; the journal knows better, the library is mistaken. */
	const uint32_t image_ok_off = sc->flash->area[PRIMARY].size_bytes - 16 - sc->vars[VAR_ALIGN];
	const bool mendable = !sc->geometry->needs_erase || sim_is_firm(sc->flash, PRIMARY, image_ok_off, 1);
	if (!on_trial && primary_field(sc, 1) != 1 && mendable)
		scenario_fail(sc, "image_ok is not set on an image that is there to stay");
}

/* Nothing of the old request may be left for the application to see as pending. */
static void check_secondary_trailer(struct scenario *sc)
{
	uint8_t fields[80];
	const uint32_t bytes = 4 * sc->vars[VAR_ALIGN] + 16u;
	sim_peek(sc->flash, SECONDARY, sc->flash->area[SECONDARY].size_bytes - bytes, fields, bytes);
	if (!hf_is_filled(fields, bytes, 0xff))
		scenario_fail(sc, "the secondary's trailer is not blank after an update");
	sim_peek(sc->flash, SECONDARY, 0, fields, 4);
	if (!sc->mode->keeps_old && hf_get32le(fields) == HF_IMAGE_MAGIC)
		scenario_fail(sc, "the secondary still has a header that can be asked for again");
}

/* ---- watch: the only copy of a sector is never touched */

static bool sector_is_elsewhere(const struct scenario *sc, uint32_t id, uint32_t i, uint32_t slot, uint32_t sector)
{
	const uint32_t size = sc->block_bytes;
	const uint32_t off = i * size, left = sc->image[id].total_bytes - off, bytes = left < size ? left : size;
	const uint32_t places[3][2] = { { PRIMARY, i }, { SECONDARY, i }, { SECONDARY, i + 1 } };
	for (uint32_t k = 0; k < 3; k++) {
		if ((places[k][0] == slot && places[k][1] == sector) || places[k][1] >= sc->blocks[places[k][0]])
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
	const uint32_t size = sc->block_bytes;
	for (uint32_t lag = 0; lag < 2 && lag <= sector; lag++) {
		const uint32_t i = sector - lag;
		if ((slot == PRIMARY && lag == 1) || i >= sc->image[id].sectors)
			continue;
		const uint32_t left = sc->image[id].total_bytes - i * size, bytes = left < size ? left : size;
		if (first_off < bytes && sim_holds(sc->flash, slot, sector * size, sc->image[id].bytes + i * size, bytes) &&
		    !sector_is_elsewhere(sc, id, i, slot, sector))
			scenario_fail(sc, "the only copy of an image's sector is about to be destroyed");
	}
}

/* A sector of the primary is given up for what the secondary holds: that must not be on cells that may change. */
static void check_source(struct scenario *sc, uint32_t sector)
{
	const uint32_t ids[2] = { sc->vars[VAR_UPDATE] + 2u, sc->vars[VAR_CURRENT] };
	const uint32_t size = sc->block_bytes;
	bool whole = false, firm = false;
	for (uint32_t n = 0; n < 4; n++) {
		const struct image *image = &sc->image[ids[n / 2]];
		const uint32_t at = sector + n % 2;
		if (image->bytes == NULL || sector >= image->sectors || at >= sc->blocks[SECONDARY])
			continue;
		const uint32_t left = image->total_bytes - sector * size, bytes = left < size ? left : size;
		if (!sim_holds(sc->flash, SECONDARY, at * size, image->bytes + sector * size, bytes))
			continue;
		whole = true;
		firm = firm || sim_is_firm(sc->flash, SECONDARY, at * size, bytes);
	}
	if (whole && !firm)
		scenario_fail(sc, "a sector is copied from cells that may change");
}

/* The running image: always, or where the mode does not keep it, until an update is asked for. The update once it is asked for,
 * until it is given up. Uploads into the primary destroy both, by their nature. */
static void watch_change(void *ctx, uint32_t slot, uint32_t off, uint32_t size_bytes)
{
	struct scenario *sc = life_scenario(ctx);
	const enum phase phase = (enum phase)sc->vars[VAR_PHASE];
	const uint32_t size = sc->block_bytes;
	if (phase == PHASE_INSTALLING || phase == PHASE_INSTALLED)
		return;
	if (sc->blocks[PRIMARY] > 32)
		return; /* real sizes: the toys prove the order, the images are compared at each start */
	for (uint32_t at = off; at < off + size_bytes; at = at - at % size + size) {
		if (sc->mode->keeps_old || (phase == PHASE_UPLOAD && sc->vars[VAR_AGAIN] == 0) || phase == PHASE_END)
			check_sector(sc, sc->vars[VAR_CURRENT], slot, at / size, at % size);
		if (slot == PRIMARY && at / size + 1 < sc->blocks[PRIMARY])
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
		scenario_fail(sc, "an image starts without a journal");
	if (journal.st.generation < hf_get32le(sc->vars + VAR_GENERATION))
		scenario_fail(sc, "the journal has gone back");
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

static uint32_t stopped(struct scenario *sc, const struct hf_boot_result *result, bool may_stop)
{
	static char text[64];
	snprintf(text, sizeof text, "nothing is started: HF-%04u", (unsigned)result->stop.reason);
	if (result->action != HF_BOOT_STOP || result->stop.reason == HF_OK)
		scenario_fail(sc, "a boot ends without an image, a reset or a reason");
	if (!may_stop)
		scenario_fail(sc, text);
	if (sc->told != NULL)
		sc->told(text);
	sc->stop = result->stop.reason;
	return NOTHING;
}

uint32_t scenario_boot(struct scenario *sc, bool may_stop)
{
	struct hf_boot_result result;
	running = sc;
	memset(sc->work, 0x5a, sc->config.work_bytes);
	soil_stack();
	hf_boot_run(&sc->config, &result);
	sc->refusal = result.refusal.reason;
	if (result.action == HF_BOOT_RESET) {
		if (++sc->vars[VAR_RESETS] > RESETS_MAX)
			scenario_fail(sc, "the loader resets again and again");
		return 0;
	}
	sc->vars[VAR_RESETS] = 0;
	if (result.action != HF_BOOT_START)
		return stopped(sc, &result, may_stop);
	if (result.verdict.token != HF_ACCEPTED || result.verdict.finding.reason != HF_OK)
		scenario_fail(sc, "an image is started without an accepting verdict");
	uint32_t id = 1;
	while (id <= SCENARIO_IMAGES && (sc->image[id].bytes == NULL || !image_is_at(sc, PRIMARY, 0, id)))
		id++;
	if (id > SCENARIO_IMAGES)
		scenario_fail(sc, "what is started is no whole image");
	if (!sim_is_firm(sc->flash, PRIMARY, 0, sc->image[id].total_bytes))
		scenario_fail(sc, "the image that is started lies on unstable cells");
	if (!may_stop && sc->mode != &hf_mode_single)
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
		scenario_fail(sc, "the application can't write");
	if (whole != size_bytes && (hf_flash_write(flash, off + whole, last, unit) != HF_OK || hf_flash_sync(flash) != HF_OK))
		scenario_fail(sc, "the application can't write");
}

/* An upload by an application that puts the image one sector in: trailer first, then everything, then the bytes. */
static void upload_one_in(struct scenario *sc, uint32_t id)
{
	const struct hf_flash *s = sc->app.secondary;
	const uint32_t size = sc->block_bytes;
	if (hf_trailer_clear(s) != HF_OK)
		scenario_fail(sc, "the application can't clear the trailer");
	for (uint32_t off = 0; off < s->size_bytes - s->sector_bytes; off += s->sector_bytes) {
		if (s->needs_erase || off <= size) {
			if (hf_flash_erase(s, off, s->sector_bytes) != HF_OK)
				scenario_fail(sc, "the application can't erase");
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
		scenario_fail(sc, "an upload is refused");
	for (uint32_t done = 0; done < image->total_bytes;) {
		const uint32_t left = image->total_bytes - done, part = left < chunk ? left : chunk;
		if (hf_upload_write(&up, image->bytes + done, part) != HF_OK)
			scenario_fail(sc, "an upload's write is refused");
		done += part;
	}
	if (!hf_upload_is_complete(&up))
		scenario_fail(sc, "an upload of all bytes is not complete");
}

/* Each of these returns true if the phase that it has set is to be looked at in the same life. */
static bool act_upload(struct scenario *sc, uint32_t started, uint32_t update)
{
	if (started == update && sc->vars[VAR_AGAIN] != 0) {
		sc->vars[VAR_PHASE] = PHASE_REQUESTED;
		return true;
	}
	if (started != sc->vars[VAR_CURRENT])
		scenario_fail(sc, "an update starts that nobody asked for");
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
		scenario_fail(sc, "neither the running image nor the update starts after the request");
	const enum hf_reason reason = hf_app_request(&sc->app, sc->act[sc->vars[VAR_UPDATE]] == ACT_PERM);
	if (reason == HF_R_SLOT_REQUEST_TORN || reason == HF_R_SLOT_NO_IMAGE) {
		sc->vars[VAR_AGAIN] = 1;
		sc->vars[VAR_PHASE] = PHASE_UPLOAD;
		return true;
	}
	if (reason != HF_OK)
		scenario_fail(sc, "a request is refused");
	sc->vars[VAR_PHASE] = PHASE_REQUESTED;
	return false;
}

static bool act_requested(struct scenario *sc, uint32_t started, uint32_t update)
{
	if (started == sc->vars[VAR_CURRENT]) {
		if (!sc->mode->keeps_old || primary_swap_info(sc) != HF_SWAP_REVERT)
			scenario_fail(sc, "a request is lost");
		if (!explore_is_disturbed(sc->ex))
			scenario_fail(sc, "a trial is taken back without a start, though nothing was cut");
		sc->vars[VAR_PHASE] = PHASE_REVERTED; /* a torn RUN2 read right: taken back without a start, allowed */
		return true;
	}
	if (started != update)
		scenario_fail(sc, "another image than the update starts");
	check_secondary_trailer(sc);
	if (sc->refusal != HF_OK && !explore_is_disturbed(sc->ex))
		scenario_fail(sc, "something is refused though the update was installed");
	if (!sc->mode->keeps_old) {
		check_primary_trailer(sc, false);
		sc->vars[VAR_PHASE] = sc->act[sc->vars[VAR_UPDATE]] == ACT_CONFIRM ? PHASE_TRIAL : PHASE_CONFIRMED;
		return true;
	}
	if (primary_swap_info(sc) == HF_SWAP_PERM) {
		if (sc->act[sc->vars[VAR_UPDATE]] != ACT_PERM)
			scenario_fail(sc, "an update that was asked for on trial is permanent");
		check_primary_trailer(sc, false);
		sc->vars[VAR_PHASE] = PHASE_CONFIRMED;
		return true;
	}
	check_primary_trailer(sc, true);
	if (!way_back_is_firm(sc, sc->vars[VAR_CURRENT]))
		scenario_fail(sc, "the way back is not whole at the start of the trial");
	const bool revert = sc->act[sc->vars[VAR_UPDATE]] == ACT_REVERT;
	sc->vars[VAR_PHASE] = revert ? PHASE_UNCONFIRMED : PHASE_TRIAL;
	return !revert;
}

static bool act_trial(struct scenario *sc)
{
	sc->vars[VAR_PHASE] = PHASE_CONFIRMING;
	if (hf_app_confirm(&sc->app) != HF_OK)
		scenario_fail(sc, "a confirmation is refused");
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
		scenario_fail(sc, "another image starts after a confirmation was begun");
	sc->vars[VAR_PHASE] = PHASE_CONFIRMED;
	return false;
}

bool scenario_next_update(struct scenario *sc)
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
			scenario_fail(sc, "a confirmed image is lost");
		check_primary_trailer(sc, false);
		sc->vars[VAR_CURRENT] = (uint8_t)update;
		return scenario_next_update(sc);
	case PHASE_UNCONFIRMED:
		if (started != sc->vars[VAR_CURRENT])
			scenario_fail(sc, "an image that was not confirmed starts again");
		sc->vars[VAR_PHASE] = PHASE_REVERTED;
		return false;
	case PHASE_REVERTED:
		if (started != sc->vars[VAR_CURRENT])
			scenario_fail(sc, "a revert does not last");
		check_primary_trailer(sc, false);
		return scenario_next_update(sc);
	case PHASE_UPLOAD:
	case PHASE_REQUEST:
	case PHASE_REQUESTED:
	case PHASE_TRIAL:
	case PHASE_CONFIRMING:
	case PHASE_END:
	case PHASE_INSTALLING:
	case PHASE_INSTALLED:
		break;
	}
	return false;
}

static bool life(void *ctx, struct sim_flash *flash, uint8_t *vars)
{
	struct scenario *sc = life_scenario(ctx);
	(void)flash;
	sc->vars = vars;
	if (sc->act[0] == ACT_UPLOAD || sc->act[0] == ACT_OTHER)
		return scenario_install_life(sc);
	const uint32_t started = scenario_boot(sc, false);
	if (started == 0)
		return true;
	if (vars[VAR_PHASE] == PHASE_END) {
		if (started != vars[VAR_CURRENT])
			scenario_fail(sc, "the end state does not last");
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
										   { "perm", ACT_PERM }, { "upload", ACT_UPLOAD }, { "other", ACT_OTHER } };
	const char *p = name;
	strcpy(digits, "323");
	while (*p != 0) {
		size_t k = 0;
		while (k < HF_ARRAY_COUNT(acts) && strncmp(p, acts[k].word, strlen(acts[k].word)) != 0)
			k++;
		if (k == HF_ARRAY_COUNT(acts)) {
			const size_t n = strspn(p, "123456789");
			sc->counters = n != 0 && p[n] == 'c';
			if (n < 2 || n > 4 || p[n + sc->counters] != 0 || sc->updates == 0)
				return false;
			memcpy(digits, p, n);
			digits[n] = 0;
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

/* Uploads into the primary and updates are different stories; what one mode can't do is no scenario of it. */
static bool acts_fit(const struct scenario *sc)
{
	for (uint32_t i = 0; i < sc->updates; i++) {
		const bool install = sc->act[i] == ACT_UPLOAD || sc->act[i] == ACT_OTHER;
		if (install != (sc->act[0] == ACT_UPLOAD || sc->act[0] == ACT_OTHER) || (!install && sc->mode == &hf_mode_single))
			return false;
		if (!sc->mode->keeps_old && (sc->act[i] == ACT_REVERT || sc->off[i] != 0))
			return false;
	}
	return sc->mode == &hf_mode_single || !sc->geometry->one_slot;
}

static uint32_t size_max_of(const struct scenario *sc)
{
	return sc->mode->size_max(sc->flash->area[PRIMARY].size_bytes, sc->flash->area[SECONDARY].size_bytes, sc->block_bytes, sc->geometry->align);
}

static bool make_image(struct scenario *sc, uint32_t id, char digit)
{
	const struct sim_geometry *g = sc->geometry;
	const uint32_t max_bytes = size_max_of(sc);
	const uint32_t n = (uint32_t)(digit - '0');
	const bool toy = sc->blocks[PRIMARY] <= 16;
	const uint32_t bytes = toy ? n * sc->block_bytes - 40 * (id % 2) : max_bytes / 3 * n + (n == 3 ? max_bytes % 3 : 0);
	const struct sim_image_spec spec = {
		.total_bytes = bytes < max_bytes ? bytes : max_bytes,
		.header_bytes = (uint16_t)g->header_bytes,
		.version = { 1, (uint8_t)id, 0, 0 },
		.key = sc->key,
		.entry_addr = 0x10000 + g->header_bytes + 64,
		.seed = id,
		.counter = sc->counters ? id : 0,
	};
	if (n > (toy ? sc->blocks[PRIMARY] - 1 : 3) || spec.total_bytes < sim_image_min_bytes(&spec))
		return false;
	sc->image[id].total_bytes = spec.total_bytes;
	sc->image[id].sectors = hf_align_up(spec.total_bytes, sc->block_bytes) / sc->block_bytes;
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
		.secondary = g->one_slot ? NULL : &sc->flash->area[SECONDARY],
		.mode = sc->mode,
		.crypto = sc->crypto,
		.keys = sc->key,
		.key_count = 1,
		.policy = sc->counters ? HF_POLICY_COUNTER | HF_POLICY_NO_DOWNGRADE : 0,
		.align = g->align,
		.header_bytes = (uint16_t)g->header_bytes,
		.primary_addr = 0x10000,
		.run_check = true,
		.generation_seed = SEED,
		.work = sc->work,
		.work_bytes = sc->block_bytes + WORK_EXTRA_BYTES,
		.installed = hf_recovery_installed,
		.trace = { sc, on_event },
	};
	sc->app = (struct hf_app_config){
		.primary = sc->config.primary,
		.secondary = sc->config.secondary,
		.align = g->app_align,
		.size_max = size_max_of(sc),
	};
}

struct scenario *scenario_make(const struct sim_geometry *geometry, const char *name)
{
	return scenario_make_mode(&hf_mode_swap, geometry, name);
}

struct scenario *scenario_make_mode(const struct hf_mode *mode, const struct sim_geometry *geometry, const char *name)
{
	struct scenario *sc = calloc(1, sizeof *sc);
	char digits[8];
	if (sc == NULL)
		abort();
	snprintf(sc->name, sizeof sc->name, "%s", name);
	sc->mode = mode;
	sc->geometry = geometry;
	sc->crypto = &sim_crypto;
	sc->key = geometry->ed25519 ? &sim_keys_ed25519[0] : &sim_keys_p256[0];
	const struct explore_program program = { sc, life, watch_change };
	sc->ex = explore_make(geometry, &program);
	sc->flash = explore_flash(sc->ex);
	const struct sim_slot *slot = sc->flash->slot;
	sc->block_bytes = slot[0].sector_bytes > slot[1].sector_bytes ? slot[0].sector_bytes : slot[1].sector_bytes;
	for (uint32_t i = 0; i < 2; i++)
		sc->blocks[i] = slot[i].sector_bytes * slot[i].sector_count / sc->block_bytes;
	bool good = parse_name(sc, name, digits) && acts_fit(sc);
	for (uint32_t i = 0; good && i <= sc->updates; i++)
		good = make_image(sc, i + 1, digits[i % strlen(digits)]);
	sc->work = malloc(sc->block_bytes + WORK_EXTRA_BYTES);
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
	for (uint32_t slot = 0; slot < sc->flash->slot_count; slot++) {
		for (uint32_t i = 0; i < sc->flash->slot[slot].sector_count; i++)
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
		 (unsigned)(off / f->slot[slot].sector_bytes), (unsigned)(off % f->slot[slot].sector_bytes), (unsigned)size_bytes);
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
	const int used = snprintf(into, into_bytes, "%s:%s:%s:", sc->mode->name, sc->geometry->name, sc->name);
	explore_path_name(path, into + used, into_bytes - (size_t)used);
}
