/* SPDX-License-Identifier: MIT */
/* What is this? By content; the name only where contents are alike (an overlay and a .dts) or to tell whose file it is. */
#define _GNU_SOURCE /* memmem, strcasestr */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "doctor.h"

static bool holds(const uint8_t *head, size_t size_bytes, const char *piece)
{
	return memmem(head, size_bytes, piece, strlen(piece)) != NULL;
}

static bool begins(const uint8_t *head, size_t size_bytes, const char *magic, size_t length)
{
	return size_bytes >= length && memcmp(head, magic, length) == 0;
}

static bool ends(const char *path, const char *ending)
{
	size_t length = strlen(path), size = strlen(ending);
	return length >= size && strcasecmp(path + length - size, ending) == 0;
}

/* Text: hardly any bytes that no text has. */
static bool is_text(const uint8_t *head, size_t size_bytes)
{
	size_t odd = 0, zero = 0;
	for (size_t i = 0; i < size_bytes; i++) {
		odd += (head[i] < 0x20 && strchr("\t\n\r\b\f\x1b", head[i]) == NULL) || head[i] == 0xff; /* erased flash */
		zero += head[i] == 0;
	}
	return odd * 50 <= size_bytes && zero * 200 <= size_bytes;
}

static enum doctor_kind binary_kind(const uint8_t *head, size_t size_bytes)
{
	if (begins(head, size_bytes, "\x3d\xb8\xf3\x96", 4))
		return KIND_IMAGE;
	if (begins(head, size_bytes, "UF2\n\x57\x51\x5d\x9e", 8))
		return KIND_UF2;
	if (begins(head, size_bytes, "PK\x03\x04", 4) || begins(head, size_bytes, "PK\x05\x06", 4))
		return KIND_ZIP;
	if (begins(head, size_bytes, "\x7f" "ELF", 4))
		return KIND_ELF;
	if (size_bytes >= 8 && !is_text(head, size_bytes)) {
		uint32_t stack = hf_get32le(head), reset = hf_get32le(head + 4);
		return stack > 0x20000000u && stack <= 0x20100000u && (reset & 1u) == 1u && reset < 0x01000000u ? KIND_PROGRAM : KIND_DUMP;
	}
	return KIND_NONE;
}

struct counts {
	size_t lines, settings, unset, paths, roots, hex;
};

static void count_line(const char *line, size_t length, struct counts *counts)
{
	while (length != 0 && isspace((unsigned char)line[length - 1]))
		length--;
	if (length == 0)
		return;
	bool comment = line[0] == '#';
	bool unset = comment && length > 20 && memcmp(line + length - 10, "is not set", 10) == 0;
	counts->unset += unset;
	bool setting = memmem(line, length, "CONFIG_", 7) != NULL && memchr(line, '=', length) != NULL && memchr(line, ' ', strcspn(line, "=")) == NULL;
	counts->settings += setting || unset;
	if (comment && !unset && !setting)
		return;
	counts->lines++;
	bool path = memchr(line, ' ', length) == NULL && (memchr(line, '/', length) != NULL || memchr(line, '.', length) != NULL) &&
		    memchr(line, '=', length) == NULL && memchr(line, ':', length) == NULL && memchr(line, ';', length) == NULL;
	bool drawn = length > 3 && (memcmp(line, "\xe2\x94", 2) == 0 || memmem(line, length, "\xe2\x94\x80 ", 4) != NULL ||
				    memmem(line, length, "|-- ", 4) != NULL || memmem(line, length, "`-- ", 4) != NULL);
	bool root = counts->lines == 1 && memchr(line, ' ', length) == NULL && memchr(line, '=', length) == NULL && memchr(line, ':', length) == NULL;
	counts->paths += path || drawn;
	counts->roots += root && !path;
	counts->hex += line[0] == ':' && length >= 11 && isxdigit((unsigned char)line[1]);
}

static struct counts count_lines(const uint8_t *head, size_t size_bytes)
{
	struct counts counts = { 0 };
	for (size_t i = 0; i < size_bytes;) {
		char line[512];
		const uint8_t *end = memchr(head + i, '\n', size_bytes - i);
		size_t length = end != NULL ? (size_t)(end - (head + i)) : size_bytes - i;
		size_t kept = length < sizeof line - 1 ? length : sizeof line - 1;
		memcpy(line, head + i, kept);
		line[kept] = '\0';
		count_line(line, kept, &counts);
		i += length + 1;
	}
	return counts;
}

/* As a key of a YAML map: first of its line, or after a brace or comma. */
static bool is_key(const uint8_t *head, size_t size_bytes, const char *name)
{
	size_t length = strlen(name);
	for (size_t i = 0; i + length < size_bytes; i++) {
		const uint8_t *at = memmem(head + i, size_bytes - i, name, length);
		if (at == NULL)
			return false;
		i = (size_t)(at - head);
		size_t before = i;
		while (before > 0 && head[before - 1] == ' ')
			before--;
		bool first = before == 0 || strchr("\n{,", head[before - 1]) != NULL;
		if (first && i + length < size_bytes && head[i + length] == ':')
			return true;
	}
	return false;
}

static bool is_layout(const char *path, const uint8_t *head, size_t size_bytes)
{
	bool numbers = (is_key(head, size_bytes, "address") || is_key(head, size_bytes, "placement")) &&
		       (is_key(head, size_bytes, "size") || is_key(head, size_bytes, "end_address"));
	return numbers && !holds(head, size_bytes, "flags:") && (strstr(path, "sample.y") == NULL);
}

static bool is_devicetree(const char *path, const uint8_t *head, size_t size_bytes)
{
	if (holds(head, size_bytes, "/dts-v1/") || ends(path, ".overlay") || ends(path, ".dts") || ends(path, ".dtsi"))
		return true;
	return holds(head, size_bytes, "};") && (holds(head, size_bytes, "/ {") || holds(head, size_bytes, "chosen {") ||
						     holds(head, size_bytes, "/delete-node/") || holds(head, size_bytes, "status = \""));
}

static enum doctor_kind text_kind(const char *path, const uint8_t *head, size_t size_bytes)
{
	struct counts counts = count_lines(head, size_bytes);
	bool source = ends(path, ".c") || ends(path, ".cpp") || ends(path, ".h");
	if (source || ends(path, "CMakeLists.txt"))
		return source ? KIND_SOURCE : KIND_NONE;
	if (holds(head, size_bytes, "-----BEGIN ") && holds(head, size_bytes, "KEY-----"))
		return KIND_KEY;
	if (counts.hex > 0 && counts.hex * 10 >= counts.lines * 9)
		return KIND_HEX;
	if (holds(head, size_bytes, "UF2 Bootloader") && holds(head, size_bytes, "Board-ID"))
		return KIND_UF2_INFO;
	if (counts.settings > 0 && counts.settings * 10 >= counts.lines * 6)
		return counts.unset >= 20 || holds(head, size_bytes, "utomatically generated") || ends(path, ".config") ? KIND_CONFIG : KIND_KCONFIG;
	if (holds(head, size_bytes, "manifest:") && holds(head, size_bytes, "projects:"))
		return KIND_MANIFEST;
	if (is_devicetree(path, head, size_bytes))
		return KIND_DTS;
	if (is_layout(path, head, size_bytes) || strstr(path, "pm_static") != NULL)
		return KIND_PM;
	if (counts.paths > 0 && (counts.paths + counts.roots) * 10 >= counts.lines * 9)
		return KIND_TREE;
	if (ends(path, ".conf"))
		return KIND_KCONFIG;
	if (ends(path, ".yml") || ends(path, ".yaml") || ends(path, ".md") || ends(path, ".rst") || ends(path, ".py"))
		return KIND_NONE;
	return KIND_LOG;
}

enum doctor_kind doctor_kind_of(const char *path, const uint8_t *head, size_t size_bytes)
{
	if (size_bytes == 0)
		return KIND_NONE;
	enum doctor_kind kind = binary_kind(head, size_bytes);
	return kind != KIND_NONE ? kind : text_kind(path, head, size_bytes);
}

enum doctor_who doctor_who_of(const char *path)
{
	const char *name = strrchr(path, '/');
	name = name != NULL ? name + 1 : path;
	if (strncmp(name, "sysbuild", 8) == 0 && ends(name, ".conf"))
		return WHO_SYSBUILD;
	if (strstr(path, "mcuboot/") != NULL || strncmp(name, "mcuboot", 7) == 0)
		return WHO_MCUBOOT;
	/* Images of other cores and stages, by the names that the SDKs give them. */
	static const char *const others[] = { "b0/", "b0n/", "ipc_radio/", "hci_ipc/", "hci_rpmsg/", "empty_net_core/", "remote/", "multiprotocol_rpmsg/",
		"802154_rpmsg/", "uicr/", "vpr_launcher/", "firmware_loader/" };
	for (size_t i = 0; i < HF_ARRAY_COUNT(others); i++) {
		const char *at = strstr(path, others[i]);
		if (at != NULL && (at == path || at[-1] == '/') && strstr(at, "zephyr/") != NULL)
			return WHO_OTHER;
	}
	const char *folder = strstr(path, "sysbuild/");
	if (folder == NULL)
		folder = strstr(path, "child_image/");
	if (folder != NULL && (folder == path || folder[-1] == '/'))
		return WHO_OTHER;
	return strcmp(path, "-") == 0 || strcmp(path, "standard input") == 0 ? WHO_UNKNOWN : WHO_APP;
}
