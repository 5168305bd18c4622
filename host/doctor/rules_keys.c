/* SPDX-License-Identifier: MIT */
/* Signatures, keys and versions: images against keys given, settings against each other, what builds and loaders say. */
#define _GNU_SOURCE /* strcasestr */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "rules.h"
#include "textparse.h"

/* SHA-256 of the public keys that MCUboot's repository holds for development.
 * Source   mcu-tools/mcuboot: root-rsa-2048.pem, root-rsa-3072.pem, root-ec-p256.pem, root-ed25519.pem. */
static const struct { const char *name, *hash; } public_keys[] = {
#include "public_keys.def"
};

static const char *public_key_name(const struct found_image *image)
{
	char *hex = bytes_hex(image->keyhash, image->keyhash_bytes);
	const char *name = NULL;
	for (size_t i = 0; i < HF_ARRAY_COUNT(public_keys); i++) {
		if (strcmp(hex, public_keys[i].hash) == 0)
			name = public_keys[i].name;
	}
	free(hex);
	return name;
}

static bool key_fits(const struct found_key *key, const struct found_image *image)
{
	static const enum hf_hash_kind kinds[] = { HF_HASH_SHA256, HF_HASH_SHA384, HF_HASH_SHA512 };
	for (size_t i = 0; i < HF_ARRAY_COUNT(kinds); i++) {
		uint8_t digest[HF_HASH_BYTES_MAX];
		if (hf_hash_bytes(kinds[i]) != image->keyhash_bytes)
			continue;
		keyfile_hash(&key->key, kinds[i], digest);
		if (memcmp(digest, image->keyhash, image->keyhash_bytes) == 0)
			return true;
	}
	return false;
}

static const struct found_key *key_of(const struct doctor *d, const struct found_image *image)
{
	for (size_t i = 0; i < d->keys.count; i++) {
		if (key_fits(d->keys.at[i], image))
			return d->keys.at[i];
	}
	return NULL;
}

void detect_k02(struct doctor *d)
{
	for (size_t i = 0; i < d->images.count && d->keys.count != 0; i++) {
		const struct found_image *image = &d->images.at[i];
		if (!image->has_keyhash || image->broken != HF_OK || key_of(d, image) != NULL)
			continue;
		struct finding *f = doctor_find(d, "K02");
		char *hex = bytes_hex(image->keyhash, image->keyhash_bytes);
		doctor_say(f, image->input, 0, "%s: KEYHASH %.16s..", image->name, hex);
		free(hex);
		for (size_t k = 0; k < d->keys.count; k++) {
			uint8_t digest[HF_HASH_BYTES_MAX];
			keyfile_hash(&d->keys.at[k]->key, HF_HASH_SHA256, digest);
			hex = bytes_hex(digest, 32);
			doctor_say(f, d->keys.at[k]->input, 0, "this %s key has %.16s..", keyfile_type_name(&d->keys.at[k]->key), hex);
			free(hex);
		}
	}
}

void detect_k03(struct doctor *d)
{
	(void)by_message(d, "K03");
	const struct setting *s = doctor_setting(d, WHO_APP, "MCUBOOT_SIGNATURE_KEY_FILE");
	bool said = doctor_found(d, "K03") != NULL;
	if (s == NULL || s->is_final || s->value[0] == '\0' || !d->setup.is_ncs)
		return;
	doctor_say_setting(doctor_find(d, "K03"), s);
	if (!said && strstr(s->value, "root-") != NULL)
		doctor_grade(doctor_find(d, "K03"), SEVERITY_NOTE, CERTAINTY_DATA); /* the default anyway */
}

void detect_k04(struct doctor *d)
{
	for (size_t i = 0; i < d->settings.count; i++) {
		const struct setting *s = &d->settings.at[i];
		const char *path = s->input->path, *name = strrchr(path, '/');
		bool key = strncmp(s->name, "BOOT_SIGNATURE_", 15) == 0;
		if (!key || s->is_final || s->is_comment || s->is_sysbuild || strcmp(path, "standard input") == 0 || s->input->aside)
			continue;
		bool stray = strstr(path, "mcuboot/prj.conf") != NULL || (name == NULL && strcmp(path, "mcuboot.conf") == 0) || s->who == WHO_APP;
		bool read = strstr(path, "sysbuild/") != NULL || strstr(path, "child_image/") != NULL || strstr(path, "boot/zephyr") != NULL ||
			    s->input->named;
		if (!stray || read)
			continue;
		bool first = doctor_found(d, "K04") == NULL;
		doctor_say_setting(doctor_find(d, "K04"), s);
		if (first && strstr(s->value, "bootloader/mcuboot/root-") != NULL)
			doctor_grade(doctor_find(d, "K04"), SEVERITY_NOTE, CERTAINTY_DATA);
	}
	/* In the right file, but what sysbuild says is forced upon it. */
	const struct setting *own = doctor_setting(d, WHO_MCUBOOT, "BOOT_SIGNATURE_KEY_FILE");
	if (own == NULL || own->is_final || strstr(own->input->path, "sysbuild/") == NULL || doctor_setting(d, WHO_SYSBUILD, "BOOT_SIGNATURE_KEY_FILE") != NULL)
		return;
	struct finding *f = doctor_find(d, "K04");
	doctor_say_setting(f, own);
	doctor_say(f, own->input, own->line, "sysbuild sets this symbol itself, from SB_CONFIG_BOOT_SIGNATURE_KEY_FILE");
	if (strstr(own->value, "root-") != NULL && f->evidence_count == 2)
		doctor_grade(f, SEVERITY_NOTE, CERTAINTY_DATA); /* the default anyway */
}

void detect_k05(struct doctor *d)
{
	const struct setting *s = doctor_setting(d, WHO_SYSBUILD, "BOOT_SIGNATURE_KEY_FILE");
	if (s != NULL && !s->is_final && s->value[0] != '\0') {
		const char *dollar = strchr(s->value, '$');
		bool plain = dollar != NULL && (dollar == s->value || dollar[-1] != '\\') && strncmp(dollar, "${", 2) == 0;
		bool relative = dollar == NULL && s->value[0] != '/' && s->value[0] != '\\' && !(s->value[0] != '\0' && s->value[1] == ':');
		if (plain) {
			bool app = strncmp(dollar, "${APP", 5) == 0;
			doctor_say_setting(doctor_find(d, "K05"), s);
			/* Other variables may be known where sysbuild reads the line. */
			if (!app)
				doctor_grade(doctor_find(d, "K05"), SEVERITY_ATTENTION, CERTAINTY_LIKELY);
		}
		if (relative) {
			struct finding *f = doctor_find(d, "K05");
			doctor_say_setting(f, s);
			doctor_say(f, s->input, s->line, "a relative name is looked for in other folders than this one");
			doctor_grade(f, doctor_hit(d, "key_missing") != NULL ? SEVERITY_FAULT : SEVERITY_ATTENTION, CERTAINTY_LIKELY);
		}
	}
	if (doctor_hit(d, "key_missing") != NULL)
		doctor_say_hits(d, doctor_find(d, "K05"), "key_missing", 2);
}

static uint16_t type_asked(const struct doctor *d, const struct setting **where)
{
	static const struct { const char *name; uint16_t type; } rows[] = { { "BOOT_SIGNATURE_TYPE_RSA", HF_TLV_RSA2048 },
			{ "BOOT_SIGNATURE_TYPE_ECDSA_P256", HF_TLV_ECDSA },
		{ "BOOT_SIGNATURE_TYPE_ED25519", HF_TLV_ED25519 } };
	static const enum doctor_who whose[] = { WHO_MCUBOOT, WHO_SYSBUILD };
	for (size_t w = 0; w < HF_ARRAY_COUNT(whose); w++) {
		for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
			const struct setting *s = doctor_setting(d, whose[w], rows[i].name);
			if (s != NULL && strcmp(s->value, "y") == 0) {
				*where = s;
				return rows[i].type;
			}
		}
	}
	return 0;
}

void detect_k06(struct doctor *d)
{
	const struct setting *where = NULL;
	uint16_t asked = type_asked(d, &where);
	for (size_t i = 0; i < d->images.count && asked != 0; i++) {
		const struct found_image *image = &d->images.at[i];
		uint16_t type = image->sig_type == HF_TLV_RSA3072 ? HF_TLV_RSA2048 : image->sig_type;
		if (!image->has_sig || image->broken != HF_OK || type == asked)
			continue;
		struct finding *f = doctor_find(d, "K06");
		const char *name = tlv_name(image->sig_type);
		doctor_say(f, image->input, 0, "%s: signature TLV %s", image->name, name != NULL ? name : "unknown");
		doctor_say_setting(f, where);
	}
}

void detect_k07(struct doctor *d)
{
	const struct setting *kmu = doctor_setting(d, WHO_SYSBUILD, "MCUBOOT_SIGNATURE_USING_KMU");
	if (kmu == NULL || strcmp(kmu->value, "y") != 0 || (doctor_hit(d, "primary_bad") == NULL && doctor_hit(d, "K08") == NULL))
		return;
	if (doctor_hit(d, "primary_bad") == NULL)
		return;
	struct finding *f = doctor_find(d, "K07");
	doctor_say_setting(f, kmu);
	doctor_say_hits(d, f, "primary_bad", 1);
}

void detect_k09(struct doctor *d)
{
	bool said = by_message(d, "K09");
	for (size_t i = 0; i < d->images.count; i++) {
		const char *name = d->images.at[i].has_keyhash ? public_key_name(&d->images.at[i]) : NULL;
		if (name != NULL)
			doctor_say(doctor_find(d, "K09"), d->images.at[i].input, 0, "%s: KEYHASH of MCUboot's %s", d->images.at[i].name, name);
	}
	if (said && doctor_hit(d, "K03") != NULL)
		doctor_grade(doctor_find(d, "K09"), SEVERITY_FAULT, CERTAINTY_DATA);
}

void detect_k10(struct doctor *d)
{
	const struct setting *pure = doctor_setting(d, WHO_SYSBUILD, "BOOT_SIGNATURE_TYPE_PURE");
	if (pure == NULL || strcmp(pure->value, "y") != 0 || !d->setup.external_secondary)
		return;
	struct finding *f = doctor_find(d, "K10");
	doctor_say_setting(f, pure);
	const struct setting *external = doctor_setting(d, WHO_SYSBUILD, "PM_EXTERNAL_FLASH_MCUBOOT_SECONDARY");
	if (external != NULL)
		doctor_say_setting(f, external);
}

void detect_k11(struct doctor *d)
{
	for (size_t i = 0; i < d->images.count; i++) {
		if (d->images.at[i].hash_type == HF_TLV_SHA512 && d->images.at[i].has_hash)
			doctor_say(doctor_find(d, "K11"), d->images.at[i].input, 0, "%s: digest TLV of 64 bytes", d->images.at[i].name);
	}
	for (size_t i = 0; i < d->listed.count; i++) {
		if (strlen(d->listed.at[i].hash) == 128)
			doctor_say(doctor_find(d, "K11"), d->listed.at[i].input, d->listed.at[i].line, "slot %u: a hash of 64 bytes", d->listed.at[i].slot);
	}
}

static bool prevents_downgrade(const struct doctor *d)
{
	return doctor_is(d, WHO_SYSBUILD, "MCUBOOT_DOWNGRADE_PREVENTION", "y") || doctor_is(d, WHO_MCUBOOT, "MCUBOOT_DOWNGRADE_PREVENTION", "y") ||
	       doctor_is(d, WHO_SYSBUILD, "MCUBOOT_HARDWARE_DOWNGRADE_PREVENTION", "y") || doctor_is(d, WHO_MCUBOOT, "MCUBOOT_HW_DOWNGRADE_PREVENTION", "y") ||
	       doctor_is(d, WHO_APP, "MCUBOOT_BOOTLOADER_NO_DOWNGRADE", "y");
}

void detect_k12(struct doctor *d)
{
	(void)by_message(d, "K12");
	for (size_t i = 0; i < d->listed.count && prevents_downgrade(d); i++) {
		const struct listed *s = &d->listed.at[i];
		struct hf_version running;
		size_t length = strcspn(s->version, "+");
		if (!s->active || !s->has_version || !version_parse(s->version, length, &running))
			continue;
		for (size_t k = 0; k < d->images.count; k++) {
			const struct found_image *image = &d->images.at[k];
			char text[40];
			if (image->broken != HF_OK || hf_version_compare(&image->version, &running) > 0)
				continue;
			version_print(&image->version, text);
			doctor_say(doctor_find(d, "K12"), image->input, 0, "%s: version %s", image->name, text);
			doctor_say(doctor_find(d, "K12"), s->input, s->line, "version %s runs", s->version);
		}
	}
}

void detect_k13(struct doctor *d)
{
	(void)by_message(d, "K13");
	const struct layout *main = doctor_main_layout(d);
	const struct partition *a = main != NULL ? partitions_of(&main->partitions, PARTITION_PRIMARY) : NULL;
	const struct partition *b = main != NULL ? partitions_of(&main->partitions, PARTITION_SECONDARY) : NULL;
	for (size_t i = 0; i < d->images.count && a != NULL; i++) {
		const struct found_image *image = &d->images.at[i];
		bool fixed = (image->flags & HF_IMAGE_F_ROM_FIXED) != 0;
		if (image->broken != HF_OK || !fixed || image->load_addr == a->addr || (b != NULL && image->load_addr == b->addr))
			continue;
		struct finding *f = doctor_find(d, "K13");
		doctor_say(f, image->input, 0, "%s: offset 0x4: fixed to 0x%x", image->name, (unsigned)image->load_addr);
		doctor_say(f, main->input, a->line, "%s is at 0x%llx", a->name, (unsigned long long)a->addr);
	}
}

void detect_k14(struct doctor *d)
{
	const struct setting *s = doctor_setting(d, WHO_MCUBOOT, "BOOT_VALIDATE_SLOT0");
	const struct setting *once = doctor_setting(d, WHO_MCUBOOT, "BOOT_VALIDATE_SLOT0_ONCE");
	if (s != NULL && strcmp(s->value, "n") == 0 && (once == NULL || strcmp(once->value, "y") != 0))
		doctor_say_setting(doctor_find(d, "K14"), s);
}

/* The signature itself, with the key that the image names. */
static void check_signature(struct doctor *d, const struct found_image *image, const struct found_key *key)
{
	struct hf_verdict verdict;
	struct problem problem = { 0 };
	struct boardopt none = { 0 };
	struct imagefile file;
	imagefile_over(image->name, &image->copy, &file);
	enum hf_reason reason = check_image(&file, &none, &key->key, 1, &verdict, &problem);
	if (reason == HF_OK || reason == HF_R_IMAGE_ENCRYPTED || reason == HF_R_IMAGE_COMPRESSED || reason == HF_R_IMAGE_HASH_WRONG)
		return;
	struct finding *f = doctor_find(d, "D02");
	doctor_say(f, image->input, 0, "%s: offset 0x%x: %s", image->name, (unsigned)problem.where_off, hf_reason_text((uint32_t)reason)->sentence);
	doctor_say(f, key->input, 0, "checked with this key");
}

void detect_d02(struct doctor *d)
{
	for (size_t i = 0; i < d->images.count; i++) {
		const struct found_image *image = &d->images.at[i];
		bool unread = image->hash_reason == HF_R_IMAGE_ENCRYPTED || image->hash_reason == HF_R_IMAGE_COMPRESSED;
		if (image->broken != HF_OK) {
			/* In a dump the magic may stand by chance, or belong to a slot that was erased in part. */
			struct finding *f = doctor_find(d, "D02");
			doctor_say(f, image->input, 0, "%s: offset 0x%x: %s", image->name, (unsigned)image->broken_off,
				   hf_reason_text((uint32_t)image->broken)->sentence);
			if (image->input->kind == KIND_DUMP)
				doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_LIKELY);
			continue;
		}
		if (image->hash_reason != HF_OK && !unread) {
			struct finding *f = doctor_find(d, "D02");
			doctor_say(f, image->input, 0, "%s: %s", image->name, hf_reason_text((uint32_t)image->hash_reason)->sentence);
			continue;
		}
		bool cortex = d->setup.soc != SOC_UNKNOWN && d->setup.soc != SOC_OTHER && image->img_bytes >= 8 && !unread;
		if (cortex && (image->stack <= 0x20000000u || image->stack > 0x20100000u || (image->reset & 1u) == 0)) {
			struct finding *f = doctor_find(d, "D02");
			doctor_say(f, image->input, 0, "%s: offset 0x%x: stack 0x%x, reset 0x%x: no vector table", image->name, (unsigned)image->hdr_bytes,
				   (unsigned)image->stack, (unsigned)image->reset);
		}
		const struct found_key *key = image->has_keyhash ? key_of(d, image) : NULL;
		if (key != NULL && !unread)
			check_signature(d, image, key);
		if (!image->has_sig && image->input->named) {
			struct finding *f = doctor_find(d, "K01");
			doctor_say(f, image->input, 0, "%s: it has a header and a hash, but no signature", image->name);
			doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_DATA);
		}
	}
}
