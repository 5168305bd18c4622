/* SPDX-License-Identifier: MIT */
/* cpu.c - exceptions: what is pending, what may preempt, frames in and out, faults and lockup.
 *
 * Why      The emulator runs instructions but knows no NVIC: exceptions are entered and left here, between its runs.
 * Limits   No lazy FP stacking (the frame is always filled), no late arrival, no tail-chaining short cut (the frame is popped and
 *          pushed again), sub-priorities ignored, IT state lost over an exception (the emulator stops between blocks only).
 * Source   Armv7-M and Armv8-M Architecture Reference Manuals, exception model; frame layout, EXC_RETURN, CFSR bits.
 */
#include "internal.h"

enum { HARDFAULT = 3, MEMMANAGE = 4, BUSFAULT = 5, USAGEFAULT = 6, SVCALL = 11 };

#define CONTROL_SPSEL 2u
#define CONTROL_FPCA 4u
#define SCS_CCR 0xd14u
#define SCS_SHCSR 0xd24u
#define SCS_CFSR 0xd28u
#define SCS_HFSR 0xd2cu
#define SCS_MMFAR 0xd34u
#define SCS_BFAR 0xd38u

uint32_t vb_reg(struct vb *vb, int id)
{
	uint32_t value = 0;

	uc_reg_read(vb->uc, id, &value);
	return value;
}

void vb_reg_set(struct vb *vb, int id, uint32_t value)
{
	uc_reg_write(vb->uc, id, &value);
}

/* ---- priorities ---- */

static int priority_of(const struct vb *vb, uint32_t exception)
{
	if (exception <= 3)
		return (int)exception - 4; /* reset -3, NMI -2, hard fault -1 */
	return vb->s.cpu.prio[exception];
}

static bool is_enabled(struct vb *vb, uint32_t exception)
{
	uint32_t shcsr = *vb_scs_word(vb, SCS_SHCSR);

	if (exception >= 16)
		return vb->s.cpu.enable[exception] != 0;
	if (exception >= MEMMANAGE && exception <= USAGEFAULT)
		return (shcsr >> (16u + exception - MEMMANAGE) & 1u) != 0;
	return true;
}

void vb_cpu_update(struct vb *vb)
{
	struct vb_cpu_state *cpu = &vb->s.cpu;
	uint32_t last = 16u + vb->chip->irqs;

	cpu->best = 0;
	cpu->best_prio = 0x1000;
	cpu->run_prio = 0x1000;
	for (uint32_t i = 2; i < last; i++) {
		if (cpu->active[i] && priority_of(vb, i) < cpu->run_prio)
			cpu->run_prio = priority_of(vb, i);
		if ((cpu->pend[i] || cpu->line[i]) && !cpu->active[i] && is_enabled(vb, i) && priority_of(vb, i) < cpu->best_prio) {
			cpu->best = i;
			cpu->best_prio = priority_of(vb, i);
		}
	}
	cpu->dirty = false;
}

/* Priority below which nothing gets through, from the masks. */
static int mask_priority(struct vb *vb)
{
	int prio = 0x1000;
	uint32_t basepri = vb_reg(vb, UC_ARM_REG_BASEPRI);

	if (basepri != 0)
		prio = (int)basepri;
	if ((vb_reg(vb, UC_ARM_REG_PRIMASK) & 1u) != 0)
		prio = 0;
	if ((vb_reg(vb, UC_ARM_REG_FAULTMASK) & 1u) != 0)
		prio = -1;
	return prio;
}

bool vb_cpu_ready(struct vb *vb)
{
	return vb->s.cpu.best != 0 && vb->s.cpu.best_prio < vb->s.cpu.run_prio && vb->s.cpu.best_prio < mask_priority(vb);
}

bool vb_cpu_wakes(struct vb *vb)
{
	uint32_t basepri = vb_reg(vb, UC_ARM_REG_BASEPRI);

	return vb->s.cpu.best != 0 && vb->s.cpu.best_prio < vb->s.cpu.run_prio &&
	       (basepri == 0 || vb->s.cpu.best_prio < (int)basepri);
}

void vb_cpu_pend(struct vb *vb, uint32_t exception)
{
	vb->s.cpu.pend[exception] = 1;
	vb_cpu_update(vb);
}

void vb_cpu_line(struct vb *vb, uint32_t irq, bool level)
{
	if (irq >= vb->chip->irqs || (vb->s.cpu.line[16 + irq] != 0) == level)
		return;
	vb->s.cpu.line[16 + irq] = level;
	if (level)
		vb->s.cpu.pend[16 + irq] = 1;
	vb_cpu_update(vb);
}

/* ---- frames ---- */

static const int core_regs[8] = { UC_ARM_REG_R0, UC_ARM_REG_R1, UC_ARM_REG_R2, UC_ARM_REG_R3, UC_ARM_REG_R12, UC_ARM_REG_LR,
	UC_ARM_REG_PC, UC_ARM_REG_XPSR };

static bool push_frame(struct vb *vb, uint32_t *sp, bool with_fp, uint32_t return_pc)
{
	uint32_t size = with_fp ? 104u : 32u, at = *sp - size, pad = at & 4u;
	uint8_t *frame;

	at -= pad;
	frame = vb_memory(vb, at, size, true);
	if (frame == NULL)
		return false;
	for (uint32_t i = 0; i < 8; i++) {
		uint32_t value = i == 6 ? return_pc : vb_reg(vb, core_regs[i]);
		if (i == 7)
			value = (value & ~0x200u) | (pad != 0 ? 0x200u : 0u) | 0x01000000u;
		hf_put32le(frame + 4 * i, value);
	}
	if (with_fp) {
		for (int i = 0; i < 16; i++)
			hf_put32le(frame + 32 + 4 * i, vb_reg(vb, UC_ARM_REG_S0 + i));
		hf_put32le(frame + 96, vb_reg(vb, UC_ARM_REG_FPSCR));
	}
	*sp = at;
	return true;
}

static uint32_t vector(struct vb *vb, uint32_t exception)
{
	uint32_t vtor = *vb_scs_word(vb, 0xd08u);
	const uint8_t *entry = vb_memory(vb, vtor + 4u * exception, 4, false);

	return entry != NULL ? hf_get32le(entry) : 0;
}

/* Enters exception with the frame's pc as return address. */
static bool enter(struct vb *vb, uint32_t exception, uint32_t return_pc)
{
	uint32_t control = vb_reg(vb, UC_ARM_REG_CONTROL), ipsr = vb_reg(vb, UC_ARM_REG_IPSR) & 0x1ffu;
	bool on_psp = ipsr == 0 && (control & CONTROL_SPSEL) != 0, with_fp = (control & CONTROL_FPCA) != 0;
	int stack = on_psp ? UC_ARM_REG_PSP : UC_ARM_REG_MSP;
	uint32_t sp = vb_reg(vb, UC_ARM_REG_SP), target = vector(vb, exception);
	uint32_t back = 0xffffffe1u | (with_fp ? 0u : 0x10u) | (ipsr == 0 ? 0x8u : 0u) | (on_psp ? 0x4u : 0u);

	if (!push_frame(vb, &sp, with_fp, return_pc) || (target & 1u) == 0)
		return false;
	vb_reg_set(vb, stack, sp);
	vb_reg_set(vb, UC_ARM_REG_IPSR, exception);
	vb_reg_set(vb, UC_ARM_REG_CONTROL, control & ~(CONTROL_SPSEL | CONTROL_FPCA));
	vb_reg_set(vb, UC_ARM_REG_LR, back);
	vb_reg_set(vb, UC_ARM_REG_APSR_NZCV, 0); /* the write that makes the emulator see handler mode */
	vb_reg_set(vb, UC_ARM_REG_PC, target);
	vb->s.cpu.pend[exception] = 0;
	vb->s.cpu.active[exception] = 1;
	vb->s.cpu.asleep = false;
	vb_cpu_update(vb);
	return true;
}

bool vb_cpu_take(struct vb *vb)
{
	return enter(vb, vb->s.cpu.best, vb_reg(vb, UC_ARM_REG_PC) & ~1u);
}

bool vb_cpu_return(struct vb *vb)
{
	uint32_t back = vb_reg(vb, UC_ARM_REG_PC) | 1u, ipsr = vb_reg(vb, UC_ARM_REG_IPSR) & 0x1ffu;
	bool to_psp = (back & 4u) != 0, with_fp = (back & 0x10u) == 0;
	uint32_t sp = vb_reg(vb, to_psp ? UC_ARM_REG_PSP : UC_ARM_REG_MSP), size = with_fp ? 104u : 32u, xpsr, control;
	uint8_t *frame = vb_memory(vb, sp, size, true);

	if (frame == NULL || ipsr == 0)
		return false;
	vb->s.cpu.active[ipsr] = 0;
	if (vb->s.cpu.line[ipsr])
		vb->s.cpu.pend[ipsr] = 1;
	if (ipsr != 2)
		vb_reg_set(vb, UC_ARM_REG_FAULTMASK, 0);
	xpsr = hf_get32le(frame + 28);
	sp += size + ((xpsr & 0x200u) != 0 ? 4u : 0u);
	vb_reg_set(vb, to_psp ? UC_ARM_REG_PSP : UC_ARM_REG_MSP, sp);
	control = vb_reg(vb, UC_ARM_REG_CONTROL) & ~(CONTROL_SPSEL | CONTROL_FPCA);
	vb_reg_set(vb, UC_ARM_REG_IPSR, xpsr & 0x1ffu);
	vb_reg_set(vb, UC_ARM_REG_CONTROL, control | (to_psp ? CONTROL_SPSEL : 0u) | (with_fp ? CONTROL_FPCA : 0u));
	if (with_fp) {
		for (int i = 0; i < 16; i++)
			vb_reg_set(vb, UC_ARM_REG_S0 + i, hf_get32le(frame + 32 + 4 * i));
		vb_reg_set(vb, UC_ARM_REG_FPSCR, hf_get32le(frame + 96));
	}
	for (uint32_t i = 0; i < 6; i++)
		vb_reg_set(vb, core_regs[i], hf_get32le(frame + 4 * i));
	vb_reg_set(vb, UC_ARM_REG_XPSR, xpsr & ~0x200u);
	vb_reg_set(vb, UC_ARM_REG_APSR_NZCV, xpsr & 0xf0000000u);
	vb_reg_set(vb, UC_ARM_REG_PC, hf_get32le(frame + 24) | 1u);
	vb_cpu_update(vb);
	return true;
}

/* ---- faults ---- */

bool vb_cpu_fault(struct vb *vb, uint32_t exception, uint32_t cfsr, uint32_t addr)
{
	int running = vb->s.cpu.run_prio, mask = mask_priority(vb);
	uint32_t pc = vb_reg(vb, UC_ARM_REG_PC) & ~1u;

	if (mask < running)
		running = mask;
	*vb_scs_word(vb, SCS_CFSR) |= cfsr;
	if (exception == BUSFAULT && (cfsr & 0x8000u) != 0)
		*vb_scs_word(vb, SCS_BFAR) = addr;
	if (exception == MEMMANAGE && (cfsr & 0x80u) != 0)
		*vb_scs_word(vb, SCS_MMFAR) = addr;
	if (exception != HARDFAULT && (!is_enabled(vb, exception) || priority_of(vb, exception) >= running)) {
		*vb_scs_word(vb, SCS_HFSR) |= 0x40000000u; /* FORCED */
		exception = HARDFAULT;
	}
	/* CCR.BFHFNMIGN: at hard-fault level data bus faults are ignored; we can't go on past the access, so it is lockup. */
	if (exception == HARDFAULT && running <= -1)
		return false;
	return enter(vb, exception, pc);
}

void vb_cpu_reset(struct vb *vb)
{
	uint32_t vtor = vb->options.boot_addr;
	const uint8_t *table = vb->flash + vtor;

	memset(&vb->s.cpu, 0, sizeof vb->s.cpu);
	vb->s.cpu.run_prio = 0x1000;
	vb->s.cpu.best_prio = 0x1000;
	vb_engine_reset(vb);
	vb_reg_set(vb, UC_ARM_REG_MSP, hf_get32le(table) & ~3u);
	vb_reg_set(vb, UC_ARM_REG_SP, hf_get32le(table) & ~3u);
	vb_reg_set(vb, UC_ARM_REG_LR, 0xffffffffu);
	vb_reg_set(vb, UC_ARM_REG_PC, hf_get32le(table + 4));
}
