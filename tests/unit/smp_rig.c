/* SPDX-License-Identifier: MIT */
#include "smp_rig.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

void hf_assert_failed(uint32_t line)
{
	fprintf(stderr, "hf_assert failed at line %u\n", (unsigned)line);
	abort();
}

/* --- flash --------------------------------------------------------------------------------------------------------------- */

static void rule(bool kept, const char *what)
{
	if (kept)
		return;
	fprintf(stderr, "flash rule broken: %s\n", what);
	abort();
}

static enum hf_reason slot_read(void *ctx, uint32_t off, void *into, uint32_t size_bytes)
{
	const struct rig_slot *slot = ctx;

	memcpy(into, slot->bytes + off, size_bytes);
	return HF_OK;
}

static enum hf_reason slot_write(void *ctx, uint32_t off, const void *from, uint32_t size_bytes)
{
	struct rig_slot *slot = ctx;
	const uint8_t *bytes = from;
	uint32_t unit = slot->rram ? 16u : 4u;

	rule(off % unit == 0u && size_bytes % unit == 0u, "whole units");
	slot->write_count++;
	if (slot->fail_writes_after != 0u && slot->write_count >= slot->fail_writes_after)
		return HF_R_FLASH_WRITE;
	for (uint32_t i = 0; i < size_bytes; i++)
		rule(slot->rram || (bytes[i] & slot->bytes[off + i]) == bytes[i], "a write only clears bits");
	memcpy(slot->bytes + off, from, size_bytes);
	return HF_OK;
}

static enum hf_reason slot_erase(void *ctx, uint32_t off, uint32_t size_bytes)
{
	struct rig_slot *slot = ctx;

	rule(off % RIG_SECTOR_BYTES == 0u && size_bytes % RIG_SECTOR_BYTES == 0u, "whole sectors");
	slot->erase_count++;
	memset(slot->bytes + off, 0xff, size_bytes);
	return HF_OK;
}

static enum hf_reason slot_sync(void *ctx)
{
	(void)ctx;
	return HF_OK;
}

/* --- SHA-256 ------------------------------------------------------------------------------------------------------------- */

void rig_sha256(const void *data, size_t size_bytes, uint8_t digest[RIG_HASH_BYTES])
{
	unsigned int size = 0;

	rule(EVP_Digest(data, size_bytes, digest, &size, EVP_sha256(), NULL) == 1 && size == RIG_HASH_BYTES, "sha256");
}

static bool hash_start(struct hf_hash *hash, enum hf_hash_kind kind)
{
	EVP_MD_CTX *ctx;

	if (kind != HF_HASH_SHA256)
		return false;
	ctx = EVP_MD_CTX_new();
	rule(ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1, "sha256");
	hash->kind = kind;
	memcpy(hash->state, &ctx, sizeof ctx);
	return true;
}

static void hash_add(struct hf_hash *hash, const void *data, size_t size_bytes)
{
	EVP_MD_CTX *ctx;

	memcpy(&ctx, hash->state, sizeof ctx);
	rule(EVP_DigestUpdate(ctx, data, size_bytes) == 1, "sha256");
}

static void hash_end(struct hf_hash *hash, uint8_t *digest)
{
	EVP_MD_CTX *ctx;

	memcpy(&ctx, hash->state, sizeof ctx);
	rule(EVP_DigestFinal_ex(ctx, digest, NULL) == 1, "sha256");
	EVP_MD_CTX_free(ctx);
}

const struct hf_crypto rig_crypto = { .name = "test", .hash_start = hash_start, .hash_add = hash_add, .hash_end = hash_end };

/* --- images -------------------------------------------------------------------------------------------------------------- */

uint32_t rig_image(uint8_t *into, uint32_t cap_bytes, uint32_t payload_bytes, struct hf_version version, uint32_t seed)
{
	uint32_t header_bytes = 512, hashed = header_bytes + payload_bytes, total = hashed + 4u + 4u + RIG_HASH_BYTES;

	rule(total <= cap_bytes && seed != 0u, "image fits");
	memset(into, 0, header_bytes);
	hf_put32le(into, HF_IMAGE_MAGIC);
	hf_put16le(into + 8, (uint16_t)header_bytes);
	hf_put32le(into + 12, payload_bytes);
	into[20] = version.major;
	into[21] = version.minor;
	hf_put16le(into + 22, version.revision);
	hf_put32le(into + 24, version.build);
	for (uint32_t i = 0; i < payload_bytes; i++)
		into[header_bytes + i] = (uint8_t)rig_random(&seed);
	hf_put16le(into + hashed, HF_TLV_INFO_MAGIC);
	hf_put16le(into + hashed + 2, (uint16_t)(total - hashed));
	hf_put16le(into + hashed + 4, HF_TLV_SHA256);
	hf_put16le(into + hashed + 6, RIG_HASH_BYTES);
	rig_sha256(into, hashed, into + hashed + 8);
	return total;
}

const uint8_t *rig_image_hash(const uint8_t *file, uint32_t file_bytes)
{
	return file + file_bytes - RIG_HASH_BYTES;
}

void rig_put(struct rig *rig, enum hf_slot_role role, const uint8_t *file, uint32_t file_bytes)
{
	memset(rig->slots[role].bytes, 0xff, sizeof rig->slots[role].bytes);
	memcpy(rig->slots[role].bytes, file, file_bytes);
}

/* --- device -------------------------------------------------------------------------------------------------------------- */

static void slot_start(struct rig *rig, uint32_t index, uint32_t sectors, bool rram)
{
	struct rig_slot *slot = &rig->slots[index];

	memset(slot->bytes, 0xff, sizeof slot->bytes);
	slot->rram = rram;
	rig->flash[index] = (struct hf_flash){
		.ctx = slot, .size_bytes = sectors * RIG_SECTOR_BYTES, .sector_bytes = RIG_SECTOR_BYTES,
		.write_unit_bytes = rram ? 16u : 4u, .writes_per_unit_max = rram ? (uint8_t)0 : (uint8_t)2, .erased_byte = 0xff,
		.needs_erase = !rram, .read = slot_read, .write = slot_write, .erase = slot_erase, .sync = slot_sync
	};
}

void rig_reset(struct rig *rig)
{
	rig->os.reset_wanted = false;
	rig->image = (struct smp_image){ .app = &rig->app, .crypto = rig->image.crypto };
	smp_server_start(&rig->server, rig->rows, rig->row_count);
}

static void slots_swap(struct rig *rig, uint32_t sectors)
{
	uint32_t slot_bytes = sectors * RIG_SECTOR_BYTES, trailer_off = slot_bytes - RIG_SECTOR_BYTES;

	for (uint32_t i = 0; i < slot_bytes; i++) {
		uint8_t byte = rig->slots[0].bytes[i];

		rig->slots[0].bytes[i] = rig->slots[1].bytes[i];
		rig->slots[1].bytes[i] = byte;
	}
	memset(rig->slots[0].bytes + trailer_off, 0xff, RIG_SECTOR_BYTES);
	memset(rig->slots[1].bytes + trailer_off, 0xff, RIG_SECTOR_BYTES);
}

bool rig_boot(struct rig *rig, uint32_t sectors)
{
	enum hf_swap_type type = HF_SWAP_NONE;
	bool ok = hf_app_swap_type(&rig->app, &type) == HF_OK;

	if (ok && type != HF_SWAP_NONE) {
		slots_swap(rig, sectors);
		ok = hf_trailer_write_magic(&rig->flash[0], rig->app.align) == HF_OK &&
		     hf_trailer_write_copy_done(&rig->flash[0], rig->app.align) == HF_OK;
		if (type != HF_SWAP_TEST)
			ok = ok && hf_trailer_write_image_ok(&rig->flash[0], rig->app.align) == HF_OK;
	}
	rig_reset(rig);
	return ok;
}

void rig_start(struct rig *rig, uint32_t sectors, bool rram)
{
	const struct smp_row rows[] = { SMP_OS_ROWS(&rig->os), SMP_IMAGE_ROWS(&rig->image), SMP_HOLDFAST_ROWS(&rig->why),
					SMP_HOLDFAST_BASE_ROWS(&rig->app) };

	memset(rig, 0, sizeof *rig);
	slot_start(rig, 0, sectors, rram);
	slot_start(rig, 1, sectors, rram);
	rig->app = (struct hf_app_config){ .primary = &rig->flash[0], .secondary = &rig->flash[1], .align = rram ? 16u : 8u };
	rig->app.size_max = hf_mode_swap.size_max(sectors * RIG_SECTOR_BYTES, sectors * RIG_SECTOR_BYTES, RIG_SECTOR_BYTES, rig->app.align);
	rig->os = (struct smp_os){
		.buf_size = 1024 + SMP_PACKET_EXTRA_BYTES, .buf_count = 3, .bootloader = "MCUboot", .bootloader_mode = 9,
		.info = { .kernel = "Holdfast", .node = "rig", .release = "0.1.0", .version = "0.1.0", .machine = "arm",
			  .processor = "cortex-m4", .hardware = "virtual", .system = "bare" }
	};
	rig->report = (struct hf_report){ .cause = HF_CAUSE_REFUSED, .refusal = { .reason = HF_R_FLASH_READ, .where_off = 4, .expected = 5, .found = 6 },
					  .size_max = rig->app.size_max };
	rig->why = (struct smp_why){ .report = &rig->report, .server = &rig->server };
	memcpy(rig->rows, rows, sizeof rows);
	rig->row_count = HF_ARRAY_COUNT(rows);
	rig->image.crypto = &rig_crypto;
	rig_reset(rig);
}

uint32_t rig_ask(struct rig *rig, uint8_t version, uint8_t op, uint16_t group, uint8_t id, const uint8_t *body, uint32_t body_bytes,
		 uint8_t *reply, uint32_t reply_cap_bytes)
{
	uint8_t message[2048];
	struct smp_header header = { .version = version, .op = op, .group = group, .id = id, .sequence = 7, .length_bytes = (uint16_t)body_bytes };
	uint32_t off = 0;

	rule(body_bytes <= sizeof message - SMP_HEADER_BYTES, "body fits");
	smp_header_put(&header, message);
	if (body_bytes != 0u)
		memcpy(message + SMP_HEADER_BYTES, body, body_bytes);
	return smp_server_answer(&rig->server, message, SMP_HEADER_BYTES + body_bytes, &off, reply, reply_cap_bytes);
}
