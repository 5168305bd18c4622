/* SPDX-License-Identifier: MIT */
/* rramc.c - the RRAM controller of the nRF54L15: lines of 16 bytes, a volatile write buffer, no erase.
 *
 * Shapes   A buffered store is visible to the CPU at once and durable only after its line was committed; until then the line's old
 *          bytes are kept aside, to come back at a reset or cut. A commit is one operation a line, lowest address first.
 * Order    COMMITWRITEBUF returns at once; lines are committed one every write_unit_us, READY reads 0 meanwhile. A store beyond
 *          the buffer's window, or one that fills it, commits with the bus stalled. READYNEXTTIMEOUT, when enabled, commits, too.
 * Limits   Reading a buffered line doesn't commit it (the chip does): nothing becomes durable that firmware did not ask for. A
 *          store with WEN = 0 or into a protected region is dropped with ACCESSERROR and found. Read and execute protection of
 *          REGION[4] are stored, not enforced. Loss of the buffer at a soft reset is assumed.
 * Cut      See line_torn; every other buffered line is lost (variant subset: a random part of them is committed).
 * Source   nRF54L15 data sheet, RRAMC; zephyrproject-rtos/zephyr: drivers/flash/soc_flash_nrf_rram.c (order of commit and WEN).
 */
#include "internal.h"

#define LINE_BYTES 16u
#define REG_EV_READY 0x104u
#define REG_EV_READYNEXT 0x108u
#define REG_EV_ACCESSERROR 0x10cu
#define REG_ACCESSERRORADDR 0x408u
#define REG_CONFIG 0x500u
#define REG_TIMEOUT 0x50cu
#define REG_ERASEALL 0x540u
#define REG_REGION4 0x570u
#define UNBUFFERED_NS 65000ull

static struct vb_rramc_state *state(struct vb *vb)
{
	return &vb->s.unit[vb->nvm_unit].u.rramc;
}

static uint32_t *reg(struct vb *vb, uint32_t off)
{
	return vb_word(vb, vb->nvm_unit, off);
}

/* ---- one line ---- */

static void line_torn(struct vb *vb, uint32_t addr, const uint8_t *before, enum vb_variant variant)
{
	uint8_t *line = vb_nvm(vb, addr);

	if (variant == VB_CUT_UNSTABLE || variant == VB_CUT_FAULT) {
		for (uint32_t i = 0; i < LINE_BYTES; i += 4) {
			uint32_t mask = hf_get32le(before + i) ^ hf_get32le(line + i);
			vb_weak_set(vb, addr + i, 4, variant == VB_CUT_FAULT ? 0 : (mask != 0 ? mask : vb_random(vb) | 1u));
		}
		return;
	}
	for (uint32_t i = 0; i < LINE_BYTES; i++) {
		uint8_t random = (uint8_t)(vb_random(vb) >> 8), changes = before[i] ^ line[i];
		if (variant == VB_CUT_NONE || (variant == VB_CUT_PREFIX && i >= LINE_BYTES / 2))
			line[i] = before[i];
		else if (variant == VB_CUT_PARTIAL || variant == VB_CUT_HALF || variant == VB_CUT_SUBSET)
			line[i] = before[i] ^ (changes & random);
		else if (variant == VB_CUT_RANDOM)
			line[i] = random;
		else if (variant == VB_CUT_ONES)
			line[i] = 0xff;
	}
}

/* Takes the buffered line of the lowest address out of the buffer. */
static struct vb_line take_lowest(struct vb_rramc_state *rram)
{
	uint32_t lowest = 0;
	struct vb_line line;

	for (uint32_t i = 1; i < rram->lines; i++) {
		if (rram->line[i].addr < rram->line[lowest].addr)
			lowest = i;
	}
	line = rram->line[lowest];
	rram->line[lowest] = rram->line[--rram->lines];
	return line;
}

static void put_back(struct vb *vb, const struct vb_line *line)
{
	memcpy(vb_nvm(vb, line->addr), line->old, LINE_BYTES);
	if (line->addr < vb->board->flash_bytes)
		vb_flash_touched(vb, line->addr, LINE_BYTES);
}

static void lose_rest(struct vb *vb, bool some_survive)
{
	struct vb_rramc_state *rram = state(vb);

	while (rram->lines != 0) {
		struct vb_line line = take_lowest(rram);
		if (some_survive && (vb_random(vb) & 1u) != 0) {
			vb_wear_add(vb, line.addr, line.addr / LINE_BYTES);
			continue;
		}
		put_back(vb, &line);
		vb->s.n.lost_lines++;
	}
	rram->committing = false;
}

/* The bytes of the line are in flash already, line->old is what was there. False: the power was cut. */
static bool commit(struct vb *vb, const struct vb_line *line, uint64_t ns, bool stalls)
{
	enum vb_variant variant;

	if (vb_op_begin(vb, VB_OP_LINE, line->addr, &variant)) {
		if (variant != VB_CUT_NONE)
			vb_wear_add(vb, line->addr, line->addr / LINE_BYTES);
		line_torn(vb, line->addr, line->old, variant);
		lose_rest(vb, variant == VB_CUT_SUBSET);
		vb_cut_now(vb, VB_OP_LINE, line->addr, variant);
		return false;
	}
	vb_weak_clear(vb, line->addr, LINE_BYTES, 0);
	if (stalls) {
		vb_op_end(vb, VB_OP_LINE, line->addr, ns);
	} else {
		vb->s.n.flash_ns += ns;
		vb_wear_add(vb, line->addr, line->addr / LINE_BYTES);
	}
	return true;
}

static bool commit_all(struct vb *vb)
{
	struct vb_rramc_state *rram = state(vb);

	while (rram->lines != 0) {
		struct vb_line line = take_lowest(rram);
		if (!commit(vb, &line, vb->board->write_unit_us * 1000ull, true))
			return false;
	}
	rram->committing = false;
	vb_due(vb, vb->nvm_unit, VB_NEVER);
	*reg(vb, REG_EV_READY) = 1;
	return true;
}

/* ---- stores ---- */

static bool is_locked(struct vb *vb, uint32_t addr)
{
	for (uint32_t n = 3; n <= 4; n++) {
		uint32_t start = *reg(vb, 0x550u + 8u * n), config = *reg(vb, 0x554u + 8u * n), size = (config >> 16 & 0x1fu) * 1024u;
		if (size == 0 || addr - start >= size)
			continue;
		if ((config & 2u) == 0)
			return true;
		if ((config & 0x1000u) != 0 && hf_get32le(vb_nvm(vb, addr & ~3u)) != 0xffffffffu)
			return true;
	}
	return addr >= vb->chip->uicr_addr && hf_get32le(vb_nvm(vb, addr & ~3u)) != 0xffffffffu;
}

static void refuse(struct vb *vb, enum hf_reason reason, uint32_t addr, uint32_t value)
{
	if (*reg(vb, REG_ACCESSERRORADDR) == 0x00ffffffu)
		*reg(vb, REG_ACCESSERRORADDR) = addr;
	vb_event(vb, vb->nvm_unit, REG_EV_ACCESSERROR);
	vb_find(vb, reason, addr, value, true, false);
}

static struct vb_line *line_of(struct vb *vb, uint32_t addr)
{
	struct vb_rramc_state *rram = state(vb);

	for (uint32_t i = 0; i < rram->lines; i++) {
		if (rram->line[i].addr == addr)
			return &rram->line[i];
	}
	rram->line[rram->lines] = (struct vb_line){ .addr = addr };
	memcpy(rram->line[rram->lines].old, vb_nvm(vb, addr), LINE_BYTES);
	return &rram->line[rram->lines++];
}

static bool is_full(const struct vb_rramc_state *rram, uint32_t capacity)
{
	if (rram->lines != capacity)
		return false;
	for (uint32_t i = 0; i < rram->lines; i++) {
		if (rram->line[i].written != 0xffffu)
			return false;
	}
	return true;
}

static void timeout_arm(struct vb *vb)
{
	uint32_t timeout = *reg(vb, REG_TIMEOUT);

	if (!state(vb)->committing && (timeout & 0x80000000u) != 0)
		vb_due(vb, vb->nvm_unit, vb_now(vb) + (uint64_t)(timeout & 0xfffu) * 1000000u / vb->s.khz + 1u);
}

static bool store_buffered(struct vb *vb, uint32_t addr, uint32_t size_bytes, const uint8_t *bytes, uint32_t capacity)
{
	struct vb_rramc_state *rram = state(vb);
	uint32_t line_addr = addr & ~(LINE_BYTES - 1u), in_line = addr % LINE_BYTES;
	struct vb_line *line;

	/* The bus waits while a commit is under way, and for the window to be free. */
	if (rram->committing || (rram->lines != 0 && line_addr - rram->window >= capacity * LINE_BYTES)) {
		if (!commit_all(vb))
			return true;
	}
	if (rram->lines == 0)
		rram->window = line_addr;
	line = line_of(vb, line_addr);
	memcpy(vb_nvm(vb, addr), bytes, size_bytes);
	line->written = (uint16_t)(line->written | ((1u << size_bytes) - 1u) << in_line);
	if (is_full(rram, capacity))
		commit_all(vb);
	else
		timeout_arm(vb);
	return true;
}

bool vb_rramc_store(struct vb *vb, uint32_t addr, uint32_t size_bytes, uint32_t value)
{
	uint32_t config = *reg(vb, REG_CONFIG), capacity = config >> 8 & 0x3fu;
	uint8_t bytes[4];

	if (vb_nvm(vb, addr) == NULL) {
		vb_find(vb, HF_R_VB_READ_ONLY, addr, value, true, false);
		return false;
	}
	/* The emulator calls once with an unaligned store's size, then once a byte: the bytes count. */
	if (size_bytes > 4 || addr % size_bytes != 0)
		return true;
	if ((config & 1u) == 0 || is_locked(vb, addr)) {
		refuse(vb, (config & 1u) == 0 ? HF_R_VB_STORE_MODE : HF_R_VB_PROTECTED, addr, value);
		return true;
	}
	vb_not_idle(vb);
	hf_put32le(bytes, value);
	if (addr < vb->board->flash_bytes)
		vb_flash_touched(vb, addr, size_bytes);
	if (capacity != 0)
		return store_buffered(vb, addr, size_bytes, bytes, capacity < 32u ? capacity : 32u);
	{
		struct vb_line line = { .addr = addr & ~(LINE_BYTES - 1u) };
		memcpy(line.old, vb_nvm(vb, line.addr), LINE_BYTES);
		memcpy(vb_nvm(vb, addr), bytes, size_bytes);
		commit(vb, &line, UNBUFFERED_NS, true);
	}
	return true;
}

void vb_rramc_lose(struct vb *vb, bool is_bug)
{
	if (is_bug && state(vb)->lines != 0)
		vb_find(vb, HF_R_VB_BUFFER_LOST, state(vb)->line[0].addr, state(vb)->lines, true, false);
	lose_rest(vb, false);
}

/* ---- registers ---- */

static void commit_start(struct vb *vb)
{
	struct vb_rramc_state *rram = state(vb);

	if (rram->lines == 0) {
		vb_event(vb, vb->nvm_unit, REG_EV_READY);
		return;
	}
	if (!rram->committing) {
		rram->committing = true;
		vb_due(vb, vb->nvm_unit, vb_now(vb) + vb->board->write_unit_us * 1000ull);
	}
}

static void rramc_due(struct vb *vb, uint32_t unit)
{
	struct vb_rramc_state *rram = state(vb);
	struct vb_line line;

	if (!rram->committing) { /* READYNEXTTIMEOUT */
		commit_start(vb);
		return;
	}
	line = take_lowest(rram);
	if (!commit(vb, &line, vb->board->write_unit_us * 1000ull, false))
		return;
	if (rram->lines != 0) {
		vb_due(vb, unit, vb_now(vb) + vb->board->write_unit_us * 1000ull);
		return;
	}
	rram->committing = false;
	vb_event(vb, unit, REG_EV_READY);
	vb_event(vb, unit, REG_EV_READYNEXT);
}

static void rramc_task(struct vb *vb, uint32_t unit, uint32_t off)
{
	(void)unit;
	if (off == 0x004u)
		lose_rest(vb, false);
	else if (off == 0x008u)
		commit_start(vb);
	else
		vb_event(vb, vb->nvm_unit, 0x100u);
}

static uint32_t rramc_read(struct vb *vb, uint32_t unit, uint32_t off)
{
	(void)unit;
	vb_polled(vb);
	if (off == 0x418u)
		return state(vb)->lines == 0;
	return !state(vb)->committing;
}

static void erase_all(struct vb *vb)
{
	vb_rramc_lose(vb, false);
	memset(vb->flash, 0xff, vb->board->flash_bytes);
	memset(vb->uicr, 0xff, VB_PAGE_BYTES);
	vb_flash_touched(vb, 0, vb->board->flash_bytes);
	*reg(vb, REG_ERASEALL) = 1;
}

static void rramc_write(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value)
{
	uint32_t *word = reg(vb, off);

	(void)unit;
	if (off == REG_ERASEALL) {
		if ((value & 1u) != 0 && (*reg(vb, REG_CONFIG) & 1u) != 0)
			erase_all(vb);
	} else if (off >= REG_REGION4) {
		uint32_t config = *reg(vb, REG_REGION4 + 4u);
		if ((config & 0x2000u) == 0)
			*word = value;
		else if (off == REG_REGION4 + 4u) /* locked: permissions may still be taken away */
			*word &= value | ~0xfu;
	}
}

static const struct vb_reg rramc_regs[] = {
	{ 0x000, VB_R_TASK, 3, 0 }, { 0x080, VB_R_RW, 3, 0 }, { 0x100, VB_R_EVENT, 4, 0 }, { 0x180, VB_R_RW, 1, 0 },
	{ 0x300, VB_R_INTEN, 1, 0 }, { 0x304, VB_R_INTENSET, 1, 0 }, { 0x308, VB_R_INTENCLR, 1, 0 }, { 0x30c, VB_R_RO, 1, 0 },
	{ 0x400, VB_R_CALL, 2, 0 }, { 0x408, VB_R_RW, 1, 0x00ffffff }, { 0x418, VB_R_CALL, 1, 0 }, { 0x420, VB_R_RW, 1, 0x00ffffff },
	{ 0x500, VB_R_RW, 1, 0 }, { 0x50c, VB_R_RW, 1, 0x80 }, { 0x510, VB_R_RW, 1, 0x100 }, { 0x514, VB_R_RW, 2, 0 },
	{ 0x540, VB_R_CALL, 1, 0 }, { 0x550, VB_R_RO, 1, 0 }, { 0x554, VB_R_RO, 1, 0x00041003 }, { 0x558, VB_R_RO, 1, 0 },
	{ 0x55c, VB_R_RO, 1, 0x0004100b }, { 0x560, VB_R_RO, 1, 0 }, { 0x564, VB_R_RO, 1, 0x0008002b }, { 0x568, VB_R_RO, 1, 0 },
	{ 0x56c, VB_R_RW, 1, 0xf }, { 0x570, VB_R_CALL, 1, 0 }, { 0x574, VB_R_CALL, 1, 0xf }, { 0x5a0, VB_R_RW, 1, 1 },
};

static uint32_t rramc_read_any(struct vb *vb, uint32_t unit, uint32_t off)
{
	return off >= 0x500u ? *reg(vb, off) : rramc_read(vb, unit, off);
}

const struct vb_kind vb_kind_rramc = { .name = "RRAMC", .regs = rramc_regs, .reg_count = HF_ARRAY_COUNT(rramc_regs),
	.task = rramc_task, .read = rramc_read_any, .write = rramc_write, .due = rramc_due };
