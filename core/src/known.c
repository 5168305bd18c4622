/* SPDX-License-Identifier: MIT */
/* known.c - nothing is known beforehand: hosts, tests, the explorer, applications. */
#include <holdfast/known.h>

const struct hf_flash *hf_known(const struct hf_flash *flash)
{
	return flash;
}

const struct hf_mode *hf_known_mode(const struct hf_mode *mode)
{
	return mode;
}

const struct hf_crypto *hf_known_crypto(const struct hf_crypto *crypto)
{
	return crypto;
}
