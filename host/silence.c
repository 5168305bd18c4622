/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* memmem */
#include "silence.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "device.h"

enum { ODD_PERCENT = 30, ECHO_BYTES = 8 };

static bool is_usual(uint8_t c)
{
	return (c >= 0x20 && c < 0x7f) || (c >= 0x07 && c <= 0x0d) || c == 0x1b || c == 0x06 || c == 0x04 || c == 0x14;
}

void silence_heard(struct silence *silence, const uint8_t *bytes, uint32_t size_bytes)
{
	silence->text_bytes += size_bytes;
	for (uint32_t i = 0; i < size_bytes; i++) {
		silence->odd_bytes += is_usual(bytes[i]) ? 0u : 1u;
		if (silence->tail_bytes == SILENCE_TAIL_BYTES) {
			silence->tail_bytes /= 2;
			memmove(silence->tail, silence->tail + silence->tail_bytes, silence->tail_bytes);
		}
		silence->tail[silence->tail_bytes++] = bytes[i];
	}
}

static bool heard(const struct silence *silence, const void *what, size_t size)
{
	return memmem(silence->tail, silence->tail_bytes, what, size) != NULL;
}

/* The line's prompt or complaint, or the letters of what was sent. */
static bool is_shell(const struct device *device)
{
	static const char *const words[] = { "~$", "command not found", "login:", ">>> ", "SyntaxError" };
	const struct silence *silence = &device->silence;
	struct smp_tx tx;
	uint8_t line[SMP_LINE_BYTES];
	if (silence->echoes != 0)
		return true;
	for (size_t i = 0; i < HF_ARRAY_COUNT(words); i++) {
		if (heard(silence, words[i], strlen(words[i])))
			return true;
	}
	smp_tx_start(&tx, device->request, device->client.request_bytes);
	return smp_tx_line(&tx, line) > 2 + ECHO_BYTES && heard(silence, line + 2, ECHO_BYTES);
}

/* --- another program on the port ----------------------------------------------------------------------------------------- */

/* Which of its open files are the port, and whether it is the other end of a pseudo-terminal. */
static bool holds(const char *pid, const char *port)
{
	char folder[300], link_path[600], target[PATH_MAX];
	bool found = false, other_end = false;
	(void)snprintf(folder, sizeof folder, "/proc/%s/fd", pid);
	DIR *files = opendir(folder);
	if (files == NULL)
		return false;
	for (const struct dirent *file = readdir(files); file != NULL; file = readdir(files)) {
		(void)snprintf(link_path, sizeof link_path, "%s/%s", folder, file->d_name);
		ssize_t length = readlink(link_path, target, sizeof target - 1);
		if (length <= 0)
			continue;
		target[length] = '\0';
		found = found || strcmp(target, port) == 0;
		other_end = other_end || strcmp(target, "/dev/ptmx") == 0 || strcmp(target, "/dev/pts/ptmx") == 0;
	}
	(void)closedir(files);
	return found && !other_end;
}

/* "minicom (process 1234)" of a process that may be looked at; empty if there is none. */
static void holder(const struct device *device, char *words, size_t size)
{
	char own[64], port[PATH_MAX], self[24];
	words[0] = '\0';
	(void)snprintf(own, sizeof own, "/proc/self/fd/%d", device->link.fd);
	(void)snprintf(self, sizeof self, "%ld", (long)getpid());
	ssize_t length = readlink(own, port, sizeof port - 1);
	DIR *processes = length > 0 ? opendir("/proc") : NULL;
	if (processes == NULL)
		return;
	port[length] = '\0';
	for (const struct dirent *entry = readdir(processes); entry != NULL && words[0] == '\0'; entry = readdir(processes)) {
		char path[300], name[64] = "another program";
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || strcmp(entry->d_name, self) == 0 || !holds(entry->d_name, port))
			continue;
		(void)snprintf(path, sizeof path, "/proc/%s/comm", entry->d_name);
		FILE *file = fopen(path, "r");
		if (file != NULL && fgets(name, sizeof name, file) != NULL)
			name[strcspn(name, "\n")] = '\0';
		if (file != NULL)
			(void)fclose(file);
		(void)snprintf(words, size, "; %s (process %.10s) has this port open too", name, entry->d_name);
	}
	(void)closedir(processes);
}

/* --- the answer ---------------------------------------------------------------------------------------------------------- */

static const char *tries_word(const struct device *device)
{
	return device->client.tries == 1 ? "try" : "tries";
}

static enum hf_reason silent(const struct device *device, struct problem *problem)
{
	char other[160] = "";
	const char *hint = "";
	if (device->link.address.kind == ADDRESS_SERIAL)
		holder(device, other, sizeof other);
	if (device->link.framing == LINK_LINES && other[0] == '\0')
		hint = "; a device without console framing needs ?framing=raw";
	return problem_set(problem, HF_R_HOST_DEVICE_SILENT, device->name, "no reply within %u ms, %u %s%s%s",
			   (unsigned)device->client.timeout_ms, (unsigned)device->client.tries, tries_word(device), other, hint);
}

enum hf_reason silence_explain(const struct device *device, struct problem *problem)
{
	const struct silence *silence = &device->silence;
	unsigned long long text = silence->text_bytes, odd = device->client.counts.malformed;
	if (device->link.nobody)
		return problem_set(problem, HF_R_HOST_DEVICE_SILENT, device->name, "that host says that nothing listens on port %u",
				   device->link.address.udp_port);
	if (device->link.class->silent != NULL && device->link.class->silent(&device->link, problem) != HF_OK)
		return problem->reason;
	if (device->client.counts.replies != 0)
		return silent(device, problem); /* it has answered before: it hangs, or is gone */
	if (is_shell(device))
		return problem_set(problem, HF_R_HOST_DEVICE_ECHO, device->name, "%llu bytes came, no reply", text);
	/* The second byte of the mark of a line may begin a raw message, and is no text then. */
	if (device->link.framing == LINK_RAW && device->link.address.kind == ADDRESS_SERIAL && heard(silence, "\x06", 1))
		return problem_set(problem, HF_R_HOST_DEVICE_GARBAGE, device->name, "it uses console framing: leave framing=raw out");
	if (device->dropped + odd != 0)
		return problem_set(problem, HF_R_HOST_DEVICE_GARBAGE, device->name,
				   "no reply among %llu bytes of text, %llu damaged packets and %llu odd messages", text,
				   (unsigned long long)device->dropped, odd);
	if (silence->odd_bytes * 100u > silence->text_bytes * ODD_PERCENT)
		return problem_set(problem, HF_R_HOST_DEVICE_SPEED, device->name, "%llu bytes came, %llu of them no text", text,
				   (unsigned long long)silence->odd_bytes);
	if (text != 0)
		return problem_set(problem, HF_R_HOST_DEVICE_TEXT_ONLY, device->name, "%llu bytes of text, no reply within %u ms, %u %s", text,
				   (unsigned)device->client.timeout_ms, (unsigned)device->client.tries, tries_word(device));
	return silent(device, problem);
}
