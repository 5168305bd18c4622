/* SPDX-License-Identifier: MIT */
/* keyring.h - public keys that were met before, so that an image's key can be found by the hash in it.
 *
 * Why      `holdfast board run --app signed.bin` must find the key that a virtual board needs without being told.
 * Shapes   $XDG_DATA_HOME/holdfast/keys/<first 16 hex digits of SHA-256(DER)>.pem; also any *.pem of a given folder.
 *          Only public keys are kept there.
 * Errors   Remembering is a convenience: its failure is no failure of the command.
 */
#ifndef HOST_KEYRING_H
#define HOST_KEYRING_H

#include "imagefile.h"
#include "keyfile.h"

void keyring_remember(const struct keyfile *key);
/* hash: what KEYHASH holds (32, 48 or 64 bytes), or the whole DER of a key. Looks into the current folder, then the keyring.
 * HF_R_HOST_KEY_NOT_FOUND. */
enum hf_reason keyring_find(const char *image, const uint8_t *hash, uint32_t hash_bytes, struct keyfile *key,
			    struct problem *problem) HF_MUST_USE;
/* The key that an image names. HF_R_SIG_MISSING: it names none. */
enum hf_reason keyring_find_for(const struct imagefile *file, struct keyfile *key, struct problem *problem) HF_MUST_USE;

#endif
