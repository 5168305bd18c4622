/* SPDX-License-Identifier: MIT */
/* devices, device save, device forget, port list: what is here, and by which name. */
#include <stdio.h>
#include <stdlib.h>

#include "address.h"
#include "args.h"
#include "blelist.h"
#include "bytes.h"
#include "devicenames.h"
#include "port.h"

static enum hf_reason no_options(struct args *args, struct report *report, struct problem *problem)
{
	int id = 0;
	return args_next(args, &id, &report->json, problem);
}

static void report_ports(struct report *report)
{
	struct port_list list;
	port_scan(&list);
	report_list(report, "ports", NULL);
	for (size_t i = 0; i < list.count; i++) {
		const struct port *port = &list.ports[i];
		const char *board = port_board(port);
		char ids[16] = "";
		report_item(report, NULL);
		report_text(report, "path", NULL, port->path);
		report_text(report, "words", NULL, port->words);
		if (port->is_usb) {
			(void)snprintf(ids, sizeof ids, "%04x:%04x", port->vid, port->pid);
			report_text(report, "usb_ids", NULL, ids);
			report_text(report, "usb_serial", NULL, port->usb_serial);
		}
		if (board != NULL)
			report_text(report, "board", NULL, board);
		report_end(report);
		report_row(report, "%-20s %s%s%s%s%s", port->path, board != NULL ? board : port->words, ids[0] != '\0' ? "  " : "", ids,
			   port->usb_serial[0] != '\0' ? "  usb:" : "", port->usb_serial);
	}
	report_end(report);
	if (list.count == 0)
		report_note(report, "no serial ports here");
	port_list_free(&list);
}

static void report_name(void *ctx, const char *name, const char *address)
{
	struct report *report = ctx;
	report_item(report, NULL);
	report_text(report, "name", NULL, name);
	report_text(report, "address", NULL, address);
	report_end(report);
	report_row(report, "%-20s %s", name, address);
}

enum { OPT_BLE = 1, OPT_ALL, OPT_SECONDS, OPT_ADAPTER, SCAN_S_DEFAULT = 5, SCAN_S_MAX = 600 };

static const struct arg_option devices_options[] = {
	{ OPT_BLE, '\0', "ble", NULL, "look for Bluetooth devices that offer SMP" },
	{ OPT_ALL, '\0', "all", NULL, "with --ble: those too that do not say they offer SMP" },
	{ OPT_SECONDS, '\0', "seconds", "N", "with --ble: look for so long (default 5)" },
	{ OPT_ADAPTER, '\0', "adapter", "NAME", "with --ble: this adapter, such as hci0 (default: the first that is on)" },
	{ 0 }
};

struct devices_wish {
	bool ble;
	struct blelist_wish list;
};

static enum hf_reason take_devices(const struct args *args, int id, struct devices_wish *wish, struct problem *problem)
{
	uint64_t number = 0;
	enum hf_reason reason = HF_OK;
	switch (id) {
	case OPT_BLE: wish->ble = true; break;
	case OPT_ALL: wish->list.all = true; break;
	case OPT_ADAPTER: wish->list.adapter = args->value; break;
	case OPT_SECONDS:
		reason = args_number("--seconds", args->value, SCAN_S_MAX, &number, problem);
		wish->list.seconds = (uint32_t)number;
		break;
	}
	return reason;
}

static enum hf_reason run_devices(struct args *args, struct report *report, struct problem *problem)
{
	struct devices_wish wish = { .list = { .seconds = SCAN_S_DEFAULT, .adapter = "" } };
	int id = 0;
	enum hf_reason reason;
	while ((reason = args_next(args, &id, &report->json, problem)) == HF_OK && id != 0) {
		if ((reason = take_devices(args, id, &wish, problem)) != HF_OK)
			return reason;
	}
	if (reason != HF_OK || args->want_help || (reason = args_end(args, problem)) != HF_OK)
		return reason;
	if (!wish.ble)
		report_ports(report);
	report_list(report, "saved", NULL);
	reason = devicenames_each(report_name, report, problem);
	report_end(report);
	return reason == HF_OK && wish.ble ? blelist_report(&wish.list, report, problem) : reason;
}

const struct command cmd_devices = {
	.name = "devices",
	.summary = "show the serial ports of this machine with their boards, or the Bluetooth devices around, and the saved names",
	.synopsis = "[--ble [--all] [--seconds N] [--adapter NAME]]",
	.about = "A port that belongs to a board this tool knows is shown with the board's name. usb:NUMBER behind a port names it for good:\n"
		 "the path may change when the board resets or is plugged in elsewhere, its USB serial number does not.\n"
		 "With --ble: Bluetooth devices with name, address and signal strength. A device can be used that does not say it offers SMP, if it does.",
	.options = devices_options,
	.examples = "holdfast devices\n"
		    "holdfast devices --ble\n"
		    "holdfast devices --json",
	.run = run_devices,
};

static enum hf_reason run_save(struct args *args, struct report *report, struct problem *problem)
{
	const char *name = NULL, *text = NULL;
	struct address address;
	enum hf_reason reason = no_options(args, report, problem);
	if (reason != HF_OK || args->want_help)
		return reason;
	if ((reason = args_need_word(args, "NAME", &name, problem)) != HF_OK ||
	    (reason = args_need_word(args, "ADDRESS", &text, problem)) != HF_OK || (reason = args_end(args, problem)) != HF_OK ||
	    (reason = address_parse(text, &address, problem)) != HF_OK || (reason = devicenames_save(name, text, problem)) != HF_OK)
		return reason;
	report_step(report, "%s is %s", name, text);
	return HF_OK;
}

const struct command cmd_device_save = {
	.name = "device save",
	.summary = "give a device a name",
	.synopsis = "NAME ADDRESS",
	.about = "The name can then stand wherever a command takes a DEVICE. Names are lines NAME = ADDRESS of the file\n"
		 "$XDG_CONFIG_HOME/holdfast/devices (without that variable: ~/.config/holdfast/devices).",
	.options = NULL,
	.examples = "holdfast device save bench serial:/dev/ttyACM0?baud=1000000\n"
		    "holdfast device save attic udp:192.0.2.7",
	.run = run_save,
};

static enum hf_reason run_forget(struct args *args, struct report *report, struct problem *problem)
{
	const char *name = NULL;
	struct address address;
	enum hf_reason reason = no_options(args, report, problem);
	if (reason != HF_OK || args->want_help)
		return reason;
	if ((reason = args_need_word(args, "NAME", &name, problem)) != HF_OK || (reason = args_end(args, problem)) != HF_OK)
		return reason;
	if (strncmp(name, "ble:", 4) != 0)
		return devicenames_forget(name, problem);
	reason = address_parse(name, &address, problem);
	return reason == HF_OK ? blelist_forget(name, &address, report, problem) : reason;
}

const struct command cmd_device_forget = {
	.name = "device forget",
	.summary = "take a saved name away, or this machine's bond with a Bluetooth device",
	.synopsis = "NAME",
	.about = "Given ble:NAME or ble:ADDRESS, BlueZ forgets the device: its bond, its keys and its list of services. A device that has lost its own\n"
		 "half of the bond, or whose services changed, can be used again after that.",
	.options = NULL,
	.examples = "holdfast device forget bench\n"
		    "holdfast device forget ble:Thermometer",
	.run = run_forget,
};

static enum hf_reason run_ports(struct args *args, struct report *report, struct problem *problem)
{
	enum hf_reason reason = no_options(args, report, problem);
	if (reason != HF_OK || args->want_help || (reason = args_end(args, problem)) != HF_OK)
		return reason;
	report_ports(report);
	return HF_OK;
}

const struct command cmd_port_list = {
	.name = "port list",
	.summary = "show the serial ports of this machine",
	.synopsis = "",
	.about = "As `holdfast devices`, without the saved names.",
	.options = NULL,
	.examples = "holdfast port list",
	.run = run_ports,
};
