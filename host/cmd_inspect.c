/* SPDX-License-Identifier: MIT */
/* inspect: what is in this file? Goes as far as the bytes allow, and says where they stop making sense. */
#include <holdfast/config.h>
#include <holdfast/trailer.h>
#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "check.h"
#include "file.h"
#include "keyring.h"
#include "report_config.h"
#include "textparse.h"

enum { OPT_OFFSET = 1, OPT_ERASED };

static const struct arg_option options[] = {
	{ OPT_OFFSET, '\0', "offset", "N", "the image begins there in the file (a flash dump)" },
	{ OPT_ERASED, 'R', "erased-val", "0|0xff", "what erased flash reads (default 0xff)" },
	{ 0 }
};

static void report_header(const struct imagefile *file, const uint8_t *raw, struct report *report)
{
	char text[200];
	struct hf_version version = { raw[20], raw[21], hf_get16le(raw + 22), hf_get32le(raw + 24) };
	report_group(report, "header", "header");
	version_print(&version, text);
	report_text(report, "version", "version", text);
	report_addr(report, "header_bytes", "header size", hf_get16le(raw + 8));
	report_size(report, "payload_bytes", "payload", hf_get32le(raw + 12));
	report_size(report, "protected_bytes", "protected TLVs", hf_get16le(raw + 10));
	flags_print(hf_get32le(raw + 16), text, sizeof text);
	report_number(report, "flags", NULL, hf_get32le(raw + 16));
	report_text(report, "flag_names", "flags", text);
	if (hf_get32le(raw + 4) != 0)
		report_addr(report, "load_addr", "address", hf_get32le(raw + 4));
	report_end(report);
	uint32_t vectors_off = hf_get16le(raw + 8);
	uint8_t vectors[8];
	if (hf_flash_read(&file->flash, file->place.base_off + vectors_off, vectors, sizeof vectors) != HF_OK)
		return;
	report_group(report, "vectors", "first two vectors");
	report_addr(report, "stack", "stack pointer", hf_get32le(vectors));
	report_addr(report, "reset", "reset", hf_get32le(vectors + 4));
	report_end(report);
}

/* The words for one TLV's content; hex where there are none. */
static char *tlv_words(const struct hf_tlv *tlv, const uint8_t *data)
{
	char version[40];
	switch (tlv->type) {
	case HF_TLV_SEC_CNT:
		return tlv->size_bytes == 4 ? host_printf("%u", (unsigned)hf_get32le(data)) : bytes_hex(data, tlv->size_bytes);
	case HF_TLV_DEPENDENCY: {
		if (tlv->size_bytes != 12)
			return bytes_hex(data, tlv->size_bytes);
		struct hf_version wanted = { data[4], data[5], hf_get16le(data + 6), hf_get32le(data + 8) };
		version_print(&wanted, version);
		return host_printf("image %u, at least %s", data[0], version);
	}
	case HF_TLV_SIG_PURE:
		return host_strdup("the signature is over the image itself");
	default:
		break;
	}
	bool printable = tlv->size_bytes != 0 && tlv->type >= 0xa0;
	for (uint16_t i = 0; i < tlv->size_bytes && printable; i++)
		printable = data[i] >= 0x20 && data[i] < 0x7f;
	if (printable)
		return host_printf("\"%.*s\"", (int)tlv->size_bytes, (const char *)data);
	return bytes_hex(data, tlv->size_bytes);
}

static void report_tlv(const struct hf_tlv *tlv, const uint8_t *data, struct report *report)
{
	char number[16];
	const char *name = tlv_name(tlv->type);
	(void)snprintf(number, sizeof number, "0x%04x", tlv->type);
	char *words = tlv_words(tlv, data);
	char *hex = bytes_hex(data, tlv->size_bytes);
	report_item(report, NULL);
	report_number(report, "type", NULL, tlv->type);
	report_text(report, "name", NULL, name != NULL ? name : "custom");
	report_flag(report, "protected", NULL, tlv->is_protected);
	report_number(report, "offset", NULL, tlv->data_off);
	report_number(report, "size_bytes", NULL, tlv->size_bytes);
	report_text(report, "data", NULL, hex);
	report_text(report, "words", NULL, words);
	report_end(report);
	report_row(report, "%s %-17s %4u bytes at 0x%x: %.64s%s", tlv->is_protected ? "P" : " ", name != NULL ? name : number,
		   tlv->size_bytes, (unsigned)tlv->data_off, words, strlen(words) > 64 ? ".." : "");
	free(words);
	free(hex);
}

static enum hf_reason report_tlvs(const struct imagefile *file, const struct hf_image *image, struct report *report,
				  struct problem *problem)
{
	uint32_t cursor = 0;
	bool more = true;
	enum hf_reason reason = HF_OK;
	report_list(report, "tlvs", "TLVs (P: protected by the signature)");
	while (more && reason == HF_OK) {
		struct hf_finding finding = { 0 };
		struct hf_tlv tlv;
		reason = hf_image_next_tlv(&file->place, image, &cursor, &tlv, &more, &finding);
		if (reason != HF_OK)
			(void)problem_finding(problem, file->path, &finding);
		else if (more)
			report_tlv(&tlv, file->bytes.data + file->place.base_off + tlv.data_off, report);
	}
	report_end(report);
	return reason;
}

/* Whose key? Looked up, never needed. */
static void report_key(const struct imagefile *file, const struct hf_image *image, struct report *report)
{
	struct problem ignored;
	struct hf_tlv tlv;
	struct keyfile key;
	bool found = false;
	if (imagefile_tlv(file, image, HF_TLV_KEYHASH, &tlv, &found, &ignored) != HF_OK || !found) {
		report_text(report, "key", "key", "none named: not signed, or its key is given in full");
		return;
	}
	if (keyring_find(file->path, file->bytes.data + file->place.base_off + tlv.data_off, tlv.size_bytes, &key, &ignored) != HF_OK) {
		report_text(report, "key", "key", "not known here");
		return;
	}
	report_text(report, "key", "key", key.path);
	report_text(report, "key_type", "key type", keyfile_type_name(&key));
	keyfile_free(&key);
}

/* The hash alone: a wrong one is worth an error, as no loader will take the image. */
static enum hf_reason report_hash(const struct imagefile *file, struct report *report, struct problem *problem)
{
	static const struct boardopt any = { 0 };
	struct hf_verdict verdict;
	enum hf_reason reason = check_image(file, &any, NULL, 0, &verdict, problem);
	report_flag(report, "hash_right", "hash is right", reason == HF_OK);
	return reason;
}

static const char *const magic_words[] = { [HF_MAGIC_GOOD] = "good", [HF_MAGIC_BAD] = "bad (torn, or of another alignment)", [HF_MAGIC_UNSET] = "unset" };
static const char *const flag_words[] = { [HF_FLAG_SET] = "set", [HF_FLAG_BAD] = "bad (torn)", [HF_FLAG_UNSET] = "unset" };
static const char *const swap_words[] = { [HF_SWAP_NONE] = "none", [HF_SWAP_TEST] = "test", [HF_SWAP_PERM] = "permanent",
					  [HF_SWAP_REVERT] = "revert" };

static void report_trailer(const struct imagefile *file, struct report *report)
{
	struct hf_trailer trailer;
	if (file->flash.size_bytes < 128 || hf_trailer_read(&file->flash, 8, &trailer) != HF_OK)
		return;
	report_group(report, "trailer", "trailer (if the file's end is the slot's)");
	report_text(report, "magic", "magic", magic_words[trailer.magic]);
	if (trailer.magic == HF_MAGIC_GOOD) {
		report_number(report, "align", "alignment", trailer.align);
		report_text(report, "image_ok", "confirmed", flag_words[trailer.image_ok]);
		report_text(report, "copy_done", "copy done", flag_words[trailer.copy_done]);
		report_text(report, "swap_type", "swap type", swap_words[trailer.swap_type]);
	}
	report_end(report);
}

static void report_rest(const struct imagefile *file, const struct hf_image *image, struct report *report)
{
	size_t from = (size_t)file->place.base_off + image->total_bytes;
	size_t size = file->bytes.size - from;
	report_size(report, "image_bytes", "image", image->total_bytes);
	report_number(report, "bytes_after_image", NULL, size);
	if (size == 0)
		return;
	report_size(report, "after_bytes", "after the image", size);
	report_trailer(file, report);
}

static enum hf_reason inspect_image(const struct imagefile *file, struct report *report, struct problem *problem)
{
	struct hf_image image;
	report_text(report, "kind", "kind", "MCUboot image");
	report_header(file, file->bytes.data + file->place.base_off, report);
	enum hf_reason reason = imagefile_open(file, &image, problem);
	if (reason == HF_OK)
		reason = report_tlvs(file, &image, report, problem);
	if (reason != HF_OK)
		return reason;
	report_rest(file, &image, report);
	report_key(file, &image, report);
	return report_hash(file, report, problem);
}

/* No image; say what it is instead, if it looks like something. */
static enum hf_reason inspect_other(const struct imagefile *file, struct report *report, struct problem *problem)
{
	const uint8_t *data = file->bytes.data + file->place.base_off;
	size_t size = file->bytes.size - file->place.base_off;
	struct hf_config config;
	if (size >= HF_CONFIG_OFF + HF_CONFIG_BYTES && memcmp(data + HF_CONFIG_OFF, "HFCONFIG", 8) == 0) {
		report_text(report, "kind", "kind", "Holdfast bootloader");
		enum hf_reason reason = hf_config_decode(data + HF_CONFIG_OFF, &config);
		if (reason != HF_OK) {
			(void)problem_set(problem, reason, file->path, "its configuration block");
			return reason;
		}
		if (hf_config_decode_external(data + HF_CONFIG_OFF, &config.external) != HF_OK)
			config.external = (struct hf_external){ .kind = HF_EXTERNAL_NONE };
		hf_config_decode_recovery(data + HF_CONFIG_OFF, &config.recovery);
		report_config(&config, report);
		return HF_OK;
	}
	uint32_t stack = size >= 8 ? hf_get32le(data) : 0, reset = size >= 8 ? hf_get32le(data + 4) : 0;
	if (stack >= 0x20000000u && stack <= 0x20080000u && (reset & 1u) == 1u)
		return problem_set(problem, HF_R_HOST_NOT_AN_IMAGE, file->path,
				   "it looks like a bare Cortex-M program (stack 0x%x, start 0x%x), not signed", (unsigned)stack, (unsigned)reset);
	struct hf_image image;
	return imagefile_open(file, &image, problem);
}

static enum hf_reason inspect_file(const struct imagefile *file, struct report *report, struct problem *problem)
{
	uint32_t off = file->place.base_off;
	report_text(report, "file", "file", file->path);
	if (file->is_hex)
		report_addr(report, "addr", "address", file->addr);
	bool is_image = file->bytes.size - off >= HF_IMAGE_HEADER_BYTES && hf_get32le(file->bytes.data + off) == HF_IMAGE_MAGIC;
	return is_image ? inspect_image(file, report, problem) : inspect_other(file, report, problem);
}

static enum hf_reason inspect_package(const char *path, struct report *report, struct problem *problem)
{
	struct package package;
	enum hf_reason reason = package_read(path, &package, problem);
	if (reason != HF_OK)
		return reason;
	report_text(report, "file", "package", path);
	report_list(report, "images", NULL);
	for (size_t i = 0; i < package.count && reason == HF_OK; i++) {
		struct imagefile file;
		imagefile_of_package(path, &package.images[i], &file);
		report_item(report, NULL);
		report_number(report, "image", "image", package.images[i].image);
		if (package.images[i].has_slot)
			report_number(report, "slot", "for slot", package.images[i].slot);
		reason = inspect_file(&file, report, problem);
		report_end(report);
		imagefile_free(&file);
	}
	report_end(report);
	package_free(&package);
	return reason;
}

static enum hf_reason inspect(const char *path, uint8_t erased_byte, uint32_t off, struct report *report, struct problem *problem)
{
	struct imagefile file;
	if (file_is_zip(path))
		return inspect_package(path, report, problem);
	enum hf_reason reason = imagefile_read(path, erased_byte, off, &file, problem);
	if (reason != HF_OK)
		return reason;
	reason = inspect_file(&file, report, problem);
	imagefile_free(&file);
	return reason;
}

static enum hf_reason run(struct args *args, struct report *report, struct problem *problem)
{
	const char *path = NULL;
	uint64_t off = 0, erased = 0xff;
	int id = 0;
	enum hf_reason reason;
	while ((reason = args_next(args, &id, &report->json, problem)) == HF_OK && id != 0) {
		reason = id == OPT_OFFSET ? args_number("--offset", args->value, UINT32_MAX, &off, problem) :
					    args_number("--erased-val", args->value, 0xff, &erased, problem);
		if (reason != HF_OK)
			return reason;
	}
	if (reason != HF_OK || args->want_help)
		return reason;
	if ((reason = args_need_word(args, "FILE", &path, problem)) != HF_OK || (reason = args_end(args, problem)) != HF_OK)
		return reason;
	return inspect(path, (uint8_t)erased, (uint32_t)off, report, problem);
}

const struct command cmd_inspect = {
	.name = "inspect",
	.summary = "show what an image or bootloader file holds",
	.synopsis = "FILE",
	.about = "Header, every TLV by name, hash, key, padding and trailer of any MCUboot image, .bin or .hex, or of each in a .zip package;\n"
		 "the configuration of a Holdfast bootloader. A damaged file is shown up to where it stops making sense; the exit code is then 1.",
	.options = options,
	.examples = "holdfast inspect app.bin\n"
		    "holdfast inspect loader.hex --json\n"
		    "holdfast inspect dump.bin --offset 0xC000",
	.run = run,
};
