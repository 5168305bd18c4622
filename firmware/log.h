/* SPDX-License-Identifier: MIT */
/* log.h - numbered lines on the UART: "HF-1002 a=0x0000c200 b=0x01010000\r\n".
 *
 * Why      Sentences stay on the host, where reason.def is linked; a loader has no room for them.
 * Shapes   Reason as four decimal digits, a and b as eight hexadecimal ones, in the order of the reason's sentence.
 */
#ifndef FIRMWARE_LOG_H
#define FIRMWARE_LOG_H

#include <holdfast/reason.h>

void fw_log(enum hf_reason reason, uint32_t a, uint32_t b);
/* At most size_max characters, less if text ends before. */
void fw_log_text(const char *text, uint32_t size_max);
void fw_log_hex(uint32_t value);
void fw_log_decimal(uint32_t value, uint32_t digits_min);

#endif
