/* SPDX-License-Identifier: MIT */
/* serve_bonds.h - the bonds of the demonstration device, in memory or in a file beside its flash.
 *
 * Why      A peer that paired once is known after a reset, and after the program was started anew on the same flash.
 * Shapes   Text, a line each: "public|random ADDRESS LTK IRK|- authenticated|plain WISHES FEATURES DATABASE"; keys in hex as struct ble_bond
 *          has them. It holds secrets: readable by its owner alone.
 * Cut      The file is replaced as a whole or not at all.
 * Limits   SERVE_BONDS_MAX; one more takes the place of the oldest.
 * Errors   HF_R_HOST_HCI_BONDS, HF_R_HOST_FILE_*.
 */
#ifndef HOST_SERVE_BONDS_H
#define HOST_SERVE_BONDS_H

#include <holdfast/ble.h>

#include "problem.h"

#define SERVE_BONDS_MAX 16u

struct serve_bonds {
	struct ble_bond list[SERVE_BONDS_MAX];
	uint32_t count, next; /* next: which one gives way when all are used */
	const char *path;     /* NULL: in memory alone */
};

/* A file that is not there holds none. */
enum hf_reason serve_bonds_read(struct serve_bonds *bonds, const char *path, struct problem *problem) HF_MUST_USE;
bool serve_bonds_get(const struct serve_bonds *bonds, uint32_t index, struct ble_bond *bond);
enum hf_reason serve_bonds_put(struct serve_bonds *bonds, const struct ble_bond *bond, struct problem *problem) HF_MUST_USE;
/* "00:AA:01:01:00:01" */
void serve_address_print(const struct ble_address *address, char into[18]);

#endif
