/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "device.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bytes.h"
#include "device_codes.h"
#include "trace.h"

enum { RAW_IDLE_MS = 500 }; /* less than a usual timeout, more than a pause within a reply */

struct device_options device_defaults(void)
{
	return (struct device_options){ .link = { .baud = 115200 }, .timeout_ms = 2500, .tries = 3 };
}

/* A passkey is six digits, and its zeros in front mean nothing. */
static const char *decimal(const char *text)
{
	while (text[0] == '0' && text[1] >= '0' && text[1] <= '9')
		text++;
	return text;
}

enum hf_reason device_option(const struct args *args, int id, struct device_options *options, struct problem *problem)
{
	uint64_t number = 0;
	enum hf_reason reason = HF_OK;
	switch (id) {
	case DEVICE_OPT_BAUD:
		reason = args_number("--baud", args->value, 10000000, &number, problem);
		options->link.baud = (uint32_t)number;
		break;
	case DEVICE_OPT_TIMEOUT:
		reason = args_number("--timeout", args->value, 600000, &number, problem);
		options->timeout_ms = (uint32_t)number;
		break;
	case DEVICE_OPT_TRIES:
		reason = args_number("--tries", args->value, 100, &number, problem);
		options->tries = (uint8_t)(number > 0 ? number : 1);
		break;
	case DEVICE_OPT_PAIR:
		options->link.pair = true;
		break;
	case DEVICE_OPT_PASSKEY:
		reason = args_number("--passkey", decimal(args->value), 999999, &number, problem);
		options->link.passkey = (uint32_t)number;
		options->link.has_passkey = options->link.pair = true;
		break;
	case DEVICE_OPT_V1:
		options->old_version = true;
		break;
	case DEVICE_OPT_LOG:
		options->show_log = true;
		break;
	case DEVICE_OPT_TRACE:
		options->trace = true;
		break;
	case DEVICE_OPT_VERBOSE:
		options->show_log = options->verbose = true;
		break;
	case DEVICE_OPT_QUIET:
		options->quiet = true;
		args->report->quiet = true;
		break;
	}
	return reason;
}

uint32_t device_now_ms(void)
{
	struct timespec now;
	int got = clock_gettime(CLOCK_MONOTONIC, &now);
	hf_assert(got == 0);
	return (uint32_t)((uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u);
}

static enum hf_reason begin(struct device *device, struct problem *problem)
{
	static const uint8_t line_end = '\n';
	enum smp_wire_kind kind = device->link.framing == LINK_RAW ? SMP_WIRE_RAW : SMP_WIRE_CONSOLE;
	smp_wire_start(&device->wire, kind, device->packet, sizeof device->packet, SMP_RAW_REPLIES, RAW_IDLE_MS);
	device->inbox_at = device->inbox_bytes = 0;
	/* Ends a half line that an earlier program may have left in the device's buffer. */
	return device->link.framing == LINK_LINES ? device->link.class->write(&device->link, &line_end, 1, problem) : HF_OK;
}

enum hf_reason device_open(const char *name, const struct device_options *options, struct device **device, struct problem *problem)
{
	struct device *opened = host_alloc(sizeof *opened);
	opened->name = name;
	opened->options = *options;
	opened->start_ms = device_now_ms();
	/* The sequence begins somewhere else each time, so that a late reply to an earlier program does not fit. */
	smp_client_start(&opened->client, opened->request, sizeof opened->request, options->old_version ? SMP_V1 : SMP_V2,
			 (uint8_t)(device_now_ms() / 7u));
	enum hf_reason reason = link_open(&opened->link, name, &options->link, problem);
	if (reason == HF_OK)
		reason = begin(opened, problem);
	if (reason == HF_OK)
		*device = opened;
	else
		device_close(opened);
	return reason;
}

enum hf_reason device_reopen(struct device *device, struct problem *problem)
{
	enum hf_reason reason = link_reopen(&device->link, problem);
	return reason == HF_OK ? begin(device, problem) : reason;
}

void device_close(struct device *device)
{
	if (device == NULL)
		return;
	if (device->options.verbose)
		fprintf(stderr, "%s: %llu messages sent, %llu came; requests sent again %u, replies too late %u, odd %u; damaged packets %llu, "
			"bytes of text %llu\n", device->name, (unsigned long long)device->sent, (unsigned long long)device->received,
			(unsigned)device->client.counts.resent, (unsigned)device->client.counts.late,
			(unsigned)device->client.counts.malformed, (unsigned long long)device->dropped,
			(unsigned long long)device->silence.text_bytes);
	link_close(&device->link);
	free(device);
}

enum hf_reason device_send(struct device *device, const uint8_t *message, uint32_t message_bytes, struct problem *problem)
{
	uint8_t line[SMP_LINE_BYTES];
	const uint8_t *piece = NULL;
	device->sent++;
	if (device->options.trace)
		trace_message('>', device_now_ms() - device->start_ms, message, message_bytes);
	if (device->link.framing == LINK_DATAGRAMS)
		return device->link.class->write(&device->link, message, message_bytes, problem);
	smp_wire_send(&device->wire, message, message_bytes);
	for (uint32_t size = smp_wire_piece(&device->wire, line, &piece); size != 0; size = smp_wire_piece(&device->wire, line, &piece)) {
		enum hf_reason reason = device->link.class->write(&device->link, piece, size, problem);
		if (reason != HF_OK)
			return reason;
	}
	return HF_OK;
}

static void take_text(struct device *device, const struct smp_rx_event *event)
{
	silence_heard(&device->silence, event->text, event->size_bytes);
	if (!device->options.show_log)
		return;
	for (uint32_t i = 0; i < event->size_bytes; i++) {
		uint8_t c = event->text[i];
		if (c == '\n' || (c >= 0x20 && c < 0x7f))
			fputc(c, stderr);
	}
}

/* A datagram is a message. */
static bool take_datagram(struct device *device, uint8_t **message, uint32_t *message_bytes)
{
	if (device->inbox_at >= device->inbox_bytes)
		return false;
	*message = device->inbox;
	*message_bytes = (uint32_t)device->inbox_bytes;
	device->inbox_at = device->inbox_bytes;
	return true;
}

/* Feeds what was read until a message comes out. */
static bool take_stream(struct device *device, uint8_t **message, uint32_t *message_bytes)
{
	while (device->inbox_at < device->inbox_bytes) {
		struct smp_rx_event event;
		uint32_t left = (uint32_t)(device->inbox_bytes - device->inbox_at);
		device->inbox_at += smp_wire_feed(&device->wire, device->inbox + device->inbox_at, left, device_now_ms(), &event);
		switch (event.kind) {
		case SMP_RX_MORE: break;
		case SMP_RX_TEXT: take_text(device, &event); break;
		case SMP_RX_DROPPED: device->dropped++; break;
		case SMP_RX_MESSAGE:
			*message = event.message;
			*message_bytes = event.size_bytes;
			return true;
		}
	}
	return false;
}

static bool take_inbox(struct device *device, uint8_t **message, uint32_t *message_bytes)
{
	if (device->link.framing == LINK_DATAGRAMS)
		return take_datagram(device, message, message_bytes);
	if (!take_stream(device, message, message_bytes))
		return false;
	/* A line that sends everything back. */
	device->silence.echoes += *message_bytes == device->client.request_bytes && memcmp(*message, device->request, *message_bytes) == 0;
	return true;
}

enum hf_reason device_receive(struct device *device, uint32_t wait_ms, uint8_t **message, uint32_t *message_bytes,
			      struct problem *problem)
{
	uint32_t start_ms = device_now_ms();
	*message = NULL;
	for (;;) {
		if (take_inbox(device, message, message_bytes)) {
			device->received++;
			if (device->options.trace)
				trace_message('<', device_now_ms() - device->start_ms, *message, *message_bytes);
			return HF_OK;
		}
		uint32_t gone_ms = device_now_ms() - start_ms;
		if (gone_ms >= wait_ms && gone_ms != 0)
			return HF_OK;
		size_t got = 0;
		enum hf_reason reason = device->link.class->read(&device->link, device->inbox, sizeof device->inbox,
								 gone_ms < wait_ms ? wait_ms - gone_ms : 0, &got, problem);
		if (reason != HF_OK)
			return reason;
		device->inbox_at = 0;
		device->inbox_bytes = got;
		if (got == 0 && wait_ms == 0)
			return HF_OK;
	}
}

struct smp_ask device_ask_of(const struct device *device)
{
	return (struct smp_ask){ .now_ms = device_now_ms(), .timeout_ms = device->options.timeout_ms, .tries = device->options.tries };
}

static bool is_too_new(const struct device *device, const struct smp_reply *reply)
{
	return device->client.version != SMP_V1 && reply->refused && !reply->code.of_group && reply->code.rc == SMP_RC_TOO_NEW;
}

static enum hf_reason ask_again(struct device *device, struct problem *problem)
{
	device->client.waiting = true;
	device->client.deadline_ms = device_now_ms() + device->options.timeout_ms;
	return device_send(device, device->request, device->client.request_bytes, problem);
}

/* The device knows version 1 only: the same request, and all that follow, in that version. */
static enum hf_reason again_as_v1(struct device *device, struct problem *problem)
{
	struct smp_header header = smp_header_get(device->request);
	device->client.version = SMP_V1;
	header.version = SMP_V1;
	smp_header_put(&header, device->request);
	device->client.header = header;
	return ask_again(device, problem);
}

/* The link itself may know what a silence from the start means, and do something about it. */
static bool may_cure(struct device *device)
{
	struct link *link = &device->link;
	return device->client.counts.replies == 0 && link->class->cure != NULL && link->class->cure(link);
}

enum hf_reason device_exchange(struct device *device, enum hf_reason asked, struct smp_reply *reply, struct problem *problem)
{
	if (asked != HF_OK)
		return problem_set(problem, asked, device->name, "%s", "");
	enum hf_reason reason = device_send(device, device->request, device->client.request_bytes, problem);
	while (reason == HF_OK) {
		uint32_t wait_ms = 0, message_bytes = 0;
		uint8_t *message = NULL;
		enum hf_reason result = HF_OK;
		switch (smp_client_poll(&device->client, device_now_ms(), &wait_ms)) {
		case SMP_TODO_GIVE_UP:
			if (!may_cure(device))
				return silence_explain(device, problem);
			reason = ask_again(device, problem);
			continue;
		case SMP_TODO_SEND:
			reason = device_send(device, device->request, device->client.request_bytes, problem);
			continue;
		case SMP_TODO_WAIT: break;
		}
		reason = device_receive(device, wait_ms, &message, &message_bytes, problem);
		if (reason != HF_OK || message == NULL)
			continue;
		if (!smp_client_take(&device->client, message, message_bytes, reply, &result))
			continue;
		if (result == HF_OK && is_too_new(device, reply)) {
			reason = again_as_v1(device, problem);
			continue;
		}
		if (result != HF_OK)
			return problem_set(problem, HF_R_HOST_DEVICE_GARBAGE, device->name, "its reply can't be read (HF-%04u)", (unsigned)result);
		return HF_OK;
	}
	return reason;
}

enum hf_reason device_refused(const struct device *device, const char *what, const struct smp_code *code, uint32_t reason_number,
			      struct problem *problem)
{
	if (reason_number != 0)
		return problem_set(problem, HF_R_HOST_DEVICE_REFUSED, device->name, "%s: the device says HF-%04u: %s %s", what,
				   (unsigned)reason_number, hf_reason_text(reason_number)->sentence, hf_reason_text(reason_number)->remedy);
	char words[320];
	device_code_words(code, words, sizeof words);
	return problem_set(problem, HF_R_HOST_DEVICE_REFUSED, device->name, "%s: %s", what, words);
}

enum hf_reason device_result(const struct device *device, const struct smp_reply *reply, enum hf_reason read, const char *what,
			     struct problem *problem)
{
	if (reply->refused)
		return device_refused(device, what, &reply->code, reply->reason, problem);
	if (read != HF_OK)
		return problem_set(problem, HF_R_HOST_DEVICE_GARBAGE, device->name, "%s: its reply can't be read (HF-%04u)", what, (unsigned)read);
	return HF_OK;
}

enum hf_reason device_params(struct device *device, struct smp_params *params, struct problem *problem)
{
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	enum hf_reason reason = device_exchange(device, smp_ask_params(&device->client, &ask), &reply, problem);
	return reason == HF_OK ? device_result(device, &reply, smp_read_params(&reply, params), "params", problem) : reason;
}

enum hf_reason device_exchange_optional(struct device *device, enum hf_reason asked, struct smp_reply *reply, bool *known,
					struct problem *problem)
{
	enum hf_reason reason = device_exchange(device, asked, reply, problem);
	*known = reason == HF_OK && !reply->refused;
	return device_is_silence(reason) && device->client.counts.replies != 0 ? HF_OK : reason;
}

/* Buffers of usual servers, without what framing takes: MCUboot's recovery has 1024, older ones 512, Zephyr 384 and 256. A message that is
 * too long vanishes; any reply to it, a refusal too, says that it came through. One console line is always taken. */
enum { PROBE_SIZE_MAX = 1020 };

static enum hf_reason probe_one(struct device *device, uint32_t size_bytes, bool *passed, struct problem *problem)
{
	enum { PROBE_MS = 400, BITS_PER_BYTE = 10, OVERHEAD_BYTES = SMP_HEADER_BYTES + 8 };
	const struct device_options usual = device->options;
	uint32_t baud = device->link.address.baud != 0 ? device->link.address.baud : usual.link.baud;
	char text[PROBE_SIZE_MAX];
	struct smp_reply reply;
	memset(text, '.', sizeof text);
	text[size_bytes - OVERHEAD_BYTES] = '\0';
	if (device->link.address.kind == ADDRESS_SERIAL)
		device->options.timeout_ms = PROBE_MS + 2 * smp_wire_bytes(size_bytes) * BITS_PER_BYTE * 1000u / baud;
	if (device->options.timeout_ms > usual.timeout_ms || usual.timeout_ms > device_defaults().timeout_ms)
		device->options.timeout_ms = usual.timeout_ms;
	device->options.tries = 1;
	struct smp_ask ask = device_ask_of(device);
	enum hf_reason reason = device_exchange(device, smp_ask_echo(&device->client, &ask, text), &reply, problem);
	device->options = usual;
	*passed = reason == HF_OK;
	return device_is_silence(reason) ? HF_OK : reason;
}

static enum hf_reason probe_size(struct device *device, uint32_t *message_max, struct problem *problem)
{
	static const uint16_t sizes[] = { PROBE_SIZE_MAX, 508, 380, 252 };
	enum hf_reason reason = HF_OK;
	bool passed = false;
	for (size_t i = 0; i < HF_ARRAY_COUNT(sizes) && reason == HF_OK && !passed; i++) {
		reason = probe_one(device, sizes[i], &passed, problem);
		if (passed)
			*message_max = sizes[i];
	}
	return reason;
}

/* A device may take messages in one piece only, whatever its buffers hold (Zephyr without CONFIG_MCUMGR_TRANSPORT_BT_REASSEMBLY). */
static enum hf_reason probe_pieces(struct device *device, uint32_t *message_max, struct problem *problem)
{
	enum { SPARE_BYTES = 8 }; /* how much shorter than said a probe may turn out */
	uint32_t piece_max = device->link.piece_max_bytes;
	bool passed = false;
	if (piece_max == 0 || *message_max <= piece_max)
		return HF_OK;
	hf_assert(piece_max + SPARE_BYTES <= PROBE_SIZE_MAX);
	enum hf_reason reason = probe_one(device, piece_max + SPARE_BYTES, &passed, problem);
	if (reason == HF_OK && !passed)
		*message_max = piece_max;
	return reason;
}

enum hf_reason device_reach(struct device *device, uint32_t window_wanted, uint32_t *message_max, uint32_t *window, struct problem *problem)
{
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	struct smp_params params;
	bool known = false;
	enum hf_reason reason = device_exchange_optional(device, smp_ask_params(&device->client, &ask), &reply, &known, problem);
	known = known && smp_read_params(&reply, &params) == HF_OK;
	*message_max = smp_message_max_of(known ? &params : NULL, device->link.framing == LINK_LINES);
	if (reason == HF_OK)
		reason = known ? probe_pieces(device, message_max, problem) : probe_size(device, message_max, problem);
	if (*message_max > DEVICE_MESSAGE_BYTES)
		*message_max = DEVICE_MESSAGE_BYTES;
	/* A message that ends with a short piece costs a packet more than it carries. */
	if (device->link.piece_max_bytes != 0 && *message_max > device->link.piece_max_bytes)
		*message_max -= *message_max % device->link.piece_max_bytes;
	if (device->link.message_max_bytes != 0 && *message_max > device->link.message_max_bytes)
		*message_max = device->link.message_max_bytes;
	*window = smp_window_of(known ? &params : NULL, window_wanted);
	if (reason == HF_OK && device->options.verbose)
		fprintf(stderr, "%s: messages of up to %u bytes, up to %u at a time%s\n", device->name, (unsigned)*message_max, (unsigned)*window,
			known ? "" : " (it tells no params)");
	return reason;
}

enum hf_reason device_images(struct device *device, struct smp_image_list *list, struct problem *problem)
{
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	enum hf_reason reason = device_exchange(device, smp_ask_image_list(&device->client, &ask), &reply, problem);
	return reason == HF_OK ? device_result(device, &reply, smp_read_image_list(&reply, list), "image list", problem) : reason;
}

enum hf_reason device_set_state(struct device *device, const uint8_t *hash, uint32_t hash_bytes, bool confirm,
				struct smp_image_list *list, struct problem *problem)
{
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	enum hf_reason asked = smp_ask_image_state(&device->client, &ask, hash, hash_bytes, confirm);
	enum hf_reason reason = device_exchange(device, asked, &reply, problem);
	const char *what = confirm ? (hash_bytes != 0 ? "make permanent" : "confirm") : "request a test";
	return reason == HF_OK ? device_result(device, &reply, smp_read_image_list(&reply, list), what, problem) : reason;
}

enum hf_reason device_reset(struct device *device, bool force, struct problem *problem)
{
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	enum hf_reason reason = device_exchange(device, smp_ask_reset(&device->client, &ask, force), &reply, problem);
	return reason == HF_OK ? device_result(device, &reply, smp_read_nothing(&reply), "reset", problem) : reason;
}
