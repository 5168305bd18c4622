/* SPDX-License-Identifier: MIT */
/* bluez.h - BlueZ over D-Bus: its objects, its signals, calls with a deadline, and an agent for pairing.
 *
 * Why      Nothing here may hang or be entered twice: every call is asynchronous, and one loop (bluez_turn) serves the bus, the agent, the
 *          terminal and the caller's descriptor until a deadline. Only bluez*.c know libsystemd; what a link does with it is link_ble.c's.
 * Shapes   An object is one of BlueZ's paths with the properties that matter here. bluez_refresh reads them all anew, when a signal
 *          said that something changed; pointers to objects are good until then.
 * Order    bluez_open, bluez_refresh, the rest, bluez_close. After a false: bluez_failed tells what is wrong with bus and daemon, HF_OK if the
 *          call itself was refused; bluez_words has BlueZ's own words.
 * Units    _ms, _dbm.
 * Errors   HF_R_HOST_BLE_BUS, _DENIED, _DAEMON, _STUCK.
 * Source   bluez/bluez: doc/adapter-api.txt, device-api.txt, gatt-api.txt, agent-api.txt.
 */
#ifndef HOST_BLUEZ_H
#define HOST_BLUEZ_H

#include "problem.h"

#define BLUEZ_PATH_BYTES 160u
#define BLUEZ_ADDRESS_BYTES 18u
#define BLUEZ_NAME_BYTES 64u
#define BLUEZ_SMP_SERVICE "8d53dc1d-1db7-4cd3-868b-8a527460aa84"
#define BLUEZ_SMP_CHARACTERISTIC "da2e7828-fbce-4e01-ae9e-261174997c48"

enum bluez_kind { BLUEZ_OTHER, BLUEZ_ADAPTER, BLUEZ_DEVICE, BLUEZ_SERVICE, BLUEZ_CHARACTERISTIC };

struct bluez_object {
	enum bluez_kind kind;
	char path[BLUEZ_PATH_BYTES];
	char address[BLUEZ_ADDRESS_BYTES];    /* adapter, device */
	char name[BLUEZ_NAME_BYTES];          /* device: what it calls itself; empty: unknown */
	char alias[BLUEZ_NAME_BYTES];
	char uuid[40];                        /* service, characteristic; lower case */
	bool is_random;                       /* the address may be another one tomorrow */
	bool powered;                         /* adapter */
	bool connected, paired, resolved;     /* device */
	bool has_rssi;                        /* device: seen in the discovery that runs */
	int16_t rssi_dbm;
	bool has_smp;                         /* device: says that it offers the SMP service */
	bool can_command, can_request;        /* characteristic: write without, with response */
	uint16_t mtu;                         /* characteristic; 0: not told */
};

struct bluez;

enum hf_reason bluez_open(const char *subject, struct bluez **bluez, struct problem *problem) HF_MUST_USE;
void bluez_close(struct bluez *bluez);

/* All objects anew. */
enum hf_reason bluez_refresh(struct bluez *bluez, uint32_t timeout_ms, struct problem *problem) HF_MUST_USE;
/* The same, if a signal came since. */
enum hf_reason bluez_freshen(struct bluez *bluez, uint32_t timeout_ms, struct problem *problem) HF_MUST_USE;
size_t bluez_count(const struct bluez *bluez);
const struct bluez_object *bluez_at(const struct bluez *bluez, size_t index);
/* NULL: there is none. */
const struct bluez_object *bluez_of_path(const struct bluez *bluez, const char *path);
/* True if path lies below, or is, the other. */
bool bluez_is_below(const char *path, const char *above);

/* One step of the loop: signals, agent, terminal; until something was done, fd is ready for events, or timeout_ms. fd -1: none.
 * True: fd is ready. */
bool bluez_turn(struct bluez *bluez, int fd, short events, uint32_t timeout_ms);
/* The bus is gone, and with it all that was had from it. */
bool bluez_is_gone(const struct bluez *bluez);

/* Tells one BlueZ from another: 32 hex digits and the end. */
#define BLUEZ_ID_BYTES 33u
void bluez_id(struct bluez *bluez, char id[BLUEZ_ID_BYTES]);

/* Calls. The time that the agent spends waiting for a human is given on top. */
bool bluez_call(struct bluez *bluez, const char *path, const char *interface, const char *method, uint32_t timeout_ms);
/* Only low energy. */
bool bluez_set_filter(struct bluez *bluez, const char *adapter, uint32_t timeout_ms);
bool bluez_remove(struct bluez *bluez, const char *adapter, const char *device, uint32_t timeout_ms);
/* AcquireWrite, AcquireNotify: *fd is the caller's. */
bool bluez_acquire(struct bluez *bluez, const char *path, const char *method, uint32_t timeout_ms, int *fd, uint16_t *mtu);
bool bluez_write(struct bluez *bluez, const char *path, const uint8_t *data, size_t size_bytes, bool request, uint32_t timeout_ms);
bool bluez_read(struct bluez *bluez, const char *path, uint8_t *into, size_t size_bytes, size_t *got, uint32_t timeout_ms);
/* Values of a characteristic, as signals bring them, are handed to take; from bluez_listen_at on, which names it. */
void bluez_listen(struct bluez *bluez, void (*take)(void *ctx, const uint8_t *data, size_t size_bytes), void *ctx);
void bluez_listen_at(struct bluez *bluez, const char *path);

/* The device whose connection is watched from now on. */
void bluez_watch(struct bluez *bluez, const char *device, bool connected);
bool bluez_is_connected(const struct bluez *bluez);
/* How often it became connected since then. */
uint32_t bluez_connects(const struct bluez *bluez);

/* A call whose answer depends on a pairing that it causes: BlueZ 5.66 pairs and then never answers. With hasten the wait ends soon after the
 * watched device is paired. */
void bluez_hasten(struct bluez *bluez, bool hasten);

/* Of the call that failed last. */
enum hf_reason bluez_failed(struct bluez *bluez, struct problem *problem) HF_MUST_USE;
bool bluez_was_late(const struct bluez *bluez);
bool bluez_was(const struct bluez *bluez, const char *error); /* "NotSupported" for org.bluez.Error.NotSupported */
const char *bluez_words(const struct bluez *bluez);

/* The agent. It answers for one device and refuses the rest; without passkey and terminal it can only do Just Works. */
struct bluez_agent_wish {
	const char *device;     /* path */
	const char *subject;    /* for questions */
	bool has_passkey;
	uint32_t passkey;
};
bool bluez_agent(struct bluez *bluez, const struct bluez_agent_wish *wish, uint32_t timeout_ms);
/* was_asked: BlueZ asked it something that a human has to know. was_answered: and a human did. can_passkey: it was given a passkey, or
 * has a terminal to ask for one at. */
struct bluez_agent_story {
	bool was_asked, was_answered, wanted_passkey, can_passkey;
};
struct bluez_agent_story bluez_agent_story(const struct bluez *bluez);

#endif
