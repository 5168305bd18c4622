/* SPDX-License-Identifier: MIT */
#include "serve_bonds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

enum { FILE_BYTES_MAX = 8192, WORD_BYTES = 34 };
static const char first_line[] = "holdfast bonds 1\n";

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* All of it, and not a digit more. */
static bool from_hex(const char *text, uint8_t *bytes, size_t size)
{
	if (strlen(text) != 2 * size)
		return false;
	for (size_t i = 0; i < size; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8_t)(high * 16 + low);
	}
	return true;
}

void serve_address_print(const struct ble_address *address, char into[18])
{
	const uint8_t *b = address->bytes;

	(void)snprintf(into, 18, "%02X:%02X:%02X:%02X:%02X:%02X", b[5], b[4], b[3], b[2], b[1], b[0]);
}

static bool line_read(const char *line, struct ble_bond *bond)
{
	char type[WORD_BYTES], address[WORD_BYTES], ltk[WORD_BYTES], irk[WORD_BYTES], kind[WORD_BYTES], wishes[WORD_BYTES], features[WORD_BYTES],
		database[WORD_BYTES], more;
	struct ble_bond read = { .wishes = 0 };

	if (sscanf(line, "%33s %33s %33s %33s %33s %33s %33s %33s %c", type, address, ltk, irk, kind, wishes, features, database, &more) != 8)
		return false;
	read.peer.type = strcmp(type, "random") == 0;
	read.has_irk = strcmp(irk, "-") != 0;
	read.authenticated = strcmp(kind, "authenticated") == 0;
	if ((!read.peer.type && strcmp(type, "public") != 0) || (!read.authenticated && strcmp(kind, "plain") != 0))
		return false;
	if (!from_hex(address, read.peer.bytes, sizeof read.peer.bytes) || !from_hex(ltk, read.ltk, sizeof read.ltk) ||
	    (read.has_irk && !from_hex(irk, read.irk, sizeof read.irk)) || !from_hex(wishes, &read.wishes, 1) ||
	    !from_hex(features, &read.features, 1) || !from_hex(database, read.database, sizeof read.database))
		return false;
	*bond = read;
	return true;
}

enum hf_reason serve_bonds_read(struct serve_bonds *bonds, const char *path, struct problem *problem)
{
	struct bytes file = { 0 };
	enum hf_reason reason;
	unsigned number = 1;

	*bonds = (struct serve_bonds){ .path = path };
	if (path == NULL || access(path, F_OK) != 0)
		return HF_OK;
	reason = file_read(path, FILE_BYTES_MAX, &file, problem);
	if (reason != HF_OK)
		return reason;
	bytes_add(&file, "", 1);
	bool good = strlen((const char *)file.data) == file.size - 1 && strncmp((const char *)file.data, first_line, sizeof first_line - 1) == 0;
	char *line = good ? strtok((char *)file.data + sizeof first_line - 1, "\n") : NULL;
	for (; good && line != NULL; line = strtok(NULL, "\n")) {
		number++;
		good = bonds->count < SERVE_BONDS_MAX && line_read(line, &bonds->list[bonds->count]);
		bonds->count += good;
	}
	bytes_free(&file);
	return good ? HF_OK : problem_set(problem, HF_R_HOST_HCI_BONDS, path, "line %u", number);
}

bool serve_bonds_get(const struct serve_bonds *bonds, uint32_t index, struct ble_bond *bond)
{
	if (index >= bonds->count)
		return false;
	*bond = bonds->list[index];
	return true;
}

static void line_add(struct bytes *file, const struct ble_bond *bond)
{
	char *address = bytes_hex(bond->peer.bytes, sizeof bond->peer.bytes), *ltk = bytes_hex(bond->ltk, sizeof bond->ltk);
	char *irk = bond->has_irk ? bytes_hex(bond->irk, sizeof bond->irk) : host_strdup("-");
	char *database = bytes_hex(bond->database, sizeof bond->database);
	char *line = host_printf("%s %s %s %s %s %02x %02x %s\n", bond->peer.type ? "random" : "public", address, ltk, irk,
				 bond->authenticated ? "authenticated" : "plain", bond->wishes, bond->features, database);

	bytes_add(file, line, strlen(line));
	free(address);
	free(ltk);
	free(irk);
	free(database);
	free(line);
}

enum hf_reason serve_bonds_put(struct serve_bonds *bonds, const struct ble_bond *bond, struct problem *problem)
{
	struct bytes file = { 0 };
	uint32_t index = 0;
	enum hf_reason reason;

	while (index < bonds->count && memcmp(&bonds->list[index].peer, &bond->peer, sizeof bond->peer) != 0)
		index++;
	if (index == SERVE_BONDS_MAX) {
		index = bonds->next;
		bonds->next = (bonds->next + 1u) % SERVE_BONDS_MAX;
	}
	bonds->list[index] = *bond;
	bonds->count += index == bonds->count;
	if (bonds->path == NULL)
		return HF_OK;
	bytes_add(&file, first_line, sizeof first_line - 1);
	for (uint32_t i = 0; i < bonds->count; i++)
		line_add(&file, &bonds->list[i]);
	reason = file_write(bonds->path, file.data, file.size, FILE_PRIVATE, problem);
	bytes_free(&file);
	return reason;
}
