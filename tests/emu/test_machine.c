/* SPDX-License-Identifier: MIT */
/* test_machine.c - CPU, time, serial line, resets, snapshots: what any firmware leans on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"

static const char *const boards[] = { "xiao_nrf52840", "xiao_nrf54l15" };
#define EACH_BOARD(i) for (int i = 0; i < 2; i++)

static void serial_output(void **state)
{
	struct bench b;

	(void)state;
	EACH_BOARD(i) {
		bench_open(&b, boards[i], HELLO, 0, 0);
		assert_int_equal(bench_run(&b), VB_STOP_TEXT);
		assert_string_equal(b.text, "hello\nend\n");
		assert_int_equal(vb_counters(b.vb)->uart_tx_bytes, 10);
		/* Six bytes at 115,200 baud take 521 us before the firmware goes on. */
		assert_in_range(vb_counters(b.vb)->now_ns, 520000, 1500000);
		bench_close(&b);
	}
}

static void serial_input_by_dma(void **state)
{
	struct bench b;

	(void)state;
	EACH_BOARD(i) {
		bench_open(&b, boards[i], ECHO_BYTES, 4, 16);
		vb_power_on(b.vb);
		vb_until(b.vb, "ready\n");
		assert_int_equal(vb_run(b.vb, 10000000), VB_STOP_TEXT);
		assert_int_equal(vb_feed(b.vb, "abcdefghijklmnop", 16), 16);
		vb_until(b.vb, "end\n");
		assert_int_equal(vb_run(b.vb, 10000000), VB_STOP_TEXT);
		assert_string_equal(b.text, "ready\nabcdefghijklmnop\nend\n");
		assert_int_equal(vb_counters(b.vb)->uart_rx_bytes, 16);
		bench_close(&b);
	}
}

static void systick_and_sleep(void **state)
{
	struct bench b;

	(void)state;
	EACH_BOARD(i) {
		bench_open(&b, boards[i], TICKS_AND_SLEEP, 1000, 0);
		assert_int_equal(bench_run(&b), VB_STOP_TEXT);
		assert_int_equal(bench_value(&b, "ticks", 0), 1000);
		/* 1,000 ticks of 1 ms of virtual time, in few instructions: the CPU slept. */
		assert_in_range(vb_counters(b.vb)->now_ns, 1000000000, 1010000000);
		assert_in_range(vb_counters(b.vb)->instructions, 1000, 100000);
		bench_close(&b);
	}
}

static void exceptions_keep_registers(void **state)
{
	struct bench b;

	(void)state;
	EACH_BOARD(i) {
		bench_open(&b, boards[i], EXCEPTIONS, 0, 0);
		assert_int_equal(bench_run(&b), VB_STOP_TEXT);
		assert_int_equal(bench_value(&b, "svc", 0), 1);
		assert_int_equal(bench_value(&b, "masked", 0), 0); /* PRIMASK holds PendSV and the interrupt back */
		assert_int_equal(bench_value(&b, "irq", 0), 2);
		assert_int_equal(bench_value(&b, "float", 0), 0x40200000);
		bench_close(&b);
	}
}

static void watchdog_resets_who_starves_it(void **state)
{
	struct bench b;

	(void)state;
	EACH_BOARD(i) {
		bench_open(&b, boards[i], WATCHDOG, 10, 0);
		assert_int_equal(bench_run(&b), VB_STOP_TEXT);
		assert_int_equal(bench_value(&b, "reasons", 0), 0);
		assert_int_equal(bench_value(&b, "reasons", 1), 2);
		assert_int_equal(vb_counters(b.vb)->watchdog_resets, 1);
		assert_int_equal(vb_counters(b.vb)->boots, 2);
		bench_close(&b);
	}
}

static void unknown_register_stops_with_its_name(void **state)
{
	struct bench b;
	char text[400];

	(void)state;
	EACH_BOARD(i) {
		bench_open(&b, boards[i], UNKNOWN_REGISTER, 0, 0);
		assert_int_equal(bench_run(&b), VB_STOP_FINDING);
		assert_string_equal(b.text, "before\n");
		assert_int_equal(vb_last_finding(b.vb)->reason, HF_R_VB_UNKNOWN_REGISTER);
		vb_finding_text(b.vb, vb_last_finding(b.vb), text, sizeof text);
		assert_non_null(strstr(text, "HF-1205"));
		assert_non_null(strstr(text, i == 0 ? "nrf52840" : "nrf54l15"));
		assert_non_null(strstr(text, i == 0 ? "read of 0x40012340" : "read of 0x50012340"));
		assert_non_null(strstr(text, "pc 0x"));
		bench_close(&b);
	}
}

static void soft_reset_keeps_what_it_keeps(void **state)
{
	struct bench b;

	(void)state;
	EACH_BOARD(i) {
		bench_open(&b, boards[i], SOFT_RESET, 0, 0);
		assert_int_equal(bench_run(&b), VB_STOP_TEXT);
		assert_int_equal(bench_value(&b, "reasons", 0), 0);
		assert_int_equal(bench_value(&b, "ram", 0), 0xa5a5a5a5);
		assert_int_equal(bench_value(&b, "reasons", 1), i == 0 ? 0x4 : 0x40);
		assert_int_equal(bench_value(&b, "kept", 1), 0x42);
		assert_int_equal(bench_value(&b, "ram", 1), 0x77);
		/* Without power nothing is kept. */
		vb_power_off(b.vb);
		assert_int_equal(vb_run(b.vb, 0), VB_STOP_OFF);
		b.length = 0;
		assert_int_equal(bench_run(&b), VB_STOP_TEXT);
		assert_int_equal(bench_value(&b, "kept", 0), 0);
		assert_int_equal(bench_value(&b, "ram", 0), 0xa5a5a5a5);
		bench_close(&b);
	}
}

static void polling_is_jumped_over(void **state)
{
	struct bench b;

	(void)state;
	EACH_BOARD(i) {
		bench_open(&b, boards[i], TIMER_POLLED, 0, 0);
		assert_int_equal(bench_run(&b), VB_STOP_TEXT);
		assert_int_equal(bench_value(&b, "few", 0), 1);
		assert_in_range(vb_counters(b.vb)->now_ns, 250000000, 260000000);
		bench_close(&b);
	}
}

static void sleep_without_end_is_told(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b, boards[0], HELLO, 0, 0);
	vb_power_on(b.vb);
	assert_int_equal(vb_run(b.vb, 50000000), VB_STOP_IDLE);
	bench_close(&b);
}

static void lockup_resets_and_gives_up_in_the_end(void **state)
{
	struct bench b;

	(void)state;
	EACH_BOARD(i) {
		bench_open(&b, boards[i], STACK_BELOW_RAM, 0, 0);
		assert_int_equal(bench_run(&b), VB_STOP_LOCKUP);
		assert_true(vb_counters(b.vb)->lockups > 3);
		assert_true(bench_found(&b, HF_R_VB_LOCKUP));
		assert_true(bench_found(&b, HF_R_VB_BUS_FAULT));
		bench_close(&b);
	}
}

static void vendor_start_is_known(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b, boards[1], VENDOR_START, 0, 0);
	assert_int_equal(bench_run(&b), VB_STOP_TEXT);
	assert_int_equal(bench_value(&b, "pll", 0), 1);
	assert_int_equal(bench_value(&b, "debug", 0), 1);
	assert_int_equal(bench_value(&b, "revision", 0), 2);
	bench_close(&b);
}

static void instructions_are_counted_exactly(void **state)
{
	uint64_t counts[2][2];
	struct bench b;

	(void)state;
	for (int precise = 0; precise < 2; precise++) {
		EACH_BOARD(i) {
			bench_options.precise = precise != 0;
			bench_open(&b, boards[i], WRITE_WORDS, 100, 1);
			bench_options.precise = false;
			assert_int_equal(bench_run(&b), VB_STOP_TEXT);
			counts[precise][i] = vb_counters(b.vb)->instructions;
			bench_close(&b);
		}
	}
	/* A hook a block or a hook an instruction: the same within the block that stops the run. */
	EACH_BOARD(i)
		assert_in_range(counts[0][i], counts[1][i] - 20, counts[1][i] + 20);
}

static void snapshot_repeats_the_run(void **state)
{
	struct bench b;
	struct vb_snapshot *snapshot;
	uint64_t instructions;

	(void)state;
	EACH_BOARD(i) {
		bench_open(&b, boards[i], SOFT_RESET, 0, 0);
		vb_until(b.vb, "ram=a5a5a5a5\n");
		vb_power_on(b.vb);
		assert_int_equal(vb_run(b.vb, 10000000), VB_STOP_TEXT);
		snapshot = vb_snapshot_take(b.vb);
		assert_non_null(snapshot);
		vb_until(b.vb, "end\n");
		assert_int_equal(vb_run(b.vb, 10000000), VB_STOP_TEXT);
		instructions = vb_counters(b.vb)->instructions;
		for (int turn = 0; turn < 3; turn++) {
			vb_snapshot_restore(b.vb, snapshot);
			b.length = 0;
			assert_int_equal(vb_run(b.vb, 10000000), VB_STOP_TEXT);
			assert_int_equal(vb_counters(b.vb)->instructions, instructions);
			assert_int_equal(bench_value(&b, "ram", 0), 0x77);
		}
		vb_snapshot_free(snapshot);
		bench_close(&b);
	}
}

struct recorder {
	struct vb *vb;
	uint32_t count;
	uint32_t before[16];
};

static void record(void *ctx, enum vb_op op, uint32_t addr)
{
	struct recorder *r = ctx;

	assert_int_equal(op, VB_OP_WORD);
	assert_int_equal(addr, AREA + 4 * r->count);
	r->before[r->count++] = hf_get32le(vb_flash(r->vb) + addr);
}

static void operations_can_be_recorded(void **state)
{
	struct bench b;
	struct recorder r = { .count = 0 };

	(void)state;
	bench_open(&b, boards[0], WRITE_WORDS, 5, 0);
	r.vb = b.vb;
	vb_op_watch(b.vb, record, &r);
	assert_int_equal(bench_run(&b), VB_STOP_TEXT);
	assert_int_equal(r.count, 5);
	assert_int_equal(r.before[4], 0xffffffff);
	bench_close(&b);
}

static void boards_by_name(void **state)
{
	(void)state;
	assert_non_null(vb_board_find("xiao_nrf52840"));
	assert_non_null(vb_board_find("nrf52832"));
	assert_null(vb_board_find("xiao_rp2040"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serial_output), cmocka_unit_test(serial_input_by_dma), cmocka_unit_test(systick_and_sleep),
		cmocka_unit_test(exceptions_keep_registers), cmocka_unit_test(watchdog_resets_who_starves_it),
		cmocka_unit_test(unknown_register_stops_with_its_name), cmocka_unit_test(soft_reset_keeps_what_it_keeps),
		cmocka_unit_test(polling_is_jumped_over), cmocka_unit_test(sleep_without_end_is_told),
		cmocka_unit_test(lockup_resets_and_gives_up_in_the_end), cmocka_unit_test(vendor_start_is_known),
		cmocka_unit_test(instructions_are_counted_exactly), cmocka_unit_test(snapshot_repeats_the_run),
		cmocka_unit_test(operations_can_be_recorded), cmocka_unit_test(boards_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
