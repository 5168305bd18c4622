/* SPDX-License-Identifier: MIT */
/* BlueZ's objects, from one reply: a{oa{sa{sv}}}. What is not known is skipped, so that newer BlueZ do no harm. */
#define _POSIX_C_SOURCE 200809L
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "bluez_inside.h"
#include "bytes.h"
#include "device.h"

enum { OBJECTS_MAX = 4096 };

static const struct {
	const char *interface;
	enum bluez_kind kind;
} kinds[] = {
	{ "org.bluez.Adapter1", BLUEZ_ADAPTER },
	{ "org.bluez.Device1", BLUEZ_DEVICE },
	{ "org.bluez.GattService1", BLUEZ_SERVICE },
	{ "org.bluez.GattCharacteristic1", BLUEZ_CHARACTERISTIC },
};

static enum bluez_kind kind_of(const char *interface)
{
	for (size_t i = 0; i < HF_ARRAY_COUNT(kinds); i++) {
		if (strcmp(kinds[i].interface, interface) == 0)
			return kinds[i].kind;
	}
	return BLUEZ_OTHER;
}

/* --- properties ----------------------------------------------------------------------------------------------------------- */

/* Names come from strangers and go to a terminal: nothing that steers one may stay in them. */
static void put_name(char *into, size_t size_bytes, const char *text)
{
	(void)snprintf(into, size_bytes, "%s", text);
	for (char *c = into; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
}

static void take_string(struct bluez_object *object, const char *key, const char *text)
{
	if (strcmp(key, "Address") == 0) {
		(void)snprintf(object->address, sizeof object->address, "%.17s", text);
	} else if (strcmp(key, "Name") == 0) {
		put_name(object->name, sizeof object->name, text);
	} else if (strcmp(key, "Alias") == 0) {
		put_name(object->alias, sizeof object->alias, text);
	} else if (strcmp(key, "AddressType") == 0) {
		object->is_random = strcmp(text, "random") == 0;
	} else if (strcmp(key, "UUID") == 0) {
		(void)snprintf(object->uuid, sizeof object->uuid, "%.36s", text);
		for (char *c = object->uuid; *c != '\0'; c++)
			*c = (char)tolower((unsigned char)*c);
	}
}

static void take_flag(struct bluez_object *object, const char *key, bool value)
{
	if (strcmp(key, "Powered") == 0)
		object->powered = value;
	else if (strcmp(key, "Connected") == 0)
		object->connected = value;
	else if (strcmp(key, "Paired") == 0)
		object->paired = value;
	else if (strcmp(key, "ServicesResolved") == 0)
		object->resolved = value;
}

static void take_word(struct bluez_object *object, const char *key, const char *word)
{
	if (strcmp(key, "UUIDs") == 0 && strcasecmp(word, BLUEZ_SMP_SERVICE) == 0)
		object->has_smp = true;
	else if (strcmp(key, "Flags") == 0 && strcmp(word, "write-without-response") == 0)
		object->can_command = true;
	else if (strcmp(key, "Flags") == 0 && strcmp(word, "write") == 0)
		object->can_request = true;
}

static int take_words(struct bluez_object *object, const char *key, sd_bus_message *m)
{
	const char *word = NULL;
	int more = sd_bus_message_enter_container(m, 'a', "s");
	while (more >= 0 && (more = sd_bus_message_read_basic(m, 's', &word)) > 0)
		take_word(object, key, word);
	return more >= 0 ? sd_bus_message_exit_container(m) : more;
}

/* The inside of a variant of this type. */
static int take_value(struct bluez_object *object, const char *key, const char *type, sd_bus_message *m)
{
	int flag = 0, done = 0;
	const char *text = NULL;
	uint16_t number = 0;
	if (strcmp(type, "s") == 0) {
		if ((done = sd_bus_message_read_basic(m, 's', &text)) >= 0)
			take_string(object, key, text);
	} else if (strcmp(type, "b") == 0) {
		if ((done = sd_bus_message_read_basic(m, 'b', &flag)) >= 0)
			take_flag(object, key, flag != 0);
	} else if (strcmp(type, "as") == 0) {
		done = take_words(object, key, m);
	} else if (strcmp(type, "n") == 0 && strcmp(key, "RSSI") == 0) {
		object->has_rssi = true;
		done = sd_bus_message_read_basic(m, 'n', &object->rssi_dbm);
	} else if (strcmp(type, "q") == 0 && strcmp(key, "MTU") == 0) {
		if ((done = sd_bus_message_read_basic(m, 'q', &number)) >= 0)
			object->mtu = number;
	} else {
		done = sd_bus_message_skip(m, type);
	}
	return done;
}

/* a{sv} */
static int take_properties(struct bluez_object *object, sd_bus_message *m)
{
	int more = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (more >= 0 && (more = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		const char *key = NULL, *type = NULL;
		if ((more = sd_bus_message_read_basic(m, 's', &key)) < 0 || (more = sd_bus_message_peek_type(m, NULL, &type)) < 0 ||
		    (more = sd_bus_message_enter_container(m, 'v', type)) < 0 || (more = take_value(object, key, type, m)) < 0 ||
		    (more = sd_bus_message_exit_container(m)) < 0)
			return more;
		more = sd_bus_message_exit_container(m);
	}
	return more >= 0 ? sd_bus_message_exit_container(m) : more;
}

/* a{sa{sv}} */
static int take_interfaces(struct bluez_object *object, sd_bus_message *m)
{
	int more = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
	while (more >= 0 && (more = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
		const char *interface = NULL;
		if ((more = sd_bus_message_read_basic(m, 's', &interface)) < 0)
			return more;
		enum bluez_kind kind = kind_of(interface);
		if (kind != BLUEZ_OTHER) {
			object->kind = kind;
			more = take_properties(object, m);
		} else {
			more = sd_bus_message_skip(m, "a{sv}");
		}
		if (more >= 0)
			more = sd_bus_message_exit_container(m);
	}
	return more >= 0 ? sd_bus_message_exit_container(m) : more;
}

/* --- the table ------------------------------------------------------------------------------------------------------------ */

static struct bluez_object *add(struct bluez *bluez)
{
	bluez->objects = host_grown(bluez->objects, bluez->count, &bluez->capacity, sizeof *bluez->objects);
	struct bluez_object *object = &bluez->objects[bluez->count++];
	*object = (struct bluez_object){ .kind = BLUEZ_OTHER };
	return object;
}

int objects_take(struct bluez *bluez, sd_bus_message *reply)
{
	bluez->count = 0;
	int more = sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}");
	while (more >= 0 && bluez->count < OBJECTS_MAX && (more = sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}")) > 0) {
		const char *path = NULL;
		if ((more = sd_bus_message_read_basic(reply, 'o', &path)) < 0)
			return more;
		struct bluez_object *object = add(bluez);
		more = take_interfaces(object, reply);
		if (object->kind == BLUEZ_OTHER || strlen(path) >= sizeof object->path)
			bluez->count--;
		else
			(void)snprintf(object->path, sizeof object->path, "%s", path);
		if (more >= 0)
			more = sd_bus_message_exit_container(reply);
	}
	return more;
}

size_t bluez_count(const struct bluez *bluez)
{
	return bluez->count;
}

const struct bluez_object *bluez_at(const struct bluez *bluez, size_t index)
{
	return &bluez->objects[index];
}

const struct bluez_object *bluez_of_path(const struct bluez *bluez, const char *path)
{
	for (size_t i = 0; i < bluez->count; i++) {
		if (strcmp(bluez->objects[i].path, path) == 0)
			return &bluez->objects[i];
	}
	return NULL;
}

bool bluez_is_below(const char *path, const char *above)
{
	size_t length = strlen(above);
	return strncmp(path, above, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* --- what a signal brings -------------------------------------------------------------------------------------------------- */

static void take_change(struct bluez *bluez, enum bluez_kind kind, const char *key, const char *type, sd_bus_message *signal)
{
	const void *data = NULL;
	size_t size_bytes = 0;
	int flag = 0;
	if (kind == BLUEZ_CHARACTERISTIC && bluez->listen != NULL && strcmp(key, "Value") == 0 && strcmp(type, "ay") == 0) {
		if (sd_bus_message_read_array(signal, 'y', &data, &size_bytes) >= 0)
			bluez->listen(bluez->listen_ctx, data, size_bytes);
	} else if (kind == BLUEZ_DEVICE && strcmp(key, "Connected") == 0 && strcmp(type, "b") == 0) {
		if (sd_bus_message_read_basic(signal, 'b', &flag) >= 0) {
			bluez->connects += flag != 0 && !bluez->connected;
			bluez->connected = flag != 0;
		}
	} else if (kind == BLUEZ_DEVICE && strcmp(key, "Paired") == 0 && strcmp(type, "b") == 0) {
		if (sd_bus_message_read_basic(signal, 'b', &flag) >= 0 && flag != 0) {
			bluez->was_paired = true;
			bluez->paired_ms = device_now_ms();
		}
	} else {
		int skipped = sd_bus_message_skip(signal, type);
		(void)skipped; /* a malformed rest ends the caller's loop */
	}
}

void objects_changed(struct bluez *bluez, sd_bus_message *signal)
{
	const char *path = sd_bus_message_get_path(signal), *interface = NULL;
	if (path == NULL || sd_bus_message_read_basic(signal, 's', &interface) < 0)
		return;
	enum bluez_kind kind = kind_of(interface);
	bool wanted = (kind == BLUEZ_CHARACTERISTIC && strcmp(path, bluez->listen_path) == 0) ||
		      (kind == BLUEZ_DEVICE && strcmp(path, bluez->watch_path) == 0);
	if (!wanted || sd_bus_message_enter_container(signal, 'a', "{sv}") < 0)
		return;
	while (sd_bus_message_enter_container(signal, 'e', "sv") > 0) {
		const char *key = NULL, *type = NULL;
		if (sd_bus_message_read_basic(signal, 's', &key) < 0 || sd_bus_message_peek_type(signal, NULL, &type) < 0 ||
		    sd_bus_message_enter_container(signal, 'v', type) < 0)
			return;
		take_change(bluez, kind, key, type, signal);
		if (sd_bus_message_exit_container(signal) < 0 || sd_bus_message_exit_container(signal) < 0)
			return;
	}
}
