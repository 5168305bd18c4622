/* SPDX-License-Identifier: MIT */
#include "nrf.h"

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

void nrf_led_release(void)
{
	nrf_pin_configure(led_pin, NRF_PIN_CNF_AT_RESET);
	nrf_pin_write(led_pin, false);
	led_pin = NRF_PIN_NONE;
}
