/* SPDX-License-Identifier: MIT */
/* ppi.c - the nRF52's event routing: an event in one peripheral triggers a task in another, without the CPU.
 *
 * Why      Zephyr's serial driver ends each transfer by routing ENDTX to STOPTX here; without it a console hangs at its first byte.
 * Limits   The fixed channels 20-31 (radio, RTC0, TIMER0) are not wired. nRF54L's DPPI (SUBSCRIBE, PUBLISH) is stored only.
 * Source   nRF52840 product specification, PPI: 20 channels, EEP and TEP addresses, forks, six groups.
 */
#include "internal.h"

#define CHANNELS 20u
#define GROUPS 6u
#define DEPTH_MAX 8u

static void trigger(struct vb *vb, uint32_t addr)
{
	uint32_t unit = addr != 0 ? vb_unit_at(vb, addr) : VB_UNITS_MAX;

	if (unit != VB_UNITS_MAX && (vb->reg_class[unit][(addr - vb->chip->units[unit].base) / 4u] & ~VB_R_KEEP) == VB_R_TASK &&
	    vb->chip->units[unit].kind->task != NULL)
		vb->chip->units[unit].kind->task(vb, unit, addr - vb->chip->units[unit].base);
}

void vb_ppi_event(struct vb *vb, uint32_t addr)
{
	uint32_t enabled = vb->ppi_unit != VB_UNITS_MAX ? *vb_word(vb, vb->ppi_unit, 0x500u) : 0;

	if (enabled == 0 || vb->ppi_depth == DEPTH_MAX)
		return;
	vb->ppi_depth++;
	for (uint32_t i = 0; i < CHANNELS; i++) {
		if ((enabled >> i & 1u) == 0 || *vb_word(vb, vb->ppi_unit, 0x510u + 8u * i) != addr)
			continue;
		trigger(vb, *vb_word(vb, vb->ppi_unit, 0x514u + 8u * i));
		trigger(vb, *vb_word(vb, vb->ppi_unit, 0x910u + 4u * i));
	}
	vb->ppi_depth--;
}

static void ppi_task(struct vb *vb, uint32_t unit, uint32_t off)
{
	uint32_t *enabled = vb_word(vb, unit, 0x500u), group = *vb_word(vb, unit, 0x800u + off / 8u * 4u);

	if (off / 8u >= GROUPS)
		return;
	if ((off & 4u) == 0)
		*enabled |= group;
	else
		*enabled &= ~group;
}

static uint32_t ppi_read(struct vb *vb, uint32_t unit, uint32_t off)
{
	(void)off;
	return *vb_word(vb, unit, 0x500u);
}

static void ppi_write(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value)
{
	uint32_t *enabled = vb_word(vb, unit, 0x500u);

	if (off == 0x500u)
		*enabled = value;
	else if (off == 0x504u)
		*enabled |= value;
	else
		*enabled &= ~value;
}

static const struct vb_reg ppi_regs[] = { { 0x000, VB_R_TASK, 12, 0 }, { 0x500, VB_R_CALL, 3, 0 }, { 0x510, VB_R_RW, 40, 0 },
	{ 0x800, VB_R_RW, 6, 0 }, { 0x910, VB_R_RW, 32, 0 } };
const struct vb_kind vb_kind_ppi = { .name = "PPI", .regs = ppi_regs, .reg_count = HF_ARRAY_COUNT(ppi_regs), .task = ppi_task,
	.read = ppi_read, .write = ppi_write };
