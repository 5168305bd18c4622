/* SPDX-License-Identifier: MIT */
/* Flash beside the radio. A page erase of the nRF52840 stops the processor for 85 ms, a word for 41 us, and the radio's next event comes
 * after 15 ms: so every operation is cut into pieces, and the pieces run in timeslots that MPSL grants between the events.
 *
 * A slot of SLOT_US does one piece of an erase, or as many pieces of a write as fit. It is asked for as early as possible; where MPSL refuses
 * it again and again, because the radio is busy, it is asked for with high priority, and the connection loses an event.
 * The pieces run in MPSL's timer interrupt, all else in thread mode: job is handed over while no slot is pending.
 * Source: nrfxlib mpsl_timeslot.h; nRF52840 Product Specification, NVMC (partial erase). */
#include "radio.h"

#include <mpsl_timeslot.h>
#include <nrf_errno.h>

#define SLOT_US 6000u
#define SLOT_MARGIN_US 700u   /* before the end, in which nothing new begins */
#define SLOT_PATIENCE_US 30000u
#define REFUSALS_POLITE 3u
#define JOB_MS_MAX 60000u     /* a whole slot of 500 KB is never one job: writes and erases come by the sector */

static struct {
	uint32_t addr;
	const uint8_t *from;      /* NULL: an erase */
	uint32_t left_bytes;
	uint32_t piece;           /* of the sector that is being erased */
	bool failed;
} job;
static volatile bool slot_pends;
static uint32_t refusals;
static mpsl_timeslot_session_id_t session;
static struct hf_flash plain; /* the chip's own functions */

static bool piece_write(void)
{
	struct port_area area = { .addr = job.addr };
	uint32_t size_bytes = job.left_bytes < CHIP_WRITE_PIECE_BYTES ? job.left_bytes : CHIP_WRITE_PIECE_BYTES;

	if (plain.write(&area, 0, job.from, size_bytes) != HF_OK)
		return false;
	job.addr += size_bytes;
	job.from += size_bytes;
	job.left_bytes -= size_bytes;
	return true;
}

static bool piece_erase(void)
{
	if (!chip_erase_piece(job.addr, job.piece))
		return false;
	if (++job.piece == CHIP_ERASE_PIECES) {
		job.piece = 0;
		job.addr += CHIP_PAGE_BYTES;
		job.left_bytes -= CHIP_PAGE_BYTES;
	}
	return true;
}

/* In the interrupt: at least one piece, so that a job always ends. Nothing left: it was given up. */
static void slot_use(void)
{
	uint32_t start_us = nrf_micros(), piece_us = job.from != NULL ? CHIP_WRITE_PIECE_US : CHIP_ERASE_PIECE_US;

	if (job.left_bytes == 0u)
		return;
	do {
		job.failed = !(job.from != NULL ? piece_write() : piece_erase());
	} while (!job.failed && job.left_bytes != 0u && nrf_micros() - start_us + piece_us < SLOT_US - SLOT_MARGIN_US);
}

static mpsl_timeslot_signal_return_param_t *on_signal(mpsl_timeslot_session_id_t id, uint32_t signal)
{
	static mpsl_timeslot_signal_return_param_t end = { .callback_action = MPSL_TIMESLOT_SIGNAL_ACTION_END };

	(void)id;
	if (signal == MPSL_TIMESLOT_SIGNAL_START) {
		slot_use();
		refusals = 0;
		return &end;
	}
	if (signal == MPSL_TIMESLOT_SIGNAL_BLOCKED || signal == MPSL_TIMESLOT_SIGNAL_CANCELLED)
		refusals++;
	if (signal == MPSL_TIMESLOT_SIGNAL_BLOCKED || signal == MPSL_TIMESLOT_SIGNAL_CANCELLED || signal == MPSL_TIMESLOT_SIGNAL_SESSION_IDLE)
		slot_pends = false;
	return NULL;
}

int32_t nrf_radio_flash_start(void)
{
	static uint8_t memory[MPSL_TIMESLOT_CONTEXT_SIZE] __attribute__((aligned(4)));
	int32_t code = mpsl_timeslot_session_count_set(memory, 1);

	return code < 0 ? code : mpsl_timeslot_session_open(on_signal, &session);
}

/* False: MPSL will never grant one. */
static bool slot_ask(void)
{
	static mpsl_timeslot_request_t request; /* MPSL reads it later */
	bool polite = refusals < REFUSALS_POLITE;
	int32_t code;

	request.request_type = MPSL_TIMESLOT_REQ_TYPE_EARLIEST;
	request.params.earliest = (mpsl_timeslot_request_earliest_t){
		.hfclk = MPSL_TIMESLOT_HFCLK_CFG_NO_GUARANTEE,
		.priority = polite ? MPSL_TIMESLOT_PRIORITY_NORMAL : MPSL_TIMESLOT_PRIORITY_HIGH,
		.length_us = SLOT_US,
		.timeout_us = polite ? SLOT_PATIENCE_US : MPSL_TIMESLOT_EARLIEST_TIMEOUT_MAX_US,
	};
	slot_pends = true; /* before: the answer may come at once */
	code = mpsl_timeslot_request(session, &request);
	if (code == 0 || code == -NRF_EAGAIN)
		return true; /* not idle yet: its signal comes */
	slot_pends = false;
	return false;
}

static bool job_drop(void)
{
	nrf_radio_mask();
	job.left_bytes = 0;
	job.failed = true;
	nrf_radio_unmask();
	return false;
}

static bool job_do(uint32_t addr, const uint8_t *from, uint32_t size_bytes)
{
	uint32_t start_ms = port_millis();

	job.addr = addr;
	job.from = from;
	job.left_bytes = size_bytes;
	job.piece = 0;
	job.failed = false;
	refusals = 0;
	while (slot_pends || (job.left_bytes != 0u && !job.failed)) {
		port_watchdog_feed();
		if (port_millis() - start_ms > JOB_MS_MAX || (!slot_pends && !slot_ask()))
			return job_drop();
		nrf_radio_sleep(0);
		nrf_radio_work();
	}
	return !job.failed;
}

/* --- struct hf_flash ----------------------------------------------------------------------------------------------------- */

static enum hf_reason radio_write(void *ctx, uint32_t off, const void *from, uint32_t size_bytes)
{
	const struct port_area *area = ctx;

	if (!nrf_radio_is_on())
		return plain.write(ctx, off, from, size_bytes);
	if (off % CHIP_WRITE_UNIT_BYTES != 0 || size_bytes % CHIP_WRITE_UNIT_BYTES != 0)
		return HF_R_FLASH_WRITE;
	return job_do(area->addr + off, from, size_bytes) ? HF_OK : HF_R_FLASH_WRITE;
}

static enum hf_reason radio_erase(void *ctx, uint32_t off, uint32_t size_bytes)
{
	const struct port_area *area = ctx;

	if (!nrf_radio_is_on())
		return plain.erase(ctx, off, size_bytes);
	if (off % CHIP_PAGE_BYTES != 0 || size_bytes % CHIP_PAGE_BYTES != 0)
		return HF_R_FLASH_ERASE;
	return job_do(area->addr + off, NULL, size_bytes) ? HF_OK : HF_R_FLASH_ERASE;
}

void port_radio_flash_area(struct hf_flash *flash, struct port_area *area, uint32_t addr, uint32_t size_bytes)
{
	port_flash_area(flash, area, addr, size_bytes);
	plain = *flash;
	flash->write = radio_write;
	flash->erase = radio_erase;
}
