/* SPDX-License-Identifier: MIT */
#include "log.h"

#include "../ports/port.h"

static uint32_t put_hex(char *into, uint32_t value)
{
	for (uint32_t i = 0; i < 8; i++)
		into[i] = "0123456789abcdef"[value >> (28 - 4 * i) & 15u];
	return 8;
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

void fw_log(enum hf_reason reason, uint32_t a, uint32_t b)
{
	char line[48];
	uint32_t n = 3;

	memcpy(line, "HF-", 3);
	n += put_decimal(line + n, (uint32_t)reason % 10000u, 4);
	memcpy(line + n, " a=0x", 5);
	n += 5 + put_hex(line + n + 5, a);
	memcpy(line + n, " b=0x", 5);
	n += 5 + put_hex(line + n + 5, b);
	line[n++] = '\r';
	line[n++] = '\n';
	port_uart_write(line, n);
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

	port_uart_write(digits, put_hex(digits, value));
}

void fw_log_decimal(uint32_t value, uint32_t digits_min)
{
	char digits[10];

	port_uart_write(digits, put_decimal(digits, value, digits_min > 10u ? 10u : digits_min));
}
