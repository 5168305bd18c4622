/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "keyfile.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "passphrase.h"

/* A row for each type of key; the only place that knows their names. */
static const struct key_type {
	const char *name, *short_name;
	enum hf_key_kind kind;
	const char *algorithm; /* of OpenSSL */
	const char *group;
	uint32_t bits;
} key_types[] = {
	{ "ecdsa-p256", "p256", HF_KEY_P256, "EC", "P-256", 0 },
	{ "ed25519", "ed25519", HF_KEY_ED25519, "ED25519", NULL, 0 },
	{ "rsa-2048", "rsa2048", HF_KEY_RSA, "RSA", NULL, 2048 },
	{ "rsa-3072", "rsa3072", HF_KEY_RSA, "RSA", NULL, 3072 },
	{ "ecdsa-p384", "p384", HF_KEY_P384, "EC", "P-384", 0 },
};

static bool is_group(EVP_PKEY *pkey, const char *first, const char *second)
{
	char name[64];
	size_t length = 0;
	if (EVP_PKEY_get_group_name(pkey, name, sizeof name, &length) != 1)
		return false;
	return strcmp(name, first) == 0 || strcmp(name, second) == 0;
}

static bool kind_of(EVP_PKEY *pkey, struct keyfile *key)
{
	if (EVP_PKEY_is_a(pkey, "ED25519")) {
		key->kind = HF_KEY_ED25519;
		return true;
	}
	if (EVP_PKEY_is_a(pkey, "RSA")) {
		key->kind = HF_KEY_RSA;
		key->bits = (uint32_t)EVP_PKEY_get_bits(pkey);
		return key->bits == 2048 || key->bits == 3072;
	}
	if (!EVP_PKEY_is_a(pkey, "EC"))
		return false;
	/* A compressed point in the file must not change the key hash. */
	(void)EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed");
	key->kind = is_group(pkey, "prime256v1", "P-256") ? HF_KEY_P256 : is_group(pkey, "secp384r1", "P-384") ? HF_KEY_P384 : HF_KEY_NONE;
	return key->kind != HF_KEY_NONE;
}

/* Fills kind and DER; takes pkey over. */
static enum hf_reason adopt(EVP_PKEY *pkey, struct keyfile *key, struct problem *problem)
{
	key->pkey = pkey;
	if (!kind_of(pkey, key)) {
		const char *name = EVP_PKEY_get0_type_name(pkey);
		enum hf_reason reason = problem_set(problem, HF_R_HOST_KEY_TYPE, key->path, "it is a key of type %s, %d bits",
						    name != NULL ? name : "unknown", EVP_PKEY_get_bits(pkey));
		keyfile_free(key);
		return reason;
	}
	unsigned char *der = NULL;
	int size = key->kind == HF_KEY_RSA ? i2d_PublicKey(pkey, &der) : i2d_PUBKEY(pkey, &der);
	if (size <= 0 || size > KEYFILE_DER_BYTES_MAX) {
		OPENSSL_free(der);
		keyfile_free(key);
		return problem_set(problem, HF_R_HOST_KEY_FORMAT, key->path, "its public part can't be encoded");
	}
	memcpy(key->der, der, (size_t)size);
	key->der_bytes = (uint16_t)size;
	OPENSSL_free(der);
	return HF_OK;
}

struct asked {
	const struct passphrase *passphrase;
	const char *path;
	bool was_asked;
	bool had_one;
};

static int give_passphrase(char *buffer, int size, int for_writing, void *context)
{
	struct asked *asked = context;
	(void)for_writing;
	asked->was_asked = true;
	char *secret = passphrase_get(asked->passphrase, asked->path);
	if (secret == NULL)
		return -1;
	asked->had_one = true;
	size_t length = strlen(secret);
	int given = length <= (size_t)size ? (int)length : -1;
	if (given >= 0)
		memcpy(buffer, secret, length);
	passphrase_forget(secret);
	return given;
}

static bool holds(const struct bytes *pem, const char *text)
{
	size_t length = strlen(text);
	for (size_t i = 0; i + length <= pem->size; i++) {
		if (memcmp(pem->data + i, text, length) == 0)
			return true;
	}
	return false;
}

static EVP_PKEY *decode_rsa_public(const struct bytes *pem)
{
	EVP_PKEY *pkey = NULL;
	OSSL_DECODER_CTX *decoder =
		OSSL_DECODER_CTX_new_for_pkey(&pkey, "PEM", "type-specific", "RSA", EVP_PKEY_PUBLIC_KEY, NULL, NULL);
	const unsigned char *data = pem->data;
	size_t size = pem->size;
	if (decoder != NULL)
		(void)OSSL_DECODER_from_data(decoder, &data, &size);
	OSSL_DECODER_CTX_free(decoder);
	return pkey;
}

static EVP_PKEY *decode(const struct bytes *pem, bool is_private, struct asked *asked)
{
	if (!is_private && holds(pem, "-----BEGIN RSA PUBLIC KEY-----"))
		return decode_rsa_public(pem);
	BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->size);
	EVP_PKEY *pkey = is_private ? PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, asked) :
				      PEM_read_bio_PUBKEY(bio, NULL, give_passphrase, asked);
	BIO_free(bio);
	return pkey;
}

enum hf_reason keyfile_parse(const char *path, const struct bytes *pem, const struct passphrase *passphrase, struct keyfile *key,
			     struct problem *problem)
{
	struct asked asked = { .passphrase = passphrase, .path = path };
	struct keyfile read = { 0 };
	(void)snprintf(read.path, sizeof read.path, "%s", path);
	read.is_private = holds(pem, "PRIVATE KEY-----");
	EVP_PKEY *pkey = decode(pem, read.is_private, &asked);
	ERR_clear_error();
	if (pkey == NULL && asked.was_asked)
		return problem_set(problem, asked.had_one ? HF_R_HOST_KEY_PASSPHRASE_WRONG : HF_R_HOST_KEY_PASSPHRASE_NEEDED, path,
				   "%s", "");
	if (pkey == NULL)
		return problem_differs(problem, HF_R_HOST_KEY_FORMAT, path, "a PEM private or public key",
				       holds(pem, "-----BEGIN CERTIFICATE") ? "a certificate" :
				       holds(pem, "-----BEGIN") ? "PEM text that does not decode" : "no PEM text");
	enum hf_reason reason = adopt(pkey, &read, problem);
	if (reason == HF_OK)
		*key = read;
	return reason;
}

enum hf_reason keyfile_read(const char *path, const struct passphrase *passphrase, struct keyfile *key, struct problem *problem)
{
	struct bytes pem = { 0 };
	enum hf_reason reason = file_read(path, 64 * 1024, &pem, problem);
	if (reason != HF_OK)
		return reason;
	reason = keyfile_parse(path, &pem, passphrase, key, problem);
	OPENSSL_cleanse(pem.data, pem.size);
	bytes_free(&pem);
	return reason;
}

void keyfile_free(struct keyfile *key)
{
	EVP_PKEY_free(key->pkey);
	key->pkey = NULL;
}

enum hf_reason keyfile_make(const char *type, struct keyfile *key, struct problem *problem)
{
	for (size_t i = 0; i < HF_ARRAY_COUNT(key_types); i++) {
		const struct key_type *row = &key_types[i];
		if (strcmp(type, row->name) != 0 && strcmp(type, row->short_name) != 0)
			continue;
		EVP_PKEY *pkey = row->group != NULL ? EVP_EC_gen(row->group) :
				 row->bits != 0 ? EVP_RSA_gen(row->bits) : EVP_PKEY_Q_keygen(NULL, NULL, row->algorithm);
		if (pkey == NULL)
			return problem_set(problem, HF_R_HOST_SIGN_FAILED, type, "the key could not be made");
		struct keyfile made = { .is_private = true };
		enum hf_reason reason = adopt(pkey, &made, problem);
		if (reason == HF_OK)
			*key = made;
		return reason;
	}
	return problem_set(problem, HF_R_HOST_OPTION_VALUE, "--type",
			   "'%s' is none of ecdsa-p256, ed25519, rsa-2048, rsa-3072, ecdsa-p384", type);
}

const char *keyfile_type_name(const struct keyfile *key)
{
	for (size_t i = 0; i < HF_ARRAY_COUNT(key_types); i++) {
		if (key_types[i].kind == key->kind && key_types[i].bits == key->bits)
			return key_types[i].name;
	}
	return "unknown";
}

static enum hf_reason take_bio(BIO *bio, int wrote, const struct keyfile *key, struct bytes *pem, struct problem *problem)
{
	char *data = NULL;
	long size = wrote == 1 ? BIO_get_mem_data(bio, &data) : 0;
	if (size > 0)
		bytes_add(pem, data, (size_t)size);
	BIO_free(bio);
	ERR_clear_error();
	return size > 0 ? HF_OK : problem_set(problem, HF_R_HOST_KEY_FORMAT, key->path, "the key can't be written as PEM");
}

enum hf_reason keyfile_private_pem(const struct keyfile *key, const char *secret, struct bytes *pem, struct problem *problem)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int wrote = PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, secret != NULL ? EVP_aes_256_cbc() : NULL, secret,
						  secret != NULL ? (int)strlen(secret) : 0, NULL, NULL);
	return take_bio(bio, wrote, key, pem, problem);
}

enum hf_reason keyfile_public_pem(const struct keyfile *key, struct bytes *pem, struct problem *problem)
{
	BIO *bio = BIO_new(BIO_s_mem());
	return take_bio(bio, PEM_write_bio_PUBKEY(bio, key->pkey), key, pem, problem);
}

struct hf_key keyfile_key(const struct keyfile *key)
{
	return (struct hf_key){ .kind = key->kind, .size_bytes = key->der_bytes, .der = key->der };
}

static const EVP_MD *md_of(enum hf_hash_kind kind)
{
	return kind == HF_HASH_SHA384 ? EVP_sha384() : kind == HF_HASH_SHA512 ? EVP_sha512() : EVP_sha256();
}

void keyfile_hash(const struct keyfile *key, enum hf_hash_kind kind, uint8_t *digest)
{
	int done = EVP_Digest(key->der, key->der_bytes, digest, NULL, md_of(kind), NULL);
	hf_assert(done == 1);
}

static bool sign_ed25519(EVP_PKEY *pkey, const uint8_t *message, size_t size, struct bytes *signature)
{
	uint8_t made[64];
	size_t made_bytes = sizeof made;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, pkey) == 1 &&
		    EVP_DigestSign(context, made, &made_bytes, message, size) == 1 && made_bytes == 64;
	EVP_MD_CTX_free(context);
	if (good)
		bytes_add(signature, made, made_bytes);
	return good;
}

static bool sign_digest(EVP_PKEY *pkey, bool is_rsa, enum hf_hash_kind kind, const uint8_t *digest, size_t size,
			struct bytes *signature)
{
	uint8_t made[512];
	size_t made_bytes = sizeof made;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);
	bool good = context != NULL && EVP_PKEY_sign_init(context) == 1;
	if (good && is_rsa)
		good = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1;
	good = good && EVP_PKEY_CTX_set_signature_md(context, md_of(kind)) == 1;
	if (good && is_rsa)
		good = EVP_PKEY_CTX_set_rsa_mgf1_md(context, md_of(kind)) == 1 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(context, 32) == 1;
	good = good && EVP_PKEY_sign(context, made, &made_bytes, digest, size) == 1;
	EVP_PKEY_CTX_free(context);
	if (good)
		bytes_add(signature, made, made_bytes);
	return good;
}

enum hf_reason keyfile_sign(const struct keyfile *key, enum hf_hash_kind kind, const uint8_t *message, size_t size_bytes,
			    struct bytes *signature, struct problem *problem)
{
	if (!key->is_private)
		return problem_set(problem, HF_R_HOST_KEY_PUBLIC_ONLY, key->path, "%s", "");
	bool good = key->kind == HF_KEY_ED25519 ? sign_ed25519(key->pkey, message, size_bytes, signature) :
						  sign_digest(key->pkey, key->kind == HF_KEY_RSA, kind, message, size_bytes, signature);
	ERR_clear_error();
	return good ? HF_OK : problem_set(problem, HF_R_HOST_SIGN_FAILED, key->path, "%s", "");
}
