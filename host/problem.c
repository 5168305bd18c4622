/* SPDX-License-Identifier: MIT */
#include "problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bytes.h"

/* Cuts silently: the fields are for people. */
static void put(char *into, size_t size, const char *text)
{
	(void)snprintf(into, size, "%s", text != NULL ? text : "");
}

enum hf_reason problem_set(struct problem *problem, enum hf_reason reason, const char *subject, const char *detail, ...)
{
	*problem = (struct problem){ .reason = reason };
	put(problem->subject, sizeof problem->subject, subject);
	va_list list;
	va_start(list, detail);
	(void)vsnprintf(problem->detail, sizeof problem->detail, detail, list);
	va_end(list);
	return reason;
}

enum hf_reason problem_differs(struct problem *problem, enum hf_reason reason, const char *subject, const char *expected,
			       const char *found)
{
	(void)problem_set(problem, reason, subject, "%s", "");
	put(problem->expected, sizeof problem->expected, expected);
	put(problem->found, sizeof problem->found, found);
	return reason;
}

enum hf_reason problem_finding(struct problem *problem, const char *subject, const struct hf_finding *finding)
{
	(void)problem_set(problem, finding->reason, subject, "%s", "");
	problem->has_where = true;
	problem->where_off = finding->where_off;
	if (finding->expected != finding->found) {
		(void)snprintf(problem->expected, sizeof problem->expected, "0x%x", (unsigned)finding->expected);
		(void)snprintf(problem->found, sizeof problem->found, "0x%x", (unsigned)finding->found);
	}
	return finding->reason;
}

int problem_exit_code(enum hf_reason reason)
{
	uint32_t number = (uint32_t)reason;
	if (number == 0)
		return EXIT_CODE_OK;
	if (reason == HF_R_HOST_INTERRUPTED)
		return EXIT_CODE_INTERRUPTED;
	if (number >= 1100 && number < 1120)
		return EXIT_CODE_USAGE;
	if (reason == HF_R_PLAN_BOARD_UNKNOWN || reason == HF_R_PLAN_SDK_UNKNOWN || reason == HF_R_PLAN_MODE_UNKNOWN)
		return EXIT_CODE_USAGE;
	if ((number >= 1120 && number < 1140) || (number >= 1308 && number < 1313) || (number >= 1350 && number < 1356) ||
	    (number >= 1430 && number < 1440))
		return EXIT_CODE_FILE;
	if ((number >= 1470 && number < 1490) || reason == HF_R_BLE_CONTROLLER || reason == HF_R_BLE_CONTROLLER_SILENT)
		return EXIT_CODE_FILE;
	if (reason == HF_R_HOST_RECOVER_ABSENT || (number >= 1170 && number < 1200) || (number >= 900 && number < 1000) || (number >= 1440 && number < 1470))
		return EXIT_CODE_DEVICE;
	return EXIT_CODE_REFUSED;
}

char *problem_line(const struct problem *problem)
{
	const struct hf_reason_text *text = hf_reason_text((uint32_t)problem->reason);
	char where[32] = "";
	size_t length = strlen(problem->detail);
	bool ends = length != 0 && problem->detail[length - 1] == '.'; /* sentences of the device's own */
	if (problem->has_where)
		(void)snprintf(where, sizeof where, ": offset 0x%x", (unsigned)problem->where_off);
	char *differs = problem->expected[0] != '\0' || problem->found[0] != '\0' ?
				host_printf(": expected %s, found %s", problem->expected, problem->found) : host_strdup("");
	char *line = host_printf("holdfast%s%s%s%s%s%s%s %s %s (HF-%04u)", problem->subject[0] != '\0' ? ": " : "", problem->subject,
				 where, differs, problem->detail[0] != '\0' ? ": " : "", problem->detail, ends ? "" : ":", text->sentence,
				 text->remedy, (unsigned)problem->reason);
	free(differs);
	return line;
}
