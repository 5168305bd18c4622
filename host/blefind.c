/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "blefind.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "bytes.h"
#include "device.h"

enum {
	CALL_MS = 5000,
	RESTART_MS = 1000,   /* a discovery may miss a device for as long as it lasts */
	SETTLE_MS = 1000,    /* for a second device of the same name to show itself */
	FOLLOW_MS = 2000,    /* a device is waited for under the address it had, before its name is enough */
	LOOK_MS = 100
};

/* What the discoveries have shown so far: BlueZ forgets the signal strengths between two of them. */
struct seen {
	struct bluez_object *list;
	size_t count, capacity;
};

/* --- adapters ------------------------------------------------------------------------------------------------------------- */

static enum hf_reason no_adapter(struct bluez *bluez, const char *subject, const char *name, struct problem *problem)
{
	char here[160] = "";
	for (size_t i = 0; i < bluez_count(bluez); i++) {
		const struct bluez_object *object = bluez_at(bluez, i);
		if (object->kind == BLUEZ_ADAPTER && strlen(here) + 40 < sizeof here)
			(void)snprintf(here + strlen(here), sizeof here - strlen(here), "%s%s", here[0] != '\0' ? ", " : "",
				       strrchr(object->path, '/') + 1);
	}
	if (name[0] == '\0')
		return problem_set(problem, HF_R_HOST_BLE_NO_ADAPTER, subject, "there is none");
	return problem_set(problem, HF_R_HOST_BLE_NO_ADAPTER, subject, "no %s here%s%s", name, here[0] != '\0' ? "; there is " : "", here);
}

enum hf_reason blefind_adapter(struct bluez *bluez, const char *subject, const char *name, char *path, struct problem *problem)
{
	const struct bluez_object *best = NULL;
	enum hf_reason reason = bluez_refresh(bluez, CALL_MS, problem);
	if (reason != HF_OK)
		return reason;
	for (size_t i = 0; i < bluez_count(bluez); i++) {
		const struct bluez_object *object = bluez_at(bluez, i);
		if (object->kind != BLUEZ_ADAPTER || (name[0] != '\0' && strcmp(strrchr(object->path, '/') + 1, name) != 0))
			continue;
		if (best == NULL || (object->powered && !best->powered) ||
		    (object->powered == best->powered && strcmp(object->path, best->path) < 0))
			best = object;
	}
	if (best == NULL)
		return no_adapter(bluez, subject, name, problem);
	if (!best->powered)
		return problem_set(problem, HF_R_HOST_BLE_ADAPTER_OFF, subject, "%s", strrchr(best->path, '/') + 1);
	(void)snprintf(path, BLUEZ_PATH_BYTES, "%s", best->path);
	return HF_OK;
}

/* --- discovery ------------------------------------------------------------------------------------------------------------ */

static enum hf_reason start(struct bluez *bluez, const char *adapter, struct problem *problem)
{
	if (!bluez_set_filter(bluez, adapter, CALL_MS) || !bluez_call(bluez, adapter, "org.bluez.Adapter1", "StartDiscovery", CALL_MS)) {
		char words[160];
		(void)snprintf(words, sizeof words, "%s", bluez_words(bluez));
		bool off = bluez_was(bluez, "NotReady");
		enum hf_reason reason = bluez_failed(bluez, problem);
		if (reason != HF_OK)
			return reason;
		return problem_set(problem, off ? HF_R_HOST_BLE_ADAPTER_OFF : HF_R_HOST_BLE_SCAN, strrchr(adapter, '/') + 1, "%s", words);
	}
	return HF_OK;
}

static void stop(struct bluez *bluez, const char *adapter)
{
	bool stopped = bluez_call(bluez, adapter, "org.bluez.Adapter1", "StopDiscovery", CALL_MS);
	(void)stopped; /* it ends with our place on the bus at the latest */
}

static void note(struct seen *seen, const struct bluez_object *device)
{
	for (size_t i = 0; i < seen->count; i++) {
		if (strcmp(seen->list[i].path, device->path) == 0) {
			seen->list[i] = *device;
			return;
		}
	}
	seen->list = host_grown(seen->list, seen->count, &seen->capacity, sizeof *seen->list);
	seen->list[seen->count++] = *device;
}

static enum hf_reason look(struct bluez *bluez, const char *adapter, struct seen *seen, struct problem *problem)
{
	uint32_t start_ms = device_now_ms();
	while (device_now_ms() - start_ms < LOOK_MS && !bluez_is_gone(bluez))
		(void)bluez_turn(bluez, -1, 0, LOOK_MS);
	enum hf_reason reason = bluez_freshen(bluez, CALL_MS, problem);
	for (size_t i = 0; reason == HF_OK && i < bluez_count(bluez); i++) {
		const struct bluez_object *object = bluez_at(bluez, i);
		if (object->kind == BLUEZ_DEVICE && object->has_rssi && bluez_is_below(object->path, adapter))
			note(seen, object);
	}
	return reason;
}

/* Looks until done says so or time_ms are over. */
static enum hf_reason discover(struct bluez *bluez, const char *adapter, uint32_t time_ms, struct seen *seen,
			       bool (*done)(const void *ctx, const struct seen *seen, uint32_t gone_ms), const void *ctx, struct problem *problem)
{
	uint32_t start_ms = device_now_ms(), round_ms = start_ms;
	enum hf_reason reason = start(bluez, adapter, problem);
	if (reason != HF_OK)
		return reason;
	while (reason == HF_OK && device_now_ms() - start_ms < time_ms) {
		reason = look(bluez, adapter, seen, problem);
		if (reason != HF_OK || done(ctx, seen, device_now_ms() - start_ms))
			break;
		if (device_now_ms() - round_ms < RESTART_MS)
			continue;
		stop(bluez, adapter);
		reason = start(bluez, adapter, problem);
		round_ms = device_now_ms();
	}
	stop(bluez, adapter);
	return reason;
}

/* --- which one ------------------------------------------------------------------------------------------------------------ */

static bool is_mac(const char *text)
{
	size_t length = strlen(text);
	for (size_t i = 0; i < length; i++) {
		bool colon = i % 3u == 2u, hex = strchr("0123456789abcdefABCDEF", text[i]) != NULL;
		if (colon ? text[i] != ':' : !hex)
			return false;
	}
	return length == BLUEZ_ADDRESS_BYTES - 1;
}

const char *blefind_name(const struct bluez_object *device)
{
	return device->name[0] != '\0' ? device->name : device->alias;
}

bool blefind_is(const struct bluez_object *device, const char *text)
{
	if (is_mac(text))
		return strcasecmp(device->address, text) == 0;
	return strcasecmp(device->name, text) == 0 || strcasecmp(device->alias, text) == 0;
}

struct choice {
	const struct bluez_object *device;
	bool is_sure;       /* no other could be meant */
	uint32_t others;    /* of the same name */
};

static struct choice choose(const struct address *address, const struct seen *seen, uint32_t gone_ms)
{
	const struct address_known *known = &address->ble_known;
	struct choice choice = { .device = NULL };
	const char *name = is_mac(address->place) ? (known->is_random ? known->name : "") : address->place;
	bool by_name = known->mac[0] == '\0' || gone_ms >= FOLLOW_MS;
	for (size_t i = 0; i < seen->count; i++) {
		const struct bluez_object *device = &seen->list[i];
		if ((is_mac(address->place) && blefind_is(device, address->place)) || strcasecmp(device->address, known->mac) == 0)
			return (struct choice){ .device = device, .is_sure = true };
		if (name[0] == '\0' || !by_name || !blefind_is(device, name))
			continue;
		choice.others += choice.device != NULL;
		choice.device = choice.device != NULL ? choice.device : device;
	}
	return choice;
}

static bool is_found(const void *ctx, const struct seen *seen, uint32_t gone_ms)
{
	struct choice choice = choose(ctx, seen, gone_ms);
	return choice.device != NULL && (choice.is_sure || gone_ms >= SETTLE_MS);
}

/* "Thermometer 00:AA:01:01:00:24 -60 dBm, ..": as many as fit. */
static void list_seen(const struct seen *seen, char *words, size_t size)
{
	words[0] = '\0';
	for (size_t i = 0; i < seen->count; i++) {
		size_t length = strlen(words);
		if (length + 110 > size) {
			(void)snprintf(words + length, size - length, " and %u more", (unsigned)(seen->count - i));
			return;
		}
		(void)snprintf(words + length, size - length, "%s%s (%s, %d dBm%s)", i != 0 ? ", " : "", blefind_name(&seen->list[i]),
			       seen->list[i].address, seen->list[i].rssi_dbm, seen->list[i].has_smp ? ", SMP" : "");
	}
}

static enum hf_reason not_seen(const char *subject, const struct seen *seen, uint32_t time_ms, struct problem *problem)
{
	char words[270];
	list_seen(seen, words, sizeof words);
	return problem_set(problem, HF_R_HOST_BLE_NOT_SEEN, subject, "looked for %u s; %s%s", (unsigned)(time_ms / 1000u),
			   seen->count != 0 ? "seen: " : "nothing was seen", words);
}

static enum hf_reason several(const char *subject, const struct address *address, const struct seen *seen, struct problem *problem)
{
	struct seen same = { .list = NULL };
	char words[270];
	for (size_t i = 0; i < seen->count; i++) {
		if (blefind_is(&seen->list[i], is_mac(address->place) ? address->ble_known.name : address->place))
			note(&same, &seen->list[i]);
	}
	list_seen(&same, words, sizeof words);
	free(same.list);
	return problem_set(problem, HF_R_HOST_BLE_SEVERAL, subject, "%s", words);
}

/* A device that BlueZ knows, without having seen it now: connected, or (any true) from earlier days. */
static const struct bluez_object *remembered(struct bluez *bluez, const struct address *address, const char *adapter, bool any)
{
	for (size_t i = 0; i < bluez_count(bluez); i++) {
		const struct bluez_object *object = bluez_at(bluez, i);
		if (object->kind != BLUEZ_DEVICE || !bluez_is_below(object->path, adapter) || (!object->connected && !any))
			continue;
		if (blefind_is(object, address->place) || (address->ble_known.mac[0] != '\0' && strcasecmp(object->address, address->ble_known.mac) == 0))
			return object;
	}
	return NULL;
}

enum hf_reason blefind_device(struct bluez *bluez, const char *subject, const struct address *address, const char *adapter, char *path,
			      struct problem *problem)
{
	struct seen seen = { .list = NULL };
	uint32_t time_ms = blefind_step_ms(address);
	const struct bluez_object *found = remembered(bluez, address, adapter, false);
	if (found != NULL) {
		(void)snprintf(path, BLUEZ_PATH_BYTES, "%s", found->path);
		return HF_OK;
	}
	enum hf_reason reason = discover(bluez, adapter, time_ms, &seen, is_found, address, problem);
	struct choice choice = choose(address, &seen, time_ms);
	if (reason == HF_OK && choice.others != 0)
		reason = several(subject, address, &seen, problem);
	/* It may advertise to this machine alone, or be missed: a try to connect tells. */
	found = choice.device != NULL ? choice.device : remembered(bluez, address, adapter, true);
	if (reason == HF_OK && found == NULL)
		reason = not_seen(subject, &seen, time_ms, problem);
	if (reason == HF_OK)
		(void)snprintf(path, BLUEZ_PATH_BYTES, "%s", found->path);
	free(seen.list);
	return reason;
}

/* --- a list --------------------------------------------------------------------------------------------------------------- */

static bool never(const void *ctx, const struct seen *seen, uint32_t gone_ms)
{
	(void)ctx;
	(void)seen;
	(void)gone_ms;
	return false;
}

enum hf_reason blefind_scan(struct bluez *bluez, const char *adapter, uint32_t time_ms,
			    void (*each)(void *ctx, const struct bluez_object *device), void *ctx, struct problem *problem)
{
	struct seen seen = { .list = NULL };
	enum hf_reason reason = bluez_refresh(bluez, CALL_MS, problem);
	for (size_t i = 0; reason == HF_OK && i < bluez_count(bluez); i++) {
		const struct bluez_object *object = bluez_at(bluez, i);
		if (object->kind == BLUEZ_DEVICE && object->connected && bluez_is_below(object->path, adapter))
			note(&seen, object);
	}
	if (reason == HF_OK)
		reason = discover(bluez, adapter, time_ms, &seen, never, NULL, problem);
	for (size_t i = 0; i < seen.count && reason == HF_OK; i++)
		each(ctx, &seen.list[i]);
	free(seen.list);
	return reason;
}
