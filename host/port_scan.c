/* SPDX-License-Identifier: MIT */
/* The only file that knows libserialport; a test puts its own port_scan in its place. */
#include <libserialport.h>

#include "port.h"

void port_scan(struct port_list *list)
{
	struct sp_port **found = NULL;
	*list = (struct port_list){ .count = 0 };
	if (sp_list_ports(&found) != SP_OK)
		return;
	for (size_t i = 0; found[i] != NULL; i++) {
		int vid = 0, pid = 0;
		bool is_usb = sp_get_port_transport(found[i]) == SP_TRANSPORT_USB && sp_get_port_usb_vid_pid(found[i], &vid, &pid) == SP_OK;
		port_list_add(list, sp_get_port_name(found[i]), sp_get_port_description(found[i]), is_usb, (uint16_t)vid, (uint16_t)pid,
			      is_usb ? sp_get_port_usb_serial(found[i]) : NULL);
	}
	sp_free_port_list(found);
	port_list_sort(list);
}
