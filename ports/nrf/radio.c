/* SPDX-License-Identifier: MIT */
/* Nordic's SoftDevice Controller on MPSL as an HCI controller.
 *
 * Interrupts: RADIO, the low-frequency timer and MPSL's TIMER at priority 0, CLOCK_POWER and the software interrupt below. The vector table
 * of start.c has no entries for them, so a table in RAM takes its place. The software interrupt only leaves a mark: the work itself is done
 * in thread mode, where all calls of the library come from, because it must not be entered twice.
 * The low-frequency clock is the RC oscillator: no board needs a crystal for it, and none of its load capacitors has to be known.
 * Source: nrfxlib mpsl.h, mpsl_clock.h, sdc.h, sdc_soc.h; alexmoon/nrf-sdc: nrf-mpsl/src/mpsl.rs (which interrupts on which chip). */
#include "radio.h"

#include <mpsl.h>
#include <mpsl_timeslot.h>
#include <sdc.h>
#include <sdc_hci.h>
#include <sdc_soc.h>

#include <string.h>

#define SYSTEM_VECTORS 16u
#define IRQS (32u * CHIP_IRQ_WORDS)
#define ARM_NVIC_IPR 0xe000e400u
#define PRIORITY_LOW 0x80u /* 4 of 0..7: three bits at the top */
#define CLOCK_PPM 500u     /* RC, calibrated every 8 s: mpsl_clock.h */
#define DATA_BYTES 251u    /* a link-layer packet */
#define SENT_COUNT 4u
#define GOT_COUNT 4u
#define MEMORY_BYTES (SDC_MEM_PER_PERIPHERAL_LINK(DATA_BYTES, DATA_BYTES, SENT_COUNT, GOT_COUNT) + SDC_MEM_PERIPHERAL_LINKS_SHARED + \
		      SDC_MEM_PER_ADV_SET(SDC_DEFAULT_ADV_BUF_SIZE) + SDC_MEM_FAL(SDC_DEFAULT_FAL_SIZE) + 256u)

static void (*vectors[SYSTEM_VECTORS + IRQS])(void) __attribute__((aligned(2048)));
static uint8_t memory[MEMORY_BYTES] __attribute__((aligned(8)));
static uint8_t answer[NRF_HCI_ANSWER_BYTES];
static uint32_t answer_bytes;
static volatile bool work_waits;
static bool is_on;

/* --- interrupts ---------------------------------------------------------------------------------------------------------- */

static void stray(void)
{
	port_radio_fault(0);
}

static void low_priority(void)
{
	work_waits = true;
}

static void vectors_set(void)
{
	memcpy(vectors, (const void *)(uintptr_t)reg_get(ARM_VTOR), SYSTEM_VECTORS * sizeof vectors[0]);
	for (uint32_t i = SYSTEM_VECTORS; i < HF_ARRAY_COUNT(vectors); i++)
		vectors[i] = stray;
	vectors[SYSTEM_VECTORS + CHIP_RADIO_IRQ] = MPSL_IRQ_RADIO_Handler;
	vectors[SYSTEM_VECTORS + CHIP_RADIO_RTC_IRQ] = MPSL_IRQ_RTC0_Handler;
	vectors[SYSTEM_VECTORS + CHIP_RADIO_TIMER_IRQ] = MPSL_IRQ_TIMER0_Handler;
	vectors[SYSTEM_VECTORS + CHIP_RADIO_CLOCK_IRQ] = MPSL_IRQ_CLOCK_Handler;
	vectors[SYSTEM_VECTORS + CHIP_RADIO_SWI_IRQ] = low_priority;
	reg_set(ARM_VTOR, (uint32_t)(uintptr_t)vectors);
	arm_dsb();
}

static void priority_set(uint32_t irq, uint8_t priority)
{
	*(volatile uint8_t *)(uintptr_t)(ARM_NVIC_IPR + irq) = priority;
}

static void interrupts_on(void)
{
	priority_set(CHIP_RADIO_IRQ, 0);
	priority_set(CHIP_RADIO_RTC_IRQ, 0);
	priority_set(CHIP_RADIO_TIMER_IRQ, 0);
	priority_set(CHIP_RADIO_CLOCK_IRQ, PRIORITY_LOW);
	priority_set(CHIP_RADIO_SWI_IRQ, PRIORITY_LOW);
	nrf_irq_enable(CHIP_RADIO_CLOCK_IRQ);
	nrf_irq_enable(CHIP_RADIO_SWI_IRQ);
	nrf_radio_unmask();
}

/* --- start --------------------------------------------------------------------------------------------------------------- */

static void library_failed(const char *file, const uint32_t line)
{
	(void)file; /* a number of the library's maker, no name of ours */
	port_radio_fault(line);
}

/* Packets are fetched at each turn of the main loop; the wake-up is all that the call is for. */
static void packets_wait(void)
{
}

static void random_poll(uint8_t *into, uint8_t size_bytes)
{
	chip_random(into, size_bytes);
}

/* Features before memory: what is not asked for is not linked. A negative answer, or how many bytes the controller wants. */
static int32_t controller_configure(void)
{
	static const sdc_cfg_t one_peripheral = { .peripheral_count = { .count = 1 } }, one_set = { .adv_count = { .count = 1 } };
	static const sdc_cfg_t buffers = { .buffer_cfg = { .tx_packet_size = DATA_BYTES, .rx_packet_size = DATA_BYTES,
							   .tx_packet_count = SENT_COUNT, .rx_packet_count = GOT_COUNT } };
	int32_t code;

	sdc_support_adv();
	sdc_support_peripheral();
	sdc_support_dle_peripheral();
	sdc_support_le_2m_phy();
	sdc_support_phy_update_peripheral();
	code = sdc_cfg_set(SDC_DEFAULT_RESOURCE_CFG_TAG, SDC_CFG_TYPE_PERIPHERAL_COUNT, &one_peripheral);
	if (code >= 0)
		code = sdc_cfg_set(SDC_DEFAULT_RESOURCE_CFG_TAG, SDC_CFG_TYPE_ADV_COUNT, &one_set);
	if (code >= 0)
		code = sdc_cfg_set(SDC_DEFAULT_RESOURCE_CFG_TAG, SDC_CFG_TYPE_BUFFER_CFG, &buffers);
	return code;
}

static int32_t start_step(uint32_t step)
{
	static const mpsl_clock_lfclk_cfg_t clock = { .source = MPSL_CLOCK_LF_SRC_RC, .rc_ctiv = MPSL_RECOMMENDED_RC_CTIV,
						      .rc_temp_ctiv = MPSL_RECOMMENDED_RC_TEMP_CTIV, .accuracy_ppm = CLOCK_PPM };
	static const sdc_rand_source_t source = { .rand_poll = random_poll };

	switch (step) {
	case 1:
		return mpsl_init(&clock, (IRQn_Type)CHIP_RADIO_SWI_IRQ, library_failed);
	case 2:
		return nrf_radio_flash_start();
	case 3:
		return sdc_init(library_failed);
	case 4:
		return sdc_rand_source_register(&source);
	case 5:
		return controller_configure();
	default: /* 6 */
		return sdc_enable(packets_wait, memory);
	}
}

enum hf_reason port_radio_start(struct port_radio_refusal *why)
{
	vectors_set();
	chip_radio_start();
	for (uint32_t step = 1; step <= 6u; step++) {
		int32_t code = start_step(step);

		if (code < 0 || (step == 5u && (uint32_t)code > sizeof memory)) {
			*why = (struct port_radio_refusal){ .step = step, .code = (uint32_t)code };
			return HF_R_RADIO_START;
		}
		if (step == 1u)
			interrupts_on();
	}
	is_on = true;
	return HF_OK;
}

bool nrf_radio_is_on(void)
{
	return is_on;
}

/* --- packets ------------------------------------------------------------------------------------------------------------- */

void nrf_radio_work(void)
{
	if (!work_waits)
		return;
	work_waits = false;
	mpsl_low_priority_process();
}

uint32_t port_radio_get(uint8_t *packet)
{
	uint32_t size_bytes = answer_bytes;
	uint8_t type = SDC_HCI_MSG_TYPE_NONE;

	nrf_radio_work();
	if (size_bytes != 0u) {
		memcpy(packet, answer, size_bytes);
		answer_bytes = 0;
		return size_bytes;
	}
	if (sdc_hci_get(packet + 1, &type) != 0)
		return 0;
	packet[0] = type;
	if (type == SDC_HCI_MSG_TYPE_EVT)
		return 1u + HCI_EVENT_HEADER_SIZE + packet[2];
	return type == SDC_HCI_MSG_TYPE_DATA ? 1u + HCI_DATA_HEADER_SIZE + hf_get16le(packet + 3) : 0u;
}

void port_radio_put(const uint8_t *packet, uint32_t size_bytes)
{
	if (packet[0] == 0x01u)
		answer_bytes = nrf_hci_command(packet + 1, size_bytes - 1u, answer);
	else if (sdc_hci_data_put(packet + 1) != 0)
		port_radio_fault(1); /* the host counts the buffers: it cannot have sent too much */
}

void nrf_radio_mask(void)
{
	__asm volatile("cpsid i" ::: "memory");
}

void nrf_radio_unmask(void)
{
	__asm volatile("cpsie i\n"
		       "isb\n" ::: "memory");
}

/* With interrupts masked a pending one still ends the sleep, and none can slip in between the look and the sleep. */
void nrf_radio_wait(void)
{
	nrf_radio_mask();
	if (!work_waits)
		__asm volatile("dsb\n"
			       "wfi\n" ::: "memory");
	nrf_radio_unmask();
}

void port_radio_idle(uint32_t ms_max)
{
	nrf_radio_mask();
	if (!work_waits && answer_bytes == 0u)
		port_idle(ms_max);
	nrf_radio_unmask();
}

void port_radio_random(uint8_t *bytes, uint32_t size_bytes)
{
	chip_random(bytes, size_bytes);
}

/* Static random: the two highest bits are set. Bluetooth Core 5.4, Vol 6 Part B 1.3.2.1. */
void port_radio_address(uint8_t address[6])
{
	uint32_t low = reg_get(CHIP_FICR_DEVICEADDR), high = reg_get(CHIP_FICR_DEVICEADDR + 4u);

	for (uint32_t i = 0; i < 6u; i++)
		address[i] = (uint8_t)((i < 4u ? low : high) >> 8u * (i % 4u));
	address[5] |= 0xc0u;
}
