/* SPDX-License-Identifier: MIT */
/* The loop and the calls. sd_bus_call would block the agent, which BlueZ asks while a call of ours is under way; so each call is sent, and
 * the loop turned until its reply is here. */
#define _GNU_SOURCE /* F_DUPFD_CLOEXEC */
#include "bluez.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "bluez_inside.h"
#include "bytes.h"
#include "device.h"

#define BLUEZ "org.bluez"
#define BUS "org.freedesktop.DBus"

struct pending {
	sd_bus_message *reply;
};

/* --- the loop ------------------------------------------------------------------------------------------------------------- */

static uint32_t bus_wait_ms(const struct bluez *bluez, uint32_t timeout_ms)
{
	uint64_t until_us = 0, now_us = (uint64_t)device_now_ms() * 1000u;
	struct timespec now;
	if (sd_bus_get_timeout(bluez->bus, &until_us) <= 0 || until_us == UINT64_MAX)
		return timeout_ms;
	if (clock_gettime(CLOCK_MONOTONIC, &now) == 0)
		now_us = (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
	uint64_t left_ms = until_us > now_us ? (until_us - now_us) / 1000u + 1u : 0;
	return left_ms < timeout_ms ? (uint32_t)left_ms : timeout_ms;
}

bool bluez_turn(struct bluez *bluez, int fd, short events, uint32_t timeout_ms)
{
	struct pollfd waits[3] = { { .fd = fd, .events = events }, { .fd = -1 }, { .fd = -1, .events = POLLIN } };
	int done = bluez->gone ? -ENOTCONN : sd_bus_process(bluez->bus, NULL);
	if (done < 0) {
		bluez->gone = true;
		bluez->error = -done;
	}
	uint32_t wait_ms = done > 0 ? 0 : timeout_ms;
	if (!bluez->gone) {
		waits[1].fd = sd_bus_get_fd(bluez->bus);
		waits[1].events = (short)sd_bus_get_events(bluez->bus);
		wait_ms = bus_wait_ms(bluez, wait_ms);
	} else if (fd < 0) {
		return false;
	}
	if (bluez->agent.asked != NULL)
		waits[2].fd = bluez->agent.terminal;
	if (poll(waits, HF_ARRAY_COUNT(waits), (int)wait_ms) <= 0)
		return false;
	if (waits[2].revents != 0)
		agent_answer(bluez);
	return waits[0].revents != 0;
}

bool bluez_is_gone(const struct bluez *bluez)
{
	return bluez->gone;
}

void bluez_id(struct bluez *bluez, char id[BLUEZ_ID_BYTES])
{
	sd_id128_t bus = SD_ID128_NULL;
	if (sd_bus_get_bus_id(bluez->bus, &bus) < 0)
		bus = SD_ID128_NULL;
	(void)sd_id128_to_string(bus, id);
}

static int on_signal(sd_bus_message *signal, void *ctx, sd_bus_error *error)
{
	struct bluez *bluez = ctx;
	(void)error;
	bluez->dirty = true;
	if (sd_bus_message_is_signal(signal, "org.freedesktop.DBus.Properties", "PropertiesChanged") > 0)
		objects_changed(bluez, signal);
	return 0;
}

/* --- calls ---------------------------------------------------------------------------------------------------------------- */

static int on_reply(sd_bus_message *reply, void *ctx, sd_bus_error *error)
{
	struct pending *pending = ctx;
	(void)error;
	pending->reply = sd_bus_message_ref(reply);
	return 0;
}

static void forget_failure(struct bluez *bluez)
{
	bluez->late = false;
	bluez->error = 0;
	bluez->error_name[0] = bluez->words[0] = '\0';
}

static void note_error(struct bluez *bluez, sd_bus_message *reply)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	(void)snprintf(bluez->error_name, sizeof bluez->error_name, "%s", error->name != NULL ? error->name : "");
	(void)snprintf(bluez->words, sizeof bluez->words, "%s", error->message != NULL ? error->message : "");
}

/* Waiting for a human counts for nothing; how long he may take, the other side of the pairing decides. */
static bool is_over(const struct bluez *bluez, uint32_t start_ms, uint32_t timeout_ms)
{
	enum { HUMAN_MS = 60000, HASTE_MS = 1500 };
	if (bluez->hasten && bluez->was_paired && device_now_ms() - bluez->paired_ms >= HASTE_MS)
		return true;
	return device_now_ms() - start_ms >= timeout_ms + (bluez->agent.asked != NULL ? HUMAN_MS : 0);
}

sd_bus_message *bluez_method(struct bluez *bluez, const char *path, const char *interface, const char *method)
{
	sd_bus_message *message = NULL;
	return sd_bus_message_new_method_call(bluez->bus, &message, BLUEZ, path, interface, method) >= 0 ? message : NULL;
}

bool bluez_send(struct bluez *bluez, sd_bus_message *message, uint32_t timeout_ms, sd_bus_message **reply)
{
	struct pending pending = { .reply = NULL };
	sd_bus_slot *slot = NULL;
	uint32_t start_ms = device_now_ms();
	forget_failure(bluez);
	bluez->was_paired = false;
	int sent = message == NULL || bluez->gone ? -ENOTCONN : sd_bus_call_async(bluez->bus, &slot, message, on_reply, &pending, UINT64_MAX);
	(void)sd_bus_message_unref(message);
	if (sent < 0)
		bluez->error = -sent;
	while (sent >= 0 && pending.reply == NULL && !bluez->gone && !is_over(bluez, start_ms, timeout_ms)) {
		bool asked = bluez->agent.asked != NULL;
		(void)bluez_turn(bluez, -1, 0, 100);
		if (asked && bluez->agent.asked == NULL)
			start_ms = device_now_ms(); /* the answer begins a wait of its own */
	}
	(void)sd_bus_slot_unref(slot);
	bool good = pending.reply != NULL && sd_bus_message_is_method_error(pending.reply, NULL) == 0;
	bluez->late = sent >= 0 && pending.reply == NULL && !bluez->gone;
	if (pending.reply != NULL && !good)
		note_error(bluez, pending.reply);
	if (good && reply != NULL)
		*reply = sd_bus_message_ref(pending.reply);
	(void)sd_bus_message_unref(pending.reply);
	return good;
}

bool bluez_call(struct bluez *bluez, const char *path, const char *interface, const char *method, uint32_t timeout_ms)
{
	return bluez_send(bluez, bluez_method(bluez, path, interface, method), timeout_ms, NULL);
}

/* The call and its arguments; NULL: they could not be put together. */
static sd_bus_message *with(sd_bus_message *message, int appended)
{
	if (message != NULL && appended < 0)
		message = sd_bus_message_unref(message);
	return message;
}

bool bluez_set_filter(struct bluez *bluez, const char *adapter, uint32_t timeout_ms)
{
	sd_bus_message *m = bluez_method(bluez, adapter, BLUEZ ".Adapter1", "SetDiscoveryFilter");
	m = with(m, sd_bus_message_append(m, "a{sv}", 1, "Transport", "s", "le"));
	return bluez_send(bluez, m, timeout_ms, NULL);
}

bool bluez_remove(struct bluez *bluez, const char *adapter, const char *device, uint32_t timeout_ms)
{
	sd_bus_message *m = bluez_method(bluez, adapter, BLUEZ ".Adapter1", "RemoveDevice");
	m = with(m, sd_bus_message_append(m, "o", device));
	return bluez_send(bluez, m, timeout_ms, NULL);
}

bool bluez_acquire(struct bluez *bluez, const char *path, const char *method, uint32_t timeout_ms, int *fd, uint16_t *mtu)
{
	sd_bus_message *reply = NULL, *m = bluez_method(bluez, path, BLUEZ ".GattCharacteristic1", method);
	int theirs = -1, own = -1;
	uint16_t said = 0;
	m = with(m, sd_bus_message_append(m, "a{sv}", 0));
	if (!bluez_send(bluez, m, timeout_ms, &reply))
		return false;
	if (sd_bus_message_read(reply, "hq", &theirs, &said) >= 0)
		own = fcntl(theirs, F_DUPFD_CLOEXEC, 3);
	(void)sd_bus_message_unref(reply);
	if (own < 0 || fcntl(own, F_SETFL, O_NONBLOCK) != 0) {
		bluez->error = EBADMSG;
		return false;
	}
	*fd = own;
	*mtu = said;
	return true;
}

bool bluez_write(struct bluez *bluez, const char *path, const uint8_t *data, size_t size_bytes, bool request, uint32_t timeout_ms)
{
	sd_bus_message *m = bluez_method(bluez, path, BLUEZ ".GattCharacteristic1", "WriteValue");
	m = with(m, sd_bus_message_append_array(m, 'y', data, size_bytes));
	m = with(m, sd_bus_message_append(m, "a{sv}", 1, "type", "s", request ? "request" : "command"));
	return bluez_send(bluez, m, timeout_ms, NULL);
}

bool bluez_read(struct bluez *bluez, const char *path, uint8_t *into, size_t size_bytes, size_t *got, uint32_t timeout_ms)
{
	sd_bus_message *reply = NULL, *m = bluez_method(bluez, path, BLUEZ ".GattCharacteristic1", "ReadValue");
	const void *data = NULL;
	size_t size = 0;
	m = with(m, sd_bus_message_append(m, "a{sv}", 0));
	if (!bluez_send(bluez, m, timeout_ms, &reply))
		return false;
	bool good = sd_bus_message_read_array(reply, 'y', &data, &size) >= 0;
	*got = size < size_bytes ? size : size_bytes;
	if (good && *got != 0)
		memcpy(into, data, *got);
	(void)sd_bus_message_unref(reply);
	return good;
}

void bluez_listen(struct bluez *bluez, void (*take)(void *ctx, const uint8_t *data, size_t size_bytes), void *ctx)
{
	bluez->listen = take;
	bluez->listen_ctx = ctx;
}

void bluez_listen_at(struct bluez *bluez, const char *path)
{
	(void)snprintf(bluez->listen_path, sizeof bluez->listen_path, "%s", path);
}

void bluez_watch(struct bluez *bluez, const char *device, bool connected)
{
	(void)snprintf(bluez->watch_path, sizeof bluez->watch_path, "%s", device);
	bluez->connected = connected;
	bluez->connects = 0;
}

void bluez_hasten(struct bluez *bluez, bool hasten)
{
	bluez->hasten = hasten;
}

bool bluez_is_connected(const struct bluez *bluez)
{
	return bluez->connected && !bluez->gone;
}

uint32_t bluez_connects(const struct bluez *bluez)
{
	return bluez->connects;
}

/* --- what went wrong ------------------------------------------------------------------------------------------------------ */

bool bluez_was_late(const struct bluez *bluez)
{
	return bluez->late;
}

bool bluez_was(const struct bluez *bluez, const char *error)
{
	static const char prefix[] = "org.bluez.Error.";
	return strncmp(bluez->error_name, prefix, sizeof prefix - 1) == 0 && strcmp(bluez->error_name + sizeof prefix - 1, error) == 0;
}

const char *bluez_words(const struct bluez *bluez)
{
	if (bluez->late)
		return "no answer in time";
	if (bluez->error != 0)
		return strerror(bluez->error);
	return bluez->words[0] != '\0' ? bluez->words : bluez->error_name;
}

static bool has_owner(struct bluez *bluez)
{
	enum { ANSWER_MS = 2000 };
	sd_bus_message *m = NULL, *reply = NULL;
	int has = 0;
	if (sd_bus_message_new_method_call(bluez->bus, &m, BUS, "/org/freedesktop/DBus", BUS, "NameHasOwner") < 0)
		return false;
	m = with(m, sd_bus_message_append(m, "s", BLUEZ));
	if (bluez_send(bluez, m, ANSWER_MS, &reply)) {
		if (sd_bus_message_read(reply, "b", &has) < 0)
			has = 0;
		(void)sd_bus_message_unref(reply);
	}
	return has != 0;
}

static bool is_denied(const char *name, int error)
{
	return strcmp(name, "org.freedesktop.DBus.Error.AccessDenied") == 0 || strcmp(name, "org.freedesktop.DBus.Error.AuthFailed") == 0 ||
	       error == EACCES || error == EPERM;
}

/* The name is taken by nobody, or what the bus would start for it can't be started. */
static bool is_absent(const char *name)
{
	return strcmp(name, "org.freedesktop.DBus.Error.ServiceUnknown") == 0 || strcmp(name, "org.freedesktop.DBus.Error.NameHasNoOwner") == 0 ||
	       strncmp(name, "org.freedesktop.DBus.Error.Spawn.", 33) == 0 || strncmp(name, "org.freedesktop.systemd1.", 25) == 0 ||
	       strcmp(name, "org.freedesktop.DBus.Error.NoReply") == 0 || strcmp(name, "org.freedesktop.DBus.Error.TimedOut") == 0;
}

enum hf_reason bluez_failed(struct bluez *bluez, struct problem *problem)
{
	if (is_denied(bluez->error_name, bluez->error))
		return problem_set(problem, HF_R_HOST_BLE_DENIED, bluez->subject, "%s", bluez_words(bluez));
	if (bluez->error != 0)
		return problem_set(problem, HF_R_HOST_BLE_BUS, bluez->subject, "%s", strerror(bluez->error));
	if (is_absent(bluez->error_name))
		return problem_set(problem, HF_R_HOST_BLE_DAEMON, bluez->subject, "%s", bluez_words(bluez));
	if (!bluez->late)
		return HF_OK;
	bool there = has_owner(bluez);
	bluez->late = true;
	return there ? problem_set(problem, HF_R_HOST_BLE_STUCK, bluez->subject, "%s", "") :
		       problem_set(problem, HF_R_HOST_BLE_DAEMON, bluez->subject, "nobody has the name org.bluez on the bus");
}

/* --- open and close ------------------------------------------------------------------------------------------------------- */

enum hf_reason bluez_open(const char *subject, struct bluez **bluez, struct problem *problem)
{
	static const char match[] = "type='signal',sender='org.bluez'";
	struct bluez *opened = host_alloc(sizeof *opened);
	opened->subject = subject;
	opened->agent.terminal = -1;
	int error = sd_bus_open_system(&opened->bus);
	if (error >= 0)
		error = sd_bus_add_match_async(opened->bus, NULL, match, on_signal, NULL, opened);
	if (error < 0) {
		opened->error = -error;
		enum hf_reason reason = bluez_failed(opened, problem);
		bluez_close(opened);
		return reason;
	}
	*bluez = opened;
	return HF_OK;
}

void bluez_close(struct bluez *bluez)
{
	if (bluez == NULL)
		return;
	agent_stop(bluez);
	/* Not the flushing kind, which may block: whatever matters has been answered. */
	sd_bus_close(bluez->bus);
	(void)sd_bus_unref(bluez->bus);
	free(bluez->objects);
	free(bluez);
}

enum hf_reason bluez_refresh(struct bluez *bluez, uint32_t timeout_ms, struct problem *problem)
{
	sd_bus_message *reply = NULL;
	bluez->dirty = false;
	sd_bus_message *m = bluez_method(bluez, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
	if (!bluez_send(bluez, m, timeout_ms, &reply)) {
		enum hf_reason reason = bluez_failed(bluez, problem);
		return reason != HF_OK ? reason : problem_set(problem, HF_R_HOST_BLE_DAEMON, bluez->subject, "%s", bluez_words(bluez));
	}
	int taken = objects_take(bluez, reply);
	(void)sd_bus_message_unref(reply);
	return taken >= 0 ? HF_OK : problem_set(problem, HF_R_HOST_BLE_DAEMON, bluez->subject, "its list of objects can't be read");
}

enum hf_reason bluez_freshen(struct bluez *bluez, uint32_t timeout_ms, struct problem *problem)
{
	return bluez->dirty ? bluez_refresh(bluez, timeout_ms, problem) : HF_OK;
}
