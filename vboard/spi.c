/* SPDX-License-Identifier: MIT */
/* spi.c - the two peripherals that an external flash hangs on: QSPI of the nRF52840, SPIM00 of the nRF54L15.
 *
 * Shapes   A transfer's bytes go to the chip (nor.c) one by one if the pins that the firmware chose are the board's; else the lines read
 *          ones. The DMA's time at the chosen clock passes at once, then the event is there.
 * Order    QSPI sends the write enable itself before a program or an erase, and waits for the chip between the pages of one program;
 *          after the last the chip is still busy. SPIM knows nothing of the chip; its chip select is a GPIO.
 * Limits   QSPI: no reads through the memory window, no long frames, no 32-bit addresses. SPIM: no hardware chip select, no lists.
 *          Erratum 8 of the nRF54L15 is modelled: with CPHA = 0 the first bit after chip select is 0.
 * Source   nRF52840 product specification, QSPI; nRF54L15 data sheet, SPIM; nRF54L15 errata 8; MDK for offsets and reset values.
 */
#include "internal.h"

#define NONE 0xffffffffu

static bool pin_is(uint32_t psel, uint8_t pin)
{
	return psel == pin;
}

static void bytes_out(struct vb *vb, const uint8_t *bytes, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		vb_nor_byte(vb, bytes[i]);
}

static void command(struct vb *vb, uint8_t opcode)
{
	vb_nor_select(vb, true);
	vb_nor_byte(vb, opcode);
	vb_nor_select(vb, false);
}

/* ---- QSPI ---- */

#define Q_READY 0x100u
#define Q_ENABLE 0x500u
#define Q_READ_SRC 0x504u
#define Q_WRITE_DST 0x510u
#define Q_ERASE_PTR 0x51cu
#define Q_PSEL 0x524u
#define Q_PSEL_IO 0x530u
#define Q_IFCONFIG0 0x544u
#define Q_IFCONFIG1 0x600u
#define Q_STATUS 0x604u
#define Q_CINSTRCONF 0x634u
#define Q_CINSTRDAT 0x638u
#define Q_ACTIVE 0x7f0u /* ours: activated */

static bool qspi_is_wired(struct vb *vb, uint32_t unit, uint32_t io_count)
{
	const struct board_external *x = &vb->board->external;
	bool is = x->kind == 1 && pin_is(*vb_word(vb, unit, Q_PSEL), x->sck_pin) && pin_is(*vb_word(vb, unit, Q_PSEL + 4u), x->cs_pin);

	for (uint32_t i = 0; i < io_count; i++)
		is = is && pin_is(*vb_word(vb, unit, Q_PSEL_IO + 4u * i), x->io_pins[i]);
	return is;
}

static void qspi_time(struct vb *vb, uint32_t unit, uint32_t clocks)
{
	uint32_t divisor = (*vb_word(vb, unit, Q_IFCONFIG1) >> 28) + 1u;

	vb_stall(vb, (uint64_t)clocks * divisor * 1000u / 32u + 100u, false);
}

static void address_out(struct vb *vb, uint8_t opcode, uint32_t addr, uint32_t dummies)
{
	const uint8_t head[7] = { opcode, (uint8_t)(addr >> 16), (uint8_t)(addr >> 8), (uint8_t)addr };

	bytes_out(vb, head, 4u + dummies);
}

static uint8_t *dma(struct vb *vb, uint32_t ptr, uint32_t count, uint32_t other, bool is_write)
{
	uint8_t *bytes = vb_memory(vb, ptr, count, true); /* RAM only, both ways */

	if (bytes == NULL || count == 0 || (ptr | count | other) % 4u != 0) {
		vb_find(vb, HF_R_VB_DMA, ptr, count, is_write, false);
		return NULL;
	}
	return bytes;
}

static void qspi_read_start(struct vb *vb, uint32_t unit)
{
	static const struct {
		uint8_t opcode, dummies, lead_clocks, data_lines;
	} rows[8] = { { 0x0b, 1, 40, 1 }, { 0x3b, 1, 40, 2 }, { 0xbb, 1, 24, 2 }, { 0x6b, 1, 40, 4 }, { 0xeb, 3, 20, 4 }, { 0x0b, 1, 40, 1 },
		{ 0x0b, 1, 40, 1 }, { 0x0b, 1, 40, 1 } };
	uint32_t src = *vb_word(vb, unit, Q_READ_SRC), count = *vb_word(vb, unit, Q_READ_SRC + 8u) & 0x3ffffu;
	uint8_t *into = dma(vb, *vb_word(vb, unit, Q_READ_SRC + 4u), count, src, true);
	uint32_t row = *vb_word(vb, unit, Q_IFCONFIG0) & 7u;
	bool is_wired = qspi_is_wired(vb, unit, rows[row].data_lines < 2 ? 2 : rows[row].data_lines);

	if (into == NULL)
		return;
	vb_nor_select(vb, is_wired);
	address_out(vb, rows[row].opcode, src, rows[row].dummies);
	for (uint32_t i = 0; i < count; i++)
		into[i] = is_wired ? vb_nor_byte(vb, 0) : 0xff;
	vb_nor_select(vb, false);
	qspi_time(vb, unit, rows[row].lead_clocks + 8u * count / rows[row].data_lines);
}

static void wait_chip(struct vb *vb)
{
	if (vb->s.nor.busy_ns > vb_now(vb))
		vb_stall(vb, vb->s.nor.busy_ns - vb_now(vb), false);
}

static void qspi_write_start(struct vb *vb, uint32_t unit)
{
	static const uint8_t opcodes[8] = { 0x02, 0xa2, 0x32, 0x38, 0x02, 0x02, 0x02, 0x02 };
	uint32_t dst = *vb_word(vb, unit, Q_WRITE_DST), count = *vb_word(vb, unit, Q_WRITE_DST + 8u) & 0x3ffffu;
	const uint8_t *from = dma(vb, *vb_word(vb, unit, Q_WRITE_DST + 4u), count, dst, false);
	uint8_t opcode = opcodes[*vb_word(vb, unit, Q_IFCONFIG0) >> 3 & 7u];
	uint32_t lines = opcode == 0x02 ? 1u : 4u;

	if (from == NULL || !qspi_is_wired(vb, unit, lines == 4 ? 4 : 2))
		return;
	for (uint32_t done = 0; done < count && vb->brk == VB_B_NONE;) {
		uint32_t room = 256u - (dst + done) % 256u, some = count - done < room ? count - done : room;
		if (done != 0)
			wait_chip(vb);
		command(vb, 0x06);
		vb_nor_select(vb, true);
		address_out(vb, opcode, dst + done, 0);
		bytes_out(vb, from + done, some);
		qspi_time(vb, unit, 48u + 8u * some / lines);
		vb_nor_select(vb, false);
		done += some;
	}
}

static void qspi_erase_start(struct vb *vb, uint32_t unit)
{
	static const uint8_t opcodes[4] = { 0x20, 0xd8, 0xc7, 0x20 };
	uint32_t length = *vb_word(vb, unit, Q_ERASE_PTR + 4u) & 3u;

	if (!qspi_is_wired(vb, unit, 2))
		return;
	command(vb, 0x06);
	qspi_time(vb, unit, 48u);
	vb_nor_select(vb, true);
	if (length == 2)
		vb_nor_byte(vb, opcodes[length]);
	else
		address_out(vb, opcodes[length], *vb_word(vb, unit, Q_ERASE_PTR), 0);
	vb_nor_select(vb, false);
}

static void qspi_task(struct vb *vb, uint32_t unit, uint32_t off)
{
	bool active = *vb_word(vb, unit, Q_ACTIVE) != 0;

	if ((*vb_word(vb, unit, Q_ENABLE) & 1u) == 0)
		return;
	vb_not_idle(vb);
	if (off == 0x000u)
		*vb_word(vb, unit, Q_ACTIVE) = 1;
	else if (off == 0x010u)
		*vb_word(vb, unit, Q_ACTIVE) = 0;
	else if (active && off == 0x004u)
		qspi_read_start(vb, unit);
	else if (active && off == 0x008u)
		qspi_write_start(vb, unit);
	else if (active && off == 0x00cu)
		qspi_erase_start(vb, unit);
	if (vb->brk == VB_B_NONE && (active || off == 0x000u) && off != 0x010u)
		vb_event(vb, unit, Q_READY);
}

static void qspi_instruction(struct vb *vb, uint32_t unit, uint32_t value)
{
	uint32_t length = value >> 8 & 0xfu;
	bool is_wired = qspi_is_wired(vb, unit, 2);

	if (length == 0 || length > 9)
		return;
	if ((value & 1u << 14) != 0)
		wait_chip(vb);
	if ((value & 1u << 15) != 0 && is_wired)
		command(vb, 0x06);
	vb_nor_select(vb, is_wired);
	vb_nor_byte(vb, (uint8_t)value);
	for (uint32_t i = 0; i + 1u < length; i++) {
		uint32_t *word = vb_word(vb, unit, Q_CINSTRDAT + i / 4u * 4u), shift = 8u * (i % 4u);
		uint8_t in = is_wired ? vb_nor_byte(vb, (uint8_t)(*word >> shift)) : 0xff;
		*word = (*word & ~(0xffu << shift)) | (uint32_t)in << shift;
	}
	vb_nor_select(vb, false);
	qspi_time(vb, unit, 8u * length);
	if (vb->brk == VB_B_NONE)
		vb_event(vb, unit, Q_READY);
}

static uint32_t qspi_reg_read(struct vb *vb, uint32_t unit, uint32_t off)
{
	return off == Q_STATUS ? 8u : *vb_word(vb, unit, off);
}

static void qspi_reg_write(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value)
{
	if (off == Q_STATUS)
		return;
	*vb_word(vb, unit, off) = value;
	if (off == Q_ENABLE && (value & 1u) == 0)
		*vb_word(vb, unit, Q_ACTIVE) = 0;
	if (off == Q_CINSTRCONF && (*vb_word(vb, unit, Q_ENABLE) & 1u) != 0 && *vb_word(vb, unit, Q_ACTIVE) != 0)
		qspi_instruction(vb, unit, value);
}

static const struct vb_reg qspi_regs[] = {
	{ 0x000, VB_R_TASK, 5, 0 }, { 0x054, VB_R_RW, 1, 0 }, { 0x100, VB_R_EVENT, 1, 0 }, { 0x300, VB_R_INTEN, 1, 0 },
	{ 0x304, VB_R_INTENSET, 1, 0 }, { 0x308, VB_R_INTENCLR, 1, 0 }, { 0x500, VB_R_CALL, 1, 0 }, { 0x504, VB_R_RW, 8, 0 },
	{ 0x524, VB_R_RW, 7, NONE }, { 0x540, VB_R_RW, 2, 0 }, { 0x600, VB_R_RW, 1, 0x00040480 }, { 0x604, VB_R_CALL, 1, 8 },
	{ 0x614, VB_R_RW, 1, NONE }, { 0x624, VB_R_RW, 1, 0xb7 }, { 0x634, VB_R_CALL, 1, 0x2000 }, { 0x638, VB_R_RW, 2, 0 },
	{ 0x640, VB_R_RW, 1, 0x200 }, { 0x7f0, VB_R_UNKNOWN, 1, 0 },
};
const struct vb_kind vb_kind_qspi = { .name = "QSPI", .regs = qspi_regs, .reg_count = HF_ARRAY_COUNT(qspi_regs), .task = qspi_task,
	.read = qspi_reg_read, .write = qspi_reg_write };

/* ---- SPIM00 ---- */

#define S_ENABLE 0x500u
#define S_PRESCALER 0x52cu
#define S_CONFIG 0x554u
#define S_ORC 0x5c0u
#define S_PSEL 0x600u
#define S_RX 0x704u
#define S_TX 0x73cu
#define S_ON 7u

static bool spim_is_wired(struct vb *vb, uint32_t unit)
{
	const struct board_external *x = &vb->board->external;
	uint32_t mode = *vb_word(vb, unit, S_CONFIG) >> 1 & 3u; /* CPHA, CPOL: a NOR chip takes 0 and 3 */

	return x->kind == 2 && pin_is(*vb_word(vb, unit, S_PSEL), x->sck_pin) && pin_is(*vb_word(vb, unit, S_PSEL + 4u), x->io_pins[0]) &&
	       pin_is(*vb_word(vb, unit, S_PSEL + 8u), x->io_pins[1]) && (mode == 0 || mode == 3);
}

static void spim_start(struct vb *vb, uint32_t unit)
{
	uint32_t tx_count = *vb_word(vb, unit, S_TX + 4u) & 0xffffu, rx_count = *vb_word(vb, unit, S_RX + 4u) & 0xffffu;
	uint32_t tx_ptr = *vb_word(vb, unit, S_TX), rx_ptr = *vb_word(vb, unit, S_RX), prescaler = *vb_word(vb, unit, S_PRESCALER) & 0x7fu;
	const uint8_t *tx = vb_memory(vb, tx_ptr, tx_count, !vb->chip->dma_reads_flash);
	uint8_t *rx = vb_memory(vb, rx_ptr, rx_count, true);
	uint32_t count = tx_count > rx_count ? tx_count : rx_count;
	bool is_wired = spim_is_wired(vb, unit), is_late = (*vb_word(vb, unit, S_CONFIG) & 2u) == 0 && prescaler > 2;

	if ((tx == NULL && tx_count != 0) || (rx == NULL && rx_count != 0)) {
		vb_find(vb, HF_R_VB_DMA, tx == NULL ? tx_ptr : rx_ptr, count, tx != NULL, false);
		return;
	}
	vb_event(vb, unit, 0x100u);
	for (uint32_t i = 0; i < count; i++) {
		uint8_t out = i < tx_count ? tx[i] : (uint8_t)*vb_word(vb, unit, S_ORC);
		if (is_late && vb->s.nor.count == 0)
			out &= 0x7fu;
		uint8_t in = is_wired ? vb_nor_byte(vb, out) : 0xff;
		if (i < rx_count)
			rx[i] = in;
	}
	*vb_word(vb, unit, S_TX + 8u) = tx_count;
	*vb_word(vb, unit, S_RX + 8u) = rx_count;
	vb_stall(vb, (uint64_t)count * 8u * (prescaler < 4 ? 4u : prescaler) * 1000u / 128u + 200u, false);
	vb_event(vb, unit, 0x14cu);
	vb_event(vb, unit, 0x168u);
	vb_event(vb, unit, 0x108u);
}

static void serial00_task(struct vb *vb, uint32_t unit, uint32_t off)
{
	if (*vb_word(vb, unit, S_ENABLE) != S_ON) {
		vb_kind_uarte_l.task(vb, unit, off);
		return;
	}
	vb_not_idle(vb);
	if (off == 0x000u)
		spim_start(vb, unit);
	else if (off == 0x004u)
		vb_event(vb, unit, 0x104u);
}

static uint32_t serial00_read(struct vb *vb, uint32_t unit, uint32_t off)
{
	return vb_kind_uarte_l.read(vb, unit, off);
}

static void serial00_write(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value)
{
	vb_kind_uarte_l.write(vb, unit, off, value);
}

static void serial00_due(struct vb *vb, uint32_t unit)
{
	vb_kind_uarte_l.due(vb, unit);
}

static const struct vb_reg serial00_regs[] = {
	{ 0x000, VB_R_TASK, 8, 0 }, { 0x028, VB_R_TASK, 12, 0 }, { 0x09c, VB_R_RW, 16, 0 }, { 0x100, VB_R_EVENT, 32, 0 },
	{ 0x180, VB_R_RW, 30, 0 }, { 0x200, VB_R_RW, 1, 0 }, { 0x300, VB_R_INTEN, 1, 0 }, { 0x304, VB_R_INTENSET, 1, 0 },
	{ 0x308, VB_R_INTENCLR, 1, 0 }, { 0x30c, VB_R_RO, 1, 0 }, { 0x480, VB_R_W1C, 1, 0 }, { 0x500, VB_R_CALL, 1, 0 },
	{ 0x524, VB_R_RW, 1, 0x04000000 }, { 0x52c, VB_R_RW, 1, 0x40 }, { 0x554, VB_R_RW, 1, 0 }, { 0x588, VB_R_RW, 1, 0 },
	{ 0x56c, VB_R_RW, 1, 0x1000 }, { 0x574, VB_R_RW, 1, 0 }, { 0x578, VB_R_RW, 1, 0x10 }, { 0x5ac, VB_R_RW, 6, 0 },
	{ 0x600, VB_R_RW, 5, NONE }, { 0x704, VB_R_RW, 1, 0x20000000 }, { 0x708, VB_R_RW, 3, 0 }, { 0x714, VB_R_RW, 10, 0 },
	{ 0x73c, VB_R_RW, 1, 0x20000000 }, { 0x740, VB_R_RW, 7, 0 },
};
const struct vb_kind vb_kind_serial00 = { .name = "SERIAL00", .regs = serial00_regs, .reg_count = HF_ARRAY_COUNT(serial00_regs),
	.task = serial00_task, .read = serial00_read, .write = serial00_write, .due = serial00_due };
