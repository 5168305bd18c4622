/* SPDX-License-Identifier: MIT */
#include "crypto_sim.h"

#include "flash_sim.h"

enum { LANES = 4, BLOCK_BYTES = 32, STATE_TOTAL = 4, STATE_BLOCK = 5, SIGNATURE_BYTES_MAX = 72 };

/* ---- hash: four lanes over 32-byte blocks; state[4] counts bytes, state[5..8] hold the open block */

static bool sim_hash_start(struct hf_hash *hash, enum hf_hash_kind kind)
{
	if (hf_hash_bytes(kind) == 0)
		return false;
	memset(hash, 0, sizeof *hash);
	hash->kind = kind;
	for (uint32_t i = 0; i < LANES; i++)
		hash->state[i] = sim_mix(i, (uint64_t)kind);
	return true;
}

static void absorb(struct hf_hash *hash, const uint8_t *block)
{
	for (uint32_t i = 0; i < LANES; i++) {
		uint64_t word;
		memcpy(&word, block + 8u * i, 8);
		uint64_t lane = (hash->state[i] ^ word) * 0x9fb21c651e98df25u;
		lane ^= lane >> 35;
		hash->state[i] = lane * 0xff51afd7ed558ccdu + hash->state[(i + 1) % LANES];
	}
}

static void sim_hash_add(struct hf_hash *hash, const void *data, size_t size_bytes)
{
	const uint8_t *p = data;
	uint8_t *open = (uint8_t *)&hash->state[STATE_BLOCK];
	size_t held = (size_t)(hash->state[STATE_TOTAL] % BLOCK_BYTES);
	hash->state[STATE_TOTAL] += size_bytes;
	while (size_bytes != 0) {
		if (held == 0 && size_bytes >= BLOCK_BYTES) {
			absorb(hash, p);
			p += BLOCK_BYTES;
			size_bytes -= BLOCK_BYTES;
			continue;
		}
		const size_t part = BLOCK_BYTES - held < size_bytes ? BLOCK_BYTES - held : size_bytes;
		memcpy(open + held, p, part);
		held += part;
		p += part;
		size_bytes -= part;
		if (held == BLOCK_BYTES) {
			absorb(hash, open);
			held = 0;
		}
	}
}

static void sim_hash_end(struct hf_hash *hash, uint8_t *digest)
{
	uint8_t *open = (uint8_t *)&hash->state[STATE_BLOCK];
	const size_t held = (size_t)(hash->state[STATE_TOTAL] % BLOCK_BYTES);
	memset(open + held, 0, BLOCK_BYTES - held);
	absorb(hash, open);
	uint64_t all = hash->state[STATE_TOTAL];
	for (uint32_t i = 0; i < LANES; i++)
		all = sim_mix(all, hash->state[i]);
	for (uint32_t i = 0; i < hf_hash_bytes(hash->kind) / 8; i++) {
		const uint64_t word = sim_mix(all + i, hash->state[i % LANES]);
		memcpy(digest + 8u * i, &word, 8);
	}
}

/* ---- signatures: a mix of key and message that anybody could compute, but nobody hits by a torn write */

static void mac(const uint8_t *key, size_t key_bytes, const uint8_t *message, size_t message_bytes, uint8_t out[64])
{
	struct hf_hash hash;
	(void)sim_hash_start(&hash, HF_HASH_SHA512);
	sim_hash_add(&hash, key, key_bytes);
	sim_hash_add(&hash, message, message_bytes);
	sim_hash_end(&hash, out);
}

/* First bytes are kept in 0x40..0x7f: a DER integer of full length without a leading zero, an S below the group order's top. */
static uint8_t tamed(uint8_t byte)
{
	return (uint8_t)((byte & 0x3fu) | 0x40u);
}

static void p256_make(const uint8_t key[65], const uint8_t digest[32], uint8_t rs[64])
{
	mac(key, 65, digest, 32, rs);
	rs[0] = tamed(rs[0]);
	rs[32] = tamed(rs[32]);
}

static uint32_t sim_p256_verify(const uint8_t key[65], const uint8_t digest[32], const uint8_t r[32], const uint8_t s[32])
{
	uint8_t rs[64];
	p256_make(key, digest, rs);
	return memcmp(rs, r, 32) == 0 && memcmp(rs + 32, s, 32) == 0 ? HF_CRYPTO_YES : HF_CRYPTO_NO;
}

/* R is chosen by the signer, S answers for key, R and h = SHA-512(R | A | message). */
static void ed25519_answer(const uint8_t key[32], const uint8_t r[32], const uint8_t h[64], uint8_t s[32])
{
	uint8_t both[96], out[64];
	memcpy(both, r, 32);
	memcpy(both + 32, h, 64);
	mac(key, 32, both, sizeof both, out);
	memcpy(s, out, 32);
	s[31] &= 0x0fu;
}

static uint32_t sim_ed25519_check(const uint8_t key[32], const uint8_t signature[64], const uint8_t h[64])
{
	uint8_t s[32];
	ed25519_answer(key, signature, h, s);
	return memcmp(s, signature + 32, 32) == 0 ? HF_CRYPTO_YES : HF_CRYPTO_NO;
}

static const struct hf_key_form *const forms[] = { &hf_key_form_p256, &hf_key_form_ed25519 };

const struct hf_crypto sim_crypto = {
	.name = "simulated",
	.forms = forms,
	.form_count = HF_ARRAY_COUNT(forms),
	.hash_start = sim_hash_start,
	.hash_add = sim_hash_add,
	.hash_end = sim_hash_end,
	.p256_verify = sim_p256_verify,
	.ed25519_check = sim_ed25519_check,
};

/* ---- keys: the DER frames of mcuboot-compatible public keys around made-up points */

#define P256_FRAME 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, \
	0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04
#define ED25519_FRAME 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00

static const uint8_t p256_der[2][91] = { { P256_FRAME, 'o', 'u', 'r', 's' }, { P256_FRAME, 't', 'h', 'e', 'i', 'r', 's' } };
static const uint8_t ed25519_der[2][44] = { { ED25519_FRAME, 'o', 'u', 'r', 's' }, { ED25519_FRAME, 't', 'h', 'e', 'i', 'r', 's' } };

const struct hf_key sim_keys_p256[2] = { { HF_KEY_P256, sizeof p256_der[0], p256_der[0] },
					 { HF_KEY_P256, sizeof p256_der[1], p256_der[1] } };
const struct hf_key sim_keys_ed25519[2] = { { HF_KEY_ED25519, sizeof ed25519_der[0], ed25519_der[0] },
					    { HF_KEY_ED25519, sizeof ed25519_der[1], ed25519_der[1] } };

/* ---- images */

static void digest_of(const void *data, size_t size_bytes, uint8_t digest[32])
{
	struct hf_hash hash;
	(void)sim_hash_start(&hash, HF_HASH_SHA256);
	sim_hash_add(&hash, data, size_bytes);
	sim_hash_end(&hash, digest);
}

static uint32_t sign_digest(const struct hf_key *key, const uint8_t digest[32], uint8_t out[SIGNATURE_BYTES_MAX])
{
	if (key->kind == HF_KEY_P256) {
		uint8_t rs[64];
		p256_make(key->der + 26, digest, rs);
		out[0] = 0x30;
		out[1] = 68;
		for (uint32_t i = 0; i < 2; i++) {
			out[2 + 34 * i] = 0x02;
			out[3 + 34 * i] = 32;
			memcpy(out + 4 + 34 * i, rs + 32 * i, 32);
		}
		return 70;
	}
	struct hf_hash hash;
	uint8_t h[64];
	const uint8_t *a = key->der + 12;
	digest_of(digest, 32, out); /* R: anything that depends on the message */
	(void)sim_hash_start(&hash, HF_HASH_SHA512);
	sim_hash_add(&hash, out, 32);
	sim_hash_add(&hash, a, 32);
	sim_hash_add(&hash, digest, 32);
	sim_hash_end(&hash, h);
	ed25519_answer(a, out, h, out + 32);
	return 64;
}

static uint32_t tlv_area_bytes(const struct hf_key *key)
{
	return HF_TLV_INFO_BYTES + 2 * (4 + 32) + 4 + (key->kind == HF_KEY_P256 ? 70u : 64u);
}

static uint8_t *tlv_put(uint8_t *p, uint16_t type, const uint8_t *data, uint32_t size_bytes)
{
	hf_put16le(p, type);
	hf_put16le(p + 2, (uint16_t)size_bytes);
	memcpy(p + 4, data, size_bytes);
	return p + 4 + size_bytes;
}

static uint32_t protected_bytes(const struct sim_image_spec *spec)
{
	return spec->counter != 0 ? HF_TLV_INFO_BYTES + 4u + 4u : 0;
}

uint32_t sim_image_min_bytes(const struct sim_image_spec *spec)
{
	return spec->header_bytes + 16u + protected_bytes(spec) + tlv_area_bytes(spec->key);
}

/* Runs of blank words among the payload, as linkers leave them: a copy must not depend on what was there before. */
static void fill_payload(const struct sim_image_spec *spec, uint8_t *payload, uint32_t size_bytes)
{
	for (uint32_t i = 0; i < size_bytes; i++) {
		const uint64_t r = sim_mix(spec->seed, i / 8);
		payload[i] = (uint8_t)((r & 15u) == 0 ? 0xffu : r >> (8 * (i % 8)));
	}
	hf_put32le(payload, 0x20001000u);
	hf_put32le(payload + 4, spec->entry_addr | 1u);
}

void sim_image_make(const struct sim_image_spec *spec, uint8_t *into)
{
	const uint32_t tlv_bytes = tlv_area_bytes(spec->key);
	const uint32_t payload_bytes = spec->total_bytes - spec->header_bytes - protected_bytes(spec) - tlv_bytes;
	uint8_t digest[32], key_hash[32], signature[SIGNATURE_BYTES_MAX];
	memset(into, 0, spec->header_bytes);
	hf_put32le(into, HF_IMAGE_MAGIC);
	hf_put16le(into + 8, spec->header_bytes);
	hf_put16le(into + 10, (uint16_t)protected_bytes(spec));
	hf_put32le(into + 12, payload_bytes);
	hf_put32le(into + 16, spec->flags);
	into[20] = spec->version.major;
	into[21] = spec->version.minor;
	hf_put16le(into + 22, spec->version.revision);
	hf_put32le(into + 24, spec->version.build);
	fill_payload(spec, into + spec->header_bytes, payload_bytes);
	const uint32_t hashed_bytes = spec->header_bytes + payload_bytes + protected_bytes(spec);
	if (spec->counter != 0) {
		uint8_t counter[4], *area = into + spec->header_bytes + payload_bytes;
		hf_put32le(counter, spec->counter);
		hf_put16le(area, HF_TLV_PROTECTED_MAGIC);
		hf_put16le(area + 2, (uint16_t)protected_bytes(spec));
		tlv_put(area + 4, HF_TLV_SEC_CNT, counter, sizeof counter);
	}
	digest_of(into, hashed_bytes, digest);
	digest_of(spec->key->der, spec->key->size_bytes, key_hash);
	const uint32_t signature_bytes = sign_digest(spec->key, digest, signature);
	uint8_t *p = into + hashed_bytes;
	hf_put16le(p, HF_TLV_INFO_MAGIC);
	hf_put16le(p + 2, (uint16_t)tlv_bytes);
	p = tlv_put(p + 4, HF_TLV_SHA256, digest, 32);
	p = tlv_put(p, HF_TLV_KEYHASH, key_hash, 32);
	tlv_put(p, spec->key->kind == HF_KEY_P256 ? HF_TLV_ECDSA : HF_TLV_ED25519, signature, signature_bytes);
}
