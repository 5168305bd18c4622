/* SPDX-License-Identifier: MIT */
/* Findings: made, filled, ranked, reported; and the look-ups that rules share. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "doctor.h"
#include "log.h"

static const struct rule *rule_of(const char *code)
{
	for (size_t i = 0; i < doctor_rule_count; i++) {
		if (strcmp(doctor_rules[i].code, code) == 0)
			return &doctor_rules[i];
	}
	hf_assert(false);
	return NULL;
}

const struct finding *doctor_found(const struct doctor *d, const char *code)
{
	for (size_t i = 0; i < d->findings.count; i++) {
		if (strcmp(d->findings.at[i]->rule->code, code) == 0)
			return d->findings.at[i];
	}
	return NULL;
}

struct finding *doctor_find(struct doctor *d, const char *code)
{
	for (size_t i = 0; i < d->findings.count; i++) {
		if (strcmp(d->findings.at[i]->rule->code, code) == 0)
			return d->findings.at[i];
	}
	struct finding *f = host_alloc(sizeof *f);
	f->rule = rule_of(code);
	f->severity = f->rule->severity;
	f->certainty = f->rule->certainty;
	f->title = host_strdup(f->rule->title);
	f->remedy = host_strdup(f->rule->remedy);
	*DOCTOR_ADD(d->findings) = f;
	return f;
}

void doctor_say(struct finding *f, const struct doctor_input *input, unsigned line, const char *format, ...)
{
	struct evidence e = { .input = input, .line = line };
	va_list list;
	va_start(list, format);
	(void)vsnprintf(e.text, sizeof e.text, format, list);
	va_end(list);
	for (size_t i = 0; i < f->evidence_count; i++) {
		if (f->evidence[i].input == input && f->evidence[i].line == line && strcmp(f->evidence[i].text, e.text) == 0)
			return;
	}
	if (f->evidence_count < DOCTOR_EVIDENCE_MAX)
		f->evidence[f->evidence_count++] = e;
}

void doctor_title(struct finding *f, const char *format, ...)
{
	char text[400];
	va_list list;
	va_start(list, format);
	(void)vsnprintf(text, sizeof text, format, list);
	va_end(list);
	free(f->title);
	f->title = host_strdup(text);
}

void doctor_remedy(struct finding *f, const char *format, ...)
{
	char text[1000];
	va_list list;
	va_start(list, format);
	(void)vsnprintf(text, sizeof text, format, list);
	va_end(list);
	free(f->remedy);
	f->remedy = host_strdup(text);
}

void doctor_grade(struct finding *f, enum severity severity, enum certainty certainty)
{
	f->severity = severity;
	f->certainty = certainty;
}

/* --- look-ups ---------------------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct setting *x = *(const struct setting *const *)a, *y = *(const struct setting *const *)b;
	int order = strcmp(x->name, y->name);
	return order != 0 ? order : x < y ? -1 : x > y;
}

void doctor_index(struct doctor *d)
{
	free((void *)d->by_name);
	d->by_name = host_alloc((d->settings.count + 1) * sizeof *d->by_name);
	for (size_t i = 0; i < d->settings.count; i++)
		d->by_name[i] = &d->settings.at[i];
	qsort(d->by_name, d->settings.count, sizeof *d->by_name, by_name);
}

/* The first of that name in the index. */
static size_t first_named(const struct doctor *d, const char *name)
{
	size_t low = 0, high = d->settings.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(d->by_name[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct setting *doctor_setting(const struct doctor *d, enum doctor_who who, const char *name)
{
	const struct setting *best = NULL;
	for (size_t i = first_named(d, name); i < d->settings.count && strcmp(d->by_name[i]->name, name) == 0; i++) {
		const struct setting *s = d->by_name[i];
		if (s->is_comment || s->input->aside || s->who != who || s->is_sysbuild != (who == WHO_SYSBUILD))
			continue;
		if (best == NULL || s->is_final >= best->is_final)
			best = s;
	}
	return best;
}

bool doctor_is(const struct doctor *d, enum doctor_who who, const char *name, const char *value)
{
	const struct setting *s = doctor_setting(d, who, name);
	return s != NULL && strcmp(s->value, value) == 0;
}

uint64_t doctor_setting_number(const struct doctor *d, enum doctor_who who, const char *name, uint64_t fallback)
{
	const struct setting *s = doctor_setting(d, who, name);
	char *end = NULL;
	if (s == NULL)
		return fallback;
	uint64_t value = strtoull(s->value, &end, 0);
	return end != s->value && *end == '\0' ? value : fallback;
}

void doctor_say_setting(struct finding *f, const struct setting *s)
{
	if (s->is_off)
		doctor_say(f, s->input, s->line, "# CONFIG_%s is not set", s->name);
	else
		doctor_say(f, s->input, s->line, "%s%sCONFIG_%s=%s", s->is_comment ? "# " : "", s->is_sysbuild ? "SB_" : "", s->name, s->value);
}

const struct log_hit *doctor_hit(const struct doctor *d, const char *name)
{
	for (size_t i = 0; i < d->hits.count; i++) {
		if (strcmp(log_rows[d->hits.at[i].pattern].name, name) == 0)
			return &d->hits.at[i];
	}
	return NULL;
}

size_t doctor_hit_count(const struct doctor *d, const char *name)
{
	size_t count = 0;
	for (size_t i = 0; i < log_row_count && d->pattern_counts != NULL; i++)
		count += strcmp(log_rows[i].name, name) == 0 ? d->pattern_counts[i] : 0;
	return count;
}

void doctor_say_hits(struct doctor *d, struct finding *f, const char *name, size_t most)
{
	for (size_t i = 0; i < d->hits.count && most != 0; i++) {
		const struct log_hit *hit = &d->hits.at[i];
		if (strcmp(log_rows[hit->pattern].name, name) != 0)
			continue;
		doctor_say(f, hit->input, hit->line, "%s", hit->text);
		most--;
	}
}

const char *doctor_name_ending(const struct doctor *d, const char *ending)
{
	size_t size = strlen(ending);
	for (size_t i = 0; i < d->tree.count; i++) {
		size_t length = strlen(d->tree.at[i]);
		const char *tail = length >= size ? d->tree.at[i] + length - size : NULL;
		if (tail != NULL && strcmp(tail, ending) == 0 && (tail == d->tree.at[i] || tail[-1] == '/'))
			return d->tree.at[i];
	}
	return NULL;
}

/* --- conclusion -------------------------------------------------------------------------------------------------------------- */

/* A cause and what follows from it: the second is told after the first. */
static const char *const follows[][2] = {
	{ "P01", "P02" }, { "P01", "S03" }, { "P03", "P16" }, { "P04", "P16" }, { "P20", "P16" }, { "K01", "S03" }, { "K02", "S05" }, { "K12", "S05" },
	{ "S09", "S05" }, { "P02", "S12" }, { "P08", "P02" }, { "X01", "C04" }, { "X02", "C04" }, { "X06", "X02" }, { "B09", "B08" }, { "B08", "P16" },
	{ "R04", "B05" }, { "B15", "B05" }, { "K05", "K09" }, { "K03", "K09" }, { "K04", "K09" }, { "K07", "K01" }, { "K08", "K07" }, { "A04", "K01" },
	{ "P07", "K01" }, { "S14", "S09" }, { "P13", "C02" }, { "E03", "U04" }, { "P09", "U06" }, { "U07", "S05" }, { "B02", "S13" }, { "B11", "B10" },
	{ "B12", "C07" }, { "B17", "A01" }, { "S08", "S06" }, { "C02", "C01" }, { "R06", "R01" }, { "D02", "S05" }, { "D02", "K01" }, { "B14", "D01" },
	{ "P05", "P19" }, { "P14", "P02" }, { "P18", "P10" }, { "P11", "P10" }, { "R02", "U04" }, { "R03", "U04" }, { "K15", "K01" }, { "S07", "S03" },
	{ "B10", "D01" }, { "B11", "D01" }, { "S11", "S04" },
};

static int weight(const struct finding *f)
{
	return (int)f->severity * 8 + (f->is_consequence ? 0 : 4) + (f->certainty == CERTAINTY_DATA ? 2 : 0);
}

static int by_weight(const void *a, const void *b)
{
	const struct finding *x = *(struct finding *const *)a, *y = *(struct finding *const *)b;
	int difference = weight(y) - weight(x);
	return difference != 0 ? difference : strcmp(x->rule->code, y->rule->code);
}

static void drop(struct doctor *d, const char *code)
{
	size_t kept = 0;
	for (size_t i = 0; i < d->findings.count; i++) {
		struct finding *f = d->findings.at[i];
		if (strcmp(f->rule->code, code) != 0) {
			d->findings.at[kept++] = f;
			continue;
		}
		free(f->title);
		free(f->remedy);
		free(f);
	}
	d->findings.count = kept;
}

void doctor_conclude(struct doctor *d)
{
	/* Lines that frighten people without reason: a word on them where nothing else is wrong. */
	static const char *const comforts[] = { "S01", "S02", "S15" };
	doctor_set_up(d);
	for (size_t i = 0; i < doctor_rule_count; i++) {
		const struct rule *rule = &doctor_rules[i];
		if (rule->detect != NULL)
			rule->detect(d);
		else if (doctor_hit(d, rule->code) != NULL)
			doctor_say_hits(d, doctor_find(d, rule->code), rule->code, 4);
	}
	for (size_t i = 0; i < HF_ARRAY_COUNT(comforts) && doctor_verdict(d) != SEVERITY_NOTE; i++)
		drop(d, comforts[i]);
	for (size_t i = 0; i < HF_ARRAY_COUNT(follows); i++) {
		if (doctor_found(d, follows[i][0]) != NULL && doctor_found(d, follows[i][1]) != NULL)
			doctor_find(d, follows[i][1])->is_consequence = true;
	}
	if (d->findings.count != 0)
		qsort(d->findings.at, d->findings.count, sizeof *d->findings.at, by_weight);
}

enum severity doctor_verdict(const struct doctor *d)
{
	enum severity worst = SEVERITY_NOTE;
	for (size_t i = 0; i < d->findings.count; i++)
		worst = d->findings.at[i]->severity > worst ? d->findings.at[i]->severity : worst;
	return worst;
}

static const char *severity_name(enum severity severity)
{
	return severity == SEVERITY_FAULT ? "fault" : severity == SEVERITY_ATTENTION ? "attention" : "note";
}

static void report_evidence(const struct finding *f, struct report *report)
{
	report_list(report, "evidence", NULL);
	for (size_t i = 0; i < f->evidence_count; i++) {
		const struct evidence *e = &f->evidence[i];
		const char *file = e->input != NULL ? e->input->file : "";
		report_item(report, NULL);
		report_text(report, "file", NULL, file);
		report_number(report, "line", NULL, e->line);
		report_text(report, "text", NULL, e->text);
		report_end(report);
		if (e->line != 0)
			report_row(report, "    %s:%u: %s", file, e->line, e->text);
		else
			report_row(report, "    %s%s%s", file, file[0] != '\0' ? ": " : "", e->text);
	}
	report_end(report);
}

static void report_finding(const struct finding *f, struct report *report)
{
	const char *certainty = f->certainty == CERTAINTY_DATA ? "data" : "likely";
	report_item(report, NULL);
	report_text(report, "code", NULL, f->rule->code);
	report_text(report, "severity", NULL, severity_name(f->severity));
	report_text(report, "certainty", NULL, certainty);
	report_text(report, "title", NULL, f->title);
	report_row(report, "%s %s%s: %s", f->rule->code, severity_name(f->severity), f->severity == SEVERITY_NOTE ? "" :
		   f->certainty == CERTAINTY_DATA ? ", certain" : ", likely", f->title);
	report_evidence(f, report);
	report_text(report, "remedy", NULL, f->remedy);
	if (f->remedy[0] != '\0')
		report_row(report, "  -> %s", f->remedy);
	report_end(report);
}

void doctor_report(const struct doctor *d, struct report *report)
{
	static const char *const words[] = { "healthy", "attention", "fault" };
	static const char *const sentences[] = {
		"healthy: nothing here is wrong", "attention: no failure is proven, but see below", "fault: something here is wrong",
	};
	enum severity verdict = doctor_verdict(d);
	report_text(report, "verdict", NULL, words[verdict]);
	report_row(report, "%s", sentences[verdict]);
	report_list(report, "findings", NULL);
	for (size_t i = 0; i < d->findings.count; i++)
		report_finding(d->findings.at[i], report);
	report_end(report);
	if (!report->json && d->findings.count == 0)
		report_row(report, "(%zu of %zu files read, %llu lines of logs)", d->files_read, d->files_seen > d->files_read ? d->files_seen : d->files_read,
			   (unsigned long long)d->log_lines);
}
