/* SPDX-License-Identifier: MIT */
/* periph_time.c - TIMER, RTC, GRTC: counters that follow virtual time, with compare events.
 *
 * Shapes   unit.arg: TIMER and RTC, number of compare channels. A counter is a base moment and the count it had then.
 * Limits   Timer mode only (no counter mode). TIMER base clock 16 MHz. GRTC: the system counter and compares; no sleep states.
 * Source   nRF52840 product specification, TIMER and RTC; nRF54L15 data sheet, GRTC (index 2 is the secure application's).
 */
#include "internal.h"

static struct vb_timer_state *state(struct vb *vb, uint32_t unit)
{
	return &vb->s.unit[unit].u.timer;
}

static uint32_t reg(struct vb *vb, uint32_t unit, uint32_t off)
{
	return *vb_word(vb, unit, off);
}

/* ticks of a clock of hz in ns, and back (rounded up), without overflow for years. */
static uint64_t ticks_of(uint64_t ns, uint64_t hz)
{
	return ns / 1000000000u * hz + ns % 1000000000u * hz / 1000000000u;
}

static uint64_t ns_of(uint64_t ticks, uint64_t hz)
{
	return ticks / hz * 1000000000u + (ticks % hz * 1000000000u + hz - 1u) / hz;
}

static uint64_t count_of(struct vb *vb, uint32_t unit, uint64_t hz)
{
	const struct vb_timer_state *t = state(vb, unit);

	return t->on ? t->base_count + ticks_of(vb_now(vb) - t->base_ns, hz) : t->base_count;
}

static void count_set(struct vb *vb, uint32_t unit, uint64_t count, bool on)
{
	*state(vb, unit) = (struct vb_timer_state){ .on = on, .base_ns = vb_now(vb), .base_count = count, .seen = count,
		.armed = state(vb, unit)->armed };
}

/* The count passed target after what was seen. A flash stall may have carried it far beyond. */
static bool is_passed(uint64_t seen, uint64_t count, uint64_t target, uint64_t mask)
{
	return ((target - seen - 1u) & mask) < ((count - seen) & mask);
}

/* The moment at which the masked count next equals target. */
static uint64_t next_match(struct vb *vb, uint32_t unit, uint64_t hz, uint64_t mask, uint64_t target)
{
	const struct vb_timer_state *t = state(vb, unit);
	uint64_t count = count_of(vb, unit, hz), delta = (target - count) & mask;

	if (delta == 0)
		delta = mask + 1u;
	return t->base_ns + ns_of(count + delta - t->base_count, hz);
}

/* ---- TIMER ---- */

static uint64_t timer_hz(struct vb *vb, uint32_t unit)
{
	uint32_t prescaler = reg(vb, unit, 0x510u) & 0xfu;

	return 16000000u >> (prescaler < 10u ? prescaler : 9u);
}

static uint64_t timer_mask(struct vb *vb, uint32_t unit)
{
	static const uint64_t masks[4] = { 0xffff, 0xff, 0xffffff, 0xffffffff };

	return masks[reg(vb, unit, 0x508u) & 3u];
}

static void timer_arm(struct vb *vb, uint32_t unit)
{
	uint64_t due = VB_NEVER;

	state(vb, unit)->seen = count_of(vb, unit, timer_hz(vb, unit));
	for (uint32_t i = 0; state(vb, unit)->on && i < vb->chip->units[unit].arg; i++) {
		uint64_t at;
		if ((state(vb, unit)->armed >> i & 1u) == 0)
			continue;
		at = next_match(vb, unit, timer_hz(vb, unit), timer_mask(vb, unit), reg(vb, unit, 0x540u + 4u * i));
		if (at < due)
			due = at;
	}
	vb_due(vb, unit, due);
}

static void timer_due(struct vb *vb, uint32_t unit)
{
	bool is_l = vb->chip->units[unit].kind == &vb_kind_timer_l;
	uint64_t count = count_of(vb, unit, timer_hz(vb, unit)), seen = state(vb, unit)->seen;
	uint32_t shorts = reg(vb, unit, 0x200u);

	for (uint32_t i = 0; i < vb->chip->units[unit].arg; i++) {
		if ((state(vb, unit)->armed >> i & 1u) == 0 ||
		    !is_passed(seen, count, reg(vb, unit, 0x540u + 4u * i), timer_mask(vb, unit)))
			continue;
		vb_event(vb, unit, 0x140u + 4u * i);
		if ((shorts >> i & 1u) != 0)
			count_set(vb, unit, 0, true);
		if ((shorts >> (i + (is_l ? 16u : 8u)) & 1u) != 0)
			count_set(vb, unit, count, false);
	}
	timer_arm(vb, unit);
}

static void timer_task(struct vb *vb, uint32_t unit, uint32_t off)
{
	uint64_t count = count_of(vb, unit, timer_hz(vb, unit));

	if (off == 0x000u)
		count_set(vb, unit, count, true);
	else if (off == 0x004u || off == 0x010u)
		count_set(vb, unit, off == 0x010u ? 0 : count, false);
	else if (off == 0x00cu)
		count_set(vb, unit, 0, state(vb, unit)->on);
	else if (off >= 0x040u)
		*vb_word(vb, unit, 0x540u + (off - 0x040u)) = (uint32_t)(count & timer_mask(vb, unit));
	if (off < 0x040u)
		timer_arm(vb, unit);
}

static uint32_t timer_read(struct vb *vb, uint32_t unit, uint32_t off)
{
	vb_polled(vb);
	return reg(vb, unit, off);
}

static void timer_write(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value)
{
	*vb_word(vb, unit, off) = value;
	if (off >= 0x540u)
		state(vb, unit)->armed |= 1u << ((off - 0x540u) / 4u);
	timer_arm(vb, unit);
}

static const struct vb_reg timer_regs[] = {
	{ 0x000, VB_R_TASK, 5, 0 }, { 0x040, VB_R_TASK, 8, 0 }, { 0x080, VB_R_RW, 24, 0 }, { 0x140, VB_R_EVENT, 8, 0 }, { 0x1c0, VB_R_RW, 8, 0 },
	{ 0x200, VB_R_RW, 1, 0 }, { 0x300, VB_R_INTEN, 1, 0 }, { 0x304, VB_R_INTENSET, 1, 0 }, { 0x308, VB_R_INTENCLR, 1, 0 },
	{ 0x504, VB_R_RW, 1, 0 }, { 0x508, VB_R_CALL, 1, 0 }, { 0x510, VB_R_CALL, 1, 4 }, { 0x540, VB_R_CALL, 8, 0 }, { 0x580, VB_R_RW, 8, 0 },
};
const struct vb_kind vb_kind_timer = { .name = "TIMER", .regs = timer_regs, .reg_count = HF_ARRAY_COUNT(timer_regs),
	.task = timer_task, .read = timer_read, .write = timer_write, .due = timer_due };
const struct vb_kind vb_kind_timer_l = { .name = "TIMER", .regs = timer_regs, .reg_count = HF_ARRAY_COUNT(timer_regs),
	.task = timer_task, .read = timer_read, .write = timer_write, .due = timer_due };

/* ---- RTC ---- */

/* PRESCALER divides 32,768 Hz by up to 4096: count in 32 kHz ticks, shown divided. */
static uint64_t rtc_divider(struct vb *vb, uint32_t unit)
{
	return (reg(vb, unit, 0x508u) & 0xfffu) + 1u;
}

static uint32_t rtc_count(struct vb *vb, uint32_t unit)
{
	return (uint32_t)(count_of(vb, unit, 32768u) / rtc_divider(vb, unit)) & 0xffffffu;
}

static void rtc_arm(struct vb *vb, uint32_t unit)
{
	const struct vb_timer_state *t = state(vb, unit);
	uint32_t enabled = reg(vb, unit, 0x300u) | reg(vb, unit, 0x340u);
	uint64_t divider = rtc_divider(vb, unit), count = count_of(vb, unit, 32768u), due = VB_NEVER;

	state(vb, unit)->seen = rtc_count(vb, unit);
	for (uint32_t i = 0; t->on && i < 2u + vb->chip->units[unit].arg; i++) {
		uint32_t bit = i < 2 ? i : 14u + i, target, ahead;
		uint64_t at;
		if ((enabled >> bit & 1u) == 0)
			continue;
		target = i == 0 ? rtc_count(vb, unit) + 1u : (i == 1 ? 0u : reg(vb, unit, 0x540u + 4u * (i - 2u)));
		ahead = (target - rtc_count(vb, unit)) & 0xffffffu;
		if (ahead == 0)
			ahead = 0x1000000u;
		at = t->base_ns + ns_of((count / divider + ahead) * divider - t->base_count, 32768u);
		if (at < due)
			due = at;
	}
	vb_due(vb, unit, due);
}

static void rtc_due(struct vb *vb, uint32_t unit)
{
	uint32_t enabled = reg(vb, unit, 0x300u) | reg(vb, unit, 0x340u), count = rtc_count(vb, unit);
	uint64_t seen = state(vb, unit)->seen;

	if ((enabled & 1u) != 0)
		vb_event(vb, unit, 0x100u);
	if ((enabled & 2u) != 0 && is_passed(seen, count, 0, 0xffffffu))
		vb_event(vb, unit, 0x104u);
	for (uint32_t i = 0; i < vb->chip->units[unit].arg; i++) {
		if ((enabled >> (16u + i) & 1u) != 0 && is_passed(seen, count, reg(vb, unit, 0x540u + 4u * i), 0xffffffu))
			vb_event(vb, unit, 0x140u + 4u * i);
	}
	rtc_arm(vb, unit);
}

static void rtc_task(struct vb *vb, uint32_t unit, uint32_t off)
{
	uint64_t count = count_of(vb, unit, 32768u);

	if (off == 0x008u)
		count = 0;
	else if (off == 0x00cu)
		count = 0xfffff0u * rtc_divider(vb, unit);
	count_set(vb, unit, count, off == 0x000u || (off >= 0x008u && state(vb, unit)->on));
	rtc_arm(vb, unit);
}

static uint32_t rtc_read(struct vb *vb, uint32_t unit, uint32_t off)
{
	if (off == 0x504u) {
		vb_polled(vb);
		return rtc_count(vb, unit);
	}
	return off < 0x504u ? reg(vb, unit, off & ~0xfu) : reg(vb, unit, off); /* SET and CLR read as the set itself */
}

static void rtc_write(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value)
{
	switch (off) {
	case 0x304: *vb_word(vb, unit, 0x300u) |= value; break;
	case 0x308: *vb_word(vb, unit, 0x300u) &= ~value; break;
	case 0x344: *vb_word(vb, unit, 0x340u) |= value; break;
	case 0x348: *vb_word(vb, unit, 0x340u) &= ~value; break;
	default: *vb_word(vb, unit, off) = value; break;
	}
	vb_unit_irq(vb, unit);
	rtc_arm(vb, unit);
}

static const struct vb_reg rtc_regs[] = {
	{ 0x000, VB_R_TASK, 4, 0 }, { 0x100, VB_R_EVENT, 2, 0 }, { 0x140, VB_R_EVENT, 4, 0 }, { 0x300, VB_R_CALL, 3, 0 },
	{ 0x340, VB_R_CALL, 3, 0 }, { 0x504, VB_R_CALL, 1, 0 }, { 0x508, VB_R_CALL, 1, 0 }, { 0x540, VB_R_CALL, 4, 0 },
};
const struct vb_kind vb_kind_rtc = { .name = "RTC", .regs = rtc_regs, .reg_count = HF_ARRAY_COUNT(rtc_regs), .task = rtc_task,
	.read = rtc_read, .write = rtc_write, .due = rtc_due };

/* ---- GRTC ---- */

#define GRTC_MODE 0x510u
#define GRTC_HZ 1000000u

static void grtc_arm(struct vb *vb, uint32_t unit)
{
	const struct vb_timer_state *t = state(vb, unit);
	uint64_t due = VB_NEVER, now = count_of(vb, unit, GRTC_HZ);

	for (uint32_t i = 0; i < 12; i++) {
		uint64_t at = (uint64_t)(reg(vb, unit, 0x524u + 16u * i) & 0xfffffu) << 32 | reg(vb, unit, 0x520u + 16u * i), ns;
		if ((reg(vb, unit, 0x52cu + 16u * i) & 1u) == 0 || (t->armed >> i & 1u) == 0)
			continue;
		ns = at <= now ? vb_now(vb) + 1u : t->base_ns + ns_of(at - t->base_count, GRTC_HZ);
		if (ns < due)
			due = ns;
	}
	vb_due(vb, unit, due);
}

static void grtc_due(struct vb *vb, uint32_t unit)
{
	uint64_t now = count_of(vb, unit, GRTC_HZ);

	for (uint32_t i = 0; i < 12; i++) {
		uint64_t at = (uint64_t)(reg(vb, unit, 0x524u + 16u * i) & 0xfffffu) << 32 | reg(vb, unit, 0x520u + 16u * i);
		if ((reg(vb, unit, 0x52cu + 16u * i) & 1u) == 0 || (state(vb, unit)->armed >> i & 1u) == 0 || at > now)
			continue;
		state(vb, unit)->armed &= ~(1u << i);
		*vb_word(vb, unit, 0x52cu + 16u * i) = 0; /* a compare that fired is disabled */
		vb_event(vb, unit, 0x100u + 4u * i);
	}
	grtc_arm(vb, unit);
}

static void grtc_task(struct vb *vb, uint32_t unit, uint32_t off)
{
	uint64_t count = count_of(vb, unit, GRTC_HZ);

	if (off < 0x030u) { /* CAPTURE */
		*vb_word(vb, unit, 0x520u + 4u * off) = (uint32_t)count;
		*vb_word(vb, unit, 0x524u + 4u * off) = (uint32_t)(count >> 32);
		return;
	}
	if (off == 0x068u)
		count_set(vb, unit, 0, state(vb, unit)->on);
	else
		count_set(vb, unit, count, off == 0x060u);
	grtc_arm(vb, unit);
}

static uint32_t grtc_read(struct vb *vb, uint32_t unit, uint32_t off)
{
	uint64_t count;

	if (off < 0x720u || off >= 0x760u || (off & 0xfu) > 4u)
		return reg(vb, unit, off);
	vb_polled(vb);
	count = count_of(vb, unit, GRTC_HZ);
	if ((off & 0xfu) == 0u)
		return (uint32_t)count;
	/* Busy until the system counter is enabled. */
	return (uint32_t)(count >> 32) | ((reg(vb, unit, GRTC_MODE) & 2u) == 0 ? 0x40000000u : 0u);
}

static void grtc_write(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value)
{
	uint32_t channel = (off - 0x520u) / 16u;

	if (off >= 0x520u && off < 0x5e0u && (off & 0xfu) == 8u) { /* CCADD: relative */
		uint64_t from = (value & 0x80000000u) == 0 ? count_of(vb, unit, GRTC_HZ) :
			(uint64_t)reg(vb, unit, off - 4u) << 32 | reg(vb, unit, off - 8u);
		from += value & 0x7fffffffu;
		*vb_word(vb, unit, off - 8u) = (uint32_t)from;
		*vb_word(vb, unit, off - 4u) = (uint32_t)(from >> 32) & 0xfffffu;
		*vb_word(vb, unit, off + 4u) = 1;
		state(vb, unit)->armed |= 1u << channel;
	} else {
		*vb_word(vb, unit, off) = value;
		if (off >= 0x520u && off < 0x5e0u) {
			state(vb, unit)->armed |= 1u << channel;
			if ((off & 0xfu) == 4u) /* writing the high word enables the compare */
				*vb_word(vb, unit, off + 8u) = 1;
		}
		if (off == GRTC_MODE && (value & 2u) != 0 && !state(vb, unit)->on)
			count_set(vb, unit, count_of(vb, unit, GRTC_HZ), true);
	}
	grtc_arm(vb, unit);
}

static const struct vb_reg grtc_regs[] = {
	{ 0x000, VB_R_TASK, 12, 0 }, { 0x030, VB_R_RW, 12, 0 }, { 0x060, VB_R_TASK, 3, 0 }, { 0x06c, VB_R_RW, 5, 0 }, { 0x080, VB_R_RW, 24, 0 },
	{ 0x100, VB_R_EVENT, 12, 0 }, { 0x164, VB_R_EVENT, 3, 0 }, { 0x180, VB_R_RW, 12, 0 },
	{ 0x200, VB_R_RW, 1, 0 },
	{ 0x300, VB_R_INTEN, 1, 0 }, { 0x304, VB_R_INTENSET, 1, 0 }, { 0x308, VB_R_INTENCLR, 1, 0 }, { 0x30c, VB_R_RO, 1, 0 },
	{ 0x310, VB_R_INTEN, 1, 0 }, { 0x314, VB_R_INTENSET, 1, 0 }, { 0x318, VB_R_INTENCLR, 1, 0 }, { 0x31c, VB_R_RO, 1, 0 },
	{ 0x320, VB_R_INTEN, 1, 0 }, { 0x324, VB_R_INTENSET, 1, 0 }, { 0x328, VB_R_INTENCLR, 1, 0 }, { 0x32c, VB_R_RO, 1, 0 },
	{ 0x330, VB_R_INTEN, 1, 0 }, { 0x334, VB_R_INTENSET, 1, 0 }, { 0x338, VB_R_INTENCLR, 1, 0 }, { 0x33c, VB_R_RO, 1, 0 },
	{ 0x400, VB_R_RW, 3, 0 }, { 0x510, VB_R_CALL, 1, 0 }, { 0x520, VB_R_CALL, 48, 0 }, { 0x6a0, VB_R_RW, 3, 0 }, { 0x6ac, VB_R_RW, 1, 1 },
	{ 0x6b0, VB_R_RW, 4, 1 }, { 0x710, VB_R_RW, 2, 0 }, { 0x718, VB_R_RW, 1, 0x10001 }, { 0x720, VB_R_CALL, 16, 0 },
};
const struct vb_kind vb_kind_grtc = { .name = "GRTC", .regs = grtc_regs, .reg_count = HF_ARRAY_COUNT(grtc_regs), .inten_groups = 4,
	.keeps = true, .task = grtc_task, .read = grtc_read, .write = grtc_write, .due = grtc_due };

/* ---- WDT ---- */

#define WDT_RELOAD 0x6e524635u

static void wdt_restart(struct vb *vb, uint32_t unit)
{
	struct vb_wdt_state *w = &vb->s.unit[unit].u.wdt;

	w->end_ns = vb_now(vb) + ns_of((uint64_t)reg(vb, unit, 0x504u) + 1u, 32768u);
	*vb_word(vb, unit, 0x404u) = reg(vb, unit, 0x508u) & 0xffu;
	vb_due(vb, unit, w->end_ns);
}

static void wdt_due(struct vb *vb, uint32_t unit)
{
	vb_event(vb, unit, 0x100u);
	vb->s.wdt_which = vb->chip->units[unit].arg;
	vb_break(vb, VB_B_WATCHDOG);
}

static void wdt_task(struct vb *vb, uint32_t unit, uint32_t off)
{
	struct vb_wdt_state *w = &vb->s.unit[unit].u.wdt;

	if (off == 0x000u && !w->on) {
		w->on = true;
		*vb_word(vb, unit, 0x400u) = 1;
		wdt_restart(vb, unit);
	} else if (off == 0x004u && w->on && (reg(vb, unit, 0x50cu) & 0x40u) != 0 && reg(vb, unit, 0x520u) == WDT_RELOAD) {
		w->on = false;
		*vb_word(vb, unit, 0x400u) = 0;
		vb_event(vb, unit, 0x104u);
		vb_due(vb, unit, VB_NEVER);
	}
}

static uint32_t wdt_read(struct vb *vb, uint32_t unit, uint32_t off)
{
	return off >= 0x600u ? 0 : reg(vb, unit, off);
}

static void wdt_write(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value)
{
	struct vb_wdt_state *w = &vb->s.unit[unit].u.wdt;

	if (off < 0x600u) {
		if (!w->on || off == 0x520u)
			*vb_word(vb, unit, off) = off == 0x504u && value < 0xfu ? 0xfu : value;
		return;
	}
	if (!w->on || value != WDT_RELOAD)
		return;
	*vb_word(vb, unit, 0x404u) &= ~(1u << ((off - 0x600u) / 4u));
	if (reg(vb, unit, 0x404u) == 0)
		wdt_restart(vb, unit);
}

static const struct vb_reg wdt_regs[] = {
	{ 0x000, VB_R_TASK, 2, 0 }, { 0x100, VB_R_EVENT, 2, 0 }, { 0x300, VB_R_INTEN, 1, 0 }, { 0x304, VB_R_INTENSET, 1, 0 },
	{ 0x308, VB_R_INTENCLR, 1, 0 }, { 0x320, VB_R_RW, 3, 0 }, { 0x400, VB_R_RO, 1, 0 }, { 0x404, VB_R_RO, 1, 1 }, { 0x504, VB_R_CALL, 1, 0xffffffff },
	{ 0x508, VB_R_CALL, 1, 1 }, { 0x50c, VB_R_CALL, 1, 1 }, { 0x520, VB_R_CALL, 1, 0 }, { 0x600, VB_R_CALL, 8, 0 },
};
const struct vb_kind vb_kind_wdt = { .name = "WDT", .regs = wdt_regs, .reg_count = HF_ARRAY_COUNT(wdt_regs), .keeps = true,
	.task = wdt_task, .read = wdt_read, .write = wdt_write, .due = wdt_due };
