/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "address.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "args.h"
#include "bytes.h"
#include "devicenames.h"

static const struct {
	const char *scheme;
	enum address_kind kind;
	bool is_usb;
} schemes[] = {
	{ "serial:", ADDRESS_SERIAL, false }, { "usb:", ADDRESS_SERIAL, true }, { "udp:", ADDRESS_UDP, false }, { "ble:", ADDRESS_BLE, false },
};

static enum hf_reason refuse(struct problem *problem, const char *text, const char *why)
{
	return problem_set(problem, HF_R_HOST_ADDRESS, text, "%s", why);
}

static bool copy(char *into, size_t cap, const char *from, size_t length)
{
	if (length >= cap)
		return false;
	memcpy(into, from, length);
	into[length] = '\0';
	return true;
}

static bool number_of(const char *text, uint64_t min, uint64_t max, uint64_t *number)
{
	struct problem ignored;
	return args_number("", text, max, number, &ignored) == HF_OK && *number >= min;
}

/* One key=value behind the question mark. */
static enum hf_reason take_option(const char *text, const char *key, const char *value, struct address *a, struct problem *problem)
{
	uint64_t number = 0;
	if (strcmp(key, "baud") == 0 && a->kind == ADDRESS_SERIAL && number_of(value, 1, 10000000, &number)) {
		a->baud = (uint32_t)number;
	} else if (strcmp(key, "framing") == 0 && a->kind == ADDRESS_SERIAL && (strcmp(value, "raw") == 0 || strcmp(value, "lines") == 0)) {
		a->raw = value[0] == 'r';
	} else if (strcmp(key, "port") == 0 && a->usb_serial[0] != '\0' && number_of(value, 0, 31, &number)) {
		a->usb_index = (uint32_t)number;
	} else if (strcmp(key, "mtu") == 0 && a->kind == ADDRESS_UDP && number_of(value, 576, 65535, &number)) {
		a->mtu_bytes = (uint32_t)number;
	} else if (strcmp(key, "adapter") == 0 && a->kind == ADDRESS_BLE && copy(a->ble_adapter, sizeof a->ble_adapter, value, strlen(value))) {
		return HF_OK;
	} else if (strcmp(key, "wait") == 0 && a->kind == ADDRESS_BLE && number_of(value, 1, 600, &number)) {
		a->ble_wait_s = (uint32_t)number;
	} else {
		char *why = host_printf("%s=%s does not fit here; there are baud, framing=raw (serial, usb), port (usb), mtu (udp), adapter, "
					"wait (ble)", key, value);
		enum hf_reason reason = refuse(problem, text, why);
		free(why);
		return reason;
	}
	return HF_OK;
}

static enum hf_reason take_options(const char *text, const char *options, struct address *a, struct problem *problem)
{
	enum hf_reason reason = HF_OK;
	while (reason == HF_OK && *options != '\0') {
		char key[16], value[32];
		size_t length = strcspn(options, "&"), equals = strcspn(options, "=&");
		if (equals >= length || !copy(key, sizeof key, options, equals) ||
		    !copy(value, sizeof value, options + equals + 1, length - equals - 1))
			return refuse(problem, text, "behind the '?' belongs KEY=VALUE");
		reason = take_option(text, key, value, a, problem);
		options += length + (options[length] == '&');
	}
	return reason;
}

/* HOST, HOST:PORT, [IPv6], [IPv6]:PORT; a bare IPv6 address has more than one colon and no port. */
static enum hf_reason take_host(const char *text, const char *rest, size_t length, struct address *a, struct problem *problem)
{
	char all[300], *host = all, *port = NULL;
	if (!copy(all, sizeof all, rest, length))
		return refuse(problem, text, "the host's name is too long");
	if (host[0] == '[') {
		char *end = strchr(++host, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return refuse(problem, text, "a '[' needs a ']', then nothing or :PORT");
		port = end[1] == ':' ? end + 2 : NULL;
		*end = '\0';
	} else if (strchr(host, ':') != NULL && strchr(host, ':') == strrchr(host, ':')) {
		port = strchr(host, ':');
		*port++ = '\0';
	}
	uint64_t number = ADDRESS_UDP_PORT;
	if (port != NULL && !number_of(port, 1, 65535, &number))
		return refuse(problem, text, "the port is no number from 1 to 65535");
	a->udp_port = (uint16_t)number;
	if (host[0] == '\0' || !copy(a->place, sizeof a->place, host, strlen(host)))
		return refuse(problem, text, "the host is missing");
	return HF_OK;
}

static enum hf_reason parse_rest(const char *text, const char *rest, bool is_usb, struct address *a, struct problem *problem)
{
	size_t length = strcspn(rest, "?");
	enum hf_reason reason = HF_OK;
	if (a->kind == ADDRESS_UDP)
		reason = take_host(text, rest, length, a, problem);
	else if (length == 0 || !copy(is_usb ? a->usb_serial : a->place, is_usb ? sizeof a->usb_serial : sizeof a->place, rest, length))
		reason = refuse(problem, text, length == 0 ? "something is missing behind the ':'" : "too long");
	if (reason == HF_OK && rest[length] == '?')
		reason = take_options(text, rest + length + 1, a, problem);
	return reason;
}

static bool is_path(const char *text)
{
	return strchr(text, '/') != NULL || access(text, F_OK) == 0;
}

enum hf_reason address_parse(const char *text, struct address *address, struct problem *problem)
{
	struct address read = { .kind = ADDRESS_SERIAL };
	for (size_t i = 0; i < HF_ARRAY_COUNT(schemes); i++) {
		size_t length = strlen(schemes[i].scheme);
		if (strncmp(text, schemes[i].scheme, length) != 0)
			continue;
		read.kind = schemes[i].kind;
		enum hf_reason reason = parse_rest(text, text + length, schemes[i].is_usb, &read, problem);
		if (reason == HF_OK)
			*address = read;
		return reason;
	}
	if (!is_path(text))
		return refuse(problem, text, "");
	if (!copy(read.place, sizeof read.place, text, strlen(text)))
		return refuse(problem, text, "too long");
	*address = read;
	return HF_OK;
}

static bool has_scheme(const char *text)
{
	for (size_t i = 0; i < HF_ARRAY_COUNT(schemes); i++) {
		if (strncmp(text, schemes[i].scheme, strlen(schemes[i].scheme)) == 0)
			return true;
	}
	return false;
}

enum hf_reason address_resolve(const char *word, struct address *address, struct problem *problem)
{
	char *saved = NULL;
	if (has_scheme(word) || strchr(word, '/') != NULL)
		return address_parse(word, address, problem);
	enum hf_reason reason = devicenames_find(word, &saved, problem);
	if (reason == HF_OK)
		reason = address_parse(saved, address, problem);
	else if (reason == HF_R_HOST_NAME_UNKNOWN && is_path(word))
		reason = address_parse(word, address, problem);
	free(saved);
	return reason;
}
