/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"

struct vb_options bench_options = { .uart_instance = -1, .ram_fill = 0xa5 };

static void keep(void *ctx, const uint8_t *bytes, uint32_t count)
{
	struct bench *bench = ctx;

	for (uint32_t i = 0; i < count && bench->length + 1 < sizeof bench->text; i++)
		bench->text[bench->length++] = (char)bytes[i];
	bench->text[bench->length] = '\0';
}

static void word_put(struct bench *bench, uint32_t addr, uint32_t value)
{
	uint8_t bytes[4];

	hf_put32le(bytes, value);
	assert_int_equal(vb_load_bytes(bench->vb, addr, bytes, 4), HF_OK);
}

void bench_open(struct bench *bench, const char *board, enum scenario scenario, uint32_t argument0, uint32_t argument1)
{
	const bool is_l15 = strcmp(board, "xiao_nrf54l15") == 0;

	memset(bench, 0, sizeof *bench);
	assert_int_equal(vb_create(&bench->vb, vb_board_find(board), &bench_options), HF_OK);
	vb_host_set(bench->vb, &(struct vb_host){ .ctx = bench, .tx = keep });
	assert_int_equal(vb_load_bin(bench->vb, is_l15 ? FW_NRF54L15 : FW_NRF52840, 0), HF_OK);
	word_put(bench, 0x7000, scenario);
	word_put(bench, 0x7004, argument0);
	word_put(bench, 0x7008, argument1);
	bench_buffer_lines(bench, 1);
}

void bench_buffer_lines(struct bench *bench, uint32_t lines)
{
	word_put(bench, 0x7004 + 4 * 7, lines);
}

enum vb_stop bench_run(struct bench *bench)
{
	vb_until(bench->vb, "end\n");
	vb_power_on(bench->vb);
	return vb_run(bench->vb, 50000000);
}

void bench_close(struct bench *bench)
{
	vb_destroy(bench->vb);
	bench->vb = NULL;
}

uint32_t bench_value(const struct bench *bench, const char *name, uint32_t nth)
{
	char key[40];
	const char *at = bench->text;

	snprintf(key, sizeof key, "%s=", name);
	for (uint32_t i = 0; at != NULL; i++) {
		at = strstr(at, key);
		if (at != NULL && i == nth)
			return (uint32_t)strtoul(at + strlen(key), NULL, 16);
		at = at != NULL ? at + 1 : NULL;
	}
	print_error("no %s in:\n%s\n", key, bench->text);
	fail();
	return 0;
}

uint32_t bench_word(struct bench *bench, uint32_t addr)
{
	return hf_get32le(vb_flash(bench->vb) + addr);
}

bool bench_found(const struct bench *bench, enum hf_reason reason)
{
	uint32_t count;
	const struct vb_finding *list = vb_findings(bench->vb, &count);

	for (uint32_t i = 0; i < count; i++) {
		if (list[i].reason == reason)
			return true;
	}
	return false;
}
