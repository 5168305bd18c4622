/* SPDX-License-Identifier: MIT */
/* passphrase.h - asks for a secret, from the sources that struct passphrase names.
 *
 * Errors   NULL: no source had one.
 */
#ifndef HOST_PASSPHRASE_H
#define HOST_PASSPHRASE_H

#include "keyfile.h"

/* Allocated; give it back to passphrase_forget, which wipes it. */
char *passphrase_get(const struct passphrase *passphrase, const char *what);
void passphrase_forget(char *secret);

#endif
