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

static const char *public_key_of(const uint8_t *hash, uint32_t hash_bytes)
{
	char *hex = bytes_hex(hash, hash_bytes);
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

/* Is the image signed by a key of this list; a list that is empty knows nothing. */
static bool is_signed_by(struct found_key *const *keys, size_t count, const struct found_image *image)
{
	size_t meant = 0; /* a folder of many projects has keys that are not this one's */
	for (size_t i = 0; i < count; i++) {
		meant += !keys[i]->input->aside;
		if (key_fits(keys[i], image))
			return true;
	}
	return meant == 0;
}

static void say_keys(struct finding *f, struct found_key *const *keys, size_t count, const char *whose)
{
	for (size_t i = 0; i < count; i++) {
		uint8_t digest[HF_HASH_BYTES_MAX];
		keyfile_hash(&keys[i]->key, HF_HASH_SHA256, digest);
		char *hex = bytes_hex(digest, 32);
		doctor_say(f, keys[i]->input, 0, "%s %s key %.16s..", whose, keyfile_type_name(&keys[i]->key), hex);
		free(hex);
	}
}

/* An image of the application: another stage's images have keys of their own. */
static bool is_for_mcuboot(const struct found_image *image)
{
	return image->has_keyhash && image->broken == HF_OK && strstr(image->name, "mcuboot") == NULL && strstr(image->name, "s0_") == NULL &&
	       strstr(image->name, "s1_") == NULL;
}

/* A key file of which the bootloader knows nothing; a folder may hold keys for other things. */
static void k02_key(struct doctor *d)
{
	if (d->compiled.count == 0 || d->images.count != 0)
		return;
	for (size_t i = 0; i < d->keys.count; i++) {
		const struct keyfile *key = &d->keys.at[i]->key;
		bool known = !d->keys.at[i]->input->named;
		for (size_t k = 0; k < d->compiled.count; k++)
			known = known || (d->compiled.at[k]->key.der_bytes == key->der_bytes &&
					  memcmp(d->compiled.at[k]->key.der, key->der, key->der_bytes) == 0);
		if (known)
			continue;
		struct finding *f = doctor_find(d, "K02");
		doctor_title(f, "The bootloader does not hold this key: what it signs is refused");
		say_keys(f, &d->keys.at[i], 1, "given is the");
		say_keys(f, d->compiled.at, d->compiled.count, "the bootloader holds the");
	}
}

void detect_k02(struct doctor *d)
{
	for (size_t i = 0; i < d->images.count; i++) {
		const struct found_image *image = &d->images.at[i];
		bool by_file = is_signed_by(d->keys.at, d->keys.count, image), by_loader = is_signed_by(d->compiled.at, d->compiled.count, image);
		/* What the bootloader holds counts more than a key file beside it. */
		if (!is_for_mcuboot(image) || (d->compiled.count != 0 ? by_loader : by_file))
			continue;
		struct finding *f = doctor_find(d, "K02");
		char *hex = bytes_hex(image->keyhash, image->keyhash_bytes);
		doctor_say(f, image->input, 0, "%s: KEYHASH %.16s..", image->name, hex);
		free(hex);
		say_keys(f, d->compiled.at, d->compiled.count, "the bootloader holds the");
		if (!by_file)
			say_keys(f, d->keys.at, d->keys.count, "given is the");
	}
	k02_key(d);
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
	static const struct { const char *name; uint16_t type; } printed[] = { { "tlv_rsa", HF_TLV_RSA2048 }, { "tlv_ecdsa", HF_TLV_ECDSA },
		{ "tlv_ed25519", HF_TLV_ED25519 } };
	const struct setting *where = NULL;
	uint16_t asked = type_asked(d, &where);
	for (size_t i = 0; i < HF_ARRAY_COUNT(printed) && asked != 0; i++) {
		const struct log_hit *hit = doctor_hit(d, printed[i].name);
		if (hit == NULL || printed[i].type == asked)
			continue;
		doctor_say(doctor_find(d, "K06"), hit->input, hit->line, "%s", hit->text);
		doctor_say_setting(doctor_find(d, "K06"), where);
	}
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
		const char *name = d->images.at[i].has_keyhash ? public_key_of(d->images.at[i].keyhash, d->images.at[i].keyhash_bytes) : NULL;
		if (name != NULL)
			doctor_say(doctor_find(d, "K09"), d->images.at[i].input, 0, "%s: KEYHASH of MCUboot's %s", d->images.at[i].name, name);
	}
	for (size_t i = 0; i < d->compiled.count; i++) {
		uint8_t digest[HF_HASH_BYTES_MAX];
		keyfile_hash(&d->compiled.at[i]->key, HF_HASH_SHA256, digest);
		const char *name = public_key_of(digest, 32);
		if (name != NULL)
			doctor_say(doctor_find(d, "K09"), d->compiled.at[i]->input, 0, "the bootloader holds MCUboot's %s", name);
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

/* A whole flash begins with the bootloader's vector table, or with anything. */
static bool is_dump(const struct found_image *image)
{
	return image->input->kind == KIND_DUMP || image->input->kind == KIND_PROGRAM;
}

/* What an update leaves in the second slot: the header of an upload whose sector was free again, one sector before the whole image. */
static bool is_left_over(const struct doctor *d, const struct found_image *image)
{
	for (size_t i = 0; i < d->images.count && is_dump(image); i++) {
		const struct found_image *other = &d->images.at[i];
		if (other->input == image->input && other->file_off == image->file_off + 0x1000u && other->broken == HF_OK && other->hash_reason == HF_OK)
			return true;
	}
	return false;
}

void detect_d02(struct doctor *d)
{
	for (size_t i = 0; i < d->images.count; i++) {
		const struct found_image *image = &d->images.at[i];
		if (is_left_over(d, image))
			continue;
		bool unread = image->hash_reason == HF_R_IMAGE_ENCRYPTED || image->hash_reason == HF_R_IMAGE_COMPRESSED;
		if (image->broken != HF_OK) {
			/* In a dump the magic may stand by chance, or belong to a slot that was erased in part. */
			struct finding *f = doctor_find(d, "D02");
			doctor_say(f, image->input, 0, "%s: offset 0x%x: %s", image->name, (unsigned)image->broken_off,
				   hf_reason_text((uint32_t)image->broken)->sentence);
			if (is_dump(image))
				doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_LIKELY);
			continue;
		}
		if (image->hash_reason != HF_OK && !unread) {
			struct finding *f = doctor_find(d, "D02");
			doctor_say(f, image->input, 0, "%s: %s", image->name, hf_reason_text((uint32_t)image->hash_reason)->sentence);
			bool later = is_dump(image) && i > 0 && d->images.at[i - 1].input == image->input;
			if (later && f->evidence_count == 1)
				doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_LIKELY); /* the second slot of a dump: an upload cut short, or old bytes */
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
