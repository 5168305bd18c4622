/* SPDX-License-Identifier: MIT */
/* scs.c - the system control space of a Cortex-M4 or M33: SysTick, NVIC registers, SCB. Unit 0 of every chip.
 *
 * Limits   MPU, SAU and FPCCR are stored, not enforced. SysTick always counts the CPU clock. Three priority bits (both chips).
 * Source   Armv7-M and Armv8-M Architecture Reference Manuals, system address map.
 */
#include "internal.h"

#define SCS_UNIT 0u
#define PRIORITY_BITS 0xe0u

uint32_t *vb_scs_word(struct vb *vb, uint32_t off)
{
	return &vb->s.unit[SCS_UNIT].reg[off / 4u];
}

/* ---- SysTick ---- */

static uint64_t systick_period_ns(const struct vb *vb)
{
	return ((uint64_t)vb->s.systick.load + 1u) * 1000000u / vb->s.khz;
}

static uint64_t systick_wraps(const struct vb *vb)
{
	uint64_t period = systick_period_ns(vb);

	return period == 0 ? 0 : (vb_now(vb) - vb->s.systick.base_ns) / period;
}

static void systick_arm(struct vb *vb)
{
	struct vb_systick *tick = &vb->s.systick;
	uint64_t period = systick_period_ns(vb);

	if ((tick->ctrl & 3u) != 3u || tick->load == 0)
		vb_due(vb, VB_UNITS_MAX, VB_NEVER);
	else
		vb_due(vb, VB_UNITS_MAX, tick->base_ns + ((vb_now(vb) - tick->base_ns) / period + 1u) * period);
}

void vb_systick_due(struct vb *vb)
{
	vb->s.systick.due_ns += systick_period_ns(vb);
	if (vb->s.systick.due_ns <= vb_now(vb)) /* ticks lost in a flash stall are lost on the chip, too */
		systick_arm(vb);
	vb_cpu_pend(vb, 15);
}

static uint32_t systick_read(struct vb *vb, uint32_t off)
{
	struct vb_systick *tick = &vb->s.systick;
	uint32_t value = 0;

	vb_polled(vb);
	if (off == 0x10u) {
		uint64_t wraps = (tick->ctrl & 1u) != 0 && tick->load != 0 ? systick_wraps(vb) : tick->wraps_seen;
		value = tick->ctrl | (wraps > tick->wraps_seen ? 0x10000u : 0u);
		tick->wraps_seen = wraps;
	} else if (off == 0x14u) {
		value = tick->load;
	} else if (off == 0x18u && (tick->ctrl & 1u) != 0 && tick->load != 0) {
		uint64_t cycles = (vb_now(vb) - tick->base_ns) * vb->s.khz / 1000000u;
		value = tick->load - (uint32_t)(cycles % ((uint64_t)tick->load + 1u));
	} else if (off == 0x1cu) {
		value = 0xc0000000u; /* NOREF, SKEW */
	}
	return value;
}

static void systick_write(struct vb *vb, uint32_t off, uint32_t value)
{
	struct vb_systick *tick = &vb->s.systick;

	if (off == 0x10u) {
		if ((value & 1u) != 0 && (tick->ctrl & 1u) == 0) {
			tick->base_ns = vb_now(vb);
			tick->wraps_seen = 0;
		}
		tick->ctrl = value & 7u;
	} else if (off == 0x14u) {
		tick->load = value & 0xffffffu;
	} else if (off == 0x18u) {
		tick->base_ns = vb_now(vb);
		tick->wraps_seen = 0;
	}
	systick_arm(vb);
}

/* ---- NVIC ---- */

static uint32_t bits_read(const uint8_t *flags, uint32_t first)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < 32 && 16u + first + i < VB_EXCEPTIONS; i++)
		value |= (uint32_t)(flags[16u + first + i] != 0) << i;
	return value;
}

static void bits_write(uint8_t *flags, uint32_t first, uint32_t value, uint8_t to)
{
	for (uint32_t i = 0; i < 32 && 16u + first + i < VB_EXCEPTIONS; i++) {
		if ((value >> i & 1u) != 0)
			flags[16u + first + i] = to;
	}
}

static uint8_t *nvic_flags(struct vb *vb, uint32_t off)
{
	if (off < 0x200u)
		return vb->s.cpu.enable;
	return off < 0x300u ? vb->s.cpu.pend : vb->s.cpu.active;
}

static void nvic_write(struct vb *vb, uint32_t off, uint32_t value)
{
	bool sets = (off & 0x80u) == 0;

	if (off >= 0x400u) {
		for (uint32_t i = 0; i < 4 && 16u + off - 0x400u + i < VB_EXCEPTIONS; i++)
			vb->s.cpu.prio[16u + off - 0x400u + i] = (uint8_t)(value >> (8u * i) & PRIORITY_BITS);
	} else if (off < 0x300u) {
		bits_write(nvic_flags(vb, off), (off & 0x7fu) * 8u, value, sets);
	}
	vb_cpu_update(vb);
}

static uint32_t nvic_read(struct vb *vb, uint32_t off)
{
	uint32_t value = 0;

	if (off < 0x400u)
		return bits_read(nvic_flags(vb, off), (off & 0x7fu) * 8u);
	for (uint32_t i = 0; i < 4 && 16u + off - 0x400u + i < VB_EXCEPTIONS; i++)
		value |= (uint32_t)vb->s.cpu.prio[16u + off - 0x400u + i] << (8u * i);
	return value;
}

/* ---- SCB ---- */

static uint32_t icsr(struct vb *vb)
{
	const struct vb_cpu_state *cpu = &vb->s.cpu;

	return (vb_reg(vb, UC_ARM_REG_IPSR) & 0x1ffu) | cpu->best << 12 | (uint32_t)(cpu->best >= 16) << 22 |
	       (uint32_t)(cpu->pend[15] != 0) << 26 | (uint32_t)(cpu->pend[14] != 0) << 28;
}

static void icsr_write(struct vb *vb, uint32_t value)
{
	struct vb_cpu_state *cpu = &vb->s.cpu;

	if ((value & 0x08000000u) != 0)
		cpu->pend[14] = 0;
	if ((value & 0x10000000u) != 0)
		cpu->pend[14] = 1;
	if ((value & 0x02000000u) != 0)
		cpu->pend[15] = 0;
	if ((value & 0x04000000u) != 0)
		cpu->pend[15] = 1;
	if ((value & 0x80000000u) != 0)
		cpu->pend[2] = 1;
	vb_cpu_update(vb);
}

static uint32_t shpr(const struct vb *vb, uint32_t off)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < 4; i++)
		value |= (uint32_t)vb->s.cpu.prio[off - 0xd14u + i] << (8u * i);
	return value;
}

static uint32_t scs_read(struct vb *vb, uint32_t unit, uint32_t off)
{
	(void)unit;
	if (off >= 0x10u && off < 0x20u)
		return systick_read(vb, off);
	if (off >= 0x100u && off < 0x600u)
		return nvic_read(vb, off);
	if (off >= 0xd18u && off <= 0xd20u)
		return shpr(vb, off);
	switch (off) {
	case 0x004: return (vb->chip->irqs + 31u) / 32u - 1u;
	case 0xd00: return vb->chip->cpuid;
	case 0xd04: return icsr(vb);
	case 0xd0c: return 0xfa050000u | (*vb_scs_word(vb, 0xd0cu) & 0x700u);
	case 0xd90: return 0x800u; /* MPU_TYPE: 8 regions */
	default: return *vb_scs_word(vb, off);
	}
}

static void scs_write(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value)
{
	(void)unit;
	if (off >= 0x10u && off < 0x20u) {
		systick_write(vb, off, value);
	} else if (off >= 0x100u && off < 0x600u) {
		nvic_write(vb, off, value);
	} else if (off >= 0xd18u && off <= 0xd20u) {
		for (uint32_t i = 0; i < 4; i++)
			vb->s.cpu.prio[off - 0xd14u + i] = (uint8_t)(value >> (8u * i) & PRIORITY_BITS);
		vb_cpu_update(vb);
	} else if (off == 0xd04u) {
		icsr_write(vb, value);
	} else if (off == 0xd0cu) {
		if (value >> 16 != 0x05fau)
			return;
		*vb_scs_word(vb, off) = value & 0x700u;
		if ((value & 4u) != 0)
			vb_break(vb, VB_B_SOFT_RESET);
	} else if (off == 0xd08u) {
		if ((value & 0x7fu) != 0 || (value & (vb->chip->irqs > 112u ? 0x7ffu : 0xffu)) != 0)
			vb_find(vb, HF_R_VB_VTOR, 0xe000ed08u, value, true, false);
		*vb_scs_word(vb, off) = value & 0xffffff80u;
	} else if (off == 0xd24u) {
		*vb_scs_word(vb, off) = value;
		vb_cpu_update(vb);
	} else if (off == 0xf00u) {
		vb_cpu_pend(vb, 16u + (value & 0xffu));
	} else {
		*vb_scs_word(vb, off) = value;
	}
}

static void scs_reset(struct vb *vb, uint32_t unit, bool power)
{
	(void)unit;
	(void)power;
	memset(&vb->s.systick, 0, sizeof vb->s.systick);
	vb->s.systick.due_ns = VB_NEVER;
}

static const struct vb_reg scs_regs[] = {
	{ 0x004, VB_R_CALL, 1, 0 }, { 0x008, VB_R_RW, 2, 0 }, { 0x010, VB_R_CALL, 4, 0 },
	{ 0x100, VB_R_CALL, 16, 0 }, { 0x180, VB_R_CALL, 16, 0 }, { 0x200, VB_R_CALL, 16, 0 }, { 0x280, VB_R_CALL, 16, 0 },
	{ 0x300, VB_R_CALL, 16, 0 }, { 0x380, VB_R_RW, 16, 0 }, { 0x400, VB_R_CALL, 124, 0 },
	{ 0xd00, VB_R_CALL, 4, 0 }, { 0xd10, VB_R_RW, 1, 0 }, { 0xd14, VB_R_RW, 1, 0x200 }, { 0xd18, VB_R_CALL, 4, 0 },
	{ 0xd28, VB_R_W1C, 3, 0 }, { 0xd34, VB_R_RW, 3, 0 }, { 0xd40, VB_R_RO, 16, 0 }, { 0xd80, VB_R_RW, 2, 0 },
	{ 0xd88, VB_R_RW, 2, 0 }, { 0xd90, VB_R_CALL, 1, 0 }, { 0xd94, VB_R_RW, 10, 0 }, { 0xdc0, VB_R_RW, 2, 0 },
	{ 0xdd0, VB_R_RW, 6, 0 }, { 0xdf0, VB_R_RW, 4, 0 }, { 0xe04, VB_R_RW, 1, 0 }, { 0xf00, VB_R_CALL, 1, 0 }, { 0xf34, VB_R_RW, 3, 0 },
	{ 0xf40, VB_R_RO, 3, 0 }, { 0xf50, VB_R_RW, 12, 0 }, { 0xfb0, VB_R_RW, 2, 0 },
};
const struct vb_kind vb_kind_scs = {
	.name = "SCS", .regs = scs_regs, .reg_count = HF_ARRAY_COUNT(scs_regs), .reset = scs_reset, .read = scs_read, .write = scs_write,
};

/* DWT: the cycle counter runs, the rest is stored. */
static uint32_t dwt_read(struct vb *vb, uint32_t unit, uint32_t off)
{
	(void)off;
	vb_polled(vb);
	return (uint32_t)(vb_now(vb) * vb->s.khz / 1000000u) - vb->s.unit[unit].reg[1];
}

static void dwt_write(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value)
{
	(void)off;
	vb->s.unit[unit].reg[1] = (uint32_t)(vb_now(vb) * vb->s.khz / 1000000u) - value;
}

static const struct vb_reg dwt_regs[] = { { 0x000, VB_R_RW, 1, 0x40000000 }, { 0x004, VB_R_CALL, 1, 0 }, { 0x008, VB_R_RW, 32, 0 },
	{ 0xfb0, VB_R_RW, 20, 0 } };
const struct vb_kind vb_kind_dwt = { .name = "DWT", .regs = dwt_regs, .reg_count = HF_ARRAY_COUNT(dwt_regs), .read = dwt_read,
	.write = dwt_write };
