/* SPDX-License-Identifier: MIT */
/* The commands that ble/ sends, as calls of the SoftDevice Controller: it has a function for each command and none that takes packets.
 * LE Connection Update is not among them in the peripheral's variant: it is answered as unknown, and ble/ asks the central by signalling.
 * Its structures are packed as the parameters are on the wire, so the bytes are handed on as they are.
 * Source: nrfxlib sdc_hci_cmd_*.h; Bluetooth Core 5.4, Vol 4 Part E 7.7.14 and 7.7.15 (the two answers). */
#include "radio.h"

#include <sdc_hci_cmd_controller_baseband.h>
#include <sdc_hci_cmd_info_params.h>
#include <sdc_hci_cmd_le.h>
#include <sdc_hci_cmd_link_control.h>

#include <string.h>

enum { UNKNOWN_COMMAND = 0x01, INVALID_PARAMETERS = 0x12 }; /* Vol 1 Part F 1.3 */
enum { EVENT = 0x04, COMMAND_COMPLETE = 0x0e, COMMAND_STATUS = 0x0f, HEADER_BYTES = 3, COMPLETE_BYTES = 7, VALUES_MAX = 16 };

static uint8_t reset(const void *in, void *out)
{
	(void)in, (void)out;
	return sdc_hci_cmd_cb_reset();
}

static uint8_t set_event_mask(const void *in, void *out)
{
	(void)out;
	return sdc_hci_cmd_cb_set_event_mask(in);
}

static uint8_t le_set_event_mask(const void *in, void *out)
{
	(void)out;
	return sdc_hci_cmd_le_set_event_mask(in);
}

static uint8_t read_address(const void *in, void *out)
{
	(void)in;
	return sdc_hci_cmd_ip_read_bd_addr(out);
}

static uint8_t read_features(const void *in, void *out)
{
	(void)in;
	return sdc_hci_cmd_le_read_local_supported_features(out);
}

static uint8_t read_buffer_size(const void *in, void *out)
{
	(void)in;
	return sdc_hci_cmd_le_read_buffer_size(out);
}

static uint8_t set_random_address(const void *in, void *out)
{
	(void)out;
	return sdc_hci_cmd_le_set_random_address(in);
}

static uint8_t set_advertising(const void *in, void *out)
{
	(void)out;
	return sdc_hci_cmd_le_set_adv_params(in);
}

static uint8_t set_advertising_data(const void *in, void *out)
{
	(void)out;
	return sdc_hci_cmd_le_set_adv_data(in);
}

static uint8_t set_scan_data(const void *in, void *out)
{
	(void)out;
	return sdc_hci_cmd_le_set_scan_response_data(in);
}

static uint8_t advertise(const void *in, void *out)
{
	(void)out;
	return sdc_hci_cmd_le_set_adv_enable(in);
}

static uint8_t disconnect(const void *in, void *out)
{
	(void)out;
	return sdc_hci_cmd_lc_disconnect(in);
}

static uint8_t key_reply(const void *in, void *out)
{
	return sdc_hci_cmd_le_long_term_key_request_reply(in, out);
}

static uint8_t no_key_reply(const void *in, void *out)
{
	return sdc_hci_cmd_le_long_term_key_request_negative_reply(in, out);
}

static uint8_t set_data_length(const void *in, void *out)
{
	return sdc_hci_cmd_le_set_data_length(in, out);
}

static uint8_t set_phy(const void *in, void *out)
{
	(void)out;
	return sdc_hci_cmd_le_set_phy(in);
}

/* in_bytes: of the parameters. out_bytes: of what comes back behind the status. status_only: what follows is told by an event later. */
static const struct {
	uint16_t opcode;
	uint8_t in_bytes, out_bytes;
	bool status_only;
	uint8_t (*run)(const void *in, void *out);
} commands[] = {
	{ 0x0406, sizeof(sdc_hci_cmd_lc_disconnect_t), 0, true, disconnect },
	{ 0x0c01, sizeof(sdc_hci_cmd_cb_set_event_mask_t), 0, false, set_event_mask },
	{ 0x0c03, 0, 0, false, reset },
	{ 0x1009, 0, sizeof(sdc_hci_cmd_ip_read_bd_addr_return_t), false, read_address },
	{ 0x2001, sizeof(sdc_hci_cmd_le_set_event_mask_t), 0, false, le_set_event_mask },
	{ 0x2002, 0, sizeof(sdc_hci_cmd_le_read_buffer_size_return_t), false, read_buffer_size },
	{ 0x2003, 0, sizeof(sdc_hci_cmd_le_read_local_supported_features_return_t), false, read_features },
	{ 0x2005, sizeof(sdc_hci_cmd_le_set_random_address_t), 0, false, set_random_address },
	{ 0x2006, sizeof(sdc_hci_cmd_le_set_adv_params_t), 0, false, set_advertising },
	{ 0x2008, sizeof(sdc_hci_cmd_le_set_adv_data_t), 0, false, set_advertising_data },
	{ 0x2009, sizeof(sdc_hci_cmd_le_set_scan_response_data_t), 0, false, set_scan_data },
	{ 0x200a, sizeof(sdc_hci_cmd_le_set_adv_enable_t), 0, false, advertise },
	{ 0x201a, sizeof(sdc_hci_cmd_le_long_term_key_request_reply_t), sizeof(sdc_hci_cmd_le_long_term_key_request_reply_return_t), false, key_reply },
	{ 0x201b, sizeof(sdc_hci_cmd_le_long_term_key_request_negative_reply_t),
	  sizeof(sdc_hci_cmd_le_long_term_key_request_negative_reply_return_t), false, no_key_reply },
	{ 0x2022, sizeof(sdc_hci_cmd_le_set_data_length_t), sizeof(sdc_hci_cmd_le_set_data_length_return_t), false, set_data_length },
	{ 0x2032, sizeof(sdc_hci_cmd_le_set_phy_t), 0, true, set_phy },
};

static uint32_t status_make(uint16_t opcode, uint8_t status, uint8_t *answer)
{
	const uint8_t event[7] = { EVENT, COMMAND_STATUS, 4, status, 1, (uint8_t)opcode, (uint8_t)(opcode >> 8) };

	memcpy(answer, event, sizeof event);
	return sizeof event;
}

static uint32_t complete_make(uint16_t opcode, uint8_t status, uint32_t values_bytes, uint8_t *answer)
{
	answer[0] = EVENT;
	answer[1] = COMMAND_COMPLETE;
	answer[2] = (uint8_t)(COMPLETE_BYTES - HEADER_BYTES + values_bytes);
	answer[3] = 1; /* one more command may come */
	hf_put16le(answer + 4, opcode);
	answer[6] = status;
	return COMPLETE_BYTES + values_bytes;
}

uint32_t nrf_hci_command(const uint8_t *command, uint32_t size_bytes, uint8_t answer[NRF_HCI_ANSWER_BYTES])
{
	uint16_t opcode = size_bytes >= 3u ? hf_get16le(command) : 0u;

	for (uint32_t i = 0; i < HF_ARRAY_COUNT(commands); i++) {
		uint8_t status;

		if (commands[i].opcode != opcode)
			continue;
		if (command[2] != commands[i].in_bytes || size_bytes != 3u + command[2])
			return complete_make(opcode, INVALID_PARAMETERS, 0, answer);
		hf_assert(commands[i].out_bytes <= VALUES_MAX);
		memset(answer, 0, NRF_HCI_ANSWER_BYTES);
		status = commands[i].run(command + 3, answer + COMPLETE_BYTES);
		return commands[i].status_only ? status_make(opcode, status, answer) : complete_make(opcode, status, commands[i].out_bytes, answer);
	}
	return complete_make(opcode, UNKNOWN_COMMAND, 0, answer);
}
