/* SPDX-License-Identifier: MIT */
/* Facts of the symbols that the files set: which image reads them, since when, what must hold with them. Looked up in the public
 * Kconfig files named. tests/interop/kconfig has the same facts as Kconfig; a test compares both and puts every written file through them. */
#include <string.h>

#include "plan_files.h"

#define SYS PLAN_FILE_SYSBUILD
#define BOOT PLAN_FILE_MCUBOOT
#define APP PLAN_FILE_APP
#define SYSBUILD_ZEPHYR "zephyr: share/sysbuild/images/bootloader/Kconfig"
#define SYSBUILD_NCS "sdk-nrf: sysbuild/Kconfig.mcuboot, Kconfig.sysbuild"
#define MCUBOOT_KCONFIG "mcuboot: boot/zephyr/Kconfig"
#define SERIAL_KCONFIG "mcuboot: boot/zephyr/Kconfig.serial_recovery"
#define MCUMGR_KCONFIG "zephyr: subsys/mgmt/mcumgr/Kconfig, grp/*/Kconfig, transport/Kconfig.*"
#define ALWAYS 207, 307, 0

const struct plan_symbol plan_symbols[] = {
	{ "SB_CONFIG_BOOTLOADER_MCUBOOT", SYS, ALWAYS, "", SYSBUILD_ZEPHYR },
	{ "SB_CONFIG_MCUBOOT_MODE_SWAP_USING_MOVE", SYS, 301, 401, 0, "SB_CONFIG_BOOTLOADER_MCUBOOT", SYSBUILD_ZEPHYR },
	{ "SB_CONFIG_MCUBOOT_MODE_SWAP_WITHOUT_SCRATCH", SYS, 207, 307, 405, "SB_CONFIG_BOOTLOADER_MCUBOOT", SYSBUILD_ZEPHYR },
	{ "SB_CONFIG_MCUBOOT_MODE_SWAP_USING_OFFSET", SYS, 301, 401, 0, "SB_CONFIG_BOOTLOADER_MCUBOOT", SYSBUILD_ZEPHYR },
	{ "SB_CONFIG_MCUBOOT_MODE_SWAP_SCRATCH", SYS, ALWAYS, "SB_CONFIG_BOOTLOADER_MCUBOOT", SYSBUILD_ZEPHYR },
	{ "SB_CONFIG_MCUBOOT_MODE_OVERWRITE_ONLY", SYS, ALWAYS, "SB_CONFIG_BOOTLOADER_MCUBOOT", SYSBUILD_ZEPHYR },
	{ "SB_CONFIG_MCUBOOT_MODE_SINGLE_APP", SYS, ALWAYS, "SB_CONFIG_BOOTLOADER_MCUBOOT", SYSBUILD_ZEPHYR },
	{ "SB_CONFIG_MCUBOOT_MODE_DIRECT_XIP", SYS, ALWAYS, "SB_CONFIG_BOOTLOADER_MCUBOOT", SYSBUILD_ZEPHYR },
	{ "SB_CONFIG_MCUBOOT_MODE_DIRECT_XIP_WITH_REVERT", SYS, ALWAYS, "SB_CONFIG_BOOTLOADER_MCUBOOT", SYSBUILD_ZEPHYR },
	{ "SB_CONFIG_BOOT_SIGNATURE_TYPE_ECDSA_P256", SYS, ALWAYS, "SB_CONFIG_BOOTLOADER_MCUBOOT", SYSBUILD_ZEPHYR },
	{ "SB_CONFIG_BOOT_SIGNATURE_TYPE_ED25519", SYS, ALWAYS, "SB_CONFIG_BOOTLOADER_MCUBOOT", SYSBUILD_ZEPHYR },
	{ "SB_CONFIG_BOOT_SIGNATURE_TYPE_RSA", SYS, ALWAYS, "SB_CONFIG_BOOTLOADER_MCUBOOT", SYSBUILD_ZEPHYR },
	{ "SB_CONFIG_BOOT_SIGNATURE_KEY_FILE", SYS, ALWAYS, "SB_CONFIG_BOOTLOADER_MCUBOOT", SYSBUILD_ZEPHYR },
	{ "SB_CONFIG_PARTITION_MANAGER", SYS, 207, 0, 0, "", SYSBUILD_NCS },
	{ "SB_CONFIG_PM_MCUBOOT_PAD", SYS, 207, 0, 0, "SB_CONFIG_BOOTLOADER_MCUBOOT", SYSBUILD_NCS },
	{ "SB_CONFIG_PM_EXTERNAL_FLASH_MCUBOOT_SECONDARY", SYS, 207, 0, 0, "SB_CONFIG_BOOTLOADER_MCUBOOT", SYSBUILD_NCS },
	{ "SB_CONFIG_PM_OVERRIDE_EXTERNAL_DRIVER_CHECK", SYS, 207, 0, 0, "", SYSBUILD_NCS },
	{ "SB_CONFIG_MCUBOOT_COMPRESSED_IMAGE_SUPPORT", SYS, 208, 0, 0, "SB_CONFIG_MCUBOOT_MODE_OVERWRITE_ONLY", SYSBUILD_NCS },

	{ "CONFIG_BOOT_MAX_IMG_SECTORS_AUTO", BOOT, 208, 400, 0, "", MCUBOOT_KCONFIG },
	{ "CONFIG_BOOT_MAX_IMG_SECTORS", BOOT, ALWAYS, "!CONFIG_BOOT_MAX_IMG_SECTORS_AUTO", MCUBOOT_KCONFIG },
	{ "CONFIG_NORDIC_QSPI_NOR", BOOT, ALWAYS, "", "zephyr: drivers/flash/Kconfig.nordic_qspi_nor" },
	{ "CONFIG_NORDIC_QSPI_NOR_FLASH_LAYOUT_PAGE_SIZE", BOOT, ALWAYS, "CONFIG_NORDIC_QSPI_NOR", "zephyr: drivers/flash/Kconfig.nordic_qspi_nor" },
	{ "CONFIG_NORDIC_QSPI_NOR_STACK_WRITE_BUFFER_SIZE", BOOT, ALWAYS, "CONFIG_NORDIC_QSPI_NOR", "zephyr: drivers/flash/Kconfig.nordic_qspi_nor" },
	{ "CONFIG_SPI", BOOT, ALWAYS, "", "zephyr: drivers/spi/Kconfig" },
	{ "CONFIG_SPI_NOR", BOOT, ALWAYS, "CONFIG_SPI", "zephyr: drivers/flash/Kconfig.nor" },
	{ "CONFIG_SPI_NOR_FLASH_LAYOUT_PAGE_SIZE", BOOT, ALWAYS, "CONFIG_SPI_NOR", "zephyr: drivers/flash/Kconfig.nor" },
	{ "CONFIG_MULTITHREADING", BOOT, ALWAYS, "", "zephyr: kernel/Kconfig; " MCUBOOT_KCONFIG " defaults it to n" },
	{ "CONFIG_FPROTECT", BOOT, 207, 0, 0, "", "sdk-nrf: lib/fprotect/Kconfig" },
	{ "CONFIG_FPROTECT_ALLOW_COMBINED_REGIONS", BOOT, 208, 0, 0, "CONFIG_FPROTECT", "sdk-nrf: lib/fprotect/Kconfig, release notes 2.8" },
	{ "CONFIG_MCUBOOT_SERIAL", BOOT, ALWAYS, "", SERIAL_KCONFIG },
	{ "CONFIG_BOOT_SERIAL_CDC_ACM", BOOT, ALWAYS, "CONFIG_MCUBOOT_SERIAL", SERIAL_KCONFIG },
	{ "CONFIG_BOOT_SERIAL_UART", BOOT, ALWAYS, "CONFIG_MCUBOOT_SERIAL", SERIAL_KCONFIG },
	{ "CONFIG_UART_CONSOLE", BOOT, ALWAYS, "", "zephyr: drivers/console/Kconfig" },
	{ "CONFIG_BOOT_SERIAL_NO_APPLICATION", BOOT, ALWAYS, "CONFIG_MCUBOOT_SERIAL", SERIAL_KCONFIG },
	{ "CONFIG_BOOT_SERIAL_WAIT_FOR_DFU", BOOT, ALWAYS, "CONFIG_MCUBOOT_SERIAL", SERIAL_KCONFIG },
	{ "CONFIG_BOOT_SERIAL_WAIT_FOR_DFU_TIMEOUT", BOOT, ALWAYS, "CONFIG_BOOT_SERIAL_WAIT_FOR_DFU", SERIAL_KCONFIG },
	{ "CONFIG_BOOT_SERIAL_ENTRANCE_GPIO", BOOT, ALWAYS, "CONFIG_MCUBOOT_SERIAL", SERIAL_KCONFIG },

	{ "CONFIG_BT", APP, ALWAYS, "", "zephyr: subsys/bluetooth/Kconfig" },
	{ "CONFIG_BT_PERIPHERAL", APP, ALWAYS, "CONFIG_BT", "zephyr: subsys/bluetooth/Kconfig" },
	{ "CONFIG_MCUMGR", APP, ALWAYS, "CONFIG_NET_BUF CONFIG_ZCBOR CONFIG_CRC", MCUMGR_KCONFIG },
	{ "CONFIG_NET_BUF", APP, ALWAYS, "", "zephyr: lib/net_buf/Kconfig" },
	{ "CONFIG_ZCBOR", APP, ALWAYS, "", "zephyr: modules/zcbor/Kconfig" },
	{ "CONFIG_CRC", APP, ALWAYS, "", "zephyr: lib/crc/Kconfig" },
	{ "CONFIG_FLASH", APP, ALWAYS, "", "zephyr: drivers/flash/Kconfig" },
	{ "CONFIG_FLASH_MAP", APP, ALWAYS, "CONFIG_FLASH", "zephyr: subsys/storage/flash_map/Kconfig" },
	{ "CONFIG_STREAM_FLASH", APP, ALWAYS, "CONFIG_FLASH", "zephyr: subsys/storage/stream/Kconfig" },
	{ "CONFIG_IMG_MANAGER", APP, ALWAYS, "CONFIG_STREAM_FLASH", "zephyr: subsys/dfu/Kconfig" },
	{ "CONFIG_IMG_ERASE_PROGRESSIVELY", APP, ALWAYS, "CONFIG_IMG_MANAGER CONFIG_FLASH_MAP", "zephyr: subsys/dfu/Kconfig" },
	{ "CONFIG_MCUMGR_GRP_IMG", APP, ALWAYS, "CONFIG_MCUMGR CONFIG_FLASH CONFIG_IMG_MANAGER", MCUMGR_KCONFIG },
	{ "CONFIG_MCUMGR_GRP_OS", APP, ALWAYS, "CONFIG_MCUMGR", MCUMGR_KCONFIG },
	{ "CONFIG_MCUMGR_TRANSPORT_BT", APP, ALWAYS, "CONFIG_MCUMGR CONFIG_BT_PERIPHERAL", MCUMGR_KCONFIG },
	{ "CONFIG_CONSOLE", APP, ALWAYS, "", "zephyr: drivers/console/Kconfig" },
	{ "CONFIG_BASE64", APP, ALWAYS, "", "zephyr: lib/utils/Kconfig" },
	{ "CONFIG_MCUMGR_TRANSPORT_UART", APP, ALWAYS, "CONFIG_MCUMGR CONFIG_CONSOLE CONFIG_BASE64", MCUMGR_KCONFIG },
	/* Read by both images: found here whichever file sets them. */
	{ "CONFIG_NORDIC_QSPI_NOR", APP, ALWAYS, "CONFIG_FLASH", "zephyr: drivers/flash/Kconfig.nordic_qspi_nor" },
	{ "CONFIG_NORDIC_QSPI_NOR_FLASH_LAYOUT_PAGE_SIZE", APP, ALWAYS, "CONFIG_NORDIC_QSPI_NOR", "zephyr: drivers/flash/Kconfig.nordic_qspi_nor" },
	{ "CONFIG_SPI", APP, ALWAYS, "", "zephyr: drivers/spi/Kconfig" },
	{ "CONFIG_SPI_NOR", APP, ALWAYS, "CONFIG_FLASH CONFIG_SPI", "zephyr: drivers/flash/Kconfig.nor" },
	{ "CONFIG_SPI_NOR_FLASH_LAYOUT_PAGE_SIZE", APP, ALWAYS, "CONFIG_SPI_NOR", "zephyr: drivers/flash/Kconfig.nor" },
};
const size_t plan_symbol_count = HF_ARRAY_COUNT(plan_symbols);

const struct plan_symbol *plan_symbol_find(const char *name, enum plan_file file)
{
	for (size_t i = 0; i < plan_symbol_count; i++) {
		if (plan_symbols[i].file == file && strcmp(plan_symbols[i].name, name) == 0)
			return &plan_symbols[i];
	}
	return NULL;
}
