/* SPDX-License-Identifier: MIT */
/* The model of the external flash chip, command by command, without a processor in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <vboard/internal.h>

static struct vb *vb;

static void open_board(const char *name)
{
	assert_int_equal(vb_create(&vb, vb_board_find(name), NULL), HF_OK);
	vb_nor_power(vb, true);
}

static void send(const uint8_t *out, uint32_t out_bytes, uint8_t *in, uint32_t in_bytes)
{
	vb_nor_select(vb, true);
	for (uint32_t i = 0; i < out_bytes; i++)
		(void)vb_nor_byte(vb, out[i]);
	for (uint32_t i = 0; i < in_bytes; i++)
		in[i] = vb_nor_byte(vb, 0);
	vb_nor_select(vb, false);
}

static void command(uint8_t opcode)
{
	send(&opcode, 1, NULL, 0);
}

static uint8_t status(void)
{
	const uint8_t opcode = 0x05;
	uint8_t value;
	send(&opcode, 1, &value, 1);
	return value;
}

static void program(uint32_t off, const uint8_t *data, uint32_t size_bytes)
{
	uint8_t out[4 + 300] = { 0x02, (uint8_t)(off >> 16), (uint8_t)(off >> 8), (uint8_t)off };
	memcpy(out + 4, data, size_bytes);
	send(out, 4 + size_bytes, NULL, 0);
}

static void wait_ready(void)
{
	for (uint32_t i = 0; i < 10 && (status() & 1u) != 0; i++)
		;
	assert_int_equal(status() & 1u, 0);
}

static void read_at(uint8_t opcode, uint32_t off, uint8_t *into, uint32_t size_bytes)
{
	const uint8_t out[5] = { opcode, (uint8_t)(off >> 16), (uint8_t)(off >> 8), (uint8_t)off, 0 };
	send(out, opcode == 0x03 ? 4 : 5, into, size_bytes);
}

static void who_it_is(void **state)
{
	static const struct {
		const char *board;
		uint8_t id[3];
	} rows[] = { { "xiao_nrf52840", { 0x85, 0x60, 0x15 } }, { "nrf52840dk", { 0xc2, 0x28, 0x17 } }, { "nrf54l15dk", { 0xc2, 0x28, 0x17 } } };
	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(rows); i++) {
		const uint8_t opcode = 0x9f;
		uint8_t id[3];
		open_board(rows[i].board);
		send(&opcode, 1, id, 3);
		assert_memory_equal(id, rows[i].id, 3);
		vb_external_set(vb, VB_EXTERNAL_ABSENT, true);
		send(&opcode, 1, id, 3);
		assert_memory_equal(id, "\xff\xff\xff", 3);
		vb_destroy(vb);
	}
}

static void programs(void **state)
{
	const uint8_t low[2] = { 0xf0, 0x3c }, lower[2] = { 0x3f, 0xff };
	uint8_t data[300], read[300];
	(void)state;
	open_board("nrf52840dk");
	program(0x1000, low, 2);                /* not enabled: ignored and found */
	assert_int_equal(status(), 0x40);       /* the quad bit */
	read_at(0x03, 0x1000, read, 2);
	assert_memory_equal(read, "\xff\xff", 2);
	uint32_t count;
	assert_int_equal(vb_findings(vb, &count)[0].reason, HF_R_VB_EXTERNAL_IGNORED);
	command(0x06);
	assert_int_equal(status(), 0x42);
	program(0x1000, low, 2);
	assert_int_equal(status() & 3u, 1u);    /* busy, and the enable is used up */
	read_at(0x03, 0x1000, read, 2);         /* ignored while busy */
	assert_memory_equal(read, "\xff\xff", 2);
	wait_ready();
	read_at(0x0b, 0x1000, read, 2);
	assert_memory_equal(read, low, 2);
	command(0x06);
	program(0x1000, lower, 2);              /* bits only go down */
	wait_ready();
	read_at(0x6b, 0x1000, read, 2);
	assert_memory_equal(read, "\x30\x3c", 2);
	for (uint32_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)i;
	command(0x06);
	program(0x20f0, data, 32);              /* beyond the page's end: its start */
	wait_ready();
	read_at(0x03, 0x2000, read, 256);
	assert_memory_equal(read, data + 16, 16);
	assert_memory_equal(read + 0xf0, data, 16);
	assert_int_equal(read[16], 0xff);
	read_at(0x03, 0x2100, read, 1);
	assert_int_equal(read[0], 0xff);
	assert_int_equal(vb_counters(vb)->pages, 3);
	vb_destroy(vb);
}

static void erases_and_sleeps(void **state)
{
	const uint8_t erase[4] = { 0x20, 0x00, 0x30, 0x12 }, id = 0x9f, wake[4] = { 0xab, 0, 0, 0 };
	uint8_t read[3];
	(void)state;
	open_board("nrf52840dk");
	memset(vb_external(vb), 0x55, 0x6000);
	vb_external_changed(vb, 0, 0x6000);
	command(0x06);
	send(erase, 4, NULL, 0);
	const uint64_t busy_ns = vb->s.nor.busy_ns - vb_now(vb);
	assert_true(busy_ns > 40000000u && busy_ns <= 48000000u);
	wait_ready();
	assert_int_equal(vb_external(vb)[0x2fff], 0x55);
	assert_int_equal(vb_external(vb)[0x3000], 0xff);
	assert_int_equal(vb_external(vb)[0x3fff], 0xff);
	assert_int_equal(vb_external(vb)[0x4000], 0x55);
	assert_int_equal(vb_counters(vb)->external_wear_max, 1);
	command(0xb9);
	send(&id, 1, read, 3);
	assert_memory_equal(read, "\xff\xff\xff", 3);
	send(wake, 4, read, 1);
	assert_int_not_equal(read[0], 0xff);
	send(&id, 1, read, 3);                  /* before its wake-up time */
	assert_memory_equal(read, "\xff\xff\xff", 3);
	vb_stall(vb, 35000, false);
	send(&id, 1, read, 3);
	assert_memory_equal(read, "\xc2\x28\x17", 3);
	vb_destroy(vb);
}

/* A cut program leaves some of its bits cleared and no other changed; a cut erase leaves anything. */
static void torn(void **state)
{
	uint8_t data[256], before[256], read[256];
	(void)state;
	for (uint32_t variant = 0; variant < VB_CUT_VARIANTS; variant++) {
		open_board("nrf52840dk");
		for (uint32_t i = 0; i < 256; i++) {
			before[i] = (uint8_t)(i | 0x0f);
			data[i] = (uint8_t)~i;
		}
		memcpy(vb_external(vb) + 0x1000, before, 256);
		vb_external_changed(vb, 0x1000, 256);
		assert_true(vb_cut_arm(vb, &(struct vb_cut){ .at = 1, .variant = (enum vb_variant)variant, .seed = 7 }));
		command(0x06);
		program(0x1000, data, 256);
		assert_int_equal(vb->brk, VB_B_CUT);
		memcpy(read, vb_external(vb) + 0x1000, 256);
		uint32_t changed = 0, whole = 0;
		for (uint32_t i = 0; i < 256; i++) {
			assert_int_equal(read[i] & ~before[i], 0);
			assert_int_equal(read[i] | (before[i] & data[i]), read[i]);
			changed += read[i] != before[i];
			whole += read[i] == (before[i] & data[i]);
		}
		const bool is_none = variant == VB_CUT_NONE || variant == VB_CUT_ONES || variant == VB_CUT_UNSTABLE || variant == VB_CUT_FAULT;
		assert_int_equal(changed == 0, is_none);
		assert_int_equal(whole == 256, variant == VB_CUT_DONE);
		assert_int_equal(vb_is_damaged(vb, BOARD_EXTERNAL_ADDR + 0x1000, 256), variant == VB_CUT_UNSTABLE || variant == VB_CUT_FAULT);
		vb_destroy(vb);
	}
}

/* The supply goes for another reason while the chip is busy: that leaves half an erase, too. */
static void power_lost_while_busy(void **state)
{
	const uint8_t erase[4] = { 0x20, 0, 0, 0 };
	uint32_t blank = 0;
	(void)state;
	open_board("nrf52840dk");
	memset(vb_external(vb), 0, 4096);
	vb_external_changed(vb, 0, 4096);
	command(0x06);
	send(erase, 4, NULL, 0);
	vb_nor_power(vb, false);
	for (uint32_t i = 0; i < 4096; i++)
		blank += vb_external(vb)[i] == 0xff;
	assert_in_range(blank, 1, 4000);
	vb_destroy(vb);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(who_it_is), cmocka_unit_test(programs), cmocka_unit_test(erases_and_sleeps),
		cmocka_unit_test(torn), cmocka_unit_test(power_lost_while_busy) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
