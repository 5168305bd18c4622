/* SPDX-License-Identifier: MIT */
/* machine.c - the board as a whole: made, powered, reset, run.
 *
 * Order    vb_run alternates: let what is due happen, take an exception, run the emulator until the next block at which something
 *          has to be looked at. Everything that changes the CPU happens here, between two runs of the emulator.
 */
#include "internal.h"

#include <boards/boards.h>
#include <stdlib.h>

#define SERVICE_INSTRUCTIONS 300000u
#define BARREN_INSTRUCTIONS 200000u /* a reset sooner than this after the last, without a flash operation, is barren */
#define BARREN_RESETS_MAX 8u

static const char *const stop_names[] = { "none", "text", "instructions", "cut", "off", "idle", "finding", "lockup", "host", "engine" };

const char *vb_stop_name(enum vb_stop stop)
{
	return stop_names[stop];
}

void vb_attention(struct vb *vb)
{
	vb->attention = true;
}

void vb_break(struct vb *vb, enum vb_break brk)
{
	if (vb->brk != VB_B_NONE)
		return;
	vb->brk = brk;
	vb->attention = true;
	if (vb->uc != NULL)
		uc_emu_stop(vb->uc);
}

bool vb_in_loader(const struct vb *vb, uint32_t addr)
{
	return addr - vb->loader_addr < vb->loader_bytes;
}

/* ---- making ---- */

const struct board *vb_board_find(const char *name)
{
	const struct board *board = board_find(name);

	return board != NULL ? board : vb_board_foreign(name);
}

static bool memory_make(struct vb *vb)
{
	const struct board *board = vb->board;
	uint32_t wear_units = board->flash_bytes / vb->units_per_wear_bytes;

	/* Whole pages, as the emulator maps them. */
	vb->flash = aligned_alloc(VB_PAGE_BYTES, board->flash_bytes);
	vb->ram = aligned_alloc(VB_PAGE_BYTES, board->ram_bytes);
	vb->ficr = aligned_alloc(VB_PAGE_BYTES, VB_PAGE_BYTES);
	vb->uicr = aligned_alloc(VB_PAGE_BYTES, VB_PAGE_BYTES);
	vb->credit = calloc((board->flash_bytes + VB_PAGE_BYTES) / 4u, 1);
	vb->wear = calloc(wear_units, sizeof *vb->wear);
	if (vb->flash == NULL || vb->ram == NULL || vb->ficr == NULL || vb->uicr == NULL || vb->credit == NULL || vb->wear == NULL)
		return false;
	memset(vb->flash, 0xff, board->flash_bytes);
	memset(vb->ram, vb->options.ram_fill, board->ram_bytes);
	memset(vb->uicr, 0xff, VB_PAGE_BYTES);
	memset(vb->ficr, vb->chip->ficr_fill, VB_PAGE_BYTES);
	for (uint32_t i = 0; i < vb->chip->ficr_count; i++)
		hf_put32le(vb->ficr + vb->chip->ficr[i].addr, vb->chip->ficr[i].value);
	return true;
}

static uint32_t serial_unit_find(const struct vb *vb, uint32_t instance)
{
	for (uint32_t u = 0; u < vb->chip->unit_count; u++) {
		const struct vb_unit *unit = &vb->chip->units[u];
		if ((unit->kind == &vb_kind_uarte || unit->kind == &vb_kind_uarte_l) && unit->arg == instance)
			return u;
	}
	return VB_UNITS_MAX;
}

enum hf_reason vb_create(struct vb **made, const struct board *board, const struct vb_options *options)
{
	const struct vb_chip *chip = vb_chip_find(board->chip);
	struct vb *vb = chip != NULL ? calloc(1, sizeof *vb) : NULL;
	enum hf_reason reason;

	if (chip == NULL)
		return HF_R_VB_BOARD;
	if (vb == NULL)
		return HF_R_VB_ENGINE;
	vb->board = board;
	vb->chip = chip;
	vb->options = options != NULL ? *options : (struct vb_options){ .uart_instance = -1, .ram_fill = 0xa5 };
	vb->units_per_wear_bytes = board->needs_erase ? VB_PAGE_BYTES : board->write_unit_bytes;
	vb->loader_addr = board->layouts[0].loader_addr;
	vb->loader_bytes = board->layouts[0].loader_bytes;
	vb->nvm_unit = vb_unit_named(vb, board->needs_erase ? "NVMC" : "RRAMC");
	vb->clock_unit = vb_unit_named(vb, "CLOCK");
	vb->ppi_unit = vb_unit_named(vb, "PPI");
	vb->serial_unit = serial_unit_find(vb, vb->options.uart_instance >= 0 ? (uint32_t)vb->options.uart_instance : board->uart_instance);
	vb->s.random = 0x2545f491u;
	vb->s.khz = chip->boot_khz;
	vb->limit_at = UINT64_MAX;
	vb->service_at = UINT64_MAX;
	vb_units_build(vb);
	vb_units_reset(vb, true);
	reason = memory_make(vb) && vb_nor_make(vb) ? vb_engine_open(vb, vb->options.precise) : HF_R_VB_ENGINE;
	if (reason != HF_OK) {
		vb_destroy(vb);
		return reason;
	}
	*made = vb;
	return HF_OK;
}

void vb_destroy(struct vb *vb)
{
	if (vb == NULL)
		return;
	vb_engine_close(vb);
	free(vb->flash);
	free(vb->ram);
	free(vb->ficr);
	free(vb->uicr);
	free(vb->credit);
	free(vb->wear);
	free(vb->external);
	free(vb->external_wear);
	free(vb);
}

void vb_host_set(struct vb *vb, const struct vb_host *host)
{
	vb->host = *host;
	vb->service_at = 0;
}

void vb_boot_at(struct vb *vb, uint32_t addr)
{
	vb->options.boot_addr = addr;
}

void vb_loader_region(struct vb *vb, uint32_t addr, uint32_t size_bytes)
{
	vb->loader_addr = addr;
	vb->loader_bytes = size_bytes;
}

/* ---- power and reset ---- */

static void boot(struct vb *vb, bool power)
{
	if (power)
		memset(vb->ram, vb->options.ram_fill, vb->board->ram_bytes);
	if (power)
		vb_ram_touched(vb);
	vb->brk = VB_B_NONE;
	vb->attention = false;
	vb->s.rx_count = 0;
	vb->s.polls = 0;
	vb->s.n.boots++;
	if (power)
		vb_clock_rate(vb, vb->chip->boot_khz);
	vb_units_reset(vb, power);
	if (power)
		vb_nor_power(vb, true);
	vb_nor_select(vb, false);
	vb_engine_drop_stale(vb);
	vb_cpu_reset(vb);
	vb_clock_rearm(vb);
}

void vb_power_on(struct vb *vb)
{
	if (vb->s.on)
		return;
	vb_damage_pages(vb);
	if (vb->any_damaged || vb->precise != vb->options.precise) {
		/* Damaged pages are mapped another way: a fresh emulator, in the exact mode while there are any. */
		vb_engine_close(vb);
		if (vb_engine_open(vb, vb->options.precise || vb->any_damaged) != HF_OK)
			return;
	}
	vb->s.on = true;
	boot(vb, true);
}

void vb_power_off(struct vb *vb)
{
	if (!vb->s.on)
		return;
	if (!vb->board->needs_erase)
		vb_rramc_lose(vb, false);
	vb_nor_power(vb, false);
	vb->s.on = false;
}

bool vb_is_on(const struct vb *vb)
{
	return vb->s.on;
}

static void reset_warm(struct vb *vb, uint32_t reason_bits, bool keeps_retention, bool stops_watchdogs)
{
	uint32_t *gpregret = vb_word(vb, vb->clock_unit, vb->chip->gpregret_off);

	if (!vb->board->needs_erase)
		vb_rramc_lose(vb, true);
	*vb_word(vb, vb->clock_unit, vb->chip->resetreas_unit_off) |= reason_bits;
	if (!keeps_retention)
		gpregret[0] = gpregret[1] = 0;
	boot(vb, false);
	for (uint32_t u = 0; stops_watchdogs && u < vb->chip->unit_count; u++) {
		const struct vb_kind *kind = vb->chip->units[u].kind;
		if (kind != &vb_kind_wdt)
			continue;
		memset(&vb->s.unit[u], 0, sizeof vb->s.unit[u]);
		for (uint32_t r = 0; r < kind->reg_count; r++)
			*vb_word(vb, u, kind->regs[r].off) = kind->regs[r].reset;
		vb_due(vb, u, VB_NEVER);
	}
}

void vb_pin_reset(struct vb *vb)
{
	if (vb->s.on)
		reset_warm(vb, vb->chip->reas_pin, false, true);
}

/* Resets without end and without a flash operation between them are not going anywhere. */
static bool is_barren(struct vb *vb)
{
	struct vb_state *s = &vb->s;
	bool soon = s->n.instructions - s->progress_instructions < BARREN_INSTRUCTIONS && s->n.operations == s->progress_operations;

	s->progress_instructions = s->n.instructions;
	s->progress_operations = s->n.operations;
	s->barren_resets = soon ? s->barren_resets + 1u : 0;
	if (s->barren_resets <= BARREN_RESETS_MAX)
		return false;
	if (vb->host.wait == NULL)
		return true;
	/* Somebody may still connect and help: go on, but without burning a processor. */
	vb_pause(vb, 100000000);
	return false;
}

static enum vb_stop cut_happened(struct vb *vb)
{
	if (!vb->board->needs_erase)
		vb_rramc_lose(vb, false);
	vb_nor_power(vb, false);
	vb->s.on = false;
	vb->s.n.power_cuts++;
	if (vb->stay_off)
		return VB_STOP_CUT;
	vb_power_on(vb);
	return vb->s.on ? VB_STOP_NONE : VB_STOP_ENGINE;
}

static enum vb_stop broken_off(struct vb *vb)
{
	enum vb_break brk = vb->brk;

	vb->brk = VB_B_NONE;
	switch (brk) {
	case VB_B_CUT:
		return cut_happened(vb);
	case VB_B_SOFT_RESET:
		vb->s.n.soft_resets++;
		reset_warm(vb, vb->chip->reas_soft, true, false);
		return is_barren(vb) ? VB_STOP_LOCKUP : VB_STOP_NONE;
	case VB_B_WATCHDOG:
		vb->s.n.watchdog_resets++;
		reset_warm(vb, vb->chip->reas_watchdog << vb->s.wdt_which, false, true);
		return is_barren(vb) ? VB_STOP_LOCKUP : VB_STOP_NONE;
	case VB_B_OFF:
		vb_power_off(vb);
		return VB_STOP_OFF;
	case VB_B_FINDING:
		return VB_STOP_FINDING;
	case VB_B_IDLE:
		return VB_STOP_IDLE;
	case VB_B_NONE:
		break;
	}
	return VB_STOP_NONE;
}

static enum vb_stop lockup(struct vb *vb)
{
	vb->s.n.lockups++;
	vb_find(vb, HF_R_VB_LOCKUP, vb_reg(vb, UC_ARM_REG_PC), 0, false, false);
	if (vb->brk == VB_B_FINDING)
		return broken_off(vb);
	reset_warm(vb, vb->chip->reas_lockup, true, false);
	return is_barren(vb) ? VB_STOP_LOCKUP : VB_STOP_NONE;
}

/* ---- running ---- */

static enum vb_stop fault_taken(struct vb *vb, uint32_t exception, uint32_t cfsr, uint32_t addr)
{
	return vb_cpu_fault(vb, exception, cfsr, addr) ? VB_STOP_NONE : lockup(vb);
}

/* Interrupt numbers are the emulator's own for Arm: 1 undefined, 2 SVC, 3 prefetch, 7 breakpoint, 8 exception return... */
static enum vb_stop interrupted(struct vb *vb)
{
	switch (vb->interrupt) {
	case 2:
		vb_cpu_pend(vb, 11);
		if (vb->s.cpu.best != 11 || !vb_cpu_ready(vb)) { /* SVC that can't be taken is a hard fault */
			vb->s.cpu.pend[11] = 0;
			vb_cpu_update(vb);
			return fault_taken(vb, 3, 0, 0);
		}
		return vb_cpu_take(vb) ? VB_STOP_NONE : lockup(vb);
	case 8:
		return vb_cpu_return(vb) ? VB_STOP_NONE : lockup(vb);
	case 3:
		return fault_taken(vb, 4, 0x1u, 0);          /* IACCVIOL */
	case 7:
		return fault_taken(vb, 3, 0, 0);             /* BKPT without a debugger: hard fault */
	case 17:
		return fault_taken(vb, 6, 0x80000u, 0);      /* NOCP */
	case 18:
		return fault_taken(vb, 6, 0x20000u, 0);      /* INVSTATE */
	case 19:
		return fault_taken(vb, 6, 0x100000u, 0);     /* STKOF */
	case 22:
		return fault_taken(vb, 6, 0x1000000u, 0);    /* UNALIGNED */
	default:
		return fault_taken(vb, 6, 0x10000u, 0);      /* UNDEFINSTR */
	}
}

static bool is_hint(struct vb *vb, uint32_t pc, uint32_t narrow, uint32_t wide)
{
	const uint8_t *code = vb_memory(vb, pc - 2u, 2, false);

	if (code != NULL && hf_get16le(code) == narrow)
		return true;
	code = vb_memory(vb, pc - 4u, 4, false);
	return code != NULL && hf_get32le(code) == wide;
}

/* In the fast mode the emulator stands at the block's start; the faulting instruction is found by what it addresses. */
static void fault_pc_find(struct vb *vb, uint32_t addr)
{
	const uint8_t *code = vb_memory(vb, vb->block_pc, vb->block_bytes, false);
	uint32_t registers[16], off;

	if (vb->precise || code == NULL)
		return;
	for (uint32_t i = 0; i < 16; i++)
		registers[i] = vb_register(vb, i);
	off = vb_thumb_find(code, vb->block_bytes, registers, addr);
	if (off != UINT32_MAX)
		vb_reg_set(vb, UC_ARM_REG_PC, (vb->block_pc + off) | 1u);
}

static enum vb_stop memory_fault(struct vb *vb)
{
	const struct vb_fault fault = vb->fault;

	if (!fault.is_fetch)
		fault_pc_find(vb, fault.addr);

	if (fault.is_fetch) {
		vb_find(vb, HF_R_VB_BUS_FAULT, fault.addr, 0, false, false);
		return vb->brk == VB_B_FINDING ? broken_off(vb) : fault_taken(vb, 5, 0x100u, 0); /* IBUSERR */
	}
	/* A read of a damaged line is the flash's fault, not the firmware's. */
	if (fault.addr >= vb->board->flash_bytes)
		vb_find(vb, HF_R_VB_BUS_FAULT, fault.addr, 0, fault.is_write, false);
	if (vb->brk == VB_B_FINDING)
		return broken_off(vb);
	return fault_taken(vb, 5, 0x8200u, fault.addr); /* BFARVALID, PRECISERR */
}

static enum vb_stop returned(struct vb *vb, uc_err err)
{
	uint32_t pc;

	if (vb->brk != VB_B_NONE)
		return broken_off(vb);
	if (vb->fault.is)
		return memory_fault(vb);
	if (vb->interrupt != UINT32_MAX)
		return interrupted(vb);
	if (vb->stopped_by_us)
		return VB_STOP_NONE;
	pc = vb_reg(vb, UC_ARM_REG_PC);
	if (err == UC_ERR_OK) {
		vb->s.cpu.asleep = is_hint(vb, pc, 0xbf30, 0x8003f3af);
		vb->s.cpu.wfe = false;
		return VB_STOP_NONE;
	}
	if (err == UC_ERR_INSN_INVALID) {
		if (is_hint(vb, pc, 0xbf20, 0x8002f3af)) {
			vb->s.cpu.asleep = true;
			vb->s.cpu.wfe = true;
			return VB_STOP_NONE;
		}
		if (is_hint(vb, pc, 0xbf10, 0x8001f3af)) {
			vb_polled(vb);
			return VB_STOP_NONE;
		}
		return fault_taken(vb, 6, 0x10000u, 0);
	}
	vb_find(vb, HF_R_VB_ENGINE, pc, (uint32_t)err, false, false);
	return VB_STOP_ENGINE;
}

static enum vb_stop sleep_on(struct vb *vb)
{
	if (vb_cpu_wakes(vb)) {
		vb->s.cpu.asleep = false;
		return VB_STOP_NONE;
	}
	if (!vb_sleep(vb))
		return VB_STOP_IDLE;
	if (vb->s.cpu.wfe || vb_cpu_wakes(vb))
		vb->s.cpu.asleep = false;
	return VB_STOP_NONE;
}

/* What must be looked at between two runs of the emulator. */
static enum vb_stop between(struct vb *vb)
{
	vb->attention = false;
	vb_engine_drop_stale(vb);
	vb_run_due(vb);
	if (vb->brk != VB_B_NONE)
		return broken_off(vb);
	if (vb->s.until_seen) {
		vb->s.until_seen = false;
		return VB_STOP_TEXT;
	}
	if (vb->s.n.instructions >= vb->limit_at)
		return VB_STOP_INSTRUCTIONS;
	if (vb->host.service != NULL && vb->s.n.instructions >= vb->service_at) {
		vb->service_at = vb->s.n.instructions + SERVICE_INSTRUCTIONS;
		if (vb->host.service(vb->host.ctx))
			return VB_STOP_HOST;
	}
	vb_clock_rearm(vb);
	return VB_STOP_NONE;
}

enum vb_stop vb_run(struct vb *vb, uint64_t instructions_max)
{
	enum vb_stop stop = VB_STOP_NONE;

	vb->limit_at = instructions_max != 0 ? vb->s.n.instructions + instructions_max : UINT64_MAX;
	if (vb->host.service == NULL)
		vb->service_at = UINT64_MAX;
	while (stop == VB_STOP_NONE) {
		if (!vb->s.on)
			return VB_STOP_OFF;
		stop = between(vb);
		if (stop != VB_STOP_NONE || !vb->s.on)
			continue;
		if (vb_cpu_ready(vb)) {
			if (!vb_cpu_take(vb))
				stop = lockup(vb);
			continue;
		}
		if (vb->s.cpu.asleep) {
			stop = sleep_on(vb);
			continue;
		}
		stop = returned(vb, vb_engine_go(vb, vb_reg(vb, UC_ARM_REG_PC)));
	}
	return stop;
}

void vb_until(struct vb *vb, const char *text)
{
	size_t length = text != NULL ? strlen(text) : 0;

	if (length >= sizeof vb->until)
		length = sizeof vb->until - 1u;
	if (length != 0)
		memcpy(vb->until, text, length);
	vb->until[length] = '\0';
	vb->until_length = (uint32_t)length;
	vb->s.until_matched = 0;
	vb->s.until_seen = false;
}

uint32_t vb_feed_room(const struct vb *vb)
{
	return VB_RX_BYTES - vb->s.rx_count;
}

uint32_t vb_feed(struct vb *vb, const void *bytes, uint32_t count)
{
	bool was_idle = vb->s.rx_count == 0;
	uint32_t taken = 0;

	while (taken < count && vb->s.rx_count < VB_RX_BYTES)
		vb->s.rx[(vb->s.rx_first + vb->s.rx_count++) % VB_RX_BYTES] = ((const uint8_t *)bytes)[taken++];
	vb_uarte_fed(vb, was_idle);
	return taken;
}

/* ---- looking ---- */

const struct vb_counters *vb_counters(struct vb *vb)
{
	vb->s.n.now_ns = vb_now(vb);
	vb->s.n.loader_ns = vb->s.loader_stall_ns + vb->s.n.loader_instructions * 1300000u / vb->s.khz;
	return &vb->s.n;
}

const struct board *vb_board(const struct vb *vb)
{
	return vb->board;
}

uint8_t *vb_flash(struct vb *vb)
{
	return vb->flash;
}

uint8_t *vb_ram(struct vb *vb)
{
	return vb->ram;
}

void vb_flash_changed(struct vb *vb, uint32_t addr, uint32_t size_bytes)
{
	if (size_bytes == 0)
		return;
	vb_flash_touched(vb, addr, size_bytes);
	for (uint32_t at = addr & ~3u; vb->board->needs_erase && at < addr + size_bytes; at += 4)
		vb->credit[at / 4u] = hf_get32le(vb->flash + at) != 0xffffffffu;
}

uint32_t vb_register(struct vb *vb, uint32_t number)
{
	static const int ids[16] = { UC_ARM_REG_R0, UC_ARM_REG_R1, UC_ARM_REG_R2, UC_ARM_REG_R3, UC_ARM_REG_R4, UC_ARM_REG_R5,
		UC_ARM_REG_R6, UC_ARM_REG_R7, UC_ARM_REG_R8, UC_ARM_REG_R9, UC_ARM_REG_R10, UC_ARM_REG_R11, UC_ARM_REG_R12, UC_ARM_REG_SP,
		UC_ARM_REG_LR, UC_ARM_REG_PC };

	return vb_reg(vb, ids[number & 15u]);
}
