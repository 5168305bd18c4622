/* SPDX-License-Identifier: MIT */
#include "secondary.h"

static struct hf_external external;
static bool is_external;

/* Two kinds of flash: each area says what it is. */
const struct hf_flash *hf_known(const struct hf_flash *flash)
{
	return flash;
}

/* A layout of this loader may as well have its update slot inside. */
bool fw_secondary_check(const struct hf_config *config, struct hf_finding *finding)
{
	is_external = config->secondary_bytes != 0 && hf_config_is_external(config->secondary_addr);
	*finding = (struct hf_finding){ HF_R_PORT_OUTSIDE, config->secondary_addr, port_flash_bytes(), config->secondary_bytes };
	return is_external || hf_span_fits(config->secondary_addr, config->secondary_bytes, port_flash_bytes());
}

enum hf_reason fw_secondary_open(const struct hf_config *config, const uint8_t *block, struct hf_flash *flash, struct port_area *area)
{
	enum hf_reason reason = HF_OK;

	if (!is_external) {
		port_flash_area(flash, area, config->secondary_addr, config->secondary_bytes);
		return HF_OK;
	}
	reason = hf_config_decode_external(block, &external);
	if (reason == HF_OK && !hf_span_fits(config->secondary_addr - HF_EXTERNAL_ADDR, config->secondary_bytes, external.size_bytes))
		reason = HF_R_CONFIG_EXTERNAL;
	if (reason == HF_OK)
		reason = port_external_open(&external);
	port_external_area(flash, area, config->secondary_addr, config->secondary_bytes);
	return reason;
}

void fw_secondary_close(void)
{
	port_external_close();
}
