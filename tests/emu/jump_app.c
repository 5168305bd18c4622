/* SPDX-License-Identifier: MIT */
/* jump_app.c - an application that tells what the loader left behind: the first thing it does is to look.
 *
 * Lines "name=xxxxxxxx" on the UART, then "end". It brings no start-up code of the ports along, since that would tidy up. No
 * variables but on the stack. Built by firmware/CMakeLists.txt, judged by test_jump.c. */
#include <stdint.h>

#include "../../ports/arm/arm.h"
#include "chip.h"
#include JUMP_HEADER

void jump_app(uint32_t *seen);
void jump_entry(void);
void jump_tick(void);

#define CORE_WORDS 8u /* what jump_entry saves */
#define TICKS_ADDR (CHIP_RAM_ADDR + 0x100u)
#define TURN_ADDR (CHIP_RAM_ADDR + 0x104u) /* survives a soft reset */
#define TURN_SECOND 0x7475726eu

extern uint32_t link_stack_top[];

__attribute__((section(".vectors"), used)) static const struct {
	void *stack_top;
	void (*entry[15])(void);
} vectors = { link_stack_top,
	      { jump_entry, jump_entry, jump_entry, jump_entry, jump_entry, jump_entry, 0, 0, 0, 0, jump_entry, 0, 0, jump_entry,
		jump_tick } };

/* Saves the core's registers before any code can change them. JUMP_LIMITS: whether the core has stack limits. */
__attribute__((naked, used)) void jump_entry(void)
{
	__asm volatile("mov r0, sp\n"
		       "sub sp, #32\n"
		       "str r0, [sp, #0]\n"
		       "str lr, [sp, #4]\n"
		       "mrs r1, primask\n"
		       "str r1, [sp, #8]\n"
		       "mrs r1, basepri\n"
		       "mrs r2, faultmask\n"
		       "orrs r1, r2\n"
		       "str r1, [sp, #12]\n"
		       "mrs r1, control\n"
		       "str r1, [sp, #16]\n"
		       "mrs r1, psp\n"
		       "str r1, [sp, #20]\n" JUMP_LIMITS "mov r0, sp\n"
		       "b jump_app\n");
}

__attribute__((used)) void jump_tick(void)
{
	reg_set(TICKS_ADDR, reg_get(TICKS_ADDR) + 1u);
}

static void print(uint8_t *bytes, uint32_t size_bytes)
{
	uint32_t base = chip_uarte_base(JUMP_UART);

	reg_set(base + CHIP_UARTE_TX_PTR, (uint32_t)(uintptr_t)bytes);
	reg_set(base + CHIP_UARTE_TX_MAXCNT, size_bytes);
	reg_set(base + CHIP_UARTE_TX_END, 0);
	arm_dsb();
	reg_set(base + CHIP_UARTE_STARTTX, 1);
	while (reg_get(base + CHIP_UARTE_TX_END) == 0)
		;
}

static void tell(const char *name, uint32_t value)
{
	uint8_t line[40];
	uint32_t n = 0;

	while (name[n] != 0 && n < 24u) {
		line[n] = (uint8_t)name[n];
		n++;
	}
	line[n++] = '=';
	for (uint32_t i = 0; i < 8u; i++)
		line[n++] = (uint8_t)"0123456789abcdef"[value >> (28u - 4u * i) & 15u];
	line[n++] = '\n';
	print(line, n);
}

struct left {
	uint32_t enabled, pending, uart[7], events, pins, timer[3], systick, vtor, mpu, fpu, faults;
};

static uint32_t any_of(uint32_t addr, uint32_t count)
{
	uint32_t any = 0;

	for (uint32_t i = 0; i < count; i++)
		any |= reg_get(addr + 4u * i);
	return any;
}

static void look(struct left *left)
{
	uint32_t base = chip_uarte_base(JUMP_UART);
	static const uint16_t events[] = { CHIP_UARTE_RX_STARTED, CHIP_UARTE_RX_END, CHIP_UARTE_RXTO, CHIP_UARTE_RXDRDY,
					   CHIP_UARTE_TX_STARTED, CHIP_UARTE_TX_END, CHIP_UARTE_TXDRDY, CHIP_UARTE_TXSTOPPED };
	static const uint16_t kept[] = { CHIP_UARTE_ENABLE, CHIP_UARTE_PSEL_TXD, CHIP_UARTE_PSEL_RXD, CHIP_UARTE_BAUDRATE,
					 CHIP_UARTE_RX_PTR, CHIP_UARTE_TX_PTR, CHIP_UARTE_SHORTS };

	left->enabled = any_of(0xe000e100u, CHIP_IRQ_WORDS);
	left->pending = any_of(0xe000e200u, CHIP_IRQ_WORDS);
	for (uint32_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		left->uart[i] = reg_get(base + kept[i]);
	left->events = 0;
	for (uint32_t i = 0; i < sizeof events / sizeof events[0]; i++)
		left->events |= reg_get(base + events[i]);
	left->pins = reg_get(chip_gpio_base(JUMP_TX_PIN) + CHIP_GPIO_PIN_CNF + 4u * (JUMP_TX_PIN % 32u)) << 16 |
		     reg_get(chip_gpio_base(JUMP_LED_PIN) + CHIP_GPIO_PIN_CNF + 4u * (JUMP_LED_PIN % 32u));
	left->timer[0] = reg_get(CHIP_TIMER_BASE + 0x508u);
	left->timer[1] = reg_get(CHIP_TIMER_BASE + 0x540u);
	left->timer[2] = reg_get(CHIP_TIMER_BASE + 0x510u);
	left->systick = reg_get(ARM_SYSTICK_CTRL) | reg_get(ARM_SYSTICK_LOAD);
	left->vtor = reg_get(ARM_VTOR);
	left->mpu = reg_get(ARM_MPU_CTRL);
	left->fpu = reg_get(ARM_CPACR);
	left->faults = reg_get(ARM_CFSR);
}

static void tell_left(const struct left *left)
{
	tell("vtor", left->vtor);
	tell("irq_enabled", left->enabled);
	tell("irq_pending", left->pending);
	tell("systick", left->systick);
	tell("mpu", left->mpu);
	tell("fpu", left->fpu);
	tell("faults", left->faults);
	tell("uart_enable", left->uart[0]);
	tell("uart_txd", left->uart[1]);
	tell("uart_rxd", left->uart[2]);
	tell("uart_baud", left->uart[3]);
	tell("uart_rx_ptr", left->uart[4]);
	tell("uart_tx_ptr", left->uart[5]);
	tell("uart_shorts", left->uart[6]);
	tell("uart_events", left->events);
	tell("pins", left->pins);
	tell("timer_bitmode", left->timer[0]);
	tell("timer_cc0", left->timer[1]);
	tell("timer_prescaler", left->timer[2]);
}

/* A store into the loader's first page with write enable on: must change nothing. */
static void attack(void)
{
	uint32_t before = reg_get(JUMP_LOADER_ADDR + 0x40u);

	reg_set(JUMP_WRITE_ENABLE, JUMP_WRITE_ON);
	reg_set(JUMP_LOADER_ADDR + 0x40u, 0);
	arm_dsb();
	reg_set(JUMP_WRITE_ENABLE, 0);
	tell("loader_changed", before ^ reg_get(JUMP_LOADER_ADDR + 0x40u));
	tell("lock_addr", reg_get(JUMP_LOCK_ADDR));
	tell("lock_size", reg_get(JUMP_LOCK_SIZE));
	tell("debug", reg_get(JUMP_DEBUG));
}

/* Every watchdog of the chip with a quarter of a second and two reload registers, then a reset: the loader has to feed them. */
static void bite_and_reset(void)
{
	static const uint32_t bases[] = { JUMP_WATCHDOGS };

	for (uint32_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
		reg_set(bases[i] + 0x504u, 8191); /* CRV */
		reg_set(bases[i] + 0x508u, 0x09); /* RREN: 0 and 3 */
		reg_set(bases[i] + 0x000u, 1);
	}
	reg_set(TURN_ADDR, TURN_SECOND);
	arm_dsb();
	reg_set(ARM_AIRCR, ARM_AIRCR_RESET);
	arm_dsb();
}

void jump_app(uint32_t *seen)
{
	static const char names[CORE_WORDS][8] = { "sp", "lr", "primask", "masks", "control", "psp", "msplim", "psplim" };
	struct left left;
	uint8_t end[] = { 'e', 'n', 'd', '\n' };
	uint32_t base = chip_uarte_base(JUMP_UART);

	look(&left);
	reg_set(base + CHIP_UARTE_PSEL_TXD, JUMP_TX_PIN);
	reg_set(base + CHIP_UARTE_BAUDRATE, 0x01d60000u);
	reg_set(base + CHIP_UARTE_ENABLE, 8);
	for (uint32_t i = 0; i < CORE_WORDS; i++)
		tell(names[i], seen[i]);
	tell_left(&left);
	attack();
	reg_set(TICKS_ADDR, 0);
	reg_set(ARM_SYSTICK_LOAD, 9999);
	reg_set(ARM_SYSTICK_VAL, 0);
	reg_set(ARM_SYSTICK_CTRL, 7);
	for (uint32_t i = 0; i < 1000000u && reg_get(TICKS_ADDR) < 3u; i++)
		;
	tell("ticks", reg_get(TICKS_ADDR) >= 3u ? 3u : reg_get(TICKS_ADDR));
	print(end, sizeof end);
	if (reg_get(TURN_ADDR) != TURN_SECOND)
		bite_and_reset();
	for (;;)
		;
}
