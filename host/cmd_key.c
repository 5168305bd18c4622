/* SPDX-License-Identifier: MIT */
/* key new, key show, key export. */
#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "file.h"
#include "keyfile.h"
#include "keyring.h"
#include "passphrase.h"

enum { OPT_TYPE = 1, OPT_PASSPHRASE, OPT_PASSPHRASE_FILE, OPT_FORCE, OPT_FORM, OPT_OUTPUT, OPT_NAME, OPT_PUBLIC };

static void report_key(struct report *report, const struct keyfile *key)
{
	uint8_t hash[HF_HASH_BYTES_MAX];
	report_text(report, "type", "type", keyfile_type_name(key));
	report_flag(report, "private", "private", key->is_private);
	keyfile_hash(key, HF_HASH_SHA256, hash);
	report_bytes(report, "hash_sha256", "key hash (SHA-256)", hash, 32);
	if (key->kind == HF_KEY_P384) {
		keyfile_hash(key, HF_HASH_SHA384, hash);
		report_bytes(report, "hash_sha384", "key hash (SHA-384)", hash, 48);
	}
	if (key->kind == HF_KEY_ED25519) {
		keyfile_hash(key, HF_HASH_SHA512, hash);
		report_bytes(report, "hash_sha512", "key hash (SHA-512)", hash, 64);
	}
}

static enum hf_reason write_pair(const struct keyfile *key, const char *path, const char *public_path, const char *secret,
				 unsigned flags, struct problem *problem)
{
	struct bytes private_pem = { 0 }, public_pem = { 0 };
	enum hf_reason reason = keyfile_private_pem(key, secret, &private_pem, problem);
	if (reason == HF_OK)
		reason = keyfile_public_pem(key, &public_pem, problem);
	if (reason == HF_OK)
		reason = file_write(path, private_pem.data, private_pem.size, FILE_PRIVATE | flags, problem);
	if (reason == HF_OK && public_path != NULL)
		reason = file_write(public_path, public_pem.data, public_pem.size, flags, problem);
	bytes_free(&private_pem);
	bytes_free(&public_pem);
	return reason;
}

static const struct arg_option new_options[] = {
	{ OPT_TYPE, 't', "type", "ecdsa-p256|ed25519|rsa-2048|rsa-3072|ecdsa-p384", "kind of key (default: ecdsa-p256)" },
	{ OPT_PUBLIC, '\0', "public", "FILE", "also write the public key there" },
	{ OPT_PASSPHRASE, 'p', "passphrase", NULL, "protect the key: ask for a passphrase (or take HOLDFAST_PASSPHRASE)" },
	{ OPT_PASSPHRASE_FILE, '\0', "passphrase-file", "FILE", "protect the key: the passphrase is the first line of FILE (- : standard input)" },
	{ OPT_FORCE, 'f', "force", NULL, "replace a file that exists" },
	{ 0 }
};

static enum hf_reason run_new(struct args *args, struct report *report, struct problem *problem)
{
	const char *type = "ecdsa-p256", *public_path = NULL, *path = NULL;
	struct passphrase source = { 0 };
	bool protect = false;
	unsigned flags = FILE_NEW;
	int id = 0;
	enum hf_reason reason;
	while ((reason = args_next(args, &id, &report->json, problem)) == HF_OK && id != 0) {
		switch (id) {
		case OPT_TYPE: type = args->value; break;
		case OPT_PUBLIC: public_path = args->value; break;
		case OPT_PASSPHRASE: protect = true; break;
		case OPT_PASSPHRASE_FILE: source.file = args->value; protect = true; break;
		case OPT_FORCE: flags = 0; break;
		}
	}
	if (reason != HF_OK || args->want_help)
		return reason;
	if ((reason = args_need_word(args, "FILE", &path, problem)) != HF_OK || (reason = args_end(args, problem)) != HF_OK)
		return reason;
	struct keyfile key;
	char *secret = NULL;
	reason = keyfile_make(type, &key, problem);
	if (reason != HF_OK)
		return reason;
	(void)snprintf(key.path, sizeof key.path, "%s", path);
	if (protect)
		reason = passphrase_choose(&source, path, &secret, problem);
	if (reason == HF_OK)
		reason = write_pair(&key, path, public_path, secret, flags, problem);
	if (reason == HF_OK) {
		keyring_remember(&key);
		report_text(report, "file", "key", path);
		if (public_path != NULL)
			report_text(report, "public_file", "public key", public_path);
		report_key(report, &key);
		report_flag(report, "encrypted", "encrypted", protect);
	}
	passphrase_forget(secret);
	keyfile_free(&key);
	return reason;
}

const struct command cmd_key_new = {
	.name = "key new",
	.summary = "make a key pair",
	.synopsis = "FILE [--type TYPE]",
	.about = "Writes a PEM file (PKCS#8), readable by you alone, that imgtool and OpenSSL read too. The public half is also\n"
		 "remembered in $XDG_DATA_HOME/holdfast/keys, so that `holdfast board run` finds it by the hash in an image.\n"
		 "ECDSA P-256 and Ed25519 are what Holdfast's bootloaders check on the device.",
	.options = new_options,
	.examples = "holdfast key new release.pem\n"
		    "holdfast key new release.pem --type ed25519 --passphrase --public release.pub.pem",
	.run = run_new,
};

static const struct arg_option show_options[] = {
	{ OPT_PASSPHRASE_FILE, '\0', "passphrase-file", "FILE", "first line of FILE decrypts the key (- : standard input)" },
	{ 0 }
};

static enum hf_reason run_show(struct args *args, struct report *report, struct problem *problem)
{
	struct passphrase source = { 0 };
	const char *path = NULL;
	int id = 0;
	enum hf_reason reason;
	while ((reason = args_next(args, &id, &report->json, problem)) == HF_OK && id != 0)
		source.file = args->value;
	if (reason != HF_OK || args->want_help)
		return reason;
	if ((reason = args_need_word(args, "FILE", &path, problem)) != HF_OK || (reason = args_end(args, problem)) != HF_OK)
		return reason;
	struct keyfile key;
	reason = keyfile_read(path, &source, &key, problem);
	if (reason != HF_OK)
		return reason;
	keyring_remember(&key);
	report_text(report, "file", "key", path);
	report_key(report, &key);
	keyfile_free(&key);
	return HF_OK;
}

const struct command cmd_key_show = {
	.name = "key show",
	.summary = "say what a key file holds",
	.synopsis = "FILE",
	.about = "Prints type and hash of a private or public PEM key. The hash is what an image signed with it carries (KEYHASH).",
	.options = show_options,
	.examples = "holdfast key show release.pem",
	.run = run_show,
};

static const struct arg_option export_options[] = {
	{ OPT_FORM, 'e', "form", "pem|der|c|raw", "pem (default), der (SubjectPublicKeyInfo, for RSA PKCS#1), c (an array), raw (the bare key bytes)" },
	{ OPT_OUTPUT, 'o', "output", "FILE", "default: standard output" },
	{ OPT_NAME, '\0', "name", "NAME", "name of the C array (default: as imgtool names it)" },
	{ OPT_FORCE, 'f', "force", NULL, "replace a file that exists" },
	{ OPT_PASSPHRASE_FILE, '\0', "passphrase-file", "FILE", "first line of FILE decrypts the key (- : standard input)" },
	{ 0 }
};

static void c_array(const struct keyfile *key, const char *name, struct bytes *out)
{
	static const char *const usual[] = { [HF_KEY_NONE] = "key", [HF_KEY_P256] = "ecdsa", [HF_KEY_ED25519] = "ed25519",
					     [HF_KEY_RSA] = "rsa", [HF_KEY_P384] = "ecdsap384" };
	char *own = name != NULL ? host_strdup(name) : host_printf("%s_pub_key", usual[key->kind]);
	char *line = host_printf("/* Public key, %s. Made by holdfast key export. */\nconst unsigned char %s[] = {",
				 keyfile_type_name(key), own);
	bytes_add(out, line, strlen(line));
	free(line);
	for (uint16_t i = 0; i < key->der_bytes; i++) {
		char text[16];
		int length = snprintf(text, sizeof text, "%s0x%02x,", i % 8 == 0 ? "\n    " : " ", key->der[i]);
		bytes_add(out, text, (size_t)length);
	}
	line = host_printf("\n};\nconst unsigned int %s_len = %u;\n", own, key->der_bytes);
	bytes_add(out, line, strlen(line));
	free(line);
	free(own);
}

/* The key without its wrapping: 04 X Y, or the 32 bytes of Ed25519; RSA has no such form, its DER is the shortest. */
static void raw_bytes(const struct keyfile *key, struct bytes *out)
{
	size_t size = key->kind == HF_KEY_P256 ? 65 : key->kind == HF_KEY_P384 ? 97 : key->kind == HF_KEY_ED25519 ? 32 : key->der_bytes;
	bytes_add(out, key->der + key->der_bytes - size, size);
}

static enum hf_reason form_make(const struct keyfile *key, const char *form, const char *name, struct bytes *out,
				struct problem *problem)
{
	if (strcmp(form, "pem") == 0)
		return keyfile_public_pem(key, out, problem);
	if (strcmp(form, "der") == 0)
		bytes_add(out, key->der, key->der_bytes);
	else if (strcmp(form, "c") == 0 || strcmp(form, "lang-c") == 0)
		c_array(key, name, out);
	else if (strcmp(form, "raw") == 0)
		raw_bytes(key, out);
	else
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--form", "'%s' is none of pem, der, c, raw", form);
	return HF_OK;
}

static enum hf_reason run_export(struct args *args, struct report *report, struct problem *problem)
{
	const char *form = "pem", *output = "-", *name = NULL, *path = NULL;
	struct passphrase source = { 0 };
	unsigned flags = FILE_NEW;
	int id = 0;
	enum hf_reason reason;
	while ((reason = args_next(args, &id, &report->json, problem)) == HF_OK && id != 0) {
		switch (id) {
		case OPT_FORM: form = args->value; break;
		case OPT_OUTPUT: output = args->value; break;
		case OPT_NAME: name = args->value; break;
		case OPT_FORCE: flags = 0; break;
		case OPT_PASSPHRASE_FILE: source.file = args->value; break;
		}
	}
	if (reason != HF_OK || args->want_help)
		return reason;
	if ((reason = args_need_word(args, "FILE", &path, problem)) != HF_OK || (reason = args_end(args, problem)) != HF_OK)
		return reason;
	if (report->json && strcmp(output, "-") == 0)
		return problem_set(problem, HF_R_HOST_OPTION_CONFLICT, "--json", "the key would go to standard output too; give --output");
	struct keyfile key;
	struct bytes out = { 0 };
	reason = keyfile_read(path, &source, &key, problem);
	if (reason != HF_OK)
		return reason;
	reason = form_make(&key, form, name, &out, problem);
	if (reason == HF_OK)
		reason = file_write(output, out.data, out.size, flags, problem);
	if (reason == HF_OK && strcmp(output, "-") != 0) {
		report_text(report, "file", "public key", output);
		report_text(report, "form", "form", form);
		report_key(report, &key);
	}
	bytes_free(&out);
	keyfile_free(&key);
	return reason;
}

const struct command cmd_key_export = {
	.name = "key export",
	.summary = "write the public half of a key",
	.synopsis = "FILE [--form pem|der|c|raw] [-o FILE]",
	.about = "The public key, for a bootloader or a program that checks signatures. The private half never leaves its file.",
	.options = export_options,
	.examples = "holdfast key export release.pem -o release.pub.pem\n"
		    "holdfast key export release.pem --form c > key.c",
	.run = run_export,
};
