/* SPDX-License-Identifier: MIT */
#include <holdfast/smp_memory.h>

void smp_memory_start(struct smp_memory *memory, struct smp_memory_entry *entries, uint32_t entry_count, uint8_t *replies,
		      uint32_t reply_cap_bytes, uint32_t keep_ms)
{
	hf_assert(entry_count != 0u && reply_cap_bytes <= UINT16_MAX);
	*memory = (struct smp_memory){ .entries = entries, .entry_count = entry_count, .replies = replies, .reply_cap_bytes = reply_cap_bytes,
				       .keep_ms = keep_ms };
	for (uint32_t i = 0; i < entry_count; i++)
		entries[i] = (struct smp_memory_entry){ .used = false };
}

void smp_memory_forget(struct smp_memory *memory, uint32_t peer)
{
	for (uint32_t i = 0; i < memory->entry_count; i++) {
		if (memory->entries[i].peer == peer)
			memory->entries[i].used = false;
	}
}

/* FNV-1a. It tells requests apart, not enemies. */
static uint32_t hash_of(const uint8_t *bytes, uint32_t size_bytes)
{
	uint32_t hash = 2166136261u;

	for (uint32_t i = 0; i < size_bytes; i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return hash;
}

static bool is_same(const struct smp_header *a, const struct smp_header *b)
{
	return a->version == b->version && a->op == b->op && a->flags == b->flags && a->sequence == b->sequence &&
	       a->length_bytes == b->length_bytes && a->group == b->group && a->id == b->id;
}

static bool is_over(const struct smp_memory *memory, const struct smp_memory_entry *entry, uint32_t now_ms)
{
	return now_ms - entry->at_ms > memory->keep_ms || memory->turn - entry->turn > SMP_MEMORY_REACH;
}

static uint8_t *reply_of(const struct smp_memory *memory, const struct smp_memory_entry *entry)
{
	return memory->replies + (uint32_t)(entry - memory->entries) * memory->reply_cap_bytes;
}

/* The entry of the very same request; forgets what this request shows to be past. can_be: it is one that would be kept. */
static struct smp_memory_entry *entry_find(struct smp_memory *memory, const struct smp_memory_entry *wanted, bool can_be)
{
	struct smp_memory_entry *found = NULL;

	for (uint32_t i = 0; i < memory->entry_count; i++) {
		struct smp_memory_entry *entry = &memory->entries[i];

		if (!entry->used)
			continue;
		if (is_over(memory, entry, wanted->at_ms))
			entry->used = false;
		else if (entry->peer != wanted->peer)
			continue;
		else if (can_be && entry->hash == wanted->hash && is_same(&entry->header, &wanted->header))
			found = entry;
		else if (memory->latest_only || entry->header.sequence == wanted->header.sequence)
			entry->used = false;
	}
	return found;
}

/* A chunk behind the first tells by its off whether it is wanted. */
static bool is_later_chunk(const struct smp_header *header, uint8_t *body)
{
	struct smp_reader reader = smp_reader_of(body, header->length_bytes);
	struct smp_field off = { .key = "off", .type = SMP_TYPE_U32 };
	bool is_chunk = (header->group == SMP_GROUP_IMAGE && header->id == SMP_IMAGE_UPLOAD) ||
			(header->group == SMP_GROUP_FS && header->id == SMP_FS_FILE);

	return is_chunk && (smp_map_read(&reader, &off, 1) != HF_OK || !off.found || off.is.u32 != 0u);
}

static bool is_echo(const struct smp_header *header)
{
	return header->group == SMP_GROUP_OS && (header->id == SMP_OS_ECHO || header->id == SMP_OS_CONSOLE_ECHO);
}

static void entry_keep(struct smp_memory *memory, const struct smp_memory_entry *made, const uint8_t *reply, uint32_t reply_bytes)
{
	struct smp_memory_entry *entry = &memory->entries[0];

	for (uint32_t i = 0; i < memory->entry_count && entry->used; i++) {
		struct smp_memory_entry *other = &memory->entries[i];

		if (!other->used || memory->turn - other->turn > memory->turn - entry->turn)
			entry = other;
	}
	*entry = *made;
	entry->used = true;
	entry->reply_bytes = reply_bytes <= memory->reply_cap_bytes ? (uint16_t)reply_bytes : 0u;
	memcpy(reply_of(memory, entry), reply, entry->reply_bytes);
}

static enum hf_reason done_refuse(void *ctx, struct smp_call *call)
{
	(void)ctx;
	(void)call;
	return HF_R_SMP_DONE;
}

/* A server whose only row says that the request was carried out. */
static uint32_t answer_done(struct smp_server *server, const struct smp_header *header, uint8_t *message, uint32_t message_bytes,
			    uint32_t *off, uint8_t *reply, uint32_t reply_cap_bytes)
{
	const struct smp_row row = { header->group, header->id, NULL, done_refuse, NULL };
	struct smp_server refuser;
	uint32_t size;

	smp_server_start(&refuser, &row, 1);
	size = smp_server_answer(&refuser, message, message_bytes, off, reply, reply_cap_bytes);
	server->last_refusal = refuser.last_refusal;
	server->refusal_count++;
	return size;
}

static uint32_t answer_again(const struct smp_memory *memory, struct smp_server *server, const struct smp_memory_entry *entry,
			     uint8_t *message, uint32_t message_bytes, uint32_t *off, uint8_t *reply, uint32_t reply_cap_bytes)
{
	server->request_count++;
	if (entry->reply_bytes == 0u || entry->reply_bytes > reply_cap_bytes)
		return answer_done(server, &entry->header, message, message_bytes, off, reply, reply_cap_bytes);
	memcpy(reply, reply_of(memory, entry), entry->reply_bytes);
	*off = entry->ends ? message_bytes : *off + SMP_HEADER_BYTES + entry->header.length_bytes;
	return entry->reply_bytes;
}

uint32_t smp_memory_answer(struct smp_memory *memory, struct smp_server *server, uint8_t *message, uint32_t message_bytes, uint32_t *off,
			   uint8_t *reply, uint32_t reply_cap_bytes)
{
	uint32_t start = *off, left = message_bytes - start, size;
	struct smp_memory_entry made = { .peer = server->peer, .at_ms = server->now_ms };
	const struct smp_memory_entry *known;
	bool can_be;

	hf_assert(start <= message_bytes);
	if (left >= SMP_HEADER_BYTES)
		made.header = smp_header_get(message + start);
	if (left < SMP_HEADER_BYTES || made.header.length_bytes > left - SMP_HEADER_BYTES)
		return smp_server_answer(server, message, message_bytes, off, reply, reply_cap_bytes);
	memory->turn++;
	made.turn = memory->turn;
	/* Reading may join pieces in place; the same bytes become the same, so the hash is taken behind it. */
	can_be = made.header.op == SMP_OP_WRITE && !is_echo(&made.header) && !is_later_chunk(&made.header, message + start + SMP_HEADER_BYTES);
	if (can_be)
		made.hash = hash_of(message + start, SMP_HEADER_BYTES + made.header.length_bytes);
	known = entry_find(memory, &made, can_be);
	if (known != NULL) {
		memory->repeated_count++;
		return answer_again(memory, server, known, message, message_bytes, off, reply, reply_cap_bytes);
	}
	size = smp_server_answer(server, message, message_bytes, off, reply, reply_cap_bytes);
	if (can_be) {
		made.ends = *off != start + SMP_HEADER_BYTES + made.header.length_bytes;
		entry_keep(memory, &made, reply, size);
	}
	return size;
}
