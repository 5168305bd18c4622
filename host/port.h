/* SPDX-License-Identifier: MIT */
/* port.h - the serial ports of this machine, and what is known of the board behind each.
 *
 * Why      A USB port changes its name when a board resets (ttyACM0 comes back as ttyACM1); its USB serial number stays. A
 *          board with several ports on one number keeps their order.
 * Source   2886:0044, 2886:0045: adafruit/Adafruit_nRF52_Bootloader: src/boards/xiao_nrf52840_ble*; 2886:0066: zephyrproject-rtos/zephyr:
 *          boards/seeed/xiao_nrf54l15; 2fe3:0004: zephyrproject-rtos/zephyr: subsys/usb.
 */
#ifndef HOST_PORT_H
#define HOST_PORT_H

#include <holdfast/base.h>

#define PORT_USB_SERIAL_BYTES 80u

struct port {
	char *path;
	char *words;       /* what the system calls it; may be empty */
	bool is_usb;
	uint16_t vid, pid; /* if is_usb */
	char *usb_serial;  /* may be empty */
};

struct port_list {
	struct port *ports; /* by path, ttyACM2 before ttyACM10 */
	size_t count;
};

/* Asks the system. The one function that does. */
void port_scan(struct port_list *list);
void port_list_add(struct port_list *list, const char *path, const char *words, bool is_usb, uint16_t vid, uint16_t pid,
		   const char *usb_serial);
void port_list_sort(struct port_list *list);
void port_list_free(struct port_list *list);

/* "Seeed XIAO nRF54L15"; NULL if the numbers say nothing. */
const char *port_board(const struct port *port);
/* "/dev/ttyACM0 (words), ..."; allocated, empty if there are none. */
char *port_list_words(const struct port_list *list);

/* The index-th port with that USB serial number; NULL: not here (now). */
const struct port *port_of_usb(const struct port_list *list, const char *usb_serial, uint32_t index);
/* The port of that path; *index: its place among those with its USB serial number. */
const struct port *port_of_path(const struct port_list *list, const char *path, uint32_t *index);

#endif
