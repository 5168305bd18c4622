/* SPDX-License-Identifier: MIT */
/* What Holdfast's own bootloader prints: numbered reasons, so nothing has to be guessed. */
#include <stdio.h>

#include "log.h"
#include "rules.h"

/* The failure that a refusal's reason amounts to; NULL: its own words say all. */
static const char *code_of(uint64_t reason)
{
	static const struct { uint32_t reason; const char *code; } rows[] = {
		{ HF_R_KEY_UNKNOWN, "K02" }, { HF_R_SIG_TYPE_OTHER, "K06" }, { HF_R_SIG_TYPE_NOT_BUILT, "K06" }, { HF_R_POLICY_DOWNGRADE, "K12" },
		{ HF_R_POLICY_COUNTER, "K12" }, { HF_R_POLICY_SAME_IMAGE, "C07" }, { HF_R_IMAGE_BEYOND_LIMIT, "P10" }, { HF_R_SLOT_TOO_SMALL, "P10" },
		{ HF_R_IMAGE_HEADER_OTHER, "P07" }, { HF_R_IMAGE_ADDRESS_OTHER, "K13" }, { HF_R_IMAGE_VECTOR_OUTSIDE, "P13" }, { HF_R_IMAGE_BLANK, "S03" },
		{ HF_R_IMAGE_MAGIC, "S03" }, { HF_R_SLOT_REQUEST_TORN, "C03" }, { HF_R_EXTERNAL_ABSENT, "X03" }, { HF_R_EXTERNAL_ID, "X03" },
		{ HF_R_EXTERNAL_ASLEEP, "X04" },
	};
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		if (rows[i].reason == reason)
			return rows[i].code;
	}
	return NULL;
}

static void say_reason(struct doctor *d, const struct log_hit *hit, const char *code, uint64_t reason)
{
	const struct hf_reason_text *text = hf_reason_text((uint32_t)reason);
	struct finding *f = doctor_find(d, code);
	doctor_say(f, hit->input, hit->line, "%s", hit->text);
	if (text == NULL)
		return;
	doctor_say(f, hit->input, hit->line, "HF-%04u: %s", (unsigned)reason, text->sentence);
	doctor_grade(f, SEVERITY_FAULT, CERTAINTY_DATA);
	if (strcmp(code, "D09") == 0) {
		doctor_title(f, "%s", text->sentence);
		doctor_remedy(f, "%s", text->remedy);
	}
}

static bool is_trouble(uint64_t number)
{
	return (number >= 101 && number < 600) || number == HF_R_COPY_REFUSED || number == HF_R_WAY_BACK_LOST || (number >= 701 && number <= 704) ||
	       (number >= 1003 && number <= 1015 && number != HF_R_PORT_WAIT);
}

static void judge(struct doctor *d, const struct log_hit *hit)
{
	uint64_t number = hit->numbers[0], a = hit->numbers_found[1] ? hit->numbers[1] : 0;
	if (number == HF_R_REQUEST_REFUSED || number == HF_R_PRIMARY_REFUSED || number == HF_R_PORT_WAIT) {
		const char *code = code_of(a);
		say_reason(d, hit, number == HF_R_REQUEST_REFUSED ? "S05" : "K01", a);
		if (code != NULL)
			say_reason(d, hit, code, a);
	} else if (number == HF_R_REVERT_BEGIN) {
		say_reason(d, hit, "C01", number);
	} else if (is_trouble(number)) {
		const char *code = code_of(number);
		say_reason(d, hit, code != NULL ? code : "D09", number);
	}
}

void detect_d09(struct doctor *d)
{
	for (size_t i = 0; i < d->hits.count; i++) {
		if (strcmp(log_rows[d->hits.at[i].pattern].name, "holdfast_line") == 0 && d->hits.at[i].numbers_found[0])
			judge(d, &d->hits.at[i]);
	}
}
