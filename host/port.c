/* SPDX-License-Identifier: MIT */
#include "port.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "bytes.h"

static const struct {
	uint16_t vid, pid;
	const char *board;
} known[] = {
	{ 0x2886, 0x0044, "Seeed XIAO nRF52840, factory bootloader" },
	{ 0x2886, 0x0045, "Seeed XIAO nRF52840 Sense, factory bootloader" },
	{ 0x2886, 0x0066, "Seeed XIAO nRF54L15, UART bridge" },
	{ 0x2fe3, 0x0004, "Zephyr application, USB serial" },
};

const char *port_board(const struct port *port)
{
	for (size_t i = 0; port->is_usb && i < HF_ARRAY_COUNT(known); i++) {
		if (known[i].vid == port->vid && known[i].pid == port->pid)
			return known[i].board;
	}
	return NULL;
}

void port_list_add(struct port_list *list, const char *path, const char *words, bool is_usb, uint16_t vid, uint16_t pid,
		   const char *usb_serial)
{
	struct port *grown = host_alloc((list->count + 1) * sizeof *grown);
	if (list->count != 0)
		memcpy(grown, list->ports, list->count * sizeof *grown);
	free(list->ports);
	list->ports = grown;
	list->ports[list->count++] = (struct port){ .path = host_strdup(path), .words = host_strdup(words != NULL ? words : ""),
						    .is_usb = is_usb, .vid = vid, .pid = pid,
						    .usb_serial = host_strdup(usb_serial != NULL ? usb_serial : "") };
}

static unsigned long number_at(const char **at)
{
	char *end = NULL;
	unsigned long number = strtoul(*at, &end, 10);
	*at = end;
	return number;
}

/* Digits count as numbers: ttyACM2 < ttyACM10. */
static int compare(const void *left, const void *right)
{
	const struct port *first = left, *second = right;
	const char *a = first->path, *b = second->path;
	while (*a != '\0' && *b != '\0') {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			unsigned long x = number_at(&a), y = number_at(&b);
			if (x != y)
				return x < y ? -1 : 1;
		} else if (*a != *b) {
			break;
		} else {
			a++;
			b++;
		}
	}
	return (unsigned char)*a - (unsigned char)*b;
}

void port_list_sort(struct port_list *list)
{
	if (list->count > 1)
		qsort(list->ports, list->count, sizeof list->ports[0], compare);
}

void port_list_free(struct port_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->ports[i].path);
		free(list->ports[i].words);
		free(list->ports[i].usb_serial);
	}
	free(list->ports);
	*list = (struct port_list){ .count = 0 };
}

char *port_list_words(const struct port_list *list)
{
	struct bytes text = { 0 };
	for (size_t i = 0; i < list->count; i++) {
		const struct port *port = &list->ports[i];
		const char *words = port_board(port) != NULL ? port_board(port) : port->words;
		char *one = host_printf("%s%s%s%s%s", i > 0 ? ", " : "", port->path, words[0] != '\0' ? " (" : "", words,
					words[0] != '\0' ? ")" : "");
		bytes_add(&text, one, strlen(one));
		free(one);
	}
	bytes_fill(&text, 0, 1);
	return (char *)text.data;
}

const struct port *port_of_usb(const struct port_list *list, const char *usb_serial, uint32_t index)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->ports[i].usb_serial, usb_serial) == 0 && index-- == 0)
			return &list->ports[i];
	}
	return NULL;
}

const struct port *port_of_path(const struct port_list *list, const char *path, uint32_t *index)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->ports[i].path, path) != 0)
			continue;
		*index = 0;
		for (size_t before = 0; before < i; before++)
			*index += strcmp(list->ports[before].usb_serial, list->ports[i].usb_serial) == 0;
		return &list->ports[i];
	}
	return NULL;
}
