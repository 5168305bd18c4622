/* SPDX-License-Identifier: MIT */
/* replay.c - runs a fuzz target without a fuzzer: each file of its corpus as it is, every truncation of it, a fixed number of damaged
 * copies, and then, for a time, inputs made of several files. The same files and seeds, the same runs: a plain test.
 *
 * Order    replay TARGET_CORPUS_FOLDER [DAMAGED_COPIES [SECONDS [SEED]]]. Seconds are of processor time. Each made input has a seed of its
 *          own, one more than that before; the first is printed, and that of an input that finds fault:
 *          replay FOLDER 0 1 SEED begins with it. An empty or missing folder is a failure: it would prove nothing.
 * Errors   A target stops the program itself (abort, sanitizer) when it finds fault.
 */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

/* --- inputs made of several files ------------------------------------------------------------------------------------------- */

enum { MADE_BYTES_MAX = 4096, CHECK_RUNS = 256 };

static struct {
	uint8_t *data;
	size_t size_bytes;
} kept[NAMES_MAX];
static unsigned long kept_count;
static volatile unsigned long long made_seed;

static uint8_t made[MADE_BYTES_MAX];
static size_t made_bytes;

/* In a handler: no stdio. */
static void say_seed(void)
{
	char text[64] = "the input's seed is ", digits[24];
	size_t length = strlen(text), count = 0;
	for (unsigned long long rest = made_seed; rest != 0 || count == 0; rest /= 10)
		digits[count++] = (char)('0' + rest % 10);
	while (count > 0)
		text[length++] = digits[--count];
	text[length++] = '\n';
	ssize_t done = write(STDERR_FILENO, text, length);
	(void)done;
}

static void on_signal(int number)
{
	say_seed();
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

/* There only with a sanitizer, which has its own words for the rest. */
extern void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void watch(void)
{
	(void)signal(SIGABRT, on_signal);
	if (__sanitizer_set_death_callback != NULL) {
		__sanitizer_set_death_callback(say_seed);
		return;
	}
	(void)signal(SIGSEGV, on_signal);
	(void)signal(SIGBUS, on_signal);
	(void)signal(SIGFPE, on_signal);
}

static int keep_folder(const char *path)
{
	struct dirent **names = NULL;
	int count = scandir(path, &names, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		char name[4096];
		int length = snprintf(name, sizeof name, "%s/%s", path, names[i]->d_name);
		FILE *file = names[i]->d_name[0] != '.' && length > 0 && (size_t)length < sizeof name ? fopen(name, "rb") : NULL;
		if (file != NULL && kept_count < NAMES_MAX && (kept[kept_count].data = malloc(MADE_BYTES_MAX)) != NULL) {
			kept[kept_count].size_bytes = fread(kept[kept_count].data, 1, MADE_BYTES_MAX, file);
			kept_count++;
		}
		if (file != NULL)
			fclose(file);
		free(names[i]);
	}
	free(names);
	return kept_count != 0;
}

static void insert(size_t at, const uint8_t *from, size_t size_bytes)
{
	if (size_bytes > MADE_BYTES_MAX - made_bytes)
		size_bytes = MADE_BYTES_MAX - made_bytes;
	memmove(made + at + size_bytes, made + at, made_bytes - at);
	memcpy(made + at, from, size_bytes);
	made_bytes += size_bytes;
}

static void change(void)
{
	static const uint8_t telling[] = { 0x00, 0x01, 0x04, 0x10, 0x17, 0x1b, 0x7f, 0x80, 0xfe, 0xff };
	unsigned long other = random_next() % kept_count;
	size_t at = made_bytes ? random_next() % made_bytes : 0, size_bytes = 1 + random_next() % 16;
	uint8_t piece[16];
	for (size_t i = 0; i < sizeof piece; i++)
		piece[i] = (uint8_t)random_next();
	uint32_t kind = made_bytes ? random_next() % 7 : 4;
	if (size_bytes > made_bytes - at)
		size_bytes = made_bytes - at;
	switch (kind) {
	case 0: made[at] ^= (uint8_t)(1u << random_next() % 8); break;
	case 1: made[at] = telling[random_next() % sizeof telling]; break;
	case 2: made[at] = piece[0]; break;
	case 3: insert(at, piece, 1 + random_next() % sizeof piece); break;
	case 4: { /* the end, or a part, of another file */
		size_t from = kept[other].size_bytes ? random_next() % kept[other].size_bytes : 0, left = kept[other].size_bytes - from;
		insert(random_next() % 2 ? made_bytes : at, kept[other].data + from, random_next() % 2 || left == 0 ? left : 1 + random_next() % left);
		break;
	}
	case 5: /* the same once more */
		memcpy(piece, made + at, size_bytes);
		insert(at, piece, size_bytes);
		break;
	default:
		memmove(made + at, made + at + size_bytes, made_bytes - at - size_bytes);
		made_bytes -= size_bytes;
		break;
	}
}

static void run_made(unsigned long long seed)
{
	uint8_t bytes[8];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(seed >> (8 * i));
	random_seed(bytes, sizeof bytes);
	for (int i = 0; i < 8; i++) /* seeds that lie side by side begin alike */
		(void)random_next();
	made_seed = seed;
	unsigned long base = random_next() % kept_count;
	memcpy(made, kept[base].data, kept[base].size_bytes);
	made_bytes = kept[base].size_bytes;
	for (uint32_t changes = 1 + random_next() % 8; changes > 0; changes--)
		change();
	run_one(made, made_bytes);
}

static int run_for(const char *folder, unsigned long seconds, unsigned long long seed)
{
	unsigned long runs = 0;
	if (!keep_folder(folder))
		return 1;
	watch();
	printf("made inputs begin with seed %llu\n", seed);
	(void)fflush(stdout);
	clock_t end = clock() + (clock_t)seconds * CLOCKS_PER_SEC;
	for (; runs % CHECK_RUNS != 0 || clock() < end; runs++)
		run_made(seed + runs);
	printf("%lu made inputs, %lu s of processor time\n", runs, seconds);
	for (unsigned long i = 0; i < kept_count; i++)
		free(kept[i].data);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: %s CORPUS_FOLDER|FILE [DAMAGED_COPIES [SECONDS [SEED]]]\n", argv[0]);
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
	if (files == 0)
		return 1;
	return argc > 3 ? run_for(argv[1], strtoul(argv[3], NULL, 10), argc > 4 ? strtoull(argv[4], NULL, 10) : 1) : 0;
}
