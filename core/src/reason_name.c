/* SPDX-License-Identifier: MIT */
#include <holdfast/reason.h>

void hf_reason_name(enum hf_reason reason, char name[HF_REASON_NAME_CHARS])
{
	uint32_t rest = (uint32_t)reason;

	memcpy(name, "HF-", 3);
	for (uint32_t i = HF_REASON_NAME_CHARS; i-- > 3; rest /= 10u)
		name[i] = (char)('0' + rest % 10u);
}
