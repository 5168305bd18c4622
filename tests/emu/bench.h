/* SPDX-License-Identifier: MIT */
/* bench.h - a virtual board with the test firmware in it, for the model tests. */
#ifndef BENCH_H
#define BENCH_H

#include <vboard/vboard.h>

enum scenario { HELLO, WRITE_WORDS, WRITE_TWICE, ERASE_AND_WRITE, STORE_OUTSIDE, STORE_BYTE, ECHO_BYTES, TICKS_AND_SLEEP, EXCEPTIONS,
	WATCHDOG, UNKNOWN_REGISTER, READ_DAMAGED, READ_UNSTABLE, LOSE_BUFFER, SOFT_RESET, CODE_REWRITTEN, TIMER_POLLED, STACK_BELOW_RAM, VENDOR_START, STORES };

#define AREA 0x10000u

struct bench {
	struct vb *vb;
	char text[4096];
	uint32_t length;
};

/* Set before bench_open. */
extern struct vb_options bench_options;

/* Both chips by name: "xiao_nrf52840", "xiao_nrf54l15". */
void bench_open(struct bench *bench, const char *board, enum scenario scenario, uint32_t argument0, uint32_t argument1);
void bench_buffer_lines(struct bench *bench, uint32_t lines); /* RRAM: WRITEBUFSIZE that the firmware uses */
enum vb_stop bench_run(struct bench *bench);              /* power on, until "end\n" or a stop */
void bench_close(struct bench *bench);
/* "name=" in the text, read as hex; fails the test if absent. nth: 0 the first. */
uint32_t bench_value(const struct bench *bench, const char *name, uint32_t nth);
uint32_t bench_word(struct bench *bench, uint32_t addr);
bool bench_found(const struct bench *bench, enum hf_reason reason);

#endif
