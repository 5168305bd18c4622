/* SPDX-License-Identifier: MIT */
/* address.h - how a device is named on the command line: one word.
 *
 * Shapes   /dev/ttyACM0 | serial:PATH[?baud=N&framing=raw] | usb:SERIAL-NUMBER[?port=N&..] | udp:HOST[:PORT][?mtu=N] with IPv6 in
 *          brackets |
 *          ble:NAME or ble:AA:BB:CC:DD:EE:FF[?adapter=hci0&wait=SECONDS] | a saved name (devicenames.h). A word with a '/' or that is a file is a path.
 * Errors   HF_R_HOST_ADDRESS, HF_R_HOST_NAME_UNKNOWN, those of devicenames.h.
 * Source   port 1337: zephyrproject-rtos/zephyr: subsys/mgmt/mcumgr/transport/Kconfig.udp.
 */
#ifndef HOST_ADDRESS_H
#define HOST_ADDRESS_H

#include "port.h"
#include "problem.h"

#define ADDRESS_UDP_PORT 1337u

enum address_kind { ADDRESS_SERIAL, ADDRESS_UDP, ADDRESS_BLE };

struct address {
	enum address_kind kind;
	char place[256];                        /* path; host; name. Empty if the USB serial number says it */
	char usb_serial[PORT_USB_SERIAL_BYTES]; /* follow this one; empty: none */
	uint32_t usb_index;                     /* which of its ports */
	bool raw;                               /* no console framing */
	uint32_t baud;                          /* 0: not said */
	uint16_t udp_port;
	uint32_t mtu_bytes;                     /* of the path, IP header included; 0: not said */
	char ble_adapter[16];                   /* "hci0"; empty: the first that is on */
	uint32_t ble_wait_s;                    /* each step of finding and connecting; 0: not said */
	struct address_known {                  /* learned from the device that was connected; empty: none yet */
		char mac[18], name[64];
		bool is_random;                 /* it may come back with another one */
	} ble_known;
};

/* Without saved names. */
enum hf_reason address_parse(const char *text, struct address *address, struct problem *problem) HF_MUST_USE;
enum hf_reason address_resolve(const char *word, struct address *address, struct problem *problem) HF_MUST_USE;

#endif
