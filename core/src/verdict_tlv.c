/* SPDX-License-Identifier: MIT */
/* verdict_tlv.c - the walk over an image's TLVs, and which signature decides; the rules are in verdict.h. */
#include "judge.h"

const struct hf_key_form *hf_key_form_of(const struct hf_crypto *crypto, const struct hf_key *key)
{
	const struct hf_key_form *found = NULL;

	for (uint32_t i = 0; i < crypto->form_count; i++) {
		const struct hf_key_form *form = crypto->forms[i];
		if (form->kind == key->kind && (found == NULL || form->der_bytes == key->size_bytes)) {
			found = form;
		}
	}
	return found;
}

/* One bit for each type below 0x40 that may stand outside the signature's reach. */
static bool is_allowed_unprotected(uint16_t type)
{
	static const uint8_t allowed[4] = { 0x06, 0x07, 0x3f, 0x1f }; /* 01-02, 10-12, 20-25, 30-34 */

	return type < 0x40u && (type & 0xfu) < 8u && ((uint32_t)allowed[type >> 4] >> (type & 0xfu) & 1u) != 0u;
}

static enum hf_hash_kind hash_of_size(uint32_t size_bytes)
{
	return size_bytes == 32u ? HF_HASH_SHA256 : size_bytes == 48u ? HF_HASH_SHA384 : size_bytes == 64u ? HF_HASH_SHA512 : HF_HASH_NONE;
}

static enum hf_reason note_keyhash(struct hf_judge *judge, const struct hf_tlv *tlv)
{
	const struct hf_crypto *crypto = hf_known_rules(judge->rules)->crypto;
	const enum hf_hash_kind kind = hash_of_size(tlv->size_bytes);
	uint8_t *wanted = judge->work;
	uint8_t *digest = judge->work + HF_HASH_BYTES_MAX;
	struct hf_hash hash;

	judge->seen |= HF_SEEN_KEYHASH;
	judge->current_key = HF_NO_KEY;
	if (kind == HF_HASH_NONE) {
		return hf_judge_refuse(judge, HF_R_KEY_HASH_SIZE, tlv->data_off, 32, tlv->size_bytes);
	}
	const enum hf_reason reason = hf_judge_read(judge, tlv->data_off, wanted, tlv->size_bytes);
	if (reason != HF_OK) {
		return reason;
	}
	memset(digest, 0, sizeof(judge->tried));
	for (uint32_t i = 0; i < judge->rules->key_count; i++) {
		const struct hf_key_form *form = hf_key_form_of(crypto, &judge->rules->keys[i]);
		/* A hash that this kind of key is not used with names none, as MCUboot's build for such keys would not find it. */
		if ((form != NULL && ((uint32_t)form->hashes >> kind & 1u) == 0u) || !crypto->hash_start(&hash, kind)) {
			continue;
		}
		crypto->hash_add(&hash, judge->rules->keys[i].der, judge->rules->keys[i].size_bytes);
		crypto->hash_end(&hash, digest);
		if (memcmp(wanted, digest, tlv->size_bytes) == 0) {
			hf_judge_key_found(judge, i, kind);
			return HF_OK;
		}
	}
	/* For the refusal, if no other signature decides: the beginnings of the hash that is wanted and of the last one tried. */
	judge->unknown_off = tlv->data_off;
	memcpy(judge->unknown, wanted, sizeof(judge->unknown));
	memcpy(judge->tried, digest, sizeof(judge->tried));
	return HF_OK;
}

static enum hf_reason note_signature(struct hf_judge *judge, const struct hf_tlv *tlv)
{
	judge->seen |= HF_SEEN_SIGNATURE;
	if (judge->current_key == HF_NO_KEY) {
		return HF_OK;
	}
	const struct hf_key *key = &judge->rules->keys[judge->current_key];
	const struct hf_key_form *form = hf_key_form_of(hf_known_rules(judge->rules)->crypto, key);
	if (form == NULL) {
		return hf_judge_refuse(judge, HF_R_SIG_TYPE_NOT_BUILT, tlv->data_off, 0, key->kind);
	}
	if (form->der_bytes != key->size_bytes) {
		return hf_judge_refuse(judge, HF_R_KEY_FORM, tlv->data_off, form->der_bytes, key->size_bytes);
	}
	if (tlv->type != form->signature_type) {
		judge->seen |= HF_SEEN_OTHER_TYPE;
		return HF_OK;
	}
	if (tlv->size_bytes > form->signature_bytes || (form->number_bytes == 0u && tlv->size_bytes != form->signature_bytes)) {
		return hf_judge_refuse(judge, HF_R_SIG_SIZE, tlv->data_off, form->signature_bytes, tlv->size_bytes);
	}
	judge->seen |= HF_SEEN_DECIDING;
	judge->key = key;
	judge->form = form;
	judge->signature = *tlv;
	judge->verdict->key_index = judge->current_key;
	judge->verdict->hash_kind = judge->current_hash;
	judge->current_key = HF_NO_KEY;
	return HF_OK;
}

static enum hf_reason note_pure(struct hf_judge *judge, const struct hf_tlv *tlv)
{
	uint8_t value = 0;

	if ((judge->seen & HF_SEEN_PURE) != 0u) {
		return HF_OK;
	}
	judge->seen |= HF_SEEN_PURE;
	if (tlv->size_bytes == 1u) {
		const enum hf_reason reason = hf_judge_read(judge, tlv->data_off, &value, 1);
		if (reason != HF_OK) {
			return reason;
		}
	}
	if (value != 1u) {
		return hf_judge_refuse(judge, HF_R_SIG_PURE_VALUE, tlv->data_off, 1, tlv->size_bytes == 1u ? value : tlv->size_bytes);
	}
	return HF_OK;
}

static enum hf_reason note_counter(struct hf_judge *judge, const struct hf_tlv *tlv)
{
	uint8_t raw[4];

	if (tlv->size_bytes != sizeof(raw)) {
		return hf_judge_refuse(judge, HF_R_IMAGE_COUNTER_SIZE, tlv->data_off, sizeof(raw), tlv->size_bytes);
	}
	if (judge->verdict->has_counter) {
		return hf_judge_refuse(judge, HF_R_IMAGE_COUNTER_TWICE, tlv->data_off, 1, 2);
	}
	const enum hf_reason reason = hf_judge_read(judge, tlv->data_off, raw, sizeof(raw));
	if (reason == HF_OK) {
		judge->verdict->has_counter = true;
		judge->verdict->counter = hf_get32le(raw);
	}
	return reason;
}

static enum hf_reason note_tlv(struct hf_judge *judge, const struct hf_tlv *tlv)
{
	if (!tlv->is_protected && !is_allowed_unprotected(tlv->type)) {
		return hf_judge_refuse(judge, HF_R_IMAGE_TLV_NOT_ALLOWED, tlv->data_off - 4u, 0, tlv->type);
	}
	switch (tlv->type) {
	case HF_TLV_KEYHASH:
		return note_keyhash(judge, tlv);
	case HF_TLV_PUBKEY:
		judge->seen |= HF_SEEN_FULL_KEY;
		return hf_known_rules(judge->rules)->full_key != NULL ? hf_known_rules(judge->rules)->full_key(judge, tlv) : HF_OK;
	case HF_TLV_SHA256:
	case HF_TLV_SHA384:
	case HF_TLV_SHA512:
		judge->seen |= 2u << (tlv->type - HF_TLV_SHA256);
		return HF_OK;
	case HF_TLV_RSA2048:
	case HF_TLV_ECDSA224:
	case HF_TLV_ECDSA:
	case HF_TLV_RSA3072:
	case HF_TLV_ED25519:
		return note_signature(judge, tlv);
	case HF_TLV_SIG_PURE:
		return note_pure(judge, tlv);
	case HF_TLV_SEC_CNT:
		return note_counter(judge, tlv);
	default:
		return HF_OK; /* protected and not for this loader: a vendor's, a dependency, a boot record... */
	}
}

enum hf_reason hf_judge_survey(struct hf_judge *judge)
{
	uint32_t cursor = 0;
	struct hf_tlv tlv;
	bool more = true;

	while (more) { /* hf_image_next_tlv gives out 64 at most */
		judge->verdict->tlv_type = 0;
		enum hf_reason reason =
			hf_image_next_tlv(judge->place, &judge->verdict->image, &cursor, &tlv, &more, &judge->verdict->finding);
		if (reason == HF_OK && more) {
			judge->verdict->tlv_type = tlv.type;
			reason = note_tlv(judge, &tlv);
		}
		if (reason != HF_OK) {
			return reason;
		}
	}
	return HF_OK;
}

/* No signature decides: the reason that helps its maker most. */
static enum hf_reason refuse_undecided(struct hf_judge *judge)
{
	const uint32_t seen = judge->seen;
	enum hf_reason reason = HF_R_SIG_BEFORE_KEY;

	if ((seen & HF_SEEN_SIGNATURE) == 0u) {
		reason = HF_R_SIG_MISSING;
	} else if ((seen & HF_SEEN_OTHER_TYPE) != 0u) {
		reason = HF_R_SIG_TYPE_OTHER;
	} else if ((seen & (HF_SEEN_KEYHASH | HF_SEEN_KNOWN_KEY)) == HF_SEEN_KEYHASH) {
		return hf_judge_refuse(judge, HF_R_KEY_UNKNOWN, judge->unknown_off, hf_get32be(judge->tried), hf_get32be(judge->unknown));
	} else if ((seen & HF_SEEN_FULL_KEY) != 0u) {
		reason = hf_known_rules(judge->rules)->full_key != NULL ? HF_R_KEY_UNKNOWN : HF_R_KEY_IN_FULL;
	}
	return hf_judge_refuse(judge, reason, judge->verdict->image.hashed_bytes, judge->rules->key_count, seen);
}

/* Without keys: the hash that is there, the shortest first. */
static enum hf_reason choose_unsigned(struct hf_judge *judge)
{
	const uint32_t seen = judge->seen;

	if (!hf_known_rules(judge->rules)->allow_unsigned) {
		return hf_judge_refuse(judge, HF_R_KEY_NONE, 0, 1, 0);
	}
	judge->verdict->hash_kind = (seen & HF_FORM_OVER_SHA256) != 0u ? HF_HASH_SHA256 :
				    (seen & HF_FORM_OVER_SHA384) != 0u ? HF_HASH_SHA384 : HF_HASH_SHA512;
	return HF_OK;
}

/* After this, verdict->hash_kind, key and signature say all that is needed. */
enum hf_reason hf_judge_choose(struct hf_judge *judge)
{
	struct hf_verdict *verdict = judge->verdict;
	const struct hf_key *key = judge->key;
	const uint32_t off = judge->signature.data_off;

	if (judge->rules->key_count == 0u) {
		return choose_unsigned(judge);
	}
	if ((judge->seen & HF_SEEN_DECIDING) == 0u) {
		return refuse_undecided(judge);
	}
	verdict->tlv_type = judge->signature.type;
	if (verdict->hash_kind == HF_HASH_NONE) { /* key named in full: the hash is the one the image has */
		const bool is_long = (judge->seen & (HF_FORM_OVER_SHA256 | HF_FORM_OVER_SHA512)) == HF_FORM_OVER_SHA512 || hf_judge_is_pure(judge);
		verdict->hash_kind = key->kind == HF_KEY_P384 ? HF_HASH_SHA384 :
				     key->kind == HF_KEY_ED25519 && is_long ? HF_HASH_SHA512 : HF_HASH_SHA256;
	}
	if (hf_judge_is_pure(judge) && key->kind != HF_KEY_ED25519) {
		return hf_judge_refuse(judge, HF_R_SIG_PURE_KEY, off, HF_KEY_ED25519, key->kind);
	}
	if (hf_judge_is_pure(judge) && verdict->hash_kind != HF_HASH_SHA512) {
		return hf_judge_refuse(judge, HF_R_SIG_HASH_OTHER, off, HF_HASH_SHA512, verdict->hash_kind);
	}
	const uint32_t form = hf_judge_is_pure(judge) ? HF_FORM_PURE : 1u << verdict->hash_kind;
	if ((form & hf_known_rules(judge->rules)->refused_forms) != 0u) {
		return hf_judge_refuse(judge, HF_R_SIG_FORM_REFUSED, off, hf_known_rules(judge->rules)->refused_forms, form);
	}
	verdict->tlv_type = 0;
	return HF_OK;
}
