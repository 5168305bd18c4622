/* SPDX-License-Identifier: MIT */
/* platform.h - what a system does its own way and a command that needs no device needs: files, the terminal, the user's folders.
 *
 * Why      key, sign, verify, inspect, zip and bootloader build for Windows too; how systems differ stands in one file each
 *          (platform_posix.c, platform_win32.c), which one is the build's choice, and no #if is anywhere.
 * Errors   Functions that give an int give 0 or an errno value.
 */
#ifndef HOST_PLATFORM_H
#define HOST_PLATFORM_H

#include <holdfast/base.h>

/* Once, first: standard input and output carry bytes as they are; handler is called when the user or the system stops the program. */
void platform_start(void (*handler)(int number));

/* Makes and opens a file of the owner's alone that was not there; the XXXXXX at the end of path become its name. -1: errno says why. */
int platform_temporary_file(char *path);
/* Opens what is no regular file (a pipe, /dev/full) for writing. -1: errno says why. */
int platform_open_to_write(const char *path);
/* The bytes and the access rights are durable. */
int platform_settle(int fd, unsigned mode);
/* Gives the file its name, at once or not at all. is_new: a file that is there stays, and EEXIST is the answer. */
int platform_put_in_place(const char *temporary, const char *path, bool is_new);
/* What the path leads to when links are followed; false: errno says why. */
bool platform_real_path(const char *path, char *real, size_t size_bytes);
/* A folder for the owner alone; one that is there is good. */
int platform_make_folder(const char *path);
/* The access rights of a new file. */
unsigned platform_mode_of_new(void);

/* Reads a line that is not shown while it is typed, without its end. False: nobody is at a terminal. */
bool platform_ask(const char *question, const char *what, char *line, size_t size_bytes);

/* The folder of this tool for data that lasts (".../holdfast"), allocated; NULL if the system names none. */
char *platform_data_folder(void);

/* A file that is always empty. */
extern const char platform_null_path[];

#endif
