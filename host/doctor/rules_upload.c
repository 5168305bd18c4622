/* SPDX-License-Identifier: MIT */
/* Uploads: what clients and devices say, and the settings behind it. */
#include <stdio.h>
#include <stdlib.h>

#include "log.h"
#include "rules.h"

static bool app_has(const struct doctor *d, const char *name)
{
	return doctor_is(d, WHO_APP, name, "y");
}

/* A code of the image group or of SMP as a client printed it: in "(23)", after "rc", after "Error:". */
static bool code_said(const struct doctor *d, unsigned code, const struct log_hit **where)
{
	static const char *const names[] = { "smp_error_coded", "smp_error_bare", "smp_name_unknown" };
	for (size_t k = 0; k < HF_ARRAY_COUNT(names); k++) {
		for (size_t i = 0; i < d->hits.count; i++) {
			const struct log_hit *hit = &d->hits.at[i];
			if (strcmp(log_rows[hit->pattern].name, names[k]) != 0)
				continue;
			for (size_t n = 0; n < DOCTOR_NUMBERS_MAX; n++) {
				if (hit->numbers_found[n] && hit->numbers[n] == code) {
					*where = hit;
					return true;
				}
			}
		}
	}
	return false;
}

static void by_code(struct doctor *d, const char *rule, unsigned code)
{
	const struct log_hit *hit = NULL;
	if (code_said(d, code, &hit))
		doctor_say(doctor_find(d, rule), hit->input, hit->line, "%s", hit->text);
}

void detect_u01(struct doctor *d)
{
	const struct setting *heap = doctor_setting(d, WHO_APP, "HEAP_MEM_POOL_SIZE");
	uint64_t size = doctor_setting_number(d, WHO_APP, "HEAP_MEM_POOL_SIZE", 0);
	bool small = heap != NULL && size != 0 && size < 1024;
	if (doctor_hit(d, "smp_name_unknown") != NULL) {
		doctor_say_hits(d, doctor_find(d, "U01"), "smp_name_unknown", 2);
		if (heap != NULL)
			doctor_say_setting(doctor_find(d, "U01"), heap);
		return;
	}
	bool heap_used = app_has(d, "MCUMGR_GRP_IMG_USE_HEAP_FOR_FLASH_IMG_CONTEXT") || app_has(d, "IMG_MGMT_USE_HEAP_FOR_FLASH_IMG_CONTEXT");
	if (!small || !(app_has(d, "MCUMGR_GRP_IMG") || app_has(d, "NCS_SAMPLE_MCUMGR_BT_OTA_DFU") || app_has(d, "MCUMGR_CMD_IMG_MGMT")))
		return;
	struct finding *f = doctor_find(d, "U01");
	doctor_say_setting(f, heap);
	if (!heap_used && doctor_is(d, WHO_APP, "MCUMGR_GRP_IMG_USE_HEAP_FOR_FLASH_IMG_CONTEXT", "n"))
		doctor_grade(f, SEVERITY_NOTE, CERTAINTY_DATA);
}

void detect_u02(struct doctor *d)
{
	(void)by_message(d, "U02");
	if (doctor_found(d, "U02") == NULL)
		by_code(d, "U02", 2);
}

void detect_u03(struct doctor *d)
{
	const struct log_hit *hit = doctor_hit(d, "not_supported");
	if (hit == NULL && !code_said(d, 8, &hit))
		return;
	struct finding *f = doctor_find(d, "U03");
	doctor_say(f, hit->input, hit->line, "%s", hit->text);
	/* Optional: a client asks for the parameters and goes on without them. */
	const struct log_hit *params = doctor_hit(d, "params_asked");
	if (params != NULL && params->input == hit->input && params->line <= hit->line && hit->line - params->line <= 3) {
		doctor_say(f, params->input, params->line, "%s", params->text);
		doctor_title(f, "The device does not know the parameters command: that is harmless");
		doctor_remedy(f, "%s", "");
		doctor_grade(f, SEVERITY_NOTE, CERTAINTY_LIKELY);
	}
	if (d->keys.count == 0 && doctor_hit(d, "N02") != NULL)
		doctor_say_hits(d, f, "N02", 1);
}

void detect_u04(struct doctor *d)
{
	if (doctor_found(d, "R02") != NULL || doctor_found(d, "R03") != NULL || !by_message(d, "U04"))
		return;
	struct finding *f = doctor_find(d, "U04");
	const struct setting *stack = doctor_setting(d, WHO_APP, "SYSTEM_WORKQUEUE_STACK_SIZE");
	if (stack != NULL && doctor_setting_number(d, WHO_APP, "SYSTEM_WORKQUEUE_STACK_SIZE", 4096) < 4096)
		doctor_say_setting(f, stack);
}

void detect_u07(struct doctor *d)
{
	const struct log_hit *hit = NULL;
	(void)by_message(d, "U07");
	if (doctor_found(d, "U07") == NULL && code_said(d, 23, &hit))
		doctor_say(doctor_find(d, "U07"), hit->input, hit->line, "%s", hit->text);
	if (doctor_found(d, "P09") == NULL)
		by_code(d, "P09", 30);
	/* A bare program that the caller asks about, or one named as if it were signed. */
	for (size_t i = 0; i < d->programs.count; i++) {
		const struct found_program *p = &d->programs.at[i];
		bool meant = p->input->named || strstr(p->input->path, "signed") != NULL || strstr(p->input->path, "update") != NULL;
		if (!meant || p->has_addr || d->images.count != 0 || strstr(p->input->path, "loader") != NULL)
			continue;
		struct finding *f = doctor_find(d, "U07");
		doctor_say(f, p->input, 0, "offset 0x0: stack 0x%x, reset 0x%x: a bare Cortex-M program, not the magic 0x96f3b83d", (unsigned)p->stack,
				(unsigned)p->reset);
	}
}

void detect_u09(struct doctor *d)
{
	const struct log_hit *hit = NULL;
	(void)by_message(d, "U09");
	if (doctor_found(d, "U09") == NULL && code_said(d, 28, &hit))
		doctor_say(doctor_find(d, "U09"), hit->input, hit->line, "%s", hit->text);
	hit = doctor_hit(d, "bad_state");
	if (hit == NULL && !code_said(d, 6, &hit))
		return;
	struct finding *f = doctor_find(d, "U09");
	doctor_say(f, hit->input, hit->line, "%s", hit->text);
	for (size_t i = 0; i < d->listed.count; i++) {
		const struct listed *s = &d->listed.at[i];
		if (s->pending || (s->active && !s->confirmed))
			doctor_say(f, s->input, s->line, "slot %u: %s", s->slot, s->pending ? "pending" : "active and not confirmed");
	}
}

void detect_u10(struct doctor *d)
{
	const struct setting *shell = doctor_setting(d, WHO_APP, "MCUMGR_TRANSPORT_SHELL");
	bool other = app_has(d, "MCUMGR_TRANSPORT_UART") || app_has(d, "MCUMGR_TRANSPORT_BT") || app_has(d, "MCUMGR_TRANSPORT_UDP") ||
		     app_has(d, "NCS_SAMPLE_MCUMGR_BT_OTA_DFU");
	if (shell == NULL || strcmp(shell->value, "y") != 0 || other || !(app_has(d, "MCUMGR_GRP_IMG") || doctor_hit(d, "U04") != NULL ||
			doctor_hit(d, "upload_zero") != NULL))
		return;
	struct finding *f = doctor_find(d, "U10");
	doctor_say_setting(f, shell);
	if (doctor_hit(d, "U04") != NULL || doctor_hit(d, "upload_zero") != NULL)
		doctor_grade(f, SEVERITY_FAULT, CERTAINTY_LIKELY);
}

void detect_u11(struct doctor *d)
{
	const struct setting *mtu = doctor_setting(d, WHO_APP, "BT_L2CAP_TX_MTU");
	if (mtu == NULL || doctor_setting_number(d, WHO_APP, "BT_L2CAP_TX_MTU", 0) <= 400)
		return;
	bool reassembly = app_has(d, "MCUMGR_TRANSPORT_BT_REASSEMBLY") || app_has(d, "MCUMGR_SMP_REASSEMBLY_BT") || app_has(d, "NCS_SAMPLE_MCUMGR_BT_OTA_DFU");
	uint64_t netbuf = doctor_setting_number(d, WHO_APP, "MCUMGR_TRANSPORT_NETBUF_SIZE", doctor_setting_number(d, WHO_APP, "MCUMGR_BUF_SIZE", 384));
	bool updates = app_has(d, "MCUMGR") || app_has(d, "MCUMGR_TRANSPORT_BT") || app_has(d, "MCUMGR_SMP_BT");
	if (reassembly || !updates || netbuf >= doctor_setting_number(d, WHO_APP, "BT_L2CAP_TX_MTU", 0))
		return;
	struct finding *f = doctor_find(d, "U11");
	doctor_say_setting(f, mtu);
	doctor_say(f, mtu->input, mtu->line, "without reassembly, and a message buffer of %llu bytes", (unsigned long long)netbuf);
}

void detect_u14(struct doctor *d)
{
	const struct log_hit *hit = doctor_hit(d, "smp_error_bare");
	if (hit == NULL || !hit->numbers_found[0] || hit->numbers[0] != 3)
		return;
	doctor_say(doctor_find(d, "U14"), hit->input, hit->line, "%s", hit->text);
}

/* A C source that takes MCUmgr's UART for itself. */
static void u15_source(struct doctor *d, const struct devicetree *t, const struct dt_property *smp)
{
	for (size_t i = 0; i < d->calls.count; i++) {
		const struct source_call *call = &d->calls.at[i];
		if (strcmp(call->name, "DT_NODELABEL") != 0 || call->input->aside || smp->value[0] != '&' || strcmp(smp->value + 1, call->label) != 0)
			continue;
		struct finding *f = doctor_find(d, "U15");
		doctor_say(f, t->input, smp->line, "zephyr,uart-mcumgr = %s", smp->value);
		doctor_say(f, call->input, call->line, "the source takes DT_NODELABEL(%s) for itself", call->label);
		if (doctor_hit(d, "U04") == NULL && doctor_hit(d, "upload_zero") == NULL)
			doctor_grade(f, SEVERITY_ATTENTION, CERTAINTY_LIKELY);
	}
}

void detect_u15(struct doctor *d)
{
	for (size_t i = 0; i < d->trees.count; i++) {
		const struct devicetree *t = d->trees.at[i];
		const struct dt_property *smp = dtsource_chosen(&t->source, "zephyr,uart-mcumgr");
		if (smp != NULL && t->who == WHO_APP && !t->input->aside)
			u15_source(d, t, smp);
		static const char *const others[] = { "zephyr,shell-uart", "zephyr,console", "zephyr,bt-hci", "zephyr,bt-c2h-uart", "nordic,nus-uart",
				"ncs,bm-uart" };
		for (size_t k = 0; k < HF_ARRAY_COUNT(others) && smp != NULL && t->who == WHO_APP; k++) {
			const struct dt_property *other = dtsource_chosen(&t->source, others[k]);
			if (other == NULL || strcmp(other->value, smp->value) != 0)
				continue;
			/* Zephyr's boards choose one UART for all of these, and the driver tells frames from a console's text: only with a symptom. */
			bool own = k >= 4;
			if (t->input->aside || (!own && doctor_hit(d, "U04") == NULL && doctor_hit(d, "upload_zero") == NULL))
				continue;
			struct finding *f = doctor_find(d, "U15");
			doctor_say(f, t->input, smp->line, "zephyr,uart-mcumgr = %s", smp->value);
			doctor_say(f, t->input, other->line, "%s = %s", others[k], other->value);
		}
	}
}

/* 512 bytes, long the default, faulted; files took 2440 of a work queue's. */
void detect_u16(struct doctor *d)
{
	static const struct {
		const char *use, *stack;
		uint64_t least;
	} rows[] = { { "MCUMGR_TRANSPORT_UDP", "MCUMGR_TRANSPORT_UDP_STACK_SIZE", 1024 },
		     { "MCUMGR_GRP_FS", "MCUMGR_TRANSPORT_WORKQUEUE_STACK_SIZE", 2560 } };
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		const struct setting *stack = doctor_setting(d, WHO_APP, rows[i].stack);
		if (stack == NULL || !app_has(d, rows[i].use) || doctor_setting_number(d, WHO_APP, rows[i].stack, rows[i].least) >= rows[i].least)
			continue;
		struct finding *f = doctor_find(d, "U16");
		doctor_say_setting(f, doctor_setting(d, WHO_APP, rows[i].use));
		doctor_say_setting(f, stack);
	}
}

void detect_e02(struct doctor *d)
{
	(void)by_message(d, "E02");
	const struct setting *authen = doctor_setting(d, WHO_APP, "MCUMGR_TRANSPORT_BT_AUTHEN");
	if (authen != NULL && authen->is_final && strcmp(authen->value, "y") == 0) {
		bool said = doctor_found(d, "E02") != NULL;
		struct finding *f = doctor_find(d, "E02");
		doctor_say_setting(f, authen);
		if (!said)
			doctor_grade(f, SEVERITY_NOTE, CERTAINTY_DATA);
	}
}

void detect_e05(struct doctor *d)
{
	const struct log_hit *window = doctor_hit(d, "E05");
	if (window != NULL)
		doctor_say_hits(d, doctor_find(d, "E05"), "E05", 3);
}

void detect_n01(struct doctor *d)
{
	/* A bootloader in the field refuses what a newer SDK signs: another signature type, with no first stage. */
	if (doctor_found(d, "K06") == NULL || doctor_is(d, WHO_SYSBUILD, "SECURE_BOOT_APPCORE", "y"))
		return;
	const struct setting *first = doctor_setting(d, WHO_SYSBUILD, "SECURE_BOOT_APPCORE");
	struct finding *f = doctor_find(d, "N01");
	if (first != NULL)
		doctor_say_setting(f, first);
	else
		doctor_say(f, NULL, 0, "no first stage is configured, so the bootloader in the field stays as it is");
}

void detect_n02(struct doctor *d)
{
	const struct log_hit *hit = doctor_hit(d, "N02");
	if (hit != NULL && (doctor_hit(d, "not_supported") != NULL || doctor_hit(d, "smp_error_coded") != NULL)) {
		doctor_say(doctor_find(d, "N02"), hit->input, hit->line, "%s", hit->text);
		doctor_say_hits(d, doctor_find(d, "N02"), "not_supported", 1);
	}
}

void detect_n03(struct doctor *d)
{
	/* With several keys provisioned the line is printed for those that do not fit; what counts is whether one did. */
	if (doctor_hit(d, "N03") == NULL)
		return;
	struct finding *f = doctor_find(d, "N03");
	doctor_say_hits(d, f, "N03", 3);
	doctor_say_hits(d, f, "nsib_fails", 2);
	if (doctor_hit(d, "nsib_verified") != NULL && doctor_hit(d, "nsib_fails") == NULL)
		doctor_grade(f, SEVERITY_NOTE, CERTAINTY_DATA);
}

/* Two of the first stage's places that share bytes. */
static void n04_overlap(struct doctor *d, const struct layout *l, const char *a, const char *b)
{
	const struct partition *p = partitions_named(&l->partitions, a), *q = partitions_named(&l->partitions, b);
	bool placed = p != NULL && q != NULL && p->has_addr && p->has_size && q->has_addr && q->has_size;
	if (l->partitions.form != PARTITIONS_PM || !placed || p->addr >= q->end || q->addr >= p->end)
		return;
	struct finding *f = doctor_find(d, "N04");
	doctor_say(f, l->input, q->line, "%s 0x%llx-0x%llx and %s 0x%llx-0x%llx", a, (unsigned long long)p->addr, (unsigned long long)p->end, b,
		   (unsigned long long)q->addr, (unsigned long long)q->end);
	doctor_grade(f, SEVERITY_FAULT, CERTAINTY_DATA);
}

void detect_n04(struct doctor *d)
{
	static const char *const names[] = { "b0", "provision", "s0", "s1" };
	bool asked = doctor_is(d, WHO_SYSBUILD, "SECURE_BOOT_APPCORE", "y");
	for (size_t i = 0; i < d->layouts.count; i++) {
		const struct layout *l = d->layouts.at[i];
		size_t found = 0;
		for (size_t k = 0; k < HF_ARRAY_COUNT(names); k++)
			found += partitions_named(&l->partitions, names[k]) != NULL;
		bool slots = partitions_of(&l->partitions, PARTITION_PRIMARY) != NULL;
		bool s0 = partitions_named(&l->partitions, "s0") != NULL, s1 = partitions_named(&l->partitions, "s1") != NULL;
		for (size_t k = 0; k < HF_ARRAY_COUNT(names); k++) {
			for (size_t m = k + 1; m < HF_ARRAY_COUNT(names); m++)
				n04_overlap(d, l, names[k], names[m]);
		}
		bool half = s0 != s1 || (s0 && partitions_named(&l->partitions, "b0") == NULL && partitions_named(&l->partitions, "b0_container") == NULL);
		if (l->partitions.form != PARTITIONS_PM || !slots || (!half && !(asked && found == 0)))
			continue;
		for (size_t k = 0; k < HF_ARRAY_COUNT(names); k++) {
			if (partitions_named(&l->partitions, names[k]) == NULL)
				doctor_say(doctor_find(d, "N04"), l->input, 1, "no partition %s", names[k]);
		}
	}
	const struct log_hit *fails = doctor_hit(d, "nsib_fails");
	if (fails != NULL && doctor_hit(d, "N03") == NULL)
		doctor_say(doctor_find(d, "N04"), fails->input, fails->line, "%s", fails->text);
}
