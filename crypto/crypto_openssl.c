/* SPDX-License-Identifier: MIT */
/* crypto_openssl.c - all that verdict.c can ask for; host only.
 *
 * Hashes, ECDSA and RSA are OpenSSL's. Ed25519 is the device's own code (crypto_monocypher.c): OpenSSL has no call that takes the
 * hash instead of the message, and so `holdfast verify` gives the very answer of the loader; tests compare it with OpenSSL's.
 */
#include <holdfast/crypto.h>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

static EVP_MD_CTX *context_of(struct hf_hash *hash)
{
	EVP_MD_CTX *context;

	memcpy(&context, hash->state, sizeof(context));
	return context;
}

static bool hash_start(struct hf_hash *hash, enum hf_hash_kind kind)
{
	const EVP_MD *md = kind == HF_HASH_SHA256 ? EVP_sha256() : kind == HF_HASH_SHA384 ? EVP_sha384() :
			   kind == HF_HASH_SHA512 ? EVP_sha512() : NULL;
	if (md == NULL) {
		return false;
	}
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	if (context == NULL || EVP_DigestInit_ex(context, md, NULL) != 1) {
		EVP_MD_CTX_free(context);
		return false;
	}
	memcpy(hash->state, &context, sizeof(context));
	hash->kind = kind;
	return true;
}

static void hash_add(struct hf_hash *hash, const void *data, size_t size_bytes)
{
	const int done = EVP_DigestUpdate(context_of(hash), data, size_bytes);

	hf_assert(done == 1);
}

static void hash_end(struct hf_hash *hash, uint8_t *digest)
{
	EVP_MD_CTX *context = context_of(hash);
	const int done = EVP_DigestFinal_ex(context, digest, NULL);

	hf_assert(done == 1);
	EVP_MD_CTX_free(context);
}

/* A public key of a named curve from its uncompressed point; NULL if the point is not on the curve. */
static EVP_PKEY *ec_key(const char *curve, const uint8_t *point, size_t point_bytes)
{
	EVP_PKEY *key = NULL;
	char name[16];
	uint8_t copy[97]; /* OSSL_PARAM has no const */

	hf_assert(strlen(curve) < sizeof(name) && point_bytes <= sizeof(copy));
	memcpy(name, curve, strlen(curve) + 1u);
	memcpy(copy, point, point_bytes);
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
				OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy, point_bytes),
				OSSL_PARAM_construct_end() };
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
		key = NULL;
	}
	EVP_PKEY_CTX_free(context);
	return key;
}

/* r and s as the DER that OpenSSL wants; returns its length, 0 on failure. */
static size_t ecdsa_der(const uint8_t *r, const uint8_t *s, int number_bytes, uint8_t der[112])
{
	ECDSA_SIG *signature = ECDSA_SIG_new();
	BIGNUM *big_r = BN_bin2bn(r, number_bytes, NULL);
	BIGNUM *big_s = BN_bin2bn(s, number_bytes, NULL);
	uint8_t *into = der;
	int der_bytes = 0;

	if (signature == NULL || big_r == NULL || big_s == NULL || ECDSA_SIG_set0(signature, big_r, big_s) != 1) {
		BN_free(big_r);
		BN_free(big_s);
	} else {
		der_bytes = i2d_ECDSA_SIG(signature, &into);
	}
	ECDSA_SIG_free(signature);
	return der_bytes > 0 ? (size_t)der_bytes : 0u;
}

static uint32_t ecdsa_verify(const char *curve, int number_bytes, const uint8_t *point, const uint8_t *digest, const uint8_t *r,
			     const uint8_t *s)
{
	uint8_t der[112];
	uint32_t result = HF_CRYPTO_NO;
	const size_t der_bytes = ecdsa_der(r, s, number_bytes, der);
	EVP_PKEY *key = ec_key(curve, point, 1u + 2u * (size_t)number_bytes);
	EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);

	if (der_bytes != 0u && context != NULL && EVP_PKEY_verify_init(context) == 1 &&
	    EVP_PKEY_verify(context, der, der_bytes, digest, (size_t)number_bytes) == 1) {
		result = HF_CRYPTO_YES;
	}
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(key);
	return result;
}

static uint32_t p256_verify(const uint8_t key[65], const uint8_t digest[32], const uint8_t r[32], const uint8_t s[32])
{
	return ecdsa_verify("P-256", 32, key, digest, r, s);
}

static uint32_t p384_verify(const uint8_t key[97], const uint8_t digest[48], const uint8_t r[48], const uint8_t s[48])
{
	return ecdsa_verify("P-384", 48, key, digest, r, s);
}

static uint32_t ed25519_check(const uint8_t key[32], const uint8_t signature[64], const uint8_t h[64])
{
	return hf_crypto_ed25519.ed25519_check(key, signature, h);
}

static uint32_t rsa_pss_verify(const uint8_t *key_der, uint32_t key_bytes, const uint8_t digest[32], const uint8_t *signature,
			       uint32_t signature_bytes)
{
	uint32_t result = HF_CRYPTO_NO;
	const uint8_t *from = key_der;
	EVP_PKEY *key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &from, (long)key_bytes);
	EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);

	if (context != NULL && from == key_der + key_bytes && (EVP_PKEY_get_bits(key) == 2048 || EVP_PKEY_get_bits(key) == 3072) &&
	    EVP_PKEY_get_size(key) == (int)signature_bytes && EVP_PKEY_verify_init(context) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(context, 32) == 1 &&
	    EVP_PKEY_verify(context, signature, signature_bytes, digest, 32) == 1) {
		result = HF_CRYPTO_YES;
	}
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(key);
	return result;
}

static const struct hf_key_form *const forms[] = { &hf_key_form_p256, &hf_key_form_p384, &hf_key_form_ed25519, &hf_key_form_rsa2048, &hf_key_form_rsa3072 };

const struct hf_crypto hf_crypto_openssl = {
	.name = "openssl",
	.forms = forms,
	.form_count = HF_ARRAY_COUNT(forms),
	.hash_start = hash_start,
	.hash_add = hash_add,
	.hash_end = hash_end,
	.p256_verify = p256_verify,
	.p384_verify = p384_verify,
	.ed25519_check = ed25519_check,
	.rsa_pss_verify = rsa_pss_verify,
};
