/* SPDX-License-Identifier: MIT */
/* From an address to a subscribed characteristic, a step after the other, each with a deadline and its own words.
 *
 * Pairing: a device that wants it answers the subscription with an error, or BlueZ pairs by itself and asks the agent, or nothing comes at
 * all; in each case a pairing is tried once. A bond that is there and does not help is never thrown away here: whoever stands between could
 * otherwise have it replaced. */
#include "link_ble.h"

#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "blefind.h"
#include "device.h"

#define DEVICE1 "org.bluez.Device1"
#define CHARACTERISTIC1 "org.bluez.GattCharacteristic1"
#define SERVER_FEATURES "00002b3a-0000-1000-8000-00805f9b34fb"

enum { CALL_MS = 5000, TURN_MS = 100, CONNECT_TRIES = 3, PAIR_STEPS = 4, LEAVE_MS = 5000, FEATURE_EATT = 1 };

/* A failure of the call before: of bus or daemon, or the given one with BlueZ's words. */
static enum hf_reason call_failed(struct link_ble *ble, enum hf_reason own, struct problem *problem)
{
	char words[200];
	(void)snprintf(words, sizeof words, "%s", bluez_words(ble->bluez));
	bool late = bluez_was_late(ble->bluez), off = bluez_was(ble->bluez, "NotReady");
	enum hf_reason reason = bluez_failed(ble->bluez, problem);
	if (reason != HF_OK && !(late && reason == HF_R_HOST_BLE_STUCK)) /* a late answer is the device's: BlueZ waits for it */
		return reason;
	return problem_set(problem, off ? HF_R_HOST_BLE_ADAPTER_OFF : own, ble->link->name, "%s", words);
}

static bool has_words(const struct link_ble *ble, const char *part)
{
	char words[200], low[200];
	size_t i = 0;
	(void)snprintf(words, sizeof words, "%s", bluez_words(ble->bluez));
	for (; words[i] != '\0'; i++)
		low[i] = (char)tolower((unsigned char)words[i]);
	low[i] = '\0';
	return strstr(low, part) != NULL;
}

/* --- one program at a time ------------------------------------------------------------------------------------------------ */

/* A name that the kernel frees with the process. Who comes while another is about to disconnect would have the connection torn away. */
static enum hf_reason claim(struct link_ble *ble, struct problem *problem)
{
	const struct bluez_object *device = bluez_of_path(ble->bluez, ble->device);
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	uint32_t start_ms = device_now_ms();
	char id[BLUEZ_ID_BYTES];
	bluez_id(ble->bluez, id);
	int length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "holdfast/%s/%s", id, device != NULL ? device->address : "");
	socklen_t size_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1u + (size_t)length);
	ble->claim_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	while (ble->claim_fd >= 0 && bind(ble->claim_fd, (struct sockaddr *)&name, size_bytes) != 0) {
		if (errno != EADDRINUSE || device_now_ms() - start_ms >= ble->step_ms)
			return problem_set(problem, HF_R_HOST_BLE_BUSY, ble->link->name, "%s",
					   errno == EADDRINUSE ? "another holdfast works with it" : strerror(errno));
		(void)bluez_turn(ble->bluez, -1, 0, TURN_MS);
	}
	return HF_OK;
}

/* --- connecting ----------------------------------------------------------------------------------------------------------- */

static enum hf_reason refresh(struct link_ble *ble, struct problem *problem)
{
	enum hf_reason reason = bluez_refresh(ble->bluez, CALL_MS, problem);
	const struct bluez_object *device = reason == HF_OK ? bluez_of_path(ble->bluez, ble->device) : NULL;
	ble->paired = device != NULL && device->paired;
	return reason;
}

/* A bond that the device does not accept shows itself by a connection that comes and goes. */
static enum hf_reason gone(struct link_ble *ble, enum hf_reason own, const char *words, struct problem *problem)
{
	if (ble->paired && !ble->pair_tried && (bluez_connects(ble->bluez) != 0 || !ble->ours))
		return problem_set(problem, HF_R_HOST_BLE_OLD_BOND, ble->link->name, "%s", words);
	return problem_set(problem, own, ble->link->name, "%s", words);
}

static enum hf_reason connect_device(struct link_ble *ble, struct problem *problem)
{
	enum hf_reason reason = refresh(ble, problem);
	const struct bluez_object *device = reason == HF_OK ? bluez_of_path(ble->bluez, ble->device) : NULL;
	bluez_watch(ble->bluez, ble->device, device != NULL && device->connected);
	if (reason != HF_OK || bluez_is_connected(ble->bluez))
		return reason;
	uint32_t start_ms = device_now_ms();
	ble->ours = true;
	for (int i = 0; i < CONNECT_TRIES && device_now_ms() - start_ms < 2u * ble->step_ms; i++) {
		if (bluez_call(ble->bluez, ble->device, DEVICE1, "Connect", 2u * ble->step_ms))
			return HF_OK;
		reason = call_failed(ble, HF_R_HOST_BLE_CONNECT, problem);
		if (reason != HF_R_HOST_BLE_CONNECT || bluez_was_late(ble->bluez))
			return reason;
		for (int turns = 0; turns < 5; turns++) /* the controller needs a moment between two tries */
			(void)bluez_turn(ble->bluez, -1, 0, TURN_MS);
	}
	char words[200];
	(void)snprintf(words, sizeof words, "%.190s", problem->detail);
	return gone(ble, HF_R_HOST_BLE_CONNECT, words, problem);
}

/* --- services ------------------------------------------------------------------------------------------------------------- */

static const struct bluez_object *part_of(const struct link_ble *ble, enum bluez_kind kind, const char *above, const char *uuid)
{
	for (size_t i = 0; i < bluez_count(ble->bluez); i++) {
		const struct bluez_object *object = bluez_at(ble->bluez, i);
		if (object->kind == kind && bluez_is_below(object->path, above) && strcmp(object->uuid, uuid) == 0)
			return object;
	}
	return NULL;
}

/* "1800 1801 180a": the short form where there is one. */
static void list_services(const struct link_ble *ble, char *words, size_t size)
{
	words[0] = '\0';
	for (size_t i = 0; i < bluez_count(ble->bluez); i++) {
		const struct bluez_object *object = bluez_at(ble->bluez, i);
		size_t length = strlen(words);
		if (object->kind != BLUEZ_SERVICE || !bluez_is_below(object->path, ble->device) || length + 40 > size)
			continue;
		bool usual = strncmp(object->uuid, "0000", 4) == 0 && strcmp(object->uuid + 8, "-0000-1000-8000-00805f9b34fb") == 0;
		(void)snprintf(words + length, size - length, " %.*s", usual ? 4 : 36, object->uuid + (usual ? 4 : 0));
	}
}

static enum hf_reason resolve(struct link_ble *ble, struct problem *problem)
{
	uint32_t start_ms = device_now_ms();
	for (;;) {
		const struct bluez_object *device = bluez_of_path(ble->bluez, ble->device);
		if (device != NULL && device->resolved && device->connected)
			return HF_OK;
		if (!bluez_is_connected(ble->bluez))
			return gone(ble, HF_R_HOST_BLE_LOST, "it ended while the services were read", problem);
		if (device_now_ms() - start_ms >= 2u * ble->step_ms)
			return problem_set(problem, HF_R_HOST_BLE_SERVICES, ble->link->name, "waited %u s", (unsigned)(2u * ble->step_ms / 1000u));
		(void)bluez_turn(ble->bluez, -1, 0, TURN_MS);
		enum hf_reason reason = bluez_freshen(ble->bluez, CALL_MS, problem);
		if (reason != HF_OK)
			return reason;
	}
}

/* How many channels BlueZ uses, its file says; versions differ where it says nothing, so that several must be expected. */
static bool one_channel_configured(void)
{
	FILE *file = fopen("/etc/bluetooth/main.conf", "r");
	char line[256];
	bool in_gatt = false, one = false;
	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		unsigned channels = 0;
		if (line[0] == '[')
			in_gatt = strncmp(line, "[GATT]", 6) == 0;
		else if (in_gatt && sscanf(line, " Channels = %u", &channels) == 1)
			one = channels == 1;
	}
	if (file != NULL)
		(void)fclose(file);
	return one;
}

/* The device tells what it can; whether the channels are open, BlueZ tells nobody.
 * Source: Bluetooth Core 5.4, Vol 3 Part G, 7.4 Server Supported Features, bit 0. */
static bool uses_eatt(struct link_ble *ble)
{
	const struct bluez_object *features = part_of(ble, BLUEZ_CHARACTERISTIC, ble->device, SERVER_FEATURES);
	char path[BLUEZ_PATH_BYTES];
	uint8_t value[8] = { 0 };
	size_t got = 0;
	if (features == NULL || one_channel_configured())
		return false;
	(void)snprintf(path, sizeof path, "%s", features->path);
	return bluez_read(ble->bluez, path, value, sizeof value, &got, CALL_MS) && got != 0 && (value[0] & FEATURE_EATT) != 0;
}

static enum hf_reason find_characteristic(struct link_ble *ble, struct problem *problem)
{
	char services[260];
	enum hf_reason reason = refresh(ble, problem);
	if (reason != HF_OK)
		return reason;
	const struct bluez_object *service = part_of(ble, BLUEZ_SERVICE, ble->device, BLUEZ_SMP_SERVICE);
	const struct bluez_object *found = service != NULL ? part_of(ble, BLUEZ_CHARACTERISTIC, service->path, BLUEZ_SMP_CHARACTERISTIC) : NULL;
	if (found == NULL) {
		list_services(ble, services, sizeof services);
		return problem_set(problem, HF_R_HOST_BLE_NO_SERVICE, ble->link->name, "%s%s", service != NULL ? "the service has not the characteristic" :
				   services[0] != '\0' ? "it offers" : "it offers nothing", service != NULL ? "" : services);
	}
	(void)snprintf(ble->characteristic, sizeof ble->characteristic, "%s", found->path);
	ble->can_command = found->can_command || !found->can_request;
	ble->mtu = found->mtu;
	ble->eatt = uses_eatt(ble);
	return HF_OK;
}

/* A connection that ends at once gets a second chance: an earlier one may just have been on its way out. */
static enum hf_reason connect_all(struct link_ble *ble, struct problem *problem)
{
	enum { CHANCES = 2 };
	enum hf_reason reason = HF_R_HOST_BLE_LOST;
	for (int i = 0; i < CHANCES && reason == HF_R_HOST_BLE_LOST; i++) {
		reason = connect_device(ble, problem);
		if (reason == HF_OK)
			reason = resolve(ble, problem);
	}
	return reason == HF_OK ? find_characteristic(ble, problem) : reason;
}

/* --- subscribing ---------------------------------------------------------------------------------------------------------- */

/* BlueZ's error texts for what the attribute protocol calls authentication, authorization, encryption and its key's size; a device may be
 * silent instead, and so is BlueZ while it pairs.
 * Source: bluez/bluez: src/gatt-client.c; Bluetooth Core 5.4, Vol 3 Part F, 3.4.1.1. */
static bool wants_pairing(const struct link_ble *ble)
{
	static const char *const words[] = { "not paired", "not authorized", "authenticat", "encrypt", "0x05", "0x08", "0x0c", "0x0f" };
	if (bluez_was_late(ble->bluez) || bluez_was(ble->bluez, "NotAuthorized"))
		return true;
	for (size_t i = 0; i < HF_ARRAY_COUNT(words); i++) {
		if (has_words(ble, words[i]))
			return true;
	}
	return false;
}

/* A characteristic or a BlueZ that can't be acquired: by calls and signals. */
static bool is_not_to_acquire(const struct link_ble *ble)
{
	return bluez_was(ble->bluez, "NotSupported") || has_words(ble, "unknownmethod") || has_words(ble, "doesn't exist");
}

static enum hf_reason subscribe_failed(struct link_ble *ble, bool *wanted, struct problem *problem)
{
	*wanted = false;
	if (bluez_was(ble->bluez, "NotPermitted") && has_words(ble, "acquired"))
		return problem_set(problem, HF_R_HOST_BLE_BUSY, ble->link->name, "%s", bluez_words(ble->bluez));
	/* A stranger's connection that ends just now may have ended over a pairing that BlueZ tried and the device refused. */
	bool connected = bluez_is_connected(ble->bluez), over_pairing = !connected && !ble->paired && !ble->pair_tried;
	*wanted = over_pairing || (wants_pairing(ble) && connected);
	enum hf_reason reason = call_failed(ble, HF_R_HOST_BLE_SUBSCRIBE, problem);
	*wanted = *wanted && reason == HF_R_HOST_BLE_SUBSCRIBE;
	if (reason == HF_R_HOST_BLE_SUBSCRIBE && !connected) {
		char words[200];
		(void)snprintf(words, sizeof words, "while subscribing: %.180s", problem->detail);
		return gone(ble, HF_R_HOST_BLE_LOST, words, problem);
	}
	return reason;
}

/* A stranger is subscribed to by StartNotify first: if that makes BlueZ pair (5.66), the call hangs, and StopNotify and a new connection end it.
 * A hanging AcquireNotify would keep the characteristic "acquired" as long as bluetoothd lives. */
static bool try_notify(struct link_ble *ble)
{
	bluez_hasten(ble->bluez, true);
	bool done = bluez_call(ble->bluez, ble->characteristic, CHARACTERISTIC1, "StartNotify", ble->step_ms) || is_not_to_acquire(ble);
	bluez_hasten(ble->bluez, false);
	return done;
}

static void stop_notify(struct link_ble *ble)
{
	bool stopped = bluez_call(ble->bluez, ble->characteristic, CHARACTERISTIC1, "StopNotify", CALL_MS);
	(void)stopped; /* it is not subscribed to then */
}

static bool acquire_notify(struct link_ble *ble)
{
	uint16_t mtu = 0;
	if (bluez_acquire(ble->bluez, ble->characteristic, "AcquireNotify", ble->step_ms, &ble->notify_fd, &mtu)) {
		ble->mtu = mtu;
		return true;
	}
	if (!is_not_to_acquire(ble))
		return false;
	bluez_listen_at(ble->bluez, ble->characteristic);
	return bluez_call(ble->bluez, ble->characteristic, CHARACTERISTIC1, "StartNotify", ble->step_ms);
}

/* *wanted: it failed because the device wants to be paired with. */
static enum hf_reason subscribe(struct link_ble *ble, bool *wanted, struct problem *problem)
{
	uint16_t mtu = 0;
	*wanted = false;
	if (!ble->paired) {
		if (!try_notify(ble))
			return subscribe_failed(ble, wanted, problem);
		stop_notify(ble);
	}
	if (!acquire_notify(ble))
		return subscribe_failed(ble, wanted, problem);
	/* Writing by a descriptor is faster and can be done without. */
	if (ble->can_command && bluez_acquire(ble->bluez, ble->characteristic, "AcquireWrite", ble->step_ms, &ble->write_fd, &mtu))
		ble->mtu = ble->mtu == 0 || mtu < ble->mtu ? mtu : ble->mtu;
	return refresh(ble, problem);
}

/* --- pairing -------------------------------------------------------------------------------------------------------------- */

static enum hf_reason register_agent(struct link_ble *ble, struct problem *problem)
{
	const struct bluez_agent_wish wish = { .device = ble->device, .subject = ble->link->name, .has_passkey = ble->link->options.has_passkey,
					       .passkey = ble->link->options.passkey };
	return bluez_agent(ble->bluez, &wish, CALL_MS) ? HF_OK : call_failed(ble, HF_R_HOST_BLE_STUCK, problem);
}

static bool was_questioned(struct bluez_agent_story story)
{
	return story.was_asked || story.wanted_passkey;
}

static bool lacks_passkey(const struct link_ble *ble, struct bluez_agent_story story)
{
	return story.wanted_passkey && !ble->link->options.has_passkey && !story.was_answered;
}

static enum hf_reason pairing_failed(struct link_ble *ble, struct problem *problem)
{
	struct bluez_agent_story story = bluez_agent_story(ble->bluez);
	if (lacks_passkey(ble, story))
		return problem_set(problem, HF_R_HOST_BLE_PASSKEY, ble->link->name, "%s", bluez_words(ble->bluez));
	enum hf_reason own = bluez_was(ble->bluez, "ConnectionAttemptFailed") ? HF_R_HOST_BLE_CONNECT : HF_R_HOST_BLE_PAIRING;
	enum hf_reason reason = call_failed(ble, own, problem);
	/* Why a device refuses, BlueZ tells nobody; that it did so before any question is all there is to see of one that makes its peers wait. */
	if (reason == HF_R_HOST_BLE_PAIRING && !was_questioned(story)) {
		size_t length = strlen(problem->detail);
		(void)snprintf(problem->detail + length, sizeof problem->detail - length, "%s", story.can_passkey ?
			       "; the device asked for no passkey: after failed pairings one may refuse all for a while" :
			       "; it was without a passkey (--passkey)");
	}
	return reason;
}

/* BlueZ may be pairing by itself, because the device asked for it. */
static bool wait_for_pairing(struct link_ble *ble, struct problem *problem)
{
	uint32_t start_ms = device_now_ms();
	while (device_now_ms() - start_ms < PAIR_STEPS * ble->step_ms && bluez_is_connected(ble->bluez)) {
		(void)bluez_turn(ble->bluez, -1, 0, TURN_MS);
		if (refresh(ble, problem) != HF_OK || ble->paired)
			break;
	}
	return ble->paired;
}

static enum hf_reason pair(struct link_ble *ble, struct problem *problem)
{
	ble->pair_tried = true;
	bool paired = bluez_call(ble->bluez, ble->device, DEVICE1, "Pair", PAIR_STEPS * ble->step_ms) || bluez_was(ble->bluez, "AlreadyExists");
	if (!paired && bluez_was(ble->bluez, "InProgress"))
		paired = wait_for_pairing(ble, problem);
	if (!paired) {
		enum hf_reason reason = pairing_failed(ble, problem);
		if (bluez_was_late(ble->bluez))
			(void)bluez_call(ble->bluez, ble->device, DEVICE1, "CancelPairing", CALL_MS);
		return reason;
	}
	return connect_all(ble, problem);
}

/* What hangs in BlueZ, such as a subscription without an answer, ends with the connection. */
static void reconnect(struct link_ble *ble)
{
	bool ours = ble->ours;
	ble->ours = true;
	link_ble_leave(ble);
	ble->ours = ours;
}

/* BlueZ has paired during the subscription, which then hangs (5.66): all that is missing is a connection without it. */
static enum hf_reason connect_anew(struct link_ble *ble, struct problem *problem)
{
	reconnect(ble);
	return connect_all(ble, problem);
}

static enum hf_reason subscribe_paired(struct link_ble *ble, struct problem *problem)
{
	bool wanted = false, late = bluez_was_late(ble->bluez), had_bond = ble->paired;
	char words[200];
	(void)snprintf(words, sizeof words, "%s", bluez_words(ble->bluez));
	if (had_bond)
		return problem_set(problem, late ? HF_R_HOST_BLE_OLD_BOND : HF_R_HOST_BLE_AUTH, ble->link->name,
				   late ? "no answer to the subscription" : "%s, though there is a bond: one with a passkey is wanted", words);
	if (ble->pair_tried)
		return problem_set(problem, HF_R_HOST_BLE_AUTH, ble->link->name, "%s", words);
	enum hf_reason reason = refresh(ble, problem);
	if (late)
		stop_notify(ble);
	/* One question a command: a device counts failures, and makes everybody wait after some. */
	struct bluez_agent_story story = bluez_agent_story(ble->bluez);
	if (reason == HF_OK && !ble->paired && was_questioned(story))
		return problem_set(problem, lacks_passkey(ble, story) ? HF_R_HOST_BLE_PASSKEY : HF_R_HOST_BLE_PAIRING, ble->link->name,
				   "the pairing that the subscription began failed: %s", words);
	if (reason == HF_OK && ble->paired)
		reason = connect_anew(ble, problem);
	else if (reason == HF_OK && late)
		reconnect(ble);
	if (reason == HF_OK && !ble->paired)
		reason = pair(ble, problem);
	if (reason == HF_OK)
		reason = subscribe(ble, &wanted, problem);
	if (reason != HF_OK && wanted)
		reason = problem_set(problem, HF_R_HOST_BLE_AUTH, ble->link->name, "paired, and then: %s", bluez_words(ble->bluez));
	return reason;
}

enum hf_reason link_ble_pair(struct link_ble *ble, struct problem *problem)
{
	bool wanted = false;
	link_ble_release(ble);
	enum hf_reason reason = ble->paired ? HF_OK : pair(ble, problem);
	return reason == HF_OK ? subscribe(ble, &wanted, problem) : reason;
}

/* --- the whole ------------------------------------------------------------------------------------------------------------ */

enum hf_reason link_ble_reach(struct link_ble *ble, struct problem *problem)
{
	const struct address *address = &ble->link->address;
	bool wanted = false;
	enum hf_reason reason = blefind_adapter(ble->bluez, ble->link->name, address->ble_adapter, ble->adapter, problem);
	if (reason == HF_OK)
		reason = blefind_device(ble->bluez, ble->link->name, address, ble->adapter, ble->device, problem);
	if (reason == HF_OK)
		reason = claim(ble, problem);
	if (reason == HF_OK)
		reason = register_agent(ble, problem);
	if (reason == HF_OK)
		reason = connect_all(ble, problem);
	if (reason == HF_OK && ble->link->options.pair && !ble->paired)
		reason = pair(ble, problem);
	if (reason == HF_OK)
		reason = subscribe(ble, &wanted, problem);
	return wanted ? subscribe_paired(ble, problem) : reason;
}

void link_ble_release(struct link_ble *ble)
{
	if (ble->notify_fd >= 0)
		(void)close(ble->notify_fd);
	if (ble->write_fd >= 0)
		(void)close(ble->write_fd);
	ble->notify_fd = ble->write_fd = -1;
}

/* BlueZ waits two seconds before it ends a connection; a next command that came meanwhile would have it torn away. */
void link_ble_leave(struct link_ble *ble)
{
	uint32_t start_ms = device_now_ms();
	(void)bluez_turn(ble->bluez, -1, 0, 0);
	if (!ble->ours || ble->device[0] == '\0' || !bluez_is_connected(ble->bluez))
		return;
	bool asked = bluez_call(ble->bluez, ble->device, DEVICE1, "Disconnect", LEAVE_MS);
	while (asked && bluez_is_connected(ble->bluez) && device_now_ms() - start_ms < LEAVE_MS)
		(void)bluez_turn(ble->bluez, -1, 0, TURN_MS);
}
