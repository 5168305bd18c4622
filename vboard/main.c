/* SPDX-License-Identifier: MIT */
/* main.c - holdfast-board: a board on the desk that is not there. Arguments, the main loop, exit codes.
 *
 * Licence  This source is MIT; the program links libunicorn, so the binary is a combined work under GPL-2.
 */
#define _GNU_SOURCE /* getopt_long, ptsname_r, ppoll, strtok_r */
#include "host.h"

#include <boards/boards.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static const char help_text[] =
	"holdfast-board - runs firmware on an emulated Seeed XIAO (or a plain nRF52832)\n"
	"\n"
	"  holdfast-board [--board] NAME [--load FILE.hex | --load FILE.bin@ADDR]... [options]\n"
	"\n"
	"  --board NAME            xiao_nrf52840, xiao_nrf54l15, nrf52840dk, nrf54l15dk, nrf52832\n"
	"  --load SPEC             Intel HEX, or raw bytes at an address (0x10000)\n"
	"  --flash FILE            flash kept in FILE: loaded if it exists, saved at the end. FILE holds the raw flash, byte for byte;\n"
	"                          FILE.side, text, holds UICR words, wear and damaged units if there are any; FILE.ext the external\n"
	"                          flash\n"
	"  --external STATE        the external flash chip is found good, absent, sleeping, stuck (asleep), unreadable, other (id) or busy\n"
	"  --layout NAME           the board's layout whose loader region is counted as the loader (default: the first)\n"
	"  --boot ADDR             start from the vector table at ADDR, as if chain-loaded (keep-uf2: by itself, if 0 is blank)\n"
	"  --uart N                which UARTE is the serial line (default: the board's)\n"
	"serial line\n"
	"  --pty [--link PATH]     a pseudo-terminal (the default); its path is printed, and linked at PATH\n"
	"  --stdio                 standard input and output instead\n"
	"  --pace                  serial bytes take their time on the wall clock, too\n"
	"  --batch                 never wait: idle time is jumped over\n"
	"control\n"
	"  --control SOCKET        UNIX socket: a command a line, a line of JSON back; send help\n"
	"  --cut [loader+]N[:V]    the power goes in the Nth flash operation (of the loader); V is none, prefix, partial, random, half,\n"
	"                          ones, unstable, fault, subset or done. Repeatable. Power comes back by itself\n"
	"  --cut-random COUNT      COUNT cuts at random operations of the loader\n"
	"  --seed N                seed of what is random (default 1)\n"
	"  --within N              random cuts fall within N operations\n"
	"  --stay-off              after a cut the board stays off (and the program ends)\n"
	"  --until TEXT            end when the serial line has printed TEXT\n"
	"  --max-instructions N    end after N instructions (exit code 1)\n"
	"  --strict                end at the first thing that firmware should not do\n"
	"  --precise               exact pc in faults and findings, at half the speed\n"
	"  --report FILE           write all counters as JSON at the end\n"
	"  --json                  the line with the serial port's path is JSON\n"
	"  --quiet                 no findings on standard error\n"
	"\n"
	"Exit codes: 0 the text appeared or the board was told to quit; 1 it ended another way (HF-12xx on standard error); 2 usage.\n"
	"This program links libunicorn: as a whole it is under GPL-2.\n";

struct arguments {
	const char *external;
	const char *board, *flash, *layout, *link, *control, *until, *report;
	const char *load[32], *cut[64];
	uint32_t load_count, cut_count;
	uint64_t max_instructions, cut_random, seed, within, boot;
	int uart;
	bool with_stdio, json, pace, batch, stay_off, strict, precise, quiet;
};

enum option_id { O_BOARD = 256, O_LOAD, O_FLASH, O_LAYOUT, O_BOOT, O_UART, O_PTY, O_LINK, O_STDIO, O_PACE, O_BATCH, O_CONTROL, O_CUT, O_CUT_RANDOM,
	O_SEED, O_WITHIN, O_STAY_OFF, O_UNTIL, O_MAX, O_STRICT, O_PRECISE, O_REPORT, O_JSON, O_QUIET, O_HELP, O_EXTERNAL };

static const struct option options[] = {
	{ "board", required_argument, NULL, O_BOARD }, { "load", required_argument, NULL, O_LOAD },
	{ "flash", required_argument, NULL, O_FLASH }, { "layout", required_argument, NULL, O_LAYOUT },
	{ "boot", required_argument, NULL, O_BOOT }, { "uart", required_argument, NULL, O_UART },
	{ "pty", no_argument, NULL, O_PTY }, { "link", required_argument, NULL, O_LINK },
	{ "stdio", no_argument, NULL, O_STDIO }, { "pace", no_argument, NULL, O_PACE }, { "batch", no_argument, NULL, O_BATCH },
	{ "control", required_argument, NULL, O_CONTROL }, { "cut", required_argument, NULL, O_CUT },
	{ "cut-random", required_argument, NULL, O_CUT_RANDOM }, { "seed", required_argument, NULL, O_SEED },
	{ "within", required_argument, NULL, O_WITHIN }, { "stay-off", no_argument, NULL, O_STAY_OFF },
	{ "until", required_argument, NULL, O_UNTIL }, { "max-instructions", required_argument, NULL, O_MAX },
	{ "strict", no_argument, NULL, O_STRICT }, { "precise", no_argument, NULL, O_PRECISE },
	{ "report", required_argument, NULL, O_REPORT }, { "json", no_argument, NULL, O_JSON }, { "quiet", no_argument, NULL, O_QUIET },
	{ "help", no_argument, NULL, O_HELP }, { "external", required_argument, NULL, O_EXTERNAL },
	{ NULL, 0, NULL, 0 },
};

static struct io own_io;

static void on_signal(int number)
{
	(void)number;
	own_io.quit = 1;
}

static int complain(enum hf_reason reason, const char *about)
{
	fprintf(stderr, "holdfast-board: HF-%04u: %s%s%s\n", (unsigned)reason, vb_reason_sentence(reason), about != NULL ? " " : "",
		about != NULL ? about : "");
	return reason == HF_R_VB_USAGE ? 2 : 1;
}

static bool number(const char *text, uint64_t *value)
{
	char *end;

	*value = strtoull(text, &end, 0);
	return *text != '\0' && *text != '-' && *end == '\0';
}

static bool take_option(struct arguments *a, int option, const char *value)
{
	uint64_t n = 0;

	switch (option) {
	case O_BOARD: a->board = value; return true;
	case O_FLASH: a->flash = value; return true;
	case O_LAYOUT: a->layout = value; return true;
	case O_EXTERNAL: a->external = value; return true;
	case O_LINK: a->link = value; return true;
	case O_CONTROL: a->control = value; return true;
	case O_UNTIL: a->until = value; return true;
	case O_REPORT: a->report = value; return true;
	case O_PTY: return true;
	case O_STDIO: return a->with_stdio = true;
	case O_PACE: return a->pace = true;
	case O_BATCH: return a->batch = true;
	case O_STAY_OFF: return a->stay_off = true;
	case O_STRICT: return a->strict = true;
	case O_PRECISE: return a->precise = true;
	case O_JSON: return a->json = true;
	case O_QUIET: return a->quiet = true;
	case O_BOOT: return number(value, &a->boot) && a->boot <= UINT32_MAX;
	case O_CUT_RANDOM: return number(value, &a->cut_random) && a->cut_random <= 64;
	case O_SEED: return number(value, &a->seed);
	case O_WITHIN: return number(value, &a->within);
	case O_MAX: return number(value, &a->max_instructions);
	case O_UART:
		if (!number(value, &n) || n > 99)
			return false;
		a->uart = (int)n;
		return true;
	case O_LOAD:
		if (a->load_count == HF_ARRAY_COUNT(a->load))
			return false;
		a->load[a->load_count++] = value;
		return true;
	case O_CUT:
		if (a->cut_count == HF_ARRAY_COUNT(a->cut))
			return false;
		a->cut[a->cut_count++] = value;
		return true;
	default: return false;
	}
}

/* 0 go on, else exit with that code - 1. */
static int parse(int argc, char **argv, struct arguments *a)
{
	int option;

	*a = (struct arguments){ .uart = -1, .seed = 1 };
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == O_HELP || option == 'h') {
			fputs(help_text, stdout);
			return 1;
		}
		if (!take_option(a, option, optarg))
			return complain(HF_R_VB_USAGE, "(see --help)") + 1;
	}
	if (a->board == NULL && optind < argc)
		a->board = argv[optind++];
	if (optind != argc || a->board == NULL)
		return complain(HF_R_VB_USAGE, a->board == NULL ? "No board is named." : argv[optind]) + 1;
	return 0;
}

/* ---- setting up ---- */

static enum hf_reason arm_cuts(struct vb *vb, const struct arguments *a)
{
	struct vb_cut cut;

	for (uint32_t i = 0; i < a->cut_count; i++) {
		if (!control_cut_of(a->cut[i], &cut) || !vb_cut_arm(vb, &cut))
			return HF_R_VB_USAGE;
	}
	if (a->cut_random != 0 && !vb_cut_arm_random(vb, (uint32_t)a->cut_random, (uint32_t)a->seed, a->within, true))
		return HF_R_VB_USAGE;
	vb_stay_off(vb, a->stay_off);
	return HF_OK;
}

/* A layout behind another loader (keep-uf2) whose flash holds no such loader: start as that loader would. */
static void boot_behind(struct vb *vb, const struct arguments *a)
{
	const struct board_layout *layout = a->layout != NULL ? board_layout_find(vb_board(vb), a->layout) : NULL;

	if (layout != NULL && a->boot == 0 && hf_get32le(vb_flash(vb)) == 0xffffffffu)
		vb_boot_at(vb, layout->loader_addr);
}

static enum hf_reason fill(struct vb *vb, const struct arguments *a)
{
	enum hf_reason reason = HF_OK;

	if (a->layout != NULL) {
		const struct board_layout *layout = board_layout_find(vb_board(vb), a->layout);
		if (layout == NULL)
			return HF_R_VB_USAGE;
		vb_loader_region(vb, layout->loader_addr, layout->loader_bytes);
	}
	if (a->external != NULL) {
		enum vb_external state;
		if (!vb_external_of(a->external, &state) || vb_external(vb) == NULL)
			return HF_R_VB_USAGE;
		vb_external_set(vb, state, true);
	}
	if (a->flash != NULL && access(a->flash, F_OK) == 0)
		reason = vb_flash_load(vb, a->flash);
	for (uint32_t i = 0; i < a->load_count && reason == HF_OK; i++)
		reason = control_load(vb, a->load[i]);
	boot_behind(vb, a);
	return reason == HF_OK ? arm_cuts(vb, a) : reason;
}

static enum hf_reason connect_host(struct io *io, const struct arguments *a)
{
	enum hf_reason reason = HF_OK;

	io->flash_path = a->flash;
	io->quiet = a->quiet;
	io->pace = a->pace;
	if (a->with_stdio)
		io_open_stdio(io);
	else
		reason = io_open_pty(io, a->link);
	if (reason == HF_OK && a->control != NULL)
		reason = io_open_control(io, a->control);
	vb_host_set(io->vb, &(struct vb_host){ .ctx = io, .wait = a->batch ? NULL : io_wait, .service = io_service, .tx = io_transmit,
		.pace_uart = a->pace });
	if (reason == HF_OK && !a->with_stdio) {
		printf("%s%s%s\n", a->json ? "{\"ok\":true,\"serial\":\"" : "", io->serial_path, a->json ? "\"}" : "");
		fflush(stdout);
	}
	return reason;
}

/* ---- running ---- */

static enum hf_reason reason_of(enum vb_stop stop, struct vb *vb)
{
	switch (stop) {
	case VB_STOP_NONE:
	case VB_STOP_TEXT:
	case VB_STOP_HOST:
	case VB_STOP_CUT:
		return HF_OK;
	case VB_STOP_INSTRUCTIONS: return HF_R_VB_INSTRUCTIONS;
	case VB_STOP_OFF: return HF_R_VB_SYSTEM_OFF;
	case VB_STOP_IDLE: return HF_R_VB_IDLE;
	case VB_STOP_FINDING: return vb_last_finding(vb)->reason;
	case VB_STOP_LOCKUP: return HF_R_VB_LOCKUP;
	case VB_STOP_ENGINE: return HF_R_VB_ENGINE;
	}
	return HF_R_VB_ENGINE;
}

static enum vb_stop run(struct io *io, const struct arguments *a)
{
	struct vb *vb = io->vb;
	uint64_t left = a->max_instructions;
	enum vb_stop stop = VB_STOP_NONE;

	for (;;) {
		uint64_t before = vb_counters(vb)->instructions;
		if (io->quit)
			return VB_STOP_HOST;
		if (!vb_is_on(vb)) { /* only the control socket can switch it on */
			if (a->control == NULL)
				return stop;
			io_wait(io, 100000000);
			io_service(io);
			continue;
		}
		stop = vb_run(vb, left);
		if (left != 0)
			left = left > vb_counters(vb)->instructions - before ? left - (vb_counters(vb)->instructions - before) : 1;
		if (stop == VB_STOP_TEXT && io->waiter >= 0)
			io_text_seen(io);
		else if (stop == VB_STOP_TEXT && a->until == NULL)
			vb_until(vb, NULL);
		else if (!((stop == VB_STOP_OFF || stop == VB_STOP_CUT) && a->control != NULL))
			return stop;
	}
}

static int finish(struct io *io, const struct arguments *a, enum vb_stop stop)
{
	enum hf_reason reason = reason_of(stop, io->vb), saved = HF_OK;

	io_service(io);
	if (a->flash != NULL)
		saved = vb_flash_save(io->vb, a->flash);
	if (saved == HF_OK && a->report != NULL)
		saved = status_report(io->vb, io->serial_path, vb_stop_name(stop), a->report);
	if (saved != HF_OK)
		return complain(saved, NULL);
	return reason == HF_OK ? 0 : complain(reason, NULL);
}

int main(int argc, char **argv)
{
	struct arguments a;
	struct vb *vb;
	struct sigaction action = { .sa_handler = on_signal };
	const struct board *board;
	enum hf_reason reason;
	int code = parse(argc, argv, &a);

	if (code != 0)
		return code - 1;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	board = vb_board_find(a.board);
	if (board == NULL)
		return complain(HF_R_VB_BOARD, a.board);
	reason = vb_create(&vb, board, &(struct vb_options){ .strict = a.strict, .precise = a.precise, .uart_instance = a.uart,
		.ram_fill = 0xa5, .boot_addr = (uint32_t)a.boot });
	if (reason != HF_OK)
		return complain(reason, NULL);
	io_init(&own_io, vb);
	reason = fill(vb, &a);
	if (reason == HF_OK)
		reason = connect_host(&own_io, &a);
	if (reason == HF_OK) {
		vb_until(vb, a.until);
		vb_power_on(vb);
		code = finish(&own_io, &a, run(&own_io, &a));
	} else {
		code = complain(reason, NULL);
	}
	io_close(&own_io);
	vb_destroy(vb);
	return code;
}
