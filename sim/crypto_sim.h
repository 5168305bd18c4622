/* SPDX-License-Identifier: MIT */
/* crypto_sim.h - cryptography for runs by the million, and images that it signs.
 *
 * Why      A real signature costs as much as a whole simulated update. Here hash and signature are fast mixes, but both depend
 *          on every bit of their inputs, so the core's checks really decide: a changed byte, key or digest is refused. Some
 *          tests run the same scenarios with real cryptography.
 * Shapes   Images are whole MCUboot images: header, payload with a vector table, hash, key hash and signature TLVs.
 * Source   mcu-tools/mcuboot: boot/bootutil/include/bootutil/image.h, scripts/imgtool/image.py.
 */
#ifndef SIM_CRYPTO_SIM_H
#define SIM_CRYPTO_SIM_H

#include <holdfast/crypto.h>
#include <holdfast/image.h>
#include <holdfast/verdict.h>

extern const struct hf_crypto sim_crypto;
/* Two keys of each kind: [0] is the one that boot knows, [1] a stranger. */
extern const struct hf_key sim_keys_p256[2];
extern const struct hf_key sim_keys_ed25519[2];

struct sim_image_spec {
	uint32_t total_bytes;    /* header, payload and TLVs together */
	uint16_t header_bytes;
	struct hf_version version;
	uint32_t flags;
	const struct hf_key *key;
	uint32_t entry_addr;     /* for the reset vector */
	uint64_t seed;           /* of the payload */
	uint32_t counter;        /* security counter in a protected TLV; 0 = none */
};

/* Smallest total_bytes that an image of this kind can have. */
uint32_t sim_image_min_bytes(const struct sim_image_spec *spec);
void sim_image_make(const struct sim_image_spec *spec, uint8_t *into);

#endif
