/* SPDX-License-Identifier: MIT */
/* verdict_signature.c - the deciding signature: its encoding and the call of the adapter that has its type. */
#include "judge.h"

enum { P256_POINT_OFF = 26, P384_POINT_OFF = 23 }; /* of the point in the key's DER */

/* One INTEGER of a DER signature, right-aligned into number; returns the bytes it took, 0 if it is malformed. */
static uint32_t der_integer(const uint8_t *der, uint32_t left_bytes, uint8_t *number, uint32_t number_bytes)
{
	if (left_bytes < 3u || der[0] != 0x02u || der[1] == 0u || der[1] > left_bytes - 2u) {
		return 0;
	}
	uint32_t size_bytes = der[1];
	const uint8_t *value = der + 2;
	if (size_bytes == number_bytes + 1u && value[0] == 0u) {
		value++;
		size_bytes--;
	}
	if (size_bytes > number_bytes) {
		return 0;
	}
	memset(number, 0, number_bytes);
	memcpy(number + (number_bytes - size_bytes), value, size_bytes);
	return 2u + der[1];
}

static bool der_signature(const uint8_t *der, uint32_t size_bytes, uint32_t number_bytes, uint8_t *r, uint8_t *s)
{
	if (size_bytes < 2u || der[0] != 0x30u || der[1] >= 0x80u || der[1] > size_bytes - 2u) {
		return false;
	}
	const uint32_t end = 2u + der[1];
	if (!hf_is_filled(der + end, size_bytes - end, 0)) {
		return false;
	}
	const uint32_t r_bytes = der_integer(der + 2, end - 2u, r, number_bytes);
	if (r_bytes == 0u) {
		return false;
	}
	const uint32_t s_bytes = der_integer(der + 2 + r_bytes, end - 2u - r_bytes, s, number_bytes);
	return s_bytes != 0u && 2u + r_bytes + s_bytes == end;
}

/* r and s of the signature in judge->work, behind it: a longer signature was refused before it was read. */
static enum hf_reason read_numbers(struct hf_judge *judge, uint8_t **r, uint8_t **s)
{
	*r = judge->work + 128;
	*s = *r + 48;
	if (!der_signature(judge->work, judge->signature.size_bytes, judge->form->number_bytes, *r, *s)) {
		return hf_judge_refuse(judge, HF_R_SIG_DER, judge->signature.data_off, 0x30, judge->work[0]);
	}
	return HF_OK;
}

static enum hf_reason check_p256(struct hf_judge *judge, uint8_t h[HF_HASH_BYTES_MAX], volatile uint32_t *result)
{
	uint8_t *r, *s;
	const enum hf_reason reason = read_numbers(judge, &r, &s);

	(void)h;
	if (reason == HF_OK) {
		*result = hf_known_rules(judge->rules)->crypto->p256_verify(judge->key->der + P256_POINT_OFF, judge->verdict->digest, r, s);
	}
	return reason;
}

static enum hf_reason check_p384(struct hf_judge *judge, uint8_t h[HF_HASH_BYTES_MAX], volatile uint32_t *result)
{
	uint8_t *r, *s;
	const enum hf_reason reason = read_numbers(judge, &r, &s);

	(void)h;
	if (reason == HF_OK) {
		*result = hf_known_rules(judge->rules)->crypto->p384_verify(judge->key->der + P384_POINT_OFF, judge->verdict->digest, r, s);
	}
	return reason;
}

static enum hf_reason check_ed25519(struct hf_judge *judge, uint8_t h[HF_HASH_BYTES_MAX], volatile uint32_t *result)
{
	const struct hf_crypto *crypto = hf_known_rules(judge->rules)->crypto;
	const uint8_t *key = judge->key->der + HF_ED25519_RAW_OFF;
	struct hf_hash hash;

	if (!hf_judge_is_pure(judge)) { /* else hash_image has done it */
		if (!crypto->hash_start(&hash, HF_HASH_SHA512)) {
			return hf_judge_refuse(judge, HF_R_IMAGE_HASH_NOT_BUILT, judge->signature.data_off, 0, HF_HASH_SHA512);
		}
		crypto->hash_add(&hash, judge->work, 32);
		crypto->hash_add(&hash, key, 32);
		crypto->hash_add(&hash, judge->verdict->digest, hf_hash_bytes(judge->verdict->hash_kind));
		crypto->hash_end(&hash, h);
	}
	*result = crypto->ed25519_check(key, judge->work, h);
	return HF_OK;
}

static enum hf_reason check_rsa(struct hf_judge *judge, uint8_t h[HF_HASH_BYTES_MAX], volatile uint32_t *result)
{
	const struct hf_key *key = judge->key;

	(void)h;
	*result = hf_known_rules(judge->rules)->crypto->rsa_pss_verify(key->der, key->size_bytes, judge->verdict->digest, judge->work,
									 judge->signature.size_bytes);
	return HF_OK;
}

const struct hf_key_form hf_key_form_p256 = { check_p256, HF_KEY_P256, 91, 72, HF_TLV_ECDSA, HF_FORM_OVER_SHA256, 32 };
const struct hf_key_form hf_key_form_p384 = { check_p384, HF_KEY_P384, 120, 104, HF_TLV_ECDSA, HF_FORM_OVER_SHA384, 48 };
const struct hf_key_form hf_key_form_ed25519 = { check_ed25519, HF_KEY_ED25519, 44, 64, HF_TLV_ED25519,
						 HF_FORM_OVER_SHA256 | HF_FORM_OVER_SHA512, 0 };
const struct hf_key_form hf_key_form_rsa2048 = { check_rsa, HF_KEY_RSA, 270, 256, HF_TLV_RSA2048, HF_FORM_OVER_SHA256, 0 };
const struct hf_key_form hf_key_form_rsa3072 = { check_rsa, HF_KEY_RSA, 398, 384, HF_TLV_RSA3072, HF_FORM_OVER_SHA256, 0 };

enum hf_reason hf_judge_signature(struct hf_judge *judge, uint8_t h[HF_HASH_BYTES_MAX], volatile uint32_t *result)
{
	hf_assert(judge->signature.size_bytes <= judge->work_bytes);
	enum hf_reason reason = hf_judge_read(judge, judge->signature.data_off, judge->work, judge->signature.size_bytes);
	if (reason == HF_OK) {
		reason = judge->form->check(judge, h, result);
	}
	if (reason == HF_OK && *result != HF_CRYPTO_YES) {
		return hf_judge_refuse(judge, HF_R_SIG_WRONG, judge->signature.data_off, HF_CRYPTO_YES, *result);
	}
	return reason;
}
