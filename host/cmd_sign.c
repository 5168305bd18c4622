/* SPDX-License-Identifier: MIT */
/* sign: the options of imgtool sign, and --board, which knows the right values. */
#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "check.h"
#include "file.h"
#include "hexfile.h"
#include "sign_image.h"

enum {
	OPT_KEY = 1, OPT_VERSION, OPT_HEADER_SIZE, OPT_SLOT_SIZE, OPT_PAD_HEADER, OPT_PAD, OPT_CONFIRM, OPT_TEST, OPT_ALIGN, OPT_MAX_ALIGN,
	OPT_MAX_SECTORS, OPT_OVERWRITE_ONLY, OPT_COUNTER, OPT_PURE, OPT_SHA, OPT_DEPENDENCIES, OPT_BOOT_RECORD, OPT_CUSTOM, OPT_CUSTOM_FILE,
	OPT_PAD_SIG, OPT_KEY_FORMAT, OPT_LOAD_ADDR, OPT_ROM_FIXED, OPT_HEX_ADDR, OPT_ERASED, OPT_NON_BOOTABLE, OPT_VID, OPT_CID,
	OPT_ENDIAN, OPT_BOARD, OPT_LAYOUT, OPT_PASSPHRASE_FILE, OPT_UNSUPPORTED, OPT_COMPRESSION
};

static const struct arg_option options[] = {
	{ OPT_KEY, 'k', "key", "FILE", "private key; without it the image has a hash and no signature" },
	{ OPT_VERSION, 'v', "version", "M.M.R+B", "version: major[.minor[.revision[+build]]]; required" },
	{ OPT_BOARD, '\0', "board", "NAME", "take header size, slot size, alignment and size limit of this board" },
	{ OPT_LAYOUT, '\0', "layout", "NAME", "layout of the board (default: its first)" },
	{ OPT_HEADER_SIZE, 'H', "header-size", "N", "bytes from the image's start to the payload; required without --board" },
	{ OPT_PAD_HEADER, '\0', "pad-header", NULL, "add the header in front; else the input must begin with that many zeros" },
	{ OPT_SLOT_SIZE, 'S', "slot-size", "N", "bytes of the slot (the smaller one); required without --board" },
	{ OPT_PAD, '\0', "pad", NULL, "fill up to the slot size and add the trailer's magic" },
	{ OPT_CONFIRM, '\0', "confirm", NULL, "as --pad, and mark the image as confirmed" },
	{ OPT_TEST, '\0', "test", NULL, "as --pad, marked for a test" },
	{ OPT_ALIGN, '\0', "align", "1|2|4|8|16|32", "write unit of the flash (default 1)" },
	{ OPT_MAX_ALIGN, '\0', "max-align", "8|16|32", "alignment of the trailer (default: the larger of 8 and --align)" },
	{ OPT_MAX_SECTORS, 'M', "max-sectors", "N", "sectors that MCUboot's swap status has room for (default 128)" },
	{ OPT_OVERWRITE_ONLY, '\0', "overwrite-only", NULL, "the loader overwrites and does not swap: a smaller trailer" },
	{ OPT_COUNTER, 's', "security-counter", "N|auto", "security counter; auto: made from the version" },
	{ OPT_DEPENDENCIES, 'd', "dependencies", "LIST", "\"(image, version), ...\" that must be installed too" },
	{ OPT_PURE, '\0', "pure", NULL, "Ed25519 over the image itself instead of its hash" },
	{ OPT_SHA, '\0', "sha", "auto|256|384|512", "the hash (default: auto, by the key)" },
	{ OPT_KEY_FORMAT, '\0', "public-key-format", "hash|full", "how the image names its key (default: hash)" },
	{ OPT_PAD_SIG, '\0', "pad-sig", NULL, "fill an ECDSA signature up to its longest form (MCUboot before 1.5)" },
	{ OPT_BOOT_RECORD, '\0', "boot-record", "TYPE", "add a boot record of this software type (at most 12 letters)" },
	{ OPT_CUSTOM, '\0', "custom-tlv", "TAG VALUE", "add a protected TLV; VALUE is text, or bytes if it begins with 0x" },
	{ OPT_CUSTOM_FILE, '\0', "custom-tlv-file", "TAG FILE", "add a protected TLV with the bytes of FILE" },
	{ OPT_VID, '\0', "vid", "UUID|NAME", "vendor: a UUID, or a domain name to make one of" },
	{ OPT_CID, '\0', "cid", "UUID|NAME", "class of device: a UUID, or a name within the vendor's" },
	{ OPT_LOAD_ADDR, 'L', "load-addr", "N", "the image is to be copied to this RAM address" },
	{ OPT_ROM_FIXED, 'F', "rom-fixed", "N", "the image is linked for this flash address" },
	{ OPT_NON_BOOTABLE, '\0', "non-bootable", NULL, "mark the image as not to be started" },
	{ OPT_HEX_ADDR, 'x', "hex-addr", "N", "address of a .hex output" },
	{ OPT_ERASED, 'R', "erased-val", "0|0xff", "what erased flash reads (default 0xff)" },
	{ OPT_ENDIAN, 'e', "endian", "little|big", "byte order of the fields (no loader for these boards reads big)" },
	{ OPT_PASSPHRASE_FILE, '\0', "passphrase-file", "FILE", "first line of FILE decrypts the key (- : standard input)" },
	{ OPT_UNSUPPORTED, 'E', "encrypt", "FILE", "not supported: refused" },
	{ OPT_UNSUPPORTED, '\0', "encrypt-keylen", "N", "not supported: refused" },
	{ OPT_UNSUPPORTED, 'c', "clear", NULL, "not supported: refused" },
	{ OPT_UNSUPPORTED, '\0', "save-enctlv", NULL, "not supported: refused" },
	{ OPT_UNSUPPORTED, '\0', "hmac-sha", "N", "not supported: refused" },
	{ OPT_COMPRESSION, '\0', "compression", "KIND", "only disabled; lzma2 and lzma2armthumb are refused" },
	{ OPT_UNSUPPORTED, '\0', "fix-sig", "FILE", "not supported: refused" },
	{ OPT_UNSUPPORTED, '\0', "fix-sig-pubkey", "FILE", "not supported: refused" },
	{ OPT_UNSUPPORTED, '\0', "sig-out", "FILE", "not supported: refused" },
	{ OPT_UNSUPPORTED, '\0', "vector-to-sign", "KIND", "not supported: refused" },
	{ 0 }
};

/* The command line as read, before a board fills the gaps. */
struct wishes {
	struct sign_request request;
	struct boardopt board;
	const char *board_name, *layout_name, *key_path, *vid, *cid, *input, *output;
	struct passphrase passphrase;
	bool has_version, has_header, has_slot, has_align, has_hex_addr;
	uint32_t hex_addr;
};

static enum hf_reason number32(const char *name, const char *text, uint32_t max, uint32_t *into, struct problem *problem)
{
	uint64_t number = 0;
	enum hf_reason reason = args_number(name, text, max, &number, problem);
	if (reason == HF_OK)
		*into = (uint32_t)number;
	return reason;
}

static enum hf_reason one_of(const char *name, const char *text, const uint32_t *allowed, size_t count, uint32_t *into,
			     struct problem *problem)
{
	uint32_t number = 0;
	enum hf_reason reason = number32(name, text, UINT32_MAX, &number, problem);
	if (reason != HF_OK)
		return reason;
	for (size_t i = 0; i < count; i++) {
		if (allowed[i] == number) {
			*into = number;
			return HF_OK;
		}
	}
	return problem_set(problem, HF_R_HOST_OPTION_VALUE, name, "%s is not allowed here", text);
}

static enum hf_reason take_hash(struct sign_request *request, const char *text, struct problem *problem)
{
	static const struct {
		const char *text;
		enum hf_hash_kind kind;
	} rows[] = { { "auto", HF_HASH_NONE }, { "256", HF_HASH_SHA256 }, { "384", HF_HASH_SHA384 }, { "512", HF_HASH_SHA512 } };
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		if (strcmp(rows[i].text, text) == 0) {
			request->hash = rows[i].kind;
			return HF_OK;
		}
	}
	return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--sha", "'%s' is none of auto, 256, 384, 512", text);
}

static enum hf_reason take_counter(struct sign_request *request, const char *text, struct problem *problem)
{
	request->has_counter = true;
	request->counter_auto = strcmp(text, "auto") == 0 || strcmp(text, "AUTO") == 0;
	return request->counter_auto ? HF_OK : number32("--security-counter", text, UINT32_MAX, &request->counter, problem);
}

static enum hf_reason custom_type(struct sign_request *request, const char *tag, struct sign_custom **slot, struct problem *problem)
{
	uint32_t type = 0;
	enum hf_reason reason = number32("--custom-tlv", tag, UINT32_MAX, &type, problem);
	if (reason != HF_OK)
		return reason;
	if (request->custom_count == SIGN_CUSTOM_MAX)
		return problem_set(problem, HF_R_HOST_SIGN_TLV, tag, "more than %d custom TLVs", SIGN_CUSTOM_MAX);
	if (type < 0xa0 || type > 0xfffe)
		return problem_set(problem, HF_R_HOST_SIGN_TLV, tag, "the type is outside 0x00a0..0xfffe");
	for (size_t i = 0; i < request->custom_count; i++) {
		if (request->custom[i].type == type)
			return problem_set(problem, HF_R_HOST_SIGN_TLV, tag, "this type was given twice");
	}
	*slot = &request->custom[request->custom_count++];
	(*slot)->type = (uint16_t)type;
	return HF_OK;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

static enum hf_reason take_custom(struct sign_request *request, const char *tag, const char *text, struct problem *problem)
{
	struct sign_custom *slot = NULL;
	enum hf_reason reason = custom_type(request, tag, &slot, problem);
	if (reason != HF_OK)
		return reason;
	if (strncmp(text, "0x", 2) != 0) {
		bytes_add(&slot->value, text, strlen(text));
		return HF_OK;
	}
	for (const char *at = text + 2; *at != '\0'; at += 2) {
		int high = digit(at[0]), low = at[1] != '\0' ? digit(at[1]) : -1;
		if (high < 0 || low < 0)
			return problem_set(problem, HF_R_HOST_SIGN_TLV, tag, "'%s' is not a row of whole hex bytes", text);
		uint8_t value = (uint8_t)(high << 4 | low);
		bytes_add(&slot->value, &value, 1);
	}
	return HF_OK;
}

static enum hf_reason take_custom_file(struct sign_request *request, const char *tag, const char *path, struct problem *problem)
{
	struct sign_custom *slot = NULL;
	enum hf_reason reason = custom_type(request, tag, &slot, problem);
	return reason == HF_OK ? file_read(path, UINT16_MAX, &slot->value, problem) : reason;
}

static enum hf_reason take_version(struct wishes *wishes, const char *text, struct problem *problem)
{
	wishes->has_version = true;
	if (version_parse(text, strlen(text), &wishes->request.version))
		return HF_OK;
	return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--version",
			   "'%s' is not major[.minor[.revision[+build]]] (at most 255.255.65535+4294967295, no leading zeros)", text);
}

static enum hf_reason take_sizes(struct wishes *w, int id, const char *text, struct problem *problem)
{
	static const uint32_t aligns[] = { 1, 2, 4, 8, 16, 32 };
	struct sign_request *r = &w->request;
	switch (id) {
	case OPT_HEADER_SIZE:
		w->has_header = true;
		return number32("--header-size", text, UINT16_MAX, &r->header_bytes, problem);
	case OPT_SLOT_SIZE:
		w->has_slot = true;
		return number32("--slot-size", text, FILE_IMAGE_BYTES_MAX, &r->slot_bytes, problem);
	case OPT_ALIGN:
		w->has_align = true;
		return one_of("--align", text, aligns, HF_ARRAY_COUNT(aligns), &r->align, problem);
	case OPT_MAX_ALIGN:
		return one_of("--max-align", text, aligns + 3, HF_ARRAY_COUNT(aligns) - 3, &r->max_align, problem);
	case OPT_MAX_SECTORS:
		return number32("--max-sectors", text, 65536, &r->max_sectors, problem);
	case OPT_LOAD_ADDR:
		return number32("--load-addr", text, UINT32_MAX, &r->load_addr, problem);
	case OPT_ROM_FIXED:
		return number32("--rom-fixed", text, UINT32_MAX, &r->rom_addr, problem);
	case OPT_HEX_ADDR:
		w->has_hex_addr = true;
		return number32("--hex-addr", text, UINT32_MAX, &w->hex_addr, problem);
	}
	return HF_OK;
}

static enum hf_reason take_choice(struct sign_request *r, int id, const char *text, struct problem *problem)
{
	static const uint32_t erased[] = { 0, 0xff };
	uint32_t value = 0;
	enum hf_reason reason;
	switch (id) {
	case OPT_ERASED:
		reason = one_of("--erased-val", text, erased, 2, &value, problem);
		r->erased_byte = (uint8_t)value;
		return reason;
	case OPT_ENDIAN:
		r->big_endian = strcmp(text, "big") == 0;
		return r->big_endian || strcmp(text, "little") == 0 ? HF_OK :
			problem_set(problem, HF_R_HOST_OPTION_VALUE, "--endian", "'%s' is neither little nor big", text);
	case OPT_KEY_FORMAT:
		r->full_key = strcmp(text, "full") == 0;
		return r->full_key || strcmp(text, "hash") == 0 ? HF_OK :
			problem_set(problem, HF_R_HOST_OPTION_VALUE, "--public-key-format", "'%s' is neither hash nor full", text);
	case OPT_COMPRESSION:
		return strcmp(text, "disabled") == 0 ? HF_OK :
			problem_set(problem, HF_R_HOST_OPTION_UNSUPPORTED, "--compression", "%s", text);
	case OPT_BOOT_RECORD:
		r->boot_record = text;
		return strlen(text) <= 12 ? HF_OK :
			problem_set(problem, HF_R_HOST_OPTION_VALUE, "--boot-record", "'%s' has more than 12 letters", text);
	}
	return HF_OK;
}

static enum hf_reason unsupported(const char *name, struct problem *problem)
{
	char subject[32];
	(void)snprintf(subject, sizeof subject, "--%s", name);
	return problem_set(problem, HF_R_HOST_OPTION_UNSUPPORTED, subject, "%s", "");
}

static void take_flag(struct sign_request *r, int id)
{
	switch (id) {
	case OPT_PAD_HEADER: r->pad_header = true; break;
	case OPT_PAD: r->pad = true; break;
	case OPT_CONFIRM: r->confirm = r->pad = true; break;
	case OPT_TEST: r->test = r->pad = true; break;
	case OPT_OVERWRITE_ONLY: r->overwrite_only = true; break;
	case OPT_PURE: r->pure = true; break;
	case OPT_PAD_SIG: r->pad_signature = true; break;
	case OPT_NON_BOOTABLE: r->non_bootable = true; break;
	}
}

static enum hf_reason take(struct wishes *w, const struct args *args, int id, struct problem *problem)
{
	switch (id) {
	case OPT_KEY: w->key_path = args->value; return HF_OK;
	case OPT_BOARD: w->board_name = args->value; return HF_OK;
	case OPT_LAYOUT: w->layout_name = args->value; return HF_OK;
	case OPT_VID: w->vid = args->value; return HF_OK;
	case OPT_CID: w->cid = args->value; return HF_OK;
	case OPT_PASSPHRASE_FILE: w->passphrase.file = args->value; return HF_OK;
	case OPT_VERSION: return take_version(w, args->value, problem);
	case OPT_COUNTER: return take_counter(&w->request, args->value, problem);
	case OPT_SHA: return take_hash(&w->request, args->value, problem);
	case OPT_CUSTOM: return take_custom(&w->request, args->value, args->value2, problem);
	case OPT_CUSTOM_FILE: return take_custom_file(&w->request, args->value, args->value2, problem);
	case OPT_DEPENDENCIES:
		return dependencies_parse(args->value, w->request.dependencies, &w->request.dependency_count, problem);
	case OPT_UNSUPPORTED:
		return unsupported(args->name, problem);
	}
	if (args->value == NULL) {
		take_flag(&w->request, id);
		return HF_OK;
	}
	enum hf_reason reason = take_sizes(w, id, args->value, problem);
	return reason == HF_OK ? take_choice(&w->request, id, args->value, problem) : reason;
}

/* Defaults of the board for what was not said; what contradicts the board is refused here, not by the device. */
static enum hf_reason apply_board(struct wishes *w, struct problem *problem)
{
	struct sign_request *r = &w->request;
	enum hf_reason reason = boardopt_find(w->board_name, w->layout_name, &w->board, problem);
	const struct board *board = w->board.board;
	if (reason != HF_OK || board == NULL)
		return reason;
	if (w->has_header && r->header_bytes != board->header_bytes) {
		char expected[64], found[32];
		(void)snprintf(expected, sizeof expected, "0x%x for %s", (unsigned)board->header_bytes, board->name);
		(void)snprintf(found, sizeof found, "0x%x", (unsigned)r->header_bytes);
		return problem_differs(problem, HF_R_HOST_IMAGE_HEADER_SIZE, "--header-size", expected, found);
	}
	r->header_bytes = board->header_bytes;
	if (!w->has_slot)
		r->slot_bytes = w->board.layout->secondary_bytes;
	if (!w->has_align)
		r->align = board->write_unit_bytes;
	r->limit_bytes = w->board.size_max;
	w->has_header = w->has_slot = true;
	return HF_OK;
}

static enum hf_reason apply_uuids(struct wishes *w, struct problem *problem)
{
	struct sign_request *r = &w->request;
	enum hf_reason reason = HF_OK;
	r->has_vid = w->vid != NULL;
	r->has_cid = w->cid != NULL;
	if (r->has_vid)
		reason = uuid_parse("--vid", w->vid, uuid_dns_space, r->vid, problem);
	if (reason == HF_OK && r->has_cid)
		reason = uuid_parse("--cid", w->cid, r->has_vid ? r->vid : NULL, r->cid, problem);
	return reason;
}

static enum hf_reason complete(struct wishes *w, struct problem *problem)
{
	struct sign_request *r = &w->request;
	enum hf_reason reason = apply_board(w, problem);
	if (reason == HF_OK)
		reason = apply_uuids(w, problem);
	if (reason != HF_OK)
		return reason;
	const char *missing = !w->has_version ? "--version" : !w->has_header ? "--header-size (or --board)" :
			      !w->has_slot ? "--slot-size (or --board)" : NULL;
	if (missing != NULL)
		return problem_set(problem, HF_R_HOST_OPTION_MISSING, missing, "%s", "");
	if (r->header_bytes < HF_IMAGE_HEADER_BYTES)
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--header-size", "32 is the least, %u was given",
				   (unsigned)r->header_bytes);
	if (r->load_addr != 0 && r->rom_addr != 0)
		return problem_set(problem, HF_R_HOST_OPTION_CONFLICT, "--load-addr", "with --rom-fixed");
	if (r->max_align == 0)
		r->max_align = r->align > 8 ? r->align : 8;
	if (r->pad && r->slot_bytes < 256)
		return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--slot-size", "too small to hold a trailer");
	return HF_OK;
}

static enum hf_reason write_hex(const struct wishes *w, const struct imagefile *input, const struct sign_result *made,
				struct problem *problem)
{
	const struct sign_request *r = &w->request;
	uint32_t addr = w->hex_addr;
	if (!w->has_hex_addr && w->board.board != NULL)
		addr = w->board.layout->primary_addr;
	else if (!w->has_hex_addr && !input->is_hex)
		return problem_set(problem, HF_R_HOST_SIGN_HEX_ADDRESS, w->output, "%s", "");
	else if (!w->has_hex_addr)
		addr = r->pad_header && input->addr >= r->header_bytes ? input->addr - r->header_bytes : input->addr;
	struct hexfile hex = { .count = 0 };
	struct bytes text = { 0 };
	hexfile_add(&hex, addr, made->image.data, made->image.size);
	if (r->pad) {
		struct sign_trailer trailer;
		sign_trailer_make(r, &trailer);
		hexfile_add(&hex, addr + trailer.magic_off, trailer.magic, sizeof trailer.magic);
		if (trailer.has_flag)
			hexfile_add(&hex, addr + trailer.flag_off, trailer.flag, r->max_align);
	}
	hexfile_write(&hex, &text);
	hexfile_free(&hex);
	enum hf_reason reason = file_write(w->output, text.data, text.size, 0, problem);
	bytes_free(&text);
	return reason;
}

static enum hf_reason write_output(const struct wishes *w, const struct imagefile *input, struct sign_result *made,
				   struct problem *problem)
{
	if (file_is_hex(w->output))
		return write_hex(w, input, made, problem);
	if (w->request.pad)
		sign_pad(&w->request, &made->image);
	return file_write(w->output, made->image.data, made->image.size, 0, problem);
}

static void report_signed(const struct wishes *w, const struct keyfile *key, const struct sign_result *made, uint64_t image_bytes,
			  struct report *report)
{
	char version[40];
	version_print(&w->request.version, version);
	report_text(report, "file", "signed image", w->output);
	report_text(report, "version", "version", version);
	report_size(report, "image_bytes", "size", image_bytes);
	report_addr(report, "header_bytes", "header size", w->request.header_bytes);
	report_bytes(report, "digest", "digest", made->digest, hf_hash_bytes(made->hash));
	report_text(report, "key_type", "signed with", key != NULL ? keyfile_type_name(key) : "nothing: hash only");
	if (w->request.has_counter)
		report_number(report, "security_counter", "security counter", made->counter);
	if (w->board.board == NULL)
		return;
	report_text(report, "board", "board", w->board.board->name);
	report_text(report, "layout", "layout", w->board.layout->name);
	report_size(report, "size_max", "largest image", w->board.size_max);
	report_size(report, "left_bytes", "left", w->board.size_max - image_bytes);
}

/* With a board the result is judged by the board's own rules before it is written: what the device would refuse is refused here. */
static enum hf_reason self_check(const struct wishes *w, const struct keyfile *key, const struct sign_result *made,
				 struct problem *problem)
{
	struct imagefile image;
	struct hf_verdict verdict;
	if (w->board.board == NULL)
		return HF_OK;
	struct bytes padded = { 0 };
	/* A slot goes on after the image; the file's end must not be taken for the slot's. */
	bytes_add(&padded, made->image.data, made->image.size);
	bytes_fill(&padded, 0xff, 64);
	imagefile_over(w->input, &padded, &image);
	enum hf_reason reason = check_image(&image, &w->board, key, key != NULL ? 1 : 0, &verdict, problem);
	bytes_free(&padded);
	return reason;
}

static enum hf_reason sign_file(struct wishes *w, const struct keyfile *key, struct report *report, struct problem *problem)
{
	struct imagefile input;
	struct sign_result made;
	enum hf_reason reason = imagefile_read(w->input, 0xff, 0, &input, problem);
	if (reason != HF_OK)
		return reason;
	reason = sign_image_make(&w->request, key, w->input, &input.bytes, &made, problem);
	if (reason == HF_OK) {
		uint64_t image_bytes = made.image.size;
		reason = self_check(w, key, &made, problem);
		if (reason == HF_OK)
			reason = write_output(w, &input, &made, problem);
		if (reason == HF_OK)
			report_signed(w, key, &made, image_bytes, report);
		bytes_free(&made.image);
	}
	imagefile_free(&input);
	return reason;
}

static enum hf_reason read_command_line(struct args *args, struct wishes *w, bool *json, struct problem *problem)
{
	int id = 0;
	enum hf_reason reason;
	while ((reason = args_next(args, &id, json, problem)) == HF_OK && id != 0) {
		reason = take(w, args, id, problem);
		if (reason != HF_OK)
			return reason;
	}
	if (reason != HF_OK || args->want_help)
		return reason;
	reason = args_need_word(args, "INPUT", &w->input, problem);
	if (reason == HF_OK)
		reason = args_need_word(args, "OUTPUT", &w->output, problem);
	if (reason == HF_OK)
		reason = args_end(args, problem);
	return reason == HF_OK ? complete(w, problem) : reason;
}

static enum hf_reason run(struct args *args, struct report *report, struct problem *problem)
{
	struct wishes *w = host_alloc(sizeof *w);
	struct keyfile key = { 0 };
	w->request.align = 1;
	w->request.erased_byte = 0xff;
	w->request.max_sectors = SIGN_MAX_SECTORS_DEFAULT;
	enum hf_reason reason = read_command_line(args, w, &report->json, problem);
	if (reason == HF_OK && !args->want_help && w->key_path != NULL)
		reason = keyfile_read(w->key_path, &w->passphrase, &key, problem);
	if (reason == HF_OK && !args->want_help)
		reason = sign_file(w, w->key_path != NULL ? &key : NULL, report, problem);
	for (size_t i = 0; i < w->request.custom_count; i++)
		bytes_free(&w->request.custom[i].value);
	keyfile_free(&key);
	free(w);
	return reason;
}

const struct command cmd_sign = {
	.name = "sign",
	.summary = "make a signed image of an application",
	.synopsis = "INPUT OUTPUT -v VERSION (--board NAME | -H N -S N) [-k KEY]",
	.about = "Takes a .bin or .hex file and writes one; the options are those of imgtool sign, and so are the bytes. With --board\n"
		 "the header size, slot size and alignment of the board are taken, the board's own size limit holds, and the result is\n"
		 "judged by the rules of its bootloader before it is written. OUTPUT is replaced only by a complete new file.",
	.options = options,
	.examples = "holdfast sign zephyr.bin app.bin -v 1.2.0 --board xiao_nrf54l15 -k release.pem\n"
		    "holdfast sign zephyr.hex app.hex -v 1.2.0+7 --board xiao_nrf52840 --layout keep-uf2 -k release.pem --confirm\n"
		    "holdfast sign zephyr.bin app.bin -v 1.2.0 -H 0x200 -S 0x76000 --align 4 -k release.pem",
	.run = run,
};
