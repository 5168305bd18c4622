/* SPDX-License-Identifier: MIT */
/* radio.h - what the files of the Bluetooth port know of each other, and what they ask of a chip.
 *
 * Shapes   radio.c: start, packets. radio_irq.c: interrupts, sleep, the address. radio_hci.c: HCI commands as calls of the SoftDevice
 *          Controller. radio_flash.c: flash in MPSL's timeslots. <chip>/radio.c: clocks, randomness, a piece of an erase.
 * Source   Nordic nrfxlib: mpsl/include and softdevice_controller/include (the headers are the reference), MPSL's documentation on timeslots.
 */
#ifndef PORTS_NRF_RADIO_H
#define PORTS_NRF_RADIO_H

#include "../radio.h"
#include "nrf.h"

/* An answer to the last command waits here; taken by port_radio_get before the controller's own packets. */
#define NRF_HCI_ANSWER_BYTES 24u
/* Runs one HCI command (opcode, length, parameters: without the type byte) and builds its answer, an event with its type byte.
 * Returns the answer's bytes. */
uint32_t nrf_hci_command(const uint8_t *command, uint32_t size_bytes, uint8_t answer[NRF_HCI_ANSWER_BYTES]);

/* The library's handlers into the vector table, then, once it is there, its interrupts on. */
void nrf_radio_vectors(void);
void nrf_radio_interrupts(void);
/* Interrupts off, for a few instructions; and on again. */
void nrf_radio_mask(void);
void nrf_radio_unmask(void);
/* True once for each time that the library's interrupts left something to do at low priority. */
bool nrf_radio_work_take(void);
/* Sleeps until an interrupt, or at most about ms_max (0: no limit), unless there is something to do already. */
void nrf_radio_sleep(uint32_t ms_max);
/* Does that work. Never while a call of the library is under way: it is not meant to be entered twice. */
void nrf_radio_work(void);
bool nrf_radio_is_on(void);
/* Opens the one timeslot session. What MPSL answered. */
int32_t nrf_radio_flash_start(void);

/* Supplied by the chip. */
void chip_radio_start(void);                                /* clocks that MPSL expects to run */
void chip_random(uint8_t *bytes, uint32_t size_bytes);

#endif
