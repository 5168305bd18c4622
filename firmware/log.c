/* SPDX-License-Identifier: MIT */
#include "log.h"

#include "../ports/port.h"

static void put_hex(char into[8], uint32_t value)
{
	for (uint32_t i = 8; i-- > 0; value >>= 4)
		into[i] = "0123456789abcdef"[value & 15u];
}

void fw_log(enum hf_reason reason, uint32_t a, uint32_t b)
{
	char line[] = "HF-0000 a=0x00000000 b=0x00000000\r\n";

	hf_reason_name(reason, line);
	put_hex(line + 12, a);
	put_hex(line + 25, b);
	port_uart_write(line, sizeof line - 1);
}

void fw_log_text(const char *text, uint32_t size_max)
{
	uint32_t size = 0;

	while (size < size_max && text[size] != 0)
		size++;
	port_uart_write(text, size);
}

void fw_log_hex(uint32_t value)
{
	char digits[8];

	put_hex(digits, value);
	port_uart_write(digits, sizeof digits);
}

static uint32_t put_decimal(char *into, uint32_t value, uint32_t digits_min)
{
	char digits[10];
	uint32_t count = 0;

	while (value != 0 || count < digits_min) {
		digits[count++] = (char)('0' + value % 10u);
		value /= 10u;
	}
	for (uint32_t i = 0; i < count; i++)
		into[i] = digits[count - 1 - i];
	return count;
}

void fw_log_decimal(uint32_t value, uint32_t digits_min)
{
	char digits[10];

	port_uart_write(digits, put_decimal(digits, value, digits_min > 10u ? 10u : digits_min));
}
