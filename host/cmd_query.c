/* SPDX-License-Identifier: MIT */
/* groups, tasks, memory, datetime, stat, shell, storage erase: what an application's SMP server may offer beside images. */
#define _POSIX_C_SOURCE 200809L /* gmtime_r */
#include <holdfast/smp_codes.h>
#include <holdfast/smp_requests.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bytes.h"
#include "talk.h"

static const struct arg_option plain_options[] = { DEVICE_OPTION_ROWS, { 0 } };

/* --- groups -------------------------------------------------------------------------------------------------------------- */

static bool show_group(struct report *report, uint16_t group, const char *name, const struct smp_count *handlers)
{
	char count[32] = "";
	const char *ours = smp_group_name(group);
	if (handlers->known)
		(void)snprintf(count, sizeof count, "%llu commands", (unsigned long long)handlers->value);
	report_item(report, NULL);
	report_number(report, "group", NULL, group);
	report_text(report, "name", NULL, ours);
	report_text(report, "device_name", NULL, name);
	if (handlers->known)
		report_number(report, "handlers", NULL, handlers->value);
	report_end(report);
	report_row(report, "%5u  %-12s %-24s %s", group, ours, name, count);
	return true;
}

static bool each_detail(void *ctx, const struct smp_group_detail *detail)
{
	return show_group(ctx, detail->group, detail->name, &detail->handlers);
}

static bool each_group(void *ctx, uint16_t group)
{
	const struct smp_count none = { .known = false };
	return show_group(ctx, group, "", &none);
}

/* Names and numbers of commands if the device has them, else the bare list. */
static enum hf_reason run_groups_asked(struct talk *talk, struct problem *problem)
{
	struct device *device = talk->device;
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	enum hf_reason reason = device_exchange(device, smp_ask_group_details(&device->client, &ask, NULL, 0), &reply, problem);
	if (reason != HF_OK)
		return reason;
	report_list(talk->report, "groups", NULL);
	if (!reply.refused) {
		reason = device_result(device, &reply, smp_read_group_details(&reply, each_detail, talk->report), "groups", problem);
	} else {
		ask = device_ask_of(device);
		reason = device_exchange(device, smp_ask_groups(&device->client, &ask), &reply, problem);
		if (reason == HF_OK)
			reason = device_result(device, &reply, smp_read_groups(&reply, each_group, talk->report), "groups", problem);
	}
	report_end(talk->report);
	return reason;
}

static enum hf_reason run_groups(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .run = run_groups_asked };
	return talk_run(&plan, args, report, NULL, problem);
}

const struct command cmd_groups = {
	.name = "groups",
	.summary = "which groups of commands a device offers",
	.synopsis = "DEVICE",
	.about = "Needs the enumeration group on the device (Zephyr: CONFIG_MCUMGR_GRP_ENUM).",
	.options = plain_options,
	.examples = "holdfast groups /dev/ttyACM0",
	.run = run_groups,
};

/* --- tasks, memory ------------------------------------------------------------------------------------------------------- */

static void put_count(struct report *report, const char *key, const struct smp_count *count)
{
	if (count->known)
		report_number(report, key, NULL, count->value);
}

static const char *count_text(const struct smp_count *count, uint64_t scale, char into[24])
{
	if (count->known)
		(void)snprintf(into, 24, "%llu", (unsigned long long)(count->value * scale));
	else
		(void)snprintf(into, 24, "-");
	return into;
}

enum { WORD_BYTES = 4 }; /* stacks are counted in words on the wire */

static void put_stack(struct report *report, const char *key, const struct smp_count *words)
{
	if (words->known)
		report_number(report, key, NULL, words->value * WORD_BYTES);
}

static bool each_task(void *ctx, const struct smp_task *task)
{
	struct report *report = ctx;
	char used[24], size[24], runtime[24], switches[24], prio[16] = "-";
	report_item(report, NULL);
	report_text(report, "name", NULL, task->name);
	if (task->has_prio)
		report_integer(report, "priority", NULL, task->prio);
	put_count(report, "id", &task->tid);
	put_count(report, "state", &task->state);
	put_stack(report, "stack_used_bytes", &task->stack_used_words);
	put_stack(report, "stack_bytes", &task->stack_words);
	put_count(report, "switches", &task->switches);
	put_count(report, "runtime", &task->runtime);
	report_end(report);
	if (task->has_prio)
		(void)snprintf(prio, sizeof prio, "%d", (int)task->prio);
	report_row(report, "%-20s %8s %11s %11s %12s %12s", task->name, prio, count_text(&task->stack_used_words, WORD_BYTES, used),
		   count_text(&task->stack_words, WORD_BYTES, size), count_text(&task->runtime, 1, runtime),
		   count_text(&task->switches, 1, switches));
	return true;
}

static enum hf_reason run_tasks_asked(struct talk *talk, struct problem *problem)
{
	struct device *device = talk->device;
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	enum hf_reason reason = device_exchange(device, smp_ask_tasks(&device->client, &ask), &reply, problem);
	if (reason != HF_OK)
		return reason;
	report_list(talk->report, "tasks", NULL);
	if (!reply.refused)
		report_row(talk->report, "%-20s %8s %11s %11s %12s %12s", "task", "priority", "stack used", "stack size", "run time", "switches");
	reason = device_result(device, &reply, smp_read_tasks(&reply, each_task, talk->report), "tasks", problem);
	report_end(talk->report);
	return reason;
}

static enum hf_reason run_tasks(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .run = run_tasks_asked };
	return talk_run(&plan, args, report, NULL, problem);
}

const struct command cmd_tasks = {
	.name = "tasks",
	.summary = "the tasks of a device: priority, stack, run time",
	.synopsis = "DEVICE",
	.about = "Stack sizes are bytes. A device leaves out what it does not count. A long list may not fit into one reply (error 7); then the\n"
		 "device needs larger buffers (Zephyr: CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE).",
	.options = plain_options,
	.examples = "holdfast tasks /dev/ttyACM0\nholdfast tasks udp:192.0.2.7 --json",
	.run = run_tasks,
};

static bool each_pool(void *ctx, const struct smp_pool *pool)
{
	struct report *report = ctx;
	char size[24], blocks[24], available[24], least[24];
	report_item(report, NULL);
	report_text(report, "name", NULL, pool->name);
	put_count(report, "block_bytes", &pool->block_bytes);
	put_count(report, "blocks", &pool->blocks);
	put_count(report, "free", &pool->blocks_free);
	put_count(report, "least_free", &pool->blocks_free_min);
	report_end(report);
	report_row(report, "%-20s %11s %8s %8s %11s", pool->name, count_text(&pool->block_bytes, 1, size), count_text(&pool->blocks, 1, blocks),
		   count_text(&pool->blocks_free, 1, available), count_text(&pool->blocks_free_min, 1, least));
	return true;
}

static enum hf_reason run_memory_asked(struct talk *talk, struct problem *problem)
{
	struct device *device = talk->device;
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	enum hf_reason reason = device_exchange(device, smp_ask_pools(&device->client, &ask), &reply, problem);
	if (reason != HF_OK)
		return reason;
	report_list(talk->report, "pools", NULL);
	if (!reply.refused)
		report_row(talk->report, "%-20s %11s %8s %8s %11s", "pool", "block bytes", "blocks", "free", "least free");
	reason = device_result(device, &reply, smp_read_pools(&reply, each_pool, talk->report), "memory pools", problem);
	report_end(talk->report);
	return reason;
}

static enum hf_reason run_memory(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .run = run_memory_asked };
	return talk_run(&plan, args, report, NULL, problem);
}

const struct command cmd_memory = {
	.name = "memory",
	.summary = "the memory pools of a device: blocks, how many are free",
	.synopsis = "DEVICE",
	.options = plain_options,
	.examples = "holdfast memory /dev/ttyACM0",
	.run = run_memory,
};

/* --- date and time ------------------------------------------------------------------------------------------------------- */

static enum hf_reason check_datetime(struct talk *talk, struct problem *problem)
{
	static char now[32];
	struct tm parts;
	time_t seconds = time(NULL);
	if (talk->word_count == 0)
		return HF_OK;
	if (strcmp(talk->words[0], "now") == 0 || strcmp(talk->words[0], "utc") == 0) {
		bool local = talk->words[0][0] == 'n';
		if ((local ? localtime_r(&seconds, &parts) : gmtime_r(&seconds, &parts)) == NULL)
			return problem_set(problem, HF_R_HOST_OPTION_VALUE, "TIME", "%s", "this machine's clock can't be read");
		(void)strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%S", &parts);
		talk->words[0] = now;
	}
	if (smp_datetime_check(talk->words[0]) == HF_OK)
		return HF_OK;
	return problem_set(problem, HF_R_HOST_OPTION_VALUE, "TIME", "'%s' is not like 2026-05-17T12:34:56", talk->words[0]);
}

static enum hf_reason run_datetime_asked(struct talk *talk, struct problem *problem)
{
	struct device *device = talk->device;
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	char text[64];
	enum hf_reason reason = HF_OK;
	if (talk->word_count != 0)
		reason = talk_do(talk, smp_ask_datetime_set(&device->client, &ask, talk->words[0]), "set date and time", problem);
	ask = device_ask_of(device);
	if (reason == HF_OK)
		reason = device_exchange(device, smp_ask_datetime(&device->client, &ask), &reply, problem);
	if (reason == HF_OK)
		reason = device_result(device, &reply, smp_read_text(&reply, "datetime", text, sizeof text), "date and time", problem);
	if (reason == HF_OK)
		report_text(talk->report, "datetime", "date and time", text);
	return reason;
}

static enum hf_reason run_datetime(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .optional_max = 1, .check = check_datetime, .run = run_datetime_asked };
	return talk_run(&plan, args, report, NULL, problem);
}

const struct command cmd_datetime = {
	.name = "datetime",
	.summary = "read or set a device's clock",
	.synopsis = "DEVICE [TIME|now|utc]",
	.about = "TIME is YYYY-MM-DDThh:mm:ss, with a fraction if you like; 'now' is this machine's local time, 'utc' the same in UTC. Devices keep no\n"
		 "time zone.",
	.options = plain_options,
	.examples = "holdfast datetime /dev/ttyACM0\nholdfast datetime /dev/ttyACM0 utc\nholdfast datetime /dev/ttyACM0 2026-05-17T12:34:56",
	.run = run_datetime,
};

/* --- statistics ---------------------------------------------------------------------------------------------------------- */

enum { STAT_NAMES_MAX = 64 };

struct stat_names {
	char names[STAT_NAMES_MAX][SMP_NAME_TEXT_BYTES];
	uint32_t count;
};

static bool each_name(void *ctx, const char *name)
{
	struct stat_names *list = ctx;
	if (list->count < STAT_NAMES_MAX)
		(void)snprintf(list->names[list->count++], SMP_NAME_TEXT_BYTES, "%s", name);
	return true;
}

static enum hf_reason stat_names(struct device *device, struct stat_names *list, struct problem *problem)
{
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	list->count = 0;
	enum hf_reason reason = device_exchange(device, smp_ask_stat_list(&device->client, &ask), &reply, problem);
	return reason == HF_OK ? device_result(device, &reply, smp_read_stat_list(&reply, each_name, list), "statistics", problem) : reason;
}

static enum hf_reason run_stat_list_asked(struct talk *talk, struct problem *problem)
{
	struct stat_names list;
	enum hf_reason reason = stat_names(talk->device, &list, problem);
	if (reason != HF_OK)
		return reason;
	report_list(talk->report, "statistics", NULL);
	for (uint32_t i = 0; i < list.count; i++) {
		report_item(talk->report, NULL);
		report_text(talk->report, "name", NULL, list.names[i]);
		report_end(talk->report);
	}
	report_end(talk->report);
	for (uint32_t i = 0; i < list.count; i++)
		report_row(talk->report, "%s", list.names[i]);
	return HF_OK;
}

static enum hf_reason run_stat_list(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .run = run_stat_list_asked };
	return talk_run(&plan, args, report, NULL, problem);
}

const struct command cmd_stat_list = {
	.name = "stat list",
	.summary = "names of the statistics that a device keeps",
	.synopsis = "DEVICE",
	.options = plain_options,
	.examples = "holdfast stat list /dev/ttyACM0",
	.run = run_stat_list,
};

static bool each_value(void *ctx, const char *name, uint64_t value)
{
	struct report *report = ctx;
	report_item(report, NULL);
	report_text(report, "name", NULL, name);
	report_number(report, "value", NULL, value);
	report_end(report);
	report_row(report, "%-28s %llu", name, (unsigned long long)value);
	return true;
}

static enum hf_reason stat_show(struct talk *talk, const char *name, struct problem *problem)
{
	struct device *device = talk->device;
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	enum hf_reason reason = device_exchange(device, smp_ask_stat(&device->client, &ask, name), &reply, problem);
	if (reason != HF_OK)
		return reason;
	report_item(talk->report, name);
	report_text(talk->report, "name", NULL, name);
	report_list(talk->report, "fields", NULL);
	reason = device_result(device, &reply, smp_read_stat(&reply, each_value, talk->report), name, problem);
	report_end(talk->report);
	report_end(talk->report);
	return reason;
}

static enum hf_reason run_stat_show_asked(struct talk *talk, struct problem *problem)
{
	struct stat_names all;
	enum hf_reason reason = talk->word_count == 0 ? stat_names(talk->device, &all, problem) : HF_OK;
	uint32_t count = talk->word_count == 0 ? all.count : talk->word_count;
	if (reason != HF_OK)
		return reason;
	report_list(talk->report, "statistics", NULL);
	for (uint32_t i = 0; i < count && reason == HF_OK; i++)
		reason = stat_show(talk, talk->word_count == 0 ? all.names[i] : talk->words[i], problem);
	report_end(talk->report);
	return reason;
}

static enum hf_reason run_stat_show(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .optional_max = TALK_WORDS_MAX, .run = run_stat_show_asked };
	return talk_run(&plan, args, report, NULL, problem);
}

const struct command cmd_stat_show = {
	.name = "stat show",
	.summary = "values of a device's statistics",
	.synopsis = "DEVICE [NAME...]",
	.about = "All of them without NAME.",
	.options = plain_options,
	.examples = "holdfast stat show /dev/ttyACM0\nholdfast stat show /dev/ttyACM0 smp_svr_stats --json",
	.run = run_stat_show,
};

/* --- storage ------------------------------------------------------------------------------------------------------------- */

static enum hf_reason run_storage_asked(struct talk *talk, struct problem *problem)
{
	struct smp_ask ask = device_ask_of(talk->device);
	enum hf_reason reason = talk_do(talk, smp_ask_storage_erase(&talk->device->client, &ask), "erase storage", problem);
	if (reason == HF_OK)
		report_step(talk->report, "the device's storage is erased");
	return reason;
}

static enum hf_reason run_storage_erase(struct args *args, struct report *report, struct problem *problem)
{
	static const struct talk_plan plan = { .run = run_storage_asked };
	return talk_run(&plan, args, report, NULL, problem);
}

const struct command cmd_storage_erase = {
	.name = "storage erase",
	.summary = "erase a device's storage partition: its settings and Bluetooth bonds",
	.synopsis = "DEVICE",
	.about = "Zephyr's basic group (CONFIG_MCUMGR_GRP_ZBASIC_STORAGE_ERASE). Nothing brings back what was there; images are not touched.",
	.options = plain_options,
	.examples = "holdfast storage erase /dev/ttyACM0",
	.run = run_storage_erase,
};
