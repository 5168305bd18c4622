/* SPDX-License-Identifier: MIT */
/* nvmc.c - the flash controller of the nRF52 family, with its access control lists.
 *
 * Shapes   A store to flash or UICR is a word program: bits go 1 -> 0, whole aligned words only, twice a word between erases.
 *          The CPU is stalled meanwhile, so READY reads 1 whenever code can look.
 * Cut      Word: see word_torn. Erase: see page_torn.
 * Limits   A store outside write mode and one into an ACL region are dropped and found (the chip may fault; not documented).
 *          No EasyDMA from flash. READYNEXT follows READY. The I-cache is stored, not modelled.
 * Source   nRF52840 product specification, NVMC and ACL: registers, two writes a word, 41 us and 85 ms.
 */
#include "internal.h"

#define REG_CONFIG 0x504u
#define REG_ERASEPAGE 0x508u
#define REG_ERASEALL 0x50cu
#define REG_ERASEUICR 0x514u
#define REG_ERASEPARTIAL 0x518u
#define REG_PARTIALCFG 0x51cu
#define REG_PARTIALSUM 0x520u /* ours: milliseconds of partial erase so far; not a register of the chip */
#define REG_PARTIALPAGE 0x524u
#define REG_ACL 0x800u
#define WRITES_A_WORD 2u

static uint32_t *reg(struct vb *vb, uint32_t off)
{
	return vb_word(vb, vb->nvm_unit, off);
}

static bool is_locked(struct vb *vb, uint32_t addr, uint32_t size_bytes)
{
	for (uint32_t n = 0; n < 8; n++) {
		uint32_t start = *reg(vb, REG_ACL + 16u * n), size = *reg(vb, REG_ACL + 16u * n + 4u);
		if ((*reg(vb, REG_ACL + 16u * n + 8u) & 2u) != 0 && addr < start + size && addr + size_bytes > start)
			return true;
	}
	return false;
}

/* ---- word program ---- */

static void word_torn(struct vb *vb, uint32_t addr, uint32_t before, uint32_t after, enum vb_variant variant)
{
	uint32_t changes = before & ~after, word = before, random = vb_random(vb);
	uint8_t *bytes = vb_nvm(vb, addr);

	switch (variant) {
	case VB_CUT_NONE:
	case VB_CUT_ONES:
		break;
	case VB_CUT_PREFIX:
		word = before & ~(changes & 0xffffu);
		break;
	case VB_CUT_PARTIAL:
	case VB_CUT_HALF:
	case VB_CUT_SUBSET:
		word = before & ~(changes & random);
		break;
	case VB_CUT_RANDOM:
		word = before & random;
		break;
	case VB_CUT_UNSTABLE:
	case VB_CUT_FAULT:
		if (changes != 0 && addr < vb->board->flash_bytes)
			vb_weak_set(vb, addr, 4, changes);
		break;
	case VB_CUT_DONE:
		word = after;
		break;
	case VB_CUT_VARIANTS:
		break;
	}
	hf_put32le(bytes, word);
}

static uint8_t *credit_of(struct vb *vb, uint32_t addr)
{
	if (addr < vb->board->flash_bytes)
		return vb->credit + addr / 4u;
	return vb->credit + (vb->board->flash_bytes + addr - vb->chip->uicr_addr) / 4u;
}

bool vb_nvmc_store(struct vb *vb, uint32_t addr, uint32_t size_bytes, uint32_t value)
{
	uint8_t *bytes = vb_nvm(vb, addr), *credit;
	enum vb_variant variant;
	uint32_t before, after;

	if (bytes == NULL || size_bytes != 4 || (addr & 3u) != 0) {
		vb_find(vb, bytes == NULL ? HF_R_VB_READ_ONLY : HF_R_VB_STORE_SHAPE, addr, value, true, false);
		return false;
	}
	if (*reg(vb, REG_CONFIG) != 1u || is_locked(vb, addr, 4)) {
		vb_find(vb, *reg(vb, REG_CONFIG) != 1u ? HF_R_VB_STORE_MODE : HF_R_VB_PROTECTED, addr, value, true, false);
		return true;
	}
	before = hf_get32le(bytes);
	after = before & value;
	credit = credit_of(vb, addr);
	if (*credit >= WRITES_A_WORD) {
		vb->s.n.overwrites++;
		vb_find(vb, HF_R_VB_OVERWRITE, addr, value, true, false);
	}
	vb_flash_touched(vb, addr, 4);
	if (vb_op_begin(vb, VB_OP_WORD, addr, &variant)) {
		*credit = (uint8_t)(*credit + (variant != VB_CUT_NONE));
		word_torn(vb, addr, before, after, variant);
		vb_cut_now(vb, VB_OP_WORD, addr, variant);
		return true;
	}
	if (*credit < 255)
		++*credit;
	hf_put32le(bytes, after);
	vb_weak_clear(vb, addr, 4, value);
	vb_op_end(vb, VB_OP_WORD, addr, vb->board->write_unit_us * 1000ull);
	return true;
}

/* ---- erase ---- */

static void page_torn(struct vb *vb, uint32_t addr, enum vb_variant variant)
{
	uint8_t *page = vb_nvm(vb, addr);

	if (variant == VB_CUT_DONE)
		memset(page, 0xff, VB_PAGE_BYTES);
	if (variant == VB_CUT_PREFIX)
		memset(page, 0xff, VB_PAGE_BYTES / 2);
	for (uint32_t off = 0; off < VB_PAGE_BYTES; off += 4) {
		uint32_t word = hf_get32le(page + off);
		if (variant == VB_CUT_PARTIAL || variant == VB_CUT_HALF || variant == VB_CUT_SUBSET)
			hf_put32le(page + off, word | vb_random(vb));
		else if (variant == VB_CUT_RANDOM)
			hf_put32le(page + off, vb_random(vb));
		else if ((variant == VB_CUT_UNSTABLE || variant == VB_CUT_FAULT) && word != 0xffffffffu && addr < vb->board->flash_bytes)
			vb_weak_set(vb, addr + off, 4, ~word);
	}
}

static void page_erased(struct vb *vb, uint32_t addr)
{
	memset(vb_nvm(vb, addr), 0xff, VB_PAGE_BYTES);
	memset(credit_of(vb, addr), 0, VB_PAGE_BYTES / 4);
	vb_weak_clear(vb, addr, VB_PAGE_BYTES, 0);
}

static void erase(struct vb *vb, uint32_t addr, uint64_t ns)
{
	enum vb_variant variant;

	if (vb_nvm(vb, addr) == NULL || addr % VB_PAGE_BYTES != 0) {
		vb_find(vb, HF_R_VB_STORE_SHAPE, addr, 0, true, false);
		return;
	}
	if (*reg(vb, REG_CONFIG) != 2u || is_locked(vb, addr, VB_PAGE_BYTES)) {
		vb_find(vb, *reg(vb, REG_CONFIG) != 2u ? HF_R_VB_STORE_MODE : HF_R_VB_PROTECTED, addr, 0, true, false);
		return;
	}
	if (addr < vb->board->flash_bytes)
		vb_flash_touched(vb, addr, VB_PAGE_BYTES);
	if (vb_op_begin(vb, VB_OP_ERASE, addr, &variant)) {
		if (variant != VB_CUT_NONE && variant != VB_CUT_ONES)
			vb_wear_add(vb, addr, addr / VB_PAGE_BYTES);
		page_torn(vb, addr, variant);
		vb_cut_now(vb, VB_OP_ERASE, addr, variant);
		return;
	}
	page_erased(vb, addr);
	vb_op_end(vb, VB_OP_ERASE, addr, ns);
}

/* The page is undefined until the parts add up; here: unchanged, then erased. */
static void erase_part(struct vb *vb, uint32_t addr)
{
	uint32_t part_ms = *reg(vb, REG_PARTIALCFG) & 0x7fu, whole_ms = vb->board->sector_erase_us / 1000u;

	if (*reg(vb, REG_PARTIALPAGE) != addr)
		*reg(vb, REG_PARTIALSUM) = 0;
	*reg(vb, REG_PARTIALPAGE) = addr;
	*reg(vb, REG_PARTIALSUM) += part_ms;
	if (*reg(vb, REG_PARTIALSUM) >= whole_ms) {
		*reg(vb, REG_PARTIALSUM) = 0;
		erase(vb, addr, part_ms * 1000000ull);
	} else {
		vb_stall(vb, part_ms * 1000000ull, true);
	}
}

static void erase_all(struct vb *vb)
{
	for (uint32_t addr = 0; addr < vb->board->flash_bytes; addr += VB_PAGE_BYTES)
		page_erased(vb, addr);
	page_erased(vb, vb->chip->uicr_addr);
	vb_flash_touched(vb, 0, vb->board->flash_bytes);
	vb_stall(vb, 169000000ull, true);
}

/* ---- registers ---- */

static uint32_t nvmc_read(struct vb *vb, uint32_t unit, uint32_t off)
{
	(void)unit;
	if (off == 0x400u || off == 0x408u)
		return 1;
	return *reg(vb, off);
}

static void acl_write(struct vb *vb, uint32_t off, uint32_t value)
{
	uint32_t *word = reg(vb, off);

	/* Write-once until reset; PERM bits can only be added. */
	if ((off & 0xcu) == 8u)
		*word |= value & 6u;
	else if (*word == 0 && (off & 0xcu) != 0xcu)
		*word = value;
}

static void nvmc_write(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value)
{
	(void)unit;
	if (off >= REG_ACL)
		acl_write(vb, off, value);
	else if (off == REG_ERASEPAGE)
		erase(vb, value, vb->board->sector_erase_us * 1000ull);
	else if (off == REG_ERASEPARTIAL)
		erase_part(vb, value);
	else if (off == REG_ERASEUICR && (value & 1u) != 0)
		erase(vb, vb->chip->uicr_addr, vb->board->sector_erase_us * 1000ull);
	else if (off == REG_ERASEALL && (value & 1u) != 0 && *reg(vb, REG_CONFIG) == 2u)
		erase_all(vb);
	else if (off == REG_CONFIG)
		*reg(vb, off) = value & 3u;
	else if (off == 0x548u || off == 0x54cu)
		*reg(vb, off) = 0;
}

static const struct vb_reg nvmc_regs[] = {
	{ 0x400, VB_R_CALL, 1, 0 }, { 0x408, VB_R_CALL, 1, 0 }, { 0x504, VB_R_CALL, 3, 0 }, { 0x510, VB_R_CALL, 1, 0 },
	{ 0x514, VB_R_CALL, 2, 0 }, { 0x51c, VB_R_RW, 1, 10 }, { 0x540, VB_R_RW, 1, 0 }, { 0x548, VB_R_CALL, 2, 0 },
	{ 0x800, VB_R_CALL, 32, 0 },
};
const struct vb_kind vb_kind_nvmc = { .name = "NVMC", .regs = nvmc_regs, .reg_count = HF_ARRAY_COUNT(nvmc_regs), .read = nvmc_read,
	.write = nvmc_write };

/* Flash that came from a file: every word that isn't blank has been written once. */
void vb_nvmc_count_credits(struct vb *vb)
{
	for (uint32_t addr = 0; addr < vb->board->flash_bytes; addr += 4)
		vb->credit[addr / 4u] = hf_get32le(vb->flash + addr) != 0xffffffffu;
}
