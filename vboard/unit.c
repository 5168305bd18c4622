/* SPDX-License-Identifier: MIT */
/* unit.c - peripherals as register files: what a register does is a class in its kind's table, what nobody listed is unknown.
 *
 * Why      Silence is the worst answer of a model: a register that reads 0 because no one thought of it makes a test pass. An
 *          access to an unlisted one stops the board with its address.
 * Source   Nordic's general rules: tasks are triggered by writing 1, events read 1 until 0 is written, the interrupt bit of an
 *          event is (offset - 0x100) / 4 (nRF52840 product specification, peripheral interface).
 */
#include "internal.h"

static uint8_t class_of(uint8_t class_keep)
{
	return class_keep & (uint8_t)~VB_R_KEEP;
}

void vb_units_build(struct vb *vb)
{
	for (uint32_t u = 0; u < vb->chip->unit_count; u++) {
		const struct vb_kind *kind = vb->chip->units[u].kind;
		for (uint32_t r = 0; r < kind->reg_count; r++) {
			for (uint32_t w = 0; w < kind->regs[r].words; w++)
				vb->reg_class[u][kind->regs[r].off / 4u + w] = kind->regs[r].class_keep;
		}
	}
}

void vb_units_reset(struct vb *vb, bool power)
{
	for (uint32_t u = 0; u < vb->chip->unit_count; u++) {
		const struct vb_kind *kind = vb->chip->units[u].kind;
		struct vb_unit_state *state = &vb->s.unit[u];
		if (kind->keeps && !power)
			continue;
		for (uint32_t r = 0; r < kind->reg_count; r++) {
			for (uint32_t w = 0; w < kind->regs[r].words; w++) {
				if (power || (kind->regs[r].class_keep & VB_R_KEEP) == 0)
					state->reg[kind->regs[r].off / 4u + w] = kind->regs[r].reset;
			}
		}
		for (uint32_t group = 0; group < 4; group++)
			state->reg[0x300u / 4u + group * 4u] = 0;
		state->due_ns = VB_NEVER;
		memset(&state->u, 0, sizeof state->u);
		if (kind->reset != NULL)
			kind->reset(vb, u, power);
	}
	vb->s.next_due_ns = VB_NEVER;
	for (uint32_t u = 0; u < vb->chip->unit_count; u++) {
		if (vb->s.unit[u].due_ns < vb->s.next_due_ns)
			vb->s.next_due_ns = vb->s.unit[u].due_ns;
	}
}

static bool is_asked(uint8_t class_keep)
{
	const uint8_t class = class_of(class_keep);
	return (class_keep & VB_R_KEEP) == 0 && class != VB_R_UNKNOWN && class != VB_R_TASK && class != VB_R_RO;
}

bool vb_left_next(const struct vb *vb, uint32_t *cursor, struct vb_left *left)
{
	for (uint32_t n = 0, u = 1; u < vb->chip->unit_count; u++) { /* 0 is the core's */
		const struct vb_kind *kind = vb->chip->units[u].kind;
		for (uint32_t r = 0; r < kind->reg_count; r++) {
			for (uint32_t off = kind->regs[r].off; off < kind->regs[r].off + 4u * kind->regs[r].words; off += 4, n++) {
				const uint32_t value = vb->s.unit[u].reg[off / 4u];
				if (n < *cursor || !is_asked(kind->regs[r].class_keep) || value == kind->regs[r].reset)
					continue;
				*left = (struct vb_left){ vb->chip->units[u].name, off, value, kind->regs[r].reset };
				*cursor = n + 1;
				return true;
			}
		}
	}
	return false;
}

uint32_t vb_unit_at(const struct vb *vb, uint32_t addr)
{
	for (uint32_t u = 0; u < vb->chip->unit_count; u++) {
		if (addr - vb->chip->units[u].base < VB_UNIT_BYTES && vb->reg_class[u][(addr - vb->chip->units[u].base) / 4u] != VB_R_UNKNOWN)
			return u;
	}
	return VB_UNITS_MAX;
}

uint32_t vb_unit_named(const struct vb *vb, const char *name)
{
	for (uint32_t u = 0; u < vb->chip->unit_count; u++) {
		if (strcmp(vb->chip->units[u].name, name) == 0)
			return u;
	}
	return VB_UNITS_MAX;
}

uint32_t *vb_word(struct vb *vb, uint32_t unit, uint32_t off)
{
	return &vb->s.unit[unit].reg[off / 4u];
}

/* ---- events and interrupts ---- */

void vb_unit_irq(struct vb *vb, uint32_t unit)
{
	const struct vb_unit *row = &vb->chip->units[unit];
	const uint32_t *reg = vb->s.unit[unit].reg;
	uint32_t groups = row->kind->inten_groups > 1 ? row->kind->inten_groups : 1u, events = 0;

	if (row->irq == 0xffffu)
		return;
	for (uint32_t i = 0; i < 32; i++)
		events |= (reg[(0x100u + 4u * i) / 4u] != 0 ? 1u : 0u) << i;
	for (uint32_t group = 0; group < groups; group++)
		vb_cpu_line(vb, row->irq + group, (events & reg[(0x300u + 0x10u * group) / 4u]) != 0);
}

void vb_event(struct vb *vb, uint32_t unit, uint32_t off)
{
	*vb_word(vb, unit, off) = 1;
	vb_unit_irq(vb, unit);
	vb_ppi_event(vb, vb->chip->units[unit].base + off);
}

/* ---- accesses ---- */

static uint32_t word_read(struct vb *vb, uint32_t unit, uint32_t off)
{
	const struct vb_kind *kind = vb->chip->units[unit].kind;

	switch ((enum vb_reg_class)class_of(vb->reg_class[unit][off / 4u])) {
	case VB_R_EVENT:
		vb_polled(vb);
		return *vb_word(vb, unit, off);
	case VB_R_TASK:
		return 0;
	case VB_R_INTENSET:
	case VB_R_INTENCLR:
		return *vb_word(vb, unit, off & ~0xfu);
	case VB_R_CALL:
		return kind->read(vb, unit, off);
	case VB_R_RW:
	case VB_R_RO:
	case VB_R_W1C:
	case VB_R_INTEN:
		return *vb_word(vb, unit, off);
	case VB_R_UNKNOWN:
		break;
	}
	return 0;
}

static void word_write(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value)
{
	const struct vb_kind *kind = vb->chip->units[unit].kind;
	uint32_t *word = vb_word(vb, unit, off);

	switch ((enum vb_reg_class)class_of(vb->reg_class[unit][off / 4u])) {
	case VB_R_RW:
		*word = value;
		break;
	case VB_R_RO:
		vb_find(vb, HF_R_VB_READ_ONLY, vb->chip->units[unit].base + off, value, true, false);
		break;
	case VB_R_TASK:
		if ((value & 1u) != 0 && kind->task != NULL)
			kind->task(vb, unit, off);
		break;
	case VB_R_EVENT:
		*word = value & 1u;
		vb_unit_irq(vb, unit);
		break;
	case VB_R_INTEN:
		*word = value;
		vb_unit_irq(vb, unit);
		break;
	case VB_R_INTENSET:
		*vb_word(vb, unit, off & ~0xfu) |= value;
		vb_unit_irq(vb, unit);
		break;
	case VB_R_INTENCLR:
		*vb_word(vb, unit, off & ~0xfu) &= ~value;
		vb_unit_irq(vb, unit);
		break;
	case VB_R_W1C:
		*word &= ~value;
		break;
	case VB_R_CALL:
		kind->write(vb, unit, off, value);
		break;
	case VB_R_UNKNOWN:
		break;
	}
}

uint64_t vb_mmio_read(struct vb *vb, uint32_t addr, uint32_t size_bytes)
{
	uint32_t unit = vb_unit_at(vb, addr), off, value;

	if (vb->brk != VB_B_NONE)
		return 0;
	vb_run_due(vb);
	if (unit == VB_UNITS_MAX) {
		vb_find(vb, HF_R_VB_UNKNOWN_REGISTER, addr, 0, false, true);
		return 0;
	}
	off = addr - vb->chip->units[unit].base;
	value = word_read(vb, unit, off & ~3u) >> (8u * (off & 3u));
	return size_bytes >= 4 ? value : value & ((1u << (8u * size_bytes)) - 1u);
}

/* Byte and halfword stores: priorities and plain words take them; registers where a written 1 acts get zeros beside it. */
static uint32_t widen(struct vb *vb, uint32_t unit, uint32_t off, uint32_t size_bytes, uint32_t value)
{
	uint32_t shift = 8u * (off & 3u), mask = ((1u << (8u * size_bytes)) - 1u) << shift;
	uint8_t class = class_of(vb->reg_class[unit][off / 4u]);
	bool is_bytes = class == VB_R_RW || (unit == 0 && ((off >= 0x400u && off < 0x600u) || (off >= 0xd18u && off < 0xd28u)));

	if (is_bytes)
		return (word_read(vb, unit, off & ~3u) & ~mask) | (value << shift & mask);
	return value << shift & mask;
}

void vb_mmio_write(struct vb *vb, uint32_t addr, uint32_t size_bytes, uint32_t value)
{
	uint32_t unit = vb_unit_at(vb, addr), off;

	if (vb->brk != VB_B_NONE)
		return;
	vb_run_due(vb);
	if (unit == VB_UNITS_MAX) {
		vb_find(vb, HF_R_VB_UNKNOWN_REGISTER, addr, value, true, true);
		return;
	}
	off = addr - vb->chip->units[unit].base;
	if (size_bytes < 4)
		value = widen(vb, unit, off, size_bytes, value);
	word_write(vb, unit, off & ~3u, value);
}
