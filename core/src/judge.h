/* SPDX-License-Identifier: MIT */
/* judge.h - what the three files of the verdict share: the state of one judgement and the kinds of keys.
 *
 * Why      verdict.c asks the questions in order, verdict_tlv.c walks the TLVs and picks the deciding signature,
 *          verdict_signature.c checks it. The rules are in verdict.h.
 */
#ifndef HOLDFAST_SRC_JUDGE_H
#define HOLDFAST_SRC_JUDGE_H

#include <holdfast/verdict.h>

#define HF_NO_KEY UINT32_MAX
#define HF_ED25519_RAW_OFF 12u /* of the raw key in its DER */

/* What the walk over the TLVs has seen; bits 1 to 3 are the hash kinds. */
enum {
	HF_SEEN_PURE = 1u << 4, HF_SEEN_SIGNATURE = 1u << 5, HF_SEEN_KEYHASH = 1u << 6, HF_SEEN_KNOWN_KEY = 1u << 7, HF_SEEN_FULL_KEY = 1u << 8,
	HF_SEEN_OTHER_TYPE = 1u << 9, HF_SEEN_DECIDING = 1u << 10
};

struct hf_key_form;

struct hf_judge {
	const struct hf_image_place *place;
	const struct hf_rules *rules;
	struct hf_verdict *verdict;
	uint8_t *work;
	uint32_t work_bytes;
	uint32_t seen;
	uint32_t current_key;            /* HF_NO_KEY, or what the last KEYHASH named */
	enum hf_hash_kind current_hash;  /* hash that KEYHASH was made with; HF_HASH_NONE: key named in full */
	uint32_t unknown_off;            /* of the last KEYHASH that named no key of the loader */
	uint8_t unknown[4], tried[4];
	const struct hf_key *key;        /* key of the deciding signature */
	const struct hf_key_form *form;  /* of that key */
	struct hf_tlv signature;         /* the deciding signature */
};

/* What each kind of key is and makes. check: HF_OK sets *result by the adapter's answer to the signature in judge->work. */
struct hf_key_form {
	enum hf_reason (*check)(struct hf_judge *judge, uint8_t h[HF_HASH_BYTES_MAX], volatile uint32_t *result);
	uint8_t kind;             /* enum hf_key_kind */
	uint16_t der_bytes;
	uint16_t signature_bytes; /* the longest, for ECDSA; the only one for others */
	uint8_t signature_type;
	uint8_t hashes;           /* HF_FORM_OVER_* bits */
	uint8_t number_bytes;     /* of r and s; 0: not ECDSA */
};

static inline enum hf_reason hf_judge_refuse(struct hf_judge *judge, enum hf_reason reason, uint32_t where_off, uint32_t expected,
					     uint32_t found)
{
	return hf_refuse(&judge->verdict->finding, reason, where_off, expected, found);
}

static inline enum hf_reason hf_judge_read(struct hf_judge *judge, uint32_t off, void *into, uint32_t size_bytes)
{
	return hf_image_read(judge->place, &judge->verdict->image, off, into, size_bytes);
}

static inline void hf_judge_key_found(struct hf_judge *judge, uint32_t index, enum hf_hash_kind hash)
{
	judge->seen |= HF_SEEN_KNOWN_KEY;
	judge->current_key = index;
	judge->current_hash = hash;
}

/* Known once a signature decides; before that, and without keys, nothing is pure. */
static inline bool hf_judge_is_pure(const struct hf_judge *judge)
{
	return (judge->seen & HF_SEEN_PURE) != 0u && judge->key != NULL;
}

/* The form that fits the key's kind and, if there are several, its size; NULL: this build has no such kind. */
const struct hf_key_form *hf_key_form_of(const struct hf_crypto *crypto, const struct hf_key *key);

/* Walks all TLVs once: the allow-list, the keys, the deciding signature, the counter. */
enum hf_reason hf_judge_survey(struct hf_judge *judge) HF_MUST_USE;

/* After the survey: HF_OK leaves verdict->hash_kind, key and signature such that they say all that is needed. */
enum hf_reason hf_judge_choose(struct hf_judge *judge) HF_MUST_USE;

/* HF_OK only for a good signature, and then *result is HF_CRYPTO_YES. h: for a pure one SHA-512(R | A | image), else scratch. */
enum hf_reason hf_judge_signature(struct hf_judge *judge, uint8_t h[HF_HASH_BYTES_MAX], volatile uint32_t *result) HF_MUST_USE;

#endif
