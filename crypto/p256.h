/* SPDX-License-Identifier: MIT */
/* p256.h - ECDSA P-256 verification, small enough for a 20 KB loader.
 *
 * Why      Verification touches only public data, so nothing here has to run in constant time, and one modular multiplication
 *          serves curve and group order alike. A library made for signing as well is five times the size and twice as slow.
 * Shapes   key: 04 X Y; digest, r, s: 32 bytes; all big-endian.
 * Errors   HF_CRYPTO_YES only for a good signature of a key on the curve; HF_CRYPTO_NO for all else.
 * Limits   840 bytes of stack, no memory kept; 7.8 million instructions on a Cortex-M4 or M33 at -Os (emulated).
 * Source   FIPS 186-5 6.4.2 (verification) and SP 800-186 3.2.1.3 (the curve); Montgomery multiplication: C. K. Koc, T. Acar,
 *          B. S. Kaliski, "Analyzing and Comparing Montgomery Multiplication Algorithms", IEEE Micro 1996; point formulas:
 *          Explicit-Formulas Database, short Weierstrass with a = -3, Jacobian: dbl-2001-b, add-1998-cmo-2.
 */
#ifndef CRYPTO_P256_H
#define CRYPTO_P256_H

#include <holdfast/crypto.h>

uint32_t hf_p256_verify(const uint8_t key[65], const uint8_t digest[32], const uint8_t r[32], const uint8_t s[32]);

#endif
