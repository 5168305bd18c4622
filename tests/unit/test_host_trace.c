/* SPDX-License-Identifier: MIT */
/* Bodies as --trace shows them: every kind of value, and what is broken stays readable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "trace.h"

static void assert_shows(const void *body, size_t size, const char *wanted)
{
	struct bytes text = { 0 };
	trace_body(body, (uint32_t)size, &text);
	assert_string_equal((const char *)text.data, wanted);
	bytes_free(&text);
}

#define SHOWS(body, wanted) assert_shows(body, sizeof body - 1, wanted)

static void values(void **state)
{
	(void)state;
	SHOWS("\xa1\x61\x64\x65hello", "{\"d\": \"hello\"}");
	SHOWS("\xbf\x61r\x65hello\xff", "{\"r\": \"hello\"}");
	SHOWS("\xa0", "{}");
	SHOWS("\xbf\xff", "{}");
	SHOWS("\xa1\x63" "err\xa2\x65group\x01\x62rc\x18\x1b", "{\"err\": {\"group\": 1, \"rc\": 27}}");
	SHOWS("\x82\x01\x9f\xf5\xf4\xff", "[1, [true, false]]");
	SHOWS("\xa2\x61" "a\x20\x61" "b\xf6", "{\"a\": -1, \"b\": other}");
	SHOWS("\x43\x01\x02\xff", "h'0102ff'");
	SHOWS("\x5f\x41\x01\x42\x02\x03\xff", "(h'01', h'0203')");
	SHOWS("\x63\x1b[m", "\"?[m\"");
	SHOWS("\xc1\x05", "5");
	SHOWS("", "");
}

static void long_strings_are_cut(void **state)
{
	(void)state;
	uint8_t body[3 + 300] = { 0x59, 1, 44 };
	struct bytes text = { 0 };
	trace_body(body, sizeof body, &text);
	assert_non_null(strstr((const char *)text.data, "'...(300 bytes)"));
	assert_true(text.size < 100);
	bytes_free(&text);
}

static void broken_bodies(void **state)
{
	(void)state;
	SHOWS("\xa1\x61", " (broken at byte 0)");
	SHOWS("\xa1\x61" "a", "{\"a\" (broken at byte 3)");
	SHOWS("\xff", " (broken at byte 1)");
	SHOWS("\xa0\x01\x02", "{} and 2 bytes more");
	uint8_t nested[64];
	memset(nested, 0x81, sizeof nested);
	struct bytes text = { 0 };
	trace_body(nested, sizeof nested, &text);
	assert_non_null(strstr((const char *)text.data, "broken"));
	bytes_free(&text);
}

/* Nothing that arrives makes it read or write beyond its bounds (the sanitizers watch). */
static void any_bytes(void **state)
{
	(void)state;
	uint32_t chance = 1;
	for (int turn = 0; turn < 20000; turn++) {
		uint8_t body[48];
		for (size_t i = 0; i < sizeof body; i++) {
			chance = chance * 1664525u + 1013904223u;
			body[i] = (uint8_t)(chance >> 24);
		}
		struct bytes text = { 0 };
		trace_body(body, chance % (sizeof body + 1), &text);
		bytes_free(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(long_strings_are_cut),
		cmocka_unit_test(broken_bodies),
		cmocka_unit_test(any_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
