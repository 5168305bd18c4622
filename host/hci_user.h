/* SPDX-License-Identifier: MIT */
/* hci_user.h - a Bluetooth adapter of this machine, taken from the system: HCI packets straight to the controller and back.
 *
 * Why      `holdfast serve --ble` is a peripheral with a host stack of its own (ble/), so that it behaves as the boards do; the system's
 *          stack must stay out of the way. Linux has that as the HCI user channel.
 * Shapes   One packet a read and a write, as on a UART: type byte first.
 * Errors   HF_R_HOST_HCI_*: no Bluetooth here, no such adapter, in use, blocked, not permitted, lost.
 * Limits   Linux (hci_user.c); elsewhere hci_user_none.c says so.
 * Source   Linux include/net/bluetooth/hci_sock.h: numbers and struct sockaddr_hci; net/bluetooth/hci_sock.c, hci_sock_bind: what each
 *          errno means.
 */
#ifndef HOST_HCI_USER_H
#define HOST_HCI_USER_H

#include "problem.h"

#define HCI_PACKET_BYTES 2048u /* longer than any ACL packet of an LE controller */

/* adapter: "hci0". It must be switched off; closing fd gives it back. */
enum hf_reason hci_user_open(const char *adapter, int *fd, struct problem *problem) HF_MUST_USE;
/* 0 bytes: nothing there now. packet has room for HCI_PACKET_BYTES. */
enum hf_reason hci_user_read(int fd, uint8_t *packet, uint32_t *size_bytes, struct problem *problem) HF_MUST_USE;
enum hf_reason hci_user_write(int fd, const uint8_t *packet, uint32_t size_bytes, struct problem *problem) HF_MUST_USE;

#endif
