/* SPDX-License-Identifier: MIT */
/* nor.c - the board's external flash chip, by its commands: one byte in, one byte out, between chip selects.
 *
 * Shapes   What a chip does with a command it does at the end of chip select: write enable, sleep, program, erase. A program or an
 *          erase is one operation (VB_OP_PAGE, VB_OP_SECTOR); its result is in the cells at once, the busy time follows.
 * Order    Busy: only the status is answered. Asleep (deep power-down): only the release, ABh, and its signature.
 * Cut      In the operation: as its variant says, see page_torn and sector_torn. A power loss of another cause while the chip is busy
 *          leaves what was under way PARTIAL. A reset of the processor is none of the chip's business: it goes on.
 * Limits   No SFDP (reads ones), no suspend, no block protection. Waiting on the status jumps to the end of the busy time at the third
 *          look. Ignored commands are found (HF-1225).
 * Source   JEDEC JESD216; MX25R6435F data sheet, command set; facts on both chips in boards/<board>/board.h. Torn pages: as for NOR in
 *          general, a program leaves any part of its bits cleared, an erase leaves its block undefined.
 */
#include "internal.h"

#include <stdlib.h>

#define PAGE_BYTES 256u
#define POLLS_BEFORE_JUMP 2u
#define STATUS_WRITE_NS 10000000u
#define SIGNATURE 0x14u

static const char *const names[VB_EXTERNALS] = { "good", "absent", "sleeping", "stuck", "unreadable", "other", "busy" };

const char *vb_external_name(enum vb_external external)
{
	return names[external];
}

bool vb_external_of(const char *name, enum vb_external *external)
{
	for (uint32_t i = 0; i < VB_EXTERNALS; i++) {
		if (strcmp(names[i], name) == 0) {
			*external = (enum vb_external)i;
			return true;
		}
	}
	return false;
}

static struct vb_nor_state *state(struct vb *vb)
{
	return &vb->s.nor;
}

static const struct board_external *part(const struct vb *vb)
{
	return &vb->board->external;
}

static uint32_t flash_addr(uint32_t off)
{
	return BOARD_EXTERNAL_ADDR + off;
}

static bool is_busy(struct vb *vb)
{
	return state(vb)->external == VB_EXTERNAL_BUSY || vb_now(vb) < state(vb)->busy_ns;
}

static void touched(struct vb *vb, uint32_t end)
{
	if (end > state(vb)->touched_bytes)
		state(vb)->touched_bytes = end;
}

/* ---- operations ---- */

static void under_way(struct vb *vb, uint32_t off, uint32_t size_bytes, uint64_t ns)
{
	struct vb_nor_state *s = state(vb);

	s->busy_ns = vb_now(vb) + ns;
	s->polls = 0;
	s->op_off = off;
	s->op_bytes = size_bytes <= sizeof s->old ? size_bytes : sizeof s->old;
	vb->s.n.flash_ns += ns;
	vb->s.n.external_ns += ns;
}

/* was: what the bytes read before; now they hold what they were to become. */
static void torn(struct vb *vb, uint32_t off, uint32_t size_bytes, const uint8_t *was, bool is_erase, enum vb_variant variant)
{
	for (uint32_t i = 0; i < size_bytes; i++) {
		uint8_t *at = vb->external + off + i, changes = *at ^ was[i], random = (uint8_t)(vb_random(vb) >> 8);
		if (variant == VB_CUT_NONE || variant == VB_CUT_ONES || (variant == VB_CUT_PREFIX && i >= size_bytes / 2u))
			*at = was[i];
		else if (variant == VB_CUT_PARTIAL || variant == VB_CUT_HALF || variant == VB_CUT_SUBSET)
			*at = was[i] ^ (changes & random);
		else if (variant == VB_CUT_RANDOM)
			*at = is_erase ? random : was[i] & (uint8_t)(random | ~changes);
		else if (variant == VB_CUT_UNSTABLE || variant == VB_CUT_FAULT)
			*at = was[i];
	}
	for (uint32_t i = 0; i < size_bytes && (variant == VB_CUT_UNSTABLE || variant == VB_CUT_FAULT); i += 4) {
		uint32_t after = is_erase ? 0xffffffffu : hf_get32le(state(vb)->wanted + i % sizeof state(vb)->wanted);
		uint32_t mask = hf_get32le(was + i) ^ after;
		if (mask != 0)
			vb_weak_set(vb, flash_addr(off + i), 4, mask);
	}
}

static void sector_wear(struct vb *vb, uint32_t off, uint32_t size_bytes)
{
	for (uint32_t at = off; at < off + size_bytes; at += VB_PAGE_BYTES) {
		uint32_t *wear = &vb->external_wear[at / VB_PAGE_BYTES];
		if (++*wear > vb->s.n.external_wear_max)
			vb->s.n.external_wear_max = *wear;
	}
}

/* Bytes beyond the page's end go to its start; bits go 1 -> 0 only. */
static void program(struct vb *vb)
{
	struct vb_nor_state *s = state(vb);
	uint32_t off = s->addr & ~(PAGE_BYTES - 1u), first = s->addr % PAGE_BYTES, count = s->data_bytes < PAGE_BYTES ? s->data_bytes : PAGE_BYTES;
	enum vb_variant variant;
	bool cut;

	cut = vb_op_begin(vb, VB_OP_PAGE, flash_addr(s->addr), &variant);
	touched(vb, off + PAGE_BYTES);
	memcpy(s->old, vb->external + off, PAGE_BYTES);
	for (uint32_t i = 0; i < count; i++)
		vb->external[off + (first + i) % PAGE_BYTES] &= s->page[(first + i) % PAGE_BYTES];
	memcpy(s->wanted, vb->external + off, PAGE_BYTES);
	if (cut) {
		s->op_bytes = 0;
		torn(vb, off, PAGE_BYTES, s->old, false, variant);
		vb_cut_now(vb, VB_OP_PAGE, flash_addr(s->addr), variant);
		return;
	}
	for (uint32_t i = 0; i < PAGE_BYTES; i += 4)
		vb_weak_clear(vb, flash_addr(off + i), 4, hf_get32le(vb->external + off + i));
	s->op_is_erase = false;
	under_way(vb, off, PAGE_BYTES, part(vb)->page_us * 1000ull);
}

static void erase(struct vb *vb, uint32_t off, uint32_t size_bytes)
{
	struct vb_nor_state *s = state(vb);
	uint32_t kept = size_bytes < sizeof s->old ? size_bytes : (uint32_t)sizeof s->old;
	enum vb_variant variant;
	bool cut;

	off &= ~(size_bytes - 1u);
	cut = vb_op_begin(vb, VB_OP_SECTOR, flash_addr(off), &variant);
	memcpy(s->old, vb->external + off, kept);
	memset(vb->external + off, 0xff, size_bytes);
	touched(vb, off + size_bytes);
	if (!cut || (variant != VB_CUT_NONE && variant != VB_CUT_ONES))
		sector_wear(vb, off, size_bytes);
	if (cut) {
		s->op_bytes = 0;
		torn(vb, off, kept, s->old, true, variant);
		vb_cut_now(vb, VB_OP_SECTOR, flash_addr(off), variant);
		return;
	}
	vb_weak_clear(vb, flash_addr(off), size_bytes, 0);
	s->op_is_erase = true;
	/* Larger blocks take longer, though not in proportion; here at most as ten sectors (MX25R6435F: 64 KB in ten times 4 KB's time). */
	under_way(vb, off, size_bytes, part(vb)->erase_us * 1000ull * (size_bytes / VB_PAGE_BYTES > 10u ? 10u : size_bytes / VB_PAGE_BYTES));
}

static void write_status(struct vb *vb)
{
	struct vb_nor_state *s = state(vb);

	if (part(vb)->quad_enable == 1 && s->data_bytes >= 1)
		s->is_quad = (s->page[0] & 0x40u) != 0;
	if (part(vb)->quad_enable == 2 && s->data_bytes >= 2)
		s->is_quad = (s->page[1] & 0x02u) != 0;
	s->op_bytes = 0;
	s->busy_ns = vb_now(vb) + STATUS_WRITE_NS;
	s->polls = 0;
}

/* ---- commands ---- */

static void ignored(struct vb *vb)
{
	vb_find(vb, HF_R_VB_EXTERNAL_IGNORED, flash_addr(state(vb)->addr), state(vb)->opcode, true, false);
}

/* Bytes of address and of nothing before the data. */
static uint32_t lead_bytes(uint8_t opcode)
{
	switch (opcode) {
	case 0x03: case 0x02: case 0x32: case 0x38: case 0x20: case 0x52: case 0xd8: case 0x81: case 0xab:
		return 3;
	case 0x0b: case 0x3b: case 0x6b: case 0xbb: case 0x5a:
		return 4;
	case 0xeb:
		return 6;
	default:
		return 0;
	}
}

static uint8_t status(struct vb *vb, uint8_t opcode)
{
	struct vb_nor_state *s = state(vb);
	bool busy = is_busy(vb);

	vb_not_idle(vb);
	if (busy && s->external != VB_EXTERNAL_BUSY && s->polls++ >= POLLS_BEFORE_JUMP) {
		vb_stall(vb, s->busy_ns - vb_now(vb), false);
		busy = false;
	}
	if (opcode == 0x35)
		return part(vb)->quad_enable == 2 && s->is_quad ? 0x02 : 0;
	return (uint8_t)((busy ? 1u : 0) | (s->wel ? 2u : 0) | (part(vb)->quad_enable == 1 && s->is_quad ? 0x40u : 0));
}

static uint8_t cell(struct vb *vb)
{
	struct vb_nor_state *s = state(vb);
	uint32_t off = (s->addr + s->data_bytes++) % part(vb)->size_bytes;
	uint8_t byte;

	if (s->external == VB_EXTERNAL_UNREADABLE)
		return (uint8_t)(vb_random(vb) >> 8);
	(void)vb_weak_read(vb, flash_addr(off), 1);
	byte = vb->external[off];
	/* Without the quad bit the chip does not drive IO2 and IO3. */
	return s->opcode == 0x6b || s->opcode == 0xeb ? (uint8_t)(byte | (s->is_quad ? 0 : 0xccu)) : byte;
}

static uint8_t data_byte(struct vb *vb, uint8_t out)
{
	struct vb_nor_state *s = state(vb);
	uint32_t id = part(vb)->jedec_id ^ (s->external == VB_EXTERNAL_OTHER ? 0x010203u : 0);

	switch (s->opcode) {
	case 0x05: case 0x35:
		return status(vb, s->opcode);
	case 0x9f:
		return (uint8_t)(id >> (16u - 8u * (s->data_bytes++ % 3u)));
	case 0xab:
		return SIGNATURE;
	case 0x03: case 0x0b: case 0x3b: case 0x6b: case 0xbb: case 0xeb:
		return cell(vb);
	case 0x01:
		if (s->data_bytes < PAGE_BYTES)
			s->page[s->data_bytes++] = out;
		return 0xff;
	case 0x02: case 0x32: case 0x38:
		s->page[(s->addr + s->data_bytes++) % PAGE_BYTES] = out;
		return 0xff;
	default:
		return 0xff;
	}
}

static bool answers(struct vb *vb, uint8_t opcode)
{
	const struct vb_nor_state *s = state(vb);

	if (s->external == VB_EXTERNAL_ABSENT)
		return false;
	if (s->is_asleep)
		return opcode == 0xab;
	if (vb_now(vb) < s->wake_ns)
		return false;
	return !is_busy(vb) || opcode == 0x05 || opcode == 0x35;
}

uint8_t vb_nor_byte(struct vb *vb, uint8_t out)
{
	struct vb_nor_state *s = state(vb);
	uint32_t at = s->count++;

	if (!s->is_selected || vb->brk != VB_B_NONE)
		return 0xff;
	if (at == 0) {
		s->opcode = out;
		s->addr = 0;
		s->data_bytes = 0;
		s->is_deaf = !answers(vb, out);
		return 0xff;
	}
	if (s->is_deaf)
		return 0xff;
	if (at <= lead_bytes(s->opcode)) {
		if (at <= 3)
			s->addr = (s->addr << 8 | out) % part(vb)->size_bytes;
		return 0xff;
	}
	return data_byte(vb, out);
}

static bool may_write(struct vb *vb, bool has_all)
{
	struct vb_nor_state *s = state(vb);
	bool may = s->wel && has_all;

	if (!may)
		ignored(vb);
	s->wel = false;
	return may;
}

static void deselected(struct vb *vb)
{
	struct vb_nor_state *s = state(vb);

	switch (s->opcode) {
	case 0x06: s->wel = true; break;
	case 0x04: s->wel = false; break;
	case 0xb9: s->is_asleep = true; break;
	case 0xab:
		if (s->is_asleep && s->external != VB_EXTERNAL_STUCK) {
			s->is_asleep = false;
			s->wake_ns = vb_now(vb) + part(vb)->wake_us * 1000ull;
		}
		break;
	case 0x01:
		if (may_write(vb, s->data_bytes != 0))
			write_status(vb);
		break;
	case 0x02: case 0x32: case 0x38:
		if (may_write(vb, s->data_bytes != 0))
			program(vb);
		break;
	case 0x20:
		if (may_write(vb, s->count == 4))
			erase(vb, s->addr, 4096);
		break;
	case 0x52:
		if (may_write(vb, s->count == 4))
			erase(vb, s->addr, 32768);
		break;
	case 0xd8:
		if (may_write(vb, s->count == 4))
			erase(vb, s->addr, 65536);
		break;
	case 0x60: case 0xc7:
		if (may_write(vb, s->count == 1))
			erase(vb, 0, part(vb)->size_bytes);
		break;
	default: break;
	}
}

void vb_nor_select(struct vb *vb, bool selected)
{
	struct vb_nor_state *s = state(vb);
	bool ends = s->is_selected && !selected && s->count != 0;

	s->is_selected = selected;
	if (ends && vb->brk == VB_B_NONE) {
		if (!s->is_deaf)
			deselected(vb);
		else if (s->external != VB_EXTERNAL_ABSENT && (s->opcode == 0x06 || lead_bytes(s->opcode) != 0) && s->opcode != 0xab)
			ignored(vb); /* asking who is there, or for the status, is nobody's mistake */
	}
	if (selected)
		s->count = 0;
}

/* ---- power, and the host's side ---- */

void vb_nor_power(struct vb *vb, bool on)
{
	struct vb_nor_state *s = state(vb);

	if (part(vb)->kind == 0)
		return;
	if (!on && s->op_bytes != 0 && vb_now(vb) < s->busy_ns)
		torn(vb, s->op_off, s->op_bytes, s->old, s->op_is_erase, VB_CUT_PARTIAL);
	s->op_bytes = 0;
	s->busy_ns = 0;
	s->wake_ns = 0;
	s->wel = s->is_selected = false;
	s->is_asleep = s->external == VB_EXTERNAL_SLEEPING || s->external == VB_EXTERNAL_STUCK;
}

bool vb_nor_make(struct vb *vb)
{
	uint32_t size = part(vb)->size_bytes;

	state(vb)->is_quad = true; /* as Zephyr's driver leaves the chip on its first start */
	if (part(vb)->kind == 0)
		return true;
	vb->external = malloc(size);
	vb->external_wear = calloc(size / VB_PAGE_BYTES, sizeof *vb->external_wear);
	if (vb->external == NULL || vb->external_wear == NULL)
		return false;
	memset(vb->external, 0xff, size);
	return true;
}

void vb_external_set(struct vb *vb, enum vb_external external, bool is_quad)
{
	struct vb_nor_state *s = state(vb);

	s->external = external;
	s->is_quad = is_quad;
	s->is_asleep = external == VB_EXTERNAL_SLEEPING || external == VB_EXTERNAL_STUCK;
}

uint8_t *vb_external(struct vb *vb)
{
	return vb->external;
}

bool vb_external_is_asleep(struct vb *vb)
{
	return state(vb)->is_asleep;
}

void vb_external_changed(struct vb *vb, uint32_t off, uint32_t size_bytes)
{
	touched(vb, off + size_bytes);
	vb_weak_clear(vb, flash_addr(off), size_bytes, 0);
}
