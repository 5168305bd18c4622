/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "file.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform.h"

/* What the signal handler must remove; empty if nothing. The only state of the program outside main's call tree. */
static char pending_path[PATH_MAX + 32];
static volatile sig_atomic_t has_pending;

static void stop_on_signal(int number)
{
	(void)number;
	static const char text[] = "\nholdfast: stopped by the user; nothing half-written is left (HF-1132)\n";
	if (has_pending)
		(void)unlink(pending_path);
	ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
	(void)written;
	_exit(EXIT_CODE_INTERRUPTED);
}

void file_guard_signals(void)
{
	platform_start(stop_on_signal);
}

static bool ends_in(const char *path, const char *ending)
{
	size_t length = strlen(path), size = strlen(ending);
	return length >= size && strcasecmp(path + length - size, ending) == 0;
}

bool file_is_hex(const char *path)
{
	return ends_in(path, ".hex");
}

bool file_is_zip(const char *path)
{
	return ends_in(path, ".zip");
}

enum hf_reason file_make_folder(const char *path, struct problem *problem)
{
	char part[PATH_MAX];
	int length = snprintf(part, sizeof part, "%s", path);
	if (length < 0 || (size_t)length >= sizeof part)
		return problem_set(problem, HF_R_HOST_FILE_WRITE, path, "%s", strerror(ENAMETOOLONG));
	for (char *at = part + 1; *at != '\0'; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		int error = platform_make_folder(part);
		if (error != 0)
			return problem_set(problem, HF_R_HOST_FILE_WRITE, part, "%s", strerror(error));
		*at = '/';
	}
	return HF_OK;
}

enum hf_reason file_read(const char *path, size_t limit_bytes, struct bytes *bytes, struct problem *problem)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		enum hf_reason reason = errno == ENOENT || errno == ENOTDIR ? HF_R_HOST_FILE_MISSING : HF_R_HOST_FILE_READ;
		return problem_set(problem, reason, path, "%s", reason == HF_R_HOST_FILE_READ ? strerror(errno) : "");
	}
	struct bytes read = { 0 };
	uint8_t chunk[16384];
	size_t got = 0;
	do {
		got = fread(chunk, 1, sizeof chunk, file);
		bytes_add(&read, chunk, got);
	} while (got == sizeof chunk && read.size <= limit_bytes);
	int error = ferror(file) ? errno : 0;
	(void)fclose(file);
	if (error == 0 && read.size != 0 && read.size <= limit_bytes) {
		*bytes = read;
		return HF_OK;
	}
	size_t size = read.size;
	bytes_free(&read);
	if (error != 0)
		return problem_set(problem, HF_R_HOST_FILE_READ, path, "%s", strerror(error));
	if (size == 0)
		return problem_set(problem, HF_R_HOST_FILE_EMPTY, path, "%s", "");
	return problem_set(problem, HF_R_HOST_FILE_TOO_LARGE, path, "more than %zu bytes", limit_bytes);
}

#define WRITE_BYTES_MAX (1u << 20) /* at once: some systems count in unsigned int */

static bool write_all(int fd, const uint8_t *data, size_t size)
{
	while (size > 0) {
		ssize_t done = write(fd, data, size < WRITE_BYTES_MAX ? (unsigned)size : WRITE_BYTES_MAX);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		data += done;
		size -= (size_t)done;
	}
	return true;
}

static enum hf_reason write_failed(const char *path, int error, struct problem *problem)
{
	return problem_set(problem, HF_R_HOST_FILE_WRITE, path, "%s", strerror(error));
}

static enum hf_reason write_straight(const char *path, const void *data, size_t size, struct problem *problem)
{
	int fd = strcmp(path, "-") == 0 ? STDOUT_FILENO : platform_open_to_write(path);
	if (fd < 0)
		return write_failed(path, errno, problem);
	int error = write_all(fd, data, size) ? 0 : errno;
	if (fd != STDOUT_FILENO && close(fd) != 0 && error == 0)
		error = errno;
	return error == 0 ? HF_OK : write_failed(fd == STDOUT_FILENO ? "standard output" : path, error, problem);
}

static enum hf_reason write_beside(const char *path, const void *data, size_t size, unsigned flags, unsigned mode,
				   struct problem *problem)
{
	char for_dir[PATH_MAX], for_base[PATH_MAX];
	(void)snprintf(for_dir, sizeof for_dir, "%s", path);
	(void)snprintf(for_base, sizeof for_base, "%s", path);
	const char *directory = dirname(for_dir);
	int length = snprintf(pending_path, sizeof pending_path, "%s/.%.200s.holdfast-XXXXXX", directory, basename(for_base));
	if (length < 0 || (size_t)length >= sizeof pending_path)
		return write_failed(path, ENAMETOOLONG, problem);
	int fd = platform_temporary_file(pending_path);
	if (fd < 0)
		return write_failed(path, errno, problem);
	has_pending = 1;
	int error = write_all(fd, data, size) ? platform_settle(fd, mode) : errno;
	if (close(fd) != 0 && error == 0)
		error = errno;
	if (error == 0)
		error = platform_put_in_place(pending_path, path, (flags & FILE_NEW) != 0);
	if (error != 0)
		(void)unlink(pending_path);
	has_pending = 0;
	if (error == EEXIST)
		return problem_set(problem, HF_R_HOST_FILE_EXISTS, path, "%s", "");
	if (error != 0)
		return write_failed(path, error, problem);
	return HF_OK;
}

enum hf_reason file_write(const char *path, const void *data, size_t size_bytes, unsigned flags, struct problem *problem)
{
	struct stat now;
	char real[PATH_MAX];
	unsigned mode = (flags & FILE_PRIVATE) != 0 ? 0600 : platform_mode_of_new();
	if (strcmp(path, "-") == 0)
		return write_straight(path, data, size_bytes, problem);
	if (stat(path, &now) != 0)
		return write_beside(path, data, size_bytes, flags, mode, problem);
	if (S_ISDIR(now.st_mode))
		return write_failed(path, EISDIR, problem);
	if (!S_ISREG(now.st_mode))
		return write_straight(path, data, size_bytes, problem);
	if ((flags & FILE_NEW) != 0)
		return problem_set(problem, HF_R_HOST_FILE_EXISTS, path, "%s", "");
	/* A link to the file keeps being one: the file it names is replaced. */
	if (!platform_real_path(path, real, sizeof real))
		return write_failed(path, errno, problem);
	return write_beside(real, data, size_bytes, flags, (flags & FILE_PRIVATE) != 0 ? mode : (unsigned)now.st_mode & 0777u, problem);
}
