/* SPDX-License-Identifier: MIT */
/* replay.c - runs a fuzz target without a fuzzer: each file of its corpus as it is, every truncation of it, and a fixed number of
 * damaged copies. The same files, the same runs: a plain test.
 *
 * Order    replay TARGET_CORPUS_FOLDER [DAMAGED_COPIES]. An empty or missing folder is a failure: it would prove nothing.
 * Errors   A target stops the program itself (abort, sanitizer) when it finds fault.
 */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

enum { FILE_BYTES_MAX = 1 << 20, TRUNCATIONS_MAX = 4096, NAMES_MAX = 4096 };

static uint64_t random_state;

/* xorshift64*: seeded from the file's bytes, so that a copy does not depend on the order of files. */
static uint32_t random_next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * 0x2545f4914f6cdd1dull) >> 32);
}

static void random_seed(const uint8_t *data, size_t size_bytes)
{
	random_state = 0x9e3779b97f4a7c15ull;
	for (size_t i = 0; i < size_bytes; i++)
		random_state = (random_state ^ data[i]) * 0x100000001b3ull;
	random_state |= 1;
}

/* Each input in a block of its own size, so that the sanitizer sees a read one byte beyond. */
static void run_one(const uint8_t *data, size_t size_bytes)
{
	uint8_t *copy = malloc(size_bytes ? size_bytes : 1);
	if (copy == NULL)
		abort();
	if (size_bytes)
		memcpy(copy, data, size_bytes);
	(void)LLVMFuzzerTestOneInput(copy, size_bytes);
	free(copy);
}

static void run_damaged(const uint8_t *data, size_t size_bytes)
{
	uint8_t *copy = malloc(size_bytes);
	if (copy == NULL)
		abort();
	memcpy(copy, data, size_bytes);
	for (uint32_t changes = 1 + random_next() % 4; changes > 0; changes--) {
		size_t at = random_next() % size_bytes;
		static const uint8_t telling[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
		switch (random_next() % 3) {
		case 0: copy[at] ^= (uint8_t)(1u << random_next() % 8); break;
		case 1: copy[at] = telling[random_next() % sizeof telling]; break;
		default: copy[at] = (uint8_t)random_next(); break;
		}
	}
	(void)LLVMFuzzerTestOneInput(copy, size_bytes);
	free(copy);
}

/* Returns the number of runs; 0 if the file can't be read. */
static unsigned long run_file(const char *path, unsigned long damaged_copies)
{
	static uint8_t data[FILE_BYTES_MAX];
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return 0;
	size_t size_bytes = fread(data, 1, sizeof data, file);
	fclose(file);
	run_one(data, size_bytes);
	unsigned long runs = 1;
	for (size_t cut = 0; cut < size_bytes && cut < TRUNCATIONS_MAX; cut++, runs++)
		run_one(data, cut);
	random_seed(data, size_bytes);
	for (unsigned long i = 0; size_bytes && i < damaged_copies; i++, runs++)
		run_damaged(data, size_bytes);
	return runs;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: %s CORPUS_FOLDER|FILE [DAMAGED_COPIES]\n", argv[0]);
		return 2;
	}
	unsigned long damaged_copies = argc > 2 ? strtoul(argv[2], NULL, 10) : 2000;
	DIR *folder = opendir(argv[1]);
	if (folder == NULL)
		return run_file(argv[1], damaged_copies) ? 0 : 1;
	unsigned long files = 0, runs = 0;
	for (struct dirent *entry = readdir(folder); entry != NULL && files < NAMES_MAX; entry = readdir(folder)) {
		char path[4096];
		if (entry->d_name[0] == '.')
			continue;
		int length = snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
		unsigned long done = length > 0 && (size_t)length < sizeof path ? run_file(path, damaged_copies) : 0;
		if (done == 0) {
			fprintf(stderr, "%s can't be read\n", path);
			return 1;
		}
		files++;
		runs += done;
	}
	closedir(folder);
	printf("%lu files, %lu runs\n", files, runs);
	return files ? 0 : 1;
}
