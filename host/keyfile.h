/* SPDX-License-Identifier: MIT */
/* keyfile.h - PEM keys: read, make, write, sign with.
 *
 * Why      Keys are the files that imgtool and OpenSSL write, so that no one has to convert anything.
 * Shapes   der is the form whose hash is KEYHASH: SubjectPublicKeyInfo (EC with uncompressed point, Ed25519), PKCS#1 (RSA).
 *          Private keys are written as PKCS#8, encrypted with PBKDF2 and AES-256-CBC if there is a passphrase.
 * Errors   HF_R_HOST_KEY_*.
 * Source   mcu-tools/mcuboot: scripts/imgtool/keys/, docs/imgtool.md (which forms it reads and writes).
 */
#ifndef HOST_KEYFILE_H
#define HOST_KEYFILE_H

#include <holdfast/verdict.h>

#include "bytes.h"
#include "problem.h"

#define KEYFILE_DER_BYTES_MAX 600

struct keyfile {
	void *pkey;              /* EVP_PKEY */
	enum hf_key_kind kind;
	uint32_t bits;           /* RSA only */
	bool is_private;
	char path[256];
	uint8_t der[KEYFILE_DER_BYTES_MAX];
	uint16_t der_bytes;
};

/* Where a passphrase comes from, tried in this order: the file ("-": standard input), HOLDFAST_PASSPHRASE, a question on the
 * terminal. */
struct passphrase {
	const char *file; /* NULL: none */
	bool never_ask;   /* no question on the terminal */
};

enum hf_reason keyfile_read(const char *path, const struct passphrase *passphrase, struct keyfile *key,
			    struct problem *problem) HF_MUST_USE;
enum hf_reason keyfile_parse(const char *path, const struct bytes *pem, const struct passphrase *passphrase, struct keyfile *key,
			     struct problem *problem) HF_MUST_USE;
void keyfile_free(struct keyfile *key);

/* type: "ecdsa-p256", "ed25519", "rsa-2048", "rsa-3072", "ecdsa-p384" (also "p256", "p384"). */
enum hf_reason keyfile_make(const char *type, struct keyfile *key, struct problem *problem) HF_MUST_USE;
const char *keyfile_type_name(const struct keyfile *key);

/* secret NULL: not encrypted. */
enum hf_reason keyfile_private_pem(const struct keyfile *key, const char *secret, struct bytes *pem, struct problem *problem) HF_MUST_USE;
enum hf_reason keyfile_public_pem(const struct keyfile *key, struct bytes *pem, struct problem *problem) HF_MUST_USE;

/* For a new key: asks twice on a terminal. *secret is allocated. */
enum hf_reason passphrase_choose(const struct passphrase *passphrase, const char *path, char **secret, struct problem *problem) HF_MUST_USE;

struct hf_key keyfile_key(const struct keyfile *key);
/* Hash of der, as KEYHASH holds it. */
void keyfile_hash(const struct keyfile *key, enum hf_hash_kind kind, uint8_t *digest);

/* ECDSA and RSA: message is the digest of kind. Ed25519: message is whatever is signed. */
enum hf_reason keyfile_sign(const struct keyfile *key, enum hf_hash_kind kind, const uint8_t *message, size_t size_bytes,
			    struct bytes *signature, struct problem *problem) HF_MUST_USE;

#endif
