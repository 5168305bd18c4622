/* SPDX-License-Identifier: MIT */
/* recovery_none.c - for loaders without recovery: nobody can ask for it, and where there is nothing to start they try again. */
#include "recovery.h"

#include "trap.h"

enum hf_reason fw_recovery_installed(struct hf_journal *journal)
{
	(void)journal;
	return HF_OK;
}

enum hf_reason fw_recovery_asked(const struct hf_config *config, const uint8_t *block)
{
	(void)config;
	(void)block;
	return HF_OK;
}

void fw_recovery_run(const struct hf_config *config, const struct hf_boot_config *boot, const struct hf_boot_result *result,
		  const struct hf_report *report)
{
	(void)boot;
	(void)report;
	fw_retry_later(result->stop.reason, result->stop.where_off, config->led_pin, config->led_active_level);
}
