/* SPDX-License-Identifier: MIT */
/* verdict.c - see verdict.h, which holds the table of rules. */
#include <holdfast/verdict.h>

#define FEED_BYTES 4096u
#define WORK_BYTES_MIN 256u
#define NO_KEY UINT32_MAX
#define ECDSA_PAD_BYTES 2u
#define ED25519_BYTES 64u

/* What the walk over the TLVs has seen; bits 1 to 3 are the hash kinds. */
enum {
	SEEN_PURE = 1u << 4, SEEN_SIGNATURE = 1u << 5, SEEN_KEYHASH = 1u << 6, SEEN_KNOWN_KEY = 1u << 7, SEEN_FULL_KEY = 1u << 8,
	SEEN_OTHER_TYPE = 1u << 9, SEEN_DECIDING = 1u << 10
};

struct judge {
	const struct hf_image_place *place;
	const struct hf_rules *rules;
	struct hf_verdict *verdict;
	uint8_t *work;
	uint32_t work_bytes;
	uint32_t seen;
	uint32_t current_key;            /* NO_KEY, or what the last KEYHASH named */
	enum hf_hash_kind current_hash;  /* hash that KEYHASH was made with; HF_HASH_NONE: key named in full */
	const struct hf_key *key;        /* key of the deciding signature */
	struct hf_tlv signature;         /* the deciding signature */
};

static enum hf_reason refuse(struct judge *judge, enum hf_reason reason, uint32_t where_off, uint32_t expected, uint32_t found)
{
	return hf_refuse(&judge->verdict->finding, reason, where_off, expected, found);
}

static enum hf_reason read_image(struct judge *judge, uint32_t off, void *into, uint32_t size_bytes)
{
	return hf_image_read(judge->place, &judge->verdict->image, off, into, size_bytes);
}

static bool is_pure(const struct judge *judge)
{
	return (judge->seen & SEEN_PURE) != 0u && judge->key != NULL;
}

static uint32_t get32be(const uint8_t *p)
{
	return (uint32_t)hf_get16be(p) << 16 | hf_get16be(p + 2);
}

/* Encryption and compression are named before anything is hashed: the hash is over the plain image and could not be right. */
static enum hf_reason flags_check(struct judge *judge)
{
	const uint32_t flags = judge->verdict->image.flags;
	const uint32_t aes = HF_IMAGE_F_AES128 | HF_IMAGE_F_AES256;
	const uint32_t lzma = HF_IMAGE_F_LZMA1 | HF_IMAGE_F_LZMA2;

	if ((flags & aes) == aes || (flags & lzma) == lzma || (flags & (lzma | HF_IMAGE_F_ARM_THUMB)) == HF_IMAGE_F_ARM_THUMB) {
		return refuse(judge, HF_R_IMAGE_FLAGS_CONFLICT, 16, 0, flags);
	}
	if ((flags & aes) != 0u) {
		return refuse(judge, HF_R_IMAGE_ENCRYPTED, 16, 0, flags);
	}
	if ((flags & lzma) != 0u) {
		return refuse(judge, HF_R_IMAGE_COMPRESSED, 16, 0, flags);
	}
	if ((flags & HF_IMAGE_F_NON_BOOTABLE) != 0u) {
		return refuse(judge, HF_R_IMAGE_NON_BOOTABLE, 16, 0, flags);
	}
	return HF_OK;
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

static bool is_hash_of_key(enum hf_key_kind key, enum hf_hash_kind hash)
{
	switch (key) {
	case HF_KEY_P256:
	case HF_KEY_RSA:
		return hash == HF_HASH_SHA256;
	case HF_KEY_P384:
		return hash == HF_HASH_SHA384;
	case HF_KEY_ED25519:
		return hash == HF_HASH_SHA256 || hash == HF_HASH_SHA512;
	case HF_KEY_NONE:
		break;
	}
	return false;
}

static uint16_t signature_type_of(const struct hf_key *key)
{
	switch (key->kind) {
	case HF_KEY_P256:
	case HF_KEY_P384:
		return HF_TLV_ECDSA;
	case HF_KEY_ED25519:
		return HF_TLV_ED25519;
	case HF_KEY_RSA:
		return key->size_bytes < 384u ? HF_TLV_RSA2048 : HF_TLV_RSA3072;
	case HF_KEY_NONE:
		break;
	}
	return 0;
}

/* ECDSA: the longest DER form; the others have one length. */
static uint32_t signature_bytes_max(const struct hf_key *key)
{
	switch (key->kind) {
	case HF_KEY_P256:
		return 72u + ECDSA_PAD_BYTES;
	case HF_KEY_P384:
		return 104u + ECDSA_PAD_BYTES;
	case HF_KEY_ED25519:
		return ED25519_BYTES;
	case HF_KEY_RSA:
		return key->size_bytes == 270u ? 256u : 384u;
	case HF_KEY_NONE:
		break;
	}
	return 0;
}

/* The key is a byte array of fixed shape here (verdict.h); a loader made by another tool could hold something else. */
static bool key_is_formed(const struct hf_key *key)
{
	switch (key->kind) {
	case HF_KEY_P256:
		return key->size_bytes == 91u && key->der[26] == 4u;
	case HF_KEY_P384:
		return key->size_bytes == 120u && key->der[23] == 4u;
	case HF_KEY_ED25519:
		return key->size_bytes == 44u;
	case HF_KEY_RSA:
		return key->size_bytes == 270u || key->size_bytes == 398u;
	case HF_KEY_NONE:
		break;
	}
	return false;
}

static bool key_is_built(const struct hf_crypto *crypto, enum hf_key_kind kind)
{
	switch (kind) {
	case HF_KEY_P256:
		return crypto->p256_verify != NULL;
	case HF_KEY_P384:
		return crypto->p384_verify != NULL;
	case HF_KEY_ED25519:
		return crypto->ed25519_check != NULL;
	case HF_KEY_RSA:
		return crypto->rsa_pss_verify != NULL;
	case HF_KEY_NONE:
		break;
	}
	return false;
}

static void key_found(struct judge *judge, uint32_t index, enum hf_hash_kind hash)
{
	judge->seen |= SEEN_KNOWN_KEY;
	judge->current_key = index;
	judge->current_hash = hash;
}

static enum hf_reason note_keyhash(struct judge *judge, const struct hf_tlv *tlv)
{
	const struct hf_crypto *crypto = judge->rules->crypto;
	const enum hf_hash_kind kind = hash_of_size(tlv->size_bytes);
	uint8_t *wanted = judge->work;
	uint8_t *digest = judge->work + HF_HASH_BYTES_MAX;
	struct hf_hash hash;

	judge->seen |= SEEN_KEYHASH;
	judge->current_key = NO_KEY;
	if (kind == HF_HASH_NONE) {
		return refuse(judge, HF_R_KEY_HASH_SIZE, tlv->data_off, 32, tlv->size_bytes);
	}
	const enum hf_reason reason = read_image(judge, tlv->data_off, wanted, tlv->size_bytes);
	if (reason != HF_OK) {
		return reason;
	}
	for (uint32_t i = 0; i < judge->rules->key_count; i++) {
		/* A hash that this kind of key is not used with names none, as MCUboot's build for such keys would not find it. */
		if (!is_hash_of_key(judge->rules->keys[i].kind, kind) || !crypto->hash_start(&hash, kind)) {
			continue;
		}
		crypto->hash_add(&hash, judge->rules->keys[i].der, judge->rules->keys[i].size_bytes);
		crypto->hash_end(&hash, digest);
		if (memcmp(wanted, digest, tlv->size_bytes) == 0) {
			key_found(judge, i, kind);
			return HF_OK;
		}
	}
	return HF_OK;
}

static enum hf_reason note_full_key(struct judge *judge, const struct hf_tlv *tlv)
{
	judge->seen |= SEEN_FULL_KEY;
	if (!judge->rules->accept_full_key || tlv->size_bytes > judge->work_bytes) {
		return HF_OK;
	}
	judge->current_key = NO_KEY;
	const enum hf_reason reason = read_image(judge, tlv->data_off, judge->work, tlv->size_bytes);
	if (reason != HF_OK) {
		return reason;
	}
	for (uint32_t i = 0; i < judge->rules->key_count; i++) {
		const struct hf_key *key = &judge->rules->keys[i];
		if (key->size_bytes == tlv->size_bytes && memcmp(key->der, judge->work, key->size_bytes) == 0) {
			key_found(judge, i, HF_HASH_NONE);
			return HF_OK;
		}
	}
	return HF_OK;
}

static enum hf_reason note_signature(struct judge *judge, const struct hf_tlv *tlv)
{
	judge->seen |= SEEN_SIGNATURE;
	if (judge->current_key == NO_KEY) {
		return HF_OK;
	}
	const struct hf_key *key = &judge->rules->keys[judge->current_key];
	if (tlv->type != signature_type_of(key)) {
		judge->seen |= SEEN_OTHER_TYPE;
		return HF_OK;
	}
	const uint32_t max_bytes = signature_bytes_max(key);
	if (tlv->size_bytes > max_bytes || (tlv->type != HF_TLV_ECDSA && tlv->size_bytes != max_bytes)) {
		return refuse(judge, HF_R_SIG_SIZE, tlv->data_off, max_bytes, tlv->size_bytes);
	}
	judge->seen |= SEEN_DECIDING;
	judge->key = key;
	judge->signature = *tlv;
	judge->verdict->key_index = judge->current_key;
	judge->verdict->hash_kind = judge->current_hash;
	judge->current_key = NO_KEY;
	return HF_OK;
}

static enum hf_reason note_pure(struct judge *judge, const struct hf_tlv *tlv)
{
	uint8_t value = 0;

	if ((judge->seen & SEEN_PURE) != 0u) {
		return HF_OK;
	}
	judge->seen |= SEEN_PURE;
	if (tlv->size_bytes == 1u) {
		const enum hf_reason reason = read_image(judge, tlv->data_off, &value, 1);
		if (reason != HF_OK) {
			return reason;
		}
	}
	if (value != 1u) {
		return refuse(judge, HF_R_SIG_PURE_VALUE, tlv->data_off, 1, tlv->size_bytes == 1u ? value : tlv->size_bytes);
	}
	return HF_OK;
}

static enum hf_reason note_counter(struct judge *judge, const struct hf_tlv *tlv)
{
	uint8_t raw[4];

	if (tlv->size_bytes != sizeof(raw)) {
		return refuse(judge, HF_R_IMAGE_COUNTER_SIZE, tlv->data_off, sizeof(raw), tlv->size_bytes);
	}
	if (judge->verdict->has_counter) {
		return refuse(judge, HF_R_IMAGE_COUNTER_TWICE, tlv->data_off, 1, 2);
	}
	const enum hf_reason reason = read_image(judge, tlv->data_off, raw, sizeof(raw));
	if (reason == HF_OK) {
		judge->verdict->has_counter = true;
		judge->verdict->counter = hf_get32le(raw);
	}
	return reason;
}

static enum hf_reason note_tlv(struct judge *judge, const struct hf_tlv *tlv)
{
	if (!tlv->is_protected && !is_allowed_unprotected(tlv->type)) {
		return refuse(judge, HF_R_IMAGE_TLV_NOT_ALLOWED, tlv->data_off - 4u, 0, tlv->type);
	}
	switch (tlv->type) {
	case HF_TLV_KEYHASH:
		return note_keyhash(judge, tlv);
	case HF_TLV_PUBKEY:
		return note_full_key(judge, tlv);
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

static enum hf_reason survey(struct judge *judge)
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
static enum hf_reason refuse_undecided(struct judge *judge)
{
	const uint32_t seen = judge->seen;
	enum hf_reason reason = HF_R_SIG_BEFORE_KEY;

	if ((seen & SEEN_SIGNATURE) == 0u) {
		reason = HF_R_SIG_MISSING;
	} else if ((seen & SEEN_OTHER_TYPE) != 0u) {
		reason = HF_R_SIG_TYPE_OTHER;
	} else if ((seen & (SEEN_KEYHASH | SEEN_KNOWN_KEY)) == SEEN_KEYHASH) {
		reason = HF_R_KEY_UNKNOWN;
	} else if ((seen & SEEN_FULL_KEY) != 0u) {
		reason = judge->rules->accept_full_key ? HF_R_KEY_UNKNOWN : HF_R_KEY_IN_FULL;
	}
	return refuse(judge, reason, judge->verdict->image.hashed_bytes, judge->rules->key_count, seen);
}

/* Without keys: the hash that is there, the shortest first. */
static enum hf_reason choose_unsigned(struct judge *judge)
{
	const uint32_t seen = judge->seen;

	if (!judge->rules->allow_unsigned) {
		return refuse(judge, HF_R_KEY_NONE, 0, 1, 0);
	}
	judge->verdict->hash_kind = (seen & HF_FORM_OVER_SHA256) != 0u ? HF_HASH_SHA256 :
				    (seen & HF_FORM_OVER_SHA384) != 0u ? HF_HASH_SHA384 : HF_HASH_SHA512;
	return HF_OK;
}

/* After this, verdict->hash_kind, key and signature say all that is needed. */
static enum hf_reason choose(struct judge *judge)
{
	struct hf_verdict *verdict = judge->verdict;
	const struct hf_key *key = judge->key;
	const uint32_t off = judge->signature.data_off;

	if (judge->rules->key_count == 0u) {
		return choose_unsigned(judge);
	}
	if ((judge->seen & SEEN_DECIDING) == 0u) {
		return refuse_undecided(judge);
	}
	verdict->tlv_type = judge->signature.type;
	if (!key_is_formed(key)) {
		return refuse(judge, HF_R_KEY_FORM, off, key->kind, key->size_bytes);
	}
	if (!key_is_built(judge->rules->crypto, key->kind)) {
		return refuse(judge, HF_R_SIG_TYPE_NOT_BUILT, off, 0, key->kind);
	}
	if (verdict->hash_kind == HF_HASH_NONE) { /* key named in full: the hash is the one the image has */
		const bool is_long = (judge->seen & (HF_FORM_OVER_SHA256 | HF_FORM_OVER_SHA512)) == HF_FORM_OVER_SHA512 || is_pure(judge);
		verdict->hash_kind = key->kind == HF_KEY_P384 ? HF_HASH_SHA384 :
				     key->kind == HF_KEY_ED25519 && is_long ? HF_HASH_SHA512 : HF_HASH_SHA256;
	}
	if (is_pure(judge) && key->kind != HF_KEY_ED25519) {
		return refuse(judge, HF_R_SIG_PURE_KEY, off, HF_KEY_ED25519, key->kind);
	}
	if (is_pure(judge) && verdict->hash_kind != HF_HASH_SHA512) {
		return refuse(judge, HF_R_SIG_HASH_OTHER, off, HF_HASH_SHA512, verdict->hash_kind);
	}
	const uint32_t form = is_pure(judge) ? HF_FORM_PURE : 1u << verdict->hash_kind;
	if ((form & judge->rules->refused_forms) != 0u) {
		return refuse(judge, HF_R_SIG_FORM_REFUSED, off, judge->rules->refused_forms, form);
	}
	verdict->tlv_type = 0;
	return HF_OK;
}

/* The one pass over the image: its digest, and for a pure signature at the same time SHA-512(R | A | image) into h. */
static enum hf_reason hash_image(struct judge *judge, uint8_t h[HF_HASH_BYTES_MAX])
{
	const struct hf_rules *rules = judge->rules;
	const struct hf_crypto *crypto = rules->crypto;
	struct hf_verdict *verdict = judge->verdict;
	const uint32_t chunk_bytes = judge->work_bytes < FEED_BYTES ? judge->work_bytes : FEED_BYTES;
	const uint32_t count = is_pure(judge) ? 2u : 1u;
	struct hf_hash hash[2];
	enum hf_reason reason = HF_OK;

	if (count == 2u) {
		reason = read_image(judge, judge->signature.data_off, judge->work, 32);
	}
	if (reason != HF_OK) {
		return reason;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (!crypto->hash_start(&hash[i], verdict->hash_kind)) {
			return refuse(judge, HF_R_IMAGE_HASH_NOT_BUILT, verdict->image.hashed_bytes, 0, verdict->hash_kind);
		}
	}
	if (count == 2u) {
		crypto->hash_add(&hash[1], judge->work, 32);
		crypto->hash_add(&hash[1], judge->key->der + 12, 32);
	}
	for (uint32_t off = 0; off < verdict->image.hashed_bytes && reason == HF_OK;) {
		const uint32_t left_bytes = verdict->image.hashed_bytes - off;
		const uint32_t part_bytes = left_bytes < chunk_bytes ? left_bytes : chunk_bytes;
		reason = read_image(judge, off, judge->work, part_bytes);
		for (uint32_t i = 0; i < count; i++) {
			crypto->hash_add(&hash[i], judge->work, part_bytes);
		}
		off += part_bytes;
		if (rules->feed != NULL) {
			rules->feed(rules->feed_ctx);
		}
	}
	if (count == 2u) {
		crypto->hash_end(&hash[1], h);
	}
	crypto->hash_end(&hash[0], verdict->digest); /* after a failed read too: an adapter may have to free something */
	memcpy(verdict->id, verdict->digest, sizeof(verdict->id));
	return reason;
}

/* Each hash TLV of the deciding kind against the digest; *matches says how many agreed. */
static enum hf_reason compare_hashes(struct judge *judge)
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
			return refuse(judge, HF_R_IMAGE_HASH_SIZE, tlv.data_off, size_bytes, tlv.size_bytes);
		}
		reason = read_image(judge, tlv.data_off, judge->work, size_bytes);
		if (reason != HF_OK) {
			return reason;
		}
		if (memcmp(judge->work, verdict->digest, size_bytes) != 0) {
			return refuse(judge, HF_R_IMAGE_HASH_WRONG, tlv.data_off, get32be(judge->work), get32be(verdict->digest));
		}
		verdict->tlv_type = 0;
		is_found = true;
	}
	return is_found ? HF_OK : refuse(judge, HF_R_IMAGE_HASH_MISSING, verdict->image.hashed_bytes, type, 0);
}

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
	if (size_bytes - end > ECDSA_PAD_BYTES || !hf_is_filled(der + end, size_bytes - end, 0)) {
		return false;
	}
	const uint32_t r_bytes = der_integer(der + 2, end - 2u, r, number_bytes);
	if (r_bytes == 0u) {
		return false;
	}
	const uint32_t s_bytes = der_integer(der + 2 + r_bytes, end - 2u - r_bytes, s, number_bytes);
	return s_bytes != 0u && 2u + r_bytes + s_bytes == end;
}

static enum hf_reason check_ecdsa(struct judge *judge, volatile uint32_t *result)
{
	const struct hf_crypto *crypto = judge->rules->crypto;
	const uint32_t number_bytes = judge->key->kind == HF_KEY_P256 ? 32u : 48u;
	const uint8_t *point = judge->key->der + (judge->key->kind == HF_KEY_P256 ? 26 : 23);
	uint8_t *r = judge->work + 128; /* a longer signature was refused before it was read */
	uint8_t *s = r + 48;

	if (!der_signature(judge->work, judge->signature.size_bytes, number_bytes, r, s)) {
		return refuse(judge, HF_R_SIG_DER, judge->signature.data_off, 0x30, judge->work[0]);
	}
	*result = judge->key->kind == HF_KEY_P256 ? crypto->p256_verify(point, judge->verdict->digest, r, s) :
						    crypto->p384_verify(point, judge->verdict->digest, r, s);
	return HF_OK;
}

static enum hf_reason check_ed25519(struct judge *judge, uint8_t h[HF_HASH_BYTES_MAX], volatile uint32_t *result)
{
	const struct hf_crypto *crypto = judge->rules->crypto;
	const uint8_t *key = judge->key->der + 12;
	struct hf_hash hash;

	if (!is_pure(judge)) { /* else hash_image has done it */
		if (!crypto->hash_start(&hash, HF_HASH_SHA512)) {
			return refuse(judge, HF_R_IMAGE_HASH_NOT_BUILT, judge->signature.data_off, 0, HF_HASH_SHA512);
		}
		crypto->hash_add(&hash, judge->work, 32);
		crypto->hash_add(&hash, key, 32);
		crypto->hash_add(&hash, judge->verdict->digest, hf_hash_bytes(judge->verdict->hash_kind));
		crypto->hash_end(&hash, h);
	}
	*result = crypto->ed25519_check(key, judge->work, h);
	return HF_OK;
}

static enum hf_reason check_signature(struct judge *judge, uint8_t h[HF_HASH_BYTES_MAX], volatile uint32_t *result)
{
	const struct hf_key *key = judge->key;
	const uint32_t size_bytes = judge->signature.size_bytes;

	hf_assert(size_bytes <= judge->work_bytes);
	const enum hf_reason reason = read_image(judge, judge->signature.data_off, judge->work, size_bytes);
	if (reason != HF_OK) {
		return reason;
	}
	switch (key->kind) {
	case HF_KEY_P256:
	case HF_KEY_P384:
		return check_ecdsa(judge, result);
	case HF_KEY_ED25519:
		return check_ed25519(judge, h, result);
	case HF_KEY_RSA:
		*result = judge->rules->crypto->rsa_pss_verify(key->der, key->size_bytes, judge->verdict->digest, judge->work, size_bytes);
		break;
	case HF_KEY_NONE:
		break;
	}
	return HF_OK;
}

/* Where the image will run: its first vectors and the address it says it was linked for. */
static enum hf_reason check_place(struct judge *judge)
{
	const struct hf_rules *rules = judge->rules;
	const struct hf_image *image = &judge->verdict->image;
	uint8_t raw[4];

	if (rules->header_bytes != 0u && image->header_bytes != rules->header_bytes) {
		return refuse(judge, HF_R_IMAGE_HEADER_OTHER, 8, rules->header_bytes, image->header_bytes);
	}
	if (rules->run_bytes == 0u) {
		return HF_OK;
	}
	if ((image->flags & HF_IMAGE_F_ROM_FIXED) != 0u && image->load_addr != rules->run_addr) {
		return refuse(judge, HF_R_IMAGE_ADDRESS_OTHER, 4, rules->run_addr, image->load_addr);
	}
	if (image->payload_bytes < 8u) {
		return refuse(judge, HF_R_IMAGE_NO_VECTORS, 12, 8, image->payload_bytes);
	}
	const enum hf_reason reason = read_image(judge, image->header_bytes + 4u, raw, sizeof(raw));
	if (reason != HF_OK) {
		return reason;
	}
	const uint32_t vector = hf_get32le(raw);
	if ((vector & 1u) == 0u || vector - rules->run_addr >= rules->run_bytes) {
		return refuse(judge, HF_R_IMAGE_VECTOR_OUTSIDE, image->header_bytes + 4u, rules->run_addr, vector);
	}
	return HF_OK;
}

static enum hf_reason check_policy(struct judge *judge)
{
	const struct hf_rules *rules = judge->rules;
	const struct hf_verdict *verdict = judge->verdict;

	if (rules->has_counter_min && !verdict->has_counter) {
		return refuse(judge, HF_R_POLICY_COUNTER_MISSING, 0, rules->counter_min, 0);
	}
	if (rules->has_counter_min && verdict->counter < rules->counter_min) {
		return refuse(judge, HF_R_POLICY_COUNTER, 0, rules->counter_min, verdict->counter);
	}
	if (rules->has_version_min && hf_version_compare(&verdict->image.version, &rules->version_min) < 0) {
		return refuse(judge, HF_R_POLICY_DOWNGRADE, 20, hf_version_word(&rules->version_min),
			      hf_version_word(&verdict->image.version));
	}
	return HF_OK;
}

/* All questions in order; the first that is answered no ends it. HF_OK leaves the two answers that the token needs. */
static enum hf_reason examine(struct judge *judge, volatile uint32_t *hash_result, volatile uint32_t *signature_result)
{
	uint8_t h[HF_HASH_BYTES_MAX];
	enum hf_reason reason = hf_image_open(judge->place, judge->rules->limit_bytes, &judge->verdict->image, &judge->verdict->finding);

	if (reason == HF_OK) {
		reason = flags_check(judge);
	}
	if (reason == HF_OK) {
		reason = survey(judge);
	}
	if (reason == HF_OK) {
		reason = choose(judge);
	}
	if (reason == HF_OK) {
		reason = hash_image(judge, h);
	}
	if (reason == HF_OK && !is_pure(judge)) {
		reason = compare_hashes(judge);
	}
	if (reason != HF_OK) {
		return reason;
	}
	*hash_result = HF_CRYPTO_YES;
	if (judge->rules->key_count == 0u) {
		*signature_result = HF_CRYPTO_YES; /* choose() has asked allow_unsigned */
	} else {
		judge->verdict->tlv_type = judge->signature.type;
		reason = check_signature(judge, h, signature_result);
		if (reason == HF_OK && *signature_result != HF_CRYPTO_YES) {
			reason = refuse(judge, HF_R_SIG_WRONG, judge->signature.data_off, HF_CRYPTO_YES, *signature_result);
		}
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
	struct judge judge = { .place = place, .rules = rules, .verdict = verdict, .work = work, .work_bytes = work_bytes,
			       .current_key = NO_KEY };
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
