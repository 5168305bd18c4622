/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* O_NOFOLLOW, openat */
#include "demo_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char mount_point[] = "/lfs/";

/* The part behind the mount point, as a C string. */
static enum smp_files_code name_of(const struct smp_span *name, char into[DEMO_NAME_BYTES + 1])
{
	size_t length = sizeof mount_point - 1;
	if (smp_span_is(name, "/lfs") || smp_span_is(name, mount_point))
		return SMP_FILES_IS_DIRECTORY;
	if (name->size_bytes < length || memcmp(name->data, mount_point, length) != 0)
		return SMP_FILES_NO_MOUNT;
	if (name->size_bytes - length > DEMO_NAME_BYTES)
		return SMP_FILES_NAME;
	memcpy(into, name->data + length, name->size_bytes - length);
	into[name->size_bytes - length] = '\0';
	return SMP_FILES_OK;
}

/* --- memory -------------------------------------------------------------------------------------------------------------- */

static struct demo_file *find(struct demo_files *files, const char *name)
{
	for (uint32_t i = 0; i < DEMO_FILES_MAX; i++) {
		if (files->list[i].data != NULL && strcmp(files->list[i].name, name) == 0)
			return &files->list[i];
	}
	return NULL;
}

static struct demo_file *make(struct demo_files *files, const char *name)
{
	for (uint32_t i = 0; i < DEMO_FILES_MAX; i++) {
		struct demo_file *file = &files->list[i];
		if (file->data != NULL)
			continue;
		file->data = malloc(1);
		memcpy(file->name, name, strlen(name) + 1);
		file->size_bytes = 0;
		return file->data != NULL ? file : NULL;
	}
	return NULL;
}

static uint64_t total_bytes(const struct demo_files *files)
{
	uint64_t total = 0;
	for (uint32_t i = 0; i < DEMO_FILES_MAX; i++)
		total += files->list[i].size_bytes;
	return total;
}

static enum smp_files_code memory_write(struct demo_files *files, const char *name, uint32_t off, const uint8_t *data, uint32_t size_bytes)
{
	struct demo_file *file = find(files, name);
	if (file == NULL && off == 0)
		file = make(files, name);
	if (file == NULL)
		return off == 0 ? SMP_FILES_OPEN_FAILED : SMP_FILES_NOT_FOUND;
	if (off == 0)
		file->size_bytes = 0;
	if (total_bytes(files) + size_bytes > DEMO_FILES_BYTES)
		return SMP_FILES_WRITE_FAILED;
	uint8_t *grown = realloc(file->data, (size_t)off + size_bytes + 1);
	if (grown == NULL)
		return SMP_FILES_WRITE_FAILED;
	file->data = grown;
	if (size_bytes != 0)
		memcpy(file->data + off, data, size_bytes);
	file->size_bytes = off + size_bytes;
	return SMP_FILES_OK;
}

/* --- a folder ------------------------------------------------------------------------------------------------------------ */

static enum smp_files_code code_of(int error)
{
	switch (error) {
	case ENOENT: return SMP_FILES_NOT_FOUND;
	case ELOOP:
	case ENOTDIR:
	case ENAMETOOLONG: return SMP_FILES_NAME;
	case EISDIR: return SMP_FILES_IS_DIRECTORY;
	case EROFS: return SMP_FILES_READ_ONLY;
	default: return SMP_FILES_OPEN_FAILED;
	}
}

/* Opens a regular file below the folder; no part of the name may be a link or step upwards. */
static enum smp_files_code walk(int folder, char *name, int flags, int *fd)
{
	int at = fcntl(folder, F_DUPFD_CLOEXEC, 0);
	for (char *part = name; at >= 0;) {
		size_t length = strcspn(part, "/");
		bool last = part[length] == '\0';
		part[length] = '\0';
		if (part[0] == '\0' || strcmp(part, ".") == 0 || strcmp(part, "..") == 0) {
			(void)close(at);
			return SMP_FILES_NAME;
		}
		int next = openat(at, part, (last ? flags | O_NONBLOCK : O_RDONLY | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC, 0666);
		int error = errno;
		(void)close(at);
		at = next;
		errno = error;
		if (last || next < 0)
			break;
		part += length + 1;
	}
	struct stat now;
	if (at < 0)
		return code_of(errno);
	if (fstat(at, &now) != 0 || !S_ISREG(now.st_mode)) {
		(void)close(at);
		return S_ISDIR(now.st_mode) ? SMP_FILES_IS_DIRECTORY : SMP_FILES_OPEN_FAILED;
	}
	*fd = at;
	return SMP_FILES_OK;
}

static enum smp_files_code folder_size(int folder, char *name, uint32_t *size_bytes)
{
	struct stat now;
	int fd = -1;
	enum smp_files_code code = walk(folder, name, O_RDONLY, &fd);
	if (code != SMP_FILES_OK)
		return code;
	code = fstat(fd, &now) == 0 && now.st_size <= (off_t)DEMO_FILES_BYTES ? SMP_FILES_OK : SMP_FILES_OPEN_FAILED;
	(void)close(fd);
	*size_bytes = (uint32_t)now.st_size;
	return code;
}

static enum smp_files_code folder_read(int folder, char *name, uint32_t off, uint8_t *into, uint32_t size_bytes)
{
	int fd = -1;
	enum smp_files_code code = walk(folder, name, O_RDONLY, &fd);
	if (code != SMP_FILES_OK)
		return code;
	code = pread(fd, into, size_bytes, (off_t)off) == (ssize_t)size_bytes ? SMP_FILES_OK : SMP_FILES_READ_FAILED;
	(void)close(fd);
	return code;
}

static enum smp_files_code folder_write(int folder, char *name, uint32_t off, const uint8_t *data, uint32_t size_bytes)
{
	int fd = -1;
	enum smp_files_code code = walk(folder, name, O_WRONLY | (off == 0 ? O_CREAT : 0), &fd);
	if (code != SMP_FILES_OK)
		return code;
	if (off == 0 && ftruncate(fd, 0) != 0)
		code = SMP_FILES_TRUNCATE_FAILED;
	else if ((uint64_t)off + size_bytes > DEMO_FILES_BYTES || pwrite(fd, data, size_bytes, (off_t)off) != (ssize_t)size_bytes)
		code = SMP_FILES_WRITE_FAILED;
	(void)close(fd);
	return code;
}

/* --- call-backs ---------------------------------------------------------------------------------------------------------- */

static enum smp_files_code file_size(void *ctx, const struct smp_span *span, uint32_t *size_bytes)
{
	struct demo_files *files = ctx;
	char name[DEMO_NAME_BYTES + 1];
	enum smp_files_code code = name_of(span, name);
	if (code != SMP_FILES_OK)
		return code;
	if (files->folder >= 0)
		return folder_size(files->folder, name, size_bytes);
	const struct demo_file *file = find(files, name);
	if (file == NULL)
		return SMP_FILES_NOT_FOUND;
	*size_bytes = file->size_bytes;
	return SMP_FILES_OK;
}

static enum smp_files_code file_read(void *ctx, const struct smp_span *span, uint32_t off, uint8_t *into, uint32_t size_bytes)
{
	struct demo_files *files = ctx;
	char name[DEMO_NAME_BYTES + 1];
	enum smp_files_code code = name_of(span, name);
	files->reads++;
	if (code != SMP_FILES_OK)
		return code;
	if (files->folder >= 0)
		return folder_read(files->folder, name, off, into, size_bytes);
	const struct demo_file *file = find(files, name);
	if (file == NULL)
		return SMP_FILES_NOT_FOUND;
	hf_assert(off <= file->size_bytes && size_bytes <= file->size_bytes - off);
	memcpy(into, file->data + off, size_bytes);
	return SMP_FILES_OK;
}

static enum smp_files_code file_write(void *ctx, const struct smp_span *span, uint32_t off, const uint8_t *data, uint32_t size_bytes)
{
	struct demo_files *files = ctx;
	char name[DEMO_NAME_BYTES + 1];
	enum smp_files_code code = name_of(span, name);
	files->writes++;
	if (code != SMP_FILES_OK)
		return code;
	code = files->folder >= 0 ? folder_write(files->folder, name, off, data, size_bytes) : memory_write(files, name, off, data, size_bytes);
	if (code == SMP_FILES_OK)
		files->written_bytes += size_bytes;
	return code;
}

enum hf_reason demo_files_start(struct demo_files *files, const char *folder, struct problem *problem)
{
	static const char hello[] = "A file of the demonstration device.\n";
	*files = (struct demo_files){ .folder = -1 };
	files->group = (struct smp_files){ .ctx = files, .name_max_bytes = DEMO_NAME_BYTES, .crypto = &hf_crypto_openssl, .size = file_size,
					   .read = file_read, .write = file_write };
	if (folder != NULL) {
		files->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (files->folder < 0)
			return problem_set(problem, errno == ENOENT ? HF_R_HOST_FILE_MISSING : HF_R_HOST_FILE_READ, folder, "%s", strerror(errno));
		return HF_OK;
	}
	enum smp_files_code code = memory_write(files, "hello.txt", 0, (const uint8_t *)hello, sizeof hello - 1);
	hf_assert(code == SMP_FILES_OK);
	return HF_OK;
}

void demo_files_stop(struct demo_files *files)
{
	if (files->folder >= 0)
		(void)close(files->folder);
	files->folder = -1;
	for (uint32_t i = 0; i < DEMO_FILES_MAX; i++) {
		free(files->list[i].data);
		files->list[i].data = NULL;
	}
}
