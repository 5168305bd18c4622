/* SPDX-License-Identifier: MIT */
/* Input: a byte of options (1: RRAM; 2 and 4: swap, overwrite, single slot; 8: the secondary holds an image that the loader accepts; 16: and
 * it is asked for), then items for what the loader reads before it decides: J and its trailer, and the sectors where notes lie.
 *   item   where u8 (bits 1:0: J, first sector of the secondary, its last one; bit 7: a record, else raw bytes) | slot or offset u16 |
 *          record: type u8 | chunk u8 | data 6 | sequence u32 (RRAM); its checksum is made right here. raw: count u8 | bytes.
 * Then the board boots, four times. It must come to an end without breaking a rule of its flash (the simulation stops the program), and
 * what it starts is a whole image that it accepted; every stop has its reason. A valid primary starts, whatever the bytes, unless a record
 * says that an update or an upload into the primary is under way (BEGIN, UPLOAD): a record with a right checksum is the loader's own
 * word. Those may move sectors, and then stop, but never start anything else. Nor is more than a stop asked for behind a forged number at
 * the end of the ring's range, which no ring lives to see: what is appended then counts as the oldest. */
#include <holdfast/boot.h>
#include <holdfast/journal.h>
#include <holdfast/recovery.h>
#include <holdfast/trailer.h>

#include "../../sim/crypto_sim.h"
#include "../../sim/flash_sim.h"

#include <stdlib.h>

enum { SECTORS = 4, TOTAL_MAX = 2048, BOOTS = 4, RESETS_MAX = 4, OPERATIONS_MAX = 20000, RECORD_BYTES = 12 };
#define SEQUENCE_FORGED 0xffff0000u

static const struct sim_geometry geometries[2] = {
	{ .name = "nor", .sector_bytes = 1024, .sector_count = SECTORS, .unit_bytes = 4, .align = 8, .app_align = 8, .header_bytes = 32,
	  .grain_bytes = 12, .writes_per_unit_max = 2, .needs_erase = true },
	{ .name = "rram", .sector_bytes = 960, .sector_count = SECTORS, .unit_bytes = 16, .align = 16, .app_align = 16, .header_bytes = 32,
	  .grain_bytes = 16 },
};

void hf_assert_failed(uint32_t line)
{
	(void)line;
	abort();
}

static void demand(bool ok)
{
	if (!ok)
		abort();
}

static void misuse(void *ctx, const char *what)
{
	(void)ctx;
	(void)what;
	abort();
}

static struct sim_flash flash;
static uint8_t images[2][TOTAL_MAX], work[1024 + 256];
static uint32_t total[2];
static bool may_stop; /* a record says so */

static void flash_make(const struct sim_geometry *g, bool has_second, bool is_asked)
{
	struct sim_image_spec spec = { .header_bytes = 32, .key = &sim_keys_p256[0], .entry_addr = 101 };
	demand(sim_flash_make(&flash, g));
	flash.observer.misuse = misuse;
	flash.ops_limit = OPERATIONS_MAX;
	for (uint32_t i = 0; i < 2; i++) {
		spec.total_bytes = total[i] = 2 * g->sector_bytes - 24 * (i + 1);
		spec.version = (struct hf_version){ 1, (uint8_t)i, 0, 0 };
		spec.seed = i;
		sim_image_make(&spec, images[i]);
	}
	sim_poke(&flash, 0, 0, images[0], total[0]);
	if (has_second)
		sim_poke(&flash, 1, 0, images[1], total[1]);
	if (has_second && is_asked)
		demand(hf_trailer_write_magic(&flash.area[1], g->align) == HF_OK);
}

static bool take(const uint8_t **data, size_t *left, uint8_t *into, uint32_t count)
{
	if (*left < count)
		return false;
	memcpy(into, *data, count);
	*data += count;
	*left -= count;
	return true;
}

static bool record_put(uint32_t slot, uint32_t sector_off, uint32_t nth, const uint8_t **data, size_t *left)
{
	const struct sim_geometry *g = flash.geometry;
	uint8_t bytes[16] = { 0 };
	const uint32_t slot_bytes = g->needs_erase ? RECORD_BYTES : RECORD_BYTES + 4u, body = slot_bytes - 4;
	if (!take(data, left, bytes, body))
		return false;
	hf_put32le(bytes + body, hf_crc32(0, bytes, body));
	nth %= (g->sector_bytes - HF_JOURNAL_TRAILER_BYTES) / slot_bytes;
	sim_poke(&flash, slot, sector_off + nth * slot_bytes, bytes, slot_bytes);
	may_stop = may_stop || bytes[0] == HF_RECORD_BEGIN || bytes[0] == HF_RECORD_UPLOAD ||
		   (!g->needs_erase && hf_get32le(bytes + 8) >= SEQUENCE_FORGED);
	return true;
}

static bool item_put(const uint8_t **data, size_t *left, bool one_slot)
{
	uint8_t head[3], bytes[256], count;
	if (!take(data, left, head, sizeof head))
		return false;
	const uint32_t sector = flash.geometry->sector_bytes, last_off = (SECTORS - 1) * sector;
	const uint32_t slot = (head[0] & 3u) == 0 || one_slot ? 0 : 1;
	const uint32_t sector_off = slot == 0 || (head[0] & 2u) != 0 ? last_off : 0;
	if ((head[0] & 0x80u) != 0)
		return record_put(slot, sector_off, hf_get16le(head + 1), data, left);
	if (!take(data, left, &count, 1) || count == 0 || !take(data, left, bytes, count))
		return false;
	const uint32_t off = hf_get16le(head + 1) % sector;
	sim_poke(&flash, slot, sector_off + off, bytes, count < sector - off ? count : sector - off);
	return true;
}

static void boot_once(const struct hf_boot_config *config, bool has_second)
{
	struct hf_boot_result result = { .action = HF_BOOT_RESET };
	for (uint32_t n = 0; n < RESETS_MAX && result.action == HF_BOOT_RESET; n++) {
		memset(work, 0x5a, sizeof work);
		sim_flash_reset_buffer(&flash);
		flash.ops = 0;
		hf_boot_run(config, &result);
	}
	demand(result.action != HF_BOOT_RESET);
	if (result.action == HF_BOOT_STOP) {
		demand(result.stop.reason != HF_OK && may_stop);
		return;
	}
	demand(result.verdict.token == HF_ACCEPTED && result.verdict.finding.reason == HF_OK);
	demand(sim_holds(&flash, 0, 0, images[0], total[0]) || (has_second && sim_holds(&flash, 0, 0, images[1], total[1])));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	static const struct hf_mode *const modes[4] = { &hf_mode_swap, &hf_mode_overwrite, &hf_mode_single, &hf_mode_swap };
	if (size_bytes == 0)
		return 0;
	const struct hf_mode *mode = modes[data[0] >> 1 & 3u];
	const bool one_slot = mode == &hf_mode_single, has_second = (data[0] & 8u) != 0 && !one_slot;
	const struct sim_geometry *g = &geometries[data[0] & 1u];
	size_t left = size_bytes - 1;
	may_stop = false;
	flash_make(g, has_second, (data[0] & 16u) != 0);
	data++;
	while (item_put(&data, &left, one_slot))
		;
	const struct hf_boot_config config = { .installed = hf_recovery_installed, .primary = &flash.area[0],
					       .secondary = one_slot ? NULL : &flash.area[1], .mode = mode, .crypto = &sim_crypto,
					       .keys = sim_keys_p256, .key_count = 1, .align = g->align, .generation_seed = 77, .work = work,
					       .work_bytes = sizeof work };
	for (uint32_t i = 0; i < BOOTS; i++)
		boot_once(&config, has_second);
	sim_flash_free(&flash);
	return 0;
}
