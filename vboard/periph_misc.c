/* SPDX-License-Identifier: MIT */
/* periph_misc.c - the peripherals that firmware expects to be there: clocks and power, GPIO, random numbers, protection units.
 *
 * Why      Each is as little as real images need; what is only stored says so in its table (RW). A kind named "sink" stores whole
 *          pages: radios, event routing and others that a bootloader does not depend on, listed by the chip, never by default.
 * Source   nRF52840 product specification; nRF54L15 data sheet; MDK start-up code for the undocumented words it stores to.
 */
#include "internal.h"

#define KEEP(c) ((uint8_t)((c) | VB_R_KEEP))

/* ---- CLOCK, POWER, RESET: nRF52. Start events come at once. ---- */

static void clock_task(struct vb *vb, uint32_t unit, uint32_t off)
{
	switch (off) {
	case 0x000:
		*vb_word(vb, unit, 0x408u) = 1;
		*vb_word(vb, unit, 0x40cu) = 0x10001u;
		vb_event(vb, unit, 0x100u);
		break;
	case 0x004:
		*vb_word(vb, unit, 0x408u) = 0;
		*vb_word(vb, unit, 0x40cu) = 0;
		break;
	case 0x008:
		*vb_word(vb, unit, 0x414u) = 1;
		*vb_word(vb, unit, 0x418u) = 0x10000u | (*vb_word(vb, unit, 0x518u) & 3u);
		*vb_word(vb, unit, 0x41cu) = *vb_word(vb, unit, 0x518u) & 3u;
		vb_event(vb, unit, 0x104u);
		break;
	case 0x00c:
		*vb_word(vb, unit, 0x414u) = 0;
		*vb_word(vb, unit, 0x418u) = 0;
		break;
	case 0x010:
		vb_event(vb, unit, 0x10cu); /* calibration done */
		break;
	default:
		break;
	}
}

static void clock_write(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value)
{
	(void)unit;
	(void)off;
	if ((value & 1u) != 0)
		vb_break(vb, VB_B_OFF);
}

static uint32_t read_zero(struct vb *vb, uint32_t unit, uint32_t off)
{
	(void)vb;
	(void)unit;
	(void)off;
	return 0;
}

static const struct vb_reg clock_regs[] = {
	{ 0x000, VB_R_TASK, 8, 0 }, { 0x078, VB_R_TASK, 2, 0 }, { 0x100, VB_R_EVENT, 9, 0 }, { 0x128, VB_R_EVENT, 2, 0 },
	{ 0x300, VB_R_INTEN, 1, 0 }, { 0x304, VB_R_INTENSET, 1, 0 }, { 0x308, VB_R_INTENCLR, 1, 0 },
	{ 0x400, KEEP(VB_R_W1C), 1, 0 }, { 0x408, VB_R_RO, 2, 0 }, { 0x414, VB_R_RO, 3, 0 }, { 0x428, VB_R_RO, 1, 0 }, { 0x438, VB_R_RO, 1, 0 },
	{ 0x500, VB_R_CALL, 1, 0 }, { 0x504, VB_R_RW, 3, 0 }, { 0x510, VB_R_RW, 1, 0 }, { 0x518, VB_R_RW, 1, 0 }, { 0x51c, KEEP(VB_R_RW), 2, 0 },
	{ 0x524, VB_R_RW, 1, 0xf }, { 0x528, VB_R_RW, 8, 0 }, { 0x550, VB_R_RW, 1, 0xffffffff }, { 0x554, VB_R_RW, 2, 0 },
	{ 0x55c, VB_R_RW, 10, 0 }, { 0x640, VB_R_RO, 1, 0 }, { 0x900, VB_R_RW, 36, 0 }, { 0xe00, VB_R_RW, 64, 0 },
};
const struct vb_kind vb_kind_clock = { .name = "CLOCK", .regs = clock_regs, .reg_count = HF_ARRAY_COUNT(clock_regs), .task = clock_task,
	.read = read_zero, .write = clock_write };

/* ---- CLOCK, POWER, RESET: nRF54L ---- */

static void clock_l_task(struct vb *vb, uint32_t unit, uint32_t off)
{
	switch (off) {
	case 0x000: /* XOSTART also tunes the crystal */
		*vb_word(vb, unit, 0x408u) = 1;
		*vb_word(vb, unit, 0x40cu) = 0x10000u;
		vb_event(vb, unit, 0x100u);
		vb_event(vb, unit, 0x110u);
		break;
	case 0x004:
		*vb_word(vb, unit, 0x40cu) = 0;
		break;
	case 0x008:
		*vb_word(vb, unit, 0x428u) = 1;
		*vb_word(vb, unit, 0x42cu) = 0x10000u;
		vb_event(vb, unit, 0x104u);
		break;
	case 0x00c:
		*vb_word(vb, unit, 0x42cu) = 0;
		break;
	case 0x010:
		*vb_word(vb, unit, 0x448u) = 1;
		*vb_word(vb, unit, 0x44cu) = 0x10000u | (*vb_word(vb, unit, 0x440u) & 3u);
		vb_event(vb, unit, 0x108u);
		break;
	case 0x014:
		*vb_word(vb, unit, 0x44cu) = 0;
		break;
	case 0x018:
		vb_event(vb, unit, 0x10cu);
		break;
	case 0x01c:
		vb_event(vb, unit, 0x110u);
		break;
	case 0x030:
	case 0x034:
		*vb_word(vb, unit, 0x520u) = off == 0x030u;
		break;
	default:
		break;
	}
}

static const struct vb_reg clock_l_regs[] = {
	{ 0x000, VB_R_TASK, 9, 0 }, { 0x030, VB_R_TASK, 2, 0 }, { 0x080, VB_R_RW, 14, 0 }, { 0x100, VB_R_EVENT, 7, 0 },
	{ 0x130, VB_R_EVENT, 3, 0 }, { 0x180, VB_R_RW, 15, 0 },
	{ 0x300, VB_R_INTEN, 1, 0 }, { 0x304, VB_R_INTENSET, 1, 0 }, { 0x308, VB_R_INTENCLR, 1, 0 }, { 0x30c, VB_R_RO, 1, 0 },
	{ 0x408, VB_R_RO, 2, 0 }, { 0x428, VB_R_RO, 2, 0 }, { 0x440, VB_R_RW, 1, 0 }, { 0x448, VB_R_RO, 3, 0 },
	{ 0x500, KEEP(VB_R_RW), 2, 0 }, { 0x520, VB_R_RO, 1, 0 }, { 0x600, KEEP(VB_R_W1C), 1, 0 },
};
const struct vb_kind vb_kind_clock_l = { .name = "CLOCK", .regs = clock_l_regs, .reg_count = HF_ARRAY_COUNT(clock_l_regs),
	.task = clock_l_task };

/* ---- OSCILLATORS and REGULATORS: nRF54L, one page ---- */

static uint32_t osc_read(struct vb *vb, uint32_t unit, uint32_t off)
{
	return *vb_word(vb, unit, off == 0x804u ? 0x800u : off);
}

static void osc_write(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value)
{
	if (off == 0x500u) {
		if ((value & 1u) != 0)
			vb_break(vb, VB_B_OFF);
		return;
	}
	if (off != 0x800u)
		return;
	*vb_word(vb, unit, off) = value & 3u;
	vb_clock_rate(vb, (value & 3u) == 1u ? 128000u : 64000u);
}

static const struct vb_reg osc_regs[] = {
	{ 0x440, VB_R_RW, 1, 0 }, { 0x500, VB_R_CALL, 1, 0 }, { 0x530, VB_R_RW, 1, 0 }, { 0x534, VB_R_RO, 1, 0 },
	{ 0x600, VB_R_RW, 1, 0 }, { 0x604, VB_R_RO, 1, 1 }, { 0x624, VB_R_RW, 1, 0 }, { 0x63c, VB_R_RW, 2, 0 },
	{ 0x71c, VB_R_RW, 1, 0x20 }, { 0x720, VB_R_RW, 1, 0 }, { 0x800, KEEP(VB_R_CALL), 1, 3 }, { 0x804, VB_R_CALL, 1, 3 },
	{ 0x900, VB_R_RW, 1, 0 }, { 0x904, VB_R_RW, 1, 0x17 }, { 0x914, VB_R_RO, 1, 4 },
};
const struct vb_kind vb_kind_osc_l = { .name = "OSCILLATORS", .regs = osc_regs, .reg_count = HF_ARRAY_COUNT(osc_regs), .read = osc_read,
	.write = osc_write };

/* ---- GPIO: inputs read 1 where nothing drives them (pull-ups of buttons); outputs read back. ---- */

void vb_pin_drive(struct vb *vb, uint32_t pin, int level)
{
	if (pin < VB_PINS)
		vb->pin_drive[pin] = (uint8_t)(level + 1);
}

static uint32_t driven_low(const struct vb *vb, uint32_t port)
{
	uint32_t low = 0;

	for (uint32_t pin = 0; pin < 32; pin++)
		low |= (vb->pin_drive[32u * port + pin] == 1 ? 1u : 0) << pin;
	return low;
}

uint32_t vb_led_changes(const struct vb *vb, struct vb_led_change changes[VB_LED_CHANGES])
{
	uint32_t count = vb->led.count < VB_LED_CHANGES ? vb->led.count : VB_LED_CHANGES;

	for (uint32_t i = 0; i < count; i++)
		changes[i] = vb->led.change[(vb->led.count - count + i) % VB_LED_CHANGES];
	return count;
}

/* out: the LED's port. Whoever lights it writes again and again, so a pin that becomes an output later is seen with the next write. */
static void led_look(struct vb *vb, uint32_t unit, uint32_t port, uint32_t out, uint32_t pin_cnf_off)
{
	uint32_t pin = vb->board->led_pin % 32u;

	if (port != vb->board->led_pin / 32u)
		return;
	bool is_output = (*vb_word(vb, unit, pin_cnf_off + 4u * pin) & 1u) != 0;
	bool on = is_output && (out >> pin & 1u) == vb->board->led_active_level;
	if (on == vb->led.on)
		return;
	vb->led.on = on;
	vb->led.change[vb->led.count++ % VB_LED_CHANGES] = (struct vb_led_change){ vb_now(vb), on };
}

static void gpio_rw(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value, uint32_t base)
{
	uint32_t at = off - base;
	uint32_t *out = vb_word(vb, unit, base), *dir = vb_word(vb, unit, base + 0x10u);

	switch (at) {
	case 0x00: *out = value; break;
	case 0x04: *out |= value; break;
	case 0x08: *out &= ~value; break;
	case 0x10: *dir = value; break;
	case 0x14: *dir |= value; break;
	case 0x18: *dir &= ~value; break;
	default: break;
	}
}

static uint32_t gpio_value(struct vb *vb, uint32_t unit, uint32_t off, uint32_t base, uint32_t port)
{
	uint32_t at = off - base, out = *vb_word(vb, unit, base), dir = *vb_word(vb, unit, base + 0x10u);

	if (at == 0x0cu)
		return (out & dir) | (~dir & ~driven_low(vb, port));
	return at < 0x10u ? out : dir;
}

/* Both ports of the nRF52840 share a page, 0x300 apart; unit.base is the page, arg the port's offset in it. */
static uint32_t gpio_read(struct vb *vb, uint32_t unit, uint32_t off)
{
	return gpio_value(vb, unit, off, off >= 0x800u ? 0x804u : 0x504u, off >= 0x800u);
}

static void gpio_write(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value)
{
	uint32_t base = off >= 0x800u ? 0x804u : 0x504u;

	gpio_rw(vb, unit, off, value, base);
	led_look(vb, unit, off >= 0x800u, *vb_word(vb, unit, base), off >= 0x800u ? 0xa00u : 0x700u);
}

static const struct vb_reg gpio_regs[] = {
	{ 0x504, VB_R_CALL, 7, 0 }, { 0x520, VB_R_W1C, 1, 0 }, { 0x524, VB_R_RW, 1, 0 }, { 0x700, VB_R_RW, 32, 2 },
	{ 0x804, VB_R_CALL, 7, 0 }, { 0x820, VB_R_W1C, 1, 0 }, { 0x824, VB_R_RW, 1, 0 }, { 0xa00, VB_R_RW, 32, 2 },
};
const struct vb_kind vb_kind_gpio = { .name = "GPIO", .regs = gpio_regs, .reg_count = HF_ARRAY_COUNT(gpio_regs), .read = gpio_read,
	.write = gpio_write };

static uint32_t gpio_l_read(struct vb *vb, uint32_t unit, uint32_t off)
{
	return gpio_value(vb, unit, off, 0, vb->chip->units[unit].arg);
}

/* The external flash's chip select, when it hangs on SPI: low only if the pin is an output. */
static void chip_select(struct vb *vb, uint32_t unit)
{
	const struct board_external *x = &vb->board->external;
	uint32_t bit = 1u << x->cs_pin % 32u;

	if (x->kind != 2 || vb->chip->units[unit].arg != x->cs_pin / 32u)
		return;
	bool is_output = (*vb_word(vb, unit, 0x010u) & bit) != 0 || (*vb_word(vb, unit, 0x080u + 4u * (x->cs_pin % 32u)) & 1u) != 0;
	bool is_low = is_output && (*vb_word(vb, unit, 0) & bit) == 0;
	if (is_low != vb->s.nor.is_selected)
		vb_nor_select(vb, is_low);
}

static void gpio_l_write(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value)
{
	gpio_rw(vb, unit, off, value, 0);
	led_look(vb, unit, vb->chip->units[unit].arg, *vb_word(vb, unit, 0), 0x080u);
	chip_select(vb, unit);
}

static const struct vb_reg gpio_l_regs[] = {
	{ 0x000, VB_R_CALL, 7, 0 }, { 0x020, VB_R_W1C, 1, 0 }, { 0x024, VB_R_RW, 1, 0 }, { 0x080, VB_R_RW, 32, 2 },
};
const struct vb_kind vb_kind_gpio_l = { .name = "GPIO", .regs = gpio_l_regs, .reg_count = HF_ARRAY_COUNT(gpio_l_regs),
	.read = gpio_l_read, .write = gpio_l_write };

/* ---- RNG: a value is always ready; it is pseudo-random and repeats, which is the point here. ---- */

static void rng_task(struct vb *vb, uint32_t unit, uint32_t off)
{
	*vb_word(vb, unit, 0x600u) = off == 0; /* ours: running */
	if (off == 0)
		vb_due(vb, unit, vb_now(vb) + 30000u);
	else
		vb_due(vb, unit, VB_NEVER);
}

static void rng_due(struct vb *vb, uint32_t unit)
{
	*vb_word(vb, unit, 0x508u) = vb_random(vb) & 0xffu;
	vb_event(vb, unit, 0x100u);
	if ((*vb_word(vb, unit, 0x200u) & 1u) == 0)
		vb_due(vb, unit, vb_now(vb) + 30000u);
}

static const struct vb_reg rng_regs[] = {
	{ 0x000, VB_R_TASK, 2, 0 }, { 0x100, VB_R_EVENT, 1, 0 }, { 0x200, VB_R_RW, 1, 0 }, { 0x300, VB_R_INTEN, 1, 0 },
	{ 0x304, VB_R_INTENSET, 1, 0 }, { 0x308, VB_R_INTENCLR, 1, 0 }, { 0x504, VB_R_RW, 1, 0 }, { 0x508, VB_R_RO, 1, 0 },
};
const struct vb_kind vb_kind_rng = { .name = "RNG", .regs = rng_regs, .reg_count = HF_ARRAY_COUNT(rng_regs), .task = rng_task,
	.due = rng_due };

/* ---- TEMP: 25.0 degrees, at once ---- */

static void temp_task(struct vb *vb, uint32_t unit, uint32_t off)
{
	if (off == 0)
		vb_event(vb, unit, 0x100u);
}

static const struct vb_reg temp_regs[] = {
	{ 0x000, VB_R_TASK, 2, 0 }, { 0x100, VB_R_EVENT, 1, 0 }, { 0x300, VB_R_INTEN, 1, 0 }, { 0x304, VB_R_INTENSET, 1, 0 },
	{ 0x308, VB_R_INTENCLR, 1, 0 }, { 0x508, VB_R_RO, 1, 100 }, { 0x520, VB_R_RW, 21, 0 },
};
const struct vb_kind vb_kind_temp = { .name = "TEMP", .regs = temp_regs, .reg_count = HF_ARRAY_COUNT(temp_regs), .task = temp_task };

/* ---- the nRF52's component identification: vendor code tells parts and revisions apart by it, and FICR 0x130 says the same ---- */

static uint32_t part_read(struct vb *vb, uint32_t unit, uint32_t off)
{
	(void)unit;
	if (off == 0xfe0u)
		return hf_get32le(vb->ficr + 0x130);
	return off == 0xfe8u ? hf_get32le(vb->ficr + 0x134) : 0;
}

static void part_write(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value)
{
	vb_find(vb, HF_R_VB_READ_ONLY, vb->chip->units[unit].base + off, value, true, false);
}

static const struct vb_reg part_regs[] = { { 0xfe0, VB_R_CALL, 4, 0 } };
const struct vb_kind vb_kind_part = { .name = "PART", .regs = part_regs, .reg_count = HF_ARRAY_COUNT(part_regs), .read = part_read,
	.write = part_write };

/* ---- stored only ---- */

static const struct vb_reg sink_regs[] = { { 0x000, VB_R_RW, 1024, 0 } };
const struct vb_kind vb_kind_sink = { .name = "sink", .regs = sink_regs, .reg_count = HF_ARRAY_COUNT(sink_regs) };

static const struct vb_reg bprot_regs[] = { { 0x600, VB_R_RW, 6, 0 } };
const struct vb_kind vb_kind_bprot = { .name = "BPROT", .regs = bprot_regs, .reg_count = HF_ARRAY_COUNT(bprot_regs) };

static const struct vb_reg tad_regs[] = { { 0x000, VB_R_TASK, 2, 0 }, { 0x40c, VB_R_RW, 1, 0 }, { 0x500, VB_R_RW, 8, 0 } };
const struct vb_kind vb_kind_tad = { .name = "TAD", .regs = tad_regs, .reg_count = HF_ARRAY_COUNT(tad_regs) };

static const struct vb_reg memconf_regs[] = { { 0x500, VB_R_RW, 1, 0xffffffff }, { 0x504, VB_R_RW, 1, 0 }, { 0x508, VB_R_RW, 3, 0xffffffff },
	{ 0x514, VB_R_RW, 1, 0 }, { 0x518, VB_R_RW, 2, 0xffffffff } };
const struct vb_kind vb_kind_memconf = { .name = "MEMCONF", .regs = memconf_regs, .reg_count = HF_ARRAY_COUNT(memconf_regs) };

static const struct vb_reg spu_regs[] = { { 0x100, VB_R_EVENT, 1, 0 }, { 0x300, VB_R_RW, 3, 0 }, { 0x400, VB_R_RW, 2, 0 },
	{ 0x500, VB_R_RW, 64, 0x8000002a }, { 0x600, VB_R_RW, 320, 0 } };
const struct vb_kind vb_kind_spu = { .name = "SPU", .regs = spu_regs, .reg_count = HF_ARRAY_COUNT(spu_regs) };

static const struct vb_reg mpc_regs[] = { { 0x100, VB_R_EVENT, 1, 0 }, { 0x300, VB_R_RW, 3, 0 }, { 0x400, VB_R_RW, 2, 0 },
	{ 0x800, VB_R_RW, 96, 0 } };
const struct vb_kind vb_kind_mpc = { .name = "MPC", .regs = mpc_regs, .reg_count = HF_ARRAY_COUNT(mpc_regs) };

static const struct vb_reg cpuc_regs[] = { { 0x100, VB_R_EVENT, 6, 0 }, { 0x300, VB_R_RW, 3, 0 }, { 0x500, VB_R_RW, 2, 0 } };
const struct vb_kind vb_kind_cpuc = { .name = "CPUC", .regs = cpuc_regs, .reg_count = HF_ARRAY_COUNT(cpuc_regs) };

static const struct vb_reg cache_regs[] = { { 0x000, VB_R_TASK, 9, 0 }, { 0x400, VB_R_RO, 1, 0 }, { 0x404, VB_R_RW, 1, 0 },
	{ 0x410, VB_R_RW, 10, 0 } };
const struct vb_kind vb_kind_cache_l = { .name = "CACHE", .regs = cache_regs, .reg_count = HF_ARRAY_COUNT(cache_regs) };

/* ---- TAMPC: signal words need their key and an open write protection ---- */

static uint32_t tampc_read(struct vb *vb, uint32_t unit, uint32_t off)
{
	return *vb_word(vb, unit, off) & 0xffffu;
}

static void tampc_write(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value)
{
	uint32_t *word = vb_word(vb, unit, off);

	if (value >> 16 != 0x50fau || (*word & 2u) != 0) {
		*vb_word(vb, unit, 0x104u) = 1; /* WRITEERROR */
		return;
	}
	if ((*word & 0x10u) == 0) /* protection was cleared by the last write */
		*word = (value & 3u) | 0x10u;
	else if ((value & 0xf0u) == 0xf0u)
		*word &= ~0x10u;
	else
		*vb_word(vb, unit, 0x104u) = 1;
}

static const struct vb_reg tampc_regs[] = {
	{ 0x100, VB_R_EVENT, 2, 0 }, { 0x300, VB_R_RW, 4, 0 }, { 0x400, VB_R_RW, 1, 0 },
	{ 0x500, KEEP(VB_R_CALL), 1, 0x10 }, { 0x504, VB_R_RO, 1, 0 }, { 0x508, KEEP(VB_R_CALL), 1, 0x10 }, { 0x50c, VB_R_RO, 1, 0 },
	{ 0x510, KEEP(VB_R_CALL), 1, 0x10 }, { 0x514, VB_R_RO, 1, 0 }, { 0x518, KEEP(VB_R_CALL), 1, 0x10 }, { 0x51c, VB_R_RO, 1, 0 },
	{ 0x700, KEEP(VB_R_CALL), 1, 0x10 }, { 0x704, VB_R_RO, 1, 0 }, { 0x900, VB_R_CALL, 1, 0x10 }, { 0x938, VB_R_CALL, 1, 0x11 },
	{ 0x940, VB_R_CALL, 1, 0x11 }, { 0x948, VB_R_CALL, 1, 0x11 }, { 0x970, VB_R_CALL, 1, 0x10 }, { 0x978, VB_R_CALL, 1, 0x11 },
	{ 0x980, VB_R_CALL, 1, 0x10 },
};
const struct vb_kind vb_kind_tampc = { .name = "TAMPC", .regs = tampc_regs, .reg_count = HF_ARRAY_COUNT(tampc_regs), .read = tampc_read,
	.write = tampc_write };

/* ---- KMU: no keys: every task ends in an error, reading metadata in "none" ---- */

static void kmu_task(struct vb *vb, uint32_t unit, uint32_t off)
{
	vb_event(vb, unit, off == 0x00cu ? 0x110u : 0x10cu);
}

static const struct vb_reg kmu_regs[] = {
	{ 0x000, VB_R_TASK, 5, 0 }, { 0x100, VB_R_EVENT, 6, 0 }, { 0x300, VB_R_RW, 3, 0 }, { 0x400, VB_R_RO, 1, 0 }, { 0x500, VB_R_RW, 4, 0 },
};
const struct vb_kind vb_kind_kmu = { .name = "KMU", .regs = kmu_regs, .reg_count = HF_ARRAY_COUNT(kmu_regs), .task = kmu_task };

/* ---- CRACEN: the random number generator only ---- */

static const struct vb_reg cracen_regs[] = { { 0x100, VB_R_EVENT, 3, 0 }, { 0x300, VB_R_RW, 4, 0 }, { 0x400, VB_R_RW, 4, 0 },
	{ 0x500, VB_R_RW, 8, 0 } };
const struct vb_kind vb_kind_cracen = { .name = "CRACEN", .regs = cracen_regs, .reg_count = HF_ARRAY_COUNT(cracen_regs) };

static uint32_t core_read(struct vb *vb, uint32_t unit, uint32_t off)
{
	if (off == 0x004u)
		return 16; /* FIFOLEVEL */
	if (off == 0x030u)
		return 2u << 1; /* idle */
	if (off >= 0x080u && off < 0x0c0u)
		return vb_random(vb);
	return *vb_word(vb, unit, off);
}

static void core_write(struct vb *vb, uint32_t unit, uint32_t off, uint32_t value)
{
	*vb_word(vb, unit, off) = value;
}

static const struct vb_reg core_regs[] = { { 0x000, VB_R_CALL, 64, 0 } };
const struct vb_kind vb_kind_cracen_core = { .name = "CRACEN core", .regs = core_regs, .reg_count = HF_ARRAY_COUNT(core_regs),
	.read = core_read, .write = core_write };
