/* SPDX-License-Identifier: MIT */
/* verdict.h - is this image acceptable, and if not, exactly why.
 *
 * Why      One function decides for the loader, for `holdfast verify` and for the tests. It knows keys and rules, no modes.
 * Shapes   accepted by a wide token only (HF_ACCEPTED); the token is preset to refuse and checked again before the jump.
 * Order    bounds -> TLV rules -> hash -> key -> signature -> policy; nothing is acted on before its bounds, nothing but the
 *          signature is believed before the signature.
 * Errors   The return value is HF_OK when a decision was reached (accepted or refused: see token and finding.reason) and
 *          HF_R_FLASH_* when the image could not be read: a read error is never a refusal. The token is HF_REFUSED then too.
 *
 * Rules    One walk over both TLV areas, in order. Types that are not named here are skipped in the protected area and refused in
 *          the unprotected one.
 *            SHA256 / 384 / 512   those of the deciding kind must all be right and at least one must be there; others are skipped
 *            KEYHASH              names the current key; its length says which hash it is of; an unknown one names no key
 *            PUBKEY               the same by the full key, only with full_key set; else skipped
 *            signature            of the current key's type: becomes the deciding one, and the key is forgotten; without a
 *                                 current key, or of another type: skipped. The last deciding one is the one that is checked
 *            SIG_PURE             the first one counts and must be one byte 1: the signature is over the image, not its hash
 *            SEC_CNT              protected, 4 bytes, once
 *            encryption keys      allowed, skipped
 *          Hash by key: P-256 and RSA SHA-256, P-384 SHA-384, Ed25519 SHA-256 or SHA-512 as KEYHASH says, pure SHA-512.
 *          ECDSA signatures: SEQUENCE and INTEGERs of short form, at most one byte longer than the curve's number and then with a
 *          leading zero, nothing else in the SEQUENCE; behind it zeros up to the length of the longest one, 72 bytes for P-256:
 *          imgtool --pad-sig adds two mostly, three or more once in some hundred signatures, when r or s is short. A missing
 *          or superfluous leading zero is let pass, as all of MCUboot's back ends do; it changes no value.
 * As MCUboot   a pure image's hash TLV is not looked at (its digest here is computed); with several known keys the last signature
 *          decides; the payload may be empty where no vector is asked for; PIC, RAM_LOAD and unknown flags are ignored.
 * Stricter than MCUboot, on purpose   KEYHASH in full length (MCUboot takes a prefix, even an empty one); a second security
 *          counter or one of another length is refused always (MCUboot installs 9-then-7 and then nothing boots); SIG_PURE on
 *          another key type is refused, not skipped; other bytes than zeros after an ECDSA signature (back ends differ); encrypted and
 *          compressed images are refused until this version can read them, also in the primary; reset vector and ROM_FIXED
 *          address are checked where the run address is known. See image.h for the header and the areas.
 * Looser   one loader takes more than one form: MCUboot's build has one signature type, one hash, pure or not; here the key says
 *          it. refused_forms makes a loader as narrow as a build.
 * Limits   stack and time: see docs/evidence.md; work buffer from the caller.
 * Source   mcu-tools/mcuboot: boot/bootutil/src/image_validate.c (2d4bacc3).
 */
#ifndef HOLDFAST_VERDICT_H
#define HOLDFAST_VERDICT_H

#include <holdfast/crypto.h>
#include <holdfast/image.h>

#define HF_ACCEPTED 0xb5e7c31du
#define HF_REFUSED 0x4a183ce2u

enum hf_key_kind { HF_KEY_NONE = 0, HF_KEY_P256 = 1, HF_KEY_ED25519 = 2, HF_KEY_RSA = 3, HF_KEY_P384 = 4 };

/* A public key in the DER form whose hash is KEYHASH: SubjectPublicKeyInfo (EC, Ed25519) or PKCS#1 (RSA). */
struct hf_key {
	enum hf_key_kind kind;
	uint16_t size_bytes;
	const uint8_t *der;
};

/* What a signature is over. */
enum {
	HF_FORM_OVER_SHA256 = 1u << HF_HASH_SHA256, HF_FORM_OVER_SHA384 = 1u << HF_HASH_SHA384, HF_FORM_OVER_SHA512 = 1u << HF_HASH_SHA512,
	HF_FORM_PURE = 1u << 4
};

struct hf_judge;

struct hf_rules {
	const struct hf_crypto *crypto;
	const struct hf_key *keys;
	uint32_t key_count;            /* 0: hash only, if allow_unsigned */
	bool allow_unsigned;           /* host inspection and tests; the device always sets false */
	/* hf_full_key: PUBKEY names a key as KEYHASH does. NULL: it does not, as in MCUboot loaders with keys inside. */
	enum hf_reason (*full_key)(struct hf_judge *judge, const struct hf_tlv *tlv);
	uint8_t refused_forms;         /* HF_FORM_* bits; 0: what the keys allow */
	uint32_t limit_bytes;          /* largest image, from the mode's size_max() */
	uint16_t header_bytes;         /* demanded header size; 0 = any >= 32 */
	uint32_t run_addr;             /* where the image's first byte will be when it runs; 0 with run_bytes 0 = unchecked */
	uint32_t run_bytes;            /* of the slot it will run in: the reset vector must point into the payload there */
	bool has_counter_min;          /* security counter rule */
	uint32_t counter_min;
	bool has_version_min;          /* downgrade rule; build number ignored */
	void (*feed)(void *feed_ctx);  /* watchdog, called at least every 4 KB hashed; may be NULL */
	void *feed_ctx;
	struct hf_version version_min;
};

enum hf_reason hf_full_key(struct hf_judge *judge, const struct hf_tlv *tlv) HF_MUST_USE;

struct hf_verdict {
	uint32_t token;                    /* HF_ACCEPTED or not */
	struct hf_finding finding;         /* finding.reason == HF_OK when accepted */
	uint16_t tlv_type;                 /* TLV that the finding is about; 0 = none */
	enum hf_hash_kind hash_kind;
	uint32_t key_index;                /* which key verified it */
	bool has_counter;                  /* believe it only when accepted */
	uint32_t counter;
	struct hf_image image;             /* valid if the header was acceptable */
	uint8_t digest[HF_HASH_BYTES_MAX]; /* computed over header, payload, protected TLVs */
	uint8_t id[32];                    /* identity of the image in journals and reports: first 32 bytes of digest */
};

/* work: at least 256 bytes (512 for RSA keys), 4-aligned, used for streaming; larger is faster. */
enum hf_reason hf_verdict_of(const struct hf_image_place *place, const struct hf_rules *rules, void *work, uint32_t work_bytes,
			     struct hf_verdict *verdict) HF_MUST_USE;

#endif
