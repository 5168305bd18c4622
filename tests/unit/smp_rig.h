/* SPDX-License-Identifier: MIT */
/* smp_rig.h - a device in memory: two slots of RAM flash that watch the rules of their chip, Holdfast's core, and an SMP server
 * with every row. Shared by the SMP tests, the fuzz targets and the server program of tests/interop. */
#ifndef TESTS_SMP_RIG_H
#define TESTS_SMP_RIG_H

#include <holdfast/smp.h>

#define RIG_SECTOR_BYTES 4096u
#define RIG_SECTORS_MAX 64u
#define RIG_HASH_BYTES 32u

struct rig_slot {
	uint8_t bytes[RIG_SECTORS_MAX * RIG_SECTOR_BYTES];
	uint32_t erase_count, write_count;
	uint32_t fail_writes_after; /* 0: never; else the write of this number fails, and all after it */
	bool rram;
};

struct rig {
	struct rig_slot slots[2];
	struct hf_flash flash[2];
	struct hf_app_config app;
	struct smp_os os;
	struct smp_image image;
	struct smp_why why;
	struct hf_report report;
	struct smp_server server;
	struct smp_row rows[48];
	uint32_t row_count;
};

/* sectors: of each slot, at most RIG_SECTORS_MAX. rram: 16-byte lines without erase, alignment 16; else NOR words. */
void rig_start(struct rig *rig, uint32_t sectors, bool rram);
/* What a reset does to the server: sessions are forgotten, flash stays. */
void rig_reset(struct rig *rig);

/* What the next boot leaves: swaps whole slots where a swap is due and writes the trailer as a loader does; then as rig_reset. False: the
 * trailer could not be written. */
bool rig_boot(struct rig *rig, uint32_t sectors);

/* An image file with a true SHA-256 TLV. payload is filled from seed. Returns the file's bytes. */
uint32_t rig_image(uint8_t *into, uint32_t cap_bytes, uint32_t payload_bytes, struct hf_version version, uint32_t seed);
/* The hash in the TLV of such a file. */
const uint8_t *rig_image_hash(const uint8_t *file, uint32_t file_bytes);
/* Puts bytes into a slot behind the server's back. */
void rig_put(struct rig *rig, enum hf_slot_role role, const uint8_t *file, uint32_t file_bytes);

void rig_sha256(const void *data, size_t size_bytes, uint8_t digest[RIG_HASH_BYTES]);
extern const struct hf_crypto rig_crypto;

/* One request, one reply: body is CBOR. Returns the reply's bytes in reply. */
uint32_t rig_ask(struct rig *rig, uint8_t version, uint8_t op, uint16_t group, uint8_t id, const uint8_t *body, uint32_t body_bytes,
		 uint8_t *reply, uint32_t reply_cap_bytes);

/* xorshift32; never 0. */
static inline uint32_t rig_random(uint32_t *state)
{
	uint32_t x = *state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	*state = x;
	return x;
}

#endif
