/* SPDX-License-Identifier: MIT */
/* Between ble/ and Nordic's controller: HCI commands that become calls, and flash operations in timeslots. The controller's functions are
 * written here (its library may run on Nordic's chips only); their headers are Nordic's, so what is called is what there is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <holdfast/ble.h>
#include <mpsl_timeslot.h>
#include <sdc_hci_cmd_controller_baseband.h>
#include <sdc_hci_cmd_info_params.h>
#include <sdc_hci_cmd_le.h>
#include <sdc_hci_cmd_link_control.h>
#include <string.h>

#include "ports/nrf/radio.h"
#include "smp_rig.h"

/* --- a controller ------------------------------------------------------------------------------------------------------- */

static struct {
	uint32_t resets, disconnects;
	uint8_t mask[8], le_mask[8], address[6], data[32], scan[32], key[16], reason;
	sdc_hci_cmd_le_set_adv_params_t advertising;
	sdc_hci_cmd_le_set_data_length_t length;
	sdc_hci_cmd_le_set_phy_t phy;
	uint8_t advertises, status;
	bool key_refused;
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
	memcpy(p->raw, "\x21\x01\x00\x00\x00\x00\x00\x00", 8);
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

/* --- flash in timeslots -------------------------------------------------------------------------------------------------- */

enum { AREA_BYTES = 4 * 4096, AREA_ADDR = 0x80000 };

static struct {
	uint8_t bytes[AREA_BYTES];
	uint32_t erase_pieces, erase_addr;
	uint32_t now_us, slots, longest_us;
	mpsl_timeslot_callback_t call;
	mpsl_timeslot_request_t request;
	bool pends, on, write_fails, erase_fails, never_grants;
	uint32_t refuse;         /* so many requests first */
	uint32_t idle_late;      /* so many requests are answered "not idle yet" */
	uint32_t high;           /* requests with high priority */
	uint32_t work;
} fake;

int32_t mpsl_timeslot_session_count_set(void *p_mem, uint8_t n_sessions)
{
	return p_mem != NULL && n_sessions == 1 ? 0 : -NRF_EINVAL;
}

int32_t mpsl_timeslot_session_open(mpsl_timeslot_callback_t callback, mpsl_timeslot_session_id_t *id)
{
	fake.call = callback;
	*id = 3;
	return 0;
}

int32_t mpsl_timeslot_request(mpsl_timeslot_session_id_t id, mpsl_timeslot_request_t const *request)
{
	assert_int_equal(id, 3);
	assert_int_equal(request->request_type, MPSL_TIMESLOT_REQ_TYPE_EARLIEST);
	assert_false(fake.pends);
	fake.request = *request;
	fake.pends = true;
	if (fake.never_grants)
		return -NRF_EINVAL;
	if (fake.idle_late != 0u) {
		fake.idle_late--;
		return -NRF_EAGAIN;
	}
	fake.high += request->params.earliest.priority == MPSL_TIMESLOT_PRIORITY_HIGH;
	return 0;
}

/* An interrupt: the slot begins, or the scheduler has no room. Then the session is idle. */
void nrf_radio_wait(void)
{
	mpsl_timeslot_signal_return_param_t *said;
	uint32_t start_us = fake.now_us;

	if (fake.refuse != 0u) {
		fake.refuse--;
		(void)fake.call(3, MPSL_TIMESLOT_SIGNAL_BLOCKED);
		fake.pends = false;
		return;
	}
	said = fake.call(3, MPSL_TIMESLOT_SIGNAL_START);
	assert_int_equal(said->callback_action, MPSL_TIMESLOT_SIGNAL_ACTION_END);
	fake.slots++;
	if (fake.now_us - start_us > fake.longest_us)
		fake.longest_us = fake.now_us - start_us;
	assert_true(fake.now_us - start_us < fake.request.params.earliest.length_us);
	(void)fake.call(3, MPSL_TIMESLOT_SIGNAL_SESSION_IDLE);
	fake.pends = false;
}

void nrf_radio_work(void)
{
	fake.work++;
}

void nrf_radio_mask(void)
{
}

void nrf_radio_unmask(void)
{
}

bool nrf_radio_is_on(void)
{
	return fake.on;
}

void port_watchdog_feed(void)
{
}

uint32_t nrf_micros(void)
{
	return fake.now_us += 2u;
}

uint32_t port_millis(void)
{
	fake.now_us += 500u; /* time passes while it waits */
	return nrf_micros() / 1000u;
}

bool chip_erase_piece(uint32_t addr, uint32_t index)
{
	assert_int_equal(index, fake.erase_pieces % CHIP_ERASE_PIECES);
	assert_true(addr >= AREA_ADDR && addr < AREA_ADDR + AREA_BYTES && addr % CHIP_PAGE_BYTES == 0u);
	fake.now_us += CHIP_ERASE_PIECE_US;
	fake.erase_pieces++;
	if (index == CHIP_ERASE_PIECES - 1u)
		memset(fake.bytes + (addr - AREA_ADDR), 0xff, CHIP_PAGE_BYTES);
	return !fake.erase_fails;
}

static enum hf_reason chip_write(void *ctx, uint32_t off, const void *from, uint32_t size_bytes)
{
	const struct port_area *area = ctx;

	fake.now_us += size_bytes / 4u * 41u;
	memcpy(fake.bytes + (area->addr - AREA_ADDR) + off, from, size_bytes);
	return fake.write_fails ? HF_R_FLASH_WRITE : HF_OK;
}

static enum hf_reason chip_erase(void *ctx, uint32_t off, uint32_t size_bytes)
{
	const struct port_area *area = ctx;

	memset(fake.bytes + (area->addr - AREA_ADDR) + off, 0xff, size_bytes);
	return HF_OK;
}

void port_flash_area(struct hf_flash *flash, struct port_area *area, uint32_t addr, uint32_t size_bytes)
{
	area->addr = addr;
	*flash = (struct hf_flash){ .ctx = area, .size_bytes = size_bytes, .sector_bytes = 4096, .write_unit_bytes = 4, .erased_byte = 0xff,
				    .needs_erase = true, .write = chip_write, .erase = chip_erase };
}

static struct port_area area;
static struct hf_flash flash;

static void flash_begin(bool on)
{
	memset(&fake, 0, sizeof fake);
	memset(fake.bytes, 0xa5, sizeof fake.bytes);
	fake.on = on;
	port_radio_flash_area(&flash, &area, AREA_ADDR, AREA_BYTES);
	assert_int_equal(nrf_radio_flash_start(), 0);
}

static void slots(void **state)
{
	uint8_t bytes[4096];
	uint32_t random = 77;

	(void)state;
	for (uint32_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)rig_random(&random);
	flash_begin(true);
	assert_int_equal(flash.erase(flash.ctx, 4096, 2 * 4096), HF_OK);
	assert_int_equal(fake.erase_pieces, 2 * CHIP_ERASE_PIECES);
	assert_int_equal(fake.slots, 2 * CHIP_ERASE_PIECES); /* 5 ms each: one a slot */
	assert_true(hf_is_filled(fake.bytes + 4096, 2 * 4096, 0xff));
	assert_true(hf_is_filled(fake.bytes, 4096, 0xa5) && hf_is_filled(fake.bytes + 3 * 4096, 4096, 0xa5));
	fake.slots = 0;
	assert_int_equal(flash.write(flash.ctx, 4096, bytes, sizeof bytes), HF_OK);
	assert_memory_equal(fake.bytes + 4096, bytes, sizeof bytes);
	assert_in_range(fake.slots, 8, 12); /* 42 ms of writing */
	assert_int_equal(flash.write(flash.ctx, 8192, bytes, 100), HF_OK); /* the last piece is short */
	assert_memory_equal(fake.bytes + 8192, bytes, 100);
	assert_true(hf_is_filled(fake.bytes + 8192 + 100, 4096 - 100, 0xff));
	assert_true(fake.longest_us < 6000u && fake.work != 0u && fake.high == 0u);
	assert_int_equal(flash.write(flash.ctx, 8190, bytes, 4), HF_R_FLASH_WRITE);
	assert_int_equal(flash.write(flash.ctx, 8192, bytes, 3), HF_R_FLASH_WRITE);
	assert_int_equal(flash.erase(flash.ctx, 100, 4096), HF_R_FLASH_ERASE);
	assert_int_equal(flash.erase(flash.ctx, 0, 100), HF_R_FLASH_ERASE);
}

/* A radio that has no room, a session that is not idle yet, a scheduler that never grants; flash that fails; a radio that is not on. */
static void slots_that_are_refused(void **state)
{
	uint8_t bytes[256] = { 1, 2, 3 };

	(void)state;
	flash_begin(true);
	fake.refuse = 5;
	assert_int_equal(flash.write(flash.ctx, 0, bytes, sizeof bytes), HF_OK);
	assert_memory_equal(fake.bytes, bytes, sizeof bytes);
	assert_true(fake.high >= 1u); /* asked for politely three times */
	fake.idle_late = 1;
	assert_int_equal(flash.write(flash.ctx, 256, bytes, sizeof bytes), HF_OK);
	fake.refuse = 100000000; /* a minute of refusals is enough */
	assert_int_equal(flash.write(flash.ctx, 512, bytes, sizeof bytes), HF_R_FLASH_WRITE);
	assert_true(hf_is_filled(fake.bytes + 512, 256, 0xa5));
	fake.refuse = 0;
	fake.never_grants = true;
	assert_int_equal(flash.write(flash.ctx, 1024, bytes, sizeof bytes), HF_R_FLASH_WRITE);
	assert_true(hf_is_filled(fake.bytes + 1024, 256, 0xa5));
	fake.never_grants = false;
	fake.pends = false;
	assert_int_equal(flash.write(flash.ctx, 1024, bytes, sizeof bytes), HF_OK); /* nothing is left of the refused one */
	assert_memory_equal(fake.bytes + 1024, bytes, sizeof bytes);
	flash_begin(true);
	fake.write_fails = true;
	assert_int_equal(flash.write(flash.ctx, 0, bytes, sizeof bytes), HF_R_FLASH_WRITE);
	fake.erase_fails = true;
	assert_int_equal(flash.erase(flash.ctx, 0, 4096), HF_R_FLASH_ERASE);
	assert_int_equal(fake.erase_pieces, 1);
	flash_begin(false);
	assert_int_equal(flash.erase(flash.ctx, 0, 4096), HF_OK);
	assert_int_equal(flash.write(flash.ctx, 0, bytes, sizeof bytes), HF_OK);
	assert_int_equal(fake.slots, 0);
	assert_memory_equal(fake.bytes, bytes, sizeof bytes);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands), cmocka_unit_test(answers), cmocka_unit_test(slots), cmocka_unit_test(slots_that_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
