/* SPDX-License-Identifier: MIT */
/* Images wherever they lie: alone in a file, in hex and UF2 at their address, in a package, in a dump of the flash. */
#define _GNU_SOURCE /* memmem */
#include <stdio.h>
#include <stdlib.h>

#include <holdfast/config.h>

#include "check.h"
#include "doctor.h"
#include "elffile.h"
#include "hexfile.h"
#include "package.h"

#define IMAGES_MAX 24u
#define UF2_BLOCK_BYTES 512u

struct blob {
	struct doctor_input *input;
	const char *name;
	uint8_t *data;
	size_t size;
	bool has_addr;
	uint64_t addr;
};

static const uint8_t trailer_magic_8[16] = { 0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f, 0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80 };
/* After the two bytes of the alignment. */
static const uint8_t trailer_magic_any[14] = { 0x2d, 0xe1, 0x5d, 0x29, 0x41, 0x0b, 0x8d, 0x77, 0x67, 0x9c, 0x11, 0x0f, 0x1f, 0x8a };

static void take_tlv(struct found_image *image, const struct hf_tlv *tlv, const uint8_t *data)
{
	switch (tlv->type) {
	case HF_TLV_KEYHASH:
		image->has_keyhash = tlv->size_bytes <= sizeof image->keyhash;
		image->keyhash_bytes = image->has_keyhash ? tlv->size_bytes : 0;
		memcpy(image->keyhash, data, image->keyhash_bytes);
		break;
	case HF_TLV_PUBKEY:
		image->has_public_key = true;
		break;
	case HF_TLV_SHA256:
	case HF_TLV_SHA384:
	case HF_TLV_SHA512:
		image->has_hash = tlv->size_bytes <= sizeof image->hash;
		image->hash_type = tlv->type;
		image->hash_bytes = image->has_hash ? tlv->size_bytes : 0;
		memcpy(image->hash, data, image->hash_bytes);
		break;
	case HF_TLV_RSA2048:
	case HF_TLV_RSA3072:
	case HF_TLV_ECDSA:
	case HF_TLV_ED25519:
		image->has_sig = true;
		image->sig_type = tlv->type;
		break;
	case HF_TLV_SEC_CNT:
		image->has_counter = tlv->size_bytes == 4;
		image->counter = image->has_counter ? hf_get32le(data) : 0;
		break;
	default:
		break;
	}
}

static void take_tlvs(struct found_image *found, const struct imagefile *file, const struct hf_image *image)
{
	uint32_t cursor = 0;
	for (bool more = true; more;) {
		struct hf_finding finding = { 0 };
		struct hf_tlv tlv;
		found->broken = hf_image_next_tlv(&file->place, image, &cursor, &tlv, &more, &finding);
		found->broken_off = finding.where_off;
		if (found->broken != HF_OK)
			return;
		if (more)
			take_tlv(found, &tlv, file->bytes.data + tlv.data_off);
	}
}

static void check_hash(struct found_image *found, const struct imagefile *file)
{
	struct hf_verdict verdict;
	struct problem problem = { 0 };
	struct boardopt none = { 0 };
	found->hash_reason = check_image(file, &none, NULL, 0, &verdict, &problem);
}

/* data is at the image's first byte. */
static void add_image(struct doctor *d, const struct blob *blob, size_t off, const char *name)
{
	if (d->images.count >= IMAGES_MAX)
		return;
	uint8_t *data = blob->data + off;
	struct bytes view = { data, blob->size - off, blob->size - off };
	struct found_image found = { .input = blob->input, .file_off = (uint32_t)off, .file_bytes = view.size,
		.has_addr = blob->has_addr, .addr = blob->addr + off, .hdr_bytes = hf_get16le(data + 8), .img_bytes = hf_get32le(data + 12),
		.flags = hf_get32le(data + 16), .load_addr = hf_get32le(data + 4),
		.version = { data[20], data[21], hf_get16le(data + 22), hf_get32le(data + 24) } };
	(void)snprintf(found.name, sizeof found.name, "%s", name);
	found.is_compressed = (found.flags & (HF_IMAGE_F_LZMA1 | HF_IMAGE_F_LZMA2)) != 0;
	found.is_encrypted = (found.flags & (HF_IMAGE_F_AES128 | HF_IMAGE_F_AES256)) != 0;
	if (found.hdr_bytes + 8u <= view.size) {
		found.stack = hf_get32le(data + found.hdr_bytes);
		found.reset = hf_get32le(data + found.hdr_bytes + 4);
	}
	struct imagefile file;
	struct hf_image image;
	struct problem problem = { 0 };
	imagefile_over(found.name, &view, &file);
	found.broken = imagefile_open(&file, &image, &problem);
	found.broken_off = problem.where_off;
	if (found.broken == HF_OK) {
		found.total_bytes = image.total_bytes;
		found.has_tlvs = true;
		take_tlvs(&found, &file, &image);
		check_hash(&found, &file);
		bytes_add(&found.copy, data, image.total_bytes);
	}
	if (view.size >= 16 && found.has_tlvs && view.size > found.total_bytes) {
		const uint8_t *end = data + view.size - 16;
		found.has_trailer_magic = memcmp(end, trailer_magic_8, 16) == 0 || memcmp(end + 2, trailer_magic_any, 14) == 0;
	}
	*DOCTOR_ADD(d->images) = found;
}

/* What stands before the first image is a bootloader; so is a file that its folder or its configuration block says is one. */
static void take_loader(struct doctor *d, const struct blob *blob, size_t before)
{
	bool own = blob->size >= HF_CONFIG_OFF + 8u && memcmp(blob->data + HF_CONFIG_OFF, "HFCONFIG", 8) == 0;
	blob->input->says_holdfast = blob->input->says_holdfast || own;
	bool theirs = blob->input->who == WHO_MCUBOOT && blob->size <= 0x40000u;
	if (before < blob->size || own || theirs)
		doctor_take_compiled_keys(d, blob->input, blob->data, before, blob->addr);
}

/* Every image in a block whose place is known or not; a bare program at its start. */
static void take_blob(struct doctor *d, const struct blob *blob)
{
	static const uint8_t magic[4] = { 0x3d, 0xb8, 0xf3, 0x96 };
	if (blob->size < 32)
		return;
	bool at_start = memcmp(blob->data, magic, 4) == 0;
	if (at_start)
		add_image(d, blob, 0, blob->name);
	uint32_t stack = hf_get32le(blob->data), reset = hf_get32le(blob->data + 4);
	if (!at_start && stack > 0x20000000u && stack <= 0x20100000u && (reset & 1u) == 1u) {
		struct found_program *program = DOCTOR_ADD(d->programs);
		*program = (struct found_program){ .input = blob->input, .addr = blob->addr, .has_addr = blob->has_addr, .stack = stack, .reset = reset };
	}
	size_t first = at_start && d->images.count != 0 ? d->images.at[d->images.count - 1].total_bytes : 0, before = blob->size;
	for (size_t off = (first + 0xfffu) & ~(size_t)0xfffu; off + 32 <= blob->size; off += 0x800) {
		if (off != 0 && memcmp(blob->data + off, magic, 4) == 0 && hf_get16le(blob->data + off + 8) >= 32) {
			char *name = host_printf("%s at 0x%zx", blob->name, off);
			add_image(d, blob, off, name);
			free(name);
			before = off < before ? off : before;
		}
	}
	if (!at_start)
		take_loader(d, blob, before);
}

static void add_range(struct doctor *d, struct doctor_input *input, uint64_t addr, uint64_t size)
{
	struct memory_range *range = DOCTOR_ADD(d->ranges);
	*range = (struct memory_range){ input, addr, size };
}

static void broken_file(struct doctor *d, struct doctor_input *input, unsigned line, const char *what)
{
	doctor_say(doctor_find(d, "D03"), input, line, "%s", what);
}

static void take_hex(struct doctor *d, struct doctor_input *input, const struct bytes *bytes)
{
	struct problem problem = { 0 };
	struct hexfile *hex = host_alloc(sizeof *hex);
	enum hf_reason reason = hexfile_parse(input->path, bytes, hex, &problem);
	if (reason != HF_OK) {
		char *line = problem_line(&problem);
		broken_file(d, input, problem.has_where ? problem.where_off : 0, line);
		free(line);
		free(hex);
		return;
	}
	for (size_t i = 0; i < hex->count; i++) {
		struct blob blob = { input, input->path, hex->ranges[i].bytes.data, hex->ranges[i].bytes.size, true, hex->ranges[i].addr };
		add_range(d, input, hex->ranges[i].addr, hex->ranges[i].bytes.size);
		take_blob(d, &blob);
	}
	hexfile_free(hex);
	free(hex);
}

/* Consecutive blocks join to ranges. Layout of a block: boards.md 6.1; microsoft/uf2: README.md. */
static void take_uf2(struct doctor *d, struct doctor_input *input, const struct bytes *bytes)
{
	struct bytes run = { 0 };
	uint64_t start = 0;
	for (size_t off = 0; off + UF2_BLOCK_BYTES <= bytes->size; off += UF2_BLOCK_BYTES) {
		const uint8_t *block = bytes->data + off;
		uint32_t addr = hf_get32le(block + 12), size = hf_get32le(block + 16);
		if (hf_get32le(block) != 0x0a324655u || hf_get32le(block + 4) != 0x9e5d5157u || size > 476) {
			broken_file(d, input, 0, "a block of the UF2 file is damaged");
			break;
		}
		if (run.size != 0 && addr != start + run.size) {
			struct blob blob = { input, input->path, run.data, run.size, true, start };
			add_range(d, input, start, run.size);
			take_blob(d, &blob);
			run.size = 0;
		}
		if (run.size == 0)
			start = addr;
		bytes_add(&run, block + 32, size);
	}
	if (run.size != 0) {
		struct blob blob = { input, input->path, run.data, run.size, true, start };
		add_range(d, input, start, run.size);
		take_blob(d, &blob);
	}
	bytes_free(&run);
	if (bytes->size % UF2_BLOCK_BYTES != 0)
		broken_file(d, input, 0, "the UF2 file is not a whole number of 512-byte blocks: it was cut short");
}

static void note_manifest(struct found_image *image, const struct package_image *said)
{
	(void)snprintf(image->said_version, sizeof image->said_version, "%s", said->version != NULL ? said->version : "");
	(void)snprintf(image->said_soc, sizeof image->said_soc, "%s", said->soc != NULL ? said->soc : "");
}

static void take_zip(struct doctor *d, struct doctor_input *input, const struct bytes *bytes)
{
	struct package package;
	struct problem problem = { 0 };
	enum hf_reason reason = package_parse(input->path, bytes, &package, &problem);
	if (reason != HF_OK && !input->named && strstr(input->path, "dfu") == NULL)
		return; /* some other archive of the folder */
	/* Names of entries stand in an archive as they are. Source: nrfconnect/sdk-nrf: cmake/dfu_app.cmake, sysbuild/secureboot.cmake. */
	bool of_bootloader = memmem(bytes->data, bytes->size, "_s0", 3) != NULL && memmem(bytes->data, bytes->size, "_s1", 3) != NULL;
	if (reason != HF_OK && of_bootloader) {
		struct finding *f = doctor_find(d, "N02");
		doctor_title(f, "The package holds the bootloader, once for each of its two places");
		doctor_say(f, input, 0, "it has images for s0 and s1");
		doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_LIKELY);
		return;
	}
	if (reason != HF_OK) {
		char *line = problem_line(&problem);
		broken_file(d, input, 0, line);
		free(line);
		return;
	}
	for (size_t i = 0; i < package.count; i++) {
		char *name = host_printf("%s:%s", input->path, package.images[i].name);
		struct blob blob = { input, name, package.images[i].bytes.data, package.images[i].bytes.size, false, 0 };
		size_t before = d->images.count;
		if (blob.size >= 32 && hf_get32le(blob.data) == HF_IMAGE_MAGIC)
			add_image(d, &blob, 0, name);
		if (d->images.count > before)
			note_manifest(&d->images.at[before], &package.images[i]);
		else if (blob.size < 32 || hf_get32le(blob.data) != HF_IMAGE_MAGIC)
			doctor_say(doctor_find(d, "U07"), input, 0, "the package's %s does not begin with the magic of a signed image", package.images[i].name);
		free(name);
	}
	package_free(&package);
}

/* The vector table stands at the program's begin, or behind the room that Zephyr leaves there for the image's header. */
static void take_elf(struct doctor *d, struct doctor_input *input, const struct bytes *bytes)
{
	static const uint32_t rooms[] = { 0, 0x20, 0x100, 0x200, 0x400, 0x800, 0x1000 };
	struct elf_span span;
	uint32_t where_off = 0;
	if (!elffile_span(bytes, DOCTOR_FLASH_END, &span, &where_off)) {
		char *line = host_printf("offset 0x%x: not a 32-bit little-endian program that is linked into a chip's flash", (unsigned)where_off);
		broken_file(d, input, 0, line);
		doctor_grade(doctor_find(d, "D03"), SEVERITY_ATTENTION, CERTAINTY_DATA);
		free(line);
		return;
	}
	if (input->who == WHO_MCUBOOT)
		doctor_take_compiled_keys(d, input, bytes->data, bytes->size, 0);
	struct found_program *p = DOCTOR_ADD(d->programs);
	*p = (struct found_program){ .input = input, .addr = span.addr, .has_addr = true, .is_elf = true, .linked_addr = span.addr,
		.size_bytes = span.size_bytes };
	for (size_t i = 0; i < HF_ARRAY_COUNT(rooms) && !p->has_table; i++) {
		uint8_t words[8];
		if (!elffile_bytes(bytes, span.addr + rooms[i], words, sizeof words))
			continue;
		p->table_addr = span.addr + rooms[i];
		p->stack = hf_get32le(words);
		p->reset = hf_get32le(words + 4);
		p->has_table = p->stack > 0x20000000u && p->stack <= 0x20100000u && (p->reset & 1u) == 1u && p->reset - 1u >= span.addr &&
			       p->reset - 1u - span.addr < span.size_bytes;
	}
}

void doctor_read_binary(struct doctor *d, struct doctor_input *input, const struct bytes *bytes)
{
	if (input->kind == KIND_HEX)
		take_hex(d, input, bytes);
	else if (input->kind == KIND_UF2)
		take_uf2(d, input, bytes);
	else if (input->kind == KIND_ZIP)
		take_zip(d, input, bytes);
	else if (input->kind == KIND_ELF)
		take_elf(d, input, bytes);
	else
		take_blob(d, &(struct blob){ input, input->path, bytes->data, bytes->size, false, 0 });
}

/* Which of the two forms of an encrypted key it is. Source: RFC 7468 section 11; RFC 1421 section 4.6.1 (DEK-Info). */
static void say_encrypted(struct doctor *d, struct doctor_input *input, const struct bytes *pem, enum hf_reason reason)
{
	bool wrong = reason == HF_R_HOST_KEY_PASSPHRASE_WRONG;
	const char *found = memmem(pem->data, pem->size, "DEK-Info:", 9);
	const char *end = (const char *)pem->data + pem->size;
	int length = 0;
	found = found != NULL ? found + 9 : NULL;
	while (found != NULL && found < end && *found == ' ')
		found++;
	while (found != NULL && found + length < end && length < 24 && strchr(",\r\n", found[length]) == NULL)
		length++;
	struct finding *f = doctor_find(d, "D06");
	doctor_say(f, input, 0, "an encrypted private key (%s%.*s); %s, so no image was compared with it", found != NULL ? "PEM with DEK-Info " : "PKCS#8",
		   length, found != NULL ? found : "", wrong ? "the passphrase given does not open it" : "no passphrase was given");
	if (wrong) {
		doctor_title(f, "A key was not looked at: the passphrase is wrong");
		doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_DATA);
	}
}

void doctor_read_key(struct doctor *d, struct doctor_input *input, const struct bytes *pem)
{
	struct problem problem = { 0 };
	struct passphrase passphrase = { .file = d->passphrase.file, .never_ask = !d->may_ask || !input->named };
	struct found_key *key = host_alloc(sizeof *key);
	key->input = input;
	enum hf_reason reason = keyfile_parse(input->path, pem, &passphrase, &key->key, &problem);
	if (reason == HF_OK) {
		*DOCTOR_ADD(d->keys) = key;
		return;
	}
	free(key);
	if (reason == HF_R_HOST_KEY_PASSPHRASE_WRONG || reason == HF_R_HOST_KEY_PASSPHRASE_NEEDED) {
		say_encrypted(d, input, pem, reason);
	} else if (input->named) {
		char *line = problem_line(&problem);
		broken_file(d, input, 0, line);
		free(line);
	}
}
