/* SPDX-License-Identifier: MIT */
/* Source: nRF52840 Product Specification, RNG; MDK nrf52840.svd. */
#include "../nrf/radio.h"

#define RNG_START 0x4000d000u
#define RNG_STOP 0x4000d004u
#define RNG_VALRDY 0x4000d100u
#define RNG_CONFIG 0x4000d504u
#define RNG_CONFIG_UNBIASED 1u
#define RNG_VALUE 0x4000d508u
#define POLLS_MAX 1000000u /* a byte takes some 120 us */

/* The crystal and the low-frequency clock are MPSL's to start. */
void chip_radio_start(void)
{
}

void chip_random(uint8_t *bytes, uint32_t size_bytes)
{
	reg_set(RNG_CONFIG, RNG_CONFIG_UNBIASED);
	reg_set(RNG_START, 1);
	for (uint32_t i = 0; i < size_bytes; i++) {
		uint32_t polls = 0;

		reg_set(RNG_VALRDY, 0);
		while (reg_get(RNG_VALRDY) == 0)
			hf_assert(++polls < POLLS_MAX); /* better to reset than to go on with numbers that can be guessed */
		bytes[i] = (uint8_t)reg_get(RNG_VALUE);
	}
	reg_set(RNG_STOP, 1);
}
