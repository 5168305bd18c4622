/* SPDX-License-Identifier: MIT */
#include "sign_image.h"

#include <openssl/evp.h>
#include <stdio.h>

static void add16(struct bytes *out, bool big, uint16_t value)
{
	uint8_t raw[2];
	if (big)
		hf_put16be(raw, value);
	else
		hf_put16le(raw, value);
	bytes_add(out, raw, sizeof raw);
}

static void add32(struct bytes *out, bool big, uint32_t value)
{
	add16(out, big, (uint16_t)(big ? value >> 16 : value));
	add16(out, big, (uint16_t)(big ? value : value >> 16));
}

/* imgtool writes known types as a byte and a zero byte, whatever the byte order; custom ones as a 16-bit number. */
static void add_tlv(struct bytes *area, bool big, uint16_t type, const void *value, size_t size)
{
	uint8_t known[2] = { (uint8_t)type, 0 };
	if (type > 0xff || tlv_name(type) == NULL)
		add16(area, big, type);
	else
		bytes_add(area, known, 2);
	add16(area, big, (uint16_t)size);
	bytes_add(area, value, size);
}

static void add_area(struct bytes *image, bool big, uint16_t magic, const struct bytes *area)
{
	add16(image, big, magic);
	add16(image, big, (uint16_t)(area->size + HF_TLV_INFO_BYTES));
	bytes_add(image, area->data, area->size);
}

static const EVP_MD *md_of(enum hf_hash_kind kind)
{
	return kind == HF_HASH_SHA384 ? EVP_sha384() : kind == HF_HASH_SHA512 ? EVP_sha512() : EVP_sha256();
}

static void digest_of(enum hf_hash_kind kind, const struct bytes *bytes, uint8_t *digest)
{
	int done = EVP_Digest(bytes->data, bytes->size, digest, NULL, md_of(kind), NULL);
	hf_assert(done == 1);
}

static const char *hash_name(enum hf_hash_kind kind)
{
	return kind == HF_HASH_SHA384 ? "SHA384" : kind == HF_HASH_SHA512 ? "SHA512" : "SHA256";
}

/* Source: mcu-tools/mcuboot: scripts/imgtool/image.py (ALLOWED_KEY_SHA, ALLOWED_PURE_KEY_SHA). */
static enum hf_reason choose_hash(const struct sign_request *request, const struct keyfile *key, enum hf_hash_kind *hash,
				  struct problem *problem)
{
	enum hf_hash_kind wanted = request->hash;
	if (request->pure) {
		if (key == NULL || key->kind != HF_KEY_ED25519)
			return problem_set(problem, HF_R_HOST_KEY_TYPE, key != NULL ? key->path : "--key",
					   "--pure needs an Ed25519 key");
		if (wanted != HF_HASH_NONE)
			return problem_set(problem, HF_R_HOST_OPTION_CONFLICT, "--sha", "--pure has its own hash");
		*hash = HF_HASH_SHA512;
		return HF_OK;
	}
	enum hf_hash_kind usual = key != NULL && key->kind == HF_KEY_P384 ? HF_HASH_SHA384 : HF_HASH_SHA256;
	bool fits = wanted == HF_HASH_NONE || wanted == usual || key == NULL ||
		    (key->kind == HF_KEY_ED25519 && wanted == HF_HASH_SHA512);
	if (!fits)
		return problem_set(problem, HF_R_HOST_KEY_HASH_PAIR, key->path, "%s with %s", keyfile_type_name(key),
				   hash_name(wanted));
	*hash = wanted != HF_HASH_NONE ? wanted : usual;
	return HF_OK;
}

static void cbor_bytes(struct bytes *out, const uint8_t *data, size_t size)
{
	uint8_t head[2] = { 0x58, (uint8_t)size };
	bytes_add(out, head, 2);
	bytes_add(out, data, size);
}

static void cbor_text(struct bytes *out, const char *text)
{
	uint8_t head = (uint8_t)(0x60 + strlen(text));
	bytes_add(out, &head, 1);
	bytes_add(out, text, strlen(text));
}

/* Keys of the PSA software component claim; the measurement comes last because the loader fills it in.
 * Source: mcu-tools/mcuboot: scripts/imgtool/boot_record.py. */
static void add_boot_record(struct bytes *area, const struct sign_request *request, enum hf_hash_kind hash, const uint8_t *signer,
			    size_t signer_bytes)
{
	static const uint8_t map5 = 0xa5, key_type = 1, key_value = 2, key_version = 4, key_signer = 5, key_description = 6;
	static const uint8_t zeros[HF_HASH_BYTES_MAX];
	char version[40];
	struct bytes record = { 0 };
	struct hf_version plain = request->version;
	plain.build = 0;
	version_print(&plain, version);
	bytes_add(&record, &map5, 1);
	bytes_add(&record, &key_type, 1);
	cbor_text(&record, request->boot_record);
	bytes_add(&record, &key_version, 1);
	cbor_text(&record, version);
	bytes_add(&record, &key_signer, 1);
	cbor_bytes(&record, signer, signer_bytes);
	bytes_add(&record, &key_description, 1);
	cbor_text(&record, hash_name(hash));
	bytes_add(&record, &key_value, 1);
	cbor_bytes(&record, zeros, hf_hash_bytes(hash));
	add_tlv(area, request->big_endian, HF_TLV_BOOT_RECORD, record.data, record.size);
	bytes_free(&record);
}

static void add_dependencies(struct bytes *area, const struct sign_request *request)
{
	for (size_t i = 0; i < request->dependency_count; i++) {
		const struct dependency *wanted = &request->dependencies[i];
		struct bytes value = { 0 };
		uint8_t index[4] = { wanted->image_index, 0, 0, 0 };
		uint8_t two[2] = { wanted->version.major, wanted->version.minor };
		bytes_add(&value, index, sizeof index);
		bytes_add(&value, two, sizeof two);
		add16(&value, request->big_endian, wanted->version.revision);
		add32(&value, request->big_endian, wanted->version.build);
		add_tlv(area, request->big_endian, HF_TLV_DEPENDENCY, value.data, value.size);
		bytes_free(&value);
	}
}

static void protected_area(const struct sign_request *request, enum hf_hash_kind hash, uint32_t counter, const uint8_t *signer,
			   size_t signer_bytes, struct bytes *area)
{
	bool big = request->big_endian;
	if (request->has_counter) {
		struct bytes value = { 0 };
		add32(&value, big, counter);
		add_tlv(area, big, HF_TLV_SEC_CNT, value.data, value.size);
		bytes_free(&value);
	}
	if (request->boot_record != NULL)
		add_boot_record(area, request, hash, signer, signer_bytes);
	add_dependencies(area, request);
	if (request->has_vid)
		add_tlv(area, big, HF_TLV_UUID_VID, request->vid, 16);
	if (request->has_cid)
		add_tlv(area, big, HF_TLV_UUID_CID, request->cid, 16);
	for (size_t i = 0; i < request->custom_count; i++)
		add_tlv(area, big, request->custom[i].type, request->custom[i].value.data, request->custom[i].value.size);
}

static void header_make(const struct sign_request *request, uint32_t payload_bytes, uint32_t protected_bytes, struct bytes *header)
{
	bool big = request->big_endian;
	uint32_t flags = (request->load_addr != 0 ? HF_IMAGE_F_RAM_LOAD : 0u) | (request->rom_addr != 0 ? HF_IMAGE_F_ROM_FIXED : 0u) |
			 (request->non_bootable ? HF_IMAGE_F_NON_BOOTABLE : 0u);
	uint8_t two[2] = { request->version.major, request->version.minor };
	add32(header, big, HF_IMAGE_MAGIC);
	add32(header, big, request->rom_addr != 0 ? request->rom_addr : request->load_addr);
	add16(header, big, (uint16_t)request->header_bytes);
	add16(header, big, (uint16_t)protected_bytes);
	add32(header, big, payload_bytes);
	add32(header, big, flags);
	bytes_add(header, two, 2);
	add16(header, big, request->version.revision);
	add32(header, big, request->version.build);
	add32(header, big, 0);
}

/* Header room and payload in one block, the header still to be written. */
static enum hf_reason body_make(const struct sign_request *request, const char *name, const struct bytes *input, struct bytes *body,
				struct problem *problem)
{
	if (request->pad_header)
		bytes_fill(body, request->erased_byte, request->header_bytes);
	bytes_add(body, input->data, input->size);
	if (request->pad_header)
		return HF_OK;
	for (uint32_t i = 0; i < request->header_bytes && i < body->size; i++) {
		if (body->data[i] == 0)
			continue;
		enum hf_reason reason = problem_set(problem, HF_R_HOST_SIGN_NO_HEADER_SPACE, name, "the byte there is 0x%02x",
						    body->data[i]);
		problem->has_where = true;
		problem->where_off = i;
		return reason;
	}
	if (body->size < request->header_bytes)
		return problem_set(problem, HF_R_HOST_SIGN_NO_HEADER_SPACE, name, "it is shorter (%zu bytes) than the header (%u)",
				   body->size, (unsigned)request->header_bytes);
	return HF_OK;
}

static uint16_t signature_type(const struct keyfile *key)
{
	if (key->kind == HF_KEY_ED25519)
		return HF_TLV_ED25519;
	if (key->kind == HF_KEY_RSA)
		return key->bits == 3072 ? HF_TLV_RSA3072 : HF_TLV_RSA2048;
	return HF_TLV_ECDSA;
}

static enum hf_reason add_signature(const struct sign_request *request, const struct keyfile *key, const struct bytes *body,
				    const struct sign_result *result, struct bytes *area, struct problem *problem)
{
	uint8_t key_hash[HF_HASH_BYTES_MAX];
	uint32_t hash_bytes = hf_hash_bytes(result->hash);
	struct bytes signature = { 0 };
	keyfile_hash(key, result->hash, key_hash);
	if (request->full_key)
		add_tlv(area, request->big_endian, HF_TLV_PUBKEY, key->der, key->der_bytes);
	else
		add_tlv(area, request->big_endian, HF_TLV_KEYHASH, key_hash, hash_bytes);
	enum hf_reason reason = request->pure ?
		keyfile_sign(key, result->hash, body->data, body->size, &signature, problem) :
		keyfile_sign(key, result->hash, result->digest, hash_bytes, &signature, problem);
	if (reason != HF_OK)
		return reason;
	size_t full = key->kind == HF_KEY_P256 ? 72 : key->kind == HF_KEY_P384 ? 103 : 0;
	if (request->pad_signature && signature.size < full)
		bytes_fill(&signature, 0, full - signature.size);
	add_tlv(area, request->big_endian, signature_type(key), signature.data, signature.size);
	bytes_free(&signature);
	return HF_OK;
}

static uint16_t hash_type(enum hf_hash_kind kind)
{
	return kind == HF_HASH_SHA384 ? HF_TLV_SHA384 : kind == HF_HASH_SHA512 ? HF_TLV_SHA512 : HF_TLV_SHA256;
}

static enum hf_reason unprotected_area(const struct sign_request *request, const struct keyfile *key, const struct bytes *body,
				       const struct sign_result *result, struct bytes *area, struct problem *problem)
{
	static const uint8_t yes = 1;
	add_tlv(area, request->big_endian, hash_type(result->hash), result->digest, hf_hash_bytes(result->hash));
	if (request->pure)
		add_tlv(area, request->big_endian, HF_TLV_SIG_PURE, &yes, 1);
	return key != NULL ? add_signature(request, key, body, result, area, problem) : HF_OK;
}

/* What imgtool counts as trailer: status entries, four fields, magic.
 * Source: mcu-tools/mcuboot: scripts/imgtool/image.py (_trailer_size). */
static uint32_t trailer_bytes(const struct sign_request *request)
{
	uint32_t magic_bytes = hf_align_up(16, request->max_align);
	if (request->overwrite_only)
		return 2 * request->max_align + magic_bytes;
	return request->max_sectors * 3 * request->align + 4 * request->max_align + magic_bytes;
}

static enum hf_reason check_size(const struct sign_request *request, const char *name, const struct sign_result *result,
				 struct problem *problem)
{
	char expected[80], found[80];
	uint64_t size = result->image.size;
	(void)snprintf(found, sizeof found, "%llu bytes", (unsigned long long)size);
	if (request->limit_bytes != 0) {
		if (size <= request->limit_bytes)
			return HF_OK;
		(void)snprintf(expected, sizeof expected, "at most %u bytes", (unsigned)request->limit_bytes);
		return problem_differs(problem, HF_R_HOST_SIGN_BOARD_LIMIT, name, expected, found);
	}
	if (request->slot_bytes == 0 || size + result->trailer_bytes <= request->slot_bytes)
		return HF_OK;
	(void)snprintf(expected, sizeof expected, "at most 0x%x bytes", (unsigned)request->slot_bytes);
	(void)snprintf(found, sizeof found, "image 0x%llx + trailer 0x%x", (unsigned long long)size, (unsigned)result->trailer_bytes);
	return problem_differs(problem, HF_R_HOST_SIGN_SLOT_SIZE, name, expected, found);
}

static enum hf_reason check_areas(const char *name, const struct bytes *area, struct problem *problem)
{
	return area->size + HF_TLV_INFO_BYTES <= UINT16_MAX ? HF_OK :
		problem_set(problem, HF_R_HOST_SIGN_TLV, name, "the TLVs together have %zu bytes, 65535 are the most", area->size);
}

static enum hf_reason make_into(const struct sign_request *request, const struct keyfile *key, const char *name,
				struct bytes *body, struct bytes *protected_tlvs, struct bytes *tlvs, struct sign_result *result,
				struct problem *problem)
{
	uint8_t signer[HF_HASH_BYTES_MAX] = { 0 };
	struct bytes header = { 0 };
	uint32_t payload_bytes = (uint32_t)body->size - request->header_bytes;
	if (key != NULL)
		keyfile_hash(key, result->hash, signer);
	protected_area(request, result->hash, result->counter, signer, key != NULL ? hf_hash_bytes(result->hash) : 32, protected_tlvs);
	enum hf_reason reason = check_areas(name, protected_tlvs, problem);
	if (reason != HF_OK)
		return reason;
	uint32_t protected_bytes = protected_tlvs->size != 0 ? (uint32_t)protected_tlvs->size + HF_TLV_INFO_BYTES : 0;
	header_make(request, payload_bytes, protected_bytes, &header);
	memcpy(body->data, header.data, header.size);
	bytes_free(&header);
	if (protected_bytes != 0)
		add_area(body, request->big_endian, HF_TLV_PROTECTED_MAGIC, protected_tlvs);
	digest_of(result->hash, body, result->digest);
	reason = unprotected_area(request, key, body, result, tlvs, problem);
	if (reason != HF_OK)
		return reason;
	add_area(body, request->big_endian, HF_TLV_INFO_MAGIC, tlvs);
	return HF_OK;
}

enum hf_reason sign_image_make(const struct sign_request *request, const struct keyfile *key, const char *name,
			       const struct bytes *input, struct sign_result *result, struct problem *problem)
{
	struct sign_result made = { .trailer_bytes = trailer_bytes(request), .counter = request->counter };
	struct bytes protected_tlvs = { 0 }, tlvs = { 0 };
	if (request->counter_auto)
		made.counter = (uint32_t)request->version.major << 24 | (uint32_t)request->version.minor << 16 | request->version.revision;
	if (key != NULL && !key->is_private)
		return problem_set(problem, HF_R_HOST_KEY_PUBLIC_ONLY, key->path, "%s", "");
	enum hf_reason reason = choose_hash(request, key, &made.hash, problem);
	if (reason == HF_OK)
		reason = body_make(request, name, input, &made.image, problem);
	if (reason == HF_OK)
		reason = make_into(request, key, name, &made.image, &protected_tlvs, &tlvs, &made, problem);
	if (reason == HF_OK)
		reason = check_size(request, name, &made, problem);
	bytes_free(&protected_tlvs);
	bytes_free(&tlvs);
	if (reason == HF_OK)
		*result = made;
	else
		bytes_free(&made.image);
	return reason;
}

void sign_trailer_make(const struct sign_request *request, struct sign_trailer *trailer)
{
	/* Source: mcu-tools/mcuboot: boot/bootutil/src/bootutil_misc.c (boot_img_magic for alignment 8 and above). */
	static const uint8_t classic[16] = { 0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f, 0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80 };
	static const uint8_t wide[14] = { 0x2d, 0xe1, 0x5d, 0x29, 0x41, 0x0b, 0x8d, 0x77, 0x67, 0x9c, 0x11, 0x0f, 0x1f, 0x8a };
	memset(trailer, 0, sizeof *trailer);
	trailer->magic_off = request->slot_bytes - 16;
	if (request->max_align == 8) {
		memcpy(trailer->magic, classic, sizeof classic);
	} else {
		if (request->big_endian)
			hf_put16be(trailer->magic, (uint16_t)request->max_align);
		else
			hf_put16le(trailer->magic, (uint16_t)request->max_align);
		memcpy(trailer->magic + 2, wide, sizeof wide);
	}
	trailer->has_flag = (request->confirm || request->test) && !request->overwrite_only;
	trailer->flag_off = request->slot_bytes - hf_align_up(16, request->max_align) - request->max_align;
	memset(trailer->flag, request->erased_byte, sizeof trailer->flag);
	if (request->confirm)
		trailer->flag[0] = 1;
}

void sign_pad(const struct sign_request *request, struct bytes *image)
{
	struct sign_trailer trailer;
	sign_trailer_make(request, &trailer);
	hf_assert(image->size <= trailer.magic_off);
	bytes_fill(image, request->erased_byte, request->slot_bytes - image->size);
	memcpy(image->data + trailer.magic_off, trailer.magic, sizeof trailer.magic);
	if (trailer.has_flag)
		memcpy(image->data + trailer.flag_off, trailer.flag, request->max_align);
}
