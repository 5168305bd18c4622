/* SPDX-License-Identifier: MIT */
#include <holdfast/smp_app.h>

enum { PIECE_BYTES = 128, SHA_BYTES = 32 };

static enum hf_reason answer(struct smp_call *call, enum smp_files_code code)
{
	uint8_t v1_rc = SMP_RC_UNKNOWN;

	switch (code) {
	case SMP_FILES_OK:
		return HF_OK;
	case SMP_FILES_NAME:
	case SMP_FILES_OFFSET:
	case SMP_FILES_OFFSET_LARGE:
	case SMP_FILES_NO_HASH:
		v1_rc = SMP_RC_INVALID;
		break;
	case SMP_FILES_NOT_FOUND:
	case SMP_FILES_NO_MOUNT:
		v1_rc = SMP_RC_NO_ENTRY;
		break;
	case SMP_FILES_UNKNOWN:
	case SMP_FILES_IS_DIRECTORY:
	case SMP_FILES_OPEN_FAILED:
	case SMP_FILES_SEEK_FAILED:
	case SMP_FILES_READ_FAILED:
	case SMP_FILES_TRUNCATE_FAILED:
	case SMP_FILES_DELETE_FAILED:
	case SMP_FILES_WRITE_FAILED:
	case SMP_FILES_READ_ONLY:
	case SMP_FILES_EMPTY:
		break;
	}
	return smp_call_refuse(call, SMP_GROUP_FS, (uint16_t)code, v1_rc);
}

static bool name_is_good(const struct smp_files *files, const struct smp_span *name)
{
	uint32_t part = 0; /* where the part between slashes begins */

	if (name->size_bytes == 0u || (files->name_max_bytes != 0u && name->size_bytes > files->name_max_bytes))
		return false;
	for (uint32_t i = 0; i <= name->size_bytes; i++) {
		if (i < name->size_bytes && name->data[i] == 0u)
			return false;
		if (i < name->size_bytes && name->data[i] != '/')
			continue;
		if (i - part == 2u && name->data[part] == '.' && name->data[part + 1u] == '.')
			return false;
		part = i + 1u;
	}
	return true;
}

/* fields[0] is the name. */
static enum hf_reason named_read(const struct smp_files *files, struct smp_call *call, struct smp_field *fields, uint32_t count)
{
	enum hf_reason reason = smp_map_read(&call->body, fields, count);

	if (reason != HF_OK)
		return reason;
	return answer(call, fields[0].found && name_is_good(files, &fields[0].is.span) ? SMP_FILES_OK : SMP_FILES_NAME);
}

static enum hf_reason size_of(const struct smp_files *files, struct smp_call *call, const struct smp_span *name, uint32_t *size_bytes)
{
	return answer(call, files->size(files->ctx, name, size_bytes));
}

/* --- transfer ------------------------------------------------------------------------------------------------------------ */

static uint32_t at_most(uint32_t value, uint32_t limit)
{
	return value < limit ? value : limit;
}

enum hf_reason smp_files_read(void *ctx, struct smp_call *call)
{
	const struct smp_files *files = ctx;
	struct smp_field fields[] = { { .key = "name", .type = SMP_TYPE_TEXT }, { .key = "off", .type = SMP_TYPE_U32 } };
	enum hf_reason reason = named_read(files, call, fields, HF_ARRAY_COUNT(fields));
	uint32_t off, size = 0, room, part;
	uint8_t *into;

	if (reason == HF_OK)
		reason = fields[1].found ? size_of(files, call, &fields[0].is.span, &size) : HF_R_SMP_CBOR_TYPE;
	if (reason != HF_OK)
		return reason;
	off = fields[1].is.u32;
	if (off > size)
		return answer(call, SMP_FILES_OFFSET_LARGE);
	smp_put_key_uint(call->reply, "off", off);
	if (off == 0u)
		smp_put_key_uint(call->reply, "len", size);
	smp_put_text(call->reply, "data");
	/* A head of up to 3 bytes before the data, and the map's break behind it. */
	room = call->reply->cap_bytes - call->reply->used_bytes;
	if (room < 5u)
		return HF_R_SMP_REPLY_TOO_LARGE;
	part = at_most(size - off, room - 4u);
	into = smp_put_bytes_space(call->reply, part);
	if (into == NULL)
		return HF_R_SMP_REPLY_TOO_LARGE;
	return part == 0u ? HF_OK : answer(call, files->read(files->ctx, &fields[0].is.span, off, into, part));
}

/* --- one writer at a time ------------------------------------------------------------------------------------------------ */

struct write_request {
	const struct smp_span *name, *data;
	uint32_t off, size_bytes; /* size_bytes: of the file; UINT32_MAX: not said, which is so behind the first chunk */
};

static bool is_within_lease(const struct smp_files *files, const struct smp_call *call)
{
	return call->now_ms - files->writing.heard_ms < files->lease_ms;
}

static uint32_t crc_of(const struct write_request *request)
{
	return hf_crc32(hf_crc32(0, request->name->data, request->name->size_bytes), request->data->data, request->data->size_bytes);
}

static bool is_taken(const struct smp_files *files, const struct smp_call *call)
{
	return files->lease_ms != 0u && files->writing.open && files->writing.owner != call->peer && is_within_lease(files, call);
}

/* The request that began this file, again. */
static bool is_repeated(const struct smp_files *files, const struct smp_call *call, const struct write_request *request)
{
	return files->lease_ms != 0u && request->off == 0u && files->writing.known && files->writing.owner == call->peer &&
	       files->writing.sequence == call->header->sequence && files->writing.size_bytes == request->size_bytes &&
	       is_within_lease(files, call) && files->writing.crc == crc_of(request);
}

static void wrote(struct smp_files *files, const struct smp_call *call, const struct write_request *request)
{
	if (request->off == 0u || files->writing.owner != call->peer || request->size_bytes != UINT32_MAX) {
		files->writing.known = request->off == 0u;
		files->writing.size_bytes = request->size_bytes;
		files->writing.sequence = call->header->sequence;
		files->writing.crc = files->lease_ms != 0u && request->off == 0u ? crc_of(request) : 0u;
	}
	files->writing.owner = call->peer;
	files->writing.heard_ms = call->now_ms;
	files->writing.open = request->off + request->data->size_bytes < files->writing.size_bytes;
}

/* Writes only where the file ends. */
static enum hf_reason write_run(struct smp_files *files, struct smp_call *call, const struct write_request *request)
{
	uint32_t size = 0;
	bool repeated = is_repeated(files, call, request);
	enum hf_reason reason;

	if (is_taken(files, call))
		return HF_R_SMP_PEER_BUSY;
	if (request->off != 0u || repeated) {
		reason = size_of(files, call, request->name, &size);
		if (reason != HF_OK)
			return reason;
	}
	if (repeated) {
		smp_put_key_uint(call->reply, "off", size);
		return HF_OK;
	}
	if (request->off != size) {
		call->extra_key = "len";
		call->extra = size;
		return answer(call, SMP_FILES_OFFSET);
	}
	reason = request->off != 0u && request->data->size_bytes == 0u ? HF_OK :
		answer(call, files->write(files->ctx, request->name, request->off, request->data->data, request->data->size_bytes));
	if (reason != HF_OK)
		return reason;
	wrote(files, call, request);
	smp_put_key_uint(call->reply, "off", request->off + request->data->size_bytes);
	return HF_OK;
}

enum hf_reason smp_files_write(void *ctx, struct smp_call *call)
{
	enum { NAME, OFF, DATA, LEN };
	struct smp_files *files = ctx;
	struct smp_field fields[] = { [NAME] = { .key = "name", .type = SMP_TYPE_TEXT }, [OFF] = { .key = "off", .type = SMP_TYPE_U32 },
				      [DATA] = { .key = "data", .type = SMP_TYPE_BYTES }, [LEN] = { .key = "len", .type = SMP_TYPE_U32 } };
	enum hf_reason reason = named_read(files, call, fields, HF_ARRAY_COUNT(fields));
	const struct smp_span *data = &fields[DATA].is.span;
	struct write_request request = { .name = &fields[NAME].is.span, .data = data };

	if (reason != HF_OK)
		return reason;
	if (!fields[OFF].found || !fields[DATA].found || (fields[OFF].is.u32 == 0u && !fields[LEN].found))
		return HF_R_SMP_CBOR_TYPE;
	if (files->write == NULL)
		return answer(call, SMP_FILES_READ_ONLY);
	request.off = fields[OFF].is.u32;
	request.size_bytes = fields[LEN].found ? fields[LEN].is.u32 : UINT32_MAX;
	if (request.off == 0u ? data->size_bytes > request.size_bytes : data->size_bytes > UINT32_MAX - request.off)
		return HF_R_SMP_CBOR_TYPE;
	return write_run(files, call, &request);
}

enum hf_reason smp_files_status(void *ctx, struct smp_call *call)
{
	const struct smp_files *files = ctx;
	struct smp_field field = { .key = "name", .type = SMP_TYPE_TEXT };
	enum hf_reason reason = named_read(files, call, &field, 1);
	uint32_t size = 0;

	if (reason == HF_OK)
		reason = size_of(files, call, &field.is.span, &size);
	if (reason == HF_OK)
		smp_put_key_uint(call->reply, "len", size);
	return reason;
}

enum hf_reason smp_files_close(void *ctx, struct smp_call *call)
{
	struct smp_files *files = ctx;

	if (files->writing.owner == call->peer)
		files->writing.open = false;
	return files->close == NULL ? HF_OK : answer(call, files->close(files->ctx));
}

/* --- hashes -------------------------------------------------------------------------------------------------------------- */

struct part {
	const struct smp_span *name;
	uint32_t off, end;
};

/* Either of the two, over the same walk. sha NULL: crc. */
static enum smp_files_code digest_run(const struct smp_files *files, const struct part *part, struct hf_hash *sha, uint32_t *crc)
{
	uint8_t bytes[PIECE_BYTES];

	for (uint32_t off = part->off; off < part->end;) {
		uint32_t size = at_most(part->end - off, (uint32_t)sizeof bytes);
		enum smp_files_code code = files->read(files->ctx, part->name, off, bytes, size);

		if (code != SMP_FILES_OK)
			return code;
		if (sha != NULL)
			files->crypto->hash_add(sha, bytes, size);
		else
			*crc = hf_crc32(*crc, bytes, size);
		off += size;
	}
	return SMP_FILES_OK;
}

static enum smp_files_code put_digest(const struct smp_files *files, const struct part *part, bool is_sha, struct smp_writer *writer)
{
	uint8_t digest[HF_HASH_BYTES_MAX];
	struct hf_hash sha;
	enum smp_files_code code;
	uint32_t crc = 0;

	if (is_sha && !files->crypto->hash_start(&sha, HF_HASH_SHA256))
		return SMP_FILES_NO_HASH;
	code = digest_run(files, part, is_sha ? &sha : NULL, &crc);
	if (is_sha)
		files->crypto->hash_end(&sha, digest);
	if (code != SMP_FILES_OK)
		return code;
	if (is_sha)
		smp_put_key_bytes(writer, "output", digest, SHA_BYTES);
	else
		smp_put_key_uint(writer, "output", crc);
	return SMP_FILES_OK;
}

enum hf_reason smp_files_hash(void *ctx, struct smp_call *call)
{
	enum { NAME, TYPE, OFF, LEN };
	const struct smp_files *files = ctx;
	struct smp_field fields[] = { [NAME] = { .key = "name", .type = SMP_TYPE_TEXT }, [TYPE] = { .key = "type", .type = SMP_TYPE_TEXT },
				      [OFF] = { .key = "off", .type = SMP_TYPE_U32 }, [LEN] = { .key = "len", .type = SMP_TYPE_U32 } };
	enum hf_reason reason = named_read(files, call, fields, HF_ARRAY_COUNT(fields));
	struct part part = { .name = &fields[NAME].is.span };
	bool is_sha = fields[TYPE].found && smp_span_is(&fields[TYPE].is.span, "sha256");
	uint32_t size = 0;

	if (reason != HF_OK)
		return reason;
	if (is_sha ? files->crypto == NULL : fields[TYPE].found && !smp_span_is(&fields[TYPE].is.span, "crc32"))
		return answer(call, SMP_FILES_NO_HASH);
	reason = size_of(files, call, part.name, &size);
	if (reason != HF_OK)
		return reason;
	part.off = fields[OFF].found ? fields[OFF].is.u32 : 0u;
	if (size == 0u)
		return answer(call, SMP_FILES_EMPTY);
	if (part.off >= size)
		return answer(call, SMP_FILES_OFFSET_LARGE);
	part.end = fields[LEN].found ? part.off + at_most(fields[LEN].is.u32, size - part.off) : size;
	smp_put_key_text(call->reply, "type", is_sha ? "sha256" : "crc32");
	if (part.off != 0u)
		smp_put_key_uint(call->reply, "off", part.off);
	smp_put_key_uint(call->reply, "len", part.end - part.off);
	return answer(call, put_digest(files, &part, is_sha, call->reply));
}

static void put_type(struct smp_writer *writer, const char *name, uint32_t format, uint32_t size_bytes)
{
	smp_put_text(writer, name);
	smp_put_map_open(writer);
	smp_put_key_uint(writer, "format", format);
	smp_put_key_uint(writer, "size", size_bytes);
	smp_put_close(writer);
}

enum hf_reason smp_files_hash_types(void *ctx, struct smp_call *call)
{
	const struct smp_files *files = ctx;

	smp_put_text(call->reply, "types");
	smp_put_map_open(call->reply);
	put_type(call->reply, "crc32", 0, 4);
	if (files->crypto != NULL)
		put_type(call->reply, "sha256", 1, SHA_BYTES);
	smp_put_close(call->reply);
	return HF_OK;
}
