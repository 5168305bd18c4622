/* SPDX-License-Identifier: MIT */
/* devices, device save, device forget, port list: what is here, and by which name. */
#include <stdio.h>
#include <stdlib.h>

#include "address.h"
#include "args.h"
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

static enum hf_reason run_devices(struct args *args, struct report *report, struct problem *problem)
{
	enum hf_reason reason = no_options(args, report, problem);
	if (reason != HF_OK || args->want_help || (reason = args_end(args, problem)) != HF_OK)
		return reason;
	report_ports(report);
	report_list(report, "saved", NULL);
	reason = devicenames_each(report_name, report, problem);
	report_end(report);
	return reason;
}

const struct command cmd_devices = {
	.name = "devices",
	.summary = "show the serial ports of this machine with their boards, and the saved names",
	.synopsis = "",
	.about = "A port that belongs to a board this tool knows is shown with the board's name. usb:NUMBER behind a port names it for good:\n"
		 "the path may change when the board resets or is plugged in elsewhere, its USB serial number does not.",
	.options = NULL,
	.examples = "holdfast devices\n"
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
	enum hf_reason reason = no_options(args, report, problem);
	if (reason != HF_OK || args->want_help)
		return reason;
	if ((reason = args_need_word(args, "NAME", &name, problem)) != HF_OK || (reason = args_end(args, problem)) != HF_OK)
		return reason;
	return devicenames_forget(name, problem);
}

const struct command cmd_device_forget = {
	.name = "device forget",
	.summary = "take a saved name away",
	.synopsis = "NAME",
	.about = NULL,
	.options = NULL,
	.examples = "holdfast device forget bench",
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
