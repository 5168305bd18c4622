/* SPDX-License-Identifier: MIT */
/* uarte.c - serial ports with EasyDMA: the nRF52 layout and the nRF54L layout of the same machine.
 *
 * Shapes   One of them is the serial line to the host (vb.serial_unit); the others' output goes nowhere, their input is silent.
 *          Bytes take their time at BAUDRATE, both ways; unpaced hosts jump over the waits (clock.c).
 * Order    Receive: bytes wait at the host until a buffer is armed, so nothing is lost between ENDRX and STARTRX as long as the
 *          board is on; they are lost at a reset. The chip's six-byte FIFO and its overrun are not modelled.
 * Limits   No flow control, parity or break. Patterns (MATCH) and lists are stored only.
 * Source   nRF52840 product specification and nRF54L15 data sheet, UARTE; BabbleSim/ext_nRF_hw_models: docs/UART.md.
 */
#include "internal.h"

#define NONE 0u

struct layout {
	uint32_t start_rx, stop_rx, start_tx, stop_tx, flush_rx;
	uint32_t rxdrdy, endrx, rxto, rxstarted, txdrdy, endtx, txstarted, txstopped, frame_timeout;
	uint32_t rx_ptr, rx_max, rx_amount, tx_ptr, tx_max, tx_amount;
	uint32_t short_rx_start, short_rx_stop, short_tx_stop, short_timeout_stop;
};

static const struct layout nrf52 = {
	.start_rx = 0x000, .stop_rx = 0x004, .start_tx = 0x008, .stop_tx = 0x00c, .flush_rx = 0x02c,
	.rxdrdy = 0x108, .endrx = 0x110, .rxto = 0x144, .rxstarted = 0x14c, .txdrdy = 0x11c, .endtx = 0x120, .txstarted = 0x150,
	.txstopped = 0x158, .frame_timeout = NONE,
	.rx_ptr = 0x534, .rx_max = 0x538, .rx_amount = 0x53c, .tx_ptr = 0x544, .tx_max = 0x548, .tx_amount = 0x54c,
	.short_rx_start = 1u << 5, .short_rx_stop = 1u << 6,
};
static const struct layout nrf54l = {
	.start_rx = 0x028, .stop_rx = 0x02c, .start_tx = 0x050, .stop_tx = 0x054, .flush_rx = 0x01c,
	.rxdrdy = 0x110, .endrx = 0x14c, .rxto = 0x124, .rxstarted = 0x150, .txdrdy = 0x10c, .endtx = 0x168, .txstarted = 0x16c,
	.txstopped = 0x130, .frame_timeout = 0x174,
	.rx_ptr = 0x704, .rx_max = 0x708, .rx_amount = 0x70c, .tx_ptr = 0x73c, .tx_max = 0x740, .tx_amount = 0x744,
	.short_rx_start = 1u << 5, .short_rx_stop = 1u << 6, .short_tx_stop = 1u << 18, .short_timeout_stop = 1u << 29,
};

static const struct layout *layout_of(const struct vb *vb, uint32_t unit)
{
	return vb->chip->units[unit].kind == &vb_kind_uarte ? &nrf52 : &nrf54l;
}

static struct vb_uarte_state *state(struct vb *vb, uint32_t unit)
{
	return &vb->s.unit[unit].u.uarte;
}

/* Ten bit times. BAUDRATE is baud * 2^32 / 16 MHz, rounded. */
static uint64_t byte_ns(struct vb *vb, uint32_t unit)
{
	uint64_t rate = (uint64_t)*vb_word(vb, unit, 0x524u) * 16000000u >> 32;

	return rate == 0 ? 1000000u : 10000000000u / rate;
}

static void arm(struct vb *vb, uint32_t unit)
{
	const struct vb_uarte_state *u = state(vb, unit);
	uint64_t due = VB_NEVER;

	if (u->tx_on)
		due = u->tx_end_ns;
	if (u->rx_on && unit == vb->serial_unit && vb->s.rx_count != 0 && u->rx_next_ns < due)
		due = u->rx_next_ns;
	vb_due(vb, unit, due);
}

/* ---- transmit ---- */

static void text_watch(struct vb *vb, const uint8_t *bytes, uint32_t count)
{
	for (uint32_t i = 0; i < count && vb->until_length != 0; i++) {
		uint32_t *matched = &vb->s.until_matched;
		while (*matched != 0 && vb->until[*matched] != (char)bytes[i]) {
			/* Next shorter start of the text that ends here; texts are short, so no table. */
			uint32_t shorter = *matched - 1u;
			while (shorter != 0 && memcmp(vb->until, vb->until + (*matched - shorter), shorter) != 0)
				shorter--;
			*matched = shorter;
		}
		if (vb->until[*matched] == (char)bytes[i])
			++*matched;
		if (*matched == vb->until_length) {
			*matched = 0;
			vb->s.until_seen = true;
			vb->attention = true;
		}
	}
}

static void tx_start(struct vb *vb, uint32_t unit)
{
	const struct layout *at = layout_of(vb, unit);
	struct vb_uarte_state *u = state(vb, unit);
	uint32_t count = *vb_word(vb, unit, at->tx_max) & 0xffffu, ptr = *vb_word(vb, unit, at->tx_ptr);
	const uint8_t *bytes = vb_memory(vb, ptr, count, !vb->chip->dma_reads_flash);

	vb_not_idle(vb);
	vb_event(vb, unit, at->txstarted);
	if (bytes == NULL && count != 0) {
		vb_find(vb, HF_R_VB_DMA, ptr, count, false, false);
		count = 0;
	}
	if (unit == vb->serial_unit && count != 0) {
		vb->s.n.uart_tx_bytes += count;
		if (vb->host.tx != NULL)
			vb->host.tx(vb->host.ctx, bytes, count);
		text_watch(vb, bytes, count);
	}
	u->tx_on = true;
	u->tx_max = count;
	u->tx_end_ns = vb_now(vb) + 1000u + count * byte_ns(vb, unit);
	arm(vb, unit);
}

static void tx_end(struct vb *vb, uint32_t unit)
{
	const struct layout *at = layout_of(vb, unit);
	struct vb_uarte_state *u = state(vb, unit);

	u->tx_on = false;
	*vb_word(vb, unit, at->tx_amount) = u->tx_max;
	if (u->tx_max != 0)
		vb_event(vb, unit, at->txdrdy);
	vb_event(vb, unit, at->endtx);
	vb_not_idle(vb);
	if ((*vb_word(vb, unit, 0x200u) & at->short_tx_stop) != 0)
		vb_event(vb, unit, at->txstopped);
}

/* ---- receive ---- */

static void rx_start(struct vb *vb, uint32_t unit)
{
	const struct layout *at = layout_of(vb, unit);
	struct vb_uarte_state *u = state(vb, unit);
	uint32_t ptr = *vb_word(vb, unit, at->rx_ptr), max = *vb_word(vb, unit, at->rx_max) & 0xffffu;

	if (max != 0 && vb_memory(vb, ptr, max, true) == NULL) {
		vb_find(vb, HF_R_VB_DMA, ptr, max, true, false);
		return;
	}
	u->rx_on = true;
	u->rx_ptr = ptr;
	u->rx_max = max;
	u->rx_count = 0;
	if (u->rx_next_ns < vb_now(vb))
		u->rx_next_ns = vb_now(vb);
	vb_event(vb, unit, at->rxstarted);
	arm(vb, unit);
}

static void rx_end(struct vb *vb, uint32_t unit)
{
	const struct layout *at = layout_of(vb, unit);
	struct vb_uarte_state *u = state(vb, unit);

	u->rx_on = false;
	*vb_word(vb, unit, at->rx_amount) = u->rx_count;
	vb_event(vb, unit, at->endrx);
}

static void rx_stop(struct vb *vb, uint32_t unit)
{
	if (state(vb, unit)->rx_on)
		rx_end(vb, unit);
	vb_event(vb, unit, layout_of(vb, unit)->rxto);
	arm(vb, unit);
}

static void rx_byte(struct vb *vb, uint32_t unit)
{
	const struct layout *at = layout_of(vb, unit);
	struct vb_uarte_state *u = state(vb, unit);
	uint32_t shorts = *vb_word(vb, unit, 0x200u);
	uint8_t *into = vb_memory(vb, u->rx_ptr + u->rx_count, 1, true);

	if (into != NULL && u->rx_count < u->rx_max) {
		*into = vb->s.rx[vb->s.rx_first];
		u->rx_count++;
	}
	vb->s.rx_first = (vb->s.rx_first + 1u) % VB_RX_BYTES;
	vb->s.rx_count--;
	vb->s.n.uart_rx_bytes++;
	vb_not_idle(vb);
	u->rx_next_ns += byte_ns(vb, unit); /* from the byte's own time: the wire does not wait while the processor stands still */
	vb_event(vb, unit, at->rxdrdy);
	if (u->rx_count < u->rx_max)
		return;
	rx_end(vb, unit);
	if ((shorts & at->short_rx_start) != 0)
		rx_start(vb, unit);
	else if ((shorts & at->short_rx_stop) != 0)
		rx_stop(vb, unit);
}

/* Frame timeout (nRF54L): the line has been idle for so many bits. Enabled in CONFIG bit 14. */
static void frame_timeout(struct vb *vb, uint32_t unit)
{
	const struct layout *at = layout_of(vb, unit);

	if (at->frame_timeout == NONE || (*vb_word(vb, unit, 0x56cu) & 0x4000u) == 0 || vb->s.rx_count != 0)
		return;
	vb_event(vb, unit, at->frame_timeout);
	if ((*vb_word(vb, unit, 0x200u) & at->short_timeout_stop) != 0)
		rx_stop(vb, unit);
}

static void uarte_due(struct vb *vb, uint32_t unit)
{
	struct vb_uarte_state *u = state(vb, unit);
	uint64_t now = vb_now(vb);

	if (u->tx_on && u->tx_end_ns <= now)
		tx_end(vb, unit);
	if (u->rx_on && unit == vb->serial_unit && vb->s.rx_count != 0 && u->rx_next_ns <= now) {
		rx_byte(vb, unit);
		frame_timeout(vb, unit);
	}
	arm(vb, unit);
}

void vb_uarte_fed(struct vb *vb, bool was_idle)
{
	struct vb_uarte_state *u;

	if (vb->serial_unit == VB_UNITS_MAX)
		return;
	u = state(vb, vb->serial_unit);
	if (was_idle && u->rx_next_ns < vb_now(vb) + byte_ns(vb, vb->serial_unit))
		u->rx_next_ns = vb_now(vb) + byte_ns(vb, vb->serial_unit);
	arm(vb, vb->serial_unit);
}

/* ---- registers ---- */

static void uarte_task(struct vb *vb, uint32_t unit, uint32_t off)
{
	const struct layout *at = layout_of(vb, unit);

	if (*vb_word(vb, unit, 0x500u) != 8u)
		return;
	if (off == at->start_tx) {
		tx_start(vb, unit);
	} else if (off == at->stop_tx) {
		if (state(vb, unit)->tx_on)
			tx_end(vb, unit);
		vb_event(vb, unit, at->txstopped);
		arm(vb, unit);
	} else if (off == at->start_rx) {
		rx_start(vb, unit);
	} else if (off == at->stop_rx) {
		rx_stop(vb, unit);
	} else if (off == at->flush_rx) {
		state(vb, unit)->rx_count = 0;
		*vb_word(vb, unit, at->rx_amount) = 0;
		vb_event(vb, unit, at->endrx);
	}
}

static uint32_t uarte_read(struct vb *vb, uint32_t unit, uint32_t off)
{
	return *vb_word(vb, unit, off);
}

static void uarte_write(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value)
{
	*vb_word(vb, unit, off) = value;
	if (off == 0x500u && value != 8u) { /* disabled: all internal state is gone */
		memset(state(vb, unit), 0, sizeof *state(vb, unit));
		arm(vb, unit);
	}
}

static const struct vb_reg nrf52_regs[] = {
	{ 0x000, VB_R_TASK, 4, 0 }, { 0x01c, VB_R_TASK, 1, 0 }, { 0x02c, VB_R_TASK, 1, 0 }, { 0x100, VB_R_EVENT, 3, 0 },
	{ 0x110, VB_R_EVENT, 1, 0 }, { 0x11c, VB_R_EVENT, 3, 0 }, { 0x144, VB_R_EVENT, 1, 0 }, { 0x14c, VB_R_EVENT, 2, 0 },
	{ 0x158, VB_R_EVENT, 1, 0 }, { 0x200, VB_R_RW, 1, 0 }, { 0x300, VB_R_INTEN, 1, 0 }, { 0x304, VB_R_INTENSET, 1, 0 },
	{ 0x308, VB_R_INTENCLR, 1, 0 }, { 0x480, VB_R_W1C, 1, 0 }, { 0x500, VB_R_CALL, 1, 0 }, { 0x508, VB_R_RW, 4, 0xffffffff },
	{ 0x518, VB_R_RW, 2, 0 }, { 0x524, VB_R_RW, 1, 0x04000000 }, { 0x534, VB_R_RW, 3, 0 }, { 0x540, VB_R_RW, 4, 0 }, { 0x56c, VB_R_RW, 1, 0 },
};
const struct vb_kind vb_kind_uarte = { .name = "UARTE", .regs = nrf52_regs, .reg_count = HF_ARRAY_COUNT(nrf52_regs), .task = uarte_task,
	.read = uarte_read, .write = uarte_write, .due = uarte_due };

static const struct vb_reg nrf54l_regs[] = {
	{ 0x000, VB_R_TASK, 8, 0 }, { 0x028, VB_R_TASK, 12, 0 }, { 0x09c, VB_R_RW, 16, 0 },
	{ 0x100, VB_R_EVENT, 32, 0 },
	{ 0x180, VB_R_RW, 30, 0 },
	{ 0x200, VB_R_RW, 1, 0 }, { 0x300, VB_R_INTEN, 1, 0 }, { 0x304, VB_R_INTENSET, 1, 0 }, { 0x308, VB_R_INTENCLR, 1, 0 },
	{ 0x30c, VB_R_RO, 1, 0 }, { 0x480, VB_R_W1C, 1, 0 }, { 0x500, VB_R_CALL, 1, 0 }, { 0x524, VB_R_RW, 1, 0x04000000 },
	/* registers of the SPIM and TWIM at the same address: stored */
	{ 0x52c, VB_R_RW, 1, 0 }, { 0x554, VB_R_RW, 1, 0 }, { 0x588, VB_R_RW, 1, 0 }, { 0x5ac, VB_R_RW, 6, 0 },
	{ 0x56c, VB_R_RW, 1, 0x1000 }, { 0x574, VB_R_RW, 1, 0 }, { 0x578, VB_R_RW, 1, 0x10 }, { 0x600, VB_R_RW, 1, 0xffffffff },
	{ 0x604, VB_R_RW, 4, 0xffffffff }, { 0x704, VB_R_RW, 1, 0x20000000 }, { 0x708, VB_R_RW, 3, 0 }, { 0x714, VB_R_RW, 10, 0 },
	{ 0x73c, VB_R_RW, 1, 0x20000000 }, { 0x740, VB_R_RW, 7, 0 },
};
const struct vb_kind vb_kind_uarte_l = { .name = "UARTE", .regs = nrf54l_regs, .reg_count = HF_ARRAY_COUNT(nrf54l_regs),
	.task = uarte_task, .read = uarte_read, .write = uarte_write, .due = uarte_due };
