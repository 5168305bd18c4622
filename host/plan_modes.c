/* SPDX-License-Identifier: MIT */
/* The modes as rows. Sources: mcu-tools/mcuboot boot/bootutil/src/swap_*.c, loader.c (steps and limits), boot/zephyr/Kconfig
 * (symbols); zephyrproject-rtos/zephyr share/sysbuild/images/bootloader/Kconfig, modules/Kconfig.mcuboot (names);
 * nrfconnect/sdk-nrf sysbuild/Kconfig.mcuboot (compressed images, NCS 2.8); docs/power-loss.md (Holdfast's walk). */
#include <holdfast/mode.h>
#include <string.h>

#include "plan.h"

#define SINCE_ALWAYS .since_ncs = 207, .since_zephyr = 307
#define SWAP_WORDS \
	"Both images stay whole: the new one is tried, and if it isn't confirmed the old one comes back at the next reset."

const struct plan_mode plan_modes[] = {
	{ .name = "holdfast-walk", .title = "two slots, Holdfast's own bootloader", .loader = PLAN_LOADER_HOLDFAST, .shape = PLAN_SHAPE_HOLDFAST,
	  .limit = PLAN_LIMIT_HOLDFAST, .cut = PLAN_CUT_GOES_ON, .hf_mode_id = HF_MODE_ID_SWAP, .rollback = true, .available = true, .walks = true,
	  .does = SWAP_WORDS, .price = "Takes larger images than MCUboot's swaps. Tested on emulated chips; MCUboot has more years on real ones.",
	  .ops_primary = 1, .ops_secondary = 1, .wear_primary = 1, .wear_secondary = 2, .wear_other = 3, SINCE_ALWAYS, .rank_any = 1,
	  .rank_ncs = 3, .rank_zephyr = 3, .sysbuild = "SWAP_USING_MOVE",
	  .sysbuild_old = "SWAP_WITHOUT_SCRATCH", .app = "SWAP_USING_MOVE", .app_old = "SWAP_WITHOUT_SCRATCH", .holdfast_takes = true },
	{ .name = "swap-offset", .title = "two slots, MCUboot swap using offset", .loader = PLAN_LOADER_MCUBOOT, .shape = PLAN_SHAPE_TWO_SECONDARY,
	  .limit = PLAN_LIMIT_OFFSET, .cut = PLAN_CUT_GOES_ON, .rollback = true, .available = true, .does = SWAP_WORDS,
	  .price = "The upload must begin one sector into the second slot: build the application for this mode.", .status_states = 2,
	  .ops_primary = 1, .ops_secondary = 1, .wear_primary = 1, .wear_secondary = 2, .since_ncs = 301, .since_zephyr = 401, .rank_any = 2,
	  .rank_ncs = 2, .rank_zephyr = 1, .sysbuild = "SWAP_USING_OFFSET", .mcuboot = "CONFIG_BOOT_SWAP_USING_OFFSET",
	  .app = "SWAP_USING_OFFSET", .holdfast_takes = true },
	{ .name = "swap-move", .title = "two slots, MCUboot swap using move", .loader = PLAN_LOADER_MCUBOOT, .shape = PLAN_SHAPE_TWO_PRIMARY,
	  .limit = PLAN_LIMIT_MOVE, .cut = PLAN_CUT_GOES_ON, .rollback = true, .available = true, .does = SWAP_WORDS,
	  .price = "Moves the old image up by one sector first, so an update takes half as long again as with offset.", .status_states = 3,
	  .ops_primary = 2, .ops_secondary = 1, .wear_primary = 2, .wear_secondary = 2, SINCE_ALWAYS, .rank_any = 3, .rank_ncs = 1,
	  .rank_zephyr = 2, .sysbuild = "SWAP_USING_MOVE", .sysbuild_old = "SWAP_WITHOUT_SCRATCH", .mcuboot = "CONFIG_BOOT_SWAP_USING_MOVE",
	  .app = "SWAP_USING_MOVE", .app_old = "SWAP_WITHOUT_SCRATCH", .holdfast_takes = true },
	{ .name = "holdfast-external", .title = "second slot in the second flash, Holdfast's own bootloader", .loader = PLAN_LOADER_HOLDFAST,
	  .shape = PLAN_SHAPE_HOLDFAST, .limit = PLAN_LIMIT_HOLDFAST, .cut = PLAN_CUT_GOES_ON, .hf_mode_id = HF_MODE_ID_SWAP, .external = true,
	  .rollback = true, .available = true, .walks = true, .does = SWAP_WORDS, .price = "The pins of the second flash are taken.",
	  .ops_primary = 1, .ops_secondary = 1, .wear_primary = 1, .wear_secondary = 2, .wear_other = 3, SINCE_ALWAYS, .rank_any = 4,
	  .rank_ncs = 6, .rank_zephyr = 6, .sysbuild = "SWAP_USING_MOVE",
	  .sysbuild_old = "SWAP_WITHOUT_SCRATCH", .app = "SWAP_USING_MOVE", .app_old = "SWAP_WITHOUT_SCRATCH", .holdfast_takes = true },
	{ .name = "external-offset", .title = "second slot in the second flash, MCUboot swap using offset", .loader = PLAN_LOADER_MCUBOOT,
	  .shape = PLAN_SHAPE_EXTERNAL, .limit = PLAN_LIMIT_OFFSET, .cut = PLAN_CUT_GOES_ON, .external = true, .rollback = true,
	  .available = true, .does = SWAP_WORDS, .price = "The pins of the second flash are taken; bootloader and application both need its driver.",
	  .status_states = 2, .ops_primary = 1, .ops_secondary = 1, .wear_primary = 1, .wear_secondary = 2, .since_ncs = 301,
	  .since_zephyr = 401, .rank_any = 5, .rank_ncs = 5, .rank_zephyr = 4, .sysbuild = "SWAP_USING_OFFSET",
	  .mcuboot = "CONFIG_BOOT_SWAP_USING_OFFSET", .app = "SWAP_USING_OFFSET", .holdfast_takes = true },
	{ .name = "external-move", .title = "second slot in the second flash, MCUboot swap using move", .loader = PLAN_LOADER_MCUBOOT,
	  .shape = PLAN_SHAPE_EXTERNAL, .limit = PLAN_LIMIT_MOVE, .cut = PLAN_CUT_GOES_ON, .external = true, .rollback = true, .available = true,
	  .does = SWAP_WORDS, .price = "The pins of the second flash are taken; bootloader and application both need its driver.",
	  .status_states = 3, .ops_primary = 2, .ops_secondary = 1, .wear_primary = 2, .wear_secondary = 2, SINCE_ALWAYS, .rank_any = 6,
	  .rank_ncs = 4, .rank_zephyr = 5, .sysbuild = "SWAP_USING_MOVE", .sysbuild_old = "SWAP_WITHOUT_SCRATCH",
	  .mcuboot = "CONFIG_BOOT_SWAP_USING_MOVE", .app = "SWAP_USING_MOVE",
	  .app_old = "SWAP_WITHOUT_SCRATCH", .holdfast_takes = true },
	{ .name = "swap-scratch", .title = "two slots and a scratch area, MCUboot swap using scratch", .loader = PLAN_LOADER_MCUBOOT,
	  .shape = PLAN_SHAPE_TWO_SCRATCH, .limit = PLAN_LIMIT_SCRATCH, .cut = PLAN_CUT_GOES_ON, .rollback = true, .available = true,
	  .does = SWAP_WORDS, .price = "Every sector passes through the scratch area, which wears out first.", .status_states = 3,
	  .ops_primary = 1, .ops_secondary = 1, .ops_scratch = 1, .wear_primary = 1, .wear_secondary = 2, SINCE_ALWAYS, .rank_any = 7,
	  .rank_ncs = 7, .rank_zephyr = 7, .sysbuild = "SWAP_SCRATCH", .mcuboot = "CONFIG_BOOT_SWAP_USING_SCRATCH", .app = "SWAP_SCRATCH",
	  .holdfast_takes = true },
	{ .name = "direct-xip-revert", .title = "two slots, each run in place, MCUboot direct-XIP with revert", .loader = PLAN_LOADER_MCUBOOT,
	  .shape = PLAN_SHAPE_TWO_EQUAL, .limit = PLAN_LIMIT_FIELDS, .cut = PLAN_CUT_NOTHING, .rollback = true, .available = true,
	  .does = "Nothing is copied: the bootloader starts whichever slot has the newer confirmed image, and erases one that failed its trial.",
	  .price = "Each release must be linked twice, once a slot, and the right file be sent to each board.", .wear_primary = 1,
	  .wear_secondary = 1, SINCE_ALWAYS, .rank_any = 8, .rank_ncs = 8, .rank_zephyr = 8, .sysbuild = "DIRECT_XIP_WITH_REVERT",
	  .mcuboot = "CONFIG_BOOT_DIRECT_XIP_REVERT", .app = "DIRECT_XIP_WITH_REVERT" },
	{ .name = "overwrite", .title = "two slots, MCUboot overwrite-only", .loader = PLAN_LOADER_MCUBOOT, .shape = PLAN_SHAPE_TWO_EQUAL,
	  .limit = PLAN_LIMIT_FIELDS, .cut = PLAN_CUT_RESTARTS, .available = true,
	  .does = "The new image is copied over the old one. A cut copy begins again.",
	  .price = "There is no way back: an image that is signed but broken needs a wire.", .ops_primary = 1, .wear_primary = 1,
	  .wear_secondary = 2, SINCE_ALWAYS, .rank_any = 10, .rank_ncs = 10, .rank_zephyr = 10, .sysbuild = "OVERWRITE_ONLY",
	  .mcuboot = "CONFIG_BOOT_UPGRADE_ONLY", .app = "OVERWRITE_ONLY" },
	{ .name = "direct-xip", .title = "two slots, each run in place, MCUboot direct-XIP", .loader = PLAN_LOADER_MCUBOOT,
	  .shape = PLAN_SHAPE_TWO_EQUAL, .limit = PLAN_LIMIT_FIELDS, .cut = PLAN_CUT_NOTHING, .available = true,
	  .does = "Nothing is copied: the bootloader starts the slot with the newer version.",
	  .price = "No way back, and each release must be linked twice, once a slot.", .wear_primary = 1, .wear_secondary = 1, SINCE_ALWAYS,
	  .rank_any = 11, .rank_ncs = 11, .rank_zephyr = 11, .sysbuild = "DIRECT_XIP", .mcuboot = "CONFIG_BOOT_DIRECT_XIP", .app = "DIRECT_XIP" },
	{ .name = "compressed", .title = "large first slot, compressed updates, Nordic's MCUboot", .loader = PLAN_LOADER_MCUBOOT,
	  .shape = PLAN_SHAPE_SPLIT, .limit = PLAN_LIMIT_COMPRESSED, .cut = PLAN_CUT_RESTARTS, .available = true,
	  .does = "The update travels and waits compressed (LZMA2), and is unpacked over the old image. A cut copy begins again.",
	  .price = "There is no way back; nRF Connect SDK only, and marked experimental there. Add recovery by wire.", .ops_primary = 1,
	  .wear_primary = 1, .wear_secondary = 2, .since_ncs = 208, .rank_any = 12, .rank_ncs = 12, .rank_zephyr = 12,
	  .sysbuild = "OVERWRITE_ONLY", .mcuboot = "CONFIG_BOOT_UPGRADE_ONLY, CONFIG_BOOT_DECOMPRESSION", .app = "OVERWRITE_ONLY" },
	{ .name = "small-slot", .title = "large first slot, difference packages with a way back", .loader = PLAN_LOADER_HOLDFAST,
	  .shape = PLAN_SHAPE_DELTA, .limit = PLAN_LIMIT_DELTA, .cut = PLAN_CUT_GOES_ON, .hf_mode_id = HF_MODE_ID_DELTA, .rollback = true,
	  .does = "A package holds the steps to the new image and back again, so that a small second slot is enough.",
	  .price = "Not available yet: the figure is what the format allows for ordinary releases.", .ops_primary = 2, .wear_primary = 1,
	  .wear_secondary = 1, SINCE_ALWAYS, .rank_any = 13, .rank_ncs = 13, .rank_zephyr = 13, .sysbuild = "SWAP_USING_MOVE",
	  .sysbuild_old = "SWAP_WITHOUT_SCRATCH", .app = "SWAP_USING_MOVE", .app_old = "SWAP_WITHOUT_SCRATCH", .holdfast_takes = true },
	{ .name = "holdfast-delta", .title = "large first slot, difference packages with a way back, Holdfast's own bootloader",
	  .loader = PLAN_LOADER_HOLDFAST, .shape = PLAN_SHAPE_HOLDFAST, .limit = PLAN_LIMIT_HOLDFAST, .cut = PLAN_CUT_GOES_ON,
	  .hf_mode_id = HF_MODE_ID_DELTA, .rollback = true, .available = true,
	  .does = "A package holds the steps to the new image and back again, so that a small second slot is enough.",
	  .price = "Each package is made for one image to start from, and a large change may not fit.", .ops_primary = 2, .wear_primary = 1,
	  .wear_secondary = 1, SINCE_ALWAYS, .rank_any = 8, .rank_ncs = 9, .rank_zephyr = 9, .sysbuild = "SWAP_USING_MOVE",
	  .sysbuild_old = "SWAP_WITHOUT_SCRATCH", .app = "SWAP_USING_MOVE", .app_old = "SWAP_WITHOUT_SCRATCH", .holdfast_takes = true },
	{ .name = "holdfast-overwrite", .title = "two slots, Holdfast's bootloader without a way back", .loader = PLAN_LOADER_HOLDFAST,
	  .shape = PLAN_SHAPE_HOLDFAST, .limit = PLAN_LIMIT_HOLDFAST, .cut = PLAN_CUT_RESTARTS, .hf_mode_id = HF_MODE_ID_OVERWRITE,
	  .available = true, .does = "The new image is copied over the old one. A cut copy goes on.", .price = "There is no way back.",
	  .ops_primary = 1, .wear_primary = 1, .wear_secondary = 2, SINCE_ALWAYS, .rank_any = 9, .rank_ncs = 14, .rank_zephyr = 14,
	  .sysbuild = "OVERWRITE_ONLY", .app = "OVERWRITE_ONLY", .holdfast_takes = true },
	{ .name = "holdfast-ext-overwrite", .title = "second slot in the second flash, Holdfast's bootloader without a way back",
	  .loader = PLAN_LOADER_HOLDFAST, .shape = PLAN_SHAPE_HOLDFAST, .limit = PLAN_LIMIT_HOLDFAST, .cut = PLAN_CUT_RESTARTS,
	  .hf_mode_id = HF_MODE_ID_OVERWRITE, .external = true, .available = true,
	  .does = "The new image is copied over the old one. A cut copy goes on.",
	  .price = "There is no way back, and the pins of the second flash are taken.", .ops_primary = 1, .wear_primary = 1, .wear_secondary = 2,
	  SINCE_ALWAYS, .rank_any = 9, .rank_ncs = 14, .rank_zephyr = 14, .sysbuild = "OVERWRITE_ONLY", .app = "OVERWRITE_ONLY",
	  .holdfast_takes = true },
	{ .name = "single", .title = "one slot and serial recovery, MCUboot", .loader = PLAN_LOADER_MCUBOOT, .shape = PLAN_SHAPE_ONE,
	  .limit = PLAN_LIMIT_ONE, .cut = PLAN_CUT_RECOVERY, .recovery_only = true, .available = true,
	  .does = "The whole memory is the application's; updates come by wire, through the bootloader.",
	  .price = "No updates over Bluetooth and no way back; after a cut the board waits in recovery.", .wear_primary = 1, SINCE_ALWAYS,
	  .rank_any = 15, .rank_ncs = 15, .rank_zephyr = 15, .sysbuild = "SINGLE_APP", .mcuboot = "CONFIG_SINGLE_APPLICATION_SLOT",
	  .app = "SINGLE_APP" },
	{ .name = "holdfast-single", .title = "one slot and recovery by wire, Holdfast's own bootloader", .loader = PLAN_LOADER_HOLDFAST,
	  .shape = PLAN_SHAPE_HOLDFAST, .limit = PLAN_LIMIT_HOLDFAST, .cut = PLAN_CUT_RECOVERY, .hf_mode_id = HF_MODE_ID_SINGLE,
	  .recovery_only = true, .available = true, .does = "The whole memory is the application's; updates come by wire, through the bootloader.",
	  .price = "No updates over Bluetooth and no way back; after a cut the board waits in recovery.", .wear_primary = 1, SINCE_ALWAYS,
	  .rank_any = 14, .rank_ncs = 16, .rank_zephyr = 16, .sysbuild = "SINGLE_APP", .app = "SINGLE_APP", .holdfast_takes = true },
};
const size_t plan_mode_count = HF_ARRAY_COUNT(plan_modes);

const struct plan_mode *plan_mode_find(const char *name)
{
	for (size_t i = 0; i < plan_mode_count; i++) {
		if (strcmp(plan_modes[i].name, name) == 0)
			return &plan_modes[i];
	}
	return NULL;
}

static bool some_board_has(uint8_t hf_mode_id)
{
	size_t count = 0;
	const struct board *const *boards = board_list(&count);
	for (size_t i = 0; i < count; i++) {
		for (uint32_t k = 0; k < boards[i]->layout_count; k++) {
			if (boards[i]->layouts[k].mode_id == hf_mode_id)
				return true;
		}
	}
	return false;
}

bool plan_mode_is_listed(const struct plan_mode *mode)
{
	if (mode->shape == PLAN_SHAPE_HOLDFAST)
		return some_board_has(mode->hf_mode_id);
	return mode->available || !some_board_has(mode->hf_mode_id);
}

static bool has_new_names(const struct plan_sdk *sdk)
{
	return sdk == NULL || sdk->new_names;
}

const char *plan_app_mode(const struct plan_mode *mode, const struct plan_sdk *sdk)
{
	return has_new_names(sdk) || mode->app_old == NULL ? mode->app : mode->app_old;
}

const char *plan_sysbuild_mode(const struct plan_mode *mode, const struct plan_sdk *sdk)
{
	return has_new_names(sdk) || mode->sysbuild_old == NULL ? mode->sysbuild : mode->sysbuild_old;
}
