/* SPDX-License-Identifier: MIT */
/* snapshot.c - the whole board kept in memory and put back.
 *
 * Why      A cut campaign boots thousands of times from the same moment; a snapshot is that moment.
 * Limits   The CPU is kept as the emulator's own context; when the emulator was reopened since (damaged pages), only the registers
 *          listed here come back: stack limits are then 0.
 */
#include "internal.h"

#include <stdlib.h>

#define PARTS 7

static const int kept_regs[] = { UC_ARM_REG_R0, UC_ARM_REG_R1, UC_ARM_REG_R2, UC_ARM_REG_R3, UC_ARM_REG_R4, UC_ARM_REG_R5, UC_ARM_REG_R6,
	UC_ARM_REG_R7, UC_ARM_REG_R8, UC_ARM_REG_R9, UC_ARM_REG_R10, UC_ARM_REG_R11, UC_ARM_REG_R12, UC_ARM_REG_IPSR, UC_ARM_REG_CONTROL,
	UC_ARM_REG_MSP, UC_ARM_REG_PSP, UC_ARM_REG_LR, UC_ARM_REG_PRIMASK, UC_ARM_REG_BASEPRI, UC_ARM_REG_FAULTMASK, UC_ARM_REG_XPSR,
	UC_ARM_REG_FPSCR, UC_ARM_REG_PC };

struct vb_snapshot {
	struct vb_state state;
	uc_context *context;
	uint32_t engine_serial;
	bool precise;
	uint32_t regs[HF_ARRAY_COUNT(kept_regs)], fp[32];
	uint8_t *memory; /* flash, RAM, UICR, credits, wear, and what is not erased of the external flash */
};

struct parts {
	uint8_t *part[PARTS];
	size_t size[PARTS];
};

/* external_bytes: so many of the external flash; behind them it is erased. */
static struct parts parts_of(const struct vb *vb, uint32_t external_bytes)
{
	const struct board *board = vb->board;

	return (struct parts){
		.part = { vb->flash, vb->ram, vb->uicr, vb->credit, (uint8_t *)vb->wear, (uint8_t *)vb->external_wear, vb->external },
		.size = { board->flash_bytes, board->ram_bytes, VB_PAGE_BYTES, (board->flash_bytes + VB_PAGE_BYTES) / 4u,
			board->flash_bytes / vb->units_per_wear_bytes * sizeof *vb->wear,
			board->external.size_bytes / VB_PAGE_BYTES * sizeof *vb->external_wear, external_bytes },
	};
}

struct vb_snapshot *vb_snapshot_take(struct vb *vb)
{
	struct vb_snapshot *snapshot = calloc(1, sizeof *snapshot);
	struct parts parts = parts_of(vb, vb->s.nor.touched_bytes);
	size_t total = 0, at = 0;

	if (snapshot == NULL)
		return NULL;
	for (int i = 0; i < PARTS; i++)
		total += parts.size[i];
	snapshot->memory = malloc(total);
	if (snapshot->memory == NULL || uc_context_alloc(vb->uc, &snapshot->context) != UC_ERR_OK) {
		free(snapshot->memory);
		free(snapshot);
		return NULL;
	}
	uc_context_save(vb->uc, snapshot->context);
	for (size_t i = 0; i < HF_ARRAY_COUNT(kept_regs); i++)
		snapshot->regs[i] = vb_reg(vb, kept_regs[i]);
	for (int i = 0; i < 32; i++)
		snapshot->fp[i] = vb_reg(vb, UC_ARM_REG_S0 + i);
	snapshot->state = vb->s;
	snapshot->precise = vb->precise;
	snapshot->engine_serial = vb->engine_serial;
	for (int i = 0; i < PARTS; at += parts.size[i], i++) {
		if (parts.size[i] != 0)
			memcpy(snapshot->memory + at, parts.part[i], parts.size[i]);
	}
	return snapshot;
}

static void cpu_restore(struct vb *vb, const struct vb_snapshot *snapshot)
{
	if (vb->engine_serial == snapshot->engine_serial) {
		uc_context_restore(vb->uc, snapshot->context);
		return;
	}
	vb_engine_reset(vb);
	for (size_t i = 0; i < HF_ARRAY_COUNT(kept_regs); i++)
		vb_reg_set(vb, kept_regs[i], snapshot->regs[i] | (kept_regs[i] == UC_ARM_REG_PC ? 1u : 0u));
	for (int i = 0; i < 32; i++)
		vb_reg_set(vb, UC_ARM_REG_S0 + i, snapshot->fp[i]);
}

void vb_snapshot_restore(struct vb *vb, const struct vb_snapshot *snapshot)
{
	struct parts parts = parts_of(vb, snapshot->state.nor.touched_bytes);
	size_t at = 0;

	for (uint32_t page = 0; page < vb->board->flash_bytes; page += VB_PAGE_BYTES) {
		if (memcmp(vb->flash + page, snapshot->memory + page, VB_PAGE_BYTES) != 0)
			vb_flash_touched(vb, page, VB_PAGE_BYTES);
	}
	vb_ram_touched(vb);
	for (int i = 0; i < PARTS; at += parts.size[i], i++) {
		if (parts.size[i] != 0)
			memcpy(parts.part[i], snapshot->memory + at, parts.size[i]);
	}
	if (vb->s.nor.touched_bytes > snapshot->state.nor.touched_bytes)
		memset(vb->external + snapshot->state.nor.touched_bytes, 0xff, vb->s.nor.touched_bytes - snapshot->state.nor.touched_bytes);
	vb->s = snapshot->state;
	vb->brk = VB_B_NONE;
	vb_damage_pages(vb);
	if (vb->any_damaged || vb->precise != snapshot->precise) {
		vb_engine_close(vb);
		if (vb_engine_open(vb, snapshot->precise || vb->any_damaged) != HF_OK) {
			vb->s.on = false;
			return;
		}
	}
	vb_engine_drop_stale(vb);
	cpu_restore(vb, snapshot);
	vb_clock_rearm(vb);
}

void vb_snapshot_free(struct vb_snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	uc_context_free(snapshot->context);
	free(snapshot->memory);
	free(snapshot);
}
