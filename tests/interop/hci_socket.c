/* SPDX-License-Identifier: MIT */
/* hci_socket.c - put before a program (LD_PRELOAD) it makes every HCI user channel a socket of the test: HOLDFAST_HCI_FD is its number, one
 * packet a message, as on the real one. HOLDFAST_HCI_ERRNO: binding fails with that instead. All other sockets are the system's. */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int socket(int domain, int type, int protocol)
{
	const char *number = getenv("HOLDFAST_HCI_FD");
	int (*real)(int, int, int);
	void *found = dlsym(RTLD_NEXT, "socket");

	memcpy(&real, &found, sizeof real); /* C has no other way from an object's pointer to a function's */
	if (domain != AF_BLUETOOTH || number == NULL)
		return real(domain, type, protocol);
	int fd = fcntl(atoi(number), F_DUPFD_CLOEXEC, 3);
	if (fd >= 0)
		(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | ((type & SOCK_NONBLOCK) != 0 ? O_NONBLOCK : 0));
	return fd;
}

int bind(int fd, __CONST_SOCKADDR_ARG address, socklen_t size_bytes)
{
	const char *error = getenv("HOLDFAST_HCI_ERRNO");
	int (*real)(int, const struct sockaddr *, socklen_t);
	void *found = dlsym(RTLD_NEXT, "bind");
	const struct sockaddr *named = address.__sockaddr__;

	memcpy(&real, &found, sizeof real);
	if (named->sa_family != AF_BLUETOOTH)
		return real(fd, named, size_bytes);
	errno = error != NULL ? atoi(error) : 0;
	return error != NULL ? -1 : 0;
}
