/* SPDX-License-Identifier: MIT */
/* bluez_inside.h - what bluez.c, bluez_objects.c and bluez_agent.c share; nobody else includes it. */
#ifndef HOST_BLUEZ_INSIDE_H
#define HOST_BLUEZ_INSIDE_H

#include <systemd/sd-bus.h>

#include "bluez.h"

struct agent {
	sd_bus_slot *slot;
	bool registered;
	char device[BLUEZ_PATH_BYTES];
	char subject[256];
	bool has_passkey;
	uint32_t passkey;
	int terminal;                  /* -1: nobody is there to ask */
	sd_bus_message *asked;         /* waits for the human */
	struct bluez_agent_story story;
};

struct bluez {
	sd_bus *bus;
	const char *subject;
	struct bluez_object *objects;
	size_t count, capacity;
	bool dirty, gone;
	bool late;                     /* of the last call */
	int error;                     /* errno value of the bus itself; 0: an answer came */
	char error_name[96], words[200];
	char watch_path[BLUEZ_PATH_BYTES];
	bool connected;
	uint32_t connects;
	bool hasten, was_paired;       /* since the call began */
	uint32_t paired_ms;            /* when */
	char listen_path[BLUEZ_PATH_BYTES];
	void (*listen)(void *ctx, const uint8_t *data, size_t size_bytes);
	void *listen_ctx;
	struct agent agent;
};

/* message is given away. *reply may be NULL: not wanted. */
bool bluez_send(struct bluez *bluez, sd_bus_message *message, uint32_t timeout_ms, sd_bus_message **reply);
sd_bus_message *bluez_method(struct bluez *bluez, const char *path, const char *interface, const char *method);

/* Fills objects from GetManagedObjects' reply. */
int objects_take(struct bluez *bluez, sd_bus_message *reply);
/* PropertiesChanged of the characteristic that is listened to, or of the device that is watched. */
void objects_changed(struct bluez *bluez, sd_bus_message *signal);

/* The terminal has a line. */
void agent_answer(struct bluez *bluez);
void agent_stop(struct bluez *bluez);

#endif
