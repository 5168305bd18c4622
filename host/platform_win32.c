/* SPDX-License-Identifier: MIT */
/* Windows, by the C runtime that mingw-w64 links (UCRT or MSVCRT). Names of functions and error numbers: Microsoft's documentation of
 * MoveFileExA, GetConsoleMode, _setmode, _commit. Access rights of a new file are those of its folder: there are no modes here.
 */
#include "platform.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <windows.h>

#include "bytes.h"

const char platform_null_path[] = "NUL";

void platform_start(void (*handler)(int number))
{
	(void)_setmode(_fileno(stdin), _O_BINARY);
	(void)_setmode(_fileno(stdout), _O_BINARY);
	(void)signal(SIGINT, handler);
	(void)signal(SIGTERM, handler);
}

int platform_temporary_file(char *path)
{
	if (_mktemp(path) == NULL)
		return -1;
	return _open(path, _O_RDWR | _O_CREAT | _O_EXCL | _O_BINARY | _O_NOINHERIT, _S_IREAD | _S_IWRITE);
}

int platform_open_to_write(const char *path)
{
	return _open(path, _O_WRONLY | _O_BINARY | _O_NOINHERIT);
}

int platform_settle(int fd, unsigned mode)
{
	(void)mode;
	return _commit(fd) == 0 ? 0 : errno;
}

static int error_of(DWORD error)
{
	switch (error) {
	case ERROR_ALREADY_EXISTS:
	case ERROR_FILE_EXISTS: return EEXIST;
	case ERROR_FILE_NOT_FOUND:
	case ERROR_PATH_NOT_FOUND: return ENOENT;
	case ERROR_DISK_FULL: return ENOSPC;
	case ERROR_ACCESS_DENIED:
	case ERROR_SHARING_VIOLATION: return EACCES;
	default: return EIO;
	}
}

int platform_put_in_place(const char *temporary, const char *path, bool is_new)
{
	DWORD flags = MOVEFILE_WRITE_THROUGH | (is_new ? 0u : (DWORD)MOVEFILE_REPLACE_EXISTING);
	return MoveFileExA(temporary, path, flags) ? 0 : error_of(GetLastError());
}

bool platform_real_path(const char *path, char *real, size_t size_bytes)
{
	return _fullpath(real, path, size_bytes) != NULL;
}

int platform_make_folder(const char *path)
{
	DWORD attributes = GetFileAttributesA(path);
	if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
		return 0;
	return CreateDirectoryA(path, NULL) ? 0 : error_of(GetLastError());
}

unsigned platform_mode_of_new(void)
{
	return 0666;
}

bool platform_ask(const char *question, const char *what, char *line, size_t size_bytes)
{
	HANDLE keyboard = GetStdHandle(STD_INPUT_HANDLE);
	DWORD before = 0;
	if (!GetConsoleMode(keyboard, &before))
		return false;
	fprintf(stderr, "%s %s: ", question, what);
	(void)fflush(stderr);
	(void)SetConsoleMode(keyboard, (before | ENABLE_LINE_INPUT | ENABLE_PROCESSED_INPUT) & ~(DWORD)ENABLE_ECHO_INPUT);
	bool read = fgets(line, (int)size_bytes, stdin) != NULL;
	(void)SetConsoleMode(keyboard, before);
	fputc('\n', stderr);
	line[read ? strcspn(line, "\r\n") : 0] = '\0';
	return read;
}

char *platform_data_folder(void)
{
	const char *own = getenv("XDG_DATA_HOME"), *local = getenv("LOCALAPPDATA");
	const char *folder = own != NULL && own[0] != '\0' ? own : local;
	return folder != NULL && folder[0] != '\0' ? host_printf("%s/holdfast", folder) : NULL;
}
