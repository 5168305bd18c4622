/* SPDX-License-Identifier: MIT */
/* verdict.c - see verdict.h, which holds the table of rules. */
#include "judge.h"

#define FEED_BYTES 4096u
#define WORK_BYTES_MIN 256u

/* Encryption and compression are named before anything is hashed: the hash is over the plain image and could not be right. */
static enum hf_reason flags_check(struct hf_judge *judge)
{
	const uint32_t flags = judge->verdict->image.flags;
	const uint32_t aes = HF_IMAGE_F_AES128 | HF_IMAGE_F_AES256;
	const uint32_t lzma = HF_IMAGE_F_LZMA1 | HF_IMAGE_F_LZMA2;

	if ((flags & aes) == aes || (flags & lzma) == lzma || (flags & (lzma | HF_IMAGE_F_ARM_THUMB)) == HF_IMAGE_F_ARM_THUMB) {
		return hf_judge_refuse(judge, HF_R_IMAGE_FLAGS_CONFLICT, 16, 0, flags);
	}
	if ((flags & aes) != 0u) {
		return hf_judge_refuse(judge, HF_R_IMAGE_ENCRYPTED, 16, 0, flags);
	}
	if ((flags & lzma) != 0u) {
		return hf_judge_refuse(judge, HF_R_IMAGE_COMPRESSED, 16, 0, flags);
	}
	if ((flags & HF_IMAGE_F_NON_BOOTABLE) != 0u) {
		return hf_judge_refuse(judge, HF_R_IMAGE_NON_BOOTABLE, 16, 0, flags);
	}
	return HF_OK;
}

/* The one pass over the image: its digest, and for a pure signature at the same time SHA-512(R | A | image) into h. */
static HF_NOINLINE enum hf_reason hash_image(struct hf_judge *judge, uint8_t h[HF_HASH_BYTES_MAX])
{
	const struct hf_rules *rules = judge->rules;
	const struct hf_crypto *crypto = hf_known_rules(rules)->crypto;
	struct hf_verdict *verdict = judge->verdict;
	const uint32_t chunk_bytes = judge->work_bytes < FEED_BYTES ? judge->work_bytes : FEED_BYTES;
	const uint32_t count = crypto->ed25519_check != NULL && hf_judge_is_pure(judge) ? 2u : 1u; /* no other key has pure signatures */
	struct hf_hash hash[2];
	enum hf_reason reason = HF_OK;

	if (count == 2u) {
		reason = hf_judge_read(judge, judge->signature.data_off, judge->work, 32);
	}
	if (reason != HF_OK) {
		return reason;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (!crypto->hash_start(&hash[i], verdict->hash_kind)) {
			return hf_judge_refuse(judge, HF_R_IMAGE_HASH_NOT_BUILT, verdict->image.hashed_bytes, 0, verdict->hash_kind);
		}
	}
	if (count == 2u) {
		crypto->hash_add(&hash[1], judge->work, 32);
		crypto->hash_add(&hash[1], judge->key->der + HF_ED25519_RAW_OFF, 32);
	}
	for (uint32_t off = 0; off < verdict->image.hashed_bytes && reason == HF_OK;) {
		const uint32_t left_bytes = verdict->image.hashed_bytes - off;
		const uint32_t part_bytes = left_bytes < chunk_bytes ? left_bytes : chunk_bytes;
		reason = hf_judge_read(judge, off, judge->work, part_bytes);
		for (uint32_t i = 0; i < count; i++) {
			crypto->hash_add(&hash[i], judge->work, part_bytes);
		}
		off += part_bytes;
		if (hf_known_rules(rules)->feed != NULL) {
			hf_known_rules(rules)->feed(rules->feed_ctx);
		}
	}
	if (count == 2u) {
		crypto->hash_end(&hash[1], h);
	}
	crypto->hash_end(&hash[0], verdict->digest); /* after a failed read too: an adapter may have to free something */
	memcpy(verdict->id, verdict->digest, sizeof(verdict->id));
	return reason;
}

/* Each hash TLV of the deciding kind must be the digest, and there must be one. */
static enum hf_reason compare_hashes(struct hf_judge *judge)
{
	struct hf_verdict *verdict = judge->verdict;
	const uint32_t size_bytes = hf_hash_bytes(verdict->hash_kind);
	const uint16_t type = (uint16_t)(HF_TLV_SHA256 + (verdict->hash_kind - HF_HASH_SHA256));
	uint32_t cursor = 0;
	struct hf_tlv tlv;
	bool more = true;
	bool is_found = false;

	while (more) {
		enum hf_reason reason = hf_image_next_tlv(judge->place, &verdict->image, &cursor, &tlv, &more, &verdict->finding);
		if (reason != HF_OK) {
			return reason;
		}
		if (!more || tlv.type != type) {
			continue;
		}
		verdict->tlv_type = type;
		if (tlv.size_bytes != size_bytes) {
			return hf_judge_refuse(judge, HF_R_IMAGE_HASH_SIZE, tlv.data_off, size_bytes, tlv.size_bytes);
		}
		reason = hf_judge_read(judge, tlv.data_off, judge->work, size_bytes);
		if (reason != HF_OK) {
			return reason;
		}
		if (memcmp(judge->work, verdict->digest, size_bytes) != 0) {
			return hf_judge_refuse(judge, HF_R_IMAGE_HASH_WRONG, tlv.data_off, hf_get32be(judge->work), hf_get32be(verdict->digest));
		}
		verdict->tlv_type = 0;
		is_found = true;
	}
	return is_found ? HF_OK : hf_judge_refuse(judge, HF_R_IMAGE_HASH_MISSING, verdict->image.hashed_bytes, type, 0);
}

/* Where the image will run: its first vectors and the address it says it was linked for. */
static enum hf_reason check_place(struct hf_judge *judge)
{
	const struct hf_rules *rules = judge->rules;
	const struct hf_image *image = &judge->verdict->image;
	uint8_t raw[4];

	if (rules->header_bytes != 0u && image->header_bytes != rules->header_bytes) {
		return hf_judge_refuse(judge, HF_R_IMAGE_HEADER_OTHER, 8, rules->header_bytes, image->header_bytes);
	}
	if (rules->run_bytes == 0u) {
		return HF_OK;
	}
	if ((image->flags & HF_IMAGE_F_ROM_FIXED) != 0u && image->load_addr != rules->run_addr) {
		return hf_judge_refuse(judge, HF_R_IMAGE_ADDRESS_OTHER, 4, rules->run_addr, image->load_addr);
	}
	if (image->payload_bytes < 8u) {
		return hf_judge_refuse(judge, HF_R_IMAGE_NO_VECTORS, 12, 8, image->payload_bytes);
	}
	const enum hf_reason reason = hf_judge_read(judge, image->header_bytes + 4u, raw, sizeof(raw));
	if (reason != HF_OK) {
		return reason;
	}
	/* Into the payload, not just the slot: what lies behind the image is not what was signed. */
	const uint32_t vector = hf_get32le(raw);
	const uint32_t first = rules->run_addr + image->header_bytes;
	if ((vector & 1u) == 0u || vector - first >= image->payload_bytes || vector - rules->run_addr >= rules->run_bytes) {
		return hf_judge_refuse(judge, HF_R_IMAGE_VECTOR_OUTSIDE, image->header_bytes + 4u, first, vector);
	}
	return HF_OK;
}

static enum hf_reason check_policy(struct hf_judge *judge)
{
	const struct hf_rules *rules = judge->rules;
	const struct hf_verdict *verdict = judge->verdict;

	if (rules->has_counter_min && !verdict->has_counter) {
		return hf_judge_refuse(judge, HF_R_POLICY_COUNTER_MISSING, 0, rules->counter_min, 0);
	}
	if (rules->has_counter_min && verdict->counter < rules->counter_min) {
		return hf_judge_refuse(judge, HF_R_POLICY_COUNTER, 0, rules->counter_min, verdict->counter);
	}
	if (rules->has_version_min && hf_version_compare(&verdict->image.version, &rules->version_min) < 0) {
		return hf_judge_refuse(judge, HF_R_POLICY_DOWNGRADE, 20, hf_version_word(&rules->version_min),
			      hf_version_word(&verdict->image.version));
	}
	return HF_OK;
}

/* All questions in order; the first that is answered no ends it. HF_OK leaves the two answers that the token needs. */
static enum hf_reason examine(struct hf_judge *judge, volatile uint32_t *hash_result, volatile uint32_t *signature_result)
{
	uint8_t h[HF_HASH_BYTES_MAX];
	enum hf_reason reason = hf_image_open(judge->place, judge->rules->limit_bytes, &judge->verdict->image, &judge->verdict->finding);

	if (reason == HF_OK) {
		reason = flags_check(judge);
	}
	if (reason == HF_OK) {
		reason = hf_judge_survey(judge);
	}
	if (reason == HF_OK) {
		reason = hf_judge_choose(judge);
	}
	if (reason == HF_OK) {
		reason = hash_image(judge, h);
	}
	if (reason == HF_OK && !hf_judge_is_pure(judge)) {
		reason = compare_hashes(judge);
	}
	if (reason != HF_OK) {
		return reason;
	}
	*hash_result = HF_CRYPTO_YES;
	if (judge->rules->key_count == 0u) {
		*signature_result = HF_CRYPTO_YES; /* hf_judge_choose() has asked allow_unsigned */
	} else {
		judge->verdict->tlv_type = judge->signature.type;
		reason = hf_judge_signature(judge, h, signature_result);
	}
	if (reason == HF_OK) {
		judge->verdict->tlv_type = 0;
		reason = check_place(judge);
	}
	return reason == HF_OK ? check_policy(judge) : reason;
}

enum hf_reason hf_verdict_of(const struct hf_image_place *place, const struct hf_rules *rules, void *work, uint32_t work_bytes,
			     struct hf_verdict *verdict)
{
	struct hf_judge judge = { .place = place, .rules = rules, .verdict = verdict, .work = work, .work_bytes = work_bytes,
			       .current_key = HF_NO_KEY };
	volatile uint32_t hash_result = HF_CRYPTO_NO;
	volatile uint32_t signature_result = HF_CRYPTO_NO;
	volatile enum hf_reason reason;

	hf_assert(work_bytes >= WORK_BYTES_MIN);
	memset(verdict, 0, sizeof(*verdict));
	verdict->token = HF_REFUSED;
	reason = examine(&judge, &hash_result, &signature_result);
	if (reason >= HF_R_FLASH_READ && reason < HF_R_IMAGE_BLANK) {
		return reason;
	}
	/* Both answers are read twice from memory, so that one skipped branch or one flipped bit does not accept. */
	if (reason == HF_OK && hash_result == HF_CRYPTO_YES && signature_result == HF_CRYPTO_YES) {
		if (hash_result == HF_CRYPTO_YES && signature_result == HF_CRYPTO_YES && reason == HF_OK) {
			verdict->token = HF_ACCEPTED;
		}
	}
	return HF_OK;
}
