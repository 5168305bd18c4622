/* SPDX-License-Identifier: MIT */
/* Nordic's controller as a board's: its start, packets, faults, and flash operations in timeslots. The library's functions are written here
 * (it may run on Nordic's chips only); their headers are Nordic's, so what is called is what there is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <mpsl.h>
#include <mpsl_timeslot.h>
#include <sdc.h>
#include <sdc_hci.h>
#include <sdc_soc.h>
#include <string.h>

#include "ports/nrf/radio.h"
#include "smp_rig.h"

/* --- flash in timeslots -------------------------------------------------------------------------------------------------- */

enum { AREA_BYTES = 4 * 4096, AREA_ADDR = 0x80000 };

static struct {
	uint8_t bytes[AREA_BYTES];
	uint32_t erase_pieces, erase_addr;
	uint32_t now_us, slots, longest_us;
	mpsl_timeslot_callback_t call;
	mpsl_timeslot_request_t request;
	bool pends, write_fails, erase_fails, never_grants;
	uint32_t refuse;         /* so many requests first */
	uint32_t idle_late;      /* so many requests are answered "not idle yet" */
	uint32_t high;           /* requests with high priority */
	uint32_t work;
	bool slept;
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
void nrf_radio_sleep(uint32_t ms_max)
{
	mpsl_timeslot_signal_return_param_t *said;
	uint32_t start_us = fake.now_us;

	(void)ms_max;
	if (!fake.pends) {
		fake.slept = true;
		return;
	}
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

bool nrf_radio_work_take(void)
{
	return fake.work++ % 2u == 0u;
}

void nrf_radio_mask(void)
{
}

void nrf_radio_unmask(void)
{
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

static void flash_begin(void)
{
	memset(&fake, 0, sizeof fake);
	memset(fake.bytes, 0xa5, sizeof fake.bytes);
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
	flash_begin();
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

/* A radio that has no room, a session that is not idle yet, a scheduler that never grants; flash that fails. */
static void slots_that_are_refused(void **state)
{
	uint8_t bytes[256] = { 1, 2, 3 };

	(void)state;
	flash_begin();
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
	flash_begin();
	fake.write_fails = true;
	assert_int_equal(flash.write(flash.ctx, 0, bytes, sizeof bytes), HF_R_FLASH_WRITE);
	fake.erase_fails = true;
	assert_int_equal(flash.erase(flash.ctx, 0, 4096), HF_R_FLASH_ERASE);
	assert_int_equal(fake.erase_pieces, 1);
}

/* --- start and packets --------------------------------------------------------------------------------------------------- */

static struct {
	uint32_t fails;              /* this step, with code -22 */
	uint32_t wants_bytes, features, vectors, interrupts, processed;
	mpsl_assert_handler_t failed;
	sdc_rand_source_t source;
	const uint8_t *memory;
	uint8_t sent[300], next[300], next_type;
	bool no_room;
	enum hf_reason reason;       /* of port_radio_fault */
	uint32_t where;
	jmp_buf end;
} lib;

static int32_t step_answer(uint32_t step)
{
	return lib.fails == step ? -22 : 0;
}

int32_t mpsl_init(mpsl_clock_lfclk_cfg_t const *clock, IRQn_Type irq, mpsl_assert_handler_t handler)
{
	assert_int_equal(clock->source, MPSL_CLOCK_LF_SRC_RC);
	assert_int_equal(irq, CHIP_RADIO_SWI_IRQ);
	assert_int_equal(lib.vectors, 1); /* before: the clock's interrupt may come at once */
	lib.failed = handler;
	return step_answer(1);
}

int32_t sdc_init(sdc_fault_handler_t handler)
{
	assert_non_null(handler);
	assert_int_equal(lib.interrupts, 1);
	return step_answer(3);
}

int32_t sdc_rand_source_register(const sdc_rand_source_t *source)
{
	lib.source = *source;
	return step_answer(4);
}

void sdc_support_adv(void)
{
	lib.features |= 1u;
}

void sdc_support_peripheral(void)
{
	lib.features |= 2u;
}

void sdc_support_dle_peripheral(void)
{
	lib.features |= 4u;
}

void sdc_support_le_2m_phy(void)
{
	lib.features |= 8u;
}

void sdc_support_phy_update_peripheral(void)
{
	lib.features |= 16u;
}

int32_t sdc_cfg_set(uint8_t tag, uint8_t type, sdc_cfg_t const *config)
{
	assert_int_equal(tag, SDC_DEFAULT_RESOURCE_CFG_TAG);
	if (type == SDC_CFG_TYPE_BUFFER_CFG)
		assert_int_equal(config->buffer_cfg.tx_packet_size, 251);
	return lib.fails == 5u ? -22 : (int32_t)lib.wants_bytes;
}

int32_t sdc_enable(sdc_callback_t call, uint8_t *memory_of)
{
	assert_non_null(call);
	call();
	lib.memory = memory_of;
	return step_answer(6);
}

void mpsl_low_priority_process(void)
{
	lib.processed++;
}

int32_t sdc_hci_get(uint8_t *packet, uint8_t *type)
{
	if (lib.next_type == SDC_HCI_MSG_TYPE_NONE)
		return -NRF_EAGAIN;
	memcpy(packet, lib.next, HCI_MSG_BUFFER_MAX_SIZE); /* all that it may ever write */
	*type = lib.next_type;
	lib.next_type = SDC_HCI_MSG_TYPE_NONE;
	return 0;
}

int32_t sdc_hci_data_put(uint8_t const *data)
{
	memcpy(lib.sent, data, 4u + hf_get16le(data + 2));
	return lib.no_room ? -NRF_EINVAL : 0;
}

uint32_t nrf_hci_command(const uint8_t *command, uint32_t size_bytes, uint8_t answer[NRF_HCI_ANSWER_BYTES])
{
	assert_int_equal(size_bytes, 3);
	memcpy(answer, "\x04\x0e\x04\x01", 4);
	memcpy(answer + 4, command, 2);
	answer[6] = 0;
	return 7;
}

void nrf_radio_vectors(void)
{
	lib.vectors++;
}

void nrf_radio_interrupts(void)
{
	lib.interrupts++;
}

void chip_radio_start(void)
{
}

void chip_random(uint8_t *bytes, uint32_t size_bytes)
{
	memset(bytes, 0x77, size_bytes);
}

void port_radio_fault(enum hf_reason reason, uint32_t where)
{
	lib.reason = reason;
	lib.where = where;
	longjmp(lib.end, 1);
}

static enum hf_reason start_with(uint32_t fails, uint32_t wants_bytes, struct port_radio_refusal *why)
{
	memset(&lib, 0, sizeof lib);
	memset(&fake, 0, sizeof fake);
	lib.fails = fails;
	lib.wants_bytes = wants_bytes;
	return port_radio_start(why);
}

/* First of all: the library is not on yet, so flash is the chip's own. */
static void start(void **state)
{
	struct port_radio_refusal why;
	uint8_t bytes[8] = { 0 };

	(void)state;
	flash_begin();
	assert_int_equal(flash.erase(flash.ctx, 0, 4096), HF_OK);
	assert_int_equal(flash.write(flash.ctx, 0, bytes, sizeof bytes), HF_OK);
	assert_int_equal(fake.slots, 0);
	assert_memory_equal(fake.bytes, bytes, sizeof bytes);
	for (uint32_t step = 1; step <= 6u; step++) {
		if (step == 2u)
			continue; /* the timeslots: below, by a memory that MPSL does not like */
		assert_int_equal(start_with(step, 1000, &why), HF_R_RADIO_START);
		assert_int_equal(why.step, step);
		assert_int_equal((int32_t)why.code, -22);
		assert_false(nrf_radio_is_on());
	}
	assert_int_equal(start_with(0, 1u << 20, &why), HF_R_RADIO_START); /* it wants more memory than there is */
	assert_int_equal(why.step, 5);
	assert_null(lib.memory);
	assert_int_equal(start_with(0, 3000, &why), HF_OK);
	assert_true(nrf_radio_is_on());
	assert_int_equal(lib.features, 31);
	assert_true((uintptr_t)lib.memory % 8u == 0u);
	lib.source.rand_poll(bytes, sizeof bytes);
	assert_true(hf_is_filled(bytes, sizeof bytes, 0x77));
	port_radio_random(bytes, 4);
}

static void packets(void **state)
{
	uint8_t packet[PORT_RADIO_PACKET_BYTES];

	(void)state;
	memset(&lib, 0, sizeof lib);
	memset(&fake, 0, sizeof fake);
	assert_int_equal(port_radio_get(packet), 0);
	port_radio_idle(100);
	assert_true(fake.slept);
	assert_true(lib.processed != 0u);
	/* A command's answer comes first, and there is no sleep before it was taken. */
	fake.slept = false;
	port_radio_put((const uint8_t *)"\x01\x03\x0c\x00", 4);
	memcpy(lib.next, "\x3e\x01\x99", 3);
	lib.next_type = SDC_HCI_MSG_TYPE_EVT;
	port_radio_idle(100);
	assert_false(fake.slept);
	assert_int_equal(port_radio_get(packet), 7);
	assert_memory_equal(packet, "\x04\x0e\x04\x01\x03\x0c\x00", 7);
	assert_int_equal(port_radio_get(packet), 4);
	assert_memory_equal(packet, "\x04\x3e\x01\x99", 4);
	memcpy(lib.next, "\x41\x20\x03\x00" "abc", 7);
	lib.next_type = SDC_HCI_MSG_TYPE_DATA;
	assert_int_equal(port_radio_get(packet), 8);
	assert_memory_equal(packet, "\x02\x41\x20\x03\x00" "abc", 8);
	lib.next_type = SDC_HCI_MSG_TYPE_ISO; /* never asked for */
	assert_int_equal(port_radio_get(packet), 0);
	port_radio_put((const uint8_t *)"\x02\x41\x00\x02\x00" "xy", 7);
	assert_memory_equal(lib.sent, "\x41\x00\x02\x00" "xy", 6);
}

static void faults(void **state)
{
	struct port_radio_refusal why;

	(void)state;
	assert_int_equal(start_with(0, 3000, &why), HF_OK);
	if (setjmp(lib.end) == 0)
		lib.failed("", 112);
	assert_int_equal(lib.reason, HF_R_RADIO_FAULT);
	assert_int_equal(lib.where, 112);
	lib.no_room = true;
	lib.reason = HF_OK;
	if (setjmp(lib.end) == 0)
		port_radio_put((const uint8_t *)"\x02\x41\x00\x02\x00" "xy", 7);
	assert_int_equal(lib.reason, HF_R_RADIO_FAULT);
	assert_int_equal(lib.where, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(start), cmocka_unit_test(packets), cmocka_unit_test(faults), cmocka_unit_test(slots),
		cmocka_unit_test(slots_that_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
