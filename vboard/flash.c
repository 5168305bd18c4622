/* SPDX-License-Identifier: MIT */
/* flash.c - what both flash controllers share: counting operations, cutting the power in one, wear, damaged units.
 *
 * Shapes   A damaged unit is kept as words {addr, mask}: the bits of mask read differently each time; mask 0 means that the read
 *          faults. Pages with such words are left out of the CPU's map, so that each access is judged (engine.c).
 * Cut      The operation in which the power goes is counted, then done in part as its variant says; vb_run sees VB_B_CUT.
 */
#include "internal.h"

static const char *const variant_names[VB_CUT_VARIANTS] = { "none", "prefix", "partial", "random", "half", "ones", "unstable", "fault",
	"subset", "done" };

const char *vb_variant_name(enum vb_variant variant)
{
	return variant_names[variant];
}

bool vb_variant_of(const char *name, enum vb_variant *variant)
{
	for (uint32_t i = 0; i < VB_CUT_VARIANTS; i++) {
		if (strcmp(variant_names[i], name) == 0) {
			*variant = (enum vb_variant)i;
			return true;
		}
	}
	return false;
}

uint32_t vb_random(struct vb *vb)
{
	uint32_t x = vb->s.random; /* xorshift32: repeats with the seed, which is all that is asked of it */

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return vb->s.random = x;
}

static void random_seed(struct vb *vb, uint32_t seed)
{
	vb->s.random = seed * 2654435761u + 0x9e3779b9u;
	if (vb->s.random == 0)
		vb->s.random = 1;
	for (int i = 0; i < 8; i++)
		vb_random(vb);
}

/* ---- arming ---- */

bool vb_cut_arm(struct vb *vb, const struct vb_cut *cut)
{
	struct vb_state *s = &vb->s;

	if (s->armed_count == VB_CUTS_MAX || cut->at == 0)
		return false;
	s->armed[s->armed_count++] = (struct vb_armed_cut){ .cut = *cut,
		.at = (cut->in_loader ? s->n.loader_operations : s->n.operations) + cut->at };
	return true;
}

void vb_cut_disarm(struct vb *vb)
{
	vb->s.armed_count = 0;
}

uint32_t vb_cuts_armed(const struct vb *vb)
{
	return vb->s.armed_count;
}

static enum vb_variant random_variant(struct vb *vb)
{
	static const enum vb_variant nor[] = { VB_CUT_NONE, VB_CUT_PREFIX, VB_CUT_PARTIAL, VB_CUT_RANDOM, VB_CUT_HALF, VB_CUT_UNSTABLE,
		VB_CUT_DONE };
	static const enum vb_variant rram[] = { VB_CUT_NONE, VB_CUT_PREFIX, VB_CUT_PARTIAL, VB_CUT_RANDOM, VB_CUT_ONES, VB_CUT_UNSTABLE,
		VB_CUT_FAULT, VB_CUT_SUBSET, VB_CUT_DONE };

	if (vb->board->needs_erase)
		return nor[vb_random(vb) % HF_ARRAY_COUNT(nor)];
	return rram[vb_random(vb) % HF_ARRAY_COUNT(rram)];
}

bool vb_cut_arm_random(struct vb *vb, uint32_t count, uint32_t seed, uint64_t operations_max, bool in_loader)
{
	uint64_t chosen[VB_CUTS_MAX];
	uint32_t kept = vb->s.random;

	if (count > operations_max || vb->s.armed_count + count > VB_CUTS_MAX)
		return false;
	random_seed(vb, seed);
	for (uint32_t i = 0; i < count;) {
		bool is_new = true;
		chosen[i] = 1u + ((uint64_t)vb_random(vb) << 32 | vb_random(vb)) % operations_max;
		for (uint32_t j = 0; j < i; j++)
			is_new = is_new && chosen[j] != chosen[i];
		if (!is_new)
			continue;
		vb_cut_arm(vb, &(struct vb_cut){ .in_loader = in_loader, .at = chosen[i], .variant = random_variant(vb), .seed = vb_random(vb) });
		i++;
	}
	vb->s.random = kept;
	return true;
}

void vb_stay_off(struct vb *vb, bool stay)
{
	vb->stay_off = stay;
}

const struct vb_cut_record *vb_cut_records(const struct vb *vb, uint32_t *count)
{
	*count = vb->s.record_count;
	return vb->s.record;
}

void vb_op_watch(struct vb *vb, vb_op_fn watch, void *ctx)
{
	vb->op_watch = watch;
	vb->op_ctx = ctx;
}

/* ---- an operation ---- */

bool vb_op_begin(struct vb *vb, enum vb_op op, uint32_t addr, enum vb_variant *variant)
{
	struct vb_counters *n = &vb->s.n;
	bool cut = false;

	if (vb->op_watch != NULL)
		vb->op_watch(vb->op_ctx, op, addr);
	vb_not_idle(vb);
	n->operations++;
	n->loader_operations += vb_in_loader(vb, vb->block_pc);
	n->words += op == VB_OP_WORD;
	n->erases += op == VB_OP_ERASE;
	n->lines += op == VB_OP_LINE;
	n->pages += op == VB_OP_PAGE;
	n->sectors += op == VB_OP_SECTOR;
	for (uint32_t i = 0; i < vb->s.armed_count;) {
		struct vb_armed_cut *armed = &vb->s.armed[i];
		if ((armed->cut.in_loader ? n->loader_operations : n->operations) < armed->at) {
			i++;
			continue;
		}
		if (!cut) {
			*variant = armed->cut.variant;
			random_seed(vb, armed->cut.seed + (uint32_t)armed->at);
		}
		cut = true;
		*armed = vb->s.armed[--vb->s.armed_count];
	}
	return cut;
}

void vb_cut_now(struct vb *vb, enum vb_op op, uint32_t addr, enum vb_variant variant)
{
	if (vb->s.record_count < VB_RECORDS_MAX)
		vb->s.record[vb->s.record_count++] = (struct vb_cut_record){ .operation = vb->s.n.operations,
			.loader_operation = vb->s.n.loader_operations, .op = op, .variant = variant, .addr = addr, .pc = vb_pc(vb) };
	vb_break(vb, VB_B_CUT);
}

void vb_op_end(struct vb *vb, enum vb_op op, uint32_t addr, uint64_t ns)
{
	if (op != VB_OP_WORD)
		vb_wear_add(vb, addr, addr / vb->units_per_wear_bytes);
	vb_stall(vb, ns, true);
}

void vb_wear_add(struct vb *vb, uint32_t addr, uint32_t wear_unit)
{
	if (addr >= vb->board->flash_bytes)
		return;
	if (++vb->wear[wear_unit] > vb->s.n.wear_max) {
		vb->s.n.wear_max = vb->wear[wear_unit];
		vb->s.n.wear_addr = wear_unit * vb->units_per_wear_bytes;
	}
}

uint8_t *vb_nvm(struct vb *vb, uint32_t addr)
{
	if (addr < vb->board->flash_bytes)
		return vb->flash + addr;
	if (addr - vb->chip->uicr_addr < VB_PAGE_BYTES)
		return vb->uicr + (addr - vb->chip->uicr_addr);
	return NULL;
}

/* ---- damaged units ---- */

void vb_weak_set(struct vb *vb, uint32_t addr, uint32_t size_bytes, uint32_t mask)
{
	vb_weak_clear(vb, addr, size_bytes, 0);
	for (uint32_t at = addr & ~3u; at < addr + size_bytes && vb->s.weak_count < VB_WEAK_MAX; at += 4)
		vb->s.weak[vb->s.weak_count++] = (struct vb_weak){ .addr = at, .mask = mask };
	vb_damage_pages(vb);
}

/* The unit was written: only bits of kept_bits can stay weak (a NOR program settles the bits that it clears). */
void vb_weak_clear(struct vb *vb, uint32_t addr, uint32_t size_bytes, uint32_t kept_bits)
{
	bool changed = false;

	if (vb->s.weak_count == 0)
		return;
	for (uint32_t i = 0; i < vb->s.weak_count;) {
		struct vb_weak *weak = &vb->s.weak[i];
		if (weak->addr - addr >= size_bytes || (weak->mask == 0 && kept_bits != 0)) {
			i++;
			continue;
		}
		weak->mask &= kept_bits;
		changed = true;
		if (weak->mask == 0)
			*weak = vb->s.weak[--vb->s.weak_count];
		else
			i++;
	}
	if (changed)
		vb_damage_pages(vb);
}

void vb_damage_pages(struct vb *vb)
{
	uint8_t was[sizeof vb->damaged_page];

	memcpy(was, vb->damaged_page, sizeof was);
	memset(vb->damaged_page, 0, sizeof vb->damaged_page);
	vb->any_damaged = false;
	for (uint32_t i = 0; i < vb->s.weak_count; i++) {
		if (vb->s.weak[i].addr >= vb->board->flash_bytes)
			continue; /* the external flash's: not in the CPU's map */
		vb->damaged_page[vb->s.weak[i].addr / VB_PAGE_BYTES] = 1;
		vb->any_damaged = true;
	}
	for (uint32_t page = 0; page < sizeof was; page++) {
		if (was[page] && !vb->damaged_page[page])
			vb_page_back(vb, page);
	}
}

bool vb_weak_read(struct vb *vb, uint32_t addr, uint32_t size_bytes)
{
	for (uint32_t i = 0; i < vb->s.weak_count; i++) {
		const struct vb_weak *weak = &vb->s.weak[i];
		uint8_t *word = weak->addr < BOARD_EXTERNAL_ADDR ? vb->flash + weak->addr : vb->external + (weak->addr - BOARD_EXTERNAL_ADDR);
		if (weak->addr + 4u <= addr || weak->addr >= addr + size_bytes)
			continue;
		if (weak->mask == 0)
			return false;
		hf_put32le(word, hf_get32le(word) ^ (vb_random(vb) & weak->mask));
	}
	return true;
}

void vb_damage(struct vb *vb, uint32_t addr, uint32_t size_bytes, bool faults, uint32_t mask)
{
	vb_weak_set(vb, addr, size_bytes, faults ? 0 : mask);
}

bool vb_is_damaged(const struct vb *vb, uint32_t addr, uint32_t size_bytes)
{
	for (uint32_t i = 0; i < vb->s.weak_count; i++) {
		if (vb->s.weak[i].addr + 4u > addr && vb->s.weak[i].addr < addr + size_bytes)
			return true;
	}
	return false;
}
