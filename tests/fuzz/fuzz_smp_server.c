/* SPDX-License-Identifier: MIT */
/* Input: a byte of options (1: RRAM, 2: no cryptography, 4: an image in the update slot, 8: trial, 16: small replies, 32: clients take
 * turns, 64: requests that come twice are known, 128: only right after one another), then messages, each behind a 2-byte little-endian
 * length. All go to one server on RAM flash that stops the program when a chip's rule is broken; each reply must be readable, bear the
 * request's header, and be of one of the known shapes. */
#include <stdlib.h>

#include "smp_app_rig.h"

enum { SECTORS = 8, MESSAGE_BYTES_MAX = 1024, ENTRIES = 3, KEPT_BYTES = 64 };

static struct rig rig;
static struct app_rig app;
static struct smp_memory memory;
static bool remembers;

static void demand(bool ok)
{
	if (!ok)
		abort();
}

static void start(uint8_t options)
{
	static uint8_t file[8192], kept[ENTRIES * KEPT_BYTES];
	static struct smp_memory_entry entries[ENTRIES];
	uint32_t size = rig_image(file, sizeof file, 3000, (struct hf_version){ 1, 0, 0, 0 }, 1);

	rig_start(&rig, SECTORS, (options & 1u) != 0u);
	app_rig_start(&app, &rig);
	smp_memory_start(&memory, entries, ENTRIES, kept, KEPT_BYTES, 1000);
	memory.latest_only = (options & 128u) != 0u;
	remembers = (options & 64u) != 0u;
	if ((options & 2u) != 0u)
		rig.image.crypto = NULL;
	rig_put(&rig, HF_SLOT_PRIMARY, file, size);
	if ((options & 4u) != 0u)
		rig_put(&rig, HF_SLOT_SECONDARY, file, size);
	if ((options & 8u) != 0u)
		demand(hf_trailer_write_magic(&rig.flash[0], rig.app.align) == HF_OK &&
		       hf_trailer_write_copy_done(&rig.flash[0], rig.app.align) == HF_OK);
}

static void reply_check(const struct smp_header *request, uint8_t *reply, uint32_t size_bytes, bool is_said_again)
{
	struct smp_reply read;

	demand(smp_reply_read(reply, size_bytes, &read) == HF_OK);
	demand(read.header.length_bytes + SMP_HEADER_BYTES == size_bytes);
	demand(read.header.sequence == request->sequence && read.header.group == request->group && read.header.id == request->id);
	demand(read.header.op == SMP_OP_READ_REPLY || read.header.op == SMP_OP_WRITE_REPLY);
	demand(read.header.version <= SMP_V2 && (request->version > SMP_V2 || read.header.version == request->version));
	demand(!read.refused || !read.code.of_group || read.header.version == SMP_V2);
	demand(is_said_again || read.refused == (rig.server.last_refusal != HF_OK));
}

static void message_run(const uint8_t *data, uint32_t size_bytes, uint32_t reply_cap_bytes)
{
	uint8_t *message = malloc(size_bytes != 0 ? size_bytes : 1), *reply = malloc(reply_cap_bytes);
	uint32_t off = 0, size, count = 0;

	demand(message != NULL && reply != NULL);
	memcpy(message, data, size_bytes);
	for (;;) {
		uint32_t before = off, repeated = memory.repeated_count;
		struct smp_header request = { .version = 0 };

		if (size_bytes - off >= SMP_HEADER_BYTES)
			request = smp_header_get(data + off);
		rig.server.last_refusal = HF_OK;
		size = remembers ? smp_memory_answer(&memory, &rig.server, message, size_bytes, &off, reply, reply_cap_bytes)
				 : smp_server_answer(&rig.server, message, size_bytes, &off, reply, reply_cap_bytes);
		if (size == 0)
			break;
		demand(off > before && off <= size_bytes && size <= reply_cap_bytes);
		reply_check(&request, reply, size, memory.repeated_count != repeated);
		count++;
	}
	demand(off == size_bytes && count <= size_bytes / SMP_HEADER_BYTES);
	free(message);
	free(reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	size_t off = 1;

	if (size_bytes == 0)
		return 0;
	start(data[0]);
	while (size_bytes - off >= 2) {
		uint32_t size = hf_get16le(data + off);

		off += 2;
		size = size < size_bytes - off ? size : (uint32_t)(size_bytes - off);
		size = size < MESSAGE_BYTES_MAX ? size : MESSAGE_BYTES_MAX;
		rig.server.peer = (data[0] & 32u) != 0u ? (uint32_t)off % 3u : 0u;
		rig.server.now_ms += 100u;
		message_run(data + off, size, (data[0] & 16u) != 0u ? SMP_REPLY_MIN_BYTES : 600u);
		off += size;
	}
	/* Whatever came, the running image is as it was. */
	demand(rig.slots[0].erase_count == 0);
	return 0;
}
