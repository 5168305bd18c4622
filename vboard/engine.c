/* SPDX-License-Identifier: MIT */
/* engine.c - the CPU emulator: memory map, hooks, what is translated.
 *
 * Why      Two ways to watch the guest. A hook a block is fast, but the pc inside the block is unknown when an access faults;
 *          a hook an instruction is exact. Boards run the fast way until a damaged unit is in flash: then faults matter.
 * Order    open -> (reset, go)*. A page that held executed code and changed is dropped from the translation cache between two
 *          calls of go, never inside.
 * Source   Unicorn 2.0.1: behaviour of hooks found by experiment; the flush of all translations is never used (it crashes).
 */
#include "internal.h"

#include <stdlib.h>

#define RAM_PAGES_AT 512u /* index of the first RAM page in exec_page */

static uint32_t page_index(const struct vb *vb, uint32_t addr)
{
	if (addr < vb->board->flash_bytes)
		return addr / VB_PAGE_BYTES;
	if (addr - vb->board->ram_addr < vb->board->ram_bytes)
		return RAM_PAGES_AT + (addr - vb->board->ram_addr) / VB_PAGE_BYTES;
	return HF_ARRAY_COUNT(vb->exec_page) - 1u;
}

uint8_t *vb_memory(struct vb *vb, uint32_t addr, uint32_t size_bytes, bool for_dma_write)
{
	const struct board *board = vb->board;

	if (addr >= board->ram_addr && hf_span_fits(addr - board->ram_addr, size_bytes, board->ram_bytes))
		return vb->ram + (addr - board->ram_addr);
	if (!for_dma_write && hf_span_fits(addr, size_bytes, board->flash_bytes))
		return vb->flash + addr;
	return NULL;
}

/* ---- hooks ---- */

static uint32_t block_count(struct vb *vb, uint32_t addr, uint32_t size)
{
	struct vb_memo *memo = &vb->memo[(addr >> 1) % VB_MEMO];
	uint32_t key = vb->memo_key + size;

	if (memo->addr != addr || memo->key != key) {
		const uint8_t *code = vb_memory(vb, addr, size, false);
		memo->addr = addr;
		memo->key = key;
		memo->count = code != NULL ? vb_thumb_count(code, size) : 1u;
	}
	return memo->count;
}

static bool must_stop(struct vb *vb)
{
	if (vb->brk != VB_B_NONE || vb->attention || vb->s.n.instructions >= vb->attention_at)
		return true;
	return vb->s.cpu.best != 0 && vb->s.cpu.best_prio < vb->s.cpu.run_prio && vb_cpu_ready(vb);
}

static void count(struct vb *vb, uint32_t addr, uint32_t instructions)
{
	vb->exec_page[page_index(vb, addr)] = 1;
	vb->s.n.instructions += instructions;
	if (vb_in_loader(vb, addr))
		vb->s.n.loader_instructions += instructions;
}

static void on_block(uc_engine *uc, uint64_t address, uint32_t size, void *ctx)
{
	struct vb *vb = ctx;
	uint32_t addr = (uint32_t)address;

	vb->block_pc = addr;
	vb->block_bytes = size;
	if (must_stop(vb)) {
		vb->stopped_by_us = true;
		uc_emu_stop(uc);
		return;
	}
	count(vb, addr, block_count(vb, addr, size));
}

static void on_code(uc_engine *uc, uint64_t address, uint32_t size, void *ctx)
{
	struct vb *vb = ctx;
	uint32_t addr = (uint32_t)address;

	(void)size;
	vb->block_pc = addr;
	if (vb->away_page != UINT32_MAX && addr / VB_PAGE_BYTES != vb->away_page) {
		if (vb->damaged_page[vb->away_page])
			uc_mem_unmap(uc, (uint64_t)vb->away_page * VB_PAGE_BYTES, VB_PAGE_BYTES);
		vb->away_page = UINT32_MAX;
	}
	if (must_stop(vb)) {
		vb->stopped_by_us = true;
		uc_emu_stop(uc);
		return;
	}
	count(vb, addr, 1);
}

static bool map_page(struct vb *vb, uint32_t page)
{
	uint64_t addr = (uint64_t)page * VB_PAGE_BYTES;

	return uc_mem_map_ptr(vb->uc, addr, VB_PAGE_BYTES, UC_PROT_ALL, vb->flash + addr) == UC_ERR_OK &&
	       uc_mem_protect(vb->uc, addr, VB_PAGE_BYTES, UC_PROT_READ | UC_PROT_EXEC) == UC_ERR_OK;
}

/* A damaged page is not mapped: each access arrives here, is judged, and the page is there for one instruction. */
static bool on_unmapped(uc_engine *uc, uc_mem_type type, uint64_t address, int size, int64_t value, void *ctx)
{
	struct vb *vb = ctx;
	uint32_t addr = (uint32_t)address, page = addr / VB_PAGE_BYTES;
	bool is_write = type == UC_MEM_WRITE_UNMAPPED;

	(void)uc;
	(void)value;
	if (vb->brk != VB_B_NONE)
		return false;
	if (vb->precise && addr < vb->board->flash_bytes && vb->damaged_page[page] && vb->away_page != page &&
	    (is_write || vb_weak_read(vb, addr, (uint32_t)size)) && map_page(vb, page)) {
		vb->away_page = page;
		return true;
	}
	vb->fault = (struct vb_fault){ .is = true, .is_write = is_write, .is_fetch = type == UC_MEM_FETCH_UNMAPPED, .addr = addr };
	return false;
}

static bool on_write_prot(uc_engine *uc, uc_mem_type type, uint64_t address, int size, int64_t value, void *ctx)
{
	struct vb *vb = ctx;
	uint32_t addr = (uint32_t)address;
	bool done;

	(void)uc;
	(void)type;
	if (vb->brk != VB_B_NONE)
		return true;
	vb_run_due(vb);
	if (vb->board->needs_erase)
		done = vb_nvmc_store(vb, addr, (uint32_t)size, (uint32_t)value);
	else
		done = vb_rramc_store(vb, addr, (uint32_t)size, (uint32_t)value);
	if (!done)
		vb->fault = (struct vb_fault){ .is = true, .is_write = true, .is_prot = true, .addr = addr };
	return done;
}

static void on_interrupt(uc_engine *uc, uint32_t number, void *ctx)
{
	struct vb *vb = ctx;

	vb->interrupt = number;
	uc_emu_stop(uc);
}

static uint64_t on_mmio_read(uc_engine *uc, uint64_t off, unsigned size, void *ctx)
{
	const struct vb_window *window = ctx;

	(void)uc;
	return vb_mmio_read(window->vb, window->base + (uint32_t)off, size);
}

static void on_mmio_write(uc_engine *uc, uint64_t off, unsigned size, uint64_t value, void *ctx)
{
	const struct vb_window *window = ctx;

	(void)uc;
	vb_mmio_write(window->vb, window->base + (uint32_t)off, size, (uint32_t)value);
}

/* ---- opening ---- */

static bool map_rx(struct vb *vb, uint32_t addr, uint32_t size_bytes, uint8_t *bytes)
{
	/* Permissions given at map time would not keep the guest's stores out; a later protect does. */
	return uc_mem_map_ptr(vb->uc, addr, size_bytes, UC_PROT_ALL, bytes) == UC_ERR_OK &&
	       uc_mem_protect(vb->uc, addr, size_bytes, UC_PROT_READ | UC_PROT_EXEC) == UC_ERR_OK;
}

static bool map_flash(struct vb *vb)
{
	uint32_t pages = vb->board->flash_bytes / VB_PAGE_BYTES;

	for (uint32_t first = 0; first < pages;) {
		uint32_t end = first;
		while (end < pages && !vb->damaged_page[end])
			end++;
		if (end > first && !map_rx(vb, first * VB_PAGE_BYTES, (end - first) * VB_PAGE_BYTES, vb->flash + first * VB_PAGE_BYTES))
			return false;
		first = end + (end < pages ? 1u : 0u);
	}
	return true;
}

static bool map_all(struct vb *vb)
{
	const struct vb_chip *chip = vb->chip;
	bool ok = map_flash(vb);

	ok = ok && uc_mem_map_ptr(vb->uc, vb->board->ram_addr, vb->board->ram_bytes, UC_PROT_ALL, vb->ram) == UC_ERR_OK;
	ok = ok && map_rx(vb, chip->ficr_addr, VB_PAGE_BYTES, vb->ficr) && map_rx(vb, chip->uicr_addr, VB_PAGE_BYTES, vb->uicr);
	for (uint32_t i = 0; ok && i < chip->window_count; i++) {
		vb->window[i] = (struct vb_window){ .vb = vb, .base = chip->windows[i].base };
		ok = uc_mmio_map(vb->uc, chip->windows[i].base, chip->windows[i].size_bytes, on_mmio_read, &vb->window[i],
			on_mmio_write, &vb->window[i]) == UC_ERR_OK;
	}
	return ok;
}

/* Unicorn takes every callback as void pointer; ISO C has no such conversion, so the bits are copied. */
static bool add_hook(struct vb *vb, int type, const void *function_address)
{
	void *function;
	uc_hook hook;

	memcpy(&function, function_address, sizeof function);
	return uc_hook_add(vb->uc, &hook, type, function, vb, 1, 0) == UC_ERR_OK;
}

static bool add_hooks(struct vb *vb)
{
	uc_cb_hookcode_t block = on_block, code = on_code;
	uc_cb_eventmem_t unmapped = on_unmapped, write_prot = on_write_prot;
	uc_cb_hookintr_t interrupt = on_interrupt;

	return add_hook(vb, UC_HOOK_MEM_READ_UNMAPPED | UC_HOOK_MEM_WRITE_UNMAPPED | UC_HOOK_MEM_FETCH_UNMAPPED, &unmapped) &&
	       add_hook(vb, UC_HOOK_MEM_WRITE_PROT, &write_prot) && add_hook(vb, UC_HOOK_INTR, &interrupt) &&
	       (vb->precise ? add_hook(vb, UC_HOOK_CODE, &code) : add_hook(vb, UC_HOOK_BLOCK, &block));
}

enum hf_reason vb_engine_open(struct vb *vb, bool precise)
{
	vb->precise = precise;
	vb->engine_serial++;
	vb->away_page = UINT32_MAX;
	if (uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &vb->uc) != UC_ERR_OK)
		return HF_R_VB_ENGINE;
	if (uc_ctl_set_cpu_model(vb->uc, (int)vb->chip->cpu) != UC_ERR_OK || !map_all(vb) || !add_hooks(vb) ||
	    uc_context_alloc(vb->uc, &vb->pristine) != UC_ERR_OK || uc_context_save(vb->uc, vb->pristine) != UC_ERR_OK) {
		vb_engine_close(vb);
		return HF_R_VB_ENGINE;
	}
	memset(vb->exec_page, 0, sizeof vb->exec_page);
	memset(vb->stale_page, 0, sizeof vb->stale_page);
	vb->any_stale = false;
	vb->memo_key += 0x10000u;
	return HF_OK;
}

void vb_engine_close(struct vb *vb)
{
	if (vb->pristine != NULL)
		uc_context_free(vb->pristine);
	if (vb->uc != NULL)
		uc_close(vb->uc);
	vb->pristine = NULL;
	vb->uc = NULL;
}

void vb_engine_reset(struct vb *vb)
{
	uc_context_restore(vb->uc, vb->pristine);
	vb_reg_set(vb, UC_ARM_REG_APSR_NZCV, 0);
}

/* ---- code that changed ---- */

void vb_flash_touched(struct vb *vb, uint32_t addr, uint32_t size_bytes)
{
	for (uint32_t page = addr / VB_PAGE_BYTES; page <= (addr + size_bytes - 1u) / VB_PAGE_BYTES; page++) {
		if (page < RAM_PAGES_AT && vb->exec_page[page] && !vb->stale_page[page]) {
			vb->stale_page[page] = 1;
			vb->any_stale = true;
			vb->attention = true;
		}
	}
}

void vb_ram_touched(struct vb *vb)
{
	for (uint32_t page = RAM_PAGES_AT; page < RAM_PAGES_AT + vb->board->ram_bytes / VB_PAGE_BYTES; page++) {
		if (vb->exec_page[page]) {
			vb->stale_page[page] = 1;
			vb->any_stale = true;
		}
	}
}

void vb_engine_drop_stale(struct vb *vb)
{
	if (!vb->any_stale)
		return;
	for (uint32_t page = 0; page < HF_ARRAY_COUNT(vb->stale_page) - 1u; page++) {
		uint64_t addr = page < RAM_PAGES_AT ? (uint64_t)page * VB_PAGE_BYTES :
			vb->board->ram_addr + (uint64_t)(page - RAM_PAGES_AT) * VB_PAGE_BYTES;
		if (!vb->stale_page[page])
			continue;
		if (!(page < RAM_PAGES_AT && vb->damaged_page[page]))
			uc_ctl_remove_cache(vb->uc, addr, addr + VB_PAGE_BYTES);
		vb->stale_page[page] = 0;
		vb->exec_page[page] = 0;
	}
	vb->any_stale = false;
	vb->memo_key += 0x10000u;
}

/* A damaged page was written whole again: from now on it is like any other. */
void vb_page_back(struct vb *vb, uint32_t page)
{
	if (vb->precise && vb->uc != NULL && vb->away_page != page)
		map_page(vb, page);
}

uc_err vb_engine_go(struct vb *vb, uint32_t pc)
{
	vb->interrupt = UINT32_MAX;
	vb->fault.is = false;
	vb->stopped_by_us = false;
	return uc_emu_start(vb->uc, pc | 1u, 0xfffffffe, 0, 0);
}
