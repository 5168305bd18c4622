/* SPDX-License-Identifier: MIT */
/* clock.c - virtual time: what the board's clocks show, and how it passes.
 *
 * Why      Time comes from the instructions (1.3 cycles each: assumed) and from the flash operations' data-sheet times, so a run
 *          repeats exactly and its length is an estimate of the real chip's. Waiting is where time may be bent: in a batch it is
 *          jumped over, for people and serial lines it is waited for (host.wait).
 * Shapes   now = base_ns + (instructions - base_instructions) * ns per instruction.
 * Idle     WFI and WFE sleep until the next due event. A loop that polls registers can't be told from work by one read: after 32
 *          reads in a row, each within 2,000 instructions of the last and nothing happening between, time runs in growing
 *          steps (1 us to 1 ms), never past the next due event.
 */
#include "internal.h"

#define CYCLES_1000 1300u /* cycles in 1,000 instructions; assumed, see docs of the emulator's time model */
#define POLLS_BEFORE_IDLE 32u
#define POLL_GAP_INSTRUCTIONS 2000u
#define POLLS_WITHOUT_END 60000u /* a minute of polling in a batch, in which no input can come: it waits for good */

uint64_t vb_now(const struct vb *vb)
{
	return vb->s.base_ns + (vb->s.n.instructions - vb->s.base_instructions) * (CYCLES_1000 * 1000u) / vb->s.khz;
}

static void rebase(struct vb *vb, uint64_t extra_ns)
{
	vb->s.base_ns = vb_now(vb) + extra_ns;
	vb->s.base_instructions = vb->s.n.instructions;
}

void vb_clock_rate(struct vb *vb, uint32_t khz)
{
	rebase(vb, 0);
	vb->s.khz = khz;
	vb_clock_rearm(vb);
}

static void pass(struct vb *vb, uint64_t ns)
{
	rebase(vb, ns);
	if (vb_in_loader(vb, vb->block_pc))
		vb->s.loader_stall_ns += ns;
	vb_clock_rearm(vb);
}

void vb_stall(struct vb *vb, uint64_t ns, bool is_flash)
{
	if (is_flash)
		vb->s.n.flash_ns += ns;
	pass(vb, ns);
}

/* The instruction count at which the next due event or the next visit of the host comes. */
void vb_clock_rearm(struct vb *vb)
{
	uint64_t at = vb->service_at < vb->limit_at ? vb->service_at : vb->limit_at;

	if (vb->s.next_due_ns != VB_NEVER) {
		uint64_t now = vb_now(vb), due = vb->s.n.instructions;
		if (vb->s.next_due_ns > now) {
			uint64_t ns = vb->s.next_due_ns - now;
			/* Far events are looked at again on the way; the product must not overflow. */
			due += ns > 1000000000u ? 10000000u : ns * vb->s.khz / (CYCLES_1000 * 1000u) + 1u;
		}
		if (due < at)
			at = due;
	}
	vb->attention_at = at;
}

static void next_due_find(struct vb *vb)
{
	uint64_t next = vb->s.systick.due_ns;

	for (uint32_t i = 0; i < vb->chip->unit_count; i++) {
		if (vb->s.unit[i].due_ns < next)
			next = vb->s.unit[i].due_ns;
	}
	vb->s.next_due_ns = next;
}

void vb_due(struct vb *vb, uint32_t unit, uint64_t ns)
{
	if (unit == VB_UNITS_MAX)
		vb->s.systick.due_ns = ns;
	else
		vb->s.unit[unit].due_ns = ns;
	next_due_find(vb);
	vb_clock_rearm(vb);
}

void vb_run_due(struct vb *vb)
{
	/* Bound: a kind's due function moves its next due time on by at least a nanosecond or to never. */
	while (vb->s.next_due_ns <= vb_now(vb) && vb->brk == VB_B_NONE) {
		uint64_t due = vb->s.next_due_ns;
		if (vb->s.systick.due_ns == due)
			vb_systick_due(vb);
		for (uint32_t i = 0; i < vb->chip->unit_count; i++) {
			if (vb->s.unit[i].due_ns != due)
				continue;
			vb->s.unit[i].due_ns = VB_NEVER;
			vb->chip->units[i].kind->due(vb, i);
		}
		next_due_find(vb);
	}
	vb_clock_rearm(vb);
}

static bool due_is_serial(const struct vb *vb)
{
	return vb->s.next_due_ns != VB_NEVER && vb->serial_unit != VB_UNITS_MAX &&
		vb->s.unit[vb->serial_unit].due_ns == vb->s.next_due_ns;
}

static void wait(struct vb *vb, uint64_t ns)
{
	uint64_t passed = ns;

	if (vb->host.wait != NULL && (vb->host.pace_uart || !due_is_serial(vb))) {
		passed = vb->host.wait(vb->host.ctx, ns);
		vb->service_at = 0; /* visit the host at the next block */
		if (passed > ns)
			passed = ns;
	}
	pass(vb, passed);
}

void vb_not_idle(struct vb *vb)
{
	vb->s.polls = 0;
}

void vb_polled(struct vb *vb)
{
	struct vb_state *s = &vb->s;
	uint64_t now, step_ns;
	uint32_t grown;

	if (s->n.instructions - s->poll_instructions > POLL_GAP_INSTRUCTIONS)
		s->polls = 0;
	s->poll_instructions = s->n.instructions;
	if (++s->polls <= POLLS_BEFORE_IDLE)
		return;
	if (s->polls > POLLS_WITHOUT_END && vb->host.wait == NULL)
		vb_break(vb, VB_B_IDLE);
	grown = (s->polls - POLLS_BEFORE_IDLE) / 4u;
	step_ns = 1000ull << (grown < 10u ? grown : 10u);
	now = vb_now(vb);
	if (s->next_due_ns != VB_NEVER && s->next_due_ns - now < step_ns)
		step_ns = s->next_due_ns > now ? s->next_due_ns - now : 1u;
	wait(vb, step_ns);
	vb_run_due(vb);
}

bool vb_sleep(struct vb *vb)
{
	uint64_t now = vb_now(vb), ns = 50000000; /* with nothing due, look at the host twenty times a second */

	if (vb->s.next_due_ns != VB_NEVER)
		ns = vb->s.next_due_ns > now ? vb->s.next_due_ns - now : 0;
	else if (vb->host.wait == NULL && !vb->s.cpu.wfe)
		return false;
	if (vb->s.cpu.wfe && ns > 1000000)
		ns = 1000000; /* the architecture lets WFE return at any time */
	wait(vb, ns);
	vb_run_due(vb);
	return true;
}

void vb_pause(struct vb *vb, uint64_t ns)
{
	wait(vb, ns);
}
