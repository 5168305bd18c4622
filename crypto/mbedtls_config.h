/* SPDX-License-Identifier: MIT */
/* mbedtls_config.h - what is built of Mbed TLS: its two hashes in their small forms. p256-m has no settings. */
#ifndef CRYPTO_MBEDTLS_CONFIG_H
#define CRYPTO_MBEDTLS_CONFIG_H

#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA256_SMALLER
#define MBEDTLS_SHA512_C
#define MBEDTLS_SHA512_SMALLER
#define MBEDTLS_PLATFORM_ZEROIZE_ALT /* crypto_zeroize.c */

#endif
