/* SPDX-License-Identifier: MIT */
/* A holdfast without libsystemd says so, whatever is asked of Bluetooth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "blelist.h"
#include "link.h"

static void says_so(enum hf_reason reason, const struct problem *problem)
{
	assert_int_equal(reason, HF_R_HOST_BLE_NOT_BUILT);
	assert_int_equal(problem->reason, HF_R_HOST_BLE_NOT_BUILT);
	assert_int_equal(problem_exit_code(reason), EXIT_CODE_FILE);
}

static void test_every_door(void **state)
{
	struct problem problem = { 0 };
	struct report report = { .quiet = true };
	struct link link = { .name = "ble:Thermometer" };
	const struct link_options options = { 0 };
	const struct blelist_wish wish = { .seconds = 1 };
	const struct address address = { .kind = ADDRESS_BLE, .place = "Thermometer" };
	(void)state;
	says_so(link_ble.open(&link, &options, &problem), &problem);
	assert_string_equal(problem.subject, "ble:Thermometer");
	says_so(blelist_report(&wish, &report, &problem), &problem);
	says_so(blelist_forget("ble:Thermometer", &address, &report, &problem), &problem);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_door) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
