/* SPDX-License-Identifier: MIT */
/* status.c - the board's counters as JSON: for the control socket and the report file. */
#include "host.h"

#include <stdarg.h>

#define STATUS_BYTES 65536u

struct text {
	char *into;
	size_t room, length;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
	va_list list;
	int added;

	if (text->length >= text->room)
		return;
	va_start(list, format);
	added = vsnprintf(text->into + text->length, text->room - text->length, format, list);
	va_end(list);
	text->length += added > 0 ? (size_t)added : 0;
}

static void add_string(struct text *text, const char *key, const char *value)
{
	add(text, "\"%s\":\"", key);
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			add(text, "\\%c", *value);
		else if ((unsigned char)*value >= 0x20)
			add(text, "%c", *value);
	}
	add(text, "\"");
}

static void add_counters(struct text *text, struct vb *vb)
{
	const struct vb_counters *n = vb_counters(vb);

	add(text, "\"boots\":%u,\"power_cuts\":%u,\"soft_resets\":%u,\"watchdog_resets\":%u,\"lockups\":%u,", n->boots, n->power_cuts,
		n->soft_resets, n->watchdog_resets, n->lockups);
	add(text, "\"instructions\":%llu,\"loader_instructions\":%llu,\"operations\":%llu,\"loader_operations\":%llu,",
		(unsigned long long)n->instructions, (unsigned long long)n->loader_instructions, (unsigned long long)n->operations,
		(unsigned long long)n->loader_operations);
	add(text, "\"words\":%llu,\"erases\":%llu,\"lines\":%llu,\"overwrites\":%llu,\"lost_lines\":%llu,", (unsigned long long)n->words,
		(unsigned long long)n->erases, (unsigned long long)n->lines, (unsigned long long)n->overwrites, (unsigned long long)n->lost_lines);
	add(text, "\"pages\":%llu,\"sectors\":%llu,\"external_wear_max\":%u,\"external_ms\":%.3f,", (unsigned long long)n->pages,
		(unsigned long long)n->sectors, n->external_wear_max, (double)n->external_ns / 1e6);
	add(text, "\"wear_max\":%u,\"wear_addr\":%u,\"endurance\":%u,", n->wear_max, n->wear_addr, vb_board(vb)->endurance_cycles);
	add(text, "\"modelled_ms\":%.3f,\"loader_ms\":%.3f,\"flash_ms\":%.3f,", (double)n->now_ns / 1e6, (double)n->loader_ns / 1e6,
		(double)n->flash_ns / 1e6);
	add(text, "\"uart_rx_bytes\":%llu,\"uart_tx_bytes\":%llu,", (unsigned long long)n->uart_rx_bytes,
		(unsigned long long)n->uart_tx_bytes);
}

static void add_cuts(struct text *text, struct vb *vb)
{
	static const char *const ops[] = { "word", "erase", "line", "page", "sector" };
	uint32_t count;
	const struct vb_cut_record *record = vb_cut_records(vb, &count);

	add(text, "\"armed\":%u,\"cuts\":[", vb_cuts_armed(vb));
	for (uint32_t i = 0; i < count; i++)
		add(text, "%s{\"operation\":%llu,\"loader_operation\":%llu,\"op\":\"%s\",\"variant\":\"%s\",\"addr\":%u,\"pc\":%u}",
			i != 0 ? "," : "", (unsigned long long)record[i].operation, (unsigned long long)record[i].loader_operation,
			ops[record[i].op], vb_variant_name(record[i].variant), record[i].addr, record[i].pc);
	add(text, "],");
}

static void add_findings(struct text *text, struct vb *vb)
{
	uint32_t count;
	const struct vb_finding *finding = vb_findings(vb, &count);
	char line[400];

	add(text, "\"findings\":[");
	for (uint32_t i = 0; i < count; i++) {
		vb_finding_text(vb, &finding[i], line, sizeof line);
		add(text, "%s{\"reason\":%u,\"addr\":%u,\"pc\":%u,\"count\":%u,", i != 0 ? "," : "", (unsigned)finding[i].reason,
			finding[i].addr, finding[i].pc, finding[i].count);
		add_string(text, "text", line);
		add(text, "}");
	}
	add(text, "]");
}

bool status_json(struct vb *vb, const char *serial, const char *stop, char *into, size_t into_bytes)
{
	struct text text = { .into = into, .room = into_bytes };

	add(&text, "{\"ok\":true,");
	add_string(&text, "board", vb_board(vb)->name);
	add(&text, ",");
	add_string(&text, "chip", vb_board(vb)->chip);
	add(&text, ",\"power\":\"%s\",", vb_is_on(vb) ? "on" : "off");
	add_string(&text, "serial", serial);
	add(&text, ",");
	add_string(&text, "stop", stop);
	add(&text, ",");
	add_counters(&text, vb);
	add_cuts(&text, vb);
	add_findings(&text, vb);
	add(&text, "}");
	return text.length < text.room;
}

enum hf_reason status_report(struct vb *vb, const char *serial, const char *stop, const char *path)
{
	static char json[STATUS_BYTES];
	FILE *file = fopen(path, "w");
	bool ok;

	if (file == NULL)
		return HF_R_VB_FILE;
	ok = status_json(vb, serial, stop, json, sizeof json) && fprintf(file, "%s\n", json) > 0;
	return fclose(file) == 0 && ok ? HF_OK : HF_R_VB_FILE;
}
