/* SPDX-License-Identifier: MIT */
/* Settings that exclude each other, or that this chip does not have: pairs, as Kconfig files have them.
 * Source   nrfconnect/sdk-nrf: sysbuild/Kconfig.mcuboot; zephyrproject-rtos/zephyr: share/sysbuild/images/bootloader/Kconfig;
 *          mcu-tools/mcuboot: boot/zephyr/Kconfig, Kconfig.serial_recovery. */
#include <stdlib.h>

#include "rules.h"

static const struct { enum doctor_who who_a; const char *a; enum doctor_who who_b; const char *b, *why; } pairs[] = {
	{ WHO_SYSBUILD, "MCUBOOT_COMPRESSED_IMAGE_SUPPORT", WHO_SYSBUILD, "BOOT_ENCRYPTION", "compressed images can't be encrypted" },
	{ WHO_SYSBUILD, "BOOT_ENCRYPTION", WHO_SYSBUILD, "BOOT_SIGNATURE_TYPE_NONE", "encryption needs a signature" },
	{ WHO_SYSBUILD, "BOOT_ENCRYPTION", WHO_SYSBUILD, "MCUBOOT_MODE_DIRECT_XIP", "code that runs in place can't be encrypted" },
	{ WHO_SYSBUILD, "BOOT_ENCRYPTION", WHO_SYSBUILD, "MCUBOOT_MODE_DIRECT_XIP_WITH_REVERT", "code that runs in place can't be encrypted" },
	{ WHO_SYSBUILD, "BOOT_ENCRYPTION", WHO_SYSBUILD, "MCUBOOT_MODE_FIRMWARE_UPDATER", "not in this mode" },
	{ WHO_SYSBUILD, "BOOT_SIGNATURE_TYPE_PURE", WHO_SYSBUILD, "BOOT_SIGNATURE_TYPE_ECDSA_P256", "pure signatures are Ed25519's" },
	{ WHO_SYSBUILD, "BOOT_SIGNATURE_TYPE_PURE", WHO_SYSBUILD, "BOOT_SIGNATURE_TYPE_RSA", "pure signatures are Ed25519's" },
	{ WHO_SYSBUILD, "MCUBOOT_SIGNATURE_USING_KMU", WHO_SYSBUILD, "BOOT_SIGNATURE_TYPE_ECDSA_P256", "the KMU verifies Ed25519" },
	{ WHO_SYSBUILD, "MCUBOOT_SIGNATURE_USING_KMU", WHO_SYSBUILD, "BOOT_SIGNATURE_TYPE_RSA", "the KMU verifies Ed25519" },
	{ WHO_SYSBUILD, "MCUBOOT_HARDWARE_DOWNGRADE_PREVENTION", WHO_SYSBUILD, "SECURE_BOOT_APPCORE", "the counters belong to one of them" },
	{ WHO_SYSBUILD, "MCUBOOT_EXTRA_IMAGES", WHO_SYSBUILD, "MCUBOOT_MODE_SINGLE_APP", "one slot holds one image" },
	{ WHO_SYSBUILD, "MCUBOOT_MODE_SWAP_USING_MOVE", WHO_SYSBUILD, "MCUBOOT_MODE_OVERWRITE_ONLY", "one mode" },
	{ WHO_SYSBUILD, "MCUBOOT_MODE_SWAP_USING_MOVE", WHO_SYSBUILD, "MCUBOOT_MODE_SWAP_USING_OFFSET", "one mode" },
	{ WHO_SYSBUILD, "MCUBOOT_MODE_SWAP_USING_OFFSET", WHO_SYSBUILD, "MCUBOOT_MODE_OVERWRITE_ONLY", "one mode" },
	{ WHO_SYSBUILD, "MCUBOOT_MODE_SINGLE_APP", WHO_SYSBUILD, "MCUBOOT_MODE_OVERWRITE_ONLY", "one mode" },
	{ WHO_SYSBUILD, "MCUBOOT_MODE_SINGLE_APP", WHO_SYSBUILD, "MCUBOOT_MODE_SWAP_USING_MOVE", "one mode" },
	{ WHO_SYSBUILD, "BOOT_SIGNATURE_TYPE_RSA", WHO_SYSBUILD, "BOOT_SIGNATURE_TYPE_ECDSA_P256", "one signature type" },
	{ WHO_SYSBUILD, "BOOT_SIGNATURE_TYPE_ED25519", WHO_SYSBUILD, "BOOT_SIGNATURE_TYPE_ECDSA_P256", "one signature type" },
	{ WHO_SYSBUILD, "BOOT_SIGNATURE_TYPE_ED25519", WHO_SYSBUILD, "BOOT_SIGNATURE_TYPE_RSA", "one signature type" },
	{ WHO_SYSBUILD, "MCUBOOT_MODE_FIRMWARE_UPDATER", WHO_MCUBOOT, "MCUBOOT_SERIAL", "the updater image takes recovery's place" },
	{ WHO_SYSBUILD, "MCUBOOT_MODE_SINGLE_APP", WHO_MCUBOOT, "MCUBOOT_SERIAL_DIRECT_IMAGE_UPLOAD", "one slot leaves nothing to choose from" },
	{ WHO_MCUBOOT, "SINGLE_APPLICATION_SLOT", WHO_MCUBOOT, "MCUBOOT_SERIAL_DIRECT_IMAGE_UPLOAD", "one slot leaves nothing to choose from" },
	{ WHO_MCUBOOT, "BOOT_VALIDATE_SLOT0", WHO_MCUBOOT, "BOOT_VALIDATE_SLOT0_ONCE", "once is for those who don't validate at each start" },
	{ WHO_MCUBOOT, "BOOT_IMG_HASH_DIRECTLY_ON_STORAGE", WHO_MCUBOOT, "BOOT_ENCRYPT_IMAGE", "what is encrypted can't be hashed where it lies" },
	{ WHO_MCUBOOT, "BOOT_MAX_IMG_SECTORS_AUTO", WHO_MCUBOOT, "BOOT_MAX_IMG_SECTORS", "the number counts only with CONFIG_BOOT_MAX_IMG_SECTORS_AUTO=n" },
};

/* On, or a number that is not zero; as fragments say it: the final configuration holds what Kconfig made of a conflict. */
static const struct setting *asked(const struct doctor *d, enum doctor_who who, const char *name)
{
	const struct setting *s = doctor_setting(d, who, name);
	bool off = s == NULL || s->is_final || strcmp(s->value, "n") == 0 || strcmp(s->value, "0") == 0 || s->value[0] == '\0';
	return off ? NULL : s;
}

static struct finding *say_pair(struct doctor *d, const struct setting *a, const struct setting *b, const char *why)
{
	struct finding *f = doctor_find(d, "D05");
	doctor_say_setting(f, a);
	if (b != NULL)
		doctor_say_setting(f, b);
	doctor_say(f, a->input, a->line, "%s", why);
	return f;
}

/* What only some chips have. */
static void check_chip(struct doctor *d)
{
	bool nrf52 = d->setup.soc == SOC_NRF52840 || d->setup.soc == SOC_NRF52;
	static const struct { const char *name, *why; } rows[] = {
		{ "MCUBOOT_HARDWARE_DOWNGRADE_PREVENTION", "an nRF52 has no protected counters (nRF53, nRF54L, nRF54H and nRF91 have)" },
		{ "MCUBOOT_SIGNATURE_USING_KMU", "an nRF52 has no KMU that the bootloader could ask (nRF54L has)" },
		{ "BOOT_SIGNATURE_TYPE_PURE", "pure signatures are for nRF54L and nRF54H" },
	};
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows) && nrf52; i++) {
		const struct setting *s = asked(d, WHO_SYSBUILD, rows[i].name);
		if (s != NULL)
			(void)say_pair(d, s, NULL, rows[i].why);
	}
}

void detect_d05(struct doctor *d)
{
	for (size_t i = 0; i < HF_ARRAY_COUNT(pairs); i++) {
		const struct setting *a = asked(d, pairs[i].who_a, pairs[i].a), *b = asked(d, pairs[i].who_b, pairs[i].b);
		if (a == NULL || b == NULL)
			continue;
		bool first = doctor_found(d, "D05") == NULL;
		struct finding *f = say_pair(d, a, b, pairs[i].why);
		/* A number that is dropped may be harmless. */
		if (first && strcmp(pairs[i].b, "BOOT_MAX_IMG_SECTORS") == 0)
			doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_DATA);
		else
			doctor_grade(f, SEVERITY_FAULT, CERTAINTY_DATA);
	}
	check_chip(d);
	const struct setting *encrypted = asked(d, WHO_SYSBUILD, "BOOT_ENCRYPTION"), *single = asked(d, WHO_SYSBUILD, "MCUBOOT_MODE_SINGLE_APP");
	const struct setting *direct = asked(d, WHO_MCUBOOT, "BOOT_IMG_HASH_DIRECTLY_ON_STORAGE");
	if (encrypted != NULL && single != NULL && asked(d, WHO_MCUBOOT, "MCUBOOT_SERIAL") == NULL)
		(void)say_pair(d, encrypted, single, "in one slot, encryption is for images that come by serial recovery, and it is not on");
	if (direct != NULL && d->setup.external_secondary)
		(void)say_pair(d, direct, NULL, "a slot in external flash is not mapped into memory: it can't be hashed where it lies");
}
