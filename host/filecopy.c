/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L /* pwrite */
#include "filecopy.h"

#include <errno.h>
#include <fcntl.h>
#include <holdfast/smp_requests.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "file.h"
#include "progress.h"

enum { HASH_TIMEOUTS = 8, SHA_BYTES = 32 }; /* usual ones that a hash is waited for: the device reads the whole file */

enum hf_reason filecopy_status(struct device *device, const char *name, uint32_t *size_bytes, struct problem *problem)
{
	struct smp_ask ask = device_ask_of(device);
	struct smp_reply reply;
	enum hf_reason reason = device_exchange(device, smp_ask_file_status(&device->client, &ask, name), &reply, problem);
	return reason == HF_OK ? device_result(device, &reply, smp_read_file_status(&reply, size_bytes), name, problem) : reason;
}

/* --- hashes -------------------------------------------------------------------------------------------------------------- */

enum agreement { AGREE_YES, AGREE_NO, AGREE_UNKNOWN };

static bool is_same(const struct smp_file_hash *hash, const uint8_t *data, uint32_t size_bytes, bool *comparable)
{
	uint8_t sha[SHA_BYTES];
	*comparable = true;
	if (strcmp(hash->type, "crc32") == 0 && hash->is_number)
		return hash->size_bytes == size_bytes && hash->number == hf_crc32(0, data, size_bytes);
	*comparable = strcmp(hash->type, "sha256") == 0 && hash->byte_count == SHA_BYTES;
	return *comparable && hash->size_bytes == size_bytes && EVP_Digest(data, size_bytes, sha, NULL, EVP_sha256(), NULL) == 1 &&
	       memcmp(sha, hash->bytes, SHA_BYTES) == 0;
}

/* Whether the first size_bytes of the device's file are those. SHA-256 if the device has it, else what it has. */
static enum hf_reason compare(struct device *device, const char *name, const uint8_t *data, uint32_t size_bytes, enum agreement *agree,
			      char checked_by[20], struct problem *problem)
{
	static const char *const types[] = { "sha256", NULL };
	enum hf_reason reason = HF_OK;
	*agree = AGREE_UNKNOWN;
	for (size_t i = 0; i < HF_ARRAY_COUNT(types) && reason == HF_OK && *agree == AGREE_UNKNOWN && size_bytes != 0; i++) {
		struct smp_ask ask = device_ask_of(device);
		struct smp_reply reply;
		struct smp_file_hash hash;
		bool comparable = false;
		ask.timeout_ms *= HASH_TIMEOUTS;
		reason = device_exchange(device, smp_ask_file_hash(&device->client, &ask, name, types[i], 0, size_bytes), &reply, problem);
		if (reason != HF_OK || smp_read_file_hash(&reply, &hash) != HF_OK)
			continue;
		bool same = is_same(&hash, data, size_bytes, &comparable);
		if (!comparable)
			continue;
		*agree = same ? AGREE_YES : AGREE_NO;
		(void)snprintf(checked_by, 20, "%s", hash.type);
	}
	return reason;
}

/* --- the transfer -------------------------------------------------------------------------------------------------------- */

struct copy {
	struct device *device;
	struct smp_stream stream;
	struct progress progress;
	uint8_t *into;           /* get: of stream.size_bytes bytes, once that is known */
	const uint8_t *had;      /* get: the bytes before plan.from_off */
	int part;                /* get: FILE.part, or -1 */
	uint32_t part_bytes;     /* of it that are written */
};

static enum hf_reason failed(const struct copy *copy, struct problem *problem)
{
	const struct smp_stream *stream = &copy->stream;
	bool busy = stream->reason == HF_R_SMP_FILE_STUCK && stream->code.rc == SMP_RC_BUSY && !stream->code.of_group;
	if (stream->reason == HF_R_SMP_REFUSED || busy)
		return device_refused(copy->device, stream->plan.name, &stream->code, stream->device_reason, problem);
	if (stream->reason == HF_R_SMP_NO_REPLY)
		return problem_set(problem, HF_R_HOST_DEVICE_SILENT, copy->device->name, "no reply about %s", stream->plan.name);
	return problem_set(problem, stream->reason, copy->device->name, "at byte %u of %s", (unsigned)stream->done_off, stream->plan.name);
}

static enum hf_reason store(struct copy *copy, const struct smp_stream_piece *piece, struct problem *problem)
{
	const struct smp_stream *stream = &copy->stream;
	if (!stream->size_known)
		return HF_OK;
	if (stream->size_bytes > FILECOPY_BYTES_MAX)
		return problem_set(problem, HF_R_HOST_FILE_TOO_LARGE, stream->plan.name, "the device says %u bytes", (unsigned)stream->size_bytes);
	if (copy->into == NULL) {
		copy->into = host_alloc((size_t)stream->size_bytes + 1);
		if (stream->plan.from_off != 0)
			memcpy(copy->into, copy->had, stream->plan.from_off);
		copy->progress.total_bytes = stream->size_bytes;
	}
	if (piece->data.size_bytes != 0)
		memcpy(copy->into + piece->off, piece->data.data, piece->data.size_bytes);
	while (copy->part >= 0 && copy->part_bytes < stream->done_off) {
		ssize_t done = pwrite(copy->part, copy->into + copy->part_bytes, stream->done_off - copy->part_bytes, (off_t)copy->part_bytes);
		if (done <= 0)
			return problem_set(problem, HF_R_HOST_FILE_WRITE, "FILE.part", "%s", strerror(errno));
		copy->part_bytes += (uint32_t)done;
	}
	return HF_OK;
}

static enum hf_reason pump(struct copy *copy, struct problem *problem)
{
	struct smp_stream *stream = &copy->stream;
	uint8_t buffer[DEVICE_MESSAGE_BYTES];
	for (;;) {
		uint32_t message_bytes = 0, wait_ms = 0;
		uint8_t *message = NULL;
		enum hf_reason reason = HF_OK;
		switch (smp_stream_next(stream, device_now_ms(), buffer, &message_bytes, &wait_ms)) {
		case SMP_STREAM_TODO_DONE: return HF_OK;
		case SMP_STREAM_TODO_FAILED: return failed(copy, problem);
		case SMP_STREAM_TODO_SEND:
			reason = device_send(copy->device, buffer, message_bytes, problem);
			break;
		case SMP_STREAM_TODO_WAIT:
			reason = device_receive(copy->device, wait_ms < 200 ? wait_ms : 200, &message, &message_bytes, problem);
			break;
		}
		struct smp_stream_piece piece;
		if (reason == HF_OK && message != NULL && smp_stream_take(stream, message, message_bytes, device_now_ms(), &piece) &&
		    stream->plan.kind == SMP_STREAM_GET)
			reason = store(copy, &piece, problem);
		if (reason != HF_OK)
			return reason;
		if (stream->size_known)
			progress_show(&copy->progress, stream->done_off, device_now_ms());
	}
}

static enum hf_reason run(struct copy *copy, const struct smp_stream_plan *plan, struct filecopy_result *result, struct problem *problem)
{
	struct device *device = copy->device;
	enum hf_reason reason = smp_stream_start(&copy->stream, plan, &device->client);
	if (reason != HF_OK)
		return problem_set(problem, reason, device->name, "%s", "");
	uint32_t start_ms = device_now_ms();
	progress_start(&copy->progress, plan->kind == SMP_STREAM_PUT ? "uploading" : "downloading", plan->size_bytes, plan->from_off, start_ms);
	copy->progress.shown = copy->progress.shown && device_draws(&device->options);
	reason = pump(copy, problem);
	progress_end(&copy->progress);
	result->size_bytes = copy->stream.size_bytes;
	result->resumed_off = plan->from_off;
	result->time_ms = device_now_ms() - start_ms;
	result->lost = copy->stream.counts.lost;
	return reason;
}

static enum hf_reason plan_make(struct device *device, const struct filecopy_wish *wish, struct smp_stream_plan *plan, struct problem *problem)
{
	plan->timeout_ms = device->options.timeout_ms;
	plan->tries = device->options.tries > 5 ? device->options.tries : 5;
	return device_reach(device, wish->window != 0 ? wish->window : SMP_STREAM_WINDOW_MAX, &plan->message_max, &plan->window_max, problem);
}

/* --- put ----------------------------------------------------------------------------------------------------------------- */

/* How much of the file the device has already; 0 if what it has is something else, or cannot be told. */
static enum hf_reason put_resume_off(struct device *device, const struct bytes *file, const char *name, uint32_t *off, struct problem *problem)
{
	struct problem ignored;
	enum agreement agree;
	char type[20];
	uint32_t size = 0;
	*off = 0;
	if (filecopy_status(device, name, &size, &ignored) != HF_OK || size == 0 || size > file->size)
		return HF_OK;
	enum hf_reason reason = compare(device, name, file->data, size, &agree, type, problem);
	if (reason == HF_OK && agree == AGREE_YES)
		*off = size;
	return reason;
}

enum hf_reason filecopy_put(struct device *device, const struct bytes *file, const char *name, const struct filecopy_wish *wish,
			    struct filecopy_result *result, struct problem *problem)
{
	struct copy copy = { .device = device, .part = -1 };
	struct smp_stream_plan plan = { .kind = SMP_STREAM_PUT, .name = name, .data = file->data, .size_bytes = (uint32_t)file->size };
	enum agreement agree = AGREE_UNKNOWN;
	*result = (struct filecopy_result){ .size_bytes = 0 };
	enum hf_reason reason = plan_make(device, wish, &plan, problem);
	if (reason == HF_OK && wish->resume)
		reason = put_resume_off(device, file, name, &plan.from_off, problem);
	if (reason == HF_OK)
		reason = run(&copy, &plan, result, problem);
	if (reason == HF_OK && !wish->no_check)
		reason = compare(device, name, file->data, (uint32_t)file->size, &agree, result->checked_by, problem);
	if (reason == HF_OK && agree == AGREE_NO)
		return problem_set(problem, HF_R_HOST_FILE_DIFFERS, name, "its %s says so", result->checked_by);
	return reason;
}

/* --- get ----------------------------------------------------------------------------------------------------------------- */

/* What an earlier download left, as far as the device still has the same. */
static enum hf_reason get_resume(struct device *device, const char *name, const char *part_path, struct bytes *had, struct smp_stream_plan *plan,
				 struct problem *problem)
{
	struct problem ignored;
	enum agreement agree;
	char type[20];
	uint32_t size = 0;
	if (file_read(part_path, FILECOPY_BYTES_MAX, had, &ignored) != HF_OK)
		return HF_OK;
	enum hf_reason reason = filecopy_status(device, name, &size, problem);
	if (reason != HF_OK || had->size > size)
		return reason;
	reason = compare(device, name, had->data, (uint32_t)had->size, &agree, type, problem);
	if (reason == HF_OK && agree == AGREE_YES) {
		plan->from_off = (uint32_t)had->size;
		plan->size_bytes = size;
	}
	return reason;
}

static enum hf_reason get_run(struct copy *copy, struct smp_stream_plan *plan, const struct filecopy_wish *wish, const char *path,
			      struct filecopy_result *result, struct problem *problem)
{
	enum agreement agree = AGREE_UNKNOWN;
	const struct smp_stream_piece none = { .off = 0 };
	enum hf_reason reason = run(copy, plan, result, problem);
	if (reason == HF_OK && copy->into == NULL)
		reason = store(copy, &none, problem); /* all of it was there, or it is empty */
	if (reason == HF_OK && !wish->no_check)
		reason = compare(copy->device, plan->name, copy->into, copy->stream.size_bytes, &agree, result->checked_by, problem);
	if (reason == HF_OK && agree == AGREE_NO)
		reason = problem_set(problem, HF_R_HOST_FILE_CHANGED, plan->name, "its %s is another now", result->checked_by);
	return reason == HF_OK ? file_write(path, copy->into, copy->stream.size_bytes, 0, problem) : reason;
}

enum hf_reason filecopy_get(struct device *device, const char *name, const char *path, const struct filecopy_wish *wish,
			    struct filecopy_result *result, struct problem *problem)
{
	struct copy copy = { .device = device, .part = -1 };
	struct bytes had = { 0 };
	struct smp_stream_plan plan = { .kind = SMP_STREAM_GET, .name = name };
	char *part_path = host_printf("%s.part", path);
	*result = (struct filecopy_result){ .size_bytes = 0 };
	enum hf_reason reason = plan_make(device, wish, &plan, problem);
	if (reason == HF_OK && wish->resume)
		reason = get_resume(device, name, part_path, &had, &plan, problem);
	if (reason == HF_OK && wish->resume) {
		copy.part = open(part_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
		if (copy.part < 0 || ftruncate(copy.part, (off_t)plan.from_off) != 0)
			reason = problem_set(problem, HF_R_HOST_FILE_WRITE, part_path, "%s", strerror(errno));
	}
	copy.had = had.data;
	copy.part_bytes = plan.from_off;
	if (reason == HF_OK)
		reason = get_run(&copy, &plan, wish, path, result, problem);
	if (copy.part >= 0)
		(void)close(copy.part);
	if (copy.part >= 0 && (reason == HF_OK || reason == HF_R_HOST_FILE_CHANGED || copy.part_bytes == 0))
		(void)unlink(part_path);
	free(copy.into);
	bytes_free(&had);
	free(part_path);
	return reason;
}
