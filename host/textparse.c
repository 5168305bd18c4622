/* SPDX-License-Identifier: MIT */
#include "textparse.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdio.h>

/* One number without leading zeros, not above max. */
static bool part(const char **at, const char *end, uint64_t max, uint32_t *value)
{
	const char *start = *at;
	uint64_t number = 0;
	while (*at < end && isdigit((unsigned char)**at)) {
		number = number * 10 + (uint64_t)(**at - '0');
		if (number > max)
			return false;
		(*at)++;
	}
	if (*at == start || (*start == '0' && *at - start > 1))
		return false;
	*value = (uint32_t)number;
	return true;
}

bool version_parse(const char *text, size_t length, struct hf_version *version)
{
	static const uint64_t max[4] = { UINT8_MAX, UINT8_MAX, UINT16_MAX, UINT32_MAX };
	static const char before[4] = { '\0', '.', '.', '+' };
	uint32_t number[4] = { 0 };
	const char *at = text, *end = text + length;
	for (unsigned i = 0; i < 4 && (i == 0 || at < end); i++) {
		if (i > 0 && *at++ != before[i])
			return false;
		if (!part(&at, end, max[i], &number[i]))
			return false;
	}
	if (at != end)
		return false;
	*version = (struct hf_version){ (uint8_t)number[0], (uint8_t)number[1], (uint16_t)number[2], number[3] };
	return true;
}

void version_print(const struct hf_version *version, char into[40])
{
	int at = snprintf(into, 40, "%u.%u.%u", version->major, version->minor, version->revision);
	if (version->build != 0)
		(void)snprintf(into + at, (size_t)(40 - at), "+%u", (unsigned)version->build);
}

static const char *skip_space(const char *at)
{
	while (isspace((unsigned char)*at))
		at++;
	return at;
}

static enum hf_reason bad_dependency(const char *text, struct problem *problem)
{
	return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--dependencies", "'%s' is not of the form \"(id, maj.min.rev+build), ...\"",
			   text);
}

enum hf_reason dependencies_parse(const char *text, struct dependency *list, size_t *count, struct problem *problem)
{
	size_t found = 0;
	for (const char *at = skip_space(text);;) {
		uint32_t index = 0;
		const char *end = text + strlen(text);
		if (found == TEXT_DEPENDENCIES_MAX || *at++ != '(')
			return bad_dependency(text, problem);
		at = skip_space(at);
		if (!part(&at, end, UINT8_MAX, &index) || *skip_space(at) != ',')
			return bad_dependency(text, problem);
		at = skip_space(skip_space(at) + 1);
		size_t length = strcspn(at, ")");
		if (at[length] != ')' || !version_parse(at, length, &list[found].version))
			return bad_dependency(text, problem);
		list[found++].image_index = (uint8_t)index;
		at = skip_space(at + length + 1);
		if (*at == '\0')
			break;
		if (*at != ',')
			return bad_dependency(text, problem);
		at = skip_space(at + 1);
	}
	*count = found;
	return HF_OK;
}

/* RFC 4122, appendix C. */
const uint8_t uuid_dns_space[16] = { 0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8 };

static bool raw_uuid(const char *text, uint8_t uuid[16])
{
	size_t digits = 0, length = strlen(text);
	bool dashed = length == 36;
	if (length != 32 && !dashed)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (dashed && (i == 8 || i == 13 || i == 18 || i == 23)) {
			if (text[i] != '-')
				return false;
			continue;
		}
		if (!isxdigit((unsigned char)text[i]))
			return false;
		uint8_t value = (uint8_t)(isdigit((unsigned char)text[i]) ? text[i] - '0' : (text[i] | 0x20) - 'a' + 10);
		uuid[digits / 2] = (uint8_t)(digits % 2 == 0 ? value << 4 : uuid[digits / 2] | value);
		digits++;
	}
	return digits == 32;
}

enum hf_reason uuid_parse(const char *option, const char *text, const uint8_t space[16], uint8_t uuid[16], struct problem *problem)
{
	if (raw_uuid(text, uuid))
		return HF_OK;
	for (const char *at = text; *at != '\0'; at++) {
		if (iscntrl((unsigned char)*at) || space == NULL)
			return problem_set(problem, HF_R_HOST_OPTION_VALUE, option,
					   space == NULL ? "a name needs --vid too" : "neither a UUID nor a name");
	}
	uint8_t digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int done = context != NULL && EVP_DigestInit_ex(context, EVP_sha1(), NULL) == 1 && EVP_DigestUpdate(context, space, 16) == 1 &&
		   EVP_DigestUpdate(context, text, strlen(text)) == 1 && EVP_DigestFinal_ex(context, digest, NULL) == 1;
	EVP_MD_CTX_free(context);
	hf_assert(done == 1);
	memcpy(uuid, digest, 16);
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x50);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
	return HF_OK;
}

const char *tlv_name(uint16_t type)
{
	static const struct {
		uint16_t type;
		const char *name;
	} rows[] = {
		{ HF_TLV_KEYHASH, "KEYHASH" }, { HF_TLV_PUBKEY, "PUBKEY" }, { HF_TLV_SHA256, "SHA256" }, { HF_TLV_SHA384, "SHA384" },
		{ HF_TLV_SHA512, "SHA512" }, { HF_TLV_RSA2048, "RSA2048" }, { HF_TLV_ECDSA224, "ECDSA224" }, { HF_TLV_ECDSA, "ECDSA_SIG" },
		{ HF_TLV_RSA3072, "RSA3072" }, { HF_TLV_ED25519, "ED25519" }, { HF_TLV_SIG_PURE, "SIG_PURE" },
		{ HF_TLV_ENC_RSA2048, "ENC_RSA2048" }, { HF_TLV_ENC_KW, "ENC_KW" }, { HF_TLV_ENC_EC256, "ENC_EC256" },
		{ HF_TLV_ENC_X25519, "ENC_X25519" }, { HF_TLV_ENC_X25519_SHA512, "ENC_X25519_SHA512" },
		{ HF_TLV_DEPENDENCY, "DEPENDENCY" }, { HF_TLV_SEC_CNT, "SEC_CNT" }, { HF_TLV_BOOT_RECORD, "BOOT_RECORD" },
		{ HF_TLV_DECOMP_SIZE, "DECOMP_SIZE" }, { HF_TLV_DECOMP_SHA, "DECOMP_SHA" },
		{ HF_TLV_DECOMP_SIGNATURE, "DECOMP_SIGNATURE" }, { HF_TLV_COMP_DEC_SIZE, "COMP_DEC_SIZE" },
		{ HF_TLV_UUID_VID, "UUID_VID" }, { HF_TLV_UUID_CID, "UUID_CID" }, { HF_TLV_MANIFEST, "MANIFEST" },
	};
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		if (rows[i].type == type)
			return rows[i].name;
	}
	return NULL;
}

void flags_print(uint32_t flags, char *into, size_t size)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} rows[] = {
		{ HF_IMAGE_F_PIC, "PIC" }, { HF_IMAGE_F_AES128, "ENCRYPTED_AES128" }, { HF_IMAGE_F_AES256, "ENCRYPTED_AES256" },
		{ HF_IMAGE_F_NON_BOOTABLE, "NON_BOOTABLE" }, { HF_IMAGE_F_RAM_LOAD, "RAM_LOAD" }, { HF_IMAGE_F_ROM_FIXED, "ROM_FIXED" },
		{ HF_IMAGE_F_LZMA1, "COMPRESSED_LZMA1" }, { HF_IMAGE_F_LZMA2, "COMPRESSED_LZMA2" },
		{ HF_IMAGE_F_ARM_THUMB, "COMPRESSED_ARM_THUMB" },
	};
	size_t at = 0;
	uint32_t left = flags;
	into[0] = '\0';
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		if ((flags & rows[i].bit) == 0 || at >= size)
			continue;
		at += (size_t)snprintf(into + at, size - at, "%s%s", at > 0 ? " " : "", rows[i].name);
		left &= ~rows[i].bit;
	}
	if (left != 0 && at < size)
		at += (size_t)snprintf(into + at, size - at, "%sunknown bits 0x%x", at > 0 ? " " : "", (unsigned)left);
	if (at == 0)
		(void)snprintf(into, size, "none");
}
