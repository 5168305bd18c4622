/* SPDX-License-Identifier: MIT */
/* The boards that the planner knows. Sources: zephyrproject-rtos/zephyr boards/seeed/xiao_ble, xiao_nrf54l15, xiao_nrf54lm20a,
 * boards/nordic/nrf52840dk, nrf54l15dk; dts/vendor/nordic/nrf52840_partition.dtsi, nrf52840_partition_uf2_sdv7.dtsi,
 * nrf54l15_cpuapp_partition.dtsi, nrf54lm20_a_b_cpuapp_partition.dtsi; adafruit/Adafruit_nRF52_Bootloader linker/nrf52840.ld.
 * Times: Nordic's data sheets (41 us a word and 85 ms a page; 88 us a line), SFDP of MX25R6435F; P25Q16H and PY25Q64HA are estimates.
 * MCUboot's partition: 48 KB hold it on a bare nRF52840, 64 KB with USB recovery or a flash driver; 60 KB on nRF54L15 keep the
 * first slot within what FPROTECT can lock. */
#include "plan_board.h"

#include <ctype.h>
#include <string.h>

/* The two chips, once. */
#define CHIP_NRF52840 \
	.chip = "nRF52840", .flash_label = "flash0", .flash_bytes = 0x100000, .region_bytes = 0x100000, .sector_bytes = 4096, \
	.unit_bytes = 4, .align = 8, .header_bytes = 0x200, .unit_us = 41, .erase_us = 85000, .endurance = 10000, .tlv_bytes = 156, \
	.signature = "ECDSA_P256", .settings_bytes = 0x8000, .boot_bytes = 0x10000
#define CHIP_NRF54L \
	.flash_label = "cpuapp_rram", .sector_bytes = 4096, .unit_bytes = 16, .align = 16, .header_bytes = 0x800, .unit_us = 88, \
	.erase_us = 0, .endurance = 10000, .tlv_bytes = 180, .signature = "ED25519", .settings_bytes = 0x9000, .boot_bytes = 0xF000, \
	.is_nrf54l = true, .has_console_uart = true
#define P25Q16H \
	{ .bus = PLAN_BUS_QSPI, .part = "P25Q16H", .label = "p25q16h", .bytes = 0x200000, .erase_us = 8000, .page_us = 2000, \
	  .endurance = 100000, .is_estimate = true }
#define MX25R64(on) \
	{ .bus = (on), .part = "MX25R6435F", .label = "mx25r64", .bytes = 0x800000, .erase_us = 48000, .page_us = 896, .endurance = 100000 }
#define PY25Q64 \
	{ .bus = PLAN_BUS_SPI, .part = "PY25Q64HA", .label = "py25q64", .bytes = 0x800000, .erase_us = 48000, .page_us = 900, \
	  .endurance = 100000, .is_disabled = true, .is_estimate = true }

/* What the stock loader of the XIAO nRF52840 needs. */
#define UF2_RESERVED \
	{ { .role = PLAN_RESERVED, .addr = 0x0, .bytes = 0x27000, .pm = "softdevice_reserved", .label = "reserved_partition_0", \
	    .title = "MBR and SoftDevice" }, \
	  { .role = PLAN_RESERVED, .addr = 0xF4000, .bytes = 0xC000, .pm = "uf2_partition", .label = "uf2_partition", \
	    .title = "stock UF2 loader" } }
#define FLPR_RESERVED(at) \
	{ { .role = PLAN_RESERVED, .addr = (at), .bytes = 0x18000, .outside = true, .pm = "flpr", .label = "flpr", \
	    .title = "RISC-V coprocessor" } }

#define XIAO_840_WHOLE \
	CHIP_NRF52840, .variant = "", .variant_note = "whole flash", .holdfast = "xiao_nrf52840", .first_addr = 0, .end_addr = 0x100000, \
	.stock_settings_addr = 0xEC000, .external = P25Q16H, .has_usb = true, .needs_probe = true, .removes_uf2 = true, .since_ncs = 207, \
	.since_zephyr = 307
#define XIAO_840_UF2 \
	CHIP_NRF52840, .variant = "uf2", .variant_note = "stock UF2 loader and SoftDevice kept", .holdfast = "xiao_nrf52840", \
	.first_addr = 0x27000, .end_addr = 0xF4000, .stock_settings_addr = 0xEC000, .external = P25Q16H, .reserved = UF2_RESERVED, .drop_end_addr = 0xEA000, \
	.has_usb = true, .since_ncs = 207, .since_zephyr = 307
#define XIAO_L15_WHOLE \
	CHIP_NRF54L, .chip = "nRF54L15", .variant = "", .variant_note = "whole memory, no coprocessor image", .holdfast = "xiao_nrf54l15", \
	.flash_bytes = 0x17D000, .region_bytes = 0x17D000, .first_addr = 0, .end_addr = 0x17D000, .stock_settings_addr = 0x174000, \
	.since_ncs = 301, .since_zephyr = 402
#define XIAO_L15_FLPR \
	CHIP_NRF54L, .chip = "nRF54L15", .variant = "flpr", .variant_note = "96 KB left to the RISC-V coprocessor", \
	.holdfast = "xiao_nrf54l15", .flash_bytes = 0x17D000, .region_bytes = 0x165000, .first_addr = 0, .end_addr = 0x165000, \
	.stock_settings_addr = 0x15C000, .reserved = FLPR_RESERVED(0x165000), .since_ncs = 301, .since_zephyr = 402

const struct plan_board plan_boards[] = {
	{ XIAO_840_WHOLE, .name = "xiao_nrf52840", .title = "Seeed XIAO nRF52840",
	  .aliases = { "xiao_ble", "xiao_ble/nrf52840", "xiao-nrf52840" }, .target = "xiao_ble/nrf52840", .stem = "xiao_ble_nrf52840" },
	{ XIAO_840_UF2, .name = "xiao_nrf52840", .title = "Seeed XIAO nRF52840",
	  .aliases = { "xiao_ble", "xiao_ble/nrf52840", "xiao-nrf52840" }, .target = "xiao_ble/nrf52840", .stem = "xiao_ble_nrf52840" },
	{ XIAO_840_WHOLE, .name = "xiao_nrf52840_sense", .title = "Seeed XIAO nRF52840 Sense",
	  .aliases = { "xiao_ble_sense", "xiao_ble/nrf52840/sense", "xiao-nrf52840-sense" }, .target = "xiao_ble/nrf52840/sense",
	  .stem = "xiao_ble_nrf52840_sense" },
	{ XIAO_840_UF2, .name = "xiao_nrf52840_sense", .title = "Seeed XIAO nRF52840 Sense",
	  .aliases = { "xiao_ble_sense", "xiao_ble/nrf52840/sense", "xiao-nrf52840-sense" }, .target = "xiao_ble/nrf52840/sense",
	  .stem = "xiao_ble_nrf52840_sense" },
	{ XIAO_L15_WHOLE, .name = "xiao_nrf54l15", .title = "Seeed XIAO nRF54L15",
	  .aliases = { "xiao_nrf54l15/nrf54l15/cpuapp", "xiao-nrf54l15" }, .target = "xiao_nrf54l15/nrf54l15/cpuapp",
	  .stem = "xiao_nrf54l15_nrf54l15_cpuapp" },
	{ XIAO_L15_FLPR, .name = "xiao_nrf54l15", .title = "Seeed XIAO nRF54L15",
	  .aliases = { "xiao_nrf54l15/nrf54l15/cpuapp", "xiao-nrf54l15" }, .target = "xiao_nrf54l15/nrf54l15/cpuapp",
	  .stem = "xiao_nrf54l15_nrf54l15_cpuapp" },
	/* The SDKs have one board for both: the sensors of the Sense are in its devicetree. */
	{ XIAO_L15_WHOLE, .name = "xiao_nrf54l15_sense", .title = "Seeed XIAO nRF54L15 Sense", .aliases = { "xiao-nrf54l15-sense" },
	  .target = "xiao_nrf54l15/nrf54l15/cpuapp", .stem = "xiao_nrf54l15_nrf54l15_cpuapp" },
	{ XIAO_L15_FLPR, .name = "xiao_nrf54l15_sense", .title = "Seeed XIAO nRF54L15 Sense", .aliases = { "xiao-nrf54l15-sense" },
	  .target = "xiao_nrf54l15/nrf54l15/cpuapp", .stem = "xiao_nrf54l15_nrf54l15_cpuapp" },
	{ CHIP_NRF52840, .name = "nrf52840dk", .title = "Nordic nRF52840 DK", .variant = "", .variant_note = "whole flash",
	  .aliases = { "nrf52840dk/nrf52840", "nrf52840dk_nrf52840" }, .holdfast = "nrf52840dk", .target = "nrf52840dk/nrf52840",
	  .stem = "nrf52840dk_nrf52840", .first_addr = 0, .end_addr = 0x100000, .stock_settings_addr = 0xF8000,
	  .external = MX25R64(PLAN_BUS_QSPI), .has_usb = true, .has_button = true, .has_console_uart = true, .since_ncs = 207,
	  .since_zephyr = 307 },
	{ CHIP_NRF54L, .chip = "nRF54L15", .name = "nrf54l15dk", .title = "Nordic nRF54L15 DK", .variant = "",
	  .variant_note = "whole memory, no coprocessor image", .aliases = { "nrf54l15dk/nrf54l15/cpuapp", "nrf54l15dk_nrf54l15_cpuapp" },
	  .holdfast = "nrf54l15dk", .target = "nrf54l15dk/nrf54l15/cpuapp", .stem = "nrf54l15dk_nrf54l15_cpuapp", .flash_bytes = 0x17D000,
	  .region_bytes = 0x17D000, .first_addr = 0, .end_addr = 0x17D000, .stock_settings_addr = 0x174000,
	  .external = MX25R64(PLAN_BUS_SPI), .has_button = true, .since_ncs = 208, .since_zephyr = 400 },
	{ CHIP_NRF54L, .chip = "nRF54L15", .name = "nrf54l15dk", .title = "Nordic nRF54L15 DK", .variant = "flpr",
	  .variant_note = "96 KB left to the RISC-V coprocessor", .aliases = { "nrf54l15dk/nrf54l15/cpuapp", "nrf54l15dk_nrf54l15_cpuapp" },
	  .holdfast = "nrf54l15dk", .target = "nrf54l15dk/nrf54l15/cpuapp", .stem = "nrf54l15dk_nrf54l15_cpuapp", .flash_bytes = 0x17D000,
	  .region_bytes = 0x165000, .first_addr = 0, .end_addr = 0x165000, .stock_settings_addr = 0x15C000,
	  .external = MX25R64(PLAN_BUS_SPI), .reserved = FLPR_RESERVED(0x165000), .has_button = true, .since_ncs = 208,
	  .since_zephyr = 400 },
	{ CHIP_NRF54L, .chip = "nRF54LM20A", .name = "xiao_nrf54lm20a", .title = "Seeed XIAO nRF54LM20A", .variant = "",
	  .variant_note = "whole memory, no coprocessor image", .aliases = { "xiao_nrf54lm20a/nrf54lm20a/cpuapp", "xiao-nrf54lm20a" },
	  .target = "xiao_nrf54lm20a/nrf54lm20a/cpuapp", .stem = "xiao_nrf54lm20a_nrf54lm20a_cpuapp", .flash_bytes = 0x1FD000,
	  .region_bytes = 0x1FD000, .first_addr = 0, .end_addr = 0x1FD000, .stock_settings_addr = 0x1F4000, .external = PY25Q64,
	  .has_button = true, .since_ncs = 304, .since_zephyr = 404 },
	{ CHIP_NRF54L, .chip = "nRF54LM20A", .name = "xiao_nrf54lm20a", .title = "Seeed XIAO nRF54LM20A", .variant = "flpr",
	  .variant_note = "96 KB left to the RISC-V coprocessor", .aliases = { "xiao_nrf54lm20a/nrf54lm20a/cpuapp", "xiao-nrf54lm20a" },
	  .target = "xiao_nrf54lm20a/nrf54lm20a/cpuapp", .stem = "xiao_nrf54lm20a_nrf54lm20a_cpuapp", .flash_bytes = 0x1FD000,
	  .region_bytes = 0x1E5000, .first_addr = 0, .end_addr = 0x1E5000, .stock_settings_addr = 0x1DC000, .external = PY25Q64,
	  .reserved = FLPR_RESERVED(0x1E5000), .has_button = true, .since_ncs = 304, .since_zephyr = 404 },
};
const size_t plan_board_count = HF_ARRAY_COUNT(plan_boards);

/* Blank, hyphen and underscore are one. */
static char plain(char c)
{
	return c == ' ' || c == '-' ? '_' : (char)tolower((unsigned char)c);
}

static bool same_word(const char *a, const char *b)
{
	while (*a != '\0' && plain(*a) == plain(*b)) {
		a++;
		b++;
	}
	return *a == *b;
}

/* The maker's words: "Seeed XIAO nRF52840", with the maker or without. */
static bool same_title(const char *title, const char *name)
{
	const char *space = strchr(title, ' ');
	return same_word(title, name) || (space != NULL && same_word(space + 1, name));
}

static bool has_name(const char *const *names, const char *name)
{
	for (size_t i = 0; i < PLAN_ALIASES_MAX && names[i] != NULL; i++) {
		if (same_word(names[i], name))
			return true;
	}
	return false;
}

const struct plan_board *plan_board_find(const char *name, const char *variant)
{
	for (size_t i = 0; i < plan_board_count; i++) {
		const struct plan_board *b = &plan_boards[i];
		bool named = same_word(b->name, name) || same_title(b->title, name) || has_name(b->aliases, name);
		if (named && (variant == NULL || strcmp(b->variant, variant) == 0))
			return b;
	}
	return NULL;
}

/* Source: the makers' pages and the SDKs of these chips; not checked against each primary document. */
const struct plan_stranger plan_strangers[] = {
	{ { "xiao_rp2040" }, "Seeed XIAO RP2040", "2 MB flash on the board", "a loader in the chip's ROM that can't be lost",
	  "hold BOOT, plug in, copy a .uf2 file to the drive that appears (or picotool)",
	  "It has no updates with a way back of its own; MCUboot's Zephyr port can add them." },
	{ { "xiao_rp2350" }, "Seeed XIAO RP2350", "2 MB flash on the board", "a loader in the chip's ROM with A/B partitions, trial boots and signatures",
	  "a .uf2 file by BOOT and USB, or picotool; A/B updates by the chip's own partition table",
	  "Use the ROM's A/B partitions with try-before-you-buy: they do what Holdfast does elsewhere." },
	{ { "xiao_samd21", "seeeduino_xiao" }, "Seeed XIAO SAMD21", "256 KB flash", "an 8 KB UF2 and SAM-BA loader, application at 0x2000",
	  "double-tap reset and copy a .uf2 file, or bossac", "Two slots of 124 KB would be the most; most makers stay with UF2." },
	{ { "xiao_esp32c3" }, "Seeed XIAO ESP32C3", "4 MB flash", "ROM loader and ESP-IDF's second stage, two OTA partitions",
	  "esptool over USB; over the air with ESP-IDF's app_update", "Use ESP-IDF's OTA with rollback (CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE)." },
	{ { "xiao_esp32s3", "xiao_esp32s3_sense" }, "Seeed XIAO ESP32S3", "8 MB flash", "ROM loader and ESP-IDF's second stage, two OTA partitions",
	  "esptool over USB; over the air with ESP-IDF's app_update", "Use ESP-IDF's OTA with rollback (CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE)." },
	{ { "xiao_esp32c6" }, "Seeed XIAO ESP32C6", "4 MB flash", "ROM loader and ESP-IDF's second stage, two OTA partitions",
	  "esptool over USB; over the air with ESP-IDF's app_update", "Use ESP-IDF's OTA with rollback (CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE)." },
	{ { "xiao_esp32", "xiao_esp32c5" }, "Seeed XIAO ESP32 family", "4 or 8 MB flash", "ROM loader and ESP-IDF's second stage, two OTA partitions",
	  "esptool over USB; over the air with ESP-IDF's app_update", "Use ESP-IDF's OTA with rollback (CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE)." },
	{ { "xiao_mg24", "xiao_mg24_sense" }, "Seeed XIAO MG24", "1,536 KB flash and 4 MB on the board", "Silicon Labs' Gecko bootloader (GBL files)",
	  "OpenOCD through the on-board probe; over the air with the Gecko bootloader's storage slots",
	  "Use the Gecko bootloader with an external storage slot." },
	{ { "xiao_ra4m1" }, "Seeed XIAO RA4M1", "256 KB flash", "Arduino's 16 KB DFU loader, application at 0x4000; a boot mode in ROM",
	  "dfu-util, or Renesas Flash Programmer in boot mode", "Two slots of 120 KB would be the most; most makers stay with DFU over USB." },
};
const size_t plan_stranger_count = HF_ARRAY_COUNT(plan_strangers);

const struct plan_stranger *plan_stranger_find(const char *name)
{
	for (size_t i = 0; i < plan_stranger_count; i++) {
		if (has_name(plan_strangers[i].names, name) || same_title(plan_strangers[i].title, name))
			return &plan_strangers[i];
	}
	return NULL;
}
