/* SPDX-License-Identifier: MIT */
/* HCI commands of ble/ that become calls of Nordic's controller. The controller's functions are written here (its library may run on
 * Nordic's chips only); their headers are Nordic's, so what is called is what there is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <holdfast/ble.h>
#include <sdc_hci_cmd_controller_baseband.h>
#include <sdc_hci_cmd_info_params.h>
#include <sdc_hci_cmd_le.h>
#include <sdc_hci_cmd_link_control.h>
#include <string.h>

#include "ports/nrf/radio.h"

/* --- a controller ------------------------------------------------------------------------------------------------------- */

static struct {
	uint32_t resets, disconnects;
	uint8_t mask[8], le_mask[8], address[6], data[32], scan[32], key[16], reason;
	sdc_hci_cmd_le_set_adv_params_t advertising;
	sdc_hci_cmd_le_set_data_length_t length;
	sdc_hci_cmd_le_set_phy_t phy;
	uint8_t advertises, status;
	bool key_refused;
	uint8_t acl[300];
} sdc;

uint8_t sdc_hci_cmd_cb_reset(void)
{
	sdc.resets++;
	return 0;
}

uint8_t sdc_hci_cmd_cb_set_event_mask(const sdc_hci_cmd_cb_set_event_mask_t *p)
{
	memcpy(sdc.mask, p->raw, 8);
	return 0;
}

uint8_t sdc_hci_cmd_le_set_event_mask(const sdc_hci_cmd_le_set_event_mask_t *p)
{
	memcpy(sdc.le_mask, p->raw, 8);
	return 0;
}

uint8_t sdc_hci_cmd_ip_read_bd_addr(sdc_hci_cmd_ip_read_bd_addr_return_t *p)
{
	memset(p->bd_addr, 0, 6); /* it has none of its own */
	return 0;
}

uint8_t sdc_hci_cmd_le_read_local_supported_features(sdc_hci_cmd_le_read_local_supported_features_return_t *p)
{
	memcpy(p->raw, "\x23\x01\x00\x00\x00\x00\x00\x00", 8);
	return 0;
}

uint8_t sdc_hci_cmd_le_read_buffer_size(sdc_hci_cmd_le_read_buffer_size_return_t *p)
{
	p->le_acl_data_packet_length = 251;
	p->total_num_le_acl_data_packets = 4;
	return 0;
}

uint8_t sdc_hci_cmd_le_set_random_address(const sdc_hci_cmd_le_set_random_address_t *p)
{
	memcpy(sdc.address, p->random_address, 6);
	return 0;
}

uint8_t sdc_hci_cmd_le_set_adv_params(const sdc_hci_cmd_le_set_adv_params_t *p)
{
	sdc.advertising = *p;
	return 0;
}

uint8_t sdc_hci_cmd_le_set_adv_data(const sdc_hci_cmd_le_set_adv_data_t *p)
{
	memcpy(sdc.data, p, sizeof *p);
	return 0;
}

uint8_t sdc_hci_cmd_le_set_scan_response_data(const sdc_hci_cmd_le_set_scan_response_data_t *p)
{
	memcpy(sdc.scan, p, sizeof *p);
	return 0;
}

uint8_t sdc_hci_cmd_le_set_adv_enable(const sdc_hci_cmd_le_set_adv_enable_t *p)
{
	sdc.advertises = p->adv_enable;
	return sdc.status;
}

uint8_t sdc_hci_cmd_lc_disconnect(const sdc_hci_cmd_lc_disconnect_t *p)
{
	sdc.disconnects++;
	sdc.reason = p->reason;
	return sdc.status;
}

uint8_t sdc_hci_cmd_le_long_term_key_request_reply(const sdc_hci_cmd_le_long_term_key_request_reply_t *p,
						   sdc_hci_cmd_le_long_term_key_request_reply_return_t *r)
{
	memcpy(sdc.key, p->long_term_key, 16);
	r->conn_handle = p->conn_handle;
	return 0;
}

uint8_t sdc_hci_cmd_le_long_term_key_request_negative_reply(const sdc_hci_cmd_le_long_term_key_request_negative_reply_t *p,
							    sdc_hci_cmd_le_long_term_key_request_negative_reply_return_t *r)
{
	sdc.key_refused = true;
	r->conn_handle = p->conn_handle;
	return 0;
}

uint8_t sdc_hci_cmd_le_set_data_length(const sdc_hci_cmd_le_set_data_length_t *p, sdc_hci_cmd_le_set_data_length_return_t *r)
{
	sdc.length = *p;
	r->conn_handle = p->conn_handle;
	return 0;
}

uint8_t sdc_hci_cmd_le_set_phy(const sdc_hci_cmd_le_set_phy_t *p)
{
	sdc.phy = *p;
	return sdc.status;
}

/* --- commands ------------------------------------------------------------------------------------------------------------ */

static struct ble ble;
static struct ble_link links[1];
static uint8_t memory[BLE_LINK_BYTES(BLE_MTU_USUAL, 300, SMP_REPLY_MIN_BYTES)];

static void board_random(void *ctx, uint8_t *bytes, uint32_t size_bytes)
{
	(void)ctx;
	memset(bytes, 0x5a, size_bytes);
}

/* ble/ and the glue talk until neither has anything to say. */
static void talk(void)
{
	uint8_t packet[300], answer[NRF_HCI_ANSWER_BYTES];
	uint32_t size_bytes;

	while ((size_bytes = ble_next(&ble, packet, sizeof packet, 0)) != 0u) {
		if (packet[0] == 2) {
			memcpy(sdc.acl, packet, size_bytes);
			continue;
		}
		assert_int_equal(packet[0], 1);
		size_bytes = nrf_hci_command(packet + 1, size_bytes - 1u, answer);
		assert_in_range(size_bytes, 7, NRF_HCI_ANSWER_BYTES);
		assert_int_equal(ble_packet(&ble, answer, size_bytes, 0), HF_OK);
	}
}

static void event(const char *bytes, uint32_t size_bytes)
{
	assert_int_equal(ble_packet(&ble, (const uint8_t *)bytes, size_bytes, 0), HF_OK);
	talk();
}

static void started(void)
{
	static const struct ble_board board = { .random = board_random };
	static const struct ble_config config = {
		.name = "Holdfast xiao_nrf52840", .policy = BLE_ENCRYPTED, .mtu = BLE_MTU_USUAL, .has_address = true,
		.address = { .type = 1, .bytes = { 1, 2, 3, 4, 5, 0xc6 } }, .interval_min = 12, .interval_max = 12, .timeout = 400,
		.crypto = &ble_crypto_openssl, .board = &board, .links = links, .link_count = 1, .memory = memory, .memory_bytes = sizeof memory,
		.inbox_bytes = 300, .outbox_bytes = SMP_REPLY_MIN_BYTES,
	};

	memset(&sdc, 0, sizeof sdc);
	assert_int_equal(ble_start(&ble, &config, 0), HF_OK);
	talk();
}

/* Every command that ble/ ever sends has a row, and arrives as it was meant. */
static void commands(void **state)
{
	(void)state;
	started();
	assert_int_equal(ble.state, BLE_STATE_RUNS);
	assert_int_equal(sdc.resets, 1);
	assert_int_equal(sdc.advertises, 1);
	assert_memory_equal(sdc.address, "\x01\x02\x03\x04\x05\xc6", 6);
	assert_int_equal(sdc.advertising.own_address_type, 1);
	assert_int_equal(sdc.data[0], 21);
	assert_memory_equal(sdc.scan + 3, "Holdfast xiao_nrf52840", 22);
	assert_int_equal(sdc.mask[7], 0x20); /* LE events */
	assert_int_equal(ble.acl_bytes, 251);
	assert_int_equal(ble.acl_free, 4);
	event("\x04\x3e\x13\x01\x00\x41\x00\x01\x01\x11\x22\x33\x44\x55\xc6\x18\x00\x00\x00\x48\x00\x00", 22);
	assert_int_equal(sdc.length.tx_octets, 251);
	assert_int_equal(sdc.length.conn_handle, 0x41);
	assert_int_equal(sdc.phy.tx_phys, 2);
	event("\x04\x3e\x0d\x05\x41\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 16);
	assert_true(sdc.key_refused);
	memcpy(links[0].key_reply, "0123456789abcdef", 16);
	links[0].commands = 2;
	talk();
	assert_memory_equal(sdc.key, "0123456789abcdef", 16);
	links[0].ask_interval = true;
	talk();
	assert_memory_equal(sdc.acl + 5, "\x0c\x00\x05\x00\x12\x01\x08\x00\x0c\x00\x0c\x00\x00\x00\x90\x01", 16); /* by signalling */
	links[0].commands = 1;
	links[0].close_reason = 0x13;
	talk();
	assert_int_equal(sdc.disconnects, 1);
	assert_int_equal(sdc.reason, 0x13);
}

static void answers(void **state)
{
	uint8_t answer[NRF_HCI_ANSWER_BYTES];

	(void)state;
	started();
	sdc.status = 0x0c;
	/* What an event answers later gets a status, all else its values. */
	assert_int_equal(nrf_hci_command((const uint8_t *)"\x06\x04\x03\x41\x00\x13", 6, answer), 7);
	assert_memory_equal(answer, "\x04\x0f\x04\x0c\x01\x06\x04", 7);
	assert_int_equal(nrf_hci_command((const uint8_t *)"\x0a\x20\x01\x01", 4, answer), 7);
	assert_memory_equal(answer, "\x04\x0e\x04\x01\x0a\x20\x0c", 7);
	assert_int_equal(nrf_hci_command((const uint8_t *)"\x02\x20\x00", 3, answer), 10);
	assert_memory_equal(answer, "\x04\x0e\x07\x01\x02\x20\x00\xfb\x00\x04", 10);
	/* Parameters of another length, a command that nobody knows, less than a command. */
	assert_int_equal(nrf_hci_command((const uint8_t *)"\x0a\x20\x00", 3, answer), 7);
	assert_memory_equal(answer, "\x04\x0e\x04\x01\x0a\x20\x12", 7);
	assert_int_equal(nrf_hci_command((const uint8_t *)"\x0a\x20\x01", 3, answer), 7);
	assert_int_equal(answer[6], 0x12);
	assert_int_equal(nrf_hci_command((const uint8_t *)"\x01\xfc\x00", 3, answer), 7);
	assert_memory_equal(answer, "\x04\x0e\x04\x01\x01\xfc\x01", 7);
	assert_int_equal(nrf_hci_command((const uint8_t *)"\x0a\x20", 2, answer), 7);
	assert_int_equal(answer[6], 0x01);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(commands), cmocka_unit_test(answers) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
