/* SPDX-License-Identifier: MIT */
/* Ports: sorting, board names, and a USB port that comes back under another name after a reset. The system's list of ports is a
 * made-up one here (port_scan below stands in for host/port_scan.c); the ports are pseudo-terminals. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>
#include <fcntl.h>

#include <cmocka.h>

#include "bytes.h"
#include "link.h"

static struct {
	const char *path, *usb_serial;
} here[4];

void port_scan(struct port_list *list)
{
	*list = (struct port_list){ .count = 0 };
	for (size_t i = 0; i < HF_ARRAY_COUNT(here); i++) {
		if (here[i].path != NULL)
			port_list_add(list, here[i].path, "", true, 0x2886, 0x0066, here[i].usb_serial);
	}
	port_list_sort(list);
}

/* Returns the device's end. */
static int line_new(char **path)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0);
	*path = host_strdup(ptsname(fd));
	return fd;
}

static void assert_writes_to(struct link *link, int device_end)
{
	struct problem problem;
	char got = 0;
	assert_int_equal(link->class->write(link, (const uint8_t *)"!", 1, &problem), HF_OK);
	assert_int_equal(read(device_end, &got, 1), 1);
	assert_int_equal(got, '!');
}

static void follows_the_usb_serial_number(void **state)
{
	(void)state;
	struct link link;
	struct problem problem;
	const struct link_options options = { .baud = 115200 };
	char *first = NULL, *second = NULL, *other = NULL;
	int first_end = line_new(&first), other_end = line_new(&other);
	memset(here, 0, sizeof here);
	here[0].path = other;
	here[0].usb_serial = "BBBB";
	here[1].path = first;
	here[1].usb_serial = "AAAA";
	assert_int_equal(link_open(&link, first, &options, &problem), HF_OK);
	assert_writes_to(&link, first_end);

	/* Reset: the port is gone, another board now has its name. */
	(void)close(first_end);
	here[1].usb_serial = "CCCC";
	assert_int_equal(link_reopen(&link, &problem), HF_R_HOST_PORT_OPEN);
	assert_non_null(strstr(problem.detail, "AAAA"));

	/* Back under another name. */
	int second_end = line_new(&second);
	here[2].path = second;
	here[2].usb_serial = "AAAA";
	assert_int_equal(link_reopen(&link, &problem), HF_OK);
	assert_writes_to(&link, second_end);
	link_close(&link);
	(void)close(second_end);
	(void)close(other_end);
	free(first);
	free(second);
	free(other);
}

static void several_ports_of_one_number_keep_their_order(void **state)
{
	(void)state;
	struct link link;
	struct problem problem;
	const struct link_options options = { .baud = 115200 };
	char *paths[2];
	int ends[2] = { line_new(&paths[0]), line_new(&paths[1]) };
	memset(here, 0, sizeof here);
	for (size_t i = 0; i < 2; i++) {
		here[i].path = paths[i];
		here[i].usb_serial = "AAAA";
	}
	struct port_list list;
	port_scan(&list);
	size_t second = strcmp(list.ports[1].path, paths[1]) == 0 ? 1 : 0;
	port_list_free(&list);
	assert_int_equal(link_open(&link, "usb:AAAA?port=1", &options, &problem), HF_OK);
	assert_writes_to(&link, ends[second]);
	link_close(&link);
	assert_int_equal(link_open(&link, paths[second], &options, &problem), HF_OK);
	assert_int_equal(link.address.usb_index, 1);
	assert_int_equal(link_reopen(&link, &problem), HF_OK);
	assert_writes_to(&link, ends[second]);
	link_close(&link);
	for (size_t i = 0; i < 2; i++) {
		(void)close(ends[i]);
		free(paths[i]);
	}
}

static void sorted_by_number(void **state)
{
	(void)state;
	static const char *const sorted[] = { "/dev/ttyACM2", "/dev/ttyACM10", "/dev/ttyS0", "/dev/ttyUSB0" };
	struct port_list list = { .count = 0 };
	for (size_t i = HF_ARRAY_COUNT(sorted); i-- > 0;)
		port_list_add(&list, sorted[i], NULL, false, 0, 0, NULL);
	port_list_sort(&list);
	for (size_t i = 0; i < list.count; i++)
		assert_string_equal(list.ports[i].path, sorted[i]);
	port_list_free(&list);
}

static void boards_by_their_numbers(void **state)
{
	(void)state;
	struct port_list list = { .count = 0 };
	port_list_add(&list, "/dev/ttyACM0", "words", true, 0x2886, 0x0066, "1");
	port_list_add(&list, "/dev/ttyACM1", "words", true, 0x1234, 0x0066, "2");
	port_list_add(&list, "/dev/ttyS0", "words", false, 0x2886, 0x0066, NULL);
	assert_non_null(strstr(port_board(&list.ports[0]), "nRF54L15"));
	assert_null(port_board(&list.ports[1]));
	assert_null(port_board(&list.ports[2]));
	char *words = port_list_words(&list);
	assert_non_null(strstr(words, "/dev/ttyACM0 (Seeed XIAO nRF54L15, UART bridge), /dev/ttyACM1 (words)"));
	free(words);
	port_list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_the_usb_serial_number),
		cmocka_unit_test(several_ports_of_one_number_keep_their_order),
		cmocka_unit_test(sorted_by_number),
		cmocka_unit_test(boards_by_their_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
