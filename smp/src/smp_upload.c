/* SPDX-License-Identifier: MIT */
#include <holdfast/smp_upload.h>

#define CHUNK_ALIGN_BYTES 16u
#define FIRST_DATA_MIN_BYTES 32u /* the image header: servers refuse a first chunk without it */
#define SHA_BYTES 32u
#define TIMEOUT_MAX_MS 20000u
#define BUSY_PAUSE_MS 500u
#define GROW_AFTER_LOSS 8u
#define GROW_AFTER_MAX 1024u
#define WIDE_ENOUGH 32u        /* replies with several in flight, after which a loss is chance and not the window's doing */

static bool is_past(uint32_t now_ms, uint32_t deadline_ms)
{
	return (int32_t)(now_ms - deadline_ms) >= 0;
}

/* --- how much fits ------------------------------------------------------------------------------------------------------- */

/* Bytes of a CBOR head. */
static uint32_t head_bytes(uint32_t value)
{
	return value < 24u ? 1u : value <= UINT8_MAX ? 2u : value <= UINT16_MAX ? 3u : 5u;
}

static uint32_t first_extra_bytes(const struct smp_upload_plan *plan, bool with_sha)
{
	return 4u + head_bytes(plan->size_bytes) + (with_sha ? 4u + 2u + SHA_BYTES : 0u) + (plan->has_image ? 6u + head_bytes(plan->image) : 0u) +
	       (plan->upgrade_only ? 9u : 0u);
}

/* Data bytes that fit into one message at this offset. */
static uint32_t room_at(const struct smp_upload_plan *plan, uint32_t off, bool with_sha)
{
	uint32_t fixed = SMP_HEADER_BYTES + 1u + 4u + head_bytes(off) + 5u + (off == 0u ? first_extra_bytes(plan, with_sha) : 0u);
	uint32_t room = plan->message_max > fixed ? plan->message_max - fixed : 0u;

	return room - (head_bytes(room) < room ? head_bytes(room) : room);
}

static bool sha_fits(const struct smp_upload_plan *plan)
{
	return plan->sha != NULL && room_at(plan, 0, true) >= FIRST_DATA_MIN_BYTES;
}

static uint32_t chunk_end(const struct smp_upload_plan *plan, uint32_t off)
{
	uint32_t room = room_at(plan, off, sha_fits(plan));
	uint32_t end, aligned;

	if (room >= plan->size_bytes - off)
		return plan->size_bytes;
	end = off + room;
	aligned = end / CHUNK_ALIGN_BYTES * CHUNK_ALIGN_BYTES;
	return aligned > off ? aligned : end;
}

/* --- start --------------------------------------------------------------------------------------------------------------- */

struct smp_upload_plan smp_upload_plan_of(const uint8_t *data, uint32_t size_bytes, const uint8_t *sha)
{
	return (struct smp_upload_plan){
		.data = data, .size_bytes = size_bytes, .sha = sha, .message_max = smp_message_max_of(NULL, true), .window_max = 1,
		.first_timeout_ms = 40000, .last_timeout_ms = 20000, .timeout_ms = 2500, .tries = 5, .restarts_max = 3
	};
}

enum hf_reason smp_upload_start(struct smp_upload *upload, const struct smp_upload_plan *plan, struct smp_client *client)
{
	if (plan->size_bytes == 0u)
		return HF_R_SMP_UPLOAD_LEN;
	if (room_at(plan, 0, false) < FIRST_DATA_MIN_BYTES)
		return HF_R_SMP_MESSAGE_TOO_SMALL;
	*upload = (struct smp_upload){ .plan = *plan, .client = client, .state = SMP_UPLOAD_FIRST, .window = 1, .grow_in = 1,
					.grow_after = GROW_AFTER_LOSS / 2u };
	if (upload->plan.window_max < 1u)
		upload->plan.window_max = 1;
	if (upload->plan.window_max > SMP_WINDOW_MAX)
		upload->plan.window_max = SMP_WINDOW_MAX;
	return HF_OK;
}

/* --- what is in flight --------------------------------------------------------------------------------------------------- */

static uint32_t flight_count(const struct smp_upload *upload)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < SMP_WINDOW_MAX; i++)
		count += upload->flights[i].used ? 1u : 0u;
	return count;
}

static struct smp_flight *flight_free(struct smp_upload *upload)
{
	for (uint32_t i = 0; i < SMP_WINDOW_MAX; i++) {
		if (!upload->flights[i].used)
			return &upload->flights[i];
	}
	return NULL;
}

static struct smp_flight *flight_of(struct smp_upload *upload, uint8_t sequence)
{
	for (uint32_t i = 0; i < SMP_WINDOW_MAX; i++) {
		if (upload->flights[i].used && upload->flights[i].sequence == sequence)
			return &upload->flights[i];
	}
	return NULL;
}

/* Servers answer in order: what was sent before an answered request and is unanswered has been lost, or its reply has. */
static void flights_before_forget(struct smp_upload *upload, uint32_t order)
{
	for (uint32_t i = 0; i < SMP_WINDOW_MAX; i++) {
		if (upload->flights[i].used && (int32_t)(upload->flights[i].order - order) < 0) {
			upload->flights[i].used = false;
			upload->counts.lost++;
		}
	}
}

static uint32_t next_deadline_in(const struct smp_upload *upload, uint32_t now_ms)
{
	uint32_t wait = TIMEOUT_MAX_MS;

	for (uint32_t i = 0; i < SMP_WINDOW_MAX; i++) {
		const struct smp_flight *flight = &upload->flights[i];

		if (flight->used && is_past(now_ms, flight->deadline_ms))
			return 0;
		if (flight->used && flight->deadline_ms - now_ms < wait)
			wait = flight->deadline_ms - now_ms;
	}
	return wait;
}

/* --- trouble and progress ------------------------------------------------------------------------------------------------ */

static void fail(struct smp_upload *upload, enum hf_reason reason)
{
	upload->state = SMP_UPLOAD_FAILED;
	upload->reason = reason;
}

static void progress(struct smp_upload *upload, uint32_t off)
{
	upload->acked_off = off;
	if (off > upload->best_off) {
		upload->best_off = off;
		upload->trouble_count = 0;
	}
	if (off == upload->plan.size_bytes)
		upload->state = SMP_UPLOAD_DONE;
}

/* Something was lost or out of step: fewer in flight, and a count that ends an upload which does not get on. Chips that halt while they
 * erase lose what is sent meanwhile: where several in flight go wrong soon, again and again, one at a time is faster, and they are tried
 * ever more seldom. */
static void trouble(struct smp_upload *upload)
{
	bool soon = upload->window > 1u && upload->wide_count < WIDE_ENOUGH;

	if (soon && upload->grow_after < GROW_AFTER_MAX)
		upload->grow_after *= 2u;
	else if (upload->window > 1u && !soon)
		upload->grow_after = GROW_AFTER_LOSS;
	upload->window = upload->window > 1u ? upload->window / 2u : 1u;
	upload->grow_in = upload->grow_after;
	upload->wide_count = 0;
	upload->trouble_count++;
	if (upload->trouble_count > upload->plan.tries)
		fail(upload, upload->answered ? HF_R_SMP_UPLOAD_STUCK : HF_R_SMP_NO_REPLY);
}

/* Stop sending, await what is outstanding, go on at off. While draining, each reply is to a later request than the one before
 * (flights_before_forget), so the latest off is the one to believe. */
static void drain(struct smp_upload *upload, uint32_t off)
{
	if (upload->state != SMP_UPLOAD_DRAIN)
		trouble(upload);
	if (upload->state == SMP_UPLOAD_FAILED)
		return;
	upload->state = SMP_UPLOAD_DRAIN;
	upload->drain_off = off;
}

/* The device had more and forgot it. */
static void restarted(struct smp_upload *upload)
{
	upload->best_off = 0;
	upload->sent_off = 0;
	upload->trouble_count = 0;
	upload->restart_count++;
	if (upload->restart_count > upload->plan.restarts_max)
		fail(upload, HF_R_SMP_UPLOAD_RESTARTS);
}

/* Nothing is outstanding any more: go on where the device said, or ask with the hash where it is in this file. */
static void drain_end(struct smp_upload *upload)
{
	if (upload->checking) {
		upload->state = SMP_UPLOAD_FIRST;
		return;
	}
	upload->send_off = upload->drain_off;
	upload->acked_off = upload->drain_off;
	if (upload->drain_off != 0u) {
		upload->state = SMP_UPLOAD_STREAM;
		return;
	}
	upload->state = SMP_UPLOAD_FIRST;
	if (upload->best_off != 0u)
		restarted(upload);
}

static void expire(struct smp_upload *upload, uint32_t now_ms)
{
	bool lost = false;

	for (uint32_t i = 0; i < SMP_WINDOW_MAX; i++) {
		struct smp_flight *flight = &upload->flights[i];

		if (!flight->used || !is_past(now_ms, flight->deadline_ms))
			continue;
		flight->used = false;
		upload->counts.lost++;
		lost = true;
	}
	if (lost && upload->state != SMP_UPLOAD_DRAIN)
		drain(upload, upload->acked_off);
}

/* --- round trips --------------------------------------------------------------------------------------------------------- */

static void rtt_add(struct smp_upload *upload, uint32_t sample_ms)
{
	uint32_t error;

	if (!upload->rtt_known) {
		upload->rtt_known = true;
		upload->rtt_ms = sample_ms;
		upload->rtt_var_ms = sample_ms / 2u;
		return;
	}
	error = sample_ms > upload->rtt_ms ? sample_ms - upload->rtt_ms : upload->rtt_ms - sample_ms;
	upload->rtt_var_ms = (3u * upload->rtt_var_ms + error + 2u) / 4u;
	upload->rtt_ms = (7u * upload->rtt_ms + sample_ms + 4u) / 8u;
}

/* A device that erases as it goes is slow now and then; a window grows the queue before a reply. */
static uint32_t timeout_usual(const struct smp_upload *upload)
{
	uint32_t measured = 2u * upload->rtt_ms + 4u * upload->rtt_var_ms;

	measured = measured < TIMEOUT_MAX_MS ? measured : TIMEOUT_MAX_MS;
	return upload->rtt_known && measured > upload->plan.timeout_ms ? measured : upload->plan.timeout_ms;
}

static uint32_t timeout_of(const struct smp_upload *upload, uint32_t off, uint32_t end)
{
	if (off == 0u)
		return upload->plan.first_timeout_ms;
	return end == upload->plan.size_bytes ? upload->plan.last_timeout_ms : timeout_usual(upload);
}

/* While draining, nothing is awaited longer than usual: the last chunk's long patience is for a device that accepted it. */
static void drain_hurry(struct smp_upload *upload, uint32_t now_ms)
{
	uint32_t limit_ms = timeout_usual(upload);

	if (upload->state != SMP_UPLOAD_DRAIN)
		return;
	for (uint32_t i = 0; i < SMP_WINDOW_MAX; i++) {
		struct smp_flight *flight = &upload->flights[i];

		if (flight->used && !is_past(now_ms, flight->deadline_ms) && flight->deadline_ms - now_ms > limit_ms)
			flight->deadline_ms = now_ms + limit_ms;
	}
}

/* --- sending ------------------------------------------------------------------------------------------------------------- */

static uint32_t message_make(const struct smp_upload *upload, const struct smp_flight *flight, uint8_t *buffer)
{
	const struct smp_upload_plan *plan = &upload->plan;
	struct smp_writer writer = smp_writer_of(buffer, plan->message_max);
	struct smp_header header = { .version = upload->client->version, .op = SMP_OP_WRITE, .group = SMP_GROUP_IMAGE,
				     .id = SMP_IMAGE_UPLOAD, .sequence = flight->sequence };
	bool first = flight->off == 0u;
	bool with_sha = first && sha_fits(plan);

	writer.used_bytes = SMP_HEADER_BYTES;
	smp_put_map(&writer, 2u + (first ? 1u : 0u) + (with_sha ? 1u : 0u) + (first && plan->has_image ? 1u : 0u) +
				     (first && plan->upgrade_only ? 1u : 0u));
	if (first && plan->has_image)
		smp_put_key_uint(&writer, "image", plan->image);
	if (first)
		smp_put_key_uint(&writer, "len", plan->size_bytes);
	smp_put_key_uint(&writer, "off", flight->off);
	if (with_sha)
		smp_put_key_bytes(&writer, "sha", plan->sha, SHA_BYTES);
	if (first && plan->upgrade_only)
		smp_put_key_bool(&writer, "upgrade", true);
	smp_put_key_bytes(&writer, "data", plan->data + flight->off, flight->end - flight->off);
	hf_assert(!writer.full);
	header.length_bytes = (uint16_t)(writer.used_bytes - SMP_HEADER_BYTES);
	smp_header_put(&header, buffer);
	return writer.used_bytes;
}

static uint32_t chunk_send(struct smp_upload *upload, uint32_t now_ms, uint8_t *buffer)
{
	struct smp_flight *flight = flight_free(upload);
	uint32_t off = upload->send_off;
	uint32_t end = chunk_end(&upload->plan, off);

	hf_assert(flight != NULL && off < upload->plan.size_bytes);
	*flight = (struct smp_flight){ .used = true, .sequence = upload->client->sequence, .order = upload->order, .off = off, .end = end,
				       .sent_ms = now_ms, .deadline_ms = now_ms + timeout_of(upload, off, end) };
	upload->client->sequence++;
	upload->order++;
	upload->send_off = end;
	upload->sent_off = end > upload->sent_off ? end : upload->sent_off;
	upload->counts.chunks++;
	return message_make(upload, flight, buffer);
}

static bool may_send(const struct smp_upload *upload)
{
	uint32_t count = flight_count(upload);

	if (upload->state == SMP_UPLOAD_FIRST)
		return count == 0u;
	return upload->state == SMP_UPLOAD_STREAM && count < upload->window && upload->send_off < upload->plan.size_bytes;
}

enum smp_upload_todo smp_upload_next(struct smp_upload *upload, uint32_t now_ms, uint8_t *buffer, uint32_t *message_bytes, uint32_t *wait_ms)
{
	*message_bytes = 0;
	*wait_ms = 0;
	if (upload->state != SMP_UPLOAD_DONE && upload->state != SMP_UPLOAD_FAILED)
		expire(upload, now_ms);
	drain_hurry(upload, now_ms);
	if (upload->state == SMP_UPLOAD_DRAIN && flight_count(upload) == 0u)
		drain_end(upload);
	if (upload->state == SMP_UPLOAD_DONE)
		return SMP_UPLOAD_TODO_DONE;
	if (upload->state == SMP_UPLOAD_FAILED)
		return SMP_UPLOAD_TODO_FAILED;
	if (upload->busy && !is_past(now_ms, upload->busy_until_ms)) {
		*wait_ms = upload->busy_until_ms - now_ms;
		return SMP_UPLOAD_TODO_WAIT;
	}
	upload->busy = false;
	if (may_send(upload)) {
		if (upload->state == SMP_UPLOAD_FIRST)
			upload->send_off = 0;
		*message_bytes = chunk_send(upload, now_ms, buffer);
		return SMP_UPLOAD_TODO_SEND;
	}
	*wait_ms = next_deadline_in(upload, now_ms);
	return SMP_UPLOAD_TODO_WAIT;
}

/* --- replies ------------------------------------------------------------------------------------------------------------- */

static void first_answered(struct smp_upload *upload, const struct smp_flight *flight, uint32_t off)
{
	if (off == 0u) {
		trouble(upload);
		return;
	}
	if (upload->checking && off <= flight->end) {
		restarted(upload);
	} else if (!upload->checking && off > flight->end) {
		upload->resumed = true;
		upload->resumed_off = off;
	}
	upload->checking = false;
	if (upload->state == SMP_UPLOAD_FAILED)
		return;
	upload->sent_off = off > upload->sent_off ? off : upload->sent_off;
	upload->state = SMP_UPLOAD_STREAM;
	upload->send_off = off;
	progress(upload, off);
}

/* Behind what the device has confirmed, or beyond what it was sent: a request was overtaken, or another client has begun another
 * upload, and bytes of this file would be mixed into it. The first request, with the hash, tells which. */
static bool is_elsewhere(const struct smp_upload *upload, uint32_t off)
{
	return off != 0u && (off < upload->acked_off || off > upload->sent_off) && sha_fits(&upload->plan);
}

static void chunk_answered(struct smp_upload *upload, const struct smp_flight *flight, uint32_t off)
{
	if (off != flight->end) {
		upload->counts.mismatches++;
		if (is_elsewhere(upload, off)) {
			upload->checking = true;
			drain(upload, upload->acked_off);
			return;
		}
		drain(upload, off);
		if (off > upload->acked_off && upload->state == SMP_UPLOAD_DRAIN)
			progress(upload, off);
		return;
	}
	progress(upload, off);
	if (upload->state == SMP_UPLOAD_DRAIN)
		drain(upload, off);
	upload->wide_count += upload->window > 1u ? 1u : 0u;
	if (upload->state != SMP_UPLOAD_STREAM || upload->window >= upload->plan.window_max)
		return;
	upload->grow_in--;
	if (upload->grow_in == 0u) {
		upload->window++;
		upload->grow_in = 1;
	}
}

static void refused(struct smp_upload *upload, const struct smp_reply *reply, uint32_t now_ms)
{
	bool passing = !reply->code.of_group && (reply->code.rc == SMP_RC_BUSY || reply->code.rc == SMP_RC_NO_MEMORY);

	upload->code = reply->code;
	upload->device_reason = reply->reason;
	if (!passing) {
		fail(upload, HF_R_SMP_REFUSED);
		return;
	}
	upload->busy = true;
	upload->busy_until_ms = now_ms + BUSY_PAUSE_MS;
	drain(upload, upload->acked_off);
}

static void accepted(struct smp_upload *upload, const struct smp_reply *reply, const struct smp_flight *flight)
{
	struct smp_field fields[] = { { .key = "off", .type = SMP_TYPE_U32 }, { .key = "match", .type = SMP_TYPE_BOOL } };
	struct smp_reader body = reply->body;

	if (smp_map_read(&body, fields, HF_ARRAY_COUNT(fields)) != HF_OK) {
		drain(upload, upload->acked_off);
		return;
	}
	if (fields[1].found) {
		upload->match_known = true;
		upload->match = fields[1].is.flag;
	}
	if (!fields[0].found)
		fail(upload, HF_R_SMP_REPLY_NO_OFF);
	else if (fields[0].is.u32 > upload->plan.size_bytes)
		fail(upload, HF_R_SMP_REPLY_OFF);
	else if (upload->state == SMP_UPLOAD_FIRST)
		first_answered(upload, flight, fields[0].is.u32);
	else
		chunk_answered(upload, flight, fields[0].is.u32);
	if (upload->state == SMP_UPLOAD_DONE && upload->match_known && !upload->match)
		fail(upload, HF_R_SMP_UPLOAD_MATCH);
}

bool smp_upload_take(struct smp_upload *upload, uint8_t *message, uint32_t message_bytes, uint32_t now_ms)
{
	struct smp_header header;
	struct smp_reply reply;
	struct smp_flight *found;
	struct smp_flight flight;

	if (message_bytes < SMP_HEADER_BYTES)
		return false;
	header = smp_header_get(message);
	if (header.op != SMP_OP_WRITE_REPLY || header.group != SMP_GROUP_IMAGE || header.id != SMP_IMAGE_UPLOAD)
		return false;
	found = flight_of(upload, header.sequence);
	if (found == NULL || upload->state == SMP_UPLOAD_DONE || upload->state == SMP_UPLOAD_FAILED) {
		upload->counts.late++;
		return true;
	}
	flight = *found;
	found->used = false;
	upload->answered = true;
	flights_before_forget(upload, flight.order);
	rtt_add(upload, now_ms - flight.sent_ms);
	if (smp_reply_read(message, message_bytes, &reply) != HF_OK)
		drain(upload, upload->acked_off);
	else if (reply.refused)
		refused(upload, &reply, now_ms);
	else
		accepted(upload, &reply, &flight);
	return true;
}
