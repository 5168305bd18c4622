/* SPDX-License-Identifier: MIT */
/* radio.h - the contract of a chip with a Bluetooth controller: HCI packets in and out, and flash beside a radio that cannot wait.
 *
 * Why      ble/ wants a controller; on a chip that is a library of the chip's maker, with interrupts of its own. Only applications have it:
 *          a loader never turns the radio on.
 * Order    port_radio_start once. Then for ever: port_radio_get until 0, port_radio_put for what the host has to say, port_radio_idle when
 *          there is nothing to do. From the start on interrupts are taken: by the maker's library alone, nothing of ours runs in them but
 *          the flash operations. Flash is then written through port_radio_flash_area only; the chip's own functions would hold the radio up.
 * Errors   port_radio_start: HF_R_RADIO_START. A fault of the maker's library ends in port_radio_fault: HF_R_RADIO_FAULT. Flash functions as in flash.h.
 * Power    A cut finds flash in the same states as without the radio: pieces are written in order, a sector that is being erased is undefined.
 */
#ifndef PORTS_RADIO_H
#define PORTS_RADIO_H

#include "port.h"

#define PORT_RADIO_PACKET_BYTES 260u /* the longest packet of the controller, with its type byte */

struct port_radio_refusal {
	uint32_t step;  /* which call of port_radio_start, counted from 1 */
	uint32_t code;  /* what the maker's library answered */
};

enum hf_reason port_radio_start(struct port_radio_refusal *why) HF_MUST_USE;
/* The next packet of the controller as on a UART (H4: type byte first); 0: none. packet: PORT_RADIO_PACKET_BYTES. */
uint32_t port_radio_get(uint8_t *packet);
/* A command or data for the controller, as ble_next makes them. */
void port_radio_put(const uint8_t *packet, uint32_t size_bytes);
/* Sleeps until the controller has something, or about ms_max has passed. */
void port_radio_idle(uint32_t ms_max);
/* Fit for keys. Before and after port_radio_start. */
void port_radio_random(uint8_t *bytes, uint32_t size_bytes);
/* A static random address that the chip's maker has drawn for this chip; least significant byte first. */
void port_radio_address(uint8_t address[6]);
/* As port_flash_area; before port_radio_start it is the same. */
void port_radio_flash_area(struct hf_flash *flash, struct port_area *area, uint32_t addr, uint32_t size_bytes);

/* Supplied by firmware/: the maker's library found itself in a state that it cannot leave. HF_R_RADIO_FAULT, and its number for the place.
 * May be called from an interrupt. */
void port_radio_fault(enum hf_reason reason, uint32_t where) __attribute__((noreturn));

#endif
