/* SPDX-License-Identifier: MIT */
/* crypto_zeroize.c - Mbed TLS wipes what it has hashed with this. Nothing here is a secret: images, keys and signatures are public, so
 * nothing is wiped. */
#include <stddef.h>

void mbedtls_platform_zeroize(void *data, size_t size_bytes);

void mbedtls_platform_zeroize(void *data, size_t size_bytes)
{
	(void)data;
	(void)size_bytes;
}
