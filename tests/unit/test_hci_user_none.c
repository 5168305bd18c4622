/* SPDX-License-Identifier: MIT */
/* A holdfast on a system without HCI user channels says so at each of its three doors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hci_user.h"

static void test_every_door(void **state)
{
	struct problem problem = { 0 };
	uint8_t packet[HCI_PACKET_BYTES] = { 0 };
	uint32_t size = 7;
	int fd = -1;

	(void)state;
	assert_int_equal(hci_user_open("hci1", &fd, &problem), HF_R_HOST_HCI_NOT_LINUX);
	assert_string_equal(problem.subject, "hci1");
	assert_int_equal(fd, -1);
	assert_int_equal(hci_user_read(fd, packet, &size, &problem), HF_R_HOST_HCI_NOT_LINUX);
	assert_int_equal(size, 7);
	assert_int_equal(hci_user_write(fd, packet, 4, &problem), HF_R_HOST_HCI_NOT_LINUX);
	assert_int_equal(problem_exit_code(problem.reason), EXIT_CODE_FILE);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_door) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
