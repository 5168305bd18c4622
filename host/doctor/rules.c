/* SPDX-License-Identifier: MIT */
#include "rules.h"

#define FAULT SEVERITY_FAULT
#define ATTENTION SEVERITY_ATTENTION
#define NOTE SEVERITY_NOTE
#define DATA CERTAINTY_DATA
#define LIKELY CERTAINTY_LIKELY

const struct rule doctor_rules[] = {
#define RULE(code, severity, certainty, detect, title, remedy, source) { #code, severity, certainty, title, remedy, source, detect },
#include "rules.def"
#undef RULE
};
const size_t doctor_rule_count = HF_ARRAY_COUNT(doctor_rules);

/* Findings of these codes come from readers, not from a rule. */
void detect_nothing(struct doctor *d)
{
	(void)d;
}

bool by_message(struct doctor *d, const char *code)
{
	if (doctor_hit(d, code) == NULL)
		return false;
	doctor_say_hits(d, doctor_find(d, code), code, 4);
	return true;
}
