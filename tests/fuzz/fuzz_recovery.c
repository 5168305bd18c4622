/* SPDX-License-Identifier: MIT */
/* Input: a byte of options (1: RRAM, 2: one slot, 4: something to go back to, 8: a trial is open), then messages, each behind a 2-byte
 * little-endian length, for the recovery server that the loaders link (firmware/recovery_server.c). Flash that stops the program when a
 * chip's rule is broken; each reply must be readable and bear the request's header. While there is an update slot and nobody asked for
 * the primary, the primary is as it was. */
#include <stdlib.h>

#include "recovery_server.h"
#include "smp_rig.h"

enum { SECTORS = 8, MESSAGE_BYTES_MAX = 2048 };

static struct rig rig;

static void demand(bool ok)
{
	if (!ok)
		abort();
}

static struct recovery_server *start(uint8_t options)
{
	static uint8_t file[8192];
	static uint32_t work[(4096 + 256) / 4];
	static struct hf_boot_config boot;
	static struct hf_boot_result result;
	static struct hf_report report;
	uint32_t size = rig_image(file, sizeof file, 3000, (struct hf_version){ 1, 0, 0, 0 }, 1);
	bool single = (options & 2u) != 0u;

	rig_start(&rig, SECTORS, (options & 1u) != 0u);
	rig_put(&rig, HF_SLOT_PRIMARY, file, size);
	if ((options & 8u) != 0u)
		demand(hf_trailer_write_magic(&rig.flash[0], rig.app.align) == HF_OK &&
		       hf_trailer_write_copy_done(&rig.flash[0], rig.app.align) == HF_OK);
	boot = (struct hf_boot_config){ .installed = hf_recovery_installed, .primary = &rig.flash[0], .secondary = single ? NULL : &rig.flash[1],
					.mode = single ? &hf_mode_single : &hf_mode_swap, .crypto = &rig_crypto, .align = rig.app.align,
					.generation_seed = 7, .work = work, .work_bytes = sizeof work };
	result = (struct hf_boot_result){ .action = HF_BOOT_STOP, .stop = { .reason = HF_R_BOOT_NOTHING } };
	result.verdict.token = (options & 4u) != 0u ? HF_ACCEPTED : HF_REFUSED;
	report = (struct hf_report){ .stop_reason = HF_R_BOOT_NOTHING, .mcuboot_mode = 3, .align = (uint8_t)rig.app.align };
	report.size_max = boot.mode->size_max(rig.flash[0].size_bytes, single ? 0 : rig.flash[1].size_bytes, 4096, rig.app.align);
	return recovery_server_start(&boot, &result, &report);
}

static void message_run(struct recovery_server *recovery, const uint8_t *data, uint32_t size_bytes)
{
	uint8_t *message = malloc(size_bytes != 0 ? size_bytes : 1), *reply = malloc(RECOVERY_REPLY_BYTES);
	uint32_t off = 0, size;

	demand(message != NULL && reply != NULL);
	memcpy(message, data, size_bytes);
	for (;;) {
		uint32_t before = off;
		struct smp_header request = { .version = 0 };
		struct smp_reply read;

		if (size_bytes - off >= SMP_HEADER_BYTES)
			request = smp_header_get(data + off);
		recovery->last_refusal = HF_OK;
		size = recovery_server_answer(recovery, message, size_bytes, &off, reply);
		if (size == 0)
			break;
		demand(off > before && off <= size_bytes && size <= RECOVERY_REPLY_BYTES);
		demand(smp_reply_read(reply, size, &read) == HF_OK && read.header.length_bytes + SMP_HEADER_BYTES == size);
		demand(read.header.sequence == request.sequence && read.header.group == request.group && read.header.id == request.id);
		demand(read.refused == (recovery->last_refusal != HF_OK));
	}
	free(message);
	free(reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	static uint8_t before[SECTORS * 4096];
	size_t off = 1;
	bool asked = false;

	if (size_bytes == 0)
		return 0;
	struct recovery_server *recovery = start(data[0]);
	memcpy(before, rig.slots[0].bytes, sizeof before);
	while (size_bytes - off >= 2) {
		uint32_t size = hf_get16le(data + off);

		off += 2;
		size = size < size_bytes - off ? size : (uint32_t)(size_bytes - off);
		size = size < MESSAGE_BYTES_MAX ? size : MESSAGE_BYTES_MAX;
		message_run(recovery, data + off, size);
		asked = asked || recovery->plan.into == HF_SLOT_PRIMARY;
		demand(recovery->install.upload.next_off <= recovery->install.upload.size_bytes || recovery->upload == RECOVERY_UPLOAD_NONE);
		off += size;
	}
	if (recovery->app.secondary != NULL && !asked)
		demand(memcmp(before, rig.slots[0].bytes, sizeof before) == 0);
	return 0;
}
