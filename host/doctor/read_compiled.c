/* SPDX-License-Identifier: MIT */
/* Public keys that a bootloader's binary holds: then an image can be held against the bootloader itself, and not only against key files.
 * Source   mcu-tools/mcuboot: scripts/imgtool/keys (getpub: DER of SubjectPublicKeyInfo, for RSA of RSAPublicKey, as a C array),
 *          boot/zephyr/keys.c; RFC 5480, RFC 8410, RFC 8017 (the bytes that such a DER begins with); core/include/holdfast/config.h. */
#define _GNU_SOURCE /* memmem */
#include <stdlib.h>

#include "doctor.h"

#define COMPILED_MAX 16u

static const struct {
	uint8_t head[28], head_bytes;
	uint16_t size_bytes, bits;
	enum hf_key_kind kind;
} shapes[] = {
	{ { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03,
	    0x42, 0x00, 0x04 }, 27, 91, 0, HF_KEY_P256 },
	{ { 0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04 },
	  24, 120, 0, HF_KEY_P384 },
	{ { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 }, 12, 44, 0, HF_KEY_ED25519 },
	{ { 0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00 }, 9, 270, 2048, HF_KEY_RSA },
	{ { 0x30, 0x82, 0x01, 0x8a, 0x02, 0x82, 0x01, 0x81, 0x00 }, 9, 398, 3072, HF_KEY_RSA },
};

static void add(struct doctor *d, struct doctor_input *input, const uint8_t *der, size_t shape, uint64_t addr)
{
	for (size_t i = 0; i < d->compiled.count; i++) {
		const struct keyfile *known = &d->compiled.at[i]->key;
		if (d->compiled.at[i]->input == input && known->der_bytes == shapes[shape].size_bytes && memcmp(known->der, der, known->der_bytes) == 0)
			return;
	}
	if (d->compiled.count >= COMPILED_MAX)
		return;
	struct found_key *key = host_alloc(sizeof *key);
	key->input = input;
	key->addr = addr;
	key->key.kind = shapes[shape].kind;
	key->key.bits = shapes[shape].bits;
	key->key.der_bytes = shapes[shape].size_bytes;
	memcpy(key->key.der, der, key->key.der_bytes);
	*DOCTOR_ADD(d->compiled) = key;
}

void doctor_take_compiled_keys(struct doctor *d, struct doctor_input *input, const uint8_t *data, size_t size_bytes, uint64_t addr)
{
	for (size_t s = 0; s < HF_ARRAY_COUNT(shapes); s++) {
		for (size_t off = 0; off + shapes[s].size_bytes <= size_bytes;) {
			const uint8_t *at = memmem(data + off, size_bytes - off, shapes[s].head, shapes[s].head_bytes);
			if (at == NULL || (size_t)(at - data) + shapes[s].size_bytes > size_bytes)
				break;
			add(d, input, at, s, addr + (size_t)(at - data));
			off = (size_t)(at - data) + 1;
		}
	}
}
