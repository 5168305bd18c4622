/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* prctl, pipe2 */
#include "fleet.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bytes.h"
#include "progress.h"

struct member {
	pid_t pid;
	int words, result;   /* read ends; -1: ended */
	char now[96];        /* last whole line of words */
	char partial[96];
	struct bytes json;
	char *line;          /* for people, at the end */
	bool ended;
};

/* --- the processes -------------------------------------------------------------------------------------------------------- */

static int member_main(const struct fleet *fleet, const char *name, int words, int result)
{
	struct report report = { .json = true };
	struct problem problem = { 0 };
	int nothing = open("/dev/null", O_WRONLY);
	if (dup2(result, STDOUT_FILENO) < 0 || nothing < 0 || dup2(nothing, STDERR_FILENO) < 0)
		return EXIT_CODE_FILE;
	progress_send_to(words);
	report_start(&report);
	report_text(&report, "device", NULL, name);
	enum hf_reason reason = fleet->work(fleet->ctx, name, &report, &problem);
	if (reason == HF_OK)
		reason = report_finish(&report, &problem);
	else
		report_failure(&report, &problem);
	return problem_exit_code(reason);
}

static enum hf_reason member_start(const struct fleet *fleet, struct member *member, const char *name, struct problem *problem)
{
	int words[2] = { -1, -1 }, result[2] = { -1, -1 };
	*member = (struct member){ .pid = -1, .words = -1, .result = -1, .now = "starting" };
	(void)fflush(NULL);
	if (pipe2(words, O_CLOEXEC) == 0 && pipe2(result, O_CLOEXEC) == 0)
		member->pid = fork();
	if (member->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* no update goes on that nobody hears of */
		(void)fcntl(words[1], F_SETFL, O_NONBLOCK);
		int code = member_main(fleet, name, words[1], result[1]);
		(void)fflush(NULL);
		_exit(code);
	}
	enum hf_reason reason = member->pid < 0 ? problem_set(problem, HF_R_HOST_FILE_WRITE, name, "no process: %s", strerror(errno)) : HF_OK;
	(void)close(words[1]);
	(void)close(result[1]);
	member->words = words[0];
	member->result = result[0];
	return reason;
}

static void take_words(struct member *member)
{
	char chunk[512];
	ssize_t got = read(member->words, chunk, sizeof chunk);
	if (got <= 0) {
		(void)close(member->words);
		member->words = -1;
	}
	for (ssize_t i = 0; i < got; i++) {
		size_t length = strlen(member->partial);
		if (chunk[i] == '\n') {
			memcpy(member->now, member->partial, sizeof member->now);
			member->partial[0] = '\0';
		} else if (length + 1 < sizeof member->partial) {
			member->partial[length] = chunk[i];
			member->partial[length + 1] = '\0';
		}
	}
}

static void take_result(struct member *member)
{
	uint8_t chunk[4096];
	ssize_t got = read(member->result, chunk, sizeof chunk);
	if (got > 0) {
		bytes_add(&member->json, chunk, (size_t)got);
		return;
	}
	(void)close(member->result);
	member->result = -1;
	member->ended = true;
}

/* --- what people see ------------------------------------------------------------------------------------------------------ */

static void draw(const struct fleet *fleet, const struct member *members, bool again)
{
	if (again)
		fprintf(stderr, "\033[%uA", (unsigned)fleet->count);
	for (uint32_t i = 0; i < fleet->count; i++)
		fprintf(stderr, "\r%-30.60s %s\033[K\n", fleet->names[i], members[i].ended ? "done" : members[i].now);
	(void)fflush(stderr);
}

static void undraw(const struct fleet *fleet)
{
	fprintf(stderr, "\033[%uA\033[J", (unsigned)fleet->count);
	(void)fflush(stderr);
}

/* The object for one device, and its line. True: it went well. */
static bool report_member(const char *name, struct member *member, struct report *report)
{
	cJSON *said = cJSON_ParseWithLength((const char *)member->json.data, member->json.size);
	bool good = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(said, "ok"));
	const cJSON *reason = cJSON_GetObjectItemCaseSensitive(said, "reason");
	const char *message = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(reason, "message"));
	const char *outcome = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(said, "outcome"));
	member->line = good ? host_printf("%s: %s", name, outcome != NULL ? outcome : "done") :
			      host_printf("%s: failed: %s", name, message != NULL ? message : "its process ended without a word");
	if (said == NULL) { /* it was killed, or crashed */
		report_item(report, NULL);
		report_text(report, "device", NULL, name);
		report_flag(report, "ok", NULL, false);
		report_end(report);
	} else {
		(void)cJSON_AddItemToArray(report->at[report->depth], said);
	}
	return good;
}

static void watch(const struct fleet *fleet, struct member *members)
{
	struct pollfd waits[2 * FLEET_MAX];
	bool drawn = false, draws = fleet->draws && isatty(STDERR_FILENO) == 1;
	for (;;) {
		uint32_t open_count = 0;
		for (uint32_t i = 0; i < fleet->count; i++) {
			waits[2 * i] = (struct pollfd){ .fd = members[i].words, .events = POLLIN };
			waits[2 * i + 1] = (struct pollfd){ .fd = members[i].result, .events = POLLIN };
			open_count += members[i].result >= 0;
		}
		if (draws)
			draw(fleet, members, drawn);
		drawn = draws;
		if (open_count == 0)
			break;
		if (poll(waits, 2 * fleet->count, 1000) < 0 && errno != EINTR)
			break;
		for (uint32_t i = 0; i < fleet->count; i++) {
			if (members[i].words >= 0 && waits[2 * i].revents != 0)
				take_words(&members[i]);
			if (members[i].result >= 0 && waits[2 * i + 1].revents != 0)
				take_result(&members[i]);
		}
	}
	if (drawn)
		undraw(fleet);
}

enum hf_reason fleet_run(const struct fleet *fleet, struct report *report, struct problem *problem)
{
	struct member *members = host_alloc(fleet->count * sizeof *members);
	enum hf_reason reason = HF_OK;
	uint32_t good = 0, started = 0;
	hf_assert(fleet->count <= FLEET_MAX);
	for (; started < fleet->count && reason == HF_OK; started++)
		reason = member_start(fleet, &members[started], fleet->names[started], problem);
	if (reason == HF_OK) {
		watch(fleet, members);
		report_list(report, "devices", NULL);
		for (uint32_t i = 0; i < fleet->count; i++)
			good += report_member(fleet->names[i], &members[i], report);
		report_end(report);
		for (uint32_t i = 0; i < fleet->count; i++)
			report_row(report, "%s", members[i].line);
		report_number(report, "updated", NULL, good);
		report_row(report, "%u of %u devices updated", (unsigned)good, (unsigned)fleet->count);
	}
	for (uint32_t i = 0; i < started; i++) {
		if (reason != HF_OK && members[i].pid > 0)
			(void)kill(members[i].pid, SIGTERM);
		if (members[i].pid > 0)
			(void)waitpid(members[i].pid, NULL, 0);
		bytes_free(&members[i].json);
		free(members[i].line);
	}
	free(members);
	if (reason == HF_OK && good != fleet->count)
		reason = problem_set(problem, HF_R_HOST_UPDATE_SOME, NULL, "%u of %u failed", (unsigned)(fleet->count - good),
				     (unsigned)fleet->count);
	return reason;
}
