/* SPDX-License-Identifier: MIT */
/* Source: MDK nrf54l15_types.h (GRTC, POWER, CRACEN, CRACENCORE.RNGCONTROL); nrfxlib mpsl.h (low-latency call-backs);
 * alexmoon/nrf-sdc: nrf-mpsl/src/mpsl.rs (the GRTC must run before MPSL starts). */
#include "../nrf/radio.h"

#include <mpsl.h>

#define GRTC_START 0x500e2060u
#define GRTC_CLEAR 0x500e2068u
#define GRTC_MODE 0x500e2510u
#define GRTC_MODE_SYSCOUNTER 2u
#define POWER_CONSTLAT 0x5010e030u
#define POWER_LOWPWR 0x5010e034u
#define CRACEN_ENABLE 0x50048400u
#define CRACEN_ENABLE_RNG 2u
#define RNG_CONTROL 0x51801000u
#define RNG_CONTROL_ON 0x00040001u  /* four blocks of noise through the conditioning function for each block of output, as at reset; ENABLE */
#define RNG_FIFOLEVEL 0x51801004u
#define RNG_FIFO 0x51801080u
#define POLLS_MAX 10000000u

void chip_radio_start(void)
{
	if ((reg_get(GRTC_MODE) & GRTC_MODE_SYSCOUNTER) != 0)
		return;
	reg_set(GRTC_MODE, GRTC_MODE_SYSCOUNTER);
	reg_set(GRTC_CLEAR, 1);
	reg_set(GRTC_START, 1);
}

/* MPSL wants quick interrupts around the radio's events. */
void mpsl_low_latency_acquire_callback(void)
{
	reg_set(POWER_CONSTLAT, 1);
}

void mpsl_low_latency_release_callback(void)
{
	reg_set(POWER_LOWPWR, 1);
}

/* The generator stops by itself when its own health tests fail; the wait ends then. */
void chip_random(uint8_t *bytes, uint32_t size_bytes)
{
	reg_set(CRACEN_ENABLE, reg_get(CRACEN_ENABLE) | CRACEN_ENABLE_RNG);
	reg_set(RNG_CONTROL, RNG_CONTROL_ON);
	for (uint32_t i = 0; i < size_bytes; i += 4u) {
		uint32_t polls = 0, word;

		while (reg_get(RNG_FIFOLEVEL) == 0)
			hf_assert(++polls < POLLS_MAX); /* better to reset than to go on with numbers that can be guessed */
		word = reg_get(RNG_FIFO);
		for (uint32_t k = 0; k < 4u && i + k < size_bytes; k++)
			bytes[i + k] = (uint8_t)(word >> 8u * k);
	}
	reg_set(CRACEN_ENABLE, reg_get(CRACEN_ENABLE) & ~CRACEN_ENABLE_RNG);
}
