/* SPDX-License-Identifier: MIT */
/* device.h - one device that speaks SMP: the sans-I/O client of smp/ driven over a link.
 *
 * Order    device_open, then for each request: smp_ask_*(&device->client, &ask, ..) with device_ask_of, device_exchange,
 *          smp_read_*(&reply, ..). device_close at the end.
 * Errors   HF_R_HOST_DEVICE_SILENT and its kin (silence.h), _GARBAGE, _REFUSED, those of link.h; a reason that the device itself names (HF-nnnn)
 *          is told in the problem's detail.
 */
#ifndef HOST_DEVICE_H
#define HOST_DEVICE_H

#include <holdfast/smp_client.h>
#include <holdfast/smp_upload.h>
#include <holdfast/smp_wire.h>

#include "args.h"
#include "link.h"
#include "silence.h"

#define DEVICE_MESSAGE_BYTES 4096u

struct device_options {
	struct link_options link;
	uint32_t timeout_ms;
	uint8_t tries;
	bool old_version;   /* SMP version 1 */
	bool show_log;      /* the device's console text goes to standard error */
	bool quiet;         /* results and failures, and nothing else */
	bool verbose;       /* what happened on the line, at the end */
	bool trace;         /* each message, decoded, on standard error */
};

struct device {
	struct link link;
	const char *name;
	struct device_options options;
	struct smp_client client;
	struct smp_wire wire;           /* lines and raw messages */
	uint8_t request[DEVICE_MESSAGE_BYTES];
	uint8_t packet[DEVICE_MESSAGE_BYTES + SMP_PACKET_EXTRA_BYTES];
	uint8_t inbox[DEVICE_MESSAGE_BYTES]; /* read, not yet fed to the wire; a datagram fits */
	size_t inbox_at, inbox_bytes;
	struct silence silence;         /* text that came */
	uint64_t dropped;               /* damaged packets */
	uint64_t sent, received;        /* messages */
	uint32_t start_ms;
};

/* Options that all device commands share, for their rows. */
#define DEVICE_OPTION_ROWS \
	{ DEVICE_OPT_BAUD, 'b', "baud", "N", "speed of the serial line (default 115200)" }, \
	{ DEVICE_OPT_TIMEOUT, '\0', "timeout", "MS", "wait this long for a reply (default 2500)" }, \
	{ DEVICE_OPT_TRIES, '\0', "tries", "N", "send a request at most this often (default 3)" }, \
	{ DEVICE_OPT_PAIR, '\0', "pair", NULL, "Bluetooth: pair first; without it only if the device wants it" }, \
	{ DEVICE_OPT_PASSKEY, '\0', "passkey", "N", "Bluetooth: pair with the passkey that the device shows" }, \
	{ DEVICE_OPT_V1, '\0', "smp-v1", NULL, "ask in version 1 of the protocol, for very old devices" }, \
	{ DEVICE_OPT_LOG, '\0', "log", NULL, "show the device's console text on standard error" }, \
	{ DEVICE_OPT_TRACE, '\0', "trace", NULL, "show each message, decoded, on standard error" }, \
	{ DEVICE_OPT_VERBOSE, 'v', "verbose", NULL, "--log, and at the end what happened on the line" }, \
	{ DEVICE_OPT_QUIET, 'q', "quiet", NULL, "no steps and no progress: results and failures only" }
enum { DEVICE_OPT_BAUD = 900, DEVICE_OPT_TIMEOUT, DEVICE_OPT_TRIES, DEVICE_OPT_LOG, DEVICE_OPT_TRACE, DEVICE_OPT_VERBOSE, DEVICE_OPT_QUIET,
       DEVICE_OPT_V1, DEVICE_OPT_PAIR, DEVICE_OPT_PASSKEY };

struct device_options device_defaults(void);
enum hf_reason device_option(const struct args *args, int id, struct device_options *options, struct problem *problem) HF_MUST_USE;

/* A bar would tear the lines of --trace and --log. */
static inline bool device_draws(const struct device_options *options)
{
	return !options->quiet && !options->trace && !options->show_log;
}

/* No reply, for whatever reason. */
static inline bool device_is_silence(enum hf_reason reason)
{
	return reason == HF_R_HOST_DEVICE_SILENT || reason == HF_R_HOST_BLE_EATT;
}

/* Milliseconds of a clock that only goes forward. */
uint32_t device_now_ms(void);

/* Allocated: it is large. */
enum hf_reason device_open(const char *name, const struct device_options *options, struct device **device, struct problem *problem) HF_MUST_USE;
/* After the link was lost; the same device, even if its port has another name now. */
enum hf_reason device_reopen(struct device *device, struct problem *problem) HF_MUST_USE;
void device_close(struct device *device);

struct smp_ask device_ask_of(const struct device *device);
/* asked: what smp_ask_* said. Sends, waits, tries again. reply stays valid until the next exchange. A refusal is HF_OK here. */
enum hf_reason device_exchange(struct device *device, enum hf_reason asked, struct smp_reply *reply, struct problem *problem) HF_MUST_USE;
/* A question that a device need not know, after it has answered another: a refusal and silence are the same then. *known: reply is a success. */
enum hf_reason device_exchange_optional(struct device *device, enum hf_reason asked, struct smp_reply *reply, bool *known,
					struct problem *problem) HF_MUST_USE;
/* Reads of replies end here: makes the problem of a refusal or a malformed reply. read: what smp_read_* said. */
enum hf_reason device_result(const struct device *device, const struct smp_reply *reply, enum hf_reason read, const char *what,
			     struct problem *problem) HF_MUST_USE;

/* Sends a message, framed as the link needs it. */
enum hf_reason device_send(struct device *device, const uint8_t *message, uint32_t message_bytes, struct problem *problem) HF_MUST_USE;
/* Waits up to wait_ms for one message; *message NULL: none came. */
enum hf_reason device_receive(struct device *device, uint32_t wait_ms, uint8_t **message, uint32_t *message_bytes,
			      struct problem *problem) HF_MUST_USE;

/* Problem of a refusal: code and, if the device names one, the numbered reason. */
enum hf_reason device_refused(const struct device *device, const char *what, const struct smp_code *code, uint32_t reason_number,
			      struct problem *problem);

/* Common requests. */
/* Largest message for this device and link, and how many may be in flight, at most wanted: what its params say. Without params the size is
 * found out by sending: whatever is answered has passed. */
enum hf_reason device_reach(struct device *device, uint32_t window_wanted, uint32_t *message_max, uint32_t *window,
			    struct problem *problem) HF_MUST_USE;
enum hf_reason device_params(struct device *device, struct smp_params *params, struct problem *problem) HF_MUST_USE;
enum hf_reason device_images(struct device *device, struct smp_image_list *list, struct problem *problem) HF_MUST_USE;
enum hf_reason device_set_state(struct device *device, const uint8_t *hash, uint32_t hash_bytes, bool confirm,
				struct smp_image_list *list, struct problem *problem) HF_MUST_USE;
enum hf_reason device_reset(struct device *device, bool force, struct problem *problem) HF_MUST_USE;

#endif
