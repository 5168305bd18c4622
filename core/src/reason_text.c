/* SPDX-License-Identifier: MIT */
/* reason_text.c - the sentences of reason.def, for the host. A device links none of this. */
#include <holdfast/reason.h>

static const struct hf_reason_text texts[] = {
#define HF_REASON(number_, name_, sentence_, remedy_) \
	{ .number = (number_), .name = #name_, .sentence = (sentence_), .remedy = (remedy_) },
#include <holdfast/reason.def>
#undef HF_REASON
};

static const struct hf_reason_text unknown_text = {
	.number = 0xffffu,
	.name = "UNKNOWN",
	.sentence = "A reason number that this version does not know.",
	.remedy = "It comes from a newer or damaged board; look it up with a newer holdfast.",
};

const struct hf_reason_text *hf_reason_text(uint32_t number)
{
	for (size_t i = 0; i < HF_ARRAY_COUNT(texts); i++) {
		if (texts[i].number == number) {
			return &texts[i];
		}
	}
	return &unknown_text;
}

const struct hf_reason_text *hf_reason_list(size_t *count)
{
	*count = HF_ARRAY_COUNT(texts);
	return texts;
}
