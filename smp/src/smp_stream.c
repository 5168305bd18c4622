/* SPDX-License-Identifier: MIT */
#include <holdfast/smp_stream.h>

enum { FS_OFFSET_NOT_VALID = 11 };

#define TIMEOUT_MAX_MS 20000u
#define BUSY_PAUSE_MS 500u
#define GROW_AFTER_LOSS 8u

static bool is_past(uint32_t now_ms, uint32_t deadline_ms)
{
	return (int32_t)(now_ms - deadline_ms) >= 0;
}

static uint32_t head_bytes(uint32_t value)
{
	return value < 24u ? 1u : value <= UINT8_MAX ? 2u : value <= UINT16_MAX ? 3u : 5u;
}

static uint32_t fixed_bytes(const struct smp_stream_plan *plan, uint32_t off)
{
	uint32_t name_bytes = (uint32_t)strlen(plan->name);

	return SMP_HEADER_BYTES + 1u + 4u + head_bytes(off) + 5u + head_bytes(name_bytes) + name_bytes;
}

/* The size goes with the first chunk, and with the first of a transfer that goes on, so that the device knows when it is over. */
static bool bears_size(const struct smp_stream_plan *plan, uint32_t off)
{
	return plan->kind == SMP_STREAM_PUT && (off == 0u || off == plan->from_off);
}

/* Data bytes that fit into one message of a put. */
static uint32_t room_at(const struct smp_stream_plan *plan, uint32_t off)
{
	uint32_t fixed = fixed_bytes(plan, off) + 5u + (bears_size(plan, off) ? 4u + head_bytes(plan->size_bytes) : 0u);
	uint32_t room = plan->message_max > fixed ? plan->message_max - fixed : 0u;

	return room - (head_bytes(room) < room ? head_bytes(room) : room);
}

enum hf_reason smp_stream_start(struct smp_stream *stream, const struct smp_stream_plan *plan, struct smp_client *client)
{
	bool is_put = plan->kind == SMP_STREAM_PUT;
	bool size_known = is_put || plan->from_off != 0u;

	if (strlen(plan->name) > UINT16_MAX || fixed_bytes(plan, UINT32_MAX) > plan->message_max)
		return HF_R_SMP_MESSAGE_TOO_SMALL;
	if (is_put && (room_at(plan, 0) == 0u || room_at(plan, plan->from_off) == 0u || room_at(plan, plan->size_bytes) == 0u))
		return HF_R_SMP_MESSAGE_TOO_SMALL;
	if (size_known && plan->from_off > plan->size_bytes)
		return HF_R_SMP_FILE_OFF;
	*stream = (struct smp_stream){ .plan = *plan, .client = client, .state = SMP_STREAM_RUNS, .size_known = size_known,
				       .size_bytes = size_known ? plan->size_bytes : 0u, .done_off = plan->from_off, .next_off = plan->from_off,
				       .best_off = plan->from_off, .window = 1, .grow_in = 1 };
	if (stream->plan.window_max < 1u)
		stream->plan.window_max = 1;
	if (stream->plan.window_max > SMP_STREAM_WINDOW_MAX)
		stream->plan.window_max = SMP_STREAM_WINDOW_MAX;
	if (plan->from_off != 0u && plan->from_off == plan->size_bytes)
		stream->state = SMP_STREAM_DONE;
	return HF_OK;
}

/* --- what is in flight --------------------------------------------------------------------------------------------------- */

/* Requests whose reply is outstanding. */
static uint32_t outstanding(const struct smp_stream *stream)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < SMP_STREAM_WINDOW_MAX; i++)
		count += stream->flights[i].used && !stream->flights[i].arrived ? 1u : 0u;
	return count;
}

static struct smp_stream_flight *flight_free(struct smp_stream *stream)
{
	for (uint32_t i = 0; i < SMP_STREAM_WINDOW_MAX; i++) {
		if (!stream->flights[i].used)
			return &stream->flights[i];
	}
	return NULL;
}

static struct smp_stream_flight *flight_of(struct smp_stream *stream, uint8_t sequence)
{
	for (uint32_t i = 0; i < SMP_STREAM_WINDOW_MAX; i++) {
		struct smp_stream_flight *flight = &stream->flights[i];

		if (flight->used && !flight->arrived && flight->sequence == sequence)
			return flight;
	}
	return NULL;
}

/* --- trouble, progress, round trips -------------------------------------------------------------------------------------- */

static void fail(struct smp_stream *stream, enum hf_reason reason)
{
	stream->state = SMP_STREAM_FAILED;
	stream->reason = reason;
}

static void shrink(struct smp_stream *stream)
{
	stream->window = stream->window > 1u ? stream->window / 2u : 1u;
	stream->grow_in = GROW_AFTER_LOSS;
}

static void trouble(struct smp_stream *stream)
{
	shrink(stream);
	stream->trouble_count++;
	if (stream->trouble_count > stream->plan.tries)
		fail(stream, stream->answered ? HF_R_SMP_FILE_STUCK : HF_R_SMP_NO_REPLY);
}

static void progress(struct smp_stream *stream, uint32_t off)
{
	stream->done_off = off;
	if (off > stream->best_off) {
		stream->best_off = off;
		stream->trouble_count = 0;
	}
	if (stream->size_known && off == stream->size_bytes)
		stream->state = SMP_STREAM_DONE;
}

static void grow(struct smp_stream *stream)
{
	if (stream->window >= stream->plan.window_max)
		return;
	stream->grow_in--;
	if (stream->grow_in == 0u) {
		stream->window++;
		stream->grow_in = 1;
	}
}

static void rtt_add(struct smp_stream *stream, uint32_t sample_ms)
{
	uint32_t error;

	if (!stream->rtt_known) {
		stream->rtt_known = true;
		stream->rtt_ms = sample_ms;
		stream->rtt_var_ms = sample_ms / 2u;
		return;
	}
	error = sample_ms > stream->rtt_ms ? sample_ms - stream->rtt_ms : stream->rtt_ms - sample_ms;
	stream->rtt_var_ms = (3u * stream->rtt_var_ms + error + 2u) / 4u;
	stream->rtt_ms = (7u * stream->rtt_ms + sample_ms + 4u) / 8u;
}

static uint32_t timeout_ms(const struct smp_stream *stream)
{
	uint32_t measured = 2u * stream->rtt_ms + 4u * stream->rtt_var_ms;

	measured = measured < TIMEOUT_MAX_MS ? measured : TIMEOUT_MAX_MS;
	return stream->rtt_known && measured > stream->plan.timeout_ms ? measured : stream->plan.timeout_ms;
}

/* --- sending ------------------------------------------------------------------------------------------------------------- */

static uint32_t message_make(const struct smp_stream *stream, const struct smp_stream_flight *flight, uint8_t *buffer)
{
	const struct smp_stream_plan *plan = &stream->plan;
	bool is_put = plan->kind == SMP_STREAM_PUT;
	struct smp_writer writer = smp_writer_of(buffer, plan->message_max);
	struct smp_header header = { .version = stream->client->version, .op = (uint8_t)(is_put ? SMP_OP_WRITE : SMP_OP_READ), .group = SMP_GROUP_FS,
				     .id = SMP_FS_FILE, .sequence = flight->sequence };

	writer.used_bytes = SMP_HEADER_BYTES;
	smp_put_map(&writer, 2u + (is_put ? 1u : 0u) + (bears_size(plan, flight->off) ? 1u : 0u));
	smp_put_key_uint(&writer, "off", flight->off);
	smp_put_key_text(&writer, "name", plan->name);
	if (bears_size(plan, flight->off))
		smp_put_key_uint(&writer, "len", plan->size_bytes);
	if (is_put)
		smp_put_key_bytes(&writer, "data", plan->data + flight->off, flight->end - flight->off);
	hf_assert(!writer.full);
	header.length_bytes = (uint16_t)(writer.used_bytes - SMP_HEADER_BYTES);
	smp_header_put(&header, buffer);
	return writer.used_bytes;
}

static uint32_t put_end(const struct smp_stream *stream, uint32_t off)
{
	uint32_t left = stream->size_bytes - off, room = room_at(&stream->plan, off);

	return off + (left < room ? left : room);
}

static uint32_t request_send(struct smp_stream *stream, uint32_t off, uint32_t now_ms, uint8_t *buffer)
{
	struct smp_stream_flight *flight = flight_free(stream);

	hf_assert(flight != NULL);
	*flight = (struct smp_stream_flight){ .used = true, .sequence = stream->client->sequence, .tries = stream->plan.tries, .off = off,
					      .end = stream->plan.kind == SMP_STREAM_PUT ? put_end(stream, off) : off, .sent_ms = now_ms,
					      .deadline_ms = now_ms + timeout_ms(stream) };
	stream->client->sequence++;
	stream->counts.requests++;
	return message_make(stream, flight, buffer);
}

/* Before the first reply nothing is known: one request. A put's first chunk makes the file anew and must be the first to come. */
static uint32_t window_now(const struct smp_stream *stream)
{
	bool alone = !stream->answered || !stream->size_known || (stream->plan.kind == SMP_STREAM_PUT && stream->done_off == 0u);

	return alone ? 1u : stream->window;
}

/* A get: a reply was shorter than the ones before, and nothing outstanding brings what is missing behind it. */
static bool is_hole(const struct smp_stream *stream)
{
	if (stream->plan.kind != SMP_STREAM_GET || stream->done_off >= stream->next_off)
		return false;
	for (uint32_t i = 0; i < SMP_STREAM_WINDOW_MAX; i++) {
		const struct smp_stream_flight *flight = &stream->flights[i];

		if (flight->used && !flight->arrived && flight->off <= stream->done_off)
			return false;
	}
	return true;
}

/* False: nothing to send now. */
static bool next_request(struct smp_stream *stream, uint32_t *off)
{
	if (stream->state != SMP_STREAM_RUNS || outstanding(stream) >= window_now(stream) || flight_free(stream) == NULL)
		return false;
	if (is_hole(stream)) {
		*off = stream->done_off;
		return true;
	}
	/* An empty file is asked for, or made, with one request. */
	if (stream->size_known && stream->next_off >= stream->size_bytes && (stream->size_bytes != 0u || outstanding(stream) != 0u))
		return false;
	if (!stream->size_known && outstanding(stream) != 0u)
		return false;
	*off = stream->next_off;
	stream->next_off = stream->plan.kind == SMP_STREAM_PUT ? put_end(stream, *off) : *off + stream->stride;
	return true;
}

/* --- waiting ------------------------------------------------------------------------------------------------------------- */

static void put_drain(struct smp_stream *stream, uint32_t off)
{
	if (stream->state != SMP_STREAM_DRAINS)
		trouble(stream);
	if (stream->state == SMP_STREAM_FAILED)
		return;
	stream->state = SMP_STREAM_DRAINS;
	stream->drain_off = off <= stream->size_bytes ? off : 0u; /* an older, longer file: it is cut when byte 0 is written */
}

static void put_drained(struct smp_stream *stream)
{
	stream->state = SMP_STREAM_RUNS;
	stream->next_off = stream->drain_off;
	if (stream->size_bytes != 0u)
		progress(stream, stream->drain_off);
}

/* Returns a get's request that is to be sent again; a put's loss stops the stream. */
static struct smp_stream_flight *expire(struct smp_stream *stream, uint32_t now_ms)
{
	for (uint32_t i = 0; i < SMP_STREAM_WINDOW_MAX; i++) {
		struct smp_stream_flight *flight = &stream->flights[i];

		if (!flight->used || flight->arrived || !is_past(now_ms, flight->deadline_ms))
			continue;
		stream->counts.lost++;
		if (stream->plan.kind == SMP_STREAM_PUT) {
			flight->used = false;
			put_drain(stream, stream->done_off);
			continue;
		}
		flight->tries--;
		if (flight->tries == 0u) {
			fail(stream, stream->answered ? HF_R_SMP_FILE_STUCK : HF_R_SMP_NO_REPLY);
			return NULL;
		}
		shrink(stream);
		flight->sent_ms = now_ms;
		flight->deadline_ms = now_ms + timeout_ms(stream);
		return flight;
	}
	return NULL;
}

static uint32_t next_deadline_in(const struct smp_stream *stream, uint32_t now_ms)
{
	uint32_t wait = TIMEOUT_MAX_MS;

	for (uint32_t i = 0; i < SMP_STREAM_WINDOW_MAX; i++) {
		const struct smp_stream_flight *flight = &stream->flights[i];

		if (!flight->used || flight->arrived)
			continue;
		if (is_past(now_ms, flight->deadline_ms))
			return 0;
		if (flight->deadline_ms - now_ms < wait)
			wait = flight->deadline_ms - now_ms;
	}
	return wait;
}

enum smp_stream_todo smp_stream_next(struct smp_stream *stream, uint32_t now_ms, uint8_t *buffer, uint32_t *message_bytes, uint32_t *wait_ms)
{
	const struct smp_stream_flight *again = NULL;
	uint32_t off = 0;

	*message_bytes = 0;
	*wait_ms = 0;
	if (stream->paused && !is_past(now_ms, stream->paused_until_ms)) {
		*wait_ms = stream->paused_until_ms - now_ms;
		return SMP_STREAM_TODO_WAIT;
	}
	stream->paused = false;
	if (stream->state == SMP_STREAM_RUNS || stream->state == SMP_STREAM_DRAINS)
		again = expire(stream, now_ms);
	if (stream->state == SMP_STREAM_DRAINS && outstanding(stream) == 0u)
		put_drained(stream);
	if (stream->state == SMP_STREAM_DONE)
		return SMP_STREAM_TODO_DONE;
	if (stream->state == SMP_STREAM_FAILED)
		return SMP_STREAM_TODO_FAILED;
	if (again != NULL) {
		*message_bytes = message_make(stream, again, buffer);
		return SMP_STREAM_TODO_SEND;
	}
	if (next_request(stream, &off)) {
		*message_bytes = request_send(stream, off, now_ms, buffer);
		return SMP_STREAM_TODO_SEND;
	}
	*wait_ms = next_deadline_in(stream, now_ms);
	return SMP_STREAM_TODO_WAIT;
}

/* --- replies ------------------------------------------------------------------------------------------------------------- */

/* What arrived is done as far as it joins what is before it. */
static void get_join(struct smp_stream *stream)
{
	bool joined = true;

	for (uint32_t turn = 0; joined && turn < SMP_STREAM_WINDOW_MAX; turn++) {
		joined = false;
		for (uint32_t i = 0; i < SMP_STREAM_WINDOW_MAX; i++) {
			struct smp_stream_flight *flight = &stream->flights[i];

			if (!flight->used || !flight->arrived || flight->off > stream->done_off)
				continue;
			flight->used = false;
			joined = true;
			if (flight->end > stream->done_off)
				progress(stream, flight->end);
		}
	}
	if (stream->next_off < stream->done_off)
		stream->next_off = stream->done_off;
}

static void get_answered(struct smp_stream *stream, struct smp_stream_flight *flight, const struct smp_reply *reply, struct smp_stream_piece *piece)
{
	enum { OFF, DATA, LEN };
	struct smp_field fields[] = { [OFF] = { .key = "off", .type = SMP_TYPE_U32 },
				      [DATA] = { .key = "data", .type = SMP_TYPE_BYTES },
				      [LEN] = { .key = "len", .type = SMP_TYPE_U32 } };
	uint32_t size;

	if (smp_reply_fields(reply, fields, HF_ARRAY_COUNT(fields), 2) != HF_OK || (!stream->size_known && !fields[LEN].found)) {
		fail(stream, HF_R_SMP_REPLY_MALFORMED);
		return;
	}
	if (fields[OFF].is.u32 != flight->off)
		return; /* a late reply that bears a new number: the right one comes, or is asked for again */
	if (!stream->size_known) {
		stream->size_known = true;
		stream->size_bytes = fields[LEN].is.u32;
	}
	size = fields[DATA].is.span.size_bytes;
	if (flight->off > stream->size_bytes || size > stream->size_bytes - flight->off) {
		fail(stream, HF_R_SMP_REPLY_MALFORMED);
		return;
	}
	if (size == 0u && flight->off != stream->size_bytes) {
		fail(stream, HF_R_SMP_FILE_STUCK); /* the file has become shorter */
		return;
	}
	*piece = (struct smp_stream_piece){ .off = flight->off, .data = fields[DATA].is.span };
	flight->arrived = true;
	flight->end = flight->off + size;
	if (flight->end != stream->size_bytes)
		stream->stride = size;
	if (stream->size_bytes == 0u)
		progress(stream, 0);
	get_join(stream);
	grow(stream);
}

static void put_answered(struct smp_stream *stream, struct smp_stream_flight *flight, const struct smp_reply *reply)
{
	struct smp_field field = { .key = "off", .type = SMP_TYPE_U32 };

	flight->used = false;
	if (smp_reply_fields(reply, &field, 1, 1) != HF_OK) {
		fail(stream, HF_R_SMP_REPLY_MALFORMED);
		return;
	}
	if (field.is.u32 != flight->end) {
		put_drain(stream, field.is.u32);
		return;
	}
	if (stream->state == SMP_STREAM_DRAINS) {
		stream->drain_off = flight->end; /* a later request than the one that was lost, and it fitted */
		return;
	}
	progress(stream, flight->end);
	grow(stream);
}

static void refused(struct smp_stream *stream, struct smp_stream_flight *flight, const struct smp_reply *reply, uint32_t now_ms)
{
	struct smp_field field = { .key = "len", .type = SMP_TYPE_U32 };
	struct smp_reader body = reply->body;
	bool is_put = stream->plan.kind == SMP_STREAM_PUT;
	bool passing = !reply->code.of_group && (reply->code.rc == SMP_RC_BUSY || reply->code.rc == SMP_RC_NO_MEMORY);
	bool tells = smp_map_read(&body, &field, 1) == HF_OK && field.found;
	bool of_offset = reply->code.of_group ? reply->code.group == SMP_GROUP_FS && reply->code.rc == FS_OFFSET_NOT_VALID : tells;

	stream->code = reply->code;
	stream->device_reason = reply->reason;
	if (passing) {
		stream->paused = true;
		stream->paused_until_ms = now_ms + BUSY_PAUSE_MS;
		flight->deadline_ms = now_ms + BUSY_PAUSE_MS; /* as if it had been lost */
		return;
	}
	flight->used = false;
	if (is_put && of_offset)
		put_drain(stream, tells ? field.is.u32 : 0u);
	else
		fail(stream, HF_R_SMP_REFUSED);
}

bool smp_stream_take(struct smp_stream *stream, uint8_t *message, uint32_t message_bytes, uint32_t now_ms, struct smp_stream_piece *piece)
{
	struct smp_header header;
	struct smp_reply reply;
	struct smp_stream_flight *flight;
	uint8_t op = stream->plan.kind == SMP_STREAM_PUT ? SMP_OP_WRITE_REPLY : SMP_OP_READ_REPLY;

	*piece = (struct smp_stream_piece){ .off = 0 };
	if (message_bytes < SMP_HEADER_BYTES)
		return false;
	header = smp_header_get(message);
	if (header.op != op || header.group != SMP_GROUP_FS || header.id != SMP_FS_FILE)
		return false;
	flight = flight_of(stream, header.sequence);
	if (flight == NULL || stream->state == SMP_STREAM_DONE || stream->state == SMP_STREAM_FAILED) {
		stream->counts.late++;
		return true;
	}
	if (smp_reply_read(message, message_bytes, &reply) != HF_OK)
		return true; /* asked for again when its time is over */
	stream->answered = true;
	rtt_add(stream, now_ms - flight->sent_ms);
	if (reply.refused)
		refused(stream, flight, &reply, now_ms);
	else if (stream->plan.kind == SMP_STREAM_PUT)
		put_answered(stream, flight, &reply);
	else
		get_answered(stream, flight, &reply, piece);
	return true;
}
