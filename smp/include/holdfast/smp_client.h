/* SPDX-License-Identifier: MIT */
/* smp_client.h - the other side: requests, retries, replies read into structs. No I/O: bytes and time are arguments.
 *
 * Why      One request is under way at a time; a reply is taken only if sequence, group, command and op fit, so one that comes
 *          late is dropped and never shifts what follows. (Uploads, with several in flight: smp_upload.h.)
 * Order    smp_ask_*(...) -> send client->request -> loop: smp_client_poll tells to wait, to send again, or to give up;
 *          smp_client_take looks at each message that came -> smp_read_*(reply).
 * Units    _ms on any clock that counts up and may wrap.
 * Errors   HF_R_SMP_REQUEST_TOO_LARGE, HF_R_SMP_REPLY_MALFORMED; HF_R_SMP_REFUSED with the code in the reply.
 * Limits   RAM: the struct and the caller's request buffer.
 */
#ifndef HOLDFAST_SMP_CLIENT_H
#define HOLDFAST_SMP_CLIENT_H

#include <holdfast/smp_cbor.h>
#include <holdfast/smp_message.h>

/* A reply of any of the three shapes: success, {"rc"}, {"err"}. */
struct smp_reply {
	struct smp_header header;
	bool refused;
	struct smp_code code;       /* when refused */
	uint32_t reason;            /* number of a Holdfast reason given as "rsn": "HF-0908"; 0 none */
	struct smp_span rsn;        /* when refused; raw: make it printable with smp_text_clean */
	struct smp_reader body;     /* at the map; work on a copy, then it can be read again */
};

/* Reads header and shape of a reply. */
enum hf_reason smp_reply_read(uint8_t *message, uint32_t message_bytes, struct smp_reply *reply) HF_MUST_USE;

/* Reads the fields of a successful reply; the first needed_count of them must be there. HF_R_SMP_REFUSED, _REPLY_MALFORMED. */
enum hf_reason smp_reply_fields(const struct smp_reply *reply, struct smp_field *fields, uint32_t field_count,
				uint32_t needed_count) HF_MUST_USE;

/* Copies printable ASCII and well-formed UTF-8; all else becomes '?'. Always ends with NUL. */
void smp_text_clean(const struct smp_span *span, char *into, uint32_t cap_bytes);

struct smp_client_counts {
	uint32_t sent, resent, replies, late, malformed;
};

struct smp_client {
	uint8_t *request;         /* send request_bytes of it when told to */
	uint32_t request_cap_bytes;
	uint32_t request_bytes;
	uint8_t version;          /* SMP_V2; SMP_V1 for old devices */
	uint8_t sequence;         /* of the next request; uploads take from it too */
	bool waiting;
	uint8_t tries, tries_left;
	uint32_t timeout_ms;
	uint32_t deadline_ms;
	struct smp_header header; /* of the request under way */
	struct smp_writer writer;
	struct smp_client_counts counts;
};

/* sequence: begin somewhere else each session, so that replies to an earlier one do not fit. */
void smp_client_start(struct smp_client *client, uint8_t *request, uint32_t request_cap_bytes, uint8_t version, uint8_t sequence);

/* Any request: open, put keys (the map is open), close. */
struct smp_writer *smp_client_open(struct smp_client *client, uint8_t op, uint16_t group, uint8_t id);
struct smp_ask {
	uint32_t now_ms;
	uint32_t timeout_ms;
	uint8_t tries;           /* 1: send once */
};
enum hf_reason smp_client_close(struct smp_client *client, const struct smp_ask *ask) HF_MUST_USE;

enum smp_todo { SMP_TODO_WAIT, SMP_TODO_SEND, SMP_TODO_GIVE_UP };
/* wait_ms: how long nothing needs to be done, when WAIT. */
enum smp_todo smp_client_poll(struct smp_client *client, uint32_t now_ms, uint32_t *wait_ms);
/* True: this is the reply (or cannot be read, but bears its header: *result says so); nothing is under way any more. */
bool smp_client_take(struct smp_client *client, uint8_t *message, uint32_t message_bytes, struct smp_reply *reply,
		     enum hf_reason *result);

/* Requests. text may be NULL where the key is optional. */
enum hf_reason smp_ask_echo(struct smp_client *client, const struct smp_ask *ask, const char *text) HF_MUST_USE;
enum hf_reason smp_ask_reset(struct smp_client *client, const struct smp_ask *ask, bool force) HF_MUST_USE;
enum hf_reason smp_ask_params(struct smp_client *client, const struct smp_ask *ask) HF_MUST_USE;
enum hf_reason smp_ask_info(struct smp_client *client, const struct smp_ask *ask, const char *format) HF_MUST_USE;
enum hf_reason smp_ask_bootloader(struct smp_client *client, const struct smp_ask *ask, const char *query) HF_MUST_USE;
enum hf_reason smp_ask_image_list(struct smp_client *client, const struct smp_ask *ask) HF_MUST_USE;
/* hash_bytes 0: the running image (only with confirm). */
enum hf_reason smp_ask_image_state(struct smp_client *client, const struct smp_ask *ask, const uint8_t *hash, uint32_t hash_bytes,
				   bool confirm) HF_MUST_USE;
enum hf_reason smp_ask_image_erase(struct smp_client *client, const struct smp_ask *ask, uint32_t slot) HF_MUST_USE;
enum hf_reason smp_ask_slots(struct smp_client *client, const struct smp_ask *ask) HF_MUST_USE;
enum hf_reason smp_ask_why(struct smp_client *client, const struct smp_ask *ask) HF_MUST_USE;

/* Results. All of them: HF_R_SMP_REFUSED if the reply is a refusal, HF_R_SMP_REPLY_MALFORMED if a needed key is missing. */
#define SMP_VERSION_TEXT_BYTES 32u
#define SMP_HASH_BYTES_MAX 64u
#define SMP_LIST_MAX 8u

struct smp_params {
	uint32_t buf_size, buf_count;
};

struct smp_image_entry {
	uint32_t image, slot;
	char version[SMP_VERSION_TEXT_BYTES];
	uint8_t hash[SMP_HASH_BYTES_MAX];
	uint32_t hash_bytes; /* 0: the device sends none */
	bool bootable, pending, confirmed, active, permanent;
};

struct smp_image_list {
	uint32_t count;      /* entries beyond SMP_LIST_MAX are counted in dropped */
	uint32_t dropped;
	struct smp_image_entry entries[SMP_LIST_MAX];
};

struct smp_slot_entry {
	uint32_t image, slot, size_bytes;
	bool has_upload_id;
	uint32_t upload_id;
	bool has_image_max;
	uint32_t image_max_bytes; /* max_image_size of its image */
};

struct smp_slot_list {
	uint32_t count, dropped;
	struct smp_slot_entry entries[SMP_LIST_MAX];
};

struct smp_why_reply {
	bool has_report;
	uint32_t cause;       /* enum hf_boot_cause */
	bool on_trial, resumed;
	uint32_t refusal, where, expected, found; /* why the last update was refused at boot; refusal 0: it was not */
	uint32_t stop;        /* why nothing was started: the board is in recovery; 0: an application answers */
	uint32_t steps, loader, size_max;
	uint32_t resets;      /* since the last confirmation, update or power-on; 255: that or more */
	uint32_t other;       /* version (major << 24 | minor << 16 | revision) that ran before, or was refused; 0 none */
	uint32_t last;        /* latest refused request's reason; 0 none */
};

enum hf_reason smp_read_nothing(const struct smp_reply *reply) HF_MUST_USE; /* success is all */
enum hf_reason smp_read_params(const struct smp_reply *reply, struct smp_params *params) HF_MUST_USE;
/* key: "r" of echo, "output" of info, "bootloader" of bootloader info. */
enum hf_reason smp_read_text(const struct smp_reply *reply, const char *key, char *into, uint32_t cap_bytes) HF_MUST_USE;
enum hf_reason smp_read_mode(const struct smp_reply *reply, int32_t *mode, bool *no_downgrade) HF_MUST_USE;
enum hf_reason smp_read_image_list(const struct smp_reply *reply, struct smp_image_list *list) HF_MUST_USE;
enum hf_reason smp_read_slots(const struct smp_reply *reply, struct smp_slot_list *list) HF_MUST_USE;
enum hf_reason smp_read_why(const struct smp_reply *reply, struct smp_why_reply *why) HF_MUST_USE;

/* Largest message for a device whose params are known (NULL: unknown: one console line). framed: the console's length and CRC
 * share the device's buffer. */
uint32_t smp_message_max_of(const struct smp_params *params, bool framed);
/* Requests that may be in flight. */
uint32_t smp_window_of(const struct smp_params *params, uint32_t wanted);

#endif
