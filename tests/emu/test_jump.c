/* SPDX-License-Identifier: MIT */
/* What the loader leaves behind: jump_app.c, signed and started by the shipped loader on the virtual board, tells what it found.
 * Also what a loader says that was never filled in, and whether a faulting line of flash is a numbered refusal. */
#define _DEFAULT_SOURCE /* mkdtemp */
#include <boards/boards.h>
#include <vboard/vboard.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct chip {
	const char *board, *chip, *policy;
	uint32_t primary_addr, secondary_addr, header_bytes, ptr_at_reset, lock_size, debug;
};

static const struct chip chips[] = {
	{ "xiao_nrf52840", "nrf52840", "debug-open", 0xc000, 0x82000, 0x200, 0, 0xc000, 0x5a },
	{ "xiao_nrf52840", "nrf52840", "no-downgrade", 0xc000, 0x82000, 0x200, 0, 0xc000, 0 },
	/* 31 KB, locked: read, execute, secure. TAMPC reads the value and its write protection. */
	{ "xiao_nrf54l15", "nrf54l15", "debug-open", 0x10000, 0xc2000, 0x800, 0x20000000, 0x001f200d, 0x11 },
	{ "xiao_nrf54l15", "nrf54l15", "no-downgrade", 0x10000, 0xc2000, 0x800, 0x20000000, 0x001f200d, 0x10 },
};

struct run {
	struct vb *vb;
	char text[8192];
	uint32_t text_bytes;
};

static char folder[] = "/tmp/holdfast-jump-XXXXXX";

static const char *need(const char *name)
{
	const char *value = getenv(name);

	if (value == NULL || value[0] == 0) {
		print_message("%s is not set: skipped\n", name);
		skip();
	}
	return value;
}

static void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void shell(const char *format, ...)
{
	char command[2048];
	va_list arguments;

	va_start(arguments, format);
	assert_true((size_t)vsnprintf(command, sizeof command, format, arguments) < sizeof command);
	va_end(arguments);
	if (system(command) != 0)
		fail_msg("%s", command);
}

static const char *path_of(char *into, size_t into_bytes, const char *name)
{
	assert_true((size_t)snprintf(into, into_bytes, "%s/%s", folder, name) < into_bytes);
	return into;
}

static void take_text(void *ctx, const uint8_t *bytes, uint32_t count)
{
	struct run *run = ctx;

	for (uint32_t i = 0; i < count && run->text_bytes < sizeof run->text - 1; i++)
		run->text[run->text_bytes++] = (char)bytes[i];
	run->text[run->text_bytes] = 0;
}

static void run_open(struct run *run, const char *board)
{
	const struct vb_options options = { .precise = true, .uart_instance = -1, .ram_fill = 0xa5 };
	const struct vb_host host = { .ctx = run, .tx = take_text };

	memset(run, 0, sizeof *run);
	assert_int_equal(vb_create(&run->vb, board_find(board), &options), HF_OK);
	vb_host_set(run->vb, &host);
}

static void run_until(struct run *run, const char *text)
{
	vb_until(run->vb, text);
	enum vb_stop stopped = vb_run(run->vb, 60000000u);
	if (stopped != VB_STOP_TEXT)
		fail_msg("%s instead of \"%s\"; the board said:\n%s", vb_stop_name(stopped), text, run->text);
}

static uint32_t value_of(const struct run *run, const char *name)
{
	char line[32];

	assert_true((size_t)snprintf(line, sizeof line, "\n%s=", name) < sizeof line);
	const char *at = strstr(run->text, line);
	if (at == NULL)
		fail_msg("no %s in:\n%s", name, run->text);
	return (uint32_t)strtoul(at + strlen(line), NULL, 16);
}

/* Loader and application of a chip, loaded. */
static void board_load(struct run *run, const struct chip *chip)
{
	const char *cli = need("HOLDFAST_CLI"), *firmware = need("HOLDFAST_LOADER_DIR");
	char loader[256], app[256];

	path_of(loader, sizeof loader, "loader.bin");
	path_of(app, sizeof app, "app.bin");
	shell("'%s' bootloader --board %s -k %s/key.pem --policy %s -o %s >/dev/null", cli, chip->board, folder, chip->policy, loader);
	shell("'%s' sign '%s/jump-%s.bin' %s -v 1.0.0 --board %s --pad-header -k %s/key.pem >/dev/null", cli, firmware, chip->chip, app,
	      chip->board, folder);
	run_open(run, chip->board);
	assert_int_equal(vb_load_bin(run->vb, loader, 0), HF_OK);
	assert_int_equal(vb_load_bin(run->vb, app, chip->primary_addr), HF_OK);
}

static void jump_leaves_a_reset_chip(void **state)
{
	static const char *const zero[] = { "primask", "masks", "control", "psp", "msplim", "psplim", "irq_enabled", "irq_pending", "systick",
					    "mpu", "fpu", "faults", "uart_enable", "uart_shorts", "uart_events", "timer_bitmode",
					    "timer_cc0", "loader_changed", "lock_addr" };

	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(chips); i++) {
		const struct chip *chip = &chips[i];
		struct run run;
		board_load(&run, chip);
		vb_power_on(run.vb);
		run_until(&run, "end\n");
		for (size_t k = 0; k < HF_ARRAY_COUNT(zero); k++) {
			if (value_of(&run, zero[k]) != 0)
				fail_msg("%s: %s is 0x%x", chip->chip, zero[k], value_of(&run, zero[k]));
		}
		assert_int_equal(value_of(&run, "sp"), 0x2003ffc0);
		assert_int_equal(value_of(&run, "lr"), 0xffffffff);
		assert_int_equal(value_of(&run, "vtor"), chip->primary_addr + chip->header_bytes);
		assert_int_equal(value_of(&run, "uart_txd"), 0xffffffff);
		assert_int_equal(value_of(&run, "uart_rxd"), 0xffffffff);
		assert_int_equal(value_of(&run, "uart_baud"), 0x04000000);
		assert_int_equal(value_of(&run, "uart_rx_ptr"), chip->ptr_at_reset);
		assert_int_equal(value_of(&run, "uart_tx_ptr"), chip->ptr_at_reset);
		assert_int_equal(value_of(&run, "pins"), 0x00020002);
		assert_int_equal(value_of(&run, "timer_prescaler"), 4);
		assert_int_equal(value_of(&run, "lock_size"), chip->lock_size);
		assert_int_equal(value_of(&run, "debug"), chip->debug);
		assert_int_equal(value_of(&run, "ticks"), 3);
		vb_destroy(run.vb);
	}
}

/* Not filled in: it says so on the default board's pins, opens the debug port, and tries again for ever. */
static void blank_loader_speaks(void **state)
{
	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(chips); i += 2) {
		struct run run;
		char path[256];
		run_open(&run, chips[i].board);
		assert_true((size_t)snprintf(path, sizeof path, "%s/loader-%s-0x0-p256.bin", need("HOLDFAST_LOADER_DIR"), chips[i].chip) <
			    sizeof path);
		assert_int_equal(vb_load_bin(run.vb, path, 0), HF_OK);
		vb_power_on(run.vb);
		run_until(&run, "HF-0510 a=0x00000000 b=0x00000000\r\nHF-1009 a=0x000001fe b=0x00000000\r\n");
		run_until(&run, "HF-1009");
		assert_int_equal(vb_counters(run.vb)->soft_resets, 1);
		assert_true(vb_counters(run.vb)->now_ns >= 10000000000u);
		uint32_t count;
		(void)vb_findings(run.vb, &count);
		assert_int_equal(count, 0);
		vb_destroy(run.vb);
	}
}

/* Signed, entered where it should be, and its first word is no stack pointer: a number with the place and the word, and no jump. */
static void bad_stack_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(chips); i += 2) {
		const struct chip *chip = &chips[i];
		struct run run;
		char app[256];
		board_load(&run, chip);
		path_of(app, sizeof app, "stackless.bin");
		shell("cp '%s/jump-%s.bin' %s/raw.bin && printf '\\001\\000\\000\\000' | dd of=%s/raw.bin conv=notrunc 2>/dev/null",
		      need("HOLDFAST_LOADER_DIR"), chip->chip, folder, folder);
		shell("'%s' sign %s/raw.bin %s -v 1.0.0 --board %s --pad-header -k %s/key.pem >/dev/null", need("HOLDFAST_CLI"), folder, app,
		      chip->board, folder);
		assert_int_equal(vb_load_bin(run.vb, app, chip->primary_addr), HF_OK);
		vb_power_on(run.vb);
		run_until(&run, "HF-1001");
		run_until(&run, "HF-1004");
		run_until(&run, "HF-1009");
		assert_null(strstr(run.text, "HF-1002"));
		vb_destroy(run.vb);
	}
}

/* A line that answers with a bus fault, in the middle of the only image: a numbered stop, not a dead board. */
static void faulting_flash_is_a_refusal(void **state)
{
	struct run run;

	(void)state;
	board_load(&run, &chips[2]);
	vb_damage(run.vb, chips[2].primary_addr + 0x900, 16, true, 0xffffffff);
	vb_power_on(run.vb);
	run_until(&run, "HF-1009 a=0x00000065");
	assert_non_null(strstr(run.text, "HF-0101"));
	vb_destroy(run.vb);
}

/* The application leaves its watchdogs running and resets into an update: the loader feeds them through checks and moves. */
static void watchdogs_survive_an_update(void **state)
{
	(void)state;
	for (size_t i = 0; i < HF_ARRAY_COUNT(chips); i += 2) {
		const struct chip *chip = &chips[i];
		struct run run;
		char update[256];
		board_load(&run, chip);
		path_of(update, sizeof update, "update.bin");
		shell("'%s' sign '%s/jump-%s.bin' %s -v 1.1.0 --board %s --pad-header --pad -k %s/key.pem >/dev/null", need("HOLDFAST_CLI"),
		      need("HOLDFAST_LOADER_DIR"), chip->chip, update, chip->board, folder);
		vb_power_on(run.vb);
		run_until(&run, "end\n");
		uint64_t before_ns = vb_counters(run.vb)->now_ns;
		assert_int_equal(vb_load_bin(run.vb, update, chip->secondary_addr), HF_OK);
		run_until(&run, "HF-0604"); /* the update is in place */
		run_until(&run, "end\n");
		assert_int_equal(vb_counters(run.vb)->soft_resets, 1);
		assert_int_equal(vb_counters(run.vb)->watchdog_resets, 0);
		assert_true(vb_counters(run.vb)->now_ns - before_ns > 250000000u); /* or it would have survived without */
		vb_destroy(run.vb);
	}
}

static int folder_make(void **state)
{
	const char *cli = getenv("HOLDFAST_CLI");

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	if (cli != NULL && cli[0] != 0)
		shell("XDG_DATA_HOME=%s '%s' key new %s/key.pem >/dev/null", folder, cli, folder);
	return 0;
}

static int folder_remove(void **state)
{
	(void)state;
	shell("rm -rf %s", folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jump_leaves_a_reset_chip),
		cmocka_unit_test(blank_loader_speaks),
		cmocka_unit_test(bad_stack_is_told),
		cmocka_unit_test(faulting_flash_is_a_refusal),
		cmocka_unit_test(watchdogs_survive_an_update),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
