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

const struct hf_rules *hf_known_rules(const struct hf_rules *rules)
{
	return rules;
}

const struct hf_boot_config *hf_known_boot(const struct hf_boot_config *config)
{
	return config;
}
