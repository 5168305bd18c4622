/* SPDX-License-Identifier: MIT */
#include "nrf.h"

#define PULL_SETTLE_US 500u

static uint8_t led_pin = NRF_PIN_NONE;

void nrf_pin_configure(uint8_t pin, uint32_t value)
{
	uint32_t base = chip_gpio_base(pin);

	if (base != 0)
		reg_set(base + CHIP_GPIO_PIN_CNF + 4u * (pin % 32u), value);
}

void nrf_pin_write(uint8_t pin, bool high)
{
	uint32_t base = chip_gpio_base(pin);

	if (base != 0)
		reg_set(base + (high ? CHIP_GPIO_OUTSET : CHIP_GPIO_OUTCLR), 1u << (pin % 32u));
}

void port_led(uint8_t pin, uint8_t active_level, bool on)
{
	nrf_pin_write(pin, on == (active_level != 0));
	if (led_pin != pin) {
		led_pin = pin;
		nrf_pin_configure(pin, NRF_PIN_CNF_OUTPUT);
	}
}

/* The pull is about 13 kOhm: half a millisecond charges what a button may have against bouncing, 10 nF. */
bool port_pin_is(uint8_t pin, uint8_t level)
{
	uint32_t base = chip_gpio_base(pin);

	if (base == 0)
		return false;
	nrf_pin_configure(pin, level != 0 ? NRF_PIN_CNF_INPUT_PULLDOWN : NRF_PIN_CNF_INPUT_PULLUP);
	uint32_t start_us = nrf_micros();
	while (nrf_micros() - start_us < PULL_SETTLE_US)
		;
	uint32_t now = reg_get(base + CHIP_GPIO_IN) >> (pin % 32u) & 1u;
	nrf_pin_configure(pin, NRF_PIN_CNF_AT_RESET);
	return now == (level != 0);
}

void nrf_led_release(void)
{
	nrf_pin_configure(led_pin, NRF_PIN_CNF_AT_RESET);
	nrf_pin_write(led_pin, false);
	led_pin = NRF_PIN_NONE;
}
