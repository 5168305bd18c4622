/* SPDX-License-Identifier: MIT */
#include "secondary.h"

/* Both slots are in the chip's own flash. */
const struct hf_flash *hf_known(const struct hf_flash *flash)
{
	(void)flash;
	return &port_flash_facts;
}

bool fw_secondary_check(const struct hf_config *config, struct hf_finding *finding)
{
	*finding = (struct hf_finding){ HF_R_PORT_OUTSIDE, config->secondary_addr, port_flash_bytes(), config->secondary_bytes };
	return hf_span_fits(config->secondary_addr, config->secondary_bytes, port_flash_bytes());
}

enum hf_reason fw_secondary_open(const struct hf_config *config, const uint8_t *block, struct hf_flash *flash, struct port_area *area)
{
	(void)block;
	port_flash_area(flash, area, config->secondary_addr, config->secondary_bytes);
	return HF_OK;
}

void fw_secondary_close(void)
{
}
