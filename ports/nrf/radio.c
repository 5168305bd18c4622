/* SPDX-License-Identifier: MIT */
/* Nordic's SoftDevice Controller on MPSL as an HCI controller.
 *
 * The low-frequency clock is the RC oscillator: no board needs a crystal for it, and none of its load capacitors has to be known.
 * Source: nrfxlib mpsl.h, mpsl_clock.h, sdc.h, sdc_hci.h, sdc_soc.h. */
#include "radio.h"

#include <mpsl.h>
#include <sdc.h>
#include <sdc_hci.h>
#include <sdc_soc.h>

#include <string.h>

#define CLOCK_PPM 500u     /* RC, calibrated every 8 s: mpsl_clock.h */
#define DATA_BYTES 251u    /* a link-layer packet */
#define SENT_COUNT 4u
#define GOT_COUNT 4u
#define TOO_MUCH_SENT 1u    /* port_radio_fault: no place of the library, but of ours */
#define MEMORY_BYTES (SDC_MEM_PER_PERIPHERAL_LINK(DATA_BYTES, DATA_BYTES, SENT_COUNT, GOT_COUNT) + SDC_MEM_PERIPHERAL_LINKS_SHARED + \
		      SDC_MEM_PER_ADV_SET(SDC_DEFAULT_ADV_BUF_SIZE) + SDC_MEM_FAL(SDC_DEFAULT_FAL_SIZE) + 256u)

static uint8_t memory[MEMORY_BYTES] __attribute__((aligned(8)));
static uint8_t answer[NRF_HCI_ANSWER_BYTES];
static uint32_t answer_bytes;
static bool is_on;

/* --- start --------------------------------------------------------------------------------------------------------------- */

static void library_failed(const char *file, const uint32_t line)
{
	(void)file; /* a number of the library's maker, no name of ours */
	port_radio_fault(HF_R_RADIO_FAULT, line);
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
	nrf_radio_vectors();
	chip_radio_start();
	for (uint32_t step = 1; step <= 6u; step++) {
		int32_t code = start_step(step);

		if (code < 0 || (step == 5u && (uint32_t)code > sizeof memory)) {
			*why = (struct port_radio_refusal){ .step = step, .code = (uint32_t)code };
			return HF_R_RADIO_START;
		}
		if (step == 1u)
			nrf_radio_interrupts();
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
	if (nrf_radio_work_take())
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
		port_radio_fault(HF_R_RADIO_FAULT, TOO_MUCH_SENT); /* the host counts the buffers: it cannot have sent too much */
}

void port_radio_idle(uint32_t ms_max)
{
	if (answer_bytes == 0u)
		nrf_radio_sleep(ms_max);
}

void port_radio_random(uint8_t *bytes, uint32_t size_bytes)
{
	chip_random(bytes, size_bytes);
}
