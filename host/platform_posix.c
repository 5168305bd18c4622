/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#define _XOPEN_SOURCE 700
#include "platform.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "bytes.h"

const char platform_null_path[] = "/dev/null";

void platform_start(void (*handler)(int number))
{
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_handler = handler;
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
}

int platform_temporary_file(char *path)
{
	return mkstemp(path);
}

int platform_open_to_write(const char *path)
{
	return open(path, O_WRONLY | O_CLOEXEC);
}

int platform_settle(int fd, unsigned mode)
{
	return fchmod(fd, (mode_t)mode) == 0 && fsync(fd) == 0 ? 0 : errno;
}

/* The directory's entry must be durable too; a file system that can't sync a directory is no reason to fail. */
static void sync_directory_of(const char *path)
{
	char copy[PATH_MAX];
	(void)snprintf(copy, sizeof copy, "%s", path);
	int fd = open(dirname(copy), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	(void)close(fd);
}

static int name_new(const char *temporary, const char *path)
{
	if (link(temporary, path) == 0) {
		(void)unlink(temporary);
		return 0;
	}
	if (errno != EPERM && errno != EOPNOTSUPP)
		return errno;
	/* No hard links here (FAT): the check and the rename are two steps, which is as good as it gets. */
	if (access(path, F_OK) == 0)
		return EEXIST;
	return rename(temporary, path) == 0 ? 0 : errno;
}

int platform_put_in_place(const char *temporary, const char *path, bool is_new)
{
	int error = is_new ? name_new(temporary, path) : rename(temporary, path) == 0 ? 0 : errno;
	if (error == 0)
		sync_directory_of(path);
	return error;
}

bool platform_real_path(const char *path, char *real, size_t size_bytes)
{
	char *found = realpath(path, NULL);
	if (found == NULL)
		return false;
	int length = snprintf(real, size_bytes, "%s", found);
	free(found);
	errno = ENAMETOOLONG;
	return length >= 0 && (size_t)length < size_bytes;
}

int platform_make_folder(const char *path)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : errno;
}

unsigned platform_mode_of_new(void)
{
	mode_t mask = umask(0);
	(void)umask(mask);
	return 0666u & ~(unsigned)mask;
}

bool platform_ask(const char *question, const char *what, char *line, size_t size_bytes)
{
	FILE *terminal = isatty(STDIN_FILENO) ? fopen("/dev/tty", "r+") : NULL;
	if (terminal == NULL)
		return false;
	struct termios before, quiet;
	int fd = fileno(terminal);
	bool read = false;
	if (tcgetattr(fd, &before) == 0) {
		quiet = before;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		fprintf(terminal, "%s %s: ", question, what);
		(void)fflush(terminal);
		(void)tcsetattr(fd, TCSAFLUSH, &quiet);
		read = fgets(line, (int)size_bytes, terminal) != NULL;
		(void)tcsetattr(fd, TCSAFLUSH, &before);
		fputc('\n', terminal);
		line[read ? strcspn(line, "\r\n") : 0] = '\0';
	}
	(void)fclose(terminal);
	return read;
}

char *platform_data_folder(void)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	if (data != NULL && data[0] == '/')
		return host_printf("%s/holdfast", data);
	return home != NULL && home[0] == '/' ? host_printf("%s/.local/share/holdfast", home) : NULL;
}
